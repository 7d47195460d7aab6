//! The environments that violate an invariant of slugproof.yaml.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use slug_laws::enumeration::{Enumeration, TestPoint};
use slug_laws::proof::can_name_runtime;
use slug_laws::{Dataset, Implementation as _, RealResolver, TestCase, measure, values_when_set};
use slug_resolver::Registry;

use crate::invariant::Invariant;

/// Maximum environments of one case that are tried for one invariant.
const ENVIRONMENTS: usize = 100_000;

/// A smallest environment that violates an invariant.
pub struct Violation {
    /// The line of the invariant in slugproof.yaml.
    pub line: u64,
    /// The invariant in words, such as `never {billing: platform}`.
    pub statement: String,
    /// Why the invariant matters.
    pub reason: Option<String>,
    /// The runtime.
    pub runtime: String,
    /// The variables that are set, with one value each.
    pub set: BTreeMap<String, String>,
    /// The variable that holds the slug, if any.
    pub slug_in: Option<String>,
    /// The slug.
    pub slug: String,
    /// The provider.
    pub provider: String,
}

/// The violations of the invariants of one policy.
#[derive(Default)]
pub struct Violations {
    /// For each invariant, runtime and provider, the environments with the fewest variables.
    pub found: Vec<Violation>,
    /// The number of invariants that were checked.
    pub checked: usize,
    /// The lines of invariants with too many environments to check all.
    pub unexplored: Vec<u64>,
}

/// Checks every invariant that is not about calls on every class of environments.
///
/// A case of the enumeration stands for all values of the variables that it leaves open, because no rule
/// reads them there. An invariant can test such a variable, so each of its values is tried.
/// An invariant can also name models, so each of these has cases of its own. The checks of an invariant
/// end when their work exceeds the rest of the budget.
pub fn violations(dataset: &Arc<Dataset>, invariants: &[Invariant], budget: u64) -> Violations {
    let mut violations = Violations::default();
    let mut left = budget;
    let is_about = |invariant: &&Invariant| !invariant.is_about_calls() && invariant.is_about_policy(&dataset.policy);
    let invariants: Vec<&Invariant> = invariants.iter().filter(is_about).collect();
    if invariants.is_empty() {
        return violations;
    }
    let named: BTreeSet<&str> = invariants.iter().flat_map(|invariant| invariant.models()).collect();
    // White space around an id does not count for an invariant, so such an id may represent no others either.
    let spelt = ids(&dataset.registry).filter(|id| named.contains(id.trim())).map(String::as_str);
    let enumeration = Enumeration::distinguishing(dataset, named.iter().copied().chain(spelt));
    for invariant in invariants {
        violations.checked += 1;
        if !enumeration.unexplored().is_empty() {
            violations.unexplored.push(invariant.line);
            continue;
        }
        let mut smallest = Smallest::default();
        for point in (0..enumeration.len()).filter_map(|number| enumeration.get(number)) {
            let (all_are_tried, work) = measure(|| {
                let cases = cases(dataset, invariant, &point)?;
                cases.into_iter().for_each(|case| smallest.add(dataset, invariant, &point, case));
                Some(())
            });
            let Some(rest) = all_are_tried.and(left.checked_sub(work)) else {
                violations.unexplored.push(invariant.line);
                break;
            };
            left = rest;
        }
        violations.found.extend(smallest.0.into_values().flat_map(BTreeMap::into_values));
    }
    violations
}

/// The ids and aliases that a registry names.
fn ids(registry: &Registry) -> impl Iterator<Item = &String> {
    let arms = registry.runtimes().iter().flat_map(|runtime| &runtime.arms);
    let listed = arms.flat_map(|arm| arm.models.iter().chain(&arm.withdrawn_models));
    listed.chain(registry.providers().iter().flat_map(|provider| &provider.model_aliases))
}

/// The environments of a case: with each value of the variables that the invariant tests. `None` if there are more
/// than [`ENVIRONMENTS`].
fn cases(dataset: &Dataset, invariant: &Invariant, point: &TestPoint) -> Option<Vec<TestCase>> {
    let mut cases = vec![point.case.clone()];
    for (name, tested) in invariant.tested_values() {
        let is_open = !point.case.variables.contains_key(name);
        let Some(variable) = dataset.policy.variable(name).filter(|_| is_open) else { continue };
        let mut values = values_when_set(&dataset.policy, variable);
        values.extend(tested);
        if dataset.policy.runtime_variables().any(|other| other == variable) {
            values.push(point.case.runtime.clone());
        }
        if cases.len() * (values.len() + 1) > ENVIRONMENTS {
            return None;
        }
        let with = |case: &TestCase| values.iter().map(|value| case.with(name, value)).collect::<Vec<_>>();
        cases = cases.iter().flat_map(|case| [vec![case.clone()], with(case)].concat()).collect();
    }
    Some(cases)
}

/// For each runtime and provider, the violations by the names of their variables; none has all the names of
/// another.
#[derive(Default)]
struct Smallest(BTreeMap<(String, String), BTreeMap<BTreeSet<String>, Violation>>);

impl Smallest {
    fn add(&mut self, dataset: &Dataset, invariant: &Invariant, point: &TestPoint, case: TestCase) {
        let env = case.env();
        let resolution = RealResolver.resolve(&case);
        let Some(provider) = resolution.provider.filter(|_| invariant.is_violated(&env, &resolution)) else { return };
        let violates = |case: &TestCase| invariant.is_violated(&case.env(), &RealResolver.resolve(case));
        // The invariant may distinguish names of runtimes that no rule does.
        let policy = &dataset.policy;
        let tests_runtime = policy.runtime_variables().any(|variable| invariant.tests(policy.variable_name(variable)));
        let names_other = || env.runtime().is_some_and(|runtime| runtime != case.runtime);
        let decides = |variable| policy.deciding_variables().any(|deciding| deciding == variable);
        let is_decided = policy.runtime_variables().any(decides);
        if !can_name_runtime(&case, violates) || (tests_runtime && !is_decided && names_other()) {
            return;
        }
        let sets = self.0.entry((case.runtime.clone(), provider.name.clone())).or_default();
        let names: BTreeSet<String> = case.variables.keys().cloned().collect();
        if sets.keys().any(|known| known.is_subset(&names)) {
            return;
        }
        let violation = Violation {
            line: invariant.line,
            statement: invariant.statement(),
            reason: invariant.reason.clone(),
            runtime: case.runtime.clone(),
            slug_in: point.slug_in.clone(),
            slug: resolution.slug.to_owned(),
            provider: provider.name.clone(),
            set: case.variables.clone(),
        };
        sets.retain(|known, _| !names.is_subset(known));
        sets.insert(names, violation);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::{select, subsequence};
    use slug_laws::{every_environment, generator};
    use slug_resolver::yaml::{self, Cursor, UnknownFields};
    use slug_resolver::{Env, Policy, resolve};

    use super::*;

    /// The ids that finite patterns match.
    const IDS: [&str; 6] = ["a", "b", "ab", "ba", "a0", "ax"];

    /// Maximum environments that are compared one by one.
    const COMPARED: usize = 20_000;

    /// An invariant about names that the dataset has, by three numbers.
    fn invariant(dataset: &Dataset, enumeration: &Enumeration, numbers: (usize, usize, usize, usize)) -> Invariant {
        let (property, value, condition, number) = numbers;
        let providers = dataset.registry.providers();
        let property = match property % 4 {
            0 => format!("billing: {}", ["platform", "byok"][value % 2]),
            1 => format!("path: {}", ["platform", "byok"][value % 2]),
            2 => format!("provider: [{:?}]", providers[value % providers.len()].name),
            _ => format!("model: [{:?}]", enumeration.slugs()[value % enumeration.slugs().len()]),
        };
        let variables: Vec<_> = dataset.policy.all_variables().collect();
        let variable = variables.get(condition % (variables.len() + 1));
        let condition = variable.map_or(String::new(), |variable| {
            let values = values_when_set(&dataset.policy, *variable);
            let known = format!("{:?}", values[value % values.len()]);
            let tests = ["set", "unset", "other", "{not: other}", &known, &format!("{{not: {known}}}")];
            let kinds = if dataset.policy.is_key(*variable) { 2 } else { tests.len() };
            format!(", when: {{{}: {}}}", dataset.policy.variable_name(*variable), tests[number % kinds])
        });
        let word = ["always", "never"][value % 2];
        let root = yaml::read(format!("{{{word}: {{{property}}}{condition}}}").as_bytes()).expect("YAML is valid");
        Invariant::decode(&Cursor::root(&root)).expect("the invariant is valid")
    }

    /// The runtimes on which an environment violates an invariant, found one by one; `None` if there are too many
    /// environments.
    fn one_by_one(dataset: &Dataset, enumeration: &Enumeration, invariant: &Invariant) -> Option<BTreeSet<String>> {
        let policy = &dataset.policy;
        let values: Vec<_> = policy
            .all_variables()
            .map(|variable| {
                let is_slug = policy.is_slug_variable(variable);
                let slugs = enumeration.slugs().iter().filter(|_| is_slug);
                let slugs = slugs.flat_map(|slug| [slug.clone(), format!("{slug}0"), format!("{slug}x")]);
                let runtimes = enumeration.runtimes().map(|(name, _)| name.to_owned());
                let names_runtime = policy.runtime_variables().any(|other| other == variable);
                let runtimes = runtimes.filter(|_| names_runtime);
                let tested = invariant.tested_values().filter(|(name, _)| *name == policy.variable_name(variable));
                let tested = tested.flat_map(|(_, values)| values);
                let values: Vec<String> =
                    values_when_set(policy, variable).into_iter().chain(slugs).chain(runtimes).chain(tested).collect();
                (variable, values)
            })
            .collect();
        let environments = every_environment(policy, &values, COMPARED)?;
        let violates = |runtime: &str| {
            environments.iter().any(|env| {
                let names_runtime = env.runtime().is_none_or(|named| named == runtime);
                names_runtime && invariant.is_violated(env, &resolve(&dataset.registry, runtime, env, &[]))
            })
        };
        let runtimes = enumeration.runtimes().map(|(name, _)| name);
        Some(runtimes.filter(|name| violates(name)).map(str::to_owned).collect())
    }

    /// The alias `m-1 ` belongs to the class of all ids like `m-`, and is the model of the invariant.
    #[test]
    fn id_with_white_space_represents_no_other_ids() {
        let registry = "{schema_version: 1, providers: [{name: a, auth_env: [], model_prefix_match: '^m-', \
                        model_aliases: ['m-1 ']}], runtimes: {r: {providers: [{name: a}]}}}";
        let policy = "{schema_version: 2, name: p, model: [{use: $MODEL}, {use: m-1}], secrets: []}";
        let registry = Registry::from_yaml(registry.as_bytes(), UnknownFields::Deny).expect("it is valid");
        let policy = Policy::from_yaml(policy.as_bytes()).expect("it is valid");
        let dataset = Dataset::new(registry, policy);
        let root = yaml::read(b"{always: {model: m-1}}").expect("YAML is valid");
        let invariant = Invariant::decode(&Cursor::root(&root)).expect("it is valid");
        let found = violations(&dataset, &[invariant], u64::MAX).found;
        let found: Vec<&BTreeMap<String, String>> = found.iter().map(|violation| &violation.set).collect();
        assert!(matches!(found[..], [set] if set.keys().eq(["MODEL"])), "{found:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn violations_are_those_of_all_environments(
            bytes in prop::collection::vec(any::<u8>(), 0..600),
            numbers in (0..4_usize, 0..40_usize, 0..40_usize, 0..60_usize),
        ) {
            let dataset: Arc<Dataset> = generator::case_of(&bytes).dataset;
            let enumeration = Enumeration::new(&dataset);
            let invariant = invariant(&dataset, &enumeration, numbers);
            let Some(expected) = one_by_one(&dataset, &enumeration, &invariant) else { return Ok(()) };
            let violations = violations(&dataset, std::slice::from_ref(&invariant), u64::MAX);
            prop_assert!(violations.unexplored.is_empty());
            let found: BTreeSet<String> = violations.found.iter().map(|violation| violation.runtime.clone()).collect();
            prop_assert_eq!(found, expected, "{}", invariant.statement());
            for violation in &violations.found {
                let env = Env::read(&dataset.policy, violation.set.iter().map(|(name, value)| (name, value.as_str())));
                let resolution = resolve(&dataset.registry, &violation.runtime, &env, &[]);
                prop_assert!(invariant.is_violated(&env, &resolution));
            }
        }

        /// Each id of an alphabet is asked, so no class of ids has a member that is not.
        #[test]
        fn violations_are_those_of_every_id_of_finite_patterns(
            listed in subsequence(&IDS[..], 0..=2),
            patterns in [subsequence(&IDS[..], 1..=5), subsequence(&IDS[..], 0..=4)],
            named in subsequence(&IDS[..], 1..=4),
            compared in select(&IDS[..]),
            shape in 0..16_usize,
        ) {
            let pattern = |ids: &Vec<&str>| match ids.as_slice() {
                [] => String::new(),
                ids => format!(", model_prefix_match: '^({})$'", ids.join("|")),
            };
            let registry = format!(
                "{{schema_version: 1, providers: [{{name: a, auth_env: []{}}}, {{name: b, auth_env: []{}}}], \
                 runtimes: {{r: {{providers: [{{name: a, models: [{}]}}, {{name: b}}]}}}}}}",
                pattern(&patterns[0]), pattern(&patterns[1]), listed.join(", ")
            );
            let compared = format!("{{when: {{MODEL: {compared}}}, use: zz}}, ");
            let when = if shape & 1 == 1 { compared.as_str() } else { "" };
            let policy = format!("{{schema_version: 2, name: p, model: [{when}{{use: $MODEL}}], secrets: []}}");
            let word = ["always", "never"][shape >> 1 & 1];
            let ids = named.join(", ");
            let models = if shape & 4 == 4 { format!("[{ids}]") } else { format!("{{not: [{ids}]}}") };
            let provider = if shape & 8 == 8 { ", provider: a" } else { "" };
            let invariant = yaml::read(format!("{{{word}: {{model: {models}{provider}}}}}").as_bytes()).expect("YAML");
            let invariant = Invariant::decode(&Cursor::root(&invariant)).expect("the invariant is valid");
            let registry = Registry::from_yaml(registry.as_bytes(), UnknownFields::Deny).expect("a valid registry");
            let policy = Policy::from_yaml(policy.as_bytes()).expect("a valid policy");
            let dataset = Dataset::new(registry, policy);
            let expected = IDS.iter().chain(&["b b", "zz"]).any(|id| {
                let env = Env::read(&dataset.policy, [("MODEL", *id)]);
                invariant.is_violated(&env, &resolve(&dataset.registry, "r", &env, &[]))
            });
            let violations = violations(&dataset, std::slice::from_ref(&invariant), u64::MAX);
            prop_assert!(violations.unexplored.is_empty());
            prop_assert_eq!(!violations.found.is_empty(), expected, "{}", invariant.statement());
        }
    }
}
