//! `lint`: the founding contradiction, found where it is written.
//!
//! Files are found and read; every call of a harness in them is judged; each cause is one
//! finding; patches are tried before they are offered.

mod calls;
pub(crate) mod discovery;
mod evaluate;
mod explain;
pub(crate) mod files;
pub(crate) mod fix;
mod fix_verifier;
mod input;
mod linter;
mod mask;
mod patch;
mod report;
mod repository;

pub use input::Input;
pub use linter::Linter;
pub(crate) use patch::applied;
