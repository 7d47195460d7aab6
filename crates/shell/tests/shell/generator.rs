//! Generates random scripts that run fast and that set, unset and pass on variables. Every script
//! terminates: loops count in `T` and function calls in `D`.

use proptest::prelude::*;
use proptest::sample::select;

/// The script that the generated scripts call.
pub const TARGET: &str = "tests/e2e/run.sh";

/// The variables whose values are compared.
pub const NAMES: [&str; 3] = ["A", "B", "C"];

/// The reserved words of bash.
pub const RESERVED: [&str; 22] = [
    "!", "[[", "]]", "{", "}", "case", "coproc", "do", "done", "elif", "else", "esac", "fi", "for", "function", "if",
    "in", "select", "then", "time", "until", "while",
];

pub fn script() -> impl Strategy<Value = String> {
    prop::collection::vec(statement(), 1..6).prop_map(|statements| statements.join("\n"))
}

/// A script and the files that it runs and sources.
#[derive(Clone, Debug)]
pub struct Repository {
    pub script: String,
    /// Paths and texts.
    pub files: Vec<(&'static str, String)>,
}

/// The path of a script that others run.
pub const WRAPPER: &str = "scripts/wrap.sh";

/// The path of a script that others source.
pub const LIBRARY: &str = "scripts/lib.sh";

/// The path of a file that bash reads before a script. It runs nothing: it would be read before that, too.
pub const SETTINGS: &str = "scripts/settings.sh";

/// The path of a file with a word.
pub const WORD: &str = "scripts/word.txt";

/// The path of a file that the Makefile may include.
pub const INCLUDED: &str = "included.mk";

/// The path of the Makefile.
pub const MAKEFILE: &str = "Makefile";

pub fn repository() -> impl Strategy<Value = Repository> {
    let statements = |of: BoxedStrategy<String>| {
        prop::collection::vec(of, 1..4).prop_map(|statements: Vec<String>| statements.join("\n"))
    };
    let outer = statements(prop_oneof![1 => statement(), 2 => use_of_file()].boxed());
    let wrapper = statements(prop_oneof![4 => statement(), 1 => use_of_library(true)].boxed());
    let first = select(&["", "#!/bin/bash\n", "#!/usr/bin/env bash\nset -euo pipefail\n", "#!/bin/bash -e\n"][..]);
    let settings = (name(), select(&["export N=e", "N=e", "N=$A-e", "export N", "unset N", ": ${N:=e}"][..]));
    let settings = settings.prop_map(|(name, form)| form.replace('N', name));
    let word = select(&["k\n", "k", "u v\n", ""][..]);
    let included = (name(), select(&["N = i", "export N := i", "N ?= i", "ifdef A\nN = i\nendif"][..]));
    let included = included.prop_map(|(name, form)| form.replace('N', name));
    (outer, first, wrapper, statements(statement().boxed()), makefile(), (settings, word, included)).prop_map(
        |(script, first, wrapper, library, makefile, (settings, word, included))| Repository {
            // A loop that counts in `(( ))` does not end in other shells.
            script: script.replace("SH ", if format!("{wrapper}{library}").contains("((") { "bash " } else { "sh " }),
            files: vec![
                (WRAPPER, format!("{first}{wrapper}")),
                (LIBRARY, library),
                (MAKEFILE, makefile),
                (SETTINGS, settings),
                (WORD, word.to_owned()),
                (INCLUDED, included),
            ],
        },
    )
}

/// A Makefile with the targets `e2e` and `prep`.
fn makefile() -> impl Strategy<Value = String> {
    let first = select(&["", "SHELL := bash\n", "SHELL := bash\n.ONESHELL:\n"][..]);
    let variable = (
        name(),
        select(
            &[
                "N ?= k",
                "N = k",
                "export N := k",
                "export N ?= k",
                "N := $(A)k\nexport N",
                "A = $(C)-k\nexport",
                "B = $(C)-k\nexport",
                "export N\nN += k",
                "unexport N",
                "e2e: N = t",
                "prep: export N = t",
                "include included.mk",
                "-include absent.mk included.mk\nexport",
                "ifdef A\ninclude included.mk\nendif",
            ][..],
        ),
    );
    let variable = variable.prop_map(|(name, form)| form.replace('N', name));
    let variables = prop::collection::vec(variable, 0..3).prop_map(|variables| variables.join("\n"));
    let prerequisite = select(&["", " prep", " prep prep"][..]);
    (first, variables, prerequisite, recipe(true), recipe(false)).prop_map(
        |(first, variables, prerequisite, e2e, prep)| {
            format!("{first}{variables}\ne2e:{prerequisite}\n{e2e}\nprep:\n{prep}\n.PHONY: e2e prep\n")
        },
    )
}

/// The lines of a recipe. Each is a script of its own.
fn recipe(runs_make: bool) -> impl Strategy<Value = String> {
    let forms = ["N=$(N) bash TARGET", "export N=$@; ./TARGET", "cd tests/e2e && ./run.sh", "$(MAKE) prep N=sub"];
    let of_make = (select(forms[..if runs_make { 4 } else { 3 }].to_vec()), name());
    let of_make = of_make.prop_map(|(form, name)| form.replace('N', name).replace("TARGET", TARGET));
    let command = prop_oneof![2 => assignment(), 2 => call(), 1 => print(), 1 => leave()];
    let command = command.prop_filter("a line is a script", |command| !command.contains(['\n', '#']));
    let command = command.prop_map(|command| command.replace('$', "$$"));
    let line = (select(&["", "", "@", "-"][..]), prop_oneof![3 => command, 2 => of_make]);
    let line = line.prop_map(|(prefix, command)| format!("\t{prefix}{command}"));
    prop::collection::vec(line, 1..4).prop_map(|lines| lines.join("\n"))
}

/// Commands that run or source a file, and effects that the file can see.
fn use_of_file() -> impl Strategy<Value = String> {
    let of_wrapper = select(
        &[
            "bash WRAPPER",
            "./WRAPPER x",
            "bash -e WRAPPER p q",
            "SH WRAPPER >/dev/null",
            "bash \"$PWD/WRAPPER\"",
            "bash \"$GITHUB_WORKSPACE/WRAPPER\" \"$A\"",
            "cd scripts && bash wrap.sh",
            "for w in scripts/w*.sh; do bash \"$w\"; done",
            "W=WRAPPER; N=p bash $W",
            "export N=q; bash WRAPPER || true",
            "OUT=$(bash WRAPPER)",
            "if bash WRAPPER; then N=x; fi",
            "exec WRAPPER",
            "(exec \"$PWD/WRAPPER\" x)",
            "N=l nice -n 1 ./WRAPPER",
            "nohup WRAPPER >/dev/null",
            "bash -a WRAPPER",
            "bash -u WRAPPER",
            "BASH_ENV=SETTINGS bash WRAPPER",
            "BASH_ENV=SETTINGS ./TARGET",
            "N=$(<WORD) bash TARGET",
            "if [ \"$(<WORD)\" = k ]; then N=$B; fi",
            "IFS=,; N=\"v,$B\"; for N in $N; do bash TARGET; done; IFS=' '",
        ][..],
    );
    let of_make = select(
        &[
            "make",
            "make -s prep e2e",
            "N=r make e2e",
            "make e2e N=r",
            "export N; make -k e2e || true",
            "make -C . prep; N=s",
            "OUT=$(make prep)",
            "if make e2e; then N=x; fi",
        ][..],
    );
    prop_oneof![
        3 => (of_make, name()).prop_map(|(form, name)| form.replace('N', name)),
        3 => (of_wrapper, name()).prop_map(|(form, name)| in_repository(form, name)),
        2 => use_of_library(false),
    ]
}

/// A form with the paths of files and the name of a variable.
fn in_repository(form: &str, name: &str) -> String {
    let paths = [("WRAPPER", WRAPPER), ("TARGET", TARGET), ("WORD", WORD)];
    let form = paths.iter().fold(form.to_owned(), |form, (mark, path)| form.replace(mark, path));
    let form = form.replace("BASH_ENV=SETTINGS", "BASH_\u{1}=SETTINGS").replace("SETTINGS", SETTINGS);
    form.replace('N', name).replace("BASH_\u{1}", "BASH_ENV")
}

/// Commands that source the library; a file can find it beside itself.
fn use_of_library(in_file: bool) -> impl Strategy<Value = String> {
    let forms = [
        "source \"$GITHUB_WORKSPACE/LIBRARY\"",
        ". LIBRARY",
        "source LIBRARY x y",
        "HERE=\"$(cd \"$(dirname \"${BASH_SOURCE[0]}\")\" && pwd)\"; source \"$HERE/lib.sh\"",
        "source \"${BASH_SOURCE%/*}/lib.sh\"",
        "source LIBRARY && ((D++ < 4)) && f",
    ];
    let forms =
        select(if in_file { forms.to_vec() } else { forms.into_iter().filter(|it| !it.contains("BASH")).collect() });
    forms.prop_map(|form| form.replace("LIBRARY", LIBRARY))
}

fn name() -> impl Strategy<Value = &'static str> {
    select(&NAMES[..])
}

fn function() -> impl Strategy<Value = &'static str> {
    select(&["f", "g"][..])
}

fn reserved() -> impl Strategy<Value = &'static str> {
    select(&RESERVED[..])
}

fn value() -> impl Strategy<Value = &'static str> {
    select(
        &[
            "x",
            "'y z'",
            "\"$A\"",
            "${B:-d}",
            "${A:+e}",
            "\"\"",
            "$(echo f)",
            "${C-g}",
            "\"a $B\"",
            "$'l\\tm'",
            "$((1 + 2))",
            "`echo i`",
            "done",
            "\"${C%x*}\"",
            "{p,q}",
            "\\$A",
        ][..],
    )
}

fn condition() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => plain_condition().prop_map(str::to_owned),
        3 => (name(), select(&["-n", "-z"][..])).prop_map(|(name, operator)| format!("[[ {operator} ${name} ]]")),
        1 => (name(), name()).prop_map(|(a, b)| format!("[[ ${a} == x* || ! ( -z ${b} && ${a} != y ) ]]")),
        1 => Just(format!("[[ -n \"$(bash {TARGET})\" ]]")),
        1 => name().prop_map(|name| format!("[[ -z ${name} && $({name}=r bash {TARGET}; echo fi) == fi ]]")),
        1 => name().prop_map(|name| format!("[[ ${{{name}:=s}} =~ ^(s|t u)$ ]]")),
        1 => name().prop_map(|name| format!("(({name} += 1))")),
        2 => select(&["((n > 1))", "[ ${#a[@]} -gt 1 ]", "[[ ${a[0]} == p ]]", "((n % 2 == 0 && ${#A} > 1))"][..])
            .prop_map(str::to_owned),
    ]
}

/// A condition without `[[ ]]` and without `(( ))`.
fn plain_condition() -> impl Strategy<Value = &'static str> {
    select(
        &[
            "true",
            "false",
            "! true",
            "[ -n \"$A\" ]",
            "[ \"$B\" = x ]",
            "test -z \"$C\"",
            "[ done = \"$A\" ]",
            "[ \"$A\" != start ]",
            "[ ! -z \"$B\" -o \"$A\" = x ]",
            "test 1 -lt 2",
            "[ -n $C ]",
            "[ $B != x ]",
            "[ -n \"$A\" -a ! -n \"$B\" -o -z \"$C\" ]",
            "{ [ -n \"$B\" ] && true || [ \"$A\" = start ]; }",
            "(exit 1)",
            "( [ -n \"$A\" ] || exit 0; false )",
            "(return 0 2>/dev/null)",
            "false | true",
            "{ [[ $A == START ]]; }",
        ][..],
    )
}

/// Commands that set variables.
fn assignment() -> impl Strategy<Value = String> {
    prop_oneof![
        (name(), value()).prop_map(|(name, value)| format!("{name}={value}")),
        (name(), value()).prop_map(|(name, value)| format!("{name}+={value}")),
        (name(), value()).prop_map(|(name, value)| format!("export {name}={value}")),
        name().prop_map(|name| format!("export {name}")),
        (name(), value()).prop_map(|(name, value)| format!("typeset -u {name}={value}")),
        (name(), select(&["declare -l", "declare +u", "declare -gu", "readonly"][..]))
            .prop_map(|(name, command)| format!("{command} {name}")),
        name().prop_map(|name| format!("export -n {name}")),
        name().prop_map(|name| format!("unset {name}")),
        (
            name(),
            select(&["export", "declare", "declare -x", "typeset -u", "declare -lx", "local"][..]),
            quoted_assignment()
        )
            .prop_map(|(name, command, quoted)| format!("{command} {}", quoted.replace("NAME", name))),
        (
            name(),
            select(
                &["(({}++))", "((--{}))", "(({} += 2))", "(({} = 7))", "let {}+=1", "let \"{} = 3\"", "let '{}--'"][..]
            )
        )
            .prop_map(|(name, form)| form.replace("{}", name)),
        (name(), select(&["(({} == 2))", "(({} <= 2 && {} >= 0))", "(( $(echo 1) > {} ))", ": $(({}++))"][..]))
            .prop_map(|(name, form)| form.replace("{}", name)),
        name().prop_map(|name| format!(": \"${{{name}:=k}}\"")),
        name().prop_map(|name| format!("{name}=n read -r {name} <<< o")),
        name().prop_map(|name| format!("{name}=n export C={name}")),
        name().prop_map(|name| format!("read -r {name} <<EOF\n$B then\nEOF")),
        name().prop_map(|name| format!("printf -v {name} %s u")),
        (name(), select(&["{}=(v w)", "{}[0]=v", "{}+=(w)", "{}=v{}"][..]))
            .prop_map(|(name, form)| form.replace("{}", name)),
        (name(), value()).prop_map(|(name, value)| format!("eval '{name}=q'; eval \"export {name}\"; : {value}")),
        Just("set -a".to_owned()),
        Just("set +a".to_owned()),
        (name(), value()).prop_map(|(name, value)| format!("set -- {value} \"${name}\"")),
        name().prop_map(|name| format!("{name}=${{1:-none}}; shift")),
        name().prop_map(|name| format!("{name}=$#-$*")),
        name().prop_map(|name| format!("{name}=$(printf '%s' \"${name}\")z")),
        name().prop_map(|name| format!(": \"${{{name}:?}}\"")),
        name().prop_map(|name| format!("{name}=${{{name}##*a}}${{{name}%r*}}")),
        (name(), name()).prop_map(|(one, other)| format!("{one}=${{#{other}}}")),
        (name(), name()).prop_map(|(one, other)| format!("i={other}; {one}=${{!i}}")),
    ]
}

/// Commands that calculate, and commands that set and use the arrays `a` and `m`.
fn calculation() -> impl Strategy<Value = String> {
    let of_numbers = select(
        &[
            "N=$((N + 1))",
            "N=$((N * 2 - ${#B}))",
            "N=$((N > 1 ? 3 : N))",
            "((N++)) || true",
            "((N == 1)) && export N=q",
            "let N+=1 || :",
            "declare -i N; N+=2",
            "N=1; N+=$((N++))",
            "((N = n += 1, n > 1)) || export N",
            "if ((n < 1)); then n=$((n + 1)); N=$n; fi",
            "[ \"$n\" -gt 0 ] && N=$n",
            "[[ n -ge 1 ]] || N=k",
            "n=0",
            "for ((n = 0; n < 3; n++)); do N+=$n; done",
            "n=0; while [ $n -lt 2 ]; do n=$((n + 1)); N=$n; done",
            "echo $((n++)) x$((n += 2)) > /dev/null",
            "f() { N=$1-$2; }; ((D++ < 4)) && f \"$n\" $((n++))",
            "n=0; while { ((n++ < 2)) || break; }; do N+=$n; done",
            "f() { local n; ((n++)); N=$n; }; ((D++ < 4)) && f",
        ][..],
    );
    let of_arrays = select(
        &[
            "a=()",
            "a=(p \"$N\" q)",
            "a=(u v w)",
            "a+=(\"$N\")",
            "a+=(r s)",
            "a=([2]=x y)",
            "a[1]=$N",
            "a[${#a[@]}]=t",
            "a=(\"$@\")",
            "a=($B z)",
            "unset 'a[0]'",
            "unset a",
            "N=${a[0]}",
            "N=${a[1]:-n}",
            "N=${#a[@]}",
            "N=\"${a[*]}\"",
            "N=${a[@]:1}",
            "N=${!a[*]}",
            "N=${a[@]+s}",
            "for N in \"${a[@]}\"; do export N; done",
            "for ((i = 0; i < ${#a[@]}; i++)); do N+=${a[i]}; done",
            "[ ${#a[@]} -gt 1 ] && N=g",
            "((${#a[@]})) || export N=h",
            "[[ -z ${a[0]} ]] && N=e",
            "declare -A m=([k]=A [l]=B); N=${m[k]}",
            "declare -A m=([k]=A); i=${m[k]}; N=${!i}",
            "declare -A m=([k]=A [l]=B); for N in \"${!m[@]}\"; do :; done",
            "m[k]=$N; N=${#m[@]}${m[k]}",
            "declare -A m; m[l]=$N; N=${m[l]}",
            "declare -a a; a+=(k); N=${a[*]}",
            "a[n++]=$N; N=${a[n - 1]}",
            "N=x${a[@]:n:2}",
            "mapfile -t a <<< \"$N\"",
            "read -ra a <<< \"o $N\"",
            "N=(v w); N=${N[1]}",
            "set -- \"${a[@]}\"; N=$#",
            "f() { local -a a=(l); a+=(\"$1\"); N=${a[*]}; }; ((D++ < 4)) && f \"${a[@]}\"",
            "f() { N=$#; bash TARGET; }; ((D++ < 4)) && f ${a[@]} \"${a[@]:1}\"",
            "c=(env N=c bash); c+=(TARGET); \"${c[@]}\"",
            "c=(bash TARGET); N=z \"${c[@]}\" \"${a[@]}\"",
        ][..],
    );
    (prop_oneof![2 => of_numbers, 3 => of_arrays], name())
        .prop_map(|(form, name)| form.replace('N', name).replace("TARGET", TARGET))
}

fn quoted_assignment() -> impl Strategy<Value = &'static str> {
    select(&["\"NAME=x\"", "'NAME=y z'", "'NAME'=x", "\"NAME=$B\"", "\"NAME\"=\"${C:-w}\"", "N\\AME=v", "\"NAME\""][..])
}

/// Commands that call the target.
fn call() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just(format!("bash {TARGET}")),
        1 => Just(format!("./{TARGET} | cat")),
        1 => Just(format!("OUT=$(bash {TARGET})")),
        1 => Just(format!("! bash {TARGET} && time bash {TARGET}")),
        1 => (name(), value()).prop_map(|(name, value)| format!("{name}={value} bash {TARGET}")),
        1 => (name(), value()).prop_map(|(name, value)| format!("env -u {name} Z=1 {name}={value} bash {TARGET}")),
        1 => (name(), value(), name(), value())
            .prop_map(|(a, x, b, y)| format!("{a}={x} {b}={y} bash {TARGET}")),
        1 => name().prop_map(|name| format!("bash -ec '{name}=m bash {TARGET}'")),
        1 => name().prop_map(|name| format!("bash -c 'export {name}; bash {TARGET}'")),
        1 => name().prop_map(|name| format!("bash <<'EOF'\n{name}=m bash {TARGET}\nEOF")),
        1 => name().prop_map(|name| format!("exec env {name}=m bash {TARGET}")),
        1 => Just(format!(": # bash {TARGET}")),
        1 => Just("bash tests/*/r*.sh".to_owned()),
        1 => name().prop_map(|name| format!("for {name} in {{u,v}} \"$B\"; do bash {TARGET}; done")),
        1 => name().prop_map(|name| format!("trap 'bash {TARGET}; echo {name}=w >> $GITHUB_ENV' EXIT")),
        2 => select(TRAPS).prop_map(str::to_owned),
    ]
}

/// Traps that run when the script ends. Some keep its status.
const TRAPS: &[&str] = &[
    "trap - EXIT",
    "trap true EXIT",
    "trap 'exit 0' EXIT",
    "trap 'true; exit $?' EXIT",
    "trap 'exit $?' EXIT",
    "trap '[ \"$B\" ]; exit' EXIT",
    "trap '[ \"$B\" ]; exit $?' EXIT",
    "trap 's=$?; true; exit $s' EXIT",
    "trap 's=$?; [ $s = 1 ] && s=0; exit \"$s\"' EXIT",
    "c() { local s=$?; true; exit ${s}; }; trap c EXIT",
    "c() { s=$?; [ $B ] || s=3; exit $s; }; trap c EXIT",
    "trap 'echo failed; exit' ERR",
    "trap 'exit' ERR",
    "trap 's=$?; echo $s; exit $s' ERR",
    "trap 's=$?; s=0; exit $s' ERR",
    "trap 'A=y' ERR",
    "c() { echo failed >&2; }; trap c ERR",
    "c() { local s=$?; [ $B ] || echo $1; exit $s; }; trap 'c $LINENO' ERR",
    "c() { A=z; exit 2; }; trap c ERR",
    "c() { A=z; }; trap 'c || exit 1' ERR",
    "c() { echo failed; }; trap c ERR; c() { A=y; }",
    "trap 'A=${A}y; trap - ERR' ERR",
    "trap 'A=y; export A; [ \"$B\" ]' ERR",
    "t='A=z; exit 0'; trap \"$t\" ERR",
    "[ \"$B\" ] && t='A=v' || t=''; trap \"$t\" ERR",
    "trap 'echo B=w >> $GITHUB_ENV' ERR",
    "set -E",
    "trap '' ERR",
    "trap - ERR",
    "trap 'exit 0' ERR EXIT",
    "trap \"exit $?\" EXIT",
    "[ \"$B\" ] && t='exit 0' || t='exit 9'; trap \"$t\" EXIT",
    "c() { trap : EXIT; exit 4; }; trap c EXIT",
];

/// Commands that write variables for later steps, and commands that only print.
fn print() -> impl Strategy<Value = String> {
    prop_oneof![
        (name(), value()).prop_map(|(name, value)| format!("echo {name}={value} >> \"$GITHUB_ENV\"")),
        (name(), value())
            .prop_map(|(name, value)| format!("{{ echo \"Z=1\"; echo \"{name}=\"{value}; }} >> $GITHUB_ENV")),
        (name(), condition())
            .prop_map(|(name, condition)| format!("{{ echo Z=1; {condition} && echo {name}=x; }} >> $GITHUB_ENV")),
        (name(), condition()).prop_map(|(name, condition)| {
            format!("if {condition}; then echo {name}=x; else echo {name}=y; fi >> $GITHUB_ENV")
        }),
        name().prop_map(|name| format!("for i in 1 2; do echo {name}=$i; done >> $GITHUB_ENV")),
        (name(), select(&["printf N=t", "echo -n \"N=$A\"", "printf 'Z=1\\nN='", "printf '%s' \"N=$B\""][..]))
            .prop_map(|(name, form)| format!("{} >> $GITHUB_ENV", form.replace('N', name))),
        name().prop_map(|name| format!("cat >> $GITHUB_ENV <<EOF\n{name}=h$A\nEOF")),
        name().prop_map(|name| format!("{{ echo {name}=bad >&2; echo {name}=good; }} >> $GITHUB_ENV")),
        (reserved(), reserved()).prop_map(|(one, other)| format!("echo {one} {other}")),
        reserved().prop_map(|word| format!(": {word}; A=x {word}= true {word}")),
    ]
}

/// Commands that leave a loop, a function or the script.
fn leave() -> impl Strategy<Value = String> {
    let command = select(&["break", "continue", "return", "exit 0", "exit 1", "break 2", "continue 2"][..]);
    (condition(), command, any::<bool>()).prop_map(|(condition, command, is_guarded)| {
        if is_guarded { format!("{condition} && {command}") } else { command.to_owned() }
    })
}

/// A script that may end early, with a trap that runs then.
pub fn trapped_script() -> impl Strategy<Value = String> {
    let setting = prop_oneof![4 => select(TRAPS).prop_map(str::to_owned), 1 => call()];
    let line = prop_oneof![4 => print(), 1 => call(), 2 => setting];
    let ends =
        ["false", "[ \"$B\" ]", "exit 1", "exit 2", "exit 0", "nobody", "[ \"$B\" ] || exit 3", "f() { false; }; f"];
    let end =
        prop_oneof![3 => select(ends.to_vec()).prop_map(str::to_owned), 2 => leave(), 1 => Just("true".to_owned())];
    let guarded = (condition(), end.clone()).prop_map(|(condition, end)| format!("if {condition}; then {end}; fi"));
    let end = prop_oneof![3 => end, 1 => guarded];
    (prop::collection::vec(line.clone(), 1..5), end, prop::collection::vec(line, 0..3))
        .prop_map(|(before, end, after)| before.into_iter().chain([end]).chain(after).collect::<Vec<_>>().join("\n"))
}

/// Commands that read a file of the repository with programs that print a part of it.
const READS: &[&str] = &[
    "export N=$(cat FILE)",
    "N=\"$(cat FILE)\"; export N",
    "export N=\"$(cat FILE | tr -d '\\n')\"",
    "export N=\"$(tr -d ' =' < FILE)\"",
    "export N=$(head -n1 FILE)",
    "export N=\"$(tail -n 1 FILE)\"",
    "export N=\"$(tail -n +2 FILE | head -1)\"",
    "export N=\"$(grep '^B=' FILE | cut -d= -f2)\"",
    "export N=\"$(cut -d = -f 2- FILE | xargs)\"",
    "export N=\"$(grep -v '^#' FILE)\"",
    "read -r N < FILE; export N",
    "read -r N C < FILE && export N",
    "cat FILE | while read -r N; do export N; bash TARGET; done",
    "while read -r N; do export N; bash TARGET; done < FILE",
    "while IFS='=' read -r N C; do export N; bash TARGET; done < FILE",
    "while read -r N || [ \"$N\" ]; do export N; bash TARGET; done < FILE",
    "while read -r N C || [[ -n $N ]]; do export N; bash TARGET; done < FILE",
    "for N in $(cat FILE); do export N; bash TARGET; done",
    "for N in $(grep -v '#' FILE) x; do export N; bash TARGET; done",
    "mapfile -t m < FILE; N=\"${m[*]}\"; export N",
    "export $(cat FILE | xargs) 2> /dev/null",
    "export $(grep -v '^#' FILE | xargs)",
    "env $(grep = FILE) bash TARGET",
    "set -- $(cat FILE); export N=\"$2\"",
    "cat FILE >> OUT",
    "grep '^[AB]=' FILE >> OUT",
    "grep -v '#' FILE | tee -a OUT",
    "grep -q 'B=' FILE && N=x bash TARGET",
    "if grep -Eqv '^A' FILE; then export N=x; else export N=y; fi",
    "if [ -f FILE ]; then export N=$(<FILE); fi",
    "[ \"$B\" ] && echo \"N=v\" >> FILE",
    "M=FILE; export N=\"$(cat $M)\"",
    "export N=\"$(sed -n 2p FILE)\"",
    "export N=\"$(sed -n 's/^B=//p' FILE)\"",
    "export N=\"$(sed 's/=/ /g' FILE | head -n 1)\"",
    "export N=\"$(awk '{print $1}' FILE)\"",
    "export N=\"$(awk -F= '/^B/ {print $2; exit}' FILE)\"",
    "export N=\"$(sed '/^#/d' FILE | awk '{print $2; exit}')\"",
    "grep -m1 = FILE >> OUT",
    "grep = FILE FILE >> OUT",
    "printf '%s\\r\\n' N=p >> OUT",
    "echo -e \"N=p\\tq\" >> OUT",
    "cat FILE absent > /dev/null || export N=z",
];

/// A script that reads a file of the repository, and the file.
pub fn reader() -> impl Strategy<Value = Repository> {
    let read = (name(), select(READS)).prop_map(|(name, form)| {
        let form = form.replace('N', name).replace("FILE", WORD);
        form.replace("TARGET", TARGET).replace("OUT", "$GITHUB_ENV")
    });
    // What a program adds to a line that is open is assumed to be one line.
    let print = print().prop_filter("ends its line", |print| !print.contains("printf") && !print.contains("echo -n"));
    let line = prop_oneof![5 => read, 2 => call(), 1 => print, 1 => assignment(), 1 => leave()];
    let lines = ["k", "A=p", "B=q=r", "# C=c", "u v", "", "C=\"s t\"", "*", "  l  ", "a\\b", "B=\\ w"];
    let text = (prop::collection::vec(select(lines.to_vec()), 0..5), select(&["\n", "\n", "", "\r\n"][..]));
    (prop::collection::vec(line, 1..6), text).prop_map(|(script, (lines, end))| Repository {
        script: script.join("\n"),
        files: vec![(WORD, lines.join("\n") + end)],
    })
}

fn call_of_function() -> impl Strategy<Value = String> {
    let call = format!("F bash {TARGET}");
    let forms = ["F", "N=p F", "F x | cat", "(F)", "OUT=$(F)", "F && :", "F \"$N\" y || N=z", "N=$(F u)", &call]
        .map(str::to_owned);
    (function(), name(), select(forms.to_vec()))
        .prop_map(|(function, name, form)| format!("((D++ < 4)) && {}", form.replace('N', name).replace('F', function)))
}

/// Commands that set an option with `shopt`, and what such an option changes.
fn option_of_bash() -> impl Strategy<Value = String> {
    let options = ["shopt -s lastpipe", "shopt -u lastpipe", "shopt -s nocasematch", "shopt -u nocasematch"];
    prop_oneof![
        2 => select(options.to_vec()).prop_map(str::to_owned),
        1 => (name(), value()).prop_map(|(name, value)| {
            format!("shopt -s lastpipe; echo {value} | read -r {name}; export {name}")
        }),
    ]
}

fn statement() -> impl Strategy<Value = String> {
    let simple = prop_oneof![
        11 => assignment(),
        7 => calculation(),
        6 => call(),
        3 => print(),
        1 => leave(),
        2 => call_of_function(),
        1 => Just("true".to_owned()),
        1 => option_of_bash(),
        1 => select(&["set -e", "set +e", "false", "set -eu", "set -o pipefail", "set +eo pipefail"][..])
            .prop_map(str::to_owned),
    ];
    simple.prop_recursive(3, 16, 3, |inner| {
        let body = prop::collection::vec(inner.clone(), 1..3).prop_map(|statements| statements.join("\n"));
        let two = (body.clone(), body.clone());
        prop_oneof![
            (condition(), body.clone()).prop_map(|(c, a)| format!("if {c}; then\n{a}\nfi")),
            (condition(), two.clone()).prop_map(|(c, (a, b))| format!("if {c}; then\n{a}\nelse\n{b}\nfi")),
            (condition(), condition(), two.clone())
                .prop_map(|(c, d, (a, b))| format!("if {c}; then\n{a}\nelif {d}\nthen\n{b}\nfi")),
            (condition(), inner.clone()).prop_map(|(c, a)| format!("{c} && {a}")),
            (condition(), inner.clone()).prop_map(|(c, a)| format!("{c} || {a}")),
            body.clone().prop_map(|a| format!("(\n{a}\n)")),
            body.clone().prop_map(|a| format!("{{\n{a}\n}} | cat")),
            body.clone().prop_map(|a| format!("true | {{\n{a}\n}}")),
            body.clone().prop_map(|a| format!("{{\n{a}\n}} &\nwait")),
            body.clone().prop_map(|a| format!("{{\n{a}\n}} > /dev/null")),
            (name(), body.clone()).prop_map(|(name, a)| format!("for {name} in p q; do\n{a}\ndone")),
            (name(), body.clone()).prop_map(|(name, a)| format!("for {name} in $B; do\n{a}\ndone")),
            body.clone().prop_map(|a| format!("for ((; T++ < 5; )); do\n{a}\ndone")),
            (condition(), body.clone()).prop_map(|(c, a)| format!("while ((T++ < 5)) && {c}; do\n{a}\ndone")),
            (condition(), body.clone()).prop_map(|(c, a)| format!("until ((T++ >= 5)) || {c}; do\n{a}\ndone")),
            (name(), body.clone())
                .prop_map(|(name, a)| format!("while read -r {name}; do\n{a}\ndone <<EOF\nr $B\ndone\nEOF")),
            (two.clone(), body.clone(), select(&[";;", ";&", ";;&"][..]), select(&[";;", ";&", ";;&"][..])).prop_map(
                |((a, b), c, first, second)| {
                    format!("case \"$A\" in\nx|done) {a}\n{first}\n(s*) {b}\n{second}\n*) {c}\n;;\nesac")
                }
            ),
            (function(), body.clone()).prop_map(|(function, a)| format!("{function}() {{\n{a}\n}}")),
            (function(), name(), body.clone(), select(&["\"$@\"", "return 1", "return", "local N=$1", "echo $1"][..]))
                .prop_map(|(function, name, a, last)| format!("{function}() {{\n{a}\n{}\n}}", last.replace('N', name))),
            (function(), name(), body.clone(), select(&["local N=l", "local N", "export N; local N=l"][..])).prop_map(
                |(function, name, a, first)| {
                    let first = first.replace('N', name);
                    format!("{function}() {{\n{first}\nunset {name}\n{a}\n}}\n((D++ < 4)) && {function}")
                }
            ),
            (condition(), inner.clone(), inner.clone()).prop_map(|(c, a, b)| format!("{c} && {{\n{a}\n}} || {b}")),
            (function(), body.clone(), inner).prop_map(|(function, a, b)| format!(
                "function {function} {{\n{a}\ng() {{\n{b}\n}}\n((D++ < 4)) && g\n}}"
            )),
        ]
    })
}
