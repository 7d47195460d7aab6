//! The ways in which a workflow can be started, and what names stand for in each.

use std::collections::{BTreeMap, BTreeSet};

use github_actions_expressions::Evaluation;

use super::expression::{Contexts, inside};
use super::matrix::Row;
use super::model::{Input, InputKind, Trigger};
use slug_shell::THE_FILE;
use slug_value::{Text, Value};

/// Ways to start one workflow by one event that are told apart.
pub const STARTS: usize = 1_000;

/// One way in which a workflow is started.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    /// The event.
    pub event: String,
    /// Whether the event itself is not known, because a caller was started by it.
    pub is_foreign: bool,
    /// The inputs that are declared, in lower case; any other one is nothing.
    pub declared: BTreeSet<String>,
    /// What `github.event.inputs` holds.
    pub event_inputs: Given,
    /// What `inputs` holds.
    pub inputs: Given,
    /// The secrets there are.
    pub secrets: Secrets,
    /// The inputs that somebody chose, for people.
    pub chosen: Vec<(String, String)>,
    /// Who called the workflow, from the outermost, for people.
    pub callers: Vec<String>,
}

/// What is given for inputs, by their names in lower case.
pub type Given = BTreeMap<String, Value>;

/// Which secrets there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Secrets {
    /// Every one that is asked for.
    All,
    /// Only these, by their names in lower case; each, whether it certainly exists.
    Only(BTreeMap<String, bool>),
}

/// The ways in which an event can start a workflow, as far as the `wanted` inputs tell
/// them apart.
#[must_use]
pub fn starts(trigger: &Trigger, wanted: &BTreeSet<String>) -> Vec<Start> {
    let takes_inputs = matches!(trigger.event.as_str(), "workflow_dispatch" | "workflow_call");
    let inputs: Vec<&Input> = trigger.inputs.iter().filter(|_| takes_inputs).collect();
    let options: Vec<(&Input, Vec<Choice>)> = inputs
        .iter()
        .filter(|input| wanted.contains(&input.name.to_lowercase()))
        .map(|input| (*input, choices(input, &trigger.event)))
        .collect();
    let count = options.iter().fold(1_usize, |count, (_, choices)| count.saturating_mul(choices.len()));
    let mut all = vec![Start {
        event: trigger.event.clone(),
        is_foreign: trigger.event == "workflow_call",
        declared: inputs.iter().map(|input| input.name.to_lowercase()).collect(),
        event_inputs: Given::new(),
        inputs: Given::new(),
        secrets: Secrets::All,
        chosen: Vec::new(),
        callers: Vec::new(),
    }];
    for (input, mut choices) in options {
        if count > STARTS {
            let why = format!("the inputs can be given in more than {STARTS} ways");
            choices = vec![Choice { value: Value::unknown(why), shown: "anything".to_owned() }];
        }
        all = all.iter().flat_map(|start| choices.iter().map(|choice| start.with(input, choice))).collect();
    }
    all
}

/// One thing that can be given for an input.
#[derive(Clone)]
struct Choice {
    value: Value,
    shown: String,
}

impl Start {
    fn with(&self, input: &Input, choice: &Choice) -> Self {
        let mut start = self.clone();
        let name = input.name.to_lowercase();
        if start.event == "workflow_dispatch" {
            let text = choice.value.clone().into_text().into_value();
            start.event_inputs.insert(name.clone(), text);
        }
        start.inputs.insert(name, choice.value.clone());
        start.chosen.push((input.name.clone(), choice.shown.clone()));
        start
    }
}

/// Everything that can be given for an input: its default first.
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

/// What names stand for at one place of a workflow.
pub struct Here<'a> {
    /// How the workflow was started.
    pub start: &'a Start,
    /// The row of the matrix, or why it is not known.
    pub row: Result<&'a Row, &'a str>,
    /// The environment, where it can be referred to.
    pub env: Option<&'a dyn Fn(&str) -> Text>,
    /// Secrets that do not exist, as slugproof.yaml says.
    pub absent_secrets: &'a [String],
}

impl Contexts for Here<'_> {
    fn look_up(&self, path: &[String]) -> Value {
        let unknown = || Value::unknown(format!("`{}` is not known before it runs", path.join(".")));
        let lower: Vec<String> = path.iter().map(|name| name.to_lowercase()).collect();
        let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
        match lower.as_slice() {
            ["inputs", name] => match self.start.inputs.get(*name) {
                Some(value) => value.clone(),
                None if self.start.declared.contains(*name) => unknown(),
                None => nothing(),
            },
            ["github" | "gitea", "env"] => Value::known(Evaluation::String(THE_FILE.to_owned())),
            ["github" | "gitea", ..] if self.start.is_foreign => unknown(),
            ["github" | "gitea", "event", "inputs", name] => match self.start.event_inputs.get(*name) {
                Some(value) => value.clone(),
                None if self.start.event == "workflow_dispatch" && self.start.declared.contains(*name) => unknown(),
                None => nothing(),
            },
            ["github" | "gitea", "event_name"] => Value::known(Evaluation::String(self.start.event.clone())),
            ["matrix", name, ..] => match self.row {
                Ok(row) => row.get(*name).map_or_else(nothing, |value| part_of(value, &path[2..], unknown)),
                Err(why) => Value::unknown(why),
            },
            ["env", _] => self.env.map_or_else(unknown, |env| env(&path[1]).into_value()),
            ["secrets", name] => self.secret(name, &path[1]),
            _ => unknown(),
        }
    }
}

impl Here<'_> {
    fn secret(&self, lower: &str, name: &str) -> Value {
        let exists = Value::set(format!("the value of `secrets.{name}` is not known"));
        if self.absent_secrets.iter().any(|absent| absent.eq_ignore_ascii_case(name)) {
            return nothing();
        }
        match &self.start.secrets {
            Secrets::All => exists,
            _ if lower == "github_token" => exists,
            Secrets::Only(passed) => match passed.get(lower) {
                Some(true) => exists,
                Some(false) => Value::unknown(format!("whether a caller passes `secrets.{name}` is not known")),
                None => nothing(),
            },
        }
    }
}

fn nothing() -> Value {
    Value::known(Evaluation::Null)
}

fn part_of(value: &Value, names: &[String], unknown: impl Fn() -> Value) -> Value {
    match (names, value.single()) {
        ([], _) => value.clone(),
        (_, Some(known)) => Value::known(inside(known, names)),
        _ => unknown(),
    }
}

#[cfg(test)]
mod tests;
