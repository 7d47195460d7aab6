//! The diagnosis for people: what is there to see, then what it means.

use std::fmt::Write as _;

use serde_json::Value;
use slug_resolver::{BillingPath, Code, Env, Outcome, Variable, explain};

use super::cause::{Cause, Diagnosis, Recorded};
use crate::json;
use crate::render::resolution::explanation;
use crate::render::{BAD, FAINT, GOOD, HEAD, WARN, counted, printable, shown, wrapped};

/// Characters of one field that are shown; the end of a longer one is left out.
const FIELD_CHARS: usize = 1_000;

/// Fields that are shown.
const FIELDS_SHOWN: usize = 20;

/// Lines of the record that are shown.
const RECORD_LINES: usize = 60;

/// Characters of a key or a string of the record that are shown.
const STRING_CHARS: usize = 200;

/// Renders the diagnosis.
pub fn render(diagnosis: &Diagnosis<'_>) -> String {
    let mut text = format!("{HEAD}what is there{HEAD:#}\n");
    let facts = facts(diagnosis);
    let width = facts.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0) + 2;
    for (label, value) in facts {
        let first = format!("  {label:width$}");
        let _ = writeln!(text, "{}", wrapped(&value, &first, &" ".repeat(width + 2)));
    }
    let _ = writeln!(text, "\n{HEAD}the record{HEAD:#}, with what looks like a credential masked");
    text.push_str(&record(diagnosis.record.value()));
    text.push('\n');
    text.push_str(&cause(diagnosis));
    text
}

/// What the harness printed by hand.
fn facts(diagnosis: &Diagnosis<'_>) -> Vec<(String, String)> {
    let mut facts: Vec<(String, String)> = Vec::new();
    let mut add = |label: &str, value: String| facts.push((label.to_owned(), value));
    if let Some(resolution) = &diagnosis.resolution {
        add("model", shown(resolution.slug));
        add("path", resolution.path.as_str().to_owned());
        add("injected", explain::injected(resolution.injected));
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

/// Text that can be seen, without the end of a long one.
fn shortened(text: &str, most: usize) -> String {
    printable(&cut(text, most))
}

/// Text without the end of a long one, and how much is left out.
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

/// Prints JSON a member a line, and counts the lines that find no place.
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
            // Deep nesting must not push the text off the screen.
            let indent = "  ".repeat(depth.min(16));
            let _ = writeln!(self.text, "{}", wrapped(line, &indent, &format!("{indent}    ")));
        }
    }
}

fn json_string(text: &str) -> String {
    printable(&serde_json::to_string(&cut(text, STRING_CHARS)).expect("a string is JSON"))
}

/// The cause, with its evidence and what to do.
fn cause(diagnosis: &Diagnosis<'_>) -> String {
    let explained = explained(diagnosis);
    let advice = advice(diagnosis);
    let parts = match diagnosis.cause {
        // The explanation has the heading and the evidence.
        Cause::Contradiction(_) => vec![explained, advice],
        cause => vec![heading(cause), evidence(diagnosis), advice, about_the_environment(&explained)],
    };
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

fn explained(diagnosis: &Diagnosis<'_>) -> String {
    let (Some(resolution), Some(env)) = (&diagnosis.resolution, diagnosis.setting.env) else { return String::new() };
    explanation(diagnosis.setting.registry, diagnosis.setting.policy, resolution, &diagnosis.fixes, env)
}

fn about_the_environment(explained: &str) -> String {
    if explained.is_empty() {
        return String::new();
    }
    format!("{HEAD}what this environment comes to{HEAD:#}\n{explained}")
}

fn heading(cause: Cause) -> String {
    let (sign, style) = match cause {
        Cause::CoherentOnline => ("✓", GOOD),
        Cause::SilentRecord | Cause::NoEnvironment => ("!", WARN),
        _ => ("✗", BAD),
    };
    let line = wrapped(&format!("{sign} {}: {}", cause.entry().id, cause.entry().meaning), "", "  ");
    format!("{style}{}\n", line.replacen(':', &format!("{style:#}:"), 1))
}

/// What the cause is seen by.
fn evidence(diagnosis: &Diagnosis<'_>) -> String {
    let mut lines: Vec<(&str, String)> = Vec::new();
    for disagreement in &diagnosis.disagreements {
        let (name, resolved) = (shortened(disagreement.named.name, STRING_CHARS), shown(disagreement.resolved));
        let field = &disagreement.named.field;
        lines.push((disagreement.about, format!("{name} in the record (`{field}`), {resolved} by this environment")));
    }
    lines.extend(
        diagnosis.recorded.as_ref().map(|recorded| ("means", recorded.sentence(diagnosis.resolution.is_some()))),
    );
    if diagnosis.cause == Cause::EmptyError {
        let why = if diagnosis.record.has_failed() { "nothing recorded why" } else { "no error is recorded" };
        lines.push(("status", format!("{}, and {why}", status(diagnosis))));
    } else if let Some((field, says)) = diagnosis.error() {
        lines.push(("says", format!("{field}: {}", shortened(&says, FIELD_CHARS))));
    }
    let line = |(label, value): &(&str, String)| wrapped(value, &format!("  {label:<10}"), "            ") + "\n";
    lines.iter().map(line).collect()
}

fn status(diagnosis: &Diagnosis<'_>) -> String {
    diagnosis.record.status().map_or("(none)".to_owned(), |said| shortened(&said.shown(), STRING_CHARS))
}

/// What to do next.
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
    let name = |variable| policy.variable_name(variable);
    match diagnosis.cause {
        Cause::Contradiction(_) if diagnosis.record.is_online() => vec![
            "the record says that the workspace came up all the same: check that it is of this environment, and \
             that the registry is the platform's"
                .to_owned(),
        ],
        Cause::Contradiction(_) if is_refused(diagnosis) && diagnosis.record.status().is_some() => vec![
            "the workspace exists, so the platform accepted what this registry rejects: the registry in use here is \
             not the platform's, or the environment is not the one that the workspace was created with; check both"
                .to_owned(),
        ],
        Cause::Contradiction(_) => Vec::new(),
        Cause::RecordDisagrees => vec![
            format!(
                "look in the log of the job for what it had in {} when it created the workspace",
                variables_of(diagnosis).join(", ")
            ),
            "run this again with that environment, or with the record of the workspace that this one created"
                .to_owned(),
        ],
        Cause::CoherentWithError => {
            let step = match word_of_the_platform(diagnosis) {
                Some(word) => format!(
                    "the platform says {word}, which this configuration does not come to: check that registry, policy \
                     and environment are those that were in force, and each key set in the job itself"
                ),
                None if diagnosis.record.has_failed() => {
                    "follow that error: model and secrets match, so the workspace failed for another reason".to_owned()
                }
                None => "follow that error: model and secrets match, so it has another reason".to_owned(),
            };
            std::iter::once(step).chain(an_invalid_key(diagnosis)).collect()
        }
        Cause::EmptyError => where_to_look(diagnosis),
        Cause::CoherentOnline => match diagnosis.error() {
            Some(_) => vec!["the error field is from before the workspace came up; nothing is to be done".to_owned()],
            None => Vec::new(),
        },
        Cause::SilentRecord => vec![
            "check that the file is what `GET /workspaces/<id>` answered, and that the answer was no refusal"
                .to_owned(),
        ],
        Cause::NoEnvironment => vec![format!(
            "give what the job had: --from-env inside it, --env-file FILE, or VAR=VALUE for {}, {} and each key that was set",
            name(Variable::Override),
            name(Variable::Path)
        )],
    }
}

/// Whether the create call would have been refused.
fn is_refused(diagnosis: &Diagnosis<'_>) -> bool {
    diagnosis.resolution.as_ref().is_some_and(|resolution| resolution.outcome == Outcome::Rejected)
}

/// What the platform calls a contradiction, if that is what the error says.
fn word_of_the_platform(diagnosis: &Diagnosis<'_>) -> Option<&'static str> {
    let (_, says) = diagnosis.error()?;
    Code::ALL.into_iter().map(Code::platform_error).find(|word| says.contains(word))
}

/// The variables that the record may have been created with otherwise.
fn variables_of<'d>(diagnosis: &'d Diagnosis<'_>) -> Vec<&'d str> {
    let is_about = |about| diagnosis.disagreements.iter().any(|disagreement| disagreement.about == about);
    let model = [Variable::Override, Variable::Path, Variable::PlatformModel].into_iter().filter(|_| is_about("model"));
    let runtime = std::iter::once(Variable::Runtime).filter(|_| is_about("runtime"));
    model.chain(runtime).map(|variable| diagnosis.setting.policy.variable_name(variable)).collect()
}

/// Where to look for what no error field says.
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
            "read the platform's provisioning log: the record names no instance that could have booted".to_owned()
        }
    };
    let ask_again = "ask for the record again: by its status the workspace has not failed, and it may come up yet";
    let first = (!diagnosis.record.has_failed()).then(|| ask_again.to_owned());
    first.into_iter().chain([instance]).chain(an_invalid_key(diagnosis)).collect()
}

/// What coherent does not say of a key.
fn an_invalid_key(diagnosis: &Diagnosis<'_>) -> Option<String> {
    match diagnosis.setting.env {
        Some(env) if env.path() == BillingPath::Byok => {
            key(env).map(|key| format!("try the key in {key}: that it is set is known, that it is valid is not"))
        }
        _ => None,
    }
}

/// The key variable that decides what is injected.
fn key(env: &Env<'_>) -> Option<String> {
    let policy = env.policy();
    let is_set = |name: &str| policy.variable(name).is_some_and(|key| env.is_set(key));
    policy.document().secrets.iter().map(|entry| &entry.key).find(|key| is_set(key)).cloned()
}

impl Recorded<'_> {
    /// What it comes to: lower case, without a final stop.
    pub fn sentence(&self, is_judged: bool) -> String {
        let (model, runtime) = (shortened(self.model, STRING_CHARS), shortened(self.runtime, STRING_CHARS));
        let provider = self.provider.map_or("", |provider| provider.name.as_str());
        let needs = explain::needs(self.needs());
        match self.code {
            Some(code) if self.provider.is_some() => format!(
                "with what this environment injects, {model} comes to {}: it belongs to {provider}, which {needs}",
                code.as_str()
            ),
            Some(code) => format!("{model} on {runtime} comes to {}: {}", code.as_str(), code.meaning()),
            None if is_judged => {
                format!("with what this environment injects, {model} would come online on {provider}")
            }
            None => format!("{model} on {runtime} belongs to {provider}, which {needs}"),
        }
    }

    /// The secrets of which its provider needs any one.
    pub fn needs(&self) -> &[String] {
        match self.provider {
            Some(provider) if !provider.is_platform() => &provider.auth_env,
            _ => &[],
        }
    }
}
