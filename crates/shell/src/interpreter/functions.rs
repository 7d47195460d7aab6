//! Functions of a script. A call interprets the body with the arguments of the call.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::super::array::countable;
use super::super::definition::Definition;
use super::super::state::{Attribute, Export, Hidden, State, Variable, join, joined};
use super::super::syntax::{Command, Span, Word};
use super::outcome::success_of;
use super::{Interpreter, Outcome, Output, Status, own_spans};
use slug_value::Text;

/// Maximum number of functions around a command.
const MAX_FUNCTION_DEPTH: usize = 12;

/// Maximum number of times that a function is around a command. Each time repeats the loops around the call.
const MAX_RECURSION: usize = 2;

impl Interpreter<'_> {
    /// Defines a function. What its body names is not called here.
    pub(super) fn define(&mut self, name: &str, body: &Rc<Command>) {
        if self.is_recording {
            self.occurrences.define(&body.span);
        }
        if self.state.ended {
            return;
        }
        let (source, tree) = (Rc::clone(&self.source), Rc::clone(&self.tree));
        let definition = Rc::new(Definition { body: Rc::clone(body), source, tree });
        self.state.functions.insert(name.to_owned(), vec![Some(definition)]);
        if self.state.options.allexport.can_be_true || self.state.exported_functions.contains_key(name) {
            self.export_function(name);
        }
    }

    /// Records that a child process may inherit a function, as after `export -f` and `set -a`.
    pub(crate) fn export_function(&mut self, name: &str) {
        if let Some(mut definitions) = self.state.functions.get(name).cloned() {
            if !definitions.contains(&None) {
                definitions.push(None);
            }
            self.state.exported_functions.insert(name.to_owned(), definitions);
        }
    }

    /// Interprets a call of a function with some possible definitions. `otherwise` interprets the
    /// command that runs if the function is not defined.
    pub(crate) fn call_function(
        &mut self,
        name: &str,
        definitions: &[Option<Rc<Definition>>],
        arguments: &[Word],
        input: Option<&Output>,
        otherwise: impl Fn(&mut Self) -> Outcome,
    ) -> Outcome {
        // The function may run a target that an argument names.
        self.store(&own_spans(arguments), true);
        let arguments: Vec<Text> = arguments.iter().map(|word| self.field(word)).collect();
        let before = self.copy();
        let mut ends: Vec<State> = Vec::new();
        let mut all: Option<Outcome> = None;
        for definition in definitions {
            self.state = before.clone();
            let outcome = match definition {
                Some(definition) => self.run_function(name, definition, arguments.clone(), input.cloned()),
                None => otherwise(self),
            };
            if let [_] = definitions {
                return outcome;
            }
            ends.push(std::mem::take(&mut self.state));
            all = Some(match all {
                Some(all) => Outcome {
                    output: all.output.or(outcome.output),
                    status: all.status.to_tristate().or(outcome.status.to_tristate()).into(),
                },
                None => outcome.without_states(),
            });
        }
        self.state = ends.into_iter().reduce(join).unwrap_or(before);
        all.unwrap_or_else(|| Outcome::unknown(Output::default()))
    }

    fn run_function(
        &mut self,
        name: &str,
        definition: &Rc<Definition>,
        arguments: Vec<Text>,
        input: Option<Output>,
    ) -> Outcome {
        self.spend(10);
        let repeats = self.active_functions.iter().filter(|active| *active == definition).count();
        if repeats == MAX_RECURSION || self.active_functions.len() == MAX_FUNCTION_DEPTH {
            self.calls_unknown_functions = true;
            self.havoc(&format!("the function `{name}` calls itself"));
            if self.names_env_file {
                self.state.opaque =
                    Some(format!("the function `{name}` calls itself and may write ${}", self.file_variable));
            }
            return Outcome::unknown(Output::unknown(format!("the output of `{name}` is not known")));
        }
        if self.is_recording {
            self.occurrences.call(&definition.body.span);
        }
        let locals = std::mem::take(&mut self.state.locals);
        let maybe_local = std::mem::take(&mut self.state.maybe_local);
        let outer_locals = self.outer_locals.clone();
        self.outer_locals.extend(locals.keys().chain(&maybe_local).cloned());
        let outer_arguments = std::mem::replace(&mut self.state.arguments, countable(arguments));
        self.active_functions.push(Rc::clone(definition));
        let (source, tree) = (Rc::clone(&definition.source), Rc::clone(&definition.tree));
        let loops = std::mem::take(&mut self.loops);
        let discarded = self.discarded.take();
        let outcome = self.inside(source, tree, |it| it.until_return(|it| Some(it.command(&definition.body, input))));
        let outcome = outcome.unwrap_or_else(|| Outcome::unknown(Output::default()));
        self.loops = loops;
        self.active_functions.pop();
        self.outer_locals = outer_locals;
        let leave = |state: &mut State| {
            leave_function(state);
            state.locals.clone_from(&locals);
            state.maybe_local.clone_from(&maybe_local);
            state.arguments.clone_from(&outer_arguments);
        };
        leave(&mut self.state);
        if let Some(state) = &mut self.discarded {
            leave(state);
        }
        self.discarded = joined(discarded, self.discarded.take());
        let mut status = outcome.status;
        if let Status::Split(states) = &mut status {
            leave(&mut states.0);
            leave(&mut states.1);
        }
        Outcome { status, ..outcome }
    }

    /// Interprets commands that `return` can end.
    pub(crate) fn until_return(&mut self, inside: impl FnOnce(&mut Self) -> Option<Outcome>) -> Option<Outcome> {
        let outer = self.returns.replace(Vec::new());
        let outcome = inside(self);
        let returned = std::mem::replace(&mut self.returns, outer).unwrap_or_default();
        let outcome = outcome?;
        if returned.is_empty() {
            return Some(outcome);
        }
        let (mut success, mut failure) = self.split(outcome.status);
        for (state, status) in returned {
            self.spend(2 * state.variables.len());
            if status.can_be_true {
                success = join(success, state.clone());
            }
            if status.can_be_false {
                failure = join(failure, state);
            }
        }
        let status = self.unite(success, failure);
        Some(Outcome { output: outcome.output.or(Output::default()), status })
    }

    /// Interprets `return`, which ends a function or a sourced file.
    pub(crate) fn return_command(&mut self, arguments: &[Word]) {
        let status = success_of(arguments.first().map(|word| self.field(word)).as_ref());
        let state = self.copy();
        if let Some(returns) = &mut self.returns {
            returns.push((state, status));
            self.state.ended = true;
        }
    }

    /// Makes a variable local to the current function. It has no attribute of the variable that it hides.
    pub(crate) fn make_local(&mut self, name: &str) {
        if self.state.locals.contains_key(name) {
            return;
        }
        let attribute = self.state.attributes.get(name).copied();
        let (variable, array) = (self.state.variables.get(name).cloned(), self.state.arrays.get(name).cloned());
        // It may be local already, with its attributes, and one that is read-only cannot be hidden.
        if self.state.maybe_local.contains(name) {
            self.state.forget_elements(name);
        } else if attribute != Some(Attribute::ReadOnly) {
            self.state.attributes.remove(name);
            if self.state.arrays.remove(name).is_some()
                && let Some(variable) = self.state.variables.get_mut(name)
            {
                // A variable is exported like the one that it hides, which may be an array that is to be exported.
                variable.export = Export::Maybe;
            }
        }
        self.state.locals.insert(name.to_owned(), Hidden { variable, array, attribute });
    }

    /// The exported variable that a local one may hide, which commands get when the local one is unset.
    pub(crate) fn hidden_by_local(&self, name: &str) -> Option<Variable> {
        let unknown =
            || Variable { value: Text::unknown("a local variable hides it"), export: Export::Maybe, assigned: None };
        match self.state.locals.get(name) {
            _ if self.outer_locals.contains(name) || self.state.maybe_local.contains(name) => Some(unknown()),
            Some(Hidden { variable: Some(hidden), .. }) => {
                Some(hidden.clone()).filter(|hidden| hidden.export != Export::No)
            }
            Some(_) => self.state.others_unknown.is_some().then(unknown),
            None => None,
        }
    }

    /// The arguments of the script or function as words, if they are known.
    pub(super) fn arguments_as_words(&mut self, span: &Span) -> Option<Vec<Word>> {
        let arguments = self.state.arguments.clone()?;
        Some(arguments.into_iter().map(|text| self.value_word(text, span)).collect())
    }
}

/// Restores the variables that the local variables of a function hide.
fn leave_function(state: &mut State) {
    for (name, Hidden { variable, array, attribute }) in std::mem::take(&mut state.locals) {
        restore(&mut state.variables, &name, variable);
        restore(&mut state.arrays, &name, array);
        restore(&mut state.attributes, &name, attribute);
    }
    for name in std::mem::take(&mut state.maybe_local) {
        let value = Text::unknown("a function may have made it local");
        state.forget_elements(&name);
        state.variables.insert(name, Variable { value, export: Export::Maybe, assigned: None });
    }
}

/// Sets the value of a name, or removes it.
fn restore<V>(values: &mut BTreeMap<String, V>, name: &str, value: Option<V>) {
    match value {
        Some(value) => drop(values.insert(name.to_owned(), value)),
        None => drop(values.remove(name)),
    }
}
