//! The compiled index behind [`Registry::derive`](super::Registry::derive).
//!
//! Two tables: a hash map from listed id to arms for each runtime, and one
//! automaton over the patterns of the whole catalogue. The tables follow from
//! the document, so they take no part in equality.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use hashbrown::HashMap;
use regex_automata::meta::Regex;
use regex_automata::{Input, MatchKind, PatternSet};

use super::{Provider, Runtime};

#[derive(Clone)]
pub(super) struct Index {
    providers: HashMap<String, usize>,
    runtimes: HashMap<String, usize>,
    arms: Vec<Arms>,
    patterns: Regex,
    issuers: HashMap<String, Vec<usize>>,
}

/// One runtime's arms, by provider id.
#[derive(Clone)]
struct Arms {
    /// The providers that are native to the runtime, sorted.
    native: Vec<usize>,
    /// The providers whose arms list an id, in declared order.
    listed: HashMap<String, Vec<usize>>,
}

impl Index {
    /// Compiles what [`super::Registry::new`] has checked.
    pub(super) fn new(providers: &[Provider], runtimes: &[Runtime], by_name: &HashMap<String, usize>) -> Self {
        let hirs: Vec<_> = providers.iter().map(|provider| provider.model_prefix_match.hir()).collect();
        let patterns = Regex::builder()
            .configure(Regex::config().match_kind(MatchKind::All).nfa_size_limit(None))
            .build_many_from_hir(&hirs)
            .expect("every pattern parsed, and their sizes are bounded");
        let mut issuers: HashMap<String, Vec<usize>> = HashMap::new();
        for (id, provider) in providers.iter().enumerate() {
            issuers.entry(provider.auth_env[0].clone()).or_default().push(id);
        }
        Self {
            arms: runtimes.iter().map(|runtime| Arms::new(runtime, by_name)).collect(),
            runtimes: runtimes.iter().enumerate().map(|(id, runtime)| (runtime.name.clone(), id)).collect(),
            providers: by_name.clone(),
            patterns,
            issuers,
        }
    }

    pub(super) fn provider(&self, name: &str) -> Option<usize> {
        self.providers.get(name).copied()
    }

    pub(super) fn runtime(&self, name: &str) -> Option<usize> {
        self.runtimes.get(name).copied()
    }

    /// The first provider that passes the filter and names the credential first.
    pub(super) fn issuer(&self, credential: &str, filter: impl Fn(usize) -> bool) -> Option<usize> {
        self.issuers.get(credential)?.iter().copied().find(|&id| filter(id))
    }

    /// The providers of the runtime's arms that list the model, in declared order.
    pub(super) fn listed(&self, runtime: usize, model: &str) -> &[usize] {
        self.arms[runtime].listed.get(model).map_or(&[], Vec::as_slice)
    }

    /// The providers of the runtime's arms whose patterns match the model, in catalogue order.
    pub(super) fn matched(&self, runtime: usize, model: &str) -> Vec<usize> {
        let mut matches = PatternSet::new(self.patterns.pattern_len());
        self.patterns.which_overlapping_matches(&Input::new(model), &mut matches);
        let native = &self.arms[runtime].native;
        matches.iter().map(|pattern| pattern.as_usize()).filter(|id| native.binary_search(id).is_ok()).collect()
    }
}

impl Arms {
    fn new(runtime: &Runtime, by_name: &HashMap<String, usize>) -> Self {
        let mut native = Vec::with_capacity(runtime.arms.len());
        let mut listed: HashMap<String, Vec<usize>> = HashMap::new();
        for arm in &runtime.arms {
            let id = by_name[&arm.provider];
            native.push(id);
            for model in &arm.models {
                let providers = listed.entry(model.clone()).or_default();
                if providers.last() != Some(&id) {
                    providers.push(id);
                }
            }
        }
        native.sort_unstable();
        Self { native, listed }
    }
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Index({} patterns)", self.patterns.pattern_len())
    }
}
