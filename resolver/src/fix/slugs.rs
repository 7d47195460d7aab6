//! The slugs that a search for fixes tries instead of one slug.

use std::sync::Arc;

use super::spelling;
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
    /// Other spellings of the slug, most likely first.
    pub(super) spellings: Vec<String>,
    /// For each spelling, whether the runtime may serve it.
    are_served: Vec<bool>,
    /// The first id of each arm, then the others.
    listed: Vec<Listed>,
    /// The number of first ids in `listed`.
    firsts: usize,
    /// The positions in `listed` in the order in which they are tried as the only edit.
    order: Vec<usize>,
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
}

impl Listed {
    fn text(self, arms: &[Arm]) -> &str {
        &arms[self.arm].models[self.model]
    }
}

impl Slugs {
    pub(super) fn new(registry: &Registry, policy: &Policy, key: &SlugKey) -> Self {
        let SlugKey { template, slug, is_held, is_served, ambient } = key;
        // Whatever else is edited, only secrets that the policy injects can be added.
        let most = Credentials { injected: NameSubset::all(policy.injectable()), ambient };
        let handle = registry.handle(template);
        let may_serve = |slug: &str| handle.is_some_and(|runtime| runtime.may_serve(slug, &most));

        let spellings = if *is_held { spelling::other_spellings(registry, template, slug) } else { Vec::new() };
        let arms = arms(registry, template);
        let of = |(arm, model): (usize, usize)| Listed { arm, model, is_served: may_serve(&arms[arm].models[model]) };
        let first_of_each =
            || arms.iter().enumerate().filter(|(_, arm)| !arm.models.is_empty()).map(|(arm, _)| (arm, 0));
        let others = arms.iter().enumerate().flat_map(|(arm, known)| (1..known.models.len()).map(move |id| (arm, id)));
        let listed: Vec<Listed> = first_of_each().chain(others).take(limits::FIX_SLUGS).map(of).collect();
        let mut order: Vec<usize> = (0..listed.len()).collect();
        if !is_served {
            spelling::sort_by_similarity(&mut order, slug, |position| listed[position].text(arms));
        }
        Self {
            are_served: spellings.iter().map(|spelling| may_serve(spelling)).collect(),
            spellings,
            firsts: first_of_each().count().min(limits::FIX_SLUGS),
            listed,
            order,
        }
    }

    /// The slugs to try as the only edit, in order, each with `false` if no credentials that the policy can
    /// inject make the runtime serve it.
    pub(super) fn single<'s>(&'s self, arms: &'s [Arm]) -> impl Iterator<Item = (&'s str, bool)> {
        let spellings = self.spellings.iter().map(String::as_str).zip(self.are_served.iter().copied());
        let listed = self.order.iter().map(|position| self.listed[*position]);
        spellings.chain(listed.map(|id| (id.text(arms), id.is_served)))
    }

    /// The slugs to try together with other edits, like [`Slugs::single`].
    pub(super) fn combined<'s>(&'s self, arms: &'s [Arm]) -> impl Iterator<Item = (&'s str, bool)> {
        self.listed[..self.firsts].iter().map(|id| (id.text(arms), id.is_served))
    }
}

/// The arms of a runtime; none if the registry does not have it.
pub(super) fn arms<'r>(registry: &'r Registry, template: &str) -> &'r [Arm] {
    registry.runtime(template).map_or(&[], |runtime| &runtime.arms)
}
