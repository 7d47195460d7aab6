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
