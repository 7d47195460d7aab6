//! Rules in the form in which they are evaluated: names are positions, tests are sets of classes.

use super::condition::{Condition, Test};
use super::document::{Pick, PickRule, SecretsEffect, SecretsRule, Source};
use super::variable::{ClassSet, Variable, Variables};
use crate::env::Env;

/// A compiled [`Condition`] without its runtimes: a [`Dispatch`] lists the rules of its runtime.
#[derive(Clone, Default)]
pub(crate) struct Tests {
    /// The key variables that must be set: one bit for each key.
    set: u64,
    /// The key variables that must be unset.
    unset: u64,
    /// For each tested text variable, the classes for which the test holds.
    texts: Box<[(u8, ClassSet)]>,
    /// The tested variables: one bit for each position in the policy.
    reads: u128,
    /// The tested variables in the order of the condition.
    order: Box<[Variable]>,
}

impl Tests {
    pub(super) fn new(condition: &Condition, variables: &Variables) -> Self {
        let mut tests = Self::default();
        let mut texts = Vec::new();
        for (name, test) in &condition.variables {
            let variable = variables.named(name);
            tests.reads |= 1 << variable.position();
            match variables.text_index(variable) {
                Some(text) => texts.push((text, variables.classes(text).holding(test))),
                None if *test == Test::Unset => tests.unset |= variables.key_bit(variable),
                None => tests.set |= variables.key_bit(variable),
            }
        }
        tests.texts = texts.into();
        tests.order = condition.variables.iter().map(|(name, _)| variables.named(name)).collect();
        tests
    }

    /// Returns true if every test holds.
    #[inline]
    pub(crate) fn hold(&self, env: &Env<'_>) -> bool {
        let keys = env.keys();
        self.set & !keys | self.unset & keys == 0
            && self.texts.iter().all(|(text, classes)| classes.contains(env.class_at(*text)))
    }

    /// Like [`Tests::hold`], for the tests of variables in `known` only: true if the tests may hold.
    pub(crate) fn may_hold(&self, env: &Env<'_>, known: u128) -> bool {
        let keys = env.keys();
        let variables = env.policy().variables();
        (self.set & !keys | self.unset & keys) & variables.keys_in(known) == 0
            && self
                .texts
                .iter()
                .all(|(text, classes)| known & variables.text_bit(*text) == 0 || classes.contains(env.class_at(*text)))
    }

    /// The tested variables: one bit for each position in the policy.
    #[inline]
    pub(crate) fn reads(&self) -> u128 {
        self.reads
    }

    /// The first tested variable that has a value or a default.
    pub(crate) fn first_present(&self, env: &Env<'_>) -> Option<Variable> {
        self.order.iter().copied().find(|variable| env.is_present(*variable))
    }
}

/// A compiled [`PickRule`].
#[derive(Clone)]
pub(crate) struct CompiledPick {
    pub(crate) tests: Tests,
    /// The name in output.
    pub(crate) label: Box<str>,
    /// The first of the sources that is available counts; `None` for [`Pick::Nothing`].
    sources: Option<Box<[CompiledSource]>>,
    /// The variables of `tests` and `sources`: one bit for each position in the policy.
    reads: u128,
}

#[derive(Clone)]
enum CompiledSource {
    Text(Box<str>),
    /// A variable, and its index among the text variables.
    Variable(Variable, u8),
}

/// What a rule picks in an environment.
#[derive(Clone, Copy)]
pub(crate) struct Picked<'a> {
    /// The text; empty if no model is sent.
    pub(crate) text: &'a str,
    /// The variable that holds the text, if one does.
    pub(crate) held_by: Option<Variable>,
}

impl CompiledPick {
    pub(super) fn new(rule: &PickRule, label: String, variables: &Variables) -> Self {
        let tests = Tests::new(&rule.when, variables);
        let mut reads = tests.reads;
        let sources = match &rule.pick {
            Pick::Nothing => None,
            Pick::FirstOf(sources) => {
                let compiled = sources.iter().map(|source| match source {
                    Source::Text(text) => CompiledSource::Text(text.as_str().into()),
                    Source::Variable(name) => {
                        let variable = variables.named(name);
                        reads |= 1 << variable.position();
                        let text =
                            variables.text_index(variable).expect("a variable with a used value is a text variable");
                        CompiledSource::Variable(variable, text)
                    }
                });
                Some(compiled.collect())
            }
        };
        Self { tests, label: label.into(), sources, reads }
    }

    /// What the rule picks; `None` if it does not apply.
    #[inline]
    pub(crate) fn pick<'a>(&'a self, env: &Env<'a>) -> Option<Picked<'a>> {
        if !self.tests.hold(env) {
            return None;
        }
        let Some(sources) = &self.sources else { return Some(Picked { text: "", held_by: None }) };
        sources.iter().find_map(|source| match source {
            CompiledSource::Text(text) => Some(Picked { text, held_by: None }),
            CompiledSource::Variable(variable, text) => {
                env.text_at(*text).map(|text| Picked { text, held_by: Some(*variable) })
            }
        })
    }

    /// The variables that the rule reads: one bit for each position in the policy.
    #[inline]
    pub(crate) fn reads(&self) -> u128 {
        self.reads
    }

    /// Whether the rule applies, as far as that follows from the variables in `known`.
    pub(crate) fn applies_by(&self, env: &Env<'_>, known: u128) -> Applies {
        if !self.tests.may_hold(env, known) {
            return Applies::Never;
        }
        let is_known = |text: &u8| known & env.policy().variables().text_bit(*text) != 0;
        let sources = self.sources.as_deref().unwrap_or_default();
        let is_available = self.sources.is_none()
            || sources.iter().any(|source| match source {
                CompiledSource::Text(_) => true,
                CompiledSource::Variable(_, text) => is_known(text) && env.text_at(*text).is_some(),
            });
        let may_be_available =
            || sources.iter().any(|source| matches!(source, CompiledSource::Variable(_, text) if !is_known(text)));
        if is_available && self.tests.reads & !known == 0 {
            Applies::Always
        } else if is_available || may_be_available() {
            Applies::Maybe
        } else {
            Applies::Never
        }
    }
}

/// Whether a rule applies, as far as that follows from the known variables.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Applies {
    Never,
    Maybe,
    Always,
}

/// A compiled [`SecretsRule`].
#[derive(Clone)]
pub(crate) struct CompiledSecrets {
    pub(crate) tests: Tests,
    /// The names that the rule injects: one bit for each position in [`Policy::injectable`]; `None` if it
    /// selects the platform path.
    ///
    /// [`Policy::injectable`]: super::Policy::injectable
    pub(crate) inject: Option<u128>,
}

impl CompiledSecrets {
    pub(super) fn new(rule: &SecretsRule, injectable: &[String], variables: &Variables) -> Self {
        let position = |name: &String| injectable.binary_search(name).expect("the list has every injected name");
        let inject = match &rule.effect {
            SecretsEffect::Platform => None,
            SecretsEffect::Inject(names) => Some(names.iter().fold(0, |mask, name| mask | 1 << position(name))),
        };
        Self { tests: Tests::new(&rule.condition(), variables), inject }
    }
}

/// The rules that can apply for one runtime, by their index in the policy, in order.
#[derive(Clone, Default)]
pub(crate) struct Dispatch {
    /// The rules for the model, up to the first one that always applies.
    pub(crate) model: Box<[u16]>,
    /// The rules for secrets.
    pub(crate) secrets: Box<[u16]>,
    /// The indexes in `creates.unless`.
    pub(crate) unless: Box<[u16]>,
    /// The runtime that is looked up in the registry instead, if another.
    pub(crate) template: Option<String>,
}
