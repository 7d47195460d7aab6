//! Scripts of a package.json, which `npm`, `pnpm`, `yarn` and `bun` run.

use super::super::derived::Derived;
use super::super::files::{SourceFile, joined};
use super::super::interpreter::{Interpreter, Outcome, Output, own_spans};
use super::super::options::ShellOptions;
use super::super::package;
use super::super::state::Export;
use super::super::syntax::Word;
use super::launch::length_of_option;
use super::tasks::{Tasks, directory_after};
use slug_value::{Text, Tristate};
use std::borrow::Cow;

/// Commands of package managers that run a script.
const RUN: [&str; 5] = ["run", "run-script", "rum", "urn", "run-test"];

/// Commands of package managers that no script replaces.
const OWN: [&str; 28] = [
    "add", "audit", "cache", "ci", "config", "create", "deploy", "dlx", "exec", "fetch", "i", "import", "info", "init",
    "install", "link", "list", "ls", "outdated", "pack", "patch", "publish", "rebuild", "remove", "store", "up",
    "update", "why",
];

/// The scripts that an installation runs and those of a test after it, in this order.
const HOOKS: [&str; 10] = [
    "preinstall",
    "install",
    "postinstall",
    "prepublish",
    "preprepare",
    "prepare",
    "postprepare",
    "pretest",
    "test",
    "posttest",
];

/// The scripts that run if `npm` builds the dependencies again; other managers run no script then.
const REBUILD: &[&str] = HOOKS.first_chunk::<3>().unwrap();

/// Commands that run scripts of a package by themselves, with the scripts.
const INSTALL: [(&[&str], &[&str]); 3] = [
    (&["ci", "clean-install", "i", "ic", "in", "ins", "install", "install-clean"], HOOKS.first_chunk::<7>().unwrap()),
    (&["cit", "clean-install-test", "install-ci-test", "install-test", "it", "sit"], &HOOKS),
    (&["rb", "rebuild"], REBUILD),
];

/// Commands of `bun` that no script replaces, besides [`OWN`].
const OWN_OF_BUN: [&str; 7] = ["build", "completions", "feedback", "pm", "repl", "test", "x"];

/// The setting with which a manager runs no script of an installation.
const IGNORE_SCRIPTS: &str = "ignore-scripts";

/// Options with a directory.
const DIRECTORY: [&str; 5] = ["--prefix", "-C", "--cwd", "--dir", "--workspace"];

/// Options with another value.
const WITH_VALUE: [&str; 6] = ["--script-shell", "--loglevel", "--reporter", "--userconfig", "--registry", "--filter"];

/// The words of a command that runs a script.
#[derive(Default)]
struct ScriptCall {
    name: Option<String>,
    arguments: Vec<Word>,
    directories: Vec<String>,
    /// Whether a word such as `run` is before the name.
    is_run: bool,
    /// The scripts that run if the command has no name of a script, as an installation does.
    hooks: &'static [&'static str],
    /// Whether scripts of packages run that are not known.
    is_unknown: bool,
    /// Whether they may be those of packages in directories below.
    has_others: bool,
}

impl Interpreter<'_> {
    /// Interprets a package manager that runs scripts; `None` if it does something else.
    pub(super) fn package_script(&mut self, command: &str, words: &[Word]) -> Option<Outcome> {
        self.note_setting(words);
        let call = self.script_call(command, &words[1..]).or_else(|| self.installation(command, &words[1..]))?;
        if call.has_others {
            let names = self.task_names(words);
            self.note_packages_below(command, names);
        }
        let directory = directory_after(self.state.directory.as_deref(), &call.directories);
        let Some((directory, path, file)) = directory.and_then(|directory| self.package_at(directory)) else {
            return self.program_of_package(command, call, words);
        };
        self.spend(file.text.len() / 16 + 1);
        let scripts = package::scripts(&file.text, file.base);
        let script = |name: &str| scripts.iter().find(|(known, _)| known == name).map(|(_, script)| script.clone());
        let change = self.changed.reason(&path);
        let names = || Some(call.hooks.iter().map(|name| (*name).to_owned()).collect());
        let is_ignored = if call.hooks.is_empty() { Tristate::NEVER } else { self.ignores_scripts(&directory) };
        // Other managers may not read the settings of npm, and a test runs in spite of them.
        if is_ignored == Tristate::ALWAYS && matches!(command, "npm" | "pnpm") && *call.hooks != HOOKS {
            return None;
        }
        if !call.hooks.is_empty() && self.has_packages_below(&directory, &file.text) {
            self.note_packages_below(command, names());
        }
        if !call.hooks.is_empty() && change.is_none() && (call.is_unknown || is_ignored.can_be_true) {
            self.note_task_files(command, vec![(path, file)], &[], names());
            return None;
        }
        if call.is_unknown || call.name.is_none() && call.hooks.is_empty() || change.is_some() {
            self.note_uninterpreted(&file.text, file.base, &path);
            self.note_doubt(&file, change);
            return None;
        }
        let phases: Vec<Derived> = match call.name {
            None => call.hooks.iter().filter_map(|name| script(name)).collect(),
            Some(name) => {
                let Some(mut main) = script(&name) else {
                    if matches!(command, "npm" | "pnpm") && call.is_run {
                        let names = scripts.iter().map(|(name, _)| name.clone()).collect();
                        self.note_missing(&name, (path, names));
                    }
                    return self.program_of_package(command, ScriptCall { name: Some(name), ..call }, words);
                };
                main.append(self.quoted_arguments(&call.arguments));
                let around = |phase: &str| script(&format!("{phase}{name}")).filter(|_| command != "node");
                [around("pre"), Some(main), around("post")].into_iter().flatten().collect()
            }
        };
        if phases.is_empty() {
            return None;
        }
        self.resolve(&own_spans(words));
        let outcome = self.child_process(ShellOptions::NONE, Vec::new(), |it| {
            it.state.directory = Some(directory);
            let mut failed = None;
            for derived in phases {
                let outcome = it.run_derived(derived, "sh", ShellOptions::NONE, &path);
                it.keep_success(outcome, &mut failed);
            }
            Some(it.with_failed(failed))
        });
        let output = Output::unknown(format!("the output of `{command}` is not known"));
        // The installation itself may fail.
        Some(if call.hooks.is_empty() { Outcome { output, ..outcome } } else { Outcome::unknown(output) })
    }

    /// Records a setting of the user that lets installations run no script, as `npm config set` stores it.
    fn note_setting(&mut self, words: &[Word]) {
        let literals: Vec<Cow<'_, str>> = words[1..].iter().map_while(Word::literal).collect();
        let parts: Vec<&str> = literals.iter().flat_map(|word| word.split('=')).collect();
        let (["config", "set", name, value, ..] | ["set", name, value, ..]) = parts.as_slice() else { return };
        if *name == IGNORE_SCRIPTS {
            let value = Text::known((*value).to_owned());
            self.set_variable("npm_config_ignore_scripts", value, words[0].span.clone(), Some(Export::Yes));
        }
    }

    /// Interprets the program of a package, which other managers than npm run if no script has its name.
    fn program_of_package(&mut self, command: &str, call: ScriptCall, words: &[Word]) -> Option<Outcome> {
        let is_program = matches!(command, "bun" | "yarn") || command == "pnpm" && !call.is_run;
        let name = call.name.filter(|_| is_program && !call.is_unknown)?;
        let program = self.value_word(Text::known(name), &words[0].span);
        let program: Vec<Word> = std::iter::once(program).chain(call.arguments).collect();
        Some(self.command_of_package(&program))
    }

    /// The installation of the dependencies of a package, which runs scripts; `None` if the command does something
    /// else.
    fn installation(&mut self, command: &str, words: &[Word]) -> Option<ScriptCall> {
        const NO_SCRIPTS: [&str; 7] = ["--help", "--ignore-scripts", "--global", "--version", "-g", "-h", "-v"];
        let mut call = ScriptCall::default();
        let mut index = 0;
        while let Some(word) = words.get(index) {
            index += 1;
            // An argument that is not known may be an option.
            let Some(text) = self.field(word).single().cloned() else {
                call.is_unknown = true;
                continue;
            };
            let (option, value) =
                text.split_once('=').map_or((text.as_str(), None), |(name, value)| (name, Some(value)));
            match option {
                _ if NO_SCRIPTS.contains(&option) && value != Some("false") => return None,
                _ if DIRECTORY.contains(&option) => {
                    let next = || words.get(index).and_then(Word::literal).map(Cow::into_owned);
                    let directory = value.map(str::to_owned).or_else(next)?;
                    index += usize::from(value.is_none());
                    call.directories.push(directory);
                }
                _ if WITH_VALUE.contains(&option) => index += usize::from(value.is_none()),
                "-w" if command == "npm" => index += 1,
                _ if option.starts_with('-') => {}
                _ if call.hooks.is_empty()
                    && let Some((_, hooks)) = INSTALL.iter().find(|(names, _)| names.contains(&option))
                    && (command == "npm" || *hooks != REBUILD) =>
                {
                    call.hooks = hooks;
                }
                // The command may be any one.
                _ if call.is_unknown => {}
                // The installation of another package.
                _ => return None,
            }
        }
        if command == "yarn" && call.hooks.is_empty() {
            call.hooks = INSTALL[0].1;
        }
        (command != "node" && (call.is_unknown || !call.hooks.is_empty())).then_some(call)
    }

    /// Whether the settings of a package in a directory, or a variable, let an installation run no script.
    fn ignores_scripts(&self, directory: &str) -> Tristate {
        let is_setting =
            |name: &str| name.to_lowercase().replace('_', "-").strip_prefix("npm-config-") == Some(IGNORE_SCRIPTS);
        let variables = self.state.variables.iter().filter(|(name, _)| is_setting(name));
        let values: Vec<Text> = variables.map(|(_, variable)| variable.clone().visible().value).collect();
        let value = values.into_iter().find(|value| *value != Text::empty());
        if let Some(value) = value {
            return match value.single() {
                Some(value) if value == "false" => Tristate::NEVER,
                Some(_) => Tristate::ALWAYS,
                None => Tristate::UNKNOWN,
            };
        }
        let path = joined(directory, ".npmrc");
        let Some(file) = self.files.read(&path) else { return Tristate::NEVER };
        let lines = file.text.lines().filter_map(|line| line.split_once('='));
        let mut values = lines.filter(|(key, _)| key.trim() == IGNORE_SCRIPTS).map(|(_, value)| value.trim());
        match values.next_back() {
            None | Some("false") => Tristate::NEVER,
            Some("true") if self.changed.reason(&path).is_none() => Tristate::ALWAYS,
            Some(_) => Tristate::UNKNOWN,
        }
    }

    /// Whether an installation in a directory is also one of packages in directories below.
    fn has_packages_below(&self, directory: &str, text: &str) -> bool {
        package::has_workspaces(text) || self.files.read(&joined(directory, "pnpm-workspace.yaml")).is_some()
    }

    /// The script that a command line of a package manager runs in a directory.
    pub(super) fn scripts(&mut self, command: &str, words: &[Word], directory: Option<&str>) -> Option<Tasks> {
        let call = self.script_call(command, words)?;
        let directory = directory_after(directory, &call.directories);
        // Without `--prefix`, a script of a directory above runs too.
        let is_exact = command == "npm" && !call.directories.is_empty();
        let place_of = |it: String| self.package_at(it.clone()).map_or(it, |(directory, ..)| directory);
        let place = if is_exact { directory } else { directory.map(place_of) };
        Some(Tasks { place, names: call.name.into_iter().collect(), may_be_others: call.is_unknown })
    }

    fn script_call(&mut self, command: &str, words: &[Word]) -> Option<ScriptCall> {
        let mut call = ScriptCall::default();
        let mut index = 0;
        let mut is_named = false;
        if command == "node" {
            // The script is the value of the option `--run`, which may be attached.
            let is_run = |word: &Word| word.literal().is_some_and(|it| it == "--run" || it.starts_with("--run="));
            let mut at = 0;
            while !is_run(words.get(at)?) {
                at += length_of_option(words[at].literal().as_deref())?;
            }
            let (name, rest) = match words[at].literal()?.strip_prefix("--run=") {
                Some(attached) => (Text::known(attached.to_owned()), &words[at + 1..]),
                None => (self.field(words.get(at + 1)?), &words[at + 2..]),
            };
            let is_separator = |word: &&Word| word.literal().as_deref() != Some("--");
            call.arguments = rest.iter().skip_while(is_separator).skip(1).cloned().collect();
            call.is_unknown = name.single().is_none();
            call.name = name.single().cloned();
            return Some(call);
        }
        while let Some(word) = words.get(index) {
            index += 1;
            let text = self.field(word).single().cloned();
            let Some(text) = text else {
                if is_named && call.name.is_some() {
                    call.arguments.push(word.clone());
                } else {
                    call.is_unknown = true;
                }
                continue;
            };
            let has_name = call.name.is_some();
            if has_name && (text == "--" || command != "npm") {
                let rest = if text == "--" { index } else { index - 1 };
                call.arguments.extend_from_slice(&words[rest..]);
                break;
            }
            let (option, value) =
                text.split_once('=').map_or((text.as_str(), None), |(name, value)| (name, Some(value)));
            match option {
                _ if DIRECTORY.contains(&option) => {
                    let value = match value {
                        Some(value) => Some(value.to_owned()),
                        None => {
                            index += 1;
                            words.get(index - 1).and_then(|word| self.field(word).single().cloned())
                        }
                    };
                    call.is_unknown |= value.is_none();
                    // A package may also be named by the name in its package.json.
                    match value.filter(|value| option != "--workspace" || self.is_directory(value)) {
                        Some(value) => call.directories.push(value),
                        None => (call.is_unknown, call.has_others) = (true, true),
                    }
                }
                "-r" | "--recursive" | "-w" | "--workspaces" | "-ws" | "-F" | "--script-shell" => {
                    (call.is_unknown, call.has_others) = (true, true);
                }
                _ if WITH_VALUE.contains(&option) => {
                    call.is_unknown |= option == "--filter";
                    call.has_others |= option == "--filter";
                    index += usize::from(value.is_none());
                }
                _ if option.starts_with('-') => {}
                _ if has_name => call.arguments.push(word.clone()),
                _ if RUN.contains(&option) && !is_named => is_named = true,
                _ if is_named => call.name = Some(text),
                "t" | "tst" | "test" if command == "npm" => call.name = Some("test".to_owned()),
                "start" | "stop" | "restart" if command == "npm" => call.name = Some(text),
                _ if command == "npm" || OWN.contains(&option) => return None,
                "install-test" | "it" if command == "pnpm" => return None,
                _ if command == "bun" && OWN_OF_BUN.contains(&option) => return None,
                "workspace" | "workspaces" => (call.is_unknown, call.has_others) = (true, true),
                _ => call.name = Some(text),
            }
        }
        // `bun` also runs a file.
        let is_file = |name: &String| command == "bun" && name.contains(['/', '.']);
        if call.name.as_ref().is_some_and(is_file) {
            return None;
        }
        call.is_run = is_named;
        (is_named || call.name.is_some()).then_some(call)
    }

    /// The nearest package.json at or above a directory, with its directory and path.
    fn package_at(&self, mut directory: String) -> Option<(String, String, SourceFile)> {
        loop {
            let path = format!("{directory}/package.json").trim_start_matches('/').to_owned();
            if let Some(file) = self.files.read(&path) {
                return Some((directory, path, file));
            }
            if directory.is_empty() {
                return None;
            }
            directory = directory.rsplit_once('/').map_or("", |(above, _)| above).to_owned();
        }
    }

    /// Arguments in the form in which they follow a script.
    fn quoted_arguments(&mut self, words: &[Word]) -> Derived {
        let mut derived = Derived::default();
        for word in words {
            let text = self.field(word);
            let text = match text.single() {
                Some(known) => known.replace('\'', "'\\''"),
                None => self.placeholder_of(text),
            };
            derived.push_instead(&format!(" '{text}'"), word.span.clone());
        }
        derived
    }
}
