//! Pins in files of every syntax, and paths of fields.

mod forms;
mod query;
mod scan;
