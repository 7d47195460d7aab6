//! The pairs of YAML and JSON that only their structure shows: fields that a merge key takes from another mapping,
//! and lists of environment variables, in which `MODEL` is the value of a field `name`.

use slug_yaml::{Limits, Node, Style, Value};

use crate::{Literal, Pair};

/// The largest document that is read; a larger one has no pairs.
const LIMITS: Limits = Limits {
    bytes: 1 << 20,
    scalar_bytes: 4 << 20,
    depth: 64,
    nodes: 200_000,
    anchors: 1_000,
    aliases: 10_000,
    anchor_nodes: 200_000,
    alias_nodes: 200_000,
};

/// Adds the pairs of a text that the scanner does not see. A document that is not valid YAML has none.
pub(crate) fn add_pairs(text: &str, pairs: &mut Vec<Pair>) {
    let has_variables = || text.contains("name") && text.contains("value");
    if !text.contains("<<") && !has_variables() {
        return;
    }
    let mut start = 0;
    for document in documents(text) {
        if let Ok(root) = slug_yaml::read_lenient(document, &LIMITS) {
            let mut found = Vec::new();
            add_of_node(&root, document, &mut found);
            for mut pair in found {
                for literal in [&mut pair.runtime, &mut pair.model] {
                    literal.span = literal.span.start + start..literal.span.end + start;
                }
                let is_it = |known: &Pair| {
                    known.model.span.start == pair.model.span.start && known.runtime.text == pair.runtime.text
                };
                if !pairs.iter().any(is_it) {
                    pairs.push(pair);
                }
            }
        }
        start += document.len();
    }
}

/// The documents of a file, each with the line `---` before it.
fn documents(text: &str) -> Vec<&str> {
    let mut starts = vec![0];
    starts.extend(text.match_indices("\n---").map(|(at, _)| at + 1).filter(|at| {
        let rest = &text[at + "---".len()..];
        rest.is_empty() || rest.starts_with(char::is_whitespace)
    }));
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts.iter().zip(ends).map(|(start, end)| &text[*start..end]).collect()
}

fn add_of_node(node: &Node, text: &str, pairs: &mut Vec<Pair>) {
    match &node.value {
        Value::Mapping(entries) => {
            let named = |name: &str| {
                let mut fields = entries.iter().filter(|(key, _)| is_name(key, name));
                fields.next().and_then(|(_, value)| literal(value, text)).filter(|_| fields.next().is_none())
            };
            pairs.extend(pair(named("runtime"), named("model")));
            entries.iter().for_each(|(_, value)| add_of_node(value, text, pairs));
        }
        Value::Sequence(items) => {
            let variable = |name: &str| {
                let mut variables = items.iter().filter(|item| item.get("name").is_some_and(|it| is_name(it, name)));
                let value = variables.next().and_then(|item| literal(item.get("value")?, text));
                value.filter(|_| variables.next().is_none())
            };
            pairs.extend(pair(variable("runtime"), variable("model")));
            items.iter().for_each(|item| add_of_node(item, text, pairs));
        }
        _ => {}
    }
}

fn is_name(node: &Node, name: &str) -> bool {
    node.text().is_some_and(|text| text.eq_ignore_ascii_case(name))
}

fn pair(runtime: Option<Literal>, model: Option<Literal>) -> Option<Pair> {
    Some(Pair { runtime: runtime?, model: model? })
}

/// The text of a node that no program computes.
fn literal(node: &Node, text: &str) -> Option<Literal> {
    let value =
        node.text().filter(|value| !value.is_empty() && !value.contains(['$', '{', '}', '<', '>', '%', '\n']))?;
    let is_null = node.style == Style::Plain && matches!(value, "~" | "null" | "Null" | "NULL");
    let written = text.get(node.span.clone()).filter(|_| !is_null)?;
    let is_quoted = written.len() > 1 && written.starts_with(['"', '\'']);
    let span = if is_quoted { node.span.start + 1..node.span.end - 1 } else { node.span.clone() };
    Some(Literal { text: value.to_owned(), span })
}
