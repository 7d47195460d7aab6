//! Secrets that stand in a workflow file: no excerpt may carry them into a log.

use std::collections::BTreeSet;
use std::ops::Range;

use super::repository::layers;
use crate::workflow::model::{EnvLayer, Workflow};

/// The text with every literal value of these variables covered, byte for byte, so that
/// every place in it stays where it is.
#[must_use]
pub fn masked(text: &str, workflow: Option<&Workflow>, keys: &BTreeSet<&str>) -> String {
    let mut ranges: Vec<Range<usize>> = keys.iter().flat_map(|key| assigned(text, key)).collect();
    for layer in workflow.into_iter().flat_map(layers) {
        let EnvLayer::Entries(entries) = layer else { continue };
        let literals =
            entries.iter().filter(|entry| keys.contains(entry.name.as_str()) && !entry.value.contains("${{"));
        ranges.extend(literals.map(|entry| entry.value_span.clone()));
    }
    ranges.sort_by_key(|range| range.start);
    let mut covered = String::new();
    let mut done = 0;
    for Range { start, end } in ranges {
        let (start, end) = (start.max(done), end.max(done));
        covered.push_str(&text[done..start]);
        covered.extend(
            text[start..end].bytes().map(|byte| if byte.is_ascii_whitespace() { char::from(byte) } else { '*' }),
        );
        done = end;
    }
    covered + &text[done..]
}

/// What stands behind `NAME=`, or `NAME:` on a line of its own, unless it is computed.
fn assigned<'t>(text: &'t str, name: &'t str) -> impl Iterator<Item = Range<usize>> + 't {
    text.match_indices(name).filter_map(move |(at, _)| {
        let is_inside = |c: char| c == '_' || c.is_ascii_alphanumeric();
        let behind = &text[at + name.len()..];
        if text[..at].ends_with(is_inside) || behind.starts_with(is_inside) {
            return None;
        }
        let sign = behind.trim_start_matches(['"', '\'', ' ']);
        let value = match sign.strip_prefix('=') {
            Some(value) => value,
            None => sign.strip_prefix(':')?.trim_start_matches([' ', '\t']),
        };
        let start = text.len() - value.len();
        let end = match value.chars().next()? {
            quote @ ('"' | '\'') => value[1..].find([quote, '\n']).map_or(value.len(), |end| end + 1),
            '$' => 0,
            _ => value.find(['\n', '\r', ' ', ';', '"', '\'', ',', '}']).unwrap_or(value.len()),
        };
        let is_computed = value[..end].contains('$');
        (!is_computed).then_some(start..start + end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::document;

    #[test]
    fn literal_values_of_keys_are_covered_wherever_they_stand() {
        let keys = BTreeSet::from(["KEY"]);
        for (text, expected) in [
            ("env:\n  KEY: höhe # c\n  KEY_2: x", "env:\n  KEY: ***** # c\n  KEY_2: x"),
            ("env:\n  KEY: |\n    a b\n    c\n  B: x", "env:\n  KEY: *\n    * *\n    *\n  B: x"),
            ("env: {KEY: abc, B: x}", "env: {KEY: ***, B: x}"),
            ("env:\n  KEY: ${{ secrets.KEY }}", "env:\n  KEY: ${{ secrets.KEY }}"),
            ("run: KEY=abc KEY='d e' KEY=$X MY_KEY=x f", "run: KEY=*** KEY=** *' KEY=$X MY_KEY=x f"),
        ] {
            let workflow = document::read(text).ok().map(|root| Workflow::of(&root));
            assert_eq!(masked(text, workflow.as_ref(), &keys), expected);
        }
    }
}
