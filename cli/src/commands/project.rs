//! The bare command: checks everything that slugproof.yaml names.

use crate::args::{CheckArgs, ConformArgs, LintArgs, ProveArgs};
use crate::config::Config;
use crate::data::{Data, DataOptions};
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::render::HEAD;

use super::{check, conform, lint, prove};

/// A command of the project.
type Section = fn(&mut Output) -> Result<Exit, Failure>;

/// The commands, in the order in which they run.
const SECTIONS: [(&str, Section); 4] = [
    ("check", |output| check::run(&CheckArgs::default(), output)),
    ("conform", |output| conform::run(&ConformArgs::default(), output)),
    ("prove", |output| prove::run(&ProveArgs::default(), output)),
    ("lint", |output| lint::run(&LintArgs::default(), output)),
];

/// Runs every command of the project, and returns the worst exit code. Without a slugproof.yaml, shows
/// the proof of sample data.
pub fn run(output: &mut Output) -> Result<Exit, Failure> {
    // Each command would refuse an invalid file.
    if Config::load()?.is_none() {
        return prove::demonstrate(output);
    }
    let mut worst = Exit::Clean;
    for (number, (name, section)) in SECTIONS.into_iter().enumerate() {
        let space = if number == 0 { "" } else { "\n" };
        output.styled(&format!("{space}{HEAD}── slugproof {name} ──{HEAD:#}\n\n"))?;
        let exit = if name == "conform" && !has_function() {
            output.human("no policy names the function that it describes, so nothing is compared\n")?;
            Exit::Clean
        } else {
            match section(output) {
                Ok(exit) => exit,
                Err(failure @ Failure::Output(_)) => return Err(failure),
                Err(failure) => {
                    output.finish()?;
                    output.error(&failure.to_string());
                    Exit::UsageError
                }
            }
        };
        worst = worst.worse(exit);
    }
    Ok(worst)
}

/// Whether a policy of slugproof.yaml names a function. If that is unknown, `conform` says why.
fn has_function() -> bool {
    let policies = Data::find(DataOptions::default()).and_then(|data| data.policies(&[]));
    policies.map_or(true, |policies| policies.iter().any(|policy| policy.document().function.is_some()))
}
