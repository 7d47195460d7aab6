//! From the environment to a slug and to the secrets that will be injected.

use serde::Serialize;

use crate::env::Env;
use crate::names::NameSubset;
use crate::policy::{BillingPath, Entry, Key, Policy, Variable};

/// The slug a harness would pick, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Selection<'a> {
    /// The model id, verbatim.
    pub slug: &'a str,
    /// The rule that applied.
    pub rule: Rule,
    /// The variable whose being set made the rule yield this slug; none where a default did.
    pub decided_by: Option<&'a str>,
}

/// The rules of [`select`], strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "the rules are those of the policy format")]
pub enum Rule {
    /// The override variable is set: its value.
    Override,
    /// The platform path is chosen: the platform model.
    Platform,
    /// A key is set for which the runtime has a model of its own.
    Keyed,
    /// The runtime's model when no such key is set.
    Default,
    /// The model of every runtime without an entry.
    Fallback,
}

impl Rule {
    /// Every rule, strongest first.
    pub const ALL: [Self; 5] = [Self::Override, Self::Platform, Self::Keyed, Self::Default, Self::Fallback];

    /// The name used in answers.
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

/// Picks the slug: the first rule that applies.
#[must_use]
pub fn select<'a>(runtime: &str, env: &Env<'a>) -> Selection<'a> {
    Pick::of(env.policy().dispatch(runtime).entry, env).into_selection(env)
}

/// NameSubset the secrets that the workspace will get, sorted.
///
/// An override does not change the path: that is the trap this crate exists for.
#[must_use]
#[inline]
pub fn inject<'a>(env: &Env<'a>) -> &'a [String] {
    injecting_key(env).and_then(|key| env.policy().secrets_of(key)).map_or(&[], |entry| &entry.inject)
}

/// A [`Selection`] by the variable that decided instead of its name.
#[derive(Clone, Copy)]
pub(crate) struct Pick<'a> {
    pub(crate) slug: &'a str,
    rule: Rule,
    decided_by: Option<Variable>,
}

impl<'a> Pick<'a> {
    /// Picks the slug of a runtime that has this entry in the policy.
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

    /// The places of the variables that this pick and the injected secrets rest on, set or
    /// not: unsetting any other changes neither.
    #[inline]
    pub(crate) fn rests_on(&self, env: &Env<'_>) -> u128 {
        let key = injecting_key(env).map(Variable::Key);
        let variables = [Some(Variable::Override), Some(Variable::Path), self.decided_by, key];
        variables.into_iter().flatten().fold(0, |places, variable| places | 1 << env.policy().place(variable))
    }
}

/// The key whose entry decides what is injected, off the platform path: the first that is set.
#[inline]
fn injecting_key(env: &Env<'_>) -> Option<Key> {
    let key = env.policy().first_key(env.set_places())?;
    (env.path() == BillingPath::Byok).then_some(key)
}

/// The names of the variables that are set and whose removal changes neither slug nor secrets.
///
/// The runtime is given, so the runtime's variable is always one of them.
pub(crate) fn shadowed<'a>(
    entry: Option<Entry<'a>>,
    pick: &Pick<'a>,
    injected: &[String],
    env: &Env<'a>,
) -> NameSubset<'a> {
    let policy = env.policy();
    let mut shadowed = env.set_places();
    let mut open = pick.rests_on(env) & shadowed;
    while open != 0 {
        let place = open.trailing_zeros();
        open &= open - 1;
        let without = env.without(Policy::deciding_at(place as usize));
        if Pick::of(entry, &without).slug != pick.slug || inject(&without) != injected {
            shadowed &= !(1 << place);
        }
    }
    NameSubset::at(policy.variable_names(), shadowed)
}
