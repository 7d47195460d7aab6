//! The targets: ratios and other values of the measurements, and their bounds.

use serde::Serialize;
use slug_bench::results::{Round, median};

/// One row of the table.
pub struct Target {
    /// A stable name.
    pub id: &'static str,
    /// A description of the measurement for people.
    pub what: &'static str,
    /// The computation of the value.
    pub value: Value,
    /// The bound; `None` for a comparison without a target.
    pub bound: Option<Bound>,
}

/// The computation of a number from the measurements of one round.
pub enum Value {
    /// The product of some measurements divided by the product of others, without a unit.
    Ratio(&'static [&'static str], &'static [&'static str]),
    /// A time in milliseconds.
    Milliseconds(&'static str),
    /// An amount of memory in megabytes (10⁶ bytes).
    Megabytes(&'static str),
    /// The number of elements per second.
    Rate(&'static str),
    /// The exponent of the growth of a time: the slope of a line through the logarithms of all
    /// measurements of the group, fitted by least squares.
    Exponent(&'static str),
}

/// The bound of a value.
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
        "derive, by pattern, by handle, against the automaton",
        Ratio(&["derive-pattern/by-handle"], &["derive-pattern/limit"]),
        AtMost(1.3),
    ),
    comparison(
        "pattern-by-name",
        "derive, by pattern, by name, against the automaton",
        Ratio(&["derive-pattern/by-name"], &["derive-pattern/limit"]),
    ),
    target(
        "unregistered-by-handle",
        "derive, unregistered, by handle, against the automaton",
        Ratio(&["derive-unregistered/by-handle"], &["derive-unregistered/limit"]),
        AtMost(1.5),
    ),
    comparison(
        "unregistered-by-name",
        "derive, unregistered, by name, against the automaton",
        Ratio(&["derive-unregistered/by-name"], &["derive-unregistered/limit"]),
    ),
    target(
        "genai",
        "the crate genai, which has no runtimes, against derive, exact, by handle",
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
        "the baseline, against derive, exact, by handle",
        Ratio(&["derive-exact/naive"], &["derive-exact/by-handle"]),
        AtLeast(150.0),
    ),
    comparison(
        "naive-exact-limit",
        "the baseline, exact, against a hash map",
        Ratio(&["derive-exact/naive"], &["derive-exact/limit"]),
    ),
    comparison(
        "naive-exact-by-name",
        "the baseline, against derive, exact, by name",
        Ratio(&["derive-exact/naive"], &["derive-exact/by-name"]),
    ),
    target(
        "naive-pattern",
        "the baseline, against derive, by pattern, by handle",
        Ratio(&["derive-pattern/naive"], &["derive-pattern/by-handle"]),
        AtLeast(50.0),
    ),
    comparison(
        "naive-pattern-limit",
        "the baseline, by pattern, against the automaton",
        Ratio(&["derive-pattern/naive"], &["derive-pattern/limit"]),
    ),
    comparison(
        "naive-pattern-by-name",
        "the baseline, against derive, by pattern, by name",
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
        "growth of the automaton, from 30 to 3,000 providers",
        Ratio(&["growth-pattern/limit/3000"], &["growth-pattern/limit/30"]),
    ),
    comparison(
        "growth-pattern-naive",
        "growth of the baseline, by pattern, from 30 to 3,000 providers",
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
        "the baseline, against resolve over a prepared environment",
        Ratio(&["resolve/naive"], &["resolve/prepared"]),
    ),
    comparison(
        "naive-from-map",
        "the baseline with only the variables of the policy, against resolve from a whole map",
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
        "`prove` with 30,000 ids, against 3,000 ids",
        Ratio(&["prove/growth/30000"], &["prove/growth/3000"]),
    ),
    target("prove-30000", "`prove`, 30,000 ids, ms", Milliseconds("prove/growth/30000"), AtMost(5_000.0)),
    target("batch-rate", "`resolve --batch`, lines per second", Rate("batch/process"), AtLeast(500_000.0)),
    target("batch-memory", "`resolve --batch`, 500,000 lines, MB", Megabytes("batch/memory"), AtMost(64.0)),
    comparison(
        "batch-lines",
        "a line answered in memory, against only parsing and writing",
        Ratio(&["batch/product"], &["batch/limit"]),
    ),
    comparison(
        "naive-batch",
        "the baseline, against a line answered in memory",
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
        "reading, checking and compiling the embedded registry, against parsing it with serde_yaml",
        Ratio(&["reading/product"], &["reading/serde-yaml"]),
    ),
    target(
        "reading-growth",
        "reading 10 MB, against reading 10 kB, per byte",
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

/// The result of a target.
#[derive(Serialize)]
pub struct TargetResult {
    pub id: &'static str,
    pub what: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    pub min: f64,
    pub median: f64,
    pub max: f64,
    /// True if a run was stopped at the time limit; the values are then lower bounds.
    #[serde(rename = "given_up")]
    pub timed_out: bool,
    /// True if the median is within the bound; `None` without a bound.
    pub reached: Option<bool>,
    /// The value of each round.
    pub rounds: Vec<f64>,
}

impl Target {
    /// Compares the median of the rounds with the bound.
    pub fn evaluate(&self, rounds: &[Round]) -> Result<TargetResult, String> {
        let values = rounds.iter().map(|round| self.value.of(round).map(rounded));
        let values = values.collect::<Result<Vec<_>, _>>().map_err(|id| {
            format!(
                "the target `{}` needs `{id}`, which was not measured in every round; run `cargo ci bench`",
                self.id
            )
        })?;
        let timed_out = rounds.iter().flat_map(|round| &round.timed_out).any(|id| self.value.depends_on(id));
        let median = median(values.clone());
        let (at_most, at_least) = match self.bound {
            Some(AtMost(bound)) => (Some(bound), None),
            Some(AtLeast(bound)) => (None, Some(bound)),
            None => (None, None),
        };
        let reached = self.bound.as_ref().map(|bound| !timed_out && bound.is_met_by(median));
        Ok(TargetResult {
            id: self.id,
            what: self.what,
            at_most,
            at_least,
            min: values.iter().copied().fold(f64::INFINITY, f64::min),
            median: rounded(median),
            max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            timed_out,
            reached,
            rounds: values,
        })
    }
}

impl Bound {
    fn is_met_by(&self, value: f64) -> bool {
        match *self {
            AtMost(bound) => value <= bound,
            AtLeast(bound) => value >= bound,
        }
    }
}

impl Value {
    /// The value in a round, or the id of the missing measurement.
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

    fn depends_on(&self, measurement: &str) -> bool {
        match self {
            Ratio(over, under) => over.contains(&measurement) || under.contains(&measurement),
            Milliseconds(id) | Megabytes(id) | Rate(id) => *id == measurement,
            Exponent(group) => measurement.starts_with(group),
        }
    }
}

/// The slope of the least-squares line through the points; `None` for fewer than two points.
fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let (across, up) = points
        .iter()
        .fold((0.0, 0.0), |(across, up), point| (across + (point.0 - x).powi(2), up + (point.0 - x) * (point.1 - y)));
    (points.len() > 1).then(|| up / across)
}

/// A number rounded to four significant digits, the precision of a measurement.
pub fn rounded(value: f64) -> f64 {
    format!("{value:.3e}").parse().expect("a formatted number can be parsed")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn round(values: &[(&str, f64)]) -> Round {
        let values = values.iter().map(|&(id, value)| (id.to_owned(), value)).collect();
        Round { values, timed_out: Vec::new() }
    }

    #[test]
    fn ratio_is_per_round_and_its_median_decides() {
        let target = target("t", "t", Ratio(&["a"], &["b"]), AtMost(1.5));
        let rounds = [(1.0, 1.0), (30.0, 20.0), (4.0, 2.0)].map(|(a, b)| round(&[("a", a), ("b", b)]));
        let result = target.evaluate(&rounds).expect("everything was measured");
        assert_eq!((result.min, result.median, result.max, result.reached), (1.0, 1.5, 2.0, Some(true)));
        assert!(target.evaluate(&[round(&[("a", 1.0)])]).is_err());
    }

    #[test]
    fn target_with_a_stopped_run_is_missed() {
        let target = target("t", "t", Milliseconds("a"), AtMost(40_000.0));
        let mut round = round(&[("a", 30e9)]);
        assert_eq!(target.evaluate(std::slice::from_ref(&round)).ok().and_then(|r| r.reached), Some(true));
        round.timed_out.push("a".to_owned());
        assert_eq!(target.evaluate(&[round]).ok().and_then(|r| r.reached), Some(false));
    }

    #[test]
    fn exponent_is_the_slope_of_the_logarithms() {
        let square = round(&[("g/10", 100.0), ("g/100", 10_000.0), ("g/1000", 1e6), ("other", 1.0)]);
        assert!((Exponent("g/").of(&square).expect("there are points") - 2.0).abs() < 1e-9);
    }

    #[test]
    fn target_ids_are_unique() {
        let ids: BTreeSet<&str> = TARGETS.iter().map(|target| target.id).collect();
        assert_eq!(ids.len(), TARGETS.len());
    }
}
