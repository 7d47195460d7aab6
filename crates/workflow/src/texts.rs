//! Texts that matter for a name, such as each text that an expression compares it with.

use std::collections::{BTreeMap, BTreeSet};

use super::expression::{Part, parts, sources};

/// A name in a context, both in lower case: `inputs.model` or `env.model`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name(pub String, pub String);

impl Name {
    /// A name in a context.
    #[must_use]
    pub fn new(context: &str, name: &str) -> Self {
        Self(context.to_lowercase(), name.to_lowercase())
    }
}

/// The names whose values can be the whole value of a text.
#[must_use]
pub fn names_in(text: &str) -> BTreeSet<Name> {
    match parts(text)[..] {
        [Part::Expression(_)] => names_within(text),
        _ => BTreeSet::new(),
    }
}

/// The names whose values can be a part of the value of a text, or all of it.
#[must_use]
pub fn names_within(text: &str) -> BTreeSet<Name> {
    let name = |path: Vec<String>| match path.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["github" | "gitea", event, inputs, name]
            if event.eq_ignore_ascii_case("event") && inputs.eq_ignore_ascii_case("inputs") =>
        {
            Some(Name::new("inputs", name))
        }
        [context @ ("inputs" | "env" | "matrix"), name, ..] => Some(Name::new(context, name)),
        _ => None,
    };
    sources(text).into_iter().filter_map(name).collect()
}

/// Texts by the name for which they matter, without duplicates.
pub type Texts = BTreeMap<Name, Vec<String>>;

/// No texts.
pub static NO_TEXTS: Texts = Texts::new();

/// Maximum texts that are kept for one name.
const TEXTS: usize = 64;

/// Adds a text for a name, up to a limit.
pub fn add_text(texts: &mut Texts, name: Name, text: &str) {
    let texts = texts.entry(name).or_default();
    if texts.len() < TEXTS && !texts.iter().any(|other| other == text) {
        texts.push(text.to_owned());
    }
}
