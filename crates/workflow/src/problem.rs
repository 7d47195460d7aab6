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

impl Problem {
    /// The same problem at the first place of a text within its part of the file, if the file has the text there.
    pub(super) fn at(self, text: &str, file: &str) -> Self {
        let start = self.span.start;
        let found = file.get(self.span.clone()).and_then(|part| part.find(text));
        Self { span: found.map_or(self.span, |at| start + at..start + at + text.len()), ..self }
    }
}
