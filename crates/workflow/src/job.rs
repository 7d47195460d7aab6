//! The evaluation of one job: finds its calls of target scripts and the environment of each call,
//! for each invocation of the workflow and each distinct row of the job's matrix.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;

use github_actions_expressions::Evaluation;

use super::action::{
    Action, ActionContexts, ActionTarget, MAX_DEPTH, commands_in_inputs, commands_of_program, scripts_in_inputs,
    variables_set_in_inputs,
};
use super::calls::{is_outside_github, root_of};
use super::context::{EvalContext, without_secrets};
use super::environment::{Environment, Origin, Setting};
use super::expression::{self, Contexts, InStatus, JobStatus};
use super::matrix::{self, Row, Rows};
use super::model::{Condition, Defaults, EnvLayer, InputEntry, Job, Script, Step, Workflow};
use super::outputs::KnownOutputs;
use super::results::{Ending, NO_RESULTS, StepResult, StepResults};
use super::script::{Expanded, expand};
use super::scripts::Below;
use super::slice::{Search, Slice, github_variable};
use super::trigger::{Invocation, Secrets};
use slug_shell::{
    ChangedPaths, Effects, Export, FIRST_FILE_POSITION, Failed, Fuel, Input, ShellOptions, StepShell, Variable,
    Variables, WORKSPACE, Written,
};
use slug_value::{AbstractValue, Text, Tristate};

/// A call of a target in a step. With [`Search::every_script`], also a script that calls no target.
#[derive(Clone, Debug)]
pub struct CallSite<'w> {
    /// The step.
    pub step: &'w Step,
    /// The index of the called target in [`Search::targets`], followed by [`Search::actions`]; None if the script
    /// calls no target.
    pub target: Option<usize>,
    /// The byte range of the word that names the target; without a target, that of the key `run`.
    pub call: Range<usize>,
    /// The environment of the call.
    pub env: Environment<'w>,
    /// The invocation of the workflow.
    pub invocation: Rc<Invocation>,
    /// The relevant values of the matrix row, for display.
    pub row: String,
    /// The number of matrix rows that this call site represents.
    pub row_count: usize,
    /// False if the script contains the call and never reaches it.
    pub is_reached: bool,
    /// The reason why an argument or a file, and not only the environment, may choose the model.
    pub model_choice_reason: Option<String>,
    /// A settings file in the arguments that is not known. The answer for the environment holds unless it chooses
    /// another model.
    pub unread_settings: Option<String>,
    /// The known arguments of the target.
    pub arguments: Vec<String>,
}

/// The inputs of the evaluation of one job.
pub struct JobEval<'s, 'w> {
    /// The path of the file.
    pub path: &'s str,
    /// The text of the file.
    pub text: &'s str,
    /// The workflow of the job.
    pub workflow: &'w Workflow,
    /// The job.
    pub job: &'w Job,
    /// The steps, variables, inputs and matrix keys of the job that can affect a call.
    pub slice: &'s Slice,
    /// The targets and variables to look for.
    pub search: &'s Search<'s>,
    /// The work that the interpretation of scripts may still do.
    pub fuel: &'s Fuel,
}

/// A row of a matrix or the reason why it is not known, and the number of rows it represents.
pub type DistinctRow = (Result<Row, String>, usize);

impl<'w> JobEval<'_, 'w> {
    /// Every call in the job, for each invocation.
    #[must_use]
    pub fn call_sites(&self, invocations: &[Invocation]) -> Vec<CallSite<'w>> {
        let mut sites = Vec::new();
        let programs = Programs::default();
        for invocation in invocations {
            if !self.may_be_reached(invocation) {
                continue;
            }
            let rows = self.rows(invocation, invocations.len());
            let invocation = Rc::new(invocation.clone());
            for (row, count) in &rows {
                let run = self.run(&invocation, row.as_ref().map_err(String::as_str), &programs);
                sites.extend(run.call_sites().into_iter().map(|site| CallSite { row_count: *count, ..site }));
            }
        }
        sites
    }

    /// The outputs of the job in one invocation. `has_run` says whether the job is known to have run.
    #[must_use]
    pub fn outputs(&self, invocation: &Rc<Invocation>, has_run: bool) -> KnownOutputs {
        let rows = self.rows(invocation, 1);
        let programs = Programs::default();
        let outputs = rows.iter().map(|(row, _)| {
            let row = row.as_ref().map_err(String::as_str);
            self.run(invocation, row, &programs).outputs(has_run)
        });
        outputs.reduce(KnownOutputs::or).unwrap_or_default()
    }

    /// A run of the job.
    fn run<'s>(
        &'s self,
        invocation: &'s Rc<Invocation>,
        row: Result<&'s Row, &'s str>,
        programs: &'s Programs,
    ) -> JobRun<'s, 'w> {
        let runner_os = self.runner_os(&self.context(invocation, row, None));
        JobRun { eval: self, invocation, row, runner_os, action: None, depth: 0, programs }
    }

    /// The operating system of the machine, as `runner.os` names it. `None` if the only label of the job is not that of
    /// a machine of the forge.
    fn runner_os(&self, context: &dyn Contexts) -> Option<Text> {
        let [label] = self.job.runs_on.as_slice() else { return None };
        let Text { values: AbstractValue::OneOf(labels), reasons } = expression::text(label, context) else {
            return None;
        };
        let systems: Option<Vec<&str>> = labels.iter().map(|label| hosted_system(label)).collect();
        Some(Text::one_of(systems?.into_iter().map(str::to_owned), reasons))
    }

    /// The rows of the matrix without their irrelevant keys; equal rows become one row with a count.
    /// If `invocation_count` invocations of these rows exceed a limit of the slice, one unknown row
    /// represents all rows.
    #[must_use]
    pub fn rows(&self, invocation: &Invocation, invocation_count: usize) -> Vec<DistinctRow> {
        let context = self.context(invocation, Err("the matrix is not known yet"), None);
        let (rows, others) = match matrix::rows(self.job.matrix.as_ref(), &context) {
            Rows::Known(rows) => (rows, None),
            Rows::Some(mut rows, open, why) if !self.slice.all_matrix_keys => {
                for row in &mut rows[..open] {
                    for name in &self.slice.matrix_keys {
                        row.entry(name.clone()).or_insert_with(|| slug_value::Value::unknown(why.clone()));
                    }
                }
                (rows, Some(why))
            }
            Rows::Some(_, _, why) | Rows::Unknown(why) => return vec![(Err(why), 1)],
        };
        let mut distinct: Vec<DistinctRow> = Vec::new();
        let mut indices: BTreeMap<String, usize> = BTreeMap::new();
        for mut row in rows {
            row.retain(|name, _| self.slice.all_matrix_keys || self.slice.matrix_keys.contains(name));
            let key = format!("{row:?}");
            match indices.get(&key) {
                Some(&index) => distinct[index].1 += 1,
                None => {
                    indices.insert(key, distinct.len());
                    distinct.push((Ok(row), 1));
                }
            }
        }
        distinct.extend(others.map(|why| (Err(why), 1)));
        let runs = distinct.len().saturating_mul(invocation_count);
        let combinations = runs.saturating_mul(self.slice.steps.len().max(1));
        let bytes = runs.saturating_mul(self.slice.script_bytes);
        if combinations > self.slice.max_combinations() || (bytes > self.slice.max_script_bytes() && runs > 1) {
            let why =
                "the job has more combinations of inputs, matrix rows and steps than slugproof evaluates".to_owned();
            return vec![(Err(why), distinct.iter().map(|(_, count)| count).sum())];
        }
        distinct
    }

    /// True if the job's own condition can be true.
    #[must_use]
    pub fn can_run(&self, context: &EvalContext<'_>) -> bool {
        self.condition(self.job.condition.as_ref(), context).can_be_true
    }

    /// True if every job that this job needs can run. The conditions of those jobs are evaluated with
    /// unknown values of `matrix`.
    pub fn may_be_reached(&self, invocation: &Invocation) -> bool {
        let context = self.context(invocation, Err("the matrix belongs to another job"), None);
        let may_hold = |condition: &str| expression::condition(condition, &context).can_be_true;
        self.search.ignore_conditions || self.workflow.may_reach(self.job, &may_hold)
    }

    /// True if neither the job's own condition nor those of the jobs that it needs exclude that it runs. They are
    /// evaluated with unknown values of `matrix`.
    pub fn may_run(&self, invocation: &Invocation) -> bool {
        let context = self.context(invocation, Err("the matrix belongs to another job"), None);
        self.may_be_reached(invocation) && self.can_run(&context)
    }

    fn condition(&self, condition: Option<&Condition>, context: &EvalContext<'_>) -> Tristate {
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
        let (steps, needs) = (self.job.steps(), &self.job.needs);
        let (results, declared) = (&NO_RESULTS, self.search.declared);
        EvalContext { invocation, row, env, results, steps, needs, runner_os: None, declared }
    }
}

/// The calls that the programs of local actions may make, by the `uses` of a step and its variables: each target, and
/// the bytes in a file of the program if it is named there.
type Programs = RefCell<BTreeMap<(String, String), Vec<ProgramCall>>>;

/// A call of a target, by its index. The bytes are `None` for a target that the action itself names.
type ProgramCall = (usize, Option<Range<usize>>);

/// One run of a job: one invocation and one matrix row.
struct JobRun<'s, 'w> {
    eval: &'s JobEval<'s, 'w>,
    invocation: &'s Rc<Invocation>,
    row: Result<&'s Row, &'s str>,
    /// The operating system of the machine, as `runner.os` names it; `None` if it is not known.
    runner_os: Option<Text>,
    /// The composite action whose steps run, if any.
    action: Option<&'s Action>,
    /// The number of actions around the steps.
    depth: usize,
    /// What is known about programs from other runs of the job.
    programs: &'s Programs,
}

/// The course of a job, or that of an action in it.
struct Level<'w> {
    course: Course<'w>,
    /// The step that runs the action, if it is one.
    around: Option<Around>,
    /// The reason why a file that a step of the job wrote may choose a model, if one may.
    settings_reason: Option<String>,
    /// The files of the repository that the steps of the job may have changed if none has failed.
    changed: ChangedPaths,
    /// The same if one has failed: a checkout after it did not restore them.
    changed_before_failure: ChangedPaths,
}

impl<'w> Level<'w> {
    fn new(course: Course<'w>, around: Option<Around>) -> Self {
        let (changed, changed_before_failure) = <(ChangedPaths, ChangedPaths)>::default();
        Self { course, around, settings_reason: None, changed, changed_before_failure }
    }
}

/// The settings of a step that runs an action.
struct Around {
    when: When,
    continues: Tristate,
}

impl<'w> JobRun<'_, 'w> {
    fn call_sites(&self) -> Vec<CallSite<'w>> {
        if !self.eval.can_run(&self.context(None)) {
            return Vec::new();
        }
        self.evaluate_steps().0
    }

    /// The outputs of the job; see [`JobEval::outputs`].
    fn outputs(&self, has_run: bool) -> KnownOutputs {
        let job = self.eval.job;
        let context = self.context(None);
        let runs = self.eval.condition(job.condition.as_ref(), &context);
        let continues = job.continue_on_error.as_ref().map(|text| expression::condition(text, &context));
        if continues.is_some_and(|continues| continues.can_be_true) {
            // A job that failed may have set only some of its outputs.
            return KnownOutputs::default();
        }
        if !runs.can_be_true {
            return KnownOutputs::none();
        }
        let (_, course) = self.evaluate_steps();
        let env = course.before(When { success: Tristate::ALWAYS, failure: Tristate::ALWAYS });
        let look_up = |name: &str| self.env_value(env.as_ref(), name);
        let context = EvalContext { results: &course.results, ..self.context(Some(&look_up)) };
        // The runner of Gitea drops no output.
        let is_outside_github = is_outside_github(self.eval.path);
        let value = |(name, text): &(String, String)| {
            let value = expression::text(text, &context);
            (name.clone(), if is_outside_github { value } else { without_secrets(value) })
        };
        let outputs = KnownOutputs { values: job.outputs.iter().map(value).collect(), is_complete: true };
        let needed = self.eval.workflow.needed(job).into_iter();
        let mut needed = needed.map(|needed| self.eval.condition(needed.condition.as_ref(), &context));
        let may_be_skipped = runs.can_be_false || needed.any(|runs| runs.can_be_false);
        if may_be_skipped && !has_run { outputs.or(KnownOutputs::none()) } else { outputs }
    }

    /// Evaluates the steps of the job. Returns the calls and the course after the last step.
    fn evaluate_steps(&self) -> (Vec<CallSite<'w>>, Course<'w>) {
        let JobEval { workflow, job, slice, .. } = *self.eval;
        let steps = job.steps();
        let mut env = Environment::default();
        for layer in [&job.container_env, &workflow.env, &job.env] {
            self.apply(layer, &mut env, None, &NO_RESULTS);
        }
        let mut sites = Vec::new();
        let mut levels = vec![Level::new(Course::new(env), None)];
        let roots = roots(steps);
        for (step, is_rehearsal) in order(steps) {
            if let Some(directory) = restored_directory(step) {
                levels[0].changed.restore(directory);
            }
            if slice.steps.contains(&(step.number - 1)) {
                let sites = if is_rehearsal { &mut Vec::new() } else { &mut sites };
                self.evaluate_step(step, step, &roots, &mut levels, sites);
            } else {
                levels[0].course.may_fail();
            }
        }
        (sites, levels.remove(0).course)
    }

    fn context<'c>(&'c self, env: Option<&'c dyn Fn(&str) -> Text>) -> EvalContext<'c> {
        let context = self.eval.context(self.invocation, self.row, env);
        let context = EvalContext { runner_os: self.runner_os.as_ref(), ..context };
        match self.action {
            Some(action) => EvalContext { steps: &action.steps, ..context },
            None => context,
        }
    }

    /// Evaluates a step: adds its calls to `sites` and its effects on later steps to `levels`, of which the last
    /// is that of the step. `owner` is the step of the job that is or runs this step.
    fn evaluate_step(
        &self,
        owner: &'w Step,
        step: &Step,
        roots: &[&str],
        levels: &mut Vec<Level<'w>>,
        sites: &mut Vec<CallSite<'w>>,
    ) {
        let Search { targets, actions, variables: searched, every_script, files, .. } = *self.eval.search;
        let id = step.id.as_ref().map(|id| id.to_lowercase());
        let id = id.filter(|id| self.action.is_some() || self.eval.slice.step_ids.contains(id));
        // Another step may read the result of a concurrent step before that has ended.
        let has_known_end = !step.is_concurrent && !self.eval.search.ignore_conditions;
        let add_result = |levels: &mut Vec<Level<'w>>, run: StepRun, outputs: KnownOutputs| {
            if let (Some(level), Some(id)) = (levels.last_mut(), &id) {
                level.course.add_result(id, run, outputs, has_known_end);
            }
        };
        let Some(level) = levels.last() else { return };
        let mut when = self.when(owner, step, &level.course);
        let Some(outer) = level.course.before(when) else {
            add_result(levels, StepRun::NONE, KnownOutputs::none());
            return;
        };
        let results = level.course.results_before(when);
        let step_env = self.step_env(owner, step, &outer, &results);
        let look_up = |name: &str| self.env_value(Some(&step_env), name);
        let context = EvalContext { results: &results, ..self.context(Some(&look_up)) };
        if step.is_concurrent {
            // Another step may run before this one writes anything.
            when.success.can_be_false = true;
            when.failure.can_be_false = true;
        }
        let continues = match &step.continue_on_error {
            Some(text) => expression::condition(text, &context),
            None => Tristate::NEVER,
        };
        let root = root_of(self.eval.path).trim_end_matches('/');
        let files = Below { files, root };
        let Some(run) = &step.run else {
            let uses = step.uses.as_deref().unwrap_or_default();
            let action = Action::read(uses, roots, &files);
            for (index, target) in actions.iter().enumerate().filter(|(_, target)| target.is_named(uses, roots)) {
                let call = self.position(step.uses_span.clone());
                let env = self.action_env(target, owner, step, action.as_ref(), &step_env);
                let site = self.site(owner, Some(targets.len() + index), call, env);
                sites.push(CallSite { model_choice_reason: levels[0].settings_reason.clone(), ..site });
            }
            if action.is_none() {
                let mut calls = commands_in_inputs(&step.with, targets);
                if self.eval.search.files.is_known() {
                    calls.extend(self.calls_of_inputs(step, roots, &levels[0], &step_env, &context));
                }
                calls.sort_by_key(|(target, key)| (*target, key.start));
                calls.dedup();
                for (target, key) in calls {
                    let env = Environment::unknown(OTHER_ACTION.to_owned());
                    sites.push(self.site(owner, Some(target), self.position(key), env));
                }
                if !actions.iter().any(|target| target.is_named(uses, roots)) {
                    sites.extend(self.calls_of_program(owner, step, roots, &step_env));
                }
            }
            match action.filter(|_| self.depth < MAX_DEPTH) {
                Some(action) => {
                    let course = Course::new(step_env.clone());
                    levels.push(Level::new(course, Some(Around { when, continues })));
                    let invocation = Rc::new(self.invocation_of(&action, step, &context));
                    let row = Err("an action uses the matrix of its caller");
                    let depth = self.depth + 1;
                    let (eval, invocation, programs) = (self.eval, &invocation, self.programs);
                    let runner_os = self.runner_os.clone();
                    let run = JobRun { eval, invocation, row, runner_os, action: Some(&action), depth, programs };
                    for (step, is_rehearsal) in order(&action.steps) {
                        let sites = if is_rehearsal { &mut Vec::new() } else { &mut *sites };
                        run.evaluate_step(owner, step, roots, levels, sites);
                    }
                    let inner = levels.pop().map(|level| level.course.results).unwrap_or_default();
                    // An action that failed may have set only some of its outputs.
                    let outputs = match continues.can_be_true {
                        true => KnownOutputs::default(),
                        false => run.outputs_of_action(&action, &inner, when.success),
                    };
                    add_result(levels, StepRun { when, continues, always_fails: false }, outputs);
                }
                None => {
                    levels.iter_mut().for_each(|level| level.course.may_fail());
                    for (name, key) in variables_set_in_inputs(&step.with, searched) {
                        let value = Text::unknown(format!("`{uses}` may set `{name}`"));
                        let (export, origin) = (Export::Maybe, Origin::Script(self.position(key)));
                        let setting = Setting { value, export, origin };
                        levels.iter_mut().for_each(|level| level.course.may_set(name, &setting));
                    }
                    add_result(levels, StepRun { when, continues, always_fails: false }, KnownOutputs::default());
                }
            }
            return;
        };
        let context = ActionContexts { job: &context, directory: self.action.map(|action| action.directory.as_str()) };
        let script = expand(&run.text, &context);
        let mut variables = step_env.to_shell(searched);
        if let Some(action) = self.action {
            let path = Text::known(format!("{WORKSPACE}/{}", action.directory));
            let variable = Variable { value: path, export: Export::Yes, assigned: None };
            variables.insert("GITHUB_ACTION_PATH".to_owned(), variable);
        }
        for (field, text) in &self.invocation.github {
            let variable = Variable { value: Text::known(text.clone()), export: Export::Yes, assigned: None };
            variables.insert(github_variable(field), variable);
        }
        if let Some(system) = &self.runner_os {
            let variable = Variable { value: system.clone(), export: Export::Yes, assigned: None };
            variables.insert("RUNNER_OS".to_owned(), variable);
        }
        let directory = self.directory(step, &context);
        let shell = self.shell(step, &context);
        let (runs_in_bash, options) = match shell {
            StepShell::Shell { is_bash, options } => (is_bash, options),
            StepShell::Other | StepShell::Unknown => (false, ShellOptions::NONE),
        };
        let settings_reason = levels[0].settings_reason.clone();
        let changed = match when.failure.can_be_true {
            true => levels[0].changed_before_failure.clone(),
            false => levels[0].changed.clone(),
        };
        let input = Input {
            script: &script.text,
            placeholders: &script.placeholders,
            targets,
            roots,
            names: searched,
            settings_reason: settings_reason.as_deref(),
            changed: &changed,
            files: &files,
            directory: directory.as_deref(),
            env: &variables,
            runs_in_bash,
            options,
            fuel: Some(self.eval.fuel),
        };
        let is_shell = matches!(shell, StepShell::Shell { .. });
        let effects = match shell {
            StepShell::Shell { .. } => slug_shell::interpret(&input),
            StepShell::Other => slug_shell::over_approximate(&script.text, targets, searched, &variables),
            StepShell::Unknown => slug_shell::interpret_doubted(&input, OTHER_SHELL),
        };
        for call in &effects.calls {
            let word = script.text.get(call.span.clone()).unwrap_or_default();
            let span = self.locate(&script, run, &call.span, word);
            let env = self.command_env(&step_env, &call.variables, call.others_unknown.as_ref(), run, &script);
            let site = self.site(owner, Some(call.target), span, env);
            let reason = call.model_choice_reason.clone().or_else(|| levels[0].settings_reason.clone());
            sites.push(CallSite {
                model_choice_reason: reason,
                unread_settings: call.unread_settings.clone(),
                arguments: call.arguments.clone(),
                ..site
            });
        }
        levels[0].settings_reason = levels[0].settings_reason.take().or_else(|| effects.settings_reason.clone());
        levels[0].changed.extend(&effects.changed, owner.number);
        levels[0].changed_before_failure.extend(&effects.changed, owner.number);
        if effects.calls.is_empty() {
            let never = |target: &usize| CallSite {
                is_reached: false,
                ..self.site(owner, Some(*target), self.position(run.key.clone()), Environment::default())
            };
            sites.extend(effects.unreached.iter().map(never));
        }
        if every_script && effects.calls.is_empty() {
            let env =
                self.command_env(&step_env, &effects.final_variables, effects.others_unknown.as_ref(), run, &script);
            if env.others_unknown.is_some() || searched.iter().any(|name| env.variables.contains_key(name)) {
                sites.push(self.site(owner, None, self.position(run.key.clone()), env));
            }
        }
        if id.is_some() {
            let outputs = match is_shell {
                true => {
                    let effects = slug_shell::interpret_outputs(&Input { targets: &[], ..input });
                    outputs_of(&effects, when.success, continues)
                }
                false => KnownOutputs::default(),
            };
            add_result(levels, StepRun { when, continues, always_fails: effects.always_fails }, outputs);
        }
        let Around { mut when, mut continues } = Around { when, continues };
        for level in levels.iter_mut().rev() {
            let always_fails =
                effects.always_fails && !when.success.can_be_false && !self.eval.search.ignore_conditions;
            level.course.after(when, continues, (&effects, always_fails), |effects, runs, env| {
                self.apply_effects(effects, runs, run, &script, env);
            });
            // The job sees the effects of an action as those of the step that runs it.
            if let Some(around) = &level.around {
                when = when.within(around.when);
                continues.can_be_true |= around.continues.can_be_true;
                continues.can_be_false &= around.continues.can_be_false;
            }
        }
    }

    /// The targets that the scripts in the inputs of an action may call, each with the bytes of the key of the input.
    fn calls_of_inputs(
        &self,
        step: &Step,
        roots: &[&str],
        level: &Level<'w>,
        env: &Environment<'w>,
        context: &EvalContext<'_>,
    ) -> Vec<(usize, Range<usize>)> {
        let Search { targets, variables: searched, files, .. } = *self.eval.search;
        let root = root_of(self.eval.path).trim_end_matches('/');
        let context = ActionContexts { job: context, directory: self.action.map(|action| action.directory.as_str()) };
        let directory = self.directory(step, &context);
        let mut found = Vec::new();
        for (text, key) in scripts_in_inputs(&step.with) {
            let script = expand(text, &context);
            let effects = slug_shell::interpret_doubted(
                &Input {
                    script: &script.text,
                    placeholders: &script.placeholders,
                    targets,
                    roots,
                    names: searched,
                    settings_reason: level.settings_reason.as_deref(),
                    changed: &level.changed_before_failure,
                    files: &Below { files, root },
                    directory: directory.as_deref(),
                    env: &env.to_shell(searched),
                    runs_in_bash: true,
                    options: ShellOptions::NONE,
                    fuel: Some(self.eval.fuel),
                },
                OTHER_ACTION,
            );
            found.extend(effects.calls.iter().map(|call| (call.target, key.clone())));
        }
        found
    }

    /// The calls that a local JavaScript or container action may make.
    fn calls_of_program(
        &self,
        owner: &'w Step,
        step: &Step,
        roots: &[&str],
        env: &Environment<'w>,
    ) -> Vec<CallSite<'w>> {
        let Search { targets, variables: searched, .. } = *self.eval.search;
        let mut variables = env.to_shell(searched);
        let names_target = |value: &Text| {
            let names = |text: &String| targets.iter().any(|target| text.contains(target));
            matches!(&value.values, AbstractValue::OneOf(texts) if texts.iter().any(names))
        };
        // The program may set them before it starts a target, and they differ from row to row.
        for name in searched {
            if !variables.get(name).is_some_and(|variable| names_target(&variable.value)) {
                let value = Text::unknown(ACTION_PROGRAM);
                variables.insert(name.clone(), Variable { value, export: Export::Maybe, assigned: None });
            }
        }
        let uses = step.uses.as_deref().unwrap_or_default();
        let key = (uses.to_owned(), format!("{variables:?}"));
        let known = self.programs.borrow().get(&key).cloned();
        let calls = known.unwrap_or_else(|| {
            let calls = self.evaluate_program(uses, roots, &variables);
            self.programs.borrow_mut().insert(key, calls.clone());
            calls
        });
        let place = |(target, span): ProgramCall| {
            let span = span.unwrap_or_else(|| self.position(step.uses_span.clone()));
            (target, span.start, span.end)
        };
        let distinct: BTreeSet<(usize, usize, usize)> = calls.into_iter().map(place).collect();
        let unknown = || Environment::unknown(ACTION_PROGRAM.to_owned());
        distinct.into_iter().map(|(target, start, end)| self.site(owner, Some(target), start..end, unknown())).collect()
    }

    /// The calls that the program of a local action may make with these variables.
    fn evaluate_program(&self, uses: &str, roots: &[&str], variables: &Variables) -> Vec<ProgramCall> {
        let Search { targets, variables: searched, files, .. } = *self.eval.search;
        let files = Below { files, root: root_of(self.eval.path).trim_end_matches('/') };
        let Some(script) = commands_of_program(uses, roots, &files) else { return Vec::new() };
        let input = Input {
            script: &script,
            placeholders: &[],
            targets,
            roots,
            names: searched,
            settings_reason: None,
            files: &files,
            directory: Some(""),
            env: variables,
            changed: ChangedPaths::NONE,
            runs_in_bash: true,
            options: ShellOptions::NONE,
            fuel: Some(self.eval.fuel),
        };
        let effects = slug_shell::interpret_doubted(&input, ACTION_PROGRAM);
        let call = |call: slug_shell::Call| (call.target, Some(call.span).filter(|it| it.start >= FIRST_FILE_POSITION));
        effects.calls.into_iter().map(call).collect()
    }

    /// The environment of a step, with its own `env`.
    fn step_env(
        &self,
        owner: &'w Step,
        step: &Step,
        outer: &Environment<'w>,
        results: &StepResults,
    ) -> Environment<'w> {
        let mut env = outer.clone();
        match self.action {
            Some(action) => self.apply_in_action(action, &step.env, &mut env, outer, results),
            None => self.apply(&owner.env, &mut env, Some(outer), results),
        }
        env
    }

    /// In which courses of a job a step runs.
    fn when(&self, owner: &'w Step, step: &Step, course: &Course<'w>) -> When {
        let conditions: Vec<&str> =
            step.conditions.iter().filter_map(|condition| self.eval.search.condition(Some(condition))).collect();
        let functions: BTreeSet<&str> =
            conditions.iter().flat_map(|condition| expression::status_functions(condition)).collect();
        if conditions.is_empty() {
            let success = if course.env.is_some() { Tristate::ALWAYS } else { Tristate::NEVER };
            return When { success, failure: Tristate::NEVER };
        }
        let runs = |status: JobStatus, outer: Option<&Environment<'w>>, results: &StepResults| {
            let Some(outer) = outer else { return Tristate::NEVER };
            if functions.is_empty() && status != JobStatus::Success {
                return Tristate::NEVER;
            }
            // A forge, such as GitHub or Gitea, applies the `env` of a step before it evaluates the `if`.
            let step_env = self.step_env(owner, step, outer, results);
            let look_up = |name: &str| self.env_value(Some(&step_env), name);
            let context = EvalContext { results, ..self.context(Some(&look_up)) };
            let context = InStatus { job: &context, status };
            let holds = conditions.iter().map(|condition| expression::condition_of_step(condition, &context));
            holds.fold(Tristate::ALWAYS, Tristate::conjunction)
        };
        let success = runs(JobStatus::Success, course.env.as_ref(), &course.results);
        // A forge may fail before the first step, which changes nothing.
        let failed = course.failed.as_ref().or(course.env.as_ref());
        let failure = runs(JobStatus::Failure, failed, &course.results_with_failure);
        if !success.can_be_true && !failure.can_be_true && functions.contains("cancelled") {
            // It runs after somebody has cancelled the run, which may be at any time.
            let cancelled = runs(JobStatus::Cancelled, failed, &course.results_with_failure).can_be_true;
            let may_run = Tristate { can_be_true: cancelled, can_be_false: true };
            return When { success: may_run, failure: may_run };
        }
        When { success, failure }
    }

    /// A call in a step of the job, of a target at some bytes.
    fn site(&self, step: &'w Step, target: Option<usize>, call: Range<usize>, env: Environment<'w>) -> CallSite<'w> {
        CallSite {
            step,
            target,
            call,
            env,
            invocation: Rc::clone(self.invocation),
            row: self.row.map(|row| format_row(row, self.eval)).unwrap_or_default(),
            row_count: 1,
            is_reached: true,
            model_choice_reason: None,
            unread_settings: None,
            arguments: Vec::new(),
        }
    }

    /// The environment of an action of the search: that of its step, in which an input that the step gives, or that
    /// has a default, sets its variable.
    fn action_env(
        &self,
        target: &ActionTarget<'_>,
        owner: &'w Step,
        step: &Step,
        action: Option<&Action>,
        step_env: &Environment<'w>,
    ) -> Environment<'w> {
        let look_up = |name: &str| self.env_value(Some(step_env), name);
        let context = self.context(Some(&look_up));
        let context = ActionContexts { job: &context, directory: self.action.map(|action| action.directory.as_str()) };
        let mut env = step_env.clone();
        let defaults = action.into_iter().flat_map(|action| &action.inputs);
        for (input, default) in defaults {
            if let (Some(variable), Some(default)) = (target.variable(input), default) {
                let origin = Origin::Script(self.position(step.uses_span.clone()));
                let (value, export) = (expression::text(default, &context), Export::Maybe);
                env.variables.insert(variable.to_owned(), Setting { value, export, origin });
            }
        }
        for (index, (input, key, value)) in step.with.iter().enumerate() {
            let Some(variable) = target.variable(input) else { continue };
            let unknown = || Text::unknown(format!("the input `{input}` is not known"));
            let value = value.text().map_or_else(unknown, |text| expression::text(text, &context));
            let own: Option<&'w InputEntry> = owner.with.get(index).filter(|_| self.action.is_none());
            let origin = own.map_or_else(|| Origin::Script(self.position(key.clone())), Origin::Input);
            // Most actions take an empty input for one that is not given.
            env.variables.insert(variable.to_owned(), Setting { value, export: Export::Maybe, origin });
        }
        env
    }

    /// The invocation of an action by a step: its inputs have the values of the step, or their defaults. A forge may
    /// also pass inputs that the action does not declare.
    fn invocation_of(&self, action: &Action, step: &Step, context: &EvalContext<'_>) -> Invocation {
        let value = |name: &String, default: &Option<String>| {
            let given = step.with.iter().find(|(key, _, _)| key.to_lowercase() == *name);
            let text = match given {
                Some((_, _, value)) => value.text(),
                None => Some(default.as_deref().unwrap_or_default()),
            };
            let unknown = || Text::unknown(format!("`inputs.{name}` is not known"));
            text.map_or_else(unknown, |text| expression::text(text, context)).into_value()
        };
        let given = step.with.iter().map(|(key, _, _)| key.to_lowercase());
        let undeclared = given.filter(|name| !action.inputs.contains_key(name)).map(|name| {
            let passed = value(&name, &None);
            (name, passed.or(Text::empty().into_value()))
        });
        let declared = action.inputs.iter().map(|(name, default)| (name.clone(), value(name, default)));
        Invocation {
            inputs: declared.chain(undeclared).collect(),
            declared: action.inputs.keys().cloned().collect(),
            // An action sees no secrets.
            secrets: Secrets::Only(BTreeMap::new()),
            ..Invocation::clone(self.invocation)
        }
    }

    /// The outputs of an action, whose steps have the results `inner`. `runs` says whether it runs.
    fn outputs_of_action(&self, action: &Action, inner: &StepResults, runs: Tristate) -> KnownOutputs {
        let context = EvalContext { results: inner, steps: &action.steps, ..self.context(None) };
        let value = |(name, value): (&String, &String)| {
            let value = expression::text(value, &context);
            let value = if runs.can_be_false { value.or(Text::empty()) } else { value };
            (name.clone(), value.with_reason(MAY_SET))
        };
        KnownOutputs { values: action.outputs.iter().map(value).collect(), is_complete: true }
    }

    /// The position of some bytes in the file of the steps.
    fn position(&self, span: Range<usize>) -> Range<usize> {
        let base = self.action.map_or(0, |action| action.base);
        base + span.start..base + span.end
    }

    /// The position of a name in a script of the steps; see [`Expanded::locate`].
    fn locate(&self, script: &Expanded, run: &Script, near: &Range<usize>, name: &str) -> Range<usize> {
        let text = self.action.map_or(self.eval.text, |action| &action.text);
        let span = script.locate(text, run, near, name);
        if near.start >= FIRST_FILE_POSITION { span } else { self.position(span) }
    }

    /// Adds the variables of the `env` of a step of an action.
    fn apply_in_action(
        &self,
        action: &Action,
        layer: &EnvLayer,
        env: &mut Environment<'w>,
        outer: &Environment<'w>,
        results: &StepResults,
    ) {
        if let EnvLayer::Opaque(_) = layer {
            *env = Environment::unknown("an `env` is computed at run time".to_owned());
        }
        let look_up = |name: &str| self.env_value(Some(outer), name);
        let context = EvalContext { results, ..self.context(Some(&look_up)) };
        let context = ActionContexts { job: &context, directory: Some(&action.directory) };
        for entry in layer.entries() {
            let value = expression::text(&entry.value, &context);
            let origin = Origin::Script(self.position(entry.key.clone()));
            env.variables.insert(entry.name.clone(), Setting { value, export: Export::Yes, origin });
        }
    }

    /// Adds the variables of an `env` layer; its expressions can refer to `outer`.
    fn apply(
        &self,
        layer: &'w EnvLayer,
        env: &mut Environment<'w>,
        outer: Option<&Environment<'w>>,
        results: &StepResults,
    ) {
        if let EnvLayer::Opaque(_) | EnvLayer::Open(_) = layer {
            *env = Environment::unknown("an `env` is computed at run time".to_owned());
        }
        let look_up = |name: &str| self.env_value(outer, name);
        let look_up = outer.is_some().then_some(&look_up as &dyn Fn(&str) -> Text);
        let context = EvalContext { results, ..self.context(look_up) };
        for entry in layer.entries().iter().filter(|entry| self.eval.slice.variables.contains(&entry.name)) {
            let value = expression::text(&entry.value, &context);
            let setting = Setting { value, export: Export::Yes, origin: Origin::Entry(entry) };
            let outer = env.variables.insert(entry.name.clone(), setting);
            let text = outer.as_ref().and_then(|outer| outer.value.single()).filter(|text| !text.is_empty());
            env.hidden.extend(text.map(|text| (entry.name.clone(), text.to_owned())));
        }
    }

    /// The possible values of `env.NAME`. The value of a variable that neither `env` nor the search
    /// contains is unknown, because the runner may set it.
    fn env_value(&self, env: Option<&Environment<'w>>, name: &str) -> Text {
        match env {
            Some(env) if env.variables.contains_key(name) || self.eval.search.variables.contains(name) => {
                env.value(name)
            }
            _ => Text::unknown(format!("`env.{name}` is known only at run time")),
        }
    }

    /// The environment of a command, with the origin of each variable.
    fn command_env(
        &self,
        step_env: &Environment<'w>,
        variables: &Variables,
        others_unknown: Option<&String>,
        run: &Script,
        script: &Expanded,
    ) -> Environment<'w> {
        let is_set = |(name, variable): &(&String, &Variable)| {
            let is_assigned = step_env.variables.contains_key(*name) || variable.assigned.is_some();
            let has_value = variable.value != Text::empty();
            match self.eval.slice.variables.contains(*name) {
                true => is_assigned || has_value,
                false => has_value && self.eval.search.lookalikes.contains(name),
            }
        };
        let setting = |(name, variable): (&String, &Variable)| {
            let origin = match &variable.assigned {
                Some(span) => Origin::Script(self.locate(script, run, span, name)),
                None => step_env
                    .variables
                    .get(name)
                    .map_or(Origin::Script(self.position(run.key.clone())), |setting| setting.origin.clone()),
            };
            // The shell does not know whether its environment has the variable.
            let export = match (step_env.export(name), variable.export) {
                (Export::Maybe, Export::Yes) => Export::Maybe,
                (_, export) => export,
            };
            (name.clone(), Setting { value: variable.value.clone(), export, origin })
        };
        let variables = variables.iter().filter(is_set).map(setting).collect();
        let others_unknown = others_unknown.or(step_env.others_unknown.as_ref()).cloned();
        Environment { variables, others_unknown, hidden: step_env.hidden.clone() }
    }

    /// Applies to `env` the variables that a step sets for later steps.
    fn apply_effects(
        &self,
        effects: &Failed,
        runs: Tristate,
        run: &Script,
        script: &Expanded,
        env: &mut Environment<'w>,
    ) {
        if let Some(why) = &effects.opaque {
            *env = Environment::unknown(why.clone());
        }
        let Slice { variables, runs_files, .. } = self.eval.slice;
        let is_lookalike = |name: &String| self.eval.search.lookalikes.contains(name);
        let is_relevant = |name: &String| *runs_files || variables.contains(name) || is_lookalike(name);
        for (name, written) in effects.written.clone().into_iter().filter(|(name, _)| is_relevant(name)) {
            let (value, export) = if written.is_conditional || runs.can_be_false {
                (written.value.or(env.value(&name)).with_reason(MAY_SET), Export::Yes.or(env.export(&name)))
            } else {
                (written.value, Export::Yes)
            };
            let span = self.locate(script, run, &written.span, &name);
            env.variables.insert(name, Setting { value, export, origin: Origin::Script(span) });
        }
    }

    /// The program that runs the script of a step: the one in the `shell` setting. Without this setting it is bash if
    /// the labels of the runner are known and none contains `windows`. The forges pass `-e` unless `shell` is a command
    /// of its own, and `-o pipefail` if it is `bash`; some forges also if no shell is given.
    fn shell(&self, step: &Step, context: &dyn Contexts) -> StepShell {
        let errexit = Tristate::ALWAYS;
        let Some(shell) = self.step_or_default(step.shell.as_ref(), |defaults| defaults.shell.as_ref()) else {
            let is_known = self.eval.job.runs_on.iter().all(|label| {
                let label = expression::text(label, context);
                let is_windows = |label: &String| label.to_lowercase().contains("windows");
                matches!(label.values, AbstractValue::OneOf(labels) if !labels.iter().any(is_windows))
            });
            let options = ShellOptions { errexit, pipefail: Tristate::UNKNOWN, ..ShellOptions::NONE };
            return if is_known { StepShell::Shell { is_bash: true, options } } else { StepShell::Other };
        };
        let shell = expression::text(shell, context);
        let Some(shell) = shell.single() else { return StepShell::Unknown };
        match StepShell::of(shell) {
            StepShell::Shell { is_bash, .. } if !shell.contains(' ') => {
                let pipefail = if shell == "bash" { Tristate::ALWAYS } else { Tristate::NEVER };
                StepShell::Shell { is_bash, options: ShellOptions { errexit, pipefail, ..ShellOptions::NONE } }
            }
            shell => shell,
        }
    }

    /// The working directory of a step, relative to the root of the repository, if it is known.
    fn directory(&self, step: &Step, context: &dyn Contexts) -> Option<String> {
        match self.step_or_default(step.working_directory.as_ref(), |defaults| defaults.working_directory.as_ref()) {
            Some(text) => expression::text(text, context).single().cloned(),
            None => Some(String::new()),
        }
    }

    /// A setting of a step, else of its job's defaults, else of the workflow's defaults.
    fn step_or_default<'a>(
        &'a self,
        own: Option<&'a String>,
        default: impl Fn(&'a Defaults) -> Option<&'a String>,
    ) -> Option<&'a String> {
        if self.action.is_some() {
            // The defaults of a job are not those of an action.
            return own;
        }
        own.or_else(|| default(&self.eval.job.defaults)).or_else(|| default(&self.eval.workflow.defaults))
    }
}

/// The environments in which the steps of a job can run.
struct Course<'w> {
    /// That of a step if no step before it has failed; None if one always fails.
    env: Option<Environment<'w>>,
    /// That of a step after one that failed; None if none can have failed.
    failed: Option<Environment<'w>>,
    /// The results of the steps before a step if none of them has failed.
    results: StepResults,
    /// The same if one of them has failed or somebody has cancelled the run.
    results_with_failure: StepResults,
}

/// Whether a step runs in each course of a job.
#[derive(Clone, Copy, PartialEq, Eq)]
struct When {
    /// If no step before it has failed.
    success: Tristate,
    /// If a step before it has failed.
    failure: Tristate,
}

/// What decides how a step ends.
#[derive(Clone, Copy)]
struct StepRun {
    when: When,
    continues: Tristate,
    always_fails: bool,
}

impl StepRun {
    /// The step never runs.
    const NONE: Self = Self {
        when: When { success: Tristate::NEVER, failure: Tristate::NEVER },
        continues: Tristate::NEVER,
        always_fails: false,
    };
}

impl When {
    /// Whether a step of an action runs in the courses of the job around the action, which runs in the courses
    /// `around`.
    fn within(self, around: Self) -> Self {
        if !around.failure.can_be_true {
            return Self {
                success: self.success.conjunction(around.success),
                failure: self.failure.conjunction(around.success),
            };
        }
        let any = Tristate {
            can_be_true: self.success.can_be_true || self.failure.can_be_true,
            can_be_false: self.success.can_be_false || self.failure.can_be_false && self.failure.can_be_true,
        };
        Self { success: any.conjunction(around.success), failure: any.conjunction(around.failure) }
    }
}

impl<'w> Course<'w> {
    fn new(env: Environment<'w>) -> Self {
        let (results, results_with_failure) = (StepResults::new(), StepResults::new());
        Self { env: Some(env), failed: None, results, results_with_failure }
    }

    /// The environment before a step; None if it never runs. A forge may fail before the first step, which changes
    /// nothing.
    fn before(&self, when: When) -> Option<Environment<'w>> {
        let env = self.env.clone().filter(|_| when.success.can_be_true);
        let failed = self.failed.clone().or_else(|| self.env.clone()).filter(|_| when.failure.can_be_true);
        match (env, failed) {
            (Some(env), Some(failed)) if self.failed.is_some() => Some(env.or(failed)),
            (env, failed) => env.or(failed),
        }
    }

    /// The results of the steps before a step.
    fn results_before(&self, when: When) -> StepResults {
        match (when.success.can_be_true, when.failure.can_be_true) {
            (_, false) => self.results.clone(),
            (false, true) => self.results_with_failure.clone(),
            (true, true) => {
                let other = |id| self.results_with_failure.get(id).cloned().unwrap_or_default();
                self.results.iter().map(|(id, result)| (id.clone(), result.clone().or(other(id)))).collect()
            }
        }
    }

    /// Records the result of a step, which has these outputs if it runs and no step has failed. `has_known_end` is
    /// false if the step may end otherwise than its run says.
    fn add_result(&mut self, id: &str, run: StepRun, outputs: KnownOutputs, has_known_end: bool) {
        let StepRun { when: When { success, failure }, continues, always_fails } = run;
        let can_run = success.can_be_true || failure.can_be_true;
        let endings = Ending::without_failure(success, continues, always_fails);
        let outputs = if success.can_be_true { outputs } else { KnownOutputs::none() };
        self.results.insert(id.to_owned(), StepResult { outputs, endings: has_known_end.then_some(endings) });
        let endings = Ending::with_failure(can_run, continues, always_fails);
        // A step that failed may have set only some of its outputs.
        let outputs = if can_run { KnownOutputs::default() } else { KnownOutputs::none() };
        let result = StepResult { outputs, endings: has_known_end.then_some(endings) };
        self.results_with_failure.insert(id.to_owned(), result);
    }

    /// Records that a step may fail without any effect.
    fn may_fail(&mut self) {
        if let Some(env) = self.env.clone() {
            self.add_failed(env);
        }
    }

    /// Records that a step may give a variable a value for later steps.
    fn may_set(&mut self, name: &str, setting: &Setting<'w>) {
        for env in self.env.iter_mut().chain(&mut self.failed) {
            let value = env.value(name).or(setting.value.clone());
            env.variables.insert(name.to_owned(), Setting { value, ..setting.clone() });
        }
    }

    fn add_failed(&mut self, env: Environment<'w>) {
        self.failed = Some(match self.failed.take() {
            Some(failed) => failed.or(env),
            None => env,
        });
    }

    /// Records the effects of a step and whether it always fails. `continues` says whether the job goes on
    /// after its failure, and `apply` changes an environment.
    fn after(
        &mut self,
        when: When,
        continues: Tristate,
        (effects, always_fails): (&Effects, bool),
        apply: impl Fn(&Failed, Tristate, &mut Environment<'w>),
    ) {
        let success = Failed { written: effects.written.clone(), opaque: effects.opaque.clone() };
        let applied = |effects: &Failed, runs: Tristate, env: &Environment<'w>| {
            let mut env = env.clone();
            apply(effects, runs, &mut env);
            env
        };
        if when.failure.can_be_true
            && let Some(before) = self.failed.take()
        {
            let mut after = applied(&success, when.failure, &before);
            if let Some(failure) = &effects.failure {
                after = after.or(applied(failure, when.failure, &before));
            }
            self.failed = Some(after);
        }
        if when.success.can_be_true
            && let Some(before) = self.env.take()
        {
            self.env = (!always_fails).then(|| applied(&success, when.success, &before));
            if let Some(failure) = &effects.failure {
                let failed = applied(failure, when.success, &before);
                if continues.can_be_true {
                    self.env = Some(match self.env.take() {
                        Some(env) => env.or(failed.clone()),
                        None => failed.clone(),
                    });
                }
                if continues.can_be_false {
                    self.add_failed(failed);
                }
            }
        }
    }
}

/// The reason why a call in an input of an action may happen in another environment than that of the step.
const OTHER_ACTION: &str = "an action may start the command in its input in another environment";

/// The reason why a program that an action runs may make a call in another environment than that of the step.
const ACTION_PROGRAM: &str = "a program of the action may start it in another environment";

/// The reason why a call may happen in another environment than that of the step.
const OTHER_SHELL: &str = "the command in `shell` may start the script in another environment";

/// The reason for a value that may be missing because the step that sets it may not run.
const MAY_SET: &str = "an earlier step may set it";

/// The outputs of a step that runs a script. An output that the script does not write is not known, because
/// a program that the script runs may write it.
fn outputs_of(effects: &Effects, runs: Tristate, continues: Tristate) -> KnownOutputs {
    let failure = effects.failure.as_ref().filter(|_| continues.can_be_true);
    if effects.opaque.is_some() || failure.is_some_and(|failure| failure.opaque.is_some()) {
        return KnownOutputs::default();
    }
    let value = |(name, written): (&String, &Written)| {
        let mut value = written.value.clone();
        if written.is_conditional || runs.can_be_false {
            value = value.or(Text::empty()).with_reason(MAY_SET);
        }
        if let Some(failure) = failure {
            let after =
                failure.written.get(name).map_or(Text::empty(), |written| written.value.clone().or(Text::empty()));
            value = value.or(after).with_reason("an earlier step may have failed");
        }
        (name.to_lowercase(), value)
    };
    KnownOutputs { values: effects.written.iter().map(value).collect(), is_complete: false }
}

/// The steps in the order of their evaluation. The steps of a group run at the same time and each may see
/// what another one writes, so they are evaluated twice; the first time, marked with true, is a rehearsal.
fn order(steps: &[Step]) -> impl Iterator<Item = (&Step, bool)> {
    let groups = steps.chunk_by(|one, other| one.group.is_some() && one.group == other.group);
    groups.flat_map(|group| {
        let rehearsed = if group.len() > 1 { group } else { &[] };
        rehearsed.iter().map(|step| (step, true)).chain(group.iter().map(|step| (step, false)))
    })
}

/// The operating system of a machine of the forge with this label, as `runner.os` names it. `None` for other labels,
/// which a repository may give to any machine.
fn hosted_system(label: &str) -> Option<&'static str> {
    let label = label.to_lowercase();
    let systems = [("ubuntu-", "Linux"), ("windows-", "Windows"), ("macos-", "macOS")];
    systems.into_iter().find(|(start, _)| label.starts_with(start)).map(|(_, system)| system)
}

/// Whether a step checks out a repository.
fn checks_out(step: &Step) -> bool {
    step.uses.as_ref().is_some_and(|uses| uses.contains("/checkout@"))
}

/// The text of an input of a step.
fn input<'s>(step: &'s Step, name: &str) -> Option<&'s str> {
    step.with.iter().find(|(key, _, _)| key == name).and_then(|(_, _, value)| value.text())
}

/// The directories into which the steps of a job check out the repository; empty if one is computed.
fn roots(steps: &[Step]) -> Vec<&str> {
    let mut roots = vec![""];
    for step in steps.iter().filter(|step| checks_out(step)) {
        match input(step, "path").filter(|_| input(step, "repository").is_none()) {
            Some(path) if path.contains("${{") => return Vec::new(),
            Some(path) => roots.push(directory_of_checkout(path)),
            None => {}
        }
    }
    roots
}

fn directory_of_checkout(path: &str) -> &str {
    path.trim_start_matches("./").trim_end_matches('/')
}

/// The directory in which a step certainly restores the committed files: a checkout deletes all other files, unless an
/// input says otherwise. `None` if it may leave changed files or check out others.
fn restored_directory(step: &Step) -> Option<&str> {
    let is_plain = step.conditions.is_empty() && step.continue_on_error.is_none() && !step.is_concurrent;
    let others = ["repository", "ref", "clean", "sparse-checkout"];
    let is_default = |name: &&str| {
        let is_given = step.with.iter().any(|(key, _, _)| key.eq_ignore_ascii_case(name));
        !is_given || *name == "clean" && input(step, name) == Some("true")
    };
    let path = input(step, "path").unwrap_or_default();
    let is_checkout = |uses: &String| {
        let action =
            uses.split_once("://").and_then(|(_, url)| url.split_once('/')).map_or(uses.as_str(), |(_, it)| it);
        action.starts_with("actions/checkout@")
    };
    let is_known = step.uses.as_ref().is_some_and(is_checkout);
    let is_restored = is_known && is_plain && others.iter().all(is_default);
    (is_restored && !path.contains("${{")).then(|| directory_of_checkout(path))
}

/// Formats a row for display, with `…` for values that are not known. A row without any relevant key has the empty
/// value for each, which an expression reads.
fn format_row(row: &Row, eval: &JobEval<'_, '_>) -> String {
    if row.is_empty() && eval.job.matrix.is_some() {
        let absent = eval.slice.matrix_keys.iter().map(|name| format!("{name} = \"\""));
        return absent.collect::<Vec<_>>().join(", ");
    }
    let cell = |(name, value): (&String, &slug_value::Value)| match value.single() {
        Some(value) => format_cell(name, value),
        None => match value.clone().into_text().single().map(String::as_str) {
            Some("") => format!("{name} = \"\""),
            text => format!("{name} = {}", text.unwrap_or("…")),
        },
    };
    row.iter().map(cell).collect::<Vec<_>>().join(", ")
}

/// Formats a value of a row for display: an object by its fields, as in `model.name = x`.
fn format_cell(name: &str, value: &Evaluation) -> String {
    match value {
        Evaluation::Object(fields) => {
            let fields: BTreeMap<_, _> = fields.iter().collect();
            let cells = fields.into_iter().map(|(field, value)| format_cell(&format!("{name}.{field}"), value));
            cells.collect::<Vec<_>>().join(", ")
        }
        Evaluation::Array(items) => {
            let items: Vec<String> = items.iter().map(slug_value::to_text).collect();
            format!("{name} = [{}]", items.join(", "))
        }
        value => match slug_value::to_text(value).as_str() {
            "" => format!("{name} = \"\""),
            text => format!("{name} = {text}"),
        },
    }
}

#[cfg(test)]
mod tests;
