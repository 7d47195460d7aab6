//! From the files of one run to a repository of those that can be read, and a finding for
//! each of the others.

use std::collections::BTreeSet;

use slug_workflow::document::Unreadable;
use slug_workflow::repository::Repository;

use super::input::Input;
use super::mask;
use crate::codes::{Command, UNREADABLE_FILE};
use crate::findings::{Coverage, Finding, Report, Source, SourceId, Sources, Span};

/// The files of one run.
pub struct Files {
    /// The files that could be parsed.
    pub repository: Repository,
    /// Where the report shows each of them.
    pub sources: Vec<SourceId>,
}

/// Puts the files together, and starts a report that shows their texts with the values of
/// these keys masked.
pub fn of_inputs(inputs: &[Input], keys: &BTreeSet<&str>) -> (Report, Files) {
    let mut report = Report::new(Command::Lint);
    let (mut files, mut sources) = (Vec::new(), Vec::new());
    for Input { path, text, parsed, .. } in inputs {
        let text = text.as_deref().unwrap_or_default();
        let shown = mask::masked(text, parsed.as_ref().ok().map(|file| &*file.workflow), keys);
        let source = report.sources.add(Source { path: path.clone(), text: shown });
        match parsed {
            Ok(file) => {
                files.push(file.clone());
                sources.push(source);
            }
            Err(error) => {
                report.findings.push(unreadable(&report.sources, source, error));
                report.coverage = Coverage::Incomplete;
            }
        }
    }
    (report, Files { repository: Repository::new(files), sources })
}

fn unreadable(sources: &Sources, source: SourceId, error: &Unreadable) -> Finding {
    let byte = error.byte;
    let line = sources.line_range(source, sources.line_number(source, byte));
    // A place at the end of a line is shown on its last character.
    let text = &sources.get(source).text;
    let next = text[byte..].chars().next().filter(|next| *next != '\n').map_or(0, char::len_utf8);
    let range = if next == 0 { byte.min(line.end)..byte.min(line.end) } else { byte..byte + next };
    Finding::new(&UNREADABLE_FILE, Span { source, range }, error.message.clone())
}

/// Missing workflows that a remark names.
const CALLS_SHOWN: usize = 3;

/// The remark on called workflows that are not among the files.
#[must_use]
pub fn missing_calls(paths: &BTreeSet<String>) -> Option<String> {
    let shown: Vec<String> = paths.iter().take(CALLS_SHOWN).map(|path| format!("`{path}`")).collect();
    let more = match paths.len().saturating_sub(CALLS_SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let (is, it) = if paths.len() == 1 { ("is", "it") } else { ("are", "them") };
    (!paths.is_empty())
        .then(|| format!("{}{more} {is} called and not read, so nothing is said of {it}", shown.join(", ")))
}
