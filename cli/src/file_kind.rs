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

    /// Fields of files of one kind; the first that a file has tells its kind. A policy may have `runtimes` too.
    const FIELDS: [(Self, &[&str]); 4] = [
        (Self::Registry, &["providers"]),
        (Self::Policy, &["override", "platform", "fallback", "model", "secrets", "extends"]),
        (Self::Registry, &["runtimes"]),
        (Self::Config, &["registry", "registries", "policies", "accept", "expect", "workflows"]),
    ];

    /// Finds the kind by fields that only files of one kind have.
    fn by_fields(is_field: impl Fn(&str) -> bool) -> Option<Self> {
        let has_any = |(_, fields): &&(Self, &[&str])| fields.iter().any(|field| is_field(field));
        Self::FIELDS.iter().find(has_any).map(|(kind, _)| *kind)
    }

    /// The kind of a document that is read as a file of this kind, if it is another: it has fields of that kind, and
    /// none of this one.
    pub fn instead(self, root: &Node, path: &Path) -> Option<Self> {
        let other = kind_of_document(root, path)?;
        let is_own = |(kind, fields): &(Self, &[&str])| *kind == self && fields.iter().any(|it| root.get(it).is_some());
        (other != self && !Self::FIELDS.iter().any(is_own)).then_some(other)
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
    let Value::Mapping(entries) = &root.value else { return None };
    let is_field =
        |field: &str| entries.iter().any(|(key, _)| matches!(&key.value, Value::String(key) if key == field));
    Kind::by_fields(is_field).or((path.file_name() == Some(OsStr::new(FILE_NAME))).then_some(Kind::Config))
}

/// The kind of a text that cannot be parsed, by lines that look like fields.
pub fn kind_of_text(text: &str) -> Option<Kind> {
    let text = text.trim_start_matches('\u{feff}');
    Kind::by_fields(|field| text.lines().any(|line| line.strip_prefix(field).is_some_and(|rest| rest.starts_with(':'))))
}
