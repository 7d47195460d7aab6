//! Turns verdicts into findings. Each cause is reported once, however many jobs, events and
//! matrix rows lead to it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use slug_lines::query::runtime_names;
use slug_resolver::{BillingPath, Code, Edit, Fix, Policy, Variable, explain};

use crate::codes::{self, CROSS_VENDOR_CREDENTIAL, SHADOWED_VARIABLE, UNDECIDED, VIOLATED_INVARIANT};
use crate::findings::{Finding, SourceId, Span};
use crate::render::{counted, listed, shown};
use slug_value::{AbstractValue, Text};
use slug_workflow::context::secrets_in;
use slug_workflow::environment::{Environment, Export, Origin};
use slug_workflow::expression::sources;
use slug_workflow::job::CallSite;
use slug_workflow::model::EnvEntry;
use slug_workflow::scripts::FIRST_FILE_POSITION;
use slug_workflow::trigger::Caller;

use super::evaluate::{Empty, Failure, Possible};

/// Maximum paths to a finding that are shown in full; the rest is counted.
const PATHS_SHOWN: usize = 3;

/// Maximum slugs of one call that are all named; above this only one is named.
const SLUGS_SHOWN: usize = 3;

/// Maximum cases of one cause that are kept; a fix must resolve each of them.
const CASES_KEPT: usize = 256;

/// One call and the policy that it was evaluated against.
#[derive(Clone)]
pub struct PolicyCall<'a> {
    /// The file.
    pub source: SourceId,
    /// The path of the file.
    pub path: &'a str,
    /// The job.
    pub job: &'a str,
    /// The call.
    pub site: CallSite<'a>,
    /// The policy.
    pub policy: &'a Policy,
}

impl<'a> PolicyCall<'a> {
    /// The possible values of a variable, and whether an empty value means that it is unset.
    pub fn possible(&self, name: &str) -> Possible {
        let Self { policy, site: CallSite { env, .. }, .. } = self;
        let mut text = env.value(name);
        let counts_if_empty = policy.variable(name).is_some_and(|variable| policy.is_set_if_empty(variable));
        let empty = match env.export(name) {
            _ if !counts_if_empty => Empty::Unset,
            Export::Yes => Empty::Present,
            Export::No => Empty::Unset,
            Export::Maybe => Empty::Either,
        };
        let can_be_empty = !matches!(&text.values, AbstractValue::OneOf(texts) if !texts.iter().any(String::is_empty))
            && !text.values.is_never_absent();
        if empty == Empty::Either && can_be_empty {
            text.reasons.insert(format!("it is not known whether `{name}` is unset or empty"));
        }
        Possible { text, empty, hidden: env.hidden.get(name).cloned() }
    }

    /// The input of the action of the call that an edit of a variable changes, by the variables that the inputs of the
    /// action have. None if the step sets the variable, or else the other variables of inputs, in its environment.
    pub fn input_of<'i>(&self, inputs: &'i BTreeMap<String, String>, edit: &Edit) -> Option<&'i str> {
        let origin = |variable: &str| Some(&self.site.env.variables.get(variable)?.origin);
        let is_input = |variable: &String| matches!(origin(variable), Some(Origin::Input(_)));
        let is_entry = |variable: &String| matches!(origin(variable), Some(Origin::Entry(_)));
        let gives_inputs = inputs.values().any(is_input) || !inputs.values().any(is_entry);
        let (input, variable) = inputs.iter().find(|(_, variable)| *variable == edit.variable())?;
        let is_of_input = match (origin(variable), edit) {
            (Some(Origin::Input(_)), _) => true,
            (Some(Origin::Entry(_)), _) | (_, Edit::Unset(_)) => false,
            (_, Edit::Set(..)) => gives_inputs,
        };
        is_of_input.then_some(input.as_str())
    }

    /// The name of the secret in a variable: the first of [`Self::secrets`].
    pub fn secret(&self, name: &str) -> Option<String> {
        self.secrets(name).into_iter().next()
    }

    /// The names of the secrets that a variable can have: the secrets in its written value (see [`Self::written`]), in
    /// this order, that this call uses. If it has none, the secrets that other variables, inputs and steps pass on to
    /// it.
    pub fn secrets(&self, name: &str) -> Vec<String> {
        let written = self.written(name).map_or("", |(value, _)| value);
        let mut named: Vec<String> = sources(written).iter().filter_map(|path| secret_of(path)).collect();
        named.sort_by_key(|secret| written.find(secret));
        let value = self.site.env.variables.get(name).map(|setting| &setting.value);
        let value = value.filter(|value| !matches!(value.values, AbstractValue::OneOf(_)));
        let used: Vec<&str> = value.into_iter().flat_map(secrets_in).collect();
        let is_used = |secret: &String| used.iter().any(|used| used.eq_ignore_ascii_case(secret));
        if named.iter().any(is_used) {
            named.retain(is_used);
        } else if named.is_empty() {
            named.extend(used.into_iter().map(str::to_owned));
        }
        named
    }

    /// The secret of the outermost caller that the workflow gets under a name, and the caller that passes it to the
    /// workflow itself; without one, the workflow has the secret itself. `None` if a caller passes another value.
    pub fn passed_secret(&self, name: &str) -> Option<(String, Option<&Caller>)> {
        let (mut name, mut last) = (name.to_owned(), None);
        for caller in self.site.invocation.callers.iter().rev() {
            let Some(secrets) = &caller.secrets else { continue };
            let (_, own) = secrets.iter().find(|(passed, _)| passed.eq_ignore_ascii_case(&name))?;
            name.clone_from(own);
            last = last.or(Some(caller));
        }
        Some((name, last))
    }

    /// The value of a variable as written, and its `env` entry. A variable that the script sets to
    /// another variable has the value of that variable; one that the script sets to an expression has no
    /// entry.
    pub fn written(&self, name: &str) -> Option<(&str, Option<&'a EnvEntry>)> {
        let entry = |name: &str| match &self.site.env.variables.get(name)?.origin {
            Origin::Entry(entry) => Some((entry.value.as_str(), Some(*entry))),
            origin => Some((origin.text()?, None)),
        };
        entry(name).or_else(|| {
            let value = assigned(&self.site.step.run.as_ref()?.text, name)?;
            match value.find("}}").filter(|_| value.starts_with("${{")) {
                Some(end) => Some((&value[..end + 2], None)),
                None => entry(word(value.strip_prefix('$')?.trim_start_matches('{'))),
            }
        })
    }
}

/// The name of a secret, by the path of an expression. A dot in the name is a wrong separator.
fn secret_of(path: &[String]) -> Option<String> {
    match path {
        [context, name @ ..] if context == "secrets" && !name.is_empty() => Some(name.join(".")),
        _ => None,
    }
}

/// The text after the last `NAME=` of a script, without the quote that opens it.
fn assigned<'s>(script: &'s str, name: &str) -> Option<&'s str> {
    let start = format!("{name}=");
    let assigned = script.match_indices(&start).filter(|(at, _)| !script[..*at].ends_with(is_name_character));
    assigned.last().map(|(at, _)| script[at + start.len()..].trim_start_matches('"'))
}

fn is_name_character(c: char) -> bool {
    c == '_' || c.is_ascii_alphanumeric()
}

/// The name at the start of a text.
fn word(text: &str) -> &str {
    let end = text.find(|c: char| !is_name_character(c));
    &text[..end.unwrap_or(text.len())]
}

/// All cases that share one cause.
#[derive(Clone)]
pub struct Group<'a> {
    /// The first case.
    pub first: PolicyCall<'a>,
    /// The problem of the cases.
    pub problem: Problem,
    /// The calls: path of the workflow, job id and number of the step.
    pub calls: BTreeSet<(&'a str, String, usize)>,
    /// The cases after the first one, at most [`CASES_KEPT`].
    pub others: Vec<PolicyCall<'a>>,
    /// A variable that gives a secret of the slug's provider to another provider, and the name of the
    /// secret.
    pub misplaced: Option<(String, String)>,
    /// True if a fix was dropped because it would break another case.
    pub has_spoiling_fixes: bool,
    /// The rows of the matrix of the cases, if every case of these rows fails and a fix would break another row.
    pub failing_rows: BTreeSet<String>,
    /// A fix for the inputs of all cases alone: with other inputs, it would break another case.
    pub fix_of_choice: Option<Fix>,
    /// The variable under the caret, if any, and the bytes under the caret.
    at: (Option<String>, Range<usize>),
    cases: usize,
    steps: Vec<String>,
    paths: Paths,
    slugs: BTreeSet<String>,
    runtimes: BTreeSet<String>,
    /// The providers of the calls that violate an invariant.
    providers: BTreeSet<String>,
    jobs: BTreeSet<String>,
    /// The repository variables that are unset in every case.
    unset_vars: BTreeSet<String>,
}

/// The problem that the cases of a group have in common.
#[derive(Clone, Debug)]
pub enum Problem {
    /// The call fails.
    Failure(Failure),
    /// The workspace comes online with another vendor's key.
    CrossVendor(Failure),
    /// Setting this variable changes nothing, which slugproof.yaml denies.
    Shadowed(String),
    /// The call violates an invariant of slugproof.yaml.
    Violation(Box<Failure>, Violation),
    /// The result depends on values that are not known, for these reasons.
    Undecided(BTreeSet<String>),
}

/// An invariant that a call violates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The line of the invariant in slugproof.yaml, which identifies it.
    pub line: String,
    /// The invariant in words.
    pub statement: String,
    /// Why it matters.
    pub reason: Option<String>,
}

/// Paths to the finding: paths with a new trigger first, then others.
#[derive(Clone, Default)]
struct Paths {
    origins: BTreeSet<(String, Option<String>)>,
    first: Vec<String>,
    others: Vec<String>,
}

/// The identity of a cause.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cause {
    /// None if the cause is in a script, which several files can run.
    source: Option<SourceId>,
    start: usize,
    code: &'static str,
    policy: String,
    /// The provider that does not get a credential of its own; otherwise empty.
    provider: String,
    /// The job of undecided calls, which share a cause only within one job; otherwise empty.
    job: String,
}

/// Cases grouped by cause.
#[derive(Default)]
pub struct Groups<'a> {
    by_cause: BTreeMap<Cause, Group<'a>>,
}

impl<'a> Groups<'a> {
    /// Adds a case.
    pub fn add(&mut self, case: PolicyCall<'a>, problem: Problem) {
        let variable = variable(&case, &problem);
        let caret = caret(&case, variable.as_deref());
        let job = if matches!(problem, Problem::Undecided(_)) { case.job.to_owned() } else { String::new() };
        let cause = Cause {
            source: (caret.start < FIRST_FILE_POSITION).then_some(case.source),
            start: caret.start,
            code: problem.code().id,
            policy: case.policy.name().to_owned(),
            provider: problem.provider().to_owned(),
            job,
        };
        let (path, origin) = (path_to(&case), origin(&case));
        // A script, unlike a workflow, does not name the workflows that call it.
        let step = if cause.source.is_some() { step(&case) } else { step_of_file(&case) };
        let (file, rows, number) = (case.path, case.site.row_count, case.site.step.number);
        let job = case.job.to_owned();
        let vars = case.site.invocation.vars.iter().filter(|(_, is_set)| !is_set);
        let unset_vars: BTreeSet<String> = vars.map(|(name, _)| name.clone()).collect();
        let group = match self.by_cause.entry(cause) {
            Entry::Occupied(entry) => {
                let group = entry.into_mut();
                if group.others.len() < CASES_KEPT {
                    group.others.push(case);
                }
                group
            }
            Entry::Vacant(entry) => entry.insert(Group {
                first: case,
                problem: problem.clone(),
                calls: BTreeSet::new(),
                others: Vec::new(),
                misplaced: None,
                has_spoiling_fixes: false,
                failing_rows: BTreeSet::new(),
                fix_of_choice: None,
                at: (variable, caret),
                cases: 0,
                steps: Vec::new(),
                paths: Paths::default(),
                slugs: BTreeSet::new(),
                runtimes: BTreeSet::new(),
                providers: BTreeSet::new(),
                jobs: BTreeSet::new(),
                unset_vars: unset_vars.clone(),
            }),
        };
        group.unset_vars.retain(|name| unset_vars.contains(name));
        group.cases += rows;
        group.jobs.insert(job.clone());
        if group.calls.insert((file, job, number)) {
            group.steps.push(step);
        }
        group.paths.add(origin, path);
        match (problem, &mut group.problem) {
            (
                Problem::Failure(new) | Problem::CrossVendor(new),
                Problem::Failure(shown) | Problem::CrossVendor(shown),
            ) => {
                // A hint has to be right for every case.
                shown.hints.retain(|hint| new.hints.contains(hint));
                group.slugs.extend(new.slugs);
                group.runtimes.extend(new.runtimes);
            }
            (Problem::Violation(new, _), Problem::Violation(..)) => {
                group.providers.extend(new.provider);
                group.slugs.extend(new.slugs);
                group.runtimes.extend(new.runtimes);
            }
            (Problem::Undecided(new), Problem::Undecided(reasons)) => reasons.extend(new),
            _ => {}
        }
    }

    /// The groups, ordered by file and position.
    pub fn iter(&self) -> impl Iterator<Item = &Group<'a>> {
        self.by_cause.values()
    }

    /// The groups, to change them.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Group<'a>> {
        self.by_cause.values_mut()
    }

    /// Every cause, once for each job.
    #[must_use]
    pub fn causes(&self) -> BTreeSet<Cause> {
        self.iter().flat_map(Group::causes).collect()
    }
}

impl Paths {
    fn add(&mut self, origin: (String, Option<String>), path: String) {
        // A step may call two entries of one `harness`.
        let is_known = self.first.contains(&path) || self.others.contains(&path);
        let paths = if self.origins.insert(origin) { &mut self.first } else { &mut self.others };
        if paths.len() < PATHS_SHOWN && !is_known {
            paths.push(path);
        }
    }

    fn shown(&self) -> impl Iterator<Item = &String> {
        self.first.iter().chain(&self.others).take(PATHS_SHOWN)
    }
}

impl Problem {
    fn code(&self) -> &'static codes::Entry {
        match self {
            Self::Failure(failure) => failure.code.map_or(&UNDECIDED, codes::contradiction),
            Self::CrossVendor(_) => &CROSS_VENDOR_CREDENTIAL,
            Self::Shadowed(_) => &SHADOWED_VARIABLE,
            Self::Violation(..) => &VIOLATED_INVARIANT,
            Self::Undecided(_) => &UNDECIDED,
        }
    }

    /// The provider whose credentials are the problem, or the line of the violated invariant; otherwise empty.
    fn provider(&self) -> &str {
        match self {
            Self::Failure(failure) | Self::CrossVendor(failure) => failure.provider.as_deref().unwrap_or_default(),
            Self::Violation(_, violation) => &violation.line,
            Self::Shadowed(_) | Self::Undecided(_) => "",
        }
    }
}

/// The variable to put the caret under, if the file sets it: the variable with another vendor's key, else
/// the deciding variable.
fn variable(case: &PolicyCall<'_>, problem: &Problem) -> Option<String> {
    let is_set = |name: &&str| case.site.env.variables.contains_key(*name);
    match problem {
        Problem::Shadowed(name) => Some(name.clone()).filter(|name| is_set(&name.as_str())),
        Problem::CrossVendor(failure) if injecting(failure).any(|name| is_set(&name)) => {
            injecting(failure).find(is_set).map(str::to_owned)
        }
        Problem::Failure(failure) | Problem::CrossVendor(failure) => decider(case, failure),
        Problem::Violation(failure, _) => decider(case, failure),
        Problem::Undecided(reasons) => unknown_variable(case, reasons),
    }
}

/// The variable that decides, if the file sets it: the one that selects the slug, else one that selects the
/// runtime.
fn decider(case: &PolicyCall<'_>, failure: &Failure) -> Option<String> {
    let decider = match failure.code {
        Some(Code::UnknownRuntime) => None,
        _ => failure.decided_by.as_deref(),
    };
    let emptied = || emptied(case, failure).next().filter(|_| failure.code == Some(Code::ModelRequired));
    let is_set = |name: &&str| case.site.env.variables.contains_key(*name);
    decider.filter(is_set).or_else(emptied).map(str::to_owned).or_else(|| decider_of(case, None))
}

/// The variable that decides, if the file sets it, else a variable that selects the runtime.
pub(super) fn decider_of(case: &PolicyCall<'_>, decided_by: Option<&str>) -> Option<String> {
    let is_set = |name: &&str| case.site.env.variables.contains_key(*name);
    let mut runtime = case.policy.runtime_variables().map(|variable| case.policy.variable_name(variable));
    decided_by.filter(is_set).or_else(|| runtime.find(is_set)).map(str::to_owned)
}

/// The variables that the file sets and that are empty, although a fix would fill them.
fn emptied<'f>(case: &PolicyCall<'_>, failure: &'f Failure) -> impl Iterator<Item = &'f str> {
    let env = &case.site.env;
    let is_empty = |name: &&str| env.variables.get(*name).is_some_and(|setting| setting.value == Text::empty());
    let filled = failure.fixes.iter().flat_map(|fix| &fix.edits).filter(|edit| matches!(edit, Edit::Set(..)));
    let names: Vec<&str> = filled.map(Edit::variable).filter(is_empty).collect();
    names.into_iter()
}

/// The variables that inject a credential that the provider accepts.
fn injecting(failure: &Failure) -> impl Iterator<Item = &str> {
    let is_accepted = |secret: &String| failure.accepted_by.contains(secret);
    let injecting = failure.injected_by.iter().filter(move |(_, secrets)| secrets.iter().any(is_accepted));
    injecting.map(|(name, _)| name.as_str())
}

/// The bytes to put the caret under: those of the variable, else those of the call.
pub(super) fn caret(case: &PolicyCall<'_>, variable: Option<&str>) -> Range<usize> {
    let variable = variable.and_then(|name| case.site.env.variables.get(name));
    variable.map_or_else(|| case.site.call.clone(), |setting| setting.origin.span())
}

/// The first variable of the policy whose unknown value is among the reasons; keys come last.
fn unknown_variable(case: &PolicyCall<'_>, reasons: &BTreeSet<String>) -> Option<String> {
    let is_unknown = |variable: &Variable| {
        let setting = case.site.env.variables.get(case.policy.variable_name(*variable));
        setting.is_some_and(|setting| match (case.policy.is_key(*variable), &setting.value.values) {
            // Only the presence of a key counts.
            (true, AbstractValue::WithSecret | AbstractValue::NonEmpty) => false,
            _ => setting.value.single().is_none() && !setting.value.reasons.is_disjoint(reasons),
        })
    };
    let unknown: Vec<Variable> = case.policy.all_variables().filter(is_unknown).collect();
    let text = unknown.iter().find(|variable| !case.policy.is_key(**variable));
    text.or(unknown.first()).map(|variable| case.policy.variable_name(*variable).to_owned())
}

/// The sentence that an answer holds only as far as a settings file does not matter.
pub(super) fn unread_settings(file: &str) -> String {
    format!("`{}` is not in the repository; a model that it names is not checked", shown(file))
}

/// The event that starts the workflow, and the last caller.
fn origin(case: &PolicyCall<'_>) -> (String, Option<String>) {
    let invocation = &case.site.invocation;
    (invocation.event.clone(), invocation.callers.last().map(caller))
}

/// A description of the step.
pub(super) fn step(case: &PolicyCall<'_>) -> String {
    format!("job `{}`, {}", case.job, numbered_step(case))
}

/// A description of the step with the path of its workflow.
fn step_of_file(case: &PolicyCall<'_>) -> String {
    format!("job `{}` of {}, {}", case.job, shown(case.path), numbered_step(case))
}

fn numbered_step(case: &PolicyCall<'_>) -> String {
    let step = case.site.step;
    let name = step.name.as_deref().map(|name| format!(" ({})", shown(name))).unwrap_or_default();
    format!("step {}{name}", step.number)
}

/// A description of the path to the call: event, inputs, caller and matrix row.
pub(super) fn path_to(case: &PolicyCall<'_>) -> String {
    let invocation = &case.site.invocation;
    let mut path = format!("started by `{}`", invocation.event);
    if !invocation.chosen.is_empty() {
        path += &format!(" with {}", inputs_chosen(&invocation.chosen));
    }
    for (name, is_set) in &invocation.vars {
        path += &format!(", `vars.{name}` {}", if *is_set { "set" } else { "unset" });
    }
    if let Some(last) = invocation.callers.last() {
        path += &format!(", called by {}", caller(last));
    }
    if !case.site.row.is_empty() {
        path += &format!(", matrix {}", case.site.row);
    }
    path
}

/// The values of inputs, in words.
pub(super) fn inputs_chosen(chosen: &[(String, String)]) -> String {
    let chosen = chosen.iter().map(|(name, value)| format!("`{name}` = {}", shown(value)));
    chosen.collect::<Vec<_>>().join(", ")
}

/// A description of a calling job with its inputs.
fn caller(caller: &Caller) -> String {
    let Caller { job, path, inputs, .. } = caller;
    let inputs: Vec<String> = inputs.iter().map(|(name, value)| format!("`{name}` = {}", shown(value))).collect();
    let with = if inputs.is_empty() { "" } else { " with " };
    format!("job `{job}` of {path}{with}{}", inputs.join(", "))
}

impl Group<'_> {
    /// The cause, once for each job.
    #[must_use]
    pub fn causes(&self) -> BTreeSet<Cause> {
        let cause = |job: &String| Cause {
            source: (self.at.1.start < FIRST_FILE_POSITION).then_some(self.first.source),
            start: self.at.1.start,
            code: self.problem.code().id,
            policy: self.first.policy.name().to_owned(),
            provider: self.problem.provider().to_owned(),
            job: job.clone(),
        };
        self.jobs.iter().map(cause).collect()
    }

    /// The finding, without a patch.
    #[must_use]
    pub fn finding(&self) -> Finding {
        let span = |range: Range<usize>| Span { source: self.first.source, range };
        let (variable, caret) = &self.at;
        let primary = span(caret.clone());
        let finding = match &self.problem {
            Problem::Failure(failure) => self.failure(failure, primary),
            Problem::CrossVendor(failure) => self.cross_vendor(failure, primary),
            Problem::Shadowed(name) => shadowed(name, primary),
            Problem::Violation(failure, violation) => self.violation(failure, violation, primary),
            Problem::Undecided(reasons) => self.undecided(reasons, primary),
        };
        let finding =
            self.steps.iter().take(PATHS_SHOWN).fold(finding, |finding, step| finding.with_note(self.evaluated(step)));
        let finding = match self.steps.len().saturating_sub(PATHS_SHOWN) {
            0 => finding,
            more => finding.with_note(format!("and in {}", counted(more as u64, "more step"))),
        };
        let finding = self.paths.shown().fold(finding, |finding, path| finding.with_note(path.clone()));
        let finding = match self.cases.saturating_sub(self.paths.shown().count()) {
            0 => finding,
            _ => finding.with_note(format!("{} in total", counted(self.cases as u64, "combination"))),
        };
        let finding = finding.with_subject("policy", self.first.policy.name());
        // The variable identifies the finding even if a job is added or renamed.
        match variable {
            Some(name) => finding.with_subject("variable", name),
            None => finding.with_subject("jobs", joined(&self.jobs)),
        }
    }

    fn evaluated(&self, step: &str) -> String {
        format!("in {step}, by policy `{}`", self.first.policy.name())
    }

    fn failure(&self, failure: &Failure, primary: Span) -> Finding {
        let code = self.problem.code();
        let mut deciding = self.deciding(failure);
        if !self.unset_vars.is_empty() {
            let names: Vec<String> = self.unset_vars.iter().map(|name| format!("`vars.{name}`")).collect();
            let is = if names.len() == 1 { "is" } else { "are" };
            deciding += &format!(" when {} {is} unset", names.join(" and "));
        }
        let mut finding = Finding::new(code, primary, code.meaning).with_primary_text(deciding);
        for (range, text) in self.others(failure) {
            if range != finding.primary.span.range {
                let span = Span { source: self.first.source, range };
                finding = finding.with_label(span, text);
            }
        }
        needs(failure)
            .into_iter()
            .chain([consequence(failure)])
            .chain(empty_keys_note(failure))
            .chain(self.dropped_output_note(failure))
            .chain(several_codes(failure))
            .chain(self.first.site.unread_settings.as_deref().map(unread_settings))
            .fold(finding, Finding::with_note)
            .with_subject("slugs", joined(&self.slugs))
    }

    /// The note about a key that is empty and comes from another job.
    fn dropped_output_note(&self, failure: &Failure) -> Option<String> {
        let policy = self.first.policy;
        let is_key = |name: &&str| policy.variable(name).is_some_and(|variable| policy.is_key(variable));
        let is_output = |path: &Vec<String>| path.len() == 4 && path[0] == "needs" && path[2] == "outputs";
        let comes_from_job =
            |name: &str| self.first.written(name).is_some_and(|(value, _)| sources(value).iter().any(is_output));
        let name = emptied(&self.first, failure).filter(is_key).find(|name| comes_from_job(name))?;
        Some(format!(
            "an output of a job that contains a secret is empty in other jobs; `{name}` needs the secret itself"
        ))
    }

    fn cross_vendor(&self, failure: &Failure, primary: Span) -> Finding {
        let provider = failure.provider.as_deref().unwrap_or_default();
        Finding::new(&CROSS_VENDOR_CREDENTIAL, primary, CROSS_VENDOR_CREDENTIAL.meaning)
            .with_primary_text(explain::cross_vendor(&failure.accepted_by, provider))
            .with_subject("slugs", joined(&self.slugs))
    }

    fn violation(&self, failure: &Failure, violation: &Violation, primary: Span) -> Finding {
        let Violation { line, statement, reason } = violation;
        let (provider, runtime) = (failure.provider.as_deref().unwrap_or_default(), shown(&failure.runtime));
        let finding = Finding::new(&VIOLATED_INVARIANT, primary, format!("the invariant `{statement}` is violated"))
            .with_primary_text(self.deciding(failure))
            .with_note(format!("its provider on runtime {runtime} is `{provider}`"))
            .with_subject("slugs", joined(&self.slugs))
            .with_subject("invariant", statement)
            .with_subject("line", line)
            .with_subject("runtime", joined(&self.runtimes))
            .with_subject("provider", joined(&self.providers));
        let reason = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        finding.with_note(format!("the invariant is on line {line} of slugproof.yaml{reason}"))
    }

    fn undecided(&self, reasons: &BTreeSet<String>, primary: Span) -> Finding {
        let title = "whether the workspace comes online depends on values that are not in the file";
        let finding = Finding::new(&UNDECIDED, primary, title).with_primary_text("known only at run time");
        reasons.iter().take(2 * PATHS_SHOWN).fold(finding, |finding, reason| finding.with_note(reason.clone()))
    }

    /// The label of the deciding variable.
    fn deciding(&self, failure: &Failure) -> String {
        let slug = match (self.slugs.len(), failure.slugs.len()) {
            (1, _) => format!("`{}`", failure.slug),
            (all, several @ 2..=SLUGS_SHOWN) if all == several => alternatives(&failure.slugs),
            (all, _) => format!("`{}` (one of {all} slugs)", failure.slug),
        };
        match (failure.code, &failure.rule) {
            (Some(Code::UnknownRuntime), _) if failure.runtime.is_empty() => match runtime_names(self.first.policy) {
                Some(names) => format!("{} is not set here, so the runtime is empty", names.replace('`', "")),
                None => "the policy picks no runtime".to_owned(),
            },
            (Some(Code::UnknownRuntime), _) => format!("the registry does not have `{}`", failure.runtime),
            (_, Some(rule)) if failure.slug.is_empty() => {
                format!("`{}` gets no model by {}", failure.runtime, explain::rule(rule))
            }
            (_, rule) => explain::pick(rule.as_deref(), &failure.runtime, &slug),
        }
    }

    /// The labels of the other variables; each place gets one.
    fn others(&self, failure: &Failure) -> Vec<(Range<usize>, String)> {
        let policy = self.first.policy;
        let env: &Environment<'_> = &self.first.site.env;
        let at = |name: &str| env.variables.get(name).map(|setting| setting.origin.span());
        let mut labels: Vec<(Range<usize>, String)> = Vec::new();
        let mut add = |name: &str, says: String| {
            if let Some(range) = at(name).filter(|range| !labels.iter().any(|(other, _)| other == range)) {
                labels.push((range, says));
            }
        };
        for name in &failure.path_by {
            add(name, explain::path_choice(failure.path, !failure.injected.is_empty()).to_owned());
        }
        for name in &failure.empty_keys {
            add(name, "is empty, but counts as set".to_owned());
        }
        let is_key = |name: &&str| policy.variable(name).is_some_and(|variable| policy.is_key(variable));
        emptied(&self.first, failure).filter(is_key).for_each(|name| add(name, "is empty".to_owned()));
        for (name, secrets) in &failure.injected_by {
            add(name, injects(secrets));
        }
        for variable in policy.key_variables() {
            let name = policy.variable_name(variable);
            if failure.set.iter().any(|set| set == name) {
                add(
                    name,
                    match failure.path {
                        BillingPath::Platform => "is set, but the platform path does not inject it".to_owned(),
                        BillingPath::Byok => "is set, but does not decide what is injected".to_owned(),
                    },
                );
            }
        }
        if failure.depends_on_runtime || failure.provider.is_none() {
            let says = match self.runtimes.len() {
                0 | 1 => format!("the runtime is `{}`", failure.runtime),
                several => format!("the runtime is `{}` or one of {} more", failure.runtime, several - 1),
            };
            for variable in policy.runtime_variables() {
                add(policy.variable_name(variable), says.clone());
            }
        }
        labels
    }
}

fn shadowed(name: &str, primary: Span) -> Finding {
    Finding::new(&SHADOWED_VARIABLE, primary, SHADOWED_VARIABLE.meaning)
        .with_primary_text(format!("unsetting {name} alone would change neither slug nor secrets"))
        .with_help(format!("delete {name}, or the variable that overrides it"))
}

fn injects(names: &[String]) -> String {
    match names {
        [] | [_] | [_, _] => format!("injects {}", names.join(" and ")),
        [first, rest @ ..] => format!("injects {first} and {} more", rest.len()),
    }
}

fn needs(failure: &Failure) -> Option<String> {
    let provider = failure.provider.as_deref()?;
    let (needs, injected) = (&failure.needs, listed(&failure.injected));
    let whose =
        if failure.slugs.len() > 1 { format!("the provider of `{}`,", failure.slug) } else { "its provider".into() };
    let missing = match failure.missing.as_slice() {
        [] => String::new(),
        names => format!("; missing: {}", names.join(", ")),
    };
    Some(format!("{whose} `{provider}` {needs}; injected: {injected}{missing}"))
}

/// A note on the variables that are present and empty.
fn empty_keys_note(failure: &Failure) -> Option<String> {
    let (are, each) = if failure.empty_keys.len() == 1 { ("is", "it counts") } else { ("are", "they count") };
    let names = failure.empty_keys.join(" and ");
    (!failure.empty_keys.is_empty())
        .then(|| format!("{names} {are} present and empty; {each} as set, but holds no key"))
}

fn consequence(failure: &Failure) -> String {
    let runtime = shown(&failure.runtime);
    format!("on runtime {runtime} {}", failure.consequence)
}

/// A note that different slugs fail with different codes.
fn several_codes(failure: &Failure) -> Option<String> {
    let codes: BTreeSet<String> = failure.codes.iter().map(|code| code.as_str().to_owned()).collect();
    (codes.len() > 1).then(|| format!("it fails in every case, with {}", alternatives(&codes)))
}

fn alternatives(names: &BTreeSet<String>) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(" or ")
}

fn joined(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}
