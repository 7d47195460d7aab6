//! A workflow as its file states it: what starts it, its jobs, their steps and environments.
//!
//! Reading is tolerant: a part that is not as a forge expects is left out and the rest
//! is read, because one odd job must not hide another.

use std::ops::Range;
use std::rc::Rc;

use super::document::{Node, Style, Value};

/// A workflow.
#[derive(Clone, Debug, Default)]
pub struct Workflow {
    /// What starts it; empty where nothing can be read.
    pub triggers: Vec<Trigger>,
    /// The environment of every job.
    pub env: EnvLayer,
    /// The shell and the directory of every script.
    pub defaults: Defaults,
    /// The jobs, in the order written.
    pub jobs: Vec<Rc<Job>>,
}

/// One event that starts a workflow.
#[derive(Clone, Debug)]
pub struct Trigger {
    /// Its name, such as `push`.
    pub event: String,
    /// The inputs it declares.
    pub inputs: Vec<Input>,
}

/// One input of a workflow.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// What may be given.
    pub kind: InputKind,
    /// What it is when nothing is given.
    pub default: Option<String>,
    /// Whether something has to be given.
    pub required: bool,
}

/// What may be given for an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// Any text.
    Text,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// One of these.
    Choice(Vec<String>),
}

/// The `env` of a workflow, a job or a step.
#[derive(Clone, Debug, Default)]
pub enum EnvLayer {
    /// There is none.
    #[default]
    None,
    /// Variables, in the order written.
    Entries(Vec<EnvEntry>),
    /// The whole of it is an expression or something else that names no variables.
    Opaque(Range<usize>),
}

/// One variable of an `env`.
#[derive(Clone, Debug)]
pub struct EnvEntry {
    /// Its name.
    pub name: String,
    /// The bytes of the name.
    pub key: Range<usize>,
    /// Its value, which may hold expressions; empty where there is none.
    pub value: String,
    /// The bytes of the value.
    pub value_span: Range<usize>,
    /// The bytes of the whole `env` mapping, and how it is written.
    pub mapping: (Range<usize>, Style),
    /// How many variables the mapping holds.
    pub siblings: usize,
    /// The bytes of the key `env` itself.
    pub env_key: Range<usize>,
}

/// One job.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its id.
    pub id: String,
    /// The bytes of the id.
    pub key: Range<usize>,
    /// When it runs.
    pub condition: Option<String>,
    /// The ids of the jobs that have to succeed before it.
    pub needs: Vec<String>,
    /// Its environment.
    pub env: EnvLayer,
    /// The environment of the container it runs in.
    pub container_env: EnvLayer,
    /// What it is run once for each of.
    pub matrix: Option<Node>,
    /// The shell and the directory of every script.
    pub defaults: Defaults,
    /// The labels of the machine it asks for; one that cannot be read is no label.
    pub runs_on: Vec<String>,
    /// What it does.
    pub work: Work,
}

/// What a job does.
#[derive(Clone, Debug)]
pub enum Work {
    /// Its own steps.
    Steps(Vec<Step>),
    /// Another workflow.
    Call(Call),
}

/// A call of a reusable workflow.
#[derive(Clone, Debug)]
pub struct Call {
    /// Which.
    pub workflow: String,
    /// What is given for its inputs: the name, its bytes, and the value.
    pub with: Vec<(String, Range<usize>, Node)>,
    /// The secrets it gets.
    pub secrets: PassedSecrets,
}

/// The secrets that a called workflow gets.
#[derive(Clone, Debug)]
pub enum PassedSecrets {
    /// All that the caller has.
    All,
    /// These, each under its name there with the expression that fills it.
    Named(Vec<(String, String)>),
}

/// One step of a job.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its place among the steps, from 1.
    pub number: usize,
    /// Its name, else its id.
    pub name: Option<String>,
    /// When it runs.
    pub condition: Option<String>,
    /// Its environment.
    pub env: EnvLayer,
    /// Its script.
    pub run: Option<Script>,
    /// The directory it runs in.
    pub working_directory: Option<String>,
    /// The shell of its script.
    pub shell: Option<String>,
}

/// A script in a workflow file.
#[derive(Clone, Debug)]
pub struct Script {
    /// The text, which may hold expressions.
    pub text: String,
    /// The bytes of the value.
    pub span: Range<usize>,
    /// The bytes of the key `run`.
    pub key: Range<usize>,
}

/// What `defaults.run` says.
#[derive(Clone, Debug, Default)]
pub struct Defaults {
    /// The shell.
    pub shell: Option<String>,
    /// The directory.
    pub working_directory: Option<String>,
}

impl Workflow {
    /// Takes a workflow from a file.
    #[must_use]
    pub fn of(root: &Node) -> Self {
        Self {
            triggers: root.get("on").map(triggers).unwrap_or_default(),
            env: env_of(root),
            defaults: defaults_of(root),
            jobs: root
                .get("jobs")
                .map(|jobs| jobs.entries().iter().filter_map(job).map(Rc::new).collect())
                .unwrap_or_default(),
        }
    }
}

impl EnvLayer {
    /// The variables; none if the layer is an expression.
    #[must_use]
    pub fn entries(&self) -> &[EnvEntry] {
        match self {
            Self::Entries(entries) => entries,
            Self::None | Self::Opaque(_) => &[],
        }
    }
}

impl Job {
    /// The call of a reusable workflow, if the job is one.
    #[must_use]
    pub fn call(&self) -> Option<&Call> {
        match &self.work {
            Work::Call(call) => Some(call),
            Work::Steps(_) => None,
        }
    }

    /// The steps; none if the job calls a workflow.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        match &self.work {
            Work::Steps(steps) => steps,
            Work::Call(_) => &[],
        }
    }

    /// Every `env` of the job and its steps.
    pub fn env_layers(&self) -> impl Iterator<Item = &EnvLayer> {
        [&self.container_env, &self.env].into_iter().chain(self.steps().iter().map(|step| &step.env))
    }
}

/// Jobs before one that are looked at; those beyond may run.
const NEEDED: usize = 64;

impl Workflow {
    /// Every `env` of the workflow, its jobs and their steps.
    pub fn env_layers(&self) -> impl Iterator<Item = &EnvLayer> {
        std::iter::once(&self.env).chain(self.jobs.iter().flat_map(|job| job.env_layers()))
    }

    /// The inputs that the workflow declares for an event.
    #[must_use]
    pub fn inputs_of(&self, event: &str) -> &[Input] {
        self.triggers.iter().find(|trigger| trigger.event == event).map_or(&[], |trigger| &trigger.inputs)
    }

    /// The jobs that have to succeed before one, at any remove.
    #[must_use]
    pub fn needed(&self, job: &Job) -> Vec<&Job> {
        let mut names: Vec<&String> = job.needs.iter().collect();
        let mut needed: Vec<&Job> = Vec::new();
        while let Some(name) = names.pop().filter(|_| needed.len() < NEEDED) {
            if let Some(job) = self.jobs.iter().find(|job| job.id == *name)
                && needed.iter().all(|other| other.id != job.id)
            {
                needed.push(job);
                names.extend(&job.needs);
            }
        }
        needed
    }

    /// Whether the jobs that one needs can all run, so that it may itself: a job that is
    /// skipped skips those after it, unless their condition asks how things went.
    #[must_use]
    pub fn may_reach(&self, job: &Job, may_hold: &dyn Fn(&str) -> bool) -> bool {
        let asks = |job: &Job| {
            let condition = job.condition.as_deref().unwrap_or_default().to_lowercase();
            ["always()", "failure()", "cancelled()", "success()"].iter().any(|status| condition.contains(status))
        };
        let runs = |job: &&Job| job.condition.as_deref().is_none_or(may_hold);
        let needed = self.needed(job);
        // Where any of them asks how things went, who is skipped is not worked out.
        asks(job) || needed.iter().any(|job| asks(job)) || needed.iter().all(runs)
    }
}

fn triggers(on: &Node) -> Vec<Trigger> {
    let plain = |node: &Node| node.text().map(|event| Trigger { event: event.to_owned(), inputs: Vec::new() });
    match &on.value {
        Value::Sequence(events) => events.iter().filter_map(plain).collect(),
        Value::Mapping(events) => events
            .iter()
            .filter_map(|(event, settings)| {
                let inputs = settings.get("inputs").map(Node::entries).unwrap_or_default();
                Some(Trigger { event: event.text()?.to_owned(), inputs: inputs.iter().filter_map(input).collect() })
            })
            .collect(),
        _ => plain(on).into_iter().collect(),
    }
}

fn input((name, settings): &(Node, Node)) -> Option<Input> {
    let kind = match settings.get("type").and_then(Node::text) {
        Some("boolean") => InputKind::Boolean,
        Some("number") => InputKind::Number,
        Some("choice") => InputKind::Choice(
            settings.get("options").map(Node::items).unwrap_or_default().iter().filter_map(text_of).collect(),
        ),
        _ => InputKind::Text,
    };
    Some(Input {
        name: text_of(name)?,
        kind,
        default: settings.get("default").filter(|default| !default.is_null()).and_then(text_of),
        required: settings.get("required").and_then(Node::text) == Some("true"),
    })
}

fn job((id, job): &(Node, Node)) -> Option<Job> {
    let work = match job.get("uses").and_then(text_of) {
        Some(workflow) => Work::Call(call(workflow, job)),
        None => {
            let steps = job.get("steps").map(Node::items).unwrap_or_default();
            Work::Steps(steps.iter().enumerate().map(|(index, node)| step(index + 1, node)).collect())
        }
    };
    Some(Job {
        id: text_of(id)?,
        key: id.span.clone(),
        condition: text_at(job, "if"),
        needs: job.get("needs").map(labels).unwrap_or_default(),
        env: env_of(job),
        container_env: job.get("container").map(env_of).unwrap_or_default(),
        matrix: job.get("strategy").and_then(|strategy| strategy.get("matrix")).cloned(),
        defaults: defaults_of(job),
        runs_on: job.get("runs-on").map(labels).unwrap_or_default(),
        work,
    })
}

/// A name or some names; of a group, its labels.
fn labels(node: &Node) -> Vec<String> {
    match &node.value {
        Value::Sequence(items) => items.iter().filter_map(text_of).collect(),
        Value::Mapping(_) => node.get("labels").map(labels).unwrap_or_default(),
        _ => text_of(node).into_iter().collect(),
    }
}

fn call(workflow: String, job: &Node) -> Call {
    let with = job.get("with").map(Node::entries).unwrap_or_default();
    let secrets = match job.get("secrets") {
        Some(secrets) if secrets.text() == Some("inherit") => PassedSecrets::All,
        Some(secrets) => PassedSecrets::Named(
            secrets.entries().iter().filter_map(|(name, value)| Some((text_of(name)?, text_of(value)?))).collect(),
        ),
        None => PassedSecrets::Named(Vec::new()),
    };
    let with = with.iter().filter_map(|(name, value)| Some((text_of(name)?, name.span.clone(), value.clone())));
    Call { workflow, with: with.collect(), secrets }
}

fn step(number: usize, node: &Node) -> Step {
    let run = node.entry("run").and_then(|(key, value)| {
        Some(Script { text: text_of(value)?, span: value.span.clone(), key: key.span.clone() })
    });
    Step {
        number,
        name: text_at(node, "name").or_else(|| text_at(node, "id")),
        condition: text_at(node, "if"),
        env: env_of(node),
        run,
        working_directory: text_at(node, "working-directory"),
        shell: text_at(node, "shell"),
    }
}

fn defaults_of(node: &Node) -> Defaults {
    let run = node.get("defaults").and_then(|defaults| defaults.get("run"));
    let text = |name| run.and_then(|run| text_at(run, name));
    Defaults { shell: text("shell"), working_directory: text("working-directory") }
}

fn env_of(node: &Node) -> EnvLayer {
    let Some((key, env)) = node.entry("env") else { return EnvLayer::None };
    let Value::Mapping(entries) = &env.value else {
        return if env.is_null() { EnvLayer::None } else { EnvLayer::Opaque(env.span.clone()) };
    };
    let entry = |(name, value): &(Node, Node)| {
        Some(EnvEntry {
            name: text_of(name)?,
            key: name.span.clone(),
            value: if value.is_null() { String::new() } else { text_of(value)? },
            value_span: value.span.clone(),
            mapping: (env.span.clone(), env.style),
            siblings: entries.len(),
            env_key: key.span.clone(),
        })
    };
    EnvLayer::Entries(entries.iter().filter_map(entry).collect())
}

fn text_of(node: &Node) -> Option<String> {
    node.text().map(str::to_owned)
}

fn text_at(node: &Node, key: &str) -> Option<String> {
    node.get(key).and_then(text_of)
}
