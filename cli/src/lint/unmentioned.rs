//! Warnings about names that nothing reads or nothing sets: files that lint does not interpret, such as programs in
//! other languages, may do so.

use std::path::{Path, PathBuf};

use super::files::files_below;
use super::linter::Linter;
use super::mentions::{mentions, mentions_in_code};
use super::scripts::Scripts;
use crate::codes::{LIKELY_SLIP, NEAR_MISS};
use crate::findings::Finding;
use crate::io::read_text_file;

/// Maximum files that are searched for names.
const FILES: usize = 20_000;

/// Maximum bytes of a file that is searched.
const FILE_BYTES: usize = 1 << 20;

/// Maximum bytes of all files that are searched.
const TOTAL_BYTES: u64 = 64 << 20;

/// A warning about a name, unless another file of the repository mentions it.
pub struct Unmentioned {
    /// The name.
    pub name: String,
    /// The file with the name.
    pub path: PathBuf,
    /// What the other files are searched for.
    pub wanted: Wanted,
    /// The warning.
    pub finding: Finding,
}

/// What no file seems to contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Something that reads the name. An assignment in a shell or in YAML does not count.
    Reader,
    /// Something that sets the name.
    Setter,
}

impl Linter<'_> {
    /// The warnings about names that no other file of the repository mentions, if its files can be read.
    pub(super) fn unmentioned(&self, unread: Vec<Unmentioned>) -> Vec<Finding> {
        match self.scripts {
            Some(scripts) => scripts.unmentioned(unread),
            None => unread.into_iter().map(|unread| unread.finding).collect(),
        }
    }
}

impl Scripts {
    /// The warnings about names that no other file of the repository mentions.
    fn unmentioned(&self, mut unread: Vec<Unmentioned>) -> Vec<Finding> {
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
            // A baseline or another report of a warning has the name.
            let is_report = || [NEAR_MISS.id, LIKELY_SLIP.id].iter().any(|code| text.contains(code));
            let is_mentioned = |it: &Unmentioned| match (Content::of(entry.path(), &text), it.wanted) {
                (Content::Assignments, Wanted::Reader) => mentions(&text, &it.name),
                (Content::Assignments | Content::Program, _) => mentions_in_code(&text, &it.name) && !is_report(),
                (Content::Log, _) => false,
            };
            unread.retain(|it| !is_mentioned(it) || identity(entry.path()) == it.path);
        }
        unread.into_iter().map(|unread| unread.finding).collect()
    }
}

/// What a file contains, which decides whether a name in it is read.
enum Content {
    /// What programs printed.
    Log,
    /// Assignments such as `NAME=value` and `NAME: value`, which only set the name, as in a shell or in YAML.
    Assignments,
    /// A program in another language, or a text for people, which may describe the name.
    Program,
}

impl Content {
    fn of(path: &Path, text: &str) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let has_ending = |endings: &[&str]| name.rsplit_once('.').is_some_and(|(_, ending)| endings.contains(&ending));
        let is_shell = || {
            let program = text.lines().next().unwrap_or_default().rsplit(['/', ' ']).next().unwrap_or_default();
            text.starts_with("#!") && ["bash", "dash", "ksh", "sh", "zsh"].contains(&program)
        };
        let is_named = |names: &[&str]| names.iter().any(|start| name.starts_with(start));
        match () {
            () if has_ending(&["log"]) => Self::Log,
            () if has_ending(&["bash", "env", "mk", "sh", "yaml", "yml"]) => Self::Assignments,
            () if is_named(&[".env", "dockerfile", "gnumakefile", "makefile"]) || is_shell() => Self::Assignments,
            () => Self::Program,
        }
    }
}
