//! References to variables of `env` that nothing sets. A forge reads them as empty, so a condition that needs one never
//! holds.

use std::path::PathBuf;

use slug_value::slip::is_slip;
use slug_workflow::model::{EnvLayer, Job};
use slug_workflow::repository::File;
use slug_workflow::undeclared::{EnvReference, env_references};

use super::linter::Linter;
use super::mentions::{mentions_word, mentions_word_after};
use super::slips::{in_root, is_built_in};
use super::unread::Unread;
use crate::codes::{LIKELY_SLIP, NEAR_MISS};
use crate::findings::{Finding, SourceId, Span};

/// Actions that set no variable for later steps.
const SILENT_ACTIONS: [&str; 4] =
    ["actions/cache", "actions/checkout", "actions/download-artifact", "actions/upload-artifact"];

/// A variable that a program for local runs sets for every expression.
const LOCAL_RUN: &str = "ACT";

impl Linter<'_> {
    /// The warnings about references of a file to variables of `env` that nothing sets. What other files of the
    /// repository mention may be set there.
    pub(super) fn unset_env(&self, file: &File, source: SourceId) -> Vec<Unread> {
        let mut unread: Vec<Unread> = Vec::new();
        for reference in env_references(&file.root, &file.text) {
            let EnvReference { job, name, span } = reference;
            let Some(job) = file.workflow.jobs.iter().find(|other| other.id == job) else { continue };
            let is_set = is_built_in(&name)
                || name == LOCAL_RUN
                || layers(file, job).any(|layer| matches!(layer, EnvLayer::Open(_) | EnvLayer::Opaque(_)))
                || mentions_word_after(&file.text, &name, |before| !before.ends_with("env."));
            if is_set || unread.iter().any(|other| other.name == name) {
                continue;
            }
            let names = layers(file, job).flat_map(EnvLayer::entries).map(|entry| entry.name.as_str());
            let meant = names.into_iter().find(|known| is_slip(&name, known) || name.eq_ignore_ascii_case(known));
            let span = Span { source, range: span };
            let finding = match meant {
                Some(meant) => {
                    let title = format!("nothing sets `{name}`, which is almost `{meant}`");
                    Finding::new(&NEAR_MISS, span, title).with_help(format!("did you mean `{meant}`?"))
                }
                None if self.prevents_call(job, &span) => {
                    let title = format!("nothing sets `{name}`, so `env.{name}` is empty");
                    Finding::new(&LIKELY_SLIP, span, title)
                        .with_help(format!("set it in an `env`, or use a variable of the repository: `vars.{name}`"))
                }
                None => continue,
            };
            let finding = finding.with_subject("variable", name.clone());
            unread.push(Unread { name, path: PathBuf::from(&file.path), finding });
        }
        unread
    }

    /// Whether the bytes are in the condition of a step that calls a harness, and no action of the job can set a
    /// variable.
    fn prevents_call(&self, job: &Job, at: &Span) -> bool {
        let calls = |text: &str| self.targets.iter().any(|target| mentions_word(text, in_root(target)));
        let is_conditional_call = job.steps().iter().any(|step| {
            let is_inside = |span: &std::ops::Range<usize>| span.start <= at.range.start && at.range.end <= span.end;
            step.conditions.iter().any(|condition| is_inside(&condition.span))
                && step.run.as_ref().is_some_and(|run| calls(&run.text))
        });
        let is_silent = |uses: &String| SILENT_ACTIONS.contains(&uses.split('@').next().unwrap_or_default());
        is_conditional_call && job.steps().iter().filter_map(|step| step.uses.as_ref()).all(is_silent)
    }
}

/// The layers of `env` that expressions of a job can refer to.
fn layers<'f>(file: &'f File, job: &'f Job) -> impl Iterator<Item = &'f EnvLayer> {
    [&file.workflow.env, &job.env].into_iter().chain(job.steps().iter().map(|step| &step.env))
}
