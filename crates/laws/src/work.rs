//! The work of checks, counted so that a budget ends at the same case on every machine.
//!
//! A unit is about the work of one test of one rule: about ten nanoseconds in a release build.

use std::cell::Cell;

use slug_resolver::{Policy, Registry};

thread_local! {
    static SPENT: Cell<u64> = const { Cell::new(0) };
}

/// Adds to the work of this thread.
pub(crate) fn spend(units: u64) {
    SPENT.set(SPENT.get().saturating_add(units));
}

/// The result of a computation, and the work that this thread spent on it.
pub fn measure<T>(compute: impl FnOnce() -> T) -> (T, u64) {
    let before = SPENT.get();
    let result = compute();
    (result, SPENT.get() - before)
}

/// The units of each kind of work on a dataset.
#[derive(Clone, Copy)]
pub(crate) struct Units {
    /// The checks of one case, without its resolutions.
    pub(crate) case: u64,
    /// One resolution.
    pub(crate) resolution: u64,
    /// One environment that a search for fixes tries.
    pub(crate) edit: u64,
}

impl Units {
    pub(crate) fn new(registry: &Registry, policy: &Policy) -> Self {
        let document = policy.document();
        let rules =
            document.model.len() + document.runtime.len() + document.secrets.len() + document.creates.unless.len();
        let rules = rules as u64;
        let arms = registry.runtimes().iter().map(|runtime| runtime.arms.len()).max().unwrap_or_default() as u64;
        let names = policy.all_variables().count() as u64;
        Self { case: 2_000 + 20 * (rules + names) + 30 * arms, resolution: 200 + 4 * (rules + names), edit: 40 + rules }
    }
}

/// The units of finding the ids of a runtime that are similar to a slug, once for the laws and once for the resolver.
pub(crate) fn similar_ids(registry: &Registry, policy: &Policy, runtime: &str) -> u64 {
    let runtime = registry.runtime(policy.template_of(runtime));
    let ids = runtime.into_iter().flat_map(|runtime| &runtime.arms).flat_map(|arm| &arm.models);
    ids.map(|id| 2 + id.len() as u64 / 32).sum()
}
