//! The results of a proof do not depend on how it is split.

use std::collections::{BTreeMap, BTreeSet};

use slug_laws::enumeration::Enumeration;
use slug_laws::proof::Proof;
use slug_laws::reference::is_found_in;
use slug_laws::{Dataset, Implementation, RealResolver, TestCase};
use slug_resolver::yaml::UnknownFields;
use slug_resolver::{Code, Policy, Registry, Resolution};

/// A resolver that reports the platform rule as the default rule.
struct NoPlatform;

impl Implementation for NoPlatform {
    fn resolve<'a>(&self, case: &'a TestCase) -> Resolution<'a> {
        let found = RealResolver.resolve(case);
        if found.rule == Some("platform") { Resolution { rule: Some("default"), ..found } } else { found }
    }
}

/// The enumeration of the embedded data for one policy.
pub fn enumeration(policy: &str) -> Enumeration {
    Enumeration::new(&Dataset::new(Registry::embedded(), Policy::embedded(policy).expect("ships with the crate")))
}

/// Runs some checks of an enumeration.
pub fn prove_checks(
    implementation: &dyn Implementation,
    enumeration: &Enumeration,
    numbers: impl IntoIterator<Item = usize>,
) -> Proof {
    let mut proof = Proof::default();
    numbers.into_iter().for_each(|number| proof.check(implementation, enumeration, number));
    proof
}

fn assert_same(one: &Proof, other: &Proof) {
    assert_eq!((one.evaluated, one.compared, one.covered), (other.evaluated, other.compared, other.covered));
    assert_eq!(one.counts, other.counts);
    assert_eq!(one.gaps(|_| true), other.gaps(|_| true));
    let broken = |proof: &Proof| proof.broken.as_ref().map(|it| (it.number, it.law.id, it.violation.clone()));
    assert_eq!(broken(one), broken(other));
}

#[test]
fn merged_parts_equal_the_whole_proof() {
    let enumeration = enumeration("reconciler");
    for (implementation, is_right) in [(&RealResolver as &dyn Implementation, true), (&NoPlatform, false)] {
        let whole = prove_checks(implementation, &enumeration, 0..enumeration.checks());
        assert_eq!((whole.evaluated, whole.compared), (enumeration.len(), enumeration.slug_cases()));
        assert_eq!(whole.covered, enumeration.combinations());
        let breaks = |number: &usize| prove_checks(implementation, &enumeration, [*number]).broken.is_some();
        let first = whole.broken.as_ref().map(|broken| broken.number);
        assert_eq!(first, (0..enumeration.checks()).find(breaks));
        assert_eq!(first.is_none(), is_right);
        let part = |first: usize| prove_checks(implementation, &enumeration, (first..enumeration.checks()).step_by(3));
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let mut merged = Proof::default();
            order.into_iter().for_each(|first| merged.merge(part(first)));
            assert_same(&merged, &whole);
        }
    }
}

/// The code, the runtime and the slug; no slug if a variable contains it.
type Contradiction = (Code, String, Option<String>);

/// The variables of the first case with this set of variable names, and the number of such cases.
type Group = (BTreeMap<String, String>, usize);

/// The expected gaps are computed from every case separately.
#[test]
fn gaps_are_the_smallest_sets_of_variables() {
    for policy in ["full-saas", "reconciler"] {
        let enumeration = enumeration(policy);
        let mut proof = Proof::default();
        let mut groups: BTreeMap<Contradiction, BTreeMap<BTreeSet<String>, Group>> = BTreeMap::new();
        let mut contradictions = 0;
        for number in 0..enumeration.len() {
            let point = enumeration.get(number).expect("the number is in range");
            let found = RealResolver.resolve(&point.case);
            contradictions += if found.code.is_some() { point.covers } else { 0 };
            proof.examine(&RealResolver, number, &point);
            let Some(code) = found.code.filter(|_| !point.overridden && point.known_runtime) else { continue };
            let model = "E2E_DEFAULT_PLATFORM_MODEL";
            let in_variable = found.decided_by == Some(model) && point.case.variables.contains_key(model);
            let slug = (!in_variable).then(|| found.slug.to_owned());
            let names = point.case.variables.keys().cloned().collect();
            let groups = groups.entry((code, point.case.runtime.clone(), slug)).or_default();
            groups.entry(names).or_insert((point.case.variables, 0)).1 += point.slugs;
        }
        assert_eq!(proof.counts.contradictions(), contradictions);

        let mut smallest = BTreeSet::new();
        for ((code, runtime, slug), groups) in &groups {
            for (names, group) in groups {
                if !groups.keys().any(|other| other.is_subset(names) && other != names) {
                    smallest.insert((*code, runtime.clone(), slug.clone(), group.clone()));
                }
            }
        }
        let gaps = proof.gaps(|_| true);
        let shown: BTreeSet<_> = gaps
            .iter()
            .map(|gap| {
                let slug = gap.slug_in.is_none().then(|| gap.slug.clone());
                (gap.code, gap.runtime.clone(), slug, (gap.set.clone(), gap.cases))
            })
            .collect();
        assert_eq!(shown, smallest, "{policy}");
        assert_eq!(gaps.len(), shown.len(), "{policy}");
        assert!(proof.gaps(|_| false).is_empty());
    }
}

/// If the overlap of patterns is undecided, the enumeration reports the runtime and still includes an
/// unregistered model if it finds one easily.
#[test]
fn undecided_runtime_is_reported_with_unregistered_model() {
    for (also, listed, is_found) in
        [("^x", "m", true), ("^x", "nobody-owns-this-0", true), ("^nobody", "m", true), ("(?s)^.", "m", false)]
    {
        let registry = format!(
            "schema_version: 1
providers:
  - name: a
    display_name: A
    protocol: openai
    auth_mode: key
    auth_env: [A]
    model_prefix_match: '(a|b)*a(a|b){{20}}$'
  - {{name: b, display_name: B, protocol: openai, auth_mode: key, auth_env: [B], model_prefix_match: '{also}'}}
runtimes:
  agent: {{providers: [{{name: a, models: [{listed}]}}, {{name: b}}]}}
"
        );
        let registry = Registry::from_yaml(registry.as_bytes(), UnknownFields::Deny).expect("the document is valid");
        let policy = Policy::embedded("full-saas").expect("ships with the crate");
        let dataset = Dataset::new(registry, policy);
        let enumeration = Enumeration::new(&dataset);
        assert!(enumeration.undecided().iter().any(|runtime| runtime == "agent"), "{:?}", enumeration.undecided());
        assert!(!enumeration.is_empty());
        let providers = dataset.registry.providers();
        let is_matched =
            |slug: &str| providers.iter().any(|provider| is_found_in(provider.model_prefix_match.hir(), slug));
        let has_unregistered =
            enumeration.slugs().iter().any(|slug| !slug.trim().is_empty() && slug != listed && !is_matched(slug));
        assert_eq!(has_unregistered, is_found, "{also} {:?}", enumeration.slugs());
    }
}

/// With forty keys that one provider accepts, the rules distinguish 2^40 environments on its runtime.
#[test]
fn runtime_with_too_many_environments_is_reported() {
    let names: Vec<String> = (0..40).map(|number| format!("KEY_{number}")).collect();
    let registry = format!(
        "schema_version: 1
providers:
  - {{name: acme, auth_env: [{}], model_prefix_match: '^acme/'}}
runtimes:
  agent: {{providers: [{{name: acme}}]}}
  studio: {{providers: [{{name: acme}}]}}
",
        names.join(", ")
    );
    let rules = names.iter().map(|name| format!("  - {{key: {name}}}\n"));
    let policy = format!(
        "schema_version: 2
name: many
model: [{{when: {{runtime: studio}}, use: m}}, {{use: acme/m}}]
inject: every
secrets:
{}",
        rules.collect::<String>()
    );
    let registry = Registry::from_yaml(registry.as_bytes(), UnknownFields::Deny).expect("the document is valid");
    let policy = Policy::from_yaml(policy.as_bytes()).expect("the document is valid");
    let enumeration = Enumeration::new(&Dataset::new(registry, policy));
    assert_eq!(enumeration.unexplored(), ["agent"]);
    // No provider serves the models of the other runtimes, so there the keys matter only together.
    let runtimes: Vec<(&str, bool)> = enumeration.runtimes().collect();
    assert_eq!((runtimes, enumeration.len()), (vec![("studio", true), ("unknown", false)], 4));
    let proof = prove_checks(&RealResolver, &enumeration, 0..enumeration.checks());
    assert!(proof.broken.is_none());
    assert_eq!((proof.covered, enumeration.combinations()), (2 << 40, 2 << 40));
}

/// A runtime can have the name that the enumeration uses for an unknown runtime, and a template can
/// name another template.
#[test]
fn unusual_runtime_names_are_enumerated() {
    let registry = "
schema_version: 1
providers:
  - {name: acme, display_name: A, protocol: openai, auth_mode: key, auth_env: [A], model_prefix_match: '^acme/'}
runtimes:
  unknown:
    providers: [{name: acme, models: [m]}]
";
    let policy = "
schema_version: 1
name: chain
runtime: RUNTIME
override: MODEL
platform: {var: LLM_PATH, value: platform, model: PLATFORM_MODEL, fallback: m}
secrets: [{key: KEY, inject: [A]}]
fallback: m
templates: {first: second, second: unknown}
";
    let registry = Registry::from_yaml(registry.as_bytes(), UnknownFields::Deny).expect("the document is valid");
    let policy = Policy::from_yaml(policy.as_bytes()).expect("the document is valid");
    let enumeration = Enumeration::new(&Dataset::new(registry, policy));
    let proof = prove_checks(&RealResolver, &enumeration, 0..enumeration.checks());
    assert!(proof.broken.is_none());
    let mut is_known = BTreeMap::new();
    for number in 0..enumeration.len() {
        let point = enumeration.get(number).expect("the number is in range");
        is_known.insert(point.case.runtime, point.known_runtime);
    }
    let expected = [("first", true), ("second", true), ("unknown", true), ("unknown?", false)];
    assert_eq!(is_known, expected.map(|(name, is_known)| (name.to_owned(), is_known)).into());
}

/// A variable can decide both the runtime and the model. The expected contradictions are computed from every
/// environment, each on the runtime that it names, or on every listed runtime if it names none.
#[test]
fn gaps_are_reached_by_environments_that_name_their_runtime() {
    let registry = "schema_version: 1
providers:
  - {name: acme, auth_env: [KEY]}
  - {name: zeta, auth_env: [KEY]}
runtimes:
  agent: {providers: [{name: acme, models: [ac]}]}
  studio: {providers: [{name: acme, models: [ac]}, {name: zeta, models: [ze]}]}
";
    let registry = Registry::from_yaml(registry.as_bytes(), UnknownFields::Deny).expect("the document is valid");
    let mut found = [0; 2];
    for rules in [
        "runtime: A\nmodel: [{when: {A: studio}, use: ze}, {use: ac}]",
        "runtime: A\nmodel: [{when: {A: agent}, use: ze}, {use: ac}]",
        "runtime: A\nmodel: [{when: {A: {not: studio}}, use: ze}, {use: ac}]",
        "runtime: A\nmodel: [{when: {A: {not: other}}, use: ze}, {use: ac}]",
        "runtime: A\ndefaults: {A: studio}\nmodel: [{when: {A: studio}, use: ze}, {use: ac}]",
        "runtime: [{when: {A: set}, use: studio}, {use: agent}]\nmodel: [{when: {A: set}, use: ze}, {use: ac}]",
        "runtime: [{when: {A: set}, use: agent}, {use: studio}]\nmodel: [{when: {A: set}, use: ze}, {use: ac}]",
        "runtime: [{when: {A: x}, use: studio}]\nmodel: [{when: {A: x}, use: ze}, {use: ac}]",
        "runtime: [{when: {A: x}, use: studio}, {use: agent}]\nmodel: [{when: {A: set, B: set}, use: ze}, {use: ac}]",
        "runtime: [{when: {A: x, B: unset}, use: studio}, {use: agent}]\nmodel: [{when: {A: x}, use: ze}, {use: ac}]",
        "runtime: [{when: {A: unset}, use: studio}, {use: agent}]\nmodel: [{when: {B: set}, use: ze}, {use: ac}]",
    ] {
        let text = format!(
            "schema_version: 2\nname: shared\nruntimes: [agent, studio]\nsecrets: [{{inject: [KEY]}}]\n{rules}"
        );
        let dataset =
            Dataset::new(registry.clone(), Policy::from_yaml(text.as_bytes()).expect("the document is valid"));
        let mut expected = BTreeSet::new();
        let values = ["", "x", "agent", "studio", "other"];
        for (a, b) in values.iter().flat_map(|a| values.map(|b| (*a, b))) {
            for runtime in ["agent", "studio"] {
                let case = TestCase::new(&dataset, runtime).with("A", a).with("B", b);
                if case.env().runtime().is_none_or(|named| named == runtime) {
                    let resolution = RealResolver.resolve(&case);
                    expected.extend(resolution.code.map(|code| (code, runtime.to_owned(), resolution.slug.to_owned())));
                }
            }
        }
        let enumeration = Enumeration::new(&dataset);
        let gaps = prove_checks(&RealResolver, &enumeration, 0..enumeration.checks()).gaps(|_| true);
        let gaps: BTreeSet<_> = gaps.into_iter().map(|gap| (gap.code, gap.runtime, gap.slug)).collect();
        assert_eq!(gaps, expected, "{rules}");
        found[usize::from(expected.is_empty())] += 1;
    }
    assert!(found[0] > 2 && found[1] > 2, "policies with and without gaps: {found:?}");
}

/// A runtime is finished when all its cases and slug cases are checked.
#[test]
fn unfinished_runtimes_have_checks_after_the_end() {
    let enumeration = enumeration("full-saas");
    let runtimes: Vec<&str> = enumeration.runtimes().map(|(name, _)| name).collect();
    let runtime_of = |number: usize| match enumeration.get(number) {
        Some(point) => point.case.runtime,
        None => enumeration.slug_case(number - enumeration.len()).expect("the number is in range").runtime,
    };
    let order: Vec<String> = (0..enumeration.checks()).map(runtime_of).collect();
    for done in 0..=enumeration.checks() {
        let rest: std::collections::BTreeSet<&str> = order[done..].iter().map(String::as_str).collect();
        let expected: Vec<&str> = runtimes.iter().copied().filter(|name| rest.contains(name)).collect();
        assert_eq!(enumeration.unfinished(done).collect::<Vec<_>>(), expected, "after {done} checks");
    }
}
