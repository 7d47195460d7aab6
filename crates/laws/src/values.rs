//! Values of variables that stand for all others.

use slug_resolver::{Policy, Variable};

use crate::secret::SET;

/// A value for each text and each host that conditions compare a variable with.
pub fn named_values(policy: &Policy, variable: Variable) -> impl Iterator<Item = String> + use<> {
    let classes = policy.value_classes(variable);
    classes.texts.into_iter().chain(classes.hosts.into_iter().map(|host| format!("https://{host}")))
}

/// A value of each class of a variable that is set.
#[must_use]
pub fn set_values(policy: &Policy, variable: Variable) -> Vec<String> {
    std::iter::once(SET.to_owned()).chain(named_values(policy, variable)).collect()
}
