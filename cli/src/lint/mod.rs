//! `lint`: the founding contradiction, found where it is written.
//!
//! Files, then every call of a harness in them, then a judgement of each call, then one
//! finding for each cause, then patches that have been tried.

mod explain;
pub(crate) mod files;
pub(crate) mod fix;
mod judge;
mod mask;
mod mend;
mod patch;
mod repository;
pub mod trial;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use slug_resolver::{Policy, Registry};

use crate::codes::{UNKNOWN_HARNESS, UNUSED_ACCEPT};
use crate::config::{Accept, Config};
use crate::findings::{Coverage, Finding, Report, Source, SourceId, Span};
use crate::render::counted;
use crate::render::resolution::fix_for_people;
use slug_workflow::eval::Evaluation;
use slug_workflow::model::{EnvLayer, Job, Step, Work, Workflow};
use slug_workflow::repository::{JobId, Parser};
use slug_workflow::slice::Search;

use explain::{Case, Groups, Problem};
pub use files::Input;
use judge::{Judge, Judgement};
use repository::Files;

/// What workflow files are judged by.
pub struct Linter<'a> {
    registry: &'a Registry,
    /// The policies that may be named by a harness, those asked for first.
    policies: Vec<&'a Policy>,
    /// The policies that were asked for by name.
    asked: &'a [Policy],
    accept: &'a [Accept],
    absent_secrets: &'a [String],
    config: Option<&'a Config>,
    targets: Vec<&'a str>,
    names: BTreeSet<String>,
    /// The variables that hold secrets.
    keys: BTreeSet<&'a str>,
    parser: Parser,
}

impl<'a> Linter<'a> {
    /// Judges by a registry and the policies whose harness a step calls.
    #[must_use]
    pub fn new(registry: &'a Registry, policies: &'a [Policy]) -> Self {
        let mut linter = Self {
            registry,
            policies: policies.iter().collect(),
            asked: &[],
            accept: &[],
            absent_secrets: &[],
            config: None,
            targets: Vec::new(),
            names: BTreeSet::new(),
            keys: BTreeSet::new(),
            parser: Parser::default(),
        };
        linter.index();
        linter
    }

    /// Also by these, which judge what calls no known harness as well.
    #[must_use]
    pub fn with_asked(mut self, asked: &'a [Policy]) -> Self {
        self.policies.retain(|policy| asked.iter().all(|other| other.name() != policy.name()));
        self.policies.splice(0..0, asked);
        self.asked = asked;
        self.index();
        self
    }

    /// With what slugproof.yaml accepts and knows to be absent. Where everything it speaks
    /// of is looked at, an entry that accepts nothing is found.
    #[must_use]
    pub fn with_config(mut self, config: &'a Config, looks_at_everything: bool) -> Self {
        self.accept = &config.accept;
        self.absent_secrets = &config.absent_secrets;
        self.config = looks_at_everything.then_some(config);
        self
    }

    /// The parser of the files, which keeps what it has parsed.
    #[must_use]
    pub fn parser(&self) -> &Parser {
        &self.parser
    }

    fn index(&mut self) {
        let targets = self.policies.iter().flat_map(|policy| &policy.document().harness);
        self.targets = targets.map(String::as_str).collect::<BTreeSet<_>>().into_iter().collect();
        let keys = |policy: &&'a Policy| -> Vec<&'a str> {
            let policy: &'a Policy = policy;
            policy.key_variables().map(|key| policy.variable_name(key)).collect()
        };
        self.keys = self.policies.iter().flat_map(keys).collect();
        let names =
            |policy: &&'a Policy| policy.all_variables().map(|variable| policy.variable_name(variable).to_owned());
        self.names = self.policies.iter().flat_map(|policy| names(policy).collect::<Vec<_>>()).collect();
    }

    /// Lints files: with patches that have been tried.
    #[must_use]
    pub fn report(&self, inputs: &[Input]) -> Report {
        let (mut report, files) = repository::of_inputs(inputs, &self.keys);
        let judged = self.judge(&files);
        report.findings.extend(judged.findings(self, &files));
        report.checked = vec![("workflow file", inputs.len()), ("step", judged.steps.len())];
        if judged.steps.is_empty() && report.coverage == Coverage::Complete {
            report.coverage = Coverage::Nothing;
            report.remarks.push(never_called(judged.never).unwrap_or_else(|| self.nothing_called(inputs.len())));
        }
        for (entry, groups) in &judged.accepted {
            let reason = &self.accept[*entry].reason;
            report.accepted.extend(groups.iter().map(|group| (group.finding(), reason.clone())));
        }
        self.find_unused_accepts(&judged.accepted.keys().copied().collect(), &mut report);
        report.remarks.extend(repository::missing_calls(files.repository.missing()));
        report
    }

    /// What to say where no step calls a harness.
    fn nothing_called(&self, files: usize) -> String {
        if files == 0 {
            return "there is no .github/workflows or .gitea/workflows with workflow files here or above; name the files, or list them under `workflows` in slugproof.yaml".to_owned();
        }
        let described: Vec<String> = self
            .policies
            .iter()
            .filter(|policy| !policy.document().harness.is_empty())
            .map(|policy| format!("{} (policy `{}`)", policy.document().harness.join(", "), policy.name()))
            .collect();
        match described.as_slice() {
            [] => "no policy names a `harness`; name the script it describes, or say --policy".to_owned(),
            _ => format!(
                "no step calls a harness that a policy describes: {}; correct `harness` there, or say --policy",
                described.join(", ")
            ),
        }
    }

    /// Judges every call in some files.
    fn judge<'r>(&'r self, files: &'r Files) -> Judged<'r> {
        let evaluation = Evaluation::new(&files.repository, self.search());
        let unconditional = Evaluation::new(&files.repository, self.search().ignoring_conditions());
        let mut judged = Judged::default();
        for (index, (file, &source)) in files.repository.files().iter().zip(&files.sources).enumerate() {
            let before = judged.steps.len();
            for job in 0..file.workflow.jobs.len() {
                self.judge_job(&evaluation, source, (index, job), &mut judged);
            }
            if judged.steps.len() > before {
                let unknown = self.unknown_harnesses(&file.workflow, source, index, &judged.steps);
                judged.others.extend(unknown);
                continue;
            }
            match self.calls_that_never_run(&unconditional, index) {
                0 => {
                    let first = file.workflow.env_layers().find_map(|layer| first_of(layer, &self.names));
                    judged.others.extend(first.and_then(|first| self.unknown_harness(source, first)));
                }
                never => judged.never += never,
            }
        }
        judged
    }

    /// Judges every call in a job. What calls no known harness is judged only by what was
    /// asked for.
    fn judge_job<'r>(
        &'r self,
        evaluation: &Evaluation<'r>,
        source: SourceId,
        (file, job): JobId,
        judged: &mut Judged<'r>,
    ) {
        let sites = evaluation.call_sites((file, job));
        let job = &evaluation.repository().files()[file].workflow.jobs[job];
        for site in sites {
            judged.steps.insert((file, job.key.start, site.step.number));
            for policy in self.policies_of(site.target) {
                judged.cases += 1;
                self.judge_case(Case { source, job: &job.id, site: site.clone(), policy }, judged);
            }
        }
    }

    fn search(&self) -> Search<'_> {
        Search {
            targets: &self.targets,
            names: &self.names,
            absent_secrets: self.absent_secrets,
            every_script: !self.asked.is_empty(),
            ignore_conditions: false,
        }
    }

    /// How many steps of a file, in which none calls a harness, would call one if no `if:`
    /// ever kept them from it.
    fn calls_that_never_run(&self, unconditional: &Evaluation<'_>, index: usize) -> usize {
        let file = &unconditional.repository().files()[index];
        let is_named = |target: &&str| file.text.contains(target.rsplit('/').next().unwrap_or(target));
        if !self.targets.iter().any(is_named) {
            return 0;
        }
        let steps = |job: usize| -> BTreeSet<usize> {
            unconditional.call_sites((index, job)).iter().map(|site| site.step.number).collect()
        };
        (0..file.workflow.jobs.len()).map(|job| steps(job).len()).sum()
    }

    /// The policies that judge a call: those that describe what it calls, else those asked for.
    fn policies_of(&self, target: Option<usize>) -> Vec<&'a Policy> {
        let Some(target) = target.map(|target| self.targets[target]) else {
            return self.asked.iter().collect();
        };
        let describes = |policy: &&&'a Policy| policy.document().harness.iter().any(|harness| harness == target);
        self.policies.iter().filter(describes).copied().collect()
    }

    fn judge_case<'r>(&'r self, case: Case<'r>, judged: &mut Judged<'r>) {
        let judge = Judge { registry: self.registry, accept: self.accept };
        match judge.judge(case.policy, |name| case.site.env.value(name)) {
            Judgement::Fine { accepted, crossing } => {
                for (entry, fault) in accepted {
                    judged.accepted.entry(entry).or_default().add(case.clone(), Problem::Fault(fault));
                }
                if let Some(fault) = crossing {
                    judged.groups.add(case, Problem::Crossing(fault));
                }
            }
            Judgement::Fails(fault) => judged.groups.add(case, Problem::Fault(fault)),
            Judgement::Undecided(reasons) => judged.groups.add(case, Problem::Undecided(reasons)),
        }
    }

    /// Notes on the jobs and steps of a file in which others are judged: those that set
    /// variables of a policy for a script that no policy describes.
    fn unknown_harnesses(
        &self,
        workflow: &Workflow,
        source: SourceId,
        index: usize,
        judged: &BTreeSet<(usize, usize, usize)>,
    ) -> Vec<Finding> {
        let of_job = |job: &Job| {
            let Work::Steps(steps) = &job.work else { return None };
            let is_judged = |step: &&Step| judged.contains(&(index, job.key.start, step.number));
            let others = steps.iter().filter(|step| step.run.is_some() && !is_judged(step)).map(|step| &step.env);
            let own = (!steps.iter().any(|step| is_judged(&step))).then_some(&job.env);
            own.into_iter().chain(others).find_map(|layer| first_of(layer, &self.names))
        };
        let first = workflow.jobs.iter().filter_map(|job| of_job(job));
        first.filter_map(|first| self.unknown_harness(source, first)).collect()
    }

    /// A note on a variable of a policy, where no step that sees it calls what one describes.
    fn unknown_harness(&self, source: SourceId, (name, key): (String, Range<usize>)) -> Option<Finding> {
        let policy = self.policies.iter().find(|policy| policy.variable(&name).is_some())?;
        let span = Span { source, range: key };
        let title =
            format!("`{name}` is read by policy `{}`, and no step that sees it calls a known harness", policy.name());
        Some(
            Finding::new(&UNKNOWN_HARNESS, span, title)
                .said("set here")
                .with_help(format!(
                    "add the script to `harness` of a policy, or judge the file with --policy {}",
                    policy.name()
                ))
                .about("variable", name),
        )
    }

    /// Entries of slugproof.yaml about overrides that accept nothing.
    fn find_unused_accepts(&self, used: &BTreeSet<usize>, report: &mut Report) {
        let Some(config) = self.config.filter(|_| report.coverage == Coverage::Complete) else { return };
        let policies: Vec<Policy> = self.policies.iter().map(|policy| (*policy).clone()).collect();
        let unused: Vec<&Accept> = (config.accept.iter().enumerate())
            .filter(|(index, accept)| !used.contains(index) && accept.is_about_overrides(&policies))
            .map(|(_, accept)| accept)
            .collect();
        if unused.is_empty() {
            return;
        }
        let text = files::text_of(&config.path).unwrap_or_default();
        let source = report.sources.add(Source { path: files::shown(&config.path), text });
        for accept in unused {
            let line = usize::try_from(accept.line).unwrap_or(1).clamp(1, report.sources.line_count(source));
            let range = report.sources.line_range(source, line);
            let title = format!("no step fails with `{}` as this entry accepts", accept.code.as_str());
            report.findings.push(
                Finding::new(&UNUSED_ACCEPT, Span { source, range }, title)
                    .said("accepts nothing")
                    .with_help("take the entry out")
                    .about("code", accept.code.as_str())
                    .about("reason", accept.reason.clone()),
            );
        }
    }
}

/// Fixes that are shown besides the patch.
const FIXES_SHOWN: usize = 2;

/// Every call of some files, judged.
#[derive(Default)]
struct Judged<'r> {
    groups: Groups<'r>,
    others: Vec<Finding>,
    /// The steps that were judged: file, job, number.
    steps: BTreeSet<(usize, usize, usize)>,
    /// How often a call was judged.
    cases: usize,
    /// The steps that call a harness and never run.
    never: usize,
    /// What entries of slugproof.yaml accept, by their number.
    accepted: BTreeMap<usize, Groups<'r>>,
}

impl Judged<'_> {
    fn findings(&self, linter: &Linter<'_>, files: &Files) -> Vec<Finding> {
        let mut patches = mend::patches(linter, files, self);
        let mut findings = Vec::new();
        for (number, group) in self.groups.iter().enumerate() {
            let mut finding = group.finding();
            if let Problem::Fault(fault) = &group.problem {
                let tried = patches.remove(&number);
                let others =
                    fault.fixes.iter().enumerate().filter(|(place, _)| tried.as_ref().is_none_or(|it| it.0 != *place));
                finding.help.extend(fault.hints.iter().cloned());
                finding.help.extend(others.take(FIXES_SHOWN).map(|(_, fix)| fix_for_people(fix)));
                finding.patch = tried.map(|(_, patch)| patch);
            }
            findings.push(finding);
        }
        findings.into_iter().chain(self.others.clone()).collect()
    }
}

/// What to say where harnesses are called, by steps that never run.
fn never_called(steps: usize) -> Option<String> {
    let what = match steps {
        0 => return None,
        1 => "1 step calls a harness, and it can never run because of its `if:` or that of its job".to_owned(),
        _ => format!(
            "{} call a harness, and none of them can ever run because of its `if:` or that of its job",
            counted(steps as u64, "step")
        ),
    };
    Some(format!("{what}; correct the condition, or leave the file out"))
}

fn first_of(layer: &EnvLayer, names: &BTreeSet<String>) -> Option<(String, Range<usize>)> {
    layer
        .entries()
        .iter()
        .find(|entry| names.contains(&entry.name))
        .map(|entry| (entry.name.clone(), entry.key.clone()))
}
