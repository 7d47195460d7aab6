//! Reading YAML within [`crate::limits`]: the tree and its decoding are those of `slug-yaml`.

pub use slug_yaml::{
    Cursor, Entry, FieldPath, Fields, Invalid, LineCol, Node, ReadError, UnknownFields, Value, readable,
};
pub(crate) use slug_yaml::{quoted, write};

use crate::limits;

/// Reads one document.
///
/// # Errors
///
/// Everything that [`slug_yaml::read`] refuses within [`limits::DOCUMENT`].
pub fn read(bytes: &[u8]) -> Result<Node, ReadError> {
    slug_yaml::read(bytes, &limits::DOCUMENT)
}

/// Why a text cannot be the name of a secret, if it cannot: no environment holds a
/// name with `=` in it, and what stands behind one is likely the secret itself.
pub(crate) fn refuse_secret_name(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("is empty; write a value".to_owned());
    }
    let (name, _) = name.split_once('=')?;
    Some(format!("`{name}=…` is not the name of a secret; write the name alone, and never the value"))
}
