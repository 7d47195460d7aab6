//! `slugproof`: proves that every model slug a harness can pick matches the
//! secrets it injects.
//!
//! Everything that reads, writes or asks the machine is in this crate; every
//! answer comes from `slug_resolver`. It is a library so that its readers can be
//! tested from outside; the interface for use is the command.

mod args;
mod batch;
pub mod check;
mod config;
pub mod corpus;
mod data;
pub mod diagnose;
mod exit;
pub mod findings;
pub mod lines;
pub mod lint;
mod manual;
mod output;
mod pick;
mod prove;
mod resolve;

use std::process::ExitCode;

use args::{Arguments, Command};
use exit::{Exit, Failure};
use output::Output;

/// Runs the command on the arguments of this process.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = match args::parse() {
        Ok(arguments) => arguments,
        Err(exit) => return exit,
    };
    let mut output = Output::new(arguments.color, arguments.quiet);
    match run(arguments, &mut output).and_then(|exit| output.finish().map(|()| exit)) {
        Ok(exit) => exit.into(),
        Err(failure) => failure.report(&mut output).into(),
    }
}

fn run(arguments: Arguments, output: &mut Output) -> Result<Exit, Failure> {
    match arguments.command {
        None => prove::run(&args::ProveArgs::default(), output),
        Some(Command::Prove(args)) => prove::run(&args, output),
        Some(Command::Resolve(args)) => resolve::run(&args, output),
        Some(Command::Derive(args)) => batch::derive(&args, output),
        Some(Command::Pick(args)) => pick::run(&args, output),
        Some(Command::Lint(args)) => lint::run(&args, output),
        Some(Command::Diagnose(args)) => diagnose::run(&args, output),
        Some(Command::Check(args)) => check::run(&args, output),
        Some(Command::Corpus(args)) => corpus::run(&args, output),
        Some(Command::Completions { shell }) => manual::completions(shell, output),
        Some(Command::Man { dir }) => manual::pages(dir.as_deref(), output),
    }
}
