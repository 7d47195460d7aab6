//! Maps from whole texts: one for any number of them, one for a number that is usually small.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::hash::{Hash, Hasher};

use hashbrown::{Equivalent, HashMap};

/// A map from texts. A lookup costs one hash and one comparison, whatever its size.
#[derive(Clone)]
pub(crate) struct Table<V>(HashMap<Key, V>);

#[derive(Clone, PartialEq, Eq)]
struct Key(Box<str>);

/// A key while it is looked up.
#[derive(Clone, Copy)]
struct Sought<'a>(&'a str);

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Sought(&self.0).hash(state);
    }
}

impl Hash for Sought<'_> {
    /// Without the mark that ends a text inside a longer key: here each is a key by itself.
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(self.0.as_bytes());
    }
}

impl Equivalent<Key> for Sought<'_> {
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
        self.0.get(&Sought(text))
    }

    /// The value of a text, to be changed.
    pub(crate) fn get_mut(&mut self, text: &str) -> Option<&mut V> {
        self.0.get_mut(&Sought(text))
    }

    /// Gives a text a value; the one that it had.
    pub(crate) fn insert(&mut self, text: &str, value: V) -> Option<V> {
        self.0.insert(Key(text.into()), value)
    }
}

/// A map from texts that are usually few. Among a few, a look at their lengths and one
/// comparison are faster than a hash.
#[derive(Clone)]
pub(crate) struct Directory<V> {
    /// All entries, as long as they are at most [`FEW`].
    few: Vec<(Box<str>, V)>,
    /// All entries, once they are more.
    many: Table<V>,
}

/// Up to this many, looking at each is the faster way.
const FEW: usize = 8;

impl<V> Directory<V> {
    /// An empty directory.
    pub(crate) fn new() -> Self {
        Self { few: Vec::new(), many: Table::with_capacity(0) }
    }

    /// The value of a text.
    #[inline]
    pub(crate) fn get(&self, text: &str) -> Option<&V> {
        match self.few.iter().find(|(key, _)| **key == *text) {
            Some((_, value)) => Some(value),
            None if self.many.0.is_empty() => None,
            None => self.many.get(text),
        }
    }

    /// The value of a text, to be changed; the default value is entered where there is none.
    pub(crate) fn get_or_default(&mut self, text: &str) -> &mut V
    where
        V: Default,
    {
        if self.get(text).is_none() {
            self.enter(text, V::default());
        }
        let few = self.few.iter_mut().find(|(key, _)| **key == *text).map(|(_, value)| value);
        few.or_else(|| self.many.get_mut(text)).expect("it is there, or has just been entered")
    }

    /// Gives a value to a text that has none.
    fn enter(&mut self, text: &str, value: V) {
        if self.many.0.is_empty() && self.few.len() < FEW {
            self.few.push((text.into(), value));
            return;
        }
        for (text, value) in self.few.drain(..) {
            self.many.insert(&text, value);
        }
        self.many.insert(text, value);
    }
}

impl<'t, V> FromIterator<(&'t str, V)> for Directory<V> {
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

impl<V> fmt::Debug for Table<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Table({} entries)", self.0.len())
    }
}

impl<V> fmt::Debug for Directory<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Directory({} entries)", self.few.len() + self.many.0.len())
    }
}
