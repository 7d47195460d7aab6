//! Fixes for data beyond the search limits, and the completeness of fixes.

use slug_laws::{Dataset, Implementation, LawContext, RealResolver, SharedSlugs, TestCase, fix_completeness, law};
use slug_resolver::registry::Arm;
use slug_resolver::yaml::UnknownFields;
use slug_resolver::{Edit, Fix, Policy, Provider, Registry, Resolution, fixes, fixes_sharing, limits};

use crate::strategy::fixed_cases;

const POLICY: &str = "schema_version: 1
name: mine
runtime: RUNTIME
override: MODEL
platform: {var: LLM_PATH, value: platform, model: PM, fallback: nobody}
fallback: nobody
";

/// The only id that helps is the first of its arm and follows more ids than the search tries.
#[test]
fn first_ids_of_arms_are_tried_first() {
    let ids: Vec<String> = (0..3 * limits::FIX_SLUGS).map(|number| format!("m{number}")).collect();
    let registry = format!(
        "schema_version: 1
providers:
  - {{name: acme, display_name: A, protocol: openai, auth_mode: key, auth_env: [KEY], model_prefix_match: ^a/}}
  - {{name: platform, display_name: P, protocol: openai, auth_mode: key, auth_env: [TOKEN], model_prefix_match: ^p/}}
runtimes:
  agent: {{providers: [{{name: acme, models: [{}]}}, {{name: platform, models: [p]}}]}}
",
        ids.join(", ")
    );
    let registry = Registry::from_yaml(registry.as_bytes(), UnknownFields::Deny).expect("the document is valid");
    let policy = Policy::from_yaml(POLICY.as_bytes()).expect("the document is valid");
    let dataset = Dataset::new(registry, policy);
    let case = TestCase::new(&dataset, "agent").with("MODEL", "zzz").with("LLM_PATH", "x");
    let found = fixes(&dataset.registry, "agent", &case.env(), &[]);
    assert_eq!(found[0].edits, [Edit::Set("MODEL".into(), "p".into())]);
    let law = law("fixes-sound-and-minimal").expect("the id is known");
    assert_eq!((law.check)(&LawContext::new(&RealResolver, &case)), Ok(()));
}

/// Listed ids come first. An id is made up only for a slug that no arm lists, and never for the platform.
#[test]
fn id_is_made_up_for_unlisted_slug_only() {
    let registry = "schema_version: 1
providers:
  - {name: acme, auth_env: [KEY], model_prefix_match: '^acme/'}
  - {name: zeta, auth_env: [KEY], model_prefix_match: '^zeta:'}
  - {name: platform, model_prefix_match: '^platform/'}
runtimes:
  agent: {providers: [{name: acme, models: [acme/m-1]}, {name: zeta}, {name: platform, models: [platform/other]}]}
";
    let registry = Registry::from_yaml(registry.as_bytes(), UnknownFields::Deny).expect("the document is valid");
    let policy = Policy::from_yaml(POLICY.replace("nobody", "zeta:x").as_bytes()).expect("the document is valid");
    let dataset = Dataset::new(registry, policy);
    let values = |slug: &str| -> Vec<String> {
        let case = TestCase { ambient: vec!["KEY".to_owned()], ..TestCase::new(&dataset, "agent").with("MODEL", slug) };
        let found = fixes(&dataset.registry, "agent", &case.env(), &case.ambient_names());
        let set = found.iter().flat_map(|fix| &fix.edits).filter_map(|edit| match edit {
            Edit::Set(name, value) if name == "MODEL" => Some(value.clone()),
            _ => None,
        });
        set.collect()
    };
    assert_eq!(values("m-1"), ["acme/m-1"]);
    assert_eq!(values("m-2"), ["acme/m-2"]);
    assert_eq!(values("zeta/m-3"), ["zeta:zeta/m-3"]);
    // The writer named the platform's model, and no other provider lists it.
    assert_eq!(values("platform/other"), Vec::<String>::new());
}

/// The founding incident: no platform serves `platform/MiniMax-M2`, although its pattern matches it.
#[test]
fn incident_is_fixed_with_listed_ids() {
    let policy = Policy::embedded("full-saas").expect("ships with the crate");
    let dataset = Dataset::new(Registry::embedded(), policy);
    let case = TestCase::new(&dataset, "claude-code").with("E2E_LLM_PATH", "platform");
    let case = case.with("E2E_MODEL_SLUG", "MiniMax-M2");
    let arms = &dataset.registry.runtime("claude-code").expect("is registered").arms;
    let found = fixes(&dataset.registry, "claude-code", &case.env(), &[]);
    assert!(!found.is_empty());
    for fix in found {
        assert!(arms.iter().any(|arm| arm.models.contains(&fix.slug)), "{fix:?}");
    }
}

/// A condition tests the variable of the slug, so an id that the runtime does not serve helps too.
#[test]
fn tested_variable_is_set_to_any_id() {
    let registry = "schema_version: 1
providers: [{name: acme, auth_env: [KEY]}, {name: platform, model_prefix_match: ^platform/}]
runtimes: {agent: {providers: [{name: acme, models: [m]}, {name: platform}]}}
";
    let policy = "schema_version: 2
name: mine
model:
  - {when: {MODEL: set}, use: platform/x}
  - {use: [$MODEL, nobody]}
";
    let registry = Registry::from_yaml(registry.as_bytes(), UnknownFields::Deny).expect("the document is valid");
    let policy = Policy::from_yaml(policy.as_bytes()).expect("the document is valid");
    let dataset = Dataset::new(registry, policy);
    let case = TestCase::new(&dataset, "agent");
    let found = fixes(&dataset.registry, "agent", &case.env(), &[]);
    let edits: Vec<&[Edit]> = found.iter().map(|fix| fix.edits.as_slice()).collect();
    assert_eq!(edits, [[Edit::Set("MODEL".into(), "m".into())]]);
}

/// The number of cases in which every set of edits is tried.
const CASES: usize = 200;

#[test]
fn fixes_equal_exhaustive_search() {
    let mut sizes = [0; limits::FIX_EDITS + 1];
    let (some, rare) = (fixed_cases(CASES), fixed_cases(10 * CASES).filter(needs_a_later_id));
    for case in some.chain(rare) {
        let context = LawContext::new(&RealResolver, &case);
        fix_completeness::check_completeness(&context).unwrap_or_else(|violation| panic!("{violation}\n{case:?}"));
        context.fixes().iter().for_each(|fix| sizes[fix.edits.len()] += 1);
    }
    assert!(sizes[1..].iter().all(|fixes| *fixes > 0), "fixes of 0, 1, 2, … edits: {sizes:?}");
}

/// Returns true if a fix uses an id that is not the first of any arm.
fn needs_a_later_id(case: &TestCase) -> bool {
    let arms = || case.dataset.registry.runtimes().iter().flat_map(|runtime| &runtime.arms);
    let is_later = |id: &String| {
        let is_listed = |arm: &Arm| arm.models.contains(id);
        arms().any(is_listed) && arms().all(|arm| arm.models.first() != Some(id))
    };
    let fixes = RealResolver.fixes(case);
    fixes.iter().flat_map(|fix| &fix.edits).any(|edit| matches!(edit, Edit::Set(_, value) if is_later(value)))
}

/// A search that shares the slugs to try with earlier searches finds what it finds alone, whatever the earlier
/// searches were about.
#[test]
fn shared_slugs_change_no_fix() {
    let mut different = 0;
    for case in fixed_cases(CASES) {
        let Dataset { registry, .. } = &*case.dataset;
        let shared = SharedSlugs::default();
        let mut found = Vec::new();
        for case in neighbours(&case) {
            let (runtime, env, ambient) = (&case.runtime, case.env(), &case.ambient_names());
            let alone = fixes(registry, runtime, &env, ambient);
            assert_eq!(fixes_sharing(&shared, registry, runtime, &env, ambient), alone, "{case:?}");
            if !alone.is_empty() && !found.contains(&alone) {
                found.push(alone);
            }
        }
        different += usize::from(found.len() > 1);
    }
    assert!(different > CASES / 4, "in {different} of {CASES} datasets, searches have different fixes");
}

/// The case, and cases that differ in the value of one variable, in the runtime or in the ambient credentials.
fn neighbours(case: &TestCase) -> Vec<TestCase> {
    let Dataset { registry, policy, .. } = &*case.dataset;
    let mut neighbours = vec![case.clone()];
    let ids = registry.runtimes().iter().flat_map(|runtime| &runtime.arms).filter_map(|arm| arm.models.first());
    let ids: Vec<&str> = ids.map(String::as_str).chain(["", "nobody", "x/nobody"]).take(8).collect();
    for name in policy.variable_names() {
        neighbours.push(case.without(name));
        neighbours.extend(ids.iter().map(|id| case.with(name, id)));
    }
    let runtimes = registry.runtimes().iter().map(|runtime| &runtime.name).chain(policy.document().templates.keys());
    neighbours.extend(runtimes.map(|runtime| TestCase { runtime: runtime.clone(), ..case.clone() }));
    let with_ambient = |provider: &Provider| {
        let ambient = provider.auth_env.names().to_vec();
        neighbours.clone().into_iter().map(move |case| TestCase { ambient: ambient.clone(), ..case })
    };
    let ambient: Vec<TestCase> = registry.providers().iter().take(2).flat_map(with_ambient).collect();
    neighbours.extend(ambient);
    neighbours
}

/// A resolver that alters the fixes.
struct AlteredFixes(fn(Vec<Fix>) -> Vec<Fix>);

impl Implementation for AlteredFixes {
    fn resolve<'a>(&self, case: &'a TestCase) -> Resolution<'a> {
        RealResolver.resolve(case)
    }

    fn fixes(&self, case: &TestCase) -> Vec<Fix> {
        (self.0)(RealResolver.fixes(case))
    }
}

#[test]
fn exhaustive_search_rejects_missing_and_extra_fixes() {
    let alterations: [fn(Vec<Fix>) -> Vec<Fix>; 2] = [
        |mut fixes| {
            fixes.pop();
            fixes
        },
        |mut fixes| {
            fixes.extend(fixes.last().cloned());
            fixes
        },
    ];
    let mut rejected = 0;
    for case in fixed_cases(CASES) {
        let has_fix = !RealResolver.fixes(&case).is_empty();
        for alter in alterations {
            let implementation = AlteredFixes(alter);
            let is_rejected = fix_completeness::check_completeness(&LawContext::new(&implementation, &case)).is_err();
            assert_eq!(is_rejected, has_fix, "{case:?}");
            rejected += usize::from(is_rejected);
        }
    }
    assert!(rejected > CASES / 2, "too few cases have a fix: {rejected}");
}

/// The order of the fixes is a law, which the exhaustive search does not check.
#[test]
fn law_rejects_reordered_fixes() {
    let reverse = AlteredFixes(|mut fixes| {
        fixes.reverse();
        fixes
    });
    let law = law("fix-keeps-vendor").expect("the id is known");
    let mut rejected = 0;
    for case in fixed_cases(CASES) {
        let fixes = RealResolver.fixes(&case);
        let sizes = (fixes.first().map(|fix| fix.edits.len()), fixes.last().map(|fix| fix.edits.len()));
        let is_rejected = (law.check)(&LawContext::new(&reverse, &case)).is_err();
        assert!(is_rejected || sizes.0 == sizes.1, "{case:?}");
        rejected += usize::from(is_rejected);
    }
    assert!(rejected > CASES / 10, "too few cases have fixes in an order: {rejected}");
}
