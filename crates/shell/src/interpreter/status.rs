//! The exit status of commands, and the states after success and after failure.

use super::super::state::{State, join, joined};
use super::Interpreter;
use super::outcome::{Outcome, Status};
use super::output::Output;
use slug_value::Tristate;

impl Interpreter<'_> {
    /// Takes the state apart: the states after success and after failure of the last command. A
    /// state that cannot be reached has ended.
    pub fn split(&mut self, status: Status) -> (State, State) {
        if let Status::Split(states) = status {
            self.state = State::default();
            return *states;
        }
        let copy = self.copy();
        let state = std::mem::take(&mut self.state);
        match status {
            Status::Success => (state, State { ended: true, ..copy }),
            Status::Failure => (State { ended: true, ..copy }, state),
            _ => (state, copy),
        }
    }

    /// Joins the states after success and after failure to the state of the interpreter.
    pub fn unite(&mut self, success: State, failure: State) -> Status {
        self.spend(success.variables.len() + failure.variables.len() + 1);
        self.state = join(success.clone(), failure.clone());
        Status::Split(Box::new((success, failure)))
    }

    /// Interprets a command whose failure does not end the shell, as in the condition of `if`.
    pub(super) fn tolerant<T>(&mut self, inside: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.tolerates_failure, true);
        let result = inside(self);
        self.tolerates_failure = before;
        result
    }

    /// Applies `set -e` and the trap of `ERR` to a command: if it fails, the trap runs, and the shell may end.
    pub(super) fn check_failure(&mut self, outcome: Outcome) -> Outcome {
        let Tristate { can_be_true: may_end, can_be_false: may_go_on } = self.state.options.errexit;
        let is_trapped = self.has_error_trap();
        let is_checked = !self.tolerates_failure && !self.state.ended && (may_end || is_trapped);
        let Outcome { mut output, status } = outcome;
        match status {
            status if !is_checked => return Outcome { output, status },
            Status::Success => return Outcome::success(output),
            Status::Unknown if !is_trapped => {
                self.end_shell(Tristate::NEVER);
                return if may_go_on { Outcome::unknown(output) } else { Outcome::success(output) };
            }
            _ => {}
        }
        let (success, failure) = self.split(status);
        self.state = failure;
        if !self.state.ended {
            if is_trapped {
                let printed = self.run_error_traps();
                output.append(if success.ended { printed } else { printed.or(Output::default()) });
            }
            if may_end {
                self.end_shell(Tristate::NEVER);
                self.state.ended |= !may_go_on;
            }
        }
        let failure = std::mem::take(&mut self.state);
        let status = self.unite(success, failure);
        Outcome { output, status }
    }

    /// Records an error that may happen in the current state.
    pub(crate) fn discard_here(&mut self) {
        let state = self.copy();
        self.discard_line(Some(state));
    }

    /// Records an error that may happen in a state: bash skips the rest of the line, with the commands around it, and
    /// goes on with the next line. In a subshell, and in POSIX shells, the shell ends.
    pub(crate) fn discard_line(&mut self, state: Option<State>) {
        let Some(state) = state.filter(|state| !state.ended) else { return };
        self.end_shell(Tristate::NEVER);
        self.spend(state.variables.len() + 1);
        self.discarded = joined(self.discarded.take(), Some(state));
    }
}
