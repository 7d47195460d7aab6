//! Decoding and checks of single fields.

use std::collections::BTreeMap;

use crate::limits;
use crate::yaml::{Cursor, FieldPath, ReadError, ValidationError};

pub(super) fn text(at: &Cursor<'_>) -> Result<String, ReadError> {
    at.string().map(ToOwned::to_owned)
}

pub(super) fn list<T>(
    at: &Cursor<'_>,
    decode: impl Fn(&Cursor<'_>) -> Result<T, ReadError>,
) -> Result<Vec<T>, ReadError> {
    at.items()?.map(|item| decode(&item)).collect()
}

pub(super) fn string_map(at: &Cursor<'_>) -> Result<BTreeMap<String, String>, ReadError> {
    at.entries()?.into_iter().map(|entry| Ok((entry.name.to_owned(), text(&entry.value)?))).collect()
}

pub(super) fn not_empty(value: &str, path: FieldPath) -> Result<(), ValidationError> {
    if value.is_empty() { Err(ValidationError::at(path, "the value is empty; write one")) } else { Ok(()) }
}

pub(super) fn rule_name(name: &str, path: FieldPath) -> Result<(), ValidationError> {
    if name.len() > limits::RULE_NAME_BYTES {
        let (length, most) = (name.len(), limits::RULE_NAME_BYTES);
        let message = format!("the name has {length} bytes, more than the limit of {most}; shorten it");
        return Err(ValidationError::at(path, message));
    }
    not_empty(name, path)
}

pub(super) fn some(list: &[String], path: FieldPath) -> Result<(), ValidationError> {
    if list.is_empty() { Err(ValidationError::at(path, "the list is empty; name at least one")) } else { Ok(()) }
}

pub(super) fn each_not_empty(list: &[String], path: &FieldPath) -> Result<(), ValidationError> {
    list.iter().enumerate().try_for_each(|(index, item)| not_empty(item, path.clone().index(index)))
}

pub(super) fn variable_name(name: &str, path: FieldPath) -> Result<(), ValidationError> {
    let mut characters = name.chars();
    let starts = characters.next().is_some_and(|first| first == '_' || first.is_ascii_alphabetic());
    if starts && characters.all(|next| next == '_' || next == '.' || next.is_ascii_alphanumeric()) {
        return Ok(());
    }
    // The text may be a secret value in the wrong field, so the message does not repeat it.
    Err(ValidationError::at(path, "not a valid variable name; use letters, digits, `_` and `.`"))
}
