# Reads libFuzzer's logs for ci/fuzz-nightly and prints the distinct crashes, one a
# line: times, kind, input, place, message, separated by tabs; `-` stands for none.
# Two are the same if kind and place are, and what the message says before a colon.

function found(input,    kind, key) {
  kind = input
  sub(/.*\//, "", kind)
  sub(/-.*/, "", kind)
  if (place == "-") message = error
  key = kind " " place
  if (place != "-") key = key " " substr(message, 1, index(message ":", ":"))
  gsub(/[[:cntrl:]]/, " ", message)
  if (!(key in times)) {
    keys[++distinct] = key
    line[key] = (kind == "" ? "exit" : kind) "\t" (input == "" ? "-" : input) "\t" place "\t" (message == "" ? "-" : message)
  }
  times[key]++
  reported = 1
  forget()
}

function forget() { place = "-"; message = error = "" }

BEGIN { forget() }

/^began at [0-9]+$/ { forget(); reported = 0 }

/^thread .* panicked at / && place == "-" {
  place = $0
  sub(/.* panicked at /, "", place)
  sub(/:$/, "", place)
  if ((getline message) <= 0) message = ""
}

# Of a hang it says so before it writes the input, of everything else in its error.
/^ALARM: / { error = $0; sub(/^ALARM: /, "", error) }
/ERROR: libFuzzer: / { error = $0; sub(/.*ERROR: libFuzzer: /, "", error) }

# Slow units are written as well, and are no finding.
/Test unit written to .*\/(crash|timeout|oom)-[0-9a-f]+$/ {
  input = $0
  sub(/.*Test unit written to /, "", input)
  found(input)
}

/^ended at [0-9]+ with status / {
  if ($6 != 0 && !reported) { error = "the fuzzer ended with status " $6 " and left no input"; found("") }
}

END { for (number = 1; number <= distinct; number++) print times[keys[number]] "\t" line[keys[number]] }
