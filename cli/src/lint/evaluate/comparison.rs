//! Compares what two registries make of a call, and of what a policy picks by itself.

use std::collections::BTreeSet;

use slug_resolver::empty_keys::resolve;
use slug_resolver::policy::{Pick, Source};
use slug_resolver::{Code, Policy, Registry, Resolution, Variable};
use slug_value::{AbstractValue, Text};

use super::{AcceptCode, ENVIRONMENTS, Empty, Evaluator, Outcome, Point, Possible, Space, UNKNOWN, masked, reasons};

/// Maximum environments of a policy that are compared. Above this, the policy is undecided.
const POLICY_ENVIRONMENTS: usize = 1 << 17;

/// What a registry makes of a model.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Answer {
    /// The contradiction, if there is one.
    pub code: Option<Code>,
    /// True if slugproof.yaml accepts the contradiction for this call.
    pub is_accepted: bool,
    /// The provider, if one was found.
    pub provider: Option<String>,
    /// Who pays for the provider, in one word.
    pub payer: Option<&'static str>,
}

impl Answer {
    /// Returns true if the workspace fails, and slugproof.yaml does not accept that.
    #[must_use]
    pub fn fails(&self) -> bool {
        self.code.is_some() && !self.is_accepted
    }

    /// A answer of a model, without a policy.
    #[must_use]
    pub fn new(code: Option<Code>, provider: Option<&slug_resolver::Provider>) -> Self {
        Self {
            code,
            provider: provider.map(|provider| provider.name.clone()),
            payer: provider.map(|provider| provider.billing().as_str()),
            ..Self::default()
        }
    }

    fn of(resolution: &Resolution<'_>) -> Self {
        Self::new(resolution.code, resolution.provider)
    }
}

/// A model of which two registries make something else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// The runtime under which the registries have it.
    pub runtime: String,
    /// The slug, verbatim.
    pub slug: String,
    /// The rule that picks the slug.
    pub rule: Option<String>,
    /// The variable that decides the slug.
    pub decided_by: Option<String>,
    /// What each registry makes of it.
    pub answers: [Answer; 2],
}

/// The changes of a call.
#[derive(Clone, Debug, Default)]
pub struct CallChanges {
    /// The changes that are known.
    pub changes: BTreeSet<Change>,
    /// True if the registries differ in every environment that the call can have, or in every one with some
    /// runtime that the policy lists.
    pub is_certain: bool,
    /// Why it is unknown whether the registries differ; empty if it is known.
    pub unknown: BTreeSet<String>,
}

impl Evaluator<'_> {
    /// Compares what this registry and another one make of a call. `touches` says whether anything differs for
    /// a runtime.
    #[must_use]
    pub fn changes<V: Into<Possible>>(
        &self,
        policy: &Policy,
        value: impl Fn(&str) -> V,
        other: &Registry,
        touches: impl Fn(&str) -> bool,
    ) -> CallChanges {
        let mut space = Space::new(self.registry, policy, value);
        space.add_runtimes(other.runtimes().iter().map(|runtime| runtime.name.as_str()));
        let count = space.len();
        if count > ENVIRONMENTS {
            let reason = format!("more than {ENVIRONMENTS} environments are possible");
            return CallChanges { unknown: BTreeSet::from([reason]), ..CallChanges::default() };
        }
        let both = [self.registry, other].map(|registry| Evaluator { registry, ..*self });
        let mut changes = BTreeSet::new();
        let mut outcome = |number: usize| match self.outcome(&space, number) {
            Outcome::Unknown(name) => {
                let runtime = policy.template_of(space.point(number).runtime).to_owned();
                let matters = runtime == UNKNOWN || touches(&runtime);
                if matters { Outcome::Unknown(name) } else { Outcome::Coherent(false) }
            }
            _ => {
                let change = change(&both, &space, number);
                let differs = change.is_some();
                changes.extend(change);
                Outcome::Coherent(differs)
            }
        };
        let outcomes: Vec<Outcome> = (0..count).map(&mut outcome).collect();
        let differs = |outcome: &Outcome| *outcome == Outcome::Coherent(true);
        let size = if policy.document().runtimes.is_empty() { count } else { space.environments() };
        let is_unknown = outcomes.iter().any(|outcome| matches!(outcome, Outcome::Unknown(_)));
        CallChanges {
            changes,
            is_certain: outcomes.chunks(size.max(1)).any(|chunk| chunk.iter().all(differs)),
            unknown: if is_unknown { reasons(&space, &outcomes) } else { BTreeSet::new() },
        }
    }

    fn answer(&self, space: &Space<'_>, number: usize, resolution: &Resolution<'_>) -> Answer {
        let mut answer = Answer::of(resolution);
        let env = space.point(number).env;
        let accepts = |code: Code| self.accepted(space.policy, resolution, AcceptCode::from(code), &env).is_some();
        answer.is_accepted = answer.code.is_some_and(accepts);
        answer
    }
}

/// The change of one environment, if two registries make something else of it.
fn change(both: &[Evaluator<'_>; 2], space: &Space<'_>, number: usize) -> Option<Change> {
    let Point { runtime, env, .. } = space.point(number);
    let resolutions = [0, 1].map(|index| resolve(both[index].registry, runtime, &env, &[]));
    let answers = [0, 1].map(|index| both[index].answer(space, number, &resolutions[index]));
    let [resolution, _] = &resolutions;
    (answers[0] != answers[1]).then(|| Change {
        runtime: space.policy.template_of(runtime).to_owned(),
        slug: masked(resolution.slug).to_owned(),
        rule: resolution.rule.map(str::to_owned),
        decided_by: resolution.decided_by.map(str::to_owned),
        answers,
    })
}

/// The changes of what a policy picks by itself: with each set of keys and each value that its rules compare, but
/// without a model that a variable names. Returns `None` if there are too many environments. `concerns` says
/// whether anything differs for a model on a runtime.
#[must_use]
pub fn policy_changes(
    policy: &Policy,
    both: [&Registry; 2],
    concerns: impl Fn(&str, &str) -> bool,
) -> Option<BTreeSet<Change>> {
    let [first, second] = both;
    let registered = || both.iter().flat_map(|registry| registry.runtimes()).map(|runtime| runtime.name.as_str());
    let own = own_models(policy);
    let is_concerned = |runtime: &str| own.iter().any(|model| concerns(policy.template_of(runtime), model));
    let listed = policy.document().runtimes.iter().map(String::as_str);
    if !registered().chain(policy.runtimes()).chain(listed).any(is_concerned) {
        return Some(BTreeSet::new());
    }
    let value = |name: &str| {
        let variable = policy.variable(name).expect("the name is of the policy");
        let (is_slug, is_runtime) =
            (policy.is_slug_variable(variable), policy.runtime_variables().any(|other| other == variable));
        let text = if is_slug || is_runtime {
            let runtimes = registered().chain(policy.runtimes()).map(str::to_owned).filter(|_| is_runtime);
            let values: BTreeSet<String> = compared(policy, variable).chain(runtimes).collect();
            Text { values: AbstractValue::OneOf(values.into_iter().collect()), reasons: BTreeSet::new() }
        } else {
            Text::unknown("")
        };
        Possible { text, empty: Empty::Either, hidden: None }
    };
    let mut space = Space::new(first, policy, value);
    space.add_runtimes(second.runtimes().iter().map(|runtime| runtime.name.as_str()));
    space.add_runtimes(policy.runtimes());
    if !space.runtimes.is_empty() {
        space.runtimes.retain(|runtime| is_concerned(runtime));
    }
    if space.len() > POLICY_ENVIRONMENTS {
        return None;
    }
    let both = both.map(|registry| Evaluator { registry, accept: &[], job: ("", "") });
    Some((0..space.len()).filter_map(|number| change(&both, &space, number)).collect())
}

/// The values of a variable that the policy compares, and none.
fn compared(policy: &Policy, variable: Variable) -> impl Iterator<Item = String> {
    let classes = policy.value_classes(variable);
    let hosts = classes.hosts.into_iter().map(|host| format!("https://{host}"));
    std::iter::once(String::new()).chain(classes.texts).chain(hosts)
}

/// The models that a policy can pick without a variable that names one. The empty text stands for no model.
fn own_models(policy: &Policy) -> BTreeSet<String> {
    let document = policy.document();
    let sources = document.model.iter().flat_map(|rule| match &rule.pick {
        Pick::FirstOf(sources) => sources.as_slice(),
        Pick::Nothing => &[],
    });
    let mut models = BTreeSet::from([String::new()]);
    for source in sources {
        match source {
            Source::Text(text) => models.extend([text.clone()]),
            Source::Variable(name) => {
                models.extend(document.defaults.get(name).cloned());
                models.extend(policy.variable(name).into_iter().flat_map(|variable| compared(policy, variable)));
            }
        }
    }
    models
}

impl<'a> Space<'a> {
    /// Adds runtimes, if no policy says which are used.
    fn add_runtimes(&mut self, names: impl Iterator<Item = &'a str>) {
        if self.runtimes.is_empty() || !self.policy.document().runtimes.is_empty() {
            return;
        }
        for name in names {
            if !self.runtimes.contains(&name) {
                self.runtimes.push(name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use slug_laws::{every_environment, generator, values_when_set};

    use super::*;
    use crate::registry_comparison::differences;

    /// Maximum environments that are compared one by one.
    const ENVIRONMENTS: usize = 5_000;

    /// What two registries make of a model, without the rule that picks it.
    type Found = (String, String, [Answer; 2]);

    /// The changes in every environment, found one by one; `None` if there are too many.
    fn one_by_one(policy: &Policy, both: [&Registry; 2]) -> Option<BTreeSet<Found>> {
        let registered = || both.iter().flat_map(|registry| registry.runtimes()).map(|runtime| runtime.name.as_str());
        let names: BTreeSet<&str> = registered().chain(policy.runtimes()).collect();
        let values: Vec<(Variable, Vec<String>)> = policy
            .all_variables()
            .map(|variable| {
                let own = compared(policy, variable).filter(|value| !value.is_empty());
                let runtimes = policy.runtime_variables().any(|other| other == variable);
                let runtimes = names.iter().filter(|_| runtimes).map(|name| (*name).to_owned());
                let others =
                    values_when_set(policy, variable).into_iter().filter(|_| !policy.is_slug_variable(variable));
                let empty = policy.is_set_if_empty(variable).then(String::new);
                (variable, own.chain(runtimes).chain(others).chain(empty).collect())
            })
            .collect();
        let environments = every_environment(policy, &values, ENVIRONMENTS)?;
        let document = policy.document();
        let listed: Vec<&str> = match (document.runtime.is_empty(), document.runtimes.is_empty()) {
            (false, _) => Vec::new(),
            (true, false) => document.runtimes.iter().map(String::as_str).collect(),
            (true, true) => names.into_iter().collect(),
        };
        let mut found = BTreeSet::new();
        for given in &environments {
            let runtimes = if document.runtime.is_empty() { listed.clone() } else { Vec::from_iter(given.runtime()) };
            let env = given.without_runtime();
            for runtime in runtimes {
                let [one, other] = both.map(|registry| resolve(registry, runtime, &env, &[]));
                let answers = [Answer::of(&one), Answer::of(&other)];
                if answers[0] != answers[1] {
                    found.insert((policy.template_of(runtime).to_owned(), masked(one.slug).to_owned(), answers));
                }
            }
        }
        Some(found)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn changes_of_a_policy_are_those_of_all_environments(
            bytes in prop::collection::vec(any::<u8>(), 0..600),
            other in prop::collection::vec(any::<u8>(), 0..600),
        ) {
            let dataset = generator::case_of(&bytes).dataset;
            let (policy, other) = (&dataset.policy, generator::case_of(&other).dataset);
            let both = [&dataset.registry, &other.registry];
            let Some(expected) = one_by_one(policy, both) else { return Ok(()) };
            let differences = differences(both[0], both[1]);
            let concerns = |runtime: &str, model: &str| {
                differences.iter().any(|difference| difference.concerns(both, runtime, model))
            };
            let found = policy_changes(policy, both, concerns).expect("the policy has few environments");
            let found: BTreeSet<Found> = (found.into_iter())
                .map(|Change { runtime, slug, answers, .. }| (runtime, slug, answers))
                .collect();
            prop_assert_eq!(found, expected);
        }
    }
}
