//! The YAML form of a registry.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::pattern::Pattern;
use super::provider::{Protocol, Provider};
use crate::yaml::{Cursor, Entry, Fields, Invalid, UnknownFields, quoted};

/// A registry file, field by field. It has not been validated or compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "field for field the YAML of the format")]
pub struct RegistryDocument {
    /// The provider catalogue.
    pub providers: Vec<Provider>,
    /// The runtimes.
    pub runtimes: Vec<Runtime>,
}

/// One runtime and its arms.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a runtime is a name and arms")]
pub struct Runtime {
    /// Its name, compared verbatim.
    pub name: String,
    /// Its arms, in declared order; a valid registry has at least one.
    pub arms: Vec<Arm>,
}

/// A reference from a runtime to a provider, with the models that it lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "an arm is a name and ids")]
pub struct Arm {
    /// The provider's name.
    #[serde(rename = "name")]
    pub provider: String,
    /// The model ids that the arm lists. An arm without ids is name-only: it serves models by the
    /// provider's pattern only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
}

const REQUIRED_OF_PROVIDER: [&str; 6] =
    ["name", "display_name", "protocol", "auth_mode", "auth_env", "model_prefix_match"];

const OPTIONAL_OF_PROVIDER: [&str; 7] = [
    "base_url_template",
    "base_url_anthropic",
    "auth_token_env",
    "model_aliases",
    "upstream_vendor",
    "vendor_logo",
    "deprecated",
];

impl RegistryDocument {
    pub(super) fn decode(at: Cursor<'_>, unknown: UnknownFields) -> Result<Self, Invalid> {
        let fields = at.fields(&["schema_version", "providers", "runtimes"], &[], unknown)?;
        fields.schema_version_1()?;
        let mut document = Self { providers: Vec::new(), runtimes: Vec::new() };
        for provider in fields.required("providers")?.items()? {
            document.providers.push(decode_provider(&provider, unknown)?);
        }
        for Entry { name, value: runtime, .. } in fields.required("runtimes")?.entries()? {
            let mut arms = Vec::new();
            for arm in runtime.fields(&["providers"], &[], unknown)?.required("providers")?.items()? {
                let fields = arm.fields(&["name"], &["models"], unknown)?;
                arms.push(Arm { provider: text(&fields, "name")?, models: strings(&fields, "models")? });
            }
            document.runtimes.push(Runtime { name: name.to_owned(), arms });
        }
        Ok(document)
    }
}

fn decode_provider(at: &Cursor<'_>, unknown: UnknownFields) -> Result<Provider, Invalid> {
    let fields = at.fields(&REQUIRED_OF_PROVIDER, &OPTIONAL_OF_PROVIDER, unknown)?;
    let pattern = fields.required("model_prefix_match")?;
    Ok(Provider {
        name: text(&fields, "name")?,
        display_name: text(&fields, "display_name")?,
        protocol: decode_protocol(&fields.required("protocol")?)?,
        auth_mode: text(&fields, "auth_mode")?,
        auth_env: fields.required("auth_env")?.strings()?,
        model_prefix_match: Pattern::new(pattern.string()?).map_err(|error| pattern.error(format!("{error}")))?,
        base_url_template: optional_text(&fields, "base_url_template")?,
        base_url_anthropic: optional_text(&fields, "base_url_anthropic")?,
        auth_token_env: optional_text(&fields, "auth_token_env")?,
        model_aliases: strings(&fields, "model_aliases")?,
        upstream_vendor: optional_text(&fields, "upstream_vendor")?,
        vendor_logo: optional_text(&fields, "vendor_logo")?,
        deprecated: fields.optional("deprecated").map(|at| at.boolean()).transpose()?,
    })
}

fn decode_protocol(at: &Cursor<'_>) -> Result<Protocol, Invalid> {
    match at.string()? {
        "openai" => Ok(Protocol::Openai),
        "anthropic" => Ok(Protocol::Anthropic),
        other => Err(at.error(format!("unknown protocol {}; write `openai` or `anthropic`", quoted(other))).into()),
    }
}

fn text(fields: &Fields<'_>, name: &str) -> Result<String, Invalid> {
    Ok(fields.required(name)?.string()?.to_owned())
}

fn optional_text(fields: &Fields<'_>, name: &str) -> Result<Option<String>, Invalid> {
    Ok(fields.optional(name).map(|at| at.string().map(ToOwned::to_owned)).transpose()?)
}

fn strings(fields: &Fields<'_>, name: &str) -> Result<Vec<String>, Invalid> {
    Ok(fields.optional(name).map_or(Ok(Vec::new()), |at| at.strings())?)
}

/// Serialises a registry in the format of its file.
pub(super) fn serialize<S: Serializer>(
    providers: &[Provider],
    runtimes: &[Runtime],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut root = serializer.serialize_struct("Registry", 3)?;
    root.serialize_field("schema_version", &1)?;
    root.serialize_field("providers", providers)?;
    root.serialize_field("runtimes", &Runtimes(runtimes))?;
    root.end()
}

/// Serialises the runtimes as a mapping, as in the file, in declared order.
struct Runtimes<'a>(&'a [Runtime]);

#[derive(Serialize)]
struct Arms<'a> {
    providers: &'a [Arm],
}

impl Serialize for Runtimes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|runtime| (&runtime.name, Arms { providers: &runtime.arms })))
    }
}
