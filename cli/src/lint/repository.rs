//! Builds a repository of the files that could be parsed, and a finding for each other file.

use std::collections::BTreeSet;

use slug_workflow::document::Unreadable;
use slug_workflow::repository::Repository;

use super::input::Input;
use super::linter::Linter;
use super::mask::{self, Secrets};
use crate::codes::{Command, UNREADABLE_FILE};
use crate::findings::{Coverage, Finding, Report, Source, SourceId, Sources, Span};

/// The files of one run.
pub struct Files {
    /// The files that could be parsed.
    pub repository: Repository,
    /// The source in the report of each parsed file.
    pub sources: Vec<SourceId>,
}

/// Builds the repository and starts a report with the texts of all files, without the secrets that the
/// policies of a linter know.
pub fn of_inputs(inputs: &[Input], linter: &Linter<'_>) -> (Report, Files) {
    let mut report = Report::new(Command::Lint);
    let mut sources = Vec::new();
    let parsed = inputs.iter().filter_map(|input| input.parsed.clone().ok()).collect();
    let repository = Repository::new(parsed);
    let secrets = Secrets::of(&repository, &linter.keys, |uses, input| linter.is_secret_input(uses, input));
    let names = linter.secret_names();
    for Input { path, text, parsed, .. } in inputs {
        let text = text.as_deref().unwrap_or_default();
        let shown = match parsed {
            Ok(_) => secrets.masked(sources.len(), text),
            Err(_) => mask::masked(text, &names),
        };
        let source = report.sources.add(Source { path: path.clone(), text: shown });
        match parsed {
            Ok(_) => sources.push(source),
            Err(error) => {
                report.findings.push(unreadable(&report.sources, source, error));
                report.coverage = Coverage::Incomplete;
            }
        }
    }
    report.secrets.extend(secrets.texts);
    (report, Files { repository, sources })
}

fn unreadable(sources: &Sources, source: SourceId, error: &Unreadable) -> Finding {
    let byte = error.byte;
    let line = sources.line_range(source, sources.line_number(source, byte));
    // An error at the end of a line has an empty range there.
    let text = &sources.get(source).text;
    let next = text[byte..].chars().next().filter(|next| *next != '\n').map_or(0, char::len_utf8);
    let range = if next == 0 { byte.min(line.end)..byte.min(line.end) } else { byte..byte + next };
    Finding::new(&UNREADABLE_FILE, Span { source, range }, error.message.clone())
}

/// Maximum missing workflows that the notice names.
const CALLS_SHOWN: usize = 3;

/// A notice about called workflows that are not among the files; None if there are none.
#[must_use]
pub fn unchecked_workflows_notice(paths: &BTreeSet<String>) -> Option<String> {
    let shown: Vec<String> = paths.iter().take(CALLS_SHOWN).map(|path| format!("`{path}`")).collect();
    let more = match paths.len().saturating_sub(CALLS_SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let (is, was) = if paths.len() == 1 { ("is", "was") } else { ("are", "were") };
    (!paths.is_empty()).then(|| format!("{}{more} {is} called but {was} not checked", shown.join(", ")))
}
