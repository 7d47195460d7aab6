//! Interprets a syntax tree without running it. States are joined after branches, and a loop is
//! repeated until its state no longer changes.

mod expansion;
mod functions;
mod occurrences;
mod output;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::effects::{Call, ENVIRONMENT_FILE, Effects};
use super::parser;
use super::state::{Export, State, Variable, Written, join, join_written, widen};
use super::syntax::{
    AndOr, Case, ClauseEnd, Command, CommandKind, For, If, List, Pipeline, Redirect, RedirectOperator, Script, Span,
    Test, While, Word,
};
pub(super) use expansion::{BRACES, SPLIT};
use occurrences::Occurrences;
pub(super) use occurrences::own_spans;
pub(super) use output::Output;
use slug_value::Text;

/// Maximum depth of scripts in scripts, such as those of `eval` and `bash -c`.
const MAX_SCRIPT_DEPTH: usize = 8;

/// Iterations of a loop after which its state is widened.
const PRECISE_ROUNDS: usize = 3;

/// Maximum cost of an interpretation: the number of copied variables and interpreted commands.
const FUEL: usize = 1_000_000;

/// The interpreter of one script.
pub(super) struct Interpreter<'a> {
    pub placeholders: &'a [Text],
    pub targets: &'a [&'a str],
    pub state: State,
    pub calls: Vec<Call>,
    pub occurrences: Occurrences<'a>,
    pub functions: Functions,
    /// The names of all variables that the script assigns.
    pub assigned: BTreeSet<String>,
    /// The reason why any variable may have been assigned, if so.
    pub anything_assigned: Option<String>,
    /// The points at which the current shell may have ended early.
    pub exits: Exits,
    /// The loops around the current command that it can leave.
    loops: Vec<LoopExits>,
    /// Whether the current subshell is in a loop.
    is_subshell_in_loop: bool,
    /// The number of subshells around the current command.
    pub subshells: usize,
    pub in_function: bool,
    /// Whether calls and occurrences are recorded; false while the state of a loop is not final.
    pub is_recording: bool,
    /// Whether the word that is being expanded is run as a command or script, so that the output of
    /// substitutions in it runs too.
    pub runs_output: bool,
    /// Whether the script mentions the environment file.
    pub names_env_file: bool,
    /// Whether the script may change its directory.
    changes_directory: bool,
    /// The reason why the script cannot be interpreted, if so.
    failure: Option<String>,
    fuel: usize,
    script_depth: usize,
    /// The text of the current script.
    source: Rc<str>,
    /// The syntax tree of the current script.
    tree: Rc<Script>,
}

/// The effects that a call of a function may have, over all functions of a script.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Functions {
    /// The names of the functions.
    pub names: BTreeSet<String>,
    /// The variables that functions set, export or stop exporting.
    pub set: BTreeSet<String>,
    /// The variables to which functions give an attribute.
    pub special: BTreeSet<String>,
    /// The variables that functions write for later steps.
    pub written: BTreeSet<String>,
    /// Whether a function may set any variable.
    pub havoc: bool,
    /// The reason why a function may set any variable for later steps, if so.
    pub opaque: Option<String>,
    /// Whether a function runs a script whose path is unknown.
    pub run_unknown_scripts: bool,
    /// Whether a function changes `allexport`.
    pub change_exports: bool,
    /// Whether a function may end the script.
    may_exit: bool,
    /// Whether a function may end the script with a failure.
    may_fail: bool,
}

/// The points at which a shell ends before its last command.
#[derive(Default)]
pub(super) struct Exits {
    /// The states at these points.
    pub states: Vec<State>,
    /// Whether the shell may end with a failure.
    pub may_fail: bool,
}

/// The states in which `break` and `continue` leave the body of a loop.
#[derive(Default)]
struct LoopExits {
    breaks: Vec<State>,
    continues: Vec<State>,
}

/// Returns the effects of a script, or the reason why it cannot be interpreted.
pub(super) fn interpret(
    script: &str,
    placeholders: &[Text],
    targets: &[&str],
    state: State,
) -> Result<Effects, String> {
    let tree = parser::parse_at(script, 0).map_err(|error| error.reason)?;
    let words = script.split(|c: char| !c.is_ascii_alphanumeric());
    let changes_directory = words.into_iter().any(|word| matches!(word, "cd" | "pushd" | "popd" | "chdir" | "C"));
    let mut interpreter = Interpreter {
        placeholders,
        targets,
        state,
        calls: Vec::new(),
        occurrences: Occurrences::new(targets),
        functions: Functions::default(),
        assigned: BTreeSet::new(),
        anything_assigned: None,
        exits: Exits::default(),
        loops: Vec::new(),
        is_subshell_in_loop: false,
        subshells: 0,
        in_function: false,
        is_recording: true,
        runs_output: false,
        names_env_file: false,
        changes_directory,
        failure: None,
        fuel: FUEL,
        script_depth: 0,
        source: Rc::from(""),
        tree: Rc::new(Script::default()),
    };
    let printed = interpreter.run_tree(script, tree, 0);
    interpreter.resolve(&printed.spans);
    interpreter.effects()
}

impl Interpreter<'_> {
    /// Returns the effects of the script after it was interpreted.
    fn effects(mut self) -> Result<Effects, String> {
        let end = std::mem::take(&mut self.state);
        let exits = std::mem::take(&mut self.exits);
        let (written, mut opaque) = self.written_at_end(exits, &end);
        if let Some(reason) = self.failure {
            return Err(reason);
        }
        let mut calls = self.calls;
        for occurrence in self.occurrences.unresolved() {
            let Some(target) = occurrence.target else {
                if !occurrence.is_stored {
                    opaque = Some(format!("how a script uses ${ENVIRONMENT_FILE} is not known"));
                }
                continue;
            };
            let is_found = calls.iter().any(|call| call.target == target) && !self.functions.run_unknown_scripts;
            if !(occurrence.is_stored && is_found) {
                let others_unknown =
                    Some("whether the script calls this, and with which variables, is not known".to_owned());
                let span = occurrence.span.clone();
                calls.push(Call { target, span, variables: BTreeMap::new(), others_unknown, deferred: false });
            }
        }
        calls.sort_by_key(|call| (call.span.start, call.target));
        calls.dedup();
        for call in calls.iter_mut().filter(|call| call.deferred) {
            for name in &self.assigned {
                let value = Text::unknown("a function uses it, and when the function runs is not known");
                call.variables.insert(name.clone(), Variable { value, export: Export::Yes, assigned: None });
            }
            if let Some(reason) = &self.anything_assigned {
                call.variables.clear();
                call.others_unknown = Some(reason.clone());
            }
        }
        let variables = end.variables.into_iter().map(|(name, variable)| (name, variable.visible()));
        let (final_variables, others_unknown) = (variables.collect(), end.others_unknown);
        Ok(Effects { calls, written, opaque, final_variables, others_unknown })
    }

    /// The variables that a shell has written for later steps, over all points at which it may end,
    /// and the reason why it may have written any other variable.
    fn written_at_end(&mut self, exits: Exits, end: &State) -> (BTreeMap<String, Written>, Option<String>) {
        let mut ends: Vec<State> = exits.states;
        if !end.ended || ends.is_empty() {
            ends.insert(0, end.clone());
        }
        self.spend(ends.iter().map(|end| end.written.len() + 1).sum());
        let opaque = ends.iter().find_map(|end| end.opaque.clone());
        let fold = |one: State, other: State| State { written: join_written(&one, &other), ..one };
        (ends.into_iter().reduce(fold).map(|end| end.written).unwrap_or_default(), opaque)
    }

    /// Uses up fuel; the interpretation fails when the fuel is empty.
    pub fn spend(&mut self, cost: usize) {
        self.fuel = self.fuel.saturating_sub(cost);
        if self.fuel == 0 {
            self.fail("a script is too complex to interpret");
        }
    }

    fn fail(&mut self, reason: &str) {
        self.failure.get_or_insert_with(|| reason.to_owned());
    }

    /// Copies the state, which costs fuel.
    pub fn copy(&mut self) -> State {
        self.spend(self.state.variables.len() + 1);
        self.state.clone()
    }

    /// Parses and interprets a script inside this script. `base` is the byte of the outermost script
    /// at which it begins, and `spans` are its bytes. Returns false if it does not parse.
    pub fn script(&mut self, source: &str, base: usize, spans: &[Span]) -> bool {
        if self.script_depth == MAX_SCRIPT_DEPTH {
            self.fail("a script nests scripts (`eval`, `bash -c`) too deeply");
            return true;
        }
        let Ok(tree) = parser::parse_at(source, base) else { return false };
        self.resolve_all(spans);
        let output = self.run_tree(source, tree, base);
        self.resolve(&output.spans);
        true
    }

    fn run_tree(&mut self, source: &str, tree: Script, base: usize) -> Output {
        self.names_env_file |= source.contains(ENVIRONMENT_FILE);
        if self.is_recording {
            self.occurrences.find(source, base, &tree.comments);
        }
        let outer_source = std::mem::replace(&mut self.source, Rc::from(source));
        let tree = Rc::new(tree);
        let outer_tree = std::mem::replace(&mut self.tree, Rc::clone(&tree));
        self.script_depth += 1;
        let output = self.list(&tree.body);
        self.script_depth -= 1;
        self.source = outer_source;
        self.tree = outer_tree;
        output
    }

    pub fn list(&mut self, list: &List) -> Output {
        let mut output = Output::default();
        for item in &list.items {
            if self.failure.is_some() {
                break;
            }
            output.append(if item.in_background { self.subshell(|it| it.and_or(item)) } else { self.and_or(item) });
        }
        output
    }

    fn and_or(&mut self, item: &AndOr) -> Output {
        let mut output = self.pipeline(&item.first);
        // Every pipeline except the first may be skipped.
        let mut skipped = Vec::new();
        for (_, pipeline) in &item.rest {
            skipped.push(self.copy());
            output.append(self.pipeline(pipeline).or(Output::default()));
        }
        for state in skipped {
            self.join_with(state);
        }
        output
    }

    fn pipeline(&mut self, pipeline: &Pipeline) -> Output {
        match pipeline.commands.as_slice() {
            [] => Output::default(),
            [command] => self.command(command, None),
            commands => {
                let mut output = None;
                for command in commands {
                    output = Some(self.subshell(|it| it.command(command, output)));
                }
                output.unwrap_or_default()
            }
        }
    }

    /// Interprets a command with its input from a pipe, if any; returns its output.
    fn command(&mut self, command: &Command, piped: Option<Output>) -> Output {
        self.spend(1);
        if self.failure.is_some() {
            return Output::default();
        }
        let input = self.input(&command.redirects, piped);
        let output = match &command.kind {
            CommandKind::Simple(simple) => self.simple(simple, &command.redirects, input),
            CommandKind::Group(list) => self.list(list),
            CommandKind::Subshell(list) => self.subshell(|it| it.list(list)),
            CommandKind::If(command) => self.if_command(command),
            CommandKind::While(command) => self.while_command(command),
            CommandKind::For(command) => self.for_command(command),
            CommandKind::ArithmeticFor(command) => {
                let [first, condition, step] = &command.header;
                self.arithmetic(first);
                self.repeat(|it| {
                    it.arithmetic(condition);
                    let exit = it.copy();
                    let output = it.list(&command.body);
                    it.join_continues();
                    it.arithmetic(step);
                    (Some(exit), output)
                })
            }
            CommandKind::Case(command) => self.case_command(command),
            CommandKind::Test(test) => {
                self.test(test);
                Output::default()
            }
            CommandKind::Arithmetic(expression) => {
                self.arithmetic(expression);
                Output::default()
            }
            CommandKind::Function(function) => {
                self.define(&function.name, &function.body);
                Output::default()
            }
            CommandKind::Coprocess(command) => {
                self.subshell(|it| it.command(command, None));
                Output::default()
            }
        };
        self.redirect(command, output)
    }

    /// Interprets commands in a subshell: only their writes for later steps affect the outer shell.
    pub fn subshell(&mut self, inside: impl FnOnce(&mut Self) -> Output) -> Output {
        let before = self.copy();
        let exits = std::mem::take(&mut self.exits);
        let loops = std::mem::take(&mut self.loops);
        let is_in_loop = std::mem::replace(&mut self.is_subshell_in_loop, !loops.is_empty());
        self.is_subshell_in_loop |= is_in_loop;
        self.subshells += 1;
        let output = inside(self);
        self.subshells -= 1;
        self.is_subshell_in_loop = is_in_loop;
        self.loops = loops;
        let exits = std::mem::replace(&mut self.exits, exits);
        let end = std::mem::take(&mut self.state);
        let (written, opaque) = self.written_at_end(exits, &end);
        self.state = State { written, opaque, ..before };
        output
    }

    pub fn join_with(&mut self, other: State) {
        let state = std::mem::take(&mut self.state);
        self.state = join(state, other);
    }

    fn if_command(&mut self, command: &If) -> Output {
        let mut ends = Vec::new();
        let mut output = Output::default();
        let mut printed: Option<Output> = None;
        for (index, (condition, body)) in command.branches.iter().enumerate() {
            output.append(self.list(condition));
            let otherwise = self.copy();
            let branch = self.list(body);
            printed = Some(printed.map_or_else(|| branch.clone(), |printed| printed.or(branch.clone())));
            if index + 1 == command.branches.len() && command.otherwise.is_none() {
                self.join_with(otherwise);
            } else {
                ends.push(std::mem::replace(&mut self.state, otherwise));
            }
        }
        let otherwise = command.otherwise.as_ref().map(|body| self.list(body)).unwrap_or_default();
        output.append(printed.unwrap_or_default().or(otherwise));
        for end in ends {
            self.join_with(end);
        }
        output
    }

    fn while_command(&mut self, command: &While) -> Output {
        self.repeat(|it| {
            let mut output = it.list(&command.condition);
            let exit = it.copy();
            output.append(it.list(&command.body));
            (Some(exit), output)
        })
    }

    fn for_command(&mut self, command: &For) -> Output {
        let reason = "a loop assigns several values";
        let words = command.words.as_deref().unwrap_or_default();
        self.store(&own_spans(words), true);
        let value = words.iter().map(|word| self.field(word)).reduce(|one, other| one.or(other).with_reason(reason));
        let value = value.unwrap_or_else(|| Text::unknown(reason));
        // A literal word is at least one iteration.
        let is_never_skipped = !command.is_select && words.iter().any(|word| word.literal().is_some());
        self.repeat(|it| {
            let exit = (!is_never_skipped).then(|| it.copy());
            it.set_variable(&command.name, value.clone(), command.name_span.clone(), None);
            (exit, it.list(&command.body))
        })
    }

    /// Interprets a loop. `round` interprets one iteration. It returns its output and the state in
    /// which the loop ends; `None` if the loop ends after an iteration.
    fn repeat(&mut self, mut round: impl FnMut(&mut Self) -> (Option<State>, Output)) -> Output {
        let is_recording = std::mem::replace(&mut self.is_recording, false);
        let mut rounds = 0;
        loop {
            let head = self.copy();
            let functions = self.functions.clone();
            self.loops.push(LoopExits::default());
            round(self);
            self.join_continues();
            self.loops.pop();
            let end = std::mem::take(&mut self.state);
            let next = join(head.clone(), end);
            let next = if rounds < PRECISE_ROUNDS { next } else { widen(&head, next) };
            let is_final = next == head && functions == self.functions;
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
                let state = self.copy();
                self.exits.states.push(state);
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

    fn case_command(&mut self, command: &Case) -> Output {
        self.expand(&command.word);
        self.resolve_all(&own_spans(std::slice::from_ref(&command.word)));
        let mut ends = Vec::new();
        let mut output = Output::default();
        let mut falls: Option<State> = None;
        for clause in &command.clauses {
            clause.patterns.iter().for_each(|pattern| drop(self.expand(pattern)));
            self.resolve_all(&own_spans(&clause.patterns));
            let unmatched = self.copy();
            if let Some(state) = falls.take() {
                self.join_with(state);
            }
            output.append(self.list(&clause.body).or(Output::default()));
            let end = std::mem::replace(&mut self.state, unmatched);
            match clause.end {
                ClauseEnd::Break => ends.push(end),
                ClauseEnd::FallThrough => falls = Some(end),
                ClauseEnd::Continue => self.join_with(end),
            }
        }
        for end in ends.into_iter().chain(falls) {
            self.join_with(end);
        }
        output
    }

    fn test(&mut self, test: &Test) {
        match test {
            Test::Or(tests) | Test::And(tests) => {
                let mut skipped = Vec::new();
                for (index, test) in tests.iter().enumerate() {
                    if index > 0 {
                        skipped.push(self.copy());
                    }
                    self.test(test);
                }
                for state in skipped {
                    self.join_with(state);
                }
            }
            Test::Not(test) => self.test(test),
            Test::Unary(_, word) | Test::Word(word) => self.operand(word),
            Test::Binary(first, operator, second) => {
                self.operand(first);
                self.operand(second);
                if operator.starts_with('-') {
                    self.arithmetic_word(first);
                    self.arithmetic_word(second);
                }
            }
        }
    }

    /// Expands an operand of a test, which is not run.
    fn operand(&mut self, word: &Word) {
        self.expand(word);
        self.resolve_all(&own_spans(std::slice::from_ref(word)));
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
                (RedirectOperator::Input | RedirectOperator::ReadWrite | RedirectOperator::DuplicateInput, _) => {
                    input = Some(Output::unknown("the content of a file is not known"));
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
    fn redirect(&mut self, command: &Command, output: Output) -> Output {
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
            self.write(&output.texts, command.span.clone());
        } else if target.single().is_none() && self.names_env_file && output.may_assign() {
            self.state.opaque = Some("the file to which a script writes variables is not known".to_owned());
        }
        match redirect.target.literal() {
            // The script may run the file later.
            Some(name) if self.is_named_again(&name) => self.store(&output.spans, false),
            _ => self.resolve(&output.spans),
        }
        Output::default()
    }

    /// Whether the script names a file at least twice, so that it may run the file it writes.
    pub fn is_named_again(&self, file: &str) -> bool {
        let name = file.rsplit('/').next().unwrap_or(file);
        !name.is_empty() && self.source.matches(name).nth(1).is_some()
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
