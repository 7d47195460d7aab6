//! The environment of a command: variables with what they can be and where they are set.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::model::EnvEntry;
use slug_shell::{Export, Variable, Variables};
use slug_value::Text;

/// The variables that a command sees.
#[derive(Clone, Debug, Default)]
pub struct Environment<'w> {
    /// The variables that are set or may be set.
    pub variables: BTreeMap<String, Setting<'w>>,
    /// Why every other variable can be anything, if it can.
    pub rest: Option<String>,
}

/// One variable.
#[derive(Clone, Debug)]
pub struct Setting<'w> {
    /// What it can be.
    pub value: Text,
    /// Where it was set.
    pub origin: Origin<'w>,
}

/// Where a variable was set.
#[derive(Clone, Debug)]
pub enum Origin<'w> {
    /// In an `env`.
    Entry(&'w EnvEntry),
    /// In a script, at these bytes.
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
    /// An environment of which nothing is known, and why.
    #[must_use]
    pub fn unknown(why: String) -> Self {
        Self { rest: Some(why), variables: BTreeMap::new() }
    }

    /// What a variable can be; an unset variable is empty.
    #[must_use]
    pub fn value(&self, name: &str) -> Text {
        match (self.variables.get(name), &self.rest) {
            (Some(setting), _) => setting.value.clone(),
            (None, Some(why)) => Text::unknown(why.clone()),
            (None, None) => Text::empty(),
        }
    }

    /// The variables that a script starts with. A variable of `names` that is not set is
    /// passed as unset, unless it can be anything.
    #[must_use]
    pub fn to_shell(&self, names: &BTreeSet<String>) -> Variables {
        let unset = names
            .iter()
            .filter(|_| self.rest.is_none())
            .map(|name| (name.clone(), Variable { value: Text::empty(), export: Export::No, assigned: None }));
        let set = self.variables.iter().map(|(name, setting)| {
            (name.clone(), Variable { value: setting.value.clone(), export: Export::Yes, assigned: None })
        });
        unset.chain(set).collect()
    }
}
