//! From findings to outputs and an exit code: what `lint` and `check` have in common.

use crate::args::FindingsArgs;
use crate::exit::{Exit, Failure};
use crate::io::write_whole;
use crate::output::Output;
use crate::render::counted;

use super::baseline::{Baseline, Stale};
use super::{Finding, Level, Sources, delivery, suppress};

/// What a command found, before anything is set aside.
#[derive(Clone, Debug)]
pub struct Report {
    /// The command: `lint` or `check`.
    pub command: &'static str,
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

/// A finding that does not count, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aside {
    /// The finding.
    pub finding: Finding,
    /// What set it aside.
    pub because: Because,
    /// The reason that was given.
    pub reason: String,
}

/// What sets a finding aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because {
    /// A comment beside it.
    Comment,
    /// An entry of slugproof.yaml.
    Accept,
    /// The baseline.
    Baseline,
}

/// A report with everything judged: what each output is made from.
pub(super) struct Judged {
    pub command: &'static str,
    pub sources: Sources,
    /// In the order of path and place.
    pub open: Vec<Finding>,
    /// In the same order.
    pub aside: Vec<Aside>,
    pub checked: Vec<(&'static str, usize)>,
    pub remarks: Vec<String>,
    pub coverage: Coverage,
}

impl Report {
    /// A report that has looked at nothing yet.
    #[must_use]
    pub fn new(command: &'static str) -> Self {
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

    /// Sets aside what is suppressed, accepted or known, writes every output that is
    /// asked for, and says how the command ends.
    ///
    /// # Errors
    ///
    /// Outputs that exclude each other, a baseline that cannot be read or written, and
    /// an output that cannot be written.
    pub fn finish(self, args: &FindingsArgs, output: &mut Output) -> Result<Exit, Failure> {
        let places = delivery::plan(args)?;
        let judged = self.judge(args)?;
        delivery::deliver(&judged, &places, output)?;
        Ok(judged.exit())
    }

    /// What counts or is worth a note, once everything is set aside that is to be.
    ///
    /// # Errors
    ///
    /// A baseline that cannot be read.
    pub fn open(self, args: &FindingsArgs) -> Result<Vec<Finding>, Failure> {
        Ok(self.judge(args)?.open)
    }

    fn judge(mut self, args: &FindingsArgs) -> Result<Judged, Failure> {
        self.sort();
        if args.strict {
            let undecided = self.findings.iter_mut().filter(|finding| finding.level == Level::Undecided);
            undecided.for_each(|finding| finding.level = Level::Error);
        }
        let accepted = std::mem::take(&mut self.accepted);
        let accepted =
            accepted.into_iter().map(|(finding, reason)| Aside { finding, because: Because::Accept, reason });
        let (open, suppressed) = suppress::apply(self.command, &self.sources, std::mem::take(&mut self.findings));
        let (open, known) = self.compare(open, args)?;
        let mut judged = Judged {
            command: self.command,
            open,
            aside: accepted.chain(suppressed).chain(known).collect(),
            checked: self.checked,
            remarks: self.remarks,
            coverage: self.coverage,
            sources: self.sources,
        };
        judged.sort();
        Ok(judged)
    }

    /// What is not known from the baseline, and what is.
    fn compare(&mut self, open: Vec<Finding>, args: &FindingsArgs) -> Result<(Vec<Finding>, Vec<Aside>), Failure> {
        let Some(path) = &args.baseline else { return Ok((open, Vec::new())) };
        let baseline = if args.write_baseline {
            if self.coverage == Coverage::Incomplete {
                self.remarks.push("the baseline is not written, because a file could not be read".to_owned());
                return Ok((open, Vec::new()));
            }
            let baseline = Baseline::of(self.command, &self.sources, &open);
            write_whole(path, baseline.to_json().as_bytes())?;
            self.remarks.push(format!(
                "the baseline `{}` now holds {}",
                path.display(),
                counted(open.len() as u64, "finding")
            ));
            baseline
        } else {
            Baseline::read(self.command, path)?
        };
        let (open, known, stale) = baseline.divide(&self.sources, open);
        self.remarks.extend(stale_remark(&stale));
        let aside =
            |finding| Aside { finding, because: Because::Baseline, reason: "known from the baseline".to_owned() };
        Ok((open, known.into_iter().map(aside).collect()))
    }

    /// No output may depend on the order in which files were given.
    fn sort(&mut self) {
        let Self { sources, findings, accepted, remarks, .. } = self;
        findings.sort_by(|a, b| order(sources, a).cmp(&order(sources, b)));
        accepted.sort_by(|(a, _), (b, _)| order(sources, a).cmp(&order(sources, b)));
        remarks.sort();
    }
}

fn stale_remark(stale: &[Stale]) -> Option<String> {
    let first = stale.first()?;
    let findings = counted(stale.iter().map(|stale| stale.count).sum::<usize>() as u64, "finding");
    let example = format!("such as `{}` in `{}`", first.code, first.path);
    Some(format!("the baseline holds {findings} that no longer exist, {example}; write it anew with --write-baseline"))
}

/// By path, then by place, then by code, then by what would otherwise be left to chance.
fn order<'f>(sources: &'f Sources, finding: &'f Finding) -> impl Ord + use<'f> {
    let range = &finding.primary.span.range;
    let rest = (&finding.title, &finding.subject, &finding.notes);
    (sources.path(&finding.primary.span), range.start, finding.code, range.end, rest)
}

impl Judged {
    fn sort(&mut self) {
        let Self { sources, open, aside, .. } = self;
        open.sort_by(|a, b| order(sources, a).cmp(&order(sources, b)));
        aside.sort_by(|a, b| order(sources, &a.finding).cmp(&order(sources, &b.finding)));
    }

    fn exit(&self) -> Exit {
        match self.coverage {
            Coverage::Incomplete => Exit::Unusable,
            _ if self.open.iter().any(|finding| finding.level.counts()) => Exit::Findings,
            Coverage::Nothing => Exit::NothingChecked,
            Coverage::Complete => Exit::Clean,
        }
    }

    /// How many open findings have a level.
    pub fn count(&self, level: Level) -> usize {
        self.open.iter().filter(|finding| finding.level == level).count()
    }

    /// How many findings something has set aside.
    pub fn count_aside(&self, because: Because) -> usize {
        self.aside.iter().filter(|aside| aside.because == because).count()
    }
}

impl Because {
    /// The name used in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::Accept => "accept",
            Self::Baseline => "baseline",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;
    use crate::findings::{Edit, Patch, Source, SourceId, Span, human, json, sarif};

    const TEXT: &str = "on: push\r\nenv:\r\n  MODEL: m-1\r\n  PATH: platform\r\n";

    fn report() -> (Report, SourceId) {
        let mut report = Report::new("lint");
        let source = report.sources.add(Source { path: "ci/e2e.yml".to_owned(), text: TEXT.to_owned() });
        report.checked.push(("entry", 2));
        (report, source)
    }

    fn at(source: SourceId, words: &str) -> Span {
        let start = TEXT.find(words).expect("it is there");
        Span { source, range: start..start + words.len() }
    }

    fn lines(source: SourceId, range: Range<&str>) -> Span {
        Span { source, range: at(source, range.start).range.start..at(source, range.end).range.start }
    }

    fn patched(source: SourceId) -> Finding {
        let delete = Edit { span: lines(source, "  MODEL".."  PATH"), replacement: String::new() };
        let replace = Edit { span: at(source, "platform"), replacement: "byok".to_owned() };
        let title = "the platform path injects no key, and the model needs one";
        let mut finding = Finding::new("platform-path-byok-model", Level::Error, at(source, "m-1"), title)
            .said("needs a key")
            .with_label(at(source, "platform"), "injects none")
            .about("job", "e2e");
        finding.patch =
            Some(Patch { title: "delete `MODEL`".to_owned(), edits: vec![delete, replace], within: 0..TEXT.len() });
        finding
    }

    fn judged(report: Report) -> Judged {
        report.judge(&FindingsArgs::default()).unwrap_or_else(|failure| panic!("{failure}"))
    }

    #[test]
    fn a_patch_is_in_every_output() {
        let (mut report, source) = report();
        report.findings.push(patched(source));
        let judged = judged(report);
        insta::assert_snapshot!(anstream::adapter::strip_str(&human::render(&judged, 80)), @r"
        error[platform-path-byok-model]: the platform path injects no key, and the model
                                         needs one
         --> ci/e2e.yml:3:10
          |
        3 |   MODEL: m-1
          |          ^^^ needs a key
        4 |   PATH: platform
          |         -------- injects none
          |
        help: delete `MODEL`
          |
        3 -   MODEL: m-1
        4 -   PATH: platform
        3 +   PATH: byok
          |

        ✗ 1 error in 2 entries
        ");
        let log: serde_json::Value = serde_json::from_str(&sarif::render(&judged)).expect("it is JSON");
        let replacements = &log["runs"][0]["results"][0]["fixes"][0]["artifactChanges"][0]["replacements"];
        assert_eq!(replacements[0]["deletedRegion"]["endLine"], 4);
        assert_eq!(replacements[1]["insertedContent"]["text"], "byok");
        let answer: serde_json::Value = serde_json::from_str(&json::render(&judged)).expect("it is JSON");
        assert_eq!(answer["findings"][0]["patch"]["edits"][0]["replacement"], "");
        assert_follows(include_str!("../../tests/data/sarif-2.1.0.schema.json"), &log);
        assert_follows(include_str!("../../../docs/findings.schema.json"), &answer);
    }

    fn assert_follows(schema: &str, value: &serde_json::Value) {
        let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
        let schema = serde_json::from_str(schema).expect("it is JSON");
        compiler.add_resource("http://localhost/schema.json", schema).expect("it is a schema");
        let index = compiler.compile("http://localhost/schema.json", &mut schemas).expect("it compiles");
        schemas.validate(value, index).unwrap_or_else(|error| panic!("{error}"));
    }

    #[test]
    fn what_is_accepted_does_not_count() {
        let (mut report, source) = report();
        report.accepted.push((patched(source), "the job exercises it".to_owned()));
        let judged = judged(report);
        assert_eq!((judged.exit(), judged.count_aside(Because::Accept)), (Exit::Clean, 1));
        let text = anstream::adapter::strip_str(&human::render(&judged, 80)).to_string();
        assert_eq!(text, "✓ nothing found in 2 entries; 1 accepted\n");
    }

    #[test]
    fn coverage_decides_the_end() {
        for (coverage, found, exit) in [
            (Coverage::Complete, false, Exit::Clean),
            (Coverage::Complete, true, Exit::Findings),
            (Coverage::Nothing, false, Exit::NothingChecked),
            (Coverage::Nothing, true, Exit::Findings),
            (Coverage::Incomplete, false, Exit::Unusable),
            (Coverage::Incomplete, true, Exit::Unusable),
        ] {
            let (mut report, source) = report();
            report.coverage = coverage;
            report.findings.extend(found.then(|| patched(source)));
            assert_eq!(judged(report).exit(), exit, "{coverage:?}, {found}");
        }
    }
}
