//! Certificates of proofs, and the program in Python that checks them.

mod corruption;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Arc;

use serde_json::Value;
use slug_laws::enumeration::Enumeration;
use slug_laws::enumeration::certificate::{End, Header, Line};
use slug_laws::{Dataset, generator};
use slug_resolver::yaml::UnknownFields;
use slug_resolver::{Policy, Registry};
use tempfile::TempDir;

/// The lines of the certificate of a policy; `None` if its enumeration does not cover every runtime.
fn certificate(registry: &Registry, policy: &Policy) -> Option<Vec<Value>> {
    let enumeration = Enumeration::new(&Dataset::new(registry.clone(), policy.clone()));
    if !enumeration.undecided().is_empty() || !enumeration.unexplored().is_empty() {
        return None;
    }
    let mut lines = Vec::new();
    let mut add = |line: &Line<'_>| serde_json::to_value(line).map(|line| lines.push(line));
    let written = add(&Line::Certificate(Header::new(&enumeration, &[])))
        .and_then(|()| enumeration.certify(&mut add))
        .and_then(|()| add(&Line::End(End { policies: 1 })));
    written.expect("a certificate is JSON");
    Some(lines)
}

/// Runs the checker. Returns whether it accepts the lines and what it prints, or `None` if Python is absent.
fn check(name: &str, lines: &[Value]) -> Option<(bool, String)> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = write(&directory, name, lines);
    let output = python(Command::new("python3").arg(CHECKER).arg(&path))?;
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Some((output.status.success(), text.concat()))
}

/// The program that checks certificates.
const CHECKER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../ci/check-certificate");

/// Checks many certificates in one process of Python, and prints why each is refused, or an empty line.
const CHECK_MANY: &str = "\
import contextlib, os, runpy, sys
main = runpy.run_path(sys.argv[1])['main']
for path in sys.argv[2:]:
    reason = ''
    try:
        with contextlib.redirect_stdout(open(os.devnull, 'w')):
            main(path)
    except SystemExit as refusal:
        reason = str(refusal.code).replace('\\n', ' ')
    print(reason)
";

/// Runs the checker on many certificates. Returns why it refuses each, or `None` for one that it accepts.
fn reasons(certificates: &[Vec<Value>]) -> Option<Vec<Option<String>>> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let paths = certificates.iter().enumerate().map(|(number, lines)| write(&directory, &number.to_string(), lines));
    let paths: Vec<PathBuf> = paths.collect();
    let output = python(Command::new("python3").args(["-c", CHECK_MANY, CHECKER]).args(&paths))?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("a reason is text");
    let reasons: Vec<Option<String>> = text.lines().map(|line| (!line.is_empty()).then(|| line.to_owned())).collect();
    assert_eq!(reasons.len(), certificates.len(), "{text}");
    Some(reasons)
}

fn write(directory: &TempDir, name: &str, lines: &[Value]) -> PathBuf {
    let path = directory.path().join(format!("{name}.jsonl"));
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    fs::write(&path, text).expect("the temporary directory can be written to");
    path
}

/// Runs Python; `None` if it is absent.
fn python(command: &mut Command) -> Option<Output> {
    match command.output() {
        Ok(output) => Some(output),
        Err(error) => {
            eprintln!("skipped: python3 does not run ({error}), so no certificate is checked");
            None
        }
    }
}

/// Checks a certificate that has to be accepted.
fn accept(name: &str, registry: &Registry, policy: &Policy) {
    let lines = certificate(registry, policy).expect("the enumeration covers every runtime");
    if let Some((is_accepted, text)) = check(name, &lines) {
        assert!(is_accepted, "{name}: {text}");
    }
}

fn registry(yaml: &str) -> Registry {
    Registry::from_yaml(yaml.as_bytes(), UnknownFields::Deny).expect("the registry is valid")
}

fn policy(yaml: &str) -> Policy {
    Policy::from_yaml(yaml.as_bytes()).expect("the policy is valid")
}

#[test]
fn unreadable_certificate_is_refused_in_words() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let binary = directory.path().join("binary");
    std::fs::write(&binary, b"\xff\n").expect("the file can be written");
    for path in [directory.path(), &directory.path().join("missing"), &binary] {
        let Some(output) = python(Command::new("python3").arg(CHECKER).arg(path)) else { return };
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(1) && told.lines().count() == 1 && told.contains(": refused: "), "{told}");
    }
}

#[test]
fn embedded_data_are_certified() {
    for policy in Policy::all_embedded() {
        accept("embedded", &Registry::embedded(), &policy);
    }
}

/// A registry with groups of credentials, a keyless provider, withdrawn models, payers and patterns of each kind.
const EVERY_FORM: &str = r#"
schema_version: 1
providers:
  - {name: acme, auth_env: [[ACME_ID, ACME_SECRET], ACME_KEY], model_prefix_match: '(?i)^(acme|model)[-/]'}
  - {name: house, billing: platform, auth_env: [USAGE_TOKEN], model_prefix_match: '^house/'}
  - {name: local, auth_env: [], model_prefix_match: '^local:\d+$'}
  - {name: rival, auth_env: [RIVAL_KEY, ACME_KEY], model_prefix_match: 'model-[a-c]{1,2}$', model_aliases: [model-x]}
  - {name: plain, auth_env: [PLAIN_KEY]}
runtimes:
  agent:
    providers:
      - {name: acme, models: [big], withdrawn_models: [old]}
      - {name: rival, models: [big, small]}
      - {name: house}
      - {name: local, models: [tiny]}
  bot:
    providers: [{name: plain, models: [small, old]}, {name: rival}]
"#;

/// Policies with each form of test, source, effect and mode.
const POLICIES: [&str; 7] = [
    "{schema_version: 2, name: plain, model: [{use: $MODEL}, {use: none}], secrets: [{key: ACME_KEY}]}",
    "
schema_version: 2
name: every
defaults: {MODEL: big, PATH_OF: byok}
empty_is_set: [KEY, MODE]
templates: {bot-variant: bot}
creates: {unless: [{DRY: set}, {MODE: [off, never], runtime: {not: bot}}]}
model:
  - {when: {MODE: {not: [given, '']}, runtime: [agent, bot-variant]}, use: [$SMALL, small]}
  - {name: given, when: {GATEWAY: {host: Models.Example}}, use: $GIVEN}
  - {use: $MODEL}
inject: every
secrets:
  - {when: {PATH_OF: platform}, path: platform}
  - {key: PLATFORM_KEY, path: platform}
  - {key: KEY, inject: [ACME_KEY]}
  - {key: OTHER_KEY}
  - {key: RIVAL_KEY, when: {MODE: unset}}
  - {when: {THIRD: set}, inject: [ACME_ID, ACME_SECRET]}
",
    "
schema_version: 2
name: few
runtimes: [agent]
model:
  - {when: {MODEL: [model-a, big], KEY: unset}, use: small}
  - {when: {MODEL: {not: old}}, use: [$MODEL, tiny]}
secrets:
  - {key: KEY, inject: [RIVAL_KEY]}
  - {inject: [ACME_ID]}
",
    "
schema_version: 2
name: empty-first
runtimes: [agent]
runtime: [{when: {NAMED: set}, use: $RUNTIME}, {when: {MODE: b}, use: agent}]
empty_is_set: [KEY, ID, MODE, NAMED]
model: [{when: {KEY: set, MODE: set, NAMED: unset}, use: big}, {use: $MODEL}]
secrets: [{when: {ID: set, SECRET: set}, inject: [ACME_ID, ACME_SECRET]}, {key: KEY, inject: [ACME_KEY]}]
",
    "
schema_version: 2
name: empty-every
runtimes: [agent]
empty_is_set: [ACME_KEY, RIVAL_KEY, A_KEY, B_KEY]
model: [{use: $MODEL}, {use: model-a}]
inject: every
secrets: [{key: ACME_KEY}, {key: RIVAL_KEY}, {key: A_KEY}, {key: B_KEY}]
",
    "{schema_version: 2, name: fixed, model: [{use: 'local:1'}], inject: every, secrets: [{key: A_KEY}, {key: B_KEY}]}",
    "
schema_version: 1
name: old
runtime: RUNTIME
defaults: {RUNTIME: agent}
override: MODEL
platform: {var: LLM_PATH, value: platform, model: PLATFORM_MODEL, fallback: house/one}
secrets: [{key: ACME, inject: [ACME_KEY]}]
dispatch: [{runtimes: [agent], keyed: [{key: ACME, model: acme-1}], model: big}]
fallback: small
",
];

#[test]
fn every_form_of_policy_is_certified() {
    for yaml in POLICIES {
        let policy = policy(yaml);
        accept(policy.name(), &registry(EVERY_FORM), &policy);
    }
}

#[test]
fn random_datasets_are_certified() {
    let mut accepted = 0;
    let mut seed = 1_u64;
    for number in 0..30 {
        let mut byte = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 56) as u8
        };
        let bytes: Vec<u8> = (0..600).map(|_| byte()).collect();
        let dataset: Arc<Dataset> = generator::case_of(&bytes).dataset;
        let Some(lines) = certificate(&dataset.registry, &dataset.policy) else { continue };
        let Some((is_accepted, text)) = check("random", &lines) else { return };
        assert!(is_accepted || text.contains("understood"), "{number}: {text}\n{}", lines[0]);
        accepted += usize::from(is_accepted);
    }
    assert!(accepted >= 10, "only {accepted} certificates were understood");
}
