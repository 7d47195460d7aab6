//! `cargo ci instructions`: counts the instructions of each operation and of its limit, and
//! holds their ratio to the bound in benches/instructions.tsv.
//!
//! Unlike times, counts hardly differ from run to run. What differs is the seed of the hash
//! maps, which decides how far a look-up has to go.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Mutex;

use crate::checkout;
use crate::failure::{Context, Result, broken, finding};
use crate::parallel::{self, Queue};
use crate::process::{self, Process};
use crate::tools;

const BOUNDS: &str = "benches/instructions.tsv";

pub fn run() -> Result {
    let bounds = checkout::table(BOUNDS)?;
    if bounds.is_empty() {
        return broken(format!("{BOUNDS} has no bounds; write one a line"));
    }
    tools::apt("valgrind", &["valgrind"])?;
    Process::cargo().args(["build", "--quiet", "--profile", "bench", "--locked", "--bin", "count"]).run()?;
    let program = checkout::target_dir()?.join("release/count");
    let operations = Process::new(&program).read()?;
    let costs = costs(&program, &operations.lines().collect::<Vec<_>>())?;

    println!("{:<18} {:>14} {:>14} {:>7} {:>8}", "operation", "instructions", "of its limit", "ratio", "at most");
    let mut slow = String::new();
    for [operation, limit, bound] in bounds {
        let at_most: f64 = bound.parse().context(|| format!("{BOUNDS}: the bound `{bound}` is not a number"))?;
        let (Some(cost), Some(limit_cost)) = (costs.get(operation.as_str()), costs.get(limit.as_str())) else {
            return broken(format!(
                "{BOUNDS} names `{operation}` and `{limit}`, but `count` does not know both; correct the names"
            ));
        };
        let ratio = cost / limit_cost;
        println!("{operation:<18} {cost:>14.1} {limit_cost:>14.1} {ratio:>7.3} {bound:>8}");
        if ratio > at_most {
            slow += &format!("`{operation}` takes {ratio:.3} times the instructions of `{limit}`, more than {bound}\n");
        }
    }
    if slow.is_empty() {
        return Ok(());
    }
    finding(format!(
        "{slow}find out what it does more, with `valgrind --tool=callgrind`; raise a bound only with its reason in the commit"
    ))
}

/// The instructions of each operation for one question. Each is counted for two numbers of
/// questions: the set-up is in both runs, and cancels out.
fn costs<'a>(program: &Path, operations: &[&'a str]) -> Result<BTreeMap<&'a str, f64>> {
    let scratch = checkout::scratch()?;
    let queue: Queue<&str> = operations.iter().copied().collect();
    let costs = Mutex::new(BTreeMap::new());
    parallel::run(process::cores(), |_| {
        while let Some(operation) = queue.next() {
            let [(questions, instructions), (more_questions, more_instructions)] =
                [count(program, operation, "1", scratch.path())?, count(program, operation, "2", scratch.path())?];
            let cost = (more_instructions - instructions) / (more_questions - questions);
            parallel::lock(&costs).insert(operation, cost);
        }
        Ok(())
    })?;
    Ok(costs.into_inner().unwrap_or_default())
}

/// How many questions an operation answered, and with how many instructions.
fn count(program: &Path, operation: &str, factor: &str, scratch: &Path) -> Result<(f64, f64)> {
    let profile = scratch.join(format!("{operation}-{factor}"));
    let mut valgrind = Process::new("valgrind")
        .args(["--tool=cachegrind", "--cache-sim=no"])
        .arg(format!("--cachegrind-out-file={}", profile.display()))
        .arg(program)
        .args([operation, factor]);
    let output = valgrind.output()?;
    if !output.status.success() {
        return broken(format!("{}`{valgrind}` failed: {}", process::tail(&output.stderr), output.status));
    }
    let questions = String::from_utf8_lossy(&output.stdout).trim().parse();
    let questions = questions.context(|| format!("`{valgrind}` did not print a number of questions"))?;
    let profile = fs::read_to_string(&profile).context(|| format!("cannot read {}", profile.display()))?;
    match instructions(&profile) {
        Some(instructions) => Ok((questions, instructions)),
        None => broken(format!("the profile that `{valgrind}` wrote has no total of instructions")),
    }
}

/// The total of a profile by cachegrind, which ends in `summary: INSTRUCTIONS`.
fn instructions(profile: &str) -> Option<f64> {
    let total = profile.lines().rev().find_map(|line| line.strip_prefix("summary:"))?;
    total.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::instructions;

    #[test]
    fn instructions_are_the_total_of_the_profile() {
        assert_eq!(instructions("events: Ir\nfl=a.rs\n1 20\nsummary: 12345\n"), Some(12345.0));
        assert_eq!(instructions("events: Ir\n"), None);
    }
}
