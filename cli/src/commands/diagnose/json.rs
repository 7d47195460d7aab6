//! The diagnosis as JSON.

use serde::Serialize;
use serde_json::Value;
use slug_resolver::{AuthEnv, Code, Fix, Resolution};

use super::cause::Diagnosis;
use crate::json::is_empty;

#[derive(Serialize)]
struct Form<'a> {
    schema_version: u8,
    cause: CauseForm,
    resolution: Option<ResolutionForm<'a>>,
    named: NamedForm<'a>,
    disagreements: Vec<DisagreementForm<'a>>,
    recorded: Option<RecordedForm<'a>>,
    fields: Vec<FieldForm<'a>>,
    record: &'a Value,
}

#[derive(Serialize)]
struct CauseForm {
    name: &'static str,
    message: String,
}

/// The result of `resolve --output json`.
#[derive(Serialize)]
struct ResolutionForm<'a> {
    #[serde(flatten)]
    resolution: &'a Resolution<'a>,
    message: String,
    fixes: &'a [Fix],
}

#[derive(Serialize)]
struct NamedForm<'a> {
    model: Option<&'a str>,
    runtime: Option<&'a str>,
}

#[derive(Serialize)]
struct DisagreementForm<'a> {
    about: &'static str,
    field: &'a str,
    record: &'a str,
    environment: &'a str,
}

#[derive(Serialize)]
struct RecordedForm<'a> {
    model: &'a str,
    runtime: &'a str,
    provider: Option<&'a str>,
    needs: &'a AuthEnv,
    code: Option<Code>,
}

#[derive(Serialize)]
struct FieldForm<'a> {
    field: String,
    value: &'a Value,
    empty: bool,
}

/// Renders the diagnosis.
pub fn render(diagnosis: &Diagnosis<'_>) -> String {
    let form = Form {
        schema_version: 1,
        cause: CauseForm { name: diagnosis.cause.entry().id, message: diagnosis.message() },
        resolution: diagnosis.resolution.as_ref().map(|resolution| ResolutionForm {
            resolution,
            message: resolution.message(diagnosis.setting.registry),
            fixes: &diagnosis.fixes,
        }),
        named: NamedForm {
            model: diagnosis.model.as_ref().map(|named| named.name),
            runtime: diagnosis.named_runtime.as_ref().map(|named| named.name),
        },
        disagreements: diagnosis
            .disagreements
            .iter()
            .map(|disagreement| DisagreementForm {
                about: disagreement.about,
                field: &disagreement.named.field,
                record: disagreement.named.name,
                environment: disagreement.resolved,
            })
            .collect(),
        recorded: diagnosis.recorded.as_ref().map(|recorded| RecordedForm {
            model: recorded.model,
            runtime: recorded.runtime,
            provider: recorded.provider.map(|provider| provider.name.as_str()),
            needs: recorded.needs(),
            code: recorded.code,
        }),
        fields: diagnosis
            .record
            .fields()
            .into_iter()
            .map(|said| FieldForm { empty: is_empty(said.value), field: said.field, value: said.value })
            .collect(),
        record: diagnosis.record.value(),
    };
    serde_json::to_string_pretty(&form).expect("a diagnosis is strings, numbers and lists") + "\n"
}
