//! Findings as workflow commands, which a forge shows as annotations of a change.

use slug_redact::without_credentials;

use crate::codes::Level;
use crate::render::{counted, printable};

use crate::findings::Finding;
use crate::findings::triage::Triaged;

/// Maximum annotations that a forge shows for one step.
pub const SHOWN: usize = 10;

/// Renders one command per line for the most severe findings, then one with the total.
pub fn render(triaged: &Triaged) -> String {
    let mut by_severity: Vec<&Finding> = triaged.open.iter().collect();
    by_severity.sort_by_key(|finding| finding.level);
    let mut text: String = by_severity.iter().take(SHOWN).map(|finding| command(triaged, finding)).collect();
    let all = counted(by_severity.len() as u64, "finding");
    let left = match by_severity.len().saturating_sub(SHOWN) {
        0 => String::new(),
        left => format!(", {left} of them not shown here"),
    };
    let suppressed = match triaged.suppressed.len() {
        0 => String::new(),
        suppressed => format!("; {suppressed} more suppressed"),
    };
    let summary = format!("{}: {all} in total{left}{suppressed}", triaged.command);
    text.push_str(&format!("::notice title=slugproof::{}\n", message(&summary)));
    text
}

fn command(triaged: &Triaged, finding: &Finding) -> String {
    let kind = match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Undecided | Level::Note => "notice",
    };
    let span = &finding.primary.span;
    let (start, end) = triaged.sources.positions(span);
    let path = property(triaged.sources.path(span));
    // Columns are allowed only if the span is in one line.
    let columns =
        if start.line == end.line { format!(",col={},endColumn={}", start.column, end.column) } else { String::new() };
    let title = property(&format!("{} ({})", finding.code.id, finding.level.as_str()));
    let lines = format!("line={},endLine={}", start.line, end.line);
    format!("::{kind} file={path},{lines}{columns},title={title}::{}\n", message(&annotation(finding)))
}

/// The text of an annotation: title, text under the caret, notes and help.
fn annotation(finding: &Finding) -> String {
    let mut lines = vec![finding.title.clone()];
    if !finding.primary.text.is_empty() {
        lines.push(finding.primary.text.clone());
    }
    lines.extend(finding.notes.iter().cloned());
    lines.extend(finding.patch.iter().map(|patch| format!("help: {}", patch.title)));
    lines.extend(finding.help.iter().map(|help| format!("help: {help}")));
    lines.join("\n")
}

/// A text as the message of a workflow command. Credentials are masked.
pub fn message(text: &str) -> String {
    printable(&without_credentials(text)).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A text as a property of a workflow command.
pub fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}
