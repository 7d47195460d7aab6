//! What is written in the place of secrets.

/// What stands in for the value of a secret wherever a case is written.
pub const SET: &str = "set";

/// The value that every secret has while it is checked that none is shown.
pub(crate) const CANARY: &str = "canary-5f1c9e";
