//! What holds of looking up models in a registry of any size.

use slug_resolver::Registry;
use slug_resolver::registry::Runtime;

use crate::enumeration::patterns;
use crate::implementation::Implementation;
use crate::law::{Violation, ensure};
use crate::model_classes::ModelClasses;
use crate::reference;

/// Arms of a runtime whose overlap is decided: automata grow fast with their number.
const ARMS: usize = 3;

/// The compiled index and the model_classes of the document answer as a linear scan does, and
/// the overlap of patterns is what matching says; `stray` is one more model to look up.
///
/// # Errors
///
/// What does not hold.
pub fn check_lookup(implementation: &dyn Implementation, registry: &Registry, stray: &str) -> Result<(), Violation> {
    let names: Vec<String> =
        registry.providers().iter().step_by(3).map(|provider| provider.auth_env[0].clone()).collect();
    let credentials = [&[][..], &names[..1], &names];
    let model_classes = ModelClasses::new(registry);
    let scan_agrees = |runtime, model: &str, injected| {
        scan_agrees(implementation, registry, &model_classes, runtime, model, injected)
    };
    for runtime in registry.runtimes() {
        for injected in credentials {
            [stray, " ", "nobody"].iter().try_for_each(|model| scan_agrees(runtime, model, injected))?;
        }
        // A scan is slow: each listed id takes its turn with one of the sets.
        let listed = runtime.arms.iter().flat_map(|arm| &arm.models);
        listed.zip(credentials.iter().cycle()).try_for_each(|(id, set)| scan_agrees(runtime, id, set))?;
        overlaps_are_right(implementation, registry, runtime, stray)?;
    }
    Ok(())
}

fn scan_agrees(
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
        "{model:?} on {on:?} with {present:?}: the index says {found:?}; a scan says {expected:?}"
    );
    let walked = model_classes.derive(registry, &runtime.name, model, &present);
    ensure!(
        walked == expected,
        "{model:?} on {on:?} with {present:?}: the model_classes say {walked:?}; a scan says {expected:?}"
    );
    let Some(handle) = registry.handle(on) else { return Err(format!("{on:?} is not to be had by handle")) };
    ensure!(handle.runtime() == runtime && format!("{handle:?}").contains(on), "the handle of {on:?} is {handle:?}");
    let (found, expected) = (handle.candidates(model), model_classes.candidates(registry, on, model));
    ensure!(found == expected, "candidates for {model:?} on {on:?}: {found:?}; by the model_classes {expected:?}");
    Ok(())
}

fn overlaps_are_right(
    implementation: &dyn Implementation,
    registry: &Registry,
    runtime: &Runtime,
    stray: &str,
) -> Result<(), Violation> {
    let mut patterns = patterns(registry, runtime);
    patterns.truncate(ARMS);
    let overlaps = implementation.overlaps(&patterns);
    // Whatever set some model matches, the decision must have found a witness for.
    let models = runtime.arms.iter().flat_map(|arm| &arm.models).map(String::as_str).chain([stray]);
    for model in models.map(str::trim).filter(|model| overlaps.complete && !model.is_empty()) {
        let matches = |index: &usize| reference::is_found_in(patterns[*index].hir(), model);
        let matched = (0..patterns.len()).filter(matches).collect();
        let known = overlaps.witnesses.contains_key(&matched);
        ensure!(known, "{model:?} matches {matched:?} of {patterns:?}, for which no witness was found");
    }
    for (set, witness) in &overlaps.witnesses {
        let matches = |index: &usize| reference::is_found_in(patterns[*index].hir(), witness);
        let matched = (0..patterns.len()).filter(matches).collect();
        ensure!(*set == matched, "{witness:?} is to match {set:?} of {patterns:?} and matches {matched:?}");
        ensure!(witness.trim() == witness, "{witness:?} is no trimmed id");
    }
    Ok(())
}
