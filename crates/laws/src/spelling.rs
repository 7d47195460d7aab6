//! Other spellings of a slug, computed from the specification.

use std::collections::BTreeSet;

use slug_resolver::registry::Arm;
use slug_resolver::{Registry, limits};

use crate::model_classes::ModelClasses;
use crate::reference::platform_pays;

/// Other spellings of a slug.
pub(crate) struct Spellings {
    /// The ids that the slug may have been meant to be, most likely first.
    pub(crate) ids: Vec<String>,
    /// The number of ids that the runtime lists; they come first.
    pub(crate) listed: usize,
    /// The providers of the listed ids that are most similar.
    pub(crate) closest: Vec<String>,
}

/// A text in lower case without separators.
fn plain(text: &str) -> String {
    let parts = text.split(['/', ':', '.', '-', '_', ' ']);
    parts.flat_map(str::chars).flat_map(char::to_lowercase).collect()
}

/// The parts of an id in lower case without separators.
pub(crate) struct PlainId {
    whole: String,
    /// The segments before the last one.
    before: String,
    last: String,
}

impl PlainId {
    fn of(id: &str) -> Self {
        let (before, last) = split_last(id);
        Self { whole: plain(id), before: plain(before), last: plain(last) }
    }
}

/// An arm in lower case without separators.
pub(crate) struct PlainArm {
    provider: String,
    /// The listed ids.
    ids: Vec<PlainId>,
}

/// The arms of every runtime, in the order of the registry.
pub(crate) fn plain_arms(registry: &Registry) -> Vec<Vec<PlainArm>> {
    let of_arm = |arm: &Arm| PlainArm {
        provider: plain(&arm.provider),
        ids: arm.models.iter().map(|id| PlainId::of(id)).collect(),
    };
    registry.runtimes().iter().map(|runtime| runtime.arms.iter().map(of_arm).collect()).collect()
}

/// The ids that a slug may have been meant to be: the listed ids that are similar; and, for a slug without such ids
/// that no arm of any runtime lists and the runtime has not withdrawn, the slug without its first segment, and the
/// slug after `/` or `:` and the name of each provider that needs a credential. If a pattern matches the slug or its
/// first segment is a provider, only names with which the slug begins count.
pub(crate) fn other_spellings(
    registry: &Registry,
    classes: &ModelClasses,
    plain_arms: &[Vec<PlainArm>],
    name: &str,
    slug: &str,
) -> Spellings {
    let slug = slug.trim();
    let none = Spellings { ids: Vec::new(), listed: 0, closest: Vec::new() };
    let mut runtimes = registry.runtimes().iter().zip(plain_arms);
    let Some((runtime, plain_arms)) = runtimes.find(|(known, _)| known.name == name) else { return none };
    if slug.is_empty() || slug.len() > 256 {
        return none;
    }
    let provider_of = |name: &str| registry.providers().iter().find(|provider| provider.name == name);
    let needs_credential =
        |name: &str| provider_of(name).is_some_and(|it| !platform_pays(it) && !it.auth_env.names().is_empty());
    let is_keyless =
        |name: &str| provider_of(name).is_some_and(|it| !platform_pays(it) && it.auth_env.names().is_empty());
    let mut similar = Vec::new();
    let plain_slug = PlainId::of(slug);
    for (arm, PlainArm { provider, ids }) in runtime.arms.iter().zip(plain_arms) {
        for (id, plain_id) in arm.models.iter().zip(ids) {
            if let Some(likeness) = likeness(provider, plain_id, &plain_slug).filter(|_| id.len() <= 256 && id != slug)
            {
                let keyless = is_keyless(&arm.provider);
                let key = (likeness, keyless, first_segment(id) != first_segment(slug), distance(id, slug));
                similar.push((key, arm.provider.clone(), id.clone()));
            }
        }
    }
    similar.sort_by_key(|(key, ..)| *key);
    let best = similar.first().map(|(key, ..)| key.0);
    let is_best = |(key, ..): &&((u8, bool, bool, usize), String, String)| Some(key.0) == best;
    let closest = similar.iter().filter(is_best).map(|(_, provider, _)| provider.clone()).collect();

    let mut ids: Vec<String> = Vec::new();
    let mut seen = BTreeSet::new();
    ids.extend(similar.into_iter().map(|(.., id)| id).filter(|id| seen.insert(id.clone())));
    let listed = ids.len().min(limits::FIX_SPELLINGS);
    if ids.is_empty() && !classes.is_listed(slug) && classes.withdrawing(name, slug).is_empty() {
        let is_known =
            provider_of(first_segment(slug)).is_some() || !classes.candidates(registry, name, slug).is_empty();
        for arm in runtime.arms.iter().filter(|arm| !is_known || slug.starts_with(&arm.provider)) {
            if needs_credential(&arm.provider) {
                ids.push(arm.provider.clone() + "/" + slug);
                ids.push(arm.provider.clone() + ":" + slug);
            }
        }
        if let Some(at) = slug.find(['/', ':']) {
            ids.push(slug[at + 1..].to_owned());
        }
        ids.retain(|id| !id.is_empty() && id != slug && seen.insert(id.clone()));
        ids.sort_by_cached_key(|id| (first_segment(id) != first_segment(slug), distance(id, slug)));
    }
    ids.truncate(limits::FIX_SPELLINGS);
    Spellings { ids, listed, closest }
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

/// How similar an id is to a slug: 0 if they differ only in case and separators; 1 if, apart from these, they have
/// the same last segment, with or without the name of the provider before it; 2 if, apart from these, one edit of the
/// last segment makes them equal. `provider` is in lower case without separators.
fn likeness(provider: &str, id: &PlainId, slug: &PlainId) -> Option<u8> {
    if id.whole == slug.whole && !id.whole.is_empty() {
        return Some(0);
    }
    // Comparing the lengths first distinguishes most texts.
    let is_named = |with: &str, without: &str| {
        !without.is_empty()
            && with.len() == provider.len() + without.len()
            && with.strip_prefix(provider) == Some(without)
    };
    let (one, other) = (id.last.as_str(), slug.last.as_str());
    if one == other && !other.is_empty() || is_named(one, other) || is_named(other, one) {
        return Some(1);
    }
    (id.before == slug.before && is_one_edit(one, other)).then_some(2)
}

fn is_one_edit(one: &str, other: &str) -> bool {
    // An edit adds at most one character, which has at most four bytes, and changes at most two neighbouring
    // characters, so the rest of both texts is the same. This distinguishes most texts without a table.
    if one.len().abs_diff(other.len()) > 4 {
        return false;
    }
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
