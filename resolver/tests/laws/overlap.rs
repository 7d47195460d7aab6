//! Compares the search for overlapping patterns with matching every short id.

use std::collections::{BTreeMap, BTreeSet};

use slug_laws::reference::is_found_in;
use slug_resolver::registry::Pattern;
use slug_resolver::registry::overlap::{Overlaps, PatternSet, STEPS, satisfiable_sets};

use crate::malformed_input::processor_time;
use crate::strategy::texts;

/// The maximum length of the ids over a small alphabet.
const LENGTH: u32 = 4;
const ALPHABET: [char; 7] = ['a', 'b', '-', 'K', '\u{212a}', '\n', char::MAX];

fn patterns(sources: &[&str]) -> Vec<Pattern> {
    sources.iter().map(|source| Pattern::new(source).expect("the pattern compiles")).collect()
}

fn search(sources: &[&str], taken: &[&str]) -> Overlaps {
    let patterns = patterns(sources);
    satisfiable_sets(&patterns.iter().collect::<Vec<_>>(), &taken.iter().copied().collect())
}

fn decided(sources: &[&str]) -> BTreeMap<PatternSet, String> {
    let overlaps = search(sources, &[]);
    assert!(overlaps.complete, "{sources:?} are too large");
    overlaps.witnesses
}

#[test]
fn search_agrees_with_matching_every_short_id() {
    for sources in [
        &["^a", "b$", "ab"][..],
        &["(?i)k", "^K", "a{2}", "^(a|b)*$"],
        &["^a-", "^a-b", "^[^a]", "-"],
        &["^a$", "^b$", "^.$", "^..$"],
        &["(a|ab)(b|-)", "a.b", "^-?a"],
        &["(?-u:^[\\x2d-J]$)", "^[\\x2d-Z]$"],
        &["(?-u:^[\\x00-a]+$)", "^[\\x00-\\x7f]+$", "(?-u:[a-z])"],
        &["^[^\u{10ffff}]+$", "^[\u{212a}-\u{10fffe}]"],
        &["(?m)^b", "(?m)a$", "(?mR)^-"],
        &[r"(?-u:\b)b", r"(?-u:\B)a", r"(?-u:\b{end})"],
    ] {
        let patterns = patterns(sources);
        // The length of the shortest ids, and whether one of them has only lower-case letters.
        let mut shortest: BTreeMap<PatternSet, (usize, bool)> = BTreeMap::new();
        let is_readable = |id: &str| id.chars().all(|character| character.is_ascii_lowercase());
        for id in texts(&ALPHABET, 1..=LENGTH).filter(|id| id.trim() == id) {
            let length = id.chars().count();
            let (least, readable) = shortest.entry(matched(&patterns, &id)).or_insert((length, false));
            *readable |= *least == length && is_readable(&id);
        }
        let decided = decided(sources);
        for (set, (length, readable)) in &shortest {
            let witness = decided.get(set).unwrap_or_else(|| panic!("{sources:?}: {set:?} is missing"));
            assert!(witness.chars().count() <= *length, "{sources:?}: `{witness}` is not a shortest id for {set:?}");
            let is_worse = *readable && witness.chars().count() == *length && !is_readable(witness);
            assert!(!is_worse, "{sources:?}: `{witness}` is not the most readable id");
        }
        for (set, witness) in &decided {
            assert_eq!(&matched(&patterns, witness), set, "{sources:?}: `{witness}` does not match {set:?}");
            assert!(!witness.is_empty() && witness.trim() == witness, "`{witness}` is not a trimmed id");
        }
    }
}

/// A witness has the most readable character of each class.
#[test]
fn witnesses_use_the_most_readable_characters() {
    let kinds = ["az", "09AZ", "-/:._", "!~", "é", "\u{7}", " \u{2003}"];
    for (position, better) in kinds.iter().enumerate() {
        let worse: String = kinds[position + 1..].concat();
        for better in better.chars() {
            for worse in worse.chars() {
                let class = format!("^m[\\x{{{:x}}}\\x{{{:x}}}]m$", u32::from(better), u32::from(worse));
                assert_eq!(decided(&[&class])[&BTreeSet::from([0])], format!("m{better}m"), "{class}");
            }
        }
    }
}

#[test]
fn witnesses_have_whitespace_only_inside() {
    let sets: BTreeSet<PatternSet> = decided(&["^ ", "a b", r"\s$"]).into_keys().collect();
    assert_eq!(sets, BTreeSet::from([BTreeSet::new(), BTreeSet::from([1])]));
}

#[test]
fn taken_id_is_not_used_as_witness() {
    let first = BTreeSet::from([0]);
    assert_eq!(search(&["^a"], &[]).witnesses[&first], "a");
    let other = search(&["^a"], &["a", "aa", "ab"]);
    assert!(other.complete);
    let witness = &other.witnesses[&first];
    assert!(witness.len() == 2 && witness.starts_with('a') && !["aa", "ab"].contains(&witness.as_str()), "{witness}");
    // Every id of the set is taken, so the set has no witness.
    let none = search(&["^(x|y)$"], &["x", "y"]);
    assert!(none.complete && !none.witnesses.contains_key(&first));
    let last = search(&["^(x|y|zz)$"], &["x", "y"]);
    assert_eq!(last.witnesses[&first], "zz");
}

/// Taken ids distinguish characters that the patterns do not distinguish.
#[test]
fn untaken_id_uses_another_character_of_its_class() {
    let first = BTreeSet::from([0]);
    for (pattern, taken, witness) in [
        ("^[ab]$", &["a"][..], Some("b")),
        ("^[ab]$", &["a", "b"], None),
        ("^[ab]{2}$", &["aa", "ab", "ba"], Some("bb")),
        ("^[a-c]$", &["a", "bc"], Some("b")),
        ("^x[a-z]$", &["xa", "xb", "xc"], Some("xd")),
    ] {
        let found = search(&[pattern], taken);
        assert!(found.complete);
        assert_eq!(found.witnesses.get(&first).map(String::as_str), witness, "{pattern} without {taken:?}");
    }
}

#[test]
fn large_search_is_incomplete_but_keeps_results() {
    let explosive = search(&["(a|b)*a(a|b){20}$"], &[]);
    assert!(!explosive.complete);
    let many: Vec<String> = ('a'..='p').map(String::from).collect();
    let many = search(&many.iter().map(String::as_str).collect::<Vec<_>>(), &[]);
    assert!(!many.complete);
    assert!(
        (0..16).all(|index| many.witnesses.contains_key(&BTreeSet::from([index]))),
        "a set of one pattern has no witness"
    );
}

/// The search for an untaken id keeps few ids, even if the set has very many.
#[test]
fn untaken_id_of_large_set_is_found_quickly() {
    let began = processor_time();
    let found = search(&["^[ab]{23}$"], &["a".repeat(23).as_str()]);
    assert!(processor_time().saturating_sub(began).as_secs() < 2, "the search visits all ids of the set");
    assert_eq!(found.witnesses[&BTreeSet::from([0])], format!("{}b", "a".repeat(22)));
}

/// Each pair of a position and a class of characters is one step.
#[test]
fn search_stops_exactly_at_step_limit() {
    // Classes: each listed character and the range after it; then `a`, the ranges before and after it, and
    // the range from U+0080 to the first listed character.
    let distinct: String = (0..248).filter_map(|number| char::from_u32(0x4e00 + 2 * number)).collect();
    let classes = 2 * 248 + 4;
    // Positions: the start, one for each `a`, one after a listed character, and one that matches nothing.
    let positions = |repetitions: usize| repetitions + 3;
    let fits = STEPS / classes - positions(0);
    assert_eq!(positions(fits) * classes, STEPS);
    let is_complete =
        |repetitions: usize| search(&[&format!("^[{distinct}]$"), &format!("^a{{{repetitions}}}$")], &[]).complete;
    assert_eq!([is_complete(fits), is_complete(fits + 1)], [true, false]);
}

#[test]
fn word_boundaries_are_exact_for_ascii_only() {
    let beyond = search(&[r"\bm\b", "é"], &[]);
    assert!(!beyond.complete);
    assert_eq!(beyond.witnesses[&BTreeSet::from([0])], "m");
    let ascii = search(&[r"(?-u:\b)m(?-u:\b)"], &[]);
    assert!(ascii.complete);
    assert_eq!(ascii.witnesses[&BTreeSet::from([0])], "m");
}

fn matched(patterns: &[Pattern], id: &str) -> PatternSet {
    (0..patterns.len()).filter(|&index| is_found_in(patterns[index].hir(), id)).collect()
}
