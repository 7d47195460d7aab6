//! Fuzz inputs: what each target makes of bytes, and whether what must hold does.

use std::io::BufReader;
use std::sync::LazyLock;

use slug_laws::readers::{self, Reading};
use slug_laws::{Case, Product, Trial, Violation, generator, lookup};
use slug_resolver::yaml::UnknownFields;
use slug_resolver::{Policy, Registry};

use crate::commands::diagnose::trial;
use crate::lines::{answer_lines, derive_line, resolve_line};
use crate::lint;
use crate::render::counted;

/// Bytes of one input; what is longer is cut by the fuzz targets and refused here. A
/// second YAML reader, which fuzzing compares with, is not safe on large hostile input,
/// and a small one shows the same bugs sooner.
pub const INPUT_BYTES: usize = 4096;

/// One fuzz target: how its inputs are judged.
pub struct Target {
    /// Its name: that of its program and of its directory of inputs.
    pub name: &'static str,
    /// What holds of an input.
    pub judge: fn(&[u8]) -> Judged,
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target { name: "registry_yaml", judge: registry_yaml },
    Target { name: "policy_yaml", judge: policy_yaml },
    Target { name: "case_yaml", judge: case_yaml },
    Target { name: "resolve", judge: resolve },
    Target { name: "derive", judge: derive },
    Target { name: "batch_line", judge: batch_line },
    Target { name: "record_json", judge: record_json },
    Target { name: "workflow_yaml", judge: workflow_yaml },
    Target { name: "expression", judge: expression },
];

/// The targets whose inputs `cargo test` puts to a second reader of YAML besides, which
/// the command does not carry.
pub const SECOND_READER: [&str; 2] = ["registry_yaml", "policy_yaml"];

/// The target of this name.
#[must_use]
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// What an input is, and whether what must hold of it does.
pub struct Judged {
    /// What it is.
    pub content: Content,
    /// Whether everything holds; else what does not.
    pub holds: Result<(), Violation>,
}

/// What an input is.
pub enum Content {
    /// A question to the resolver.
    Case(Box<Case>),
    /// Anything else, in one line.
    Text(String),
}

impl Judged {
    fn text(text: impl Into<String>, holds: Result<(), Violation>) -> Self {
        Self { content: Content::Text(text.into()), holds }
    }

    fn read<T>(reading: Reading<T>, describe: impl FnOnce(&T) -> String) -> Self {
        match reading {
            Ok(Ok(read)) => Self::text(describe(&read), Ok(())),
            Ok(Err(error)) => Self::text(format!("refused: {error}"), Ok(())),
            Err(violation) => Self::text("read, and not as it must be", Err(violation)),
        }
    }
}

fn registry_yaml(bytes: &[u8]) -> Judged {
    let strict = readers::registry(bytes, UnknownFields::Deny);
    match readers::registry(bytes, UnknownFields::Allow) {
        Ok(Ok(registry)) if matches!(strict, Ok(Err(_))) => {
            Judged::text(format!("{}, with fields that are not known", describe_registry(&registry)), Ok(()))
        }
        Err(violation) => Judged::text("read, and not as it must be", Err(violation)),
        _ => Judged::read(strict, describe_registry),
    }
}

/// How large a registry is.
pub fn size_of(registry: &Registry) -> String {
    let providers = counted(registry.providers().len() as u64, "provider");
    format!("{providers} and {}", counted(registry.runtimes().len() as u64, "runtime"))
}

fn describe_registry(registry: &Registry) -> String {
    format!("a registry of {}", size_of(registry))
}

fn policy_yaml(bytes: &[u8]) -> Judged {
    Judged::read(readers::policy(bytes), |policy: &Policy| format!("the policy `{}`", policy.name()))
}

fn case_yaml(bytes: &[u8]) -> Judged {
    match readers::witness(bytes) {
        Ok(Ok(witness)) => Judged { content: Content::Case(Box::new(witness.case)), holds: Ok(()) },
        reading => Judged::read(reading, |_| String::new()),
    }
}

fn resolve(bytes: &[u8]) -> Judged {
    let case = generator::case_of(bytes);
    let holds = Trial::new(&Product, &case).holds();
    Judged { content: Content::Case(Box::new(case)), holds }
}

fn derive(bytes: &[u8]) -> Judged {
    let (registry, stray) = generator::large_registry_of(bytes);
    Judged::text(
        format!("{}, and the model {stray:?}", describe_registry(&registry)),
        lookup::holds(&Product, &registry, stray),
    )
}

fn record_json(bytes: &[u8]) -> Judged {
    match trial::holds(bytes) {
        Ok(text) => Judged::text(text, Ok(())),
        Err(violation) => Judged::text("a record, and not diagnosed as it must be", Err(violation)),
    }
}

fn workflow_yaml(bytes: &[u8]) -> Judged {
    of_text(bytes, "a workflow, and not linted as it must be", lint::trial::holds)
}

fn expression(bytes: &[u8]) -> Judged {
    of_text(bytes, "an expression, and not evaluated as it must be", slug_workflow::trial::holds)
}

fn of_text(bytes: &[u8], otherwise: &str, holds: impl FnOnce(&str) -> Result<String, Violation>) -> Judged {
    let Ok(text) = std::str::from_utf8(bytes) else { return Judged::text("no UTF-8", Ok(())) };
    match holds(text) {
        Ok(text) => Judged::text(text, Ok(())),
        Err(violation) => Judged::text(otherwise, Err(violation)),
    }
}

static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::embedded);
static POLICY: LazyLock<Policy> = LazyLock::new(|| Policy::all_embedded().swap_remove(0));

fn batch_line(bytes: &[u8]) -> Judged {
    let resolved = every_line_is_answered(bytes, |line, out| resolve_line(&REGISTRY, &POLICY, line, out));
    let derived = every_line_is_answered(bytes, |line, out| derive_line(&REGISTRY, line, out));
    let lines = counted(bytes.split_inclusive(|byte| *byte == b'\n').count() as u64, "line");
    let questions = |answered: &Result<u64, Violation>| answered.as_ref().copied().unwrap_or_default();
    let text = format!("{lines}: {} resolve, {} derive", questions(&resolved), questions(&derived));
    Judged::text(text, resolved.and(derived).map(drop))
}

/// Every line gets one answer, which is JSON, and the counts are right; how many lines were questions.
fn every_line_is_answered(
    bytes: &[u8],
    answer: impl FnMut(&[u8], &mut Vec<u8>) -> Result<bool, String>,
) -> Result<u64, Violation> {
    // A small buffer, so that lines straddle its end.
    let mut reader = BufReader::with_capacity(7, bytes);
    let mut out = Vec::new();
    let answered = answer_lines(&mut reader, &mut out, answer).map_err(|stopped| format!("stopped by {stopped:?}"))?;
    let lines = bytes.split_inclusive(|byte| *byte == b'\n').count() as u64;
    let text = String::from_utf8(out).map_err(|_| "an answer is not UTF-8")?;
    let mut answers = 0;
    let mut malformed = 0;
    for answer in text.lines() {
        answers += 1;
        let answer: serde_json::Value = serde_json::from_str(answer)
            .map_err(|error| format!("the answer to line {answers} is no JSON: {error}"))?;
        if answer.get("error").is_some() {
            malformed += 1;
            if answer["line"] != answers {
                return Err(format!("line {answers} is answered with {answer}"));
            }
        }
    }
    if (answers, answered.lines, answered.malformed) != (lines, lines, malformed) {
        return Err(format!("{lines} lines got {answers} answers, {malformed} of them errors; counted {answered:?}"));
    }
    Ok(lines - malformed)
}
