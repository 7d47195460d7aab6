//! Reads YAML within [`crate::limits`]. The tree and its decoding are re-exported from `slug-yaml`.

pub use slug_yaml::{
    Cursor, Entry, FieldPath, Fields, LineCol, Node, ReadError, UnknownFields, ValidationError, Value, format, readable,
};
pub(crate) use slug_yaml::{did_you_mean, quoted, write};

use crate::limits;

/// Reads one document.
///
/// # Errors
///
/// Returns the errors of [`slug_yaml::read`] with the limits [`limits::DOCUMENT`].
pub fn read(bytes: &[u8]) -> Result<Node, ReadError> {
    slug_yaml::read(bytes, &limits::DOCUMENT)
}

/// Returns an error message if a text cannot be the name of a secret: it is empty or contains `=`.
/// Environment variables cannot have `=` in their names, and the text after it is probably the
/// secret itself, so the message omits that text.
pub(crate) fn refuse_secret_name(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("the value is empty; write one".to_owned());
    }
    let (name, _) = name.split_once('=')?;
    Some(format!("`{name}=…` is not the name of a secret; write the name alone, and never the value"))
}
