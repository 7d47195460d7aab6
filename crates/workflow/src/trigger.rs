//! The ways in which a workflow can be triggered: an [`Invocation`] for each event and each
//! choice of inputs.

use std::collections::{BTreeMap, BTreeSet};

use github_actions_expressions::Evaluation;

use super::model::{Input, InputKind, Trigger};
use slug_value::Value;

/// Distinct invocations of one workflow by one event.
pub const INVOCATIONS: usize = 1_000;

/// One way in which a workflow is invoked.
#[derive(Clone, Debug, PartialEq)]
pub struct Invocation {
    /// The event.
    pub event: String,
    /// Whether the event itself is not known, because a caller was triggered by it.
    pub is_unknown_event: bool,
    /// The inputs that are declared, in lower case; any other one is nothing.
    pub declared: BTreeSet<String>,
    /// What `github.event.inputs` holds.
    pub event_inputs: InputValues,
    /// What `inputs` holds.
    pub inputs: InputValues,
    /// The secrets that exist.
    pub secrets: Secrets,
    /// The inputs that a person chose: name and value, for people.
    pub chosen: Vec<(String, String)>,
    /// The jobs that called the workflow, from the outermost, for people.
    pub callers: Vec<Caller>,
}

/// A job that calls a workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The id of the job.
    pub job: String,
    /// The path of its file.
    pub path: String,
    /// The inputs that it passes, as far as they are known: name and value.
    pub inputs: Vec<(String, String)>,
}

/// The values of inputs, by their names in lower case.
pub type InputValues = BTreeMap<String, Value>;

/// Which secrets exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Secrets {
    /// Every secret.
    All,
    /// Only these, by their names in lower case, with whether each certainly exists.
    Only(BTreeMap<String, bool>),
}

/// The invocations of a workflow by an event, one for each combination of the `relevant`
/// inputs.
#[must_use]
pub fn invocations(trigger: &Trigger, relevant: &BTreeSet<String>) -> Vec<Invocation> {
    let takes_inputs = matches!(trigger.event.as_str(), "workflow_dispatch" | "workflow_call");
    let inputs: Vec<&Input> = trigger.inputs.iter().filter(|_| takes_inputs).collect();
    let options: Vec<(&Input, Vec<Choice>)> = inputs
        .iter()
        .filter(|input| relevant.contains(&input.name.to_lowercase()))
        .map(|input| (*input, choices(input, &trigger.event)))
        .collect();
    let count = options.iter().fold(1_usize, |count, (_, choices)| count.saturating_mul(choices.len()));
    let mut all = vec![Invocation {
        event: trigger.event.clone(),
        is_unknown_event: trigger.event == "workflow_call",
        declared: inputs.iter().map(|input| input.name.to_lowercase()).collect(),
        event_inputs: InputValues::new(),
        inputs: InputValues::new(),
        secrets: Secrets::All,
        chosen: Vec::new(),
        callers: Vec::new(),
    }];
    for (input, mut choices) in options {
        if count > INVOCATIONS {
            let why = format!("the inputs can be given in more than {INVOCATIONS} ways");
            choices = vec![Choice { value: Value::unknown(why), shown: "anything".to_owned() }];
        }
        all = all.iter().flat_map(|before| choices.iter().map(|choice| before.with(input, choice))).collect();
    }
    all
}

/// One value that can be given for an input.
#[derive(Clone)]
struct Choice {
    value: Value,
    shown: String,
}

impl Invocation {
    fn with(&self, input: &Input, choice: &Choice) -> Self {
        let mut invocation = self.clone();
        let name = input.name.to_lowercase();
        if invocation.event == "workflow_dispatch" {
            let text = choice.value.clone().into_text().into_value();
            invocation.event_inputs.insert(name.clone(), text);
        }
        invocation.inputs.insert(name, choice.value.clone());
        invocation.chosen.push((input.name.clone(), choice.shown.clone()));
        invocation
    }

    /// An invocation of which nothing is known but the names of its inputs.
    #[must_use]
    pub fn unknown(inputs: &BTreeSet<String>) -> Self {
        let unknown = || Value::unknown(format!("the workflow is started in more than {INVOCATIONS} ways"));
        let inputs: InputValues = inputs.iter().map(|name| (name.clone(), unknown())).collect();
        Self {
            event: "any event".to_owned(),
            is_unknown_event: true,
            declared: inputs.keys().cloned().collect(),
            event_inputs: inputs.clone(),
            inputs,
            secrets: Secrets::All,
            chosen: Vec::new(),
            callers: Vec::new(),
        }
    }
}

/// The values that can be given for an input, its default first.
fn choices(input: &Input, event: &str) -> Vec<Choice> {
    let known = |value: Evaluation| Choice { shown: value.sema().to_string(), value: Value::known(value) };
    let other = || {
        let by = if event == "workflow_call" { "a caller" } else { "whoever starts it" };
        Choice { value: Value::unknown(format!("{by} can give any `{}`", input.name)), shown: "anything".to_owned() }
    };
    let default = input.default.as_deref();
    if default.is_some_and(|default| default.contains("${{")) {
        let why = format!("the default of `{}` is known only when it runs", input.name);
        return vec![Choice { value: Value::unknown(why), shown: "its default".to_owned() }];
    }
    match &input.kind {
        InputKind::Boolean => {
            let default = default == Some("true");
            [default, !default].map(Evaluation::Boolean).map(known).to_vec()
        }
        InputKind::Choice(options) if !options.is_empty() => {
            let first: Vec<&str> = default.into_iter().filter(|default| options.iter().any(|o| o == default)).collect();
            let others = options.iter().map(String::as_str).filter(|option| Some(*option) != default);
            first.into_iter().chain(others).map(|option| known(Evaluation::String(option.to_owned()))).collect()
        }
        InputKind::Number => {
            let default = default.and_then(|default| default.parse().ok()).map(Evaluation::Number);
            default.map(known).into_iter().chain([other()]).collect()
        }
        InputKind::Text | InputKind::Choice(_) => {
            let default = known(Evaluation::String(default.unwrap_or_default().to_owned()));
            let can_be_left_out = !input.required || input.default.is_some();
            can_be_left_out.then_some(default).into_iter().chain([other()]).collect()
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
