# An image with a static binary of Linux and nothing else. The binary is in the directory `dist`: download it from a
# release, or build it.
#
#   cargo ci packages binary --profile dist --target x86_64-unknown-linux-musl --out dist
#   docker build --tag slugproof .
#   docker run --rm --volume "$PWD:/repository:ro" slugproof lint
#
# `diff` needs git and `conform` needs bash, which the image lacks. The user owns no file: for `lint --fix`, and for
# files that others may not read, run with `--user "$(id -u):$(id -g)"`.
FROM scratch
ARG TARGET=x86_64-unknown-linux-musl
COPY LICENSE-APACHE LICENSE-MIT /
COPY --chmod=755 dist/slugproof-${TARGET} /slugproof
WORKDIR /repository
USER 65534:65534
ENTRYPOINT ["/slugproof"]
