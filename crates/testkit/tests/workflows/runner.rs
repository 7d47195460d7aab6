//! Runs workflows as the documentation of the forge says, with bash for the scripts, and records every call of the
//! harness. It shares no code with the linter: it reads YAML with another crate and has its own evaluator.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::expression::{Scope, condition, template, to_text, typed};

/// The files of a repository, by path.
pub type Files = BTreeMap<String, String>;

/// The directory of the workflow files.
const WORKFLOWS: &str = ".github/workflows/";

/// The script that a stub replaces in a run.
pub const HARNESS: &str = "tests/e2e.sh";

/// The variables that the stub records.
pub const NAMES: [&str; 3] = ["ACME_API_KEY", "AI_PATH", "MODEL"];

/// What a run cannot know from the files.
#[derive(Clone, Debug)]
pub struct World {
    pub event: &'static str,
    /// The inputs that somebody gives to a workflow.
    pub inputs: Map<String, Value>,
    pub vars: Map<String, Value>,
    pub secrets: Map<String, Value>,
    /// The job, and the number of the step before which the forge itself fails, as with a broken container.
    pub forge_fails: Option<(&'static str, usize)>,
}

/// A call of the harness.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    pub workflow: String,
    pub job: String,
    /// The variables that are set.
    pub environment: Environment,
}

/// The values of the variables that are set.
pub type Environment = BTreeMap<String, String>;

/// What a script does, apart from its output.
#[derive(Clone, Default)]
struct Effects {
    has_failed: bool,
    calls: Vec<Environment>,
    /// The lines for `GITHUB_ENV` and `GITHUB_OUTPUT`.
    written: [Vec<(String, String)>; 2],
}

/// A program that the runs get in place of a real one.
#[derive(Clone)]
pub struct Stub {
    /// Its path: below `repository`, or in `bin`, where shells find it first.
    pub path: String,
    /// Its text. What it writes to descriptor 3 is recorded: lines of `NAME=value`, each ended by the character 31,
    /// and a call ended by the character 30.
    pub text: String,
}

impl Stub {
    /// The stub in place of the harness, which records the variables that matter.
    fn harness() -> Self {
        let record = |name: &str| format!("[ -z \"${{{name}+x}}\" ] || printf '%s=%s\\037' {name} \"${name}\" >&3\n");
        let records: String = NAMES.map(record).concat();
        Self { path: format!("repository/{HARNESS}"), text: format!("{records}printf '\\036' >&3\n") }
    }
}

/// Runs scripts, each combination of script, environment and files once.
#[derive(Clone)]
pub struct Scripts {
    pub stubs: Vec<Stub>,
    /// Whether the files of the repository are there only after a step with `actions/checkout`.
    pub needs_checkout: bool,
    known: BTreeMap<String, Effects>,
    /// The number of scripts that bash has run.
    pub runs: usize,
}

impl Default for Scripts {
    fn default() -> Self {
        Self { stubs: vec![Stub::harness()], needs_checkout: false, known: BTreeMap::new(), runs: 0 }
    }
}

/// The time after which a script counts as hanging.
const PATIENCE: Duration = Duration::from_secs(20);

impl Scripts {
    fn run(&mut self, files: &Files, shell: &str, script: &str, env: &Environment) -> Effects {
        // Scripts do not read workflow files.
        let files = files.iter().filter(|(path, _)| !path.starts_with(WORKFLOWS)).collect();
        let key = format!("{shell}\n{script}\n{env:?}\n{files:?}");
        if let Some(effects) = self.known.get(&key) {
            return effects.clone();
        }
        self.runs += 1;
        let effects = run_script(&files, &self.stubs, shell, script, env);
        self.known.insert(key, effects.clone());
        effects
    }
}

fn run_script(
    files: &BTreeMap<&String, &String>,
    stubs: &[Stub],
    shell: &str,
    script: &str,
    env: &Environment,
) -> Effects {
    let scratch = tempfile::tempdir().expect("the temporary directory is writable");
    let root = scratch.path().join("repository");
    let calls = scratch.path().join("calls");
    fs::create_dir_all(&root).expect("the temporary directory is writable");
    for (path, text) in files {
        write_executable(&root.join(path), text);
    }
    for Stub { path, text } in stubs {
        let text = format!("#!/bin/bash\nexec 3>> '{}'\n{text}", calls.display());
        write_executable(&scratch.path().join(path), &text);
    }
    let names = ["script", "env", "output"].map(|name| scratch.path().join(name));
    for (path, text) in names.iter().zip([script, "", ""]) {
        fs::write(path, text).expect("the temporary directory is writable");
    }
    let arguments: &[&str] = match shell {
        "" => &["bash", "-e"],
        "bash" => &["bash", "--noprofile", "--norc", "-eo", "pipefail"],
        "sh" => &["sh", "-e"],
        other => panic!("the shell `{other}` is not known"),
    };
    let mut command = Command::new(arguments[0]);
    command.args(&arguments[1..]).arg(&names[0]).current_dir(&root).env_clear().envs(env);
    let path = format!("{}:/usr/bin:/bin", scratch.path().join("bin").display());
    command.env("PATH", path).env("GITHUB_ENV", &names[1]).env("GITHUB_OUTPUT", &names[2]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let has_failed = !succeeds(command.spawn().expect("bash is installed"));
    let recorded = fs::read_to_string(&calls).unwrap_or_default();
    let pair = |text: &str| {
        let (name, value) = text.split_once('=').expect("a line is NAME=VALUE");
        (name.to_owned(), value.to_owned())
    };
    let of_call = |call: &str| call.split('\x1f').filter(|text| !text.is_empty()).map(pair).collect();
    let lines = |path: &Path| fs::read_to_string(path).expect("the file exists").lines().map(pair).collect();
    Effects {
        has_failed,
        calls: recorded.split_terminator('\x1e').map(of_call).collect(),
        written: [lines(&names[1]), lines(&names[2])],
    }
}

fn write_executable(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a file is in a directory")).expect("the directory is writable");
    fs::write(path, text).expect("the directory is writable");
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("the file is ours");
}

fn succeeds(mut child: Child) -> bool {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("the process is ours") {
            return status.success();
        }
        if start.elapsed() > PATIENCE {
            child.kill().expect("the process is ours");
            panic!("a script does not end");
        }
        sleep(Duration::from_micros(300));
    }
}

/// A run of the workflows of a repository.
pub struct Run<'r> {
    pub files: &'r Files,
    pub world: &'r World,
    pub scripts: &'r mut Scripts,
    pub calls: Vec<Call>,
    /// The result of each job that was considered: the file, the job, and its result.
    pub results: Vec<[String; 3]>,
}

/// A step's position: what its expressions and scripts see.
struct Position<'p> {
    workflow: &'p str,
    job: &'p str,
    contexts: Map<String, Value>,
    /// The environment of the job, with what steps wrote to `GITHUB_ENV`.
    env: Environment,
    has_failed: bool,
    has_files: bool,
    is_action: bool,
    default_shell: String,
}

impl<'r> Run<'r> {
    /// Every call of the harness in the workflows that an event starts.
    pub fn calls(files: &'r Files, world: &'r World, scripts: &'r mut Scripts) -> Vec<Call> {
        let paths = files.keys().filter(|path| path.starts_with(WORKFLOWS));
        Self::of(files, world, scripts, paths).calls
    }

    /// A run of the workflow files with these paths, as far as the event starts them.
    pub fn of(
        files: &'r Files,
        world: &'r World,
        scripts: &'r mut Scripts,
        paths: impl Iterator<Item = &'r String>,
    ) -> Self {
        let mut run = Self { files, world, scripts, calls: Vec::new(), results: Vec::new() };
        for path in paths {
            let workflow = run.read(path);
            if is_started(&workflow["on"], world.event) {
                let inputs = match world.event {
                    "workflow_dispatch" => inputs(&workflow["on"]["workflow_dispatch"]["inputs"], &world.inputs),
                    _ => Map::new(),
                };
                run.workflow(path, &workflow, inputs, &world.secrets);
            }
        }
        run
    }

    fn read(&self, path: &str) -> Value {
        let text = self.files.get(path).unwrap_or_else(|| panic!("`{path}` is in the repository"));
        serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{path}: {error}\n{text}"))
    }

    fn workflow(&mut self, path: &str, workflow: &Value, inputs: Map<String, Value>, secrets: &Map<String, Value>) {
        let mut contexts = Map::new();
        contexts.insert("github".to_owned(), json!({"event_name": self.world.event}));
        contexts.insert("inputs".to_owned(), inputs.into());
        contexts.insert("vars".to_owned(), self.world.vars.clone().into());
        contexts.insert("secrets".to_owned(), secrets.clone().into());
        let mut needs = Map::new();
        let jobs = workflow["jobs"].as_object().expect("a workflow has jobs");
        while needs.len() < jobs.len() {
            let needed = |job: &Value| match &job["needs"] {
                Value::String(name) => vec![name.clone()],
                Value::Array(names) => names.iter().map(to_text).collect(),
                _ => Vec::new(),
            };
            let (id, job) = jobs
                .iter()
                .find(|(id, job)| !needs.contains_key(*id) && needed(job).iter().all(|name| needs.contains_key(name)))
                .expect("jobs need each other in an order");
            let own: Map<String, Value> =
                needed(job).into_iter().map(|name| (name.clone(), needs[&name].clone())).collect();
            let has_failed = own.values().any(|needed| needed["result"] != "success");
            contexts.insert("needs".to_owned(), own.into());
            let scope = Scope { contexts: &contexts.clone().into(), has_failed };
            let result = match condition(job["if"].as_str().unwrap_or("success()"), &scope) {
                true => self.job((path, id), workflow, job, &contexts),
                false => json!({"result": "skipped", "outputs": {}}),
            };
            self.results.push([path.to_owned(), id.clone(), to_text(&result["result"])]);
            needs.insert(id.clone(), result);
        }
    }

    /// Runs a job, once for each row of its matrix. Returns its result and outputs.
    fn job(&mut self, (path, id): (&str, &str), workflow: &Value, job: &Value, contexts: &Map<String, Value>) -> Value {
        let all: Value = contexts.clone().into();
        let scope = Scope { contexts: &all, has_failed: false };
        let (mut has_failed, mut outputs) = (false, Map::new());
        for row in matrix_rows(&job["strategy"]["matrix"], &scope) {
            let mut contexts = contexts.clone();
            contexts.insert("matrix".to_owned(), row);
            let all: Value = contexts.clone().into();
            let scope = Scope { contexts: &all, has_failed: false };
            if let Some(called) = job["uses"].as_str() {
                let called = called.trim_start_matches("./");
                let file = self.read(called);
                let given = job["with"].as_object().into_iter().flatten();
                let given = given.map(|(name, value)| (name.clone(), value_of(value, &scope))).collect();
                let inputs = inputs(&file["on"]["workflow_call"]["inputs"], &given);
                let secrets = if job["secrets"] == "inherit" { self.world.secrets.clone() } else { Map::new() };
                self.workflow(called, &file, inputs, &secrets);
                continue;
            }
            let mut env = Environment::new();
            for layer in [&workflow["env"], &job["env"]] {
                env.extend(evaluated(layer, &scope));
            }
            let shells = [&job["defaults"], &workflow["defaults"]].map(|defaults| defaults["run"]["shell"].as_str());
            let default_shell = shells.into_iter().flatten().next().unwrap_or_default().to_owned();
            contexts.insert("steps".to_owned(), json!({}));
            let mut position = Position {
                workflow: path,
                job: id,
                contexts,
                env,
                has_failed: false,
                has_files: !self.scripts.needs_checkout,
                is_action: false,
                default_shell,
            };
            self.steps(&job["steps"], &mut position);
            has_failed |= position.has_failed;
            let all: Value = position.contexts.into();
            let scope = Scope { contexts: &all, has_failed: false };
            outputs.extend(evaluated(&job["outputs"], &scope).into_iter().map(|(name, text)| (name, text.into())));
        }
        json!({"result": if has_failed { "failure" } else { "success" }, "outputs": outputs})
    }

    fn steps(&mut self, steps: &Value, position: &mut Position<'_>) {
        for (number, step) in steps.as_array().expect("a job has steps").iter().enumerate() {
            let fails = self.world.forge_fails == Some((position.job, number));
            position.has_failed |= fails && !position.is_action;
            let env_context = |env: &Environment| {
                Value::Object(env.iter().map(|(name, text)| (name.clone(), text.clone().into())).collect())
            };
            position.contexts.insert("env".to_owned(), env_context(&position.env));
            let all: Value = position.contexts.clone().into();
            let mut env = position.env.clone();
            env.extend(evaluated(&step["env"], &Scope { contexts: &all, has_failed: position.has_failed }));
            let mut all = all;
            all["env"] = env_context(&env);
            let scope = Scope { contexts: &all, has_failed: position.has_failed };
            if !condition(step["if"].as_str().unwrap_or("success()"), &scope) {
                continue;
            }
            let has_failed = match step["uses"].as_str() {
                Some(action) if action.starts_with("actions/checkout@v") => {
                    position.has_files = true;
                    false
                }
                Some(action) => self.action(action, step, env, &scope, position),
                None => self.script(step, &env, &scope, position),
            };
            position.has_failed |= has_failed && step["continue-on-error"] != true;
        }
    }

    /// Runs the script of a step; returns whether it has failed.
    fn script(&mut self, step: &Value, env: &Environment, scope: &Scope<'_>, position: &mut Position<'_>) -> bool {
        let script = template(step["run"].as_str().expect("a step runs a script or an action"), scope);
        let shell = step["shell"].as_str().unwrap_or(&position.default_shell);
        let files = if position.has_files { self.files } else { &Files::new() };
        let effects = self.scripts.run(files, shell, &script, env);
        let [variables, outputs] = effects.written;
        position.env.extend(variables);
        if let Some(id) = step["id"].as_str() {
            let outputs: Map<String, Value> = outputs.into_iter().map(|(name, text)| (name, text.into())).collect();
            position.contexts["steps"][id] = json!({"outputs": outputs});
        }
        let (workflow, job) = (position.workflow.to_owned(), position.job.to_owned());
        let call = |environment| Call { workflow: workflow.clone(), job: job.clone(), environment };
        self.calls.extend(effects.calls.into_iter().map(call));
        effects.has_failed
    }

    /// Runs a composite action of the repository; returns whether it has failed.
    fn action(
        &mut self,
        action: &str,
        step: &Value,
        env: Environment,
        scope: &Scope<'_>,
        position: &mut Position<'_>,
    ) -> bool {
        let path = action.strip_prefix("./").filter(|_| position.has_files).expect("the action is there");
        let file = self.read(&format!("{path}/action.yml"));
        let given = evaluated(&step["with"], scope).into_iter().map(|(name, text)| (name, text.into())).collect();
        let mut contexts = position.contexts.clone();
        contexts.insert("inputs".to_owned(), inputs(&file["inputs"], &given).into());
        contexts.insert("steps".to_owned(), json!({}));
        let before = env.clone();
        let mut inner =
            Position { contexts, env, has_failed: false, is_action: true, default_shell: String::new(), ..*position };
        self.steps(&file["runs"]["steps"], &mut inner);
        // What the steps of the action wrote holds for the later steps of the job; the `env` of the step does not.
        position.env.extend(inner.env.into_iter().filter(|(name, text)| before.get(name) != Some(text)));
        inner.has_failed
    }
}

/// Whether an event starts a workflow with these triggers. Of the activities of an event, the usual one happens.
fn is_started(triggers: &Value, event: &str) -> bool {
    let activity = match event {
        "release" => "published",
        _ => "opened",
    };
    let types = triggers.get(event).and_then(|trigger| trigger.get("types"));
    let names =
        |value: &Value, name: &str| value == name || value.as_array().is_some_and(|all| all.contains(&name.into()));
    (names(triggers, event) || triggers.get(event).is_some()) && types.is_none_or(|types| names(types, activity))
}

/// The value that a caller gives to an input.
fn value_of(value: &Value, scope: &Scope<'_>) -> Value {
    value.as_str().map_or_else(|| value.clone(), |text| typed(text, scope))
}

/// The variables of an `env`, or the inputs of an action, as texts.
fn evaluated(layer: &Value, scope: &Scope<'_>) -> Environment {
    let entries = layer.as_object().into_iter().flatten();
    entries.map(|(name, value)| (name.clone(), template(&to_text(value), scope))).collect()
}

/// The inputs with their defaults. An input without a default that nobody gives is empty, false, or zero.
fn inputs(declared: &Value, given: &Map<String, Value>) -> Map<String, Value> {
    let value = |(name, declared): (&String, &Value)| {
        let absent = match declared["type"].as_str() {
            Some("boolean") => json!(false),
            Some("number") => json!(0),
            _ => json!(""),
        };
        let default = declared.get("default").cloned().unwrap_or(absent);
        (name.clone(), given.get(name).cloned().unwrap_or(default))
    };
    declared.as_object().into_iter().flatten().map(value).collect()
}

/// The rows of a matrix; a job without a matrix has one row without values.
fn matrix_rows(matrix: &Value, scope: &Scope<'_>) -> Vec<Value> {
    let Some(matrix) = matrix.as_object() else { return vec![json!({})] };
    let list = |value: &Value| value_of(value, scope).as_array().expect("a matrix has lists").clone();
    let keys = matrix.iter().filter(|(name, _)| *name != "include" && *name != "exclude");
    let mut rows: Vec<Map<String, Value>> = vec![Map::new()];
    let mut names = Vec::new();
    for (name, values) in keys {
        names.push(name.clone());
        let extended = |row: &Map<String, Value>| {
            let with = |value| row.clone().into_iter().chain([(name.clone(), value)]).collect();
            list(values).into_iter().map(with).collect::<Vec<_>>()
        };
        rows = rows.iter().flat_map(extended).collect();
    }
    if names.is_empty() {
        rows.clear();
    }
    for excluded in matrix.get("exclude").map(list).unwrap_or_default() {
        let excluded = excluded.as_object().expect("an entry has keys").clone();
        rows.retain(|row| !excluded.iter().all(|(name, value)| row.get(name) == Some(value)));
    }
    // An entry extends every original row whose original values it does not change; without one, it is a row.
    let original = rows.clone();
    for included in matrix.get("include").map(list).unwrap_or_default() {
        let included = included.as_object().expect("an entry has keys").clone();
        let fits = |row: &Map<String, Value>| {
            names.iter().all(|name| included.get(name).is_none_or(|value| row.get(name) == Some(value)))
        };
        let mut is_added = false;
        for (row, _) in rows.iter_mut().zip(&original).filter(|(_, original)| fits(original)) {
            row.extend(included.clone());
            is_added = true;
        }
        if !is_added {
            rows.push(included);
        }
    }
    rows.into_iter().map(Value::Object).collect()
}
