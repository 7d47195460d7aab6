use std::io::{BufReader, Read};

use slug_testkit::batch::{Answerer, Counts, check_batch};

use crate::assert_rejected;

/// Answers from the text of all lines.
struct Answers(fn(&str) -> Result<(String, Counts), String>);

impl Answerer for Answers {
    fn answer(&self, input: &mut BufReader<&mut dyn Read>, out: &mut Vec<u8>) -> Result<Counts, String> {
        let mut text = String::new();
        input.read_to_string(&mut text).expect("the input is text");
        let (answers, counts) = (self.0)(&text)?;
        out.extend_from_slice(answers.as_bytes());
        Ok(counts)
    }
}

/// Lines that say `bad` are malformed.
fn right(text: &str) -> (String, Counts) {
    let answer = |(index, line): (usize, &str)| match line {
        "bad" => format!("{{\"error\": \"\", \"line\": {}}}\n", index + 1),
        _ => "{}\n".to_owned(),
    };
    let malformed = text.lines().filter(|line| *line == "bad").count() as u64;
    let counts = Counts { lines: text.lines().count() as u64, malformed };
    (text.lines().enumerate().map(answer).collect(), counts)
}

const INPUT: &[u8] = b"a\nbad\nb";

#[test]
fn check_batch_counts_the_questions_of_a_right_answerer() {
    assert_eq!(check_batch(&Answers(|text| Ok(right(text))), INPUT), Ok(2));
}

#[test]
fn check_batch_rejects_wrong_answers_and_counts() {
    type Wrong = fn(&str) -> Result<(String, Counts), String>;
    let wrong: [(Wrong, &str); 6] = [
        (|_| Err("thirst".to_owned()), "stopped by thirst"),
        (|text| Ok((right(text).0.replacen("{}", "{", 1), right(text).1)), "the answer to line 1 is no JSON"),
        (|text| Ok((right(text).0.replace(": 2", ": 1"), right(text).1)), "line 2 is answered with"),
        (|text| Ok((right(text).0.replacen("{}\n", "", 1).replace(": 2", ": 1"), right(text).1)), "2 answers"),
        (|text| Ok((right(text).0, Counts { lines: 4, ..right(text).1 })), "lines: 4"),
        (|text| Ok((right(text).0, Counts { malformed: 0, ..right(text).1 })), "malformed: 0"),
    ];
    for (answer, said) in wrong {
        assert_rejected(check_batch(&Answers(answer), INPUT), said);
    }
}
