//! Rows of values, of which value 0 is the simplest: all small ones, and covering samples.

use std::collections::HashSet;

/// The rows in the order of how many values differ from 0, up to a number.
///
/// The first column, the runtime, does not count as a value that is set.
pub(super) fn small(counts: &[usize], most: usize) -> Vec<Vec<usize>> {
    let mut rows = Vec::new();
    for set in 0..counts.len() {
        let mut level = Vec::new();
        choose(counts, 1, set, &mut vec![0; counts.len()], &mut level, most.saturating_sub(rows.len()));
        for row in level {
            for runtime in 0..counts[0] {
                if rows.len() == most {
                    return rows;
                }
                let mut row = row.clone();
                row[0] = runtime;
                rows.push(row);
            }
        }
    }
    rows
}

/// Adds the rows in which exactly `set` of the columns from `column` on are not 0.
fn choose(counts: &[usize], column: usize, set: usize, row: &mut Vec<usize>, rows: &mut Vec<Vec<usize>>, most: usize) {
    if rows.len() >= most || set > counts.len() - column {
        return;
    }
    if set == 0 {
        rows.push(row.clone());
        return;
    }
    for value in 1..counts[column] {
        row[column] = value;
        choose(counts, column + 1, set - 1, row, rows, most);
    }
    row[column] = 0;
    choose(counts, column + 1, set, row, rows, most);
}

/// The most triples that are covered. More take too long; then pairs alone are.
const TRIPLES: usize = 200_000;

/// A value of a column: the sum of the numbers of values of the columns before it, and the value.
type Cell = u64;

/// Rows in which every pair of values of two columns occurs, and every triple of values of three columns
/// that are marked, unless there are too many triples; fewer rows if there are more than `most`.
pub(super) fn rows(counts: &[usize], is_marked: &[bool], most: usize) -> Vec<Vec<usize>> {
    let columns = counts.len();
    let starts: Vec<usize> = (0..columns).map(|column| counts[..column].iter().sum()).collect();
    let cells = |column: usize| (0..counts[column]).map(move |value| (column, value));
    let cell = |(column, value): (usize, usize)| (starts[column] + value) as Cell;
    let mut order: Vec<Vec<(usize, usize)>> = Vec::new();
    let marked: Vec<usize> = (0..columns).filter(|column| is_marked[*column]).collect();
    let number = triples(&marked.iter().map(|column| counts[*column]).collect::<Vec<_>>());
    let has_triples = (1..=TRIPLES).contains(&number);
    if has_triples {
        for (index, first) in marked.iter().enumerate() {
            for (next, second) in marked.iter().enumerate().skip(index + 1) {
                for third in &marked[next + 1..] {
                    for a in cells(*first) {
                        for b in cells(*second) {
                            order.extend(cells(*third).map(|c| vec![a, b, c]));
                        }
                    }
                }
            }
        }
    }
    for first in 0..columns {
        if columns == 1 {
            order.extend(cells(first).map(|a| vec![a]));
        }
        for second in first + 1..columns {
            for a in cells(first) {
                order.extend(cells(second).map(|b| vec![a, b]));
            }
        }
    }
    let packed = |group: &[(usize, usize)]| pack(group.iter().map(|one| cell(*one)));
    let mut open: HashSet<u64> = order.iter().map(|group| packed(group)).collect();
    let mut rows = Vec::new();
    for seed in &order {
        if rows.len() == most {
            break;
        }
        if !open.contains(&packed(seed)) {
            continue;
        }
        let mut row: Vec<Option<usize>> = vec![None; columns];
        seed.iter().for_each(|(column, value)| row[*column] = Some(*value));
        let mut fixed: Vec<Cell> = seed.iter().map(|one| cell(*one)).collect();
        for (column, count) in counts.iter().enumerate() {
            if row[column].is_some() {
                continue;
            }
            let mut best = (0, 0);
            for value in 0..*count {
                let covered =
                    completed(&fixed, cell((column, value)), has_triples).filter(|group| open.contains(group)).count();
                if covered > best.0 {
                    best = (covered, value);
                }
            }
            row[column] = Some(best.1);
            fixed.push(cell((column, best.1)));
        }
        for (index, cell) in fixed.iter().enumerate() {
            for group in completed(&fixed[..index], *cell, has_triples) {
                open.remove(&group);
            }
        }
        open.remove(&packed(seed));
        rows.push(row.into_iter().map(Option::unwrap_or_default).collect());
    }
    rows
}

/// The number of triples of values of different columns.
fn triples(counts: &[usize]) -> usize {
    let (mut singles, mut pairs, mut triples) = (0_usize, 0_usize, 0_usize);
    for count in counts {
        triples = triples.saturating_add(pairs.saturating_mul(*count));
        pairs = pairs.saturating_add(singles.saturating_mul(*count));
        singles = singles.saturating_add(*count);
    }
    triples
}

/// Up to three cells as one number, in any order.
fn pack(cells: impl Iterator<Item = Cell>) -> u64 {
    const BITS: u32 = 21;
    let mut sorted = [0; 3];
    for (slot, cell) in sorted.iter_mut().zip(cells) {
        *slot = cell + 1;
    }
    sorted.sort_unstable();
    sorted.iter().fold(0, |packed, cell| packed << BITS | cell)
}

/// The pairs of a cell and of others before it, and the triples.
fn completed(fixed: &[Cell], cell: Cell, has_triples: bool) -> impl Iterator<Item = u64> + '_ {
    let pairs = fixed.iter().map(move |other| pack([*other, cell].into_iter()));
    let firsts = if has_triples { fixed } else { &[] };
    let triples = firsts.iter().enumerate().flat_map(move |(index, first)| {
        fixed[index + 1..].iter().map(move |second| pack([*first, *second, cell].into_iter()))
    });
    pairs.chain(triples)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_is_the_product_by_size() {
        let rows = small(&[2, 3, 2], 100);
        assert_eq!(rows.len(), 12);
        let sizes: Vec<usize> = rows.iter().map(|row| row[1..].iter().filter(|value| **value > 0).count()).collect();
        assert!(sizes.is_sorted());
        assert_eq!(rows.iter().collect::<HashSet<_>>().len(), 12);
        assert_eq!(small(&[2, 3, 2], 5), rows[..5]);
    }

    #[test]
    fn rows_cover_pairs_and_marked_triples() {
        let counts = [3, 2, 4, 3, 2, 5];
        let is_marked = [true, false, true, true, false, true];
        let rows = rows(&counts, &is_marked, 10_000);
        assert!(rows.len() < 90, "{}", rows.len());
        for first in 0..6 {
            for second in first + 1..6 {
                let pairs: HashSet<_> = rows.iter().map(|row| (row[first], row[second])).collect();
                assert_eq!(pairs.len(), counts[first] * counts[second]);
                for third in second + 1..6 {
                    if [first, second, third].iter().all(|column| is_marked[*column]) {
                        let triples: HashSet<_> =
                            rows.iter().map(|row| (row[first], row[second], row[third])).collect();
                        assert_eq!(triples.len(), counts[first] * counts[second] * counts[third]);
                    }
                }
            }
        }
    }

    #[test]
    fn rows_of_many_columns_are_found_in_time() {
        let start = std::time::Instant::now();
        let counts = vec![3; 60];
        assert!(rows(&counts, &[true; 60], 20_000).len() < 1_000);
        // There are too many triples of these.
        let wide = vec![15; 20];
        assert!(rows(&wide, &[true; 20], 3_000).len() <= 3_000);
        assert!(rows(&[3; 200], &[false; 200], 20_000).len() < 1_000);
        assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
        assert_eq!(triples(&[2, 3, 4]), 24);
        assert_eq!(rows(&[4], &[true], 10), [[0], [1], [2], [3]]);
        assert_eq!(rows(&[], &[], 10), Vec::<Vec<usize>>::new());
    }
}
