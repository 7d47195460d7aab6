//! The decision which patterns overlap, against matching every short id.

use std::collections::{BTreeMap, BTreeSet};

use slug_resolver::reference::is_found_in;
use slug_resolver::registry::Pattern;
use slug_resolver::registry::overlap::{PatternSet, Undecided, satisfiable_sets};

/// All ids of up to this many characters of a small alphabet.
const LENGTH: u32 = 4;
const ALPHABET: [char; 5] = ['a', 'b', '-', 'K', '\u{212a}'];

fn patterns(sources: &[&str]) -> Vec<Pattern> {
    sources.iter().map(|source| Pattern::new(source).expect("these compile")).collect()
}

fn decided(patterns: &[Pattern]) -> BTreeMap<PatternSet, String> {
    satisfiable_sets(&patterns.iter().collect::<Vec<_>>()).expect("these are small")
}

#[test]
fn agrees_with_matching_every_short_id() {
    for sources in [
        &["^a", "b$", "ab"][..],
        &["(?i)k", "^K", "a{2}", "^(a|b)*$"],
        &["^a-", "^a-b", "^[^a]", "-"],
        &["^a$", "^b$", "^.$", "^..$"],
        &["(a|ab)(b|-)", "a.b", "^-?a"],
    ] {
        let patterns = patterns(sources);
        let mut shortest: BTreeMap<PatternSet, usize> = BTreeMap::new();
        for length in 1..=LENGTH {
            for number in 0..ALPHABET.len().pow(length) {
                let id: String =
                    (0..length).map(|place| ALPHABET[number / ALPHABET.len().pow(place) % ALPHABET.len()]).collect();
                shortest.entry(matched(&patterns, &id)).or_insert(length as usize);
            }
        }
        let decided = decided(&patterns);
        for (set, length) in &shortest {
            let witness = decided.get(set).unwrap_or_else(|| panic!("{sources:?}: {set:?} is missed"));
            assert!(witness.chars().count() <= *length, "{sources:?}: `{witness}` is not a shortest id for {set:?}");
        }
        for (set, witness) in &decided {
            assert_eq!(&matched(&patterns, witness), set, "{sources:?}: `{witness}` does not match what it should");
            assert!(!witness.is_empty() && witness.trim() == witness, "`{witness}` is not a trimmed id");
        }
    }
}

#[test]
fn white_space_is_found_inside_an_id_but_not_at_its_ends() {
    let patterns = patterns(&["^ ", "a b", r"\s$"]);
    let sets: BTreeSet<PatternSet> = decided(&patterns).into_keys().collect();
    assert_eq!(sets, BTreeSet::from([BTreeSet::new(), BTreeSet::from([1])]));
}

#[test]
fn what_is_too_large_is_undecided() {
    let explosive = patterns(&["(a|b)*a(a|b){20}$"]);
    assert_eq!(satisfiable_sets(&explosive.iter().collect::<Vec<_>>()), Err(Undecided));
    let unicode_boundary = patterns(&[r"\bm"]);
    assert_eq!(satisfiable_sets(&unicode_boundary.iter().collect::<Vec<_>>()), Err(Undecided));
}

fn matched(patterns: &[Pattern], id: &str) -> PatternSet {
    (0..patterns.len()).filter(|&index| is_found_in(patterns[index].hir(), id)).collect()
}
