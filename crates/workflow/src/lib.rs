//! Workflow files as GitHub and Gitea run them.
//!
//! From text to a [`document`] with its layout, to the [`model`] of a workflow. A
//! [`start`] says what names stand for, an [`expression`] evaluates to a [`slug_value::Value`],
//! a [`matrix`] to rows, and [`slug_shell`] follows a script without running it. A [`walk`]
//! puts them together: every call of a script, with the environment that it sees.

pub mod document;
pub mod expression;
pub mod matrix;
pub mod model;
pub mod start;
pub mod trial;
pub mod walk;
