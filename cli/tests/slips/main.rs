//! Makes one slip at a time in correct repositories, decides with runs and the reference resolver whether it matters,
//! and compares this with what slugproof says.
//!
//! `cargo test` tries a sample; `cargo ci slips` tries every slip and writes docs/slips.md.

// Scripts of workflows need bash.
#![cfg(unix)]

#[path = "../../../crates/testkit/tests/workflows/expression.rs"]
mod expression;
mod forge;
mod oracle;
mod page;
mod repositories;
mod results;
#[path = "../../../crates/testkit/tests/workflows/runner.rs"]
#[expect(dead_code, reason = "another test needs the calls only")]
mod runner;
mod slips;
mod tool;

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use oracle::Oracle;
use repositories::Repository;
use results::{Outcome, Results};
use slips::{Slip, hash};
use tool::{Answer, Checkout};

/// A slip of a repository, whether it matters, and what slugproof says about it.
pub struct Row {
    /// The name of the repository.
    pub repository: &'static str,
    /// The slip.
    pub slip: Slip,
    /// What was found out about it.
    pub outcome: Outcome,
}

/// The sample of `cargo test`: one slip of so many.
const SAMPLE: usize = 200;

/// The least share of slips that matter and are found, in percent.
const LEAST_FOUND: usize = 95;

#[test]
fn sampled_slips_that_matter_are_found() {
    check(&run(SAMPLE), LEAST_FOUND - 5);
}

#[test]
#[ignore = "takes many minutes; `cargo ci slips` and the nightly job run it"]
fn every_slip_that_matters_is_found() {
    // A part, to find out what a change of slugproof does.
    let share = std::env::var("SLIPS_SHARE").map_or(1, |text| text.parse().expect("SLIPS_SHARE is a number"));
    let rows = run(share);
    if let Some(path) = std::env::var_os("SLIPS_LIST") {
        fs::write(path, page::list(&rows)).expect("the list can be written");
    }
    if let Some(path) = std::env::var_os("SLIPS_PAGE") {
        fs::write(path, page::render(&rows, share)).expect("the page can be written");
    }
    check(&rows, LEAST_FOUND);
}

/// Checks the share of slips that matter and are found, and that of others with an error.
fn check(rows: &[Row], least: usize) {
    let (matter, others): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|row| row.outcome.reason.is_some());
    let found = matter.iter().filter(|row| row.outcome.answer != Answer::Silent).count();
    println!("{} slips, {} matter, {found} are found", rows.len(), matter.len());
    let silent = matter.iter().filter(|row| row.outcome.answer == Answer::Silent).map(|row| page::line(row));
    let silent: String = silent.collect();
    assert!(!matter.is_empty() && found * 100 >= matter.len() * least, "{found} of {}:\n{silent}", matter.len());
    assert!(!others.is_empty());
}

/// Tries every slip, or one of so many, and returns the rows in the order of the repositories.
fn run(share: usize) -> Vec<Row> {
    oracle::hide_expected_panics();
    repositories::all().iter().flat_map(|repository| run_in(repository, share)).collect()
}

fn run_in(repository: &Repository, share: usize) -> Vec<Row> {
    let slips = slips::all(repository);
    let is_chosen = |slip: &Slip| hash(&format!("{} {:?} {}", slip.path, slip.kind, slip.change)).is_multiple_of(share);
    let slips: Vec<Mutex<Option<Slip>>> =
        slips.into_iter().filter(is_chosen).map(|slip| Mutex::new(Some(slip))).collect();
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let oracle = Oracle::new(repository);
    let results = Results::of(repository);
    // The repositories are correct: no job fails, and slugproof has nothing to say.
    let wrong: Vec<&String> = oracle.correct().filter(|line| line.contains("fail")).collect();
    assert!(wrong.is_empty() && oracle.correct().count() > 3, "{}: {wrong:?}", repository.name);
    thread::scope(|scope| {
        for job in 0..thread::available_parallelism().map_or(1, usize::from) {
            let (next, done, slips, results) = (&next, &done, &slips, &results);
            let mut oracle = oracle.clone();
            scope.spawn(move || {
                let name = format!("slips-{share}-{}-{job}", repository.name);
                let checkout = Checkout::new(&Path::new(env!("CARGO_TARGET_TMPDIR")).join(name), &repository.files);
                assert_eq!(checkout.answer(None), (Answer::Silent, Vec::new()), "{}", repository.name);
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(slip) = slips.get(number) else { break };
                    let Some(slip) = slip.lock().expect("no other thread panicked").take() else { break };
                    let outcome = results.outcome(&slip, || {
                        let reason = oracle.reason(&slip.path, &slip.text);
                        let (answer, said) = checkout.answer(Some((&slip.path, &slip.text)));
                        Outcome { reason, answer, said }
                    });
                    let row = Row { repository: repository.name, slip, outcome };
                    done.lock().expect("no other thread panicked").push((number, row));
                }
            });
        }
    });
    let mut rows = done.into_inner().expect("no thread panicked");
    rows.sort_by_key(|(number, _)| *number);
    rows.into_iter().map(|(_, row)| row).collect()
}
