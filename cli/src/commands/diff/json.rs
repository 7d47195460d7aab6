//! The comparison as one JSON object.

use serde::Serialize;

use super::report::Report;

#[derive(Serialize)]
struct Form<'a> {
    schema_version: u8,
    tool: Tool,
    command: &'static str,
    /// True if nothing of the comparison is undecided and every file was read.
    complete: bool,
    /// True if the command fails because of a change.
    fails: bool,
    #[serde(flatten)]
    report: &'a Report,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

/// Renders the whole comparison.
pub fn render(report: &Report) -> String {
    let form = Form {
        schema_version: 1,
        tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
        command: "diff",
        complete: report.undecided.is_empty() && report.unreadable.is_empty(),
        fails: report.changes.iter().any(|cause| report.counts(cause)),
        report,
    };
    serde_json::to_string_pretty(&form).expect("a comparison has only strings, numbers and lists") + "\n"
}
