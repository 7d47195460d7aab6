//! Maps with text keys: [`Table`] for any number of keys, [`CachedIndex`] for few keys that are
//! looked up often.

use std::hash::{Hash, Hasher};

use hashbrown::{Equivalent, HashMap};

/// A hash map with text keys. A lookup costs one hash and one comparison, whatever the size of the map.
#[derive(Clone)]
pub(crate) struct Table<V>(HashMap<Key, V>);

#[derive(Clone, PartialEq, Eq)]
struct Key(Box<str>);

/// A borrowed key for lookups.
#[derive(Clone, Copy)]
struct BorrowedKey<'a>(&'a str);

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        BorrowedKey(&self.0).hash(state);
    }
}

impl Hash for BorrowedKey<'_> {
    /// Hashes the bytes without the terminator that `str` adds. The terminator separates the parts
    /// of a longer key; this key has one part.
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(self.0.as_bytes());
    }
}

impl Equivalent<Key> for BorrowedKey<'_> {
    #[inline]
    fn equivalent(&self, key: &Key) -> bool {
        *self.0 == *key.0
    }
}

impl<V> Table<V> {
    /// Creates an empty table with room for `entries` entries.
    pub(crate) fn with_capacity(entries: usize) -> Self {
        Self(HashMap::with_capacity(entries))
    }

    /// Returns the value of a text.
    #[inline]
    pub(crate) fn get(&self, text: &str) -> Option<&V> {
        self.0.get(&BorrowedKey(text))
    }

    /// Returns a mutable reference to the value of a text.
    pub(crate) fn get_mut(&mut self, text: &str) -> Option<&mut V> {
        self.0.get_mut(&BorrowedKey(text))
    }

    /// Sets the value of a text and returns the previous value.
    pub(crate) fn insert(&mut self, text: &str, value: V) -> Option<V> {
        self.0.insert(Key(text.into()), value)
    }
}

/// A map for few texts that are looked up often, such as names of runtimes.
///
/// A lookup first checks a cache that is indexed by a cheap [`fingerprint`]. The cache usually
/// hits, and a hit costs one comparison; after a miss, the text is hashed.
#[derive(Clone)]
pub(crate) struct CachedIndex<V> {
    entries: Vec<(Box<str>, V)>,
    positions: Table<usize>,
    /// For each [`fingerprint`], the position of the last inserted text that has it, else 0.
    cache: [u8; FINGERPRINTS],
}

const FINGERPRINTS: usize = 64;

/// A cheap hash of the length and the first byte. Most short texts have different fingerprints.
#[inline]
fn fingerprint(text: &str) -> usize {
    text.as_bytes().first().map_or(0, |first| text.len() * 7 + usize::from(*first)) % FINGERPRINTS
}

impl<V> CachedIndex<V> {
    /// Creates an empty index.
    pub(crate) fn new() -> Self {
        Self { entries: Vec::new(), positions: Table::with_capacity(0), cache: [0; FINGERPRINTS] }
    }

    /// Returns the value of a text.
    #[inline(always)]
    pub(crate) fn get(&self, text: &str) -> Option<&V> {
        self.position(text).map(|position| &self.entries[position].1)
    }

    /// The texts in the index, in insertion order.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(text, _)| &**text)
    }

    #[inline(always)]
    fn position(&self, text: &str) -> Option<usize> {
        let guess = usize::from(self.cache[fingerprint(text)]);
        match self.entries.get(guess) {
            Some((known, _)) if **known == *text => Some(guess),
            _ => self.uncached_position(text),
        }
    }

    #[cold]
    fn uncached_position(&self, text: &str) -> Option<usize> {
        self.positions.get(text).copied()
    }

    /// Returns a mutable reference to the value of a text; inserts the default value if the text is missing.
    pub(crate) fn get_or_default(&mut self, text: &str) -> &mut V
    where
        V: Default,
    {
        let position = self.position(text).unwrap_or_else(|| self.push(text, V::default()));
        &mut self.entries[position].1
    }

    /// Inserts a text that is not in the index and returns its position.
    fn push(&mut self, text: &str, value: V) -> usize {
        let position = self.entries.len();
        self.entries.push((text.into(), value));
        self.positions.insert(text, position);
        // A position above 255 does not fit into the cache; `positions` has it.
        self.cache[fingerprint(text)] = u8::try_from(position).unwrap_or_default();
        position
    }
}

impl<'t, V> FromIterator<(&'t str, V)> for CachedIndex<V> {
    /// If a text occurs more than once, keeps its first value.
    fn from_iter<I: IntoIterator<Item = (&'t str, V)>>(entries: I) -> Self {
        let mut index = Self::new();
        for (text, value) in entries {
            if index.get(text).is_none() {
                index.push(text, value);
            }
        }
        index
    }
}
