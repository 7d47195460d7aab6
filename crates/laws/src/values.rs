//! Values of variables that stand for all others.

use slug_resolver::{Policy, Variable};

use crate::secret::SECRET_PLACEHOLDER;

/// A value for each text and each host that conditions compare a variable with.
pub fn condition_values(policy: &Policy, variable: Variable) -> impl Iterator<Item = String> + use<> {
    let classes = policy.value_classes(variable);
    classes.texts.into_iter().chain(classes.hosts.into_iter().map(|host| format!("https://{host}")))
}

/// The values that represent every class of a variable that is set: a text that no condition names, and
/// the [`condition_values`].
#[must_use]
pub fn values_when_set(policy: &Policy, variable: Variable) -> Vec<String> {
    std::iter::once(SECRET_PLACEHOLDER.to_owned()).chain(condition_values(policy, variable)).collect()
}
