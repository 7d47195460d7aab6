//! Workflow files as GitHub and Gitea run them.
//!
//! A [`repository`] holds parsed files. Each file has a [`document`] with byte positions and a
//! [`model`] of its workflow. The [`eval`]uation of a repository collects the [`trigger`]s of
//! each file, including [`calls`] from other files, and computes the relevant
//! [slice](mod@slice) of each [`job`]. It then interprets the job's scripts abstractly with
//! [`slug_shell`]. The result is every call of a script with its [`environment`].

pub mod action;
pub mod availability;
pub mod calls;
pub mod context;
pub mod declared;
pub mod document;
pub mod environment;
pub mod eval;
pub mod expression;
mod flows;
pub mod job;
pub mod likely_slip;
pub mod matrix;
pub mod model;
pub mod outputs;
pub mod problem;
pub mod refusal;
pub mod repository;
pub mod results;
pub mod scalar;
mod script;
pub mod scripts;
pub mod slice;
pub mod texts;
pub mod trigger;
pub mod undeclared;
pub mod unexpanded;
