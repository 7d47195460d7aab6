//! Tests of the crate.

mod bash;
mod harm;
