//! How the cost of one look-up grows with the registry.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use slug_bench::generate::{self, Size};
use slug_bench::{limit, naive};
use slug_resolver::{Credentials, Registry};

/// Questions before they come again in the same order, at least.
const STREAM: usize = 10_000;

/// Questions that one iteration asks; each iteration asks the next ones.
const CHUNK: usize = 100;

/// Questions that one iteration asks the naive port, which scans a list of all ids for each.
const NAIVE_CHUNK: usize = 10;

/// Runs through the questions, a chunk at a time, again and again.
fn chunks<'a>(questions: &'a [String], length: usize) -> impl FnMut() -> &'a [String] {
    let mut chunks = questions.chunks_exact(length).cycle();
    move || chunks.next().expect("there are questions")
}

/// Exact: more and more ids in one runtime with thirty providers.
fn exact(c: &mut Criterion) {
    let mut group = c.benchmark_group("growth-exact");
    for ids in [100, 1_000, 10_000, 100_000, 1_000_000] {
        let document = generate::registry(Size { providers: 30, runtimes: 1, ids });
        let naive = naive::Registry::new(&document);
        let registry = Registry::new(document).expect("a generated registry is valid");
        // The texts of the questions lie in the order in which they are asked, as if they
        // had just come in: what is measured is the way to the answer.
        let order = generate::asking_order(ids, STREAM);
        let questions: Vec<String> = order.iter().copied().map(generate::model_id).collect();
        let listed: Vec<&str> =
            registry.runtimes()[0].arms.iter().flat_map(|arm| &arm.models).map(String::as_str).collect();
        let map = limit::id_map(listed.iter().copied());
        let runtime = generate::runtime_name(0);
        let handle = registry.handle(&runtime).expect("the runtime is registered");
        let nothing = Credentials::default();

        for (&n, question) in order.iter().zip(&questions).take(1_000) {
            let provider = handle.derive(question, &nothing).expect("the id is listed");
            assert_eq!(provider.name, generate::provider_name((n % 30 + 1) % 30), "{question}");
            assert_eq!(map.get(question.as_str()).map(|&place| listed[place as usize]), Some(question.as_str()));
            if n % 100 == 0 {
                assert_eq!(naive.derive(&runtime, question, &[]).as_ref(), Ok(&provider.name));
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
                    let _ = black_box(handle.derive(black_box(question), &nothing));
                }
            });
        });
        group.throughput(Throughput::Elements(NAIVE_CHUNK as u64));
        group.bench_function(BenchmarkId::new("naive", ids), |b| {
            let mut next = chunks(&questions, NAIVE_CHUNK);
            b.iter(|| {
                for question in next() {
                    let _ = black_box(naive.derive(&runtime, black_box(question), &[]));
                }
            });
        });
    }
    group.finish();
}

/// By pattern: more and more providers, each with a pattern of its own.
fn by_pattern(c: &mut Criterion) {
    let mut group = c.benchmark_group("growth-pattern");
    for providers in [30, 100, 300, 1_000, 3_000] {
        let document = generate::registry(Size { providers, runtimes: 1, ids: 0 });
        let mut patterns =
            limit::Patterns::new(document.providers.iter().map(|provider| provider.model_prefix_match.as_str()));
        let naive = naive::Registry::new(&document);
        let registry = Registry::new(document).expect("a generated registry is valid");
        let order = generate::asking_order(providers, STREAM);
        let questions: Vec<String> = order.iter().copied().map(generate::unlisted_id).collect();
        let runtime = generate::runtime_name(0);
        let handle = registry.handle(&runtime).expect("the runtime is registered");
        let nothing = Credentials::default();

        for (&n, question) in order.iter().zip(&questions).take(100) {
            let expected = generate::provider_name(n);
            assert_eq!(handle.derive(question, &nothing).map(|provider| &provider.name), Ok(&expected));
            assert_eq!(naive.derive(&runtime, question, &[]), Ok(expected));
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
                    let _ = black_box(handle.derive(black_box(question), &nothing));
                }
            });
        });
        group.bench_function(BenchmarkId::new("naive", providers), |b| {
            let mut next = chunks(&questions, CHUNK);
            b.iter(|| {
                for question in next() {
                    let _ = black_box(naive.derive(&runtime, black_box(question), &[]));
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, exact, by_pattern);
