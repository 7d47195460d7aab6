//! The line protocol in memory: each line is a question, and each gets one line as an answer.

use std::hint::black_box;
use std::io::BufReader;

use criterion::{Criterion, Throughput, criterion_group};
use slug_bench::generate::shuffled_indexes;
use slug_bench::{baseline, data, lower_bound};
use slug_resolver::{Policy, Registry};
use slugproof::lines::{answer_lines, resolve_line};

/// Minimum number of lines in one iteration.
const LINES: usize = 5_000;

fn lines(c: &mut Criterion) {
    let registry = Registry::embedded();
    let policy = Policy::embedded("full-saas").expect("the policy ships with the crate");
    let baseline = baseline::Registry::new(&registry.document());
    let lines = data::question_lines();
    let questions: Vec<&str> =
        shuffled_indexes(lines.len(), LINES).into_iter().map(|index| lines[index].as_str()).collect();
    let input = questions.join("\n") + "\n";
    let product = |out: &mut Vec<u8>| {
        out.clear();
        let mut reader = BufReader::new(input.as_bytes());
        answer_lines(&mut reader, out, |line, out| resolve_line(&registry, &policy, line, out))
    };

    let mut out = Vec::new();
    let answered = product(&mut out).expect("memory can be read and written");
    assert_eq!((answered.lines, answered.malformed), (questions.len() as u64, 0));
    let text = String::from_utf8(out.clone()).expect("answers are text");
    let answers: Vec<lower_bound::Answer> =
        text.lines().map(|line| serde_json::from_str(line).expect("an answer has the documented keys")).collect();
    let mut written = Vec::new();
    for (question, answer) in questions.iter().zip(&answers) {
        lower_bound::answer_line(question, answer, &mut written);
    }
    assert_eq!(written, out, "the lower bound writes the same output as slugproof");
    let mut written = Vec::new();
    baseline.resolve_line(policy.document(), questions[0], &mut written);
    let answer: serde_json::Value = serde_json::from_slice(&written).expect("the baseline writes JSON");
    assert_eq!(answer["slug"], answers[0].slug.as_str());

    let mut group = c.benchmark_group("batch");
    group.throughput(Throughput::Elements(questions.len() as u64));
    group.bench_function("limit", |b| {
        b.iter(|| {
            out.clear();
            for (question, answer) in questions.iter().zip(&answers) {
                lower_bound::answer_line(black_box(question), answer, &mut out);
            }
        });
    });
    let mut out = Vec::new();
    group.bench_function("product", |b| b.iter(|| product(&mut out)));
    group.bench_function("naive", |b| {
        b.iter(|| {
            out.clear();
            for question in &questions {
                baseline.resolve_line(policy.document(), black_box(question), &mut out);
            }
        });
    });
    group.finish();
}

criterion_group!(benches, lines);
