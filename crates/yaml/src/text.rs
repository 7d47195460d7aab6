//! Checks of a text before it is parsed: encoding, length and line breaks.

use crate::error::ReadError;
use crate::message::byte_size;
use crate::tree::LineCol;

/// Decodes bytes as UTF-8.
pub(crate) fn decode(bytes: &[u8]) -> Result<&str, ReadError> {
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err(ReadError::of_document("the text is UTF-16; save it as UTF-8".to_owned()));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let valid = std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
        refuse(valid, valid.len(), "the text is not UTF-8 from here on; save it as UTF-8".to_owned())
    })
}

/// The error for a text with more than `limit` bytes.
pub(crate) fn too_long(limit: usize) -> ReadError {
    ReadError::of_document(format!(
        "the document is larger than {}; split it or drop what is not needed",
        byte_size(limit)
    ))
}

/// Characters that are line breaks in YAML 1.1 and ordinary characters in YAML 1.2. They are
/// invisible, and parsers of the two versions read different strings.
const OLD_LINE_BREAKS: [char; 3] = ['\u{85}', '\u{2028}', '\u{2029}'];

/// Rejects a text with an old line break, even in a comment: for some parsers it ends the
/// comment.
pub(crate) fn refuse_old_line_breaks(text: &str) -> Result<(), ReadError> {
    let Some((at, found)) = text.char_indices().find(|(_, character)| OLD_LINE_BREAKS.contains(character)) else {
        return Ok(());
    };
    let (end, found) = (at + found.len_utf8(), u32::from(found));
    let message = format!(
        "the character U+{found:04X} is a line break to some readers and none to others; \
         take it out, or write \"\\u{found:04X}\" in double quotes"
    );
    Err(ReadError { span: Some(at..end), ..refuse(text, at, message) })
}

/// An error at a byte of a text.
fn refuse(text: &str, byte: usize, message: String) -> ReadError {
    ReadError { line_col: Some(line_col(text, byte)), span: Some(byte..byte), ..ReadError::of_document(message) }
}

/// The line and column of a byte. A line ends with a line feed, a carriage return, or both.
fn line_col(text: &str, byte: usize) -> LineCol {
    // A byte-order mark does not count as a column.
    let text = &text[..byte];
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let is_break = |(at, found): &(usize, char)| *found == '\n' || *found == '\r' && !text[at + 1..].starts_with('\n');
    let (breaks, last) = text.char_indices().filter(is_break).fold((0, 0), |(breaks, _), (at, _)| (breaks + 1, at + 1));
    LineCol { line: breaks + 1, column: text[last..].chars().count() as u64 + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_col_counts_each_yaml_line_break() {
        for (text, expected) in [
            ("", (1, 1)),
            ("ab", (1, 3)),
            ("\u{feff}a", (1, 2)),
            ("a\nb\r\né\rd", (4, 2)),
            ("a\r", (2, 1)),
            ("a\r\n", (2, 1)),
            ("\n\n", (3, 1)),
        ] {
            let LineCol { line, column } = line_col(text, text.len());
            assert_eq!((line, column), expected, "{text:?}");
        }
    }
}
