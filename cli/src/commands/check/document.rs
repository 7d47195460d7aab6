//! A document that was read, and where its parts stand in the text.

use std::ops::Range;

use slug_resolver::yaml::{Mark, Node, Value};

use crate::findings::{SourceId, Sources, Span};

/// A document with its text.
pub struct Document {
    /// Its file.
    pub source: SourceId,
    /// What was read.
    pub root: Node,
    lines: Lines,
}

/// One step into a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// The value of a key.
    Key(&'a str),
    /// The item of a list.
    Index(usize),
}

impl Document {
    /// A document and the text it was read from.
    #[must_use]
    pub fn new(sources: &Sources, source: SourceId, root: Node) -> Self {
        Self { source, root, lines: Lines::of(&sources.get(source).text) }
    }

    /// Where the value at the end of a way stands, or the deepest part of the way that is there.
    #[must_use]
    pub fn span(&self, sources: &Sources, way: &[Step<'_>]) -> Span {
        let (_, value) = self.follow(way);
        self.span_of(sources, value)
    }

    /// Where the key at the end of a way stands.
    #[must_use]
    pub fn key_span(&self, sources: &Sources, way: &[Step<'_>]) -> Span {
        let (key, value) = self.follow(way);
        self.span_of(sources, key.unwrap_or(value))
    }

    fn span_of(&self, sources: &Sources, node: &Node) -> Span {
        let text = &sources.get(self.source).text;
        let start = self.lines.byte(text, node.mark);
        let written = match &node.value {
            Value::String(plain) if text[start..].starts_with(plain.as_str()) => start..start + plain.len(),
            _ => token(text, start),
        };
        Span { source: self.source, range: written }
    }

    fn follow(&self, way: &[Step<'_>]) -> (Option<&Node>, &Node) {
        let mut here = (None, &self.root);
        for step in way {
            let next = match (step, &here.1.value) {
                (Step::Index(index), Value::Sequence(items)) => items.get(*index).map(|item| (None, item)),
                (Step::Key(name), Value::Mapping(entries)) => entries
                    .iter()
                    .find(|(key, _)| matches!(&key.value, Value::String(key) if key == name))
                    .map(|(key, value)| (Some(key), value)),
                _ => None,
            };
            let Some(next) = next else { break };
            here = next;
        }
        here
    }
}

/// The span of what a reader complains about.
#[must_use]
pub fn span_at(sources: &Sources, source: SourceId, mark: Option<Mark>) -> Span {
    let text = &sources.get(source).text;
    let start = mark.map_or(0, |mark| Lines::of(text).byte(text, mark));
    Span { source, range: token(text, start) }
}

/// Where lines begin, by the line breaks of YAML.
struct Lines {
    starts: Vec<usize>,
    /// Whether columns are bytes.
    is_ascii: bool,
}

impl Lines {
    fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let breaks = |at: &usize| bytes[*at] == b'\n' || bytes[*at] == b'\r' && bytes.get(at + 1) != Some(&b'\n');
        // A byte-order mark stands in no column.
        let first = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let after_breaks = (0..bytes.len()).filter(breaks).map(|at| at + 1);
        Self { starts: [first].into_iter().chain(after_breaks).collect(), is_ascii: text[first..].is_ascii() }
    }

    /// The byte of a mark, or the end of the text where there is none.
    fn byte(&self, text: &str, mark: Mark) -> usize {
        let zero_based = |number: u64| usize::try_from(number).unwrap_or(usize::MAX).saturating_sub(1);
        let Some(&line) = self.starts.get(zero_based(mark.line)) else { return text.len() };
        let end = self.starts.get(zero_based(mark.line) + 1).copied().unwrap_or(text.len());
        if self.is_ascii {
            // A thousand findings in one long line need not count it a thousand times.
            return line.saturating_add(zero_based(mark.column)).min(end);
        }
        text[line..end].char_indices().nth(zero_based(mark.column)).map_or(end, |(offset, _)| line + offset)
    }
}

/// What is written at a place, as far as one line goes: a quoted text, a collection in
/// brackets, or words up to what ends them.
fn token(text: &str, start: usize) -> Range<usize> {
    let line = text[start..].split(['\n', '\r']).next().unwrap_or_default();
    let length = match line.chars().next() {
        Some('"') => quoted(line, '"', Some('\\')),
        Some('\'') => quoted(line, '\'', None),
        Some('[' | '{') => bracketed(line),
        _ => words(line),
    };
    start..start + length
}

fn quoted(line: &str, quote: char, escape: Option<char>) -> usize {
    let mut escaped = false;
    for (at, character) in line.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            character if Some(character) == escape => escaped = true,
            character if character == quote && escape.is_none() && line[at + 1..].starts_with(quote) => escaped = true,
            character if character == quote => return at + 1,
            _ => {}
        }
    }
    line.trim_end().len()
}

fn bracketed(line: &str) -> usize {
    let mut depth = 0_usize;
    for (at, character) in line.char_indices() {
        match character {
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    line.trim_end().len()
}

fn words(line: &str) -> usize {
    let ends = [": ", " #", ",", "]", "}"].iter().filter_map(|end| line.find(end));
    let end = ends.min().unwrap_or(line.len());
    line[..end].trim_end().trim_end_matches(':').len()
}
