//! Errors about documents that are rejected.

use std::fmt;
use std::ops::Range;

use crate::limits::Limit;
use crate::message::{quoted, readable};
use crate::path::FieldPath;
use crate::tree::{LineCol, Node};

/// A problem of a document and its position.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "readers of other formats create it too")]
pub struct ReadError {
    /// The line and column, if known.
    pub line_col: Option<LineCol>,
    /// The bytes that are wrong, if known; an empty range if something is missing there.
    pub span: Option<Range<usize>>,
    /// The path of the field; empty for the document as a whole.
    pub path: FieldPath,
    /// The problem and the fix, in lower case without a final period.
    pub message: String,
}

impl ReadError {
    /// An error about the document as a whole, reported at line 1, column 1.
    pub(crate) fn of_document(message: String) -> Self {
        Self { line_col: Some(LineCol { line: 1, column: 1 }), span: Some(0..0), path: FieldPath::default(), message }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(LineCol { line, column }) = self.line_col {
            write!(f, "line {line}, column {column}: ")?;
        }
        if self.path != FieldPath::default() {
            write!(f, "`{}`: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for ReadError {}

/// A violated rule of a document format, with the path of the field: a [`ReadError`] that may not have
/// a position yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidationError(ReadError);

impl ValidationError {
    /// An error at a path; [`ValidationError::located`] adds the position.
    #[must_use]
    pub fn at(path: FieldPath, message: impl Into<String>) -> Self {
        Self(ReadError { line_col: None, span: None, path, message: readable(message.into()) })
    }

    /// Prefixes the path with `outer`, the path of this document inside another one.
    #[must_use]
    pub fn under(self, outer: FieldPath) -> Self {
        let Self(error) = self;
        Self(ReadError { path: outer.join(error.path), ..error })
    }

    /// The path of the invalid value.
    #[must_use]
    pub fn path(&self) -> &FieldPath {
        &self.0.path
    }

    /// The problem, without the place.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Adds the position in the document `root`, unless the error has one.
    #[must_use]
    pub fn located(self, root: &Node) -> ReadError {
        let Self(error) = self;
        if error.line_col.is_some() {
            return error;
        }
        let (_, node) = error.path.find(root);
        ReadError { line_col: Some(node.line_col), span: Some(node.highlight_span()), ..error }
    }
}

impl From<ReadError> for ValidationError {
    fn from(error: ReadError) -> Self {
        Self(error)
    }
}

impl fmt::Display for ValidationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for ValidationError {}

/// A problem of a text that cannot be read, and its position.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseError {
    /// The problem.
    pub problem: Problem,
    /// The line and column of the problem.
    pub line_col: LineCol,
    /// The bytes that are wrong; the rest of the line if the text is not YAML.
    pub span: Range<usize>,
    /// The path of the key if a key is wrong, otherwise empty.
    pub path: FieldPath,
}

/// The kind of a problem. `Display` writes what is wrong and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The text has no value.
    Empty,
    /// The text is not YAML; the message of the parser.
    Syntax(String),
    /// The text exceeds this limit, which has this value.
    Exceeds(Limit, usize),
    /// The text has a second document.
    SecondDocument,
    /// An alias is inside the value that it refers to.
    RecursiveAlias,
    /// A merge key, in the strict dialect.
    MergeKey,
    /// A plain scalar in a flow collection begins with `?`, in the strict dialect.
    QuestionMark,
    /// A mapping has this key twice.
    DuplicateKey(String),
    /// A key is not a scalar but this: `a list` or `a mapping`.
    CompositeKey(&'static str),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the document is empty; is this the right file?"),
            Self::Syntax(why) => write!(f, "not readable as YAML: {why}"),
            Self::Exceeds(limit, most) => {
                let what = match limit {
                    Limit::Bytes => "bytes",
                    Limit::Depth => "levels of nesting",
                    Limit::Nodes => "nodes",
                    Limit::Anchors => "anchors",
                    Limit::Aliases => "aliases",
                    Limit::AnchorNodes => "nodes under anchors",
                    Limit::AliasNodes => "nodes repeated by aliases",
                };
                write!(f, "the document has more {what} than the limit of {most}; simplify it")
            }
            Self::SecondDocument => f.write_str("a second document begins here; keep one document in a file"),
            Self::RecursiveAlias => {
                f.write_str("not readable as YAML: an alias is inside the value that it refers to; ")?;
                f.write_str("write the values out")
            }
            Self::MergeKey => f.write_str("merge keys (`<<`) are not part of YAML 1.2; write the fields out"),
            Self::QuestionMark => f.write_str(
                "a word that begins with `?` is a string to some readers and a key to others; put it in quotes",
            ),
            Self::DuplicateKey(key) => write!(f, "duplicate key {}; keep one of the two", quoted(key)),
            Self::CompositeKey(kind) => write!(f, "a key cannot be {kind}; write a single value"),
        }
    }
}

impl ParseError {
    pub(crate) fn at_start(problem: Problem) -> Self {
        Self { problem, line_col: LineCol { line: 1, column: 1 }, span: 0..0, path: FieldPath::default() }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        ReadError::from(self.clone()).fmt(f)
    }
}

impl std::error::Error for ParseError {}

impl From<ParseError> for ReadError {
    fn from(error: ParseError) -> Self {
        let ParseError { problem, line_col, span, path } = error;
        Self { line_col: Some(line_col), span: Some(span), path, message: problem.to_string() }
    }
}
