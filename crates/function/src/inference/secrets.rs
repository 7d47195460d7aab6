//! The rules for the secrets.

use std::collections::BTreeSet;

use slug_resolver::policy::{InjectMode, SecretsEffect, SecretsRule};

use super::cases::Cases;
use super::condition::{condition, condition_length};
use super::error::NotInferred;
use super::mask::Mask;
use super::search::{Effect, Rule, Search};
use super::set::BitSet;
use super::table::{Axis, Row, Table};

use crate::case::Answer;

/// The most conditions of the platform path that are tried before other rules.
const LEADING: usize = 4;

/// Rules and how they count.
type Rules = (InjectMode, Vec<SecretsRule>);

/// Finds the rules for the secrets, in the mode that needs fewer.
pub(super) fn rules(cases: &Cases<'_>, axes: &[Axis]) -> Result<Rules, NotInferred> {
    let mut lists: BTreeSet<&BTreeSet<String>> = BTreeSet::new();
    let asked: Vec<Row> = cases.rows.iter().filter(|row| cases.answer(row).secrets.is_some()).cloned().collect();
    let names_of = |row: &Row| cases.answer(row).secrets.as_ref();
    lists.extend(asked.iter().filter_map(names_of).filter(|names| !names.is_empty()));
    if lists.is_empty() {
        return Ok((InjectMode::First, Vec::new()));
    }
    let lists: Vec<&BTreeSet<String>> = lists.into_iter().collect();
    let number = |index: usize| u16::try_from(index).unwrap_or(u16::MAX);
    let (platform, nothing) = (lists.len(), lists.len() + 1);
    let with_effects = |needs_platform: &dyn Fn(&Row) -> bool| {
        let mut rows = asked.clone();
        for row in &mut rows {
            let names = names_of(row);
            row.effects = match lists.iter().position(|list| Some(*list) == names) {
                Some(index) => vec![number(index)],
                None if needs_platform(row) => vec![number(platform)],
                None => vec![number(platform), number(nothing)],
            };
        }
        rows
    };
    let keys = Cases::table(axes, with_effects(&|_| false))?.keys();
    let has_all_keys = |row: &Row| {
        let is_set = |(axis, class): &(usize, u8)| row.classes[*axis] == *class;
        !keys.is_empty() && keys.iter().all(is_set)
    };
    // Nothing is injected although every key is set, and the platform pays for the model.
    let is_on_platform = |row: &Row| {
        let (case, Answer { model, .. }) = &cases.answers.cases[row.case];
        has_all_keys(row) && (cases.answers.is_platform_model)(&case.runtime, model)
    };
    let table = Cases::table(axes, with_effects(&is_on_platform))?;
    let rows_with = |is_in: &dyn Fn(&Row) -> bool| {
        let mut rows = BitSet::empty(table.rows.len());
        (0..table.rows.len()).filter(|row| is_in(&table.rows[*row])).for_each(|row| rows.insert(row));
        rows
    };
    let with = |effect: usize| rows_with(&|row| row.effects.contains(&number(effect)));
    let all = BitSet::full(table.rows.len());
    let mut needed = all.clone();
    needed.subtract(&with(nothing));
    let names: BTreeSet<&String> = lists.iter().copied().flatten().collect();
    let injects = |name: &String| rows_with(&|row| names_of(row).is_some_and(|names| names.contains(name)));
    let single: Vec<Effect> = names.iter().map(|name| effect(injects(name), 1)).collect();
    let mut effects: Vec<Effect> =
        lists.iter().enumerate().map(|(index, list)| effect(with(index), list.len())).collect();
    effects.push(effect(with(platform), 1));

    let finder = Finder {
        table: &table,
        names: names.into_iter().collect(),
        needed: needed.clone(),
        has_all_keys: rows_with(&has_all_keys),
        lists,
        single,
        effects,
    };
    let search = Search::new(&table, &finder.effects, needed.clone());
    let marked = search.covering(platform, needed.intersection(&with(platform)));
    let mut found = finder.after(&marked);
    let mut rest = with(platform).intersection(&finder.has_all_keys);
    marked.iter().for_each(|rule| rest.subtract(&search.decided_by(*rule, &all)));
    for rule in search.largest(platform, &rest).into_iter().take(LEADING) {
        found.extend(finder.after(&[marked.as_slice(), &[rule]].concat()));
    }
    if marked.is_empty() {
        found.extend(finder.around_platform());
    }
    // A further rule for the platform path has to save two rules: no registry says that it is one.
    let is_platform = |rule: &&SecretsRule| rule.effect == SecretsEffect::Platform;
    let shortest = found.into_iter().min_by_key(|(mode, rules)| {
        let further = rules.iter().filter(is_platform).count() > marked.len();
        (rules.len() + usize::from(further), further, length(rules), *mode == InjectMode::Every)
    });
    shortest.ok_or_else(|| NotInferred::Indistinct { of: "secrets", cases: cases.simplest(&table, &needed) })
}

/// An effect that is wrong where it is not right.
fn effect(right: BitSet, cost: usize) -> Effect {
    let mut wrong = right.clone();
    wrong.complement();
    Effect { right, wrong, cost }
}

/// The input of the search for rules.
struct Finder<'t> {
    table: &'t Table<'t>,
    /// The different lists of secrets in answers.
    lists: Vec<&'t BTreeSet<String>>,
    /// The names in these lists.
    names: Vec<&'t String>,
    /// The rows that need a rule.
    needed: BitSet,
    /// The rows in which every variable of which only the presence matters is set.
    has_all_keys: BitSet,
    /// The effect of each name.
    single: Vec<Effect>,
    /// The effect of each list, and that of the platform path.
    effects: Vec<Effect>,
}

impl Finder<'_> {
    fn all(&self) -> BitSet {
        BitSet::full(self.table.rows.len())
    }

    /// The rules in both modes after some rules for the platform path.
    fn after(&self, leading: &[Rule]) -> Vec<Rules> {
        let search = Search::new(self.table, &self.effects, self.needed.clone());
        let mut rest = self.all();
        let mut start = Vec::new();
        for rule in leading {
            let covered = search.decided_by(*rule, &rest);
            rest.subtract(&covered);
            start.push(self.rule(search.groups_of(&covered), rule.region, None));
        }
        let mut found = Vec::new();
        let wanted: Vec<BitSet> = self.single.iter().map(|effect| effect.right.intersection(&rest)).collect();
        if let Some(additions) = self.additions(&rest, &wanted) {
            found.push((InjectMode::Every, start.iter().cloned().chain(additions).collect()));
        }
        // A list of which the first rule counts has a rule for each list of secrets.
        if found.iter().any(|(_, rules): &Rules| rules.len() < self.lists.len()) {
            return found;
        }
        for effects in [&self.effects[..self.lists.len()], &self.effects] {
            let search = Search::new(self.table, effects, self.needed.clone());
            let Ok(rules) = search.first_that_applies(&rest) else { continue };
            let decided = search.decided(&rest, &rules).unwrap_or_default();
            let write = |(rule, rows): (&Rule, BitSet)| {
                let names = self.lists.get(rule.effect).map(|list| list.iter().cloned().collect());
                self.rule(search.groups_of(&rows), rule.region, names)
            };
            found
                .push((InjectMode::First, start.iter().cloned().chain(rules.iter().zip(decided).map(write)).collect()));
        }
        found
    }

    /// The rules of which each adds names, for some rows with some wanted names.
    fn additions(&self, rows: &BitSet, wanted: &[BitSet]) -> Option<Vec<SecretsRule>> {
        let search = Search::new(self.table, &self.single, self.needed.clone());
        let write = |(region, added): (Mask, Vec<usize>)| {
            let mut decided = BitSet::empty(self.table.rows.len());
            added.iter().for_each(|effect| decided.unite(&search.covered(region, &wanted[*effect])));
            let names = added.iter().map(|effect| self.names[*effect].clone()).collect();
            self.rule(search.groups_of(&decided), region, Some(names))
        };
        let mut rules: Vec<SecretsRule> =
            search.every_that_applies(rows, wanted).ok()?.into_iter().map(write).collect();
        // Their order has no meaning: by variable, and last the rules that always apply.
        rules.sort_by_key(|rule| {
            let first = rule.when.variables.first().map(|(name, _)| name.clone());
            (first.is_none(), first, rule.injected().to_vec())
        });
        Some(rules)
    }

    /// Rules that add names wherever one key is set, or always; then a rule for the platform path, on which
    /// nothing else is injected; then the others.
    fn around_platform(&self) -> Vec<Rules> {
        let search = Search::new(self.table, &self.single, self.needed.clone());
        let mut wanted: Vec<BitSet> = self.single.iter().map(|effect| effect.right.clone()).collect();
        let mut start = Vec::new();
        for region in self.table.presences() {
            let covered = search.covered(region, &self.all());
            let is_added =
                |name: &usize| covered.is_subset(&self.single[*name].right) && wanted[*name].intersects(&covered);
            let added: Vec<usize> = (0..self.names.len()).filter(is_added).collect();
            if !added.is_empty() {
                added.iter().for_each(|name| wanted[*name].subtract(&covered));
                let names = added.iter().map(|name| self.names[*name].clone()).collect();
                start.push(self.rule(search.groups_of(&covered), region, Some(names)));
            }
        }
        if start.is_empty() {
            return Vec::new();
        }
        let mut complete = self.all();
        wanted.iter().for_each(|wanted| complete.subtract(wanted));
        let effects = [effect(complete.clone(), 1)];
        let platform = Search::new(self.table, &effects, complete.clone());
        let mut found = Vec::new();
        for rule in platform.largest(0, &complete.intersection(&self.has_all_keys)).into_iter().take(LEADING) {
            let mut rest = self.all();
            let covered = platform.decided_by(rule, &rest);
            rest.subtract(&covered);
            let wanted: Vec<BitSet> = wanted.iter().map(|wanted| wanted.intersection(&rest)).collect();
            if let Some(additions) = self.additions(&rest, &wanted) {
                let on_platform = self.rule(platform.groups_of(&covered), rule.region, None);
                let rules = start.iter().cloned().chain([on_platform]).chain(additions);
                found.push((InjectMode::Every, rules.collect()));
            }
        }
        found
    }

    /// Writes a rule that injects secrets, or that selects the platform path if there are no names.
    fn rule(&self, needed: Mask, allowed: Mask, names: Option<Vec<String>>) -> SecretsRule {
        let effect = names.map_or(SecretsEffect::Platform, SecretsEffect::Inject);
        SecretsRule { name: None, key: None, when: condition(self.table, needed, allowed), effect }
    }
}

/// The length of rules as they are written.
fn length(rules: &[SecretsRule]) -> usize {
    rules.iter().map(|rule| condition_length(&rule.condition()) + rule.injected().len()).sum()
}
