//! The registry: the provider catalogue, the runtimes with their arms (references to providers),
//! and [`Registry::derive`], which finds the provider of a model.

mod auth;
mod credentials;
mod document;
mod format;
mod index;
mod matcher;
pub mod overlap;
mod pattern;
mod provider;
mod segments;
mod validation;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};

pub use auth::AuthEnv;
pub use credentials::Credentials;
pub use document::{Arm, RegistryDocument, Runtime};
pub use format::FORMAT;
pub use pattern::{Pattern, PatternError};
pub use provider::{Billing, PLATFORM, Protocol, Provider};

use crate::code::Code;
use crate::limits;
use crate::yaml::{ReadError, UnknownFields};
use index::{Arms, Index, Listing};
pub(crate) use segments::{Folded, SEPARATORS};

/// The reason for which a registry was rejected.
pub type InvalidRegistry = crate::yaml::ValidationError;

/// A validated and compiled registry. An invalid registry cannot be constructed.
#[derive(Clone)]
pub struct Registry {
    platform_error: BTreeMap<Code, String>,
    providers: Vec<Provider>,
    runtimes: Vec<Runtime>,
    index: Index,
}

/// The reason for which no provider serves a model. Each makes the create call fail before a
/// workspace exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "no model, no runtime, no provider, several, or one that withdrew the model"
)]
pub enum Rejection {
    /// The model is empty or blank.
    ModelRequired,
    /// The registry does not have the runtime.
    UnknownRuntime,
    /// No arm of the runtime lists the model and no arm's pattern matches it.
    UnregisteredModel,
    /// Patterns of several arms match the model, and the credentials do not select exactly one.
    AmbiguousModel,
    /// No arm lists it and an arm has withdrawn it; see [`RuntimeHandle::withdrawn_by`].
    WithdrawnModel,
}

/// A separate constant, because rustdoc shows the whole text in place of `include_str!`.
const EMBEDDED_YAML: &str = include_str!("../../data/providers.yaml");

impl Registry {
    /// The registry file of [`Registry::embedded`].
    pub const EMBEDDED_YAML: &str = EMBEDDED_YAML;

    /// Validates and compiles a document.
    ///
    /// # Errors
    ///
    /// If there are no providers or runtimes; a required field or list item is empty; a provider,
    /// vendor or runtime is duplicated; a provider accepts more than [`limits::AUTH_ENV`] secrets; a
    /// runtime has no arms; an arm names an unknown provider or one that another arm of the runtime
    /// names; or the patterns together exceed [`limits::PATTERNS_SIZE`].
    pub fn new(document: RegistryDocument) -> Result<Self, InvalidRegistry> {
        let RegistryDocument { platform_error, providers, runtimes } = document;
        let by_name = validation::check_providers(&providers)?;
        validation::check_runtimes(&runtimes, &by_name)?;
        let by_name = by_name.into_iter().map(|(name, id)| (name.to_owned(), id)).collect();
        let index = Index::new(&providers, &runtimes, by_name);
        Ok(Self { platform_error, providers, runtimes, index })
    }

    /// Reads, validates and compiles a `providers.yaml`.
    ///
    /// # Errors
    ///
    /// The errors of [`crate::yaml::read`] and [`Registry::from_node`].
    pub fn from_yaml(bytes: &[u8], unknown: UnknownFields) -> Result<Self, ReadError> {
        let root = crate::yaml::read(bytes)?;
        Self::from_node(crate::yaml::Cursor::root(&root), unknown).map_err(|error| error.located(&root))
    }

    /// Decodes a registry from a parsed document or a part of one.
    ///
    /// # Errors
    ///
    /// The errors of [`Registry::new`]; a field of the wrong type; a registry that exceeds
    /// [`limits::MODELS`] or [`limits::REGISTRY_BYTES`]; and, unless allowed, an unknown field.
    pub fn from_node(at: crate::yaml::Cursor<'_>, unknown: UnknownFields) -> Result<Self, InvalidRegistry> {
        let document = RegistryDocument::decode(at, unknown)?;
        let models: usize = document
            .runtimes
            .iter()
            .flat_map(|runtime| &runtime.arms)
            .map(|arm| arm.models.len() + arm.withdrawn_models.len())
            .sum();
        if models > limits::MODELS {
            let most = limits::MODELS;
            return Err(at
                .error(format!("the registry lists {models} ids, more than the limit of {most}; remove unneeded ids"))
                .into());
        }
        let registry = Self::new(document).map_err(|error| error.under(at.path()))?;
        at.check_written("registry", limits::REGISTRY_BYTES, || registry.to_yaml())?;
        Ok(registry)
    }

    /// Writes the registry as YAML. [`Registry::from_yaml`] reads it back as an equal registry.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        crate::yaml::write(self)
    }

    /// Returns the registry that ships with this crate. It is real data from the time of the
    /// incident for which this crate was written.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "the data are valid")]
    pub fn embedded() -> Self {
        Self::from_yaml(Self::EMBEDDED_YAML.as_bytes(), UnknownFields::Deny)
            .expect("the embedded registry is valid: a test reads it")
    }

    /// Returns a copy of the registry's document.
    #[must_use]
    pub fn document(&self) -> RegistryDocument {
        RegistryDocument {
            platform_error: self.platform_error.clone(),
            providers: self.providers.clone(),
            runtimes: self.runtimes.clone(),
        }
    }

    /// The platform's words for a contradiction, if the registry has any.
    #[must_use]
    pub fn platform_error(&self, code: Code) -> Option<&str> {
        self.platform_error.get(&code).map(String::as_str)
    }

    /// The providers, in declared order.
    #[must_use]
    pub fn providers(&self) -> &[Provider] {
        &self.providers
    }

    /// The runtimes, in declared order.
    #[must_use]
    pub fn runtimes(&self) -> &[Runtime] {
        &self.runtimes
    }

    /// The provider with this name.
    #[must_use]
    pub fn provider(&self, name: &str) -> Option<&Provider> {
        self.index.provider(name).map(|id| &self.providers[id])
    }

    /// The runtime with this name.
    #[must_use]
    pub fn runtime(&self, name: &str) -> Option<&Runtime> {
        self.index.arms(name).map(|arms| &self.runtimes[arms.runtime()])
    }

    /// The vendor that issued a credential: the first provider other than `except` of which the first item of
    /// `auth_env` is the credential, or a group with it.
    #[must_use]
    pub fn issuer(&self, credential: &str, except: &Provider) -> Option<&Provider> {
        let id = self.index.issuer(credential, |id| self.providers[id].name != except.name)?;
        Some(&self.providers[id])
    }

    /// Finds the provider that serves a model on a runtime.
    ///
    /// Every step fails closed. Surrounding Unicode whitespace of the model is ignored; that of the
    /// runtime is not. A listed id has priority over any pattern. If several arms list the id, the
    /// only arm whose provider accepts one of the credentials wins, or the first declared arm if
    /// there is not exactly one. If several patterns match, the only provider that accepts one of
    /// the credentials wins.
    ///
    /// The cost is one lookup of the runtime, one hash of the model and, for a model that no arm
    /// lists, one pass over its text. It does not depend on the number of ids and patterns as long
    /// as the lazy automaton has room for the states that it needs. Only building new states
    /// allocates.
    ///
    /// # Errors
    ///
    /// See [`Rejection`].
    #[inline]
    pub fn derive(&self, runtime: &str, model: &str, credentials: &Credentials<'_>) -> Result<&Provider, Rejection> {
        match self.handle(runtime) {
            Some(runtime) => runtime.derive(model, credentials),
            None if model.trim().is_empty() => Err(Rejection::ModelRequired),
            None => Err(Rejection::UnknownRuntime),
        }
    }

    /// Returns a handle to the runtime with this name, for queries about many models with a single
    /// lookup of the runtime; `None` if the registry does not have the runtime.
    ///
    /// ```
    /// use slug_resolver::{Credentials, NameSubset, Registry};
    ///
    /// let registry = Registry::embedded();
    /// let runtime = registry.handle("claude-code").expect("is registered");
    /// let names = ["MINIMAX_API_KEY".to_owned()];
    /// let credentials = Credentials { injected: NameSubset::of(&names, |_| true), ambient: &[] };
    /// let name = |model| runtime.derive(model, &credentials).map(|provider| provider.name.as_str());
    /// assert_eq!(name("MiniMax-M2"), Ok("minimax"));
    /// assert_eq!(name("moonshot/kimi-k2.6"), Ok("platform"));
    /// ```
    #[must_use]
    #[inline]
    pub fn handle(&self, runtime: &str) -> Option<RuntimeHandle<'_>> {
        self.index.arms(runtime).map(|arms| RuntimeHandle { registry: self, arms })
    }

    /// The provider of a runtime whose arm has withdrawn the model; see [`RuntimeHandle::withdrawn_by`].
    pub(crate) fn withdrawn_by(&self, runtime: &str, model: &str) -> Option<&Provider> {
        self.handle(runtime)?.withdrawn_by(model)
    }
}

/// A handle to one runtime of a registry: see [`Registry::handle`].
#[derive(Clone, Copy)]
pub struct RuntimeHandle<'r> {
    registry: &'r Registry,
    arms: &'r Arms,
}

impl fmt::Debug for RuntimeHandle<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RuntimeHandle({:?})", self.runtime().name)
    }
}

impl<'r> RuntimeHandle<'r> {
    /// The runtime.
    #[must_use]
    pub fn runtime(&self) -> &'r Runtime {
        &self.registry.runtimes[self.arms.runtime()]
    }

    /// Finds the provider that serves a model on this runtime, as [`Registry::derive`] does.
    ///
    /// # Errors
    ///
    /// See [`Rejection`]; never [`Rejection::UnknownRuntime`].
    #[inline(always)]
    pub fn derive(&self, model: &str, credentials: &Credentials<'_>) -> Result<&'r Provider, Rejection> {
        let providers = &self.registry.providers;
        // Indexed ids have no surrounding whitespace, so a model that is found needs no trimming.
        match self.arms.listing(model) {
            Some(Listing::Sole(provider)) => Ok(&providers[provider as usize]),
            Some(Listing::Tie(tie)) => Ok(self.first_of_tie(tie, credentials)),
            Some(Listing::Withdrawn(_)) => Err(Rejection::WithdrawnModel),
            None => self.derive_trimmed(model, credentials),
        }
    }

    /// The providers from which [`derive`](Self::derive) selects one by the credentials: the
    /// providers whose arms list the model, in declared order; if there are none, the providers
    /// whose patterns match it, in the order of the catalogue. Empty if the model is blank.
    #[must_use]
    pub fn candidates(&self, model: &str) -> Vec<&'r Provider> {
        let model = model.trim();
        let found: Vec<usize> = match self.arms.listing(model) {
            _ if model.is_empty() => Vec::new(),
            Some(Listing::Sole(provider)) => [provider as usize].into(),
            Some(Listing::Tie(tie)) => self.arms.tie(tie).collect(),
            Some(Listing::Withdrawn(_)) => Vec::new(),
            None => {
                let native = |matching: &[usize]| self.native(matching).collect();
                let mut native: Vec<usize> = self.registry.index.matcher.matching(model, native);
                native.sort_unstable();
                native
            }
        };
        found.into_iter().map(|id| &self.registry.providers[id]).collect()
    }

    /// Returns true if [`derive`](Self::derive) can find a provider for the model that is consistent with some of the
    /// credentials.
    pub(crate) fn may_serve(&self, model: &str, credentials: &Credentials<'_>) -> bool {
        let may_serve = |provider: &Provider| provider.is_platform() || credentials.meet(provider);
        let is_served_by = |id: usize| may_serve(&self.registry.providers[id]);
        match self.arms.listing(model) {
            Some(Listing::Sole(provider)) => is_served_by(provider as usize),
            Some(Listing::Tie(tie)) => self.arms.tie(tie).any(is_served_by),
            Some(Listing::Withdrawn(_)) | None => self.candidates(model).into_iter().any(may_serve),
        }
    }

    /// The listed ids around a slug in folded form, in declared order; see `Segments::around`. An id is given by
    /// the positions of its arm and of the id in the arm.
    pub(crate) fn ids_around(&self, slug: &Folded) -> impl Iterator<Item = (usize, usize)> + use<'r> {
        self.arms.segments().around(slug)
    }

    /// The name of the provider of an arm, in folded form.
    pub(crate) fn folded_provider(&self, arm: usize) -> &'r str {
        self.arms.segments().name(arm)
    }

    /// Returns true if an arm lists exactly this id.
    pub(crate) fn lists(&self, id: &str) -> bool {
        matches!(self.arms.listing(id), Some(Listing::Sole(_) | Listing::Tie(_)))
    }

    /// The provider whose arm has withdrawn the model, where that is why it has no provider.
    #[must_use]
    pub fn withdrawn_by(&self, model: &str) -> Option<&'r Provider> {
        match self.arms.listing(model.trim()) {
            Some(Listing::Withdrawn(provider)) => Some(&self.registry.providers[provider as usize]),
            _ => None,
        }
    }

    #[inline(never)]
    fn derive_trimmed(&self, model: &str, credentials: &Credentials<'_>) -> Result<&'r Provider, Rejection> {
        let trimmed = model.trim();
        if trimmed.is_empty() {
            return Err(Rejection::ModelRequired);
        }
        if trimmed.len() < model.len() {
            return self.derive(trimmed, credentials);
        }
        let providers = &self.registry.providers;
        self.registry.index.matcher.matching(trimmed, |matching| {
            let mut native = self.native(matching);
            match (native.next(), native.next()) {
                (None, _) => Err(Rejection::UnregisteredModel),
                (Some(only), None) => Ok(&providers[only]),
                (Some(first), Some(second)) => {
                    let candidates = [first, second].into_iter().chain(native);
                    sole_met(candidates.map(|id| &providers[id]), credentials).ok_or(Rejection::AmbiguousModel)
                }
            }
        })
    }

    /// Filters the providers that are arms of this runtime.
    fn native<'m>(&self, matching: &'m [usize]) -> impl Iterator<Item = usize> + use<'r, 'm> {
        let arms = self.arms;
        matching.iter().copied().filter(|&id| arms.is_native(id))
    }

    #[inline(never)]
    fn first_of_tie(&self, tie: u32, credentials: &Credentials<'_>) -> &'r Provider {
        let mut providers = self.arms.tie(tie).map(|id| &self.registry.providers[id]);
        sole_met(providers.clone(), credentials).or_else(|| providers.next()).expect("a tie has several providers")
    }
}

/// Returns the only candidate that accepts one of the credentials, if there is exactly one.
fn sole_met<'r>(candidates: impl Iterator<Item = &'r Provider>, credentials: &Credentials<'_>) -> Option<&'r Provider> {
    let mut met = candidates.filter(|provider| credentials.meet(provider));
    met.next().filter(|_| met.next().is_none())
}

impl PartialEq for Registry {
    /// Compares the fields of the documents, including their order; the index is derived from them.
    fn eq(&self, other: &Self) -> bool {
        self.platform_error == other.platform_error
            && self.providers == other.providers
            && self.runtimes == other.runtimes
    }
}

impl Eq for Registry {}

impl Serialize for Registry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        document::serialize(&self.platform_error, &self.providers, &self.runtimes, serializer)
    }
}

impl fmt::Debug for Registry {
    /// Formats the document; the index is derived from it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.document().fmt(f)
    }
}
