//! `lint`: the founding contradiction, found where it is written.
//!
//! Files are found and read; every call of a harness in them is judged; each cause is one
//! finding; patches are tried before they are offered.

mod calls;
pub(crate) mod discovery;
mod explain;
pub(crate) mod files;
pub(crate) mod fix;
mod input;
mod evaluate;
mod linter;
mod mask;
mod fix_verifier;
mod patch;
mod report;
mod repository;

pub use input::Input;
pub use linter::Linter;
pub(crate) use patch::applied;
