//! Workflow files as GitHub and Gitea run them.
//!
//! From text to a [`document`] with its layout, to the [`model`] of a workflow; from
//! an expression or a script to what it can be.

pub mod document;
pub mod expression;
pub mod matrix;
pub mod model;
pub mod shell;
pub mod start;
pub mod trial;
pub mod value;
pub mod walk;
