//! One binary for everything that holds the resolver to its laws and to the
//! system that it models.

// The resolver is pure; what tests it reads files and keeps time.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod census;
mod exhaustive;
mod facts;
mod fixes;
mod limits;
mod lookup;
mod misfits;
mod names;
mod overlap;
mod proof;
mod properties;
mod readers;
mod reading;
mod reduce;
mod reference;
mod model_classes;
mod strategy;
mod teeth;
mod trying;
mod vectors;
mod witnesses;
mod words;
