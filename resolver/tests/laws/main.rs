//! One binary for everything that holds the resolver to its laws and to the
//! system that it models.

// The resolver is pure; what tests it reads files and keeps time.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod generator_coverage;
mod exhaustive;
mod golden_cases;
mod fixes;
mod limits;
mod lookup;
mod inconsistent_evidence;
mod names;
mod overlap;
mod proof;
mod properties;
mod malformed_input;
mod reading;
mod reduce;
mod reference;
mod model_classes;
mod strategy;
mod mutation_adequacy;
mod minimality;
mod vectors;
mod witnesses;
mod text_generators;
