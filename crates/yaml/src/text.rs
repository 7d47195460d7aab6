//! A text before it is parsed: its encoding, its lines.

use crate::error::ReadError;
use crate::tree::Mark;

/// Where the lines of a text begin, by the line breaks of YAML: a line feed, a carriage
/// return, or both.
#[derive(Clone, Debug)]
pub struct LineIndex {
    starts: Vec<usize>,
}

impl LineIndex {
    /// The lines of a text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let is_break = |at: &usize| bytes[*at] == b'\n' || bytes[*at] == b'\r' && bytes.get(at + 1) != Some(&b'\n');
        // A byte-order mark stands in no column.
        let first = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self { starts: [first].into_iter().chain((0..bytes.len()).filter(is_break).map(|at| at + 1)).collect() }
    }

    /// The line and column of a byte of the same text.
    #[must_use]
    pub fn mark(&self, text: &str, byte: usize) -> Mark {
        let line = self.starts.partition_point(|start| *start <= byte).max(1);
        let before = text.get(self.starts[line - 1]..byte).unwrap_or_default();
        Mark { line: line as u64, column: before.chars().count() as u64 + 1 }
    }
}

/// The text of some bytes.
pub(crate) fn decode(bytes: &[u8]) -> Result<&str, ReadError> {
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err(ReadError::whole("the text is UTF-16; save it as UTF-8".to_owned()));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let valid = std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
        refuse(valid, valid.len(), "the text is not UTF-8 from here on; save it as UTF-8".to_owned())
    })
}

/// The refusal of a text that is longer than a limit.
pub(crate) fn too_long(limit: usize) -> ReadError {
    ReadError::whole(format!(
        "the document has more bytes than the limit of {limit}; split it or drop what is not needed"
    ))
}

/// Line breaks in YAML 1.1 and plain characters in YAML 1.2: readers of the one and of
/// the other would read different strings, and nobody could see why.
const OLD_LINE_BREAKS: [char; 3] = ['\u{85}', '\u{2028}', '\u{2029}'];

/// Refuses a text with an old line break, be it in a comment: to some readers, what follows
/// is no longer part of the comment.
pub(crate) fn refuse_old_line_breaks(text: &str) -> Result<(), ReadError> {
    let Some((at, found)) = text.char_indices().find(|(_, character)| OLD_LINE_BREAKS.contains(character)) else {
        return Ok(());
    };
    let (end, found) = (at + found.len_utf8(), u32::from(found));
    let message = format!(
        "the character U+{found:04X} is a line break to some readers and none to others; take it out, or write \"\\u{found:04X}\" in double quotes"
    );
    Err(ReadError { span: Some(at..end), ..refuse(text, at, message) })
}

/// An error at one byte of a text.
fn refuse(text: &str, byte: usize, message: String) -> ReadError {
    let mark = LineIndex::new(text).mark(text, byte);
    ReadError { mark: Some(mark), span: Some(byte..byte), ..ReadError::whole(message) }
}
