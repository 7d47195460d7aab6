//! Every law on every case of the embedded data, and the counts that must add up.

use std::collections::BTreeSet;

use proptest::test_runner::Config;
use slug_resolver::laws::plan::Plan;
use slug_resolver::laws::proof::{Proof, Tally};
use slug_resolver::laws::{Product, Scene, Subject};
use slug_resolver::yaml::UnknownFields;
use slug_resolver::{Code, Env, Policy, Registry, Rule, resolve};

use crate::strategy::fixed_cases;

/// One test for each runtime and rule, so that what runs them in parallel or on several
/// machines can share them out evenly.
macro_rules! proofs {
    ($($runtime:ident => $name:literal,)*) => {
        $(
            mod $runtime {
                use slug_resolver::Rule;

                #[test]
                fn override_() {
                    super::prove($name, Rule::Override);
                }

                #[test]
                fn platform() {
                    super::prove($name, Rule::Platform);
                }

                #[test]
                fn keyed() {
                    super::prove($name, Rule::Keyed);
                }

                #[test]
                fn default() {
                    super::prove($name, Rule::Default);
                }

                #[test]
                fn fallback() {
                    super::prove($name, Rule::Fallback);
                }
            }
        )*

        const PROVED: &[&str] = &[$($name),*];
    };
}

proofs! {
    claude_code => "claude-code",
    hermes => "hermes",
    codex => "codex",
    openclaw => "openclaw",
    google_adk => "google-adk",
    seo_agent => "seo-agent",
    unknown => "unknown",
}

/// Every law on every case of one runtime that one rule decides, under every embedded policy.
fn prove(runtime: &str, rule: Rule) {
    for policy in ["full-saas", "reconciler"] {
        let plan = plan(policy);
        let mut proof = Proof::default();
        for number in 0..plan.len() {
            let planned = plan.get(number).expect("below the length");
            if planned.case.runtime == runtime && Product.resolve(&planned.case).rule == rule {
                proof.examine(&Product, number, &planned);
            }
        }
        if let Some(broken) = &proof.broken {
            panic!("{} is broken by {:?}: {}", broken.law.id, broken.case, broken.violation);
        }
    }
}

/// The tests above leave nothing out: a case has one runtime and one of the five rules.
#[test]
fn every_runtime_is_proved_and_the_counts_add_up() {
    assert_eq!(Rule::ALL.len(), 5);
    for policy in ["full-saas", "reconciler"] {
        let plan = plan(policy);
        assert!(plan.undecided().is_empty());
        let runtimes: BTreeSet<&str> = plan.runtimes().map(|(runtime, _)| runtime).collect();
        assert_eq!(runtimes, PROVED.iter().copied().collect());
        let planned = (0..plan.len()).map(|number| plan.get(number).expect("below the length"));
        assert_eq!(planned.map(|planned| planned.covers).sum::<u128>(), plan.combinations());
    }
}

/// An id that an arm lists is no witness for what a pattern does with ids that none lists.
#[test]
fn a_class_is_not_hidden_behind_a_listed_id() {
    let registry = "
schema_version: 1
providers:
  - {name: byok, display_name: B, protocol: openai, auth_mode: key, auth_env: [KEY], model_prefix_match: ^a}
  - {name: platform, display_name: P, protocol: openai, auth_mode: key, auth_env: [TOKEN], model_prefix_match: ^platform/}
runtimes:
  agent: {providers: [{name: byok}, {name: platform, models: [a, platform/m]}]}
";
    let policy = "
schema_version: 1
name: mine
runtime: RUNTIME
defaults: {LLM_PATH: platform}
override: MODEL
platform: {var: LLM_PATH, value: platform, model: PM, fallback: platform/m}
fallback: platform/m
";
    let registry = Registry::from_yaml(registry.as_bytes(), UnknownFields::Deny).expect("it is valid");
    let policy = Policy::from_yaml(policy.as_bytes()).expect("it is valid");
    let plan = Plan::new(&Scene::new(registry, policy));
    let mut proof = Proof::default();
    for number in 0..plan.len() {
        proof.examine(&Product, number, &plan.get(number).expect("below the length"));
    }
    let codes: Vec<Code> = proof.holes(|_| true).iter().map(|hole| hole.code).collect();
    assert!(codes.contains(&Code::PlatformPathByokModel), "{codes:?}");
}

/// The number of combinations is a formula of the data, not whatever the walk happens to visit.
#[test]
fn combinations_follow_from_the_data() {
    for (policy, keys) in [("full-saas", 4), ("reconciler", 3)] {
        let plan = plan(policy);
        let (slugs, runtimes) = (plan.slugs().len() as u128, plan.runtimes().count() as u128);
        assert_eq!(plan.combinations(), runtimes * (slugs + 1) * 3 * (slugs + 1) * 2_u128.pow(keys));
    }
}

/// What the walk says each case stands for is what the whole product comes to.
#[test]
fn brute_force_agrees() {
    let plan = plan("reconciler");
    let mut whole = Tally::default();
    for (runtime, _) in plan.runtimes().enumerate() {
        for class in 0..=plan.slugs().len() {
            whole.merge(plan.brute_force(runtime, class));
        }
    }
    let mut walked = Proof::default();
    for number in 0..plan.len() {
        walked.examine(&Product, number, &plan.get(number).expect("below the length"));
    }
    assert_eq!(whole.total(), plan.combinations());
    assert_eq!(whole, walked.tally);
}

/// The walk is right about data that nobody had in mind when it was written.
#[test]
fn walks_of_random_scenes_add_up() {
    // 256 cases by default make a dozen scenes; `PROPTEST_CASES` scales both.
    let scenes = (Config::default().cases as usize / 20).max(12);
    for case in fixed_cases(scenes) {
        let plan = Plan::new(&case.scene);
        let mut walked = Proof::default();
        for number in 0..plan.len() {
            walked.examine(&Product, number, &plan.get(number).expect("below the length"));
        }
        if let Some(broken) = &walked.broken {
            panic!("{} is broken by {:?}: {}", broken.law.id, broken.case, broken.violation);
        }
        let mut whole = Tally::default();
        for (runtime, _) in plan.runtimes().enumerate() {
            for class in 0..=plan.slugs().len() {
                whole.merge(plan.brute_force(runtime, class));
            }
        }
        assert_eq!(walked.covered, plan.combinations(), "{case:?}");
        assert_eq!(whole, walked.tally, "{case:?}");
    }
}

fn plan(policy: &str) -> Plan {
    let policy = Policy::embedded(policy).expect("ships with the crate");
    Plan::new(&Scene::new(Registry::embedded(), policy))
}

/// What was measured on the real system on the day of the incident.
#[test]
fn the_measured_contradictions_are_reproduced() {
    let registry = Registry::embedded();
    for (policy, measured) in [("full-saas", 10_128), ("reconciler", 8_352)] {
        let policy = Policy::embedded(policy).expect("ships with the crate");
        let (mut combinations, mut contradictions) = (0, 0);
        for runtime in ["claude-code", "seo-agent", "hermes", "codex", "openclaw", "google-adk"] {
            each_combination(&mut |variables| {
                let env = Env::read(&policy, variables.iter().copied());
                combinations += 1;
                contradictions += usize::from(!resolve(&registry, runtime, &env, &[]).is_coherent());
            });
        }
        assert_eq!((combinations, contradictions), (14_580, measured), "{}", policy.name());
    }
}

/// A variable and its value.
type Setting = (&'static str, &'static str);

/// Every combination that was measured: unset, empty and set for each variable.
fn each_combination(visit: &mut dyn FnMut(&[Setting])) {
    const UNSET: Option<&str> = None;
    let keys = ["E2E_MINIMAX_API_KEY", "E2E_ANTHROPIC_API_KEY", "E2E_GOOGLE_API_KEY", "E2E_OPENAI_API_KEY"];
    let mut dimensions = vec![
        ("E2E_LLM_PATH", vec![UNSET, Some(""), Some("platform"), Some("byok"), Some("Platform")]),
        ("E2E_MODEL_SLUG", vec![UNSET, Some("")]),
        ("E2E_DEFAULT_PLATFORM_MODEL", vec![UNSET, Some(""), Some("minimax/MiniMax-M3")]),
    ];
    dimensions.extend(keys.map(|key| (key, vec![UNSET, Some(""), Some("1")])));
    let combinations: usize = dimensions.iter().map(|(_, values)| values.len()).product();
    for mut number in 0..combinations {
        let mut variables = Vec::new();
        for (name, values) in &dimensions {
            if let Some(value) = values[number % values.len()] {
                variables.push((*name, value));
            }
            number /= values.len();
        }
        visit(&variables);
    }
}
