//! What an alias repeats: how much it is, and where it stands.

use std::ops::Range;

use crate::tree::{LineCol, Node, Value};

/// How much there is in a value.
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

    /// The item of a number, or the key or value of it, counted in turn.
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

    /// How much there is here and inside.
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

    /// Gives the value and all inside it the position of an alias.
    pub(crate) fn move_to(&mut self, mark: LineCol, span: &Range<usize>) {
        (self.mark, self.span) = (mark, span.clone());
        match &mut self.value {
            Value::Sequence(items) => items.iter_mut().for_each(|item| item.move_to(mark, span)),
            Value::Mapping(entries) => entries.iter_mut().for_each(|(key, value)| {
                key.move_to(mark, span);
                value.move_to(mark, span);
            }),
            _ => {}
        }
    }
}
