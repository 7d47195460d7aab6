//! Fuzz targets: an oracle under a name, and what it makes of an input.

use slug_laws::readers::{self, Reading};
use slug_laws::{LawContext, RealResolver, TestCase, Violation, generator, lookup};
use slug_resolver::Registry;
use slug_resolver::yaml::UnknownFields;

use crate::batch::{Answerer, check_batch};
use crate::diagnosis::{Diagnoser, check_diagnosis};
use crate::expression::check_expression;
use crate::linting::{Linter, check_linting};
use crate::words::counted;

/// Bytes of one input. Fuzzing cuts what is longer, and the corpus refuses it: a second YAML
/// reader, which fuzzing compares with, is not safe on large hostile input, and a small input
/// shows the same bugs sooner.
pub const INPUT_BYTES: usize = 4096;

/// A fuzz target.
pub struct Target {
    /// Its name: that of its program and of its directory of inputs.
    pub name: &'static str,
    /// Puts an input to the oracle.
    pub evaluate: fn(&[u8]) -> Evaluated,
}

/// What an input is, and whether what must hold of it does.
pub struct Evaluated {
    /// What it is.
    pub content: Content,
    /// Whether everything holds; else what does not.
    pub holds: Result<(), Violation>,
}

/// What an input is.
pub enum Content {
    /// A question to the resolver.
    TestCase(Box<TestCase>),
    /// Anything else, in one line.
    Text(String),
}

/// The targets whose inputs `cargo test` puts to a second reader of YAML besides, which the
/// command does not carry.
pub const SECOND_READER: [&str; 2] = [REGISTRY_YAML.name, POLICY_YAML.name];

/// Reads a registry, with unknown fields and without.
pub const REGISTRY_YAML: Target = Target { name: "registry_yaml", evaluate: judge_registry };

/// Reads a policy.
pub const POLICY_YAML: Target = Target { name: "policy_yaml", evaluate: judge_policy };

/// Reads a witness and checks every law on its case.
pub const CASE_YAML: Target = Target { name: "case_yaml", evaluate: judge_witness };

/// Generates a case from the bytes and checks every law on it.
pub const RESOLVE: Target = Target { name: "resolve", evaluate: judge_case };

/// Generates a large registry from the bytes and looks models up in it.
pub const DERIVE: Target = Target { name: "derive", evaluate: judge_lookup };

/// Evaluates an expression of a workflow.
pub const EXPRESSION: Target = Target { name: "expression", evaluate: judge_expression };

fn judge_registry(bytes: &[u8]) -> Evaluated {
    let strict = readers::check_registry(bytes, UnknownFields::Deny);
    match readers::check_registry(bytes, UnknownFields::Allow) {
        Ok(Ok(registry)) if matches!(strict, Ok(Err(_))) => {
            Evaluated::text(format!("{}, with fields that are not known", describe_registry(&registry)), Ok(()))
        }
        Err(violation) => Evaluated::text("read, and not as it must be", Err(violation)),
        _ => Evaluated::read(strict, describe_registry),
    }
}

fn judge_policy(bytes: &[u8]) -> Evaluated {
    Evaluated::read(readers::check_policy(bytes), |policy| format!("the policy `{}`", policy.name()))
}

fn judge_witness(bytes: &[u8]) -> Evaluated {
    match readers::check_witness(bytes) {
        Ok(Ok(witness)) => Evaluated { content: Content::TestCase(Box::new(witness.case)), holds: Ok(()) },
        reading => Evaluated::read(reading, |_| String::new()),
    }
}

fn judge_case(bytes: &[u8]) -> Evaluated {
    let case = generator::case_of(bytes);
    let holds = LawContext::new(&RealResolver, &case).holds();
    Evaluated { content: Content::TestCase(Box::new(case)), holds }
}

fn judge_lookup(bytes: &[u8]) -> Evaluated {
    let (registry, stray) = generator::large_registry_of(bytes);
    Evaluated::text(
        format!("{}, and the model {stray:?}", describe_registry(&registry)),
        lookup::check_lookup(&RealResolver, &registry, stray),
    )
}

fn judge_expression(bytes: &[u8]) -> Evaluated {
    Evaluated::of_text(bytes, "an expression, and not evaluated as it must be", check_expression)
}

fn describe_registry(registry: &Registry) -> String {
    let providers = counted(registry.providers().len(), "provider");
    format!("a registry of {providers} and {}", counted(registry.runtimes().len(), "runtime"))
}

impl Evaluated {
    /// Judges a stream of lines, answered by two kinds of question.
    pub fn batch(bytes: &[u8], resolve: &dyn Answerer, derive: &dyn Answerer) -> Self {
        let (resolved, derived) = (check_batch(resolve, bytes), check_batch(derive, bytes));
        let lines = counted(bytes.split_inclusive(|byte| *byte == b'\n').count(), "line");
        let questions = |answered: &Result<u64, Violation>| answered.as_ref().copied().unwrap_or_default();
        let text = format!("{lines}: {} resolve, {} derive", questions(&resolved), questions(&derived));
        Self::text(text, resolved.and(derived).map(drop))
    }

    /// Judges the record of a workspace.
    pub fn record(bytes: &[u8], diagnoser: &impl Diagnoser) -> Self {
        match check_diagnosis(diagnoser, bytes) {
            Ok(text) => Self::text(text, Ok(())),
            Err(violation) => Self::text("a record, and not diagnosed as it must be", Err(violation)),
        }
    }

    /// Judges a workflow file.
    pub fn workflow(bytes: &[u8], linter: &dyn Linter) -> Self {
        let check = |text: &str| check_linting(linter, text).map(|findings| counted(findings, "finding"));
        Self::of_text(bytes, "a workflow, and not linted as it must be", check)
    }

    fn of_text(bytes: &[u8], otherwise: &str, check: impl FnOnce(&str) -> Result<String, Violation>) -> Self {
        let Ok(text) = std::str::from_utf8(bytes) else { return Self::text("no UTF-8", Ok(())) };
        match check(text) {
            Ok(text) => Self::text(text, Ok(())),
            Err(violation) => Self::text(otherwise, Err(violation)),
        }
    }

    fn read<T>(reading: Reading<T>, describe: impl FnOnce(&T) -> String) -> Self {
        match reading {
            Ok(Ok(read)) => Self::text(describe(&read), Ok(())),
            Ok(Err(error)) => Self::text(format!("refused: {error}"), Ok(())),
            Err(violation) => Self::text("read, and not as it must be", Err(violation)),
        }
    }

    fn text(text: impl Into<String>, holds: Result<(), Violation>) -> Self {
        Self { content: Content::Text(text.into()), holds }
    }
}
