//! Measures how the cost of one look-up grows with the size of the registry.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use slug_bench::generate::{self, Size};
use slug_bench::{baseline, lower_bound};
use slug_resolver::{Credentials, Registry};

/// Minimum length of the list of questions, which the benchmarks repeat.
const MIN_QUESTIONS: usize = 10_000;

/// Number of questions in one iteration. The next iteration asks the questions that follow.
const CHUNK: usize = 100;

/// Number of questions in one iteration of the exact baseline. It is small because the baseline
/// scans a list of all ids for each question.
const BASELINE_CHUNK: usize = 10;

/// Returns a closure that returns the next `length` questions at each call, and starts again
/// after the last ones.
fn chunks<'a>(questions: &'a [String], length: usize) -> impl FnMut() -> &'a [String] {
    let mut chunks = questions.chunks_exact(length).cycle();
    move || chunks.next().expect("there is a chunk")
}

/// Measures exact look-ups with more and more ids in one runtime with thirty providers.
fn exact(c: &mut Criterion) {
    let mut group = c.benchmark_group("growth-exact");
    for ids in [100, 1_000, 10_000, 100_000, 1_000_000] {
        let document = generate::registry(Size { providers: 30, runtimes: 1, ids });
        let baseline = baseline::Registry::new(&document);
        let registry = Registry::new(document).expect("a generated registry is valid");
        // Prepare the questions in the order in which they are asked, so that the benchmark
        // measures only the look-up and reads them from memory sequentially.
        let order = generate::shuffled_indexes(ids, MIN_QUESTIONS);
        let questions: Vec<String> = order.iter().copied().map(generate::model_id).collect();
        let listed_ids: Vec<&str> =
            registry.runtimes()[0].arms.iter().flat_map(|arm| &arm.models).map(String::as_str).collect();
        let map = lower_bound::id_map(listed_ids.iter().copied());
        let runtime = generate::runtime_name(0);
        let handle = registry.handle(&runtime).expect("the runtime is registered");
        let no_credentials = Credentials::default();

        for (&n, question) in order.iter().zip(&questions).take(1_000) {
            let provider = handle.derive(question, &no_credentials).expect("the id is listed");
            // The ids go to the arms in turn; the arm of provider 0 is the last one.
            assert_eq!(provider.name, generate::provider_name((n % 30 + 1) % 30), "{question}");
            assert_eq!(map.get(question.as_str()).map(|&index| listed_ids[index as usize]), Some(question.as_str()));
            if n % 100 == 0 {
                assert_eq!(baseline.derive(&runtime, question, &[]).as_ref(), Ok(&provider.name));
            }
        }

        group.throughput(Throughput::Elements(CHUNK as u64));
        group.bench_function(BenchmarkId::new("limit", ids), |b| {
            let mut next = chunks(&questions, CHUNK);
            b.iter(|| {
                for question in next() {
                    black_box(map.get(black_box(question.as_str())));
                }
            });
        });
        group.bench_function(BenchmarkId::new("product", ids), |b| {
            let mut next = chunks(&questions, CHUNK);
            b.iter(|| {
                for question in next() {
                    let _ = black_box(handle.derive(black_box(question), &no_credentials));
                }
            });
        });
        group.throughput(Throughput::Elements(BASELINE_CHUNK as u64));
        group.bench_function(BenchmarkId::new("naive", ids), |b| {
            let mut next = chunks(&questions, BASELINE_CHUNK);
            b.iter(|| {
                for question in next() {
                    let _ = black_box(baseline.derive(&runtime, black_box(question), &[]));
                }
            });
        });
    }
    group.finish();
}

/// Measures look-ups by pattern with more and more providers, each with its own pattern.
fn by_pattern(c: &mut Criterion) {
    let mut group = c.benchmark_group("growth-pattern");
    for providers in [30, 100, 300, 1_000, 3_000] {
        let document = generate::registry(Size { providers, runtimes: 1, ids: 0 });
        let mut patterns =
            lower_bound::Patterns::new(document.providers.iter().map(|provider| provider.model_prefix_match.as_str()));
        let baseline = baseline::Registry::new(&document);
        let registry = Registry::new(document).expect("a generated registry is valid");
        let order = generate::shuffled_indexes(providers, MIN_QUESTIONS);
        let questions: Vec<String> = order.iter().copied().map(generate::unlisted_id).collect();
        let runtime = generate::runtime_name(0);
        let handle = registry.handle(&runtime).expect("the runtime is registered");
        let no_credentials = Credentials::default();

        for (&n, question) in order.iter().zip(&questions).take(100) {
            let expected = generate::provider_name(n);
            assert_eq!(handle.derive(question, &no_credentials).map(|provider| &provider.name), Ok(&expected));
            assert_eq!(baseline.derive(&runtime, question, &[]), Ok(expected));
            assert_eq!(patterns.matching(question).iter().map(|id| id.as_usize()).collect::<Vec<_>>(), [n]);
        }

        group.throughput(Throughput::Elements(CHUNK as u64));
        group.bench_function(BenchmarkId::new("limit", providers), |b| {
            let mut next = chunks(&questions, CHUNK);
            b.iter(|| {
                for question in next() {
                    black_box(patterns.matching(black_box(question)));
                }
            });
        });
        group.bench_function(BenchmarkId::new("product", providers), |b| {
            let mut next = chunks(&questions, CHUNK);
            b.iter(|| {
                for question in next() {
                    let _ = black_box(handle.derive(black_box(question), &no_credentials));
                }
            });
        });
        group.bench_function(BenchmarkId::new("naive", providers), |b| {
            let mut next = chunks(&questions, CHUNK);
            b.iter(|| {
                for question in next() {
                    let _ = black_box(baseline.derive(&runtime, black_box(question), &[]));
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, exact, by_pattern);
