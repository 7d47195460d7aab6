//! Shortens messages that repeat input.

/// Maximum characters of quoted input.
pub(crate) const QUOTED: usize = 80;

/// Quotes input in backticks, shortened to 80 characters.
#[must_use]
pub fn quoted(text: &str) -> String {
    match text.char_indices().nth(QUOTED) {
        None => format!("`{text}`"),
        Some((end, _)) => format!("`{}…`", &text[..end]),
    }
}

/// A number of bytes for a message: in MiB if it is a multiple of 1 MiB.
#[must_use]
pub fn byte_size(bytes: usize) -> String {
    if bytes > 0 && bytes.trailing_zeros() >= 20 { format!("{} MiB", bytes >> 20) } else { format!("{bytes} bytes") }
}

/// Characters that are kept at the beginning and at the end of a long message. Input is in the
/// middle; the advice comes last.
const SHOWN: (usize, usize) = (600, 300);

/// Shortens a long message in its middle.
#[must_use]
pub fn readable(message: String) -> String {
    let (first, last) = SHOWN;
    let Some((end, _)) = message.char_indices().nth(first) else { return message };
    match message[end..].char_indices().rev().nth(last) {
        None => message,
        Some((start, _)) => format!("{}…{}", &message[..end], &message[end + start..]),
    }
}
