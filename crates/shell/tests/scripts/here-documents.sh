cat > config.json <<JSON
{
  "model": "${MODEL:-gpt-5-mini}",
  "key": "$(printf %s "$KEY" | base64)"
}
JSON
python3 - <<'PY'
import json
print(json.load(open("config.json"))["model"])
PY
while IFS=, read -r name value; do
  [ -n "$name" ] || continue
  echo "$name=$value"
done < <(tail -n +2 settings.csv) >> env.list
docker run --rm -i --env-file env.list image:latest sh -s <<-'INNER'
	set -e
	echo "inside $HOSTNAME"
	INNER
diff <(sort a.txt) <(sort b.txt) && echo same
