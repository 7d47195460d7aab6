//! The laws: what holds for every registry, policy, runtime and environment.
//!
//! Each [`Law`] is one plain function over a [`LawContext`], which is one [`TestCase`]
//! put to one [`Implementation`]. The engines only differ in where the cases come
//! from: random choices ([`generator`]), enumeration ([`enumeration`]), or a file
//! that records what was once found ([`Witness`]).
//!
//! A law asks the implementation, never the resolver directly, so that a resolver that
//! is wrong on purpose can be put to it: every law has to reject one. What the
//! answer should be is said by a second implementation, slow and obvious: the
//! [`reference`](mod@reference).

pub mod enumeration;
pub mod fix_completeness;
pub mod generator;
pub mod lookup;
pub mod model_classes;
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
mod implementation;
mod law;
mod laws;
mod secret;
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
pub use witness::{Witness, is_seed};
