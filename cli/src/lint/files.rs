//! Which files are linted, and their texts.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::exit::{Failure, describe};
use crate::io::shown_path;
use slug_workflow::document::{FILE_BYTES, Unreadable};
use slug_workflow::repository::{File, Parser};

/// Where workflow files are, from the top of a repository.
const DIRECTORIES: [&str; 2] = [".github/workflows", ".gitea/workflows"];

/// One file to lint.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its path as outputs show it.
    pub path: String,
    /// The file itself; none for standard input.
    pub file: Option<PathBuf>,
    /// Its text, or why it cannot be read.
    pub text: Result<String, String>,
    /// The text parsed, or why it cannot be.
    pub parsed: Result<File, Unreadable>,
}

impl Input {
    /// A text under a name.
    #[must_use]
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self::parse(path.into(), None, Ok(text.into()), &Parser::default())
    }

    fn parse(path: String, file: Option<PathBuf>, text: Result<String, String>, parser: &Parser) -> Self {
        let parsed = match &text {
            Ok(text) => parser.parse(&path, text),
            Err(message) => Err(Unreadable { byte: 0, message: message.clone() }),
        };
        Self { path, file, text, parsed }
    }

    /// The same file with another text.
    #[must_use]
    pub fn with_text(&self, text: String, parser: &Parser) -> Self {
        Self::parse(self.path.clone(), self.file.clone(), Ok(text), parser)
    }
}

/// Finds and reads the files: those that are named, else those of slugproof.yaml, else
/// those of the repository at hand; each once, in the order of their paths.
pub fn find(paths: &[PathBuf], config: Option<&Config>, parser: &Parser) -> Result<Vec<Input>, Failure> {
    let mut found = BTreeSet::new();
    let mut standard_input = false;
    let configured = config.and_then(|config| config.workflows.as_deref()).filter(|_| paths.is_empty());
    for path in paths {
        if path.as_os_str() == "-" {
            standard_input = true;
        } else if path.is_dir() {
            let files = workflows_in(path)?;
            if files.is_empty() {
                return Err(Failure::new(format!(
                    "`{}` holds no workflow files (*.yml, *.yaml), and neither do .github/workflows and .gitea/workflows below it; check the path",
                    shown_path(path)
                )));
            }
            found.extend(files);
        } else {
            found.insert(path.clone());
        }
    }
    for pattern in configured.unwrap_or_default() {
        found.extend(matching(pattern)?);
    }
    if paths.is_empty() && configured.is_none() {
        let top = top_of_repository();
        for directory in DIRECTORIES {
            found.extend(files_in(&top.join(directory))?);
        }
    }
    let mut inputs: Vec<Input> = Vec::new();
    if standard_input {
        inputs.push(Input::parse("<stdin>".to_owned(), None, read(std::io::stdin().lock()), parser));
    }
    for path in found {
        let text = text_of(&path);
        inputs.push(Input::parse(shown(&path), Some(path), text, parser));
    }
    Ok(inputs)
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

/// The files, with those that they call, as far as they are there.
#[must_use]
pub fn with_called(mut inputs: Vec<Input>, parser: &Parser) -> Vec<Input> {
    let mut known: BTreeSet<String> = inputs.iter().map(|input| input.path.clone()).collect();
    let mut next = 0;
    while next < inputs.len() && inputs.len() < FILES {
        let called: Vec<String> = inputs[next].parsed.iter().flat_map(File::called_paths).collect();
        for path in called {
            let file = PathBuf::from(&path);
            if known.insert(path.clone()) && file.is_file() {
                let text = text_of(&file);
                inputs.push(Input::parse(path, Some(file), text, parser));
            }
        }
        next += 1;
    }
    inputs
}

/// Files beyond which those that are called are not looked for.
const FILES: usize = 10_000;

/// A path as outputs show it.
#[must_use]
pub fn shown(path: &Path) -> String {
    let text = shown_path(path).replace('\\', "/");
    text.strip_prefix("./").map_or(text.clone(), str::to_owned)
}

/// The text of a file, or why there is none.
pub fn text_of(path: &Path) -> Result<String, String> {
    match std::fs::File::open(path) {
        Ok(file) => read(file),
        Err(error) => Err(format!("cannot read the file: {}; check the path", describe(&error))),
    }
}

fn read(from: impl std::io::Read) -> Result<String, String> {
    let mut bytes = Vec::new();
    from.take(FILE_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("cannot read the file: {}; check the path", describe(&error)))?;
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err("the text is UTF-16; save it as UTF-8".to_owned());
    }
    let cut = bytes.len() > FILE_BYTES;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text),
        // The end of what was read may stand inside a character; the size is refused anyway.
        Err(error) if cut => Ok(String::from_utf8_lossy(error.as_bytes()).into_owned()),
        Err(_) => Err("the text is not UTF-8; save it as UTF-8".to_owned()),
    }
}

/// The workflow files of a directory: its own, and those where a repository keeps them.
fn workflows_in(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut files = files_in(directory)?;
    for below in DIRECTORIES {
        files.extend(files_in(&directory.join(below))?);
    }
    Ok(files)
}

fn files_in(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    let cannot = |error: &std::io::Error| {
        Failure::new(format!("cannot read the directory `{}`: {}; check it", shown_path(directory), describe(error)))
    };
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(cannot(&error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| cannot(&error))?.path();
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
fn matching(pattern: &Path) -> Result<Vec<PathBuf>, Failure> {
    let refuse =
        |why: &str| Failure::new(format!("`workflows` of slugproof.yaml: the pattern `{}` {why}", shown_path(pattern)));
    if pattern.is_dir() {
        return workflows_in(pattern);
    }
    let text = pattern.to_str().ok_or_else(|| refuse("is not UTF-8; correct it"))?;
    let paths = glob::glob(text).map_err(|error| refuse(&format!("is wrong: {}; correct it", error.msg)))?;
    let mut files = Vec::new();
    for path in paths {
        let path = path.map_err(|error| {
            let why = describe(error.error());
            refuse(&format!("cannot be followed into `{}`: {why}; check the directory", shown_path(error.path())))
        })?;
        if is_to_be_read(&path) {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(refuse("matches no file; correct it or take it out"));
    }
    Ok(files)
}
