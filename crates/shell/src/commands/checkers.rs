//! Programs that check or format files: they read the files in their arguments, and run none.

use super::super::interpreter::Interpreter;
use super::super::syntax::Word;
use super::launch::{Launch, launch, started_command};
use super::modules::module_of_command;

/// Programs and modules of Python that check or format files.
const CHECKERS: [&str; 38] = [
    "actionlint",
    "autoflake",
    "autopep8",
    "bandit",
    "bashate",
    "basedpyright",
    "biome",
    "black",
    "checkbashisms",
    "codespell",
    "compileall",
    "cspell",
    "editorconfig-checker",
    "eslint",
    "eslint_d",
    "flake8",
    "hadolint",
    "isort",
    "markdownlint",
    "mypy",
    "oxlint",
    "prettier",
    "py_compile",
    "pycodestyle",
    "pydocstyle",
    "pyflakes",
    "pylint",
    "pyright",
    "pyupgrade",
    "rubocop",
    "ruff",
    "shellcheck",
    "shfmt",
    "tsc",
    "typos",
    "vulture",
    "yamllint",
    "yapf",
];

/// The first arguments with which a program that runs scripts only checks or formats them.
const CHECKING_ARGUMENTS: [(&str, &[&str]); 5] = [
    ("deno", &["check", "fmt", "lint"]),
    ("node", &["--check", "-c"]),
    ("perl", &["-c"]),
    ("php", &["--syntax-check", "-l"]),
    ("ruby", &["-c"]),
];

/// Whether a name is that of a program that checks or formats files, perhaps with a version, as in `ruff@0.4`.
pub(super) fn is_checker(name: &str) -> bool {
    let name = name.rsplit_once('@').map_or(name, |(name, _)| name);
    CHECKERS.contains(&name.rsplit('/').next().unwrap_or_default())
}

impl Interpreter<'_> {
    /// Whether a command checks or formats files, also if another program starts it, as `npx` does.
    pub(super) fn checks_files(&self, words: &[Word]) -> bool {
        let mut words = words;
        loop {
            let Some(path) = words.first().and_then(Word::literal) else { return false };
            if is_checker(&path) {
                // A script of the repository may have the same name.
                return self.file_at(&path).is_none();
            }
            let name = path.rsplit('/').next().unwrap_or_default();
            let first = words.get(1).and_then(Word::literal);
            let checks = |arguments: &[&str]| first.as_ref().is_some_and(|first| arguments.contains(&first.as_ref()));
            if CHECKING_ARGUMENTS.iter().any(|(program, arguments)| *program == name && checks(arguments)) {
                return true;
            }
            if let Some((_, module)) = module_of_command(name, words) {
                return is_checker(&module);
            }
            let inner = match launch(name, words) {
                Some((Launch::Command, index)) => Some(index),
                Some(_) => None,
                None => started_command(name, words),
            };
            let Some(inner) = inner else { return false };
            words = &words[inner..];
        }
    }
}
