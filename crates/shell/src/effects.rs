//! The effects of a script on the commands that it calls and on later steps.

use std::collections::{BTreeMap, BTreeSet};

use super::changed::ChangedPaths;
use super::state::{Export, Variable, Variables, Written};
use super::syntax::Span;
use slug_value::Text;

/// The effects of a script.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    /// The calls of targets, in the order of the script.
    pub calls: Vec<Call>,
    /// The targets, by index, of which the script contains a call that it never reaches.
    pub unreached: BTreeSet<usize>,
    /// The variables that the script sets for later steps, by name.
    pub written: BTreeMap<String, Written>,
    /// The reason why the script may set any variable for later steps, if it may.
    pub opaque: Option<String>,
    /// The effects on later steps if the script fails, if it may fail.
    pub failure: Option<Failed>,
    /// Whether the script never succeeds.
    pub always_fails: bool,
    /// The known variables at the end of the script, as a command there would see them.
    pub final_variables: Variables,
    /// The reason why a file that the script writes may choose the model of a target, if one may.
    pub settings_reason: Option<String>,
    /// The files of the repository that the script may change.
    pub changed: ChangedPaths,
    /// The commands that the script runs and the repository lacks.
    pub missing: Vec<Missing>,
    /// The reason why all other variables can have any value at the end, if they can.
    pub others_unknown: Option<String>,
}

impl Effects {
    /// Records that the script may set any variable for later steps at any time.
    pub(super) fn set_opaque(&mut self, reason: &str) {
        self.written.clear();
        self.opaque = Some(reason.to_owned());
        if let Some(failure) = &mut self.failure {
            *failure = Failed { written: BTreeMap::new(), opaque: self.opaque.clone() };
        }
    }

    /// Makes each call one that may happen, with any variables, because the script may run in another way than the
    /// interpreter assumes.
    pub(super) fn doubt(&mut self, reason: &str) {
        for call in &mut self.calls {
            *call = Call::possible(call.target, call.span.clone(), reason.to_owned());
        }
        let failure = self.failure.get_or_insert_default();
        if self.opaque.is_some() || failure.opaque.is_some() || !(self.written.is_empty() && failure.written.is_empty())
        {
            self.set_opaque(reason);
        }
        self.always_fails = false;
        self.final_variables.clear();
        self.others_unknown = Some(reason.to_owned());
    }

    /// Changes the position of each call and assignment.
    pub(super) fn each_span(&mut self, change: impl Fn(&mut Span)) {
        for call in &mut self.calls {
            change(&mut call.span);
        }
        let of_calls = self.calls.iter_mut().map(|call| &mut call.variables);
        let variables = of_calls.chain([&mut self.final_variables]).flat_map(BTreeMap::values_mut);
        variables.filter_map(|variable| variable.assigned.as_mut()).for_each(&change);
        let of_failure = self.failure.iter_mut().map(|failure| &mut failure.written);
        let written = of_failure.chain([&mut self.written]).flat_map(BTreeMap::values_mut);
        written.for_each(|written| change(&mut written.span));
    }
}

/// Something that a script runs and the repository lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Its name; the path of a file, relative to the root of the repository.
    pub name: String,
    /// The file that lacks the name, relative to the root, and the names that it has; `None` for a file.
    pub within: Option<(String, Vec<String>)>,
}

/// The effects of a script that fails on the steps that run nevertheless.
#[derive(Clone, Debug, Default)]
pub struct Failed {
    /// The variables that it sets for later steps, by name.
    pub written: BTreeMap<String, Written>,
    /// The reason why it may set any variable for later steps, if it may.
    pub opaque: Option<String>,
}

/// A call of a target.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The index of the target.
    pub target: usize,
    /// The bytes of the word that names the target.
    pub span: Span,
    /// The known variables that the target sees.
    pub variables: Variables,
    /// The reason why the target may see any value in all other variables, if it may.
    pub others_unknown: Option<String>,
    /// The reason why an argument or a file, and not only the variables, may choose the model of the target.
    pub model_choice_reason: Option<String>,
    /// A settings file in the arguments that is not known. The answer for the variables holds unless it chooses
    /// another model.
    pub unread_settings: Option<String>,
    /// The known arguments.
    pub arguments: Vec<String>,
}

impl Call {
    /// Adds a value that the script of the target gives to a variable, with the bytes of its name.
    pub(super) fn add_assigned(&mut self, (name, value, span): &(String, Text, Span)) {
        let is_known = self.others_unknown.is_none() || self.variables.contains_key(name);
        let unset = || Variable { value: Text::empty(), export: Export::No, assigned: None };
        let Some(variable) = is_known.then(|| self.variables.entry(name.clone()).or_insert_with(unset)) else { return };
        if variable.value.values != value.values {
            let joined = std::mem::replace(&mut variable.value, Text::empty()).or(value.clone());
            variable.value = joined.with_reason(&format!("the harness sets `{name}` itself"));
            variable.export = variable.export.or(Export::Maybe);
            variable.assigned.get_or_insert_with(|| span.clone());
        }
    }

    /// A call that may happen, with any variables and arguments.
    pub(super) fn possible(target: usize, span: Span, reason: String) -> Self {
        Self {
            target,
            span,
            variables: Variables::new(),
            others_unknown: Some(reason),
            model_choice_reason: None,
            unread_settings: None,
            arguments: Vec::new(),
        }
    }
}
