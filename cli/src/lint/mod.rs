//! `lint`: finds contradictions in workflow files.
//!
//! It discovers and parses the files, evaluates every call of a harness, and reports each
//! cause as one finding. A patch is offered only after it was tested.

pub(crate) mod answers;
mod calls;
mod choice;
pub(crate) mod comparison;
pub(crate) mod discovery;
pub(crate) mod evaluate;
mod explain;
pub(crate) mod files;
pub(crate) mod fix;
mod fix_filter;
mod fix_verifier;
mod input;
mod known_names;
mod linter;
mod mask;
mod mentions;
pub(crate) mod near_miss;
mod passed;
mod patch;
pub(crate) mod pins;
mod problems;
mod report;
mod repository;
pub(crate) mod scripts;
mod single_dollar;
mod slips;
mod stand_in;
mod unmentioned;
mod unset_env;
mod wrong_calls;

pub use input::Input;
pub use linter::Linter;
pub(crate) use patch::applied;
