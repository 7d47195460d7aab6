//! Simple commands: assignments, commands that start others (`env`, `timeout`, shells), and
//! inert commands.

mod declare;
mod external;
mod print;

use super::effects::{ENV_FILE_TARGET, ENVIRONMENT_FILE};
use super::interpreter::{Interpreter, Output, own_spans};
use super::state::{Export, State, Variable};
use super::syntax::{Assignment, PieceKind, Redirect, Simple, Span, Word, is_name};
use slug_value::Text;

/// Commands that name a path without running it.
const INERT: [&str; 57] = [
    ":",
    "[",
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

/// Commands that start other commands in a separate environment.
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

/// Commands that start the command in their arguments in the current environment.
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
const BUILTINS: [&str; 15] = [
    ".",
    "builtin",
    "cd",
    "command",
    "declare",
    "eval",
    "export",
    "let",
    "mapfile",
    "read",
    "readarray",
    "set",
    "source",
    "typeset",
    "unset",
];

/// The shells whose scripts can be interpreted.
pub(super) const SHELLS: [&str; 6] = ["ash", "bash", "dash", "ksh", "sh", "zsh"];

impl Interpreter<'_> {
    /// Interprets a simple command; returns its output.
    pub(super) fn simple(&mut self, simple: &Simple, redirects: &[Redirect], input: Option<Output>) -> Output {
        let Simple { assignments, words } = simple;
        let mut spans = own_spans(words);
        spans.extend(self.redirect_spans(redirects));
        spans.extend(input.iter().flat_map(|input| input.spans.clone()));
        let values: Vec<Word> =
            assignments.iter().map(|it| Word { span: it.span.clone(), ..it.value.clone() }).collect();
        if self.state.ended {
            // Neither the command nor the substitutions in it run.
            values.iter().chain(words).for_each(|word| drop(self.expand(word)));
            self.resolve_all(&spans);
            self.resolve_all(&own_spans(&values));
            return Output::default();
        }
        self.store(&own_spans(&values), true);
        if words.is_empty() {
            assignments.iter().for_each(|assignment| self.assign(assignment, None));
            return Output::default();
        }
        let before = (!assignments.is_empty()).then(|| self.copy());
        assignments.iter().for_each(|assignment| self.assign(assignment, Some(Export::Yes)));
        let is_builtin = words[0].literal().is_some_and(|name| self.is_in_shell(&name));
        let mut output = self.call(words, input);
        match before {
            // The effects of a builtin persist. Shells differ in whether assignments before it do.
            Some(before) if is_builtin => assignments.iter().for_each(|it| self.keep_or_restore(&it.name, &before)),
            Some(before) => self.restore(before),
            None => {}
        }
        self.exec(words, redirects);
        if self.is_inert(words) {
            if is_named(words, &["echo", "printf", "export", "declare", "[", "test", ":", "true", "cat", "ls"]) {
                self.resolve_env(&spans);
            }
            let copy = words.last().filter(|_| is_named(words, &["cp", "mv", "ln", "install"]));
            if copy.and_then(Word::literal).is_some_and(|file| self.is_named_again(&file)) {
                self.store(&spans, false);
            } else {
                output.spans.extend(spans);
            }
        }
        output
    }

    /// Whether a command may change the variables of the shell.
    fn is_in_shell(&self, name: &str) -> bool {
        BUILTINS.contains(&name) || self.functions.names.contains(name)
    }

    /// Joins the value of a variable with its value in `before`: an assignment before a builtin may or
    /// may not persist.
    fn keep_or_restore(&mut self, name: &str, before: &State) {
        let old = before.variables.get(name).map_or(Text::empty(), |variable| variable.value.clone());
        let value = old.or(self.look_up(name)).with_reason("an assignment before a builtin may or may not persist");
        let assigned = self.state.variables.get(name).and_then(|variable| variable.assigned.clone());
        self.state.variables.insert(name.to_owned(), Variable { value, export: Export::Maybe, assigned });
    }

    /// Restores the variables of `before`; keeps writes for later steps and whether the script has
    /// ended.
    fn restore(&mut self, before: State) {
        self.spend(before.variables.len() + 1);
        let State { written, opaque, ended, .. } = std::mem::take(&mut self.state);
        self.state = State { written, opaque, ended, ..before };
    }

    fn assign(&mut self, assignment: &Assignment, export: Option<Export>) {
        let Assignment { name, name_span, value, .. } = assignment;
        let mut text = self.expand(value);
        let first = value.pieces.first().map(|piece| &piece.kind);
        if matches!(first, Some(PieceKind::Literal(text)) if text.starts_with('~')) {
            text = Text::unknown("a shell replaces `~` with a directory");
        }
        let is_array = matches!(value.pieces.as_slice(), [piece] if matches!(piece.kind, PieceKind::Array(_)));
        if assignment.has_subscript || is_array {
            self.note_special(name);
            text = Text::unknown("arrays are not interpreted");
        } else if assignment.appends {
            text = self.look_up(name).followed_by(text);
        }
        self.set_variable(name, text, name_span.clone(), export);
    }

    /// Sets a variable. If `export` is `None`, the variable stays exported or not, unless `allexport`
    /// is on.
    pub(super) fn set_variable(&mut self, name: &str, value: Text, assigned: Span, export: Option<Export>) {
        let unknown = if self.state.others_unknown.is_some() { Export::Maybe } else { Export::No };
        let before = self.state.variables.get(name).map_or(unknown, |variable| variable.export);
        let export = export.unwrap_or(match (before, self.state.all_exported) {
            (Export::Yes, _) | (_, Export::Yes) => Export::Yes,
            (Export::No, Export::No) => Export::No,
            _ => Export::Maybe,
        });
        self.note_assigned(name);
        let (value, export) = if self.state.special.contains(name) {
            (Text::unknown("a variable has an attribute that is not interpreted"), Export::Maybe)
        } else {
            (value, export)
        };
        self.state.variables.insert(name.to_owned(), Variable { value, export, assigned: Some(assigned) });
    }

    /// Sets a variable in an assignment that may not happen; `value` includes the old value.
    pub(super) fn maybe_set_variable(&mut self, name: &str, value: Text, assigned: Span) {
        let unknown = if self.state.others_unknown.is_some() { Export::Maybe } else { Export::No };
        let before = self.state.variables.get(name).map_or(unknown, |variable| variable.export);
        self.set_variable(name, value, assigned, None);
        if let Some(variable) = self.state.variables.get_mut(name) {
            variable.export = variable.export.or(before);
        }
    }

    /// Records that a variable has an attribute that changes an assignment.
    fn note_special(&mut self, name: &str) {
        self.state.special.insert(name.to_owned());
        if self.in_function {
            self.functions.special.insert(name.to_owned());
        }
    }

    /// Records that the script assigns, exports or stops exporting a variable.
    fn note_assigned(&mut self, name: &str) {
        self.assigned.insert(name.to_owned());
        if self.in_function {
            self.functions.set.insert(name.to_owned());
        }
    }

    /// Makes every variable unknown, except the one with the path of the environment file.
    pub(super) fn havoc(&mut self, reason: &str) {
        self.state.variables.retain(|name, _| name == ENVIRONMENT_FILE);
        self.state.others_unknown = Some(reason.to_owned());
        self.anything_assigned = Some(reason.to_owned());
        self.functions.havoc |= self.in_function;
    }

    /// Interprets a command without the assignments before it.
    fn call(&mut self, words: &[Word], input: Option<Output>) -> Output {
        let Some(first) = words.first() else { return Output::default() };
        let name = self.expand_run(first);
        let command = command_of(&name);
        if !self.functions.names.contains(command) {
            return self.command_named(&name, words, input);
        }
        // If the function is not defined yet, the command with its name runs.
        self.apply_functions(command);
        let as_function = self.copy();
        self.command_named(&name, words, input);
        self.join_with(as_function);
        Output::unknown(format!("the output of `{command}` is not known"))
    }

    fn command_named(&mut self, name: &Text, words: &[Word], input: Option<Output>) -> Output {
        let arguments = &words[1..];
        let command = command_of(name);
        match command {
            // `local` outside of a function is an error and assigns nothing.
            "local" if !self.in_function => arguments.iter().for_each(|word| drop(self.expand(word))),
            "export" | "declare" | "typeset" | "local" | "readonly" => self.declare(command, arguments),
            "unset" => self.unset(arguments),
            "set" => self.set(arguments),
            "let" => arguments.iter().for_each(|word| self.arithmetic_word(word)),
            "read" | "mapfile" | "readarray" | "getopts" => self.read(command, arguments),
            "break" | "continue" => {
                let levels = arguments.first().map_or(Some(1), |word| word.literal()?.parse().ok());
                self.leave_loop(levels, command == "break");
            }
            // `return` outside of a function is an error, and the script continues.
            "return" if !self.in_function => {}
            "return" => self.state.ended = true,
            "exit" => self.exit(arguments),
            "trap" => self.havoc("`trap` may set it at any time"),
            "cd" | "pushd" | "popd" => self.change_directory(command, arguments),
            "echo" => return Output::new(self.echo(arguments), Vec::new()),
            "printf" if arguments.first().is_some_and(|word| word.unquoted_literal() == Some("-v")) => {
                self.read(command, &arguments[1..]);
            }
            "printf" => return Output::new(self.printf(arguments), Vec::new()),
            "cat" if arguments.is_empty() => {
                let texts = input.map_or_else(
                    || vec![Text::unknown("the standard input of `cat` is not known")],
                    |input| input.texts,
                );
                return Output::new(texts, Vec::new());
            }
            "tee" => {
                let texts = input.map_or_else(
                    || vec![Text::unknown("the standard input of `tee` is not known")],
                    |input| input.texts,
                );
                if self.mentions_env_file(arguments) {
                    self.resolve_env(&own_spans(words));
                    self.write(&texts, span_of(words));
                }
                return Output::new(texts, Vec::new());
            }
            "eval" => self.eval(arguments),
            "source" | "." => self.source(command, arguments),
            "env" => self.env(words),
            "command" | "builtin" if !is_lookup(arguments) => return self.call(arguments, input),
            _ if self.is_inert(words) => arguments.iter().for_each(|word| drop(self.expand(word))),
            _ => self.external(command, name.single().is_none(), words, input),
        }
        Output::unknown(format!("the output of `{command}` is not known"))
    }

    /// Whether a command cannot run the paths in its arguments.
    fn is_inert(&mut self, words: &[Word]) -> bool {
        let Some((first, arguments)) = words.split_first() else { return false };
        let name = self.expand_again(first);
        match command_of(&name) {
            "command" => is_lookup(arguments),
            "find" => !arguments.iter().any(|word| word.literal().is_some_and(|word| word.starts_with("-exec"))),
            "echo" | "printf" | "export" | "declare" | "cd" | "unset" => true,
            command => INERT.contains(&command) || is_syntax_check(command, arguments),
        }
    }

    /// Expands a word without interpreting the command substitutions in it a second time.
    fn expand_again(&mut self, word: &Word) -> Text {
        let runs_commands = own_spans(std::slice::from_ref(word)).len() > 1;
        if runs_commands { Text::unknown("a word is computed by a command") } else { self.expand(word) }
    }

    /// Interprets `exec`, which replaces the shell or redirects its output.
    fn exec(&mut self, words: &[Word], redirects: &[Redirect]) {
        if !is_named(words, &["exec"]) {
            return;
        }
        if words.len() > 1 {
            let state = self.copy();
            self.exits.states.push(state);
            self.exits.may_fail = true;
            self.state.ended = true;
            return;
        }
        for redirect in redirects.iter().filter(|redirect| redirect.operator.writes_file()) {
            let file = self.expand(&redirect.target);
            if self.is_env_file(&file) || (file.single().is_none() && self.names_env_file) {
                self.state.opaque = Some(format!("a script may redirect its whole output to ${ENVIRONMENT_FILE}"));
            }
        }
    }

    /// Interprets `exit`, which ends the script or the subshell. After a failure of the script no later
    /// step runs, so its writes for later steps do not matter.
    fn exit(&mut self, arguments: &[Word]) {
        let status = arguments.first().map_or(Some(0), |word| word.literal()?.parse::<u8>().ok());
        self.exits.may_fail |= status != Some(0);
        if status.is_none_or(|status| status == 0) || self.subshells > 0 {
            let state = self.copy();
            self.exits.states.push(state);
        }
        self.state.ended = true;
    }

    /// Interprets `eval` of a known text; `eval` of another text may set any variable.
    fn eval(&mut self, arguments: &[Word]) {
        let space = || Text::known(" ".to_owned());
        let texts = arguments.iter().map(|word| self.expand_run(word));
        let script = texts.reduce(|one, other| one.followed_by(space()).followed_by(other));
        let Some(first) = arguments.first() else { return };
        match script.as_ref().and_then(Text::single) {
            Some(script) if self.script(script, start_of(first), &own_spans(arguments)) => {}
            _ => self.havoc("`eval` may set it"),
        }
    }

    /// Interprets `source`: the file may set any variable and sees variables that are not exported.
    fn source(&mut self, command: &str, arguments: &[Word]) {
        let before = self.copy();
        self.state.variables.values_mut().for_each(|variable| variable.export = Export::Yes);
        self.targets_in(arguments);
        self.restore(before);
        let file = arguments.first().and_then(Word::literal);
        let file = file.as_deref().unwrap_or("a file");
        self.havoc(&format!("`{command} {file}` may set it"));
    }

    fn unset(&mut self, arguments: &[Word]) {
        for word in arguments {
            match word.literal() {
                Some(name) if is_name(&name) => {
                    self.set_variable(&name, Text::empty(), word.span.clone(), Some(Export::No));
                }
                Some(name) => {
                    if let Some((name, _)) = name.split_once('[').filter(|(name, _)| is_name(name)) {
                        self.set_variable(name, Text::unknown("arrays are not interpreted"), word.span.clone(), None);
                    }
                }
                None => {
                    self.expand(word);
                    self.havoc("`unset` may remove it");
                }
            }
        }
    }

    fn read(&mut self, command: &str, arguments: &[Word]) {
        let is_option = |word: &Word| word.literal().is_some_and(|it| it.starts_with('-') && it.contains('a'));
        let is_array = command != "read" || arguments.iter().any(is_option);
        for word in arguments {
            match word.literal() {
                Some(name) if is_name(&name) => {
                    // `read -a` and `mapfile` make an array.
                    if !matches!(command, "printf" | "getopts") && is_array {
                        self.note_special(&name);
                    }
                    self.set_variable(&name, Text::unknown(format!("`{command}` sets it")), word.span.clone(), None);
                }
                Some(_) => {}
                None => {
                    self.expand(word);
                    self.havoc(&format!("`{command}` may set it"));
                }
            }
            if command == "printf" {
                return;
            }
        }
    }

    fn set(&mut self, arguments: &[Word]) {
        let literals = arguments.iter().map_while(|word| word.literal().filter(|word| !word.starts_with("--")));
        let words: Vec<String> = literals.map(std::borrow::Cow::into_owned).collect();
        let is = |sign: &str| {
            let short = |word: &String| word.starts_with(sign) && word.contains('a');
            let long = |pair: &[String]| pair[0].starts_with(sign) && pair[0].ends_with('o') && pair[1] == "allexport";
            words.iter().any(short) || words.windows(2).any(long)
        };
        let exported = match (is("-"), is("+")) {
            (true, _) => Export::Yes,
            (_, true) => Export::No,
            _ => return,
        };
        self.state.all_exported = exported;
        self.functions.change_exports |= self.in_function;
    }

    fn mentions_env_file(&mut self, words: &[Word]) -> bool {
        words.iter().any(|word| {
            let text = self.expand_again(word);
            self.is_env_file(&text) || word.literal().is_some_and(|word| word.contains(ENV_FILE_TARGET))
        })
    }
}

/// The name of a command without its directory; empty if unknown.
fn command_of(name: &Text) -> &str {
    name.single().map_or("", |name| name.rsplit('/').next().unwrap_or_default())
}

/// Whether the name of a command is a literal in `names`.
fn is_named(words: &[Word], names: &[&str]) -> bool {
    words.first().and_then(Word::literal).is_some_and(|word| names.contains(&word.as_ref()))
}

/// The span from the first word to the last.
fn span_of(words: &[Word]) -> Span {
    words.first().map_or(0..0, |first| first.span.start..words[words.len() - 1].span.end)
}

/// The byte at which the text of a word begins, inside its quotes.
fn start_of(word: &Word) -> usize {
    match word.pieces.as_slice() {
        [piece] if matches!(piece.kind, PieceKind::SingleQuoted(_) | PieceKind::DoubleQuoted(_)) => {
            piece.span.start + 1
        }
        _ => word.span.start,
    }
}

/// Whether `command` only looks up a name (`-v`, `-V`).
fn is_lookup(arguments: &[Word]) -> bool {
    arguments.first().is_some_and(|word| matches!(word.unquoted_literal(), Some("-v" | "-V")))
}

/// Whether a shell only checks the syntax of a script (`-n`).
fn is_syntax_check(command: &str, arguments: &[Word]) -> bool {
    let options = arguments.iter().map_while(|word| word.unquoted_literal().filter(|word| word.starts_with('-')));
    SHELLS.contains(&command) && options.into_iter().any(|option| !option.starts_with("--") && option.contains('n'))
}
