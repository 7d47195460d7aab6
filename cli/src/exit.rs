//! Exit codes, and errors that end the command.

use std::fmt;
use std::io;
use std::process::ExitCode;

/// An exit code of the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// No findings.
    Clean,
    /// There are findings.
    Findings,
    /// Wrong usage, or input or output that cannot be read or written.
    UsageError,
    /// Nothing was checked, or not everything was proved.
    NothingChecked,
    /// The reader closed the output early. A shell reports this code for SIGPIPE.
    BrokenPipe,
}

impl Exit {
    /// The worse of two exit codes: input that cannot be read may hide findings, and findings are worse than
    /// what was not checked.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        if other.severity() > self.severity() { other } else { self }
    }

    /// The rank of an exit code: the worst one is the highest.
    #[must_use]
    pub fn severity(self) -> usize {
        match self {
            Self::Clean => 0,
            Self::NothingChecked => 1,
            Self::Findings => 2,
            Self::UsageError => 3,
            Self::BrokenPipe => 4,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Clean => 0,
            Exit::Findings => 1,
            Exit::UsageError => 2,
            Exit::NothingChecked => 3,
            Exit::BrokenPipe => 141,
        })
    }
}

/// An error that ends the command.
#[derive(Debug)]
pub enum Failure {
    /// A message in lower case, without a full stop, ending in what to do.
    Message(String),
    /// Output could not be written.
    Output(io::Error),
}

impl Failure {
    /// Creates a failure with a message.
    pub fn new(message: impl Into<String>) -> Self {
        Self::Message(message.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(message) => f.write_str(message),
            Self::Output(error) => {
                write!(f, "cannot write the output: {}; free some space or choose another destination", describe(error))
            }
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// The error text of the operating system in lower case, without its number.
pub fn describe(error: &io::Error) -> String {
    let text = error.to_string();
    let plain = text.split(" (os error").next().unwrap_or(&text);
    plain.to_lowercase()
}
