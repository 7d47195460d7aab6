//! The files of a repository that the scripts of its workflows run.

use std::collections::BTreeSet;

pub use slug_shell::{FIRST_FILE_POSITION, Files, Missing, NoFiles, SourceFile, joined};
use slug_shell::{Input, ShellOptions, Variables};
pub use slug_shell::{makefile, names, outline};

/// The commands that a command runs in the root of a repository and the repository lacks.
#[must_use]
pub fn missing(command: &str, files: &dyn Files) -> Vec<Missing> {
    let input = Input {
        script: command,
        placeholders: &[],
        targets: &[],
        roots: &[""],
        names: &BTreeSet::new(),
        settings_reason: None,
        changed: slug_shell::ChangedPaths::NONE,
        files,
        directory: Some(""),
        env: &Variables::new(),
        runs_in_bash: true,
        options: ShellOptions::of(["-e"]),
        fuel: None,
    };
    slug_shell::interpret(&input).missing
}

/// The files below a directory of a larger tree. Paths are relative to that directory.
pub(super) struct Below<'f> {
    pub files: &'f dyn Files,
    /// The directory; empty for the whole tree.
    pub root: &'f str,
}

impl Below<'_> {
    fn path(&self, path: &str) -> String {
        match (self.root, path) {
            ("", path) => path.to_owned(),
            (root, "") => root.to_owned(),
            (root, path) => format!("{root}/{path}"),
        }
    }
}

impl Files for Below<'_> {
    fn read(&self, path: &str) -> Option<SourceFile> {
        self.files.read(&self.path(path))
    }

    fn list(&self, directory: &str) -> Vec<String> {
        self.files.list(&self.path(directory))
    }

    fn is_ignored(&self, path: &str) -> bool {
        self.files.is_ignored(&self.path(path))
    }

    fn is_known(&self) -> bool {
        self.files.is_known()
    }
}
