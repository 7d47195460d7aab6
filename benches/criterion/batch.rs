//! The line protocol with input and output in memory: one line of answer for each line of input.

use std::hint::black_box;
use std::io::BufReader;

use criterion::{Criterion, Throughput, criterion_group};
use slug_bench::generate::shuffled_indexes;
use slug_bench::{baseline, data, lower_bound};
use slug_lines::{LineResolver, answer_lines};
use slug_resolver::{Policy, Registry};

/// Minimum number of lines in one iteration.
const MIN_LINES: usize = 5_000;

fn batch(c: &mut Criterion) {
    let registry = Registry::embedded();
    let policy = Policy::embedded("full-saas").expect("the policy ships with the crate");
    let resolver = LineResolver::new(&registry, &policy);
    let baseline = baseline::Registry::new(&registry.document());
    let lines = data::question_lines();
    let questions: Vec<&str> =
        shuffled_indexes(lines.len(), MIN_LINES).into_iter().map(|index| lines[index].as_str()).collect();
    let input = questions.join("\n") + "\n";
    let run_slugproof = |out: &mut Vec<u8>| {
        out.clear();
        let mut reader = BufReader::new(input.as_bytes());
        answer_lines(&mut reader, out, |line, out| resolver.answer(line, out))
    };

    let mut out = Vec::new();
    let counts = run_slugproof(&mut out).expect("reading and writing in memory does not fail");
    assert_eq!((counts.lines, counts.malformed), (questions.len() as u64, 0));
    let text = String::from_utf8(out.clone()).expect("answers are text");
    let answers: Vec<lower_bound::Answer> =
        text.lines().map(|line| serde_json::from_str(line).expect("an answer has the documented keys")).collect();
    let mut lower_bound_output = Vec::new();
    for (question, answer) in questions.iter().zip(&answers) {
        lower_bound::answer_line(question, answer, &mut lower_bound_output);
    }
    assert_eq!(lower_bound_output, out, "the lower bound writes the same output as slugproof");
    let mut baseline_output = Vec::new();
    baseline.resolve_line(policy.document(), questions[0], &mut baseline_output);
    let answer: serde_json::Value = serde_json::from_slice(&baseline_output).expect("the baseline writes JSON");
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
    group.bench_function("product", |b| b.iter(|| run_slugproof(&mut out)));
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

criterion_group!(benches, batch);
