//! `cargo ci`: the checks for CI, nightly jobs and maintainers.
//!
//! Each subcommand is one file. All run from the root of the checkout and install the tools
//! they need. Exit codes: 0 if all checks pass, 1 for a finding, 2 if the arguments are wrong
//! or a tool failed.

mod bench;
mod bounded;
mod canary;
mod checkout;
mod clusterfuzzlite;
mod coverage;
mod failure;
mod forge;
mod forge_api;
mod fuzz;
mod hostile;
mod instructions;
mod interface;
mod mutants;
mod packages;
mod pages;
mod parallel;
mod process;
mod promote;
mod release;
mod report_failure;
mod seeded_bugs;
mod shard;
mod site;
mod slips;
mod test;
mod tools;

use std::process::ExitCode;

use clap::Parser;

use failure::Result;

#[derive(Parser)]
#[command(name = "cargo ci", bin_name = "cargo ci", about)]
enum Command {
    Bench(bench::Arguments),
    /// Check every law on every small registry with every small policy
    Bounded,
    /// Plant a bug and check that the fuzzer finds it
    Canary,
    Clusterfuzzlite(clusterfuzzlite::Arguments),
    Coverage(coverage::Arguments),
    Fuzz(fuzz::Arguments),
    Hostile(hostile::Arguments),
    Instructions(instructions::Arguments),
    Interface(interface::Arguments),
    Mutants(mutants::Arguments),
    Packages(packages::Arguments),
    /// Test the HTML pages in a browser
    Pages,
    Promote(promote::Arguments),
    Release(release::Arguments),
    /// Open an issue about a failed night, or comment on the open one
    ReportFailure,
    SeededBugs(seeded_bugs::Arguments),
    Shard(shard::Arguments),
    Site(site::Arguments),
    Slips(slips::Arguments),
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
        Command::Bounded => bounded::run(),
        Command::Canary => canary::run(),
        Command::Clusterfuzzlite(arguments) => clusterfuzzlite::run(&arguments),
        Command::Coverage(arguments) => coverage::run(&arguments),
        Command::Fuzz(arguments) => fuzz::run(&arguments),
        Command::Hostile(arguments) => hostile::run(&arguments),
        Command::Instructions(arguments) => instructions::run(&arguments),
        Command::Interface(arguments) => interface::run(&arguments),
        Command::Mutants(arguments) => mutants::run(&arguments),
        Command::Packages(arguments) => packages::run(&arguments),
        Command::Pages => pages::run(),
        Command::Promote(arguments) => promote::run(&arguments),
        Command::Release(arguments) => release::run(&arguments),
        Command::ReportFailure => report_failure::run(),
        Command::SeededBugs(arguments) => seeded_bugs::run(&arguments),
        Command::Shard(arguments) => shard::run(arguments),
        Command::Site(arguments) => site::run(&arguments),
        Command::Slips(arguments) => slips::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
    }
}
