//! Reduction keeps what a bug needs, drops the rest, and ends.

use slug_resolver::laws::reduce::reduce;
use slug_resolver::laws::{Case, Product, Subject};
use slug_resolver::{Code, Rule};

use crate::strategy::fixed_cases;

#[test]
fn only_what_is_needed_is_left() {
    let needs_two = |case: &Case| Product.resolve(case).code == Some(Code::AmbiguousModel);
    let mut reduced = 0;
    for case in fixed_cases(400).filter(needs_two) {
        let small = reduce(&case, needs_two);
        assert!(needs_two(&small), "{small:?}");
        let registry = small.scene.registry.document();
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
    let by_pattern = |case: &Case| {
        let found = Product.resolve(case);
        let arms = case.scene.registry.runtimes().iter().flat_map(|runtime| &runtime.arms);
        let listed = arms.flat_map(|arm| &arm.models).any(|id| id == found.slug.trim());
        found.rule == Rule::Override && found.provider.is_some() && !listed && case.scene.registry.providers().len() > 1
    };
    let case = fixed_cases(2_000).find(by_pattern).expect("one of so many is such a case");
    let small = reduce(&case, by_pattern);
    let unused = |provider: &&slug_resolver::Provider| provider.model_prefix_match.as_str() == "^unused$";
    let providers = small.scene.registry.providers();
    assert_eq!((providers.len(), providers.iter().filter(unused).count()), (2, 1), "{small:?}");
}
