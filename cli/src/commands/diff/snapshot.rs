//! The files of a git revision, written to a temporary directory.
//!
//! git only reads: neither the index nor the working tree nor the directory `.git` changes. `git archive` would
//! leave out files with the attribute `export-ignore`, so the blobs are read one by one.

use std::fs;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::{Component, Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;

use slug_resolver::limits::DOCUMENT_BYTES;
use tempfile::TempDir;

use crate::exit::{Failure, describe};
use crate::git;
use crate::render::{printable, shown};

/// What to do without git.
const REMEDY: &str = "compare two registries with --registry OLD NEW";

/// Maximum bytes that are written of a file which is not YAML or JSON: no command reads more of it.
const OTHER_BYTES: usize = (1 << 20) + 1;

/// A git repository, and the working directory in it.
pub struct Repository {
    /// The top of the working tree.
    pub top: PathBuf,
    /// The working directory, relative to the top.
    prefix: PathBuf,
}

/// The files of a revision.
pub struct Snapshot {
    directory: TempDir,
    prefix: PathBuf,
    /// The first digits of the commit.
    pub commit: String,
    /// Paths that could not be written, each with the reason.
    pub missing: Vec<(String, String)>,
}

/// An entry of a tree.
struct Entry {
    mode: Mode,
    object: String,
    /// The path from the top of the repository.
    path: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    File,
    Link,
    Submodule,
}

impl Repository {
    /// The repository that contains the working directory.
    ///
    /// # Errors
    ///
    /// git is missing, or the directory is not in a working tree.
    pub fn find() -> Result<Self, Failure> {
        let here = Path::new(".");
        let top = git::text(here, &["rev-parse", "--show-toplevel"], REMEDY).map_err(|failure| {
            Failure::new(format!("{failure}; run it in a working tree of git, or pass --registry OLD NEW"))
        })?;
        let prefix = git::text(here, &["rev-parse", "--show-prefix"], REMEDY)?;
        let line = |text: &str| PathBuf::from(text.trim_end_matches(['\n', '\r']));
        Ok(Self { top: line(&top), prefix: line(&prefix) })
    }

    /// Writes the files of a revision to a temporary directory.
    ///
    /// # Errors
    ///
    /// The revision does not exist here, or its files cannot be read or written.
    pub fn snapshot(&self, revision: &str) -> Result<Snapshot, Failure> {
        let commit = self.commit(revision)?;
        let cannot_write = |error: &std::io::Error| {
            let why = describe(error);
            Failure::new(format!("cannot write the files of `{}`: {why}; free some space", printable(revision)))
        };
        let directory = tempfile::Builder::new().prefix("slugproof-").tempdir();
        let directory = directory.map_err(|error| cannot_write(&error))?;
        // Searches upwards end at the top of the repository.
        let made = fs::create_dir(directory.path().join(".git"));
        made.and_then(|()| fs::create_dir_all(directory.path().join(&self.prefix)))
            .map_err(|error| cannot_write(&error))?;
        let mut missing = Vec::new();
        write_tree(&self.top, &commit, directory.path(), "", &mut missing)?;
        missing.sort();
        let commit = commit.chars().take(SHOWN_DIGITS).collect();
        Ok(Snapshot { directory, prefix: self.prefix.clone(), commit, missing })
    }

    fn commit(&self, revision: &str) -> Result<String, Failure> {
        let name = printable(revision);
        if let Some((one, other)) = revision.split_once("..") {
            let (one, other) = (printable(one), printable(other.trim_start_matches('.')));
            return Err(Failure::new(format!(
                "`{name}` is a range; write two revisions, as in `slugproof diff {one} {other}`"
            )));
        }
        git::commit(&self.top, revision, REMEDY).map_err(|failure| {
            let shallow = git::text(&self.top, &["rev-parse", "--is-shallow-repository"], REMEDY);
            match shallow.is_ok_and(|answer| answer.trim() == "true") {
                true => Failure::new(format!("{failure}; this clone is shallow: run `git fetch --unshallow` first")),
                false => failure,
            }
        })
    }
}

/// The number of digits of a commit that are shown.
const SHOWN_DIGITS: usize = 10;

impl Snapshot {
    /// The directory of the snapshot.
    pub fn top(&self) -> PathBuf {
        // The path of a temporary directory may contain links; that of the working directory does not.
        self.directory.path().canonicalize().unwrap_or_else(|_| self.directory.path().to_owned())
    }

    /// The directory that corresponds to the working directory.
    pub fn working_directory(&self) -> PathBuf {
        self.top().join(&self.prefix)
    }
}

/// Writes the files of a tree of a repository below `to`; `above` is the path of a submodule.
fn write_tree(
    repository: &Path,
    commit: &str,
    to: &Path,
    above: &str,
    missing: &mut Vec<(String, String)>,
) -> Result<(), Failure> {
    let listed = git::output(repository, &["ls-tree", "-r", "-z", "--full-tree", commit], REMEDY)?;
    let entries: Vec<Entry> = listed.split(|byte| *byte == 0).filter_map(entry).collect();
    let (mut links, mut submodules) = (Vec::new(), Vec::new());
    let blobs: Vec<&Entry> = entries.iter().filter(|entry| entry.mode != Mode::Submodule).collect();
    for entry in entries.iter().filter(|entry| entry.mode == Mode::Submodule) {
        submodules.push(entry);
    }
    let mut objects = Objects::open(repository, &blobs)?;
    for entry in blobs {
        let at = PathBuf::from(&entry.path);
        let is_below = at.components().all(|part| matches!(part, Component::Normal(name) if name != ".git"));
        let is_document = at.extension().is_some_and(|it| ["yaml", "yml", "json"].iter().any(|known| it == *known));
        let most = if is_document { DOCUMENT_BYTES + 1 } else { OTHER_BYTES };
        let content = objects.next(most)?;
        let Some(content) = content.filter(|_| is_below) else {
            missing.push((format!("{above}{}", entry.path), "its content is not in this clone".to_owned()));
            continue;
        };
        if entry.mode == Mode::Link {
            links.push((at, content));
            continue;
        }
        let file = to.join(&at);
        let directory = file.parent().map_or(Ok(()), fs::create_dir_all);
        directory.and_then(|()| fs::write(&file, content)).map_err(|error| {
            let (path, why) = (shown(&entry.path), describe(&error));
            Failure::new(format!("cannot write a copy of {path}: {why}; free some space"))
        })?;
    }
    // A link that is written last cannot lead a file to another directory.
    for (at, target) in links {
        let target = PathBuf::from(String::from_utf8_lossy(&target).into_owned());
        let is_written = stays_below(&at, &target) && link(&target, &to.join(&at)).is_ok();
        if !is_written {
            let path = format!("{above}{}", at.display());
            missing.push((path, "it is a link that leaves the repository".to_owned()));
        }
    }
    for entry in submodules {
        let path = format!("{above}{}", entry.path);
        let checkout = repository.join(&entry.path);
        let is_there = checkout.join(".git").exists()
            && git::commit(&checkout, &entry.object, REMEDY).is_ok_and(|commit| commit == entry.object);
        let written = match is_there {
            true => write_tree(&checkout, &entry.object, &to.join(&entry.path), &format!("{path}/"), missing),
            false => Err(Failure::new("it is a submodule whose commit is not checked out here")),
        };
        if let Err(failure) = written {
            missing.push((path, failure.to_string()));
        }
    }
    Ok(())
}

/// Parses an entry of `git ls-tree`.
fn entry(line: &[u8]) -> Option<Entry> {
    // A path that is not UTF-8 cannot be named in a policy or a workflow.
    let line = std::str::from_utf8(line).ok()?;
    let (head, path) = line.split_once('\t')?;
    let mut words = head.split_whitespace();
    let mode = match words.next()? {
        "120000" => Mode::Link,
        "160000" => Mode::Submodule,
        _ => Mode::File,
    };
    let object = words.nth(1)?.to_owned();
    Some(Entry { mode, object, path: path.to_owned() })
}

/// Returns true if a link leads to a path in the repository.
fn stays_below(at: &Path, target: &Path) -> bool {
    let mut depth = at.components().count() - 1;
    target.components().all(|part| match part {
        Component::Normal(_) => {
            depth += 1;
            true
        }
        Component::CurDir => true,
        Component::ParentDir => depth.checked_sub(1).map(|up| depth = up).is_some(),
        Component::RootDir | Component::Prefix(_) => false,
    })
}

#[cfg(unix)]
fn link(target: &Path, at: &Path) -> std::io::Result<()> {
    at.parent().map_or(Ok(()), fs::create_dir_all)?;
    std::os::unix::fs::symlink(target, at)
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// The contents of objects, in the order of the entries.
struct Objects {
    child: Child,
    output: BufReader<Box<dyn Read + Send>>,
}

impl Objects {
    fn open(repository: &Path, entries: &[&Entry]) -> Result<Self, Failure> {
        let mut command = git::command(repository, &["cat-file", "--batch"]);
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child =
            pipes.spawn().map_err(|error| Failure::new(format!("cannot run git: {}; install it", describe(&error))))?;
        let names: String = entries.iter().map(|entry| format!("{}\n", entry.object)).collect();
        if let Some(mut input) = child.stdin.take() {
            // git writes while it reads. An error shows in what it writes.
            thread::spawn(move || drop(input.write_all(names.as_bytes())));
        }
        let output: Box<dyn Read + Send> = match child.stdout.take() {
            Some(output) => Box::new(output),
            None => Box::new(std::io::empty()),
        };
        Ok(Self { child, output: BufReader::new(output) })
    }

    /// The first bytes of the next object; `None` if the clone does not have it.
    fn next(&mut self, most: usize) -> Result<Option<Vec<u8>>, Failure> {
        let cannot = || Failure::new("git cannot read the files of the revision; run `git fsck`");
        let mut head = String::new();
        self.output.read_line(&mut head).map_err(|_| cannot())?;
        let Some(size) = head.trim_end().rsplit(' ').next() else { return Err(cannot()) };
        if size == "missing" {
            return Ok(None);
        }
        let size: u64 = size.parse().map_err(|_| cannot())?;
        let kept = size.min(most as u64);
        let mut content = Vec::new();
        (&mut self.output).take(kept).read_to_end(&mut content).map_err(|_| cannot())?;
        // The rest, and the line break after it.
        let rest = std::io::copy(&mut (&mut self.output).take(size - kept + 1), &mut std::io::sink());
        match rest {
            Ok(rest) if rest == size - kept + 1 && content.len() as u64 == kept => Ok(Some(content)),
            _ => Err(cannot()),
        }
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        // An early end leaves git waiting for a reader.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
