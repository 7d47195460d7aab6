//! The fuzz targets with inputs in the corpus.

use slug_testkit::{Evaluated, Target, target};

use super::implementations::{DeriveLines, EmbeddedDiagnoser, EmbeddedLinter, ResolveLines};

/// Every target.
pub const TARGETS: &[Target] = &[
    target::REGISTRY_YAML,
    target::POLICY_YAML,
    target::CASE_YAML,
    target::RESOLVE,
    target::DERIVE,
    Target { name: "batch_line", evaluate: |bytes| Evaluated::batch(bytes, &ResolveLines, &DeriveLines) },
    Target { name: "record_json", evaluate: |bytes| Evaluated::record(bytes, &EmbeddedDiagnoser) },
    Target { name: "workflow_yaml", evaluate: |bytes| Evaluated::workflow(bytes, &EmbeddedLinter) },
    target::EXPRESSION,
    target::SCRIPT,
    target::MAKEFILE,
    target::PINS,
    target::IMPORT,
];

/// Returns the target with a name.
#[must_use]
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
