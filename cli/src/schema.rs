//! JSON Schemas and Markdown tables of the file formats, made from the tables that the readers use.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use slug_resolver::yaml::format::{Field, Format, Mapping, Presence, Rule, Shape};
use slug_resolver::yaml::{self, Node};

/// Whether fields that an open format does not define are valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// They are, as for the reader by default.
    AsRead,
    /// They are not.
    Denied,
}

/// The JSON Schema (draft 7) of a format.
pub fn json_schema(format: &'static Format, unknown: Unknown) -> Value {
    let mut schema = Schema {
        is_open: format.is_open && unknown == Unknown::AsRead,
        null_is_absent: format.null_is_absent,
        definitions: BTreeMap::new(),
    };
    let mut versions = format.versions.iter().map(|version| schema.mapping(version)).collect::<Vec<_>>();
    let mut root = Map::new();
    root.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
    root.insert("title".to_owned(), json!(format!("slugproof {}", format.name)));
    root.insert("description".to_owned(), json!(format.meaning));
    let last = versions.pop().unwrap_or_default();
    // The schema of the last version applies unless the file has another version, so that editors complete it.
    let body = versions.into_iter().enumerate().rev().fold(last, |otherwise, (index, version)| {
        let is_version =
            json!({"properties": {"schema_version": {"const": index + 1}}, "required": ["schema_version"]});
        json!({"if": is_version, "then": version, "else": otherwise})
    });
    root.extend(body.as_object().cloned().unwrap_or_default());
    root.insert("definitions".to_owned(), json!(schema.definitions));
    Value::Object(root)
}

/// The pattern of a text with a character that can be seen. It lists white space, control and invisible characters,
/// because `\s` differs between validators.
const NOT_BLANK: &str = concat!(
    r"[^\s\u0000-\u0020\u007f-\u00a0\u00ad\u115f\u1160\u1680\u2000-\u200f\u2028-\u202f",
    r"\u205f-\u206f\u2800\u3000\u3164\ufeff\uffa0]"
);

/// A YAML value as JSON.
fn json(node: &Node) -> Value {
    match &node.value {
        yaml::Value::Null => Value::Null,
        yaml::Value::Boolean(value) => json!(value),
        yaml::Value::Integer(text) | yaml::Value::Float(text) => {
            text.parse().map_or_else(|_| json!(text), Value::Number)
        }
        yaml::Value::String(text) => json!(text),
        yaml::Value::Sequence(items) => items.iter().map(json).collect(),
        yaml::Value::Mapping(entries) => {
            let entry = |(key, value): &(Node, Node)| (key.text().unwrap_or_default().to_owned(), json(value));
            Value::Object(entries.iter().map(entry).collect())
        }
    }
}

struct Schema {
    is_open: bool,
    null_is_absent: bool,
    /// The mappings that others refer to, by the path of a reference.
    definitions: BTreeMap<String, Value>,
}

impl Schema {
    fn mapping(&mut self, mapping: &'static Mapping) -> Value {
        let mut properties = Map::new();
        for field in mapping.fields {
            let mut shape = self.shape(&field.shape);
            if self.null_is_absent && field.presence != Presence::Required {
                shape = nullable(shape);
            }
            // Keywords beside `$ref` have no effect in draft 7.
            if shape.get("$ref").is_some() {
                shape = json!({"allOf": [shape]});
            }
            let form = shape.as_object_mut().expect("a schema is an object");
            form.insert("description".to_owned(), json!(field.meaning));
            if field.example.is_some() {
                let example = yaml::read(field.example().as_bytes()).expect("an example is YAML");
                form.insert("examples".to_owned(), json!([json(&example)]));
            }
            if field.presence == Presence::Former {
                form.insert("deprecated".to_owned(), json!(true));
            }
            properties.insert(field.name.to_owned(), shape);
        }
        let mut form = Map::new();
        form.insert("type".to_owned(), json!("object"));
        let required = mapping.fields.iter().filter(|field| field.presence == Presence::Required);
        let required: Vec<&str> = required.map(|field| field.name).collect();
        if !required.is_empty() {
            form.insert("required".to_owned(), json!(required));
        }
        if !properties.is_empty() {
            form.insert("properties".to_owned(), Value::Object(properties));
        }
        if let Some(others) = mapping.others {
            let mut names = self.shape(others.names);
            if !mapping.fields.is_empty() {
                let fields: Vec<&str> = mapping.fields.iter().map(|field| field.name).collect();
                names = json!({"anyOf": [{"enum": fields}, names]});
            }
            form.insert("propertyNames".to_owned(), names);
            form.insert("additionalProperties".to_owned(), self.shape(others.value));
        } else if !self.is_open {
            form.insert("additionalProperties".to_owned(), json!(false));
        }
        let mut all = Vec::new();
        let is_there = |name: &&str| json!({"required": [name]});
        for rule in mapping.rules {
            match rule {
                Rule::NotEmpty => drop(form.insert("minProperties".to_owned(), json!(1))),
                Rule::AtLeastOne(names) => all.push(json!({"anyOf": names.iter().map(is_there).collect::<Vec<_>>()})),
                Rule::AtMostOne(names) => all.push(json!({"not": {"required": names}})),
            }
        }
        if !all.is_empty() {
            form.insert("allOf".to_owned(), json!(all));
        }
        Value::Object(form)
    }

    fn shape(&mut self, shape: &'static Shape) -> Value {
        match shape {
            Shape::Version(known) => json!({"enum": known}),
            Shape::Boolean => json!({"type": "boolean"}),
            Shape::Text => json!({"type": "string"}),
            Shape::SomeText => json!({"type": "string", "minLength": 1}),
            Shape::NotBlank => json!({"type": "string", "pattern": NOT_BLANK}),
            Shape::Variable => json!({"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_.]*$"}),
            Shape::Secret => json!({"type": "string", "pattern": "^[^=]+$"}),
            Shape::Word(words) => json!({"type": "string", "enum": words()}),
            Shape::List(item) => json!({"type": "array", "items": self.shape(item)}),
            Shape::SomeList(item) => json!({"type": "array", "items": self.shape(item), "minItems": 1}),
            Shape::AnyOf(shapes) => json!({"anyOf": shapes.iter().map(|shape| self.shape(shape)).collect::<Vec<_>>()}),
            Shape::Mapping(mapping) => {
                let name = mapping.name.replace(' ', "-");
                if !self.definitions.contains_key(&name) {
                    // A placeholder, in case the mapping contains itself.
                    self.definitions.insert(name.clone(), Value::Null);
                    let definition = self.mapping(mapping);
                    self.definitions.insert(name.clone(), definition);
                }
                json!({"$ref": format!("#/definitions/{name}")})
            }
        }
    }
}

fn nullable(shape: Value) -> Value {
    json!({"anyOf": [shape, {"type": "null"}]})
}

/// The tables of the fields of a format, in Markdown: one for each mapping, in the order in which they are
/// reached from the top of the file.
pub fn markdown(format: &'static Format) -> String {
    let mut text = String::new();
    let mut shown: Vec<&'static Mapping> = Vec::new();
    let mut queue: Vec<(String, &'static Mapping)> = Vec::new();
    for (index, version) in format.versions.iter().enumerate().rev() {
        let number = if format.versions.len() > 1 { format!(", version {}", index + 1) } else { String::new() };
        queue.push((format!("Fields of the {} file{number}", format.name), version));
    }
    queue.reverse();
    while !queue.is_empty() {
        let (title, mapping) = queue.remove(0);
        if shown.iter().any(|known| std::ptr::eq(*known, mapping)) {
            continue;
        }
        shown.push(mapping);
        let _ = write!(text, "\n**{title}**\n\n| field | value | meaning |\n| --- | --- | --- |\n");
        for Field { name, presence, shape, meaning, example } in mapping.fields {
            let presence = match presence {
                Presence::Required => ", required",
                Presence::Optional => "",
                Presence::Former => ", of earlier versions",
            };
            let example = example.map_or_else(String::new, |example| format!(" such as `{example}`"));
            let meaning = meaning.replace('|', "\\|");
            let _ = writeln!(text, "| `{name}` | {}{example}{presence} | {meaning} |", words(shape));
        }
        if let Some(others) = mapping.others {
            let _ = writeln!(text, "| any name | {} | {} |", words(others.value), others.meaning);
        }
        let below = mapping.fields.iter().map(|field| &field.shape).chain(mapping.others.map(|others| others.value));
        let below: Vec<&'static Mapping> = below.flat_map(mappings).collect();
        queue.extend(below.into_iter().map(|mapping| {
            let kind = if mapping.fields.is_empty() { "Entries" } else { "Fields" };
            (format!("{kind} of `{}`", mapping.name), mapping)
        }));
    }
    text.trim_start().to_owned()
}

/// The mappings of a shape.
fn mappings(shape: &'static Shape) -> Vec<&'static Mapping> {
    match shape {
        Shape::Mapping(mapping) => vec![mapping],
        Shape::List(item) | Shape::SomeList(item) => mappings(item),
        Shape::AnyOf(shapes) => shapes.iter().flat_map(mappings).collect(),
        _ => Vec::new(),
    }
}

/// Every mapping of a format.
pub fn all_mappings(format: &'static Format) -> Vec<&'static Mapping> {
    let mut found: Vec<&'static Mapping> = format.versions.to_vec();
    let mut index = 0;
    while let Some(mapping) = found.get(index) {
        let shapes = mapping.fields.iter().map(|field| &field.shape).chain(mapping.others.map(|others| others.value));
        for below in shapes.flat_map(mappings).collect::<Vec<_>>() {
            if !found.iter().any(|known| std::ptr::eq(*known, below)) {
                found.push(below);
            }
        }
        index += 1;
    }
    found
}

/// The words that a value, or an item of a list, can be.
pub fn words_of(shape: &'static Shape) -> Vec<&'static str> {
    match shape {
        Shape::Word(words) => words(),
        Shape::List(item) | Shape::SomeList(item) => words_of(item),
        Shape::AnyOf(shapes) => shapes.iter().flat_map(words_of).collect(),
        _ => Vec::new(),
    }
}

/// The values of a shape in words.
fn words(shape: &'static Shape) -> String {
    match shape {
        Shape::Version(known) => alternatives(&known.iter().map(|number| format!("`{number}`")).collect::<Vec<_>>()),
        Shape::Boolean => "`true` or `false`".to_owned(),
        Shape::Text | Shape::SomeText | Shape::NotBlank => "text".to_owned(),
        Shape::Variable => "name of a variable".to_owned(),
        Shape::Secret => "name of a secret".to_owned(),
        Shape::Word(words) => match words() {
            words if words.len() > MAX_WORDS => "code".to_owned(),
            words => alternatives(&words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>()),
        },
        Shape::List(item) | Shape::SomeList(item) => match item {
            Shape::AnyOf(shapes) => format!("list, of each item {}", alternatives(&all_words(shapes))),
            Shape::Word(words) if words().len() <= MAX_WORDS => "list of such words".to_owned(),
            item => format!("list of {}", plural(&words(item))),
        },
        Shape::Mapping(mapping) => format!("`{}`", mapping.name),
        Shape::AnyOf(shapes) => alternatives(&all_words(shapes)),
    }
}

/// Words of a shape that a table lists; the codes are listed in docs/codes.md.
const MAX_WORDS: usize = 4;

fn all_words(shapes: &'static [Shape]) -> Vec<String> {
    shapes.iter().map(words).collect()
}

fn alternatives(words: &[String]) -> String {
    match words {
        [others @ .., last] if others.len() > 1 || others.iter().any(|other| other.contains(" or ")) => {
            format!("{}, or {last}", others.join(", "))
        }
        [other, last] => format!("{other} or {last}"),
        words => words.concat(),
    }
}

fn plural(words: &str) -> String {
    match words.strip_prefix("name of a ") {
        Some(kind) => format!("names of {kind}s"),
        None if words.starts_with('`') => words.to_owned(),
        None => format!("{words}s"),
    }
}

#[cfg(test)]
mod tests;
