//! What was measured: one value for each benchmark in each round.
//!
//! A round is one run of everything, one after the other. A ratio is taken within a round,
//! so that whatever slows the machine down for a while slows both of its sides.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The name under which a round is kept, numbered from 1.
#[must_use]
pub fn round_name(number: usize) -> String {
    format!("round-{number}")
}

/// One measurement that criterion has no part in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Run {
    /// What was measured, as `group/function/size`.
    pub id: String,
    /// Nanoseconds, or bytes where the id says memory; one for each time it was measured.
    pub samples: Vec<f64>,
    /// Whether it was given up: then the truth lies above.
    #[serde(default)]
    pub given_up: bool,
}

/// The values of one round.
#[derive(Clone, Debug, Default)]
pub struct Round {
    /// By id: nanoseconds for one element, or bytes.
    pub values: BTreeMap<String, f64>,
    /// Those that were given up and are only bounds from below.
    pub given_up: Vec<String>,
}

/// Where the rounds are: criterion's below `criterion`, the others in `runs`.
#[derive(Clone, Debug)]
pub struct Home(pub PathBuf);

impl Home {
    /// The file with the runs of a round.
    #[must_use]
    pub fn runs(&self, round: usize) -> PathBuf {
        self.0.join("runs").join(round_name(round) + ".json")
    }

    /// Reads the rounds from the first to the last that is there.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or is not what criterion or `runs` writes.
    pub fn rounds(&self) -> io::Result<Vec<Round>> {
        let mut rounds = Vec::new();
        while let path = self.runs(rounds.len() + 1)
            && path.exists()
        {
            let mut round = Round::default();
            collect(&self.0.join("criterion"), &round_name(rounds.len() + 1), &mut round)?;
            let runs: Vec<Run> = read(&path)?;
            for run in runs {
                if run.given_up {
                    round.given_up.push(run.id.clone());
                }
                round.values.insert(run.id, median(run.samples));
            }
            rounds.push(round);
        }
        Ok(rounds)
    }
}

/// Criterion's `benchmark.json`.
#[derive(Deserialize)]
struct Benchmark {
    full_id: String,
    throughput: Option<Throughput>,
}

#[derive(Deserialize)]
enum Throughput {
    Elements(f64),
}

/// Criterion's `sample.json`: how often each sample ran, and how long that took.
#[derive(Deserialize)]
struct Sample {
    iters: Vec<f64>,
    times: Vec<f64>,
}

/// Adds the benchmarks of a round, wherever criterion has put them.
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
    let place = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let text = fs::read(path).map_err(place)?;
    serde_json::from_slice(&text).map_err(|error| place(error.into()))
}

/// The value in the middle; of an even number the mean of the two there.
///
/// # Panics
///
/// When there is none.
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
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 3.0, 2.0]), 2.5);
    }
}
