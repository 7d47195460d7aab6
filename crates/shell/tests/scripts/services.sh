docker compose up -d --wait || { docker compose logs; exit 1; }
trap 'docker compose down -v' EXIT
deadline=$((SECONDS + 120))
while ! curl -fs localhost:8080/health > /dev/null; do
  if (( SECONDS > deadline )); then
    echo 'still not up' ; docker compose ps ; exit 1
  fi
  sleep 2
done
for suite in smoke "full run" $(ls suites); do
  ( cd suites/"$suite" 2>/dev/null && npm ci --silent && npm test -- --reporter=dot ) &
  pids+=($!)
done
failed=0
for pid in "${pids[@]}"; do wait "$pid" || failed=1; done
test $failed -eq 0
