//! `cargo ci canary`: plants a bug and checks that the fuzzer finds it. If the fuzzer misses it,
//! the fuzzer does not work, and the command fails.

use crate::failure::{Failure, Result, fail_with_finding};
use crate::seeded_bugs::{self, Engine};

/// A bug that is neither trivial nor rare, so that a working fuzzer always finds it.
const BUG: &str = "first-of-an-overlap";

/// Maximum number of runs: twenty times the average, or about a minute if the bug is missed.
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
            return fail_with_finding(format!(
                "the fuzzer missed `{BUG}` in {RUNS} runs, so it may miss every bug; fix the target `resolve`"
            ));
        }
        Err(failure) => return Err(failure),
    }
    Ok(())
}
