//! Reads JSON within limits into a `serde_json::Value`.
//!
//! If an object has several members with the same name, `serde_json` keeps only the last one, and it
//! does not limit the number of values. This reader refuses duplicate names and too many values. Its
//! errors never repeat the input.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::{Map, Number, Value};

/// A UTF-8 byte order mark, which some programs write at the start of a file.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The largest text that is read. Exceeding a limit is an ordinary error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the text.
    pub bytes: usize,
    /// Levels of nesting.
    pub depth: usize,
    /// Number of values; lists and objects count too.
    pub nodes: usize,
}

/// The advice for an input that is not the expected JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advice {
    /// The advice for a text that is too large.
    pub too_large: &'static str,
    /// The advice for an empty text.
    pub empty: &'static str,
}

/// Reads one JSON value.
///
/// # Errors
///
/// The position and what is wrong. The message never repeats the input, which may contain a
/// secret.
pub fn read(bytes: &[u8], limits: &Limits, advice: &Advice) -> Result<Value, String> {
    if bytes.len() > limits.bytes {
        return Err(format!("the file is larger than {} MiB; {}", limits.bytes >> 20, advice.too_large));
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err("the text is UTF-16; save it as UTF-8".to_owned());
    }
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let text = std::str::from_utf8(bytes)
        .map_err(|error| format!("the text is not UTF-8 at byte {}; save it as UTF-8", error.valid_up_to() + 1))?;
    match text.trim_start().chars().next() {
        None => return Err(format!("the input is empty; {}", advice.empty)),
        Some('<') => {
            return Err(
                "the input is an HTML page, not JSON; check whether a login page or a proxy responded".to_owned()
            );
        }
        Some(_) => {}
    }
    let reader = Reader { limits, nodes: Cell::new(0), depth: Cell::new(0), refusal: RefCell::default() };
    let mut json = serde_json::Deserializer::from_str(text);
    let value = reader.deserialize(&mut json).and_then(|value| json.end().map(|()| value));
    value.map_err(|error| {
        let location = format!("line {}, column {}", error.line(), error.column());
        match (reader.refusal.take(), error.classify()) {
            (Some(refusal), _) => format!("{location}: {refusal}"),
            (None, Category::Eof) => {
                "the JSON ends in the middle of a value; check whether the file was truncated".to_owned()
            }
            (None, _) => format!("{location}: not JSON; pass the unmodified response, with nothing before or after it"),
        }
    })
}

/// Returns true for null, false, blank strings, and lists and objects of only such values.
pub fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) | Value::Number(_) => false,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.iter().all(is_empty),
        Value::Object(members) => members.values().all(is_empty),
    }
}

/// The type of a value, with an article, for messages.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Reads a value within limits. `refusal` holds the message of a refused value.
struct Reader<'l> {
    limits: &'l Limits,
    nodes: Cell<usize>,
    depth: Cell<usize>,
    refusal: RefCell<Option<String>>,
}

impl Reader<'_> {
    fn refuse<E: serde::de::Error>(&self, message: String) -> E {
        self.refusal.replace(Some(message));
        E::custom("refused")
    }

    fn enter<E: serde::de::Error>(&self) -> Result<(), E> {
        self.depth.set(self.depth.get() + 1);
        if self.depth.get() > self.limits.depth {
            let limit = self.limits.depth;
            return Err(
                self.refuse(format!("the JSON has more levels of nesting than the limit of {limit}; simplify it"))
            );
        }
        Ok(())
    }

    fn leave(&self) {
        self.depth.set(self.depth.get() - 1);
    }
}

impl<'de> DeserializeSeed<'de> for &Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.nodes.set(self.nodes.get() + 1);
        if self.nodes.get() > self.limits.nodes {
            let limit = self.limits.nodes;
            return Err(
                self.refuse(format!("more values than the limit of {limit}; remove the values that are not needed"))
            );
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &Reader<'_> {
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
        Number::from_f64(number).map(Value::Number).ok_or_else(|| E::custom("not a JSON number"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        self.enter()?;
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(self)? {
            items.push(item);
        }
        self.leave();
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        self.enter()?;
        let mut members = Map::new();
        while let Some(key) = access.next_key::<String>()? {
            if members.contains_key(&key) {
                return Err(self.refuse("two members have the same name; remove one of them".to_owned()));
            }
            let value = access.next_value_seed(self)?;
            members.insert(key, value);
        }
        self.leave();
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { bytes: 16 << 20, depth: 100, nodes: 2_000_000 };

    fn read(bytes: &[u8]) -> Result<Value, String> {
        super::read(bytes, &LIMITS, &Advice { too_large: "split it", empty: "check the request" })
    }

    #[test]
    fn read_value_serializes_to_the_same_text() {
        let text = r#"{"z":[1,-2,0.5,null,true,"a\"\u0007"],"a":{"":{}}}"#;
        assert_eq!(read(text.as_bytes()).expect("the text is JSON").to_string(), text);
    }

    #[test]
    fn error_has_position_but_no_input() {
        for (text, message) in [
            ("{\"zq\": 1,\n\"zq\": 2}", "line 2, column 4: two members have the same name; remove one of them"),
            ("{\"zq\"", "the JSON ends in the middle of a value; check whether the file was truncated"),
            ("{} zq", "line 1, column 4: not JSON; pass the unmodified response, with nothing before or after it"),
            ("<zq>", "the input is an HTML page, not JSON; check whether a login page or a proxy responded"),
            (" \n", "the input is empty; check the request"),
        ] {
            assert_eq!(read(text.as_bytes()).expect_err(text), message);
        }
        assert_eq!(
            read(b"{\"zq\": \"\xff\"}").expect_err("the text is not UTF-8"),
            "the text is not UTF-8 at byte 9; save it as UTF-8"
        );
    }

    #[test]
    fn nesting_beyond_the_limit_is_refused() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(read(nested(LIMITS.depth).as_bytes()).is_ok());
        for depth in [LIMITS.depth + 1, 1_000_000] {
            let error = read(nested(depth).as_bytes()).expect_err("the nesting is too deep");
            assert!(
                error.ends_with(": the JSON has more levels of nesting than the limit of 100; simplify it"),
                "{error}"
            );
        }
    }
}
