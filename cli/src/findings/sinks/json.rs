//! Findings as one JSON object; docs/findings.schema.json is its schema.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::codes::Level;
use crate::findings::report::Coverage;
use crate::findings::triage::Triaged;
use crate::findings::{Finding, Label, Patch, Position, Sources, Span, Suppressed, SuppressionKind};

#[derive(Serialize)]
struct Form<'a> {
    schema_version: u8,
    tool: Tool,
    command: &'a str,
    complete: bool,
    checked: BTreeMap<&'a str, usize>,
    counts: BTreeMap<&'a str, usize>,
    findings: Vec<FindingForm<'a>>,
    suppressed: Vec<SuppressedForm<'a>>,
    notices: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    policies: Vec<&'a serde_json::Value>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct FindingForm<'a> {
    code: &'a str,
    meaning: &'a str,
    level: &'a str,
    title: &'a str,
    primary: LabelForm<'a>,
    labels: Vec<LabelForm<'a>>,
    notes: &'a [String],
    help: &'a [String],
    patch: Option<PatchForm<'a>>,
    subject: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct SuppressedForm<'a> {
    by: &'a str,
    reason: &'a str,
    finding: FindingForm<'a>,
}

#[derive(Serialize)]
struct LabelForm<'a> {
    #[serde(flatten)]
    span: SpanForm<'a>,
    text: &'a str,
}

#[derive(Serialize)]
struct SpanForm<'a> {
    path: &'a str,
    start: PositionForm,
    end: PositionForm,
    bytes: [usize; 2],
}

#[derive(Serialize)]
struct PositionForm {
    line: usize,
    column: usize,
}

#[derive(Serialize)]
struct PatchForm<'a> {
    title: &'a str,
    edits: Vec<EditForm<'a>>,
}

#[derive(Serialize)]
struct EditForm<'a> {
    #[serde(flatten)]
    span: SpanForm<'a>,
    replacement: &'a str,
}

/// Renders the whole report.
pub fn render(triaged: &Triaged) -> String {
    let sources = &triaged.sources;
    let form = Form {
        schema_version: 1,
        tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
        command: triaged.command.as_str(),
        complete: triaged.coverage == Coverage::Complete,
        checked: triaged.checked.iter().copied().collect(),
        counts: counts(triaged),
        findings: triaged.open.iter().map(|finding| finding_form(sources, finding)).collect(),
        suppressed: triaged.suppressed.iter().map(|suppressed| suppressed_form(sources, suppressed)).collect(),
        notices: &triaged.notices,
        policies: triaged.sections.iter().map(|section| &section.data).collect(),
    };
    serde_json::to_string_pretty(&form).expect("a report has only strings, numbers and lists") + "\n"
}

fn counts(triaged: &Triaged) -> BTreeMap<&'static str, usize> {
    let levels = [Level::Error, Level::Warning, Level::Undecided, Level::Note];
    let open = levels.map(|level| (level.as_str(), triaged.count(level)));
    let reasons = [SuppressionKind::Comment, SuppressionKind::Accept, SuppressionKind::Baseline];
    let names = ["suppressed", "accepted", "known"];
    open.into_iter().chain(names.into_iter().zip(reasons.map(|kind| triaged.count_suppressed(kind)))).collect()
}

fn finding_form<'a>(sources: &'a Sources, finding: &'a Finding) -> FindingForm<'a> {
    FindingForm {
        code: finding.code.id,
        meaning: finding.code.meaning,
        level: finding.level.as_str(),
        title: &finding.title,
        primary: label_form(sources, &finding.primary),
        labels: finding.labels.iter().map(|label| label_form(sources, label)).collect(),
        notes: &finding.notes,
        help: &finding.help,
        patch: finding.patch.as_ref().map(|patch| patch_form(sources, patch)),
        subject: finding.subject.iter().map(|(what, name)| (*what, name.as_str())).collect(),
    }
}

fn suppressed_form<'a>(sources: &'a Sources, suppressed: &'a Suppressed) -> SuppressedForm<'a> {
    SuppressedForm {
        by: suppressed.kind.as_str(),
        reason: &suppressed.reason,
        finding: finding_form(sources, &suppressed.finding),
    }
}

fn label_form<'a>(sources: &'a Sources, label: &'a Label) -> LabelForm<'a> {
    LabelForm { span: span_form(sources, &label.span), text: &label.text }
}

fn patch_form<'a>(sources: &'a Sources, patch: &'a Patch) -> PatchForm<'a> {
    let edits = patch
        .edits
        .iter()
        .map(|edit| EditForm { span: span_form(sources, &edit.span), replacement: &edit.replacement });
    PatchForm { title: &patch.title, edits: edits.collect() }
}

fn span_form<'a>(sources: &'a Sources, span: &Span) -> SpanForm<'a> {
    let (start, end) = sources.positions(span);
    let position = |Position { line, column }| PositionForm { line, column };
    SpanForm {
        path: sources.path(span),
        start: position(start),
        end: position(end),
        bytes: [span.range.start, span.range.end],
    }
}
