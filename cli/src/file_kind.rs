//! The kinds of files that slugproof reads, and how a file tells its kind.

use std::ffi::OsStr;
use std::path::Path;

use slug_resolver::yaml::{self, Node, Value};

use crate::codes;
use crate::config::FILE_NAME;

/// The kind of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Registry,
    Policy,
    Config,
}

impl Kind {
    /// The code of a file that breaks a rule of its format.
    pub fn invalid(self) -> &'static codes::Entry {
        match self {
            Self::Registry => &codes::INVALID_REGISTRY,
            Self::Policy => &codes::INVALID_POLICY,
            Self::Config => &codes::INVALID_CONFIG,
        }
    }

    /// The signs of each kind; the first that a file has tells its kind.
    const SIGNS: [(Self, &[Sign]); 4] = [
        (Self::Registry, &[Sign::Field("providers")]),
        (
            Self::Policy,
            &[
                Sign::Field("override"),
                Sign::Field("platform"),
                Sign::Field("fallback"),
                Sign::Field("model"),
                Sign::Field("secrets"),
                Sign::Field("extends"),
                Sign::Field("function"),
                Sign::Field("harness"),
                Sign::Field("creates"),
                Sign::List("runtimes"),
                Sign::Versioned("name"),
            ],
        ),
        (Self::Registry, &[Sign::Mapping("runtimes")]),
        (
            Self::Config,
            &[
                Sign::Field("registry"),
                Sign::Field("registries"),
                Sign::Field("policies"),
                Sign::Field("accept"),
                Sign::Field("expect"),
                Sign::Field("workflows"),
            ],
        ),
    ];

    /// The kinds whose signs a file has, in the order of [`Kind::SIGNS`]. `shape` returns the shape of the value of a
    /// field, `None` without the field.
    fn by_signs(shape: impl Fn(&str) -> Option<Shape>) -> impl Iterator<Item = Self> {
        let has = move |sign: &Sign| match sign {
            Sign::Field(field) => shape(field).is_some(),
            Sign::Mapping(field) => shape(field) == Some(Shape::Mapping),
            Sign::List(field) => shape(field) == Some(Shape::List),
            Sign::Versioned(field) => shape(field).is_some() && shape("schema_version").is_some(),
        };
        Self::SIGNS.iter().filter(move |(_, signs)| signs.iter().any(&has)).map(|(kind, _)| *kind)
    }

    /// The kind of a document that is read as a file of this kind, if it is another: it has signs of that kind, and
    /// none of this one. With one of this kind, the error of its format is the better one.
    pub fn instead(self, root: &Node, path: &Path) -> Option<Self> {
        let other = kind_of_document(root, path)?;
        let has_own = Self::by_signs(|field| shape_in(root, field)).any(|kind| kind == self);
        (other != self && !has_own).then_some(other)
    }

    /// The error about a document that is read as a file of this kind and is of another.
    pub fn exchanged(self, shown: &str, other: Self) -> String {
        format!("`{shown}` is {}, not {}", other.described(), self.described())
    }

    fn described(self) -> &'static str {
        match self {
            Self::Registry => "a registry",
            Self::Policy => "a policy",
            Self::Config => "a slugproof.yaml",
        }
    }
}

/// A property of a file that only files of one kind have.
enum Sign {
    /// A field, whatever its value is.
    Field(&'static str),
    /// A field whose value is a mapping.
    Mapping(&'static str),
    /// A field whose value is a list.
    List(&'static str),
    /// A field with a common name, in a file that also has `schema_version`.
    Versioned(&'static str),
}

/// The shape of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Mapping,
    List,
    Other,
}

/// The shape of the value of a field of a document; `None` without the field.
fn shape_in(root: &Node, field: &str) -> Option<Shape> {
    Some(match root.get(field)?.value {
        Value::Mapping(_) => Shape::Mapping,
        Value::Sequence(_) => Shape::List,
        _ => Shape::Other,
    })
}

/// The shape of the value of a field, by the lines of a text that cannot be parsed; `None` without the field.
fn shape_in_text(text: &str, field: &str) -> Option<Shape> {
    let mut lines = text.lines().skip_while(|line| !line.strip_prefix(field).is_some_and(|it| it.starts_with(':')));
    let value = lines.next()?[field.len() + 1..].trim();
    let is_value = |line: &&str| !line.is_empty() && !line.starts_with('#');
    let first = [value].into_iter().chain(lines.map(str::trim)).find(is_value).unwrap_or_default();
    Some(match (is_value(&value), first.chars().next()) {
        (true, Some('{')) => Shape::Mapping,
        (true, Some('[')) | (false, Some('-')) => Shape::List,
        (true, _) => Shape::Other,
        (false, _) => Shape::Mapping,
    })
}

/// The kind of a file by its content.
pub fn kind_of(bytes: &[u8], path: &Path) -> Option<Kind> {
    match yaml::read(bytes) {
        Ok(root) => kind_of_document(&root, path),
        Err(_) => kind_of_text(&String::from_utf8_lossy(bytes)),
    }
}

/// The kind of a document, by its fields. A slugproof.yaml is also recognised by its name,
/// because it may have none of these fields.
fn kind_of_document(root: &Node, path: &Path) -> Option<Kind> {
    let Value::Mapping(_) = &root.value else { return None };
    Kind::by_signs(|field| shape_in(root, field))
        .next()
        .or((path.file_name() == Some(OsStr::new(FILE_NAME))).then_some(Kind::Config))
}

/// The kind of a text that cannot be parsed, by lines that look like fields.
pub fn kind_of_text(text: &str) -> Option<Kind> {
    let text = text.trim_start_matches('\u{feff}');
    Kind::by_signs(|field| shape_in_text(text, field)).next()
}
