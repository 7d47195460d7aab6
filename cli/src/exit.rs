//! How the command ends.

use std::fmt;
use std::io;
use std::process::ExitCode;

/// The exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything asked about is in order.
    Clean,
    /// Something was found.
    Findings,
    /// The command could not be understood, or something could not be read or written.
    UsageError,
    /// There was nothing to check.
    NothingChecked,
    /// Whoever read the output stopped reading: what a shell reports for SIGPIPE.
    BrokenPipe,
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

/// Why the command could not do what was asked: one message, or a reader that is gone.
#[derive(Debug)]
pub enum Failure {
    /// Lower case, no final stop, what to do last.
    Message(String),
    /// Output could not be written.
    Output(io::Error),
}

impl Failure {
    /// A failure that one message explains.
    pub fn new(message: impl Into<String>) -> Self {
        Self::Message(message.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(message) => f.write_str(message),
            Self::Output(error) => {
                write!(f, "cannot write the output: {}; make room or choose another place", describe(error))
            }
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// What the operating system says, without its number.
pub fn describe(error: &io::Error) -> String {
    let text = error.to_string();
    let plain = text.split(" (os error").next().unwrap_or(&text);
    plain.to_lowercase()
}
