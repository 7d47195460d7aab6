//! What the record of a workspace says: its model, its runtime, and what went wrong.
//!
//! A record is masked as soon as it is read, so that nothing else ever sees a credential.

use serde_json::{Map, Value};

use crate::json;
use crate::redact::Masker;
use crate::render::counted;

/// A masked record.
pub struct Record {
    /// An object.
    root: Value,
}

/// Something that a record says, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Said<'r> {
    /// The name of the field, behind that of the object that holds it.
    pub field: String,
    /// What it says.
    pub value: &'r Value,
}

/// A model or a runtime that a record names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named<'r> {
    /// The name of the field, behind that of the object that holds it.
    pub field: String,
    /// The name, without white space around it.
    pub name: &'r str,
}

/// The fields that say how a workspace fares, in the order in which they are asked.
const FIELDS: [&str; 7] =
    ["status", "last_sample_error", "last_error", "error", "provisioning_error", "instance_id", "instance_status"];

/// Those of them that say what went wrong.
const ERROR_FIELDS: [&str; 4] = ["last_sample_error", "last_error", "error", "provisioning_error"];

/// Objects inside a record that may be or describe the workspace.
const WRAPPERS: [&str; 3] = ["workspace", "data", "config"];

/// Fields that may name the model; the last may as well name the workspace.
const MODEL_FIELDS: [(&str, Sense); 3] =
    [("model", Sense::Sure), ("model_slug", Sense::Sure), ("slug", Sense::IfKnown)];

/// Fields that may name the runtime; the last may as well name something else.
const RUNTIME_FIELDS: [(&str, Sense); 2] = [("runtime", Sense::Sure), ("template", Sense::IfKnown)];

/// Members by which an object in the place of a name is named.
const NAME_FIELDS: [&str; 3] = ["slug", "id", "name"];

/// Bytes of the longest name; nothing that is longer is one.
const NAME_BYTES: usize = 256;

/// What a record is called where it comes to hold something else.
const EXPECTED: &str = "give the JSON object that `GET /workspaces/<id>` answers";

/// The status of a workspace that came up.
const ONLINE: &str = "online";

/// Words in the status of a workspace that has failed.
const FAILED: [&str; 3] = ["fail", "error", "terminated"];

/// Whether a field can only mean one thing.
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
    /// What is wrong, the place first; never a piece of the input.
    pub fn read(bytes: &[u8], masker: &Masker) -> Result<Self, String> {
        let value = json::read(bytes)?;
        match masker.value(&value) {
            root @ Value::Object(_) => Ok(Self { root }),
            Value::Array(items) => {
                let length = counted(items.len() as u64, "item");
                Err(format!("it is a list of {length} and no object; {EXPECTED}, one item of such a list"))
            }
            other => Err(format!("it is {} and no object; {EXPECTED}", json::kind(&other))),
        }
    }

    /// Everything it holds.
    pub fn value(&self) -> &Value {
        &self.root
    }

    /// What it says of how the workspace fares, in the order in which it matters.
    pub fn fields(&self) -> Vec<Said<'_>> {
        FIELDS.into_iter().flat_map(|name| self.every(name)).collect()
    }

    /// The status, where it says one.
    pub fn status(&self) -> Option<Said<'_>> {
        self.every("status").find(|said| !json::is_empty(said.value))
    }

    /// Whether the workspace came up.
    pub fn is_online(&self) -> bool {
        let status = self.status().and_then(|said| said.value.as_str());
        status.is_some_and(|status| status.trim().eq_ignore_ascii_case(ONLINE))
    }

    /// Whether the workspace has failed, by what its status says.
    pub fn has_failed(&self) -> bool {
        let status = self.status().map(|said| said.shown().to_lowercase()).unwrap_or_default();
        FAILED.iter().any(|word| status.contains(word))
    }

    /// The first error field that says something.
    pub fn error(&self) -> Option<Said<'_>> {
        ERROR_FIELDS.into_iter().flat_map(|name| self.every(name)).find(|said| !json::is_empty(said.value))
    }

    /// The model that it names, if it names one.
    ///
    /// A field that may mean something else counts only if its value is a known model.
    pub fn model(&self, is_known: impl Fn(&str) -> bool) -> Option<Named<'_>> {
        self.named(&MODEL_FIELDS, is_known)
    }

    /// The runtime that it names, if it names one.
    ///
    /// A field that may mean something else counts only if its value is a known runtime.
    pub fn runtime(&self, is_known: impl Fn(&str) -> bool) -> Option<Named<'_>> {
        self.named(&RUNTIME_FIELDS, is_known)
    }

    fn named(&self, fields: &[(&str, Sense)], is_known: impl Fn(&str) -> bool) -> Option<Named<'_>> {
        let mut named = self.places().flat_map(|(prefix, members)| {
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

    /// The fields of a name, wherever they stand.
    fn every<'r>(&'r self, name: &'static str) -> impl Iterator<Item = Said<'r>> {
        self.places().filter_map(move |(prefix, members)| {
            Some(Said { field: format!("{prefix}{name}"), value: members.get(name)? })
        })
    }

    /// The record itself and the objects that may be the workspace: one that has a
    /// status is, and then what stands around it is only its envelope.
    fn places(&self) -> impl Iterator<Item = (String, &Map<String, Value>)> {
        let root = self.root.as_object().expect("a record is an object");
        let wrapped = |name: &str| Some((format!("{name}."), root.get(name)?.as_object()?));
        let is_workspace = |place: &(String, &Map<String, Value>)| place.1.contains_key("status");
        let (inner, outer): (Vec<_>, Vec<_>) = WRAPPERS.into_iter().filter_map(wrapped).partition(is_workspace);
        inner.into_iter().chain([(String::new(), root)]).chain(outer)
    }
}

/// A name, or that of an object in its place.
fn name_of<'r>(field: &str, value: &'r Value) -> Option<(String, &'r str)> {
    if let Some(name) = value.as_str() {
        return Some((field.to_owned(), name));
    }
    let members = value.as_object()?;
    let mut names = NAME_FIELDS.into_iter().filter_map(|name| Some((name, members.get(name)?.as_str()?)));
    names.next().map(|(name, text)| (format!("{field}.{name}"), text))
}
