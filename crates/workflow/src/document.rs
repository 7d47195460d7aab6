//! A workflow file as it is laid out: a tree of values, each with the bytes it stands on.
//!
//! Every scalar is text: whether `3.10` or `yes` is a number or a word is for
//! whoever asks. What GitHub and Gitea refuse is refused here as well, within
//! limits that no hostile file can stretch.

use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, StructureStyle};

/// Bytes of one file: twice what a forge accepts.
pub const FILE_BYTES: usize = 1 << 20;

/// Levels of nesting.
pub const DEPTH: usize = 64;

/// Nodes that all aliases of one file together may stand for.
pub const ALIAS_NODES: usize = 20_000;

/// Nodes that all anchors of one file together may hold, one inside another counted again.
pub const ANCHOR_NODES: usize = 200_000;

/// One value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The bytes on which it stands; of what an alias stands for, where that is written.
    pub span: Range<usize>,
    /// What it is.
    pub value: Value,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text, and how it is written.
    Scalar(String, Style),
    /// A list.
    List(Vec<Node>),
    /// A mapping in the order written, merged ones last, and how it is written.
    Map(Vec<(Node, Node)>, Style),
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A scalar without quotes.
    Plain,
    /// A scalar in quotes.
    Quoted,
    /// A scalar below a `|` or `>`, or a mapping with one entry a line.
    Block,
    /// A mapping in braces.
    Flow,
}

/// Why a file was refused, and at which byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The byte at which it went wrong.
    pub byte: usize,
    /// What is wrong and what to do: lower case, without a final stop.
    pub message: String,
}

/// Reads a file.
///
/// # Errors
///
/// Text that is not YAML, more than one document, none, a key given twice in one
/// mapping, and any breach of the limits above.
pub fn read(text: &str) -> Result<Node, Unreadable> {
    if text.len() > FILE_BYTES {
        let message =
            format!("the file has more bytes than the limit of {FILE_BYTES}; no forge runs it, so split it up");
        return Err(Unreadable { byte: 0, message });
    }
    let mut reader = Reader { open: Vec::new(), anchors: HashMap::new(), anchored: 0, replayed: 0, root: None };
    let mut options = granit_parser::Options::default();
    options.flow_nesting_limit = DEPTH;
    options.block_nesting_limit = DEPTH;
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| scan_error(text, &error))?;
        let span = span.byte_range().unwrap_or_default();
        reader.event(event, span.start.min(text.len())..span.end.min(text.len()))?;
    }
    reader
        .root
        .ok_or_else(|| Unreadable { byte: 0, message: "the file is empty; write a workflow or remove it".into() })
}

fn scan_error(text: &str, error: &ScanError) -> Unreadable {
    let byte = error.marker().byte_offset().unwrap_or_default().min(text.len());
    let byte = (0..=byte).rev().find(|byte| text.is_char_boundary(*byte)).unwrap_or_default();
    let info = error.info();
    let message = match info.contains("recursion limit exceeded") {
        true => format!("the file has more than {DEPTH} levels of nesting; no workflow needs as many, so simplify it"),
        false => format!("not readable as YAML: {}", info.trim_end_matches('.')),
    };
    Unreadable { byte, message }
}

impl Node {
    /// The text of a scalar; of a list or mapping, none.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(text, _) => Some(text),
            _ => None,
        }
    }

    /// Whether this is nothing at all: `null`, `~`, or no value.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(text, Style::Plain) if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// The items of a list; of anything else, none.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The entries of a mapping; of anything else, none.
    #[must_use]
    pub fn entries(&self) -> &[(Self, Self)] {
        match &self.value {
            Value::Map(entries, _) => entries,
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

    /// How many nodes this is, itself and all inside it.
    fn size(&self) -> usize {
        let inside: usize = match &self.value {
            Value::Scalar(..) => 0,
            Value::List(items) => items.iter().map(Self::size).sum(),
            Value::Map(entries, _) => entries.iter().map(|(key, value)| key.size() + value.size()).sum(),
        };
        1 + inside
    }
}

struct Reader {
    /// Collections that have begun and not ended, each with its anchor.
    open: Vec<(Open, usize)>,
    anchors: HashMap<usize, (Node, usize)>,
    anchored: usize,
    replayed: usize,
    root: Option<Node>,
}

struct Open {
    span: Range<usize>,
    children: Vec<Node>,
    kind: Kind,
}

enum Kind {
    List,
    Map(Style),
}

impl Reader {
    fn event(&mut self, event: Event<'_>, span: Range<usize>) -> Result<(), Unreadable> {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
                    ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
                };
                self.complete(Node { span, value: Value::Scalar(text.into_owned(), style) }, anchor)
            }
            Event::SequenceStart(_, anchor, _) => {
                self.open.push((Open { span, children: Vec::new(), kind: Kind::List }, anchor));
                Ok(())
            }
            Event::MappingStart(style, anchor, _) => {
                let style = if style == StructureStyle::Flow { Style::Flow } else { Style::Block };
                self.open.push((Open { span, children: Vec::new(), kind: Kind::Map(style) }, anchor));
                Ok(())
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some((open, anchor)) = self.open.pop() else { return Ok(()) };
                let node = open.close(span.end)?;
                self.complete(node, anchor)
            }
            Event::Alias(anchor) => {
                let Some((node, size)) = self.anchors.get(&anchor) else {
                    let message = "the alias stands inside what it stands for; write the values out".into();
                    return Err(Unreadable { byte: span.start, message });
                };
                self.replayed += size;
                if self.replayed > ALIAS_NODES {
                    let message =
                        format!("the aliases up to here stand for more than {ALIAS_NODES} values; write them out");
                    return Err(Unreadable { byte: span.start, message });
                }
                let node = node.clone();
                self.complete(node, 0)
            }
            Event::DocumentStart(..) if self.root.is_some() => {
                let message = "a second document begins here; a workflow is one document".into();
                Err(Unreadable { byte: span.start, message })
            }
            _ => Ok(()),
        }
    }

    fn complete(&mut self, node: Node, anchor: usize) -> Result<(), Unreadable> {
        if anchor != 0 {
            let size = node.size();
            self.anchored += size;
            if self.anchored > ANCHOR_NODES {
                let message =
                    format!("the anchors up to here hold more than {ANCHOR_NODES} values; take some of them out");
                return Err(Unreadable { byte: node.span.start, message });
            }
            self.anchors.insert(anchor, (node.clone(), size));
        }
        match self.open.last_mut() {
            Some((open, _)) => open.children.push(node),
            None => self.root = Some(node),
        }
        Ok(())
    }
}

impl Open {
    fn close(self, end: usize) -> Result<Node, Unreadable> {
        let Self { span, children, kind } = self;
        // A block collection ends where its last child does, not where the next line begins.
        let last = children.last().map(|child| child.span.end).filter(|last| *last > span.start);
        let value = match kind {
            Kind::List => Value::List(children),
            Kind::Map(style) => Value::Map(pairs(children)?, style),
        };
        let is_flow = matches!(value, Value::Map(_, Style::Flow)) || last.is_none();
        let end = if is_flow { end } else { last.unwrap_or(end).min(end) };
        Ok(Node { span: span.start..end.max(span.start), value })
    }
}

/// Keys and values in turn as entries, with what merge keys bring along at the end.
fn pairs(children: Vec<Node>) -> Result<Vec<(Node, Node)>, Unreadable> {
    let mut entries: Vec<(Node, Node)> = Vec::new();
    let mut merged: Vec<(Node, Node)> = Vec::new();
    let mut places: HashMap<String, ()> = HashMap::new();
    let mut children = children.into_iter();
    while let (Some(key), Some(value)) = (children.next(), children.next()) {
        let Some(name) = key.text() else {
            let message = "a key cannot be a list or a mapping; write a single value".into();
            return Err(Unreadable { byte: key.span.start, message });
        };
        if name == "<<" && key.value == Value::Scalar("<<".into(), Style::Plain) {
            let sources = if value.items().is_empty() { std::slice::from_ref(&value) } else { value.items() };
            merged.extend(sources.iter().flat_map(|source| source.entries().iter().cloned()));
            continue;
        }
        if places.insert(name.to_owned(), ()).is_some() {
            let name: String = name.chars().take(80).collect();
            let message = format!("duplicate key `{name}`; forges refuse the file, so keep one of the two");
            return Err(Unreadable { byte: key.span.start, message });
        }
        entries.push((key, value));
    }
    for (key, value) in merged {
        if places.insert(key.text().unwrap_or_default().to_owned(), ()).is_none() {
            entries.push((key, value));
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of<'t>(text: &'t str, node: &Node) -> &'t str {
        &text[node.span.clone()]
    }

    #[test]
    fn scalars_stay_text_and_stand_where_they_are_written() {
        let text = "\u{feff}on: push\r\nenv:\r\n  A: 3.10 # a comment\r\n  B: yes\r\n  C: \"x\\ty\"\r\n  D:\r\n";
        let root = read(text).unwrap();
        let env = root.get("env").unwrap();
        let shown: Vec<(&str, &str, &str)> = env
            .entries()
            .iter()
            .map(|(key, value)| (text_of(text, key), value.text().unwrap(), text_of(text, value)))
            .take(3)
            .collect();
        assert_eq!(shown, [("A", "3.10", "3.10"), ("B", "yes", "yes"), ("C", "x\ty", "\"x\\ty\"")]);
        assert!(env.get("D").unwrap().is_null());
        assert_eq!(root.get("on").unwrap().text(), Some("push"));
    }

    #[test]
    fn an_alias_stands_for_what_is_written_elsewhere() {
        let text = "a: &a {X: 1, Y: 2}\nb: *a\nc:\n  <<: *a\n  Y: 3\n";
        let root = read(text).unwrap();
        assert_eq!(root.get("b"), root.get("a"));
        let merged = root.get("c").unwrap();
        assert_eq!(merged.get("Y").unwrap().text(), Some("3"));
        assert_eq!(text_of(text, merged.get("X").unwrap()), "1");
        assert_eq!(text_of(text, root.get("a").unwrap()), "{X: 1, Y: 2}");
    }

    #[test]
    fn what_forges_refuse_is_refused() {
        let bomb = |width: usize| {
            let levels = (1..9).map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); width].join(", ")));
            format!("a0: &a0 [{}]\n{}", ["x"; 9].join(", "), levels.collect::<String>())
        };
        for (text, byte, part) in [
            ("", 0, "empty"),
            ("a: 1\na: 2\n", 5, "duplicate key `a`"),
            ("a: 1\n---\nb: 2\n", 5, "second document"),
            ("a: [\n", 5, "YAML"),
            ("[a]: 1\n", 0, "a key cannot be"),
            ("a: &a [*a]\n", 7, "alias"),
            (&"[".repeat(5000), 64, "levels of nesting"),
            (&"- ".repeat(5000), 128, "levels of nesting"),
            (&format!("a: {}", "- ".repeat(5000)), 3, "YAML"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.message.contains(part), "{error:?}");
            assert!(error.byte.abs_diff(byte) <= 2 || part == "YAML", "{error:?}");
        }
        assert!(read(&bomb(9)).unwrap_err().message.contains("more than 20000 values"));
        assert!(read(&"a".repeat(FILE_BYTES + 1)).unwrap_err().message.contains("limit"));
    }
}
