//! The functions that the harness scripts of a repository call, and how.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use slug_function::bash::{NoAnswer, Options, Program, ask};
use slug_function::caller::CallerSeparators;
use slug_function::case::{Answer, Case};
use slug_function::pattern::Pattern;
use slug_function::reading::{Comparisons, Location, Reading, SourceFile, read};
use slug_function::sandbox::Sandbox;
use slug_function::script::{Argument, Call, Script};
use slug_resolver::Registry;
use slug_workflow::scripts::joined;

use super::survey::Survey;
use crate::render::shell::quoted;

/// The most files that one script sources, directly or not.
const SOURCED: usize = 64;

/// The most functions that are asked what they print, because their text does not show it.
const ASKED: usize = 24;
/// The most runtimes for which a function is asked what it prints.
const RUNTIMES: usize = 4;
/// The most variables that are set for this one at a time.
const VARIABLES: usize = 32;

/// A function that scripts call to pick a model, perhaps with one that lists secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Harness {
    /// The scripts, sorted.
    pub scripts: Vec<String>,
    /// The files to source, in order.
    pub source: Vec<String>,
    /// The command that prints the model.
    pub model: Command,
    /// The command that prints the names of secrets.
    pub secrets: Option<Command>,
}

/// A call of a function, as `function` of a policy needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The name of the function.
    pub name: String,
    /// The command.
    pub text: String,
    /// The variable of the runtime and its default, if a script calls the function with such a variable.
    pub runtime: Option<(String, Option<String>)>,
    /// The place of the call.
    pub location: Location,
}

/// Finds the functions that scripts call.
pub struct Finder<'a> {
    survey: &'a Survey,
    registry: &'a Registry,
    sandbox: &'a Sandbox,
    /// The number of functions that were asked what they print.
    asked: Cell<usize>,
    ids: BTreeSet<&'a str>,
    credentials: BTreeSet<&'a str>,
    runtimes: Vec<&'a str>,
}

/// The kind of text that a function prints.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Model,
    Secrets,
    /// Names of secrets, perhaps: the function needs what does not exist here, such as a program.
    DeniedSecrets,
}

impl<'a> Finder<'a> {
    /// A finder of functions that print what a registry names.
    #[must_use]
    pub fn new(survey: &'a Survey, registry: &'a Registry, sandbox: &'a Sandbox) -> Self {
        let arms = || registry.runtimes().iter().flat_map(|runtime| &runtime.arms);
        let listed = arms().flat_map(|arm| arm.models.iter().chain(&arm.withdrawn_models));
        let aliases = registry.providers().iter().flat_map(|provider| &provider.model_aliases);
        let credentials = registry.providers().iter().flat_map(|provider| provider.auth_env.names());
        Self {
            survey,
            registry,
            sandbox,
            asked: Cell::new(0),
            ids: listed.chain(aliases).map(String::as_str).collect(),
            credentials: credentials.map(String::as_str).collect(),
            runtimes: registry.runtimes().iter().map(|runtime| runtime.name.as_str()).collect(),
        }
    }

    /// The harnesses of the repository: scripts with the same commands are one.
    #[must_use]
    pub fn harnesses(&self) -> Vec<Harness> {
        let mut found: Vec<Harness> = Vec::new();
        for script in &self.survey.scripts {
            let Some(harness) = self.harness(script) else { continue };
            let same = found.iter_mut().find(|other| {
                let key = |command: &Command| (command.text.clone(), command.runtime.clone());
                other.source == harness.source
                    && key(&other.model) == key(&harness.model)
                    && other.secrets.as_ref().map(key) == harness.secrets.as_ref().map(key)
            });
            match same {
                Some(same) => same.scripts.extend(harness.scripts),
                None => found.push(harness),
            }
        }
        found
    }

    /// The harness that a script is, if it calls a model function of a file that it sources.
    fn harness(&self, script: &'a Script) -> Option<Harness> {
        let libraries = self.libraries(script);
        let files: Vec<&Script> = libraries.iter().copied().chain([script]).collect();
        let reached = reached(script, &files);
        let (model, model_files) = self.command(Role::Model, script, &libraries, &reached)?;
        let secrets = self.command(Role::Secrets, script, &libraries, &reached);
        let denied = self.command(Role::DeniedSecrets, script, &libraries, &reached);
        // A function that is understood is only a part of the answer of one that calls it.
        let calls = |outer: &Command, inner: &Command| callees(&outer.name, &libraries).contains(&inner.name);
        let secrets = match (secrets, denied) {
            (Some(inner), Some(outer)) if calls(&outer.0, &inner.0) => Some(outer),
            (secrets, denied) => secrets.or(denied),
        };
        let used: BTreeSet<String> =
            model_files.into_iter().chain(secrets.iter().flat_map(|(_, files)| files.clone())).collect();
        let source = libraries.iter().map(|library| library.path.clone()).filter(|path| used.contains(path));
        Some(Harness {
            scripts: vec![script.path.clone()],
            source: source.collect(),
            model,
            secrets: secrets.map(|(command, _)| command),
        })
    }

    /// The files that a script sources, directly or not, each after the files that it sources itself.
    fn libraries(&self, script: &'a Script) -> Vec<&'a Script> {
        let mut order = Vec::new();
        let mut open = vec![script.path.as_str()];
        self.add_sourced(script, &mut open, &mut order);
        order
    }

    /// Adds the files that a script sources. `open` are the files that are being sourced.
    fn add_sourced(&self, script: &Script, open: &mut Vec<&'a str>, order: &mut Vec<&'a Script>) {
        for path in &script.sources {
            let Some(found) = self.resolve(&script.path, path) else { continue };
            let is_known = open.contains(&found.path.as_str()) || order.iter().any(|known| known.path == found.path);
            if !is_known && open.len() + order.len() < SOURCED {
                open.push(&found.path);
                self.add_sourced(found, open, order);
                open.pop();
                order.push(found);
            }
        }
    }

    /// The script at the path in a `source` command of another one.
    fn resolve(&self, from: &str, path: &str) -> Option<&'a Script> {
        let tail = path.trim_start_matches("./").trim_start_matches('/');
        let directory = from.rsplit_once('/').map_or("", |(directory, _)| directory);
        let beside = joined(directory, tail);
        let from_top = joined("", tail.trim_start_matches("../"));
        let end = format!("/{}", tail.trim_start_matches("../"));
        let mut ending = self.survey.scripts.iter().filter(|script| script.path.ends_with(&end));
        let unique = || ending.next().filter(|_| ending.next().is_none());
        self.survey.script(&beside).or_else(|| self.survey.script(&from_top)).or_else(unique)
    }

    /// The call of a function with a role, and the files that it needs.
    fn command(
        &self,
        role: Role,
        script: &'a Script,
        libraries: &[&'a Script],
        reached: &[(&'a Script, &'a Call)],
    ) -> Option<(Command, Vec<String>)> {
        let mut found: Vec<(Command, Vec<String>)> = Vec::new();
        let mut seen = BTreeSet::new();
        for (from, call) in reached {
            let is_defined = |library: &&&Script| library.functions.contains_key(&call.name);
            if libraries.iter().rev().find(is_defined).is_none() || !seen.insert(call.name.as_str()) {
                continue;
            }
            if role == Role::DeniedSecrets && !(call.is_captured && self.writes_credential(&call.name, libraries)) {
                continue;
            }
            let files = needed(&call.name, libraries);
            let command = self.command_of(script, from, call, &files, libraries, role);
            found.extend(command.map(|command| (command, files)));
        }
        // A function that another one of them calls is a part of the answer.
        let is_called = |name: &str| {
            found.iter().any(|(command, _)| command.name != name && callees(&command.name, libraries).contains(name))
        };
        let outer: Vec<usize> = (0..found.len()).filter(|index| !is_called(&found[*index].0.name)).collect();
        let first = *outer.first()?;
        Some(found.swap_remove(first))
    }

    /// The command of a call, if its function has a role.
    fn command_of(
        &self,
        script: &Script,
        from: &Script,
        call: &Call,
        files: &[String],
        libraries: &[&Script],
        role: Role,
    ) -> Option<Command> {
        let sources = self.survey.sources(files);
        let arguments: Vec<Argument> = call
            .arguments
            .iter()
            .map(|argument| match from.origin(argument) {
                // The script, or a file that it sources, may have given the variable a value before.
                Argument::Variable(name, None) => {
                    let others = std::iter::once(script).chain(libraries.iter().copied());
                    let argument = Argument::Variable(name, None);
                    let changed = others.map(|other| other.origin(&argument)).find(|origin| *origin != argument);
                    changed.unwrap_or(argument)
                }
                origin => origin,
            })
            .collect();
        let location = Location { path: from.path.clone(), line: call.line };
        let command =
            |text: String, runtime| Command { name: call.name.clone(), text, runtime, location: location.clone() };
        let is_runtime = |uses: &Comparisons| {
            let pattern = |source: &String| Pattern::parse(source);
            let patterns: Vec<Pattern> = uses.patterns.iter().filter_map(pattern).collect();
            let is_compared = |runtime: &&str| {
                uses.texts.contains(*runtime)
                    || patterns.iter().any(|pattern| !pattern.matches_all() && pattern.matches(runtime))
            };
            self.runtimes.iter().any(is_compared)
        };
        // Each argument that can be the runtime, until the function compares it with one.
        let is_open = |argument: &Argument| !matches!(argument, Argument::Text(_));
        for position in (0..arguments.len()).filter(|position| is_open(&arguments[*position])) {
            let text = written(&call.name, &arguments, Some(position))?;
            let Some(reading) = self.reading(&sources, &text, role) else { continue };
            if is_runtime(&reading.runtime) {
                let runtime = match &arguments[position] {
                    Argument::Variable(name, default) => Some((name.clone(), default.clone())),
                    Argument::Text(_) | Argument::Other => None,
                };
                return Some(command(text, runtime));
            }
        }
        let text = written(&call.name, &arguments, arguments.iter().position(|argument| *argument == Argument::Other))?;
        let reading = self.reading(&sources, &text, role)?;
        // The function reads the variable of the runtime itself.
        let mut variables = reading.variables.iter();
        if let Some((name, _)) = variables.find(|(_, uses)| is_runtime(uses)) {
            let with_runtime = format!("{name}=\"$RUNTIME\" {text}");
            if self.reading(&sources, &with_runtime, role).is_some() {
                let default =
                    std::iter::once(&script).chain(libraries).find_map(|file| file.defaults.get(name)).cloned();
                return Some(command(with_runtime, Some((name.clone(), default))));
            }
        }
        Some(command(text, None))
    }

    /// The reading of a command, if it prints what its role says.
    fn reading(&self, sources: &[SourceFile], text: &str, role: Role) -> Option<Reading> {
        let reading = read(sources, text, None, CallerSeparators::Unknown).ok()?;
        let known = match role {
            Role::Model => &self.ids,
            Role::Secrets | Role::DeniedSecrets => &self.credentials,
        };
        // A text that a pattern of the registry serves is a model, too.
        let is_served = |text: &str| {
            role == Role::Model
                && self.registry.runtimes().iter().any(|runtime| {
                    let handle = self.registry.handle(&runtime.name);
                    handle.is_some_and(|handle| !handle.candidates(text).is_empty())
                })
        };
        let is_known = |text: &str| known.contains(text) || is_served(text);
        let right = reading.printed.iter().filter(|(text, _)| is_known(text)).count();
        let listed = reading.printed.iter().any(|(text, _)| known.contains(text.as_str()));
        let is_right = listed && 2 * right >= reading.printed.len();
        (is_right || !listed && self.answers(sources, text, &reading, known, role)).then_some(reading)
    }

    /// Whether a function, or one that it calls, writes the name of a credential other than to read or to set it.
    fn writes_credential(&self, name: &str, libraries: &[&Script]) -> bool {
        let mut names = callees(name, libraries);
        names.insert(name.to_owned());
        let bodies = libraries.iter().flat_map(|library| &library.functions);
        let mut bodies = bodies.filter(|(name, _)| names.contains(*name)).map(|(_, body)| body);
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let writes = |body: &str, credential: &str| {
            body.match_indices(credential).any(|(at, _)| {
                let (before, after) = (&body[..at], &body[at + credential.len()..]);
                let is_read = ["$", "${", "${!"].iter().any(|start| before.ends_with(start));
                !is_read && !before.ends_with(is_name) && !after.starts_with(is_name) && !after.starts_with('=')
            })
        };
        bodies.any(|body| self.credentials.iter().any(|credential| writes(body, credential)))
    }

    /// Asks a function that computes what it prints: true if most of it is `known`; for [`Role::DeniedSecrets`], if it
    /// cannot answer.
    fn answers(
        &self,
        sources: &[SourceFile],
        text: &str,
        reading: &Reading,
        known: &BTreeSet<&str>,
        role: Role,
    ) -> bool {
        self.asked.set(self.asked.get() + 1);
        if self.asked.get() > ASKED {
            return false;
        }
        let set = |names: Vec<&String>, runtime: &str| Case {
            runtime: runtime.to_owned(),
            variables: names.into_iter().map(|name| (name.clone(), "set".to_owned())).collect(),
        };
        let mut cases = Vec::new();
        for runtime in self.runtimes.iter().take(RUNTIMES) {
            cases.push(set(reading.variables.keys().collect(), runtime));
            cases.extend(reading.variables.keys().take(VARIABLES).map(|name| set(vec![name], runtime)));
        }
        let (model, secrets) = match role {
            Role::Model => (text.to_owned(), None),
            Role::Secrets | Role::DeniedSecrets => (":".to_owned(), Some(text.to_owned())),
        };
        let files = sources.iter().map(|file| PathBuf::from(&file.path)).collect();
        let program = Program { files, model, secrets };
        let replies = ask(self.sandbox, &program, &cases, &Options::default());
        let answers: Vec<_> = replies.into_iter().flat_map(|replies| replies.answers).collect();
        if role == Role::DeniedSecrets {
            return answers.contains(&Err(NoAnswer::Denied));
        }
        let answers = answers.into_iter().flatten();
        let names: BTreeSet<String> = answers
            .flat_map(|Answer { model, secrets }| std::iter::once(model).chain(secrets.into_iter().flatten()))
            .filter(|name| !name.is_empty())
            .collect();
        let known = names.iter().filter(|name| known.contains(name.as_str())).count();
        known > 0 && 2 * known >= names.len()
    }
}

/// The calls that a script reaches, in its own text first, and the scripts with them.
fn reached<'a>(script: &'a Script, files: &[&'a Script]) -> Vec<(&'a Script, &'a Call)> {
    let mut reached: Vec<(&Script, &Call)> = script.calls.iter().map(|call| (script, call)).collect();
    let mut names: BTreeSet<&str> = BTreeSet::new();
    let mut next = 0;
    while next < reached.len() {
        let name = reached[next].1.name.as_str();
        next += 1;
        if !names.insert(name) {
            continue;
        }
        for file in files.iter().filter(|file| file.path != script.path) {
            let inside = file.calls.iter().filter(|call| call.caller.as_deref() == Some(name));
            reached.extend(inside.map(|call| (*file, call)));
        }
    }
    reached
}

/// The functions that a function calls, directly or not.
fn callees(name: &str, libraries: &[&Script]) -> BTreeSet<String> {
    let mut calls: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for call in libraries.iter().flat_map(|library| &library.calls) {
        if let Some(caller) = &call.caller {
            calls.entry(caller).or_default().insert(&call.name);
        }
    }
    let mut found = BTreeSet::new();
    let mut open = vec![name];
    while let Some(next) = open.pop() {
        for callee in calls.get(next).into_iter().flatten() {
            if found.insert((*callee).to_owned()) {
                open.push(callee);
            }
        }
    }
    found
}

/// The files with the definitions of a function and of the functions that it calls.
fn needed(name: &str, libraries: &[&Script]) -> Vec<String> {
    let mut names = callees(name, libraries);
    names.insert(name.to_owned());
    let is_needed = |library: &&&Script| library.functions.keys().any(|function| names.contains(function));
    libraries.iter().filter(is_needed).map(|library| library.path.clone()).collect()
}

/// A call as a command, with `$RUNTIME` at one position; `None` if another argument is computed.
fn written(name: &str, arguments: &[Argument], runtime: Option<usize>) -> Option<String> {
    let mut words = vec![name.to_owned()];
    for (position, argument) in arguments.iter().enumerate() {
        words.push(match argument {
            _ if Some(position) == runtime => "\"$RUNTIME\"".to_owned(),
            Argument::Variable(name, None) => format!("\"${name}\""),
            Argument::Variable(name, Some(default)) => format!("\"${{{name}:-{}}}\"", default.replace('"', "\\\"")),
            Argument::Text(text) => quoted(text),
            Argument::Other => return None,
        });
    }
    Some(words.join(" "))
}
