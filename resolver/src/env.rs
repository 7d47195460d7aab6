//! The environment, reduced to the variables that a policy reads.

use std::fmt;

use crate::names::NameSubset;
use crate::policy::{Policy, ValueClass, Values, Variable, View};

/// The normalised environment of a policy: the result of the pipeline's first step.
///
/// A variable that is unset, empty or equal to its default has one representation, because no
/// harness can distinguish these cases; the policy may list variables for which an empty value
/// counts as set. A key variable is reduced to set, [empty](Self::empty_keys) or unset: the values of secrets are
/// discarded.
/// Variables that the policy does not name are dropped.
///
/// An `Env` has a fixed size and borrows its texts. It contains a reference to its policy, so it
/// cannot be used with another policy.
///
/// ```
/// use slug_resolver::{Env, Policy};
///
/// let policy = Policy::embedded("full-saas").expect("ships with the crate");
/// let env = Env::read(&policy, [("E2E_MODEL_SLUG", "sonnet"), ("HOME", "/root")]);
/// assert_eq!(env.set_variables().count(), 1);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Env<'a> {
    policy: &'a Policy,
    values: Values<'a>,
    /// The variables whose value differs from their default: one bit for each position in the policy.
    set: u128,
    /// The key variables that are present and empty: one bit for each position in the policy.
    empty_keys: u128,
    /// The conditions of the policy that hold: one bit for each guard.
    holding: u128,
}

impl<'a> Env<'a> {
    /// Creates an environment in which no variable is set.
    #[must_use]
    pub fn empty(policy: &'a Policy) -> Self {
        let values = Values::defaults(policy.variables());
        Self { policy, values, set: 0, empty_keys: 0, holding: policy.holding_if_empty() }
    }

    /// Reads variables. If a name occurs twice, the later value counts.
    pub fn read<'v: 'a, K: AsRef<str>>(policy: &'a Policy, variables: impl IntoIterator<Item = (K, &'v str)>) -> Self {
        let mut env = Self::empty(policy);
        for (name, value) in variables {
            if let Some(variable) = policy.variable(name.as_ref()) {
                env.set(variable, value);
            }
        }
        env
    }

    /// The policy of this environment.
    #[must_use]
    pub fn policy(&self) -> &'a Policy {
        self.policy
    }

    /// Returns a copy with one variable set; an empty value unsets the variable, unless the policy
    /// counts it as set.
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
        self.set(variable, value);
        self
    }

    /// Returns a copy with one variable unset.
    #[must_use]
    #[inline]
    pub fn without(mut self, variable: Variable) -> Self {
        self.unset(variable);
        self
    }

    #[inline]
    fn set(&mut self, variable: Variable, value: &'a str) {
        let variables = self.policy.variables();
        if value.is_empty() && !variables.is_set_if_empty(variable) {
            self.unset(variable);
            return;
        }
        let bit = 1 << variable.position();
        match variables.text_index(variable) {
            None => {
                self.values.keys |= variables.key_bit(variable);
                if value.is_empty() {
                    self.empty_keys |= bit;
                } else {
                    self.empty_keys &= !bit;
                }
            }
            Some(text) if variables.default_of(text) == Some(value) => {
                self.unset(variable);
                return;
            }
            Some(text) => {
                self.values.texts[usize::from(text)] = Some(value);
                self.values.classes[usize::from(text)] = variables.class_of(text, value);
            }
        }
        self.set |= bit;
        self.holding = self.policy.guards().holding_with(self.holding, variable, &self.view());
    }

    #[inline]
    fn unset(&mut self, variable: Variable) {
        let variables = self.policy.variables();
        let bit = 1 << variable.position();
        self.set &= !bit;
        self.empty_keys &= !bit;
        match variables.text_index(variable) {
            None => self.values.keys &= !variables.key_bit(variable),
            Some(text) => {
                self.values.texts[usize::from(text)] = variables.default_of(text);
                self.values.classes[usize::from(text)] = variables.default_class(text);
            }
        }
        self.holding = self.policy.guards().holding_without(self.holding, variable, || self.view());
    }

    /// Returns a copy without the variables that only rules for the runtime read. A caller that has
    /// asked for the [runtime](Self::runtime) uses it, so that [`resolve`](crate::resolve()) does not
    /// report these variables as shadowed.
    #[must_use]
    pub fn without_runtime(self) -> Self {
        let only = self.policy.runtime_only() & self.set;
        let named = self.policy.all_variables().filter(|variable| only >> variable.position() & 1 == 1);
        named.fold(self, Self::without)
    }

    /// Returns true if the environment sets a variable to a value other than its default.
    #[must_use]
    #[inline]
    pub fn is_set(&self, variable: Variable) -> bool {
        self.set >> variable.position() & 1 == 1
    }

    /// Returns true if the variable has a value or a default.
    #[must_use]
    #[inline]
    pub fn is_present(&self, variable: Variable) -> bool {
        self.is_set(variable) || self.text(variable).is_some()
    }

    /// Returns the value of a text variable, or its default. Always `None` for a key variable.
    #[must_use]
    #[inline]
    pub fn text(&self, variable: Variable) -> Option<&'a str> {
        self.text_at(self.policy.variables().text_index(variable)?)
    }

    /// The class of the value of a text variable, or of its default; `None` for a key variable.
    pub(crate) fn class(&self, variable: Variable) -> Option<ValueClass> {
        let text = self.policy.variables().text_index(variable)?;
        Some(self.values.classes[usize::from(text)])
    }

    /// The runtime that the environment names, if it names one: the pick of the first rule for the
    /// runtime that applies; without such rules, the only runtime with which the harness is used.
    /// A harness uses it if no runtime is given explicitly.
    #[must_use]
    pub fn runtime(&self) -> Option<&'a str> {
        let rules = self.policy.runtime_rules();
        match self.policy.document().runtimes.as_slice() {
            [only] if rules.is_empty() => Some(only),
            _ => {
                let view = self.view();
                let mut rules = rules.iter().filter(|rule| self.holding >> rule.guard & 1 == 1);
                rules.find_map(|rule| rule.pick(&view)).map(|picked| picked.text)
            }
        }
    }

    /// The variables that are set, in the order of the policy.
    pub fn set_variables(&self) -> impl Iterator<Item = Variable> + 'a {
        let env = *self;
        env.policy.all_variables().filter(move |&variable| env.is_set(variable))
    }

    /// The names of the key variables that are present and empty and that the policy counts as set. Such a variable
    /// holds no credential: see [`empty_keys`](crate::empty_keys).
    #[must_use]
    #[inline]
    pub fn empty_keys(&self) -> NameSubset<'a> {
        NameSubset::at(self.policy.variable_names(), self.empty_keys)
    }

    /// The variables that are set: one bit for each position in the policy.
    #[inline]
    pub(crate) fn set_positions(&self) -> u128 {
        self.set
    }

    /// The value of a text variable by its index, or its default.
    #[inline]
    fn text_at(&self, text: u8) -> Option<&'a str> {
        self.values.texts[usize::from(text)]
    }

    /// The values as rules see them.
    #[inline]
    pub(crate) fn view(&self) -> View<'_, 'a> {
        View::of(&self.values, self.policy.variables())
    }

    /// The conditions of the policy that hold: one bit for each guard.
    #[inline]
    pub(crate) fn holding(&self) -> u128 {
        self.holding
    }
}

impl fmt::Debug for Env<'_> {
    /// Writes the names only: even a variable for a slug can contain a secret by mistake.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Env")?;
        f.debug_set().entries(self.set_variables().map(|variable| self.policy.variable_name(variable))).finish()
    }
}
