//! Selection of the slug and of the secrets to inject.

use serde::Serialize;

use crate::env::Env;
use crate::names::NameSubset;
use crate::policy::{BillingPath, Entry, Key, Policy, Variable};

/// The slug that a harness picks, and the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Selection<'a> {
    /// The model id, verbatim.
    pub slug: &'a str,
    /// The rule that applied.
    pub rule: Rule,
    /// The variable that made the rule return this slug because it is set; `None` if a default did.
    pub decided_by: Option<&'a str>,
}

/// The rules of [`select`], highest priority first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "the rules are those of the policy format")]
pub enum Rule {
    /// The override variable is set; the slug is its value.
    Override,
    /// The platform path is selected; the slug is the platform model.
    Platform,
    /// A key is set for which the runtime has its own model.
    Keyed,
    /// The runtime's model if no such key is set.
    Default,
    /// The model of runtimes without an entry.
    Fallback,
}

impl Rule {
    /// Every rule, highest priority first.
    pub const ALL: [Self; 5] = [Self::Override, Self::Platform, Self::Keyed, Self::Default, Self::Fallback];

    /// The name in machine-readable output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Override => "override",
            Self::Platform => "platform",
            Self::Keyed => "keyed",
            Self::Default => "default",
            Self::Fallback => "fallback",
        }
    }
}

/// Picks the slug by the first rule that applies.
#[must_use]
pub fn select<'a>(runtime: &str, env: &Env<'a>) -> Selection<'a> {
    Pick::of(env.policy().dispatch(runtime).entry, env).into_selection(env)
}

/// Returns the names of the secrets that the workspace receives, sorted.
///
/// An override of the slug does not change the path, so no key is injected on the platform path
/// even if the slug needs one. Detecting this mistake is the purpose of this crate.
#[must_use]
#[inline]
pub fn inject<'a>(env: &Env<'a>) -> &'a [String] {
    injecting_key(env).and_then(|key| env.policy().secrets_of(key)).map_or(&[], |entry| &entry.inject)
}

/// A [`Selection`] that stores the deciding [`Variable`] instead of its name.
#[derive(Clone, Copy)]
pub(crate) struct Pick<'a> {
    pub(crate) slug: &'a str,
    rule: Rule,
    decided_by: Option<Variable>,
}

impl<'a> Pick<'a> {
    /// Picks the slug of a runtime with this `dispatch` entry.
    #[inline]
    pub(crate) fn of(entry: Option<Entry<'a>>, env: &Env<'a>) -> Self {
        let policy = env.policy();
        if let Some(slug) = env.text(Variable::Override) {
            return Self { slug, rule: Rule::Override, decided_by: Some(Variable::Override) };
        }
        if env.path() == BillingPath::Platform {
            let rule = Rule::Platform;
            return match env.text(Variable::PlatformModel) {
                Some(slug) => Self { slug, rule, decided_by: Some(Variable::PlatformModel) },
                None => Self { slug: &policy.document().platform.fallback, rule, decided_by: Some(Variable::Path) },
            };
        }
        let Some((entry, keys)) = entry else {
            return Self { slug: &policy.document().fallback, rule: Rule::Fallback, decided_by: None };
        };
        match keys.iter().zip(&entry.keyed).find(|(key, _)| env.is_set(Variable::Key(**key))) {
            Some((&key, keyed)) => Self { slug: &keyed.model, rule: Rule::Keyed, decided_by: Some(Variable::Key(key)) },
            None => Self { slug: &entry.model, rule: Rule::Default, decided_by: None },
        }
    }

    #[inline]
    pub(crate) fn into_selection(self, env: &Env<'a>) -> Selection<'a> {
        let Self { slug, rule, decided_by } = self;
        Selection { slug, rule, decided_by: decided_by.map(|variable| env.policy().variable_name(variable)) }
    }

    /// The positions of the variables on which the pick and the injected secrets can depend,
    /// whether set or not. Unsetting any other variable changes neither.
    #[inline]
    pub(crate) fn rests_on(&self, env: &Env<'_>) -> u128 {
        let key = injecting_key(env).map(Variable::Key);
        let variables = [Some(Variable::Override), Some(Variable::Path), self.decided_by, key];
        variables.into_iter().flatten().fold(0, |positions, variable| positions | 1 << env.policy().position(variable))
    }
}

/// The key whose entry defines the injected secrets: the first key that is set, or none on the platform path.
#[inline]
fn injecting_key(env: &Env<'_>) -> Option<Key> {
    let key = env.policy().first_key(env.set_positions())?;
    (env.path() == BillingPath::Byok).then_some(key)
}

/// Returns the names of the set variables whose removal changes neither the slug nor the secrets.
///
/// The runtime is given explicitly, so a set runtime variable is always one of them.
pub(crate) fn shadowed<'a>(
    entry: Option<Entry<'a>>,
    pick: &Pick<'a>,
    injected: &[String],
    env: &Env<'a>,
) -> NameSubset<'a> {
    let policy = env.policy();
    let mut shadowed = env.set_positions();
    let mut open = pick.rests_on(env) & shadowed;
    while open != 0 {
        let index = open.trailing_zeros();
        open &= open - 1;
        let without = env.without(Policy::deciding_at(index as usize));
        if Pick::of(entry, &without).slug != pick.slug || inject(&without) != injected {
            shadowed &= !(1 << index);
        }
    }
    NameSubset::at(policy.variable_names(), shadowed)
}
