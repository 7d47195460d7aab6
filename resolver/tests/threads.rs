//! What one thread has read, every other may ask.

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
fn threads_ask_one_registry_at_once() {
    let registry = Registry::embedded();
    let credentials = Credentials { injected: &["MINIMAX_API_KEY".to_owned()], ambient: &[] };
    let runtime = registry.handle("claude-code").expect("is registered");
    // One id is listed, and one is searched for with what each search needs for itself.
    let ask = || ["MiniMax-M2", "MiniMax-M2-as-nobody-lists-it"].map(|model| runtime.derive(model, &credentials));
    let expected = ask();
    assert!(expected[0].is_ok());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..1_000).for_each(|_| assert_eq!(ask(), expected)));
        }
    });
}
