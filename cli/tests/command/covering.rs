//! Compares the findings of `lint` with runs of a model of the forge, on a covering array of workflow features.

#[path = "../../../crates/testkit/tests/workflows/array.rs"]
mod array;
#[path = "../../../crates/testkit/tests/workflows/expression.rs"]
mod expression;
#[path = "../../../crates/testkit/tests/workflows/features.rs"]
mod features;
#[path = "../../../crates/testkit/tests/workflows/runner.rs"]
mod runner;

use std::collections::BTreeSet;
use std::process::Command;

use slug_resolver::yaml::UnknownFields;
use slug_resolver::{Env, Policy, Registry, resolve};

use crate::run::{Scratch, slugproof};
use runner::{Run, Scripts, World};

/// The strength of the array: every feasible combination of as many features occurs.
const STRENGTH: usize = 2;

const REGISTRY: &str = "schema_version: 1
providers:
  - {name: acme, auth_env: [ACME_API_KEY], model_prefix_match: '^acme-'}
  - {name: house, billing: platform, auth_env: [HOUSE_TOKEN], model_prefix_match: '^house-'}
runtimes:
  agent: {providers: [{name: acme, models: [acme-large]}, {name: house, models: [house-mini]}]}
";

const POLICY: &str = "schema_version: 2
name: e2e
harness: [tests/e2e.sh]
runtime: RUNTIME
defaults: {RUNTIME: agent}
model: [{use: $MODEL}, {use: house-mini}]
secrets: [{when: {AI_PATH: house}, path: platform}, {key: ACME_API_KEY}]
";

/// The codes of the contradictions with which calls fail.
struct Codes<'p> {
    policy: &'p Policy,
    registry: &'p Registry,
    scripts: Scripts,
}

impl Codes<'_> {
    fn of(&mut self, files: &runner::Files, worlds: &[World]) -> BTreeSet<String> {
        let mut codes = BTreeSet::new();
        for call in worlds.iter().flat_map(|world| Run::calls(files, world, &mut self.scripts)) {
            let env = Env::read(self.policy, call.environment.iter().map(|(name, text)| (name, text.as_str())));
            let resolution = resolve(self.registry, env.runtime().unwrap_or_default(), &env.without_runtime(), &[]);
            codes.extend(resolution.code.map(|code| code.as_str().to_owned()));
        }
        codes
    }
}

/// A call that fails in a run has a finding, and an error is a failure of some run.
#[test]
fn findings_of_covering_workflows_are_those_of_runs() {
    let registry = Registry::from_yaml(REGISTRY.as_bytes(), UnknownFields::Deny).expect("the registry is valid");
    let policy = Policy::from_yaml(POLICY.as_bytes()).expect("the policy is valid");
    let mut codes = Codes { policy: &policy, registry: &registry, scripts: Scripts::default() };
    let has_make = Command::new("make").arg("--version").output().is_ok();
    let (mut failing, mut errors, mut undecided) = (0, 0, 0);
    for row in features::MODEL.array(STRENGTH, 0) {
        let features::Repository { files, worlds, failing_worlds, has_secret, runs_make } = features::repository(&row);
        if runs_make && !has_make {
            continue;
        }
        let certain = codes.of(&files, &worlds);
        let possible = &certain | &codes.of(&files, &failing_worlds);

        let secrets = if has_secret { "" } else { "known_secrets: []\n" };
        let config = format!("schema_version: 1\nregistry: providers.yaml\npolicies: [policy.yaml]\n{secrets}");
        let scratch = Scratch::new("covering")
            .file("slugproof.yaml", config)
            .file("providers.yaml", REGISTRY)
            .file("policy.yaml", POLICY)
            .file(runner::HARNESS, "#!/bin/bash\necho \"$MODEL\"\n");
        let scratch = files.iter().fold(scratch, |scratch, (path, text)| scratch.file(path, text));
        let output = slugproof(["lint", "--output", "json"]).dir(&scratch).run();
        let report = output.json();
        let findings = report["findings"].as_array().expect("a report has findings");
        let with = |level: &'static str| findings.iter().filter(move |finding| finding["level"] == level);
        let found: BTreeSet<&str> = with("error").filter_map(|finding| finding["code"].as_str()).collect();
        let is_open = with("undecided").next().is_some();
        let context = || format!("{}\n{}\nin runs: {possible:?}", features::describe(&row), output.snapshot());
        for code in &certain {
            assert!(found.contains(code.as_str()) || is_open, "`{code}` is not found: {}", context());
        }
        for code in &found {
            assert!(possible.contains(*code), "`{code}` never happens: {}", context());
        }
        failing += usize::from(!certain.is_empty());
        errors += usize::from(!found.is_empty());
        undecided += usize::from(is_open);
    }
    // A linter that decides little agrees with everything.
    println!("{} scripts, {failing} fail, {errors} have errors, {undecided} are undecided", codes.scripts.runs);
    assert!(failing > 20 && errors * 2 > failing, "{failing} fail, {errors} have errors, {undecided} are undecided");
}
