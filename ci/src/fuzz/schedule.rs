//! Divides the fuzzing time among workers and targets.

/// For each worker, the indexes of its targets and the seconds for each.
///
/// Each worker runs for `seconds`. Imagine the targets on one line, each as long as its equal share
/// of the total time. The line is cut into one piece per worker, so the workers on both sides of
/// a cut share a target.
pub fn shares(targets: usize, workers: usize, seconds: u64) -> Vec<Vec<(usize, u64)>> {
    // Lengths on the line, in units of a second divided by the number of targets, so that both are
    // integers.
    let (target_length, piece) = (seconds * workers as u64, seconds * targets as u64);
    let share = |worker: u64| {
        let target = |index: usize| {
            let from = (worker * piece).max(index as u64 * target_length);
            let to = ((worker + 1) * piece).min((index as u64 + 1) * target_length);
            let seconds = to.saturating_sub(from) / targets as u64;
            (seconds > 0).then_some((index, seconds))
        };
        (0..targets).filter_map(target).collect()
    };
    (0..workers as u64).map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::shares;

    #[test]
    fn shares_are_equal_for_workers_and_for_targets() {
        assert_eq!(shares(3, 2, 60), [vec![(0, 40), (1, 20)], vec![(1, 20), (2, 40)]]);
        for (targets, workers, seconds) in [(9, 2, 7200), (9, 4, 23), (1, 1, 5), (5, 5, 61)] {
            let shares = shares(targets, workers, seconds);
            assert_eq!(shares.len(), workers);
            for share in &shares {
                assert!(share.iter().map(|(_, seconds)| seconds).sum::<u64>() <= seconds);
            }
            for target in 0..targets {
                let given: u64 = shares.iter().flatten().filter(|(index, _)| *index == target).map(|(_, s)| s).sum();
                let fair = seconds * workers as u64 / targets as u64;
                assert!(given <= fair && given + 2 >= fair, "{target}: {given} of {fair}");
            }
        }
    }
}
