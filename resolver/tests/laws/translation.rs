//! Policies of version 1 mean the same as the rules to which the reader translates them.

use std::collections::BTreeSet;

use slug_laws::generator::{Choices, policy_v1, question, registry};
use slug_laws::{Dataset, LawContext, RealResolver, TestCase, law};
use slug_resolver::policy::Harness;
use slug_resolver::{Policy, Registry};

use crate::strategy::fixed_numbers;

/// The number of random policies.
const POLICIES: usize = 5_000;

/// The number of questions about each policy.
const QUESTIONS: usize = 3;

fn fixed_registry() -> Registry {
    let numbers = fixed_numbers(1).next().expect("there is a draw");
    registry(&mut Choices::new(&numbers))
}

#[test]
fn random_policies_and_their_translations_agree() {
    let (registry, law) = (fixed_registry(), law("translation").expect("the id is known"));
    let mut rules: BTreeSet<Option<String>> = BTreeSet::new();
    for numbers in fixed_numbers(POLICIES) {
        let mut choices = Choices::new(&numbers);
        let policy = policy_v1(&mut choices);
        let dataset = Dataset::with_version_1(registry.clone(), policy).expect("the policy is valid");
        for _ in 0..QUESTIONS {
            let case = question(&dataset, &mut choices);
            let context = LawContext::new(&RealResolver, &case);
            assert_eq!((law.check)(&context), Ok(()), "{case:?}");
            rules.insert(context.resolution.rule.map(str::to_owned));
        }
    }
    let expected = ["override", "platform", "keyed", "default", "fallback"].map(|rule| Some(rule.to_owned()));
    assert_eq!(rules, expected.into_iter().chain([None]).collect());
}

/// The fields that both versions have are taken over, and the translation is valid in its own form.
#[test]
fn translations_keep_fields_and_are_read_back_equal() {
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

/// The law has something to compare only in a dataset that keeps the policy of version 1.
#[test]
fn dataset_of_a_translation_keeps_the_original() {
    let numbers = fixed_numbers(1).next().expect("there is a draw");
    let original = policy_v1(&mut Choices::new(&numbers));
    let dataset = Dataset::with_version_1(fixed_registry(), original.clone()).expect("the policy is valid");
    assert_eq!(dataset.version_1(), Some(&original));
    let case = TestCase::new(&dataset, "agent");
    assert!(case.dataset == Dataset::new(fixed_registry(), dataset.policy.clone()));
}
