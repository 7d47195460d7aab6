//! Decoding: reads values from a tree, and checks that it has the fields and types of a format.

use crate::error::ReadError;
use crate::format::{Mapping, Presence, Shape};
use crate::message::{QUOTED, quoted, readable};
use crate::path::FieldPath;
use crate::tree::{LineCol, Node, Value};

/// The treatment of a field that the format does not define.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a field is rejected or ignored, or that depends on its name")]
pub enum UnknownFields {
    /// Reject it, so that a typo is reported.
    #[default]
    Deny,
    /// Reject it if it looks like a misspelt known field, else ignore it: real registries have
    /// more fields than this crate reads.
    DenyMisspelt,
    /// Ignore it.
    Allow,
}

impl UnknownFields {
    fn denies(self, name: &str, known: &[&str]) -> bool {
        match self {
            Self::Deny => true,
            Self::DenyMisspelt => known.iter().any(|known| is_misspelt(name, known)),
            Self::Allow => false,
        }
    }
}

/// Returns true if a name is one edit away from a known name, or differs from it only in case,
/// underscores and hyphens.
fn is_misspelt(name: &str, known: &str) -> bool {
    let plain = |name: &str| name.replace(['_', '-'], "").to_lowercase();
    strsim::osa_distance(name, known) == 1 || plain(name) == plain(known)
}

/// Maximum bytes that writing a value on its own line adds to the text of the value.
const LINE_BYTES: usize = 32;
/// Maximum bytes in which one byte of text is written, as an escape sequence.
const ESCAPE_BYTES: usize = 6;

/// A node and the path to it from the root of the document.
#[derive(Clone, Copy)]
pub struct Cursor<'n> {
    node: &'n Node,
    /// The list or mapping that contains the node, and its path there; `None` for the root.
    parent: Option<(&'n Cursor<'n>, Segment<'n>)>,
    /// The shape that the format gives this value, with the example of its field, if they are known.
    form: Option<(&'static Shape, Option<&'static str>)>,
}

/// One entry of a mapping.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Entry<'n> {
    /// The key.
    pub name: &'n str,
    /// The key as a node, for errors about the key.
    pub key: Cursor<'n>,
    /// The value.
    pub value: Cursor<'n>,
}

/// The path of a node in a list or mapping.
#[derive(Clone, Copy)]
enum Segment<'n> {
    Key(&'n str),
    Index(usize),
}

impl<'n> Cursor<'n> {
    /// The whole document.
    #[must_use]
    pub fn root(node: &'n Node) -> Self {
        Self { node, parent: None, form: None }
    }

    /// The line and column at which the value begins.
    #[must_use]
    pub fn line_col(&self) -> LineCol {
        self.node.line_col
    }

    /// Returns an error about this value, with its position and path.
    #[must_use]
    pub fn error(&self, message: impl Into<String>) -> ReadError {
        ReadError {
            line_col: Some(self.node.line_col),
            span: Some(self.node.highlight_span()),
            path: self.path(),
            message: readable(message.into()),
        }
    }

    /// Number of nodes in this value: itself and everything inside it, keys included.
    #[must_use]
    pub fn size(&self) -> usize {
        self.node.descendants().len()
    }

    /// Checks that this value can be read again after `write` has written it as YAML: that its new
    /// text has at most `limit` bytes. The new text can be longer than the original, because it
    /// has one value per line, with quotes and escapes. `what` names the value in the message.
    ///
    /// # Errors
    ///
    /// The new text has more bytes than the limit.
    pub fn check_written(&self, what: &str, limit: usize, write: impl FnOnce() -> String) -> Result<(), ReadError> {
        let nodes = self.node.descendants();
        let text = |node: &&Node| if let Value::String(text) = &node.value { text.len() } else { 0 };
        let at_most = nodes.len() * LINE_BYTES + nodes.iter().map(text).sum::<usize>() * ESCAPE_BYTES;
        // Most values are so short that they need not be written.
        if at_most <= limit {
            return Ok(());
        }
        let written = write().len();
        if written <= limit {
            return Ok(());
        }
        Err(self.error(format!(
            "the {what} has {written} bytes when written with one value per line, \
             more than the limit of {limit}; drop what is not needed"
        )))
    }

    /// Returns this value as a string.
    ///
    /// # Errors
    ///
    /// A value of another type.
    pub fn string(&self) -> Result<&'n str, ReadError> {
        match &self.node.value {
            Value::String(text) => Ok(text),
            Value::Integer(_) | Value::Float(_) | Value::Boolean(_) => {
                let example = self.form.map_or_else(|| "1".to_owned(), |(shape, inner)| shape.example(inner));
                let example = self.at_this_place(&format!("{example:?}"));
                Err(self.error(format!(
                    "expected a string, found {}; put it in quotes, as in {example}",
                    self.node.value.kind()
                )))
            }
            Value::Null => {
                let example = self.example("text");
                Err(self.error(format!(
                    "expected a string, found nothing (null); write a value, as in {example}, or delete it"
                )))
            }
            other => {
                let example = self.example("text");
                Err(self.error(format!("expected a string, found {}; write one text, as in {example}", other.kind())))
            }
        }
    }

    /// Returns this value as a boolean.
    ///
    /// # Errors
    ///
    /// A value of another type; `yes` and `on` are strings.
    pub fn boolean(&self) -> Result<bool, ReadError> {
        match &self.node.value {
            Value::Boolean(value) => Ok(*value),
            other => {
                let example = self.example("true");
                Err(self.error(format!("expected `true` or `false`, found {}; write {example}", other.kind())))
            }
        }
    }

    /// Returns true if this value is null.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self.node.value, Value::Null)
    }

    /// Returns true if this value is a list.
    #[must_use]
    pub fn is_list(&self) -> bool {
        matches!(self.node.value, Value::Sequence(_))
    }

    /// Returns true if this value is a mapping.
    #[must_use]
    pub fn is_mapping(&self) -> bool {
        matches!(self.node.value, Value::Mapping(_))
    }

    /// Returns the items of this list.
    ///
    /// # Errors
    ///
    /// A value of another type.
    pub fn items(&'n self) -> Result<impl ExactSizeIterator<Item = Cursor<'n>>, ReadError> {
        let form = self.form.and_then(|(shape, example)| Some((shape.item()?, example)));
        match &self.node.value {
            Value::Sequence(items) => Ok(items.iter().enumerate().map(move |(index, node)| Cursor {
                node,
                parent: Some((self, Segment::Index(index))),
                form,
            })),
            other => {
                let example = self.example("[a, b]");
                Err(self
                    .error(format!("expected a list, found {}; write it in brackets, as in {example}", other.kind())))
            }
        }
    }

    /// Returns the items of this list of strings.
    ///
    /// # Errors
    ///
    /// A value that is not a list, or an item that is not a string.
    pub fn strings(&self) -> Result<Vec<String>, ReadError> {
        self.items()?.map(|item| item.string().map(ToOwned::to_owned)).collect()
    }

    /// Returns the entries of this mapping, in the order written.
    ///
    /// # Errors
    ///
    /// A value of another type, or a key that is not a string.
    pub fn entries(&'n self) -> Result<Vec<Entry<'n>>, ReadError> {
        self.entries_of(None)
    }

    /// Returns the entries of this mapping. `mapping` counts if the shape of this value is unknown.
    fn entries_of(&'n self, mapping: Option<&'static Mapping>) -> Result<Vec<Entry<'n>>, ReadError> {
        let shape = self.form.map(|(shape, _)| *shape).or_else(|| mapping.map(Shape::Mapping));
        let form = |name: &str| shape.and_then(|shape| shape.entry(name));
        match &self.node.value {
            Value::Mapping(entries) => entries
                .iter()
                .map(|(key, value)| {
                    // A key that is not a string has no path; the error names the path of the mapping.
                    let name = Cursor { node: key, parent: self.parent, form: None }.string()?;
                    let parent = Some((self, Segment::Key(name)));
                    Ok(Entry {
                        name,
                        key: Cursor { node: key, parent, form: None },
                        value: Cursor { node: value, parent, form: form(name) },
                    })
                })
                .collect(),
            other => {
                let of_mapping = mapping.map(Mapping::example);
                let example = self.example(of_mapping.as_deref().unwrap_or("{name: value}"));
                Err(self
                    .error(format!("expected a mapping, found {}; write its fields, as in {example}", other.kind())))
            }
        }
    }

    /// Returns the fields of this mapping.
    ///
    /// # Errors
    ///
    /// A value of another type, a field outside `required` and `optional` unless `unknown`
    /// allows it, or a missing field of `required`.
    pub fn fields(
        &'n self,
        required: &[&str],
        optional: &[&str],
        unknown: UnknownFields,
    ) -> Result<Fields<'n>, ReadError> {
        self.known_fields(self.entries()?, required, &[required, optional].concat(), |_| true, unknown)
    }

    /// Returns the fields of this mapping, which `mapping` describes.
    ///
    /// # Errors
    ///
    /// A value of another type, a field that `mapping` does not define unless `unknown` allows it, or a
    /// missing field that it requires.
    pub fn fields_of(&'n self, mapping: &'static Mapping, unknown: UnknownFields) -> Result<Fields<'n>, ReadError> {
        let required = mapping.names(true);
        let is_suggested = |name: &str| mapping.field(name).is_some_and(|field| field.presence != Presence::Former);
        let known = [&*required, &*mapping.names(false)].concat();
        self.known_fields(self.entries_of(Some(mapping))?, &required, &known, is_suggested, unknown)
    }

    fn known_fields(
        &'n self,
        entries: Vec<Entry<'n>>,
        required: &[&str],
        known: &[&str],
        is_suggested: impl Fn(&str) -> bool,
        unknown: UnknownFields,
    ) -> Result<Fields<'n>, ReadError> {
        let is_denied = |name: &str| !known.contains(&name) && unknown.denies(name, known);
        if let Some(Entry { name, key, .. }) = entries.iter().find(|entry| is_denied(entry.name)) {
            let suggested: Vec<&str> = known.iter().copied().filter(|name| is_suggested(name)).collect();
            return Err(key.error(format!("unknown field {}; {}", quoted(name), suggestion(name, &suggested))));
        }
        let is_present = |name: &&str| entries.iter().any(|entry| entry.name == *name);
        match *required.iter().copied().filter(|name| !is_present(name)).collect::<Vec<_>>() {
            [] => Ok(Fields { mapping: *self, entries }),
            [name] => Err(self.missing(name)),
            ref names => Err(self.error(format!("the required fields {} are missing; add them", quoted_list(names)))),
        }
    }

    fn missing(&self, name: &str) -> ReadError {
        let advice = if name == SCHEMA_VERSION { "add `schema_version: 1`" } else { "add it" };
        self.error(format!("the required field `{name}` is missing; {advice}"))
    }

    /// A right value at the place of this one, in backticks: that of the format, or else `value`.
    fn example(&self, value: &str) -> String {
        let of_format = self.form.map(|(shape, inner)| shape.example(inner));
        self.at_this_place(of_format.as_deref().unwrap_or(value))
    }

    /// A value at the place of this one, in backticks. A long or unusual key is left out, because it may be a secret.
    fn at_this_place(&self, value: &str) -> String {
        let is_plain = |key: &str| key.len() <= 30 && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        match self.parent {
            Some((_, Segment::Key(key))) if is_plain(key) => format!("`{key}: {value}`"),
            Some((_, Segment::Index(_))) => format!("`- {value}`"),
            _ => format!("`{value}`"),
        }
    }

    /// The path of this value from the root of the document.
    #[must_use]
    pub fn path(&self) -> FieldPath {
        match self.parent {
            None => FieldPath::default(),
            Some((parent, Segment::Key(key))) => parent.path().key(key),
            Some((parent, Segment::Index(index))) => parent.path().index(index),
        }
    }
}

/// The fields of one mapping.
pub struct Fields<'n> {
    mapping: Cursor<'n>,
    entries: Vec<Entry<'n>>,
}

impl<'n> Fields<'n> {
    /// Returns the value of a required field.
    ///
    /// # Errors
    ///
    /// The field is missing.
    pub fn required(&self, name: &str) -> Result<Cursor<'n>, ReadError> {
        self.optional(name).ok_or_else(|| self.mapping.missing(name))
    }

    /// Returns the value of an optional field, or `None` if the field is missing.
    #[must_use]
    pub fn optional(&self, name: &str) -> Option<Cursor<'n>> {
        self.entries.iter().find(|entry| entry.name == name).map(|entry| entry.value)
    }

    /// Checks that the field `schema_version` is the integer 1.
    ///
    /// # Errors
    ///
    /// The field is missing or has another value.
    pub fn schema_version_1(&self) -> Result<(), ReadError> {
        self.schema_version(&[1]).map(|_| ())
    }

    /// Returns the value of the field `schema_version`, which must be one of `known`.
    ///
    /// # Errors
    ///
    /// The field is missing or has another value.
    pub fn schema_version(&self, known: &[u8]) -> Result<u8, ReadError> {
        let version = self.required(SCHEMA_VERSION)?;
        let written = match &version.node.value {
            Value::Integer(text) => known.iter().find(|known| known.to_string() == *text),
            _ => None,
        };
        written.copied().ok_or_else(|| {
            let expected: Vec<String> = known.iter().map(u8::to_string).collect();
            version.error(format!(
                "expected schema version {}, found {}; write `schema_version: {}`, or use a version of slugproof that \
                 knows it",
                expected.join(" or "),
                version.node.value.kind(),
                expected.last().map_or("1", String::as_str)
            ))
        })
    }
}

/// The field with the version of a format.
const SCHEMA_VERSION: &str = "schema_version";

/// A hint for an unknown field: the most similar known name, or all known names if none is similar.
fn suggestion(name: &str, known: &[&str]) -> String {
    let nearest = did_you_mean(name, known.iter().copied());
    nearest.unwrap_or_else(|| format!("the known fields are {}", quoted_list(known)))
}

/// Returns `did you mean …?` with the known name that is most similar to a name, if one is similar.
#[must_use]
pub fn did_you_mean<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<String> {
    // The comparison takes long for a long name.
    let name = name.get(..QUOTED).unwrap_or(name);
    let known = known.filter(|known| known.len() <= QUOTED);
    let similar =
        known.map(|known| (strsim::jaro_winkler(name, known), known)).filter(|(likeness, _)| *likeness > 0.85);
    let (_, nearest) = similar.max_by(|(one, _), (other, _)| one.total_cmp(other))?;
    Some(format!("did you mean `{nearest}`?"))
}

fn quoted_list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    quoted.join(", ")
}
