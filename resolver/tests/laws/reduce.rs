//! Reduction keeps what a bug needs, drops the rest, and ends.

use slug_laws::reduction::reduce;
use slug_laws::{Implementation, RealResolver, TestCase};
use slug_resolver::{Code, Provider, Rule};

use crate::strategy::fixed_cases;

#[test]
fn only_what_is_needed_is_left() {
    let needs_two = |case: &TestCase| RealResolver.resolve(case).code == Some(Code::AmbiguousModel);
    let mut reduced = 0;
    for case in fixed_cases(400).filter(needs_two) {
        let small = reduce(&case, needs_two);
        assert!(needs_two(&small), "{small:?}");
        let registry = small.dataset.registry.document();
        // Two patterns that match one model, on one runtime; nothing is set but what chooses the model.
        assert_eq!((registry.providers.len(), registry.runtimes.len()), (2, 1), "{small:?}");
        assert!(small.variables.len() <= 2 && small.ambient.is_empty(), "{small:?}");
        assert!(registry.providers.iter().all(|provider| provider.display_name == provider.name), "{small:?}");
        assert_eq!(registry.providers.iter().filter(|provider| provider.model_aliases.is_empty()).count(), 2);
        reduced += 1;
    }
    assert!(reduced > 3, "too few cases to tell");
}

#[test]
fn a_provider_whose_pattern_matters_keeps_it_and_no_other_does() {
    let by_pattern = |case: &TestCase| {
        let found = RealResolver.resolve(case);
        let arms = case.dataset.registry.runtimes().iter().flat_map(|runtime| &runtime.arms);
        let listed = arms.flat_map(|arm| &arm.models).any(|id| id == found.slug.trim());
        found.rule == Rule::Override
            && found.provider.is_some()
            && !listed
            && case.dataset.registry.providers().len() > 1
    };
    let case = fixed_cases(2_000).find(by_pattern).expect("one of so many is such a case");
    let small = reduce(&case, by_pattern);
    let unused = |provider: &&slug_resolver::Provider| provider.model_prefix_match.as_str() == "^unused$";
    let providers = small.dataset.registry.providers();
    assert_eq!((providers.len(), providers.iter().filter(unused).count()), (2, 1), "{small:?}");
}

/// What nothing needs is gone, wherever it stood.
#[test]
fn nothing_is_left_where_nothing_is_needed() {
    for case in fixed_cases(60) {
        let small = reduce(&case, |_| true);
        assert!(small.variables.is_empty() && small.ambient.is_empty(), "{small:?}");
        let policy = small.dataset.policy.document();
        let lists = [policy.dispatch.len(), policy.secrets.len(), policy.harness.len()];
        assert_eq!((lists, policy.defaults.len(), policy.templates.len()), ([0; 3], 0, 0), "{policy:?}");
        let registry = small.dataset.registry.document();
        // No registry is without a provider or a runtime.
        assert_eq!((registry.providers.len(), registry.runtimes.len()), (1, 1), "{registry:?}");
        let arms = &registry.runtimes[0].arms;
        assert!(arms.len() == 1 && arms[0].models.is_empty(), "{registry:?}");
        for provider in &registry.providers {
            let [key] = &provider.auth_env[..] else { panic!("more than one key: {provider:?}") };
            let mut bare = Provider::new(&provider.name, vec![key.clone()], provider.model_prefix_match.clone());
            bare.auth_mode.clone_from(&provider.auth_mode);
            assert_eq!(*provider, bare);
        }
    }
}

/// What is needed is left, and what belongs to it.
#[test]
fn a_runtime_with_an_id_and_a_default_is_left_where_those_are_needed() {
    let runtimes = |case: &TestCase| case.dataset.registry.document().runtimes;
    let ids = |case: &TestCase| -> Vec<usize> {
        runtimes(case).iter().flat_map(|it| &it.arms).map(|it| it.models.len()).collect()
    };
    let needed =
        |case: &TestCase| ids(case).iter().any(|ids| *ids > 0) && !case.dataset.policy.document().defaults.is_empty();
    let case = fixed_cases(2_000).find(needed).expect("one of so many is such a case");
    let small = reduce(&case, needed);
    assert_eq!((runtimes(&small).len(), ids(&small)), (1, vec![1]), "{small:?}");
    assert_eq!(small.dataset.policy.document().defaults.len(), 1, "{small:?}");
}
