//! Tests of all outputs.

use std::ops::Range;

use super::sinks::{human, json, sarif};
use super::triage::Triaged;
use super::*;
use crate::codes::{self, Command};
use crate::exit::Exit;

const TEXT: &str = "on: push\r\nenv:\r\n  MODEL: m-1\r\n  PATH: platform\r\n";

fn report() -> (Report, SourceId) {
    let mut report = Report::new(Command::Lint);
    let source = report.sources.add(Source { path: "ci/e2e.yml".to_owned(), text: TEXT.to_owned() });
    report.checked.push(("entry", 2));
    (report, source)
}

fn at(source: SourceId, words: &str) -> Span {
    let start = TEXT.find(words).expect("the text contains the words");
    Span { source, range: start..start + words.len() }
}

fn lines(source: SourceId, range: Range<&str>) -> Span {
    Span { source, range: at(source, range.start).range.start..at(source, range.end).range.start }
}

fn patched(source: SourceId) -> Finding {
    let delete = Edit { span: lines(source, "  MODEL".."  PATH"), replacement: String::new() };
    let replace = Edit { span: at(source, "platform"), replacement: "byok".to_owned() };
    let title = "the platform path injects no key, and the model needs one";
    let mut finding = Finding::new(&codes::PLATFORM_PATH_BYOK_MODEL, at(source, "m-1"), title)
        .with_primary_text("needs a key")
        .with_label(at(source, "platform"), "injects none")
        .with_subject("job", "e2e");
    finding.patch = Some(Patch {
        title: "delete `MODEL`".to_owned(),
        rank: 0,
        edits: vec![delete, replace],
        within: 0..TEXT.len(),
    });
    finding
}

fn triaged(report: Report) -> Triaged {
    report.triage(&FindingsOptions::default()).unwrap_or_else(|failure| panic!("{failure}"))
}

#[test]
fn patch_is_in_every_output() {
    let (mut report, source) = report();
    report.findings.push(patched(source));
    let triaged = triaged(report);
    insta::assert_snapshot!(anstream::adapter::strip_str(&human::render(&triaged, 80)), @r"
    error[platform-path-byok-model]: the platform path injects no key, and the model
                                     needs one
     --> ci/e2e.yml:3:10
      |
    3 |   MODEL: m-1
      |          ^^^ needs a key
    4 |   PATH: platform
      |         -------- injects none
      |
    help: delete `MODEL`
      |
    3 -   MODEL: m-1
    4 -   PATH: platform
    3 +   PATH: byok
      |

    ✗ 1 error in 2 entries: ci/e2e.yml
    ");
    let log: serde_json::Value = serde_json::from_str(&sarif::render(&triaged)).expect("the output is JSON");
    let replacements = &log["runs"][0]["results"][0]["fixes"][0]["artifactChanges"][0]["replacements"];
    assert_eq!(replacements[0]["deletedRegion"]["endLine"], 4);
    assert_eq!(replacements[1]["insertedContent"]["text"], "byok");
    let answer: serde_json::Value = serde_json::from_str(&json::render(&triaged)).expect("the output is JSON");
    assert_eq!(answer["findings"][0]["patch"]["edits"][0]["replacement"], "");
    assert_follows(include_str!("../../tests/data/sarif-2.1.0.schema.json"), &log);
    assert_follows(include_str!("../../../docs/findings.schema.json"), &answer);
}

fn assert_follows(schema: &str, value: &serde_json::Value) {
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    let schema = serde_json::from_str(schema).expect("the output is JSON");
    compiler.add_resource("http://localhost/schema.json", schema).expect("the resource is a schema");
    let index = compiler.compile("http://localhost/schema.json", &mut schemas).expect("the schema compiles");
    schemas.validate(value, index).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn accepted_finding_is_shown_and_does_not_count() {
    let (mut report, source) = report();
    report.accepted.push((patched(source), "the job exercises it".to_owned()));
    let triaged = triaged(report);
    assert_eq!((triaged.exit(), triaged.count_suppressed(SuppressionKind::Accept)), (Exit::Clean, 1));
    let text = anstream::adapter::strip_str(&human::render(&triaged, 80)).to_string();
    // The finding is shown in full, with the reason.
    assert!(text.starts_with("accepted["), "{text}");
    assert!(text.contains("= note: accepted: the job exercises it\n"), "{text}");
    assert!(text.ends_with("\n\n✓ nothing found in 2 entries; 1 accepted\n"), "{text}");
}

#[test]
fn exit_code_follows_coverage() {
    for (coverage, found, exit) in [
        (Coverage::Complete, false, Exit::Clean),
        (Coverage::Complete, true, Exit::Findings),
        (Coverage::Nothing, false, Exit::NothingChecked),
        (Coverage::Nothing, true, Exit::Findings),
        (Coverage::Incomplete, false, Exit::UsageError),
        (Coverage::Incomplete, true, Exit::UsageError),
    ] {
        let (mut report, source) = report();
        report.coverage = coverage;
        report.findings.extend(found.then(|| patched(source)));
        assert_eq!(triaged(report).exit(), exit, "{coverage:?}, {found}");
    }
}
