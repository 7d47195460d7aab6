//! Other spellings of a slug, computed from the specification.

use std::collections::BTreeSet;

use slug_resolver::{Provider, Registry, limits};

use crate::model_classes::ModelClasses;
use crate::reference::platform_pays;

/// The ids that a slug may have been meant to be, most likely first: the listed ids with the same last
/// segment, or with the same segments before and a last segment one edit away; and, for a slug that no
/// arm of any runtime lists, the slug after the name of each provider that needs a credential and `/` or `:`, and the
/// slug without its first segment.
pub(crate) fn other_spellings(registry: &Registry, classes: &ModelClasses, runtime: &str, slug: &str) -> Vec<String> {
    let slug = slug.trim();
    let Some(runtime) = registry.runtimes().iter().find(|known| known.name == runtime) else { return Vec::new() };
    if slug.is_empty() || slug.len() > 256 {
        return Vec::new();
    }
    let ids = runtime.arms.iter().flat_map(|arm| &arm.models).filter(|id| id.len() <= 256);
    let parts = split_last(slug);
    let mut all: Vec<String> = ids.filter(|id| are_similar(split_last(id), parts)).cloned().collect();
    let listed: BTreeSet<String> = all.iter().cloned().collect();
    if !classes.is_listed(slug) {
        let needs_credential = |provider: &&Provider| !platform_pays(provider) && !provider.auth_env.names().is_empty();
        let needing = registry.providers().iter().filter(needs_credential);
        let needing: BTreeSet<&str> = needing.map(|provider| provider.name.as_str()).collect();
        for arm in runtime.arms.iter().filter(|arm| needing.contains(arm.provider.as_str())) {
            all.push(arm.provider.clone() + "/" + slug);
            all.push(arm.provider.clone() + ":" + slug);
        }
        if let Some(at) = slug.find(['/', ':']) {
            all.push(slug[at + 1..].to_owned());
        }
    }
    let mut seen = BTreeSet::new();
    let mut kept = all;
    kept.retain(|id| !id.is_empty() && id != slug && seen.insert(id.clone()));
    let key = |id: &String| (!listed.contains(id), first_segment(id) != first_segment(slug), distance(id, slug));
    kept.sort_by_cached_key(key);
    kept.truncate(limits::FIX_SPELLINGS);
    kept
}

/// Sorts ids by their similarity with a slug that no arm serves: those with its first segment come
/// first, then those with the fewest edits between.
pub(crate) fn sort_by_similarity(ids: &mut [String], slug: &str) {
    let slug = slug.trim();
    if slug.is_empty() || slug.len() > 256 {
        return;
    }
    let edits = |id: &str| if id.len() > 256 { usize::MAX } else { distance(id, slug) };
    ids.sort_by_cached_key(|id| (first_segment(id) != first_segment(slug), edits(id)));
}

/// The first segment of an id that has several, else nothing.
pub(crate) fn first_segment(id: &str) -> &str {
    id.find(['/', ':']).map_or("", |at| &id[..at])
}

/// The segments before the last one, without the separator, and the last one.
fn split_last(id: &str) -> (&str, &str) {
    match id.bytes().rposition(|byte| byte == b'/' || byte == b':') {
        Some(at) => (&id[..at], &id[at + 1..]),
        None => ("", id),
    }
}

/// Returns true for ids with the same last segment, and for ids that are one edit apart in it. All other spellings
/// of a slug are similar to it.
pub(crate) fn is_similar(id: &str, slug: &str) -> bool {
    are_similar(split_last(id), split_last(slug))
}

fn are_similar((id_before, id_last): (&str, &str), (before, last): (&str, &str)) -> bool {
    id_last == last || id_before == before && is_one_edit(id_last, last)
}

fn is_one_edit(one: &str, other: &str) -> bool {
    // An edit changes at most two neighbouring characters, so the rest of both texts is the same. This
    // distinguishes most texts without a table.
    let same = |pairs: &mut dyn Iterator<Item = (char, char)>| pairs.take_while(|(a, b)| a == b).count();
    let before = same(&mut one.chars().zip(other.chars()));
    let after = same(&mut one.chars().rev().zip(other.chars().rev()));
    let longer = one.chars().count().max(other.chars().count());
    before + after + 2 >= longer && distance(one, other) == 1
}

/// The number of edits between two texts: insertions, deletions, substitutions and exchanges of
/// neighbours, with no part edited twice.
fn distance(one: &str, other: &str) -> usize {
    if one.ends_with(other) || other.ends_with(one) {
        // No fewer insertions than the difference in length, and these are enough.
        return one.chars().count().abs_diff(other.chars().count());
    }
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    // One allocation, because many texts are compared.
    let row = other.len() + 1;
    let mut table = vec![0; (one.len() + 1) * row];
    for i in 0..=one.len() {
        for j in 0..=other.len() {
            table[i * row + j] = match (i, j) {
                (0, _) => j,
                (_, 0) => i,
                _ => {
                    let changed = table[(i - 1) * row + j - 1] + usize::from(one[i - 1] != other[j - 1]);
                    let mut least = changed.min(table[(i - 1) * row + j] + 1).min(table[i * row + j - 1] + 1);
                    if i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1] {
                        least = least.min(table[(i - 2) * row + j - 2] + 1);
                    }
                    least
                }
            };
        }
    }
    table[one.len() * row + other.len()]
}
