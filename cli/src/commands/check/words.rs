//! Conditions that compare a variable with a word of the format instead of testing whether it is set.

use slug_resolver::Policy;
use slug_resolver::yaml::{FieldPath, Node};

use crate::codes;
use crate::findings::{Finding, Sources};
use crate::render::shown;

use super::document::{Base, Document};

/// Returns a warning for each condition such as `A: Set` or `A: {not: set}`, which compare the text of `A`. In a list,
/// such a word is meant as a text. A condition that the policy inherits is reported in the file that has it.
pub(super) fn check(sources: &Sources, document: &Document, policy: &Policy) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (base, path, condition) in conditions(document) {
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
            let place = path.clone().key(name);
            let span = document.span_in(sources, base, &place);
            let title = format!("the condition compares `{}` with the text `{text}`", shown(name));
            // The same for each policy that inherits the condition.
            let named = base.and_then(|base| base.root.get("name")?.text()).unwrap_or(policy.name());
            findings.push(
                Finding::new(&codes::NEAR_MISS, span, title)
                    .with_primary_text("compares the text")
                    .with_help(format!("write `{meant}` for that test, or `{literal}` for the text"))
                    .with_subject("policy", named)
                    .with_subject("variable", name),
            );
        }
    }
    findings
}

/// The conditions of a policy of version 2, each with the file that it is inherited from and its place there.
fn conditions(document: &Document) -> Vec<(Option<&Base>, FieldPath, &Node)> {
    let mut conditions = Vec::new();
    for (base, field, value) in document.fields() {
        let path = FieldPath::default().key(field);
        match field {
            "runtime" | "model" | "secrets" => {
                for (index, rule) in value.items().iter().enumerate() {
                    let path = path.clone().index(index).key("when");
                    conditions.extend(rule.get("when").map(|condition| (base, path, condition)));
                }
            }
            "creates" => {
                let path = path.key("unless");
                let unless = value.get("unless").map_or(&[][..], Node::items).iter().enumerate();
                conditions.extend(unless.map(|(index, condition)| (base, path.clone().index(index), condition)));
            }
            _ => {}
        }
    }
    conditions
}
