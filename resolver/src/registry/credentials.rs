//! The credentials that select and verify a provider.

use super::provider::Provider;
use crate::names::NameSubset;

/// The names of the credentials that are available when a provider is derived and evaluated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "callers construct one for each query")]
pub struct Credentials<'a> {
    /// The secrets that the workspace receives.
    pub injected: NameSubset<'a>,
    /// Credentials that are available in addition, at organisation scope.
    ///
    /// The type is `&[&str]` here and in [`resolve`](crate::resolve()), not `&[impl AsRef<str>]`: most callers have no
    /// such credentials, and an empty list `&[]` would need a type annotation. To pass a `Vec<String>`, collect
    /// `names.iter().map(String::as_str)`.
    pub ambient: &'a [&'a str],
}

impl Credentials<'_> {
    /// Returns true if a credential has this name.
    #[inline]
    pub(crate) fn contain(&self, name: &str) -> bool {
        self.injected.contains(name) || is_in(self.ambient, name)
    }

    /// Returns true if the credentials contain all names of an item of the provider's `auth_env`, or
    /// if the provider needs no credential.
    #[must_use]
    #[inline]
    pub fn meet(&self, provider: &Provider) -> bool {
        provider.is_keyless()
            || match self.injected.as_whole() {
                Some([]) if self.ambient.is_empty() => false,
                Some(injected) => provider.auth_env.is_met(|name| is_in(injected, name) || is_in(self.ambient, name)),
                None => provider.auth_env.is_met(|name| self.contain(name)),
            }
    }

    /// The credentials that a provider accepts, in the order of [`Provider::auth_env`].
    #[must_use]
    #[inline]
    pub fn accepted_by<'p>(&self, provider: &'p Provider) -> NameSubset<'p> {
        match self.injected.as_whole() {
            Some([]) if self.ambient.is_empty() => NameSubset::EMPTY,
            Some(injected) => provider.auth_env.accepted(|name| is_in(injected, name) || is_in(self.ambient, name)),
            None => provider.auth_env.accepted(|name| self.contain(name)),
        }
    }
}

#[inline]
fn is_in(list: &[impl AsRef<str>], name: &str) -> bool {
    list.iter().any(|present| present.as_ref() == name)
}
