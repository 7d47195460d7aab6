//! The laws: what holds for every registry, policy, runtime and environment.
//!
//! Each [`Law`] is one plain function over a [`Trial`], which is one [`Case`]
//! put to one [`Subject`]. The engines only differ in where the cases come
//! from: random choices ([`generate`]), enumeration ([`plan`]), or a file that
//! records what was once found ([`case::Witness`]).
//!
//! A law asks the subject, never the product directly, so that a resolver that
//! is wrong on purpose can be put to it: every law has to reject one.

pub mod case;
pub mod generate;
pub mod lookup;
pub mod mending;
pub mod plan;
pub mod proof;
pub mod reading;
pub mod reduce;
pub mod route;

mod deriving;
mod judging;
mod selecting;
mod strict;
mod telling;
mod whole;

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::OnceCell;

use hashbrown::HashSet;

pub use case::{Case, Scene, Witness};
pub use strict::Document;

use crate::fix::{Fix, fixes};
use crate::names::Names;
use crate::reference;
use crate::registry::overlap::{Overlaps, satisfiable_sets};
use crate::registry::{Credentials, Pattern, Provider, Registry, Rejection};
use crate::resolve::{Resolution, resolve};
use crate::verdict::Warnings;
use crate::yaml::ReadError;

/// One law.
#[derive(Clone, Copy)]
pub struct Law {
    /// Its name: kebab-case, stable, also the name of its regression file.
    pub id: &'static str,
    /// What holds, in one line.
    pub statement: &'static str,
    /// The check itself.
    pub check: fn(&Trial<'_>) -> Result<(), Violation>,
}

/// How a law was broken: what was expected and what was found.
pub type Violation = String;

/// Every law, in the order of the pipeline.
pub const LAWS: &[Law] = &[
    selecting::OVERRIDE_WINS,
    selecting::PLATFORM_BEATS_KEYS,
    selecting::FIRST_KEY_INJECTS,
    selecting::EMPTY_IS_UNSET,
    selecting::DEFAULT_IS_UNSET,
    selecting::FRAME,
    selecting::SHADOWED_IS_INERT,
    selecting::VERBATIM_SLUG,
    selecting::RUNTIME_IS_READ,
    deriving::NATIVE_ONLY,
    route::ROUTE_DECIDES,
    deriving::EXACT_BEATS_PATTERN,
    deriving::ORDER_FREE,
    deriving::FAIL_CLOSED,
    deriving::PLATFORM_IS_CLOSED,
    deriving::MARGINS_ARE_TRIMMED,
    deriving::TEMPLATE_DERIVES_AS,
    judging::MATCHING_SECRETS,
    judging::HONEST_CONTRADICTION,
    judging::AMBIENT_STAYS_OUT,
    judging::WARNINGS_ARE_EARNED,
    judging::FIXES_FIX,
    telling::MESSAGE_TELLS_WHY,
    whole::AGREEMENT,
    whole::VALUE_BLIND,
    whole::ROUNDTRIP,
    strict::STRICT_READING,
    whole::DETERMINISTIC,
];

/// The law of this name.
#[must_use]
pub fn law(id: &str) -> Option<&'static Law> {
    LAWS.iter().find(|law| law.id == id)
}

/// A resolver that can be put to the laws.
pub trait Subject: Sync {
    /// Resolves a case.
    fn resolve<'a>(&self, case: &'a Case) -> Resolution<'a> {
        Product.resolve(case)
    }

    /// The runtime that the environment of a case names.
    fn runtime<'a>(&self, case: &'a Case) -> &'a str {
        Product.runtime(case)
    }

    /// Who could answer for a model on a runtime, whatever the credentials.
    fn candidates<'a>(&self, scene: &'a Scene, runtime: &str, model: &str) -> Vec<&'a Provider> {
        Product.candidates(scene, runtime, model)
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
        Product.derive(registry, runtime, model, injected)
    }

    /// Which sets of patterns match some model, with such a model each.
    fn overlaps(&self, patterns: &[&Pattern]) -> Overlaps {
        Product.overlaps(patterns)
    }

    /// Offers fixes for a case.
    fn fixes(&self, case: &Case) -> Vec<Fix> {
        Product.fixes(case)
    }

    /// What people are told of an answer, in one sentence.
    fn message(&self, resolution: &Resolution<'_>) -> String {
        Product.message(resolution)
    }

    /// Everything it would say about a case, in any form.
    fn report(&self, case: &Case) -> String {
        Product.report(case)
    }

    /// Writes a case and its scene, and reads them back.
    ///
    /// # Errors
    ///
    /// When what was written cannot be read.
    fn reread(&self, case: &Case) -> Result<Case, ReadError> {
        Product.reread(case)
    }

    /// Reads a document that may be wrong; a question is one about the scene.
    ///
    /// # Errors
    ///
    /// Why it is refused.
    fn read(&self, document: Document, text: &str, scene: &Arc<Scene>) -> Result<(), ReadError> {
        Product.read(document, text, scene)
    }
}

/// The resolver of this crate.
pub struct Product;

impl Subject for Product {
    fn resolve<'a>(&self, case: &'a Case) -> Resolution<'a> {
        resolve(&case.scene.registry, &case.runtime, &case.env(), &case.ambient)
    }

    fn runtime<'a>(&self, case: &'a Case) -> &'a str {
        case.env().runtime()
    }

    fn candidates<'a>(&self, scene: &'a Scene, runtime: &str, model: &str) -> Vec<&'a Provider> {
        let runtime = scene.registry.handle(scene.policy.template_of(runtime));
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

    fn fixes(&self, case: &Case) -> Vec<Fix> {
        fixes(&case.scene.registry, &case.runtime, &case.env(), &case.ambient)
    }

    fn message(&self, resolution: &Resolution<'_>) -> String {
        resolution.message()
    }

    fn report(&self, case: &Case) -> String {
        let resolution = self.resolve(case);
        let message = resolution.message();
        format!("{:?}\n{resolution:?}\n{message}\n{:?}\n{}", case.env(), self.fixes(case), case.to_yaml())
    }

    fn reread(&self, case: &Case) -> Result<Case, ReadError> {
        let scene = case.scene.reread()?;
        Case::from_yaml(case.to_yaml().as_bytes(), scene)
    }

    fn read(&self, document: Document, text: &str, scene: &Arc<Scene>) -> Result<(), ReadError> {
        document.read(text, scene)
    }
}

/// One case put to one subject.
pub struct Trial<'a> {
    /// Who answers.
    pub subject: &'a dyn Subject,
    /// What is asked.
    pub case: &'a Case,
    /// The answer.
    pub resolution: Resolution<'a>,
    reference: OnceCell<Resolution<'a>>,
    fixes: OnceCell<Vec<Fix>>,
}

impl<'a> Trial<'a> {
    /// Puts a case to a subject.
    #[must_use]
    pub fn new(subject: &'a dyn Subject, case: &'a Case) -> Self {
        Self { subject, case, resolution: subject.resolve(case), reference: OnceCell::new(), fixes: OnceCell::new() }
    }

    /// The trial with another answer to compare with than the reference's: what a law
    /// says beyond that comparison shows where both are wrong alike.
    #[must_use]
    pub fn compared_with(self, answer: Resolution<'a>) -> Self {
        Self { reference: OnceCell::from(answer), ..self }
    }

    /// What the [reference](mod@reference) answers, with the [routes](route::Routes) of its scene.
    pub fn reference(&self) -> &Resolution<'a> {
        self.reference.get_or_init(|| {
            let Case { scene, runtime, variables, ambient } = self.case;
            let Scene { registry, policy, .. } = &**scene;
            reference::resolve_by(registry, policy, runtime, variables, ambient, |runtime, model, present| {
                scene.routes().derive(registry, runtime, model, present)
            })
        })
    }

    /// The fixes that the subject offers.
    pub fn fixes(&self) -> &[Fix] {
        self.fixes.get_or_init(|| self.subject.fixes(self.case))
    }

    /// Checks every law; the first that is broken, and how.
    ///
    /// # Errors
    ///
    /// The law and the violation.
    pub fn check_all(&self) -> Result<(), (&'static Law, Violation)> {
        LAWS.iter().try_for_each(|law| (law.check)(self).map_err(|violation| (law, violation)))
    }

    /// Checks every law; which one is broken and how, with the case, in one text.
    ///
    /// # Errors
    ///
    /// That text.
    pub fn holds(&self) -> Result<(), Violation> {
        self.check_all().map_err(|(law, violation)| format!("{} is broken: {violation}\n{:?}", law.id, self.case))
    }
}

/// Fails with a message unless a condition holds.
macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err(alloc::format!($($message)+));
        }
    };
}
pub(crate) use ensure;

/// What a question came to: slug, injected names, provider, code.
type Essence<'r> = (&'r str, &'r [String], Option<&'r str>, Option<crate::Code>);

fn essence<'r>(resolution: &'r Resolution<'_>) -> Essence<'r> {
    let provider = resolution.provider.map(|provider| provider.name.as_str());
    (resolution.slug, resolution.injected, provider, resolution.code)
}

/// A resolution without the remarks on it: what must not change with what only they speak of.
fn without_remarks(resolution: Resolution<'_>) -> Resolution<'_> {
    Resolution { warnings: Warnings::default(), shadowed: Names::default(), ..resolution }
}
