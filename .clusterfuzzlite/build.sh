#!/bin/bash -eu
# Builds every fuzz target for ClusterFuzzLite into $OUT, each with its corpus, options and
# dictionary. The builder sets SRC, OUT, SANITIZER, FUZZING_ENGINE and the flags of the
# compilers; `cargo ci clusterfuzzlite` runs this script without the builder.
cd "$SRC/slugproof"
[ "$FUZZING_ENGINE" = libfuzzer ] || { echo "the targets need libfuzzer, not $FUZZING_ENGINE" >&2; exit 1; }
# If the engine is a file, it replaces the one that libfuzzer-sys would compile.
[ ! -f "${LIB_FUZZING_ENGINE-}" ] || export CUSTOM_LIBFUZZER_PATH=${CUSTOM_LIBFUZZER_PATH:-$LIB_FUZZING_ENGINE}

# The profile `release` optimises only a part of the code; the flag applies to all of it.
export RUSTFLAGS="${RUSTFLAGS:-} -C opt-level=3"
# Coverage is not a sanitizer of cargo-fuzz; its flags are in RUSTFLAGS.
cargo fuzz build -s "${SANITIZER/coverage/none}"

binaries=${CARGO_TARGET_DIR:-target}/$(rustc -vV | sed -n 's/^host: //p')/release
for target in $(cargo fuzz list); do
  cp "$binaries/$target" "$OUT/"
  # Sanitizers cost time and memory, so the limits are wider than those of `cargo ci fuzz`.
  cp .clusterfuzzlite/target.options "$OUT/$target.options"
  case $target in *_yaml) cp fuzz/yaml.dict "$OUT/$target.dict" ;; esac
  (cd fuzz && find seeds regressions -path "*/$target/*" | zip -q "$OUT/${target}_seed_corpus.zip" -@)
done
