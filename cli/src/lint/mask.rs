//! Masks secrets in workflow files, so that no excerpt copies them into a log.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::redact::credentials_in;
use slug_workflow::model::Workflow;

/// The text with every literal value of these variables, and every credential, masked. Each byte
/// is replaced by one byte, so that byte offsets stay valid.
#[must_use]
pub fn masked(text: &str, workflow: Option<&Workflow>, keys: &BTreeSet<&str>) -> String {
    let mut ranges: Vec<Range<usize>> = keys.iter().flat_map(|key| assigned(text, key)).collect();
    for layer in workflow.into_iter().flat_map(Workflow::env_layers) {
        for entry in layer.entries().iter().filter(|entry| keys.contains(entry.name.as_str())) {
            match text.get(entry.value_span.clone()) {
                Some(written) if entry.value.contains("${{") => {
                    ranges.extend(literals(written, entry.value_span.start, true));
                }
                _ => ranges.push(entry.value_span.clone()),
            }
        }
    }
    ranges.extend(credentials_in(text));
    ranges.sort_by_key(|range| range.start);
    let mut masked_text = String::new();
    let mut done = 0;
    for Range { start, end } in ranges {
        let (start, end) = (start.max(done), end.max(done));
        masked_text.push_str(&text[done..start]);
        masked_text.extend(
            text[start..end].bytes().map(|byte| if byte.is_ascii_whitespace() { char::from(byte) } else { '*' }),
        );
        done = end;
    }
    masked_text + &text[done..]
}

/// True if a literal between these parts of an expression is only compared with a value, so that it
/// cannot become the value of a variable.
fn is_compared(before: &str, after: &str) -> bool {
    let (before, after) = (before.trim_end(), after.trim_start());
    ["==", "!="].iter().any(|sign| before.ends_with(sign) || after.starts_with(sign))
}

/// The byte ranges of string literals that are not compared, without quotes, in the expressions of a value that starts
/// at byte `start`. Quotes are doubled inside a single-quoted YAML scalar.
fn literals(written: &str, start: usize, is_yaml: bool) -> Vec<Range<usize>> {
    let quote = if is_yaml && written.starts_with('\'') { "''" } else { "'" };
    let mut literals = Vec::new();
    for (open, _) in written.match_indices("${{") {
        let end = written[open..].rfind("}}").map_or(written.len(), |end| open + end);
        let mut at = open;
        for (number, piece) in written[open..end].split(quote).enumerate() {
            let before = &written[open..at.max(open + quote.len()) - quote.len()];
            let after = written.get(at + piece.len() + quote.len()..).unwrap_or_default();
            if number % 2 == 1 && !is_compared(before, after) {
                literals.push(start + at..start + at + piece.len());
            }
            at += piece.len() + quote.len();
        }
    }
    literals
}

/// The byte ranges of literal values after `NAME=` or `NAME:`. Of computed values, only string
/// literals in expressions are included.
fn assigned<'t>(text: &'t str, name: &'t str) -> impl Iterator<Item = Range<usize>> + 't {
    text.match_indices(name).flat_map(move |(at, _)| {
        let is_inside = |c: char| c == '_' || c.is_ascii_alphanumeric();
        let after = &text[at + name.len()..];
        if text[..at].ends_with(is_inside) || after.starts_with(is_inside) {
            return Vec::new();
        }
        let sign = after.trim_start_matches(['"', '\'', ' ']);
        let value = match sign.strip_prefix('=') {
            Some(value) => value,
            None => match sign.strip_prefix(':') {
                Some(value) => value.trim_start_matches([' ', '\t']),
                None => return Vec::new(),
            },
        };
        let start = text.len() - value.len();
        let line = value.lines().next().unwrap_or_default();
        if line.trim_start_matches(['"', '\'']).starts_with("${{") {
            return literals(line, start, !sign.starts_with('='));
        }
        let end = match value.chars().next().unwrap_or('$') {
            quote @ ('"' | '\'') => value[1..].find([quote, '\n']).map_or(value.len(), |end| end + 1),
            '$' => 0,
            _ => value.find(['\n', '\r', ' ', ';', '"', '\'', ',', '}']).unwrap_or(value.len()),
        };
        let is_computed = value[..end].contains('$');
        (!is_computed).then_some(start..start + end).into_iter().collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use slug_workflow::document;

    #[test]
    fn literal_values_of_keys_are_masked() {
        let keys = BTreeSet::from(["KEY"]);
        for (text, expected) in [
            ("env:\n  KEY: höhe # c\n  KEY_2: x", "env:\n  KEY: ***** # c\n  KEY_2: x"),
            ("env:\n  KEY: |\n    a b\n    c\n  B: x", "env:\n  KEY: *\n    * *\n    *\n  B: x"),
            ("env: {KEY: abc, B: x}", "env: {KEY: ***, B: x}"),
            ("env:\n  KEY: ${{ secrets.KEY }}", "env:\n  KEY: ${{ secrets.KEY }}"),
            ("env:\n  KEY: ${{ secrets.K || 'sk-é' }} # c", "env:\n  KEY: ${{ secrets.K || '*****' }} # c"),
            ("env:\n  KEY: '${{ secrets.K || ''sk'' }}'", "env:\n  KEY: '${{ secrets.K || ''**'' }}'"),
            ("env:\n  KEY: ${{ m == 'ab' && 'ef' || '' }}", "env:\n  KEY: ${{ m == 'ab' && '**' || '' }}"),
            ("env:\n  KEY: '${{ ''ab'' != m && ''ef'' }}'", "env:\n  KEY: '${{ ''ab'' != m && ''**'' }}'"),
            ("run: KEY=${{ m == 'ab' && 'ef' }} f", "run: KEY=${{ m == 'ab' && '**' }} f"),
            ("env: {KEY: \"${{ x && 'a b' || 'c' }}\", B: 'x'}", "env: {KEY: \"${{ x && '* *' || '*' }}\", B: 'x'}"),
            ("run: KEY=${{ secrets.K || 'sk' }} f 'x'", "run: KEY=${{ secrets.K || '**' }} f 'x'"),
            ("run: KEY=abc KEY='d e' KEY=$X MY_KEY=x f", "run: KEY=*** KEY=** *' KEY=$X MY_KEY=x f"),
        ] {
            let workflow = document::read(text).ok().map(|root| Workflow::of(&root));
            assert_eq!(masked(text, workflow.as_ref(), &keys), expected);
        }
    }
}
