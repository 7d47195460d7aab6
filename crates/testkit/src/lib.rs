//! Oracles: what must hold of every input, whatever it is.
//!
//! An oracle is one `check_*` function for each property. It puts an input to an
//! implementation and returns what the input is, or what does not hold. What stands in a
//! library is called directly; what is part of the command is reached through a trait
//! ([`linting::Linter`], [`diagnosis::Diagnoser`], [`batch::Answerer`]) that the command
//! implements. So the command can check its own corpus with these oracles, and tests can
//! put wrong implementations to them.
//!
//! Random tests, fuzzing and the corpus drive the same oracles: a [`Target`] is an oracle
//! under the name by which fuzzing and the corpus know its inputs.

pub mod batch;
pub mod diagnosis;
pub mod expression;
pub mod linting;
pub mod target;

mod words;

pub use slug_laws::Violation;
pub use target::{Content, Evaluated, INPUT_BYTES, Target};
