//! Values of variables that stand for all others.

use slug_resolver::{Env, Policy, Variable};

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

/// Every environment in which each variable is unset or has one of its values; `None` if there are more than `most`.
#[must_use]
pub fn every_environment<'p>(
    policy: &'p Policy,
    values: &'p [(Variable, Vec<String>)],
    most: usize,
) -> Option<Vec<Env<'p>>> {
    let mut environments = vec![Env::empty(policy)];
    for (variable, values) in values {
        if environments.len() * (values.len() + 1) > most {
            return None;
        }
        let with = environments.iter().flat_map(|env| values.iter().map(|value| env.with(*variable, value)));
        environments = with.chain(environments.iter().copied()).collect();
    }
    Some(environments)
}
