//! Scripts of a package.json, which `npm`, `pnpm`, `yarn` and `bun` run.

use super::super::derived::Derived;
use super::super::files::SourceFile;
use super::super::interpreter::{Interpreter, Outcome, Output, own_spans};
use super::super::options::ShellOptions;
use super::super::package;
use super::super::syntax::Word;
use super::tasks::{Tasks, directory_after};
use slug_value::Text;
use std::borrow::Cow;

/// Commands of package managers that run a script.
const RUN: [&str; 5] = ["run", "run-script", "rum", "urn", "run-test"];

/// Commands of package managers that no script replaces.
const OWN: [&str; 28] = [
    "add", "audit", "cache", "ci", "config", "create", "deploy", "dlx", "exec", "fetch", "i", "import", "info", "init",
    "install", "link", "list", "ls", "outdated", "pack", "patch", "publish", "rebuild", "remove", "store", "up",
    "update", "why",
];

/// Commands that install the dependencies of a package, and then run its [`HOOKS`].
const INSTALL: [&str; 8] = ["ci", "clean-install", "i", "ic", "in", "ins", "install", "install-clean"];

/// The scripts that an installation runs, in this order.
const HOOKS: [&str; 7] = ["preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare"];

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
    /// Whether the command installs the dependencies of the package, which runs its [`HOOKS`].
    installs: bool,
    /// Whether scripts of packages run that are not known.
    is_unknown: bool,
    /// Whether they may be those of packages in directories below.
    has_others: bool,
}

impl Interpreter<'_> {
    /// Interprets a package manager that runs scripts; `None` if it does something else.
    pub(super) fn package_script(&mut self, command: &str, words: &[Word]) -> Option<Outcome> {
        let call = self.script_call(command, &words[1..]).or_else(|| self.installation(command, &words[1..]))?;
        if call.has_others {
            self.note_packages_below(command, words);
        }
        let directory = directory_after(self.state.directory.as_deref(), &call.directories);
        let Some((directory, path, file)) = directory.and_then(|directory| self.package_at(directory)) else {
            return self.program_of_package(command, call, words);
        };
        self.spend(file.text.len() / 16 + 1);
        let scripts = package::scripts(&file.text, file.base);
        let script = |name: &str| scripts.iter().find(|(known, _)| known == name).map(|(_, script)| script.clone());
        let change = self.changed.reason(&path);
        if call.is_unknown || call.name.is_none() && !call.installs || change.is_some() {
            self.note_uninterpreted(&file.text, file.base, &path);
            self.note_doubt(&file, change);
            return None;
        }
        let phases: Vec<Derived> = match call.name {
            None => HOOKS.iter().filter_map(|name| script(name)).collect(),
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
        Some(if call.installs { Outcome::unknown(output) } else { Outcome { output, ..outcome } })
    }

    /// Interprets the program of a package, which other managers than npm run if no script has its name.
    fn program_of_package(&mut self, command: &str, call: ScriptCall, words: &[Word]) -> Option<Outcome> {
        let is_program = command == "yarn" || matches!(command, "bun" | "pnpm") && !call.is_run;
        let name = call.name.filter(|_| is_program && !call.is_unknown)?;
        let program = self.value_word(Text::known(name), &words[0].span);
        let program: Vec<Word> = std::iter::once(program).chain(call.arguments).collect();
        Some(self.command_of_package(&program))
    }

    /// The installation of the dependencies of a package, which runs scripts; `None` if the command does something
    /// else.
    fn installation(&mut self, command: &str, words: &[Word]) -> Option<ScriptCall> {
        const NO_SCRIPTS: [&str; 7] = ["--help", "--ignore-scripts", "--global", "--version", "-g", "-h", "-v"];
        let mut call = ScriptCall { installs: true, ..ScriptCall::default() };
        let mut is_named = false;
        let mut index = 0;
        while let Some(word) = words.get(index) {
            index += 1;
            let text = self.field(word).single().cloned()?;
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
                _ if INSTALL.contains(&option) && !is_named => is_named = true,
                // The installation of another package.
                _ => return None,
            }
        }
        (command == "yarn" || is_named && command != "node").then_some(call)
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
            let is_option = |word: &Word| word.literal().is_some_and(|it| it.starts_with('-'));
            let at = words.iter().take_while(|word| is_option(word)).position(is_run)?;
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
                _ if matches!(command, "npm" | "bun") || OWN.contains(&option) => return None,
                "workspace" | "workspaces" => (call.is_unknown, call.has_others) = (true, true),
                _ => call.name = Some(text),
            }
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
