//! `cargo ci`: what CI, the nightly jobs and maintainers run.
//!
//! Each subcommand is one file. All run from the root of the checkout, install the tools
//! they need, and exit with 0 if everything holds, 1 if something was found, and 2 if the
//! arguments are wrong or a tool failed.

mod checkout;
mod failure;
mod mutants;
mod process;
mod promote;
mod shard;
mod test;
mod tools;

use std::process::ExitCode;

use clap::Parser;

use failure::Result;

#[derive(Parser)]
#[command(name = "cargo ci", bin_name = "cargo ci", about, disable_help_subcommand = false)]
enum Command {
    Mutants(mutants::Arguments),
    Promote(promote::Arguments),
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
        Command::Mutants(arguments) => mutants::run(&arguments),
        Command::Promote(arguments) => promote::run(&arguments),
        Command::Shard(arguments) => shard::run(arguments),
        Command::Test(arguments) => test::run(&arguments),
    }
}
