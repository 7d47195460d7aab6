//! Runners of tasks whose files are not interpreted, such as `task`: what such a file names may run.

use super::super::derived::Derived;
use super::super::files::{ResolvedPath, SourceFile, joined};
use super::super::interpreter::{Interpreter, parts_of};
use super::super::package;
use super::super::syntax::{Span, Word};
use super::super::targets::comments;
use super::SHELLS;
use super::launch::{is_test_runner, runs_other_language, unversioned};
use super::tasks::runs_tasks;
use std::collections::{BTreeMap, BTreeSet};

/// A runner of tasks whose files are not interpreted.
struct Runner {
    /// The commands: a program, and words that its arguments have in this order.
    commands: &'static [&'static str],
    /// The names of the files that define its tasks.
    files: &'static [&'static str],
    /// Where the files are.
    place: Place,
    /// The commands of the program that run no task.
    own: &'static [&'static str],
    /// The variable with further files, separated by colons.
    variable: Option<&'static str>,
}

/// Where the files of a runner are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In the working directory or above it.
    Above,
    /// Also below the working directory, as those of packages in a repository with several ones.
    Below,
}

const fn above(commands: &'static [&'static str], files: &'static [&'static str]) -> Runner {
    Runner { commands, files, place: Place::Above, own: &[], variable: None }
}

const fn below(commands: &'static [&'static str], files: &'static [&'static str]) -> Runner {
    Runner { place: Place::Below, ..above(commands, files) }
}

const RUNNERS: &[Runner] = &[
    above(
        &["task", "go-task"],
        &[
            "Taskfile.yml",
            "Taskfile.yaml",
            "taskfile.yml",
            "taskfile.yaml",
            "Taskfile.dist.yml",
            "Taskfile.dist.yaml",
            "taskfile.dist.yml",
            "taskfile.dist.yaml",
        ],
    ),
    // The task runner of a Python project has the same name.
    above(&["task", "taskipy"], &["pyproject.toml"]),
    above(
        &["rake"],
        &["Rakefile", "rakefile", "Rakefile.rb", "rakefile.rb", "lib/tasks/*.rake", "rakelib/*.rake", "tasks/*.rake"],
    ),
    above(&["nox"], &["noxfile.py"]),
    above(&["tox"], &["tox.ini", "tox.toml", "setup.cfg", "pyproject.toml"]),
    above(&["invoke", "inv"], &["tasks.py", "tasks/__init__.py"]),
    above(&["fab"], &["fabfile.py"]),
    above(&["doit"], &["dodo.py"]),
    above(&["poe"], &["pyproject.toml", "poe_tasks.toml"]),
    above(&["pdm run"], &["pyproject.toml"]),
    above(&["hatch run", "hatch test"], &["hatch.toml", "pyproject.toml"]),
    above(&["pipenv run"], &["Pipfile"]),
    above(&["pixi run"], &["pixi.toml", "pyproject.toml"]),
    Runner {
        own: &OWN_OF_MISE,
        ..above(
            &["mise"],
            &[
                "mise.toml",
                ".mise.toml",
                "mise/config.toml",
                ".mise/config.toml",
                ".config/mise.toml",
                ".config/mise/config.toml",
                "mise-tasks/*",
                ".mise-tasks/*",
                "mise/tasks/*",
                ".mise/tasks/*",
                ".config/mise/tasks/*",
            ],
        )
    },
    above(&["devbox run"], &["devbox.json"]),
    above(&["deno task"], &["deno.json", "deno.jsonc", "package.json"]),
    above(&["gulp"], &["gulpfile.js", "gulpfile.mjs", "gulpfile.ts"]),
    above(&["grunt"], &["Gruntfile.js", "gruntfile.js"]),
    above(&["mage"], &["magefile.go"]),
    above(&["cargo make", "makers"], &["Makefile.toml"]),
    Runner { own: &OWN_OF_COMPOSER, ..above(&["composer"], &["composer.json"]) },
    above(&["earthly"], &["Earthfile"]),
    above(&["dagger"], &["dagger.json"]),
    above(&["snakemake"], &["Snakefile", "workflow/Snakefile"]),
    above(&["scons"], &["SConstruct"]),
    above(&["pre-commit run"], &[".pre-commit-config.yaml"]),
    Runner {
        own: &["auto-update", "cache", "clean", "help", "init", "install", "list", "self", "uninstall"],
        ..above(&["prek"], &[".pre-commit-config.yaml", "prek.toml"])
    },
    above(&["lefthook run"], &["lefthook.yml", ".lefthook.yml"]),
    above(&["ant"], &["build.xml"]),
    Runner {
        variable: Some("COMPOSE_FILE"),
        ..above(
            &[
                "docker compose up",
                "docker compose run",
                "docker compose start",
                "docker-compose up",
                "docker-compose run",
                "docker-compose start",
                "nerdctl compose up",
                "nerdctl compose run",
                "nerdctl compose start",
                "podman compose up",
                "podman compose run",
                "podman compose start",
                "podman-compose up",
                "podman-compose run",
                "podman-compose start",
            ],
            &[
                "compose.yaml",
                "compose.yml",
                "docker-compose.yaml",
                "docker-compose.yml",
                "compose.override.yaml",
                "compose.override.yml",
                "docker-compose.override.yaml",
                "docker-compose.override.yml",
            ],
        )
    },
    above(&["nps"], &["package-scripts.js", "package-scripts.cjs", "package-scripts.mjs", "package-scripts.yml"]),
    above(&["wireit"], &["package.json"]),
    above(&["concurrently", "npm-run-all", "npm-run-all2", "run-p", "run-s"], &["package.json"]),
    below(&["nx"], &["project.json", "package.json", "nx.json"]),
    below(&["turbo", "lerna", "wsrun"], &["package.json"]),
    below(&["moon run", "moon ci"], &["moon.yml", ".moon/tasks.yml"]),
    below(&["gradle", "gradlew"], &["build.gradle", "build.gradle.kts"]),
    below(&["mvn", "mvnw"], &["pom.xml"]),
    below(&["bazel run", "bazel test", "bazelisk run", "bazelisk test"], &["BUILD", "BUILD.bazel"]),
];

/// Commands of mise that run no task.
const OWN_OF_MISE: [&str; 46] = [
    "activate",
    "alias",
    "backends",
    "bin-paths",
    "cache",
    "completion",
    "config",
    "current",
    "deactivate",
    "doctor",
    "en",
    "env",
    "exec",
    "fmt",
    "generate",
    "help",
    "i",
    "implode",
    "install",
    "install-into",
    "latest",
    "link",
    "list",
    "ls",
    "ls-remote",
    "outdated",
    "plugins",
    "prune",
    "registry",
    "reshim",
    "search",
    "self-update",
    "set",
    "settings",
    "shell",
    "sync",
    "tasks",
    "trust",
    "uninstall",
    "unset",
    "unuse",
    "up",
    "upgrade",
    "use",
    "where",
    "x",
];

/// Commands of Composer that run no script by its name.
const OWN_OF_COMPOSER: [&str; 37] = [
    "about",
    "archive",
    "audit",
    "browse",
    "bump",
    "check-platform-reqs",
    "clear-cache",
    "clearcache",
    "completion",
    "config",
    "create-project",
    "depends",
    "diagnose",
    "dump-autoload",
    "dumpautoload",
    "exec",
    "fund",
    "global",
    "help",
    "home",
    "i",
    "init",
    "install",
    "licenses",
    "list",
    "outdated",
    "prohibits",
    "reinstall",
    "remove",
    "require",
    "search",
    "self-update",
    "show",
    "status",
    "update",
    "upgrade",
    "validate",
];

/// Options with which a runner only prints something, before the name of a task.
const PRINTS: [&str; 6] = ["--help", "--list", "--list-all", "--tasks", "--version", "-h"];

/// Maximum depth of a directory, below the working directory, with tasks of a package.
const DEPTH: usize = 3;

/// Maximum directories that a file with tasks names, and in which they may run.
const NAMED_DIRECTORIES: usize = 8;

/// Maximum directories that are searched for files of packages.
const DIRECTORIES: usize = 500;

/// Whether a program runs tasks of a file that is not interpreted.
pub(super) fn runs_other_tasks(program: &str) -> bool {
    let is_its_name = |command: &&str| command.split(' ').next() == Some(program);
    RUNNERS.iter().flat_map(|runner| runner.commands).any(is_its_name)
}

/// Whether a script may run a file of the repository: it has a path, or the words of a command that finds a file by
/// itself.
#[must_use]
pub fn may_run_files(script: &str) -> bool {
    let words: BTreeSet<&str> = script.split(|c: char| c.is_whitespace() || ";&|()\"'`@".contains(c)).collect();
    let is_program = |word: &&str| {
        let starts_others = SHELLS.contains(word) || runs_tasks(word) || is_test_runner(word);
        starts_others || runs_other_language(word) || matches!(*word, "." | "coverage" | "source" | "uv")
    };
    let has = |command: &&str| command.split(' ').all(|word| words.contains(word));
    script.contains('/')
        || script.contains(".sh")
        || words.iter().any(is_program)
        || RUNNERS.iter().flat_map(|runner| runner.commands).any(has)
}

/// Whether a program, which may have a path, runs files of the repository: a shell, a runner of tasks or one of tests.
pub(super) fn runs_files(program: &str) -> bool {
    let program = program.rsplit('/').next().unwrap_or_default();
    SHELLS.contains(&program) || runs_tasks(program) || runs_other_tasks(program) || is_test_runner(program)
}

/// Whether a line of a text is a command that runs files of the repository. A program without arguments may be the
/// name of a package.
#[must_use]
pub fn is_command_line(text: &str) -> bool {
    text.lines().any(|line| {
        let mut words = line.split_whitespace();
        words.next().is_some_and(runs_files) && words.next().is_some()
    })
}

/// The runners of a command line, with the words by which they are known and the index of the next argument.
fn runners_of(program: &str, arguments: &[Option<String>]) -> Vec<(&'static Runner, &'static str, usize)> {
    let end_of = |command: &str| {
        let mut words = command.split(' ').skip_while(|word| *word == program);
        let has_program = command.split(' ').next() == Some(program);
        let end = words.try_fold(0, |end, word| {
            let at = arguments[end..].iter().position(|argument| argument.as_deref() == Some(word))?;
            Some(end + at + 1)
        });
        end.filter(|_| has_program)
    };
    let first = arguments.iter().flatten().find(|argument| !argument.starts_with('-'));
    let is_own = |runner: &Runner| first.is_some_and(|first| runner.own.contains(&first.as_str()));
    let runner = |runner: &'static Runner| {
        let (command, end) = runner.commands.iter().find_map(|command| Some((*command, end_of(command)?)))?;
        (!is_own(runner)).then_some((runner, command, end))
    };
    RUNNERS.iter().filter_map(runner).collect()
}

/// The index of the module that Python runs.
fn module_of(arguments: &[Option<String>]) -> Option<usize> {
    let mut index = 0;
    loop {
        match arguments.get(index)?.as_deref()? {
            "-m" => return Some(index + 1),
            "-W" | "-X" => index += 2,
            option if option.starts_with('-') => index += 1,
            _ => return None,
        }
    }
}

/// The scripts of a package.json, with their bytes.
fn tasks_of_package(text: &str, base: usize) -> Vec<(String, Span)> {
    let span = |script: &Derived| script.origin(&(0..script.text.len()));
    package::scripts(text, base).into_iter().map(|(name, script)| (name, span(&script))).collect()
}

/// The bytes of a text outside of some parts.
fn outside(text: &str, base: usize, mut parts: Vec<Span>) -> Vec<Span> {
    parts.sort_unstable_by_key(|part| part.start);
    let ends = std::iter::once(base).chain(parts.iter().map(|part| part.end));
    let starts = parts.iter().map(|part| part.start).chain([base + text.len()]);
    ends.zip(starts).map(|(end, start)| end..start.max(end)).collect()
}

/// The tasks of a Taskfile, with their bytes: the entries of its key `tasks`. `None` if they are not one below the
/// other, or if one may have the value of another one through an anchor.
fn tasks_of_taskfile(text: &str, base: usize) -> Option<Vec<(String, Span)>> {
    let is_anchor = |(at, _): (usize, &str)| {
        let (before, after) = (text[..at].chars().next_back(), text[at + 1..].chars().next());
        before.is_none_or(|sign| sign.is_whitespace() || "[{,".contains(sign))
            && after.is_some_and(|sign| !sign.is_whitespace() && sign != '&')
    };
    if text.match_indices('&').any(is_anchor) {
        return None;
    }
    let mut tasks: Vec<(String, Span)> = Vec::new();
    let (mut start, mut indentation, mut is_inside) = (base, None, false);
    for line in text.split_inclusive('\n') {
        let (from, content) = (start, line.trim());
        start += line.len();
        let spaces = line.len() - line.trim_start().len();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        // A list may have the indentation of its key.
        let is_item = content == "-" || content.starts_with("- ");
        if spaces == 0 {
            is_inside = key_of(content).is_some_and(|key| key == "tasks") && content.ends_with(':');
        } else if is_inside && spaces <= *indentation.get_or_insert(spaces) && !is_item {
            tasks.push((key_of(content)?.to_owned(), from..start));
        }
        if let Some((_, span)) = tasks.last_mut().filter(|_| is_inside) {
            span.end = start;
        }
    }
    Some(tasks)
}

/// The key of a mapping at the start of a line of YAML; `None` if the line has another form.
fn key_of(line: &str) -> Option<&str> {
    let line = line.split(" #").next().unwrap_or_default().trim_end();
    // A value may be in the same line.
    let name = line.split_once(": ").map(|(name, _)| name).or_else(|| line.strip_suffix(':'))?.trim();
    let unquoted = |quote: char| name.strip_prefix(quote)?.strip_suffix(quote);
    let name = unquoted('"').or_else(|| unquoted('\'')).unwrap_or(name);
    (!name.is_empty() && !name.contains(['\\', '!', '?', '[', ']', '"', '\'', '<', '>', '|'])).then_some(name)
}

/// The words of a text that may be names of tasks, or parts of such names.
fn words_of(text: &str) -> impl Iterator<Item = &str> {
    let is_inside = |sign: char| sign.is_alphanumeric() || matches!(sign, '-' | '_');
    text.split(move |sign| !is_inside(sign)).filter(|word| !word.is_empty())
}

/// Whether a task may run other ones whose names it computes.
fn computes_names(task: &str) -> bool {
    let has_dependencies = task.contains("deps:");
    // A pattern of names, as in `run-s test:*`.
    task.contains(":*")
        || task.lines().any(|line| {
            let names_tasks = has_dependencies || line.to_lowercase().contains("task");
            names_tasks && (line.contains("{{") || line.contains('$'))
        })
}

/// The bytes of the tasks that a command line with some words does not run, and the cost of the search. It runs the
/// tasks with these names, and each task all of whose words occur in a task that runs.
fn other_tasks(text: &str, base: usize, tasks: &[(String, Span)], names: &BTreeSet<String>) -> (Vec<Span>, usize) {
    let body = |index: usize| &text[tasks[index].1.start - base..tasks[index].1.end - base];
    let is_named = |name: &str| name.split(':').all(|part| names.contains(part));
    let mut runs: Vec<usize> = Vec::new();
    // The tasks that may not run, by the last word of their names.
    let mut others: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, (name, _)) in tasks.iter().enumerate() {
        let around = name.strip_prefix("pre").or_else(|| name.strip_prefix("post"));
        // A task may have other names, or a pattern.
        let is_run = name == "default"
            || is_named(name)
            || around.is_some_and(is_named)
            || name.contains(['*', '{'])
            || body(index).contains("aliases:");
        match words_of(name).last().filter(|_| !is_run) {
            Some(word) => others.entry(word).or_default().push(index),
            None => runs.push(index),
        }
    }
    let mut cost = text.len() / 64;
    while let Some(task) = runs.pop().map(body) {
        if computes_names(task) {
            return (Vec::new(), cost);
        }
        let words: BTreeSet<&str> = words_of(task).collect();
        cost += words.len();
        for word in &words {
            let Some(found) = others.get_mut(word) else { continue };
            cost += found.len();
            found.retain(|index| {
                let is_run = words_of(&tasks[*index].0).all(|word| words.contains(word));
                runs.extend(is_run.then_some(*index));
                !is_run
            });
        }
    }
    (others.into_values().flatten().map(|index| tasks[index].1.clone()).collect(), cost)
}

/// The words of arguments that may be names of tasks; `None` if they are not known. A pattern may stand for any name.
fn words_of_arguments(arguments: &[Option<String>]) -> Option<BTreeSet<String>> {
    let arguments = arguments.iter().map(Option::as_deref).collect::<Option<Vec<&str>>>()?;
    let is_between = |sign: char| sign.is_whitespace() || matches!(sign, ':' | ',' | '=' | '#');
    let parts = arguments.iter().flat_map(|argument| argument.split(is_between));
    let is_known = !arguments.iter().any(|argument| argument.contains('*'));
    is_known.then(|| parts.map(str::to_owned).collect())
}

/// The names of tasks on which other tasks depend, in a file of a runner.
fn dependencies(text: &str) -> Vec<String> {
    let lists = text.split("\"dependsOn\"").skip(1).map(|rest| rest.split(']').next().unwrap_or_default());
    let names = lists.flat_map(|list| list.split('"').skip(1).step_by(2));
    names.map(|name| name.rsplit(['^', '#', ':']).next().unwrap_or_default().to_owned()).collect()
}

/// A text in which spaces replace some bytes.
fn without(text: &str, base: usize, spans: &[Span]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for span in spans {
        bytes[span.start - base..span.end - base].fill(b' ');
    }
    String::from_utf8(bytes).unwrap_or_default()
}

impl Interpreter<'_> {
    /// Records the targets that the tasks of a command may call, if it runs tasks of a file that is not interpreted.
    pub(super) fn note_other_tasks(&mut self, program: &str, words: &[Word]) {
        if !runs_other_tasks(program) && unversioned(program) != "python" {
            return;
        }
        let mut program = program.to_owned();
        let mut arguments: Vec<Option<String>> =
            words[1..].iter().map(|word| self.expand_again(word).single().cloned()).collect();
        // `python -m nox` runs the module with the name of the program.
        if unversioned(&program) == "python"
            && let Some(index) = module_of(&arguments)
            && let Some(Some(module)) = arguments.get(index)
        {
            program.clone_from(module);
            arguments.drain(..=index);
        }
        for (runner, command, end) in runners_of(&program, &arguments) {
            let is_option = |argument: &&str| argument.starts_with('-') && *argument != "--";
            let mut options = arguments[end..].iter().map_while(|argument| argument.as_deref().filter(is_option));
            if !options.any(|option| PRINTS.contains(&option)) {
                let files = self.files_of(runner, &arguments);
                self.note_task_files(command, files, runner.files, words_of_arguments(&arguments));
            }
        }
    }

    /// The files that define the tasks of a runner.
    fn files_of(&mut self, runner: &Runner, arguments: &[Option<String>]) -> Vec<(String, SourceFile)> {
        let places = arguments.iter().flatten().map(|argument| argument.rsplit('=').next().unwrap_or_default());
        let named: Vec<String> = places.filter_map(|path| self.directory_at(path)).collect();
        let mut files = self.files_above(runner.files);
        for directory in &named {
            files.extend(self.files_in(directory, runner.files));
        }
        if runner.place == Place::Below {
            files.extend(self.files_below(runner.files));
        }
        let variable = runner.variable.and_then(|name| self.state.variables.get(name));
        let paths = variable.and_then(|variable| variable.value.single()).map(String::as_str).unwrap_or_default();
        files.extend(paths.split(':').filter_map(|path| Some((path.to_owned(), self.file_at(path)?))));
        files
    }

    /// Records the targets that the scripts of the packages below the working directory may call; `names` are those
    /// of the scripts that run, if they are known.
    pub(super) fn note_packages_below(&mut self, command: &str, names: Option<BTreeSet<String>>) {
        let files = self.files_below(&["package.json"]);
        self.note_task_files(command, files, &[], names);
    }

    /// The names of tasks in the arguments of a command; `None` if they are not known.
    pub(super) fn task_names(&mut self, words: &[Word]) -> Option<BTreeSet<String>> {
        let arguments: Vec<Option<String>> =
            words.iter().map(|word| self.expand_again(word).single().cloned()).collect();
        words_of_arguments(&arguments)
    }

    /// Records the targets that the tasks in some files may call. `names` are those of the tasks that run, if they are
    /// known, and `usual` the usual names of the files, which a file may include from another directory.
    pub(super) fn note_task_files(
        &mut self,
        command: &str,
        files: Vec<(String, SourceFile)>,
        usual: &[&str],
        names: Option<BTreeSet<String>>,
    ) {
        let names = names.map(|names| {
            let graphs = files.iter().cloned().chain(self.files_above(&["turbo.json", "nx.json"]));
            let dependencies = graphs.flat_map(|(_, file)| dependencies(&file.text));
            names.into_iter().chain(dependencies).collect::<BTreeSet<String>>()
        });
        let mut seen = BTreeSet::new();
        let mut files: Vec<(String, SourceFile, Option<&BTreeSet<String>>)> =
            files.into_iter().rev().map(|(path, file)| (path, file, names.as_ref())).collect();
        while let Some((path, file, names)) = files.pop() {
            if !seen.insert(path.clone()) || self.has_failed() {
                continue;
            }
            let text = self.running_part(&path, &file, names);
            let reason = format!("`{command}` may run it through `{path}`, which is not interpreted");
            let directories = self.directories_of(&path, &text);
            // Each directory is listed.
            self.spend(16 * directories.len());
            let included = directories.iter().flat_map(|directory| self.files_in(directory, usual));
            // Any task of an included file may run.
            files.extend(included.filter(|_| !usual.is_empty()).map(|(path, file)| (path, file, None)));
            self.note_tasks_in(&path, &SourceFile { text: text.into(), ..file }, &directories, &reason);
        }
    }

    /// The text of a file with tasks, in which spaces replace comments and the tasks that do not run.
    fn running_part(&mut self, path: &str, file: &SourceFile, names: Option<&BTreeSet<String>>) -> String {
        let SourceFile { text, base } = file;
        let name = path.rsplit('/').next().unwrap_or_default().to_lowercase();
        let mut others = comments(text, *base);
        let tasks = match name.as_str() {
            "package.json" => {
                let tasks = tasks_of_package(text, *base);
                let scripts = tasks.iter().map(|(_, span)| span.clone());
                let parts = scripts.chain(package::settings_of_runners(text, *base)).collect();
                others.extend(outside(text, *base, parts));
                Some(tasks)
            }
            name if name.starts_with("taskfile") => tasks_of_taskfile(text, *base),
            _ => None,
        };
        if let (Some(tasks), Some(names)) = (tasks, names) {
            let (spans, cost) = other_tasks(text, *base, &tasks, names);
            self.spend(cost);
            others.extend(spans);
        }
        without(text, *base, &others)
    }

    /// The directories in which the tasks of a file may run: that of the file, the working directory, the root, and
    /// the directories that the file names.
    fn directories_of(&mut self, path: &str, text: &str) -> Vec<String> {
        let own = path.rsplit_once('/').map_or("", |(directory, _)| directory).to_owned();
        let mut directories = vec![own.clone()];
        let current = self.state.directory.clone().filter(|directory| !directory.starts_with('/'));
        let names: BTreeSet<String> = self.files.list(&own).into_iter().collect();
        let mut named = Vec::new();
        for part in parts_of(text).filter(|part| part.contains('/') || names.contains(*part)) {
            self.spend(1);
            if let ResolvedPath::Repository(path) = ResolvedPath::of(part, Some(&own))
                && !named.contains(&path)
                && named.len() < NAMED_DIRECTORIES
                && self.is_directory_of_repository(&path)
            {
                named.push(path);
            }
        }
        for directory in current.into_iter().chain([String::new()]).chain(named) {
            if !directories.contains(&directory) {
                directories.push(directory);
            }
        }
        directories
    }

    /// The directory of the repository to which a path leads.
    fn directory_at(&self, path: &str) -> Option<String> {
        match ResolvedPath::of(path, self.state.directory.as_deref()) {
            ResolvedPath::Repository(path) if !path.is_empty() && self.is_directory_of_repository(&path) => Some(path),
            _ => None,
        }
    }

    fn is_directory_of_repository(&self, path: &str) -> bool {
        self.files.read(path).is_none() && !self.files.list(path).is_empty()
    }

    /// The files with some names in the working directory or, if it has none, in the nearest directory above.
    fn files_above(&self, names: &[&str]) -> Vec<(String, SourceFile)> {
        let mut directory = match self.state.directory.as_deref() {
            Some(directory) if directory.starts_with('/') => return Vec::new(),
            directory => directory.unwrap_or_default().to_owned(),
        };
        loop {
            let found = self.files_in(&directory, names);
            if !found.is_empty() || directory.is_empty() {
                return found;
            }
            directory = directory.rsplit_once('/').map_or("", |(above, _)| above).to_owned();
        }
    }

    /// The files with some names in a directory; a name may have `*` before the ending.
    fn files_in(&self, directory: &str, names: &[&str]) -> Vec<(String, SourceFile)> {
        let paths = names.iter().flat_map(|name| match name.split_once('*') {
            Some((place, ending)) => {
                let place = joined(directory, place);
                let names = self.files.list(&place).into_iter().filter(|name| name.ends_with(ending));
                names.map(|name| joined(&place, &name)).collect()
            }
            None => vec![joined(directory, name)],
        });
        paths.filter_map(|path| Some((path.clone(), self.files.read(&path)?))).collect()
    }

    /// The files with some names in the directories below the working directory.
    fn files_below(&mut self, names: &[&str]) -> Vec<(String, SourceFile)> {
        let start = match self.state.directory.as_deref() {
            Some(directory) if directory.starts_with('/') => return Vec::new(),
            directory => directory.unwrap_or_default().to_owned(),
        };
        let mut directories = vec![(start, 0)];
        let mut index = 0;
        let mut found = Vec::new();
        while let Some((directory, depth)) = directories.get(index).cloned() {
            index += 1;
            let is_visible = |name: &String| !name.starts_with('.') && name != "node_modules";
            let inside = self.files.list(&directory);
            if depth > 0 && names.iter().any(|name| inside.iter().any(|it| Some(it.as_str()) == name.split('/').next()))
            {
                found.extend(self.files_in(&directory, names));
            }
            for name in inside.iter().filter(|name| is_visible(name)) {
                if depth < DEPTH && directories.len() < DIRECTORIES {
                    let path = joined(&directory, name);
                    // Most names with a dot are those of files.
                    if !name.contains('.') || !self.files.list(&path).is_empty() {
                        directories.push((path, depth + 1));
                    }
                }
            }
            self.spend(inside.len() / 16);
        }
        self.spend(index);
        found
    }
}
