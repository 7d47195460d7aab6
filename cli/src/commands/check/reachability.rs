//! Rules that never apply because an earlier rule applies wherever their condition holds.

use std::collections::BTreeMap;

use slug_resolver::policy::{
    Condition, InjectMode, Membership, Pick, PickRule, SecretsEffect, SecretsRule, Source, Test,
};
use slug_resolver::yaml::FieldPath;
use slug_resolver::{Policy, explain};

use crate::codes;
use crate::findings::{Finding, Sources};
use crate::render::shown;

use super::document::Document;
use super::locations::Locations;

/// Returns a finding for each rule that never applies.
pub(super) fn check(sources: &Sources, document: &Document, policy: &Policy) -> Vec<Finding> {
    let locations = Locations::new(&document.root, policy);
    let finding = |rule: &FieldPath, by: &FieldPath| {
        let by = explain::rule(&shown(&by.to_string()));
        Finding::new(&codes::UNREACHABLE_RULE, document.span(sources, rule), "the rule never applies")
            .with_primary_text(format!("{by} applies instead"))
            .with_note(format!("{by} applies wherever the condition of this rule holds"))
            .with_help(format!("move the rule before {by}, correct a condition, or delete the rule"))
            .with_subject("policy", policy.name())
            .with_subject("rule", rule.to_string())
    };
    let model = model_rules(policy).into_iter();
    let model = model.map(|(rule, by)| finding(&locations.model_rule(rule), &locations.model_rule(by)));
    let secrets = secrets_rules(policy).into_iter();
    let secrets = secrets.map(|(rule, by)| finding(&locations.secrets_rule(rule), &locations.secrets_rule(by)));
    let runtime = runtime_rules(policy).into_iter();
    let runtime = runtime.map(|(rule, by)| finding(&locations.item("runtime", rule), &locations.item("runtime", by)));
    model.chain(secrets).chain(runtime).collect()
}

/// The rules for the model that never apply, each with the earlier rule that applies instead.
pub(super) fn model_rules(policy: &Policy) -> BTreeMap<usize, usize> {
    pick_rules(policy, &policy.document().model)
}

fn runtime_rules(policy: &Policy) -> BTreeMap<usize, usize> {
    pick_rules(policy, &policy.document().runtime)
}

fn pick_rules(policy: &Policy, rules: &[PickRule]) -> BTreeMap<usize, usize> {
    unreachable(rules, |earlier, later| implies(policy, &later.when, &earlier.when) && picks(policy, earlier, later))
}

fn secrets_rules(policy: &Policy) -> BTreeMap<usize, usize> {
    let document = policy.document();
    let ends = |rule: &SecretsRule| document.inject == InjectMode::First || rule.effect == SecretsEffect::Platform;
    unreachable(&document.secrets, |earlier, later| {
        ends(earlier) && implies(policy, &later.condition(), &earlier.condition())
    })
}

/// The rules before which a rule always applies, each with the first such rule.
fn unreachable<R>(rules: &[R], applies_instead: impl Fn(&R, &R) -> bool) -> BTreeMap<usize, usize> {
    let first = |later: usize| (0..later).find(|earlier| applies_instead(&rules[*earlier], &rules[later]));
    (0..rules.len()).filter_map(|later| Some((later, first(later)?))).collect()
}

/// Returns true if a rule has an available source wherever a later rule would apply.
fn picks(policy: &Policy, earlier: &PickRule, later: &PickRule) -> bool {
    let Pick::FirstOf(sources) = &earlier.pick else { return true };
    let is_set = |name: &String| {
        let test = later.when.variables.iter().find(|(tested, _)| tested == name);
        policy.document().defaults.contains_key(name) || test.is_some_and(|(_, test)| test_implies(test, &Test::Set))
    };
    let is_available = |source: &Source| match source {
        Source::Text(_) => true,
        Source::Variable(name) => is_set(name),
    };
    let is_subset = matches!(&later.pick, Pick::FirstOf(own) if own.iter().all(|source| sources.contains(source)));
    sources.iter().any(is_available) || is_subset
}

/// Returns true if one condition holds wherever the other does.
fn implies(policy: &Policy, condition: &Condition, other: &Condition) -> bool {
    let listed = &policy.document().runtimes;
    // An unlisted runtime that no condition names stands for all of them.
    let unnamed = Some("").filter(|_| listed.is_empty());
    let named = policy.runtimes().filter(|_| listed.is_empty());
    let mut runtimes = listed.iter().map(String::as_str).chain(named).chain(unnamed);
    let test_of = |name: &str| condition.variables.iter().find(|(tested, _)| tested == name).map(|(_, test)| test);
    runtimes.all(|runtime| !condition.admits(runtime) || other.admits(runtime))
        && other.variables.iter().all(|(name, test)| match test_of(name) {
            Some(own) => test_implies(own, test),
            None => *test == Test::Set && policy.document().defaults.contains_key(name),
        })
}

/// Returns true if one test of a variable holds wherever the other does.
fn test_implies(test: &Test, other: &Test) -> bool {
    match (test, other) {
        (Test::Host(host), Test::Host(other)) => host.eq_ignore_ascii_case(other),
        (Test::Value(Membership::OneOf(_)) | Test::Host(_), Test::Set) => true,
        (Test::Unset, Test::Value(Membership::NoneOf(_))) => true,
        (Test::Value(Membership::OneOf(texts)), Test::Value(other)) => texts.iter().all(|text| other.contains(text)),
        (Test::Value(Membership::NoneOf(texts)), Test::Value(Membership::NoneOf(others))) => {
            others.iter().all(|text| texts.contains(text))
        }
        _ => test == other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use slug_laws::generator::{CHOICES, Choices, case};
    use slug_resolver::{counting_secrets_rules, resolve};

    use super::*;

    /// The rules of a policy document: for the model, for secrets and for the runtime.
    fn unreachable_rules(rules: &str) -> [Vec<usize>; 3] {
        let text = format!("schema_version: 2\nname: mine\n{rules}");
        let policy = Policy::from_yaml(text.as_bytes()).expect("the policy is valid");
        [model_rules(&policy), secrets_rules(&policy), runtime_rules(&policy)].map(|rules| rules.into_keys().collect())
    }

    #[test]
    fn rule_after_a_wider_one_is_unreachable() {
        for (rules, expected) in [
            ("model: [{when: {A: set}, use: x}, {when: {A: set}, use: y}, {use: z}]", [&[1][..], &[], &[]]),
            ("model: [{when: {A: set}, use: x}, {when: {A: b}, use: y}, {use: z}]", [&[1], &[], &[]]),
            ("model: [{when: {A: b}, use: x}, {when: {A: set}, use: y}, {use: z}]", [&[], &[], &[]]),
            ("model: [{when: {A: {not: b}}, use: x}, {when: {A: c, B: set}, use: y}]", [&[1], &[], &[]]),
            ("model: [{when: {A: {not: b}}, use: x}, {when: {A: unset}, use: y}]", [&[1], &[], &[]]),
            ("model: [{when: {A: {host: b}}, use: x}, {when: {A: {host: B}}, use: y}]", [&[1], &[], &[]]),
            ("defaults: {A: b}\nmodel: [{when: {A: set}, use: x}, {use: $A}]", [&[1], &[], &[]]),
            ("model: [{when: {A: set}, use: $B}, {when: {A: set}, use: y}]", [&[], &[], &[]]),
            ("model: [{use: [$B, $C]}, {when: {A: set}, use: $C}, {when: {B: set}, use: y}]", [&[1, 2], &[], &[]]),
            ("model: [{when: {runtime: r}, use: x}, {when: {A: set}, use: y}]", [&[], &[], &[]]),
            ("runtimes: [r]\nmodel: [{when: {runtime: r}, use: x}, {when: {A: set}, use: y}]", [&[1], &[], &[]]),
            ("model: [{when: {runtime: {not: r}}, use: x}, {when: {runtime: s}, use: y}]", [&[1], &[], &[]]),
            ("model: [{use: x}]\nsecrets: [{key: A}, {key: A, when: {B: set}}]", [&[], &[1], &[]]),
            ("model: [{use: x}]\ninject: every\nsecrets: [{key: A}, {key: A, when: {B: set}}]", [&[], &[], &[]]),
            (
                "model: [{use: x}]\ninject: every\n\
                 secrets: [{when: {A: set}, path: platform}, {key: A, when: {B: set}}]",
                [&[], &[1], &[]],
            ),
            ("model: [{use: x}]\nruntime: [{when: {A: set}, use: r}, {when: {A: set}, use: s}]", [&[], &[], &[1]]),
        ] {
            assert_eq!(unreachable_rules(rules), expected.map(<[usize]>::to_vec), "{rules}");
        }
    }

    proptest! {
        /// No environment lets an unreachable rule decide.
        #[test]
        fn unreachable_rule_never_decides(numbers in prop::collection::vec(any::<u16>(), CHOICES)) {
            let case = case(&mut Choices::new(&numbers));
            let mut document = case.dataset.policy.document().clone();
            document.model.iter_mut().for_each(|rule| rule.name = None);
            let policy = Policy::new(document).expect("names are optional");
            let variables = case.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            let env = slug_resolver::Env::read(&policy, variables);
            let rule = resolve(&case.dataset.registry, &case.runtime, &env, &[]).rule;
            let rule = rule.and_then(|rule| policy.model_labels().position(|label| label == rule));
            let is_listed = policy.document().runtimes.is_empty() || policy.document().runtimes.contains(&case.runtime);
            prop_assert!(!is_listed || rule.is_none_or(|rule| !model_rules(&policy).contains_key(&rule)));
            let secrets = secrets_rules(&policy);
            let counting = counting_secrets_rules(&case.runtime, &env);
            prop_assert!(!is_listed || counting.iter().all(|rule| !secrets.contains_key(rule)));
        }
    }
}
