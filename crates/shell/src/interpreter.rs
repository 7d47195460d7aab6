//! Interprets a syntax tree without running it. States are joined after branches, and a loop is
//! repeated until its state no longer changes.

mod arithmetic;
mod arrays;
mod conditions;
mod ends;
mod expansion;
mod functions;
mod globs;
mod occurrences;
mod outcome;
mod output;
mod readers;
mod references;
mod status;
mod traps;

use std::collections::BTreeSet;
use std::rc::Rc;

use super::array::{SPLIT, may_be_list};
use super::changed::{ChangedPaths, FoundFiles};
use super::definition::Definition;
use super::derived::DerivedTexts;
use super::effects::{Call, Effects, Failed, Missing};
use super::files::{FIRST_FILE_POSITION, Files, ResolvedPath, SourceFile, joined};
use super::input::{Fuel, Input, SCRIPT_BYTES};
use super::parser;
use super::patterns::partition;
use super::state::{State, join, widen};
use super::syntax::{
    AndOr, Arithmetic, ArithmeticFor, Case, ClauseEnd, Command, CommandKind, Connector, For, If, List, Operation,
    Piece, PieceKind, Pipeline, Redirect, RedirectOperator, Script, Simple, Span, Test, While, Word,
};
use super::targets::find_targets;
use ends::{EarlyEnds, End, StatusBefore};
use occurrences::Occurrences;
pub(super) use occurrences::own_spans;
pub(super) use outcome::{Outcome, Status};
pub(super) use output::{BRACES, Output};
use slug_value::{AbstractValue, Text, Tristate};

/// Maximum depth of scripts in scripts, such as those of `eval` and `bash -c`.
const MAX_SCRIPT_DEPTH: usize = 8;

/// Maximum depth of commands that start commands, such as `env` and `timeout`.
const MAX_COMMAND_DEPTH: usize = 64;

/// Iterations of a loop after which its state is widened.
const PRECISE_ROUNDS: usize = 3;

/// Maximum files that a script which cannot be interpreted names, and that are searched too.
const MAX_NAMED_FILES: usize = 8;

/// The name of a redirect in messages about the file that it changes.
pub const A_REDIRECT: &str = "a redirect";

/// Maximum iterations of a loop over known words that are interpreted one by one.
const SEPARATE_ROUNDS: usize = 16;

/// Maximum iterations that are interpreted one by one while a loop's condition is certainly true.
const CERTAIN_ROUNDS: usize = 16;

/// Maximum cost of an interpretation: the number of copied variables and interpreted commands.
const FUEL: usize = 1_000_000;

/// Maximum cost of the interpretations of the scripts of targets.
const FUEL_INSIDE: usize = 500_000;

/// The interpreter of one script.
pub(super) struct Interpreter<'a> {
    /// The values of the placeholders in scripts.
    pub values: Vec<Text>,
    pub targets: &'a [&'a str],
    /// The variables that decide what a target does.
    pub names: &'a BTreeSet<String>,
    /// The reason why a file that was written may choose the model of a target, if one may.
    pub settings_reason: Option<String>,
    /// The files of the repository that a command may have changed before.
    pub changed: ChangedPaths,
    /// The files that `find` or `xargs` may add to the current command, if one of them started it.
    pub found: Option<Vec<FoundFiles>>,
    /// The commands that the script runs and the repository lacks.
    pub missing: Vec<Missing>,
    /// The targets whose own script is interpreted, if one is.
    pub inside: Option<Inside>,
    /// The number of calls whose scripts were interpreted or cannot be.
    pub looked_inside: usize,
    /// The files of the repository.
    pub files: &'a dyn Files,
    /// The directories into which the repository is checked out; empty if they are not known.
    pub roots: &'a [&'a str],
    /// Whether the shell is certainly bash. Another one may read a file differently.
    pub runs_in_bash: bool,
    /// Whether a program starts the current command, not the shell itself.
    pub starts_in_program: bool,
    /// The path of the file that runs, or the word after the script of `bash -c`, which is `$0`.
    pub program: Option<Text>,
    /// The path of the file that contains the current command, which is `$BASH_SOURCE`.
    pub file: Option<String>,
    pub state: State,
    pub calls: Vec<Call>,
    /// The targets of the calls that are never reached.
    pub unreached: BTreeSet<usize>,
    pub occurrences: Occurrences<'a>,
    /// The files that are not interpreted for a reason, by their bytes: why what they name may run.
    doubts: Vec<(Span, String)>,
    /// The scripts that are derived from files.
    pub derived: DerivedTexts,
    /// How the current shell may have ended before its last command.
    pub ends: EarlyEnds,
    /// The state after an error that skips the rest of the current line, if one may have happened.
    pub discarded: Option<State>,
    /// What `$?` is at the beginning of a trap.
    pub status_before: Option<StatusBefore>,
    /// Whether the trap of `ERR` is running.
    pub is_in_error_trap: bool,
    /// The loops around the current command that it can leave.
    loops: Vec<LoopExits>,
    /// Whether the current subshell is in a loop.
    is_subshell_in_loop: bool,
    /// The number of subshells around the current command.
    pub subshells: usize,
    /// The states at each `return` of the current function or sourced file, with their status.
    pub returns: Option<Vec<(State, Tristate)>>,
    /// The functions around the current command.
    pub active_functions: Vec<Rc<Definition>>,
    /// The local variables of the functions around the current one.
    pub outer_locals: BTreeSet<String>,
    /// The variables on the command lines of `make` around the current command, which `make` passes on.
    pub make_overrides: Vec<(String, Text, Span)>,
    /// The exit status of the last command substitution of the current command.
    pub substitution_status: Option<Tristate>,
    /// Whether a function may be called that the interpreter does not know.
    pub calls_unknown_functions: bool,
    /// Whether calls and occurrences are recorded; false while the state of a loop is not final.
    pub is_recording: bool,
    /// Whether the word that is being expanded is run as a command or script, so that the output of
    /// substitutions in it runs too.
    pub runs_output: bool,
    /// Whether a failing command does not end the shell here, as in the condition of `if`.
    pub tolerates_failure: bool,
    /// The variable with the path of the file whose assignments are interpreted: the environment file
    /// or the file of outputs.
    pub file_variable: &'static str,
    /// The reason why the rest of the script may set any variable for later steps at any time, if so.
    pub opaque_until_end: Option<String>,
    /// Whether the script mentions that file.
    pub names_env_file: bool,
    /// The loops around the current command whose iterations are interpreted one by one.
    separate_loops: usize,
    /// The loops around the current command whose condition is certainly true.
    certain_loops: usize,
    /// The reason why the script cannot be interpreted, if so.
    failure: Option<String>,
    fuel: usize,
    /// The fuel for the scripts of targets.
    fuel_inside: usize,
    script_depth: usize,
    command_depth: usize,
    /// The text of the current script.
    source: Rc<str>,
    /// The texts of the scripts around the current script.
    outer_sources: Vec<Rc<str>>,
    /// The syntax tree of the current script.
    tree: Rc<Script>,
}

/// The parts of a text that may be paths.
pub(super) fn parts_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || "'\"`$(){}[]<>;&|=,:".contains(c))
}

fn has_slash(part: &str) -> bool {
    part.contains('/')
}

/// The states in which `break` and `continue` leave the body of a loop.
#[derive(Default)]
struct LoopExits {
    breaks: Vec<State>,
    continues: Vec<State>,
}

/// The effects of the script of a target itself.
pub(super) struct Inside {
    /// The targets, by index.
    pub targets: Vec<usize>,
    /// The values that it gives to the variables that decide what it does, with the bytes of the names.
    pub assigned: Vec<(String, Text, Span)>,
}

/// Why a script cannot be interpreted.
pub(super) struct Failure {
    pub reason: String,
    /// The targets that the other files name which the script runs.
    pub named: Vec<(usize, Span)>,
}

/// The condition of a loop over lines.
struct ReadOfLoop<'t> {
    /// The command `read`.
    read: &'t Command,
    /// The test whether a last line without a line break is not empty, as in `read -r x || [ -n "$x" ]`.
    has_last: Option<&'t Pipeline>,
}

impl<'t> ReadOfLoop<'t> {
    fn of(command: &'t While) -> Option<Self> {
        let [AndOr { first, rest, in_background: false, .. }] = command.condition.items.as_slice() else { return None };
        let [read] = first.commands.as_slice() else { return None };
        let CommandKind::Simple(Simple { words, .. }) = &read.kind else { return None };
        let is_read = words.first().and_then(Word::literal).is_some_and(|name| name == "read");
        let is_plain = !first.is_negated && read.redirects.is_empty() && !command.is_until;
        let has_last = match rest.as_slice() {
            [] => None,
            [(Connector::Or, test)] if is_test_of(test, words) => Some(test),
            _ => return None,
        };
        (is_read && is_plain).then_some(Self { read, has_last })
    }
}

/// Whether a pipeline tests that a variable which `read` sets is not empty.
fn is_test_of(pipeline: &Pipeline, read: &[Word]) -> bool {
    let [Command { kind, redirects, .. }] = pipeline.commands.as_slice() else { return false };
    let operand = match kind {
        CommandKind::Simple(Simple { assignments, words }) if assignments.is_empty() => {
            let literals: Vec<_> = words.iter().map(|word| word.literal().unwrap_or_default()).collect();
            match literals.iter().map(|word| &**word).collect::<Vec<_>>()[..] {
                ["[", "-n", "", "]"] | ["test", "-n", ""] => &words[2],
                ["[", "", "]"] | ["test", ""] => &words[1],
                _ => return false,
            }
        }
        CommandKind::Test(Test::Unary(operator, word)) if operator == "-n" => word,
        CommandKind::Test(Test::Word(word)) => word,
        _ => return false,
    };
    let pieces = match operand.pieces.as_slice() {
        [Piece { kind: PieceKind::DoubleQuoted(inner), .. }] => inner.as_slice(),
        pieces => pieces,
    };
    let [Piece { kind: PieceKind::Parameter(parameter), .. }] = pieces else { return false };
    let is_read = read.iter().skip(1).any(|word| word.literal().is_some_and(|name| name == parameter.name));
    !pipeline.is_negated && redirects.is_empty() && is_read && matches!(parameter.operation, Operation::None)
}

/// Returns the effects of a script, or the reason why it cannot be interpreted.
pub(super) fn interpret(input: &Input<'_>, state: State, file_variable: &'static str) -> Result<Effects, Failure> {
    let Input { script, .. } = *input;
    let tree = parser::parse_at(script, 0).map_err(|error| Failure {
        reason: format!("a script cannot be parsed: {}", error.reason),
        named: Vec::new(),
    })?;
    let left = input.fuel.map_or(usize::MAX, Fuel::left);
    let (fuel, fuel_inside) = (FUEL.min(left), FUEL_INSIDE.min(left));
    let mut interpreter = Interpreter {
        values: input.placeholders.to_vec(),
        targets: input.targets,
        names: input.names,
        settings_reason: input.settings_reason.map(str::to_owned),
        changed: input.changed.clone(),
        found: None,
        missing: Vec::new(),
        inside: None,
        looked_inside: 0,
        files: input.files,
        roots: input.roots,
        runs_in_bash: input.runs_in_bash,
        starts_in_program: false,
        program: None,
        file: None,
        state,
        calls: Vec::new(),
        unreached: BTreeSet::new(),
        occurrences: Occurrences::new(input.targets, file_variable),
        doubts: Vec::new(),
        derived: DerivedTexts::default(),
        ends: EarlyEnds::default(),
        discarded: None,
        status_before: None,
        is_in_error_trap: false,
        loops: Vec::new(),
        is_subshell_in_loop: false,
        subshells: 0,
        returns: None,
        active_functions: Vec::new(),
        outer_locals: BTreeSet::new(),
        make_overrides: Vec::new(),
        substitution_status: None,
        calls_unknown_functions: false,
        is_recording: true,
        runs_output: false,
        tolerates_failure: false,
        file_variable,
        opaque_until_end: None,
        names_env_file: false,
        separate_loops: 0,
        certain_loops: 0,
        failure: None,
        fuel,
        fuel_inside,
        script_depth: 0,
        command_depth: 0,
        source: Rc::from(""),
        outer_sources: Vec::new(),
        tree: Rc::new(Script::default()),
    };
    interpreter.read_startup_file();
    let outcome = interpreter.run_tree(script, tree, 0);
    interpreter.resolve(&outcome.output.spans);
    interpreter.run_exit_traps();
    let spent = fuel + fuel_inside - interpreter.fuel - interpreter.fuel_inside;
    input.fuel.inspect(|fuel| fuel.spend(spent));
    interpreter.effects(outcome.status.to_tristate())
}

impl Interpreter<'_> {
    /// Returns the effects of the script after it was interpreted; `success` is its exit status.
    fn effects(mut self, success: Tristate) -> Result<Effects, Failure> {
        let end = std::mem::take(&mut self.state);
        let mut exits = std::mem::take(&mut self.ends.without_trap);
        if !end.ended && success.can_be_false {
            exits.failure.add(&end);
        }
        let never_succeeds = exits.success.is_empty() && (end.ended || !success.can_be_true);
        if !end.ended && success.can_be_true || exits.success.is_empty() {
            exits.success.add(&end);
        }
        let always_fails = never_succeeds && !exits.failure.is_empty();
        let failure = exits.failure.0.map(|end| end.effects);
        let Failed { written, opaque } = exits.success.0.unwrap_or_default().effects;
        let mut opaque_until_end = self.opaque_until_end;
        if let Some(reason) = self.failure {
            let all = self.occurrences.all().filter_map(|it| Some((it.target?, self.derived.origin(&it.span))));
            let named: BTreeSet<(usize, usize, usize)> = all
                .filter(|(_, span)| span.start >= FIRST_FILE_POSITION)
                .map(|(target, span)| (target, span.start, span.end))
                .collect();
            let named = named.into_iter().map(|(target, start, end)| (target, start..end)).collect();
            return Err(Failure { reason, named });
        }
        let mut calls = self.calls;
        for occurrence in self.occurrences.unresolved(self.calls_unknown_functions) {
            let Some(target) = occurrence.target else {
                if !occurrence.is_stored {
                    opaque_until_end = Some(format!("how a script uses ${} is not known", self.file_variable));
                }
                continue;
            };
            let is_found = calls.iter().any(|call| call.target == target) && !self.calls_unknown_functions;
            if !(occurrence.is_stored && is_found) {
                let mut doubts = self.doubts.iter().rev();
                let reason = doubts
                    .find(|(file, _)| file.contains(&occurrence.span.start))
                    .map_or("whether the script calls this, and with which variables, is not known", |(_, reason)| {
                        reason
                    });
                calls.push(Call::possible(target, occurrence.span.clone(), reason.to_owned()));
            }
        }
        let variables = end.variables.into_iter().map(|(name, variable)| (name, variable.visible().with_real_paths()));
        let (final_variables, others_unknown) = (variables.collect(), end.others_unknown);
        let unreached = self.unreached;
        let (settings_reason, changed, missing) = (self.settings_reason, self.changed, self.missing);
        let mut effects = Effects {
            calls,
            unreached,
            written,
            opaque,
            failure,
            always_fails,
            final_variables,
            settings_reason,
            changed,
            missing,
            others_unknown,
        };
        if let Some(reason) = opaque_until_end {
            effects.set_opaque(&reason);
        }
        let derived = self.derived;
        effects.each_span(|span| *span = derived.origin(span));
        effects.calls.sort_by_key(|call| (call.span.start, call.target));
        effects.calls.dedup();
        Ok(effects)
    }

    /// Interprets the script of the targets that were called since a number of calls: adds the values that it gives to
    /// their variables, and the calls of other targets. `start` starts the script.
    pub fn look_inside(&mut self, first: usize, start: impl FnOnce(&mut Self)) {
        let calls = first.max(self.looked_inside)..self.calls.len();
        if calls.is_empty() || self.inside.is_some() || self.failure.is_some() {
            return;
        }
        let targets: Vec<usize> = self.calls[calls.clone()].iter().map(|call| call.target).collect();
        self.looked_inside = self.calls.len();
        if !targets.iter().any(|target| self.has_script(self.targets[*target])) {
            return;
        }
        if self.fuel_inside == 0 {
            let reason = "the scripts of the harness are too complex to interpret at each call";
            self.calls[calls].iter_mut().for_each(|call| call.model_choice_reason = Some(reason.to_owned()));
            return;
        }
        self.inside = Some(Inside { targets, assigned: Vec::new() });
        let before = self.copy();
        let occurrences = std::mem::replace(&mut self.occurrences, Occurrences::new(&[], self.file_variable));
        let unreached = self.unreached.clone();
        let (settings_reason, status) = (self.settings_reason.clone(), self.substitution_status);
        let (names_env_file, calls_unknown) = (self.names_env_file, self.calls_unknown_functions);
        let fuel = std::mem::replace(&mut self.fuel, self.fuel_inside);
        start(self);
        // A script that cannot be interpreted is one that reads its variables as the policy says.
        self.failure = None;
        self.fuel_inside = std::mem::replace(&mut self.fuel, fuel);
        (self.names_env_file, self.calls_unknown_functions) = (names_env_file, calls_unknown);
        (self.settings_reason, self.substitution_status) = (settings_reason, status);
        self.unreached = unreached;
        self.occurrences = occurrences;
        self.state = before;
        let assigned = self.inside.take().map(|inside| inside.assigned).unwrap_or_default();
        for call in &mut self.calls[calls] {
            assigned.iter().for_each(|assigned| call.add_assigned(assigned));
        }
        self.looked_inside = self.calls.len();
    }

    /// Whether the repository may have the script of a target.
    fn has_script(&self, target: &str) -> bool {
        let exists = |root: &&str| self.files.read(&joined(root, target)).is_some();
        self.files.is_known() && (target.contains(' ') || self.roots.is_empty() || self.roots.iter().any(exists))
    }

    /// Records that a file of the repository lacks a name that the script itself runs.
    pub fn note_missing(&mut self, name: &str, within: (String, Vec<String>)) {
        if self.is_recording && !self.state.ended && self.script_depth <= 1 {
            self.missing.push(Missing { name: name.to_owned(), within: Some(within) });
        }
    }

    /// Records that a file that the script itself runs does not exist, if its path is in the repository.
    pub fn note_missing_file(&mut self, path: &str) {
        let ResolvedPath::Repository(place) = ResolvedPath::of(path, self.state.directory.as_deref()) else { return };
        let lacks = self.files.read(&place).is_none() && self.changed.reason(&place).is_none();
        if self.is_recording && !self.state.ended && self.script_depth <= 1 && lacks {
            self.missing.push(Missing { name: place, within: None });
        }
    }

    /// Uses up fuel; the interpretation fails when the fuel is empty.
    pub fn spend(&mut self, cost: usize) {
        self.fuel = self.fuel.saturating_sub(cost);
        if self.fuel == 0 {
            self.fail("a script is too complex to interpret");
        }
    }

    pub(super) fn fail(&mut self, reason: &str) {
        self.failure.get_or_insert_with(|| reason.to_owned());
    }

    /// Whether the interpretation has failed.
    pub fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// Copies the state, which costs fuel.
    pub fn copy(&mut self) -> State {
        self.spend(self.state.variables.len() + 1);
        self.state.clone()
    }

    /// Interprets a command that another command starts.
    pub fn started(&mut self, interpret: impl FnOnce(&mut Self) -> Outcome) -> Outcome {
        if self.command_depth == MAX_COMMAND_DEPTH {
            self.fail("a script nests commands that start commands too deeply");
        }
        if self.has_failed() {
            return Outcome::unknown(Output::default());
        }
        self.command_depth += 1;
        let outcome = interpret(self);
        self.command_depth -= 1;
        outcome
    }

    /// Parses and interprets a script inside this script. `base` is the byte of the outermost script
    /// at which it begins, and `spans` are its bytes. Returns `None` if it does not parse.
    pub fn script(&mut self, source: &str, base: usize, spans: &[Span]) -> Option<Outcome> {
        if self.script_depth == MAX_SCRIPT_DEPTH {
            self.fail("a script nests scripts (`eval`, `bash -c`) too deeply");
            return Some(Outcome::unknown(Output::default()));
        }
        let tree = parser::parse_at(source, base).ok()?;
        self.resolve_all(spans);
        Some(self.run_tree(source, tree, base))
    }

    fn run_tree(&mut self, source: &str, tree: Script, base: usize) -> Outcome {
        self.names_env_file |= source.contains(self.file_variable);
        if self.is_recording {
            self.occurrences.find(source, base, &tree.comments);
        }
        self.script_depth += 1;
        let outcome = self.inside(Rc::from(source), Rc::new(tree), |it| {
            let tree = Rc::clone(&it.tree);
            it.lines(&tree.body, base)
        });
        self.script_depth -= 1;
        outcome
    }

    /// Interprets a file of the repository, with its path as written; `is_program` if it is run, not
    /// sourced. Returns `None` if it cannot be interpreted.
    pub fn file(&mut self, path: &str, file: &SourceFile, is_program: bool) -> Option<Outcome> {
        self.spend(file.text.len() / 64);
        let outer_file = self.file.replace(path.to_owned());
        let outer_program = self.program.clone();
        if is_program {
            self.program = Some(Text::known(path.to_owned()));
        }
        if self.is_recording {
            self.occurrences.repeat(&(file.base..file.base + file.text.len()));
        }
        let is_short = file.text.len() <= SCRIPT_BYTES && self.script_depth < MAX_SCRIPT_DEPTH;
        let outcome = if is_short { self.script(&file.text, file.base, &[]) } else { None };
        if outcome.is_none() {
            self.note_uninterpreted(&file.text, file.base, path);
        }
        self.file = outer_file;
        self.program = outer_program;
        outcome
    }

    /// Records what a script that cannot be interpreted names: it may call the targets and write the
    /// environment file. The same holds for the files of the repository that it names.
    pub fn note_uninterpreted(&mut self, text: &str, base: usize, path: &str) {
        self.note_names_in(text, base, path);
        let span = base..base + text.len();
        self.note_files_in(text, &mut vec![span]);
    }

    /// Records why what a file names may run, if there is a reason of its own.
    pub fn note_doubt(&mut self, file: &SourceFile, reason: Option<String>) {
        self.doubts.extend(reason.map(|reason| (file.base..file.base + file.text.len(), reason)));
    }

    /// Records that tasks which a file defines may run, with the reason: the targets that it names, or that the files
    /// name that it names. `directories` are those in which the tasks may run.
    pub fn note_tasks_in(&mut self, path: &str, file: &SourceFile, directories: &[String], reason: &str) {
        let SourceFile { text, base } = file;
        self.spend(text.len() / 64 + 1);
        if !self.is_recording || self.state.ended {
            return;
        }
        let named: Vec<_> = find_targets(text, self.targets).filter(|(target, _)| !self.is_inside(*target)).collect();
        for (target, span) in named {
            self.calls.push(Call::possible(target, base + span.start..base + span.end, reason.to_owned()));
        }
        if text.contains(self.file_variable) {
            self.state.set_opaque(format!("`{path}` is not interpreted and names ${}", self.file_variable));
        }
        let names: BTreeSet<String> = directories.iter().flat_map(|directory| self.files.list(directory)).collect();
        let span = *base..base + text.len();
        let mut read = vec![span];
        self.note_paths_in(text, &has_slash, directories, &mut read);
        self.note_paths_in(text, &|part| names.contains(part), directories, &mut read);
        self.doubts.extend(read.into_iter().skip(1).map(|file| (file, reason.to_owned())));
    }

    /// Records what the files name that a script names which cannot be interpreted; `seen` are the bytes of the files.
    pub fn note_files_in(&mut self, text: &str, seen: &mut Vec<Span>) {
        let directories: Vec<String> = self.state.directory.clone().into_iter().collect();
        self.note_paths_in(text, &has_slash, &directories, seen);
    }

    /// The same for some words of a text, which are paths relative to one of some directories.
    fn note_paths_in(
        &mut self,
        text: &str,
        is_path: &dyn Fn(&str) -> bool,
        directories: &[String],
        seen: &mut Vec<Span>,
    ) {
        for part in parts_of(text).filter(|part| is_path(part)) {
            self.spend(directories.len());
            for directory in directories {
                let ResolvedPath::Repository(path) = ResolvedPath::of(part, Some(directory)) else { continue };
                let is_new = |file: &SourceFile| seen.iter().all(|other| other.start != file.base);
                let Some(file) = self.files.read(&path).filter(is_new) else { continue };
                if seen.len() == MAX_NAMED_FILES {
                    return;
                }
                seen.push(file.base..file.base + file.text.len());
                if !self.targets.iter().any(|target| part.ends_with(target)) {
                    self.note_names_in(&file.text, file.base, part);
                    self.note_paths_in(&file.text, &has_slash, directories, seen);
                }
            }
        }
    }

    fn note_names_in(&mut self, text: &str, base: usize, path: &str) {
        if self.is_recording && !self.state.ended {
            self.occurrences.find(text, base, &[]);
            self.occurrences.repeat(&(base..base + text.len()));
            self.note_computed_paths(text, base, path);
        }
        if text.contains(self.file_variable) {
            self.state.set_opaque(format!("`{path}` cannot be interpreted and names ${}", self.file_variable));
        }
    }

    /// Records a possible call of each target whose path a script that cannot be interpreted may compute: the
    /// script names its directory, and has patterns or expansions.
    fn note_computed_paths(&mut self, text: &str, base: usize, path: &str) {
        if !text.contains(['*', '?', '[', '$', '{', '`']) {
            return;
        }
        for (index, target) in self.targets.iter().enumerate() {
            let directory = target.split_once('/').map(|(directory, _)| directory);
            if let Some((at, directory)) = directory.and_then(|directory| Some((text.find(directory)?, directory)))
                && !text.contains(target)
            {
                let reason = format!("`{path}` cannot be interpreted and may compute the path of a script");
                self.calls.push(Call::possible(index, base + at..base + at + directory.len(), reason));
            }
        }
    }

    /// Interprets a part of another script.
    fn inside<T>(&mut self, source: Rc<str>, tree: Rc<Script>, inside: impl FnOnce(&mut Self) -> T) -> T {
        let outer_source = std::mem::replace(&mut self.source, source);
        let outer_tree = std::mem::replace(&mut self.tree, tree);
        self.outer_sources.push(outer_source);
        let result = inside(self);
        self.source = self.outer_sources.pop().unwrap_or_default();
        self.tree = outer_tree;
        result
    }

    /// Interprets the commands of a script, which begins at a byte. After each line, a state is possible in which an
    /// error has skipped the rest of the line.
    fn lines(&mut self, list: &List, base: usize) -> Outcome {
        let outer = self.discarded.take();
        let mut outcome = Outcome::success(Output::default());
        let before = self.departures();
        for (index, item) in list.items.iter().enumerate() {
            self.item(item, before, &mut outcome);
            let Some(discarded) = self.discarded.clone() else { continue };
            let between = match list.items.get(index + 1) {
                Some(next) => item.span.end.saturating_sub(base)..next.span.start.saturating_sub(base),
                None => 0..0,
            };
            // A backslash may continue the line.
            let source = Rc::clone(&self.source);
            let between = source.get(between).unwrap_or("\\\n");
            if index + 1 == list.items.len() || between.contains('\n') {
                outcome.status = outcome.status.to_tristate().or(Tristate::NEVER).into();
                self.join_with(discarded);
            }
            if between.replace("\\\n", "").contains('\n') {
                self.discarded = None;
            }
        }
        self.discarded = outer;
        outcome
    }

    pub fn list(&mut self, list: &List) -> Outcome {
        let mut outcome = Outcome::success(Output::default());
        let before = self.departures();
        list.items.iter().for_each(|item| self.item(item, before, &mut outcome));
        outcome
    }

    /// The number of times that commands may have left the lists around them, by `break`, `continue`, `return` or
    /// `exit`.
    fn departures(&self) -> usize {
        let of_loops: usize = self.loops.iter().map(|exits| exits.breaks.len() + exits.continues.len()).sum();
        of_loops + self.returns.as_ref().map_or(0, Vec::len) + self.ends.exit_commands
    }

    /// Interprets an item of a list after others with an outcome. `departures` is the number before the list.
    fn item(&mut self, item: &AndOr, departures: usize, outcome: &mut Outcome) {
        if self.failure.is_some() {
            return;
        }
        // An earlier command may have left the list.
        let may_be_skipped = self.departures() > departures;
        let next = if item.in_background {
            let outcome = self.subshell(|it| it.and_or(item));
            Outcome::success(outcome.output)
        } else {
            self.and_or(item)
        };
        outcome.output.append(if may_be_skipped { next.output.or(Output::default()) } else { next.output });
        outcome.status = next.status;
    }

    fn and_or(&mut self, item: &AndOr) -> Outcome {
        let Some(last) = item.rest.len().checked_sub(1) else { return self.pipeline(&item.first) };
        let first = self.tolerant(|it| it.pipeline(&item.first));
        let mut output = first.output;
        let before = self.departures();
        let (mut success, mut failure) = self.split(first.status);
        for (index, (connector, pipeline)) in item.rest.iter().enumerate() {
            let (runs, skips) = match connector {
                Connector::And => (success, failure),
                Connector::Or => (failure, success),
            };
            let (never_runs, always_runs) = (runs.ended, skips.ended && self.departures() == before);
            self.state = runs;
            let next = match index == last {
                true => self.pipeline(pipeline),
                false => self.tolerant(|it| it.pipeline(pipeline)),
            };
            match (never_runs, always_runs) {
                (true, false) => self.resolve(&next.output.spans),
                (false, true) => output.append(next.output),
                _ => output.append(next.output.or(Output::default())),
            }
            let (succeeds, fails) = self.split(next.status);
            self.spend(skips.variables.len() + 1);
            (success, failure) = match connector {
                Connector::And => (succeeds, join(skips, fails)),
                Connector::Or => (join(skips, succeeds), fails),
            };
        }
        let status = self.unite(success, failure);
        Outcome { output, status }
    }

    fn pipeline(&mut self, pipeline: &Pipeline) -> Outcome {
        if !pipeline.is_negated {
            return self.commands(&pipeline.commands);
        }
        let outcome = self.tolerant(|it| it.commands(&pipeline.commands));
        Outcome { status: outcome.status.negated(), ..outcome }
    }

    /// Interprets the commands of a pipeline.
    fn commands(&mut self, commands: &[Command]) -> Outcome {
        match commands {
            [] => Outcome::success(Output::default()),
            [command] => self.command(command, None),
            commands => {
                let mut input = None;
                let (mut all, mut last) = (Tristate::ALWAYS, Tristate::ALWAYS);
                for (index, command) in commands.iter().enumerate() {
                    let outcome = match index + 1 == commands.len() {
                        true => self.last_of_pipeline(command, input),
                        false => self.subshell(|it| it.command(command, input)),
                    };
                    last = outcome.status.to_tristate();
                    all = all.conjunction(last);
                    input = Some(outcome.output);
                }
                let Tristate { can_be_true: may_be_all, can_be_false: may_be_last } = self.state.options.pipefail;
                let status = match (may_be_all, may_be_last) {
                    (true, false) => all,
                    (false, true) => last,
                    _ => all.or(last),
                };
                self.check_failure(Outcome { output: input.unwrap_or_default(), status: status.into() })
            }
        }
    }

    /// Interprets the last command of a pipeline, which bash runs in the shell itself if `lastpipe` is on.
    fn last_of_pipeline(&mut self, command: &Command, input: Option<Output>) -> Outcome {
        let Tristate { can_be_true, can_be_false } = self.state.options.lastpipe;
        if !can_be_true {
            return self.subshell(|it| it.command(command, input));
        }
        let before = can_be_false.then(|| self.copy());
        let outcome = self.command(command, input).without_states();
        if let Some(before) = before {
            self.join_with(before);
        }
        outcome
    }

    /// Interprets a command with its input from a pipe, if any.
    pub(super) fn command(&mut self, command: &Command, piped: Option<Output>) -> Outcome {
        self.spend(1);
        if self.failure.is_some() {
            return Outcome::unknown(Output::default());
        }
        let input = self.input(&command.redirects, piped);
        for redirect in &command.redirects {
            // The shell sets the variable in `{name}>file` to a descriptor.
            let name = redirect.descriptor.as_deref().and_then(|it| it.strip_prefix('{')?.strip_suffix('}'));
            if let Some(name) = name.and_then(|name| name.split('[').next()) {
                self.forget_array(name, redirect.span.clone());
            }
        }
        let mut ends_on_failure = false;
        let outcome = match &command.kind {
            CommandKind::Simple(simple) => {
                ends_on_failure = true;
                self.simple(simple, &command.redirects, input)
            }
            CommandKind::Group(list) => self.list(list),
            CommandKind::Subshell(list) => {
                ends_on_failure = true;
                self.subshell(|it| it.list(list))
            }
            CommandKind::If(command) => self.if_command(command),
            CommandKind::While(command) => self.while_command(command, input),
            CommandKind::For(command) => self.for_command(command),
            CommandKind::ArithmeticFor(command) => self.arithmetic_for(command),
            CommandKind::Case(command) => self.case_command(command),
            CommandKind::Test(test) => {
                ends_on_failure = true;
                let status = self.test(test);
                Outcome { output: Output::default(), status }
            }
            CommandKind::Arithmetic(expression) => {
                ends_on_failure = true;
                let status = self.arithmetic_command(expression);
                Outcome { output: Output::default(), status }
            }
            CommandKind::Function(function) => {
                self.define(&function.name, &function.body);
                Outcome::success(Output::default())
            }
            CommandKind::Coprocess(inner, name) => {
                self.subshell(|it| it.command(inner, None));
                if let Some(name) = name {
                    self.forget_array(name, command.span.clone());
                    let process = Text::unknown("the shell sets it");
                    self.set_variable(&format!("{name}_PID"), process, command.span.clone(), None);
                }
                Outcome::success(Output::default())
            }
        };
        let mut outcome = self.redirect(command, outcome);
        if self.discarded.is_some() {
            outcome.output = outcome.output.or(Output::default());
        }
        self.status_before = None;
        if ends_on_failure { self.check_failure(outcome) } else { outcome }
    }

    /// Interprets commands in a subshell: only their writes for later steps affect the outer shell.
    pub fn subshell(&mut self, inside: impl FnOnce(&mut Self) -> Outcome) -> Outcome {
        let before = self.copy();
        let ends = std::mem::take(&mut self.ends);
        let discarded = self.discarded.take();
        let loops = std::mem::take(&mut self.loops);
        let returns = self.returns.take();
        if returns.is_some() {
            self.returns = Some(Vec::new());
        }
        let is_in_loop = std::mem::replace(&mut self.is_subshell_in_loop, !loops.is_empty());
        self.is_subshell_in_loop |= is_in_loop;
        self.subshells += 1;
        // A subshell does not run the traps of the shell around it.
        self.state.exit_traps = BTreeSet::from([None]);
        let outcome = inside(self).without_states();
        let is_trapped = self.run_exit_traps();
        self.subshells -= 1;
        self.is_subshell_in_loop = is_in_loop;
        self.loops = loops;
        let returned = std::mem::replace(&mut self.returns, returns).unwrap_or_default();
        let EarlyEnds { without_trap: mut exits, status: mut early, .. } = std::mem::replace(&mut self.ends, ends);
        self.discarded = discarded;
        for (state, status) in &returned {
            exits.success.add(state);
            early = Some(early.map_or(*status, |early| early.or(*status)));
        }
        let end = std::mem::take(&mut self.state);
        let status = match early {
            _ if is_trapped => Tristate::UNKNOWN,
            Some(early) if end.ended => early,
            Some(early) => early.or(outcome.status.to_tristate()),
            None if end.ended => Tristate::UNKNOWN,
            None => outcome.status.to_tristate(),
        };
        let End { effects: Failed { written, opaque }, line_end } = exits.of_subshell(&end);
        self.spend(written.len() + 1);
        // A subshell that cannot be reached has no effect.
        let ended = before.ended;
        self.state = State { written, opaque, line_end, ended, ..before };
        Outcome { status: status.into(), ..outcome }
    }

    pub fn join_with(&mut self, other: State) {
        let state = std::mem::take(&mut self.state);
        self.state = join(state, other);
    }

    fn if_command(&mut self, command: &If) -> Outcome {
        let mut ends: Vec<State> = Vec::new();
        let mut output = Output::default();
        let mut printed: Option<Output> = None;
        let mut status: Option<Tristate> = None;
        let mut add = |it: &mut Self, is_dead: bool, outcome: Outcome| {
            if is_dead {
                it.resolve(&outcome.output.spans);
                return;
            }
            let new = outcome.status.to_tristate();
            status = Some(status.map_or(new, |status| status.or(new)));
            printed = Some(match printed.take() {
                Some(printed) => printed.or(outcome.output),
                None => outcome.output,
            });
        };
        for (condition, body) in &command.branches {
            let is_dead = self.state.ended;
            let condition = self.tolerant(|it| it.list(condition));
            match is_dead {
                true => self.resolve(&condition.output.spans),
                false => output.append(condition.output),
            }
            let (success, failure) = self.split(condition.status);
            let is_dead = success.ended;
            self.state = success;
            let outcome = self.list(body);
            add(self, is_dead, outcome);
            ends.push(std::mem::replace(&mut self.state, failure));
        }
        let is_dead = self.state.ended;
        let otherwise = match &command.otherwise {
            Some(body) => self.list(body),
            None => Outcome::success(Output::default()),
        };
        add(self, is_dead, otherwise);
        output.append(printed.unwrap_or_default());
        for end in ends {
            self.join_with(end);
        }
        Outcome { output, status: status.map_or(Status::Unknown, Status::from) }
    }

    fn while_command(&mut self, command: &While, input: Option<Output>) -> Outcome {
        if let Some((condition, input)) = ReadOfLoop::of(command).zip(input)
            && let Some(text) = input.clone().into_text().single()
            && text.lines().count() <= SEPARATE_ROUNDS >> (3 * self.separate_loops.min(1))
            && self.separate_loops < 2
        {
            self.store(&input.spans, true);
            let text = text.clone();
            let output = self.for_lines(&condition, &command.body, &text);
            return Outcome::unknown(output);
        }
        let condition = |it: &mut Self| {
            let condition = it.tolerant(|it| it.list(&command.condition));
            let status = if command.is_until { condition.status.negated() } else { condition.status };
            Outcome { status, ..condition }
        };
        Outcome::unknown(self.while_true(condition, &command.body, None))
    }

    fn arithmetic_for(&mut self, command: &ArithmeticFor) -> Outcome {
        let [first, condition, step] = &command.header;
        let failure = self.arithmetic_of_loop(first);
        let is_endless = condition.pieces.is_empty();
        let condition = |it: &mut Self| match is_endless {
            true => Outcome::success(Output::default()),
            false => Outcome { output: Output::default(), status: it.arithmetic_command(condition) },
        };
        let output = self.while_true(condition, &command.body, Some(step));
        if let Some(state) = failure {
            self.join_with(state);
            return Outcome::unknown(output.or(Output::default()));
        }
        Outcome::unknown(output)
    }

    /// Interprets a loop with a condition. As long as the condition is certainly true, the iterations are interpreted
    /// one by one. `step` is evaluated after each iteration.
    fn while_true(
        &mut self,
        condition: impl Fn(&mut Self) -> Outcome,
        body: &List,
        step: Option<&Arithmetic>,
    ) -> Output {
        let round = |it: &mut Self, printed: Output| {
            let mut output = printed;
            output.append(it.list(body).output);
            it.join_continues();
            if let Some(step) = step {
                // An error ends the loop.
                let failure = it.arithmetic_of_loop(step);
                it.loops.last_mut().into_iter().for_each(|exits| exits.breaks.extend(failure.clone()));
            }
            output
        };
        let (mut output, mut breaks) = (Output::default(), Vec::new());
        let (mut is_over, mut rounds) = (false, 0);
        let (fuel, limit) = (self.fuel, CERTAIN_ROUNDS >> (3 * (self.certain_loops + self.separate_loops)));
        self.certain_loops += 1;
        // An iteration may leave fuel for the rest of the script.
        while !is_over && rounds < limit && self.fuel > fuel / 2 {
            let before = self.copy();
            self.loops.push(LoopExits::default());
            let Outcome { output: printed, status } = condition(self);
            let (runs, exit) = self.split(status);
            let continues = self.loops.last().is_some_and(|exits| !exits.continues.is_empty());
            if !runs.ended && !exit.ended || continues {
                self.loops.pop();
                self.state = before;
                break;
            }
            let runs_again = !runs.ended;
            let next = if runs.ended {
                self.state = exit;
                if rounds == 0 {
                    self.never_repeated(body);
                }
                printed
            } else {
                self.state = runs;
                round(self, printed)
            };
            is_over = self.state.ended || !runs_again;
            let left = self.loops.pop().unwrap_or_default().breaks;
            output.append(if breaks.is_empty() { next } else { next.or(Output::default()) });
            breaks.extend(left);
            rounds += 1;
        }
        self.certain_loops -= 1;
        if !is_over {
            let rest = self.repeat(|it| {
                let Outcome { output, status } = condition(it);
                let (runs, exit) = it.split(status);
                it.state = runs;
                (Some(exit), round(it, output))
            });
            output.append(rest);
        }
        for state in breaks {
            self.join_with(state);
        }
        output
    }

    fn for_command(&mut self, command: &For) -> Outcome {
        let reason = "a loop assigns several values";
        let words = match &command.words {
            Some(words) => Some(self.words(words)),
            None => self.arguments_as_words(&command.name_span),
        };
        let Some(words) = words.as_deref() else {
            let output = self.for_any(command, &Text::unknown(reason), false);
            return Outcome::unknown(output);
        };
        self.store(&own_spans(words), true);
        let values: Vec<Text> = words.iter().map(|word| self.field(word)).collect();
        let is_one = |value: &Text| !value.reasons.contains(SPLIT) && !may_be_list(value);
        let is_known = |value: &Text| !matches!(value.values, AbstractValue::Any) && is_one(value);
        let rounds = SEPARATE_ROUNDS >> (3 * self.separate_loops.min(1));
        if values.len() <= rounds && values.iter().all(is_known) && !command.is_select && self.separate_loops < 2 {
            let output = self.for_each(command, values);
            return Outcome::unknown(output);
        }
        // A literal word is at least one iteration.
        let is_never_skipped = !command.is_select && words.iter().any(|word| word.literal().is_some());
        let value = values.into_iter().reduce(|one, other| one.or(other).with_reason(reason));
        let value = value.unwrap_or_else(|| Text::unknown(reason));
        Outcome::unknown(self.for_any(command, &value, is_never_skipped))
    }

    /// Interprets a loop in which a variable has any of the values of `value` in each iteration.
    fn for_any(&mut self, command: &For, value: &Text, is_never_skipped: bool) -> Output {
        self.repeat(|it| {
            let exit = (!is_never_skipped).then(|| it.copy());
            it.set_variable(&command.name, value.clone(), command.name_span.clone(), None);
            (exit, it.list(&command.body).output)
        })
    }

    /// Interprets the body of a loop without iterations: none of its commands runs.
    fn never_repeated(&mut self, body: &List) {
        let before = self.copy();
        self.state.ended = true;
        let never = self.list(body);
        self.resolve(&never.output.spans);
        self.state = before;
    }

    /// Interprets the iterations of a loop one by one.
    fn for_each(&mut self, command: &For, values: Vec<Text>) -> Output {
        self.separate_loops += 1;
        let mut output = Output::default();
        let mut breaks: Vec<State> = Vec::new();
        if values.is_empty() {
            self.never_repeated(&command.body);
        }
        for value in values {
            self.set_variable(&command.name, value, command.name_span.clone(), None);
            self.loops.push(LoopExits::default());
            let next = self.list(&command.body).output;
            self.join_continues();
            let left = self.loops.pop().unwrap_or_default().breaks;
            output.append(if breaks.is_empty() { next } else { next.or(Output::default()) });
            breaks.extend(left);
        }
        for state in breaks {
            self.join_with(state);
        }
        self.separate_loops -= 1;
        output
    }

    /// Interprets the iterations of a loop that reads lines one by one. A command in the body may read lines too, so
    /// that the loop may end after each iteration.
    fn for_lines(&mut self, condition: &ReadOfLoop<'_>, body: &List, text: &str) -> Output {
        let ReadOfLoop { read, has_last } = *condition;
        self.separate_loops += 1;
        let mut output = Output::default();
        let (mut breaks, mut ends): (Vec<State>, Vec<State>) = (Vec::new(), Vec::new());
        let line_of = |text: &str| Some(Output::new(vec![Text::known(text.to_owned())], Vec::new()));
        let mut rest = "";
        let mut is_repeated = false;
        for line in text.split_inclusive('\n') {
            let mut status = self.tolerant(|it| it.command(read, line_of(line))).status;
            if !line.ends_with('\n') {
                let Some(test) = has_last else {
                    rest = line;
                    break;
                };
                status = self.tolerant(|it| it.pipeline(test)).status;
            }
            is_repeated = true;
            let (runs, exit) = self.split(status);
            ends.push(exit);
            self.state = runs;
            self.loops.push(LoopExits::default());
            let next = self.list(body).output;
            self.join_continues();
            breaks.extend(self.loops.pop().unwrap_or_default().breaks);
            output.append(next.or(Output::default()));
            ends.push(self.copy());
        }
        if !is_repeated {
            self.never_repeated(body);
        }
        for state in ends {
            self.join_with(state);
        }
        self.tolerant(|it| it.command(read, line_of(rest)));
        for state in breaks {
            self.join_with(state);
        }
        self.separate_loops -= 1;
        output
    }

    /// Interprets a loop. `round` interprets one iteration. It returns its output and the state in
    /// which the loop ends; `None` if the loop ends after an iteration.
    fn repeat(&mut self, mut round: impl FnMut(&mut Self) -> (Option<State>, Output)) -> Output {
        let is_recording = std::mem::replace(&mut self.is_recording, false);
        let mut rounds = 0;
        loop {
            let head = self.copy();
            self.loops.push(LoopExits::default());
            round(self);
            self.join_continues();
            self.loops.pop();
            let end = std::mem::take(&mut self.state);
            let next = join(head.clone(), end);
            let next = if rounds < PRECISE_ROUNDS { next } else { widen(&head, next) };
            let is_final = next == head;
            self.state = next;
            rounds += 1;
            if is_final || self.failure.is_some() {
                break;
            }
        }
        self.is_recording = is_recording;
        self.loops.push(LoopExits::default());
        let (exit, output) = round(self);
        self.join_continues();
        if let Some(exit) = exit {
            self.state = exit;
        }
        for state in self.loops.pop().unwrap_or_default().breaks {
            self.join_with(state);
        }
        output.or(Output::default())
    }

    /// Joins the state with the states at `continue`.
    fn join_continues(&mut self) {
        let continues = self.loops.last_mut().map(|exits| std::mem::take(&mut exits.continues));
        for state in continues.unwrap_or_default() {
            self.join_with(state);
        }
    }

    /// Interprets `break` and `continue`; `levels` is the number of loops, `None` if unknown.
    pub fn leave_loop(&mut self, levels: Option<usize>, is_break: bool) {
        if self.loops.is_empty() {
            if self.is_subshell_in_loop {
                // `break` and `continue` may end the subshell.
                self.end_shell(Tristate::ALWAYS);
            }
            return;
        }
        let count = self.loops.len();
        let left = match levels {
            Some(levels) => {
                let index = count.saturating_sub(levels.max(1));
                index..index + 1
            }
            None => 0..count,
        };
        for index in left {
            let state = self.copy();
            let exits = &mut self.loops[index];
            if is_break { exits.breaks.push(state) } else { exits.continues.push(state) }
        }
        self.state.ended = true;
    }

    fn case_command(&mut self, command: &Case) -> Outcome {
        let value = self.expand(&command.word);
        let mut parameter = command.word.parameter();
        self.resolve_all(&own_spans(std::slice::from_ref(&command.word)));
        let mut ends: Vec<(State, Tristate)> = Vec::new();
        let mut printed: Option<Output> = None;
        let mut falls: Option<State> = None;
        let mut rest = value;
        for clause in &command.clauses {
            let patterns: Vec<_> = clause.patterns.iter().map(|pattern| self.pattern_in_any_case(pattern)).collect();
            self.resolve_all(&own_spans(&clause.patterns));
            let (matched, unmatched) = partition(&rest, &patterns);
            let mut skips = self.copy();
            match &matched {
                Some(value) => self.state.narrow(parameter, value),
                None => self.state.ended = true,
            }
            match &unmatched {
                Some(value) => skips.narrow(parameter, value),
                None => skips.ended = true,
            }
            if let Some(state) = falls.take() {
                self.join_with(state);
            }
            let is_dead = self.state.ended;
            let outcome = self.list(&clause.body);
            if is_dead {
                self.resolve(&outcome.output.spans);
            } else {
                printed = Some(match printed {
                    Some(printed) => printed.or(outcome.output),
                    None => outcome.output,
                });
            }
            let end = std::mem::replace(&mut self.state, skips);
            match clause.end {
                ClauseEnd::Break => ends.push((end, outcome.status.to_tristate())),
                ClauseEnd::FallThrough => falls = Some(end),
                ClauseEnd::Continue => {
                    // The clause may have changed the variable, and its text may match again.
                    parameter = None;
                    self.join_with(end);
                    continue;
                }
            }
            if let Some(unmatched) = unmatched {
                rest = unmatched;
            }
        }
        let mut output = printed.unwrap_or_default();
        if !self.state.ended || falls.is_some() {
            output = output.or(Output::default());
        }
        let mut status = Tristate::ALWAYS;
        for (end, its_status) in ends {
            status = status.or(its_status);
            self.join_with(end);
        }
        if let Some(falls) = falls {
            status = Tristate::UNKNOWN;
            self.join_with(falls);
        }
        Outcome { output, status: status.into() }
    }

    /// Expands an operand of a test, which is not run.
    fn operand(&mut self, word: &Word) -> Text {
        let text = self.expand(word);
        self.resolve_all(&own_spans(std::slice::from_ref(word)));
        text
    }

    /// The standard input of a command, if it is piped or redirected.
    fn input(&mut self, redirects: &[Redirect], piped: Option<Output>) -> Option<Output> {
        let mut input = piped;
        for redirect in redirects.iter().filter(|it| it.descriptor.as_deref().is_none_or(|it| it == "0")) {
            match (redirect.operator, redirect.here_document) {
                (_, Some(index)) => {
                    let tree = Rc::clone(&self.tree);
                    let document = &tree.here_documents[index];
                    let mut spans = Vec::new();
                    occurrences::add_own_spans(&document.span, &document.pieces, &mut spans);
                    input = Some(Output::new(self.fragments(&document.pieces), spans));
                }
                (RedirectOperator::HereString, _) => {
                    let mut texts = self.fragments(&redirect.target.pieces);
                    texts.push(Text::known("\n".to_owned()));
                    input = Some(Output::new(texts, own_spans(std::slice::from_ref(&redirect.target))));
                }
                (RedirectOperator::Input, _) => {
                    let content = self.content(&redirect.target).unwrap_or_else(Text::unknown);
                    input = Some(Output::new(vec![content], Vec::new()));
                }
                (RedirectOperator::ReadWrite | RedirectOperator::DuplicateInput, _) => {
                    input = Some(Output::unknown("what a descriptor reads is not known"));
                }
                _ => {}
            }
        }
        input
    }

    /// The spans of redirections and of their here-documents.
    pub fn redirect_spans(&self, redirects: &[Redirect]) -> Vec<Span> {
        let mut spans = Vec::new();
        for redirect in redirects {
            occurrences::add_own_spans(&redirect.target.span, &redirect.target.pieces, &mut spans);
            if let Some(index) = redirect.here_document {
                let document = &self.tree.here_documents[index];
                occurrences::add_own_spans(&document.span, &document.pieces, &mut spans);
            }
        }
        spans
    }

    /// Redirects the output of a command; returns the output that is not redirected.
    fn redirect(&mut self, command: &Command, outcome: Outcome) -> Outcome {
        if command.redirects.is_empty() {
            return outcome;
        }
        // The redirection changes the state in which the command ends.
        let outcome = outcome.without_states();
        let output = self.redirect_output(command, outcome.output);
        // A file to read may not exist.
        let reads = command.redirects.iter().any(|redirect| redirect.operator == RedirectOperator::Input);
        let status = match outcome.status {
            Status::Success if reads => Status::Unknown,
            status => status,
        };
        Outcome { output, status }
    }

    fn redirect_output(&mut self, command: &Command, output: Output) -> Output {
        let mut file = None;
        let mut is_kept = true;
        for redirect in &command.redirects {
            let is_stdout = redirect.descriptor.as_deref().is_none_or(|it| it == "1");
            let is_descriptor = redirect.target.literal().is_some_and(|it| it.parse::<u8>().is_ok() || it == "-");
            let duplicates = redirect.operator == RedirectOperator::DuplicateOutput;
            if duplicates && is_descriptor {
                if is_stdout {
                    (file, is_kept) = (None, false);
                }
            } else if redirect.operator.writes_file() || duplicates {
                let target = self.expand(&redirect.target);
                if is_stdout {
                    file = Some((redirect, target));
                } else {
                    self.note_redirected(&target);
                }
            } else if !matches!(redirect.operator, RedirectOperator::HereString) && redirect.here_document.is_none() {
                self.expand(&redirect.target);
            }
        }
        if self.state.ended {
            self.resolve_all(&self.redirect_spans(&command.redirects));
        }
        let Some((redirect, target)) = file else {
            if is_kept {
                return output;
            }
            self.resolve(&output.spans);
            return Output::default();
        };
        if self.is_env_file(&target) {
            self.resolve_env(&output.spans);
            self.resolve_env(&self.redirect_spans(&command.redirects));
            let appends = !matches!(
                redirect.operator,
                RedirectOperator::Output | RedirectOperator::Clobber | RedirectOperator::OutputAndError
            );
            self.write(&output.texts, command.span.clone(), appends);
        } else if let Some(path) = target.single() {
            self.note_output_file(path, &output, Some(command));
            self.note_redirected(&target);
        } else if self.names_env_file && output.may_assign() {
            self.state.set_opaque("the file to which a script writes variables is not known".to_owned());
        } else {
            self.note_redirected(&target);
        }
        match redirect.target.literal() {
            // The script may run the file later.
            Some(name) if self.is_named_again(&name) => self.store(&output.spans, false),
            _ => self.resolve(&output.spans),
        }
        Output::default()
    }

    /// Whether the current script or a script around it contains a text.
    pub fn names(&self, text: &str) -> bool {
        self.source.contains(text) || self.outer_sources.iter().any(|source| source.contains(text))
    }

    /// Whether the script names a file at least twice, so that it may run the file it writes.
    pub fn is_named_again(&self, file: &str) -> bool {
        let name = file.rsplit('/').next().unwrap_or(file);
        !name.is_empty() && self.source.matches(name).nth(1).is_some()
    }

    /// Whether the scripts name a file at another place than the current one, where they may write it.
    pub fn is_named_elsewhere(&self, file: &str) -> bool {
        let name = file.rsplit('/').next().unwrap_or(file);
        name.is_empty() || self.sources().map(|source| source.matches(name).count()).sum::<usize>() > 1
    }

    /// The current script and those around it.
    pub(super) fn sources(&self) -> impl Iterator<Item = &Rc<str>> {
        std::iter::once(&self.source).chain(&self.outer_sources)
    }

    /// Resolves occurrences of targets inside `spans`: they are not calls or were recorded as calls.
    pub fn resolve(&mut self, spans: &[Span]) {
        if self.is_recording {
            self.occurrences.resolve_targets(spans);
        }
    }

    /// Resolves occurrences of targets and of the environment file inside `spans`.
    pub fn resolve_all(&mut self, spans: &[Span]) {
        self.resolve(spans);
        self.resolve_env(spans);
    }

    /// Resolves occurrences of the environment file inside `spans`: the interpreter has handled them.
    pub fn resolve_env(&mut self, spans: &[Span]) {
        if self.is_recording {
            self.occurrences.resolve_env(spans);
        }
    }

    /// Marks occurrences inside `spans` as stored in a variable or a file, which may be used later.
    pub fn store(&mut self, spans: &[Span], with_env_file: bool) {
        if self.is_recording {
            self.occurrences.store(spans, with_env_file);
        }
    }
}
