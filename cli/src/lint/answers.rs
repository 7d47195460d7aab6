//! What happens in every environment of every call, for the comparison of two revisions.

use std::collections::{BTreeMap, BTreeSet};

use slug_redact::mask_credentials;
use slug_workflow::eval::Evaluation;
use slug_workflow::model::Step;
use slug_workflow::repository::JobId;

use super::choice::model_choice_reason;
use super::evaluate::{CallAnswer, ENVIRONMENTS, Evaluator};
use super::explain::{PolicyCall, caret, decider_of, path_to};
use super::input::Input;
use super::linter::Linter;
use super::mask;
use super::repository;
use crate::codes::UNDECIDED;
use crate::findings::{Finding, Span};
use crate::render::shown;

/// A step that calls a harness, as one policy sees it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallId {
    /// The path of the workflow.
    pub workflow: String,
    /// The id of the job.
    pub job: String,
    /// What identifies the step in its job, whatever line it is on: its id, its name, or what it runs.
    pub step: String,
    /// The harness; `None` for a script that calls no known harness.
    pub harness: Option<String>,
    /// The name of the policy.
    pub policy: String,
    /// The number of the step among equal ones of its job.
    pub number: usize,
}

/// The answers of a call.
#[derive(Clone, Debug, Default)]
pub struct CallAnswers {
    /// The environments by what identifies them: how the workflow starts, and the values of variables.
    pub environments: BTreeMap<String, PlacedAnswer>,
    /// Why the answers are not known, if they are not.
    pub undecided: BTreeSet<String>,
    /// The path and the line of the first call.
    pub place: (String, usize),
}

/// An answer and the place that decides it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedAnswer {
    /// The answer.
    pub answer: CallAnswer,
    /// How the workflow starts.
    pub origin: String,
    /// The path and the line of the variable that decides, else of the call.
    pub place: (String, usize),
}

impl Linter<'_> {
    /// The answers of every call in some files.
    #[must_use]
    pub fn answers(&self, inputs: &[Input]) -> BTreeMap<CallId, CallAnswers> {
        let (mut report, files) = repository::of_inputs(inputs, self);
        let evaluation = Evaluation::new(&files.repository, self.search());
        let mut calls: BTreeMap<CallId, CallAnswers> = BTreeMap::new();
        // The places are findings until they are moved to the scripts that they are in.
        let (mut places, mut found) = (Vec::new(), Vec::new());
        for (index, (file, &source)) in files.repository.files().iter().zip(&files.sources).enumerate() {
            for (number, job) in file.workflow.jobs.iter().enumerate() {
                for site in
                    evaluation.call_sites(JobId { file: index, job: number }).into_iter().filter(|site| site.is_reached)
                {
                    for policy in self.policies_of(site.target) {
                        let case = PolicyCall { source, path: &file.path, job: &job.id, site: site.clone(), policy };
                        let step = key_of(site.step);
                        let same = job.steps().iter().filter(|other| other.number < site.step.number);
                        let id = CallId {
                            workflow: file.path.clone(),
                            job: job.id.clone(),
                            number: same.filter(|other| key_of(other) == step).count(),
                            step,
                            harness: site.target.map(|target| self.name_of(target)),
                            policy: policy.name().to_owned(),
                        };
                        let origin = path_to(&case);
                        places.push(Finding::new(&UNDECIDED, Span { source, range: site.call.clone() }, ""));
                        found.push((id.clone(), None));
                        let call = calls.entry(id.clone()).or_default();
                        let evaluator =
                            Evaluator { registry: self.registry, accept: self.accept, job: (&file.path, &job.id) };
                        if let Some(reason) = model_choice_reason(self.registry, &site) {
                            call.undecided.insert(reason);
                            continue;
                        }
                        let Some(answers) = evaluator.answers(policy, |name| case.possible(name)) else {
                            call.undecided.insert(format!("more than {ENVIRONMENTS} environments are possible"));
                            continue;
                        };
                        for (key, answer) in answers {
                            let decider = decider_of(&case, answer.decided_by.as_deref());
                            let range = caret(&case, decider.as_deref());
                            places.push(Finding::new(&UNDECIDED, Span { source, range }, ""));
                            let key = format!("{origin}\u{1}{key}");
                            found.push((id.clone(), Some((key, origin.clone(), answer))));
                        }
                    }
                }
            }
        }
        if let Some(scripts) = self.scripts {
            let names = self.secret_names();
            scripts.relocate(places.iter_mut(), &mut report.sources, |text| mask::masked(text, &names));
        }
        for (place, (id, answer)) in places.iter().zip(found) {
            let span = &place.primary.span;
            let line = report.sources.line_number(span.source, span.range.start);
            let place = (report.sources.path(span).to_owned(), line);
            let call = calls.entry(id).or_default();
            let Some((key, origin, answer)) = answer else {
                if call.place.0.is_empty() {
                    call.place = place;
                }
                continue;
            };
            // A step may call one harness several times.
            let mut number = 0;
            while call.environments.contains_key(&format!("{key}\u{1}{number}")) {
                number += 1;
            }
            let key = format!("{key}\u{1}{number}");
            call.environments.insert(key, PlacedAnswer { answer, origin, place });
        }
        calls
    }

    /// The name of a target.
    fn name_of(&self, target: usize) -> String {
        match (self.targets.get(target), self.action(target)) {
            (Some(command), _) => (*command).to_owned(),
            (None, Some(action)) => action.uses.to_owned(),
            (None, None) => String::new(),
        }
    }
}

/// The id, the name, or the first words of what a step runs.
fn key_of(step: &Step) -> String {
    let runs = || step.run.as_ref().and_then(|run| run.text.lines().map(str::trim).find(|line| !line.is_empty()));
    let uses = || step.uses.as_deref().map(|uses| uses.split('@').next().unwrap_or_default());
    let key = step.name.as_deref().or_else(uses).or_else(runs).unwrap_or_default();
    shown(&mask_credentials(key))
}
