//! Model classes: equivalence classes of models on one runtime.
//!
//! Derivation, the third step of the pipeline, depends on a slug only through the arms that
//! list it and the arms whose patterns match it, so one slug can represent its model class;
//! the law `model-class-decides` checks this. Model classes are computed from the document with
//! the matcher of the reference, never with the index under test.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use slug_resolver::{Provider, Registry, Rejection};

use crate::reference;

/// Everything that looking a model up on one runtime may depend on; arms are given by position.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ModelClass {
    /// True if the trimmed model is empty.
    pub blank: bool,
    /// The arms that list it, in declared order.
    pub listed: Vec<usize>,
    /// The arms that have withdrawn it, in declared order.
    pub withdrawn: Vec<usize>,
    /// The arms whose patterns match it, in declared order.
    pub matched: Vec<usize>,
}

/// The model classes of a registry, computed once from the whole document, so that the
/// reference can resolve many cases of a large registry.
pub struct ModelClasses {
    /// The position of each runtime in the registry.
    runtimes: BTreeMap<String, usize>,
    /// The arms of each runtime.
    arms: Vec<Arms>,
    /// The ids that any arm lists.
    ids: BTreeMap<String, Known>,
    /// The providers whose patterns match a text that no arm lists, in the order of the catalogue. Many cases
    /// are about one text.
    matching: Mutex<BTreeMap<String, Arc<[usize]>>>,
}

struct Arms {
    /// The position of the provider of each arm in the catalogue.
    providers: Vec<usize>,
    /// The arm of each provider that has one on this runtime.
    of: BTreeMap<usize, usize>,
    /// A few listed ids of each model class.
    representatives: OnceLock<BTreeMap<ModelClass, Vec<String>>>,
}

/// The arms and providers of an id that an arm lists.
#[derive(Default)]
struct Known {
    /// Runtime and arm of each list that contains the id, in declared order.
    listed: Vec<(usize, usize)>,
    /// The runtime and arm of each list of withdrawn ids that contains the id, in declared order.
    withdrawn: Vec<(usize, usize)>,
    /// The providers whose patterns match the id, in the order of the catalogue.
    matched: Vec<usize>,
}

impl ModelClasses {
    /// Computes the model classes of a registry.
    #[must_use]
    pub fn new(registry: &Registry) -> Self {
        let providers = registry.providers().iter().enumerate();
        let by_name: BTreeMap<&str, usize> = providers.map(|(id, provider)| (provider.name.as_str(), id)).collect();
        let mut model_classes =
            Self { runtimes: BTreeMap::new(), arms: Vec::new(), ids: BTreeMap::new(), matching: Mutex::default() };
        for (runtime, document) in registry.runtimes().iter().enumerate() {
            model_classes.runtimes.insert(document.name.clone(), runtime);
            let providers: Vec<usize> =
                document.arms.iter().filter_map(|arm| by_name.get(arm.provider.as_str()).copied()).collect();
            let of = providers.iter().enumerate().map(|(arm, provider)| (*provider, arm)).collect();
            model_classes.arms.push(Arms { providers, of, representatives: OnceLock::new() });
            for (arm, document) in document.arms.iter().enumerate() {
                let models = document.models.iter().map(|id| (id, false));
                for (id, is_withdrawn) in models.chain(document.withdrawn_models.iter().map(|id| (id, true))) {
                    let known = match model_classes.ids.get_mut(id) {
                        Some(known) => known,
                        None => model_classes.ids.entry(id.clone()).or_insert_with(|| Known::new(registry, id)),
                    };
                    let lists = if is_withdrawn { &mut known.withdrawn } else { &mut known.listed };
                    if lists.last() != Some(&(runtime, arm)) {
                        lists.push((runtime, arm));
                    }
                }
            }
        }
        model_classes
    }

    /// The model class of a model on the runtime with this name; an unknown runtime has no
    /// arms. `registry` must be the registry of these classes.
    #[must_use]
    pub fn model_class(&self, registry: &Registry, runtime: &str, model: &str) -> ModelClass {
        let model = model.trim();
        let blank = model.is_empty();
        match self.runtimes.get(runtime) {
            Some(&runtime) if !blank => ModelClass {
                blank,
                listed: self.listed(runtime, model),
                withdrawn: self.withdrawn(runtime, model),
                matched: self.matched(registry, runtime, model),
            },
            _ => ModelClass { blank, ..ModelClass::default() },
        }
    }

    /// Returns the same as [`reference::derive`], without a scan. `registry` must be the registry
    /// of these classes.
    ///
    /// # Errors
    ///
    /// See [`Rejection`].
    pub fn derive<'r>(
        &self,
        registry: &'r Registry,
        runtime: &str,
        model: &str,
        present: &[&str],
    ) -> Result<&'r Provider, Rejection> {
        let model = model.trim();
        if model.is_empty() {
            return Err(Rejection::ModelRequired);
        }
        let Some(&runtime) = self.runtimes.get(runtime) else { return Err(Rejection::UnknownRuntime) };
        let provider = |arm: usize| &registry.providers()[self.arms[runtime].providers[arm]];
        let listing = self.listed(runtime, model).into_iter().map(provider).collect();
        let matching = || self.matched(registry, runtime, model).into_iter().map(provider).collect();
        reference::choose(listing, !self.withdrawn(runtime, model).is_empty(), matching, present)
    }

    /// The expected result of [`RuntimeHandle::candidates`](slug_resolver::RuntimeHandle::candidates) on
    /// the runtime with this name. `registry` must be the registry of these classes.
    #[must_use]
    pub fn candidates<'r>(&self, registry: &'r Registry, runtime: &str, model: &str) -> Vec<&'r Provider> {
        let ModelClass { listed, withdrawn, matched, .. } = self.model_class(registry, runtime, model);
        let Some(&runtime) = self.runtimes.get(runtime) else { return Vec::new() };
        let providers = |arms: Vec<usize>| arms.into_iter().map(|arm| self.arms[runtime].providers[arm]).collect();
        let mut found: Vec<usize> = providers(listed);
        if found.is_empty() && withdrawn.is_empty() {
            found = providers(matched);
            found.sort_unstable();
        }
        found.into_iter().map(|id| &registry.providers()[id]).collect()
    }

    /// The positions of the arms that list a model on the runtime with this name.
    pub(crate) fn listing(&self, runtime: &str, model: &str) -> Vec<usize> {
        self.runtimes.get(runtime).map_or_else(Vec::new, |&runtime| self.listed(runtime, model.trim()))
    }

    /// The positions of the arms that have withdrawn a model on the runtime of this name.
    pub(crate) fn withdrawing(&self, runtime: &str, model: &str) -> Vec<usize> {
        self.runtimes.get(runtime).map_or_else(Vec::new, |&runtime| self.withdrawn(runtime, model.trim()))
    }

    /// Returns true if an arm of any runtime lists a model.
    pub(crate) fn is_listed(&self, model: &str) -> bool {
        self.ids.get(model).is_some_and(|known| !known.listed.is_empty())
    }

    fn withdrawn(&self, runtime: usize, model: &str) -> Vec<usize> {
        let lists = self.ids.get(model).map_or(&[][..], |known| &known.withdrawn);
        lists.iter().filter(|list| list.0 == runtime).map(|list| list.1).collect()
    }

    fn listed(&self, runtime: usize, model: &str) -> Vec<usize> {
        let lists = self.ids.get(model).map_or(&[][..], |known| &known.listed);
        lists.iter().filter(|list| list.0 == runtime).map(|list| list.1).collect()
    }

    fn matched(&self, registry: &Registry, runtime: usize, model: &str) -> Vec<usize> {
        let of = &self.arms[runtime].of;
        let in_order = |matching: &[usize]| {
            let mut arms: Vec<usize> = matching.iter().filter_map(|provider| of.get(provider).copied()).collect();
            arms.sort_unstable();
            arms
        };
        match self.ids.get(model) {
            Some(known) => in_order(&known.matched),
            None => in_order(&self.matching(registry, model)),
        }
    }

    /// The providers whose patterns match a text that no arm lists, in the order of the catalogue.
    fn matching(&self, registry: &Registry, model: &str) -> Arc<[usize]> {
        let lock = || self.matching.lock().expect("no thread panics while it holds the lock");
        let known = lock().get(model).cloned();
        known.unwrap_or_else(|| {
            let matching: Arc<[usize]> = matching(registry, model).into();
            lock().insert(model.to_owned(), Arc::clone(&matching));
            matching
        })
    }

    /// A few listed ids of a model class on the runtime with this name.
    pub(crate) fn representatives(&self, registry: &Registry, runtime: &str, model_class: &ModelClass) -> &[String] {
        let Some(&number) = self.runtimes.get(runtime) else { return &[] };
        let representatives = self.arms[number].representatives.get_or_init(|| {
            let mut representatives: BTreeMap<ModelClass, Vec<String>> = BTreeMap::new();
            for id in self.ids.keys() {
                let ids = representatives.entry(self.model_class(registry, runtime, id)).or_default();
                if ids.len() < REPRESENTATIVES {
                    ids.push(id.clone());
                }
            }
            representatives
        });
        representatives.get(model_class).map_or(&[], Vec::as_slice)
    }
}

impl Known {
    fn new(registry: &Registry, id: &str) -> Self {
        Self { listed: Vec::new(), withdrawn: Vec::new(), matched: matching(registry, id.trim()) }
    }
}

/// The providers whose patterns match a text, in the order of the catalogue.
fn matching(registry: &Registry, model: &str) -> Vec<usize> {
    let everywhere = reference::everywhere(model);
    let matches = |(_, provider): &(usize, &Provider)| {
        let pattern = &provider.model_prefix_match;
        !pattern.as_str().is_empty() && reference::is_found_from(pattern.hir(), model, &everywhere)
    };
    registry.providers().iter().enumerate().filter(matches).map(|(id, _)| id).collect()
}

/// Maximum number of representatives of a model class.
const REPRESENTATIVES: usize = 3;
