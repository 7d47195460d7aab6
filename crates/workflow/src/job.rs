//! The evaluation of one job: finds every call of a script with its environment, for each
//! invocation of the workflow and each distinct row of the job's matrix.

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use super::context::EvalContext;
use super::environment::{Environment, Origin, Setting};
use super::expression;
use super::matrix::{self, Row, Rows};
use super::model::{Defaults, EnvLayer, Job, Script, Step, Work, Workflow};
use super::script::{Expanded, expand};
use super::slice::{Search, Slice};
use super::trigger::Invocation;
use slug_shell::{Variable, Variables};
use slug_value::{AbstractValue, Text, Tristate};

/// One call of a script.
#[derive(Clone, Debug)]
pub struct CallSite<'w> {
    /// The step.
    pub step: &'w Step,
    /// The index of the called target; None if the script calls none and every script is reported.
    pub target: Option<usize>,
    /// The bytes of the word that names the target, or of the key `run`.
    pub call: Range<usize>,
    /// The environment of the call.
    pub env: Environment<'w>,
    /// The invocation of the workflow.
    pub invocation: Rc<Invocation>,
    /// The relevant values of the matrix row, for display.
    pub row: String,
    /// The number of matrix rows that this call site represents.
    pub rows: usize,
}

/// One job, ready to be evaluated.
pub struct JobEval<'s, 'w> {
    /// The text of the file.
    pub text: &'s str,
    /// The workflow of the job.
    pub workflow: &'w Workflow,
    /// The job.
    pub job: &'w Job,
    /// The slice of the job.
    pub slice: &'s Slice,
    /// The targets and variables to look for.
    pub search: &'s Search<'s>,
}

/// A row of a matrix or the reason why it is not known, and the number of rows it represents.
pub type DistinctRow = (Result<Row, String>, usize);

impl<'w> JobEval<'_, 'w> {
    /// Every call in the job, for each invocation.
    #[must_use]
    pub fn call_sites(&self, invocations: &[Invocation]) -> Vec<CallSite<'w>> {
        let mut sites = Vec::new();
        for invocation in invocations {
            if !self.may_be_reached(invocation) {
                continue;
            }
            let rows = self.rows(invocation, invocations.len());
            let invocation = Rc::new(invocation.clone());
            for (row, count) in &rows {
                let row = row.as_ref().map_err(String::as_str);
                let run = JobRun { eval: self, invocation: &invocation, row };
                sites.extend(run.call_sites().into_iter().map(|site| CallSite { rows: *count, ..site }));
            }
        }
        sites
    }

    /// The rows of the matrix that differ in relevant keys. If the combinations exceed the
    /// limits, one unknown row represents all rows.
    #[must_use]
    pub fn rows(&self, invocation: &Invocation, invocations: usize) -> Vec<DistinctRow> {
        let context = self.context(invocation, Err("the matrix is not known yet"), None);
        let rows = match matrix::rows(self.job.matrix.as_ref(), &context) {
            Rows::Known(rows) => rows,
            Rows::Unknown(why) => return vec![(Err(why), 1)],
        };
        let mut distinct: Vec<DistinctRow> = Vec::new();
        let mut indices: BTreeMap<String, usize> = BTreeMap::new();
        for mut row in rows {
            row.retain(|name, _| self.slice.all_matrix_keys || self.slice.matrix_keys.contains(name));
            let shown = format!("{row:?}");
            match indices.get(&shown) {
                Some(&index) => distinct[index].1 += 1,
                None => {
                    indices.insert(shown, distinct.len());
                    distinct.push((Ok(row), 1));
                }
            }
        }
        let runs = distinct.len().saturating_mul(invocations);
        let combinations = runs.saturating_mul(self.slice.steps.len().max(1));
        let bytes = runs.saturating_mul(self.slice.script_bytes);
        if combinations > self.slice.max_combinations() || (bytes > self.slice.max_script_bytes() && runs > 1) {
            let why = "inputs, matrix and scripts have more combinations than slugproof evaluates".to_owned();
            return vec![(Err(why), distinct.iter().map(|(_, count)| count).sum())];
        }
        distinct
    }

    /// True if the job's own condition can be true.
    #[must_use]
    pub fn can_run(&self, context: &EvalContext<'_>) -> bool {
        self.condition(self.job.condition.as_ref(), context).can_be_true
    }

    /// True if all jobs that this job needs can run. The values of their matrices are treated as
    /// unknown.
    fn may_be_reached(&self, invocation: &Invocation) -> bool {
        let context = self.context(invocation, Err("the matrix is another one"), None);
        let may_hold = |condition: &str| expression::condition(condition, &context).can_be_true;
        self.search.ignore_conditions || self.workflow.may_reach(self.job, &may_hold)
    }

    fn condition(&self, condition: Option<&String>, context: &EvalContext<'_>) -> Tristate {
        let condition = self.search.condition(condition);
        condition.map_or(Tristate::ALWAYS, |condition| expression::condition(condition, context))
    }

    /// The context of the job's expressions for one invocation and one row.
    pub fn context<'c>(
        &'c self,
        invocation: &'c Invocation,
        row: Result<&'c Row, &'c str>,
        env: Option<&'c dyn Fn(&str) -> Text>,
    ) -> EvalContext<'c> {
        EvalContext { invocation, row, env, absent_secrets: self.search.absent_secrets }
    }
}

/// One run of a job: one invocation and one matrix row.
struct JobRun<'s, 'w> {
    eval: &'s JobEval<'s, 'w>,
    invocation: &'s Rc<Invocation>,
    row: Result<&'s Row, &'s str>,
}

impl<'w> JobRun<'_, 'w> {
    fn call_sites(&self) -> Vec<CallSite<'w>> {
        let JobEval { workflow, job, slice, .. } = *self.eval;
        let Work::Steps(steps) = &job.work else { return Vec::new() };
        if !self.eval.can_run(&self.context(None)) {
            return Vec::new();
        }
        let mut env = Environment::default();
        for layer in [&job.container_env, &workflow.env, &job.env] {
            self.apply(layer, &mut env, None);
        }
        let mut sites = Vec::new();
        for index in &slice.steps {
            self.step(&steps[*index], &mut env, &mut sites);
        }
        sites
    }

    fn context<'c>(&'c self, env: Option<&'c dyn Fn(&str) -> Text>) -> EvalContext<'c> {
        self.eval.context(self.invocation, self.row, env)
    }

    /// Evaluates a step: adds its calls to `sites` and its effects on later steps to `env`.
    fn step(&self, step: &'w Step, env: &mut Environment<'w>, sites: &mut Vec<CallSite<'w>>) {
        let Some(run) = &step.run else { return };
        let Search { targets, names, every_script, .. } = *self.eval.search;
        let outer = env.clone();
        let mut own = outer.clone();
        self.apply(&step.env, &mut own, Some(&outer));
        // A forge applies the step's own `env` before it evaluates the condition.
        let look_up = |name: &str| self.in_env(Some(&own), name);
        let context = self.context(Some(&look_up));
        let runs = self.eval.condition(step.condition.as_ref(), &context);
        if !runs.can_be_true {
            return;
        }
        let script = expand(&run.text, &context);
        let variables = own.to_shell(names);
        let effects = if self.is_shell(step, &context) {
            let directory = self.directory(step, &context);
            slug_shell::interpret(&script.text, &script.placeholders, targets, directory.as_deref(), &variables)
        } else {
            slug_shell::uninterpreted(&script.text, targets, names, &variables)
        };
        let site = |target, call, env| CallSite {
            step,
            target,
            call,
            env,
            invocation: Rc::clone(self.invocation),
            row: self.row.map(shown_row).unwrap_or_default(),
            rows: 1,
        };
        for call in &effects.calls {
            let word = script.text.get(call.span.clone()).unwrap_or_default();
            let span = script.locate(self.eval.text, run, &call.span, word);
            let env = self.command_env(&own, &call.variables, call.rest.as_ref(), run, &script);
            sites.push(site(Some(call.target), span, env));
        }
        if every_script && effects.calls.is_empty() {
            let env = self.command_env(&own, &effects.end, effects.rest.as_ref(), run, &script);
            if env.rest.is_some() || names.iter().any(|name| env.variables.contains_key(name)) {
                sites.push(site(None, run.key.clone(), env));
            }
        }
        self.apply_effects(effects, runs, run, &script, env);
    }

    /// Adds the variables of an `env` layer; its expressions can refer to `outer`.
    fn apply(&self, layer: &'w EnvLayer, env: &mut Environment<'w>, outer: Option<&Environment<'w>>) {
        if let EnvLayer::Opaque(_) = layer {
            *env = Environment::unknown("an `env` is computed at run time".to_owned());
        }
        let look_up = |name: &str| self.in_env(outer, name);
        let context = self.context(outer.is_some().then_some(&look_up as &dyn Fn(&str) -> Text));
        for entry in layer.entries().iter().filter(|entry| self.eval.slice.variables.contains(&entry.name)) {
            let value = expression::text(&entry.value, &context);
            env.variables.insert(entry.name.clone(), Setting { value, origin: Origin::Entry(entry) });
        }
    }

    /// The possible values of `env.NAME`. The runner may set a variable that the file does not
    /// set, unless it is a variable of the search.
    fn in_env(&self, env: Option<&Environment<'w>>, name: &str) -> Text {
        match env {
            Some(env) if env.variables.contains_key(name) || self.eval.search.names.contains(name) => env.value(name),
            _ => Text::unknown(format!("`env.{name}` is known only at run time")),
        }
    }

    /// The environment of a command, with the origin of each variable.
    fn command_env(
        &self,
        own: &Environment<'w>,
        variables: &Variables,
        rest: Option<&String>,
        run: &Script,
        script: &Expanded,
    ) -> Environment<'w> {
        let is_set = |(name, variable): &(&String, &Variable)| {
            let is_anything = own.variables.contains_key(*name) || variable.assigned.is_some();
            self.eval.slice.variables.contains(*name) && (is_anything || variable.value != Text::empty())
        };
        let setting = |(name, variable): (&String, &Variable)| {
            let origin = match &variable.assigned {
                Some(span) => Origin::Script(script.locate(self.eval.text, run, span, name)),
                None => {
                    own.variables.get(name).map_or(Origin::Script(run.key.clone()), |setting| setting.origin.clone())
                }
            };
            (name.clone(), Setting { value: variable.value.clone(), origin })
        };
        let variables = variables.iter().filter(is_set).map(setting).collect();
        Environment { variables, rest: rest.or(own.rest.as_ref()).cloned() }
    }

    /// Applies to `env` the variables that a step sets for later steps.
    fn apply_effects(
        &self,
        effects: slug_shell::Effects,
        runs: Tristate,
        run: &Script,
        script: &Expanded,
        env: &mut Environment<'w>,
    ) {
        if let Some(why) = effects.opaque {
            *env = Environment::unknown(why);
        }
        let is_relevant = |name: &String| self.eval.slice.variables.contains(name);
        for (name, written) in effects.written.into_iter().filter(|(name, _)| is_relevant(name)) {
            let before = env.value(&name);
            let value = if written.maybe_not || runs.can_be_false {
                written.value.or(before).with_reason("an earlier step may set it")
            } else {
                written.value
            };
            let span = script.locate(self.eval.text, run, &written.span, &name);
            env.variables.insert(name, Setting { value, origin: Origin::Script(span) });
        }
    }

    /// True if a shell runs the script of a step. Without a `shell` setting, the labels of the
    /// runner decide.
    fn is_shell(&self, step: &Step, context: &EvalContext<'_>) -> bool {
        match self.setting(step.shell.as_ref(), |defaults| defaults.shell.as_ref()) {
            Some(shell) => slug_shell::is_shell(shell.split_whitespace().next().unwrap_or_default()),
            None => self.eval.job.runs_on.iter().all(|label| {
                let label = expression::text(label, context);
                let is_windows = |label: &String| label.to_lowercase().contains("windows");
                matches!(label.values, AbstractValue::OneOf(labels) if !labels.iter().any(is_windows))
            }),
        }
    }

    /// The working directory of a step, relative to the root of the repository, if it is known.
    fn directory(&self, step: &Step, context: &EvalContext<'_>) -> Option<String> {
        match self.setting(step.working_directory.as_ref(), |defaults| defaults.working_directory.as_ref()) {
            Some(text) => expression::text(text, context).single().cloned(),
            None => Some(String::new()),
        }
    }

    /// A setting of a step, else of its job's defaults, else of the workflow's defaults.
    fn setting<'a>(
        &'a self,
        own: Option<&'a String>,
        default: impl Fn(&'a Defaults) -> Option<&'a String>,
    ) -> Option<&'a String> {
        own.or_else(|| default(&self.eval.job.defaults)).or_else(|| default(&self.eval.workflow.defaults))
    }
}

/// A row for display; values that are not known are shown as `…`.
fn shown_row(row: &Row) -> String {
    let cell = |(name, value): (&String, &slug_value::Value)| {
        let value = value.single().map_or("…".to_owned(), |value| value.sema().to_string());
        format!("{name} = {value}")
    };
    row.iter().map(cell).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
