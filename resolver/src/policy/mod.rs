//! Policies: how one harness picks a slug and injects secrets from its variables.
//!
//! A [`Policy`] is a validated [`PolicyDocument`] with a table of its variables. The table
//! lets an [`Env`](crate::env::Env) fit into a few machine words.

mod document;
mod variable;

use std::fmt;

pub use document::{DispatchEntry, KeyedModel, PlatformPath, PolicyDocument, SecretsEntry};
pub use variable::{BillingPath, Key, Variable};

use crate::limits;
use crate::table::{CachedIndex, Table};
use crate::yaml::{FieldPath, ReadError};

/// How one harness picks a slug and injects secrets.
#[derive(Clone)]
pub struct Policy {
    document: PolicyDocument,
    /// The names of the variables by position: in the order in which the policy consults them, the
    /// runtime variable last.
    names: Vec<String>,
    variables: Table<Variable>,
    /// The default of each text variable.
    defaults: [Option<String>; Variable::TEXT.len()],
    /// The path if the path variable is unset.
    default_path: BillingPath,
    /// The keys of each `dispatch` entry.
    keyed: Vec<Vec<Key>>,
    /// The runtimes that have a `dispatch` entry or a template.
    runtimes: CachedIndex<Dispatched>,
}

/// The indexed entries of one runtime.
#[derive(Clone, Default)]
struct Dispatched {
    /// The index of its `dispatch` entry.
    entry: Option<usize>,
    /// The runtime that is looked up in the registry instead, if another.
    template: Option<String>,
}

/// The number of variables whose positions precede the keys.
const BEFORE_KEYS: usize = 3;

impl Policy {
    /// The policy files of [`Policy::all_embedded`].
    pub const EMBEDDED_YAML: [&str; 2] =
        [include_str!("../../data/policies/full-saas.yaml"), include_str!("../../data/policies/reconciler.yaml")];

    /// Validates a document.
    ///
    /// # Errors
    ///
    /// If a field is empty, a variable name is invalid in a shell, a variable has two roles, a key
    /// or runtime is listed twice (only the first entry could apply), or a default is given for a
    /// secret or for a variable that the policy does not read.
    pub fn new(mut document: PolicyDocument) -> Result<Self, InvalidPolicy> {
        document.check()?;
        document.sort_injected();
        let mut policy = Self {
            names: Vec::new(),
            variables: Table::with_capacity(0),
            defaults: Default::default(),
            default_path: BillingPath::Byok,
            keyed: Vec::new(),
            runtimes: CachedIndex::new(),
            document,
        };
        policy.index()?;
        Ok(policy)
    }

    /// Reads and validates a policy file.
    ///
    /// # Errors
    ///
    /// The errors of [`crate::yaml::read`] and [`Policy::from_node`].
    pub fn from_yaml(bytes: &[u8]) -> Result<Self, ReadError> {
        let root = crate::yaml::read(bytes)?;
        Self::from_node(crate::yaml::Cursor::root(&root)).map_err(|error| error.located(&root))
    }

    /// Decodes a policy from a parsed document or a part of one.
    ///
    /// # Errors
    ///
    /// The errors of [`Policy::new`]; an unknown field; a field of the wrong type; a policy that
    /// exceeds [`limits::POLICY_NODES`] or [`limits::POLICY_BYTES`].
    pub fn from_node(at: crate::yaml::Cursor<'_>) -> Result<Self, InvalidPolicy> {
        if at.size() > limits::POLICY_NODES {
            let most = limits::POLICY_NODES;
            return Err(at.error(format!("the policy has more values than the limit of {most}; simplify it")).into());
        }
        let policy = Self::new(PolicyDocument::decode(at)?).map_err(|error| error.under(at.path()))?;
        at.check_written("policy", limits::POLICY_BYTES, || policy.to_yaml())?;
        Ok(policy)
    }

    /// Writes the policy as YAML. [`Policy::from_yaml`] reads it back as an equal policy.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        crate::yaml::write(&self.document)
    }

    /// Returns a policy that ships with this crate, by name. It is real data from the time of the
    /// incident for which this crate was written.
    #[must_use]
    pub fn embedded(name: &str) -> Option<Self> {
        Self::all_embedded().into_iter().find(|policy| policy.name() == name)
    }

    /// Every policy that ships with this crate; the first is the default.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "the data are valid")]
    pub fn all_embedded() -> Vec<Self> {
        Self::EMBEDDED_YAML
            .iter()
            .map(|yaml| Self::from_yaml(yaml.as_bytes()).expect("embedded policies are valid: a test reads them"))
            .collect()
    }

    /// The name of the policy.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.document.name
    }

    /// The document of the policy. The injected names of each entry are sorted and unique.
    #[must_use]
    pub fn document(&self) -> &PolicyDocument {
        &self.document
    }

    /// The variable with this name, if the policy reads it.
    #[must_use]
    #[inline]
    pub fn variable(&self, name: &str) -> Option<Variable> {
        self.variables.get(name).copied()
    }

    /// The name of a variable.
    ///
    /// # Panics
    ///
    /// If `variable` is a key of another policy that has more keys.
    #[must_use]
    #[inline]
    pub fn variable_name(&self, variable: Variable) -> &str {
        &self.names[self.position(variable)]
    }

    /// The names of [`Policy::all_variables`].
    #[must_use]
    pub fn variable_names(&self) -> &[String] {
        &self.names
    }

    /// The position of a variable in the order of the policy.
    #[inline]
    pub(crate) fn position(&self, variable: Variable) -> usize {
        match variable {
            Variable::Override => 0,
            Variable::Path => 1,
            Variable::PlatformModel => 2,
            Variable::Key(key) => {
                let position = BEFORE_KEYS + key.index();
                assert!(position < self.names.len() - 1, "a key of another policy");
                position
            }
            Variable::Runtime => self.names.len() - 1,
        }
    }

    /// The variable at a position. The position must not be that of the runtime variable.
    #[inline]
    pub(crate) fn deciding_at(position: usize) -> Variable {
        match position {
            0 => Variable::Override,
            1 => Variable::Path,
            2 => Variable::PlatformModel,
            _ => Variable::Key(Key::at(position - BEFORE_KEYS)),
        }
    }

    /// The default of a variable, if the policy has one.
    #[must_use]
    #[inline]
    pub fn default_of(&self, variable: Variable) -> Option<&str> {
        self.defaults[variable.text_index()?].as_deref()
    }

    /// The path that a value of the path variable selects: the platform path only if the value
    /// matches exactly.
    pub(crate) fn path_of(&self, value: &str) -> BillingPath {
        if value == self.document.platform.value { BillingPath::Platform } else { BillingPath::Byok }
    }

    /// The path if the path variable is unset.
    #[inline]
    pub(crate) fn default_path(&self) -> BillingPath {
        self.default_path
    }

    /// The variables that decide a slug or inject a secret: all except the runtime variable, in the
    /// order in which the policy consults them.
    pub fn deciding_variables(&self) -> impl Iterator<Item = Variable> + '_ {
        [Variable::Override, Variable::Path, Variable::PlatformModel].into_iter().chain(self.key_variables())
    }

    /// Every variable that the policy reads: the deciding variables, then the runtime variable.
    pub fn all_variables(&self) -> impl Iterator<Item = Variable> + '_ {
        self.deciding_variables().chain([Variable::Runtime])
    }

    /// The names of [`Policy::deciding_variables`].
    pub fn deciding_variable_names(&self) -> impl Iterator<Item = &str> {
        self.deciding_variables().map(|variable| self.variable_name(variable))
    }

    /// The key variables, in the order of the policy.
    pub fn key_variables(&self) -> impl Iterator<Item = Variable> + '_ {
        (0..self.names.len() - BEFORE_KEYS - 1).map(|index| Variable::Key(Key::at(index)))
    }

    /// The runtimes with a `dispatch` entry or a template, without duplicates.
    pub fn runtimes(&self) -> impl Iterator<Item = &str> {
        self.runtimes.texts()
    }

    /// The name of the runtime to look up in the registry.
    #[must_use]
    pub fn template_of<'a>(&'a self, runtime: &'a str) -> &'a str {
        self.dispatch(runtime).template
    }

    /// The `secrets` entry of a key, if there is one.
    pub(crate) fn secrets_of(&self, key: Key) -> Option<&SecretsEntry> {
        self.document.secrets.get(key.index())
    }

    /// The first key, in the order of the policy, among the variables at the given positions (one bit
    /// for each).
    #[inline]
    pub(crate) fn first_key(&self, positions: u128) -> Option<Key> {
        let index = (positions >> BEFORE_KEYS).trailing_zeros() as usize;
        (index < self.names.len() - BEFORE_KEYS - 1).then(|| Key::at(index))
    }

    /// The entries of a runtime.
    #[inline]
    pub(crate) fn dispatch<'p: 'r, 'r>(&'p self, runtime: &'r str) -> Dispatch<'p, 'r> {
        let Some(dispatched) = self.runtimes.get(runtime) else { return Dispatch { entry: None, template: runtime } };
        Dispatch {
            entry: dispatched.entry.map(|entry| (&self.document.dispatch[entry], self.keyed[entry].as_slice())),
            template: dispatched.template.as_deref().unwrap_or(runtime),
        }
    }

    /// Fills the tables from the document.
    fn index(&mut self) -> Result<(), InvalidPolicy> {
        let document = self.document.clone();
        for variable in Variable::TEXT {
            let name = document.name_of_text(variable);
            if self.variables.insert(name, variable).is_some() {
                return Err(InvalidPolicy::at(
                    document::place_of(variable),
                    format!("`{name}` already has another role in this policy; use another variable"),
                ));
            }
        }
        let mut keys = Vec::new();
        for (index, entry) in document.secrets.iter().enumerate() {
            let path = FieldPath::default().key("secrets").index(index).key("key");
            // The first keys are the keys of `secrets`, in the same order: see `secrets_of`.
            if self.key(&entry.key, &mut keys, &path)?.index() < index {
                return Err(InvalidPolicy::at(
                    path,
                    format!("`{}` already has an entry, which always wins; merge the two", entry.key),
                ));
            }
        }
        for (index, entry) in document.dispatch.iter().enumerate() {
            let path = FieldPath::default().key("dispatch").index(index);
            for (position, runtime) in entry.runtimes.iter().enumerate() {
                if self.runtimes.get_or_default(runtime).entry.replace(index).is_some() {
                    let path = path.clone().key("runtimes").index(position);
                    return Err(InvalidPolicy::at(
                        path,
                        format!("runtime `{runtime}` already has a dispatch entry; keep one of the two"),
                    ));
                }
            }
            let mut keyed = Vec::new();
            for (position, model) in entry.keyed.iter().enumerate() {
                let path = path.clone().key("keyed").index(position).key("key");
                let key = self.key(&model.key, &mut keys, &path)?;
                if keyed.contains(&key) {
                    return Err(InvalidPolicy::at(
                        path,
                        format!("`{}` already selects a model, which always wins; keep one of the two", model.key),
                    ));
                }
                keyed.push(key);
            }
            self.keyed.push(keyed);
        }
        for (runtime, template) in document.templates {
            self.runtimes.get_or_default(&runtime).template = Some(template);
        }
        for (name, default) in document.defaults {
            let path = FieldPath::default().key("defaults").key(&name);
            let Some(variable) = self.variable(&name) else {
                return Err(InvalidPolicy::at(
                    path,
                    format!("the policy does not read `{name}`; correct the name or drop the default"),
                ));
            };
            let Some(text) = variable.text_index() else {
                return Err(InvalidPolicy::at(
                    path,
                    format!("`{name}` is a secret; a policy file must not carry a value for it"),
                ));
            };
            self.defaults[text] = Some(default);
        }
        self.default_path = self.default_of(Variable::Path).map_or(BillingPath::Byok, |value| self.path_of(value));
        self.names = [document.override_var, document.platform.var, document.platform.model].into();
        self.names.extend(keys);
        self.names.push(document.runtime);
        Ok(())
    }

    /// Returns the key variable with this name, and adds it to the tables if it is new.
    fn key(&mut self, name: &str, keys: &mut Vec<String>, path: &FieldPath) -> Result<Key, InvalidPolicy> {
        match self.variable(name) {
            Some(Variable::Key(key)) => Ok(key),
            Some(_) => Err(InvalidPolicy::at(
                path.clone(),
                format!(
                    "`{name}` already has another role in this policy, so its value would be shown; \
                     use a separate variable for the secret"
                ),
            )),
            None if keys.len() == limits::KEY_VARIABLES => Err(InvalidPolicy::at(
                path.clone(),
                format!("a policy has at most {} key variables", limits::KEY_VARIABLES),
            )),
            None => {
                let key = Key::at(keys.len());
                keys.push(name.to_owned());
                self.variables.insert(name, Variable::Key(key));
                Ok(key)
            }
        }
    }
}

/// A `dispatch` entry and the keys of its keyed models.
pub(crate) type Entry<'a> = (&'a DispatchEntry, &'a [Key]);

/// The entries of a policy for one runtime.
#[derive(Clone, Copy)]
pub(crate) struct Dispatch<'p, 'r> {
    /// The `dispatch` entry of the runtime, if there is one.
    pub(crate) entry: Option<Entry<'p>>,
    /// The name of the runtime to look up in the registry.
    pub(crate) template: &'r str,
}

impl PartialEq for Policy {
    /// Compares the documents; the tables are derived from them.
    fn eq(&self, other: &Self) -> bool {
        self.document == other.document
    }
}

impl Eq for Policy {}

impl fmt::Debug for Policy {
    /// Formats the document; the tables are derived from it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.document.fmt(f)
    }
}

/// Why a policy was refused.
pub type InvalidPolicy = crate::yaml::ValidationError;
