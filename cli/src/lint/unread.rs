//! Warnings about names that nothing reads: files that lint does not interpret, such as programs in other languages,
//! may read them.

use std::path::{Path, PathBuf};

use super::files::files_below;
use super::linter::Linter;
use super::mentions::{mentions, mentions_word};
use super::scripts::Scripts;
use crate::codes::NEAR_MISS;
use crate::findings::Finding;
use crate::io::read_text_file;

/// Maximum files that are searched for names.
const FILES: usize = 20_000;

/// Maximum bytes of a file that is searched.
const FILE_BYTES: usize = 1 << 20;

/// Maximum bytes of all files that are searched.
const TOTAL_BYTES: u64 = 64 << 20;

/// A warning about a name that no script reads.
pub struct Unread {
    /// The name.
    pub name: String,
    /// The file that sets it.
    pub path: PathBuf,
    /// The warning.
    pub finding: Finding,
}

impl Linter<'_> {
    /// The warnings about names that no other file of the repository mentions, if its files can be read.
    pub(super) fn unmentioned(&self, unread: Vec<Unread>) -> Vec<Finding> {
        match self.scripts {
            Some(scripts) => scripts.unmentioned(unread),
            None => unread.into_iter().map(|unread| unread.finding).collect(),
        }
    }
}

impl Scripts {
    /// The warnings about names that no other file of the repository mentions. Workflow files, actions and scripts of
    /// a shell mention a name if they do more than set it.
    fn unmentioned(&self, mut unread: Vec<Unread>) -> Vec<Finding> {
        let identity = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        for name in &mut unread {
            name.path = identity(&name.path);
        }
        let (mut files, mut bytes) = (0, 0);
        for entry in files_below(self.root()) {
            if unread.is_empty() || files == FILES {
                break;
            }
            let size = entry.metadata().map_or(0, |metadata| metadata.len());
            if size > FILE_BYTES as u64 || bytes + size > TOTAL_BYTES {
                continue;
            }
            (files, bytes) = (files + 1, bytes + size);
            let Ok(text) = read_text_file(entry.path(), FILE_BYTES) else { continue };
            let is_mentioned = |name: &str| match has_assignments(entry.path()) {
                true => mentions(&text, name),
                // A baseline or another report of a warning has the name.
                false => mentions_word(&text, name) && !text.contains(NEAR_MISS.id),
            };
            unread.retain(|it| !is_mentioned(&it.name) || identity(entry.path()) == it.path);
        }
        unread.into_iter().map(|unread| unread.finding).collect()
    }
}

/// Whether a file sets variables in the form of a workflow or of a shell: a workflow file, an action or a script.
fn has_assignments(path: &Path) -> bool {
    let is_in_workflows = path.parent().is_some_and(|parent| parent.ends_with("workflows"));
    let is_action = ["action.yml", "action.yaml"].map(Path::new).map(Path::file_name).contains(&path.file_name());
    is_in_workflows || is_action || path.extension().is_some_and(|extension| extension == "sh" || extension == "bash")
}
