//! The findings of a comparison.

use slug_function::bash::NoAnswer;
use slug_function::case::{Answer, Case};
use slug_function::comparison::{Cause, Comparison, Target, Unstable};
use slug_function::conformance::{Difference, DifferenceKind, Reply, Unrefused};
use slug_function::reading::{Location, MODEL_COMMAND, Problem, ReadingError, SECRETS_COMMAND};
use slug_redact::mask_credentials;
use slug_resolver::Policy;
use slug_resolver::yaml::{self, FieldPath};

use crate::codes::{Level, MISSING_FUNCTION, NOT_PROVED, POLICY_DRIFT, UNCONFORMED, UNSTABLE_FUNCTION};
use crate::commands::check::document::Document;
use crate::commands::check::locations::Locations;
use crate::data::PolicyFile;
use crate::exit::Failure;
use crate::findings::{EMBEDDED, Finding, Report, Source, SourceId, Sources, Span};
use crate::io::{read_file, report_path};
use crate::render::shell::quoted;
use crate::render::{counted, grouped, shown};
use crate::suggest::did_you_mean;

use super::state::{Missing, State};

/// Makes the findings about one policy and adds them to a report.
struct Findings<'a> {
    policy: &'a Policy,
    sources: &'a mut Sources,
    document: Document,
    locations: Locations,
    /// The files of the function, each by its path in the policy.
    files: Vec<(String, SourceId)>,
    findings: Vec<Finding>,
}

/// The most places that are not followed and that are shown; the others are counted.
const PLACES: usize = 10;

/// The most characters of an answer that are shown.
const ANSWER_CHARS: usize = 120;

/// Adds the findings about a policy to a report.
///
/// # Errors
///
/// The file of the policy cannot be read any more.
pub fn add(report: &mut Report, file: &PolicyFile, state: &State, is_denied: bool) -> Result<(), Failure> {
    let mut findings = Findings::of(&mut report.sources, file)?;
    match state {
        State::NoFunction => {}
        State::Missing(missing) => findings.missing(missing),
        State::Unusable(error, target) => findings.unusable(error, target),
        State::Compared(comparison, target) => findings.compared(comparison, target),
    }
    // A difference is an error already.
    if is_denied && findings.findings.iter().all(|finding| finding.level != Level::Error) {
        findings.unconformed(state, None);
    }
    report.findings.append(&mut findings.findings);
    Ok(())
}

/// Adds the finding that a policy is not proved to a report.
///
/// # Errors
///
/// As [`add`].
pub fn add_unconformed(report: &mut Report, file: &PolicyFile, state: &State) -> Result<(), Failure> {
    let mut findings = Findings::of(&mut report.sources, file)?;
    findings.unconformed(state, Some("`slugproof conform` shows why"));
    report.findings.append(&mut findings.findings);
    Ok(())
}

impl<'a> Findings<'a> {
    /// Reads the file of a policy, unless it is among the sources.
    fn of(sources: &'a mut Sources, file: &'a PolicyFile) -> Result<Self, Failure> {
        let (path, bytes) = match &file.path {
            Some(path) => (report_path(path), read_file(path)?),
            None => {
                let is_it = |yaml: &&&str| Policy::from_yaml(yaml.as_bytes()).is_ok_and(|policy| policy == file.policy);
                let yaml = Policy::EMBEDDED_YAML.iter().find(is_it).copied().unwrap_or_default();
                (format!("{EMBEDDED}policies/{}.yaml", file.policy.name()), yaml.as_bytes().to_vec())
            }
        };
        let root = yaml::read(&bytes).map_err(|error| Failure::new(format!("{path}: {error}")))?;
        let known = sources.iter().find(|(_, source)| source.path == path).map(|(id, _)| id);
        let source = known.unwrap_or_else(|| {
            let text = mask_credentials(&String::from_utf8_lossy(&bytes));
            sources.add(Source { path, text })
        });
        let locations = Locations::new(&root, &file.policy);
        let document = Document { source, root, bases: Vec::new() };
        Ok(Self { policy: &file.policy, sources, document, locations, files: Vec::new(), findings: Vec::new() })
    }
}

impl Findings<'_> {
    /// Adds the files of the function to the sources.
    fn add_files(&mut self, target: &Target) {
        for file in &target.files {
            let path = report_path(&target.root.join(&file.path));
            let source = self.sources.add(Source { path, text: mask_credentials(&file.text) });
            self.files.push((file.path.clone(), source));
        }
    }

    /// Reports a function that cannot be called.
    fn unusable(&mut self, error: &ReadingError, target: &Target) {
        self.add_files(target);
        let span = self.line(&error.location).unwrap_or_else(|| self.field("model", None));
        self.findings.push(unusable(error, span, self.policy));
    }

    fn compared(&mut self, comparison: &Comparison, target: &Target) {
        self.add_files(target);
        for difference in &comparison.conformance.differences {
            self.difference(difference);
        }
        for unstable in &comparison.unstable {
            self.unstable(unstable, comparison);
        }
        self.not_proved(comparison);
    }

    /// Reports a file that cannot be read.
    fn missing(&mut self, missing: &Missing) {
        let span = self.field("source", Some(missing.index));
        self.findings.push(missing.finding(span, self.policy));
    }

    /// Reports that the policy is not proved, where that is denied.
    fn unconformed(&mut self, state: &State, help: Option<&str>) {
        let Some(problem) = state.problem() else { return };
        let name = shown(self.policy.name());
        let help = match state {
            State::NoFunction => Some("name the function in `function`, or do not deny `unconformed`"),
            _ => help,
        };
        let path = match state {
            State::NoFunction => FieldPath::default().key("name"),
            _ => self.locations.whole("function"),
        };
        let span = self.document.key_span(self.sources, &path);
        let mut finding = Finding::new(&UNCONFORMED, span, format!("the policy `{name}` {problem}"));
        finding.help.extend(help.map(str::to_owned));
        self.push(finding);
    }

    fn difference(&mut self, difference: &Difference) {
        let name = shown(self.policy.name());
        let (title, selects, prints) = match difference.kind {
            DifferenceKind::Model | DifferenceKind::Failure => {
                let expected = model(&difference.expected);
                let actual = reply(&difference.actual, model);
                let selects = format!("selects {expected}");
                (
                    format!("`{name}` selects {expected}, {}", other(&difference.actual, "selects", model)),
                    selects,
                    actual,
                )
            }
            DifferenceKind::Secrets => {
                let expected = names(&difference.expected);
                let actual = reply(&difference.actual, names);
                let injects = format!("injects {expected}");
                (format!("`{name}` injects {expected}, {}", other(&difference.actual, "lists", names)), injects, actual)
            }
        };
        let command = match difference.kind {
            DifferenceKind::Secrets => "secrets",
            DifferenceKind::Model | DifferenceKind::Failure => "model",
        };
        let failed = match &difference.actual {
            Err(NoAnswer::Failed { location: Some((file, line)), .. }) => {
                Some(Location { path: file.display().to_string(), line: *line })
            }
            _ => None,
        };
        let location = difference.location.as_ref().or(failed.as_ref());
        let span = location.and_then(|location| self.line(location)).unwrap_or_else(|| self.field(command, None));
        let mut finding = Finding::new(&POLICY_DRIFT, span, title).with_primary_text(prints);
        for rule in &difference.rules {
            if let Some(path) = self.rule(rule) {
                finding = finding.with_label(self.document.span(self.sources, &path), selects.clone());
            }
        }
        if difference.rules.is_empty() {
            finding = finding.with_note(format!("no rule of `{command}` in the policy applies"));
        }
        if let Some(location) = location.filter(|location| self.source(location).is_none()) {
            finding = finding.with_note(format!("the function answers at {location}"));
        }
        let finding = finding
            .with_note(self.environment(&difference.case))
            .with_note(in_cases(difference.cases))
            .with_help("the harness runs the function: change the policy to match it, or correct the function")
            .with_subject("kind", command)
            .with_subject("rule", difference.rules.join(" "))
            .with_subject("place", location.map(|location| location.path.clone()).unwrap_or_default());
        self.push(finding);
    }

    fn unstable(&mut self, unstable: &Unstable, comparison: &Comparison) {
        let name = shown(self.policy.name());
        let (title, help) = match unstable.cause {
            Cause::Chance => (
                format!("the function of `{name}` answers one question in several ways"),
                "let the answer depend on arguments and variables alone, not on chance, time or files",
            ),
            Cause::EarlierCalls => (
                format!("the answer of the function of `{name}` depends on earlier calls"),
                "declare what the function changes with `local`",
            ),
        };
        let why = comparison.reading.state.iter().find(|(location, _)| Some(location) == unstable.location.as_ref());
        let span = unstable.location.as_ref().and_then(|location| self.line(location));
        let span = span.unwrap_or_else(|| self.field("model", None));
        let both = |answer: &Answer| match &answer.secrets {
            Some(_) => format!("{} and {}", model(answer), names(answer)),
            None => model(answer),
        };
        let note = match unstable.cause {
            Cause::Chance => {
                format!("one time it {}, another time it {}", reply(&unstable.one, both), reply(&unstable.other, both))
            }
            Cause::EarlierCalls => {
                format!("first it {}, later it {}", reply(&unstable.one, both), reply(&unstable.other, both))
            }
        };
        let finding = Finding::new(&UNSTABLE_FUNCTION, span, title)
            .with_primary_text(why.map(|(_, why)| why.clone()).unwrap_or_default())
            .with_note(note)
            .with_note(self.environment(&unstable.case))
            .with_note(in_cases(unstable.cases))
            .with_help(help);
        self.push(finding);
    }

    fn not_proved(&mut self, comparison: &Comparison) {
        let name = shown(self.policy.name());
        if let Some(ReadingError { location, problem, .. }) = &comparison.unreadable {
            self.open(Some(location), format!("{problem}; {}", problem.remedy()), None);
        }
        let mut locations: Vec<(&Location, String)> = Vec::new();
        for (location, why) in &comparison.reading.not_followed {
            match locations.last_mut().filter(|(known, _)| *known == location) {
                Some((_, known)) => known.push_str(&format!(", and {why}")),
                None => locations.push((location, why.clone())),
            }
        }
        for (location, why) in locations.iter().take(PLACES) {
            self.open(Some(location), format!("the function of `{name}` {why}"), None);
        }
        if locations.len() > PLACES {
            let more = counted((locations.len() - PLACES) as u64, "more place");
            self.open(None, format!("the function of `{name}` has {more} that cannot be followed"), None);
        }
        for variable in &comparison.incomplete {
            let title = format!("the patterns for `{}` overlap in too many ways to find every class", shown(variable));
            self.open(None, title, None);
        }
        let conformance = &comparison.conformance;
        for unrefused in conformance.unrefused.iter().filter(|unrefused| unrefused.is_read) {
            self.unrefused(unrefused);
        }
        for (why, case, count) in &conformance.not_asked {
            let title = format!("{} gave no answer: {why}", counted(*count as u64, "case"));
            let note = format!("the first one is {}", self.environment(case));
            self.open(None, title, Some(note));
        }
        if conformance.is_sampled {
            let title = format!(
                "{} of {} were tested: a sample",
                grouped(conformance.asked as u128),
                counted(conformance.classes, "class")
            );
            self.open(None, title, Some("a larger --budget tests more of them".to_owned()));
        } else if conformance.asked == 0 && conformance.not_asked.is_empty() {
            self.open(None, format!("nothing was tested: the harness of `{name}` creates nothing"), None);
        }
    }

    /// Reports a condition of `creates.unless` under which the function selects a model.
    fn unrefused(&mut self, unrefused: &Unrefused) {
        let name = shown(self.policy.name());
        let model = shown(&short(&unrefused.model));
        let span = self.document.span(self.sources, &self.locations.unless(unrefused.condition));
        let title = format!("`{name}` says that nothing is created, but its function selects `{model}`");
        let mut finding =
            Finding::new(&NOT_PROVED, span, title).with_primary_text("nothing is created under this condition");
        match unrefused.location.as_ref().map(|location| (location, self.line(location))) {
            Some((_, Some(line))) => finding = finding.with_label(line, format!("prints `{model}`")),
            Some((location, None)) => finding = finding.with_note(format!("the function answers at {location}")),
            None => {}
        }
        let finding = finding
            .with_note(self.environment(&unrefused.case))
            .with_note(in_cases(unrefused.cases))
            .with_help("if the harness starts here, remove the condition; if not, let the function fail here")
            .with_subject("reason", format!("creates.unless[{}]", unrefused.condition));
        self.push(finding);
    }

    /// Reports that something is not proved.
    fn open(&mut self, location: Option<&Location>, title: String, note: Option<String>) {
        let span = location.and_then(|location| self.line(location)).unwrap_or_else(|| self.field("model", None));
        let mut finding = Finding::new(&NOT_PROVED, span, title.clone()).with_subject("reason", title);
        finding.notes.extend(note);
        self.push(finding);
    }

    fn push(&mut self, finding: Finding) {
        self.findings.push(finding.with_subject("policy", self.policy.name()));
    }

    /// The file of a place.
    fn source(&self, location: &Location) -> Option<SourceId> {
        self.files.iter().find(|(path, _)| *path == location.path).map(|(_, source)| *source)
    }

    /// The text of the line at a place, or of the field of the policy.
    fn line(&self, location: &Location) -> Option<Span> {
        if let Some(field) = location.path.strip_prefix("function.") {
            return Some(self.field(field, None));
        }
        let source = self.source(location)?;
        if location.line == 0 || location.line > self.sources.line_count(source) {
            return None;
        }
        let range = self.sources.line_range(source, location.line);
        let line = &self.sources.get(source).text[range.clone()];
        let start = range.start + line.len() - line.trim_start().len();
        Some(Span { source, range: start..range.start + line.trim_end().len().max(start - range.start) })
    }

    /// A field of `function` in the policy.
    fn field(&self, name: &str, index: Option<usize>) -> Span {
        let path = self.locations.function(name);
        let path = index.map_or(path.clone(), |index| path.index(index));
        self.document.span(self.sources, &path)
    }

    /// The place of a rule by its name or its place in a list.
    fn rule(&self, rule: &str) -> Option<FieldPath> {
        let index = |list: &str| rule.strip_prefix(list)?.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
        if let Some(index) = index("secrets") {
            return Some(self.locations.secrets_rule(index));
        }
        let index = self.policy.model_labels().position(|label| label == rule)?;
        Some(self.locations.model_rule(index))
    }

    /// An environment as part of a sentence.
    fn environment(&self, case: &Case) -> String {
        let value = |(name, value): &(String, String)| {
            let is_key = self.policy.variable(name).is_some_and(|variable| self.policy.is_key(variable));
            let value = if is_key && !value.is_empty() { "set".to_owned() } else { quoted(&short(value)) };
            format!("{}={value}", shown(name))
        };
        let variables: Vec<String> = case.variables.iter().map(value).collect();
        let variables = if variables.is_empty() { "no variable".to_owned() } else { variables.join(" ") };
        format!("on runtime `{}` with {variables}", shown(&short(&case.runtime)))
    }
}

impl Missing {
    /// The finding about the file. The span is its path in the policy.
    pub fn finding(&self, span: Span, policy: &Policy) -> Finding {
        let help = match &self.near {
            Some(near) => format!("did you mean `{}`?", shown(near)),
            None => "write the path of a shell script, relative to slugproof.yaml".to_owned(),
        };
        Finding::new(&MISSING_FUNCTION, span, format!("the file `{}` {}", shown(&self.source), self.why))
            .with_primary_text("sourced for the function")
            .with_help(help)
            .with_subject("policy", policy.name())
            .with_subject("source", &self.source)
    }
}

/// The finding about a function that cannot be called. The span is the command of the policy, or the line of
/// the file.
pub fn unusable(error: &ReadingError, span: Span, policy: &Policy) -> Finding {
    let path = shown(&error.location.path);
    let is_command = [MODEL_COMMAND, SECRETS_COMMAND].contains(&error.location.path.as_str());
    let (title, mut help) = match &error.problem {
        Problem::Undefined { name, .. } => {
            let sources = policy.document().function.as_ref().map_or(&[][..], |function| &function.source);
            let problem = match sources {
                [source] if is_command => format!("which `{}` does not define", shown(source)),
                _ => "which is not a function".to_owned(),
            };
            (format!("`{path}` calls `{}`, {problem}", shown(name)), error.problem.remedy().to_owned())
        }
        Problem::Syntax(reason) => (format!("`{path}` is not valid bash: {reason}"), "correct the syntax".to_owned()),
        Problem::Exit => (
            format!("`{path}` exits when it is sourced, before a function can be called"),
            error.problem.remedy().to_owned(),
        ),
        problem => (format!("`{path}`: {problem}"), problem.remedy().to_owned()),
    };
    if matches!(error.problem, Problem::Syntax(_)) && !is_command {
        help = format!("correct it; `bash -n {path}` shows the mistake");
    }
    let mut finding = Finding::new(&MISSING_FUNCTION, span, title);
    if let Problem::Undefined { name, defined } = &error.problem {
        let names: Vec<String> = defined.iter().map(|name| format!("`{}`", shown(name))).collect();
        let names = if names.is_empty() { "no function".to_owned() } else { names.join(", ") };
        finding = finding.with_note(format!("the files of `function.source` define {names}"));
        help = did_you_mean(name, defined.iter().map(String::as_str), &help);
    }
    finding.with_help(help).with_subject("policy", policy.name()).with_subject("place", &error.location.path)
}

fn in_cases(count: usize) -> String {
    format!("found in {}", counted(count as u64, "case"))
}

/// A text without what makes it too long to show.
fn short(text: &str) -> String {
    match text.char_indices().nth(ANSWER_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn model(answer: &Answer) -> String {
    if answer.model.is_empty() { "no model".to_owned() } else { format!("`{}`", shown(&short(&answer.model))) }
}

fn names(answer: &Answer) -> String {
    let names: Vec<String> = answer.secrets.iter().flatten().map(|name| shown(name)).collect();
    if names.is_empty() { "no secret".to_owned() } else { short(&names.join(", ")) }
}

/// What the function does, as the label of its line.
fn reply(reply: &Reply, show: impl Fn(&Answer) -> String) -> String {
    match reply {
        Ok(answer) if *answer == Answer::default() => "prints nothing".to_owned(),
        Ok(answer) => format!("prints {}", show(answer)),
        Err(why) => format!("fails: {why}"),
    }
}

/// What the function does, as the end of a title.
fn other(reply: &Reply, verb: &str, show: impl Fn(&Answer) -> String) -> String {
    match reply {
        Ok(answer) => format!("but its function {verb} {}", show(answer)),
        Err(_) => "but its function fails".to_owned(),
    }
}
