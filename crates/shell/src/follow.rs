//! Following a script through its structure: lists, branches, loops, groups, functions.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::state::{Export, State, Variable, Written, either, substituted, written_in_either};
use super::words::{Kind, Piece, Token, Tokens, Word, is_name, tokens};
use super::{Call, ENVIRONMENT_FILE, Effects, FIRST_HOLE, mentions};
use slug_value::Text;

/// Scripts inside one another, by `$(…)`.
const DEPTH: usize = 8;

/// Variables that may be copied while a script is followed, one at each condition.
const COPIES: usize = 1_000_000;

/// A script while it is followed.
pub(super) struct Shell<'a> {
    pub holes: &'a [Text],
    pub targets: &'a [&'a str],
    pub state: State,
    pub calls: Vec<Call>,
    /// Where a target is named and nothing has explained why.
    mentions: Vec<Mention>,
    /// The states in which the script, or the subshell at hand, has ended early.
    early: Vec<State>,
    /// Every variable that is assigned anywhere.
    pub assigned: BTreeSet<String>,
    /// What functions do, whichever is called.
    pub functions: Functions,
    /// Why any variable may have been assigned, if one may.
    pub anything_assigned: Option<String>,
    /// Whether the script names the file of later steps at all.
    names_the_file: bool,
    /// Why the script cannot be followed after all.
    unclear: Option<String>,
    /// Where the script at hand begins in the outermost one.
    pub offset: usize,
    pub copies: usize,
    pub in_function: bool,
}

/// Stands among the targets for the file in which later steps find variables.
const THE_FILE_ITSELF: usize = usize::MAX;

/// A place that names a target.
struct Mention {
    target: usize,
    span: Range<usize>,
    /// Whether it was put into a variable, and counts only if no call is found.
    is_stored: bool,
}

/// What the functions of a script may do when one of them is called.
#[derive(Default)]
pub(super) struct Functions {
    /// Their names.
    pub names: BTreeSet<String>,
    /// The variables that they set.
    pub set: BTreeSet<String>,
    /// What they write for later steps.
    pub written: BTreeSet<String>,
    /// Whether they may set anything.
    pub forget: bool,
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
    /// The part of a pipeline that it belongs to.
    outer_part: Part,
    was_in_function: bool,
}

/// One part of a pipeline, which is a subshell if there is another, or if it is sent to
/// the background.
#[derive(Default)]
struct Part {
    /// The state before it.
    before: Option<State>,
    /// Whether another part stands before it.
    is_piped: bool,
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
    redirects: Vec<(&'static str, &'t Word, Range<usize>)>,
    /// How many documents it reads, by `<<`.
    documents: usize,
}

/// What is kept while one script is walked through.
struct Walk {
    script: String,
    depth: usize,
    frames: Vec<Frame>,
    part: Part,
    /// The states in which a list joined by `&&` may have ended early.
    exits: Vec<State>,
    /// The same of the constructs around this one.
    outer_exits: Vec<Vec<State>>,
    documents: std::vec::IntoIter<(Word, Range<usize>)>,
    /// What the last command printed, and what a group that has just ended printed.
    last: Vec<Text>,
    group: Option<Vec<Text>>,
    /// What the command before a `|` prints, and where it stands.
    piped: Option<(Vec<Text>, Vec<Range<usize>>)>,
    /// Where the last command stands.
    last_spans: Vec<Range<usize>>,
    printed: Vec<Text>,
}

impl Walk {
    /// Whether a file that is written here is named a second time, so that it may be run.
    fn names_again(&self, file: &str) -> bool {
        let name = file.rsplit('/').next().unwrap_or(file);
        !name.is_empty() && self.script.matches(name).nth(1).is_some()
    }

    fn print(&mut self, texts: Vec<Text>) {
        match self.frames.last_mut() {
            Some(frame) => frame.printed.extend(texts),
            None => self.printed.extend(texts),
        }
    }
}

impl<'a> Shell<'a> {
    pub fn new(holes: &'a [Text], targets: &'a [&'a str], state: State) -> Self {
        Self {
            holes,
            targets,
            state,
            calls: Vec::new(),
            mentions: Vec::new(),
            early: Vec::new(),
            assigned: BTreeSet::new(),
            functions: Functions::default(),
            anything_assigned: None,
            names_the_file: false,
            unclear: None,
            offset: 0,
            copies: 0,
            in_function: false,
        }
    }

    /// What the script does; an error says why it cannot be followed.
    pub fn effects(mut self) -> Result<Effects, String> {
        let early = std::mem::take(&mut self.early);
        let end = std::mem::take(&mut self.state);
        let written = self.written(early, &end);
        if self.copies > COPIES {
            return Err("a script branches more often than can be followed".to_owned());
        }
        if let Some(why) = self.unclear {
            return Err(why);
        }
        let mut calls = self.calls;
        let mut opaque = end.opaque;
        for Mention { target, span, is_stored } in self.mentions {
            if target == THE_FILE_ITSELF {
                if !is_stored {
                    opaque = Some(format!("how a script uses ${ENVIRONMENT_FILE} is not known"));
                }
            } else if !(is_stored && calls.iter().any(|call| call.target == target)) {
                let rest = Some("whether and how a script calls it is not known".to_owned());
                calls.push(Call { target, span, variables: BTreeMap::new(), rest, deferred: false });
            }
        }
        calls.sort_by_key(|call| (call.span.start, call.target));
        calls.dedup_by_key(|call| (call.span.start, call.target));
        for call in calls.iter_mut().filter(|call| call.deferred) {
            for name in &self.assigned {
                let value = Text::unknown("a function uses it, and when is not known");
                call.variables.insert(name.clone(), Variable { value, export: Export::Yes, assigned: None });
            }
            if let Some(why) = &self.anything_assigned {
                call.variables.clear();
                call.rest = Some(why.clone());
            }
        }
        let variables = end.variables.into_iter().map(|(name, variable)| (name, variable.seen()));
        Ok(Effects { calls, written, opaque, end: variables.collect(), rest: end.rest })
    }
}

impl Shell<'_> {
    /// Follows a script that begins at a byte of the outermost one; returns what it prints.
    pub(super) fn run(&mut self, script: &str, offset: usize, depth: usize) -> Vec<Text> {
        if depth > DEPTH {
            self.unclear = Some("commands stand too deep inside one another".to_owned());
            return Vec::new();
        }
        let outer_offset = std::mem::replace(&mut self.offset, offset);
        self.names_the_file |= script.contains(ENVIRONMENT_FILE);
        let Tokens { mut tokens, is_open } = tokens(script);
        if is_open {
            self.unclear = Some("a quote or a bracket of a script is not closed".to_owned());
        }
        for token in &mut tokens {
            self.mention(&script[token.span.clone()], token.span.start + offset);
            token.span = token.span.start + offset..token.span.end + offset;
        }
        let document = |token: &Token| match &token.kind {
            Kind::Document(word) => Some((word.clone(), token.span.clone())),
            _ => None,
        };
        let documents: Vec<(Word, Range<usize>)> = tokens.iter().filter_map(document).collect();
        let mut walk = Walk {
            script: script.to_owned(),
            depth,
            frames: Vec::new(),
            part: Part::default(),
            exits: Vec::new(),
            outer_exits: Vec::new(),
            documents: documents.into_iter(),
            last: Vec::new(),
            group: None,
            piped: None,
            last_spans: Vec::new(),
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
            if begins_part(token) && walk.part.before.is_none() {
                self.copies += self.state.variables.len() + 1;
                walk.part.before = Some(self.state.clone());
            }
            if let Some(skipped) = self.array(&tokens[index - 1..]) {
                index += skipped;
                continue;
            }
            match &token.kind {
                Kind::Word(word) if command.words.is_empty() && word.keyword() == Some("function") => {
                    let parentheses = |token: &&Token| matches!(token.kind, Kind::Operator("(" | ")"));
                    self.define(tokens.get(index));
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
                    if let Some(Token { kind: Kind::Word(target), span }) = tokens.get(index) {
                        command.redirects.push((sign, target, span.clone()));
                        index += 1;
                    }
                }
                Kind::Operator("(") if is_definition(&command, tokens.get(index)) => {
                    self.define(command.words.first().copied());
                    command = Command::default();
                    index += 1;
                    self.open(FrameKind::Function, &mut walk);
                }
                Kind::Operator(sign) => {
                    self.finish(&mut command, *sign == "|", &mut walk);
                    if *sign != "(" {
                        self.end_part(sign, &mut walk);
                    }
                    self.operator(sign, &mut walk);
                }
                Kind::Document(_) => {}
            }
        }
        self.finish(&mut command, false, &mut walk);
        self.end_part("\n", &mut walk);
        self.end_chain(&mut walk);
        while !walk.frames.is_empty() {
            self.close(&mut walk);
        }
        self.offset = outer_offset;
        walk.printed
    }

    /// Follows a script in a shell of its own: of what it does, what it writes stays.
    pub(super) fn run_apart(&mut self, script: &str, offset: usize, depth: usize) {
        let before = self.state.clone();
        self.copies += before.variables.len() + 1;
        let outer = std::mem::take(&mut self.early);
        self.run(script, offset, depth);
        let end = std::mem::take(&mut self.state);
        let early = std::mem::replace(&mut self.early, outer);
        let written = self.written(early, &end);
        self.state = State { written, opaque: end.opaque, ..before };
    }

    /// Notes the name of a function.
    fn define(&mut self, name: Option<&Token>) {
        if let Some(Token { kind: Kind::Word(name), .. }) = name {
            self.functions.names.extend(name.literal().map(str::to_owned));
        }
    }

    /// At the end of one part of a pipeline: what a subshell sets is gone.
    fn end_part(&mut self, sign: &str, walk: &mut Walk) {
        let Part { before, is_piped } = std::mem::take(&mut walk.part);
        if let Some(before) = before.filter(|_| is_piped || matches!(sign, "|" | "&")) {
            let State { written, opaque, .. } = std::mem::take(&mut self.state);
            self.state = State { written, opaque, ..before };
        }
        walk.part.is_piped = sign == "|";
    }

    /// Passes over `NAME=(…)`, whose words nobody follows; returns how many tokens that are.
    fn array(&mut self, tokens: &[Token]) -> Option<usize> {
        let [Token { kind: Kind::Word(word), span }, Token { kind: Kind::Operator("("), span: next }, rest @ ..] =
            tokens
        else {
            return None;
        };
        let (name, _, value) = word.assignment()?;
        if !value.pieces.is_empty() || span.end != next.start {
            return None;
        }
        let length = rest.iter().position(|token| token.kind == Kind::Operator(")"))?;
        self.give(&name, Text::unknown("an array is not followed"), span.start..span.start + name.len(), None);
        Some(length + 2)
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
        self.stored(header.iter().map(|token| &token.span), true);
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
            Some(closer @ ("fi" | "done" | "esac" | "}")) => {
                self.end_chain(walk);
                let closes = |frame: &Frame| match frame.kind {
                    FrameKind::If { .. } => closer == "fi",
                    FrameKind::Loop => closer == "done",
                    FrameKind::Case { .. } => closer == "esac",
                    FrameKind::Group | FrameKind::Function => closer == "}",
                    FrameKind::Subshell => false,
                };
                match walk.frames.last().is_some_and(closes) {
                    true => self.close(walk),
                    false => self.unclear = Some(format!("`{closer}` closes nothing that is open")),
                }
            }
            Some("!" | "time" | "coproc") => {}
            _ => return false,
        }
        true
    }

    fn operator(&mut self, sign: &'static str, walk: &mut Walk) {
        match sign {
            "|" => walk.piped = Some((std::mem::take(&mut walk.last), std::mem::take(&mut walk.last_spans))),
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
            outer_part: std::mem::take(&mut walk.part),
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
        walk.part = frame.outer_part;
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
        let (mut input, piped_from) = walk.piped.take().unzip();
        let mut spans: Vec<Range<usize>> = words.iter().map(|token| token.span.clone()).collect();
        spans.extend(redirects.iter().map(|(_, _, span)| span.clone()));
        for _ in 0..documents {
            if let Some((word, span)) = walk.documents.next() {
                input = Some(self.fragments(&word, walk.depth));
                spans.push(span);
            }
        }
        if self.state.ended {
            self.understood(&spans);
            return self.explained(&spans);
        }
        for (sign, word, _) in &redirects {
            match *sign {
                "<" => input = Some(vec![Text::unknown("what a file holds is not known")]),
                "<<<" => {
                    let mut printed = self.fragments(word, walk.depth);
                    printed.push(Text::known("\n".to_owned()));
                    input = Some(printed);
                }
                _ => {}
            }
        }
        if words.is_empty() && redirects.is_empty() && group.is_none() {
            return;
        }
        spans.extend(piped_from.into_iter().flatten());
        let words: Vec<(Word, Range<usize>)> = words
            .iter()
            .filter_map(|token| match &token.kind {
                Kind::Word(word) => Some((word.clone(), token.span.clone())),
                _ => None,
            })
            .collect();
        let printed = if words.is_empty() { group.unwrap_or_default() } else { self.simple(&words, input, walk.depth) };
        if self.only_prints(&words, walk.depth) {
            let files = redirects.iter().filter(|(sign, _, _)| sign.contains('>')).map(|(_, word, _)| *word);
            let copied = words.last().filter(|_| self.copies_files(&words, walk.depth)).map(|(word, _)| word);
            let keeps = files.chain(copied).filter_map(Word::literal).any(|file| walk.names_again(file));
            match (is_piped_on, keeps) {
                (true, _) => walk.last_spans.clone_from(&spans),
                // What is put into a file may be called there.
                (false, true) => self.stored(spans.iter(), false),
                (false, false) => self.explained(&spans),
            }
            let names = ["echo", "printf", "export", "declare"];
            if words.iter().any(|(word, _)| word.keyword().is_some_and(|word| names.contains(&word))) {
                self.understood(&spans);
            }
        }
        let into_file = |(sign, _, _): &&(&str, &Word, _)| sign.contains('>') && *sign != ">&";
        let targets: Vec<Text> =
            redirects.iter().filter(into_file).map(|(_, word, _)| self.expand(word, walk.depth)).collect();
        let file = targets.into_iter().find(|target| self.is_environment_file(target) || target.single().is_none());
        let span = words.first().map_or(0..0, |(_, first)| first.start..words[words.len() - 1].1.end);
        match file {
            Some(target) if self.is_environment_file(&target) => {
                self.understood(&spans);
                self.write(&printed, span);
            }
            // Where it is written to is not known, and it may be there.
            Some(_) if self.names_the_file && self.looks_like_assignments(&printed) => {
                self.state.opaque = Some("where a script writes variables to is not known".to_owned());
            }
            _ if redirects.iter().any(|redirect| into_file(&redirect)) => {}
            _ => {
                walk.last.clone_from(&printed);
                if !is_piped_on {
                    walk.print(printed);
                }
            }
        }
    }

    /// Notes where a text names a target.
    fn mention(&mut self, text: &str, offset: usize) {
        let found = mentions(text, self.targets).map(|(target, span)| Mention {
            target,
            span: span.start + offset..span.end + offset,
            is_stored: false,
        });
        self.mentions.extend(found.collect::<Vec<_>>());
        let file = text.match_indices(ENVIRONMENT_FILE).map(|(at, name)| Mention {
            target: THE_FILE_ITSELF,
            span: offset + at..offset + at + name.len(),
            is_stored: false,
        });
        self.mentions.extend(file);
    }

    /// What is written to the environment of later steps here has been read.
    pub fn understood(&mut self, spans: &[Range<usize>]) {
        let is_inside = |mention: &Mention| {
            mention.target == THE_FILE_ITSELF
                && spans.iter().any(|span| span.start <= mention.span.start && mention.span.end <= span.end)
        };
        self.mentions.retain(|mention| !is_inside(mention));
    }

    /// What stands at these places is no call, or has been noted as one.
    pub fn explained(&mut self, spans: &[Range<usize>]) {
        let is_inside = |mention: &Mention| {
            mention.target != THE_FILE_ITSELF
                && spans.iter().any(|span| span.start <= mention.span.start && mention.span.end <= span.end)
        };
        self.mentions.retain(|mention| !is_inside(mention));
    }

    /// What stands at these places is kept in a variable, and may be called later.
    pub fn stored<'s>(&mut self, spans: impl Iterator<Item = &'s Range<usize>> + Clone, in_variable: bool) {
        for mention in self.mentions.iter_mut().filter(|it| in_variable || it.target != THE_FILE_ITSELF) {
            let at = mention.span.clone();
            mention.is_stored |= spans.clone().any(|span| span.start <= at.start && at.end <= span.end);
        }
    }

    /// Ends the script, or the subshell. With a failure no later step runs, so what is
    /// written then does not matter.
    pub fn exit(&mut self, arguments: &[(Word, Range<usize>)]) {
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

    pub fn look_up(&self, name: &str) -> Text {
        match (self.state.variables.get(name), &self.state.rest) {
            (Some(variable), _) => variable.value.clone(),
            (None, Some(why)) => Text::unknown(why.clone()),
            (None, None) => Text::unknown(format!("`${name}` is not known")),
        }
    }

    /// What a word can come to.
    pub fn expand(&mut self, word: &Word, depth: usize) -> Text {
        self.fragments(word, depth).into_iter().fold(Text::empty(), Text::followed_by)
    }

    /// The same, piece by piece.
    pub fn fragments(&mut self, word: &Word, depth: usize) -> Vec<Text> {
        let mut texts = Vec::new();
        for piece in &word.pieces {
            match piece {
                Piece::Text(text) => texts.extend(self.without_holes(text)),
                Piece::Variable(name) => texts.push(self.look_up(name)),
                Piece::Expansion(name, operator, pieces) => {
                    let value = self.look_up(name);
                    let word = Word { pieces: pieces.clone(), ..Word::default() };
                    let other = self.expand(&word, depth);
                    let text = substituted(operator, value, other);
                    if operator.ends_with('=') {
                        self.give(name, text.clone(), 0..0, None);
                    }
                    texts.push(text);
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
    pub fn without_holes(&self, text: &str) -> Vec<Text> {
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

/// Whether a part of a pipeline can begin with a token.
fn begins_part(token: &Token) -> bool {
    match &token.kind {
        Kind::Word(word) => {
            !matches!(word.keyword(), Some("then" | "do" | "else" | "elif" | "fi" | "done" | "esac" | "}"))
        }
        Kind::Operator(sign) => *sign == "(",
        Kind::Redirect(_) => true,
        Kind::Document(_) => false,
    }
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
