//! The laws: properties that hold for every registry, policy, runtime and environment.
//!
//! Each [`Law`] is one function of a [`LawContext`], which is one [`TestCase`] with the answer
//! of one [`Implementation`]. The engines differ only in the source of their cases: random
//! choices ([`generator`]), enumeration ([`enumeration`]), or a file with a saved case
//! ([`Witness`]).
//!
//! A law calls the implementation, never the resolver directly, so that tests can check that
//! every law rejects a resolver that is wrong on purpose. A second implementation, slow and
//! obvious, computes the expected answer: the [`reference`](mod@reference).

pub mod comparison;

pub mod difference;
pub mod enumeration;
pub mod fix_completeness;
pub mod generator;
pub mod lookup;
pub mod model_classes;
pub mod pair;
pub mod proof;
pub mod readers;
pub mod reduction;
pub mod reference;
pub mod version_1;

mod case;
mod corruption;
mod counts;
mod dataset;
mod document;
mod expectation;
mod extension;
mod implementation;
mod law;
mod laws;
mod secret;
mod shared_slugs;
mod spelling;
mod values;
mod witness;

pub use case::TestCase;
pub use counts::{Counts, OutcomeKind};
pub use dataset::Dataset;
pub use document::Document;
pub use expectation::Expectation;
pub use implementation::{Implementation, RealResolver};
pub use law::{Law, LawContext, Violation};
pub use laws::{LAWS, law};
pub use secret::SET;
pub use shared_slugs::SharedSlugs;
pub use values::{named_values, set_values};
pub use witness::{Witness, is_seed};
