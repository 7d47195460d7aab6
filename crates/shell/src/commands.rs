//! Simple commands: assignments, commands that start others (`env`, `timeout`, shells), and
//! inert commands.

mod added;
mod checkers;
mod choices;
mod containers;
mod declare;
mod external;
mod filters;
mod just;
mod launch;
mod make;
mod modules;
mod packages;
mod print;
mod runners;
mod tasks;
mod writes;

pub use choices::{is_model_option_name, mentions_settings_file};
pub(super) use launch::runs_other_language;
pub use runners::{is_command_line, may_run_files};
pub use writes::may_change_files;

pub(super) use filters::{FILTERS, is_known_filter};

use super::array::{Array, countable};
use super::files::{SourceFile, has_carriage_returns, needs_bash};
use super::forge::{ENV_FILE_TARGET, ENVIRONMENT_FILE, OUTPUT_FILE, WORKSPACE, WORKSPACE_VARIABLE};
use std::collections::BTreeSet;
use std::rc::Rc;

use super::interpreter::{Interpreter, Outcome, Output, own_spans};
use super::state::{Attribute, Export, State, Variable, joined};
use super::syntax::{Assignment, Piece, PieceKind, Redirect, RedirectOperator, Simple, Span, Word, is_name};
use slug_value::{AbstractValue, Text, Tristate};

/// Commands that name a path without running it.
const INERT: [&str; 56] = [
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
    "install",
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
const ISOLATED: [&str; 34] = [
    "act",
    "apptainer",
    "aws-vault",
    "buildah",
    "bwrap",
    "chpst",
    "chroot",
    "devbox",
    "devcontainer",
    "direnv",
    "docker",
    "docker-compose",
    "doppler",
    "dotenv",
    "dotenvx",
    "firejail",
    "flatpak",
    "incus",
    "kubectl",
    "lxc",
    "machinectl",
    "nerdctl",
    "nix",
    "nix-shell",
    "op",
    "podman",
    "podman-compose",
    "runuser",
    "ssh",
    "su",
    "sudo",
    "systemd-run",
    "tox",
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

/// Builtins before which an assignment persists in other shells than bash, besides those in [`BUILTINS`].
const SPECIAL: [&str; 10] = [":", "break", "continue", "exec", "exit", "readonly", "return", "shift", "times", "trap"];

/// Variables and arrays that change without an assignment.
const DYNAMIC: [&str; 25] = [
    "BASHPID",
    "BASH_ALIASES",
    "BASH_ARGC",
    "BASH_ARGV",
    "BASH_ARGV0",
    "BASH_CMDS",
    "BASH_COMMAND",
    "BASH_LINENO",
    "BASH_REMATCH",
    "BASH_SOURCE",
    "BASH_SUBSHELL",
    "COPROC",
    "COPROC_PID",
    "DIRSTACK",
    "EPOCHREALTIME",
    "EPOCHSECONDS",
    "FUNCNAME",
    "GROUPS",
    "HISTCMD",
    "LINENO",
    "PIPESTATUS",
    "RANDOM",
    "SECONDS",
    "SRANDOM",
    "_",
];

/// Whether a variable or an array changes without an assignment.
pub(super) fn is_dynamic(name: &str) -> bool {
    DYNAMIC.contains(&name)
}

/// Why the value of such a variable is unknown.
pub(super) const DYNAMIC_VALUE: &str = "the shell changes it itself";

/// The shells whose scripts can be interpreted.
pub(super) const SHELLS: [&str; 6] = ["ash", "bash", "dash", "ksh", "sh", "zsh"];

/// Signals for which every shell sets a trap.
const SIGNALS: [&str; 15] =
    ["0", "1", "2", "3", "15", "ALRM", "CHLD", "EXIT", "HUP", "INT", "PIPE", "QUIT", "TERM", "USR1", "USR2"];

impl Interpreter<'_> {
    /// Interprets a simple command.
    pub(super) fn simple(&mut self, simple: &Simple, redirects: &[Redirect], input: Option<Output>) -> Outcome {
        let Simple { assignments, words } = simple;
        let mut spans = own_spans(words);
        spans.extend(self.redirect_spans(redirects));
        spans.extend(input.iter().flat_map(|input| input.spans.clone()));
        let values: Vec<Word> =
            assignments.iter().map(|it| Word { span: it.span.clone(), ..it.value.clone() }).collect();
        if self.state.ended {
            // Neither the command nor the substitutions in it run.
            if self.is_recording {
                let named = self.occurrences.targets_in(&spans);
                self.unreached.extend(named);
            }
            values.iter().chain(words).for_each(|word| drop(self.expand(word)));
            self.resolve_all(&spans);
            self.resolve_all(&own_spans(&values));
            return Outcome::unknown(Output::default());
        }
        self.store(&own_spans(&values), true);
        let mut words = self.words(words);
        if let Some((end, file)) = file_of_shell(&words, redirects) {
            let arguments = words.split_off(end);
            // The option says that the script is the input, and here the file is an argument.
            let without_input = |word: Word| match word.literal().filter(|it| is_input_option(it)) {
                Some(option) => self.value_word(Text::known(option.replace('s', "")), &word.span),
                None => word,
            };
            words = words.into_iter().map(without_input).chain([file.clone()]).chain(arguments).collect();
        }
        if words.is_empty() {
            self.substitution_status = None;
            assignments.iter().for_each(|assignment| self.assign(assignment, None));
            let is_special = assignments.iter().any(|assignment| self.may_fail_to_assign(assignment));
            let status = self.substitution_status.take().unwrap_or(Tristate::ALWAYS);
            return Outcome::silent(if is_special { Tristate::UNKNOWN } else { status });
        }
        let before = (!assignments.is_empty()).then(|| self.copy());
        let discarded = if before.is_some() { self.discarded.take() } else { None };
        if before.is_some() {
            // The shell expands the words before it assigns.
            words = words.iter().map(|word| self.frozen(word)).collect();
        }
        let words = words.as_slice();
        let is_builtin = words[0].literal().is_some_and(|name| self.is_in_shell(&name));
        for assignment in assignments {
            // A program or a function gets a text instead of an array.
            let is_array = assignment.subscript.is_some() || assignment.value.array().is_some();
            if is_array || self.state.arrays.contains_key(&assignment.name) {
                self.state.set_any_attribute(&assignment.name);
            }
            if let Some(attribute) = self.state.attributes.remove(&assignment.name) {
                // A program or a function gets a variable without attributes, except that an array stays one.
                let stays = matches!(attribute, Attribute::ReadOnly | Attribute::Other);
                if is_builtin || stays {
                    let attribute = if stays { attribute } else { Attribute::Other };
                    self.state.attributes.insert(assignment.name.clone(), attribute);
                }
            }
            self.assign(assignment, Some(Export::Yes));
        }
        let is_kept = is_builtin || !self.runs_in_bash && words[0].literal().is_some_and(|name| is_special(&name));
        let mut outcome = self.call(words, input);
        if let Some(before) = &before {
            self.keep_or_restore_in_discarded(assignments, before);
            self.discarded = joined(discarded, self.discarded.take());
        }
        match before {
            // The effects of a builtin persist. Shells differ in whether assignments before it do.
            Some(before) if is_kept => {
                outcome = outcome.without_states();
                let reads = self.runs_in_bash && is_named(words, &["mapfile", "read", "readarray"]);
                let is_name_of = |name: &str| words.iter().any(|word| word.literal().is_none_or(|word| word == name));
                for Assignment { name, .. } in assignments {
                    match before.variables.get(name) {
                        // A command that only reads does not keep it.
                        Some(old) if reads && !is_name_of(name) => {
                            self.state.variables.insert(name.clone(), old.clone());
                        }
                        None if reads && !is_name_of(name) => drop(self.state.variables.remove(name)),
                        _ => self.keep_or_restore(name, &before),
                    }
                }
            }
            Some(before) => {
                outcome = outcome.without_states();
                self.restore(before);
            }
            None => {}
        }
        self.exec(words, redirects);
        if self.is_inert(words) {
            if is_named(words, &["echo", "printf", "export", "declare", "[", "test", ":", "true", "cat", "ls"]) {
                self.resolve_env(&spans);
            }
            let copy = words.last().filter(|_| is_named(words, &["cp", "mv", "ln", "install"]));
            // A copy that the script names again may be run.
            if !copy.and_then(Word::literal).is_some_and(|file| self.is_named_again(&file)) {
                outcome.output.spans.extend(spans);
            }
        }
        outcome
    }

    /// Whether a command may change the variables of the shell.
    fn is_in_shell(&self, name: &str) -> bool {
        BUILTINS.contains(&name) || self.state.functions.contains_key(name)
    }

    /// Whether an assignment may be an error, or its status may be another one.
    fn may_fail_to_assign(&self, assignment: &Assignment) -> bool {
        let attribute = self.state.attributes.get(&assignment.name);
        assignment.subscript.is_some() || matches!(attribute, Some(Attribute::ReadOnly | Attribute::Other))
    }

    /// Joins the value of a variable with its value in `before`: an assignment before a builtin may or
    /// may not persist.
    fn keep_or_restore(&mut self, name: &str, before: &State) {
        let unset = || before.others_unknown.clone().map_or_else(Text::empty, Text::unknown);
        let old = before.variables.get(name).map_or_else(unset, |variable| variable.value.clone());
        let value = old.or(self.look_up(name)).with_reason("an assignment before a builtin may or may not persist");
        let assigned = self.state.variables.get(name).and_then(|variable| variable.assigned.clone());
        self.state.variables.insert(name.to_owned(), Variable { value, export: Export::Maybe, assigned });
    }

    /// Joins the values of assigned variables with their values in `before`, in the state after the rest of the line is
    /// skipped.
    fn keep_or_restore_in_discarded(&mut self, assignments: &[Assignment], before: &State) {
        let Some(discarded) = self.discarded.take() else { return };
        let state = std::mem::replace(&mut self.state, discarded);
        for Assignment { name, .. } in assignments {
            self.keep_or_restore(name, before);
            if let Some(attribute) = before.attributes.get(name) {
                self.state.attributes.insert(name.clone(), *attribute);
            }
        }
        self.discarded = Some(std::mem::replace(&mut self.state, state));
    }

    /// Restores the variables of `before`; keeps writes for later steps and whether the script has
    /// ended.
    fn restore(&mut self, before: State) {
        self.spend(before.variables.len() + 1);
        let State { written, opaque, open_value, line_end, ended, exit_traps, error_traps, .. } =
            std::mem::take(&mut self.state);
        self.state = State { written, opaque, open_value, line_end, ended, exit_traps, error_traps, ..before };
    }

    fn assign(&mut self, assignment: &Assignment, export: Option<Export>) {
        let Assignment { name, name_span, value, .. } = assignment;
        if let Some(words) = value.array().filter(|_| assignment.subscript.is_none()) {
            return self.assign_array(name, words, assignment.appends, name_span.clone());
        }
        let mut text = self.expand(value);
        let first = value.pieces.first().map(|piece| &piece.kind);
        if matches!(first, Some(PieceKind::Literal(text)) if text.starts_with('~')) {
            text = Text::unknown("a shell replaces `~` with a directory");
        }
        if let Some(subscript) = &assignment.subscript {
            let key = self.key_of(name, subscript, &assignment.span);
            if assignment.appends {
                let (old, _) = self.element(name, &key);
                text = self.appended(name, old, text, name_span);
            }
            return self.set_element(name, key, text, name_span.clone());
        }
        if assignment.appends {
            let old = self.look_up(name);
            text = self.appended(name, old, text, name_span);
        }
        self.set_variable(name, text, name_span.clone(), export);
    }

    /// The value after `+=`, which adds to an integer.
    pub(super) fn appended(&mut self, name: &str, old: Text, text: Text, span: &Span) -> Text {
        match self.state.attributes.get(name) {
            Some(Attribute::Integer) => self.increased(&old, &text, span),
            _ => old.followed_by(text),
        }
    }

    /// Sets a variable. If `export` is `None`, the variable stays exported or not, unless `allexport`
    /// is on.
    pub(super) fn set_variable(&mut self, name: &str, value: Text, assigned: Span, export: Option<Export>) {
        let value = self.converted(name, value, &assigned);
        let array = self.state.arrays.get(name).map(Rc::clone);
        if let Some(array) = array.as_deref().filter(|array| **array != Array::Unknown)
            && self.state.attributes.get(name) != Some(&Attribute::ReadOnly)
        {
            return self.set_array(name, array.clone().with_first(value), assigned);
        }
        let unknown = if self.state.others_unknown.is_some() { Export::Maybe } else { Export::No };
        let before = self.state.variables.get(name).map_or(unknown, |variable| variable.export);
        let export = export.unwrap_or(match (before, Export::under(self.state.options.allexport)) {
            (Export::Yes, _) | (_, Export::Yes) => Export::Yes,
            (Export::No, Export::No) => Export::No,
            _ => Export::Maybe,
        });
        let is_certain = !matches!(self.state.attributes.get(name), Some(Attribute::Other | Attribute::ReadOnly));
        let export = if is_certain && array.is_none() { export } else { Export::Maybe };
        if self.state.attributes.get(name) == Some(&Attribute::ReadOnly) {
            // After this error, bash skips the rest of the command and goes on with the next line; POSIX shells exit.
            self.havoc(READ_ONLY);
            self.discard_here();
            self.end_shell(Tristate::UNKNOWN);
        }
        self.state.maybe_unset.remove(name);
        self.note_assigned(name, &value, Some(&assigned));
        self.state.variables.insert(name.to_owned(), Variable { value, export, assigned: Some(assigned) });
    }

    /// The value that a variable gets by an assignment of a value.
    pub(super) fn converted(&mut self, name: &str, value: Text, assigned: &Span) -> Text {
        if is_dynamic(name) {
            return Text::unknown(DYNAMIC_VALUE);
        }
        match self.state.attributes.get(name) {
            None => value,
            Some(Attribute::Uppercase) => in_case(value, str::to_ascii_uppercase),
            Some(Attribute::Lowercase) => in_case(value, str::to_ascii_lowercase),
            Some(Attribute::Integer) => self.integer(&value, assigned),
            Some(Attribute::Other) => {
                // The value of an integer may be an error.
                self.discard_here();
                Text::unknown(UNKNOWN_ATTRIBUTE)
            }
            Some(Attribute::ReadOnly) => Text::unknown(READ_ONLY),
        }
    }

    /// Records a value that the script of a target gives to a variable that decides what it does.
    pub(super) fn note_assigned(&mut self, name: &str, value: &Text, assigned: Option<&Span>) {
        if let Some(inside) = self.inside.as_mut().filter(|_| !self.state.ended && self.names.contains(name)) {
            inside.assigned.push((name.to_owned(), value.clone(), assigned.cloned().unwrap_or_default()));
        }
    }

    /// Records that the script of a target may give any value to each variable that decides what it does.
    pub(super) fn note_all_assigned(&mut self, reason: &str, at: &Span) {
        let names = self.names;
        for name in names {
            self.note_assigned(name, &Text::unknown(reason), Some(at));
        }
    }

    /// Sets a variable in an assignment that may not happen; `value` includes the old value.
    pub(super) fn maybe_set_variable(&mut self, name: &str, value: Text, assigned: Span) {
        let unknown = if self.state.others_unknown.is_some() { Export::Maybe } else { Export::No };
        let before = self.state.variables.get(name).map_or(unknown, |variable| variable.export);
        let is_maybe_unset = self.state.maybe_unset.contains(name);
        self.set_variable(name, value, assigned, None);
        if is_maybe_unset {
            self.state.maybe_unset.insert(name.to_owned());
        }
        if let Some(variable) = self.state.variables.get_mut(name) {
            variable.export = variable.export.or(before);
        }
    }

    /// Makes every variable unknown, except those with paths that the forge sets.
    pub(super) fn havoc(&mut self, reason: &str) {
        let is_path = |name: &str| [ENVIRONMENT_FILE, OUTPUT_FILE, WORKSPACE_VARIABLE].contains(&name);
        self.state.variables.retain(|name, _| is_path(name));
        let arrays: Vec<String> = self.state.arrays.keys().cloned().collect();
        arrays.iter().for_each(|name| self.state.forget_elements(name));
        self.state.others_unknown = Some(reason.to_owned());
    }

    /// Interprets a command without the assignments before it.
    fn call(&mut self, words: &[Word], input: Option<Output>) -> Outcome {
        let Some(first) = words.first() else { return Outcome::success(Output::default()) };
        let name = self.expand_run(first);
        let definitions = name.single().and_then(|name| self.state.functions.get(name)).cloned();
        match (name.single(), definitions) {
            (Some(function), Some(definitions)) => {
                let otherwise = |it: &mut Self| it.command_named(&name, words, input.clone());
                self.call_function(function, &definitions, &words[1..], input.as_ref(), otherwise)
            }
            _ => self.command_named(&name, words, input),
        }
    }

    fn command_named(&mut self, name: &Text, words: &[Word], input: Option<Output>) -> Outcome {
        let frozen: Vec<Word>;
        let mut words = words;
        let command = command_of(name);
        if matches!(command, "export" | "declare" | "typeset" | "local" | "readonly" | "env" | "cross-env") {
            // The shell expands every word before the command changes anything.
            frozen = words.iter().map(|word| self.frozen(word)).collect();
            words = &frozen;
        }
        let arguments = &words[1..];
        self.note_changes(command, arguments);
        let silent = |status| Outcome::silent(status);
        match command {
            ":" | "true" => {
                arguments.iter().for_each(|word| drop(self.expand(word)));
                silent(Tristate::ALWAYS)
            }
            "false" => silent(Tristate::NEVER),
            "test" => Outcome { output: Output::default(), status: self.test_command(arguments) },
            "[" if arguments.last().and_then(Word::unquoted_literal) == Some("]") => {
                let status = self.test_command(&arguments[..arguments.len() - 1]);
                Outcome { output: Output::default(), status }
            }
            // `local` outside of a function is an error and assigns nothing.
            "local" if self.active_functions.is_empty() => {
                arguments.iter().for_each(|word| drop(self.expand(word)));
                silent(Tristate::NEVER)
            }
            "export" | "declare" | "typeset" | "local" | "readonly" => {
                self.declare(command, arguments);
                let is_declared = arguments.iter().all(|word| self.is_declared(word));
                silent(if is_declared { Tristate::ALWAYS } else { Tristate::UNKNOWN })
            }
            "unset" => {
                self.unset(arguments);
                silent(Tristate::ALWAYS)
            }
            "set" => {
                self.set(arguments);
                silent(Tristate::ALWAYS)
            }
            "shopt" => {
                let status = self.shopt(arguments);
                silent(status)
            }
            "shift" => {
                self.shift(arguments);
                silent(Tristate::UNKNOWN)
            }
            "let" => {
                let status = self.let_command(arguments);
                silent(status)
            }
            "wait" if arguments.iter().any(names_process) => {
                self.read(command, arguments);
                silent(Tristate::UNKNOWN)
            }
            "read" if let Some(status) = self.read_line(arguments, input.as_ref()) => silent(status),
            "mapfile" | "readarray" if self.map_lines(arguments, input.as_ref()).is_some() => silent(Tristate::ALWAYS),
            "read" | "mapfile" | "readarray" | "getopts" => {
                self.read(command, arguments);
                silent(Tristate::UNKNOWN)
            }
            "break" | "continue" => {
                let levels = arguments.first().map_or(Some(1), |word| word.literal()?.parse().ok());
                self.leave_loop(levels, command == "break");
                silent(Tristate::ALWAYS)
            }
            // `return` outside of a function is an error, and the script continues.
            // Outside of a function it is an error in bash and ends other shells.
            "return" if self.returns.is_none() => {
                self.end_shell(Tristate::UNKNOWN);
                silent(Tristate::NEVER)
            }
            "return" => {
                self.return_command(arguments);
                silent(Tristate::UNKNOWN)
            }
            "exit" => {
                self.ends.exit_commands += usize::from(!self.state.ended);
                let status = arguments.first().map(|word| self.field(word));
                self.exit(status.as_ref());
                silent(Tristate::UNKNOWN)
            }
            "trap" => {
                let status = self.trap(arguments);
                silent(status)
            }
            "cd" | "pushd" | "popd" => {
                let status = self.change_directory(command, arguments);
                silent(status)
            }
            "pwd" => {
                let directory = self.look_up("PWD");
                Outcome::success(Output::new(vec![directory, Text::known("\n".to_owned())], Vec::new()))
            }
            "dirname" | "basename" if arguments.len() == 1 => {
                let path = self.field(&arguments[0]);
                let part = match &path.values {
                    AbstractValue::OneOf(paths) => {
                        let part = |path: &String| if command == "dirname" { dirname(path) } else { basename(path) };
                        Text::one_of(paths.iter().map(part), path.reasons)
                    }
                    _ => Text::non_empty(format!("the output of `{command}` is not known")),
                };
                Outcome::success(Output::new(vec![part, Text::known("\n".to_owned())], Vec::new()))
            }
            "printenv" if arguments.len() == 1 => {
                // An unset variable prints no line break, which only a substitution removes.
                let name = self.field(&arguments[0]).single().cloned();
                let variable = name.as_ref().and_then(|name| self.state.variables.get(name)).cloned();
                let value = match (variable, name) {
                    (Some(variable), _) => variable.visible().value,
                    (None, Some(name)) if !name.starts_with('-') => self.look_up(&name),
                    (None, _) => Text::unknown("the output of `printenv` is not known"),
                };
                let is_set = value.values.is_never_absent();
                let status = if is_set { Tristate::ALWAYS } else { Tristate::UNKNOWN };
                let output = Output::new(vec![value, Text::known("\n".to_owned())], Vec::new());
                let output = if is_set { output } else { output.or(Output::default()) };
                Outcome { output, status: status.into() }
            }
            "git" if is_top_level_query(arguments) => {
                let top = Text::known(WORKSPACE.to_owned());
                Outcome::unknown(Output::new(vec![top, Text::known("\n".to_owned())], Vec::new()))
            }
            "echo" => Outcome::success(Output::new(self.echo(arguments), Vec::new())),
            "printf" if arguments.first().is_some_and(|word| word.literal().as_deref() == Some("-v")) => {
                self.printf_to_variable(&arguments[1..]);
                silent(Tristate::ALWAYS)
            }
            "printf" => Outcome::success(Output::new(self.printf(arguments), Vec::new())),
            "cat" if arguments.is_empty() || is_named(arguments, &["-"]) => {
                let texts = input.map_or_else(
                    || vec![Text::unknown("the standard input of `cat` is not known")],
                    |input| input.texts,
                );
                Outcome::success(Output::new(texts, Vec::new()))
            }
            _ if let Some(outcome) = self.filter(command, arguments, input.as_ref()) => outcome,
            "tee" => {
                let texts = input.map_or_else(
                    || vec![Text::unknown("the standard input of `tee` is not known")],
                    |input| input.texts,
                );
                if self.mentions_env_file(arguments) {
                    self.resolve_env(&own_spans(words));
                    let appends =
                        arguments.iter().any(|word| matches!(word.literal().as_deref(), Some("-a" | "--append")));
                    self.write(&texts, span_of(words), appends);
                }
                let output = Output::new(texts, Vec::new());
                self.note_tee_files(arguments, &output);
                Outcome::unknown(output)
            }
            "eval" => self.eval(arguments),
            "source" | "." => self.source(command, arguments),
            "env" | "cross-env" => self.env(words),
            "command" | "builtin" if !is_lookup(arguments) => match arguments.split_first() {
                // A function of this name is not called.
                Some((first, _)) => {
                    let name = self.expand_run(first);
                    self.started(|it| it.command_named(&name, arguments, input))
                }
                None => silent(Tristate::ALWAYS),
            },
            _ if self.is_inert(words) => {
                self.note_files_written_by(command, words);
                arguments.iter().for_each(|word| drop(self.expand(word)));
                Outcome::unknown(Output::unknown(format!("the output of `{command}` is not known")))
            }
            _ => self.external(name, words, input),
        }
    }

    /// Whether a command cannot run the paths in its arguments.
    fn is_inert(&mut self, words: &[Word]) -> bool {
        let Some((first, arguments)) = words.split_first() else { return false };
        let name = self.expand_again(first);
        match command_of(&name) {
            "command" => is_lookup(arguments),
            "find" => !arguments
                .iter()
                .any(|word| word.literal().is_some_and(|word| word.starts_with("-exec") || word.starts_with("-ok"))),
            "echo" | "printf" | "export" | "declare" | "cd" | "unset" => true,
            command => INERT.contains(&command) || is_syntax_check(command, arguments) || self.checks_files(words),
        }
    }

    /// Expands a word without interpreting the command substitutions in it a second time.
    pub(super) fn expand_again(&mut self, word: &Word) -> Text {
        let runs_commands = own_spans(std::slice::from_ref(word)).len() > 1;
        if runs_commands { Text::unknown("a word is computed by a command") } else { self.expand(word) }
    }

    /// Interprets `exec`, which replaces the shell or redirects its output.
    fn exec(&mut self, words: &[Word], redirects: &[Redirect]) {
        if !is_named(words, &["exec"]) {
            return;
        }
        if words.len() > 1 {
            self.end_shell(Tristate::UNKNOWN);
            self.state.ended = true;
            return;
        }
        for redirect in redirects.iter().filter(|redirect| redirect.operator.writes_file()) {
            let file = self.expand(&redirect.target);
            if self.is_env_file(&file) || (file.single().is_none() && self.names_env_file) {
                let reason = format!("a script may redirect its whole output to ${}", self.file_variable);
                self.opaque_until_end = Some(reason);
            }
        }
    }

    /// Interprets `trap` and returns its exit status.
    fn trap(&mut self, arguments: &[Word]) -> Tristate {
        let words: Vec<Option<String>> = arguments.iter().map(|word| self.field(word).single().cloned()).collect();
        let from = match words.first().and_then(Option::as_deref) {
            Some("-l" | "-p" | "-P") => return Tristate::UNKNOWN,
            Some("--") => 1,
            _ => 0,
        };
        let removes = Some("-".to_owned());
        let (action, signals) = match &words[from..] {
            [] => return Tristate::ALWAYS,
            // A signal alone removes its trap.
            signal @ [_] => (&removes, signal),
            [action, signals @ ..] => (action, signals),
        };
        // A run that is not interrupted gets no other signal. The names are in any case. Bash refuses `SIGEXIT`, after
        // which scripts set the trap of `EXIT`.
        let name = |signal: &Option<String>| signal.as_deref().map(str::to_ascii_uppercase);
        let at_end = |signal: &Option<String>| matches!(name(signal).as_deref(), Some("EXIT" | "SIGEXIT" | "0"));
        let at_any_time = |signal: &Option<String>| matches!(name(signal).as_deref(), None | Some("DEBUG" | "RETURN"));
        let after_failure = |signal: &Option<String>| name(signal).as_deref() == Some("ERR");
        let is_removed = matches!(action.as_deref(), Some("" | "-"));
        let runs_at_any_time = !is_removed && signals.iter().any(at_any_time);
        let trap = |unknown: &str| {
            let action = action.clone().unwrap_or_else(|| unknown.to_owned());
            (!is_removed).then(|| (action, start_of(&arguments[from])))
        };
        let (at_end, after_failure) = (signals.iter().any(at_end), signals.iter().any(after_failure));
        if at_end {
            self.state.exit_traps = BTreeSet::from([trap(ANY_STATUS)]);
        }
        if after_failure {
            self.state.error_traps = BTreeSet::from([trap(ANY_COMMAND)]);
            // Other shells have no such trap.
            self.state.error_traps.extend((!self.runs_in_bash).then_some(None));
        }
        if runs_at_any_time {
            // What the action names stays unresolved: it may be called at any time.
            self.calls_unknown_functions |= !self.state.functions.is_empty();
            if signals.contains(&None) {
                self.state.error_traps.insert(Some((ANY_COMMAND.to_owned(), start_of(&arguments[from]))));
            }
            self.havoc("`trap` may set it at any time");
        } else if action.is_none() && (at_end || after_failure) {
            // What the action names may run later.
            let known = self.known_text(&arguments[from]);
            self.note_files_in(&known, &mut Vec::new());
            self.calls_unknown_functions = true;
            if self.names_env_file {
                self.opaque_until_end = Some("a trap may set it when the script ends".to_owned());
            }
        } else {
            self.resolve_all(&own_spans(arguments));
        }
        let is_accepted = |signal: &Option<String>| match name(signal).as_deref() {
            Some("ERR" | "DEBUG" | "RETURN") => self.runs_in_bash,
            Some(signal) => SIGNALS.contains(&signal),
            None => false,
        };
        if signals.iter().all(is_accepted) { Tristate::ALWAYS } else { Tristate::UNKNOWN }
    }

    /// The parts of a word that are known.
    fn known_text(&mut self, word: &Word) -> String {
        let texts = self.argument(word);
        texts.iter().map(|text| text.single().map_or(" ", String::as_str)).collect()
    }

    /// Interprets `eval` of a known text; `eval` of another text may set any variable.
    fn eval(&mut self, arguments: &[Word]) -> Outcome {
        let space = || Text::known(" ".to_owned());
        let texts = arguments.iter().map(|word| self.expand_run(word));
        let script = texts.reduce(|one, other| one.followed_by(space()).followed_by(other));
        let Some(first) = arguments.first() else { return Outcome::success(Output::default()) };
        let script = script.as_ref().and_then(Text::single);
        if let Some(outcome) = script.and_then(|script| self.script(script, start_of(first), &own_spans(arguments))) {
            return outcome;
        }
        self.calls_unknown_functions = true;
        self.note_all_assigned("`eval` may set it", &first.span);
        self.havoc("`eval` may set it");
        Outcome::unknown(Output::unknown("the output of `eval` is not known"))
    }

    /// Interprets `source`. A file may be a target; it sees variables that are not exported.
    fn source(&mut self, command: &str, arguments: &[Word]) -> Outcome {
        let (before, first) = (self.copy(), self.calls.len());
        for variable in self.state.variables.values_mut() {
            // One that is not exported and empty may be unset.
            let is_set = variable.export == Export::Yes || variable.value.values.is_never_absent();
            variable.export = if is_set { Export::Yes } else { Export::Maybe };
        }
        let (file, rest) = arguments.split_at(arguments.len().min(1));
        self.targets_in(command, file, Some(rest));
        self.restore(before);
        self.look_inside(first, |it| drop(it.source_file(command, arguments)));
        self.source_file(command, arguments)
    }

    /// Interprets the file that `source` names. A file that is not known may set any variable.
    fn source_file(&mut self, command: &str, arguments: &[Word]) -> Outcome {
        let unknown = || Outcome::unknown(Output::unknown(format!("the output of `{command}` is not known")));
        let Some((first, rest)) = arguments.split_first() else { return unknown() };
        let path = self.expand_run(first).single().cloned();
        let found = path.as_ref().and_then(|path| Some((path, self.file_at(path)?)));
        let is_unknown = |path: &str, file: &SourceFile| {
            self.change_of(path).is_some()
                || has_carriage_returns(&file.text)
                || !self.runs_in_bash && needs_bash(&file.text)
        };
        if let Some((path, file)) = found.as_ref().filter(|(path, file)| is_unknown(path, file)) {
            self.note_uninterpreted(&file.text, file.base, path);
            self.note_doubt(file, self.change_of(path));
        } else if let Some((path, file)) = found {
            let rest: Vec<Text> = rest.iter().map(|word| self.field(word)).collect();
            let outer = self.state.arguments.clone();
            if !rest.is_empty() {
                self.state.arguments = countable(rest.clone());
            }
            let outcome = self.until_return(|it| it.file(path, &file, false).map(Outcome::without_states));
            if !rest.is_empty() {
                // The arguments that `set --` sets in the file stay.
                let is_same = self.state.arguments.as_ref() == Some(&rest);
                self.state.arguments = outer.filter(|_| is_same);
            }
            if let Some(outcome) = outcome {
                self.resolve(&own_spans(arguments));
                return outcome.without_states();
            }
        }
        let change = path.as_ref().and_then(|path| self.change_of(path));
        if path.is_some_and(|path| path.ends_with("bin/activate")) {
            // A virtual environment of Python sets these variables only.
            for name in ["PATH", "VIRTUAL_ENV", "VIRTUAL_ENV_PROMPT", "PS1", "PYTHONHOME"] {
                self.set_variable(name, Text::unknown(format!("`{command}` sets it")), first.span.clone(), None);
            }
            return unknown();
        }
        let file = first.literal();
        let file = file.as_deref().unwrap_or("a file");
        self.calls_unknown_functions = true;
        let reason = match change {
            Some(change) => format!("{change}, which `{command}` reads"),
            None => format!("`{command} {file}` may set it"),
        };
        self.note_all_assigned(&reason, &first.span);
        self.havoc(&reason);
        unknown()
    }

    fn unset(&mut self, arguments: &[Word]) {
        let option = arguments.first().and_then(Word::literal).filter(|option| option.starts_with('-'));
        // `-n` removes references only, and other options together are an error.
        if option.is_some_and(|option| option.contains('n') || option.contains('f') && option.contains('v')) {
            return;
        }
        let removes_functions = is_named(arguments, &["-f"]);
        for word in arguments {
            match word.literal() {
                Some(name) if removes_functions => drop(self.state.functions.remove(name.as_ref())),
                Some(name) if is_name(&name) => {
                    // A variable that is read-only stays, and an array stays one in some shells.
                    let attribute = self.state.attributes.get(&*name);
                    if attribute != Some(&Attribute::ReadOnly) {
                        self.state.arrays.remove(&*name);
                    }
                    if matches!(attribute, Some(Attribute::Uppercase | Attribute::Lowercase | Attribute::Integer)) {
                        self.state.attributes.remove(&*name);
                    }
                    let (value, export) = match self.hidden_by_local(&name) {
                        // The shell has no value, but a command gets the variable that was hidden.
                        Some(hidden) => (Text::empty().or(hidden.visible().value).with_reason(HIDDEN), Export::Maybe),
                        None => (Text::empty(), Export::No),
                    };
                    let is_hidden = export == Export::Maybe;
                    self.set_variable(&name, value, word.span.clone(), Some(export));
                    if is_hidden {
                        // A later assignment may be to either of them.
                        self.state.attributes.insert(name.clone().into_owned(), Attribute::Other);
                    }
                }
                name => {
                    let name = match name {
                        Some(name) => Some(name.into_owned()),
                        None => self.field(word).single().filter(|name| name.contains('[')).cloned(),
                    };
                    let Some(name) = name else {
                        self.havoc("`unset` may remove it");
                        continue;
                    };
                    let element = name.strip_suffix(']').and_then(|name| name.split_once('['));
                    if let Some((name, subscript)) = element.filter(|(name, _)| is_name(name)) {
                        self.unset_element(name, subscript, &word.span);
                    }
                }
            }
        }
    }

    /// Interprets `read` with a known input; `None` if the values are not known.
    fn read_line(&mut self, arguments: &[Word], input: Option<&Output>) -> Option<Tristate> {
        let text = input?.clone().into_text().single()?.clone();
        let mut names: Vec<(String, Span)> = Vec::new();
        let (mut is_raw, mut is_array) = (false, false);
        for word in arguments {
            match word.literal()?.as_ref() {
                "-r" if names.is_empty() => is_raw = true,
                "-a" if names.is_empty() => is_array = true,
                "-ra" | "-ar" if names.is_empty() => (is_raw, is_array) = (true, true),
                name if is_name(name) => names.push((name.to_owned(), word.span.clone())),
                _ => return None,
            }
        }
        let separators = match self.state.variables.get("IFS") {
            Some(variable) => variable.value.single()?.clone(),
            None => " \t\n".to_owned(),
        };
        let (line, is_whole) = text.split_once('\n').map_or((text.as_str(), false), |(line, _)| (line, true));
        if names.is_empty() || (!is_raw && line.contains('\\')) || self.state.others_unknown.is_some() {
            return None;
        }
        if is_array {
            let [(name, span)] = names.as_slice() else { return None };
            if self.is_associative(name) {
                return None;
            }
            let words = fields_of_line(line, &separators)?.into_iter().map(Text::known);
            self.set_array(name, Array::of(words), span.clone());
            return Some(if is_whole { Tristate::ALWAYS } else { Tristate::NEVER });
        }
        let values = split_line(line, &separators, names.len())?;
        for ((name, span), value) in names.into_iter().zip(values) {
            self.set_variable(&name, Text::known(value), span, None);
        }
        Some(if is_whole { Tristate::ALWAYS } else { Tristate::NEVER })
    }

    /// Interprets `mapfile` with a known input; `None` if the elements are not known.
    fn map_lines(&mut self, arguments: &[Word], input: Option<&Output>) -> Option<()> {
        let text = input?.clone().into_text().single()?.clone();
        let (word, options) = arguments.split_last()?;
        let strips = match options {
            [] => false,
            [option] if option.literal()? == "-t" => true,
            _ => return None,
        };
        let name = word.literal().filter(|name| is_name(name) && !self.is_associative(name))?;
        let line = |line: &str| line.strip_suffix('\n').filter(|_| strips).unwrap_or(line).to_owned();
        let lines = text.split_inclusive('\n').map(|text| Text::known(line(text)));
        self.set_array(&name, Array::of(lines), word.span.clone());
        Some(())
    }

    /// Whether a variable is an associative array, which `mapfile` and `read -a` do not accept.
    fn is_associative(&self, name: &str) -> bool {
        matches!(self.state.arrays.get(name).map(|array| &**array), Some(Array::Associative(_)))
    }

    fn read(&mut self, command: &str, arguments: &[Word]) {
        let is_option = |word: &Word| word.literal().is_some_and(|it| it.starts_with('-') && it.contains('a'));
        let is_array = command != "read" || arguments.iter().any(is_option);
        let span = span_of(arguments);
        for option in arguments.iter().filter(|word| command == "wait" && names_process(word)) {
            // The name may follow at once.
            let name = option.literal().and_then(|option| Some(option.split_once('p')?.1.to_owned()));
            if let Some(name) = name.filter(|name| is_name(name)) {
                self.forget_array(&name, span.clone());
            }
        }
        let own: &[&str] = match command {
            "getopts" => &["OPTARG", "OPTIND"],
            "read" => &["REPLY"],
            "wait" => &[],
            _ => &["MAPFILE"],
        };
        for name in own {
            self.set_read_variable(name, command, span.clone());
        }
        for word in arguments {
            match word.literal() {
                Some(name) if is_name(&name) => {
                    // `read -a` and `mapfile` make an array.
                    if command != "getopts" && is_array {
                        self.forget_read_array(&name, word.span.clone());
                    } else {
                        self.set_read_variable(&name, command, word.span.clone());
                    }
                }
                Some(text) => {
                    if let Some((name, _)) = text.split_once('[').filter(|(name, _)| is_name(name)) {
                        self.forget_read_array(name, word.span.clone());
                    }
                }
                None => {
                    self.expand(word);
                    self.havoc(&format!("`{command}` may set it"));
                }
            }
        }
    }

    /// Sets a variable to a text that is not known. If the variable is an integer, the text may not be a number.
    fn set_read_variable(&mut self, name: &str, command: &str, span: Span) {
        if self.state.attributes.get(name) == Some(&Attribute::Integer) {
            self.discard_here();
        }
        self.set_variable(name, Text::unknown(format!("`{command}` sets it")), span, None);
    }

    /// The same for elements of an array, of which some are set before the first that is not a number.
    fn forget_read_array(&mut self, name: &str, span: Span) {
        let is_integer = self.state.attributes.get(name) == Some(&Attribute::Integer);
        self.forget_array(name, span);
        if is_integer {
            self.discard_here();
        }
    }

    /// Interprets `set`: its options, and the arguments that it sets.
    fn set(&mut self, arguments: &[Word]) {
        let mut index = 0;
        while let Some(option) = arguments.get(index).and_then(Word::literal) {
            if option == "--" {
                index += 1;
                // The script may run a target that an argument names.
                self.store(&own_spans(arguments), true);
                let words = &arguments[index..];
                let fields: Vec<Text> = words.iter().map(|word| self.field(word)).collect();
                // What a command prints is usually several words.
                let is_output =
                    |piece: &Piece| matches!(&piece.kind, PieceKind::Command(list) if !list.items.is_empty());
                let is_known = |text: &Text| matches!(text.values, AbstractValue::OneOf(_));
                let are_counted =
                    words.iter().zip(&fields).all(|(word, text)| is_known(text) || !word.pieces.iter().any(is_output));
                self.state.arguments = countable(fields).filter(|_| are_counted);
                return;
            }
            let Some(letters) = option.strip_prefix(['-', '+']) else { break };
            let is_on = option.starts_with('-');
            let name = if letters.ends_with('o') {
                index += 1;
                arguments.get(index).and_then(Word::literal)
            } else {
                None
            };
            self.state.options.set_letters(letters, is_on);
            self.state.options.set(name.as_deref().unwrap_or_default(), is_on);
            index += 1;
        }
        if let Some(rest) = arguments.get(index..).filter(|rest| !rest.is_empty()) {
            let is_known = rest.iter().all(|word| word.literal().is_some());
            self.state.arguments = is_known.then(|| rest.iter().map(|word| self.field(word)).collect());
        }
    }

    /// Interprets `shopt`, which sets options of bash or asks for them.
    fn shopt(&mut self, arguments: &[Word]) -> Tristate {
        let words: Vec<Option<String>> = arguments.iter().map(|word| self.field(word).single().cloned()).collect();
        let letters: String =
            words.iter().flatten().filter(|word| word.starts_with('-')).map(|word| &word[1..]).collect();
        let is_on = letters.contains('s');
        if !self.runs_in_bash || !is_on && !letters.contains('u') {
            return Tristate::UNKNOWN;
        }
        for word in words {
            match word {
                Some(option) if option.starts_with('-') => {}
                Some(name) => self.state.options.set(&name, is_on),
                None => self.state.options.forget_shopt(),
            }
        }
        Tristate::ALWAYS
    }

    /// Interprets `shift`, which removes the first arguments.
    fn shift(&mut self, arguments: &[Word]) {
        let count = match arguments.first() {
            None => Some(1),
            Some(word) => self.field(word).single().and_then(|count| count.parse::<usize>().ok()),
        };
        let known = self.state.arguments.take().zip(count);
        self.state.arguments = known.map(|(mut arguments, count)| {
            if count <= arguments.len() {
                arguments.drain(..count);
            }
            arguments
        });
    }

    /// Interprets `printf -v NAME FORMAT …`.
    fn printf_to_variable(&mut self, arguments: &[Word]) {
        match arguments.split_first() {
            Some((word, format)) if word.literal().is_some_and(|name| is_name(&name)) => {
                let value = self.printf(format).into_iter().fold(Text::empty(), Text::followed_by);
                let name = word.literal().unwrap_or_default().into_owned();
                self.set_variable(&name, value, word.span.clone(), None);
            }
            _ => self.havoc("`printf` may set it"),
        }
    }

    fn mentions_env_file(&mut self, words: &[Word]) -> bool {
        words.iter().any(|word| {
            let text = self.expand_again(word);
            self.is_env_file(&text) || word.literal().is_some_and(|word| word.contains(ENV_FILE_TARGET))
        })
    }
}

/// The fields of a line that `read` assigns to this number of variables; the last one gets the rest. `None` if the
/// separators are a mixture.
fn split_line(line: &str, separators: &str, count: usize) -> Option<Vec<String>> {
    let mut rest = line;
    let mut values = Vec::new();
    let is_separator = |sign: char| separators.contains(sign);
    if separators.chars().all(|sign| matches!(sign, ' ' | '\t' | '\n')) {
        rest = rest.trim_matches(is_separator);
        while values.len() + 1 < count {
            let (field, after) = rest.split_once(is_separator).unwrap_or((rest, ""));
            values.push(field.to_owned());
            rest = after.trim_start_matches(is_separator);
        }
    } else {
        let mut signs = separators.chars();
        let (Some(separator), None) = (signs.next(), signs.next()) else { return None };
        while values.len() + 1 < count {
            let (field, after) = rest.split_once(separator).unwrap_or((rest, ""));
            values.push(field.to_owned());
            rest = after;
        }
        // A shell drops one separator at the end in some cases.
        if rest.ends_with(separator) {
            return None;
        }
    }
    values.push(rest.to_owned());
    Some(values)
}

/// The fields of a line that are the elements of an array. `None` if the separators are a mixture.
fn fields_of_line(line: &str, separators: &str) -> Option<Vec<String>> {
    let is_separator = |sign: char| separators.contains(sign);
    if separators.chars().all(|sign| matches!(sign, ' ' | '\t' | '\n')) {
        let fields = line.split(is_separator).filter(|field| !field.is_empty());
        return Some(if separators.is_empty() { vec![line.to_owned()] } else { fields.map(str::to_owned).collect() });
    }
    let mut signs = separators.chars();
    let (Some(separator), None) = (signs.next(), signs.next()) else { return None };
    // A shell drops one separator at the end.
    let fields = line.strip_suffix(separator).unwrap_or(line).split(separator).map(str::to_owned);
    Some(if line.is_empty() { Vec::new() } else { fields.collect() })
}

/// The directory of a path, as `dirname` prints it.
fn dirname(path: &str) -> String {
    match path.trim_end_matches('/').rsplit_once('/') {
        Some(("", _)) => "/".to_owned(),
        Some((directory, _)) => directory.trim_end_matches('/').to_owned(),
        None if path.starts_with('/') => "/".to_owned(),
        None => ".".to_owned(),
    }
}

/// The last part of a path, as `basename` prints it.
fn basename(path: &str) -> String {
    let trimmed = path.trim_end_matches('/');
    trimmed.rsplit('/').next().unwrap_or_default().to_owned()
}

/// Whether the arguments of `git` ask for the root of the repository.
fn is_top_level_query(arguments: &[Word]) -> bool {
    let words: Option<Vec<_>> = arguments.iter().map(Word::literal).collect();
    words.is_some_and(|words| words == ["rev-parse", "--show-toplevel"])
}

/// The name of a command without its directory; empty if unknown.
fn command_of(name: &Text) -> &str {
    name.single().map_or("", |name| name.rsplit('/').next().unwrap_or_default())
}

/// What a trap may do to the status of the shell when it ends, if the text of the trap is not known.
const ANY_STATUS: &str = "exit $unknown";

/// What a trap may do after a failure, if its text is not known.
const ANY_COMMAND: &str = "eval \"$unknown\"; [ \"$unknown\" ] && exit $unknown";

/// Why nothing is known after an assignment to a read-only variable.
const READ_ONLY: &str = "a variable may be read-only";

/// Why a variable is unknown that a function has made local and then unset.
const HIDDEN: &str = "a function unsets a local variable that hides another";

/// Why a variable with an attribute is unknown.
const UNKNOWN_ATTRIBUTE: &str = "a variable has an attribute that is not interpreted";

/// A text after an assignment to a variable with an attribute. Which other letters change depends on the
/// locale.
fn in_case(text: Text, convert: fn(&str) -> String) -> Text {
    match &text.values {
        AbstractValue::OneOf(texts) if texts.iter().all(|text| text.is_ascii()) => {
            Text::one_of(texts.iter().map(|text| convert(text)), text.reasons.clone())
        }
        _ => text.or(Text::unknown(UNKNOWN_ATTRIBUTE)),
    }
}

fn is_named(words: &[Word], names: &[&str]) -> bool {
    words.first().and_then(Word::literal).is_some_and(|word| names.contains(&word.as_ref()))
}

/// Whether a word is an option of `wait` that a variable follows (`-p`).
fn names_process(word: &Word) -> bool {
    word.literal().is_some_and(|word| word.starts_with('-') && word.contains('p'))
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
        pieces => pieces.first().map_or(word.span.start, |first| first.span.start),
    }
}

/// The bytes of the name in a word `NAME=value`; those of the whole word if its text comes from a variable.
fn span_of_name(word: &Word, name: &str) -> Span {
    let start = start_of(word);
    match word.pieces.first() {
        Some(Piece { kind: PieceKind::SingleQuoted(text), span }) if span.len() != text.len() + 2 => word.span.clone(),
        _ => start..start + name.len(),
    }
}

/// Whether an assignment before a builtin persists in other shells than bash.
fn is_special(name: &str) -> bool {
    SPECIAL.contains(&name)
}

/// Whether `command` only looks up a name (`-v`, `-V`).
fn is_lookup(arguments: &[Word]) -> bool {
    arguments.first().is_some_and(|word| matches!(word.unquoted_literal(), Some("-v" | "-V")))
}

/// Whether an option of a shell says that its script is its input, and that the words after it are arguments.
pub(super) fn is_input_option(option: &str) -> bool {
    option.starts_with('-') && !option.starts_with("--") && option.contains('s')
}

/// The file that a shell reads as its script, as in `bash < FILE`, and the number of words before the arguments.
fn file_of_shell<'r>(words: &[Word], redirects: &'r [Redirect]) -> Option<(usize, &'r Word)> {
    let (program, options) = words.split_first()?;
    let is_shell = |name: &str| SHELLS.contains(&name.rsplit('/').next().unwrap_or_default());
    let is_plain = |option: &Word| option.literal().is_some_and(|it| it.starts_with('-') && !it.contains(['c', 'o']));
    let mut inputs = redirects.iter().filter(|it| it.descriptor.as_deref().is_none_or(|it| it == "0"));
    let input = inputs.rfind(|it| it.here_document.is_some() || !it.operator.writes_file())?;
    let is_file = input.operator == RedirectOperator::Input && input.here_document.is_none();
    let count = options.iter().take_while(|option| is_plain(option)).count();
    let reads_input = options[..count].iter().any(|option| option.literal().is_some_and(|it| is_input_option(&it)));
    let is_script = is_file && program.literal().is_some_and(|name| is_shell(&name));
    (is_script && (reads_input || count == options.len())).then_some((1 + count, &input.target))
}

/// Whether a shell only checks the syntax of a script (`-n`).
fn is_syntax_check(command: &str, arguments: &[Word]) -> bool {
    let options = arguments.iter().map_while(|word| word.unquoted_literal().filter(|word| word.starts_with('-')));
    SHELLS.contains(&command) && options.into_iter().any(|option| !option.starts_with("--") && option.contains('n'))
}

#[cfg(test)]
mod tests;
