//! Targets on the readers: bytes to a registry, a policy, a case.

use slug_resolver::laws::Witness;
use slug_resolver::yaml::UnknownFields;
use slug_resolver::{Credentials, Policy, Registry};

use crate::pipeline::hold_to_the_laws;
use crate::second_reader;

/// What is read is valid, compiles, survives being written, and is what another reader reads.
pub(crate) fn registry_yaml(input: &[u8]) {
    for unknown in [UnknownFields::Deny, UnknownFields::Allow] {
        let read = Registry::from_yaml(input, unknown);
        if let Ok(registry) = &read {
            is_sound(registry);
        }
        second_reader::agrees(input, &read, |at| Registry::from_node(at, unknown));
    }
}

fn is_sound(registry: &Registry) {
    assert_eq!(Registry::new(registry.document()).as_ref(), Ok(registry));
    let reread = Registry::from_yaml(registry.to_yaml().as_bytes(), UnknownFields::Deny);
    assert_eq!(reread.as_ref(), Ok(registry), "{}", registry.to_yaml());
    for runtime in registry.runtimes() {
        for id in runtime.arms.iter().flat_map(|arm| &arm.models) {
            if let Ok(provider) = registry.derive(&runtime.name, id, &Credentials::default()) {
                assert!(runtime.arms.iter().any(|arm| arm.provider == provider.name), "{id:?} goes to {provider:?}");
            }
        }
    }
}

/// The same of policies.
pub(crate) fn policy_yaml(input: &[u8]) {
    let read = Policy::from_yaml(input);
    if let Ok(policy) = &read {
        assert_eq!(Policy::new(policy.document().clone()).as_ref(), Ok(policy));
        assert_eq!(Policy::from_yaml(policy.to_yaml().as_bytes()).as_ref(), Ok(policy), "{}", policy.to_yaml());
    }
    second_reader::agrees(input, &read, Policy::from_node);
}

/// A witness that can be read holds every law and survives being written.
pub(crate) fn case_yaml(input: &[u8]) {
    let Ok(witness) = Witness::from_yaml(input) else { return };
    hold_to_the_laws(&witness.case);
    let masked = Witness { case: witness.case.masked(), ..witness };
    assert_eq!(Witness::from_yaml(masked.to_yaml().as_bytes()).as_ref(), Ok(&masked), "{}", masked.to_yaml());
}
