//! Other spellings of a slug: ids that probably mean the same model.

use std::collections::HashSet;

use crate::limits;
use crate::registry::{Arm, Credentials, Folded, Provider, Registry, RuntimeHandle, SEPARATORS};

/// How a listed id resembles a slug, the closest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Likeness {
    /// They differ only in case and separators.
    Text,
    /// They have the same last segment, apart from case and separators, with or without the name of the provider
    /// before it.
    Model,
    /// Their last segments are one edit apart, apart from case and separators, and all other segments are the same.
    OneEdit,
}

/// Other spellings of a slug.
#[derive(Debug, Default)]
pub(super) struct Spellings {
    /// The ids, most likely first.
    pub(super) ids: Vec<String>,
    /// The number of ids that the runtime lists. They come first.
    pub(super) listed: usize,
    /// How listed ids resemble the slug, and the positions of the arm and of the id in the arm; the closest first. An
    /// id that several arms list is here several times.
    similar: Vec<(Likeness, (usize, usize))>,
}

impl Spellings {
    /// Returns ids that a slug may have been meant to be.
    ///
    /// These are the similar ids that the runtime lists: see [`Likeness`]. For a slug of which the registry knows
    /// nothing, they are also the slug without its first segment, and `NAME/slug` and `NAME:slug` for the providers
    /// of the runtime that need a credential. The closest come first, of these the ids of providers that need a
    /// credential, then ids with the first segment of the slug, then those with the fewest edits between.
    ///
    /// No id is made up for a slug that an arm lists or has withdrawn, nor for one with a similar listed id, because
    /// the writer named that vendor's model. For a slug that a pattern of the runtime matches or that names a
    /// provider, an id is made up only if the slug begins with the name of the provider. No id is made up for the
    /// platform, because that would change who pays, nor for a provider without credentials, because nothing says
    /// that the writer uses it.
    pub(super) fn new(registry: &Registry, runtime: &str, slug: &str) -> Self {
        let slug = slug.trim();
        let Some(handle) = registry.handle(runtime).filter(|_| !slug.is_empty() && slug.len() <= COMPARED) else {
            return Self::default();
        };
        let arms = &handle.runtime().arms;
        let is_keyless = |arm: &Arm| registry.provider(&arm.provider).is_some_and(Provider::is_keyless);
        let mut similar: Vec<(Likeness, (usize, usize))> = similar_ids(handle, slug).collect();
        similar.sort_by_cached_key(|(likeness, (arm, model))| {
            let id = &arms[*arm].models[*model];
            let is_other_vendor = first_segment(id) != first_segment(slug);
            (*likeness, is_keyless(&arms[*arm]), is_other_vendor, strsim::osa_distance(id, slug))
        });
        let mut seen = HashSet::new();
        let listed = similar.iter().map(|(_, (arm, model))| arms[*arm].models[*model].clone());
        let mut ids: Vec<String> = listed.filter(|id| seen.insert(id.clone())).collect();
        let listed = ids.len().min(limits::FIX_SPELLINGS);
        if ids.is_empty() {
            ids = made_up(registry, handle, slug);
            ids.retain(|id| !id.is_empty() && id != slug && seen.insert(id.clone()));
            // A prefix is added or removed, so the lengths say how far an id is away.
            let distance = |id: &str| id.chars().count().abs_diff(slug.chars().count());
            ids.sort_by_cached_key(|id| (first_segment(id) != first_segment(slug), distance(id)));
        }
        ids.truncate(limits::FIX_SPELLINGS);
        Self { ids, listed, similar }
    }

    /// The listed ids that resemble the slug most, by the positions of the arm and of the id in the arm.
    pub(super) fn closest(&self) -> impl Iterator<Item = (usize, usize)> {
        let best = self.similar.first().map(|(likeness, _)| *likeness);
        self.similar.iter().take_while(move |(likeness, _)| Some(*likeness) == best).map(|(_, id)| *id)
    }

    /// The listed ids that the slug was probably meant to be, like [`Spellings::closest`]: of the same model, if there
    /// are any, at providers whose credentials are there, if possible.
    pub(super) fn meant(
        &self,
        registry: &Registry,
        arms: &[Arm],
        credentials: &Credentials<'_>,
    ) -> Vec<(usize, usize)> {
        let is_other = self.similar.first().is_some_and(|(likeness, _)| *likeness == Likeness::OneEdit);
        let probable = || self.similar.iter().filter(|(likeness, _)| is_other || *likeness != Likeness::OneEdit);
        let there = with_credentials(registry, arms, probable().map(|(_, id)| *id), credentials);
        let there = probable().filter(|(_, id)| there.contains(id));
        let best = there.clone().next().map(|(likeness, _)| *likeness);
        there.take_while(|(likeness, _)| Some(*likeness) == best).map(|(_, id)| *id).collect()
    }
}

/// The listed ids that resemble a slug, by the positions of the arm and of the id in the arm.
fn similar_ids<'r>(
    handle: RuntimeHandle<'r>,
    slug: &str,
) -> impl Iterator<Item = (Likeness, (usize, usize))> + use<'r> {
    let arms = &handle.runtime().arms;
    let folded = Folded::new(slug);
    let around = handle.ids_around(&folded);
    let slug = slug.to_owned();
    around.filter_map(move |(arm, model)| {
        let id = &arms[arm].models[model];
        if id.len() > COMPARED || *id == slug {
            return None;
        }
        Some((likeness(&Folded::new(id), &folded, handle.folded_provider(arm))?, (arm, model)))
    })
}

/// How an id of a provider resembles a slug; all are folded.
fn likeness(id: &Folded, slug: &Folded, provider: &str) -> Option<Likeness> {
    let is_after_name = |long: &str, short: &str| !short.is_empty() && long.strip_prefix(provider) == Some(short);
    let is_same_model = || {
        id.last == slug.last && !id.last.is_empty()
            || is_after_name(&id.last, &slug.last)
            || is_after_name(&slug.last, &id.last)
    };
    if id.whole == slug.whole && !id.whole.is_empty() {
        Some(Likeness::Text)
    } else if is_same_model() {
        Some(Likeness::Model)
    } else if id.prefix == slug.prefix && is_one_edit(&id.last, &slug.last) {
        Some(Likeness::OneEdit)
    } else {
        None
    }
}

/// Ids that no arm lists and that a slug without similar ids may have been meant to be.
fn made_up(registry: &Registry, handle: RuntimeHandle<'_>, slug: &str) -> Vec<String> {
    let mut handles = registry.runtimes().iter().filter_map(|runtime| registry.handle(&runtime.name));
    if handles.any(|runtime| runtime.lists(slug)) || handle.withdrawn_by(slug).is_some() {
        return Vec::new();
    }
    let has_vendor = registry.provider(first_segment(slug)).is_some() || !handle.candidates(slug).is_empty();
    let needs_key = |provider: &Provider| !provider.is_platform() && !provider.is_keyless();
    let is_possible = |arm: &&Arm| {
        registry.provider(&arm.provider).is_some_and(needs_key) && (!has_vendor || slug.starts_with(&arm.provider))
    };
    let named = handle.runtime().arms.iter().filter(is_possible);
    let with_name = named.flat_map(|arm| SEPARATORS.map(|separator| format!("{}{separator}{slug}", arm.provider)));
    with_name.chain(slug.split_once(SEPARATORS).map(|(_, rest)| rest.to_owned())).collect()
}

/// The ids whose provider has all credentials that it needs; if there are none, those whose provider has one of its
/// credentials; if there are none, all. An id is given by the positions of its arm and of the id in the arm.
pub(super) fn with_credentials(
    registry: &Registry,
    arms: &[Arm],
    ids: impl Iterator<Item = (usize, usize)>,
    credentials: &Credentials<'_>,
) -> Vec<(usize, usize)> {
    let has_all = |provider: &Provider| !provider.is_keyless() && credentials.meet(provider);
    let has_some = |provider: &Provider| provider.auth_env.names().iter().any(|name| credentials.contain(name));
    let tests: [&dyn Fn(&Provider) -> bool; 3] = [&has_all, &has_some, &|_| true];
    let ids: Vec<(usize, usize)> = ids.collect();
    let of = |test: &dyn Fn(&Provider) -> bool| -> Vec<(usize, usize)> {
        let passes = |(arm, _): &(usize, usize)| registry.provider(&arms[*arm].provider).is_some_and(test);
        ids.iter().copied().filter(passes).collect()
    };
    tests.iter().map(|test| of(test)).find(|found| !found.is_empty()).unwrap_or_default()
}

/// Sorts ids, given by positions, by their similarity with a slug that the runtime does not serve: ids with
/// its first segment come first, then the smallest distance. An empty or long slug keeps the order.
pub(super) fn sort_by_similarity<'a>(positions: &mut [usize], slug: &str, id: impl Fn(usize) -> &'a str) {
    let slug = slug.trim();
    if !slug.is_empty() && slug.len() <= COMPARED {
        positions.sort_by_cached_key(|position| {
            let id = id(*position);
            let distance = if id.len() <= COMPARED { strsim::osa_distance(id, slug) } else { usize::MAX };
            (first_segment(id) != first_segment(slug), distance)
        });
    }
}

/// The length in bytes up to which ids are compared; comparing takes quadratic time.
const COMPARED: usize = 256;

/// The first segment of an id that has several; empty for an id with one segment.
pub(super) fn first_segment(id: &str) -> &str {
    id.split_once(SEPARATORS).map_or("", |(first, _)| first)
}

/// Returns true if one insertion, deletion, substitution or exchange of neighbours turns a text into
/// another.
fn is_one_edit(one: &str, other: &str) -> bool {
    let common = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    let (one, other): (&str, &str) = (&one[common..], &other[common..]);
    let common = one.chars().rev().zip(other.chars().rev()).take_while(|(a, b)| a == b);
    let common: usize = common.map(|(a, _)| a.len_utf8()).sum();
    let (one, other) = (&one[..one.len() - common], &other[..other.len() - common]);
    let mut one = one.chars();
    let mut other = other.chars();
    match [one.next(), one.next(), one.next(), other.next(), other.next(), other.next()] {
        [Some(_), None, _, None, ..] | [None, _, _, Some(_), None, _] | [Some(_), None, _, Some(_), None, _] => true,
        [Some(a), Some(b), None, Some(c), Some(d), None] => a == d && b == c,
        _ => false,
    }
}
