//! Tests of the crate.

mod bash;
mod completeness;
mod conformance;
mod harm;
mod inference;
mod printer;
mod reading;
