//! The patches that plant bugs, one per file. The text above the diff describes the bug.

use std::collections::BTreeSet;
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

/// What is outside the resolver: the start of the paths, and the package with the tests. The laws do not test it.
pub const OUTSIDE_RESOLVER: [(&str, &str); 18] = [
    (".github/", "ci"),
    ("Dockerfile", "ci"),
    ("action.yml", "ci"),
    ("ci/src/", "ci"),
    ("cli/", "slugproof"),
    ("crates/function/", "slug-function"),
    ("crates/import/", "slug-import"),
    ("crates/laws/src/comparison.rs", "slug-laws"),
    ("crates/laws/src/enumeration/", "slug-laws"),
    ("crates/lines/", "slug-lines"),
    ("crates/pins/", "slug-pins"),
    ("crates/protocol/", "slug-protocol"),
    ("crates/redact/", "slug-redact"),
    ("crates/shell/", "slug-shell"),
    ("crates/testkit/", "slug-testkit"),
    ("crates/value/", "slug-value"),
    ("crates/workflow/", "slug-workflow"),
    ("packages/", "ci"),
];

/// True if a patch changes a crate outside the resolver.
pub fn is_outside_resolver(patch: &str) -> bool {
    !changed_packages(patch).is_empty()
}

/// The packages outside the resolver that a patch changes.
pub fn changed_packages(patch: &str) -> Vec<&'static str> {
    packages_outside_resolver(|start| changed_files(patch).any(|file| file.starts_with(start)))
}

/// The names of the modules that a patch changes, and of the modules around them: parts of the names of their tests.
pub fn changed_modules(patch: &str) -> BTreeSet<&str> {
    let modules = changed_files(patch).filter_map(|file| Some(file.split_once("src/")?.1.trim_end_matches(".rs")));
    modules.flat_map(|path| path.split('/')).filter(|name| !["lib", "main", "mod"].contains(name)).collect()
}

fn changed_files(patch: &str) -> impl Iterator<Item = &str> {
    patch.lines().filter_map(|line| line.strip_prefix("+++ b/"))
}

/// The packages outside the resolver for whose paths the condition holds, each once.
pub fn packages_outside_resolver(is_meant: impl Fn(&str) -> bool) -> Vec<&'static str> {
    let packages: BTreeSet<&str> =
        OUTSIDE_RESOLVER.iter().filter(|(start, _)| is_meant(start)).map(|&(_, package)| package).collect();
    packages.into_iter().collect()
}

/// Fails unless each patch applies to the current code.
pub fn check(bugs: &[String]) -> Result {
    for bug in bugs {
        let mut check = Process::new("git").args(["apply", "--check"]).arg(file(bug));
        let output = check.output()?;
        if !output.status.success() {
            return error(format!(
                "{}`{check}` failed; make the edit again by hand, and replace the diff in {} with the output of \
                 `git diff -U1`",
                String::from_utf8_lossy(&output.stderr),
                file(bug).display()
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{changed_modules, changed_packages, is_outside_resolver};

    #[test]
    fn changed_file_shows_whether_bug_is_outside_resolver() {
        let patch = |file: &str| format!("a description\n\ndiff --git a/{file} b/{file}\n--- a/{file}\n+++ b/{file}\n");
        for file in ["crates/workflow/src/job.rs", "cli/src/lint/mask.rs"] {
            assert!(is_outside_resolver(&patch(file)), "{file}");
        }
        for file in ["resolver/src/fix.rs", "crates/yaml/src/tree.rs"] {
            assert!(!is_outside_resolver(&patch(file)), "{file}");
        }
        let both = patch("crates/workflow/src/job.rs") + &patch("crates/shell/src/lexer.rs");
        assert_eq!(changed_packages(&both), ["slug-shell", "slug-workflow"]);
        assert_eq!(changed_modules(&both), ["job", "lexer"].into());
        assert_eq!(changed_modules(&patch("cli/src/commands/lint/mod.rs")), ["commands", "lint"].into());
        let twice = patch("action.yml") + &patch("packages/npm/bin/slugproof.js");
        assert_eq!(changed_packages(&twice), ["ci"]);
    }
}
