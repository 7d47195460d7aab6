//! Warnings about secrets that are named after another vendor than the variable that they fill.

use slug_resolver::{Provider, Registry};

use crate::codes::NEAR_MISS;
use crate::findings::{Finding, Span};

use super::explain::PolicyCall;

/// The warnings about the key variables of a call.
pub fn near_misses(registry: &Registry, call: &PolicyCall<'_>) -> Vec<Finding> {
    policy_keys(call).filter_map(|name| near_miss(registry, call, name)).collect()
}

fn near_miss(registry: &Registry, call: &PolicyCall<'_>, variable: &str) -> Option<Finding> {
    let setting = call.site.env.variables.get(variable)?;
    setting.origin.text()?;
    let secret = call.secret(variable)?;
    let injected = injected_by(call, variable);
    if secret == variable || injected.contains(&secret) {
        return None;
    }
    let of_secret: Vec<&Provider> =
        registry.providers().iter().filter(|provider| is_named(provider, call, &secret)).collect();
    let of_variable = |provider: &&Provider| accepts_any(provider, &injected);
    let owner = registry.providers().iter().find(|provider| of_variable(provider))?;
    let vendor = of_secret.first().filter(|_| !of_secret.iter().any(of_variable))?;
    let span = Span { source: call.source, range: setting.origin.span() };
    let mut keys = policy_keys(call).filter(|key| accepts_any(vendor, &injected_by(call, key)));
    let help = match keys.next() {
        Some(key) => format!(
            "set {key}: ${{{{ secrets.{secret} }}}} in place of {variable}, or use a secret of `{}`",
            owner.name
        ),
        None => format!("use a secret of `{}` for {variable}", owner.name),
    };
    Some(
        Finding::new(&NEAR_MISS, span, format!("the secret `{secret}` is named after `{}`", vendor.name))
            .with_primary_text(format!("injects {}, a credential of `{}`", injected.join(" and "), owner.name))
            .with_note(format!(
                "in job `{}`, step {}, by policy `{}`",
                call.job,
                call.site.step.number,
                call.policy.name()
            ))
            .with_help(help)
            .with_subject("policy", call.policy.name())
            .with_subject("variable", variable),
    )
}

/// The names of the key variables of the policy.
fn policy_keys<'c>(call: &'c PolicyCall<'_>) -> impl Iterator<Item = &'c str> {
    call.policy.key_variables().map(|key| call.policy.variable_name(key))
}

/// The secrets of the rules that a key variable selects.
fn injected_by(call: &PolicyCall<'_>, variable: &str) -> Vec<String> {
    let rules = call.policy.document().secrets.iter();
    let of_key = rules.filter(|rule| rule.condition().variables.iter().any(|(name, _)| name == variable));
    of_key.flat_map(|rule| rule.injected().iter().cloned()).collect()
}

fn accepts_any(provider: &Provider, names: &[String]) -> bool {
    provider.auth_env.names().iter().any(|accepted| names.contains(accepted))
}

/// True if the name of a secret names a provider: it is a credential that the provider accepts, the
/// key variable of one, or has the name of the provider in it.
fn is_named(provider: &Provider, call: &PolicyCall<'_>, secret: &str) -> bool {
    let has_name = || {
        let name = provider.name.to_lowercase();
        name.len() > 2 && !provider.is_platform() && secret.to_lowercase().split('_').any(|word| word == name)
    };
    let is_key = || policy_keys(call).any(|key| key == secret) && accepts_any(provider, &injected_by(call, secret));
    provider.auth_env.names().iter().any(|accepted| accepted == secret) || is_key() || has_name()
}
