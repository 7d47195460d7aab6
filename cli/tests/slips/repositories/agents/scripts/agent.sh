#!/usr/bin/env bash
# Starts an agent.
set -eu
. scripts/lib/agent_model.sh
model=$(agent_model)
keys=$(agent_keys)
curl -fsS -d "{\"runtime\": \"$AGENT_RUNTIME\", \"model\": \"$model\", \"secrets\": $keys}" https://agents.example/agents
