# Prints the model of an agent.
agent_model() {
  if [ "${AGENT_OFFLINE:-}" = 1 ]; then
    echo local-tiny
    return
  fi
  if [ -n "${AGENT_MODEL:-}" ]; then
    echo "$AGENT_MODEL"
    return
  fi
  case "${AGENT_RUNTIME:-}" in
    reviewer)
      if [ -n "${CIRRUS_KEY_ID:-}" ] && [ -n "${CIRRUS_KEY_SECRET:-}" ]; then
        echo cirrus-pro
        return
      fi
      ;;
  esac
  echo delta/fast
}

# Prints the keys of an agent as a JSON object.
agent_keys() {
  local comma="" object=""
  if [ -n "${CIRRUS_KEY_ID:-}" ]; then
    object="$object$comma\"CIRRUS_KEY_ID\": \"$CIRRUS_KEY_ID\""
    comma=", "
  fi
  if [ -n "${CIRRUS_KEY_SECRET:-}" ]; then
    object="$object$comma\"CIRRUS_KEY_SECRET\": \"$CIRRUS_KEY_SECRET\""
    comma=", "
  fi
  if [ -n "${AGENT_DELTA_KEY:-}" ]; then
    object="$object$comma\"DELTA_API_KEY\": \"$AGENT_DELTA_KEY\""
  fi
  echo "{$object}"
}
