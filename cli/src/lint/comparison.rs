//! The calls and pins of which two registries make something else.

use std::collections::{BTreeMap, BTreeSet};

use slug_resolver::Registry;
use slug_workflow::eval::Evaluation;
use slug_workflow::repository::JobId;

use super::choice::model_choice_reason;
use super::evaluate::Evaluator;
use super::evaluate::comparison::{CallChanges, Change};
use super::explain::{Groups, PolicyCall, Problem, caret, step};
use super::input::Input;
use super::linter::Linter;
use super::pins::PinSearch;
use super::{mask, repository};
use crate::codes::REGISTRY_DIFFERENCE;
use crate::exit::Failure;
use crate::findings::{Finding, Report, Span};

/// A call or a pin of which two registries make something else.
pub struct Meeting {
    /// What meets the difference, in words.
    pub what: String,
    /// True for a pin, false for a call.
    pub is_pin: bool,
    /// The place, as the primary span of a finding.
    pub place: Finding,
    /// The model and what the registries make of it.
    pub change: Change,
    /// True if the registries differ in every environment that the call can have.
    pub is_certain: bool,
}

/// The calls and pins that were compared.
pub struct Compared {
    /// Those of which the registries make something else.
    pub meetings: Vec<Meeting>,
    /// The files, and the findings about what could not be compared.
    pub report: Report,
    /// The number of calls that were compared: steps times policies.
    pub calls: usize,
    /// The number of pins that were compared.
    pub pins: usize,
}

impl Linter<'_> {
    /// Compares what the registry of this run and another one make of every call and of every pin. `touches`
    /// says whether anything differs for a runtime.
    ///
    /// # Errors
    ///
    /// An entry of `pins` whose pattern is invalid or matches no file.
    pub fn compare(
        &self,
        inputs: &[Input],
        search: &PinSearch<'_>,
        other: &Registry,
        touches: &dyn Fn(&str) -> bool,
    ) -> Result<Compared, Failure> {
        let (report, files) = repository::of_inputs(inputs, self);
        let mut compared = Compared { meetings: Vec::new(), report, calls: 0, pins: 0 };
        let mut undecided = Groups::default();
        let mut meetings = BTreeMap::new();
        // A step can be called by several events and with several values.
        let mut steps = BTreeSet::new();
        let evaluation = Evaluation::new(&files.repository, self.search());
        for (index, (file, &source)) in files.repository.files().iter().zip(&files.sources).enumerate() {
            for (number, job) in file.workflow.jobs.iter().enumerate() {
                for site in
                    evaluation.call_sites(JobId { file: index, job: number }).into_iter().filter(|site| site.is_reached)
                {
                    for policy in self.policies_of(site.target) {
                        steps.insert((index, number, site.step.number, policy.name()));
                        let call = PolicyCall { source, path: &file.path, job: &job.id, site: site.clone(), policy };
                        let changes = self.call_changes(&file.path, &call, other, touches);
                        for change in changes.changes {
                            let decider = change.decided_by.as_deref();
                            let decider = decider.filter(|name| site.env.variables.contains_key(*name));
                            let span = Span { source, range: caret(&call, decider) };
                            let key = (span.source, span.range.start, policy.name().to_owned(), change.clone());
                            let is_certain = changes.is_certain;
                            let meeting = meetings.entry(key).or_insert_with(|| Meeting {
                                what: format!("{}, by policy `{}`", step(&call), policy.name()),
                                is_pin: false,
                                place: Finding::new(&REGISTRY_DIFFERENCE, span, ""),
                                change,
                                is_certain,
                            });
                            meeting.is_certain |= is_certain;
                        }
                        if !changes.unknown.is_empty() {
                            undecided.add(call, Problem::Undecided(changes.unknown));
                        }
                    }
                }
            }
        }
        compared.calls = steps.len();
        compared.meetings.extend(meetings.into_values());
        for group in undecided.iter() {
            let title = "whether the call meets a difference between the registries depends on values that are not in \
                         the file";
            compared.report.findings.push(Finding { title: title.to_owned(), ..group.finding() });
        }
        if let Some(scripts) = self.scripts {
            let places = compared.meetings.iter_mut().map(|meeting| &mut meeting.place);
            let names = self.secret_names();
            let mask = |text: &str| mask::masked(text, &names);
            let report = &mut compared.report;
            scripts.relocate(report.findings.iter_mut().chain(places), &mut report.sources, mask);
        }
        self.compare_pins(search, other, &mut compared)?;
        Ok(compared)
    }

    fn call_changes(
        &self,
        path: &str,
        call: &PolicyCall<'_>,
        other: &Registry,
        touches: &dyn Fn(&str) -> bool,
    ) -> CallChanges {
        let evaluator = Evaluator { registry: self.registry, accept: self.accept, job: (path, call.job) };
        match model_choice_reason(self.registry, &call.site).or_else(|| model_choice_reason(other, &call.site)) {
            Some(reason) => CallChanges { unknown: [reason].into(), ..CallChanges::default() },
            None => evaluator.changes(call.policy, |name| call.possible(name), other, touches),
        }
    }

    fn compare_pins(&self, search: &PinSearch<'_>, other: &Registry, compared: &mut Compared) -> Result<(), Failure> {
        let both = [self.registry, other];
        let pins = self.pins(search, &both, &mut compared.report)?;
        compared.pins = pins.len();
        for placed in pins {
            let answers = both.map(|registry| self.answer_for_pin(registry, &placed));
            if answers[0] == answers[1] {
                continue;
            }
            compared.meetings.push(Meeting {
                what: "pin".to_owned(),
                is_pin: true,
                place: Finding::new(&REGISTRY_DIFFERENCE, placed.span(), ""),
                change: Change {
                    runtime: self.dispatched(placed.runtime()).to_owned(),
                    slug: placed.model().to_owned(),
                    rule: None,
                    decided_by: None,
                    answers,
                },
                is_certain: true,
            });
        }
        Ok(())
    }
}
