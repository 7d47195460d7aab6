//! The listed ids of a runtime by their segments.

use std::hash::BuildHasher;

use hashbrown::DefaultHashBuilder;

use super::document::Runtime;

/// The characters that separate the segments of an id.
pub(crate) const SEPARATORS: [char; 2] = ['/', ':'];

/// Splits an id before its last segment.
pub(crate) fn split_last(id: &str) -> (&str, &str) {
    // Separators are ASCII characters, and a search for bytes is much faster.
    match id.bytes().rposition(|byte| SEPARATORS.contains(&char::from(byte))) {
        Some(at) => (&id[..at], &id[at + 1..]),
        None => ("", id),
    }
}

/// An index of the ids that the arms of one runtime list. It finds the ids that share the last segment
/// with a slug, or all other segments, without looking at the others.
#[derive(Clone)]
pub(super) struct Segments {
    hasher: DefaultHashBuilder,
    /// By the last segment.
    last: Box<[Entry]>,
    /// By the segments before the last one and the number of characters in the last one.
    prefix: Box<[Entry]>,
    /// For each arm, the position of its first id among the ids of all arms.
    arms: Box<[u32]>,
}

/// A part of the hash of a key, and the position of an id among the ids of all arms. Sorted; ids with
/// different keys can have one hash.
type Entry = (u32, u32);

impl Segments {
    pub(super) fn new(runtime: &Runtime) -> Self {
        let hasher = DefaultHashBuilder::default();
        let count = runtime.arms.iter().map(|arm| arm.models.len()).sum();
        let (mut last, mut prefix) = (Vec::with_capacity(count), Vec::with_capacity(count));
        let mut arms = Vec::with_capacity(runtime.arms.len());
        let mut position = 0;
        for arm in &runtime.arms {
            arms.push(position);
            for id in &arm.models {
                let (id_prefix, id_last) = split_last(id);
                last.push((hash(&hasher, id_last), position));
                prefix.push((hash(&hasher, (id_prefix, id_last.chars().count())), position));
                position += 1;
            }
        }
        last.sort_unstable();
        prefix.sort_unstable();
        Self { hasher, last: last.into(), prefix: prefix.into(), arms: arms.into() }
    }

    /// The ids that have the last segment of a slug, and the ids that have its other segments and a last
    /// segment that is at most one character longer or shorter, in declared order; and some other ids.
    pub(super) fn around<'r>(&self, runtime: &'r Runtime, slug: &str) -> impl Iterator<Item = &'r String> {
        let (prefix, last) = split_last(slug);
        let length = last.chars().count();
        let lengths = length.saturating_sub(1)..=length + 1;
        let by_prefix = lengths.flat_map(|length| with(&self.prefix, hash(&self.hasher, (prefix, length))));
        let by_last = with(&self.last, hash(&self.hasher, last));
        let mut positions: Vec<u32> = by_last.iter().chain(by_prefix).map(|(_, position)| *position).collect();
        positions.sort_unstable();
        positions.dedup();
        positions.into_iter().map(|position| {
            // Arms without ids begin at the same position as the next arm.
            let arm = self.arms.partition_point(|first| *first <= position) - 1;
            &runtime.arms[arm].models[(position - self.arms[arm]) as usize]
        })
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a part of the hash distinguishes most keys")]
fn hash(hasher: &DefaultHashBuilder, key: impl std::hash::Hash) -> u32 {
    hasher.hash_one(key) as u32
}

/// The entries with a hash.
fn with(entries: &[Entry], hash: u32) -> &[Entry] {
    let rest = &entries[entries.partition_point(|(other, _)| *other < hash)..];
    &rest[..rest.partition_point(|(other, _)| *other == hash)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Arm;

    #[test]
    fn ids_around_a_slug_are_found_in_declared_order() {
        let arm = |ids: &[&str]| Arm { models: ids.iter().map(|id| (*id).to_owned()).collect(), ..Arm::default() };
        let arms = vec![arm(&[]), arm(&["a/xyz", "b:x", "q"]), arm(&[]), arm(&["a/y", "x", "a:xy", "a/"])];
        let runtime = Runtime { arms, ..Runtime::default() };
        let found: Vec<&str> = Segments::new(&runtime).around(&runtime, "a/x").map(String::as_str).collect();
        assert_eq!(found, ["b:x", "a/y", "x", "a:xy", "a/"]);
    }
}
