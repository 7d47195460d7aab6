//! Compares the answers of a function with a policy.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use slug_resolver::selection::{counting_secrets_rules, creates};
use slug_resolver::{Env, Policy, inject, select};

use crate::bash::NoAnswer;
use crate::case::{Answer, Case};
use crate::reading::Location;
use crate::space::{Space, TestSuite, runtime_of};

/// The answer of a function to one case.
pub type Reply = Result<Answer, NoAnswer>;

/// Asks the function.
pub trait Ask {
    /// Asks about cases; the replies have their order.
    ///
    /// # Errors
    ///
    /// If nothing can be asked; the message says what to do.
    fn ask(&mut self, cases: &[Case]) -> Result<Vec<Reply>, String>;

    /// The line of the function that printed the answer to a case, or at which it failed; `None` if that
    /// is not known.
    fn locate(&mut self, case: &Case, kind: DifferenceKind) -> Option<Location>;
}

/// How policy and function differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DifferenceKind {
    /// In the slug.
    Model,
    /// In the names of the injected secrets.
    Secrets,
    /// The function fails, although the policy sends a model.
    Failure,
}

/// Cases in which policy and function differ for the same reason.
#[derive(Clone, Debug)]
pub struct Difference {
    /// How they differ.
    pub kind: DifferenceKind,
    /// The smallest of the cases.
    pub case: Case,
    /// The answer of the policy.
    pub expected: Answer,
    /// The answer of the function.
    pub actual: Reply,
    /// The rule of the policy that decides: its name or its place in `model`; of a difference in the
    /// secrets, the places of the rules in `secrets` that count. Empty if no rule applies.
    pub rules: Vec<String>,
    /// The variable that decides the slug, if there is one.
    pub decided_by: Option<String>,
    /// The line of the function.
    pub location: Option<Location>,
    /// In how many of the asked cases they differ so.
    pub cases: usize,
}

/// A condition of `creates.unless` under which the function selects a model.
#[derive(Clone, Debug)]
pub struct Unrefused {
    /// The position of the condition in `creates.unless`.
    pub condition: usize,
    /// The smallest of the cases, in which no other condition holds if there is such a case.
    pub case: Case,
    /// The model that the function selects.
    pub model: String,
    /// The line of the function.
    pub location: Option<Location>,
    /// In how many of the asked cases the function selects a model.
    pub cases: usize,
    /// Whether the condition tests the runtime or a variable, and the function reads it. If not, only the
    /// harness around the function can refuse.
    pub is_read: bool,
}

/// The result of a comparison.
#[derive(Clone, Debug, Default)]
pub struct Conformance {
    /// The number of classes of environments.
    pub classes: u128,
    /// How many of them were asked and answered, or fail as the policy says.
    pub asked: usize,
    /// The number of near misses that were asked in addition.
    pub near_misses: usize,
    /// In how many cases the policy says that nothing is created. No answer is expected in them.
    pub creates_nothing: usize,
    /// The conditions of `creates.unless` under which the function selects a model.
    pub unrefused: Vec<Unrefused>,
    /// Whether the cases are a sample of the classes.
    pub is_sampled: bool,
    /// Cases that could not be asked, with the first reason of each kind and their number.
    pub not_asked: Vec<(NoAnswer, Case, usize)>,
    /// The differences, the smallest environment first.
    pub differences: Vec<Difference>,
}

impl Conformance {
    /// Whether every class was asked and the policy matches its function. A function that reads a
    /// variable of `creates.unless` and selects a model nevertheless leaves open whether the harness creates
    /// nothing.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let is_refused = self.unrefused.iter().all(|condition| !condition.is_read);
        self.differences.is_empty() && self.not_asked.is_empty() && !self.is_sampled && is_refused
    }
}

/// The answer of the policy to a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The answer.
    pub answer: Answer,
    /// The rule for the model that applies.
    rule: Option<String>,
    /// The variable that decides.
    decided_by: Option<String>,
    /// The rules for secrets that count.
    secrets_rules: Vec<String>,
}

/// The answer of the policy to a case; `None` if the harness creates nothing.
#[must_use]
pub fn expected(policy: &Policy, case: &Case) -> Option<Expected> {
    let env = Env::read(policy, case.variables.iter().map(|(name, value)| (name, value.as_str())));
    let runtime = case.runtime.as_str();
    if !creates(runtime, &env) {
        return None;
    }
    let selection = select(runtime, &env);
    let secrets = policy.document().function.as_ref().is_some_and(|function| function.secrets.is_some());
    let names = || inject(runtime, &env).names.iter().map(str::to_owned).collect();
    let rules = counting_secrets_rules(runtime, &env).into_iter();
    Some(Expected {
        answer: Answer { model: selection.slug.to_owned(), secrets: secrets.then(names) },
        rule: selection.rule.map(str::to_owned),
        decided_by: selection.decided_by.map(str::to_owned),
        secrets_rules: rules.map(|index| format!("secrets[{index}]")).collect(),
    })
}

impl Expected {
    /// The differences from a reply. A function may fail where no model is sent.
    fn differences(&self, reply: &Reply) -> Vec<DifferenceKind> {
        match reply {
            Ok(answer) => {
                let mut kinds = Vec::new();
                if answer.model != self.answer.model {
                    kinds.push(DifferenceKind::Model);
                }
                if answer.secrets != self.answer.secrets {
                    kinds.push(DifferenceKind::Secrets);
                }
                kinds
            }
            Err(NoAnswer::Failed { .. }) if self.answer.model.is_empty() => Vec::new(),
            Err(NoAnswer::Failed { .. } | NoAnswer::Unreadable(..)) => vec![DifferenceKind::Failure],
            Err(_) => Vec::new(),
        }
    }

    /// The rules of the policy that decide what differs.
    fn rules(&self, kind: DifferenceKind) -> Vec<String> {
        match kind {
            DifferenceKind::Secrets => self.secrets_rules.clone(),
            DifferenceKind::Model | DifferenceKind::Failure => self.rule.iter().cloned().collect(),
        }
    }
}

/// Compares the replies to the cases of a test suite with a policy. Asks more to find the smallest environments.
///
/// # Errors
///
/// As [`Ask::ask`].
pub fn compare(policy: &Policy, space: &Space, suite: &TestSuite, ask: &mut dyn Ask) -> Result<Conformance, String> {
    let mut known: HashMap<Case, Option<Expected>> = HashMap::new();
    let (mut all, mut excluded) = (Vec::new(), Vec::new());
    let mut result = Conformance { classes: suite.classes, is_sampled: suite.is_sampled, ..Conformance::default() };
    for (index, case) in suite.cases.iter().chain(&suite.near_misses).enumerate() {
        let is_new = !known.contains_key(case);
        let expected = known.entry(case.clone()).or_insert_with(|| expected(policy, case));
        if expected.is_none() {
            result.creates_nothing += 1;
            excluded.extend(is_new.then(|| case.clone()));
        } else if is_new {
            all.push((case.clone(), index < suite.cases.len()));
        }
    }
    let cases: Vec<Case> = all.iter().map(|(case, _)| case.clone()).collect();
    let replies = ask.ask(&cases)?;
    let mut not_asked: BTreeMap<NoAnswer, (Case, usize)> = BTreeMap::new();
    let mut groups: BTreeMap<Group, (Vec<usize>, usize)> = BTreeMap::new();
    for (index, ((case, is_class), reply)) in all.iter().zip(&replies).enumerate() {
        let Some(Some(expected)) = known.get(case) else { continue };
        match reply {
            Err(why) if !matches!(why, NoAnswer::Failed { .. } | NoAnswer::Unreadable(..)) => {
                not_asked.entry(why.clone()).or_insert_with(|| (case.clone(), 0)).1 += 1;
            }
            _ => *(if *is_class { &mut result.asked } else { &mut result.near_misses }) += 1,
        }
        for kind in expected.differences(reply) {
            let group = Group::of(kind, case, expected, reply);
            let (cases, count) = groups.entry(group).or_default();
            *count += 1;
            if cases.len() < STARTS {
                cases.push(index);
            }
        }
    }
    let mut answered = Vec::new();
    let others = if excluded.is_empty() { Vec::new() } else { ask.ask(&excluded)? };
    for (case, reply) in excluded.into_iter().zip(others) {
        match reply {
            Ok(answer) => answered.push((case, answer)),
            Err(NoAnswer::Failed { .. } | NoAnswer::Unreadable(..)) => {}
            Err(why) => not_asked.entry(why).or_insert((case, 0)).1 += 1,
        }
    }
    result.not_asked = not_asked.into_iter().map(|(why, (case, count))| (why, case, count)).collect();
    let mut search = Search { policy, space, ask, replies: HashMap::new() };
    search.replies.extend(cases.iter().cloned().zip(replies));
    // Small environments first, so that the reasons that are shown are the simple ones.
    let mut groups: Vec<(Group, (Vec<usize>, usize))> = groups.into_iter().collect();
    groups.sort_by_key(|(_, (indices, _))| search.size(&cases[indices[0]]));
    for (group, (indices, count)) in groups {
        if result.differences.len() == DIFFERENCES {
            break;
        }
        let start = indices.iter().map(|index| &cases[*index]).min_by_key(|case| search.size(case));
        let Some(start) = start else { continue };
        let case = search.smallest(group.kind, start.clone())?;
        let (Some(expected), Some(actual)) = (expected(policy, &case), search.replies.get(&case).cloned()) else {
            continue;
        };
        let location = search.ask.locate(&case, group.kind);
        let difference = Difference {
            kind: group.kind,
            rules: expected.rules(group.kind),
            decided_by: expected.decided_by.clone(),
            expected: expected.answer,
            actual,
            location,
            case,
            cases: count,
        };
        let is_same = |known: &&mut Difference| {
            let same_reason =
                known.rules == difference.rules && known.location == difference.location && known.location.is_some();
            known.kind == difference.kind && (known.case == difference.case || same_reason)
        };
        match result.differences.iter_mut().find(is_same) {
            Some(known) => known.cases += count,
            None => result.differences.push(difference),
        }
    }
    result.differences.sort_by_key(|difference| (search.size(&difference.case), difference.kind));
    result.unrefused = search.unrefused(answered);
    Ok(result)
}

/// The most cases of a group from which a search for the smallest one may start.
const STARTS: usize = 8;

/// The most differences that are shown.
const DIFFERENCES: usize = 40;

/// Differences that may have one reason.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    kind: DifferenceKind,
    rules: Vec<String>,
    expected: Vec<String>,
    actual: Vec<String>,
}

impl Group {
    fn of(kind: DifferenceKind, case: &Case, expected: &Expected, reply: &Reply) -> Self {
        let shape = |answer: &Answer| match kind {
            DifferenceKind::Secrets => answer.secrets.iter().flatten().cloned().collect(),
            DifferenceKind::Model | DifferenceKind::Failure => {
                // A slug that a variable holds is the variable, whatever its value.
                let holders = case.variables.iter().filter(|(_, value)| !value.is_empty() && *value == answer.model);
                let mut holders: Vec<String> = holders.map(|(name, _)| format!("${name}")).collect();
                holders.truncate(1);
                if holders.is_empty() { vec![answer.model.clone()] } else { holders }
            }
        };
        let actual = match reply {
            Ok(answer) => shape(answer),
            Err(why) => vec![why.to_string()],
        };
        Self { kind, rules: expected.rules(kind), expected: shape(&expected.answer), actual }
    }
}

/// A search for the smallest environment with a difference.
struct Search<'a> {
    policy: &'a Policy,
    space: &'a Space,
    ask: &'a mut dyn Ask,
    replies: HashMap<Case, Reply>,
}

impl Search<'_> {
    /// How large a case is: the number of variables that are set, then how simple their values and the
    /// runtime are.
    fn size(&self, case: &Case) -> (usize, usize, usize, usize) {
        let rank = |name: &str, value: &str| {
            let dimension = self.space.dimensions.iter().find(|dimension| dimension.name == name);
            dimension.map_or(usize::MAX / 1024, |dimension| simplicity(dimension, value))
        };
        let ranks = case.variables.iter().map(|(name, value)| rank(name, value)).sum();
        let runtime = self.space.runtimes.iter().position(|runtime| *runtime == case.runtime);
        let length = case.variables.iter().map(|(_, value)| value.len()).sum();
        (case.variables.len(), ranks, runtime.unwrap_or(usize::MAX), length)
    }

    /// The conditions of `creates.unless` under which the function selects a model, given its answers to
    /// cases in which the policy says that nothing is created.
    fn unrefused(&mut self, mut answered: Vec<(Case, Answer)>) -> Vec<Unrefused> {
        answered.retain(|(_, answer)| !answer.model.is_empty());
        if answered.is_empty() {
            return Vec::new();
        }
        answered.sort_by_key(|(case, _)| self.size(case));
        let conditions = &self.policy.document().creates.unless;
        let alone: Vec<Policy> = (0..conditions.len()).filter_map(|index| self.with_condition(index)).collect();
        let holding =
            |case: &Case| -> Vec<bool> { alone.iter().map(|policy| expected(policy, case).is_none()).collect() };
        let holding: Vec<Vec<bool>> = answered.iter().map(|(case, _)| holding(case)).collect();
        let is_read = |name: &str| self.space.dimensions.iter().any(|one| one.name == name && one.is_read_by_function);
        let mut names_of_runtime = self.policy.runtime_variables().map(|variable| self.policy.variable_name(variable));
        let reads_runtime = self.space.is_runtime_read || names_of_runtime.any(is_read);
        let mut unrefused = Vec::new();
        for (index, condition) in conditions.iter().enumerate() {
            let cases = || answered.iter().zip(&holding).filter(|(_, holding)| holding[index]);
            // The function may refuse because of another condition that holds.
            let others = |holding: &[bool]| holding.iter().filter(|holds| **holds).count();
            let Some(((case, answer), _)) = cases().min_by_key(|(_, holding)| others(holding)) else { continue };
            unrefused.push(Unrefused {
                condition: index,
                case: case.clone(),
                model: answer.model.clone(),
                location: self.ask.locate(case, DifferenceKind::Model),
                cases: cases().count(),
                is_read: condition.variables.iter().any(|(name, _)| is_read(name))
                    || (condition.runtime.is_some() && reads_runtime),
            });
        }
        unrefused
    }

    /// The policy with one condition of `creates.unless` alone.
    fn with_condition(&self, index: usize) -> Option<Policy> {
        let mut document = self.policy.document().clone();
        let condition = document.creates.unless.swap_remove(index);
        document.creates.unless = vec![condition];
        Policy::new(document).ok()
    }

    /// The smallest case with a difference of this kind that single edits reach.
    fn smallest(&mut self, kind: DifferenceKind, start: Case) -> Result<Case, String> {
        let mut smallest = start;
        loop {
            let mut smaller = self.smaller(&smallest);
            smaller.sort_by_key(|case| self.size(case));
            let unknown: Vec<Case> = smaller.iter().filter(|case| !self.replies.contains_key(case)).cloned().collect();
            if !unknown.is_empty() {
                let replies = self.ask.ask(&unknown)?;
                self.replies.extend(unknown.into_iter().zip(replies));
            }
            let differs = |case: &&Case| {
                let expected = expected(self.policy, case);
                expected
                    .zip(self.replies.get(*case))
                    .is_some_and(|(expected, reply)| expected.differences(reply).contains(&kind))
            };
            match smaller.iter().find(differs) {
                Some(case) => smallest = case.clone(),
                None => return Ok(smallest),
            }
        }
    }

    /// The smaller cases that one or two edits reach.
    fn smaller(&self, case: &Case) -> Vec<Case> {
        let mut cases = BTreeSet::new();
        let with_runtime = |variables: Vec<(String, String)>| {
            let runtime =
                if self.space.runtimes.is_empty() { runtime_of(self.policy, &variables) } else { case.runtime.clone() };
            Case { runtime, variables }
        };
        for index in 0..case.variables.len() {
            let mut without = case.variables.clone();
            without.remove(index);
            cases.insert(with_runtime(without));
            let (name, _) = &case.variables[index];
            let dimension = self.space.dimensions.iter().find(|dimension| dimension.name == *name);
            for value in dimension.into_iter().flat_map(|dimension| dimension.values.iter().flatten()) {
                let mut changed = case.variables.clone();
                changed[index].1.clone_from(value);
                cases.insert(with_runtime(changed));
            }
        }
        for runtime in &self.space.runtimes {
            cases.insert(Case { runtime: runtime.clone(), variables: case.variables.clone() });
        }
        let size = self.size(case);
        cases.into_iter().filter(|smaller| self.size(smaller) < size).collect()
    }
}

/// How simple a value is: first the one that is compared with nothing, then compared texts, then near
/// misses.
fn simplicity(dimension: &crate::space::Dimension, value: &str) -> usize {
    if dimension.values.last().is_some_and(|last| last.as_deref() == Some(value)) {
        return 0;
    }
    let position = dimension.values.iter().position(|known| known.as_deref() == Some(value));
    position.map_or_else(
        || 1_000 + dimension.near_misses.iter().position(|near| near == value).unwrap_or(1_000),
        |position| 1 + position,
    )
}
