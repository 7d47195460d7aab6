//! Policy files of schema version 1, and their translation to rules.
//!
//! Version 1 has a fixed order: an override variable, a platform path, and models by runtime and
//! key. The translated rules have the names that version 1 printed.

use std::collections::{BTreeMap, BTreeSet};

use super::condition::{Condition, Membership, Test};
use super::document::{PickRule, PolicyDocument, SecretsRule, Source};
use super::field::{each_not_empty, list, not_empty, some, string_map, text, variable_name};
use super::format::{DISPATCH_ENTRY, KEYED_MODEL, PLATFORM_PATH, SECRETS_ENTRY, VERSION_1};
use super::function::Function;
use super::harness::Harness;
use crate::limits;
use crate::yaml::{Cursor, FieldPath, ReadError, UnknownFields, ValidationError, did_you_mean, refuse_secret_name};

/// A policy file of version 1, field by field.
struct Document {
    name: String,
    harness: Vec<Harness>,
    function: Option<Function>,
    /// The variable that names the runtime.
    runtime: String,
    defaults: BTreeMap<String, String>,
    /// The variable whose value, if set, is the slug regardless of all other variables.
    override_var: String,
    /// The path on which the platform pays; `None` if the harness has no such path.
    platform: Option<PlatformPath>,
    /// The secrets to inject: the first entry whose key is set applies.
    secrets: Vec<SecretsEntry>,
    /// The models of runtimes that have their own.
    dispatch: Vec<DispatchEntry>,
    /// The model of every other runtime; `None` if the harness sends no model then.
    fallback: Option<String>,
    templates: BTreeMap<String, String>,
}

struct PlatformPath {
    /// The variable that selects the path.
    var: String,
    /// The value that selects the platform path.
    value: String,
    /// The variable that names the model on this path.
    model: String,
    /// The model on this path if that variable is unset.
    fallback: String,
}

struct SecretsEntry {
    key: String,
    inject: Vec<String>,
}

struct DispatchEntry {
    runtimes: Vec<String>,
    /// Models that need a key: the first model whose key is set is selected.
    keyed: Vec<KeyedModel>,
    model: String,
}

struct KeyedModel {
    key: String,
    model: String,
}

/// Reads and translates a policy.
pub(super) fn decode(at: Cursor<'_>) -> Result<PolicyDocument, ValidationError> {
    let document = Document::decode(at)?;
    document.check().and_then(|()| document.check_roles()).map_err(|error| error.under(at.path()))?;
    Ok(document.translate())
}

impl Document {
    fn decode(at: Cursor<'_>) -> Result<Self, ReadError> {
        let fields = at.fields_of(&VERSION_1, UnknownFields::Deny)?;
        Ok(Self {
            name: text(&fields.required("name")?)?,
            harness: fields.optional("harness").map_or(Ok(Vec::new()), |at| Harness::decode_all(&at))?,
            function: fields.optional("function").map(|at| Function::decode(&at)).transpose()?,
            runtime: text(&fields.required("runtime")?)?,
            defaults: fields.optional("defaults").map_or(Ok(BTreeMap::new()), |at| string_map(&at))?,
            override_var: text(&fields.required("override")?)?,
            platform: fields.optional("platform").map(|at| PlatformPath::decode(&at)).transpose()?,
            secrets: fields.optional("secrets").map_or(Ok(Vec::new()), |at| list(&at, SecretsEntry::decode))?,
            dispatch: fields.optional("dispatch").map_or(Ok(Vec::new()), |at| list(&at, DispatchEntry::decode))?,
            fallback: fields.optional("fallback").map(|at| text(&at)).transpose()?,
            templates: fields.optional("templates").map_or(Ok(BTreeMap::new()), |at| string_map(&at))?,
        })
    }

    /// The text variables, each with the path of the field that names it.
    fn text_variables(&self) -> Vec<(&str, FieldPath)> {
        let root = FieldPath::default;
        let mut variables = vec![(self.override_var.as_str(), root().key("override"))];
        if let Some(platform) = &self.platform {
            variables.push((&platform.var, root().key("platform").key("var")));
            variables.push((&platform.model, root().key("platform").key("model")));
        }
        variables.push((&self.runtime, root().key("runtime")));
        variables
    }

    /// Checks every field on its own.
    fn check(&self) -> Result<(), ValidationError> {
        let root = FieldPath::default;
        not_empty(&self.name, root().key("name"))?;
        Harness::check_all(&self.harness)?;
        self.function.as_ref().map_or(Ok(()), Function::check)?;
        for (name, path) in self.text_variables() {
            variable_name(name, path)?;
        }
        if let Some(platform) = &self.platform {
            not_empty(&platform.value, root().key("platform").key("value"))?;
            not_empty(&platform.fallback, root().key("platform").key("fallback"))?;
        }
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
        if let Some(fallback) = &self.fallback {
            not_empty(fallback, root().key("fallback"))?;
        }
        for (name, value) in &self.defaults {
            not_empty(value, root().key("defaults").key(name))?;
        }
        Ok(())
    }

    /// Checks that every variable has one role, and that no entry is hidden by an earlier one.
    fn check_roles(&self) -> Result<(), ValidationError> {
        let texts = self.text_variables();
        for (index, (name, path)) in texts.iter().enumerate() {
            if texts[..index].iter().any(|(earlier, _)| earlier == name) {
                return Err(ValidationError::at(
                    path.clone(),
                    format!("`{name}` already has another role in this policy; use another variable"),
                ));
            }
        }
        let is_text = |name: &str| texts.iter().any(|(text, _)| *text == name);
        let mut keys = BTreeSet::new();
        for (index, entry) in self.secrets.iter().enumerate() {
            let path = FieldPath::default().key("secrets").index(index).key("key");
            if !check_key(&entry.key, &path, is_text, &mut keys)? {
                return Err(ValidationError::at(
                    path,
                    format!("`{}` already has an entry, which always wins; merge the two", entry.key),
                ));
            }
        }
        let mut dispatched = BTreeSet::new();
        for (index, entry) in self.dispatch.iter().enumerate() {
            let path = FieldPath::default().key("dispatch").index(index);
            for (position, runtime) in entry.runtimes.iter().enumerate() {
                if !dispatched.insert(runtime.as_str()) {
                    let path = path.clone().key("runtimes").index(position);
                    let message = format!("runtime `{runtime}` already has a dispatch entry; keep one of the two");
                    return Err(ValidationError::at(path, message));
                }
            }
            for (position, model) in entry.keyed.iter().enumerate() {
                let path = path.clone().key("keyed").index(position).key("key");
                check_key(&model.key, &path, is_text, &mut keys)?;
                if entry.keyed[..position].iter().any(|earlier| earlier.key == model.key) {
                    return Err(ValidationError::at(
                        path,
                        format!("`{}` already selects a model, which always wins; keep one of the two", model.key),
                    ));
                }
            }
        }
        for name in self.defaults.keys() {
            let path = FieldPath::default().key("defaults").key(name);
            if keys.contains(name.as_str()) {
                let message =
                    format!("`{name}` is a secret, so a policy must not contain its value; remove the default");
                return Err(ValidationError::at(path, message));
            }
            if !is_text(name) {
                let names = texts.iter().map(|(text, _)| *text);
                let remedy = did_you_mean(name, names).unwrap_or("correct the name or remove the default".into());
                let message = format!("the policy does not read `{name}`; {remedy}");
                return Err(ValidationError::at(path, message));
            }
        }
        Ok(())
    }

    /// The rules that mean the same.
    fn translate(self) -> PolicyDocument {
        let variable = |name: &str| Source::Variable(name.to_owned());
        let mut model = vec![PickRule::always("override", [variable(&self.override_var)])];
        let mut secrets = Vec::new();
        if let Some(PlatformPath { var, value, model: platform_model, fallback }) = self.platform {
            let on_platform = Condition::default().and(&var, Test::Value(Membership::OneOf(vec![value])));
            let sources = [variable(&platform_model), Source::Text(fallback)];
            model.push(PickRule::when("platform", on_platform.clone(), sources));
            secrets.push(SecretsRule::platform(on_platform));
        }
        for DispatchEntry { runtimes, keyed, model: default } in self.dispatch {
            let condition = Condition::for_runtimes(runtimes);
            for KeyedModel { key, model: keyed } in keyed {
                model.push(PickRule::when("keyed", condition.clone().and(&key, Test::Set), [Source::Text(keyed)]));
            }
            model.push(PickRule::when("default", condition, [Source::Text(default)]));
        }
        model.extend(self.fallback.map(|fallback| PickRule::always("fallback", [Source::Text(fallback)])));
        secrets.extend(self.secrets.into_iter().map(|entry| SecretsRule::keyed(&entry.key, entry.inject)));
        PolicyDocument {
            harness: self.harness,
            function: self.function,
            defaults: self.defaults,
            templates: self.templates,
            model,
            secrets,
            ..PolicyDocument::new(&self.name, &self.runtime, "")
        }
    }
}

/// Checks a key variable. Returns true if it is new.
fn check_key<'k>(
    name: &'k str,
    path: &FieldPath,
    is_text: impl Fn(&str) -> bool,
    keys: &mut BTreeSet<&'k str>,
) -> Result<bool, ValidationError> {
    if is_text(name) {
        return Err(ValidationError::at(
            path.clone(),
            format!(
                "`{name}` already has another role in this policy, so slugproof would print the secret; \
                 use a separate variable for it"
            ),
        ));
    }
    if keys.len() == limits::KEY_VARIABLES && !keys.contains(name) {
        let most = limits::KEY_VARIABLES;
        let message = format!("a policy has at most {most} key variables; split the policy");
        return Err(ValidationError::at(path.clone(), message));
    }
    Ok(keys.insert(name))
}

impl PlatformPath {
    fn decode(at: &Cursor<'_>) -> Result<Self, ReadError> {
        let fields = at.fields_of(&PLATFORM_PATH, UnknownFields::Deny)?;
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
        let fields = at.fields_of(&SECRETS_ENTRY, UnknownFields::Deny)?;
        Ok(Self { key: text(&fields.required("key")?)?, inject: fields.required("inject")?.strings()? })
    }
}

impl DispatchEntry {
    fn decode(at: &Cursor<'_>) -> Result<Self, ReadError> {
        let fields = at.fields_of(&DISPATCH_ENTRY, UnknownFields::Deny)?;
        Ok(Self {
            runtimes: fields.required("runtimes")?.strings()?,
            keyed: fields.optional("keyed").map_or(Ok(Vec::new()), |at| list(&at, KeyedModel::decode))?,
            model: text(&fields.required("model")?)?,
        })
    }
}

impl KeyedModel {
    fn decode(at: &Cursor<'_>) -> Result<Self, ReadError> {
        let fields = at.fields_of(&KEYED_MODEL, UnknownFields::Deny)?;
        Ok(Self { key: text(&fields.required("key")?)?, model: text(&fields.required("model")?)? })
    }
}
