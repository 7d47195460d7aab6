//! A parsed document, and the spans of its fields in the text.

use std::iter;
use std::ops::Range;

use slug_resolver::yaml::{FieldPath, Node};

use crate::findings::{SourceId, Sources, Span};

/// A parsed document of a file.
pub struct Document {
    /// The file.
    pub source: SourceId,
    /// The root of the document.
    pub root: Node,
    /// The files that a policy extends, the nearest first. An embedded policy is not among them.
    pub bases: Vec<Base>,
}

/// A file that a policy extends.
pub struct Base {
    /// The file.
    pub source: SourceId,
    /// The root of its document.
    pub root: Node,
}

impl Document {
    /// The fields of the document, then the inherited fields, each with its file.
    #[must_use]
    pub fn fields(&self) -> Vec<(Option<&Base>, &str, &Node)> {
        let mut fields: Vec<(Option<&Base>, &str, &Node)> = Vec::new();
        let bases = self.bases.iter().map(|base| (Some(base), &base.root));
        for (base, root) in iter::once((None, &self.root)).chain(bases) {
            let entries = root.entries().iter().filter_map(|(key, value)| Some((base, key.text()?, value)));
            // The nearest file that has a field counts.
            let own = entries.filter(|(_, name, _)| fields.iter().all(|(_, nearer, _)| nearer != name));
            fields.extend(own.collect::<Vec<_>>());
        }
        fields
    }

    /// The span of the value at a path in a file that a policy extends, or in this one; or of the deepest existing part
    /// of the path.
    #[must_use]
    pub fn span_in(&self, sources: &Sources, base: Option<&Base>, path: &FieldPath) -> Span {
        let (source, root) = base.map_or((self.source, &self.root), |base| (base.source, &base.root));
        let (_, value) = path.find(root);
        first_line(sources, source, value.highlight_span())
    }

    /// The span of the value at a path, or of the deepest existing part of the path.
    #[must_use]
    pub fn span(&self, sources: &Sources, path: &FieldPath) -> Span {
        self.span_in(sources, None, path)
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
