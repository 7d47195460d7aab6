//! Compares the two registries of slugproof.yaml, and says which policies, calls and pins meet a difference.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use slug_resolver::yaml::FieldPath;
use slug_resolver::{Policy, Registry, explain};

use super::Check;
use super::document::Document;
use super::inputs::Inputs;
use super::locations::Locations;
use crate::codes::{Level, REGISTRY_DIFFERENCE, UNDECIDED};
use crate::exit::Failure;
use crate::findings::{Coverage, EMBEDDED, Finding, Report, Source, SourceId, Sources, Span};
use crate::io::{is_same_file, report_path};
use crate::lint::comparison::Compared;
use crate::lint::evaluate::comparison::{Answer, Change, policy_changes};
use crate::lint::pins::PinSearch;
use crate::lint::scripts::Scripts;
use crate::lint::{Linter, discovery, files};
use crate::registry_comparison::{Difference, ModelState, What, differences};
use crate::render::{counted, shown};

/// The two registries in messages, in the order in which they are compared.
const NAMES: [&str; 2] = ["the source", "the deployed registry"];

/// The maximum number of policies, calls and pins that a finding names.
const SHOWN: usize = 20;

/// The maximum number of ids that a finding names.
const IDS: usize = 50;

/// What meets a difference.
struct Meeting {
    /// What meets it, with its place, in words.
    what: String,
    change: Change,
    /// True for a policy: its rules can pick the model, which does not say that a job does.
    is_policy: bool,
    /// True if the registries differ in every environment.
    is_certain: bool,
}

impl Meeting {
    /// Returns true if the model works by the source and fails in production.
    fn breaks(&self) -> bool {
        let [source, deployed] = &self.change.answers;
        !self.is_policy && self.is_certain && !source.fails() && deployed.fails()
    }
}

impl Check {
    /// Compares the registries of slugproof.yaml. Returns the workflow files that were read.
    pub(super) fn compare_registries(&mut self, inputs: &Inputs) -> Result<Vec<PathBuf>, Failure> {
        let Some(config) = self.config.as_ref().map(|(_, config)| &**config) else { return Ok(Vec::new()) };
        let Some(registries) = config.registries.as_ref().filter(|_| config.same_registries().is_none()) else {
            return Ok(Vec::new());
        };
        let sources = &self.report.sources;
        let find = |path: &Path| {
            let is_it = |(document, _): &&(Document, Registry)| {
                let read = &sources.get(document.source).path;
                !read.starts_with(EMBEDDED) && (*read == report_path(path) || is_same_file(Path::new(read), path))
            };
            self.registries.iter().chain(&self.compared).find(is_it)
        };
        // An invalid or missing file is reported already.
        let [Some((first, source)), Some((second, deployed))] = registries.paths().map(find) else {
            return Ok(Vec::new());
        };
        let both = [source, deployed];
        let found = differences(source, deployed);
        if found.is_empty() {
            self.report.notices.push("the two registries of `registries` in slugproof.yaml do not differ".to_owned());
            return Ok(Vec::new());
        }
        let policies: Vec<Policy> = self.policies.iter().map(|(_, policy)| policy.clone()).collect();
        let requested: Vec<Policy> = inputs.harness_policy(config)?.into_iter().collect();
        let scripts = Scripts::below(PathBuf::new());
        let linter = Linter::new(source, &policies).with_requested_policies(&requested).with_scripts(&scripts);
        let linter = linter.with_config(config, false);
        let workflows = files::read(discovery::find(&[], Some(config))?, linter.parser());
        let paths: Vec<PathBuf> = workflows.iter().filter_map(|input| input.file.clone()).collect();
        let search = PinSearch { root: config.relative(""), config: Some(config), except: paths.clone() };
        let touches = |runtime: &str| found.iter().any(|difference| difference.touches(both, runtime));
        let compared = linter.compare(&workflows, &search, deployed, &touches)?;
        let mut meetings = Vec::new();
        let mut undecided = Vec::new();
        for (document, policy) in &self.policies {
            let concerns =
                |runtime: &str, model: &str| found.iter().any(|difference| difference.concerns(both, runtime, model));
            match policy_changes(policy, both, concerns) {
                Some(changes) => meetings.extend(of_policy(sources, document, policy, changes)),
                None => undecided.push(undecided_policy(sources, document, policy)),
            }
        }
        meetings.extend(of_compared(&compared));
        let open = compared.report.findings.len() + undecided.len();
        let comparison = Comparison {
            sources,
            documents: [first, second],
            both,
            nobody: nobody(open, compared.calls),
            found: &found,
        };
        let mut findings = comparison.findings(&meetings);
        findings.append(&mut undecided);
        self.report.findings.append(&mut findings);
        let checked = [("call", compared.calls), ("pin", compared.pins)];
        self.report.checked.extend(checked.iter().filter(|(_, count)| *count > 0));
        adopt(&mut self.report, compared.report);
        Ok(paths.into_iter().chain(scripts.paths()).collect())
    }
}

/// Adds the findings of another report, and the files that they refer to.
fn adopt(report: &mut Report, other: Report) {
    let mut known: BTreeMap<SourceId, SourceId> = BTreeMap::new();
    for mut finding in other.findings {
        for label in finding.labels.iter_mut().chain([&mut finding.primary]) {
            let id = label.span.source;
            label.span.source = *known.entry(id).or_insert_with(|| {
                let Source { path, text } = other.sources.get(id).clone();
                report.sources.add(Source { path, text })
            });
        }
        report.findings.push(finding);
    }
    report.secrets.extend(other.secrets);
    report.notices.extend(other.notices);
    if other.coverage == Coverage::Incomplete {
        report.coverage = Coverage::Incomplete;
    }
}

/// What is said of a difference that nobody is known to meet.
fn nobody(open: usize, calls: usize) -> String {
    let known = match calls {
        0 => "no policy and no pin meets it; no step calls a harness that a policy describes",
        _ => "no policy, no call and no pin meets it",
    };
    match open {
        0 => known.to_owned(),
        open => format!("{known}, as far as it is known: {} undecided", counted(open as u64, "finding")),
    }
}

/// The place of a span, as `path:line`.
fn place(sources: &Sources, span: &Span) -> String {
    format!("{}:{}", sources.path(span), sources.line_number(span.source, span.range.start))
}

/// The changes of a policy, the worst of each rule and model.
fn of_policy(sources: &Sources, document: &Document, policy: &Policy, changes: BTreeSet<Change>) -> Vec<Meeting> {
    let locations = Locations::new(&document.root, policy);
    let labels: Vec<&str> = policy.model_labels().collect();
    let mut worst: BTreeMap<(Option<usize>, String, String), Change> = BTreeMap::new();
    let badness = |change: &Change| {
        let [source, deployed] = &change.answers;
        (!source.fails() && deployed.fails(), source.fails() && !deployed.fails())
    };
    for change in changes {
        let rule = change.rule.as_deref().and_then(|rule| labels.iter().position(|label| *label == rule));
        let key = (rule, change.runtime.clone(), change.slug.clone());
        if worst.get(&key).is_none_or(|known| badness(known) < badness(&change)) {
            worst.insert(key, change);
        }
    }
    let meeting = |((rule, ..), change): ((Option<usize>, String, String), Change)| {
        let path = rule.map_or_else(FieldPath::default, |rule| locations.model_rule(rule));
        let by = change.rule.as_deref().map(|rule| format!(", {}", explain::rule(&shown(rule)))).unwrap_or_default();
        let at = place(sources, &document.span(sources, &path));
        let what = format!("policy `{}`{by} ({at})", shown(policy.name()));
        Meeting { what, change, is_policy: true, is_certain: false }
    };
    worst.into_iter().map(meeting).collect()
}

/// A policy with too many environments to compare.
fn undecided_policy(sources: &Sources, document: &Document, policy: &Policy) -> Finding {
    let span = document.span(sources, &FieldPath::default().key("name"));
    let title = format!(
        "whether policy `{}` meets a difference between the registries is not known: its rules tell too many \
         environments apart",
        shown(policy.name())
    );
    Finding::new(&UNDECIDED, span, title)
        .with_help("use fewer variables, or list the runtimes under `runtimes`")
        .with_subject("policy", policy.name())
}

fn of_compared(compared: &Compared) -> Vec<Meeting> {
    let meeting = |meeting: &crate::lint::comparison::Meeting| Meeting {
        what: format!("{} ({})", meeting.what, place(&compared.report.sources, &meeting.place.primary.span)),
        change: meeting.change.clone(),
        is_policy: false,
        is_certain: meeting.is_certain,
    };
    compared.meetings.iter().map(meeting).collect()
}

struct Comparison<'a> {
    sources: &'a Sources,
    documents: [&'a Document; 2],
    both: [&'a Registry; 2],
    /// What is said of a difference that nobody is known to meet.
    nobody: String,
    found: &'a [Difference],
}

impl Comparison<'_> {
    fn findings(&self, meetings: &[Meeting]) -> Vec<Finding> {
        let concerns = |difference: &Difference, meeting: &Meeting| {
            difference.concerns(self.both, &meeting.change.runtime, &meeting.change.slug)
        };
        let mut findings = Vec::new();
        let mut unmet: BTreeMap<(&str, &str, [ModelState; 2]), Vec<&Difference>> = BTreeMap::new();
        for difference in self.found {
            let met: Vec<&Meeting> = meetings.iter().filter(|meeting| concerns(difference, meeting)).collect();
            match &difference.what {
                What::Model { runtime, provider, states, .. } if met.is_empty() => {
                    unmet.entry((runtime, provider, *states)).or_default().push(difference);
                }
                _ => findings.push(self.finding(difference, &met)),
            }
        }
        findings.extend(unmet.values().map(|differences| self.unmet(differences)));
        let is_unexplained = |meeting: &&Meeting| !self.found.iter().any(|difference| concerns(difference, meeting));
        findings.extend(meetings.iter().filter(is_unexplained).map(|meeting| self.unexplained(meeting)));
        findings
    }

    fn finding(&self, difference: &Difference, met: &[&Meeting]) -> Finding {
        let level = match met {
            [] => Level::Note,
            met if met.iter().any(|meeting| meeting.breaks()) => Level::Error,
            _ => Level::Warning,
        };
        let finding = self.bare(difference, title(&difference.what)).with_level(level);
        if met.is_empty() {
            return finding.with_note(&self.nobody);
        }
        let finding = met.iter().take(SHOWN).fold(finding, |finding, meeting| finding.with_note(met_by(meeting)));
        let finding = match met.len().saturating_sub(SHOWN) {
            0 => finding,
            more => finding.with_note(format!("and {more} more meet it")),
        };
        match level {
            Level::Error => finding.with_help("deploy the source first, or use a model that both registries serve"),
            _ => finding,
        }
    }

    /// The ids of one arm that nobody meets.
    fn unmet(&self, differences: &[&Difference]) -> Finding {
        let model = |difference: &&Difference| match &difference.what {
            What::Model { model, .. } => shown(model),
            _ => String::new(),
        };
        let finding = match differences {
            [only] => self.bare(only, title(&only.what)),
            several => {
                let what = &several[0].what;
                let ids: Vec<String> = several.iter().take(IDS).map(model).collect();
                let more = match several.len().saturating_sub(IDS) {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                let subject = counted(several.len() as u64, "model");
                self.bare(several[0], title_of_models(what, &subject))
                    .with_note(format!("the ids: {}{more}", ids.join(", ")))
            }
        };
        finding.with_note(&self.nobody)
    }

    /// A model of which the registries make something else, although no single difference is about it.
    fn unexplained(&self, meeting: &Meeting) -> Finding {
        let Change { runtime, slug, .. } = &meeting.change;
        let path = FieldPath::default().key("runtimes").key(runtime);
        let span = self.documents[0].key_span(self.sources, &path);
        let title = format!("the registries make something else of `{}` on `{}`", shown(slug), shown(runtime));
        let level = if meeting.breaks() { Level::Error } else { Level::Warning };
        Finding::new(&REGISTRY_DIFFERENCE, span, title)
            .with_level(level)
            .with_note(met_by(meeting))
            .with_subject("runtime", runtime)
            .with_subject("model", slug)
    }

    /// A finding with its places and its subject.
    fn bare(&self, difference: &Difference, title: String) -> Finding {
        let is_runtime = matches!(difference.what, What::Runtime { .. });
        let has = has(&difference.what);
        let span = |index: usize| {
            let (document, path) = (self.documents[index], &difference.places[index]);
            match is_runtime || !has[index] {
                true => document.key_span(self.sources, path),
                false => document.span(self.sources, path),
            }
        };
        let primary = usize::from(!has[0]);
        let other = 1 - primary;
        let label = if has[other] { "other here" } else { "missing here" };
        let finding = Finding::new(&REGISTRY_DIFFERENCE, span(primary), title)
            .with_label(span(other), label)
            .with_level(Level::Note);
        subject(&difference.what).into_iter().fold(finding, |finding, (kind, name)| finding.with_subject(kind, name))
    }
}

/// Whether each registry has the subject of a difference.
fn has(what: &What) -> [bool; 2] {
    match what {
        What::Runtime { only_in, .. } | What::Provider { only_in, .. } | What::Arm { only_in, .. } => {
            [*only_in == 0, *only_in == 1]
        }
        What::Field { .. } | What::First { .. } => [true, true],
        What::Model { states, .. } => states.map(|state| state != ModelState::Absent),
    }
}

/// What identifies a difference.
fn subject(what: &What) -> Vec<(&'static str, &str)> {
    match what {
        What::Runtime { runtime, .. } => vec![("runtime", runtime)],
        What::Provider { provider, .. } => vec![("provider", provider)],
        What::Field { provider, field, .. } => vec![("provider", provider), ("field", field)],
        What::Arm { runtime, provider, .. } => vec![("runtime", runtime), ("provider", provider)],
        What::Model { runtime, provider, model, .. } => {
            vec![("runtime", runtime), ("provider", provider), ("model", model)]
        }
        What::First { runtime, model, .. } => vec![("runtime", runtime), ("model", model)],
    }
}

/// A difference in one sentence.
fn title(what: &What) -> String {
    let [source, deployed] = NAMES;
    match what {
        What::Runtime { runtime, only_in } => format!("only {} has the runtime `{}`", NAMES[*only_in], shown(runtime)),
        What::Provider { provider, only_in } => {
            format!("only {} has the provider `{}`", NAMES[*only_in], shown(provider))
        }
        What::Field { provider, field, values } => {
            let value = |value: &Option<String>| value.as_deref().map_or("absent".to_owned(), |it| format!("`{it}`"));
            let [one, other] = [value(&values[0]), value(&values[1])];
            format!("`{field}` of `{}` is {one} in {source} and {other} in {deployed}", shown(provider))
        }
        What::Arm { runtime, provider, only_in } => {
            format!("only {} has `{}` on runtime `{}`", NAMES[*only_in], shown(provider), shown(runtime))
        }
        What::Model { model, .. } => title_of_models(what, &format!("`{}`", shown(model))),
        What::First { runtime, model, providers } => {
            let [one, other] = [&providers[0], &providers[1]].map(|name| shown(name));
            format!(
                "without a deciding credential, `{}` on runtime `{}` is from `{one}` in {source} and from `{other}` in \
                 {deployed}",
                shown(model),
                shown(runtime)
            )
        }
    }
}

/// What two arms do with some ids, in one sentence.
fn title_of_models(what: &What, models: &str) -> String {
    let What::Model { runtime, provider, states, .. } = what else { return String::new() };
    let of = format!("of `{}` on runtime `{}`", shown(provider), shown(runtime));
    let [source, deployed] = NAMES;
    match states {
        [ModelState::Listed, ModelState::Withdrawn] => {
            format!("{source} lists {models} {of}, and {deployed} has withdrawn it")
        }
        [ModelState::Withdrawn, ModelState::Listed] => {
            format!("{source} has withdrawn {models} {of}, and {deployed} still lists it")
        }
        [ModelState::Withdrawn, _] => format!("only {source} names {models} {of}, as withdrawn"),
        [_, ModelState::Withdrawn] => format!("only {deployed} names {models} {of}, as withdrawn"),
        [ModelState::Listed, _] => format!("only {source} lists {models} {of}"),
        [ModelState::Absent, _] => format!("only {deployed} lists {models} {of}"),
    }
}

/// Who meets a difference, and what each registry makes of its model.
fn met_by(meeting: &Meeting) -> String {
    let Change { runtime, slug, answers: [source, deployed], .. } = &meeting.change;
    let model = if slug.is_empty() { "no model".to_owned() } else { format!("`{}`", shown(slug)) };
    let when = if meeting.is_certain || meeting.is_policy { "" } else { "in some environments, " };
    let [in_source, in_deployed] = NAMES;
    format!(
        "{}: {when}{model} on runtime `{}` is {} in {in_source} and {} in {in_deployed}",
        meeting.what,
        shown(runtime),
        answer_text(source),
        answer_text(deployed),
    )
}

/// What a registry makes of a model, in words.
fn answer_text(answer: &Answer) -> String {
    let accepted = if answer.is_accepted { " (accepted)" } else { "" };
    match (answer.code, &answer.provider, answer.payer) {
        (Some(code), _, _) => format!("`{}`{accepted}", code.as_str()),
        (None, Some(provider), Some(payer)) => format!("from `{}` ({payer})", shown(provider)),
        (None, ..) => "decided by the credentials".to_owned(),
    }
}
