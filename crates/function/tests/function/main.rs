//! Tests of the crate.

mod bash;
mod completeness;
mod conformance;
mod harm;
mod printer;
mod reading;
