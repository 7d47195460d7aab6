#!/usr/bin/env bash
# Starts a workspace for the bot, and waits until it is online.
set -euo pipefail
: "${BOT_RUNTIME:=answerer}"
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
source "$here/lib/choose.sh"

model="$(choose_model "$BOT_RUNTIME")"
secrets="$(collect_keys)"
body="{\"runtime\": \"$BOT_RUNTIME\", \"model\": \"$model\", \"secrets\": $secrets}"
id="$(curl -fsS -d "$body" "$BOT_URL/workspaces")"
for _ in $(seq 90); do
  [ "$(curl -fsS "$BOT_URL/workspaces/$id/status")" = online ] && exit 0
  sleep 10
done
exit 1
