//! What must hold of answering a stream of lines, whatever is in it.

use std::io::{BufReader, Read};

use slug_laws::Violation;

/// Answers lines: one JSON object a line.
pub trait Answerer {
    /// Answers every line of a stream.
    ///
    /// # Errors
    ///
    /// Why it stopped early.
    fn answer(&self, input: &mut BufReader<&mut dyn Read>, out: &mut Vec<u8>) -> Result<Counts, String>;
}

/// What an answerer says that it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Lines that it answered.
    pub lines: u64,
    /// Lines that it could not read; each got an error for an answer.
    pub malformed: u64,
}

/// Checks that every line gets one answer, which is JSON, that an error names its line, and
/// that the counts are right. Returns how many lines were questions.
///
/// # Errors
///
/// What does not hold.
pub fn check_batch(answerer: &dyn Answerer, bytes: &[u8]) -> Result<u64, Violation> {
    let mut input = bytes;
    // A small buffer, so that lines straddle its end.
    let mut reader = BufReader::with_capacity(7, &mut input as &mut dyn Read);
    let mut out = Vec::new();
    let counts = answerer.answer(&mut reader, &mut out).map_err(|reason| format!("stopped by {reason}"))?;
    let lines = bytes.split_inclusive(|byte| *byte == b'\n').count() as u64;
    let text = String::from_utf8(out).map_err(|_| "an answer is not UTF-8")?;
    let (mut answers, mut malformed) = (0, 0);
    for answer in text.lines() {
        answers += 1;
        let answer: serde_json::Value = serde_json::from_str(answer)
            .map_err(|error| format!("the answer to line {answers} is no JSON: {error}"))?;
        if answer.get("error").is_some() {
            malformed += 1;
            if answer["line"] != answers {
                return Err(format!("line {answers} is answered with {answer}"));
            }
        }
    }
    if (answers, counts.lines, counts.malformed) != (lines, lines, malformed) {
        return Err(format!("{lines} lines got {answers} answers, {malformed} of them errors; counted {counts:?}"));
    }
    Ok(lines - malformed)
}
