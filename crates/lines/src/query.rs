//! What `resolve` does with a query in every form: the runtime that its environment names, and whether the answer is a
//! finding.

use slug_resolver::{Env, NameSubset, Policy, Resolution, Warning};

/// Why the name of an ambient credential is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidAmbient<'n> {
    /// The name is empty or white space.
    Empty,
    /// A value follows this name.
    HasValue(&'n str),
}

/// Checks the names of ambient credentials.
///
/// # Errors
///
/// A name is empty, or it is a `NAME=VALUE`.
pub fn check_ambient<'n>(names: &[&'n str]) -> Result<(), InvalidAmbient<'n>> {
    names.iter().try_for_each(|name| match name.split_once('=') {
        _ if name.trim().is_empty() => Err(InvalidAmbient::Empty),
        Some((name, _)) => Err(InvalidAmbient::HasValue(name)),
        None => Ok(()),
    })
}

/// Returns the runtime that a policy picks in an environment.
///
/// # Errors
///
/// The policy picks none there.
pub fn picked_runtime<'a>(policy: &Policy, env: &Env<'a>) -> Result<&'a str, String> {
    env.runtime().ok_or_else(|| {
        let name = policy.name();
        let variables = runtime_names(policy).map(|names| format!(" or set {names}")).unwrap_or_default();
        format!("no runtime is given, and policy `{name}` picks none here; give one{variables}")
    })
}

/// Returns the names of the variables that name the runtime, as a phrase; `None` if no rule of the
/// policy reads a variable for the runtime.
pub fn runtime_names(policy: &Policy) -> Option<String> {
    let names: Vec<String> =
        policy.runtime_variables().map(|variable| format!("`{}`", policy.variable_name(variable))).collect();
    (!names.is_empty()).then(|| names.join(" or "))
}

/// Returns the resolution for the runtime that an environment names: a variable without which it would
/// name another runtime is not shadowed.
pub fn for_named_runtime<'a>(resolution: Resolution<'a>, given: &Env<'a>) -> Resolution<'a> {
    let policy = given.policy();
    let selects = |name: &str| {
        let variable = policy.variable(name);
        variable.is_some_and(|variable| given.without(variable).runtime() != given.runtime())
    };
    let is_shadowed = |name: &str| resolution.shadowed.contains(name) && !selects(name);
    let shadowed = NameSubset::of(policy.variable_names(), is_shadowed);
    let holds = |warning: &Warning| *warning != Warning::ShadowedVariable || !shadowed.is_empty();
    Resolution { shadowed, warnings: resolution.warnings.iter().filter(holds).collect(), ..resolution }
}

/// Returns true if a resolution is a contradiction or has a warning that `denied` lists.
pub fn is_finding(resolution: &Resolution<'_>, denied: &[Warning]) -> bool {
    resolution.is_contradiction() || denied.iter().any(|warning| resolution.warnings.contains(*warning))
}
