//! The environment, as far as a policy reads it.

use std::fmt;

use crate::policy::{BillingPath, Policy, Variable};

/// What is set, seen through a policy: the first station of the pipeline.
///
/// A variable that is unset, one that is empty and one that holds exactly its
/// default are one and the same, because no harness can tell them apart. Of a
/// key variable only its presence is kept: secret values stop at this door.
/// Variables the policy does not name are dropped here.
///
/// An `Env` is a few machine words that borrow their texts, and carries its
/// policy, so one cannot be used with another.
///
/// ```
/// use slug_resolver::{Env, Policy};
///
/// let policy = Policy::embedded("full-saas").expect("ships with the crate");
/// let override_var = policy.document().override_var.as_str();
/// let env = Env::read(&policy, [(override_var, "sonnet"), ("HOME", "/root")]);
/// assert_eq!(env.set_variables().count(), 1);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Env<'a> {
    policy: &'a Policy,
    /// What each text variable comes to: its value, else its default.
    texts: [Option<&'a str>; Variable::TEXT.len()],
    /// What is set to something other than its default: one bit for each place of the policy.
    set: u128,
    /// What the path variable comes to.
    path: BillingPath,
}

impl<'a> Env<'a> {
    /// Nothing is set.
    #[must_use]
    pub fn empty(policy: &'a Policy) -> Self {
        let texts = Variable::TEXT.map(|variable| policy.default_of(variable));
        Self { policy, texts, set: 0, path: policy.default_path() }
    }

    /// What the policy sees of these variables; the later of two of one name counts.
    pub fn read<'v: 'a, K: AsRef<str>>(policy: &'a Policy, variables: impl IntoIterator<Item = (K, &'v str)>) -> Self {
        variables.into_iter().fold(Self::empty(policy), |env, (name, value)| match policy.variable(name.as_ref()) {
            Some(variable) => env.with(variable, value),
            None => env,
        })
    }

    /// The policy through which the environment is seen.
    #[must_use]
    pub fn policy(&self) -> &'a Policy {
        self.policy
    }

    /// The same, with one variable set; an empty value unsets it.
    ///
    /// ```
    /// use slug_resolver::{Env, Policy, Registry, resolve};
    ///
    /// let (registry, policy) = (Registry::embedded(), Policy::embedded("full-saas").unwrap());
    /// let key = policy.variable("E2E_MINIMAX_API_KEY").expect("the policy reads it");
    /// let env = Env::empty(&policy);
    /// assert!(!resolve(&registry, "claude-code", &env, &[]).is_coherent());
    /// assert!(resolve(&registry, "claude-code", &env.with(key, "set"), &[]).is_coherent());
    /// ```
    #[must_use]
    #[inline]
    pub fn with(mut self, variable: Variable, value: &'a str) -> Self {
        if value.is_empty() || self.policy.default_of(variable) == Some(value) {
            return self.without(variable);
        }
        self.set |= self.bit(variable);
        if let Some(index) = variable.text_index() {
            self.texts[index] = Some(value);
        }
        if variable == Variable::Path {
            self.path = self.policy.path_of(value);
        }
        self
    }

    /// The same, with one variable unset.
    #[must_use]
    #[inline]
    pub fn without(mut self, variable: Variable) -> Self {
        self.set &= !self.bit(variable);
        if let Some(index) = variable.text_index() {
            self.texts[index] = self.policy.default_of(variable);
        }
        if variable == Variable::Path {
            self.path = self.policy.default_path();
        }
        self
    }

    /// Whether the environment sets a variable to something other than its default.
    #[must_use]
    #[inline]
    pub fn is_set(&self, variable: Variable) -> bool {
        self.set & self.bit(variable) != 0
    }

    /// The text of a variable: its value, else its default. `None` for a key
    /// variable, set or not.
    #[must_use]
    #[inline]
    pub fn text(&self, variable: Variable) -> Option<&'a str> {
        self.texts[variable.text_index()?]
    }

    /// The path that the environment chooses: the platform's only on the exact value.
    #[must_use]
    #[inline]
    pub fn path(&self) -> BillingPath {
        self.path
    }

    /// The runtime that the environment names: what a harness uses where none is given.
    #[must_use]
    pub fn runtime(&self) -> &'a str {
        self.text(Variable::Runtime).unwrap_or_default()
    }

    /// The variables that are set, in the order of the policy.
    pub fn set_variables(&self) -> impl Iterator<Item = Variable> + 'a {
        let env = *self;
        env.policy.all_variables().filter(move |&variable| env.is_set(variable))
    }

    /// The variables that are set, one bit for each place of the policy.
    #[inline]
    pub(crate) fn set_places(&self) -> u128 {
        self.set
    }

    #[inline]
    fn bit(&self, variable: Variable) -> u128 {
        1 << self.policy.place(variable)
    }
}

impl fmt::Debug for Env<'_> {
    /// NameSubset only: even a variable that should hold a slug may hold a secret by mistake.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Env")?;
        f.debug_set().entries(self.set_variables().map(|variable| self.policy.variable_name(variable))).finish()
    }
}
