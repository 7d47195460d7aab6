//! The slugs that searches for fixes share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use slug_resolver::{SlugKey, SlugStore, Slugs};

/// Keeps the slugs to try for all fixes of one dataset, for all threads.
#[derive(Default)]
pub struct SharedSlugs(Mutex<HashMap<SlugKey, Arc<Slugs>>>);

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
