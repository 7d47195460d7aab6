//! Parallel work on all cores.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::progress::Progress;

/// The number of items that a worker takes at a time.
const CHUNK: usize = 64;

/// Folds the numbers below `count` on all cores. Each thread folds some of the numbers into its own accumulator,
/// which starts as `T::default()`. The result must not depend on which thread folds a number, nor on the order of
/// the merges: neither is fixed.
pub fn in_parallel<T: Default + Send>(
    count: usize,
    progress: &Progress,
    merge: impl Fn(&mut T, T) + Sync,
    fold: impl Fn(&mut T, usize) + Sync,
) -> T {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut accumulator = T::default();
        loop {
            let start = next.fetch_add(CHUNK, Ordering::Relaxed);
            if start >= count {
                return accumulator;
            }
            let end = count.min(start + CHUNK);
            (start..end).for_each(|number| fold(&mut accumulator, number));
            progress.advance(end - start);
        }
    };
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(count.div_ceil(CHUNK));
    thread::scope(|scope| {
        let handles: Vec<_> = (1..workers).map(|_| scope.spawn(worker)).collect();
        let mut result = worker();
        for handle in handles {
            let accumulator = handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            merge(&mut result, accumulator);
        }
        result
    })
}

/// Folds the numbers below `count` on all cores, in their order until their work exceeds a budget. Returns the result,
/// the first number that was not folded, and the work. `fold` returns the fold of one number and its work, so that the
/// budget ends at the same number on every machine.
pub fn in_parallel_within<T: Default + Send>(
    count: usize,
    budget: u64,
    progress: &Progress,
    merge: impl Fn(&mut T, T) + Sync,
    fold: impl Fn(usize) -> (T, u64) + Sync,
) -> (T, usize, u64) {
    let shared = Mutex::new(Ordered { next: 0, merged: 0, spent: 0, waiting: BTreeMap::new(), result: T::default() });
    let lock = || shared.lock().unwrap_or_else(PoisonError::into_inner);
    let worker = || {
        let mut folded: Option<(usize, (T, u64))> = None;
        loop {
            let number = {
                let mut ordered = lock();
                if let Some((number, part)) = folded.take() {
                    ordered.waiting.insert(number, part);
                    ordered.merge(budget, &merge);
                }
                if ordered.next == count || ordered.spent > budget {
                    return;
                }
                ordered.next += 1;
                ordered.next - 1
            };
            folded = Some((number, fold(number)));
            progress.advance(1);
        }
    };
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(count.div_ceil(CHUNK));
    thread::scope(|scope| {
        (1..workers).for_each(|_| drop(scope.spawn(worker)));
        worker();
    });
    let Ordered { merged, spent, result, .. } = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
    (result, merged, spent)
}

/// Folds that are merged in the order of their numbers.
struct Ordered<T> {
    /// The next number to fold.
    next: usize,
    /// The next number to merge.
    merged: usize,
    /// The work of the merged numbers.
    spent: u64,
    /// The folds that wait for an earlier one.
    waiting: BTreeMap<usize, (T, u64)>,
    result: T,
}

impl<T> Ordered<T> {
    /// Merges what follows, until the work exceeds the budget.
    fn merge(&mut self, budget: u64, merge: impl Fn(&mut T, T)) {
        while self.spent <= budget
            && let Some((part, work)) = self.waiting.remove(&self.merged)
        {
            merge(&mut self.result, part);
            self.merged += 1;
            self.spent += work;
        }
    }
}
