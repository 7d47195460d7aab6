//! An excerpt of a file that is safe to show in a terminal.
//!
//! Control and invisible characters are escaped. Long lines are cut around the labelled range,
//! so that a file with one huge line costs no more than any other.

use std::ops::Range;

use textwrap::core::display_width;

use crate::render::can_be_seen;

use crate::findings::{Sources, Span};

/// Number of characters that a cut line keeps before the labelled range.
const BEFORE: usize = 12;

/// Lines of one file, escaped and cut for display.
pub struct Excerpt {
    /// The number of the first line, from 1.
    pub first_line: usize,
    /// The lines.
    pub text: String,
    /// Pairs of byte offsets, in the file and in `text`; both increase.
    moved: Vec<(usize, usize)>,
}

impl Excerpt {
    /// The lines from the first to the last of some spans of one file. Lines with more columns are
    /// cut.
    pub fn of(sources: &Sources, spans: &[Span], columns: usize) -> Self {
        let source = spans[0].source;
        let first = spans.iter().map(|span| span.range.start).min().unwrap_or_default();
        let last = spans.iter().map(|span| span.range.end).max().unwrap_or_default();
        let first_line = sources.line_number(source, first);
        let mut excerpt = Self { first_line, text: String::new(), moved: Vec::new() };
        for number in first_line..=sources.line_number(source, last) {
            let line = sources.line_range(source, number);
            if number > first_line {
                excerpt.text.push('\n');
            }
            let kept = kept(&sources.get(source).text, &line, spans, columns);
            excerpt.add(&sources.get(source).text, &line, kept);
        }
        excerpt
    }

    /// Adds the kept part of a line.
    fn add(&mut self, text: &str, line: &Range<usize>, kept: Range<usize>) {
        if kept.start > line.start {
            self.text.push('…');
        }
        for (offset, character) in text[kept.clone()].char_indices() {
            self.moved.push((kept.start + offset, self.text.len()));
            if kept.start + offset > 0 || character != '\u{feff}' {
                self.text.push_str(&fit(character));
            }
        }
        self.moved.push((kept.end, self.text.len()));
        if kept.end < line.end {
            self.text.push('…');
        }
    }

    /// Maps a byte range of the file to the shown part of it in `text`.
    pub fn range(&self, range: &Range<usize>) -> Range<usize> {
        let shown = |byte: usize| {
            let after = self.moved.partition_point(|(original, _)| *original < byte);
            self.moved.get(after).map_or(self.text.len(), |(_, shown)| *shown)
        };
        shown(range.start)..shown(range.end).max(shown(range.start))
    }
}

/// The displayed form of a character.
fn fit(character: char) -> String {
    match character {
        '\t' => "    ".to_owned(),
        character if can_be_seen(character) => character.to_string(),
        character => character.escape_debug().to_string(),
    }
}

/// The part of a line to show: all of it, or the part around the first span in it.
fn kept(text: &str, line: &Range<usize>, spans: &[Span], columns: usize) -> Range<usize> {
    let whole = shown_until(text, line, columns);
    let begins = spans.iter().map(|span| span.range.start).filter(|start| line.contains(start)).min();
    let begin = begins.unwrap_or(line.start);
    if whole == line.end || begin < line.start + (whole - line.start) / 2 {
        return line.start..whole;
    }
    let before = text[line.start..begin].char_indices().rev().nth(BEFORE - 1);
    let start = before.map_or(line.start, |(offset, _)| line.start + offset);
    start..shown_until(text, &(start..line.end), columns)
}

/// The byte offset up to which a range fits into some columns.
fn shown_until(text: &str, range: &Range<usize>, columns: usize) -> usize {
    let mut left = columns;
    for (offset, character) in text[range.clone()].char_indices() {
        let width = display_width(&fit(character));
        if width > left {
            return range.start + offset;
        }
        left -= width;
    }
    range.end
}
