//! Progress bars on standard error.

use std::sync::Once;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use slug_function::bash::Watcher;
use slug_redact::without_credentials;

/// A progress bar that appears after one second.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    started: Instant,
    shown: Once,
    quiet: bool,
}

impl Progress {
    /// The time after which the bar appears.
    const SHOW_DELAY: Duration = Duration::from_secs(1);

    /// A bar for a number of steps that [`Progress::expect`] can increase.
    pub fn new(label: &str, count: usize, quiet: bool) -> Self {
        let bar = ProgressBar::with_draw_target(Some(count as u64), ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template("{msg} [{bar:12}] {human_pos}/{human_len}, {eta} left");
        bar.set_style(style.expect("the template is well formed").progress_chars("=> "));
        bar.set_message(without_credentials(label).into_owned());
        Self { bar, started: Instant::now(), shown: Once::new(), quiet }
    }

    /// Adds steps to the remaining ones.
    pub fn expect(&self, more: usize) {
        self.bar.inc_length(more as u64);
    }

    /// Counts finished steps.
    pub fn advance(&self, by: usize) {
        self.bar.inc(by as u64);
        if !self.quiet && self.started.elapsed() > Self::SHOW_DELAY {
            // indicatif draws nothing if standard error is not a terminal.
            self.shown.call_once(|| self.bar.set_draw_target(ProgressDrawTarget::stderr()));
        }
    }

    /// Removes the bar.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Watcher for Progress {
    fn expect(&self, questions: usize) {
        Self::expect(self, questions);
    }

    fn asked(&self) {
        self.advance(1);
    }
}
