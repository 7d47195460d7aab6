//! Support for the benchmarks: data, implementations to compare with, and results.
//!
//! The benchmarks measure three implementations on the same questions: the resolver; a
//! **lower bound**, which does only the part of the work that no implementation can avoid; and a
//! **baseline**, a simple port of the system that the resolver models. The ratios between the
//! three are about the same on every machine; times are not.

pub mod baseline;
pub mod data;
pub mod generate;
pub mod lower_bound;
pub mod results;
