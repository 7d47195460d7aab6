//! The slice of a job: its steps, variables, inputs and matrix keys that can affect a call.

use std::collections::BTreeSet;

use super::action::{ActionTarget, commands_in_inputs, scripts_in_inputs, variables_set_in_inputs};
use super::declared::Declared;
use super::document::{Node, Value};
use super::expression;
use super::flows::{Flows, comparisons_in_script};
use super::model::{Condition, EnvEntry, EnvLayer, Job, Step, Work, Workflow};
use super::texts::{NO_TEXTS, Name, Texts, add_text};
use super::trigger::{REF, REF_FIELDS, RelevantInputs};
use slug_shell::{Files, NoFiles, STARTUP_FILE, is_name};

/// Maximum combinations of invocations, matrix rows and steps that are evaluated for one file.
pub const COMBINATIONS: usize = 20_000;

/// Maximum rows of a matrix in a forge; each job may have at least as many combinations.
const FORGE_ROWS: usize = 256;

/// Maximum bytes of scripts that are interpreted for one file, over all combinations.
pub const SCRIPT_BYTES: usize = 8 << 20;

/// Bytes of scripts that may be interpreted for each job, however many jobs a file has.
const MIN_SCRIPT_BYTES: usize = 1 << 20;

/// Names of variables that no search lists.
pub trait Lookalikes {
    /// Returns true if a variable is of interest because its name resembles that of a relevant one.
    fn contains(&self, name: &str) -> bool;
}

/// No lookalikes.
pub struct NoLookalikes;

impl Lookalikes for NoLookalikes {
    fn contains(&self, _: &str) -> bool {
        false
    }
}

/// The targets and variables that an evaluation looks for.
#[derive(Clone, Copy)]
pub struct Search<'a> {
    /// The paths of the scripts.
    pub targets: &'a [&'a str],
    /// The actions.
    pub actions: &'a [ActionTarget<'a>],
    /// The relevant variables.
    pub variables: &'a BTreeSet<String>,
    /// The texts to try if an input that takes any text sets a variable.
    pub texts: &'a Texts,
    /// Variables that the environment of a call also has, if something sets them.
    pub lookalikes: &'a dyn Lookalikes,
    /// The values that are declared about the repository.
    pub declared: Declared<'a>,
    /// The files of the repository that scripts can run.
    pub files: &'a dyn Files,
    /// True to report every script that can read a variable of `variables`, whatever it calls.
    pub every_script: bool,
    /// True to treat every `if:` as true.
    pub ignore_conditions: bool,
    /// True to evaluate only pull requests from forks.
    pub from_forks: bool,
}

impl<'a> Search<'a> {
    /// A search for these variables in the calls of no target, in a repository of which nothing else is known.
    #[must_use]
    pub fn new(variables: &'a BTreeSet<String>) -> Self {
        Self {
            targets: &[],
            actions: &[],
            variables,
            texts: &NO_TEXTS,
            lookalikes: &NoLookalikes,
            declared: Declared::default(),
            files: &NoFiles,
            every_script: false,
            ignore_conditions: false,
            from_forks: false,
        }
    }

    /// A condition, unless conditions are ignored.
    #[must_use]
    pub fn condition<'c>(&self, condition: Option<&'c Condition>) -> Option<&'c str> {
        condition.filter(|_| !self.ignore_conditions).map(|condition| condition.text.as_str())
    }

    /// The same search without conditions and without [`Self::every_script`].
    #[must_use]
    pub fn ignoring_conditions(self) -> Self {
        Self { every_script: false, ignore_conditions: true, ..self }
    }

    /// The same search in pull requests from forks, which get no secrets.
    #[must_use]
    pub fn from_forks(self) -> Self {
        Self { from_forks: true, ..self }
    }
}

/// The parts of a workflow that can affect the calls of a job.
#[derive(Debug, Default)]
pub struct Slice {
    /// The steps that may call a target or set a variable for later steps, by index.
    pub(super) steps: Vec<usize>,
    /// The variables.
    pub(super) variables: BTreeSet<String>,
    /// True if a step runs files, which can read every variable that an earlier step sets.
    pub(super) runs_files: bool,
    /// The inputs.
    pub inputs: RelevantInputs,
    /// The keys of the matrix, in lower case.
    pub(super) matrix_keys: BTreeSet<String>,
    /// The ids of the steps whose results are relevant, in lower case.
    pub(super) step_ids: BTreeSet<String>,
    /// The ids of the needed jobs whose outputs are relevant, in lower case.
    pub(super) needs: BTreeSet<String>,
    /// True if an expression computes a matrix key, so that every key is relevant.
    pub(super) all_matrix_keys: bool,
    /// True if an expression computes the name of an input, so that every input is relevant.
    pub(super) all_inputs: bool,
    /// The repository variables with a literal that takes their place if they are unset, as in
    /// `vars.NAME || 'literal'`.
    pub(super) vars_with_default: BTreeSet<String>,
    /// The names from which the values of other names come.
    pub(super) flows: Flows,
    /// The total bytes of the scripts of the steps.
    pub(super) script_bytes: usize,
    /// The number of jobs in the file; they share the limits.
    pub(super) jobs: usize,
}

impl Slice {
    /// Computes the slice of a job. It is empty if the job has steps and none is relevant.
    #[must_use]
    pub fn new(workflow: &Workflow, job: &Job, search: &Search<'_>) -> Self {
        let steps = relevant_steps(workflow, job, job.steps(), search);
        if job.call().is_none() && steps.is_empty() {
            return Self::default();
        }
        Self::of_steps(workflow, job, search, steps, &[])
    }

    /// Computes the slice of what can affect the outputs of a job.
    #[must_use]
    pub fn of_outputs(workflow: &Workflow, job: &Job, search: &Search<'_>) -> Self {
        let search = Search { targets: &[], every_script: false, ..*search };
        let steps = relevant_steps(workflow, job, job.steps(), &search);
        let outputs = job.outputs.iter().map(|(_, text)| text);
        // A job that fails and continues may have set only some of its outputs.
        let texts: Vec<&String> = outputs.chain(&job.continue_on_error).collect();
        Self::of_steps(workflow, job, &search, steps, &texts)
    }

    /// The slice of what can affect the outputs of a called workflow, apart from its jobs.
    #[must_use]
    pub fn of_called(workflow: &Workflow) -> Self {
        let mut slice = Self::default();
        for (_, text) in workflow.outputs_of_call() {
            slice.add(expression::references(text));
        }
        slice
    }

    /// Adds the output slice of a needed job.
    pub(super) fn add_needed(&mut self, needed: &Self) {
        for (name, texts) in &needed.inputs {
            let mine = self.inputs.entry(name.clone()).or_default();
            mine.extend(texts.iter().filter(|text| !mine.contains(text)).cloned().collect::<Vec<_>>());
        }
        self.vars_with_default.extend(needed.vars_with_default.iter().cloned());
        self.script_bytes += needed.script_bytes;
    }

    /// The slice of a job with these steps, and of these other texts with expressions.
    fn of_steps(workflow: &Workflow, job: &Job, search: &Search<'_>, steps: Vec<usize>, texts: &[&String]) -> Self {
        let mut slice = Self { variables: search.variables.clone(), steps, ..Self::default() };
        for text in texts {
            slice.add(expression::references(text));
            slice.vars_with_default.extend(expression::vars_with_default(text));
        }
        let mut layers = vec![&workflow.env, &job.container_env, &job.env];
        match &job.work {
            Work::Steps(steps) => {
                slice.jobs = workflow.jobs.len();
                for label in &job.runs_on {
                    slice.add(expression::references(label));
                }
                for index in slice.steps.clone() {
                    layers.push(&steps[index].env);
                    slice.add_step(&steps[index], search);
                }
                let runs_files = |index: &usize| {
                    let step = &steps[*index];
                    runs_action(step, search) || step.run.as_ref().is_some_and(|run| may_run_files(&run.text, search))
                };
                if slice.steps.iter().any(runs_files) {
                    // The files can read every variable.
                    slice.runs_files = true;
                    let entries = layers.iter().flat_map(|layer| layer.entries());
                    slice.variables.extend(entries.map(|entry| entry.name.clone()));
                } else {
                    let names = layers.iter().flat_map(|layer| layer.entries()).map(|entry| &entry.name);
                    slice.variables.extend(names.filter(|name| search.lookalikes.contains(name)).cloned());
                }
            }
            Work::Call(call) => {
                for (_, _, value) in &call.with {
                    slice.add(references_in(value));
                    slice.add_vars(value);
                }
            }
        }
        // Every bash reads the file that this variable names.
        let is_set = layers.iter().flat_map(|layer| layer.entries()).any(|entry| entry.name == STARTUP_FILE);
        let names = |step: &Step| step.run.as_ref().is_some_and(|run| run.text.contains(STARTUP_FILE));
        if is_set || job.steps().iter().any(names) {
            slice.variables.insert(STARTUP_FILE.to_owned());
        }
        for condition in workflow.needed(job).into_iter().chain([job]).map(|job| job.condition.as_ref()) {
            slice.add(search.condition(condition).map(references_in_condition).unwrap_or_default());
        }
        for defaults in [&workflow.defaults, &job.defaults] {
            for text in [&defaults.shell, &defaults.working_directory].into_iter().flatten() {
                slice.add(expression::references(text));
            }
        }
        loop {
            slice.close_over(&layers);
            let is_new = |(index, step): &(usize, &Step)| {
                let is_named = |id: &String| slice.step_ids.contains(&id.to_lowercase());
                step.id.as_ref().is_some_and(is_named) && !slice.steps.contains(index)
            };
            let new: Vec<(usize, &Step)> = job.steps().iter().enumerate().filter(is_new).collect();
            if new.is_empty() {
                break;
            }
            for (index, step) in new {
                slice.steps.push(index);
                layers.push(&step.env);
                slice.add_step(step, search);
            }
        }
        slice.steps.sort_unstable();
        if let Some(matrix) = job.matrix.as_ref().filter(|_| slice.all_matrix_keys || !slice.matrix_keys.is_empty()) {
            slice.add(references_in(matrix));
        }
        if slice.all_inputs {
            let declared = workflow.triggers.iter().flat_map(|trigger| &trigger.inputs);
            for input in declared {
                slice.inputs.entry(input.name.to_lowercase()).or_default();
            }
        }
        slice.flows = Flows::new(&layers, job.matrix.as_ref());
        let mut in_scripts = Texts::new();
        for run in slice.steps.iter().filter_map(|index| job.steps()[*index].run.as_ref()) {
            for (name, text) in comparisons_in_script(&run.text) {
                add_text(&mut in_scripts, name, &text);
            }
        }
        slice.inputs = slice.inputs_with(&[&workflow.comparisons, &in_scripts, search.texts]);
        slice
    }

    /// The relevant inputs, with the texts that they already have and those of the names that they reach.
    #[must_use]
    pub fn inputs_with(&self, tables: &[&Texts]) -> RelevantInputs {
        let mut inputs = self.inputs.clone();
        for (input, texts) in &mut inputs {
            let names = self.flows.reached(&Name::new("inputs", input));
            let found = tables.iter().flat_map(|table| names.iter().filter_map(|name| table.get(name)).flatten());
            for text in found {
                if !texts.contains(text) {
                    texts.push(text.clone());
                }
            }
        }
        inputs
    }

    /// True if no step of the job is relevant.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The maximum number of invocations that are evaluated separately for this job.
    #[must_use]
    pub fn max_invocations(&self) -> usize {
        (self.max_script_bytes() / self.script_bytes.max(1)).max(1)
    }

    /// The maximum combinations of invocations, rows and steps for this job.
    pub(super) fn max_combinations(&self) -> usize {
        (COMBINATIONS / self.jobs.max(1)).max(FORGE_ROWS)
    }

    /// The maximum bytes of scripts that are interpreted for this job, over all combinations.
    pub(super) fn max_script_bytes(&self) -> usize {
        (SCRIPT_BYTES / self.jobs.max(1)).max(MIN_SCRIPT_BYTES)
    }

    fn add_step(&mut self, step: &Step, search: &Search<'_>) {
        for condition in &step.conditions {
            self.add(search.condition(Some(condition)).map(references_in_condition).unwrap_or_default());
        }
        self.add(step.continue_on_error.as_deref().map(expression::references).unwrap_or_default());
        let script = step.run.as_ref().map_or("", |run| &run.text);
        self.script_bytes += script.len();
        self.add(expression::references(script));
        self.vars_with_default.extend(expression::vars_with_default(script));
        if variables_in_script(script).any(|name| REF_FIELDS.iter().any(|field| name == github_variable(field))) {
            self.add_ref();
        }
        self.variables.extend(variables_in_script(script));
        self.add(expression::references(step.working_directory.as_deref().unwrap_or_default()));
        if runs_action(step, search) || calls_action(step, search) {
            for (_, _, value) in &step.with {
                self.add(references_in(value));
                self.add_vars(value);
            }
        }
    }

    fn add_ref(&mut self) {
        self.inputs.entry(REF.to_owned()).or_default();
    }

    /// Adds all variables that relevant variables refer to, directly or transitively.
    fn close_over(&mut self, layers: &[&EnvLayer]) {
        let entries: Vec<&EnvEntry> = layers.iter().flat_map(|layer| layer.entries()).collect();
        loop {
            let mut grew = false;
            for entry in &entries {
                if self.variables.contains(&entry.name) {
                    grew |= self.add(expression::references(&entry.value));
                }
            }
            if !grew {
                break;
            }
        }
        let relevant = entries.iter().filter(|entry| self.variables.contains(&entry.name));
        let vars: BTreeSet<String> = relevant.flat_map(|entry| expression::vars_with_default(&entry.value)).collect();
        self.vars_with_default.extend(vars);
    }

    /// Adds the variables with a default in a value that is passed to another workflow.
    fn add_vars(&mut self, node: &Node) {
        if let Some(text) = node.text() {
            self.vars_with_default.extend(expression::vars_with_default(text));
        }
    }

    /// Adds the references of a text. Returns true if a variable was new.
    fn add(&mut self, references: BTreeSet<(String, Option<String>)>) -> bool {
        let mut grew = false;
        for (context, name) in references {
            let lower = name.as_deref().map(str::to_lowercase);
            match (context.as_str(), lower, name) {
                ("env", _, Some(name)) => grew |= self.variables.insert(name),
                ("inputs", Some(name), _) => drop(self.inputs.entry(name).or_default()),
                ("inputs", None, _) => self.all_inputs = true,
                ("matrix", Some(name), _) => drop(self.matrix_keys.insert(name)),
                ("github" | "gitea", Some(name), _) if REF_FIELDS.contains(&name.as_str()) => self.add_ref(),
                ("steps", Some(id), _) => drop(self.step_ids.insert(id)),
                ("needs" | "jobs", Some(id), _) => drop(self.needs.insert(id)),
                ("matrix", None, _) => self.all_matrix_keys = true,
                _ => {}
            }
        }
        grew
    }
}

/// The steps that may call a target, write `GITHUB_ENV` or end the job, by index. If the path of a target
/// comes from a variable or the matrix, every script is relevant.
fn relevant_steps(workflow: &Workflow, job: &Job, steps: &[Step], search: &Search<'_>) -> Vec<usize> {
    let names = |text: &str| {
        let lower = text.to_lowercase();
        lower.contains("github_env")
            || lower.contains("github.env")
            || lower.contains("gitea.env")
            || search.targets.iter().any(|target| may_name(text, target))
    };
    let layers = [&workflow.env, &job.container_env, &job.env].into_iter().chain(steps.iter().map(|step| &step.env));
    let everywhere = search.every_script
        || layers.flat_map(EnvLayer::entries).any(|entry| names(&entry.value))
        || job.matrix.as_ref().is_some_and(|matrix| any_text(matrix, &names));
    let is_relevant = |step: &Step| {
        runs_action(step, search)
            || calls_action(step, search)
            || step.uses.is_some() && !commands_in_inputs(&step.with, search.targets).is_empty()
            || step.uses.is_some() && !variables_set_in_inputs(&step.with, search.variables).is_empty()
            || runs_input(step, search)
            || step.run.as_ref().is_some_and(|run| {
                everywhere
                    || names(&run.text)
                    || run.text.contains("${{")
                    || run.text.contains("::set-env")
                    || may_run_files(&run.text, search)
            })
    };
    let relevant: Vec<usize> = (0..steps.len()).filter(|index| is_relevant(&steps[*index])).collect();
    // A step may also write a file that a later step reads, or fail, so that a later step never runs.
    let matters = |text: &str| {
        slug_shell::mentions_settings_file(text)
            || slug_shell::may_change_files(text)
            || slug_shell::may_always_fail(text)
    };
    let is_other = |step: &Step| step.run.as_ref().is_some_and(|run| matters(&run.text));
    let is_kept = |index: &usize| relevant.binary_search(index).is_ok() || is_other(&steps[*index]);
    if relevant.is_empty() { relevant } else { (0..steps.len()).filter(is_kept).collect() }
}

/// Whether a step runs an action of the repository.
fn runs_action(step: &Step, search: &Search<'_>) -> bool {
    search.files.is_known() && step.uses.as_ref().is_some_and(|uses| uses.starts_with("./"))
}

/// Whether the action of a step may run an input as a script that runs files of the repository.
fn runs_input(step: &Step, search: &Search<'_>) -> bool {
    search.files.is_known() && step.uses.is_some() && scripts_in_inputs(&step.with).next().is_some()
}

/// Whether a step may run an action of the search.
fn calls_action(step: &Step, search: &Search<'_>) -> bool {
    // The path of a local action may begin with the directory of a checkout.
    let roots = |uses: &str| uses.trim_start_matches("./").match_indices('/').map(|(at, _)| at).collect::<Vec<_>>();
    let is_used = |uses: &String| {
        let path = uses.trim_start_matches("./");
        let roots: Vec<&str> = roots(uses).into_iter().map(|at| &path[..at]).collect();
        search.actions.iter().any(|action| action.is_named(uses, &roots))
    };
    step.uses.as_ref().is_some_and(is_used)
}

/// Whether a script may run a file of the repository.
fn may_run_files(script: &str, search: &Search<'_>) -> bool {
    search.files.is_known() && slug_shell::may_run_files(script)
}

fn any_text(node: &Node, is_match: &impl Fn(&str) -> bool) -> bool {
    match &node.value {
        Value::Sequence(items) => items.iter().any(|item| any_text(item, is_match)),
        Value::Mapping(entries) => entries.iter().any(|(_, value)| any_text(value, is_match)),
        _ => node.text().is_some_and(is_match),
    }
}

/// Whether a text may have the path of a target, or its command with other options.
fn may_name(text: &str, target: &str) -> bool {
    match target.split_once(' ') {
        Some((_, arguments)) => arguments.split_whitespace().all(|word| text.contains(file_name(word))),
        None => {
            let has_module = |module: String| text.contains(&module);
            text.contains(file_name(target)) || slug_shell::module_name(target).is_some_and(has_module)
        }
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn references_in_condition(condition: &str) -> BTreeSet<(String, Option<String>)> {
    if condition.contains("${{") { expression::references(condition) } else { expression::references_of(condition) }
}

fn references_in(node: &Node) -> BTreeSet<(String, Option<String>)> {
    match &node.value {
        Value::Sequence(items) => items.iter().flat_map(references_in).collect(),
        Value::Mapping(entries) => entries.iter().flat_map(|(_, value)| references_in(value)).collect(),
        _ => node.text().map(expression::references).unwrap_or_default(),
    }
}

/// The variable in which a forge passes a field of `github` to scripts.
pub(super) fn github_variable(field: &str) -> String {
    format!("GITHUB_{}", field.to_uppercase())
}

/// The names that follow a `$` in a script.
fn variables_in_script(script: &str) -> impl Iterator<Item = String> {
    script.split('$').skip(1).filter_map(|after| {
        let after = after.strip_prefix('{').unwrap_or(after);
        let end = after.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(after.len());
        is_name(&after[..end]).then(|| after[..end].to_owned())
    })
}

#[cfg(test)]
mod tests;
