//! The tree that is read: values and where they are written.

use std::ops::Range;

/// A position in a text: line and column, both counted from 1, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "a line and a column are all there is to it")]
pub struct LineCol {
    /// The line, from 1.
    pub line: u64,
    /// The column, from 1, in characters.
    pub column: u64,
}

/// One value of a document and where it is written.
///
/// A value that an alias repeats has the position of the alias in [`read`](crate::read), and
/// that of the original in [`read_lenient`](crate::read_lenient).
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "another reader may build a tree of its own")]
pub struct Node {
    /// The line and column at which it begins.
    pub mark: LineCol,
    /// The bytes on which it is written, without its anchor and its tag. A list or mapping
    /// with one entry a line ends where its last entry does.
    pub span: Range<usize>,
    /// How it is written.
    pub style: Style,
    /// What it is.
    pub value: Value,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "YAML has no other")]
pub enum Style {
    /// A scalar without quotes.
    Plain,
    /// A scalar in quotes.
    Quoted,
    /// A scalar below a `|` or `>`, or a list or mapping with one entry a line.
    Block,
    /// A list in brackets or a mapping in braces.
    Flow,
}

/// A YAML value under the YAML 1.2 core schema: `yes` is a string, `1` is not.
///
/// Beyond that schema, `0b101` counts as a number too: what looks like one is refused
/// where a string belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the kinds are those of YAML")]
pub enum Value {
    /// `null`, `~`, or nothing at all.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// An integer, in decimal.
    Integer(String),
    /// A number with a fraction or an exponent, or one that is not finite, as it would be printed.
    Float(String),
    /// A string.
    String(String),
    /// A list.
    Sequence(Vec<Node>),
    /// A mapping, in the order written.
    Mapping(Vec<(Node, Node)>),
}

impl From<Value> for Node {
    /// A value that is not written anywhere.
    fn from(value: Value) -> Self {
        Self { mark: LineCol { line: 1, column: 1 }, span: 0..0, style: Style::Plain, value }
    }
}

impl Node {
    /// The bytes that show which value this is: of a mapping with one entry a line its first
    /// key, of such a list the beginning up to its first item, of any other value all of it.
    #[must_use]
    pub fn head(&self) -> Range<usize> {
        let end = match (self.style, &self.value) {
            (Style::Block, Value::Mapping(entries)) => entries.first().map(|(key, _)| key.span.end),
            (Style::Block, Value::Sequence(items)) => items.first().map(|item| item.head().end),
            _ => None,
        };
        // The first entry may be an alias, of a value that is written before.
        self.span.start..end.filter(|end| *end >= self.span.start).unwrap_or(self.span.end)
    }

    /// The text of a string; of anything else, none.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// Whether this is nothing at all: `null`, `~`, or no value. In the lenient dialect it is
    /// a string that says so.
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

    /// The items of a list; of anything else, none.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::Sequence(items) => items,
            _ => &[],
        }
    }

    /// The entries of a mapping; of anything else, none.
    #[must_use]
    pub fn entries(&self) -> &[(Self, Self)] {
        match &self.value {
            Value::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// The value of a key of a mapping.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|(_, value)| value)
    }

    /// The key and the value of a key of a mapping.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&(Self, Self)> {
        self.entries().iter().find(|(name, _)| name.text() == Some(key))
    }

    /// The node and every one inside it, keys included, each before those inside it.
    pub(crate) fn descendants(&self) -> Vec<&Self> {
        let mut nodes = Vec::new();
        let mut left = Vec::from([self]);
        while let Some(node) = left.pop() {
            nodes.push(node);
            match &node.value {
                Value::Sequence(items) => left.extend(items.iter().rev()),
                Value::Mapping(entries) => left.extend(entries.iter().rev().flat_map(|(key, value)| [value, key])),
                _ => {}
            }
        }
        nodes
    }
}

impl Value {
    /// The value as a key of a mapping, if it can be one: what tells it from other values of its kind.
    pub(crate) fn as_key(&self) -> Option<String> {
        match self {
            Self::String(text) | Self::Integer(text) | Self::Float(text) => Some(text.clone()),
            Self::Boolean(value) => Some(value.to_string()),
            Self::Null => Some("null".to_owned()),
            Self::Sequence(_) | Self::Mapping(_) => None,
        }
    }

    /// What a key that is no single value is.
    pub(crate) fn kind_of_collection(&self) -> &'static str {
        if matches!(self, Self::Mapping(_)) { "a mapping" } else { "a list" }
    }

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
