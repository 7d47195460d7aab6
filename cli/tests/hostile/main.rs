//! Every reader against hostile input, and every output in a hostile place, in a child
//! process with a limit on memory and on time. What must come of each is a line of
//! `expected.tsv`; `cargo ci hostile` runs all of it and writes docs/hostile.md.
//!
//! `HOSTILE_UPDATE=1` writes `expected.tsv` anew; review its diff.
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

/// The cells that take a moment: part of the gate.
#[test]
fn quick_cells_are_as_expected() {
    compare(&run(false));
}

/// Every cell: `cargo ci hostile`. Writes the page where `HOSTILE_PAGE` says.
#[test]
#[ignore = "takes minutes and a gigabyte of memory, so no `cargo test` waits for it; cargo ci hostile runs it, as the nightly job does"]
fn every_cell_is_as_expected() {
    let cells = run(true);
    if let Some(path) = std::env::var_os("HOSTILE_PAGE") {
        fs::write(PathBuf::from(path), page::render(&cells)).expect("the page can be written");
    }
    if std::env::var_os("HOSTILE_UPDATE").is_some() {
        hold(&cells);
        return update(&cells);
    }
    compare(&cells);
    none_is_gone(&cells);
}

/// Makes and runs the cells, several at a time, in the order of the table.
fn run(with_slow: bool) -> Vec<Cell> {
    let reading = READERS.iter().flat_map(|reader| INPUTS.iter().map(move |input| (reader, input)));
    let reading = reading.filter(|(_, input)| with_slow || !input.is_slow);
    let places = sinks::all().filter(|place| with_slow || !place.is_slow);
    let jobs: Vec<Box<dyn Fn(usize) -> Option<Cell> + Sync>> = reading
        .map(|(reader, input)| Box::new(move |number| sandbox::reading(reader, input, number)) as Box<_>)
        .chain(places.map(|place| Box::new(move |number| Some(place.run(number))) as Box<_>))
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

/// Exit code and message by row and column.
type Expected<'t> = BTreeMap<(&'t str, &'t str), (&'t str, &'t str)>;

fn expected(table: &str) -> Expected<'_> {
    let mut expected = Expected::new();
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let [row, column, exit, message] = *line.splitn(4, '\t').collect::<Vec<_>>() else {
            panic!("a line of {TABLE} has not four fields: {line}");
        };
        expected.insert((row, column), (exit, message));
    }
    expected
}

/// What must hold of every cell, whatever is expected of it.
fn hold(cells: &[Cell]) {
    let broken: Vec<String> =
        cells.iter().flat_map(|cell| cell.broken.iter().map(move |what| format!("{}: {what}", cell.name()))).collect();
    assert!(broken.is_empty(), "{} cells break a rule of all:\n{}", broken.len(), broken.join("\n"));
}

/// Of all cells: each line of the table is that of one.
fn none_is_gone(cells: &[Cell]) {
    let table = fs::read_to_string(TABLE).unwrap_or_default();
    let mut left = expected(&table);
    for cell in cells {
        left.remove(&(cell.row, cell.column));
    }
    let left: Vec<_> = left.keys().collect();
    assert!(left.is_empty(), "{TABLE} has lines of cells that are no longer there: {left:?}");
}

/// Compares the cells with the table, and says of each that differs how.
fn compare(cells: &[Cell]) {
    hold(cells);
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
        "these cells differ from {TABLE}; mend the command, or write the table anew with HOSTILE_UPDATE=1 cargo ci hostile and review it\n{differences}"
    );
}

/// Writes the table anew; a cell that could not be run here keeps its line.
fn update(cells: &[Cell]) {
    let old = fs::read_to_string(TABLE).unwrap_or_default();
    let old = expected(&old);
    let mut text = "# reader or command, input or place, exit code, message (- where it is accepted); HOSTILE_UPDATE=1 cargo ci hostile writes it\n".to_owned();
    for Cell { row, column, exit, message, skipped, .. } in cells {
        let now = Some((exit.as_str(), message.as_str()));
        let kept = if skipped.is_some() { old.get(&(*row, *column)).copied() } else { now };
        let Some((exit, message)) = kept else { continue };
        let _ = writeln!(text, "{row}\t{column}\t{exit}\t{message}");
    }
    fs::write(TABLE, text).expect("the table can be written");
}
