//! The files of a corpus, their locations and names.

use std::fs;
use std::path::{Path, PathBuf};

use slug_laws::law;

use super::targets::target;
use crate::exit::{Failure, describe};
use crate::io::{read_whole, shown_path};
use crate::render::shown;

/// Directory of witnesses and proptest seeds.
const REGRESSIONS: &str = "proptest-regressions";
/// Directory of fuzz inputs that were chosen by hand.
const SEEDS: &str = "fuzz/seeds";
/// Directory of fuzz inputs that once failed.
const FOUND: &str = "fuzz/regressions";
/// The file with the checksums of all corpus files.
pub const SUMS: &str = "proptest-regressions/SHA256SUMS";
/// Files in these directories that are not part of the corpus.
const ABOUT: [&str; 2] = ["proptest-regressions/README.md", SUMS];

/// A corpus directory.
pub struct Corpus {
    root: PathBuf,
}

/// One file of a corpus.
#[derive(Clone)]
pub struct File {
    /// The path from the root, with slashes.
    pub path: String,
    /// The kind, by the directory and the extension.
    pub kind: Kind,
}

/// The kind of a corpus file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `witnesses/<law>--<what>.yaml`
    Witness,
    /// `<law>.txt`, written by proptest.
    Seeds,
    /// `<target>/<name>`, an input that was chosen by hand.
    Seed,
    /// `<target>/<name>`, an input that once failed.
    Regression,
    /// A file that does not belong in a corpus.
    Unexpected,
}

impl File {
    /// The file name; for witnesses and seeds without the extension.
    pub fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        match self.kind {
            Kind::Witness => name.strip_suffix(".yaml").unwrap_or(name),
            Kind::Seeds => name.strip_suffix(".txt").unwrap_or(name),
            _ => name,
        }
    }

    /// The name of the parent directory.
    pub fn directory(&self) -> &str {
        self.path.rsplit('/').nth(1).unwrap_or_default()
    }
}

/// Returns true if a path, relative to the root, belongs to a corpus.
pub fn is_of_the_corpus(path: &str) -> bool {
    let below = |top: &str| path.strip_prefix(top).is_some_and(|rest| rest.starts_with('/'));
    (below(REGRESSIONS) || below(SEEDS) || below(FOUND)) && !ABOUT.contains(&path)
}

impl Corpus {
    /// Finds the corpus of a directory, or of the working directory or its nearest parent.
    pub fn find(directory: Option<&Path>) -> Result<Self, Failure> {
        if let Some(root) = directory {
            if root.join(REGRESSIONS).is_dir() {
                return Ok(Self { root: root.to_owned() });
            }
            return Err(Failure::new(format!(
                "`{}` has no directory `{REGRESSIONS}`; pass the directory that contains it",
                shown_path(root)
            )));
        }
        let here = std::env::current_dir().map_err(|error| {
            Failure::new(format!("cannot determine the working directory: {}; pass one with --dir", describe(&error)))
        })?;
        let root = here.ancestors().find(|directory| directory.join(REGRESSIONS).is_dir());
        let Some(root) = root else {
            return Err(Failure::new(format!(
                "no directory `{REGRESSIONS}` here or in a parent; pass the directory that contains it with --dir"
            )));
        };
        Ok(Self { root: root.to_owned() })
    }

    /// The directory that all paths are relative to.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns all files, sorted by path.
    pub fn files(&self) -> Result<Vec<File>, Failure> {
        let mut files = Vec::new();
        self.list(REGRESSIONS, &mut files, 1)?;
        self.list(SEEDS, &mut files, 1)?;
        self.list(FOUND, &mut files, 1)?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }

    /// Adds the files of a directory and of its subdirectories, `depth` levels deep.
    fn list(&self, directory: &str, files: &mut Vec<File>, depth: usize) -> Result<(), Failure> {
        let path = self.root.join(directory);
        if !path.exists() {
            return Ok(());
        }
        let unreadable = |error: std::io::Error| {
            Failure::new(format!("cannot read `{}`: {}; check the path", shown_path(&path), describe(&error)))
        };
        for entry in fs::read_dir(&path).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{directory}/{name}");
            let file_type = entry.file_type().map_err(unreadable)?;
            if file_type.is_dir() && depth > 0 {
                self.list(&path, files, depth - 1)?;
            } else if !(file_type.is_file() && ABOUT.contains(&path.as_str())) {
                // Pipes and links are not read: a pipe may never end.
                let kind = if file_type.is_file() && is_plain(&name) { kind_of(&path) } else { Kind::Unexpected };
                files.push(File { path, kind });
            }
        }
        Ok(())
    }

    /// Returns the files at or below the given paths.
    pub fn only(&self, files: Vec<File>, paths: &[PathBuf]) -> Result<Vec<File>, Failure> {
        let root = fs::canonicalize(&self.root).unwrap_or_else(|_| self.root.clone());
        let mut selected = Vec::new();
        for path in paths {
            // Relative to the working directory, or to the root as in the output of a review.
            let inside = |path: PathBuf| fs::canonicalize(path).ok()?.strip_prefix(&root).map(Path::to_owned).ok();
            let inside = inside(path.clone()).or_else(|| inside(root.join(path)));
            let is_selected =
                |file: &File| inside.as_ref().is_some_and(|inside| Path::new(&file.path).starts_with(inside));
            let found: Vec<File> = files.iter().filter(|file| is_selected(file)).cloned().collect();
            if found.is_empty() {
                return Err(Failure::new(format!(
                    "`{}` is not part of this corpus; name a witness, an input, or a directory of them",
                    shown_path(path)
                )));
            }
            selected.extend(found);
        }
        selected.sort_by(|a, b| a.path.cmp(&b.path));
        selected.dedup_by(|a, b| a.path == b.path);
        Ok(selected)
    }

    /// Reads a file.
    pub fn read(&self, file: &File) -> Result<Vec<u8>, Failure> {
        read_whole(&self.root.join(&file.path), &format!("`{}`", file.path), "remove it")
    }

    /// Returns the problems with the locations and names of files.
    pub fn problems(&self, files: &[File]) -> Vec<String> {
        let wrong = |file: &File| {
            let path = shown(&file.path);
            let what = match file.kind {
                Kind::Unexpected => {
                    "not a corpus file; remove it, or move it to the right directory under a plain name".to_owned()
                }
                Kind::Witness => match file.stem().split_once("--") {
                    Some((id, what)) if law(id).is_some() && !what.is_empty() => return None,
                    _ => "not named `<law>--<what>.yaml`; `slugproof prove --laws` lists the laws".to_owned(),
                },
                Kind::Seeds if law(file.stem()).is_none() => {
                    format!("unknown law `{}`; `slugproof prove --laws` lists the laws", file.stem())
                }
                Kind::Seed | Kind::Regression if target(file.directory()).is_none() => {
                    format!("unknown fuzz target `{}`; move the file to the directory of its target", file.directory())
                }
                _ => return None,
            };
            Some(format!("{path}: {what}"))
        };
        files.iter().filter_map(wrong).collect()
    }
}

/// Returns true if a name needs no quoting in a list, on a command line and on a terminal.
fn is_plain(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)) && !name.starts_with('-')
}

fn kind_of(path: &str) -> Kind {
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        [_, "witnesses", name] if name.ends_with(".yaml") => Kind::Witness,
        [REGRESSIONS, name] if name.ends_with(".txt") => Kind::Seeds,
        ["fuzz", "seeds", _, _] => Kind::Seed,
        ["fuzz", "regressions", _, _] => Kind::Regression,
        _ => Kind::Unexpected,
    }
}
