//! YAML for the whole workspace: text to a tree of values that know where they stand, and
//! from there to what a format expects.
//!
//! A text is read in one pass over the events of its parser, within [`Limits`], in one of
//! two [dialects](Dialect): [`read`] takes data documents, in which one text has one
//! meaning; [`read_lenient`] takes what forges accept in workflow files. A format decodes
//! the tree with [`Cursor`], so every rejection names its place: the path of the field, the
//! line and the column.
//!
//! ```
//! use slug_yaml::{Cursor, Limits, UnknownFields};
//!
//! let limits = Limits { bytes: 1000, scalar_bytes: 1000, depth: 8, nodes: 100, anchors: 8, aliases: 8, anchor_nodes: 100, alias_nodes: 100 };
//! let root = slug_yaml::read(b"name: acme\nmodels: [a, 3.10]\n", &limits)?;
//! let document = Cursor::root(&root);
//! let fields = document.fields(&["name", "models"], &[], UnknownFields::Deny)?;
//! assert_eq!(fields.required("name")?.string()?, "acme");
//!
//! let refusal = fields.required("models")?.strings().unwrap_err();
//! assert_eq!(refusal.to_string(), "line 2, column 13: `models[1]`: expected a string, found a number; put it in quotes");
//! assert_eq!(refusal.span, Some(23..27));
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

/// Reads one data document, whose text has one meaning to every reader of YAML.
///
/// # Errors
///
/// Text that is not UTF-8 or not YAML or that readers of YAML 1.1 and 1.2 would read
/// differently, more than one document, none, a duplicate key anywhere, and any breach of
/// the limits.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Node, ReadError> {
    let text = text::decode(bytes)?;
    if text.len() > limits.bytes {
        return Err(text::too_long(limits.bytes));
    }
    text::refuse_old_line_breaks(text)?;
    Ok(parse::parse(text, Dialect::Strict, limits)?)
}

/// Reads one document as forges read workflow files.
///
/// # Errors
///
/// Text that is not YAML, more than one document, none, a duplicate key anywhere, and any
/// breach of the limits.
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
/// On a value that YAML cannot hold. Documents are made of strings, lists and mappings.
#[must_use]
pub fn write(value: &impl serde::Serialize) -> String {
    serde_saphyr::to_string(value).expect("documents are made of strings, lists and mappings, which YAML can hold")
}
