//! The checkout: its root, files, copies and manifests.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::Value;

use crate::failure::{Context, Result, fail_with_error};
use crate::process::Process;

/// Makes the root of the checkout the current directory.
pub fn enter() -> Result {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let root = root.canonicalize().context(|| format!("cannot find the checkout at {}", root.display()))?;
    std::env::set_current_dir(&root).context(|| format!("cannot enter {}", root.display()))
}

/// Makes a path from the command line absolute. Such a path is relative to the directory of the
/// user, so clap must call this as a `value_parser`, which runs before [`enter`].
pub fn argument(path: &str) -> std::result::Result<PathBuf, std::io::Error> {
    std::path::absolute(path)
}

/// The target directory of cargo, as an absolute path.
pub fn target_dir() -> Result<PathBuf> {
    let dir = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    std::path::absolute(&dir).context(|| format!("cannot find {}", dir.display()))
}

/// The files of the checkout that exist below these paths, sorted by name; all of them if there
/// are no paths. Files that git ignores are left out, untracked files are not.
pub fn files(paths: &[&str]) -> Result<Vec<PathBuf>> {
    let list = Process::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z", "--"])
        .args(paths)
        .read()?;
    let mut files: Vec<PathBuf> = list.split_terminator('\0').map(PathBuf::from).filter(|file| file.exists()).collect();
    files.sort();
    files.dedup();
    Ok(files)
}

/// Copies the files of the checkout to an empty directory. The copies get the current time, so
/// that cargo does not reuse an earlier build for them.
pub fn copy_to(dir: &Path) -> Result {
    let now = SystemTime::now();
    for file in files(&[])? {
        let copy = dir.join(&file);
        let copied = (|| {
            fs::create_dir_all(copy.parent().unwrap_or(dir))?;
            fs::copy(&file, &copy)?;
            fs::File::options().append(true).open(&copy)?.set_modified(now)
        })();
        copied.context(|| format!("cannot copy {} to {}", file.display(), copy.display()))?;
    }
    Ok(())
}

/// Reads a text file.
pub fn read(file: impl AsRef<Path>) -> Result<String> {
    let file = file.as_ref();
    fs::read_to_string(file).context(|| format!("cannot read {}", file.display()))
}

/// Writes a file. Creates the directories above it.
pub fn write(file: impl AsRef<Path>, text: &str) -> Result {
    let file = file.as_ref();
    let written = (|| {
        fs::create_dir_all(file.parent().unwrap_or(file))?;
        fs::write(file, text)
    })();
    written.context(|| format!("cannot write {}", file.display()))
}

/// Creates a temporary directory, which is removed when the value is dropped.
pub fn scratch() -> Result<tempfile::TempDir> {
    tempfile::tempdir().context(|| "cannot create a scratch directory".to_owned())
}

/// The output of `cargo metadata` for the packages of the workspace.
pub fn metadata() -> Result<Value> {
    let text = Process::cargo().args(["metadata", "--format-version=1", "--no-deps"]).read()?;
    serde_json::from_str(&text).context(|| "cannot read the output of `cargo metadata`".to_owned())
}

/// The value of a key under `[package.metadata]` in the manifest of a package.
pub fn manifest_value(package: &str, key: &str) -> Result<Value> {
    let metadata = metadata()?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    match packages.into_iter().find(|candidate| candidate["name"] == package).map(|found| &found["metadata"][key]) {
        Some(value) if !value.is_null() => Ok(value.clone()),
        _ => fail_with_error(format!("the manifest of `{package}` has no `{key}` under [package.metadata]; add it")),
    }
}

/// Maximum size of a fuzz input in bytes: `input-bytes` in fuzz/Cargo.toml.
pub fn input_bytes() -> Result<u64> {
    match manifest_value("slug-fuzz", "input-bytes")?.as_u64() {
        Some(bytes) => Ok(bytes),
        None => fail_with_error("`input-bytes` in fuzz/Cargo.toml is not a number of bytes; correct it"),
    }
}

/// The current commit, with `-dirty` if a tracked file differs from it.
pub fn commit() -> Result<String> {
    let commit = Process::new("git").args(["describe", "--always", "--dirty", "--exclude=*"]).read()?;
    Ok(commit.trim().to_owned())
}

/// The rows of a tab-separated file with three columns. Blank lines and lines that start with `#`
/// are skipped.
pub fn table(file: &str) -> Result<Vec<[String; 3]>> {
    parse_table(file, &read(file)?)
}

/// Parses the text of such a file. `file` names it in an error.
pub fn parse_table(file: &str, text: &str) -> Result<Vec<[String; 3]>> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let rows = lines.map(|(number, line)| match line.split('\t').collect::<Vec<_>>()[..] {
        [first, second, third] => Ok([first, second, third].map(str::to_owned)),
        _ => fail_with_error(format!(
            "{file}:{}: expected three columns with tabs between them; correct the line",
            number + 1
        )),
    });
    rows.collect()
}

/// Reads a log, which may contain invalid UTF-8.
pub fn read_lossy(file: &Path) -> Result<String> {
    let bytes = fs::read(file).context(|| format!("cannot read {}", file.display()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The paths in a directory, sorted by name; empty if the directory does not exist.
pub fn entries(dir: &Path) -> Result<Vec<PathBuf>> {
    if !dir.exists() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(dir).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    let mut entries: Vec<PathBuf> = entries.context(|| format!("cannot read {}", dir.display()))?;
    entries.sort();
    Ok(entries)
}

/// Removes a file, or a directory with its content, if the path exists.
pub fn remove(path: &Path) -> Result {
    let removed = match path.symlink_metadata() {
        Err(_) => return Ok(()),
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
    };
    removed.context(|| format!("cannot remove {}", path.display()))
}
