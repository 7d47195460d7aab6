//! Properties of the readers, for any bytes.
//!
//! The laws check a case; these checks test the readers of the documents of a case.
//! Coverage-guided fuzzing runs them, and so does the replay of saved inputs.

use slug_resolver::registry::Pattern;
use slug_resolver::yaml::{ReadError, UnknownFields};
use slug_resolver::{Credentials, Policy, Registry};

use crate::implementation::RealResolver;
use crate::law::{LawContext, Violation, ensure};
use crate::witness::Witness;

/// The result of the reader, or the property that it violates.
pub type Reading<T> = Result<Result<T, ReadError>, Violation>;

/// Checks that a registry, if it can be read, is valid, survives writing and reading, differs
/// from other registries, and resolves each listed id to an arm of its runtime.
///
/// # Errors
///
/// The violated property.
pub fn check_registry(bytes: &[u8], unknown: UnknownFields) -> Reading<Registry> {
    let read = Registry::from_yaml(bytes, unknown);
    if let Ok(registry) = &read {
        let rebuilt = Registry::new(registry.document());
        ensure!(rebuilt.as_ref() == Ok(registry), "the registry rebuilt from its document differs: {rebuilt:?}");
        let written = registry.to_yaml();
        let reread = Registry::from_yaml(written.as_bytes(), UnknownFields::Deny);
        ensure!(reread.as_ref() == Ok(registry), "the written text is read as {reread:?}:\n{written}");
        let shown = format!("{registry:?}");
        ensure!(shown == format!("{:?}", registry.document()), "the registry is shown as {shown}");
        let pattern = &registry.providers()[0].model_prefix_match;
        ensure!(
            format!("{pattern:?}").contains(&format!("{:?}", pattern.as_str())),
            "a pattern is shown as {pattern:?}"
        );
        let mut other = registry.document();
        let source = if pattern.as_str() == "a" { "b" } else { "a" };
        other.providers[0].model_prefix_match = Pattern::new(source).map_err(|error| error.to_string())?;
        ensure!(Registry::new(other).as_ref() != Ok(registry), "a registry with another pattern equals the original");
        let mut other = registry.document();
        other.providers[0].display_name = Some("another".to_owned());
        ensure!(Registry::new(other).as_ref() != Ok(registry), "a registry with another provider equals the original");
        let mut other = registry.document();
        other.runtimes[0].arms[0].models.push("another".into());
        ensure!(Registry::new(other).as_ref() != Ok(registry), "a registry with another runtime equals the original");
        for runtime in registry.runtimes() {
            for id in runtime.arms.iter().flat_map(|arm| &arm.models) {
                let Ok(provider) = registry.derive(&runtime.name, id, &Credentials::default()) else { continue };
                let native = runtime.arms.iter().any(|arm| arm.provider == provider.name);
                ensure!(
                    native,
                    "on {:?}, {id:?} resolves to {:?}, which is not an arm of the runtime",
                    runtime.name,
                    provider.name
                );
            }
        }
    }
    Ok(read)
}

/// Checks that a policy, if it can be read, is valid, survives writing and reading, and differs
/// from other policies.
///
/// # Errors
///
/// The violated property.
pub fn check_policy(bytes: &[u8]) -> Reading<Policy> {
    let read = Policy::from_yaml(bytes);
    if let Ok(policy) = &read {
        let rebuilt = Policy::new(policy.document().clone());
        ensure!(rebuilt.as_ref() == Ok(policy), "the policy rebuilt from its document differs: {rebuilt:?}");
        let shown = format!("{policy:?}");
        ensure!(shown == format!("{:?}", policy.document()), "the policy is shown as {shown}");
        let mut other = policy.document().clone();
        other.name.push('!');
        ensure!(Policy::new(other).as_ref() != Ok(policy), "another policy equals the original");
        let written = policy.to_yaml();
        let reread = Policy::from_yaml(written.as_bytes());
        ensure!(reread.as_ref() == Ok(policy), "the written text is read as {reread:?}:\n{written}");
    }
    Ok(read)
}

/// Checks that a witness, if it can be read, breaks no law and, with masked secrets, survives
/// writing and reading.
///
/// # Errors
///
/// The violated property.
pub fn check_witness(bytes: &[u8]) -> Reading<Witness> {
    let read = Witness::from_yaml(bytes);
    if let Ok(witness) = &read {
        LawContext::new(&RealResolver, &witness.case).check()?;
        let masked = Witness { case: witness.case.masked(), ..witness.clone() };
        let written = masked.to_yaml();
        let reread = Witness::from_yaml(written.as_bytes());
        ensure!(reread.as_ref() == Ok(&masked), "the written text is read as {reread:?}:\n{written}");
    }
    Ok(read)
}
