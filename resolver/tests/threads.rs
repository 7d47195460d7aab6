//! Threads share a registry, a policy and their results.

use std::thread;

use slug_resolver::{Credentials, Decision, Env, Fix, Policy, Registry, Resolution, RuntimeHandle};

const fn is_shared<T: Send + Sync>() {}

const _: () = {
    is_shared::<Registry>();
    is_shared::<Policy>();
    is_shared::<RuntimeHandle<'_>>();
    is_shared::<Env<'_>>();
    is_shared::<Decision<'_>>();
    is_shared::<Resolution<'_>>();
    is_shared::<Fix>();
};

#[test]
fn threads_sharing_registry_get_equal_results() {
    let registry = Registry::embedded();
    let credentials = Credentials { injected: &["MINIMAX_API_KEY".to_owned()], ambient: &[] };
    let runtime = registry.handle("claude-code").expect("the runtime is registered");
    // The first id is listed. The second is matched by a pattern, with scratch space for each thread.
    let derive = || ["MiniMax-M2", "MiniMax-M2-unlisted"].map(|model| runtime.derive(model, &credentials));
    let expected = derive();
    assert!(expected[0].is_ok());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..1_000).for_each(|_| assert_eq!(derive(), expected)));
        }
    });
}
