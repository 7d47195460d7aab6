//! The environment of a command: its variables with their possible values and origins.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::model::{EnvEntry, InputEntry};
pub use slug_shell::Export;
#[cfg(doc)]
use slug_shell::FIRST_FILE_POSITION;
use slug_shell::{Variable, Variables};
use slug_value::Text;

/// The variables that a command can read.
#[derive(Clone, Debug, Default)]
pub struct Environment<'w> {
    /// The variables that are set or may be set.
    pub variables: BTreeMap<String, Setting<'w>>,
    /// The reason why all other variables can have any value; None if they are unset.
    pub others_unknown: Option<String>,
    /// The texts that an outer `env` gives variables that an inner `env` sets, too.
    pub hidden: BTreeMap<String, String>,
}

/// One variable.
#[derive(Clone, Debug)]
pub struct Setting<'w> {
    /// Its possible values; an unset variable is empty.
    pub value: Text,
    /// Whether the environment has it; this tells an empty value from an unset variable.
    pub export: Export,
    /// The location that sets it.
    pub origin: Origin<'w>,
}

/// The location that sets a variable.
#[derive(Clone, Debug)]
pub enum Origin<'w> {
    /// An entry of an `env`.
    Entry(&'w EnvEntry),
    /// An input of an action.
    Input(&'w InputEntry),
    /// These bytes of a script. If they begin at [`FIRST_FILE_POSITION`] or later, the script is another
    /// file of the repository.
    Script(Range<usize>),
}

impl Origin<'_> {
    /// The text of the value in a workflow file, which may contain expressions.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Entry(entry) => Some(&entry.value),
            Self::Input((_, _, value)) => value.text(),
            Self::Script(_) => None,
        }
    }

    /// The bytes of the name.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        match self {
            Self::Entry(entry) => entry.key.clone(),
            Self::Input((_, key, _)) => key.clone(),
            Self::Script(span) => span.clone(),
        }
    }
}

impl Environment<'_> {
    /// An environment in which every variable may have any value, for this reason.
    #[must_use]
    pub fn unknown(reason: String) -> Self {
        Self { others_unknown: Some(reason), ..Self::default() }
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

    /// Whether the environment has a variable.
    #[must_use]
    pub fn export(&self, name: &str) -> Export {
        match (self.variables.get(name), &self.others_unknown) {
            (Some(setting), _) => setting.export,
            (None, Some(_)) => Export::Maybe,
            (None, None) => Export::No,
        }
    }

    /// The environment after one of two courses of a job: every value of either is possible.
    #[must_use]
    pub fn or(mut self, other: Self) -> Self {
        let names: BTreeSet<String> = self.variables.keys().chain(other.variables.keys()).cloned().collect();
        for name in names {
            let (mine, others) = (self.value(&name), other.value(&name));
            let export = self.export(&name).or(other.export(&name));
            let value =
                if mine == others { mine } else { mine.or(others).with_reason("an earlier step may have failed") };
            let setting = self.variables.get(&name).or(other.variables.get(&name));
            if let Some(origin) = setting.map(|setting| setting.origin.clone()) {
                self.variables.insert(name, Setting { value, export, origin });
            }
        }
        self.others_unknown = self.others_unknown.or(other.others_unknown);
        self
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
