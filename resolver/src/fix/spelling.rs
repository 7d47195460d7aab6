//! Other spellings of a slug: ids that probably mean the same model.

use std::collections::HashSet;

use crate::limits;
use crate::registry::{Provider, Registry, SEPARATORS, split_last};

/// Returns ids that a slug may have been meant to be, most likely first.
///
/// These are the listed ids that are one edit away under the same prefix or that have the same last
/// segment. If no arm of any runtime lists the slug, they are also `NAME/slug` and `NAME:slug` for the
/// providers that need a credential, and the slug without its first segment. Listed ids come first,
/// then ids with the first segment of the slug, then the most similar.
///
/// No id is made up for a slug that an arm lists, because the writer named that vendor's model, nor
/// for the platform, because that would change who pays, nor for a provider without credentials,
/// because nothing says that the writer uses it.
pub(super) fn other_spellings(registry: &Registry, runtime: &str, slug: &str) -> Vec<String> {
    let slug = slug.trim();
    let Some(handle) = registry.handle(runtime).filter(|_| !slug.is_empty() && slug.len() <= COMPARED) else {
        return Vec::new();
    };
    let parts = split_last(slug);
    let is_compared = |id: &&String| id.len() <= COMPARED && is_similar(split_last(id), parts);
    let listed: Vec<String> = handle.ids_around(slug).filter(is_compared).cloned().collect();
    let mut unlisted = Vec::new();
    let mut handles = registry.runtimes().iter().filter_map(|runtime| registry.handle(&runtime.name));
    if !handles.any(|runtime| runtime.lists(slug)) {
        let needs_key = |provider: &Provider| !provider.is_platform() && !provider.is_keyless();
        let needs_key = |name: &str| registry.provider(name).is_some_and(needs_key);
        for arm in handle.runtime().arms.iter().filter(|arm| needs_key(&arm.provider)) {
            unlisted.extend(SEPARATORS.map(|separator| format!("{}{separator}{slug}", arm.provider)));
        }
        unlisted.extend(slug.split_once(SEPARATORS).map(|(_, rest)| rest.to_owned()));
    }

    let mut seen = HashSet::new();
    let both = [(false, listed), (true, unlisted)].into_iter();
    let all = both.flat_map(|(is_unlisted, ids)| ids.into_iter().map(move |id| (is_unlisted, id)));
    let mut spellings: Vec<(bool, String)> =
        all.filter(|(_, id)| !id.is_empty() && id != slug && seen.insert(id.clone())).collect();
    let length = |text: &str| text.chars().count();
    spellings.sort_by_cached_key(|(is_unlisted, id)| {
        // An id that is made up only adds or removes a prefix, so the lengths say how far it is away.
        let distance = if *is_unlisted { length(id).abs_diff(length(slug)) } else { strsim::osa_distance(id, slug) };
        (*is_unlisted, first_segment(id) != first_segment(slug), distance)
    });
    spellings.truncate(limits::FIX_SPELLINGS);
    spellings.into_iter().map(|(_, id)| id).collect()
}

/// Sorts ids, given by positions, by their similarity with a slug that the runtime does not serve: ids with
/// its first segment come first, then the smallest distance. An empty or long slug keeps the order.
pub(super) fn sort_by_similarity<'a>(positions: &mut [usize], slug: &str, id: impl Fn(usize) -> &'a str) {
    let slug = slug.trim();
    if !slug.is_empty() && slug.len() <= COMPARED {
        positions.sort_by_cached_key(|position| {
            let id = id(*position);
            let distance = if id.len() <= COMPARED { strsim::osa_distance(id, slug) } else { usize::MAX };
            (first_segment(id) != first_segment(slug), distance)
        });
    }
}

/// The length in bytes up to which ids are compared; comparing takes quadratic time.
const COMPARED: usize = 256;

/// The first segment of an id that has several; empty for an id with one segment.
pub(super) fn first_segment(id: &str) -> &str {
    id.split_once(SEPARATORS).map_or("", |(first, _)| first)
}

/// Returns true for ids with the same last segment, and for ids that are one edit apart in it; both are split before
/// the last segment.
fn is_similar((prefix, last): (&str, &str), (slug_prefix, slug_last): (&str, &str)) -> bool {
    last == slug_last || prefix == slug_prefix && is_one_edit(last, slug_last)
}

/// Returns true if one insertion, deletion, substitution or exchange of neighbours turns a text into
/// another.
fn is_one_edit(one: &str, other: &str) -> bool {
    let common = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    let (one, other): (&str, &str) = (&one[common..], &other[common..]);
    let common = one.chars().rev().zip(other.chars().rev()).take_while(|(a, b)| a == b);
    let common: usize = common.map(|(a, _)| a.len_utf8()).sum();
    let (one, other) = (&one[..one.len() - common], &other[..other.len() - common]);
    let mut one = one.chars();
    let mut other = other.chars();
    match [one.next(), one.next(), one.next(), other.next(), other.next(), other.next()] {
        [Some(_), None, _, None, ..] | [None, _, _, Some(_), None, _] | [Some(_), None, _, Some(_), None, _] => true,
        [Some(a), Some(b), None, Some(c), Some(d), None] => a == d && b == c,
        _ => false,
    }
}
