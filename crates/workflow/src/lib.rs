//! Workflow files as GitHub and Gitea run them.
//!
//! A [`repository`] holds parsed files: each a [`document`] with its layout and the [`model`]
//! of a workflow. The [`eval`]uation of a repository finds the [`trigger`]s of each file, its
//! own and those of the [`calls`] to it, and takes the [slice](mod@slice) of each [`job`] that
//! matters. It then runs the job's scripts abstractly through [`slug_shell`]. The result is
//! every call of a script with its [`environment`].

pub mod calls;
pub mod context;
pub mod document;
pub mod environment;
pub mod eval;
pub mod expression;
pub mod job;
pub mod matrix;
pub mod model;
pub mod repository;
mod script;
pub mod slice;
pub mod trigger;
