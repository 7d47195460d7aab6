//! Realistic scripts: certain results are reported, uncertain ones are undecided.

use slug_resolver::{Policy, Registry};
use slugproof::codes::Level;
use slugproof::lint::{Input, Linter};

use crate::run::{Scratch, slugproof};

const H: &str = "bash tests/e2e/test_staging_full_saas.sh";
const FINE: &str = "{E2E_RUNTIME: hermes, E2E_LLM_PATH: platform}";
const WRONG: &str = "{E2E_RUNTIME: hermes, E2E_LLM_PATH: platform, E2E_MODEL_SLUG: MiniMax-M2}";

/// The result of linting a text: `error`, `undecided`, `fine`, or `unseen` if no step was checked.
fn outcome(text: &str) -> &'static str {
    let (registry, policies) = (Registry::embedded(), Policy::all_embedded());
    let report = Linter::new(&registry, &policies).report(&[Input::new("file.yml", text)]);
    let is = |level| report.findings.iter().any(|finding| finding.level == level);
    let is_checked = report.checked.iter().any(|(noun, count)| *noun == "step" && *count > 0);
    match () {
        () if is(Level::Error) => "error",
        () if is(Level::Undecided) => "undecided",
        () if is_checked => "fine",
        () => "unseen",
    }
}

/// A workflow with a script, in which `@` is a call unless it is a subscript.
fn script(env: &str, script: &str) -> String {
    let script = script.replace("[@]", "[\u{1}]").replace('@', H).replace("[\u{1}]", "[@]");
    let script: String = script.lines().map(|line| format!("          {line}\n")).collect();
    format!("on: push\njobs:\n  job:\n    env: {env}\n    steps:\n      - run: |\n{script}")
}

#[test]
fn script_effects_are_known_or_undecided() {
    for (env, text, expected) in [
        (FINE, "@", "fine"),
        (WRONG, "@", "error"),
        // Assignments in every form.
        (FINE, "export \"E2E_MODEL_SLUG=MiniMax-M2\"\n@", "error"),
        (FINE, "declare -x \"E2E_MODEL_SLUG\"=\"MiniMax-M2\"\n@", "error"),
        (FINE, "env 'E2E_MODEL_SLUG=MiniMax-M2' @", "error"),
        (FINE, "export $(grep -v '^#' .env | xargs)\n@", "undecided"),
        (FINE, "export \"$KV\"\n@", "undecided"),
        (FINE, "while IFS== read -r k v; do export \"$k=$v\"; done < .env\n@", "undecided"),
        (FINE, "env $(cat .env | xargs) @", "undecided"),
        (FINE, "set -a; source .env; set +a\n@", "undecided"),
        (FINE, "printf -v E2E_MODEL_SLUG %s MiniMax-M2\nexport E2E_MODEL_SLUG\n@", "error"),
        (FINE, "declare -n r=E2E_MODEL_SLUG; r=MiniMax-M2\n@", "undecided"),
        (FINE, "E2E_MODEL_SLUG=MiniMax-M2; if [ -n \"$A\" ]; then export E2E_MODEL_SLUG; fi\n@", "undecided"),
        (WRONG, "unset E2E_MODEL_SLUG\n@", "fine"),
        (WRONG, "for v in E2E_MODEL_SLUG E2E_X; do unset \"$v\"; done\n@", "undecided"),
        (WRONG, "unset ${!E2E_MODEL_*}\n@", "undecided"),
        // Wrapped by other commands.
        (FINE, "timeout 10m env E2E_MODEL_SLUG=MiniMax-M2 @", "error"),
        (FINE, "exec env E2E_MODEL_SLUG=MiniMax-M2 @", "error"),
        (WRONG, "xvfb-run -a env E2E_MODEL_SLUG= @", "fine"),
        (WRONG, "timeout 10m env -u E2E_MODEL_SLUG @", "fine"),
        (WRONG, "timeout 10m bash -c '@'", "error"),
        (WRONG, "./ci/retry.sh 3 @", "error"),
        (WRONG, "docker run --rm img @", "undecided"),
        (WRONG, "docker-compose run --rm e2e @", "undecided"),
        (WRONG, "sudo @", "undecided"),
        (WRONG, "make e2e SCRIPT=tests/e2e/test_staging_full_saas.sh", "undecided"),
        (WRONG, "${{ vars.PREFIX }} @", "undecided"),
        // Calls that are easily missed.
        (WRONG, "cd tests/e2e && ./test_staging_full_saas.sh", "error"),
        (WRONG, "(cd tests && bash e2e/test_staging_full_saas.sh)", "error"),
        (WRONG, "cd \"$SOMEWHERE\" && ./test_staging_full_saas.sh", "undecided"),
        (WRONG, "bash \"$E2E_DIR/test_staging_full_saas.sh\"", "undecided"),
        (WRONG, "bash \"$GITHUB_WORKSPACE/tests/e2e/test_staging_full_saas.sh\"", "error"),
        (WRONG, "bash -c \"TOKEN=$TOKEN @\"", "undecided"),
        (WRONG, "eval \"@\"", "error"),
        (WRONG, "bash <<'EOF'\n@\nEOF", "error"),
        (WRONG, "bash < tests/e2e/test_staging_full_saas.sh", "error"),
        (WRONG, "echo tests/e2e/test_staging_full_saas.sh | xargs bash", "undecided"),
        (WRONG, "env -C tests/e2e ./test_staging_full_saas.sh", "error"),
        (WRONG, "env -S '@'", "undecided"),
        (WRONG, "S=tests/e2e/test_staging_full_saas.sh\nbash \"$S\"", "error"),
        (
            FINE,
            "for s in tests/e2e/test_staging_full_saas.sh other.sh; do E2E_MODEL_SLUG=MiniMax-M2 bash \"$s\"; done",
            "error",
        ),
        (FINE, "for i in 1 2; do @ && break; export E2E_MODEL_SLUG=MiniMax-M2; done", "error"),
        (FINE, "go() { @; }\nsource ./env.sh\ngo", "undecided"),
        (WRONG, "echo \"${X:-it's}\"\n@", "error"),
        (WRONG, "V=\"${GITHUB_REF#\"refs/tags/\"}\"\necho \"${V%\\\"*}\"\n@", "error"),
        (WRONG, "echo $'it\\'s'\n@", "error"),
        // Nested shells, and commands that only seem to run in the same shell.
        (FINE, "export E2E_MODEL_SLUG\n: \"${E2E_MODEL_SLUG:=MiniMax-M2}\"\n@", "error"),
        (FINE, "bash -eo pipefail -c 'E2E_MODEL_SLUG=MiniMax-M2 @'", "error"),
        (FINE, "bash -ce 'export E2E_MODEL_SLUG=MiniMax-M2; @'", "error"),
        (FINE, "script -qec \"E2E_MODEL_SLUG=MiniMax-M2 @\" /dev/null", "undecided"),
        (FINE, "E2E_MODEL_SLUG=MiniMax-M2\nsource tests/e2e/test_staging_full_saas.sh", "error"),
        (FINE, "cmd=(@)\nexport E2E_MODEL_SLUG=MiniMax-M2\n\"${cmd[@]}\"", "error"),
        (FINE, "cmd=(@ --all)\ncmd=(env E2E_MODEL_SLUG=MiniMax-M2 \"${cmd[@]}\")\n\"${cmd[@]}\"", "error"),
        (FINE, "cmd=($X @)\nexport E2E_MODEL_SLUG=MiniMax-M2\n\"${cmd[@]}\"", "undecided"),
        (FINE, "${{ vars.SETUP }}\n@", "undecided"),
        (FINE, "$SETUP\n@", "undecided"),
        (FINE, "export E2E_MODEL_SLUG\nIFS=, read -r A E2E_MODEL_SLUG <<< \"a,MiniMax-M2\"\n@", "error"),
        (FINE, "X=1 . ./env.sh\n@", "undecided"),
        (FINE, "X=1 eval \"export E2E_MODEL_SLUG=MiniMax-M2\"\n@", "error"),
        (FINE, "SLUG=anthropic/claude-opus-4-7\nbash -c 'E2E_MODEL_SLUG=${SLUG:-MiniMax-M2} @'", "error"),
        (FINE, "E2E_MODEL_SLUG=MiniMax-M2\nbash -c 'export E2E_MODEL_SLUG; @'", "fine"),
        (WRONG, "{ unset E2E_MODEL_SLUG; echo hi; } | tee log\n@", "error"),
        (WRONG, "unset E2E_MODEL_SLUG &\nwait\n@", "error"),
        (WRONG, "{ echo a; exit 0; } | tee log\n@", "error"),
        (FINE, "{ export E2E_MODEL_SLUG=MiniMax-M2; echo hi; } | tee log\n@", "fine"),
        (FINE, "set -aeuo pipefail\nE2E_MODEL_SLUG=MiniMax-M2\n@", "error"),
        (FINE, "set -- --all\nE2E_MODEL_SLUG=MiniMax-M2\n@", "fine"),
        (FINE, "cat > run.sh <<'EOF'\nE2E_MODEL_SLUG=MiniMax-M2 @\nEOF\nbash run.sh", "undecided"),
        (
            FINE,
            "cp tests/e2e/test_staging_full_saas.sh /tmp/h.sh; export E2E_MODEL_SLUG=MiniMax-M2; bash /tmp/h.sh",
            "undecided",
        ),
        (FINE, "coproc { E2E_MODEL_SLUG=MiniMax-M2 @; }\nwait", "error"),
        (FINE, "builtin export E2E_MODEL_SLUG=MiniMax-M2\n@", "error"),
        (FINE, "trap 'export E2E_MODEL_SLUG=MiniMax-M2' DEBUG\n@", "undecided"),
        (FINE, "export E2E_MODEL_SLUG=MiniMax-M2\ndeclare +x E2E_MODEL_SLUG\n@", "fine"),
        (WRONG, "return 0 2>/dev/null || true\n@", "error"),
        (FINE, "if [ a ]; then\nX=$(case $1 in a) echo b;; esac)\nexport E2E_MODEL_SLUG=MiniMax-M2\nfi\n@", "error"),
        // Functions, and a path in a variable.
        (FINE, "use() { export E2E_MODEL_SLUG=MiniMax-M2; }\nunset E2E_MODEL_SLUG\nuse\n@", "error"),
        (FINE, "clear() { unset E2E_MODEL_SLUG; }\nexport E2E_MODEL_SLUG=MiniMax-M2\nclear\n@", "fine"),
        (FINE, "log() { echo \"$1\"; }\nlog start\n@", "fine"),
        // Mentions that are not calls.
        (WRONG, "# @", "unseen"),
        (WRONG, "echo @ > log", "unseen"),
        (WRONG, "scp tests/e2e/test_staging_full_saas.sh host:", "unseen"),
        (WRONG, "tar czf x.tgz tests/e2e/test_staging_full_saas.sh", "unseen"),
        (WRONG, "command -v tests/e2e/test_staging_full_saas.sh", "unseen"),
        (WRONG, "[ -x tests/e2e/test_staging_full_saas.sh ] || chmod +x tests/e2e/test_staging_full_saas.sh", "unseen"),
        (WRONG, "bash -n tests/e2e/test_staging_full_saas.sh", "unseen"),
        (WRONG, "cat > doc <<EOF\n@\nEOF", "unseen"),
        (WRONG, "exit 0\n@", "fine"),
        (WRONG, "bash elsewhere/test_staging_full_saas.sh", "unseen"),
    ] {
        assert_eq!(outcome(&script(env, text)), expected, "{text}");
    }
}

/// An assignment after a call in a loop affects the call in the next iteration.
#[test]
fn effect_after_call_reaches_next_iteration() {
    let in_loop = |body: &str| format!("for try in 1 2 3; do\n{body}\ndone");
    let mut bodies = vec![
        "if @; then echo finished; break; fi\nexport E2E_MODEL_SLUG=MiniMax-M2".to_owned(),
        "@ || true\ngo() { export E2E_MODEL_SLUG=MiniMax-M2; }\ngo".to_owned(),
    ];
    // Words are reserved only at the start of a command.
    for word in ["if", "then", "elif", "else", "fi", "for", "in", "do", "done", "while", "until", "case", "esac"]
        .into_iter()
        .chain(["select", "function", "time", "coproc", "!", "{", "}", "[[", "]]"])
    {
        bodies.push(format!("if @; then echo {word}; break; fi\nexport E2E_MODEL_SLUG=MiniMax-M2"));
        bodies.push(format!("echo {word} {word}\n@ && break\n: a {word}; export E2E_MODEL_SLUG=MiniMax-M2"));
    }
    for assignment in QUOTED_ASSIGNMENTS {
        bodies.push(format!("@ && break\n{assignment}"));
    }
    for body in bodies {
        let script_text = in_loop(&body);
        // The iterations of a loop over known words are evaluated one by one.
        assert_eq!(outcome(&script(FINE, &script_text)), "error", "{script_text}");
        let plain = body.replace("&& break", "|| true").replace("break; ", "");
        let while_text = format!("until [ -e stop ]; do\n{plain}\ndone");
        assert_eq!(outcome(&script(FINE, &while_text)), "undecided", "{while_text}");
    }
}

/// Assignments whose name or value is quoted.
const QUOTED_ASSIGNMENTS: [&str; 9] = [
    "export \"E2E_MODEL_SLUG=MiniMax-M2\"",
    "export 'E2E_MODEL_SLUG=MiniMax-M2'",
    "export 'E2E_MODEL_SLUG'=MiniMax-M2",
    "export E2E_MODEL_SLUG=\"MiniMax-M2\"",
    "export E2E_MODEL_SLUG=$'MiniMax-M2'",
    "declare -x \"E2E_MODEL_SLUG=MiniMax-M2\"",
    "typeset -x 'E2E_MODEL_SLUG=MiniMax-M2'",
    "declare -rx \"E2E_MODEL_SLUG\"='MiniMax-M2'",
    "export E2E_MODEL_\"SLUG=MiniMax\"-M2",
];

#[test]
fn quoted_assignments_are_assignments() {
    for assignment in QUOTED_ASSIGNMENTS {
        assert_eq!(outcome(&script(FINE, &format!("{assignment}\n@"))), "error", "{assignment}");
    }
    let local = "go() { local -x \"E2E_MODEL_SLUG=MiniMax-M2\"; @; }\ngo";
    assert_eq!(outcome(&script(FINE, local)), "error");
}

#[test]
fn calls_in_tests_and_arithmetic_are_found() {
    for text in [
        "[ -n \"$(@)\" ]",
        "[[ -n \"$(@)\" ]]",
        "[[ ! -z $(@) ]]",
        "[[ $(@) == *ok* && -n $A ]] || exit 1",
        "[[ -n $A || ( -z $B && `@` =~ ^(ok|all good)$ ) ]]",
        "if [[ a < b && \"$(@)\" != \"\" ]]; then echo fi; fi",
        "while [[ -z \"$(@)\" ]]; do sleep 1; done",
        "(( $(@ | wc -l) > 2 ))",
        "n=$(( $(@ | wc -l) + 1 ))",
        "for ((i = $(@ | wc -l); i < 3; i++)); do true; done",
        "let \"n = $(@ | wc -l)\"",
        "case $(@) in ok) true;; esac",
        "diff <(@) expected.txt",
        "echo \"${A:-$(@)}\"",
        "cat <<EOF\n$(@)\nEOF",
    ] {
        assert_eq!(outcome(&script(WRONG, text)), "error", "{text}");
    }
}

#[test]
fn arithmetic_sets_only_the_names_it_assigns() {
    for text in [
        "((n+=1))",
        "((n++))",
        "((--n))",
        "(( n = (1 + 2) * 3, m <<= 2 ))",
        "let n+=1",
        "let 'n = 5' m--",
        "((n == 1))",
        "for ((i = 0; i < 3; i++)); do true; done",
        "while ((n++ < 3)); do true; done",
        ": $((n++))",
        "((a[n] = 1))",
    ] {
        assert_eq!(outcome(&script(WRONG, &format!("set +e\nn=0\n{text}\n@"))), "error", "{text}");
    }
    for (text, expected) in [
        ("((E2E_MODEL_SLUG = 5))", "error"),
        ("let E2E_MODEL_SLUG++", "error"),
        ("let E2E_MODEL_SLUG+=N", "undecided"),
        (": $((E2E_MODEL_SLUG -= 1))", "error"),
        ("(( ${N} = 5 ))", "undecided"),
        ("((N > 2 && (E2E_MODEL_SLUG = 5)))", "undecided"),
    ] {
        let text = format!("set +e\nexport E2E_MODEL_SLUG\n{text}\n@");
        assert_eq!(outcome(&script(FINE, &text)), expected, "{text}");
    }
}

/// Each guard ends the script if `KEY` is missing.
#[test]
fn guards_on_numbers_and_arrays_prevent_calls() {
    for guard in [
        "n=0; [ -n \"$KEY\" ] || n=$((n+1)); if [ \"$n\" -gt 0 ]; then exit 0; fi",
        "n=0; [ -n \"$KEY\" ] || ((n++)); ((n == 0)) || exit 0",
        "n=0; [ -n \"$KEY\" ] || let n+=1; [ $n -eq 0 ] || exit 0",
        "declare -i n=0; [ -n \"$KEY\" ] || n+=1; if test $n -ne 0; then exit 0; fi",
        "n=0; for name in KEY KEY; do if [ -n \"${!name:-}\" ]; then n=$((n + 1)); fi; done; ((n < 1)) && exit 0",
        "n=0; check() { if [ -n \"${!1:-}\" ]; then :; else n=$((n + 1)); fi; }; check KEY; [[ n -gt 0 ]] && exit 0",
        "n=0; while [[ $n -lt 1 ]]; do [ -n \"$KEY\" ] || exit 0; ((++n)); done",
        "m=(); [ -n \"$KEY\" ] || m+=(KEY); if [ ${#m[@]} -gt 0 ]; then echo \"missing ${m[*]}\"; exit 0; fi",
        "m=(); for name in KEY; do [ -n \"${!name:-}\" ] || m+=(\"$name\"); done; if (( ${#m[@]} )); then exit 0; fi",
        "names=(KEY KEY); for name in \"${names[@]}\"; do [ -n \"${!name}\" ] || exit 0; done",
        "names=(KEY); for ((i = 0; i < ${#names[@]}; i++)); do name=${names[i]}; [ -n \"${!name}\" ] || exit 0; done",
        "declare -A m=([e2e]=KEY); for kind in \"${!m[@]}\"; do name=${m[$kind]}; [ -n \"${!name}\" ] || exit 0; done",
        "declare -A m=([a]=HOST [b]=KEY); kind=b; name=${m[$kind]}; [ -n \"${!name}\" ] || exit 0",
        "check() { local -a m=(); [ -n \"$KEY\" ] || m+=(KEY); ((${#m[@]} == 0)); }; check || exit 0",
        "mapfile -t names <<< KEY; for name in \"${names[@]}\"; do [ -n \"${!name}\" ] || exit 0; done",
        "IFS=, read -ra names <<< KEY,HOME; name=${names[0]}; [ -n \"${!name}\" ] || exit 0",
        "readonly -a names=(HOME KEY); name=${names[-1]}; [ -n \"${!name}\" ] || exit 0",
        "names=(x KEY); unset 'names[0]'; name=\"${names[*]:0:2}\"; [ -n \"${!name}\" ] || exit 0",
    ] {
        let prevented = |env: &str, guard: &str| {
            let env = WRONG.replace('}', &format!(", {env}}}"));
            match outcome(&script(&env, &format!("set +e; : $KEY; {guard}\n@"))) {
                "error" => false,
                "fine" | "unseen" => true,
                other => panic!("{guard}: {other}"),
            }
        };
        let inverted = guard.replace("[ -n", "[ -z");
        assert_ne!(inverted, guard);
        for (env, is_missing) in [("KEY: ''", true), ("KEY: x", false)] {
            assert_eq!(prevented(env, guard), is_missing, "{env} {guard}");
            assert_eq!(prevented(env, &inverted), !is_missing, "{env} {inverted}");
        }
    }
}

#[test]
fn writes_of_earlier_steps_are_known_or_undecided() {
    for (text, expected) in [
        ("echo \"E2E_MODEL_SLUG=MiniMax-M2\" >> ${{ github.env }}", "error"),
        ("echo -e \"A=1\\nE2E_MODEL_SLUG=MiniMax-M2\" >> $GITHUB_ENV", "error"),
        ("F=$GITHUB_ENV; echo \"E2E_MODEL_SLUG=MiniMax-M2\" >> \"$F\"", "error"),
        ("if [ -n \"$A\" ]; then echo E2E_MODEL_SLUG=MiniMax-M2 >> $GITHUB_ENV; fi", "undecided"),
        ("./write.sh \"$GITHUB_ENV\"", "undecided"),
        ("echo \"::set-env name=E2E_MODEL_SLUG::MiniMax-M2\"", "undecided"),
        ("cp prod.env \"$GITHUB_ENV\"", "undecided"),
        ("curl -fsSL https://x/env -o \"$GITHUB_ENV\"", "undecided"),
        ("cat < prod.env >> \"$GITHUB_ENV\"", "undecided"),
        ("cat >> \"$GITHUB_ENV\" <<< \"E2E_MODEL_SLUG=MiniMax-M2\"", "error"),
        (
            "python3 - <<'EOF'\nimport os\nopen(os.environ['GITHUB_ENV'],'a').write('E2E_MODEL_SLUG=MiniMax-M2')\nEOF",
            "undecided",
        ),
        ("awk -F= '{print > ENVIRON[\"GITHUB_ENV\"]}' prod.env", "undecided"),
        ("trap 'echo E2E_MODEL_SLUG=MiniMax-M2 >> $GITHUB_ENV' EXIT", "undecided"),
        ("echo \"E2E_MODEL_SLUG=MiniMax-M2\" | tee >(cat >> \"$GITHUB_ENV\")", "undecided"),
        ("bash -eo pipefail -c 'echo E2E_MODEL_SLUG=MiniMax-M2 >> $GITHUB_ENV'", "error"),
        ("SLUG=\nw() { echo \"E2E_MODEL_SLUG=$SLUG\" >> \"$GITHUB_ENV\"; }\nSLUG=MiniMax-M2\nw", "error"),
        ("[ -n \"$GITHUB_ENV\" ] && echo \"$GITHUB_ENV\"", "fine"),
        // Conditional output, output to another stream, and shells that exit early.
        ("{ [ -n \"$A\" ] && echo E2E_MODEL_SLUG=MiniMax-M2; } >> $GITHUB_ENV", "undecided"),
        ("for i in 1 2; do echo E2E_MODEL_SLUG=MiniMax-M$i; done >> $GITHUB_ENV", "error"),
        ("{ echo E2E_MODEL_SLUG=MiniMax-M2 >&2; echo A=b; } >> $GITHUB_ENV", "fine"),
        ("if [ -n \"$A\" ]; then ./write.sh \"$GITHUB_ENV\"; exit 0; fi", "undecided"),
        ("(echo E2E_MODEL_SLUG=MiniMax-M2 >> $GITHUB_ENV; exit 1) || true", "error"),
        ("exec >> $GITHUB_ENV; echo E2E_MODEL_SLUG=MiniMax-M2", "undecided"),
        ("echo E2E_MODEL_SLUG=MiniMax-M2 >> $GITHUB_OUTPUT", "fine"),
        ("echo E2E_MODEL_SLUG= >> $GITHUB_ENV", "fine"),
    ] {
        let both = script(FINE, text) + &format!("      - run: {H}\n");
        assert_eq!(outcome(&both), expected, "{text}");
    }
}

#[test]
fn path_in_a_variable_is_followed() {
    let env = FINE.replace('}', ", HARNESS: tests/e2e/test_staging_full_saas.sh}");
    let step = "      - run: bash \"$HARNESS\"\n        env: {E2E_MODEL_SLUG: MiniMax-M2}\n";
    assert_eq!(outcome(&(script(&env, "true") + step)), "error");
    let writer = "      - env: {OUT: '${{ github.env }}'}\n        run: echo E2E_MODEL_SLUG=MiniMax-M2 >> \"$OUT\"\n";
    let both = format!("{}{writer}      - run: {H}\n", script(FINE, "true"));
    assert_eq!(outcome(&both), "error");
}

/// A value that doubles with each statement is kept only as non-empty.
#[test]
fn growing_value_is_kept_as_non_empty() {
    let growing =
        format!("export E2E_MODEL_SLUG=aa\n{}@", "E2E_MODEL_SLUG=$E2E_MODEL_SLUG$E2E_MODEL_SLUG\n".repeat(60));
    assert_eq!(outcome(&script(FINE, &growing)), "undecided");
}

#[test]
fn skippable_step_may_write_nothing() {
    for (condition, expected) in [("", "error"), ("        if: vars.X\n", "undecided"), ("        if: false\n", "fine")]
    {
        let writer = script(FINE, "echo E2E_MODEL_SLUG=MiniMax-M2 >> $GITHUB_ENV");
        let both = format!("{writer}{condition}      - run: {H}\n");
        assert_eq!(outcome(&both), expected, "{both}");
    }
}

#[test]
fn secret_as_model_is_undecided() {
    let secret = FINE.replace('}', ", E2E_MODEL_SLUG: '${{ secrets.SLUG }}'}");
    assert_eq!(outcome(&script(&secret, "@")), "undecided");
    let path = FINE.replace("platform}", "'${{ secrets.PATH_ }}'}");
    assert_eq!(outcome(&script(&path, "@")), "undecided");
}

/// A workflow that calls the harness, with these triggers and these further lines of job and step.
fn around(on: &str, job: &str, step: &str) -> String {
    format!("on: {on}\njobs:\n  job:\n{job}    steps:\n      - run: {H}\n{step}")
}

/// The command in `shell` may start the script in another environment.
#[test]
fn shell_of_a_step_may_change_its_environment() {
    let wrong = format!("    env: {WRONG}\n");
    let fine = format!("    env: {FINE}\n");
    for (shell, expected) in [
        ("bash", "error"),
        ("sh", "error"),
        ("bash -l {0}", "error"),
        ("'${{ vars.SHELL }}'", "undecided"),
        ("'${{ ''bash'' }} {0}'", "error"),
        ("env A=b bash {0}", "undecided"),
        ("sudo -E bash {0}", "undecided"),
        ("docker exec c bash {0}", "undecided"),
        ("bash ci/start.sh {0}", "undecided"),
        ("own-shell {0}", "undecided"),
    ] {
        assert_eq!(outcome(&around("push", &wrong, &format!("        shell: {shell}\n"))), expected, "{shell}");
    }
    let default = |shell: &str| format!("    defaults: {{run: {{shell: '{shell}'}}}}\n");
    assert_eq!(outcome(&around("push", &format!("{fine}{}", default("env A=b bash {0}")), "")), "undecided");
    for (script, shell, expected) in [
        ("export E2E_MODEL_SLUG; E2E_MODEL_SLUG=MiniMax-M2; @", "bash {0}", "error"),
        ("E2E_MODEL_SLUG=MiniMax-M2\n@", "bash {0}", "fine"),
        ("E2E_MODEL_SLUG=MiniMax-M2\n@", "bash -a {0}", "error"),
        ("[[ a ]] && export E2E_MODEL_SLUG=MiniMax-M2\n@", "sh", "undecided"),
        ("[ a ] && export E2E_MODEL_SLUG=MiniMax-M2\n@", "sh", "error"),
        ("go() { export E2E_MODEL_SLUG=MiniMax-M2; }; go\n@", "sh", "error"),
        ("for m in {sonnet,x}; do\nE2E_MODEL_SLUG=$m @\ndone", "sh", "undecided"),
    ] {
        let found = outcome(&format!("{}        shell: {shell}\n", self::script(FINE, script)));
        assert_eq!(found, expected, "{shell}: {script}");
    }
}

/// The options of a container may set variables.
#[test]
fn options_of_a_container_may_set_variables() {
    for (container, expected) in [
        ("image", "fine"),
        ("{image: image, options: --cpus 1}", "fine"),
        ("{image: image, options: '-e E2E_MODEL_SLUG=MiniMax-M2'}", "undecided"),
        ("{image: image, options: --init --env=E2E_MODEL_SLUG=MiniMax-M2}", "undecided"),
        ("{image: image, env: {A: b}, options: --env-file ci/env}", "undecided"),
        ("{image: image, env: {E2E_MODEL_SLUG: ''}, options: '${{ vars.OPTIONS }}'}", "undecided"),
    ] {
        let job = format!("    container: {container}\n    env: {FINE}\n");
        assert_eq!(outcome(&around("push", &job, "")), expected, "{container}");
    }
}

/// An action may start the harness that one of its inputs names.
#[test]
fn input_of_an_action_may_start_the_harness() {
    let path = &H["bash ".len()..];
    let step = |uses: &str, input: &str, value: &str| {
        format!("      - uses: {uses}\n        with:\n          {input}: |\n            {value}\n")
    };
    for (uses, input, value, expected) in [
        ("x/retry@v3", "command", H, "undecided"),
        ("x/retry@v3", "command", path, "undecided"),
        ("x/retry@v3", "what", H, "undecided"),
        ("x/retry@v3", "options", &format!("-c './{path} a'"), "undecided"),
        ("docker://image", "args", &format!("${{{{ github.workspace }}}}/{path}"), "undecided"),
        ("x/upload@v3", "path", path, "fine"),
        ("x/retry@v3", "command", &format!("bash services/{path}"), "fine"),
        ("x/retry@v3", "command", &format!("bash {path}.txt"), "fine"),
    ] {
        let text = around("push", &format!("    env: {FINE}\n"), &step(uses, input, value));
        assert_eq!(outcome(&text), expected, "{text}");
    }
}

/// A program in an input of an action may set a variable that it names.
#[test]
fn program_in_an_input_may_set_a_variable() {
    for (program, expected) in [
        ("core.exportVariable('E2E_MODEL_SLUG', 'MiniMax-M2')", "undecided"),
        ("fs.appendFileSync(process.env.GITHUB_ENV, 'E2E_MODEL_SLUG=MiniMax-M2')", "undecided"),
        ("core.exportVariable('E2E_MODEL_SLUGS', 'MiniMax-M2')", "fine"),
        ("core.info(process.env.E2E_MODEL_SLUG)", "fine"),
    ] {
        let action = format!(
            "      - uses: actions/github-script@v7\n        with:\n          script: |\n            {program}\n"
        );
        let workflow = |before: &str, after: &str| {
            format!("on: push\njobs:\n  job:\n    env: {FINE}\n    steps:\n{before}      - run: {H}\n{after}")
        };
        assert_eq!(outcome(&workflow(&action, "")), expected, "{program}");
        assert_eq!(outcome(&workflow("", &action)), "fine", "{program}");
    }
}

#[test]
fn forge_conditions_and_inputs_are_evaluated() {
    let wrong = format!("    env: {WRONG}\n");
    let fine = format!("    env: {FINE}\n");
    let slug = "        env: {E2E_MODEL_SLUG: MiniMax-M2}\n";
    for (text, expected) in [
        // Conditions.
        (around("push", &wrong, "        if: false\n"), "unseen"),
        (around("push", &wrong, "        if: github.event_name == 'schedule'\n"), "unseen"),
        (around("[push, schedule]", &wrong, "        if: github.event_name == 'schedule'\n"), "error"),
        (around("push", &wrong, "        if: ${{ !success() }}\n"), "error"),
        (around("push", &wrong, "        if: failure()\n"), "error"),
        (around("push", &fine, &format!("        if: env.E2E_MODEL_SLUG != ''\n{slug}")), "error"),
        // Reusable workflows without a caller among the files.
        (around("{workflow_call: }", &wrong, "        if: github.event_name == 'workflow_dispatch'\n"), "error"),
        (
            around("{workflow_call: }", &fine, "        env: {E2E_MODEL_SLUG: '${{ github.event.inputs.slug }}'}\n"),
            "undecided",
        ),
        // Inputs.
        (
            around(
                "{workflow_dispatch: {inputs: {slug: {type: choice, options: [sonnet, MiniMax-M2]}}}}",
                &format!(
                    "    strategy: {{matrix: {{k: [slug]}}}}\n    env: {}\n",
                    FINE.replace('}', ", E2E_MODEL_SLUG: '${{ inputs[matrix.k] }}'}")
                ),
                "",
            ),
            "error",
        ),
        (
            around(
                "{workflow_dispatch: {inputs: {b: {type: boolean}}}}",
                &fine,
                "        env: {E2E_MODEL_SLUG: \"${{ inputs.b == true && 'MiniMax-M2' || '' }}\"}\n",
            ),
            "error",
        ),
        // Working directories and runners.
        (around("push", &format!("{wrong}    runs-on: [self-hosted, windows]\n"), ""), "error"),
        (around("push", &format!("{fine}    runs-on: ${{{{ vars.OS }}}}\n"), slug), "error"),
    ] {
        assert_eq!(outcome(&text), expected, "{text}");
    }
    let powershell = format!(
        "on: push\njobs:\n  job:\n    runs-on: windows-latest\n    env: {WRONG}\n    steps:\n      \
         - run: |\n          $env:E2E_MODEL_SLUG = \"\"\n          {H}\n"
    );
    assert_eq!(outcome(&powershell), "undecided");
    let directory = format!(
        "on: push\njobs:\n  job:\n    env: {WRONG}\n    strategy: {{matrix: {{d: [tests/e2e]}}}}\n    \
         defaults: {{run: {{working-directory: '${{{{ matrix.d }}}}'}}}}\n    steps:\n      \
         - run: ./test_staging_full_saas.sh\n"
    );
    assert_eq!(outcome(&directory), "error");
}

#[test]
fn caret_is_at_assignment_despite_same_named_expression() {
    let text = script(FINE, "echo ${{ inputs.E2E_MODEL_SLUG }}\nexport E2E_MODEL_SLUG=MiniMax-M2\n@");
    let (registry, policies) = (Registry::embedded(), Policy::all_embedded());
    let report = Linter::new(&registry, &policies).report(&[Input::new("file.yml", text.clone())]);
    let caret = report.findings[0].primary.span.range.start;
    assert!(text[..caret].ends_with("export "), "{}", &text[..caret]);
}

/// A requested policy applies to steps that call no known harness, even next to a step that
/// calls one.
#[test]
fn requested_policy_applies_to_unmatched_steps() {
    let (registry, policies) = (Registry::embedded(), Policy::all_embedded());
    let requested = [policies[0].clone()];
    for (step, expected) in [
        ("      - run: make e2e\n        env: {E2E_MODEL_SLUG: MiniMax-M2}\n", 1),
        ("      - run: export E2E_MODEL_SLUG=MiniMax-M2; make e2e\n", 1),
        ("      - run: make e2e\n", 0),
    ] {
        let text = script(FINE, "@") + step;
        let input = [Input::new("file.yml", text.clone())];
        let errors = |linter: Linter<'_>| {
            let findings = linter.report(&input).findings;
            findings.iter().filter(|finding| finding.level == Level::Error).count()
        };
        assert_eq!(errors(Linter::new(&registry, &policies)), 0, "{text}");
        assert_eq!(errors(Linter::new(&registry, &policies).with_requested_policies(&requested)), expected, "{text}");
    }
}

/// A skipped job skips the jobs that need it.
#[test]
fn job_needing_a_skipped_job_never_runs() {
    for (condition, own, expected) in [
        ("false", "", "unseen"),
        ("github.event_name == 'push'", "", "error"),
        ("vars.X", "", "error"),
        ("false", "    if: always()\n", "error"),
    ] {
        let text = format!(
            "on: push\njobs:\n  first:\n    if: {condition}\n    steps: []\n  second:\n    needs: first\n    \
             steps: []\n  job:\n    needs: [second]\n{own}    env: {WRONG}\n    steps:\n      - run: {H}\n"
        );
        assert_eq!(outcome(&text), expected, "{text}");
    }
}

/// Workflows that call one another in a chain: the first one's trigger reaches the last.
#[test]
fn caller_chain_is_followed_to_its_end() {
    for length in [3, 9, 20] {
        let mut files: Vec<Input> = (0..length)
            .map(|number| {
                let next = number + 1;
                let text = format!(
                    "on: {{workflow_call: }}\njobs:\n  job:\n    \
                    uses: ./.github/workflows/{next}.yml\n    secrets: inherit\n"
                );
                Input::new(format!(".github/workflows/{number}.yml"), text)
            })
            .collect();
        files[0] =
            Input::new(".github/workflows/0.yml", "on: push\njobs:\n  job:\n    uses: ./.github/workflows/1.yml\n");
        files.push(Input::new(
            format!(".github/workflows/{length}.yml"),
            script(WRONG, "@").replace("on: push", "on: {workflow_call: }"),
        ));
        let (registry, policies) = (Registry::embedded(), Policy::all_embedded());
        let report = Linter::new(&registry, &policies).report(&files);
        assert!(report.findings.iter().any(|finding| finding.level == Level::Error), "{length}");
    }
}

#[test]
fn finding_in_a_script_names_the_calling_workflows() {
    let job = format!("on: push\njobs:\n  nightly:\n    steps:\n      - run: {H}\n");
    let workflow = job.replace(H, "bash ci/start.sh");
    let scratch = Scratch::new("lint-calling-workflows")
        .file(
            "ci/start.sh",
            format!("export E2E_RUNTIME=hermes E2E_LLM_PATH=platform E2E_MODEL_SLUG=MiniMax-M2\n{H}\n"),
        )
        .file(".github/workflows/first.yml", &workflow)
        .file(".github/workflows/second.yml", &workflow);
    let output = slugproof(["lint"]).dir(&scratch).run();
    assert!(output.stdout.contains(" --> ci/start.sh:1:"), "{}", output.snapshot());
    let text = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for file in ["first", "second"] {
        let step = format!("in job `nightly` of .github/workflows/{file}.yml, step 1, by policy");
        assert!(text.contains(&step), "{}", output.snapshot());
    }
}
