//! The documents that a case is made of.

use std::sync::Arc;

use slug_resolver::yaml::{ReadError, UnknownFields};
use slug_resolver::{Policy, Registry};

use crate::case::TestCase;
use crate::dataset::Dataset;

/// What a case is made of, each in a file of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a implementation reads each of them")]
pub enum Document {
    /// The registry.
    Registry,
    /// The policy.
    Policy,
    /// The question without its dataset.
    Question,
}

impl Document {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Registry, Self::Policy, Self::Question];

    /// Reads such a document, strictly.
    ///
    /// # Errors
    ///
    /// Why it is refused.
    pub fn read(self, text: &str, dataset: &Arc<Dataset>) -> Result<(), ReadError> {
        let bytes = text.as_bytes();
        match self {
            Self::Registry => Registry::from_yaml(bytes, UnknownFields::Deny).map(drop),
            Self::Policy => Policy::from_yaml(bytes).map(drop),
            Self::Question => TestCase::from_yaml(bytes, dataset.clone()).map(drop),
        }
    }
}
