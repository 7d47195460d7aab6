//! The abstract state of a script: the possible values of its variables, and the join of states.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;

use super::array::Array;
use super::definition::Definition;
use super::forge::{ENV_FILE_TARGET, OTHER_FILE, STEP_SCRIPT, WORKSPACE};
use super::options::ShellOptions;
use slug_value::{AbstractValue, Text, Tristate};

/// A variable at one point of a script.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// The possible values; an unset variable is empty.
    pub value: Text,
    /// Whether the variable is exported to commands.
    pub export: Export,
    /// The bytes of its name in the last assignment of the script.
    pub assigned: Option<Range<usize>>,
}

/// The reason for a value that may be missing because the variable may not be exported.
pub(super) const EXPORT_UNKNOWN: &str = "whether it is exported is not known";

/// Whether a shell variable is exported to commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Export {
    /// Exported.
    Yes,
    /// Not exported.
    No,
    /// Unknown.
    Maybe,
}

impl Export {
    /// Whether a variable is exported that is set where an option may be on.
    pub(super) fn under(allexport: Tristate) -> Self {
        match allexport {
            Tristate { can_be_true: false, .. } => Self::No,
            Tristate { can_be_false: false, .. } => Self::Yes,
            _ => Self::Maybe,
        }
    }

    /// The join of two states of a variable.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if self == other { self } else { Self::Maybe }
    }
}

impl Variable {
    /// The variable as commands see it. Whether it is exported says whether they have it if it is empty.
    pub(super) fn visible(self) -> Self {
        let value = match self.export {
            Export::Yes => self.value,
            Export::No => Text::empty(),
            Export::Maybe if !self.value.values.is_never_absent() => self.value,
            Export::Maybe => self.value.or(Text::empty()).with_reason(EXPORT_UNKNOWN),
        };
        Self { value, ..self }
    }

    /// The variable as a program sees it, which knows the paths that a forge chooses.
    pub(super) fn with_real_paths(self) -> Self {
        let names_path = |text: &String| {
            [WORKSPACE, ENV_FILE_TARGET, OTHER_FILE, STEP_SCRIPT].iter().any(|path| text.contains(path))
        };
        match &self.value.values {
            AbstractValue::OneOf(texts) if texts.iter().any(names_path) => {
                let value = Text::unknown("the path of the workspace is known only at run time");
                Self { value, ..self }
            }
            _ => self,
        }
    }
}

/// Variables by name.
pub type Variables = BTreeMap<String, Variable>;

/// A variable written for later steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// The possible values.
    pub value: Text,
    /// Whether the script may end without this write.
    pub is_conditional: bool,
    /// The bytes of the command that writes the variable.
    pub span: Range<usize>,
}

/// An attribute of a variable that changes what an assignment does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attribute {
    /// Assigned texts become uppercase (`declare -u`).
    Uppercase,
    /// Assigned texts become lowercase (`declare -l`).
    Lowercase,
    /// Assigned texts are evaluated as arithmetic (`declare -i`).
    Integer,
    /// A variable that may be read-only.
    ReadOnly,
    /// Another attribute, several attributes, or possibly an associative array. The variable can have any value after
    /// an assignment, and an array is never exported.
    Other,
}

/// The attributes of variables after two branches.
fn join_attributes(
    one: BTreeMap<String, Attribute>,
    other: BTreeMap<String, Attribute>,
) -> BTreeMap<String, Attribute> {
    let joined = |name: &String| match (one.get(name), other.get(name)) {
        (Some(one), Some(other)) if one == other => *one,
        (Some(Attribute::ReadOnly), _) | (_, Some(Attribute::ReadOnly)) => Attribute::ReadOnly,
        _ => Attribute::Other,
    };
    one.keys().chain(other.keys()).map(|name| (name.clone(), joined(name))).collect()
}

/// A variable that a local one hides.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Hidden {
    pub variable: Option<Variable>,
    pub array: Option<Rc<Array>>,
    pub attribute: Option<Attribute>,
}

/// A value for later steps that began with `NAME<<END`, up to the lines written so far.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct OpenValue {
    pub name: String,
    pub end: Text,
    pub lines: Vec<Text>,
}

/// The end of the text that has been written for later steps.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum LineEnd {
    /// The last line has a line break.
    #[default]
    Complete,
    /// The last line has these texts and no line break: the next text that is written continues it.
    Open(Vec<Text>),
    /// Whether the last line has a line break is not known.
    Unknown,
}

impl LineEnd {
    pub fn or(self, other: Self) -> Self {
        if self == other { self } else { Self::Unknown }
    }
}

/// The state at one point of a script.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct State {
    pub variables: Variables,
    pub written: BTreeMap<String, Written>,
    /// The reason why all other variables can have any value, if they can.
    pub others_unknown: Option<String>,
    /// The reason why the script may have set any variable for later steps, if so.
    pub opaque: Option<String>,
    /// The value whose end has not been written yet.
    pub open_value: Option<OpenValue>,
    /// Whether the next text that is written for later steps begins a line.
    pub line_end: LineEnd,
    /// Exported variables that may never have been set, so that a child process may not get them.
    pub maybe_unset: BTreeSet<String>,
    /// Variables with an attribute that changes what an assignment does.
    pub attributes: BTreeMap<String, Attribute>,
    /// The variables that are arrays, or may be indexed arrays. Their values in `variables` are those of the element 0,
    /// and they have no attribute [`Attribute::Other`].
    pub arrays: BTreeMap<String, Rc<Array>>,
    /// The working directory relative to the root of the repository, if known.
    pub directory: Option<String>,
    /// The options of the shell.
    pub options: ShellOptions,
    /// The possible commands of the trap that runs when the shell ends, with their position; `None` if there may be no
    /// trap.
    pub exit_traps: BTreeSet<Option<(String, usize)>>,
    /// The same for the trap that runs when a command fails.
    pub error_traps: BTreeSet<Option<(String, usize)>>,
    /// The possible definitions of each function; `None` if it may not be defined.
    pub functions: Functions,
    /// The definitions of functions that a child process may inherit.
    pub exported_functions: Functions,
    /// The arguments of the script or function, if known.
    pub arguments: Option<Vec<Text>>,
    /// The local variables of the current function, with the variables that they hide.
    pub locals: BTreeMap<String, Hidden>,
    /// Variables that the current function may have made local.
    pub maybe_local: BTreeSet<String>,
    /// Whether this point cannot be reached, because the script has ended or a condition is never true.
    pub ended: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            variables: Variables::new(),
            written: BTreeMap::new(),
            others_unknown: None,
            opaque: None,
            open_value: None,
            line_end: LineEnd::Complete,
            maybe_unset: BTreeSet::new(),
            attributes: BTreeMap::new(),
            arrays: BTreeMap::new(),
            directory: None,
            options: ShellOptions::NONE,
            exit_traps: BTreeSet::from([None]),
            error_traps: BTreeSet::from([None]),
            functions: BTreeMap::new(),
            exported_functions: BTreeMap::new(),
            arguments: None,
            locals: BTreeMap::new(),
            maybe_local: BTreeSet::new(),
            ended: false,
        }
    }
}

impl State {
    /// Records that any variable may be set here for later steps. A variable that was written before may be
    /// written again, so it is not known either.
    pub fn set_opaque(&mut self, reason: String) {
        self.written.clear();
        self.open_value = None;
        self.opaque = Some(reason);
    }

    /// Narrows the value of a variable, after a condition on it.
    pub fn narrow(&mut self, variable: Option<&str>, value: &Text) {
        let is_plain = |name: &&str| !self.attributes.contains_key(*name) && !self.arrays.contains_key(*name);
        let variable = variable.filter(is_plain);
        if let Some(variable) = variable.and_then(|name| self.variables.get_mut(name)) {
            variable.value = value.clone();
        }
    }

    /// Makes the elements of an array unknown, except its element 0.
    pub fn forget_elements(&mut self, name: &str) {
        let Some(array) = self.arrays.remove(name) else { return };
        self.keep_array(name, array.or(&Array::Unknown, UNDER_CONDITION).map(Rc::new));
    }

    /// Makes the attributes and elements of a variable unknown.
    pub fn set_any_attribute(&mut self, name: &str) {
        self.arrays.remove(name);
        self.attributes.insert(name.to_owned(), Attribute::Other);
    }

    /// Sets the elements of a variable without an array; `None` if it may be any array.
    fn keep_array(&mut self, name: &str, array: Option<Rc<Array>>) {
        match array {
            Some(array) => drop(self.arrays.insert(name.to_owned(), array)),
            // Nothing is assigned to a variable that is read-only.
            None if self.attributes.get(name) == Some(&Attribute::ReadOnly) => {
                self.arrays.insert(name.to_owned(), Rc::new(Array::Unknown));
            }
            None => drop(self.attributes.insert(name.to_owned(), Attribute::Other)),
        }
    }
}

/// Why a variable has more than one value after two branches.
const UNDER_CONDITION: &str = "it is set under a condition";

/// The state after two branches: every value that is possible after either of them is possible.
pub(super) fn join(one: State, other: State) -> State {
    match (one.ended, other.ended) {
        (true, false) => return other,
        (false, true) => return one,
        _ => {}
    }
    let missing = |state: &State| match &state.others_unknown {
        Some(reason) => Variable { value: Text::unknown(reason.clone()), export: Export::Maybe, assigned: None },
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
                value: mine.value.or(others.value).with_reason(UNDER_CONDITION),
                export,
                assigned: mine.assigned.or(others.assigned),
            }
        };
        (name.clone(), variable)
    });
    let variables = variables.collect();
    let is_local_in_one = |name: &&String| one.locals.get(*name) != other.locals.get(*name);
    let mixed = one.locals.keys().chain(other.locals.keys()).filter(is_local_in_one).cloned();
    let maybe_local: BTreeSet<String> =
        mixed.chain(one.maybe_local.iter().cloned()).chain(other.maybe_local.iter().cloned()).collect();
    let differs = one.open_value != other.open_value;
    let written = if differs { BTreeMap::new() } else { join_written(&one.written, &other.written) };
    let mut locals = one.locals;
    locals.retain(|name, _| !maybe_local.contains(name));
    let arrays = join_arrays(&one.arrays, &other.arrays);
    let mut joined = State {
        variables,
        written,
        others_unknown: one.others_unknown.or(other.others_unknown),
        opaque: one.opaque.or(other.opaque).or_else(|| differs.then(open_value_reason)),
        open_value: one.open_value.filter(|_| !differs),
        line_end: one.line_end.or(other.line_end),
        maybe_unset: one.maybe_unset.into_iter().chain(other.maybe_unset).collect(),
        attributes: join_attributes(one.attributes, other.attributes),
        arrays: BTreeMap::new(),
        directory: one.directory.filter(|directory| other.directory.as_ref() == Some(directory)),
        options: one.options.or(other.options),
        exit_traps: one.exit_traps.into_iter().chain(other.exit_traps).collect(),
        error_traps: one.error_traps.into_iter().chain(other.error_traps).collect(),
        functions: join_functions(one.functions, other.functions),
        exported_functions: join_functions(one.exported_functions, other.exported_functions),
        arguments: one.arguments.filter(|arguments| other.arguments.as_ref() == Some(arguments)),
        locals,
        maybe_local,
        ended: one.ended,
    };
    for (name, array) in arrays {
        if joined.attributes.get(&name) != Some(&Attribute::Other) {
            joined.keep_array(&name, array);
        }
    }
    joined
}

/// The join of two states, each of which may be missing.
pub(super) fn joined(one: Option<State>, other: Option<State>) -> Option<State> {
    match (one, other) {
        (Some(one), Some(other)) => Some(join(one, other)),
        (one, other) => one.or(other),
    }
}

/// The arrays after two branches; `None` for one that may be any array.
fn join_arrays(
    one: &BTreeMap<String, Rc<Array>>,
    other: &BTreeMap<String, Rc<Array>>,
) -> BTreeMap<String, Option<Rc<Array>>> {
    let joined = |name: &String| match (one.get(name), other.get(name)) {
        (Some(one), Some(other)) if Rc::ptr_eq(one, other) => Some(Rc::clone(one)),
        (Some(one), Some(other)) => one.or(other, UNDER_CONDITION).map(Rc::new),
        (Some(array), None) | (None, Some(array)) => array.or(&Array::Unknown, UNDER_CONDITION).map(Rc::new),
        (None, None) => None,
    };
    one.keys().chain(other.keys()).map(|name| (name.clone(), joined(name))).collect()
}

/// The reason why the writes of a script are not known if it is not known where a value ends.
pub(super) fn open_value_reason() -> String {
    "where a value that a script writes for later steps ends is not known".to_owned()
}

/// The possible definitions of functions.
pub(super) type Functions = BTreeMap<String, Vec<Option<Rc<Definition>>>>;

/// The possible definitions of functions after two branches.
fn join_functions(one: Functions, other: Functions) -> Functions {
    if one == other {
        return one;
    }
    let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let definitions = |name: &String| {
        let of = |functions: &Functions| functions.get(name).cloned().unwrap_or_else(|| vec![None]);
        let mut all = of(&one);
        all.extend(of(&other).into_iter().filter(|definition| !all.contains(definition)).collect::<Vec<_>>());
        all
    };
    names.into_iter().map(|name| (name.clone(), definitions(name))).collect()
}

/// The variables written for later steps after two branches.
pub(super) fn join_written(
    one: &BTreeMap<String, Written>,
    other: &BTreeMap<String, Written>,
) -> BTreeMap<String, Written> {
    let mut all = one.clone();
    for (name, written) in &mut all {
        match other.get(name) {
            Some(others) if others == written => {}
            Some(others) => {
                written.value =
                    written.value.clone().or(others.value.clone()).with_reason("it is written under a condition");
                written.is_conditional |= others.is_conditional;
            }
            None => written.is_conditional = true,
        }
    }
    for (name, written) in other {
        all.entry(name.clone()).or_insert_with(|| Written { is_conditional: true, ..written.clone() });
    }
    all
}

/// Widens the state of a loop after an iteration: every variable that differs from the state before
/// the iteration can have any value.
pub(super) fn widen(before: &State, after: State) -> State {
    let reason = "an earlier iteration of a loop may have set it";
    let mut widened = after;
    for (name, variable) in &mut widened.variables {
        let old = before.variables.get(name);
        if old.is_none_or(|old| old.value != variable.value) {
            variable.value = Text { values: AbstractValue::Any, reasons: variable.value.reasons.clone() };
            variable.value.reasons.insert(reason.to_owned());
        }
        if old.is_none_or(|old| old.export != variable.export) {
            variable.export = Export::Maybe;
        }
    }
    let is_other = |(name, array): &(&String, &Rc<Array>)| before.arrays.get(*name) != Some(*array);
    let changed: Vec<String> = widened.arrays.iter().filter(is_other).map(|(name, _)| name.clone()).collect();
    changed.iter().for_each(|name| widened.forget_elements(name));
    if widened.open_value != before.open_value {
        widened.set_opaque(open_value_reason());
    }
    for (name, written) in &mut widened.written {
        if before.written.get(name).is_none_or(|old| old.value != written.value) {
            written.value = Text::unknown(reason);
        }
    }
    widened
}

/// Evaluates `${name:-word}` and the operators `-`, `:=`, `=`, `:+` and `+`; `value` is the value of
/// the variable (empty if unset), `other` that of the word.
pub(super) fn substituted(operator: &str, value: Text, other: Text) -> Text {
    let Text { values, reasons } = value;
    let (filled, empty) = match values {
        AbstractValue::OneOf(texts) => {
            let (empty, filled): (Vec<String>, Vec<String>) = texts.into_iter().partition(String::is_empty);
            let filled = (!filled.is_empty()).then(|| Text::one_of(filled, reasons.clone()));
            (filled, !empty.is_empty())
        }
        AbstractValue::WithSecret | AbstractValue::NonEmpty => (Some(Text { values, reasons: reasons.clone() }), false),
        AbstractValue::Any => (Some(Text { values: AbstractValue::NonEmpty, reasons: reasons.clone() }), true),
    };
    let alternative = operator.ends_with('+');
    let kept = filled.map(|filled| if alternative { other.clone() } else { filled });
    // Without the colon an empty variable counts as set, and `value` does not distinguish empty from
    // unset.
    let is_ambiguous = !operator.starts_with(':');
    let replaced = empty.then(|| match (alternative, is_ambiguous) {
        (_, true) => other.or(Text::empty()).with_reason("whether a variable is unset or empty is not known"),
        (true, false) => Text::empty(),
        (false, false) => other,
    });
    match (kept, replaced) {
        (Some(kept), Some(replaced)) => {
            let mut text = kept.or(replaced);
            if text.single().is_none() {
                text.reasons.extend(reasons);
            }
            text
        }
        (Some(only), None) | (None, Some(only)) => only,
        (None, None) => Text::empty(),
    }
}

#[cfg(test)]
mod tests;
