//! The bare command: checks everything that slugproof.yaml names.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use slug_redact::without_credentials;

use crate::args::{CheckArgs, ConformArgs, LintArgs, ProveArgs, RegistryArgs};
use crate::config::Config;
use crate::conformity::is_denied;
use crate::data::{Data, DataOptions};
use crate::exit::{Exit, Failure};
use crate::io::write_whole;
use crate::output::Output;
use crate::render::{BAD, GOOD, HEAD, WARN, printable, wrapped};
use crate::sink::{self, BasicFormat, Sink};

use super::{check, conform, lint, prove};

/// A command of the project, which gets the slugproof.yaml that the user names.
type Section = fn(Option<PathBuf>, &mut Output) -> Result<Exit, Failure>;

/// The commands, in the order in which they run.
const SECTIONS: [(&str, Section); 4] = [
    ("check", |config, output| {
        let files = config.into_iter().collect();
        check::run(&CheckArgs { with_conform: true, files, ..CheckArgs::default() }, output)
    }),
    ("conform", |config, output| {
        conform::run(&ConformArgs { registry: data_of(config), ..ConformArgs::default() }, output)
    }),
    ("prove", |config, output| {
        prove::run(&ProveArgs { with_conform: true, registry: data_of(config), ..ProveArgs::default() }, output)
    }),
    ("lint", |config, output| {
        lint::run(&LintArgs { with_conform: true, registry: data_of(config), ..LintArgs::default() }, output)
    }),
];

fn data_of(config: Option<PathBuf>) -> RegistryArgs {
    RegistryArgs { config, ..RegistryArgs::default() }
}

/// Runs every command of the project, and returns the worst exit code. Without a slugproof.yaml, shows
/// the proof of sample data.
pub fn run(path: Option<&Path>, sinks: &[Sink<BasicFormat>], output: &mut Output) -> Result<Exit, Failure> {
    let sinks = sink::requested(sinks, path)?;
    let json: Vec<&Sink<BasicFormat>> = sinks.iter().filter(|sink| sink.format == BasicFormat::Json).collect();
    if sinks.iter().any(|sink| sink.format == BasicFormat::Human && sink.path.is_some()) {
        return Err(Failure::new("the report for people goes to standard output; use `--output human`"));
    }
    // Each command would refuse an invalid file.
    let config = path.map_or_else(Config::load, |path| Config::read(path).map(Some))?;
    if config.is_none() && json.is_empty() {
        return prove::demonstrate(output);
    }
    let Some(config) = config else {
        return Err(Failure::new(
            "neither this directory nor a parent has a slugproof.yaml, so nothing was checked; write one with \
             `slugproof init`, or name it with --config",
        ));
    };
    if !json.is_empty() {
        output.collect();
    }
    let is_mute = output.is_quiet() || json.len() == sinks.len();
    let mut results = Map::new();
    // Without a function, a policy does not conform, which only counts if it is denied.
    let compares = is_denied(&config.deny) || has_function(path);
    let mut worst = Exit::Clean;
    let mut conclusions = Vec::new();
    let mut passed = Vec::new();
    // The last line is the verdict of all sections.
    output.mute(is_mute);
    for (number, (name, section)) in SECTIONS.into_iter().enumerate() {
        let space = if number == 0 { "" } else { "\n" };
        output.styled(&format!("{space}{HEAD}── slugproof {name} ──{HEAD:#}\n\n"))?;
        if name == "conform" && !compares {
            output.human("no policy names the function that it describes, so nothing is compared\n")?;
            continue;
        }
        let exit = match section(path.map(Path::to_owned), output) {
            Ok(exit) => exit,
            Err(failure @ Failure::Output(_)) => return Err(failure),
            Err(failure) => {
                output.finish()?;
                output.error(&failure.to_string());
                output.conclude(Some("stopped by an error, see above".to_owned()));
                let message = without_credentials(&failure.to_string()).into_owned();
                output.add_result(|| json!({"error": message}).to_string());
                Exit::UsageError
            }
        };
        let result = output.take_result().and_then(|text| serde_json::from_str(&text).ok());
        results.extend(result.map(|result: Value| (name.to_owned(), result)));
        match output.take_conclusion() {
            Some(conclusion) => conclusions.push((exit, format!("{name}: {conclusion}"))),
            None => passed.push(name),
        }
        worst = worst.worse(exit);
    }
    output.mute(false);
    sink::check_files_read(&sinks)?;
    let conclusion = conclusion(worst, conclusions, &passed);
    let text = format!("{:#}\n", Value::Object(results));
    // The log of a failed run must not be empty.
    if json.iter().any(|sink| sink.path.is_none()) {
        output.raw(&text)?;
    } else {
        output.styled(if is_mute { conclusion.trim_start() } else { &conclusion })?;
    }
    json.iter().filter_map(|sink| sink.path.as_deref()).try_for_each(|file| write_whole(file, text.as_bytes()))?;
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
fn has_function(config: Option<&Path>) -> bool {
    let options = DataOptions { config: config.map(Path::to_owned), ..DataOptions::default() };
    let policies = Data::find(options).and_then(|data| data.policies(&[]));
    policies.map_or(true, |policies| policies.iter().any(|policy| policy.document().function.is_some()))
}
