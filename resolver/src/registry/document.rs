//! The YAML form of a registry.

use std::collections::{BTreeMap, BTreeSet};

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::auth::AuthEnv;
use super::format::{ARM, PROVIDER, ROOT, RUNTIME};
use super::pattern::Pattern;
use super::provider::{Billing, Protocol, Provider};
use crate::code::Code;
use crate::limits;
use crate::yaml::format::Mapping;
use crate::yaml::{
    Cursor, Entry, FieldPath, Fields, ReadError, UnknownFields, ValidationError, quoted, refuse_secret_name,
};

/// A registry file, field by field. It has not been validated or compiled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "field for field the YAML of the format")]
pub struct RegistryDocument {
    /// The platform's words for contradictions, to show with them.
    pub platform_error: BTreeMap<Code, String>,
    /// The provider catalogue.
    pub providers: Vec<Provider>,
    /// The runtimes.
    pub runtimes: Vec<Runtime>,
}

/// One runtime and its arms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "field for field the YAML of the format")]
pub struct Runtime {
    /// Its name, compared verbatim.
    pub name: String,
    /// The name to show to people.
    pub display_name: Option<String>,
    /// Its arms, in declared order; a valid registry has at least one.
    pub arms: Vec<Arm>,
}

/// A reference from a runtime to a provider, with the models that it lists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "field for field the YAML of the format")]
pub struct Arm {
    /// The provider's name.
    #[serde(rename = "name")]
    pub provider: String,
    /// The model ids that the arm lists. An arm without ids is name-only: it serves models by the
    /// provider's pattern only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
    /// The model ids that the provider owns but no longer serves. Another arm that lists an id wins.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub withdrawn_models: Vec<String>,
}

impl RegistryDocument {
    pub(super) fn decode(at: Cursor<'_>, unknown: UnknownFields) -> Result<Self, ValidationError> {
        let fields = at.fields_of(&ROOT, unknown)?;
        fields.schema_version_1()?;
        let mut document = Self::default();
        if let Some(words) = given(&fields, "platform_error") {
            for entry in words.entries()? {
                let (code, text) = decode_platform_error(&entry)?;
                document.platform_error.insert(code, text);
            }
        }
        for provider in fields.required("providers")?.items()? {
            document.providers.push(decode_provider(&provider, unknown)?);
        }
        for Entry { name, value: runtime, .. } in fields.required("runtimes")?.entries()? {
            let mut arms = Vec::new();
            let of_runtime = runtime.fields_of(&RUNTIME, unknown)?;
            for arm in of_runtime.required("providers")?.items()? {
                let fields = arm.fields_of(&ARM, unknown)?;
                arms.push(Arm {
                    provider: text(&fields, "name")?,
                    models: strings(&fields, "models")?,
                    withdrawn_models: strings(&fields, "withdrawn_models")?,
                });
            }
            let display_name = optional_text(&of_runtime, "display_name")?;
            document.runtimes.push(Runtime { name: name.to_owned(), display_name, arms });
        }
        Ok(document)
    }

    /// The fields of a registry file that the format does not define, in the order of the file.
    ///
    /// # Errors
    ///
    /// A value of another type than the format requires.
    pub fn unknown_fields(root: Cursor<'_>) -> Result<Vec<FieldPath>, ReadError> {
        let mut unknown = unknown_in(&root, &ROOT)?;
        for Entry { name, value, .. } in root.entries()? {
            match name {
                "providers" => {
                    for provider in value.items()? {
                        unknown.extend(unknown_in(&provider, &PROVIDER)?);
                    }
                }
                "runtimes" => {
                    for runtime in value.entries()? {
                        unknown.extend(unknown_in(&runtime.value, &RUNTIME)?);
                        let fields = runtime.value.fields_of(&RUNTIME, UnknownFields::Allow)?;
                        for arm in fields.required("providers")?.items()? {
                            unknown.extend(unknown_in(&arm, &ARM)?);
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(unknown)
    }
}

fn unknown_in(at: &Cursor<'_>, mapping: &Mapping) -> Result<Vec<FieldPath>, ReadError> {
    let is_unknown = |entry: &Entry<'_>| mapping.field(entry.name).is_none();
    Ok(at.entries()?.iter().filter(|entry| is_unknown(entry)).map(|entry| entry.value.path()).collect())
}

fn decode_provider(at: &Cursor<'_>, unknown: UnknownFields) -> Result<Provider, ValidationError> {
    let fields = at.fields_of(&PROVIDER, unknown)?;
    let pattern = match given(&fields, "model_prefix_match") {
        Some(at) => Pattern::new(at.string()?).map_err(|error| at.error(format!("{error}")))?,
        None => Pattern::none(),
    };
    let mut provider = Provider::new(&text(&fields, "name")?, AuthEnv::default(), pattern);
    provider.display_name = optional_text(&fields, "display_name")?;
    provider.protocol = given(&fields, "protocol").map(|at| decode_protocol(&at)).transpose()?;
    provider.auth_mode = optional_text(&fields, "auth_mode")?;
    provider.billing = given(&fields, "billing").map(|at| decode_billing(&at)).transpose()?;
    match given(&fields, "auth_env") {
        Some(at) => provider.auth_env = decode_auth_env(&at)?,
        None if provider.is_platform() => {}
        None => {
            let message = "the required field `auth_env` is missing; list the secrets that the provider accepts, \
                           or write `auth_env: []` if it needs none";
            return Err(at.error(message).into());
        }
    }
    provider.base_url_template = optional_text(&fields, "base_url_template")?;
    provider.base_url_anthropic = optional_text(&fields, "base_url_anthropic")?;
    provider.auth_token_env = optional_text(&fields, "auth_token_env")?;
    provider.model_aliases = strings(&fields, "model_aliases")?;
    provider.upstream_vendor = optional_text(&fields, "upstream_vendor")?;
    provider.vendor_logo = optional_text(&fields, "vendor_logo")?;
    provider.deprecated = given(&fields, "deprecated").map(|at| at.boolean()).transpose()?;
    Ok(provider)
}

/// Reads `auth_env` and checks its names, while their positions are known.
fn decode_auth_env(at: &Cursor<'_>) -> Result<AuthEnv, ValidationError> {
    let mut items: Vec<Vec<String>> = Vec::new();
    let mut names = BTreeSet::new();
    for item in at.items()? {
        let group = if item.is_list() { item.items()?.collect() } else { vec![item] };
        if group.is_empty() {
            return Err(item.error("is an empty group; name the secrets that belong together").into());
        }
        let mut item_names: Vec<String> = Vec::new();
        for at in group {
            let name = at.string()?;
            if let Some(message) = refuse_secret_name(name) {
                return Err(at.error(message).into());
            }
            if item_names.iter().any(|known| known == name) {
                return Err(at.error(format!("{} is in this group already; write it once", quoted(name))).into());
            }
            names.insert(name.to_owned());
            item_names.push(name.to_owned());
        }
        items.push(item_names);
    }
    if names.len() > limits::AUTH_ENV {
        let message = format!("accepts more than {} secrets; remove the unused ones", limits::AUTH_ENV);
        return Err(at.error(message).into());
    }
    Ok(AuthEnv::of_items(items))
}

fn decode_platform_error(entry: &Entry<'_>) -> Result<(Code, String), ReadError> {
    let Some(code) = Code::parse(entry.name) else {
        let codes: Vec<String> = Code::ALL.iter().map(|code| quoted(code.as_str())).collect();
        let message = format!("no contradiction has the code {}; use one of {}", quoted(entry.name), codes.join(", "));
        return Err(entry.key.error(message));
    };
    match entry.value.string()? {
        "" => Err(entry.value.error("is empty; write the words of the platform, or remove the code")),
        text => Ok((code, text.to_owned())),
    }
}

fn decode_billing(at: &Cursor<'_>) -> Result<Billing, ValidationError> {
    let word = at.string()?;
    let billing = Billing::ALL.into_iter().find(|billing| billing.as_str() == word);
    let error = || at.error(format!("unknown billing {}; write `platform` or `byok`", quoted(word)));
    Ok(billing.ok_or_else(error)?)
}

fn decode_protocol(at: &Cursor<'_>) -> Result<Protocol, ValidationError> {
    let word = at.string()?;
    let protocol = Protocol::ALL.into_iter().find(|protocol| protocol.as_str() == word);
    let error = || at.error(format!("unknown protocol {}; write `openai` or `anthropic`", quoted(word)));
    Ok(protocol.ok_or_else(error)?)
}

fn text(fields: &Fields<'_>, name: &str) -> Result<String, ValidationError> {
    Ok(fields.required(name)?.string()?.to_owned())
}

/// The value of an optional field, or `None` if the field is missing or null: real catalogues write
/// null for "not set".
fn given<'n>(fields: &Fields<'n>, name: &str) -> Option<Cursor<'n>> {
    fields.optional(name).filter(|at| !at.is_null())
}

fn optional_text(fields: &Fields<'_>, name: &str) -> Result<Option<String>, ValidationError> {
    Ok(given(fields, name).map(|at| at.string().map(ToOwned::to_owned)).transpose()?)
}

fn strings(fields: &Fields<'_>, name: &str) -> Result<Vec<String>, ValidationError> {
    Ok(given(fields, name).map_or(Ok(Vec::new()), |at| at.strings())?)
}

/// Serialises a registry in the format of its file.
pub(super) fn serialize<S: Serializer>(
    platform_error: &BTreeMap<Code, String>,
    providers: &[Provider],
    runtimes: &[Runtime],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut root = serializer.serialize_struct("Registry", 4)?;
    root.serialize_field("schema_version", &1)?;
    if platform_error.is_empty() {
        root.skip_field("platform_error")?;
    } else {
        root.serialize_field("platform_error", platform_error)?;
    }
    root.serialize_field("providers", providers)?;
    root.serialize_field("runtimes", &Runtimes(runtimes))?;
    root.end()
}

/// Serialises the runtimes as a mapping, as in the file, in declared order.
struct Runtimes<'a>(&'a [Runtime]);

#[derive(Serialize)]
struct RuntimeFields<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<&'a str>,
    providers: &'a [Arm],
}

impl Serialize for Runtimes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|Runtime { name, display_name, arms }| {
            (name, RuntimeFields { display_name: display_name.as_deref(), providers: arms })
        }))
    }
}
