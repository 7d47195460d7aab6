//! Counts of combinations by outcome; they must add up to the number of all combinations.

use std::collections::BTreeMap;

use slug_resolver::{Code, Credentials, Decision, Outcome, Resolution};

/// Numbers of concrete combinations by runtime and outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<String, BTreeMap<OutcomeKind, u128>>);

/// The outcome of a combination, as far as the counts distinguish outcomes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct OutcomeKind {
    rule: Option<String>,
    /// False if nothing is created; then the other fields are empty.
    is_created: bool,
    /// Whether a secret is injected.
    is_injected: bool,
    /// The first credential that the provider accepts.
    accepted: Option<String>,
    provider: Option<String>,
    code: Option<Code>,
}

impl OutcomeKind {
    pub(crate) fn of(decision: &Decision<'_>, ambient: &[&str]) -> Self {
        let verdict = &decision.verdict;
        if verdict.outcome() == Outcome::Nothing {
            return Self::default();
        }
        let injected = decision.injection.names;
        let byok = verdict.provider().filter(|provider| !provider.is_platform());
        let accepted = byok.map(|provider| Credentials { injected, ambient }.accepted_by(provider));
        Self {
            rule: decision.selection.rule.map(str::to_owned),
            is_created: true,
            is_injected: !injected.is_empty(),
            accepted: accepted.and_then(|names| names.iter().next()).map(str::to_owned),
            provider: verdict.provider().map(|provider| provider.name.clone()),
            code: verdict.code(),
        }
    }

    pub(crate) fn of_resolution(resolution: &Resolution<'_>) -> Self {
        if resolution.outcome == Outcome::Nothing {
            return Self::default();
        }
        Self {
            rule: resolution.rule.map(str::to_owned),
            is_created: true,
            is_injected: !resolution.injected.is_empty(),
            accepted: resolution.accepted_by.iter().next().map(str::to_owned),
            provider: resolution.provider.map(|provider| provider.name.clone()),
            code: resolution.code,
        }
    }
}

impl Counts {
    pub(crate) fn add(&mut self, runtime: &str, class: OutcomeKind, count: u128) {
        if let Some(classes) = self.0.get_mut(runtime) {
            *classes.entry(class).or_default() += count;
        } else {
            self.0.insert(runtime.to_owned(), BTreeMap::from([(class, count)]));
        }
    }

    /// Adds other counts to these.
    pub fn merge(&mut self, other: Self) {
        for (runtime, classes) in other.0 {
            for (class, count) in classes {
                self.add(&runtime, class, count);
            }
        }
    }

    /// The number of all combinations.
    #[must_use]
    pub fn total(&self) -> u128 {
        self.0.values().flat_map(BTreeMap::values).sum()
    }

    /// The runtimes whose combinations create nothing.
    pub fn without_creation(&self) -> impl Iterator<Item = &str> {
        let never = |classes: &BTreeMap<OutcomeKind, u128>| classes.keys().all(|class| !class.is_created);
        self.0.iter().filter(move |(_, classes)| never(classes)).map(|(runtime, _)| runtime.as_str())
    }

    /// The number of combinations that result in a contradiction.
    #[must_use]
    pub fn contradictions(&self) -> u128 {
        let counts = self.0.values().flatten();
        counts.filter(|(class, _)| class.code.is_some()).map(|(_, count)| count).sum()
    }
}
