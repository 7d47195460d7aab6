//! A question is answered without touching the heap. A binary of its own, because the
//! allocator that counts serves everything in it.

use allocation_counter::measure;
use slug_laws::enumeration::runtimes;
use slug_resolver::{Credentials, Env, Policy, Registry, Variable, decide, resolve};

/// A slug for each way to be derived: listed, listed by several, by pattern, by nothing, blank.
const SLUGS: [&str; 5] = ["MiniMax-M2", "claude-opus-4-7", "moonshot/kimi-k9-preview", "nobody-owns-this", " "];

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
        let ask = || {
            let mut coherent = 0;
            for runtime in &runtimes {
                for env in &envs {
                    coherent += u32::from(resolve(&registry, runtime, env, &[]).is_coherent());
                    coherent += u32::from(decide(&registry, runtime, env, &ambient).verdict.is_coherent());
                }
            }
            coherent
        };
        let derive = || {
            let handles = runtimes.iter().filter_map(|runtime| registry.handle(runtime));
            let credentials = Credentials { injected: &ambient, ambient: &[] };
            handles.flat_map(|handle| SLUGS.map(|slug| handle.derive(slug, &credentials))).flatten().count()
        };
        // The automaton builds its states when it first meets them.
        assert!(ask() > 0 && derive() > 0, "nothing was answered");

        let allocations = measure(|| {
            std::hint::black_box((ask(), derive()));
        });
        assert_eq!(allocations.count_total, 0, "policy {}: {allocations:?}", policy.name());
    }
}

#[test]
fn the_counter_counts() {
    assert_eq!(measure(|| drop(std::hint::black_box(vec![1]))).count_total, 1);
}
