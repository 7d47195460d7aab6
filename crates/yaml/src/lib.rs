//! Reads YAML into a tree of values with positions, and decodes the tree into the fields of a
//! format.
//!
//! The reader makes one pass over the events of the parser, within [`Limits`], in one of two
//! [dialects](Dialect): [`read`] reads data documents and rejects text that YAML parsers
//! interpret differently; [`read_lenient`] reads workflow files as forges do. A format decodes
//! the tree with [`Cursor`], so every error names the path of the field, the line and the
//! column.
//!
//! ```
//! use slug_yaml::{Cursor, Limits, UnknownFields};
//!
//! let limits = Limits {
//!     bytes: 1000,
//!     scalar_bytes: 1000,
//!     depth: 8,
//!     nodes: 100,
//!     anchors: 8,
//!     aliases: 8,
//!     anchor_nodes: 100,
//!     alias_nodes: 100,
//! };
//! let root = slug_yaml::read(b"name: acme\nmodels: [a, 3.10]\n", &limits)?;
//! let document = Cursor::root(&root);
//! let fields = document.fields(&["name", "models"], &[], UnknownFields::Deny)?;
//! assert_eq!(fields.required("name")?.string()?, "acme");
//!
//! let error = fields.required("models")?.strings().unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "line 2, column 13: `models[1]`: expected a string, found a number; put it in quotes"
//! );
//! assert_eq!(error.span, Some(23..27));
//! # Ok::<(), slug_yaml::ReadError>(())
//! ```

mod alias;
mod decode;
mod error;
mod limits;
mod merge;
mod message;
mod parse;
mod path;
mod scalar;
mod text;
mod tree;

pub use decode::{Cursor, Entry, Fields, UnknownFields};
pub use error::{Invalid, ParseError, Problem, ReadError};
pub use limits::{Dialect, Limit, Limits};
pub use message::{quoted, readable};
pub use path::FieldPath;
pub use tree::{LineCol, Node, Style, Value};

/// Reads one data document in the strict dialect.
///
/// # Errors
///
/// Text that is not UTF-8, is not YAML, or differs in meaning between YAML 1.1 and 1.2; more
/// than one document or none; a duplicate key anywhere; an exceeded limit.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Node, ReadError> {
    let text = text::decode(bytes)?;
    if text.len() > limits.bytes {
        return Err(text::too_long(limits.bytes));
    }
    text::refuse_old_line_breaks(text)?;
    Ok(parse::parse(text, Dialect::Strict, limits)?)
}

/// Reads one document in the lenient dialect, as forges read workflow files.
///
/// # Errors
///
/// Text that is not YAML; more than one document or none; a duplicate key anywhere; an
/// exceeded limit.
pub fn read_lenient(text: &str, limits: &Limits) -> Result<Node, ParseError> {
    if text.len() > limits.bytes {
        return Err(ParseError::at_start(Problem::Exceeds(Limit::Bytes, limits.bytes)));
    }
    parse::parse(text, Dialect::Lenient, limits)
}

/// Writes a value as YAML that [`read`] reads back.
///
/// # Panics
///
/// If YAML cannot represent the value; it can represent strings, lists and mappings.
#[must_use]
pub fn write(value: &impl serde::Serialize) -> String {
    serde_saphyr::to_string(value).expect("YAML can represent strings, lists and mappings")
}
