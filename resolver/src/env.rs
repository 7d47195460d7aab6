//! The environment, reduced to the variables that a policy reads.

use std::fmt;

use crate::policy::{BillingPath, Policy, Variable};

/// The normalised environment of a policy: the result of the pipeline's first step.
///
/// A variable that is unset, empty or equal to its default has one representation, because no
/// harness can distinguish these cases. A key variable is reduced to set or unset: the values of
/// secrets are discarded. Variables that the policy does not name are dropped.
///
/// An `Env` is a few machine words and borrows its texts. It contains a reference to its policy,
/// so it cannot be used with another policy.
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
    /// The value of each text variable, or its default.
    texts: [Option<&'a str>; Variable::TEXT.len()],
    /// The variables whose value differs from their default: one bit for each position in the policy.
    set: u128,
    /// The path that the path variable selects.
    path: BillingPath,
}

impl<'a> Env<'a> {
    /// Creates an environment in which no variable is set.
    #[must_use]
    pub fn empty(policy: &'a Policy) -> Self {
        let texts = Variable::TEXT.map(|variable| policy.default_of(variable));
        Self { policy, texts, set: 0, path: policy.default_path() }
    }

    /// Reads variables. If a name occurs twice, the later value counts.
    pub fn read<'v: 'a, K: AsRef<str>>(policy: &'a Policy, variables: impl IntoIterator<Item = (K, &'v str)>) -> Self {
        variables.into_iter().fold(Self::empty(policy), |env, (name, value)| match policy.variable(name.as_ref()) {
            Some(variable) => env.with(variable, value),
            None => env,
        })
    }

    /// The policy of this environment.
    #[must_use]
    pub fn policy(&self) -> &'a Policy {
        self.policy
    }

    /// Returns a copy with one variable set; an empty value unsets the variable.
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

    /// Returns a copy with one variable unset.
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

    /// Returns true if the environment sets a variable to a value other than its default.
    #[must_use]
    #[inline]
    pub fn is_set(&self, variable: Variable) -> bool {
        self.set & self.bit(variable) != 0
    }

    /// Returns the value of a text variable, or its default. Always `None` for a key variable.
    #[must_use]
    #[inline]
    pub fn text(&self, variable: Variable) -> Option<&'a str> {
        self.texts[variable.text_index()?]
    }

    /// The path that the environment selects: the platform path only if the value matches exactly.
    #[must_use]
    #[inline]
    pub fn path(&self) -> BillingPath {
        self.path
    }

    /// The runtime that the environment names. A harness uses it if no runtime is given explicitly.
    #[must_use]
    pub fn runtime(&self) -> &'a str {
        self.text(Variable::Runtime).unwrap_or_default()
    }

    /// The variables that are set, in the order of the policy.
    pub fn set_variables(&self) -> impl Iterator<Item = Variable> + 'a {
        let env = *self;
        env.policy.all_variables().filter(move |&variable| env.is_set(variable))
    }

    /// The variables that are set: one bit for each position in the policy.
    #[inline]
    pub(crate) fn set_positions(&self) -> u128 {
        self.set
    }

    #[inline]
    fn bit(&self, variable: Variable) -> u128 {
        1 << self.policy.position(variable)
    }
}

impl fmt::Debug for Env<'_> {
    /// Writes the names only: even a variable for a slug can contain a secret by mistake.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Env")?;
        f.debug_set().entries(self.set_variables().map(|variable| self.policy.variable_name(variable))).finish()
    }
}
