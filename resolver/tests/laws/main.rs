//! Tests of the resolver against its laws and against the system that it models, in one binary.

// The lints apply to the library; tests read files and measure time.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod bounded;
mod exhaustive;
mod fixes;
mod generator_coverage;
mod golden_cases;
mod inconsistent_evidence;
mod limits;
mod lookup;
mod malformed_input;
mod minimality;
mod model_classes;
mod mutation_adequacy;
mod names;
mod overlap;
mod policies;
mod proof;
mod properties;
mod reading;
mod real_registries;
mod reduce;
mod reference;
mod strategy;
mod text_generators;
mod translation;
mod vectors;
mod witnesses;
mod wrong_rules;
