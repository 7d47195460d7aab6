//! The size and the position of the value that an alias repeats.

use std::ops::Range;

use crate::tree::{LineCol, Node, Value};

/// The size of a value, with everything inside it.
pub(crate) struct Size {
    /// Scalars, lists and mappings.
    pub nodes: usize,
    /// Lists and mappings.
    pub collections: usize,
    /// Bytes in scalars.
    pub bytes: usize,
    /// Levels of nesting.
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
    pub(crate) fn child(&self, number: usize) -> Option<&Self> {
        match &self.value {
            Value::Sequence(items) => items.get(number),
            Value::Mapping(entries) => {
                let (key, value) = entries.get(number / 2)?;
                Some(if number.is_multiple_of(2) { key } else { value })
            }
            _ => None,
        }
    }

    /// Measures this value and everything inside it.
    pub(crate) fn measure(&self) -> Size {
        let is_collection = matches!(self.value, Value::Sequence(_) | Value::Mapping(_));
        let own = usize::from(is_collection);
        let bytes = match &self.value {
            Value::String(text) | Value::Integer(text) | Value::Float(text) => text.len(),
            _ => 0,
        };
        let mut size = Size { nodes: 1, collections: own, bytes, depth: 0 };
        for child in self.children() {
            let inner = child.measure();
            size.nodes += inner.nodes;
            size.collections += inner.collections;
            size.bytes += inner.bytes;
            size.depth = size.depth.max(inner.depth);
        }
        size.depth += own;
        size
    }

    /// Gives this value and everything inside it the position of an alias.
    pub(crate) fn move_to(&mut self, line_col: LineCol, span: &Range<usize>) {
        (self.line_col, self.span) = (line_col, span.clone());
        match &mut self.value {
            Value::Sequence(items) => items.iter_mut().for_each(|item| item.move_to(line_col, span)),
            Value::Mapping(entries) => entries.iter_mut().for_each(|(key, value)| {
                key.move_to(line_col, span);
                value.move_to(line_col, span);
            }),
            _ => {}
        }
    }
}
