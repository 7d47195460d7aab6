//! The evaluation of a repository: finds every call of a script in a job, for each invocation
//! of the job's workflow by its own events and by its callers.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use super::calls::{self, CALL_EVENT};
use super::expression;
use super::flows::names_in;
use super::job::{CallSite, JobEval};
use super::model::Trigger;
use super::outputs::KnownOutputs;
use super::repository::{JobId, Repository};
use super::slice::{Search, Slice};
use super::texts::{Texts, add_text};
use super::trigger::{Invocation, MAX_INVOCATIONS, REF, RelevantInputs, invocations};

/// Maximum depth of nested calls of reusable workflows.
const DEPTH: usize = 12;

/// Maximum calls of reusable workflows that are followed for one job.
const CALLS: usize = 1_000;

/// Maximum repository variables of one job for which the cases set and unset are evaluated.
const VARS: usize = 4;

/// One search through a repository. Caches the slice of each job.
pub struct Evaluation<'r> {
    repository: &'r Repository,
    search: Search<'r>,
    slices: RefCell<HashMap<JobId, Rc<Slice>>>,
    /// The slices of jobs that can affect their outputs.
    output_slices: RefCell<HashMap<JobId, Rc<Slice>>>,
    /// The number of calls that may still be followed for the current job.
    calls_left: Cell<usize>,
}

impl<'r> Evaluation<'r> {
    /// Prepares a search.
    #[must_use]
    pub fn new(repository: &'r Repository, search: Search<'r>) -> Self {
        Self {
            repository,
            search,
            slices: RefCell::default(),
            output_slices: RefCell::default(),
            calls_left: Cell::new(0),
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
    pub fn call_sites(&self, job: JobId) -> Vec<CallSite<'r>> {
        let slice = self.slice(job);
        if slice.is_empty() {
            return Vec::new();
        }
        self.calls_left.set(CALLS);
        let eval = self.job_eval(job, &slice);
        let mut invocations = self.invocations(job.0, &slice.inputs, 0);
        if slice.inputs.values().any(|texts| !texts.is_empty()) {
            let fewer = self.invocations(job.0, &without_texts(&slice.inputs), 0);
            if exceeds(&eval, &invocations, &fewer) {
                invocations = fewer;
            }
        }
        if invocations.len() > slice.max_invocations() {
            invocations = vec![Invocation::unknown(&slice.inputs)];
        }
        let cases = self.cases_of_vars(&invocations, &eval);
        let cases: Vec<Invocation> =
            cases.into_iter().map(|case| self.with_needs(job, &slice.needs, case, 0)).collect();
        eval.call_sites(&cases)
    }

    /// The invocations, with a case for each variable with a default that is set or unset. If the
    /// cases exceed the limits, no variable gets cases.
    fn cases_of_vars(&self, invocations: &[Invocation], eval: &JobEval<'_, 'r>) -> Vec<Invocation> {
        let declared = &self.search.declared;
        let vars: Vec<&String> =
            eval.slice.vars_with_default.iter().filter(|name| declared.var(name).is_none()).collect();
        if vars.is_empty() || vars.len() > VARS {
            return invocations.to_vec();
        }
        let cases = vars.iter().fold(invocations.to_vec(), |cases, name| {
            cases.iter().flat_map(|invocation| invocation.cases_of_var(name)).collect()
        });
        if exceeds(eval, &cases, invocations) { invocations.to_vec() } else { cases }
    }

    fn slice(&self, job: JobId) -> Rc<Slice> {
        let workflow = &self.repository.files()[job.0].workflow;
        if let Some(slice) = self.slices.borrow().get(&job) {
            return Rc::clone(slice);
        }
        let slice = self.with_needed(job.0, Slice::new(workflow, &workflow.jobs[job.1], &self.search));
        Rc::clone(self.slices.borrow_mut().entry(job).or_insert(slice))
    }

    /// The slice of a job that can affect its outputs.
    fn output_slice(&self, job: JobId) -> Rc<Slice> {
        if let Some(slice) = self.output_slices.borrow().get(&job) {
            return Rc::clone(slice);
        }
        // Jobs that need each other have no outputs, and a forge refuses them.
        self.output_slices.borrow_mut().insert(job, Rc::default());
        let workflow = &self.repository.files()[job.0].workflow;
        let mut slice = Slice::of_outputs(workflow, &workflow.jobs[job.1], &self.search);
        if let Some(called) = self.repository.called(job) {
            slice.script_bytes += self.slice_of_called(called).script_bytes;
        }
        let slice = self.with_needed(job.0, slice);
        self.output_slices.borrow_mut().insert(job, Rc::clone(&slice));
        slice
    }

    /// What can affect the outputs of a called workflow.
    fn slice_of_called(&self, file: usize) -> Rc<Slice> {
        self.with_needed(file, Slice::of_called(&self.repository.files()[file].workflow))
    }

    /// A slice with what can affect the outputs of the needed jobs.
    fn with_needed(&self, file: usize, mut slice: Slice) -> Rc<Slice> {
        for (_, job) in self.jobs_of(file, &slice.needs.clone()) {
            slice.add_needed(&self.output_slice(job));
        }
        Rc::new(slice)
    }

    /// The jobs of a file with these ids.
    fn jobs_of(&self, file: usize, ids: &BTreeSet<String>) -> Vec<(String, JobId)> {
        let jobs = self.repository.files()[file].workflow.jobs.iter().enumerate();
        let named = jobs.map(|(index, job)| (job.id.to_lowercase(), (file, index)));
        named.filter(|(id, _)| ids.contains(id)).collect()
    }

    /// An invocation with the outputs of the jobs that a job needs.
    fn with_needs(&self, job: JobId, needs: &BTreeSet<String>, invocation: Invocation, depth: usize) -> Invocation {
        // After a job that failed or was skipped, some outputs may be missing.
        let workflow = &self.repository.files()[job.0].workflow;
        let own = &*workflow.jobs[job.1];
        if needs.is_empty() || own.checks_status() || workflow.needed(own).iter().any(|needed| needed.checks_status()) {
            return invocation;
        }
        // A job sees the outputs of the jobs in its own `needs`.
        let is_named = |id: &String| own.needs.iter().any(|name| name.to_lowercase() == *id);
        let outputs = self.jobs_of(job.0, needs).into_iter().filter(|(id, _)| is_named(id));
        let outputs = outputs.map(|(id, needed)| (id, self.outputs(needed, &invocation, true, depth + 1))).collect();
        Invocation { job_outputs: Rc::new(outputs), ..invocation }
    }

    /// The outputs of a job in an invocation of its workflow; see [`JobEval::outputs`].
    fn outputs(&self, id: JobId, invocation: &Invocation, has_run: bool, depth: usize) -> KnownOutputs {
        self.calls_left.set(self.calls_left.get().saturating_sub(1));
        if depth > DEPTH || self.calls_left.get() == 0 {
            return KnownOutputs::default();
        }
        let slice = self.output_slice(id);
        let eval = self.job_eval(id, &slice);
        let invocation = self.with_needs(id, &slice.needs, invocation.clone(), depth);
        match (eval.job.call(), self.repository.called(id)) {
            (None, _) => eval.outputs(&Rc::new(invocation), has_run),
            (Some(_), Some(called)) if has_run => self.outputs_of_called(called, &eval, &invocation, depth),
            (Some(_), _) => KnownOutputs::default(),
        }
    }

    /// The outputs of a workflow that a job calls.
    fn outputs_of_called(
        &self,
        called: usize,
        eval: &JobEval<'_, 'r>,
        invocation: &Invocation,
        depth: usize,
    ) -> KnownOutputs {
        let workflow = &self.repository.files()[called].workflow;
        let slice = self.slice_of_called(called);
        let mut all: Option<KnownOutputs> = None;
        for (row, _) in eval.rows(invocation, 1) {
            let context = eval.context(invocation, row.as_ref().map_err(String::as_str), None);
            let declared = workflow.inputs_of(CALL_EVENT);
            let Some(inner) = calls::invocation(eval.path, eval.job, declared, &slice.inputs, &context) else {
                return KnownOutputs::default();
            };
            let outputs = self.jobs_of(called, &slice.needs).into_iter();
            let outputs = outputs.map(|(id, job)| (id, self.outputs(job, &inner, false, depth + 1))).collect();
            let inner = Invocation { job_outputs: Rc::new(outputs), ..inner };
            let context = eval.context(&inner, Err("a called workflow has no matrix"), None);
            let value = |(name, text): &(String, String)| (name.clone(), expression::text(text, &context));
            let values = workflow.outputs_of_call().iter().map(value).collect();
            let outputs = KnownOutputs { values, is_complete: true };
            all = Some(match all {
                Some(all) => all.or(outputs),
                None => outputs,
            });
        }
        all.unwrap_or_default()
    }

    fn job_eval<'s>(&'s self, (file, job): JobId, slice: &'s Slice) -> JobEval<'s, 'r> {
        let file = &self.repository.files()[file];
        let workflow = &*file.workflow;
        JobEval { path: &file.path, text: &file.text, workflow, job: &workflow.jobs[job], slice, search: &self.search }
    }

    /// The invocations of a file that differ in relevant inputs.
    fn invocations(&self, file: usize, relevant: &RelevantInputs, depth: usize) -> Vec<Invocation> {
        let workflow = &self.repository.files()[file].workflow;
        let callers = self.repository.callers(file);
        let own = workflow.triggers.iter().filter(|trigger| trigger.event != CALL_EVENT || callers.is_empty());
        let mut all: Vec<Invocation> = own.flat_map(|trigger| invocations(trigger, relevant)).collect();
        if workflow.triggers.is_empty() {
            let trigger = Trigger::new("an event that the file does not name");
            all.extend(invocations(&trigger, relevant));
        }
        for &caller in callers {
            all.extend(self.invocations_by(caller, file, relevant, depth + 1));
        }
        if all.len() > MAX_INVOCATIONS && relevant.values().any(|texts| !texts.is_empty()) {
            return self.invocations(file, &without_texts(relevant), depth);
        }
        if all.len() > MAX_INVOCATIONS || self.calls_left.get() == 0 {
            return vec![Invocation::unknown(relevant)];
        }
        all
    }

    /// The invocations of a file by one calling job.
    fn invocations_by(&self, id: JobId, called: usize, relevant: &RelevantInputs, depth: usize) -> Vec<Invocation> {
        self.calls_left.set(self.calls_left.get().saturating_sub(1));
        if depth > DEPTH || self.calls_left.get() == 0 {
            return vec![Invocation::unknown(relevant)];
        }
        let slice = self.slice(id);
        let eval = self.job_eval(id, &slice);
        let declared = self.repository.files()[called].workflow.inputs_of(CALL_EVENT);
        // What is worth trying in the called workflow is so in what the caller passes to it.
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
        let path = &self.repository.files()[id.0].path;
        let mut all: Vec<Invocation> = Vec::new();
        let invocations = self.invocations(id.0, &inputs, depth);
        for invocation in self.cases_of_vars(&invocations, &eval) {
            let invocation = self.with_needs(id, &slice.needs, invocation, depth);
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

/// Whether the evaluation of `cases` in place of `invocations` exceeds a limit.
fn exceeds(eval: &JobEval<'_, '_>, cases: &[Invocation], invocations: &[Invocation]) -> bool {
    let is_known =
        |count| invocations.iter().all(|invocation| eval.rows(invocation, count).iter().all(|(row, _)| row.is_ok()));
    cases.len() > eval.slice.max_invocations().min(MAX_INVOCATIONS)
        || (is_known(invocations.len()) && !is_known(cases.len()))
}

fn without_texts(inputs: &RelevantInputs) -> RelevantInputs {
    inputs.keys().map(|name| (name.clone(), Vec::new())).collect()
}

#[cfg(test)]
mod tests;
