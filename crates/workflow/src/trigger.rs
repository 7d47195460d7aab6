//! Triggers of workflows: an [`Invocation`] for each event and each combination of inputs.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use github_actions_expressions::Evaluation;

use super::model::{GithubFields, Input, InputKind, Trigger};
use super::outputs::Outputs;
use slug_value::{Value, to_text};

/// The event of a pull request, which gets no secrets if it comes from a fork.
pub const PULL_REQUEST: &str = "pull_request";

/// The maximum number of invocations of one workflow that are evaluated separately.
pub const MAX_INVOCATIONS: usize = 1_000;

/// One invocation of a workflow: an event with inputs and secrets.
#[derive(Clone, Debug, PartialEq)]
pub struct Invocation {
    /// The event.
    pub event: String,
    /// True if the event that started the run is unknown, as when an unknown workflow calls this one.
    pub is_unknown_event: bool,
    /// True if the event is a pull request from a fork.
    pub is_from_fork: bool,
    /// The names of the declared inputs, in lower case; any other input is null.
    pub declared: BTreeSet<String>,
    /// The known fields of `github`, apart from the event and its inputs.
    pub github: GithubFields,
    /// The values of `github.event.inputs`.
    pub event_inputs: InputValues,
    /// The values of `inputs`.
    pub inputs: InputValues,
    /// The secrets that exist.
    pub secrets: Secrets,
    /// The chosen inputs for display: name and value.
    pub chosen: Vec<(String, String)>,
    /// The repository variables about which this invocation assumes that they are set or unset.
    pub vars: Vec<(String, bool)>,
    /// The calling jobs for display, outermost first.
    pub callers: Vec<Caller>,
    /// The outputs of the jobs that the current job needs or, for the outputs of a called workflow, of its
    /// jobs.
    pub job_outputs: Rc<Outputs>,
    /// The jobs that the current job needs and whose condition never holds, in lower case.
    pub skipped_jobs: Rc<BTreeSet<String>>,
}

/// A job that calls a workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The id of the job.
    pub job: String,
    /// The path of the file that contains the job.
    pub path: String,
    /// The passed inputs with a known value: name and value.
    pub inputs: Vec<(String, String)>,
    /// The passed values that are secrets of the caller: the name in the called workflow and the name of the secret.
    /// `None` if all secrets are passed under their own names.
    pub secrets: Option<Vec<(String, String)>>,
}

/// Maximum texts that are tried for one free-text input, in addition to its default.
const TEXTS: usize = 16;

/// The inputs that can affect a call, by name in lower case, with the texts to try if an input takes any
/// text, without duplicates.
pub type RelevantInputs = BTreeMap<String, Vec<String>>;

/// The key of [`RelevantInputs`] for the branch or tag. An input cannot have this name.
pub const REF: &str = "github.ref";

/// The fields of `github` that depend on the branch or tag.
pub const REF_FIELDS: [&str; 4] = ["base_ref", "ref", "ref_name", "ref_type"];

/// Values of inputs, by name in lower case.
pub type InputValues = BTreeMap<String, Value>;

/// The secrets that exist in an invocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Secrets {
    /// Every secret.
    All,
    /// Only these secrets, by name in lower case; true if the secret certainly exists, false if
    /// it may exist.
    Only(BTreeMap<String, bool>),
}

/// The invocations of a workflow by an event, one for each combination of values of the
/// `relevant` inputs.
#[must_use]
pub fn invocations(trigger: &Trigger, relevant: &RelevantInputs) -> Vec<Invocation> {
    let takes_inputs = matches!(trigger.event.as_str(), "workflow_dispatch" | "workflow_call");
    let inputs: Vec<&Input> = trigger.inputs.iter().filter(|_| takes_inputs).collect();
    let options: Vec<(&Input, Vec<Choice>)> = inputs
        .iter()
        .filter_map(|input| {
            let texts = relevant.get(&input.name.to_lowercase())?;
            Some((*input, choices(input, texts, &trigger.event)))
        })
        .collect();
    let refs = trigger.refs.len().max(1);
    let count = options.iter().fold(refs, |count, (_, choices)| count.saturating_mul(choices.len()));
    let has_texts = options
        .iter()
        .any(|(input, _)| relevant.get(&input.name.to_lowercase()).is_some_and(|texts| !texts.is_empty()));
    if count > MAX_INVOCATIONS && has_texts {
        let without_texts = relevant.keys().map(|name| (name.clone(), Vec::new())).collect();
        return invocations(trigger, &without_texts);
    }
    let is_ref_relevant = relevant.contains_key(REF);
    let refs = match trigger.refs.as_slice() {
        refs if is_ref_relevant && !refs.is_empty() => refs,
        [only] => std::slice::from_ref(only),
        _ => &[GithubFields::new()],
    };
    let of_ref = |github: &GithubFields| Invocation {
        event: trigger.event.clone(),
        is_unknown_event: trigger.event == "workflow_call",
        is_from_fork: false,
        declared: inputs.iter().map(|input| input.name.to_lowercase()).collect(),
        github: github.clone(),
        event_inputs: InputValues::new(),
        inputs: InputValues::new(),
        secrets: Secrets::All,
        chosen: match github.first_key_value().filter(|_| refs.len() > 1) {
            Some((name, text)) => vec![(format!("github.{name}"), text.clone())],
            None => Vec::new(),
        },
        vars: Vec::new(),
        callers: Vec::new(),
        job_outputs: Rc::default(),
        skipped_jobs: Rc::default(),
    };
    let mut all: Vec<Invocation> = refs.iter().map(of_ref).collect();
    for (input, mut choices) in options {
        if count > MAX_INVOCATIONS {
            let why = format!("the inputs have more than {MAX_INVOCATIONS} combinations");
            choices = vec![Choice { value: Value::unknown(why), shown: "anything".to_owned() }];
        }
        all = all.iter().flat_map(|before| choices.iter().map(|choice| before.with(input, choice))).collect();
    }
    all
}

/// A possible value of an input, and its form for display.
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

    /// The invocation by a pull request from a fork, which gets no secrets; `None` for other events.
    #[must_use]
    pub fn from_fork(self) -> Option<Self> {
        let is_pull_request = self.event == PULL_REQUEST;
        is_pull_request.then(|| Self { is_from_fork: true, secrets: Secrets::Only(BTreeMap::new()), ..self })
    }

    /// Whether a repository variable is set; `None` if the invocation assumes neither.
    #[must_use]
    pub fn is_var_set(&self, name: &str) -> Option<bool> {
        self.vars.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, is_set)| *is_set)
    }

    /// The two cases of an invocation: a repository variable is unset or set.
    #[must_use]
    pub fn cases_of_var(&self, name: &str) -> Vec<Self> {
        if self.is_var_set(name).is_some() {
            return vec![self.clone()];
        }
        let case = |is_set| {
            let vars = self.vars.iter().cloned().chain([(name.to_owned(), is_set)]).collect();
            Self { vars, ..self.clone() }
        };
        vec![case(false), case(true)]
    }

    /// An invocation by any event and with any values of these inputs.
    #[must_use]
    pub fn unknown(inputs: &RelevantInputs) -> Self {
        let unknown = || Value::unknown(format!("the workflow has more than {MAX_INVOCATIONS} invocations"));
        let inputs: InputValues = inputs.keys().map(|name| (name.clone(), unknown())).collect();
        Self {
            event: "any event".to_owned(),
            is_unknown_event: true,
            is_from_fork: false,
            declared: inputs.keys().cloned().collect(),
            github: GithubFields::new(),
            event_inputs: inputs.clone(),
            inputs,
            secrets: Secrets::All,
            chosen: Vec::new(),
            vars: Vec::new(),
            callers: Vec::new(),
            job_outputs: Rc::default(),
            skipped_jobs: Rc::default(),
        }
    }
}

/// The possible values of an input, its default first. An input that takes any text is tried with `texts`.
fn choices(input: &Input, texts: &[String], event: &str) -> Vec<Choice> {
    let known = |value: Evaluation| Choice { shown: to_text(&value), value: Value::known(value) };
    let any_value = || {
        let who = if event == "workflow_call" { "a calling workflow" } else { "a manual run" };
        let why = format!("{who} may supply any value for `{}`", input.name);
        Choice { value: Value::unknown(why), shown: "anything".to_owned() }
    };
    let default = input.default.as_deref();
    if default.is_some_and(|default| default.contains("${{")) {
        let why = format!("the default of `{}` is known only at run time", input.name);
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
            let is_other = |number: &Evaluation| Some(number) != default.as_ref();
            let numbers = texts.iter().filter_map(|text| text.parse().ok()).map(Evaluation::Number).filter(is_other);
            let numbers = numbers.take(TEXTS).map(known);
            default.clone().map(known).into_iter().chain(numbers).chain([any_value()]).collect()
        }
        InputKind::Text | InputKind::Choice(_) => {
            let default = known(Evaluation::String(default.unwrap_or_default().to_owned()));
            let can_be_left_out = !input.required || input.default.is_some();
            let is_other = |text: &&String| input.default.as_ref() != Some(*text);
            let compared = texts.iter().filter(is_other).take(TEXTS);
            let compared = compared.map(|text| known(Evaluation::String(text.clone())));
            can_be_left_out.then_some(default).into_iter().chain(compared).chain([any_value()]).collect()
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
