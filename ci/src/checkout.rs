//! The checkout: its root, files, copies and manifests.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::Value;

use crate::failure::{Context, Result, error};
use crate::process::Process;

/// Makes the root of the checkout the current directory.
pub fn enter() -> Result {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let root = root.canonicalize().context(|| format!("cannot find the checkout at {}", root.display()))?;
    std::env::set_current_dir(&root).context(|| format!("cannot enter {}", root.display()))
}

/// Parses a path argument of the command line and makes the path absolute. The user writes a path
/// relative to the current directory, which [`enter`] changes. Therefore use this function as a
/// `value_parser` of clap, which runs before [`enter`].
pub fn parse_path(path: &str) -> std::result::Result<PathBuf, std::io::Error> {
    std::path::absolute(path)
}

/// The target directory of cargo, as an absolute path.
pub fn target_dir() -> Result<PathBuf> {
    let dir = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    std::path::absolute(&dir).context(|| format!("cannot find {}", dir.display()))
}

/// The files of the checkout under these paths, sorted by path. If `paths` is empty, the result is all
/// files of the checkout. The result includes untracked files, and excludes ignored and deleted files.
pub fn files(paths: &[&str]) -> Result<Vec<PathBuf>> {
    let list = Process::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z", "--"])
        .args(paths)
        .read_stdout()?;
    let mut files: Vec<PathBuf> = list.split_terminator('\0').map(PathBuf::from).filter(|file| file.exists()).collect();
    files.sort();
    files.dedup();
    Ok(files)
}

/// Copies the files of the checkout to an empty directory. Sets the modification time of each copy to
/// the current time; otherwise cargo could reuse the build of an earlier copy.
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

/// Makes a directory a git repository, with all its files in one commit.
pub fn commit_all(dir: &Path) -> Result {
    let commit = ["-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "--quiet", "--message=all"];
    for arguments in [&["init", "--quiet"][..], &["add", "--all"], &commit] {
        Process::new("git").dir(dir).args(arguments).run()?;
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
pub fn temporary_directory() -> Result<tempfile::TempDir> {
    tempfile::tempdir().context(|| "cannot create a temporary directory".to_owned())
}

/// The output of `cargo metadata` for the packages of the workspace.
pub fn metadata() -> Result<Value> {
    let text = Process::cargo().args(["metadata", "--format-version=1", "--no-deps"]).read_stdout()?;
    serde_json::from_str(&text).context(|| "cannot read the output of `cargo metadata`".to_owned())
}

/// The value of a key under `[package.metadata]` in the manifest of a package.
pub fn manifest_value(package: &str, key: &str) -> Result<Value> {
    let metadata = metadata()?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    match packages.into_iter().find(|candidate| candidate["name"] == package).map(|found| &found["metadata"][key]) {
        Some(value) if !value.is_null() => Ok(value.clone()),
        _ => error(format!("the manifest of `{package}` has no `{key}` under [package.metadata]; add it")),
    }
}

/// Maximum size of a fuzz input in bytes, from `input-bytes` in fuzz/Cargo.toml.
pub fn max_fuzz_input_bytes() -> Result<u64> {
    match manifest_value("slug-fuzz", "input-bytes")?.as_u64() {
        Some(bytes) => Ok(bytes),
        None => error("`input-bytes` in fuzz/Cargo.toml is not a number of bytes; correct it"),
    }
}

/// The current commit, with `-dirty` if a tracked file differs from it.
pub fn current_commit() -> Result<String> {
    let commit = Process::new("git").args(["describe", "--always", "--dirty", "--exclude=*"]).read_stdout()?;
    Ok(commit.trim().to_owned())
}

/// Reads the rows of a file with columns that tabs separate. Empty lines and lines that start with `#`
/// are skipped.
pub fn read_table<const COLUMNS: usize>(file: &str) -> Result<Vec<[String; COLUMNS]>> {
    parse_table(file, &read(file)?)
}

/// Parses `text` like [`read_table`]. Error messages contain the path `file`.
pub fn parse_table<const COLUMNS: usize>(file: &str, text: &str) -> Result<Vec<[String; COLUMNS]>> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let rows = lines.map(|(index, line)| {
        let columns: Vec<String> = line.split('\t').map(str::to_owned).collect();
        columns.try_into().or_else(|_| {
            let line = index + 1;
            error(format!("{file}:{line}: expected {COLUMNS} columns with tabs between them; correct the line"))
        })
    });
    rows.collect()
}

/// Reads a log, which may contain invalid UTF-8.
pub fn read_lossy(file: &Path) -> Result<String> {
    let bytes = fs::read(file).context(|| format!("cannot read {}", file.display()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Copies a program, so that everybody may run the copy. Creates the directories above it.
pub fn copy_executable(program: &Path, to: &Path) -> Result {
    let copy = || {
        fs::create_dir_all(to.parent().unwrap_or(to))?;
        fs::copy(program, to)?;
        // On Windows, every file can be run.
        #[cfg(unix)]
        fs::set_permissions(to, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
        Ok::<_, std::io::Error>(())
    };
    copy().context(|| format!("cannot copy {} to {}", program.display(), to.display()))
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
