//! Simple commands: those that set variables, those that start others, and those that do neither.

use std::ops::Range;

use super::follow::Shell;
use super::state::{Export, State, Variable, Variables, Written};
use super::words::{Piece, Word, is_name};
use super::{Call, ENVIRONMENT_FILE, THE_FILE};
use slug_value::{Can, Text};

/// Commands that name a path without running it.
const INERT: [&str; 58] = [
    ":",
    "[",
    "[[",
    "awk",
    "basename",
    "cat",
    "chmod",
    "chown",
    "cmp",
    "command",
    "cp",
    "curl",
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
    "hash",
    "head",
    "jq",
    "less",
    "ln",
    "ls",
    "mkdir",
    "mv",
    "realpath",
    "readlink",
    "rm",
    "rsync",
    "scp",
    "sed",
    "sha256sum",
    "shellcheck",
    "shfmt",
    "sort",
    "stat",
    "tail",
    "tar",
    "tee",
    "test",
    "touch",
    "tr",
    "true",
    "type",
    "uniq",
    "wc",
    "wget",
    "which",
    "whereis",
    "zip",
    "unzip",
    "yq",
];

/// Commands that start others with an environment of their own.
const ISOLATED: [&str; 21] = [
    "act",
    "buildah",
    "bwrap",
    "chroot",
    "docker",
    "docker-compose",
    "firejail",
    "flatpak",
    "kubectl",
    "lxc",
    "machinectl",
    "nerdctl",
    "nix-shell",
    "podman",
    "podman-compose",
    "runuser",
    "ssh",
    "su",
    "sudo",
    "systemd-run",
    "unshare",
];

/// Commands that start the one behind them in the environment at hand.
const LAUNCHERS: [&str; 16] = [
    "caffeinate",
    "chronic",
    "exec",
    "ionice",
    "nice",
    "nohup",
    "numactl",
    "retry",
    "script",
    "setsid",
    "stdbuf",
    "strace",
    "taskset",
    "time",
    "timeout",
    "xvfb-run",
];

/// Commands that change the shell itself.
const BUILTINS: [&str; 14] = [
    ".",
    "builtin",
    "cd",
    "command",
    "declare",
    "eval",
    "export",
    "mapfile",
    "read",
    "readarray",
    "set",
    "source",
    "typeset",
    "unset",
];

/// The shells whose scripts can be followed.
pub(super) const SHELLS: [&str; 6] = ["ash", "bash", "dash", "ksh", "sh", "zsh"];

/// A word of a command and where it stands.
type Placed = (Word, Range<usize>);

/// What an argument of `export` or `env` says.
enum Pair {
    Assigns(String, Text),
    Names(String),
    Option,
    Unknown,
}

impl Shell<'_> {
    /// Follows a command of at least one word; returns what it prints.
    pub(super) fn simple(&mut self, all: &[Placed], input: Option<Vec<Text>>, depth: usize) -> Vec<Text> {
        let assigned = all.iter().take_while(|(word, _)| word.assignment().is_some()).count();
        let (assignments, rest) = all.split_at(assigned);
        self.stored(assignments.iter().map(|(_, span)| span), true);
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
        let is_builtin = rest[0].0.literal().is_some_and(|command| BUILTINS.contains(&command));
        let printed = self.call(rest, input, depth);
        match before {
            // What a builtin sets stays; of what stood before it, shells keep more or less.
            Some(before) if is_builtin => {
                for name in assignments.iter().filter_map(|(word, _)| Some(word.assignment()?.0)) {
                    let value = before.variables.get(&name).map_or(Text::empty(), |variable| variable.value.clone());
                    let why = "a value before a builtin may or may not stay";
                    let value = value.or(self.look_up(&name)).because(why);
                    let assigned = self.state.variables.get(&name).and_then(|variable| variable.assigned.clone());
                    self.state.variables.insert(name, Variable { value, export: Export::Maybe, assigned });
                }
            }
            Some(before) => self.back_to(before),
            None => {}
        }
        printed
    }

    /// The variables are as before; what was written and whether it ended is not.
    fn back_to(&mut self, before: State) {
        self.copies += before.variables.len() + 1;
        let State { written, opaque, ended, .. } = std::mem::take(&mut self.state);
        self.state = State { written, opaque, ended, ..before };
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
    pub(super) fn give(&mut self, name: &str, value: Text, assigned: Range<usize>, export: Option<Export>) {
        let unknown = if self.state.rest.is_some() { Export::Maybe } else { Export::No };
        let before = self.state.variables.get(name).map_or(unknown, |variable| variable.export);
        let export = export.unwrap_or(match (before, self.state.all_exported) {
            (Export::Yes, _) | (_, Export::Yes) => Export::Yes,
            (Export::No, Export::No) => Export::No,
            _ => Export::Maybe,
        });
        self.assigned.insert(name.to_owned());
        if self.in_function {
            self.functions.set.insert(name.to_owned());
        }
        self.state.variables.insert(name.to_owned(), Variable { value, export, assigned: Some(assigned) });
    }

    /// Follows a command without assignments before it.
    fn call(&mut self, words: &[Placed], input: Option<Vec<Text>>, depth: usize) -> Vec<Text> {
        let Some(((first, _), arguments)) = words.split_first() else { return Vec::new() };
        let name = self.expand(first, depth);
        let command = command_of(&name);
        if self.functions.names.contains(command) {
            self.call_function(command);
        }
        match command {
            "export" | "declare" | "typeset" | "local" | "readonly" => self.declare(command, arguments, depth),
            "unset" => self.unset(arguments),
            "set" => self.set(arguments),
            "read" | "mapfile" | "readarray" | "getopts" => self.read(command, arguments),
            // Outside of a function it is an error, after which the script goes on.
            "return" if !self.in_function => {}
            "exit" | "return" => self.exit(arguments),
            "trap" => self.forget("`trap` may set it at any time"),
            "cd" | "pushd" | "popd" => self.change_directory(command, arguments, depth),
            "echo" => return self.echo(arguments, depth),
            "printf" if arguments.first().is_some_and(|(word, _)| word.keyword() == Some("-v")) => {
                self.read(command, &arguments[1..]);
            }
            "printf" => return self.printf(arguments, depth),
            "cat" if arguments.is_empty() => {
                return input.unwrap_or_else(|| vec![Text::unknown("what stands on standard input is not known")]);
            }
            "tee" => {
                if self.names_environment_file(arguments, depth) {
                    let spans: Vec<Range<usize>> = words.iter().map(|(_, span)| span.clone()).collect();
                    self.understood(&spans);
                    self.write(&input.clone().unwrap_or_else(|| vec![Text::unknown("`tee`")]), words[0].1.clone());
                }
                return input.unwrap_or_default();
            }
            "eval" => self.eval(arguments, depth),
            "source" | "." => {
                let before = self.state.clone();
                // It sees what is not exported as well.
                self.state.variables.values_mut().for_each(|variable| variable.export = Export::Yes);
                self.targets_in(arguments, depth);
                self.back_to(before);
                let file = arguments.first().and_then(|(word, _)| word.literal()).unwrap_or("a file");
                self.forget(&format!("`{command} {file}` may set it"));
            }
            "env" => self.env(words, depth),
            "command" | "builtin" if !is_question(arguments) => return self.call(arguments, input, depth),
            _ if self.only_prints(words, depth) => {
                self.expand_all(arguments, depth);
                if matches!(command, "[" | "[[" | "test" | ":" | "true" | "cat" | "ls") {
                    let spans: Vec<Range<usize>> = words.iter().map(|(_, span)| span.clone()).collect();
                    self.understood(&spans);
                }
            }
            _ => self.start(command, name.single().is_none(), words, input, depth),
        }
        vec![Text::unknown(format!("what `{command}` prints is not known"))]
    }

    /// Whatever a function does may have been done by now.
    fn call_function(&mut self, name: &str) {
        let why = format!("the function `{name}` may set it");
        if self.functions.forget {
            self.forget(&why);
        }
        for name in self.functions.set.clone() {
            let assigned = self.state.variables.get(&name).and_then(|variable| variable.assigned.clone());
            let variable = Variable { value: Text::unknown(&why), export: Export::Maybe, assigned };
            self.state.variables.insert(name, variable);
        }
        for name in self.functions.written.clone() {
            let written = Written { value: Text::unknown(&why), maybe_not: true, span: 0..0 };
            self.state.written.insert(name, written);
        }
    }

    /// Whether a command cannot run what it names.
    pub(super) fn only_prints(&mut self, words: &[Placed], depth: usize) -> bool {
        let rest = words.iter().position(|(word, _)| word.assignment().is_none());
        let Some(((first, _), arguments)) = rest.and_then(|rest| words[rest..].split_first()) else { return false };
        let name = self.name_of(first, depth);
        match command_of(&name) {
            "command" => is_question(arguments),
            "find" => !arguments.iter().any(|(word, _)| word.literal().is_some_and(|word| word.starts_with("-exec"))),
            "echo" | "printf" | "export" | "declare" | "cd" | "unset" => true,
            command => INERT.contains(&command) || is_syntax_check(command, arguments),
        }
    }

    /// The name of a command, without running again what stands in it.
    fn name_of(&mut self, word: &Word, depth: usize) -> Text {
        if word.runs_commands() { Text::unknown("a command is computed") } else { self.expand(word, depth) }
    }

    /// Whether a command puts what it names somewhere else.
    pub(super) fn copies_files(&mut self, words: &[Placed], depth: usize) -> bool {
        let Some((first, _)) = words.first() else { return false };
        let name = self.name_of(first, depth);
        matches!(command_of(&name), "cp" | "mv" | "ln" | "install")
    }

    /// A command that is not built in, and what it may start.
    fn start(&mut self, command: &str, is_unknown: bool, words: &[Placed], input: Option<Vec<Text>>, depth: usize) {
        if self.names_environment_file(&words[1..], depth) {
            self.state.opaque = Some(format!("`{command}` writes to ${ENVIRONMENT_FILE}"));
        }
        if self.targets_in(&words[..1], depth) {
            return;
        }
        let before = self.state.clone();
        self.copies += before.variables.len() + 1;
        if ISOLATED.contains(&command) {
            self.forget(&format!("`{command}` may start it with another environment"));
        } else if is_unknown {
            self.forget("a command that is not known may start it with another environment");
        }
        let inner = (1..words.len()).find(|index| words[*index].0.keyword().is_some_and(starts_others));
        let (own, rest) = words.split_at(inner.unwrap_or(words.len()));
        if SHELLS.contains(&command) {
            self.run_shell(own, input, depth);
        } else if LAUNCHERS.contains(&command) || ISOLATED.contains(&command) || is_unknown {
            self.targets_in(&own[1..], depth);
        } else {
            self.expand_all(&own[1..], depth);
        }
        if !rest.is_empty() && !SHELLS.contains(&command) {
            self.call(rest, None, depth);
        }
        // A command that is not known may be a builtin.
        if !is_unknown {
            self.back_to(before);
        }
    }

    /// A shell of its own: with a file, with `-c`, or with a script on its input.
    fn run_shell(&mut self, words: &[Placed], input: Option<Vec<Text>>, depth: usize) {
        let arguments = &words[1..];
        let (mut options, mut inline) = (0, false);
        while let Some(option) = arguments.get(options).and_then(|(word, _)| word.keyword()) {
            if !option.starts_with(['-', '+']) {
                break;
            }
            inline |= !option.starts_with("--") && option.contains('c');
            let takes_one = option.ends_with(['o', 'O']) || matches!(option, "--rcfile" | "--init-file");
            options += 1 + usize::from(takes_one);
        }
        match (arguments.get(options), input) {
            (Some((word, span)), _) if inline => {
                if let Some(script) = self.expand(word, depth).single().cloned() {
                    self.explained(std::slice::from_ref(span));
                    self.understood(std::slice::from_ref(span));
                    self.run_child(&script, span.start, depth + 1);
                }
            }
            (Some(_), _) => drop(self.targets_in(&arguments[options..], depth)),
            (None, Some(input)) => {
                let script = input.into_iter().fold(Text::empty(), Text::followed_by);
                if let Some(script) = script.single() {
                    self.run_child(script, words[0].1.start, depth + 1);
                }
            }
            (None, None) => {}
        }
    }

    /// A script in another process, which finds only what is exported.
    fn run_child(&mut self, script: &str, offset: usize, depth: usize) {
        let before = self.state.clone();
        let is_hidden = |variable: &Variable| variable.export == Export::No;
        for variable in self.state.variables.values_mut() {
            let export = if is_hidden(variable) { Export::No } else { Export::Yes };
            let seen = std::mem::replace(variable, Variable { value: Text::empty(), export, assigned: None }).seen();
            *variable = Variable { export, ..seen };
        }
        self.state.all_exported = Export::No;
        self.run_apart(script, offset, depth);
        self.back_to(before);
    }

    /// `eval` of a text that is known is followed; any other may do anything.
    fn eval(&mut self, arguments: &[Placed], depth: usize) {
        let space = || Text::known(" ".to_owned());
        let script = arguments
            .iter()
            .map(|(word, _)| self.expand(word, depth))
            .reduce(|one, other| one.followed_by(space()).followed_by(other));
        match (script.as_ref().and_then(Text::single), arguments) {
            (Some(script), [(_, first), ..]) if !script.contains(char::is_control) => {
                let spans: Vec<Range<usize>> = arguments.iter().map(|(_, span)| span.clone()).collect();
                self.explained(&spans);
                self.understood(&spans);
                self.run(script, first.start, depth + 1);
            }
            (_, []) => {}
            _ => self.forget("`eval` may set it"),
        }
    }

    /// `env` with its own assignments before a command.
    fn env(&mut self, words: &[Placed], depth: usize) {
        let before = self.state.clone();
        // The shell expands every word before `env` changes anything.
        let pairs: Vec<Pair> = words.iter().map(|(word, _)| self.pair(word, depth)).collect();
        let mut index = 1;
        while let Some((word, span)) = words.get(index) {
            let option = word.literal().unwrap_or_default();
            match &pairs[index] {
                Pair::Assigns(name, value) => {
                    self.give(name, value.clone(), span.start..span.start + name.len(), Some(Export::Yes));
                }
                _ if matches!(option, "-i" | "-" | "--ignore-environment") => {
                    self.state.variables.clear();
                    self.state.rest = None;
                }
                _ if matches!(option, "-u" | "--unset") => {
                    index += 1;
                    let name = words.get(index).and_then(|(name, _)| name.literal()).unwrap_or_default();
                    self.remove(name);
                }
                _ if option.starts_with("--unset=") => self.remove(&option["--unset=".len()..]),
                _ if option.starts_with("-u") => self.remove(&option["-u".len()..]),
                _ if matches!(option, "-C" | "--chdir") => {
                    index += 1;
                    let directory = words.get(index).cloned();
                    self.change_directory("cd", directory.as_slice(), depth);
                }
                // It splits a text into words, which nobody follows here.
                _ if option.starts_with("-S") || option.starts_with("--split") => return self.back_to(before),
                Pair::Option => {}
                Pair::Unknown => self.forget("`env` may set it"),
                Pair::Names(_) => break,
            }
            index += 1;
        }
        match words.get(index..) {
            Some(rest @ [_, ..]) => drop(self.call(rest, None, depth)),
            // A command that is not known may stand among what was passed over.
            _ => drop(self.targets_in(&words[1..], depth)),
        }
        self.back_to(before);
    }

    /// Notes every call of a target among words that are run; whether there was one.
    fn targets_in(&mut self, words: &[Placed], depth: usize) -> bool {
        let mut found = false;
        for (word, span) in words {
            let text = self.expand(word, depth);
            // What is a path and known to be another one.
            let mut is_other = self.state.directory.is_some()
                && matches!(&text.can, Can::BeOneOf(texts) if !texts.iter().any(|text| text.contains([' ', '\t', '\n', ';', '='])));
            for (target, wanted) in self.targets.iter().enumerate() {
                if self.may_be(word, &text, wanted) {
                    (found, is_other) = (true, true);
                    let variables = self.state.variables.clone();
                    let variables: Variables = variables.into_iter().map(|(name, it)| (name, it.seen())).collect();
                    self.copies += variables.len() + 1;
                    let rest = self.state.rest.clone();
                    let call = Call { target, span: span.clone(), variables, rest, deferred: self.in_function };
                    self.calls.push(call);
                }
            }
            // A file of that name in another directory is another file.
            if is_other && !word.runs_commands() {
                self.explained(std::slice::from_ref(span));
            }
        }
        found
    }

    /// Whether a word can be the path of a target. One behind a variable, such as that of
    /// the workspace, is still known by its end.
    fn may_be(&self, word: &Word, text: &Text, wanted: &str) -> bool {
        let directory = self.state.directory.as_deref();
        if let Can::BeOneOf(texts) = &text.can {
            return texts.iter().any(|path| names_path(path, wanted, directory));
        }
        matches!(word.pieces.last(), Some(Piece::Text(end)) if names_path(end, wanted, None))
    }

    fn declare(&mut self, command: &str, arguments: &[Placed], depth: usize) {
        let option = |sign: char| {
            let words = arguments.iter().filter_map(|(word, _)| word.keyword());
            words.filter(|word| word.starts_with('-')).any(|word| word.contains(sign))
        };
        let hides = (command == "export" && option('n'))
            || arguments
                .iter()
                .any(|(word, _)| word.keyword().is_some_and(|word| word.starts_with('+') && word.contains('x')));
        let exports = (command == "export" && !hides) || (command != "export" && option('x'));
        if command != "export" && option('n') {
            return self.forget(&format!("`{command} -n` gives a variable another name"));
        }
        for (word, span) in arguments {
            if word.assignment().is_some() {
                self.assign(word, span, depth, exports.then_some(Export::Yes));
                continue;
            }
            match self.pair(word, depth) {
                Pair::Assigns(name, value) => {
                    self.give(&name, value, span.start..span.start + name.len(), exports.then_some(Export::Yes));
                }
                Pair::Names(name) => self.mark(&name, hides, exports),
                Pair::Option => {}
                Pair::Unknown => self.forget(&format!("`{command}` may set it")),
            }
        }
    }

    /// Changes whether a variable is exported.
    fn mark(&mut self, name: &str, hides: bool, exports: bool) {
        match self.state.variables.get_mut(name) {
            Some(variable) if hides => variable.export = Export::No,
            Some(variable) if exports => variable.export = Export::Yes,
            None if exports => {
                let value = self.look_up(name);
                let variable = Variable { value, export: Export::Yes, assigned: None };
                self.state.variables.insert(name.to_owned(), variable);
            }
            _ => {}
        }
    }

    /// What an argument says once the shell has expanded it.
    fn pair(&mut self, word: &Word, depth: usize) -> Pair {
        if word.keyword().is_some_and(|word| word.starts_with(['-', '+'])) {
            return Pair::Option;
        }
        let mut fragments = self.fragments(word, depth).into_iter();
        let Some(first) = fragments.next() else { return Pair::Names(String::new()) };
        let Some(known) = first.single() else { return Pair::Unknown };
        match known.split_once('=') {
            Some((name, value)) if is_name(name) => {
                let value = Text::known(value.to_owned());
                Pair::Assigns(name.to_owned(), fragments.fold(value, Text::followed_by))
            }
            _ if fragments.len() > 0 => Pair::Unknown,
            _ => Pair::Names(known.clone()),
        }
    }

    fn unset(&mut self, arguments: &[Placed]) {
        for (word, span) in arguments {
            match word.literal() {
                Some(name) if is_name(name) => self.give(name, Text::empty(), span.clone(), Some(Export::No)),
                Some(_) => {}
                None => self.forget("`unset` may take it away"),
            }
        }
    }

    fn read(&mut self, command: &str, arguments: &[Placed]) {
        for (word, span) in arguments {
            match word.literal() {
                Some(name) if is_name(name) => {
                    self.give(name, Text::unknown(format!("`{command}` sets it")), span.clone(), None);
                }
                Some(_) => {}
                None => self.forget(&format!("`{command}` may set it")),
            }
            if command == "printf" {
                return;
            }
        }
    }

    fn remove(&mut self, name: &str) {
        let variable = Variable { value: Text::empty(), export: Export::Yes, assigned: None };
        self.state.variables.insert(name.to_owned(), variable);
    }

    fn set(&mut self, arguments: &[Placed]) {
        let words: Vec<&str> =
            arguments.iter().map_while(|(word, _)| word.literal().filter(|word| !word.starts_with("--"))).collect();
        let is = |sign: &str| {
            let short = |word: &&str| word.starts_with(sign) && word.contains('a');
            let long = |pair: &[&str]| pair[0].starts_with(sign) && pair[0].ends_with('o') && pair[1] == "allexport";
            words.iter().any(short) || words.windows(2).any(long)
        };
        if is("-") {
            self.state.all_exported = Export::Yes;
        } else if is("+") {
            self.state.all_exported = Export::No;
        }
    }

    fn change_directory(&mut self, command: &str, arguments: &[Placed], depth: usize) {
        let directory = arguments.iter().map(|(word, _)| word).find(|word| word.keyword() != Some("--"));
        let path = directory.and_then(|word| match self.expand(word, depth).single() {
            Some(path) => Some(path.clone()),
            // What a variable of the workspace begins is known by its end.
            None => match (word.pieces.first(), word.pieces.last()) {
                (Some(Piece::Variable(_)), Some(Piece::Text(end))) if word.pieces.len() == 2 => Some(end.clone()),
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

    /// From here on every variable can be anything.
    pub(super) fn forget(&mut self, why: &str) {
        self.state.variables.retain(|name, _| name == ENVIRONMENT_FILE);
        self.state.rest = Some(why.to_owned());
        self.anything_assigned = Some(why.to_owned());
        self.functions.forget |= self.in_function;
    }

    fn expand_all(&mut self, words: &[Placed], depth: usize) {
        for (word, _) in words {
            self.expand(word, depth);
        }
    }

    fn names_environment_file(&mut self, words: &[Placed], depth: usize) -> bool {
        words.iter().any(|(word, _)| {
            let text = self.name_of(word, depth);
            self.is_environment_file(&text) || word.literal().is_some_and(|word| word.contains(THE_FILE))
        })
    }

    pub(super) fn is_environment_file(&self, text: &Text) -> bool {
        matches!(&text.can, Can::BeOneOf(texts) if texts.iter().any(|text| text.contains(THE_FILE)))
    }
}

fn command_of(name: &Text) -> &str {
    name.single().map_or("", |name| name.rsplit('/').next().unwrap_or_default())
}

fn starts_others(word: &str) -> bool {
    let word = word.rsplit('/').next().unwrap_or_default();
    word == "env" || SHELLS.contains(&word) || ISOLATED.contains(&word) || LAUNCHERS.contains(&word)
}

/// Whether `command` is only asked what a name stands for.
fn is_question(arguments: &[Placed]) -> bool {
    arguments.first().is_some_and(|(word, _)| matches!(word.keyword(), Some("-v" | "-V")))
}

/// Whether a shell is only asked to read a script.
fn is_syntax_check(command: &str, arguments: &[Placed]) -> bool {
    let options = arguments.iter().map_while(|(word, _)| word.keyword().filter(|word| word.starts_with('-')));
    SHELLS.contains(&command) && options.into_iter().any(|option| !option.starts_with("--") && option.contains('n'))
}

/// Whether a path, taken in a directory, ends in the one that is wanted.
fn names_path(path: &str, wanted: &str, directory: Option<&str>) -> bool {
    let ends = |path: &str| {
        let before = path.strip_suffix(wanted.trim_start_matches("./"));
        before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
    };
    ends(&joined("", path)) || directory.is_some_and(|directory| ends(&joined(directory, path)))
}

/// A path below another, without `.` and `..` where they can be resolved.
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
