//! Credentials of its own for a provider that would get another vendor's key.

use super::{Edit, Fix, completes_item, placeholder};
use crate::env::Env;
use crate::limits;
use crate::policy::{Policy, Variable};
use crate::registry::{Credentials, Provider, Registry};
use crate::resolve::decide;
use crate::verdict::{Verdict, is_cross_vendor};

/// Returns the fixes of the warning
/// [`cross-vendor-credential`](crate::Warning::CrossVendorCredential): edits of key variables with which the provider
/// serves the same slug with a credential of its own. Empty if the resolution lacks the warning.
///
/// Fixes that complete a partly present item of `auth_env` come first, then fixes with the fewest edits. A fix sets
/// key variables, and unsets at most one, whose rule would still come first. It has at most
/// [`limits::FIX_EDITS`] edits, and applying only a part of it is not enough.
#[must_use]
pub fn own_credential_fixes(registry: &Registry, runtime: &str, env: &Env<'_>, ambient: &[&str]) -> Vec<Fix> {
    let policy = env.policy();
    let before = decide(registry, runtime, env, ambient);
    let Verdict::Coherent(provider) = before.verdict else { return Vec::new() };
    let given = Credentials { injected: before.injection.names, ambient };
    if provider.is_platform() || !is_cross_vendor(registry, provider, &given.accepted_by(provider)) {
        return Vec::new();
    }
    let is_named = env.runtime() == Some(runtime);
    // Whether the edits complete an item; None if the provider does not serve the slug with its own credential.
    let cured = |env: &Env<'_>| {
        if is_named && env.runtime() != Some(runtime) {
            return None;
        }
        let after = decide(registry, runtime, env, ambient);
        let Verdict::Coherent(by) = after.verdict else { return None };
        let credentials = Credentials { injected: after.injection.names, ambient };
        let is_same = by.name == provider.name && after.selection.slug == before.selection.slug;
        let is_own = !is_cross_vendor(registry, by, &credentials.accepted_by(by));
        (is_same && is_own).then(|| completes_item(provider, &given, &credentials))
    };
    let (set, unset): (Vec<Variable>, Vec<Variable>) = policy.key_variables().partition(|key| env.is_set(*key));
    let unset: Vec<Variable> = unset.into_iter().filter(|key| injects_for(policy, *key, provider)).collect();
    let mut found: Vec<(bool, Vec<Variable>, Option<Variable>)> = Vec::new();
    let mut decisions = 0;
    for size in 0..=limits::FIX_EDITS {
        for keys in combinations(&unset, size) {
            let is_known = found.iter().any(|(_, known, _)| known.iter().all(|key| keys.contains(key)));
            if is_known || decisions >= limits::FIX_DECISIONS {
                continue;
            }
            let with = keys.iter().fold(*env, |env, key| env.with(*key, "set"));
            let removed = set.iter().map(|other| Some(*other)).filter(|_| size < limits::FIX_EDITS);
            let cure = [None].into_iter().chain(removed).find_map(|removed| {
                decisions += 1;
                let edited = removed.map_or(with, |other| with.without(other));
                Some((cured(&edited)?, removed))
            });
            found.extend(cure.map(|(completes, removed)| (completes, keys, removed)));
        }
    }
    found.sort_by_key(|(completes, keys, removed)| (!completes, keys.len() + usize::from(removed.is_some())));
    let name = |key: Variable| policy.variable_name(key).to_owned();
    let fix = |(_, keys, removed): (bool, Vec<Variable>, Option<Variable>)| Fix {
        edits: keys
            .into_iter()
            .map(|key| Edit::Set(name(key), placeholder(policy, &name(key), Some(provider))))
            .chain(removed.map(|key| Edit::Unset(name(key))))
            .collect(),
        slug: before.selection.slug.to_owned(),
        provider: provider.name.clone(),
        runtime: None,
        is_safe: false,
    };
    found.into_iter().map(fix).collect()
}

/// Returns true if a rule that tests the key injects a secret that the provider accepts.
fn injects_for(policy: &Policy, key: Variable, provider: &Provider) -> bool {
    let name = policy.variable_name(key);
    policy.document().secrets.iter().any(|rule| {
        rule.condition().variables.iter().any(|(tested, _)| tested == name)
            && rule.injected().iter().any(|injected| provider.auth_env.names().contains(injected))
    })
}

/// The combinations of a number of items, in order.
fn combinations(items: &[Variable], size: usize) -> Vec<Vec<Variable>> {
    if size == 0 {
        return vec![Vec::new()];
    }
    let from = |first: usize| {
        let rest = combinations(&items[first + 1..], size - 1);
        rest.into_iter().map(move |rest| [items[first]].into_iter().chain(rest).collect())
    };
    (0..items.len()).flat_map(from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{InjectMode, PickRule, PolicyDocument, SecretsRule, Source};
    use crate::registry::{Arm, AuthEnv, Pattern, RegistryDocument, Runtime};
    use crate::{Warning, resolve};

    const KEYS: [&str; 5] = ["OTHER", "TOKEN", "ID", "SECRET", "REGION"];

    fn registry(items: &[&[&str]]) -> Registry {
        let items = items.iter().map(|item| item.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        let pattern = |text: &str| Pattern::new(text).expect("the pattern compiles");
        let other = [["OTHER".to_owned()]];
        let providers = vec![
            Provider::new("mine", AuthEnv::of_items(items), pattern("^m$")),
            Provider::new("other", AuthEnv::of_items(other), pattern("^o$")),
        ];
        let arm = |name: &str| Arm { provider: name.into(), ..Arm::default() };
        let runtimes = [Runtime { name: "agent".into(), arms: vec![arm("mine"), arm("other")], ..Runtime::default() }];
        Registry::new(RegistryDocument { providers, runtimes: runtimes.into(), ..RegistryDocument::default() })
            .expect("the document is valid")
    }

    fn policy(inject: InjectMode) -> Policy {
        let mut document = PolicyDocument::new("p", "RUNTIME", "");
        document.model = [PickRule::always("fallback", [Source::Text("m".into())])].into();
        document.secrets = KEYS.map(|key| SecretsRule::keyed(key, [key.to_owned()])).into();
        document.inject = inject;
        Policy::new(document).expect("the document is valid")
    }

    /// All environments of five keys: a fix is offered if and only if a set of at most three edits of the form helps;
    /// it helps, no part of it does, and the first completes what is there, if any does.
    #[test]
    fn fixes_are_complete_sound_and_minimal() {
        let groups: [&[&[&str]]; 3] = [
            &[&["TOKEN"], &["ID", "SECRET"], &["OTHER"]],
            &[&["ID", "SECRET", "REGION"], &["OTHER"]],
            &[&["OTHER"], &["ID", "SECRET"], &["SECRET", "REGION"]],
        ];
        let (mut offered, mut none) = (0, 0);
        for (items, inject) in groups.iter().flat_map(|items| [(items, InjectMode::Every), (items, InjectMode::First)])
        {
            let (registry, policy) = (registry(items), policy(inject));
            let key = |number: usize| policy.variable(KEYS[number]).expect("the policy reads it");
            let env_of = |keys: usize| {
                let set = (0..KEYS.len()).filter(|number| keys >> number & 1 == 1);
                set.fold(Env::empty(&policy), |env, number| env.with(key(number), "set"))
            };
            let crosses = |keys: usize| {
                let resolution = resolve(&registry, "agent", &env_of(keys), &[]);
                resolution.code.is_none() && resolution.warnings.contains(Warning::CrossVendorCredential)
            };
            let is_cured = |keys: usize| {
                let resolution = resolve(&registry, "agent", &env_of(keys), &[]);
                resolution.code.is_none() && !resolution.warnings.contains(Warning::CrossVendorCredential)
            };
            for keys in 0..1 << KEYS.len() {
                let fixes = own_credential_fixes(&registry, "agent", &env_of(keys), &[]);
                if !crosses(keys) {
                    assert!(fixes.is_empty(), "{keys:b}: {fixes:?}");
                    continue;
                }
                let can_be_cured = (0..1_usize << KEYS.len()).any(|after| {
                    let (edits, removed) = (keys ^ after, keys & !after);
                    edits.count_ones() <= 3 && removed.count_ones() <= 1 && is_cured(after)
                });
                assert_eq!(!fixes.is_empty(), can_be_cured, "{items:?} {inject:?} {keys:b}: {fixes:?}");
                for fix in &fixes {
                    let bit = |edit: &Edit| 1 << KEYS.iter().position(|key| *key == edit.variable()).expect("a key");
                    let bits: Vec<usize> = fix.edits.iter().map(bit).collect();
                    for part in 0..1_usize << bits.len() {
                        let chosen = bits.iter().enumerate().filter(|(index, _)| part >> index & 1 == 1);
                        let after = chosen.fold(keys, |keys, (_, bit)| keys ^ bit);
                        assert_eq!(is_cured(after), part + 1 == 1 << bits.len(), "{items:?} {keys:b}: {fix:?}");
                    }
                }
                (offered, none) = (offered + fixes.len(), none + usize::from(fixes.is_empty()));
            }
        }
        assert!(offered > 20 && none > 0, "{offered} {none}");
    }
}
