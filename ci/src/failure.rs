//! Failures of subcommands and their exit codes.

use std::fmt::Display;
use std::process::ExitCode;

/// The result of an operation that can fail with a [`Failure`].
pub type Result<T = ()> = std::result::Result<T, Failure>;

/// A failure of a subcommand. Each message says what to do.
#[derive(Debug)]
pub enum Failure {
    /// The check found a problem: exit code 1.
    Finding(String),
    /// The check could not run: exit code 2.
    Error(String),
}

impl Failure {
    /// Prints the message and returns the exit code.
    pub fn report(&self) -> ExitCode {
        let (message, code) = match self {
            Self::Finding(message) => (message, 1),
            Self::Error(message) => (message, 2),
        };
        eprintln!("{message}");
        ExitCode::from(code)
    }
}

/// Turns any error into [`Failure::Error`], with a description of the failed operation.
pub trait Context<T> {
    /// Turns an error into a failure with the message `what: error`.
    fn context(self, what: impl FnOnce() -> String) -> Result<T>;
}

impl<T, E: Display> Context<T> for std::result::Result<T, E> {
    fn context(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|error| Failure::Error(format!("{}: {error}", what())))
    }
}

/// Fails: returns [`Failure::Error`] with the message.
pub fn fail_with_error<T>(message: impl Into<String>) -> Result<T> {
    Err(Failure::Error(message.into()))
}

/// Fails: returns [`Failure::Finding`] with the message.
pub fn fail_with_finding<T>(message: impl Into<String>) -> Result<T> {
    Err(Failure::Finding(message.into()))
}
