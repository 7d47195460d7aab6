//! Writes the report of the measured rounds.
//!
//!     report RESULTS DOCS
//!     report --sharing RESULTS DOCS
//!
//! Reads the rounds below RESULTS and writes `benchmarks.md`, `benchmarks.json` and two plots
//! into DOCS. The template of the page is `benches/page.md`. With `--sharing` it renews only the
//! table of the registries whose arms share ids, in an existing page.

mod machine;
mod page;
mod plot;
mod targets;

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;
use slug_bench::results::{ResultsDir, Round};
use std::collections::BTreeMap;

use machine::Machine;
use targets::{TARGETS, TargetResult};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--sharing", directory, docs] => renew_sharing(&ResultsDir(directory.into()), Path::new(docs)),
        [directory, docs] => report(&ResultsDir(directory.into()), Path::new(docs)),
        _ => Err("usage: report [--sharing] RESULTS DOCS".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn renew_sharing(directory: &ResultsDir, docs: &Path) -> Result<(), Box<dyn Error>> {
    let page = docs.join("benchmarks.md");
    let table = page::sharing_table(&directory.sharing_proofs()?);
    fs::write(&page, page::with_sharing(&fs::read_to_string(&page)?, &table)?)?;
    print!("{table}");
    Ok(())
}

fn report(directory: &ResultsDir, docs: &Path) -> Result<(), Box<dyn Error>> {
    let rounds = directory.rounds()?;
    if rounds.is_empty() {
        return Err(format!("there are no rounds in {}; run `cargo ci bench`", directory.0.display()).into());
    }
    let machine = Machine::current();
    let results = TARGETS.iter().map(|target| target.evaluate(&rounds)).collect::<Result<Vec<_>, _>>()?;
    let sharing = page::sharing_table(&directory.sharing_proofs()?);
    let template = include_str!("../../../page.md");
    fs::write(docs.join("benchmarks.md"), page::fill(template, &machine, rounds.len(), &results, &sharing)?)?;
    fs::write(docs.join("benchmarks.json"), json(&machine, &rounds, &results)?)?;
    for plot in plot::PLOTS {
        fs::write(docs.join(plot.file), plot.draw(&rounds)?)?;
    }
    print!("{}", page::table(results.iter()));
    Ok(())
}

#[derive(Serialize)]
struct Form<'a> {
    schema_version: u8,
    machine: &'a Machine,
    rounds: usize,
    targets: &'a [TargetResult],
    /// Nanoseconds per element, or bytes: one value for each round.
    measurements: BTreeMap<&'a str, Vec<f64>>,
}

fn json(machine: &Machine, rounds: &[Round], targets: &[TargetResult]) -> Result<String, serde_json::Error> {
    let mut measurements: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (id, value) in rounds.iter().flat_map(|round| &round.values) {
        // Digits beyond the precision of a measurement would only enlarge diffs.
        measurements.entry(id).or_default().push(targets::rounded(*value));
    }
    let form = Form { schema_version: 1, machine, rounds: rounds.len(), targets, measurements };
    Ok(serde_json::to_string_pretty(&form)? + "\n")
}
