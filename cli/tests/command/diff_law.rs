//! The law `diff-is-exact`: the comparison of two datasets equals that of their answers to single environments.
//! `PROPTEST_CASES` sets the number of pairs.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestRunner};
use slug_laws::Dataset;
use slug_laws::comparison::{Answer, Change, Comparison, State, compare};
use slug_laws::difference::DIFF_IS_EXACT;
use slug_laws::generator::{self, CHOICES, Choices};
use slug_laws::pair::changed;
use slug_resolver::Code;

/// The number of pairs of datasets with which wrong comparisons are tried.
const PAIRS: usize = 1_000;

/// The most environments of one pair.
const ENVIRONMENTS: usize = 1_000;

type Pair = (Arc<Dataset>, Arc<Dataset>);

/// Random datasets, each with what a change makes of it: the same at every run.
fn pairs(count: usize) -> impl Iterator<Item = Pair> {
    let mut runner = TestRunner::deterministic();
    let strategy = vec(any::<u16>(), CHOICES);
    let mut numbers = move || strategy.new_tree(&mut runner).expect("the strategy rejects nothing").current();
    (0..count).map(move |_| {
        let before = generator::case(&mut Choices::new(&numbers())).dataset;
        let after = changed(&before, &mut Choices::new(&numbers()));
        (before, after)
    })
}

fn check(comparison: &Comparison, (before, after): &Pair) -> Result<(), String> {
    (DIFF_IS_EXACT.check)(comparison, [before, after], ENVIRONMENTS)
}

fn is_coherent(answer: &Answer) -> bool {
    answer.code.is_none() && answer.state == State::Created
}

/// Returns true if a key of the generator is empty in the environment of a change.
fn has_empty_key(change: &Change) -> bool {
    change.variables.iter().any(|(name, value)| name.starts_with("KEY_") && value.is_empty())
}

/// A kind of change, and whether a change is of this kind.
type Kind = (&'static str, fn(&Change) -> bool);

#[test]
fn comparison_equals_brute_force() {
    let kinds: [Kind; 11] = [
        ("a contradiction appears", |it| it.before.code.is_none() && it.after.code.is_some()),
        ("an empty key", |it| {
            let answers = [&it.before, &it.after];
            has_empty_key(it) && answers.iter().any(|answer| answer.code == Some(Code::MissingCredential))
        }),
        ("no runtime on one side", |it| it.before.runtime.is_empty() != it.after.runtime.is_empty()),
        ("a contradiction disappears", |it| it.before.code.is_some() && it.after.code.is_none()),
        ("another code", |it| it.before.code.is_some() && it.after.code.is_some()),
        ("another provider", |it| {
            is_coherent(&it.before) && is_coherent(&it.after) && it.before.provider != it.after.provider
        }),
        ("another payer", |it| {
            is_coherent(&it.before) && is_coherent(&it.after) && it.before.billing != it.after.billing
        }),
        ("another runtime", |it| it.before.runtime != it.after.runtime),
        ("a model about which the registries differ", |it| it.given_by.is_some()),
        ("a runtime that a side does not use", |it| [&it.before, &it.after].iter().any(|it| it.state == State::Unused)),
        ("nothing created", |it| [&it.before, &it.after].iter().any(|it| it.state == State::Nothing)),
    ];
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut decided, wanted) = (0, Config::default().cases as usize);
    for (number, pair) in pairs(2 * wanted).enumerate() {
        let comparison = compare(&pair.0, &pair.1);
        if let Err(violation) = check(&comparison, &pair) {
            let documents = [&pair.0, &pair.1].map(|it| format!("{}{}", it.registry.to_yaml(), it.policy.to_yaml()));
            let [before, after] = documents;
            panic!("pair {number}: {violation}\n{:#?}\n--- before\n{before}--- after\n{after}", comparison.changes);
        }
        decided += usize::from(comparison.undecided.is_empty());
        for (kind, is) in kinds {
            *count.entry(kind).or_default() += usize::from(comparison.changes.iter().any(is));
        }
        *count.entry("no change").or_default() += usize::from(comparison.changes.is_empty() && pair.0 != pair.1);
        if decided == wanted {
            break;
        }
    }
    assert_eq!(decided, wanted, "most comparisons must be decided");
    for (kind, times) in &count {
        assert!(*times >= 10, "{kind} occurs {times} times: {count:#?}");
    }
}

/// A comparison that is wrong on purpose.
type Wrong = fn(&Pair) -> Comparison;

fn keep(pair: &Pair, is_kept: impl Fn(&Change) -> bool) -> Comparison {
    let mut comparison = compare(&pair.0, &pair.1);
    comparison.changes.retain(is_kept);
    comparison
}

#[test]
fn law_rejects_wrong_comparisons() {
    let wrong: [(&str, Wrong); 14] = [
        ("nothing changes", |pair| keep(pair, |_| false)),
        ("payers are ignored", |pair| {
            keep(pair, |it| (it.before.code, &it.before.provider) != (it.after.code, &it.after.provider))
        }),
        ("environments that name no runtime are ignored", |pair| {
            keep(pair, |it| !it.before.runtime.is_empty() && !it.after.runtime.is_empty())
        }),
        ("empty keys are ignored", |pair| keep(pair, |it| !has_empty_key(it))),
        ("providers are ignored", |pair| keep(pair, |it| it.before.code != it.after.code)),
        ("codes of contradictions are ignored", |pair| {
            keep(pair, |it| it.before.code.is_some() != it.after.code.is_some())
        }),
        ("models from variables are ignored", |pair| keep(pair, |it| it.given_by.is_none())),
        ("runtimes that neither side names are ignored", |pair| keep(pair, |it| !it.after.runtime.contains("unknown"))),
        ("environments without variables are ignored", |pair| keep(pair, |it| !it.variables.is_empty())),
        ("other runtimes of an environment are ignored", |pair| keep(pair, |it| it.before.runtime == it.after.runtime)),
        ("the policy is the old one", |(before, after)| {
            compare(before, &Dataset::new(after.registry.clone(), before.policy.clone()))
        }),
        ("the registry is the old one", |(before, after)| {
            compare(before, &Dataset::new(before.registry.clone(), after.policy.clone()))
        }),
        ("the sides are exchanged", |(before, after)| compare(after, before)),
        ("environments are not the smallest", |pair| {
            let mut comparison = compare(&pair.0, &pair.1);
            for change in &mut comparison.changes {
                for name in ["UNREAD_1", "UNREAD_2", "UNREAD_3", "UNREAD_4", "UNREAD_5", "UNREAD_6"] {
                    change.variables.insert(name.to_owned(), "x".to_owned());
                }
            }
            comparison
        }),
    ];
    let pairs: Vec<Pair> = pairs(PAIRS).collect();
    for (bug, wrong) in wrong {
        let rejects = |pair: &Pair| check(&wrong(pair), pair).is_err();
        assert!(pairs.iter().any(rejects), "the law does not notice that {bug}");
    }
}
