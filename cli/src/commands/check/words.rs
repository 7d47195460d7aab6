//! Words in the conditions of a policy that are probably misspelt: one of the format, or a variable or a text that
//! another condition has in another spelling.

use std::collections::BTreeMap;

use slug_resolver::Policy;
use slug_resolver::policy::{Pick, Source};
use slug_resolver::yaml::{FieldPath, Node};
use slug_value::slip::is_slip;

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
            findings.push(
                Finding::new(&codes::NEAR_MISS, span, title)
                    .with_primary_text("compares the text")
                    .with_help(format!("write `{meant}` for that test, or `{literal}` for the text"))
                    .with_subject("policy", name_in(base, policy))
                    .with_subject("variable", name),
            );
        }
    }
    findings
}

/// Returns a warning for each variable that only one condition names, and for each text that only one condition
/// compares with a variable, if other conditions have almost the same. A condition that is never met is silent
/// otherwise.
pub(super) fn check_spelling(sources: &Sources, document: &Document, policy: &Policy) -> Vec<Finding> {
    let (mut variables, mut texts) = (Tests::new(), BTreeMap::<&str, Tests<'_>>::new());
    let conditions = conditions(document);
    for (number, (base, path, condition)) in conditions.iter().enumerate() {
        for (key, value) in condition.entries() {
            let Some(name) = key.text().filter(|name| *name != "runtime") else { continue };
            let value = value.get("not").unwrap_or(value);
            let compared = value.text().into_iter().chain(value.items().iter().filter_map(Node::text));
            let place = Place { number, base: *base, path: path.clone().key(name) };
            for text in compared.filter(|text| !text.is_empty()) {
                texts.entry(name).or_default().entry(text).or_default().push(place.clone());
            }
            variables.entry(name).or_default().push(place);
        }
    }
    let finding = |name: &str, (word, place, meant): (&str, &Place<'_>, &str), verb: &str| {
        let title = format!("only this condition {verb} `{}`, which is almost `{}`", shown(word), shown(meant));
        Finding::new(&codes::NEAR_MISS, document.span_in(sources, place.base, &place.path), title)
            .with_primary_text("perhaps misspelt")
            .with_help(format!("did you mean `{}`?", shown(meant)))
            .with_subject("policy", name_in(place.base, policy))
            .with_subject("variable", name)
    };
    let unused = misspelt(&variables).filter(|(name, ..)| !is_used(policy, name));
    let mut findings: Vec<Finding> = unused.map(|slip| finding(slip.0, slip, "tests")).collect();
    for (name, tests) in &texts {
        findings.extend(misspelt(tests).map(|slip| finding(name, slip, "compares with")));
    }
    findings
}

/// A test in a condition.
#[derive(Clone)]
struct Place<'d> {
    /// The number of the condition.
    number: usize,
    /// The file that the condition is inherited from.
    base: Option<&'d Base>,
    /// The path to the test in its file.
    path: FieldPath,
}

/// The places of the tests of each word.
type Tests<'d> = BTreeMap<&'d str, Vec<Place<'d>>>;

/// The words that one test has and that are almost another one, with this place and the other word. Of two words that
/// one test each has, the later one is misspelt.
fn misspelt<'t>(tests: &'t Tests<'_>) -> impl Iterator<Item = (&'t str, &'t Place<'t>, &'t str)> {
    tests.iter().filter_map(move |(word, places)| {
        let [place] = &places[..] else { return None };
        let is_usual = |others: &[Place<'_>]| others.len() > 1 || others.iter().all(|it| it.number < place.number);
        let meant = tests.iter().find(|(other, others)| is_usual(others) && is_slip(word, other));
        meant.map(|(meant, _)| (*word, place, *meant))
    })
}

/// The name of the policy in the file that has a condition.
fn name_in<'d>(base: Option<&'d Base>, policy: &'d Policy) -> &'d str {
    base.and_then(|base| base.root.get("name")?.text()).unwrap_or(policy.name())
}

/// Whether a policy uses a variable outside of conditions.
fn is_used(policy: &Policy, name: &str) -> bool {
    let document = policy.document();
    let is_source = |source: &Source| matches!(source, Source::Variable(variable) if variable == name);
    let picks = |pick: &Pick| matches!(pick, Pick::FirstOf(sources) if sources.iter().any(is_source));
    let mut rules = document.model.iter().chain(&document.runtime);
    rules.any(|rule| picks(&rule.pick))
        || document.defaults.contains_key(name)
        || document.secrets.iter().any(|rule| rule.key.as_deref() == Some(name))
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
