//! Reads YAML into a tree of values with their positions, and decodes the tree into the fields
//! of a file format.
//!
//! There are two [dialects](Dialect): [`read`] reads data documents and rejects text that YAML
//! parsers interpret differently; [`read_lenient`] reads workflow files as forges do. Both make
//! one pass over the events of the parser and enforce [`Limits`]. A [`Cursor`] decodes the tree;
//! each of its errors names the path of the field, the line and the column.
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
//!     "line 2, column 13: `models[1]`: expected a string, found a number; put it in quotes, as in `- \"1\"`"
//! );
//! assert_eq!(error.span, Some(23..27));
//! # Ok::<(), slug_yaml::ReadError>(())
//! ```

mod alias;
mod decode;
mod error;
pub mod format;
mod limits;
mod merge;
mod message;
mod parse;
mod path;
mod scalar;
mod text;
mod tree;

pub use decode::{Cursor, Entry, Fields, UnknownFields, did_you_mean};
pub use error::{ParseError, Problem, ReadError, ValidationError};
pub use limits::{Dialect, Limit, Limits};
pub use message::{byte_size, quoted, readable};
pub use path::FieldPath;
pub use tree::{LineCol, Node, Style, Value};

/// Reads one data document in the strict dialect.
///
/// # Errors
///
/// If the text is not UTF-8, is not YAML, has another meaning in YAML 1.1 than in YAML 1.2, has
/// no document or several, has a duplicate key in any mapping, or exceeds a limit.
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
/// If the text is not YAML, has no document or several, has a duplicate key in any mapping, or
/// exceeds a limit.
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
/// If YAML cannot represent the value. It can represent strings, lists and mappings.
#[must_use]
pub fn write(value: &impl serde::Serialize) -> String {
    serde_saphyr::to_string(value).expect("YAML can represent strings, lists and mappings")
}
