//! `--fix`: applies the suggested edits in rounds until none remains.

use std::collections::BTreeMap;
use std::path::Path;

use crate::codes::UNUSED_ACCEPT;
use crate::exit::Failure;
use crate::findings::{Edit, Finding, FindingsOptions, Report};
use crate::io::{read_text_file, write_whole};
use crate::render::counted;
use slug_workflow::document::FILE_BYTES;
use slug_workflow::repository::Parser;

use super::input::Input;
use super::linter::Linter;
use super::patch;

/// Applies the edits of every finding of a report that counts, writes the files, and reports the remaining
/// findings. A file that changed since it was read is left alone.
///
/// # Errors
///
/// Fails if the baseline cannot be read, or if a file has changed or cannot be written. The other files are
/// written, and the message names them.
pub fn run(
    linter: &Linter<'_>,
    inputs: Vec<Input>,
    report: Report,
    options: &FindingsOptions,
) -> Result<Report, Failure> {
    let mut round = Round { report, inputs: inputs.clone(), applied: Vec::new() };
    // Each round has fewer findings than the one before, so the loop ends.
    while let Some(next) = round.next(linter, &round.patched(options)?) {
        round = next;
    }
    let Round { inputs: edited, mut report, applied } = round;
    let (mut written, mut problems) = (Vec::new(), Vec::new());
    for (input, before) in edited.iter().zip(&inputs) {
        if let (Ok(text), Some(file), true) = (&input.text, &input.file, input.text != before.text) {
            match write(file, before, text) {
                Ok(()) => written.push(format!("`{}`", input.path)),
                Err(problem) => problems.push(problem),
            }
        }
    }
    if !problems.is_empty() {
        let written = match written.as_slice() {
            [] if problems.len() == 1 => String::new(),
            [] => "; no file was written".to_owned(),
            written => format!("; written: {}", written.join(", ")),
        };
        return Err(Failure::new(format!("{}{written}", problems.join("; "))));
    }
    let left = report.clone().triage(options)?.open.iter().filter(|finding| finding.level.counts()).count();
    let left = match (left, applied.is_empty()) {
        (0, true) => Some("--fix changed nothing: nothing needs a fix".to_owned()),
        (0, false) => None,
        (1, true) => {
            Some("--fix changed nothing: the finding has no edit that is safe to make without asking".to_owned())
        }
        (_, true) => {
            Some("--fix changed nothing: no finding has an edit that is safe to make without asking".to_owned())
        }
        (1, false) => Some("--fix left 1 finding, which has no edit that is safe to make without asking".to_owned()),
        (left, false) => {
            Some(format!("--fix left {left} findings, which have no edit that is safe to make without asking"))
        }
    };
    report.notices.extend(left);
    add_notices(&mut report, applied, written.len());
    Ok(report)
}

/// Adds the notices about edits of a number of files.
pub fn add_notices(report: &mut Report, applied: Vec<String>, files: usize) {
    if applied.is_empty() {
        return;
    }
    let made = counted(applied.len() as u64, "edit");
    report.notices.extend(applied.into_iter().take(EDITS_SHOWN));
    report.notices.push(format!(
        "made {made} in {}; an edit changes the model and may change who pays, so review the diff",
        counted(files as u64, "file")
    ));
}

/// Writes the text of a file unless the file changed since it was read.
fn write(file: &Path, before: &Input, text: &str) -> Result<(), String> {
    if read_text_file(file, FILE_BYTES).as_ref() != before.text.as_ref() {
        let path = &before.path;
        return Err(format!("`{path}` changed since it was read, so it is left alone; run the command again"));
    }
    write_whole(file, text.as_bytes()).map_err(|failure| failure.to_string())
}

/// Maximum edits that are listed individually.
const EDITS_SHOWN: usize = 20;

/// The state of the files after some rounds.
struct Round {
    inputs: Vec<Input>,
    report: Report,
    /// The applied patches: path of the file and title.
    applied: Vec<String>,
}

impl Round {
    /// The findings that count and have a patch; for each file, only non-overlapping patches.
    fn patched(&self, options: &FindingsOptions) -> Result<Vec<Finding>, Failure> {
        let mut by_path: BTreeMap<String, Vec<Finding>> = BTreeMap::new();
        for finding in self.report.clone().triage(options)?.open {
            if finding.level.counts() && finding.patch.is_some() {
                by_path.entry(self.report.sources.path(&finding.primary.span).to_owned()).or_default().push(finding);
            }
        }
        let together = |findings| patch::non_overlapping(findings, |finding: &Finding| finding.patch.as_ref()).0;
        Ok(by_path.into_values().flat_map(together).collect())
    }

    /// Applies patches and returns the next round. Each patch is valid alone, but two can
    /// conflict, so a set that leaves a finding or adds one is bisected.
    fn next(&self, linter: &Linter<'_>, patched: &[Finding]) -> Option<Self> {
        if patched.is_empty() {
            return None;
        }
        let inputs = self.edited(patched, linter.parser());
        let report = linter.report(&inputs);
        if removes_findings(&self.report, &report, patched) {
            let done = patched.iter().filter_map(|finding| {
                let path = self.report.sources.path(&finding.primary.span);
                Some(format!("{path}: {}", finding.patch.as_ref()?.title))
            });
            return Some(Self { inputs, report, applied: self.applied.iter().cloned().chain(done).collect() });
        }
        let (first, second) = patched.split_at(patched.len() / 2);
        if first.is_empty() {
            return None;
        }
        self.next(linter, first).or_else(|| self.next(linter, second))
    }

    fn edited(&self, patched: &[Finding], parser: &Parser) -> Vec<Input> {
        let mut edits: BTreeMap<&str, Vec<&Edit>> = BTreeMap::new();
        for finding in patched {
            let path = self.report.sources.path(&finding.primary.span);
            edits.entry(path).or_default().extend(finding.patch.iter().flat_map(|patch| &patch.edits));
        }
        let mut inputs = self.inputs.clone();
        for input in &mut inputs {
            if let (Some(edits), Ok(text)) = (edits.get(input.path.as_str()), &input.text) {
                *input = input.with_text(patch::applied(text, edits.iter().copied()), parser);
            }
        }
        inputs
    }
}

/// True if the patched findings are gone and no new finding was added.
fn removes_findings(before: &Report, after: &Report, patched: &[Finding]) -> bool {
    let count = |report: &Report, findings: &mut dyn Iterator<Item = &Finding>| {
        let mut counts: BTreeMap<(String, &str, Vec<String>), usize> = BTreeMap::new();
        // A fix may leave an entry of slugproof.yaml unused, which is not a reason to reject it.
        for finding in findings.filter(|finding| finding.code != &UNUSED_ACCEPT) {
            let path = report.sources.path(&finding.primary.span).to_owned();
            *counts.entry((path, finding.code.id, finding.stable_subject())).or_default() += 1;
        }
        counts
    };
    let patched = count(before, &mut patched.iter());
    let allowed = count(before, &mut before.findings.iter());
    count(after, &mut after.findings.iter()).iter().all(|(what, left)| {
        let gone = patched.get(what).copied().unwrap_or_default();
        allowed.get(what).is_some_and(|allowed| *left + gone <= *allowed)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use slug_resolver::{Policy, Registry};

    const CALLER: &str = "on: push\njobs:\n  x:\n    uses: ./.github/workflows/called.yml\n";
    const CALLED: &str = "on: workflow_call\njobs:\n  x:\n    steps:\n      - run: make\n";
    const WRONG: &str = "\
on: push
jobs:
  x:
    env: {E2E_RUNTIME: claude-code, E2E_MINIMAX_API_KEY: x, E2E_MODEL_SLUG: 'minimax:none'}
    steps:
      - run: bash tests/e2e/test_staging_full_saas.sh
";

    #[test]
    fn rounds_parse_each_distinct_text_once() {
        let (registry, policies) = (Registry::embedded(), Policy::all_embedded());
        let linter = Linter::new(&registry, &policies);
        let files = [("caller.yml", CALLER), ("called.yml", CALLED), ("wrong.yml", WRONG), ("copy.yml", WRONG)];
        let input = |(name, text): (&str, &str)| {
            Input::new(format!(".github/workflows/{name}"), "").with_text(text.to_owned(), linter.parser())
        };
        let inputs = files.map(input).to_vec();
        assert_eq!(linter.parser().parsed(), 3);
        // Each file with a finding is patched, and the patched text is the same in both files.
        let mut round = Round { report: linter.report(&inputs), inputs, applied: Vec::new() };
        assert_eq!(linter.parser().parsed(), 4);
        while let Some(next) = round.next(&linter, &round.patched(&FindingsOptions::default()).unwrap()) {
            round = next;
        }
        assert_eq!(round.applied.len(), 2);
        assert_eq!(linter.parser().parsed(), 4);
    }
}
