//! Writes the report of the measured rounds.
//!
//!     report HOME DOCS
//!
//! Reads the rounds below HOME and writes `benchmarks.md`, `benchmarks.json` and two plots
//! into DOCS. The template of the page is `benches/page.md`.

mod machine;
mod page;
mod plot;
mod targets;

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;
use slug_bench::results::{Home, Round};
use std::collections::BTreeMap;

use machine::Machine;
use targets::{Reached, TARGETS};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [home, docs] = &arguments[..] else {
        eprintln!("usage: report HOME DOCS");
        return ExitCode::FAILURE;
    };
    match report(&Home(home.into()), Path::new(docs)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn report(home: &Home, docs: &Path) -> Result<(), Box<dyn Error>> {
    let rounds = home.rounds()?;
    if rounds.is_empty() {
        return Err(format!("there are no rounds in {}; run `cargo ci bench`", home.0.display()).into());
    }
    let machine = Machine::this();
    let reached = TARGETS.iter().map(|target| target.reached(&rounds)).collect::<Result<Vec<_>, _>>()?;
    let template = include_str!("../../../page.md");
    fs::write(docs.join("benchmarks.md"), page::fill(template, &machine, rounds.len(), &reached)?)?;
    fs::write(docs.join("benchmarks.json"), json(&machine, &rounds, &reached)?)?;
    for plot in plot::PLOTS {
        fs::write(docs.join(plot.file), plot.draw(&rounds)?)?;
    }
    print!("{}", page::table(reached.iter()));
    Ok(())
}

#[derive(Serialize)]
struct Form<'a> {
    schema_version: u8,
    machine: &'a Machine,
    rounds: usize,
    targets: &'a [Reached],
    /// Nanoseconds per element, or bytes: one value for each round.
    measurements: BTreeMap<&'a str, Vec<f64>>,
}

fn json(machine: &Machine, rounds: &[Round], targets: &[Reached]) -> Result<String, serde_json::Error> {
    let mut measurements: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (id, value) in rounds.iter().flat_map(|round| &round.values) {
        // Digits beyond the precision of a measurement would only enlarge diffs.
        measurements.entry(id).or_default().push(targets::rounded(*value));
    }
    let form = Form { schema_version: 1, machine, rounds: rounds.len(), targets, measurements };
    Ok(serde_json::to_string_pretty(&form)? + "\n")
}
