//! Implementations that the laws can check: the real resolver, and resolvers that are wrong on purpose.

use std::collections::HashSet;
use std::sync::Arc;

use slug_resolver::registry::Pattern;
use slug_resolver::registry::overlap::{Overlaps, satisfiable_sets};
use slug_resolver::yaml::ReadError;
use slug_resolver::{
    Credentials, Fix, NameSubset, Policy, Provider, Registry, Rejection, Resolution, fixes_sharing, resolve,
};

use crate::case::TestCase;
use crate::dataset::Dataset;
use crate::document::Document;
use crate::shared_slugs::{Counted, SharedSlugs};
use crate::work;

/// A resolver that the laws can check; every method defaults to the real resolver.
pub trait Implementation: Sync {
    /// Resolves a case.
    fn resolve<'a>(&self, case: &'a TestCase) -> Resolution<'a> {
        RealResolver.resolve(case)
    }

    /// What happens in the environment of a case: its resolution, unless the provider needs the secret of a key
    /// variable that is present and empty.
    fn answer<'a>(&self, case: &'a TestCase) -> Resolution<'a> {
        case.with_empty_keys(self.resolve(case))
    }

    /// The runtime that the environment of the case names, if it names one.
    fn runtime<'a>(&self, case: &'a TestCase) -> Option<&'a str> {
        RealResolver.runtime(case)
    }

    /// The candidate providers of a model on a runtime, independent of credentials.
    fn candidates<'a>(&self, dataset: &'a Dataset, runtime: &str, model: &str) -> Vec<&'a Provider> {
        RealResolver.candidates(dataset, runtime, model)
    }

    /// The provider of a model on a runtime of a registry, with these credentials.
    ///
    /// # Errors
    ///
    /// See [`Rejection`].
    fn derive<'r>(
        &self,
        registry: &'r Registry,
        runtime: &str,
        model: &str,
        injected: &[String],
    ) -> Result<&'r Provider, Rejection> {
        RealResolver.derive(registry, runtime, model, injected)
    }

    /// The sets of patterns that match a common model, each with such a model.
    fn overlaps(&self, patterns: &[&Pattern]) -> Overlaps {
        RealResolver.overlaps(patterns)
    }

    /// Offers fixes for a case.
    fn fixes(&self, case: &TestCase) -> Vec<Fix> {
        RealResolver.fixes(case)
    }

    /// Offers fixes for a case a second time. The result shares nothing with that of
    /// [`fixes`](Implementation::fixes), so that a law sees whether they are always the same.
    fn fixes_again(&self, case: &TestCase) -> Vec<Fix> {
        self.fixes(case)
    }

    /// The one-sentence message for people about a resolution.
    fn message(&self, registry: &Registry, resolution: &Resolution<'_>) -> String {
        RealResolver.message(registry, resolution)
    }

    /// All output about a case, in every form; `fixes` are its fixes.
    fn report(&self, case: &TestCase, fixes: &[Fix]) -> String {
        RealResolver.report(case, fixes)
    }

    /// Writes a case and its dataset, and reads them again.
    ///
    /// # Errors
    ///
    /// If the written documents cannot be read.
    fn reread(&self, case: &TestCase) -> Result<TestCase, ReadError> {
        RealResolver.reread(case)
    }

    /// The policy of a dataset, read from two files that extend another policy and together write every field.
    ///
    /// # Errors
    ///
    /// If one of the files cannot be read.
    fn extending(&self, dataset: &Dataset) -> Result<Arc<[Policy; 2]>, ReadError> {
        RealResolver.extending(dataset)
    }

    /// Checks that `text` is a valid document. `dataset` is the dataset of a [`Document::TestCase`].
    ///
    /// # Errors
    ///
    /// Returns the first error in the document.
    fn validate(&self, document: Document, text: &str, dataset: &Arc<Dataset>) -> Result<(), ReadError> {
        RealResolver.validate(document, text, dataset)
    }
}

/// The fixes of a case; the work of the search is counted.
fn fixes_counted(case: &TestCase, shared: &SharedSlugs) -> Vec<Fix> {
    let store = Counted { shared, units: case.dataset.units().edit };
    fixes_sharing(&store, &case.dataset.registry, &case.runtime, &case.env(), &case.ambient_names())
}

/// The real resolver.
pub struct RealResolver;

impl Implementation for RealResolver {
    fn resolve<'a>(&self, case: &'a TestCase) -> Resolution<'a> {
        work::spend(case.dataset.units().resolution);
        resolve(&case.dataset.registry, &case.runtime, &case.env(), &case.ambient_names())
    }

    fn runtime<'a>(&self, case: &'a TestCase) -> Option<&'a str> {
        case.env().runtime()
    }

    fn candidates<'a>(&self, dataset: &'a Dataset, runtime: &str, model: &str) -> Vec<&'a Provider> {
        let runtime = dataset.registry.handle(dataset.policy.template_of(runtime));
        runtime.map_or_else(Vec::new, |runtime| runtime.candidates(model))
    }

    fn derive<'r>(
        &self,
        registry: &'r Registry,
        runtime: &str,
        model: &str,
        injected: &[String],
    ) -> Result<&'r Provider, Rejection> {
        let ambient: Vec<&str> = injected.iter().map(String::as_str).collect();
        registry.derive(runtime, model, &Credentials { injected: NameSubset::default(), ambient: &ambient })
    }

    fn overlaps(&self, patterns: &[&Pattern]) -> Overlaps {
        satisfiable_sets(patterns, &HashSet::default())
    }

    fn fixes(&self, case: &TestCase) -> Vec<Fix> {
        let [shared, _] = case.dataset.fix_slug_caches();
        fixes_counted(case, shared)
    }

    fn fixes_again(&self, case: &TestCase) -> Vec<Fix> {
        let [_, shared] = case.dataset.fix_slug_caches();
        fixes_counted(case, shared)
    }

    fn message(&self, registry: &Registry, resolution: &Resolution<'_>) -> String {
        resolution.message(registry)
    }

    fn report(&self, case: &TestCase, fixes: &[Fix]) -> String {
        let resolution = self.resolve(case);
        let message = resolution.message(&case.dataset.registry);
        format!("{:?}\n{resolution:?}\n{message}\n{fixes:?}\n{}", case.env(), case.to_yaml())
    }

    fn reread(&self, case: &TestCase) -> Result<TestCase, ReadError> {
        let dataset = case.dataset.reread()?;
        TestCase::from_yaml(case.to_yaml().as_bytes(), dataset)
    }

    fn extending(&self, dataset: &Dataset) -> Result<Arc<[Policy; 2]>, ReadError> {
        dataset.policies_via_extends()
    }

    fn validate(&self, document: Document, text: &str, dataset: &Arc<Dataset>) -> Result<(), ReadError> {
        document.validate(text, dataset)
    }
}
