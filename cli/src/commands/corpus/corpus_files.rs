//! The files of a corpus: where they are and what their names say.

use std::fs;
use std::path::{Path, PathBuf};

use slug_laws::law;

use super::targets::target;
use crate::exit::{Failure, describe};
use crate::io::{read_whole, shown_path};
use crate::render::shown;

/// What random testing found: witnesses and seeds.
const REGRESSIONS: &str = "proptest-regressions";
/// Inputs of fuzz targets that were chosen by hand.
const SEEDS: &str = "fuzz/seeds";
/// Inputs of fuzz targets that once broke something.
const FOUND: &str = "fuzz/regressions";
/// The list of the checksums of all of them.
pub const SUMS: &str = "proptest-regressions/SHA256SUMS";
/// Files beside the corpus that are about it.
const ABOUT: [&str; 2] = ["proptest-regressions/README.md", SUMS];

/// A corpus.
pub struct Tree {
    root: PathBuf,
}

/// One file of a corpus.
#[derive(Clone)]
pub struct File {
    /// The path from the root, with slashes.
    pub path: String,
    /// What it is to be, by its place.
    pub kind: Kind,
}

/// What a file is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `witnesses/<law>--<what>.yaml`
    Witness,
    /// `<law>.txt`, which random testing writes.
    Seeds,
    /// `<target>/<name>`, an input that was chosen by hand.
    Seed,
    /// `<target>/<name>`, an input that once broke something.
    Regression,
    /// Nothing that belongs there.
    Stray,
}

impl File {
    /// The last part of the path, without what follows a dot in the name of a witness or of seeds.
    pub fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        match self.kind {
            Kind::Witness => name.strip_suffix(".yaml").unwrap_or(name),
            Kind::Seeds => name.strip_suffix(".txt").unwrap_or(name),
            _ => name,
        }
    }

    /// The name of the directory that it is in.
    pub fn directory(&self) -> &str {
        self.path.rsplit('/').nth(1).unwrap_or_default()
    }
}

/// Whether a path from the root is one of a corpus.
pub fn is_of_the_corpus(path: &str) -> bool {
    let below = |top: &str| path.strip_prefix(top).is_some_and(|rest| rest.starts_with('/'));
    (below(REGRESSIONS) || below(SEEDS) || below(FOUND)) && !ABOUT.contains(&path)
}

impl Tree {
    /// The corpus of a directory, or of the first one upwards that has one.
    pub fn find(directory: Option<&Path>) -> Result<Self, Failure> {
        if let Some(root) = directory {
            if root.join(REGRESSIONS).is_dir() {
                return Ok(Self { root: root.to_owned() });
            }
            return Err(Failure::new(format!(
                "`{}` holds no directory `{REGRESSIONS}`; name the directory that does",
                shown_path(root)
            )));
        }
        let here = std::env::current_dir().map_err(|error| {
            Failure::new(format!("cannot tell the working directory: {}; name one with --dir", describe(&error)))
        })?;
        let root = here.ancestors().find(|directory| directory.join(REGRESSIONS).is_dir());
        let Some(root) = root else {
            return Err(Failure::new(format!(
                "no directory `{REGRESSIONS}` here or above; name the directory that holds it with --dir"
            )));
        };
        Ok(Self { root: root.to_owned() })
    }

    /// The directory that paths start from.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Every file, in the order of their paths.
    pub fn files(&self) -> Result<Vec<File>, Failure> {
        let mut files = Vec::new();
        self.list(REGRESSIONS, &mut files, 1)?;
        self.list(SEEDS, &mut files, 1)?;
        self.list(FOUND, &mut files, 1)?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }

    /// Adds what a directory holds, and those in it to a depth.
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
                // A pipe or a link is not followed: it could be anything, or never end.
                let kind = if file_type.is_file() && is_plain(&name) { kind_of(&path) } else { Kind::Stray };
                files.push(File { path, kind });
            }
        }
        Ok(())
    }

    /// Those of the files that are at or below the given paths.
    pub fn only(&self, files: Vec<File>, paths: &[PathBuf]) -> Result<Vec<File>, Failure> {
        let root = fs::canonicalize(&self.root).unwrap_or_else(|_| self.root.clone());
        let mut wanted = Vec::new();
        for path in paths {
            // As it is from here or, as a review prints it, from the top.
            let inside = |path: PathBuf| fs::canonicalize(path).ok()?.strip_prefix(&root).map(Path::to_owned).ok();
            let inside = inside(path.clone()).or_else(|| inside(root.join(path)));
            let is_there =
                |file: &File| inside.as_ref().is_some_and(|inside| Path::new(&file.path).starts_with(inside));
            let there: Vec<File> = files.iter().filter(|file| is_there(file)).cloned().collect();
            if there.is_empty() {
                return Err(Failure::new(format!(
                    "`{}` is no file of this corpus; name a witness, an input, or a directory of them",
                    shown_path(path)
                )));
            }
            wanted.extend(there);
        }
        wanted.sort_by(|a, b| a.path.cmp(&b.path));
        wanted.dedup_by(|a, b| a.path == b.path);
        Ok(wanted)
    }

    /// The bytes of a file.
    pub fn read(&self, file: &File) -> Result<Vec<u8>, Failure> {
        read_whole(&self.root.join(&file.path), &format!("`{}`", file.path), "remove it")
    }

    /// What is wrong with the places and the names of files.
    pub fn problems(&self, files: &[File]) -> Vec<String> {
        let wrong = |file: &File| {
            let path = shown(&file.path);
            let what = match file.kind {
                Kind::Stray => {
                    "is no part of a corpus; remove it, or give it a plain name in the place it belongs to".to_owned()
                }
                Kind::Witness => match file.stem().split_once("--") {
                    Some((id, what)) if law(id).is_some() && !what.is_empty() => return None,
                    _ => "is not named `<law>--<what>.yaml`; `slugproof prove --laws` lists the laws".to_owned(),
                },
                Kind::Seeds if law(file.stem()).is_none() => {
                    format!("no law is called `{}`; `slugproof prove --laws` lists them", file.stem())
                }
                Kind::Seed | Kind::Regression if target(file.directory()).is_none() => {
                    format!("no fuzz target is called `{}`; move it to the one it belongs to", file.directory())
                }
                _ => return None,
            };
            Some(format!("{path}: {what}"))
        };
        files.iter().filter_map(wrong).collect()
    }
}

/// Whether a name can stand in a list, on a command line and on a terminal as it is.
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
        _ => Kind::Stray,
    }
}
