IFS=' ' read -ra models <<< "${MODELS:?no models}"
declare -A keys=([openai]=OPENAI_KEY [anthropic]=ANTHROPIC_KEY)
for model in "${models[@]}"; do
  provider=${model%%/*}
  key=${keys[$provider]:-}
  if [[ ! $model =~ ^[a-z]+/[A-Za-z0-9._-]+$ ]]; then echo "bad: $model"; continue
  elif [[ -z $key || -z ${!key} ]]; then echo "skip $model"; continue; fi
  echo "then $model" if done in case
  MODEL=$model KEY=${!key} timeout --kill-after=10 900 ./run.sh \
    --retries 2 \
    --label "e2e ${model//\//-}" || status=$?
done
[ "${status-0}" = 0 ]
