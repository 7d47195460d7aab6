//! Tests two unmodified revisions of the real registry: each is read as the command reads a registry by default,
//! and its derivations agree with the reference.

use std::collections::BTreeSet;

use slug_laws::reference;
use slug_resolver::yaml::UnknownFields;
use slug_resolver::{Code, Credentials, Env, NameSubset, Policy, Registry, resolve};

const REVISIONS: [(&str, &str); 2] = [
    ("2026-06-04", include_str!("../registries/real-2026-06-04.yaml")),
    ("2026-06-29", include_str!("../registries/real-2026-06-29.yaml")),
];

fn read(text: &str) -> Registry {
    Registry::from_yaml(text.as_bytes(), UnknownFields::DenyMisspelt).expect("the registry is readable")
}

#[test]
fn real_registries_agree_with_the_reference() {
    for (date, text) in REVISIONS {
        let registry = read(text);
        let keys: BTreeSet<&String> =
            registry.providers().iter().flat_map(|provider| provider.auth_env.names()).collect();
        let mut models: BTreeSet<String> = ["", "nobody", "claude-x", "gpt-x"].map(str::to_owned).into();
        for arm in registry.runtimes().iter().flat_map(|runtime| &runtime.arms) {
            models.extend(arm.models.iter().chain(&arm.withdrawn_models).cloned());
        }
        for runtime in registry.runtimes() {
            for model in &models {
                for injected in keys.iter().map(|key| vec![(*key).clone()]).chain([Vec::new()]) {
                    let credentials = Credentials { injected: NameSubset::of(&injected, |_| true), ambient: &[] };
                    let actual = registry.derive(&runtime.name, model, &credentials);
                    let present: Vec<&str> = injected.iter().map(String::as_str).collect();
                    let expected = reference::derive(&registry, &runtime.name, model, &present);
                    assert_eq!(actual, expected, "{date}: {model:?} on {} with {injected:?}", runtime.name);
                }
            }
        }
    }
}

/// The embedded registry is the revision of 2026-06-04, the one of the founding incident, without the field
/// `vendor_logo` and with `platform_error`. Neither affects a derivation.
#[test]
fn revision_of_2026_06_04_derives_like_embedded_registry() {
    let (embedded, real) = (Registry::embedded(), read(REVISIONS[0].1));
    let mut compared = 0;
    for runtime in embedded.runtimes() {
        let ids = runtime.arms.iter().flat_map(|arm| &arm.models).map(String::as_str);
        for model in ids.chain(["claude-x", "gpt-x", "kimi-x", "nobody/x", "MiniMax-M9"]) {
            for provider in embedded.providers() {
                let credentials =
                    Credentials { injected: NameSubset::of(provider.auth_env.names(), |_| true), ambient: &[] };
                let derived_name = |registry: &Registry| {
                    registry.derive(&runtime.name, model, &credentials).map(|provider| provider.name.clone())
                };
                assert_eq!(derived_name(&real), derived_name(&embedded), "{model} on {}", runtime.name);
                compared += 1;
            }
        }
    }
    assert!(compared > 2_000, "only {compared} derivations were compared");
}

#[test]
fn every_key_makes_each_arm_consistent() {
    let revisions = REVISIONS.map(|(_, text)| read(text));
    let mut consistent = 0;
    for registry in [&revisions[0], &revisions[1], &Registry::embedded()] {
        let keys: BTreeSet<&String> =
            registry.providers().iter().flat_map(|provider| provider.auth_env.names()).collect();
        let rules: Vec<String> = keys.iter().map(|key| format!("{{key: {key}}}")).collect();
        let policy = format!(
            "schema_version: 2\nname: every-key\nmodel: [{{use: $MODEL}}]\ninject: every\nsecrets: [{}]\n",
            rules.join(", ")
        );
        let policy = Policy::from_yaml(policy.as_bytes()).expect("the policy is valid");
        for runtime in registry.runtimes() {
            for model in runtime.arms.iter().filter_map(|arm| arm.models.first()) {
                let set = keys.iter().map(|key| (key.as_str(), "set")).chain([("MODEL", model.as_str())]);
                let env = Env::read(&policy, set);
                let resolution = resolve(registry, &runtime.name, &env, &[]);
                let provider = resolution.provider.expect("an arm lists the model");
                let expected = provider.is_platform().then_some(Code::PlatformModelWithTenantKey);
                assert_eq!(resolution.code, expected, "{model} on {}", runtime.name);
                consistent += usize::from(expected.is_none());
            }
        }
    }
    assert!(consistent > 20, "only {consistent} models have a provider with a key");
}
