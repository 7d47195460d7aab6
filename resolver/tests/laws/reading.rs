//! The checks for reading arbitrary bytes, applied to the documents of random cases.

use slug_laws::{Witness, readers};
use slug_resolver::Registry;
use slug_resolver::registry::Pattern;
use slug_resolver::yaml::UnknownFields;

use crate::strategy::fixed_cases;

const CASES: usize = 100;

#[test]
fn documents_of_cases_are_read_back_equal() {
    for case in fixed_cases(CASES) {
        let registry = readers::check_registry(case.dataset.registry.to_yaml().as_bytes(), UnknownFields::Deny);
        assert_eq!(registry, Ok(Ok(case.dataset.registry.clone())));
        let policy = readers::check_policy(case.dataset.policy.to_yaml().as_bytes());
        assert_eq!(policy, Ok(Ok(case.dataset.policy.clone())));
        let witness = Witness { case: case.masked(), law: None, found: None, seed: None, expect: None };
        assert_eq!(readers::check_witness(witness.to_yaml().as_bytes()), Ok(Ok(witness)));
    }
}

/// The check detects a changed pattern, whatever its value is.
#[test]
fn registry_with_any_pattern_passes_the_check() {
    let registry = Registry::embedded();
    for source in ["a", "b"] {
        let mut document = registry.document();
        document.providers[0].model_prefix_match = Pattern::new(source).expect("the pattern compiles");
        let registry = Registry::new(document).expect("the registry is valid");
        assert_eq!(readers::check_registry(registry.to_yaml().as_bytes(), UnknownFields::Deny), Ok(Ok(registry)));
    }
}

/// A hand-written witness can contain an unmasked value; the written witness masks it.
#[test]
fn witness_with_unmasked_secret_passes_the_check() {
    let mut unmasked = 0;
    for case in fixed_cases(CASES) {
        let witness = Witness { case: case.masked(), law: None, found: None, seed: None, expect: None };
        let written = witness.to_yaml();
        // The same words in the policy are tests of a condition.
        let variables = written.find("\nenv:\n").unwrap_or(written.len());
        let written = format!("{}{}", &written[..variables], written[variables..].replace(": set\n", ": other\n"));
        let read =
            readers::check_witness(written.as_bytes()).expect("the check passes").expect("the witness is readable");
        unmasked += usize::from(read != witness);
    }
    assert!(unmasked > CASES / 2, "too few witnesses had a secret: {unmasked}");
}
