//! The registry: the provider catalogue, the runtimes with their arms, and
//! [`Registry::derive`], which finds the provider of a model.

mod credentials;
mod document;
mod index;
mod matcher;
pub mod overlap;
mod pattern;
mod provider;
mod validation;

use std::fmt;

use serde::{Serialize, Serializer};

pub use credentials::Credentials;
pub use document::{Arm, RegistryDocument, Runtime};
pub use pattern::{Pattern, PatternError};
pub use provider::{PLATFORM, Protocol, Provider};

use crate::limits;
use crate::yaml::{ReadError, UnknownFields};
use index::{Arms, Index, Listing};

/// Why a registry was refused.
pub type InvalidRegistry = crate::yaml::Invalid;

/// A checked and compiled registry. One that breaks a rule of the format cannot be built.
#[derive(Clone)]
pub struct Registry {
    providers: Vec<Provider>,
    runtimes: Vec<Runtime>,
    index: Index,
}

/// Why no provider answers for a model. Each ends the create call, before any workspace exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "no model, no runtime, none that answers, or several")]
pub enum Rejection {
    /// The model is empty or blank.
    ModelRequired,
    /// The registry does not have the runtime.
    UnknownRuntime,
    /// No arm of the runtime lists the model and no arm's pattern matches it.
    UnregisteredModel,
    /// Patterns of several arms match it, and the credentials do not single one out.
    AmbiguousModel,
}

impl Registry {
    /// The file of [`Registry::embedded`].
    pub const EMBEDDED_YAML: &str = include_str!("../../data/providers.yaml");

    /// Checks and compiles a document.
    ///
    /// # Errors
    ///
    /// No providers or runtimes, an empty required field or list item, a
    /// duplicate provider, vendor or runtime, more than [`limits::AUTH_ENV`] secrets that one
    /// provider accepts, a runtime without arms, an arm
    /// that names an unknown provider or one that the runtime has already, and
    /// patterns that together exceed [`limits::PATTERNS_SIZE`].
    pub fn new(document: RegistryDocument) -> Result<Self, InvalidRegistry> {
        let RegistryDocument { providers, runtimes } = document;
        let by_name = validation::check_providers(&providers)?;
        validation::check_runtimes(&runtimes, &by_name)?;
        let by_name = by_name.into_iter().map(|(name, id)| (name.to_owned(), id)).collect();
        let index = Index::new(&providers, &runtimes, by_name);
        Ok(Self { providers, runtimes, index })
    }

    /// Reads, checks and compiles a `providers.yaml`.
    ///
    /// # Errors
    ///
    /// Everything that [`crate::yaml::read`] and [`Registry::new`] refuse, a
    /// field of the wrong kind, and, unless allowed, an unknown one.
    pub fn from_yaml(bytes: &[u8], unknown: UnknownFields) -> Result<Self, ReadError> {
        let root = crate::yaml::read(bytes)?;
        Self::from_node(crate::yaml::Cursor::root(&root), unknown).map_err(|error| error.located(&root))
    }

    /// Decodes a registry that another reader has read, or that stands inside a larger document.
    ///
    /// # Errors
    ///
    /// Everything that [`Registry::new`] refuses, a field of the wrong kind, more than
    /// [`limits::MODELS`] or [`limits::REGISTRY_BYTES`] allow, and, unless allowed, an
    /// unknown field.
    pub fn from_node(at: crate::yaml::Cursor<'_>, unknown: UnknownFields) -> Result<Self, InvalidRegistry> {
        let document = RegistryDocument::decode(at, unknown)?;
        let models: usize =
            document.runtimes.iter().flat_map(|runtime| &runtime.arms).map(|arm| arm.models.len()).sum();
        if models > limits::MODELS {
            let most = limits::MODELS;
            return Err(at
                .error(format!(
                    "the registry lists {models} ids, more than the limit of {most}; drop what is not needed"
                ))
                .into());
        }
        let registry = Self::new(document).map_err(|error| error.under(at.place()))?;
        at.check_written("registry", limits::REGISTRY_BYTES, || registry.to_yaml())?;
        Ok(registry)
    }

    /// The registry as a YAML file that [`Registry::from_yaml`] reads back as an equal one.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        crate::yaml::write(self)
    }

    /// The registry that ships with this crate: real data as of the founding incident.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "the data are valid")]
    pub fn embedded() -> Self {
        Self::from_yaml(Self::EMBEDDED_YAML.as_bytes(), UnknownFields::Deny)
            .expect("the embedded registry is valid: a test reads it")
    }

    /// The registry as written.
    #[must_use]
    pub fn document(&self) -> RegistryDocument {
        RegistryDocument { providers: self.providers.clone(), runtimes: self.runtimes.clone() }
    }

    /// The catalogue, in declared order.
    #[must_use]
    pub fn providers(&self) -> &[Provider] {
        &self.providers
    }

    /// The runtimes, in declared order.
    #[must_use]
    pub fn runtimes(&self) -> &[Runtime] {
        &self.runtimes
    }

    /// The provider of this name.
    #[must_use]
    pub fn provider(&self, name: &str) -> Option<&Provider> {
        self.index.provider(name).map(|id| &self.providers[id])
    }

    /// The runtime of this name.
    #[must_use]
    pub fn runtime(&self, name: &str) -> Option<&Runtime> {
        self.index.arms(name).map(|arms| &self.runtimes[arms.runtime()])
    }

    /// Another provider whose first-named credential this is: the vendor that issued it.
    #[must_use]
    pub fn issuer(&self, credential: &str, except: &Provider) -> Option<&Provider> {
        let id = self.index.issuer(credential, |id| self.providers[id].name != except.name)?;
        Some(&self.providers[id])
    }

    /// Finds the provider that answers for a model on a runtime.
    ///
    /// Fails closed at every step. The model is trimmed of Unicode white space;
    /// the runtime is not. A listed id wins over any pattern. Where several arms
    /// list it, the only one that the credentials meet wins, else the first
    /// declared; where several patterns match, the only one that they meet.
    ///
    /// Costs a look-up of the runtime, one hash of the model, and, for a model that no
    /// arm lists, one pass over its text, whatever the number of ids and of patterns, as
    /// long as the automaton has room for the states that models lead it through. Touches
    /// the heap only while it meets new ones.
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

    /// The runtime of this name, to be asked for many models without looking it up each time;
    /// none where the registry does not have it.
    ///
    /// ```
    /// use slug_resolver::{Credentials, Registry};
    ///
    /// let registry = Registry::embedded();
    /// let runtime = registry.handle("claude-code").expect("is registered");
    /// let credentials = Credentials { injected: &["MINIMAX_API_KEY".to_owned()], ambient: &[] };
    /// let name = |model| runtime.derive(model, &credentials).map(|provider| provider.name.as_str());
    /// assert_eq!(name("MiniMax-M2"), Ok("minimax"));
    /// assert_eq!(name("moonshot/kimi-k2.6"), Ok("platform"));
    /// ```
    #[must_use]
    #[inline]
    pub fn handle(&self, runtime: &str) -> Option<RuntimeHandle<'_>> {
        self.index.arms(runtime).map(|arms| RuntimeHandle { registry: self, arms })
    }
}

/// One runtime of a registry, found by its name: see [`Registry::handle`].
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

    /// What [`Registry::derive`] answers on this runtime.
    ///
    /// # Errors
    ///
    /// See [`Rejection`]; the runtime is known.
    #[inline]
    pub fn derive(&self, model: &str, credentials: &Credentials<'_>) -> Result<&'r Provider, Rejection> {
        let providers = &self.registry.providers;
        // Listed ids have no white space around them, so one that is found as it is needs no trimming.
        match self.arms.listing(model) {
            Some(Listing::Sole(provider)) => Ok(&providers[provider as usize]),
            Some(Listing::Tie(tie)) => Ok(self.first_of_tie(tie, credentials)),
            None => self.derive_trimmed(model, credentials),
        }
    }

    /// The providers from which [`derive`](Self::derive) chooses by the credentials: those
    /// whose arms list the model, in declared order, else those whose patterns match it,
    /// in the order of the catalogue. None where the model is blank.
    #[must_use]
    pub fn candidates(&self, model: &str) -> Vec<&'r Provider> {
        let model = model.trim();
        let found: Vec<usize> = match self.arms.listing(model) {
            _ if model.is_empty() => Vec::new(),
            Some(Listing::Sole(provider)) => [provider as usize].into(),
            Some(Listing::Tie(tie)) => self.arms.tie(tie).collect(),
            None => {
                let native = |matching: &[usize]| self.native(matching).collect();
                let mut native: Vec<usize> = self.registry.index.matcher.matching(model, native);
                native.sort_unstable();
                native
            }
        };
        found.into_iter().map(|id| &self.registry.providers[id]).collect()
    }

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

    /// Those providers that are arms of this runtime.
    fn native<'m>(&self, matching: &'m [usize]) -> impl Iterator<Item = usize> + use<'r, 'm> {
        let arms = self.arms;
        matching.iter().copied().filter(|&id| arms.is_native(id))
    }

    fn first_of_tie(&self, tie: u32, credentials: &Credentials<'_>) -> &'r Provider {
        let mut providers = self.arms.tie(tie).map(|id| &self.registry.providers[id]);
        sole_met(providers.clone(), credentials).or_else(|| providers.next()).expect("a tie is one of several")
    }
}

/// The one of several candidates that the credentials meet, if they meet exactly one.
fn sole_met<'r>(candidates: impl Iterator<Item = &'r Provider>, credentials: &Credentials<'_>) -> Option<&'r Provider> {
    let mut met = candidates.filter(|provider| credentials.meet(provider));
    met.next().filter(|_| met.next().is_none())
}

impl PartialEq for Registry {
    /// Registries are equal when they say the same in the same order; the index follows from that.
    fn eq(&self, other: &Self) -> bool {
        self.providers == other.providers && self.runtimes == other.runtimes
    }
}

impl Eq for Registry {}

impl Serialize for Registry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        document::serialize(&self.providers, &self.runtimes, serializer)
    }
}

impl fmt::Debug for Registry {
    /// As written; the index follows from that.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.document().fmt(f)
    }
}
