//! Overlapping and unreachable arms (provider entries) of one runtime.
//!
//! Both follow from the automata of the patterns: for each set of patterns, whether there is
//! an id that exactly these patterns match and that no arm lists. Patterns are not used for
//! listed ids, so patterns that share only listed ids do not overlap.

use std::collections::{BTreeMap, HashSet};

use slug_resolver::registry::overlap::{Overlaps, PatternSet, satisfiable_sets};
use slug_resolver::registry::{Pattern, Runtime};
use slug_resolver::{Credentials, NameSubset, Provider, Registry};

/// The maximum number of arms of a runtime whose patterns are compared. A runtime with more is
/// undecided.
pub const ARMS: usize = 256;

/// The arms of one runtime, with the overlaps of their patterns.
pub struct Arms<'r> {
    /// The runtime.
    pub runtime: &'r Runtime,
    /// The provider of each arm.
    pub providers: Vec<&'r Provider>,
    overlaps: Overlaps,
}

/// An id that the patterns of several arms match and no arm lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// The id.
    pub witness: String,
    /// The numbers of the arms whose patterns match the id.
    pub arms: PatternSet,
}

impl<'r> Arms<'r> {
    /// Computes the overlaps of a runtime.
    #[must_use]
    pub fn of(registry: &'r Registry, runtime: &'r Runtime) -> Self {
        let providers: Vec<&Provider> =
            runtime.arms.iter().filter_map(|arm| registry.provider(&arm.provider)).collect();
        let patterns: Vec<&Pattern> = providers.iter().map(|provider| &provider.model_prefix_match).collect();
        let ids = runtime.arms.iter().flat_map(|arm| arm.models.iter().chain(&arm.withdrawn_models));
        let taken: HashSet<&str> = ids.map(String::as_str).collect();
        let overlaps = if patterns.len() > ARMS { Overlaps::default() } else { satisfiable_sets(&patterns, &taken) };
        Self { runtime, providers, overlaps }
    }

    /// Returns true if all overlaps are known. If not, patterns that are not reported may overlap.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.overlaps.complete
    }

    /// Returns at most `most` pairs of arms whose patterns match the same unlisted id, each with
    /// a shortest such id, and true if there are no more pairs.
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

    /// Returns true if some model and some credentials select the arm, or `None` if unknown.
    ///
    /// An arm is selected in one of two ways. By its list: it lists an id (without surrounding
    /// white space, as ids are looked up), and it is the only arm that lists it, or the first
    /// one, which is selected without credentials, or it has an exclusive credential. By its
    /// pattern: the pattern matches an unlisted id, and no other pattern matches the id or the
    /// arm has an exclusive credential among the matching arms. An exclusive credential is one
    /// that no other of these arms accepts. One credential is enough to consider: every set of
    /// credentials that matches exactly one of several providers contains an exclusive
    /// credential, which alone has the same effect.
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

    /// The credentials of an arm that no other arm of `among` accepts. Each alone selects the arm. The
    /// empty text stands for no credential, which selects an arm that needs none.
    #[must_use]
    pub fn own_credentials(&self, arm: usize, among: &PatternSet) -> Vec<String> {
        let others = || among.iter().filter(|other| **other != arm).map(|other| self.providers[*other]);
        let is_own = |item: &NameSubset<'_>| {
            let names: Vec<&str> = item.iter().collect();
            !others().any(|other| Credentials { ambient: &names, ..Credentials::default() }.meet(other))
        };
        let none = self.providers[arm].is_keyless().then(NameSubset::default);
        self.providers[arm].auth_env.items().chain(none).filter(is_own).map(|item| item.join(" and ")).collect()
    }

    /// An unlisted id that the arm's pattern matches, with the fewest other matching arms.
    #[must_use]
    pub fn matched_by(&self, arm: usize) -> Option<Shared> {
        let sets = self.overlaps.witnesses.iter().filter(|(set, _)| set.contains(&arm));
        let (arms, witness) = sets.min_by_key(|(set, witness)| (set.len(), shortness(witness, set)))?;
        Some(Shared { witness: witness.clone(), arms: arms.clone() })
    }
}

/// The sort key of example ids: by length, then by the number of arms.
fn shortness<'w>(witness: &'w str, arms: &PatternSet) -> (usize, usize, &'w str) {
    (witness.chars().count(), arms.len(), witness)
}
