//! The environment that a workspace was created from. Files override the process environment,
//! and the command line overrides both.

use std::collections::{BTreeMap, HashMap};

use slug_redact::{Masker, is_credential};
use slug_resolver::{Policy, Registry};

use super::inputs::{EnvFile, Inputs};
use crate::render::counted;
use crate::variables::{unread_hint, word_note};

/// The environment without secret values.
pub struct Sources {
    /// The variables that the policy reads; a later entry overrides an earlier one of the same
    /// name. `None` if no source is given. The value of a secret is `set` or empty; other values
    /// are masked if they look like a secret.
    pub variables: Option<Vec<(String, String)>>,
    /// Masks the secrets of every source and of this process.
    pub masker: Masker,
    /// Notes on probable mistakes in a source.
    pub notes: Vec<String>,
}

impl Sources {
    /// Separates the secrets from the inputs.
    pub fn new(inputs: &Inputs, registry: &Registry, policy: &Policy) -> Self {
        let is_given = variables(inputs).next().is_some() || !inputs.files.is_empty();
        let mut notes: Vec<String> = inputs.files.iter().flat_map(|file| notes_on(file, policy)).collect();
        notes.extend(inputs.notes.iter().cloned());
        // The secrets of this process must not be shown, even if it is not a source.
        let process = std::env::vars_os()
            .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()));
        let given = variables(inputs).map(|(name, value)| (name.to_owned(), value.to_owned()));
        let names = Masker::new([], registry, policy);
        let is_shown = |(name, value): &(String, String)| {
            let is_read = policy.variable(name).is_some_and(|variable| !policy.is_key(variable));
            (is_read || !names.is_secret_name(name)) && !is_credential(value)
        };
        let secrets: Vec<String> =
            process.chain(given).filter(|pair| !is_shown(pair)).map(|(_, value)| value).collect();
        let masker = Masker::new(secrets.iter().map(String::as_str), registry, policy);

        let mut masked = Vec::new();
        for (name, value) in variables(inputs) {
            let Some(variable) = policy.variable(name) else { continue };
            let is_key = policy.is_key(variable);
            let shown = match is_key {
                true if value.is_empty() => String::new(),
                true => "set".to_owned(),
                false => masker.text(value),
            };
            if shown != value && !is_key {
                notes.push(format!("the value of `{name}` looks like a credential and is masked; correct it"));
            }
            masked.push((name.to_owned(), shown));
        }
        // A later value overrides an earlier one.
        let last: BTreeMap<&str, &str> = variables(inputs).collect();
        notes.extend(last.into_iter().filter_map(|(name, value)| word_note(policy, name, value)));
        Self { variables: is_given.then_some(masked), masker, notes }
    }
}

/// All variables of the inputs; a later one overrides an earlier one of the same name.
fn variables(inputs: &Inputs) -> impl Iterator<Item = (&str, &str)> {
    let in_files =
        inputs.files.iter().flat_map(|file| &file.assignments).map(|it| (it.name.as_str(), it.value.as_str()));
    let process = inputs.process.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let arguments = inputs.arguments.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    process.chain(in_files).chain(arguments)
}

/// The maximum number of names that are listed although the policy does not read them.
const UNREAD_SHOWN: usize = 5;

/// Notes on variables of a file that are set twice or probably misspelt.
fn notes_on(file: &EnvFile, policy: &Policy) -> Vec<String> {
    let path = &file.name;
    let mut lines: HashMap<&str, Vec<usize>> = HashMap::new();
    for assignment in &file.assignments {
        lines.entry(&assignment.name).or_default().push(assignment.line);
    }
    let (mut notes, mut unread) = (Vec::new(), Vec::new());
    for assignment in &file.assignments {
        let (name, line) = (&assignment.name, assignment.line);
        let set_on = &lines[name.as_str()];
        if policy.variable(name).is_some() {
            if let ([first, .., last], true) = (set_on.as_slice(), set_on[0] == line) {
                let also = if set_on.len() > 2 { format!(", {} times in total", set_on.len()) } else { String::new() };
                notes.push(format!("{path}: `{name}` is set on lines {first} and {last}{also}; the last value counts"));
            }
        } else if let Some(hint) = unread_hint(policy, name, |given| lines.contains_key(given)) {
            let policy = policy.name();
            unread.push(format!("{path}, line {line}: policy `{policy}` does not read `{name}`; {hint}"));
        }
    }
    let more = unread.len().saturating_sub(UNREAD_SHOWN);
    notes.extend(unread.into_iter().take(UNREAD_SHOWN));
    let counted =
        |more: usize| format!("{path}: policy `{}` does not read {}", policy.name(), counted(more as u64, "more name"));
    notes.extend((more > 0).then(|| counted(more)));
    notes
}
