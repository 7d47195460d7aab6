//! External commands: shells, `env` and other commands that start commands, and calls of targets.

use super::super::array::countable;
use super::super::effects::Call;
use super::super::files::{
    ResolvedPath, SourceFile, has_carriage_returns, interpreter_of, joined, needs_bash, options_of_file,
};
use super::super::forge::STARTUP_FILE;
use super::super::interpreter::{Interpreter, Outcome, Output, own_spans};
use super::super::options::ShellOptions;
use super::super::placeholder::is_placeholder;
use super::super::state::{Export, State, Variable, Variables};
use super::super::syntax::{PieceKind, Word, flattened, is_name, literal_end};
use super::super::targets::find_targets;
use super::added::is_action_of_find;
use super::declare::Pair;
use super::launch::{after_module, keeps_environment, launch, started_command, unversioned};
use super::runners::{is_command_line, runs_files, runs_other_tasks};
use super::tasks::runs_tasks;
use super::writes::is_writer;
use super::{ISOLATED, LAUNCHERS, SHELLS, command_of, is_input_option, span_of, span_of_name, start_of};
use slug_value::{AbstractValue, Text, Tristate};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// The words by which package managers change what is installed, and show it.
const INSTALLATIONS: [&str; 15] = [
    "add",
    "download",
    "i",
    "info",
    "install",
    "list",
    "ls",
    "pull",
    "remove",
    "search",
    "show",
    "uninstall",
    "update",
    "upgrade",
    "view",
];

/// Programs that install packages.
const PACKAGE_MANAGERS: [&str; 21] = [
    "apk", "apt", "apt-get", "brew", "bun", "cargo", "choco", "conda", "dnf", "docker", "gem", "go", "npm", "pip",
    "pip3", "pipx", "pnpm", "podman", "snap", "uv", "yarn",
];

/// Options whose values are commands for a shell.
const SCRIPT_OPTIONS: [&str; 7] = ["-e", "-x", "--call", "--cmd", "--command", "--exec", "--run"];

/// Programs whose arguments are commands for a shell.
const STARTERS_OF_SCRIPTS: [&str; 4] = ["concurrently", "ssh", "start-server-and-test", "watch"];

/// Builtins of a shell that are no programs.
const BUILTINS: [&str; 30] = [
    ".",
    ":",
    "alias",
    "break",
    "builtin",
    "cd",
    "command",
    "continue",
    "declare",
    "eval",
    "exec",
    "exit",
    "export",
    "getopts",
    "let",
    "local",
    "mapfile",
    "popd",
    "pushd",
    "read",
    "readarray",
    "readonly",
    "return",
    "set",
    "shift",
    "shopt",
    "source",
    "trap",
    "typeset",
    "unset",
];

/// Interpreted commands that are programs of the system; a package may have another program of this name.
const PROGRAMS: [&str; 10] = ["[", "basename", "cat", "dirname", "echo", "false", "printf", "pwd", "test", "true"];

impl Interpreter<'_> {
    /// Interprets an external command and the commands that it may start.
    pub(super) fn external(&mut self, name: &Text, words: &[Word], input: Option<Output>) -> Outcome {
        let first = self.calls.len();
        let outcome = self.start(name, words, input.clone());
        self.look_inside(first, |it| drop(it.start(name, words, input)));
        outcome
    }

    fn start(&mut self, name: &Text, words: &[Word], input: Option<Output>) -> Outcome {
        let command = command_of(name);
        let is_unknown = name.single().is_none();
        if self.mentions_env_file(&words[1..]) {
            self.state.set_opaque(format!("`{command}` writes to ${}", self.file_variable));
        }
        let unknown = || Outcome::unknown(Output::unknown(format!("the output of `{command}` is not known")));
        if self.targets_in(command, &words[..1], Some(&words[1..])) || self.is_command_of_target(words) {
            return unknown();
        }
        if let Some(words) = self.with_found_script(command, words) {
            return self.start(name, &words, input);
        }
        if let Some(name) = name.single() {
            self.note_program_of_path(name, &words[0]);
        }
        self.note_other_tasks(command, words);
        if name.single().is_some_and(|name| name.contains('/'))
            && let Some(outcome) = self.run_file(&words[0], &words[1..], None)
        {
            return outcome;
        }
        if SHELLS.contains(&command) {
            return self.shell(command, words, input);
        }
        let packages = installed_packages(command, words);
        for package in packages {
            // A package may have the name of a target.
            if !self.is_file(package) {
                self.resolve(&own_spans(std::slice::from_ref(package)));
            }
        }
        if let Some(outcome) = self.task(command, words) {
            return outcome;
        }
        if let Some(outcome) = self.container(command, words) {
            return outcome;
        }
        let frozen: Vec<Word>;
        let words = if ISOLATED.contains(&command) {
            // The shell expands every word before the program changes the environment.
            frozen = words.iter().map(|word| self.frozen(word)).collect();
            frozen.as_slice()
        } else {
            words
        };
        if let Some(index) = keeps_environment(command, words) {
            return self.env(&words[index - 1..]);
        }
        let before = self.copy();
        if ISOLATED.contains(&command) {
            self.havoc(&format!("`{command}` may start it with another environment"));
        } else if is_unknown {
            self.havoc("an unknown command may start it with another environment");
            self.calls_unknown_functions |= !self.state.functions.is_empty();
        }
        if let Some((kind, index)) = launch(command, words) {
            if self.loads_variables(command, &words[1..index]) {
                self.havoc(&format!("`{command}` may set it from a file"));
            }
            self.note_env_files(&words[1..index]);
            for word in &words[1..index] {
                let text = self.expand(word);
                self.set_by_argument(command, word, &text);
            }
            let outcome = self.launched(&kind, words, index);
            self.restore(before);
            return outcome.unwrap_or_else(unknown);
        }
        let starts_others = |word: &Word| word.literal().is_some_and(|word| starts_others(&word));
        let inner = match command {
            _ if !packages.is_empty() => None,
            "find" => words.iter().position(is_action_of_find).map(|action| action + 1),
            _ => started_command(command, words)
                .filter(|index| self.is_followed(&words[*index..]))
                .or_else(|| {
                    (1..words.len()).find(|index| starts_others(&words[*index]) || self.finds_script(&words[*index..]))
                })
                .or_else(|| (1..words.len()).find(|index| begins_command(words, *index))),
        };
        let starts_its_arguments = packages.is_empty() && (LAUNCHERS.contains(&command) || ISOLATED.contains(&command));
        let inner = match inner {
            None if starts_its_arguments => (1..words.len()).find(|index| self.is_file(&words[*index])),
            inner => inner,
        };
        let (own, rest) = words.split_at(inner.unwrap_or(words.len()));
        if starts_its_arguments || is_unknown {
            self.targets_in(command, &own[1..], None);
        }
        for word in &own[1..] {
            let text = self.expand_again(word);
            self.set_by_argument(command, word, &text);
            self.read_by_argument(&text);
        }
        self.scripts_in_arguments(command, own);
        let is_known = starts_its_arguments || STARTERS.contains(&command);
        if !is_known && !rest.is_empty() && name.single().is_none_or(|name| !name.contains('/')) {
            self.havoc(&format!("`{command}` may start it with another environment"));
        }
        let is_option = |word: &Word| word.literal().is_some_and(|it| it.starts_with('-') && it.contains('c'));
        if command == "exec" && own[1..].first().is_some_and(is_option) {
            self.havoc("`exec -c` starts it without an environment");
        }
        if command == "find" {
            self.actions_of_find(own, rest);
        } else if !rest.is_empty() {
            self.command_with_added(command, own, rest);
        }
        // An unknown command may be a builtin, whose effects persist.
        if !is_unknown {
            self.restore(before);
        }
        unknown()
    }

    /// Interprets the arguments of a program that are scripts, such as that of `su -c`.
    fn scripts_in_arguments(&mut self, command: &str, words: &[Word]) {
        let takes_scripts = STARTERS_OF_SCRIPTS.contains(&command);
        for pair in words.windows(2) {
            let [option, word] = pair else { continue };
            let is_option = |option: &str| {
                let is_cluster = option.starts_with('-') && !option.starts_with("--") && option.ends_with('c');
                is_cluster || SCRIPT_OPTIONS.contains(&option)
            };
            let is_script = takes_scripts || option.literal().is_some_and(|option| is_option(&option));
            let text = self.expand(word);
            if let Some(script) = text.single().filter(|text| is_script && is_command_line(text)) {
                self.havoc(&format!("`{command}` may start it with another environment"));
                let first = self.calls.len();
                let spans = own_spans(std::slice::from_ref(word));
                self.shell_process("sh", ShellOptions::NONE, Vec::new(), |it| {
                    it.script(script, start_of(word), &spans)
                });
                // It may run in another directory, in which a name leads to a target.
                let targets = self.targets;
                for (target, _) in find_targets(script, targets) {
                    if self.calls[first..].iter().all(|call| call.target != target) {
                        self.record_possible_call(target, word, OTHER_DIRECTORY);
                    }
                }
            }
        }
    }

    /// Whether a program reads variables from a file: one that it reads by itself if the repository has it, one that a
    /// variable names, or one of a module that an option names.
    fn loads_variables(&mut self, command: &str, options: &[Word]) -> bool {
        let loads_module = |word: &Word| word.literal().is_some_and(|word| word.contains("dotenv"));
        let is_named = self.state.variables.get("UV_ENV_FILE").is_some_and(|it| it.value != Text::empty());
        options.iter().any(loads_module)
            || ["bun", "bunx", "pipenv"].contains(&command) && self.file_at(".env").is_some()
            || command == "uv" && is_named
    }

    /// Makes a variable unknown if an argument `NAME=value` may set it for the command that a program
    /// starts.
    fn set_by_argument(&mut self, command: &str, word: &Word, text: &Text) {
        let known = text.single().map(String::as_str).or(match word.pieces.first().map(|piece| &piece.kind) {
            Some(PieceKind::Literal(text)) => Some(text.as_str()),
            _ => None,
        });
        let name = known.and_then(|text| text.split_once('=')).map(|(name, _)| name).filter(|name| is_name(name));
        if let Some(name) = name {
            let name = name.to_owned();
            self.set_variable(
                &name,
                Text::unknown(format!("`{command}` may set it")),
                word.span.clone(),
                Some(Export::Yes),
            );
        }
    }

    /// Searches the files that a program may read or run for the names of targets. The argument may be a command
    /// or an option that contains the path.
    pub(super) fn read_by_argument(&mut self, text: &Text) {
        let Some(argument) = text.single().filter(|_| self.is_recording && !self.state.ended) else { return };
        let parts = argument.split(|c: char| c.is_whitespace() || matches!(c, '=' | ';' | '&' | '|' | '(' | ')'));
        for path in parts.filter(|path| path.contains(['/', '.'])) {
            if let Some(SourceFile { text, base }) = self.file_at(path) {
                self.spend(text.len() / 64);
                self.occurrences.find(&text, base, &[]);
            }
        }
    }

    /// Whether words are a command that is followed: one that runs tasks, a program that starts another one, a script
    /// of the repository, or a command that runs nothing.
    fn is_followed(&mut self, words: &[Word]) -> bool {
        let program = words[0].literal().unwrap_or_default();
        let program = program.rsplit('/').next().unwrap_or_default();
        runs_tasks(program)
            || is_writer(program)
            || runs_other_tasks(program)
            || launch(program, words).is_some()
            || self.is_file(&words[0])
            || self.is_inert(words)
            || self.finds_script(words)
    }

    /// Whether words are a command that finds a file of the repository by another name than its path.
    fn finds_script(&mut self, words: &[Word]) -> bool {
        let program = words[0].literal().unwrap_or_default();
        self.with_found_script(program.rsplit('/').next().unwrap_or_default(), words).is_some()
    }

    /// Whether a word is the path of a file of the repository, as a command that runs it names it.
    fn is_file(&mut self, word: &Word) -> bool {
        let text = self.expand_again(word);
        text.single().is_some_and(|path| path.contains('/') && self.file_at(path).is_some())
    }

    /// Interprets a separate shell that runs a file, the argument of `-c`, or its standard input.
    fn shell(&mut self, command: &str, words: &[Word], input: Option<Output>) -> Outcome {
        let unknown = || Outcome::unknown(Output::unknown("the output of a script is not known"));
        let arguments = &words[1..];
        let (mut options, mut inline, mut reads_input) = (0, false, false);
        let mut shell_words: Vec<String> = Vec::new();
        while let Some(option) = arguments.get(options).and_then(Word::literal) {
            if !option.starts_with(['-', '+']) {
                break;
            }
            let is_short = !option.starts_with("--");
            inline |= is_short && option.contains('c');
            reads_input |= is_input_option(&option);
            let takes_one = option.ends_with(['o', 'O']) || matches!(option.as_ref(), "--rcfile" | "--init-file");
            let named = arguments.get(options + 1).and_then(Word::literal).filter(|_| takes_one);
            shell_words.extend([option.into_owned(), named.unwrap_or_default().into_owned()]);
            options += 1 + usize::from(takes_one);
        }
        let shell_options = ShellOptions::of(shell_words.iter().map(String::as_str));
        match (arguments.get(options), input) {
            (Some(word), _) if inline => {
                let script = self.expand_run(word);
                let is_foreign = |script: &&String| command != "bash" && needs_bash(script);
                let Some(script) = script.single().filter(|script| !is_foreign(script)).cloned() else {
                    self.may_call_in(word);
                    self.note_files_in(script.single().map_or("", String::as_str), &mut Vec::new());
                    return unknown();
                };
                let program = self.field(arguments.get(options + 1).unwrap_or(&words[0]));
                let rest = arguments.get(options + 2..).unwrap_or_default();
                let rest: Vec<Text> = rest.iter().map(|word| self.field(word)).collect();
                let spans = own_spans(std::slice::from_ref(word));
                let outer = self.program.replace(program);
                let outcome =
                    self.shell_process(command, shell_options, rest, |it| it.script(&script, start_of(word), &spans));
                self.program = outer;
                outcome
            }
            (Some(word), _) if !reads_input => {
                let rest = &arguments[options + 1..];
                let mut is_target = self.targets_in(command, &arguments[options..=options], Some(rest));
                if !is_target {
                    for (index, word) in rest.iter().enumerate() {
                        // The value of an expression alone is rarely the path of a script.
                        let is_value = |text: Cow<'_, str>| !text.is_empty() && text.chars().all(is_placeholder);
                        if !word.literal().is_some_and(is_value) {
                            is_target |= self.targets_in(command, std::slice::from_ref(word), Some(&rest[index + 1..]));
                        }
                    }
                }
                if is_target {
                    return unknown();
                }
                if let Some(outcome) = self.run_file(word, &arguments[options + 1..], Some((command, shell_options))) {
                    return outcome;
                }
                let is_known = word.literal().is_some();
                self.calls_unknown_functions |= !self.active_functions.is_empty() && !is_known;
                unknown()
            }
            (_, Some(input)) => {
                let spans = input.spans.clone();
                let Some(script) = input.into_text().single().cloned() else { return unknown() };
                let base = spans.first().map_or(words[0].span.start, |span| span.start);
                let rest = arguments[options..].iter().map(|word| self.field(word)).collect();
                self.shell_process(command, shell_options, rest, |it| it.script(&script, base, &spans))
            }
            (_, None) => unknown(),
        }
    }

    /// Interprets a file of the repository that is run; `None` if it is not known or is not a shell
    /// script. `shell` is the shell that runs it, if one is named, and its options.
    fn run_file(&mut self, word: &Word, arguments: &[Word], shell: Option<(&str, ShellOptions)>) -> Option<Outcome> {
        let path = self.expand_run(word).single().cloned()?;
        let Some(file) = self.file_at(&path) else {
            self.note_missing_file(&path);
            return None;
        };
        let program = match shell {
            Some((shell, _)) => shell,
            None => self.interpreter(&file.text),
        };
        let is_foreign = !SHELLS.contains(&program) || program != "bash" && needs_bash(&file.text);
        let change = self.change_of(&path);
        if is_foreign || has_carriage_returns(&file.text) || change.is_some() {
            self.note_uninterpreted(&file.text, file.base, &path);
            self.note_doubt(&file, change);
            return None;
        }
        self.resolve(&own_spans(std::slice::from_ref(word)));
        let options = shell.map_or_else(|| options_of_file(&file.text), |(_, options)| options);
        let arguments = arguments.iter().map(|word| self.field(word)).collect();
        Some(self.shell_process(program, options, arguments, |it| it.file(&path, &file, true)))
    }

    /// The interpreter of a file. Bash itself runs a file without a first line that names one, and another program
    /// starts `sh` for it.
    fn interpreter<'t>(&self, text: &'t str) -> &'t str {
        if self.starts_in_program && !text.starts_with("#!") { "sh" } else { interpreter_of(text) }
    }

    /// The file of the repository to which a path leads.
    pub(crate) fn file_at(&self, path: &str) -> Option<SourceFile> {
        match ResolvedPath::of(path, self.state.directory.as_deref()) {
            ResolvedPath::Repository(path) => self.files.read(&path),
            ResolvedPath::Elsewhere => None,
        }
    }

    /// Whether git ignores the file to which a path leads.
    pub(crate) fn is_ignored(&self, path: &str) -> bool {
        match ResolvedPath::of(path, self.state.directory.as_deref()) {
            ResolvedPath::Repository(path) => self.files.is_ignored(&path),
            ResolvedPath::Elsewhere => false,
        }
    }

    /// The file of the repository to which a path leads, if no command may have changed it.
    pub(super) fn unchanged_file_at(&self, path: &str) -> Option<SourceFile> {
        self.file_at(path).filter(|_| self.change_of(path).is_none())
    }

    /// What may have changed the file of the repository to which a path leads; `None` if nothing may have.
    pub(crate) fn change_of(&self, path: &str) -> Option<String> {
        match ResolvedPath::of(path, self.state.directory.as_deref()) {
            ResolvedPath::Repository(path) => self.changed.reason(&path),
            ResolvedPath::Elsewhere => None,
        }
    }

    /// Interprets a script in a process of a shell with a name.
    pub(super) fn shell_process(
        &mut self,
        shell: &str,
        options: ShellOptions,
        arguments: Vec<Text>,
        script: impl FnOnce(&mut Self) -> Option<Outcome>,
    ) -> Outcome {
        self.in_shell(shell, |it| {
            it.child_process(options, arguments, |it| {
                it.read_startup_file();
                script(it)
            })
        })
    }

    /// Interprets the file that `BASH_ENV` names, which bash reads before a script.
    pub(crate) fn read_startup_file(&mut self) {
        let Some(variable) = self.state.variables.get(STARTUP_FILE).filter(|_| self.runs_in_bash).cloned() else {
            return;
        };
        let base = variable.assigned.as_ref().map_or(0, |span| span.start);
        let path = variable.visible().value;
        let is_plain = |path: &&String| !path.contains(['"', '`', '\\']) && !path.contains("$(");
        match path.single() {
            Some(path) if path.is_empty() => {}
            // The shell expands the value.
            known => {
                let source = known.filter(is_plain).map(|path| format!(". \"{path}\""));
                if source.and_then(|source| self.script(&source, base, &[])).is_none() {
                    self.havoc("bash reads the file that `BASH_ENV` names");
                }
            }
        }
    }

    /// The state in which a target runs its own script: bash has read the file that `BASH_ENV` names.
    fn state_of_target(&mut self, target: usize, command: &str) -> State {
        let file = |root: &&str| self.files.read(&joined(root, self.targets[target]));
        let is_bash = match command {
            "." | "source" => false,
            shell if SHELLS.contains(&shell) => shell == "bash",
            program => {
                let is_target = self.targets[target].rsplit('/').next() == Some(program);
                is_target && self.roots.iter().find_map(file).is_none_or(|file| self.interpreter(&file.text) == "bash")
            }
        };
        let mut state = self.copy();
        if is_bash && state.variables.contains_key(STARTUP_FILE) {
            self.in_shell("bash", |it| {
                // The script sees the variables that are not exported too.
                let options = ShellOptions { allexport: Tristate::ALWAYS, ..ShellOptions::NONE };
                it.child_process(options, Vec::new(), |it| {
                    it.read_startup_file();
                    state = it.copy();
                    None
                })
            });
        }
        state
    }

    /// Interprets what a shell with a name runs.
    pub(super) fn in_shell<T>(&mut self, shell: &str, run: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.runs_in_bash, shell == "bash");
        let result = run(self);
        self.runs_in_bash = outer;
        result
    }

    /// Interprets a script in another process, which sees only exported variables.
    pub(super) fn child_process(
        &mut self,
        options: ShellOptions,
        arguments: Vec<Text>,
        script: impl FnOnce(&mut Self) -> Option<Outcome>,
    ) -> Outcome {
        let before = self.copy();
        for name in std::mem::take(&mut self.state.maybe_unset) {
            if let Some(variable) = self.state.variables.get_mut(&name) {
                variable.export = variable.export.or(Export::Maybe);
            }
        }
        for variable in self.state.variables.values_mut() {
            // A variable that may not be exported may be unset here, and is not exported if it is set again.
            let export = variable.export;
            let hidden = Variable { value: Text::empty(), export, assigned: None };
            *variable = std::mem::replace(variable, hidden).visible();
        }
        self.state.attributes.clear();
        self.state.arrays.clear();
        let inherited = if self.runs_in_bash { self.state.exported_functions.clone() } else { BTreeMap::new() };
        self.state.functions = inherited;
        self.state.locals.clear();
        self.state.maybe_local.clear();
        self.state.arguments = countable(arguments);
        self.state.options = options;
        let tolerates_failure = std::mem::replace(&mut self.tolerates_failure, false);
        let is_in_error_trap = std::mem::replace(&mut self.is_in_error_trap, false);
        let active_functions = std::mem::take(&mut self.active_functions);
        let starts_in_program = std::mem::replace(&mut self.starts_in_program, false);
        let returns = self.returns.take();
        let outcome = self.subshell(|it| {
            it.state.error_traps = BTreeSet::from([None]);
            script(it).unwrap_or_else(|| Outcome::unknown(Output::default()))
        });
        self.returns = returns;
        self.starts_in_program = starts_in_program;
        self.active_functions = active_functions;
        self.is_in_error_trap = is_in_error_trap;
        self.tolerates_failure = tolerates_failure;
        self.restore(before);
        outcome
    }

    /// Interprets `env`, its options, its assignments, and the command after them.
    pub(super) fn env(&mut self, words: &[Word]) -> Outcome {
        let unknown = || Outcome::unknown(Output::unknown("the output of `env` is not known"));
        let before = self.copy();
        // An attribute belongs to a variable of the shell, which `env` does not know.
        self.state.attributes.clear();
        self.state.arrays.clear();
        // The shell expands every word before `env` changes anything.
        let pairs: Vec<Pair> = words.iter().map(|word| self.pair(word)).collect();
        let mut index = 1;
        while let Some(word) = words.get(index) {
            match &pairs[index] {
                Pair::Assigns(name, value) => {
                    self.set_variable(name, value.clone(), span_of_name(word, name), Some(Export::Yes));
                }
                Pair::Option => {
                    let text = word.literal().unwrap_or_default().into_owned();
                    let (options, takes_next) = options_of_env(&text);
                    index += usize::from(takes_next);
                    let next = words.get(index).filter(|_| takes_next);
                    for (option, value) in options {
                        let attached = (!takes_next).then(|| self.value_word(Text::known(value), &word.span));
                        if !self.apply_option_of_env(option, next.or(attached.as_ref())) {
                            self.restore(before);
                            return unknown();
                        }
                    }
                }
                // The name of the variable ends with `+`.
                Pair::Appends(..) => {}
                Pair::Unknown => self.havoc("`env` may set it"),
                Pair::Names(_) => break,
            }
            index += 1;
        }
        match words.get(index..) {
            Some(rest @ [_, ..]) => drop(self.command_of_words(rest)),
            // The command may be one of the skipped words.
            _ => drop(self.targets_in("env", &words[1..], None)),
        }
        self.restore(before);
        unknown()
    }

    /// Applies an option of `env`; returns false if it is not interpreted.
    fn apply_option_of_env(&mut self, option: char, value: Option<&Word>) -> bool {
        match option {
            'i' => {
                let names = self.names;
                for name in names {
                    self.note_assigned(name, &Text::empty(), None);
                }
                self.state.variables.clear();
                self.state.others_unknown = None;
            }
            'u' => match value.and_then(Word::literal) {
                Some(name) => self.remove_variable(&name),
                None => self.havoc("`env` may unset it"),
            },
            'C' => drop(self.change_directory("cd", value.map_or(&[], std::slice::from_ref))),
            '0' | 'a' | 'v' => {}
            _ => return false,
        }
        true
    }

    /// Interprets a command that calls no function and no builtin of the shell, as after `exec`.
    pub(super) fn call_of_exec(&mut self, words: &[Word]) -> Outcome {
        let Some(first) = words.first() else { return Outcome::success(Output::default()) };
        let name = self.expand_again(first);
        if name.single().is_some_and(|name| BUILTINS.contains(&name.as_str())) {
            return self.started(|it| it.external(&name, words, None));
        }
        let functions = std::mem::take(&mut self.state.functions);
        let outcome = self.started(|it| it.call(words, None));
        self.state.functions = functions;
        outcome
    }

    /// Interprets a command that a manager of packages starts. A package may have a program of any name, also of that
    /// of a builtin or of a program of the system, as `test`.
    pub(super) fn command_of_package(&mut self, words: &[Word]) -> Outcome {
        let name = words.first().map(|first| self.expand_again(first));
        match name.filter(|name| name.single().is_some_and(|name| PROGRAMS.contains(&name.as_str()))) {
            Some(name) => self.started(|it| it.external(&name, words, None)),
            None => self.command_of_words(words),
        }
    }

    /// Interprets a command that another program starts, which does not call functions.
    pub(super) fn command_of_words(&mut self, words: &[Word]) -> Outcome {
        let starts_in_program = std::mem::replace(&mut self.starts_in_program, true);
        let outcome = self.call_of_exec(words);
        self.starts_in_program = starts_in_program;
        outcome
    }

    fn remove_variable(&mut self, name: &str) {
        self.note_assigned(name, &Text::empty(), None);
        let variable = Variable { value: Text::empty(), export: Export::No, assigned: None };
        self.state.variables.insert(name.to_owned(), variable);
    }

    /// Records each call of a target in words that are run; returns whether there is a call. `command` starts
    /// the target with `arguments`, by default the words after it.
    pub(super) fn targets_in(&mut self, command: &str, words: &[Word], arguments: Option<&[Word]>) -> bool {
        let mut found = false;
        for (index, word) in words.iter().enumerate() {
            let text = self.expand_run(word);
            // A known path is resolved, even if it is not the path of a target.
            let is_path = |text: &String| !text.contains([' ', '\t', '\n', ';', '=']);
            let mut is_resolved = self.state.directory.is_some()
                && matches!(&text.values, AbstractValue::OneOf(texts) if texts.iter().all(is_path));
            for (target, path) in self.targets.iter().enumerate() {
                if self.is_inside(target) {
                    continue;
                }
                if self.may_be_path(word, &text, path) {
                    (found, is_resolved) = (true, true);
                    self.record_call(target, word, command, arguments.unwrap_or(&words[index + 1..]));
                } else if self.ends_elsewhere(word, &text, path) {
                    is_resolved = true;
                    self.record_possible_call(target, word, ELSEWHERE);
                } else if self.may_compute_path(word, &text, path) {
                    is_resolved = true;
                    self.record_possible_call(target, word, COMPUTED_PATH);
                }
            }
            if is_resolved {
                self.resolve(&own_spans(std::slice::from_ref(word)));
            }
        }
        found
    }

    /// Records a possible call of each target whose file name is the name of a program: `PATH` may have its directory.
    /// Without a file name extension, as in `test`, another program is more likely unless the script sets `PATH`.
    fn note_program_of_path(&mut self, name: &str, word: &Word) {
        const ON_PATH: &str = "`PATH` may have the directory of this script";
        let sets_path = self.state.variables.get("PATH").is_some_and(|variable| variable.assigned.is_some());
        if name.contains('/') || !sets_path && !name.contains('.') {
            return;
        }
        for (index, target) in self.targets.iter().enumerate() {
            let is_file = target.rsplit_once('/').is_some_and(|(_, file)| file == name) && !target.contains(' ');
            if is_file && !self.is_inside(index) {
                self.record_possible_call(index, word, ON_PATH);
            }
        }
    }

    /// Records that a command may be a target.
    pub(super) fn record_possible_call(&mut self, target: usize, word: &Word, reason: &str) {
        if self.is_recording && !self.state.ended && self.inside.is_none() {
            self.calls.push(Call::possible(target, word.span.clone(), reason.to_owned()));
        }
    }

    /// Records that a script that is computed may call each target whose directory a script names.
    fn may_call_in(&mut self, script: &Word) {
        for (target, path) in self.targets.iter().enumerate() {
            let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
            if !directory.is_empty() && self.names(directory) && !self.is_inside(target) {
                self.record_possible_call(target, script, COMPUTED_PATH);
            }
        }
    }

    /// Records a call of each target that is a command with its first arguments; returns whether there
    /// is one.
    pub(super) fn is_command_of_target(&mut self, words: &[Word]) -> bool {
        let mut found = false;
        for (target, text) in self.targets.iter().enumerate() {
            let expected: Vec<&str> = text.split_whitespace().collect();
            if text.contains('/') && expected.len() < 2 || self.is_inside(target) {
                continue;
            }
            let is_task = self.compare_tasks(words, &expected);
            if is_task.is_some() && words[0].literal().is_some_and(|program| runs_tasks(&program)) {
                // The words name a task, which may have the name of the target and another place.
                self.resolve(std::slice::from_ref(&span_of(words)));
            }
            if is_task == Some(Tristate::UNKNOWN) {
                self.record_possible_call(target, &words[0], "which task runs here, and where, is not known");
            }
            let span = words[0].span.clone();
            let expected_words: Vec<Word> =
                expected.iter().map(|word| self.value_word(Text::known((*word).to_owned()), &span)).collect();
            let of_package = self.package_command(&expected_words).filter(|_| is_task.is_none());
            let expected_words = self.without_options(&expected_words);
            let mut expected_words: Vec<Cow<'_, str>> = expected_words.iter().filter_map(Word::literal).collect();
            let plain = self.without_options(words);
            let mut names_it = self.begins_with(&plain, &expected_words).filter(|_| is_task.is_none());
            if names_it.is_none()
                && let Some(command) = &of_package
            {
                // A package is installed, or another program starts it.
                let command: Vec<Cow<'_, str>> = command.iter().filter_map(Word::literal).collect();
                names_it = self.begins_with(&plain, &command);
                expected_words = if names_it.is_some() { command } else { expected_words };
            }
            let count = expected_words.len();
            let is_named = names_it == Some(Tristate::ALWAYS);
            if names_it == Some(Tristate::UNKNOWN) {
                self.record_possible_call(target, &words[0], ELSEWHERE);
            }
            if names_it.is_none() && is_task.is_none() && has_options_between(&plain, &expected_words) {
                let reason = format!("whether this command, with options in between, is `{text}` is not known");
                self.record_possible_call(target, &words[0], &reason);
            }
            let has_words = |(word, expected): (&Word, &Cow<'_, str>)| word.literal().as_ref() == Some(expected);
            if !is_named && self.state.directory.is_some() && plain.iter().zip(&expected_words).all(has_words) {
                // The words of a path in another directory.
                self.resolve(std::slice::from_ref(&span_of(&plain[..count.min(plain.len())])));
            }
            if is_task == Some(Tristate::ALWAYS) {
                found = true;
                self.resolve(&own_spans(words));
                let is_expected = |word: &Word| word.literal().is_some_and(|word| expected.contains(&word.as_ref()));
                let rest: Vec<Word> = words[1..].iter().filter(|word| !is_expected(word)).cloned().collect();
                self.record_call(target, &words[0], expected[0], &rest);
            }
            if is_named {
                found = true;
                self.resolve(&own_spans(&plain[..count]));
                self.resolve(std::slice::from_ref(&span_of(&plain[..count])));
                self.record_call(target, &words[0], expected[0], &plain[count..]);
            }
        }
        found
    }

    /// Whether a command begins with the words of a target; `None` if it does not.
    fn begins_with(&mut self, words: &[Word], expected: &[Cow<'_, str>]) -> Option<Tristate> {
        let fits = |(index, (word, expected)): (usize, (&Word, &Cow<'_, str>))| {
            let text = self.expand_again(word);
            let is_same = |text: &String| {
                (text == expected && !self.is_file_of(expected, index))
                    || (index == 0 && unversioned(text) == unversioned(expected))
                    || (index > 0 && self.is_path_of(text, expected))
            };
            let is_so = matches!(&text.values, AbstractValue::OneOf(texts) if texts.iter().any(is_same));
            let is_elsewhere = index > 0 && self.is_file_of(expected, index);
            Tristate {
                can_be_true: is_so || is_elsewhere && self.ends_elsewhere(word, &text, expected),
                can_be_false: !is_so,
            }
        };
        if words.len() < expected.len() {
            return None;
        }
        let fits = words.iter().zip(expected).enumerate().map(fits).fold(Tristate::ALWAYS, Tristate::conjunction);
        Some(fits).filter(|fits| *fits != Tristate::NEVER)
    }

    /// Whether a word of the command of a target is the path of a file.
    fn is_file_of(&self, word: &str, index: usize) -> bool {
        let exists = |root: &&str| self.files.read(&joined(root, word)).is_some();
        index > 0 && (word.contains('/') || self.roots.iter().any(exists))
    }

    /// Whether the script of a target is interpreted.
    pub(crate) fn is_inside(&self, target: usize) -> bool {
        self.inside.as_ref().is_some_and(|inside| inside.targets.contains(&target))
    }

    pub(super) fn record_call(&mut self, target: usize, word: &Word, command: &str, arguments: &[Word]) {
        if !self.is_recording || self.state.ended || self.only_informs(target, arguments) {
            return;
        }
        let state = self.state_of_target(target, command);
        let visible = |(name, variable): (String, Variable)| {
            let is_unset = if state.maybe_unset.contains(&name) { Export::No } else { variable.export };
            let export = variable.export.or(is_unset);
            (name, Variable { export, ..variable.visible().with_real_paths() })
        };
        let variables: Variables = state.variables.into_iter().map(visible).collect();
        let (span, others_unknown) = (word.span.clone(), state.others_unknown);
        let program = self.expand_again(word).single().cloned().unwrap_or_default();
        let found = self.evaluate_arguments(command, after_module(&program, arguments));
        let model_choice_reason = found.choice_reason.or_else(|| self.settings_reason.clone());
        let (unread_settings, arguments) = (found.unread_settings, found.known);
        let call = Call { target, span, variables, others_unknown, model_choice_reason, unread_settings, arguments };
        self.calls.push(call);
    }

    /// Whether a program only prints its version or its usage with these arguments. A script, and a program of the
    /// repository, may ignore them.
    fn only_informs(&self, target: usize, arguments: &[Word]) -> bool {
        const STARTERS_OF_PACKAGES: [&str; 5] = ["bunx", "npx", "pipx run", "pnpx", "uvx"];
        let command = self.targets[target];
        let starter = |starter: &str| command.strip_prefix(starter).and_then(|rest| rest.strip_prefix(' '));
        let program = STARTERS_OF_PACKAGES.iter().find_map(|it| starter(it)).unwrap_or(command);
        let is_program = !program.contains(['/', '.', ' '])
            && !self.roots.iter().any(|root| self.files.read(&joined(root, program)).is_some());
        let is_informing = |word: &str| matches!(word, "--help" | "--version" | "-V" | "-h" | "help" | "version");
        is_program && matches!(arguments, [only] if only.literal().is_some_and(|word| is_informing(&word)))
    }

    /// Whether a word can be the path of a target. If the word is not known, the text after its last
    /// expansion decides, as in `$ROOT/tests/run.sh`.
    fn may_be_path(&self, word: &Word, text: &Text, target: &str) -> bool {
        if let AbstractValue::OneOf(texts) = &text.values {
            return texts.iter().any(|path| self.is_path_of(path, target));
        }
        let end = literal_end(&word.pieces);
        !end.is_empty() && self.begins_in_script(word) && ends_with_path(&end, target)
    }

    /// Whether a path that may lead out of the repository ends with the path of a target.
    fn ends_elsewhere(&self, word: &Word, text: &Text, target: &str) -> bool {
        match &text.values {
            AbstractValue::OneOf(texts) => {
                texts.iter().any(|path| ends_with_path(path, target) && self.is_outside(path))
            }
            _ => ends_with_path(&literal_end(&word.pieces), target),
        }
    }

    /// Whether the script itself computes each unknown part of a path, as after `ROOT=$(…)`. The runner sets other
    /// variables, such as `HOME`, to directories outside of the repository.
    fn begins_in_script(&self, word: &Word) -> bool {
        flattened(&word.pieces).into_iter().all(|piece| match &piece.kind {
            PieceKind::Parameter(parameter) => {
                !is_name(&parameter.name) || self.state.variables.contains_key(&parameter.name)
            }
            _ => piece.literal().is_none_or(|text| !text.contains(is_placeholder)),
        })
    }

    /// Whether a path leads out of the repository.
    fn is_outside(&self, path: &str) -> bool {
        let directory = self.state.directory.as_deref();
        ResolvedPath::of(path, directory) == ResolvedPath::Elsewhere
            && (path.starts_with(['/', '~']) || directory.is_some())
    }

    /// Whether a word that is not known can be the path of a target: its known parts fit, and if it has
    /// none, the script names the directory of the target.
    fn may_compute_path(&self, word: &Word, text: &Text, target: &str) -> bool {
        if matches!(text.values, AbstractValue::OneOf(_)) {
            return false;
        }
        let known: Vec<String> = flattened(&word.pieces)
            .iter()
            .filter_map(|piece| piece.literal().map(Cow::into_owned))
            .flat_map(|text| text.split(is_placeholder).map(str::to_owned).collect::<Vec<_>>())
            .filter(|text| !text.is_empty())
            .collect();
        let directory = target.rsplit_once('/').map_or("", |(directory, _)| directory);
        if known.iter().all(|text| text.chars().all(|c| matches!(c, '/' | '.'))) {
            return !directory.is_empty() && self.names(directory);
        }
        // The known parts appear in the path, in this order.
        let mut rest = target;
        known.iter().all(|part| {
            let part = part.trim_start_matches("./");
            let found = rest.find(part).map(|at| at + part.len());
            rest = found.map_or("", |end| &rest[end..]);
            found.is_some()
        })
    }

    /// Whether a path leads to a target.
    pub(super) fn is_path_of(&self, path: &str, target: &str) -> bool {
        match ResolvedPath::of(path, self.state.directory.as_deref()) {
            ResolvedPath::Repository(path) => {
                let below = |root: &&str| path == joined(root, target);
                self.roots.iter().any(below) || self.roots.is_empty() && ends_with_path(&path, target)
            }
            ResolvedPath::Elsewhere => !self.is_outside(path) && ends_with_path(path, target),
        }
    }

    pub(super) fn change_directory(&mut self, command: &str, arguments: &[Word]) -> Tristate {
        let is_option = |word: &&Word| word.literal().is_some_and(|word| word.len() > 1 && word.starts_with('-'));
        let directory = arguments.iter().find(|word| !is_option(word));
        let path = match directory {
            Some(word) => self.expand(word).single().cloned(),
            None => Some("~".to_owned()),
        };
        self.state.directory = match path.as_deref() {
            None | Some("-" | "") => None,
            _ if command == "popd" || command == "pushd" && directory.is_none() => None,
            Some(path) => match ResolvedPath::of(path, self.state.directory.as_deref()) {
                ResolvedPath::Repository(path) => Some(path),
                ResolvedPath::Elsewhere if path.starts_with('/') => Some(path.to_owned()),
                // A directory out of the repository, of which only that is known.
                ResolvedPath::Elsewhere if self.is_outside(path) => Some(format!("/{path}")),
                ResolvedPath::Elsewhere => None,
            },
        };
        let exists =
            self.state.directory.as_ref().is_some_and(|path| path.is_empty() || !self.files.list(path).is_empty());
        if exists { Tristate::ALWAYS } else { Tristate::UNKNOWN }
    }
}

/// The options in an argument of `env`, each as its letter with the value in the same argument, and whether the next
/// argument is the value of the last one. A text that `env -S` splits into words is not interpreted, nor is an option
/// that is not known: it has the letter `S`.
fn options_of_env(argument: &str) -> (Vec<(char, String)>, bool) {
    const NAMES: [(&str, char); 12] = [
        ("argv0", 'a'),
        ("block-signal", 'v'),
        ("chdir", 'C'),
        ("debug", 'v'),
        ("default-signal", 'v'),
        ("ignore-environment", 'i'),
        ("ignore-signal", 'v'),
        ("list-signal-handling", 'v'),
        ("null", '0'),
        ("quiet", 'v'),
        ("split-string", 'S'),
        ("unset", 'u'),
    ];
    let takes_value = |option| matches!(option, 'a' | 'C' | 'S' | 'u');
    if matches!(argument, "-" | "--") {
        return (if argument == "-" { vec![('i', String::new())] } else { Vec::new() }, false);
    }
    if let Some(long) = argument.strip_prefix("--") {
        let (name, value) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
        // A name may be shortened if it stays the only one.
        let mut fits = NAMES.iter().filter(|(full, _)| full.starts_with(name));
        let exact = NAMES.iter().find(|(full, _)| *full == name);
        let option = match (exact, fits.next(), fits.next()) {
            (Some((_, option)), ..) | (None, Some((_, option)), None) => *option,
            _ => 'S',
        };
        return (vec![(option, value.unwrap_or_default().to_owned())], value.is_none() && takes_value(option));
    }
    let mut options = Vec::new();
    let letters = argument.strip_prefix('-').unwrap_or_default();
    for (at, letter) in letters.char_indices() {
        let value = &letters[at + letter.len_utf8()..];
        if takes_value(letter) {
            options.push((letter, value.to_owned()));
            return (options, value.is_empty());
        }
        options.push((letter, String::new()));
    }
    (options, false)
}

/// Commands besides the launchers that start the command in their arguments in the current environment.
const STARTERS: [&str; 10] =
    ["busybox", "corepack", "faketime", "find", "flock", "parallel", "unbuffer", "valgrind", "watch", "xargs"];

/// Why a command with a path that leads out of the repository may be a target.
const ELSEWHERE: &str = "the path leads out of the repository, perhaps to another file of this name";

/// Why a script that another program starts may call a target.
const OTHER_DIRECTORY: &str = "the directory in which this command runs is not known";

/// Why a command may be a target.
const COMPUTED_PATH: &str = "the path of the script that is called here is computed";

/// The words after the one by which a package manager changes what is installed, or shows it; empty for others.
fn installed_packages<'w>(command: &str, words: &'w [Word]) -> &'w [Word] {
    if let Some(index) = started_command(command, words) {
        return installed_packages(&words[index].literal().unwrap_or_default(), &words[index..]);
    }
    // Some managers have groups of commands: `uv tool install`.
    const GROUPS: [&str; 3] = ["global", "pip", "tool"];
    let is_own = |word: &&str| !word.starts_with('-') && !GROUPS.contains(word);
    let literals: Vec<Option<Cow<'_, str>>> = words.iter().skip(1).map(Word::literal).collect();
    let first = literals.iter().position(|word| word.as_deref().is_none_or(|word| is_own(&word)));
    let Some(at) = first.filter(|_| PACKAGE_MANAGERS.contains(&command)) else { return &[] };
    let is_installation = literals[at].as_deref().is_some_and(|word| INSTALLATIONS.contains(&word));
    if is_installation { &words[at + 2..] } else { &[] }
}

/// Whether an argument is a command that starts the words after it.
fn starts_others(word: &str) -> bool {
    let word = word.rsplit('/').next().unwrap_or_default();
    word == "env" || SHELLS.contains(&word) || ISOLATED.contains(&word) || LAUNCHERS.contains(&word)
}

/// Whether a command that runs a task begins at the word with an index, or after `--` one that runs files of the
/// repository. A word that is installed names a package.
fn begins_command(words: &[Word], index: usize) -> bool {
    let (before, rest) = words.split_at(index);
    let program = rest[0].literal().unwrap_or_default();
    if before.last().is_some_and(|word| word.literal().as_deref() == Some("--")) {
        return runs_files(&program);
    }
    let installs = |word: &Word| word.literal().is_some_and(|word| INSTALLATIONS.contains(&&*word));
    rest.len() > 1 && runs_tasks(program.rsplit('/').next().unwrap_or_default()) && !before.iter().any(installs)
}

/// Whether a command has the words of a target in order, with options and their values in between. A word may have a
/// version, as in `tool@2` and `image:v1`.
fn has_options_between(words: &[Word], expected: &[Cow<'_, str>]) -> bool {
    let Some((program, expected)) = expected.split_first().filter(|(_, rest)| !rest.is_empty()) else { return false };
    let is_program = words[0].literal().is_some_and(|word| unversioned(&word) == unversioned(program));
    let is_option = |word: &Word| word.literal().is_some_and(|word| word.starts_with('-'));
    let is_same = |word: &Word, expected: &str| {
        let rest = word.literal().and_then(|word| word.strip_prefix(expected).map(str::to_owned));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['@', ':']))
    };
    let mut rest = &words[1..];
    let in_order = expected.iter().all(|expected| {
        let at = rest.iter().position(|word| is_same(word, expected));
        // An option may have a value.
        let before = &rest[..at.unwrap_or(0)];
        let are_options = |(index, word): (usize, &Word)| is_option(word) || index > 0 && is_option(&before[index - 1]);
        let fits = at.is_some() && before.iter().enumerate().all(are_options);
        rest = &rest[at.map_or(0, |at| at + 1)..];
        fits
    });
    let is_equal = |(word, expected): (&Word, &Cow<'_, str>)| word.literal().as_ref() == Some(expected);
    is_program && in_order && !words[1..].iter().zip(expected).all(is_equal)
}

/// Whether a path ends with the path of a target.
fn ends_with_path(path: &str, target: &str) -> bool {
    let path = joined("", path);
    let before = path.strip_suffix(target.trim_start_matches("./"));
    before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
}
