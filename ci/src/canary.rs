//! `cargo ci canary`: plants a bug that the fuzzer has to find. A fuzzer that misses it fuzzes
//! nothing, and this fails.

use crate::failure::{Failure, Result, finding};
use crate::seeded_bugs::{self, Engine};

/// Neither trivial nor rare, so that a fuzzer that works finds it for certain.
const BUG: &str = "first-of-an-overlap";

/// Twenty times the runs that it took on average, and about a minute when it is missed.
const RUNS: u32 = 15_000;

pub fn run() -> Result {
    let outcome = seeded_bugs::run(&seeded_bugs::Arguments {
        names: vec![BUG.to_owned()],
        only: vec![Engine::Fuzz],
        no_fuzz: false,
        seconds: None,
        runs: Some(RUNS),
        jobs: None,
        resume: false,
        page: None,
    });
    match outcome {
        Ok(()) => println!("the fuzzer found `{BUG}`"),
        Err(Failure::Finding(_)) => {
            return finding(format!(
                "the fuzzer missed `{BUG}` in {RUNS} runs, so it cannot be trusted to find anything; fix the target `resolve`"
            ));
        }
        Err(failure) => return Err(failure),
    }
    Ok(())
}
