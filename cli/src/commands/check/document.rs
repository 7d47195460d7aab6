//! A parsed document, and the spans of its fields in the text.

use std::ops::Range;

use slug_resolver::yaml::{FieldPath, Node};

use crate::findings::{SourceId, Sources, Span};

/// A parsed document of a file.
pub struct Document {
    /// The file.
    pub source: SourceId,
    /// The root of the document.
    pub root: Node,
}

impl Document {
    /// The span of the value at a path, or of the deepest existing part of the path.
    #[must_use]
    pub fn span(&self, sources: &Sources, path: &FieldPath) -> Span {
        let (_, value) = path.find(&self.root);
        first_line(sources, self.source, value.highlight_span())
    }

    /// The span of the key at a path.
    #[must_use]
    pub fn key_span(&self, sources: &Sources, path: &FieldPath) -> Span {
        let (key, value) = path.find(&self.root);
        first_line(sources, self.source, key.unwrap_or(value).highlight_span())
    }
}

/// The first line of a byte range of a file, without trailing white space.
#[must_use]
pub fn first_line(sources: &Sources, source: SourceId, range: Range<usize>) -> Span {
    let text = sources.get(source).text.get(range.clone()).unwrap_or_default();
    let line = text.split(['\n', '\r']).next().unwrap_or_default().trim_end();
    Span { source, range: range.start..range.start + line.len() }
}
