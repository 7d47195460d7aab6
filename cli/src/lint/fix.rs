//! `--fix`: makes the suggested edits, round by round, until there are none.

use std::collections::{BTreeMap, BTreeSet};

use crate::args::LintArgs;
use crate::exit::{Exit, Failure};
use crate::findings::{Edit, write_whole};
use crate::output::{Output, counted};

use super::{Input, Linter, patch};

/// Rounds of edits. Each mends something and breaks nothing, so few are needed.
const ROUNDS: usize = 100;

/// Makes the edits of every finding that counts, writes the files, and reports what is left.
pub fn run(linter: &Linter<'_>, mut inputs: Vec<Input>, args: &LintArgs, output: &mut Output) -> Result<Exit, Failure> {
    if args.paths.iter().any(|path| path.as_os_str() == "-") {
        return Err(Failure::new("--fix edits files, and standard input is none; name the file"));
    }
    let original: Vec<Input> = inputs.clone();
    let mut mended = 0;
    for _ in 0..ROUNDS {
        let report = linter.report(&inputs);
        let open = report.clone().open(&args.findings)?;
        let mut edits: BTreeMap<String, Vec<Edit>> = BTreeMap::new();
        for finding in open.iter().filter(|finding| finding.level.counts()) {
            let Some(patch) = &finding.patch else { continue };
            let path = report.sources.path(&finding.primary.span).to_owned();
            let edits = edits.entry(path).or_default();
            // One edit of a file at a time: the next round sees what it has changed.
            if edits.is_empty() {
                edits.extend(patch.edits.iter().cloned());
                mended += 1;
            }
        }
        if edits.is_empty() {
            break;
        }
        for input in &mut inputs {
            if let (Some(edits), Ok(text)) = (edits.get(&input.path), &mut input.text) {
                *text = patch::applied(text, edits);
            }
        }
    }
    let mut written = BTreeSet::new();
    for (input, before) in inputs.iter().zip(&original) {
        if let (Ok(text), Some(file), true) = (&input.text, &input.file, input != before) {
            write_whole(file, text.as_bytes())?;
            written.insert(&input.path);
        }
    }
    let mut report = linter.report(&inputs);
    if mended > 0 {
        report.remarks.push(format!(
            "made {} in {}; review the diff",
            counted(mended as u64, "edit"),
            counted(written.len() as u64, "file")
        ));
    }
    report.finish(&args.findings, output)
}
