//! Findings as SARIF 2.1.0, for code scanning.

use std::collections::{BTreeMap, HashMap};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::codes::{self, Command, Level};
use crate::findings::baseline::Identity;
use crate::findings::report::Coverage;
use crate::findings::triage::Triaged;
use crate::findings::{EMBEDDED, Finding, Label, Patch, Sources, Span, Suppressed, SuppressionKind};

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool,
    automation_details: AutomationDetails,
    column_kind: &'static str,
    original_uri_base_ids: BTreeMap<&'static str, Base>,
    invocations: [Invocation; 1],
    results: Vec<SarifResult<'a>>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: &'static str,
    short_description: Text,
    full_description: Text,
    default_configuration: Configuration,
    help_uri: String,
    help: Help,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct Help {
    text: String,
    markdown: String,
}

#[derive(Serialize)]
struct AutomationDetails {
    id: String,
}

#[derive(Serialize)]
struct Base {
    description: Text,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult<'a> {
    rule_id: &'a str,
    rule_index: usize,
    kind: &'static str,
    level: &'static str,
    message: Text,
    locations: [Location; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    partial_fingerprints: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<Fix>,
    suppressions: Vec<Suppression<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactLocation {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_base_id: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fix {
    description: Text,
    artifact_changes: Vec<ArtifactChange>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactChange {
    artifact_location: ArtifactLocation,
    replacements: Vec<Replacement>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement {
    deleted_region: Region,
    inserted_content: Text,
}

#[derive(Serialize)]
struct Suppression<'a> {
    kind: &'static str,
    justification: &'a str,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The base of paths in the repository.
const SOURCE_ROOT: &str = "SRCROOT";

/// The base of paths of embedded data, which are not files of the user.
const EMBEDDED_ROOT: &str = "EMBEDDED";

/// Renders the whole report.
pub fn render(triaged: &Triaged) -> String {
    let mut results = Vec::new();
    let mut seen = HashMap::new();
    let suppressed = triaged.suppressed.iter().map(|suppressed| (&suppressed.finding, Some(suppressed)));
    for (finding, suppressed) in triaged.open.iter().map(|finding| (finding, None)).chain(suppressed) {
        let identity = fingerprint(&Identity::of(&triaged.sources, finding));
        let occurrence: &mut usize = seen.entry(identity.clone()).or_default();
        *occurrence += 1;
        results.push(result(triaged, finding, suppressed, format!("{identity}:{occurrence}")));
    }
    let log = Log { schema: SCHEMA, version: "2.1.0", runs: [run(triaged, results)] };
    serde_json::to_string_pretty(&log).expect("a log has only strings, numbers and lists") + "\n"
}

fn run<'a>(triaged: &Triaged, results: Vec<SarifResult<'a>>) -> Run<'a> {
    let base = |text: &str| Base { description: self::text(text) };
    Run {
        tool: Tool {
            driver: Driver {
                name: env!("CARGO_PKG_NAME"),
                semantic_version: env!("CARGO_PKG_VERSION"),
                rules: rules(triaged.command).map(rule).collect(),
            },
        },
        automation_details: AutomationDetails { id: format!("slugproof/{}/", triaged.command) },
        column_kind: "unicodeCodePoints",
        original_uri_base_ids: BTreeMap::from([
            (SOURCE_ROOT, base("the top of the repository, or the directory in which the command ran")),
            (EMBEDDED_ROOT, base("the data that ship with slugproof")),
        ]),
        invocations: [Invocation { execution_successful: triaged.coverage != Coverage::Incomplete }],
        results,
    }
}

/// The codes that a command reports.
fn rules(command: Command) -> impl Iterator<Item = &'static codes::Entry> {
    codes::entries().filter(move |code| code.is_reported_by(command))
}

fn rule(code: &'static codes::Entry) -> Rule {
    let page = code.page();
    let prose =
        |sections: &[&str]| sections.iter().flat_map(|text| codes::paragraphs(text)).collect::<Vec<_>>().join("\n\n");
    Rule {
        id: code.id,
        short_description: text(code.meaning),
        full_description: Text { text: prose(&[page.what_it_means]) },
        default_configuration: Configuration { level: kind_and_level(code.level).1 },
        help_uri: help_uri(code.id),
        help: Help { text: prose(&[page.why_it_matters, page.fix]), markdown: page.markdown(2) },
    }
}

/// The URI of a code's documentation, which SARIF requires to be absolute.
#[must_use]
pub fn help_uri(id: &str) -> String {
    help_uri_in(env!("CARGO_PKG_REPOSITORY"), id)
}

/// The URI of a code's documentation in a repository. If the manifest names no repository, the URI is a URN,
/// which is stable and needs no host.
fn help_uri_in(repository: &str, id: &str) -> String {
    match repository {
        "" => format!("urn:slugproof:code:{id}"),
        repository => format!("{repository}/blob/v{}/docs/codes.md#{id}", env!("CARGO_PKG_VERSION")),
    }
}

/// The SARIF kind and level. An undecided finding has the kind `open`, which excludes a level.
fn kind_and_level(level: Level) -> (&'static str, &'static str) {
    match level {
        Level::Error => ("fail", "error"),
        Level::Warning => ("fail", "warning"),
        Level::Note => ("fail", "note"),
        Level::Undecided => ("open", "none"),
    }
}

fn result<'a>(
    triaged: &Triaged,
    finding: &'a Finding,
    suppressed: Option<&'a Suppressed>,
    fingerprint: String,
) -> SarifResult<'a> {
    let Triaged { command, sources, .. } = triaged;
    let (kind, level) = kind_and_level(finding.level);
    let related = finding.labels.iter().enumerate().map(|(index, label)| related_location(sources, index, label));
    SarifResult {
        rule_id: finding.code.id,
        rule_index: rules(*command).position(|code| code == finding.code).unwrap_or_default(),
        kind,
        level,
        message: Text { text: message(finding) },
        locations: [location(sources, &finding.primary.span)],
        related_locations: related.collect(),
        partial_fingerprints: BTreeMap::from([("slugproofFinding/v1", fingerprint)]),
        fixes: finding.patch.iter().map(|patch| fix(sources, patch)).collect(),
        suppressions: suppressed.map(suppression).into_iter().collect(),
    }
}

/// The texts of a finding without a SARIF field of their own.
fn message(finding: &Finding) -> String {
    let said = [&finding.title, &finding.primary.text].into_iter().chain(&finding.notes).chain(&finding.help);
    said.filter(|text| !text.is_empty()).cloned().collect::<Vec<_>>().join("\n")
}

fn location(sources: &Sources, span: &Span) -> Location {
    let artifact_location = artifact(sources.path(span));
    let physical_location = PhysicalLocation { artifact_location, region: region(sources, span) };
    Location { id: None, physical_location, message: None }
}

fn related_location(sources: &Sources, index: usize, label: &Label) -> Location {
    let message = (!label.text.is_empty()).then(|| text(&label.text));
    Location { id: Some(index + 1), message, ..location(sources, &label.span) }
}

fn region(sources: &Sources, span: &Span) -> Region {
    let (start, end) = sources.positions(span);
    Region { start_line: start.line, start_column: start.column, end_line: end.line, end_column: end.column }
}

fn fix(sources: &Sources, patch: &Patch) -> Fix {
    let mut changes: Vec<(&str, Vec<Replacement>)> = Vec::new();
    for edit in &patch.edits {
        let path = sources.path(&edit.span);
        let replacement =
            Replacement { deleted_region: region(sources, &edit.span), inserted_content: text(&edit.replacement) };
        match changes.iter_mut().find(|(earlier, _)| *earlier == path) {
            Some((_, replacements)) => replacements.push(replacement),
            None => changes.push((path, vec![replacement])),
        }
    }
    let change = |(path, replacements): (&str, _)| ArtifactChange { artifact_location: artifact(path), replacements };
    Fix { description: text(&patch.title), artifact_changes: changes.into_iter().map(change).collect() }
}

fn suppression(suppressed: &Suppressed) -> Suppression<'_> {
    let kind = if suppressed.kind == SuppressionKind::Comment { "inSource" } else { "external" };
    Suppression { kind, justification: &suppressed.reason }
}

fn artifact(path: &str) -> ArtifactLocation {
    if let Some(name) = path.strip_prefix(EMBEDDED) {
        return ArtifactLocation { uri: percent_encoded(name), uri_base_id: Some(EMBEDDED_ROOT) };
    }
    if path.starts_with('/') {
        return ArtifactLocation { uri: format!("file://{}", percent_encoded(path)), uri_base_id: None };
    }
    ArtifactLocation { uri: percent_encoded(path), uri_base_id: Some(SOURCE_ROOT) }
}

/// The bytes of a path that are percent-encoded in a URI.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

fn percent_encoded(path: &str) -> String {
    utf8_percent_encode(path, ENCODED).to_string()
}

fn fingerprint(identity: &Identity) -> String {
    let text = serde_json::to_string(identity).expect("an identity has only strings");
    hex::encode(&Sha256::digest(text)[..16])
}

fn text(text: &str) -> Text {
    Text { text: text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::help_uri_in;

    #[test]
    fn help_uri_with_repository_is_a_link() {
        assert_eq!(help_uri_in("", "undecided"), "urn:slugproof:code:undecided");
        let version = env!("CARGO_PKG_VERSION");
        let link = format!("https://forge.example/o/slugproof/blob/v{version}/docs/codes.md#undecided");
        assert_eq!(help_uri_in("https://forge.example/o/slugproof", "undecided"), link);
    }
}
