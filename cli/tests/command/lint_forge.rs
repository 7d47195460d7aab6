//! Rules of the forge that decide whether a step runs and which values it sees.

use crate::run::{Scratch, slugproof};

const REGISTRY: &str = "schema_version: 1
providers:
  - {name: acme, auth_env: [ACME_API_KEY], model_prefix_match: ^acme/}
  - {name: platform, auth_env: [USAGE_TOKEN], model_prefix_match: ^platform/}
runtimes:
  agent: {providers: [{name: acme, models: [ac-4.10, ac-16]}, {name: platform, models: [platform/m]}]}
";

/// A policy whose platform path takes only models of the platform.
const POLICY: &str = "schema_version: 1
name: evals
harness: [scripts/eval.sh]
runtime: RUNTIME
defaults: {RUNTIME: agent}
override: MODEL
platform: {var: PAYER, value: platform, model: HOUSE_MODEL, fallback: platform/m}
secrets: [{key: ACME_API_KEY, inject: [ACME_API_KEY]}]
fallback: ac-16
";

/// The level and code of each finding in these workflow files, except notes.
fn findings(name: &str, files: &[(&str, &str)]) -> Vec<String> {
    let mut scratch = Scratch::new(&format!("forge-{name}"))
        .file("slugproof.yaml", "schema_version: 1\nregistry: providers.yaml\npolicies: [policy.yaml]\n")
        .file("providers.yaml", REGISTRY)
        .file("policy.yaml", POLICY)
        .file("scripts/eval.sh", "echo eval\n");
    for (path, text) in files {
        scratch = scratch.file(&format!(".github/workflows/{path}"), *text);
    }
    let output = slugproof(["lint"]).dir(&scratch).run();
    assert!(output.code < 2 && output.stderr.is_empty(), "{}", output.snapshot());
    let levels = ["error[", "warning[", "undecided["];
    let is_title = |line: &&str| levels.iter().any(|level| line.starts_with(level));
    let title = |line: &str| line.split_once(']').map_or("", |(code, _)| code).replace('[', " ");
    output.stdout.lines().filter(is_title).map(title).collect()
}

/// The findings in one workflow with these jobs.
fn findings_in(name: &str, jobs: &str) -> Vec<String> {
    findings(name, &[("w.yml", &format!("on: push\njobs:\n{jobs}"))])
}

/// On the platform path, a model of `acme` has no provider that the platform pays for.
const CONTRADICTION: &str = "error platform-path-byok-model";

#[test]
fn block_condition_is_always_true() {
    let jobs = |condition: &str| {
        format!(
            "  push:
    env: {{PAYER: platform}}
    steps: [{{run: bash scripts/eval.sh}}]
  nightly:
    if: {condition}
    env: {{PAYER: platform, MODEL: ac-16}}
    steps: [{{run: bash scripts/eval.sh}}]
"
        )
    };
    const EXPRESSION: &str = "${{ github.event_name == 'schedule' }}";
    let always = ["warning always-true-condition", CONTRADICTION];
    for (condition, expected) in [
        (format!("|\n      {EXPRESSION}"), &always[..]),
        (format!(">\n      {EXPRESSION}"), &always),
        (format!("{EXPRESSION} && github.ref_name == 'main'"), &always),
        (format!(">-\n      {EXPRESSION}"), &[]),
        (EXPRESSION.to_owned(), &[]),
        ("|\n      github.event_name == 'schedule'".to_owned(), &[]),
    ] {
        let mut found = findings_in("condition", &jobs(&condition));
        found.sort_unstable_by(|one, other| other.cmp(one));
        assert_eq!(found, expected, "{condition}");
    }
    let step = "  a:
    env: {PAYER: platform, MODEL: ac-16}
    steps:
      - {run: bash scripts/eval.sh, if: '${{ false }} '}
      - {run: echo, if: ' ${{ failure() }}'}
";
    let found = findings_in("condition-of-step", step);
    assert_eq!(found, [CONTRADICTION, "warning always-true-condition", "warning always-true-condition"]);
}
