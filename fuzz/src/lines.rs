//! The target on the line protocol.

use std::io::BufReader;
use std::sync::LazyLock;

use slug_resolver::{Policy, Registry};
use slugproof::lines::{answer_lines, derive_line, resolve_line};

static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::embedded);
static POLICY: LazyLock<Policy> = LazyLock::new(|| Policy::all_embedded().swap_remove(0));

/// Every line gets one answer, which is JSON, and the counts are right.
pub(crate) fn batch_line(input: &[u8]) {
    answers_every_line(input, |line, out| resolve_line(&REGISTRY, &POLICY, line, out));
    answers_every_line(input, |line, out| derive_line(&REGISTRY, line, out));
}

fn answers_every_line(input: &[u8], answer: impl FnMut(&[u8], &mut Vec<u8>) -> Result<bool, String>) {
    // A small buffer, so that lines straddle its end.
    let mut reader = BufReader::with_capacity(7, input);
    let mut out = Vec::new();
    let answered = answer_lines(&mut reader, &mut out, answer).expect("memory can be read and written");

    let ended = usize::from(!input.is_empty() && !input.ends_with(b"\n"));
    let lines = input.iter().filter(|byte| **byte == b'\n').count() + ended;
    let text = String::from_utf8(out).expect("answers are UTF-8");
    let answers: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("every answer is JSON")).collect();
    assert_eq!((answers.len(), answered.lines), (lines, lines as u64));
    let malformed = answers.iter().enumerate().filter(|(index, answer)| {
        let error = answer.get("error").is_some();
        assert!(!error || answer["line"] == index + 1, "line {} is answered with {answer}", index + 1);
        error
    });
    assert_eq!(malformed.count() as u64, answered.malformed);
}
