//! Files and standard input: reading within limits, atomic writing, and paths shown without
//! secrets.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
#[cfg(unix)]
use std::fs::OpenOptions;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
#[cfg(unix)]
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

#[cfg(unix)]
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use slug_resolver::limits;
use tempfile::Builder;

use crate::exit::{Failure, describe};

thread_local! {
    /// The overlay of this thread, if it serves an editor.
    static OVERLAY: RefCell<Option<Overlay>> = const { RefCell::new(None) };
    /// The absolute paths of the files that this thread has read as inputs.
    static READ: RefCell<BTreeSet<PathBuf>> = const { RefCell::new(BTreeSet::new()) };
}

/// The absolute paths of the files that this thread has read as inputs, unless it serves an editor.
#[must_use]
pub fn files_read() -> Vec<PathBuf> {
    READ.with_borrow(|read| read.iter().cloned().collect())
}

/// Records that a file is an input.
pub fn record_file(path: &Path) {
    // An editor has no outputs, and its server runs for long.
    if OVERLAY.with_borrow(Option::is_none) {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        READ.with_borrow_mut(|read| read.insert(path));
    }
}

/// Texts that are read instead of the files on disk: what an editor has not saved yet.
#[derive(Clone, Debug, Default)]
pub struct Overlay(BTreeMap<PathBuf, Arc<str>>);

impl Overlay {
    /// Sets the text of a file, or removes it.
    pub fn set(&mut self, path: &Path, text: Option<Arc<str>>) {
        let path = canonical(path);
        match text {
            Some(text) => drop(self.0.insert(path, text)),
            None => drop(self.0.remove(&path)),
        }
    }

    /// Calls a function in which this thread reads the texts of the overlay, and of the other files only
    /// regular ones: a pipe or a terminal could stop the thread for ever.
    pub fn during<T>(&self, read: impl FnOnce() -> T) -> T {
        let before = OVERLAY.replace(Some(self.clone()));
        let result = read();
        OVERLAY.set(before);
        result
    }
}

/// A file as a stream: its text in the overlay, else its content on disk.
fn open(path: &Path) -> io::Result<Box<dyn io::Read>> {
    let text = OVERLAY.with_borrow(|overlay| {
        let Some(Overlay(texts)) = overlay else { return Ok(None) };
        if let Some(text) = texts.get(&canonical(path)) {
            return Ok(Some(text.clone()));
        }
        if is_special(path) { Err(io::Error::other(NOT_REGULAR)) } else { Ok(None) }
    })?;
    match text {
        Some(text) => Ok(Box::new(io::Cursor::new(Vec::from(text.as_bytes())))),
        None => Ok(Box::new(File::open(path)?)),
    }
}

/// Why a device, a pipe or a socket is not read.
pub const NOT_REGULAR: &str = "is not a regular file";

/// Returns true for a file that this thread does not read, because it is a device, a pipe or a socket.
pub fn is_refused(path: &Path) -> bool {
    OVERLAY.with_borrow(Option::is_some) && is_special(path)
}

/// Returns true for a device, a pipe or a socket.
fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

/// Reads a file, up to one byte more than the limit of a document.
pub fn read_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(limits::DOCUMENT_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    record_file(path);
    Ok(bytes)
}

/// Reads a file like [`read_bytes`], with an error for people.
pub fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    read_bytes(path).map_err(|error| {
        let shown = shown_path(path);
        match error.kind() == io::ErrorKind::NotFound && path.is_symlink() {
            true => {
                Failure::new(format!("cannot read `{shown}`: it is a link to a file that does not exist; correct it"))
            }
            false => Failure::new(format!("cannot read `{shown}`: {}; check the path", describe(&error))),
        }
    })
}

/// Reads a whole file. An error about its size calls it `what` and ends in `remedy`.
///
/// # Errors
///
/// The file cannot be read, or it is larger than the limit of a document.
pub fn read_whole(path: &Path, what: &str, remedy: &str) -> Result<Vec<u8>, Failure> {
    let bytes = read_file(path)?;
    let most = limits::DOCUMENT_BYTES;
    if bytes.len() > most {
        return Err(Failure::new(format!("{what} is larger than {} MiB; {remedy}", most >> 20)));
    }
    Ok(bytes)
}

/// The path that means standard input.
pub const STANDARD_INPUT: &str = "-";

/// The content of a file or of standard input.
pub struct Input {
    /// The name shown to people.
    pub name: String,
    /// The content, up to one byte more than the limit of a document.
    pub bytes: Vec<u8>,
}

impl Input {
    /// Reads a file, or standard input if the path is `-`.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        if path != Path::new(STANDARD_INPUT) {
            return Ok(Self { name: shown_path(path), bytes: read_file(path)? });
        }
        let mut bytes = Vec::new();
        let limit = limits::DOCUMENT_BYTES as u64 + 1;
        io::stdin().lock().take(limit).read_to_end(&mut bytes).map_err(|error| {
            Failure::new(format!("cannot read standard input: {}; give a file instead", describe(&error)))
        })?;
        Ok(Self { name: "standard input".to_owned(), bytes })
    }

    /// A failure about the content.
    pub fn failure(&self, what: &str) -> Failure {
        Failure::new(format!("{}: {what}", self.name))
    }
}

/// A path as shown to people. The part after `=` is hidden: it may be a misplaced secret.
pub fn shown_path(path: &Path) -> String {
    let text = path.display().to_string();
    match text.split_once('=') {
        Some((name, _)) => format!("{name}=…"),
        None => text,
    }
}

/// A path as shown in findings: with slashes, and equal for `a` and `./a`.
pub fn report_path(path: &Path) -> String {
    let kept: PathBuf = path.components().filter(|component| *component != Component::CurDir).collect();
    let text = shown_path(if kept.as_os_str().is_empty() { path } else { &kept });
    if cfg!(windows) { text.replace('\\', "/") } else { text }
}

/// The working directory, until the value is dropped.
pub struct Directory(PathBuf);

impl Directory {
    /// Changes the working directory of the process.
    ///
    /// # Errors
    ///
    /// The directory cannot be entered.
    pub fn enter(path: &Path) -> Result<Self, Failure> {
        let cannot = |error: io::Error| {
            Failure::new(format!("cannot enter `{}`: {}; check it", shown_path(path), describe(&error)))
        };
        let here = std::env::current_dir().map_err(cannot)?;
        std::env::set_current_dir(path).map_err(cannot)?;
        Ok(Self(here))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // The directory existed; if it was removed, later relative paths fail with an error.
        let _ = std::env::set_current_dir(&self.0);
    }
}

/// The repository that contains the working directory.
pub struct Top {
    /// The working directory.
    here: PathBuf,
    /// The directory that holds `.git`, if there is one.
    top: Option<PathBuf>,
}

impl Top {
    /// Finds the repository.
    #[must_use]
    pub fn find() -> Self {
        let here = std::env::current_dir().unwrap_or_default();
        let top = here.ancestors().find(|directory| directory.join(".git").exists()).map(Path::to_owned);
        Self { here, top }
    }

    /// A repository with this top, or with none, and the working directory.
    #[must_use]
    pub fn at(top: Option<PathBuf>) -> Self {
        Self { here: std::env::current_dir().unwrap_or_default(), top }
    }

    /// The top directory of the repository, if there is one.
    #[must_use]
    pub fn directory(&self) -> Option<&Path> {
        self.top.as_deref()
    }

    /// A path of a report, relative to the top of the repository if the file is in it.
    #[must_use]
    pub fn relative(&self, path: &str) -> String {
        let mut whole = PathBuf::new();
        for component in self.here.join(path).components() {
            match component {
                Component::ParentDir => drop(whole.pop()),
                component => whole.push(component),
            }
        }
        let below = self.top.as_ref().and_then(|top| whole.strip_prefix(top).ok());
        below.and_then(Path::to_str).map_or(path.to_owned(), |below| below.replace(std::path::MAIN_SEPARATOR, "/"))
    }
}

/// Reads a text file, up to one byte more than `limit`.
///
/// # Errors
///
/// The file cannot be read or is not UTF-8.
pub fn read_text_file(path: &Path, limit: usize) -> Result<String, String> {
    search_text_file(path, limit).inspect(|_| record_file(path))
}

/// Reads a text file like [`read_text_file`] to find out whether it is an input.
///
/// # Errors
///
/// The file cannot be read or is not UTF-8.
pub fn search_text_file(path: &Path, limit: usize) -> Result<String, String> {
    let file = open(path).map_err(|error| format!("cannot read the file: {}; check the path", describe(&error)))?;
    read_text(file, limit)
}

/// Reads a text stream like [`read_text_file`].
pub fn read_text(from: impl io::Read, limit: usize) -> Result<String, String> {
    let mut bytes = Vec::new();
    from.take(limit as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("cannot read the file: {}; check the path", describe(&error)))?;
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err("the text is UTF-16; save it as UTF-8".to_owned());
    }
    let cut = bytes.len() > limit;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text),
        // The text may be cut inside a character; the caller refuses its size anyway.
        Err(error) if cut => Ok(String::from_utf8_lossy(error.as_bytes()).into_owned()),
        Err(_) => Err("the text is not UTF-8; save it as UTF-8".to_owned()),
    }
}

/// Returns true for two paths of one file, also through a link or another spelling. A file that does not exist
/// is the file that would be created.
pub fn is_same_file(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    if let (Ok(one), Ok(other)) = (fs::metadata(one), fs::metadata(other)) {
        return (one.dev(), one.ino()) == (other.dev(), other.ino());
    }
    canonical(one) == canonical(other)
}

/// The canonical path of a file, which may not exist yet, nor its directory.
fn canonical(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let below = |parent: &Path| Some(parent.canonicalize().ok()?.join(path.strip_prefix(parent).ok()?));
    path.ancestors().find_map(below).unwrap_or_else(|| path.clone())
}

/// Writes a file atomically: a reader never sees a part of it. The file keeps its owner, its mode and its
/// links; a file with several hard links, or of another owner who cannot be kept, is overwritten in place
/// instead.
pub fn write_whole(path: &Path, content: &[u8]) -> Result<(), Failure> {
    replace(path, content).map_err(|error| {
        let why = describe(&error);
        Failure::new(format!("cannot write `{}`: {why}; check the directory or choose another path", path.display()))
    })
}

fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    // Replace the target of a link, not the link.
    let path = &path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let existing = fs::metadata(path).ok();
    if existing.as_ref().is_some_and(|existing| !existing.is_file()) {
        // A device or a pipe must not be replaced; writing to a directory fails.
        return fs::write(path, content);
    }
    // An interrupt waits, so that no temporary file and no part of a file remains.
    #[cfg(unix)]
    let _held = HeldSignals::hold();
    #[cfg(unix)]
    if existing.as_ref().is_some_and(|existing| existing.nlink() > 1) {
        return overwrite(path, content);
    }
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut temporary = Builder::new();
    temporary.prefix(".slugproof-").suffix(".tmp");
    // The umask of the process decides who can read it, as for any new file.
    #[cfg(unix)]
    temporary.permissions(fs::Permissions::from_mode(0o666));
    let mut temporary = temporary.tempfile_in(directory)?;
    #[cfg(unix)]
    if existing.as_ref().is_some_and(|existing| keep_owner(temporary.as_file(), existing).is_err()) {
        return overwrite(path, content);
    }
    temporary.write_all(content)?;
    if let Some(existing) = existing {
        temporary.as_file().set_permissions(existing.permissions())?;
    }
    temporary.as_file().sync_all()?;
    temporary.persist(path)?;
    Ok(())
}

/// Gives a new file the owner and the group of the file that it replaces.
#[cfg(unix)]
fn keep_owner(new: &File, existing: &fs::Metadata) -> io::Result<()> {
    let now = new.metadata()?;
    let is_owner = (now.uid(), now.gid()) == (existing.uid(), existing.gid());
    if is_owner { Ok(()) } else { std::os::unix::fs::fchown(new, Some(existing.uid()), Some(existing.gid())) }
}

/// Writes a file in place. If that fails, its old content is written back.
#[cfg(unix)]
fn overwrite(path: &Path, content: &[u8]) -> io::Result<()> {
    let before = fs::read(path)?;
    let write = |content: &[u8]| {
        let mut file = OpenOptions::new().write(true).open(path)?;
        file.write_all(content)?;
        file.set_len(content.len() as u64)?;
        file.sync_all()
    };
    write(content).inspect_err(|_| drop(write(&before)))
}

/// Signals that end the process and that this thread does not receive until the value is dropped.
#[cfg(unix)]
struct HeldSignals(Option<SigSet>);

#[cfg(unix)]
impl HeldSignals {
    fn hold() -> Self {
        let ending = [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM, Signal::SIGXFSZ];
        Self(ending.into_iter().collect::<SigSet>().thread_swap_mask(SigmaskHow::SIG_BLOCK).ok())
    }
}

#[cfg(unix)]
impl Drop for HeldSignals {
    fn drop(&mut self) {
        // An error leaves the signals blocked, which nothing can change.
        let _ = self.0.map(|before| before.thread_set_mask());
    }
}
