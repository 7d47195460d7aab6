//! Maps from whole texts: one for any number of them, one for the few that come again and again.

use std::hash::{Hash, Hasher};

use hashbrown::{Equivalent, HashMap};

/// A map from texts. A lookup costs one hash and one comparison, whatever its size.
#[derive(Clone)]
pub(crate) struct Table<V>(HashMap<Key, V>);

#[derive(Clone, PartialEq, Eq)]
struct Key(Box<str>);

/// A key while it is looked up.
#[derive(Clone, Copy)]
struct BorrowedKey<'a>(&'a str);

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        BorrowedKey(&self.0).hash(state);
    }
}

impl Hash for BorrowedKey<'_> {
    /// Without the mark that ends a text inside a longer key: here each is a key by itself.
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
    /// An empty table with room for some entries.
    pub(crate) fn with_capacity(entries: usize) -> Self {
        Self(HashMap::with_capacity(entries))
    }

    /// The value of a text.
    #[inline]
    pub(crate) fn get(&self, text: &str) -> Option<&V> {
        self.0.get(&BorrowedKey(text))
    }

    /// The value of a text, to be changed.
    pub(crate) fn get_mut(&mut self, text: &str) -> Option<&mut V> {
        self.0.get_mut(&BorrowedKey(text))
    }

    /// Gives a text a value; the one that it had.
    pub(crate) fn insert(&mut self, text: &str, value: V) -> Option<V> {
        self.0.insert(Key(text.into()), value)
    }
}

/// A map from texts of which few are looked up again and again, such as names of runtimes.
/// A guess comes before the hash: most often it is right, and then one comparison is all.
#[derive(Clone)]
pub(crate) struct CachedIndex<V> {
    entries: Vec<(Box<str>, V)>,
    places: Table<usize>,
    /// For each [`fingerprint`] the place of the last text that has it.
    guesses: [u8; FINGERPRINTS],
}

const FINGERPRINTS: usize = 64;

/// What tells most short texts apart: the length and the first byte.
#[inline]
fn fingerprint(text: &str) -> usize {
    text.as_bytes().first().map_or(0, |first| text.len() * 7 + usize::from(*first)) % FINGERPRINTS
}

impl<V> CachedIndex<V> {
    /// An empty directory.
    pub(crate) fn new() -> Self {
        Self { entries: Vec::new(), places: Table::with_capacity(0), guesses: [0; FINGERPRINTS] }
    }

    /// The value of a text.
    #[inline]
    pub(crate) fn get(&self, text: &str) -> Option<&V> {
        self.place(text).map(|place| &self.entries[place].1)
    }

    /// The texts that have a value, in the order in which they got one.
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

    /// The value of a text, to be changed; the default value is entered where there is none.
    pub(crate) fn get_or_default(&mut self, text: &str) -> &mut V
    where
        V: Default,
    {
        let place = self.place(text).unwrap_or_else(|| self.enter(text, V::default()));
        &mut self.entries[place].1
    }

    /// Gives a value to a text that has none; its place.
    fn enter(&mut self, text: &str, value: V) -> usize {
        let place = self.entries.len();
        self.entries.push((text.into(), value));
        self.places.insert(text, place);
        // What has no place in a byte is found by its hash.
        self.guesses[fingerprint(text)] = u8::try_from(place).unwrap_or_default();
        place
    }
}

impl<'t, V> FromIterator<(&'t str, V)> for CachedIndex<V> {
    /// The first of two values of one text counts.
    fn from_iter<I: IntoIterator<Item = (&'t str, V)>>(entries: I) -> Self {
        let mut directory = Self::new();
        for (text, value) in entries {
            if directory.get(text).is_none() {
                directory.enter(text, value);
            }
        }
        directory
    }
}
