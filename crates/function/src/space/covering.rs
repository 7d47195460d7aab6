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

/// A value of a column.
type Cell = (usize, usize);

/// Rows in which every pair of values of two columns occurs, and every triple of values of three columns
/// that are marked; fewer if there are more than `most`.
pub(super) fn rows(counts: &[usize], is_marked: &[bool], most: usize) -> Vec<Vec<usize>> {
    let mut open: HashSet<Vec<Cell>> = HashSet::new();
    let mut order: Vec<Vec<Cell>> = Vec::new();
    let mut add = |cells: Vec<Cell>| {
        if open.insert(cells.clone()) {
            order.push(cells);
        }
    };
    let columns = counts.len();
    let marked: Vec<usize> = (0..columns).filter(|column| is_marked[*column]).collect();
    for (index, first) in marked.iter().enumerate() {
        for (next, second) in marked.iter().enumerate().skip(index + 1) {
            for third in &marked[next + 1..] {
                for a in 0..counts[*first] {
                    for b in 0..counts[*second] {
                        (0..counts[*third]).for_each(|c| add(vec![(*first, a), (*second, b), (*third, c)]));
                    }
                }
            }
        }
    }
    for first in 0..columns {
        if columns == 1 {
            (0..counts[first]).for_each(|a| add(vec![(first, a)]));
        }
        for second in first + 1..columns {
            for a in 0..counts[first] {
                (0..counts[second]).for_each(|b| add(vec![(first, a), (second, b)]));
            }
        }
    }
    let mut rows = Vec::new();
    for seed in &order {
        if rows.len() == most {
            break;
        }
        if !open.contains(seed) {
            continue;
        }
        let mut fixed: Vec<Cell> = seed.clone();
        for (column, count) in counts.iter().enumerate() {
            if fixed.iter().any(|(known, _)| *known == column) {
                continue;
            }
            let mut best = (0, 0);
            for value in 0..*count {
                let covered = completed(&fixed, (column, value)).filter(|cells| open.contains(cells)).count();
                if covered > best.0 {
                    best = (covered, value);
                }
            }
            fixed.push((column, best.1));
        }
        let mut row = vec![0; columns];
        fixed.iter().for_each(|(column, value)| row[*column] = *value);
        for (index, cell) in fixed.iter().enumerate() {
            let covered: Vec<Vec<Cell>> = completed(&fixed[..index], *cell).collect();
            for cells in &covered {
                open.remove(cells);
            }
        }
        open.remove(seed);
        rows.push(row);
    }
    rows
}

/// The sorted pairs and triples of a cell and of others before it.
fn completed(fixed: &[Cell], cell: Cell) -> impl Iterator<Item = Vec<Cell>> + '_ {
    let sorted = |mut cells: Vec<Cell>| {
        cells.sort_unstable();
        cells
    };
    let pairs = fixed.iter().map(move |other| sorted(vec![*other, cell]));
    let triples = fixed.iter().enumerate().flat_map(move |(index, first)| {
        fixed[index + 1..].iter().map(move |second| sorted(vec![*first, *second, cell]))
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
}
