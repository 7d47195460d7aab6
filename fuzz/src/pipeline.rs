//! Targets on structured input: the laws, and the index against a scan.

use arbitrary::Unstructured;
use slug_resolver::laws::generate::{self, CHOICES, Choices};
use slug_resolver::laws::{Case, Subject, Trial};
use slug_resolver::reference;
use slug_resolver::registry::overlap::satisfiable_sets;
use slug_resolver::{Credentials, Registry};

/// Numbers for the generator, then text: what is left of the input.
fn decode(input: &[u8]) -> (Vec<u16>, &str) {
    let mut bytes = Unstructured::new(input);
    let numbers = (0..CHOICES).map_while(|_| if bytes.len() < 2 { None } else { bytes.arbitrary().ok() }).collect();
    (numbers, std::str::from_utf8(bytes.take_rest()).unwrap_or_default())
}

/// Every law on an arbitrary registry, policy, runtime and environment.
pub(crate) fn resolve(input: &[u8]) {
    let (numbers, text) = decode(input);
    let mut case = generate::case(&mut Choices::new(&numbers));
    if !text.is_empty() {
        // Spellings that no vocabulary has.
        let name = case.scene.policy.document().override_var.clone();
        case.variables.insert(name, text.to_owned());
    }
    hold_to_the_laws(&case);
}

#[cfg(not(feature = "canary"))]
const SUBJECT: &dyn Subject = &slug_resolver::laws::Product;

#[cfg(feature = "canary")]
const SUBJECT: &dyn Subject = &canary::Canary;

/// A resolver with a bug, to see that the fuzzer would find one.
#[cfg(feature = "canary")]
mod canary {
    use slug_resolver::laws::{Case, Product, Subject};
    use slug_resolver::{Path, Resolution, Rule};

    pub(super) struct Canary;

    impl Subject for Canary {
        /// Trims an override, but only on the platform path with an ambient credential.
        fn resolve<'a>(&self, case: &'a Case) -> Resolution<'a> {
            let found = Product.resolve(case);
            if found.rule == Rule::Override && found.path == Path::Platform && !case.ambient.is_empty() {
                return Resolution { slug: found.slug.trim(), ..found };
            }
            found
        }
    }
}

/// Panics with the law and the case as a witness if a law is broken.
pub(crate) fn hold_to_the_laws(case: &Case) {
    if let Err((law, violation)) = Trial::new(SUBJECT, case).check_all() {
        panic!("{} is broken: {violation}\n{case:?}", law.id);
    }
}

/// Copies of the generated catalogue that make a large registry.
const COPIES: usize = 4;

/// The index against a scan on a large registry, and the overlap decision against matching.
pub(crate) fn derive(input: &[u8]) {
    let (numbers, text) = decode(input);
    let registry = enlarged(&generate::registry(&mut Choices::new(&numbers)));
    let names: Vec<String> =
        registry.providers().iter().step_by(3).map(|provider| provider.auth_env[0].clone()).collect();
    for injected in [&[][..], &names[..1], &names] {
        let credentials = Credentials { injected, ambient: &[] };
        let present: Vec<&str> = injected.iter().map(String::as_str).collect();
        for runtime in registry.runtimes() {
            let listed = runtime.arms.iter().flat_map(|arm| &arm.models).map(String::as_str);
            for model in listed.chain([text, " ", "nobody"]) {
                let found = registry.derive(&runtime.name, model, &credentials);
                let expected = reference::derive(&registry, &runtime.name, model, &present);
                assert_eq!(found, expected, "{model:?} on {:?} with {present:?}", runtime.name);
            }
        }
    }
    overlaps_are_right(&registry);
}

/// The registry with its catalogue and its arms several times over, under other names.
fn enlarged(registry: &Registry) -> Registry {
    let mut document = registry.document();
    let providers = document.providers.clone();
    for copy in 1..COPIES {
        document.providers.extend(providers.iter().cloned().map(|mut provider| {
            provider.name = format!("{}-{copy}", provider.name);
            provider.upstream_vendor = None;
            provider
        }));
        for (runtime, original) in document.runtimes.iter_mut().zip(registry.runtimes()) {
            runtime.arms.extend(original.arms.iter().cloned().map(|mut arm| {
                arm.provider = format!("{}-{copy}", arm.provider);
                arm.models.iter_mut().for_each(|model| *model = format!("{model}-{copy}"));
                arm
            }));
        }
    }
    Registry::new(document).expect("copies under other names are as valid as what they copy")
}

/// Arms of a runtime whose overlap is decided: automata grow fast with their number.
const ARMS: usize = 4;

fn overlaps_are_right(registry: &Registry) {
    for runtime in registry.runtimes() {
        let provider = |name: &str| registry.provider(name).expect("arms name providers");
        let arms = runtime.arms.iter().take(ARMS);
        let patterns: Vec<_> = arms.map(|arm| &provider(&arm.provider).model_prefix_match).collect();
        let overlaps = satisfiable_sets(&patterns, &Default::default());
        for (set, witness) in &overlaps.witnesses {
            let matches = |index: &usize| reference::is_found_in(patterns[*index].hir(), witness);
            let matched = (0..patterns.len()).filter(matches).collect();
            assert_eq!(set, &matched, "{witness:?} against {patterns:?}");
            assert_eq!(witness.trim(), witness, "{witness:?} is no trimmed id");
        }
    }
}
