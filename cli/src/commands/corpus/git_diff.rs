//! Files that changed since a git revision.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use super::review_item::Change;
use crate::exit::{Failure, describe};
use crate::render::printable;

/// Changed files, as paths from the root of the corpus.
#[derive(Default)]
pub struct Changes {
    /// Files that were added or changed.
    pub present: BTreeMap<String, Change>,
    /// Files that were removed.
    pub removed: Vec<String>,
    /// The commit to compare with.
    base: String,
}

impl Changes {
    /// The content of a changed file before the change.
    ///
    /// # Errors
    ///
    /// git fails.
    pub fn content_before(&self, root: &Path, path: &str) -> Result<Vec<u8>, Failure> {
        // Unlike `git show`, this runs no filter.
        run_git(root, &["cat-file", "blob", &format!("{}:./{path}", self.base)])
    }
}

/// Returns the differences between the working@corpus and its merge base with a revision.
///
/// # Errors
///
/// git fails, or the revision does not exist or has no common commit with `HEAD`.
pub fn changes(root: &Path, revision: &str) -> Result<Changes, Failure> {
    // git would interpret a revision that starts with `-` as an option.
    if revision.is_empty() || revision.starts_with('-') {
        return Err(Failure::new(format!("`{revision}` is not a revision; name a branch, a tag or a commit")));
    }
    let name = printable(revision);
    let commit = git(root, &["rev-parse", "--verify", "--end-of-options", &format!("{revision}^{{commit}}")])
        .map_err(|failure| Failure::new(format!("cannot find the revision `{name}`: {failure}")))?;
    let base = git(root, &["merge-base", commit.trim(), "HEAD"]).map_err(|_| {
        Failure::new(format!(
            "HEAD and `{name}` have no commit in common here; in a shallow clone run `git fetch --unshallow` first"
        ))
    })?;
    let mut changes = Changes { base: base.trim().to_owned(), ..Changes::default() };
    let differences =
        git(root, &["diff", "--relative", "--name-status", "--no-renames", "-z", base.trim(), "--", "."])?;
    let mut words = differences.split('\0');
    while let (Some(status), Some(path)) = (words.next(), words.next()) {
        if status == "D" {
            changes.removed.push(path.to_owned());
        } else {
            let change = if status == "A" { Change::Added } else { Change::Changed };
            changes.present.insert(path.to_owned(), change);
        }
    }
    let untracked = git(root, &["ls-files", "--others", "--exclude-standard", "-z", "--", "."])?;
    for path in untracked.split('\0').filter(|path| !path.is_empty()) {
        let known = changes.removed.iter().any(|removed| removed == path);
        let change = if known { Change::Changed } else { Change::Added };
        changes.present.insert(path.to_owned(), change);
    }
    // A file that was removed only from the index still exists.
    changes.removed.retain(|path| !changes.present.contains_key(path));
    Ok(changes)
}

fn git(root: &Path, args: &[&str]) -> Result<String, Failure> {
    Ok(String::from_utf8_lossy(&run_git(root, args)?).into_owned())
}

fn run_git(root: &Path, args: &[&str]) -> Result<Vec<u8>, Failure> {
    let output =
        Command::new("git").arg("-C").arg(root).args(args).output().map_err(|error| {
            Failure::new(format!("cannot run git: {}; install it, or omit --since", describe(&error)))
        })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().next().unwrap_or("no message").trim_start_matches("fatal: ");
        let said = printable(said);
        return Err(Failure::new(format!("git failed: {said}; check the revision and the checkout")));
    }
    Ok(output.stdout)
}
