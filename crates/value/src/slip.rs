//! Slips of a writer: names and ids that differ from a known one by one typing error.

/// The fewest characters of a name that is compared; short names resemble each other by chance.
const MIN_CHARS: usize = 4;

/// The fewest characters of a name of which one may be added, lost or replaced.
const MIN_CHARS_EDITED: usize = 5;

/// The longest name, in bytes, that is compared.
const MAX_BYTES: usize = 256;

/// The fewest digits of a number that is a date or an identifier, so that it does not count up.
const LONG_NUMBER: usize = 6;

/// Returns true if a text is a known name with one slip: a different case, a wrong, missing or extra
/// separator, two exchanged neighbours, or one added, lost or replaced character.
///
/// A different number makes another name, as in `KEY_1` and `KEY_2` or in `gpt-4` and `gpt-5`. So does a
/// different part of one letter, as in `KEY_A` and `KEY_B`. A digit is part of a word, and not a number, if it
/// is doubled, between two letters, or in a number of at least six digits.
#[must_use]
pub fn is_slip(text: &str, known: &str) -> bool {
    let shorter = text.len().min(known.len());
    let is_comparable = text.len().max(known.len()) <= MAX_BYTES && shorter >= MIN_CHARS;
    if text == known || !is_comparable {
        return false;
    }
    if folded(text).eq(folded(known)) {
        return true;
    }
    if text.len().abs_diff(known.len()) > char::MAX.len_utf8() {
        return false;
    }
    let (text, known): (Vec<char>, Vec<char>) = (text.chars().collect(), known.chars().collect());
    let start = text.iter().zip(&known).take_while(|(a, b)| a == b).count();
    let is_long = text.len().min(known.len()) >= MIN_CHARS_EDITED;
    let rests = text[start..].iter().rev().zip(known[start..].iter().rev());
    let end = rests.take_while(|(a, b)| a == b).count();
    match (&text[start..text.len() - end], &known[start..known.len() - end]) {
        ([a, b], [c, d]) => a == d && b == c,
        ([a], [b]) => {
            is_long && !is_part(&text, start) && !(a.is_ascii_digit() && b.is_ascii_digit() && counts(&known, start))
        }
        ([c], []) => is_insertion(&text, start, *c, is_long),
        ([], [c]) => is_insertion(&known, start, *c, is_long),
        _ => false,
    }
}

/// The characters that are neither case nor separators.
fn folded(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| !is_separator(*c)).flat_map(char::to_lowercase)
}

fn is_separator(c: char) -> bool {
    matches!(c, '_' | '-' | '.' | '/' | ':' | ' ')
}

/// Returns true if the character at an index, without which the name is the other one, is a slip.
fn is_insertion(longer: &[char], at: usize, c: char, is_long: bool) -> bool {
    let is_doubled = at > 0 && longer[at - 1] == c;
    is_doubled || is_long && !(c.is_ascii_digit() && counts(longer, at))
}

/// Returns true if the character at an index is a part of its own between separators.
fn is_part(name: &[char], at: usize) -> bool {
    let is_end = |c: Option<&char>| c.is_none_or(|c| is_separator(*c));
    is_end(at.checked_sub(1).and_then(|before| name.get(before))) && is_end(name.get(at + 1))
}

/// Returns true if the digit at an index belongs to a number that counts, such as that of a version.
fn counts(name: &[char], at: usize) -> bool {
    let start = at - name[..at].iter().rev().take_while(|c| c.is_ascii_digit()).count();
    let end = at + name[at..].iter().take_while(|c| c.is_ascii_digit()).count();
    let is_letter = |c: Option<&char>| c.is_some_and(|c| c.is_alphabetic());
    let is_in_word = is_letter(start.checked_sub(1).and_then(|before| name.get(before))) && is_letter(name.get(end));
    !is_in_word && end - start < LONG_NUMBER
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_slip_is_found() {
        for (text, known) in [
            // Omission, doubling, exchange, replacement, case and separators of a name.
            ("E2E_MODL_SLUG", "E2E_MODEL_SLUG"),
            ("E2E_MODEEL_SLUG", "E2E_MODEL_SLUG"),
            ("E2E_MODLE_SLUG", "E2E_MODEL_SLUG"),
            ("E2E_MODEK_SLUG", "E2E_MODEL_SLUG"),
            ("e2e_model_slug", "E2E_MODEL_SLUG"),
            ("E2E_MODELSLUG", "E2E_MODEL_SLUG"),
            ("E2E-MODEL-SLUG", "E2E_MODEL_SLUG"),
            ("E2E__MODEL_SLUG", "E2E_MODEL_SLUG"),
            // The same in a digit that is part of a word.
            ("EE_MODEL_SLUG", "E2E_MODEL_SLUG"),
            ("E3E_MODEL_SLUG", "E2E_MODEL_SLUG"),
            ("E22E_MODEL_SLUG", "E2E_MODEL_SLUG"),
            ("2EE_MODEL_SLUG", "E2E_MODEL_SLUG"),
            // Ids.
            ("MiniMax-M22", "MiniMax-M2"),
            ("minimax-m2", "MiniMax-M2"),
            ("MiniMax_M2", "MiniMax-M2"),
            ("MiniMaxM2", "MiniMax-M2"),
            ("sonet", "sonnet"),
            ("opsu", "opus"),
            ("claude-sonnet-4.5", "claude-sonnet-4-5"),
            ("gpt-41", "gpt-4.1"),
            ("claude-opus-4-20250541", "claude-opus-4-20250514"),
            ("claude-opus-4-20250515", "claude-opus-4-20250514"),
            ("claude-opus-4-2025051", "claude-opus-4-20250514"),
        ] {
            assert!(is_slip(text, known), "{text} and {known}");
            assert!(is_slip(known, text), "{known} and {text}");
        }
    }

    #[test]
    fn different_names_are_no_slips() {
        for (text, known) in [
            ("KEY", "KEY"),
            ("KEY_1", "KEY_2"),
            ("API_KEY1", "API_KEY2"),
            ("API_KEY", "API_KEY2"),
            ("API_KEY_A", "API_KEY_B"),
            ("gpt-4", "gpt-5"),
            ("gpt-4o", "gpt-5o"),
            ("MiniMax-M3", "MiniMax-M2"),
            ("MiniMax-M2", "MiniMax-M2.7"),
            ("mistral-small-2501", "mistral-small-2503"),
            ("claude-sonnet-4-5", "claude-sonnet-4-6"),
            ("OK", "AK"),
            ("MODE", "MODEL"),
            ("TEAM_KEY", "ZETA_API_KEY"),
            ("", "A"),
        ] {
            assert!(!is_slip(text, known), "{text} and {known}");
            assert!(!is_slip(known, text), "{known} and {text}");
        }
    }
}
