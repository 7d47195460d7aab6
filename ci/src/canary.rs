//! `cargo ci canary`: plants a known bug and checks that the fuzzer finds it. If the fuzzer misses
//! the bug, the fuzzer is probably broken, so the command fails.

use crate::failure::{Failure, Result, finding};
use crate::seeded_bugs::{self, Engine};

/// A bug that takes many inputs to find, but that a working fuzzer always finds within [`RUNS`].
const BUG: &str = "first-of-an-overlap";

/// Maximum number of inputs: ten times the average number that finds the bug. The code without the bug is
/// given as many, which takes half a minute.
const RUNS: u32 = 7_500;

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
                "the fuzzer missed `{BUG}` in {RUNS} runs, so it may miss every bug; fix the fuzz target \
                 `resolve`"
            ));
        }
        Err(failure) => return Err(failure),
    }
    Ok(())
}
