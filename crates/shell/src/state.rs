//! The abstract state of a script: what its variables can be, and how two states join.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use slug_value::{AbstractValue, Text};

/// One variable while a script runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// What it can be; unset and empty are the same.
    pub value: Text,
    /// Whether commands see it.
    pub export: Export,
    /// The bytes of its name where the script last gave it a value.
    pub assigned: Option<Range<usize>>,
}

/// Whether commands see a variable of the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Export {
    /// They do.
    Yes,
    /// They do not.
    No,
    /// They may.
    Maybe,
}

impl Export {
    /// Either of the two.
    pub(super) fn or(self, other: Self) -> Self {
        if self == other { self } else { Self::Maybe }
    }
}

impl Variable {
    /// What commands see.
    pub(super) fn seen(self) -> Self {
        let value = match self.export {
            Export::Yes => self.value,
            Export::No => Text::empty(),
            Export::Maybe => self.value.or(Text::empty()).because("whether it is exported is not known"),
        };
        Self { value, export: Export::Yes, assigned: self.assigned }
    }
}

/// Variables by name.
pub type Variables = BTreeMap<String, Variable>;

/// One variable written for later steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// What it can be.
    pub value: Text,
    /// Whether it may not have been written at all.
    pub maybe_not: bool,
    /// The bytes of the command that writes it.
    pub span: Range<usize>,
}

/// What is known at one point of a script.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct State {
    pub variables: Variables,
    pub written: BTreeMap<String, Written>,
    /// Why a variable that is not among them can be anything.
    pub rest: Option<String>,
    /// Why later steps may find anything set.
    pub opaque: Option<String>,
    pub all_exported: Export,
    /// Variables with an attribute that changes what an assignment does: arrays, integers,
    /// read-only ones and the like. They hold any value, and an array is never exported.
    pub special: BTreeSet<String>,
    /// The directory it runs in, from the top of the repository, if that is known.
    pub directory: Option<String>,
    /// Whether the script has ended before this point.
    pub ended: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            variables: Variables::new(),
            written: BTreeMap::new(),
            rest: None,
            opaque: None,
            all_exported: Export::No,
            special: BTreeSet::new(),
            directory: None,
            ended: false,
        }
    }
}

/// The state after two paths meet: what is true after either of them is possible.
pub(super) fn join(one: State, other: State) -> State {
    match (one.ended, other.ended) {
        (true, false) => return other,
        (false, true) => return one,
        _ => {}
    }
    let why = "it is set under a condition";
    let missing = |state: &State| match &state.rest {
        Some(rest) => Variable { value: Text::unknown(rest.clone()), export: Export::Yes, assigned: None },
        None => Variable { value: Text::empty(), export: Export::No, assigned: None },
    };
    let names: BTreeSet<&String> = one.variables.keys().chain(other.variables.keys()).collect();
    let variables = names.into_iter().map(|name| {
        let mine = one.variables.get(name).cloned().unwrap_or_else(|| missing(&one));
        let others = other.variables.get(name).cloned().unwrap_or_else(|| missing(&other));
        let export = mine.export.or(others.export);
        let variable = if mine == others {
            mine
        } else {
            Variable {
                value: mine.value.or(others.value).because(why),
                export,
                assigned: mine.assigned.or(others.assigned),
            }
        };
        (name.clone(), variable)
    });
    let variables = variables.collect();
    State {
        variables,
        written: join_written(&one, &other),
        rest: one.rest.or(other.rest),
        opaque: one.opaque.or(other.opaque),
        all_exported: one.all_exported.or(other.all_exported),
        special: one.special.into_iter().chain(other.special).collect(),
        directory: one.directory.filter(|directory| other.directory.as_ref() == Some(directory)),
        ended: one.ended,
    }
}

/// What later steps may find after two paths meet.
pub(super) fn join_written(one: &State, other: &State) -> BTreeMap<String, Written> {
    let mut all = one.written.clone();
    for (name, written) in &mut all {
        match other.written.get(name) {
            Some(others) if others == written => {}
            Some(others) => {
                written.value =
                    written.value.clone().or(others.value.clone()).because("it is written under a condition");
                written.maybe_not |= others.maybe_not;
            }
            None => written.maybe_not = true,
        }
    }
    for (name, written) in &other.written {
        all.entry(name.clone()).or_insert_with(|| Written { maybe_not: true, ..written.clone() });
    }
    all
}

/// The loop state after a round, with everything that still changes given up: whatever
/// differs from the state before the round can be anything.
pub(super) fn widen(before: &State, after: State) -> State {
    let why = "a loop may have set it the last time around";
    let mut widened = after;
    for (name, variable) in &mut widened.variables {
        let old = before.variables.get(name);
        if old.is_none_or(|old| old.value != variable.value) {
            variable.value = Text { can: AbstractValue::Any, reasons: variable.value.reasons.clone() };
            variable.value.reasons.insert(why.to_owned());
        }
        if old.is_none_or(|old| old.export != variable.export) {
            variable.export = Export::Maybe;
        }
    }
    for (name, written) in &mut widened.written {
        if before.written.get(name).is_none_or(|old| old.value != written.value) {
            written.value = Text::unknown(why);
        }
    }
    widened
}

/// `${name:-word}` and its kin; unset and empty are the same here.
pub(super) fn substituted(operator: &str, value: Text, other: Text) -> Text {
    let Text { can, reasons: why } = value;
    let (filled, empty) = match can {
        AbstractValue::OneOf(texts) => {
            let (empty, filled): (Vec<String>, Vec<String>) = texts.into_iter().partition(String::is_empty);
            let filled = (!filled.is_empty()).then(|| Text::one_of(filled, why.clone()));
            (filled, !empty.is_empty())
        }
        AbstractValue::NonEmpty => (Some(Text { can: AbstractValue::NonEmpty, reasons: why.clone() }), false),
        AbstractValue::Any => (Some(Text { can: AbstractValue::NonEmpty, reasons: why.clone() }), true),
    };
    let alternative = operator.ends_with('+');
    let kept = filled.map(|filled| if alternative { other.clone() } else { filled });
    // Without the colon a variable that is empty counts as set, and which it is is not known.
    let blurred = !operator.starts_with(':');
    let replaced = empty.then(|| match (alternative, blurred) {
        (_, true) => other.or(Text::empty()).because("whether a variable is unset or empty is not known"),
        (true, false) => Text::empty(),
        (false, false) => other,
    });
    match (kept, replaced) {
        (Some(kept), Some(replaced)) => {
            let mut text = kept.or(replaced);
            if text.single().is_none() {
                text.reasons.extend(why);
            }
            text
        }
        (Some(only), None) | (None, Some(only)) => only,
        (None, None) => Text::empty(),
    }
}

#[cfg(test)]
mod tests;
