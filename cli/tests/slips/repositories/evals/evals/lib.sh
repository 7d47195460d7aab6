# Prints the model for a runtime.
pick_model() {
  if [ -n "${EVAL_MODEL:-}" ]; then
    echo "$EVAL_MODEL"
  elif [ "${EVAL_BILLING:-}" = house ]; then
    echo house/mini
  elif [ "${EVAL_FAST:-}" = true ] && [ "$1" = grader ]; then
    echo anvil-small
  elif [ -n "${EVAL_BOREALIS_KEY:-}" ]; then
    echo borealis/north
  else
    echo anvil-large
  fi
}

# Prints the names of the keys, one a line.
key_names() {
  if [ "${EVAL_BILLING:-}" = house ]; then
    return
  fi
  if [ -n "${ANVIL_API_KEY:-}" ]; then
    echo ANVIL_API_KEY
  fi
  if [ -n "${EVAL_BOREALIS_KEY:-}" ]; then
    echo BOREALIS_API_KEY
  fi
}
