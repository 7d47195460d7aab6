//! Compares interpretations with runs of bash: the interpretation must allow every observed effect.

use std::collections::BTreeMap;
use std::fs;
#[cfg(unix)]
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use slug_shell::{
    ChangedPaths, Effects, Export, FIRST_FILE_POSITION, Files, Input, ShellOptions, SourceFile, Variable, Variables,
    interpret,
};
use slug_value::{AbstractValue, Text};

use crate::generator::{NAMES, TARGET, reader, repository, script, trapped_script};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bash_run_is_allowed_by_interpretation(script in script(), ends_on_failure: bool) {
        check_against_bash(&script, &[], ends_on_failure);
    }

    #[test]
    fn bash_run_of_trapped_script_is_allowed_by_interpretation(script in trapped_script(), ends_on_failure: bool) {
        check_against_bash(&script, &[], ends_on_failure);
    }

    #[test]
    fn bash_run_of_reader_is_allowed_by_interpretation(repository in reader(), ends_on_failure: bool) {
        check_against_bash(&repository.script, &repository.files, ends_on_failure);
    }

    #[test]
    fn bash_run_of_several_files_is_allowed_by_interpretation(repository in repository(), ends_on_failure: bool) {
        check_against_bash(&repository.script, &repository.files, ends_on_failure);
    }
}

/// Scripts that were once interpreted incorrectly.
#[test]
fn bash_run_of_known_scripts_is_allowed_by_interpretation() {
    for script in [
        "set -a; shopt -s nullglob; A=x; bash T",
        "declare -gu A; [[ ${A:=s} = s ]] && bash T; export A; bash T",
        "declare -u E; [[ ${E:=s} = S ]] && bash T; export E; bash T",
        "if ((RANDOM < 9)); then E=s; fi; declare -u E; export B=${E:=s} E; bash T",
        "declare -i C; C+=2\nC=$(printf '%s' \"$C\")z",
        "for B in p q; do for C in $B; do set -au; shopt -s lastpipe; done; bash T; echo $E; done",
        "if [ \"$(<nofile)\" = k ]; then bash T; fi; echo A=x >> $GITHUB_ENV; false",
        "f() { export B=\"$(<nofile)\"; }; echo A=x >> $GITHUB_ENV; f || bash T; echo A=y >> $GITHUB_ENV; bash T",
        "for i in 1 2 3; do if bash T; then echo done; fi; export A=x; done",
        "for i in 1 2 3; do bash T; export \"A=x\"; done",
        "[[ -n \"$(A=x bash T)\" ]]",
        "n=0; ((n += 1)); bash T",
        "ex() { export B; }; B=x; ex; bash T",
        "quit() { exit 0; }; echo A=x >> $GITHUB_ENV; quit; echo A=y >> $GITHUB_ENV",
        "if true; then ./write $GITHUB_ENV; exit 0; fi",
        "(if true; then echo A=x >> $GITHUB_ENV; exit 1; fi); true",
        "{ if false; then echo A=x; fi; } >> $GITHUB_ENV",
        "go() { ./run.sh; }; export A=x; cd tests/e2e; go",
        "go() { bash \"$S\"; }; S=T; bash $S; export A=x; go",
        "f() { local A; bash T; }; f",
        "f() { B=x; }; A=y f; export B; bash T",
        "echo() { export A=x; }; echo; bash T",
        "exec true; echo A=x >> $GITHUB_ENV",
        "declare -u A; bash T; A=abc; bash T; export A; declare -l A; bash T; A=Ab; bash T; unset A; A=Ab; bash T",
        "typeset -u B=ä; export B; bash T; declare +u B; B=q; bash T",
        "declare -lx B=Q; B+=W; bash T; (declare -u B; B=q; bash T); if [ \"$X\" ]; then declare -u B; fi; B=x; bash T",
        "declare -u B; f() { local B=q; export B; bash T; declare -u A=z; bash T; }; f; B=q; bash T; A=r; bash T",
        "f() { declare -u A; A=q; local A; A=w; bash T; }; f; A=e; bash T; declare -lu B=Xy; export B; bash T",
        "{ false; echo A=x >> $GITHUB_ENV; } & wait; { false || bash T; false; bash T; } & wait; bash T",
        "typeset -u A=x; env A=m bash T; A=m bash T; f() { bash T; A=n; bash T; }; A=m f; A=m read -r B <<< q; bash T",
        "readonly C; false || if [[ ${C:=s} ]]; then echo A=x; fi >> $GITHUB_ENV; bash T",
        "readonly A=1; unset A; bash T; f() { local A=2; bash T; }; f; { A=q; echo B=x >> $GITHUB_ENV; }; bash T",
        "trap 'echo failed; exit 3' ERR; [ -n \"$B\" ]; echo A=x >> $GITHUB_ENV; bash T",
        "trap 'echo failed; exit' ERR; echo A=x >> $GITHUB_ENV; [ -n \"$B\" ]; echo A=y >> $GITHUB_ENV",
        "c() { echo failed; exit $?; }; trap c ERR; [ -n \"$B\" ]; echo A=y >> $GITHUB_ENV",
        "trap 'echo failed' ERR; [ -n \"$B\" ]; echo A=x >> $GITHUB_ENV; bash T",
        "export C; bash -c 'C=x; bash T'; C=y; bash -c 'C=x; bash T'; unset C; export C; bash -c 'C=z; bash T'",
        "E=; echo $E A=x >> $GITHUB_ENV",
        "set -a; g() { A=x bash T; }; set +a; bash -c g; bash -c 'bash -c \"g; B=y g\"'",
        "g() { A=x bash T; }; export -f g; timeout 3 bash -c g; g() { A=z bash T; }; bash -c g",
        "g() { A=x bash T; }; bash -c 'g || bash T'; sh -c 'g || bash T'",
        "K='B=1 C=2'; export $K; bash T",
        "A[0]=x; for A in p q; do export A=y; bash T; done",
        "declare -u A; A=abc; bash T; readonly B=x; export B; bash T",
        "let \"A = $A + 1\"; bash T",
        "local A=x; bash T",
        "B=x; set -a; : ${B:=s}; bash T; C=1; set -a; ((0 && (C = 2))); bash T",
        "((B += 1)); set -a; : ${B:=s}; bash T",
        "export A={x,y}; B={x,y}; export B; bash T",
        "if [ ! -z \"$B\" -o \"$A\" = start ]; then bash T; fi",
        "if [ -z \"$A\" -a -z \"$B\" -o -z \"$C\" ]; then bash T; fi",
        "if [ -n $B ]; then bash T; fi; if [ $B != x ]; then echo A=x >> $GITHUB_ENV; fi",
        "for B in '' 'x y' -n; do if [ -n $B ]; then bash T; fi; if [ $B != x ]; then bash T; fi; done",
        "if [ ! \"$B\" ] && [ ! -n \"$B\" ] && [ ! \"$B\" = x ] && [ ! = ! ]; then bash T; fi",
        "if [ \\( -n \"$B\" -o -n \"$A\" \\) -a -z \"$C\" ]; then bash T; fi; [ \"$A\" -a \"$B\" ] || bash T",
        "export A=g; f() { local A=l; unset A; bash T; A=x; bash T; export A; bash T; }; f; bash T",
        "u() { unset A; bash T; A=y; bash T; }; f() { local A=l; u; bash T; }; f; bash T; f() { local B; unset B; }; f",
        "shopt -s lastpipe; echo x | read -r A; bash T; true | unset A; bash T; : | { export B=z; exit 0; }; bash T",
        "shopt -s nocasematch; [[ $A == START ]] && export B=x; bash T; case $A in Start) export C=x;; esac; bash T",
        "printf A=x >> $GITHUB_ENV; (echo -n B=y >> $GITHUB_ENV); echo C=z >> $GITHUB_ENV; printf C=u >> $GITHUB_ENV",
        "if bash T; then printf A=x >> $GITHUB_ENV; fi; echo C=z >> $GITHUB_ENV",
        "if [[ -n $B ]]; then A=x; else declare -i A; fi; bash T; A+='y z'; bash T",
        "set -u; printf A=t >> $GITHUB_ENV; (: $B; echo A=x >> $GITHUB_ENV); echo A=w >> $GITHUB_ENV",
        "printf A=t >> $GITHUB_ENV; (bash T && exit; echo A=x >> $GITHUB_ENV); echo A=w >> $GITHUB_ENV",
        "set -u; printf A=t >> $GITHUB_ENV; trap '[ $B ]; echo A=x >> $GITHUB_ENV' EXIT; (echo A=w >> $GITHUB_ENV)",
        "declare -i C; if [ -f x ]; then B=1; else B='2 2'; fi; read -r C <<< \"$B\"; echo A=x >> $GITHUB_ENV",
        "declare -ia C; if [ -f x ]; then B=1; else B=q/0; fi; read -ra C <<< \"$B\"; echo A=x >> $GITHUB_ENV",
        "declare -ia C; if [ -f x ]; then B=1; else B=q/0; fi; mapfile C <<< \"$B\"; echo A=x >> $GITHUB_ENV",
        "C=0-; declare -i C; C+=2; echo A=x >> $GITHUB_ENV",
        "C=0-; declare -i C; export \"C+=2\"; echo A=x >> $GITHUB_ENV",
        "C=0-; declare -i C+=2; echo A=x >> $GITHUB_ENV",
        "C=(0-); declare -i C; C[0]+=2; echo A=x >> $GITHUB_ENV",
        "B=4; C=B; declare -i C; C+=2; export C; bash T",
        "if [ \"$A\" ]; then trap 'exit 0' EXIT; fi; nobody; [ \"$B\" ]; echo A=x >> $GITHUB_ENV",
        "trap 's=$?; [ $s = 2 ] && s=0; exit $s' EXIT; [ \"$B\" ] || exit 2; echo A=x >> $GITHUB_ENV",
        "set -e; false || B=${a[-1]}; echo A=x >> $GITHUB_ENV",
        ": ${B:=s}; set -u; : $((B++)); echo A=x >> $GITHUB_ENV",
        "[ \"$B\" ] && t='exit 0' || t='exit 9'; trap \"$t\" EXIT; echo A=x >> $GITHUB_ENV",
        "trap 'exit 0' ERR EXIT; [ \"$B\" ] || exit 3; echo A=x >> $GITHUB_ENV",
        "false || trap \"exit $?\" EXIT; echo A=x >> $GITHUB_ENV",
        "c() { trap : EXIT; exit 4; }; trap c EXIT; echo A=x >> $GITHUB_ENV",
        "trap '[ \"$B\" ]; exit' EXIT; if [ \"$A\" ]; then exit 0; fi; echo A=x >> $GITHUB_ENV",
        "trap 'rm -f x; exit $?' EXIT; [ \"$B\" ] || exit 1; echo A=x >> $GITHUB_ENV",
        "c() { [ -d x ] && exit 1; exit 0; }; trap c EXIT; nobody || exit; echo A=x >> $GITHUB_ENV",
        "trap 'bash T; exit 3' EXIT; [ \"$B\" ] || exit 0; echo A=x >> $GITHUB_ENV",
        "trap 'echo C=1 >> $GITHUB_ENV; exit 0' EXIT; printf A=t >> $GITHUB_ENV; [ \"$B\" ]; echo >> $GITHUB_ENV",
        "C=1; declare -i \"C+=2\"; [ $C = 3 ] && A=n; bash T",
        "C=0-; declare -i C; f() { export \"C+=2\"; }; f; echo A=x >> $GITHUB_ENV",
        "f() { local \"A+=2\"; bash T; }; f; bash T",
        "A=p; env A+=st bash T; declare -i C=4; env C+=2 bash T",
        "declare -i REPLY; read <<< 12:30; echo A=x >> $GITHUB_ENV",
        "declare -ia C; read \"C[0]\" <<< \"$(date +%H:%M)\"; echo A=x >> $GITHUB_ENV",
        "declare -i C; getopts ab C -z; echo A=x >> $GITHUB_ENV",
        "declare -ia B=(7); if [ -f x ]; then C=1; else C='8 q/0'; fi; \
         read -ra B <<< \"$C\"; exit 0\n[ \"$B\" = 7 ] || A=n; bash T",
        "export C=o; A=i C=i bash -c \"C=$C$(echo $A) bash T\"",
    ] {
        let script = script.replace("=T", &format!("={TARGET}")).replace(" T", &format!(" {TARGET}"));
        check_against_bash(&script, &[], false);
        check_against_bash(&script, &[], true);
    }
}

/// The files of a test.
struct TestFiles<'f>(&'f [(&'static str, String)]);

impl Files for TestFiles<'_> {
    fn read(&self, path: &str) -> Option<SourceFile> {
        let index = self.0.iter().position(|(known, _)| *known == path)?;
        Some(SourceFile { text: self.0[index].1.as_str().into(), base: FIRST_FILE_POSITION * (index + 1) })
    }

    fn list(&self, directory: &str) -> Vec<String> {
        let inside = self.0.iter().filter_map(|(path, _)| path.strip_prefix(directory)?.strip_prefix('/'));
        inside.map(str::to_owned).collect()
    }
}

/// Runs a script and checks that its interpretation allows every call and every written variable.
fn check_against_bash(script: &str, files: &[(&'static str, String)], ends_on_failure: bool) {
    // A script that runs `make` has an answer only where `make` is installed.
    if script.contains("make ") && Command::new("make").arg("--version").output().is_err() {
        return;
    }
    let scratch = tempfile::tempdir().expect("the temporary directory is writable");
    let (calls, written) = (scratch.path().join("calls"), scratch.path().join("written"));
    let values: Vec<String> = NAMES.iter().map(|name| format!("\"${{{name}-}}\"")).collect();
    let target =
        format!("#!/usr/bin/env bash\nprintf '%s\\037' {} $'\\036' >> '{}'\n", values.join(" "), calls.display());
    write_executable(&scratch.path().join(TARGET), &target);
    for (path, text) in files {
        write_executable(&scratch.path().join(path), text);
    }
    fs::write(&written, "").expect("the temporary directory is writable");
    let errors = scratch.path().join("errors");
    let mut bash = Command::new("bash");
    bash.args(ends_on_failure.then_some("-e"))
        // The last command sets the status to 0, unless the script ends early.
        .args(["-c", &format!("{script}\n:")])
        .current_dir(scratch.path())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("A", "start")
        .env("GITHUB_ENV", &written)
        .env("GITHUB_WORKSPACE", scratch.path())
        .stdout(Stdio::null())
        .stderr(fs::File::create(&errors).expect("the temporary directory is writable"));
    #[cfg(unix)]
    bash.process_group(0);
    let status = wait(bash.spawn().expect("bash is installed"));
    let start = Variable { value: Text::known("start".to_owned()), export: Export::Yes, assigned: None };
    let effects = interpret(&Input {
        script: &format!("{script}\n:"),
        placeholders: &[],
        targets: &[TARGET],
        roots: &[""],
        names: &std::collections::BTreeSet::new(),
        settings_reason: None,
        changed: ChangedPaths::NONE,
        files: &TestFiles(files),
        directory: Some(""),
        env: &Variables::from([("A".to_owned(), start)]),
        runs_in_bash: true,
        options: ShellOptions::of(ends_on_failure.then_some("-e")),
        fuel: None,
    });
    let context = || {
        format!(
            "{script}\n--- {files:#?}\n--- {}\n{effects:#?}",
            String::from_utf8_lossy(&fs::read(&errors).unwrap_or_default())
        )
    };

    for call in fs::read_to_string(&calls).unwrap_or_default().split_terminator("\u{1e}\u{1f}") {
        let values: Vec<&str> = call.split('\u{1f}').collect();
        assert!(is_allowed(&effects, &values), "a call saw {values:?}\n{}", context());
    }
    // The calls of a script that a signal ended count, such as that of a function that calls itself for
    // ever; what it would have written is not known.
    let Some(status) = status.filter(|status| status.code().is_some()) else { return };
    let allowed = match (status.success(), &effects.failure) {
        (true, _) => (&effects.written, &effects.opaque),
        (false, Some(failure)) => (&failure.written, &failure.opaque),
        (false, None) => panic!("the script failed\n{}", context()),
    };
    assert!(!(status.success() && effects.always_fails), "the script succeeded\n{}", context());
    if allowed.1.is_some() {
        return;
    }
    let written = fs::read_to_string(&written).expect("the file is readable");
    let last: BTreeMap<&str, &str> = written.lines().filter_map(|line| line.split_once('=')).collect();
    for name in NAMES {
        let fits = match (last.get(name), allowed.0.get(name)) {
            (Some(value), Some(written)) => can_be(&written.value, value),
            (Some(_), None) => false,
            (None, written) => written.is_none_or(|written| written.is_conditional),
        };
        assert!(fits, "{name} is written as {:?}, success: {}\n{}", last.get(name), status.success(), context());
    }
}

/// The time that a script has: nested subshells that repeat each other's rounds take hours.
const TIME_OF_SCRIPT: Duration = Duration::from_secs(4);

/// Waits for bash to end. Kills bash and all its processes when the time is over.
fn wait(mut bash: Child) -> Option<ExitStatus> {
    let start = Instant::now();
    loop {
        if let Some(status) = bash.try_wait().expect("bash is a child") {
            return Some(status);
        }
        if start.elapsed() > TIME_OF_SCRIPT {
            let end = format!("kill -KILL -- -{}", bash.id());
            Command::new("bash").args(["-c", &end]).status().expect("bash is installed");
            bash.wait().expect("bash is a child");
            return None;
        }
        sleep(Duration::from_millis(1));
    }
}

/// Whether a call of the interpretation may see these values.
fn is_allowed(effects: &Effects, values: &[&str]) -> bool {
    effects.calls.iter().any(|call| {
        NAMES.iter().zip(values).all(|(name, value)| match call.variables.get(*name) {
            Some(variable) => can_be(&variable.value, value),
            None => call.others_unknown.is_some() || value.is_empty(),
        })
    })
}

fn can_be(text: &Text, value: &str) -> bool {
    match &text.values {
        AbstractValue::OneOf(texts) => texts.iter().any(|text| text == value),
        AbstractValue::WithSecret | AbstractValue::NonEmpty => !value.is_empty(),
        AbstractValue::Any => true,
    }
}

fn write_executable(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("the path has a parent")).expect("the directory is writable");
    fs::write(path, text).expect("the directory is writable");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("the file is writable");
    }
}
