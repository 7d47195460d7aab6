# Which model the bot uses, and which keys it gets. Sourced by the scripts in ci/.

# Prints the model for a runtime.
choose_model() {
  local runtime="$1"
  if [ -n "${BOT_MODEL:-}" ]; then
    printf '%s\n' "$BOT_MODEL"
    return
  fi
  if [ "${BOT_PAYER:-customer}" = "company" ]; then
    printf '%s\n' "${BOT_COMPANY_MODEL:-quarry/large}"
    return
  fi
  case "$runtime" in
    answerer)
      if [ -n "${BOT_ZEPHYR_KEY:-}" ]; then
        printf '%s\n' zephyr-2
      else
        printf '%s\n' orca/deep
      fi
      ;;
    coder) printf '%s\n' orca/code ;;
    *) printf '%s\n' orca/deep ;;
  esac
}

# Prints the secrets of the workspace as a JSON object.
collect_keys() {
  if [ "${BOT_PAYER:-customer}" = "company" ]; then
    printf '{}\n'
    return
  fi
  if [ -n "${BOT_ZEPHYR_KEY:-}" ]; then
    printf '{"ZEPHYR_API_KEY": "%s"}\n' "$BOT_ZEPHYR_KEY"
  elif [ -n "${BOT_ORCA_KEY:-}" ]; then
    printf '{"ORCA_API_KEY": "%s"}\n' "$BOT_ORCA_KEY"
  else
    printf '{}\n'
  fi
}
