//! The shortest policy that gives the same answers as a function.
//!
//! The answers to all cases of a [`Space`] are reduced to a table (`table`), in which a `search` finds the
//! shortest list of rules for the model and one for the secrets. The policy that results is compared with
//! every answer before it is returned.

mod mask;
mod search;
mod secrets;
mod set;
mod table;

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;

use slug_resolver::policy::{Condition, Pick, PickRule, SecretsEffect, Source, Test};
use slug_resolver::{Env, Policy, PolicyDocument, inject, select};

use crate::case::{Answer, Case};
use crate::space::Space;

use self::mask::Mask;
use self::search::{Effect, Search};
use self::set::BitSet;
use self::table::{Axis, Class, Row, Table, contexts};

/// The most variables of which lists are tried as the sources of a rule.
const CHAIN_VARIABLES: usize = 4;

/// The answers from which a policy is inferred.
pub struct Answers<'a> {
    /// The environments that differ for the function. The last runtime is one that nobody names.
    pub space: &'a Space,
    /// The cases of the space with the answers of the function.
    pub cases: &'a [(Case, Answer)],
    /// Returns true if a platform provider serves a model (the second argument) on a runtime.
    pub is_platform_model: &'a dyn Fn(&str, &str) -> bool,
}

/// The reason why no policy gives the answers of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotInferred {
    /// An answer contains the value of a variable as a part of a longer text, which no rule can express.
    Composed {
        /// The environment with the fewest variables in which the function answers so.
        case: Case,
        /// The variable, or `runtime`.
        part: String,
    },
    /// No list of rules distinguishes these environments, whose answers differ.
    Indistinct {
        /// What the answers are about: `model` or `secrets`.
        of: &'static str,
        /// Up to two environments, with the fewest variables first.
        cases: Vec<Case>,
    },
    /// The answers need more rules or more different values than a policy may have.
    TooLarge(String),
}

impl fmt::Display for NotInferred {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Composed { case, part } => write!(
                f,
                "the answer contains the value of `{part}` within a longer text, which a rule cannot express: {}",
                shown(case)
            ),
            Self::Indistinct { of, cases } => {
                write!(f, "no list of rules for `{of}` gives these answers")?;
                cases.iter().try_for_each(|case| write!(f, "; see {}", shown(case)))
            }
            Self::TooLarge(reason) => f.write_str(reason),
        }
    }
}

impl Error for NotInferred {}

/// A case in a message.
fn shown(case: &Case) -> String {
    let variables: Vec<String> = case.variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
    match (case.runtime.as_str(), variables.as_slice()) {
        ("", []) => "the empty environment".to_owned(),
        ("", _) => format!("`{}`", variables.join(" ")),
        (runtime, []) => format!("runtime `{runtime}`"),
        (runtime, _) => format!("runtime `{runtime}` with `{}`", variables.join(" ")),
    }
}

/// The answer of a policy to a case whose runtime is given.
#[must_use]
pub fn answer_of(policy: &Policy, case: &Case) -> Answer {
    let env = Env::read(policy, case.variables.iter().map(|(name, value)| (name, value.as_str())));
    let secrets = inject(&case.runtime, &env).names.iter().map(str::to_owned).collect();
    Answer { model: select(&case.runtime, &env).slug.to_owned(), secrets: Some(secrets) }
}

/// Infers the shortest policy with the answers of a function, without rules for the runtime.
///
/// # Errors
///
/// If no policy has these answers.
pub fn infer(name: &str, answers: &Answers<'_>) -> Result<Policy, NotInferred> {
    let mut axes = Axis::all(answers.space);
    let cases = Cases::new(&axes, answers)?;
    let cases = cases.with_empty_and_defaults(&mut axes);
    let mut document = PolicyDocument::new(name, "RUNTIME", "");
    document.runtime = Vec::new();
    document.model = cases.model_rules(&axes)?;
    (document.inject, document.secrets) = secrets::rules(&cases, &axes)?;
    name_override(&mut document.model);
    set_variables(&mut document, &axes);
    name_keys(&mut document);
    let policy = Policy::new(document).map_err(|error| NotInferred::TooLarge(error.to_string()))?;
    let differs = |(case, answer): &&(Case, Answer)| !is_same(&answer_of(&policy, case), answer);
    let mut different: Vec<&Case> = answers.cases.iter().filter(differs).map(|(case, _)| case).collect();
    if different.is_empty() {
        return Ok(without_superfluous_defaults(policy, answers));
    }
    different.sort_by_key(|case| simplicity(case));
    let of = if answers.cases.iter().any(|(case, answer)| answer_of(&policy, case).model != answer.model) {
        "model"
    } else {
        "secrets"
    };
    Err(NotInferred::Indistinct { of, cases: different.into_iter().take(2).cloned().collect() })
}

/// Returns true if two answers agree on what was asked.
fn is_same(policy: &Answer, function: &Answer) -> bool {
    policy.model == function.model && (function.secrets.is_none() || policy.secrets == function.secrets)
}

/// The key that sorts the simplest case first.
fn simplicity(case: &Case) -> (usize, Case) {
    (case.variables.iter().filter(|(_, value)| !value.is_empty()).count(), case.clone())
}

/// The cases with the class of each value.
struct Cases<'a> {
    answers: &'a Answers<'a>,
    rows: Vec<Row>,
}

impl<'a> Cases<'a> {
    /// Finds the classes of all values. A case with a value outside the space, such as a near miss, is left
    /// out; the finished policy is compared with it.
    fn new(axes: &[Axis], answers: &'a Answers<'a>) -> Result<Self, NotInferred> {
        let mut composed: Vec<(&Case, &str)> = Vec::new();
        let mut rows = Vec::new();
        for (number, (case, answer)) in answers.cases.iter().enumerate() {
            let classes: Option<Vec<u8>> = axes
                .iter()
                .map(|axis| match axis.classes.len() {
                    0 => Some(0),
                    _ => axis.class_of(axis.value_in(case)),
                })
                .collect();
            let Some(classes) = classes else { continue };
            for (axis, class) in axes.iter().zip(&classes) {
                if let Some(Class::Other(fresh)) = axis.classes.get(usize::from(*class))
                    && is_part(fresh, answer, axis.variable.is_some())
                {
                    composed.push((case, axis.variable.as_deref().unwrap_or("runtime")));
                }
            }
            rows.push(Row { classes: classes.into(), effects: Vec::new(), case: number });
        }
        match composed.into_iter().min_by_key(|(case, _)| simplicity(case)) {
            Some((case, part)) => Err(NotInferred::Composed { case: case.clone(), part: part.to_owned() }),
            None => Ok(Self { answers, rows }),
        }
    }

    fn answer(&self, row: &Row) -> &Answer {
        &self.answers.cases[row.case].1
    }

    /// Decides for each variable whether an empty value counts as set, and whether it has a default.
    fn with_empty_and_defaults(mut self, axes: &mut [Axis]) -> Self {
        for (axis, of) in axes.iter_mut().enumerate() {
            let Some(unset) = of.class_of(None).filter(|_| of.variable.is_some()) else { continue };
            let mut dropped = Vec::new();
            if let Some(empty) = of.class_of(Some("")) {
                if self.is_alike(axis, unset, empty) {
                    dropped.push(empty);
                } else {
                    of.is_empty_set = true;
                }
            }
            let is_other = |class: &usize| matches!(of.classes[*class], Class::Other(_));
            let other = (0..of.classes.len()).find(is_other).and_then(|class| u8::try_from(class).ok());
            if !other.is_some_and(|other| self.is_alike(axis, unset, other)) {
                let texts = of.classes.iter().filter_map(|class| match class {
                    Class::Text(text) if !text.is_empty() => Some(text.clone()),
                    _ => None,
                });
                let alike =
                    |text: &String| of.class_of(Some(text)).is_some_and(|class| self.is_alike(axis, unset, class));
                of.default = texts.into_iter().find(alike);
            }
            if of.default.is_some() {
                dropped.push(unset);
            }
            self.rows.retain(|row| !dropped.contains(&row.classes[axis]));
        }
        self
    }

    /// Returns true if two classes of one axis have the same answer wherever the other values are equal.
    fn is_alike(&self, axis: usize, left: u8, right: u8) -> bool {
        contexts(&self.rows, axis).iter().all(|context| {
            let of = |class: u8| context.iter().find(|(found, _)| *found == class).map(|(_, row)| self.answer(row));
            of(left) == of(right)
        })
    }

    /// The first cases of some rows, by simplicity.
    fn simplest(&self, table: &Table<'_>, rows: &BitSet) -> Vec<Case> {
        let mut cases: Vec<&Case> = rows.iter().map(|row| &self.answers.cases[table.rows[row].case].0).collect();
        cases.sort_by_key(|case| simplicity(case));
        cases.into_iter().take(2).cloned().collect()
    }

    fn table<'t>(axes: &'t [Axis], rows: Vec<Row>) -> Result<Table<'t>, NotInferred> {
        let most = Mask::MOST;
        let too_large =
            || NotInferred::TooLarge(format!("the answers distinguish more than {most} values; split the function"));
        Table::new(axes, rows).ok_or_else(too_large)
    }

    /// Finds the rules for the model.
    fn model_rules(&self, axes: &[Axis]) -> Result<Vec<PickRule>, NotInferred> {
        let value =
            |row: &Row, axis: usize| axes[axis].classes.get(usize::from(row.classes[axis])).and_then(Class::value);
        let is_fresh = |row: &Row, axis: usize| {
            matches!(axes[axis].classes.get(usize::from(row.classes[axis])), Some(Class::Other(_)))
        };
        let mut texts: BTreeSet<&str> = BTreeSet::new();
        let mut variables: BTreeSet<usize> = BTreeSet::new();
        for row in &self.rows {
            let answer = self.answer(row).model.as_str();
            let printed = |axis: &usize| value(row, *axis) == Some(answer);
            match (1..axes.len()).find(|axis| is_fresh(row, *axis) && printed(axis)) {
                Some(axis) => drop(variables.insert(axis)),
                None => drop(texts.insert(answer)),
            }
        }
        let texts: Vec<&str> = texts.into_iter().collect();
        let variables: Vec<usize> = variables.into_iter().collect();
        let number = |index: usize| u16::try_from(index).unwrap_or(u16::MAX);
        let mut rows = self.rows.clone();
        for row in &mut rows {
            let answer = self.answer(row).model.as_str();
            let of_texts = texts.iter().position(|text| *text == answer);
            let of_variables = variables
                .iter()
                .enumerate()
                .filter(|(_, axis)| value(row, **axis) == Some(answer))
                .map(|(index, _)| index);
            let effects = of_texts.into_iter().chain(of_variables.map(|index| texts.len() + index)).map(number);
            row.effects = effects.collect();
        }
        let table = Self::table(axes, rows)?;
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
            if self.answer(&table.rows[row]).model.is_empty() {
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
                Pick::FirstOf(sources) if sources.len() > 1 => !sources
                    .iter()
                    .any(|source| matches!(source, Source::Variable(name) if alone.contains(&name.as_str()))),
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
        shortest.map_err(|rows| NotInferred::Indistinct { of: "model", cases: self.simplest(&table, &rows) })
    }
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

/// The length of a condition as it is written.
fn condition_length(condition: &Condition) -> usize {
    let tests = condition.variables.iter().map(|(_, test)| match test {
        Test::Value(membership) => 1 + membership.texts().len(),
        Test::Set | Test::Unset | Test::Host(_) => 2,
    });
    tests.sum::<usize>() + condition.runtime.as_ref().map_or(0, |runtime| 1 + runtime.texts().len())
}

/// Returns true if an answer contains a text and is not equal to it.
fn is_part(fresh: &str, answer: &Answer, is_printable: bool) -> bool {
    let is_model = is_printable && answer.model == fresh;
    let mut names = answer.secrets.iter().flatten();
    !fresh.is_empty() && (answer.model.contains(fresh) && !is_model || names.any(|name| name.contains(fresh)))
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

/// The shortest condition that holds for the groups `needed` and for no group outside `allowed`.
fn condition(table: &Table<'_>, needed: Mask, allowed: Mask) -> Condition {
    let mut condition = Condition::default();
    for (axis, test) in table.tests(needed, allowed) {
        match (&table.axes[axis].variable, test) {
            (Some(name), test) => condition.variables.push((name.clone(), test)),
            (None, Test::Value(membership)) => condition.runtime = Some(membership),
            (None, Test::Set | Test::Unset | Test::Host(_)) => {}
        }
    }
    condition
}

/// Writes the test of a variable of which only the presence matters as the `key` of its rule.
fn name_keys(document: &mut PolicyDocument) {
    let texts = text_variables(document);
    for rule in &mut document.secrets {
        let is_key = |(name, test): &(String, Test)| *test == Test::Set && !texts.contains(name);
        if let SecretsEffect::Inject(_) = rule.effect
            && let Some(position) = rule.when.variables.iter().position(is_key)
        {
            rule.key = Some(rule.when.variables.remove(position).0);
        }
    }
}

/// The variables whose value a rule compares or uses.
fn text_variables(document: &PolicyDocument) -> BTreeSet<String> {
    let conditions = document.model.iter().map(|rule| &rule.when).chain(document.secrets.iter().map(|rule| &rule.when));
    let tests = conditions.flat_map(|condition| &condition.variables);
    let compared = tests.filter(|(_, test)| matches!(test, Test::Value(_) | Test::Host(_))).map(|(name, _)| name);
    let used = document.model.iter().flat_map(|rule| match &rule.pick {
        Pick::Nothing => &[][..],
        Pick::FirstOf(sources) => sources,
    });
    let used = used.filter_map(|source| match source {
        Source::Variable(name) => Some(name),
        Source::Text(_) => None,
    });
    compared.chain(used).cloned().collect()
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

/// Names a first rule that takes the model from a variable without a condition.
fn name_override(model: &mut [PickRule]) {
    let [first, _, ..] = model else { return };
    let is_variable = |pick: &Pick| match pick {
        Pick::FirstOf(sources) => sources.iter().all(|source| matches!(source, Source::Variable(_))),
        Pick::Nothing => false,
    };
    if first.when.is_empty() && is_variable(&first.pick) {
        first.name = Some("override".to_owned());
    }
}

/// Sets the fields about variables that a rule reads.
fn set_variables(document: &mut PolicyDocument, axes: &[Axis]) {
    let texts = text_variables(document);
    let in_model = document.model.iter().map(|rule| &rule.when);
    let conditions = in_model.chain(document.secrets.iter().map(|rule| &rule.when));
    let tested: BTreeSet<String> =
        conditions.flat_map(|condition| &condition.variables).map(|(name, _)| name.clone()).collect();
    for axis in axes {
        let Some(name) = &axis.variable else { continue };
        if let Some(default) = axis.default.as_ref().filter(|_| texts.contains(name)) {
            document.defaults.insert(name.clone(), default.clone());
        }
        if axis.is_empty_set && (texts.contains(name) || tested.contains(name)) {
            document.empty_is_set.push(name.clone());
        }
    }
}

/// Removes the defaults and empty values that no answer needs.
fn without_superfluous_defaults(mut policy: Policy, answers: &Answers<'_>) -> Policy {
    let agrees = |policy: &Policy| answers.cases.iter().all(|(case, answer)| is_same(&answer_of(policy, case), answer));
    for name in policy.document().defaults.clone().into_keys() {
        let mut document = policy.document().clone();
        document.defaults.remove(&name);
        if let Some(shorter) = Policy::new(document).ok().filter(agrees) {
            policy = shorter;
        }
    }
    for name in policy.document().empty_is_set.clone() {
        let mut document = policy.document().clone();
        document.empty_is_set.retain(|kept| *kept != name);
        if let Some(shorter) = Policy::new(document).ok().filter(agrees) {
            policy = shorter;
        }
    }
    policy
}
