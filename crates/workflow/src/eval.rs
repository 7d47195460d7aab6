//! The evaluation of a repository: finds the calls of targets in a job, for each way in which the
//! workflow of the job can be started, by a trigger or by a calling workflow.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use super::calls::{self, CALL_EVENT};
use super::expression;
use super::job::{CallSite, JobEval};
use super::model::{Job, Trigger, Workflow};
use super::outputs::KnownOutputs;
use super::repository::{JobId, Repository};
use super::slice::{Search, Slice};
use super::texts::{Texts, add_text, names_in};
use super::trigger::{Invocation, MAX_INVOCATIONS, REF, RelevantInputs, invocations};
use slug_shell::Fuel;

/// Maximum nesting of the calls of reusable workflows and of the `needs` whose outputs are evaluated.
const MAX_DEPTH: usize = 12;

/// Maximum number of calling jobs and needed jobs that are evaluated for one job.
const MAX_VISITS: usize = 1_000;

/// Maximum number of jobs in the `needs` of one job whose results are evaluated. If there are more, no result is known.
const MAX_RESULTS: usize = 16;

/// Maximum number of repository variables with a default in one job. If a job has more, none of them is
/// evaluated as both set and unset.
const MAX_VARS: usize = 4;

/// Evaluates the jobs of a repository for a [`Search`]. Caches the slice of each job.
pub struct Evaluation<'r> {
    repository: &'r Repository,
    search: Search<'r>,
    slices: RefCell<HashMap<JobId, Rc<Slice>>>,
    /// For each job, the slice of what can affect the job's outputs.
    output_slices: RefCell<HashMap<JobId, Rc<Slice>>>,
    /// The number of calling and needed jobs that may still be evaluated for the current job.
    visits_left: Cell<usize>,
    /// The work that the interpretation of scripts may still do.
    fuel: Fuel,
}

impl<'r> Evaluation<'r> {
    /// Creates an evaluation of `repository` for `search`.
    #[must_use]
    pub fn new(repository: &'r Repository, search: Search<'r>) -> Self {
        Self {
            repository,
            search,
            slices: RefCell::default(),
            output_slices: RefCell::default(),
            visits_left: Cell::new(0),
            fuel: Fuel::default(),
        }
    }

    /// The repository.
    #[must_use]
    pub fn repository(&self) -> &'r Repository {
        self.repository
    }

    /// Every call of a target in a job. With [`Search::every_script`], also every script that
    /// can read a variable of the search.
    #[must_use]
    pub fn call_sites(&self, id: JobId) -> Vec<CallSite<'r>> {
        let slice = self.slice(id);
        if slice.is_empty() {
            return Vec::new();
        }
        self.visits_left.set(MAX_VISITS);
        let eval = self.job_eval(id, &slice);
        let mut invocations = self.invocations(id.file, &slice.inputs, 0);
        if slice.inputs.values().any(|texts| !texts.is_empty()) {
            // If trying the texts exceeds a limit, do without them.
            let without_texts = self.invocations(id.file, &without_texts(&slice.inputs), 0);
            if exceeds(&eval, &invocations, &without_texts) {
                invocations = without_texts;
            }
        }
        if invocations.len() > slice.max_invocations() {
            invocations = vec![Invocation::unknown(&slice.inputs)];
        }
        let cases = self.cases_of_vars(&invocations, &eval);
        let cases: Vec<Invocation> =
            cases.into_iter().map(|case| self.with_needed_jobs(id, &slice.needs, case, 0)).collect();
        eval.call_sites(&cases)
    }

    /// Splits each invocation into cases: every combination of set and unset for the repository variables
    /// that have a default and no declared state. If the cases exceed a limit, returns the invocations.
    fn cases_of_vars(&self, invocations: &[Invocation], eval: &JobEval<'_, 'r>) -> Vec<Invocation> {
        let declared = &self.search.declared;
        let vars: Vec<&String> =
            eval.slice.vars_with_default.iter().filter(|name| declared.var(name).is_none()).collect();
        if vars.is_empty() || vars.len() > MAX_VARS {
            return invocations.to_vec();
        }
        let cases = vars.iter().fold(invocations.to_vec(), |cases, name| {
            cases.iter().flat_map(|invocation| invocation.cases_of_var(name)).collect()
        });
        if exceeds(eval, &cases, invocations) { invocations.to_vec() } else { cases }
    }

    fn workflow(&self, file_index: usize) -> &'r Workflow {
        &self.repository.files()[file_index].workflow
    }

    fn workflow_and_job(&self, id: JobId) -> (&'r Workflow, &'r Job) {
        let workflow = self.workflow(id.file);
        (workflow, &workflow.jobs[id.job])
    }

    fn slice(&self, id: JobId) -> Rc<Slice> {
        if let Some(slice) = self.slices.borrow().get(&id) {
            return Rc::clone(slice);
        }
        let (workflow, job) = self.workflow_and_job(id);
        let slice = self.with_needed_slices(id.file, Slice::new(workflow, job, &self.search));
        Rc::clone(self.slices.borrow_mut().entry(id).or_insert(slice))
    }

    /// The slice of what can affect the outputs of a job.
    fn output_slice(&self, id: JobId) -> Rc<Slice> {
        if let Some(slice) = self.output_slices.borrow().get(&id) {
            return Rc::clone(slice);
        }
        // The empty slice ends the recursion if jobs need each other. Forges reject such workflows.
        self.output_slices.borrow_mut().insert(id, Rc::default());
        let (workflow, job) = self.workflow_and_job(id);
        let mut slice = Slice::of_outputs(workflow, job, &self.search);
        if let Some(called_index) = self.repository.called(id) {
            slice.script_bytes += self.called_workflow_slice(called_index).script_bytes;
        }
        let slice = self.with_needed_slices(id.file, slice);
        self.output_slices.borrow_mut().insert(id, Rc::clone(&slice));
        slice
    }

    /// The slice of what can affect the outputs of a called workflow.
    fn called_workflow_slice(&self, file_index: usize) -> Rc<Slice> {
        self.with_needed_slices(file_index, Slice::of_called(self.workflow(file_index)))
    }

    /// Adds the output slices of the jobs that a slice needs.
    fn with_needed_slices(&self, file_index: usize, mut slice: Slice) -> Rc<Slice> {
        for (_, needed) in self.jobs_named(file_index, &slice.needs.clone()) {
            slice.add_needed(&self.output_slice(needed));
        }
        Rc::new(slice)
    }

    /// The jobs of a file that have one of these names, each with its name. Names are ids in lower case.
    fn jobs_named(&self, file_index: usize, names: &BTreeSet<String>) -> Vec<(String, JobId)> {
        if names.is_empty() {
            return Vec::new();
        }
        let jobs = self.workflow(file_index).jobs.iter().enumerate();
        let named = jobs.map(|(index, job)| (job.id.to_lowercase(), JobId { file: file_index, job: index }));
        named.filter(|(name, _)| names.contains(name)).collect()
    }

    /// Adds what is known about the jobs that a job needs to an invocation: which of them never run, and the outputs
    /// of the others.
    fn with_needed_jobs(
        &self,
        id: JobId,
        needs: &BTreeSet<String>,
        invocation: Invocation,
        depth: usize,
    ) -> Invocation {
        let (_, job) = self.workflow_and_job(id);
        // Only a condition with a status function lets a job run after one that was skipped.
        let names = match job.checks_status() {
            true if job.needs.len() <= MAX_RESULTS => job.needs.iter().map(|name| name.to_lowercase()).collect(),
            _ => BTreeSet::new(),
        };
        let needed = if names.is_empty() { Vec::new() } else { self.jobs_named(id.file, &names) };
        let never_runs =
            |(_, needed): &(String, JobId)| !self.job_eval(*needed, &Slice::default()).may_run(&invocation);
        let skipped = needed.into_iter().filter(never_runs).map(|(name, _)| name).collect();
        let invocation = Invocation { skipped_jobs: Rc::new(skipped), ..invocation };
        self.with_needed_outputs(id, needs, invocation, depth)
    }

    /// Adds the outputs of the jobs that a job needs to an invocation.
    fn with_needed_outputs(
        &self,
        id: JobId,
        needs: &BTreeSet<String>,
        invocation: Invocation,
        depth: usize,
    ) -> Invocation {
        let (workflow, job) = self.workflow_and_job(id);
        // A condition with a status function lets a job run after a job that failed or was skipped, so the
        // outputs of that job may be missing.
        if needs.is_empty() || job.checks_status() || workflow.needed(job).iter().any(|needed| needed.checks_status()) {
            return invocation;
        }
        // A job sees only the outputs of the jobs in its own `needs`, not of jobs that are needed indirectly.
        let is_needed = |name: &String| job.needs.iter().any(|needed| needed.to_lowercase() == *name);
        let outputs = self.jobs_named(id.file, needs).into_iter().filter(|(name, _)| is_needed(name));
        let outputs =
            outputs.map(|(name, needed)| (name, self.outputs(needed, &invocation, true, depth + 1))).collect();
        Invocation { job_outputs: Rc::new(outputs), ..invocation }
    }

    /// The outputs of a job in an invocation of its workflow; see [`JobEval::outputs`].
    fn outputs(&self, id: JobId, invocation: &Invocation, has_run: bool, depth: usize) -> KnownOutputs {
        self.visits_left.set(self.visits_left.get().saturating_sub(1));
        if depth > MAX_DEPTH || self.visits_left.get() == 0 {
            return KnownOutputs::default();
        }
        let slice = self.output_slice(id);
        let eval = self.job_eval(id, &slice);
        let invocation = self.with_needed_outputs(id, &slice.needs, invocation.clone(), depth);
        match (eval.job.call(), self.repository.called(id)) {
            (None, _) => eval.outputs(&Rc::new(invocation), has_run),
            (Some(_), Some(called_index)) if has_run => self.outputs_of_called(called_index, &eval, &invocation, depth),
            (Some(_), _) => KnownOutputs::default(),
        }
    }

    /// The outputs of a workflow that a job calls.
    fn outputs_of_called(
        &self,
        called_index: usize,
        eval: &JobEval<'_, 'r>,
        invocation: &Invocation,
        depth: usize,
    ) -> KnownOutputs {
        let workflow = self.workflow(called_index);
        let slice = self.called_workflow_slice(called_index);
        let mut joined: Option<KnownOutputs> = None;
        for (row, _) in eval.rows(invocation, 1) {
            let context = eval.context(invocation, row.as_ref().map_err(String::as_str), None);
            let declared = workflow.inputs_of(CALL_EVENT);
            let Some(inner) = calls::invocation(eval.path, eval.job, declared, &slice.inputs, &context) else {
                return KnownOutputs::default();
            };
            let outputs = self.jobs_named(called_index, &slice.needs).into_iter();
            let outputs = outputs.map(|(name, id)| (name, self.outputs(id, &inner, false, depth + 1))).collect();
            let inner = Invocation { job_outputs: Rc::new(outputs), ..inner };
            let context = eval.context(&inner, Err("a called workflow has no matrix"), None);
            let value = |(name, text): &(String, String)| (name.clone(), expression::text(text, &context));
            let values = workflow.outputs_of_call().iter().map(value).collect();
            let outputs = KnownOutputs { values, is_complete: true };
            joined = Some(match joined {
                Some(joined) => joined.or(outputs),
                None => outputs,
            });
        }
        joined.unwrap_or_default()
    }

    fn job_eval<'s>(&'s self, id: JobId, slice: &'s Slice) -> JobEval<'s, 'r> {
        let file = &self.repository.files()[id.file];
        let (workflow, job) = self.workflow_and_job(id);
        JobEval { path: &file.path, text: &file.text, workflow, job, slice, search: &self.search, fuel: &self.fuel }
    }

    /// The invocations of a workflow file, one for each combination of relevant inputs, or one unknown
    /// invocation if there are too many.
    fn invocations(&self, file_index: usize, relevant: &RelevantInputs, depth: usize) -> Vec<Invocation> {
        let workflow = self.workflow(file_index);
        let callers = self.repository.callers(file_index);
        let triggers = workflow.triggers.iter().filter(|trigger| trigger.event != CALL_EVENT || callers.is_empty());
        let mut all: Vec<Invocation> = triggers.flat_map(|trigger| invocations(trigger, relevant)).collect();
        if workflow.triggers.is_empty() {
            let trigger = Trigger::new("an event that the file does not name");
            all.extend(invocations(&trigger, relevant));
        }
        if self.search.from_forks {
            all = all.into_iter().filter_map(Invocation::from_fork).collect();
        }
        for &caller in callers {
            all.extend(self.invocations_by(caller, file_index, relevant, depth + 1));
        }
        if all.len() > MAX_INVOCATIONS && relevant.values().any(|texts| !texts.is_empty()) {
            return self.invocations(file_index, &without_texts(relevant), depth);
        }
        if all.len() > MAX_INVOCATIONS || self.visits_left.get() == 0 {
            return vec![Invocation::unknown(relevant)];
        }
        all
    }

    /// The invocations of a workflow file by one calling job.
    fn invocations_by(
        &self,
        caller: JobId,
        called_index: usize,
        relevant: &RelevantInputs,
        depth: usize,
    ) -> Vec<Invocation> {
        self.visits_left.set(self.visits_left.get().saturating_sub(1));
        if depth > MAX_DEPTH || self.visits_left.get() == 0 {
            return vec![Invocation::unknown(relevant)];
        }
        let slice = self.slice(caller);
        let eval = self.job_eval(caller, &slice);
        let declared = self.workflow(called_index).inputs_of(CALL_EVENT);
        // If a text is worth trying for an input of the called workflow, it is worth trying for each name in
        // the expression that the caller passes for that input.
        let mut texts = Texts::new();
        for (input, _, value) in eval.job.call().into_iter().flat_map(|call| &call.with) {
            for name in names_in(value.text().unwrap_or_default()) {
                let of_input = relevant.get(&input.to_lowercase()).into_iter().flatten();
                of_input.for_each(|text| add_text(&mut texts, name.clone(), text));
            }
        }
        let mut inputs = slice.inputs_with(&[&texts]);
        if relevant.contains_key(REF) {
            inputs.entry(REF.to_owned()).or_default();
        }
        let path = &self.repository.files()[caller.file].path;
        let mut all: Vec<Invocation> = Vec::new();
        let invocations = self.invocations(caller.file, &inputs, depth);
        for invocation in self.cases_of_vars(&invocations, &eval) {
            let invocation = self.with_needed_jobs(caller, &slice.needs, invocation, depth);
            if !eval.may_be_reached(&invocation) {
                continue;
            }
            for (row, _) in eval.rows(&invocation, MAX_INVOCATIONS) {
                let context = eval.context(&invocation, row.as_ref().map_err(String::as_str), None);
                if !eval.can_run(&context) {
                    continue;
                }
                let invocation = calls::invocation(path, eval.job, declared, relevant, &context);
                all.extend(invocation.filter(|invocation| !all.contains(invocation)));
                if all.len() > MAX_INVOCATIONS {
                    return all;
                }
            }
        }
        all
    }
}

/// Whether `candidates` are too many, or so many that the rows of a matrix become unknown that are known with
/// the fewer invocations of `fallback`.
fn exceeds(eval: &JobEval<'_, '_>, candidates: &[Invocation], fallback: &[Invocation]) -> bool {
    let rows_are_known = |invocation_count| {
        fallback.iter().all(|invocation| eval.rows(invocation, invocation_count).iter().all(|(row, _)| row.is_ok()))
    };
    candidates.len() > eval.slice.max_invocations().min(MAX_INVOCATIONS)
        || (rows_are_known(fallback.len()) && !rows_are_known(candidates.len()))
}

fn without_texts(inputs: &RelevantInputs) -> RelevantInputs {
    inputs.keys().map(|name| (name.clone(), Vec::new())).collect()
}

#[cfg(test)]
mod tests;
