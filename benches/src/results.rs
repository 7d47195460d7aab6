//! Measurements: one value for each benchmark in each round.
//!
//! A round is one sequential run of all benchmarks. Ratios are computed within a round, so
//! that a temporary slowdown of the machine affects both sides.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The name of a saved round; rounds are numbered from 1.
#[must_use]
pub fn round_name(number: usize) -> String {
    format!("round-{number}")
}

/// One measurement that was made without criterion.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Run {
    /// The id of the benchmark, as `group/function/size`.
    pub id: String,
    /// The samples, in nanoseconds, or in bytes if the id contains `memory`.
    pub samples: Vec<f64>,
    /// True if the run was stopped at the time limit; the samples are then lower bounds.
    #[serde(default, rename = "given_up")]
    pub timed_out: bool,
}

/// One proof of a registry whose arms share ids, and its cost.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SharingProof {
    /// The number of providers.
    pub providers: usize,
    /// The number of different ids that arms list.
    pub ids: usize,
    /// The number of cases that were checked against every law.
    pub cases: u64,
    /// The number of slugs, each on each runtime, that were compared with the reference.
    pub compared: u64,
    /// The number of combinations that the cases represent.
    pub combinations: u64,
    /// The least time of all cores together, in seconds.
    pub cpu_seconds: f64,
}

/// The values of one round.
#[derive(Clone, Debug, Default)]
pub struct Round {
    /// Values by id: nanoseconds per element, or bytes.
    pub values: BTreeMap<String, f64>,
    /// The ids of runs that were stopped at the time limit; their values are lower bounds.
    pub timed_out: Vec<String>,
}

/// The directory of the rounds: criterion writes below `criterion`, the program `runs` into `runs`.
#[derive(Clone, Debug)]
pub struct ResultsDir(pub PathBuf);

impl ResultsDir {
    /// The path of the file with the runs of a round.
    #[must_use]
    pub fn runs(&self, round: usize) -> PathBuf {
        self.0.join("runs").join(round_name(round) + ".json")
    }

    /// The path of the file with the proofs of registries whose arms share ids.
    #[must_use]
    pub fn sharing(&self) -> PathBuf {
        self.0.join("sharing.json")
    }

    /// Reads the proofs of registries whose arms share ids.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or is not in the format of `runs`.
    pub fn sharing_proofs(&self) -> io::Result<Vec<SharingProof>> {
        read(&self.sharing())
    }

    /// Reads all rounds, from the first to the last existing one.
    ///
    /// # Errors
    ///
    /// If a file cannot be read or is not in the format of criterion or `runs`.
    pub fn rounds(&self) -> io::Result<Vec<Round>> {
        let mut rounds = Vec::new();
        while let path = self.runs(rounds.len() + 1)
            && path.exists()
        {
            let mut round = Round::default();
            collect(&self.0.join("criterion"), &round_name(rounds.len() + 1), &mut round)?;
            let runs: Vec<Run> = read(&path)?;
            for run in runs {
                if run.timed_out {
                    round.timed_out.push(run.id.clone());
                }
                round.values.insert(run.id, median(run.samples));
            }
            rounds.push(round);
        }
        Ok(rounds)
    }
}

/// The file `benchmark.json` of criterion.
#[derive(Deserialize)]
struct Benchmark {
    full_id: String,
    throughput: Option<Throughput>,
}

#[derive(Deserialize)]
enum Throughput {
    Elements(f64),
}

/// The file `sample.json` of criterion: the number of iterations and the total time of each sample.
#[derive(Deserialize)]
struct Sample {
    iters: Vec<f64>,
    times: Vec<f64>,
}

/// Adds the benchmarks of a round from all subdirectories of criterion.
fn collect(directory: &Path, name: &str, round: &mut Round) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if !path.is_dir() {
            continue;
        }
        if path.file_name().is_none_or(|file_name| file_name != name) {
            collect(&path, name, round)?;
            continue;
        }
        let benchmark: Benchmark = read(&path.join("benchmark.json"))?;
        let sample: Sample = read(&path.join("sample.json"))?;
        let elements = benchmark.throughput.map_or(1.0, |Throughput::Elements(elements)| elements);
        let each = sample.times.iter().zip(&sample.iters).map(|(time, iters)| time / iters / elements);
        round.values.insert(benchmark.full_id, median(each.collect()));
    }
    Ok(())
}

fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> io::Result<T> {
    let located = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let text = fs::read(path).map_err(located)?;
    serde_json::from_slice(&text).map_err(|error| located(error.into()))
}

/// The median; for an even number of values, the mean of the two in the middle.
///
/// # Panics
///
/// If there are no values.
#[must_use]
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let (low, high) = (values[(values.len() - 1) / 2], values[values.len() / 2]);
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_is_the_middle_value() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 3.0, 2.0]), 2.5);
    }
}
