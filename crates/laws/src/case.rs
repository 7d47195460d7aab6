//! A test case: one input of the resolver, and its YAML form.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use slug_resolver::yaml::{self, Cursor, Fields, ReadError, UnknownFields};
use slug_resolver::{Env, Policy, PolicyDocument, Registry, Resolution, empty_keys};

use crate::dataset::Dataset;
use crate::expectation::Expectation;
use crate::reference::Variables;
use crate::secret::SECRET_PLACEHOLDER;

/// One input of the resolver: everything that its answer may depend on.
#[derive(Clone, PartialEq)]
pub struct TestCase {
    /// The registry and the policy.
    pub dataset: Arc<Dataset>,
    /// The requested runtime.
    pub runtime: String,
    /// Variables by name.
    pub variables: Variables,
    /// Credentials that the workspace has in addition to the injected ones.
    pub ambient: Vec<String>,
}

/// A case without its dataset.
#[derive(Serialize)]
struct Question<'a> {
    runtime: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    env: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    ambient: &'a [String],
}

impl TestCase {
    /// A case without variables and ambient credentials.
    #[must_use]
    pub fn new(dataset: &Arc<Dataset>, runtime: &str) -> Self {
        Self {
            dataset: Arc::clone(dataset),
            runtime: runtime.to_owned(),
            variables: Variables::new(),
            ambient: Vec::new(),
        }
    }

    /// The variables as the policy reads them.
    #[must_use]
    pub fn env(&self) -> Env<'_> {
        Env::read(&self.dataset.policy, self.variables.iter().map(|(name, value)| (name, value.as_str())))
    }

    /// The same case with one variable set.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut case = self.clone();
        case.variables.insert(name.to_owned(), value.to_owned());
        case
    }

    /// The same case with one variable unset.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        let mut case = self.clone();
        case.variables.remove(name);
        case
    }

    /// The value of a variable, if it is set and not the default.
    pub(crate) fn set_to(&self, name: &str) -> Option<&String> {
        let policy = self.dataset.policy.document();
        let counts = |value: &str| !value.is_empty() || policy.empty_is_set.iter().any(|known| known == name);
        self.variables.get(name).filter(|value| counts(value) && Some(*value) != policy.defaults.get(name))
    }

    /// Returns `ask` of the case with one variable set, or unset if `value` is `None`.
    /// The case is restored afterwards, which is cheaper than a copy for each variation.
    pub(crate) fn varied<T>(&mut self, name: &str, value: Option<&str>, ask: impl FnOnce(&Self) -> T) -> T {
        let set = |case: &mut Self, value: Option<String>| match value {
            Some(value) => case.variables.insert(name.to_owned(), value),
            None => case.variables.remove(name),
        };
        let before = set(self, value.map(str::to_owned));
        let answer = ask(self);
        set(self, before);
        answer
    }

    /// The ambient credentials, as the resolver takes them.
    #[must_use]
    pub fn ambient_names(&self) -> Vec<&str> {
        self.ambient.iter().map(String::as_str).collect()
    }

    /// A resolution of the case, or the failure if the provider needs the secret of a key variable that is present and
    /// empty.
    pub(crate) fn with_empty_keys<'a>(&'a self, resolution: Resolution<'a>) -> Resolution<'a> {
        match self.dataset.policy.document().empty_is_set.is_empty() {
            true => resolution,
            false => empty_keys::checked(resolution, &self.env(), &self.ambient_names()),
        }
    }

    /// A hash of the question, to choose a sample deterministically where not everything can be tried.
    pub(crate) fn number(&self) -> u64 {
        let variables = self.variables.iter().flat_map(|(name, value)| [name, value]);
        let texts = [&self.runtime].into_iter().chain(variables).chain(&self.ambient);
        let bytes = texts.flat_map(|text| text.bytes().chain([0]));
        // FNV-1a, the hash of Fowler, Noll and Vo.
        bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    }

    /// The same case, safe to show: the value of every secret is replaced by [`SECRET_PLACEHOLDER`],
    /// and variables that the policy does not read are removed.
    #[must_use]
    pub fn masked(&self) -> Self {
        let mut case = self.clone();
        case.variables =
            self.shown_variables().into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        case
    }

    fn shown_variables(&self) -> BTreeMap<&str, &str> {
        let policy = &self.dataset.policy;
        let shown = |(name, value)| {
            let is_secret = policy.is_key(policy.variable(name)?) && !str::is_empty(value);
            Some((name, if is_secret { SECRET_PLACEHOLDER } else { value }))
        };
        self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).filter_map(shown).collect()
    }

    fn question(&self) -> Question<'_> {
        Question { runtime: &self.runtime, env: self.shown_variables(), ambient: &self.ambient }
    }

    /// The case without its dataset, as YAML; [masked](Self::masked).
    #[must_use]
    pub fn to_yaml(&self) -> String {
        slug_yaml::write(&self.question())
    }

    /// The whole case as a witness file, with notes.
    pub(crate) fn to_witness_yaml(&self, notes: Notes<'_>) -> String {
        let Dataset { registry, policy, .. } = &*self.dataset;
        let shipped = Policy::embedded(policy.name()).is_some_and(|embedded| embedded == *policy);
        slug_yaml::write(&WitnessForm {
            schema_version: 1,
            law: notes.law,
            found: notes.found,
            seed: notes.seed,
            registry: if *registry == Registry::embedded() {
                Source::Embedded(EMBEDDED)
            } else {
                Source::Inline(registry)
            },
            policy: if shipped { Source::Embedded(policy.name()) } else { Source::Inline(policy.document()) },
            question: self.question(),
            expect: notes.expect,
        })
    }

    /// Reads the output of [`TestCase::to_yaml`].
    ///
    /// # Errors
    ///
    /// An error of [`yaml::read`], an unknown field, or a field of the wrong type.
    pub fn from_yaml(bytes: &[u8], dataset: Arc<Dataset>) -> Result<Self, ReadError> {
        let root = yaml::read(bytes)?;
        let root = Cursor::root(&root);
        Self::decode(&root.fields(&["runtime"], &["env", "ambient"], UnknownFields::Deny)?, dataset)
    }

    pub(crate) fn decode(fields: &Fields<'_>, dataset: Arc<Dataset>) -> Result<Self, ReadError> {
        let mut case = Self::new(&dataset, fields.required("runtime")?.string()?);
        if let Some(env) = fields.optional("env") {
            for entry in env.entries()? {
                case.variables.insert(entry.name.to_owned(), entry.value.string()?.to_owned());
            }
        }
        if let Some(ambient) = fields.optional("ambient") {
            case.ambient = ambient.strings()?;
        }
        Ok(case)
    }
}

impl fmt::Debug for TestCase {
    /// Writes the whole case as a witness file, so that the output of a failing law can be saved.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{}", self.to_witness_yaml(Notes::default()))
    }
}

/// The fields of a witness file that are not part of the case.
#[derive(Clone, Copy, Default)]
pub(crate) struct Notes<'a> {
    pub(crate) law: Option<&'a str>,
    pub(crate) found: Option<&'a str>,
    pub(crate) seed: Option<&'a str>,
    pub(crate) expect: Option<&'a Expectation>,
}

/// A registry or policy in a witness: the name of one that ships with the crate, or the whole document.
#[derive(Serialize)]
#[serde(untagged)]
enum Source<'a, T> {
    Embedded(&'a str),
    Inline(&'a T),
}

/// The name of the registry that ships with the resolver.
pub(crate) const EMBEDDED: &str = "embedded";

#[derive(Serialize)]
struct WitnessForm<'a> {
    schema_version: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    law: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<&'a str>,
    registry: Source<'a, Registry>,
    policy: Source<'a, PolicyDocument>,
    #[serde(flatten)]
    question: Question<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expect: Option<&'a Expectation>,
}
