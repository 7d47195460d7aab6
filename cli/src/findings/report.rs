//! The findings of a command before suppressions are applied.

use std::collections::BTreeSet;

use slug_redact::{SECRET_CHARS, mask_credentials, mask_ranges, without_texts};

use crate::codes::Command;

use super::{Finding, SourceId, Sources};

/// The findings of a command and the files that they refer to.
#[derive(Clone, Debug)]
pub struct Report {
    /// The command: `lint`, `check` or `conform`.
    pub command: Command,
    /// Every checked file, and every other file that a finding refers to.
    pub sources: Sources,
    /// The findings, in any order.
    pub findings: Vec<Finding>,
    /// The findings that slugproof.yaml accepts, each with the reason given there.
    pub accepted: Vec<(Finding, String)>,
    /// The checked items: a noun and their number.
    pub checked: Vec<(&'static str, usize)>,
    /// Sentences that are shown before the summary: lower case, no final full stop.
    pub notices: Vec<String>,
    /// The report about each policy, if the command reports by policy.
    pub sections: Vec<Section>,
    /// Whether everything could be checked.
    pub coverage: Coverage,
    /// Texts of the files that are secrets, and that no output may repeat.
    pub secrets: Vec<String>,
}

/// The report of a command about one policy, in addition to the findings with its name.
#[derive(Clone, Debug)]
pub struct Section {
    /// The name of the policy, which findings have as subject `policy`.
    pub policy: String,
    /// The action: a word and a description.
    pub facts: Vec<(&'static str, String)>,
    /// How it ended.
    pub result: SectionResult,
    /// The result in one sentence: lower case, no final full stop.
    pub summary: String,
    /// The same as data.
    pub data: serde_json::Value,
}

/// How what a section describes ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SectionResult {
    /// Well.
    Good,
    /// Without a result.
    Open,
    /// With findings.
    Bad,
}

/// Whether everything that was requested could be checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Coverage {
    /// Everything was checked.
    #[default]
    Complete,
    /// A file could not be read: exit code 2 in any case.
    Incomplete,
    /// There was nothing to check: exit code 3, or 1 if something was found.
    Nothing,
    /// Something was to be proved and is not: exit code 3, or 1 if something was found.
    Unproved,
    /// The user named no data, so the embedded sample data were checked: exit code 3, or 1 if
    /// something was found.
    Sample,
}

impl Report {
    /// Masks everything in the findings that looks like a credential: people paste keys where names
    /// belong, and no output may repeat them. In the files that findings refer to, the secrets are masked
    /// wherever they are.
    #[must_use]
    pub fn without_credentials(mut self) -> Self {
        let secrets: Vec<&str> =
            self.secrets.iter().map(String::as_str).filter(|text| text.chars().count() >= SECRET_CHARS).collect();
        let masked = |text: &str| mask_credentials(&without_texts(text, &secrets));
        let all = self.findings.iter().chain(self.accepted.iter().map(|(finding, _)| finding));
        let labels = all.flat_map(|finding| finding.labels.iter().chain([&finding.primary]));
        let shown: BTreeSet<SourceId> = labels.map(|label| label.span.source).collect();
        for source in shown {
            self.sources.map_text(source, |text| {
                let found = secrets.iter().flat_map(|secret| text.match_indices(secret));
                mask_ranges(text, found.map(|(at, secret)| at..at + secret.len()).collect())
            });
        }
        for finding in self.findings.iter_mut().chain(self.accepted.iter_mut().map(|(finding, _)| finding)) {
            let labels = finding.labels.iter_mut().chain([&mut finding.primary]).map(|label| &mut label.text);
            let lists = finding.notes.iter_mut().chain(&mut finding.help);
            let subject = finding.subject.iter_mut().map(|(_, name)| name);
            let patch = finding.patch.iter_mut().map(|patch| &mut patch.title);
            for text in labels.chain(lists).chain(subject).chain(patch).chain([&mut finding.title]) {
                *text = masked(text);
            }
        }
        let facts = self.sections.iter_mut().flat_map(|section| &mut section.facts).map(|(_, text)| text);
        self.notices.iter_mut().chain(facts).for_each(|text| *text = masked(text));
        self.sources.map_paths(mask_credentials);
        self
    }

    /// An empty report.
    #[must_use]
    pub fn new(command: Command) -> Self {
        Self {
            command,
            sources: Sources::default(),
            findings: Vec::new(),
            accepted: Vec::new(),
            checked: Vec::new(),
            notices: Vec::new(),
            sections: Vec::new(),
            coverage: Coverage::Complete,
            secrets: Vec::new(),
        }
    }

    /// Keeps the first finding of the highest level, and says how many there are.
    pub fn keep_first(&mut self) {
        self.sort();
        let count = self.findings.len();
        let Some(highest) = self.findings.iter().map(|finding| finding.level).max() else { return };
        let first = self.findings.iter().position(|finding| finding.level == highest).unwrap_or_default();
        self.findings = vec![self.findings.swap_remove(first)];
        if count > 1 {
            self.notices.push(format!("this is the first of {count} findings; `slugproof lint` shows all"));
        }
    }

    /// Sorts everything, so that outputs do not depend on the order of the given files.
    pub(super) fn sort(&mut self) {
        let Self { sources, findings, accepted, notices, .. } = self;
        findings.sort_by(|a, b| order(sources, a).cmp(&order(sources, b)));
        accepted.sort_by(|(a, _), (b, _)| order(sources, a).cmp(&order(sources, b)));
        notices.sort();
    }
}

/// The sort key of a finding: path, start, code, and then the other fields for determinism.
pub(super) fn order<'f>(sources: &'f Sources, finding: &'f Finding) -> impl Ord + use<'f> {
    let range = &finding.primary.span.range;
    let rest = (&finding.title, &finding.subject, &finding.notes);
    (sources.path(&finding.primary.span), range.start, finding.code.id, range.end, rest)
}
