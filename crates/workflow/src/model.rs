//! The data model of a workflow: triggers, jobs, steps and environments.
//!
//! Parsing is tolerant: it skips a part that a forge does not expect and keeps the rest,
//! because one malformed job must not hide another.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;

use super::document::{Node, Style, Value};
use super::expression;
use super::scalar::text_of;
use super::texts::{Name, Texts, add_text, names_within};

/// A workflow.
#[derive(Clone, Debug, Default)]
pub struct Workflow {
    /// The events that start it; empty if `on` cannot be parsed.
    pub triggers: Vec<Trigger>,
    /// The environment that every job inherits.
    pub env: EnvLayer,
    /// The default shell and directory of scripts.
    pub defaults: Defaults,
    /// The jobs, in the order of the file.
    pub jobs: Vec<Rc<Job>>,
    /// The texts with which expressions of the file compare names. A text that need not be the whole value of a name
    /// is left out if the file uses the value otherwise, where the text may be one that nobody gives.
    pub comparisons: Texts,
}

/// One event that starts a workflow.
#[derive(Clone, Debug)]
pub struct Trigger {
    /// Its name, such as `push`.
    pub event: String,
    /// The inputs it declares.
    pub inputs: Vec<Input>,
    /// The outputs it declares, for `workflow_call`: the name in lower case, and the text of the value.
    pub outputs: Vec<(String, String)>,
    /// The fields of `github` that its filter of branches and tags fixes, once for each name in the filter;
    /// empty if it names patterns or nothing.
    pub refs: Vec<GithubFields>,
}

/// Fields of `github`, by name.
pub type GithubFields = BTreeMap<String, String>;

/// One input of a workflow.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// The values it accepts.
    pub kind: InputKind,
    /// Its default value.
    pub default: Option<String>,
    /// True if a value has to be given.
    pub required: bool,
}

/// The values that an input accepts.
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
    /// The key `env` is absent or null.
    #[default]
    None,
    /// Variables, in the order of the file.
    Entries(Vec<EnvEntry>),
    /// Variables, and with the key `${{ insert }}` others that are known only at run time.
    Open(Vec<EnvEntry>),
    /// The bytes of a value that is not a mapping, such as an expression.
    Opaque(Range<usize>),
}

/// One variable of an `env`.
#[derive(Clone, Debug)]
pub struct EnvEntry {
    /// Its name.
    pub name: String,
    /// The bytes of the name.
    pub key: Range<usize>,
    /// Its value, which may contain expressions; empty if it is null.
    pub value: String,
    /// The bytes of the value.
    pub value_span: Range<usize>,
    /// The bytes and the style of the whole `env` mapping.
    pub mapping: (Range<usize>, Style),
    /// The number of variables in the mapping, including this one.
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
    /// The condition `if:`.
    pub condition: Option<Condition>,
    /// The ids of the jobs that have to succeed before it.
    pub needs: Vec<String>,
    /// Its environment.
    pub env: EnvLayer,
    /// Whether it runs in a container, whose image can have files and variables.
    pub has_container: bool,
    /// The environment of its container.
    pub container_env: EnvLayer,
    /// The matrix: the job runs once for each of its rows.
    pub matrix: Option<Node>,
    /// The default shell and directory of scripts.
    pub defaults: Defaults,
    /// The labels of its runner; labels that are not scalars are skipped.
    pub runs_on: Vec<String>,
    /// Its outputs: the name in lower case, and the text of the value.
    pub outputs: Vec<(String, String)>,
    /// The setting `continue-on-error`: a text that may contain expressions.
    pub continue_on_error: Option<String>,
    /// Its steps, or the workflow that it calls.
    pub work: Work,
}

/// The work of a job.
#[derive(Clone, Debug)]
pub enum Work {
    /// Its own steps.
    Steps(Vec<Step>),
    /// A call of another workflow.
    Call(Call),
}

/// A call of a reusable workflow.
#[derive(Clone, Debug)]
pub struct Call {
    /// The value of `uses`: a path or a reference.
    pub workflow: String,
    /// The inputs that it passes: name, bytes of the name, value.
    pub with: Vec<InputEntry>,
    /// The secrets that it passes.
    pub secrets: PassedSecrets,
}

/// The secrets that a called workflow receives.
#[derive(Clone, Debug)]
pub enum PassedSecrets {
    /// All secrets of the caller.
    All,
    /// Named secrets: the name in the called workflow and the expression of the value.
    Named(Vec<(String, String)>),
}

/// One step of a job.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its position in the job, from 1; the steps of a group count one by one.
    pub number: usize,
    /// Its name or, without a name, its id.
    pub name: Option<String>,
    /// Its id, by which expressions refer to its outputs.
    pub id: Option<String>,
    /// The conditions `if:` of the groups around it, outermost first, and its own.
    pub conditions: Vec<Condition>,
    /// Its environment.
    pub env: EnvLayer,
    /// Its script.
    pub run: Option<Script>,
    /// Its working directory.
    pub working_directory: Option<String>,
    /// The shell of its script.
    pub shell: Option<String>,
    /// The action that it runs instead of a script.
    pub uses: Option<String>,
    /// The bytes of the name of the action.
    pub uses_span: Range<usize>,
    /// The inputs of the action.
    pub with: Vec<InputEntry>,
    /// True if the step runs at the same time as others: it is in a group, or has `background`.
    pub is_concurrent: bool,
    /// The number of the first step of its outermost group `parallel` or `background`, if it is in one.
    pub group: Option<usize>,
    /// The setting `continue-on-error`: a text that may contain expressions.
    pub continue_on_error: Option<String>,
}

/// An entry of `with`: name, bytes of the name, value.
pub type InputEntry = (String, Range<usize>, Node);

/// The condition of a job or a step.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The text, which may contain `${{ }}`.
    pub text: String,
    /// The bytes of the value.
    pub span: Range<usize>,
}

/// A script in a workflow file.
#[derive(Clone, Debug)]
pub struct Script {
    /// The text, which may contain expressions.
    pub text: String,
    /// The bytes of the value.
    pub span: Range<usize>,
    /// The bytes of the key `run`.
    pub key: Range<usize>,
}

/// The settings of `defaults.run`.
#[derive(Clone, Debug, Default)]
pub struct Defaults {
    /// The shell.
    pub shell: Option<String>,
    /// The working directory.
    pub working_directory: Option<String>,
}

impl Workflow {
    /// Extracts the workflow from the tree of a file.
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
            comparisons: {
                let mut found = Comparisons::default();
                found.add(root, "", false);
                found.texts()
            },
        }
    }
}

impl Trigger {
    /// An event without inputs.
    #[must_use]
    pub fn new(event: &str) -> Self {
        Self { event: event.to_owned(), inputs: Vec::new(), outputs: Vec::new(), refs: Vec::new() }
    }
}

impl EnvLayer {
    /// The variables; none if the layer is an expression.
    #[must_use]
    pub fn entries(&self) -> &[EnvEntry] {
        match self {
            Self::Entries(entries) | Self::Open(entries) => entries,
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

    /// True if the condition calls a status function, so that the job may run after one that failed.
    #[must_use]
    pub fn checks_status(&self) -> bool {
        self.condition.as_ref().is_some_and(|condition| !expression::status_functions(&condition.text).is_empty())
    }

    /// The conditions of the job and its steps.
    pub fn conditions(&self) -> impl Iterator<Item = &Condition> {
        self.condition.iter().chain(self.steps().iter().flat_map(|step| &step.conditions))
    }

    /// Every `env` of the job and its steps.
    pub fn env_layers(&self) -> impl Iterator<Item = &EnvLayer> {
        [&self.container_env, &self.env].into_iter().chain(self.steps().iter().map(|step| &step.env))
    }
}

/// Maximum number of needed jobs that are examined; any further job is assumed to run.
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

    /// The outputs that the workflow declares for its callers.
    #[must_use]
    pub fn outputs_of_call(&self) -> &[(String, String)] {
        self.triggers.iter().find(|trigger| trigger.event == "workflow_call").map_or(&[], |trigger| &trigger.outputs)
    }

    /// The jobs that have to succeed before a job, directly or transitively.
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

    /// True if all jobs that a job needs can run. A skipped job skips the jobs that need it,
    /// unless their condition calls a status function such as `always()`.
    #[must_use]
    pub fn may_reach(&self, job: &Job, may_hold: &dyn Fn(&str) -> bool) -> bool {
        let runs = |job: &&Job| job.condition.as_ref().is_none_or(|condition| may_hold(&condition.text));
        let needed = self.needed(job);
        // With status functions, skips are not computed: the job may run.
        job.checks_status() || needed.iter().any(|job| job.checks_status()) || needed.iter().all(runs)
    }
}

/// The environment of a container. Its `options` may set other variables.
fn env_of_container(container: &Node) -> EnvLayer {
    let sets = |option: &str| option.starts_with("--env") || option.starts_with("-e") || option.contains("${{");
    let options = text_at(container, "options").unwrap_or_default();
    match env_of(container) {
        EnvLayer::None if options.split_whitespace().any(sets) => EnvLayer::Open(Vec::new()),
        EnvLayer::Entries(entries) if options.split_whitespace().any(sets) => EnvLayer::Open(entries),
        layer => layer,
    }
}

/// The comparisons in the expressions of a file.
#[derive(Default)]
struct Comparisons {
    /// The texts that are compared with the whole value of a name.
    whole: Texts,
    /// The texts that are compared with a part of it.
    parts: Texts,
    /// The names whose values get into variables, scripts, inputs, outputs or the matrix.
    used: BTreeSet<Name>,
}

impl Comparisons {
    /// Adds those of all expressions below a node, which is the value of `key`. `is_used` is true if something may use
    /// the texts of the node.
    fn add(&mut self, node: &Node, key: &str, is_used: bool) {
        let is_used = is_used || ["env", "with", "run", "outputs", "matrix"].contains(&key);
        node.items().iter().for_each(|item| self.add(item, "", is_used));
        node.entries().iter().for_each(|(key, value)| self.add(value, key.text().unwrap_or_default(), is_used));
        let Some(text) = node.text() else { return };
        let is_bare = key == "if" && !text.contains("${{");
        for it in if is_bare { expression::comparisons_of(text) } else { expression::comparisons(text) } {
            let texts = if it.is_part { &mut self.parts } else { &mut self.whole };
            add_text(texts, Name::new(&it.context, &it.name), &it.text);
        }
        if is_used {
            self.used.extend(names_within(text));
        }
    }

    /// The texts that are worth trying for each name.
    fn texts(self) -> Texts {
        let Self { whole: mut texts, parts, used } = self;
        // Programs can read every variable.
        let is_only_tested = |name: &Name| name.0 == "inputs" && !used.contains(name);
        for (name, parts) in parts.into_iter().filter(|(name, _)| is_only_tested(name)) {
            parts.iter().for_each(|part| add_text(&mut texts, name.clone(), part));
        }
        texts
    }
}

fn triggers(on: &Node) -> Vec<Trigger> {
    let plain = |node: &Node| node.text().map(Trigger::new);
    match &on.value {
        Value::Sequence(events) => events.iter().filter_map(plain).collect(),
        Value::Mapping(events) => events
            .iter()
            .filter_map(|(event, settings)| {
                let inputs = settings.get("inputs").map(Node::entries).unwrap_or_default();
                let inputs = inputs.iter().filter_map(input).collect();
                let event = event.text()?;
                let refs = refs_of(event, settings);
                Some(Trigger { inputs, outputs: outputs_of(settings), refs, ..Trigger::new(event) })
            })
            .collect(),
        _ => plain(on).into_iter().collect(),
    }
}

/// The values of `github` that the filter of an event allows; see [`Trigger::refs`].
fn refs_of(event: &str, settings: &Node) -> Vec<GithubFields> {
    let is_exact = |name: &String| !name.contains(['*', '?', '+', '[', ']', '!', '\\', '$']);
    let names = |key: &str| settings.get(key).map(labels).unwrap_or_default();
    let (branches, tags) = (names("branches"), names("tags"));
    let ignores = ["branches-ignore", "tags-ignore"].iter().any(|key| settings.get(key).is_some());
    if ignores || !branches.iter().chain(&tags).all(is_exact) {
        return Vec::new();
    }
    let fields =
        |fields: &[(&str, String)]| fields.iter().map(|(name, text)| ((*name).to_owned(), text.clone())).collect();
    let of_ref = |kind: &str, directory: &str, name: &String| {
        let full = format!("refs/{directory}/{name}");
        fields(&[("ref", full), ("ref_name", name.clone()), ("ref_type", kind.to_owned())])
    };
    match event {
        "push" => {
            let branches = branches.iter().map(|name| of_ref("branch", "heads", name));
            branches.chain(tags.iter().map(|name| of_ref("tag", "tags", name))).collect()
        }
        // A pull request runs on a ref of its own.
        "pull_request" | "pull_request_target" => {
            branches.iter().map(|name| fields(&[("base_ref", name.clone())])).collect()
        }
        _ => Vec::new(),
    }
}

/// The `outputs` of a job, an action or a called workflow: each name in lower case, and the text of its value.
pub(super) fn outputs_of(node: &Node) -> Vec<(String, String)> {
    let output = |(name, output): &(Node, Node)| {
        let value = output.get("value").unwrap_or(output);
        Some((name.text()?.to_lowercase(), text_of(value).unwrap_or_default()))
    };
    node.get("outputs").map(Node::entries).unwrap_or_default().iter().filter_map(output).collect()
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
        required: settings.get("required").and_then(text_of).as_deref() == Some("true"),
    })
}

fn job((id, job): &(Node, Node)) -> Option<Job> {
    let work = match job.get("uses").and_then(text_of) {
        Some(workflow) => Work::Call(call(workflow, job)),
        None => {
            let steps = job.get("steps").map(Node::items).unwrap_or_default();
            Work::Steps(steps_of(steps))
        }
    };
    Some(Job {
        id: text_of(id)?,
        key: id.span.clone(),
        condition: condition_of(job),
        needs: job.get("needs").map(labels).unwrap_or_default(),
        env: env_of(job),
        has_container: job.get("container").is_some(),
        container_env: job.get("container").map(env_of_container).unwrap_or_default(),
        matrix: job.get("strategy").and_then(|strategy| strategy.get("matrix")).cloned(),
        defaults: defaults_of(job),
        runs_on: job.get("runs-on").map(labels).unwrap_or_default(),
        outputs: outputs_of(job),
        continue_on_error: text_at(job, "continue-on-error"),
        work,
    })
}

/// One label, a list of labels, or the `labels` of a runner group.
fn labels(node: &Node) -> Vec<String> {
    match &node.value {
        Value::Sequence(items) => items.iter().filter_map(text_of).collect(),
        Value::Mapping(_) => node.get("labels").map(labels).unwrap_or_default(),
        _ => text_of(node).into_iter().collect(),
    }
}

fn call(workflow: String, job: &Node) -> Call {
    let secrets = match job.get("secrets") {
        Some(secrets) if secrets.text() == Some("inherit") => PassedSecrets::All,
        Some(secrets) => PassedSecrets::Named(
            secrets.entries().iter().filter_map(|(name, value)| Some((text_of(name)?, text_of(value)?))).collect(),
        ),
        None => PassedSecrets::Named(Vec::new()),
    };
    Call { workflow, with: with_of(job), secrets }
}

/// The steps of a job or of a composite action, with the steps of each group in its place.
pub(super) fn steps_of(nodes: &[Node]) -> Vec<Step> {
    let mut steps = Vec::new();
    for node in nodes {
        let members = members_of(node);
        if members.is_empty() {
            steps.push(step(steps.len() + 1, node));
            continue;
        }
        let (first, group) = (steps.len() + 1, step(0, node));
        for member in members {
            let number = steps.len() + 1;
            steps.push(in_group(&group, Step { number, group: Some(first), ..member }));
        }
    }
    steps
}

/// The steps of a group of steps that run at the same time; none if the node is a step.
fn members_of(node: &Node) -> Vec<Step> {
    let groups = ["parallel", "background"].into_iter().filter_map(|key| node.get(key));
    let members = groups.flat_map(|group| match (&group.value, group.get("steps")) {
        (Value::Sequence(items), _) => steps_of(items),
        (_, Some(steps)) => steps_of(steps.items()),
        (Value::Mapping(_), None) => steps_of(std::slice::from_ref(group)),
        _ => Vec::new(),
    });
    members.collect()
}

/// A step with the environment and the conditions of its group.
fn in_group(group: &Step, step: Step) -> Step {
    let env = match (&group.env, step.env) {
        (EnvLayer::None, own) => own,
        (EnvLayer::Opaque(span), _) => EnvLayer::Opaque(span.clone()),
        (_, EnvLayer::Opaque(span)) => EnvLayer::Opaque(span),
        (outer, own) => {
            let is_open = [outer, &own].iter().any(|layer| matches!(layer, EnvLayer::Open(_)));
            let is_inherited = |entry: &&EnvEntry| own.entries().iter().all(|other| other.name != entry.name);
            let inherited = outer.entries().iter().filter(is_inherited);
            let entries = inherited.chain(own.entries()).cloned().collect();
            if is_open { EnvLayer::Open(entries) } else { EnvLayer::Entries(entries) }
        }
    };
    let conditions = group.conditions.iter().cloned().chain(step.conditions).collect();
    let continue_on_error = step.continue_on_error.or_else(|| group.continue_on_error.clone());
    Step { env, conditions, continue_on_error, is_concurrent: true, ..step }
}

fn step(number: usize, node: &Node) -> Step {
    let run = node.entry("run").and_then(|(key, value)| {
        Some(Script { text: text_of(value)?, span: value.span.clone(), key: key.span.clone() })
    });
    Step {
        number,
        name: text_at(node, "name").or_else(|| text_at(node, "id")),
        id: text_at(node, "id"),
        conditions: condition_of(node).into_iter().collect(),
        env: env_of(node),
        run,
        working_directory: text_at(node, "working-directory"),
        shell: text_at(node, "shell"),
        uses: text_at(node, "uses"),
        uses_span: node.get("uses").map_or(0..0, |uses| uses.span.clone()),
        with: with_of(node),
        is_concurrent: node.get("background").is_some_and(|value| text_of(value).is_none_or(|text| text != "false")),
        group: None,
        continue_on_error: text_at(node, "continue-on-error"),
    }
}

fn condition_of(node: &Node) -> Option<Condition> {
    let value = node.get("if").filter(|value| !value.is_null())?;
    Some(Condition { text: text_of(value)?, span: value.span.clone() })
}

/// The entries of `with`.
fn with_of(node: &Node) -> Vec<InputEntry> {
    let with = node.get("with").map(Node::entries).unwrap_or_default();
    with.iter().filter_map(|(name, value)| Some((text_of(name)?, name.span.clone(), value.clone()))).collect()
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
            value: text_of(value)?,
            value_span: value.span.clone(),
            mapping: (env.span.clone(), env.style),
            siblings: entries.len(),
            env_key: key.span.clone(),
        })
    };
    let (computed, named): (Vec<_>, Vec<_>) = entries.iter().partition(|(name, _)| is_computed(name));
    let named = named.into_iter().filter_map(entry).collect();
    if computed.is_empty() { EnvLayer::Entries(named) } else { EnvLayer::Open(named) }
}

/// True if a key of a mapping is computed at run time. The only such key that a forge accepts is
/// `${{ insert }}`; its value is a mapping whose entries take its place.
pub(super) fn is_computed(key: &Node) -> bool {
    key.text().is_some_and(|key| key.contains("${{"))
}

fn text_at(node: &Node, key: &str) -> Option<String> {
    node.get(key).and_then(text_of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document;

    #[test]
    fn partial_text_counts_if_value_is_unused() {
        for (other, expected) in [
            ("name: '${{ inputs.a }}'", "x y"),
            ("concurrency: '${{ inputs.a }}'", "x y"),
            ("jobs: {b: {if: inputs.a}}", "x y"),
            ("jobs: {b: {env: {M: '${{ inputs.b }}'}}}", "x y"),
            ("jobs: {b: {env: {M: '${{ inputs.a == 1 }}'}}}", "x 1 y"),
            ("env: {M: '${{ inputs.a }}'}", "x"),
            ("env: {M: 'm-${{ github.event.inputs.A }}'}", "x"),
            ("jobs: {b: {steps: [{run: 'echo ${{ inputs.a }}'}]}}", "x"),
            ("jobs: {b: {steps: [{with: {m: \"${{ format('m-{0}', inputs.a) }}\"}}]}}", "x"),
            ("jobs: {b: {with: {m: \"${{ inputs.a || 'b' }}\"}}}", "x"),
            ("jobs: {b: {outputs: {m: '${{ inputs.a }}'}}}", "x"),
            ("jobs: {b: {strategy: {matrix: {m: ['${{ inputs.a }}']}}}}", "x"),
        ] {
            let text = format!("run-name: \"${{{{ inputs.a == 'x' && startsWith(inputs.a, 'y') }}}}\"\n{other}");
            let workflow = Workflow::of(&document::read(&text).unwrap());
            assert_eq!(workflow.comparisons[&Name::new("inputs", "a")].join(" "), expected, "{text}");
        }
        let text = "jobs: {b: {if: \"startsWith(env.A, 'y')\"}}";
        assert_eq!(Workflow::of(&document::read(text).unwrap()).comparisons, Texts::new());
    }
}
