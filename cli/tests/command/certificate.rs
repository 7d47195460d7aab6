//! `prove --certificate`: when the file is written, and what it has.

use std::fs;

use serde_json::{Value, json};

use crate::run::{Scratch, slugproof};

const REGISTRY: &str = "
schema_version: 1
providers: [{name: acme, auth_env: [ACME_API_KEY], model_prefix_match: '^acme-'}]
runtimes: {agent: {providers: [{name: acme, models: [acme-1]}]}}
";

const POLICY: &str = "
schema_version: 2
name: nightly
runtimes: [agent]
model: [{use: $MODEL}, {use: acme-1}]
secrets: [{key: ACME_KEY, inject: [ACME_API_KEY]}]
";

const PROVE: [&str; 6] = ["prove", "--registry", "registry.yaml", "--policy", "policy.yaml", "--certificate"];

fn scratch(name: &str) -> Scratch {
    Scratch::new(name).file("registry.yaml", REGISTRY).file("policy.yaml", POLICY)
}

fn lines(scratch: &Scratch) -> Vec<Value> {
    let text = fs::read_to_string(scratch.0.join("proof.jsonl")).expect("the certificate is written");
    text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
}

#[test]
fn certificate_has_files_and_sums_of_the_proof() {
    let scratch = scratch("certificate-sums");
    let run = slugproof(PROVE.into_iter().chain(["proof.jsonl", "--output", "json"])).dir(&scratch).run();
    assert_eq!(run.code, 0, "{}", run.stderr);
    let (lines, report) = (lines(&scratch), run.json());
    let paths: Vec<&Value> = lines[0]["certificate"]["files"].as_array().expect("a list").iter().collect();
    assert_eq!([&paths[0]["path"], &paths[1]["path"]], [&json!("registry.yaml"), &json!("policy.yaml")]);
    let sums = &lines[lines.len() - 2]["totals"];
    let proved = &report["policies"][0];
    assert_eq!(sums["classes"], proved["evaluated"]);
    assert_eq!(sums["combinations"], proved["combinations"]);
    assert_eq!(sums["contradictions"], proved["contradictions"]);
    assert!(sums["contradictions"].as_u64() > Some(0));
}

#[test]
fn certificate_over_an_input_is_refused() {
    let scratch = scratch("certificate-input");
    for input in ["./registry.yaml", "policy.yaml"] {
        let run = slugproof(PROVE.into_iter().chain([input])).dir(&scratch).run();
        assert_eq!(run.code, 2, "{}", run.stdout);
        assert!(run.stderr.contains("is the certificate and also an input"), "{}", run.stderr);
    }
    let run = slugproof(PROVE.into_iter().chain(["a.json", "--output", "json=a.json"])).dir(&scratch).run();
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert_eq!(fs::read_to_string(scratch.0.join("registry.yaml")).expect("the file is there"), REGISTRY);
}

#[test]
fn certificate_with_a_credential_is_not_written() {
    let secret = format!("sk-ant-api03-{}", "a1B2c3D4".repeat(12));
    let policy = POLICY.replace("{use: acme-1}", &format!("{{use: {secret}}}"));
    let scratch = scratch("certificate-credential").file("policy.yaml", policy).file("proof.jsonl", "before");
    let run = slugproof(PROVE.into_iter().chain(["proof.jsonl"])).dir(&scratch).run();
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert!(run.stderr.contains("a text of the data looks like a credential"), "{}", run.stderr);
    assert!(!run.stderr.contains(&secret) && !run.stdout.contains(&secret));
    assert_eq!(fs::read_to_string(scratch.0.join("proof.jsonl")).expect("the file is there"), "before");
}

#[test]
fn certificate_of_an_incomplete_proof_is_not_written() {
    let keys: Vec<String> = (0..40).map(|number| format!("KEY_{number}")).collect();
    let registry = REGISTRY.replace("ACME_API_KEY", &keys.join(", "));
    let rules: Vec<String> = keys.iter().map(|key| format!("{{key: {key}}}")).collect();
    let policy = POLICY.replace("{key: ACME_KEY, inject: [ACME_API_KEY]}", &rules.join(", ")) + "inject: every\n";
    let scratch = scratch("certificate-incomplete").file("registry.yaml", registry).file("policy.yaml", policy);
    let run = slugproof(PROVE.into_iter().chain(["proof.jsonl"])).dir(&scratch).run();
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert!(run.stderr.contains("the runtime `agent` is not covered"), "{}", run.stderr);
    assert!(!scratch.0.join("proof.jsonl").exists());
}
