//! Adapters that run the command with the embedded data for the oracles of `slug-testkit`.

use std::io::{BufReader, Read};
use std::sync::LazyLock;

use serde_json::Value;
use slug_lines::{LineDeriver, LineResolver, answer_lines};
use slug_redact::{MASK, Masker};
use slug_resolver::{Env, Policy, Registry, Variable};
use slug_testkit::batch::{Answerer, LineCounts};
use slug_testkit::diagnosis::{Diagnoser, Diagnosis, SECRET};
use slug_testkit::linting::{self, File, Location};

use crate::commands::diagnose::cause::{Setting, diagnose};
use crate::commands::diagnose::record::Record;
use crate::commands::diagnose::{human, json, runtime_of};
use crate::findings::{Finding, Report, Span};
use crate::lint::{Input, Linter, applied};
use crate::render::can_be_seen;

static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::embedded);
static POLICIES: LazyLock<Vec<Policy>> = LazyLock::new(Policy::all_embedded);

/// Runs `resolve --batch`.
pub struct ResolveLines;

/// Runs `derive --batch`.
pub struct DeriveLines;

impl Answerer for ResolveLines {
    fn answer(&self, input: &mut BufReader<&mut dyn Read>, out: &mut Vec<u8>) -> Result<LineCounts, String> {
        let resolver = LineResolver::new(&REGISTRY, &POLICIES[0]);
        answer(input, out, |line, out| resolver.answer(line, out))
    }
}

impl Answerer for DeriveLines {
    fn answer(&self, input: &mut BufReader<&mut dyn Read>, out: &mut Vec<u8>) -> Result<LineCounts, String> {
        let deriver = LineDeriver::new(&REGISTRY);
        answer(input, out, |line, out| deriver.answer(line, out))
    }
}

fn answer(
    input: &mut BufReader<&mut dyn Read>,
    out: &mut Vec<u8>,
    answer: impl FnMut(&[u8], &mut Vec<u8>) -> Result<bool, String>,
) -> Result<LineCounts, String> {
    let answered = answer_lines(input, out, answer).map_err(|stopped| format!("{stopped:?}"))?;
    Ok(LineCounts { lines: answered.lines, malformed: answered.malformed })
}

/// Runs `lint`.
pub struct EmbeddedLinter;

impl linting::Linter for EmbeddedLinter {
    fn lint(&self, files: &[File<'_>]) -> Vec<linting::Finding> {
        let inputs: Vec<Input> = files.iter().map(|file| Input::new(file.path, file.text)).collect();
        let report = Linter::new(&REGISTRY, &POLICIES).report(&inputs);
        report.findings.iter().map(|finding| converted(&report, finding, files)).collect()
    }

    fn neighbour(&self) -> &'static str {
        "on: push\nenv: {E2E_RUNTIME: claude-code}\njobs:\n  x:\n    steps:\n      \
         - run: bash tests/e2e/test_staging_full_saas.sh\n"
    }
}

/// Converts a finding to the form that the oracle checks.
fn converted(report: &Report, finding: &Finding, files: &[File<'_>]) -> linting::Finding {
    let location = |span: &Span| Location {
        range: span.range.clone(),
        text: report.sources.get(span.source).text.get(span.range.clone()).map(str::to_owned),
    };
    let patched = |path: &str| files.iter().find(|file| file.path == path).map_or("", |file| file.text);
    let edits = finding.patch.iter().flat_map(|patch| &patch.edits).map(|edit| &edit.span);
    let labels = finding.labels.iter().map(|label| &label.span);
    let variable = finding.subject.iter().find(|(what, name)| *what == "variable" && !name.is_empty());
    linting::Finding {
        code: finding.code.id.to_owned(),
        about: format!("{:?}", finding.stable_subject()),
        caret: location(&finding.primary.span),
        locations: labels.chain(edits).map(location).collect(),
        variable: variable.map(|(_, name)| name.clone()),
        shown: shown(report, finding),
        patch: finding.patch.as_ref().map(|patch| {
            let text = patched(report.sources.path(&finding.primary.span));
            (patch.title.clone(), applied(text, &patch.edits))
        }),
    }
}

/// All text of a finding.
fn shown(report: &Report, finding: &Finding) -> String {
    let location = |span: &Span| format!("{} {:?}", report.sources.path(span), span.range);
    let labels: Vec<String> = finding.labels.iter().map(|label| location(&label.span) + &label.text).collect();
    let patch = finding.patch.as_ref().map(|patch| &patch.title);
    let Finding { code, title, notes, help, subject, .. } = finding;
    let primary = location(&finding.primary.span);
    format!("{primary} {} {title} {labels:?} {notes:?} {help:?} {patch:?} {subject:?}", code.id)
}

/// Runs `diagnose`.
pub struct EmbeddedDiagnoser;

impl EmbeddedDiagnoser {
    fn masker(secrets: &[&str]) -> Masker {
        Masker::new(secrets.iter().copied(), &REGISTRY, &POLICIES[0])
    }
}

impl Diagnoser for EmbeddedDiagnoser {
    type Record = Record;

    fn read(&self, bytes: &[u8], secrets: &[&str]) -> Result<Record, String> {
        Record::read(bytes, &Self::masker(secrets))
    }

    fn is_masked(&self, record: &Record, secrets: &[&str]) -> bool {
        Self::masker(secrets).value(record.value()) == *record.value()
    }

    fn texts(&self, record: &Record) -> Vec<String> {
        let mut texts = Vec::new();
        collect_texts(record.value(), &mut texts);
        texts
    }

    fn can_mask(&self, secret: &str) -> bool {
        let can_come_back = secret.contains(['<', '>', '(', ')']) || MASK.contains(secret);
        Self::masker(&[secret]).knows(secret) && !can_come_back
    }

    fn diagnose(&self, record: &Record) -> Result<Vec<Diagnosis>, String> {
        let first = REGISTRY.runtimes().first().map(|runtime| runtime.name.as_str());
        let policy: &'static Policy = &POLICIES[0];
        let runtime_and = |requested, env| runtime_of(requested, env, record, &REGISTRY, policy);
        let diagnose = |env| {
            let named = runtime_and(None, env).or_else(|_| runtime_and(first, env));
            let (runtime, env) = named.map_err(|failure| failure.to_string())?;
            let setting = Setting {
                registry: &REGISTRY,
                policy,
                runtime,
                env: env.as_ref(),
                from_env: false,
                ambient: &[],
                denied: &[],
            };
            let diagnosis = diagnose(setting, record);
            let human = anstream::adapter::strip_str(&human::render(&diagnosis)).to_string();
            Ok(Diagnosis { cause: diagnosis.cause.entry().id.to_owned(), human, json: json::render(&diagnosis) })
        };
        environments(record).into_iter().map(diagnose).collect()
    }

    fn can_be_seen(&self, c: char) -> bool {
        can_be_seen(c)
    }
}

/// Environments to diagnose with: none, an empty one, one with the first value that a condition
/// names, one with the first key, and one that picks the model of the record.
fn environments(record: &Record) -> [Option<Env<'_>>; 5] {
    static VALUES: LazyLock<Vec<(Variable, String)>> = LazyLock::new(|| {
        let texts = |variable| POLICIES[0].value_classes(variable).texts.into_iter().map(move |text| (variable, text));
        POLICIES[0].deciding_variables().flat_map(texts).collect()
    });
    let policy: &'static Policy = &POLICIES[0];
    let empty = Env::empty(policy);
    let key = policy.key_variables().next();
    let model = policy.deciding_variables().find(|variable| policy.is_slug_variable(*variable));
    [
        None,
        Some(empty),
        VALUES.first().map(|(variable, text)| empty.with(*variable, text)),
        key.map(|key| empty.with(key, SECRET)),
        record.model(|_| true).zip(model).map(|(named, model)| empty.with(model, named.name)),
    ]
}

fn collect_texts(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::Number(number) => texts.push(number.to_string()),
        Value::String(text) => texts.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect_texts(item, texts)),
        Value::Object(members) => {
            for (key, value) in members {
                texts.push(key.clone());
                collect_texts(value, texts);
            }
        }
    }
}
