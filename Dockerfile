# An image with the static binary alone. `diff` needs git and `conform` needs bash, which it lacks.
#
#   docker build --tag slugproof .
#   docker run --rm --volume "$PWD:/repository:ro" slugproof lint
FROM rust:1.95-alpine AS build
WORKDIR /src
COPY . .
# The toolchain of Alpine links with musl, statically. cargo alone uses the network.
RUN cargo build --profile dist --locked --bin slugproof

FROM scratch
COPY LICENSE-APACHE LICENSE-MIT /
COPY --from=build /src/target/dist/slugproof /slugproof
WORKDIR /repository
ENTRYPOINT ["/slugproof"]
