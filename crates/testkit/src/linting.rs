//! Oracle for linting a workflow file with any content.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use slug_laws::Violation;

/// Lints workflow files.
pub trait Linter {
    /// All findings in these files.
    fn lint(&self, files: &[File<'_>]) -> Vec<Finding>;

    /// The text of a file with one finding whose message does not depend on other files.
    fn neighbour(&self) -> &str;
}

/// A workflow file.
#[derive(Clone, Copy)]
pub struct File<'a> {
    /// The path.
    pub path: &'a str,
    /// The content.
    pub text: &'a str,
}

/// The parts of a finding that the oracle checks.
pub struct Finding {
    /// The code.
    pub code: String,
    /// Identifies the finding, together with the code; an edit elsewhere does not change it.
    pub about: String,
    /// The location of the caret.
    pub caret: Location,
    /// Every other location that the finding points at or edits.
    pub locations: Vec<Location>,
    /// The variable that the finding reports, if any.
    pub variable: Option<String>,
    /// The whole output of the finding, with its locations.
    pub shown: String,
    /// The title of the patch, and the content of the file with the patch applied.
    pub patch: Option<(String, String)>,
}

/// A range of a file.
pub struct Location {
    /// The byte range.
    pub range: Range<usize>,
    /// The text of the range; `None` if the range is outside the file or splits a character.
    pub text: Option<String>,
}

/// Checks the findings in a file; returns their number.
///
/// Every location is in the file, the caret of a variable is at its name, a patch removes its
/// finding and adds none, and neither the order of files nor a file of another repository
/// changes a finding.
///
/// # Errors
///
/// The violated property.
pub fn check_linting(linter: &dyn Linter, text: &str) -> Result<usize, Violation> {
    let file = File { path: "a/.github/workflows/file.yml", text };
    let findings = linter.lint(&[file]);
    for finding in &findings {
        check_locations(finding)?;
        check_patch(linter, file, &findings, finding)?;
    }
    check_independence(linter, file, &findings)?;
    Ok(findings.len())
}

fn check_locations(finding: &Finding) -> Result<(), Violation> {
    for Location { range, text } in finding.locations.iter().chain([&finding.caret]) {
        if text.is_none() {
            return Err(format!("{} points at {range:?}, which is not in the file", finding.code));
        }
    }
    let there = finding.caret.text.as_deref().unwrap_or_default();
    match &finding.variable {
        // A quoted name may contain escapes.
        Some(name) if there != name && !there.starts_with(['"', '\'']) && there != "run" => {
            Err(format!("the caret is at {there:?} and not at {name:?}"))
        }
        _ => Ok(()),
    }
}

fn check_patch(linter: &dyn Linter, file: File<'_>, findings: &[Finding], finding: &Finding) -> Result<(), Violation> {
    let Some((title, text)) = &finding.patch else { return Ok(()) };
    let after = counts(&linter.lint(&[File { text, ..file }]));
    let before = counts(findings);
    let fixed = identity(finding);
    let allowed = |what: &String| before.get(what).map_or(0, |count| count - usize::from(*what == fixed));
    if after.iter().any(|(what, count)| *count > allowed(what)) {
        return Err(format!("the patch `{title}` changes the findings from {before:?} to {after:?}"));
    }
    Ok(())
}

fn check_independence(linter: &dyn Linter, file: File<'_>, findings: &[Finding]) -> Result<(), Violation> {
    let neighbour = File { path: "b/.github/workflows/neighbour.yml", text: linter.neighbour() };
    let one_way = shown(&linter.lint(&[file, neighbour]));
    if one_way != shown(&linter.lint(&[neighbour, file])) {
        return Err("the order of the files changes the findings".to_owned());
    }
    let alone = shown(findings);
    if !alone.is_subset(&one_way) || one_way.len() != alone.len() + 1 {
        return Err("a file of another repository changes the findings".to_owned());
    }
    Ok(())
}

fn counts(findings: &[Finding]) -> BTreeMap<String, usize> {
    findings.iter().map(identity).fold(BTreeMap::new(), |mut counts, what| {
        *counts.entry(what).or_default() += 1;
        counts
    })
}

fn identity(finding: &Finding) -> String {
    format!("{} {}", finding.code, finding.about)
}

/// The outputs of the findings, in any order.
fn shown(findings: &[Finding]) -> BTreeSet<String> {
    findings.iter().map(|finding| finding.shown.clone()).collect()
}
