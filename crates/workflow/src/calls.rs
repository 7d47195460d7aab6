//! Calls of reusable workflows: the called file, and the inputs and secrets that a call passes.

use std::rc::Rc;

use super::context::EvalContext;
use super::document::{Node, Value as NodeValue};
use super::expression::{path_in, typed};
use super::matrix::literal;
use super::model::{Call, Input, InputKind, Job, PassedSecrets};
use super::trigger::{Caller, InputValues, Invocation, RelevantInputs, Secrets};
use slug_value::{AbstractValue, Evaluation, Value, to_text};

/// The event of a workflow that another workflow calls.
pub const CALL_EVENT: &str = "workflow_call";

/// The path of a called workflow, if it is a file of the same repository.
#[must_use]
pub fn called_path(caller: &str, called: &str) -> Option<String> {
    let called = called.strip_prefix("./")?;
    Some(format!("{}{called}", root_of(&normalized(caller))))
}

/// The root of the repository of a workflow file, empty or with a `/` at its end.
#[must_use]
pub fn root_of(path: &str) -> &str {
    [".github/workflows/", ".gitea/workflows/", ".forgejo/workflows/"]
        .iter()
        .find_map(|directory| Some(&path[..path.rfind(directory)?]))
        .unwrap_or_default()
}

/// Whether a workflow file is in a directory that only Gitea or Forgejo reads, so that GitHub never runs it.
#[must_use]
pub fn is_outside_github(path: &str) -> bool {
    normalized(path).split('/').any(|part| part == ".gitea" || part == ".forgejo")
}

/// A path with `/` between its parts and without a leading `./`.
#[must_use]
pub fn normalized(path: &str) -> String {
    let path = path.replace('\\', "/");
    path.strip_prefix("./").unwrap_or(&path).to_owned()
}

/// The invocation of a workflow by a job of another file, with the inputs that are relevant
/// to the called workflow. None if the job calls no workflow.
#[must_use]
pub fn invocation(
    path: &str,
    job: &Job,
    declared: &[Input],
    relevant: &RelevantInputs,
    context: &EvalContext<'_>,
) -> Option<Invocation> {
    let call = job.call()?;
    let inputs = inputs(call, declared, relevant, context);
    let known = inputs.iter().filter_map(|(name, value)| Some((name.clone(), to_text(value.single()?))));
    let caller =
        Caller { job: job.id.clone(), path: path.to_owned(), inputs: known.collect(), secrets: passed_secrets(call) };
    let outer = context.invocation;
    Some(Invocation {
        event: outer.event.clone(),
        is_unknown_event: outer.is_unknown_event,
        is_from_fork: outer.is_from_fork,
        declared: declared.iter().map(|input| input.name.to_lowercase()).collect(),
        github: outer.github.clone(),
        event_inputs: outer.event_inputs.clone(),
        inputs,
        secrets: secrets(call, context),
        chosen: outer.chosen.clone(),
        vars: outer.vars.clone(),
        callers: outer.callers.iter().cloned().chain([caller]).collect(),
        job_outputs: Rc::default(),
        skipped_jobs: Rc::default(),
    })
}

/// The values of the relevant inputs: what the call passes, else the defaults.
fn inputs(call: &Call, declared: &[Input], relevant: &RelevantInputs, context: &EvalContext<'_>) -> InputValues {
    // With the key `${{ insert }}`.
    let is_open = call.with.iter().any(|(name, _, _)| name.contains("${{"));
    let value = |input: &Input| {
        let passed = call.with.iter().find(|(name, _, _)| name.eq_ignore_ascii_case(&input.name));
        let value = match (passed, &input.default, &input.kind) {
            (Some((_, _, node)), _, kind) => converted(kind, evaluated(node, context)),
            _ if is_open => Value::unknown("the inputs of a call are computed at run time"),
            (None, Some(default), kind) => converted(kind, Value::known(Evaluation::String(default.clone()))),
            (None, None, InputKind::Boolean) => Value::known(Evaluation::Boolean(false)),
            (None, None, _) => Value::known(Evaluation::String(String::new())),
        };
        (input.name.to_lowercase(), value)
    };
    declared.iter().filter(|input| relevant.contains_key(&input.name.to_lowercase())).map(value).collect()
}

fn evaluated(node: &Node, context: &EvalContext<'_>) -> Value {
    match &node.value {
        NodeValue::String(text) if text.contains("${{") => typed(text, context),
        _ => literal(node).map_or_else(|| Value::unknown("the value that a caller passes is not known"), Value::known),
    }
}

/// A value converted to the kind of its input.
fn converted(kind: &InputKind, value: Value) -> Value {
    let AbstractValue::OneOf(values) = &value.values else { return value };
    let converted = values.iter().map(|value| match kind {
        InputKind::Boolean => Evaluation::Boolean(to_text(value) == "true"),
        InputKind::Number => Evaluation::Number(value.as_number()),
        InputKind::Text | InputKind::Choice(_) => Evaluation::String(to_text(value)),
    });
    Value::one_of(converted, value.reasons.clone())
}

/// The secrets that a call passes.
fn secrets(call: &Call, context: &EvalContext<'_>) -> Secrets {
    let named = match &call.secrets {
        PassedSecrets::All => return context.invocation.secrets.clone(),
        PassedSecrets::Named(named) => named,
    };
    let passed = named.iter().filter_map(|(name, text)| {
        let truth = typed(text, context).truth();
        truth.can_be_true.then(|| (name.to_lowercase(), !truth.can_be_false))
    });
    Secrets::Only(passed.collect())
}

/// The secrets that a call passes under a name: those whose whole value is `secrets.NAME`. `None` if it passes all.
fn passed_secrets(call: &Call) -> Option<Vec<(String, String)>> {
    let PassedSecrets::Named(named) = &call.secrets else { return None };
    let secret = |text: &str| match path_in(text)?.as_slice() {
        [context, secret] if context == "secrets" => Some(secret.clone()),
        _ => None,
    };
    Some(named.iter().filter_map(|(name, text)| Some((name.clone(), secret(text)?))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn called_path_is_below_the_root_of_the_caller() {
        for (caller, expected) in [
            (".github/workflows/w.yml", "ci/x.yml"),
            ("./.gitea/workflows/w.yml", "ci/x.yml"),
            ("a\\b\\.github\\workflows\\w.yml", "a/b/ci/x.yml"),
            ("a/.gitea/workflows/w.yml", "a/ci/x.yml"),
            ("a/.forgejo/workflows/w.yml", "a/ci/x.yml"),
        ] {
            assert_eq!(called_path(caller, "./ci/x.yml").as_deref(), Some(expected), "{caller}");
        }
        assert_eq!(called_path(".github/workflows/w.yml", "acme/flows/.github/workflows/x.yml@v1"), None);
    }
}
