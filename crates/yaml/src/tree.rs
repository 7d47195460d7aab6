//! The tree of a document: values and their positions.

use std::ops::Range;

/// A position in a text as line and column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "a position has only these two fields")]
pub struct LineCol {
    /// The line, from 1.
    pub line: u64,
    /// The column, from 1, in characters.
    pub column: u64,
}

/// A value of a document and its position.
///
/// An alias repeats a value. The repeated value has the position of the alias if
/// [`read`](crate::read) made the tree, and that of the original value if
/// [`read_lenient`](crate::read_lenient) did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "other readers build trees too")]
pub struct Node {
    /// The line and column at which the value begins.
    pub line_col: LineCol,
    /// The bytes of the value in the text, without its anchor and its tag. A list or mapping in
    /// block style ends with its last entry.
    pub span: Range<usize>,
    /// The style in which the value is written.
    pub style: Style,
    /// The value.
    pub value: Value,
}

/// The style in which a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "YAML has only these styles")]
pub enum Style {
    /// A scalar without quotes.
    Plain,
    /// A scalar in quotes, or without quotes and with the tag of a string.
    Quoted,
    /// A scalar below a `|` or `>`, or a list or mapping with one entry per line.
    Block,
    /// A list in brackets or a mapping in braces.
    Flow,
}

/// A value under the YAML 1.2 core schema: `yes` is a string, `1` is not.
///
/// Unlike in that schema, `0b101` is a number too, so a string with that text must be quoted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "YAML has only these kinds of values")]
pub enum Value {
    /// `null`, `~`, or an omitted value.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// An integer in decimal, such as `-31`.
    Integer(String),
    /// Any other number, which has a fraction or an exponent or is not finite. The text is what Rust
    /// prints for the `f64`.
    Float(String),
    /// A string.
    String(String),
    /// A list.
    Sequence(Vec<Node>),
    /// A mapping, in the order written.
    Mapping(Vec<(Node, Node)>),
}

impl From<Value> for Node {
    /// Wraps a value that is not part of a text. Its position is line 1, column 1.
    fn from(value: Value) -> Self {
        Self { line_col: LineCol { line: 1, column: 1 }, span: 0..0, style: Style::Plain, value }
    }
}

impl Node {
    /// The byte range to highlight for this value. In block style, the range of a mapping ends after
    /// the first key, and the range of a list ends after the highlighted range of the first item. Any
    /// other value is highlighted as a whole.
    #[must_use]
    pub fn highlight_span(&self) -> Range<usize> {
        let end = match (self.style, &self.value) {
            (Style::Block, Value::Mapping(entries)) => entries.first().map(|(key, _)| key.span.end),
            (Style::Block, Value::Sequence(items)) => items.first().map(|item| item.highlight_span().end),
            _ => None,
        };
        // The first entry may have the position of an earlier value that an alias repeats.
        self.span.start..end.filter(|end| *end >= self.span.start).unwrap_or(self.span.end)
    }

    /// The text of a string, otherwise `None`.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// Whether the value is `null`, `~` or omitted. [`read_lenient`](crate::read_lenient) returns such
    /// a value as an unquoted string.
    #[must_use]
    pub fn is_null(&self) -> bool {
        match &self.value {
            Value::Null => true,
            Value::String(text) if self.style == Style::Plain => {
                matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL")
            }
            _ => false,
        }
    }

    /// The items of a list; empty for other values.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::Sequence(items) => items,
            _ => &[],
        }
    }

    /// The entries of a mapping; empty for other values.
    #[must_use]
    pub fn entries(&self) -> &[(Self, Self)] {
        match &self.value {
            Value::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// The value of a key, if this is a mapping that has the key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|(_, value)| value)
    }

    /// The entry of a key, if this is a mapping that has the key.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&(Self, Self)> {
        self.entries().iter().find(|(name, _)| name.text() == Some(key))
    }

    /// This node and all nodes inside it, keys included, in pre-order.
    pub(crate) fn descendants(&self) -> Vec<&Self> {
        let mut nodes = Vec::new();
        let mut pending = Vec::from([self]);
        while let Some(node) = pending.pop() {
            nodes.push(node);
            match &node.value {
                Value::Sequence(items) => pending.extend(items.iter().rev()),
                Value::Mapping(entries) => pending.extend(entries.iter().rev().flat_map(|(key, value)| [value, key])),
                _ => {}
            }
        }
        nodes
    }
}

impl Value {
    /// The text by which a scalar is compared with other keys of the same kind; `None` for a list or
    /// mapping.
    pub(crate) fn as_key(&self) -> Option<String> {
        match self {
            Self::String(text) | Self::Integer(text) | Self::Float(text) => Some(text.clone()),
            Self::Boolean(value) => Some(value.to_string()),
            Self::Null => Some("null".to_owned()),
            Self::Sequence(_) | Self::Mapping(_) => None,
        }
    }

    /// The name of this kind of collection, for messages.
    pub(crate) fn kind_of_collection(&self) -> &'static str {
        if matches!(self, Self::Mapping(_)) { "a mapping" } else { "a list" }
    }

    /// The kind of this value, for messages.
    pub(crate) fn kind(&self) -> String {
        match self {
            Self::Null => "nothing (null)".to_owned(),
            Self::Boolean(value) => format!("the boolean `{value}`"),
            Self::Integer(text) => format!("the number `{text}`"),
            Self::Float(_) => "a number".to_owned(),
            Self::String(_) => "a string".to_owned(),
            Self::Sequence(_) => "a list".to_owned(),
            Self::Mapping(_) => "a mapping".to_owned(),
        }
    }
}
