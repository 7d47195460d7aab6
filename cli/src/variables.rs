//! The variables of a query, from the command line and from the process.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;

use slug_lines::query::{InvalidAmbient, check_ambient as check_names};
use slug_resolver::policy::Test;
use slug_resolver::{Env, Fix, Policy, Registry, Resolution, Warning, own_credential_fixes};

use crate::exit::Failure;
use crate::render::counted;
use crate::suggest::closest_variable;

/// Parses `VAR=VALUE` arguments.
///
/// # Errors
///
/// A malformed or repeated argument. The message names the variable and never its value.
pub fn parse_variables(arguments: &[OsString]) -> Result<Vec<(String, String)>, Failure> {
    let mut variables: Vec<(String, String)> = Vec::new();
    for (position, argument) in arguments.iter().enumerate() {
        let shown = argument.to_string_lossy();
        let Some((name, _)) = shown.split_once('=').filter(|(name, _)| !name.is_empty()) else {
            return Err(Failure::new(format!(
                "argument {} is not of the form VAR=VALUE; write VAR=VALUE, or VAR= for an empty value",
                position + 1
            )));
        };
        let Some((_, value)) = argument.to_str().and_then(|text| text.split_once('=')) else {
            return Err(Failure::new(format!(
                "the value of `{name}` is not UTF-8; only whether a secret is set matters, so write `{name}=set`"
            )));
        };
        if variables.iter().any(|(earlier, _)| earlier == name) {
            return Err(Failure::new(format!("`{name}` is given twice; give it once")));
        }
        variables.push((name.to_owned(), value.to_owned()));
    }
    Ok(variables)
}

/// What to do about a variable that a policy does not read: to set the key that injects a secret of this name, or to
/// use the name that was probably meant.
struct Hint<'p> {
    /// The variables that are probably meant.
    meant: Vec<&'p str>,
    advice: String,
}

impl<'p> Hint<'p> {
    fn new(policy: &'p Policy, name: &str) -> Option<Self> {
        let keys = injecting_keys(policy, name);
        if keys.is_empty() {
            let near = closest_variable(policy, name)?;
            return Some(Self { meant: vec![near], advice: format!("did you mean `{near}`?") });
        }
        let shown: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
        let shown = shown.join(" or ");
        let advice = format!("it injects a secret of that name if {shown} is set, so set {shown}");
        Some(Self { meant: keys, advice })
    }

    /// True unless a variable that is probably meant is given.
    fn applies(&self, is_given: impl Fn(&str) -> bool) -> bool {
        !self.meant.iter().any(|name| is_given(name))
    }
}

/// Returns what to do about a variable that a policy does not read, unless a variable that is probably meant is given.
pub fn unread_hint(policy: &Policy, name: &str, is_given: impl Fn(&str) -> bool) -> Option<String> {
    Hint::new(policy, name).filter(|hint| hint.applies(is_given)).map(|hint| hint.advice)
}

/// The variables that make a policy inject a secret.
fn injecting_keys<'p>(policy: &'p Policy, secret: &str) -> Vec<&'p str> {
    let rules = policy.document().secrets.iter();
    let injecting = rules.filter(|rule| rule.injected().iter().any(|name| name == secret));
    let tested = injecting.flat_map(|rule| {
        let is_set = |(name, test): &'p (String, Test)| (*test == Test::Set).then_some(name.as_str());
        rule.key.as_deref().into_iter().chain(rule.when.variables.iter().filter_map(is_set))
    });
    let mut keys: Vec<&str> = Vec::new();
    for key in tested {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// Returns a note for each variable that the policy does not read: its name is probably
/// misspelt, or that of a secret that the policy injects.
pub fn unread_notes(policy: &Policy, variables: &[(String, String)]) -> Vec<String> {
    let unread = variables.iter().filter(|(name, _)| policy.variable(name).is_none());
    let is_given = |name: &str| variables.iter().any(|(given, _)| given == name);
    let note = |(name, _): &(String, String)| {
        let hint = unread_hint(policy, name, is_given).map(|hint| format!("; {hint}")).unwrap_or_default();
        format!("policy `{}` does not read `{name}`{hint}", policy.name())
    };
    unread.map(note).collect()
}

/// Returns the variables of this process that the policy reads. The value of a secret is
/// replaced by `set`.
pub fn process_variables(policy: &Policy) -> Result<Vec<(String, String)>, Failure> {
    let mut variables = Vec::new();
    for variable in policy.all_variables() {
        let name = policy.variable_name(variable);
        let Some(value) = std::env::var_os(name) else { continue };
        if value.is_empty() && !policy.is_set_if_empty(variable) {
            continue;
        }
        let value = match (policy.is_key(variable), value.into_string()) {
            (true, Ok(value)) if value.is_empty() => value,
            (true, _) => "set".to_owned(),
            (false, Ok(value)) => value,
            (false, Err(_)) => {
                return Err(Failure::new(format!("the value of `{name}` is not UTF-8; correct it where it is set")));
            }
        };
        variables.push((name.to_owned(), value));
    }
    Ok(variables)
}

/// Returns a note on a key variable whose value is a word that seems to unset it: every value counts as set.
pub fn word_note(policy: &Policy, name: &str, value: &str) -> Option<String> {
    let value = value.trim();
    let is_word = ["unset", "false"].iter().any(|word| value.eq_ignore_ascii_case(word));
    let is_key = || policy.variable(name).is_some_and(|variable| policy.is_key(variable));
    (is_word && is_key())
        .then(|| format!("`{name}` counts as set, as with any value; leave out `{name}={value}` to unset it"))
}

/// Notes on the variables of many environments: each note once. The memory is bounded.
pub struct Notes<'p> {
    policy: &'p Policy,
    /// The variables of the policy whose values seem to unset them.
    words: HashSet<&'p str>,
    /// The names that the policy does not read, each with a hint that may apply to a later environment; `None`
    /// without a hint, and after its note.
    unread: HashMap<String, Option<Hint<'p>>>,
    /// True if names were left out, because there are too many.
    is_cut: bool,
    notes: Vec<String>,
    /// The number of notes that are left out.
    left_out: u64,
}

impl<'p> Notes<'p> {
    /// Maximum names that the policy does not read. More are not compared with the names that it reads.
    const NAMES: usize = 1_000;

    /// Maximum bytes of such a name. A longer one is not compared.
    const NAME_BYTES: usize = 256;

    /// Maximum notes that are listed.
    const SHOWN: usize = 5;

    pub fn new(policy: &'p Policy) -> Self {
        let (words, unread) = (HashSet::new(), HashMap::new());
        Self { policy, words, unread, is_cut: false, notes: Vec::new(), left_out: 0 }
    }

    /// Adds notes on the variables of one environment that are probably misspelt or seem to be unset. A variable
    /// without a value is unset.
    pub fn add(&mut self, variables: &[(&str, Option<&str>)]) {
        let is_given = |name: &str| variables.iter().any(|(given, value)| *given == name && value.is_some());
        for (name, value) in variables {
            let Some(value) = value else { continue };
            match self.policy.variable(name) {
                Some(variable) => {
                    if let Some(note) = word_note(self.policy, name, value)
                        && self.words.insert(self.policy.variable_name(variable))
                    {
                        self.note(note);
                    }
                }
                None if name.len() <= Self::NAME_BYTES => self.add_unread(name, is_given),
                None => {}
            }
        }
    }

    /// Adds a note on a name that the policy does not read, if a hint applies.
    fn add_unread(&mut self, name: &str, is_given: impl Fn(&str) -> bool) {
        if !self.unread.contains_key(name) {
            if self.unread.len() == Self::NAMES {
                self.is_cut = true;
                return;
            }
            self.unread.insert(name.to_owned(), Hint::new(self.policy, name));
        }
        let hint = self.unread.get_mut(name).and_then(|hint| hint.take_if(|hint| hint.applies(is_given)));
        if let Some(hint) = hint {
            self.note(format!("policy `{}` does not read `{name}`; {}", self.policy.name(), hint.advice));
        }
    }

    fn note(&mut self, note: String) {
        match self.notes.len() < Self::SHOWN {
            true => self.notes.push(note),
            false => self.left_out += 1,
        }
    }

    /// The notes, and how many are left out.
    pub fn into_notes(mut self) -> Vec<String> {
        let more = counted(self.left_out, "more note");
        let policy = self.policy.name();
        self.notes.extend(match (self.left_out, self.is_cut) {
            (0, false) => None,
            (_, false) => Some(format!("{more} about variables")),
            (0, true) => Some(format!(
                "only the first {} names that policy `{policy}` does not read are checked for misspellings",
                Self::NAMES
            )),
            (_, true) => Some(format!("at least {more} about variables")),
        });
        self.notes
    }
}

/// Returns notes on the key variables that are present and empty where the policy counts them as set: only their
/// presence decides.
pub fn empty_key_notes(env: &Env<'_>) -> Vec<String> {
    let note = |name: &str| format!("`{name}` is present and empty; it counts as set, but holds no key");
    env.empty_keys().iter().map(note).collect()
}

/// Returns the fixes of a contradiction, or of a warning that slugproof.yaml denies. `fixes` are the fixes of the
/// contradiction.
pub fn with_fixes_of_warnings(
    registry: &Registry,
    resolution: &Resolution<'_>,
    env: &Env<'_>,
    ambient: &[&str],
    denied: &[Warning],
    fixes: Vec<Fix>,
) -> Vec<Fix> {
    let is_denied = denied.contains(&Warning::CrossVendorCredential);
    if resolution.is_contradiction() || !is_denied {
        return fixes;
    }
    own_credential_fixes(registry, resolution.runtime, env, ambient)
}

/// Returns the names given with `--ambient`. An empty name is refused, and so is a `NAME=VALUE`, without repeating
/// the value.
pub fn check_ambient(names: &[String]) -> Result<Vec<&str>, Failure> {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    match check_names(&names) {
        Ok(()) => Ok(names),
        Err(InvalidAmbient::Empty) => {
            Err(Failure::new("--ambient has an empty name; name a credential, or leave the option out"))
        }
        Err(InvalidAmbient::HasValue(name)) => {
            Err(Failure::new(format!("--ambient takes the name of a credential; write `--ambient {name}`")))
        }
    }
}

/// Refuses a runtime that looks like a misplaced `NAME=VALUE`, without repeating the value.
pub fn refuse_variable(runtime: &str, why: &str) -> Result<(), Failure> {
    match runtime.split_once('=') {
        Some((name, _)) => Err(Failure::new(format!("the runtime looks like the variable `{name}`; {why}"))),
        None => Ok(()),
    }
}
