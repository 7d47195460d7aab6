//! Merge keys (`<<`), which are not part of YAML 1.2 but which forges apply.

use std::collections::HashSet;

use crate::tree::{Node, Style, Value};

/// Whether a key is a merge key, an unquoted `<<`.
pub(crate) fn is_merge_key(node: &Node) -> bool {
    node.style == Style::Plain && matches!(&node.value, Value::String(text) if text == "<<")
}

impl Node {
    /// Applies the merge keys of a mapping: merged entries come last and never replace an entry
    /// that is written in the mapping.
    pub(crate) fn merge(&mut self) {
        let Value::Mapping(entries) = &mut self.value else { return };
        if !entries.iter().any(|(key, _)| is_merge_key(key)) {
            return;
        }
        let (merged, mut kept): (Vec<_>, Vec<_>) =
            std::mem::take(entries).into_iter().partition(|(key, _)| is_merge_key(key));
        let mut names: HashSet<Option<String>> = kept.iter().map(|(key, _)| key.value.as_key()).collect();
        for (_, source) in merged {
            let sources = match source.value {
                Value::Sequence(sources) => sources,
                _ => vec![source],
            };
            let mappings = sources.into_iter().filter_map(|source| match source.value {
                Value::Mapping(entries) => Some(entries),
                _ => None,
            });
            kept.extend(mappings.flatten().filter(|(key, _)| names.insert(key.value.as_key())));
        }
        *entries = kept;
    }
}
