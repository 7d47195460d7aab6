//! The registry: the provider catalogue, the runtimes with their arms, and
//! [`Registry::derive`], which finds the provider of a model.

mod document;
mod index;
mod matcher;
pub mod overlap;
mod pattern;

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use hashbrown::{HashMap, HashSet};
use serde::Serialize;

pub use document::RegistryDocument;
pub use pattern::{Pattern, PatternError};

use crate::limits;
use crate::names::Names;
use crate::yaml::{Place, ReadError, UnknownFields, quoted, refuse_secret_name};
use index::{Arms, Index, Listing};

/// Why a registry was refused.
pub type InvalidRegistry = crate::yaml::Invalid;

/// The name of the one provider that the platform pays for.
pub const PLATFORM: &str = "platform";

/// A checked and compiled registry. One that breaks a rule of the format cannot be built.
#[derive(Clone)]
pub struct Registry {
    providers: Vec<Provider>,
    runtimes: Vec<Runtime>,
    index: Index,
}

/// One entry of the provider catalogue. One is made by [`Provider::new`], and its other fields set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Provider {
    /// The name that arms refer to; unique.
    pub name: String,
    /// The name for people.
    pub display_name: String,
    /// The protocol its endpoint speaks.
    pub protocol: Protocol,
    /// How a workspace authenticates; the platform's own word, not interpreted here.
    pub auth_mode: String,
    /// The names of the secrets it accepts; any one will do.
    pub auth_env: Vec<String>,
    /// The models it answers for beyond those that arms list: an unanchored search.
    pub model_prefix_match: Pattern,
    /// Endpoint for its own protocol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url_template: Option<String>,
    /// Endpoint that speaks the Anthropic protocol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url_anthropic: Option<String>,
    /// The variable in which the agent expects the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_token_env: Option<String>,
    /// Other names of its models. They route by pattern or by an arm's list, like any id.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub model_aliases: Vec<String>,
    /// The company behind it; unique where given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream_vendor: Option<String>,
    /// A picture for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor_logo: Option<String>,
    /// Whether it is on its way out. It still routes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deprecated: Option<bool>,
}

impl Provider {
    /// The smallest entry: named alike for people, with a key for an OpenAI endpoint.
    #[must_use]
    pub fn new(name: &str, auth_env: Vec<String>, model_prefix_match: Pattern) -> Self {
        Self {
            name: name.to_owned(),
            display_name: name.to_owned(),
            protocol: Protocol::Openai,
            auth_mode: "api_key".to_owned(),
            auth_env,
            model_prefix_match,
            base_url_template: None,
            base_url_anthropic: None,
            auth_token_env: None,
            model_aliases: Vec::new(),
            upstream_vendor: None,
            vendor_logo: None,
            deprecated: None,
        }
    }

    /// Whether this is the provider that the platform pays for.
    #[must_use]
    #[inline]
    pub fn is_platform(&self) -> bool {
        self.name == PLATFORM
    }
}

/// The protocol of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Protocol {
    /// The OpenAI protocol.
    Openai,
    /// The Anthropic protocol.
    Anthropic,
}

/// One runtime and its arms.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a name and arms are all there is to it")]
pub struct Runtime {
    /// Its name, compared verbatim.
    pub name: String,
    /// Its arms, in declared order; never none.
    pub arms: Vec<Arm>,
}

/// One provider reference of one runtime.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "a name and ids are all there is to it")]
pub struct Arm {
    /// The provider's name.
    #[serde(rename = "name")]
    pub provider: String,
    /// The model ids it lists. An arm that lists none is name-only: it routes by pattern alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
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

/// The names of the credentials that count when a provider is derived and judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "every question brings its own")]
pub struct Credentials<'a> {
    /// What the workspace gets.
    pub injected: &'a [String],
    /// What is known to exist besides, at organisation scope.
    pub ambient: &'a [String],
}

impl Credentials<'_> {
    /// Whether a provider accepts any of them.
    #[must_use]
    #[inline]
    pub fn meet(&self, provider: &Provider) -> bool {
        !self.are_none() && provider.auth_env.iter().any(|name| self.contain(name))
    }

    /// Those that a provider accepts, in the order in which it names them.
    ///
    /// # Panics
    ///
    /// When there are any, and a provider that is in no registry names more than [`Names::CAPACITY`].
    #[must_use]
    #[inline]
    pub fn accepted_by<'p>(&self, provider: &'p Provider) -> Names<'p> {
        if self.are_none() { Names::default() } else { Names::of(&provider.auth_env, |name| self.contain(name)) }
    }

    /// Whether there are none: on the platform path that is every question.
    #[inline]
    fn are_none(&self) -> bool {
        self.injected.is_empty() && self.ambient.is_empty()
    }

    #[inline]
    fn contain(&self, name: &str) -> bool {
        self.injected.iter().any(|present| present == name) || self.ambient.iter().any(|present| present == name)
    }
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
        let by_name = check_providers(&providers)?;
        check_runtimes(&runtimes, &by_name)?;
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
        Self::from_node(crate::yaml::At::root(&root), unknown).map_err(|error| error.located(&root))
    }

    /// Decodes a registry that another reader has read, or that stands inside a larger document.
    ///
    /// # Errors
    ///
    /// Everything that [`Registry::new`] refuses, a field of the wrong kind, more than
    /// [`limits::MODELS`] or [`limits::REGISTRY_BYTES`] allow, and, unless allowed, an
    /// unknown field.
    pub fn from_node(at: crate::yaml::At<'_>, unknown: UnknownFields) -> Result<Self, InvalidRegistry> {
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
        let registry = Self::new(document).map_err(|error| error.under(&at))?;
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

impl fmt::Debug for Registry {
    /// As written; the index follows from that.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.document().fmt(f)
    }
}

fn check_providers(providers: &[Provider]) -> Result<HashMap<&str, usize>, InvalidRegistry> {
    let section = Place::default().key("providers");
    if providers.is_empty() {
        return Err(InvalidRegistry::at(section, "there are no providers; a registry needs at least one"));
    }
    let mut by_name = HashMap::new();
    let mut vendors = HashSet::new();
    let mut size = 0;
    for (id, provider) in providers.iter().enumerate() {
        let place = || section.clone().index(id);
        let required =
            [("name", &provider.name), ("display_name", &provider.display_name), ("auth_mode", &provider.auth_mode)];
        if let Some((field, _)) = required.iter().find(|(_, value)| value.is_empty()) {
            return Err(empty_field(place().key(field)));
        }
        if provider.auth_env.is_empty() {
            return Err(InvalidRegistry::at(place().key("auth_env"), "the list is empty; name the secrets it accepts"));
        }
        if provider.auth_env.len() > limits::AUTH_ENV {
            let message = format!("accepts more than {} secrets; drop those that are not in use", limits::AUTH_ENV);
            return Err(InvalidRegistry::at(place().key("auth_env"), message));
        }
        for (index, name) in provider.auth_env.iter().enumerate() {
            if let Some(message) = refuse_secret_name(name) {
                return Err(InvalidRegistry::at(place().key("auth_env").index(index), message));
            }
        }
        check_items(&provider.model_aliases, &place().key("model_aliases"))?;
        if by_name.insert(provider.name.as_str(), id).is_some() {
            let message = format!("duplicate provider name {}; rename one of the two", quoted(&provider.name));
            return Err(InvalidRegistry::at(place().key("name"), message));
        }
        if let Some(vendor) = &provider.upstream_vendor
            && !vendors.insert(vendor)
        {
            let message = format!("duplicate upstream vendor {}; a vendor belongs to one provider", quoted(vendor));
            return Err(InvalidRegistry::at(place().key("upstream_vendor"), message));
        }
        size += provider.model_prefix_match.size();
        if size > limits::PATTERNS_SIZE {
            let message = format!(
                "the patterns up to here have size {size}, more than the limit of {} for one registry; simplify them",
                limits::PATTERNS_SIZE
            );
            return Err(InvalidRegistry::at(place().key("model_prefix_match"), message));
        }
    }
    Ok(by_name)
}

fn check_runtimes(runtimes: &[Runtime], by_name: &HashMap<&str, usize>) -> Result<(), InvalidRegistry> {
    let section = Place::default().key("runtimes");
    if runtimes.is_empty() {
        return Err(InvalidRegistry::at(section, "there are no runtimes; a registry needs at least one"));
    }
    let mut names = HashSet::new();
    for runtime in runtimes {
        let place = section.clone().key(&runtime.name);
        if runtime.name.is_empty() {
            return Err(InvalidRegistry::at(place, "a runtime's name is empty; name it"));
        }
        if !names.insert(&runtime.name) {
            return Err(InvalidRegistry::at(
                place,
                format!("duplicate runtime {}; merge the two", quoted(&runtime.name)),
            ));
        }
        let arms = place.key("providers");
        if runtime.arms.is_empty() {
            return Err(InvalidRegistry::at(arms, "the runtime has no arms; give it a provider or remove it"));
        }
        let mut native = HashSet::new();
        for (position, arm) in runtime.arms.iter().enumerate() {
            let place = || arms.clone().index(position);
            if arm.provider.is_empty() {
                return Err(empty_field(place().key("name")));
            }
            if !by_name.contains_key(arm.provider.as_str()) {
                let message = format!(
                    "no provider is named {}; add it to `providers` or correct the name",
                    quoted(&arm.provider)
                );
                return Err(InvalidRegistry::at(place().key("name"), message));
            }
            if !native.insert(&arm.provider) {
                let message =
                    format!("provider {} is an arm of this runtime already; merge the two", quoted(&arm.provider));
                return Err(InvalidRegistry::at(place().key("name"), message));
            }
            check_items(&arm.models, &place().key("models"))?;
        }
    }
    Ok(())
}

fn check_items(items: &[String], place: &Place) -> Result<(), InvalidRegistry> {
    match items.iter().position(String::is_empty) {
        Some(index) => Err(empty_field(place.clone().index(index))),
        None => Ok(()),
    }
}

fn empty_field(place: Place) -> InvalidRegistry {
    InvalidRegistry::at(place, "is empty; write a value".to_owned())
}
