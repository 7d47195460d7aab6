//! The shell function that a policy describes: which environments it distinguishes, what it answers
//! in each, and whether the policy answers alike.
//!
//! [`reading`] reads the syntax tree of the function, and [`space`] derives the environments to
//! compare. A [`case`] is one of them, with the answer of the function or of the policy. [`caller`] reads what the
//! harness does before it calls the function.
//! [`bash`] asks the function in a [`sandbox`], and [`conformance`] compares its answers with the policy.
//! [`comparison`] does all of this. [`inference`] finds the policy that gives some answers.

pub mod bash;
pub mod caller;
pub mod case;
pub mod comparison;
pub mod conformance;
pub mod inference;
pub mod pattern;
pub mod reading;
pub mod sandbox;
pub mod script;
pub mod space;
