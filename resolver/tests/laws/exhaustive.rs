//! Every law on every case of the embedded data, and the totals of the counts.

use std::collections::{BTreeMap, BTreeSet};

use proptest::test_runner::Config;
use slug_laws::enumeration::{Enumeration, TestPoint};
use slug_laws::proof::Proof;
use slug_laws::reference::is_found_in;
use slug_laws::{Counts, Dataset, Implementation, LawContext, RealResolver, TestCase};
use slug_resolver::policy::{InjectMode, Pick, SecretsEffect, SecretsRule, Source};
use slug_resolver::yaml::UnknownFields;
use slug_resolver::{Code, Env, NameSubset, Policy, Provider, Registry, Resolution, resolve};

use crate::proof::{enumeration, prove_checks};
use crate::strategy::fixed_cases;

/// One test for each runtime and rule, so that a test runner can distribute them evenly over threads
/// or machines.
macro_rules! proofs {
    ($($runtime:ident => $name:literal,)*) => {
        $(
            mod $runtime {
                #[test]
                fn override_() {
                    super::prove($name, "override");
                }

                #[test]
                fn platform() {
                    super::prove($name, "platform");
                }

                #[test]
                fn keyed() {
                    super::prove($name, "keyed");
                }

                #[test]
                fn default() {
                    super::prove($name, "default");
                }

                #[test]
                fn fallback() {
                    super::prove($name, "fallback");
                }
            }
        )*

        const PROVED: &[&str] = &[$($name),*];
    };
}

proofs! {
    claude_code => "claude-code",
    hermes => "hermes",
    codex => "codex",
    openclaw => "openclaw",
    google_adk => "google-adk",
    seo_agent => "seo-agent",
    unknown => "unknown",
}

/// Checks every law on every case of one runtime that one rule decides, for every embedded policy.
fn prove(runtime: &str, rule: &str) {
    for policy in ["full-saas", "reconciler"] {
        let enumeration = enumeration(policy);
        let mut proof = Proof::default();
        for number in 0..enumeration.len() {
            let point = enumeration.get(number).expect("the number is in range");
            if point.case.runtime == runtime && RealResolver.resolve(&point.case).rule == Some(rule) {
                proof.examine(&RealResolver, number, &point);
            }
        }
        if let Some(broken) = &proof.broken {
            panic!("{} is broken by {:?}: {}", broken.law.id, broken.case, broken.violation);
        }
    }
}

/// The tests above cover every case: a case has one runtime and one of the five rules.
#[test]
fn runtimes_are_all_proved_and_counts_add_up() {
    for policy in ["full-saas", "reconciler"] {
        let enumeration = enumeration(policy);
        assert!(enumeration.undecided().is_empty());
        let runtimes: BTreeSet<&str> = enumeration.runtimes().map(|(runtime, _)| runtime).collect();
        assert_eq!(runtimes, PROVED.iter().copied().collect());
        let points: Vec<TestPoint> =
            (0..enumeration.len()).map(|number| enumeration.get(number).expect("the number is in range")).collect();
        assert_eq!(points.iter().map(|point| point.covers).sum::<u128>(), enumeration.combinations());
        for TestPoint { case, overridden, .. } in &points {
            assert_eq!(*overridden, case.variables.contains_key("E2E_MODEL_SLUG"), "{case:?}");
        }
        let rules: BTreeSet<Option<&str>> = points.iter().map(|point| RealResolver.resolve(&point.case).rule).collect();
        let proved = ["override", "platform", "keyed", "default", "fallback"];
        assert_eq!(rules, proved.into_iter().map(Some).collect(), "{policy}");
    }
}

/// One case represents all slugs of a model class, so the number of cases follows from the number of
/// classes and not from the number of ids. The slug cases cover every id.
#[test]
fn cases_count_classes_and_questions_count_ids() {
    // The number of keys that inject.
    for (policy, secrets) in [("full-saas", 4), ("reconciler", 3)] {
        let enumeration = enumeration(policy);
        let dataset = enumeration.get(0).expect("the enumeration has a case").case.dataset.clone();
        let model_classes: usize = enumeration
            .runtimes()
            .map(|(runtime, _)| model_classes(&dataset, runtime, enumeration.slugs()).len())
            .sum();
        let runtimes = enumeration.runtimes().count();
        // The first set key decides the secrets, so off the platform path there are as many outcomes as keys,
        // and one without a key. Values that select the same path are one class.
        let byok = secrets + 1;
        // The override holds a slug on either path, the variable for the model on the platform path only.
        let with_a_slug = (1 + byok) + 1;
        // Without both, the platform path has one model. Off it, the keys that pick a model are keys that inject.
        let without = 1 + byok;
        assert_eq!(enumeration.len(), with_a_slug * model_classes + without * runtimes, "{policy}");

        let name = "E2E_MODEL_SLUG";
        let slug_case = |number| enumeration.slug_case(number).expect("the number is in range");
        let slug_cases: BTreeSet<(String, String)> = (0..enumeration.slug_cases())
            .map(slug_case)
            .map(|TestCase { runtime, variables, .. }| (runtime, variables[name].clone()))
            .collect();
        assert_eq!(slug_cases.len(), runtimes * enumeration.slugs().len(), "{policy}");
        assert!(enumeration.slug_case(enumeration.slug_cases()).is_none());
        assert_eq!(enumeration.checks(), enumeration.len() + enumeration.slug_cases());
    }
}

/// The model class of a slug: whether it is blank, the arms that list it, the arms whose patterns match
/// it, and the slug itself if the policy names it.
type ModelClass<'a> = (bool, Vec<&'a str>, Vec<&'a str>, Option<&'a str>);

/// Finds the model classes of a runtime by a plain scan, with the number of slugs in each.
fn model_classes<'a>(dataset: &'a Dataset, runtime: &str, slugs: &'a [String]) -> BTreeMap<ModelClass<'a>, usize> {
    let runtime = dataset.registry.runtime(dataset.policy.template_of(runtime));
    let arms = runtime.map_or(&[][..], |runtime| &runtime.arms);
    let mut model_classes = BTreeMap::new();
    let named = models_of(&dataset.policy);
    for slug in slugs {
        let named = named.contains(slug).then_some(slug.as_str());
        let slug = slug.trim();
        let arms = || arms.iter().filter(|_| !slug.is_empty());
        let lists = arms().filter(|arm| arm.models.iter().any(|id| id == slug)).map(|arm| arm.provider.as_str());
        let provider = |name: &str| dataset.registry.provider(name).expect("arms name providers");
        let pattern = |name: &&str| is_found_in(provider(name).model_prefix_match.hir(), slug);
        let matches = arms().map(|arm| arm.provider.as_str()).filter(pattern);
        *model_classes.entry((slug.is_empty(), lists.collect(), matches.collect(), named)).or_default() += 1;
    }
    model_classes
}

/// Every model that a policy names.
fn models_of(policy: &Policy) -> BTreeSet<String> {
    let policy = policy.document();
    let mut models: BTreeSet<String> = policy.defaults.values().cloned().collect();
    for rule in &policy.model {
        let Pick::FirstOf(sources) = &rule.pick else { continue };
        models.extend(sources.iter().filter_map(|source| match source {
            Source::Text(text) => Some(text.clone()),
            Source::Variable(_) => None,
        }));
    }
    models
}

/// A resolver that never reports an override with this slug as shadowed.
struct MissesShadowed(String);

impl Implementation for MissesShadowed {
    fn resolve<'a>(&self, case: &'a TestCase) -> Resolution<'a> {
        let found = RealResolver.resolve(case);
        let policy = &case.dataset.policy;
        let override_var = "E2E_MODEL_SLUG";
        if found.slug != self.0 || !found.shadowed.contains(override_var) {
            return found;
        }
        let shadowed = |name: &str| name != override_var && found.shadowed.contains(name);
        Resolution { shadowed: NameSubset::of(policy.variable_names(), shadowed), ..found }
    }
}

/// A slug that the policy names is its own class: a variable with this value may be shadowed.
#[test]
fn slug_named_by_policy_is_its_own_class() {
    for policy in ["full-saas", "reconciler"] {
        let enumeration = enumeration(policy);
        let dataset = enumeration.get(0).expect("the enumeration has a case").case.dataset.clone();
        for model in models_of(&dataset.policy).into_iter().filter(|model| enumeration.slugs().contains(model)) {
            let wrong = MissesShadowed(model);
            let proof = prove_checks(&wrong, &enumeration, 0..enumeration.checks());
            let broken =
                proof.broken.unwrap_or_else(|| panic!("no law rejects a missing shadowed variable with `{}`", wrong.0));
            assert!(["shadowed-is-inert", "agreement"].contains(&broken.law.id), "{}", broken.law.id);
        }
    }
}

/// Questions, which `prove` only compares with the reference, satisfy every law on the embedded data.
#[test]
fn slugs_on_all_runtimes_satisfy_all_laws() {
    for policy in ["full-saas", "reconciler"] {
        let enumeration = enumeration(policy);
        for number in 0..enumeration.slug_cases() {
            let case = enumeration.slug_case(number).expect("the number is in range");
            let result = LawContext::new(&RealResolver, &case).check();
            assert!(result.is_ok(), "{result:?}");
        }
    }
}

/// A resolver that is wrong about one id on one runtime.
struct WrongOnOne<'w> {
    runtime: &'w str,
    id: &'w str,
    /// True if the resolution is wrong; false if only the candidates are wrong.
    resolves: bool,
}

impl Implementation for WrongOnOne<'_> {
    fn resolve<'a>(&self, case: &'a TestCase) -> Resolution<'a> {
        let found = RealResolver.resolve(case);
        if self.resolves && case.runtime == self.runtime && found.slug == self.id {
            let others = case.dataset.registry.providers().iter();
            return Resolution { provider: others.rev().find(|other| found.provider != Some(other)), ..found };
        }
        found
    }

    fn candidates<'a>(&self, dataset: &'a Dataset, runtime: &str, model: &str) -> Vec<&'a Provider> {
        let mut found = RealResolver.candidates(dataset, runtime, model);
        if !self.resolves && runtime == self.runtime && model == self.id {
            found.extend(dataset.registry.providers().last());
        }
        found
    }
}

/// Representatives hide no errors: a resolver that is wrong about any single represented id is rejected,
/// and the report names the id.
#[test]
fn error_about_one_represented_id_is_found() {
    let enumeration = enumeration("full-saas");
    let name = "E2E_MODEL_SLUG";
    let mut representatives = BTreeSet::new();
    for number in 0..enumeration.len() {
        let case = enumeration.get(number).expect("the number is in range").case;
        representatives.extend(case.variables.values().map(|slug| (case.runtime.clone(), slug.clone())));
    }
    let slug_case = |number| enumeration.slug_case(number).expect("the number is in range");
    let others: Vec<TestCase> = (0..enumeration.slug_cases())
        .map(slug_case)
        .filter(|case| !representatives.contains(&(case.runtime.clone(), case.variables[name].clone())))
        .collect();
    assert!(others.len() > enumeration.slug_cases() / 2, "too few ids are represented by another");
    for (number, case) in others.iter().enumerate() {
        let wrong = WrongOnOne { runtime: &case.runtime, id: &case.variables[name], resolves: number % 2 == 0 };
        let proof = prove_checks(&wrong, &enumeration, enumeration.len()..enumeration.checks());
        let broken = proof.broken.unwrap_or_else(|| panic!("the error about {case:?} is not found"));
        assert_eq!(broken.law.id, "agreement", "{}", broken.violation);
        assert!(broken.case == *case, "found in {:?}, expected in {case:?}", broken.case);
        assert_eq!(proof.compared, enumeration.slug_cases());
    }
}

/// A listed id cannot represent ids that only match a pattern.
#[test]
fn pattern_class_is_covered_despite_listed_id() {
    let registry = "
schema_version: 1
providers:
  - {name: byok, display_name: B, protocol: openai, auth_mode: key, auth_env: [KEY], model_prefix_match: ^a}
  - name: platform
    display_name: P
    protocol: openai
    auth_mode: key
    auth_env: [TOKEN]
    model_prefix_match: ^platform/
runtimes:
  agent: {providers: [{name: byok}, {name: platform, models: [a, platform/m]}]}
";
    let policy = "
schema_version: 1
name: mine
runtime: RUNTIME
defaults: {LLM_PATH: platform}
override: MODEL
platform: {var: LLM_PATH, value: platform, model: PM, fallback: platform/m}
fallback: platform/m
";
    let registry = Registry::from_yaml(registry.as_bytes(), UnknownFields::Deny).expect("the document is valid");
    let policy = Policy::from_yaml(policy.as_bytes()).expect("the document is valid");
    let enumeration = Enumeration::new(&Dataset::new(registry, policy));
    let proof = prove_checks(&RealResolver, &enumeration, 0..enumeration.len());
    let codes: Vec<Code> = proof.gaps(|_| true).iter().map(|gap| gap.code).collect();
    assert!(codes.contains(&Code::PlatformPathByokModel), "{codes:?}");
}

/// The number of combinations is computed from the data, not from the visited cases.
#[test]
fn combinations_follow_from_the_data() {
    for (policy, keys) in [("full-saas", 4), ("reconciler", 3)] {
        let enumeration = enumeration(policy);
        let (slugs, runtimes) = (enumeration.slugs().len() as u128, enumeration.runtimes().count() as u128);
        assert_eq!(enumeration.combinations(), runtimes * (slugs + 1) * 3 * (slugs + 1) * 2_u128.pow(keys));
    }
}

/// The weighted counts of the enumeration equal the counts of all combinations.
#[test]
fn brute_force_counts_equal_weighted_counts() {
    let enumeration = enumeration("reconciler");
    let mut total = Counts::default();
    for (runtime, _) in enumeration.runtimes().enumerate() {
        for class in 0..enumeration.first_classes() {
            total.merge(enumeration.brute_force(runtime, class));
        }
    }
    let proof = prove_checks(&RealResolver, &enumeration, 0..enumeration.checks());
    assert_eq!((proof.evaluated, proof.compared), (enumeration.len(), enumeration.slug_cases()));
    assert!(proof.broken.is_none());
    assert_eq!(total.total(), enumeration.combinations());
    assert_eq!(total, proof.counts);
    assert_eq!(enumeration.brute_force(0, enumeration.first_classes()), Counts::default());
    assert_eq!(enumeration.brute_force(enumeration.runtimes().count(), 0), Counts::default());
}

/// The counts of random datasets are correct as well.
#[test]
fn random_datasets_have_correct_counts() {
    // The default of 256 cases gives a dozen datasets, and half a dozen of a kind that is rare and hard to
    // count; `PROPTEST_CASES` scales all.
    let datasets = (Config::default().cases as usize / 20).max(12);
    // Datasets with more combinations take too long.
    let is_small = |case: &TestCase| Enumeration::new(&case.dataset).combinations() <= 100_000;
    let any = fixed_cases(20 * datasets).filter(is_small).take(datasets);
    let hard = fixed_cases(500 * datasets).filter(has_keyed_platform_among_others).filter(is_small).take(datasets / 2);
    let cases: Vec<TestCase> = any.chain(hard).collect();
    assert_eq!(cases.len(), datasets + datasets / 2, "too few random datasets are small");
    for case in cases {
        let enumeration = Enumeration::new(&case.dataset);
        let proof = prove_checks(&RealResolver, &enumeration, 0..enumeration.checks());
        if let Some(broken) = &proof.broken {
            panic!("{} is broken by {:?}: {}", broken.law.id, broken.case, broken.violation);
        }
        let mut total = Counts::default();
        for (runtime, _) in enumeration.runtimes().enumerate() {
            for class in 0..enumeration.first_classes() {
                total.merge(enumeration.brute_force(runtime, class));
            }
        }
        assert_eq!((proof.evaluated, proof.compared), (enumeration.len(), enumeration.slug_cases()), "{case:?}");
        assert_eq!(proof.covered, enumeration.combinations(), "{case:?}");
        assert_eq!(total, proof.counts, "{case:?}");
    }
}

/// True if the policy injects the secrets of every rule that applies, and one of several rules selects the platform
/// path if a key is set.
fn has_keyed_platform_among_others(case: &TestCase) -> bool {
    let policy = case.dataset.policy.document();
    let is_keyed_platform = |rule: &SecretsRule| rule.effect == SecretsEffect::Platform && rule.key.is_some();
    policy.inject == InjectMode::Every && policy.secrets.len() > 1 && policy.secrets.iter().any(is_keyed_platform)
}

/// The numbers were measured on the real system on the day of the incident.
#[test]
fn measured_contradictions_are_reproduced() {
    let registry = Registry::embedded();
    for (policy, measured) in [("full-saas", 10_128), ("reconciler", 8_352)] {
        let policy = Policy::embedded(policy).expect("ships with the crate");
        let (mut combinations, mut contradictions) = (0, 0);
        for runtime in ["claude-code", "seo-agent", "hermes", "codex", "openclaw", "google-adk"] {
            each_combination(&mut |variables| {
                let env = Env::read(&policy, variables.iter().copied());
                combinations += 1;
                contradictions += usize::from(!resolve(&registry, runtime, &env, &[]).is_coherent());
            });
        }
        assert_eq!((combinations, contradictions), (14_580, measured), "{}", policy.name());
    }
}

/// The name of a variable and its value.
type Setting = (&'static str, &'static str);

/// Visits every measured combination: each variable unset, empty or set.
fn each_combination(visit: &mut dyn FnMut(&[Setting])) {
    const UNSET: Option<&str> = None;
    let keys = ["E2E_MINIMAX_API_KEY", "E2E_ANTHROPIC_API_KEY", "E2E_GOOGLE_API_KEY", "E2E_OPENAI_API_KEY"];
    let mut dimensions = vec![
        ("E2E_LLM_PATH", vec![UNSET, Some(""), Some("platform"), Some("byok"), Some("Platform")]),
        ("E2E_MODEL_SLUG", vec![UNSET, Some("")]),
        ("E2E_DEFAULT_PLATFORM_MODEL", vec![UNSET, Some(""), Some("minimax/MiniMax-M3")]),
    ];
    dimensions.extend(keys.map(|key| (key, vec![UNSET, Some(""), Some("1")])));
    let combinations: usize = dimensions.iter().map(|(_, values)| values.len()).product();
    for mut number in 0..combinations {
        let mut variables = Vec::new();
        for (name, values) in &dimensions {
            if let Some(value) = values[number % values.len()] {
                variables.push((*name, value));
            }
            number /= values.len();
        }
        visit(&variables);
    }
}
