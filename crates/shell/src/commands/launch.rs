//! Programs that start a program or a script in their arguments.

use super::super::files::{ResolvedPath, SourceFile, joined};
use super::super::interpreter::{Interpreter, Outcome};
use super::super::syntax::Word;
use super::super::targets::comments;
use slug_value::Text;

/// How a program finds the program that it starts.
pub(super) enum Launch {
    /// It runs the file in its first argument that is not an option, as `python` does.
    File,
    /// It runs the command in its arguments, after its options, as `npx` does.
    Command,
    /// It runs each file in its arguments, as `pytest` does.
    Files,
}

/// Programs that run the file in their first argument.
const INTERPRETERS: [&str; 12] =
    ["bun", "deno", "node", "perl", "php", "pypy", "pypy3", "python", "python2", "python3", "ruby", "tsx"];

/// Programs for scripts in another language, besides [`INTERPRETERS`].
const OTHER_LANGUAGES: [&str; 3] = ["cmd", "powershell", "pwsh"];

/// Whether a program runs scripts in another language than that of a shell, in its own environment.
pub(crate) fn runs_other_language(program: &str) -> bool {
    let program = program.trim_end_matches(".exe");
    OTHER_LANGUAGES.contains(&program) || INTERPRETERS.contains(&program) || unversioned(program) == "python"
}

/// Programs that run the command in their arguments.
const COMMAND_RUNNERS: [&str; 3] = ["bunx", "npx", "uvx"];

/// Programs that run the command after a word such as `run`.
const SUBCOMMAND_RUNNERS: [(&str, &[&str]); 14] = [
    ("bundle", &["exec"]),
    ("conda", &["run"]),
    ("coverage", &["run"]),
    ("hatch", &["run"]),
    ("mise", &["exec", "x"]),
    ("npm", &["exec", "x"]),
    ("pdm", &["run"]),
    ("pipenv", &["run"]),
    ("pipx", &["run"]),
    ("pnpm", &["dlx", "exec"]),
    ("poetry", &["run"]),
    ("rye", &["run"]),
    ("uv", &["run"]),
    ("yarn", &["dlx", "exec"]),
];

/// Whether a program starts the commands of packages, which are programs of their own where they are installed.
fn is_package_runner(program: &str) -> bool {
    COMMAND_RUNNERS.contains(&program) || matches!(program, "npm" | "pipx" | "pnpm" | "yarn")
}

/// Programs that run each test file in their arguments.
const TEST_RUNNERS: [&str; 7] = ["bats", "jest", "mocha", "py.test", "pytest", "unittest", "vitest"];

/// Options of runners of tests that take the next word as their value, which names no tests.
const TEST_OPTIONS_WITH_VALUE: [(&[&str], &[&str]); 5] = [
    (&["bats"], &["-f", "-j", "--filter", "--filter-tags", "--formatter", "--jobs", "-F", "-o", "--output"]),
    (&["jest", "vitest"], &["-c", "-t", "--config", "--project", "--reporter", "--testNamePattern"]),
    (&["mocha"], &["-c", "-g", "-r", "-R", "-t", "--config", "--grep", "--reporter", "--require", "--timeout"]),
    (
        &["py.test", "pytest"],
        &[
            "-W",
            "-c",
            "-k",
            "-m",
            "-n",
            "-o",
            "-p",
            "--basetemp",
            "--confcutdir",
            "--deselect",
            "--ignore",
            "--ignore-glob",
            "--junit-xml",
            "--junitxml",
            "--rootdir",
        ],
    ),
    (&["unittest"], &["-k", "-p", "-t", "--pattern", "--top-level-directory"]),
];

/// The option of pytest for a path without tests to run.
const IGNORE: &str = "--ignore";

/// Options of these programs that take the next word as their value.
const OPTIONS_WITH_VALUE: [&str; 20] = [
    "--env-file",
    "--extra",
    "--group",
    "--import",
    "--index",
    "--loader",
    "--package",
    "--project",
    "--python",
    "--require",
    "--with",
    "--with-editable",
    "--with-requirements",
    "-W",
    "-X",
    "-c",
    "-i",
    "-n",
    "-p",
    "-r",
];

/// Whether a runner of tests takes a file with this path for a test.
fn is_test(runner: &str, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    match runner {
        "pytest" | "py.test" => ending == "py" && (stem.starts_with("test_") || stem.ends_with("_test")),
        "bats" => ending == "bats",
        // An option may set another pattern than `test*.py`.
        "unittest" => ending == "py" && stem.contains("test"),
        "mocha" if path.split('/').any(|part| part.starts_with("test")) => ["cjs", "js", "mjs", "ts"].contains(&ending),
        _ => stem.ends_with(".test") || stem.ends_with(".spec") || path.contains("__tests__/"),
    }
}

/// Whether a runner of tests loads a file with this path for the tests beside it and below.
fn is_loaded(runner: &str, path: &str) -> bool {
    matches!(runner, "pytest" | "py.test") && path.rsplit('/').next() == Some("conftest.py")
}

/// Whether a path is that of a directory, or of a file below it.
fn is_below(path: &str, directory: &str) -> bool {
    directory.is_empty() || path.strip_prefix(directory).is_some_and(|it| it.is_empty() || it.starts_with('/'))
}

/// Whether a command is a runner of tests.
pub(super) fn is_test_runner(command: &str) -> bool {
    TEST_RUNNERS.contains(&command)
}

/// The name of a program without its directory, and that of Python without its version, as in `python3.12`.
pub(super) fn unversioned(program: &str) -> &str {
    let name = program.rsplit('/').next().unwrap_or_default();
    let plain = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    if plain == "python" { plain } else { name }
}

/// The arguments of a program that is a target, without the module that Python runs: its own `-m` is the last of its
/// options, and what follows the module is for the module.
pub(super) fn after_module<'w>(program: &str, arguments: &'w [Word]) -> &'w [Word] {
    let option = |word: &Word| word.literal().filter(|word| word.starts_with('-')).map(|word| word == "-m");
    let is_python = matches!(unversioned(program), "python" | "py" | "pypy" | "pypy3");
    let mut index = 0;
    while is_python && let Some(is_module) = arguments.get(index).and_then(option) {
        if is_module {
            return arguments.get(index + 2..).unwrap_or_default();
        }
        let takes_value = arguments[index].literal().is_some_and(|word| matches!(word.as_ref(), "-W" | "-X"));
        index += 1 + usize::from(takes_value);
    }
    arguments
}

/// The number of words of an option of these programs, with its value; `None` if the word is another one.
pub(super) fn length_of_option(word: Option<&str>) -> Option<usize> {
    let option = word.filter(|word| word.starts_with('-'))?;
    Some(if OPTIONS_WITH_VALUE.contains(&option) { 2 } else { 1 })
}

/// How the words of a command start another program, with the index of the first word that counts.
pub(super) fn launch(command: &str, words: &[Word]) -> Option<(Launch, usize)> {
    let (kind, mut index) = match command {
        _ if TEST_RUNNERS.contains(&command) => return Some((Launch::Files, 1)),
        _ if COMMAND_RUNNERS.contains(&command) => (Launch::Command, 1),
        "bun" if words.get(1).and_then(Word::literal).as_deref() == Some("x") => (Launch::Command, 2),
        _ if INTERPRETERS.contains(&command) || unversioned(command) == "python" => (Launch::File, 1),
        _ => {
            let (_, subcommands) = SUBCOMMAND_RUNNERS.iter().find(|(runner, _)| *runner == command)?;
            let is_subcommand = |word: &Word| word.literal().is_some_and(|word| subcommands.contains(&word.as_ref()));
            (Launch::Command, words.iter().position(is_subcommand)? + 1)
        }
    };
    while let Some(option) = words.get(index).and_then(Word::literal) {
        match (&kind, option.as_ref()) {
            // `python -m pytest` runs the test runner, and `python -m coverage run` another program.
            (Launch::File, "-m") => {
                let module = words.get(index + 1).and_then(Word::literal)?;
                return match launch(&module, &words[index + 1..])? {
                    (Launch::Files, _) => Some((Launch::Files, index + 2)),
                    _ => Some((Launch::Command, index + 1)),
                };
            }
            // The program is in an argument.
            (Launch::File, "-c" | "-e" | "--eval" | "-") => return None,
            (Launch::File, "run") if matches!(command, "bun" | "deno") => index += 1,
            (_, "--") => {
                index += 1;
                break;
            }
            (_, option) => match length_of_option(Some(option)) {
                Some(length) => index += length,
                None => break,
            },
        }
    }
    (index < words.len()).then_some((kind, index))
}

/// Programs that start the command in their arguments: how many arguments are before it, and the options that take
/// the next word as their value.
const PREFIXES: [(&str, usize, &[&str]); 21] = [
    ("caffeinate", 0, &["-t", "-w"]),
    ("chronic", 0, &[]),
    ("corepack", 0, &[]),
    ("exec", 0, &["-a"]),
    ("faketime", 1, &[]),
    ("flock", 1, &["-E", "-w", "--conflict-exit-code", "--timeout", "--wait"]),
    ("ionice", 0, &["-c", "-n", "--class", "--classdata"]),
    ("nice", 0, &["-n", "--adjustment"]),
    ("nohup", 0, &[]),
    ("numactl", 0, &[]),
    ("parallel", 0, &["-a", "-I", "-j", "-n", "-N", "--delay", "--jobs", "--joblog", "--retries", "--timeout"]),
    ("setsid", 0, &[]),
    ("stdbuf", 0, &["-i", "-o", "-e", "--input", "--output", "--error"]),
    ("strace", 0, &["-e", "-o"]),
    ("sudo", 0, &["-C", "-D", "-g", "-h", "-p", "-R", "-r", "-T", "-t", "-U", "-u", "--group", "--prompt", "--user"]),
    ("taskset", 1, &["-c"]),
    ("time", 0, &["-f", "-o", "--format", "--output"]),
    ("timeout", 1, &["-k", "-s", "--kill-after", "--signal"]),
    ("unbuffer", 0, &[]),
    (
        "xargs",
        0,
        &[
            "-a",
            "-d",
            "-E",
            "-I",
            "-J",
            "-L",
            "-n",
            "-P",
            "-R",
            "-S",
            "-s",
            "--arg-file",
            "--delimiter",
            "--max-args",
            "--max-chars",
            "--max-procs",
        ],
    ),
    (
        "xvfb-run",
        0,
        &["-e", "-f", "-n", "-p", "-s", "-w", "--auth-file", "--error-file", "--server-args", "--server-num"],
    ),
];

/// Whether the last letter of short options that stand together takes the next word as its value, as in `-0n 1`.
fn takes_next(option: &str, with_value: &[&str]) -> bool {
    let Some(letters) = option.strip_prefix('-').filter(|letters| !letters.starts_with('-')) else { return false };
    let takes_value = |(_, letter): &(usize, char)| with_value.contains(&format!("-{letter}").as_str());
    let first = letters.char_indices().find(takes_value);
    first.is_some_and(|(at, letter)| at + letter.len_utf8() == letters.len())
}

/// The index of the command that a program starts, if its options are known.
pub(super) fn started_command(program: &str, words: &[Word]) -> Option<usize> {
    let (_, arguments, with_value) = PREFIXES.iter().find(|(name, ..)| *name == program)?;
    let mut index = 1;
    loop {
        let option = words.get(index)?.literal()?;
        match option.as_ref() {
            "--" => {
                index += 1;
                break;
            }
            option if with_value.contains(&option) || takes_next(option, with_value) => index += 2,
            option if option.starts_with('-') => index += 1,
            _ => break,
        }
    }
    // The processors of `taskset -c` are such an argument.
    let has_list = program == "taskset" && words[1..index].iter().any(|word| word.literal().as_deref() == Some("-c"));
    index += if has_list { 0 } else { *arguments };
    (index < words.len()).then_some(index)
}

/// The index of the first word after the options of `sudo`, if it starts a command with the same environment.
pub(super) fn keeps_environment(program: &str, words: &[Word]) -> Option<usize> {
    let index = started_command(program, words).filter(|_| program == "sudo")?;
    let mut keeps = false;
    for option in words[1..index].iter().filter_map(Word::literal).filter(|it| it.starts_with('-')) {
        match option.strip_prefix("--") {
            Some("preserve-env") => keeps = true,
            Some("" | "non-interactive" | "set-home" | "group" | "user" | "prompt" | "stdin") => {}
            Some(_) => return None,
            // A login shell reads other files, and other options change the directory or run nothing.
            None if option.contains(['i', 's', 'D', 'R', 'e', 'l', 'v', 'K', 'k', 'V', 'b']) => return None,
            None => keeps |= option.contains('E'),
        }
    }
    keeps.then_some(index)
}

/// Options with which a runner of tests runs no test.
const NO_TESTS: [&str; 9] =
    ["--clearCache", "--co", "--collect-only", "--help", "--listTests", "--showConfig", "--version", "-V", "-h"];

/// Options that select tests by more than their place.
const SELECTIONS: [&str; 11] = [
    "--deselect",
    "--exclude",
    "--grep",
    "--ignore-glob",
    "--project",
    "--selectProjects",
    "--testNamePattern",
    "--testPathIgnorePatterns",
    "--testPathPattern",
    "--testPathPatterns",
    "-k",
];

impl Interpreter<'_> {
    /// Records that a script that a program starts does not exist. Other words may be names of programs.
    fn note_missing_script(&mut self, text: &Text) {
        const ENDINGS: [&str; 12] =
            [".bash", ".bats", ".cjs", ".js", ".mjs", ".mts", ".php", ".pl", ".py", ".rb", ".sh", ".ts"];
        let is_script = |path: &&String| ENDINGS.iter().any(|ending| path.ends_with(ending)) && !path.starts_with('-');
        if let Some(path) = text.single().filter(is_script) {
            self.note_missing_file(&path.clone());
        }
    }

    /// The directories and files in which a runner of tests finds tests, each with the word that names it, and the
    /// paths without tests to run. Without a path, a runner begins in the current directory.
    fn places_of_tests(
        &mut self,
        runner: &str,
        words: &[Word],
        arguments: &[Word],
    ) -> (Vec<(String, Word)>, Vec<String>) {
        let (mut places, mut ignored) = (Vec::new(), Vec::new());
        let Some(current) = self.state.directory.clone() else { return (places, ignored) };
        let options = TEST_OPTIONS_WITH_VALUE.iter().find(|(runners, _)| runners.contains(&runner));
        let takes_value = |option: &str| options.is_some_and(|(_, options)| options.contains(&option));
        let in_repository = |path: &str| match ResolvedPath::of(path, Some(&current)) {
            ResolvedPath::Repository(path) => Some(path),
            ResolvedPath::Elsewhere => None,
        };
        let mut option = String::new();
        for word in arguments {
            let text = self.expand_again(word).single().cloned();
            let before = std::mem::replace(&mut option, text.clone().unwrap_or_default());
            let Some(text) = text else { continue };
            let (name, value) = text.split_once('=').unwrap_or((&before, &text));
            if name == IGNORE {
                ignored.extend(in_repository(value));
            } else if !takes_value(&before)
                && let Some(path) = in_repository(&text)
                && (self.files.read(&path).is_some() || path.is_empty() || !self.files.list(&path).is_empty())
            {
                places.push((path, word.clone()));
            }
        }
        if places.is_empty() && runner == "pytest" {
            places.extend(self.test_paths(&current).into_iter().map(|path| (path, words[0].clone())));
        }
        if places.is_empty() {
            places.push((current, words[0].clone()));
        }
        (places, ignored)
    }

    /// The directories that the settings of pytest name as `testpaths`.
    fn test_paths(&self, current: &str) -> Vec<String> {
        let settings = ["pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg"];
        let text = settings.iter().find_map(|name| {
            let file = self.files.read(&joined(current, name))?;
            file.text.split_once("\ntestpaths").map(|(_, rest)| rest.to_owned())
        });
        let text = text.unwrap_or_default();
        let value = text.trim_start().trim_start_matches('=');
        let end = value.match_indices('\n').map(|(at, _)| at).find(|at| !value[at + 1..].starts_with([' ', '\t', ']']));
        let words = value[..end.unwrap_or(value.len())].split(|c: char| c.is_whitespace() || "\"',[]".contains(c));
        words.filter(|word| !word.is_empty()).map(|word| joined(current, word)).collect()
    }

    /// Records a possible call of each target that a runner of tests finds, and searches the tests in directories for
    /// the names of targets.
    fn note_tests_below(&mut self, runner: &str, words: &[Word], arguments: &[Word]) {
        let has = |names: &[&str]| {
            arguments.iter().any(|word| {
                let word = word.literal().unwrap_or_default();
                names.contains(&word.split('=').next().unwrap_or_default())
            })
        };
        if has(&NO_TESTS) {
            return;
        }
        let selects = has(&SELECTIONS);
        let (places, ignored) = self.places_of_tests(runner, words, arguments);
        let reason = format!("whether `{runner}` finds this test is not known");
        for (index, target) in self.targets.iter().enumerate().filter(|(_, target)| is_test(runner, target)) {
            let finds = |place: &str| {
                let is_found = |root: &&str| {
                    let path = joined(root, target);
                    path != place && is_below(&path, place) && !ignored.iter().any(|ignored| is_below(&path, ignored))
                };
                self.roots.iter().any(is_found)
            };
            let found = places.iter().find(|(place, _)| finds(place)).map(|(_, word)| word.clone());
            if let Some(word) = found.filter(|_| !self.is_inside(index)) {
                self.record_possible_call(index, &word, &reason);
            }
        }
        // Which tests run is not known, and most do not name a target.
        for (place, _) in places.iter().filter(|_| !selects) {
            self.read_tests_below(runner, place, &ignored);
        }
    }

    /// Searches the tests that a runner finds in a directory for the names of targets.
    fn read_tests_below(&mut self, runner: &str, place: &str, ignored: &[String]) {
        let mut directories = vec![place.to_owned()];
        let is_visible = |name: &String| !name.starts_with('.') && name != "node_modules";
        while let Some(directory) = directories.pop().filter(|_| self.is_recording && !self.state.ended) {
            let names = self.files.list(&directory);
            self.spend(1 + names.len() / 16);
            let paths = names.iter().filter(|name| is_visible(name)).map(|name| joined(&directory, name));
            for path in paths.filter(|path| !ignored.iter().any(|ignored| is_below(path, ignored))) {
                let is_read = is_test(runner, &path) || is_loaded(runner, &path);
                match self.files.read(&path).filter(|_| is_read) {
                    Some(file) => self.read_test(runner, &path, &file),
                    // Most names with a dot are those of files.
                    None if !path.contains('.') || !self.files.list(&path).is_empty() => directories.push(path),
                    None => {}
                }
            }
        }
    }

    fn read_test(&mut self, runner: &str, path: &str, file: &SourceFile) {
        if self.occurrences.find(&file.text, file.base, &comments(&file.text, file.base)) {
            self.spend(file.text.len() / 64);
            self.note_doubt(file, Some(format!("`{runner}` may run `{path}`, which is not interpreted")));
        }
    }

    /// The file of a test that an argument names, as `FILE::TEST` and the module of a test do.
    fn file_of_test(&mut self, runner: &str, word: &Word) -> Word {
        let text = self.expand_again(word);
        let file = match text.single().and_then(|text| text.split_once("::")) {
            Some((file, _)) => Some(file.to_owned()),
            None if runner == "unittest" => text.single().and_then(|name| self.file_of_member(name)),
            None => None,
        };
        file.map_or_else(|| word.clone(), |file| self.value_word(Text::known(file), &word.span))
    }

    /// A command whose program is a package, without its version, as in `npx tool@latest`.
    pub(super) fn without_version(&mut self, words: &[Word]) -> Vec<Word> {
        let mut words = words.to_vec();
        if let Some((name, _)) = words[0].literal().as_deref().and_then(|name| name.rsplit_once('@'))
            && !name.is_empty()
        {
            let (name, span) = (name.to_owned(), words[0].span.clone());
            words[0] = self.value_word(Text::known(name), &span);
        }
        words
    }

    /// The command of a package that a command starts, as `tool` for `npx --yes tool@2`.
    pub(super) fn package_command(&mut self, words: &[Word]) -> Option<Vec<Word>> {
        let program = words.first()?.literal()?.into_owned();
        let (Launch::Command, index) = launch(&program, words)? else { return None };
        is_package_runner(&program).then(|| self.without_version(&words[index..]))
    }

    /// Interprets a program that starts another one.
    pub(super) fn launched(&mut self, kind: &Launch, words: &[Word], index: usize) -> Option<Outcome> {
        match kind {
            Launch::File => {
                let is_target = self.targets_in("", &words[index..=index], Some(&words[index + 1..]));
                let text = self.expand(&words[index]);
                if !is_target {
                    self.read_by_argument(&text);
                }
                self.note_missing_script(&text);
                words[index + 1..].iter().for_each(|word| drop(self.expand(word)));
                None
            }
            Launch::Files => {
                // A runner may be a module, as in `python -m pytest`.
                let runner = words[index - 1].literal().unwrap_or_default();
                let runner = runner.rsplit('/').next().unwrap_or_default().to_owned();
                let files: Vec<Word> = words[index..].iter().map(|word| self.file_of_test(&runner, word)).collect();
                self.note_tests_below(&runner, words, &files);
                self.targets_in(&runner, &files, Some(&words[1..]));
                for word in &files {
                    let text = self.expand(word);
                    self.note_missing_script(&text);
                    self.read_by_argument(&text);
                }
                None
            }
            Launch::Command => {
                let text = self.expand_again(&words[index]);
                self.note_missing_script(&text);
                let rest = self.without_version(&words[index..]);
                Some(self.command_of_package(&rest))
            }
        }
    }
}
