//! A short policy that gives the same answers as a function. It is always right, and usually the shortest: the
//! search for a shorter one ends after a fixed amount of work.
//!
//! The answers to all cases of a [`Space`](crate::space::Space) are reduced to a table (`table`), in which
//! a `search` finds a short list of rules for the model and one for the secrets. The policy that
//! results is compared with every answer before it is returned.

mod cases;
mod condition;
mod error;
mod mask;
mod model;
mod search;
mod secrets;
mod set;
mod table;

use std::collections::BTreeSet;

use slug_resolver::policy::{Condition, Pick, PickRule, SecretsEffect, Source, Test};
use slug_resolver::{Env, Policy, PolicyDocument, inject, select};

pub use self::cases::Answers;
use self::cases::{Cases, simplicity};
pub use self::error::NotInferred;
use self::table::Axis;
use crate::case::{Answer, Case};

/// The answer of a policy to a case whose runtime is given.
#[must_use]
pub fn answer_of(policy: &Policy, case: &Case) -> Answer {
    let env = Env::read(policy, case.variables.iter().map(|(name, value)| (name, value.as_str())));
    let secrets = inject(&case.runtime, &env).names.iter().map(str::to_owned).collect();
    Answer { model: select(&case.runtime, &env).slug.to_owned(), secrets: Some(secrets) }
}

/// Infers a short policy with the answers of a function, without rules for the runtime.
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
    document.model = with_leading_override(model::rules(&cases, &axes)?);
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

/// Gives the variable that each of the last rules tries first a rule of its own before them, because these rules apply
/// in every case that reaches them. `prove` then knows which gaps need an override.
fn with_leading_override(mut model: Vec<PickRule>) -> Vec<PickRule> {
    let leader = |rule: &PickRule| match &rule.pick {
        Pick::FirstOf(sources) => sources.first().filter(|source| matches!(source, Source::Variable(_))).cloned(),
        Pick::Nothing => None,
    };
    let has_several = |rule: &&PickRule| matches!(&rule.pick, Pick::FirstOf(sources) if sources.len() > 1);
    let Some(last) = model.last().filter(|rule| rule.when.is_empty()) else { return model };
    let Some(variable) = leader(last) else { return model };
    let leads = |rule: &&PickRule| has_several(rule) && leader(rule).as_ref() == Some(&variable);
    let count = model.iter().rev().take_while(leads).count();
    if count < 2 {
        return model;
    }
    let from = model.len() - count;
    let mut rule = model[from].clone();
    rule.when = Condition::default();
    rule.pick = Pick::FirstOf(vec![variable]);
    for rule in &mut model[from..] {
        if let Pick::FirstOf(sources) = &mut rule.pick {
            sources.remove(0);
        }
    }
    model.insert(from, rule);
    model
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
