//! Scripts: which variables a command sees when a script calls it, and what a script
//! leaves in the environment of the steps after it.
//!
//! A script is followed from top to bottom without being run. What is certain stays
//! certain: an assignment, `export`, `unset`, a prefix of a command. What happens under
//! a condition may or may not have happened; what cannot be followed can be anything.

pub mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::value::{Can, Text};
use words::{Kind, Piece, Token, Word, is_name, tokens};

/// Bytes of a script that is followed.
pub const SCRIPT_BYTES: usize = 64 << 10;

/// Scripts inside one another, by `$(…)`.
const DEPTH: usize = 8;

/// Variables that may be copied while a script is followed, one at each condition.
const COPIES: usize = 1_000_000;

/// One variable while a script runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// What it can be; unset and empty are the same.
    pub value: Text,
    /// Whether commands see it.
    pub export: Export,
    /// The bytes of its name where the script last gave it a value.
    pub assigned: Option<Range<usize>>,
}

/// Whether commands see a variable of the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Export {
    /// They do.
    Yes,
    /// They do not.
    No,
    /// They may.
    Maybe,
}

impl Export {
    fn or(self, other: Self) -> Self {
        if self == other { self } else { Self::Maybe }
    }
}

impl Variable {
    /// What commands see.
    fn seen(self) -> Self {
        let value = match self.export {
            Export::Yes => self.value,
            Export::No => Text::empty(),
            Export::Maybe => self.value.or(Text::empty()).because("whether it is exported is not known"),
        };
        Self { value, export: Export::Yes, assigned: self.assigned }
    }
}

/// Variables by name.
pub type Variables = BTreeMap<String, Variable>;

/// What a script does that matters here.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    /// The calls, in the order of the script.
    pub calls: Vec<Call>,
    /// What later steps find set.
    pub written: BTreeMap<String, Written>,
    /// Why later steps may find anything set, if they may.
    pub opaque: Option<String>,
}

/// One call of a command that was looked for.
#[derive(Clone, Debug)]
pub struct Call {
    /// Which of those looked for.
    pub target: usize,
    /// The bytes of the word that names it.
    pub span: Range<usize>,
    /// What it sees, of the variables that were followed.
    pub variables: Variables,
    /// Why it may see anything in every other variable, if it may.
    pub rest: Option<String>,
    /// Whether it stands in a function, so that what is assigned elsewhere may count.
    deferred: bool,
}

/// One variable written for later steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// What it can be.
    pub value: Text,
    /// Whether it may not have been written at all.
    pub maybe_not: bool,
    /// The bytes of the command that writes it.
    pub span: Range<usize>,
}

/// Follows a script.
///
/// `holes` are the expressions in it, each standing as the character [`hole`] of its place.
/// `targets` are the commands to look for, by path; `env` is what is set when it starts.
#[must_use]
pub fn follow(script: &str, holes: &[Text], targets: &[&str], directory: &str, env: &Variables) -> Effects {
    let state = State { variables: env.clone(), ..State::default() };
    let mut shell = Shell {
        holes,
        targets,
        directory,
        state,
        effects: Effects::default(),
        early: Vec::new(),
        assigned: BTreeSet::new(),
        offset: 0,
        copies: 0,
        in_function: false,
    };
    if script.len() > SCRIPT_BYTES {
        return shell.given_up(script, format!("a script has more than {SCRIPT_BYTES} bytes"));
    }
    shell.run(script, 0, 0);
    if shell.copies > COPIES {
        return shell.given_up(script, "a script branches more often than can be followed".to_owned());
    }
    let early = std::mem::take(&mut shell.early);
    let state = std::mem::take(&mut shell.state);
    let written = shell.written(early, &state);
    let Shell { mut effects, assigned, .. } = shell;
    effects.written = written;
    effects.opaque = state.opaque;
    let mut seen = BTreeSet::new();
    effects.calls.retain(|call| seen.insert((call.span.start, call.target)));
    for call in effects.calls.iter_mut().filter(|call| call.deferred) {
        for name in &assigned {
            let value = Text::unknown("a function uses it, and when is not known");
            call.variables.insert(name.clone(), Variable { value, export: Export::Yes, assigned: None });
        }
    }
    effects
}

/// The effects of a script that no shell runs: what it calls may see anything in those of
/// the `names` that the script mentions.
#[must_use]
pub fn unfollowed(script: &str, targets: &[&str], names: &BTreeSet<String>, env: &Variables) -> Effects {
    let why = "the script is not one for a shell";
    let mut variables = env.clone();
    for name in names.iter().filter(|name| script.contains(*name)) {
        let unknown = Variable { value: Text::unknown(why), export: Export::Yes, assigned: None };
        variables.insert(name.clone(), unknown);
    }
    let call = |(target, path): (usize, &&str)| {
        let start = script.find(path)?;
        let variables = variables.clone();
        Some(Call { target, span: start..start + path.len(), variables, rest: None, deferred: false })
    };
    Effects {
        calls: targets.iter().enumerate().filter_map(call).collect(),
        written: BTreeMap::new(),
        opaque: script.contains(ENVIRONMENT_FILE).then(|| format!("{why}, and it writes to ${ENVIRONMENT_FILE}")),
    }
}

/// Whether scripts for this interpreter can be followed.
#[must_use]
pub fn is_shell(interpreter: &str) -> bool {
    SHELLS.contains(&interpreter.rsplit('/').next().unwrap_or_default())
}

/// The character that stands for an expression in a script.
#[must_use]
pub fn hole(index: usize) -> Option<char> {
    u32::try_from(index).ok().and_then(|index| char::from_u32(FIRST_HOLE + index))
}

/// The first character of the last private plane, which no script holds.
pub const FIRST_HOLE: u32 = 0x10_0000;

#[derive(Clone, Debug)]
struct State {
    variables: Variables,
    written: BTreeMap<String, Written>,
    /// Why a variable that is not among them can be anything.
    rest: Option<String>,
    /// Why later steps may find anything set.
    opaque: Option<String>,
    all_exported: Export,
    /// Whether the script has ended before this point.
    ended: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            variables: Variables::new(),
            written: BTreeMap::new(),
            rest: None,
            opaque: None,
            all_exported: Export::No,
            ended: false,
        }
    }
}

struct Shell<'a> {
    holes: &'a [Text],
    targets: &'a [&'a str],
    directory: &'a str,
    state: State,
    effects: Effects,
    /// The states in which the script, or the subshell at hand, has ended early.
    early: Vec<State>,
    /// Every variable that is assigned anywhere.
    assigned: BTreeSet<String>,
    /// Where the script at hand begins in the outermost one.
    offset: usize,
    copies: usize,
    in_function: bool,
}

/// A construct that has begun and not ended.
struct Frame {
    kind: FrameKind,
    /// The state before the branch.
    before: State,
    /// The states at the ends of the branches so far.
    ends: Vec<State>,
    /// What was printed inside.
    printed: Vec<Text>,
    /// Whether the brace is still to come that opens the body of a function.
    awaits_body: bool,
    /// The states in which the shell around a subshell has ended early.
    outer_early: Vec<State>,
    was_in_function: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum FrameKind {
    If { has_else: bool },
    Loop,
    Case { in_pattern: bool },
    Group,
    Subshell,
    Function,
}

/// One simple command, as far as it has been read.
#[derive(Default)]
struct Command<'t> {
    words: Vec<&'t Token>,
    redirects: Vec<(&'static str, &'t Word)>,
    /// How many documents it reads, by `<<`.
    documents: usize,
}

/// What is kept while one script is walked through.
struct Walk {
    depth: usize,
    frames: Vec<Frame>,
    /// The states in which a list joined by `&&` may have ended early.
    exits: Vec<State>,
    /// The same of the constructs around this one.
    outer_exits: Vec<Vec<State>>,
    documents: std::vec::IntoIter<Word>,
    /// What the last command printed, and what a group that has just ended printed.
    last: Vec<Text>,
    group: Option<Vec<Text>>,
    /// What the command before a `|` prints.
    piped: Option<Vec<Text>>,
    printed: Vec<Text>,
}

impl Walk {
    fn print(&mut self, texts: Vec<Text>) {
        match self.frames.last_mut() {
            Some(frame) => frame.printed.extend(texts),
            None => self.printed.extend(texts),
        }
    }
}

impl Shell<'_> {
    /// Everything can be anything; a call is where its path stands.
    fn given_up(&self, script: &str, why: String) -> Effects {
        let calls = self.targets.iter().enumerate().filter_map(|(target, path)| {
            let start = script.find(path)?;
            let span = start..start + path.len();
            Some(Call { target, span, variables: Variables::new(), rest: Some(why.clone()), deferred: false })
        });
        let calls = calls.collect();
        let opaque = script.contains(ENVIRONMENT_FILE).then_some(why.clone());
        Effects { calls, opaque, written: BTreeMap::new() }
    }

    /// Follows a script that begins at a byte of the outermost one; returns what it prints.
    fn run(&mut self, script: &str, offset: usize, depth: usize) -> Vec<Text> {
        if depth > DEPTH {
            return vec![Text::unknown("commands stand too deep inside one another")];
        }
        let outer_offset = std::mem::replace(&mut self.offset, offset);
        let mut tokens = tokens(script);
        for token in &mut tokens {
            token.span = token.span.start + offset..token.span.end + offset;
        }
        let document = |token: &Token| if let Kind::Document(word) = &token.kind { Some(word.clone()) } else { None };
        let documents: Vec<Word> = tokens.iter().filter_map(document).collect();
        let mut walk = Walk {
            depth,
            frames: Vec::new(),
            exits: Vec::new(),
            outer_exits: Vec::new(),
            documents: documents.into_iter(),
            last: Vec::new(),
            group: None,
            piped: None,
            printed: Vec::new(),
        };
        let mut command = Command::default();
        let mut index = 0;
        while index < tokens.len() && self.copies <= COPIES {
            let token = &tokens[index];
            index += 1;
            if self.skips_pattern(token, &mut walk) {
                continue;
            }
            match &token.kind {
                Kind::Word(word) if command.words.is_empty() && word.keyword() == Some("function") => {
                    let parentheses = |token: &&Token| matches!(token.kind, Kind::Operator("(" | ")"));
                    index += 1 + tokens[index..].iter().skip(1).take(2).take_while(parentheses).count();
                    self.open(FrameKind::Function, &mut walk);
                }
                Kind::Word(word) if command.words.is_empty() && word.keyword() == Some("for") => {
                    self.open(FrameKind::Loop, &mut walk);
                    let header = tokens[index..].iter().take_while(|token| is_in_header(token)).count();
                    let (header, body) = tokens[index..].split_at(header);
                    self.blur(body);
                    self.loop_variable(header, depth);
                    index += header.len();
                }
                Kind::Word(word) if command.words.is_empty() && is_loop(word) => {
                    self.open(FrameKind::Loop, &mut walk);
                    self.blur(&tokens[index..]);
                }
                Kind::Word(word) if command.words.is_empty() && self.keyword(word, &mut walk) => {}
                Kind::Word(_) => command.words.push(token),
                Kind::Redirect("<<") => command.documents += 1,
                Kind::Redirect(sign) => {
                    if let Some(Token { kind: Kind::Word(target), .. }) = tokens.get(index) {
                        command.redirects.push((sign, target));
                        index += 1;
                    }
                }
                Kind::Operator("(") if is_definition(&command, tokens.get(index)) => {
                    command = Command::default();
                    index += 1;
                    self.open(FrameKind::Function, &mut walk);
                }
                Kind::Operator(sign) => {
                    self.finish(&mut command, *sign == "|", &mut walk);
                    self.operator(sign, &mut walk);
                }
                Kind::Document(_) => {}
            }
        }
        self.finish(&mut command, false, &mut walk);
        self.end_chain(&mut walk);
        while !walk.frames.is_empty() {
            self.close(&mut walk);
        }
        self.offset = outer_offset;
        walk.printed
    }

    /// Follows a script in a shell of its own: of what it does, what it writes stays.
    fn run_apart(&mut self, script: &str, offset: usize, depth: usize) {
        let before = self.state.clone();
        self.copies += before.variables.len() + 1;
        let outer = std::mem::take(&mut self.early);
        self.run(script, offset, depth);
        let end = std::mem::take(&mut self.state);
        let early = std::mem::replace(&mut self.early, outer);
        let written = self.written(early, &end);
        self.state = State { written, opaque: end.opaque, ..before };
    }

    /// Passes over the pattern of a `case`; false outside of one.
    fn skips_pattern(&mut self, token: &Token, walk: &mut Walk) -> bool {
        let Some(Frame { kind: FrameKind::Case { in_pattern: in_pattern @ true }, .. }) = walk.frames.last_mut() else {
            return false;
        };
        match &token.kind {
            Kind::Operator(")") => *in_pattern = false,
            Kind::Word(word) if word.keyword() == Some("esac") => self.close(walk),
            _ => {}
        }
        true
    }

    /// Prepares for a loop: in any round but the first, what its body sets may be set already.
    fn blur(&mut self, tokens: &[Token]) {
        let why = "a loop may have set it the last time around";
        let mut depth = 1_usize;
        for token in tokens {
            let Kind::Word(word) = &token.kind else { continue };
            match word.keyword() {
                Some("done") => depth -= 1,
                Some("for") => depth += 1,
                _ if is_loop(word) => depth += 1,
                Some("eval" | "source" | ".") => self.forget(why),
                Some("set") => self.state.all_exported = Export::Maybe,
                _ => {}
            }
            if depth == 0 {
                return;
            }
            let assigned = word.assignment().map(|(name, _, _)| name);
            let named = word.literal().filter(|name| self.state.variables.contains_key(*name)).map(str::to_owned);
            if let Some(name) = assigned.or(named) {
                let assigned = self.state.variables.get(&name).and_then(|variable| variable.assigned.clone());
                let unknown = Variable { value: Text::unknown(why), export: Export::Maybe, assigned };
                self.state.variables.insert(name, unknown);
            }
        }
    }

    /// Gives the variable of a `for` its words.
    fn loop_variable(&mut self, header: &[Token], depth: usize) {
        let word = |token: &Token| match &token.kind {
            Kind::Word(word) => Some((word.clone(), token.span.clone())),
            _ => None,
        };
        let words: Vec<(Word, Range<usize>)> = header.iter().filter_map(word).collect();
        let Some(((name, span), behind)) = words.split_first() else { return };
        let Some(name) = name.literal().filter(|name| is_name(name)) else { return };
        let listed = behind.get(1..).unwrap_or_default();
        self.targets_in(listed, depth);
        let why = "a loop goes through several values";
        let value = listed
            .iter()
            .map(|(word, _)| self.expand(word, depth))
            .reduce(|one, other| one.or(other).because(why))
            .unwrap_or_else(|| Text::unknown(why));
        self.give(name, value, span.start..span.start + name.len(), None);
    }

    /// Does what a keyword says; false if the word is none.
    fn keyword(&mut self, word: &Word, walk: &mut Walk) -> bool {
        match word.keyword() {
            Some("if") => self.open(FrameKind::If { has_else: false }, walk),
            Some("case") => self.open(FrameKind::Case { in_pattern: true }, walk),
            Some("{") => match walk.frames.last_mut() {
                Some(frame) if frame.awaits_body => frame.awaits_body = false,
                _ => self.open(FrameKind::Group, walk),
            },
            Some("then" | "do") => {
                self.end_chain(walk);
                if let Some(frame) = walk.frames.last_mut() {
                    frame.before = self.state.clone();
                    self.copies += self.state.variables.len() + 1;
                }
            }
            Some("else" | "elif") => {
                self.end_chain(walk);
                if let Some(frame) = walk.frames.last_mut() {
                    if word.keyword() == Some("else") {
                        frame.kind = FrameKind::If { has_else: true };
                    }
                    frame.ends.push(std::mem::replace(&mut self.state, frame.before.clone()));
                    self.copies += self.state.variables.len() + 1;
                }
            }
            Some("fi" | "done" | "esac" | "}") => {
                self.end_chain(walk);
                self.close(walk);
            }
            Some("!" | "time") => {}
            _ => return false,
        }
        true
    }

    fn operator(&mut self, sign: &'static str, walk: &mut Walk) {
        match sign {
            "|" => walk.piped = Some(std::mem::take(&mut walk.last)),
            "&&" | "||" => {
                // What follows may not happen.
                walk.exits.push(self.state.clone());
                self.copies += self.state.variables.len() + 1;
            }
            "(" => self.open(FrameKind::Subshell, walk),
            ")" => {
                self.end_chain(walk);
                self.close(walk);
            }
            ";;" => {
                self.end_chain(walk);
                if let Some(frame) = walk.frames.last_mut()
                    && let FrameKind::Case { in_pattern } = &mut frame.kind
                {
                    *in_pattern = true;
                    frame.ends.push(std::mem::replace(&mut self.state, frame.before.clone()));
                    self.copies += self.state.variables.len() + 1;
                }
            }
            _ => self.end_chain(walk),
        }
    }

    /// At the end of a list of commands joined by `&&` and `||`: any of them may have been the last.
    fn end_chain(&mut self, walk: &mut Walk) {
        for exit in std::mem::take(&mut walk.exits) {
            let state = std::mem::take(&mut self.state);
            self.state = either(state, exit);
        }
    }

    fn open(&mut self, kind: FrameKind, walk: &mut Walk) {
        self.copies += self.state.variables.len() + 1;
        walk.frames.push(Frame {
            kind,
            before: self.state.clone(),
            ends: Vec::new(),
            printed: Vec::new(),
            awaits_body: kind == FrameKind::Function,
            outer_early: if kind == FrameKind::Subshell { std::mem::take(&mut self.early) } else { Vec::new() },
            was_in_function: self.in_function,
        });
        walk.outer_exits.push(std::mem::take(&mut walk.exits));
        self.in_function |= kind == FrameKind::Function;
    }

    /// Leaves a construct: its branches come together.
    fn close(&mut self, walk: &mut Walk) {
        let Some(frame) = walk.frames.pop() else { return };
        walk.exits = walk.outer_exits.pop().unwrap_or_default();
        self.in_function = frame.was_in_function;
        walk.group = Some(frame.printed);
        let end = std::mem::take(&mut self.state);
        self.state = match frame.kind {
            FrameKind::Group => end,
            // What it writes to files stays; its variables do not.
            FrameKind::Subshell => {
                let early = std::mem::replace(&mut self.early, frame.outer_early);
                State { written: self.written(early, &end), opaque: end.opaque, ..frame.before }
            }
            FrameKind::If { has_else: true } => frame.ends.into_iter().fold(end, either),
            FrameKind::If { has_else: false } | FrameKind::Loop | FrameKind::Case { .. } | FrameKind::Function => {
                frame.ends.into_iter().fold(either(end, frame.before), either)
            }
        };
    }

    /// Follows one simple command that has been read to its end, or what is redirected behind a group.
    fn finish(&mut self, command: &mut Command<'_>, is_piped_on: bool, walk: &mut Walk) {
        let Command { words, redirects, documents } = std::mem::take(command);
        let group = walk.group.take();
        let mut input = walk.piped.take();
        for _ in 0..documents {
            input = walk.documents.next().map(|word| self.fragments(&word, walk.depth));
        }
        if self.state.ended || (words.is_empty() && redirects.is_empty() && group.is_none()) {
            return;
        }
        let words: Vec<(Word, Range<usize>)> = words
            .iter()
            .filter_map(|token| {
                if let Kind::Word(word) = &token.kind { Some((word.clone(), token.span.clone())) } else { None }
            })
            .collect();
        let printed = if words.is_empty() { group.unwrap_or_default() } else { self.simple(&words, input, walk.depth) };
        let into_file = |(sign, _): &&(&str, &Word)| sign.contains('>') && *sign != ">&";
        if redirects.iter().any(|(_, target)| names_environment_file(target)) {
            let span = words.first().map_or(0..0, |(_, first)| first.start..words[words.len() - 1].1.end);
            self.write(&printed, span);
        } else if redirects.iter().find(into_file).is_none() {
            walk.last.clone_from(&printed);
            if !is_piped_on {
                walk.print(printed);
            }
        }
    }

    /// Follows a command of at least one word; returns what it prints.
    fn simple(&mut self, all: &[(Word, Range<usize>)], input: Option<Vec<Text>>, depth: usize) -> Vec<Text> {
        let assigned = all.iter().take_while(|(word, _)| word.assignment().is_some()).count();
        let (assignments, rest) = all.split_at(assigned);
        if rest.is_empty() {
            for (word, span) in assignments {
                self.assign(word, span, depth, None);
            }
            return Vec::new();
        }
        let before = (!assignments.is_empty()).then(|| self.state.clone());
        for (word, span) in assignments {
            self.assign(word, span, depth, Some(Export::Yes));
        }
        let printed = self.call(rest, input, depth);
        if let Some(before) = before {
            self.copies += before.variables.len() + 1;
            let State { written, opaque, ended, .. } = std::mem::take(&mut self.state);
            self.state = State { written, opaque, ended, ..before };
        }
        printed
    }

    fn assign(&mut self, word: &Word, span: &Range<usize>, depth: usize, export: Option<Export>) {
        let Some((name, operator, value)) = word.assignment() else { return };
        let mut value = self.expand(&value, depth);
        if operator == "+=" {
            value = self.look_up(&name).followed_by(value);
        }
        self.give(&name, value, span.start..span.start + name.len(), export);
    }

    /// Gives a variable a value; whether it is exported stays as it is unless that is said.
    fn give(&mut self, name: &str, value: Text, assigned: Range<usize>, export: Option<Export>) {
        let unknown = if self.state.rest.is_some() { Export::Maybe } else { Export::No };
        let before = self.state.variables.get(name).map_or(unknown, |variable| variable.export);
        let export = export.unwrap_or(match (before, self.state.all_exported) {
            (Export::Yes, _) | (_, Export::Yes) => Export::Yes,
            (Export::No, Export::No) => Export::No,
            _ => Export::Maybe,
        });
        self.assigned.insert(name.to_owned());
        self.state.variables.insert(name.to_owned(), Variable { value, export, assigned: Some(assigned) });
    }

    /// Follows a command without assignments before it.
    fn call(&mut self, words: &[(Word, Range<usize>)], input: Option<Vec<Text>>, depth: usize) -> Vec<Text> {
        let Some(((first, _), arguments)) = words.split_first() else { return Vec::new() };
        let name = self.expand(first, depth).single().cloned().unwrap_or_default();
        let command = name.rsplit('/').next().unwrap_or_default();
        match command {
            "export" | "declare" | "typeset" | "local" | "readonly" => self.declare(command, arguments, depth),
            "unset" => self.unset(arguments),
            "set" => self.set(arguments),
            "read" | "mapfile" | "readarray" | "getopts" => {
                for (name, span) in arguments.iter().filter_map(|(word, span)| Some((word.literal()?, span))) {
                    if is_name(name) {
                        self.give(name, Text::unknown(format!("`{command}` sets it")), span.clone(), None);
                    }
                }
            }
            "exit" | "return" => self.exit(arguments),
            "echo" => return self.echo(arguments, depth),
            "printf" => return self.printf(arguments, depth),
            "cat" if arguments.is_empty() => return input.unwrap_or_default(),
            "tee" => {
                if arguments.iter().any(|(word, _)| names_environment_file(word)) {
                    self.write(&input.clone().unwrap_or_else(|| vec![Text::unknown("`tee`")]), words[0].1.clone());
                }
                return input.unwrap_or_default();
            }
            "eval" => {
                let why = "`eval` may set it".to_owned();
                self.forget(&why);
            }
            "source" | "." => {
                self.targets_in(arguments, depth);
                let file = arguments.first().and_then(|(word, _)| word.literal()).unwrap_or("a file");
                let why = format!("`{command} {file}` may set it");
                self.forget(&why);
            }
            _ if INERT.contains(&command) => {
                self.expand_all(arguments, depth);
            }
            "env" => self.env(words, depth),
            _ if ISOLATED.contains(&command) => {
                let before = self.state.clone();
                self.forget(&format!("`{command}` may start it with another environment"));
                self.targets_in(words, depth);
                self.state = before;
            }
            _ => {
                if is_syntax_check(command, arguments) {
                    return Vec::new();
                }
                self.targets_in(words, depth);
                self.inline_script(command, arguments, depth);
                if arguments.iter().any(|(word, _)| names_environment_file(word)) {
                    self.state.opaque = Some(format!("`{command}` writes to ${ENVIRONMENT_FILE}"));
                }
            }
        }
        vec![Text::unknown(format!("what `{command}` prints is not known"))]
    }

    /// Ends the script, or the subshell. With a failure no later step runs, so what is
    /// written then does not matter.
    fn exit(&mut self, arguments: &[(Word, Range<usize>)]) {
        let status =
            arguments.first().and_then(|(word, _)| word.literal()).and_then(|status| status.parse::<u8>().ok());
        if status.is_none_or(|status| status == 0) {
            self.copies += self.state.written.len() + 1;
            self.early.push(self.state.clone());
        }
        self.state.ended = true;
    }

    /// What is written in the end, whether the script got there or ended early.
    fn written(&mut self, early: Vec<State>, end: &State) -> BTreeMap<String, Written> {
        let fold = |end: State, early: State| State { written: written_in_either(&end, &early), ..end };
        let mut ends = early.into_iter();
        match (end.ended, ends.next()) {
            (true, Some(first)) => ends.fold(first, fold).written,
            (_, first) => first.into_iter().chain(ends).fold(end.clone(), fold).written,
        }
    }

    /// The script behind `bash -c`.
    fn inline_script(&mut self, command: &str, arguments: &[(Word, Range<usize>)], depth: usize) {
        let is_option =
            |(word, _): &(Word, _)| word.keyword().is_some_and(|word| word.starts_with('-') && word.ends_with('c'));
        let Some(at) = arguments.iter().position(is_option).filter(|_| SHELLS.contains(&command)) else { return };
        let Some((word, span)) = arguments.get(at + 1) else { return };
        if let Some(script) = self.expand(word, depth).single().cloned() {
            self.run_apart(&script, span.start, depth + 1);
        }
    }

    /// `env` with its own assignments before a command.
    fn env(&mut self, words: &[(Word, Range<usize>)], depth: usize) {
        let before = self.state.clone();
        // The shell expands every word before `env` changes anything.
        let values: Vec<Option<(String, Text)>> = words
            .iter()
            .map(|(word, _)| word.assignment().map(|(name, _, value)| (name, self.expand(&value, depth))))
            .collect();
        let mut index = 1;
        while let Some((word, span)) = words.get(index) {
            let option = word.literal().unwrap_or_default();
            index += 1;
            if let Some((name, value)) = &values[index - 1] {
                self.give(name, value.clone(), span.start..span.start + name.len(), Some(Export::Yes));
            } else if matches!(option, "-i" | "-" | "--ignore-environment") {
                self.state.variables.clear();
                self.state.rest = None;
            } else if matches!(option, "-u" | "--unset") {
                let name = words.get(index).and_then(|(name, _)| name.literal()).unwrap_or_default();
                self.remove(name);
                index += 1;
            } else if let Some(name) = option.strip_prefix("--unset=").or_else(|| option.strip_prefix("-u")) {
                self.remove(name);
            } else if !option.starts_with('-') {
                index -= 1;
                break;
            }
        }
        if let Some(rest) = words.get(index..).filter(|rest| !rest.is_empty()) {
            self.call(rest, None, depth);
        }
        let State { written, opaque, ended, .. } = std::mem::take(&mut self.state);
        self.state = State { written, opaque, ended, ..before };
    }

    /// Notes every call of a target among words that are run.
    fn targets_in(&mut self, words: &[(Word, Range<usize>)], depth: usize) {
        for (word, span) in words {
            let text = self.expand(word, depth);
            // A path behind a variable such as the workspace's is still known by its end.
            let literal = word
                .pieces
                .iter()
                .rev()
                .find_map(|piece| if let Piece::Text(text) = piece { Some(text.as_str()) } else { None });
            let path = text.single().map(String::as_str).or(literal).unwrap_or_default();
            for (target, wanted) in self.targets.iter().enumerate() {
                if names_path(path, wanted, self.directory) {
                    let variables = self.state.variables.clone();
                    let variables: Variables = variables.into_iter().map(|(name, it)| (name, it.seen())).collect();
                    self.copies += variables.len() + 1;
                    let rest = self.state.rest.clone();
                    let call = Call { target, span: span.clone(), variables, rest, deferred: self.in_function };
                    self.effects.calls.push(call);
                }
            }
        }
    }

    fn declare(&mut self, command: &str, arguments: &[(Word, Range<usize>)], depth: usize) {
        let option = |sign: char| {
            arguments
                .iter()
                .filter_map(|(word, _)| word.keyword())
                .any(|word| word.starts_with('-') && word.contains(sign))
        };
        let exports = (command == "export" && !option('n')) || (command != "export" && option('x'));
        for (word, span) in arguments {
            if word.assignment().is_some() {
                self.assign(word, span, depth, exports.then_some(Export::Yes));
            } else if let Some(name) = word.literal().filter(|name| is_name(name)) {
                let hides = command == "export" && option('n');
                match self.state.variables.get_mut(name) {
                    Some(variable) if hides => variable.export = Export::No,
                    Some(variable) if exports => variable.export = Export::Yes,
                    None if exports => {
                        let value = self.look_up(name);
                        self.state
                            .variables
                            .insert(name.to_owned(), Variable { value, export: Export::Yes, assigned: None });
                    }
                    _ => {}
                }
            }
        }
    }

    fn unset(&mut self, arguments: &[(Word, Range<usize>)]) {
        for (word, span) in arguments {
            if let Some(name) = word.literal().filter(|name| is_name(name)) {
                self.give(name, Text::empty(), span.clone(), Some(Export::No));
            }
        }
    }

    fn remove(&mut self, name: &str) {
        self.state
            .variables
            .insert(name.to_owned(), Variable { value: Text::empty(), export: Export::Yes, assigned: None });
    }

    fn set(&mut self, arguments: &[(Word, Range<usize>)]) {
        let words: Vec<&str> = arguments.iter().filter_map(|(word, _)| word.literal()).collect();
        let is = |sign: &str| {
            words.iter().any(|word| word.starts_with(sign) && !word.contains("o") && word.contains('a'))
                || words
                    .windows(2)
                    .any(|pair| pair[0].starts_with(sign) && pair[0].ends_with('o') && pair[1] == "allexport")
        };
        if is("-") {
            self.state.all_exported = Export::Yes;
        } else if is("+") {
            self.state.all_exported = Export::No;
        }
    }

    /// From here on every variable can be anything.
    fn forget(&mut self, why: &str) {
        self.state.variables.clear();
        self.state.rest = Some(why.to_owned());
    }

    fn echo(&mut self, arguments: &[(Word, Range<usize>)], depth: usize) -> Vec<Text> {
        let mut words = arguments;
        let mut newline = true;
        while let Some(((word, _), rest)) = words.split_first() {
            match word.keyword() {
                Some("-n") => newline = false,
                Some("-e" | "-E" | "-ne" | "-en") => {}
                _ => break,
            }
            words = rest;
        }
        let mut printed = Vec::new();
        for (index, (word, _)) in words.iter().enumerate() {
            if index > 0 {
                printed.push(Text::known(" ".to_owned()));
            }
            printed.extend(self.fragments(word, depth));
        }
        if newline {
            printed.push(Text::known("\n".to_owned()));
        }
        printed
    }

    /// `printf` with a format of text, `%s` and line breaks.
    fn printf(&mut self, arguments: &[(Word, Range<usize>)], depth: usize) -> Vec<Text> {
        let Some(((format, _), values)) = arguments.split_first() else { return Vec::new() };
        let Some(format) = self.expand(format, depth).single().cloned() else {
            return vec![Text::unknown("what `printf` prints is not known")];
        };
        let format = format.replace("\\n", "\n");
        let mut values = values.iter();
        let mut printed = Vec::new();
        loop {
            let before = values.len();
            let mut pieces = format.split("%s");
            printed.push(Text::known(pieces.next().unwrap_or_default().to_owned()));
            for piece in pieces {
                if let Some((word, _)) = values.next() {
                    printed.extend(self.fragments(word, depth));
                }
                printed.push(Text::known(piece.to_owned()));
            }
            // The format is used again for what is left.
            if values.len() == 0 || values.len() == before {
                break;
            }
        }
        let is_plain = |text: &Text| text.single().is_none_or(|text| !text.contains(['%', '\\']));
        if printed.iter().all(is_plain) { printed } else { vec![Text::unknown("what `printf` prints is not known")] }
    }

    /// Takes printed text as lines `NAME=value`, or `NAME<<END` with a value of several lines.
    fn write(&mut self, printed: &[Text], span: Range<usize>) {
        let mut lines = lines_of(printed).into_iter();
        while let Some(line) = lines.next() {
            let known = line.first().and_then(Text::single);
            if line.is_empty() || (line.len() == 1 && known.is_some_and(|line| line.trim().is_empty())) {
                continue;
            }
            let first = known.cloned().unwrap_or_default();
            let equals = first.find('=');
            let document = first.find("<<").filter(|at| equals.is_none_or(|equals| *at < equals));
            let (name, value) = match (document, equals) {
                (Some(at), _) => {
                    let delimiter = Text::known(first[at + 2..].to_owned());
                    let end = line[1..].iter().cloned().fold(delimiter, Text::followed_by);
                    let value = lines
                        .by_ref()
                        .map(|line| line.into_iter().fold(Text::empty(), Text::followed_by))
                        .take_while(|line| *line != end)
                        .fold(None, |text: Option<Text>, line| {
                            Some(match text {
                                None => line,
                                Some(text) => text.followed_by(Text::known("\n".to_owned())).followed_by(line),
                            })
                        });
                    (&first[..at], value.unwrap_or_else(Text::empty))
                }
                (None, Some(at)) => {
                    let value = Text::known(first[at + 1..].to_owned());
                    (&first[..at], line[1..].iter().cloned().fold(value, Text::followed_by))
                }
                (None, None) => {
                    self.state.opaque = Some(format!("what is written to ${ENVIRONMENT_FILE} is not known"));
                    continue;
                }
            };
            let written = Written { value, maybe_not: false, span: span.clone() };
            self.state.written.insert(name.to_owned(), written);
        }
    }

    fn look_up(&self, name: &str) -> Text {
        match (self.state.variables.get(name), &self.state.rest) {
            (Some(variable), _) => variable.value.clone(),
            (None, Some(why)) => Text::unknown(why.clone()),
            (None, None) => Text::unknown(format!("`${name}` is not known")),
        }
    }

    fn expand_all(&mut self, words: &[(Word, Range<usize>)], depth: usize) {
        for (word, _) in words {
            self.expand(word, depth);
        }
    }

    /// What a word can come to.
    fn expand(&mut self, word: &Word, depth: usize) -> Text {
        self.fragments(word, depth).into_iter().fold(Text::empty(), Text::followed_by)
    }

    /// The same, piece by piece.
    fn fragments(&mut self, word: &Word, depth: usize) -> Vec<Text> {
        let mut texts = Vec::new();
        for piece in &word.pieces {
            match piece {
                Piece::Text(text) => texts.extend(self.without_holes(text)),
                Piece::Variable(name) => texts.push(self.look_up(name)),
                Piece::Expansion(name, operator, pieces) => {
                    let value = self.look_up(name);
                    let word = Word { pieces: pieces.clone(), ..Word::default() };
                    let other = self.expand(&word, depth);
                    texts.push(substituted(operator, value, other));
                }
                Piece::Command(script, start) => {
                    self.run_apart(script, self.offset + start, depth + 1);
                    texts.push(Text::unknown("what a command prints is not known"));
                }
                Piece::Unknown => texts.push(Text::unknown("a value is computed while it runs")),
            }
        }
        texts
    }

    /// Text with the expressions that stand in it.
    fn without_holes(&self, text: &str) -> Vec<Text> {
        let mut texts = Vec::new();
        let mut literal = String::new();
        for sign in text.chars() {
            match u32::from(sign).checked_sub(FIRST_HOLE).and_then(|index| self.holes.get(index as usize)) {
                Some(value) => {
                    texts.push(Text::known(std::mem::take(&mut literal)));
                    texts.push(value.clone());
                }
                None => literal.push(sign),
            }
        }
        texts.push(Text::known(literal));
        texts.retain(|text| text.single().is_none_or(|text| !text.is_empty()));
        texts
    }
}

/// The state in which it is open which of two was taken.
fn either(one: State, other: State) -> State {
    match (one.ended, other.ended) {
        (true, false) => return other,
        (false, true) => return one,
        _ => {}
    }
    let why = "it is set under a condition";
    let missing = |state: &State| match &state.rest {
        Some(rest) => Variable { value: Text::unknown(rest.clone()), export: Export::Yes, assigned: None },
        None => Variable { value: Text::empty(), export: Export::No, assigned: None },
    };
    let names: BTreeSet<&String> = one.variables.keys().chain(other.variables.keys()).collect();
    let variables = names.into_iter().map(|name| {
        let mine = one.variables.get(name).cloned().unwrap_or_else(|| missing(&one));
        let others = other.variables.get(name).cloned().unwrap_or_else(|| missing(&other));
        let export = mine.export.or(others.export);
        let variable = if mine == others {
            mine
        } else {
            Variable {
                value: mine.value.or(others.value).because(why),
                export,
                assigned: mine.assigned.or(others.assigned),
            }
        };
        (name.clone(), variable)
    });
    let variables = variables.collect();
    State {
        variables,
        written: written_in_either(&one, &other),
        rest: one.rest.or(other.rest),
        opaque: one.opaque.or(other.opaque),
        all_exported: one.all_exported.or(other.all_exported),
        ended: one.ended,
    }
}

fn written_in_either(one: &State, other: &State) -> BTreeMap<String, Written> {
    let mut all = one.written.clone();
    for (name, written) in &mut all {
        match other.written.get(name) {
            Some(others) if others == written => {}
            Some(others) => {
                written.value =
                    written.value.clone().or(others.value.clone()).because("it is written under a condition");
                written.maybe_not |= others.maybe_not;
            }
            None => written.maybe_not = true,
        }
    }
    for (name, written) in &other.written {
        all.entry(name.clone()).or_insert_with(|| Written { maybe_not: true, ..written.clone() });
    }
    all
}

/// `${name:-word}` and its kin; unset and empty are the same here.
fn substituted(operator: &str, value: Text, other: Text) -> Text {
    let Text { can, why } = value;
    let (filled, empty) = match can {
        Can::BeOneOf(texts) => {
            let (empty, filled): (Vec<String>, Vec<String>) = texts.into_iter().partition(String::is_empty);
            let filled = (!filled.is_empty()).then(|| Text::one_of(filled, why.clone()));
            (filled, !empty.is_empty())
        }
        Can::BeSet => (Some(Text { can: Can::BeSet, why: why.clone() }), false),
        Can::BeAnything => (Some(Text { can: Can::BeSet, why: why.clone() }), true),
    };
    let alternative = operator.ends_with('+');
    let kept = filled.map(|filled| if alternative { other.clone() } else { filled });
    // Without the colon a variable that is empty counts as set, and which it is is not known.
    let blurred = !operator.starts_with(':');
    let replaced = empty.then(|| match (alternative, blurred) {
        (_, true) => other.or(Text::empty()).because("whether a variable is unset or empty is not known"),
        (true, false) => Text::empty(),
        (false, false) => other,
    });
    match (kept, replaced) {
        (Some(kept), Some(replaced)) => {
            let mut text = kept.or(replaced);
            if text.single().is_none() {
                text.why.extend(why);
            }
            text
        }
        (Some(only), None) | (None, Some(only)) => only,
        (None, None) => Text::empty(),
    }
}

/// Printed text, line by line.
fn lines_of(printed: &[Text]) -> Vec<Vec<Text>> {
    let mut lines = vec![Vec::new()];
    for text in printed {
        let Some(known) = text.single() else {
            lines.last_mut().expect("there is always one line").push(text.clone());
            continue;
        };
        for (index, part) in known.split('\n').enumerate() {
            if index > 0 {
                lines.push(Vec::new());
            }
            if !part.is_empty() {
                let line = lines.last_mut().expect("there is always one line");
                match line.last_mut().filter(|last| last.single().is_some()) {
                    Some(last) => {
                        *last = std::mem::replace(last, Text::empty()).followed_by(Text::known(part.to_owned()))
                    }
                    None => line.push(Text::known(part.to_owned())),
                }
            }
        }
    }
    lines
}

/// Whether a token belongs to `NAME in words` of a `for`.
fn is_in_header(token: &Token) -> bool {
    matches!(&token.kind, Kind::Word(word) if word.keyword() != Some("do"))
}

fn is_loop(word: &Word) -> bool {
    matches!(word.keyword(), Some("while" | "until" | "select"))
}

fn is_definition(command: &Command<'_>, next: Option<&Token>) -> bool {
    command.words.len() == 1 && next.is_some_and(|token| token.kind == Kind::Operator(")"))
}

/// Whether a shell is only asked to read a script.
fn is_syntax_check(command: &str, arguments: &[(Word, Range<usize>)]) -> bool {
    let options = arguments.iter().map_while(|(word, _)| word.keyword().filter(|word| word.starts_with('-')));
    SHELLS.contains(&command) && options.into_iter().any(|option| !option.starts_with("--") && option.contains('n'))
}

fn names_environment_file(word: &Word) -> bool {
    word.pieces.iter().any(|piece| matches!(piece, Piece::Variable(name) if name == ENVIRONMENT_FILE))
}

/// Whether a path, taken in a directory, ends in the one that is wanted.
fn names_path(path: &str, wanted: &str, directory: &str) -> bool {
    let ends = |path: &str| {
        let before = path.strip_suffix(wanted.trim_start_matches("./"));
        before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
    };
    ends(path) || ends(&format!("{}/{}", directory.trim_end_matches('/'), path.trim_start_matches("./")))
}

const ENVIRONMENT_FILE: &str = "GITHUB_ENV";

/// Commands that name a path without running it.
const INERT: [&str; 40] = [
    "[",
    "[[",
    "awk",
    "basename",
    "cat",
    "cd",
    "chmod",
    "chown",
    "cmp",
    "cp",
    "cut",
    "diff",
    "dirname",
    "dos2unix",
    "du",
    "egrep",
    "false",
    "file",
    "find",
    "git",
    "grep",
    "head",
    "less",
    "ln",
    "ls",
    "mkdir",
    "mv",
    "pushd",
    "rm",
    "sed",
    "sha256sum",
    "shellcheck",
    "shfmt",
    "sort",
    "stat",
    "tail",
    "test",
    "touch",
    "true",
    "wc",
];

/// Commands that start others with an environment of their own.
const ISOLATED: [&str; 10] =
    ["chroot", "docker", "kubectl", "lxc", "nerdctl", "podman", "ssh", "su", "sudo", "systemd-run"];

const SHELLS: [&str; 6] = ["ash", "bash", "dash", "ksh", "sh", "zsh"];

#[cfg(test)]
mod tests {
    use super::*;

    const HARNESS: &str = "tests/e2e/run.sh";

    fn environment() -> Variables {
        let set = |value: &str| Variable { value: Text::known(value.to_owned()), export: Export::Yes, assigned: None };
        ["SLUG", "PATH_", "KEY"]
            .into_iter()
            .zip([set("m-1"), set("platform"), set("")])
            .map(|(n, v)| (n.to_owned(), v))
            .collect()
    }

    fn text(text: &Text) -> String {
        match &text.can {
            Can::BeOneOf(texts) => texts.join("|"),
            Can::BeSet => "(set)".into(),
            Can::BeAnything => "(anything)".into(),
        }
    }

    /// What each call sees of `SLUG`, and what is written of it.
    fn slug(script: &str) -> String {
        let holes = [Text::unknown("an expression"), Text::set("a secret")];
        let effects = follow(script, &holes, &[HARNESS], "", &environment());
        let calls: Vec<String> = effects
            .calls
            .iter()
            .map(|call| match (call.variables.get("SLUG"), &call.rest) {
                (Some(variable), _) => text(&variable.value),
                (None, Some(_)) => "(anything)".into(),
                (None, None) => "(unset)".into(),
            })
            .collect();
        let written = effects
            .written
            .get("SLUG")
            .map(|written| format!(" >{}{}", text(&written.value), if written.maybe_not { "?" } else { "" }));
        let opaque = if effects.opaque.is_some() { " >opaque" } else { "" };
        format!("{}{}{opaque}", calls.join(" "), written.unwrap_or_default())
    }

    #[test]
    fn a_call_sees_what_was_set_before_it() {
        for (script, expected) in [
            ("bash tests/e2e/run.sh", "m-1"),
            ("./tests/e2e/run.sh --flag", "m-1"),
            ("timeout 15m bash -e \"$GITHUB_WORKSPACE/tests/e2e/run.sh\" | tee log", "m-1"),
            ("SLUG=x bash tests/e2e/run.sh; bash tests/e2e/run.sh", "x m-1"),
            ("SLUG=x; bash tests/e2e/run.sh", "x"),
            ("OTHER=x; export SLUG=$OTHER; bash tests/e2e/run.sh", "x"),
            ("export SLUG=${OTHER:-y}; bash tests/e2e/run.sh", "(set)"),
            ("export SLUG=${KEY:-y}; bash tests/e2e/run.sh", "y"),
            ("unset SLUG && bash tests/e2e/run.sh", ""),
            ("env -u SLUG bash tests/e2e/run.sh", ""),
            ("env -i bash tests/e2e/run.sh", "(unset)"),
            ("env SLUG=x bash tests/e2e/run.sh", "x"),
            ("export SLUG=\"\"; bash tests/e2e/run.sh", ""),
            ("SLUG+=x; bash tests/e2e/run.sh", "m-1x"),
            ("if true; then SLUG=x; fi; bash tests/e2e/run.sh", "x|m-1"),
            ("if a; then SLUG=x; else SLUG=y; fi\nbash tests/e2e/run.sh", "y|x"),
            ("if a; then SLUG=x; bash tests/e2e/run.sh; exit; fi; bash tests/e2e/run.sh", "x m-1"),
            ("[ -n \"$A\" ] && SLUG=x; bash tests/e2e/run.sh", "x|m-1"),
            ("case $A in a) SLUG=x;; *) SLUG=y;; esac; bash tests/e2e/run.sh", "m-1|x|y"),
            ("for SLUG in x y; do bash tests/e2e/run.sh; done", "x|y"),
            ("(SLUG=x; bash tests/e2e/run.sh); bash tests/e2e/run.sh", "x m-1"),
            ("OUT=$(SLUG=x bash tests/e2e/run.sh)", "x"),
            ("bash -c 'SLUG=x tests/e2e/run.sh'", "x"),
            ("source env.sh; bash tests/e2e/run.sh", "(anything)"),
            ("source env.sh; export SLUG=x; bash tests/e2e/run.sh", "x"),
            ("eval \"$A\"; bash tests/e2e/run.sh", "(anything)"),
            ("read SLUG; bash tests/e2e/run.sh", "(anything)"),
            ("docker run x bash tests/e2e/run.sh", "(anything)"),
            ("go() { bash tests/e2e/run.sh; }; SLUG=x; go", "(anything)"),
            ("function go { bash tests/e2e/run.sh; }; go", "m-1"),
            ("export SLUG=\u{100000}; bash tests/e2e/run.sh", "(anything)"),
            ("export SLUG=\u{100001}; bash tests/e2e/run.sh", "(set)"),
            ("retry 3 -- bash tests/e2e/run.sh || true", "m-1"),
            ("set -a; NEW=1; SLUG=x; set +a; bash tests/e2e/run.sh", "x"),
            ("cd tests/e2e && bash run.sh", ""),
            ("exit 0; bash tests/e2e/run.sh", ""),
        ] {
            assert_eq!(slug(script), expected, "{script}");
        }
    }

    #[test]
    fn naming_a_script_is_not_calling_it() {
        for script in [
            "# bash tests/e2e/run.sh",
            "echo bash tests/e2e/run.sh",
            "chmod +x tests/e2e/run.sh",
            "bash -n tests/e2e/run.sh",
            "shellcheck tests/e2e/run.sh",
            "bash other-tests/e2e/run.sh.bak",
            "bash not-tests/e2e/run.sh",
            "cat <<EOF\nbash tests/e2e/run.sh\nEOF",
        ] {
            assert_eq!(slug(script), "", "{script}");
        }
    }

    #[test]
    fn what_is_written_for_later_steps() {
        for (script, expected) in [
            ("echo SLUG=x >> $GITHUB_ENV", " >x"),
            ("echo \"SLUG=$SLUG-y\" >> \"$GITHUB_ENV\"", " >m-1-y"),
            ("echo 'SLUG=x' | tee -a \"${GITHUB_ENV}\"", " >x"),
            ("printf 'SLUG=%s\\n' x >> $GITHUB_ENV", " >x"),
            ("{ echo A=b; echo SLUG=x; } >> $GITHUB_ENV", " >x"),
            ("cat <<EOF >> $GITHUB_ENV\nA=b\nSLUG=x\nEOF", " >x"),
            ("cat >> $GITHUB_ENV <<'EOF'\nSLUG<<END\nx\ny\nEND\nEOF", " >x\ny"),
            ("if a; then echo SLUG=x >> $GITHUB_ENV; fi", " >x?"),
            ("if a; then echo SLUG=x >> $GITHUB_ENV; else echo SLUG=y >> $GITHUB_ENV; fi", " >y|x"),
            ("echo SLUG=$(date) >> $GITHUB_ENV", " >(anything)"),
            ("echo \"$LINE\" >> $GITHUB_ENV", " >opaque"),
            ("python3 write.py \"$GITHUB_ENV\"", " >opaque"),
            ("python3 write.py >> $GITHUB_ENV", " >opaque"),
            ("echo SLUG=x >> $GITHUB_OUTPUT", ""),
        ] {
            assert_eq!(slug(script), expected, "{script}");
        }
    }

    #[test]
    fn scripts_that_cannot_be_followed_are_given_up() {
        let long = format!("{}\nbash {HARNESS}", "#".repeat(SCRIPT_BYTES));
        assert_eq!(slug(&long), "(anything)");
        let branching = format!("{}bash {HARNESS}", "if a; then SLUG=x; ".repeat(3000));
        assert!(!slug(&branching).is_empty());
        let deep = format!("{}bash {HARNESS}{}", "$(".repeat(3000), ")".repeat(3000));
        assert_eq!(slug(&deep), "");
    }
}
