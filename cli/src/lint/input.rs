//! A file to lint: its text, and what a parser makes of it.

use std::path::PathBuf;

use slug_workflow::document::Unreadable;
use slug_workflow::repository::{File, Parser};

/// One file to lint.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its path as outputs show it.
    pub path: String,
    /// The file itself; none for standard input.
    pub file: Option<PathBuf>,
    /// Its text, or why it cannot be read.
    pub text: Result<String, String>,
    /// The text parsed, or why it cannot be.
    pub parsed: Result<File, Unreadable>,
}

impl Input {
    /// A text under a name.
    #[must_use]
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self::parse(path.into(), None, Ok(text.into()), &Parser::default())
    }

    /// Parses a text, if there is one.
    #[must_use]
    pub fn parse(path: String, file: Option<PathBuf>, text: Result<String, String>, parser: &Parser) -> Self {
        let parsed = match &text {
            Ok(text) => parser.parse(&path, text),
            Err(message) => Err(Unreadable { byte: 0, message: message.clone() }),
        };
        Self { path, file, text, parsed }
    }

    /// The same file with another text.
    #[must_use]
    pub fn with_text(&self, text: String, parser: &Parser) -> Self {
        Self::parse(self.path.clone(), self.file.clone(), Ok(text), parser)
    }
}
