//! `cargo ci bench`: runs every benchmark in several rounds and writes docs/benchmarks.md with
//! its data and two plots.

use std::fs;
use std::path::{Path, PathBuf};

use crate::checkout;
use crate::failure::{Context, Result};
use crate::forge;
use crate::process::Process;

/// Settings of criterion. Many short rounds show the noise better than one long one.
const SETTINGS: [&str; 9] =
    ["--warm-up-time", "0.2", "--measurement-time", "0.5", "--sample-size", "20", "--nresamples", "1001", "--noplot"];

/// The comparison with another crate. It is built separately, because its features of shared
/// dependencies must not change the measured code.
const OTHER_CRATE: [&str; 6] = ["--package", "slug-criterion", "--features", "genai", "--bench", "genai"];

/// Run every benchmark and write the benchmark page
///
/// Five rounds take about ten minutes; keep the machine idle during that time. The
/// measurements stay in target/bench.
#[derive(clap::Args)]
pub struct Arguments {
    /// Only prove registries whose arms share ids, and renew their table in the page
    #[arg(long, conflicts_with = "rounds")]
    sharing: bool,
    /// Number of rounds; each measures everything once
    #[arg(default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..1000))]
    rounds: u16,
    /// Output directory for the page, its data and its plots [default: docs]
    #[arg(value_parser = checkout::parse_path)]
    docs: Option<PathBuf>,
}

pub fn run(arguments: &Arguments) -> Result {
    let docs = arguments.docs.as_deref().unwrap_or(Path::new("docs"));
    let dist = checkout::target_dir()?.join("dist");
    let results = checkout::target_dir()?.join("bench");
    cargo(&["build", "--profile", "dist", "--package", "slugproof", "--package", "slug-bench"]).run()?;
    let runs = || Process::new(dist.join("runs"));
    let report = || Process::new(dist.join("report"));
    if arguments.sharing {
        runs().arg("--sharing").arg(&results).run_quietly()?;
        return report().arg("--sharing").arg(&results).arg(docs).run();
    }
    cargo(&["bench", "--no-run"]).run()?;
    cargo(&["bench", "--no-run"]).args(OTHER_CRATE).run()?;

    checkout::remove(&results)?;
    for dir in [results.as_path(), docs] {
        fs::create_dir_all(dir).context(|| format!("cannot create {}", dir.display()))?;
    }
    let criterion = results.join("criterion");
    for round in 1..=arguments.rounds {
        println!("round {round} of {}", arguments.rounds);
        let round = round.to_string();
        let measured =
            |process: Process| process.arg("--").args(SETTINGS).args(["--save-baseline", &format!("round-{round}")]);
        measured(cargo(&["bench", "--quiet"])).env("CRITERION_HOME", &criterion).run_quietly()?;
        measured(cargo(&["bench", "--quiet"]).args(OTHER_CRATE)).env("CRITERION_HOME", &criterion).run_quietly()?;
        runs().arg(&results).arg(&round).run_quietly()?;
    }
    runs().arg("--sharing").arg(&results).run_quietly()?;
    report().arg(&results).arg(docs).run()?;
    forge::append_summary(&checkout::read(docs.join("benchmarks.md"))?)
}

fn cargo(arguments: &[&str]) -> Process {
    Process::cargo().args(arguments).arg("--locked")
}
