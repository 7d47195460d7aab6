//! The targets: what is divided by what, and how far it may go.

use serde::Serialize;
use slug_bench::results::{Round, median};

/// One row of the table.
pub struct Target {
    /// A stable name.
    pub id: &'static str,
    /// What is measured, for people.
    pub what: &'static str,
    /// How the value comes about.
    pub value: Value,
    /// How far it may go; none for a mere comparison.
    pub bound: Option<Bound>,
}

/// A number made of the measurements of one round.
pub enum Value {
    /// The product of some measurements over the product of others: of no unit.
    Ratio(&'static [&'static str], &'static [&'static str]),
    /// A time.
    Milliseconds(&'static str),
    /// An amount of memory, in units of a million bytes.
    Megabytes(&'static str),
    /// How many elements a second.
    Rate(&'static str),
    /// The exponent with which a time grows: the slope of a line through the logarithms,
    /// fitted to all measurements of the group by least squares.
    Exponent(&'static str),
}

/// How far a value may go.
pub enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

use Bound::{AtLeast, AtMost};
use Value::{Exponent, Megabytes, Milliseconds, Rate, Ratio};

const fn target(id: &'static str, what: &'static str, value: Value, bound: Bound) -> Target {
    Target { id, what, value, bound: Some(bound) }
}

const fn comparison(id: &'static str, what: &'static str, value: Value) -> Target {
    Target { id, what, value, bound: None }
}

/// The rows, in the order of the table.
pub const TARGETS: &[Target] = &[
    target(
        "exact-by-handle",
        "derive, exact, by handle, against a hash map",
        Ratio(&["derive-exact/by-handle"], &["derive-exact/limit"]),
        AtMost(1.5),
    ),
    target(
        "exact-by-name",
        "derive, exact, by name, against a hash map",
        Ratio(&["derive-exact/by-name"], &["derive-exact/limit"]),
        AtMost(2.2),
    ),
    target(
        "pattern-by-handle",
        "derive, by pattern, by handle, against the automaton alone",
        Ratio(&["derive-pattern/by-handle"], &["derive-pattern/limit"]),
        AtMost(1.3),
    ),
    comparison(
        "pattern-by-name",
        "derive, by pattern, by name, against the automaton alone",
        Ratio(&["derive-pattern/by-name"], &["derive-pattern/limit"]),
    ),
    target(
        "unregistered-by-handle",
        "derive, unregistered, by handle, against the automaton alone",
        Ratio(&["derive-unregistered/by-handle"], &["derive-unregistered/limit"]),
        AtMost(1.5),
    ),
    comparison(
        "unregistered-by-name",
        "derive, unregistered, by name, against the automaton alone",
        Ratio(&["derive-unregistered/by-name"], &["derive-unregistered/limit"]),
    ),
    target(
        "genai",
        "the crate genai, which knows no runtimes, against derive, exact, by handle",
        Ratio(&["derive-genai/genai"], &["derive-genai/by-handle"]),
        AtLeast(2.0),
    ),
    comparison(
        "genai-by-name",
        "the crate genai, against derive, exact, by name",
        Ratio(&["derive-genai/genai"], &["derive-genai/by-name"]),
    ),
    target(
        "naive-exact",
        "the naive port, against derive, exact, by handle",
        Ratio(&["derive-exact/naive"], &["derive-exact/by-handle"]),
        AtLeast(150.0),
    ),
    comparison(
        "naive-exact-limit",
        "the naive port, exact, against a hash map",
        Ratio(&["derive-exact/naive"], &["derive-exact/limit"]),
    ),
    comparison(
        "naive-exact-by-name",
        "the naive port, against derive, exact, by name",
        Ratio(&["derive-exact/naive"], &["derive-exact/by-name"]),
    ),
    target(
        "naive-pattern",
        "the naive port, against derive, by pattern, by handle",
        Ratio(&["derive-pattern/naive"], &["derive-pattern/by-handle"]),
        AtLeast(50.0),
    ),
    comparison(
        "naive-pattern-limit",
        "the naive port, by pattern, against the automaton alone",
        Ratio(&["derive-pattern/naive"], &["derive-pattern/limit"]),
    ),
    comparison(
        "naive-pattern-by-name",
        "the naive port, against derive, by pattern, by name",
        Ratio(&["derive-pattern/naive"], &["derive-pattern/by-name"]),
    ),
    target(
        "growth-exact-10000",
        "growth of derive from 100 to 10,000 ids, against the growth of the map",
        Ratio(
            &["growth-exact/product/10000", "growth-exact/limit/100"],
            &["growth-exact/product/100", "growth-exact/limit/10000"],
        ),
        AtMost(1.3),
    ),
    target(
        "growth-exact-1000000",
        "growth of derive from 100 to 1,000,000 ids, against the growth of the map",
        Ratio(
            &["growth-exact/product/1000000", "growth-exact/limit/100"],
            &["growth-exact/product/100", "growth-exact/limit/1000000"],
        ),
        AtMost(1.3),
    ),
    target(
        "growth-pattern",
        "growth of derive, by pattern, from 30 to 3,000 providers",
        Ratio(&["growth-pattern/product/3000"], &["growth-pattern/product/30"]),
        AtMost(8.0),
    ),
    comparison(
        "growth-pattern-limit",
        "growth of the automaton alone, from 30 to 3,000 providers",
        Ratio(&["growth-pattern/limit/3000"], &["growth-pattern/limit/30"]),
    ),
    comparison(
        "growth-pattern-naive",
        "growth of the naive port, by pattern, from 30 to 3,000 providers",
        Ratio(&["growth-pattern/naive/3000"], &["growth-pattern/naive/30"]),
    ),
    target(
        "resolve-prepared",
        "resolve over a prepared environment, against derive by name",
        Ratio(&["resolve/prepared"], &["resolve/limit"]),
        AtMost(3.0),
    ),
    target(
        "resolve-from-map",
        "resolve from a map of strings, against a prepared environment",
        Ratio(&["resolve/from-map"], &["resolve/prepared"]),
        AtMost(12.0),
    ),
    comparison(
        "naive-resolve",
        "the naive port, against resolve over a prepared environment",
        Ratio(&["resolve/naive"], &["resolve/prepared"]),
    ),
    comparison(
        "naive-from-map",
        "the naive port over the policy's variables alone, against resolve from a whole map",
        Ratio(&["resolve/naive"], &["resolve/from-map"]),
    ),
    target("prove", "`prove`, embedded data, ms", Milliseconds("prove/embedded"), AtMost(300.0)),
    target("brute-force", "`prove --brute-force`, ms", Milliseconds("prove/brute-force"), AtMost(3_000.0)),
    target(
        "prove-growth",
        "growth of `prove` from 300 to 30,000 ids: fitted exponent",
        Exponent("prove/growth/"),
        AtMost(1.1),
    ),
    comparison(
        "prove-growth-last",
        "`prove` of 30,000 ids, against one of 3,000",
        Ratio(&["prove/growth/30000"], &["prove/growth/3000"]),
    ),
    target("prove-30000", "`prove`, 30,000 ids, ms", Milliseconds("prove/growth/30000"), AtMost(5_000.0)),
    target("batch-rate", "`resolve --batch`, lines a second", Rate("batch/process"), AtLeast(500_000.0)),
    target("batch-memory", "`resolve --batch`, 500,000 lines, MB", Megabytes("batch/memory"), AtMost(64.0)),
    comparison(
        "batch-lines",
        "a line answered in memory, against parsing and writing alone",
        Ratio(&["batch/product"], &["batch/limit"]),
    ),
    comparison(
        "naive-batch",
        "the naive port, against a line answered in memory",
        Ratio(&["batch/naive"], &["batch/product"]),
    ),
    target(
        "reading",
        "reading, checking and compiling the embedded registry, against parsing it",
        Ratio(&["reading/product"], &["reading/limit"]),
        AtMost(2.5),
    ),
    comparison(
        "reading-serde-yaml",
        "reading, checking and compiling it, against parsing it with serde_yaml",
        Ratio(&["reading/product"], &["reading/serde-yaml"]),
    ),
    target(
        "reading-growth",
        "reading 10 MB, against reading 10 kB, for each byte",
        Ratio(&["reading/growth/10000000"], &["reading/growth/10000"]),
        AtMost(1.3),
    ),
    target("start-up", "`slugproof resolve`, the whole process, ms", Milliseconds("start-up/resolve"), AtMost(10.0)),
    comparison(
        "start-up-version",
        "`slugproof resolve`, the whole process, against `slugproof --version`",
        Ratio(&["start-up/resolve"], &["start-up/version"]),
    ),
    target("start-up-memory", "`slugproof resolve`, MB", Megabytes("start-up/memory"), AtMost(40.0)),
];

/// What a target came to.
#[derive(Serialize)]
pub struct Reached {
    pub id: &'static str,
    pub what: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    pub min: f64,
    pub median: f64,
    pub max: f64,
    /// Whether a run was given up, so that the values are only bounds from below.
    pub given_up: bool,
    /// Whether the median is within the bound.
    pub reached: Option<bool>,
    /// The value of each round.
    pub rounds: Vec<f64>,
}

impl Target {
    /// Judges the median of the rounds.
    pub fn reached(&self, rounds: &[Round]) -> Result<Reached, String> {
        let values = rounds.iter().map(|round| self.value.of(round).map(rounded));
        let values = values.collect::<Result<Vec<_>, _>>().map_err(|id| {
            format!(
                "`{id}` was not measured in every round, and the target `{}` needs it; run `cargo ci bench`",
                self.id
            )
        })?;
        let given_up = rounds.iter().flat_map(|round| &round.given_up).any(|id| self.value.is_made_of(id));
        let median = median(values.clone());
        let (at_most, at_least) = match self.bound {
            Some(AtMost(bound)) => (Some(bound), None),
            Some(AtLeast(bound)) => (None, Some(bound)),
            None => (None, None),
        };
        let reached = self.bound.as_ref().map(|bound| !given_up && bound.holds(median));
        Ok(Reached {
            id: self.id,
            what: self.what,
            at_most,
            at_least,
            min: values.iter().copied().fold(f64::INFINITY, f64::min),
            median: rounded(median),
            max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            given_up,
            reached,
            rounds: values,
        })
    }
}

impl Bound {
    fn holds(&self, value: f64) -> bool {
        match *self {
            AtMost(bound) => value <= bound,
            AtLeast(bound) => value >= bound,
        }
    }
}

impl Value {
    /// The value in a round, or the measurement that is missing.
    fn of(&self, round: &Round) -> Result<f64, String> {
        let get = |id: &str| round.values.get(id).copied().ok_or_else(|| id.to_owned());
        Ok(match self {
            Ratio(over, under) => {
                let product = |ids: &[&str]| ids.iter().map(|id| get(id)).product::<Result<f64, _>>();
                product(over)? / product(under)?
            }
            Milliseconds(id) => get(id)? / 1e6,
            Megabytes(id) => get(id)? / 1e6,
            Rate(id) => 1e9 / get(id)?,
            Exponent(group) => {
                let size = |id: &String| id.strip_prefix(group)?.parse::<f64>().ok();
                let points: Vec<_> = round
                    .values
                    .iter()
                    .filter_map(|(id, value)| size(id).map(|size| (size.ln(), value.ln())))
                    .collect();
                slope(&points).ok_or_else(|| (*group).to_owned())?
            }
        })
    }

    fn is_made_of(&self, measurement: &str) -> bool {
        match self {
            Ratio(over, under) => over.contains(&measurement) || under.contains(&measurement),
            Milliseconds(id) | Megabytes(id) | Rate(id) => *id == measurement,
            Exponent(group) => measurement.starts_with(group),
        }
    }
}

/// The slope of the line that fits the points best, by least squares.
fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let (across, up) = points
        .iter()
        .fold((0.0, 0.0), |(across, up), point| (across + (point.0 - x).powi(2), up + (point.0 - x) * (point.1 - y)));
    (points.len() > 1).then(|| up / across)
}

/// A number with the four digits that a measurement has at the most.
pub fn rounded(value: f64) -> f64 {
    format!("{value:.3e}").parse().expect("a number that is written is one")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn round(values: &[(&str, f64)]) -> Round {
        let values = values.iter().map(|&(id, value)| (id.to_owned(), value)).collect();
        Round { values, given_up: Vec::new() }
    }

    #[test]
    fn a_ratio_is_taken_within_a_round_and_its_median_judged() {
        let target = target("t", "t", Ratio(&["a"], &["b"]), AtMost(1.5));
        let rounds = [(1.0, 1.0), (30.0, 20.0), (4.0, 2.0)].map(|(a, b)| round(&[("a", a), ("b", b)]));
        let reached = target.reached(&rounds).expect("everything was measured");
        assert_eq!((reached.min, reached.median, reached.max, reached.reached), (1.0, 1.5, 2.0, Some(true)));
        assert!(target.reached(&[round(&[("a", 1.0)])]).is_err());
    }

    #[test]
    fn what_was_given_up_is_not_reached() {
        let target = target("t", "t", Milliseconds("a"), AtMost(40_000.0));
        let mut round = round(&[("a", 30e9)]);
        assert_eq!(target.reached(std::slice::from_ref(&round)).ok().and_then(|r| r.reached), Some(true));
        round.given_up.push("a".to_owned());
        assert_eq!(target.reached(&[round]).ok().and_then(|r| r.reached), Some(false));
    }

    #[test]
    fn an_exponent_is_the_slope_of_the_logarithms() {
        let square = round(&[("g/10", 100.0), ("g/100", 10_000.0), ("g/1000", 1e6), ("other", 1.0)]);
        assert!((Exponent("g/").of(&square).expect("there are points") - 2.0).abs() < 1e-9);
    }

    #[test]
    fn every_target_has_a_name_of_its_own() {
        let ids: BTreeSet<&str> = TARGETS.iter().map(|target| target.id).collect();
        assert_eq!(ids.len(), TARGETS.len());
    }
}
