//! Reads the files to lint and the workflows that they call.

use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

use ignore::{DirEntry, WalkBuilder};

use slug_workflow::document::FILE_BYTES;
use slug_workflow::repository::{File, Parser};

use super::discovery::Found;
use super::input::Input;
use crate::io::{read_text, read_text_file, report_path};

/// Maximum files in a run; above this, called files are not added.
const FILES: usize = 10_000;

/// Directories with the programs of others.
const NOT_SCANNED: [&str; 3] = [".git", "node_modules", "site-packages"];

/// The files below a directory that git does not ignore, in the order of their paths.
pub fn files_below(root: &Path) -> impl Iterator<Item = DirEntry> {
    let mut walk = WalkBuilder::new(root);
    walk.hidden(false).require_git(false).sort_by_file_name(Ord::cmp);
    walk.filter_entry(|entry| !NOT_SCANNED.iter().any(|name| entry.file_name() == *name));
    walk.build().flatten().filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
}

/// Reads and parses the found files and, transitively, the called workflows that exist. Each file
/// is read once.
#[must_use]
pub fn read(found: Found, parser: &Parser) -> Vec<Input> {
    let mut inputs = Vec::new();
    if found.standard_input {
        let text = read_text(std::io::stdin().lock(), FILE_BYTES);
        inputs.push(Input::parse("<stdin>".to_owned(), None, text, parser));
    }
    let mut known: BTreeSet<String> = found.files.iter().map(|file| report_path(file)).collect();
    let mut left: VecDeque<PathBuf> = found.files.into_iter().collect();
    while let Some(file) = left.pop_front() {
        let input = Input::parse(report_path(&file), Some(file.clone()), read_text_file(&file, FILE_BYTES), parser);
        for path in input.parsed.iter().flat_map(File::called_paths) {
            let is_new = inputs.len() + left.len() < FILES && known.insert(path.clone());
            left.extend(Some(PathBuf::from(path)).filter(|called| is_new && called.is_file()));
        }
        inputs.push(input);
    }
    inputs
}
