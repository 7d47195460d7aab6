//! `slugproof`: proves that every model slug a harness can pick matches the
//! secrets it injects.
//!
//! This crate does all input and output; `slug_resolver` computes every result. It is a
//! library so that tests can call its parsers; users use the command.

mod args;
pub mod codes;
pub mod commands;
mod config;
mod config_format;
mod conformity;
mod data;
mod exit;
mod expectation;
mod file_kind;
pub mod findings;
mod git;
mod init;
mod invariant;
mod io;
mod json;
pub mod lint;
mod lsp;
mod output;
mod page;
mod pattern;
mod pin_entry;
mod policies;
mod progress;
mod registry_comparison;
mod render;
mod schema;
mod sink;
mod suggest;
mod variables;

use std::io::ErrorKind;
use std::process::ExitCode;

use anstream::ColorChoice;
use args::{Arguments, Command};
use commands::{
    batch, check, complete, conform, corpus, diagnose, diff, explain, import, manual, pick, project, prove, resolve,
};
use exit::{Exit, Failure};
use output::Output;

/// Runs the command with the arguments of this process.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = match args::parse() {
        Ok(arguments) => arguments,
        Err(printout) => return end(printout.print(), &mut Output::new(ColorChoice::Auto, false)).into(),
    };
    let mut output = Output::new(arguments.color.into(), arguments.quiet);
    let exits_zero = arguments.exit_zero;
    let result = run(arguments, &mut output).and_then(|exit| Ok(output.finish().map(|()| exit)?));
    match end(result, &mut output) {
        Exit::Findings if exits_zero => Exit::Clean,
        exit => exit,
    }
    .into()
}

fn run(arguments: Arguments, output: &mut Output) -> Result<Exit, Failure> {
    if arguments.exit_zero && matches!(arguments.command, Some(Command::Pick(_))) {
        let message = "`pick` prints no model if it finds a contradiction, so a harness needs its exit code; remove \
                       --exit-zero, or pass --unchecked";
        return Err(Failure::new(message));
    }
    if arguments.command.is_some() && (arguments.config.is_some() || !arguments.output.is_empty()) {
        return Err(Failure::new(
            "--config and --output before a command are for `slugproof` alone; write --output after the command",
        ));
    }
    match arguments.command {
        None => project::run(arguments.config.as_deref(), &arguments.output, output),
        Some(Command::Prove(args)) => prove::run(&args, output),
        Some(Command::Resolve(args)) => resolve::run(&args, output),
        Some(Command::Derive(args)) => batch::derive(&args, output),
        Some(Command::Pick(args)) => pick::run(&args, output),
        Some(Command::Lint(args)) => commands::lint::run(&args, output),
        Some(Command::Diff(args)) => diff::run(&args, output),
        Some(Command::Diagnose(args)) => diagnose::run(&args, output),
        Some(Command::Check(args)) => check::run(&args, output),
        Some(Command::Conform(args)) => conform::run(&args, output),
        Some(Command::Init(args)) => commands::init::run(&args, output),
        Some(Command::Explain(args)) => explain::run(&args, output),
        Some(Command::Schema(args)) => commands::schema::run(&args, output),
        Some(Command::Lsp(_)) => lsp::serve(),
        Some(Command::Import(args)) => import::run(&args, output),
        Some(Command::Corpus(args)) => corpus::run(&args, output),
        Some(Command::Completions { shell }) => manual::completions(shell, output),
        Some(Command::Complete { names }) => complete::run(names, output),
        Some(Command::Man { dir }) => manual::pages(dir.as_deref(), output),
    }
}

/// Returns the exit code. A failure is printed on standard error, unless the reader closed the
/// output.
fn end(result: Result<Exit, Failure>, output: &mut Output) -> Exit {
    match result {
        Ok(exit) => exit,
        Err(Failure::Output(error)) if error.kind() == ErrorKind::BrokenPipe => Exit::BrokenPipe,
        Err(failure) => {
            output.error(&failure.to_string());
            Exit::UsageError
        }
    }
}
