//! All patterns of a catalogue in one automaton: which of them match a model.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::panic::{RefUnwindSafe, UnwindSafe};

use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson::pikevm::{self, PikeVM};
use regex_automata::nfa::thompson::{Compiler, Config, WhichCaptures};
use regex_automata::util::pool::Pool;
use regex_automata::{Input, MatchKind, PatternID, PatternSet};

use super::Provider;

/// Finds every pattern that matches somewhere in a model, in one pass over its bytes.
pub(super) struct Matcher {
    automata: Arc<Automata>,
    /// Threads that share a matcher each take scratch space from here.
    scratch: Pool<Scratch, NewScratch>,
}

type NewScratch = Box<dyn Fn() -> Scratch + Send + Sync + UnwindSafe + RefUnwindSafe>;

struct Automata {
    /// Builds its states as it meets them, and gives up on what it cannot do fast.
    dfa: DFA,
    /// Never gives up.
    fallback: PikeVM,
}

/// What one search writes to, kept so that the next one allocates nothing.
struct Scratch {
    cache: Cache,
    fallback: Option<(pikevm::Cache, PatternSet)>,
    matches: Matches,
}

/// A set that remembers its members, so that clearing it costs only what was put in.
struct Matches {
    is_member: Vec<bool>,
    members: Vec<usize>,
}

impl Matcher {
    /// Compiles the patterns of a catalogue; each goes by its provider's place there.
    pub(super) fn new(providers: &[Provider]) -> Self {
        let hirs: Vec<_> = providers.iter().map(|provider| provider.model_prefix_match.hir()).collect();
        let nfa = Compiler::new()
            .configure(Config::new().which_captures(WhichCaptures::None))
            .build_many_from_hir(&hirs)
            .expect("every pattern parsed, and their sizes are bounded");
        let config = DFA::config()
            .match_kind(MatchKind::All)
            .unicode_word_boundary(true)
            .skip_cache_capacity_check(true)
            .minimum_cache_clear_count(Some(3))
            .minimum_bytes_per_state(Some(10));
        let dfa = DFA::builder().configure(config).build_from_nfa(nfa.clone());
        let fallback = PikeVM::builder().configure(PikeVM::config().match_kind(MatchKind::All)).build_from_nfa(nfa);
        Self::from(Arc::new(Automata {
            dfa: dfa.expect("a lazy automaton has no size to exceed"),
            fallback: fallback.expect("what it needs of Unicode is compiled in"),
        }))
    }

    /// How many patterns there are.
    pub(super) fn len(&self) -> usize {
        self.automata.dfa.pattern_len()
    }

    /// What `use_matches` makes of the patterns that match, in no particular order.
    pub(super) fn matching<T>(&self, model: &str, use_matches: impl FnOnce(&[usize]) -> T) -> T {
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
    /// The automata are shared; the scratch space is not, so that two clones never wait for each other.
    fn clone(&self) -> Self {
        Self::from(Arc::clone(&self.automata))
    }
}

/// The automaton left its fast path; what was found so far is not everything.
struct GaveUp;

impl Automata {
    fn search(&self, model: &str, cache: &mut Cache, matches: &mut Matches) -> Result<(), GaveUp> {
        let start = self.dfa.start_state_forward(cache, &Input::new(model));
        let mut state = start.map_err(|_| GaveUp)?;
        for (at, &byte) in model.as_bytes().iter().enumerate() {
            let next = self.dfa.next_state(cache, state, byte).map_err(|_| GaveUp)?;
            if next.is_tagged() {
                // A state tells of a match one byte late; an empty one may fall inside a character.
                if next.is_match() && next != state && model.is_char_boundary(at) {
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
        Self { is_member: alloc::vec![false; patterns], members: Vec::with_capacity(patterns) }
    }

    fn insert(&mut self, pattern: PatternID) {
        let pattern = pattern.as_usize();
        if !core::mem::replace(&mut self.is_member[pattern], true) {
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
