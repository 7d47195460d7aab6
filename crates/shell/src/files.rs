//! The files of the repository that scripts run, and the paths of scripts.

use std::rc::Rc;

use super::forge::WORKSPACE;
use super::options::ShellOptions;

/// The files of the repository that a script can run. Paths are relative to its root.
pub trait Files {
    /// The text of a file; None if the repository lacks the file or if it cannot be read as text.
    fn read(&self, path: &str) -> Option<SourceFile>;

    /// The names of the files and directories in a directory; empty if the repository lacks the directory.
    fn list(&self, directory: &str) -> Vec<String>;

    /// Whether a file of this path may be in the working directory of a developer only, because git ignores it.
    fn is_ignored(&self, _path: &str) -> bool {
        false
    }

    /// Whether the repository has any file.
    fn is_known(&self) -> bool {
        true
    }
}

/// The first position of the files of a repository. The positions of a script are less.
pub const FIRST_FILE_POSITION: usize = 1 << 24;

/// A file of the repository.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// The text.
    pub text: Rc<str>,
    /// The position of its first byte in the results of an interpretation. The positions of two files
    /// do not overlap, nor do they overlap those of the script that is interpreted.
    pub base: usize,
}

/// A repository of which no file is known.
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &str) -> Option<SourceFile> {
        None
    }

    fn list(&self, _: &str) -> Vec<String> {
        Vec::new()
    }

    fn is_known(&self) -> bool {
        false
    }
}

/// The file or directory to which a path leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ResolvedPath {
    /// A path relative to the root of the repository.
    Repository(String),
    /// A path that leads out of the repository, or is not known.
    Elsewhere,
}

impl ResolvedPath {
    /// Resolves a path in a directory, which is relative to the root of the repository or absolute.
    pub fn of(path: &str, directory: Option<&str>) -> Self {
        // Bash replaces `~+` by the working directory.
        let path = path.strip_prefix("~+/").unwrap_or(path);
        let relative = match (path.strip_prefix(WORKSPACE), directory) {
            (Some(rest), _) if rest.is_empty() || rest.starts_with('/') => joined("", rest),
            (Some(_), _) => return Self::Elsewhere,
            (None, _) if path.starts_with(['/', '~']) => return Self::Elsewhere,
            (None, Some(directory)) if !directory.starts_with('/') => joined(directory, path),
            _ => return Self::Elsewhere,
        };
        if relative == ".." || relative.starts_with("../") { Self::Elsewhere } else { Self::Repository(relative) }
    }
}

/// Joins a path to a directory and resolves `.` and, after a directory, `..`.
#[must_use]
pub fn joined(directory: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in directory.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// The interpreter that the first line of a file names, or `bash`, which runs a file without one
/// itself.
pub(super) fn interpreter_of(text: &str) -> &str {
    let Some(line) = text.strip_prefix("#!") else { return "bash" };
    let line = line.lines().next().unwrap_or_default();
    let mut words = line.split_whitespace();
    let program = words.next().unwrap_or_default();
    let name = program.rsplit('/').next().unwrap_or_default();
    if name == "env" { words.find(|word| !word.starts_with('-')).unwrap_or_default() } else { name }
}

/// The options in the first line of a script, as in `#!/bin/bash -e`.
pub(super) fn options_of_file(text: &str) -> ShellOptions {
    let first = text.lines().next().filter(|line| line.starts_with("#!")).unwrap_or_default();
    ShellOptions::of(first.split_whitespace())
}

/// Whether lines of a script end with a carriage return, which a shell takes for a part of the last word. A forge may
/// check out the file without them.
pub(super) fn has_carriage_returns(script: &str) -> bool {
    script.contains("\r\n")
}

/// Whether another shell than bash may interpret a script differently: `sh` is `dash` on some systems.
pub(super) fn needs_bash(script: &str) -> bool {
    const FORMS: [&str; 25] = [
        "${!",
        "[[",
        "((",
        "$'",
        "$\"",
        "=(",
        "<<<",
        "&>",
        "+=",
        "<(",
        ">(",
        ";&",
        ";;&",
        "|&",
        "[@]",
        "[*]",
        "^^",
        ",,",
        "\\n",
        "\\t",
        "BASH",
        "PIPESTATUS",
        "pipefail",
        "errtrace",
        "RANDOM",
    ];
    const WORDS: [&str; 14] = [
        "builtin",
        "coproc",
        "declare",
        "enable",
        "function",
        "let",
        "mapfile",
        "popd",
        "pushd",
        "readarray",
        "select",
        "shopt",
        "source",
        "typeset",
    ];
    let is_word = |word: &str| WORDS.contains(&word);
    let words = || script.split(|c: char| c.is_whitespace() || matches!(c, ';' | '&' | '|' | '(' | ')'));
    // `test -v` is a form of bash; other programs have an option `-v`.
    let is_test = |word: &str| matches!(word, "[" | "test" | "!" | "-a" | "-o");
    FORMS.iter().any(|form| script.contains(form))
        || words().any(is_word)
        || words().zip(words().skip(1)).any(|(before, word)| word == "-v" && is_test(before))
        || script.split('{').skip(1).any(|rest| {
            let inside = rest.split('}').next().unwrap_or_default();
            // A group of commands begins with a space.
            !rest.starts_with(char::is_whitespace) && (inside.contains([',', '/']) || inside.contains(".."))
        })
        || script.split("read -").skip(1).any(|rest| !rest.starts_with("r "))
        || ["echo -", "export -", " == "].iter().any(|form| script.contains(form))
}
