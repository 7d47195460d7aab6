//! Fuzz targets: named oracles, and their results for an input.

use slug_laws::readers::{self, Reading};
use slug_laws::{LawContext, RealResolver, TestCase, Violation, generator, lookup};
use slug_resolver::Registry;
use slug_resolver::yaml::UnknownFields;

use crate::batch::{Answerer, check_batch};
use crate::diagnosis::{Diagnoser, check_diagnosis};
use crate::expression::check_expression;
use crate::import::check_import;
use crate::linting::{Linter, check_linting};
use crate::pins::check_pins;
use crate::plural::counted;
use crate::script::{check_makefile, check_script};

/// Maximum size of an input in bytes. Fuzzing truncates a longer input, and the corpus refuses
/// it: the second YAML reader, with which fuzzing compares, is not safe on large hostile input,
/// and a small input shows the same bugs sooner.
pub const INPUT_BYTES: usize = 4096;

/// A fuzz target.
pub struct Target {
    /// The name of the target, of its program and of its directory of inputs.
    pub name: &'static str,
    /// Runs the oracle on an input.
    pub evaluate: fn(&[u8]) -> Evaluated,
}

/// The description of an input, and the result of the oracle.
pub struct Evaluated {
    /// The description of the input.
    pub content: Content,
    /// `Ok` if every property holds, else the violated property.
    pub result: Result<(), Violation>,
}

/// The description of an input.
pub enum Content {
    /// A test case of the resolver.
    TestCase(Box<TestCase>),
    /// Anything else, in one line.
    Text(String),
}

/// The targets whose inputs `cargo test` also checks with a second YAML reader, which is not
/// part of the command.
pub const SECOND_READER: [&str; 2] = [REGISTRY_YAML.name, POLICY_YAML.name];

/// Reads a registry, both allowing and denying unknown fields.
pub const REGISTRY_YAML: Target = Target { name: "registry_yaml", evaluate: evaluate_registry };

/// Reads a policy.
pub const POLICY_YAML: Target = Target { name: "policy_yaml", evaluate: evaluate_policy };

/// Reads a witness and checks every law on its case.
pub const CASE_YAML: Target = Target { name: "case_yaml", evaluate: evaluate_witness };

/// Generates a case from the bytes and checks every law on it.
pub const RESOLVE: Target = Target { name: "resolve", evaluate: evaluate_case };

/// Generates a large registry from the bytes and looks models up in it.
pub const DERIVE: Target = Target { name: "derive", evaluate: evaluate_lookup };

/// Evaluates an expression of a workflow.
pub const EXPRESSION: Target = Target { name: "expression", evaluate: evaluate_expression };

/// Parses, prints and interprets a script.
pub const SCRIPT: Target = Target { name: "script", evaluate: evaluate_script };

/// Interprets `make` with a Makefile.
pub const MAKEFILE: Target = Target { name: "makefile", evaluate: evaluate_makefile };

/// Finds pins in a text of every syntax.
pub const PINS: Target = Target { name: "pins", evaluate: evaluate_pins };

/// Imports a catalogue in every format.
pub const IMPORT: Target = Target { name: "import", evaluate: evaluate_import };

fn evaluate_registry(bytes: &[u8]) -> Evaluated {
    let strict = readers::check_registry(bytes, UnknownFields::Deny);
    match readers::check_registry(bytes, UnknownFields::Allow) {
        Ok(Ok(registry)) if matches!(strict, Ok(Err(_))) => {
            Evaluated::text(format!("{}, with unknown fields", describe_registry(&registry)), Ok(()))
        }
        Err(violation) => Evaluated::text("read incorrectly", Err(violation)),
        _ => Evaluated::read(strict, describe_registry),
    }
}

fn evaluate_policy(bytes: &[u8]) -> Evaluated {
    Evaluated::read(readers::check_policy(bytes), |policy| format!("the policy `{}`", policy.name()))
}

fn evaluate_witness(bytes: &[u8]) -> Evaluated {
    match readers::check_witness(bytes) {
        Ok(Ok(witness)) => Evaluated { content: Content::TestCase(Box::new(witness.case)), result: Ok(()) },
        reading => Evaluated::read(reading, |_| String::new()),
    }
}

fn evaluate_case(bytes: &[u8]) -> Evaluated {
    let case = generator::case_of(bytes);
    let result = LawContext::new(&RealResolver, &case).check();
    Evaluated { content: Content::TestCase(Box::new(case)), result }
}

fn evaluate_lookup(bytes: &[u8]) -> Evaluated {
    let (registry, extra) = generator::large_registry_of(bytes);
    Evaluated::text(
        format!("{}, and the model {extra:?}", describe_registry(&registry)),
        lookup::check_lookup(&RealResolver, &registry, extra),
    )
}

fn evaluate_expression(bytes: &[u8]) -> Evaluated {
    Evaluated::of_text(bytes, "an expression, evaluated incorrectly", check_expression)
}

fn evaluate_script(bytes: &[u8]) -> Evaluated {
    Evaluated::of_text(bytes, "a script, read incorrectly", check_script)
}

fn evaluate_makefile(bytes: &[u8]) -> Evaluated {
    Evaluated::of_text(bytes, "a Makefile, read incorrectly", check_makefile)
}

fn evaluate_pins(bytes: &[u8]) -> Evaluated {
    Evaluated::of_text(bytes, "a text, scanned incorrectly", check_pins)
}

fn evaluate_import(bytes: &[u8]) -> Evaluated {
    match check_import(bytes) {
        Ok(text) => Evaluated::text(text, Ok(())),
        Err(violation) => Evaluated::text("a catalogue, imported incorrectly", Err(violation)),
    }
}

fn describe_registry(registry: &Registry) -> String {
    let providers = counted(registry.providers().len(), "provider");
    format!("a registry of {providers} and {}", counted(registry.runtimes().len(), "runtime"))
}

impl Evaluated {
    /// Evaluates a stream of lines, answered as resolve questions and as derive questions.
    pub fn batch(bytes: &[u8], resolve: &dyn Answerer, derive: &dyn Answerer) -> Self {
        let (resolved, derived) = (check_batch(resolve, bytes), check_batch(derive, bytes));
        let lines = counted(bytes.split_inclusive(|byte| *byte == b'\n').count(), "line");
        let questions = |answered: &Result<u64, Violation>| answered.as_ref().copied().unwrap_or_default();
        let text = format!("{lines}: {} resolve, {} derive", questions(&resolved), questions(&derived));
        Self::text(text, resolved.and(derived).map(drop))
    }

    /// Evaluates a workspace record.
    pub fn record(bytes: &[u8], diagnoser: &impl Diagnoser) -> Self {
        match check_diagnosis(diagnoser, bytes) {
            Ok(text) => Self::text(text, Ok(())),
            Err(violation) => Self::text("a record, diagnosed incorrectly", Err(violation)),
        }
    }

    /// Evaluates a workflow file.
    pub fn workflow(bytes: &[u8], linter: &dyn Linter) -> Self {
        let check = |text: &str| check_linting(linter, text).map(|findings| counted(findings, "finding"));
        Self::of_text(bytes, "a workflow, linted incorrectly", check)
    }

    fn of_text(bytes: &[u8], otherwise: &str, check: impl FnOnce(&str) -> Result<String, Violation>) -> Self {
        let Ok(text) = std::str::from_utf8(bytes) else { return Self::text("not UTF-8", Ok(())) };
        match check(text) {
            Ok(text) => Self::text(text, Ok(())),
            Err(violation) => Self::text(otherwise, Err(violation)),
        }
    }

    fn read<T>(reading: Reading<T>, describe: impl FnOnce(&T) -> String) -> Self {
        match reading {
            Ok(Ok(read)) => Self::text(describe(&read), Ok(())),
            Ok(Err(error)) => Self::text(format!("refused: {error}"), Ok(())),
            Err(violation) => Self::text("read incorrectly", Err(violation)),
        }
    }

    fn text(text: impl Into<String>, result: Result<(), Violation>) -> Self {
        Self { content: Content::Text(text.into()), result }
    }
}
