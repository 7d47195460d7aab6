//! `just`: runs the recipes of a justfile.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::super::SCRIPT_BYTES;
use super::super::array::SPLIT;
use super::super::derived::Derived;
use super::super::files::{ResolvedPath, SourceFile, interpreter_of, options_of_file};
use super::super::interpreter::{Interpreter, Outcome, Output, own_spans};
use super::super::justfile::{Dependency, Expression, Justfile, Recipe, expression, parse};
use super::super::options::ShellOptions;
use super::super::state::{Export, State};
use super::super::syntax::{Span, Word, is_name};
use super::tasks::{Tasks, directory_after, place_of_file};
use slug_value::Text;

/// Maximum nesting of recipes and of expressions.
const MAX_DEPTH: usize = 24;

/// The names of a justfile.
const NAMES: [&str; 3] = ["justfile", "Justfile", ".justfile"];

/// The words of a command line of `just`.
#[derive(Default)]
struct Arguments {
    file: Option<String>,
    directory: Option<String>,
    variables: Vec<(String, String, Span)>,
    /// The recipes with their arguments.
    words: Vec<String>,
    /// Whether nothing runs, as with `--list`.
    is_dry: bool,
    /// Whether an argument is not known.
    is_unknown: bool,
}

/// A justfile that runs.
struct Just {
    path: String,
    text: Rc<str>,
    base: usize,
    file: Justfile,
    /// The directory in which recipes run.
    directory: String,
    /// The directory of the caller.
    caller: String,
    /// The values of the variables, with the bytes of their names and whether they are exported.
    variables: BTreeMap<String, (String, Span, bool)>,
    /// The recipes that ran, with their arguments.
    made: BTreeSet<(String, Vec<String>)>,
}

/// The parameters of a recipe that runs, with their values.
type Scope = BTreeMap<String, String>;

impl Interpreter<'_> {
    /// Interprets `just`; `None` if its justfile or what it runs is not known.
    pub(super) fn just(&mut self, words: &[Word]) -> Option<Outcome> {
        let mut arguments = self.just_arguments(&words[1..]);
        let unknown = || Output::unknown("the output of `just` is not known");
        if arguments.is_dry {
            self.resolve(&own_spans(words));
            return Some(Outcome::unknown(unknown()));
        }
        let mut caller = self.state.directory.clone()?;
        // A recipe may be named with the directory of its justfile.
        if let Some((directory, name)) = arguments.words.first().and_then(|word| word.rsplit_once('/')) {
            let ResolvedPath::Repository(directory) = ResolvedPath::of(directory, Some(&caller)) else { return None };
            (caller, arguments.words[0]) = (directory, name.to_owned());
        }
        let (path, file) = match &arguments.file {
            Some(file) => {
                let ResolvedPath::Repository(path) = ResolvedPath::of(file, Some(&caller)) else { return None };
                let file = self.files.read(&path)?;
                (path, file)
            }
            None => self.justfile_at(&caller)?,
        };
        let directory = match arguments.directory.as_deref().map(|directory| ResolvedPath::of(directory, Some(&caller)))
        {
            Some(ResolvedPath::Repository(directory)) => directory,
            Some(ResolvedPath::Elsewhere) => return None,
            None => path.rsplit_once('/').map_or("", |(directory, _)| directory).to_owned(),
        };
        self.spend(file.text.len() / 16 + 1);
        let justfile = parse(&file.text);
        let change = self.changed.reason(&path);
        let is_unknown = arguments.is_unknown || justfile.is_incomplete || change.is_some();
        if is_unknown || file.text.len() > SCRIPT_BYTES {
            self.note_doubt(&file, change);
            self.note_justfiles(path, file);
            return None;
        }
        self.resolve(&own_spans(words));
        let text = Rc::clone(&file.text);
        let mut just = Just {
            path: path.clone(),
            text,
            base: file.base,
            file: justfile,
            directory,
            caller,
            variables: BTreeMap::new(),
            made: BTreeSet::new(),
        };
        if just.file.reads_variables
            && let Some(variables) = self.files.read(format!("{}/.env", just.directory).trim_start_matches('/'))
        {
            self.note_settings(".env", &variables.text);
        }
        let outcome = self.child_process(ShellOptions::NONE, Vec::new(), |it| {
            it.load_justfile(&mut just, &arguments);
            let mut failed = None;
            it.just_words(&mut just, &arguments.words, &mut failed);
            Some(it.with_failed(failed))
        });
        if self.has_failed() {
            self.note_uninterpreted(&file.text, file.base, &path);
        }
        Some(Outcome { output: unknown(), ..outcome })
    }

    /// The recipes of a command line of `just` in a directory.
    pub(super) fn recipes(&mut self, words: &[Word], directory: Option<&str>) -> Option<Tasks> {
        let mut arguments = self.just_arguments(words);
        if arguments.is_dry {
            return None;
        }
        let mut directory = directory.map(str::to_owned);
        if let Some((above, name)) = arguments.words.first().and_then(|word| word.rsplit_once('/')) {
            directory = directory_after(directory.as_deref(), [&above.to_owned()]);
            arguments.words[0] = name.to_owned();
        }
        let place = match &arguments.file {
            Some(file) => directory_after(directory.as_deref(), [file]).map(|path| place_of_file(path, &NAMES)),
            None => directory.map(|it| self.justfile_at(&it).map_or(it, |(path, _)| place_of_file(path, &NAMES))),
        };
        Some(Tasks { place, names: arguments.words, may_be_others: arguments.is_unknown })
    }

    /// Records what a justfile names that is not interpreted, with the justfiles that it includes.
    fn note_justfiles(&mut self, path: String, file: SourceFile) {
        let mut files = vec![(path, file)];
        let mut index = 0;
        while let Some((path, file)) = files.get(index).cloned() {
            index += 1;
            self.spend(file.text.len() / 16 + 1);
            self.note_uninterpreted(&file.text, file.base, &path);
            let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
            for included in parse(&file.text).included {
                // A module has one of these files.
                let name = included.split_whitespace().next().unwrap_or_default();
                let paths =
                    [name.to_owned(), format!("{name}.just"), format!("{name}/mod.just"), format!("{name}/justfile")];
                let paths = paths.iter().filter_map(|path| match ResolvedPath::of(path, Some(directory)) {
                    ResolvedPath::Repository(path) => Some(path),
                    ResolvedPath::Elsewhere => None,
                });
                let found = paths.filter(|path| files.iter().all(|(known, _)| known != path));
                let found: Vec<_> = found.filter_map(|path| Some((self.files.read(&path)?, path))).collect();
                files.extend(found.into_iter().map(|(file, path)| (path, file)));
            }
        }
    }

    /// The nearest justfile at or above a directory, with its path.
    fn justfile_at(&self, directory: &str) -> Option<(String, SourceFile)> {
        let mut directory = directory;
        loop {
            let path = |name: &str| format!("{directory}/{name}").trim_start_matches('/').to_owned();
            let found = NAMES.iter().map(|name| path(name)).find_map(|path| Some((self.files.read(&path)?, path)));
            if let Some((file, path)) = found {
                return Some((path, file));
            }
            if directory.is_empty() {
                return None;
            }
            directory = directory.rsplit_once('/').map_or("", |(above, _)| above);
        }
    }

    fn just_arguments(&mut self, words: &[Word]) -> Arguments {
        const DRY: [&str; 17] = [
            "-n",
            "--dry-run",
            "-l",
            "--list",
            "-s",
            "--show",
            "--summary",
            "--evaluate",
            "--dump",
            "-e",
            "--edit",
            "--fmt",
            "--init",
            "-h",
            "--help",
            "-V",
            "--version",
        ];
        const FLAGS: [&str; 13] = [
            "-q",
            "--quiet",
            "-v",
            "--verbose",
            "-u",
            "--unsorted",
            "--yes",
            "--no-deps",
            "--no-dotenv",
            "--highlight",
            "--no-highlight",
            "--unstable",
            "--one",
        ];
        let mut arguments = Arguments::default();
        let mut index = 0;
        while let Some(word) = words.get(index) {
            index += 1;
            let text = self.field(word);
            let Some(text) = text.single().cloned() else {
                // An argument of a recipe may have any value, a recipe not.
                match arguments.words.is_empty() || text.reasons.contains(SPLIT) {
                    true => arguments.is_unknown = true,
                    false => {
                        let value = self.placeholder_of(text);
                        arguments.words.push(value);
                    }
                }
                continue;
            };
            if !arguments.words.is_empty() {
                arguments.words.push(text);
                continue;
            }
            let (option, value) = match text.split_once('=') {
                Some((option, value)) if option.starts_with("--") => (option, Some(value.to_owned())),
                _ => (text.as_str(), None),
            };
            let mut next = |it: &mut Self| {
                value.clone().or_else(|| {
                    index += 1;
                    words.get(index - 1).and_then(|word| it.field(word).single().cloned())
                })
            };
            match option {
                "-f" | "--justfile" => {
                    arguments.file = next(self);
                    arguments.is_unknown |= arguments.file.is_none();
                }
                "-d" | "--working-directory" => {
                    arguments.directory = next(self);
                    arguments.is_unknown |= arguments.directory.is_none();
                }
                "--set" => match (next(self), words.get(index)) {
                    (Some(name), Some(word)) => {
                        index += 1;
                        let value = self.field(word);
                        let value = value.single().cloned().unwrap_or_else(|| self.placeholder_of(value));
                        arguments.variables.push((name, value, word.span.clone()));
                    }
                    _ => arguments.is_unknown = true,
                },
                "--color" | "--dotenv-filename" | "--dotenv-path" | "--chooser" | "--command-color" => drop(next(self)),
                option if DRY.contains(&option) => arguments.is_dry = true,
                option if FLAGS.contains(&option) => {}
                option if option.starts_with('-') => arguments.is_unknown = true,
                _ => match text.split_once('=').filter(|(name, _)| is_name(name)) {
                    Some((name, value)) => {
                        arguments.variables.push((name.to_owned(), value.to_owned(), word.span.clone()));
                    }
                    None => arguments.words.push(text),
                },
            }
        }
        arguments
    }

    /// Evaluates the variables of a justfile.
    fn load_justfile(&mut self, just: &mut Just, arguments: &Arguments) {
        for assignment in just.file.assignments.clone() {
            let is_exported = assignment.is_exported || just.file.exports_all;
            let given = arguments.variables.iter().rev().find(|(name, ..)| *name == assignment.name);
            let (value, span) = match given {
                Some((_, value, span)) => (value.clone(), span.clone()),
                None => {
                    let Span { start, end } = assignment.name_span;
                    let value = self.just_value(just, &Scope::new(), &assignment.value, 0);
                    (value, just.base + start..just.base + end)
                }
            };
            just.variables.insert(assignment.name, (value, span, is_exported));
        }
    }

    /// The value of an expression, with placeholders for what is not known.
    fn just_value(&mut self, just: &Just, scope: &Scope, expression: &Expression, depth: usize) -> String {
        self.spend(1);
        if depth > MAX_DEPTH {
            return self.placeholder_of(Text::unknown("an expression of a justfile is too deep"));
        }
        let unknown = |what: &str| Text::unknown(format!("{what} in a justfile is not known"));
        match expression {
            Expression::Text(text) => text.clone(),
            Expression::Variable(name) => {
                let known = scope.get(name).or_else(|| just.variables.get(name).map(|(value, ..)| value)).cloned();
                known.unwrap_or_else(|| {
                    // A variable may be defined below.
                    let later = just.file.assignments.iter().find(|assignment| assignment.name == *name).cloned();
                    match later {
                        Some(later) => self.just_value(just, &Scope::new(), &later.value, depth + 1),
                        None => self.placeholder_of(unknown(&format!("`{name}`"))),
                    }
                })
            }
            Expression::Joined(parts) => {
                let mut joined = String::new();
                for part in parts {
                    joined += &self.just_value(just, scope, part, depth + 1);
                    if joined.len() > SCRIPT_BYTES {
                        return self.placeholder_of(unknown("a long value"));
                    }
                }
                joined
            }
            Expression::Environment(name, default) => {
                let is_set = self.state.variables.get(name).map(|variable| variable.export == Export::Yes);
                let value = self.look_up(name);
                match (is_set, default) {
                    (Some(true), _) => value.single().cloned().unwrap_or_else(|| self.placeholder_of(value)),
                    (Some(false), Some(default)) => self.just_value(just, scope, default, depth + 1),
                    (None, Some(default)) if self.state.others_unknown.is_none() => {
                        self.just_value(just, scope, default, depth + 1)
                    }
                    _ => self.placeholder_of(unknown(&format!("`env(\"{name}\")`"))),
                }
            }
            Expression::Unknown => self.placeholder_of(unknown("an expression")),
        }
    }

    /// Runs the recipes of a command line, each with as many words as it takes.
    fn just_words(&mut self, just: &mut Just, words: &[String], failed: &mut Option<State>) {
        if words.is_empty() {
            let first = just.file.recipes.first().map(|recipe| recipe.name.clone());
            first.into_iter().for_each(|first| self.just_recipe(just, &first, Vec::new(), 0, failed));
            return;
        }
        let mut rest = words;
        while let Some((name, after)) = rest.split_first() {
            let count = just.recipe(name).map_or(0, |recipe| match recipe.parameters.last() {
                Some(last) if last.takes_rest => after.len(),
                _ => recipe.parameters.len().min(after.len()),
            });
            self.just_recipe(just, name, after[..count].to_vec(), 0, failed);
            rest = &after[count..];
        }
    }

    /// Runs a recipe, unless it ran with these arguments, and the recipes before and after it.
    fn just_recipe(
        &mut self,
        just: &mut Just,
        name: &str,
        arguments: Vec<String>,
        depth: usize,
        failed: &mut Option<State>,
    ) {
        self.spend(just.variables.len() + 1);
        let recipe = just.recipe(name).cloned();
        let is_known = recipe.as_ref().is_some_and(|recipe| !recipe.is_undecided) && depth < MAX_DEPTH;
        let Some(recipe) = recipe.filter(|_| is_known && !self.has_failed()) else {
            // A name of no recipe is an error.
            if depth == 0 && just.recipe(name).is_none() {
                let names = just.file.recipes.iter().map(|recipe| recipe.name.clone()).collect();
                self.note_missing(name, (just.path.clone(), names));
            }
            if name.contains(|c: char| !c.is_ascii()) || just.recipe(name).is_some() {
                self.note_uninterpreted(&Rc::clone(&just.text), just.base, &just.path);
            }
            return self.add_failed_state(failed);
        };
        if !just.made.insert((recipe.name.clone(), arguments.clone())) {
            return;
        }
        let mut scope = Scope::new();
        let mut given = arguments.clone().into_iter();
        for parameter in &recipe.parameters {
            let value = match parameter.takes_rest {
                true => Some(given.by_ref().collect::<Vec<_>>().join(" ")).filter(|rest| !rest.is_empty()),
                false => given.next(),
            };
            let value = match (value, &parameter.default) {
                (Some(value), _) => value,
                (None, Some(default)) => self.just_value(just, &scope, default, 0),
                (None, None) if parameter.is_optional => String::new(),
                // Without a required argument nothing runs.
                (None, None) => return self.add_failed_state(failed),
            };
            scope.insert(parameter.name.clone(), value);
        }
        self.just_dependencies(just, &scope, &recipe.before, depth, failed);
        let before = self.copy();
        self.state.directory = Some(if recipe.keeps_directory { just.caller.clone() } else { just.directory.clone() });
        self.export_just_variables(just, &recipe, &scope);
        self.run_just_body(just, &recipe, &scope, &arguments, failed);
        self.restore(before);
        self.just_dependencies(just, &scope, &recipe.after, depth, failed);
    }

    fn just_dependencies(
        &mut self,
        just: &mut Just,
        scope: &Scope,
        dependencies: &[Dependency],
        depth: usize,
        failed: &mut Option<State>,
    ) {
        for Dependency { name, arguments } in dependencies {
            let arguments = arguments.iter().map(|it| self.just_value(just, scope, it, 0)).collect();
            self.just_recipe(just, name, arguments, depth + 1, failed);
        }
    }

    /// Exports the variables and parameters of a justfile to a recipe.
    fn export_just_variables(&mut self, just: &Just, recipe: &Recipe, scope: &Scope) {
        for (name, (value, span, _)) in
            just.variables.iter().filter(|(name, (.., exported))| *exported && is_name(name))
        {
            let value = self.text_of(value);
            self.set_variable(name, value, span.clone(), Some(Export::Yes));
        }
        let is_exported = |exported: bool| exported || just.file.exports_all;
        for parameter in recipe.parameters.iter().filter(|it| is_exported(it.is_exported) && is_name(&it.name)) {
            let value = scope.get(&parameter.name).cloned().unwrap_or_default();
            let value = self.text_of(&value);
            let Span { start, end } = parameter.name_span;
            self.set_variable(&parameter.name, value, just.base + start..just.base + end, Some(Export::Yes));
        }
    }

    fn run_just_body(
        &mut self,
        just: &Just,
        recipe: &Recipe,
        scope: &Scope,
        arguments: &[String],
        failed: &mut Option<State>,
    ) {
        let lines: Vec<(Derived, bool)> = recipe.body.iter().map(|line| self.derive_line(just, scope, line)).collect();
        if let Some((first, _)) = lines.first().filter(|(first, _)| first.text.starts_with("#!")) {
            let program = interpreter_of(&first.text).to_owned();
            let options = options_of_file(&first.text);
            let mut script = Derived::default();
            for (line, _) in lines {
                script.append(line);
                script.push_instead("\n", 0..0);
            }
            let outcome = self.run_just_script(just, script, &program, options, arguments);
            return self.keep_success(outcome, failed);
        }
        let (shell, words) =
            just.file.shell.split_first().map_or(("sh", &[][..]), |(shell, rest)| (shell.as_str(), rest));
        let options = ShellOptions::of(words.iter().map(String::as_str));
        for (line, ignores) in lines {
            let outcome = self.run_just_script(just, line, shell, options, arguments);
            if !ignores {
                self.keep_success(outcome, failed);
            }
        }
    }

    fn run_just_script(
        &mut self,
        just: &Just,
        mut script: Derived,
        shell: &str,
        options: ShellOptions,
        arguments: &[String],
    ) -> Outcome {
        if just.file.has_positional_arguments && !arguments.is_empty() {
            let quoted = arguments.iter().map(|argument| format!(" '{}'", argument.replace('\'', "'\\''")));
            let mut whole = Derived::default();
            whole.push_instead(&format!("set --{}; ", quoted.collect::<String>()), 0..0);
            whole.append(script);
            script = whole;
        }
        self.run_derived(script, shell, options, &just.path)
    }

    /// Expands a line of a recipe; returns whether its failure is ignored.
    fn derive_line(&mut self, just: &Just, scope: &Scope, line: &Span) -> (Derived, bool) {
        let text = Rc::clone(&just.text);
        let mut derived = Derived::default();
        let Some(raw) = text.get(line.clone()) else { return (derived, false) };
        let command = if raw.starts_with("#!") { raw } else { raw.trim_start_matches(['@', '-']) };
        let ignores = raw[..raw.len() - command.len()].contains('-');
        let mut at = just.base + line.end - command.len();
        let mut rest = command;
        while let Some(open) = rest.find("{{") {
            derived.push(&rest[..open], at);
            let after = &rest[open + 2..];
            if let Some(after) = after.strip_prefix("{{") {
                derived.push_instead("{{", at + open..at + open + 4);
                (rest, at) = (after, at + open + 4);
                continue;
            }
            let Some(end) = after.find("}}") else {
                derived.push("{{", at + open);
                (rest, at) = (after, at + open + 2);
                break;
            };
            let value = self.just_value(just, scope, &expression(after[..end].trim()), 0);
            let span = at + open..at + open + end + 4;
            derived.push_instead(&value, span.clone());
            (rest, at) = (&after[end + 2..], span.end);
            if derived.text.len() > SCRIPT_BYTES {
                self.spend(SCRIPT_BYTES);
                return (derived, ignores);
            }
        }
        derived.push(rest, at);
        (derived, ignores)
    }
}

impl Just {
    /// The recipe with a name or another name.
    fn recipe(&self, name: &str) -> Option<&Recipe> {
        let alias = self.file.aliases.iter().find(|(alias, _)| alias == name).map(|(_, name)| name.as_str());
        let name = alias.unwrap_or(name);
        let mut named = self.file.recipes.iter().rev().filter(|recipe| recipe.name == name);
        // Several systems may have recipes of one name.
        let last = named.clone().next();
        named.find(|recipe| !recipe.is_undecided).or(last)
    }
}
