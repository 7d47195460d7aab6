//! Texts that matter for a name, such as each text that an expression compares it with.

use std::collections::BTreeMap;

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
