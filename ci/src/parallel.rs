//! Distributes work to several threads.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::failure::{Result, error};

/// Items that threads take one by one.
pub struct Queue<T>(Mutex<VecDeque<T>>);

impl<T> Queue<T> {
    /// Takes the next item; `None` if the queue is empty.
    pub fn next(&self) -> Option<T> {
        lock(&self.0).pop_front()
    }

    /// Drops the remaining items, so that the other threads end.
    pub fn clear(&self) {
        lock(&self.0).clear();
    }
}

impl<T> FromIterator<T> for Queue<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self(Mutex::new(items.into_iter().collect()))
    }
}

/// Runs `work` in `threads` threads and passes each its number, from 0. If several fail, returns
/// the failure of the thread with the lowest number.
pub fn run(threads: usize, work: impl Fn(usize) -> Result + Sync) -> Result {
    let work = &work;
    thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|number| scope.spawn(move || work(number))).collect();
        let join = |thread: thread::ScopedJoinHandle<'_, Result>| {
            thread.join().unwrap_or_else(|_| error("a thread panicked; see above"))
        };
        threads.into_iter().map(join).fold(Ok(()), Result::and)
    })
}

/// Locks a mutex and ignores poisoning: [`run`] already reports the panic that caused it.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_share_the_items_of_a_queue() {
        let queue: Queue<u32> = (1..=100).collect();
        let sum = Mutex::new(0);
        let work = |_| {
            while let Some(item) = queue.next() {
                *lock(&sum) += item;
            }
            Ok(())
        };
        run(4, work).unwrap();
        assert_eq!(*lock(&sum), 5050);
    }

    #[test]
    fn one_failed_thread_fails_the_run() {
        assert!(run(3, |number| if number == 1 { error("no") } else { Ok(()) }).is_err());
        assert!(run(0, |_| error("no")).is_ok());
    }
}
