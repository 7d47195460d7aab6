//! The law `conform-is-complete`: a function that is printed from a policy conforms to it. The same
//! policy with a change does not, unless no environment shows the change.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any, proptest};
use proptest::test_runner::FileFailurePersistence;
use slug_function::case::Case;
use slug_function::conformance::expected;
use slug_function::sandbox::Sandbox;
use slug_laws::generator::{self, CHOICES, Choices};
use slug_resolver::policy::{Condition, Function, InjectMode, Membership, Pick, SecretsEffect, Source, Test};
use slug_resolver::{Policy, PolicyDocument};

use crate::conformance::conform;
use crate::printer::print_functions;

/// The most classes of a policy of this test.
const CLASSES: usize = 1_500;

/// A policy without tests of hosts, which has a function.
fn printable(policy: &Policy) -> Option<Policy> {
    let mut document = policy.document().clone();
    let without_hosts = |condition: &mut Condition| {
        for (_, test) in &mut condition.variables {
            if let Test::Host(host) = test {
                *test = Test::Value(Membership::OneOf(vec![format!("https://{host}")]));
            }
        }
    };
    document.model.iter_mut().for_each(|rule| without_hosts(&mut rule.when));
    document.secrets.iter_mut().for_each(|rule| without_hosts(&mut rule.when));
    document.runtime.iter_mut().for_each(|rule| without_hosts(&mut rule.when));
    document.creates.unless.iter_mut().for_each(without_hosts);
    document.function = Some(Function {
        source: vec!["function.sh".to_owned()],
        model: "pick \"$RUNTIME\"".to_owned(),
        secrets: Some("names \"$RUNTIME\"".to_owned()),
    });
    Policy::new(document).ok()
}

/// The document with one change; `None` if the change does not apply to it.
fn changed(policy: &Policy, kind: usize, at: usize) -> Option<Policy> {
    let mut document: PolicyDocument = policy.document().clone();
    let (models, secrets) = (document.model.len(), document.secrets.len());
    let model = |document: &PolicyDocument| Some((at.checked_rem(models)?, document.model[at % models].clone()));
    match kind {
        0 if models > 1 => document.model.swap(at % (models - 1), at % (models - 1) + 1),
        1 if secrets > 1 => document.secrets.swap(at % (secrets - 1), at % (secrets - 1) + 1),
        2 if models > 0 => drop(document.model.remove(at % models)),
        3 if secrets > 0 => drop(document.secrets.remove(at % secrets)),
        4 => {
            let (at, mut rule) = model(&document)?;
            let Pick::FirstOf(sources) = &mut rule.pick else { return None };
            sources.iter_mut().for_each(|source| {
                if let Source::Text(text) = source {
                    text.push('2');
                }
            });
            document.model[at] = rule;
        }
        5 => {
            let (at, mut rule) = model(&document)?;
            rule.when.variables.pop()?;
            document.model[at] = rule;
        }
        6 => {
            let (at, mut rule) = model(&document)?;
            let (_, test) = rule.when.variables.first_mut()?;
            *test = match test {
                Test::Set => Test::Unset,
                Test::Unset => Test::Set,
                Test::Value(Membership::OneOf(texts)) => Test::Value(Membership::NoneOf(texts.clone())),
                Test::Value(Membership::NoneOf(texts)) => Test::Value(Membership::OneOf(texts.clone())),
                Test::Host(_) => return None,
            };
            document.model[at] = rule;
        }
        7 => {
            let (at, mut rule) = model(&document)?;
            rule.when.runtime = match rule.when.runtime {
                Some(_) => None,
                None => Some(Membership::OneOf(vec!["agent".to_owned()])),
            };
            document.model[at] = rule;
        }
        8 if secrets > 0 => {
            let rule = &mut document.secrets[at % secrets];
            rule.effect = match &rule.effect {
                SecretsEffect::Platform => SecretsEffect::Inject(vec!["CHANGED_KEY".to_owned()]),
                SecretsEffect::Inject(_) => SecretsEffect::Platform,
            };
        }
        9 => {
            let name = document.defaults.keys().nth(at % document.defaults.len().max(1))?.clone();
            document.defaults.remove(&name);
        }
        10 => {
            document.inject = if document.inject == InjectMode::First { InjectMode::Every } else { InjectMode::First };
        }
        11 => drop(document.empty_is_set.pop()?),
        12 => drop(document.creates.unless.pop()?),
        13 => {
            let (_, rule) = model(&document)?;
            document.creates.unless.push(rule.when);
        }
        _ => return None,
    }
    Policy::new(document).ok()
}

const CHANGES: usize = 14;

/// Every case that one of two policies can tell from others.
fn all_cases(policies: [&Policy; 2]) -> Vec<Case> {
    let mut runtimes: BTreeSet<String> = ["unknown".to_owned()].into();
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for policy in policies {
        runtimes.extend(policy.runtimes().map(str::to_owned));
        runtimes.extend(policy.document().runtimes.iter().cloned());
        names.extend(policy.variable_names().iter().map(String::as_str));
    }
    let names_runtime = !policies[1].document().runtime.is_empty();
    let mut cases = vec![Case::default()];
    for name in names {
        let mut values: BTreeSet<String> = [String::new(), format!("<{name}>")].into();
        for policy in policies {
            if let Some(variable) = policy.variable(name) {
                values.extend(policy.value_classes(variable).texts);
                values.extend(policy.default_of(variable).map(str::to_owned));
            }
        }
        if names_runtime && name == "RUNTIME" {
            values.extend(runtimes.iter().cloned());
        }
        let with = |case: &Case, value: &String| {
            let mut case = case.clone();
            case.variables.push((name.to_owned(), value.clone()));
            case
        };
        let longer: Vec<Case> = cases.iter().flat_map(|case| values.iter().map(|value| with(case, value))).collect();
        cases.extend(longer);
    }
    let runtimes_of = |case: Case| -> Vec<Case> {
        if names_runtime {
            let runtime = slug_function::space::runtime_of(policies[1], &case.variables);
            return vec![Case { runtime, ..case }];
        }
        runtimes.iter().map(|runtime| Case { runtime: runtime.clone(), ..case.clone() }).collect()
    };
    cases.into_iter().flat_map(runtimes_of).collect()
}

/// Whether a function that does what the first policy says answers otherwise than the second one, and whether it
/// selects a model where the second one creates nothing.
fn can_differ(printed: &Policy, other: &Policy) -> (bool, bool) {
    let mut document = printed.document().clone();
    let is_read = |name: &String, policy: &Policy| policy.variable(name).is_some();
    let without_defaults = |document: &PolicyDocument| {
        let mut document = document.clone();
        document.defaults.clear();
        document.empty_is_set.clear();
        Policy::new(document)
    };
    let Ok(bare) = without_defaults(&document) else { return (true, true) };
    document.defaults.retain(|name, _| is_read(name, &bare));
    document.empty_is_set.retain(|name| is_read(name, &bare));
    let printed = Policy::new(document).expect("a policy without unused defaults is valid");
    let answer = |policy: &Policy, case: &Case| expected(policy, case).map(|expected| expected.answer);
    let (mut differs, mut selects) = (false, false);
    for case in all_cases([&printed, other]) {
        match (answer(&printed, &case), answer(other, &case)) {
            (Some(one), Some(other)) => differs |= one != other,
            // The function fails.
            (None, Some(other)) => differs |= !other.model.is_empty(),
            (Some(one), None) => selects |= !one.model.is_empty(),
            (None, None) => {}
        }
        if differs && selects {
            break;
        }
    }
    (differs, selects)
}

fn policies() -> impl Strategy<Value = Option<Policy>> {
    vec(any::<u16>(), CHOICES).prop_map(|numbers| printable(&generator::policy(&mut Choices::new(&numbers))))
}

proptest! {
    #![proptest_config(ProptestConfig {
        // Each case asks bash hundreds of times.
        cases: ProptestConfig::default().cases.div_ceil(32),
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        max_shrink_iters: 20,
        ..ProptestConfig::default()
    })]

    #[test]
    fn conform_is_complete(policy in policies(), kind in 0..CHANGES, at in 0_usize..8) {
        let Some(policy) = policy else { return Ok(()) };
        if all_cases([&policy, &policy]).len() > 40 * CLASSES {
            return Ok(());
        }
        let sandbox = Sandbox::find().unwrap_or_else(|why| panic!("{why}"));
        let script = print_functions(&policy);
        if let Some((reading, space, conformance)) = conform(&sandbox, &policy, &script, CLASSES, usize::MAX) {
            assert_eq!(reading.not_followed, [], "{script}");
            assert!(conformance.is_complete(), "{}\n{script}\n{space:#?}\n{conformance:#?}", policy.to_yaml());
        }
        let Some(other) = (0..CHANGES).find_map(|next| changed(&policy, (kind + next) % CHANGES, at)) else {
            return Ok(());
        };
        if let Some((_, _, conformance)) = conform(&sandbox, &other, &script, CLASSES, usize::MAX) {
            let is_found = (!conformance.differences.is_empty(), !conformance.unrefused.is_empty());
            assert_eq!(is_found, can_differ(&policy, &other), "{}\n{script}\n{conformance:#?}", other.to_yaml());
        }
    }
}
