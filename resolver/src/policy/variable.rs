//! The variables that a policy reads, and the classes of their values.

use std::fmt;

use serde::Serialize;

use super::condition::{Test, host_of};
use crate::table::Table;

/// A variable that a policy reads: its position among the variables of the policy.
///
/// A rule compares or uses the values of text variables, so the resolver keeps them. It reduces a
/// key variable to set or unset. See [`Policy::is_key`](super::Policy::is_key).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Variable(pub(super) u8);

impl Variable {
    pub(crate) fn at(position: usize) -> Self {
        Self(u8::try_from(position).expect("the limits on variables are far below 256"))
    }

    /// Its position among the variables of its policy.
    #[inline]
    pub(crate) fn position(self) -> usize {
        usize::from(self.0)
    }
}

/// Who pays according to the policy, regardless of the slug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "the platform pays, or the tenant does")]
pub enum BillingPath {
    /// The platform pays, and no tenant key is injected.
    Platform,
    /// The tenant pays with its own key (bring your own key).
    Byok,
}

impl BillingPath {
    /// Both paths.
    pub const ALL: [Self; 2] = [Self::Platform, Self::Byok];

    /// The name in machine-readable output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Byok => "byok",
        }
    }
}

/// Writes the name in machine-readable output.
impl fmt::Display for BillingPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The variables of a policy by position: the text variables that decide something, the key
/// variables, then the text variables that only rules for the runtime read.
#[derive(Clone)]
pub(crate) struct Variables {
    names: Vec<String>,
    positions: Table<Variable>,
    /// The number of text variables before the keys.
    texts: usize,
    keys: usize,
    /// The classes of each text variable.
    classes: Vec<Classes>,
    /// The default of each text variable.
    defaults: Vec<Option<String>>,
    /// The class of each text variable that is unset, and so has its default.
    default_classes: Vec<ValueClass>,
    /// The variables that count as set if they are empty: one bit for each position.
    empty_is_set: u128,
}

impl Variables {
    /// Numbers the variables, without tests and defaults. The names must be distinct.
    pub(super) fn new(texts: Vec<String>, keys: Vec<String>, runtime: Vec<String>) -> Self {
        let (text_count, key_count) = (texts.len(), keys.len());
        let count = text_count + runtime.len();
        let names: Vec<String> = texts.into_iter().chain(keys).chain(runtime).collect();
        let mut positions = Table::with_capacity(names.len());
        for (position, name) in names.iter().enumerate() {
            positions.insert(name, Variable::at(position));
        }
        Self {
            names,
            positions,
            texts: text_count,
            keys: key_count,
            classes: vec![Classes::default(); count],
            defaults: vec![None; count],
            default_classes: vec![UNSET; count],
            empty_is_set: 0,
        }
    }

    /// Adds the classes that a test distinguishes.
    pub(super) fn add_test(&mut self, name: &str, test: &Test) {
        if let Some(text) = self.text_index(self.named(name)) {
            self.classes[usize::from(text)].add(test);
        }
    }

    /// Makes a variable count as set even if it is empty.
    pub(super) fn add_empty_is_set(&mut self, variable: Variable) {
        self.empty_is_set |= 1 << variable.position();
        if let Some(text) = self.text_index(variable) {
            self.classes[usize::from(text)].add_text("");
        }
    }

    /// Sets the default of a text variable. Every test must have been added.
    pub(super) fn set_default(&mut self, text: u8, default: String) {
        let text = usize::from(text);
        self.default_classes[text] = self.classes[text].class_of(&default);
        self.defaults[text] = Some(default);
    }

    /// The variable with this name, if the policy reads it.
    #[inline]
    pub(crate) fn get(&self, name: &str) -> Option<Variable> {
        self.positions.get(name).copied()
    }

    /// The variable with this name, which a rule of the policy reads.
    pub(super) fn named(&self, name: &str) -> Variable {
        self.get(name).expect("every variable of a rule is numbered")
    }

    #[inline]
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The number of variables that decide something.
    pub(crate) fn deciding(&self) -> usize {
        self.texts + self.keys
    }

    /// The number of text variables.
    pub(crate) fn text_count(&self) -> usize {
        self.classes.len()
    }

    /// The index among the text variables; `None` for a key variable.
    #[inline]
    pub(crate) fn text_index(&self, variable: Variable) -> Option<u8> {
        let position = variable.position();
        if position < self.texts {
            Some(variable.0)
        } else if position < self.texts + self.keys {
            None
        } else {
            Some(u8::try_from(position - self.keys).expect("below a position"))
        }
    }

    /// The bit of a key variable among the keys.
    #[inline]
    pub(crate) fn key_bit(&self, variable: Variable) -> u64 {
        1 << (variable.position() - self.texts)
    }

    /// The bit of a text variable among all positions.
    #[inline]
    pub(crate) fn text_bit(&self, text: u8) -> u128 {
        let text = usize::from(text);
        1 << if text < self.texts { text } else { text + self.keys }
    }

    /// The keys among some positions, one bit for each key.
    #[inline]
    pub(crate) fn keys_in(&self, positions: u128) -> u64 {
        // Bits of later positions do not match any key.
        (positions >> self.texts) as u64
    }

    #[inline]
    pub(crate) fn default_of(&self, text: u8) -> Option<&str> {
        self.defaults[usize::from(text)].as_deref()
    }

    /// The class of a text variable that is unset.
    #[inline]
    pub(crate) fn default_class(&self, text: u8) -> ValueClass {
        self.default_classes[usize::from(text)]
    }

    /// The class of a value of a text variable.
    #[inline]
    pub(crate) fn class_of(&self, text: u8, value: &str) -> ValueClass {
        self.classes[usize::from(text)].class_of(value)
    }

    pub(super) fn classes(&self, text: u8) -> &Classes {
        &self.classes[usize::from(text)]
    }

    /// Returns true if the variable counts as set if it is empty.
    #[inline]
    pub(crate) fn is_set_if_empty(&self, variable: Variable) -> bool {
        self.empty_is_set >> variable.position() & 1 == 1
    }
}

/// The number of a class of values: no rule of a policy distinguishes two values of one class.
pub(crate) type ValueClass = u16;

/// The class of an unset variable without a default.
pub(crate) const UNSET: ValueClass = 0;
/// The class of every value that no test names.
pub(crate) const OTHER: ValueClass = 1;
/// The number of the first class that a test names.
const FIRST_NAMED: ValueClass = 2;

/// The classes of the values of one text variable: unset, one class for each text that a test
/// names, one for the other URLs of each host, and any other value.
#[derive(Clone, Default)]
pub(super) struct Classes {
    texts: Vec<Box<str>>,
    /// The position in `texts`, for variables with many texts.
    positions: Option<Table<ValueClass>>,
    /// The hosts in lower case.
    hosts: Vec<Box<str>>,
}

/// Up to this number of texts, a scan is faster than a hash table.
const SCANNED: usize = 8;

impl Classes {
    /// Adds the texts that a test names.
    pub(super) fn add(&mut self, test: &Test) {
        match test {
            Test::Set | Test::Unset => {}
            Test::Value(membership) => membership.texts().iter().for_each(|text| self.add_text(text)),
            Test::Host(host) => {
                let host = host.to_ascii_lowercase();
                if !self.hosts.iter().any(|known| **known == *host) {
                    self.hosts.push(host.into());
                }
            }
        }
    }

    /// Makes a text a class of its own.
    pub(super) fn add_text(&mut self, text: &str) {
        if self.text_class(text).is_some() {
            return;
        }
        self.texts.push(text.into());
        if self.texts.len() > SCANNED {
            let positions = self.positions.get_or_insert_with(|| Table::with_capacity(0));
            let first_new = if self.texts.len() == SCANNED + 1 { 0 } else { self.texts.len() - 1 };
            for (index, text) in self.texts.iter().enumerate().skip(first_new) {
                positions.insert(text, class(index));
            }
        }
    }

    /// The number of classes.
    pub(super) fn len(&self) -> usize {
        usize::from(FIRST_NAMED) + self.texts.len() + self.hosts.len()
    }

    #[inline]
    fn text_class(&self, text: &str) -> Option<ValueClass> {
        match &self.positions {
            Some(positions) => positions.get(text).copied(),
            None => self.texts.iter().position(|known| **known == *text).map(class),
        }
    }

    fn host_class(&self, value: &str) -> Option<ValueClass> {
        if self.hosts.is_empty() {
            return None;
        }
        let host = host_of(value)?;
        self.hosts
            .iter()
            .position(|known| known.eq_ignore_ascii_case(host))
            .map(|index| class(self.texts.len() + index))
    }

    /// The class of a value.
    #[inline]
    pub(super) fn class_of(&self, value: &str) -> ValueClass {
        self.text_class(value).or_else(|| self.host_class(value)).unwrap_or(OTHER)
    }

    /// The texts that tests name, in the order of the policy.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(|text| &**text)
    }

    /// The hosts that tests name, in lower case.
    pub(super) fn hosts(&self) -> impl Iterator<Item = &str> {
        self.hosts.iter().map(|host| &**host)
    }

    /// The classes for which a test holds.
    pub(super) fn holding(&self, test: &Test) -> ClassSet {
        let mut set = ClassSet(vec![0; self.len().div_ceil(64)].into());
        for class in 0..self.len() {
            let named = class.checked_sub(usize::from(FIRST_NAMED));
            let text = named.and_then(|named| self.texts.get(named)).map(|text| &**text);
            let host = match (text, named) {
                (Some(text), _) => host_of(text),
                (None, Some(named)) => self.hosts.get(named - self.texts.len()).map(|host| &**host),
                (None, None) => None,
            };
            let holds = match test {
                Test::Set => class != usize::from(UNSET),
                Test::Unset => class == usize::from(UNSET),
                Test::Value(membership) => match text {
                    Some(text) => membership.contains(text),
                    None => matches!(membership, super::condition::Membership::NoneOf(_)),
                },
                Test::Host(expected) => host.is_some_and(|host| host.eq_ignore_ascii_case(expected)),
            };
            set.0[class / 64] |= u64::from(holds) << (class % 64);
        }
        set
    }
}

/// The class of the named text or host with this index.
fn class(index: usize) -> ValueClass {
    ValueClass::try_from(index + usize::from(FIRST_NAMED)).expect("the limit on values in a policy is far below 65,536")
}

/// A set of classes of one variable.
#[derive(Clone)]
pub(super) struct ClassSet(Box<[u64]>);

impl ClassSet {
    #[inline]
    pub(super) fn contains(&self, class: ValueClass) -> bool {
        self.0[usize::from(class) / 64] >> (class % 64) & 1 == 1
    }
}
