//! Commands that change files of the repository, as far as their arguments name the files.

use super::super::changed::FoundFiles;
use super::super::files::{ResolvedPath, joined};
use super::super::forge::WORKSPACE;
use super::super::interpreter::{A_REDIRECT, Interpreter};
use super::super::syntax::{Word, literal_end};
use super::choices::COPY_COMMANDS;
use super::{SHELLS, basename};
use slug_value::{AbstractValue, Text};

/// Commands besides [`COPY_COMMANDS`] that may change a file in their arguments.
const WRITERS: [&str; 26] = [
    "aws", "awk", "curl", "dd", "ed", "ex", "find", "gawk", "gcloud", "gh", "git", "gsutil", "patch", "perl", "rclone",
    "rm", "rsync", "scp", "sed", "sponge", "tar", "tee", "truncate", "unzip", "wget", "yq",
];

pub(super) fn is_writer(command: &str) -> bool {
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
const GIT_WRITERS: [&str; 15] = [
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
    "submodule",
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

/// Options of commands whose value is a file or a directory to write, besides [`OUTPUT_OPTIONS`]: their letters and
/// their long names.
const TARGET_OPTIONS: [(&[&str], &str, &[&str]); 6] = [
    (&COPY_COMMANDS, "t", &["--target-directory"]),
    (&["curl"], "o", &[]),
    (&["gh"], "D", &["--dir"]),
    (&["tar"], "C", &["--directory"]),
    (&["unzip"], "d", &[]),
    (&["wget"], "OP", &[]),
];

/// The path that stands for the files that `find` or `xargs` adds to a command.
const FOUND: &str = "{}";

/// An argument of a command.
struct Argument {
    /// Its possible texts; empty if it is not known. [`FOUND`] is an argument that `find` or `xargs` may have added.
    texts: Vec<String>,
    /// The file name at the end of a path that is not known otherwise, as in `$DIR/name`.
    file_name: Option<String>,
}

impl Argument {
    fn of(word: &Word, text: &Text, may_be_found: bool) -> Self {
        match &text.values {
            AbstractValue::OneOf(texts) => Self { texts: texts.clone(), file_name: None },
            _ => {
                let end = literal_end(&word.pieces);
                let file_name = end.rsplit_once('/').map(|(_, name)| name.to_owned()).filter(|name| !name.is_empty());
                match may_be_found {
                    true => Self { texts: vec![FOUND.to_owned()], file_name: None },
                    false => Self { texts: Vec::new(), file_name },
                }
            }
        }
    }

    fn is_any(&self, is_match: impl Fn(&str) -> bool) -> bool {
        self.texts.iter().any(|text| is_match(text))
    }

    fn is_option(&self) -> bool {
        self.is_any(|text| text.len() > 1 && text.starts_with('-'))
    }

    /// The file names that a copy gets in its directory; `None` if they are not known.
    fn names_of_copy(&self) -> Option<Vec<String>> {
        let names: Vec<String> = match &self.file_name {
            Some(name) => vec![name.clone()],
            None => self.texts.iter().map(|path| basename(path)).collect(),
        };
        let is_content = |path: &str| path.ends_with("/.") || path.ends_with('/') || path == ".";
        let is_known = |name: &String| {
            !matches!(name.as_str(), "" | "." | "..") && !name.contains(['*', '?', '[']) && name != FOUND
        };
        (!names.is_empty() && names.iter().all(is_known) && !self.is_any(is_content)).then_some(names)
    }
}

/// The values of options with some letters or long names, attached or in the next argument. Short options may stand
/// together, as in `-fsSLo`.
fn values_of(arguments: &[Argument], letters: &str, names: &[&str]) -> Vec<String> {
    let mut values = Vec::new();
    for (index, argument) in arguments.iter().enumerate() {
        for text in &argument.texts {
            let attached = match text.strip_prefix("--") {
                Some(_) => {
                    let (name, value) = text.split_once('=').unwrap_or((text, ""));
                    names.contains(&name).then_some(value)
                }
                None => text.strip_prefix('-').and_then(|short| {
                    let at = short.find(|letter| letters.contains(letter))?;
                    Some(&short[at + 1..])
                }),
            };
            match attached {
                Some("") => values.extend(arguments.get(index + 1).iter().flat_map(|next| next.texts.clone())),
                Some(value) => values.push(value.trim_start_matches('=').to_owned()),
                None => {}
            }
        }
    }
    values
}

/// The file names under which a program stores what it downloads.
fn downloaded(arguments: &[Argument]) -> Vec<String> {
    let is_address = |text: &&String| text.contains("://");
    let name = |address: &String| {
        let (_, path) = address.split_once("://").unwrap_or_default();
        let path = path.split(['?', '#']).next().unwrap_or_default();
        path.contains('/').then(|| basename(path)).filter(|name| !path.ends_with('/') && !name.is_empty())
    };
    let known = arguments.iter().flat_map(|argument| &argument.texts).filter(is_address).filter_map(name);
    known.chain(arguments.iter().filter_map(|argument| argument.file_name.clone())).collect()
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
        if command == "find" {
            if words.iter().any(|word| word.literal().as_deref() == Some("-delete")) {
                let found = self.found_by_find(words);
                self.note_found_changed("find -delete", found);
            }
            return;
        }
        let may_be_found = self.found.is_some();
        let arguments: Vec<Argument> =
            words.iter().map(|word| Argument::of(word, &self.expand_again(word), may_be_found)).collect();
        for path in self.written_paths(command, &arguments) {
            if path == FOUND {
                self.note_found_changed(command, self.found.clone().unwrap_or_default());
            } else {
                self.note_changed(&format!("`{command}`"), &path);
            }
        }
    }

    /// Records that a redirect may write the file that a text names.
    pub(crate) fn note_redirected(&mut self, target: &Text) {
        match target.single() {
            Some(path) => self.note_changed(A_REDIRECT, path),
            None => {
                for files in self.found.clone().into_iter().flatten() {
                    self.changed.add_found(files, A_REDIRECT);
                }
            }
        }
    }

    /// Records that a command may change files that `find` or `xargs` finds. Files that it removes in the whole
    /// repository are taken to be files that the job made, unless a test of names or paths chooses them.
    fn note_found_changed(&mut self, command: &str, found: Vec<FoundFiles>) {
        let removes = matches!(command, "rm" | "find -delete");
        let is_of_job = |files: &FoundFiles| removes && files.directory.is_empty() && !files.are_chosen;
        for files in found.into_iter().filter(|files| !is_of_job(files)) {
            self.changed.add_found(files, &format!("`{command}`"));
        }
    }

    /// The paths of the files and directories that a command may change.
    fn written_paths(&self, command: &str, arguments: &[Argument]) -> Vec<String> {
        let mut written = Vec::new();
        for (index, argument) in arguments.iter().enumerate() {
            for text in &argument.texts {
                let (name, value) = text.split_once('=').map_or((text.as_str(), None), |(name, it)| (name, Some(it)));
                // `curl -O` has no value.
                let is_output = OUTPUT_OPTIONS.contains(&name) && !(command == "curl" && name == "-O");
                match value {
                    Some(path) if is_output || command == "dd" && name == "of" => written.push(path.to_owned()),
                    None if is_output => written.extend(target(arguments.get(index + 1))),
                    _ => {}
                }
            }
        }
        let options = TARGET_OPTIONS.iter().find(|(commands, ..)| commands.contains(&command));
        let named = options.map(|(_, letters, names)| values_of(arguments, letters, names)).unwrap_or_default();
        let has = |is_match: &dyn Fn(&str) -> bool| arguments.iter().any(|argument| argument.is_any(is_match));
        let paths: Vec<&Argument> = arguments.iter().filter(|argument| !argument.is_option()).collect();
        let all = |paths: &[&Argument]| paths.iter().flat_map(|path| path.texts.clone()).collect::<Vec<_>>();
        let is_short =
            |text: &str, letter: char| text.starts_with('-') && !text.starts_with("--") && text.contains(letter);
        let edits_in_place = |text: &str| match command {
            "awk" | "gawk" => text == "inplace",
            "perl" if text.starts_with("-I") || text.starts_with("-M") => false,
            _ => is_short(text, 'i') || text.starts_with("--in-place") || text == "--inplace",
        };
        let named_targets = || target(Some(&Argument { texts: named.clone(), file_name: None }));
        match command {
            "sed" | "perl" | "yq" | "awk" | "gawk" if has(&edits_in_place) => written.extend(all(&paths)),
            "ed" | "ex" | "rm" | "sponge" | "tee" | "truncate" => written.extend(all(&paths)),
            "patch" => match paths.first() {
                _ if has(&|text| text == "--dry-run") => {}
                Some(path) => written.extend(path.texts.clone()),
                None => written.push(".".to_owned()),
            },
            "tar" => {
                // Without `-`, the values follow in the order of the letters.
                let is_old = arguments.first().is_some_and(|it| !it.is_option());
                let is_action = |letter: char, names: &[&str]| {
                    let is_cluster = |text: &str| !text.starts_with('-') && text.contains(letter);
                    is_old && arguments[0].is_any(is_cluster)
                        || has(&|text| names.contains(&text) || is_short(text, letter))
                };
                let rest = &paths[usize::from(is_old).min(paths.len())..];
                let archive = match rest.first() {
                    Some(first) if is_old => first.texts.clone(),
                    _ => values_of(arguments, "f", &["--file"]),
                };
                if is_action('x', &["--extract", "--get"]) {
                    // The arguments after the archive are files in it.
                    written.extend(rest.iter().flat_map(|path| target(Some(path))));
                    written.extend(named_targets());
                    // Others are values of options, such as `--strip-components 1`.
                    let is_value = |text: &str| text.parse::<u32>().is_ok();
                    let is_known = |text: &str| archive.iter().chain(&named).any(|it| it == text) || is_value(text);
                    let members = rest.iter().filter(|path| !path.is_any(is_known)).count();
                    written.extend(self.place_of_extraction(&archive, &named, members));
                } else if is_action('c', &["--create"]) {
                    written.extend(archive);
                }
            }
            "unzip" if has(&|text| matches!(text, "-l" | "-p" | "-t" | "-v" | "-Z" | "-z")) => {}
            "unzip" => {
                written.extend(named_targets());
                let archive = paths.first().map(|path| path.texts.clone()).unwrap_or_default();
                let members = paths.get(1..).unwrap_or_default();
                if named.is_empty() && !has(&|text| text == "-x") {
                    written.extend(all(members));
                }
                written.extend(self.place_of_extraction(&archive, &named, members.len()));
            }
            "gh" if has(&|text| text == "pr") && has(&|text| text == "checkout") => written.push(".".to_owned()),
            "gh" if has(&|text| text == "download") => written.extend(named_targets()),
            "curl" => {
                written.extend(named_targets());
                if has(&|text| text.starts_with("--remote-name") || is_short(text, 'O')) {
                    let directories = values_of(arguments, "", &["--output-dir"]);
                    let directory = directories.first().map_or(".", String::as_str);
                    written.extend(downloaded(arguments).iter().map(|name| format!("{directory}/{name}")));
                }
            }
            "wget" => {
                written.extend(named_targets());
                if named.is_empty() {
                    written.extend(downloaded(arguments));
                }
            }
            "aws" | "gcloud" | "gsutil" | "rclone"
                if has(&|text| matches!(text, "cp" | "copy" | "copyto" | "mv" | "rsync" | "sync")) =>
            {
                written.extend(self.paths_of_copies(command, &paths, &[]));
            }
            "rsync" | "scp" => written.extend(self.paths_of_copies(command, &paths, &[])),
            _ if COPY_COMMANDS.contains(&command) => written.extend(self.paths_of_copies(command, &paths, &named)),
            "git" => written.extend(self.paths_of_git(arguments)),
            _ => {}
        }
        written
    }

    /// The working directory, if a program extracts a whole archive there that may have files of the repository. An
    /// archive that the job has written before, as with `curl`, is taken to have new files.
    fn place_of_extraction(&self, archive: &[String], places: &[String], members: usize) -> Option<String> {
        let is_new = |path: &String| {
            let is_outside = ResolvedPath::of(path, self.state.directory.as_deref()) == ResolvedPath::Elsewhere;
            path == "-" || self.change_of(path).is_some() || is_outside && self.is_named_elsewhere(path)
        };
        let is_here = places.iter().all(|place| is_working_directory(place));
        (is_here && members == 0 && !archive.is_empty() && !archive.iter().all(is_new)).then(|| ".".to_owned())
    }

    /// The paths that a command changes which copies or moves files. `targets` are the directories that options name.
    fn paths_of_copies(&self, command: &str, paths: &[&Argument], targets: &[String]) -> Vec<String> {
        let (targets, sources): (&[String], _) = match paths.split_last() {
            _ if !targets.is_empty() => (targets, paths),
            Some((target, sources)) if !sources.is_empty() => (&target.texts, sources),
            _ => return Vec::new(),
        };
        let mut written = Vec::new();
        for target in targets {
            let is_directory = target.ends_with('/') || self.is_directory(target);
            for source in sources {
                match source.names_of_copy().filter(|_| is_directory) {
                    Some(names) => written.extend(names.iter().map(|name| format!("{target}/{name}"))),
                    None => written.push(target.clone()),
                }
            }
        }
        if command == "mv" {
            written.extend(sources.iter().flat_map(|source| source.texts.clone()));
        }
        written
    }

    /// The paths that a command of `git` may change.
    fn paths_of_git(&self, arguments: &[Argument]) -> Vec<String> {
        let (mut at, mut directory) = (0, None);
        while let Some(option) = arguments.get(at).filter(|argument| argument.is_option()) {
            if option.is_any(|text| text == "-C") {
                directory = arguments.get(at + 1);
            }
            at += if option.is_any(|text| GIT_OPTIONS.contains(&text)) { 2 } else { 1 };
        }
        if !arguments.get(at).is_some_and(|argument| argument.is_any(|text| GIT_WRITERS.contains(&text))) {
            return Vec::new();
        }
        let is = |text: &'static str| arguments[at].is_any(|name| name == text);
        let rest = &arguments[at + 1..];
        let all = |paths: &[Argument]| paths.iter().flat_map(|path| path.texts.clone()).collect::<Vec<_>>();
        let has = |names: &[&str]| rest.iter().any(|it| it.is_any(|text| names.contains(&text)));
        let separator = rest.iter().position(|it| it.is_any(|text| text == "--"));
        let others: Vec<&Argument> =
            rest.iter().filter(|it| !it.is_option() && !it.is_any(|text| text == "HEAD")).collect();
        match separator {
            _ if is("mv") || is("rm") => all(rest),
            // The committed state of a submodule is another one.
            _ if is("submodule") && has(&["--remote"]) => self.paths_of_submodules(),
            _ if is("submodule") => Vec::new(),
            // Without another commit, the files become those of the current one again.
            Some(separator) if rest[..separator].iter().all(Argument::is_option) => Vec::new(),
            Some(separator) => all(&rest[separator + 1..]),
            None if is("restore") && !has(&["-s", "--source"]) => Vec::new(),
            None if is("restore") => all(rest),
            None if is("checkout") && others.len() == 1 && self.is_in_repository(others[0]) => Vec::new(),
            // A new branch begins at the current state.
            None if has(&["-b", "-B", "-c", "-C", "--orphan"]) && others.len() < 2 => Vec::new(),
            None if has(&["--abort"]) => Vec::new(),
            None if is("apply") && has(&["--check", "--stat", "--numstat", "--summary"]) => Vec::new(),
            None if is("reset") && (others.is_empty() || !has(&["--hard", "--merge", "--keep"])) => Vec::new(),
            None => directory.map_or_else(|| vec![".".to_owned()], |directory| directory.texts.clone()),
        }
    }

    /// The directories of the submodules of the repository.
    fn paths_of_submodules(&self) -> Vec<String> {
        let Some(file) = self.files.read(".gitmodules") else { return Vec::new() };
        let settings = file.text.lines().filter_map(|line| line.split_once('='));
        let paths = settings.filter(|(key, _)| key.trim() == "path");
        paths.map(|(_, path)| format!("{WORKSPACE}/{}", path.trim())).collect()
    }

    /// Whether an argument is the path of a file of the repository, or of the working directory.
    fn is_in_repository(&self, argument: &Argument) -> bool {
        argument.is_any(|path| {
            let place = ResolvedPath::of(path, self.state.directory.as_deref());
            path == "." || matches!(place, ResolvedPath::Repository(place) if self.files.read(&place).is_some())
        })
    }

    /// Records that a command may change the file or the directory to which a path leads. `by` names the command in
    /// messages.
    pub(crate) fn note_changed(&mut self, by: &str, path: &str) {
        if self.state.ended || path.is_empty() || path.starts_with('-') {
            return;
        }
        if let ResolvedPath::Repository(path) = ResolvedPath::of(path, self.state.directory.as_deref()) {
            self.changed.add(joined("", &path), by);
        }
    }
}

fn is_working_directory(path: &str) -> bool {
    path == "." || path == "./"
}

/// The file or directory to which a command writes. If it is the working directory, the files are new ones in most
/// cases.
fn target(argument: Option<&Argument>) -> Vec<String> {
    argument.filter(|argument| !argument.is_any(is_working_directory)).map_or_else(Vec::new, |it| it.texts.clone())
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
