//! The slugs that a search for fixes tries instead of one slug.

use std::collections::HashSet;
use std::sync::Arc;

use super::spelling::{self, Spellings};
use crate::limits;
use crate::names::NameSubset;
use crate::policy::Policy;
use crate::registry::{Arm, Credentials, Registry};

/// Keeps the slugs that searches for fixes try, for questions about one registry and one policy: see
/// [`fixes_sharing`](super::fixes_sharing()).
///
/// Finding similar ids among thousands takes longer than the search itself. Which slugs a search tries, and
/// in which order, depends on the registry, the policy and the key, and on no other variable. So
/// environments with one key have the same slugs, although their fixes differ.
pub trait SlugStore {
    /// Returns what `find` finds for the key, now or earlier.
    fn get(&self, key: SlugKey, find: &dyn Fn(&SlugKey) -> Slugs) -> Arc<Slugs>;

    /// Notes the number of environments that one search for fixes tried. Does nothing by default.
    fn note_tried(&self, _environments: usize) {}
}

/// A store that keeps nothing.
pub(super) struct Unkept;

impl SlugStore for Unkept {
    fn get(&self, key: SlugKey, find: &dyn Fn(&SlugKey) -> Slugs) -> Arc<Slugs> {
        Arc::new(find(&key))
    }
}

/// Everything in a question on which the slugs to try depend.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SlugKey {
    /// The runtime to look up in the registry.
    pub(super) template: String,
    pub(super) slug: String,
    /// Whether a variable holds the slug. A slug of the policy has no other spellings.
    pub(super) is_held: bool,
    /// Whether the runtime serves the slug. Otherwise similar ids come first.
    pub(super) is_served: bool,
    pub(super) ambient: Vec<String>,
}

/// The slugs to try instead of one slug.
#[derive(Debug)]
pub struct Slugs {
    pub(super) spellings: Spellings,
    /// For each spelling, whether the runtime may serve it.
    are_served: Vec<bool>,
    /// The first id of each arm, then the others.
    listed: Vec<Listed>,
    /// The number of first ids in `listed`.
    firsts: usize,
    /// The positions in `listed` in the order in which they are tried as the only edit.
    order: Vec<usize>,
    /// The number of spellings to try together with other edits.
    combined: usize,
}

/// An id that an arm of the runtime lists.
#[derive(Clone, Copy, Debug)]
struct Listed {
    /// The position of the arm in the runtime.
    arm: usize,
    /// The position of the id in the arm.
    model: usize,
    /// Whether its provider may be consistent: see [`Slugs::single`].
    is_served: bool,
    is_spelling: bool,
}

/// A slug to try.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate<'s> {
    pub(super) slug: &'s str,
    /// False if no credentials that the policy can inject make the runtime serve it.
    pub(super) is_served: bool,
    /// True for another spelling of the slug.
    pub(super) is_spelling: bool,
}

impl Listed {
    fn text(self, arms: &[Arm]) -> &str {
        &arms[self.arm].models[self.model]
    }

    fn candidate(self, arms: &[Arm]) -> Candidate<'_> {
        Candidate { slug: self.text(arms), is_served: self.is_served, is_spelling: self.is_spelling }
    }
}

impl Slugs {
    pub(super) fn new(registry: &Registry, policy: &Policy, key: &SlugKey) -> Self {
        let SlugKey { template, slug, is_held, is_served, ambient } = key;
        // Whatever else is edited, only secrets that the policy injects can be added.
        let ambient: Vec<&str> = ambient.iter().map(String::as_str).collect();
        let most = Credentials { injected: NameSubset::all(policy.injectable()), ambient: &ambient };
        let handle = registry.handle(template);
        let may_serve = |slug: &str| handle.is_some_and(|runtime| runtime.may_serve(slug, &most));

        let spellings = if *is_held { Spellings::new(registry, template, slug) } else { Spellings::default() };
        let known: HashSet<&str> = spellings.ids.iter().map(String::as_str).collect();
        let arms = arms(registry, template);
        let of = |(arm, model): (usize, usize)| {
            let id = &*arms[arm].models[model];
            Listed { arm, model, is_served: may_serve(id), is_spelling: known.contains(id) }
        };
        let first_of_each =
            || arms.iter().enumerate().filter(|(_, arm)| !arm.models.is_empty()).map(|(arm, _)| (arm, 0));
        let others = arms.iter().enumerate().flat_map(|(arm, known)| (1..known.models.len()).map(move |id| (arm, id)));
        let listed: Vec<Listed> = first_of_each().chain(others).take(limits::FIX_SLUGS).map(of).collect();
        let mut order: Vec<usize> = (0..listed.len()).collect();
        if !is_served {
            spelling::sort_by_similarity(&mut order, slug, |position| listed[position].text(arms));
        }
        Self {
            are_served: spellings.ids.iter().map(|spelling| may_serve(spelling)).collect(),
            firsts: first_of_each().count().min(limits::FIX_SLUGS),
            // A slug that the runtime serves needs no other spelling.
            combined: if *is_served { 0 } else { spellings.listed.min(limits::FIX_RESPELLINGS) },
            spellings,
            listed,
            order,
        }
    }

    /// The slugs to try as the only edit, in order.
    pub(super) fn single<'s>(&'s self, arms: &'s [Arm]) -> impl Iterator<Item = Candidate<'s>> {
        let listed = self.order.iter().map(|position| self.listed[*position]);
        self.first_spellings(self.spellings.ids.len()).chain(listed.map(|id| id.candidate(arms)))
    }

    /// The slugs to try together with other edits, in order.
    pub(super) fn combined<'s>(&'s self, arms: &'s [Arm]) -> impl Iterator<Item = Candidate<'s>> {
        let firsts = self.listed[..self.firsts].iter();
        self.first_spellings(self.combined).chain(firsts.map(|id| id.candidate(arms)))
    }

    fn first_spellings(&self, count: usize) -> impl Iterator<Item = Candidate<'_>> {
        let spellings = self.spellings.ids[..count].iter().zip(&self.are_served);
        spellings.map(|(slug, is_served)| Candidate { slug, is_served: *is_served, is_spelling: true })
    }

    /// Returns true for another spelling of the slug.
    pub(super) fn is_spelling(&self, slug: &str) -> bool {
        self.spellings.ids.iter().any(|spelling| spelling == slug)
    }
}

/// The arms of a runtime; none if the registry does not have it.
pub(super) fn arms<'r>(registry: &'r Registry, template: &str) -> &'r [Arm] {
    registry.runtime(template).map_or(&[], |runtime| &runtime.arms)
}
