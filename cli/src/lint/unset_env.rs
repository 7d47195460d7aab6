//! References to variables of `env` that nothing sets. A forge reads them as empty.

use std::path::PathBuf;

use slug_value::slip::is_slip;
use slug_value::{Evaluation, Value};
use slug_workflow::expression::{Contexts, condition};
use slug_workflow::model::{EnvLayer, Job};
use slug_workflow::repository::File;
use slug_workflow::undeclared::{EnvReference, env_references};

use super::linter::Linter;
use super::mentions::{mentions_word, mentions_word_after};
use super::scripts::Scripts;
use super::slips::{in_root, is_built_in};
use super::unmentioned::{Unmentioned, Wanted};
use crate::codes::{LIKELY_SLIP, NEAR_MISS};
use crate::findings::{Finding, SourceId, Span};

/// Actions that set no variable for later steps.
const SET_NO_VARIABLE: [&str; 4] =
    ["actions/cache", "actions/checkout", "actions/download-artifact", "actions/upload-artifact"];

/// The start of the names of actions that install a language, and of the variables that they set.
const SETUP: &str = "actions/setup-";
const SET_BY_SETUP: [&str; 9] = ["DOTNET", "GO", "JAVA", "LD_", "NODE", "NPM", "PKG_", "Python", "python"];

/// The variable that `act`, which runs workflows on one's own machine, sets for every expression.
const ACT: &str = "ACT";

impl Linter<'_> {
    /// The warnings about references of a file to variables of `env` that nothing sets, unless another file of the
    /// repository mentions them.
    pub(super) fn unset_env(&self, file: &File, source: SourceId, scripts: &Scripts) -> Vec<Unmentioned> {
        let mut unset: Vec<Unmentioned> = Vec::new();
        let is_in_env = |before: &str| ["env.", "env['", "env[\""].iter().any(|start| before.ends_with(start));
        // A text that is not known may have any name.
        let writes_env = |text: &str| text.contains("GITHUB_ENV");
        let references = env_references(&file.root, &file.text);
        if references.is_empty() || writes_env(&file.text) || scripts.any_text(writes_env) {
            return unset;
        }
        for EnvReference { job, name, span } in references {
            let Some(job) = file.workflow.jobs.iter().find(|other| other.id == job) else { continue };
            let is_set = is_built_in(&name)
                || name == ACT
                || layers(file, job).any(|layer| matches!(layer, EnvLayer::Open(_) | EnvLayer::Opaque(_)))
                || mentions_word_after(&file.text, &name, |before| !is_in_env(before))
                || job.steps().iter().filter_map(|step| step.uses.as_ref()).any(|uses| may_set(uses, &name));
            if is_set || unset.iter().any(|other| other.name == name) {
                continue;
            }
            // On other systems, the case of the names does not count.
            let has_case = job.runs_on.iter().all(|label| label.starts_with("ubuntu"));
            let is_similar = |known: &str| {
                if name.eq_ignore_ascii_case(known) { has_case } else { is_slip(&name, known) }
            };
            let names = layers(file, job).flat_map(EnvLayer::entries).map(|entry| entry.name.as_str());
            let span = Span { source, range: span };
            let finding = match names.into_iter().find(|known| is_similar(known)) {
                Some(meant) => {
                    let title = format!("nothing sets `{name}`, which is almost `{meant}`");
                    Finding::new(&NEAR_MISS, span, title).with_help(format!("did you mean `{meant}`?"))
                }
                None if self.prevents_call(job, &name, &span) => {
                    let title = format!("nothing sets `{name}`, so `env.{name}` is empty and the step never runs");
                    Finding::new(&LIKELY_SLIP, span, title)
                        .with_help(format!("set it in an `env`, or use a variable of the repository: `vars.{name}`"))
                        .with_note("`env` has the variables of the workflow, not those of the machine")
                }
                None => continue,
            };
            let finding = finding.with_subject("variable", name.clone());
            unset.push(Unmentioned { name, path: PathBuf::from(&file.path), wanted: Wanted::Setter, finding });
        }
        unset
    }

    /// Whether a step that calls a harness has a condition at these bytes that never holds without a variable of `env`.
    fn prevents_call(&self, job: &Job, name: &str, at: &Span) -> bool {
        let calls = |text: &str| self.targets.iter().any(|target| mentions_word(text, in_root(target)));
        job.steps().iter().filter(|step| step.run.as_ref().is_some_and(|run| calls(&run.text))).any(|step| {
            let mut conditions = step.conditions.iter();
            let has_place = |span: &std::ops::Range<usize>| span.start <= at.range.start && at.range.end <= span.end;
            conditions.any(|it| has_place(&it.span) && !condition(&it.text, &Without(name)).can_be_true)
        })
    }
}

/// Contexts of which only one variable of `env` is known: it is empty.
struct Without<'n>(&'n str);

impl Contexts for Without<'_> {
    fn look_up(&self, path: &[String]) -> Value {
        match path {
            [context, name] if context == "env" && name == self.0 => Value::known(Evaluation::String(String::new())),
            _ => Value::unknown("other values are not known"),
        }
    }
}

/// Whether an action may set a variable for later steps.
fn may_set(uses: &str, name: &str) -> bool {
    let action = uses.split('@').next().unwrap_or_default();
    let is_of_setup = SET_BY_SETUP.iter().any(|start| name.starts_with(start));
    !SET_NO_VARIABLE.contains(&action) && (!action.starts_with(SETUP) || is_of_setup)
}

/// The layers of `env` that expressions of a job can refer to.
fn layers<'f>(file: &'f File, job: &'f Job) -> impl Iterator<Item = &'f EnvLayer> {
    [&file.workflow.env, &job.env].into_iter().chain(job.steps().iter().map(|step| &step.env))
}
