//! Reads JSON, TOML and YAML into trees of one kind.

use slug_json::{Advice, Limits};
use slug_resolver::limits;
use slug_yaml::{FieldPath, LineCol, Node, ReadError, Style, Value};
use toml::de::{DeTable, DeValue};

/// Maximum bytes in one TOML file, which describes one provider or one model.
pub const TOML_BYTES: usize = 1 << 20;

/// The limits of one JSON file.
const JSON: Limits = Limits { bytes: limits::DOCUMENT_BYTES, depth: limits::JSON_DEPTH, nodes: limits::NODES };

/// Reads a JSON value. The nodes of the tree have no positions.
pub(crate) fn read_json(bytes: &[u8], advice: &Advice) -> Result<Node, ReadError> {
    slug_json::read(bytes, &JSON, advice).map(of_json).map_err(without_position)
}

/// Reads a JSON object, or a YAML mapping as forges and Python read it.
pub(crate) fn read_json_or_yaml(bytes: &[u8], advice: &Advice) -> Result<Node, ReadError> {
    let plain = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    if plain.trim_ascii_start().starts_with(b"{") {
        return read_json(bytes, advice);
    }
    let text = utf8(plain)?;
    Ok(slug_yaml::read_lenient(text, &limits::DOCUMENT)?)
}

/// Reads a TOML table. The nodes of the tree have no positions.
pub(crate) fn read_toml(bytes: &[u8]) -> Result<Node, ReadError> {
    if bytes.len() > TOML_BYTES {
        return Err(without_position(format!("the file is larger than {} MiB; remove it", TOML_BYTES >> 20)));
    }
    let text = utf8(bytes)?;
    let table = DeTable::parse(text).map_err(|error| {
        let message = format!("not readable as TOML: {}; correct the file", error.message().replace('\n', ", "));
        let at = error.span().map(|span| line_col(text, span.start));
        ReadError { line_col: at, ..without_position(message) }
    })?;
    Ok(of_table(table.into_inner()))
}

/// A text in the tree.
pub(crate) fn text(text: impl Into<String>) -> Node {
    // A plain text can be null in a tree that is read leniently.
    Node { style: Style::Quoted, ..Value::String(text.into()).into() }
}

fn utf8(bytes: &[u8]) -> Result<&str, ReadError> {
    std::str::from_utf8(bytes).map_err(|error| {
        without_position(format!("the text is not UTF-8 at byte {}; save it as UTF-8", error.valid_up_to() + 1))
    })
}

/// An error about a value, with its position if the tree is made of YAML.
pub(crate) fn error_at(node: &Node, path: FieldPath, message: impl Into<String>) -> ReadError {
    // Other trees have empty spans.
    let span = Some(node.highlight_span()).filter(|span| !span.is_empty());
    ReadError { line_col: span.as_ref().map(|_| node.line_col), span, path, message: message.into() }
}

/// An error about a text without a position.
pub(crate) fn without_position(message: String) -> ReadError {
    ReadError { line_col: None, span: None, path: FieldPath::default(), message }
}

fn of_json(value: serde_json::Value) -> Node {
    use serde_json::Value as Json;
    match value {
        Json::Null => Value::Null.into(),
        Json::Bool(value) => Value::Boolean(value).into(),
        Json::Number(number) if number.is_f64() => Value::Float(number.to_string()).into(),
        Json::Number(number) => Value::Integer(number.to_string()).into(),
        Json::String(value) => text(value),
        Json::Array(items) => Value::Sequence(items.into_iter().map(of_json).collect()).into(),
        Json::Object(members) => {
            Value::Mapping(members.into_iter().map(|(name, value)| (text(name), of_json(value))).collect()).into()
        }
    }
}

fn of_table(table: DeTable<'_>) -> Node {
    let entries = table.into_iter().map(|(name, value)| (text(name.into_inner()), of_toml(value.into_inner())));
    Value::Mapping(entries.collect()).into()
}

fn of_toml(value: DeValue<'_>) -> Node {
    match value {
        DeValue::String(value) => text(value),
        DeValue::Integer(number) => Value::Integer(number.to_string()).into(),
        DeValue::Float(number) => Value::Float(number.to_string()).into(),
        DeValue::Boolean(value) => Value::Boolean(value).into(),
        DeValue::Datetime(time) => text(time.to_string()),
        DeValue::Array(items) => {
            Value::Sequence(items.into_iter().map(|item| of_toml(item.into_inner())).collect()).into()
        }
        DeValue::Table(table) => of_table(table),
    }
}

/// The line and column of a byte.
fn line_col(text: &str, byte: usize) -> LineCol {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    LineCol { line: before.matches('\n').count() as u64 + 1, column: line.chars().count() as u64 + 1 }
}
