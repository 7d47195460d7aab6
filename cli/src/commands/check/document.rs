//! A document that was read, and where its parts stand in the text.

use std::ops::Range;

use slug_resolver::yaml::{FieldPath, Node};

use crate::findings::{SourceId, Sources, Span};

/// A document and its file.
pub struct Document {
    /// Its file.
    pub source: SourceId,
    /// What was read.
    pub root: Node,
}

impl Document {
    /// The span of the value at a path, or of the deepest part of the path that exists.
    #[must_use]
    pub fn span(&self, sources: &Sources, place: &FieldPath) -> Span {
        let (_, value) = place.find(&self.root);
        first_line(sources, self.source, value.head())
    }

    /// The span of the key at a path.
    #[must_use]
    pub fn key_span(&self, sources: &Sources, place: &FieldPath) -> Span {
        let (key, value) = place.find(&self.root);
        first_line(sources, self.source, key.unwrap_or(value).head())
    }
}

/// The first line of some bytes of a file.
#[must_use]
pub fn first_line(sources: &Sources, source: SourceId, range: Range<usize>) -> Span {
    let text = sources.get(source).text.get(range.clone()).unwrap_or_default();
    let line = text.split(['\n', '\r']).next().unwrap_or_default().trim_end();
    Span { source, range: range.start..range.start + line.len() }
}
