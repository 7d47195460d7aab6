//! What holds of reading any bytes, on the documents of random cases.

use slug_resolver::laws::{Witness, reading};
use slug_resolver::yaml::UnknownFields;

use crate::strategy::fixed_cases;

const CASES: usize = 100;

#[test]
fn what_cases_are_made_of_reads_as_it_should() {
    for case in fixed_cases(CASES) {
        let registry = reading::registry(case.scene.registry.to_yaml().as_bytes(), UnknownFields::Deny);
        assert_eq!(registry, Ok(Ok(case.scene.registry.clone())));
        let policy = reading::policy(case.scene.policy.to_yaml().as_bytes());
        assert_eq!(policy, Ok(Ok(case.scene.policy.clone())));
        let witness = Witness { case: case.masked(), law: None, found: None, seed: None, expect: None };
        assert_eq!(reading::witness(witness.to_yaml().as_bytes()), Ok(Ok(witness)));
    }
}
