//! Threads can share a registry, a policy and results.

use std::thread;

use slug_resolver::{Credentials, Decision, Env, Fix, NameSubset, Policy, Registry, Resolution, RuntimeHandle};

const fn assert_shareable<T: Send + Sync>() {}

const _: () = {
    assert_shareable::<Registry>();
    assert_shareable::<Policy>();
    assert_shareable::<RuntimeHandle<'_>>();
    assert_shareable::<Env<'_>>();
    assert_shareable::<Decision<'_>>();
    assert_shareable::<Resolution<'_>>();
    assert_shareable::<Fix>();
};

#[test]
fn threads_sharing_registry_get_equal_results() {
    let registry = Registry::embedded();
    let names = ["MINIMAX_API_KEY".to_owned()];
    let credentials = Credentials { injected: NameSubset::of(&names, |_| true), ambient: &[] };
    let runtime = registry.handle("claude-code").expect("the runtime is registered");
    // A list contains the first id. A pattern matches the second, in scratch space that each thread has for itself.
    let derive = || ["MiniMax-M2", "MiniMax-M2-unlisted"].map(|model| runtime.derive(model, &credentials));
    let expected = derive();
    assert!(expected[0].is_ok());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..1_000).for_each(|_| assert_eq!(derive(), expected)));
        }
    });
}
