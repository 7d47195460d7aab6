//! Tests of the crate.

mod bash;
