//! Merge keys, which are not part of YAML 1.2 and which forges apply.

use std::collections::HashSet;

use crate::tree::{Node, Style, Value};

/// Whether a key merges the entries of other mappings into its own.
pub(crate) fn is_merge_key(node: &Node) -> bool {
    node.style == Style::Plain && matches!(&node.value, Value::String(text) if text == "<<")
}

impl Node {
    /// Applies the merge keys of a mapping: what they bring along comes last, and never in place
    /// of a key that is written out.
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
            let brought = sources.into_iter().filter_map(|source| match source.value {
                Value::Mapping(entries) => Some(entries),
                _ => None,
            });
            kept.extend(brought.flatten().filter(|(key, _)| names.insert(key.value.as_key())));
        }
        *entries = kept;
    }
}
