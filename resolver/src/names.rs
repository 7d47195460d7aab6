//! Subsets of a list of names, stored without allocation.

use std::fmt;

use serde::{Serialize, Serializer};

/// A subset of a borrowed list of names, in the order of the list. Building one does not allocate.
///
/// A subset compares, prints and serialises as the list of its members.
#[derive(Clone, Copy, Default)]
pub struct NameSubset<'a> {
    list: &'a [String],
    /// One bit for each position in the list.
    members: u128,
}

impl<'a> NameSubset<'a> {
    /// The maximum length of the list.
    pub const CAPACITY: usize = u128::BITS as usize;

    /// The subset without members.
    pub const EMPTY: Self = Self { list: &[], members: 0 };

    /// Returns the names of the list for which `is_member` returns true.
    ///
    /// # Panics
    ///
    /// If the list is longer than [`NameSubset::CAPACITY`]. The lists of registries and
    /// policies are [shorter](crate::limits).
    #[must_use]
    #[inline]
    pub fn of(list: &'a [String], is_member: impl Fn(&str) -> bool) -> Self {
        let bit = |(index, name): (usize, &String)| u128::from(is_member(name)) << index;
        // The bits are distinct, so their sum is their union.
        Self::checked(list, list.iter().enumerate().map(bit).sum())
    }

    /// Returns all names of the list.
    ///
    /// # Panics
    ///
    /// If the list is longer than [`NameSubset::CAPACITY`].
    #[must_use]
    #[inline]
    pub fn all(list: &'a [String]) -> Self {
        Self::checked(list, if list.is_empty() { 0 } else { Self::ALL })
    }

    /// The members of a whole list: bits beyond its end have no meaning.
    const ALL: u128 = u128::MAX;

    /// The list, if every name is known to be a member.
    #[inline]
    pub(crate) fn as_whole(&self) -> Option<&'a [String]> {
        match self.members {
            Self::ALL => Some(self.list),
            0 => Some(&[]),
            _ => None,
        }
    }

    #[inline]
    fn checked(list: &'a [String], members: u128) -> Self {
        assert!(list.len() <= Self::CAPACITY, "a list of {} names is longer than any reader takes", list.len());
        Self { list, members }
    }

    /// Returns the names at the positions whose bits are set. The list must not exceed
    /// [`NameSubset::CAPACITY`], as no list of a registry or a policy does.
    #[inline]
    pub(crate) fn at(list: &'a [String], members: u128) -> Self {
        debug_assert!(list.len() <= Self::CAPACITY, "a list of {} names is longer than any reader takes", list.len());
        Self { list, members }
    }

    /// Whether each position whose bit is set is a member.
    #[inline]
    pub(crate) fn has_all(&self, positions: u128) -> bool {
        positions & !self.members == 0
    }

    /// Whether a position whose bit is set is a member.
    #[inline]
    pub(crate) fn has_any(&self, positions: u128) -> bool {
        positions & self.members != 0
    }

    /// The members, in the order of the list.
    pub fn iter(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let Self { list, mut members } = *self;
        std::iter::from_fn(move || {
            let index = members.trailing_zeros() as usize;
            // Clears the lowest set bit; `wrapping_sub` because the mask can be 0.
            members &= members.wrapping_sub(1);
            list.get(index).map(String::as_str)
        })
    }

    /// The number of members.
    #[must_use]
    pub fn len(&self) -> usize {
        if self.members == Self::ALL { self.list.len() } else { self.members.count_ones() as usize }
    }

    /// Returns true if the subset has no members.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.members == 0
    }

    /// Returns true if `name` is a member.
    #[must_use]
    #[inline]
    pub fn contains(&self, name: &str) -> bool {
        let mut open = self.members;
        while open != 0 {
            match self.list.get(open.trailing_zeros() as usize) {
                Some(member) if member == name => return true,
                Some(_) => open &= open - 1,
                None => return false,
            }
        }
        false
    }

    /// Concatenates the members with a separator between them.
    #[must_use]
    pub fn join(&self, separator: &str) -> String {
        let mut text = String::new();
        for (position, name) in self.iter().enumerate() {
            text.push_str(if position == 0 { "" } else { separator });
            text.push_str(name);
        }
        text
    }
}

impl PartialEq for NameSubset<'_> {
    fn eq(&self, other: &Self) -> bool {
        let same_list = std::ptr::eq(self.list, other.list);
        (same_list && self.members == other.members) || self.iter().eq(other.iter())
    }
}

impl Eq for NameSubset<'_> {}

impl fmt::Debug for NameSubset<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Serialize for NameSubset<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}
