log() { printf '%s %s\n' "$(date -u +%FT%TZ)" "$*" >&2; }
die() {
  log "error: $1"
  exit "${2:-1}"
}
function require() {
  local name missing=()
  for name; do
    [[ -z "${!name:-}" ]] && missing+=("$name")
  done
  (( ${#missing[@]} == 0 )) || die "missing: ${missing[*]}" 2
}
retry() { local n=$1; shift; until "$@"; do (( --n )) || return 1; sleep 5; done; }
require API_KEY MODEL
retry 3 curl -fsSL -H "Authorization: Bearer $API_KEY" "https://example.org/v1/models" -o models.json
jq -r '.data[] | select(.id == "'"$MODEL"'") | .id' models.json || die "unknown model ${MODEL@Q}"
