//! What holds of reading any bytes, on the documents of random cases.

use slug_laws::{Witness, readers};
use slug_resolver::Registry;
use slug_resolver::registry::Pattern;
use slug_resolver::yaml::UnknownFields;

use crate::strategy::fixed_cases;

const CASES: usize = 100;

#[test]
fn what_cases_are_made_of_reads_as_it_should() {
    for case in fixed_cases(CASES) {
        let registry = readers::check_registry(case.dataset.registry.to_yaml().as_bytes(), UnknownFields::Deny);
        assert_eq!(registry, Ok(Ok(case.dataset.registry.clone())));
        let policy = readers::check_policy(case.dataset.policy.to_yaml().as_bytes());
        assert_eq!(policy, Ok(Ok(case.dataset.policy.clone())));
        let witness = Witness { case: case.masked(), law: None, found: None, seed: None, expect: None };
        assert_eq!(readers::check_witness(witness.to_yaml().as_bytes()), Ok(Ok(witness)));
    }
}

/// Registries are told apart by their patterns, whichever they are.
#[test]
fn the_pattern_that_others_are_told_apart_by_is_one_like_any_other() {
    let registry = Registry::embedded();
    for source in ["a", "b"] {
        let mut document = registry.document();
        document.providers[0].model_prefix_match = Pattern::new(source).expect("it compiles");
        let registry = Registry::new(document).expect("it is valid");
        assert_eq!(readers::check_registry(registry.to_yaml().as_bytes(), UnknownFields::Deny), Ok(Ok(registry)));
    }
}

/// A witness by hand may hold a value that is no mask; what is written of it does not.
#[test]
fn a_witness_with_a_secret_in_it_holds() {
    let mut unmasked = 0;
    for case in fixed_cases(CASES) {
        let witness = Witness { case: case.masked(), law: None, found: None, seed: None, expect: None };
        let written = witness.to_yaml().replace(": set\n", ": other\n");
        let read = readers::check_witness(written.as_bytes()).expect("it holds").expect("it reads");
        unmasked += usize::from(read != witness);
    }
    assert!(unmasked > CASES / 2, "too few had a secret: {unmasked}");
}
