//! Divides the fuzzing time among workers and targets.

/// For each worker, the indexes of its targets and the seconds for each.
///
/// Each worker runs for at most `seconds`; fractions of a second are dropped. Imagine the targets on
/// one line, each as long as its equal share of the total time. The line is cut into one piece per
/// worker. A target that a cut divides is shared by the workers on both sides.
pub fn shares(target_count: usize, worker_count: usize, seconds: u64) -> Vec<Vec<(usize, u64)>> {
    // The unit of length is `1 / target_count` seconds, so that both lengths are integers.
    let (target_length, piece_length) = (seconds * worker_count as u64, seconds * target_count as u64);
    let share = |worker: u64| {
        let share_of_target = |index: usize| {
            let from = (worker * piece_length).max(index as u64 * target_length);
            let to = ((worker + 1) * piece_length).min((index as u64 + 1) * target_length);
            let overlap = to.saturating_sub(from) / target_count as u64;
            (overlap > 0).then_some((index, overlap))
        };
        (0..target_count).filter_map(share_of_target).collect()
    };
    (0..worker_count as u64).map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::shares;

    #[test]
    fn shares_differ_only_by_rounding() {
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
