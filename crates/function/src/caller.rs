//! The shell that calls a function: that of the harness.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use slug_shell::joined;

use crate::script::Script;

/// What is known about `IFS` of the shell that calls a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallerSeparators {
    /// The shell does not set it.
    Default,
    /// The shell may set it.
    Unknown,
}

/// The most files that a harness consists of.
const FILES: usize = 64;

/// The most bytes of a file of a harness: the same as for a file with functions.
const BYTES: u64 = 1 << 20;

impl CallerSeparators {
    /// Reads the scripts that call a function, and the files that they source. `commands` are the scripts, as the
    /// policy names them, and `library` are the files of the function, which its reader reads. Paths are relative to
    /// `root`. Without a script, or if a file cannot be found, the separators are unknown.
    #[must_use]
    pub fn of(commands: &[String], library: &[String], root: &Path) -> Self {
        let mut open: Vec<String> = commands.iter().map(|command| joined("", command)).collect();
        let mut seen: BTreeSet<String> = BTreeSet::new();
        if open.is_empty() {
            return Self::Unknown;
        }
        while let Some(path) = open.pop() {
            if !seen.insert(path.clone()) {
                continue;
            }
            let file = root.join(&path);
            let is_small = fs::metadata(&file).is_ok_and(|file| file.is_file() && file.len() <= BYTES);
            let Some(text) = fs::read_to_string(&file).ok().filter(|_| is_small && seen.len() <= FILES) else {
                return Self::Unknown;
            };
            // A program in another language starts a shell of its own.
            let Some(script) = Script::read(&path, &text) else { continue };
            if script.may_set_separators {
                return Self::Unknown;
            }
            let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
            for source in &script.sources {
                let tail = source.trim_start_matches("./").trim_start_matches('/');
                let candidates = [joined(directory, tail), joined("", tail)];
                let is_library = |path: &String| library.iter().any(|known| joined("", known) == *path);
                let mut found = candidates.into_iter().filter(|path| root.join(path).is_file()).peekable();
                if found.peek().is_none() {
                    return Self::Unknown;
                }
                open.extend(found.filter(|path| !is_library(path)));
            }
        }
        Self::Default
    }
}
