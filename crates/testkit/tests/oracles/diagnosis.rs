use slug_testkit::diagnosis::{Diagnoser, Diagnosis, SECRET, check_diagnosis, check_secret_masked};

use crate::assert_rejected;

type Read = fn(&[u8], &[&str]) -> Result<String, String>;

/// A correct diagnoser of any JSON, with optional defects; its diagnosis repeats the record.
#[derive(Clone, Copy, Default)]
struct Stub {
    read: Option<Read>,
    is_masked: Option<bool>,
    diagnosis: Option<fn(&mut Diagnosis)>,
}

fn read(bytes: &[u8], secrets: &[&str]) -> Result<String, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8")?;
    if !text.starts_with('{') {
        return Err("not an object".to_owned());
    }
    Ok(secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "<masked>")))
}

impl Diagnoser for Stub {
    type Record = String;

    fn read(&self, bytes: &[u8], secrets: &[&str]) -> Result<String, String> {
        self.read.unwrap_or(read)(bytes, secrets)
    }

    fn is_masked(&self, record: &String, secrets: &[&str]) -> bool {
        self.is_masked.unwrap_or_else(|| secrets.iter().all(|secret| !record.contains(secret)))
    }

    fn texts(&self, record: &String) -> Vec<String> {
        vec![record.clone()]
    }

    fn can_mask(&self, _: &str) -> bool {
        true
    }

    fn diagnose(&self, record: &String) -> Result<Vec<Diagnosis>, String> {
        let json = serde_json::json!({ "cause": { "name": "silence" }, "record": record }).to_string();
        let mut diagnosis = Diagnosis { cause: "silence".to_owned(), human: format!("x silence: {record}"), json };
        self.diagnosis.unwrap_or(|_| {})(&mut diagnosis);
        Ok(vec![diagnosis])
    }

    fn can_be_seen(&self, c: char) -> bool {
        !c.is_control()
    }
}

const LONG: &str = "something long enough";

fn record() -> String {
    format!("{{\"a\": \"{LONG}\", \"error\": \"{SECRET}\"}}")
}

#[test]
fn check_diagnosis_accepts_a_correct_diagnoser() {
    let right = Stub::default();
    assert_eq!(check_diagnosis(&right, record().as_bytes()).as_deref(), Ok("a record: silence"));
    assert_eq!(check_diagnosis(&right, b"[]").as_deref(), Ok("refused: not an object"));
    assert_eq!(check_secret_masked(&right, record().replace(SECRET, "").as_bytes(), LONG), Ok(()));
}

#[test]
fn check_diagnosis_rejects_leaks_and_missing_causes() {
    let read = |read: Read| Stub { read: Some(read), ..Stub::default() };
    let said = |diagnosis| Stub { diagnosis: Some(diagnosis), ..Stub::default() };
    for (stub, message) in [
        (read(|_, _| Err(format!("it holds {SECRET}"))), "a refusal shows"),
        (read(|_, _| Err("\u{7}".to_owned())), "a refusal shows"),
        (Stub { is_masked: Some(false), ..Stub::default() }, "masking twice"),
        // A diagnoser that masks only the secret that every check declares.
        (
            read(|bytes, secrets| self::read(bytes, if secrets == [SECRET] { secrets } else { &[] })),
            "a declared secret is left",
        ),
        (said(|it| it.human.push('\u{7}')), "the text for people contains '\\u{7}'"),
        (said(|it| it.human += &" ".repeat(2 << 20)), "bytes"),
        (said(|it| it.json.clear()), "not JSON"),
        (said(|it| it.human = it.human.replace("silence", "noise")), "the cause silence is missing"),
        (said(|it| it.json = it.json.replace("silence", "noise")), "the cause silence is missing"),
        (said(|it| it.human += SECRET), "a declared secret is shown"),
    ] {
        assert_rejected(check_diagnosis(&stub, record().as_bytes()), message);
    }
}

#[test]
fn check_secret_masked_rejects_a_remaining_secret() {
    let stub = Stub { read: Some(|bytes, _| read(bytes, &[])), ..Stub::default() };
    assert_rejected(check_secret_masked(&stub, record().as_bytes(), LONG), "a declared secret is left");
    let stub = Stub { is_masked: Some(false), ..Stub::default() };
    assert_rejected(check_secret_masked(&stub, record().as_bytes(), LONG), "masking twice");
    let stub = Stub { diagnosis: Some(|it| it.human += LONG), ..Stub::default() };
    assert_rejected(check_secret_masked(&stub, b"{}", LONG), "a declared secret is shown");
}
