//! Merge keys (`<<`). YAML 1.2 does not have them, but forges apply them.

use std::collections::HashSet;

use crate::tree::{Node, Style, Value};

/// Whether a key is a merge key, an unquoted `<<`.
pub(crate) fn is_merge_key(node: &Node) -> bool {
    node.style == Style::Plain && matches!(&node.value, Value::String(text) if text == "<<")
}

impl Node {
    /// Replaces the merge keys of a mapping by the entries of their values. These entries come last and
    /// never replace another entry.
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
