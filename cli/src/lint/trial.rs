//! What must hold of linting, whatever the file: for fuzzing, which puts texts to it, and
//! for random testing, which puts workflows to it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use slug_laws::Violation;
use slug_resolver::{Policy, Registry};

use super::{Input, Linter, patch};
use crate::findings::{Finding, Report, Span};
use crate::render::counted;

static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::embedded);
static POLICIES: LazyLock<Vec<Policy>> = LazyLock::new(Policy::all_embedded);

/// Another file of the same repository: it has one finding of its own.
const NEIGHBOUR: &str = "on: push\nenv: {E2E_RUNTIME: claude-code}\njobs:\n  x:\n    steps:\n      - run: bash tests/e2e/test_staging_full_saas.sh\n";

/// Lints a file by the embedded data: what was found, in words.
///
/// # Errors
///
/// What does not hold.
pub fn holds(text: &str) -> Result<String, Violation> {
    let linter = Linter::new(&REGISTRY, &POLICIES);
    let file = Input::new("a/.github/workflows/file.yml", text);
    let report = linter.report(std::slice::from_ref(&file));
    for finding in &report.findings {
        points_into_the_file(&report, finding)?;
        mends(&linter, &file, &report, finding)?;
    }
    let neighbour = Input::new("b/.github/workflows/neighbour.yml", NEIGHBOUR);
    let one_way = shown(&linter.report(&[file.clone(), neighbour.clone()]));
    if one_way != shown(&linter.report(&[neighbour, file])) {
        return Err("the order of the files makes a difference".to_owned());
    }
    let alone = shown(&report);
    if !alone.is_subset(&one_way) || one_way.len() != alone.len() + 1 {
        return Err("a file of another repository makes a difference".to_owned());
    }
    Ok(counted(report.findings.len() as u64, "finding"))
}

/// Every place is in the file, and the caret at a variable is at its name.
fn points_into_the_file(report: &Report, finding: &Finding) -> Result<(), Violation> {
    let edits = finding.patch.iter().flat_map(|patch| &patch.edits).map(|edit| &edit.span);
    let labels = finding.labels.iter().map(|label| &label.span);
    for Span { source, range } in labels.chain(edits).chain([&finding.primary.span]) {
        if report.sources.get(*source).text.get(range.clone()).is_none() {
            return Err(format!("{} points at {range:?}, which is no part of the file", finding.code.id));
        }
    }
    let variable = finding.subject.iter().find(|(what, name)| *what == "variable" && !name.is_empty());
    let there = report.sources.slice(&finding.primary.span);
    match variable {
        // In quotes a name may be written with escapes.
        Some((_, name)) if there != name && !there.starts_with(['"', '\'']) && there != "run" => {
            Err(format!("the caret is at {there:?} and not at {name:?}"))
        }
        _ => Ok(()),
    }
}

/// A patch mends its finding and brings no other.
fn mends(linter: &Linter<'_>, file: &Input, report: &Report, finding: &Finding) -> Result<(), Violation> {
    let (Some(patch), Ok(text)) = (&finding.patch, &file.text) else { return Ok(()) };
    let patched = Input::new(file.path.clone(), patch::applied(text, &patch.edits));
    let after = counts(&linter.report(&[patched]).findings);
    let before = counts(&report.findings);
    let mended = identity(finding);
    let allowed = |what: &String| before.get(what).map_or(0, |count| count - usize::from(*what == mended));
    if after.iter().any(|(what, count)| *count > allowed(what)) {
        return Err(format!("the patch `{}` leaves {after:?} of {before:?}", patch.title));
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
    format!("{} {:?}", finding.code.id, finding.about_what())
}

/// The findings of a report, whatever their order.
fn shown(report: &Report) -> BTreeSet<String> {
    let place = |span: &Span| format!("{} {:?}", report.sources.path(span), span.range);
    let finding = |finding: &Finding| {
        let labels: Vec<String> = finding.labels.iter().map(|label| place(&label.span) + &label.text).collect();
        let patch = finding.patch.as_ref().map(|patch| &patch.title);
        let Finding { code, title, notes, help, subject, .. } = finding;
        format!("{} {code:?} {title} {labels:?} {notes:?} {help:?} {patch:?} {subject:?}", place(&finding.primary.span))
    };
    report.findings.iter().map(finding).collect()
}
