//! The contexts of an expression at one position in a workflow, such as `inputs` and `matrix`.

use github_actions_expressions::Evaluation;

use super::declared::Declared;
use super::expression::{Contexts, FORK, member};
use super::matrix::Row;
use super::model::Step;
use super::results::{Outcome, StepResults};
use super::trigger::{Invocation, Secrets};
use slug_shell::{ENV_FILE_TARGET, WORKSPACE};
use slug_value::{AbstractValue, Possible, Text, Value};

/// The values that expressions at one position in a workflow can refer to.
pub struct EvalContext<'a> {
    /// The invocation of the workflow.
    pub invocation: &'a Invocation,
    /// The row of the matrix, or the reason why it is not known.
    pub row: Result<&'a Row, &'a str>,
    /// The results of the steps before this position.
    pub results: &'a StepResults,
    /// The steps of the job or the action.
    pub steps: &'a [Step],
    /// The ids of the jobs that the job needs.
    pub needs: &'a [String],
    /// The operating system of the machine, as `runner.os` names it; `None` if it is not known.
    pub runner_os: Option<&'a Text>,
    /// Looks up a variable by name; None where `env` is not available.
    pub env: Option<&'a dyn Fn(&str) -> Text>,
    /// The values that are declared about the repository.
    pub declared: Declared<'a>,
}

/// The fields of a repository or a user that have another value in each.
const IDENTIFIERS: [&str; 9] =
    ["clone_url", "full_name", "git_url", "html_url", "id", "login", "node_id", "ssh_url", "url"];

impl Contexts for EvalContext<'_> {
    fn look_up(&self, path: &[String]) -> Value {
        let reason = || format!("`{}` is known only at run time", path.join("."));
        let unknown = || Value::unknown(reason());
        let lower: Vec<String> = path.iter().map(|name| name.to_lowercase()).collect();
        let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
        match lower.as_slice() {
            ["inputs", name] => match self.invocation.inputs.get(*name) {
                Some(value) => value.clone(),
                None if self.invocation.declared.contains(*name) => unknown(),
                None => null(),
            },
            ["github" | "gitea", "env"] => Value::known(Evaluation::String(ENV_FILE_TARGET.to_owned())),
            ["github" | "gitea", "workspace"] => Value::known(Evaluation::String(WORKSPACE.to_owned())),
            ["github" | "gitea", ..] if self.invocation.is_unknown_event => unknown(),
            ["github" | "gitea", "event", "pull_request", field @ ..] if self.invocation.is_from_fork => match field {
                ["head", "repo", "fork"] => Value::known(Evaluation::Boolean(true)),
                // The objects are there.
                [] | ["head"] | ["head", "label" | "repo" | "user"] => fork(),
                ["head", "repo" | "user", .., last] if IDENTIFIERS.contains(last) => fork(),
                _ => unknown(),
            },
            ["github" | "gitea", "event", "inputs", name] => match self.invocation.event_inputs.get(*name) {
                Some(value) => value.clone(),
                None if self.invocation.event == "workflow_dispatch" && self.invocation.declared.contains(*name) => {
                    unknown()
                }
                None => null(),
            },
            ["github" | "gitea", "event_name"] => Value::known(Evaluation::String(self.invocation.event.clone())),
            ["github" | "gitea", name] if self.invocation.github.contains_key(*name) => {
                Value::known(Evaluation::String(self.invocation.github[*name].clone()))
            }
            ["matrix", name, ..] => match self.row {
                Ok(row) => row.get(*name).map_or_else(null, |value| part_of(value, &path[2..], unknown)),
                Err(why) => Value::unknown(why),
            },
            ["steps", id, ..] if !self.has_step(id) => null(),
            ["needs", id, ..] if !self.needs.iter().any(|it| it.eq_ignore_ascii_case(id)) => null(),
            ["steps", id, "outputs", name] => {
                self.results.get(*id).and_then(|result| result.outputs.value(name)).unwrap_or_else(unknown)
            }
            ["steps", id, property @ ("outcome" | "conclusion")] => {
                let Some(endings) = self.results.get(*id).and_then(|result| result.endings.as_ref()) else {
                    return unknown();
                };
                let is_outcome = *property == "outcome";
                let outcomes = endings.iter().map(|end| if is_outcome { end.outcome } else { end.conclusion });
                Outcome::value(outcomes, reason())
            }
            ["needs" | "jobs", id, "outputs", name] => {
                let outputs = self.invocation.job_outputs.get(*id);
                outputs.and_then(|outputs| outputs.value(name)).unwrap_or_else(unknown)
            }
            ["needs", id, "result"] if self.invocation.skipped_jobs.contains(*id) => {
                let reason = "whether somebody cancels the run is known only at run time".to_owned();
                Outcome::value([Outcome::Skipped, Outcome::Cancelled], reason)
            }
            ["runner", "os"] => self.runner_os.map_or_else(unknown, |system| system.clone().into_value()),
            ["env", _] => self.env.map_or_else(unknown, |env| env(&path[1]).into_value()),
            ["secrets", name] => self.secret(name, &path[1]),
            ["vars", _] => self.var(&path[1]),
            _ => unknown(),
        }
    }
}

impl EvalContext<'_> {
    fn has_step(&self, id: &str) -> bool {
        self.results.contains_key(id)
            || self.steps.iter().filter_map(|step| step.id.as_ref()).any(|it| it.eq_ignore_ascii_case(id))
    }

    fn var(&self, name: &str) -> Value {
        if let Some(value) = self.declared.var(name) {
            return value.map_or_else(null, |value| Value::known(Evaluation::String(value.to_owned())));
        }
        let why = format!("`vars.{name}` is known only at run time");
        match self.invocation.is_var_set(name) {
            Some(true) => Value::non_empty(why),
            Some(false) => null(),
            None => Value::unknown(why),
        }
    }

    fn secret(&self, lower: &str, name: &str) -> Value {
        let exists = Value::with_secret(format!("{SECRET}{name}{NOT_KNOWN}"));
        if self.declared.is_absent_secret(name) {
            return null();
        }
        match &self.invocation.secrets {
            _ if lower == "github_token" => exists,
            // A caller in another repository may pass a secret of this name.
            Secrets::All if self.declared.is_unlisted_secret(name) => match self.invocation.is_unknown_event {
                true => Value::unknown(format!("whether a caller passes `secrets.{name}` is not known")),
                false => null(),
            },
            Secrets::All => exists,
            // The called workflow names these secrets, not the repository.
            Secrets::Only(passed) => match passed.get(lower) {
                Some(true) => exists,
                Some(false) => Value::unknown(format!("whether a caller passes `secrets.{name}` is not known")),
                None => null(),
            },
        }
    }
}

/// The start of the reason for the value of a secret.
const SECRET: &str = "the value of `secrets.";

/// The end of the reason for the value of a secret.
const NOT_KNOWN: &str = "` is not known";

/// The secrets whose values can be part of a value, by the reasons why it is not known: they follow the value through
/// inputs, scripts and steps.
pub fn secrets_in<T>(value: &Possible<T>) -> impl Iterator<Item = &str> {
    value.reasons.iter().filter_map(|reason| reason.strip_prefix(SECRET)?.strip_suffix(NOT_KNOWN))
}

/// An output of a job as other jobs see it: the runner drops an output that contains a secret, so it is empty there.
/// A text that is known contains none. A text that is calculated from a secret may contain it.
#[must_use]
pub fn without_secrets(output: Text) -> Text {
    let may_have_secret = secrets_in(&output).next().is_some();
    match output.values {
        AbstractValue::WithSecret => Text::empty(),
        AbstractValue::Any | AbstractValue::NonEmpty if may_have_secret => {
            output.or(Text::empty()).with_reason(DROPPED)
        }
        _ => output,
    }
}

/// The reason why an output that may contain a secret may be empty.
const DROPPED: &str = "the runner drops an output of a job that contains a secret";

/// What only a fork has.
fn fork() -> Value {
    Value::known(Evaluation::String(FORK.to_owned()))
}

fn null() -> Value {
    Value::known(Evaluation::Null)
}

fn part_of(value: &Value, names: &[String], unknown: impl Fn() -> Value) -> Value {
    match (names, value.single()) {
        ([], _) => value.clone(),
        (_, Some(known)) => Value::known(member(known, names)),
        _ => unknown(),
    }
}

#[cfg(test)]
mod tests;
