//! The comparison as workflow commands, which a forge shows as annotations of a change.

use super::human::details;
use super::report::{Cause, Kind, Report};
use crate::findings::{ANNOTATIONS_SHOWN, annotation_message, annotation_property};

/// Renders one command for each of the worst causes, then one with the total.
pub fn render(report: &Report) -> String {
    let shown = report.changes.iter().take(ANNOTATIONS_SHOWN);
    let mut text: String = shown.map(|cause| command(report, cause)).collect();
    let left = match report.changes.len().saturating_sub(ANNOTATIONS_SHOWN) {
        0 => String::new(),
        left => format!("; {left} of the causes not shown here"),
    };
    let summary = format!("diff: {}{left}", report.verdict());
    text.push_str(&format!("::notice title=slugproof::{}\n", annotation_message(&summary)));
    text
}

fn command(report: &Report, cause: &Cause) -> String {
    let kind = match cause.kind {
        _ if report.counts(cause) => "error",
        Kind::NewPayer | Kind::NewProvider | Kind::OtherCode | Kind::Warning => "warning",
        _ => "notice",
    };
    let place = cause
        .place
        .as_ref()
        .map_or(String::new(), |place| format!("file={},line={},", annotation_property(&place.path), place.line));
    let title = annotation_property(cause.kind.heading());
    let text = annotation_message(&format!("{}\n{}", cause.summary, details(cause)));
    format!("::{kind} {place}title={title}::{text}\n")
}
