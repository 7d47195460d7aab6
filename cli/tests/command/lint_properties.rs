//! What must hold of `lint` on random workflows, and of following a script on random
//! scripts, which a real shell runs as well.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use proptest::prelude::*;
use proptest::sample::select;
use slug_resolver::{Env, Policy, Registry, Variable, resolve};
use slug_shell::{Effects, Variables};
use slug_testkit::linting::check_linting;
use slug_value::{Can, Text};
use slugproof::codes::Level;
use slugproof::commands::corpus::subjects::EmbeddedLinter;
use slugproof::lint::{Input, Linter};

use crate::run::Scratch;

const RUNTIMES: [&str; 6] = ["claude-code", "hermes", "codex", "openclaw", "seo-agent", "nonesuch"];
const SLUGS: [&str; 7] =
    ["MiniMax-M2", "moonshot/kimi-k2.6", "sonnet", "openai/gpt-4o", "minimax:MiniMax-M2.7", "no-such-model", ""];
const PATHS: [&str; 4] = ["platform", "byok", "Platform", ""];

/// A variable of the policy and a value for it.
fn setting(policy: &Policy) -> impl Strategy<Value = (String, String)> + use<> {
    let names: Vec<(String, Vec<&'static str>)> = policy
        .all_variables()
        .map(|variable| {
            let values = match variable {
                Variable::Override | Variable::PlatformModel => SLUGS.to_vec(),
                Variable::Path => PATHS.to_vec(),
                Variable::Runtime => RUNTIMES.to_vec(),
                Variable::Key(_) => vec!["set", ""],
            };
            (policy.variable_name(variable).to_owned(), values)
        })
        .collect();
    (select(names), any::<prop::sample::Index>())
        .prop_map(|((name, values), index)| (name, (*index.get(&values)).to_owned()))
}

type Layer = BTreeMap<String, String>;

fn layer(policy: &Policy) -> impl Strategy<Value = Layer> + use<> {
    prop::collection::vec(setting(policy), 0..5).prop_map(|settings| settings.into_iter().collect())
}

/// An `env` at some depth, in one of the ways to write one.
fn written(layer: &Layer, indent: usize, style: usize) -> String {
    let pad = " ".repeat(indent);
    if layer.is_empty() {
        return String::new();
    }
    if style == 0 {
        let entries: Vec<String> = layer.iter().map(|(name, value)| format!("{name}: \"{value}\"")).collect();
        return format!("{pad}env: {{{}}}\n", entries.join(", "));
    }
    layer.iter().fold(format!("{pad}env:\n"), |text, (name, value)| {
        let value = if style == 1 { format!("'{value}'") } else { value.clone() };
        let value = if value.is_empty() { "''".to_owned() } else { value };
        text + &format!("{pad}  {name}: {value} # a comment\n")
    })
}

fn workflow(layers: &[Layer; 3], styles: &[usize; 3], call: &str) -> String {
    let mut text = "on: push\n".to_owned();
    text += &written(&layers[0], 0, styles[0]);
    text += "jobs:\n  job:\n    runs-on: ubuntu-latest\n";
    text += &written(&layers[1], 4, styles[1]);
    text += "    steps:\n      - name: call\n";
    let _ = writeln!(text, "        run: {call}");
    text + &written(&layers[2], 8, styles[2])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// The verdict on a job is that of `resolve` on its merged environment; and whatever
    /// must hold of any file holds of it: places, patches, the order of files.
    #[test]
    fn a_job_is_judged_as_its_merged_environment_resolves(
        layers in prop::array::uniform3(layer(&Policy::all_embedded()[0])),
        styles in prop::array::uniform3(0..3_usize),
        which in 0..2_usize,
    ) {
        let policies = Policy::all_embedded();
        let policy = &policies[which];
        let registry = Registry::embedded();
        let text = workflow(&layers, &styles, &format!("bash {}", policy.document().harness[0]));
        let merged: Layer = layers.iter().flatten().map(|(name, value)| (name.clone(), value.clone())).collect();
        let env = Env::read(policy, merged.iter().map(|(name, value)| (name, value.as_str())));
        let expected = resolve(&registry, env.runtime(), &env.without(Variable::Runtime), &[]);

        let report = Linter::new(&registry, &policies).report(&[Input::new("file.yml", text.clone())]);
        let errors: Vec<&str> =
            report.findings.iter().filter(|it| it.level == Level::Error).map(|it| it.code.id).collect();
        let expected: Vec<&str> = expected.code.iter().map(|code| code.as_str()).collect();
        prop_assert_eq!(errors, expected, "{}", text);
        prop_assert!(report.findings.iter().all(|it| it.level != Level::Undecided), "{}", text);
        prop_assert_eq!(check_linting(&EmbeddedLinter, &text).err(), None, "{}", text);
    }

    /// A file that neither sets a variable of a policy nor calls a harness has no finding.
    #[test]
    fn a_file_without_policy_variables_has_no_finding(
        names in prop::collection::vec("[A-Z][A-Z_]{0,8}", 0..4),
        script in "[a-z =$|&;\"'\n]{0,40}",
    ) {
        let layer: Layer = names.into_iter().map(|name| (name, "x".to_owned())).collect();
        let text = workflow(&[layer.clone(), layer.clone(), layer], &[0, 1, 2], &format!("{script:?}"));
        let (registry, policies) = (Registry::embedded(), Policy::all_embedded());
        let report = Linter::new(&registry, &policies).report(&[Input::new("file.yml", text.clone())]);
        prop_assert!(report.findings.is_empty(), "{} {:?}", text, report.findings);
    }

    /// Whatever a shell does with a script, following it has said that it may.
    #[test]
    fn a_shell_does_nothing_that_was_not_foreseen(script in script()) {
        foreseen(&script);
    }
}

const CALL: &str = "tests/e2e/run.sh";

/// Statements that a shell runs in a moment, and that set, unset and pass on variables.
fn statement() -> impl Strategy<Value = String> {
    let value = select(vec!["x", "'y z'", "\"$A\"", "${B:-d}", "${A:+e}", "\"\"", "$(echo f)", "${C-g}", "\"a $B\""]);
    let name = || select(vec!["A", "B", "C"]);
    let condition = select(vec!["true", "false", "[ -n \"$A\" ]", "[ \"$B\" = x ]", "test -z \"$C\""]);
    let simple = prop_oneof![
        (name(), value.clone()).prop_map(|(name, value)| format!("{name}={value}")),
        (name(), value.clone()).prop_map(|(name, value)| format!("export {name}={value}")),
        name().prop_map(|name| format!("export {name}")),
        name().prop_map(|name| format!("unset {name}")),
        (name(), value.clone()).prop_map(|(name, value)| format!("{name}={value} bash {CALL}")),
        (name(), value.clone()).prop_map(|(name, value)| format!("env -u {name} Z=1 {name}={value} bash {CALL}")),
        (name(), value.clone(), name(), value.clone()).prop_map(|(a, x, b, y)| format!("{a}={x} {b}={y} bash {CALL}")),
        Just(format!("bash {CALL}")),
        Just(format!("./{CALL} | cat")),
        Just(format!("OUT=$(bash {CALL})")),
        (name(), value.clone()).prop_map(|(name, value)| format!("echo {name}={value} >> \"$GITHUB_ENV\"")),
        (name(), value.clone())
            .prop_map(|(name, value)| format!("{{ echo \"Z=1\"; echo \"{name}=\"{value}; }} >> $GITHUB_ENV")),
        name().prop_map(|name| format!("cat >> $GITHUB_ENV <<EOF\n{name}=h$A\nEOF")),
        (name(), value).prop_map(|(name, value)| format!("{name}+={value}")),
        name().prop_map(|name| format!(": \"${{{name}:=k}}\"")),
        name().prop_map(|name| format!("bash -ec '{name}=m bash {CALL}'")),
        name().prop_map(|name| format!("bash -c 'export {name}; bash {CALL}'")),
        name().prop_map(|name| format!("{name}=n read -r {name} <<< o")),
        name().prop_map(|name| format!("{name}=n export C={name}")),
        Just("set -a".to_owned()),
        Just("set +a".to_owned()),
        Just(": # bash tests/e2e/run.sh".to_owned()),
        Just("exit 0".to_owned()),
    ];
    let leaf = prop_oneof![9 => simple.clone(), 1 => Just("true".to_owned())];
    leaf.prop_recursive(3, 12, 3, move |inner| {
        prop_oneof![
            (condition.clone(), inner.clone()).prop_map(|(c, a)| format!("if {c}; then\n{a}\nfi")),
            (condition.clone(), inner.clone(), inner.clone())
                .prop_map(|(c, a, b)| format!("if {c}; then\n{a}\nelse\n{b}\nfi")),
            (condition.clone(), inner.clone()).prop_map(|(c, a)| format!("{c} && {a}")),
            (condition.clone(), inner.clone()).prop_map(|(c, a)| format!("{c} || {a}")),
            inner.clone().prop_map(|a| format!("(\n{a}\n)")),
            inner.clone().prop_map(|a| format!("{{\n{a}\n}} | cat")),
            inner.clone().prop_map(|a| format!("true | {{\n{a}\n}}")),
            inner.clone().prop_map(|a| format!("{{\n{a}\n}} &\nwait")),
            inner.clone().prop_map(|a| format!("{{\n{a}\n}}")),
            inner.clone().prop_map(|a| format!("for A in p q; do\n{a}\ndone")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("case \"$A\" in\nx) {a}\n;;\n*) {b}\n;;\nesac")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("{a}\n{b}")),
        ]
    })
}

fn script() -> impl Strategy<Value = String> {
    prop::collection::vec(statement(), 1..6).prop_map(|statements| statements.join("\n"))
}

/// Runs a script and compares every call and everything written with what was foreseen.
fn foreseen(script: &str) {
    let scratch = Scratch::new(&format!("shell-{:?}", std::thread::current().id()));
    let calls_file = scratch.0.join("calls");
    let script_file = format!(
        "for name in A B C; do eval \"printf '%s\\037' \\\"\\${{$name-}}\\\"\"; done >> '{}'\nprintf '\\036' >> '{}'\n",
        calls_file.display(),
        calls_file.display()
    );
    let scratch = scratch.file(CALL, script_file).file("written", "");
    make_executable(&scratch.0.join(CALL));
    let ran = Command::new("bash")
        .args(["-c", script])
        .current_dir(&scratch.0)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("A", "start")
        .env("GITHUB_ENV", scratch.0.join("written"))
        .output();
    let ran = ran.expect("bash is on every machine that runs workflows");
    let set = |value: &str| slug_shell::Variable {
        value: Text::known(value.to_owned()),
        export: slug_shell::Export::Yes,
        assigned: None,
    };
    // As in a walk: what matters is there, whether set or not.
    let env: Variables = [("A".to_owned(), set("start"))].into();
    let effects = slug_shell::interpret(script, &[], &[CALL], Some(""), &env);
    let context = || format!("{script}\n--- {}\n{effects:#?}", String::from_utf8_lossy(&ran.stderr));

    for call in fs::read_to_string(&calls_file).unwrap_or_default().split_terminator('\u{1e}') {
        let values: Vec<&str> = call.split('\u{1f}').collect();
        let fits = |effects: &Effects| {
            effects.calls.iter().any(|call| {
                let allows = |(name, value): (&&str, &&str)| match call.variables.get(*name) {
                    Some(variable) => can_be(&variable.value, value),
                    None => call.rest.is_some() || value.is_empty(),
                };
                ["A", "B", "C"].iter().zip(&values).all(allows)
            })
        };
        assert!(fits(&effects), "a call saw {values:?}\n{}", context());
    }
    let mut last: BTreeMap<&str, &str> = BTreeMap::new();
    let written = fs::read_to_string(scratch.0.join("written")).unwrap_or_default();
    last.extend(written.lines().filter_map(|line| line.split_once('=')));
    for name in ["A", "B", "C"] {
        let fits = match (last.get(name), effects.written.get(name)) {
            _ if effects.opaque.is_some() => true,
            (Some(value), Some(written)) => can_be(&written.value, value),
            (Some(_), None) => false,
            (None, written) => written.is_none_or(|written| written.maybe_not),
        };
        assert!(fits, "{name} is written as {:?}\n{}", last.get(name), context());
    }
}

fn can_be(text: &Text, value: &str) -> bool {
    match &text.can {
        Can::BeOneOf(texts) => texts.iter().any(|text| text == value),
        Can::BeSet => !value.is_empty(),
        Can::BeAnything => true,
    }
}

fn make_executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let text = fs::read_to_string(path).expect("it is there");
    fs::write(path, format!("#!/usr/bin/env bash\n{text}")).expect("it is ours");
}
