//! Tests of the crate.

mod inference;
