//! Failures of subcommands and their exit codes.

use std::fmt::Display;
use std::process::ExitCode;

/// The result of an operation that can fail with a [`Failure`].
pub type Result<T = ()> = std::result::Result<T, Failure>;

/// A failure of a subcommand, with the message for the user.
#[derive(Debug)]
pub enum Failure {
    /// The subcommand ran and found a problem in the checkout: exit code 1.
    Finding(String),
    /// The subcommand could not finish, so its result is unknown: exit code 2.
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

/// Converts any error into a [`Failure::Error`] that says which operation failed.
pub trait Context<T> {
    /// Puts `message` and a colon before the message of the error.
    fn context(self, message: impl FnOnce() -> String) -> Result<T>;
}

impl<T, E: Display> Context<T> for std::result::Result<T, E> {
    fn context(self, message: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|error| Failure::Error(format!("{}: {error}", message())))
    }
}

/// Returns `Err` with a [`Failure::Error`], for `return error(…)`.
pub fn error<T>(message: impl Into<String>) -> Result<T> {
    Err(Failure::Error(message.into()))
}

/// Returns `Err` with a [`Failure::Finding`], for `return finding(…)`.
pub fn finding<T>(message: impl Into<String>) -> Result<T> {
    Err(Failure::Finding(message.into()))
}
