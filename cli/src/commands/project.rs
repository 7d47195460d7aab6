//! The bare command: checks everything that slugproof.yaml names.

use crate::args::{CheckArgs, ConformArgs, LintArgs, ProveArgs};
use crate::config::Config;
use crate::conformity::is_denied;
use crate::data::{Data, DataOptions};
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::render::{BAD, GOOD, HEAD, WARN, printable, wrapped};

use super::{check, conform, lint, prove};

/// A command of the project.
type Section = fn(&mut Output) -> Result<Exit, Failure>;

/// The commands, in the order in which they run.
const SECTIONS: [(&str, Section); 4] = [
    ("check", |output| check::run(&CheckArgs { with_conform: true, ..CheckArgs::default() }, output)),
    ("conform", |output| conform::run(&ConformArgs::default(), output)),
    ("prove", |output| prove::run(&ProveArgs { with_conform: true, ..ProveArgs::default() }, output)),
    ("lint", |output| lint::run(&LintArgs { with_conform: true, ..LintArgs::default() }, output)),
];

/// Runs every command of the project, and returns the worst exit code. Without a slugproof.yaml, shows
/// the proof of sample data.
pub fn run(output: &mut Output) -> Result<Exit, Failure> {
    // Each command would refuse an invalid file.
    let Some(config) = Config::load()? else { return prove::demonstrate(output) };
    // Without a function, a policy does not conform, which only counts if it is denied.
    let compares = is_denied(&config.deny) || has_function();
    let mut worst = Exit::Clean;
    let mut conclusions = Vec::new();
    let mut passed = Vec::new();
    // The last line is the verdict of all sections.
    output.mute(output.is_quiet());
    for (number, (name, section)) in SECTIONS.into_iter().enumerate() {
        let space = if number == 0 { "" } else { "\n" };
        output.styled(&format!("{space}{HEAD}── slugproof {name} ──{HEAD:#}\n\n"))?;
        if name == "conform" && !compares {
            output.human("no policy names the function that it describes, so nothing is compared\n")?;
            continue;
        }
        let exit = match section(output) {
            Ok(exit) => exit,
            Err(failure @ Failure::Output(_)) => return Err(failure),
            Err(failure) => {
                output.finish()?;
                output.error(&failure.to_string());
                output.conclude(Some("stopped by an error, see above".to_owned()));
                Exit::UsageError
            }
        };
        match output.take_conclusion() {
            Some(conclusion) => conclusions.push((exit, format!("{name}: {conclusion}"))),
            None => passed.push(name),
        }
        worst = worst.worse(exit);
    }
    output.mute(false);
    let conclusion = conclusion(worst, conclusions, &passed);
    output.styled(if output.is_quiet() { conclusion.trim_start() } else { &conclusion })?;
    Ok(worst)
}

/// The last line: which commands found something and where, the worst first.
fn conclusion(worst: Exit, mut conclusions: Vec<(Exit, String)>, passed: &[&str]) -> String {
    conclusions.sort_by_key(|(exit, _)| std::cmp::Reverse(exit.severity()));
    let parts: Vec<String> = conclusions.into_iter().map(|(_, conclusion)| conclusion).collect();
    let (style, sign, text) = match worst {
        _ if parts.is_empty() => (GOOD, '✓', format!("nothing found by {}", passed.join(", "))),
        Exit::Clean | Exit::NothingChecked => (WARN, '!', parts.join("; ")),
        _ => (BAD, '✗', parts.join("; ")),
    };
    let line = wrapped(&printable(&format!("{sign} {text}")), "", "  ");
    format!("\n{}\n", line.replacen(sign, &format!("{style}{sign}{style:#}"), 1))
}

/// Whether a policy of slugproof.yaml names a function. If that is unknown, `conform` says why.
fn has_function() -> bool {
    let policies = Data::find(DataOptions::default()).and_then(|data| data.policies(&[]));
    policies.map_or(true, |policies| policies.iter().any(|policy| policy.document().function.is_some()))
}
