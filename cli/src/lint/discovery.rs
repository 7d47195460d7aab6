//! Discovers the files to lint: the paths on the command line, else the `workflows` of
//! slugproof.yaml, else the workflow files of the current repository.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use slug_workflow::calls::root_of;

use crate::config::Config;
use crate::exit::{Failure, describe};
use crate::io::{STANDARD_INPUT, shown_path};
use crate::pattern::{self, should_read};

/// The directories of workflow files, relative to the root of a repository.
const DIRECTORIES: [&str; 2] = [".github/workflows", ".gitea/workflows"];

/// The inputs to lint.
#[derive(Debug, Default)]
pub struct Found {
    /// True to lint standard input.
    pub standard_input: bool,
    /// The files, sorted by path.
    pub files: BTreeSet<PathBuf>,
}

/// Why a path or pattern yields no files to lint.
enum Problem {
    /// A directory contains no workflow files.
    NoWorkflows(PathBuf),
    /// A directory cannot be listed.
    Directory(PathBuf, io::Error),
    /// A pattern of slugproof.yaml is invalid or matches nothing: the reason and the remedy.
    Pattern(PathBuf, String),
}

/// Finds the files to lint.
///
/// # Errors
///
/// Fails if a directory has no workflow files or cannot be listed, or if a pattern is invalid or
/// matches nothing.
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
        let top = path_to_root();
        for directory in DIRECTORIES {
            found.files.extend(files_in(&top.join(directory))?);
        }
    }
    Ok(found)
}

/// The relative path to the closest parent directory with workflow files, up to the root of the
/// repository; empty for the current directory.
fn path_to_root() -> PathBuf {
    path_to_root_of(&std::env::current_dir().unwrap_or_default())
}

/// The path of a file below the working directory from the root of the repository, with `/` between its parts.
#[must_use]
pub fn path_from_root(path: &str) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let parts: Vec<_> = here.components().collect();
    let levels = path_to_root_of(&here).components().count();
    let below = parts[parts.len() - levels..].iter().map(|part| part.as_os_str().to_string_lossy());
    below.map(|part| format!("{part}/")).collect::<String>() + path
}

/// The root of the repository that a slugproof.yaml is about: paths of `harness` are relative to it.
#[must_use]
pub fn root(config: &Config) -> PathBuf {
    let directory = config.relative("");
    let directory = if directory.as_os_str().is_empty() { PathBuf::from(".") } else { directory };
    let configured = config.workflows.as_deref().map(|patterns| {
        let files = patterns.iter().filter_map(|pattern| matching(pattern).ok()).flatten();
        files.filter_map(|file| Some(root_of(file.to_str()?).to_owned())).find(|root| !root.is_empty())
    });
    match configured {
        Some(root) => root.map_or(directory, PathBuf::from),
        None => match directory.canonicalize() {
            Ok(whole) => directory.join(path_to_root_of(&whole)),
            Err(_) => directory,
        },
    }
}

/// As [`path_to_root`], from a directory.
fn path_to_root_of(here: &Path) -> PathBuf {
    let is_top = |directory: &Path| directory.join(".git").exists();
    let levels = here.ancestors().position(is_top).map_or(usize::MAX, |top| top + 1);
    let has_workflows = |directory: &Path| DIRECTORIES.iter().any(|below| directory.join(below).is_dir());
    let up = here.ancestors().take(levels).position(has_workflows).unwrap_or_default();
    (0..up).map(|_| "..").collect()
}

/// The workflow files directly in a directory, and in its `.github/workflows` and
/// `.gitea/workflows`.
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
        if is_yaml && should_read(&path) {
            files.push(path);
        }
    }
    Ok(files)
}

/// The files that a pattern of slugproof.yaml matches.
fn matching(pattern: &Path) -> Result<Vec<PathBuf>, Problem> {
    let problem = |reason: String| Problem::Pattern(pattern.to_owned(), reason);
    if pattern.is_dir() {
        let files = workflows_in(pattern)?;
        let nothing = || problem("is a directory without workflow files (*.yml, *.yaml); correct it".to_owned());
        return if files.is_empty() { Err(nothing()) } else { Ok(files) };
    }
    pattern::matching(pattern).map_err(problem)
}

/// The problem of a pattern of `workflows` in slugproof.yaml that yields no files to lint.
#[must_use]
pub fn problem(pattern: &Path) -> Option<String> {
    matching(pattern).err().map(|problem| problem.to_string())
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoWorkflows(path) => write!(
                f,
                "`{}` contains no workflow files (*.yml, *.yaml), nor do its directories .github/workflows and \
                 .gitea/workflows; check the path",
                shown_path(path)
            ),
            Self::Directory(path, error) => {
                write!(f, "cannot read the directory `{}`: {}; check it", shown_path(path), describe(error))
            }
            Self::Pattern(path, reason) => write!(f, "the pattern `{}` {reason}", shown_path(path)),
        }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        let field = if matches!(problem, Problem::Pattern(..)) { "`workflows` of slugproof.yaml: " } else { "" };
        Self::new(format!("{field}{problem}"))
    }
}
