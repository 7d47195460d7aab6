//! Which files are linted: those that are named, else those of slugproof.yaml, else those
//! of the repository at hand.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::exit::{Failure, describe};
use crate::io::{STANDARD_INPUT, shown_path};

/// Where workflow files are, from the top of a repository.
const DIRECTORIES: [&str; 2] = [".github/workflows", ".gitea/workflows"];

/// What is to be linted.
#[derive(Debug, Default)]
pub struct Found {
    /// Whether standard input is.
    pub standard_input: bool,
    /// The files, in the order of their paths.
    pub files: BTreeSet<PathBuf>,
}

/// Why a place holds no files to lint.
enum Problem {
    /// No workflow file is in a directory or below it.
    NoWorkflows(PathBuf),
    /// A directory cannot be listed.
    Directory(PathBuf, io::Error),
    /// A pattern of slugproof.yaml is of no use: the reason, and what to do.
    Pattern(PathBuf, String),
}

/// Finds the files to lint.
///
/// # Errors
///
/// A directory that holds no workflows or cannot be listed, and a pattern that matches nothing.
pub fn find(paths: &[PathBuf], config: Option<&Config>) -> Result<Found, Failure> {
    let configured = config.and_then(|config| config.workflows.as_deref()).filter(|_| paths.is_empty());
    let mut found = Found::default();
    for path in paths {
        if path.as_os_str() == STANDARD_INPUT {
            found.standard_input = true;
        } else if path.is_dir() {
            let files = workflows_in(path)?;
            if files.is_empty() {
                return Err(Problem::NoWorkflows(path.clone()).into());
            }
            found.files.extend(files);
        } else {
            found.files.insert(path.clone());
        }
    }
    for pattern in configured.unwrap_or_default() {
        found.files.extend(matching(pattern)?);
    }
    if paths.is_empty() && configured.is_none() {
        let top = top_of_repository();
        for directory in DIRECTORIES {
            found.files.extend(files_in(&top.join(directory))?);
        }
    }
    Ok(found)
}

/// The way to the first directory from here upwards that holds workflows, up to the top
/// of the repository; empty for this one.
fn top_of_repository() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let is_top = |directory: &Path| directory.join(".git").exists();
    let levels = here.ancestors().position(is_top).map_or(usize::MAX, |top| top + 1);
    let holds = |directory: &Path| DIRECTORIES.iter().any(|below| directory.join(below).is_dir());
    let up = here.ancestors().take(levels).position(holds).unwrap_or_default();
    (0..up).map(|_| "..").collect()
}

/// The workflow files of a directory: its own, and those where a repository keeps them.
fn workflows_in(directory: &Path) -> Result<Vec<PathBuf>, Problem> {
    let mut files = files_in(directory)?;
    for below in DIRECTORIES {
        files.extend(files_in(&directory.join(below))?);
    }
    Ok(files)
}

fn files_in(directory: &Path) -> Result<Vec<PathBuf>, Problem> {
    let cannot = |error| Problem::Directory(directory.to_owned(), error);
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(cannot(error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(cannot)?.path();
        let is_yaml = path.extension().is_some_and(|extension| extension == "yml" || extension == "yaml");
        if is_yaml && is_to_be_read(&path) {
            files.push(path);
        }
    }
    Ok(files)
}

/// Whether what was listed is a file, or cannot be looked at: what is wrong with it is said when it is read.
fn is_to_be_read(path: &Path) -> bool {
    std::fs::metadata(path).map_or(true, |found| found.is_file())
}

/// The files that a pattern of slugproof.yaml matches.
fn matching(pattern: &Path) -> Result<Vec<PathBuf>, Problem> {
    let problem = |why: String| Problem::Pattern(pattern.to_owned(), why);
    if pattern.is_dir() {
        return workflows_in(pattern);
    }
    let text = pattern.to_str().ok_or_else(|| problem("is not UTF-8; correct it".to_owned()))?;
    let paths = glob::glob(text).map_err(|error| problem(format!("is wrong: {}; correct it", error.msg)))?;
    let mut files = Vec::new();
    for path in paths {
        let path = path.map_err(|error| {
            let (path, why) = (shown_path(error.path()), describe(error.error()));
            problem(format!("cannot be followed into `{path}`: {why}; check the directory"))
        })?;
        if is_to_be_read(&path) {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(problem("matches no file; correct it or take it out".to_owned()));
    }
    Ok(files)
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::new(match problem {
            Problem::NoWorkflows(path) => format!(
                "`{}` holds no workflow files (*.yml, *.yaml), and neither do .github/workflows and .gitea/workflows below it; check the path",
                shown_path(&path)
            ),
            Problem::Directory(path, error) => {
                format!("cannot read the directory `{}`: {}; check it", shown_path(&path), describe(&error))
            }
            Problem::Pattern(path, why) => {
                format!("`workflows` of slugproof.yaml: the pattern `{}` {why}", shown_path(&path))
            }
        })
    }
}
