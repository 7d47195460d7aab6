//! Commands that change files of the repository, as far as their arguments name the files.

use super::super::files::{ResolvedPath, joined};
use super::super::interpreter::Interpreter;
use super::super::syntax::Word;
use super::choices::COPY_COMMANDS;
use super::{SHELLS, basename};
use slug_value::{AbstractValue, Text};

/// Commands besides [`COPY_COMMANDS`] that may change a file in their arguments.
const WRITERS: [&str; 24] = [
    "aws", "awk", "curl", "dd", "ed", "ex", "gawk", "gcloud", "git", "gsutil", "patch", "perl", "rclone", "rm",
    "rsync", "scp", "sed", "sponge", "tar", "tee", "truncate", "unzip", "wget", "yq",
];

fn is_writer(command: &str) -> bool {
    WRITERS.contains(&command) || COPY_COMMANDS.contains(&command)
}

/// Commands whose options `-o` and `-O` have another meaning than a file to write.
const OTHER_OUTPUT: [&str; 18] = [
    "[", "egrep", "fgrep", "find", "grep", "kubectl", "ls", "mount", "ps", "pytest", "rg", "set", "shopt", "ssh",
    "tar", "test", "unzip", "zip",
];

/// Options whose value is a file or a directory to write.
const OUTPUT_OPTIONS: [&str; 9] = [
    "--directory-prefix",
    "--out",
    "--output",
    "--output-dir",
    "--output-document",
    "--output-file",
    "-O",
    "-o",
    "-out",
];

/// Commands of `git` that change the files of the working tree to another state than the checked out one.
const GIT_WRITERS: [&str; 14] = [
    "am",
    "apply",
    "checkout",
    "cherry-pick",
    "merge",
    "mv",
    "pull",
    "rebase",
    "reset",
    "restore",
    "revert",
    "rm",
    "stash",
    "switch",
];

/// Options of `git` before its command that take a value.
const GIT_OPTIONS: [&str; 4] = ["--git-dir", "--work-tree", "-C", "-c"];

/// Whether a script may change a file of the repository: it has one of the words with which it would.
#[must_use]
pub fn may_change_files(script: &str) -> bool {
    let mut words = script.split(|c: char| !c.is_alphanumeric() && c != '-');
    script.contains('>') || OUTPUT_OPTIONS.iter().any(|option| script.contains(option)) || words.any(is_writer)
}

/// The possible texts of an argument; empty if it is not known.
struct Argument(Vec<String>);

impl Argument {
    fn of(text: &Text) -> Self {
        match &text.values {
            AbstractValue::OneOf(texts) => Self(texts.clone()),
            _ => Self(Vec::new()),
        }
    }

    fn is_any(&self, is_match: impl Fn(&str) -> bool) -> bool {
        self.0.iter().any(|text| is_match(text))
    }

    fn is_option(&self) -> bool {
        self.is_any(|text| text.len() > 1 && text.starts_with('-'))
    }
}

impl Interpreter<'_> {
    /// Records the files of the repository that a command may change, as far as its arguments name them.
    pub(super) fn note_changes(&mut self, command: &str, words: &[Word]) {
        let is_output = |word: &Word| {
            word.literal().is_some_and(|word| OUTPUT_OPTIONS.contains(&word.split('=').next().unwrap_or_default()))
        };
        let has_output = !OTHER_OUTPUT.contains(&command) && !SHELLS.contains(&command) && words.iter().any(is_output);
        if self.state.ended || !is_writer(command) && !has_output {
            return;
        }
        let arguments: Vec<Argument> = words.iter().map(|word| Argument::of(&self.expand_again(word))).collect();
        for (index, argument) in arguments.iter().enumerate() {
            for text in &argument.0 {
                let (name, value) = text.split_once('=').map_or((text.as_str(), None), |(name, it)| (name, Some(it)));
                // Short options of these commands may stand together, as in `-fsSLo`.
                let is_cluster = matches!(command, "curl" | "wget")
                    && !text.starts_with("--")
                    && text.starts_with('-')
                    && text.ends_with(['o', 'O', 'P']);
                match value {
                    Some(path) if OUTPUT_OPTIONS.contains(&name) || command == "dd" && name == "of" => {
                        self.note_changed(path);
                    }
                    None if OUTPUT_OPTIONS.contains(&name) || is_cluster => {
                        self.note_target(arguments.get(index + 1));
                    }
                    _ => {}
                }
            }
        }
        let has = |is_match: &dyn Fn(&str) -> bool| arguments.iter().any(|argument| argument.is_any(is_match));
        let paths: Vec<&Argument> = arguments.iter().filter(|argument| !argument.is_option()).collect();
        let is_short =
            |text: &str, letter: char| text.starts_with('-') && !text.starts_with("--") && text.contains(letter);
        let edits_in_place = |text: &str| match command {
            "awk" | "gawk" => text == "inplace",
            "perl" if text.starts_with("-I") || text.starts_with("-M") => false,
            _ => is_short(text, 'i') || text.starts_with("--in-place") || text == "--inplace",
        };
        let value_of = |options: &[&str]| {
            let at = arguments.iter().position(|argument| argument.is_any(|text| options.contains(&text)))?;
            arguments.get(at + 1)
        };
        match command {
            "sed" | "perl" | "yq" | "awk" | "gawk" if has(&edits_in_place) => {
                paths.iter().for_each(|path| self.note_all_changed(Some(path)));
            }
            "ed" | "ex" | "rm" | "sponge" | "tee" | "truncate" => {
                paths.iter().for_each(|path| self.note_all_changed(Some(path)));
            }
            "patch" => {
                let is_dry = has(&|text| text == "--dry-run");
                match paths.first() {
                    _ if is_dry => {}
                    Some(path) => self.note_all_changed(Some(path)),
                    None => self.note_changed("."),
                }
            }
            "tar" => {
                let is_cluster = |text: &str| !text.starts_with("--") && text.contains('x');
                let extracts = arguments.first().is_some_and(|it| it.is_any(is_cluster))
                    || has(&|text| text == "--extract" || is_short(text, 'x'));
                if extracts {
                    self.note_target(value_of(&["-C", "--directory"]));
                }
            }
            "unzip" => self.note_target(value_of(&["-d"])),
            "aws" | "gcloud" | "gsutil" | "rclone"
                if has(&|text| matches!(text, "cp" | "copy" | "copyto" | "mv" | "rsync" | "sync")) =>
            {
                self.note_copies(command, &paths, None);
            }
            "rsync" | "scp" => self.note_copies(command, &paths, None),
            _ if COPY_COMMANDS.contains(&command) => {
                let target = value_of(&["-t", "--target-directory"]);
                self.note_copies(command, &paths, target);
            }
            "git" => self.note_changes_of_git(&arguments),
            _ => {}
        }
    }

    /// Records what a command changes that copies or moves files. `target` is the directory that an option names.
    fn note_copies(&mut self, command: &str, paths: &[&Argument], target: Option<&Argument>) {
        let (target, sources) = match (target, paths.split_last()) {
            (Some(target), _) => (target, paths),
            (None, Some((target, sources))) if !sources.is_empty() => (*target, sources),
            (None, _) => return,
        };
        for target in &target.0 {
            let is_directory = target.ends_with('/') || self.is_directory(target);
            for source in sources {
                let is_content = |source: &str| source.ends_with("/.") || source.ends_with('/') || source == ".";
                if !is_directory || source.0.is_empty() || source.is_any(is_content) {
                    self.note_changed(target);
                }
                for source in source.0.iter().filter(|_| is_directory) {
                    self.note_changed(&format!("{target}/{}", basename(source)));
                }
            }
        }
        if command == "mv" {
            sources.iter().for_each(|source| self.note_all_changed(Some(source)));
        }
    }

    /// Records the files that a command of `git` may change.
    fn note_changes_of_git(&mut self, arguments: &[Argument]) {
        let (mut at, mut directory) = (0, None);
        while let Some(option) = arguments.get(at).filter(|argument| argument.is_option()) {
            if option.is_any(|text| text == "-C") {
                directory = arguments.get(at + 1);
            }
            at += if option.is_any(|text| GIT_OPTIONS.contains(&text)) { 2 } else { 1 };
        }
        if !arguments.get(at).is_some_and(|argument| argument.is_any(|text| GIT_WRITERS.contains(&text))) {
            return;
        }
        let is = |text: &'static str| arguments[at].is_any(|name| name == text);
        let rest = &arguments[at + 1..];
        let has = |names: &[&str]| rest.iter().any(|it| it.is_any(|text| names.contains(&text)));
        let separator = rest.iter().position(|it| it.is_any(|text| text == "--"));
        let others: Vec<&Argument> =
            rest.iter().filter(|it| !it.is_option() && !it.is_any(|text| text == "HEAD")).collect();
        match separator {
            _ if is("mv") || is("rm") => rest.iter().for_each(|path| self.note_all_changed(Some(path))),
            // Without another commit, the files become those of the current one again.
            Some(separator) if rest[..separator].iter().all(Argument::is_option) => {}
            Some(separator) => {
                rest[separator + 1..].iter().for_each(|path| self.note_all_changed(Some(path)));
            }
            None if is("restore") && !has(&["-s", "--source"]) => {}
            None if is("restore") => rest.iter().for_each(|path| self.note_all_changed(Some(path))),
            None if is("checkout") && others.len() == 1 && self.is_in_repository(others[0]) => {}
            // A new branch begins at the current state.
            None if has(&["-b", "-B", "-c", "-C", "--orphan"]) && others.len() < 2 => {}
            None if has(&["--abort"]) => {}
            None if is("apply") && has(&["--check", "--stat", "--numstat", "--summary"]) => {}
            None if is("reset") && (others.is_empty() || !has(&["--hard", "--merge", "--keep"])) => {}
            None => match directory {
                Some(directory) => self.note_all_changed(Some(directory)),
                None => self.note_changed("."),
            },
        }
    }

    /// Whether an argument is the path of a file of the repository, or of the working directory.
    fn is_in_repository(&self, argument: &Argument) -> bool {
        argument.is_any(|path| {
            let place = ResolvedPath::of(path, self.state.directory.as_deref());
            path == "." || matches!(place, ResolvedPath::Repository(place) if self.files.read(&place).is_some())
        })
    }

    /// Records the file or directory to which a command writes. If it is the working directory, the files are new ones
    /// in most cases.
    fn note_target(&mut self, argument: Option<&Argument>) {
        self.note_all_changed(argument.filter(|argument| !argument.is_any(|path| path == "." || path == "./")));
    }

    fn note_all_changed(&mut self, argument: Option<&Argument>) {
        argument.into_iter().flat_map(|argument| &argument.0).for_each(|path| self.note_changed(path));
    }

    /// Records that a command may change the file or the directory to which a path leads.
    pub(crate) fn note_changed(&mut self, path: &str) {
        if self.state.ended || path.is_empty() || path.starts_with('-') {
            return;
        }
        if let ResolvedPath::Repository(path) = ResolvedPath::of(path, self.state.directory.as_deref()) {
            self.changed.add(joined("", &path));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_with_writers_may_change_files() {
        for script in ["sed -i s/a/b/ x", "echo a > x", "cp a b", "tool --output x", "git pull", "sudo tee x", "wget u"]
        {
            assert!(may_change_files(script), "{script}");
        }
        for script in ["bash ci/eval.sh", "cat x", "npm ci", "chmod +x ci/eval.sh"] {
            assert!(!may_change_files(script), "{script}");
        }
    }
}
