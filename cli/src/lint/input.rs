//! A file to lint: its text and the result of parsing it.

use std::path::PathBuf;

use slug_workflow::document::Unreadable;
use slug_workflow::repository::{File, Parser};

/// One file to lint.
#[derive(Clone, Debug)]
pub struct Input {
    /// The path as shown in outputs.
    pub path: String,
    /// The path to open; None for standard input.
    pub file: Option<PathBuf>,
    /// The text, or why it cannot be read.
    pub text: Result<String, String>,
    /// The parsed file, or why it cannot be parsed.
    pub parsed: Result<File, Unreadable>,
}

impl Input {
    /// Parses a text under a path, without a file.
    #[must_use]
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self::parse(path.into(), None, Ok(text.into()), &Parser::default())
    }

    /// Parses the text of a file if it could be read.
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
