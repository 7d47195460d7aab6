//! Queries do not allocate. This is a separate test binary because the counting allocator replaces
//! the allocator of the whole binary.

use allocation_counter::measure;
use slug_laws::enumeration::runtimes;
use slug_resolver::{Credentials, Env, NameSubset, Policy, Registry, decide, resolve};

/// One slug for each kind of derivation: listed once, listed by several arms, matched by a pattern,
/// unregistered, blank.
const SLUGS: [&str; 5] = ["MiniMax-M2", "claude-opus-4-7", "moonshot/kimi-k9-preview", "unregistered-model", " "];

/// A policy with every kind of test, both of its lists of rules in use, and more than a few texts.
const GENERAL: &str = "schema_version: 2
name: general
runtime: [{when: {E2E_LLM_PATH: platform}, use: codex}, {use: $E2E_RUNTIME}]
empty_is_set: [E2E_GROUP]
creates: {unless: [{E2E_SKIP: '1'}, {runtime: nobody}]}
model:
  - {when: {E2E_BASE_URL: {host: api.minimax.io}}, use: MiniMax-M2}
  - {when: {E2E_LLM_PATH: [a, b, c, d, e, f, g, h, i, j], E2E_GROUP: {not: other}}, use: none}
  - {name: override, use: $E2E_MODEL_SLUG}
  - {name: platform, when: {E2E_LLM_PATH: platform}, use: [$E2E_DEFAULT_PLATFORM_MODEL, moonshot/kimi-k2.6]}
  - {when: {runtime: {not: codex}, E2E_MINIMAX_API_KEY: set, E2E_OPENAI_API_KEY: unset}, use: MiniMax-M2}
inject: every
secrets:
  - {key: E2E_OPENAI_API_KEY, inject: [OPENAI_API_KEY]}
  - {when: {E2E_LLM_PATH: platform}, path: platform}
  - {key: E2E_MINIMAX_API_KEY, inject: [MINIMAX_API_KEY]}
";

#[test]
fn resolving_and_deriving_do_not_allocate() {
    let registry = Registry::embedded();
    let general = Policy::from_yaml(GENERAL.as_bytes()).expect("the document is valid");
    for policy in Policy::all_embedded().into_iter().chain([general]) {
        let variable = |name: &str| policy.variable(name).expect("the policy reads it");
        let runtimes = runtimes(&registry, &policy);
        let mut envs = vec![Env::empty(&policy)];
        let platform = Env::empty(&policy).with(variable("E2E_LLM_PATH"), "platform");
        for env in [Env::empty(&policy), platform] {
            envs.extend(policy.key_variables().map(|key| env.with(key, "set")));
            envs.extend(SLUGS.map(|slug| env.with(variable("E2E_MODEL_SLUG"), slug)));
            envs.extend(SLUGS.map(|slug| env.with(variable("E2E_DEFAULT_PLATFORM_MODEL"), slug)));
        }
        if let Some(url) = policy.variable("E2E_BASE_URL") {
            envs.extend(["https://user@API.minimax.io:443/v1", "https://x"].map(|value| envs[0].with(url, value)));
            envs.extend(["j", "k"].map(|value| envs[0].with(variable("E2E_LLM_PATH"), value)));
            envs.push(envs[0].with(variable("E2E_SKIP"), "1"));
        }
        let ambient = ["ANTHROPIC_API_KEY"];
        let injected = ambient.map(str::to_owned);
        let resolve_all = || {
            let mut coherent = 0;
            for runtime in &runtimes {
                for env in &envs {
                    coherent += u32::from(resolve(&registry, runtime, env, &[]).is_coherent());
                    coherent += u32::from(decide(&registry, runtime, env, &ambient).verdict.is_coherent());
                    coherent += u32::from(env.runtime().is_some_and(str::is_empty));
                }
            }
            coherent
        };
        let derive_all = || {
            let handles = runtimes.iter().filter_map(|runtime| registry.handle(runtime));
            let credentials = Credentials { injected: NameSubset::of(&injected, |_| true), ambient: &[] };
            handles.flat_map(|handle| SLUGS.map(|slug| handle.derive(slug, &credentials))).flatten().count()
        };
        // The first run builds the states of the lazy automaton.
        assert!(resolve_all() > 0 && derive_all() > 0, "no query succeeded");

        let allocations = measure(|| {
            std::hint::black_box((resolve_all(), derive_all()));
        });
        assert_eq!(allocations.count_total, 0, "policy {}: {allocations:?}", policy.name());
    }
}

#[test]
fn allocation_counter_counts_allocations() {
    assert_eq!(measure(|| drop(std::hint::black_box(vec![1]))).count_total, 1);
}
