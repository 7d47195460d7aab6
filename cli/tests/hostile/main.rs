//! Tests every reader with hostile input, and every output with a hostile sink, in a child
//! process with limits on memory and time. `expected.tsv` has the expected result of each
//! combination (a case); `cargo ci hostile` runs all of them and writes docs/hostile.md. A search for worse inputs
//! writes docs/worst-inputs.md.
//!
//! `HOSTILE_UPDATE=1` rewrites `expected.tsv`; review its diff.
#![cfg(target_os = "linux")]

mod inputs;
mod page;
mod readers;
mod sandbox;
mod search;
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
use sandbox::CaseResult;

/// Runs the quick cases, which are part of the gate.
#[test]
fn quick_cases_match_the_table() {
    compare(&run(false));
}

/// Runs every case, for `cargo ci hostile`. Writes the page to the path in `HOSTILE_PAGE`.
#[test]
#[ignore = "takes minutes and a gigabyte of memory; `cargo ci hostile` and the nightly job run it"]
fn every_case_matches_the_table() {
    let cases = run(true);
    if let Some(path) = std::env::var_os("HOSTILE_PAGE") {
        fs::write(PathBuf::from(path), page::render(&cases)).expect("the page can be written");
    }
    if std::env::var_os("HOSTILE_UPDATE").is_some() {
        assert_rules(&cases);
        return update(&cases);
    }
    compare(&cases);
    assert_no_obsolete_lines(&cases);
}

/// Runs the cases in parallel and returns them in the order of the table.
fn run(with_slow: bool) -> Vec<CaseResult> {
    let reading = READERS.iter().flat_map(|reader| INPUTS.iter().map(move |input| (reader, input)));
    let reading = reading.filter(|(_, input)| with_slow || !input.is_slow);
    let sinks = sinks::all().filter(|sink| with_slow || !sink.is_slow);
    let jobs: Vec<Box<dyn Fn(usize) -> Option<CaseResult> + Sync>> = reading
        .map(|(reader, input)| Box::new(move |number| sandbox::reading(reader, input, number)) as Box<_>)
        .chain(sinks.map(|sink| Box::new(move |number| Some(sink.run(number))) as Box<_>))
        .collect();
    let next = AtomicUsize::new(0);
    let done = Mutex::new(BTreeMap::new());
    // Most quick cases wait for a signal or a pipe; the slow ones need much memory.
    let threads = thread::available_parallelism().map_or(1, usize::from) * if with_slow { 1 } else { 3 };
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(number) else { break };
                    if let Some(case) = job(number) {
                        done.lock().expect("no other thread panicked").insert(number, case);
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

/// Panics if a case breaks a rule that applies to every case.
fn assert_rules(cases: &[CaseResult]) {
    let broken: Vec<String> =
        cases.iter().flat_map(|case| case.broken.iter().map(move |rule| format!("{}: {rule}", case.name()))).collect();
    assert!(broken.is_empty(), "{} rules for all cases are broken:\n{}", broken.len(), broken.join("\n"));
}

/// Panics if a line of the table belongs to none of the cases.
fn assert_no_obsolete_lines(cases: &[CaseResult]) {
    let table = fs::read_to_string(TABLE).unwrap_or_default();
    let mut left = expected(&table);
    for case in cases {
        left.remove(&(case.row, case.column));
    }
    let left: Vec<_> = left.keys().collect();
    assert!(left.is_empty(), "{TABLE} has lines of cases that no longer exist: {left:?}");
}

/// Compares the cases with the table and panics with a list of the differences.
fn compare(cases: &[CaseResult]) {
    assert_rules(cases);
    let table = fs::read_to_string(TABLE).unwrap_or_default();
    let expected = expected(&table);
    let mut differences = String::new();
    for case in cases.iter().filter(|case| case.skipped.is_none()) {
        let now = (case.exit.as_str(), case.message.as_str());
        match expected.get(&(case.row, case.column)) {
            Some(then) if *then == now => {}
            Some((exit, message)) => {
                let _ = writeln!(
                    differences,
                    "{}:\n  expected {exit} {message}\n  found    {} {}",
                    case.name(),
                    now.0,
                    now.1
                );
            }
            None => {
                let _ = writeln!(differences, "{}: is not in the table; found {} {}", case.name(), now.0, now.1);
            }
        }
    }
    assert!(
        differences.is_empty(),
        "these cases differ from {TABLE}; fix the command, or run `HOSTILE_UPDATE=1 cargo ci hostile` and review the \
         diff of the table\n{differences}"
    );
}

/// Rewrites the table; a case that cannot run on this machine keeps its line.
fn update(cases: &[CaseResult]) {
    let old = fs::read_to_string(TABLE).unwrap_or_default();
    let old = expected(&old);
    let mut text = HEAD.to_owned();
    for CaseResult { row, column, exit, message, skipped, .. } in cases {
        let now = Some((exit.as_str(), message.as_str()));
        let kept = if skipped.is_some() { old.get(&(*row, *column)).copied() } else { now };
        let Some((exit, message)) = kept else { continue };
        let _ = writeln!(text, "{row}\t{column}\t{exit}\t{message}");
    }
    fs::write(TABLE, text).expect("the table can be written");
}
