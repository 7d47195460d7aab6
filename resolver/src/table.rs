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
    /// Hashes the bytes only. The terminator that `str` adds is needed only if a text is part of a
    /// longer key.
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
/// hits, which costs one comparison; otherwise the text is hashed.
#[derive(Clone)]
pub(crate) struct CachedIndex<V> {
    entries: Vec<(Box<str>, V)>,
    places: Table<usize>,
    /// For each [`fingerprint`], the position of the last text that has it.
    guesses: [u8; FINGERPRINTS],
}

const FINGERPRINTS: usize = 64;

/// A cheap hash of the length and the first byte; it differs for most short texts.
#[inline]
fn fingerprint(text: &str) -> usize {
    text.as_bytes().first().map_or(0, |first| text.len() * 7 + usize::from(*first)) % FINGERPRINTS
}

impl<V> CachedIndex<V> {
    /// Creates an empty index.
    pub(crate) fn new() -> Self {
        Self { entries: Vec::new(), places: Table::with_capacity(0), guesses: [0; FINGERPRINTS] }
    }

    /// Returns the value of a text.
    #[inline]
    pub(crate) fn get(&self, text: &str) -> Option<&V> {
        self.place(text).map(|place| &self.entries[place].1)
    }

    /// The texts in the index, in insertion order.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(text, _)| &**text)
    }

    #[inline]
    fn place(&self, text: &str) -> Option<usize> {
        let guess = usize::from(self.guesses[fingerprint(text)]);
        match self.entries.get(guess) {
            Some((known, _)) if **known == *text => Some(guess),
            _ => self.places.get(text).copied(),
        }
    }

    /// Returns a mutable reference to the value of a text; inserts the default value if the text is missing.
    pub(crate) fn get_or_default(&mut self, text: &str) -> &mut V
    where
        V: Default,
    {
        let place = self.place(text).unwrap_or_else(|| self.enter(text, V::default()));
        &mut self.entries[place].1
    }

    /// Inserts a text that is not in the index and returns its position.
    fn enter(&mut self, text: &str, value: V) -> usize {
        let place = self.entries.len();
        self.entries.push((text.into(), value));
        self.places.insert(text, place);
        // A position above 255 does not fit into the cache; the hash finds it.
        self.guesses[fingerprint(text)] = u8::try_from(place).unwrap_or_default();
        place
    }
}

impl<'t, V> FromIterator<(&'t str, V)> for CachedIndex<V> {
    /// Keeps the first value of a text that occurs twice.
    fn from_iter<I: IntoIterator<Item = (&'t str, V)>>(entries: I) -> Self {
        let mut index = Self::new();
        for (text, value) in entries {
            if index.get(text).is_none() {
                index.enter(text, value);
            }
        }
        index
    }
}
