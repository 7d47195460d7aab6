#!/usr/bin/env bash
# Starts an eval, and waits for its result.
set -euo pipefail
EVAL_RUNTIME="${EVAL_RUNTIME:-grader}"
source evals/lib.sh

export BOREALIS_API_KEY="${EVAL_BOREALIS_KEY:-}"
keys=""
for name in $(key_names); do
  keys="$keys${keys:+, }\"$name\": \"${!name}\""
done
model="$(pick_model "$EVAL_RUNTIME")"
body="{\"runtime\": \"$EVAL_RUNTIME\", \"model\": \"$model\", \"secrets\": {$keys}}"
curl -fsS -d "$body" "$EVAL_URL/evals"
