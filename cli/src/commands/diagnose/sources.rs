//! The environment that a workspace was created from, as far as it is given: the
//! process, then files, then the command line, of which the later wins.

use std::collections::HashMap;
use std::path::Path;

use slug_resolver::{Policy, Variable};

use super::dotenv;
use crate::args::DiagnoseArgs;
use crate::exit::Failure;
use crate::io::{read_input, shown_input};
use crate::output::Output;
use crate::redact::{Masker, is_credential, is_secret_name};
use crate::render::counted;
use crate::variables::{closest_variable, parse_variables, process_variables, warn_of_unread};

/// What is given. Has no `Debug`: it holds the values of secrets.
#[derive(Default)]
pub struct Given {
    variables: Vec<(String, String)>,
    secrets: Vec<String>,
    has_source: bool,
}

impl Given {
    /// Gathers what the arguments name.
    pub fn find(args: &DiagnoseArgs, policy: &Policy, output: &mut Output) -> Result<Self, Failure> {
        let has_source = !args.env_file.is_empty() || !args.variables.is_empty();
        let mut given = Self { has_source, ..Self::default() };
        // Even where nothing is to be judged by the process, its secrets must not be shown.
        given.add_secrets_of_the_process(policy);
        if args.from_env {
            let variables = process_variables(policy)?;
            // A process in which nothing is set is most likely not the one that failed.
            given.has_source |= !variables.is_empty();
            given.variables.extend(variables);
        }
        for file in &args.env_file {
            given.add_file(file, policy, output)?;
        }
        let variables = parse_variables(&args.variables)?;
        warn_of_unread(policy, &variables, output);
        variables.into_iter().for_each(|(name, value)| given.add(policy, name, value));
        Ok(given)
    }

    /// Whether a source is named, be there anything in it or not.
    pub fn has_source(&self) -> bool {
        self.has_source
    }

    /// The values that must not be shown.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        self.secrets.iter().map(String::as_str)
    }

    /// The variables that the policy reads, the later of two of one name last; of a
    /// secret only whether it is set, and of any other nothing that looks like one.
    pub fn variables(&self, policy: &Policy, masker: &Masker, output: &mut Output) -> Vec<(String, String)> {
        let mut variables = Vec::new();
        for (name, value) in &self.variables {
            let shown = match policy.variable(name) {
                None => continue,
                Some(Variable::Key(_)) if value.is_empty() => String::new(),
                Some(Variable::Key(_)) => "set".to_owned(),
                Some(_) => masker.text(value),
            };
            if shown != *value && !matches!(policy.variable(name), Some(Variable::Key(_))) {
                output.note(&format!("the value of `{name}` looks like a credential and is masked; correct it"));
            }
            variables.push((name.clone(), shown));
        }
        variables
    }

    fn add(&mut self, policy: &Policy, name: String, value: String) {
        if is_secret(policy, &name) || is_credential(&value) {
            self.secrets.push(value.clone());
        }
        self.variables.push((name, value));
    }

    fn add_secrets_of_the_process(&mut self, policy: &Policy) {
        for (name, value) in std::env::vars_os() {
            let value = value.to_string_lossy().into_owned();
            if is_secret(policy, &name.to_string_lossy()) || is_credential(&value) {
                self.secrets.push(value);
            }
        }
    }

    fn add_file(&mut self, path: &Path, policy: &Policy, output: &mut Output) -> Result<(), Failure> {
        let place = shown_input(path);
        let read = dotenv::parse(&read_input(path)?).map_err(|what| Failure::new(format!("{place}: {what}")))?;
        let mut lines: HashMap<&str, Vec<usize>> = HashMap::new();
        for dotenv::Assignment { name, line, .. } in &read {
            lines.entry(name).or_default().push(*line);
        }
        let mut misspelt = Vec::new();
        for dotenv::Assignment { name, value, line } in &read {
            let set_on = &lines[name.as_str()];
            if policy.variable(name).is_some() {
                if let ([first, .., last], true) = (set_on.as_slice(), set_on[0] == *line) {
                    let also = if set_on.len() > 2 { format!(", {} in all", set_on.len()) } else { String::new() };
                    output
                        .note(&format!("{place}: `{name}` is set on lines {first} and {last}{also}; the later counts"));
                }
            } else if let Some(near) = closest_variable(policy, name).filter(|near| !lines.contains_key(near)) {
                let policy = policy.name();
                misspelt.push(format!(
                    "{place}, line {line}: policy `{policy}` does not read `{name}`; did you mean `{near}`?"
                ));
            }
            self.add(policy, name.clone(), value.clone());
        }
        misspelt.iter().take(MISSPELT_SHOWN).for_each(|note| output.note(note));
        if let Some(more) = misspelt.len().checked_sub(MISSPELT_SHOWN).filter(|more| *more > 0) {
            output.note(&format!("{place}: {} like that", counted(more as u64, "more name")));
        }
        Ok(())
    }
}

/// Names that are probably misspelt and told one by one.
const MISSPELT_SHOWN: usize = 5;

/// Whether the value of a variable must not be shown: that of a key, of what the policy
/// injects, and of everything that is named like a secret.
fn is_secret(policy: &Policy, name: &str) -> bool {
    let is_injected =
        || policy.document().secrets.iter().any(|entry| entry.inject.iter().any(|injected| injected == name));
    matches!(policy.variable(name), Some(Variable::Key(_))) || is_secret_name(name) || is_injected()
}
