//! Arrays of bash: their elements, and the join of two arrays.

use std::collections::BTreeMap;

use slug_value::{AbstractValue, TEXT_BYTES, Text};

/// The reason for an unknown argument with an unquoted value.
pub(super) const SPLIT: &str = "a shell splits a value into words";

/// Maximum number of elements; the elements of a larger array are not known.
const MAX_ELEMENTS: usize = 256;

/// Maximum total length in bytes of the possible texts of the elements.
const MAX_BYTES: usize = TEXT_BYTES / 4;

/// The elements that an array can have.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Array {
    /// An indexed array with these elements.
    Indexed(BTreeMap<i64, Text>),
    /// An associative array with these elements, whose order is not known.
    Associative(BTreeMap<String, Text>),
    /// An indexed array with any elements, or a variable without elements.
    Unknown,
}

// A text equals itself.
impl Eq for Array {}

impl Array {
    /// An indexed array with these elements from index 0.
    pub fn of(elements: impl IntoIterator<Item = Text>) -> Self {
        Self::Indexed((0..).zip(elements).collect())
    }

    /// Whether the array is small enough to keep its elements.
    pub fn is_small(&self) -> bool {
        let size = |text: &Text| match &text.values {
            AbstractValue::OneOf(texts) => texts.iter().map(String::len).sum(),
            _ => 0,
        };
        self.len() <= MAX_ELEMENTS && self.values().map(size).sum::<usize>() <= MAX_BYTES
    }

    /// The number of known elements.
    pub fn len(&self) -> usize {
        match self {
            Self::Indexed(elements) => elements.len(),
            Self::Associative(elements) => elements.len(),
            Self::Unknown => 0,
        }
    }

    fn values(&self) -> impl Iterator<Item = &Text> {
        let (indexed, associative) = match self {
            Self::Indexed(elements) => (Some(elements.values()), None),
            Self::Associative(elements) => (None, Some(elements.values())),
            Self::Unknown => (None, None),
        };
        indexed.into_iter().flatten().chain(associative.into_iter().flatten())
    }

    /// The texts of all elements, in order, if they are known.
    pub fn texts(&self) -> Option<Vec<Text>> {
        match self {
            Self::Indexed(elements) => Some(elements.values().cloned().collect()),
            Self::Associative(elements) => Some(in_any_order(elements.values().cloned().collect())),
            Self::Unknown => None,
        }
    }

    /// The texts of all indices or keys, in order, if they are known.
    pub fn keys(&self) -> Option<Vec<Text>> {
        match self {
            Self::Indexed(elements) => Some(elements.keys().map(|index| Text::known(index.to_string())).collect()),
            Self::Associative(elements) => Some(in_any_order(elements.keys().cloned().map(Text::known).collect())),
            Self::Unknown => None,
        }
    }

    /// The value of the name without a subscript: the element 0.
    pub fn first(&self) -> Text {
        let first = match self {
            Self::Indexed(elements) => elements.get(&0),
            Self::Associative(elements) => elements.get("0"),
            Self::Unknown => return Text::unknown(UNKNOWN_ELEMENTS),
        };
        first.cloned().unwrap_or_else(Text::empty)
    }

    /// The array with another element 0.
    pub fn with_first(mut self, text: Text) -> Self {
        match &mut self {
            Self::Indexed(elements) => drop(elements.insert(0, text)),
            Self::Associative(elements) => drop(elements.insert("0".to_owned(), text)),
            Self::Unknown => {}
        }
        self
    }

    /// The index that an index means; a negative one counts from the end. `None` if it is an error.
    pub fn index(&self, index: i64) -> Option<i64> {
        let Self::Indexed(elements) = self else { return None };
        let end = elements.last_key_value().map_or(Some(0), |(last, _)| last.checked_add(1));
        if index < 0 { end?.checked_add(index).filter(|index| *index >= 0) } else { Some(index) }
    }

    /// The join of two arrays, which keeps the elements of arrays with the same indices or keys; `None` if the result
    /// may be an associative array with other elements.
    pub fn or(&self, other: &Self, reason: &str) -> Option<Self> {
        match (self, other) {
            (one, other) if one == other => Some(one.clone()),
            (Self::Indexed(one), Self::Indexed(other)) if one.keys().eq(other.keys()) => {
                Some(Self::Indexed(joined(one, other, reason)))
            }
            (Self::Associative(one), Self::Associative(other)) if one.keys().eq(other.keys()) => {
                Some(Self::Associative(joined(one, other, reason)))
            }
            (Self::Associative(_), _) | (_, Self::Associative(_)) => None,
            _ => Some(Self::Unknown),
        }
    }
}

/// Why the elements of an array are unknown.
pub(super) const UNKNOWN_ELEMENTS: &str = "the elements of an array are not known";

/// Whether a text may be several words or none, because it has an array with unknown elements.
pub(super) fn may_be_list(text: &Text) -> bool {
    !matches!(text.values, AbstractValue::OneOf(_)) && text.reasons.contains(UNKNOWN_ELEMENTS)
}

/// The arguments, if their number is certain.
pub(super) fn countable(arguments: Vec<Text>) -> Option<Vec<Text>> {
    let may_be_several = |text: &Text| may_be_list(text) || text.reasons.contains(SPLIT);
    Some(arguments).filter(|arguments| !arguments.iter().any(may_be_several))
}

fn joined<K: Clone + Ord>(one: &BTreeMap<K, Text>, other: &BTreeMap<K, Text>, reason: &str) -> BTreeMap<K, Text> {
    let both = one.iter().zip(other.values());
    both.map(|((key, one), other)| (key.clone(), one.clone().or(other.clone()).with_reason(reason))).collect()
}

/// As many texts as before, each of which can be any of them.
fn in_any_order(texts: Vec<Text>) -> Vec<Text> {
    let count = texts.len();
    let any = texts.into_iter().reduce(|one, other| one.or(other).with_reason("the order of an array is not known"));
    any.map_or_else(Vec::new, |any| vec![any; count])
}
