//! From the environment to a slug and to the secrets that will be injected.

use alloc::string::String;

use serde::Serialize;

use crate::env::Env;
use crate::policy::Variable;

/// The slug a harness would pick, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// Who is meant to pay: what the path variable says, whatever slug is picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Path {
    /// The platform: no tenant key is injected.
    Platform,
    /// The tenant: bring your own key.
    Byok,
}

impl Path {
    /// Both paths.
    pub const ALL: [Self; 2] = [Self::Platform, Self::Byok];

    /// The path that an environment chooses: the platform's only on the exact value.
    #[must_use]
    pub fn of(env: &Env<'_>) -> Self {
        if env.text(Variable::Path) == Some(&env.policy().document().platform.value) {
            Self::Platform
        } else {
            Self::Byok
        }
    }

    /// The name used in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Byok => "byok",
        }
    }
}

/// Picks the slug: the first rule that applies.
#[must_use]
pub fn select<'a>(runtime: &str, env: &Env<'a>) -> Selection<'a> {
    let policy = env.policy();
    let by = |variable| Some(policy.variable_name(variable));

    if let Some(slug) = env.text(Variable::Override) {
        return Selection { slug, rule: Rule::Override, decided_by: by(Variable::Override) };
    }
    if Path::of(env) == Path::Platform {
        let rule = Rule::Platform;
        return match env.text(Variable::PlatformModel) {
            Some(slug) => Selection { slug, rule, decided_by: by(Variable::PlatformModel) },
            None => Selection { slug: &policy.document().platform.fallback, rule, decided_by: by(Variable::Path) },
        };
    }
    let Some((entry, keys)) = policy.dispatch(runtime) else {
        return Selection { slug: &policy.document().fallback, rule: Rule::Fallback, decided_by: None };
    };
    match keys.iter().zip(&entry.keyed).find(|(key, _)| env.is_set(**key)) {
        Some((&key, keyed)) => Selection { slug: &keyed.model, rule: Rule::Keyed, decided_by: by(key) },
        None => Selection { slug: &entry.model, rule: Rule::Default, decided_by: None },
    }
}

/// Names the secrets that the workspace will get, sorted.
///
/// An override does not change the path: that is the trap this crate exists for.
#[must_use]
pub fn inject<'a>(env: &Env<'a>) -> &'a [String] {
    if Path::of(env) == Path::Platform {
        return &[];
    }
    env.policy().secrets().find(|(key, _)| env.is_set(*key)).map_or(&[], |(_, entry)| &entry.inject)
}
