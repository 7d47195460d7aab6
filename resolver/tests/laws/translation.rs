//! Tests that a version 1 policy gives the same answers as the policy that `Policy::from_yaml` translates it to.

use std::collections::BTreeSet;

use slug_laws::generator::{Choices, case_for_dataset, policy_v1, registry};
use slug_laws::policy_v1::PolicyV1;
use slug_laws::{Dataset, LawContext, RealResolver, law};
use slug_resolver::policy::Harness;
use slug_resolver::{Policy, Registry};

use crate::strategy::fixed_numbers;

/// The number of policies, which are generated from a fixed seed.
const POLICIES: usize = 5_000;

/// The number of cases for each policy.
const CASES_PER_POLICY: usize = 3;

fn fixed_registry() -> Registry {
    let numbers = fixed_numbers(1).next().expect("one list of numbers was requested");
    registry(&mut Choices::new(&numbers))
}

#[test]
fn generated_policies_and_their_translations_agree() {
    let (registry, law) = (fixed_registry(), law("translation").expect("the id is known"));
    let mut rules: BTreeSet<Option<String>> = BTreeSet::new();
    for numbers in fixed_numbers(POLICIES) {
        let mut choices = Choices::new(&numbers);
        let policy = policy_v1(&mut choices);
        let dataset = Dataset::with_policy_v1(registry.clone(), policy).expect("the policy is valid");
        for _ in 0..CASES_PER_POLICY {
            let case = case_for_dataset(&dataset, &mut choices);
            let context = LawContext::new(&RealResolver, &case);
            assert_eq!((law.check)(&context), Ok(()), "{case:?}");
            rules.insert(context.resolution.rule.map(str::to_owned));
        }
    }
    // The cases reach every rule, and `None`: no rule gives a model.
    let expected = ["override", "platform", "keyed", "default", "fallback"].map(|rule| Some(rule.to_owned()));
    assert_eq!(rules, expected.into_iter().chain([None]).collect());
}

/// A translation keeps the fields that both versions share. Written as version 2 YAML, it is read back equal.
#[test]
fn translation_keeps_shared_fields_and_round_trips() {
    for numbers in fixed_numbers(500) {
        let original = policy_v1(&mut Choices::new(&numbers));
        let policy = Policy::from_yaml(original.to_yaml().as_bytes()).expect("the policy is valid");
        let document = policy.document();
        let harness: Vec<&str> = document.harness.iter().filter_map(Harness::command).collect();
        assert_eq!((&document.name, harness), (&original.name, original.harness.iter().map(String::as_str).collect()));
        assert_eq!((&document.defaults, &document.templates), (&original.defaults, &original.templates));
        assert_eq!(policy.has_platform_path(), original.platform.is_some());
        assert!(policy.to_yaml().starts_with("schema_version: 2\n"), "{}", policy.to_yaml());
        assert_eq!(Policy::from_yaml(policy.to_yaml().as_bytes()), Ok(policy));
    }
}

fn fixed_policy() -> PolicyV1 {
    let numbers = fixed_numbers(1).next().expect("one list of numbers was requested");
    policy_v1(&mut Choices::new(&numbers))
}

/// Without the original in the dataset, the law `translation` passes without checking anything.
#[test]
fn dataset_keeps_the_version_1_policy() {
    let original = fixed_policy();
    let dataset = Dataset::with_policy_v1(fixed_registry(), original.clone()).expect("the policy is valid");
    assert_eq!(dataset.policy_v1(), Some(&original));
}

#[test]
fn dataset_equality_ignores_the_version_1_policy() {
    let dataset = Dataset::with_policy_v1(fixed_registry(), fixed_policy()).expect("the policy is valid");
    assert!(dataset == Dataset::new(fixed_registry(), dataset.policy.clone()));
}
