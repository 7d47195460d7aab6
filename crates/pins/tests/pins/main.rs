//! Pins in files of every syntax, and paths of fields.

mod query;
mod scan;
