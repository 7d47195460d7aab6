//! The files of the repository that commands may have changed.

use std::collections::BTreeMap;

use super::patterns::Pattern;

/// The most paths that are kept.
const CHANGED_PATHS: usize = 500;

/// The files and directories of the repository that commands may have changed, each with a command that may have.
/// Paths are relative to its root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangedPaths {
    /// Files, and directories with all that is in them.
    paths: BTreeMap<String, Change>,
    /// Files of which only the directory and the name are known.
    found: Vec<(FoundFiles, Change)>,
}

/// A command that may have changed a file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Change {
    /// The command, as messages name it.
    by: String,
    /// The number of its step in the job; `None` in the current script.
    step: Option<usize>,
}

/// The files that a program such as `find` finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFiles {
    /// The directory in which it searches, with the directories in it.
    pub directory: String,
    /// Patterns of names, of which each found file, or a directory above it, matches at least one; empty if any name is
    /// possible.
    pub names: Vec<String>,
    /// Whether a test of names or paths chooses the files, also one that is not followed.
    pub are_chosen: bool,
}

impl FoundFiles {
    /// Whether the program may find a file.
    fn may_contain(&self, path: &str) -> bool {
        // A command may change all that is in a directory that is found.
        let may_match = |pattern: &String| {
            let pattern = Pattern::of_unquoted(pattern);
            path.split('/').any(|name| pattern.matches(name) != Some(false))
        };
        is_inside(path, &self.directory) && (self.names.is_empty() || self.names.iter().any(may_match))
    }
}

impl ChangedPaths {
    /// No path.
    pub const NONE: &'static Self = &Self { paths: BTreeMap::new(), found: Vec::new() };

    /// Adds a file, or a directory with all that is in it, that a command of the current script may have changed; see
    /// [`Self::insert`].
    pub(super) fn add(&mut self, path: String, by: &str) {
        self.insert(path, Change { by: by.to_owned(), step: None });
    }

    /// Adds files that a program finds for a command of the current script, which may have changed them.
    pub(super) fn add_found(&mut self, files: FoundFiles, by: &str) {
        self.insert_found(files, Change { by: by.to_owned(), step: None });
    }

    /// Adds a path; the empty path is the whole repository, which more than [`CHANGED_PATHS`] paths count as.
    fn insert(&mut self, path: String, change: Change) {
        if self.change_above(&path).is_some() {
            return;
        }
        if path.is_empty() || self.paths.len() + self.found.len() == CHANGED_PATHS {
            self.found.clear();
            self.paths.clear();
            self.paths.insert(String::new(), change);
        } else {
            self.paths.insert(path, change);
        }
    }

    fn insert_found(&mut self, files: FoundFiles, change: Change) {
        if files.names.is_empty() {
            self.insert(files.directory, change);
        } else if self.paths.len() + self.found.len() == CHANGED_PATHS {
            self.insert(String::new(), change);
        } else if self.found.iter().all(|(other, _)| *other != files) {
            self.found.push((files, change));
        }
    }

    /// Adds the paths that the script of a step has changed.
    pub fn extend(&mut self, other: &Self, step: usize) {
        let change_of = |change: &Change| Change { by: change.by.clone(), step: change.step.or(Some(step)) };
        for (path, change) in &other.paths {
            self.insert(path.clone(), change_of(change));
        }
        for (files, change) in &other.found {
            self.insert_found(files.clone(), change_of(change));
        }
    }

    /// Removes the paths in a directory, whose files are the committed ones again; the empty path is the whole
    /// repository.
    pub fn restore(&mut self, directory: &str) {
        self.paths.retain(|path, _| !is_inside(path, directory));
        self.found.retain(|(files, _)| !is_inside(&files.directory, directory));
    }

    /// What may have changed a path or a directory above it.
    fn change_above(&self, path: &str) -> Option<&Change> {
        let above = path.match_indices('/').map(|(at, _)| &path[..at]);
        above.chain(["", path]).find_map(|path| self.paths.get(path))
    }

    /// What may have changed a file, or a directory above it, as a sentence; `None` if nothing may have.
    pub(super) fn reason(&self, path: &str) -> Option<String> {
        let found = || self.found.iter().find(|(files, _)| files.may_contain(path)).map(|(_, change)| change);
        let Change { by, step } = self.change_above(path).or_else(found)?;
        Some(match step {
            Some(step) => format!("{by} in step {step} may have changed `{path}`"),
            None => {
                let by = by.strip_prefix("a ").unwrap_or(by);
                format!("an earlier {by} in this script may have changed `{path}`")
            }
        })
    }
}

/// Whether a path is a directory or in it; the empty directory is the whole repository.
fn is_inside(path: &str, directory: &str) -> bool {
    let rest = path.strip_prefix(directory);
    directory.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed_by_find(directory: &str, names: &[&str]) -> ChangedPaths {
        let mut changed = ChangedPaths::default();
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        changed.add_found(FoundFiles { directory: directory.to_owned(), names, are_chosen: true }, "`sed`");
        changed
    }

    #[test]
    fn found_files_match_a_directory_and_a_name() {
        let changed = changed_by_find("d", &["*.sh", "v.env"]);
        for (path, is_changed) in [
            ("d/a.sh", true),
            ("d/e/v.env", true),
            ("d/a.sh/w", true),
            ("d/w.env", false),
            ("a.sh", false),
            ("dd/a.sh", false),
        ] {
            assert_eq!(changed.reason(path).is_some(), is_changed, "{path}");
        }
        let whole = changed_by_find("", &["*.sh"]);
        assert_eq!([whole.reason("x/a.sh").is_some(), whole.reason("x/a.env").is_some()], [true, false]);
        assert!(changed_by_find("d", &[]).reason("d/w.env").is_some());
        assert!(changed_by_find("d", &["*(a).sh"]).reason("d/b.sh").is_some(), "an unknown pattern may match");
    }

    #[test]
    fn found_files_pass_to_later_steps_until_a_checkout() {
        let mut job = ChangedPaths::default();
        job.extend(&changed_by_find("d", &["*.sh"]), 3);
        assert_eq!(job.reason("d/a.sh").as_deref(), Some("`sed` in step 3 may have changed `d/a.sh`"));
        job.restore("other");
        assert!(job.reason("d/a.sh").is_some());
        job.restore("");
        assert_eq!(job, ChangedPaths::default());
    }

    #[test]
    fn too_many_changes_are_the_whole_repository() {
        let mut changed = ChangedPaths::default();
        for index in 0..=CHANGED_PATHS {
            let files = FoundFiles { directory: index.to_string(), names: vec!["a".to_owned()], are_chosen: true };
            changed.add_found(files, "`sed`");
        }
        assert!(changed.reason("anything").is_some());
    }
}
