//! Programs that start a program or a script in their arguments.

use super::super::interpreter::{Interpreter, Outcome};
use super::super::syntax::Word;
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

/// Programs that run the command in their arguments.
const COMMAND_RUNNERS: [&str; 3] = ["bunx", "npx", "uvx"];

/// Programs that run the command after a word such as `run`.
const SUBCOMMAND_RUNNERS: [(&str, &[&str]); 10] = [
    ("conda", &["run"]),
    ("coverage", &["run"]),
    ("hatch", &["run"]),
    ("pdm", &["run"]),
    ("pipenv", &["run"]),
    ("pnpm", &["dlx", "exec"]),
    ("poetry", &["run"]),
    ("rye", &["run"]),
    ("uv", &["run"]),
    ("yarn", &["dlx", "exec"]),
];

/// Programs that run each test file in their arguments.
const TEST_RUNNERS: [&str; 6] = ["bats", "jest", "mocha", "py.test", "pytest", "vitest"];

/// Options of these programs that take the next word as their value.
const OPTIONS_WITH_VALUE: [&str; 18] = [
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
    "-W",
    "-X",
    "-c",
    "-i",
    "-n",
    "-p",
    "-r",
];

/// Whether a command is a runner of tests.
pub(super) fn is_test_runner(command: &str) -> bool {
    TEST_RUNNERS.contains(&command)
}

/// How the words of a command start another program, with the index of the first word that counts.
pub(super) fn launch(command: &str, words: &[Word]) -> Option<(Launch, usize)> {
    // A program may have a version in its name, as `python3.12` has.
    let unversioned = command.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let (kind, mut index) = match command {
        _ if TEST_RUNNERS.contains(&command) => return Some((Launch::Files, 1)),
        _ if COMMAND_RUNNERS.contains(&command) => (Launch::Command, 1),
        _ if INTERPRETERS.contains(&command) || unversioned == "python" => (Launch::File, 1),
        _ => {
            let (_, subcommands) = SUBCOMMAND_RUNNERS.iter().find(|(runner, _)| *runner == command)?;
            let is_subcommand = |word: &Word| word.literal().is_some_and(|word| subcommands.contains(&word.as_ref()));
            (Launch::Command, words.iter().position(is_subcommand)? + 1)
        }
    };
    while let Some(option) = words.get(index).and_then(Word::literal) {
        match (&kind, option.as_ref()) {
            // `python -m pytest` runs the test runner.
            (Launch::File, "-m") => {
                let module = words.get(index + 1).and_then(Word::literal);
                let is_runner = module.is_some_and(|module| TEST_RUNNERS.contains(&module.as_ref()));
                return is_runner.then_some((Launch::Files, index + 2));
            }
            // The program is in an argument.
            (Launch::File, "-c" | "-e" | "--eval" | "-") => return None,
            (Launch::File, "run") if matches!(command, "bun" | "deno") => index += 1,
            (_, "--") => {
                index += 1;
                break;
            }
            (_, option) if OPTIONS_WITH_VALUE.contains(&option) => index += 2,
            (_, option) if option.starts_with('-') => index += 1,
            _ => break,
        }
    }
    (index < words.len()).then_some((kind, index))
}

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

    /// The file of a test that an argument names, as `FILE::TEST` does.
    fn file_of_test(&mut self, word: &Word) -> Word {
        let text = self.expand_again(word);
        match text.single().and_then(|text| text.split_once("::")) {
            Some((file, _)) => self.value_word(Text::known(file.to_owned()), &word.span),
            None => word.clone(),
        }
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
                let command = words[0].literal().unwrap_or_default().into_owned();
                let runner = if is_test_runner(&command) { command } else { TEST_RUNNERS[0].to_owned() };
                let files: Vec<Word> = words[index..].iter().map(|word| self.file_of_test(word)).collect();
                self.targets_in(&runner, &files, Some(&words[1..]));
                for word in &files {
                    let text = self.expand(word);
                    self.note_missing_script(&text);
                    self.read_by_argument(&text);
                }
                None
            }
            Launch::Command => {
                let mut rest = words[index..].to_vec();
                let text = self.expand_again(&rest[0]);
                self.note_missing_script(&text);
                // A package may have a version, as in `npx tool@latest`.
                if let Some((name, _)) = rest[0].literal().as_deref().and_then(|name| name.rsplit_once('@'))
                    && !name.is_empty()
                {
                    let (name, span) = (name.to_owned(), rest[0].span.clone());
                    rest[0] = self.value_word(Text::known(name), &span);
                }
                Some(self.command_of_words(&rest))
            }
        }
    }
}
