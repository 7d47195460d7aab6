//! Why a subcommand fails, and its exit code.

use std::fmt::Display;
use std::process::ExitCode;

/// A result that fails with a [`Failure`].
pub type Result<T = ()> = std::result::Result<T, Failure>;

/// Why a subcommand fails. Each message says what to do.
#[derive(Debug)]
pub enum Failure {
    /// What was checked does not hold: exit code 1.
    Finding(String),
    /// The check itself could not be made: exit code 2.
    Broken(String),
}

impl Failure {
    /// Prints the message and returns the exit code.
    pub fn report(&self) -> ExitCode {
        let (message, code) = match self {
            Self::Finding(message) => (message, 1),
            Self::Broken(message) => (message, 2),
        };
        eprintln!("{message}");
        ExitCode::from(code)
    }
}

/// Turns any error into [`Failure::Broken`], after the words that say what was tried.
pub trait Context<T> {
    /// Fails with `what: error`.
    fn context(self, what: impl FnOnce() -> String) -> Result<T>;
}

impl<T, E: Display> Context<T> for std::result::Result<T, E> {
    fn context(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|error| Failure::Broken(format!("{}: {error}", what())))
    }
}

/// Fails with [`Failure::Broken`].
pub fn broken<T>(message: impl Into<String>) -> Result<T> {
    Err(Failure::Broken(message.into()))
}

/// Fails with [`Failure::Finding`].
pub fn finding<T>(message: impl Into<String>) -> Result<T> {
    Err(Failure::Finding(message.into()))
}
