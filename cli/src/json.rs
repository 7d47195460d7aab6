//! Reads JSON records of a workspace within the limits of documents.

use serde_json::Value;
use slug_json::{Advice, Limits};
pub use slug_json::{is_empty, kind};
use slug_resolver::limits;

/// The limits of one JSON text.
const LIMITS: Limits = Limits { bytes: limits::DOCUMENT_BYTES, depth: limits::JSON_DEPTH, nodes: limits::NODES };

/// Reads one JSON value.
///
/// # Errors
///
/// The position and what is wrong. The message never repeats the input, which may contain a
/// secret.
pub fn read(bytes: &[u8]) -> Result<Value, String> {
    const ADVICE: Advice = Advice {
        too_large: "pass the JSON record of one workspace",
        empty: "check that the request for the workspace succeeded",
    };
    slug_json::read(bytes, &LIMITS, &ADVICE)
}
