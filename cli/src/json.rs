//! JSON as it was written: an object keeps the order of its members, and one that
//! has a member twice is refused, because no reader could tell which was meant.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::{Deserializer, Serialize, Serializer};
use serde_json::Number;
use serde_json::error::Category;
use slug_resolver::limits;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// An object, in the order of its members.
    Object(Members),
}

/// The members of an object.
pub type Members = Vec<(String, Value)>;

/// Some programs begin a file with it.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

impl Value {
    /// Reads one JSON value.
    ///
    /// # Errors
    ///
    /// What is wrong, the place first; never a piece of the input, which may be a secret.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() > limits::DOCUMENT_BYTES {
            let most = limits::DOCUMENT_BYTES;
            return Err(format!("it has more bytes than the limit of {most}; give one workspace and nothing else"));
        }
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            return Err("the text is UTF-16; save it as UTF-8".to_owned());
        }
        let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
        let text = std::str::from_utf8(bytes)
            .map_err(|error| format!("not UTF-8 from byte {} on; save it as UTF-8", error.valid_up_to() + 1))?;
        match text.trim_start().chars().next() {
            None => return Err("it is empty; was the workspace asked for, and did the answer arrive?".to_owned()),
            Some('<') => {
                return Err(
                    "it is a page and no JSON; did a login or a proxy answer in place of the platform?".to_owned()
                );
            }
            Some(_) => {}
        }
        let reader = Reader::default();
        let mut json = serde_json::Deserializer::from_str(text);
        let value = reader.deserialize(&mut json).and_then(|value| json.end().map(|()| value));
        value.map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            match (reader.refusal.take(), error.classify()) {
                (Some(refusal), _) => format!("{place}: {refusal}"),
                (None, Category::Eof) => format!("{place}: the JSON ends too early; was it cut off?"),
                (None, _) => format!("{place}: not JSON; give the answer as it came, with nothing before or after it"),
            }
        })
    }

    /// Whether it says nothing: empty, blank, false, or made of nothing else.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Null | Self::Bool(false) => true,
            Self::Bool(true) | Self::Number(_) => false,
            Self::Text(text) => text.trim().is_empty(),
            Self::List(items) => items.iter().all(Self::is_empty),
            Self::Object(members) => members.iter().all(|(_, value)| value.is_empty()),
        }
    }

    /// The string, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The members, if it is an object.
    pub fn members(&self) -> Option<&[(String, Self)]> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    /// What it is, for people.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }

    /// The value in one line, without spaces.
    pub fn compact(&self) -> String {
        serde_json::to_string(self).expect("keys are strings")
    }
}

/// The member of a name.
pub fn member<'m>(members: &'m [(String, Value)], name: &str) -> Option<&'m Value> {
    members.iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(number) => number.serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items),
            Self::Object(members) => serializer.collect_map(members.iter().map(|(key, value)| (key, value))),
        }
    }
}

/// Reads a value within limits; what it refuses, it says in `refusal`.
#[derive(Default)]
struct Reader {
    nodes: Cell<usize>,
    depth: Cell<usize>,
    refusal: RefCell<Option<String>>,
}

impl Reader {
    fn refuse<E: serde::de::Error>(&self, message: String) -> E {
        self.refusal.replace(Some(message));
        E::custom("refused")
    }

    fn enter<E: serde::de::Error>(&self) -> Result<(), E> {
        self.depth.set(self.depth.get() + 1);
        if self.depth.get() > limits::JSON_DEPTH {
            let most = limits::JSON_DEPTH;
            return Err(self.refuse(format!("more levels of nesting than the limit of {most}; simplify it")));
        }
        Ok(())
    }

    fn leave(&self) {
        self.depth.set(self.depth.get() - 1);
    }
}

impl<'de> DeserializeSeed<'de> for &Reader {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.nodes.set(self.nodes.get() + 1);
        if self.nodes.get() > limits::NODES {
            let most = limits::NODES;
            return Err(self.refuse(format!("more values than the limit of {most}; drop what is not needed")));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Value, E> {
        Number::from_f64(number).map(Value::Number).ok_or_else(|| E::custom("no number of JSON"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        self.enter()?;
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(self)? {
            items.push(item);
        }
        self.leave();
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        self.enter()?;
        let (mut members, mut seen) = (Vec::new(), HashSet::new());
        while let Some(key) = access.next_key::<String>()? {
            if !seen.insert(key.clone()) {
                return Err(self.refuse("a member is given twice; take out the one that is not meant".to_owned()));
            }
            members.push((key, access.next_value_seed(self)?));
        }
        self.leave();
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_in_the_same_order() {
        let text = r#"{"z":[1,-2,0.5,null,true,"a\"\u0007"],"a":{"":{}}}"#;
        assert_eq!(Value::read(text.as_bytes()).expect("it is JSON").compact(), text);
    }

    #[test]
    fn a_refusal_says_where_and_never_what() {
        for (text, message) in [
            (
                "{\"zq\": 1,\n\"zq\": 2}",
                "line 2, column 4: a member is given twice; take out the one that is not meant",
            ),
            ("{\"zq\"", "line 1, column 5: the JSON ends too early; was it cut off?"),
            ("{} zq", "line 1, column 4: not JSON; give the answer as it came, with nothing before or after it"),
            ("<zq>", "it is a page and no JSON; did a login or a proxy answer in place of the platform?"),
            (" \n", "it is empty; was the workspace asked for, and did the answer arrive?"),
        ] {
            assert_eq!(Value::read(text.as_bytes()).expect_err(text), message);
        }
        assert_eq!(
            Value::read(b"{\"zq\": \"\xff\"}").expect_err("no UTF-8"),
            "not UTF-8 from byte 9 on; save it as UTF-8"
        );
    }

    #[test]
    fn depth_has_its_limit() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(Value::read(nested(limits::JSON_DEPTH).as_bytes()).is_ok());
        for depth in [limits::JSON_DEPTH + 1, 1_000_000] {
            let error = Value::read(nested(depth).as_bytes()).expect_err("it is too deep");
            assert!(error.ends_with(": more levels of nesting than the limit of 100; simplify it"), "{error}");
        }
    }
}
