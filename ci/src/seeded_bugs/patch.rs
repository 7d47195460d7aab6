//! The patches that plant bugs, one per file. The text above the diff describes the bug.

use std::path::{Path, PathBuf};

use crate::checkout;
use crate::failure::{Result, error};
use crate::process::Process;

/// The directory of the patches.
pub const DIR: &str = "ci/bugs";

/// The names of all bugs, sorted.
pub fn names() -> Result<Vec<String>> {
    let name = |file: &PathBuf| Some(file.file_name()?.to_str()?.strip_suffix(".patch")?.to_owned());
    Ok(checkout::entries(Path::new(DIR))?.iter().filter_map(name).collect())
}

/// The patch file of a bug.
pub fn file(bug: &str) -> PathBuf {
    Path::new(DIR).join(format!("{bug}.patch"))
}

/// The crates of the linter and of the other commands, and the comparison of `diff`. Their bugs are not in what the
/// laws of single cases are about.
const LINTER: [&str; 8] = [
    "cli/",
    "crates/function/",
    "crates/import/",
    "crates/laws/src/comparison.rs",
    "crates/pins/",
    "crates/shell/",
    "crates/value/",
    "crates/workflow/",
];

/// True if a patch plants a bug in the linter.
pub fn is_of_linter(patch: &str) -> bool {
    let mut files = patch.lines().filter_map(|line| line.strip_prefix("+++ b/"));
    files.any(|file| LINTER.iter().any(|part| file.starts_with(part)))
}

/// Fails unless each patch applies to the current code.
pub fn check(bugs: &[String]) -> Result {
    for bug in bugs {
        let mut check = Process::new("git").args(["apply", "--check"]).arg(file(bug));
        let output = check.output()?;
        if !output.status.success() {
            return error(format!(
                "{}`{check}` failed; plant the bug again by hand and replace the diff by `git diff -U1`",
                String::from_utf8_lossy(&output.stderr)
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::is_of_linter;

    #[test]
    fn bug_is_of_the_linter_by_its_file() {
        let patch = |file: &str| format!("what it is\n\ndiff --git a/{file} b/{file}\n--- a/{file}\n+++ b/{file}\n");
        assert!(is_of_linter(&patch("crates/workflow/src/job.rs")) && is_of_linter(&patch("cli/src/lint/mask.rs")));
        assert!(!is_of_linter(&patch("resolver/src/fix.rs")) && !is_of_linter(&patch("crates/yaml/src/tree.rs")));
    }
}
