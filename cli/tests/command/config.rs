//! The fields of slugproof.yaml and the commands for which they count.

use crate::run::{Ended, Scratch, slugproof};

const REGISTRY: &str = "schema_version: 1
providers:
  - {name: north, auth_env: [NORTH_TOKEN], model_prefix_match: \"^north-\"}
  - {name: south, auth_env: [SOUTH_TOKEN, NORTH_TOKEN], model_prefix_match: \"^south-\"}
runtimes:
  writer:
    providers:
      - {name: north, models: [north-1]}
      - {name: south, models: [south-1]}
";

const POLICY: &str = "schema_version: 2
name: review
harness: [ci/review.sh]
runtime: AGENT
defaults: {AGENT: writer}
model:
  - {name: override, use: $MODEL}
  - {use: north-1}
secrets:
  - {key: CI_NORTH, inject: [NORTH_TOKEN]}
  - {key: CI_SOUTH, inject: [SOUTH_TOKEN]}
";

/// A project with these lines in its slugproof.yaml and these jobs in one workflow.
fn project(name: &str, config: &str, jobs: &[(&str, &str)]) -> Scratch {
    let job = |(id, env): &(&str, &str)| {
        format!("  {id}:\n    runs-on: ubuntu-latest\n    env: {{{env}}}\n    steps:\n      - run: ci/review.sh\n")
    };
    let jobs: String = jobs.iter().map(job).collect();
    Scratch::new(&format!("config-{name}"))
        .file("providers.yaml", REGISTRY)
        .file("review.yaml", POLICY)
        .file(
            "slugproof.yaml",
            format!("schema_version: 1\nregistry: providers.yaml\npolicies: [review.yaml]\n{config}"),
        )
        .file(".github/workflows/review.yml", format!("on: push\njobs:\n{jobs}"))
}

fn run(project: &Scratch, args: &[&str]) -> Ended {
    slugproof(args.iter().copied()).dir(project).run()
}

/// The code and the level of each finding of lint.
fn linted(project: &Scratch) -> Vec<(String, String)> {
    let report = run(project, &["lint", "--output", "json"]).json();
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    let findings = report["findings"].as_array().expect("a list").iter();
    findings.map(|finding| (text(&finding["code"]), text(&finding["level"]))).collect()
}

fn error(code: &str) -> (String, String) {
    (code.to_owned(), "error".to_owned())
}

const GAP: &str = "  - {code: missing-credential, unset: [CI_NORTH, CI_SOUTH], reason: forks have no keys}\n\
                   \u{20}\u{20}- {code: wrong-credential, reason: the key of the other vendor}\n";

#[test]
fn entry_without_scope_accepts_a_gap_and_no_finding() {
    let project = project("unscoped", &format!("accept:\n{GAP}"), &[("no-key", "")]);
    let proved = run(&project, &["prove"]);
    assert_eq!(proved.code, 0, "{}", proved.shown());
    let ended = run(&project, &["lint"]);
    assert_eq!(ended.code, 1, "{}", ended.shown());
    assert!(ended.stdout.starts_with("error[missing-credential]"), "{}", ended.shown());
    let help = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(help.contains("line 5 of slugproof.yaml accepts this for `prove` only"), "{}", ended.shown());
    assert!(help.contains("add an entry with `job: no-key`"), "{}", ended.shown());
}

#[test]
fn entry_with_scope_accepts_a_finding_and_no_gap() {
    for scope in ["job: no-key", "workflow: review.yml", "workflow: .github/workflows/review.yml, job: no-key"] {
        let entry = format!("accept:\n  - {{code: missing-credential, {scope}, reason: tests it}}\n");
        let project = project("scoped", &entry, &[("no-key", "")]);
        let ended = run(&project, &["lint"]);
        assert_eq!(ended.code, 0, "{}", ended.shown());
        assert!(ended.stdout.starts_with("accepted[missing-credential]: "), "{}", ended.shown());
        assert!(ended.stdout.contains("= note: accepted: tests it\n"), "{}", ended.shown());
        assert!(ended.stdout.contains("✓ nothing found in 1 workflow file, 1 step; 1 accepted\n"), "{}", ended.shown());
        let proved = run(&project, &["prove"]);
        assert!(proved.code == 1 && !proved.stdout.contains("slugproof.yaml: line"), "{}", proved.shown());
    }
}

#[test]
fn entry_with_scope_leaves_other_jobs() {
    let entry = "accept: [{code: missing-credential, job: no-key, reason: tests it}]\n";
    let project = project("other-job", entry, &[("no-key", ""), ("forgotten", "")]);
    assert_eq!(linted(&project), [error("missing-credential")]);
    let ended = run(&project, &["lint"]);
    assert!(ended.stdout.contains("in job `forgotten`") && ended.stdout.contains("1 accepted"), "{}", ended.shown());
}

#[test]
fn unused_entry_is_a_finding_of_its_command() {
    let entry = "accept: [{code: ambiguous-model, job: fine, reason: none}]\n";
    let scoped = project("idle-scoped", entry, &[("fine", "CI_NORTH: x")]);
    let ended = run(&scoped, &["lint"]);
    assert!(ended.code == 1 && ended.stdout.starts_with("warning[unused-accept]"), "{}", ended.shown());
    let entry = "accept: [{code: ambiguous-model, set: [MODEL], reason: none}]\n";
    let unscoped = project("idle-unscoped", entry, &[("fine", "CI_NORTH: x")]);
    assert_eq!(run(&unscoped, &["lint"]).code, 0);
    let ended = run(&unscoped, &["prove"]);
    let told = "slugproof.yaml: line 4: accepts no ambiguous-model; remove the entry, or add `workflow` or `job`";
    assert!(ended.code == 1 && ended.stdout.contains(told), "{}", ended.shown());
}

#[test]
fn unknown_scope_gets_a_suggestion() {
    for (scope, told) in [
        (
            "workflow: reviews.yml",
            "`accept[0].workflow`: no linted file is the workflow `reviews.yml`; did you mean `review.yml`?",
        ),
        ("job: no-keys", "`accept[0].job`: no linted workflow has the job `no-keys`; did you mean `no-key`?"),
        (
            "workflow: review.yml, job: nightly",
            "`accept[0].job`: `review.yml` does not have the job `nightly`; write the id of a job",
        ),
    ] {
        let entry = format!("accept: [{{code: missing-credential, {scope}, reason: tests it}}]\n");
        let project = project("scope", &entry, &[("no-key", "")]);
        let ended = run(&project, &["lint"]);
        assert!(ended.code == 2 && ended.stderr.contains(told), "{}", ended.shown());
        // A run on other files does not need the entry.
        let project = project.file("other.yml", "on: push\njobs:\n  other:\n    steps:\n      - run: ci/review.sh\n");
        assert_eq!(run(&project, &["lint", "other.yml"]).code, 1);
    }
}
