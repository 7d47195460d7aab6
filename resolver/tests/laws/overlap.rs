//! The decision which patterns overlap, against matching every short id.

use std::collections::{BTreeMap, BTreeSet};

use slug_laws::reference::is_found_in;
use slug_resolver::registry::Pattern;
use slug_resolver::registry::overlap::{Overlaps, PatternSet, STEPS, satisfiable_sets};

use crate::malformed_input::processor_time;
use crate::strategy::texts;

/// All ids of up to this many characters of a small alphabet.
const LENGTH: u32 = 4;
const ALPHABET: [char; 7] = ['a', 'b', '-', 'K', '\u{212a}', '\n', char::MAX];

fn patterns(sources: &[&str]) -> Vec<Pattern> {
    sources.iter().map(|source| Pattern::new(source).expect("these compile")).collect()
}

fn search(sources: &[&str], taken: &[&str]) -> Overlaps {
    let patterns = patterns(sources);
    satisfiable_sets(&patterns.iter().collect::<Vec<_>>(), &taken.iter().copied().collect())
}

fn decided(sources: &[&str]) -> BTreeMap<PatternSet, String> {
    let overlaps = search(sources, &[]);
    assert!(overlaps.complete, "{sources:?} are small");
    overlaps.witnesses
}

#[test]
fn agrees_with_matching_every_short_id() {
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
        // The length of the shortest ids, and whether one of them is all letters.
        let mut shortest: BTreeMap<PatternSet, (usize, bool)> = BTreeMap::new();
        let is_readable = |id: &str| id.chars().all(|character| character.is_ascii_lowercase());
        for id in texts(&ALPHABET, 1..=LENGTH).filter(|id| id.trim() == id) {
            let length = id.chars().count();
            let (least, readable) = shortest.entry(matched(&patterns, &id)).or_insert((length, false));
            *readable |= *least == length && is_readable(&id);
        }
        let decided = decided(sources);
        for (set, (length, readable)) in &shortest {
            let witness = decided.get(set).unwrap_or_else(|| panic!("{sources:?}: {set:?} is missed"));
            assert!(witness.chars().count() <= *length, "{sources:?}: `{witness}` is not a shortest id for {set:?}");
            let is_worse = *readable && witness.chars().count() == *length && !is_readable(witness);
            assert!(!is_worse, "{sources:?}: `{witness}` is harder to read than need be");
        }
        for (set, witness) in &decided {
            assert_eq!(&matched(&patterns, witness), set, "{sources:?}: `{witness}` does not match what it should");
            assert!(!witness.is_empty() && witness.trim() == witness, "`{witness}` is not a trimmed id");
        }
    }
}

/// Of the characters that do, the most readable stands in a witness.
#[test]
fn witnesses_are_as_readable_as_they_can_be() {
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
fn white_space_is_found_inside_an_id_but_not_at_its_ends() {
    let sets: BTreeSet<PatternSet> = decided(&["^ ", "a b", r"\s$"]).into_keys().collect();
    assert_eq!(sets, BTreeSet::from([BTreeSet::new(), BTreeSet::from([1])]));
}

#[test]
fn a_taken_id_is_no_witness() {
    let first = BTreeSet::from([0]);
    assert_eq!(search(&["^a"], &[]).witnesses[&first], "a");
    let other = search(&["^a"], &["a", "aa", "ab"]);
    assert!(other.complete);
    let witness = &other.witnesses[&first];
    assert!(witness.len() == 2 && witness.starts_with('a') && !["aa", "ab"].contains(&witness.as_str()), "{witness}");
    // Every id of the set is taken: there is none to show.
    let none = search(&["^(x|y)$"], &["x", "y"]);
    assert!(none.complete && !none.witnesses.contains_key(&first));
    let last = search(&["^(x|y|zz)$"], &["x", "y"]);
    assert_eq!(last.witnesses[&first], "zz");
}

/// Characters that the patterns do not tell apart are told apart by what is taken.
#[test]
fn another_character_of_a_class_makes_an_untaken_id() {
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
fn what_is_too_large_is_incomplete_and_what_was_found_is_kept() {
    let explosive = search(&["(a|b)*a(a|b){20}$"], &[]);
    assert!(!explosive.complete);
    let many: Vec<String> = ('a'..='p').map(String::from).collect();
    let many = search(&many.iter().map(String::as_str).collect::<Vec<_>>(), &[]);
    assert!(!many.complete);
    assert!(
        (0..16).all(|index| many.witnesses.contains_key(&BTreeSet::from([index]))),
        "a single pattern lacks its witness"
    );
}

/// As many ids as there are taken ones are enough to find one that is not, among however many.
#[test]
fn a_taken_id_of_a_large_set_does_not_hold_up_the_search() {
    let began = processor_time();
    let found = search(&["^[ab]{23}$"], &["a".repeat(23).as_str()]);
    assert!(processor_time().saturating_sub(began).as_secs() < 2, "it looks at all of them");
    assert_eq!(found.witnesses[&BTreeSet::from([0])], format!("{}b", "a".repeat(22)));
}

/// From each position every class of characters is one step.
#[test]
fn steps_are_taken_up_to_their_limit() {
    // One class each and one behind each; then `a`, what is before and behind it, and the rest of Unicode.
    let apart: String = (0..248).filter_map(|number| char::from_u32(0x4e00 + 2 * number)).collect();
    let classes = 2 * 248 + 4;
    // The beginning, one for each `a`, one behind another character, and one where nothing matches any more.
    let positions = |repetitions: usize| repetitions + 3;
    let fits = STEPS / classes - positions(0);
    assert_eq!(positions(fits) * classes, STEPS);
    let is_complete =
        |repetitions: usize| search(&[&format!("^[{apart}]$"), &format!("^a{{{repetitions}}}$")], &[]).complete;
    assert_eq!([is_complete(fits), is_complete(fits + 1)], [true, false]);
}

#[test]
fn word_boundaries_are_decided_on_ascii_only() {
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
