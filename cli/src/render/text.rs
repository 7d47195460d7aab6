//! Names and numbers as shown to people.

/// A name or an id, unchanged if it is readable. It is quoted and escaped if it is empty, has
/// surrounding white space, or contains control or invisible characters.
pub fn shown(text: &str) -> String {
    let plain = !text.is_empty() && text.trim() == text && text.chars().all(can_be_seen);
    if plain { text.to_owned() } else { format!("{text:?}") }
}

/// Escapes control and invisible characters, except line breaks.
pub fn printable(text: &str) -> String {
    let escaped = |c: char| if c == '\n' || can_be_seen(c) { c.to_string() } else { c.escape_debug().to_string() };
    text.chars().map(escaped).collect()
}

/// Returns true if a character is neither a control nor an invisible character.
pub fn can_be_seen(c: char) -> bool {
    matches!(c, '"' | '\'' | '\\') || c.escape_debug().len() == 1
}

/// Returns true if a character can be seen in a word, where a mark belongs to the letter before it.
pub fn can_be_seen_in_word(c: char) -> bool {
    let is_selector = matches!(c, '\u{34f}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}')
        || matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}');
    !is_selector && !is_filler(c) && (can_be_seen(c) || format!("a{c}").escape_debug().count() == 2)
}

/// Returns true if a text has no character that can be seen, such as white space, a filler or a joiner.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || !can_be_seen(c) || is_filler(c))
}

/// Returns true if a character takes the width of a letter and has no ink.
fn is_filler(c: char) -> bool {
    matches!(c, '\u{115f}' | '\u{1160}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}' | '\u{1d159}')
}

/// A number and a noun in singular or plural.
pub fn counted(number: impl Into<u128>, noun: &str) -> String {
    let number = number.into();
    let several = match noun.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ if noun.ends_with('s') => format!("{noun}es"),
        _ => format!("{noun}s"),
    };
    format!("{} {}", grouped(number), if number == 1 { noun } else { &several })
}

/// A list of names, or `nothing`.
pub fn listed(names: &[String]) -> String {
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

/// A number with commas between thousands.
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
    fn invisible_characters_are_escaped() {
        assert_eq!(shown("m-1"), "m-1");
        assert_eq!(shown("höhe \"\\'"), "höhe \"\\'");
        for (text, quoted) in
            [("", "\"\""), (" m", "\" m\""), ("m\u{202e}1", "\"m\\u{202e}1\""), ("\u{1b}[1m", "\"\\u{1b}[1m\"")]
        {
            assert_eq!(shown(text), quoted);
        }
        assert!(["", " ", "\u{1d159}", "\u{2800}\u{ad}", "\u{301}"].into_iter().all(is_blank) && !is_blank(" ."));
        assert_eq!(printable("a\n\u{200b}`\u{1b}`"), "a\n\\u{200b}`\\u{1b}`");
    }
}
