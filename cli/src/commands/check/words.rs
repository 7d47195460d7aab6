//! Conditions that compare a variable with a word of the format instead of testing whether it is set.

use slug_resolver::Policy;
use slug_resolver::yaml::{FieldPath, Node, Value};

use crate::codes;
use crate::findings::{Finding, Sources};
use crate::render::shown;

use super::document::Document;

/// Returns a warning for each condition such as `A: Set` or `A: {not: set}`, which compare the text of `A`. In a list,
/// such a word is meant as a text.
pub(super) fn check(sources: &Sources, document: &Document, policy: &Policy) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, condition) in conditions(&document.root) {
        for (key, value) in condition.entries() {
            let Some(name) = key.text().filter(|name| *name != "runtime") else { continue };
            let (text, is_negated) = match (value.text(), value.get("not").and_then(Node::text)) {
                (Some(text), _) => (text, false),
                (None, Some(text)) => (text, true),
                (None, None) => continue,
            };
            let is_set = text.eq_ignore_ascii_case("set");
            let is_word = is_set || text.eq_ignore_ascii_case("unset");
            if !is_word || (!is_negated && ["set", "unset"].contains(&text)) {
                continue;
            }
            let meant = if is_set == is_negated { "unset" } else { "set" };
            let literal = if is_negated { format!("{{not: [{text}]}}") } else { format!("[{text}]") };
            let span = document.span(sources, &path.clone().key(name));
            let title = format!("the condition compares `{}` with the text `{text}`", shown(name));
            findings.push(
                Finding::new(&codes::NEAR_MISS, span, title)
                    .with_primary_text("compares the text")
                    .with_help(format!("write `{meant}` for that test, or `{literal}` for the text"))
                    .with_subject("policy", policy.name())
                    .with_subject("variable", name),
            );
        }
    }
    findings
}

/// The conditions of a policy of version 2, with their places.
fn conditions(root: &Node) -> Vec<(FieldPath, &Node)> {
    let mut conditions = Vec::new();
    for field in ["runtime", "model", "secrets"] {
        for (index, rule) in items(root.get(field)).iter().enumerate() {
            let path = FieldPath::default().key(field).index(index).key("when");
            conditions.extend(rule.get("when").map(|condition| (path, condition)));
        }
    }
    let unless = root.get("creates").and_then(|creates| creates.get("unless"));
    let path = FieldPath::default().key("creates").key("unless");
    conditions.extend(items(unless).iter().enumerate().map(|(index, it)| (path.clone().index(index), it)));
    conditions
}

/// The items of a list; none if the field is absent or no list.
fn items(node: Option<&Node>) -> &[Node] {
    match node.map(|node| &node.value) {
        Some(Value::Sequence(items)) => items,
        _ => &[],
    }
}
