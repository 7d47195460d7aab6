//! Divides the fuzzing time among workers and targets.

/// For each worker, its targets and their seconds.
///
/// The total time, target after target, is divided into one equal part per worker. One worker
/// may start a target at the end of its part, and the next worker continues it.
pub fn shares(targets: usize, workers: usize, seconds: u64) -> Vec<Vec<(usize, u64)>> {
    // The unit is a second divided by the number of targets, which avoids rounding losses.
    let (each, part) = (seconds * workers as u64, seconds * targets as u64);
    let share = |worker: u64| {
        let target = |index: usize| {
            let from = (worker * part).max(index as u64 * each);
            let to = ((worker + 1) * part).min((index as u64 + 1) * each);
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
