//! The results of `prove`, before rendering.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use slug_laws::SECRET_PLACEHOLDER;
use slug_laws::proof::{Gap, Proof};
use slug_resolver::Code;

use super::crossings::Crossing;
use super::violations::Violations;
use crate::config::AcceptCode;
use crate::data::WRITE_CONFIG;
use crate::exit::Exit;
use crate::expectation::{Expected, TestedEnvironment};
use crate::render::{counted, shell};

/// All results of `prove`.
pub struct Report {
    /// The role of the embedded data, if only they were proved and no option but `--embedded`
    /// chooses them.
    pub sample: Option<Sample>,
    /// True if `--no-config` was given.
    pub without_config: bool,
    pub registry_source: String,
    pub providers: usize,
    pub runtimes: usize,
    pub config: Option<String>,
    pub policies: Vec<PolicyReport>,
    pub functions: Functions,
    /// The tests of slugproof.yaml.
    pub expectations: Vec<TestedExpectation>,
    /// The number of tests that are about policies which this run does not prove.
    pub untested: usize,
    /// Accept entries of slugproof.yaml that accept nothing.
    pub idle: Vec<Idle>,
    /// True if a gap that is not accepted is a finding.
    pub gaps_count: bool,
    pub elapsed: Duration,
}

/// What is known about policies and the functions that they describe, in sentences.
#[derive(Default)]
pub struct Functions {
    /// The policies whose functions were not run, in one sentence.
    pub not_compared: Option<String>,
    /// Each policy that conforms.
    pub proved: Vec<String>,
    /// Each policy that does not, where that is denied.
    pub problems: Vec<String>,
}

/// The role of the embedded data in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample {
    /// The bare command shows what a proof looks like.
    Demonstrated,
    /// The user passed `--embedded`.
    Requested,
    /// The user gave no data, and may believe that their own were proved.
    Unrequested,
}

/// The results for one policy.
pub struct PolicyReport {
    pub policy: String,
    /// The start of a command that resolves one environment with the same data.
    pub resolve: Option<String>,
    pub embedded: bool,
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
    pub proof: Proof,
    pub gaps: Vec<EvaluatedGap>,
    /// The environments that send a key to another vendor, if slugproof.yaml denies them.
    pub crossings: Vec<EvaluatedCrossing>,
    /// The environments that violate an invariant.
    pub violations: Violations,
    pub undecided: Vec<String>,
    /// The runtimes on which the policy distinguishes too many environments.
    pub unexplored: Vec<String>,
    /// The runtimes with cases that the budget left unchecked.
    pub unchecked: Vec<String>,
    /// The known runtimes on which no environment creates anything.
    pub without_creation: Vec<String>,
    /// A smallest environment that creates something and names no runtime, if the policy has rules for the runtime.
    pub without_runtime: Option<WithoutRuntime>,
    pub brute_force: Option<BruteForce>,
}

/// A column of the matrix: the assignment that it shows.
pub enum Column {
    Nothing,
    Value { variable: String, value: String },
    Key { variable: String },
}

impl Column {
    /// The variable and its value, or `None` if nothing is set.
    pub fn setting(&self) -> Option<(&str, &str)> {
        match self {
            Self::Nothing => None,
            Self::Value { variable, value } => Some((variable, value)),
            Self::Key { variable } => Some((variable, SECRET_PLACEHOLDER)),
        }
    }
}

/// One runtime: a row of the matrix.
pub struct Row {
    pub runtime: String,
    /// True if the registry or the policy names the runtime.
    pub known: bool,
    pub cells: Vec<Cell>,
}

pub struct Cell {
    pub slug: String,
    pub provider: Option<String>,
    pub code: Option<Code>,
    /// True if the harness creates nothing.
    pub is_nothing: bool,
}

/// A gap, and the reason if slugproof.yaml accepts it.
pub struct EvaluatedGap {
    pub gap: Gap,
    pub accepted: Option<String>,
    /// True if the environment gives the slug, and the registry does not list it.
    pub is_invented: bool,
}

/// An environment that sends a key to another vendor, and the reason if slugproof.yaml accepts it.
pub struct EvaluatedCrossing {
    pub crossing: Crossing,
    pub accepted: Option<String>,
}

/// A test of slugproof.yaml and its results.
pub struct TestedExpectation {
    /// The line of the entry.
    pub line: u64,
    /// The name of the test, or its assignments.
    pub title: String,
    pub expected: Expected,
    /// The environments of the entry, each with a command that reproduces the result.
    pub environments: Vec<(TestedEnvironment, Option<String>)>,
}

impl TestedExpectation {
    pub fn passes(&self) -> bool {
        self.environments.iter().all(|(environment, _)| environment.passes)
    }

    /// The environments that fail.
    pub fn failures(&self) -> impl Iterator<Item = &(TestedEnvironment, Option<String>)> {
        self.environments.iter().filter(|(environment, _)| !environment.passes)
    }
}

/// An accept entry of slugproof.yaml that accepts nothing.
pub struct Idle {
    pub line: u64,
    pub code: AcceptCode,
}

/// The result of evaluating every combination.
pub struct BruteForce {
    pub combinations: u128,
    pub agrees: bool,
}

impl Report {
    pub fn exit(&self) -> Exit {
        let broken = self.policies.iter().any(|policy| {
            policy.proof.broken.is_some() || policy.brute_force.as_ref().is_some_and(|brute_force| !brute_force.agrees)
        });
        let open = self.policies.iter().any(|policy| policy.open_gaps() > 0);
        let unknown = self.policies.iter().any(|policy| policy.uncovered() > 0 || policy.creates_nothing());
        if self.sample == Some(Sample::Unrequested) && !broken {
            return Exit::NothingChecked;
        }
        let crosses = self.policies.iter().any(|policy| policy.open_crossings() > 0);
        let violations = self.policies.iter().map(|policy| &policy.violations);
        let violated = violations.into_iter().any(|all| !all.found.is_empty() || !all.unexplored.is_empty());
        let is_unconformed = !self.functions.problems.is_empty();
        let is_unexpected = self.failed_expectations() > 0;
        let fails = broken || crosses || violated || is_unexpected || is_unconformed || !self.idle.is_empty();
        match unknown {
            _ if fails || ((open || unknown) && self.gaps_count) => Exit::Findings,
            true => Exit::NothingChecked,
            false => Exit::Clean,
        }
    }
}

impl Report {
    pub fn failed_expectations(&self) -> usize {
        self.expectations.iter().filter(|tested| !tested.passes()).count()
    }

    /// What was found, in one clause; `None` if nothing was.
    pub fn conclusion(&self) -> Option<String> {
        let sum = |count: fn(&PolicyReport) -> usize| self.policies.iter().map(count).sum::<usize>() as u64;
        let broken = sum(|policy| usize::from(policy.proof.broken.is_some()));
        let gaps = sum(PolicyReport::open_gaps);
        let undecided = sum(PolicyReport::uncovered);
        let violations = self.policies.iter().flat_map(|policy| &policy.violations.found);
        let violated: BTreeSet<u64> = violations.map(|violation| violation.line).collect();
        let unexplored = self.policies.iter().flat_map(|policy| &policy.violations.unexplored).collect::<BTreeSet<_>>();
        let parts = [
            (broken, "broken law"),
            (gaps, "gap"),
            (sum(PolicyReport::open_crossings), "cross-vendor key"),
            (violated.len() as u64, "violated invariant"),
            (unexplored.len() as u64, "unchecked invariant"),
            (self.failed_expectations() as u64, "failed expectation"),
            (undecided, "uncovered runtime"),
            (sum(|policy| usize::from(policy.creates_nothing())), "empty policy"),
            (self.functions.problems.len() as u64, "unproved policy"),
            (self.idle.len() as u64, "unused `accept` entry"),
        ];
        let some = |(count, what): &(u64, &str)| (*count > 0).then(|| counted(*count, what));
        let parts: Vec<String> = parts.iter().filter_map(some).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

/// An environment that creates something and names no runtime.
pub struct WithoutRuntime {
    /// The variables that are set, with their values.
    pub set: BTreeMap<String, String>,
    /// The contradiction in it.
    pub code: Code,
}

impl PolicyReport {
    /// The number of runtimes with relevant cases that were not checked.
    pub fn uncovered(&self) -> usize {
        self.undecided.len() + self.unexplored.len() + self.unchecked.len()
    }

    /// Returns true if no environment on any known runtime creates anything, so that nothing was proved.
    pub fn creates_nothing(&self) -> bool {
        let mut known = self.rows.iter().filter(|row| row.known).peekable();
        self.uncovered() == 0 && known.peek().is_some() && known.all(|row| self.without_creation.contains(&row.runtime))
    }

    /// A command that resolves an environment with the same data, or `None` if it cannot be shown.
    pub fn command(&self, runtime: &str, set: &BTreeMap<String, String>) -> Option<String> {
        shell::resolution(self.resolve.as_deref()?, runtime, set, &[])
    }

    pub fn open_crossings(&self) -> usize {
        self.crossings.iter().filter(|crossing| crossing.accepted.is_none()).count()
    }

    pub fn open_gaps(&self) -> usize {
        self.gaps.iter().filter(|gap| gap.accepted.is_none()).count()
    }
}

/// The sentence about a run that nobody gave any data.
pub fn nothing_proved(without_config: bool) -> String {
    let advice = if without_config {
        "--no-config ignores slugproof.yaml, so pass --registry and --policy".to_owned()
    } else {
        WRITE_CONFIG.to_owned()
    };
    format!("nothing of yours was proved, only sample data: {advice}; pass --embedded if that is intended")
}
