//! Reduction keeps the parts that a bug needs, removes the rest, and terminates.

use slug_laws::reduction::reduce;
use slug_laws::{Implementation, RealResolver, TestCase};
use slug_resolver::registry::Pattern;
use slug_resolver::{AuthEnv, Code, Provider};

use crate::strategy::fixed_cases;

#[test]
fn ambiguous_case_reduces_to_two_providers() {
    let needs_two = |case: &TestCase| RealResolver.resolve(case).code == Some(Code::AmbiguousModel);
    let mut reduced = 0;
    for case in fixed_cases(400).filter(needs_two) {
        let small = reduce(&case, needs_two);
        assert!(needs_two(&small), "{small:?}");
        let registry = small.dataset.registry.document();
        // Two patterns that match one model, on one runtime; only variables that select the model are set.
        assert_eq!((registry.providers.len(), registry.runtimes.len()), (2, 1), "{small:?}");
        assert!(small.variables.len() <= 2 && small.ambient.is_empty(), "{small:?}");
        assert!(registry.providers.iter().all(|provider| provider.display_name.is_none()), "{small:?}");
        assert_eq!(registry.providers.iter().filter(|provider| provider.model_aliases.is_empty()).count(), 2);
        reduced += 1;
    }
    assert!(reduced > 3, "too few cases were reduced");
}

#[test]
fn only_the_matching_provider_keeps_its_pattern() {
    let by_pattern = |case: &TestCase| {
        let found = RealResolver.resolve(case);
        let arms = case.dataset.registry.runtimes().iter().flat_map(|runtime| &runtime.arms);
        let listed = arms.flat_map(|arm| &arm.models).any(|id| id == found.slug.trim());
        found.decided_by == Some("MODEL")
            && case.variables.get("MODEL").is_some_and(|model| model == found.slug)
            && found.provider.is_some()
            && !listed
            && case.dataset.registry.providers().len() > 1
    };
    let case = fixed_cases(2_000).find(by_pattern).expect("a case matches the predicate");
    let small = reduce(&case, by_pattern);
    let unused = |provider: &&slug_resolver::Provider| provider.model_prefix_match.is_none();
    let providers = small.dataset.registry.providers();
    assert_eq!((providers.len(), providers.iter().filter(unused).count()), (2, 1), "{small:?}");
}

/// A predicate that is always true needs no part of the case.
#[test]
fn unneeded_parts_are_all_removed() {
    for case in fixed_cases(60) {
        let small = reduce(&case, |_| true);
        assert!(small.variables.is_empty() && small.ambient.is_empty(), "{small:?}");
        let policy = small.dataset.policy.document();
        let rules = [policy.runtime.len(), policy.model.len(), policy.secrets.len(), policy.creates.unless.len()];
        let names = [policy.runtimes.len(), policy.empty_is_set.len(), policy.harness.len()];
        assert_eq!((rules, names), ([0; 4], [0; 3]), "{policy:?}");
        assert_eq!((policy.defaults.len(), policy.templates.len()), (0, 0), "{policy:?}");
        let registry = small.dataset.registry.document();
        // A valid registry has a provider and a runtime.
        assert_eq!((registry.providers.len(), registry.runtimes.len()), (1, 1), "{registry:?}");
        let arms = &registry.runtimes[0].arms;
        assert!(arms.len() == 1 && arms[0].models.is_empty(), "{registry:?}");
        for provider in &registry.providers {
            let bare = Provider::new(&provider.name, AuthEnv::default(), Pattern::none());
            assert_eq!(*provider, bare);
        }
    }
}

/// Reduction keeps the needed parts and the parts that these refer to.
#[test]
fn needed_id_and_default_are_kept() {
    let runtimes = |case: &TestCase| case.dataset.registry.document().runtimes;
    let ids = |case: &TestCase| -> Vec<usize> {
        runtimes(case).iter().flat_map(|it| &it.arms).map(|it| it.models.len()).collect()
    };
    let needed =
        |case: &TestCase| ids(case).iter().any(|ids| *ids > 0) && !case.dataset.policy.document().defaults.is_empty();
    let case = fixed_cases(2_000).find(needed).expect("a case matches the predicate");
    let small = reduce(&case, needed);
    assert_eq!((runtimes(&small).len(), ids(&small)), (1, vec![1]), "{small:?}");
    assert_eq!(small.dataset.policy.document().defaults.len(), 1, "{small:?}");
}
