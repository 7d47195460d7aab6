//! What the syntax tree of a function shows: the variables that it reads, the texts with which it
//! compares them, and where it does what cannot be followed.

use std::collections::{BTreeMap, BTreeSet};

/// A file that bash sources.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// The path as the policy writes it.
    pub path: String,
    /// The content.
    pub text: String,
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The path as the policy writes it; the field of the policy for its commands, such as `function.model`.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
}

/// What the syntax tree of a function shows. It covers every command that a call can reach.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The variables of the environment that the function can read.
    pub variables: BTreeMap<String, Comparisons>,
    /// The runtime, which the commands of the policy pass as `$RUNTIME`.
    pub runtime: Comparisons,
    /// Constructs whose effect on the answer cannot be followed. If there are any, nothing is proved.
    pub not_followed: Vec<(Place, String)>,
    /// Places that change what outlives a call in the same shell: a global variable, an option, a file.
    pub state: Vec<(Place, String)>,
    /// The constant texts that the function can print, each with the first place that prints it.
    pub printed: Vec<(String, Place)>,
}

/// How a function uses one value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparisons {
    /// The texts with which it is compared. The empty text is not among them: it is always a class.
    pub texts: BTreeSet<String>,
    /// The patterns with which it is compared, as written in bash.
    pub patterns: BTreeSet<String>,
    /// Whether the function can print the value.
    pub is_printed: bool,
}
