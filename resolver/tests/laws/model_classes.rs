//! Derivation by model classes gives the same results as a scan of the whole registry. The arms that
//! list a model and the arms whose patterns match it are its model class.

use std::collections::BTreeSet;

use slug_laws::Dataset;
use slug_laws::reference::{self, is_found_in};
use slug_resolver::registry::{Arm, Pattern};
use slug_resolver::{Policy, Provider, Registry};

use crate::strategy::fixed_cases;

#[test]
fn model_classes_and_full_scan_derive_the_same() {
    let policy = Policy::embedded("full-saas").expect("ships with the crate");
    assert_agrees(&Dataset::new(Registry::embedded(), policy));
    for case in fixed_cases(300) {
        assert_agrees(&case.dataset);
    }
}

/// The model class of a blank model is empty, even if a pattern matches the empty text.
#[test]
fn classes_and_scan_agree_on_empty_matches() {
    let mut document = Registry::embedded().document();
    for (provider, pattern) in document.providers.iter_mut().zip(["x*", "^$|z", "(?:)"]) {
        provider.model_prefix_match = Pattern::new(pattern).expect("the pattern compiles");
    }
    let registry = Registry::new(document).expect("the registry is valid");
    assert_agrees(&Dataset::new(registry, Policy::embedded("full-saas").expect("ships with the crate")));
}

/// Compares both derivations on every runtime and an unknown one, for every listed id and some unlisted
/// ones, with no credentials, with the credentials of each provider, and with all credentials.
fn assert_agrees(dataset: &Dataset) {
    let registry = &dataset.registry;
    let model_classes = dataset.model_classes();
    let listed = registry
        .runtimes()
        .iter()
        .flat_map(|runtime| &runtime.arms)
        .flat_map(|arm| arm.models.iter().chain(&arm.withdrawn_models));
    let unlisted = ["", " ", "\u{2003}\n", "nobody", "m-7", "K-2", " acme/m-1 ", "abab-9", "gpt-", "platform/x"];
    let models: BTreeSet<&str> = listed.map(String::as_str).chain(unlisted).collect();
    let accepted = |provider: &Provider| provider.auth_env.names().to_vec();
    let mut credentials: Vec<Vec<String>> = registry.providers().iter().map(accepted).collect();
    credentials.push(credentials.concat());
    credentials.push(Vec::new());
    let names = registry.runtimes().iter().map(|runtime| runtime.name.as_str()).chain(["nowhere"]);
    for runtime in names {
        for model in &models {
            for present in &credentials {
                let present: Vec<&str> = present.iter().map(String::as_str).collect();
                let expected = reference::derive(registry, runtime, model, &present);
                let found = model_classes.derive(registry, runtime, model, &present);
                assert_eq!(found, expected, "{model:?} on {runtime:?} with {present:?}");
            }
            let expected = registry.handle(runtime).map_or_else(Vec::new, |handle| handle.candidates(model));
            assert_eq!(model_classes.candidates(registry, runtime, model), expected, "{model:?} on {runtime:?}");
            check_model_class(dataset, runtime, model);
        }
    }
}

fn check_model_class(dataset: &Dataset, runtime: &str, model: &str) {
    let registry = &dataset.registry;
    let arms = registry.runtime(runtime).map_or(&[][..], |runtime| &runtime.arms);
    let id = model.trim();
    let positions = |is_match: &dyn Fn(&Arm) -> bool| {
        (0..arms.len()).filter(|&arm| !id.is_empty() && is_match(&arms[arm])).collect::<Vec<_>>()
    };
    let pattern = |arm: &Arm| &registry.provider(&arm.provider).expect("arms name providers").model_prefix_match;
    let model_class = dataset.model_classes().model_class(registry, runtime, model);
    assert_eq!(model_class.blank, id.is_empty());
    assert_eq!(model_class.listed, positions(&|arm| arm.models.iter().any(|listed| listed == id)), "{model:?}");
    let withdraws = |arm: &Arm| arm.withdrawn_models.iter().any(|withdrawn| withdrawn == id);
    assert_eq!(model_class.withdrawn, positions(&withdraws), "{model:?}");
    assert_eq!(model_class.matched, positions(&|arm| is_found_in(pattern(arm).hir(), id)), "{model:?}");
}
