//! The points at which a shell may end, and what it has written there for later steps.

use std::collections::BTreeMap;

use super::super::effects::Failed;
use super::super::state::{LineEnd, State, join_written, open_value_reason};
use slug_value::{Text, Tristate};

/// The commands of a trap that runs when the shell ends, with their position.
pub type Trap = (String, usize);

/// How a shell may have ended before its last command.
#[derive(Default)]
pub struct EarlyEnds {
    /// The points at which it may have ended without a trap.
    pub without_trap: Exits,
    /// The points at which it may have ended, for each trap that runs then.
    pub before_trap: BTreeMap<Trap, Exits>,
    /// The status with which it may have ended.
    pub status: Option<Tristate>,
    /// What the ends of the trap that runs do to this status.
    pub status_changes: StatusChanges,
    /// The number of `exit` commands that may have run.
    pub exit_commands: usize,
}

/// The points at which a shell ends before its last command.
#[derive(Default)]
pub struct Exits {
    /// Those at which it may succeed.
    pub success: Ends,
    /// Those at which it may fail.
    pub failure: Ends,
}

impl Exits {
    /// What a subshell has written, over all points at which it may end. `end` is the state after its last command.
    pub fn of_subshell(mut self, end: &State) -> End {
        if !end.ended || self.success.is_empty() {
            self.success.add(end);
        }
        self.success.0.into_iter().chain(self.failure.0).reduce(End::or).unwrap_or_default()
    }
}

/// What the early ends of a trap may do to the status that a shell has without it.
#[derive(Clone, Copy, Default)]
pub struct StatusChanges {
    /// Whether one may make it a success.
    pub to_success: bool,
    /// Whether one may make it a failure.
    pub to_failure: bool,
}

/// The status of the last command before a trap, which `$?` is at the beginning of the trap.
#[derive(Clone, Copy, PartialEq)]
pub enum StatusBefore {
    /// The status with which the shell ends.
    End,
    /// The status of a command that failed.
    Failure,
}

impl StatusBefore {
    /// The text of `$?`; another one for each.
    pub fn text(self) -> Text {
        let reason = match self {
            Self::End => "the status with which a script ends is not known to its trap",
            Self::Failure => "the status of a command that fails is not known",
        };
        Text::unknown(reason)
    }
}

/// What a shell has written for later steps when it ends.
#[derive(Clone, Default)]
pub struct End {
    pub effects: Failed,
    pub line_end: LineEnd,
}

impl End {
    pub fn of(state: &State) -> Self {
        let (written, opaque) = match &state.open_value {
            Some(_) => (BTreeMap::new(), Some(open_value_reason())),
            None => (state.written.clone(), state.opaque.clone()),
        };
        Self { effects: Failed { written, opaque }, line_end: state.line_end.clone() }
    }

    /// The join of two ends.
    pub fn or(self, other: Self) -> Self {
        let written = join_written(&self.effects.written, &other.effects.written);
        let opaque = self.effects.opaque.or(other.effects.opaque);
        Self { effects: Failed { written, opaque }, line_end: self.line_end.or(other.line_end) }
    }
}

/// The join of what a shell has written at some points; `None` if there are none.
#[derive(Clone, Default)]
pub struct Ends(pub Option<End>);

impl Ends {
    pub fn add(&mut self, state: &State) {
        self.join(Some(End::of(state)));
    }

    pub fn join(&mut self, end: Option<End>) {
        self.0 = self.0.take().into_iter().chain(end).reduce(End::or);
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}
