//! `make`: runs the recipes of targets in a Makefile.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::super::SCRIPT_BYTES;
use super::super::derived::Derived;
use super::super::files::ResolvedPath;
use super::super::forge::WORKSPACE;
use super::super::interpreter::{Interpreter, Outcome, Output, own_spans};
use super::super::makefile::{Assignment, Makefile, Operator, Statement, parse};
use super::super::options::ShellOptions;
use super::super::state::{EXPORT_UNKNOWN, Export, State, Variables};
use super::super::syntax::{Piece, PieceKind, Span, Word, is_name};
use super::declare::Pair;
use super::tasks::{Tasks, directory_after, place_of_file};
use slug_value::{AbstractValue, Text, Tristate};

/// Maximum nesting of references to variables, and of prerequisites.
const MAX_DEPTH: usize = 24;

/// The names of a Makefile, in the order in which `make` looks for them.
const NAMES: [&str; 3] = ["GNUmakefile", "makefile", "Makefile"];

/// The words of a command line of `make`.
#[derive(Default)]
struct Arguments {
    directories: Vec<String>,
    file: Option<String>,
    variables: Vec<(String, Text, Span)>,
    goals: Vec<String>,
    ignores_errors: bool,
    keeps_going: bool,
    /// Whether nothing runs, as with `-n`.
    is_dry: bool,
    /// Whether an argument is not known.
    is_unknown: bool,
}

/// A Makefile that runs.
#[derive(Clone, Default)]
struct Make {
    /// The file of the current statement or recipe.
    file: MakeFile,
    /// All files that were read.
    files: Vec<MakeFile>,
    variables: BTreeMap<String, MakeVariable>,
    targets: BTreeMap<String, Target>,
    phony: BTreeSet<String>,
    goal: Option<String>,
    /// The variables of the environment of `make`, which recipes do not change.
    environment: Variables,
    /// The reason why all other variables of the environment can have any value, if they can.
    others_unknown: Option<String>,
    /// The variables that are exported or not, by `export` and `unexport`.
    exported: BTreeMap<String, Export>,
    exports_all: bool,
    is_one_shell: bool,
    ignores_errors: bool,
    /// Whether targets that do not depend on a failed one are made, as with `-k`.
    keeps_going: bool,
    /// Whether it may define rules or variables that are not known.
    is_incomplete: bool,
    /// The reason why it may define and export any variable, if it may.
    may_define: Option<String>,
    /// The targets that were made.
    made: BTreeSet<String>,
}

/// A Makefile, or a file that it includes.
#[derive(Clone, Default)]
struct MakeFile {
    path: String,
    text: Rc<str>,
    base: usize,
}

#[derive(Clone)]
struct MakeVariable {
    value: MakeValue,
    /// The bytes of its name, or of the assignment on the command line.
    assigned: Span,
    /// The bytes of its value in the Makefile.
    source: Span,
    is_argument: bool,
}

#[derive(Clone)]
enum MakeValue {
    /// A text that is expanded at each use.
    Recursive(String),
    /// An expanded text.
    Simple(String),
}

#[derive(Clone, Default)]
struct Target {
    prerequisites: Vec<String>,
    recipe: Vec<Span>,
    assignments: Vec<Assignment>,
    is_undecided: bool,
    /// The file with the recipe and the assignments.
    file: MakeFile,
}

impl Interpreter<'_> {
    /// Interprets `make`; `None` if its Makefile is not known.
    pub(super) fn make(&mut self, words: &[Word]) -> Option<Outcome> {
        let arguments = self.make_arguments(&words[1..]);
        if arguments.is_dry {
            self.resolve(&own_spans(words));
            return Some(Outcome::unknown(Output::unknown("the output of `make` is not known")));
        }
        let directory = directory_after(self.state.directory.as_deref(), &arguments.directories)?;
        let names: Vec<&str> = arguments.file.as_deref().map_or(NAMES.to_vec(), |file| vec![file]);
        let found = names.iter().find_map(|name| {
            let ResolvedPath::Repository(path) = ResolvedPath::of(name, Some(&directory)) else { return None };
            Some((self.files.read(&path)?, path))
        });
        let (file, path) = found?;
        self.spend(file.text.len() / 16 + 1);
        let change = self.changed.reason(&path);
        if arguments.is_unknown || file.text.len() > SCRIPT_BYTES || change.is_some() {
            self.note_uninterpreted(&file.text, file.base, &path);
            self.note_doubt(&file, change);
            return None;
        }
        self.resolve(&own_spans(words));
        let outcome = self.child_process(ShellOptions::NONE, Vec::new(), |it| {
            it.state.directory = Some(directory);
            let mut make = Make {
                environment: it.copy().variables,
                others_unknown: it.state.others_unknown.clone(),
                ..Make::default()
            };
            make.ignores_errors = arguments.ignores_errors;
            make.keeps_going = arguments.keeps_going;
            let outer = it.make_overrides.clone();
            it.make_overrides.extend(arguments.variables);
            it.set_overrides(&mut make);
            it.load_makefile(&mut make, MakeFile { path: path.clone(), text: Rc::clone(&file.text), base: file.base });
            let flags = it.state.variables.get("MAKEFLAGS").map(|variable| &variable.value);
            if flags.is_some_and(|flags| flags.single().is_none_or(|flags| flags.contains('='))) {
                it.may_define(&mut make, "`MAKEFLAGS` may set it");
            }
            let outcome = it.make_goals(&mut make, arguments.goals);
            it.make_overrides = outer;
            Some(outcome)
        });
        if self.has_failed() {
            self.note_uninterpreted(&file.text, file.base, &path);
        }
        Some(Outcome { output: Output::unknown("the output of `make` is not known"), ..outcome })
    }

    /// The goals of a command line of `make` in a directory.
    pub(super) fn goals(&mut self, words: &[Word], directory: Option<&str>) -> Option<Tasks> {
        let arguments = self.make_arguments(words);
        if arguments.is_dry {
            return None;
        }
        let directory = directory_after(directory, &arguments.directories);
        let place = match &arguments.file {
            Some(file) => directory_after(directory.as_deref(), [file]).map(|path| place_of_file(path, &NAMES)),
            None => directory,
        };
        Some(Tasks { place, names: arguments.goals, may_be_others: arguments.is_unknown })
    }

    fn make_arguments(&mut self, words: &[Word]) -> Arguments {
        const WITH_VALUE: [&str; 10] =
            ["-I", "--include-dir", "-l", "-o", "--old-file", "-W", "--what-if", "-E", "--eval", "--output-sync"];
        let mut arguments = Arguments::default();
        let mut index = 0;
        while let Some(word) = words.get(index) {
            index += 1;
            let mut next = |it: &mut Self| {
                index += 1;
                words.get(index - 1).and_then(|word| it.field(word).single().cloned())
            };
            let option = word.literal().unwrap_or_default();
            match option.as_ref() {
                "-C" | "--directory" => match next(self) {
                    Some(path) => arguments.directories.push(path),
                    None => arguments.is_unknown = true,
                },
                "-f" | "--file" | "--makefile" => match next(self) {
                    Some(path) if arguments.file.is_none() => arguments.file = Some(path),
                    _ => arguments.is_unknown = true,
                },
                "-j" | "--jobs" => {
                    let is_number = |word: &Word| word.literal().is_some_and(|it| it.parse::<u32>().is_ok());
                    index += usize::from(words.get(index).is_some_and(is_number));
                }
                "-n" | "--dry-run" | "--just-print" | "--recon" | "-q" | "--question" | "-t" | "--touch" | "-v"
                | "--version" | "-h" | "--help" => arguments.is_dry = true,
                "-i" | "--ignore-errors" => arguments.ignores_errors = true,
                "-k" | "--keep-going" => arguments.keeps_going = true,
                "-e" | "--environment-overrides" => arguments.is_unknown = true,
                option if WITH_VALUE.contains(&option) => {
                    arguments.is_unknown |= matches!(option, "-E" | "--eval");
                    next(self);
                }
                option if option.starts_with("--directory=") => {
                    arguments.directories.push(option["--directory=".len()..].to_owned());
                }
                option if option.starts_with("--file=") || option.starts_with("--makefile=") => {
                    let file = option.split_once('=').map(|(_, file)| file.to_owned());
                    arguments.is_unknown |= arguments.file.is_some();
                    arguments.file = file;
                }
                option if option.starts_with("-C") => arguments.directories.push(option["-C".len()..].to_owned()),
                option if option.starts_with("-f") => arguments.file = Some(option["-f".len()..].to_owned()),
                "-" | "--" => {}
                option if option.starts_with("--") => arguments.is_unknown |= option.starts_with("--eval"),
                option if option.starts_with('-') => {
                    // Short options may stand together.
                    arguments.is_dry |= option.contains(['n', 'q', 't']) && !option.starts_with("-j");
                    arguments.ignores_errors |= option.contains('i');
                    arguments.keeps_going |= option.contains('k');
                    arguments.is_unknown |= option.contains(['C', 'f', 'e', 'E']);
                }
                _ => match self.pair(word) {
                    Pair::Assigns(name, value) => arguments.variables.push((name, value, word.span.clone())),
                    Pair::Names(goal) => match goal.split_once('=') {
                        Some((name, value)) if is_name(name.trim_end_matches(':')) => {
                            let name = name.trim_end_matches(':').to_owned();
                            arguments.variables.push((name, Text::known(value.to_owned()), word.span.clone()));
                        }
                        Some(_) => arguments.is_unknown = true,
                        None => arguments.goals.push(goal),
                    },
                    // `make` appends with a space.
                    Pair::Appends(..) | Pair::Option | Pair::Unknown => arguments.is_unknown = true,
                },
            }
        }
        arguments
    }

    /// Sets the variables on the command line of `make`.
    fn set_overrides(&mut self, make: &mut Make) {
        for (name, value, span) in &self.make_overrides.clone() {
            let value = match value.single() {
                Some(known) => MakeValue::Recursive(known.clone()),
                None => MakeValue::Simple(self.placeholder_of(value.clone())),
            };
            let variable = MakeVariable { value, assigned: span.clone(), source: 0..0, is_argument: true };
            make.variables.insert(name.clone(), variable);
        }
    }

    /// Reads the variables and rules of a Makefile.
    fn load_makefile(&mut self, make: &mut Make, file: MakeFile) {
        let makefile: Makefile = parse(&file.text);
        make.files.push(file.clone());
        let outer = std::mem::replace(&mut make.file, file);
        for statement in &makefile.statements {
            match statement {
                Statement::Assignment(assignment) => self.make_assign(make, assignment),
                Statement::Export { names, is_exported, span } => {
                    let names = self.make_words(make, names);
                    make.exports_all |= names.is_empty() && *is_exported;
                    names.iter().for_each(|name| self.define_exported(make, name, span));
                    let export = if *is_exported { Export::Yes } else { Export::No };
                    make.exported.extend(names.into_iter().map(|name| (name, export)));
                }
                Statement::Rule(rule) => {
                    let targets = self.make_words(make, &rule.targets);
                    let prerequisites = self.make_words(make, &rule.prerequisites);
                    make.is_incomplete |= targets.iter().any(|target| is_computed(target) || target.contains('%'));
                    for target in targets {
                        match target.as_str() {
                            ".PHONY" => make.phony.extend(prerequisites.iter().cloned()),
                            ".ONESHELL" => make.is_one_shell = true,
                            ".IGNORE" => make.ignores_errors = true,
                            ".EXPORT_ALL_VARIABLES" => make.exports_all = true,
                            _ => {}
                        }
                        let is_special = target.starts_with('.') && !target.contains('/') || target.contains('%');
                        if make.goal.is_none() && !is_special && rule.assignment.is_none() {
                            make.goal = Some(target.clone());
                        }
                        let known = make.targets.entry(target).or_default();
                        known.prerequisites.extend(prerequisites.iter().cloned());
                        known.assignments.extend(rule.assignment.clone());
                        known.is_undecided |= rule.is_undecided;
                        known.file = make.file.clone();
                        if !rule.recipe.is_empty() {
                            known.recipe.clone_from(&rule.recipe);
                        }
                    }
                }
                Statement::Include { files, is_optional, is_conditional } => {
                    for name in self.make_words(make, files) {
                        self.include(make, &name, *is_optional, *is_conditional);
                    }
                }
                Statement::Stray | Statement::Other => self.may_define(make, "a Makefile computes what it defines"),
            }
        }
        self.run_while_reading(make, &makefile);
        make.file = outer;
    }

    /// Interprets the commands that `make` runs while it reads the current file. Whether they see the variables that
    /// the file exports depends on the version of `make`.
    fn run_while_reading(&mut self, make: &Make, makefile: &Makefile) {
        let text = Rc::clone(&make.file.text);
        for span in &makefile.immediate {
            self.run_shell_functions(make, text.get(span.clone()).unwrap_or_default(), make.file.base + span.start, 0);
        }
        for statement in &makefile.statements {
            let assignment = match statement {
                Statement::Assignment(assignment) => Some(assignment),
                Statement::Rule(rule) => rule.assignment.as_ref(),
                _ => None,
            };
            if let Some(Assignment { operator: Operator::Shell, value_span, .. }) = assignment {
                let command = text.get(value_span.clone()).unwrap_or_default();
                self.run_shell_function(make, command, make.file.base + value_span.start);
            }
        }
    }

    /// Interprets the commands of the references `$(shell …)` in a text that begins at a byte. What a variable runs
    /// that is expanded at each use is noted.
    fn run_shell_functions(&mut self, make: &Make, text: &str, at: usize, depth: usize) {
        if depth >= MAX_DEPTH {
            return;
        }
        for (offset, part, reference) in references(text) {
            let Some(name) = reference.filter(|name| *name != "$") else { continue };
            let at = at + offset + part.find(name).unwrap_or_default();
            if let Some(command) = name.strip_prefix("shell").filter(|rest| rest.starts_with(char::is_whitespace)) {
                self.run_shell_function(make, command, at + name.len() - command.len());
            } else if let Some(variable) = make.variables.get(name) {
                if matches!(&variable.value, MakeValue::Recursive(text) if text.contains("shell ")) {
                    self.note_make(make, &variable.source);
                }
            } else {
                self.run_shell_functions(make, name, at, depth + 1);
            }
        }
    }

    /// Interprets a command that `make` runs while it reads a file.
    fn run_shell_function(&mut self, make: &Make, command: &str, at: usize) {
        let before = self.copy();
        self.havoc("`make` runs the command while it reads the Makefile");
        let derived = self.derive_command(make, command, at, None);
        self.run_derived(derived, "sh", ShellOptions::NONE, &make.file.path);
        self.restore(before);
    }

    /// Reads a file that a Makefile includes. One that may be missing and that the repository lacks defines nothing.
    fn include(&mut self, make: &mut Make, name: &str, is_optional: bool, is_conditional: bool) {
        let span = make.file.base..make.file.base;
        let word = Word { pieces: vec![Piece { kind: PieceKind::Literal(name.to_owned()), span: span.clone() }], span };
        let words = if is_computed(name) { vec![word] } else { self.globbed(word) };
        for word in words {
            let path = word.literal().unwrap_or_default().into_owned();
            let found = self.file_at(&path).filter(|file| file.text.len() <= SCRIPT_BYTES);
            match found {
                None if is_optional && !is_computed(&path) => {}
                Some(file) if !is_conditional && make.files.len() < MAX_DEPTH && self.change_of(&path).is_none() => {
                    self.spend(file.text.len() / 16 + 1);
                    self.load_makefile(make, MakeFile { path, text: file.text, base: file.base });
                }
                _ => {
                    if let Some(file) = found {
                        self.note_uninterpreted(&file.text, file.base, &path);
                        self.note_doubt(&file, self.change_of(&path));
                    }
                    self.may_define(make, "a Makefile includes a file that may set it");
                }
            }
        }
    }

    /// Records that a statement may define any variable, export it, and define any rule. The statement is assumed not
    /// to unexport any variable.
    fn may_define(&mut self, make: &mut Make, reason: &str) {
        make.is_incomplete = true;
        let unknown = self.placeholder_of(Text::unknown(reason));
        // It is assumed not to change the shell of recipes.
        let is_of_shell = |name: &str| ["SHELL", ".SHELLFLAGS"].contains(&name);
        let others = make.variables.iter_mut().filter(|(name, variable)| !variable.is_argument && !is_of_shell(name));
        for (_, variable) in others {
            variable.value = MakeValue::Simple(unknown.clone());
        }
        for export in make.exported.values_mut().filter(|export| **export == Export::No) {
            *export = Export::Maybe;
        }
        make.environment.clear();
        make.others_unknown = Some(reason.to_owned());
        make.may_define = Some(reason.to_owned());
    }

    /// Defines a variable that `export` or `unexport` names: it is empty if nothing has set it.
    fn define_exported(&mut self, make: &mut Make, name: &str, span: &Span) {
        if make.variables.contains_key(name) {
            return;
        }
        let value = match Self::environment_default(make, name) {
            Environment::Set => return,
            Environment::Unset => String::new(),
            Environment::Either(value) => self.placeholder_of(value.or(Text::empty())),
        };
        let value = MakeValue::Simple(value);
        let assigned = make.file.base + span.start..make.file.base + span.end;
        let variable = MakeVariable { value, assigned, source: 0..0, is_argument: false };
        make.variables.insert(name.to_owned(), variable);
    }

    fn make_assign(&mut self, make: &mut Make, assignment: &Assignment) {
        let name = self.make_expand(make, &assignment.name, None, 0);
        if is_computed(&name) {
            make.is_incomplete = true;
            return;
        }
        if assignment.is_exported {
            make.exported.insert(name.clone(), Export::Yes);
        }
        match name.as_str() {
            ".DEFAULT_GOAL" => {
                make.goal = Some(self.make_expand(make, &assignment.value, None, 0).trim().to_owned());
                return;
            }
            ".RECIPEPREFIX" | "MAKEFLAGS" | "GNUMAKEFLAGS" => {
                make.is_incomplete = true;
                return;
            }
            _ => {}
        }
        let old = make.variables.get(&name).cloned();
        // An assignment in the file does not change an argument. One with `override` does, and later ones do not.
        let is_argument = old.as_ref().is_some_and(|old| old.is_argument);
        if is_argument && !assignment.is_conditional {
            return;
        }
        let text = assignment.value.as_str();
        let computed = || Text::unknown(format!("how a Makefile computes `{name}` is not interpreted"));
        let value = match assignment.operator {
            _ if assignment.is_conditional => MakeValue::Simple(self.placeholder_of(computed())),
            Operator::Shell | Operator::Computed => MakeValue::Simple(self.placeholder_of(computed())),
            Operator::Recursive => MakeValue::Recursive(text.to_owned()),
            Operator::Simple => MakeValue::Simple(self.make_expand(make, text, None, 0)),
            Operator::Default if old.is_some() => return,
            Operator::Default => match Self::environment_default(make, &name) {
                Environment::Unset => MakeValue::Recursive(text.to_owned()),
                Environment::Set => return,
                Environment::Either(value) => {
                    let default = self.make_expand(make, text, None, 0);
                    let default = self.text_of(&default);
                    let reason = "a Makefile sets it if the environment does not";
                    MakeValue::Simple(self.placeholder_of(value.or(default).with_reason(reason)))
                }
            },
            Operator::Append => match old.as_ref().map(|old| &old.value) {
                Some(MakeValue::Simple(old)) => {
                    let old = self.text_of(old);
                    let new = self.make_expand(make, text, None, 0);
                    let new = self.text_of(&new);
                    self.simple_value(appended(old, new))
                }
                Some(MakeValue::Recursive(_)) if text.is_empty() => return,
                Some(MakeValue::Recursive(old)) if old.is_empty() => MakeValue::Recursive(text.to_owned()),
                Some(MakeValue::Recursive(old)) => MakeValue::Recursive(format!("{old} {text}")),
                None => match self.make_environment(make, &name) {
                    before if before.is_empty() => MakeValue::Recursive(text.to_owned()),
                    before => {
                        let new = self.make_expand(make, text, None, 0);
                        let (before, new) = (self.text_of(&before), self.text_of(&new));
                        self.simple_value(appended(before, new))
                    }
                },
            },
        };
        let at = |span: &Span| make.file.base + span.start..make.file.base + span.end;
        let mut source = at(&assignment.value_span);
        if let Some(old) = old
            .filter(|old| !old.source.is_empty())
            .filter(|_| assignment.operator == Operator::Append || assignment.is_conditional)
        {
            source.start = source.start.min(old.source.start);
        }
        let variable = MakeVariable { value, assigned: at(&assignment.name_span), source, is_argument };
        make.variables.insert(name, variable);
    }

    /// The state of a variable in the environment.
    fn environment_default(make: &Make, name: &str) -> Environment {
        match (make.environment.get(name), &make.others_unknown) {
            (Some(variable), _) if variable.export == Export::No => Environment::Unset,
            (Some(variable), _) if variable.export == Export::Maybe => Environment::Either(variable.value.clone()),
            (Some(variable), _) if !variable.value.reasons.contains(EXPORT_UNKNOWN) => Environment::Set,
            (Some(variable), _) => Environment::Either(variable.value.clone()),
            (None, Some(reason)) => Environment::Either(Text::unknown(reason.clone())),
            (None, None) if is_set_by_runner(name) => Environment::Set,
            (None, None) => Environment::Unset,
        }
    }

    /// The value of a variable of the environment in a Makefile.
    fn make_environment(&mut self, make: &Make, name: &str) -> String {
        match Self::environment_default(make, name) {
            Environment::Unset => String::new(),
            _ => {
                let value = make.environment.get(name).map(|variable| variable.value.clone());
                let value = value.unwrap_or_else(|| Text::unknown(format!("`${name}` is not known")));
                match value.single() {
                    Some(known) if !known.contains('$') => known.clone(),
                    Some(_) => self.placeholder_of(Text::unknown(format!("`make` expands the value of `{name}`"))),
                    None => self.placeholder_of(value),
                }
            }
        }
    }

    fn simple_value(&mut self, value: Text) -> MakeValue {
        MakeValue::Simple(value.single().cloned().unwrap_or_else(|| self.placeholder_of(value)))
    }

    /// The value of a text with placeholders.
    pub(super) fn text_of(&mut self, text: &str) -> Text {
        self.with_expressions(text).into_iter().fold(Text::empty(), Text::followed_by)
    }

    fn make_words(&mut self, make: &Make, text: &str) -> Vec<String> {
        let text = self.make_expand(make, text, None, 0);
        text.split_whitespace().filter(|word| *word != "|").map(str::to_owned).collect()
    }

    /// Expands the references in a text. Placeholders take the place of what is not known.
    fn make_expand(&mut self, make: &Make, text: &str, rule: Option<(&str, &Target)>, depth: usize) -> String {
        let mut expanded = String::new();
        for (_, part, reference) in references(text) {
            match reference {
                None => expanded.push_str(part),
                Some(reference) => expanded.push_str(&self.make_reference(make, reference, rule, depth)),
            }
            if expanded.len() > SCRIPT_BYTES {
                return self.placeholder_of(Text::unknown("a value in a Makefile is too long"));
            }
        }
        expanded
    }

    /// The value of a reference: its text without `$` and parentheses.
    fn make_reference(&mut self, make: &Make, name: &str, rule: Option<(&str, &Target)>, depth: usize) -> String {
        self.spend(name.len() / 64 + 1);
        let unknown = |what: &str| Text::unknown(format!("`$({what})` in a Makefile is not known"));
        if self.has_failed() {
            return String::new();
        }
        if depth >= MAX_DEPTH {
            return self.placeholder_of(unknown(name));
        }
        if name == "$" {
            return "$".to_owned();
        }
        let automatic = rule.and_then(|(target, rule)| match name {
            "@" => Some(target.to_owned()),
            "<" => Some(rule.prerequisites.first().cloned().unwrap_or_default()),
            "^" | "+" => {
                let mut seen = BTreeSet::new();
                let words = rule.prerequisites.iter().filter(|word| name == "+" || seen.insert(*word));
                Some(words.cloned().collect::<Vec<_>>().join(" "))
            }
            _ => None,
        });
        if let Some(automatic) = automatic {
            return automatic;
        }
        if !name.contains([' ', '\t', '\n', ',', ':', '$', '?', '*', '%', '|']) {
            return match make.variables.get(name).map(|variable| (&variable.value, variable)) {
                Some((MakeValue::Simple(text), variable)) => {
                    let text = text.clone();
                    if is_computed(&text) {
                        self.note_make(make, &variable.source);
                    }
                    text
                }
                Some((MakeValue::Recursive(text), variable)) => {
                    let value = self.make_expand(make, text, rule, depth + 1);
                    let is_function = |reference: Option<&str>| reference.is_some_and(|name| name.contains(' '));
                    if is_computed(&value) && references(text).iter().any(|(_, _, name)| is_function(*name)) {
                        self.note_make(make, &variable.source);
                    }
                    value
                }
                None => match name {
                    "MAKE" => "make".to_owned(),
                    "SHELL" => "/bin/sh".to_owned(),
                    "RM" => "rm -f".to_owned(),
                    "CURDIR" => {
                        let directory = self.state.directory.clone().unwrap_or_default();
                        format!("{WORKSPACE}/{directory}").trim_end_matches('/').to_owned()
                    }
                    _ => self.make_environment(make, name),
                },
            };
        }
        if let Some(inner) = name.strip_prefix("$(").and_then(|name| name.strip_suffix(')'))
            && !inner.contains(['$', '(', ')'])
        {
            let inner = self.make_reference(make, inner, rule, depth + 1);
            if !is_computed(&inner) && !inner.contains('$') {
                return self.make_reference(make, &inner, rule, depth + 1);
            }
        }
        // A function may use each variable that it names.
        for word in name.split(|c: char| !(c == '_' || c == '-' || c == '.' || c.is_ascii_alphanumeric())) {
            if let Some(variable) = make.variables.get(word) {
                let source = variable.source.clone();
                self.note_make(make, &source);
            }
        }
        self.placeholder_of(unknown(name))
    }

    /// Records what a part of a Makefile names, which is not interpreted.
    fn note_make(&mut self, make: &Make, part: &Span) {
        if part.is_empty() {
            return;
        }
        let has_part = |file: &&MakeFile| (file.base..=file.base + file.text.len()).contains(&part.start);
        let Some(file) = make.files.iter().find(has_part) else { return };
        if let Some(text) = file.text.get(part.start - file.base..part.end - file.base) {
            self.note_uninterpreted(text, part.start, &file.path);
        }
    }

    /// Makes the goals of a command line, or the default goal.
    fn make_goals(&mut self, make: &mut Make, goals: Vec<String>) -> Outcome {
        let goals = if goals.is_empty() { make.goal.clone().into_iter().collect() } else { goals };
        let mut failed: Option<State> = None;
        self.make_each(make, &goals, 0, &mut failed);
        self.with_failed(failed)
    }

    /// Makes several targets in order.
    fn make_each(&mut self, make: &mut Make, names: &[String], depth: usize, failed: &mut Option<State>) {
        if !make.keeps_going {
            return names.iter().for_each(|name| self.make_goal(make, name, depth, failed));
        }
        let (mut may_fail, mut fails) = (false, false);
        for name in names {
            let mut failed_here = None;
            self.make_goal(make, name, depth, &mut failed_here);
            if let Some(state) = failed_here {
                may_fail = true;
                fails |= self.state.ended;
                self.join_with(state);
            }
        }
        if may_fail {
            self.add_failed_state(failed);
            self.state.ended |= fails;
        }
    }

    /// Makes a target and its prerequisites. `failed` is the state after a command that fails.
    fn make_goal(&mut self, make: &mut Make, name: &str, depth: usize, failed: &mut Option<State>) {
        if !make.made.insert(name.to_owned()) {
            return;
        }
        self.spend(make.variables.len() + 1);
        let target = make.targets.get(name).cloned();
        if let Some(target) = &target {
            make.file = target.file.clone();
        }
        if make.is_incomplete && target.as_ref().is_none_or(|target| target.recipe.is_empty())
            || target.as_ref().is_some_and(|target| target.is_undecided)
            || depth >= MAX_DEPTH
            || is_computed(name)
        {
            for file in make.files.clone() {
                self.note_make(make, &(file.base..file.base + file.text.len()));
            }
            return self.add_failed_state(failed);
        }
        let Some(target) = target else {
            // A file, or an error.
            if depth == 0 && self.file_at(name).is_none() {
                let names = make.targets.keys().filter(|name| !name.starts_with('.')).cloned().collect();
                self.note_missing(name, (make.files[0].path.clone(), names));
            }
            return self.add_failed_state(failed);
        };
        let outer = make.variables.clone();
        let exported = make.exported.clone();
        for assignment in &target.assignments {
            self.make_assign(make, assignment);
        }
        self.make_each(make, &target.prerequisites, depth + 1, failed);
        make.file = target.file.clone();
        // A file that is up to date is not made again.
        let is_file = name.contains(['/', '.']) || self.exists(name);
        let is_made = make.phony.contains(name) || !is_file;
        let before = self.copy();
        self.export_make_variables(make);
        self.note_goal_of_target(make, name, &target);
        self.run_recipe(make, name, &target, failed);
        if let Some(failed) = failed {
            failed.variables.clone_from(&before.variables);
        }
        self.restore(before.clone());
        if !is_made {
            self.join_with(before);
        }
        make.variables = outer;
        make.exported = exported;
    }

    /// Records a call of each harness that is the command that makes this goal, as `make e2e` is if another goal
    /// needs `e2e`.
    fn note_goal_of_target(&mut self, make: &Make, name: &str, target: &Target) {
        let Some(line) = target.recipe.first() else { return };
        let span = make.file.base + line.start..make.file.base + line.end;
        let file = format!("{WORKSPACE}/{}", make.files[0].path);
        let words = ["make", "-f", &file, name].map(|word| self.value_word(Text::known(word.to_owned()), &span));
        for (index, text) in self.targets.iter().enumerate() {
            let expected: Vec<&str> = text.split_whitespace().collect();
            if !self.is_inside(index) && self.compare_tasks(&words, &expected) == Some(Tristate::ALWAYS) {
                self.record_call(index, &words[0], "make", &[]);
            }
        }
    }

    /// Whether the repository has a file or directory at a path.
    fn exists(&self, path: &str) -> bool {
        self.file_at(path).is_some()
            || matches!(ResolvedPath::of(path, self.state.directory.as_deref()),
                ResolvedPath::Repository(path) if !self.files.list(&path).is_empty())
    }

    /// Exports the variables of a Makefile to its recipes.
    fn export_make_variables(&mut self, make: &Make) {
        if let Some(reason) = &make.may_define {
            self.havoc(reason);
        }
        let names: Vec<String> = make.variables.keys().chain(make.exported.keys()).cloned().collect();
        for name in names.iter().filter(|name| is_name(name)) {
            let explicit = make.exported.get(name).copied();
            let Some(variable) = make.variables.get(name) else {
                if explicit == Some(Export::No) {
                    self.set_variable(name, Text::empty(), 0..0, Some(Export::No));
                }
                continue;
            };
            let environment = Self::environment_default(make, name);
            let export = match (explicit, &environment) {
                (Some(export), _) => export,
                (None, Environment::Set) => Export::Yes,
                (None, _) if make.exports_all || variable.is_argument => Export::Yes,
                (None, Environment::Unset) => continue,
                (None, Environment::Either(_)) => Export::Maybe,
            };
            let text = self.make_reference(make, name, None, 0);
            let value = self.text_of(&text);
            self.set_variable(name, value, variable.assigned.clone(), Some(export));
        }
    }

    fn run_recipe(&mut self, make: &Make, name: &str, target: &Target, failed: &mut Option<State>) {
        let shell = self.make_reference(make, "SHELL", None, 0);
        let mut shell_words = shell.split_whitespace().map(|word| word.rsplit('/').next().unwrap_or_default());
        let shell =
            shell_words.next().filter(|word| *word != "env").or(shell_words.next()).unwrap_or_default().to_owned();
        let flags = match make.variables.contains_key(".SHELLFLAGS") {
            true => self.make_reference(make, ".SHELLFLAGS", None, 0),
            false => String::new(),
        };
        let options = ShellOptions::of(flags.split_whitespace());
        let mut commands: Vec<(Derived, bool)> = Vec::new();
        for span in &target.recipe {
            let text = Rc::clone(&make.file.text);
            let Some(raw) = text.get(span.clone()) else { continue };
            let command = raw.trim_start_matches(['@', '-', '+', ' ', '\t']);
            let ignores = make.ignores_errors || raw[..raw.len() - command.len()].contains('-');
            let at = make.file.base + span.end - command.len();
            let derived = self.derive_command(make, command, at, Some((name, target)));
            match commands.last_mut().filter(|_| make.is_one_shell) {
                Some((last, _)) => {
                    last.push("\n", at.saturating_sub(1));
                    last.append(derived);
                }
                None => commands.push((derived, ignores)),
            }
        }
        for (derived, ignores) in commands {
            let outcome = self.run_derived(derived, &shell, options, &make.file.path);
            if !ignores {
                self.keep_success(outcome, failed);
            }
        }
    }

    /// Expands a command of a recipe, or one that runs while `make` reads a file.
    fn derive_command(&mut self, make: &Make, command: &str, at: usize, rule: Option<(&str, &Target)>) -> Derived {
        let mut derived = Derived::default();
        for (offset, part, reference) in references(command) {
            let position = at + offset;
            match reference {
                None => {
                    // The tab of a continuation line belongs to the recipe.
                    let mut start = position;
                    for line in part.split_inclusive('\n') {
                        let indent = usize::from(start > position && line.starts_with('\t'));
                        derived.push(&line[indent..], start + indent);
                        start += line.len();
                    }
                }
                Some(reference) => {
                    let value = self.make_reference(make, reference, rule, 0);
                    if is_computed(&value) && derived.text.len() < SCRIPT_BYTES {
                        self.note_make(make, &(position..position + part.len()));
                    }
                    derived.push_instead(&value, position..position + part.len());
                }
            }
            if derived.text.len() > SCRIPT_BYTES {
                self.spend(SCRIPT_BYTES);
            }
        }
        derived
    }
}

/// A value with another one after it and a space between them, unless one of them is empty.
fn appended(before: Text, new: Text) -> Text {
    if new == Text::empty() {
        return before;
    }
    let AbstractValue::OneOf(texts) = &before.values else { return before.followed_by(new) };
    let each = texts.iter().map(|text| if text.is_empty() { String::new() } else { format!("{text} ") });
    let may_be_empty = matches!(&new.values, AbstractValue::OneOf(texts) if texts.iter().any(String::is_empty));
    let both = Text::one_of(each, before.reasons.clone()).followed_by(new);
    if may_be_empty { before.or(both) } else { both }
}

/// The state of a variable in the environment.
enum Environment {
    /// It has no value.
    Unset,
    /// It has a value, which may be empty.
    Set,
    /// It has one of these values, of which the empty one may mean that it has none.
    Either(Text),
}

/// Whether a runner may set a variable that no workflow sets.
fn is_set_by_runner(name: &str) -> bool {
    ["GITHUB_", "RUNNER_", "ACTIONS_", "GITEA_"].iter().any(|prefix| name.starts_with(prefix))
        || ["CI", "HOME", "LANG", "LOGNAME", "PATH", "PWD", "SHELL", "TERM", "TMPDIR", "USER"].contains(&name)
}

/// Whether an expanded text has a part that is not known.
fn is_computed(text: &str) -> bool {
    text.contains(|c| ('\u{100000}'..'\u{10f000}').contains(&c))
}

/// Splits a text into plain parts and references, each with its first byte and its whole text. `$$` is the
/// reference `$`.
fn references(text: &str) -> Vec<(usize, &str, Option<&str>)> {
    let mut parts = Vec::new();
    let mut start = 0;
    while let Some(at) = text[start..].find('$').map(|at| start + at) {
        let after = &text[at + 1..];
        let Some(first) = after.chars().next() else { break };
        let (length, name) = match first {
            '(' | '{' => {
                let close = if first == '(' { ')' } else { '}' };
                let mut depth = 0_usize;
                let end = after.char_indices().find(|(_, character)| {
                    depth += usize::from(*character == first);
                    depth -= usize::from(*character == close);
                    depth == 0
                });
                let end = end.map_or(after.len(), |(end, _)| end);
                ((end + 1).min(after.len()), &after[1..end])
            }
            _ => (first.len_utf8(), &after[..first.len_utf8()]),
        };
        if at > start {
            parts.push((start, &text[start..at], None));
        }
        let end = at + 1 + length;
        parts.push((at, &text[at..end], Some(name)));
        start = end;
    }
    if start < text.len() {
        parts.push((start, &text[start..], None));
    }
    parts
}
