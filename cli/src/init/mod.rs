//! `init`: finds what a repository has and writes slugproof.yaml with its policies.

mod draft;
mod files;
mod harness;
mod infer;
mod survey;
mod write;

pub use draft::draft;
pub use files::{File, config, existing};
pub use harness::{Finder, Harness};
pub use infer::{Inferred, infer};
pub use survey::Survey;
