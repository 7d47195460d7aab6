//! The traps that run when a shell ends.

use std::collections::BTreeSet;

use super::super::effects::Failed;
use super::super::state::{LineEnd, State};
use super::Interpreter;
use super::ends::{End, StatusChanges};
use super::outcome::success_of;
use slug_value::{Text, Tristate};

/// Why the status with which a shell ends is not known to its trap.
pub const STATUS_OF_SHELL: &str = "the status with which a script ends is not known to its trap";

impl Interpreter<'_> {
    /// Records that the shell may end in the current state, with the given success.
    pub(crate) fn end_shell(&mut self, success: Tristate) {
        if !self.state.ended {
            self.exit_changes.to_success |= success.can_be_true;
            self.exit_changes.to_failure |= success.can_be_false;
            self.end_with_status(success);
        }
    }

    /// Interprets `exit`. In a trap, `exit` alone keeps the status of the last command before the trap.
    pub(crate) fn exit(&mut self, status: Option<&Text>) {
        let success = success_of(status);
        if status.is_none_or(|status| *status == Text::unknown(STATUS_OF_SHELL)) {
            self.end_with_status(success);
        } else {
            self.end_shell(success);
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
        self.early_status = Some(self.early_status.map_or(success, |early| early.or(success)));
        let is_subshell = self.subshells > 0;
        for trap in traps {
            let exits = match trap {
                Some(trap) => self.trapped.entry(trap).or_default(),
                None => &mut self.exits,
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

    /// Interprets the commands that may run when the current shell ends; returns whether there are any.
    pub(super) fn run_exit_traps(&mut self) -> bool {
        let mut trapped = std::mem::take(&mut self.trapped);
        if !self.state.ended {
            for trap in self.state.exit_traps.iter().flatten() {
                trapped.entry(trap.clone()).or_default();
            }
        }
        let is_trapped = !trapped.is_empty();
        for ((script, base), mut ends) in trapped {
            let before = self.copy();
            let is_last = !before.ended && before.exit_traps.contains(&Some((script.clone(), base)));
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
            let exits = std::mem::take(&mut self.exits);
            self.exit_changes = StatusChanges::default();
            self.is_status_of_shell = true;
            if self.script(&script, base, &[]).is_none() {
                self.state.set_opaque("a trap of a script cannot be interpreted".to_owned());
            }
            self.is_status_of_shell = false;
            let mut inside = std::mem::replace(&mut self.exits, exits);
            // A trap that is set while this one runs does not run.
            for (_, exits) in std::mem::take(&mut self.trapped) {
                inside.success.join(exits.success.0);
                inside.failure.join(exits.failure.0);
            }
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
                ends.success.join(failed.filter(|_| self.exit_changes.to_success));
                ends.failure.join(succeeded.filter(|_| self.exit_changes.to_failure));
            }
            self.exits.success.join(ends.success.0);
            self.exits.failure.join(ends.failure.0);
        }
        is_trapped
    }
}
