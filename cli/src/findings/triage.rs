//! Triage: separates findings that count from suppressed, accepted and known ones.

use crate::codes::{Command, Entry, Level, NOT_PROVED};
use crate::exit::{Exit, Failure};
use crate::io::{Top, write_whole};
use crate::render::counted;

use super::baseline::{Baseline, Stale};
use super::options::FindingsOptions;
use super::report::{Coverage, Report, Section, order};
use super::suppress::{self, Suppressed, SuppressionKind};
use super::{Finding, Sources};

/// A report with the suppressed findings separated. All outputs render it.
#[derive(Clone)]
pub struct Triaged {
    /// The command: `lint`, `check` or `conform`.
    pub command: Command,
    /// Every file that a finding may refer to.
    pub sources: Sources,
    /// The findings that are not suppressed, sorted by path and position.
    pub open: Vec<Finding>,
    /// The suppressed, accepted and known findings, in the same order.
    pub suppressed: Vec<Suppressed>,
    /// The checked items: a noun and their number.
    pub checked: Vec<(&'static str, usize)>,
    /// Sentences that are shown before the summary.
    pub notices: Vec<String>,
    /// The report about each policy.
    pub sections: Vec<Section>,
    /// Whether everything could be checked.
    pub coverage: Coverage,
}

impl Triaged {
    /// The same findings with paths relative to the top of the repository.
    #[must_use]
    pub fn relative_to_top(&self) -> Self {
        let top = Top::find();
        let mut relative = self.clone();
        relative.sources.map_paths(|path| if path.starts_with('<') { path.to_owned() } else { top.relative(path) });
        relative
    }
}

/// What to do about an undecided finding that names no remedy of its own.
fn remedy(code: &Entry) -> &'static str {
    if code == &NOT_PROVED {
        "write the function with comparisons of texts and `case`; `conform` reports each difference that it sees"
    } else {
        "write the value into the file, or suppress the finding with a reason; `slugproof explain undecided` shows how"
    }
}

impl Report {
    /// Separates the findings that are suppressed, accepted or known from the baseline. Writes the
    /// baseline if requested.
    ///
    /// # Errors
    ///
    /// Fails if the baseline cannot be read or written.
    pub fn triage(mut self, options: &FindingsOptions) -> Result<Triaged, Failure> {
        self.sort();
        let is_open = |finding: &&mut Finding| finding.level == Level::Undecided && finding.help.is_empty();
        for finding in self.findings.iter_mut().filter(is_open).filter(|finding| finding.patch.is_none()) {
            finding.help.push(remedy(finding.code).to_owned());
        }
        if options.strict {
            let undecided = self.findings.iter_mut().filter(|finding| finding.level == Level::Undecided);
            undecided.for_each(|finding| finding.level = Level::Error);
        }
        for finding in self.findings.iter_mut().filter(|finding| options.deny.contains(&finding.code)) {
            finding.level = Level::Error;
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
            notices: self.notices,
            sections: self.sections,
            coverage: self.coverage,
            sources: self.sources,
        };
        triaged.sort();
        Ok(triaged)
    }

    /// Splits findings into new ones and those known from the baseline.
    fn compare(
        &mut self,
        open: Vec<Finding>,
        options: &FindingsOptions,
    ) -> Result<(Vec<Finding>, Vec<Suppressed>), Failure> {
        let Some(path) = &options.baseline else { return Ok((open, Vec::new())) };
        let baseline = if options.write_baseline {
            if self.coverage == Coverage::Incomplete {
                self.notices.push("the baseline is not written, because a file could not be read".to_owned());
                return Ok((open, Vec::new()));
            }
            let baseline = Baseline::of(self.command.as_str(), &self.sources, &open);
            write_whole(path, baseline.to_json().as_bytes())?;
            self.notices.push(format!(
                "the baseline `{}` now holds {}",
                path.display(),
                counted(open.len() as u64, "finding")
            ));
            baseline
        } else {
            Baseline::read(self.command.as_str(), path)?
        };
        let (open, known, stale) = baseline.split(&self.sources, open);
        self.notices.extend(stale_notice(&stale));
        let suppressed = |finding| Suppressed {
            finding,
            kind: SuppressionKind::Baseline,
            reason: "known from the baseline".to_owned(),
        };
        Ok((open, known.into_iter().map(suppressed).collect()))
    }
}

fn stale_notice(stale: &[Stale]) -> Option<String> {
    let first = stale.first()?;
    let findings = counted(stale.iter().map(|stale| stale.count).sum::<usize>() as u64, "finding");
    let example = format!("such as `{}` in `{}`", first.code, first.path);
    Some(format!("the baseline holds {findings} that no longer exist, {example}; write it again with --write-baseline"))
}

impl Triaged {
    fn sort(&mut self) {
        let Self { sources, open, suppressed, .. } = self;
        open.sort_by(|a, b| order(sources, a).cmp(&order(sources, b)));
        suppressed.sort_by(|a, b| order(sources, &a.finding).cmp(&order(sources, &b.finding)));
    }

    /// The exit code of the command.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self.coverage {
            Coverage::Incomplete => Exit::UsageError,
            _ if self.open.iter().any(|finding| finding.level.counts()) => Exit::Findings,
            Coverage::Nothing | Coverage::Unproved | Coverage::Sample => Exit::NothingChecked,
            Coverage::Complete => Exit::Clean,
        }
    }

    /// The number of open findings with a level.
    #[must_use]
    pub fn count(&self, level: Level) -> usize {
        self.open.iter().filter(|finding| finding.level == level).count()
    }

    /// The number of findings with a kind of suppression.
    #[must_use]
    pub fn count_suppressed(&self, kind: SuppressionKind) -> usize {
        self.suppressed.iter().filter(|suppressed| suppressed.kind == kind).count()
    }
}
