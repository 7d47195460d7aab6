//! What must hold of linting a workflow file, whatever is in it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use slug_laws::Violation;

/// Lints workflow files.
pub trait Linter {
    /// Everything that it finds in some files.
    fn lint(&self, files: &[File<'_>]) -> Vec<Finding>;

    /// A file with one finding of its own, in words that no other file changes.
    fn neighbour(&self) -> &str;
}

/// A workflow file.
#[derive(Clone, Copy)]
pub struct File<'a> {
    /// Its path.
    pub path: &'a str,
    /// Its text.
    pub text: &'a str,
}

/// What an oracle looks at in a finding.
pub struct Finding {
    /// Its code.
    pub code: String,
    /// What it is about: with the code, the same before and after an edit elsewhere.
    pub about: String,
    /// Where the caret is.
    pub caret: Place,
    /// Every other place that it points at or edits.
    pub places: Vec<Place>,
    /// The variable that it is about, if it is about one.
    pub variable: Option<String>,
    /// Everything that it says, with its places.
    pub shown: String,
    /// The title of its patch, and the text of the file with the patch made.
    pub patch: Option<(String, String)>,
}

/// A stretch of a file.
pub struct Place {
    /// The bytes.
    pub range: Range<usize>,
    /// The text there; none if they are outside the file or cut a character.
    pub text: Option<String>,
}

/// Checks the findings in a file; returns how many there are.
///
/// Every place is in the file, the caret at a variable is at its name, a patch removes its
/// finding and adds none, and neither the order of files nor a file of another repository
/// makes a difference.
///
/// # Errors
///
/// What does not hold.
pub fn check_linting(linter: &dyn Linter, text: &str) -> Result<usize, Violation> {
    let file = File { path: "a/.github/workflows/file.yml", text };
    let findings = linter.lint(&[file]);
    for finding in &findings {
        check_places(finding)?;
        check_patch(linter, file, &findings, finding)?;
    }
    check_independence(linter, file, &findings)?;
    Ok(findings.len())
}

fn check_places(finding: &Finding) -> Result<(), Violation> {
    for Place { range, text } in finding.places.iter().chain([&finding.caret]) {
        if text.is_none() {
            return Err(format!("{} points at {range:?}, which is no part of the file", finding.code));
        }
    }
    let there = finding.caret.text.as_deref().unwrap_or_default();
    match &finding.variable {
        // In quotes a name may be written with escapes.
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
        return Err(format!("the patch `{title}` leaves {after:?} of {before:?}"));
    }
    Ok(())
}

fn check_independence(linter: &dyn Linter, file: File<'_>, findings: &[Finding]) -> Result<(), Violation> {
    let neighbour = File { path: "b/.github/workflows/neighbour.yml", text: linter.neighbour() };
    let one_way = shown(&linter.lint(&[file, neighbour]));
    if one_way != shown(&linter.lint(&[neighbour, file])) {
        return Err("the order of the files makes a difference".to_owned());
    }
    let alone = shown(findings);
    if !alone.is_subset(&one_way) || one_way.len() != alone.len() + 1 {
        return Err("a file of another repository makes a difference".to_owned());
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

/// What is shown of some findings, whatever their order.
fn shown(findings: &[Finding]) -> BTreeSet<String> {
    findings.iter().map(|finding| finding.shown.clone()).collect()
}
