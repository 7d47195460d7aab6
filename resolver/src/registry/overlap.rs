//! Which patterns can match one model id together, decided on their automata.
//!
//! A search over the product of the automata of all patterns, breadth first,
//! so that every set of patterns comes with a shortest id that matches exactly
//! that set. The alphabet is one character for each class that the patterns
//! tell apart, so the search is exact, not a sample.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;

use hashbrown::HashSet;
use regex_automata::dfa::{Automaton, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use regex_automata::{Anchored, MatchKind};
use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::Pattern;

/// Memory that the automaton of one question may take, in bytes.
pub const AUTOMATON_BYTES: usize = 32 << 20;

/// Steps that the search may take: pairs of automaton state and character.
pub const STEPS: usize = 4_000_000;

/// The patterns that match an id, by their positions in the question.
pub type PatternSet = BTreeSet<usize>;

/// Every set of patterns that some model id matches exactly, each with a shortest such id.
///
/// The ids are not blank and carry no white space at either end, as a model that
/// has been trimmed does. The empty set stands for an id that matches nothing.
///
/// # Errors
///
/// [`Undecided`] when the automaton or the search exceeds its limit: the answer
/// is then unknown, never "none".
pub fn satisfiable_sets(patterns: &[&Pattern]) -> Result<BTreeMap<PatternSet, String>, Undecided> {
    let hirs: Vec<&Hir> = patterns.iter().map(|pattern| pattern.hir()).collect();
    let automaton = automaton(&hirs)?;
    let alphabet = alphabet(&hirs)?;
    Search { automaton: &automaton, alphabet: &alphabet }.run()
}

/// The question was too large to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undecided;

fn automaton(hirs: &[&Hir]) -> Result<dense::DFA<Vec<u32>>, Undecided> {
    let nfa = thompson::Compiler::new()
        .configure(thompson::Config::new().nfa_size_limit(Some(AUTOMATON_BYTES)))
        .build_many_from_hir(hirs)
        .map_err(|_| Undecided)?;
    let config = dense::Config::new()
        .match_kind(MatchKind::All)
        .accelerate(false)
        .dfa_size_limit(Some(AUTOMATON_BYTES))
        .determinize_size_limit(Some(AUTOMATON_BYTES));
    dense::Builder::new().configure(config).build_from_nfa(&nfa).map_err(|_| Undecided)
}

/// One character for each class of characters that the patterns tell apart.
fn alphabet(hirs: &[&Hir]) -> Result<Vec<char>, Undecided> {
    let mut starts = BTreeSet::from([0, u32::from('\u{80}')]);
    for hir in hirs {
        class_starts(hir, &mut starts)?;
    }
    let starts: Vec<u32> = starts.into_iter().collect();
    let ends = starts.iter().skip(1).copied().chain([u32::from(char::MAX) + 1]);
    let mut alphabet: Vec<char> =
        starts.iter().zip(ends).filter_map(|(&start, end)| representative(start, end)).collect();
    alphabet.sort_by_key(|character| (dislike(*character), *character));
    Ok(alphabet)
}

/// Adds the first character of every class, and the first one after it.
fn class_starts(hir: &Hir, starts: &mut BTreeSet<u32>) -> Result<(), Undecided> {
    match hir.kind() {
        HirKind::Empty => {}
        HirKind::Literal(literal) => {
            let text = core::str::from_utf8(&literal.0).map_err(|_| Undecided)?;
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
        HirKind::Look(look) => match look {
            // The automaton cannot decide Unicode word boundaries; say so rather than guess.
            Look::WordUnicode
            | Look::WordUnicodeNegate
            | Look::WordStartUnicode
            | Look::WordEndUnicode
            | Look::WordStartHalfUnicode
            | Look::WordEndHalfUnicode => return Err(Undecided),
            _ => {
                for character in ['\n', '\r', '0', ':', 'A', '[', '_', '`', 'a', '{'] {
                    starts.extend([u32::from(character), u32::from(character) + 1]);
                }
            }
        },
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

/// How little one wants to read a character in a model id.
fn dislike(character: char) -> u8 {
    match character {
        'a'..='z' => 0,
        '0'..='9' | 'A'..='Z' => 1,
        '-' | '/' | ':' | '.' | '_' => 2,
        '!'..='~' => 3,
        _ if character.is_whitespace() => 6,
        _ if character.is_control() => 5,
        _ => 4,
    }
}

struct Search<'a> {
    automaton: &'a dense::DFA<Vec<u32>>,
    alphabet: &'a [char],
}

/// Where the search stands after some text.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Position {
    state: StateID,
    matched: PatternSet,
    /// Whether the last character was white space: an id cannot end here.
    blank_end: bool,
}

impl Search<'_> {
    fn run(&self) -> Result<BTreeMap<PatternSet, String>, Undecided> {
        let start = self.automaton.start_state(&start::Config::new().anchored(Anchored::No)).map_err(|_| Undecided)?;
        let first = Position { state: start, matched: self.matches(start, PatternSet::new()), blank_end: true };
        let mut seen = HashSet::new();
        seen.insert(first.clone());
        let mut queue = VecDeque::from([(first, String::new())]);
        let mut found = BTreeMap::new();
        let mut steps = 0;
        while let Some((position, text)) = queue.pop_front() {
            if !position.blank_end {
                found.entry(self.at_end(&position)).or_insert_with(|| text.clone());
            }
            for &character in self.alphabet {
                steps += 1;
                if steps > STEPS {
                    return Err(Undecided);
                }
                if text.is_empty() && character.is_whitespace() {
                    continue;
                }
                let Some(next) = self.step(&position, character) else { return Err(Undecided) };
                if seen.insert(next.clone()) {
                    let mut longer = text.clone();
                    longer.push(character);
                    queue.push_back((next, longer));
                }
            }
        }
        Ok(found)
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
