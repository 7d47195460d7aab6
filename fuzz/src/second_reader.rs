//! A second YAML reader, which shares no code with the first.
//!
//! If both readers accept a document, they must read the same values. If only one accepts
//! it, they disagree; every known kind of disagreement is listed in [`DISAGREEMENTS`], and
//! any other is a finding.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::LazyLock;

use regex_automata::meta::Regex;
use serde_yaml::Value as Second;
use slug_resolver::yaml::{Cursor, Node, ReadError, ValidationError, Value};

use crate::INPUT_BYTES;

/// A reader of YAML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    /// The reader of the resolver, slug-yaml: YAML 1.2.
    First,
    /// The other reader, a translation of the C library: YAML 1.1.
    Second,
}

/// One kind of document that only one of the readers accepts.
struct Disagreement {
    /// The name of the construct.
    name: &'static str,
    /// The reader that refuses it.
    refused_by: Reader,
    /// Texts, one of which the message of that reader contains.
    messages: &'static [&'static str],
    /// A regular expression that matches every such document.
    pattern: &'static str,
    /// A change that turns [`BASE`] into such a document: the replaced text and its replacement.
    #[cfg_attr(not(test), expect(dead_code, reason = "tests make the document"))]
    example: (&'static str, &'static str),
}

/// Every known kind of disagreement. The first reader is stricter on purpose; the second is
/// stricter where it follows an older version of YAML.
const DISAGREEMENTS: &[Disagreement] = &[
    Disagreement {
        name: "a list or a mapping as a key",
        refused_by: Reader::First,
        messages: &["a key cannot be a "],
        pattern: r"[\[{?]",
        example: ("name: p,", "name: p, x: {[a]: b},"),
    },
    Disagreement {
        name: "a merge key",
        refused_by: Reader::First,
        messages: &["merge keys (`<<`) are not part of YAML 1.2"],
        pattern: "<<",
        example: ("name: p,", "name: p, x: {<<: {}},"),
    },
    Disagreement {
        name: "a byte-order mark before a word",
        refused_by: Reader::First,
        messages: &["a BOM must not appear inside a document"],
        pattern: r"(?s).\x{feff}",
        example: ("Plain", "\u{feff}Plain"),
    },
    Disagreement {
        name: "a line break of YAML 1.1",
        refused_by: Reader::First,
        messages: &["is a line break to some readers and none to others"],
        pattern: r"[\x{85}\x{2028}\x{2029}]",
        example: ("Plain", "Pl\u{2028}ain"),
    },
    Disagreement {
        name: "a number with leading zeros",
        refused_by: Reader::First,
        messages: &["expected a string, found a number"],
        pattern: r"\b0[0-9]",
        example: ("Plain", "007"),
    },
    Disagreement {
        name: "a comment without a space before it",
        refused_by: Reader::First,
        messages: &["comments must be separated from other tokens by whitespace"],
        pattern: "#",
        example: ("Plain", "\"Plain\"#comment\n"),
    },
    Disagreement {
        name: "a core tag on another kind of value",
        refused_by: Reader::First,
        messages: &["unsupported tag `!!"],
        pattern: "!!",
        example: ("[KEY]", "!!str [KEY]"),
    },
    Disagreement {
        name: "an exclamation mark inside a tag",
        refused_by: Reader::First,
        messages: &[
            "while scanning a tag, did not find expected whitespace or line break",
            "while parsing a tag, did not find expected tag URI",
        ],
        pattern: "![^ ]*!",
        example: ("Plain", "!!s!r Plain"),
    },
    Disagreement {
        name: "a tag in angle brackets on the whole document",
        refused_by: Reader::First,
        messages: &["unsupported tag `!<"],
        pattern: "!<",
        example: ("schema_version", "!<a>\nschema_version"),
    },
    Disagreement {
        name: "a question mark before a quoted item",
        refused_by: Reader::First,
        // The text in the quotes is then read as YAML and may break any of its rules.
        messages: &["not readable as YAML: "],
        pattern: r#"[\[{,]\s*\?['"]"#,
        example: ("name: p,", "name: p, x: [?'a]', b],"),
    },
    Disagreement {
        name: "a question mark that begins a word",
        refused_by: Reader::First,
        messages: &["a word that begins with `?`"],
        pattern: r"\?",
        example: ("name: p,", "?name: p,"),
    },
    Disagreement {
        name: "a byte-order mark before Windows line ends",
        refused_by: Reader::Second,
        messages: &["deserializing from YAML containing more than one document is not supported"],
        pattern: r"^\x{feff}",
        example: ("schema_version", "\u{feff}schema_version"),
    },
    Disagreement {
        name: "a colon that begins a word",
        refused_by: Reader::Second,
        // The text after the colon is then read as YAML and may break any of its rules.
        messages: &[
            "did not find expected node content",
            "did not find expected ',' or ']'",
            "did not find expected ',' or '}'",
            "did not find expected alphabetic or numeric character",
            "found character that cannot start any token",
        ],
        pattern: r"[\[{,:\s]:[^\s]",
        example: ("Plain", ":Plain"),
    },
    Disagreement {
        name: "the end of a document before it begins",
        refused_by: Reader::Second,
        messages: &["did not find expected node content, while parsing a block node"],
        pattern: r"^\.\.\.",
        example: ("schema_version", "...\r\nschema_version"),
    },
    Disagreement {
        name: "a colon in the name of an anchor",
        refused_by: Reader::Second,
        messages: &["mapping values are not allowed in this context"],
        pattern: r"&[^ ]*:",
        example: ("runtimes: {", "extra: &a: x\r\nruntimes: {"),
    },
    Disagreement {
        name: "a mark in the name of an anchor",
        refused_by: Reader::Second,
        messages: &["did not find expected alphabetic or numeric character"],
        pattern: "&[^ ]",
        example: ("[KEY]", "[&\"a\" KEY]"),
    },
    Disagreement {
        name: "a colon inside a word",
        refused_by: Reader::Second,
        messages: &["found unexpected ':'"],
        pattern: r"[^\s]:[^\s]",
        example: ("Plain", "Pl:?ain"),
    },
    Disagreement {
        name: "a key on two lines in a flow mapping",
        refused_by: Reader::Second,
        messages: &["did not find expected ',' or '}'"],
        pattern: r"\{[^{}]*\n[^{}]*:",
        example: ("name: p,", "name: p, x\n      y: z,"),
    },
    Disagreement {
        name: "a tab at the start of a line after a word",
        refused_by: Reader::Second,
        messages: &["found a tab character that violates indentation"],
        pattern: r"\t",
        example: ("runtimes: {", "extra: a\r\n\t# b\r\nruntimes: {"),
    },
    Disagreement {
        name: "a tab before anything else",
        refused_by: Reader::Second,
        messages: &["found character that cannot start any token"],
        pattern: r"\t",
        example: ("schema_version", "\t# a comment\nschema_version"),
    },
    Disagreement {
        name: "the non-specific tag",
        refused_by: Reader::Second,
        messages: &[TAGGED],
        pattern: "!",
        example: ("Plain", "! Plain"),
    },
];

const TAGGED: &str = "a value has a tag of its own";

/// Panics unless the two readers agree or have a known disagreement.
pub(crate) fn agrees<T: PartialEq + Debug>(
    input: &[u8],
    first: &Result<T, ReadError>,
    decode: impl FnOnce(Cursor<'_>) -> Result<T, ValidationError>,
) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if !is_bounded(text) || repeats_an_anchor(text) {
        return;
    }
    let second = read(text).and_then(|node| decode(Cursor::root(&node)).map_err(|error| error.to_string()));
    let (refused_by, message) = match (first, &second) {
        (Ok(first), Ok(second)) => return assert_eq!(first, second, "the readers accept different values"),
        (Err(_), Err(_)) => return,
        (Err(error), Ok(_)) => (Reader::First, error.message.as_str()),
        (Ok(_), Err(message)) => (Reader::Second, message.as_str()),
    };
    let known = names(refused_by, message, text).next().is_some();
    assert!(known, "an unknown disagreement: the {refused_by:?} reader reports `{message}` for\n{text}");
}

/// The names of the known disagreements that explain a refusal.
fn names(refused_by: Reader, message: &str, text: &str) -> impl Iterator<Item = &'static str> {
    static PATTERNS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
        DISAGREEMENTS
            .iter()
            .map(|kind| Regex::new(kind.pattern).expect("the table contains only valid patterns"))
            .collect()
    });
    let is_of = move |(kind, pattern): &(&Disagreement, &Regex)| {
        kind.refused_by == refused_by
            && kind.messages.iter().any(|known| message.contains(known))
            && pattern.is_match(text)
    };
    DISAGREEMENTS.iter().zip(PATTERNS.iter()).filter(is_of).map(|(kind, _)| kind.name)
}

/// Maximum nesting of flow collections for the second reader: its time is not linear in their
/// depth.
const NESTING: usize = 64;

/// Returns true if a text is small and flat enough for the second reader, which has no such limits.
fn is_bounded(text: &str) -> bool {
    let mut open = 0_usize;
    text.len() <= INPUT_BYTES
        && text.bytes().all(|byte| {
            match byte {
                b'[' | b'{' => open += 1,
                b']' | b'}' => open = open.saturating_sub(1),
                _ => {}
            }
            open <= NESTING
        })
}

/// Returns true if a text may define an anchor name twice. The second reader then confuses the
/// value of the repeated anchor with the value of the next anchor; this fuzzer found that bug,
/// so such texts are skipped.
fn repeats_an_anchor(text: &str) -> bool {
    let mut names = BTreeSet::new();
    let ends_name = |c: char| c.is_whitespace() || ",[]{}".contains(c);
    text.split('&').skip(1).any(|rest| !names.insert(rest.split(ends_name).next()))
}

fn read(text: &str) -> Result<Node, String> {
    let value: Second = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
    node(&value).ok_or_else(|| TAGGED.to_owned())
}

/// Converts a value of the second reader to a node of the first; `None` if the value contains a tag.
fn node(value: &Second) -> Option<Node> {
    let value = match value {
        Second::Null => Value::Null,
        Second::Bool(value) => Value::Boolean(*value),
        Second::Number(number) if number.is_f64() => Value::Float(number.to_string()),
        Second::Number(number) => Value::Integer(number.to_string()),
        Second::String(text) => Value::String(text.clone()),
        Second::Sequence(items) => Value::Sequence(items.iter().map(node).collect::<Option<_>>()?),
        Second::Mapping(entries) => {
            let entry = |(key, value): (&Second, &Second)| Some((node(key)?, node(value)?));
            Value::Mapping(entries.iter().map(entry).collect::<Option<_>>()?)
        }
        Second::Tagged(_) => return None,
    };
    Some(Node::from(value))
}

#[cfg(test)]
mod tests {
    use slug_resolver::Registry;
    use slug_resolver::yaml::UnknownFields;

    use super::*;

    /// A registry on which the readers agree.
    const BASE: &str = "\
schema_version: 1\r
providers:\r
  - {name: p, display_name: Plain, protocol: openai, auth_mode: key, auth_env: [KEY], model_prefix_match: m}\r
runtimes: {agent: {providers: [{name: p}]}}\r
";

    /// The reader that refuses a registry, its message, and the names of the known disagreements that match.
    fn disagreement(text: &str) -> Option<(Reader, String, Vec<&'static str>)> {
        let read_first = Registry::from_yaml(text.as_bytes(), UnknownFields::Allow);
        let decoded = |node: Node| Registry::from_node(Cursor::root(&node), UnknownFields::Allow);
        let read_second = read(text).and_then(|node| decoded(node).map_err(|error| error.to_string()));
        let (by, message) = match (read_first, read_second) {
            (Err(error), Ok(_)) => (Reader::First, error.message),
            (Ok(_), Err(message)) => (Reader::Second, message),
            (first, second) => {
                assert_eq!(first.ok(), second.ok(), "{text}");
                return None;
            }
        };
        let names = names(by, &message, text).collect();
        Some((by, message, names))
    }

    #[test]
    fn examples_match_only_their_own_kind() {
        assert_eq!(disagreement(BASE), None);
        for Disagreement { name, refused_by, example: (from, to), .. } in DISAGREEMENTS {
            let text = BASE.replacen(from, to, 1);
            let Some((by, message, names)) = disagreement(&text) else {
                panic!("{name}: the readers agree on\n{text}")
            };
            assert_eq!((by, names.as_slice()), (*refused_by, &[*name][..]), "{message}\n{text}");
        }
    }

    #[test]
    fn unknown_disagreements_have_no_names() {
        let unnamed = names(Reader::Second, "a message that no reader has", "\t?!:x\n");
        assert_eq!(unnamed.count(), 0);
        assert_eq!(names(Reader::First, "merge keys (`<<`) are not part of YAML 1.2", "no such key").count(), 0);
    }

    /// If this test fails, the bug of the second reader is fixed, and `repeats_an_anchor` can be removed.
    #[test]
    fn second_reader_confuses_repeated_anchors() {
        let text = "{a: &x 1, b: &x 2, c: &y 3, d: *x}";
        assert!(repeats_an_anchor(text));
        assert!(!repeats_an_anchor("{a: &x 1, b: &xx 2}"));
        let first = slug_resolver::yaml::read(text.as_bytes()).expect("the text is YAML");
        let second = read(text).expect("the text is YAML");
        let last = |node: &Node| match &node.value {
            Value::Mapping(entries) => entries.last().map(|(_, value)| value.value.clone()),
            _ => None,
        };
        assert!(matches!(last(&first), Some(Value::Integer(number)) if number == "2"));
        assert!(matches!(last(&second), Some(Value::Integer(number)) if number == "3"));
    }
}
