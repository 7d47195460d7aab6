//! Functions of a script. Each body is interpreted once, at its definition. A call may have the
//! effects of any body.

use super::super::state::{Export, Variable, Written};
use super::super::syntax::Command;
use super::{Exits, Interpreter};
use slug_value::Text;

impl Interpreter<'_> {
    /// Interprets the body of a function and records the effects that a call may have.
    pub(super) fn define(&mut self, name: &str, body: &Command) {
        self.functions.names.insert(name.to_owned());
        let before = self.copy();
        let exits = std::mem::take(&mut self.exits);
        let loops = std::mem::take(&mut self.loops);
        let was_in_function = std::mem::replace(&mut self.in_function, true);
        if self.changes_directory {
            self.state.directory = None;
        }
        self.state.opaque = None;
        let output = self.command(body, None);
        self.resolve(&output.spans);
        self.in_function = was_in_function;
        self.loops = loops;
        let Exits { states, may_fail } = std::mem::replace(&mut self.exits, exits);
        self.functions.may_exit |= !states.is_empty();
        self.functions.may_fail |= may_fail;
        let opaque = std::iter::once(&self.state).chain(&states).find_map(|end| end.opaque.clone());
        self.functions.opaque = self.functions.opaque.take().or(opaque);
        self.state = before;
    }

    /// Applies the effects that a call of a function may have.
    pub(crate) fn apply_functions(&mut self, name: &str) {
        let reason = format!("the function `{name}` may set it");
        let functions = self.functions.clone();
        self.spend(functions.set.len() + functions.written.len() + 1);
        if functions.havoc {
            self.havoc(&reason);
        }
        for name in functions.set {
            let assigned = self.state.variables.get(&name).and_then(|variable| variable.assigned.clone());
            let variable = Variable { value: Text::unknown(&reason), export: Export::Maybe, assigned };
            self.state.variables.insert(name, variable);
        }
        self.state.special.extend(functions.special);
        for name in functions.written {
            let span = self.state.written.get(&name).map_or(0..0, |written| written.span.clone());
            let written = Written { value: Text::unknown(&reason), is_conditional: true, span };
            self.state.written.insert(name, written);
        }
        if functions.change_exports {
            self.state.all_exported = Export::Maybe;
        }
        if self.changes_directory {
            self.state.directory = None;
        }
        self.state.opaque = self.state.opaque.take().or(functions.opaque);
        if functions.may_exit || (functions.may_fail && self.subshells > 0) {
            let state = self.copy();
            self.exits.states.push(state);
        }
        self.exits.may_fail |= functions.may_fail;
    }
}
