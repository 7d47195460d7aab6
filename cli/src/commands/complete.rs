//! `complete`: the names that completion scripts offer.

use std::path::Path;

use slug_resolver::{Policy, Registry};

use crate::args::Completable;
use crate::codes::{self, Command, Level};
use crate::data::{Data, DataOptions};
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::render::can_be_seen;

/// Prints the names, one a line. What cannot be read has no names: a shell shows no errors while a user types.
pub fn run(names: Completable, output: &mut Output) -> Result<Exit, Failure> {
    let mut names = match names {
        Completable::Runtimes => runtimes(),
        Completable::Policies => policies(),
        Completable::Codes => codes::entries().map(|entry| entry.id.to_owned()).collect(),
        Completable::DeniableCodes => {
            let is_finding = |command: &Command| *command != Command::Diagnose;
            let entries = codes::entries().filter(|entry| entry.level != Level::Error);
            entries.filter(|entry| entry.commands.iter().any(is_finding)).map(|entry| entry.id.to_owned()).collect()
        }
    };
    // A shell splits the list into words.
    names.retain(|name| !name.is_empty() && name.chars().all(|c| can_be_seen(c) && !c.is_whitespace()));
    names.sort();
    names.dedup();
    output.raw(&names.iter().map(|name| format!("{name}\n")).collect::<String>())?;
    Ok(Exit::Clean)
}

/// The data of slugproof.yaml, else the embedded ones.
fn data() -> Option<Data> {
    Data::find(DataOptions::default()).ok()
}

fn runtimes() -> Vec<String> {
    let registry = data().and_then(|data| data.registry().ok());
    let of_registry = registry.iter().flat_map(Registry::runtimes).map(|runtime| runtime.name.clone());
    let policies = data().and_then(|data| data.policies(&[]).ok()).unwrap_or_default();
    let of_policies = policies.iter().flat_map(|policy| policy.runtimes().map(str::to_owned).collect::<Vec<_>>());
    of_registry.chain(of_policies).collect()
}

/// The names of the policies in use and of the embedded ones, and the files of the policies.
fn policies() -> Vec<String> {
    let files = data().and_then(|data| data.policy_files(&[]).ok()).unwrap_or_default();
    let names = files.iter().map(|file| file.policy.name().to_owned());
    let paths = files.iter().filter_map(|file| file.path.as_deref().and_then(Path::to_str)).map(str::to_owned);
    names.chain(paths).chain(Policy::all_embedded().iter().map(|policy| policy.name().to_owned())).collect()
}
