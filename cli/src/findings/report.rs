//! What a command found, before any of it is suppressed.

use crate::codes::Command;

use super::{Finding, Sources};

/// The findings of a command and what they were found in.
#[derive(Clone, Debug)]
pub struct Report {
    /// The command: `lint` or `check`.
    pub command: Command,
    /// Every file that was looked at, and every other that a finding points into.
    pub sources: Sources,
    /// What was found, in any order.
    pub findings: Vec<Finding>,
    /// What slugproof.yaml accepts, each with the reason given there.
    pub accepted: Vec<(Finding, String)>,
    /// What was looked at: a noun and how many.
    pub checked: Vec<(&'static str, usize)>,
    /// Sentences for people, shown before the summary: lower case, no final stop.
    pub remarks: Vec<String>,
    /// How much of what was asked about could be looked at.
    pub coverage: Coverage,
}

/// How much of what was asked about could be looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Coverage {
    /// All of it.
    #[default]
    Complete,
    /// Not all: a file could not be read, which ends with 2 whatever was found.
    Incomplete,
    /// There was nothing to look at, which ends with 3 unless something was found.
    Nothing,
}

impl Report {
    /// A report that has looked at nothing yet.
    #[must_use]
    pub fn new(command: Command) -> Self {
        Self {
            command,
            sources: Sources::default(),
            findings: Vec::new(),
            accepted: Vec::new(),
            checked: Vec::new(),
            remarks: Vec::new(),
            coverage: Coverage::Complete,
        }
    }

    /// Sorts everything: no output may depend on the order in which files were given.
    pub(super) fn sort(&mut self) {
        let Self { sources, findings, accepted, remarks, .. } = self;
        findings.sort_by(|a, b| order(sources, a).cmp(&order(sources, b)));
        accepted.sort_by(|(a, _), (b, _)| order(sources, a).cmp(&order(sources, b)));
        remarks.sort();
    }
}

/// By path, then by place, then by code, then by what would otherwise be left to chance.
pub(super) fn order<'f>(sources: &'f Sources, finding: &'f Finding) -> impl Ord + use<'f> {
    let range = &finding.primary.span.range;
    let rest = (&finding.title, &finding.subject, &finding.notes);
    (sources.path(&finding.primary.span), range.start, finding.code.id, range.end, rest)
}
