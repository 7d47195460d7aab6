//! Conditions of rules: what the runtime and the variables must be for a rule to apply.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::field::variable_name;
use super::format::{COMPLEMENT, HOST, RUNTIME, SET, UNSET};
use crate::yaml::{Cursor, FieldPath, ReadError, UnknownFields, ValidationError};

/// A condition: it holds if all its entries hold. The empty condition always holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "field for field the YAML of the format")]
pub struct Condition {
    /// The runtimes for which the condition can hold; `None` for every runtime.
    pub runtime: Option<Membership>,
    /// The tests of variables, in the order written. Each variable has one test.
    pub variables: Vec<(String, Test)>,
}

/// The test of one variable.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the policy format defines the tests")]
pub enum Test {
    /// The variable has a value, or a default.
    Set,
    /// The variable has neither a value nor a default.
    Unset,
    /// The value is in a set of texts; an unset variable has no value.
    Value(Membership),
    /// The value is a URL with this host, compared without regard to case.
    Host(String),
}

/// A set of texts, given by its members or by the texts that are not members.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a set or its complement")]
pub enum Membership {
    /// Any of these texts.
    OneOf(Vec<String>),
    /// Anything except these texts. An unset variable is a member.
    NoneOf(Vec<String>),
}

impl Membership {
    /// The texts that the test names.
    #[must_use]
    pub fn texts(&self) -> &[String] {
        match self {
            Self::OneOf(texts) | Self::NoneOf(texts) => texts,
        }
    }

    /// Returns true if a text is a member.
    #[must_use]
    pub fn contains(&self, text: &str) -> bool {
        self.texts().iter().any(|known| known == text) == matches!(self, Self::OneOf(_))
    }

    /// Decodes a text, a list of texts, or `{not: …}`.
    ///
    /// # Errors
    ///
    /// The value is none of these.
    pub fn decode(at: &Cursor<'_>) -> Result<Self, ReadError> {
        let some = |at: &Cursor<'_>| match at.strings()? {
            texts if texts.is_empty() => Err(at.error("the list is empty; name at least one")),
            texts => Ok(texts),
        };
        if at.is_list() {
            return some(at).map(Self::OneOf);
        }
        match at.string() {
            Ok(text) => Ok(Self::OneOf(vec![text.to_owned()])),
            // A mapping, or an error that names the types which are allowed here.
            Err(error) if at.entries().is_err() => Err(error),
            Err(_) => {
                let not = at.fields_of(&COMPLEMENT, UnknownFields::Deny)?.required("not")?;
                let texts = if not.is_list() { some(&not)? } else { vec![not.string()?.to_owned()] };
                Ok(Self::NoneOf(texts))
            }
        }
    }

    fn check(&self, path: &FieldPath, may_be_empty: bool) -> Result<(), ValidationError> {
        let (texts, path) = match self {
            Self::OneOf(texts) => (texts, path.clone()),
            Self::NoneOf(texts) => (texts, path.clone().key("not")),
        };
        if texts.is_empty() {
            return Err(ValidationError::at(path, "the list is empty; name at least one"));
        }
        if texts.iter().any(String::is_empty) && !may_be_empty {
            return Err(ValidationError::at(
                path,
                "an empty variable counts as unset, so no value is the empty text; write `set` or `unset`",
            ));
        }
        Ok(())
    }
}

impl Test {
    /// Decodes `set`, `unset`, a text, a list of texts, `{not: …}` or `{host: …}`.
    ///
    /// # Errors
    ///
    /// The value is none of these.
    pub fn decode(at: &Cursor<'_>) -> Result<Self, ReadError> {
        match at.string() {
            Ok(SET) => return Ok(Self::Set),
            Ok(UNSET) => return Ok(Self::Unset),
            _ => {}
        }
        match at.entries() {
            Ok(entries) if entries.iter().any(|entry| entry.name == "host") => {
                let host = at.fields_of(&HOST, UnknownFields::Deny)?.required("host")?;
                if is_host_name(host.string()?) {
                    Ok(Self::Host(host.string()?.to_owned()))
                } else {
                    Err(host.error(NOT_A_HOST))
                }
            }
            Ok(entries) if entries.iter().all(|entry| entry.name != "not") => {
                Err(at.error("unknown test; write `set`, `unset`, a text, a list of texts, `{not: …}` or `{host: …}`"))
            }
            _ => Membership::decode(at).map(Self::Value),
        }
    }

    /// Returns true if the test holds for a value, or for an unset variable.
    #[must_use]
    pub fn holds(&self, value: Option<&str>) -> bool {
        match self {
            Self::Set => value.is_some(),
            Self::Unset => value.is_none(),
            Self::Value(texts) => value.map_or(matches!(texts, Membership::NoneOf(_)), |value| texts.contains(value)),
            Self::Host(host) => value.and_then(host_of).is_some_and(|of_value| of_value.eq_ignore_ascii_case(host)),
        }
    }

    /// Returns true if the test depends on the value, not only on whether the variable is set.
    pub(super) fn reads_value(&self) -> bool {
        matches!(self, Self::Value(_) | Self::Host(_))
    }
}

impl Condition {
    /// A condition that holds for these runtimes.
    #[must_use]
    pub fn for_runtimes(runtimes: Vec<String>) -> Self {
        Self { runtime: Some(Membership::OneOf(runtimes)), variables: Vec::new() }
    }

    /// The condition with one more test.
    #[must_use]
    pub fn and(mut self, variable: &str, test: Test) -> Self {
        self.variables.push((variable.to_owned(), test));
        self
    }

    /// Returns true if the condition has no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runtime.is_none() && self.variables.is_empty()
    }

    /// Returns true if the condition can hold for a runtime.
    #[must_use]
    pub fn admits(&self, runtime: &str) -> bool {
        self.runtime.as_ref().is_none_or(|runtimes| runtimes.contains(runtime))
    }

    pub(super) fn decode(at: &Cursor<'_>) -> Result<Self, ReadError> {
        let mut condition = Self::default();
        for entry in at.entries()? {
            if entry.name == RUNTIME {
                if let Ok(word @ (SET | UNSET)) = entry.value.string() {
                    return Err(entry.value.error(format!("a runtime is always set; write `[{word}]` for its name")));
                }
                condition.runtime = Some(Membership::decode(&entry.value)?);
            } else {
                condition.variables.push((entry.name.to_owned(), Test::decode(&entry.value)?));
            }
        }
        Ok(condition)
    }

    /// Checks every entry on its own.
    pub(super) fn check(&self, path: &FieldPath, empty_is_set: &[String]) -> Result<(), ValidationError> {
        if let Some(runtime) = &self.runtime {
            runtime.check(&path.clone().key(RUNTIME), false)?;
        }
        for (position, (name, test)) in self.variables.iter().enumerate() {
            let path = path.clone().key(name);
            variable_name(name, path.clone())?;
            if self.variables[..position].iter().any(|(earlier, _)| earlier == name) {
                return Err(ValidationError::at(path, "the condition already tests this variable; merge the two"));
            }
            match test {
                Test::Set | Test::Unset => {}
                Test::Value(membership) => membership.check(&path, empty_is_set.contains(name))?,
                Test::Host(host) => {
                    if !is_host_name(host) {
                        return Err(ValidationError::at(path.key("host"), NOT_A_HOST));
                    }
                }
            }
        }
        Ok(())
    }
}

impl Serialize for Condition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(runtime) = &self.runtime {
            map.serialize_entry(RUNTIME, runtime)?;
        }
        for (name, test) in &self.variables {
            map.serialize_entry(name, test)?;
        }
        map.end()
    }
}

impl Serialize for Test {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Set => serializer.serialize_str(SET),
            Self::Unset => serializer.serialize_str(UNSET),
            Self::Value(membership) => membership.serialize(serializer),
            Self::Host(host) => one_entry(serializer, "host", host),
        }
    }
}

impl Serialize for Membership {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            // The words would be read as tests.
            Self::OneOf(texts) if matches!(texts.as_slice(), [text] if text != SET && text != UNSET) => {
                serializer.serialize_str(&texts[0])
            }
            Self::OneOf(texts) => texts.serialize(serializer),
            Self::NoneOf(texts) => one_entry(serializer, "not", texts),
        }
    }
}

fn one_entry<S: Serializer>(serializer: S, key: &str, value: &impl Serialize) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(key, value)?;
    map.end()
}

/// The error about a host that no URL has.
const NOT_A_HOST: &str = "not a host name; write it without scheme, port and path";

/// Returns true if a URL can have this host.
fn is_host_name(host: &str) -> bool {
    // Only an address in brackets has colons; elsewhere a colon separates the port.
    let characters = if host.starts_with('[') && host.ends_with(']') { "-._:[]" } else { "-._" };
    !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || characters.contains(c))
}

/// The host of a URL, without user name and port; `None` if the text is not a URL with a scheme.
#[must_use]
pub fn host_of(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let is_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    if scheme.is_empty() || !scheme.chars().all(is_scheme) {
        return None;
    }
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.find(']') {
        Some(end) if host.starts_with('[') => &host[..=end],
        _ => host.split(':').next().unwrap_or_default(),
    };
    (!host.is_empty()).then_some(host)
}
