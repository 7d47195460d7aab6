//! What must hold of diagnosing the record of a workspace, whatever is in it.

use slug_laws::Violation;

/// A secret that every check knows; a record that holds it must not show it.
pub const SECRET: &str = "zq-not-a-real-secret";

/// Bytes of the largest diagnosis for people.
const HUMAN_BYTES: usize = 1 << 20;

/// Diagnoses records.
pub trait Diagnoser {
    /// A record that was read, with the secrets in it masked.
    type Record;

    /// Reads a record, and masks these secrets in it.
    ///
    /// # Errors
    ///
    /// The sentence with which the record is refused.
    fn read(&self, bytes: &[u8], secrets: &[&str]) -> Result<Self::Record, String>;

    /// Whether masking these secrets in a record once more changes nothing.
    fn is_masked(&self, record: &Self::Record, secrets: &[&str]) -> bool;

    /// Every key, text and number in a record.
    fn texts(&self, record: &Self::Record) -> Vec<String>;

    /// Whether it would mask this text if it were told that it is a secret, and nothing that
    /// it writes in the place of a secret can bring the text about again.
    fn can_mask(&self, secret: &str) -> bool;

    /// What is said of a record, in each of several environments; some hold [`SECRET`].
    ///
    /// # Errors
    ///
    /// Why there is no diagnosis.
    fn diagnose(&self, record: &Self::Record) -> Result<Vec<Diagnosis>, String>;

    /// Whether a reader can see a character.
    fn can_be_seen(&self, c: char) -> bool;
}

/// What is said of a record in one environment.
pub struct Diagnosis {
    /// The name of the cause.
    pub cause: String,
    /// The diagnosis for people, without colours.
    pub human: String,
    /// The diagnosis for machines.
    pub json: String,
}

/// Checks the diagnosis of a record; returns what it comes to in each environment.
///
/// # Errors
///
/// What does not hold.
pub fn check_diagnosis<D: Diagnoser>(diagnoser: &D, bytes: &[u8]) -> Result<String, Violation> {
    let record = match diagnoser.read(bytes, &[SECRET]) {
        Ok(record) => record,
        Err(refusal) if refusal.chars().all(|c| diagnoser.can_be_seen(c)) && !refusal.contains(SECRET) => {
            return Ok(format!("refused: {refusal}"));
        }
        Err(refusal) => return Err(format!("a refusal shows what it must not: {refusal:?}")),
    };
    if !diagnoser.is_masked(&record, &[SECRET]) {
        return Err("masking twice is not masking once".to_owned());
    }
    check_long_string_masked(diagnoser, bytes)?;
    let diagnoses = diagnoser.diagnose(&record)?;
    diagnoses.iter().try_for_each(|diagnosis| check_words(diagnoser, diagnosis, SECRET))?;
    let causes: Vec<&str> = diagnoses.iter().map(|diagnosis| diagnosis.cause.as_str()).collect();
    Ok(format!("a record: {}", causes.join(", ")))
}

/// Checks that a secret that stands in a record is nowhere in what is read and said of it.
///
/// # Errors
///
/// What does not hold.
pub fn check_secret_masked<D: Diagnoser>(diagnoser: &D, bytes: &[u8], secret: &str) -> Result<(), Violation> {
    let Ok(record) = diagnoser.read(bytes, &[secret]) else { return Ok(()) };
    if let Some(text) = diagnoser.texts(&record).iter().find(|text| text.contains(secret)) {
        return Err(format!("a secret that it is told is left in the record: {text:?}"));
    }
    if !diagnoser.is_masked(&record, &[secret]) {
        return Err("masking twice is not masking once".to_owned());
    }
    diagnoser.diagnose(&record)?.iter().try_for_each(|diagnosis| check_words(diagnoser, diagnosis, secret))
}

/// If the first long string of a record is a secret, nothing that is left holds it.
fn check_long_string_masked<D: Diagnoser>(diagnoser: &D, bytes: &[u8]) -> Result<(), Violation> {
    let Ok(value) = serde_json::from_slice(bytes) else { return Ok(()) };
    let Some(secret) = first_long_string(&value).map(str::trim) else { return Ok(()) };
    let Ok(record) = diagnoser.read(bytes, &[secret]) else { return Ok(()) };
    if diagnoser.can_mask(secret) && diagnoser.texts(&record).iter().any(|text| text.contains(secret)) {
        return Err("a secret that it is told is left in the record".to_owned());
    }
    Ok(())
}

fn first_long_string(value: &serde_json::Value) -> Option<&str> {
    match value {
        serde_json::Value::String(text) => Some(text.as_str()).filter(|text| text.trim().len() >= 8),
        serde_json::Value::Array(items) => items.iter().find_map(first_long_string),
        serde_json::Value::Object(members) => members.values().find_map(first_long_string),
        _ => None,
    }
}

fn check_words<D: Diagnoser>(diagnoser: &D, diagnosis: &Diagnosis, secret: &str) -> Result<(), Violation> {
    let Diagnosis { cause, human, json } = diagnosis;
    if let Some(c) = human.chars().find(|&c| c != '\n' && !diagnoser.can_be_seen(c)) {
        return Err(format!("people are shown {c:?}"));
    }
    if human.len() > HUMAN_BYTES {
        return Err(format!("people are shown {} bytes", human.len()));
    }
    let answer: serde_json::Value = serde_json::from_str(json).map_err(|error| format!("no JSON: {error}"))?;
    if answer["cause"]["name"] != *cause || !human.contains(&format!(" {cause}: ")) {
        return Err(format!("the cause {cause} is not said"));
    }
    if [SECRET, secret].iter().any(|secret| human.contains(secret) || json.contains(secret)) {
        return Err("a known secret is shown".to_owned());
    }
    Ok(())
}
