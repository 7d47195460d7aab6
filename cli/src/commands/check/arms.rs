//! What the arms of one runtime come to: which ids several of them answer for, and
//! which arm no id leads to.
//!
//! Everything follows from one question, answered on the automata of the patterns: which
//! sets of them match some id that no arm lists, and no other pattern. A listed id never
//! gets as far as a pattern, so an overlap that only listed ids fall into is none.

use std::collections::{BTreeMap, HashSet};

use slug_resolver::registry::overlap::{Overlaps, PatternSet, satisfiable_sets};
use slug_resolver::registry::{Pattern, Runtime};
use slug_resolver::{Provider, Registry};

/// Arms of one runtime whose patterns are compared; more are left undecided.
pub const ARMS: usize = 256;

/// The arms of one runtime, with what was found out about their patterns.
pub struct Arms<'r> {
    /// The runtime.
    pub runtime: &'r Runtime,
    /// The provider of each arm.
    pub providers: Vec<&'r Provider>,
    overlaps: Overlaps,
}

/// An id that several arms answer for and none lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// The id.
    pub witness: String,
    /// The arms whose patterns match it, by number.
    pub arms: PatternSet,
}

impl<'r> Arms<'r> {
    /// Asks the question about a runtime.
    #[must_use]
    pub fn of(registry: &'r Registry, runtime: &'r Runtime) -> Self {
        let providers: Vec<&Provider> =
            runtime.arms.iter().filter_map(|arm| registry.provider(&arm.provider)).collect();
        let patterns: Vec<&Pattern> = providers.iter().map(|provider| &provider.model_prefix_match).collect();
        let taken: HashSet<&str> = runtime.arms.iter().flat_map(|arm| &arm.models).map(String::as_str).collect();
        let overlaps = if patterns.len() > ARMS { Overlaps::default() } else { satisfiable_sets(&patterns, &taken) };
        Self { runtime, providers, overlaps }
    }

    /// Whether all is known. If not, two patterns that are not reported may still overlap.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.overlaps.complete
    }

    /// The pairs of arms that answer for one unlisted id, at most as many as asked for,
    /// each with a shortest such id, and whether these are all.
    #[must_use]
    pub fn pairs(&self, most: usize) -> (BTreeMap<(usize, usize), Shared>, bool) {
        let mut pairs: BTreeMap<(usize, usize), Shared> = BTreeMap::new();
        for (arms, witness) in &self.overlaps.witnesses {
            let sorted: Vec<usize> = arms.iter().copied().collect();
            for (position, &first) in sorted.iter().enumerate() {
                for &second in &sorted[position + 1..] {
                    let known = pairs.get(&(first, second));
                    if known.is_none() && pairs.len() == most {
                        return (pairs, false);
                    }
                    if known.is_none_or(|known| shortness(witness, arms) < shortness(&known.witness, &known.arms)) {
                        pairs.insert((first, second), Shared { witness: witness.clone(), arms: arms.clone() });
                    }
                }
            }
        }
        (pairs, true)
    }

    /// Whether some model and some credentials choose the arm; none where that is not known.
    ///
    /// There are two ways to an arm. By its list: it lists an id (as the id is looked up,
    /// without white space around it), and is the only arm that does, or the first, which
    /// answers when no credential is there, or has a credential of its own. By its
    /// pattern: an id that no arm lists matches it, and either no other pattern does or
    /// the arm has a credential of its own among those that match. A credential of its
    /// own is one that none of the others accepts: whatever set of credentials meets
    /// exactly one of several providers holds one, and that one alone does as well.
    #[must_use]
    pub fn is_reachable(&self, arm: usize) -> Option<bool> {
        let by_list = self.runtime.arms[arm].models.iter().any(|model| self.wins_listed(arm, model));
        let sets = self.overlaps.witnesses.keys().filter(|set| set.contains(&arm));
        let by_pattern = || sets.into_iter().any(|set| set.len() == 1 || !self.own_credentials(arm, set).is_empty());
        match (by_list || by_pattern(), self.overlaps.complete) {
            (true, _) => Some(true),
            (false, true) => Some(false),
            (false, false) => None,
        }
    }

    fn wins_listed(&self, arm: usize, model: &str) -> bool {
        let is_looked_up = model.trim() == model;
        let lists = |number: &usize| self.runtime.arms[*number].models.iter().any(|listed| listed == model);
        is_looked_up && {
            let rivals: PatternSet = (0..self.runtime.arms.len()).filter(lists).collect();
            rivals.first() == Some(&arm) || !self.own_credentials(arm, &rivals).is_empty()
        }
    }

    /// The credentials that single out one of several arms, each of them alone.
    #[must_use]
    pub fn own_credentials(&self, arm: usize, among: &PatternSet) -> Vec<&'r str> {
        let others = || among.iter().filter(|other| **other != arm).map(|other| self.providers[*other]);
        let is_own = |name: &&String| !others().any(|other| other.auth_env.contains(name));
        self.providers[arm].auth_env.iter().filter(is_own).map(String::as_str).collect()
    }

    /// An unlisted id that the arm's pattern matches, of those with the fewest rivals.
    #[must_use]
    pub fn matched_by(&self, arm: usize) -> Option<Shared> {
        let sets = self.overlaps.witnesses.iter().filter(|(set, _)| set.contains(&arm));
        let (arms, witness) = sets.min_by_key(|(set, witness)| (set.len(), shortness(witness, set)))?;
        Some(Shared { witness: witness.clone(), arms: arms.clone() })
    }
}

/// The order in which witnesses are preferred: short ones, then those that speak of few arms.
fn shortness<'w>(witness: &'w str, arms: &PatternSet) -> (usize, usize, &'w str) {
    (witness.chars().count(), arms.len(), witness)
}
