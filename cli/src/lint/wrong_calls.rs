//! Calls of workflow files and of local actions that give what these do not declare, or lack what they need.

use std::ops::Range;

use slug_value::slip::is_slip;
use slug_workflow::action::Action;
use slug_workflow::calls::is_outside_github;
use slug_workflow::document::Node;
use slug_workflow::model::{Input, Step};
use slug_workflow::problem::Problem;
use slug_workflow::repository::{File, JobId};

use super::linter::Linter;
use super::mentions::mentions_word;
use super::problems::{finding, refused, steps};
use super::repository::Files;
use super::scripts::Scripts;
use crate::codes::LIKELY_SLIP;
use crate::findings::{Finding, SourceId};
use crate::suggest::did_you_mean;

/// Calls of other workflow files with inputs or secrets that these do not declare, or without a required one.
pub(super) fn of_workflows(files: &Files) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, file) in files.repository.files().iter().enumerate() {
        for (number, job) in file.workflow.jobs.iter().enumerate() {
            let called = files.repository.called(JobId { file: index, job: number });
            let (Some(call), Some(called)) = (job.call(), called) else { continue };
            let called = &files.repository.files()[called];
            let declared = called.workflow.inputs_of("workflow_call");
            let is_named = |input: &Input, name: &str| input.name.eq_ignore_ascii_case(name);
            let mut add = |span: &Range<usize>, message: String, help: &str| {
                let problem = Problem { span: span.clone(), message, help: help.to_owned() };
                findings.push(refused(files.sources[index], 0, problem));
            };
            for (name, key, _) in &call.with {
                if !declared.iter().any(|input| is_named(input, name)) {
                    add(key, format!("`{}` has no input `{name}`", call.workflow), "correct the name, or remove it");
                }
            }
            for input in declared.iter().filter(|input| input.required) {
                if !call.with.iter().any(|(name, _, _)| is_named(input, name)) {
                    let message = format!("`{}` needs the input `{}`", call.workflow, input.name);
                    add(&job.key, message, "give it below `with`");
                }
            }
            // Other forges accept any secret.
            let secrets = passed_secrets(file, &job.id).filter(|_| !is_outside_github(&file.path));
            for (key, name) in secrets.into_iter().flatten() {
                if !declared_secrets(called).any(|declared| declared.eq_ignore_ascii_case(name)) {
                    let message = format!("`{}` declares no secret `{name}`", call.workflow);
                    let help = "correct the name, or declare the secret below `on.workflow_call.secrets`";
                    add(&key.span, message, help);
                }
            }
        }
    }
    findings
}

/// The names of the secrets that a job passes to a workflow; `None` if it passes all of them.
fn passed_secrets<'f>(file: &'f File, job: &str) -> Option<Vec<(&'f Node, &'f str)>> {
    let secrets = file.root.get("jobs")?.get(job)?.get("secrets")?;
    Some(secrets.entries().iter().filter_map(|(key, _)| Some((key, key.text()?))).collect())
}

/// The secrets that a workflow declares for its callers.
fn declared_secrets(file: &File) -> impl Iterator<Item = &str> {
    let call = file.root.get("on").and_then(|on| on.get("workflow_call"));
    let secrets = call.and_then(|call| call.get("secrets")).map_or(&[][..], Node::entries);
    secrets.iter().filter_map(|(key, _)| key.text())
}

impl Linter<'_> {
    /// Inputs that steps give to composite actions of the repository which neither declare nor read them.
    pub(super) fn undeclared_inputs(&self, workflows: &[(&File, SourceId)], scripts: &Scripts) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (file, source) in workflows {
            for (job, step) in steps(file) {
                let is_other = |step: &Step| step.with.iter().any(|(name, _, _)| name == "repository");
                let Some(uses) = step.uses.as_deref().filter(|_| !job.steps().iter().any(is_other)) else { continue };
                let Some(action) = Action::read(uses, &[], scripts) else { continue };
                let text = action.text.to_ascii_lowercase();
                let reads_all = ["tojson(inputs", "inputs["].iter().any(|form| text.contains(form));
                for (name, key, _) in step.with.iter().filter(|_| !reads_all) {
                    let lower = name.to_lowercase();
                    let is_known = action.inputs.contains_key(&lower) || mentions_word(&text, &lower);
                    if is_known || self.is_misspelt_input(uses, name) {
                        continue;
                    }
                    let known = action.inputs.keys().map(String::as_str);
                    let help = did_you_mean(&lower, known, "correct the name, or remove it");
                    let problem = Problem {
                        span: key.clone(),
                        message: format!("`{uses}` has no input `{name}`, so the value has no effect"),
                        help,
                    };
                    findings.push(finding(&LIKELY_SLIP, *source, 0, problem).with_subject("variable", name.clone()));
                }
            }
        }
        findings
    }

    /// Whether an input of an action that a policy names is one slip away from one of the policy. The call of the
    /// action has the warning about it.
    fn is_misspelt_input(&self, uses: &str, name: &str) -> bool {
        let named = self.actions.iter().filter(|action| action.is_named(uses, &[]));
        named.flat_map(|action| action.inputs.keys()).any(|known| is_slip(name, known))
    }
}
