//! A question to a function, and its answer.

use std::collections::BTreeSet;

/// An environment in which a function is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Case {
    /// The runtime.
    pub runtime: String,
    /// The variables that are set, with their values; an empty value is set, too. Sorted by name.
    pub variables: Vec<(String, String)>,
}

/// The answer of a function, or of a policy, to a [`Case`].
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Answer {
    /// The slug; empty if none is picked.
    pub model: String,
    /// The names of the injected secrets; `None` if only the model is asked for.
    pub secrets: Option<BTreeSet<String>>,
}
