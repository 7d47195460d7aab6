//! The environment that a workspace was created from, as far as it is given: the
//! process, then files, then the command line, of which the later wins.

use std::collections::HashMap;

use slug_resolver::{Policy, Registry, Variable};

use super::inputs::{EnvFile, Inputs};
use crate::redact::{Masker, is_credential, is_secret_name};
use crate::render::counted;
use crate::suggest::closest_variable;

/// The environment without its secrets.
pub struct Sources {
    /// The variables that the policy reads, the later of two of one name last; none if no
    /// source is given. Of a secret only whether it is set, of any other nothing that looks
    /// like a secret.
    pub variables: Option<Vec<(String, String)>>,
    /// What masks the secrets of every source and of this process.
    pub masker: Masker,
    /// Remarks on what is probably wrong with a source.
    pub notes: Vec<String>,
}

impl Sources {
    /// Takes the secrets out of what was read.
    pub fn new(inputs: &Inputs, registry: &Registry, policy: &Policy) -> Self {
        let is_given = variables(inputs).next().is_some() || !inputs.files.is_empty();
        let mut notes: Vec<String> = inputs.files.iter().flat_map(|file| notes_on(file, policy)).collect();
        notes.extend(inputs.notes.iter().cloned());
        // Even if this process is not a source, its secrets must not be shown.
        let of_the_process = std::env::vars_os()
            .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()));
        let given = variables(inputs).map(|(name, value)| (name.to_owned(), value.to_owned()));
        let is_shown = |(name, value): &(String, String)| !is_secret(policy, name) && !is_credential(value);
        let secrets: Vec<String> =
            of_the_process.chain(given).filter(|pair| !is_shown(pair)).map(|(_, value)| value).collect();
        let masker = Masker::new(secrets.iter().map(String::as_str), registry, policy);

        let mut masked = Vec::new();
        for (name, value) in variables(inputs) {
            let shown = match policy.variable(name) {
                None => continue,
                Some(Variable::Key(_)) if value.is_empty() => String::new(),
                Some(Variable::Key(_)) => "set".to_owned(),
                Some(_) => masker.text(value),
            };
            if shown != value && !matches!(policy.variable(name), Some(Variable::Key(_))) {
                notes.push(format!("the value of `{name}` looks like a credential and is masked; correct it"));
            }
            masked.push((name.to_owned(), shown));
        }
        Self { variables: is_given.then_some(masked), masker, notes }
    }
}

/// Every variable that was read, the later of two of one name last.
fn variables(inputs: &Inputs) -> impl Iterator<Item = (&str, &str)> {
    let in_files =
        inputs.files.iter().flat_map(|file| &file.assignments).map(|it| (it.name.as_str(), it.value.as_str()));
    let process = inputs.process.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let arguments = inputs.arguments.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    process.chain(in_files).chain(arguments)
}

/// Names that are probably misspelt and told one by one.
const MISSPELT_SHOWN: usize = 5;

/// Remarks on the variables of a file that are set twice or probably misspelt.
fn notes_on(file: &EnvFile, policy: &Policy) -> Vec<String> {
    let place = &file.name;
    let mut lines: HashMap<&str, Vec<usize>> = HashMap::new();
    for assignment in &file.assignments {
        lines.entry(&assignment.name).or_default().push(assignment.line);
    }
    let (mut notes, mut misspelt) = (Vec::new(), Vec::new());
    for assignment in &file.assignments {
        let (name, line) = (&assignment.name, assignment.line);
        let set_on = &lines[name.as_str()];
        if policy.variable(name).is_some() {
            if let ([first, .., last], true) = (set_on.as_slice(), set_on[0] == line) {
                let also = if set_on.len() > 2 { format!(", {} in all", set_on.len()) } else { String::new() };
                notes.push(format!("{place}: `{name}` is set on lines {first} and {last}{also}; the later counts"));
            }
        } else if let Some(near) = closest_variable(policy, name).filter(|near| !lines.contains_key(near)) {
            let policy = policy.name();
            misspelt.push(format!(
                "{place}, line {line}: policy `{policy}` does not read `{name}`; did you mean `{near}`?"
            ));
        }
    }
    let more = misspelt.len().saturating_sub(MISSPELT_SHOWN);
    notes.extend(misspelt.into_iter().take(MISSPELT_SHOWN));
    notes.extend((more > 0).then(|| format!("{place}: {} like that", counted(more as u64, "more name"))));
    notes
}

/// Whether the value of a variable must not be shown: that of a key, of what the policy
/// injects, and of everything that is named like a secret.
fn is_secret(policy: &Policy, name: &str) -> bool {
    let is_injected =
        || policy.document().secrets.iter().any(|entry| entry.inject.iter().any(|injected| injected == name));
    matches!(policy.variable(name), Some(Variable::Key(_))) || is_secret_name(name) || is_injected()
}
