//! Oracle for batch mode: each line of the input, whatever its content, gets one answer.

use std::io::{BufReader, Read};

use slug_laws::Violation;

/// Answers a stream of lines with one JSON object per line.
pub trait Answerer {
    /// Answers every line of a stream.
    ///
    /// # Errors
    ///
    /// Returns the reason if the answerer stops before the end of the stream.
    fn answer(&self, input: &mut BufReader<&mut dyn Read>, out: &mut Vec<u8>) -> Result<LineCounts, String>;
}

/// The counts that an answerer reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineCounts {
    /// The number of answered lines.
    pub lines: u64,
    /// The number of lines that could not be read; the answer to each is an error.
    pub malformed: u64,
}

/// Checks that every line gets one JSON answer, that an error names its line, and that the
/// counts are right. Returns the number of well-formed lines.
///
/// # Errors
///
/// The violated property.
pub fn check_batch(answerer: &dyn Answerer, bytes: &[u8]) -> Result<u64, Violation> {
    let mut input = bytes;
    // The buffer is smaller than most lines, so that reads end in the middle of a line.
    let mut reader = BufReader::with_capacity(7, &mut input as &mut dyn Read);
    let mut out = Vec::new();
    let counts = answerer.answer(&mut reader, &mut out).map_err(|reason| format!("stopped by {reason}"))?;
    let lines = bytes.split_inclusive(|byte| *byte == b'\n').count() as u64;
    let text = String::from_utf8(out).map_err(|_| "an answer is not UTF-8")?;
    let (mut answers, mut malformed) = (0, 0);
    for answer in text.lines() {
        answers += 1;
        let answer: serde_json::Value = serde_json::from_str(answer)
            .map_err(|error| format!("the answer to line {answers} is not JSON: {error}"))?;
        if answer.get("error").is_some() {
            malformed += 1;
            if answer["line"] != answers {
                return Err(format!("the error in answer {answers} names line {}", answer["line"]));
            }
        }
    }
    if (answers, counts.lines, counts.malformed) != (lines, lines, malformed) {
        return Err(format!(
            "{lines} lines got {answers} answers, {malformed} of them errors; the answerer reported {counts:?}"
        ));
    }
    Ok(lines - malformed)
}
