//! Why a document is refused.

use std::fmt;
use std::ops::Range;

use crate::message::readable;
use crate::path::Place;
use crate::tree::{Mark, Node};

/// Why a document was refused, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "readers of other formats refuse in the same words")]
pub struct ReadError {
    /// The position, where one is known.
    pub mark: Option<Mark>,
    /// The bytes that are wrong, where they are known; an empty range where something is missing.
    pub span: Option<Range<usize>>,
    /// The path of the field; empty for the document as a whole.
    pub place: Place,
    /// What is wrong and what to do about it: lower case, no final stop.
    pub message: String,
}

impl ReadError {
    /// An error about the document as a whole, which is said to stand at its beginning.
    pub(crate) fn whole(message: String) -> Self {
        Self { mark: Some(Mark { line: 1, column: 1 }), span: Some(0..0), place: Place::default(), message }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Mark { line, column }) = self.mark {
            write!(f, "line {line}, column {column}: ")?;
        }
        if self.place != Place::default() {
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
    pub fn at(place: Place, message: impl Into<String>) -> Self {
        Self(ReadError { mark: None, span: None, place, message: readable(message.into()) })
    }

    /// The error with its place counted from further out, for a document inside another.
    #[must_use]
    pub fn under(self, outer: Place) -> Self {
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
