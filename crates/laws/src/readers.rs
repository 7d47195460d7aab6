//! What holds of reading any bytes at all, whatever they are.
//!
//! The laws speak of a case; these checks speak of the readers that a case
//! comes through. Coverage-guided fuzzing drives them, and replay.

use slug_resolver::registry::Pattern;
use slug_resolver::yaml::{ReadError, UnknownFields};
use slug_resolver::{Credentials, Policy, Registry};

use crate::implementation::RealResolver;
use crate::law::{LawContext, Violation, ensure};
use crate::witness::Witness;

/// What the reader made of the bytes, unless that broke something.
pub type Reading<T> = Result<Result<T, ReadError>, Violation>;

/// A registry that is read is valid, survives being written, is told from others, and
/// sends each listed id to an arm of its runtime.
///
/// # Errors
///
/// What does not hold.
pub fn check_registry(bytes: &[u8], unknown: UnknownFields) -> Reading<Registry> {
    let read = Registry::from_yaml(bytes, unknown);
    if let Ok(registry) = &read {
        let rebuilt = Registry::new(registry.document());
        ensure!(rebuilt.as_ref() == Ok(registry), "its own document makes another registry: {rebuilt:?}");
        let written = registry.to_yaml();
        let reread = Registry::from_yaml(written.as_bytes(), UnknownFields::Deny);
        ensure!(reread.as_ref() == Ok(registry), "what is written reads as {reread:?}:\n{written}");
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
        ensure!(Registry::new(other).as_ref() != Ok(registry), "a registry with another pattern is equal to it");
        let mut other = registry.document();
        other.providers[0].display_name.push('!');
        ensure!(Registry::new(other).as_ref() != Ok(registry), "a registry with another provider is equal to it");
        let mut other = registry.document();
        other.runtimes[0].arms[0].models.push("another".into());
        ensure!(Registry::new(other).as_ref() != Ok(registry), "a registry with another runtime is equal to it");
        for runtime in registry.runtimes() {
            for id in runtime.arms.iter().flat_map(|arm| &arm.models) {
                let Ok(provider) = registry.derive(&runtime.name, id, &Credentials::default()) else { continue };
                let native = runtime.arms.iter().any(|arm| arm.provider == provider.name);
                ensure!(native, "on {:?}, {id:?} goes to {:?}, which is no arm of it", runtime.name, provider.name);
            }
        }
    }
    Ok(read)
}

/// A policy that is read is valid, survives being written, and is told from others.
///
/// # Errors
///
/// What does not hold.
pub fn check_policy(bytes: &[u8]) -> Reading<Policy> {
    let read = Policy::from_yaml(bytes);
    if let Ok(policy) = &read {
        let rebuilt = Policy::new(policy.document().clone());
        ensure!(rebuilt.as_ref() == Ok(policy), "its own document makes another policy: {rebuilt:?}");
        let shown = format!("{policy:?}");
        ensure!(shown == format!("{:?}", policy.document()), "the policy is shown as {shown}");
        let mut other = policy.document().clone();
        other.fallback.push('!');
        ensure!(Policy::new(other).as_ref() != Ok(policy), "another policy is equal to it");
        let written = policy.to_yaml();
        let reread = Policy::from_yaml(written.as_bytes());
        ensure!(reread.as_ref() == Ok(policy), "what is written reads as {reread:?}:\n{written}");
    }
    Ok(read)
}

/// A witness that is read keeps every law and, once its secrets are masked, survives being written.
///
/// # Errors
///
/// What does not hold.
pub fn check_witness(bytes: &[u8]) -> Reading<Witness> {
    let read = Witness::from_yaml(bytes);
    if let Ok(witness) = &read {
        LawContext::new(&RealResolver, &witness.case).holds()?;
        let masked = Witness { case: witness.case.masked(), ..witness.clone() };
        let written = masked.to_yaml();
        let reread = Witness::from_yaml(written.as_bytes());
        ensure!(reread.as_ref() == Ok(&masked), "what is written reads as {reread:?}:\n{written}");
    }
    Ok(read)
}
