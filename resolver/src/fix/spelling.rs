//! Other spellings of a slug: ids that probably mean the same model.

use std::collections::HashSet;

use crate::limits;
use crate::registry::Registry;

/// Returns ids that a slug may have been meant to be, most likely first.
///
/// These are the listed ids that are one edit away under the same prefix or that have the same last
/// segment. If no arm of any runtime lists the slug, they are also `NAME/slug` and `NAME:slug` for the providers for
/// which the platform does not pay, and the slug without its first segment. Listed ids come first,
/// then ids with the first segment of the slug, then the most similar.
///
/// No id is made up for a slug that an arm lists, because the writer named that vendor's model, nor
/// for the platform, because that would change who pays.
pub(super) fn other_spellings(registry: &Registry, runtime: &str, slug: &str) -> Vec<String> {
    let slug = slug.trim();
    let Some(runtime) = registry.runtime(runtime).filter(|_| !slug.is_empty() && slug.len() <= COMPARED) else {
        return Vec::new();
    };
    let ids = || runtime.arms.iter().flat_map(|arm| &arm.models);
    let listed: Vec<String> = ids().filter(|id| id.len() <= COMPARED && is_similar(id, slug)).cloned().collect();
    let mut unlisted = Vec::new();
    let mut all_arms = registry.runtimes().iter().flat_map(|runtime| &runtime.arms);
    if !all_arms.any(|arm| arm.models.iter().any(|id| id == slug)) {
        let tenant_pays = |name: &str| registry.provider(name).is_some_and(|provider| !provider.is_platform());
        for arm in runtime.arms.iter().filter(|arm| tenant_pays(&arm.provider)) {
            unlisted.extend(SEPARATORS.map(|separator| format!("{}{separator}{slug}", arm.provider)));
        }
        unlisted.extend(slug.split_once(SEPARATORS).map(|(_, rest)| rest.to_owned()));
    }

    let mut seen = HashSet::new();
    let both = [(false, listed), (true, unlisted)].into_iter();
    let all = both.flat_map(|(is_unlisted, ids)| ids.into_iter().map(move |id| (is_unlisted, id)));
    let mut spellings: Vec<(bool, String)> =
        all.filter(|(_, id)| !id.is_empty() && id != slug && seen.insert(id.clone())).collect();
    spellings.sort_by_cached_key(|(is_unlisted, id)| {
        (*is_unlisted, first_segment(id) != first_segment(slug), strsim::osa_distance(id, slug))
    });
    spellings.truncate(limits::FIX_SPELLINGS);
    spellings.into_iter().map(|(_, id)| id).collect()
}

/// The listed ids in the order of their similarity with a slug that the runtime does not serve: ids
/// with its first segment, then the smallest distance. An empty or long slug keeps the order.
pub(super) fn most_similar_first<'a>(listed: &[&'a str], slug: &str) -> Vec<&'a str> {
    let slug = slug.trim();
    let mut listed = listed.to_vec();
    if !slug.is_empty() && slug.len() <= COMPARED {
        listed.sort_by_cached_key(|id| {
            let distance = if id.len() <= COMPARED { strsim::osa_distance(id, slug) } else { usize::MAX };
            (first_segment(id) != first_segment(slug), distance)
        });
    }
    listed
}

/// The characters that separate the segments of an id.
const SEPARATORS: [char; 2] = ['/', ':'];

/// The length in bytes up to which ids are compared; comparing takes quadratic time.
const COMPARED: usize = 256;

/// The first segment of an id that has several; empty for an id with one segment.
pub(super) fn first_segment(id: &str) -> &str {
    id.split_once(SEPARATORS).map_or("", |(first, _)| first)
}

/// Splits an id before its last segment.
fn split_last(id: &str) -> (&str, &str) {
    id.rsplit_once(SEPARATORS).unwrap_or(("", id))
}

/// Returns true for ids with the same last segment, and for ids that are one edit apart in it.
fn is_similar(id: &str, slug: &str) -> bool {
    let ((prefix, last), (slug_prefix, slug_last)) = (split_last(id), split_last(slug));
    last == slug_last
        || prefix == slug_prefix
            && last.len().abs_diff(slug_last.len()) <= 4
            && strsim::osa_distance(last, slug_last) == 1
}
