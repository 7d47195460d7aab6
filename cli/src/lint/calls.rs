//! Evaluates every call of a harness in the files of a run.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;

use slug_redact::SECRET_CHARS;
use slug_workflow::action::ActionTarget;
use slug_workflow::environment::{Environment, Setting};
use slug_workflow::eval::Evaluation;
use slug_workflow::expression::has_text_around;
use slug_workflow::model::{Condition, EnvLayer, Job, Step, Work, Workflow};
use slug_workflow::repository::JobId;
use slug_workflow::scripts::Files as _;
use slug_workflow::trigger::PULL_REQUEST;

use super::choice::model_choice_reason;
use super::evaluate::{CallVerdict, Evaluator, Violated};
use super::explain::{Groups, PolicyCall, Problem, Violation};
use super::linter::{Linter, variable_of_input};
use super::near_miss::NearMisses;
use super::repository::Files;
use crate::codes::{ALWAYS_TRUE_CONDITION, UNKNOWN_HARNESS};
use crate::findings::{Finding, SourceId, Span};
use crate::invariant::{Call, Invariant};
use crate::render::shown;
use slug_resolver::{Code, Policy, Variable};
use slug_value::{AbstractValue, Text};

/// The results of evaluating every call in the files of a run.
#[derive(Default)]
pub struct Evaluated<'r> {
    /// The contradictions, warnings and undecided calls, by cause.
    pub(super) groups: Groups<'r>,
    /// Findings about variables that no call of a known harness reads.
    pub(super) unknown_harnesses: Vec<Finding>,
    /// The evaluated steps: index of the file, first byte of the job's key, number.
    pub(super) steps: BTreeSet<(usize, usize, usize)>,
    /// The number of evaluations: calls times policies.
    pub(super) cases: usize,
    /// The number of steps that call a harness but never run.
    pub(super) never_run: usize,
    /// The accepted contradictions, by index of the accepting entry in slugproof.yaml.
    pub(super) accepted: BTreeMap<usize, Groups<'r>>,
    /// The paths and jobs that fail in pull requests from forks, which get no secrets, with their codes.
    pub(super) fails_in_forks: BTreeMap<(String, String), Code>,
    /// Warnings about conditions that are always true.
    pub(super) conditions: Vec<Finding>,
    /// Warnings about names that resemble others; None if they are not looked for.
    pub(super) near_misses: Option<NearMisses>,
    /// The known values of key variables, and other values that are parts of them.
    pub(super) secrets: BTreeSet<String>,
    /// The calls without a contradiction, at most [`FINE_CALLS`]; a fix must not spoil them.
    pub(super) fine: Vec<PolicyCall<'r>>,
    /// The settings files that are not known and that calls without a contradiction get as arguments.
    pub(super) unread_settings: BTreeSet<String>,
}

/// The steps of a job, by their number, whose calls succeed in a pull request and use a secret, with the policy.
type FineSteps<'r> = BTreeSet<(usize, &'r str)>;

/// Maximum calls without a contradiction that are kept.
const FINE_CALLS: usize = 4_096;

impl<'a> Linter<'a> {
    /// Evaluates every call in some files.
    pub(super) fn evaluate<'r>(&'r self, files: &'r Files) -> Evaluated<'r> {
        let evaluation = Evaluation::new(&files.repository, self.search());
        let forks = Evaluation::new(&files.repository, self.search().from_forks());
        let unconditional = Evaluation::new(&files.repository, self.search().ignoring_conditions());
        let near_misses = Some(NearMisses::default());
        let mut evaluated = Evaluated { near_misses, ..Evaluated::default() };
        for (index, (file, &source)) in files.repository.files().iter().zip(&files.sources).enumerate() {
            let before = evaluated.steps.len();
            for job in 0..file.workflow.jobs.len() {
                let id = JobId { file: index, job };
                let fine = self.evaluate_job(&evaluation, source, id, &mut evaluated);
                let code = self.code_in_forks(&forks, source, id, &fine);
                let place = (file.path.clone(), file.workflow.jobs[job].id.clone());
                evaluated.fails_in_forks.extend(code.map(|code| (place, code)));
            }
            let never_run =
                if evaluated.steps.len() > before { 0 } else { self.steps_with_calls(&unconditional, index).len() };
            if never_run == 0 {
                let notes = |known| self.unknown_harnesses(&file.workflow, source, index, known);
                let mut unknown = notes(&evaluated.steps);
                if !unknown.is_empty() {
                    // A step that an `if:` prevents may call a known harness.
                    unknown = notes(&(&evaluated.steps | &self.steps_with_calls(&unconditional, index)));
                }
                evaluated.unknown_harnesses.extend(unknown);
            }
            evaluated.never_run += never_run;
        }
        evaluated
    }

    /// Evaluates every call in a job. Scripts that call no known harness are evaluated only
    /// against the policies of `--policy`. Returns the steps whose calls succeed in pull requests and use a secret.
    pub(super) fn evaluate_job<'r>(
        &'r self,
        evaluation: &Evaluation<'r>,
        source: SourceId,
        id: JobId,
        evaluated: &mut Evaluated<'r>,
    ) -> FineSteps<'r> {
        let mut fine = FineSteps::new();
        let sites = evaluation.call_sites(id);
        let file = &evaluation.repository().files()[id.file];
        let job = &file.workflow.jobs[id.job];
        if !sites.is_empty() {
            let needed = file.workflow.needed(job).into_iter().filter_map(|job| job.condition.as_ref());
            for condition in needed.chain(job.conditions()).filter(|condition| has_text_around(&condition.text)) {
                evaluated.add_condition(source, condition);
            }
        }
        for site in sites {
            evaluated.steps.insert((id.file, job.key.start, site.step.number));
            let mut shadowed = Vec::new();
            if !site.is_reached {
                continue;
            }
            for policy in self.policies_of(site.target) {
                evaluated.cases += 1;
                evaluated.secrets.extend(secrets_of(policy, &site.env));
                let call = PolicyCall { source, path: &file.path, job: &job.id, site: site.clone(), policy };
                let (verdict, ignored) = self.evaluate_call(&file.path, &call);
                if let Some(near_misses) = &mut evaluated.near_misses {
                    self.add_near_misses(evaluation.repository(), file, &call, &verdict, near_misses);
                }
                if matches!(verdict, CallVerdict::Fine { .. })
                    && call.site.invocation.event == PULL_REQUEST
                    && policy.key_variables().any(|key| !call.secrets(policy.variable_name(key)).is_empty())
                {
                    fine.insert((call.site.step.number, policy.name()));
                }
                self.add_violations(&file.path, &call, &verdict, evaluated);
                evaluated.add(call.clone(), verdict);
                shadowed.push((call, ignored));
            }
            add_shadowed(&shadowed, evaluated);
        }
        fine
    }

    /// The contradiction of the first call that lacks a key in pull requests from forks, and succeeds in others.
    fn code_in_forks<'r>(
        &'r self,
        forks: &Evaluation<'r>,
        source: SourceId,
        id: JobId,
        fine: &FineSteps<'r>,
    ) -> Option<Code> {
        if fine.is_empty() {
            return None;
        }
        let file = &forks.repository().files()[id.file];
        let job = &file.workflow.jobs[id.job].id;
        let sites = forks.call_sites(id).into_iter().filter(|site| site.is_reached && site.invocation.is_from_fork);
        let calls = sites.flat_map(|site| {
            let policies = self.policies_of(site.target).into_iter();
            let policies = policies.filter(|policy| fine.contains(&(site.step.number, policy.name())));
            let call = |policy| PolicyCall { source, path: &file.path, job, site: site.clone(), policy };
            policies.map(call).collect::<Vec<_>>()
        });
        calls.into_iter().find_map(|call| match self.evaluate_call(&file.path, &call).0 {
            CallVerdict::Fails(failure) if failure.lacks_key() => failure.code,
            _ => None,
        })
    }

    /// The steps of a file that would call a harness if every `if:` were true, as in [`Evaluated::steps`].
    fn steps_with_calls(&self, unconditional: &Evaluation<'_>, index: usize) -> BTreeSet<(usize, usize, usize)> {
        let file = &unconditional.repository().files()[index];
        let is_named = |target: &&str| file.text.contains(target.rsplit('/').next().unwrap_or(target));
        let is_used = |action: &ActionTarget<'_>| file.text.contains(without_revision(action.uses));
        if !self.targets.iter().any(is_named) && !self.actions.iter().any(is_used) {
            return BTreeSet::new();
        }
        let steps = |(number, job): (usize, &Rc<Job>)| {
            let sites = unconditional.call_sites(JobId { file: index, job: number });
            sites.iter().map(|site| (index, job.key.start, site.step.number)).collect::<Vec<_>>()
        };
        file.workflow.jobs.iter().enumerate().flat_map(steps).collect()
    }

    /// Adds the invariants that a call violates. A call that fails needs no second finding, and one whose
    /// result is not known is undecided already.
    fn add_violations<'r>(
        &'r self,
        path: &str,
        case: &PolicyCall<'r>,
        verdict: &CallVerdict,
        evaluated: &mut Evaluated<'r>,
    ) {
        let call = Call { event: &case.site.invocation.event, workflow: path, job: case.job };
        let is_about = |invariant: &&Invariant| invariant.is_about_policy(case.policy) && invariant.is_about_call(call);
        if !matches!(verdict, CallVerdict::Fine { .. }) {
            return;
        }
        let evaluator = Evaluator { registry: self.registry, accept: self.accept, job: (path, case.job) };
        for invariant in self.invariants.iter().filter(is_about) {
            let (line, statement) = (invariant.line.to_string(), invariant.statement());
            let problem = match evaluator.violation(case.policy, |name| case.possible(name), invariant) {
                None => continue,
                Some(Violated::Always(failure)) => {
                    Problem::Violation(failure, Violation { line, statement, reason: invariant.reason.clone() })
                }
                Some(Violated::Perhaps(mut reasons)) => {
                    reasons.insert(format!("whether `{statement}` of slugproof.yaml holds depends on it"));
                    Problem::Undecided(reasons)
                }
            };
            evaluated.groups.add(case.clone(), problem);
        }
    }

    /// Evaluates a call, and returns its shadowed variables if slugproof.yaml denies them.
    fn evaluate_call(&self, path: &str, case: &PolicyCall<'_>) -> (CallVerdict, BTreeSet<String>) {
        let evaluator = Evaluator { registry: self.registry, accept: self.accept, job: (path, case.job) };
        let value = |name: &str| case.possible(name);
        let verdict = match model_choice_reason(self.registry, &case.site) {
            Some(reason) => CallVerdict::Undecided(BTreeSet::from([reason])),
            None => evaluator.evaluate(case.policy, value),
        };
        let shadowed = match &verdict {
            CallVerdict::Fine { .. } if self.denies_shadowed => evaluator.shadowed(case.policy, value),
            _ => BTreeSet::new(),
        };
        (verdict, shadowed)
    }

    /// Notes on jobs and steps that set variables of a policy for a script or an action that no policy
    /// describes: one for each job, and one for the workflow if no step of it was evaluated.
    fn unknown_harnesses(
        &self,
        workflow: &Workflow,
        source: SourceId,
        index: usize,
        evaluated: &BTreeSet<(usize, usize, usize)>,
    ) -> Vec<Finding> {
        let is_evaluated = |job: &Job, step: &Step| evaluated.contains(&(index, job.key.start, step.number));
        let jobs = workflow.jobs.iter().map(|job| self.seen_in(job, |step| !is_evaluated(job, step)));
        let jobs: Vec<Vec<UndescribedVariable<'_>>> = jobs.filter(|seen| !seen.is_empty()).collect();
        let is_any_evaluated = workflow.jobs.iter().any(|job| job.steps().iter().any(|step| is_evaluated(job, step)));
        let shared = first_of(&workflow.env, &self.names).filter(|_| !is_any_evaluated && jobs.is_empty());
        let runs_wrapper = workflow.jobs.iter().flat_map(|job| job.steps()).any(|step| self.runs_wrapper(step));
        let shared = shared.map(|(name, key)| vec![UndescribedVariable::Script(name, key, runs_wrapper)]);
        jobs.into_iter().chain(shared).filter_map(|seen| self.unknown_harness(source, &seen)).collect()
    }

    /// The variables of policies that a job and its other steps set for what no policy describes: the first
    /// of the job, if all its steps are other steps, and the first of each step.
    fn seen_in<'w>(&self, job: &'w Job, is_other: impl Fn(&Step) -> bool) -> Vec<UndescribedVariable<'w>> {
        let Work::Steps(steps) = &job.work else { return Vec::new() };
        let layers = [&job.container_env, &job.env].into_iter().filter(|_| steps.iter().all(&is_other));
        let runs_wrapper = steps.iter().any(|step| self.runs_wrapper(step));
        let own = layers.filter_map(|layer| first_of(layer, &self.names));
        let own = own.map(|(name, key)| UndescribedVariable::Script(name, key, runs_wrapper));
        let others = steps.iter().filter(|step| is_other(step));
        own.chain(others.filter_map(|step| self.seen_by(step))).collect()
    }

    /// The variable of a policy that a step sets, if it sets one.
    fn seen_by<'w>(&self, step: &'w Step) -> Option<UndescribedVariable<'w>> {
        let set = first_of(&step.env, &self.names);
        let Some(uses) = &step.uses else {
            return set.map(|(name, key)| UndescribedVariable::Script(name, key, self.runs_wrapper(step)));
        };
        let inputs = || {
            let mut inputs = step.with.iter().map(|(input, key, _)| (variable_of_input(input), key.clone()));
            inputs.find(|(name, _)| self.names.contains(name))
        };
        let (name, key) = set.or_else(inputs)?;
        Some(UndescribedVariable::Action(name, key, uses))
    }

    /// Returns true if a step runs a script of the repository that runs another one: the other script may read the
    /// variables.
    fn runs_wrapper(&self, step: &Step) -> bool {
        let Some(scripts) = self.scripts else { return false };
        let run = step.run.as_ref().map_or("", |run| &run.text);
        let read = |path: &str| scripts.read(path.strip_prefix("./").unwrap_or(path));
        shell_scripts(run).filter_map(read).any(|script| shell_scripts(&script.text).next().is_some())
    }

    /// A note on variables of a policy that no call of a known harness can read.
    fn unknown_harness(&self, source: SourceId, seen: &[UndescribedVariable<'_>]) -> Option<Finding> {
        let (first, others) = seen.split_first()?;
        let (name, key) = first.variable();
        let policy = self.policies.iter().find(|policy| policy.variable(name).is_some())?.name();
        let span = |range: &Range<usize>| Span { source, range: range.clone() };
        let (title, help) = match first {
            UndescribedVariable::Script(..) => {
                let runs_wrapper =
                    others.iter().chain([first]).any(|seen| matches!(seen, UndescribedVariable::Script(.., true)));
                let wrapper = match runs_wrapper {
                    true => "; a wrapper that sets such variables and calls the script is not a harness",
                    false => "",
                };
                (
                    format!("policy `{policy}` depends on `{name}`, but no step that has it calls a known harness"),
                    format!(
                        "add the script that uses the variable to `harness` of a policy, or check the file with \
                         --policy {policy}{wrapper}"
                    ),
                )
            }
            UndescribedVariable::Action(_, _, uses) => {
                let uses = shown(uses);
                (
                    format!("policy `{policy}` depends on `{name}`, but `{uses}` is not a known harness"),
                    format!(
                        "if the action picks a model, add `uses: {}` to `harness` of a policy",
                        without_revision(&uses)
                    ),
                )
            }
        };
        let finding = Finding::new(&UNKNOWN_HARNESS, span(key), title).with_primary_text("set here").with_help(help);
        let labelled = others.iter().fold(finding, |finding, seen| {
            let (name, key) = seen.variable();
            finding.with_label(span(key), format!("sets {name}"))
        });
        Some(labelled.with_subject("variable", name))
    }
}

/// A variable of a policy that something sees which no policy describes, with the bytes of its name.
enum UndescribedVariable<'w> {
    /// A script or program; true if it is a wrapper of another script.
    Script(String, Range<usize>, bool),
    /// An action.
    Action(String, Range<usize>, &'w str),
}

impl UndescribedVariable<'_> {
    fn variable(&self) -> (&str, &Range<usize>) {
        match self {
            Self::Script(name, key, _) | Self::Action(name, key, _) => (name, key),
        }
    }
}

/// The words of a shell script that are probably scripts of a shell.
fn shell_scripts(script: &str) -> impl Iterator<Item = &str> {
    let words = script.split(|c: char| c.is_whitespace() || "\"';&|()".contains(c));
    words.filter(|word| word.ends_with(".sh") || word.ends_with(".bash"))
}

/// The name of an action without its revision.
fn without_revision(uses: &str) -> &str {
    uses.split('@').next().unwrap_or_default()
}

impl<'r> Evaluated<'r> {
    /// Adds the verdict of a call.
    fn add(&mut self, case: PolicyCall<'r>, verdict: CallVerdict) {
        match verdict {
            CallVerdict::Fine { accepted, cross_vendor } => {
                for (entry, failure) in accepted {
                    let is_warning = failure.code.is_none();
                    let problem = if is_warning { Problem::CrossVendor(failure) } else { Problem::Failure(failure) };
                    self.accepted.entry(entry).or_default().add(case.clone(), problem);
                }
                self.unread_settings.extend(case.site.unread_settings.clone());
                if self.fine.len() < FINE_CALLS {
                    self.fine.push(case.clone());
                }
                if let Some(failure) = cross_vendor {
                    self.groups.add(case, Problem::CrossVendor(failure));
                }
            }
            CallVerdict::Fails(failure) => self.groups.add(case, Problem::Failure(failure)),
            CallVerdict::Undecided(reasons) => self.groups.add(case, Problem::Undecided(reasons)),
        }
    }

    /// Adds a warning about a condition that is always true, once for each condition.
    fn add_condition(&mut self, source: SourceId, condition: &Condition) {
        let span = Span { source, range: condition.span.clone() };
        if self.conditions.iter().any(|known| known.primary.span == span) {
            return;
        }
        let text = condition.text.trim();
        let is_block = text.len() < condition.text.len() && !has_text_around(text);
        let help = match is_block {
            true => "write the condition on one line, or without `${{ }}`",
            false => "write the whole condition inside one `${{ }}`, or without `${{ }}`",
        };
        self.conditions.push(
            Finding::new(&ALWAYS_TRUE_CONDITION, span, "this `if:` is a text that is not empty, so it is always true")
                .with_primary_text(match is_block {
                    true => "whitespace around `${{ }}` is text",
                    false => "text around `${{ }}`",
                })
                .with_help(help),
        );
    }
}

/// Adds the shadowed variables of one call by each policy, if every policy that reads them agrees.
fn add_shadowed<'r>(by_policy: &[(PolicyCall<'r>, BTreeSet<String>)], evaluated: &mut Evaluated<'r>) {
    let mut added = BTreeSet::new();
    for (call, shadowed) in by_policy {
        for name in shadowed {
            let agrees = |(call, shadowed): &(PolicyCall<'_>, BTreeSet<String>)| {
                shadowed.contains(name) || call.policy.variable(name).is_none()
            };
            if by_policy.iter().all(agrees) && added.insert(name) {
                evaluated.groups.add(call.clone(), Problem::Shadowed(name.clone()));
            }
        }
    }
}

/// The known values of the key variables of a call, and the values of other variables that are parts of them.
fn secrets_of(policy: &Policy, env: &Environment<'_>) -> Vec<String> {
    let texts = |variable: Variable| match env.variables.get(policy.variable_name(variable)) {
        Some(Setting { value: Text { values: AbstractValue::OneOf(texts), .. }, .. }) => texts.as_slice(),
        _ => &[],
    };
    let is_long = |text: &&String| text.chars().count() >= SECRET_CHARS;
    let keys: Vec<&String> = policy.key_variables().flat_map(texts).filter(is_long).collect();
    let others = policy.all_variables().flat_map(texts).filter(is_long);
    let parts = others.filter(|text| keys.iter().any(|key| key.contains(text.as_str())));
    parts.map(|text| text.trim().to_owned()).collect()
}

fn first_of(layer: &EnvLayer, names: &BTreeSet<String>) -> Option<(String, Range<usize>)> {
    layer
        .entries()
        .iter()
        .find(|entry| names.contains(&entry.name))
        .map(|entry| (entry.name.clone(), entry.key.clone()))
}
