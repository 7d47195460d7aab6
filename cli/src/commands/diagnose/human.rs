//! The diagnosis for people: the observed values, the record, then the cause.

use std::fmt::Write as _;

use serde_json::Value;
use slug_lines::query::is_finding;
use slug_resolver::{AuthEnv, BillingPath, Code, Outcome, Policy, counting_secrets_rules, explain};

use super::cause::{Cause, Diagnosis, NO_WORKSPACE, Recorded};
use crate::exit::Exit;
use crate::json;
use crate::render::resolution::{self, explanation};
use crate::render::{BAD, FAINT, GOOD, HEAD, WARN, counted, printable, shown, wrapped};

/// The maximum number of characters of a field that are shown.
const FIELD_CHARS: usize = 1_000;

/// The maximum number of fields that are shown.
const FIELDS_SHOWN: usize = 20;

/// The maximum number of lines of the record that are shown.
const RECORD_LINES: usize = 60;

/// The maximum number of characters of a key or a string of the record that are shown.
const STRING_CHARS: usize = 200;

/// Renders the diagnosis.
pub fn render(diagnosis: &Diagnosis<'_>) -> String {
    let mut text = format!("{HEAD}observed{HEAD:#}\n");
    let facts = facts(diagnosis);
    let width = facts.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0) + 2;
    for (label, value) in facts {
        let first = format!("  {label:width$}");
        let _ = writeln!(text, "{}", wrapped(&value, &first, &" ".repeat(width + 2)));
    }
    let _ = writeln!(text, "\n{HEAD}record{HEAD:#}, in which anything that looks like a credential is masked");
    text.push_str(&record(diagnosis.record.value()));
    text.push('\n');
    text.push_str(&cause(diagnosis));
    text
}

/// The observed values: the selected model, the path, the secrets, and fields of the record.
fn facts(diagnosis: &Diagnosis<'_>) -> Vec<(String, String)> {
    let mut facts: Vec<(String, String)> = Vec::new();
    let mut add = |label: &str, value: String| facts.push((label.to_owned(), value));
    if let Some(resolution) = &diagnosis.resolution {
        add("selected", format!("{} (from this environment)", shown(resolution.slug)));
        if diagnosis.setting.policy.has_platform_path() {
            add("path", resolution.path.as_str().to_owned());
        }
        add("injected", explain::injected(&resolution.injected));
    }
    let in_record = [&diagnosis.model, &diagnosis.named_runtime].into_iter().flatten();
    in_record.for_each(|named| add(&named.field, format!("{} (in the record)", shortened(named.name, STRING_CHARS))));
    let fields = diagnosis.record.fields();
    let more = fields.len().saturating_sub(FIELDS_SHOWN);
    for said in fields.into_iter().take(FIELDS_SHOWN) {
        let empty = json::is_empty(said.value);
        add(&said.field, if empty { "(empty)".to_owned() } else { shortened(&said.shown(), FIELD_CHARS) });
    }
    if more > 0 {
        add("", format!("and {}", counted(more as u64, "more field")));
    }
    facts
}

/// Printable text, cut after `most` characters.
fn shortened(text: &str, most: usize) -> String {
    printable(&cut(text, most))
}

/// Text cut after `most` characters, with the number of omitted characters.
fn cut(text: &str, most: usize) -> String {
    match text.chars().count().saturating_sub(most) {
        0 => text.to_owned(),
        left => {
            let start: String = text.chars().take(most).collect();
            format!("{start}… ({})", counted(left as u64, "more character"))
        }
    }
}

fn record(value: &Value) -> String {
    let mut printer = Printer { text: String::new(), lines: 0 };
    printer.value("", value, 1, "");
    let more = printer.lines.saturating_sub(RECORD_LINES);
    if more > 0 {
        let lines = counted(more as u64, "more line");
        let _ = writeln!(printer.text, "  {FAINT}and {lines}; --format json prints them all{FAINT:#}");
    }
    printer.text
}

/// Prints JSON with one member per line, and counts all lines, including lines beyond the limit.
struct Printer {
    text: String,
    lines: usize,
}

impl Printer {
    fn value(&mut self, key: &str, value: &Value, depth: usize, comma: &str) {
        let inner: Vec<(String, &Value)> = match value {
            Value::Array(items) if !items.is_empty() => items.iter().map(|item| (String::new(), item)).collect(),
            Value::Object(members) if !members.is_empty() => {
                members.iter().map(|(key, value)| (format!("{}: ", json_string(key)), value)).collect()
            }
            Value::String(text) => return self.line(depth, &format!("{key}{}{comma}", json_string(text))),
            value => return self.line(depth, &format!("{key}{value}{comma}")),
        };
        let (open, close) = if matches!(value, Value::Array(_)) { ('[', ']') } else { ('{', '}') };
        self.line(depth, &format!("{key}{open}"));
        let last = inner.len() - 1;
        for (index, (key, value)) in inner.into_iter().enumerate() {
            self.value(&key, value, depth + 1, if index == last { "" } else { "," });
        }
        self.line(depth, &format!("{close}{comma}"));
    }

    fn line(&mut self, depth: usize, line: &str) {
        self.lines += 1;
        if self.lines <= RECORD_LINES {
            // Deep nesting must not move the text off the screen.
            let indent = "  ".repeat(depth.min(16));
            let _ = writeln!(self.text, "{}", wrapped(line, &indent, &format!("{indent}    ")));
        }
    }
}

fn json_string(text: &str) -> String {
    printable(&serde_json::to_string(&cut(text, STRING_CHARS)).expect("a string is JSON"))
}

/// The cause with its evidence and advice.
fn cause(diagnosis: &Diagnosis<'_>) -> String {
    let explanation = environment_explanation(diagnosis);
    let advice = advice(diagnosis);
    let parts = match diagnosis.cause {
        // The explanation contains the heading and the evidence.
        Cause::Contradiction(_) => vec![doubt(diagnosis), explanation, advice],
        cause => vec![heading(cause), evidence(diagnosis), advice, about_the_environment(&explanation)],
    };
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

fn environment_explanation(diagnosis: &Diagnosis<'_>) -> String {
    let (Some(resolution), Some(env)) = (&diagnosis.resolution, diagnosis.setting.env) else { return String::new() };
    explanation(
        diagnosis.setting.registry,
        diagnosis.setting.policy,
        resolution,
        &diagnosis.fixes,
        env,
        diagnosis.setting.denied,
    )
}

fn about_the_environment(explanation: &str) -> String {
    if explanation.is_empty() {
        return String::new();
    }
    format!("{HEAD}what this environment resolves to{HEAD:#}\n{explanation}")
}

/// The cause in one line, or the denied warning about an environment whose workspace works.
pub fn verdict(diagnosis: &Diagnosis<'_>) -> String {
    let denied = diagnosis.setting.denied;
    match &diagnosis.resolution {
        Some(resolution) if diagnosis.cause.exit() == Exit::Clean && is_finding(resolution, denied) => {
            resolution::heading(resolution, denied)
        }
        _ => heading(diagnosis.cause),
    }
}

/// The cause in one line.
fn heading(cause: Cause) -> String {
    let (sign, style) = match cause {
        Cause::CoherentOnline => ("✓", GOOD),
        Cause::SilentRecord | Cause::NoEnvironment => ("!", WARN),
        _ => ("✗", BAD),
    };
    let line = wrapped(&format!("{sign} {}: {}", cause.entry().id, cause.entry().meaning), "", "  ");
    format!("{style}{}\n", line.replacen(':', &format!("{style:#}:"), 1))
}

/// The evidence of the cause, in labelled lines.
fn evidence(diagnosis: &Diagnosis<'_>) -> String {
    let mut lines: Vec<(&str, String)> = Vec::new();
    if diagnosis.cause == Cause::RecordDisagrees && diagnosis.creates_nothing() {
        lines.push(("outcome", NO_WORKSPACE.to_owned()));
    }
    for disagreement in &diagnosis.disagreements {
        let (name, resolved) = (shortened(disagreement.named.name, STRING_CHARS), shown(disagreement.resolved));
        let field = &disagreement.named.field;
        lines.push((disagreement.about, format!("{name} in the record (`{field}`), {resolved} from this environment")));
    }
    lines.extend(
        diagnosis.recorded.as_ref().map(|recorded| ("recorded", recorded.sentence(diagnosis.resolution.is_some()))),
    );
    if diagnosis.cause == Cause::EmptyError {
        let why = if diagnosis.record.has_failed() { "no reason is recorded" } else { "no error is recorded" };
        lines.push(("status", format!("{}, and {why}", status(diagnosis))));
    } else if let Some((field, says)) = diagnosis.error() {
        lines.push(("error", format!("{field}: {}", shortened(&says, FIELD_CHARS))));
    }
    let line = |(label, value): &(&str, String)| wrapped(value, &format!("  {label:<10}"), "            ") + "\n";
    lines.iter().map(line).collect()
}

fn status(diagnosis: &Diagnosis<'_>) -> String {
    diagnosis.record.status().map_or("(none)".to_owned(), |said| shortened(&said.shown(), STRING_CHARS))
}

/// Why the contradiction may not be the cause; empty if the record agrees with it. It comes before the
/// fixes, because they may be about another environment.
fn doubt(diagnosis: &Diagnosis<'_>) -> String {
    let text = if diagnosis.record.is_online() {
        "the record says that the workspace came online: check that the record belongs to this environment, and that \
         the registry is the platform's, before you fix anything"
    } else if diagnosis.cause != Cause::Contradiction(Code::WithdrawnModel)
        && is_refused(diagnosis)
        && diagnosis.record.status().is_some()
    {
        "the workspace exists, so the platform accepted a model or a runtime that this registry rejects: this is not \
         the platform's registry, or the workspace was created from another environment; check both before you fix \
         anything"
    } else {
        return String::new();
    };
    let line = wrapped(&format!("! {text}"), "", "  ");
    format!("{}\n", line.replacen('!', &format!("{WARN}!{WARN:#}"), 1))
}

/// The steps to do next.
fn advice(diagnosis: &Diagnosis<'_>) -> String {
    let steps = steps(diagnosis);
    if steps.is_empty() {
        return String::new();
    }
    let mut text = format!("{HEAD}what to do next{HEAD:#}\n");
    for (number, step) in steps.iter().enumerate() {
        let _ = writeln!(text, "{}", wrapped(&printable(step), &format!("  {}. ", number + 1), "     "));
    }
    text
}

fn steps(diagnosis: &Diagnosis<'_>) -> Vec<String> {
    let policy = diagnosis.setting.policy;
    match diagnosis.cause {
        Cause::Contradiction(Code::WithdrawnModel) if !diagnosis.record.is_online() => vec![
            "the model was withdrawn, so the platform no longer accepts a workspace with it: select another model"
                .to_owned(),
        ],
        Cause::Contradiction(_) => Vec::new(),
        Cause::RecordDisagrees => vec![
            match variables_of(diagnosis).as_slice() {
                [] => "look up in the log of the job which environment it had when it created the workspace".to_owned(),
                names => format!(
                    "look up in the log of the job which values {} had when it created the workspace",
                    names.join(", ")
                ),
            },
            "run this again with those values, or with the record of the workspace that this environment created"
                .to_owned(),
        ],
        Cause::CoherentWithError => {
            let step = match platform_error(diagnosis) {
                Some(word) => format!(
                    "the platform reports {word}, but this configuration does not lead to it: check that registry, \
                     policy and environment are the ones that were used, and that the job itself had each key"
                ),
                None if diagnosis.record.has_failed() => {
                    "follow that error: model and secrets match, so the workspace failed for another reason".to_owned()
                }
                None => "follow that error: model and secrets match, so it has another reason".to_owned(),
            };
            std::iter::once(step).chain(test_the_key(diagnosis)).collect()
        }
        Cause::EmptyError => where_to_look(diagnosis),
        Cause::CoherentOnline => match diagnosis.error() {
            Some(_) => vec!["the error field is from before the workspace came online; no action is needed".to_owned()],
            None => Vec::new(),
        },
        Cause::SilentRecord => vec![
            "check that the file is the response to `GET /workspaces/<id>`, and that the request was not refused"
                .to_owned(),
        ],
        Cause::NoEnvironment => {
            let variables = match text_variables(policy).as_slice() {
                [] => "each key that was set".to_owned(),
                names => format!("{} and each key that was set", names.join(", ")),
            };
            vec![if diagnosis.setting.from_env {
                format!(
                    "--from-env found no variable that the policy `{}` reads: run the command in the step that failed, \
                     or pass --env-file FILE, or VAR=VALUE for {variables}",
                    policy.name()
                )
            } else {
                format!(
                    "pass the environment of the job: --from-env inside the job, --env-file FILE, or VAR=VALUE for \
                     {variables}"
                )
            }]
        }
    }
}

/// Returns true if the create call would be rejected.
fn is_refused(diagnosis: &Diagnosis<'_>) -> bool {
    diagnosis.resolution.as_ref().is_some_and(|resolution| resolution.outcome == Outcome::Rejected)
}

/// The platform's words for a contradiction, if the error in the record contains them.
fn platform_error<'a>(diagnosis: &Diagnosis<'a>) -> Option<&'a str> {
    let (_, says) = diagnosis.error()?;
    let registry = diagnosis.setting.registry;
    Code::ALL.into_iter().filter_map(|code| registry.platform_error(code)).find(|words| says.contains(words))
}

/// The variables whose values could explain the disagreements.
fn variables_of<'d>(diagnosis: &'d Diagnosis<'_>) -> Vec<&'d str> {
    let is_about = |about| diagnosis.disagreements.iter().any(|disagreement| disagreement.about == about);
    let policy = diagnosis.setting.policy;
    let mut names = if is_about("model") { text_variables(policy) } else { Vec::new() };
    let runtime = policy.runtime_variables().filter(|_| is_about("runtime"));
    for name in runtime.map(|variable| policy.variable_name(variable)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The variables that decide by their value, in the order of the policy.
fn text_variables(policy: &Policy) -> Vec<&str> {
    let texts = policy.deciding_variables().filter(|variable| !policy.is_key(*variable));
    texts.map(|variable| policy.variable_name(variable)).collect()
}

/// The steps to find the reason of a failure without an error text.
fn where_to_look(diagnosis: &Diagnosis<'_>) -> Vec<String> {
    let said = |field: &str| {
        let mut fields = diagnosis.record.fields().into_iter();
        let found = fields.find(|said| said.field.rsplit('.').next() == Some(field) && !json::is_empty(said.value));
        found.map(|said| shortened(&said.shown(), STRING_CHARS))
    };
    let instance = match (said("instance_id"), said("instance_status")) {
        (Some(id), Some(status)) => format!("read the boot log of the instance {id}, which is `{status}`"),
        (Some(id), None) => format!("read the boot log of the instance {id}"),
        (None, _) => {
            "read the platform's provisioning log: the record names no instance that could have a boot log".to_owned()
        }
    };
    let ask_again = "request the record again: by its status, the workspace has not failed and may still come online";
    let first = (!diagnosis.record.has_failed()).then(|| ask_again.to_owned());
    first.into_iter().chain([instance]).chain(test_the_key(diagnosis)).collect()
}

/// The advice to test the key: a consistent configuration may have an invalid key.
fn test_the_key(diagnosis: &Diagnosis<'_>) -> Option<String> {
    let resolution = diagnosis.resolution.as_ref().filter(|resolution| resolution.path == BillingPath::Byok)?;
    let env = diagnosis.setting.env?;
    let policy = env.policy();
    let rules = counting_secrets_rules(resolution.runtime, env).into_iter();
    let tested = rules.flat_map(|index| policy.document().secrets[index].condition().variables);
    let is_set_key =
        |name: &String| policy.variable(name).is_some_and(|variable| policy.is_key(variable) && env.is_set(variable));
    let key = tested.map(|(name, _)| name).find(is_set_key)?;
    Some(format!("test the key in {key}: it is set, but it may be invalid"))
}

impl Recorded<'_> {
    /// Describes what the model resolves to, in lower case and without a full stop.
    pub fn sentence(&self, has_environment: bool) -> String {
        let (model, runtime) = (shortened(self.model, STRING_CHARS), shortened(self.runtime, STRING_CHARS));
        let provider = self.provider.map_or("", |provider| provider.name.as_str());
        let needs = self.provider.map(explain::needs).unwrap_or_default();
        match self.code {
            Some(code) if self.provider.is_some() => format!(
                "with the secrets of this environment, {model} leads to {}: it belongs to {provider}, which {needs}",
                code.as_str()
            ),
            Some(code) => format!("{model} on {runtime} leads to {}: {}", code.as_str(), code.meaning()),
            None if has_environment => {
                format!("with the secrets of this environment, {model} would come online on {provider}")
            }
            None => format!("{model} on {runtime} belongs to {provider}, which {needs}"),
        }
    }

    /// The secrets that the provider needs; empty for the platform.
    pub fn needs(&self) -> &AuthEnv {
        match self.provider {
            Some(provider) if !provider.is_platform() => &provider.auth_env,
            _ => AuthEnv::NONE,
        }
    }
}
