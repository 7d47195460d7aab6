//! Oracle for diagnosing a workspace record with any content.

use slug_laws::Violation;

/// A secret that every check declares; no output may contain it, even if the record does.
pub const SECRET: &str = "zq-not-a-real-secret";

/// Maximum size in bytes of a diagnosis for people.
const HUMAN_BYTES: usize = 1 << 20;

/// Diagnoses records.
pub trait Diagnoser {
    /// A record with masked secrets.
    type Record;

    /// Reads a record and masks these secrets in it.
    ///
    /// # Errors
    ///
    /// The message that refuses the record.
    fn read(&self, bytes: &[u8], secrets: &[&str]) -> Result<Self::Record, String>;

    /// Returns true if masking these secrets in the record again changes nothing.
    fn is_masked(&self, record: &Self::Record, secrets: &[&str]) -> bool;

    /// Every key, string and number in the record.
    fn texts(&self, record: &Self::Record) -> Vec<String>;

    /// Returns true if the diagnoser would mask this text as a secret, and no replacement for a
    /// secret can recreate the text.
    fn can_mask(&self, secret: &str) -> bool;

    /// Diagnoses a record in several environments, some of which contain [`SECRET`].
    ///
    /// # Errors
    ///
    /// The reason why the diagnosis fails.
    fn diagnose(&self, record: &Self::Record) -> Result<Vec<Diagnosis>, String>;

    /// Returns true for a visible character.
    fn can_be_seen(&self, c: char) -> bool;
}

/// The diagnosis of a record in one environment.
pub struct Diagnosis {
    /// The name of the cause.
    pub cause: String,
    /// The diagnosis for people, without colors.
    pub human: String,
    /// The diagnosis as JSON.
    pub json: String,
}

/// Checks the diagnosis of a record; returns the cause in each environment, or the refusal.
///
/// # Errors
///
/// The violated property.
pub fn check_diagnosis<D: Diagnoser>(diagnoser: &D, bytes: &[u8]) -> Result<String, Violation> {
    let record = match diagnoser.read(bytes, &[SECRET]) {
        Ok(record) => record,
        Err(refusal) if refusal.chars().all(|c| diagnoser.can_be_seen(c)) && !refusal.contains(SECRET) => {
            return Ok(format!("refused: {refusal}"));
        }
        Err(refusal) => return Err(format!("a refusal shows a secret or an invisible character: {refusal:?}")),
    };
    if !diagnoser.is_masked(&record, &[SECRET]) {
        return Err("masking twice differs from masking once".to_owned());
    }
    check_long_string_masked(diagnoser, bytes)?;
    let diagnoses = diagnoser.diagnose(&record)?;
    diagnoses.iter().try_for_each(|diagnosis| check_output(diagnoser, diagnosis, SECRET))?;
    let causes: Vec<&str> = diagnoses.iter().map(|diagnosis| diagnosis.cause.as_str()).collect();
    Ok(format!("a record: {}", causes.join(", ")))
}

/// Checks that a declared secret appears neither in the record that was read nor in a diagnosis.
///
/// # Errors
///
/// The violated property.
pub fn check_secret_masked<D: Diagnoser>(diagnoser: &D, bytes: &[u8], secret: &str) -> Result<(), Violation> {
    let Ok(record) = diagnoser.read(bytes, &[secret]) else { return Ok(()) };
    if let Some(text) = diagnoser.texts(&record).iter().find(|text| text.contains(secret)) {
        return Err(format!("a declared secret is left in the record: {text:?}"));
    }
    if !diagnoser.is_masked(&record, &[secret]) {
        return Err("masking twice differs from masking once".to_owned());
    }
    diagnoser.diagnose(&record)?.iter().try_for_each(|diagnosis| check_output(diagnoser, diagnosis, secret))
}

/// Declares the first long string of a record as a secret and checks that the record does not contain it.
fn check_long_string_masked<D: Diagnoser>(diagnoser: &D, bytes: &[u8]) -> Result<(), Violation> {
    let Ok(value) = serde_json::from_slice(bytes) else { return Ok(()) };
    let Some(secret) = first_long_string(&value).map(str::trim) else { return Ok(()) };
    let Ok(record) = diagnoser.read(bytes, &[secret]) else { return Ok(()) };
    if diagnoser.can_mask(secret) && diagnoser.texts(&record).iter().any(|text| text.contains(secret)) {
        return Err("a declared secret is left in the record".to_owned());
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

fn check_output<D: Diagnoser>(diagnoser: &D, diagnosis: &Diagnosis, secret: &str) -> Result<(), Violation> {
    let Diagnosis { cause, human, json } = diagnosis;
    if let Some(c) = human.chars().find(|&c| c != '\n' && !diagnoser.can_be_seen(c)) {
        return Err(format!("the text for people contains {c:?}"));
    }
    if human.len() > HUMAN_BYTES {
        return Err(format!("the text for people has {} bytes", human.len()));
    }
    let answer: serde_json::Value = serde_json::from_str(json).map_err(|error| format!("not JSON: {error}"))?;
    if answer["cause"]["name"] != *cause || !human.contains(&format!(" {cause}: ")) {
        return Err(format!("the cause {cause} is missing"));
    }
    if [SECRET, secret].iter().any(|secret| human.contains(secret) || json.contains(secret)) {
        return Err("a declared secret is shown".to_owned());
    }
    Ok(())
}
