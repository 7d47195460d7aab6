//! Builds the report: findings with verified patches, and notices.

use std::collections::{BTreeMap, BTreeSet};

use super::calls::Evaluated;
use super::evaluate::Failure;
use super::explain::{Group, PolicyCall, Problem, inputs_chosen, unread_settings};
use super::fix_filter::edits_matrix_value;
use super::fix_verifier;
use super::input::Input;
use super::linter::Linter;
use super::mask;
use super::near_miss::{NearMisses, set_input};
use super::repository::{self, Files};
use crate::codes::UNUSED_ACCEPT;
use crate::config::Accept;
use crate::findings::{Coverage, Finding, Patch, Report, Source, Span};
use crate::io::report_path;
use crate::render::resolution::{describe_edit, describe_fix, leading_to};
use crate::render::{counted, shown};
use slug_redact::is_public;
use slug_resolver::Edit::{Set, Unset};
use slug_resolver::policy::{Harness, InjectMode};
use slug_resolver::{Code, Credentials, Edit, Fix, NameSubset};
use slug_value::slip::is_slip;

impl Linter<'_> {
    /// Lints files. Each patch in the report is verified.
    #[must_use]
    pub fn report(&self, inputs: &[Input]) -> Report {
        let (mut report, files) = repository::of_inputs(inputs, self);
        let mut evaluated = self.evaluate(&files);
        // `make` reads `$KEY` as `$(K)EY`: a part of the name of a variable is public.
        let is_public = |text: &str| {
            self.names.iter().any(|name| name.contains(text))
                || self.policies.iter().any(|policy| is_public(text, self.registry, policy))
        };
        report.secrets.extend(std::mem::take(&mut evaluated.secrets));
        report.secrets.retain(|text| !is_public(text));
        evaluated.drop_spoiling_fixes(self);
        report.findings.extend(evaluated.findings(self, &files));
        let mut unmentioned = evaluated.near_misses.as_mut().map(NearMisses::take_unmentioned).unwrap_or_default();
        report.findings.extend(self.slips(&files, &mut unmentioned));
        report.findings.extend(self.unmentioned(unmentioned));
        report.checked = vec![("workflow file", inputs.len()), ("step", evaluated.steps.len())];
        if evaluated.steps.is_empty() && report.coverage == Coverage::Complete {
            report.coverage = Coverage::Nothing;
            let notice = never_run_notice(evaluated.never_run).unwrap_or_else(|| self.no_call_notice(inputs.len()));
            report.notices.push(notice);
        }
        report.notices.extend(forks_notice(&evaluated.fails_in_forks));
        report.notices.extend(evaluated.unread_settings.iter().map(|file| unread_settings(file)));
        for (index, groups) in &evaluated.accepted {
            let reason = &self.accept[*index].reason;
            report.accepted.extend(groups.iter().map(|group| (group.finding(), reason.clone())));
        }
        if let Some(scripts) = self.scripts {
            let accepted = report.accepted.iter_mut().map(|(finding, _)| finding);
            let names = self.secret_names();
            let mask = |text: &str| mask::masked(text, &names);
            scripts.relocate(report.findings.iter_mut().chain(accepted), &mut report.sources, mask);
        }
        self.report_unused_accepts(&evaluated.accepted.keys().copied().collect(), &mut report);
        report.notices.extend(repository::unchecked_workflows_notice(files.repository.missing_workflows()));
        report
    }

    /// The notice for a run in which no step calls a harness.
    fn no_call_notice(&self, files: usize) -> String {
        if files == 0 {
            return "no workflow files in .github/workflows or .gitea/workflows, here or in a parent directory; name \
                    the files, or list them under `workflows` in slugproof.yaml"
                .to_owned();
        }
        let harnesses: Vec<String> = self
            .policies
            .iter()
            .filter(|policy| !policy.document().harness.is_empty())
            .map(|policy| format!("{} (policy `{}`)", listed(&policy.document().harness), policy.name()))
            .collect();
        match harnesses.as_slice() {
            [] => "no policy has a `harness`; list the scripts that the policy describes under `harness`, or pass \
                   --policy"
                .to_owned(),
            _ => format!(
                "no step calls a harness that a policy describes: {}; correct `harness` in the policy, or pass \
                 --policy",
                harnesses.join(", ")
            ),
        }
    }

    /// Reports the `accept` entries with a workflow or a job that accepted no finding of this run.
    fn report_unused_accepts(&self, used: &BTreeSet<usize>, report: &mut Report) {
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
                    .with_primary_text("accepts nothing")
                    .with_help("remove the entry")
                    .with_subject("code", accept.code.as_str())
                    .with_subject("reason", accept.reason.clone()),
            );
        }
    }
}

/// Maximum jobs that the notice about forks names.
const JOBS_SHOWN: usize = 3;

/// The notice about jobs that fail in pull requests from forks.
fn forks_notice(jobs: &BTreeMap<(String, String), Code>) -> Option<String> {
    let name = |((path, job), code): (&(String, String), &Code)| {
        format!("job `{}` of {} fails with `{}`", shown(job), shown(path), code.as_str())
    };
    let mut names: Vec<String> = jobs.iter().take(JOBS_SHOWN).map(name).collect();
    let more = jobs.len() - names.len();
    names.extend((more > 0).then(|| format!("{} fail", counted(more as u64, "more job"))));
    let jobs = (!names.is_empty()).then(|| names.join(", "))?;
    Some(format!(
        "in a pull request from a fork, which gets no secrets, {jobs}; to skip a job there, compare \
         `github.event.pull_request.head.repo.full_name` with `github.repository` in its `if`"
    ))
}

/// Maximum rows of a matrix that a help names.
const ROWS_SHOWN: usize = 4;

/// Maximum number of fixes that a finding shows in addition to its patch.
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
                let verified = patches.remove(&number);
                let patched_fix = verified.as_ref().map(|(index, _)| *index);
                let other_fixes = failure.fixes.iter().enumerate().filter(|(index, _)| patched_fix != Some(*index));
                finding.help.extend(failure.hints.iter().cloned());
                let shown: Vec<(usize, &Fix)> = other_fixes.take(FIXES_SHOWN).collect();
                let rank = shown.iter().filter(|(index, _)| patched_fix > Some(*index)).count() + finding.help.len();
                finding.help.extend(shown.iter().map(|(_, fix)| linter.describe(fix, group)));
                finding.help.extend(other_remedy(group, failure));
                finding.help.extend(linter.missing_rule(group, failure));
                finding.help.extend(failure.unscoped_accept.map(|line| unscoped(line, group.first.job)));
                finding.patch = verified.map(|(_, patch)| Patch { rank, ..patch });
            }
            findings.push(finding);
        }
        findings
            .into_iter()
            .chain(self.conditions.clone())
            .chain(self.near_misses.iter().flat_map(NearMisses::findings).cloned())
            .chain(self.unknown_harnesses.clone())
            .collect()
    }
}

impl Linter<'_> {
    /// Describes a fix. If it sets a variable that takes an absent secret, the secret has to be created.
    fn describe(&self, fix: &Fix, group: &Group<'_>) -> String {
        let call = &group.first;
        let text = leading_to(&self.describe_edits(fix, group), fix);
        if let Some((variable, secret)) = &group.misplaced
            && let Some(edit) = moved_to(fix, variable)
        {
            return leading_to(&self.describe_move(secret, variable, edit.variable(), call), fix);
        }
        let text = match self.failure_is_in_row(fix, group) {
            true => format!("in the matrix row {}, {text}", group.first.site.row),
            false => text,
        };
        let absent = fix.edits.iter().filter_map(|edit| match edit {
            Set(name, _) => group.first.secret(name),
            Unset(_) => None,
        });
        let absent: Vec<String> = absent.filter(|secret| !self.declared.has_secret(secret)).collect();
        match absent.as_slice() {
            [] => text,
            [secret] => {
                let mut known = self.declared.known_secrets.into_iter().flatten();
                let meant = known.find(|known| is_slip(&secret.to_uppercase(), &known.to_uppercase()));
                let remedy = meant.map_or("create it".to_owned(), |meant| format!("did you mean `{meant}`?"));
                format!("{text}; the secret `{secret}` does not exist: {remedy}")
            }
            several => format!("{text}; the secrets {} do not exist: create them", several.join(", ")),
        }
    }
}

impl Linter<'_> {
    /// The help for a finding without fixes if no rule of the policy injects what the provider needs.
    fn missing_rule(&self, group: &Group<'_>, failure: &Failure) -> Option<String> {
        let provider = self.registry.provider(failure.provider.as_deref()?)?;
        let is_about_keys = failure.lacks_key();
        if !is_about_keys || !failure.fixes.is_empty() || group.has_spoiling_fixes {
            return None;
        }
        let policy = group.first.policy;
        let rules = policy.document().secrets.iter().map(|rule| rule.injected().iter().map(String::as_str));
        let sets: Vec<Vec<&str>> = match policy.document().inject {
            InjectMode::First => rules.map(Iterator::collect).collect(),
            InjectMode::Every => vec![rules.flatten().collect()],
        };
        let meets = |names: &Vec<&str>| Credentials { injected: NameSubset::EMPTY, ambient: names }.meet(provider);
        if sets.iter().any(meets) {
            return None;
        }
        let (name, provider) = (policy.name(), &provider.name);
        let is_injected = |secret: &&String| policy.injectable().contains(secret);
        let absent: Vec<&str> = failure.missing.iter().filter(|it| !is_injected(it)).map(String::as_str).collect();
        let problem = match absent.as_slice() {
            [] => format!("no rule of policy `{name}` injects all that `{provider}` needs"),
            names => format!("no rule of policy `{name}` injects {}, which `{provider}` needs", names.join(" and ")),
        };
        Some(format!("{problem}; add one, or choose another model"))
    }

    /// True if a value of the only matrix row of a finding has to change: a variable of the fix takes it.
    fn failure_is_in_row(&self, fix: &Fix, group: &Group<'_>) -> bool {
        let row = &group.first.site.row;
        let has_provider = matches!(&group.problem, Problem::Failure(failure) if failure.provider.is_some());
        let is_only_row = || group.others.iter().all(|call| call.site.row == *row);
        !row.is_empty()
            && edits_matrix_value(fix, &group.first)
            && (!has_provider || is_only_row() && !self.creates_secret_of_row(fix, group))
    }

    /// A description of an edit: of the input of the action that has the variable, if the step gives its inputs, of
    /// the input through which a caller passes it, else of the variable. `value` is what the description says of the
    /// new value.
    fn describe_edit(&self, edit: &Edit, value: Option<&str>, group: &Group<'_>) -> String {
        let call = &group.first;
        match (self.input_of(edit, call), value) {
            (Some(input), Some(value)) => return set_input(input, value),
            (Some(input), None) => return format!("delete `{input}` from `with`"),
            (None, _) => {}
        }
        let variable = edit.variable();
        let counts_if_empty =
            call.policy.variable(variable).is_some_and(|variable| call.policy.is_set_if_empty(variable));
        let value = value.or(Some("''").filter(|_| !counts_if_empty));
        let (Some(passed), Some(value)) = (self.passed_input(variable, call), value) else {
            return describe_edit(edit);
        };
        let is_same = |other: &PolicyCall<'_>| self.passed_input(variable, other).as_ref() == Some(&passed);
        let caller = if group.others.iter().all(is_same) { passed.caller } else { "each caller".to_owned() };
        format!("{} of {caller}", set_input(&passed.name, value))
    }

    /// A description of the edits of a fix, in words.
    fn describe_edits(&self, fix: &Fix, group: &Group<'_>) -> String {
        let describe = |edit: &Edit| match edit {
            Set(_, value) => self.describe_edit(edit, Some(&shown(value)), group),
            Unset(_) => self.describe_edit(edit, None, group),
        };
        fix.edits.iter().map(describe).collect::<Vec<_>>().join(" and ")
    }
}

/// The only edit that sets a variable, if the fix unsets no other than the one that has the secret now.
fn moved_to<'f>(fix: &'f Fix, variable: &str) -> Option<&'f Edit> {
    let (set, unset): (Vec<&Edit>, Vec<&Edit>) = fix.edits.iter().partition(|edit| matches!(edit, Set(..)));
    let [only] = set.as_slice() else { return None };
    unset.iter().all(|edit| edit.variable() == variable).then_some(only)
}

/// The entries of `harness`, in words.
fn listed(harness: &[Harness]) -> String {
    harness.iter().map(Harness::to_string).collect::<Vec<_>>().join(", ")
}

/// The remedy for a finding if no edit of a variable helps every case: to leave out the matrix row, or
/// to edit the script.
fn other_remedy(group: &Group<'_>, failure: &Failure) -> Option<String> {
    let site = &group.first.site;
    let rows: Vec<&str> = group.failing_rows.iter().map(String::as_str).collect();
    match rows.as_slice() {
        [] => {}
        [row] => return Some(format!("leave this row out of the matrix, by `exclude` or from `include`: {row}")),
        rows => {
            let rest = match rows.len().saturating_sub(ROWS_SHOWN) {
                0 => String::new(),
                more => format!("; and {}", counted(more as u64, "more row")),
            };
            let rows = rows[..rows.len().min(ROWS_SHOWN)].join("; ");
            return Some(format!("leave these rows out of the matrix, by `exclude` or from `include`: {rows}{rest}"));
        }
    }
    if let Some(fix) = &group.fix_of_choice {
        let chosen = inputs_chosen(&site.invocation.chosen);
        return Some(format!("when {chosen}, {}", describe_fix(fix)));
    }
    let harness = group.first.policy.document().harness.first().filter(|_| failure.fixes.is_empty())?;
    let is_fixed = group.first.policy.all_variables().next().is_none();
    is_fixed.then(|| {
        format!("no variable changes model or secrets of policy `{}`; edit {harness}", group.first.policy.name())
    })
}

/// The help for a finding that an entry of slugproof.yaml would accept if it counted for `lint`.
fn unscoped(line: u64, job: &str) -> String {
    format!(
        "line {line} of slugproof.yaml accepts this for `prove` only; if the job is meant to fail, add an entry with \
         `job: {job}`"
    )
}

/// The notice that some steps call a harness but never run; None if `steps` is 0.
fn never_run_notice(steps: usize) -> Option<String> {
    let problem = match steps {
        0 => return None,
        1 => "1 step calls a harness but never does so".to_owned(),
        _ => format!("{} call a harness but never do so", counted(steps as u64, "step")),
    };
    Some(format!(
        "{problem}, because of an `if:` or because a command before always fails; correct it, or leave the file out"
    ))
}
