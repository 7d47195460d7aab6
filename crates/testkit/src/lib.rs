//! Oracles: checks of properties that hold for every input.
//!
//! An oracle is one `check_*` function. It runs an implementation on an input and returns a
//! description of the input, or the violated property. Libraries are called directly; the
//! parts of the command are called through traits ([`linting::Linter`],
//! [`diagnosis::Diagnoser`], [`batch::Answerer`]) that the command implements. So the command
//! can check its own corpus with these oracles, and tests can check wrong implementations.
//!
//! Random tests, fuzzing and the corpus share the oracles: a [`Target`] is an oracle with the
//! name that fuzzing and the corpus use for its inputs.

pub mod batch;
pub mod diagnosis;
pub mod expression;
pub mod import;
pub mod linting;
pub mod script;
pub mod target;

mod pins;
mod plural;
mod script_printer;

pub use script_printer::print_script;
pub use slug_laws::Violation;
pub use target::{Content, Evaluated, INPUT_BYTES, Target};
