//! `cargo ci`: what CI, the nightly jobs and maintainers run.
//!
//! Each subcommand is one file. All run from the root of the checkout, install the tools
//! they need, and exit with 0 if everything holds, 1 if something was found, and 2 if the
//! arguments are wrong or a tool failed.

mod bench;
mod canary;
mod checkout;
mod coverage;
mod failure;
mod forge;
mod fuzz;
mod hostile;
mod instructions;
mod mutants;
mod process;
mod promote;
mod seeded_bugs;
mod shard;
mod test;
mod tools;

use std::process::ExitCode;

use clap::Parser;

use failure::Result;

#[derive(Parser)]
#[command(name = "cargo ci", bin_name = "cargo ci", about, disable_help_subcommand = false)]
enum Command {
    Bench(bench::Arguments),
    /// Plant a bug that the fuzzer has to find
    Canary,
    Coverage(coverage::Arguments),
    Fuzz(fuzz::Arguments),
    Hostile(hostile::Arguments),
    /// Hold the instructions of each operation to benches/instructions.tsv
    Instructions,
    Mutants(mutants::Arguments),
    Promote(promote::Arguments),
    SeededBugs(seeded_bugs::Arguments),
    Shard(shard::Arguments),
    Test(test::Arguments),
}

fn main() -> ExitCode {
    match run(Command::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(command: Command) -> Result {
    checkout::enter()?;
    match command {
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Canary => canary::run(),
        Command::Coverage(arguments) => coverage::run(&arguments),
        Command::Fuzz(arguments) => fuzz::run(&arguments),
        Command::Hostile(arguments) => hostile::run(&arguments),
        Command::Instructions => instructions::run(),
        Command::Mutants(arguments) => mutants::run(&arguments),
        Command::Promote(arguments) => promote::run(&arguments),
        Command::SeededBugs(arguments) => seeded_bugs::run(&arguments),
        Command::Shard(arguments) => shard::run(arguments),
        Command::Test(arguments) => test::run(&arguments),
    }
}
