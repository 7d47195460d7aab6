//! Placeholders: characters that replace expressions in a script.

/// The character that replaces the expression with this index; `None` if the index is too large.
#[must_use]
pub fn placeholder(index: usize) -> Option<char> {
    let code = u32::try_from(index).ok().map(|index| FIRST_PLACEHOLDER + index);
    code.and_then(char::from_u32).filter(|placeholder| *placeholder < END_OF_PLACEHOLDERS)
}

/// The first placeholder: the first character of the last private-use plane, which scripts do not
/// use.
pub const FIRST_PLACEHOLDER: u32 = 0x10_0000;

/// The first character after the placeholders.
const END_OF_PLACEHOLDERS: char = '\u{10f000}';

/// Whether a character of a script is a placeholder.
pub fn is_placeholder(character: char) -> bool {
    (FIRST_PLACEHOLDER..u32::from(END_OF_PLACEHOLDERS)).contains(&u32::from(character))
}
