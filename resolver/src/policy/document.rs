//! The YAML form of a policy.

use std::collections::BTreeMap;

use serde::Serialize;

use super::variable::Variable;
use crate::yaml::{Cursor, FieldPath, ReadError, UnknownFields, ValidationError, refuse_secret_name};

/// A policy file, field by field. It has not been validated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PolicyDocument {
    pub(crate) schema_version: u8,
    /// The name of the policy on the command line and in output.
    pub name: String,
    /// The harness scripts that the policy describes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub harness: Vec<String>,
    /// The variable that names the runtime.
    pub runtime: String,
    /// Values for variables that are unset or empty, as in the shell's `${VAR:-default}`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub defaults: BTreeMap<String, String>,
    /// The variable whose value, if set, is the slug regardless of all other variables.
    #[serde(rename = "override")]
    pub override_var: String,
    /// The path on which the platform pays.
    pub platform: PlatformPath,
    /// The secrets to inject: the first entry whose key is set applies.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<SecretsEntry>,
    /// The models of runtimes that have their own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dispatch: Vec<DispatchEntry>,
    /// The model of every other runtime.
    pub fallback: String,
    /// Template variants: the key is the runtime that is dispatched, the value is the runtime that is
    /// looked up in the registry.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub templates: BTreeMap<String, String>,
}

/// The path on which the platform pays and no tenant key is injected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "field for field the YAML of the format")]
pub struct PlatformPath {
    /// The variable that selects the path.
    pub var: String,
    /// The value that selects the platform path; compared exactly.
    pub value: String,
    /// The variable that names the model on this path.
    pub model: String,
    /// The model on this path if that variable is unset.
    pub fallback: String,
}

/// The secrets that one key variable injects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "field for field the YAML of the format")]
pub struct SecretsEntry {
    /// The key variable.
    pub key: String,
    /// The names of the secrets that the workspace receives if the key variable is set.
    pub inject: Vec<String>,
}

/// The models of some runtimes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "field for field the YAML of the format")]
pub struct DispatchEntry {
    /// The runtimes.
    pub runtimes: Vec<String>,
    /// Models that need a key: the first model whose key is set is selected.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keyed: Vec<KeyedModel>,
    /// The model if no such key is set.
    pub model: String,
}

/// A model that is selected if a key is set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "field for field the YAML of the format")]
pub struct KeyedModel {
    /// The key variable.
    pub key: String,
    /// The model.
    pub model: String,
}

impl PolicyDocument {
    /// Creates a minimal policy without secrets, dispatch and defaults.
    #[must_use]
    pub fn new(name: &str, runtime: &str, override_var: &str, platform: PlatformPath, fallback: &str) -> Self {
        Self {
            schema_version: 1,
            name: name.to_owned(),
            harness: Vec::new(),
            runtime: runtime.to_owned(),
            defaults: BTreeMap::new(),
            override_var: override_var.to_owned(),
            platform,
            secrets: Vec::new(),
            dispatch: Vec::new(),
            fallback: fallback.to_owned(),
            templates: BTreeMap::new(),
        }
    }

    /// Returns the name of a text variable; empty for a key.
    pub(super) fn name_of_text(&self, variable: Variable) -> &str {
        match variable {
            Variable::Override => &self.override_var,
            Variable::Path => &self.platform.var,
            Variable::PlatformModel => &self.platform.model,
            Variable::Runtime => &self.runtime,
            Variable::Key(_) => "",
        }
    }

    pub(super) fn decode(at: Cursor<'_>) -> Result<Self, ReadError> {
        let fields = at.fields(
            &["schema_version", "name", "runtime", "override", "platform", "fallback"],
            &["harness", "defaults", "secrets", "dispatch", "templates"],
            UnknownFields::Deny,
        )?;
        fields.schema_version_1()?;
        Ok(Self {
            schema_version: 1,
            name: text(&fields.required("name")?)?,
            harness: fields.optional("harness").map_or(Ok(Vec::new()), |at| at.strings())?,
            runtime: text(&fields.required("runtime")?)?,
            defaults: fields.optional("defaults").map_or(Ok(BTreeMap::new()), |at| string_map(&at))?,
            override_var: text(&fields.required("override")?)?,
            platform: PlatformPath::decode(&fields.required("platform")?)?,
            secrets: fields.optional("secrets").map_or(Ok(Vec::new()), |at| list(&at, SecretsEntry::decode))?,
            dispatch: fields.optional("dispatch").map_or(Ok(Vec::new()), |at| list(&at, DispatchEntry::decode))?,
            fallback: text(&fields.required("fallback")?)?,
            templates: fields.optional("templates").map_or(Ok(BTreeMap::new()), |at| string_map(&at))?,
        })
    }

    /// Sorts the injected names and removes duplicates. Their order has no meaning because they are
    /// injected together, and results list them sorted.
    pub(super) fn sort_injected(&mut self) {
        for entry in &mut self.secrets {
            entry.inject.sort();
            entry.inject.dedup();
        }
    }

    /// Checks every field on its own.
    pub(super) fn check(&self) -> Result<(), ValidationError> {
        let root = FieldPath::default;
        not_empty(&self.name, root().key("name"))?;
        each_not_empty(&self.harness, &root().key("harness"))?;
        variable_name(&self.runtime, root().key("runtime"))?;
        variable_name(&self.override_var, root().key("override"))?;
        let platform = root().key("platform");
        variable_name(&self.platform.var, platform.clone().key("var"))?;
        not_empty(&self.platform.value, platform.clone().key("value"))?;
        variable_name(&self.platform.model, platform.clone().key("model"))?;
        not_empty(&self.platform.fallback, platform.key("fallback"))?;
        for (index, entry) in self.secrets.iter().enumerate() {
            let path = root().key("secrets").index(index);
            variable_name(&entry.key, path.clone().key("key"))?;
            some(&entry.inject, path.clone().key("inject"))?;
            for (position, name) in entry.inject.iter().enumerate() {
                if let Some(message) = refuse_secret_name(name) {
                    return Err(ValidationError::at(path.key("inject").index(position), message));
                }
            }
        }
        for (index, entry) in self.dispatch.iter().enumerate() {
            let path = root().key("dispatch").index(index);
            some(&entry.runtimes, path.clone().key("runtimes"))?;
            each_not_empty(&entry.runtimes, &path.clone().key("runtimes"))?;
            for (position, keyed) in entry.keyed.iter().enumerate() {
                let path = path.clone().key("keyed").index(position);
                variable_name(&keyed.key, path.clone().key("key"))?;
                not_empty(&keyed.model, path.key("model"))?;
            }
            not_empty(&entry.model, path.key("model"))?;
        }
        not_empty(&self.fallback, root().key("fallback"))?;
        for (name, value) in &self.defaults {
            not_empty(value, root().key("defaults").key(name))?;
        }
        for (variant, runtime) in &self.templates {
            not_empty(variant, root().key("templates"))?;
            not_empty(runtime, root().key("templates").key(variant))?;
        }
        Ok(())
    }
}

impl PlatformPath {
    fn decode(at: &Cursor<'_>) -> Result<Self, ReadError> {
        let fields = at.fields(&["var", "value", "model", "fallback"], &[], UnknownFields::Deny)?;
        Ok(Self {
            var: text(&fields.required("var")?)?,
            value: text(&fields.required("value")?)?,
            model: text(&fields.required("model")?)?,
            fallback: text(&fields.required("fallback")?)?,
        })
    }
}

impl SecretsEntry {
    fn decode(at: &Cursor<'_>) -> Result<Self, ReadError> {
        let fields = at.fields(&["key", "inject"], &[], UnknownFields::Deny)?;
        Ok(Self { key: text(&fields.required("key")?)?, inject: fields.required("inject")?.strings()? })
    }
}

impl DispatchEntry {
    fn decode(at: &Cursor<'_>) -> Result<Self, ReadError> {
        let fields = at.fields(&["runtimes", "model"], &["keyed"], UnknownFields::Deny)?;
        Ok(Self {
            runtimes: fields.required("runtimes")?.strings()?,
            keyed: fields.optional("keyed").map_or(Ok(Vec::new()), |at| list(&at, KeyedModel::decode))?,
            model: text(&fields.required("model")?)?,
        })
    }
}

impl KeyedModel {
    fn decode(at: &Cursor<'_>) -> Result<Self, ReadError> {
        let fields = at.fields(&["key", "model"], &[], UnknownFields::Deny)?;
        Ok(Self { key: text(&fields.required("key")?)?, model: text(&fields.required("model")?)? })
    }
}

/// The path of the field that names a text variable.
pub(super) fn place_of(variable: Variable) -> FieldPath {
    let root = FieldPath::default();
    match variable {
        Variable::Override => root.key("override"),
        Variable::Path => root.key("platform").key("var"),
        Variable::PlatformModel => root.key("platform").key("model"),
        Variable::Runtime => root.key("runtime"),
        Variable::Key(_) => root.key("secrets"),
    }
}

fn text(at: &Cursor<'_>) -> Result<String, ReadError> {
    at.string().map(ToOwned::to_owned)
}

fn list<T>(at: &Cursor<'_>, decode: impl Fn(&Cursor<'_>) -> Result<T, ReadError>) -> Result<Vec<T>, ReadError> {
    at.items()?.map(|item| decode(&item)).collect()
}

fn string_map(at: &Cursor<'_>) -> Result<BTreeMap<String, String>, ReadError> {
    at.entries()?.into_iter().map(|entry| Ok((entry.name.to_owned(), text(&entry.value)?))).collect()
}

fn not_empty(value: &str, path: FieldPath) -> Result<(), ValidationError> {
    if value.is_empty() { Err(ValidationError::at(path, "is empty; write a value")) } else { Ok(()) }
}

fn some(list: &[String], path: FieldPath) -> Result<(), ValidationError> {
    if list.is_empty() { Err(ValidationError::at(path, "the list is empty; name at least one")) } else { Ok(()) }
}

fn each_not_empty(list: &[String], path: &FieldPath) -> Result<(), ValidationError> {
    list.iter().enumerate().try_for_each(|(index, item)| not_empty(item, path.clone().index(index)))
}

fn variable_name(name: &str, path: FieldPath) -> Result<(), ValidationError> {
    let mut characters = name.chars();
    let starts = characters.next().is_some_and(|first| first == '_' || first.is_ascii_alphabetic());
    if starts && characters.all(|next| next == '_' || next.is_ascii_alphanumeric()) {
        return Ok(());
    }
    // The text may be a secret value in the wrong field, so the message does not repeat it.
    Err(ValidationError::at(path, "not a valid variable name; use letters, digits and `_`"))
}
