//! Runners of the tasks that a file of the repository defines, such as `make`.

use super::super::derived::Derived;
use super::super::files::needs_bash;
use super::super::interpreter::{Interpreter, Outcome, Output};
use super::super::options::ShellOptions;
use super::super::state::{State, join};
use super::super::syntax::Word;
use super::{SHELLS, command_of};
use slug_value::Text;

impl Interpreter<'_> {
    /// Interprets a command that runs a task; `None` if it runs none.
    pub(super) fn task(&mut self, command: &str, words: &[Word]) -> Option<Outcome> {
        match command {
            "make" | "gmake" => self.make(words),
            "just" => self.just(words),
            "npm" | "pnpm" | "yarn" | "bun" => self.package_script(command, words),
            _ => None,
        }
    }

    /// Whether a command runs the same task as the command of a target, with other options, as `make -j2 e2e` and
    /// `make e2e` do.
    pub(super) fn is_same_task(&mut self, words: &[Word], target: &[&str]) -> bool {
        const MANAGERS: [&str; 4] = ["npm", "pnpm", "yarn", "bun"];
        let name = self.expand_again(&words[0]);
        let (command, Some((program, rest))) = (command_of(&name), target.split_first()) else { return false };
        let span = &words[0].span;
        let rest: Vec<Word> = rest.iter().map(|word| self.value_word(Text::known((*word).to_owned()), span)).collect();
        match (command, *program) {
            ("make" | "gmake", "make" | "gmake") => {
                let expected = self.goals_here(&rest);
                let goals = self.goals_here(&words[1..]);
                !expected.is_empty() && expected.iter().all(|goal| goals.contains(goal))
            }
            _ if MANAGERS.contains(&command) && MANAGERS.contains(program) => {
                let expected = self.script_here(program, &rest);
                expected.is_some() && expected == self.script_here(command, &words[1..])
            }
            _ => false,
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
        let outcome = self.child_process(options, Vec::new(), |it| {
            let outcome = it.script(&text, base, &[]);
            if outcome.is_none() {
                it.note_uninterpreted(&text, base, path);
            }
            outcome
        });
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
