//! What a script does to the commands that it calls and to the steps after it.

use std::collections::BTreeMap;

use super::state::{Variables, Written};
use super::syntax::Span;

/// What a script does that matters here.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    /// The calls, in the order of the script.
    pub calls: Vec<Call>,
    /// What later steps find set.
    pub written: BTreeMap<String, Written>,
    /// Why later steps may find anything set, if they may.
    pub opaque: Option<String>,
    /// What a command at its end would see, of the variables that are known.
    pub end: Variables,
    /// Why such a command may see anything in every other variable, if it may.
    pub rest: Option<String>,
}

/// One call of a target.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The index of the target.
    pub target: usize,
    /// The bytes of the word that names it.
    pub span: Span,
    /// What it sees, of the variables that are known.
    pub variables: Variables,
    /// Why it may see anything in every other variable, if it may.
    pub rest: Option<String>,
    /// Whether it stands in a function, which may run after assignments that stand elsewhere.
    pub(crate) deferred: bool,
}

/// The variable that holds the path of the file in which later steps find variables.
pub const ENVIRONMENT_FILE: &str = "GITHUB_ENV";

/// Stands for that path; no script holds it.
pub const ENV_FILE_TARGET: &str = "\u{10fffd}";
