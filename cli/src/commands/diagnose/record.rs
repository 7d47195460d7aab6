//! The record of a workspace: its model, its runtime, its status and its errors.
//!
//! A record is masked as soon as it is read, so no other code receives a credential.

use serde_json::{Map, Value};
use slug_redact::Masker;

use crate::json;
use crate::render::counted;

/// A masked record.
pub struct Record {
    /// The masked record, an object.
    root: Value,
    /// The same with a text for each number: the id of a model or a runtime may be a number.
    names: Value,
}

/// A field of a record and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Said<'r> {
    /// The name of the field, prefixed with the name of the object that contains it.
    pub field: String,
    /// The value.
    pub value: &'r Value,
}

/// A model or a runtime that a record names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named<'r> {
    /// The name of the field, prefixed with the name of the object that contains it.
    pub field: String,
    /// The name, without surrounding white space.
    pub name: &'r str,
}

/// The status and error fields of a workspace, in order of precedence.
const FIELDS: [&str; 7] =
    ["status", "last_sample_error", "last_error", "error", "provisioning_error", "instance_id", "instance_status"];

/// The fields among [`FIELDS`] that contain an error.
const ERROR_FIELDS: [&str; 4] = ["last_sample_error", "last_error", "error", "provisioning_error"];

/// Objects inside a record that may be or describe the workspace.
const WRAPPERS: [&str; 3] = ["workspace", "data", "config"];

/// Fields that may name the model. The last one may also name the workspace.
const MODEL_FIELDS: [(&str, Sense); 3] =
    [("model", Sense::Sure), ("model_slug", Sense::Sure), ("slug", Sense::IfKnown)];

/// Fields that may name the runtime. The last one may also have another meaning.
const RUNTIME_FIELDS: [(&str, Sense); 2] = [("runtime", Sense::Sure), ("template", Sense::IfKnown)];

/// Members that contain the name if a field is an object instead of a name.
const NAME_FIELDS: [&str; 3] = ["slug", "id", "name"];

/// The longest name in bytes; longer text is not a name.
const NAME_BYTES: usize = 256;

/// The remedy for a file that is not a record.
const EXPECTED: &str = "pass the JSON object that `GET /workspaces/<id>` returns";

/// The status of a workspace that came online.
const ONLINE: &str = "online";

/// Words in the status of a failed workspace.
const FAILED: [&str; 3] = ["fail", "error", "terminated"];

/// Whether a field always has the expected meaning, or only if its value is known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sense {
    Sure,
    IfKnown,
}

impl Record {
    /// Reads a record and masks it.
    ///
    /// # Errors
    ///
    /// The position and what is wrong. The message never repeats the input.
    pub fn read(bytes: &[u8], masker: &Masker) -> Result<Self, String> {
        let value = json::read(bytes)?;
        match masker.value(&value) {
            root @ Value::Object(_) => Ok(Self { names: with_texts(&root), root }),
            Value::Array(items) => {
                let length = counted(items.len() as u64, "item");
                Err(format!("the record is a list of {length}, not an object; {EXPECTED}, or one item of the list"))
            }
            other => Err(format!("the record is {}, not an object; {EXPECTED}", json::kind(&other))),
        }
    }

    /// The whole masked record.
    pub fn value(&self) -> &Value {
        &self.root
    }

    /// The status and error fields of the record, in order of precedence.
    pub fn fields(&self) -> Vec<Said<'_>> {
        FIELDS.into_iter().flat_map(|name| self.every(name)).collect()
    }

    /// The status, if there is one.
    pub fn status(&self) -> Option<Said<'_>> {
        self.every("status").find(|said| !json::is_empty(said.value))
    }

    /// Returns true if the workspace came online.
    pub fn is_online(&self) -> bool {
        let status = self.status().and_then(|said| said.value.as_str());
        status.is_some_and(|status| status.trim().eq_ignore_ascii_case(ONLINE))
    }

    /// Returns true if the status says that the workspace has failed.
    pub fn has_failed(&self) -> bool {
        let status = self.status().map(|said| said.shown().to_lowercase()).unwrap_or_default();
        FAILED.iter().any(|word| status.contains(word))
    }

    /// The first error field that is not empty.
    pub fn error(&self) -> Option<Said<'_>> {
        ERROR_FIELDS.into_iter().flat_map(|name| self.every(name)).find(|said| !json::is_empty(said.value))
    }

    /// The model that the record names, if any.
    ///
    /// A field with another possible meaning counts only if its value is a known model.
    pub fn model(&self, is_known: impl Fn(&str) -> bool) -> Option<Named<'_>> {
        self.named(&MODEL_FIELDS, is_known)
    }

    /// The runtime that the record names, if any.
    ///
    /// A field with another possible meaning counts only if its value is a known runtime.
    pub fn runtime(&self, is_known: impl Fn(&str) -> bool) -> Option<Named<'_>> {
        self.named(&RUNTIME_FIELDS, is_known)
    }

    fn named(&self, fields: &[(&str, Sense)], is_known: impl Fn(&str) -> bool) -> Option<Named<'_>> {
        let mut named = objects(&self.names).flat_map(|(prefix, members)| {
            fields.iter().filter_map(move |(field, sense)| {
                let (field, name) = name_of(field, members.get(*field)?)?;
                Some((Named { field: format!("{prefix}{field}"), name: name.trim() }, *sense))
            })
        });
        let counts = |(named, sense): &(Named<'_>, Sense)| {
            (1..=NAME_BYTES).contains(&named.name.len()) && (*sense == Sense::Sure || is_known(named.name))
        };
        named.find(counts).map(|(named, _)| named)
    }

    /// All fields with a name, in order of precedence.
    fn every<'r>(&'r self, name: &'static str) -> impl Iterator<Item = Said<'r>> {
        objects(&self.root).filter_map(move |(prefix, members)| {
            Some(Said { field: format!("{prefix}{name}"), value: members.get(name)? })
        })
    }
}

/// The objects that may describe the workspace, in order of precedence. A nested object with a status is the
/// workspace, so it precedes the record around it.
fn objects(root: &Value) -> impl Iterator<Item = (String, &Map<String, Value>)> {
    let root = root.as_object().expect("a record is an object");
    let wrapped = |name: &str| Some((format!("{name}."), root.get(name)?.as_object()?));
    let is_workspace = |object: &(String, &Map<String, Value>)| object.1.contains_key("status");
    let (inner, outer): (Vec<_>, Vec<_>) = WRAPPERS.into_iter().filter_map(wrapped).partition(is_workspace);
    inner.into_iter().chain([(String::new(), root)]).chain(outer)
}

/// A value with a text for each number, also in its objects.
fn with_texts(value: &Value) -> Value {
    match value {
        Value::Number(number) => Value::String(number.to_string()),
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (name.clone(), with_texts(value))).collect())
        }
        other => other.clone(),
    }
}

/// The name in a field: its string, or the name of the object that it contains.
fn name_of<'r>(field: &str, value: &'r Value) -> Option<(String, &'r str)> {
    if let Some(name) = value.as_str() {
        return Some((field.to_owned(), name));
    }
    let members = value.as_object()?;
    let mut names = NAME_FIELDS.into_iter().filter_map(|name| Some((name, members.get(name)?.as_str()?)));
    names.next().map(|(name, text)| (format!("{field}.{name}"), text))
}
