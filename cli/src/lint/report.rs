//! Builds the report: findings with verified patches, and notices.

use std::collections::BTreeSet;

use super::calls::Evaluated;
use super::explain::Problem;
use super::fix_verifier;
use super::input::Input;
use super::linter::Linter;
use super::repository::{self, Files};
use crate::codes::UNUSED_ACCEPT;
use crate::config::Accept;
use crate::findings::{Coverage, Finding, Report, Source, Span};
use crate::io::report_path;
use crate::render::counted;
use crate::render::resolution::fix_for_people;

impl Linter<'_> {
    /// Lints files and verifies the patches.
    #[must_use]
    pub fn report(&self, inputs: &[Input]) -> Report {
        let (mut report, files) = repository::of_inputs(inputs, &self.keys);
        let evaluated = self.evaluate(&files);
        report.findings.extend(evaluated.findings(self, &files));
        report.checked = vec![("workflow file", inputs.len()), ("step", evaluated.steps.len())];
        if evaluated.steps.is_empty() && report.coverage == Coverage::Complete {
            report.coverage = Coverage::Nothing;
            report.notices.push(never_run(evaluated.never).unwrap_or_else(|| self.nothing_called(inputs.len())));
        }
        for (entry, groups) in &evaluated.accepted {
            let reason = &self.accept[*entry].reason;
            report.accepted.extend(groups.iter().map(|group| (group.finding(), reason.clone())));
        }
        self.find_unused_accepts(&evaluated.accepted.keys().copied().collect(), &mut report);
        report.notices.extend(repository::missing_calls(files.repository.missing()));
        report
    }

    /// The notice for a run in which no step calls a harness.
    fn nothing_called(&self, files: usize) -> String {
        if files == 0 {
            return "no workflow files in .github/workflows or .gitea/workflows, here or in a parent directory; name \
                    the files, or list them under `workflows` in slugproof.yaml"
                .to_owned();
        }
        let described: Vec<String> = self
            .policies
            .iter()
            .filter(|policy| !policy.document().harness.is_empty())
            .map(|policy| format!("{} (policy `{}`)", policy.document().harness.join(", "), policy.name()))
            .collect();
        match described.as_slice() {
            [] => "no policy has a `harness`; add the script that it describes, or pass --policy".to_owned(),
            _ => format!(
                "no step calls a harness that a policy describes: {}; correct `harness` in the policy, or pass \
                 --policy",
                described.join(", ")
            ),
        }
    }

    /// Reports scoped entries of slugproof.yaml that accept nothing.
    fn find_unused_accepts(&self, used: &BTreeSet<usize>, report: &mut Report) {
        let Some(config) = self.config.filter(|_| report.coverage == Coverage::Complete) else { return };
        let unused: Vec<&Accept> = (config.accept.iter().enumerate())
            .filter(|(index, accept)| !used.contains(index) && accept.is_scoped())
            .map(|(_, accept)| accept)
            .collect();
        if unused.is_empty() {
            return;
        }
        let source = report.sources.add(Source { path: report_path(&config.path), text: config.text.clone() });
        for accept in unused {
            let line = usize::try_from(accept.line).unwrap_or(1).clamp(1, report.sources.line_count(source));
            let range = report.sources.line_range(source, line);
            let title = format!("no step fails with `{}`, which this entry accepts", accept.code.as_str());
            report.findings.push(
                Finding::new(&UNUSED_ACCEPT, Span { source, range }, title)
                    .said("accepts nothing")
                    .with_help("remove the entry")
                    .about("code", accept.code.as_str())
                    .about("reason", accept.reason.clone()),
            );
        }
    }
}

/// Maximum fixes that are shown in addition to the patch.
const FIXES_SHOWN: usize = 2;

impl Evaluated<'_> {
    fn findings(&self, linter: &Linter<'_>, files: &Files) -> Vec<Finding> {
        let mut patches = fix_verifier::patches(linter, files, self);
        let mut findings = Vec::new();
        for (number, group) in self.groups.iter().enumerate() {
            let mut finding = group.finding();
            if let Problem::CrossVendor(failure) = &group.problem {
                finding.help.extend(failure.hints.iter().cloned());
                finding.help.extend(failure.unscoped_accept.map(|line| unscoped(line, group.first.job)));
            }
            if let Problem::Failure(failure) = &group.problem {
                let tried = patches.remove(&number);
                let others =
                    failure.fixes.iter().enumerate().filter(|(fix, _)| tried.as_ref().is_none_or(|it| it.0 != *fix));
                finding.help.extend(failure.hints.iter().cloned());
                finding.help.extend(others.take(FIXES_SHOWN).map(|(_, fix)| fix_for_people(fix)));
                finding.help.extend(failure.unscoped_accept.map(|line| unscoped(line, group.first.job)));
                finding.patch = tried.map(|(_, patch)| patch);
            }
            findings.push(finding);
        }
        findings.into_iter().chain(self.others.clone()).collect()
    }
}

/// The help for a finding that an entry of slugproof.yaml would accept if it counted for `lint`.
fn unscoped(line: u64, job: &str) -> String {
    format!(
        "line {line} of slugproof.yaml accepts this for `prove` only; if the job is meant to fail, add an entry with \
         `job: {job}`"
    )
}

/// The notice for a run in which all steps that call a harness never run; None for no such step.
fn never_run(steps: usize) -> Option<String> {
    let what = match steps {
        0 => return None,
        1 => "1 step calls a harness but never runs because of its `if:` or that of its job".to_owned(),
        _ => format!(
            "{} call a harness but never run because of their `if:` or that of their job",
            counted(steps as u64, "step")
        ),
    };
    Some(format!("{what}; correct the condition, or leave the file out"))
}
