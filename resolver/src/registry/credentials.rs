//! The credentials that a provider is chosen by and judged by.

use super::provider::Provider;
use crate::names::NameSubset;

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
    /// When there are any, and a provider that is in no registry names more than [`NameSubset::CAPACITY`].
    #[must_use]
    #[inline]
    pub fn accepted_by<'p>(&self, provider: &'p Provider) -> NameSubset<'p> {
        if self.are_none() {
            NameSubset::default()
        } else {
            NameSubset::of(&provider.auth_env, |name| self.contain(name))
        }
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
