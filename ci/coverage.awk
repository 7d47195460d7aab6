# Writes docs/coverage.md for ci/coverage. Reads what the engines reached, in the order of
# the source: file, line, kind, place, side of a branch, engine (1 the properties, 2 the
# corpus, 3 all tests), count, separated by tabs.
# Exits 1 when a place that neither properties nor corpus reach has no reason, when the
# line of a reason is in no file, and when the properties reach what a reason calls unreached.
# The laws are asked about lines alone, and about those that no test of the crate reaches either.

function fail(message) { print message >"/dev/stderr"; failed = 1 }
function is_test(file) { return file ~ /^laws\// }

function read_source(file,    text) {
  while ((getline text < (source file)) > 0) {
    source_of[file, ++length_of[file]] = text
    if (text == "#[cfg(test)]") tests_from[file] = length_of[file]
  }
  close(source file)
  if (!length_of[file]) { print source file " cannot be read" >"/dev/stderr"; broken = 1; exit 2 }
}

function trimmed(text) { gsub(/^[ \t]+|[ \t]+$/, "", text); return text }

# What a reason calls a line. One of brackets alone says nothing: it goes with the last above it that does.
function name_of(file, line,    above) {
  for (above = line; above > 1 && source_of[file, above] !~ /[[:alnum:]]/;) above--
  return trimmed(source_of[file, above]) (above < line ? " " trimmed(source_of[file, line]) : "")
}

# The text of a branch, where it stands on one line.
function branch_text(file, place,    part) {
  split(place, part, /[:-]/)
  if (part[1] != part[3]) return trimmed(source_of[file, part[1]])
  return substr(source_of[file, part[1]], part[2], part[4] - part[2])
}

function shown(text) { gsub(/\|/, "\\|", text); return text ~ /`/ ? "`` " text " ``" : "`" text "`" }

BEGIN {
  FS = "\t"
  while ((getline line < reasons) > 0) {
    if (line ~ /^#/ || line == "") continue
    if (split(line, field, "\t") != 3) { fail(reasons ": `" line "` is not three fields with tabs between"); continue }
    reason_file[++reason_count] = field[1]; reason_text[reason_count] = field[2]; reason[reason_count] = field[3]
  }
}

{
  if (!($1 in length_of)) { read_source($1); files[++file_count] = $1 }
  if ($1 in tests_from && $2 > tests_from[$1]) next
  place = $1 FS $2 FS $3 FS $4 FS $5
  if (!(place in known)) { known[place] = 1; places[++place_count] = place }
  if ($7 > 0) reached[place, $6] = 1
}

function count(file, kind, place,    group, engine) {
  group = is_test(file) ? "laws" : "product"
  total[file, kind]++; total[group, kind]++
  reached[place, "either"] = (place, 1) in reached || (place, 2) in reached
  for (engine = 1; engine <= 3; engine++)
    if ((place, engine) in reached) { met[file, kind, engine]++; met[group, kind, engine]++ }
  if (reached[place, "either"]) { met[file, kind, "either"]++; met[group, kind, "either"]++ }
}

function percent(name, kind, engine,    all) {
  all = total[name, kind]
  return all ? sprintf("%.1f", int(1000 * met[name, kind, engine] / all) / 10) : "–"
}

function row(label, name,    text, kind) {
  text = "| " label
  for (kind = 1; kind <= 2; kind++)
    text = text " | " (total[name, kinds[kind]] + 0) " | " percent(name, kinds[kind], 1) " | " percent(name, kinds[kind], 2) \
      " | " percent(name, kinds[kind], "either") " | " percent(name, kinds[kind], 3)
  print text " |"
}

# A range of lines, of one function at most, or one line with a branch, that neither engine
# reaches. A reason is for one of them.
function unreached(file, from, to, what, tested,    n, line, why) {
  for (n = 1; n <= reason_count && why == ""; n++) {
    if (reason_file[n] != file || n in used && used[n] != from) continue
    for (line = from; line <= to; line++)
      if (reason_text[n] == "*" || name_of(file, line) == reason_text[n]) { why = reason[n]; used[n] = from; break }
  }
  if (why == "")
    fail(source file ":" from ": " (is_test(file) ? "no test nor the corpus reaches `" : "neither properties nor corpus reach `") what \
      "`; let them, remove it, or give the reason in " reasons)
  list[is_test(file), ++listed[is_test(file)]] = "| " file ":" from (to > from ? "–" to : "") " | " shown(what) " | " (tested ? "yes" : "no") " | " why " |"
}

function table(of_laws, why,    n) {
  if (!listed[of_laws]) { print "None."; return }
  print "| where | what | tested | " why " |"
  print "| --- | --- | --- | --- |"
  for (n = 1; n <= listed[of_laws]; n++) print list[of_laws, n]
}

function end_range() {
  if (range_file != "") unreached(range_file, range_from, range_to, name_of(range_file, range_from), range_tested)
  range_file = ""
}

END {
  if (broken) exit 2
  kinds[1] = "line"; kinds[2] = "branch"
  for (n = 1; n <= place_count; n++) {
    split(places[n], field, FS)
    count(field[1], field[3], places[n])
    if (field[3] == "line" && !reached[places[n], "either"] && !(is_test(field[1]) && (places[n], 3) in reached))
      missed[field[1], field[2]] = 1
  }
  # Lines first, those next to each other as one.
  for (n = 1; n <= place_count; n++) {
    split(places[n], field, FS)
    if (field[3] != "line") continue
    if (range_file != field[1] || !((field[1], field[2]) in missed) || source_of[field[1], field[2]] ~ /^ *(pub.* )?fn /) end_range()
    if (!((field[1], field[2]) in missed)) continue
    if (range_file == "") { range_file = field[1]; range_from = field[2]; range_tested = 0 }
    range_to = field[2]
    if ((places[n], 3) in reached) range_tested = 1
  }
  end_range()
  # A branch on an unreached line says nothing more, nor does one that leads to such a line.
  for (n = 1; n <= place_count; n++) {
    split(places[n], field, FS)
    if (is_test(field[1]) || field[3] != "branch" || reached[places[n], "either"] || (field[1], field[2]) in missed) continue
    split(field[4], part, /[:-]/)
    if (field[5] == "true" && (field[1], part[3] + 1) in missed) continue
    unreached(field[1], field[2], field[2], branch_text(field[1], field[4]) " is " field[5], (places[n], 3) in reached)
  }
  for (n = 1; n <= reason_count; n++) {
    if (n in used) continue
    found = reached_for_certain = 0
    for (m = 1; m <= place_count; m++) {
      split(places[m], field, FS)
      if (field[1] != reason_file[n] || name_of(field[1], field[2]) != reason_text[n]) continue
      found = 1
      if ((places[m], 1) in reached || is_test(field[1]) && (places[m], 3) in reached) reached_for_certain = 1
    }
    if (!found) fail(reasons ": " reason_file[n] " has no line `" reason_text[n] "`; correct or drop it")
    else if (reached_for_certain) fail(reasons ": tests reach `" reason_text[n] "` in " reason_file[n] "; drop it")
    else spare = spare "- " reason_file[n] ": " shown(reason_text[n]) ": " reason[n] "\n"
  }

  print "<!-- Written by ci/coverage with the reasons of ci/coverage.tsv. Edit those, not this. -->\n"
  print "# What the properties and the fuzzer reach\n"
  print "How much of `slug-resolver` is run by each of three ways to test it, and what none of the"
  print "first two runs. What is run is not thereby right; what is never run is certainly not tested.\n"
  print "| in the tables | is |"
  print "| --- | --- |"
  print "| lines | lines with code that can be run; reached, when any of it was |"
  print "| branches | the two sides, true and false, of each condition (`match` and `?` have none, their arms are lines) |"
  print "| properties | every law on " cases " random cases, `cargo test --test laws properties::`, always the same ones |"
  print "| corpus | " inputs " inputs of all fuzz targets: the seeds, what was once found, and a corpus grown from them |"
  print "| either | the one or the other |"
  print "| all | all tests of the crate but those in its documentation |\n"
  print "Made anew by `ci/coverage`. Numbers are percent, but for the columns that say how many there are."
  print "A corpus that grew longer reaches more. `laws/` tests the product, so it is counted apart, and asked"
  print "for the lines alone that nothing here runs.\n"
  print "| | lines | properties | corpus | either | all | branches | properties | corpus | either | all |"
  print "| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |"
  row("**the product**", "product")
  for (n = 1; n <= file_count; n++) if (!is_test(files[n])) row(files[n], files[n])
  row("**the laws**", "laws")
  for (n = 1; n <= file_count; n++) if (is_test(files[n])) row(files[n], files[n])
  print "\n## What neither reaches\n"
  print "Of the product: lines that are next to each other as one, and sides of branches on lines that"
  print "are reached. The third column says whether any other test reaches it.\n"
  table(0, "why neither reaches it")
  print "\nOf the laws: lines that no test of the crate reaches either.\n"
  table(1, "why nothing reaches it")
  if (spare != "") print "\nReached by this corpus, and perhaps not by another:\n\n" substr(spare, 1, length(spare) - 1)
  exit failed
}
