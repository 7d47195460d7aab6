#!/bin/bash
# Runs instead of the binary of slugproof in the test of the program that starts the binary.
case $1 in
exit) exit "$2" ;;
words) shift && printf '<%s>' "$@" ;;
streams) cat && echo "to standard error" >&2 ;;
catch) trap 'exit 42' "$2" && echo ready && for _ in {1..200}; do sleep 0.05; done ;;
twice)
  # Ends at the second signal.
  trap '[ -z "$first" ] || exit 43; first=yes; echo again' INT
  echo ready && for _ in {1..200}; do sleep 0.05; done
  ;;
wait) echo ready && exec sleep 10 ;;
esac
