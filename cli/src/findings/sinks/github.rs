//! Findings as workflow commands, which a forge shows beside the lines of a change.

use crate::codes::Level;
use crate::render::{counted, printable};

use crate::findings::Finding;
use crate::findings::triage::Triaged;

/// Annotations that a forge shows of one step.
const SHOWN: usize = 10;

/// One command a line for the heaviest findings, then one that counts them all.
pub fn render(triaged: &Triaged) -> String {
    let mut heaviest: Vec<&Finding> = triaged.open.iter().collect();
    heaviest.sort_by_key(|finding| finding.level);
    let mut text: String = heaviest.iter().take(SHOWN).map(|finding| command(triaged, finding)).collect();
    let all = counted(heaviest.len() as u64, "finding");
    let left = match heaviest.len().saturating_sub(SHOWN) {
        0 => String::new(),
        left => format!(", {left} of them not shown here"),
    };
    let suppressed = match triaged.suppressed.len() {
        0 => String::new(),
        suppressed => format!("; {suppressed} more set aside"),
    };
    let summary = format!("{}: {all} in all{left}{suppressed}", triaged.command);
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
    // A column counts only where all is in one line.
    let columns =
        if start.line == end.line { format!(",col={},endColumn={}", start.column, end.column) } else { String::new() };
    let title = property(&format!("{} ({})", finding.code.id, finding.level.as_str()));
    let lines = format!("line={},endLine={}", start.line, end.line);
    format!("::{kind} file={path},{lines}{columns},title={title}::{}\n", message(&said(finding)))
}

/// The headline, what is said under the caret, what leads there, and what to do.
fn said(finding: &Finding) -> String {
    let mut lines = vec![finding.title.clone()];
    if !finding.primary.text.is_empty() {
        lines.push(finding.primary.text.clone());
    }
    lines.extend(finding.notes.iter().cloned());
    lines.extend(finding.patch.iter().map(|patch| format!("help: {}", patch.title)));
    lines.extend(finding.help.iter().map(|help| format!("help: {help}")));
    lines.join("\n")
}

fn message(text: &str) -> String {
    printable(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}
