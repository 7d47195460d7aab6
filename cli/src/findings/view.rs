//! A stretch of a file as a terminal can show it.
//!
//! Nothing in it drives the terminal or hides from the reader: what cannot be seen is
//! written out. A line too long to be read is cut around what is pointed at, so that a
//! file of one line costs no more than any other.

use std::ops::Range;

use crate::output::can_be_seen;

use super::{Sources, Span};

/// Bytes of a line that are shown whole.
const WHOLE: usize = 400;

/// Bytes that are kept before what is pointed at in a longer line.
const BEFORE: usize = 100;

/// Some lines of one file, made fit to be shown.
pub(super) struct View {
    /// The number of its first line.
    pub first_line: usize,
    /// The lines.
    pub text: String,
    /// Where characters of the file went: its bytes and those of the text, both rising.
    moved: Vec<(usize, usize)>,
}

impl View {
    /// The lines from the first to the last of some spans of one file.
    pub fn of(sources: &Sources, spans: &[Span]) -> Self {
        let source = spans[0].source;
        let first = spans.iter().map(|span| span.range.start).min().unwrap_or_default();
        let last = spans.iter().map(|span| span.range.end).max().unwrap_or_default();
        let first_line = sources.line_number(source, first);
        let mut view = Self { first_line, text: String::new(), moved: Vec::new() };
        for number in first_line..=sources.line_number(source, last) {
            let line = sources.line_range(source, number);
            if number > first_line {
                view.text.push('\n');
            }
            view.add(&sources.get(source).text, line, spans);
        }
        view
    }

    /// Adds a line, or what matters of it.
    fn add(&mut self, text: &str, line: Range<usize>, spans: &[Span]) {
        let kept = kept(text, &line, spans);
        if kept.start > line.start {
            self.text.push('…');
        }
        for (offset, character) in text[kept.clone()].char_indices() {
            self.moved.push((kept.start + offset, self.text.len()));
            match character {
                '\u{feff}' if kept.start + offset == 0 => {}
                '\t' => self.text.push('\t'),
                character if can_be_seen(character) => self.text.push(character),
                character => self.text.extend(character.escape_debug()),
            }
        }
        self.moved.push((kept.end, self.text.len()));
        if kept.end < line.end {
            self.text.push('…');
        }
    }

    /// Where a stretch of the file is in the text, or the part of it that is shown.
    pub fn range(&self, range: &Range<usize>) -> Range<usize> {
        let shown = |byte: usize| {
            let after = self.moved.partition_point(|(original, _)| *original < byte);
            self.moved.get(after).map_or(self.text.len(), |(_, shown)| *shown)
        };
        shown(range.start)..shown(range.end).max(shown(range.start))
    }
}

/// What is shown of a line: all, or what is around the first place in it that is pointed at.
fn kept(text: &str, line: &Range<usize>, spans: &[Span]) -> Range<usize> {
    if line.len() <= WHOLE {
        return line.clone();
    }
    let begins = spans.iter().map(|span| span.range.start).filter(|start| line.contains(start)).min();
    let start = begins.unwrap_or(line.start).saturating_sub(BEFORE).max(line.start);
    let end = line.end.min(start + WHOLE);
    boundary(text, start)..boundary(text, end)
}

/// The beginning of the character that holds a byte.
fn boundary(text: &str, byte: usize) -> usize {
    (0..=byte).rev().find(|byte| text.is_char_boundary(*byte)).unwrap_or_default()
}
