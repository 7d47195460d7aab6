//! Warnings about names that nothing reads: files that lint does not interpret, such as programs in other languages,
//! may read them.

use std::path::{Path, PathBuf};

use super::files::files_below;
use super::near_miss::{mentions, mentions_word};
use super::scripts::Scripts;
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

impl Scripts {
    /// The warnings about names that no other file of the repository mentions. Workflow files mention a name if they
    /// do more than set it.
    pub(super) fn unmentioned(&self, mut unread: Vec<Unread>) -> Vec<Finding> {
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
            let is_workflow = entry.path().parent().is_some_and(|parent| parent.ends_with("workflows"));
            let is_mentioned = |name: &str| match is_workflow {
                true => mentions(&text, name),
                false => mentions_word(&text, name),
            };
            unread.retain(|it| !is_mentioned(&it.name) || identity(entry.path()) == it.path);
        }
        unread.into_iter().map(|unread| unread.finding).collect()
    }
}
