//! Queries do not allocate. This is a separate test binary because the counting allocator replaces
//! the allocator of the whole binary.

use allocation_counter::measure;
use slug_laws::enumeration::runtimes;
use slug_resolver::{Credentials, Env, Policy, Registry, Variable, decide, resolve};

/// One slug for each kind of derivation: listed once, listed by several arms, matched by a pattern,
/// unregistered, blank.
const SLUGS: [&str; 5] = ["MiniMax-M2", "claude-opus-4-7", "moonshot/kimi-k9-preview", "unregistered-model", " "];

#[test]
fn resolving_and_deriving_do_not_allocate() {
    let registry = Registry::embedded();
    for policy in Policy::all_embedded() {
        let runtimes = runtimes(&registry, &policy);
        let mut envs = vec![Env::empty(&policy)];
        let platform = Env::empty(&policy).with(Variable::Path, &policy.document().platform.value);
        for env in [Env::empty(&policy), platform] {
            envs.extend(policy.key_variables().map(|key| env.with(key, "set")));
            envs.extend(SLUGS.map(|slug| env.with(Variable::Override, slug)));
            envs.extend(SLUGS.map(|slug| env.with(Variable::PlatformModel, slug)));
        }
        let ambient = ["ANTHROPIC_API_KEY".to_owned()];
        let resolve_all = || {
            let mut coherent = 0;
            for runtime in &runtimes {
                for env in &envs {
                    coherent += u32::from(resolve(&registry, runtime, env, &[]).is_coherent());
                    coherent += u32::from(decide(&registry, runtime, env, &ambient).verdict.is_coherent());
                }
            }
            coherent
        };
        let derive_all = || {
            let handles = runtimes.iter().filter_map(|runtime| registry.handle(runtime));
            let credentials = Credentials { injected: &ambient, ambient: &[] };
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
