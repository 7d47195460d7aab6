//! An evaluation of the rules of a policy with one bug, for resolvers that are wrong on purpose.

use std::collections::BTreeSet;

use slug_laws::{Implementation, RealResolver, TestCase};
use slug_resolver::policy::condition::host_of;
use slug_resolver::policy::{Condition, InjectMode, Membership, Pick, SecretsEffect, Source, Test};
use slug_resolver::{BillingPath, Kind, NameSubset, Outcome, PolicyDocument, Resolution};

use crate::strategy::fixed_cases;

/// A plausible mistake in the evaluation of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// The evaluation is right.
    Nothing,
    /// A variable that is set to the empty text counts as set.
    EmptyCounts,
    /// The field `empty_is_set` is ignored.
    EmptyNeverCounts,
    /// An unset variable has no value even if it has a default.
    DefaultIgnored,
    /// The runtimes of a condition are ignored.
    RuntimeIgnored,
    /// One test of a condition is enough.
    OneTestIsEnough,
    /// A `not` test fails for an unset variable.
    NotNeedsValue,
    /// A `host` test compares the whole text.
    HostIsWhole,
    /// A `host` test compares case.
    HostHasCase,
    /// A `host` test looks for the name anywhere in the text.
    HostIsAnywhere,
    /// The last rule for the model that applies decides.
    LastModel,
    /// Rules for the model with a condition come before rules without.
    SpecificFirst,
    /// An unavailable variable ends the list of rules.
    UnavailableEnds,
    /// The last available source of a rule counts.
    LastSource,
    /// A rule that sends no model is skipped.
    NoneIsSkipped,
    /// The last rule for secrets that applies decides.
    LastSecrets,
    /// A rule for secrets with a key ignores its condition.
    KeyIsEnough,
    /// In the mode `every`, the first rule that applies ends the list.
    EveryStops,
    /// In the mode `first`, later rules add their secrets.
    FirstGoesOn,
    /// Rules after the one for the platform path inject their secrets.
    PlatformGoesOn,
    /// A rule for the platform path withdraws the secrets of earlier rules.
    PlatformWithdraws,
    /// Nothing is created only if every condition of `unless` holds.
    UnlessNeedsAll,
}

/// Resolves a case, with a bug in the evaluation of the rules only.
pub fn resolve_with(bug: Bug, case: &TestCase) -> Resolution<'_> {
    let rules = Rules { case, policy: case.dataset.policy.document(), bug };
    let found = RealResolver.resolve(case);
    let (slug, rule) = rules.select();
    let (path, names) = rules.inject();
    let (verdict, outcome) = match (rules.creates(), found.outcome) {
        (true, Outcome::Nothing) => (Kind::Coherent, Outcome::Online),
        (true, outcome) => (found.verdict, outcome),
        (false, _) => (Kind::Nothing, Outcome::Nothing),
    };
    let injected = NameSubset::of(case.dataset.policy.injectable(), |name| names.contains(name));
    Resolution { slug, rule, path, injected, verdict, outcome, ..found }
}

struct Rules<'a> {
    case: &'a TestCase,
    policy: &'a PolicyDocument,
    bug: Bug,
}

impl<'a> Rules<'a> {
    fn has(&self, bug: Bug) -> bool {
        self.bug == bug
    }

    fn value(&self, name: &str) -> Option<&'a str> {
        let counts_if_empty = self.has(Bug::EmptyCounts)
            || !self.has(Bug::EmptyNeverCounts) && self.policy.empty_is_set.iter().any(|known| known == name);
        let set = self.case.variables.get(name).filter(|value| counts_if_empty || !value.is_empty());
        let default = self.policy.defaults.get(name).filter(|_| !self.has(Bug::DefaultIgnored));
        set.or(default).map(String::as_str)
    }

    fn holds(&self, condition: &Condition) -> bool {
        if !self.has(Bug::RuntimeIgnored) && !condition.admits(&self.case.runtime) {
            return false;
        }
        let mut tests = condition.variables.iter().map(|(name, test)| self.test_holds(test, self.value(name)));
        if self.has(Bug::OneTestIsEnough) && !condition.variables.is_empty() {
            return tests.any(|holds| holds);
        }
        tests.all(|holds| holds)
    }

    fn test_holds(&self, test: &Test, value: Option<&str>) -> bool {
        match (test, value) {
            (Test::Set, value) => value.is_some(),
            (Test::Unset, value) => value.is_none(),
            (Test::Value(Membership::NoneOf(_)), None) => !self.has(Bug::NotNeedsValue),
            (Test::Value(membership), value) => value.is_some_and(|value| membership.contains(value)),
            (Test::Host(_), None) => false,
            (Test::Host(host), Some(value)) => match self.bug {
                Bug::HostIsWhole => value == host,
                Bug::HostHasCase => host_of(value) == Some(host),
                Bug::HostIsAnywhere => value.to_lowercase().contains(&host.to_lowercase()),
                _ => host_of(value).is_some_and(|found| found.eq_ignore_ascii_case(host)),
            },
        }
    }

    fn select(&self) -> (&'a str, Option<&'a str>) {
        let mut rules: Vec<_> = self.policy.model.iter().enumerate().collect();
        match self.bug {
            Bug::LastModel => rules.reverse(),
            Bug::SpecificFirst => rules.sort_by_key(|(_, rule)| rule.when.is_empty()),
            _ => {}
        }
        for (index, rule) in rules {
            if !self.holds(&rule.when) {
                continue;
            }
            let picked = match &rule.pick {
                Pick::Nothing => (!self.has(Bug::NoneIsSkipped)).then_some(""),
                Pick::FirstOf(sources) => self.first_of(sources),
            };
            if let Some(slug) = picked {
                return (slug, self.case.dataset.policy.model_labels().nth(index));
            }
            if self.has(Bug::UnavailableEnds) {
                break;
            }
        }
        ("", None)
    }

    fn first_of(&self, sources: &'a [Source]) -> Option<&'a str> {
        let mut available = sources.iter().filter_map(|source| match source {
            Source::Text(text) => Some(text.as_str()),
            Source::Variable(name) => self.value(name),
        });
        if self.has(Bug::LastSource) { available.next_back() } else { available.next() }
    }

    fn inject(&self) -> (BillingPath, BTreeSet<&'a str>) {
        let (mut path, mut names) = (BillingPath::Byok, BTreeSet::new());
        let mut rules: Vec<_> = self.policy.secrets.iter().collect();
        if self.has(Bug::LastSecrets) {
            rules.reverse();
        }
        let is_first = match self.policy.inject {
            InjectMode::First => !self.has(Bug::FirstGoesOn),
            InjectMode::Every => self.has(Bug::EveryStops),
        };
        for rule in rules {
            let is_keyed = rule.key.as_ref().is_none_or(|key| self.value(key).is_some());
            let is_enough = self.has(Bug::KeyIsEnough) && rule.key.is_some();
            if !is_keyed || !is_enough && !self.holds(&rule.when) {
                continue;
            }
            if rule.effect == SecretsEffect::Platform {
                path = BillingPath::Platform;
                if self.has(Bug::PlatformWithdraws) {
                    names.clear();
                }
                if self.has(Bug::PlatformGoesOn) {
                    continue;
                }
                break;
            }
            names.extend(rule.injected().iter().map(String::as_str));
            if is_first {
                break;
            }
        }
        (path, names)
    }

    fn creates(&self) -> bool {
        let unless = &self.policy.creates.unless;
        let mut holding = unless.iter().map(|condition| self.holds(condition));
        if self.has(Bug::UnlessNeedsAll) {
            unless.is_empty() || !holding.all(|holds| holds)
        } else {
            !holding.any(|holds| holds)
        }
    }
}

/// The laws reject each bug because of the bug, and not because of the evaluation that contains it.
#[test]
fn evaluation_without_a_bug_equals_the_resolver() {
    for case in fixed_cases(2_000) {
        assert_eq!(resolve_with(Bug::Nothing, &case), RealResolver.resolve(&case), "{case:?}");
    }
}
