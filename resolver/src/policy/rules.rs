//! Compiled rules: a variable is a position, and a test is a set of classes of values.

use super::condition::{Condition, Test};
use super::document::{Pick, PickRule, SecretsEffect, SecretsRule, Source};
use super::variable::{ClassSet, UNSET, Variable, Variables};
use super::view::View;

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
    first: FirstPresent,
}

/// The first tested variable that has a value or a default, in every environment in which the tests hold.
#[derive(Clone, Copy, Default)]
enum FirstPresent {
    /// There is none, because the condition is empty.
    #[default]
    Nothing,
    /// The first tested one: its test fails without a value.
    First(Variable),
    /// It depends on the environment.
    Sought,
}

impl Tests {
    fn new(condition: &[(String, Test)], variables: &Variables) -> Self {
        let mut tests = Self::default();
        let mut texts = Vec::new();
        for (name, test) in condition {
            let variable = variables.named(name);
            tests.reads |= 1 << variable.position();
            match variables.text_index(variable) {
                Some(text) => texts.push((text, variables.classes(text).holding(test))),
                None if *test == Test::Unset => tests.unset |= variables.key_bit(variable),
                None => tests.set |= variables.key_bit(variable),
            }
        }
        let needs_value = |(name, test): &&(String, Test)| match variables.text_index(variables.named(name)) {
            Some(text) => !variables.classes(text).holding(test).contains(UNSET),
            None => *test != Test::Unset,
        };
        tests.first = match condition.first() {
            None => FirstPresent::Nothing,
            Some(first) if needs_value(&first) => FirstPresent::First(variables.named(&first.0)),
            Some(_) => FirstPresent::Sought,
        };
        tests.texts = texts.into();
        tests.order = condition.iter().map(|(name, _)| variables.named(name)).collect();
        tests
    }

    /// Returns true if every test holds.
    #[inline]
    fn hold(&self, env: &View<'_, '_>) -> bool {
        let keys = env.keys();
        self.set & !keys | self.unset & keys == 0
            && self.texts.iter().all(|(text, classes)| classes.contains(env.class_at(*text)))
    }

    /// Returns true if every test holds for unset variables.
    fn hold_if_unset(&self, variables: &Variables) -> bool {
        self.set == 0 && self.texts.iter().all(|(text, classes)| classes.contains(variables.default_class(*text)))
    }

    /// Like [`Tests::hold`], for the tests of variables in `known` only: true if the tests may hold.
    pub(crate) fn may_hold(&self, env: &View<'_, '_>, known: u128) -> bool {
        let keys = env.keys();
        let variables = env.variables();
        let is_open = |text: u8| known & variables.text_bit(text) == 0;
        (self.set & !keys | self.unset & keys) & variables.keys_in(known) == 0
            && self.texts.iter().all(|(text, classes)| is_open(*text) || classes.contains(env.class_at(*text)))
    }

    /// The tested variables: one bit for each position in the policy.
    #[inline]
    pub(crate) fn reads(&self) -> u128 {
        self.reads
    }

    /// The first tested variable that has a value or a default, in an environment in which the tests hold.
    #[cold]
    fn first_present(&self, env: &View<'_, '_>) -> Option<Variable> {
        self.order.iter().copied().find(|variable| env.is_present(*variable))
    }
}

/// The distinct conditions of a policy, without their runtimes. An [`Env`](crate::env::Env) stores one
/// bit for each: whether it holds. So evaluating a rule costs one bit operation.
#[derive(Clone, Default)]
pub(crate) struct Guards {
    conditions: Vec<Vec<(String, Test)>>,
    tests: Vec<Tests>,
    /// The guards of the variable at each position in the policy.
    of_variable: Vec<OfVariable>,
}

/// The guards that test a variable, one bit for each.
#[derive(Clone, Copy, Default)]
struct OfVariable {
    /// The guards that test nothing else.
    only: u128,
    /// The guards in `only` that hold if the variable is unset.
    only_if_unset: u128,
    /// The guards that test other variables too.
    jointly: u128,
}

/// The number of a condition in [`Guards`].
pub(crate) type Guard = u8;

impl Guards {
    /// The maximum number of guards: an environment stores one bit for each.
    pub(crate) const MOST: usize = u128::BITS as usize;

    pub(super) fn new(variables: &Variables) -> Self {
        let of_variable = vec![OfVariable::default(); variables.names().len()];
        Self { conditions: Vec::new(), tests: Vec::new(), of_variable }
    }

    /// The number of a condition; `None` if there are too many different ones.
    pub(super) fn add(&mut self, condition: &Condition, variables: &Variables) -> Option<Guard> {
        let known = self.conditions.iter().position(|known| *known == condition.variables);
        let number = known.unwrap_or(self.tests.len());
        if number == Self::MOST {
            return None;
        }
        if known.is_none() {
            let tests = Tests::new(&condition.variables, variables);
            for variable in &tests.order {
                let of_variable = &mut self.of_variable[variable.position()];
                if tests.order.len() > 1 {
                    of_variable.jointly |= 1 << number;
                } else {
                    of_variable.only |= 1 << number;
                    of_variable.only_if_unset |= u128::from(tests.hold_if_unset(variables)) << number;
                }
            }
            self.conditions.push(condition.variables.clone());
            self.tests.push(tests);
        }
        Some(Guard::try_from(number).expect("the limit on guards is below 256"))
    }

    #[inline]
    pub(crate) fn tests(&self, guard: Guard) -> &Tests {
        &self.tests[usize::from(guard)]
    }

    /// Returns true if a guard tests the variable.
    pub(crate) fn is_tested(&self, variable: Variable) -> bool {
        let OfVariable { only, jointly, .. } = self.of_variable[variable.position()];
        only | jointly != 0
    }

    /// The variables that some guards test: one bit for each position in the policy.
    #[inline]
    pub(crate) fn reads_of(&self, mut guards: u128) -> u128 {
        let mut reads = 0;
        while guards != 0 {
            reads |= self.tests[guards.trailing_zeros() as usize].reads;
            guards &= guards - 1;
        }
        reads
    }

    /// The guards that hold, one bit for each.
    pub(crate) fn all_holding(&self, env: &View<'_, '_>) -> u128 {
        let bit = |(number, tests): (usize, &Tests)| u128::from(tests.hold(env)) << number;
        // The bits are distinct, so their sum is their union.
        self.tests.iter().enumerate().map(bit).sum()
    }

    /// The guards that hold after one variable is set to another value; `holding` are the guards before.
    #[inline]
    pub(crate) fn holding_with(&self, holding: u128, variable: Variable, env: &View<'_, '_>) -> u128 {
        let OfVariable { only, jointly, .. } = self.of_variable[variable.position()];
        self.evaluate(only | jointly, holding, env)
    }

    /// The guards that hold after one variable is unset; `holding` are the guards before.
    #[inline]
    pub(crate) fn holding_without<'e, 'a: 'e>(
        &self,
        holding: u128,
        variable: Variable,
        env: impl FnOnce() -> View<'e, 'a>,
    ) -> u128 {
        let OfVariable { only, only_if_unset, jointly } = self.of_variable[variable.position()];
        let holding = holding & !only | only_if_unset;
        if jointly == 0 { holding } else { self.evaluate(jointly, holding, &env()) }
    }

    /// Evaluates `guards` and updates their bits in `holding`.
    #[inline]
    fn evaluate(&self, mut guards: u128, mut holding: u128, env: &View<'_, '_>) -> u128 {
        while guards != 0 {
            let number = guards.trailing_zeros();
            guards &= guards - 1;
            let bit = 1 << number;
            if self.tests[number as usize].hold(env) { holding |= bit } else { holding &= !bit }
        }
        holding
    }
}

/// A compiled [`PickRule`].
#[derive(Clone)]
pub(crate) struct CompiledPick {
    pub(crate) guard: Guard,
    first: CompiledSource,
    /// The other sources, in order: each counts if no source before it is available.
    rest: Box<[CompiledSource]>,
    first_tested: FirstPresent,
    /// The variables of the condition and the sources: one bit for each position in the policy.
    pub(crate) reads: u128,
    /// The name in output.
    pub(crate) label: Box<str>,
}

#[derive(Clone)]
enum CompiledSource {
    /// A text; empty if no model is sent.
    Text(Box<str>),
    /// A variable, and its index among the text variables.
    Variable(Variable, u8),
}

/// The value that a rule picks in an environment.
#[derive(Clone, Copy)]
pub(crate) struct Picked<'a> {
    /// The text; empty if no model is sent.
    pub(crate) text: &'a str,
    /// The variable that holds the text, if one does.
    pub(crate) held_by: Option<Variable>,
}

impl CompiledSource {
    fn new(source: &Source, variables: &Variables) -> Self {
        match source {
            Source::Text(text) => Self::Text(text.as_str().into()),
            Source::Variable(name) => {
                let variable = variables.named(name);
                let text = variables.text_index(variable).expect("a variable with a used value is a text variable");
                Self::Variable(variable, text)
            }
        }
    }

    #[inline]
    fn pick<'a>(&'a self, env: &View<'_, 'a>) -> Option<Picked<'a>> {
        match self {
            Self::Text(text) => Some(Picked { text, held_by: None }),
            Self::Variable(variable, text) => env.text_at(*text).map(|text| Picked { text, held_by: Some(*variable) }),
        }
    }
}

impl CompiledPick {
    pub(super) fn new(rule: &PickRule, label: String, guard: Guard, tests: &Tests, variables: &Variables) -> Self {
        let sources = match &rule.pick {
            Pick::Nothing => vec![CompiledSource::Text(Box::default())],
            Pick::FirstOf(sources) => sources.iter().map(|source| CompiledSource::new(source, variables)).collect(),
        };
        let read = |source: &CompiledSource| match source {
            CompiledSource::Text(_) => 0,
            CompiledSource::Variable(variable, _) => 1 << variable.position(),
        };
        let reads = sources.iter().map(read).fold(tests.reads, |reads, read| reads | read);
        let mut sources = sources.into_iter();
        let first = sources.next().expect("a rule has a source");
        Self { guard, label: label.into(), first, rest: sources.collect(), first_tested: tests.first, reads }
    }

    /// The value that the rule picks if its condition holds; `None` if no source is available.
    #[inline(always)]
    pub(crate) fn pick<'a>(&'a self, env: &View<'_, 'a>) -> Option<Picked<'a>> {
        match self.first.pick(env) {
            None if !self.rest.is_empty() => self.pick_other(env),
            picked => picked,
        }
    }

    /// The first variable of the condition that has a value or a default, in an environment in which the
    /// condition holds.
    #[inline]
    pub(crate) fn first_tested(&self, guards: &Guards, env: &View<'_, '_>) -> Option<Variable> {
        match self.first_tested {
            FirstPresent::Nothing => None,
            FirstPresent::First(variable) => Some(variable),
            FirstPresent::Sought => guards.tests(self.guard).first_present(env),
        }
    }

    /// The only source, if it is a variable, with its index among the text variables.
    pub(super) fn sole_variable(&self) -> Option<(Variable, u8)> {
        match self.first {
            CompiledSource::Variable(variable, text) if self.rest.is_empty() => Some((variable, text)),
            _ => None,
        }
    }

    #[cold]
    fn pick_other<'a>(&'a self, env: &View<'_, 'a>) -> Option<Picked<'a>> {
        self.rest.iter().find_map(|source| source.pick(env))
    }

    /// Whether the rule applies, as far as that follows from the variables in `known`.
    pub(crate) fn applies_by(&self, guards: &Guards, env: &View<'_, '_>, known: u128) -> Applies {
        let tests = guards.tests(self.guard);
        if !tests.may_hold(env, known) {
            return Applies::Never;
        }
        let is_known = |text: &u8| known & env.variables().text_bit(*text) != 0;
        let sources = || [&self.first].into_iter().chain(&self.rest);
        let is_available = sources().any(|source| match source {
            CompiledSource::Text(_) => true,
            CompiledSource::Variable(_, text) => is_known(text) && env.text_at(*text).is_some(),
        });
        let may_be_available =
            || sources().any(|source| matches!(source, CompiledSource::Variable(_, text) if !is_known(text)));
        if is_available && tests.reads & !known == 0 {
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
    pub(crate) guard: Guard,
    /// The names that the rule injects: one bit for each position in [`Policy::injectable`]; `None` if it
    /// selects the platform path.
    ///
    /// [`Policy::injectable`]: super::Policy::injectable
    pub(crate) inject: Option<u128>,
}

impl CompiledSecrets {
    pub(super) fn new(rule: &SecretsRule, guard: Guard, injectable: &[String]) -> Self {
        let position = |name: &String| injectable.binary_search(name).expect("the list has every injected name");
        let inject = match &rule.effect {
            SecretsEffect::Platform => None,
            SecretsEffect::Inject(names) => Some(names.iter().fold(0, |mask, name| mask | 1 << position(name))),
        };
        Self { guard, inject }
    }
}

/// A rule for secrets that can apply for a runtime.
#[derive(Clone, Copy)]
pub(crate) struct SecretsStep {
    /// The condition of the rule: its bit among the guards.
    pub(crate) guard: u128,
    /// The names that the rule injects: one bit for each position in the list of the policy.
    pub(crate) names: u128,
    /// The variables that this rule and the rules before it read: one bit for each position in the policy.
    pub(crate) consulted: u128,
    /// The conditions of this rule and of the rules before it.
    pub(crate) guards: u128,
    /// The index of the rule in the policy.
    pub(crate) rule: u16,
    /// Whether the rule selects the platform path.
    pub(crate) is_platform: bool,
    /// Whether no later rule counts if this rule applies.
    pub(crate) is_last: bool,
}

/// A rule for the model that can apply for a runtime.
#[derive(Clone, Copy)]
pub(crate) struct ModelRule {
    /// The condition of the rule: its bit among the guards.
    pub(crate) guard: u128,
    /// The variables that this rule and the rules before it read: one bit for each position in the policy.
    pub(crate) consulted: u128,
    /// The conditions of this rule and of the rules before it.
    pub(crate) guards: u128,
    /// The index of the rule in the policy.
    pub(crate) rule: u16,
    /// The only source of the rule, if it is a variable, with its index among the text variables.
    pub(crate) sole: Option<(Variable, u8)>,
}

/// The rules that can apply for one runtime, in order.
#[derive(Clone, Default)]
pub(crate) struct Dispatch {
    /// The rules for the model, up to the first one that always applies.
    pub(crate) model: Box<[ModelRule]>,
    /// The rules for secrets.
    pub(crate) secrets: Box<[SecretsStep]>,
    /// The guards of `creates.unless`, one bit for each.
    pub(crate) unless: u128,
    /// The variables that these test: one bit for each position in the policy.
    pub(crate) creation: u128,
    /// The runtime to look up in the registry instead, if the policy names one.
    pub(crate) template: Option<String>,
}
