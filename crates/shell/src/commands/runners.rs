//! Runners of tasks whose files are not interpreted, such as `task`: what such a file names may run.

use super::super::derived::Derived;
use super::super::files::{ResolvedPath, SourceFile};
use super::super::interpreter::Interpreter;
use super::super::package;
use super::super::syntax::{Span, Word};
use super::SHELLS;
use super::launch::{is_test_runner, unversioned};
use super::tasks::runs_tasks;
use std::collections::BTreeSet;

/// A runner of tasks whose files are not interpreted.
struct Runner {
    /// The commands: a program, and words that its arguments have in this order.
    commands: &'static [&'static str],
    /// The names of the files that define its tasks.
    files: &'static [&'static str],
    /// Where the files are.
    place: Place,
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
    Runner { commands, files, place: Place::Above }
}

const fn below(commands: &'static [&'static str], files: &'static [&'static str]) -> Runner {
    Runner { commands, files, place: Place::Below }
}

const RUNNERS: [Runner; 34] = [
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
    above(&["rake"], &["Rakefile", "rakefile", "Rakefile.rb", "rakefile.rb"]),
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
    above(&["mise run", "mise r"], &["mise.toml", ".mise.toml", "mise/config.toml"]),
    above(&["devbox run"], &["devbox.json"]),
    above(&["deno task"], &["deno.json", "deno.jsonc", "package.json"]),
    above(&["gulp"], &["gulpfile.js", "gulpfile.mjs", "gulpfile.ts"]),
    above(&["grunt"], &["Gruntfile.js", "gruntfile.js"]),
    above(&["mage"], &["magefile.go"]),
    above(&["cargo make", "makers"], &["Makefile.toml"]),
    above(&["composer run", "composer run-script", "composer test"], &["composer.json"]),
    above(&["earthly"], &["Earthfile"]),
    above(&["dagger"], &["dagger.json"]),
    above(&["snakemake"], &["Snakefile", "workflow/Snakefile"]),
    above(&["scons"], &["SConstruct"]),
    above(&["pre-commit run"], &[".pre-commit-config.yaml"]),
    above(&["lefthook run"], &["lefthook.yml", ".lefthook.yml"]),
    above(&["ant"], &["build.xml"]),
    above(
        &[
            "docker compose up",
            "docker compose run",
            "docker compose start",
            "docker-compose up",
            "docker-compose run",
            "docker-compose start",
            "podman-compose up",
            "podman-compose run",
        ],
        &["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"],
    ),
    below(&["nx"], &["project.json", "package.json", "nx.json"]),
    below(&["turbo", "lerna", "wsrun"], &["package.json"]),
    below(&["moon run", "moon ci"], &["moon.yml", ".moon/tasks.yml"]),
    below(&["gradle", "gradlew"], &["build.gradle", "build.gradle.kts"]),
    below(&["mvn", "mvnw"], &["pom.xml"]),
    below(&["bazel run", "bazel test", "bazelisk run", "bazelisk test"], &["BUILD", "BUILD.bazel"]),
];

/// Options with which a runner only prints something.
const PRINTS: [&str; 6] = ["--help", "--list", "--list-all", "--tasks", "--version", "-h"];

/// Maximum depth of a directory, below the working directory, with tasks of a package.
const DEPTH: usize = 3;

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
    let words: BTreeSet<&str> = script.split(|c: char| c.is_whitespace() || ";&|()\"'`".contains(c)).collect();
    let is_program = |word: &&str| {
        SHELLS.contains(word) || runs_tasks(word) || is_test_runner(word) || matches!(*word, "." | "source")
    };
    let has = |command: &&str| command.split(' ').all(|word| words.contains(word));
    script.contains('/')
        || script.contains(".sh")
        || words.iter().any(is_program)
        || RUNNERS.iter().flat_map(|runner| runner.commands).any(has)
}

/// The runner of a command line, with the words by which it is known.
fn runner_of(program: &str, arguments: &[Option<String>]) -> Option<(&'static Runner, &'static str)> {
    let is_command = |command: &str| {
        let mut words = command.split(' ');
        let mut rest = arguments.iter().flatten();
        words.next() == Some(program) && words.all(|word| rest.any(|argument| argument == word))
    };
    RUNNERS.iter().find_map(|runner| {
        let command = runner.commands.iter().find(|command| is_command(command))?;
        Some((runner, *command))
    })
}

/// The lines of a file that are comments.
fn comments(text: &str, base: usize) -> Vec<Span> {
    let mut start = base;
    let mut spans = Vec::new();
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with(['#', ';']) || line.trim_start().starts_with("//") {
            spans.push(start..start + line.len());
        }
        start += line.len();
    }
    spans
}

/// The scripts of a package.json, with their bytes.
fn tasks_of_package(text: &str, base: usize) -> Vec<(String, Span)> {
    let span = |script: &Derived| script.origin(&(0..script.text.len()));
    package::scripts(text, base).into_iter().map(|(name, script)| (name, span(&script))).collect()
}

/// The bytes of a text outside of some parts.
fn outside(text: &str, base: usize, parts: &[(String, Span)]) -> Vec<Span> {
    let ends = std::iter::once(base).chain(parts.iter().map(|(_, part)| part.end));
    let starts = parts.iter().map(|(_, part)| part.start).chain([base + text.len()]);
    ends.zip(starts).map(|(end, start)| end..start.max(end)).collect()
}

/// The tasks of a Taskfile, with their bytes: the entries of its key `tasks`.
fn tasks_of_taskfile(text: &str, base: usize) -> Vec<(String, Span)> {
    let mut tasks: Vec<(String, Span)> = Vec::new();
    let (mut start, mut indentation, mut is_inside) = (base, None, false);
    for line in text.split_inclusive('\n') {
        let (from, content) = (start, line.trim());
        start += line.len();
        let spaces = line.len() - line.trim_start().len();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        if spaces == 0 {
            is_inside = content == "tasks:";
        } else if is_inside && spaces <= *indentation.get_or_insert(spaces) {
            let name = content.rsplit_once(':').filter(|(_, rest)| rest.is_empty());
            // A task in one line has its commands after the name.
            let name = name.or_else(|| content.split_once(": ")).map_or(content, |(name, _)| name);
            tasks.push((name.trim_matches(['\'', '"']).to_owned(), from..start));
        }
        if let Some((_, span)) = tasks.last_mut().filter(|_| is_inside) {
            span.end = start;
        }
    }
    tasks
}

/// The bytes of the tasks that a command line with some words does not run. It runs the tasks with these names, and
/// each task whose name occurs in a task that runs.
fn other_tasks(text: &str, base: usize, mut others: Vec<(String, Span)>, names: &BTreeSet<String>) -> Vec<Span> {
    let is_end = |sign: Option<char>| sign.is_none_or(|sign| !sign.is_alphanumeric() && !matches!(sign, '-' | '_'));
    let is_word = |text: &str, name: &str| {
        text.match_indices(name)
            .any(|(at, _)| is_end(text[..at].chars().next_back()) && is_end(text[at + name.len()..].chars().next()))
    };
    let body = |span: &Span| &text[span.start - base..span.end - base];
    let is_named = |name: &str| name.split(':').all(|part| names.contains(part));
    let mut runs: Vec<&str> = Vec::new();
    others.retain(|(name, span)| {
        let around = name.strip_prefix("pre").or_else(|| name.strip_prefix("post"));
        // A task may have other names, or a pattern.
        let is_run = name == "default"
            || is_named(name)
            || around.is_some_and(is_named)
            || name.contains(['*', '{'])
            || body(span).contains("aliases:");
        runs.extend(is_run.then(|| body(span)));
        !is_run
    });
    while let Some(task) = runs.pop() {
        others.retain(|(name, span)| {
            let is_run = is_word(task, name) || task.contains("task: \"{{") || task.contains("task: '{{");
            runs.extend(is_run.then(|| body(span)));
            !is_run
        });
    }
    others.into_iter().map(|(_, span)| span).collect()
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
            && let [Some(option), Some(module), ..] = arguments.as_slice()
            && option == "-m"
        {
            program.clone_from(module);
            arguments.drain(..2);
        }
        let Some((runner, command)) = runner_of(&program, &arguments) else { return };
        if arguments.iter().flatten().any(|argument| PRINTS.contains(&argument.as_str())) {
            return;
        }
        let places = arguments.iter().flatten().map(|argument| argument.rsplit('=').next().unwrap_or_default());
        let named: Vec<String> = places.filter_map(|path| self.directory_at(path)).collect();
        let mut files = self.files_above(runner.files);
        for directory in &named {
            files.extend(self.files_in(directory, runner.files));
        }
        if runner.place == Place::Below {
            files.extend(self.files_below(runner.files));
        }
        self.note_task_files(command, files, &arguments);
    }

    /// Records the targets that the scripts of the packages below the working directory may call.
    pub(super) fn note_packages_below(&mut self, command: &str, words: &[Word]) {
        let arguments: Vec<Option<String>> =
            words.iter().map(|word| self.expand_again(word).single().cloned()).collect();
        let files = self.files_below(&["package.json"]);
        self.note_task_files(command, files, &arguments);
    }

    /// Records the targets that the tasks in some files may call.
    fn note_task_files(&mut self, command: &str, files: Vec<(String, SourceFile)>, arguments: &[Option<String>]) {
        let names = arguments.iter().map(Option::as_deref).collect::<Option<Vec<&str>>>().map(|arguments| {
            let parts = arguments.iter().flat_map(|argument| argument.split([':', ',', '=', '#']));
            let graphs = files.iter().cloned().chain(self.files_above(&["turbo.json", "nx.json"]));
            let dependencies = graphs.flat_map(|(_, file)| dependencies(&file.text));
            parts.map(str::to_owned).chain(dependencies).collect::<BTreeSet<String>>()
        });
        let mut seen = BTreeSet::new();
        for (path, file) in files.into_iter().filter(|(path, _)| seen.insert(path.clone())) {
            let name = path.rsplit('/').next().unwrap_or_default().to_lowercase();
            let mut others = comments(&file.text, file.base);
            if let Some(names) = &names {
                let is_package = name == "package.json";
                let tasks = match name.as_str() {
                    "package.json" => tasks_of_package(&file.text, file.base),
                    name if name.starts_with("taskfile") => tasks_of_taskfile(&file.text, file.base),
                    _ => Vec::new(),
                };
                if is_package {
                    others.extend(outside(&file.text, file.base, &tasks));
                }
                others.extend(other_tasks(&file.text, file.base, tasks, names));
            }
            let reason = format!("`{command}` may run it through `{path}`, which is not interpreted");
            let text = without(&file.text, file.base, &others);
            self.note_tasks_in(&path, &SourceFile { text: text.into(), ..file }, &reason);
        }
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

    fn files_in(&self, directory: &str, names: &[&str]) -> Vec<(String, SourceFile)> {
        let path = |name: &&str| format!("{directory}/{name}").trim_start_matches('/').to_owned();
        names.iter().map(path).filter_map(|path| Some((path.clone(), self.files.read(&path)?))).collect()
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
            let is_directory = |name: &String| !name.contains('.') && name != "node_modules";
            let inside = self.files.list(&directory);
            if depth > 0 && names.iter().any(|name| inside.iter().any(|it| Some(it.as_str()) == name.split('/').next()))
            {
                found.extend(self.files_in(&directory, names));
            }
            for name in inside.iter().filter(|name| is_directory(name)) {
                if depth < DEPTH && directories.len() < DIRECTORIES {
                    let path = format!("{directory}/{name}").trim_start_matches('/').to_owned();
                    directories.push((path, depth + 1));
                }
            }
        }
        self.spend(index);
        found
    }
}
