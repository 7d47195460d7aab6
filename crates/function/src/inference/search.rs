//! The search for a short list of rules that gives every row its answer.
//!
//! Rivest's argument makes the search exact: if some list of rules fits all rows, then it still fits the
//! rows that remain after any rule that is right about every remaining row it covers. So such a rule never
//! leads into a dead end, and of two such rules the one that covers more is at least as good.

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashSet};

use super::mask::Mask;
use super::set::BitSet;
use super::table::Table;

/// The most regions that are kept while the regions of one row are built.
const REGIONS: usize = 64;
/// The work after which no shorter list is sought: the number of rows and regions that are compared.
const WORK: usize = 5_000_000;
/// Up to this number of rows, the regions of every one of them are candidates; of more rows, the regions
/// of rows that an earlier region does not cover.
const SEEDS: usize = 48;
/// The most effects that are tried as the last rule.
const FALLBACKS: usize = 6;
/// The most candidates that are tried in one state.
const BRANCHES: usize = 6;

/// An effect of a rule: a model, or injected secrets.
#[derive(Clone, Debug)]
pub(super) struct Effect {
    /// The rows whose answer the effect gives.
    pub(super) right: BitSet,
    /// The rows whose answer it does not give. A rule has no effect on rows in neither set.
    pub(super) wrong: BitSet,
    /// The length of the effect as it is written.
    pub(super) cost: usize,
}

/// A rule, by the number of its effect and the groups that its condition admits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rule {
    pub(super) region: Mask,
    pub(super) effect: usize,
}

/// The rules of one question to find.
pub(super) struct Search<'t> {
    pub(super) table: &'t Table<'t>,
    pub(super) effects: &'t [Effect],
    /// The rows that need a rule.
    needed: BitSet,
    /// The work that was done.
    work: Cell<usize>,
}

/// A rule that is right about every remaining row that it covers.
struct Candidate {
    rule: Rule,
    covered: BitSet,
    /// The number of covered rows that need a rule.
    count: usize,
    /// The number of tests of the condition.
    tests: usize,
    cost: usize,
}

/// Which candidate is the best.
#[derive(Clone, Copy)]
enum Order {
    /// The one that covers most.
    Coverage,
    /// The one with the fewest tests, and then the one that covers most.
    Simplicity,
}

impl<'t> Search<'t> {
    pub(super) fn new(table: &'t Table<'t>, effects: &'t [Effect], needed: BitSet) -> Self {
        Self { table, effects, needed, work: Cell::new(0) }
    }

    fn is_work_left(&self) -> bool {
        self.work.get() < WORK
    }

    /// Finds a list of rules for some rows, of which the first rule that applies counts. If that is
    /// impossible, returns rows that no rule can decide.
    ///
    /// Each effect is tried as the one that applies where no other rule does, as people write such lists.
    pub(super) fn first_that_applies(&self, rows: &BitSet) -> Result<Vec<Rule>, BitSet> {
        let mut last: Vec<usize> = (0..self.effects.len()).collect();
        last.sort_by_key(|effect| {
            let Effect { right, cost, .. } = &self.effects[*effect];
            (Reverse(right.intersection(rows).len()), *cost)
        });
        last.truncate(FALLBACKS);
        let mut shortest: Result<Vec<Rule>, BitSet> = Err(rows.clone());
        for fallback in std::iter::once(None).chain(last.into_iter().map(Some)) {
            for order in [Order::Coverage, Order::Simplicity] {
                if shortest.is_ok() && !self.is_work_left() {
                    continue;
                }
                let found = self.with_fallback(rows, fallback, order);
                let is_shorter = match (&shortest, &found) {
                    (Ok(shortest), Ok(found)) => self.length(rows, found) < self.length(rows, shortest),
                    (Err(_), _) => true,
                    (Ok(_), Err(_)) => false,
                };
                if is_shorter {
                    shortest = found;
                }
            }
        }
        let mut shorter = Shorter { best: shortest?, seen: HashSet::new() };
        self.shorten(rows, &mut Vec::new(), &mut shorter);
        Ok(self.without_superfluous(rows, shorter.best))
    }

    /// The rules without a condition, with some of the effects, that are right about every row they cover
    /// after the rules before. A list for the other rows can follow them if there is any list.
    pub(super) fn leading(&self, effects: impl Iterator<Item = usize> + Clone) -> Vec<Rule> {
        let mut remaining = BitSet::full(self.table.rows.len());
        let mut rules = Vec::new();
        loop {
            let rule = |effect: usize| Rule { region: self.table.all(), effect };
            let is_right = |effect: &usize| {
                let covered = self.decided_by(rule(*effect), &remaining);
                covered.intersects(&self.needed) && !covered.intersects(&self.effects[*effect].wrong)
            };
            let Some(effect) = effects.clone().find(is_right) else { return rules };
            remaining.subtract(&self.decided_by(rule(effect), &remaining));
            rules.push(rule(effect));
        }
    }

    /// Finds a list with one candidate after the other and a last rule with an effect, if one is given.
    fn with_fallback(&self, rows: &BitSet, fallback: Option<usize>, order: Order) -> Result<Vec<Rule>, BitSet> {
        let mut needed = self.needed.clone();
        if let Some(effect) = fallback {
            needed.subtract(&self.effects[effect].right);
        }
        let mut rules = Vec::new();
        let mut remaining = rows.clone();
        while remaining.intersects(&needed) {
            let others = self.candidates(&remaining, &needed, order);
            let best = others.into_iter().find(|candidate| candidate.covered.intersects(&needed));
            let best = best.or_else(|| self.candidates(&remaining, &remaining, order).into_iter().next());
            let Some(best) = best else { return Err(remaining.intersection(&needed)) };
            remaining.subtract(&best.covered);
            rules.push(best.rule);
        }
        rules.extend(fallback.map(|effect| Rule { region: self.table.all(), effect }));
        if self.decided(rows, &rules).is_none() {
            return Err(remaining.intersection(&self.needed));
        }
        Ok(self.without_superfluous(rows, rules))
    }

    /// The number of rules of a list, then its length as it is written.
    fn length(&self, rows: &BitSet, rules: &[Rule]) -> (usize, usize) {
        let decided = self.decided(rows, rules).unwrap_or_default();
        let cost = |(rule, rows): (&Rule, BitSet)| {
            self.effects[rule.effect].cost + self.table.cost(self.groups_of(&rows), rule.region)
        };
        (rules.len(), rules.iter().zip(decided).map(cost).sum())
    }

    /// Replaces the best list by a shorter one that starts with `rules`, if there is one.
    fn shorten(&self, remaining: &BitSet, rules: &mut Vec<Rule>, shorter: &mut Shorter) {
        if !remaining.intersects(&self.needed) {
            if rules.len() < shorter.best.len() {
                shorter.best.clone_from(rules);
            }
            return;
        }
        if rules.len() + self.least_rules(remaining) >= shorter.best.len() || !self.is_work_left() {
            return;
        }
        if !shorter.seen.insert((remaining.clone(), rules.len())) {
            return;
        }
        for candidate in self.candidates(remaining, remaining, Order::Coverage).into_iter().take(BRANCHES) {
            let mut rest = remaining.clone();
            rest.subtract(&candidate.covered);
            rules.push(candidate.rule);
            self.shorten(&rest, rules, shorter);
            rules.pop();
        }
    }

    /// A lower bound of the number of rules for the remaining rows: a set of rows of which no two can have
    /// the same rule.
    fn least_rules(&self, remaining: &BitSet) -> usize {
        let mut open = remaining.intersection(&self.needed);
        let mut count = 0;
        while let Some(row) = open.first() {
            count += 1;
            open.remove(row);
            for effect in self.effects.iter().filter(|effect| effect.right.contains(row)) {
                open.subtract(&effect.right);
            }
        }
        count
    }

    /// The rules that are right about every remaining row that they cover and cover a row of `needed`, the
    /// best first. A rule that covers a part of what another one covers is left out.
    fn candidates(&self, remaining: &BitSet, needed: &BitSet, order: Order) -> Vec<Candidate> {
        let mut found: BTreeSet<(usize, Mask)> = BTreeSet::new();
        for (number, effect) in self.effects.iter().enumerate() {
            let mut open = effect.right.intersection(remaining);
            open.intersect(needed);
            if open.is_empty() {
                continue;
            }
            let wrong = self.masks(&effect.wrong.intersection(remaining));
            let has_all_seeds = open.len() <= SEEDS;
            while let Some(seed) = open.first() {
                open.remove(seed);
                for region in self.regions(seed, &wrong) {
                    if !has_all_seeds {
                        open.subtract(&self.covered(region, &open));
                    }
                    found.insert((number, region));
                }
            }
        }
        let mut candidates: Vec<Candidate> = Vec::new();
        for (effect, region) in found {
            let rule = Rule { region, effect };
            let covered = self.decided_by(rule, remaining);
            let cost = self.effects[effect].cost + self.table.cost(self.groups_of(&covered), region);
            let tests = self.tested_axes(region);
            let count = covered.intersection(needed).len();
            candidates.push(Candidate { rule, count, covered, tests, cost });
        }
        candidates.sort_by_key(|Candidate { count, tests, cost, .. }| match order {
            Order::Coverage => (0, Reverse(*count), *cost),
            Order::Simplicity => (*tests, Reverse(*count), *cost),
        });
        let mut kept: Vec<Candidate> = Vec::new();
        for candidate in candidates {
            if !kept.iter().any(|larger| candidate.covered.is_subset(&larger.covered)) {
                kept.push(candidate);
            }
        }
        kept
    }

    /// Finds rules with one effect that cover some rows, by the most of them.
    pub(super) fn covering(&self, effect: usize, mut open: BitSet) -> Vec<Rule> {
        let wrong = self.masks(&self.effects[effect].wrong);
        let mut rules = Vec::new();
        while let Some(seed) = open.first() {
            let gain = |region: &Mask| {
                let covered = self.covered(*region, &open);
                (covered.len(), Reverse(self.table.cost(self.groups_of(&covered), *region)), Reverse(*region))
            };
            let Some(region) = self.regions(seed, &wrong).into_iter().max_by_key(gain) else { break };
            open.subtract(&self.covered(region, &open));
            rules.push(Rule { region, effect });
        }
        rules
    }

    /// Rules with one effect that cover some row of `seeds`, the one that covers most of them first.
    pub(super) fn largest(&self, effect: usize, seeds: &BitSet) -> Vec<Rule> {
        let wrong = self.masks(&self.effects[effect].wrong);
        let mut found: BTreeSet<Mask> = BTreeSet::new();
        let mut open = seeds.clone();
        while let Some(seed) = open.first() {
            open.remove(seed);
            for region in self.regions(seed, &wrong) {
                open.subtract(&self.covered(region, &open));
                found.insert(region);
            }
        }
        let mut rules: Vec<Rule> = found.into_iter().map(|region| Rule { region, effect }).collect();
        rules.sort_by_key(|rule| Reverse(self.covered(rule.region, seeds).len()));
        rules
    }

    /// The groups of some rows.
    fn masks(&self, rows: &BitSet) -> Vec<Mask> {
        rows.iter().map(|row| self.table.masks[row]).collect()
    }

    /// The groups that some rows have.
    pub(super) fn groups_of(&self, rows: &BitSet) -> Mask {
        rows.iter().fold(Mask::default(), |groups, row| groups.or(&self.table.masks[row]))
    }

    /// The rows of a set that are in a region.
    pub(super) fn covered(&self, region: Mask, rows: &BitSet) -> BitSet {
        self.work.set(self.work.get() + self.table.rows.len());
        let mut covered = BitSet::empty(self.table.rows.len());
        rows.iter().filter(|row| self.table.masks[*row].is_subset(&region)).for_each(|row| covered.insert(row));
        covered
    }

    /// The rows of a set that a rule decides.
    pub(super) fn decided_by(&self, rule: Rule, rows: &BitSet) -> BitSet {
        let Effect { right, wrong, .. } = &self.effects[rule.effect];
        let mut affected = right.clone();
        affected.unite(wrong);
        affected.intersect(rows);
        self.covered(rule.region, &affected)
    }

    /// The largest regions that contain one row and none of `wrong`, and that a condition can express.
    pub(super) fn regions(&self, seed: usize, wrong: &[Mask]) -> Vec<Mask> {
        let seed = self.table.masks[seed];
        let distinct: HashSet<Mask> = wrong.iter().map(|wrong| wrong.without(&seed)).collect();
        let mut differences: Vec<Mask> = distinct.into_iter().collect();
        differences.sort_by_key(|difference| (difference.len(), *difference));
        // A region without a row lacks one of its groups, and so lacks every row that has all these groups.
        let mut minimal: Vec<Mask> = Vec::new();
        for difference in differences {
            if !minimal.iter().any(|smaller| smaller.is_subset(&difference)) {
                minimal.push(difference);
            }
        }
        self.work.set(self.work.get() + wrong.len());
        let mut regions = vec![self.table.all()];
        for difference in minimal {
            self.work.set(self.work.get() + regions.len() * regions.len());
            let (mut kept, hit): (Vec<Mask>, Vec<Mask>) =
                regions.into_iter().partition(|region| !difference.is_subset(region));
            let mut split: Vec<Mask> = Vec::new();
            for region in &hit {
                for group in difference.iter() {
                    let mut smaller = *region;
                    smaller.remove(group);
                    if !kept.iter().any(|larger| smaller.is_subset(larger)) {
                        split.push(smaller);
                    }
                }
            }
            kept.append(&mut split);
            if kept.len() > REGIONS {
                kept.sort_by_key(|region| (self.tested_axes(*region), Reverse(region.len()), *region));
                kept.truncate(REGIONS);
            }
            regions = kept;
        }
        let expressed: BTreeSet<Mask> =
            regions.into_iter().filter_map(|region| self.table.expressible(region, seed)).collect();
        let is_maximal = |region: &Mask| !expressed.iter().any(|larger| larger != region && region.is_subset(larger));
        expressed.iter().filter(|region| is_maximal(region)).copied().collect()
    }

    /// The number of tests of a condition.
    fn tested_axes(&self, region: Mask) -> usize {
        self.table.of_axis.iter().filter(|all| !all.is_subset(&region)).count()
    }

    /// The rows that each rule of a list decides, of some rows; `None` if a rule is wrong or a row that
    /// needs a rule has none.
    pub(super) fn decided(&self, rows: &BitSet, rules: &[Rule]) -> Option<Vec<BitSet>> {
        let mut remaining = rows.clone();
        let mut decided = Vec::new();
        for rule in rules {
            let covered = self.decided_by(*rule, &remaining);
            if covered.intersects(&self.effects[rule.effect].wrong) {
                return None;
            }
            remaining.subtract(&covered);
            decided.push(covered);
        }
        (!remaining.intersects(&self.needed)).then_some(decided)
    }

    /// Removes rules as long as the others decide all rows.
    fn without_superfluous(&self, rows: &BitSet, mut rules: Vec<Rule>) -> Vec<Rule> {
        let mut index = 0;
        while index < rules.len() {
            let mut fewer = rules.clone();
            fewer.remove(index);
            if self.decided(rows, &fewer).is_some() { rules = fewer } else { index += 1 }
        }
        rules
    }

    /// Finds rules that each add effects: `wanted` are the rows of `rows` that need the effect with the
    /// same number. If that is impossible, returns rows that no rule can decide.
    pub(super) fn every_that_applies(
        &self,
        rows: &BitSet,
        wanted: &[BitSet],
    ) -> Result<Vec<(Mask, Vec<usize>)>, BitSet> {
        let mut candidates: BTreeSet<Mask> = BTreeSet::new();
        for (effect, wanted) in self.effects.iter().zip(wanted) {
            let wrong = self.masks(&effect.wrong.intersection(rows));
            let mut seeds = wanted.clone();
            let has_all_seeds = seeds.len() <= SEEDS;
            while let Some(seed) = seeds.first() {
                seeds.remove(seed);
                let regions = self.regions(seed, &wrong);
                if regions.is_empty() {
                    return Err(BitSet::of(self.table.rows.len(), seed));
                }
                for region in regions {
                    if !has_all_seeds {
                        seeds.subtract(&self.covered(region, &seeds));
                    }
                    candidates.insert(region);
                }
            }
        }
        let candidate = |region: Mask| {
            let covered = self.covered(region, rows);
            let cost = self.table.cost(self.groups_of(&covered), region);
            let is_right = |effect: &usize| !covered.intersects(&self.effects[*effect].wrong);
            let effects: Vec<usize> = (0..self.effects.len()).filter(is_right).collect();
            (region, covered, effects, cost)
        };
        let candidates: Vec<_> = candidates.into_iter().map(candidate).collect();
        let mut open: Vec<BitSet> = wanted.to_vec();
        let mut rules: Vec<(Mask, Vec<usize>)> = Vec::new();
        while open.iter().any(|open| !open.is_empty()) {
            let gain = |(region, covered, effects, cost): &&(Mask, BitSet, Vec<usize>, usize)| {
                let gain: usize = effects.iter().map(|effect| open[*effect].intersection(covered).len()).sum();
                (gain, Reverse(*cost), Reverse(*region))
            };
            let Some((region, covered, effects, _)) = candidates.iter().max_by_key(gain) else { break };
            let added: Vec<usize> =
                effects.iter().copied().filter(|effect| open[*effect].intersects(covered)).collect();
            added.iter().for_each(|effect| open[*effect].subtract(covered));
            rules.push((*region, added));
        }
        Ok(self.without_superfluous_additions(rows, rules, wanted))
    }

    /// Removes effects and rules as long as the others add every wanted effect.
    fn without_superfluous_additions(
        &self,
        rows: &BitSet,
        mut rules: Vec<(Mask, Vec<usize>)>,
        wanted: &[BitSet],
    ) -> Vec<(Mask, Vec<usize>)> {
        let is_complete = |rules: &[(Mask, Vec<usize>)]| {
            wanted.iter().enumerate().all(|(effect, wanted)| {
                let mut open = wanted.clone();
                for (region, _) in rules.iter().filter(|(_, added)| added.contains(&effect)) {
                    open.subtract(&self.covered(*region, rows));
                }
                open.is_empty()
            })
        };
        let mut index = 0;
        while index < rules.len() {
            let mut fewer = rules.clone();
            fewer.remove(index);
            if is_complete(&fewer) {
                rules = fewer;
                continue;
            }
            for effect in rules[index].1.clone() {
                let mut fewer = rules.clone();
                fewer[index].1.retain(|added| *added != effect);
                if is_complete(&fewer) {
                    rules = fewer;
                }
            }
            index += 1;
        }
        rules
    }
}

/// The state of the search for a shorter list.
struct Shorter {
    best: Vec<Rule>,
    /// The remaining rows of the visited states, with the number of rules before.
    seen: HashSet<(BitSet, usize)>,
}
