//! Messages that repeat input without drowning in it.

/// Characters of the input that one message repeats.
pub(crate) const QUOTED: usize = 80;

/// Input in backticks, cut where it would drown the message.
#[must_use]
pub fn quoted(text: &str) -> String {
    match text.char_indices().nth(QUOTED) {
        None => format!("`{text}`"),
        Some((end, _)) => format!("`{}…`", &text[..end]),
    }
}

/// Characters of one message that are shown from its beginning and from its end: a long
/// one repeats input, and says what to do last.
const SHOWN: (usize, usize) = (600, 300);

/// A message without the middle of a long one.
#[must_use]
pub fn readable(message: String) -> String {
    let (first, last) = SHOWN;
    let Some((end, _)) = message.char_indices().nth(first) else { return message };
    match message[end..].char_indices().rev().nth(last) {
        None => message,
        Some((start, _)) => format!("{}…{}", &message[..end], &message[end + start..]),
    }
}
