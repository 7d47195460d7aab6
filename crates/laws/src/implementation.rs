//! Resolvers that can be put to the laws: the real one, and others that are wrong on purpose.

use std::collections::HashSet;
use std::sync::Arc;

use slug_resolver::registry::Pattern;
use slug_resolver::registry::overlap::{Overlaps, satisfiable_sets};
use slug_resolver::yaml::ReadError;
use slug_resolver::{Credentials, Fix, Provider, Registry, Rejection, Resolution, fixes, resolve};

use crate::case::TestCase;
use crate::dataset::Dataset;
use crate::document::Document;

/// A resolver that can be put to the laws.
pub trait Implementation: Sync {
    /// Resolves a case.
    fn resolve<'a>(&self, case: &'a TestCase) -> Resolution<'a> {
        RealResolver.resolve(case)
    }

    /// The runtime that the environment of a case names.
    fn runtime<'a>(&self, case: &'a TestCase) -> &'a str {
        RealResolver.runtime(case)
    }

    /// Who could answer for a model on a runtime, whatever the credentials.
    fn candidates<'a>(&self, dataset: &'a Dataset, runtime: &str, model: &str) -> Vec<&'a Provider> {
        RealResolver.candidates(dataset, runtime, model)
    }

    /// Who answers for a model on a runtime of a registry, with these credentials.
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

    /// Which sets of patterns match some model, with such a model each.
    fn overlaps(&self, patterns: &[&Pattern]) -> Overlaps {
        RealResolver.overlaps(patterns)
    }

    /// Offers fixes for a case.
    fn fixes(&self, case: &TestCase) -> Vec<Fix> {
        RealResolver.fixes(case)
    }

    /// What people are told of an answer, in one sentence.
    fn message(&self, resolution: &Resolution<'_>) -> String {
        RealResolver.message(resolution)
    }

    /// Everything it would say about a case, in any form.
    fn report(&self, case: &TestCase) -> String {
        RealResolver.report(case)
    }

    /// Writes a case and its dataset, and reads them back.
    ///
    /// # Errors
    ///
    /// When what was written cannot be read.
    fn reread(&self, case: &TestCase) -> Result<TestCase, ReadError> {
        RealResolver.reread(case)
    }

    /// Reads a document that may be wrong; a question is one about the dataset.
    ///
    /// # Errors
    ///
    /// Why it is refused.
    fn read(&self, document: Document, text: &str, dataset: &Arc<Dataset>) -> Result<(), ReadError> {
        RealResolver.read(document, text, dataset)
    }
}

/// The resolver as it is.
pub struct RealResolver;

impl Implementation for RealResolver {
    fn resolve<'a>(&self, case: &'a TestCase) -> Resolution<'a> {
        resolve(&case.dataset.registry, &case.runtime, &case.env(), &case.ambient)
    }

    fn runtime<'a>(&self, case: &'a TestCase) -> &'a str {
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
        registry.derive(runtime, model, &Credentials { injected, ambient: &[] })
    }

    fn overlaps(&self, patterns: &[&Pattern]) -> Overlaps {
        satisfiable_sets(patterns, &HashSet::default())
    }

    fn fixes(&self, case: &TestCase) -> Vec<Fix> {
        fixes(&case.dataset.registry, &case.runtime, &case.env(), &case.ambient)
    }

    fn message(&self, resolution: &Resolution<'_>) -> String {
        resolution.message()
    }

    fn report(&self, case: &TestCase) -> String {
        let resolution = self.resolve(case);
        let message = resolution.message();
        format!("{:?}\n{resolution:?}\n{message}\n{:?}\n{}", case.env(), self.fixes(case), case.to_yaml())
    }

    fn reread(&self, case: &TestCase) -> Result<TestCase, ReadError> {
        let dataset = case.dataset.reread()?;
        TestCase::from_yaml(case.to_yaml().as_bytes(), dataset)
    }

    fn read(&self, document: Document, text: &str, dataset: &Arc<Dataset>) -> Result<(), ReadError> {
        document.read(text, dataset)
    }
}
