//! The words of notes.

use std::collections::{BTreeMap, BTreeSet};

use slug_yaml::quoted;

/// Maximum number of names that a note lists.
const LISTED: usize = 12;

/// The names in backticks, the first ones if there are many.
pub(crate) fn listed<'n>(names: impl ExactSizeIterator<Item = &'n str>) -> String {
    let count = names.len();
    let mut text = names.take(LISTED).map(quoted).collect::<Vec<_>>().join(", ");
    if count > LISTED {
        text.push_str(&format!(" and {} more", count - LISTED));
    }
    text
}

/// A number with its noun.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{ending}")
}

/// A note as one line of a comment, without control characters.
pub(crate) fn one_line(note: &str) -> String {
    note.chars().map(|c| if is_invisible(c) { c.escape_unicode().to_string() } else { c.to_string() }).collect()
}

/// Returns true for a control character, and for a character that breaks or reorders a line, joins words, or marks the
/// order of bytes.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The fields of a catalogue that are not read, by the part of the catalogue.
#[derive(Default)]
pub(crate) struct UnreadFields(BTreeMap<&'static str, BTreeSet<String>>);

impl UnreadFields {
    /// Adds a field of a part.
    pub(crate) fn add(&mut self, part: &'static str, field: &str) {
        let fields = self.0.entry(part).or_default();
        if !fields.contains(field) {
            fields.insert(field.to_owned());
        }
    }

    /// One note for each part.
    pub(crate) fn notes(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(part, fields)| format!("fields of {part}: {}", listed(fields.iter().map(String::as_str))))
    }
}
