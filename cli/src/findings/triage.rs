//! Which findings count: what is suppressed, accepted or known from a baseline does not.

use crate::codes::{Command, Level};
use crate::exit::{Exit, Failure};
use crate::io::write_whole;
use crate::render::counted;

use super::baseline::{Baseline, Stale};
use super::options::FindingsOptions;
use super::report::{Coverage, Report, order};
use super::suppress::{self, Suppressed, SuppressionKind};
use super::{Finding, Sources};

/// A report in which everything that does not count is set apart: every output is made from it.
pub struct Triaged {
    /// The command: `lint` or `check`.
    pub command: Command,
    /// Every file that a finding may point into.
    pub sources: Sources,
    /// The findings that count or are worth a note, by path and place.
    pub open: Vec<Finding>,
    /// The findings that something suppresses, in the same order.
    pub suppressed: Vec<Suppressed>,
    /// What was looked at: a noun and how many.
    pub checked: Vec<(&'static str, usize)>,
    /// Sentences for people, shown before the summary.
    pub remarks: Vec<String>,
    /// How much of what was asked about could be looked at.
    pub coverage: Coverage,
}

impl Report {
    /// Sets apart what is suppressed, accepted or known from the baseline; writes the baseline
    /// if that is asked for.
    ///
    /// # Errors
    ///
    /// A baseline that cannot be read or written.
    pub fn triage(mut self, options: &FindingsOptions) -> Result<Triaged, Failure> {
        self.sort();
        if options.strict {
            let undecided = self.findings.iter_mut().filter(|finding| finding.level == Level::Undecided);
            undecided.for_each(|finding| finding.level = Level::Error);
        }
        let accepted = std::mem::take(&mut self.accepted);
        let accepted =
            accepted.into_iter().map(|(finding, reason)| Suppressed { finding, kind: SuppressionKind::Accept, reason });
        let (open, commented) = suppress::apply(self.command, &self.sources, std::mem::take(&mut self.findings));
        let (open, known) = self.compare(open, options)?;
        let mut triaged = Triaged {
            command: self.command,
            open,
            suppressed: accepted.chain(commented).chain(known).collect(),
            checked: self.checked,
            remarks: self.remarks,
            coverage: self.coverage,
            sources: self.sources,
        };
        triaged.sort();
        Ok(triaged)
    }

    /// What is not known from the baseline, and what is.
    fn compare(
        &mut self,
        open: Vec<Finding>,
        options: &FindingsOptions,
    ) -> Result<(Vec<Finding>, Vec<Suppressed>), Failure> {
        let Some(path) = &options.baseline else { return Ok((open, Vec::new())) };
        let baseline = if options.write_baseline {
            if self.coverage == Coverage::Incomplete {
                self.remarks.push("the baseline is not written, because a file could not be read".to_owned());
                return Ok((open, Vec::new()));
            }
            let baseline = Baseline::of(self.command.as_str(), &self.sources, &open);
            write_whole(path, baseline.to_json().as_bytes())?;
            self.remarks.push(format!(
                "the baseline `{}` now holds {}",
                path.display(),
                counted(open.len() as u64, "finding")
            ));
            baseline
        } else {
            Baseline::read(self.command.as_str(), path)?
        };
        let (open, known, stale) = baseline.divide(&self.sources, open);
        self.remarks.extend(stale_remark(&stale));
        let suppressed = |finding| Suppressed {
            finding,
            kind: SuppressionKind::Baseline,
            reason: "known from the baseline".to_owned(),
        };
        Ok((open, known.into_iter().map(suppressed).collect()))
    }
}

fn stale_remark(stale: &[Stale]) -> Option<String> {
    let first = stale.first()?;
    let findings = counted(stale.iter().map(|stale| stale.count).sum::<usize>() as u64, "finding");
    let example = format!("such as `{}` in `{}`", first.code, first.path);
    Some(format!("the baseline holds {findings} that no longer exist, {example}; write it anew with --write-baseline"))
}

impl Triaged {
    fn sort(&mut self) {
        let Self { sources, open, suppressed, .. } = self;
        open.sort_by(|a, b| order(sources, a).cmp(&order(sources, b)));
        suppressed.sort_by(|a, b| order(sources, &a.finding).cmp(&order(sources, &b.finding)));
    }

    /// How a command that reports this ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self.coverage {
            Coverage::Incomplete => Exit::UsageError,
            _ if self.open.iter().any(|finding| finding.level.counts()) => Exit::Findings,
            Coverage::Nothing => Exit::NothingChecked,
            Coverage::Complete => Exit::Clean,
        }
    }

    /// How many open findings have a level.
    #[must_use]
    pub fn count(&self, level: Level) -> usize {
        self.open.iter().filter(|finding| finding.level == level).count()
    }

    /// How many findings are suppressed in one way.
    #[must_use]
    pub fn count_suppressed(&self, kind: SuppressionKind) -> usize {
        self.suppressed.iter().filter(|suppressed| suppressed.kind == kind).count()
    }
}
