//! The shell function that a policy describes: which environments it distinguishes, what it answers
//! in each, and whether the policy answers alike.
//!
//! [`reading`] reads the syntax tree of the function, and [`space`] derives the environments to
//! compare. A [`case`] is one of them, with the answer of the function or of the policy.

pub mod case;
pub mod inference;
pub mod reading;
pub mod space;
