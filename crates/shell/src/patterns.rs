//! Patterns of `case` and `[[ … ]]`, and of file names.

use std::collections::BTreeSet;

use slug_value::{AbstractValue, Text};

/// A pattern of a shell.
#[derive(Clone, Debug, PartialEq)]
pub enum Pattern {
    /// Its parts, in order.
    Known(Vec<Part>),
    /// A pattern that is computed or has a form that is not interpreted.
    Unknown,
}

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// This character.
    Character(char),
    /// Any character: `?`.
    One,
    /// Any text: `*`.
    Many,
    /// A character in one of these ranges, or in none of them: `[…]`.
    Range { is_negated: bool, ranges: Vec<(char, char)> },
}

impl Pattern {
    /// A pattern without quotes.
    pub fn of_unquoted(text: &str) -> Self {
        let mut pattern = Self::Known(Vec::new());
        pattern.push_unquoted(text);
        pattern
    }

    /// Adds text that stands for itself.
    pub fn push_literal(&mut self, text: &str) {
        if let Self::Known(parts) = self {
            parts.extend(text.chars().map(Part::Character));
        }
    }

    /// Adds text without quotes, in which `*`, `?` and `[…]` are special.
    pub fn push_unquoted(&mut self, text: &str) {
        let Self::Known(parts) = self else { return };
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            rest = &rest[character.len_utf8()..];
            match character {
                '*' | '?' | '@' | '+' | '!' if rest.starts_with('(') => {
                    *self = Self::Unknown;
                    return;
                }
                '*' => parts.push(Part::Many),
                '?' => parts.push(Part::One),
                '[' => match range(rest) {
                    Some((part, after)) => {
                        parts.push(part);
                        rest = after;
                    }
                    None if rest.contains(']') => {
                        *self = Self::Unknown;
                        return;
                    }
                    None => parts.push(Part::Character('[')),
                },
                _ => parts.push(Part::Character(character)),
            }
        }
    }

    /// Whether a text matches the whole pattern, if that is known.
    pub fn matches(&self, text: &str) -> Option<bool> {
        let Self::Known(parts) = self else { return None };
        let text: Vec<char> = text.chars().collect();
        Some(matches(parts, &text))
    }

    /// The text without the part that `%`, `%%`, `#` or `##` removes, if that is known.
    pub fn removed_from(&self, text: &str, operator: &str) -> Option<String> {
        let Self::Known(parts) = self else { return None };
        let characters: Vec<char> = text.chars().collect();
        let count = characters.len();
        let removes_end = operator.starts_with('%');
        let is_longest = operator.len() == 2;
        // From the shortest part to the longest, or the reverse.
        let lengths: Vec<usize> = if is_longest { (0..=count).rev().collect() } else { (0..=count).collect() };
        let kept = lengths.into_iter().find_map(|length| {
            let (part, rest) = match removes_end {
                true => (&characters[count - length..], &characters[..count - length]),
                false => (&characters[..length], &characters[length..]),
            };
            matches(parts, part).then(|| rest.iter().collect())
        });
        Some(kept.unwrap_or_else(|| text.to_owned()))
    }

    /// Whether the case of letters may decide what matches.
    pub fn has_letters(&self) -> bool {
        let is_letter = |part: &Part| match part {
            Part::Character(character) => character.is_alphabetic(),
            Part::Range { .. } => true,
            Part::One | Part::Many => false,
        };
        matches!(self, Self::Known(parts) if parts.iter().any(is_letter))
    }

    /// Whether every text matches.
    pub fn matches_everything(&self) -> bool {
        matches!(self, Self::Known(parts) if !parts.is_empty() && parts.iter().all(|part| *part == Part::Many))
    }

    /// The only text that matches, if there is only one.
    pub fn literal(&self) -> Option<String> {
        let Self::Known(parts) = self else { return None };
        let character = |part: &Part| match part {
            Part::Character(character) => Some(*character),
            _ => None,
        };
        parts.iter().map(character).collect()
    }
}

/// Reads `…]` after `[`; `None` if it is not a range that is interpreted.
fn range(text: &str) -> Option<(Part, &str)> {
    let (is_negated, inside) = match text.strip_prefix(['!', '^']) {
        Some(inside) => (true, inside),
        None => (false, text),
    };
    // A bracket that comes first stands for itself.
    let from = usize::from(inside.starts_with(']'));
    let end = from + inside.get(from..)?.find(']')?;
    let members: Vec<char> = inside[..end].chars().collect();
    if members.is_empty() || inside[..end].contains(['[', '\\']) {
        return None;
    }
    let mut ranges = Vec::new();
    let mut at = 0;
    while at < members.len() {
        if at + 2 < members.len() && members[at + 1] == '-' {
            ranges.push((members[at], members[at + 2]));
            at += 3;
        } else {
            ranges.push((members[at], members[at]));
            at += 1;
        }
    }
    Some((Part::Range { is_negated, ranges }, &inside[end + 1..]))
}

/// Whether a text matches, in time proportional to the product of both lengths.
fn matches(parts: &[Part], text: &[char]) -> bool {
    let fits = |part: &Part, character: char| match part {
        Part::Character(expected) => *expected == character,
        Part::One | Part::Many => true,
        Part::Range { is_negated, ranges } => {
            ranges.iter().any(|(first, last)| (*first..=*last).contains(&character)) != *is_negated
        }
    };
    // The positions in the text at which the parts so far can end.
    let mut ends = vec![false; text.len() + 1];
    ends[0] = true;
    for part in parts {
        if *part == Part::Many {
            let first = ends.iter().position(|end| *end).unwrap_or(ends.len());
            ends[first..].fill(true);
            continue;
        }
        for at in (0..text.len()).rev() {
            ends[at + 1] = ends[at] && fits(part, text[at]);
        }
        ends[0] = false;
    }
    ends[text.len()]
}

/// The values that may match one of the patterns, and the values that may match none of them.
pub fn partition(value: &Text, patterns: &[Pattern]) -> (Option<Text>, Option<Text>) {
    let Text { values, reasons } = value;
    let some = |texts: Vec<String>| (!texts.is_empty()).then(|| Text::one_of(texts, reasons.clone()));
    match values {
        AbstractValue::OneOf(texts) => {
            let results = |text: &String| patterns.iter().map(|pattern| pattern.matches(text)).collect::<BTreeSet<_>>();
            let may_match = |text: &&String| results(text).iter().any(|result| *result != Some(false));
            let may_fail = |text: &&String| !results(text).contains(&Some(true));
            (
                some(texts.iter().filter(may_match).cloned().collect()),
                some(texts.iter().filter(may_fail).cloned().collect()),
            )
        }
        _ if patterns.iter().any(Pattern::matches_everything) => (Some(value.clone()), None),
        _ => {
            let literals: Option<Vec<String>> = patterns.iter().map(Pattern::literal).collect();
            let Some(mut literals) = literals else { return (Some(value.clone()), Some(value.clone())) };
            let names_empty = literals.iter().any(String::is_empty);
            if values.is_never_absent() {
                literals.retain(|text| !text.is_empty());
            }
            let fails = match names_empty {
                true if *values == AbstractValue::Any => {
                    Text { values: AbstractValue::NonEmpty, reasons: reasons.clone() }
                }
                _ => value.clone(),
            };
            (some(literals), Some(fails))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_bash() {
        for (pattern, matching, others) in [
            ("abc", &["abc"][..], &["ab", "abcd", ""][..]),
            ("a*c", &["ac", "abc", "abbcc"], &["a", "acb"]),
            ("*", &["", "a"], &[]),
            ("?x", &["ax"], &["x", "aax"]),
            ("[a-c]*", &["a", "bz"], &["", "d"]),
            ("[!0-9]", &["a"], &["5", ""]),
            ("[]x]", &["]", "x"], &["a"]),
            ("[a", &["[a"], &["a"]),
            ("a-[0-9].*", &["a-1.", "a-2.x"], &["a-x.1"]),
        ] {
            let parsed = Pattern::of_unquoted(pattern);
            for text in matching {
                assert_eq!(parsed.matches(text), Some(true), "{pattern} {text}");
            }
            for text in others {
                assert_eq!(parsed.matches(text), Some(false), "{pattern} {text}");
            }
        }
    }

    #[test]
    fn other_patterns_are_unknown() {
        for pattern in ["@(a|b)", "*(a|b)", "?(a)", "+(a)", "!(a)", "[[:alpha:]]", "[a\\]]"] {
            assert_eq!(Pattern::of_unquoted(pattern), Pattern::Unknown, "{pattern}");
        }
    }
}
