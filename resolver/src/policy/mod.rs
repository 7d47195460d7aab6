//! Policies: how one harness picks a slug and injects secrets from its variables.
//!
//! A [`Policy`] is a [`PolicyDocument`] that has been checked, plus a table of
//! its variables, so that an [`Env`](crate::env::Env) can be a few machine words.

mod document;

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use hashbrown::HashMap;

pub use document::{DispatchEntry, KeyedModel, PlatformPath, PolicyDocument, SecretsEntry};

use crate::limits;
use crate::yaml::{Place, ReadError};

/// One variable that a policy reads, by the part it plays there.
///
/// Only the four text variables have a value inside the resolver. Of a key
/// variable nothing is kept but whether it is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Variable {
    /// The slug itself, above every other rule.
    Override,
    /// Chooses the platform path.
    Path,
    /// The slug on the platform path.
    PlatformModel,
    /// The runtime, where no runtime is given explicitly.
    Runtime,
    /// A secret; only its presence counts.
    Key(Key),
}

/// One key variable of a policy. Only a policy makes them, so none is out of range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(u8);

impl Key {
    /// Its place among the keys of its policy, below [`limits::KEY_VARIABLES`].
    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl Variable {
    /// The variables that carry text.
    pub const TEXT: [Self; 4] = [Self::Override, Self::Path, Self::PlatformModel, Self::Runtime];
}

/// How one harness picks a slug and injects secrets.
#[derive(Clone, Debug)]
pub struct Policy {
    document: PolicyDocument,
    keys: Vec<String>,
    variables: HashMap<String, Variable>,
    /// The key of each `secrets` entry.
    secrets: Vec<Variable>,
    /// The keys of each `dispatch` entry.
    keyed: Vec<Vec<Variable>>,
    /// The `dispatch` entry of each runtime that has one.
    entries: HashMap<String, usize>,
}

impl Policy {
    /// The files of [`Policy::all_embedded`].
    pub const EMBEDDED_YAML: [&str; 2] =
        [include_str!("../../data/policies/full-saas.yaml"), include_str!("../../data/policies/reconciler.yaml")];

    /// Checks a document.
    ///
    /// # Errors
    ///
    /// An empty field, a name that no shell could set, a variable in two parts,
    /// a key or runtime listed twice where only the first could count, a
    /// default for a variable the policy does not read or for a secret.
    pub fn new(mut document: PolicyDocument) -> Result<Self, InvalidPolicy> {
        document.check()?;
        document.sort_injected();
        let mut policy = Self {
            keys: Vec::new(),
            variables: HashMap::new(),
            secrets: Vec::new(),
            keyed: Vec::new(),
            entries: HashMap::new(),
            document,
        };
        policy.index()?;
        Ok(policy)
    }

    /// Reads and checks a policy file.
    ///
    /// # Errors
    ///
    /// Everything that [`crate::yaml::read`] and [`Policy::new`] refuse, an
    /// unknown field, and a field of the wrong kind.
    pub fn from_yaml(bytes: &[u8]) -> Result<Self, ReadError> {
        let root = crate::yaml::read(bytes)?;
        Self::from_node(crate::yaml::At::root(&root)).map_err(|error| error.located(&root))
    }

    /// Decodes a policy that another reader has read, or that stands inside a larger document.
    ///
    /// # Errors
    ///
    /// Everything that [`Policy::new`] refuses, an unknown field, and a field of the
    /// wrong kind.
    pub fn from_node(at: crate::yaml::At<'_>) -> Result<Self, InvalidPolicy> {
        Self::new(PolicyDocument::decode(at)?).map_err(|error| error.under(&at))
    }

    /// The policy as a YAML file that [`Policy::from_yaml`] reads back as an equal one.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        crate::yaml::write(&self.document)
    }

    /// A policy that ships with this crate, by name: real data as of the founding incident.
    #[must_use]
    pub fn embedded(name: &str) -> Option<Self> {
        Self::all_embedded().into_iter().find(|policy| policy.name() == name)
    }

    /// Every policy that ships with this crate; the first is the default.
    #[must_use]
    pub fn all_embedded() -> Vec<Self> {
        Self::EMBEDDED_YAML
            .iter()
            .map(|yaml| Self::from_yaml(yaml.as_bytes()).expect("embedded policies are valid: a test reads them"))
            .collect()
    }

    /// What the policy calls itself.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.document.name
    }

    /// The policy as written, but for the order of the names that are injected together.
    #[must_use]
    pub fn document(&self) -> &PolicyDocument {
        &self.document
    }

    /// The part that the variable of this name plays, if the policy reads it.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<Variable> {
        self.variables.get(name).copied()
    }

    /// The name of a variable.
    ///
    /// # Panics
    ///
    /// When `variable` is a key of another policy that has more keys.
    #[must_use]
    pub fn variable_name(&self, variable: Variable) -> &str {
        match variable {
            Variable::Override => &self.document.override_var,
            Variable::Path => &self.document.platform.var,
            Variable::PlatformModel => &self.document.platform.model,
            Variable::Runtime => &self.document.runtime,
            Variable::Key(key) => &self.keys[key.index()],
        }
    }

    /// The default of a variable, where the policy states one.
    #[must_use]
    pub fn default_of(&self, variable: Variable) -> Option<&str> {
        self.document.defaults.get(self.variable_name(variable)).map(String::as_str)
    }

    /// The variables that decide a slug or inject a secret: all but the runtime's,
    /// in the order in which the policy consults them.
    pub fn deciding_variables(&self) -> impl Iterator<Item = Variable> + '_ {
        [Variable::Override, Variable::Path, Variable::PlatformModel].into_iter().chain(self.key_variables())
    }

    /// Every variable that the policy reads: the deciding ones, then the runtime's.
    pub fn all_variables(&self) -> impl Iterator<Item = Variable> + '_ {
        self.deciding_variables().chain([Variable::Runtime])
    }

    /// The names of [`Policy::deciding_variables`].
    pub fn deciding_names(&self) -> impl Iterator<Item = &str> {
        self.deciding_variables().map(|variable| self.variable_name(variable))
    }

    /// The key variables, in the order of the policy.
    pub fn key_variables(&self) -> impl Iterator<Item = Variable> + '_ {
        (0..self.keys.len()).map(key)
    }

    /// The name under which a runtime is looked up in the registry.
    #[must_use]
    pub fn template_of<'a>(&'a self, runtime: &'a str) -> &'a str {
        self.document.templates.get(runtime).map_or(runtime, String::as_str)
    }

    /// The `secrets` entries, each with its key, in the order in which they decide.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = (Variable, &SecretsEntry)> {
        self.secrets.iter().copied().zip(&self.document.secrets)
    }

    /// The dispatch entry of a runtime: its models, and the variables that key them.
    pub(crate) fn dispatch(&self, runtime: &str) -> Option<(&DispatchEntry, &[Variable])> {
        let entry = *self.entries.get(runtime)?;
        Some((&self.document.dispatch[entry], &self.keyed[entry]))
    }

    /// Fills the tables from the document.
    fn index(&mut self) -> Result<(), InvalidPolicy> {
        for variable in Variable::TEXT {
            let name = self.variable_name(variable).to_owned();
            let place = document::place_of(variable);
            if self.variables.contains_key(&name) {
                return Err(InvalidPolicy::at(
                    place,
                    format!("`{name}` already plays another part in this policy; name another variable"),
                ));
            }
            self.variables.insert(name, variable);
        }
        let document = self.document.clone();
        for (index, entry) in document.secrets.iter().enumerate() {
            let place = Place::default().key("secrets").index(index).key("key");
            let key = self.key(&entry.key, &place)?;
            if self.secrets.contains(&key) {
                return Err(InvalidPolicy::at(
                    place,
                    format!("`{}` has an entry already, which would always win; merge the two", entry.key),
                ));
            }
            self.secrets.push(key);
        }
        for (index, entry) in document.dispatch.iter().enumerate() {
            let place = Place::default().key("dispatch").index(index);
            for (position, runtime) in entry.runtimes.iter().enumerate() {
                if self.entries.insert(runtime.clone(), index).is_some() {
                    let place = place.clone().key("runtimes").index(position);
                    return Err(InvalidPolicy::at(
                        place,
                        format!("runtime `{runtime}` is dispatched already; keep one entry for it"),
                    ));
                }
            }
            let mut keyed = Vec::new();
            for (position, model) in entry.keyed.iter().enumerate() {
                let place = place.clone().key("keyed").index(position).key("key");
                let key = self.key(&model.key, &place)?;
                if keyed.contains(&key) {
                    return Err(InvalidPolicy::at(
                        place,
                        format!("`{}` keys a model already, which would always win; keep one", model.key),
                    ));
                }
                keyed.push(key);
            }
            self.keyed.push(keyed);
        }
        for name in document.defaults.keys() {
            let place = Place::default().key("defaults").key(name);
            match self.variable(name) {
                None => {
                    return Err(InvalidPolicy::at(
                        place,
                        format!("the policy does not read `{name}`; correct the name or drop the default"),
                    ));
                }
                Some(Variable::Key(_)) => {
                    return Err(InvalidPolicy::at(
                        place,
                        format!("`{name}` is a secret; a policy file must not carry a value for it"),
                    ));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// The key variable of this name, entered into the tables if it is new.
    fn key(&mut self, name: &str, place: &Place) -> Result<Variable, InvalidPolicy> {
        match self.variable(name) {
            Some(variable @ Variable::Key(_)) => Ok(variable),
            Some(_) => Err(InvalidPolicy::at(
                place.clone(),
                format!(
                    "`{name}` already plays another part in this policy, so its value would be shown; a secret needs a variable of its own"
                ),
            )),
            None if self.keys.len() == limits::KEY_VARIABLES => Err(InvalidPolicy::at(
                place.clone(),
                format!("a policy has at most {} key variables", limits::KEY_VARIABLES),
            )),
            None => {
                let variable = key(self.keys.len());
                self.keys.push(name.to_owned());
                self.variables.insert(name.to_owned(), variable);
                Ok(variable)
            }
        }
    }
}

impl PartialEq for Policy {
    /// Policies are equal when they say the same; the tables follow from that.
    fn eq(&self, other: &Self) -> bool {
        self.document == other.document
    }
}

impl Eq for Policy {}

fn key(index: usize) -> Variable {
    Variable::Key(Key(u8::try_from(index).expect("the key limit is far below 256")))
}

/// Why a policy was refused.
pub type InvalidPolicy = crate::yaml::Invalid;
