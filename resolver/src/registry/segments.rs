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

/// Returns a text without what writers of ids confuse: the case of letters, and separators of any kind.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for kept in text.chars().filter(|c| !matches!(c, '/' | ':' | '.' | '-' | '_' | ' ')) {
        if kept.is_ascii() {
            folded.push(kept.to_ascii_lowercase());
        } else {
            folded.extend(kept.to_lowercase());
        }
    }
    folded
}

/// An id in folded form.
#[derive(Debug)]
pub(crate) struct Folded {
    pub(crate) whole: String,
    /// The segments before the last one.
    pub(crate) prefix: String,
    pub(crate) last: String,
}

impl Folded {
    pub(crate) fn new(id: &str) -> Self {
        let (prefix, last) = split_last(id);
        let (prefix, last) = (fold(prefix), fold(last));
        Self { whole: format!("{prefix}{last}"), prefix, last }
    }
}

/// An index of the ids that the arms of one runtime list, by parts of their folded forms. It finds the ids
/// that are similar to a slug without looking at the others.
#[derive(Clone)]
pub(super) struct Segments {
    hasher: DefaultHashBuilder,
    /// By the whole id.
    whole: Box<[Entry]>,
    /// By the last segment, and by the last segment without the name of the provider before it.
    last: Box<[Entry]>,
    /// By the segments before the last one and the number of characters in the last one.
    prefix: Box<[Entry]>,
    /// For each arm, the position of its first id among the ids of all arms.
    arms: Box<[u32]>,
    /// For each arm, the folded name of its provider.
    names: Box<[String]>,
}

/// A part of the hash of a key, and the position of an id among the ids of all arms. Sorted; ids with
/// different keys can have one hash.
type Entry = (u32, u32);

impl Segments {
    pub(super) fn new(runtime: &Runtime) -> Self {
        let hasher = DefaultHashBuilder::default();
        let count = runtime.arms.iter().map(|arm| arm.models.len()).sum();
        let [mut whole, mut last, mut prefix] = [(); 3].map(|()| Vec::with_capacity(count));
        let names: Box<[String]> = runtime.arms.iter().map(|arm| fold(&arm.provider)).collect();
        let mut arms = Vec::with_capacity(runtime.arms.len());
        let mut position = 0;
        for (arm, name) in runtime.arms.iter().zip(&names) {
            arms.push(position);
            for id in &arm.models {
                let id = Folded::new(id);
                whole.push((hash(&hasher, id.whole.as_str()), position));
                last.push((hash(&hasher, id.last.as_str()), position));
                last.extend(id.last.strip_prefix(name.as_str()).map(|rest| (hash(&hasher, rest), position)));
                prefix.push((hash(&hasher, (id.prefix.as_str(), id.last.chars().count())), position));
                position += 1;
            }
        }
        [&mut whole, &mut last, &mut prefix].into_iter().for_each(|entries| entries.sort_unstable());
        Self { hasher, whole: whole.into(), last: last.into(), prefix: prefix.into(), arms: arms.into(), names }
    }

    /// The folded name of the provider of an arm.
    pub(super) fn name(&self, arm: usize) -> &str {
        &self.names[arm]
    }

    /// The ids whose folded form is that of a slug, or has its last segment, with or without the name of the provider
    /// before one of the two, and the ids that have its other segments and a last segment that is at most one
    /// character longer or shorter, in declared order; and some other ids. An id is given by the positions of its arm
    /// and of the id in the arm.
    pub(super) fn around<'s>(&'s self, slug: &Folded) -> impl Iterator<Item = (usize, usize)> + use<'s> {
        let length = slug.last.chars().count();
        let lengths = length.saturating_sub(1)..=length + 1;
        let by_prefix =
            lengths.flat_map(|length| with(&self.prefix, hash(&self.hasher, (slug.prefix.as_str(), length))));
        let without_name = self.names.iter().filter_map(|name| slug.last.strip_prefix(name.as_str()));
        let last = without_name.chain([slug.last.as_str()]);
        let by_last = last.flat_map(|last| with(&self.last, hash(&self.hasher, last)));
        let by_whole = with(&self.whole, hash(&self.hasher, slug.whole.as_str()));
        let mut positions: Vec<u32> =
            by_whole.iter().chain(by_last).chain(by_prefix).map(|(_, position)| *position).collect();
        positions.sort_unstable();
        positions.dedup();
        positions.into_iter().map(|position| {
            // Arms without ids begin at the same position as the next arm.
            let arm = self.arms.partition_point(|first| *first <= position) - 1;
            (arm, (position - self.arms[arm]) as usize)
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
        let arm = |provider: &str, ids: &[&str]| {
            let models = ids.iter().map(|id| (*id).to_owned()).collect();
            Arm { provider: provider.to_owned(), models, ..Arm::default() }
        };
        let arms = vec![
            arm("N-o", &[]),
            arm("Q.", &["a/xyz", "b:x", "q", "c/q-x"]),
            arm("none", &[]),
            arm("z", &["A.y/Z", "a/y", "X", "a:xy", "ax", "a/", "c/q-x"]),
        ];
        let runtime = Runtime { arms, ..Runtime::default() };
        let segments = Segments::new(&runtime);
        let found = |slug: &str| -> Vec<&str> {
            let found = segments.around(&Folded::new(slug));
            found.map(|(arm, model)| runtime.arms[arm].models[model].as_str()).collect()
        };
        assert_eq!(found("a/x"), ["b:x", "c/q-x", "a/y", "X", "a:xy", "ax", "a/"]);
        assert_eq!(found("AY-z"), ["A.y/Z", "ax"]);
        assert_eq!(found("n_o.Q"), ["q", "ax"]);
        assert_eq!(segments.name(1), "q");
    }
}
