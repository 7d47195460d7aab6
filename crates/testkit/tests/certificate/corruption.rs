//! The checker refuses a certificate in which one value is wrong.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{EVERY_FORM, certificate, policy, reasons, registry};

/// Policies whose certificates have every kind of value in few lines.
const POLICIES: [&str; 3] = [
    "
schema_version: 2
name: small
runtimes: [agent]
defaults: {MODE: plain}
empty_is_set: [MODE]
creates: {unless: [{DRY: set}]}
model:
  - {when: {MODE: [given, ''], GATEWAY: {host: models.example}}, use: small}
  - {use: big}
inject: every
secrets:
  - {when: {MODE: given}, path: platform}
  - {key: KEY, inject: [ACME_KEY]}
  - {key: A_KEY}
  - {key: B_KEY}
  - {key: ACME_KEY, path: platform}
",
    "
schema_version: 2
name: empty
runtimes: [agent]
empty_is_set: [ACME_KEY, B_KEY]
model: [{use: model-1}]
inject: every
secrets: [{key: ACME_KEY}, {key: A_KEY}, {key: B_KEY}]
",
    "{schema_version: 2, name: held, runtimes: [agent], model: [{name: any, use: $MODEL}], secrets: [{key: ACME_KEY}]}",
];

/// A step to a value in JSON.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    Field(String),
    Item(usize),
}

/// The values in a line, with the path to each. Documents are left out: another document is another statement.
fn values(line: &Value, path: &[Step], found: &mut Vec<Vec<Step>>) {
    let with = |step: Step| [path, &[step]].concat();
    match line {
        Value::Object(fields) => {
            for (name, value) in fields.iter().filter(|(name, _)| !["document", "registry"].contains(&name.as_str())) {
                values(value, &with(Step::Field(name.clone())), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                values(item, &with(Step::Item(index)), found);
            }
        }
        _ => {}
    }
    if !path.is_empty() {
        found.push(path.to_vec());
    }
}

fn at<'v>(line: &'v mut Value, path: &[Step]) -> &'v mut Value {
    path.iter().fold(line, |value, step| match step {
        Step::Field(name) => &mut value[name],
        Step::Item(index) => &mut value[index],
    })
}

/// What is wrong: another value, or none.
#[derive(Clone, Copy, Debug)]
enum Corruption {
    Other,
    Missing,
}

/// Makes a value wrong; returns false if the result means the same.
fn corrupt(line: &mut Value, path: &[Step], corruption: Corruption) -> bool {
    let (last, parent) = path.split_last().expect("a path has a step");
    match (corruption, last, at(line, parent)) {
        (Corruption::Missing, Step::Field(name), Value::Object(fields)) => drop(fields.remove(name)),
        (Corruption::Missing, Step::Item(index), Value::Array(items)) => drop(items.remove(*index)),
        (Corruption::Missing, _, _) => unreachable!("a path leads to a value"),
        (Corruption::Other, _, parent) => {
            let value = at(parent, std::slice::from_ref(last));
            match value {
                // Another text can represent the other texts as well.
                Value::String(_) if *last == Step::Field("other".to_owned()) => return false,
                Value::String(text) => text.push('~'),
                Value::Number(number) => *value = json!(number.as_i64().expect("the numbers are small") + 1),
                Value::Bool(is) => *is = !*is,
                Value::Array(items) => items.push(json!("~")),
                Value::Object(fields) => drop(fields.insert("~".to_owned(), json!("~"))),
                Value::Null => *value = json!("~"),
            }
        }
    }
    true
}

/// The path without names of variables and positions.
fn kind(path: &[Step]) -> Vec<String> {
    let name = |step: &Step| match step {
        Step::Field(name) if name.chars().all(|c| c.is_ascii_lowercase() || c == '_') => name.clone(),
        _ => "*".to_owned(),
    };
    path.iter().map(name).collect()
}

#[test]
fn each_wrong_value_is_refused() {
    let mut kinds = 0;
    for yaml in POLICIES {
        let lines = certificate(&registry(EVERY_FORM), &policy(yaml)).expect("the enumeration covers every runtime");
        let mut certificates = vec![lines.clone()];
        let mut corruptions = Vec::new();
        let mut places: BTreeMap<Vec<String>, Vec<(usize, Vec<Step>)>> = BTreeMap::new();
        for (number, line) in lines.iter().enumerate() {
            let mut found = Vec::new();
            values(line, &[], &mut found);
            for path in found {
                places.entry(kind(&path)).or_default().push((number, path));
            }
        }
        kinds += places.len();
        for (index, found) in places.into_values().enumerate() {
            for (corruption, round) in [(Corruption::Other, 1), (Corruption::Missing, 2)] {
                // One of many places, which differs from kind to kind.
                let (number, path) = &found[index * 7919 * round % found.len()];
                let mut wrong = lines.clone();
                if !corrupt(&mut wrong[*number], path, corruption) {
                    continue;
                }
                corruptions.push(format!("line {}, {path:?}, {corruption:?}:\n{}", number + 1, wrong[*number]));
                certificates.push(wrong);
            }
        }
        let Some(reasons) = reasons(&certificates) else { return };
        assert_eq!(reasons[0], None, "nothing is wrong");
        for (reason, corruption) in reasons[1..].iter().zip(corruptions) {
            assert!(reason.is_some(), "{corruption}");
        }
    }
    assert!(kinds > 60, "a certificate has only {kinds} kinds of values");
}

#[test]
fn missing_or_repeated_line_is_refused() {
    let lines = certificate(&registry(EVERY_FORM), &policy(POLICIES[0])).expect("the enumeration covers every runtime");
    let step = lines.len() / 8 + 1;
    let mut certificates = Vec::new();
    let mut changes = Vec::new();
    for number in (0..lines.len()).rev().step_by(step).chain(0..4) {
        let mut missing = lines.clone();
        let line = missing.remove(number);
        let mut repeated = lines.clone();
        repeated.insert(number, line);
        for (what, wrong) in [("missing", missing), ("repeated", repeated)] {
            certificates.push(wrong);
            changes.push(format!("{what} line {}", number + 1));
        }
    }
    let Some(reasons) = reasons(&certificates) else { return };
    for (reason, change) in reasons.iter().zip(changes) {
        assert!(reason.is_some(), "{change}");
    }
}
