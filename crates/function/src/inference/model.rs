//! The rules for the model.

use std::collections::BTreeSet;

use slug_resolver::policy::{Pick, PickRule, Source};

use super::cases::Cases;
use super::condition::{condition, condition_length};
use super::error::NotInferred;
use super::search::{Effect, Search};
use super::set::BitSet;
use super::table::{Axis, Class, Row};

/// The most variables of which lists are tried as the sources of a rule.
const CHAIN_VARIABLES: usize = 4;

/// Finds the rules for the model.
pub(super) fn rules(cases: &Cases<'_>, axes: &[Axis]) -> Result<Vec<PickRule>, NotInferred> {
    let value = |row: &Row, axis: usize| axes[axis].classes.get(usize::from(row.classes[axis])).and_then(Class::value);
    let is_fresh = |row: &Row, axis: usize| {
        matches!(axes[axis].classes.get(usize::from(row.classes[axis])), Some(Class::Other(_)))
    };
    let mut texts: BTreeSet<&str> = BTreeSet::new();
    let mut variables: BTreeSet<usize> = BTreeSet::new();
    for row in &cases.rows {
        let answer = cases.answer(row).model.as_str();
        let printed = |axis: &usize| value(row, *axis) == Some(answer);
        match (1..axes.len()).find(|axis| is_fresh(row, *axis) && printed(axis)) {
            Some(axis) => drop(variables.insert(axis)),
            None => drop(texts.insert(answer)),
        }
    }
    let texts: Vec<&str> = texts.into_iter().collect();
    let variables: Vec<usize> = variables.into_iter().collect();
    let number = |index: usize| u16::try_from(index).unwrap_or(u16::MAX);
    let mut rows = cases.rows.clone();
    for row in &mut rows {
        let answer = cases.answer(row).model.as_str();
        let of_texts = texts.iter().position(|text| *text == answer);
        let of_variables =
            variables.iter().enumerate().filter(|(_, axis)| value(row, **axis) == Some(answer)).map(|(index, _)| index);
        let effects = of_texts.into_iter().chain(of_variables.map(|index| texts.len() + index)).map(number);
        row.effects = effects.collect();
    }
    let table = Cases::table(axes, rows)?;
    let chains = chains(texts.len(), variables.len());
    let sources = |chain: &[usize]| -> Pick {
        let source = |index: &usize| match index.checked_sub(texts.len()) {
            None => Source::Text(texts[*index].to_owned()),
            Some(variable) => Source::Variable(axes[variables[variable]].variable.clone().unwrap_or_default()),
        };
        match chain {
            [text] if texts.get(*text) == Some(&"") => Pick::Nothing,
            _ => Pick::FirstOf(chain.iter().map(source).collect()),
        }
    };
    let can_be_set = |row: usize, variable: usize| {
        let groups = table.masks[row].and(&table.of_axis[variables[variable]]);
        match groups.iter().next() {
            Some(group) => table.can_be_set(group),
            // No answer depends on the variable.
            None => true,
        }
    };
    let mut effects: Vec<Effect> = Vec::new();
    let mut picks: Vec<Pick> = Vec::new();
    for chain in chains {
        let mut right = BitSet::empty(table.rows.len());
        let mut wrong = right.clone();
        let mut used = BTreeSet::new();
        for row in 0..table.rows.len() {
            let available = chain
                .iter()
                .find(|index| index.checked_sub(texts.len()).is_none_or(|variable| can_be_set(row, variable)));
            let Some(index) = available else { continue };
            if table.rows[row].effects.contains(&number(*index)) {
                right.insert(row);
                used.insert(index);
            } else {
                wrong.insert(row);
            }
        }
        let is_text_empty = |index: &usize| texts.get(*index) == Some(&"");
        let is_useful = used.len() == chain.len() && (chain.len() == 1 || !chain.iter().any(is_text_empty));
        if is_useful {
            effects.push(Effect { right, wrong, cost: chain.len() });
            picks.push(sources(&chain));
        }
    }
    let mut needed = BitSet::full(table.rows.len());
    for row in 0..table.rows.len() {
        if cases.answer(&table.rows[row]).model.is_empty() {
            needed.remove(row);
        }
    }
    let all = BitSet::full(table.rows.len());
    // Lists of sources make fewer rules, but longer ones than a rule of its own for each variable.
    let names = variables.iter().filter_map(|axis| axes[*axis].variable.as_deref());
    let attempts: Vec<Vec<&str>> =
        [Vec::new(), names.clone().collect()].into_iter().chain(names.map(|name| vec![name])).collect();
    let mut shortest: Result<Vec<PickRule>, BitSet> = Err(needed.clone());
    for alone in attempts {
        let is_tried = |pick: &Pick| match pick {
            Pick::FirstOf(sources) if sources.len() > 1 => {
                !sources.iter().any(|source| matches!(source, Source::Variable(name) if alone.contains(&name.as_str())))
            }
            _ => true,
        };
        let tried: Vec<usize> = (0..picks.len()).filter(|index| is_tried(&picks[*index])).collect();
        let effects: Vec<Effect> = tried.iter().map(|index| effects[*index].clone()).collect();
        let picks: Vec<&Pick> = tried.iter().map(|index| &picks[*index]).collect();
        let search = Search::new(&table, &effects, needed.clone());
        // A variable that wins wherever it is set comes first, as people write it.
        let mut rules = search.leading((0..picks.len()).filter(|effect| is_variable(picks[*effect])));
        let mut rest = all.clone();
        rules.iter().for_each(|rule| rest.subtract(&search.decided_by(*rule, &rest)));
        match search.first_that_applies(&rest) {
            Ok(others) => rules.extend(others),
            Err(rows) => {
                shortest = shortest.map_err(|_| rows);
                continue;
            }
        }
        let decided = search.decided(&all, &rules).unwrap_or_default();
        let written = joined(rules.iter().zip(decided).map(|(rule, rows)| PickRule {
            name: None,
            when: condition(&table, search.groups_of(&rows), rule.region),
            pick: picks[rule.effect].clone(),
        }));
        if shortest.as_ref().is_err()
            || shortest.as_ref().is_ok_and(|shortest| written_length(&written) < written_length(shortest))
        {
            shortest = Ok(written);
        }
    }
    shortest.map_err(|rows| NotInferred::Indistinct { of: "model", cases: cases.simplest(&table, &rows) })
}

/// Returns true for the value of one variable.
fn is_variable(pick: &Pick) -> bool {
    matches!(pick, Pick::FirstOf(sources) if matches!(sources.as_slice(), [Source::Variable(_)]))
}

/// The length of rules as they are written: one for each rule, source, test and text.
fn written_length(rules: &[PickRule]) -> usize {
    let sources = |rule: &PickRule| match &rule.pick {
        Pick::Nothing => 1,
        Pick::FirstOf(sources) => sources.len(),
    };
    rules.iter().map(|rule| 1 + sources(rule) + condition_length(&rule.when)).sum()
}

/// The lists of sources that a rule can have: texts below `texts`, then variables.
fn chains(texts: usize, variables: usize) -> Vec<Vec<usize>> {
    let of_variables = texts..texts + variables;
    let mut chains: Vec<Vec<usize>> = (0..texts + variables).map(|source| vec![source]).collect();
    if variables > CHAIN_VARIABLES {
        return chains;
    }
    for first in of_variables.clone() {
        chains.extend((0..texts).map(|text| vec![first, text]));
        for second in of_variables.clone().filter(|second| *second != first) {
            chains.push(vec![first, second]);
            chains.extend((0..texts).map(|text| vec![first, second, text]));
        }
    }
    chains
}

/// Joins rules with the same condition: the second one picks where no source of the first is available.
fn joined(rules: impl Iterator<Item = PickRule>) -> Vec<PickRule> {
    let mut joined: Vec<PickRule> = Vec::new();
    for rule in rules {
        match (joined.last_mut(), &rule.pick) {
            (Some(PickRule { when, pick: Pick::FirstOf(sources), .. }), Pick::FirstOf(more)) if *when == rule.when => {
                sources.extend(more.iter().cloned());
            }
            _ => joined.push(rule),
        }
    }
    joined
}
