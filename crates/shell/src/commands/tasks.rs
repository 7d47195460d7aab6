//! Runners of the tasks that a file of the repository defines, such as `make`.

use super::super::derived::Derived;
use super::super::files::{ResolvedPath, needs_bash};
use super::super::interpreter::{Interpreter, Outcome, Output};
use super::super::options::ShellOptions;
use super::super::state::{State, join};
use super::super::syntax::Word;
use super::{SHELLS, command_of};
use slug_value::{Text, Tristate};

/// The tasks that a command line runs.
pub(super) struct Tasks {
    /// The directory with the file that defines them, or the file if it has a name of its own; None if it is not
    /// known.
    pub place: Option<String>,
    pub names: Vec<String>,
    /// Whether it may run other tasks, which are not known.
    pub may_be_others: bool,
}

/// A program that runs tasks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Runner {
    Make,
    Just,
    /// A package manager.
    Manager,
}

/// Whether a program runs tasks.
pub(super) fn runs_tasks(program: &str) -> bool {
    runner(program).is_some()
}

fn runner(program: &str) -> Option<Runner> {
    match program {
        "make" | "gmake" => Some(Runner::Make),
        "just" => Some(Runner::Just),
        // `node --run` runs a script of a package.json too.
        "npm" | "pnpm" | "yarn" | "bun" | "node" => Some(Runner::Manager),
        _ => None,
    }
}

/// The directory to which paths lead from a directory, one after the other; None if it is not known.
pub(super) fn directory_after<'p>(
    directory: Option<&str>,
    paths: impl IntoIterator<Item = &'p String>,
) -> Option<String> {
    paths.into_iter().try_fold(directory?.to_owned(), |directory, path| {
        match ResolvedPath::of(path, Some(&directory)) {
            ResolvedPath::Repository(path) => Some(path),
            ResolvedPath::Elsewhere => None,
        }
    })
}

/// The place of tasks that a file defines; see [`Tasks::place`]. `names` are the usual names of the file.
pub(super) fn place_of_file(path: String, names: &[&str]) -> String {
    let (directory, name) = path.rsplit_once('/').unwrap_or(("", &path));
    if names.contains(&name) { directory.to_owned() } else { path }
}

impl Interpreter<'_> {
    /// Interprets a command that runs a task; `None` if it runs none.
    pub(super) fn task(&mut self, command: &str, words: &[Word]) -> Option<Outcome> {
        match runner(command)? {
            Runner::Make => self.make(words),
            Runner::Just => self.just(words),
            Runner::Manager => self.package_script(command, words),
        }
    }

    /// Whether a command runs the same task as the command of a target, perhaps with other options and in other words,
    /// as `make -j2 e2e` and `make e2e` do; `None` if the target is not a task. The command of a target runs at the top
    /// of the repository.
    pub(super) fn compare_tasks(&mut self, words: &[Word], target: &[&str]) -> Option<Tristate> {
        let (program, rest) = target.split_first()?;
        let runner = runner(program)?;
        let span = &words[0].span;
        let rest: Vec<Word> = rest.iter().map(|word| self.value_word(Text::known((*word).to_owned()), span)).collect();
        let roots = if self.roots.is_empty() { vec![""] } else { self.roots.to_vec() };
        let at_root = |root| self.tasks(runner, program, &rest, Some(root));
        let expected: Vec<Tasks> = roots.into_iter().map(at_root).collect::<Option<_>>()?;
        let names = expected.first().map(|tasks| tasks.names.clone()).filter(|names| !names.is_empty())?;
        let name = self.expand_again(&words[0]);
        let command = command_of(&name);
        if self::runner(command) != Some(runner) {
            return Some(Tristate::NEVER);
        }
        let directory = self.state.directory.clone();
        let Some(tasks) = self.tasks(runner, command, &words[1..], directory.as_deref()) else {
            return Some(Tristate::NEVER);
        };
        let has_all = names.iter().all(|name| tasks.names.contains(name));
        let has_place =
            |place: &String| self.roots.is_empty() || expected.iter().any(|it| it.place.as_ref() == Some(place));
        Some(match tasks.place.as_ref().filter(|_| !tasks.may_be_others).map(has_place) {
            _ if !has_all && !tasks.may_be_others => Tristate::NEVER,
            Some(false) => Tristate::NEVER,
            Some(true) if has_all => Tristate::ALWAYS,
            _ => Tristate::UNKNOWN,
        })
    }

    /// The tasks that a command line runs in a directory; `None` if it runs none.
    fn tasks(&mut self, runner: Runner, command: &str, words: &[Word], directory: Option<&str>) -> Option<Tasks> {
        match runner {
            Runner::Make => self.goals(words, directory),
            Runner::Just => self.recipes(words, directory),
            Runner::Manager => self.scripts(command, words, directory),
        }
    }

    /// Interprets a derived script that a shell runs in a process of its own. `path` is the file that has it.
    pub(super) fn run_derived(&mut self, derived: Derived, shell: &str, options: ShellOptions, path: &str) -> Outcome {
        let text = derived.text.clone();
        let base = self.derived.add(derived);
        if !SHELLS.contains(&shell) || shell != "bash" && needs_bash(&text) {
            self.note_uninterpreted(&text, base, path);
            return Outcome::unknown(Output::default());
        }
        let interpret = |it: &mut Self| {
            let outcome = it.script(&text, base, &[]);
            if outcome.is_none() {
                it.note_uninterpreted(&text, base, path);
            }
            outcome
        };
        let outcome = self.shell_process(shell, options, Vec::new(), interpret);
        self.resolve(&outcome.output.spans);
        outcome
    }

    /// Goes on after a command that succeeds; adds the state after its failure to `failed`.
    pub(super) fn keep_success(&mut self, outcome: Outcome, failed: &mut Option<State>) {
        let (success, failure) = self.split(outcome.status);
        self.state = failure;
        self.add_failed_state(failed);
        self.state = success;
    }

    /// Adds the current state to those in which the current task has failed.
    pub(super) fn add_failed_state(&mut self, failed: &mut Option<State>) {
        if !self.state.ended {
            let state = self.copy();
            *failed = Some(failed.take().map_or(state.clone(), |failed| join(failed, state)));
        }
    }

    /// The outcome of a task that may have failed in a state.
    pub(super) fn with_failed(&mut self, failed: Option<State>) -> Outcome {
        let Some(failed) = failed else { return Outcome::success(Output::default()) };
        let success = std::mem::take(&mut self.state);
        let status = self.unite(success, failed);
        Outcome { output: Output::default(), status }
    }
}
