//! Measures the value that an alias refers to, and sets the position of a copy of that value to the position
//! of the alias.

use std::ops::Range;

use crate::tree::{LineCol, Node, Value};

/// The size of a value, with everything inside it.
pub(crate) struct Size {
    /// Number of scalars, lists and mappings.
    pub nodes: usize,
    /// Number of lists and mappings.
    pub collections: usize,
    /// Number of bytes of all strings and numbers.
    pub bytes: usize,
    /// Number of nested lists and mappings on the deepest path.
    pub depth: usize,
}

impl Node {
    fn children(&self) -> Vec<&Self> {
        match &self.value {
            Value::Sequence(items) => items.iter().collect(),
            Value::Mapping(entries) => entries.iter().flat_map(|(key, value)| [key, value]).collect(),
            _ => Vec::new(),
        }
    }

    /// The child at an index: an item of a list, or a key (even index) or value (odd index) of a
    /// mapping.
    pub(crate) fn child(&self, index: usize) -> Option<&Self> {
        match &self.value {
            Value::Sequence(items) => items.get(index),
            Value::Mapping(entries) => {
                let (key, value) = entries.get(index / 2)?;
                Some(if index.is_multiple_of(2) { key } else { value })
            }
            _ => None,
        }
    }

    /// Measures this value and everything inside it.
    pub(crate) fn measure(&self) -> Size {
        let is_collection = matches!(self.value, Value::Sequence(_) | Value::Mapping(_));
        // 1 for a collection, 0 for a scalar.
        let own_level = usize::from(is_collection);
        let bytes = match &self.value {
            Value::String(text) | Value::Integer(text) | Value::Float(text) => text.len(),
            _ => 0,
        };
        let mut size = Size { nodes: 1, collections: own_level, bytes, depth: 0 };
        for child in self.children() {
            let inner = child.measure();
            size.nodes += inner.nodes;
            size.collections += inner.collections;
            size.bytes += inner.bytes;
            size.depth = size.depth.max(inner.depth);
        }
        size.depth += own_level;
        size
    }

    /// Sets the position of this value and of everything inside it to `line_col` and `span`.
    pub(crate) fn set_position(&mut self, line_col: LineCol, span: &Range<usize>) {
        (self.line_col, self.span) = (line_col, span.clone());
        match &mut self.value {
            Value::Sequence(items) => items.iter_mut().for_each(|item| item.set_position(line_col, span)),
            Value::Mapping(entries) => entries.iter_mut().for_each(|(key, value)| {
                key.set_position(line_col, span);
                value.set_position(line_col, span);
            }),
            _ => {}
        }
    }
}
