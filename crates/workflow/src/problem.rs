//! A problem in a workflow file or an action.

use std::ops::Range;

/// A problem in a file, and its remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The bytes of the wrong part of the file.
    pub span: Range<usize>,
    /// The problem: lower case, without a full stop.
    pub message: String,
    /// What to do: lower case, without a full stop.
    pub help: String,
}
