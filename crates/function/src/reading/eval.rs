//! Evaluates the commands of a script with sets of possible values (abstract interpretation).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use slug_shell::parser;
use slug_shell::syntax::{
    AndOr, Case, Clause, ClauseEnd, Command, CommandKind, Connector, For, Function, List, Pipeline, Redirect,
    RedirectOperator, Script, Span, While, Word,
};

use super::commands::is_known;
use super::report::{
    Comparisons, Location, MODEL_COMMAND, Problem, Reading, ReadingError, SECRETS_COMMAND, SourceFile,
};
use super::state::{DEFAULT_SEPARATORS, Elements, Input, Separators, State, Stream, Variable, separators};
use super::value::{Part, Source, Text, Value, literal, without_newlines};

use crate::caller::CallerSeparators;
use crate::pattern::{Pattern, escape};
use crate::script::Script as Calls;

/// The most commands that are evaluated.
const STEPS: usize = 50_000;

/// The most bytes of the texts that are built and of the states in which commands run, all together. This bounds the
/// time and the memory of a reading.
const WORK: usize = 128 * 1024 * 1024;

/// The most lines of the input of a command.
const LINES: usize = 4096;

/// The most bytes of a pattern with which a text is compared, and of the known parts of the text.
pub(super) const COMPARED: usize = 1024;

/// The share of the work that a byte of a text takes with which a variable is compared. Each such text is a class of
/// environments.
const COMPARISON: usize = 128;

/// The most bytes of a pattern with which a text of more than two unknown parts is compared. Each range of the pattern
/// may be the one that such a part matches.
const COMPARED_IN_PARTS: usize = 128;

/// The deepest nesting of commands, across calls of functions.
const DEPTH: usize = 100;

/// The most calls of one function within another call of it.
const RECURSION: usize = 12;

/// The most rounds of a loop whose end is known.
const ROUNDS: usize = 300;

/// The most rounds of a loop whose end depends on the environment.
const OPEN_ROUNDS: usize = 12;

/// Whether a command succeeds; `None` if that depends on the environment.
pub(super) type Status = Option<bool>;

/// A parsed file.
pub(super) struct File {
    pub path: String,
    text: String,
    pub script: Script,
}

impl File {
    pub fn parse(path: &str, text: &str) -> Result<Self, ReadingError> {
        let at = |offset: usize| Location { path: path.to_owned(), line: line(text, offset) };
        if let Some(offset) = text.find(['\r', '\0']) {
            return Err(ReadingError { location: at(offset), problem: Problem::Character, is_certain: false });
        }
        match parser::parse(text) {
            Ok(script) => Ok(Self { path: path.to_owned(), text: text.to_owned(), script }),
            Err(error) => {
                let problem = Problem::Syntax(error.reason);
                Err(ReadingError { location: at(error.offset), problem, is_certain: false })
            }
        }
    }

    fn location(&self, span: &Span) -> Location {
        Location { path: self.path.clone(), line: line(&self.text, span.start) }
    }
}

fn line(text: &str, offset: usize) -> usize {
    1 + text.as_bytes()[..offset.min(text.len())].iter().filter(|byte| **byte == b'\n').count()
}

/// The variables of the environment that are set if a command succeeds, and the variables that are if it fails.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    pub if_true: BTreeSet<String>,
    pub if_false: BTreeSet<String>,
}

impl Facts {
    /// The facts about the opposite test.
    pub fn negated(self) -> Self {
        Self { if_true: self.if_false, if_false: self.if_true }
    }

    /// The facts about two tests of which the second one counts if the first one succeeds, or fails.
    pub fn joined(self, other: Self, is_and: bool) -> Self {
        let union = |left: BTreeSet<String>, right| left.into_iter().chain(right).collect();
        if is_and {
            Self { if_true: union(self.if_true, other.if_true), if_false: BTreeSet::new() }
        } else {
            Self { if_true: BTreeSet::new(), if_false: union(self.if_false, other.if_false) }
        }
    }
}

/// A definition of a function.
pub(super) struct Definition<'a> {
    file: usize,
    body: &'a Command,
}

/// How a command ends before its last one.
#[derive(Default)]
struct Exits {
    /// The states at `return`, of each function and subshell that runs.
    returns: Vec<Vec<State>>,
    /// The states at `break` and `continue` of each loop that runs; a subshell begins with none.
    loops: Vec<Vec<(Vec<State>, Vec<State>)>>,
    /// The states at `exit` of each subshell.
    exits: Vec<Vec<State>>,
}

/// The state of an evaluation: the reading so far, the definitions, and the calls that run.
pub(super) struct FunctionEval<'a> {
    pub files: &'a [File],
    pub reading: Reading,
    pub definitions: Vec<Definition<'a>>,
    /// The file whose commands run.
    pub file: usize,
    /// Whether a command of the policy runs, after the files were sourced.
    pub is_in_command: bool,
    /// The depth of command substitutions and pipelines.
    captures: usize,
    /// The depth of subshells.
    subshells: usize,
    exits: Exits,
    /// The facts that follow from the result of the last command.
    pub facts: Facts,
    /// The names of the functions that are being called.
    calls: Vec<String>,
    depth: usize,
    steps: usize,
    /// The bytes of the texts that were built and of the states in which commands ran.
    work: usize,
    /// The command that runs.
    command: Span,
    /// Whether a limit ended the evaluation.
    is_exhausted: bool,
    regions: usize,
    /// The first place of each constant text.
    origins: BTreeMap<String, Location>,
    /// The variables that are read as `$name`, which fails after `set -u` if the variable is unset.
    pub plain_reads: BTreeSet<String>,
    /// The variables for which unset and empty are not the same, as in `${name-word}`.
    pub presence_reads: BTreeSet<String>,
    /// Whether the script calls `set -u`.
    pub ends_on_unset: bool,
    /// Whether the words that are being expanded have an array whose number of elements is not known.
    pub is_open: bool,
    /// Global variables that a call assigns, with the first place.
    assigned: BTreeMap<String, Location>,
    /// Global variables whose value from before the call is read.
    carried: BTreeSet<String>,
    /// Whether a command of the policy reads `RUNTIME`.
    pub is_runtime_read: bool,
    /// Comparisons that make no classes.
    ignored: Comparisons,
    /// The last `exit` outside of subshells.
    last_exit: Option<Location>,
}

/// Reads the commands of a policy and every function that they reach. `caller` says what is known about the shell that
/// calls them.
///
/// # Errors
///
/// If a file or a command is not a bash script, or if a command calls no function of the files.
pub fn read(
    files: &[SourceFile],
    model: &str,
    secrets: Option<&str>,
    caller: CallerSeparators,
) -> Result<Reading, ReadingError> {
    let parsed = |path: &str, text: &str| File::parse(path, text);
    let mut scripts = files.iter().map(|file| parsed(&file.path, &file.text)).collect::<Result<Vec<_>, _>>()?;
    let sourced = scripts.len();
    scripts.push(parsed(MODEL_COMMAND, model)?);
    if let Some(secrets) = secrets {
        scripts.push(parsed(SECRETS_COMMAND, secrets)?);
    }
    evaluate(&scripts, sourced, caller)
}

/// Evaluates files that are sourced, then each command after them.
fn evaluate(files: &[File], sourced: usize, caller: CallerSeparators) -> Result<Reading, ReadingError> {
    let mut eval = FunctionEval {
        files,
        reading: Reading::default(),
        definitions: Vec::new(),
        file: 0,
        is_in_command: false,
        captures: 0,
        subshells: 0,
        exits: Exits::default(),
        facts: Facts::default(),
        calls: Vec::new(),
        depth: 0,
        steps: 0,
        work: 0,
        command: 0..0,
        is_exhausted: false,
        regions: 0,
        origins: BTreeMap::new(),
        plain_reads: BTreeSet::new(),
        presence_reads: BTreeSet::new(),
        ends_on_unset: false,
        is_open: false,
        assigned: BTreeMap::new(),
        carried: BTreeSet::new(),
        is_runtime_read: false,
        ignored: Comparisons::default(),
        last_exit: None,
    };
    let mut state = State::new();
    if caller == CallerSeparators::Default {
        let separators = Variable { value: Value::literal(DEFAULT_SEPARATORS), elements: None, is_own: true };
        state.frames[0].insert("IFS".to_owned(), separators);
    }
    let runtime = Variable { value: Value::source(Source::Runtime), elements: None, is_own: true };
    state.frames[0].insert("RUNTIME".to_owned(), runtime);
    // What the files themselves print is not a part of an answer.
    eval.captures = 1;
    eval.exits.exits.push(Vec::new());
    for (index, file) in files[..sourced].iter().enumerate() {
        eval.file = index;
        eval.exits.returns.push(Vec::new());
        eval.exits.loops.push(Vec::new());
        eval.list(&file.script.body, &mut state);
        eval.exits.loops.pop();
        for ended in eval.exits.returns.pop().unwrap_or_default() {
            state.join(&ended);
        }
    }
    // After an `exit`, no function is called.
    eval.exits.exits.pop();
    eval.captures = 0;
    eval.is_in_command = true;
    if state.is_dead {
        let last = || Location { path: files[sourced - 1].path.clone(), line: 1 };
        let location = eval.last_exit.take().unwrap_or_else(last);
        return Err(eval.error(location, Problem::Exit));
    }
    for frame in &mut state.frames {
        for variable in frame.values_mut() {
            variable.is_own = false;
        }
    }
    for (index, file) in files.iter().enumerate().skip(sourced) {
        eval.file = index;
        eval.check_command(file, &state)?;
        let mut state = state.clone();
        state.output = Value::default();
        state.has_status_of_caller = true;
        eval.subshell(&mut state, |eval, state| eval.list(&file.script.body, state), false);
        if index == sourced && eval.is_runtime_read {
            eval.reading.constant_parameter = None;
        }
        eval.is_runtime_read = true;
    }
    Ok(eval.finish())
}

impl<'a> FunctionEval<'a> {
    fn finish(mut self) -> Reading {
        for (name, comparisons) in &mut self.reading.variables {
            comparisons.distinguishes_unset =
                self.presence_reads.contains(name) || self.ends_on_unset && self.plain_reads.contains(name);
        }
        for (name, location) in &self.assigned {
            if self.carried.contains(name) {
                let reason = format!("uses `{name}`, which keeps its value from one call to the next");
                self.reading.not_followed.push((location.clone(), reason));
            }
        }
        for list in [&mut self.reading.not_followed, &mut self.reading.state] {
            list.sort();
            list.dedup();
        }
        self.reading
    }

    /// Refuses a command that calls no function of the files.
    fn check_command(&self, file: &File, state: &State) -> Result<(), ReadingError> {
        let location = || Location { path: file.path.clone(), line: 1 };
        let Some(first) = file.script.body.items.first() else {
            return Err(self.error(location(), Problem::Empty));
        };
        let is_function = |name: &str| state.functions.contains_key(name);
        let calls = Calls::read(&file.path, &file.text).map(|script| script.calls).unwrap_or_default();
        // The first command is to be the function. Further ones may be programs.
        let name = match first.first.commands.first().map(|command| &command.kind) {
            Some(CommandKind::Simple(simple)) => simple.words.first().and_then(Word::literal),
            _ => None,
        };
        let calls_none = !calls.iter().any(|call| is_function(&call.name));
        let others = calls.iter().filter(|_| calls_none).map(|call| call.name.as_str());
        let mut names = name.as_deref().into_iter().chain(others);
        let Some(name) = names.find(|name| !is_function(name) && !is_known(name)) else { return Ok(()) };
        let defined = state.functions.keys().cloned().collect();
        Err(self.error(location(), Problem::Undefined { name: name.to_owned(), defined }))
    }

    fn error(&self, location: Location, problem: Problem) -> ReadingError {
        ReadingError { location, problem, is_certain: self.reading.not_followed.is_empty() }
    }

    pub fn location(&self, span: &Span) -> Location {
        self.files[self.file].location(span)
    }

    pub fn not_followed(&mut self, span: &Span, reason: impl Into<String>) {
        let entry = (self.location(span), reason.into());
        if !self.reading.not_followed.contains(&entry) {
            self.reading.not_followed.push(entry);
        }
    }

    /// Records that an answer can depend on a parameter whose value is that of the shell that calls the function.
    pub fn depends_on_caller(&mut self, span: &Span, name: &str) {
        if let Some(what) = of_caller(name) {
            self.not_followed(span, format!("reads `${name}`, {what} of the shell that calls it"));
        }
    }

    /// Records that the function which a command of the policy calls reads one of its parameters.
    pub fn reads_parameter(&mut self, name: &str, value: &Value, span: &Span) {
        let is_constant = self.is_in_command && self.calls.len() == 1 && value.literals().is_some();
        if is_constant && !self.is_runtime_read && self.reading.constant_parameter.is_none() {
            self.reading.constant_parameter = Some((self.location(span), name.to_owned()));
        }
    }

    /// Counts a value that is built, and records one that is too long to be followed.
    pub fn builds(&mut self, value: &Value, span: &Span) {
        self.work += value.bytes();
        if value.is_too_long() {
            self.not_followed(span, "builds a text that is too long to be followed");
        }
    }

    /// Joins values with a text between them.
    pub fn join_values(&mut self, values: &[Value], between: &Value, span: &Span) -> Value {
        let mut all = values.first().cloned().unwrap_or_default();
        for value in values.iter().skip(1) {
            all = all.concat(between).concat(value);
            self.builds(&all, span);
        }
        all
    }

    /// Records a change that outlives the call, unless a subshell ends it.
    pub fn changes_state(&mut self, span: &Span, reason: impl Into<String>) {
        if self.is_in_command && self.subshells == 1 {
            let entry = (self.location(span), reason.into());
            if !self.reading.state.contains(&entry) {
                self.reading.state.push(entry);
            }
        }
    }

    /// Records the first place of a constant text.
    pub fn originates(&mut self, text: &str, span: &Span) {
        if !text.is_empty() && !self.origins.contains_key(text) {
            let location = self.location(span);
            self.origins.insert(text.to_owned(), location);
        }
    }

    fn comparisons(&mut self, source: &Source) -> &mut Comparisons {
        match source {
            Source::Runtime => &mut self.reading.runtime,
            Source::Separators => {
                let command = self.command.clone();
                self.depends_on_caller(&command, "IFS");
                &mut self.ignored
            }
            Source::Variable(name) => self.reading.variables.entry(name.clone()).or_default(),
        }
    }

    /// Records that an answer can depend on a value.
    pub fn uses(&mut self, value: &Value) {
        for source in value.sources() {
            self.comparisons(&source);
        }
    }

    /// Records that bash splits a value.
    pub fn splits(&mut self, sources: &BTreeSet<Source>) {
        for source in sources {
            self.comparisons(source).is_split = true;
        }
    }

    fn compares(&mut self, source: &Source, pattern: &Pattern) {
        if pattern.matches_all() {
            return;
        }
        let (text, source_text) = (pattern.text(), pattern.source());
        let bytes = source_text.len();
        let comparisons = self.comparisons(source);
        let is_new = match text {
            Some(text) => !text.is_empty() && comparisons.texts.insert(text),
            None => comparisons.patterns.insert(source_text),
        };
        self.work += usize::from(is_new) * COMPARISON * bytes;
    }

    /// Compares a value with a pattern, whose literals are written as in bash.
    pub fn matches(&mut self, value: &Value, pattern: &Value, span: &Span) -> Status {
        let mut statuses = BTreeSet::new();
        for text in value.texts() {
            for pattern in pattern.texts() {
                statuses.insert(self.matches_text(text, pattern, span));
            }
        }
        if statuses.len() == 1 { statuses.pop_first().flatten() } else { None }
    }

    fn matches_text(&mut self, text: &Text, pattern: &Text, span: &Span) -> Status {
        let Some(source) = literal(pattern) else {
            return match literal(text) {
                // A quoted value on the right is equal to a text on the left.
                Some(text) if pattern.iter().all(|part| !matches!(part, Part::Derived(_))) => {
                    let unescaped: Text = pattern
                        .iter()
                        .map(|part| match part {
                            Part::Literal(source) => {
                                let text = Pattern::parse(source).and_then(|pattern| pattern.text());
                                text.map_or_else(|| Part::Derived(BTreeSet::new()), Part::Literal)
                            }
                            other => other.clone(),
                        })
                        .collect();
                    self.matches_text(&unescaped, &vec![Part::Literal(escape(&text))], span)
                }
                _ => {
                    self.uses(&Value::of(text.clone()).concat(&Value::of(pattern.clone())));
                    let has_source = |text: &Text| text.iter().any(|part| !part.sources().is_empty());
                    if has_source(text) || has_source(pattern) {
                        self.not_followed(span, "compares a value with one that is not a constant");
                    }
                    None
                }
            };
        };
        let value = Value::of(text.clone());
        self.work += source.len() * (value.bytes() + 1);
        let unknown = text.iter().filter(|part| !matches!(part, Part::Literal(_))).count();
        let limit = if unknown > 2 { COMPARED_IN_PARTS } else { COMPARED };
        if source.len().max(value.bytes()) > limit {
            self.uses(&value);
            self.not_followed(span, "compares texts that are too long to be followed");
            return None;
        }
        let Some(parsed) = Pattern::parse(&source) else {
            self.uses(&value);
            if literal(text).is_none() {
                self.not_followed(span, format!("compares with the pattern `{source}`, which is not supported"));
            }
            return None;
        };
        if let Some(text) = literal(text) {
            return Some(parsed.matches(&text));
        }
        self.uses(&value);
        let parts: Vec<Option<&str>> =
            text.iter().map(|part| if let Part::Literal(text) = part { Some(text.as_str()) } else { None }).collect();
        let gaps = parsed.gaps(&parts);
        if gaps.is_empty() {
            return Some(false);
        }
        let unknown = text.iter().filter(|part| !matches!(part, Part::Literal(_)));
        for (part, patterns) in unknown.zip(&gaps) {
            match part {
                Part::Verbatim(source) => patterns.iter().for_each(|pattern| self.compares(source, pattern)),
                Part::Derived(sources) => {
                    for source in sources {
                        patterns.iter().for_each(|pattern| self.compares(source, pattern));
                    }
                    if !sources.is_empty() {
                        self.not_followed(span, "compares a text that is computed from a variable");
                    }
                }
                Part::Literal(_) | Part::Number => {}
            }
        }
        None
    }

    /// Tests whether a value is empty.
    pub fn is_empty(&mut self, value: &Value) -> Status {
        self.uses(value);
        value.is_empty()
    }

    /// Prints a value.
    pub fn print(&mut self, value: &Value, span: &Span, state: &mut State) {
        if state.stdout != Stream::Output {
            return;
        }
        state.output = state.output.concat(value);
        self.builds(&state.output, span);
        if self.captures > 0 {
            return;
        }
        self.uses(value);
        for text in value.texts().map(without_newlines) {
            match (text.as_slice(), literal(&text)) {
                ([Part::Verbatim(source)], _) => self.comparisons(&source.clone()).is_printed = true,
                (_, Some(text)) => text.lines().for_each(|line| self.prints(line, span)),
                (parts, None) => {
                    let literals =
                        parts.iter().filter_map(|part| if let Part::Literal(text) = part { Some(text) } else { None });
                    literals.flat_map(|text| keys(text)).for_each(|key| self.prints(&key, span));
                }
            }
        }
    }

    /// Records a constant text of the answer.
    pub fn prints(&mut self, text: &str, span: &Span) {
        let is_new = self.reading.printed.iter().all(|(known, _)| known != text);
        if !text.is_empty() && is_new && self.captures == 0 {
            let location = self.origins.get(text).cloned().unwrap_or_else(|| self.location(span));
            self.reading.printed.push((text.to_owned(), location));
        }
    }

    /// Runs commands in a subshell; only what they print stays. Returns it without the output before, and the status.
    pub fn subshell(
        &mut self,
        state: &mut State,
        run: impl FnOnce(&mut Self, &mut State) -> Status,
        is_captured: bool,
    ) -> (Value, Status) {
        let mut inner = state.clone();
        inner.output = Value::default();
        if is_captured {
            inner.stdout = Stream::Output;
        }
        self.captures += usize::from(is_captured);
        self.subshells += 1;
        self.exits.returns.push(Vec::new());
        self.exits.exits.push(Vec::new());
        self.exits.loops.push(Vec::new());
        let mut status = run(self, &mut inner);
        self.exits.loops.pop();
        let exits = self.exits.exits.pop().unwrap_or_default();
        let ended: Vec<State> = self.exits.returns.pop().unwrap_or_default().into_iter().chain(exits).collect();
        if !ended.is_empty() {
            status = None;
        }
        for mut ended in ended {
            ended.frames.truncate(inner.frames.len());
            inner.join(&ended);
        }
        self.captures -= usize::from(is_captured);
        self.subshells -= 1;
        (inner.output, status)
    }

    /// Runs commands and returns what they print, without the newlines at the end.
    pub fn capture(&mut self, list: &'a List, state: &mut State) -> (Value, Status) {
        let (output, status) = self.subshell(state, |eval, state| eval.list(list, state), true);
        (output.map(without_newlines), status)
    }

    pub fn list(&mut self, list: &'a List, state: &mut State) -> Status {
        let mut status = Some(true);
        for item in &list.items {
            if state.is_dead {
                break;
            }
            status = self.and_or(item, state);
        }
        status
    }

    fn and_or(&mut self, item: &'a AndOr, state: &mut State) -> Status {
        if item.in_background {
            self.not_followed(&item.span, "runs in the background");
        }
        let mut status = self.pipeline(&item.first, state);
        let mut facts = std::mem::take(&mut self.facts);
        for (connector, pipeline) in &item.rest {
            let wanted = *connector == Connector::And;
            if state.is_dead || status == Some(!wanted) {
                continue;
            }
            if status == Some(wanted) {
                status = self.pipeline(pipeline, state);
                facts = std::mem::take(&mut self.facts);
                continue;
            }
            let mut skipped = state.clone();
            let (run, not_run) = (facts.if_true.clone(), facts.if_false.clone());
            let (run, not_run) = if wanted { (run, not_run) } else { (not_run, run) };
            state.set.extend(run);
            skipped.set.extend(not_run);
            let right = self.pipeline(pipeline, state);
            let is_certain = right == Some(!wanted) || (state.is_dead && !skipped.is_dead);
            status = is_certain.then_some(!wanted);
            state.join(&skipped);
            facts = facts.joined(std::mem::take(&mut self.facts), wanted);
        }
        self.facts = facts;
        status
    }

    fn pipeline(&mut self, pipeline: &'a Pipeline, state: &mut State) -> Status {
        if pipeline.is_timed {
            self.not_followed(&pipeline.span, "measures time");
        }
        let status = match pipeline.commands.as_slice() {
            [] => Some(true),
            [command] => self.command(command, state),
            [commands @ .., last] => {
                let mut input = None;
                for command in commands {
                    let mut inner = state.clone();
                    self.set_input(&mut inner, input, &command.span);
                    input = Some(self.subshell(&mut inner, |eval, state| eval.command(command, state), true).0);
                }
                let mut inner = state.clone();
                self.set_input(&mut inner, input, &last.span);
                let (output, _) = self.subshell(&mut inner, |eval, state| eval.command(last, state), false);
                state.output = state.output.concat(&output);
                None
            }
        };
        state.has_status_of_caller = false;
        if pipeline.commands.len() != 1 {
            self.facts = Facts::default();
        }
        if !pipeline.is_negated {
            return status;
        }
        self.facts = std::mem::take(&mut self.facts).negated();
        status.map(|status| !status)
    }

    fn set_input(&mut self, state: &mut State, text: Option<Value>, span: &Span) {
        let Some(text) = text else { return };
        self.builds(&text, span);
        self.regions += 1;
        state.input_region = self.regions;
        let newlines = |text: &Text| {
            let texts = text.iter().map(|part| if let Part::Literal(text) = part { text.as_str() } else { "" });
            texts.map(|text| text.matches('\n').count()).sum::<usize>()
        };
        if text.texts().map(newlines).sum::<usize>() > LINES {
            self.not_followed(span, "reads too many lines to be followed");
            state.input = Input::Any(Value::derived(text.sources()));
            return;
        }
        state.input = Input::Lines(text.texts().map(lines).collect());
        // A last line without a newline is read, but `read` fails.
        let is_whole = |text: &Text| match text.last() {
            Some(Part::Literal(last)) => last.ends_with('\n'),
            last => last.is_none(),
        };
        if !text.texts().all(is_whole) {
            state.input = state.input.rest();
        }
    }

    pub fn command(&mut self, command: &'a Command, state: &mut State) -> Status {
        if self.is_exhausted {
            return None;
        }
        self.steps += 1;
        self.work += state.bytes();
        self.is_exhausted = self.steps >= STEPS || self.work >= WORK;
        if self.is_exhausted || self.depth >= DEPTH {
            self.not_followed(&command.span, "the function is too large or nested too deeply to be followed");
            return None;
        }
        self.depth += 1;
        let outer = std::mem::replace(&mut self.command, command.span.clone());
        let streams = (state.stdout, state.stderr, state.input.clone(), state.input_region);
        for redirect in &command.redirects {
            self.redirect(redirect, state);
        }
        self.facts = Facts::default();
        let status = self.kind(&command.kind, &command.span, state);
        if !matches!(command.kind, CommandKind::Simple(_) | CommandKind::Test(_) | CommandKind::Group(_)) {
            self.facts = Facts::default();
        }
        if !command.redirects.is_empty() {
            (state.stdout, state.stderr) = (streams.0, streams.1);
            if state.input_region != streams.3 {
                (state.input, state.input_region) = (streams.2, streams.3);
            }
        }
        self.command = outer;
        self.depth -= 1;
        status
    }

    fn kind(&mut self, kind: &'a CommandKind, span: &'a Span, state: &mut State) -> Status {
        match kind {
            CommandKind::Simple(simple) => self.simple(simple, span, state),
            CommandKind::Group(list) => self.list(list, state),
            CommandKind::Subshell(list) => {
                let (output, status) = self.subshell(state, |eval, state| eval.list(list, state), false);
                state.output = state.output.concat(&output);
                status
            }
            CommandKind::If(command) => {
                let mut ends: Vec<(State, Status)> = Vec::new();
                let mut is_open = true;
                for (condition, body) in &command.branches {
                    let status = self.list(condition, state);
                    if state.is_dead || status == Some(false) {
                        continue;
                    }
                    let facts = std::mem::take(&mut self.facts);
                    let mut taken = state.clone();
                    taken.set.extend(facts.if_true);
                    state.set.extend(facts.if_false);
                    let result = self.list(body, &mut taken);
                    ends.push((taken, result));
                    if status == Some(true) {
                        is_open = false;
                        break;
                    }
                }
                if is_open {
                    let result = command.otherwise.as_ref().map_or(Some(true), |body| self.list(body, state));
                    ends.push((state.clone(), result));
                }
                meet(ends, state)
            }
            CommandKind::While(command) => self.while_loop(command, span, state),
            CommandKind::For(command) => self.for_loop(command, span, state),
            CommandKind::ArithmeticFor(command) => {
                self.not_followed(span, "counts with arithmetic");
                for expression in &command.header {
                    self.arithmetic(expression, state);
                }
                None
            }
            CommandKind::Case(command) => self.case(command, state),
            CommandKind::Test(test) => self.test(test, span, state),
            CommandKind::Arithmetic(arithmetic) => {
                self.arithmetic(arithmetic, state);
                None
            }
            CommandKind::Function(function) => {
                self.define(function, span, state);
                Some(true)
            }
            CommandKind::Coprocess(..) => {
                self.not_followed(span, "runs in the background");
                None
            }
        }
    }

    fn define(&mut self, function: &'a Function, span: &Span, state: &mut State) {
        let is_new = |known: &&Definition<'_>| std::ptr::eq(known.body, &*function.body);
        let id = self.definitions.iter().position(|known| is_new(&known)).unwrap_or_else(|| {
            self.definitions.push(Definition { file: self.file, body: &function.body });
            self.definitions.len() - 1
        });
        state.functions.insert(function.name.clone(), [id].into());
        state.perhaps_undefined.remove(&function.name);
        self.changes_state(span, format!("defines the function `{}`", function.name));
    }

    /// Calls a function.
    pub fn call(&mut self, name: &str, arguments: Vec<Value>, frame: Frame, span: &Span, state: &mut State) -> Status {
        if self.calls.iter().filter(|running| *running == name).count() >= RECURSION {
            self.not_followed(span, format!("`{name}` calls itself too often"));
            return None;
        }
        let ids: Vec<usize> = state.functions.get(name).into_iter().flatten().copied().collect();
        let mut ends = Vec::new();
        if state.perhaps_undefined.contains(name) {
            ends.push((state.clone(), Some(false)));
        }
        for id in ids {
            let mut inner = state.clone();
            inner.frames.push(frame.clone());
            inner.arguments.clone_from(&arguments);
            inner.arguments_vary = false;
            let file = std::mem::replace(&mut self.file, self.definitions[id].file);
            self.calls.push(name.to_owned());
            self.exits.returns.push(Vec::new());
            self.exits.loops.push(Vec::new());
            let body = self.definitions[id].body;
            let mut status = self.command(body, &mut inner);
            self.exits.loops.pop();
            let returns = self.exits.returns.pop().unwrap_or_default();
            if !returns.is_empty() {
                status = None;
                self.facts = Facts::default();
            }
            for mut ended in returns {
                (ended.stdout, ended.stderr) = (state.stdout, state.stderr);
                if ended.input_region != state.input_region {
                    // How much of the input the function had read is not known.
                    ended.input = match &state.input {
                        Input::Inherited => Input::Inherited,
                        input => input.rest(),
                    };
                    ended.input_region = state.input_region;
                }
                ended.frames.truncate(inner.frames.len());
                inner.join(&ended);
            }
            self.calls.pop();
            self.file = file;
            inner.frames.pop();
            inner.arguments.clone_from(&state.arguments);
            inner.arguments_vary = state.arguments_vary;
            ends.push((inner, status));
        }
        if ends.len() != 1 {
            self.facts = Facts::default();
        }
        meet(ends, state)
    }

    /// Ends the function, or the script that is sourced.
    pub fn returns(&mut self, state: &mut State) {
        if let Some(returns) = self.exits.returns.last_mut() {
            returns.push(state.clone());
        }
        state.is_dead = true;
    }

    /// Ends the subshell.
    pub fn exits(&mut self, span: &Span, state: &mut State) {
        if self.subshells == 0 && !state.is_dead {
            self.last_exit = Some(self.location(span));
        }
        if let Some(exits) = self.exits.exits.last_mut() {
            exits.push(state.clone());
        }
        state.is_dead = true;
    }

    /// Ends a number of loops, or their rounds.
    pub fn leaves_loop(&mut self, levels: usize, is_break: bool, state: &mut State) {
        let Some(loops) = self.exits.loops.last_mut().filter(|loops| !loops.is_empty()) else { return };
        let index = loops.len().saturating_sub(levels.max(1));
        let (breaks, continues) = &mut loops[index];
        if is_break {
            breaks.push(state.clone());
        } else {
            continues.push(state.clone());
        }
        state.is_dead = true;
    }

    /// Runs one round of a loop; returns the states at `break`.
    fn round(&mut self, body: &'a List, state: &mut State) -> Vec<State> {
        if let Some(loops) = self.exits.loops.last_mut() {
            loops.push((Vec::new(), Vec::new()));
        }
        self.list(body, state);
        let (breaks, continues) = self.exits.loops.last_mut().and_then(Vec::pop).unwrap_or_default();
        for ended in &continues {
            self.join_round(state, ended);
        }
        breaks
    }

    /// Joins a state inside of a loop with one outside of redirections and calls in it.
    fn join_round(&self, state: &mut State, ended: &State) {
        let mut ended = ended.clone();
        (ended.stdout, ended.stderr, ended.input_region) = (state.stdout, state.stderr, state.input_region);
        state.join(&ended);
    }

    fn while_loop(&mut self, command: &'a While, span: &Span, state: &mut State) -> Status {
        let mut left: Option<State> = None;
        let mut open = 0;
        let mut seen: Vec<State> = Vec::new();
        for round in 0.. {
            let status = self.list(&command.condition, state).map(|status| status != command.is_until);
            if state.is_dead || status == Some(false) {
                break;
            }
            if status.is_none() {
                open += 1;
                merge(&mut left, state);
            }
            let breaks = self.round(&command.body, state);
            for ended in breaks {
                self.merge_round(&mut left, state, &ended);
            }
            if state.is_dead {
                break;
            }
            let is_repeated = seen.contains(state);
            if is_repeated && status.is_none() {
                break;
            }
            if is_repeated || round == ROUNDS || open == OPEN_ROUNDS || self.is_exhausted {
                self.not_followed(span, "repeats a loop too often to be followed");
                break;
            }
            seen.push(state.clone());
        }
        if let Some(left) = left {
            state.join(&left);
        }
        None
    }

    fn merge_round(&self, left: &mut Option<State>, state: &State, ended: &State) {
        let mut ended = ended.clone();
        (ended.stdout, ended.stderr, ended.input_region) = (state.stdout, state.stderr, state.input_region);
        merge(left, &ended);
    }

    fn for_loop(&mut self, command: &'a For, span: &Span, state: &mut State) -> Status {
        if command.is_select {
            self.not_followed(span, "asks the user");
            return None;
        }
        let outer = std::mem::take(&mut self.is_open);
        let alternatives = match &command.words {
            Some(words) => self.all_fields(words, state),
            None => vec![self.spliced_arguments(span, state)],
        };
        let is_open = std::mem::replace(&mut self.is_open, outer);
        let mut ends = Vec::new();
        for mut words in alternatives {
            if is_open {
                // Any number of rounds, each with any of the words.
                let any = words.iter().cloned().reduce(|left, right| left.union(&right)).unwrap_or_default();
                words = vec![any; OPEN_ROUNDS];
            }
            let mut state = state.clone();
            let mut left: Option<State> = None;
            for word in words.iter().take(ROUNDS) {
                if state.is_dead {
                    break;
                }
                if is_open {
                    merge(&mut left, &state);
                }
                self.assign(&command.name, word.clone(), &command.name_span, &mut state);
                for ended in self.round(&command.body, &mut state) {
                    self.merge_round(&mut left, &state, &ended);
                }
            }
            if words.len() > ROUNDS {
                self.not_followed(span, "repeats a loop too often to be followed");
            }
            if let Some(left) = left {
                state.join(&left);
            }
            ends.push((state, None));
        }
        meet(ends, state);
        None
    }

    fn case(&mut self, command: &'a Case, state: &mut State) -> Status {
        let value = self.text(&command.word.pieces, state);
        let mut ends: Vec<(State, Status)> = Vec::new();
        // The state in which a clause runs because the one before falls through.
        let mut falling: Option<State> = None;
        let mut is_open = true;
        for Clause { patterns, body, end } in &command.clauses {
            let mut matched: Status = Some(false);
            if is_open {
                for pattern in patterns {
                    let expanded = self.pattern(&pattern.pieces, state);
                    match self.matches(&value, &expanded, &pattern.span) {
                        Some(true) => {
                            // Whether an earlier pattern of the clause matches makes no difference.
                            matched = Some(true);
                            break;
                        }
                        None => matched = None,
                        Some(false) => {}
                    }
                }
            }
            let mut inner = falling.take();
            if matched != Some(false) {
                merge(&mut inner, state);
            }
            let Some(mut inner) = inner else { continue };
            let status = self.list(body, &mut inner);
            if matched == Some(true) && *end != ClauseEnd::Continue {
                is_open = false;
            }
            match end {
                ClauseEnd::Break => ends.push((inner, status)),
                ClauseEnd::FallThrough => falling = Some(inner),
                ClauseEnd::Continue if matched == Some(true) || !is_open => {
                    *state = inner;
                    is_open = true;
                }
                ClauseEnd::Continue => state.join(&inner),
            }
        }
        if let Some(last) = falling {
            ends.push((last, None));
        }
        if is_open {
            ends.push((state.clone(), if ends.is_empty() { Some(true) } else { None }));
        }
        meet(ends, state)
    }

    /// Assigns a variable where it is visible.
    pub fn assign(&mut self, name: &str, value: Value, span: &Span, state: &mut State) {
        if matches!(name, "LC_ALL" | "LC_CTYPE" | "LC_COLLATE" | "LANG" | "POSIXLY_CORRECT" | "BASHOPTS" | "SHELLOPTS")
        {
            self.not_followed(span, format!("sets `{name}`, which changes how bash reads and compares texts"));
        }
        if name == "IFS" && separators(&value) == Separators::Unknown {
            self.not_followed(span, "sets `IFS` to a computed text");
        }
        let frame = state.variable(name).map_or(0, |(frame, _)| frame);
        self.refuses_read_only(name, span, state);
        self.builds(&value, span);
        if frame == 0 {
            self.assigns_global(name, span);
        }
        state.frames[frame].insert(name.to_owned(), Variable { value, elements: None, is_own: true });
    }

    /// Refuses a change of a read-only variable, which fails.
    pub fn refuses_read_only(&mut self, name: &str, span: &Span, state: &State) {
        if state.read_only.contains(name) {
            self.not_followed(span, format!("assigns `{name}`, which is read-only"));
        }
    }

    pub fn assigns_global(&mut self, name: &str, span: &Span) {
        if self.is_in_command && self.subshells == 1 {
            let location = self.location(span);
            self.assigned.entry(name.to_owned()).or_insert(location);
        }
        self.changes_state(span, format!("assigns the global variable `{name}`"));
    }

    /// Records that the value from before the call is read.
    pub fn carries(&mut self, name: &str) {
        if self.is_in_command {
            self.carried.insert(name.to_owned());
        }
    }

    fn redirect(&mut self, redirect: &'a Redirect, state: &mut State) {
        use RedirectOperator as R;
        let target = redirect.target.literal();
        let target = target.as_deref();
        let descriptor = redirect.descriptor.as_deref();
        let stream = match target {
            Some("/dev/null" | "/dev/stderr") => Some(Stream::Elsewhere),
            Some("/dev/stdout") => Some(state.stdout),
            _ => None,
        };
        match redirect.operator {
            R::HereString => {
                let text = self.text(&redirect.target.pieces, state);
                let text = text.concat(&Value::literal("\n"));
                self.set_input(state, Some(text), &redirect.span);
            }
            R::HereDocument | R::StrippedHereDocument => {
                let script = &self.files[self.file].script;
                if let Some(document) = redirect.here_document.and_then(|index| script.here_documents.get(index)) {
                    let text = self.text(&document.pieces, state);
                    self.set_input(state, Some(text), &redirect.span);
                }
            }
            R::Input if target == Some("/dev/null") => {
                self.set_input(state, Some(Value::default()), &redirect.span);
            }
            R::Output | R::Append | R::Clobber if let Some(stream) = stream => match descriptor {
                None | Some("1") => state.stdout = stream,
                Some("2") => self.set_stderr(stream, redirect, state),
                Some(_) => {}
            },
            R::OutputAndError | R::AppendOutputAndError if stream == Some(Stream::Elsewhere) => {
                (state.stdout, state.stderr) = (Stream::Elsewhere, Stream::Elsewhere);
            }
            R::DuplicateOutput => match (descriptor, target) {
                (None | Some("1"), Some("2")) => state.stdout = state.stderr,
                (None | Some("1"), Some("1")) | (Some("2"), Some("2")) => {}
                (Some("2"), Some("1")) => self.set_stderr(state.stdout, redirect, state),
                (Some("2"), Some("-")) => state.stderr = Stream::Elsewhere,
                (None | Some("1"), Some("-")) => self.not_followed(&redirect.span, "closes its output"),
                (None, Some("/dev/null")) => (state.stdout, state.stderr) = (Stream::Elsewhere, Stream::Elsewhere),
                _ => self.not_followed(&redirect.span, "redirects a file descriptor"),
            },
            R::DuplicateInput => self.not_followed(&redirect.span, "redirects a file descriptor"),
            R::Input => self.not_followed(&redirect.span, "reads a file"),
            _ => {
                self.not_followed(&redirect.span, "writes a file");
                self.changes_state(&redirect.span, "writes a file");
            }
        }
    }

    fn set_stderr(&mut self, stream: Stream, redirect: &Redirect, state: &mut State) {
        if stream == Stream::Output {
            self.not_followed(&redirect.span, "makes error messages a part of the output");
        }
        state.stderr = stream;
    }

    /// Sets the elements of an array.
    pub fn assign_elements(&mut self, name: &str, elements: Elements, span: &Span, state: &mut State) {
        let value = elements.any().unwrap_or_default();
        self.assign(name, value, span, state);
        let frame = state.variable(name).map_or(0, |(frame, _)| frame);
        if let Some(variable) = state.frames[frame].get_mut(name) {
            variable.elements = Some(elements);
        }
    }
}

/// The variables of a call.
pub(super) type Frame = BTreeMap<String, Variable>;

/// Joins the ends of branches; the state is dead if there are none.
pub(super) fn meet(ends: Vec<(State, Status)>, state: &mut State) -> Status {
    let statuses: BTreeSet<Status> = ends.iter().filter(|(end, _)| !end.is_dead).map(|(_, status)| *status).collect();
    let mut ends = ends.into_iter().map(|(end, _)| end);
    match ends.next() {
        Some(first) => *state = first,
        None => state.is_dead = true,
    }
    for end in ends {
        state.join(&end);
    }
    if statuses.len() == 1 { statuses.into_iter().next().flatten() } else { None }
}

fn merge(all: &mut Option<State>, state: &State) {
    match all {
        Some(all) => all.join(state),
        None => *all = Some(state.clone()),
    }
}

/// What the value of a parameter is that the shell decides that calls a function; `None` for other parameters.
fn of_caller(name: &str) -> Option<&'static str> {
    Some(match name {
        "IFS" => "the separators of words",
        "-" => "the options",
        "?" => "the status of the last command",
        _ => return None,
    })
}

/// The names in a part of a JSON object: the texts in quotes before a colon.
fn keys(text: &str) -> Vec<String> {
    let pieces: Vec<&str> = text.split('"').collect();
    let is_key = |pair: &&[&str]| slug_shell::is_name(pair[0]) && pair[1].trim_start().starts_with(':');
    pieces.windows(2).filter(is_key).map(|pair| pair[0].to_owned()).collect()
}

/// The lines of a text.
fn lines(text: &Text) -> VecDeque<Value> {
    let mut lines = VecDeque::new();
    let mut line = Value::default();
    let mut is_begun = false;
    for part in text {
        let Part::Literal(text) = part else {
            line = line.concat(&Value::of(vec![part.clone()]));
            is_begun = true;
            continue;
        };
        for (index, piece) in text.split('\n').enumerate() {
            if index > 0 {
                lines.push_back(std::mem::take(&mut line));
                is_begun = false;
            }
            line = line.concat(&Value::literal(piece));
            is_begun |= !piece.is_empty();
        }
    }
    if is_begun {
        lines.push_back(line);
    }
    lines
}
