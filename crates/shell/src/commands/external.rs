//! External commands: shells, `env` and other commands that start commands, and calls of targets.

use super::super::effects::{Call, ENVIRONMENT_FILE};
use super::super::interpreter::{Interpreter, Output, own_spans};
use super::super::state::{Export, Variable, Variables};
use super::super::syntax::{Piece, PieceKind, Word};
use super::declare::Pair;
use super::{ISOLATED, LAUNCHERS, SHELLS, start_of};
use slug_value::{AbstractValue, Text};

impl Interpreter<'_> {
    /// Interprets an external command and the commands that it may start.
    pub(super) fn external(&mut self, command: &str, is_unknown: bool, words: &[Word], input: Option<Output>) {
        if self.mentions_env_file(&words[1..]) {
            self.state.opaque = Some(format!("`{command}` writes to ${ENVIRONMENT_FILE}"));
        }
        if self.targets_in(&words[..1]) {
            return;
        }
        let before = self.copy();
        if ISOLATED.contains(&command) {
            self.havoc(&format!("`{command}` may start it with another environment"));
        } else if is_unknown {
            self.havoc("an unknown command may start it with another environment");
            self.functions.run_unknown_scripts |= self.in_function;
        }
        let starts_others = |word: &Word| word.unquoted_literal().is_some_and(starts_others);
        let inner = (1..words.len()).find(|index| starts_others(&words[*index]));
        let (own, rest) = words.split_at(inner.unwrap_or(words.len()));
        if SHELLS.contains(&command) {
            self.shell(own, input);
        } else if LAUNCHERS.contains(&command) || ISOLATED.contains(&command) || is_unknown {
            self.targets_in(&own[1..]);
        } else {
            own[1..].iter().for_each(|word| drop(self.expand(word)));
        }
        if !rest.is_empty() && !SHELLS.contains(&command) {
            self.call(rest, None);
        }
        // An unknown command may be a builtin, whose effects persist.
        if !is_unknown {
            self.restore(before);
        }
    }

    /// Interprets a separate shell that runs a file, the argument of `-c`, or its standard input.
    fn shell(&mut self, words: &[Word], input: Option<Output>) {
        let arguments = &words[1..];
        let (mut options, mut inline) = (0, false);
        while let Some(option) = arguments.get(options).and_then(Word::literal) {
            if !option.starts_with(['-', '+']) {
                break;
            }
            inline |= !option.starts_with("--") && option.contains('c');
            let takes_one = option.ends_with(['o', 'O']) || matches!(option.as_ref(), "--rcfile" | "--init-file");
            options += 1 + usize::from(takes_one);
        }
        match (arguments.get(options), input) {
            (Some(word), _) if inline => {
                if let Some(script) = self.expand_run(word).single().cloned() {
                    self.child_process(&script, start_of(word), &own_spans(std::slice::from_ref(word)));
                }
            }
            (Some(word), _) => {
                let is_known = self.targets_in(&arguments[options..]) || word.literal().is_some();
                self.functions.run_unknown_scripts |= self.in_function && !is_known;
            }
            (None, Some(input)) => {
                let spans = input.spans.clone();
                if let Some(script) = input.into_text().single() {
                    let base = spans.first().map_or(words[0].span.start, |span| span.start);
                    self.child_process(script, base, &spans);
                }
            }
            (None, None) => {}
        }
    }

    /// Interprets a script in another process, which sees only exported variables. `spans` are the
    /// bytes of the script, and `base` is the approximate byte at which it begins.
    fn child_process(&mut self, script: &str, base: usize, spans: &[super::Span]) {
        let before = self.copy();
        for variable in self.state.variables.values_mut() {
            let export = if variable.export == Export::No { Export::No } else { Export::Yes };
            let visible =
                std::mem::replace(variable, Variable { value: Text::empty(), export, assigned: None }).visible();
            *variable = Variable { export, ..visible };
        }
        self.state.all_exported = Export::No;
        self.state.special.clear();
        self.subshell(|it| {
            it.script(script, base, spans);
            Output::default()
        });
        self.restore(before);
    }

    /// Interprets `env`, its options, its assignments, and the command after them.
    pub(super) fn env(&mut self, words: &[Word]) {
        let before = self.copy();
        // The shell expands every word before `env` changes anything.
        let pairs: Vec<Pair> = words.iter().map(|word| self.pair(word)).collect();
        let mut index = 1;
        while let Some(word) = words.get(index) {
            let literal = word.literal();
            let option = literal.as_deref().unwrap_or_default();
            match &pairs[index] {
                Pair::Assigns(name, value) => {
                    let start = start_of(word);
                    self.set_variable(name, value.clone(), start..start + name.len(), Some(Export::Yes));
                }
                _ if matches!(option, "-i" | "-" | "--ignore-environment") => {
                    self.state.variables.clear();
                    self.state.others_unknown = None;
                }
                _ if matches!(option, "-u" | "--unset") => {
                    index += 1;
                    let name = words.get(index).and_then(Word::literal);
                    self.remove_variable(name.as_deref().unwrap_or_default());
                }
                _ if option.starts_with("--unset=") => self.remove_variable(&option["--unset=".len()..]),
                _ if option.starts_with("-u") => self.remove_variable(&option["-u".len()..]),
                _ if matches!(option, "-C" | "--chdir") => {
                    index += 1;
                    self.change_directory("cd", words.get(index).map_or(&[], std::slice::from_ref));
                }
                // `env -S` splits a text into words, which is not interpreted.
                _ if option.starts_with("-S") || option.starts_with("--split") => return self.restore(before),
                Pair::Option => {}
                Pair::Unknown => self.havoc("`env` may set it"),
                Pair::Names(_) => break,
            }
            index += 1;
        }
        match words.get(index..) {
            Some(rest @ [_, ..]) => drop(self.call(rest, None)),
            // The command may be one of the skipped words.
            _ => drop(self.targets_in(&words[1..])),
        }
        self.restore(before);
    }

    fn remove_variable(&mut self, name: &str) {
        let variable = Variable { value: Text::empty(), export: Export::Yes, assigned: None };
        self.state.variables.insert(name.to_owned(), variable);
    }

    /// Records each call of a target in words that are run; returns whether there is a call.
    pub(super) fn targets_in(&mut self, words: &[Word]) -> bool {
        let mut found = false;
        for word in words {
            let text = self.expand_run(word);
            // A known path is resolved, even if it is not the path of a target.
            let is_path = |text: &String| !text.contains([' ', '\t', '\n', ';', '=']);
            let mut is_resolved = self.state.directory.is_some()
                && matches!(&text.values, AbstractValue::OneOf(texts) if texts.iter().all(is_path));
            for (target, path) in self.targets.iter().enumerate() {
                if self.may_be_path(word, &text, path) {
                    (found, is_resolved) = (true, true);
                    self.record_call(target, word);
                }
            }
            if is_resolved {
                self.resolve(&own_spans(std::slice::from_ref(word)));
            }
        }
        found
    }

    fn record_call(&mut self, target: usize, word: &Word) {
        if !self.is_recording || self.state.ended {
            return;
        }
        let state = self.copy();
        let variables: Variables = state.variables.into_iter().map(|(name, it)| (name, it.visible())).collect();
        let (span, others_unknown) = (word.span.clone(), state.others_unknown);
        let call = Call { target, span, variables, others_unknown, deferred: self.in_function };
        self.calls.push(call);
    }

    /// Whether a word can be the path of a target. If the word is not known, the text after its last
    /// expansion decides, as in `$GITHUB_WORKSPACE/run.sh`.
    fn may_be_path(&self, word: &Word, text: &Text, target: &str) -> bool {
        let directory = self.state.directory.as_deref();
        if let AbstractValue::OneOf(texts) = &text.values {
            return texts.iter().any(|path| is_path_of(path, target, directory));
        }
        let end = literal_end(&word.pieces);
        !end.is_empty() && is_path_of(&end, target, None)
    }

    pub(super) fn change_directory(&mut self, command: &str, arguments: &[Word]) {
        let is_option = |word: &&Word| word.literal().is_some_and(|word| word.len() > 1 && word.starts_with('-'));
        let directory = arguments.iter().find(|word| !is_option(word));
        let path = directory.and_then(|word| match self.expand(word).single() {
            Some(path) => Some(path.clone()),
            // The path may begin with a variable for the workspace.
            None => match flattened(&word.pieces).as_slice() {
                [Piece { kind: PieceKind::Parameter(_), .. }, end] => end.literal().map(std::borrow::Cow::into_owned),
                _ => None,
            },
        });
        self.state.directory = match (path.as_deref(), &self.state.directory) {
            (None | Some("-" | ""), _) => None,
            _ if command == "popd" => None,
            (Some(path), _) if path.starts_with('/') => Some(path.to_owned()),
            (Some(path), Some(directory)) => Some(joined(directory, path)),
            (Some(_), None) => None,
        };
    }
}

/// Whether an argument is a command that starts the words after it.
fn starts_others(word: &str) -> bool {
    let word = word.rsplit('/').next().unwrap_or_default();
    word == "env" || SHELLS.contains(&word) || ISOLATED.contains(&word) || LAUNCHERS.contains(&word)
}

/// The pieces, with double-quoted pieces replaced by their contents.
fn flattened(pieces: &[Piece]) -> Vec<&Piece> {
    let mut flat = Vec::new();
    for piece in pieces {
        match &piece.kind {
            PieceKind::DoubleQuoted(pieces) => flat.extend(flattened(pieces)),
            _ => flat.push(piece),
        }
    }
    flat
}

/// The text after the last expansion of a word.
fn literal_end(pieces: &[Piece]) -> String {
    let flat = flattened(pieces);
    let mut literals: Vec<String> =
        flat.iter().rev().map_while(|piece| piece.literal().map(std::borrow::Cow::into_owned)).collect();
    literals.reverse();
    literals.concat()
}

/// Whether a path, alone or relative to `directory`, ends with the path of a target.
fn is_path_of(path: &str, target: &str, directory: Option<&str>) -> bool {
    let ends = |path: &str| {
        let before = path.strip_suffix(target.trim_start_matches("./"));
        before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
    };
    ends(&joined("", path)) || directory.is_some_and(|directory| ends(&joined(directory, path)))
}

/// Joins a path to a directory and resolves `.` and, if possible, `..`.
fn joined(directory: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in directory.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}
