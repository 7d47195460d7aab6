//! Properties of looking up models in a registry of any size.

use slug_resolver::Registry;
use slug_resolver::registry::Runtime;

use crate::enumeration::patterns;
use crate::implementation::Implementation;
use crate::law::{Violation, ensure};
use crate::model_classes::ModelClasses;
use crate::reference;

/// Maximum number of arms of a runtime whose overlap is checked: automata grow fast with it.
const ARMS: usize = 3;

/// Checks that the compiled index and the model classes of the document agree with a linear
/// scan, and that the overlaps of patterns agree with matching; `extra` is one more model to
/// look up.
///
/// # Errors
///
/// The violated property.
pub fn check_lookup(implementation: &dyn Implementation, registry: &Registry, extra: &str) -> Result<(), Violation> {
    let names: Vec<String> = registry
        .providers()
        .iter()
        .step_by(3)
        .filter_map(|provider| provider.auth_env.names().first().cloned())
        .collect();
    let credentials = [&[][..], &names[..1], &names];
    let model_classes = ModelClasses::new(registry);
    let check_scan_agrees = |runtime, model: &str, injected| {
        check_scan_agrees(implementation, registry, &model_classes, runtime, model, injected)
    };
    for runtime in registry.runtimes() {
        for injected in credentials {
            [extra, " ", "nobody"].iter().try_for_each(|model| check_scan_agrees(runtime, model, injected))?;
        }
        // A scan is slow, so each listed id is checked with only one of the credential sets.
        let listed = runtime.arms.iter().flat_map(|arm| &arm.models);
        listed.zip(credentials.iter().cycle()).try_for_each(|(id, set)| check_scan_agrees(runtime, id, set))?;
        check_overlaps(implementation, registry, runtime, extra)?;
    }
    Ok(())
}

fn check_scan_agrees(
    implementation: &dyn Implementation,
    registry: &Registry,
    model_classes: &ModelClasses,
    runtime: &Runtime,
    model: &str,
    injected: &[String],
) -> Result<(), Violation> {
    let present: Vec<&str> = injected.iter().map(String::as_str).collect();
    let found = implementation.derive(registry, &runtime.name, model, injected);
    let expected = reference::derive(registry, &runtime.name, model, &present);
    let on = &runtime.name;
    ensure!(
        found == expected,
        "{model:?} on {on:?} with {present:?}: the index finds {found:?}; a scan finds {expected:?}"
    );
    let walked = model_classes.derive(registry, &runtime.name, model, &present);
    ensure!(
        walked == expected,
        "{model:?} on {on:?} with {present:?}: the model classes give {walked:?}; a scan finds {expected:?}"
    );
    let Some(handle) = registry.handle(on) else { return Err(format!("{on:?} has no handle")) };
    ensure!(handle.runtime() == runtime && format!("{handle:?}").contains(on), "the handle of {on:?} is {handle:?}");
    let (found, expected) = (handle.candidates(model), model_classes.candidates(registry, on, model));
    ensure!(found == expected, "candidates for {model:?} on {on:?}: {found:?}; by the model classes {expected:?}");
    Ok(())
}

fn check_overlaps(
    implementation: &dyn Implementation,
    registry: &Registry,
    runtime: &Runtime,
    extra: &str,
) -> Result<(), Violation> {
    let mut patterns = patterns(registry, runtime);
    patterns.truncate(ARMS);
    let overlaps = implementation.overlaps(&patterns);
    // Every set of patterns that a model matches must have a witness.
    let models = runtime.arms.iter().flat_map(|arm| &arm.models).map(String::as_str).chain([extra]);
    for model in models.map(str::trim).filter(|model| overlaps.complete && !model.is_empty()) {
        let matches = |index: &usize| reference::is_found_in(patterns[*index].hir(), model);
        let matched = (0..patterns.len()).filter(matches).collect();
        let known = overlaps.witnesses.contains_key(&matched);
        ensure!(known, "{model:?} matches {matched:?} of {patterns:?}, which has no witness");
    }
    for (set, witness) in &overlaps.witnesses {
        let matches = |index: &usize| reference::is_found_in(patterns[*index].hir(), witness);
        let matched = (0..patterns.len()).filter(matches).collect();
        ensure!(*set == matched, "{witness:?} must match {set:?} of {patterns:?}, but matches {matched:?}");
        ensure!(witness.trim() == witness, "{witness:?} is not trimmed");
    }
    Ok(())
}
