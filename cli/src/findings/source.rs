//! The files that findings refer to.

use std::ops::Range;

/// The prefix of the paths of embedded data, which are not files of the user.
pub const EMBEDDED: &str = "<embedded>/";

/// A file and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The path as shown in outputs: with `/`, relative if the user gave a relative path.
    pub path: String,
    /// The text, including a byte-order mark.
    pub text: String,
}

/// Identifies a file among the [`Sources`] of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(usize);

/// A byte range of a file, within its bounds and on character boundaries.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// The file.
    pub source: SourceId,
    /// The bytes.
    pub range: Range<usize>,
}

/// Every file of one run.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
    /// The byte offsets of the lines of each file.
    lines: Vec<Vec<usize>>,
}

/// Line and column, both from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column; a byte-order mark does not count.
    pub column: usize,
}

impl Sources {
    /// Adds a file.
    pub fn add(&mut self, source: Source) -> SourceId {
        let starts = source.text.match_indices('\n').map(|(newline, _)| newline + 1);
        self.lines.push([0].into_iter().chain(starts).collect());
        self.files.push(source);
        SourceId(self.files.len() - 1)
    }

    /// Changes the path of every file.
    pub fn map_paths(&mut self, map: impl Fn(&str) -> String) {
        self.files.iter_mut().for_each(|file| file.path = map(&file.path));
    }

    /// Changes the text of a file. The new text has the same lines and the same length.
    pub fn map_text(&mut self, id: SourceId, map: impl Fn(&str) -> String) {
        let file = &mut self.files[id.0];
        file.text = map(&file.text);
    }

    /// The file with an id.
    ///
    /// # Panics
    ///
    /// Panics if the id belongs to another run.
    #[must_use]
    pub fn get(&self, id: SourceId) -> &Source {
        &self.files[id.0]
    }

    /// The files, in the order in which they were added.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (SourceId, &Source)> {
        self.files.iter().enumerate().map(|(index, source)| (SourceId(index), source))
    }

    /// The text of a span.
    #[must_use]
    pub fn slice(&self, span: &Span) -> &str {
        &self.get(span.source).text[span.range.clone()]
    }

    /// The path of a span's file.
    #[must_use]
    pub fn path(&self, span: &Span) -> &str {
        &self.get(span.source).path
    }

    /// The positions of the start and the end of a span. Uses the line index, so that it does not
    /// scan the file again.
    #[must_use]
    pub fn positions(&self, span: &Span) -> (Position, Position) {
        let position = |byte: usize| {
            let line = self.line_number(span.source, byte);
            let before = &self.get(span.source).text[self.lines[span.source.0][line - 1]..byte];
            let before = if line == 1 { before.trim_start_matches('\u{feff}') } else { before };
            Position { line, column: before.chars().count() + 1 }
        };
        (position(span.range.start), position(span.range.end))
    }

    /// The number of the line that holds a byte, from 1.
    #[must_use]
    pub fn line_number(&self, source: SourceId, byte: usize) -> usize {
        self.lines[source.0].partition_point(|start| *start <= byte)
    }

    /// The number of lines of a file; the text after the last line break counts as a line.
    #[must_use]
    pub fn line_count(&self, source: SourceId) -> usize {
        self.lines[source.0].len()
    }

    /// The bytes of a line by its number, without its line break.
    ///
    /// # Panics
    ///
    /// Panics if the file has no such line.
    #[must_use]
    pub fn line_range(&self, source: SourceId, number: usize) -> Range<usize> {
        let starts = &self.lines[source.0];
        let text = &self.get(source).text;
        let start = starts[number - 1];
        let end = starts.get(number).map_or(text.len(), |next| next - 1);
        let end = if text[start..end].ends_with('\r') { end - 1 } else { end };
        start..end
    }
}
