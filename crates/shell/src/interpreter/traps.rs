//! The traps that run when a shell ends, and when a command fails.

use std::collections::BTreeSet;

use super::super::effects::Failed;
use super::super::state::{LineEnd, State, join};
use super::Interpreter;
use super::ends::{End, Exits, StatusBefore, StatusChanges, Trap};
use super::outcome::success_of;
use super::output::Output;
use slug_value::{Text, Tristate};

/// Why nothing is known after a trap that cannot be parsed.
const UNREADABLE: &str = "a trap of a script cannot be interpreted";

impl Interpreter<'_> {
    /// Records that the shell may end in the current state, with the given success.
    pub(crate) fn end_shell(&mut self, success: Tristate) {
        if !self.state.ended {
            self.ends.status_changes.to_success |= success.can_be_true;
            self.ends.status_changes.to_failure |= success.can_be_false;
            self.end_with_status(success);
        }
    }

    /// Interprets `exit`. In a trap of `EXIT`, `exit` alone keeps the status of the last command before the trap; in
    /// one of `ERR`, it has the status of the last command.
    pub(crate) fn exit(&mut self, status: Option<&Text>) {
        let before = match status {
            None if self.is_in_error_trap => self.status_before,
            None => Some(StatusBefore::End),
            Some(status) => [StatusBefore::End, StatusBefore::Failure].into_iter().find(|it| it.text() == *status),
        };
        match before {
            Some(StatusBefore::End) => self.end_with_status(success_of(status)),
            Some(StatusBefore::Failure) => self.end_shell(Tristate::NEVER),
            None => self.end_shell(success_of(status)),
        }
        self.state.ended = true;
    }

    /// Records that the shell may end in the current state, without a change of its status.
    fn end_with_status(&mut self, success: Tristate) {
        if self.state.ended {
            return;
        }
        let traps = self.state.exit_traps.clone();
        self.spend((self.state.written.len() + 1) * traps.len());
        self.ends.status = Some(self.ends.status.map_or(success, |early| early.or(success)));
        let is_subshell = self.subshells > 0;
        for trap in traps {
            let exits = match trap {
                Some(trap) => self.ends.before_trap.entry(trap).or_default(),
                None => &mut self.ends.without_trap,
            };
            // The exit status of a subshell does not undo its writes.
            if success.can_be_true || is_subshell {
                exits.success.add(&self.state);
            }
            if success.can_be_false && !is_subshell {
                exits.failure.add(&self.state);
            }
        }
    }

    /// Whether a trap may run when a command fails here. Such a trap does not run while it runs.
    pub(super) fn has_error_trap(&self) -> bool {
        !self.is_in_error_trap && self.state.error_traps.iter().any(Option::is_some)
    }

    /// Interprets the commands that may run when a command has failed in the current state; returns their output.
    pub(super) fn run_error_traps(&mut self) -> Output {
        let before = self.copy();
        // Functions and subshells inherit the trap only with an option of the shell.
        let may_be_inherited = !self.active_functions.is_empty() || self.subshells > 0;
        let may_run_nothing = may_be_inherited || before.error_traps.contains(&None);
        let mut after = may_run_nothing.then(|| (self.copy(), Output::default()));
        self.is_in_error_trap = true;
        for (script, base) in before.error_traps.clone().into_iter().flatten() {
            self.spend(before.variables.len() + 1);
            self.state = before.clone();
            self.status_before = Some(StatusBefore::Failure);
            let output = match self.script(&script, base, &[]) {
                Some(outcome) => outcome.output,
                None => {
                    self.havoc(UNREADABLE);
                    self.state.set_opaque(UNREADABLE.to_owned());
                    Output::default()
                }
            };
            self.status_before = None;
            let state = std::mem::take(&mut self.state);
            after = Some(match after {
                Some((other, printed)) => (join(other, state), printed.or(output)),
                None => (state, output),
            });
        }
        self.is_in_error_trap = false;
        let (state, output) = after.unwrap_or((before, Output::default()));
        self.state = state;
        output
    }

    /// Interprets the commands that may run when the current shell ends; returns whether there are any.
    pub(super) fn run_exit_traps(&mut self) -> bool {
        let mut trapped = std::mem::take(&mut self.ends.before_trap);
        if !self.state.ended {
            for trap in self.state.exit_traps.iter().flatten() {
                trapped.entry(trap.clone()).or_default();
            }
        }
        let is_trapped = !trapped.is_empty();
        for (trap, ends) in trapped {
            self.run_exit_trap(&trap, ends);
        }
        is_trapped
    }

    /// Interprets a trap that runs at some early ends of the shell, and at its last command if it is still set then.
    fn run_exit_trap(&mut self, trap: &Trap, mut ends: Exits) {
        let before = self.copy();
        let is_last = !before.ended && before.exit_traps.contains(&Some(trap.clone()));
        self.state.ended = false;
        self.state.exit_traps = BTreeSet::from([None]);
        let early: Vec<&End> = [&ends.success, &ends.failure].into_iter().flat_map(|ends| &ends.0).collect();
        let is_early = !early.is_empty();
        if is_early {
            self.havoc("a trap uses it when the script ends, which may be at any point");
            let last = is_last.then(|| before.line_end.clone());
            let line_ends = early.into_iter().map(|end| end.line_end.clone());
            self.state.line_end = line_ends.chain(last).reduce(LineEnd::or).unwrap_or_default();
        }
        let inside = self.ends_of_trap(trap);
        let (may_succeed, may_fail) = (!inside.success.is_empty(), !inside.failure.is_empty());
        // The shell may end before `trap`, and at any point of the trap.
        let points = [inside.success.0, inside.failure.0].into_iter().flatten();
        let end = points.fold(End::of(&before).or(End::of(&self.state)), End::or);
        let End { effects: Failed { written, opaque }, line_end } = end;
        self.state = State { written, opaque, line_end, ..before };
        let end = State { ended: false, ..self.state.clone() };
        // The trap may also set the exit status.
        for (ends, is_set) in [(&mut ends.success, may_succeed), (&mut ends.failure, may_fail)] {
            if is_set || !ends.is_empty() {
                ends.add(&end);
            }
        }
        if is_early {
            let (succeeded, failed) = (ends.success.0.clone(), ends.failure.0.clone());
            ends.success.join(failed.filter(|_| self.ends.status_changes.to_success));
            ends.failure.join(succeeded.filter(|_| self.ends.status_changes.to_failure));
        }
        self.ends.without_trap.success.join(ends.success.0);
        self.ends.without_trap.failure.join(ends.failure.0);
    }

    /// Interprets the commands of a trap of `EXIT`; returns the points at which they end the shell.
    fn ends_of_trap(&mut self, (script, base): &Trap) -> Exits {
        let outer = std::mem::take(&mut self.ends.without_trap);
        self.ends.status_changes = StatusChanges::default();
        self.status_before = Some(StatusBefore::End);
        if self.script(script, *base, &[]).is_none() {
            self.state.set_opaque(UNREADABLE.to_owned());
        }
        self.status_before = None;
        let mut inside = std::mem::replace(&mut self.ends.without_trap, outer);
        // A trap that is set while this one runs does not run.
        for (_, exits) in std::mem::take(&mut self.ends.before_trap) {
            inside.success.join(exits.success.0);
            inside.failure.join(exits.failure.0);
        }
        inside
    }
}
