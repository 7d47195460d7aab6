//! The output and the exit status of a command.

use super::super::state::State;
use super::output::Output;
use slug_value::{AbstractValue, Text, Tristate};

/// The output and the exit status of a command.
pub struct Outcome {
    pub output: Output,
    pub status: Status,
}

/// The exit status of a command.
pub enum Status {
    /// The command succeeds.
    Success,
    /// The command fails.
    Failure,
    /// The command may succeed or fail; the state is the same in both cases.
    Unknown,
    /// The states after success and after failure. The state of the interpreter is their join.
    Split(Box<(State, State)>),
}

impl Outcome {
    pub fn success(output: Output) -> Self {
        Self { output, status: Status::Success }
    }

    pub fn unknown(output: Output) -> Self {
        Self { output, status: Status::Unknown }
    }

    pub fn silent(status: Tristate) -> Self {
        Self { output: Output::default(), status: status.into() }
    }

    /// The outcome after a subshell, whose states the outer shell does not see.
    pub fn without_states(self) -> Self {
        Self { status: self.status.to_tristate().into(), ..self }
    }
}

impl From<Tristate> for Status {
    fn from(status: Tristate) -> Self {
        match (status.can_be_true, status.can_be_false) {
            (true, false) => Self::Success,
            (false, true) => Self::Failure,
            _ => Self::Unknown,
        }
    }
}

impl Status {
    pub fn to_tristate(&self) -> Tristate {
        let (can_be_true, can_be_false) = match self {
            Self::Success => (true, false),
            Self::Failure => (false, true),
            Self::Unknown => (true, true),
            Self::Split(states) if states.0.ended == states.1.ended => (true, true),
            Self::Split(states) => (!states.0.ended, !states.1.ended),
        };
        Tristate { can_be_true, can_be_false }
    }

    pub fn negated(self) -> Self {
        match self {
            Self::Success => Self::Failure,
            Self::Failure => Self::Success,
            Self::Unknown => Self::Unknown,
            Self::Split(states) => Self::Split(Box::new((states.1, states.0))),
        }
    }
}

/// Whether `return` or `exit` with a status is a success. A shell keeps the last eight bits.
pub fn success_of(status: Option<&Text>) -> Tristate {
    let is_success = |status: &String| match status.parse::<i64>().map(|number| number.rem_euclid(256)) {
        Ok(0) => Tristate::ALWAYS,
        Ok(_) => Tristate::NEVER,
        Err(_) => Tristate::UNKNOWN,
    };
    match status.map(|status| &status.values) {
        Some(AbstractValue::OneOf(values)) => values.iter().map(is_success).reduce(Tristate::or),
        _ => None,
    }
    .unwrap_or(Tristate::UNKNOWN)
}
