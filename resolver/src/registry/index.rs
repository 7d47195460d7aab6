//! The compiled index that [`Registry::derive`](super::Registry::derive) uses.
//!
//! It has two parts: for each runtime a hash map from listed id to arms, and one
//! automaton for the patterns of the whole catalogue. Fixes also use the segments of
//! the listed ids. The index is derived from the document, so comparisons of
//! registries ignore it.

use hashbrown::HashMap;

use super::document::Runtime;
use super::matcher::Matcher;
use super::provider::Provider;
use super::segments::Segments;
use crate::table::{CachedIndex, Table};

#[derive(Clone)]
pub(super) struct Index {
    providers: HashMap<String, usize>,
    runtimes: CachedIndex<Arms>,
    pub(super) matcher: Matcher,
    issuers: HashMap<String, Vec<usize>>,
}

/// The arms of one runtime. Providers are identified by their index in the catalogue.
#[derive(Clone)]
pub(super) struct Arms {
    /// The index of the runtime in the document.
    runtime: usize,
    /// The providers of the runtime's arms, sorted.
    native: Vec<usize>,
    /// The arms that list each id. Ids with surrounding whitespace are left out: models are trimmed,
    /// so none can match such an id.
    listed: Table<Listing>,
    /// The providers of each tie, in declared order.
    ties: Vec<Vec<u32>>,
    segments: Segments,
}

/// The arms that list one id. The type is small because there is one value for each id.
#[derive(Clone, Copy)]
pub(super) enum Listing {
    /// One arm, by its provider.
    Sole(u32),
    /// Several arms, by an index into the table of ties.
    Tie(u32),
    /// No arm lists the id, and the arm of this provider has withdrawn it.
    Withdrawn(u32),
}

impl Index {
    /// Compiles a document that [`super::Registry::new`] has validated.
    pub(super) fn new<'r>(providers: &[Provider], runtimes: &'r [Runtime], by_name: HashMap<String, usize>) -> Self {
        let mut issuers: HashMap<String, Vec<usize>> = HashMap::new();
        for (id, provider) in providers.iter().enumerate() {
            for name in provider.auth_env.items().next().into_iter().flat_map(|first| first.iter()) {
                issuers.entry(name.to_owned()).or_default().push(id);
            }
        }
        let arms = |(id, runtime): (usize, &'r Runtime)| (runtime.name.as_str(), Arms::new(id, runtime, &by_name));
        Self {
            runtimes: runtimes.iter().enumerate().map(arms).collect(),
            providers: by_name,
            matcher: Matcher::new(providers),
            issuers,
        }
    }

    pub(super) fn provider(&self, name: &str) -> Option<usize> {
        self.providers.get(name).copied()
    }

    #[inline]
    pub(super) fn arms(&self, runtime: &str) -> Option<&Arms> {
        self.runtimes.get(runtime)
    }

    /// The first provider that passes the filter and whose first item has `credential`.
    pub(super) fn issuer(&self, credential: &str, filter: impl Fn(usize) -> bool) -> Option<usize> {
        self.issuers.get(credential)?.iter().copied().find(|&id| filter(id))
    }
}

impl Arms {
    fn new(id: usize, runtime: &Runtime, by_name: &HashMap<String, usize>) -> Self {
        let mut arms = Self {
            runtime: id,
            native: Vec::with_capacity(runtime.arms.len()),
            listed: Table::with_capacity(
                runtime.arms.iter().map(|arm| arm.models.len() + arm.withdrawn_models.len()).sum(),
            ),
            ties: Vec::new(),
            segments: Segments::new(runtime),
        };
        for arm in &runtime.arms {
            let provider = by_name[&arm.provider];
            arms.native.push(provider);
            let provider = number(provider);
            arm.models.iter().filter(|model| model.trim() == *model).for_each(|model| arms.list(model, provider));
        }
        for arm in &runtime.arms {
            let provider = number(by_name[&arm.provider]);
            for model in arm.withdrawn_models.iter().filter(|model| model.trim() == *model) {
                if arms.listed.get(model).is_none() {
                    arms.listed.insert(model, Listing::Withdrawn(provider));
                }
            }
        }
        arms.native.sort_unstable();
        arms
    }

    fn list(&mut self, model: &str, provider: u32) {
        let Some(listing) = self.listed.get_mut(model) else {
            self.listed.insert(model, Listing::Sole(provider));
            return;
        };
        match *listing {
            Listing::Sole(first) if first != provider => {
                *listing = Listing::Tie(number(self.ties.len()));
                self.ties.push([first, provider].into());
            }
            Listing::Tie(tie) if self.ties[tie as usize].last() != Some(&provider) => {
                self.ties[tie as usize].push(provider);
            }
            // The arm lists the id twice.
            Listing::Sole(_) | Listing::Tie(_) | Listing::Withdrawn(_) => {}
        }
    }

    /// The listed ids by their segments.
    pub(super) fn segments(&self) -> &Segments {
        &self.segments
    }

    /// The index of the runtime in the document.
    pub(super) fn runtime(&self) -> usize {
        self.runtime
    }

    pub(super) fn is_native(&self, provider: usize) -> bool {
        self.native.binary_search(&provider).is_ok()
    }

    /// The arms that list exactly this id, if any.
    #[inline]
    pub(super) fn listing(&self, id: &str) -> Option<Listing> {
        self.listed.get(id).copied()
    }

    /// The providers of a tie, in declared order.
    pub(super) fn tie(&self, tie: u32) -> impl Iterator<Item = usize> + Clone {
        self.ties[tie as usize].iter().map(|&provider| provider as usize)
    }
}

fn number(index: usize) -> u32 {
    u32::try_from(index).expect("a document has far fewer than four billion entries")
}
