//! Matches a model against all patterns of a catalogue with one automaton.

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson::pikevm::{self, PikeVM};
use regex_automata::nfa::thompson::{Compiler, Config, WhichCaptures};
use regex_automata::util::pool::Pool;
use regex_automata::{Input, MatchKind, PatternID, PatternSet};

use super::provider::Provider;
use crate::limits;

/// Finds every pattern that matches somewhere in a model, in one pass over its bytes.
pub(super) struct Matcher {
    automata: Arc<Automata>,
    /// A pool of scratch space: each thread that shares the matcher takes its own.
    scratch: Pool<Scratch, NewScratch>,
}

type NewScratch = Box<dyn Fn() -> Scratch + Send + Sync + UnwindSafe + RefUnwindSafe>;

struct Automata {
    /// The fast automaton. It builds states lazily and gives up if it cannot match fast.
    dfa: DFA,
    /// The slow automaton, which never gives up.
    fallback: PikeVM,
}

/// Bytes of state cache for each position of the patterns, in each scratch space. This is room for
/// about as many states as there are positions; each state takes a row of transitions. Only states
/// that are built take memory.
const BYTES_PER_POSITION: usize = 512;
const LEAST_BYTES: usize = 2 << 20;
const MOST_BYTES: usize = 32 << 20;

/// The buffers of one search, reused so that the next search does not allocate.
struct Scratch {
    cache: Cache,
    fallback: Option<(pikevm::Cache, PatternSet)>,
    matches: Matches,
}

/// A set with a list of its members, so that clearing takes time proportional to their number.
struct Matches {
    is_member: Vec<bool>,
    members: Vec<usize>,
}

impl Matcher {
    /// Compiles the patterns of a catalogue. A pattern is identified by the index of its provider.
    pub(super) fn new(providers: &[Provider]) -> Self {
        let size: usize = providers.iter().map(|provider| provider.model_prefix_match.size()).sum();
        Self::with_room(providers, (size * BYTES_PER_POSITION).clamp(LEAST_BYTES, MOST_BYTES))
    }

    /// Like [`Self::new`], with `bytes` of state cache for the fast automaton, or its minimum if more.
    fn with_room(providers: &[Provider], bytes: usize) -> Self {
        let hirs: Vec<_> = providers.iter().map(|provider| provider.model_prefix_match.hir()).collect();
        let nfa = Compiler::new()
            .configure(Config::new().which_captures(WhichCaptures::None))
            .build_many_from_hir(&hirs)
            .expect("patterns are parsed and bounded in size");
        let config = DFA::config()
            .match_kind(MatchKind::All)
            .unicode_word_boundary(true)
            .cache_capacity(bytes)
            .skip_cache_capacity_check(true)
            .minimum_cache_clear_count(Some(3))
            .minimum_bytes_per_state(Some(10));
        let dfa = DFA::builder().configure(config).build_from_nfa(nfa.clone());
        let fallback = PikeVM::builder().configure(PikeVM::config().match_kind(MatchKind::All)).build_from_nfa(nfa);
        Self::from(Arc::new(Automata {
            dfa: dfa.expect("a lazy automaton has no size limit"),
            fallback: fallback.expect("the Unicode tables are compiled in"),
        }))
    }

    /// The number of patterns.
    pub(super) fn len(&self) -> usize {
        self.automata.dfa.pattern_len()
    }

    /// Calls `use_matches` with the indices of the matching patterns, in no particular order, and
    /// returns its result. No pattern matches a model that is longer than [`limits::SLUG_BYTES`].
    pub(super) fn matching<T>(&self, model: &str, use_matches: impl FnOnce(&[usize]) -> T) -> T {
        if model.len() > limits::SLUG_BYTES {
            return use_matches(&[]);
        }
        let mut scratch = self.scratch.get();
        let Scratch { cache, fallback, matches } = &mut *scratch;
        matches.clear();
        if self.automata.search(model, cache, matches).is_err() {
            matches.clear();
            let (cache, set) =
                fallback.get_or_insert_with(|| (self.automata.fallback.create_cache(), PatternSet::new(self.len())));
            set.clear();
            self.automata.fallback.which_overlapping_matches(cache, &Input::new(model), set);
            set.iter().for_each(|pattern| matches.insert(pattern));
        }
        use_matches(&matches.members)
    }
}

impl From<Arc<Automata>> for Matcher {
    fn from(automata: Arc<Automata>) -> Self {
        let shared = Arc::clone(&automata);
        let new_scratch: NewScratch = Box::new(move || Scratch {
            cache: shared.dfa.create_cache(),
            fallback: None,
            matches: Matches::new(shared.dfa.pattern_len()),
        });
        Self { automata, scratch: Pool::new(new_scratch) }
    }
}

impl Clone for Matcher {
    /// Shares the automata but not the scratch space, so that clones never wait for each other.
    fn clone(&self) -> Self {
        Self::from(Arc::clone(&self.automata))
    }
}

/// The fast automaton gave up; the matches found so far may be incomplete.
struct GaveUp;

impl Automata {
    /// Collects the matching patterns. Reports the start and the end of the search to the cache,
    /// which uses them to decide whether continuing is worthwhile.
    fn search(&self, model: &str, cache: &mut Cache, matches: &mut Matches) -> Result<(), GaveUp> {
        cache.search_start(0);
        let searched = self.scan(model, cache, matches);
        cache.search_finish(model.len());
        searched
    }

    fn scan(&self, model: &str, cache: &mut Cache, matches: &mut Matches) -> Result<(), GaveUp> {
        let start = self.dfa.start_state_forward(cache, &Input::new(model));
        let mut state = start.map_err(|_| GaveUp)?;
        for (at, &byte) in model.as_bytes().iter().enumerate() {
            let next = self.dfa.next_state(cache, state, byte).map_err(|_| GaveUp)?;
            if next.is_tagged() {
                // A state reports a match one byte late; an empty match can be inside a character.
                if next.is_match() && model.is_char_boundary(at) {
                    self.collect(cache, next, matches);
                    if matches.is_full() {
                        return Ok(());
                    }
                } else if next.is_dead() {
                    return Ok(());
                } else if next.is_quit() {
                    return Err(GaveUp);
                }
            }
            state = next;
        }
        let end = self.dfa.next_eoi_state(cache, state).map_err(|_| GaveUp)?;
        if end.is_match() {
            self.collect(cache, end, matches);
        }
        Ok(())
    }

    fn collect(&self, cache: &Cache, state: LazyStateID, matches: &mut Matches) {
        (0..self.dfa.match_len(cache, state))
            .for_each(|index| matches.insert(self.dfa.match_pattern(cache, state, index)));
    }
}

impl Matches {
    fn new(patterns: usize) -> Self {
        Self { is_member: vec![false; patterns], members: Vec::with_capacity(patterns) }
    }

    fn insert(&mut self, pattern: PatternID) {
        let pattern = pattern.as_usize();
        if !std::mem::replace(&mut self.is_member[pattern], true) {
            self.members.push(pattern);
        }
    }

    fn is_full(&self) -> bool {
        self.members.len() == self.is_member.len()
    }

    fn clear(&mut self) {
        self.members.drain(..).for_each(|pattern| self.is_member[pattern] = false);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use slug_laws::reference::is_found_in;

    use super::*;
    use crate::registry::Pattern;

    fn provider(pattern: &str) -> Provider {
        Provider::new(pattern, vec!["KEY".into()], Pattern::new(pattern).expect("the pattern compiles"))
    }

    /// Compares the matches of a model with the reference. Returns true if the fast automaton gave up.
    fn gives_up(matcher: &Matcher, providers: &[Provider], model: &str) -> bool {
        let found: BTreeSet<usize> = matcher.matching(model, |matching| matching.iter().copied().collect());
        let matches = |index: &usize| is_found_in(providers[*index].model_prefix_match.hir(), model);
        assert_eq!(found, (0..providers.len()).filter(matches).collect(), "{model:?}");
        let Scratch { cache, matches, .. } = &mut *matcher.scratch.get();
        matches.clear();
        matcher.automata.search(model, cache, matches).is_err()
    }

    #[test]
    fn small_cache_gives_up_and_stays_correct() {
        let patterns = (0..12).map(|length| format!("[ab]{{{length}}}c.*d[ab]{{{length}}}"));
        let providers: Vec<Provider> = patterns.map(|pattern| provider(&pattern)).collect();
        let models = (0..400_u32).map(|number| {
            let letter = |shift: u32| ['a', 'b', 'c', 'd'][(number.wrapping_mul(2_654_435_761) >> shift) as usize & 3];
            (0..28).map(letter).collect::<String>()
        });
        let models: Vec<String> = models.collect();
        let small = Matcher::with_room(&providers, 1);
        let gave_up = models.iter().filter(|model| gives_up(&small, &providers, model)).count();
        assert!(gave_up > 0, "the small cache had room for all states");
        let ample = Matcher::new(&providers);
        assert!(!models.iter().any(|model| gives_up(&ample, &providers, model)));
    }

    #[test]
    fn non_ascii_word_boundary_uses_fallback() {
        let providers = [provider(r"\bm"), provider("é$")];
        let matcher = Matcher::new(&providers);
        assert!(gives_up(&matcher, &providers, "é model"));
        assert!(!gives_up(&matcher, &providers, "a model"));
    }
}
