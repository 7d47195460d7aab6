//! Finds the names of targets in a text.

use super::syntax::Span;

/// Finds the file names of targets in a text, whatever the directory before them. Returns the
/// index of the target and the span of the name.
pub fn find_targets<'t>(text: &'t str, targets: &'t [&'t str]) -> impl Iterator<Item = (usize, Span)> + 't {
    targets.iter().enumerate().flat_map(move |(target, path)| {
        let name = path.rsplit('/').next().unwrap_or(path);
        let is_inside = |sign: char| sign.is_alphanumeric() || matches!(sign, '_' | '-' | '.');
        text.match_indices(name).filter_map(move |(at, _)| {
            let is_whole_name = !text[..at].ends_with(is_inside) && !text[at + name.len()..].starts_with(is_inside);
            is_whole_name.then(|| (target, at..at + name.len()))
        })
    })
}
