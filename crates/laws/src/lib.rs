//! The laws: properties that hold for every registry, policy, runtime and environment.
//!
//! Each [`Law`] is one function of a [`LawContext`], which is one [`TestCase`] with the answer
//! of one [`Implementation`]. The cases have three sources: random choices ([`generator`]),
//! enumeration ([`enumeration`]), and files with saved cases ([`Witness`]).
//!
//! A law calls the implementation, never the resolver directly, so that tests can check that
//! every law rejects a resolver that is wrong on purpose. The expected answer comes from the
//! [`reference`](mod@reference), a resolver that is simple and slow.

pub mod comparison;

pub mod difference;
pub mod enumeration;
pub mod fix_completeness;
pub mod generator;
pub mod lookup;
pub mod model_classes;
pub mod pair;
pub mod policy_v1;
pub mod proof;
pub mod readers;
pub mod reduction;
pub mod reference;

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
mod work;

pub use case::TestCase;
pub use counts::{Counts, OutcomeKind};
pub use dataset::Dataset;
pub use document::Document;
pub use expectation::Expectation;
pub use implementation::{Implementation, RealResolver};
pub use law::{Law, LawContext, Violation};
pub use laws::{LAWS, law};
pub use secret::SECRET_PLACEHOLDER;
pub use shared_slugs::SharedSlugs;
pub use values::{condition_values, every_environment, values_when_set};
pub use witness::{Witness, is_seed};
pub use work::measure;
