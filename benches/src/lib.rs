//! Support for the benchmarks: data, implementations to compare with, and results.
//!
//! Every benchmark measures three implementations on the same questions: the resolver, its
//! **lower bound** (only the part of the work that no implementation can avoid) and a
//! **baseline** (a simple port of the modelled system). Ratios between the three hold on any
//! machine; times do not.

pub mod baseline;
pub mod data;
pub mod generate;
pub mod lower_bound;
pub mod results;
