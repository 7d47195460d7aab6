//! The exit status of commands, and the states after success and after failure.

use super::super::state::{State, join, joined};
use super::Interpreter;
use super::outcome::{Outcome, Status};
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

    /// Applies `set -e` and a trap of `ERR` to a command: if it fails, the shell may end.
    pub(super) fn check_failure(&mut self, outcome: Outcome) -> Outcome {
        let of_option = Some(Tristate::NEVER).filter(|_| self.state.options.errexit.can_be_true);
        let status = of_option.into_iter().chain(self.state.exits_on_error).reduce(Tristate::or);
        let Some(status) = status.filter(|_| !self.tolerates_failure && !self.state.ended) else { return outcome };
        let is_certain = !self.state.options.errexit.can_be_false;
        match outcome.status {
            Status::Success => outcome,
            Status::Unknown => {
                self.end_shell(status);
                if is_certain { Outcome::success(outcome.output) } else { outcome }
            }
            Status::Failure => {
                self.end_shell(status);
                self.state.ended |= is_certain;
                outcome
            }
            Status::Split(states) => {
                let (success, failure) = *states;
                if !failure.ended {
                    self.state = failure.clone();
                    self.end_shell(status);
                }
                let failure = State { ended: failure.ended || is_certain, ..failure };
                let status = self.unite(success, failure);
                Outcome { status, ..outcome }
            }
        }
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
