//! NameSubset and numbers as they are shown.

/// A name or an id as it is where it can be read as it is, else quoted and escaped:
/// one that is empty, has white space around it, would drive a terminal, or holds
/// what cannot be seen.
pub fn shown(text: &str) -> String {
    let plain = !text.is_empty() && text.trim() == text && text.chars().all(can_be_seen);
    if plain { text.to_owned() } else { format!("{text:?}") }
}

/// A text with everything escaped that would drive a terminal or cannot be seen; its lines stay lines.
pub fn printable(text: &str) -> String {
    let escaped = |c: char| if c == '\n' || can_be_seen(c) { c.to_string() } else { c.escape_debug().to_string() };
    text.chars().map(escaped).collect()
}

/// Whether a character is neither a control nor one that a reader cannot see.
pub fn can_be_seen(c: char) -> bool {
    matches!(c, '"' | '\'' | '\\') || c.escape_debug().len() == 1
}

/// A number and a noun that goes with it.
pub fn counted(number: impl Into<u128>, noun: &str) -> String {
    let number = number.into();
    let several = match noun.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ => format!("{noun}s"),
    };
    format!("{} {}", grouped(number), if number == 1 { noun } else { &several })
}

/// A number with its thousands set apart.
pub fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_escaped() {
        assert_eq!(shown("m-1"), "m-1");
        assert_eq!(shown("höhe \"\\'"), "höhe \"\\'");
        for (text, quoted) in
            [("", "\"\""), (" m", "\" m\""), ("m\u{202e}1", "\"m\\u{202e}1\""), ("\u{1b}[1m", "\"\\u{1b}[1m\"")]
        {
            assert_eq!(shown(text), quoted);
        }
        assert_eq!(printable("a\n\u{200b}`\u{1b}`"), "a\n\\u{200b}`\\u{1b}`");
    }
}
