//! The files of the repository that scripts run. They are read when a script runs them, once each.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use ignore::gitignore::Gitignore;
use slug_workflow::scripts::{FIRST_FILE_POSITION, Files, SourceFile};

use crate::findings::{Finding, Source, SourceId, Sources, Span};
use crate::io::{read_text_file, report_path};

/// Maximum bytes of a file that is read.
const FILE_BYTES: usize = 1 << 20;

/// Maximum bytes of all files of a run; further files are not read.
const TOTAL_BYTES: usize = 64 << 20;

/// The files of the repository.
pub struct Scripts {
    root: PathBuf,
    files: RefCell<BTreeMap<String, Option<SourceFile>>>,
    directories: RefCell<BTreeMap<String, Vec<String>>>,
    /// The position of the first byte of each file that was read, with its path.
    read: RefCell<Vec<(usize, String)>>,
}

impl Scripts {
    /// The files below a directory.
    #[must_use]
    pub fn below(root: PathBuf) -> Self {
        Self { root, files: RefCell::default(), directories: RefCell::default(), read: RefCell::default() }
    }

    fn read_new(&self, path: &str) -> Option<SourceFile> {
        let mut read = self.read.borrow_mut();
        let base = match read.last() {
            Some((base, last)) => {
                let files = self.files.borrow();
                base + files.get(last)?.as_ref()?.text.len() + 1
            }
            None => FIRST_FILE_POSITION,
        };
        let file = self.root.join(path);
        if base > FIRST_FILE_POSITION + TOTAL_BYTES || !file.is_file() {
            return None;
        }
        let text = read_text_file(&file, FILE_BYTES).ok().filter(|text| text.len() <= FILE_BYTES)?;
        read.push((base, path.to_owned()));
        Some(SourceFile { text: text.into(), base })
    }

    /// The paths of the files that were read.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.read.borrow().iter().map(|(_, path)| self.root.join(path)).collect()
    }

    /// The root of the repository.
    pub fn root(&self) -> &Path {
        if self.root.as_os_str().is_empty() { Path::new(".") } else { &self.root }
    }

    /// The path of a file below the root.
    pub fn path(&self, file: &str) -> PathBuf {
        self.root.join(file)
    }

    /// The path of the file that was read to a position; `None` for a position in a workflow file.
    pub fn path_at(&self, position: usize) -> Option<PathBuf> {
        Some(self.path(&self.locate(&(position..position))?.0))
    }

    /// Returns true if a text of the files that were read has a property.
    pub fn any_text(&self, has: impl Fn(&str) -> bool) -> bool {
        self.files.borrow().values().flatten().any(|file| has(&file.text))
    }

    /// The files that were read, with their paths below the root.
    pub fn files(&self) -> Vec<(String, SourceFile)> {
        let files = self.files.borrow();
        files.iter().filter_map(|(path, file)| Some((path.clone(), file.clone()?))).collect()
    }

    /// The file at a position, and the bytes there.
    fn locate(&self, range: &Range<usize>) -> Option<(String, SourceFile, Range<usize>)> {
        let read = self.read.borrow();
        let index = read.partition_point(|(base, _)| *base <= range.start).checked_sub(1)?;
        let (base, path) = &read[index];
        let file = self.files.borrow().get(path)?.clone()?;
        let start = (range.start - base).min(file.text.len());
        let end = (range.end.max(range.start) - base).clamp(start, file.text.len());
        let is_boundary = file.text.is_char_boundary(start) && file.text.is_char_boundary(end);
        Some((path.clone(), file, if is_boundary { start..end } else { 0..0 }))
    }

    /// Replaces the positions in findings that are in these files by spans of new sources. `mask` hides
    /// the secrets of a text.
    pub fn relocate<'f>(
        &self,
        findings: impl Iterator<Item = &'f mut Finding>,
        sources: &mut Sources,
        mask: impl Fn(&str) -> String,
    ) {
        let mut known: BTreeMap<String, SourceId> = BTreeMap::new();
        for finding in findings {
            let labels = std::iter::once(&mut finding.primary).chain(&mut finding.labels);
            for label in labels.filter(|label| label.span.range.start >= FIRST_FILE_POSITION) {
                let Some((path, file, range)) = self.locate(&label.span.range) else {
                    label.span.range = 0..0;
                    continue;
                };
                let source = *known.entry(path).or_insert_with_key(|path| {
                    let path = report_path(&self.root.join(path));
                    sources.add(Source { path, text: mask(&file.text) })
                });
                label.span = Span { source, range };
            }
        }
    }
}

impl Files for Scripts {
    fn read(&self, path: &str) -> Option<SourceFile> {
        if let Some(known) = self.files.borrow().get(path) {
            return known.clone();
        }
        let file = self.read_new(path);
        self.files.borrow_mut().insert(path.to_owned(), file.clone());
        file
    }

    fn is_ignored(&self, path: &str) -> bool {
        // The file in the innermost directory decides.
        let mut directories = Path::new(path).ancestors().skip(1);
        directories.find_map(|directory| {
            let (rules, _) = Gitignore::new(Path::new(".").join(&self.root).join(directory).join(".gitignore"));
            let rest = Path::new(path).strip_prefix(directory).ok()?;
            let found = rules.matched_path_or_any_parents(rest, false);
            (!found.is_none()).then(|| found.is_ignore())
        }) == Some(true)
    }

    fn list(&self, directory: &str) -> Vec<String> {
        if let Some(known) = self.directories.borrow().get(directory) {
            return known.clone();
        }
        // An empty path is not a directory.
        let entries = std::fs::read_dir(Path::new(".").join(&self.root).join(directory));
        let name = |entry: std::io::Result<std::fs::DirEntry>| entry.ok()?.file_name().into_string().ok();
        let mut names: Vec<String> = entries.into_iter().flatten().filter_map(name).collect();
        names.sort();
        self.directories.borrow_mut().insert(directory.to_owned(), names.clone());
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_git_ignores_are_known() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("ci")).unwrap();
        std::fs::write(root.path().join(".gitignore"), "*.env\n/local/\n").unwrap();
        std::fs::write(root.path().join("ci/.gitignore"), "!model.env\n/own.txt\n").unwrap();
        let scripts = Scripts::below(root.path().to_path_buf());
        let paths = [".env", "a.env", "ci/a.env", "ci/model.env", "local/a.txt", "ci/local", "ci/own.txt", "own.txt"];
        let ignored: Vec<&str> = paths.into_iter().filter(|path| scripts.is_ignored(path)).collect();
        assert_eq!(ignored, [".env", "a.env", "ci/a.env", "local/a.txt", "ci/own.txt"]);
    }
}
