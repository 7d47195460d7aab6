//! The names that policies and the registry have, with which misspelt ones are compared.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};

use slug_resolver::{Policy, Registry};
use slug_workflow::slice::Lookalikes;

use slug_value::slip::is_slip;

/// The names that misspelt ones are compared with.
#[derive(Default)]
pub struct KnownNames {
    /// The variables that policies read.
    pub read: BTreeSet<String>,
    /// The names of the credentials that policies inject or providers accept.
    pub credentials: BTreeSet<String>,
    /// The ids that runtimes list or have withdrawn.
    pub ids: HashSet<String>,
    /// The answers of [`Lookalikes::contains`].
    answers: RefCell<HashMap<String, bool>>,
}

impl KnownNames {
    /// The names in a registry and in policies.
    pub fn new(registry: &Registry, policies: &[&Policy]) -> Self {
        let accepted = registry.providers().iter().flat_map(|provider| provider.auth_env.names());
        let injected = policies.iter().flat_map(|policy| policy.injectable());
        let arms = registry.runtimes().iter().flat_map(|runtime| &runtime.arms);
        Self {
            read: policies.iter().flat_map(|policy| policy.variable_names()).cloned().collect(),
            credentials: accepted.chain(injected).cloned().collect(),
            ids: arms.flat_map(|arm| arm.models.iter().chain(&arm.withdrawn_models)).cloned().collect(),
            answers: RefCell::default(),
        }
    }

    /// True if a secret may have this name, whatever other names resemble it.
    pub fn has_secret(&self, name: &str) -> bool {
        self.read.iter().chain(&self.credentials).any(|known| known.eq_ignore_ascii_case(name))
    }
}

impl Lookalikes for KnownNames {
    fn contains(&self, name: &str) -> bool {
        if let Some(answer) = self.answers.borrow().get(name) {
            return *answer;
        }
        let is_known = self.read.contains(name) || self.credentials.contains(name);
        let answer = !is_known && self.read.iter().any(|known| is_slip(name, known));
        self.answers.borrow_mut().insert(name.to_owned(), answer);
        answer
    }
}
