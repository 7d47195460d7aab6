//! Counts of combinations by outcome; they must add up to the number of all combinations.

use std::collections::BTreeMap;

use slug_resolver::{Code, Decision, Resolution, Rule};

/// Numbers of concrete combinations by runtime and outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<String, BTreeMap<OutcomeKind, u128>>);

/// The outcome of a combination, as far as the counts distinguish outcomes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OutcomeKind {
    rule: Rule,
    injected: Option<String>,
    provider: Option<String>,
    code: Option<Code>,
}

impl OutcomeKind {
    pub(crate) fn of(decision: &Decision<'_>) -> Self {
        Self {
            rule: decision.selection.rule,
            injected: decision.injected.first().cloned(),
            provider: decision.verdict.provider().map(|provider| provider.name.clone()),
            code: decision.verdict.code(),
        }
    }

    pub(crate) fn of_resolution(resolution: &Resolution<'_>) -> Self {
        Self {
            rule: resolution.rule,
            injected: resolution.injected.first().cloned(),
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

    /// The number of combinations that result in a contradiction.
    #[must_use]
    pub fn contradictions(&self) -> u128 {
        let counts = self.0.values().flatten();
        counts.filter(|(class, _)| class.code.is_some()).map(|(_, count)| count).sum()
    }
}
