//! Sets of groups over all axes of a table.

/// A set of groups, each with a number below [`Mask::MOST`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Mask([u64; 4]);

impl Mask {
    /// The most groups of all axes together.
    pub(super) const MOST: usize = 256;

    pub(super) fn insert(&mut self, group: usize) {
        self.0[group / 64] |= 1 << (group % 64);
    }

    pub(super) fn remove(&mut self, group: usize) {
        self.0[group / 64] &= !(1 << (group % 64));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0 == [0; 4]
    }

    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub(super) fn is_subset(&self, other: &Self) -> bool {
        self.without(other).is_empty()
    }

    pub(super) fn and(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|word| self.0[word] & other.0[word]))
    }

    pub(super) fn or(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|word| self.0[word] | other.0[word]))
    }

    pub(super) fn without(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|word| self.0[word] & !other.0[word]))
    }

    pub(super) fn iter(self) -> impl Iterator<Item = usize> {
        let Self(mut words) = self;
        let mut word = 0;
        std::iter::from_fn(move || {
            while *words.get(word)? == 0 {
                word += 1;
            }
            let bit = words[word].trailing_zeros() as usize;
            // Removes the lowest bit.
            words[word] &= words[word] - 1;
            Some(word * 64 + bit)
        })
    }
}

impl FromIterator<usize> for Mask {
    fn from_iter<I: IntoIterator<Item = usize>>(groups: I) -> Self {
        let mut mask = Self::default();
        groups.into_iter().for_each(|group| mask.insert(group));
        mask
    }
}
