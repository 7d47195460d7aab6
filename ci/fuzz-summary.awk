# Turns the records of ci/fuzz-nightly into its summary: `-v form=md` or `-v form=json`.

BEGIN {
  FS = "\t"
  for (code = 1; code < 32; code++) escape[sprintf("%c", code)] = sprintf("\\u%04x", code)
  escape["\""] = "\\\""
  escape["\\"] = "\\\\"
}

# A text as JSON.
function quote(text,    at, char, quoted) {
  for (at = 1; at <= length(text); at++) {
    char = substr(text, at, 1)
    quoted = quoted (char in escape ? escape[char] : char)
  }
  return "\"" quoted "\""
}

# A text in a table.
function cell(text) { gsub(/\|/, "\\|", text); gsub(/</, "\\&lt;", text); return text }

# The beginning of a long text, without half a character at its end.
function shorten(text) {
  if (length(text) <= 300) return text
  text = substr(text, 1, 300)
  sub(/[\300-\377][\200-\277]*$/, "", text)
  return text "…"
}

function number(text) { return text + 0 }
function list(all, one) { return all == "" ? one : all ", " one }
function per_second(executions, seconds) { return int(executions / (seconds > 0 ? seconds : 1)) }

$1 == "night" { status = $2; commit = $3; started = $4; seconds = $5; budget = $6; workers = $7 }
$1 == "canary" { canary = $2; report = $3 }
$1 == "build" { build = $2 }
$1 == "properties" { properties = $2; cases = $3; passed = number($4); failed = number($5) }
$1 == "failure" { failures = list(failures, quote($2)); failing = failing "\n    " $2 }
$1 == "proof" { proof = $2 }
$1 == "proved" { proofs = list(proofs, quote($2)); proved = (proved == "" ? "" : proved "; ") $2 }

$1 == "target" {
  names[++targets] = $2
  json[$2] = sprintf("\"name\": %s, \"seconds\": %d, \"executions\": %.0f, \"executions_per_second\": %d,\n     " \
    "\"edges\": %d, \"features\": %d,\n     " \
    "\"corpus\": {\"units\": %d, \"bytes\": %.0f, \"new_units\": %d, \"minimised\": %s}", \
    quote($2), $3, $4, per_second($4, $3), $5, $6, $7, $8, $9, $10)
  row[$2] = sprintf("| `%s` | %d | %.0f | %d | %d | %d | %d | %.0f | %s |", \
    $2, $3, $4, per_second($4, $3), $5, $6, $7, $8, $9 ($10 == "true" ? "" : ", not minimised"))
}

$1 == "crash" {
  crashes[$2]++
  one = sprintf("\n      {\"kind\": %s, \"times\": %d, \"place\": %s, \"message\": %s", \
    quote($4), $3, $5 == "-" ? "null" : quote($5), quote($6))
  # Indented is code: whatever a message says, it is shown and not obeyed.
  text = sprintf("- `%s`: %s, %d times%s\n\n      %s\n", $2, $4, $3, $5 == "-" ? "" : ", at `" $5 "`", shorten($6))
  if (NF >= 8) {
    one = one sprintf(",\n       \"input\": %s, \"input_bytes\": %d", quote($7), $8)
    text = text sprintf("\n  Input: `%s`, %d bytes", $7, $8)
  }
  if (NF >= 10) {
    one = one sprintf(",\n       \"minimised\": %s, \"minimised_bytes\": %d", quote($9), $10)
    text = text sprintf("; minimised: `%s`, %d bytes", $9, $10)
  }
  found[$2] = (found[$2] == "" ? "" : found[$2] ",") one "}"
  shown = shown "\n" text "\n"
}

END {
  if (form == "json") {
    printf "{\n  \"schema_version\": 1,\n  \"status\": %s,\n  \"commit\": %s,\n", quote(status), quote(commit)
    printf "  \"started\": %s,\n  \"duration_seconds\": %d,\n", quote(started), seconds
    printf "  \"budget_seconds\": %d,\n  \"workers\": %d,\n", budget, workers
    printf "  \"canary\": {\"status\": %s, \"report\": %s},\n", quote(canary), quote(report)
    printf "  \"build\": {\"status\": %s},\n  \"targets\": [", quote(build)
    for (at = 1; at <= targets; at++) {
      name = names[at]
      printf "%s\n    {%s,\n     \"crashes\": [%s]}", (at > 1 ? "," : ""), json[name], found[name]
    }
    printf "],\n  \"properties\": {\"status\": %s, \"cases\": %d, \"passed\": %d, \"failed\": %d, \"failures\": [%s]},\n", \
      quote(properties), cases, passed, failed, failures
    printf "  \"proof\": {\"status\": %s, \"report\": [%s]}\n}\n", quote(proof), proofs
    exit
  }

  printf "# Nightly checks: %s\n\n", status
  printf "Commit `%s`, started %s, took %d s; budget %d s, %d workers.\n\n", commit, started, seconds, budget, workers
  printf "| check | result | |\n| --- | --- | --- |\n"
  printf "| canary | %s | %s |\n", canary, cell(shorten(report))
  printf "| build | %s | %d targets |\n", build, targets
  printf "| properties | %s | %d cases a law; tests: %d passed, %d failed |\n", properties, cases, passed, failed
  printf "| proof | %s | %s |\n\n", proof, cell(proved)
  printf "| target | seconds | executions | per second | edges | features | units | bytes | new units | crashes |\n"
  printf "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
  for (at = 1; at <= targets; at++) printf "%s %d |\n", row[names[at]], crashes[names[at]]
  if (shown != "") printf "\n## Crashes\n%s", shown
  if (failing != "") printf "\n## Failed properties\n%s\n\nCases that failed are in `proptest-regressions`.\n", failing
}
