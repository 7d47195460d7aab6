//! Parallel work on all cores, with a progress bar.

use std::num::NonZero;
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::redact::without_credentials;

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

/// A progress bar that appears after one second.
pub struct Progress {
    bar: ProgressBar,
    started: Instant,
    shown: Once,
    quiet: bool,
}

impl Progress {
    /// The time after which the bar appears.
    const SHOW_DELAY: Duration = Duration::from_secs(1);

    pub fn new(label: &str, count: usize, quiet: bool) -> Self {
        let bar = ProgressBar::with_draw_target(Some(count as u64), ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template("{msg} [{bar:30}] {human_pos}/{human_len}, {eta} left");
        bar.set_style(style.expect("the template is well formed").progress_chars("=> "));
        bar.set_message(without_credentials(label).into_owned());
        Self { bar, started: Instant::now(), shown: Once::new(), quiet }
    }

    fn advance(&self, by: usize) {
        self.bar.inc(by as u64);
        if !self.quiet && self.started.elapsed() > Self::SHOW_DELAY {
            // indicatif draws nothing if standard error is not a terminal.
            self.shown.call_once(|| self.bar.set_draw_target(ProgressDrawTarget::stderr()));
        }
    }

    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
