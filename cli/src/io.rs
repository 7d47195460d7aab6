//! Files and standard input: read within limits, written whole, named without secrets.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
#[cfg(unix)]
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Component, Path, PathBuf};

use slug_resolver::limits;
use tempfile::Builder;

use crate::exit::{Failure, describe};

/// The bytes of a file, or as many of them as no reader takes.
pub fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let limit = limits::DOCUMENT_BYTES as u64 + 1;
    File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)).map_err(|error| {
        Failure::new(format!("cannot read `{}`: {}; check the path", shown_path(path), describe(&error)))
    })?;
    Ok(bytes)
}

/// The bytes of a file that is useless in part; errors name it by `what` and end in `remedy`.
///
/// # Errors
///
/// A file that cannot be read, and one of more bytes than any document may have.
pub fn read_whole(path: &Path, what: &str, remedy: &str) -> Result<Vec<u8>, Failure> {
    let bytes = read_file(path)?;
    let most = limits::DOCUMENT_BYTES;
    if bytes.len() > most {
        return Err(Failure::new(format!("{what} has more bytes than the limit of {most}; {remedy}")));
    }
    Ok(bytes)
}

/// What stands for standard input where a file is expected.
pub const STANDARD_INPUT: &str = "-";

/// A file or standard input, read, with the name by which it is shown.
pub struct Input {
    /// The name.
    pub name: String,
    /// The bytes, or as many of them as no reader takes.
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

    /// A failure about what it holds.
    pub fn failure(&self, what: &str) -> Failure {
        Failure::new(format!("{}: {what}", self.name))
    }
}

/// A path as it is shown: what stands behind a `=` may be a secret in the wrong place.
pub fn shown_path(path: &Path) -> String {
    let text = path.display().to_string();
    match text.split_once('=') {
        Some((name, _)) => format!("{name}=…"),
        None => text,
    }
}

/// A path as findings name it: with slashes, and the same for `a` and `./a`.
pub fn report_path(path: &Path) -> String {
    let kept: PathBuf = path.components().filter(|component| *component != Component::CurDir).collect();
    let text = shown_path(if kept.as_os_str().is_empty() { path } else { &kept });
    if cfg!(windows) { text.replace('\\', "/") } else { text }
}

/// The text of a file, or why there is none; of a text beyond the limit, a piece that is too long as well.
pub fn read_text_file(path: &Path, limit: usize) -> Result<String, String> {
    let file =
        File::open(path).map_err(|error| format!("cannot read the file: {}; check the path", describe(&error)))?;
    read_text(file, limit)
}

/// The text of a stream, like that of a file.
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
        // The end of what was read may stand inside a character; the size is refused anyway.
        Err(error) if cut => Ok(String::from_utf8_lossy(error.as_bytes()).into_owned()),
        Err(_) => Err("the text is not UTF-8; save it as UTF-8".to_owned()),
    }
}

/// Writes a file whole or not at all: a reader never sees half of it.
pub fn write_whole(path: &Path, content: &[u8]) -> Result<(), Failure> {
    replace(path, content).map_err(|error| {
        let why = describe(&error);
        Failure::new(format!("cannot write `{}`: {why}; check the directory or choose another place", path.display()))
    })
}

fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    // What a link names is replaced, not the link.
    let path = &path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let existing = fs::metadata(path).ok();
    if existing.as_ref().is_some_and(|existing| !existing.is_file()) {
        // A device or a pipe must not be replaced; a directory refuses.
        return fs::write(path, content);
    }
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut temporary = Builder::new();
    temporary.prefix(".slugproof-").suffix(".tmp");
    // As any new file, it is for whom the process lets read it.
    #[cfg(unix)]
    temporary.permissions(fs::Permissions::from_mode(0o666));
    let mut temporary = temporary.tempfile_in(directory)?;
    temporary.write_all(content)?;
    if let Some(existing) = existing {
        temporary.as_file().set_permissions(existing.permissions())?;
    }
    temporary.as_file().sync_all()?;
    temporary.persist(path)?;
    Ok(())
}
