//! Scripts of a package.json, which `npm`, `pnpm`, `yarn` and `bun` run.

use super::super::derived::Derived;
use super::super::files::SourceFile;
use super::super::interpreter::{Interpreter, Outcome, Output, own_spans};
use super::super::options::ShellOptions;
use super::super::package;
use super::super::syntax::Word;
use super::tasks::{Tasks, directory_after};

/// Commands of package managers that run a script.
const RUN: [&str; 5] = ["run", "run-script", "rum", "urn", "run-test"];

/// Commands of package managers that no script replaces.
const OWN: [&str; 28] = [
    "add", "audit", "cache", "ci", "config", "create", "deploy", "dlx", "exec", "fetch", "i", "import", "info", "init",
    "install", "link", "list", "ls", "outdated", "pack", "patch", "publish", "rebuild", "remove", "store", "up",
    "update", "why",
];

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
    /// Whether scripts of packages run that are not known.
    is_unknown: bool,
}

impl Interpreter<'_> {
    /// Interprets a package manager that runs a script; `None` if it does something else.
    pub(super) fn package_script(&mut self, command: &str, words: &[Word]) -> Option<Outcome> {
        let call = self.script_call(command, &words[1..])?;
        let directory = directory_after(self.state.directory.as_deref(), &call.directories)?;
        let (directory, path, file) = self.package_at(directory)?;
        self.spend(file.text.len() / 16 + 1);
        let scripts = package::scripts(&file.text, file.base);
        let script = |name: &str| scripts.iter().find(|(known, _)| known == name).map(|(_, script)| script.clone());
        if call.is_unknown || call.name.is_none() || self.changed.contains(&path) {
            self.note_uninterpreted(&file.text, file.base, &path);
            return None;
        }
        let name = call.name?;
        let Some(main) = script(&name) else {
            // Others run a program of this name.
            if matches!(command, "npm" | "pnpm") && call.is_run {
                let names = scripts.iter().map(|(name, _)| name.clone()).collect();
                self.note_missing(&name, (path, names));
            }
            return None;
        };
        self.resolve(&own_spans(words));
        let phases = [script(&format!("pre{name}")), Some(main), script(&format!("post{name}"))];
        let arguments = self.quoted_arguments(&call.arguments);
        let outcome = self.child_process(ShellOptions::NONE, Vec::new(), |it| {
            it.state.directory = Some(directory);
            let mut failed = None;
            for (index, mut derived) in phases.into_iter().enumerate().filter_map(|(at, it)| Some((at, it?))) {
                if index == 1 {
                    derived.append(arguments.clone());
                }
                let outcome = it.run_derived(derived, "sh", ShellOptions::NONE, &path);
                it.keep_success(outcome, &mut failed);
            }
            Some(it.with_failed(failed))
        });
        Some(Outcome { output: Output::unknown(format!("the output of `{command}` is not known")), ..outcome })
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
                    call.directories.extend(value);
                }
                "-r" | "--recursive" | "-w" | "--workspaces" | "-ws" | "-F" | "--script-shell" => {
                    call.is_unknown = true;
                }
                _ if WITH_VALUE.contains(&option) => {
                    call.is_unknown |= option == "--filter";
                    index += usize::from(value.is_none());
                }
                _ if option.starts_with('-') => {}
                _ if has_name => call.arguments.push(word.clone()),
                _ if RUN.contains(&option) && !is_named => is_named = true,
                _ if is_named => call.name = Some(text),
                "t" | "tst" | "test" if command == "npm" => call.name = Some("test".to_owned()),
                "start" | "stop" | "restart" if command == "npm" => call.name = Some(text),
                _ if matches!(command, "npm" | "bun") || OWN.contains(&option) => return None,
                "workspace" | "workspaces" => call.is_unknown = true,
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
