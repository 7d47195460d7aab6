//! Tests of the crate.

mod bash;
mod harm;
mod completeness;
mod conformance;
mod printer;
