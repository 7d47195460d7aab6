//! Tests which constructs the reader of functions follows, and which it does not.

use slug_function::caller::CallerSeparators;
use slug_function::reading::{Comparisons, Reading, ReadingError, SourceFile, read};

fn result(text: &str, model: &str, secrets: Option<&str>) -> Result<Reading, ReadingError> {
    let file = SourceFile { path: "lib.sh".to_owned(), text: text.to_owned() };
    read(&[file], model, secrets, CallerSeparators::Default)
}

/// Reads a file with the function `pick`.
fn reading(text: &str) -> Reading {
    result(text, "pick \"$RUNTIME\"", None).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Reads commands as the body of the function.
fn body(commands: &str) -> Reading {
    reading(&format!("pick() {{\n{commands}\n}}\n"))
}

/// The comparisons of a value as a text, such as `a b *c printed`.
fn shown(comparisons: &Comparisons) -> String {
    let Comparisons { texts, patterns, is_printed, is_split, distinguishes_unset } = comparisons;
    let mut words: Vec<String> = texts.iter().chain(patterns).cloned().collect();
    let flags = [(is_printed, "(printed)"), (is_split, "(split)"), (distinguishes_unset, "(unset)")];
    words.extend(flags.into_iter().filter(|(flag, _)| **flag).map(|(_, word)| word.to_owned()));
    words.join(" ")
}

fn variable(reading: &Reading, name: &str) -> String {
    reading.variables.get(name).map_or_else(|| "(not read)".to_owned(), shown)
}

#[test]
fn variable_gets_the_comparisons_that_it_flows_into() {
    let cases = [
        ("[ \"$X\" = a ]", "a"),
        ("[ a = \"$X\" ]", "a"),
        ("[ \"x$X\" = \"xa\" ]", "a"),
        ("test a != \"$X\" -o \"$X\" = b", "a b"),
        ("[[ $X == a* ]]", "a*"),
        ("[[ $X == \"a*\" ]]", "a*"),
        ("[[ $X == 'a'* || b == \"$X\" ]]", "b a*"),
        ("[[ ! ( $X = a && $X != b ) ]]", "a b"),
        ("case $X in a | \"b c\") ;; d?) ;; esac", "a b c d?"),
        ("case ${X:-a} in a) ;; esac", "a"),
        ("case a in *) : ;& b) : ;;& c) ;; esac; [ \"$X\" = a ]", "a"),
        ("case a in *) : ;& b) : ;;& a) [ \"$X\" = a ] ;; esac", "a"),
        ("local v; case \"$Y\" in a) v=$X ;& b) : ;;& esac; [ \"${v-}\" = b ]", "b"),
        ("local y=$X; [ \"$y\" = a ]", "a"),
        ("local y; y=\"$X\"; local z=$y; [ \"$z\" = a ]", "a"),
        ("f() { [ \"$2\" = a ]; }; f b \"$X\"", "a"),
        ("f() { local v=$1; case $v in a) ;; esac; }; f \"$X\"", "a"),
        ("f() { shift; [ \"$1\" = a ]; }; f b \"$X\"", "a"),
        ("f() { [ \"$1\" = a ]; }; f \"${@:2}\" \"$X\"", "a"),
        ("f() { printf '%s\\n' \"$1\"; }; [ \"$(f \"$X\")\" = a ]", "a"),
        ("f() { printf '%s' \"$1\"; echo /z; }; [ \"$(f \"$X\")\" = a/z ]", "a"),
        ("f() { echo \"${!1}\"; }; [ \"$(f X)\" = a ]", "a"),
        ("for n in X Y; do [ \"${!n:-}\" = a ] && return; done", "a"),
        ("for v in \"$X\" b; do [ \"$v\" = a ] && break; done", "a"),
        ("local n=X; n=${!n}; [[ $n == a ]]", "a"),
        ("printf -v v '%s/%s' \"$X\" b; [ \"$v\" = a/b ]", "a"),
        ("IFS= read -r v <<< \"$X\"; [ \"$v\" = a ]", "a"),
        ("v=$(cat <<END\n$X\nEND\n); [ \"$v\" = a ]", "a"),
        ("v=$(cat <<< \"$X\"); [ \"$v\" = a ]", "a"),
        ("v=a; [ -n \"$Y\" ] && v=$X; [ \"$v\" = b ]", "b"),
        ("v=$X; if [ -n \"$Y\" ]; then v=b; fi; [ \"$v\" = a ]", "a"),
        ("case \"$X:$Y\" in a:b | c:*) ;; esac", "a c c:*"),
        ("case \"$Y/$X\" in a/b) ;; */c) ;; esac", "b c */c"),
        ("v=b; v+=$X; [ \"$v\" = ba ]", "a"),
        ("set -- \"$X\" b; [ \"$1\" = a ]", "a"),
        ("a=(b \"$X\"); for v in \"${a[@]}\"; do [ \"$v\" = a ] && return; done", "a"),
        ("while IFS='|' read -r n t; do [ \"${!n}\" = \"$t\" ] && return; done <<< 'X|a\nY|b'", "a"),
        ("A=a; [ \"$X\" = \"$A\" ]", "a"),
        ("A='a*'; [[ $X == $A ]]", "a*"),
        ("A='a*'; [[ $X == \"$A\" ]]", "a*"),
        ("g() { Z=$X; }; g; [ \"$Z\" = a ]", "a"),
        ("IFS=$'\\n\\t'; v='a b'; for w in $v; do [ \"$X\" = \"$w\" ]; done", "a b"),
        ("local IFS=,; set -- \"$X\" b; [ \"$*\" = a,b ]", "a"),
        ("local IFS='|' n t; while read -r n t; do [ \"${!n}\" = \"$t\" ] && return; done <<< 'X|a'", "a"),
        ("IFS=,; unset IFS; v='a b'; for w in $v; do [ \"$X\" = \"$w\" ]; done", "a b"),
        ("[ \"$X\" = \"\" ]", ""),
        ("[[ $X == * ]]", ""),
        ("[ -n \"$X\" ]", ""),
        ("echo \"$X\"", "(printed)"),
        ("local v=${X:-a}; printf '%s\\n' \"$v\"", "(printed)"),
        ("echo \"v/$X\"", ""),
        ("echo \"$X\" >&2", ""),
        ("local unused=${X:-a}", "(not read)"),
        (": \"${X:=a}\"", "(not read)"),
        ("other() { [ \"$X\" = a ]; }", "(not read)"),
        ("[ \"${X-}\" ]", "(unset)"),
        ("[ \"${X+x}\" = x ]", "(unset)"),
        ("[[ -v X ]]", "(unset)"),
        ("set -u; [ \"$X\" = a ]", "a (unset)"),
        ("set -o nounset; [ \"${X:-}\" = a ]", "a"),
        ("set -u; [ -n \"${X:-}\" ] && echo \"$X\"", "(printed)"),
        ("set -u; [ -z \"${X:-}\" ] || echo \"$X\"", "(printed)"),
        ("set -u; [ -z \"${X:-}\" ] && return; echo \"$X\"", "(printed)"),
        ("set -u; [[ ${X:-} && $X != a ]] && echo \"$X\"", "a (printed)"),
        ("set -u; if [[ ! -z ${X:-} ]]; then echo \"$X\"; fi", "(printed)"),
        ("set -u; if test -z \"${X:-}\"; then :; elif true; then echo \"$X\"; fi", "(printed)"),
        ("set -u; has() { [ -n \"${!1:-}\" ]; }; has X && echo \"$X\"", "(printed)"),
        ("set -u; for n in X Y; do [[ -n ${!n:-} ]] && echo \"${!n}\"; done", "(printed)"),
        ("set -u; [ \"${X:-b}\" = a ] && echo \"$X\"", "a (printed)"),
        // What is printed or fails in a way that is not followed decides no branch.
        ("[ \"$(type -t pick)\" = function ] && [ \"$X\" = a ]", "a"),
        ("[ -n \"$(declare -F pick)\" ] && [ \"$X\" = a ]", "a"),
        ("[ \"$(command -v pick)\" = pick ] && [ \"$X\" = a ]", "a"),
        ("[ \"$Y\" = b ] && f() { :; }; type f >/dev/null || [ \"$X\" = a ]", "a"),
        ("[ \"$Y\" = b ] && f() { :; }; f || [ \"$X\" = a ]", "a"),
        ("printf %d b >/dev/null 2>&1 || [ \"$X\" = a ]", "a"),
        ("[[ 010 -eq 8 ]] && [ \"$X\" = a ]", "a"),
        ("set -u; [ -n \"${X:-}\" ] || echo \"$X\"", "(printed) (unset)"),
        ("set -u; [ -n \"${X:-}\" ]; echo \"$X\"", "(printed) (unset)"),
        ("set -u; [ -n \"${X:-}${Y:-}\" ] && echo \"$X\"", "(printed) (unset)"),
        ("set -u; [ -n \"${X:-a}\" ] && echo \"$X\"", "(printed) (unset)"),
        ("set -u; [ -n \"${X:-}\" ] || [ -n \"$Y\" ] && echo \"$X\"", "(printed) (unset)"),
        ("set -u; [ \"${X:-a}\" = a ] && echo \"$X\"", "a (printed) (unset)"),
        ("set -u; [ \"${X:-}\" != a ] && echo \"$X\"", "a (printed) (unset)"),
        ("set -u; [ -n \"${X:-}\" -a \"$X\" = a ]", "a (unset)"),
        ("set -u; { [ -n \"${X:-}\" ] || return; }; (unset X; :); echo \"$X\"", "(printed)"),
        ("set -u; [ -n \"$([ -n \"${X:-}\" ] && echo a)\" ]; echo \"$X\"", "(printed) (unset)"),
    ];
    let mut wrong = Vec::new();
    for (commands, expected) in cases {
        let reading = body(commands);
        let found = (variable(&reading, "X"), reading.not_followed);
        if found != (expected.to_owned(), Vec::new()) {
            wrong.push(format!("{commands}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn runtime_is_the_value_that_the_command_passes() {
    let text = "pick() { local r=$1; case $r in a | b*) ;; esac; [ \"$RUNTIME\" = c ]; }\n";
    assert_eq!(shown(&reading(text).runtime), "a c b*");
    let default = "pick() { [ \"${1:-hermes}\" = hermes ] && echo \"$1\"; }\n";
    assert_eq!(shown(&reading(default).runtime), "hermes (printed)");
}

#[test]
fn constructs_not_followed_are_listed_with_their_lines() {
    let cases = [
        ("[ \"${X,,}\" = a ]", "changes the case"),
        ("[ \"${X%-*}\" = a ]", "removes a part"),
        ("[ \"${X#a}\" = a ]", "removes a part"),
        ("[ \"${X//a/b}\" = a ]", "replaces a part"),
        ("[ \"${X:0:2}\" = a ]", "takes a part"),
        ("[ \"${#X}\" = 2 ]", "length"),
        ("echo \"${X@Q}\"", "transforms"),
        ("local v='$X'; [ -n \"${v@P}\" ]", "expands the value of `v` again"),
        ("v=a; [ -n \"${v@a}\" ]", "reads the attributes of `v`"),
        ("local v=$X; v=${v^^}; echo \"$v\"", "changes the case"),
        ("f() { echo \"${1,}\"; }; f \"$X\"", "changes the case"),
        ("[[ $X =~ ^a ]]", "regular expression"),
        ("[ \"$X\" -gt 3 ]", "as a number"),
        ("[[ $X -eq 3 ]]", "as a number"),
        ("[[ $X < b ]]", "compares with `<`"),
        ("(( X > 3 ))", "calculates"),
        ("echo $((X + 1))", "calculates"),
        ("let n=X+1", "calculates"),
        ("[[ X -eq 7 ]]", "as a number"),
        ("local m=X; [[ 7 -eq $m ]]", "as a number"),
        ("(( \"X\" == 7 ))", "calculates"),
        ("local m=X; (( $m == 7 ))", "calculates"),
        ("local m=xX; (( ${m#x} == 7 ))", "calculates"),
        ("echo $((${Y:-X} + 1))", "calculates"),
        ("case \"$(export)\" in *X=*) ;; esac", "prints all variables"),
        ("case \"$(declare -x)\" in *X=*) ;; esac", "prints all variables"),
        ("v=$(readonly)", "prints all variables"),
        ("local op=-n; [ \"$Y\" = q ] && op=-z; [ \"$op\" \"$X\" ]", "operator is computed"),
        ("for ((i = 0; i < 3; i++)); do :; done", "arithmetic"),
        ("[ \"$X\" \"$Y\" \"$Z\" ]", "operators may be computed"),
        ("[ a \"$X\" b ]", "operators may be computed"),
        ("test \"$X\" \"$Y\" \"$Z\" \"$X\"", "operators may be computed"),
        ("[ -f \"$X\" ]", "tests a file"),
        ("[[ -e x ]]", "tests a file"),
        ("[ $X = a ]", "splits"),
        ("echo $X", "splits"),
        ("for v in $X; do :; done", "splits"),
        ("f() { :; }; f $X", "splits"),
        ("[[ $X == $Y ]]", "for a pattern"),
        ("[[ $X == \"$Y\" ]]", "not a constant"),
        ("[ \"$X\" = \"$Y\" ]", "not a constant"),
        ("[[ $X == @(a|b) ]]", "not supported"),
        ("date", "the time"),
        ("X=$(grep -c a file)", "calls the program `grep`"),
        ("echo \"$X\" | tr a-z A-Z", "calls the program `tr`"),
        ("command sed -n p", "calls the program `sed`"),
        ("\"$X\"", "whose name is computed"),
        ("eval \"echo \\$$X\"", "eval"),
        ("source other.sh", "reads another file"),
        (". ./other.sh", "reads another file"),
        ("trap 'echo a' EXIT", "trap"),
        ("echo a > file", "writes a file"),
        ("read -r v < file", "reads a file"),
        ("v=$(< file)", "reads a file"),
        ("read -r v", "reads its input"),
        ("cat file", "reads a file"),
        ("read -r v <<< \"$X\"; echo \"$v\"", "removes blanks"),
        ("IFS=/ read -r a b <<< \"$X\"; echo \"$a\"", "splits a value"),
        ("echo a & wait", "background"),
        ("cat <(echo a)", "process substitution"),
        ("echo \"$RANDOM\"", "random"),
        ("echo \"$SECONDS\"", "time"),
        ("SECONDS=0; [ \"$SECONDS\" = 0 ]", "time"),
        ("RANDOM=7; echo \"$RANDOM\"", "random"),
        ("echo $$", "process"),
        ("echo \"$HOSTNAME\"", "machine"),
        ("echo \"$0\"", "name of the script"),
        ("printf '%(%s)T\\n'", "time"),
        ("printf \"$X\"", "for a format"),
        ("printf '%q\\n' \"$X\"", "conversion"),
        ("time echo a", "time"),
        ("declare -A m; m[$X]=a", "declares a variable with `-A`"),
        ("a=(b c); echo \"${a[$X]}\"", "computed index"),
        ("a[1]=b", "by an index"),
        ("mapfile -t a <<< \"$X\"", "mapfile"),
        ("local IFS=$X", "sets `IFS`"),
        ("v='a b'; [ -n \"$X\" ] && IFS=,; echo $v", "separators that are not known"),
        ("IFS=,; v=a,b; echo $v", "other characters than blanks"),
        ("shopt -s nocasematch", "compares texts"),
        ("[ -z \"$(shopt extglob)\" ] || [ \"$X\" = a ]", "asks for an option"),
        ("shopt -q nullglob", "asks for an option"),
        ("case $- in *x*) ;; esac", "the options"),
        ("[[ ${-} == *x* ]]", "the options"),
        ("[ \"${-//[!x]/}\" = x ]", "the options"),
        ("[ \"${#-}\" -gt 9 ]", "the options"),
        ("[ $? -ne 0 ]", "the status"),
        ("[ \"${#?}\" -gt 1 ]", "the status"),
        ("local rc=$?; echo \"$rc\"", "the status"),
        ("declare -F hook >/dev/null", "may not define"),
        ("typeset -f hook >/dev/null", "may not define"),
        ("declare -F", "may not define"),
        ("[ \"${#FUNCNAME[@]}\" -gt 2 ]", "`$FUNCNAME`"),
        ("[ \"${#BASH_ARGV[@]}\" = 3 ]", "`$BASH_ARGV`"),
        ("[ \"${#X[@]}\" = 1 ]", "computed from a variable"),
        ("shopt -s lastpipe", "runs commands"),
        ("set -f -k", "not supported"),
        ("declare -i n=$X", "declares a variable with `-i`"),
        ("declare -u n=$X", "declares a variable with `-u`"),
        ("declare -n n=$X", "declares a variable with `-n`"),
        ("readonly v=a; (v=b) 2>/dev/null || echo \"$X\"", "is read-only"),
        ("declare -gr v=a; printf -v v b || echo \"$X\"", "is read-only"),
        ("readonly v; f() { local v=b; }; f || echo \"$X\"", "is read-only"),
        ("readonly v=a; unset v || echo \"$X\"", "is read-only"),
        ("echo a >&- || echo \"$X\"", "closes its output"),
        ("local \"$X=a\"", "name is computed"),
        ("echo *", "names of files"),
        ("echo ~", "home directory"),
        ("local h; h=~/x; [ \"$h\" = /a ]", "home directory"),
        ("[[ $X == ~ ]]", "home directory"),
        ("echo {a,b}", "list in braces"),
        ("echo \"${!X}\"", "name in `X` is not known"),
        ("command -v curl", "is installed"),
        ("f() { f; }; f", "calls itself"),
        ("while :; do v=$v$X; done", "loop"),
        ("v=$(echo a 2>&1)", "error messages"),
        ("jq -r .a", "calls `jq`"),
        ("jq -n --arg k \"$X\" '{(\"A\"): $k} + {}'", "calls `jq`"),
        ("select v in a b; do :; done", "asks the user"),
        ("coproc echo a", "background"),
        ("V=\"$V$X\"; echo \"$V\"", "from one call to the next"),
        ("v=$(jq -n --arg k \"$X\" '{A: $k}'); [ \"$v\" = '{\"A\":\"b\"}' ]", "computed from a variable"),
    ];
    let mut wrong = Vec::new();
    for (commands, expected) in cases {
        let reading = body(commands);
        let found = reading.not_followed.iter().find(|(_, reason)| reason.contains(expected));
        let Some((location, _)) = found else {
            wrong.push(format!("{commands}: {:?}", reading.not_followed));
            continue;
        };
        assert_eq!((location.path.as_str(), location.line), ("lib.sh", 2), "{commands}");
        // In a function that nobody calls, and where the code cannot be reached, it does not count.
        let unreached = [
            format!("pick() {{ :; }}\nother() {{\n{commands}\n}}\n"),
            format!("pick() {{\nif false; then\n{commands}\nfi\n}}\n"),
        ];
        for text in unreached {
            assert_eq!(self::reading(&text).not_followed, [], "{text}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Bash evaluates these texts as arithmetic, in which a bare name is a variable, and which can assign one.
#[test]
fn arithmetic_reads_and_assigns_variables_everywhere() {
    // The commands with EXPRESSION in the place of the arithmetic.
    let contexts = [
        "echo $((EXPRESSION))",
        "echo $[EXPRESSION]",
        "((EXPRESSION)) || echo b",
        "let \"EXPRESSION\"",
        "for ((EXPRESSION; 0; )); do :; done",
        "for ((; 0; EXPRESSION)); do :; done",
        "local v=abc; echo \"${v:EXPRESSION}\"",
        "local v=abc; echo \"${v::EXPRESSION}\"",
        "local v=abc; echo \"${v:0:EXPRESSION}\"",
        "local v=abc; echo \"${v:(EXPRESSION)}\"",
        "local v=abc; [ -n \"${v:0:EXPRESSION}\" ]",
        "local v=EXPRESSION; echo $((v))",
        "local v=EXPRESSION w=abc; echo \"${w:v}\"",
        "local v=EXPRESSION w=abc; echo \"${w:$v}\"",
        "set -- abc; echo \"${1:EXPRESSION}\"",
        "echo \"${RUNTIME:EXPRESSION}\"",
        "set -- a b; echo \"${@:EXPRESSION}\"",
        "set -- a b; for v in \"${@:1:EXPRESSION}\"; do :; done",
        "a=(b c); echo \"${a:EXPRESSION}\"",
        "a=(b c); echo \"${a[EXPRESSION]}\"",
        "a=(b c); echo \"${a[EXPRESSION]:-d}\"",
        "a=(b c); echo \"${a[0]:EXPRESSION}\"",
        "a=(b c); echo \"${a[@]:EXPRESSION}\"",
        "a=(b c); echo \"${#a[EXPRESSION]}\"",
        "a=(b c); echo \"${!a[EXPRESSION]}\"",
        "local n=v v=abc; echo \"${!n:EXPRESSION}\"",
        "a=b; echo \"${a[EXPRESSION]}\"",
        "a[EXPRESSION]=b",
        "a=([EXPRESSION]=b)",
        "local a[EXPRESSION]=b",
        "declare -g a[EXPRESSION]=b",
        "declare -i v=\"EXPRESSION\"",
        "printf -v 'a[EXPRESSION]' b",
        "read -r 'a[EXPRESSION]' <<< b",
        "unset 'a[EXPRESSION]'",
        "[[ -v a[EXPRESSION] ]]",
        "[[ EXPRESSION -eq 7 ]]",
        "[[ 7 -lt EXPRESSION ]]",
    ];
    let calculates = "may assign a variable in a calculation";
    for context in contexts {
        for (expression, assigns) in [("X", false), ("7*(X>2)", false), ("X++", true), ("X=7", true)] {
            let commands = context.replace("EXPRESSION", expression);
            // Some places allow neither blanks nor operators of the shell.
            if commands.contains("-v a[7*(") || commands.contains(" 7*(") || commands.contains("=7*(") {
                continue;
            }
            let found = body(&commands);
            assert!(found.variables.contains_key("X"), "{commands}: {:?}", found.variables);
            assert!(!found.not_followed.is_empty(), "{commands}");
            let is_state = found.state.iter().any(|(_, reason)| reason == calculates);
            assert_eq!(is_state, assigns, "{commands}: {:?}", found.state);
        }
        let constant = body(&context.replace("EXPRESSION", "1"));
        let names: Vec<&String> = constant.variables.keys().collect();
        assert!(
            names.is_empty() && constant.state.iter().all(|(_, reason)| reason != calculates),
            "{context}: {names:?}"
        );
    }
}

#[test]
fn parameter_without_the_runtime_is_constant() {
    let cases = [
        ("pick", "[ \"$1\" = a ]", Some("1")),
        ("pick '$RUNTIME'", "[ \"$1\" = a ]", Some("1")),
        ("pick a", "local kind=$1; [ \"$kind\" = a ]", Some("1")),
        ("pick", "[ \"${1:?}\" = a ]", Some("1")),
        ("pick \"$RUNTIME\"", "[ \"$1\" = a ]", None),
        ("pick \"$RUNTIME\"", "[ \"$2\" = a ]", None),
        ("pick \"$KIND\"", "[ \"$1\" = a ]", None),
        ("pick", "[ \"${1:-a}\" = a ]", None),
        ("pick", "[ \"$1\" = \"$RUNTIME\" ]", None),
        ("pick", "f() { echo \"$1\"; }; f a", None),
    ];
    for (command, body, expected) in cases {
        let found = result(&format!("pick() {{ {body}; }}\n"), command, None).expect("the function can be read");
        let name = found.constant_parameter.map(|(_, name)| name);
        assert_eq!(name.as_deref(), expected, "{command}: {body}");
    }
}

#[test]
fn separators_of_the_caller_are_not_followed() {
    // The commands, and whether the separators of the calling shell change what they do.
    let cases = [
        ("v='A B'; for w in $v; do echo \"$w\"; done", true),
        ("v=a,b; echo $v", true),
        ("v='A B'; a=($v); echo \"${a[0]}\"", true),
        ("v='A B'; f() { echo \"$1\"; }; f $v", true),
        ("read -r a b <<< 'A B'; echo \"$a\"", true),
        ("read -r a <<< ' A'; echo \"$a\"", true),
        ("set -- a b; [ \"$*\" = 'a b' ]", true),
        ("set -- a b; echo \"$*\"", true),
        ("a=(a b); v=${a[*]}; [ \"$v\" = 'a b' ]", true),
        ("[ \"$IFS\" = , ]", true),
        ("[[ $IFS == *,* ]] && echo a", true),
        ("echo \"$IFS\"", true),
        ("local old=$IFS IFS=,; IFS=$old; v='A B'; for w in $v; do echo \"$w\"; done", true),
        ("for w in A B; do echo \"$w\"; done", false),
        ("v=A; for w in $v; do echo \"$w\"; done", false),
        ("v='A B'; echo \"$v\"", false),
        ("local v='a b'; local IFS=' '; for w in $v; do echo \"$w\"; done", false),
        ("v='A B'; unset IFS; echo $v", false),
        ("IFS='|' read -r a b <<< 'A|B'; echo \"$a\"", false),
        ("IFS= read -r a <<< ' A'; echo \"$a\"", false),
        ("read -r a <<< 'A B'; echo \"$a\"", false),
        ("set -- a; echo \"$*\"", false),
        ("set -- a b; echo \"$*\" >&2; printf '%s\\n' \"$@\"", false),
        ("local old=$IFS IFS=$old", false),
    ];
    for (commands, depends) in cases {
        let reading = |caller| {
            let text = format!("pick() {{ {commands}; }}\n");
            let file = SourceFile { path: "lib.sh".to_owned(), text };
            read(&[file], "pick", None, caller).expect("the function can be read").not_followed
        };
        assert_eq!(reading(CallerSeparators::Default), [], "{commands}");
        let found = reading(CallerSeparators::Unknown);
        assert_eq!(found.iter().any(|(_, reason)| reason.contains("the shell that calls it")), depends, "{commands}");
        assert_eq!(found.is_empty(), !depends, "{commands}: {found:?}");
    }
}

#[test]
fn exact_constructs_are_followed() {
    let cases = [
        "x=$(pick_other 2>/dev/null) || true",
        "echo a >/dev/null 2>&1; echo b >&2; echo c 1>&2",
        "[ $# -ge 1 ] || return 1",
        "true; f() { return \"$?\"; }; f; [ \"$?\" = 0 ]; if [ $? = 0 ]; then case $? in 0) ;; esac; fi",
        "local old=$IFS IFS=,; set -- a b; echo \"$*\"; IFS=$old; v='a b'; for w in $v; do echo \"$w\"; done",
        "local rc; true; rc=$?; [ \"$rc\" -eq 0 ] && return \"$rc\"",
        "local n=0; n=${n%%x}; echo \"${n,,}\"",
        "local v=abc; echo \"${v:0:2}\" \"${v: -1}\" \"${v:(1)}\"; a=(b c); echo \"${#a[1]}\"",
        "local rc=0; f() { return 1; }; f || rc=$?; [[ $rc -eq 1 ]]; (( $# + ${#rc} )); echo $(( $((1 + 1)) * 2 ))",
        "for v in a b c; do case $v in a) continue ;; esac; echo \"$v\"; done",
        "(echo a); { echo b; }; ! false",
        "until true; do :; done",
        "declare -f pick >/dev/null && type pick >/dev/null",
        "[[ ${BASH_SOURCE[0]} == \"$0\" ]] && curl example",
        "if [ \"${BASH_SOURCE[0]}\" = \"$0\" ]; then curl example; fi",
        "test \"$0\" != \"${BASH_SOURCE}\" || curl example",
        "local h='~'; echo \"~\" '~/a' \"$h\"; echo $((0x1F + 010))",
        "local -; set -u",
        "f() { local -r v=$1; readonly w=a; echo \"$v\"; }; a=$(f a) b=$(f b)",
        "if false; then curl example; elif true; then echo a; else curl example; fi",
        "case a in b) curl example ;; a) echo c ;; *) curl example ;; esac",
        "set -euo pipefail; set +e; set -x",
        "unset -v X; local X",
        "builtin echo a; command printf '%s\\n' b",
        "echo -n a; echo -e 'a'; echo -- a",
        "printf '%s\\n' \"$@\"; printf '%s %d%%\\n' a 3",
    ];
    for commands in cases {
        let text = format!("pick_other() {{ echo a; }}\npick() {{\n{commands}\n}}\n");
        assert_eq!(reading(&text).not_followed, [], "{commands}");
    }
}

#[test]
fn state_is_what_outlives_a_call() {
    let locations = |commands: &str| -> Vec<String> {
        let reading = body(commands);
        reading.state.iter().map(|(location, reason)| format!("{} {reason}", location.line)).collect()
    };
    assert_eq!(locations("v=a"), ["2 assigns the global variable `v`"]);
    assert_eq!(locations("declare -g v=a"), ["2 assigns the global variable `v`"]);
    assert_eq!(locations("export v=a"), ["2 assigns the global variable `v`"]);
    assert_eq!(locations(": \"${v:=a}\""), ["2 assigns the global variable `v`"]);
    assert_eq!(locations("for v in a; do :; done"), ["2 assigns the global variable `v`"]);
    assert_eq!(locations("set -u"), ["2 changes an option of the shell"]);
    assert_eq!(locations("f() { :; }"), ["2 defines the function `f`"]);
    assert_eq!(locations(": > file"), ["2 writes a file"]);
    for harmless in ["local v=a; v=b", "(v=a)", "x() { local v; f; }; :", "echo \"$(v=a; echo \"$v\")\"", "v=a true"] {
        let found = locations(harmless);
        assert!(found.iter().all(|reason| reason.contains("defines")), "{harmless}: {found:?}");
    }
    // What the files do when they are sourced is not a part of a call.
    assert_eq!(reading("v=a\nset -u\npick() { echo \"$v\"; }\n").state, []);
    // A variable that each call assigns before it reads it, or only gives a default, carries nothing over.
    for commands in ["v=a; echo \"$v\"", "v=${v:-a}; echo \"$v\"", ": \"${v:=a}\"; echo \"$v\""] {
        assert_eq!(body(commands).not_followed, [], "{commands}");
    }
    for commands in ["echo \"$v\"; v=a", "[ -n \"$X\" ] && v=a; echo \"$v\""] {
        assert_eq!(body(commands).not_followed.len(), 1, "{commands}");
    }
}

#[test]
fn printed_texts_have_the_place_that_writes_them() {
    let text = "A=one\npick() {\n  local m=two\n  [ -n \"$X\" ] && m=three\n  echo \"$m\"\n  printf '%s\\n' \"$A\"\n}\n\
                names() {\n  jq -n --arg k \"$K\" '{KEY_A: $k, \"KEY_B\": \"x\"}'\n}\n";
    let reading = result(text, "pick", Some("names")).expect("it can be read");
    let printed: Vec<(&str, usize)> =
        reading.printed.iter().map(|(text, location)| (text.as_str(), location.line)).collect();
    assert_eq!(printed, [("three", 4), ("two", 3), ("one", 1), ("KEY_A", 9), ("KEY_B", 9)]);
    let object = "pick() { :; }\nnames() {\n  printf '%s' \"{\\\"KEY_C\\\": \\\"$K\\\"}\"\n}\n";
    let reading = result(object, "pick", Some("names")).expect("it can be read");
    assert_eq!(reading.printed.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>(), ["KEY_C"]);
}

#[test]
fn errors_say_what_to_do() {
    let error = |text: &str, model: &str| result(text, model, None).expect_err("it cannot be read").to_string();
    assert_eq!(
        error("pick_a() { :; }\npick_b() { :; }\n", "pick"),
        "function.model:1: `pick` is not a function; the files of `function.source` define `pick_a` and `pick_b`; \
         correct the name or add its file"
    );
    assert!(error("pick() {\n  if\n}\n", "pick").starts_with("lib.sh:3: slugproof cannot parse this: unexpected `}`"));
    assert!(error("pick() {\r\n}\n", "pick").starts_with("lib.sh:1: bash reads a carriage return"));
    assert!(error("pick() { :; }\nunset -f pick\n", "pick").contains("`pick` is not a function"));
    assert!(
        error("pick() { :; }\n(exit 1)\n[ -n \"$A\" ] && exit 2\nexit 3\n", "pick")
            .starts_with("lib.sh:4: the file exits")
    );
    assert!(error("pick() { :; }\n", "pcik | cat").contains("`pcik` is not a function"));
    assert!(error("pick() { :; }\n", "# nothing").contains("the command is empty"));
    assert!(error("pick() { :; }\n", "pick 'a").starts_with("function.model:1: "));
    let secrets = result("pick() { :; }\n", "pick", Some("names")).expect_err("the function does not exist");
    assert!(secrets.to_string().starts_with("function.secrets:1: `names` is not a function"), "{secrets}");
}

#[test]
fn hostile_functions_are_bounded() {
    let nested = format!("pick() {{ {} :; {} }}", "if x; then ".repeat(30), "fi; ".repeat(30));
    let wide: String = (0..300).map(|n| format!("[ \"$V{n}\" = a ] && x=\"$x$V{n}\"\n")).collect();
    let calls: String = (0..40).map(|n| format!("f{n}() {{ f{0}; f{0}; }}\n", n + 1)).collect();
    let loops =
        "pick() { while [ \"$A\" = b ]; do while [ \"$B\" = c ]; do x=\"$x$y\"; y=\"$y$x\"; done; done; echo \"$x\"; }";
    let texts = [
        nested,
        format!("pick() {{ {wide} echo \"$x\"; }}"),
        format!("{calls}f40() {{ :; }}\npick() {{ f0; }}"),
        loops.to_owned(),
        "pick() { pick \"$1$1\"; pick \"$1\"; }".to_owned(),
        "pick() { for a in 1 2 3 4 5 6 7 8 9; do for b in 1 2 3 4 5 6 7 8; do x=\"$x$a$b\"; done; done; echo \"$x\"; }"
            .to_owned(),
    ];
    for text in texts {
        let start = std::time::Instant::now();
        reading(&text);
        assert!(start.elapsed().as_secs() < 20, "{}", &text[..60]);
    }
}

#[test]
fn texts_that_grow_without_end_are_not_followed() {
    let times = |count: usize, commands: &str| commands.repeat(count);
    // The growing text, list or pattern, and the reason.
    let cases = [
        (times(40, "s=\"x$s$s\"; "), "too long"),
        (times(40, "s+=\"x$s\"; "), "too long"),
        (format!("{} s=\"$s$X\"; [ \"$s\" = a ]", times(18, "s=\"x$s$s\"; ")), "too long"),
        ("while :; do s=\"x$s$s\"; done".to_owned(), "too long"),
        (format!("for i in{}; do s=\"x$s$s\"; done", times(36, " i")), "too long"),
        (times(40, "printf -v s 'x%s%s' \"$s\" \"$s\"; "), "too long"),
        (format!("f() {{ echo \"x$1$1\"; }}; {}", times(40, "s=$(f \"$s\"); ")), "too long"),
        (format!("f() {{ s=\"x$*$*\"; }}; {}", times(40, "f \"$s\" \"$s\"; ")), "too long"),
        (format!("{}echo", times(40, "s=$(echo \"x$s\" \"$s\"); ")), "too long"),
        (format!("set -- x; {}", times(40, "set -- \"$@\" \"$@\"; ")), "too many words"),
        (format!("a=(x); {}", times(40, "a=(\"${a[@]}\" \"${a[@]}\"); ")), "too many words"),
        (format!("s='x x'; {} for w in $s; do :; done", times(12, "s=\"$s $s\"; ")), "too many words"),
        (format!("s=$'x\\n'; {} read -r l <<< \"$s\"", times(14, "s=$s$s; ")), "too many lines"),
        (format!("s=x; {} [[ $X == $s ]]", times(11, "s=$s$s; ")), "too long"),
        (format!("s='*x'; {} [[ $s == $s ]]", times(10, "s=$s$s; ")), "too long"),
        (format!("s=x; {} [ \"$X$Y$Z\" = \"$s\" ]", times(8, "s=$s$s; ")), "too long"),
        (format!("s=x; {}", times(17, "s=$s$s; ")) + &times(2000, ": \"$s\"; "), "too large"),
        ((0..3000).map(|n| format!("local v{n}=x; ")).collect::<String>() + &times(3000, "printf a; "), "too large"),
    ];
    for (commands, expected) in cases {
        let start = std::time::Instant::now();
        let found = body(&format!("local s=x; {commands}")).not_followed;
        let shown = &commands[..commands.len().min(60)];
        assert!(found.iter().any(|(_, reason)| reason.contains(expected)), "{shown}: {found:?}");
        assert!(start.elapsed().as_secs() < 20, "{shown}");
    }
}
