//! Key variables that are present and empty, where the policy counts them as set.
//!
//! The rules of the policy see such a variable as set, and so do [`resolve()`](crate::resolve()) and
//! [`fixes`](crate::fixes). But the secret that it injects is empty, so no provider accepts it. The functions
//! here resolve a query to that failure.

use crate::env::Env;
use crate::fix::{Edit, Fix};
use crate::names::NameSubset;
use crate::policy::{SecretsRule, Test};
use crate::registry::Registry;
use crate::resolve::{Kind, Resolution};
use crate::selection::counting_secrets_rules;
use crate::verdict::{Code, Outcome, Warning};

/// Resolves one query like [`resolve()`](crate::resolve()), except that a key variable that is present and empty
/// holds no credential.
///
/// ```
/// use slug_resolver::{Code, Env, Policy, Registry, empty_keys, resolve, yaml::UnknownFields};
///
/// let registry = "schema_version: 1
/// providers: [{name: acme, auth_env: [ACME_KEY]}]
/// runtimes: {agent: {providers: [{name: acme, models: [m-1]}]}}";
/// let registry = Registry::from_yaml(registry.as_bytes(), UnknownFields::Deny).unwrap();
/// let policy = "schema_version: 2
/// name: p
/// empty_is_set: [ACME_KEY]
/// model: [{use: m-1}]
/// secrets: [{key: ACME_KEY}]";
/// let policy = Policy::from_yaml(policy.as_bytes()).unwrap();
/// let env = Env::read(&policy, [("ACME_KEY", "")]);
/// assert!(resolve(&registry, "agent", &env, &[]).is_coherent());
/// assert_eq!(empty_keys::resolve(&registry, "agent", &env, &[]).code, Some(Code::MissingCredential));
/// ```
#[must_use]
#[inline]
pub fn resolve<'a>(registry: &'a Registry, runtime: &'a str, env: &Env<'a>, ambient: &[&str]) -> Resolution<'a> {
    checked(crate::resolve(registry, runtime, env, ambient), env, ambient)
}

/// Returns the resolution of an environment, or the failure if the provider needs the secret of a key variable that is
/// present and empty.
#[must_use]
#[inline]
pub fn checked<'a>(resolution: Resolution<'a>, env: &Env<'a>, ambient: &[&str]) -> Resolution<'a> {
    match env.empty_keys().is_empty() {
        true => resolution,
        false => checked_with_empty_keys(resolution, env, ambient),
    }
}

fn checked_with_empty_keys<'a>(resolution: Resolution<'a>, env: &Env<'a>, ambient: &[&str]) -> Resolution<'a> {
    if needed(&resolution, env, ambient).is_empty() {
        return resolution;
    }
    Resolution {
        verdict: Kind::Contradiction,
        code: Some(Code::MissingCredential),
        outcome: Outcome::Failed,
        accepted_by: NameSubset::EMPTY,
        warnings: resolution.warnings.iter().filter(|warning| *warning != Warning::CrossVendorCredential).collect(),
        ..resolution
    }
}

/// Returns the names of the key variables that are present and empty and whose secrets the provider of a resolution
/// of this environment needs; empty if other credentials are enough, or if the secrets would not be enough either.
#[must_use]
pub fn needed<'a>(resolution: &Resolution<'_>, env: &Env<'a>, ambient: &[&str]) -> NameSubset<'a> {
    let empty = env.empty_keys();
    let provider = resolution.provider.filter(|provider| !provider.is_platform() && !provider.is_keyless());
    let Some(provider) = provider.filter(|_| !empty.is_empty()) else { return NameSubset::EMPTY };
    let is_met = |injected: NameSubset<'_>| {
        let has = |name: &str| injected.contains(name) || ambient.contains(&name);
        provider.auth_env.items().any(|item| item.iter().all(has))
    };
    if is_met(injected_with_value(resolution.runtime, env)) || !is_met(resolution.injected) {
        return NameSubset::EMPTY;
    }
    let is_needed = |rule: &SecretsRule| provider.auth_env.names().iter().any(|name| injects(rule, name));
    let rules: Vec<&SecretsRule> = counting(resolution.runtime, env).filter(|rule| is_needed(rule)).collect();
    NameSubset::of(env.policy().variable_names(), |name| {
        empty.contains(name) && rules.iter().any(|rule| tested_keys(rule).any(|tested| tested == name))
    })
}

/// Returns the names of the injected secrets that do not come from a key variable that is present and empty.
#[must_use]
pub fn injected_with_value<'a>(runtime: &str, env: &Env<'a>) -> NameSubset<'a> {
    let empty = env.empty_keys();
    let has_value = |rule: &&SecretsRule| !tested_keys(rule).any(|name| empty.contains(name));
    let rules: Vec<&SecretsRule> = counting(runtime, env).filter(has_value).collect();
    NameSubset::of(env.policy().injectable(), |name| rules.iter().any(|rule| injects(rule, name)))
}

/// The rules for secrets that count.
fn counting<'a>(runtime: &str, env: &Env<'a>) -> impl Iterator<Item = &'a SecretsRule> {
    let rules = &env.policy().document().secrets;
    counting_secrets_rules(runtime, env).into_iter().map(move |index| &rules[index])
}

fn injects(rule: &SecretsRule, secret: &str) -> bool {
    rule.injected().iter().any(|name| name == secret)
}

/// The variables that must be set for a rule to apply.
fn tested_keys(rule: &SecretsRule) -> impl Iterator<Item = &str> {
    let set = rule.when.variables.iter().filter(|(_, test)| *test == Test::Set).map(|(name, _)| name);
    rule.key.iter().chain(set).map(String::as_str)
}

/// Returns the fixes of a contradiction like [`fixes`](crate::fixes()), without fixes that rely on a key variable
/// that is present and empty. If the contradiction is such a key, the fixes are to unset the variable, if that is
/// enough, and to give it a value.
#[must_use]
pub fn fixes(registry: &Registry, runtime: &str, env: &Env<'_>, ambient: &[&str]) -> Vec<Fix> {
    let resolution = crate::resolve(registry, runtime, env, ambient);
    let needed = needed(&resolution, env, ambient);
    let Some(name) = needed.iter().next() else {
        let mut fixes = crate::fixes(registry, runtime, env, ambient);
        fixes.retain(|fix| {
            let edited = edited(env, &fix.edits);
            let runtime = fix.runtime.as_deref().unwrap_or(runtime);
            resolve(registry, runtime, &edited, ambient).is_coherent()
        });
        return fixes;
    };
    let value = format!("<{}>", resolution.accepted_by.join(" and "));
    let edits = [Edit::Unset(name.to_owned()), Edit::Set(name.to_owned(), value)];
    let fix = |edit: Edit| {
        let edits = vec![edit];
        let after = edited(env, &edits);
        // Where the environment names the runtime, it may name another one.
        let other = after.runtime().filter(|_| env.runtime() == Some(runtime));
        let resolution = resolve(registry, other.unwrap_or(runtime), &after, ambient);
        let provider = resolution.provider.filter(|_| resolution.is_coherent())?;
        let (slug, provider) = (resolution.slug.to_owned(), provider.name.clone());
        let runtime = other.filter(|other| *other != runtime).map(str::to_owned);
        Some(Fix { edits, slug, provider, runtime, is_safe: true })
    };
    edits.into_iter().filter_map(fix).collect()
}

/// The environment after some edits.
fn edited<'e>(env: &Env<'e>, edits: &'e [Edit]) -> Env<'e> {
    edits.iter().fold(*env, |env, edit| match (env.policy().variable(edit.variable()), edit) {
        (Some(variable), Edit::Set(_, value)) => env.with(variable, value),
        (Some(variable), Edit::Unset(_)) => env.without(variable),
        (None, _) => env,
    })
}
