//! Tests every reader with hostile input, and every output with a hostile sink, in a child
//! process with limits on memory and time. `expected.tsv` has the expected result of each
//! combination, a cell; `cargo ci hostile` runs all of them and writes docs/hostile.md.
//!
//! `HOSTILE_UPDATE=1` rewrites `expected.tsv`; review its diff.
#![cfg(target_os = "linux")]

mod inputs;
mod page;
mod readers;
mod sandbox;
mod sinks;
mod subprocess;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use inputs::INPUTS;
use readers::READERS;
use sandbox::Cell;

/// Runs the quick cells, which are part of the gate.
#[test]
fn quick_cells_match_the_table() {
    compare(&run(false));
}

/// Runs every cell, for `cargo ci hostile`. Writes the page to the path in `HOSTILE_PAGE`.
#[test]
#[ignore = "takes minutes and a gigabyte of memory; `cargo ci hostile` and the nightly job run it"]
fn every_cell_matches_the_table() {
    let cells = run(true);
    if let Some(path) = std::env::var_os("HOSTILE_PAGE") {
        fs::write(PathBuf::from(path), page::render(&cells)).expect("the page can be written");
    }
    if std::env::var_os("HOSTILE_UPDATE").is_some() {
        assert_rules(&cells);
        return update(&cells);
    }
    compare(&cells);
    assert_no_obsolete_lines(&cells);
}

/// Runs the cells in parallel and returns them in the order of the table.
fn run(with_slow: bool) -> Vec<Cell> {
    let reading = READERS.iter().flat_map(|reader| INPUTS.iter().map(move |input| (reader, input)));
    let reading = reading.filter(|(_, input)| with_slow || !input.is_slow);
    let sinks = sinks::all().filter(|sink| with_slow || !sink.is_slow);
    let jobs: Vec<Box<dyn Fn(usize) -> Option<Cell> + Sync>> = reading
        .map(|(reader, input)| Box::new(move |number| sandbox::reading(reader, input, number)) as Box<_>)
        .chain(sinks.map(|sink| Box::new(move |number| Some(sink.run(number))) as Box<_>))
        .collect();
    let next = AtomicUsize::new(0);
    let done = Mutex::new(BTreeMap::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(number) else { break };
                    if let Some(cell) = job(number) {
                        done.lock().expect("no other thread panicked").insert(number, cell);
                    }
                }
            });
        }
    });
    done.into_inner().expect("no thread panicked").into_values().collect()
}

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/hostile/expected.tsv");

/// The first line of the table.
const HEAD: &str = "# reader or command, input or sink, exit code, message (- if the input is accepted); \
                    HOSTILE_UPDATE=1 cargo ci hostile writes this file\n";

/// Exit code and message by row and column.
type Expected<'t> = BTreeMap<(&'t str, &'t str), (&'t str, &'t str)>;

fn expected(table: &str) -> Expected<'_> {
    let mut expected = Expected::new();
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let [row, column, exit, message] = *line.splitn(4, '\t').collect::<Vec<_>>() else {
            panic!("a line of {TABLE} does not have four fields: {line}");
        };
        expected.insert((row, column), (exit, message));
    }
    expected
}

/// Panics if a cell breaks a rule that applies to every cell.
fn assert_rules(cells: &[Cell]) {
    let broken: Vec<String> =
        cells.iter().flat_map(|cell| cell.broken.iter().map(move |rule| format!("{}: {rule}", cell.name()))).collect();
    assert!(broken.is_empty(), "{} rules for all cells are broken:\n{}", broken.len(), broken.join("\n"));
}

/// Panics if a line of the table belongs to none of the cells.
fn assert_no_obsolete_lines(cells: &[Cell]) {
    let table = fs::read_to_string(TABLE).unwrap_or_default();
    let mut left = expected(&table);
    for cell in cells {
        left.remove(&(cell.row, cell.column));
    }
    let left: Vec<_> = left.keys().collect();
    assert!(left.is_empty(), "{TABLE} has lines of cells that no longer exist: {left:?}");
}

/// Compares the cells with the table and panics with a list of the differences.
fn compare(cells: &[Cell]) {
    assert_rules(cells);
    let table = fs::read_to_string(TABLE).unwrap_or_default();
    let expected = expected(&table);
    let mut differences = String::new();
    for cell in cells.iter().filter(|cell| cell.skipped.is_none()) {
        let now = (cell.exit.as_str(), cell.message.as_str());
        match expected.get(&(cell.row, cell.column)) {
            Some(then) if *then == now => {}
            Some((exit, message)) => {
                let _ = writeln!(
                    differences,
                    "{}:\n  expected {exit} {message}\n  found    {} {}",
                    cell.name(),
                    now.0,
                    now.1
                );
            }
            None => {
                let _ = writeln!(differences, "{}: is not in the table; found {} {}", cell.name(), now.0, now.1);
            }
        }
    }
    assert!(
        differences.is_empty(),
        "these cells differ from {TABLE}; fix the command, or run `HOSTILE_UPDATE=1 cargo ci hostile` and review the \
         diff of the table\n{differences}"
    );
}

/// Rewrites the table; a cell that cannot run on this machine keeps its line.
fn update(cells: &[Cell]) {
    let old = fs::read_to_string(TABLE).unwrap_or_default();
    let old = expected(&old);
    let mut text = HEAD.to_owned();
    for Cell { row, column, exit, message, skipped, .. } in cells {
        let now = Some((exit.as_str(), message.as_str()));
        let kept = if skipped.is_some() { old.get(&(*row, *column)).copied() } else { now };
        let Some((exit, message)) = kept else { continue };
        let _ = writeln!(text, "{row}\t{column}\t{exit}\t{message}");
    }
    fs::write(TABLE, text).expect("the table can be written");
}
