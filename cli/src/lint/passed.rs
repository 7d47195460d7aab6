//! The values that callers pass: to a workflow, and to a composite action of the repository.

use std::borrow::Cow;

use slug_resolver::{Edit, Fix};
use slug_workflow::action::Action;
use slug_workflow::environment::{Origin, Setting};
use slug_workflow::expression::path_in;
use slug_workflow::model::EnvEntry;

use super::explain::PolicyCall;
use super::linter::Linter;
use super::near_miss::place_of;
use crate::render::shown;

/// An input that alone gives a variable its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PassedInput {
    /// The name.
    pub name: String,
    /// The owner of the `with` that passes it, in words.
    pub caller: String,
}

impl Linter<'_> {
    /// The `env` entry that gives a variable its value, in the workflow or in the action that the step uses. `None` if
    /// a script or an action in another action sets the variable.
    pub(super) fn entry<'c>(&self, setting: &'c Setting<'_>, call: &PolicyCall<'_>) -> Option<Cow<'c, EnvEntry>> {
        match &setting.origin {
            Origin::Entry(entry) => Some(Cow::Borrowed(entry)),
            Origin::Input(_) => None,
            Origin::Script(span) => {
                let action = Action::read(call.site.step.uses.as_deref()?, &[], self.scripts?)?;
                let start = span.start.checked_sub(action.base)?;
                let mut entries = action.steps.iter().flat_map(|step| step.env.entries());
                Some(Cow::Owned(entries.find(|entry| entry.key.start == start)?.clone()))
            }
        }
    }

    /// The input through which the caller of a workflow or of an action gives a variable its value, if the variable has
    /// the value of the input and nothing else.
    pub(super) fn passed_input(&self, variable: &str, call: &PolicyCall<'_>) -> Option<PassedInput> {
        let setting = call.site.env.variables.get(variable)?;
        let input = input_in(&self.entry(setting, call)?.value)?;
        let is_same = |name: &str| name.eq_ignore_ascii_case(&input);
        let (name, caller) = match &setting.origin {
            Origin::Entry(_) => {
                let caller = call.site.invocation.callers.last()?;
                let (name, _) = caller.inputs.iter().find(|(name, _)| is_same(name))?;
                (name, place_of(caller))
            }
            _ => {
                let step = call.site.step;
                let (name, _, _) = step.with.iter().find(|(name, _, _)| is_same(name))?;
                (name, format!("step {} of job `{}` of {}", step.number, shown(call.job), shown(call.path)))
            }
        };
        Some(PassedInput { name: name.clone(), caller })
    }

    /// Whether the edits of a fix of one call concern another call, too: a caller edits only what it passes itself.
    pub(super) fn concerns(&self, fix: &Fix, call: &PolicyCall<'_>, other: &PolicyCall<'_>) -> bool {
        let is_shared = |edit: &Edit| match self.passed_input(edit.variable(), call) {
            Some(passed) => self.passed_input(edit.variable(), other).is_none_or(|other| other == passed),
            None => true,
        };
        fix.edits.iter().any(is_shared)
    }
}

/// The name of the input whose value is the whole value of a text.
fn input_in(value: &str) -> Option<String> {
    match path_in(value)?.as_slice() {
        [context, input] if context == "inputs" => Some(input.clone()),
        _ => None,
    }
}
