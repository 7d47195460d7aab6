//! What `prove` found, before it is written.

use std::time::Duration;

use slug_laws::SET;
use slug_laws::proof::{Gap, Proof};
use slug_resolver::Code;

use crate::exit::Exit;

/// Everything that `prove` has to say.
pub struct Report {
    pub registry_source: String,
    pub providers: usize,
    pub runtimes: usize,
    pub config: Option<String>,
    pub policies: Vec<PolicyReport>,
    /// Entries of slugproof.yaml that accept nothing.
    pub idle: Vec<Idle>,
    /// Whether an unaccepted gap is a finding.
    pub gaps_count: bool,
    pub elapsed: Duration,
}

/// What was proved of one policy.
pub struct PolicyReport {
    pub policy: String,
    pub embedded: bool,
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
    pub proof: Proof,
    pub gaps: Vec<EvaluatedGap>,
    pub undecided: Vec<String>,
    pub brute_force: Option<BruteForce>,
}

/// One thing that may be set: a column of the matrix.
pub enum Column {
    Nothing,
    Path { variable: String, value: String },
    Key { variable: String },
}

impl Column {
    /// The variable and the value it is given.
    pub fn setting(&self) -> Option<(&str, &str)> {
        match self {
            Self::Nothing => None,
            Self::Path { variable, value } => Some((variable, value)),
            Self::Key { variable } => Some((variable, SET)),
        }
    }
}

/// One runtime: a row of the matrix.
pub struct Row {
    pub runtime: String,
    /// Whether the registry or the policy names the runtime.
    pub known: bool,
    pub cells: Vec<Cell>,
}

pub struct Cell {
    pub slug: String,
    pub provider: Option<String>,
    pub code: Option<Code>,
}

/// A gap, and why it is intended, if it is.
pub struct EvaluatedGap {
    pub gap: Gap,
    pub accepted: Option<String>,
}

/// An entry of slugproof.yaml that accepts nothing.
pub struct Idle {
    pub line: u64,
    pub code: Code,
}

/// What deciding every combination came to.
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
        let unknown = self.policies.iter().any(|policy| !policy.undecided.is_empty());
        if broken || !self.idle.is_empty() || ((open || unknown) && self.gaps_count) {
            Exit::Findings
        } else {
            Exit::Clean
        }
    }
}

impl PolicyReport {
    pub fn open_gaps(&self) -> usize {
        self.gaps.iter().filter(|gap| gap.accepted.is_none()).count()
    }
}
