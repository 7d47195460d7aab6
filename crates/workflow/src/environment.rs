//! The environment of a command: its variables with their possible values and origins.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::model::EnvEntry;
use slug_shell::{Export, Variable, Variables};
use slug_value::Text;

/// The variables that a command can read.
#[derive(Clone, Debug, Default)]
pub struct Environment<'w> {
    /// The variables that are set or may be set.
    pub variables: BTreeMap<String, Setting<'w>>,
    /// The reason why all other variables can have any value; None if they are unset.
    pub others_unknown: Option<String>,
}

/// One variable.
#[derive(Clone, Debug)]
pub struct Setting<'w> {
    /// Its possible values.
    pub value: Text,
    /// The location that sets it.
    pub origin: Origin<'w>,
}

/// The location that sets a variable.
#[derive(Clone, Debug)]
pub enum Origin<'w> {
    /// An entry of an `env`.
    Entry(&'w EnvEntry),
    /// These bytes of a script.
    Script(Range<usize>),
}

impl Origin<'_> {
    /// The bytes of the name.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        match self {
            Self::Entry(entry) => entry.key.clone(),
            Self::Script(span) => span.clone(),
        }
    }
}

impl Environment<'_> {
    /// An environment in which every variable may have any value, for this reason.
    #[must_use]
    pub fn unknown(reason: String) -> Self {
        Self { others_unknown: Some(reason), variables: BTreeMap::new() }
    }

    /// The possible values of a variable; an unset variable is empty.
    #[must_use]
    pub fn value(&self, name: &str) -> Text {
        match (self.variables.get(name), &self.others_unknown) {
            (Some(setting), _) => setting.value.clone(),
            (None, Some(why)) => Text::unknown(why.clone()),
            (None, None) => Text::empty(),
        }
    }

    /// The variables at the start of a script. Variables of `names` that are not set are passed
    /// as unset, unless any variable may be set.
    #[must_use]
    pub fn to_shell(&self, names: &BTreeSet<String>) -> Variables {
        let unset = names
            .iter()
            .filter(|_| self.others_unknown.is_none())
            .map(|name| (name.clone(), Variable { value: Text::empty(), export: Export::No, assigned: None }));
        let set = self.variables.iter().map(|(name, setting)| {
            (name.clone(), Variable { value: setting.value.clone(), export: Export::Yes, assigned: None })
        });
        unset.chain(set).collect()
    }
}
