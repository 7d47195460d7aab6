//! Finds values where a registry, a policy or a slugproof.yaml takes the name of a secret or only its
//! presence: people paste keys there, and no output may repeat them. Finds placeholders.

use std::collections::BTreeSet;
use std::ops::Range;

use slug_redact::{SECRET_CHARS, is_name_of_secret, is_secret_name, is_variable_name, mask_ranges};
use slug_resolver::fix::is_placeholder;
use slug_resolver::yaml::{FieldPath, Node, Value};

/// Fields that contain names of variables with secrets.
const NAME_FIELDS: [&str; 7] = ["auth_env", "inject", "key", "set", "unset", "known_secrets", "absent_secrets"];

/// Words that say whether a secret is set.
const STATES: [&str; 2] = ["set", "unset"];

/// A value that is probably a secret.
pub struct Misplaced {
    /// Its bytes.
    pub range: Range<usize>,
    /// Its text.
    pub text: String,
}

/// The values in a document that are probably secrets.
pub fn misplaced(root: &Node) -> Vec<Misplaced> {
    let mut keys = BTreeSet::new();
    visit(root, &mut |key, value| {
        if key == "key" {
            keys.extend(value.text().map(str::to_owned));
        }
    });
    let mut found = Vec::new();
    visit(root, &mut |key, value| {
        let is_name = NAME_FIELDS.contains(&key);
        let is_key = keys.contains(key) || (is_variable_name(key) && is_secret_name(key));
        if is_name || is_key {
            scalars(value, &mut |node, text| {
                let is_expected = if is_name { is_name_of_secret(text) } else { STATES.contains(&text) };
                if !is_expected && !text.is_empty() {
                    found.push(Misplaced { range: node.span.clone(), text: text.to_owned() });
                }
            });
        }
    });
    found
}

/// The paths of the values below a path that are placeholders, such as `<ACME_API_KEY>`.
pub fn placeholders(node: &Node, path: &FieldPath) -> Vec<FieldPath> {
    let entries = node.entries().iter().map(|(key, value)| (path.clone().key(key.text().unwrap_or_default()), value));
    let items = node.items().iter().enumerate().map(|(index, item)| (path.clone().index(index), item));
    let below = entries.chain(items).flat_map(|(path, node)| placeholders(node, &path));
    let is_one = matches!(&node.value, Value::String(text) if is_placeholder(text));
    is_one.then(|| path.clone()).into_iter().chain(below).collect()
}

/// The text of a document without these values. A value that an alias repeats is masked at its anchor
/// too.
pub fn mask(text: &str, misplaced: &[Misplaced]) -> String {
    let at_alias = misplaced.iter().map(|it| it.range.clone());
    let long = misplaced.iter().map(|it| it.text.as_str()).filter(|secret| secret.chars().count() >= SECRET_CHARS);
    let repeated = long.flat_map(|secret| text.match_indices(secret).map(|(at, found)| at..at + found.len()));
    mask_ranges(text, at_alias.chain(repeated).collect())
}

/// Calls a function with each entry of each mapping.
fn visit<'n>(node: &'n Node, each: &mut impl FnMut(&'n str, &'n Node)) {
    for (key, value) in node.entries() {
        if let Some(key) = key.text() {
            each(key, value);
        }
        visit(value, each);
    }
    node.items().iter().for_each(|item| visit(item, each));
}

/// Calls a function with each text and number, in lists and mappings too.
fn scalars<'n>(node: &'n Node, each: &mut impl FnMut(&'n Node, &'n str)) {
    match &node.value {
        Value::String(text) | Value::Integer(text) | Value::Float(text) => each(node, text),
        _ => {}
    }
    node.items().iter().for_each(|item| scalars(item, each));
    node.entries().iter().for_each(|(_, value)| scalars(value, each));
}
