//! Reads a custom registry and policy, and prints the location of an error in an invalid registry.
//!
//! ```sh
//! cargo run -p slug-resolver --example own_data
//! ```

#![expect(clippy::disallowed_macros, reason = "the lint applies to the library, and examples print")]

use slug_resolver::yaml::UnknownFields;
use slug_resolver::{Env, Policy, Registry, resolve};

const REGISTRY: &str = r#"
schema_version: 1
providers:
  - name: acme
    display_name: Acme
    protocol: openai
    auth_mode: api_key
    auth_env: [ACME_API_KEY]
    model_prefix_match: "^acme/"
runtimes:
  agent:
    providers:
      - {name: acme, models: [model-0]}
"#;

const POLICY: &str = "
schema_version: 1
name: nightly
runtime: RUNTIME
override: MODEL
platform: {var: LLM_PATH, value: platform, model: PLATFORM_MODEL, fallback: platform/model-1}
secrets:
  - {key: ACME_KEY, inject: [ACME_API_KEY]}
fallback: model-0
";

fn main() {
    let registry = Registry::from_yaml(REGISTRY.as_bytes(), UnknownFields::Deny).expect("the registry is valid");
    let policy = Policy::from_yaml(POLICY.as_bytes()).expect("the policy is valid");
    for variables in [&[][..], &[("ACME_KEY", "set")], &[("ACME_KEY", "set"), ("MODEL", "acme/new")]] {
        let env = Env::read(&policy, variables.iter().copied());
        println!("{}", resolve(&registry, "agent", &env, &[]).message(&registry));
    }

    let typo = REGISTRY.replace("models:", "model:");
    let refused =
        Registry::from_yaml(typo.as_bytes(), UnknownFields::Deny).expect_err("`model` is not a field of an arm");
    println!("refused: {refused}");
    assert_eq!(refused.line_col.map(|start| start.line), Some(13));
    assert_eq!(refused.path.to_string(), "runtimes.agent.providers[0].model");
}
