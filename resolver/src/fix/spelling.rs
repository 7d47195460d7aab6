//! Other spellings of a slug: ids that probably mean the same model.

use std::collections::HashSet;

use crate::limits;
use crate::registry::Registry;

/// Returns ids that a slug may have been meant to be, most likely first.
///
/// These are, for the providers of the runtime, `NAME/slug` and `NAME:slug`, the slug without its
/// first segment, and the listed ids that are one edit away under the same prefix or that have the
/// same last segment. Ids with the first segment of the slug come first, then the most similar.
pub(super) fn other_spellings(registry: &Registry, runtime: &str, slug: &str) -> Vec<String> {
    let slug = slug.trim();
    let Some(runtime) = registry.runtime(runtime).filter(|_| !slug.is_empty() && slug.len() <= COMPARED) else {
        return Vec::new();
    };
    let mut spellings = Vec::new();
    for arm in &runtime.arms {
        spellings.push(format!("{}/{slug}", arm.provider));
        spellings.push(format!("{}:{slug}", arm.provider));
    }
    spellings.extend(slug.split_once(SEPARATORS).map(|(_, rest)| rest.to_owned()));
    let listed = runtime.arms.iter().flat_map(|arm| &arm.models).filter(|id| id.len() <= COMPARED);
    spellings.extend(listed.filter(|id| is_similar(id, slug)).cloned());

    let mut seen = HashSet::new();
    spellings.retain(|spelling| !spelling.is_empty() && spelling != slug && seen.insert(spelling.clone()));
    spellings.sort_by_cached_key(|spelling| {
        (first_segment(spelling) != first_segment(slug), strsim::osa_distance(spelling, slug))
    });
    spellings.truncate(limits::FIX_SPELLINGS);
    spellings
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
