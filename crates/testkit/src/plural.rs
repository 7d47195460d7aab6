//! Numbers in messages.

/// A number with its noun, in the plural unless the number is 1.
pub(crate) fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
