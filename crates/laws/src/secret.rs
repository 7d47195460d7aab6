//! Placeholders for secrets.

/// The placeholder for the value of a secret in every written case.
pub const SECRET_PLACEHOLDER: &str = "set";

/// The value of every secret while a law checks that no output contains it.
pub(crate) const CANARY: &str = "canary-5f1c9e";
