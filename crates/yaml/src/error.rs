//! Why a document is refused.

use std::fmt;
use std::ops::Range;

use crate::limits::Limit;
use crate::message::{quoted, readable};
use crate::path::FieldPath;
use crate::tree::{LineCol, Node};

/// Why a document was refused, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "readers of other formats refuse in the same words")]
pub struct ReadError {
    /// The position, where one is known.
    pub mark: Option<LineCol>,
    /// The bytes that are wrong, where they are known; an empty range where something is missing.
    pub span: Option<Range<usize>>,
    /// The path of the field; empty for the document as a whole.
    pub place: FieldPath,
    /// What is wrong and what to do about it: lower case, no final stop.
    pub message: String,
}

impl ReadError {
    /// An error about the document as a whole, which is said to stand at its beginning.
    pub(crate) fn whole(message: String) -> Self {
        Self { mark: Some(LineCol { line: 1, column: 1 }), span: Some(0..0), place: FieldPath::default(), message }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(LineCol { line, column }) = self.mark {
            write!(f, "line {line}, column {column}: ")?;
        }
        if self.place != FieldPath::default() {
            write!(f, "`{}`: ", self.place)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for ReadError {}

/// Why a document that was read was refused, and where: a [`ReadError`] before
/// it is known which text the place belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid(ReadError);

impl Invalid {
    /// A refusal at a path; [`Invalid::located`] finds out where that is.
    #[must_use]
    pub fn at(place: FieldPath, message: impl Into<String>) -> Self {
        Self(ReadError { mark: None, span: None, place, message: readable(message.into()) })
    }

    /// The error with its place counted from further out, for a document inside another.
    #[must_use]
    pub fn under(self, outer: FieldPath) -> Self {
        let Self(error) = self;
        Self(ReadError { place: outer.join(error.place), ..error })
    }

    /// The error with its position in the document it came from.
    #[must_use]
    pub fn located(self, root: &Node) -> ReadError {
        let Self(error) = self;
        if error.mark.is_some() {
            return error;
        }
        let (_, node) = error.place.find(root);
        ReadError { mark: Some(node.mark), span: Some(node.head()), ..error }
    }
}

impl From<ReadError> for Invalid {
    fn from(error: ReadError) -> Self {
        Self(error)
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Invalid {}

/// Why a text is not read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseError {
    /// What is wrong.
    pub problem: Problem,
    /// The line and column at which it is wrong.
    pub mark: LineCol,
    /// The bytes that are wrong; of text that is not YAML, the rest of the line.
    pub span: Range<usize>,
    /// The path of a key that is wrong; else empty.
    pub place: FieldPath,
}

/// What is wrong with a text. It is displayed as what is wrong and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// There is no value in it.
    Empty,
    /// It is not YAML, in the words of the parser.
    Syntax(String),
    /// It exceeds a limit, which is this.
    Exceeds(Limit, usize),
    /// It holds a second document.
    SecondDocument,
    /// An alias stands inside the value that it repeats.
    RecursiveAlias,
    /// A merge key, in the strict dialect.
    MergeKey,
    /// A plain scalar in a flow collection begins with `?`, in the strict dialect.
    QuestionMark,
    /// A key is given twice in one mapping.
    DuplicateKey(String),
    /// A key is a list or a mapping, which this says.
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
                    Limit::AliasNodes => "nodes that aliases stand for",
                };
                write!(f, "the document has more {what} than the limit of {most}; simplify it")
            }
            Self::SecondDocument => f.write_str("a second document begins here; keep one document in a file"),
            Self::RecursiveAlias => {
                f.write_str("not readable as YAML: an alias stands inside what it stands for; write the values out")
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
        Self { problem, mark: LineCol { line: 1, column: 1 }, span: 0..0, place: FieldPath::default() }
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
        let ParseError { problem, mark, span, place } = error;
        Self { mark: Some(mark), span: Some(span), place, message: problem.to_string() }
    }
}
