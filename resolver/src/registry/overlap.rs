//! Which patterns can match one model id together, decided on their automata.
//!
//! A search over the product of the automata of all patterns, breadth first,
//! so that every set of patterns comes with a shortest id that matches exactly
//! that set. The alphabet is one character for each class that the patterns
//! tell apart, so the search is exact, not a sample; where it has to stop early
//! it says so.

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

/// Memory that the automaton of one question may take, in bytes.
pub const AUTOMATON_BYTES: usize = 32 << 20;

/// Steps that one search may take: pairs of position and character.
pub const STEPS: usize = 1_000_000;

/// The patterns that match an id, by their positions in the question.
pub type PatternSet = BTreeSet<usize>;

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Overlaps {
    /// Sets of patterns that some id matches exactly, each with such an id.
    pub witnesses: BTreeMap<PatternSet, String>,
    /// Whether these are all such sets and their ids shortest ones. If not, a set
    /// that is not among them may still have an id.
    pub complete: bool,
}

/// Every set of patterns that some model id matches exactly, each with a shortest
/// such id that is not among `taken`.
///
/// The ids are not blank and carry no white space at either end, as a model that
/// has been trimmed does. The empty set stands for an id that matches nothing. A
/// set all of whose ids are taken is left out.
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

/// A part of the question was too large to decide.
struct Undecided;

fn automaton(hirs: &[&Hir]) -> Result<dense::DFA<Vec<u32>>, Undecided> {
    let nfa = thompson::Compiler::new()
        .configure(thompson::Config::new().nfa_size_limit(Some(AUTOMATON_BYTES)))
        .build_many_from_hir(hirs)
        .map_err(|_| Undecided)?;
    let config = dense::Config::new()
        .match_kind(MatchKind::All)
        // Decided on ASCII; beyond it the automaton gives up, and the search says so.
        .unicode_word_boundary(true)
        .accelerate(false)
        .dfa_size_limit(Some(AUTOMATON_BYTES))
        .determinize_size_limit(Some(AUTOMATON_BYTES));
    dense::Builder::new().configure(config).build_from_nfa(&nfa).map_err(|_| Undecided)
}

/// Characters that the patterns do not tell apart.
struct Characters {
    /// The most readable one.
    representative: char,
    /// The first, and the one after the last.
    range: Range<u32>,
}

/// The classes of characters that the patterns tell apart, the most readable first.
fn classes(hirs: &[&Hir]) -> Result<Vec<Characters>, Undecided> {
    let mut starts = BTreeSet::from([0, u32::from('\u{80}')]);
    for hir in hirs {
        class_starts(hir, &mut starts)?;
    }
    let starts: Vec<u32> = starts.into_iter().collect();
    let ends = starts.iter().skip(1).copied().chain([u32::from(char::MAX) + 1]);
    let class = |(&start, end)| Some(Characters { representative: representative(start, end)?, range: start..end });
    let mut classes: Vec<Characters> = starts.iter().zip(ends).filter_map(class).collect();
    classes.sort_by_key(|class| (dislike(class.representative), class.representative));
    Ok(classes)
}

impl Characters {
    /// The members that an untaken id may need: those that occur in taken ids, and one
    /// that does not. An id in which any other stands is as untaken with that one.
    fn members(&self, taken: &BTreeSet<char>) -> Vec<char> {
        // White space cannot end an id, so it does not stand for what can.
        let is_alike = |character: &char| character.is_whitespace() == self.representative.is_whitespace();
        let fresh = self.range.clone().filter_map(char::from_u32).filter(|character| !taken.contains(character));
        let fresh = fresh.filter(is_alike).take(256).min_by_key(|character| dislike(*character));
        let occurring = taken.iter().copied().filter(|character| self.range.contains(&u32::from(*character)));
        let mut members: Vec<char> = occurring.filter(is_alike).chain(fresh).collect();
        members.sort_by_key(|character| (dislike(*character), *character));
        members
    }
}

/// Adds the first character of every class, and the first one after it.
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
            // Line ends and ASCII words, of which the others look at either side.
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

/// A character of `start..end`, the most readable one near its beginning.
fn representative(start: u32, end: u32) -> Option<char> {
    let near = (start..end).take(256).filter_map(char::from_u32);
    let first_valid = (start..end).find_map(char::from_u32);
    near.chain(first_valid).min_by_key(|character| dislike(*character))
}

/// How little one wants to read a character in a model id; of two alike the first in Unicode is preferred.
fn dislike(character: char) -> u8 {
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

/// Where the search stands after some text.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Position {
    state: StateID,
    matched: PatternSet,
    /// Whether the last character was white space: an id cannot end here.
    blank_end: bool,
}

/// What is known of one position.
struct Visited {
    /// The set that a text which ends here matches; none where no id can end.
    accepts: Option<PatternSet>,
    /// Where each character leads.
    next: Vec<(char, usize)>,
}

impl Search<'_> {
    fn run(&self) -> Overlaps {
        let start = start::Config::new().anchored(Anchored::No);
        let Ok(state) = self.automaton.start_state(&start) else { return Overlaps::default() };
        let first = Position { state, matched: self.matches(state, PatternSet::new()), blank_end: true };
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

    /// Visits every position, each by a shortest text that leads to it.
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
        let accepts = (!position.blank_end).then(|| self.at_end(position));
        Visited { accepts, next: Vec::new() }
    }

    /// Where one more character leads; nowhere if the automaton gives up.
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
        Some(Position { state, matched, blank_end: character.is_whitespace() })
    }

    fn at_end(&self, position: &Position) -> PatternSet {
        self.matches(self.automaton.next_eoi_state(position.state), position.matched.clone())
    }

    /// The patterns matched so far, with those that the automaton reports here.
    fn matches(&self, state: StateID, mut matched: PatternSet) -> PatternSet {
        if self.automaton.is_match_state(state) {
            matched.extend(
                (0..self.automaton.match_len(state)).map(|index| self.automaton.match_pattern(state, index).as_usize()),
            );
        }
        matched
    }
}

/// A shortest text that matches a set and is not taken.
///
/// Texts that lead to one position can be continued alike, so more than there are
/// taken ones need not be kept of each.
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

/// From which positions a text that matches a set can still be completed.
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
