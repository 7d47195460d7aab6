//! The documents that make up a test case.

use std::sync::Arc;

use slug_resolver::yaml::{ReadError, UnknownFields};
use slug_resolver::{Policy, Registry};

use crate::case::TestCase;
use crate::dataset::Dataset;

/// A part of a test case that has its own file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "an implementation reads each of them")]
pub enum Document {
    /// The registry.
    Registry,
    /// The policy.
    Policy,
    /// The case without its dataset.
    Question,
}

impl Document {
    /// All documents.
    pub const ALL: [Self; 3] = [Self::Registry, Self::Policy, Self::Question];

    /// Reads a document of this type and refuses unknown fields.
    ///
    /// # Errors
    ///
    /// The reason why the document is refused.
    pub fn read(self, text: &str, dataset: &Arc<Dataset>) -> Result<(), ReadError> {
        let bytes = text.as_bytes();
        match self {
            Self::Registry => Registry::from_yaml(bytes, UnknownFields::Deny).map(drop),
            Self::Policy => Policy::from_yaml(bytes).map(drop),
            Self::Question => TestCase::from_yaml(bytes, dataset.clone()).map(drop),
        }
    }
}
