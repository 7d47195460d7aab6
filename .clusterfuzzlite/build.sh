#!/bin/bash -eu
# Builds every fuzz target for ClusterFuzzLite into $OUT, each with its corpus, options
# and dictionary. The builder sets SRC, OUT, SANITIZER, FUZZING_ENGINE and the flags of
# the compilers; ci/clusterfuzzlite-build runs this without it.
set -euo pipefail
cd "$SRC/slugproof"

if [ "$FUZZING_ENGINE" != libfuzzer ]; then
  echo "the targets are not made for $FUZZING_ENGINE: choose libfuzzer" >&2
  exit 1
fi
case $SANITIZER in
  address) sanitizer=address ;;
  # Coverage is no sanitizer; its flags are in RUSTFLAGS, which cargo-fuzz adds to its own.
  coverage | none) sanitizer=none ;;
  *)
    echo "the targets are not made for the sanitizer $SANITIZER: choose address, coverage or none" >&2
    exit 1
    ;;
esac
# An engine that is a file takes the place of the one that libfuzzer-sys would compile.
if [ -f "${LIB_FUZZING_ENGINE-}" ]; then
  export CUSTOM_LIBFUZZER_PATH=${CUSTOM_LIBFUZZER_PATH:-$LIB_FUZZING_ENGINE}
fi

cargo fuzz build -s "$sanitizer"

binaries=${CARGO_TARGET_DIR:-target}/$(rustc -vV | sed -n 's/^host: //p')/release
input_bytes=$(sed -n 's/^pub const INPUT_BYTES: usize = \([0-9_]*\);.*/\1/p' cli/src/commands/corpus/inputs.rs | tr -d _)
for target in $(cargo fuzz list); do
  cp "$binaries/$target" "$OUT/"
  for kind in seeds regressions; do
    if [ -d "fuzz/$kind/$target" ]; then (cd fuzz && zip -q -r "$OUT/${target}_seed_corpus.zip" "$kind/$target"); fi
  done
  # Sanitizers cost time and memory, so the limits are wider than those of `cargo ci fuzz`.
  printf '[libfuzzer]\nmax_len = %s\ntimeout = 25\nrss_limit_mb = 2048\nmalloc_limit_mb = 256\n' \
    "$input_bytes" >"$OUT/$target.options"
  case $target in *_yaml) cp fuzz/yaml.dict "$OUT/$target.dict" ;; esac
done
