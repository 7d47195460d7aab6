//! The credentials that a provider accepts: names, or groups of names that belong together.

use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use crate::names::NameSubset;

/// The field `auth_env` of a provider: a list of items, any one of which is enough.
///
/// An item is a name or a group of names that are needed together. An empty list means that
/// the provider needs no credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthEnv {
    /// Every name, once, in the order in which the items first mention it.
    names: Vec<String>,
    /// The names of each item: one bit for each position in `names`.
    items: Vec<u128>,
    /// Whether each item is a single name, as in most registries.
    is_simple: bool,
}

impl AuthEnv {
    /// An empty list, for a provider that needs no credential and for a missing provider.
    pub const NONE: &Self = &Self { names: Vec::new(), items: Vec::new(), is_simple: true };

    /// The credentials of a list of items, each with the names that it needs together.
    ///
    /// # Panics
    ///
    /// With more than [`NameSubset::CAPACITY`] names; a registry allows
    /// [fewer](crate::limits::AUTH_ENV).
    #[must_use]
    pub fn of_items(items: impl IntoIterator<Item = impl IntoIterator<Item = String>>) -> Self {
        let mut auth = Self::default();
        for item in items {
            let mut mask = 0_u128;
            for name in item {
                let position = auth.names.iter().position(|known| *known == name).unwrap_or_else(|| {
                    auth.names.push(name);
                    auth.names.len() - 1
                });
                assert!(position < NameSubset::CAPACITY, "a provider accepts more names than any reader allows");
                mask |= 1 << position;
            }
            auth.is_simple &= mask.count_ones() == 1;
            auth.items.push(mask);
        }
        auth
    }

    /// Every name, once, in the order in which the items first mention it.
    #[must_use]
    #[inline]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The items, each with its names.
    pub fn items(&self) -> impl ExactSizeIterator<Item = NameSubset<'_>> + Clone {
        self.items.iter().map(|item| NameSubset::at(&self.names, *item))
    }

    /// Whether no credential is needed.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The names of the first item, which the provider itself issues: one bit for each position in [`Self::names`].
    #[inline]
    pub(crate) fn own(&self) -> u128 {
        self.items.first().copied().unwrap_or_default()
    }

    /// The names that are present and belong to an item all of whose names are present.
    #[inline]
    pub(super) fn accepted(&self, is_present: impl Fn(&str) -> bool) -> NameSubset<'_> {
        let present = NameSubset::of(&self.names, is_present);
        if self.is_simple {
            return present;
        }
        let whole = self.items.iter().filter(|item| present.has_all(**item));
        NameSubset::at(&self.names, whole.fold(0, |accepted, item| accepted | item))
    }

    /// Whether all names of some item are present.
    #[inline]
    pub(super) fn is_met(&self, is_present: impl Fn(&str) -> bool) -> bool {
        if self.is_simple {
            return self.names.iter().any(|name| is_present(name));
        }
        let present = NameSubset::of(&self.names, is_present);
        self.items.iter().any(|item| present.has_all(*item))
    }
}

impl Default for AuthEnv {
    fn default() -> Self {
        Self::NONE.clone()
    }
}

impl From<Vec<String>> for AuthEnv {
    /// Each name is an item by itself.
    fn from(names: Vec<String>) -> Self {
        Self::of_items(names.into_iter().map(|name| [name]))
    }
}

impl std::fmt::Display for AuthEnv {
    /// The items in words: `A, or B and C`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let separator = if self.is_simple { ", " } else { ", or " };
        for (position, item) in self.items().enumerate() {
            f.write_str(if position == 0 { "" } else { separator })?;
            f.write_str(&item.join(" and "))?;
        }
        Ok(())
    }
}

impl Serialize for AuthEnv {
    /// As in the file: a name, or a list of names that belong together.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut items = serializer.serialize_seq(Some(self.items.len()))?;
        for item in self.items() {
            match item.iter().next() {
                Some(only) if item.len() == 1 => items.serialize_element(only)?,
                _ => items.serialize_element(&item)?,
            }
        }
        items.end()
    }
}
