//! The files that findings point into.

use std::ops::Range;

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its path as outputs show it: with `/`, relative where the user gave it so.
    pub path: String,
    /// Its text, with a byte-order mark where it has one.
    pub text: String,
}

/// Which file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(usize);

/// A stretch of a file, in bytes; never outside it and never inside a character.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// The file.
    pub source: SourceId,
    /// The bytes.
    pub range: Range<usize>,
}

/// Every file of one run.
#[derive(Clone, Debug, Default)]
pub struct Sources(Vec<Source>);

impl Sources {
    /// Adds a file.
    pub fn add(&mut self, source: Source) -> SourceId {
        self.0.push(source);
        SourceId(self.0.len() - 1)
    }

    /// The file of an id.
    ///
    /// # Panics
    ///
    /// When the id is of another run.
    #[must_use]
    pub fn get(&self, id: SourceId) -> &Source {
        &self.0[id.0]
    }

    /// The files, in the order in which they were added.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (SourceId, &Source)> {
        self.0.iter().enumerate().map(|(index, source)| (SourceId(index), source))
    }

    /// The text of a span.
    #[must_use]
    pub fn slice(&self, span: &Span) -> &str {
        &self.get(span.source).text[span.range.clone()]
    }
}

impl Source {
    /// Line and column of a byte, both from 1, in characters.
    #[must_use]
    pub fn position(&self, byte: usize) -> (usize, usize) {
        let before = &self.text[..byte];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let mark = if line_start == 0 && before.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        (before.matches('\n').count() + 1, before[line_start + mark..].chars().count() + 1)
    }

    /// The bytes of the line that holds a byte, without its line break.
    #[must_use]
    pub fn line(&self, byte: usize) -> Range<usize> {
        let start = self.text[..byte].rfind('\n').map_or(0, |newline| newline + 1);
        let end = self.text[byte..].find('\n').map_or(self.text.len(), |newline| byte + newline);
        let end = if self.text[start..end].ends_with('\r') { end - 1 } else { end };
        start..end.max(start)
    }
}
