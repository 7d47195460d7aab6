//! The documents that make up a test case.

use std::sync::Arc;

use slug_resolver::yaml::{ReadError, UnknownFields};
use slug_resolver::{Policy, Registry};

use crate::case::TestCase;
use crate::dataset::Dataset;

/// A part of a test case that has its own file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "an `Implementation` handles every variant")]
pub enum Document {
    /// The registry.
    Registry,
    /// The policy.
    Policy,
    /// The test case without its dataset.
    TestCase,
}

impl Document {
    /// All documents.
    pub const ALL: [Self; 3] = [Self::Registry, Self::Policy, Self::TestCase];

    /// Checks that `text` is a valid document of this type without unknown fields. `dataset` is the
    /// dataset of a [`Document::TestCase`]; the other types do not use it.
    ///
    /// # Errors
    ///
    /// Returns the first error in the document.
    pub fn validate(self, text: &str, dataset: &Arc<Dataset>) -> Result<(), ReadError> {
        let bytes = text.as_bytes();
        match self {
            Self::Registry => Registry::from_yaml(bytes, UnknownFields::Deny).map(drop),
            // The readers of policies and test cases always refuse unknown fields.
            Self::Policy => Policy::from_yaml(bytes).map(drop),
            Self::TestCase => TestCase::from_yaml(bytes, dataset.clone()).map(drop),
        }
    }
}
