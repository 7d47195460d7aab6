//! Policies of real kinds of harnesses, each in a few lines, with the answers that a reader expects.

use std::sync::Arc;

use slug_laws::enumeration::Enumeration;
use slug_laws::{Counts, Dataset, Expectation, LawContext, RealResolver, TestCase};
use slug_resolver::policy::{Action, Harness};
use slug_resolver::yaml::UnknownFields;
use slug_resolver::{Policy, Registry, fixes, resolve};

use crate::proof::prove_checks;

const REGISTRY: &str = "schema_version: 1
providers:
  - {name: openai, auth_env: [OPENAI_API_KEY], model_prefix_match: '^gpt-'}
  - {name: anthropic, auth_env: [ANTHROPIC_API_KEY], model_prefix_match: '^claude-'}
  - {name: bedrock, auth_env: [[AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY], AWS_PROFILE], model_prefix_match: '^aws/'}
  - {name: ollama, auth_env: [], model_prefix_match: '^local/'}
  - {name: platform, model_prefix_match: '^platform/'}
runtimes:
  agent:
    providers:
      - {name: openai, models: [gpt-5, gpt-5-mini]}
      - {name: anthropic, models: [claude-opus]}
      - {name: bedrock}
      - {name: ollama}
      - {name: platform, models: [platform/kimi]}
  studio:
    providers: [{name: openai, models: [gpt-5]}]
";

/// The maximum number of lines of a policy.
const LINES: usize = 25;

/// Set variables, and the expected answer: slug, rule, injected names, and the verdict.
type Example =
    (&'static [(&'static str, &'static str)], &'static str, Option<&'static str>, &'static str, &'static str);

fn dataset(policy: &str) -> Arc<Dataset> {
    assert!(policy.lines().count() <= LINES, "the policy is too long:\n{policy}");
    let registry = Registry::from_yaml(REGISTRY.as_bytes(), UnknownFields::Deny).expect("the document is valid");
    let policy = Policy::from_yaml(policy.as_bytes()).unwrap_or_else(|error| panic!("{error}:\n{policy}"));
    Dataset::new(registry, policy)
}

/// Checks the examples, every law on them, and every law on all cases of the enumeration.
fn check(policy: &str, runtime: &str, examples: &[Example]) {
    let dataset = dataset(policy);
    check_examples(&dataset, runtime, examples);
    check_enumeration(&dataset);
}

fn check_examples(dataset: &Arc<Dataset>, runtime: &str, examples: &[Example]) {
    for (variables, slug, rule, injected, verdict) in examples {
        let case = variables.iter().fold(TestCase::new(dataset, runtime), |case, (name, value)| case.with(name, value));
        let context = LawContext::new(&RealResolver, &case);
        let found = Expectation::of(&context.resolution);
        let answer = (found.slug.as_str(), found.rule.as_deref(), found.injected.join(" "), found.verdict.as_str());
        assert_eq!(answer, (*slug, *rule, (*injected).to_owned(), *verdict), "{runtime} with {variables:?}");
        assert_eq!(context.check(), Ok(()));
    }
}

fn check_enumeration(dataset: &Arc<Dataset>) {
    let enumeration = Enumeration::new(dataset);
    let proof = prove_checks(&RealResolver, &enumeration, 0..enumeration.checks());
    if let Some(broken) = &proof.broken {
        panic!("{} is broken by {:?}: {}", broken.law.id, broken.case, broken.violation);
    }
    assert_eq!(proof.covered, enumeration.combinations());
    let mut total = Counts::default();
    for (runtime, _) in enumeration.runtimes().enumerate() {
        for class in 0..enumeration.first_classes() {
            total.merge(enumeration.brute_force(runtime, class));
        }
    }
    assert_eq!(total, proof.counts);
}

#[test]
fn two_override_variables_count_in_order() {
    let policy = "schema_version: 2
name: two-overrides
model:
  - {name: job, use: $JOB_MODEL}
  - {name: repository, use: $DEFAULT_MODEL}
  - {use: gpt-5}
secrets: [{key: OPENAI_API_KEY}, {key: ANTHROPIC_API_KEY}]
";
    check(
        policy,
        "agent",
        &[
            (
                &[("OPENAI_API_KEY", "1"), ("DEFAULT_MODEL", "claude-opus"), ("JOB_MODEL", "gpt-5")],
                "gpt-5",
                Some("job"),
                "OPENAI_API_KEY",
                "coherent",
            ),
            (
                &[("OPENAI_API_KEY", "1"), ("DEFAULT_MODEL", "claude-opus"), ("JOB_MODEL", "")],
                "claude-opus",
                Some("repository"),
                "OPENAI_API_KEY",
                "wrong-credential",
            ),
            (&[], "gpt-5", Some("model[2]"), "", "missing-credential"),
        ],
    );
}

#[test]
fn harness_sends_all_its_keys() {
    let policy = "schema_version: 2
name: all-keys
model: [{use: $MODEL}, {use: gpt-5}]
inject: every
secrets: [{key: OPENAI_API_KEY}, {key: ANTHROPIC_API_KEY}]
";
    check(
        policy,
        "agent",
        &[
            (
                &[("OPENAI_API_KEY", "1"), ("ANTHROPIC_API_KEY", "1"), ("MODEL", "claude-opus")],
                "claude-opus",
                Some("model[0]"),
                "ANTHROPIC_API_KEY OPENAI_API_KEY",
                "coherent",
            ),
            (
                &[("OPENAI_API_KEY", "1"), ("MODEL", "claude-opus")],
                "claude-opus",
                Some("model[0]"),
                "OPENAI_API_KEY",
                "wrong-credential",
            ),
            (
                &[("OPENAI_API_KEY", "1"), ("MODEL", "platform/kimi")],
                "platform/kimi",
                Some("model[0]"),
                "OPENAI_API_KEY",
                "platform-model-with-tenant-key",
            ),
        ],
    );
}

#[test]
fn switch_variable_chooses_the_provider() {
    let policy = "schema_version: 2
name: switch
defaults: {LLM_PROVIDER: openai}
model:
  - {name: openai, when: {LLM_PROVIDER: [openai, azure]}, use: gpt-5}
  - {name: anthropic, when: {LLM_PROVIDER: anthropic}, use: claude-opus}
secrets:
  - {when: {LLM_PROVIDER: anthropic}, key: ANTHROPIC_API_KEY}
  - {when: {LLM_PROVIDER: {not: anthropic}}, key: OPENAI_API_KEY}
";
    const KEYS: [(&str, &str); 2] = [("OPENAI_API_KEY", "1"), ("ANTHROPIC_API_KEY", "1")];
    check(
        policy,
        "agent",
        &[
            (&KEYS, "gpt-5", Some("openai"), "OPENAI_API_KEY", "coherent"),
            (
                &[KEYS[0], KEYS[1], ("LLM_PROVIDER", "anthropic")],
                "claude-opus",
                Some("anthropic"),
                "ANTHROPIC_API_KEY",
                "coherent",
            ),
            (&[KEYS[0], ("LLM_PROVIDER", "mistral")], "", None, "OPENAI_API_KEY", "model-required"),
        ],
    );
}

#[test]
fn host_of_base_url_chooses_the_provider() {
    let policy = "schema_version: 2
name: base-url
model:
  - {name: direct, when: {BASE_URL: {host: api.anthropic.com}}, use: claude-opus}
  - {name: local, when: {BASE_URL: {host: localhost}}, use: local/qwen}
  - {use: gpt-5}
secrets:
  - {when: {BASE_URL: {host: api.anthropic.com}}, key: API_KEY, inject: [ANTHROPIC_API_KEY]}
  - {key: API_KEY, inject: [OPENAI_API_KEY]}
";
    check(
        policy,
        "agent",
        &[
            (
                &[("API_KEY", "1"), ("BASE_URL", "https://API.anthropic.com:443/v1")],
                "claude-opus",
                Some("direct"),
                "ANTHROPIC_API_KEY",
                "coherent",
            ),
            (&[("BASE_URL", "http://localhost:11434")], "local/qwen", Some("local"), "", "coherent"),
            (
                &[("API_KEY", "1"), ("BASE_URL", "https://proxy.example/api.anthropic.com")],
                "gpt-5",
                Some("model[2]"),
                "OPENAI_API_KEY",
                "coherent",
            ),
        ],
    );
}

#[test]
fn weak_model_extends_the_policy_of_the_main_model() {
    let main = "schema_version: 2
name: main
harness: [aider.sh, {uses: acme/aider, inputs: {model: AIDER_MODEL, key: OPENAI_API_KEY}}]
model: [{name: main, use: $AIDER_MODEL}, {use: gpt-5}]
secrets: [{key: OPENAI_API_KEY}]
";
    let weak = "schema_version: 2
name: weak
extends: main
model: [{name: weak, use: $AIDER_WEAK_MODEL}, {use: gpt-5-mini}]
";
    let base = dataset(main);
    let root = slug_resolver::yaml::read(weak.as_bytes()).expect("the document is readable");
    let extended = Policy::from_node_extending(slug_resolver::yaml::Cursor::root(&root), &mut |name| {
        assert_eq!(name, "main");
        Ok(base.policy.document().clone())
    });
    let extended = Dataset::new(base.registry.clone(), extended.expect("the document is valid"));
    // The extending policy does not read the variable of the other input.
    let inputs = [("key".to_owned(), "OPENAI_API_KEY".to_owned())];
    let action = Action { uses: "acme/aider".to_owned(), inputs: inputs.into() };
    assert_eq!(extended.policy.document().harness, [Harness::from("aider.sh"), Harness::Action(action)]);

    const BOTH: &[(&str, &str)] =
        &[("AIDER_MODEL", "gpt-5"), ("AIDER_WEAK_MODEL", "claude-opus"), ("OPENAI_API_KEY", "1")];
    check_examples(&base, "agent", &[(BOTH, "gpt-5", Some("main"), "OPENAI_API_KEY", "coherent")]);
    check_examples(
        &extended,
        "agent",
        &[
            (BOTH, "claude-opus", Some("weak"), "OPENAI_API_KEY", "wrong-credential"),
            (&[("OPENAI_API_KEY", "1")], "gpt-5-mini", Some("model[1]"), "OPENAI_API_KEY", "coherent"),
            (&[("AIDER_MODEL", "claude-opus")], "gpt-5-mini", Some("model[1]"), "", "missing-credential"),
        ],
    );
    [base, extended].iter().for_each(check_enumeration);
}

#[test]
fn platform_path_precedes_the_override() {
    let policy = "schema_version: 2
name: platform-first
model:
  - {name: platform, when: {LLM_PATH: platform}, use: platform/kimi}
  - {name: override, use: $MODEL}
  - {use: gpt-5}
secrets:
  - {when: {LLM_PATH: platform}, path: platform}
  - {key: OPENAI_API_KEY}
";
    check(
        policy,
        "agent",
        &[
            (
                &[("LLM_PATH", "platform"), ("MODEL", "gpt-5"), ("OPENAI_API_KEY", "1")],
                "platform/kimi",
                Some("platform"),
                "",
                "coherent",
            ),
            (
                &[("MODEL", "platform/kimi"), ("OPENAI_API_KEY", "1")],
                "platform/kimi",
                Some("override"),
                "OPENAI_API_KEY",
                "platform-model-with-tenant-key",
            ),
            (&[("LLM_PATH", "Platform")], "gpt-5", Some("model[2]"), "", "missing-credential"),
        ],
    );
}

#[test]
fn nothing_is_created_under_a_condition() {
    let policy = "schema_version: 2
name: skips
creates: {unless: [{INTENTIONAL_FAILURE: '1'}, {DRY_RUN: set, runtime: {not: studio}}]}
model: [{use: $MODEL}]
";
    check(
        policy,
        "agent",
        &[
            (&[("INTENTIONAL_FAILURE", "1"), ("MODEL", "gpt-5")], "gpt-5", Some("model[0]"), "", "nothing"),
            (&[("DRY_RUN", "yes")], "", None, "", "nothing"),
            (&[("INTENTIONAL_FAILURE", "0")], "", None, "", "model-required"),
        ],
    );
    let both: &[Example] = &[
        (&[("DRY_RUN", "yes"), ("MODEL", "gpt-5")], "gpt-5", Some("model[0]"), "", "missing-credential"),
        (&[("INTENTIONAL_FAILURE", "1")], "", None, "", "nothing"),
    ];
    check_examples(&dataset(policy), "studio", both);
}

#[test]
fn credential_group_needs_all_its_names() {
    let policy = "schema_version: 2
name: groups
model: [{use: aws/nova}]
inject: every
secrets:
  - {key: AWS_PROFILE}
  - {key: AWS_ACCESS_KEY_ID}
  - {key: AWS_SECRET_ACCESS_KEY}
";
    check(
        policy,
        "agent",
        &[
            (
                &[("AWS_ACCESS_KEY_ID", "1"), ("AWS_SECRET_ACCESS_KEY", "1")],
                "aws/nova",
                Some("model[0]"),
                "AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY",
                "coherent",
            ),
            (&[("AWS_ACCESS_KEY_ID", "1")], "aws/nova", Some("model[0]"), "AWS_ACCESS_KEY_ID", "wrong-credential"),
            (&[("AWS_PROFILE", "ci")], "aws/nova", Some("model[0]"), "AWS_PROFILE", "coherent"),
        ],
    );
}

#[test]
fn local_provider_needs_no_credential() {
    let policy = "schema_version: 2
name: local
model: [{when: {OLLAMA_MODEL: set}, use: $OLLAMA_MODEL}, {use: local/qwen}]
";
    check(
        policy,
        "agent",
        &[
            (&[], "local/qwen", Some("model[1]"), "", "coherent"),
            (&[("OLLAMA_MODEL", "local/llama")], "local/llama", Some("model[0]"), "", "coherent"),
            (&[("OLLAMA_MODEL", "gpt-5")], "gpt-5", Some("model[0]"), "", "missing-credential"),
        ],
    );
}

#[test]
fn listed_variable_counts_as_set_if_empty() {
    let policy = "schema_version: 2
name: empty
empty_is_set: [OPENAI_API_KEY, MODEL]
model: [{use: $MODEL}, {use: gpt-5}]
secrets: [{key: ANTHROPIC_API_KEY}, {key: OPENAI_API_KEY}]
";
    check(
        policy,
        "agent",
        &[
            (&[("OPENAI_API_KEY", "")], "gpt-5", Some("model[1]"), "OPENAI_API_KEY", "coherent"),
            (&[("ANTHROPIC_API_KEY", "")], "gpt-5", Some("model[1]"), "", "missing-credential"),
            (&[("MODEL", ""), ("OPENAI_API_KEY", "1")], "", Some("model[0]"), "OPENAI_API_KEY", "model-required"),
        ],
    );
}

#[test]
fn constant_secret_is_always_injected() {
    let policy = "schema_version: 2
name: constant
model: [{use: $MODEL}, {use: gpt-5}]
secrets: [{inject: [OPENAI_API_KEY]}]
";
    check(
        policy,
        "agent",
        &[
            (&[], "gpt-5", Some("model[1]"), "OPENAI_API_KEY", "coherent"),
            (&[("MODEL", "claude-opus")], "claude-opus", Some("model[0]"), "OPENAI_API_KEY", "wrong-credential"),
            (
                &[("MODEL", "platform/kimi")],
                "platform/kimi",
                Some("model[0]"),
                "OPENAI_API_KEY",
                "platform-model-with-tenant-key",
            ),
        ],
    );
}

#[test]
fn policy_without_default_model_requires_one() {
    let policy = "schema_version: 2
name: no-default
model:
  - {name: studio, when: {runtime: studio}, use: none}
  - {name: override, use: $MODEL}
secrets: [{key: OPENAI_API_KEY}]
";
    check(
        policy,
        "agent",
        &[
            (&[("OPENAI_API_KEY", "1")], "", None, "OPENAI_API_KEY", "model-required"),
            (&[("OPENAI_API_KEY", "1"), ("MODEL", "gpt-5")], "gpt-5", Some("override"), "OPENAI_API_KEY", "coherent"),
        ],
    );
    let studio: &[Example] = &[(&[("MODEL", "gpt-5")], "", Some("studio"), "", "model-required")];
    check_examples(&dataset(policy), "studio", studio);
}

#[test]
fn policy_without_platform_path_is_byok() {
    let policy = "schema_version: 2
name: byok
runtimes: [agent]
model: [{name: override, use: $MODEL}, {use: gpt-5}]
secrets: [{key: OPENAI_API_KEY}]
";
    let dataset = dataset(policy);
    assert!(!dataset.policy.has_platform_path());
    assert_eq!(TestCase::new(&dataset, "agent").env().runtime(), Some("agent"));
    let examples: &[Example] = &[
        (&[("LLM_PATH", "platform")], "gpt-5", Some("model[1]"), "", "missing-credential"),
        (&[("MODEL", "platform/kimi")], "platform/kimi", Some("override"), "", "coherent"),
        (&[("OPENAI_API_KEY", "1")], "gpt-5", Some("model[1]"), "OPENAI_API_KEY", "coherent"),
    ];
    check_examples(&dataset, "agent", examples);
    check_enumeration(&dataset);
}

/// A fix that keeps the vendor comes before a smaller one that changes it, and no fix sends a key to another
/// vendor.
#[test]
fn first_fix_keeps_the_vendor_of_the_slug() {
    let policy = "schema_version: 2
name: keeps-vendor
model: [{name: override, use: $MODEL}, {use: gpt-5}]
secrets: [{key: OPENAI_API_KEY}, {key: ANTHROPIC_API_KEY}]
";
    let dataset = dataset(policy);
    let case = TestCase::new(&dataset, "agent").with("MODEL", "claude-opus").with("OPENAI_API_KEY", "1");
    let found = resolve(&dataset.registry, "agent", &case.env(), &[]);
    assert_eq!(Expectation::of(&found).verdict, "wrong-credential");
    let providers: Vec<(usize, String)> = fixes(&dataset.registry, "agent", &case.env(), &[])
        .into_iter()
        .map(|fix| (fix.edits.len(), fix.provider))
        .collect();
    let position = |name: &str| providers.iter().position(|(_, provider)| provider == name);
    assert_eq!(position("anthropic"), Some(0), "{providers:?}");
    assert_eq!(providers[0].0, 2, "{providers:?}");
    assert!(position("openai").is_some_and(|position| providers[position].0 == 1), "{providers:?}");
}
