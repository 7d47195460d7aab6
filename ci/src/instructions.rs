//! `cargo ci instructions`: counts the instructions of each operation and of its lower bound,
//! and checks their ratio against the maximum in benches/instructions.tsv.
//!
//! The gate counts in the profile `release`, which it has compiled anyway; the nightly job counts in `dist`, which
//! optimises all code.
//!
//! Unlike times, counts hardly differ between runs. Only the seed of the hash maps differs, and
//! with it the number of probes of a look-up.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Mutex;

use crate::checkout;
use crate::failure::{Context, Result, error, finding};
use crate::parallel::{self, Queue};
use crate::process::{self, Process};
use crate::tools;

const BOUNDS: &str = "benches/instructions.tsv";

/// Check the instruction counts of each operation against benches/instructions.tsv
#[derive(clap::Args)]
pub struct Arguments {
    /// Count in a program that is compiled with this profile
    #[arg(long, value_enum, default_value_t = Profile::Dist)]
    profile: Profile,
}

/// A profile of Cargo.toml with a column of maxima.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Profile {
    /// Optimised as in distributed programs
    Dist,
    /// Optimised as in the first command of a user
    Release,
}

pub fn run(arguments: &Arguments) -> Result {
    let bounds: Vec<[String; 4]> = checkout::read_table(BOUNDS)?;
    if bounds.is_empty() {
        return error(format!("{BOUNDS} has no rows; write one per operation"));
    }
    tools::ensure_program("valgrind", &["valgrind"])?;
    let profile = match arguments.profile {
        Profile::Dist => "dist",
        Profile::Release => "release",
    };
    Process::cargo().args(["build", "--quiet", "--profile", profile, "--locked", "--bin", "count"]).run()?;
    let program = checkout::target_dir()?.join(profile).join("count");
    let operations = Process::new(&program).read_stdout()?;
    let costs = costs(&program, &operations.lines().collect::<Vec<_>>())?;

    println!("{:<18} {:>14} {:>14} {:>7} {:>8}", "operation", "instructions", "lower bound", "ratio", "at most");
    let mut exceeded = String::new();
    for [operation, lower_bound, in_dist, in_release] in bounds {
        let maximum = if arguments.profile == Profile::Dist { in_dist } else { in_release };
        let at_most: f64 = maximum.parse().context(|| format!("{BOUNDS}: the maximum `{maximum}` is not a number"))?;
        let (Some(cost), Some(lower_bound_cost)) = (costs.get(operation.as_str()), costs.get(lower_bound.as_str()))
        else {
            return error(format!(
                "{BOUNDS} names `{operation}` and `{lower_bound}`, but `count` lists at most one; correct the names"
            ));
        };
        let ratio = cost / lower_bound_cost;
        println!("{operation:<18} {cost:>14.1} {lower_bound_cost:>14.1} {ratio:>7.3} {maximum:>8}");
        if ratio > at_most {
            exceeded += &format!(
                "`{operation}` takes {ratio:.3} times the instructions of `{lower_bound}`, more than {maximum}\n"
            );
        }
    }
    if exceeded.is_empty() {
        return Ok(());
    }
    finding(format!(
        "{exceeded}find the added work with `valgrind --tool=callgrind`; if a maximum must rise, give the reason in \
         the commit"
    ))
}

/// The number of instructions per query of each operation. Each operation runs with two numbers
/// of queries. The set-up is the same in both runs, so the difference excludes it.
fn costs<'a>(program: &Path, operations: &[&'a str]) -> Result<BTreeMap<&'a str, f64>> {
    let scratch = checkout::temporary_directory()?;
    let queue: Queue<&str> = operations.iter().copied().collect();
    let costs = Mutex::new(BTreeMap::new());
    parallel::run(process::available_parallelism(), |_| {
        while let Some(operation) = queue.next() {
            let [(queries, instructions), (more_queries, more_instructions)] = [
                count_instructions(program, operation, "1", scratch.path())?,
                count_instructions(program, operation, "2", scratch.path())?,
            ];
            let cost = (more_instructions - instructions) / (more_queries - queries);
            parallel::lock(&costs).insert(operation, cost);
        }
        Ok(())
    })?;
    Ok(costs.into_inner().unwrap_or_default())
}

/// Runs an operation with `factor` times its basic number of queries, and returns the number of
/// queries and the number of instructions.
fn count_instructions(program: &Path, operation: &str, factor: &str, scratch: &Path) -> Result<(f64, f64)> {
    let profile = scratch.join(format!("{operation}-{factor}"));
    let mut valgrind = Process::new("valgrind")
        .args(["--tool=cachegrind", "--cache-sim=no"])
        .arg(format!("--cachegrind-out-file={}", profile.display()))
        .arg(program)
        .args([operation, factor]);
    let output = valgrind.output()?;
    if !output.status.success() {
        return error(format!("{}`{valgrind}` failed: {}", process::tail(&output.stderr), output.status));
    }
    let queries = String::from_utf8_lossy(&output.stdout).trim().parse();
    let queries = queries.context(|| format!("`{valgrind}` did not print a number of queries"))?;
    let profile = fs::read_to_string(&profile).context(|| format!("cannot read {}", profile.display()))?;
    match total_instructions(&profile) {
        Some(instructions) => Ok((queries, instructions)),
        None => error(format!("the profile of `{valgrind}` has no line `summary: INSTRUCTIONS`")),
    }
}

/// The number in the line `summary: INSTRUCTIONS` at the end of a cachegrind profile.
fn total_instructions(profile: &str) -> Option<f64> {
    let total = profile.lines().rev().find_map(|line| line.strip_prefix("summary:"))?;
    total.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::total_instructions;

    #[test]
    fn total_is_read_from_the_summary_line() {
        assert_eq!(total_instructions("events: Ir\nfl=a.rs\n1 20\nsummary: 12345\n"), Some(12345.0));
        assert_eq!(total_instructions("events: Ir\n"), None);
    }
}
