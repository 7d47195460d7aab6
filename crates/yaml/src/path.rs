//! Paths into a document.

use std::fmt;

use crate::message::quoted;
use crate::tree::{LineCol, Node, Value};

/// A path into a document, such as `runtimes.codex.providers[1].name`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldPath(Vec<OwnedSegment>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum OwnedSegment {
    Key(String),
    Index(usize),
}

impl FieldPath {
    /// Appends a key.
    #[must_use]
    pub fn key(mut self, key: &str) -> Self {
        self.0.push(OwnedSegment::Key(key.to_owned()));
        self
    }

    /// Appends a list index.
    #[must_use]
    pub fn index(mut self, index: usize) -> Self {
        self.0.push(OwnedSegment::Index(index));
        self
    }

    /// The first key, or `None` if the path begins with an index or is empty.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self.0.first()? {
            OwnedSegment::Key(key) => Some(key),
            OwnedSegment::Index(_) => None,
        }
    }

    /// The last key, or `None` if the path ends with an index or is empty.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self.0.last()? {
            OwnedSegment::Key(key) => Some(key),
            OwnedSegment::Index(_) => None,
        }
    }

    /// Appends another path.
    pub(crate) fn join(mut self, inner: Self) -> Self {
        self.0.extend(inner.0);
        self
    }

    /// Returns the value at this path, or at its longest prefix that exists, with the key of the
    /// value if it is in a mapping.
    #[must_use]
    pub fn find<'n>(&self, root: &'n Node) -> (Option<&'n Node>, &'n Node) {
        let mut found = (None, root);
        for step in &self.0 {
            let next = match (step, &found.1.value) {
                (OwnedSegment::Index(index), Value::Sequence(items)) => items.get(*index).map(|item| (None, item)),
                (OwnedSegment::Key(name), Value::Mapping(entries)) => entries
                    .iter()
                    .find(|(key, _)| matches!(&key.value, Value::String(key) if key == name))
                    .map(|(key, value)| (Some(key), value)),
                _ => None,
            };
            let Some(next) = next else { break };
            found = next;
        }
        found
    }

    /// The line and column of the value at this path, or at its longest prefix that exists.
    #[must_use]
    pub fn line_col(&self, root: &Node) -> LineCol {
        self.find(root).1.line_col
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, step) in self.0.iter().enumerate() {
            match step {
                OwnedSegment::Index(index) => write!(f, "[{index}]")?,
                OwnedSegment::Key(key) => {
                    let dot = if depth == 0 { "" } else { "." };
                    let key = quoted(key);
                    let key = key.trim_matches('`');
                    let plain = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || "_-/…".contains(c));
                    if plain { write!(f, "{dot}{key}")? } else { write!(f, "{dot}{key:?}")? }
                }
            }
        }
        Ok(())
    }
}
