//! What must hold of a diagnosis, whatever the record: for fuzzing, which puts bytes
//! to it, and for random testing, which puts records with secrets in them to it.

use std::sync::LazyLock;

use serde_json::Value;
use slug_laws::Violation;
use slug_resolver::{Env, Policy, Registry, Variable};

use super::cause::{Cause, Setting, diagnose};
use super::record::Record;
use super::{human, json as answer, runtime_of};
use crate::json;
use crate::redact::{MASK, Masker};
use crate::render::can_be_seen;

/// A secret that every trial knows; a record that holds it must not show it.
pub const SECRET: &str = "zq-not-a-real-secret";

/// Bytes of the largest diagnosis for people.
const HUMAN_BYTES: usize = 1 << 20;

static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::embedded);
static POLICY: LazyLock<Policy> = LazyLock::new(|| Policy::all_embedded().swap_remove(0));

/// Diagnoses a record in several environments: what it comes to in each.
///
/// # Errors
///
/// What does not hold.
pub fn holds(bytes: &[u8]) -> Result<String, Violation> {
    let masker = Masker::new([SECRET], &REGISTRY, &POLICY);
    let record = match Record::read(bytes, &masker) {
        Ok(record) => record,
        Err(what) if what.chars().all(can_be_seen) && !what.contains(SECRET) => return Ok(format!("refused: {what}")),
        Err(what) => return Err(format!("a refusal shows what it must not: {what:?}")),
    };
    if masker.value(record.value()) != *record.value() {
        return Err("masking twice is not masking once".to_owned());
    }
    masks_what_it_is_told(bytes)?;
    let mut names = Vec::new();
    for env in environments(&record) {
        names.push(cause_in(env, &record)?.entry().id);
    }
    Ok(format!("a record: {}", names.join(", ")))
}

/// No environment, an empty one, one on the platform's path, one with the first key,
/// and one that picks the model of the record.
fn environments(record: &Record) -> [Option<Env<'_>>; 5] {
    let policy: &'static Policy = &POLICY;
    let empty = Env::empty(policy);
    let key = policy.all_variables().find(|variable| matches!(variable, Variable::Key(_)));
    [
        None,
        Some(empty),
        Some(empty.with(Variable::Path, &policy.document().platform.value)),
        key.map(|key| empty.with(key, SECRET)),
        record.model(|_| true).map(|model| empty.with(Variable::Override, model.name)),
    ]
}

fn cause_in(env: Option<Env<'_>>, record: &Record) -> Result<Cause, Violation> {
    let first = REGISTRY.runtimes().first().map(|runtime| runtime.name.as_str());
    let (runtime, env) = runtime_of(None, env, record, &REGISTRY, &POLICY)
        .or_else(|_| runtime_of(first, env, record, &REGISTRY, &POLICY))
        .map_err(|failure| failure.to_string())?;
    let setting = Setting { registry: &REGISTRY, policy: &POLICY, runtime, env: env.as_ref(), ambient: &[] };
    let diagnosis = diagnose(setting, record);
    let (people, machines) = (human::render(&diagnosis), answer::render(&diagnosis));
    let plain = anstream::adapter::strip_str(&people).to_string();
    if let Some(c) = plain.chars().find(|&c| c != '\n' && !can_be_seen(c)) {
        return Err(format!("people are shown {c:?}"));
    }
    if plain.len() > HUMAN_BYTES {
        return Err(format!("people are shown {} bytes", plain.len()));
    }
    let cause = diagnosis.cause.entry().id;
    let answer: Value = serde_json::from_str(&machines).map_err(|error| format!("no JSON: {error}"))?;
    if answer["cause"]["name"] != cause || !plain.contains(&format!(" {cause}: ")) {
        return Err(format!("the cause {cause} is not said"));
    }
    if plain.contains(SECRET) || machines.contains(SECRET) {
        return Err("a known secret is shown".to_owned());
    }
    Ok(diagnosis.cause)
}

/// If the first long string of a record is a secret, nothing that is left holds it.
fn masks_what_it_is_told(bytes: &[u8]) -> Result<(), Violation> {
    let Ok(value) = json::read(bytes) else { return Ok(()) };
    let Some(secret) = first_long_string(&value).map(str::trim) else { return Ok(()) };
    let masker = Masker::new([secret], &REGISTRY, &POLICY);
    // A secret in which a mask could stand may come about by masking.
    if !masker.knows(secret) || secret.contains(['<', '>', '(', ')']) || MASK.contains(secret) {
        return Ok(());
    }
    if holds_text(&masker.value(&value), secret) {
        return Err("a secret that it is told is left in the record".to_owned());
    }
    Ok(())
}

fn first_long_string(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text.as_str()).filter(|text| text.trim().len() >= 8),
        Value::Array(items) => items.iter().find_map(first_long_string),
        Value::Object(members) => members.iter().find_map(|(_, value)| first_long_string(value)),
        _ => None,
    }
}

/// Whether a key, a string or a number of a value holds a text.
pub fn holds_text(value: &Value, text: &str) -> bool {
    match value {
        Value::Null | Value::Bool(_) => false,
        Value::Number(number) => number.to_string().contains(text),
        Value::String(string) => string.contains(text),
        Value::Array(items) => items.iter().any(|item| holds_text(item, text)),
        Value::Object(members) => members.iter().any(|(key, value)| key.contains(text) || holds_text(value, text)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Records with room for secrets: `§` in a string or a key is where one goes.
    fn record() -> impl Strategy<Value = serde_json::Value> {
        let text = prop_oneof![
            Just("§".to_owned()),
            "[a-z =:\"\\\\/\n]{0,6}§[a-zA-Z0-9 .:@\"\\\\]{0,6}",
            "\\PC{0,12}",
            Just("§§".to_owned()),
            Just("key=§ and §".to_owned()),
        ];
        let leaf = prop_oneof![
            text.clone().prop_map(serde_json::Value::String),
            any::<i64>().prop_map(Into::into),
            any::<bool>().prop_map(Into::into),
            Just(serde_json::Value::Null),
        ];
        let key = prop_oneof![
            Just("status".to_owned()),
            Just("error".to_owned()),
            Just("model".to_owned()),
            Just("runtime".to_owned()),
            Just("workspace".to_owned()),
            Just("injected".to_owned()),
            text,
        ];
        let inner = leaf.prop_recursive(3, 24, 5, {
            let key = key.clone();
            move |inner| {
                prop_oneof![
                    prop::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::Array),
                    prop::collection::vec((key.clone(), inner), 0..5)
                        .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
                ]
            }
        });
        prop::collection::vec((key, inner), 1..6)
            .prop_map(|members| serde_json::Value::Object(members.into_iter().collect()))
    }

    /// Secrets of every sort of character, and none that our own words could hold.
    fn secret() -> impl Strategy<Value = String> {
        "zq[A-Za-z0-9+/=_\"\\\\ é\u{202e}-]{4,40}qz"
    }

    fn config() -> ProptestConfig {
        // What fails prints its record, and goes into `fuzz/regressions` by hand.
        ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
    }

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn no_planted_secret_is_shown(record in record(), secret in secret()) {
            let written = serde_json::to_string(&record).expect("it is JSON");
            let inside = serde_json::to_string(&secret).expect("it is JSON");
            let planted = written.replace('§', &inside[1..inside.len() - 1]);
            let masker = Masker::new([secret.as_str()], &REGISTRY, &POLICY);
            // Two keys may have become the same.
            if let Ok(record) = Record::read(planted.as_bytes(), &masker) {
                prop_assert!(!holds_text(record.value(), &secret), "{:?}", record.value());
                prop_assert_eq!(&masker.value(record.value()), record.value());
                for env in environments(&record) {
                    cause_in(env, &record).map_err(TestCaseError::fail)?;
                }
            }
        }

        #[test]
        fn whatever_the_bytes_it_holds(bytes in prop::collection::vec(any::<u8>(), 0..64), record in record()) {
            holds(&bytes).map_err(TestCaseError::fail)?;
            let written = serde_json::to_string(&record).expect("it is JSON").replace('§', SECRET);
            holds(written.as_bytes()).map_err(TestCaseError::fail)?;
        }
    }
}
