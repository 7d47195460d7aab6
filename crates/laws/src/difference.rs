//! The law of `slugproof diff`: its comparison equals the comparison of single environments.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use slug_resolver::Code;
use slug_resolver::policy::Test;

use crate::comparison::{Answer, Change, Comparison, Payer, State, is_used, runtime_of, runtime_or_none};
use crate::dataset::Dataset;
use crate::enumeration::{runtimes, tree};
use crate::law::{Violation, ensure};
use crate::reference;
use crate::secret::SECRET_PLACEHOLDER;

/// A law about two datasets: a registry and a policy before a change, and after it.
#[derive(Clone, Copy)]
pub struct PairLaw {
    /// The stable name, in kebab-case.
    pub id: &'static str,
    /// The property, in one line.
    pub statement: &'static str,
    /// Checks the property.
    pub check: CheckPair,
}

/// Checks a property of the comparison of a dataset before and after a change, in at most so many environments.
pub type CheckPair = fn(&Comparison, [&Arc<Dataset>; 2], usize) -> Result<(), Violation>;

/// The law of `slugproof diff`.
pub const DIFF_IS_EXACT: PairLaw = PairLaw {
    id: "diff-is-exact",
    statement: "an environment gets another code, provider or payer after a change if and only if a change of the \
                comparison says so, and no smaller environment has that change",
    check: check_exact,
};

/// Texts that no policy or registry has, for variables of any kind.
const FOREIGN: [&str; 6] = [SECRET_PLACEHOLDER, "x", "m-", "acme/x", "K-9", "https://other.example/v1"];

fn check_exact(comparison: &Comparison, [before, after]: [&Arc<Dataset>; 2], most: usize) -> Result<(), Violation> {
    for change in &comparison.changes {
        check_change(change, before, after)?;
    }
    if !comparison.undecided.is_empty() {
        return Ok(());
    }
    let space = Space::new(before, after);
    for number in space.numbers(most) {
        let variables = space.variables(number);
        for [one, other] in space.runtimes(&variables) {
            let found = [Answer::of(before, &one, &variables), Answer::of(after, &other, &variables)];
            if compared(&found[0]) == compared(&found[1]) {
                continue;
            }
            let says = |change: &&Change| {
                let is = |told: &Answer, found: &Answer| {
                    let same_slug = told.slug == found.slug || told.slug_in.is_some();
                    (told.runtime == found.runtime || space.is_unknown([told, found]))
                        && compared(told) == compared(found)
                        && same_slug
                };
                is(&change.before, &found[0]) && is(&change.after, &found[1])
            };
            let told: Vec<&Change> = comparison.changes.iter().filter(says).collect();
            ensure!(!told.is_empty(), "no change tells of {variables:?}: {found:?}");
            let least = told.iter().map(|change| change.variables.len()).min().unwrap_or_default();
            let set = variables.iter().filter(|(name, value)| !value.is_empty() || space.is_set_if_empty(name)).count();
            ensure!(least <= set, "{variables:?} has fewer variables than any change with {found:?}");
        }
    }
    Ok(())
}

/// What makes two answers different: the harness does something else, or the code, provider or payer differs.
fn compared(answer: &Answer) -> (State, Option<Code>, Option<&String>, Option<Payer>) {
    (answer.state, answer.code, answer.provider.as_ref(), answer.billing)
}

/// Checks that both sides answer the environment of a change as it says, by the reference resolver.
fn check_change(change: &Change, before: &Dataset, after: &Dataset) -> Result<(), Violation> {
    ensure!(compared(&change.before) != compared(&change.after), "{change:?} changes nothing");
    for (dataset, answer) in [(before, &change.before), (after, &change.after)] {
        let Dataset { registry, policy, .. } = dataset;
        let resolution = reference::resolve_with_empty_keys(registry, policy, &answer.runtime, &change.variables, &[]);
        let told = (answer.code, answer.provider.as_deref(), answer.billing);
        let is_used = is_used(policy, &answer.runtime);
        let provider = resolution.provider.filter(|_| is_used);
        let payer =
            provider.map(|provider| if reference::platform_pays(provider) { Payer::Platform } else { Payer::Byok });
        let code = resolution.code.filter(|_| is_used);
        let found = (code, provider.map(|provider| provider.name.as_str()), payer);
        ensure!(told == found, "the reference answers {found:?} to {change:?}");
    }
    Ok(())
}

/// Many environments, chosen without the classes of the comparison.
struct Space<'d> {
    sides: [&'d Dataset; 2],
    /// The variables of both policies, each with its values; `None` is unset.
    variables: Vec<(&'d str, Vec<Option<String>>)>,
    known: BTreeSet<String>,
    unknown: String,
}

impl<'d> Space<'d> {
    fn new(before: &'d Dataset, after: &'d Dataset) -> Self {
        let sides = [before, after];
        let listed = |dataset: &Dataset| dataset.policy.document().runtimes.clone();
        let known: BTreeSet<String> = sides
            .into_iter()
            .flat_map(|dataset| [runtimes(&dataset.registry, &dataset.policy), listed(dataset)].concat())
            .collect();
        let mut unknown = "nobody".to_owned();
        while known.contains(&unknown) {
            unknown.push('!');
        }
        let mut space = Self { sides, variables: Vec::new(), known, unknown };
        let names: BTreeSet<&str> =
            sides.into_iter().flat_map(|dataset| reference::variable_names(dataset.policy.document())).collect();
        space.variables = names.into_iter().map(|name| (name, space.values(name))).collect();
        space
    }

    /// Values of a variable: what either side names, nearly names or lists.
    fn values(&self, name: &str) -> Vec<Option<String>> {
        let mut values: Vec<Option<String>> = vec![None];
        let mut add = |value: &str| {
            if !values.iter().any(|known| known.as_deref() == Some(value)) {
                values.push(Some(value.to_owned()));
            }
        };
        let is_key = self.sides.iter().all(|dataset| {
            let policy = &dataset.policy;
            policy.variable(name).is_none_or(|variable| policy.is_key(variable))
        });
        add("");
        if is_key {
            add(SECRET_PLACEHOLDER);
            return values;
        }
        for Dataset { policy, registry, .. } in self.sides {
            let document = policy.document();
            for test in tree::tests_of(document, name) {
                match test {
                    Test::Value(texts) => texts.texts().iter().for_each(|text| {
                        add(text);
                        add(&format!("{text} "));
                    }),
                    Test::Host(host) => {
                        add(&format!("http://me@{}:80/v1?x", host.to_uppercase()));
                        add(&format!("https://{host}.org"));
                    }
                    Test::Set | Test::Unset => {}
                }
            }
            document.defaults.get(name).into_iter().for_each(|text| add(text));
            if tree::slug_variables(document).any(|slug| slug == name) {
                let arms = registry.runtimes().iter().flat_map(|runtime| &runtime.arms);
                arms.flat_map(|arm| arm.models.iter().chain(&arm.withdrawn_models)).for_each(|id| add(id));
                add("\t");
            }
            if policy.runtime_variables().any(|variable| policy.variable_name(variable) == name) {
                self.known.iter().for_each(|runtime| add(runtime));
            }
        }
        FOREIGN.iter().for_each(|text| add(text));
        values
    }

    /// The numbers of all environments, or of at most `most` of them: those with few variables and a sample.
    fn numbers(&self, most: usize) -> Vec<u128> {
        let all = self.variables.iter().fold(1_u128, |all, (_, values)| all.saturating_mul(values.len() as u128));
        if all <= most as u128 {
            return (0..all).collect();
        }
        // Multiples of a step that shares no factor with most numbers of values.
        let step = (all / most as u128) | 1;
        (0..most as u128).map(|number| number * step % all).collect()
    }

    /// The environment with a number.
    fn variables(&self, number: u128) -> BTreeMap<String, String> {
        let mut rest = number;
        let mut env = BTreeMap::new();
        for (name, values) in &self.variables {
            let count = values.len() as u128;
            let value = &values[usize::try_from(rest % count).unwrap_or_default()];
            rest /= count;
            if let Some(value) = value {
                env.insert((*name).to_owned(), value.clone());
            }
        }
        env
    }

    /// The pairs of runtimes with which an environment is used.
    fn runtimes(&self, variables: &BTreeMap<String, String>) -> Vec<[String; 2]> {
        let mut pairs = match self.sides.map(|dataset| runtime_of(&dataset.policy, variables)) {
            [Some(one), Some(other)] if one != other => return vec![[one, other]],
            [one, other] => {
                let is_named = |name: &&String| [&one, &other].into_iter().flatten().all(|known| known == *name);
                let all = self.known.iter().chain([&self.unknown]);
                all.filter(is_named).map(|name| [name.clone(), name.clone()]).collect::<Vec<_>>()
            }
        };
        if let [Some(one), Some(other)] = self.sides.map(|dataset| runtime_or_none(&dataset.policy, variables))
            && one != other
        {
            pairs.push([one, other]);
        }
        pairs
    }

    fn is_set_if_empty(&self, name: &str) -> bool {
        self.sides.iter().any(|dataset| dataset.policy.document().empty_is_set.iter().any(|known| known == name))
    }

    /// Returns true if two answers are about runtimes that neither side names.
    fn is_unknown(&self, answers: [&Answer; 2]) -> bool {
        answers.iter().all(|answer| !self.known.contains(&answer.runtime))
    }
}
