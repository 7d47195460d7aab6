//! Patterns of files in slugproof.yaml.

use std::path::{Path, PathBuf};

use crate::exit::describe;
use crate::io::shown_path;
use crate::suggest::did_you_mean;

/// The longest pattern, in components, for which a similar path is searched.
const COMPONENTS: usize = 32;

/// The files that a pattern matches.
///
/// # Errors
///
/// The pattern is not valid, cannot be followed or matches no file: what follows its name in a message.
pub fn matching(pattern: &Path) -> Result<Vec<PathBuf>, String> {
    let text = pattern.to_str().ok_or("is not UTF-8; correct it")?;
    let paths = glob::glob(text).map_err(|error| format!("is invalid: {}; correct it", error.msg))?;
    let mut files = Vec::new();
    for path in paths {
        let path = path.map_err(|error| {
            let (path, reason) = (shown_path(error.path()), describe(error.error()));
            format!("cannot be followed into `{path}`: {reason}; check the directory")
        })?;
        if should_read(&path) {
            files.push(path);
        }
    }
    if files.is_empty() { Err(format!("matches no file; {}", remedy(pattern))) } else { Ok(files) }
}

/// True for files and for paths without readable metadata, whose error is reported on reading.
pub fn should_read(path: &Path) -> bool {
    std::fs::metadata(path).map_or(true, |found| found.is_file())
}

/// What to do about a pattern that matches nothing: the name that resembles its first part that does not exist.
fn remedy(pattern: &Path) -> String {
    const REMEDY: &str = "correct it or remove it";
    let found = |pattern: &Path| glob::glob(&pattern.to_string_lossy()).into_iter().flatten().flatten();
    let mut parts = pattern.components();
    if parts.clone().count() > COMPONENTS || parts.any(|part| part.as_os_str() == "**") {
        return REMEDY.to_owned();
    }
    let mut before = PathBuf::new();
    for part in pattern.components() {
        let here = before.join(part);
        if found(&here).next().is_none() {
            let name = part.as_os_str().to_string_lossy();
            let beside = found(&before.join("*")).chain(found(&before.join(".*")));
            let names: Vec<String> = beside.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect();
            return match name.contains(['*', '?', '[']) {
                true => REMEDY.to_owned(),
                false => did_you_mean(&name, names.iter().map(String::as_str), REMEDY),
            };
        }
        before = here;
    }
    REMEDY.to_owned()
}
