//! Runs git and finds revisions.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::exit::{Failure, describe};
use crate::render::printable;

/// A git command in a directory, without locks of files.
pub fn command(root: &Path, args: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.arg("--no-optional-locks").arg("-C").arg(root).args(args).stdin(Stdio::null());
    command
}

/// The output of a git command. `remedy` says what to do without git.
///
/// # Errors
///
/// git is missing or fails.
pub fn output(root: &Path, args: &[&str], remedy: &str) -> Result<Vec<u8>, Failure> {
    let output = command(root, args)
        .output()
        .map_err(|error| Failure::new(format!("cannot run git: {}; install it, or {remedy}", describe(&error))))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = printable(said.lines().next().unwrap_or("no message").trim_start_matches("fatal: "));
        return Err(Failure::new(format!("git failed: {said}; check the revision and the checkout")));
    }
    Ok(output.stdout)
}

/// The output of a git command as text.
///
/// # Errors
///
/// git is missing or fails.
pub fn text(root: &Path, args: &[&str], remedy: &str) -> Result<String, Failure> {
    Ok(String::from_utf8_lossy(&output(root, args, remedy)?).into_owned())
}

/// The commit of a revision.
///
/// # Errors
///
/// The text is not a revision, or the revision does not exist here.
pub fn commit(root: &Path, revision: &str, remedy: &str) -> Result<String, Failure> {
    // git would interpret a revision that starts with `-` as an option.
    if revision.is_empty() || revision.starts_with('-') {
        let name = printable(revision);
        return Err(Failure::new(format!("`{name}` is not a revision; name a branch, a tag or a commit")));
    }
    let name = printable(revision);
    let args = ["rev-parse", "--verify", "--end-of-options", &format!("{revision}^{{commit}}")];
    let found = text(root, &args, remedy);
    found
        .map(|commit| commit.trim().to_owned())
        .map_err(|failure| Failure::new(format!("cannot find the revision `{name}`: {failure}")))
}
