//! Pins: places outside workflows in which a file writes down a model id.
//!
//! [`scan`] finds the fields `runtime` and `model` that stand together in one object or call of any
//! common language. [`FieldQuery`] selects values of a YAML or JSON file by the path of their field.

mod lexer;
mod query;
mod scanner;
mod tree;

use std::ops::Range;

pub use query::{FieldQuery, InvalidQuery};
pub use scanner::scan;

/// A text that a file contains literally.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Literal {
    /// The text, without quotes and escapes.
    pub text: String,
    /// Its bytes in the file, without quotes.
    pub span: Range<usize>,
}

/// A runtime and a model id that stand together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The value of the field `runtime`.
    pub runtime: Literal,
    /// The value of the field `model`.
    pub model: Literal,
}

/// How a language writes comments and quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// Shell: `#` begins a comment, and nothing is escaped in single quotes.
    Shell,
    /// YAML: as in a shell, and a value without quotes extends to the end of its line.
    Yaml,
    /// JSON, also with comments.
    Json,
    /// Python: `#` begins a comment, and three quotes delimit a text of several lines.
    Python,
    /// Languages such as TypeScript and Go: `//` begins a comment, and backticks delimit a text of
    /// several lines.
    Braces,
}

impl Syntax {
    /// The syntax of a file, by its name; `None` if files of this kind are not scanned.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        let (_, extension) = name.rsplit_once('.')?;
        Some(match extension.to_ascii_lowercase().as_str() {
            "sh" | "bash" => Self::Shell,
            "yaml" | "yml" => Self::Yaml,
            "json" | "jsonc" => Self::Json,
            "py" => Self::Python,
            "ts" | "tsx" | "js" | "jsx" | "mjs" | "cjs" | "go" => Self::Braces,
            _ => return None,
        })
    }

    fn has_hash_comments(self) -> bool {
        matches!(self, Self::Shell | Self::Yaml | Self::Python)
    }

    fn has_slash_comments(self) -> bool {
        matches!(self, Self::Json | Self::Braces)
    }

    /// Whether a backslash escapes in single quotes.
    fn escapes_in_single_quotes(self) -> bool {
        matches!(self, Self::Python | Self::Braces)
    }

    /// Whether a value can stand without quotes. In other languages, a word without quotes is a name.
    fn has_bare_values(self) -> bool {
        matches!(self, Self::Shell | Self::Yaml)
    }
}
