//! Characters that stand for expressions in a script.

/// The character that stands for an expression in a script.
#[must_use]
pub fn placeholder(index: usize) -> Option<char> {
    let code = u32::try_from(index).ok().map(|index| FIRST_PLACEHOLDER + index);
    code.and_then(char::from_u32).filter(|placeholder| *placeholder < END_OF_PLACEHOLDERS)
}

/// The first character of the last private plane, which no script holds.
pub const FIRST_PLACEHOLDER: u32 = 0x10_0000;

/// The first character behind those that stand for expressions.
const END_OF_PLACEHOLDERS: char = '\u{10f000}';
