//! Types and values of scalars under the core schema of YAML 1.2.

use std::borrow::Cow;

use granit_parser::Tag;

use crate::tree::Value;

/// The type that a tag gives to a node; [`Type::Unknown`] for every tag that is not listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    /// No tag: the text decides.
    Untagged,
    Null,
    Boolean,
    Integer,
    Float,
    String,
    /// `!` alone: a scalar is a string; lists and mappings are unchanged.
    NonSpecific,
    /// Base64 of UTF-8.
    Binary,
    /// A type of YAML 1.1 without a [`Value`]; always rejected.
    Timestamp,
    Sequence,
    Mapping,
    /// `!!merge`, the type of the key `<<`.
    Merge,
    /// `!!value`, the type of the key `=`.
    Default,
    Unknown,
}

const NAMESPACE: &str = "tag:yaml.org,2002:";

impl Type {
    /// The type that a tag names, such as `!!int`, `!int` or `!<tag:yaml.org,2002:int>`.
    pub(crate) fn of(tag: Option<&Tag>) -> Self {
        let Some(tag) = tag else { return Self::Untagged };
        if let Some(name) = tag.suffix_in_namespace(NAMESPACE) {
            return match name.as_ref() {
                "merge" => Self::Merge,
                "value" => Self::Default,
                name => Self::named(name.strip_prefix('!').unwrap_or(name)),
            };
        }
        match tag.suffix_in_namespace("!").as_deref() {
            None => Self::Unknown,
            Some("" | "!") => Self::NonSpecific,
            Some(name) => Self::named(name.strip_prefix('!').unwrap_or(name)),
        }
    }

    fn named(name: &str) -> Self {
        match name {
            "null" => Self::Null,
            "bool" => Self::Boolean,
            "int" => Self::Integer,
            "float" => Self::Float,
            "str" => Self::String,
            "binary" => Self::Binary,
            "timestamp" => Self::Timestamp,
            "seq" => Self::Sequence,
            "map" => Self::Mapping,
            _ => Self::Unknown,
        }
    }

    /// Whether a scalar may have the type. `text` and `is_key` matter only to [`Type::Merge`] and
    /// [`Type::Default`], which are types of keys.
    pub(crate) fn fits_scalar(self, text: &str, is_key: bool) -> bool {
        match self {
            Self::Sequence | Self::Mapping | Self::Unknown => false,
            Self::Merge => is_key && text == "<<",
            Self::Default => is_key && text == "=",
            _ => true,
        }
    }

    /// Whether a list, or a mapping if `is_mapping`, may have the type.
    pub(crate) fn fits_collection(self, is_mapping: bool) -> bool {
        let own = if is_mapping { Self::Mapping } else { Self::Sequence };
        [Self::Untagged, Self::NonSpecific, own].contains(&self)
    }
}

/// Returns the value of a scalar, or a message if its text does not fit the type.
pub(crate) fn resolve(text: Cow<'_, str>, is_plain: bool, of: Type) -> Result<Value, &'static str> {
    match of {
        Type::Null => Ok(Value::Null),
        Type::Boolean => match boolean(&text) {
            Some(value) => Ok(Value::Boolean(value)),
            None => Err("invalid boolean (strict mode expects true/false)"),
        },
        Type::Integer => match integer(&text) {
            Some(value) => Ok(Value::Integer(value)),
            None if trimmed(&text).starts_with('-') => Err("invalid i64"),
            None => Err("invalid u64"),
        },
        Type::Float => match float(&text) {
            Some(value) => Ok(Value::Float(value.to_string())),
            None => Err("invalid floating point"),
        },
        Type::Binary => {
            let bytes = base64(&text).ok_or("invalid !!binary base64")?;
            String::from_utf8(bytes).map(Value::String).map_err(|_| "a !!binary value is not UTF-8")
        }
        Type::Timestamp => Err("cannot deserialize tagged scalar into string"),
        Type::Untagged | Type::Merge | Type::Default if is_plain => Ok(plain(text)),
        _ => Ok(Value::String(text.into_owned())),
    }
}

/// The value of a plain scalar without a tag.
fn plain(text: Cow<'_, str>) -> Value {
    if matches!(&*text, "" | "~" | "null" | "Null" | "NULL") {
        return Value::Null;
    }
    // Fast path: most scalars are words, and booleans and numbers begin with these characters.
    if !text.starts_with(|first: char| first.is_ascii_digit() || "+-.tTfF".contains(first)) {
        return Value::String(text.into_owned());
    }
    if let Some(value) = boolean(&text) {
        return Value::Boolean(value);
    }
    // `1_000` is a number in YAML 1.1 but a string in YAML 1.2.
    if text.contains('_') {
        return Value::String(text.into_owned());
    }
    match (integer(&text), float(&text)) {
        (Some(digits), _) => Value::Integer(digits),
        (None, Some(value)) => Value::Float(value.to_string()),
        (None, None) => Value::String(text.into_owned()),
    }
}

/// The text without surrounding whitespace, which a quoted scalar can have.
fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
}

fn boolean(text: &str) -> Option<bool> {
    match trimmed(text) {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// The decimal digits of a 64-bit integer. Accepts `0b` too, which YAML 1.2 does not have, so that
/// a string that looks like a number must be quoted.
fn integer(text: &str) -> Option<String> {
    let text = trimmed(text);
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let prefixes = [("0x", 16), ("0X", 16), ("0o", 8), ("0O", 8), ("0b", 2), ("0B", 2)];
    let prefixed = prefixes.iter().find_map(|(prefix, radix)| Some((digits.strip_prefix(prefix)?, *radix)));
    let (digits, radix) = prefixed.unwrap_or((digits, 10));
    if radix == 10 && digits.starts_with('0') && digits != "0" {
        return None;
    }
    // `_` is allowed only between digits.
    if digits.starts_with('_') || digits.ends_with('_') || digits.contains("__") || digits.starts_with(['+', '-']) {
        return None;
    }
    let value = i128::from_str_radix(&digits.replace('_', ""), radix).ok()?;
    let value = if is_negative { -value } else { value };
    let fits = if is_negative { i64::try_from(value).is_ok() } else { u64::try_from(value).is_ok() };
    fits.then(|| value.to_string())
}

/// A number with a fraction or an exponent, or one that is not finite.
fn float(text: &str) -> Option<f64> {
    let text = trimmed(text);
    let (is_negative, unsigned) = match text.strip_prefix('-') {
        Some(unsigned) => (true, unsigned),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    match unsigned {
        ".nan" | ".NaN" | ".NAN" => return Some(f64::NAN),
        ".inf" | ".Inf" | ".INF" => return Some(if is_negative { f64::NEG_INFINITY } else { f64::INFINITY }),
        _ => {}
    }
    // Rust also parses words such as `inf`, which do not begin with a digit, and returns infinity
    // for a number that is too large.
    let value: f64 = text.parse().ok()?;
    (value.is_finite() || unsigned.starts_with(|first: char| first.is_ascii_digit())).then_some(value)
}

/// Decodes base64, ignoring whitespace.
fn base64(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let (groups, []) = digits.as_chunks::<4>() else { return None };
    let mut bytes = Vec::with_capacity(groups.len() * 3);
    for (number, group) in groups.iter().enumerate() {
        let padding = group.iter().rev().take_while(|digit| **digit == b'=').count();
        if padding > 2 || padding > 0 && number + 1 < groups.len() {
            return None;
        }
        let mut bits = 0_u32;
        for digit in &group[..4 - padding] {
            let value = match digit {
                b'A'..=b'Z' => digit - b'A',
                b'a'..=b'z' => digit - b'a' + 26,
                b'0'..=b'9' => digit - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                _ => return None,
            };
            bits = bits << 6 | u32::from(value);
        }
        let [_, decoded @ ..] = (bits << (6 * padding)).to_be_bytes();
        let (decoded, rest) = decoded.split_at(3 - padding);
        if rest.iter().any(|bits| *bits != 0) {
            return None;
        }
        bytes.extend_from_slice(decoded);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn untagged(text: &str) -> Value {
        resolve(text.into(), true, Type::Untagged).expect("a plain scalar without a tag always has a value")
    }

    #[test]
    fn plain_scalars_use_the_core_schema() {
        let text = |text: &str| Value::String(text.into());
        let integer = |text: &str| Value::Integer(text.into());
        let float = |text: &str| Value::Float(text.into());
        for (written, expected) in [
            ("", Value::Null),
            ("~", Value::Null),
            ("Null", Value::Null),
            ("nUll", text("nUll")),
            ("True", Value::Boolean(true)),
            ("FALSE", Value::Boolean(false)),
            ("yes", text("yes")),
            ("tRUE", text("tRUE")),
            ("0", integer("0")),
            ("+12", integer("12")),
            ("-0x1F", integer("-31")),
            ("0o17", integer("15")),
            ("0b101", integer("5")),
            ("18446744073709551615", integer("18446744073709551615")),
            ("18446744073709551616", float("18446744073709552000")),
            ("-9223372036854775809", float("-9223372036854776000")),
            ("007", float("7")),
            ("1_000", text("1_000")),
            ("0x", text("0x")),
            ("0x+1", text("0x+1")),
            ("--1", text("--1")),
            ("3.10", float("3.1")),
            ("1e3", float("1000")),
            ("1e999", float("inf")),
            ("-.INF", float("-inf")),
            (".nan", float("NaN")),
            (".5", float("0.5")),
            (".", text(".")),
            ("inf", text("inf")),
            ("nan", text("nan")),
            ("+infinity", text("+infinity")),
            ("2024-01-01", text("2024-01-01")),
        ] {
            assert_eq!(untagged(written), expected, "{written}");
        }
    }

    #[test]
    fn tag_overrides_text() {
        let tagged = |text: &str, of| resolve(text.into(), false, of);
        assert_eq!(tagged("1", Type::String), Ok(Value::String("1".into())));
        assert_eq!(tagged(" 1_000 ", Type::Integer), Ok(Value::Integer("1000".into())));
        assert_eq!(tagged("1__0", Type::Integer), Err("invalid u64"));
        assert_eq!(tagged("-x", Type::Integer), Err("invalid i64"));
        assert_eq!(tagged("true", Type::Boolean), Ok(Value::Boolean(true)));
        assert!(tagged("yes", Type::Boolean).is_err());
        assert_eq!(tagged("2", Type::Float), Ok(Value::Float("2".into())));
        assert_eq!(tagged("anything", Type::Null), Ok(Value::Null));
        assert_eq!(tagged("aGVs\n bG8=", Type::Binary), Ok(Value::String("hello".into())));
        for wrong in ["aGVsbG8", "a===", "====", "aGVsbG9=", "aG=sbG8=", "aGVsbG8=aGVs", "/w=="] {
            assert!(tagged(wrong, Type::Binary).is_err(), "{wrong}");
        }
    }
}
