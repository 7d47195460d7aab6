//! The workflow files of one run: who calls whom, and every call of a harness in them.

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap, HashSet};

use slug_value::Evaluation;

use crate::findings::SourceId;
use crate::render::shown;
use slug_value::{Can, Value};
use slug_workflow::document::{Node, Value as NodeValue};
use slug_workflow::expression::{condition, typed};
use slug_workflow::matrix::literal;
use slug_workflow::model::{Call, EnvLayer, Input, InputKind, Job, PassedSecrets, Trigger, Work, Workflow};
use slug_workflow::start::{Given, Here, STARTS, Secrets, Start, starts};
use slug_workflow::walk::{self, Search, Visit};

/// Reusable workflows that call one another.
const DEPTH: usize = 12;

/// Calls of reusable workflows that are followed for one job.
const CALLS: usize = 1_000;

/// One file that was read.
pub struct File {
    /// Which.
    pub source: SourceId,
    /// Its path, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
    /// What it says.
    pub workflow: Workflow,
}

/// The files of one run.
pub struct Repository {
    files: Vec<File>,
    /// Which jobs call a file: the file and the job, by the file that is called.
    callers: HashMap<usize, Vec<(usize, usize)>>,
    /// Calls that may still be followed for one job.
    calls_left: Cell<usize>,
}

/// What is looked for in every file.
pub struct Wanted<'a> {
    /// The paths of the scripts.
    pub targets: &'a [&'a str],
    /// The variables that matter.
    pub names: &'a BTreeSet<String>,
    /// Secrets that do not exist, as slugproof.yaml says.
    pub absent_secrets: &'a [String],
}

impl Repository {
    /// Puts files together.
    #[must_use]
    pub fn new(files: Vec<File>) -> Self {
        let places: HashMap<String, usize> =
            files.iter().enumerate().map(|(index, file)| (normal(&file.path), index)).collect();
        let mut callers: HashMap<usize, Vec<(usize, usize)>> = HashMap::new();
        for (index, file) in files.iter().enumerate() {
            for (job, call) in file.workflow.jobs.iter().enumerate().filter_map(|(at, job)| Some((at, call_of(job)?))) {
                let called = called_path(&file.path, &call.workflow).and_then(|path| places.get(&path));
                if let Some(&called) = called {
                    callers.entry(called).or_default().push((index, job));
                }
            }
        }
        Self { files, callers, calls_left: Cell::new(CALLS) }
    }

    /// The files.
    #[must_use]
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// The workflows that are called and are not among the files.
    #[must_use]
    pub fn unread_calls(&self) -> BTreeSet<String> {
        let paths: HashSet<String> = self.files.iter().map(|file| normal(&file.path)).collect();
        let calls = self.files.iter().flat_map(|file| file.workflow.jobs.iter().map(move |job| (file, job)));
        calls
            .filter_map(|(file, job)| Some((file, call_of(job)?)))
            .filter(|(file, call)| called_path(&file.path, &call.workflow).is_none_or(|path| !paths.contains(&path)))
            .map(|(_, call)| call.workflow.clone())
            .collect()
    }

    /// Every call of a script in the job of a number; with `every_script`, every script of
    /// it that sees a variable that matters.
    #[must_use]
    pub fn visits(&self, file: usize, job: usize, wanted: &Wanted<'_>, every_script: bool) -> Vec<Visit<'_>> {
        let search = self.search(file, wanted, every_script);
        let workflow = &self.files[file].workflow;
        let job = &workflow.jobs[job];
        if !walk::concerns(workflow, job, &search) {
            return Vec::new();
        }
        self.calls_left.set(CALLS);
        let references = walk::wanted(workflow, job, &search);
        let mut starts = self.starts(file, &references.inputs, wanted, 0);
        if starts.len() > references.most_starts() {
            starts = vec![anything(&references.inputs)];
        }
        walk::visits(workflow, job, &starts, &search)
    }

    fn search<'a>(&'a self, file: usize, wanted: &Wanted<'a>, every_script: bool) -> Search<'a> {
        Search {
            text: &self.files[file].text,
            targets: wanted.targets,
            names: wanted.names,
            absent_secrets: wanted.absent_secrets,
            every_script,
        }
    }

    /// The ways in which a file is started, by its own events and by its callers, as far as
    /// some inputs tell them apart.
    fn starts(&self, file: usize, inputs: &BTreeSet<String>, wanted: &Wanted<'_>, depth: usize) -> Vec<Start> {
        let workflow = &self.files[file].workflow;
        let callers = self.callers.get(&file).map_or(&[][..], Vec::as_slice);
        let own = workflow.triggers.iter().filter(|trigger| trigger.event != CALL || callers.is_empty());
        let mut all: Vec<Start> = own.flat_map(|trigger| starts(trigger, inputs)).collect();
        if workflow.triggers.is_empty() {
            let trigger = Trigger { event: "an event that the file does not name".to_owned(), inputs: Vec::new() };
            all.extend(starts(&trigger, inputs));
        }
        let declared = workflow.triggers.iter().find(|trigger| trigger.event == CALL);
        let declared = declared.map_or(&[][..], |trigger| &trigger.inputs);
        for &(caller, job) in callers {
            all.extend(self.called(caller, job, declared, inputs, wanted, depth + 1));
        }
        if all.len() > STARTS || self.calls_left.get() == 0 {
            return vec![anything(inputs)];
        }
        all
    }

    /// The ways in which one job calls a file.
    fn called(
        &self,
        caller: usize,
        job: usize,
        declared: &[Input],
        inputs: &BTreeSet<String>,
        wanted: &Wanted<'_>,
        depth: usize,
    ) -> Vec<Start> {
        let file = &self.files[caller];
        let job = &file.workflow.jobs[job];
        self.calls_left.set(self.calls_left.get().saturating_sub(1));
        if depth > DEPTH || self.calls_left.get() == 0 {
            return vec![anything(inputs)];
        }
        let Some(call) = call_of(job) else { return Vec::new() };
        let search = self.search(caller, wanted, false);
        let references = walk::wanted(&file.workflow, job, &search);
        let mut all: Vec<Start> = Vec::new();
        for start in self.starts(caller, &references.inputs, wanted, depth) {
            for (row, _) in walk::rows(job, &start, &references, STARTS, &search) {
                let here = Here {
                    start: &start,
                    row: row.as_ref().map_err(String::as_str),
                    env: None,
                    absent_secrets: wanted.absent_secrets,
                };
                if !job.condition.as_deref().is_none_or(|text| condition(text, &here).can_be_true) {
                    continue;
                }
                let mut called = Start {
                    event: start.event.clone(),
                    is_foreign: start.is_foreign,
                    declared: declared.iter().map(|input| input.name.to_lowercase()).collect(),
                    event_inputs: start.event_inputs.clone(),
                    inputs: given(call, declared, inputs, &here),
                    secrets: passed(call, &here, &start.secrets),
                    chosen: start.chosen.clone(),
                    callers: start.callers.clone(),
                };
                called.callers.push(format!("job `{}` of {}{}", job.id, file.path, shown_inputs(&called.inputs)));
                if !all.contains(&called) {
                    all.push(called);
                }
                if all.len() > STARTS {
                    return all;
                }
            }
        }
        all
    }

    /// Whether a file calls another one or is called.
    #[must_use]
    pub fn is_connected(&self, file: usize) -> bool {
        self.callers.contains_key(&file) || self.files[file].workflow.jobs.iter().any(|job| call_of(job).is_some())
    }
}

/// A start of which nothing is known.
fn anything(inputs: &BTreeSet<String>) -> Start {
    let unknown = || Value::unknown(format!("the workflow is started in more than {STARTS} ways"));
    let inputs: Given = inputs.iter().map(|name| (name.clone(), unknown())).collect();
    Start {
        event: "any event".to_owned(),
        is_foreign: true,
        declared: inputs.keys().cloned().collect(),
        event_inputs: inputs.clone(),
        inputs,
        secrets: Secrets::All,
        chosen: Vec::new(),
        callers: Vec::new(),
    }
}

const CALL: &str = "workflow_call";

/// The workflow that a job calls, if it calls one.
#[must_use]
pub fn call_of(job: &Job) -> Option<&Call> {
    match &job.work {
        Work::Call(call) => Some(call),
        Work::Steps(_) => None,
    }
}

/// What a call gives for the inputs that matter.
fn given(call: &Call, declared: &[Input], inputs: &BTreeSet<String>, here: &Here<'_>) -> Given {
    let of = |input: &Input| {
        let given = call.with.iter().find(|(name, _, _)| name.eq_ignore_ascii_case(&input.name));
        let value = match given {
            Some((_, _, node)) => in_kind(&input.kind, evaluated(node, here)),
            None => match (&input.default, &input.kind) {
                (Some(default), kind) => in_kind(kind, Value::known(Evaluation::String(default.clone()))),
                (None, InputKind::Boolean) => Value::known(Evaluation::Boolean(false)),
                (None, _) => Value::known(Evaluation::String(String::new())),
            },
        };
        (input.name.to_lowercase(), value)
    };
    declared.iter().filter(|input| inputs.contains(&input.name.to_lowercase())).map(of).collect()
}

fn evaluated(node: &Node, here: &Here<'_>) -> Value {
    match &node.value {
        NodeValue::Scalar(text, _) if text.contains("${{") => typed(text, here),
        _ => literal(node).map_or_else(|| Value::unknown("what a caller passes is not known"), Value::known),
    }
}

/// What a call gives, for people.
fn shown_inputs(inputs: &Given) -> String {
    let known = inputs.iter().filter_map(|(name, value)| Some((name, value.single()?.sema().to_string())));
    let known: Vec<String> = known.map(|(name, value)| format!("`{name}` = {}", shown(&value))).collect();
    if known.is_empty() { String::new() } else { format!(" with {}", known.join(", ")) }
}

/// A value as an input of a kind takes it.
fn in_kind(kind: &InputKind, value: Value) -> Value {
    let Can::BeOneOf(values) = &value.can else { return value };
    let converted = values.iter().map(|value| match kind {
        InputKind::Boolean => Evaluation::Boolean(value.sema().to_string() == "true"),
        InputKind::Number => Evaluation::Number(value.as_number()),
        InputKind::Text | InputKind::Choice(_) => Evaluation::String(value.sema().to_string()),
    });
    Value::one_of(converted, value.why.clone())
}

fn passed(call: &Call, here: &Here<'_>, own: &Secrets) -> Secrets {
    let named = match &call.secrets {
        PassedSecrets::All => return own.clone(),
        PassedSecrets::Named(named) => named,
    };
    let passed = named.iter().filter_map(|(name, text)| {
        let truth = typed(text, here).truth();
        truth.can_be_true.then(|| (name.to_lowercase(), !truth.can_be_false))
    });
    Secrets::Only(passed.collect())
}

/// The path of a called workflow, if it is a file of the same repository.
#[must_use]
pub fn called_path(caller: &str, called: &str) -> Option<String> {
    let called = called.strip_prefix("./")?;
    let caller = normal(caller);
    let root = [".github/workflows/", ".gitea/workflows/"]
        .iter()
        .find_map(|directory| Some(&caller[..caller.rfind(directory)?]))
        .unwrap_or_default();
    Some(format!("{root}{called}"))
}

fn normal(path: &str) -> String {
    let path = path.replace('\\', "/");
    path.strip_prefix("./").unwrap_or(&path).to_owned()
}

/// Every `env` of a workflow.
pub fn layers(workflow: &Workflow) -> impl Iterator<Item = &EnvLayer> {
    std::iter::once(&workflow.env).chain(workflow.jobs.iter().flat_map(layers_of))
}

/// Every `env` of a job.
pub fn layers_of(job: &Job) -> impl Iterator<Item = &EnvLayer> {
    let steps = if let Work::Steps(steps) = &job.work { steps.as_slice() } else { &[] };
    [&job.container_env, &job.env].into_iter().chain(steps.iter().map(|step| &step.env))
}
