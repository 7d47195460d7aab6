//! The slugs that searches for fixes share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use slug_resolver::{SlugKey, SlugStore, Slugs};

use crate::work;

/// Keeps the slugs to try for all fixes of one dataset, for all threads.
#[derive(Default)]
pub struct SharedSlugs(Mutex<HashMap<SlugKey, Arc<Slugs>>>);

/// A [`SharedSlugs`] that counts the work of searches.
pub(crate) struct Counted<'s> {
    pub(crate) shared: &'s SharedSlugs,
    /// The units of work of each environment that a search tries.
    pub(crate) units: u64,
}

impl SlugStore for Counted<'_> {
    fn get(&self, key: SlugKey, find: &dyn Fn(&SlugKey) -> Slugs) -> Arc<Slugs> {
        self.shared.get(key, find)
    }

    fn note_tried(&self, environments: usize) {
        work::spend(self.units * environments as u64);
    }
}

impl SlugStore for SharedSlugs {
    fn get(&self, key: SlugKey, find: &dyn Fn(&SlugKey) -> Slugs) -> Arc<Slugs> {
        // A thread that panics while it holds the lock leaves a valid map.
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = lock().get(&key).cloned();
        known.unwrap_or_else(|| {
            let slugs = Arc::new(find(&key));
            lock().insert(key, Arc::clone(&slugs));
            slugs
        })
    }
}
