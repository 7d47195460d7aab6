//! Reads the syntax tree of a function: the variables that it reads, the texts with which it
//! compares them, and where it does what cannot be followed.
//!
//! The reader runs the commands with sets of possible values instead of values, through every branch
//! and every function that they reach. A comparison counts for each variable of the environment that
//! can flow into it: through locals, parameters and the output of functions.
//!
//! Values with newlines, and values that a builtin command takes for an option or an operator, such as
//! `-n` after `echo`, are not distinguished.

mod arithmetic;
mod builtins;
mod commands;
mod conditional;
mod eval;
mod expand;
pub mod jq;
mod report;
mod state;
mod value;

pub use eval::read;
pub use report::{Comparisons, Location, MODEL_COMMAND, Problem, Reading, ReadingError, SECRETS_COMMAND, SourceFile};
