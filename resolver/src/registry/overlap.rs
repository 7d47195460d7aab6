//! Decides which patterns can match the same model id.
//!
//! A breadth-first search over the combined automaton of all patterns finds, for every set of
//! patterns, a shortest id that matches exactly that set. The alphabet has one character for
//! each class of characters that the patterns distinguish, so the search is exact, not a sample.
//! If the search has to stop early, the result is marked as incomplete.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::ops::Range;

use hashbrown::HashMap;
use regex_automata::dfa::{Automaton, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use regex_automata::{Anchored, MatchKind};
use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::pattern::Pattern;

/// Maximum memory of the automaton of one search, in bytes.
pub const AUTOMATON_BYTES: usize = 32 << 20;

/// Maximum number of steps of one search. A step is a pair of a position and a character.
pub const STEPS: usize = 1_000_000;

/// The patterns that match an id, by their indices in the searched list.
pub type PatternSet = BTreeSet<usize>;

/// The result of a search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Overlaps {
    /// Sets of patterns that an id can match exactly, each with such an id.
    pub witnesses: BTreeMap<PatternSet, String>,
    /// True if `witnesses` has all such sets and each id is a shortest one. If false, a missing set
    /// may still have an id.
    pub complete: bool,
}

/// Finds every set of patterns that a model id can match exactly, each with a shortest such id that
/// is not in `taken`.
///
/// The ids are not empty and have no surrounding whitespace, like a trimmed model. The empty set
/// has an id that matches no pattern. A set is left out if all of its ids are taken.
#[must_use]
pub fn satisfiable_sets(patterns: &[&Pattern], taken: &HashSet<&str>) -> Overlaps {
    let hirs: Vec<&Hir> = patterns.iter().map(|pattern| pattern.hir()).collect();
    match (automaton(&hirs), classes(&hirs)) {
        (Ok(automaton), Ok(classes)) => {
            let alphabet: Vec<char> = classes.iter().map(|class| class.representative).collect();
            Search { automaton: &automaton, alphabet: &alphabet, classes: &classes, taken }.run()
        }
        _ => Overlaps::default(),
    }
}

/// The search is too large to decide.
struct Undecided;

fn automaton(hirs: &[&Hir]) -> Result<dense::DFA<Vec<u32>>, Undecided> {
    let nfa = thompson::Compiler::new()
        .configure(thompson::Config::new().nfa_size_limit(Some(AUTOMATON_BYTES)))
        .build_many_from_hir(hirs)
        .map_err(|_| Undecided)?;
    let config = dense::Config::new()
        .match_kind(MatchKind::All)
        // Exact for ASCII only; the automaton quits at other characters, and the result is incomplete.
        .unicode_word_boundary(true)
        .accelerate(false)
        .dfa_size_limit(Some(AUTOMATON_BYTES))
        .determinize_size_limit(Some(AUTOMATON_BYTES));
    dense::Builder::new().configure(config).build_from_nfa(&nfa).map_err(|_| Undecided)
}

/// A class of characters that the patterns do not distinguish.
struct Characters {
    /// The most readable character of the class.
    representative: char,
    /// The code points of the class.
    range: Range<u32>,
}

/// The classes of characters that the patterns distinguish, the most readable first.
fn classes(hirs: &[&Hir]) -> Result<Vec<Characters>, Undecided> {
    let mut starts = BTreeSet::from([0, u32::from('\u{80}')]);
    for hir in hirs {
        class_starts(hir, &mut starts)?;
    }
    let starts: Vec<u32> = starts.into_iter().collect();
    let ends = starts.iter().skip(1).copied().chain([u32::from(char::MAX) + 1]);
    let class = |(&start, end)| Some(Characters { representative: representative(start, end)?, range: start..end });
    let mut classes: Vec<Characters> = starts.iter().zip(ends).filter_map(class).collect();
    classes.sort_by_key(|class| (unreadability(class.representative), class.representative));
    Ok(classes)
}

impl Characters {
    /// The members that an untaken id may need: every member that occurs in taken ids, and one that
    /// does not. Any other member can be replaced by the latter, and the id stays untaken.
    fn members(&self, taken: &BTreeSet<char>) -> Vec<char> {
        // Whitespace cannot end an id, so it cannot represent characters that can.
        let is_same_kind = |character: &char| character.is_whitespace() == self.representative.is_whitespace();
        let fresh = self.range.clone().filter_map(char::from_u32).filter(|character| !taken.contains(character));
        let fresh = fresh.filter(is_same_kind).take(256).min_by_key(|character| unreadability(*character));
        let occurring = taken.iter().copied().filter(|character| self.range.contains(&u32::from(*character)));
        let mut members: Vec<char> = occurring.filter(is_same_kind).chain(fresh).collect();
        members.sort_by_key(|character| (unreadability(*character), *character));
        members
    }
}

/// Adds the first code point of every class and the first code point after it.
fn class_starts(hir: &Hir, starts: &mut BTreeSet<u32>) -> Result<(), Undecided> {
    match hir.kind() {
        HirKind::Empty => {}
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).map_err(|_| Undecided)?;
            for character in text.chars() {
                starts.extend([u32::from(character), u32::from(character) + 1]);
            }
        }
        HirKind::Class(Class::Unicode(class)) => {
            for range in class.ranges() {
                starts.extend([u32::from(range.start()), u32::from(range.end()) + 1]);
            }
        }
        HirKind::Class(Class::Bytes(class)) => {
            for range in class.ranges() {
                starts.extend([u32::from(range.start()), u32::from(range.end()) + 1]);
            }
        }
        HirKind::Look(look) => {
            // All other assertions look at line ends or ASCII word characters on either side.
            let edges: &[char] = match look {
                Look::Start | Look::End => &[],
                _ => &['\n', '\u{b}', '\r', '\u{e}', '0', ':', 'A', '[', '_', '`', 'a', '{'],
            };
            starts.extend(edges.iter().copied().map(u32::from));
        }
        HirKind::Repetition(repetition) => class_starts(&repetition.sub, starts)?,
        HirKind::Capture(capture) => class_starts(&capture.sub, starts)?,
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            for part in parts {
                class_starts(part, starts)?;
            }
        }
    }
    Ok(())
}

/// The most readable character near the beginning of `start..end`.
fn representative(start: u32, end: u32) -> Option<char> {
    let near = (start..end).take(256).filter_map(char::from_u32);
    let first_valid = (start..end).find_map(char::from_u32);
    near.chain(first_valid).min_by_key(|character| unreadability(*character))
}

/// Rates how hard a character is to read in a model id; 0 is best. Callers break ties by code point.
fn unreadability(character: char) -> u8 {
    match character {
        'a'..='z' => 0,
        '0'..='9' | 'A'..='Z' => 1,
        '-' | '/' | ':' | '.' | '_' => 2,
        _ if character.is_whitespace() => 5,
        _ if character.is_control() => 4,
        _ => 3,
    }
}

struct Search<'a> {
    automaton: &'a dense::DFA<Vec<u32>>,
    alphabet: &'a [char],
    classes: &'a [Characters],
    taken: &'a HashSet<&'a str>,
}

/// The state of the search after a text.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Position {
    state: StateID,
    matched: PatternSet,
    /// True if the text is empty or ends in whitespace: an id cannot end here.
    ends_in_whitespace: bool,
}

/// The explored data of one position.
struct Visited {
    /// The set that a text ending here matches; `None` if no id can end here.
    accepts: Option<PatternSet>,
    /// The next position for each character.
    next: Vec<(char, usize)>,
}

impl Search<'_> {
    fn run(&self) -> Overlaps {
        let start = start::Config::new().anchored(Anchored::No);
        let Ok(state) = self.automaton.start_state(&start) else { return Overlaps::default() };
        let first = Position { state, matched: self.matches(state, PatternSet::new()), ends_in_whitespace: true };
        let (positions, mut found) = self.explore(first);
        let taken = self.taken.iter().flat_map(|id| id.chars()).collect();
        let members: HashMap<char, Vec<char>> =
            self.classes.iter().map(|class| (class.representative, class.members(&taken))).collect();
        for (set, witness) in found.witnesses.clone() {
            if self.taken.contains(witness.as_str()) {
                match untaken(&positions, &members, &set, self.taken) {
                    Some(other) => drop(found.witnesses.insert(set, other)),
                    None => drop(found.witnesses.remove(&set)),
                }
            }
        }
        found
    }

    /// Visits every reachable position by a shortest text that leads to it.
    fn explore(&self, first: Position) -> (Vec<Visited>, Overlaps) {
        let mut numbers = HashMap::new();
        let mut positions = vec![self.visited(&first)];
        numbers.insert(first.clone(), 0);
        let mut queue = VecDeque::from([(first, 0, String::new())]);
        let mut found = Overlaps { complete: true, ..Overlaps::default() };
        let mut steps = 0;
        while let Some((position, number, text)) = queue.pop_front() {
            if let Some(set) = &positions[number].accepts {
                found.witnesses.entry(set.clone()).or_insert_with(|| text.clone());
            }
            for &character in self.alphabet {
                if text.is_empty() && character.is_whitespace() {
                    continue;
                }
                steps += 1;
                if steps > STEPS {
                    found.complete = false;
                    return (positions, found);
                }
                let Some(next) = self.step(&position, character) else {
                    found.complete = false;
                    continue;
                };
                let next_number = *numbers.entry(next.clone()).or_insert_with(|| {
                    positions.push(self.visited(&next));
                    let mut longer = text.clone();
                    longer.push(character);
                    queue.push_back((next, positions.len() - 1, longer));
                    positions.len() - 1
                });
                positions[number].next.push((character, next_number));
            }
        }
        (positions, found)
    }

    fn visited(&self, position: &Position) -> Visited {
        let accepts = (!position.ends_in_whitespace).then(|| self.at_end(position));
        Visited { accepts, next: Vec::new() }
    }

    /// Returns the position after one more character; `None` if the automaton gives up.
    fn step(&self, position: &Position, character: char) -> Option<Position> {
        let mut state = position.state;
        let mut matched = position.matched.clone();
        for &byte in character.encode_utf8(&mut [0; 4]).as_bytes() {
            state = self.automaton.next_state(state, byte);
            if self.automaton.is_quit_state(state) {
                return None;
            }
            matched = self.matches(state, matched);
        }
        Some(Position { state, matched, ends_in_whitespace: character.is_whitespace() })
    }

    fn at_end(&self, position: &Position) -> PatternSet {
        self.matches(self.automaton.next_eoi_state(position.state), position.matched.clone())
    }

    /// Adds the patterns that match in `state` to the patterns matched so far.
    fn matches(&self, state: StateID, mut matched: PatternSet) -> PatternSet {
        if self.automaton.is_match_state(state) {
            matched.extend(
                (0..self.automaton.match_len(state)).map(|index| self.automaton.match_pattern(state, index).as_usize()),
            );
        }
        matched
    }
}

/// Returns a shortest text that matches exactly `set` and is not taken.
///
/// Texts that lead to the same position have the same continuations, so one more text than there
/// are taken ids is enough for each position.
fn untaken(
    positions: &[Visited],
    members: &HashMap<char, Vec<char>>,
    set: &PatternSet,
    taken: &HashSet<&str>,
) -> Option<String> {
    let useful = leading_to(positions, set);
    let mut kept = vec![0; positions.len()];
    let mut queue = VecDeque::from([(0, String::new())]);
    while let Some((number, text)) = queue.pop_front() {
        if positions[number].accepts.as_ref() == Some(set) && !taken.contains(text.as_str()) {
            return Some(text);
        }
        for (class, next) in &positions[number].next {
            for &character in members[class].iter().filter(|_| useful[*next]) {
                if kept[*next] <= taken.len() {
                    kept[*next] += 1;
                    let mut longer = text.clone();
                    longer.push(character);
                    queue.push_back((*next, longer));
                }
            }
        }
    }
    None
}

/// For each position, whether a text that matches exactly `set` can still be completed from it.
fn leading_to(positions: &[Visited], set: &PatternSet) -> Vec<bool> {
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); positions.len()];
    for (number, position) in positions.iter().enumerate() {
        for &(_, next) in &position.next {
            before[next].push(number);
        }
    }
    let accepts = |number: &usize| positions[*number].accepts.as_ref() == Some(set);
    let mut pending: Vec<usize> = (0..positions.len()).filter(accepts).collect();
    let mut useful = vec![false; positions.len()];
    while let Some(number) = pending.pop() {
        if !useful[number] {
            useful[number] = true;
            pending.extend(&before[number]);
        }
    }
    useful
}
