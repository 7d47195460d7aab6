//! Files that changed since a git revision.

use std::collections::BTreeMap;
use std::path::Path;

use super::review_item::Change;
use crate::exit::Failure;
use crate::git;
use crate::render::printable;

/// What to do without git.
const REMEDY: &str = "omit --since";

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
        git::output(root, &["cat-file", "blob", &format!("{}:./{path}", self.base)], REMEDY)
    }
}

/// Returns the differences between the working corpus and its merge base with a revision.
///
/// # Errors
///
/// git fails, or the revision does not exist or has no common commit with `HEAD`.
pub fn changes(root: &Path, revision: &str) -> Result<Changes, Failure> {
    let name = printable(revision);
    let commit = git::commit(root, revision, REMEDY)?;
    let base = git::text(root, &["merge-base", &commit, "HEAD"], REMEDY).map_err(|_| {
        Failure::new(format!(
            "HEAD and `{name}` have no commit in common here; in a shallow clone run `git fetch --unshallow` first"
        ))
    })?;
    let mut changes = Changes { base: base.trim().to_owned(), ..Changes::default() };
    let differences = git::text(
        root,
        &["diff", "--relative", "--name-status", "--no-renames", "-z", base.trim(), "--", "."],
        REMEDY,
    )?;
    let mut words = differences.split('\0');
    while let (Some(status), Some(path)) = (words.next(), words.next()) {
        if status == "D" {
            changes.removed.push(path.to_owned());
        } else {
            let change = if status == "A" { Change::Added } else { Change::Changed };
            changes.present.insert(path.to_owned(), change);
        }
    }
    let untracked = git::text(root, &["ls-files", "--others", "--exclude-standard", "-z", "--", "."], REMEDY)?;
    for path in untracked.split('\0').filter(|path| !path.is_empty()) {
        let known = changes.removed.iter().any(|removed| removed == path);
        let change = if known { Change::Changed } else { Change::Added };
        changes.present.insert(path.to_owned(), change);
    }
    // A file that was removed only from the index still exists.
    changes.removed.retain(|path| !changes.present.contains_key(path));
    Ok(changes)
}
