//! Key variables that are present and empty. Where `empty_is_set` lists one, it counts as set but holds no key.

use slug_resolver::policy::{SecretsRule, Test};
use slug_resolver::{Code, Edit, Env, Fix, Kind, NameSubset, Outcome, Policy, Resolution, counting_secrets_rules};

/// The names of the key variables that count as set and are empty, of the variables of a query.
pub fn of_query<'v>(policy: &Policy, variables: &'v [(String, String)]) -> Vec<&'v str> {
    let counts = |name: &str| {
        let variable = policy.variable(name);
        variable.is_some_and(|variable| policy.is_key(variable) && policy.is_set_if_empty(variable))
    };
    let empty = variables.iter().filter(|(name, value)| value.is_empty() && counts(name));
    empty.map(|(name, _)| name.as_str()).collect()
}

/// The variables among `empty`, which are present and empty, whose secrets the provider needs. There are none if
/// other credentials are enough.
pub fn needed(
    policy: &Policy,
    env: &Env<'_>,
    resolution: &Resolution<'_>,
    empty: &[&str],
    ambient: &[&str],
) -> Vec<String> {
    let provider = resolution.provider.filter(|provider| !provider.is_platform() && !provider.is_keyless());
    let Some(provider) = provider.filter(|_| !empty.is_empty() && resolution.is_coherent()) else {
        return Vec::new();
    };
    let rules = &policy.document().secrets;
    let is_empty_key = |rule: &SecretsRule| {
        rule.condition().variables.iter().any(|(name, test)| *test == Test::Set && empty.contains(&name.as_str()))
    };
    let counting = counting_secrets_rules(resolution.runtime, env).into_iter().map(|index| &rules[index]);
    let (empty_keys, valued): (Vec<&SecretsRule>, Vec<&SecretsRule>) = counting.partition(|rule| is_empty_key(rule));
    let injected = || valued.iter().flat_map(|rule| rule.injected()).map(String::as_str).chain(ambient.iter().copied());
    let has_value = |name: &str| injected().any(|secret| secret == name);
    if provider.auth_env.items().any(|item| item.iter().all(has_value)) {
        return Vec::new();
    }
    let needed = |rule: &&SecretsRule| rule.injected().iter().any(|secret| provider.auth_env.names().contains(secret));
    let names = empty_keys.into_iter().filter(needed).flat_map(|rule| rule.condition().variables);
    names.map(|(name, _)| name).filter(|name| empty.contains(&name.as_str())).collect()
}

/// The resolution of an environment in which [`needed`] variables hold no key.
pub fn failing<'a>(resolution: Resolution<'a>) -> Resolution<'a> {
    Resolution {
        verdict: Kind::Contradiction,
        code: Some(Code::MissingCredential),
        outcome: Outcome::Failed,
        accepted_by: NameSubset::EMPTY,
        ..resolution
    }
}

/// The fixes for a variable that holds no key: to unset it, which leads to the resolution `after` on `runtime`, if that
/// changes, or to give it a value.
pub fn fixes(resolution: &Resolution<'_>, name: &str, after: &Resolution<'_>, runtime: Option<&str>) -> Vec<Fix> {
    let fix = |edit: Edit, to: &Resolution<'_>, runtime: Option<&str>| Fix {
        edits: vec![edit],
        slug: to.slug.to_owned(),
        provider: to.provider.map(|provider| provider.name.clone()).unwrap_or_default(),
        runtime: runtime.map(str::to_owned),
        is_safe: true,
    };
    let unset = fix(Edit::Unset(name.to_owned()), after, runtime);
    let value = format!("<{}>", resolution.accepted_by.join(" and "));
    let set = fix(Edit::Set(name.to_owned(), value), resolution, None);
    after.is_coherent().then_some(unset).into_iter().chain([set]).collect()
}
