use std::io::{BufReader, Read};

use slug_testkit::batch::{Answerer, LineCounts, check_batch};

use crate::assert_rejected;

/// An answerer that computes its output from the text of all lines.
struct Answers(fn(&str) -> Result<(String, LineCounts), String>);

impl Answerer for Answers {
    fn answer(&self, input: &mut BufReader<&mut dyn Read>, out: &mut Vec<u8>) -> Result<LineCounts, String> {
        let mut text = String::new();
        input.read_to_string(&mut text).expect("the input is text");
        let (answers, counts) = (self.0)(&text)?;
        out.extend_from_slice(answers.as_bytes());
        Ok(counts)
    }
}

/// Correct answers, if the lines `bad` are malformed.
fn correct(text: &str) -> (String, LineCounts) {
    let answer = |(index, line): (usize, &str)| match line {
        "bad" => format!("{{\"error\": \"\", \"line\": {}}}\n", index + 1),
        _ => "{}\n".to_owned(),
    };
    let malformed = text.lines().filter(|line| *line == "bad").count() as u64;
    let counts = LineCounts { lines: text.lines().count() as u64, malformed };
    (text.lines().enumerate().map(answer).collect(), counts)
}

const INPUT: &[u8] = b"a\nbad\nb";

#[test]
fn check_batch_counts_the_questions_of_a_correct_answerer() {
    assert_eq!(check_batch(&Answers(|text| Ok(correct(text))), INPUT), Ok(2));
}

#[test]
fn check_batch_rejects_wrong_answers_and_counts() {
    type Wrong = fn(&str) -> Result<(String, LineCounts), String>;
    let wrong: [(Wrong, &str); 6] = [
        (|_| Err("a timeout".to_owned()), "stopped by a timeout"),
        (|text| Ok((correct(text).0.replacen("{}", "{", 1), correct(text).1)), "the answer to line 1 is not JSON"),
        (|text| Ok((correct(text).0.replace(": 2", ": 1"), correct(text).1)), "the error in answer 2 names line 1"),
        (|text| Ok((correct(text).0.replacen("{}\n", "", 1).replace(": 2", ": 1"), correct(text).1)), "2 answers"),
        (|text| Ok((correct(text).0, LineCounts { lines: 4, ..correct(text).1 })), "lines: 4"),
        (|text| Ok((correct(text).0, LineCounts { malformed: 0, ..correct(text).1 })), "malformed: 0"),
    ];
    for (answer, message) in wrong {
        assert_rejected(check_batch(&Answers(answer), INPUT), message);
    }
}
