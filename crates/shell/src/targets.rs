//! Where a text names a target.

use super::syntax::Span;

/// Where a text names the file of a target, in whatever directory.
pub fn mentions<'t>(text: &'t str, targets: &'t [&'t str]) -> impl Iterator<Item = (usize, Span)> + 't {
    targets.iter().enumerate().flat_map(move |(target, path)| {
        let name = path.rsplit('/').next().unwrap_or(path);
        let is_inside = |sign: char| sign.is_alphanumeric() || matches!(sign, '_' | '-' | '.');
        text.match_indices(name).filter_map(move |(at, _)| {
            let apart = !text[..at].ends_with(is_inside) && !text[at + name.len()..].starts_with(is_inside);
            apart.then(|| (target, at..at + name.len()))
        })
    })
}
