//! Positions in a text: bytes here, lines and UTF-16 units in the protocol.

use std::ops::Range;

use serde_json::{Value, json};

/// A position of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line, from 0.
    pub line: usize,
    /// The UTF-16 units before the position in its line.
    pub character: usize,
}

impl Place {
    /// Reads a position.
    pub fn of(value: &Value) -> Option<Self> {
        let number = |name: &str| value.get(name)?.as_u64().map(|number| usize::try_from(number).unwrap_or(usize::MAX));
        Some(Self { line: number("line")?, character: number("character")? })
    }

    fn json(self) -> Value {
        json!({"line": self.line, "character": self.character})
    }
}

/// A text with its lines. A byte-order mark belongs to no line, because editors do not show it.
pub struct Lines<'t> {
    text: &'t str,
    /// The first byte of each line.
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    /// Finds the lines of a text. They end with LF, CR LF or CR, as in the protocol.
    pub fn new(text: &'t str) -> Self {
        let first = if text.starts_with(BOM) { BOM.len_utf8() } else { 0 };
        let bytes = text.as_bytes();
        let ends = |at: &usize| bytes[*at] == b'\n' || bytes[*at] == b'\r' && bytes.get(at + 1) != Some(&b'\n');
        let starts = [first].into_iter().chain((0..bytes.len()).filter(ends).map(|end| end + 1)).collect();
        Self { text, starts }
    }

    /// The text.
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// The bytes of a line, without its end. The line after the last one is empty.
    pub fn line(&self, line: usize) -> Range<usize> {
        let Some(start) = self.starts.get(line).copied() else { return self.text.len()..self.text.len() };
        let end = self.starts.get(line + 1).copied().unwrap_or(self.text.len());
        start..start + self.text[start..end].trim_end_matches(['\n', '\r']).len()
    }

    /// The position of a byte. A byte inside a character has the position of the character.
    pub fn place(&self, byte: usize) -> Place {
        let mut byte = byte.min(self.text.len());
        while !self.text.is_char_boundary(byte) {
            byte -= 1;
        }
        let line = self.starts.partition_point(|start| *start <= byte).saturating_sub(1);
        let start = self.starts[line].min(byte);
        Place { line, character: self.text[start..byte].encode_utf16().count() }
    }

    /// The byte of a position: that of the end of the line for a position after it.
    pub fn byte(&self, place: Place) -> usize {
        let line = self.line(place.line);
        let mut units = 0;
        for (at, character) in self.text[line.clone()].char_indices() {
            if units >= place.character {
                return line.start + at;
            }
            units += character.len_utf16();
        }
        line.end
    }

    /// A range as in the protocol.
    pub fn range(&self, range: &Range<usize>) -> Value {
        json!({"start": self.place(range.start).json(), "end": self.place(range.end.max(range.start)).json()})
    }
}

/// The byte-order mark.
const BOM: char = '\u{feff}';

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_utf16_units() {
        let lines = Lines::new("a😀é\r\nb\rc\n");
        let place = |byte| {
            let Place { line, character } = lines.place(byte);
            (line, character)
        };
        assert_eq!([0, 1, 5, 7].map(place), [(0, 0), (0, 1), (0, 3), (0, 4)]);
        assert_eq!(place(3), (0, 1), "inside a character");
        assert_eq!([9, 10, 11, 12, 13, 99].map(place), [(1, 0), (1, 1), (2, 0), (2, 1), (3, 0), (3, 0)]);
    }

    #[test]
    fn bytes_of_places_are_inside_the_line() {
        let lines = Lines::new("a😀é\r\nb");
        let byte = |line, character| lines.byte(Place { line, character });
        assert_eq!([byte(0, 0), byte(0, 1), byte(0, 3), byte(0, 4), byte(0, 99)], [0, 1, 5, 7, 7]);
        assert_eq!(byte(0, 2), 5, "between the units of a character");
        assert_eq!([byte(1, 0), byte(1, 1), byte(2, 0), byte(usize::MAX, usize::MAX)], [9, 10, 10, 10]);
    }

    #[test]
    fn byte_order_mark_is_not_counted() {
        let lines = Lines::new("\u{feff}ab\nc");
        assert_eq!(lines.place(4), Place { line: 0, character: 1 });
        assert_eq!(lines.place(0), Place { line: 0, character: 0 });
        assert_eq!(lines.byte(Place { line: 0, character: 0 }), 3);
        assert_eq!(lines.byte(Place { line: 1, character: 0 }), 6);
    }
}
