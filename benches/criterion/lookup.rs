//! Derivation of the provider of one model with the embedded registry: exact, by pattern, unregistered.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group};
use slug_bench::data::{self, Lookup};
use slug_bench::generate::shuffled_indexes;
use slug_bench::{baseline, lower_bound};
use slug_resolver::{Credentials, NameSubset, Registry, RuntimeHandle};

/// Minimum number of questions in one iteration.
const STREAM: usize = 5_000;

/// The questions repeated, each time in another order.
fn stream<T>(questions: &[T]) -> Vec<&T> {
    shuffled_indexes(questions.len(), STREAM).into_iter().map(|index| &questions[index]).collect()
}

/// A question with the values that a caller would look up once.
struct PreparedLookup<'a> {
    lookup: &'a Lookup,
    handle: RuntimeHandle<'a>,
    credentials: Credentials<'a>,
}

fn prepared<'a>(registry: &'a Registry, lookups: &'a [Lookup]) -> Vec<PreparedLookup<'a>> {
    let prepared = lookups.iter().map(|lookup| PreparedLookup {
        lookup,
        handle: registry.handle(&lookup.runtime).expect("the runtime is registered"),
        credentials: Credentials { injected: NameSubset::all(&lookup.injected), ambient: &[] },
    });
    prepared.collect()
}

/// Measures the resolver by handle and by name, and the baseline, after checking their answers.
fn derive(c: &mut Criterion, group: &str, lookups: &[Lookup], mut lower_bound: impl FnMut()) {
    let registry = Registry::embedded();
    let baseline = baseline::Registry::new(&registry.document());
    let prepared = prepared(&registry, lookups);
    for PreparedLookup { lookup, handle, credentials } in &prepared {
        let by_name = registry.derive(&lookup.runtime, &lookup.model, credentials);
        assert_eq!(by_name.ok().map(|provider| &provider.name), lookup.provider.as_ref(), "{lookup:?}");
        assert_eq!(handle.derive(&lookup.model, credentials), by_name);
        assert_eq!(baseline.derive(&lookup.runtime, &lookup.model, &lookup.injected).ok(), lookup.provider);
    }

    let prepared = stream(&prepared);
    let mut group = c.benchmark_group(group);
    group.throughput(Throughput::Elements(prepared.len() as u64));
    group.bench_function("limit", |b| b.iter(&mut lower_bound));
    group.bench_function("by-handle", |b| {
        b.iter(|| {
            for PreparedLookup { lookup, handle, credentials } in &prepared {
                let _ = black_box(handle.derive(black_box(&lookup.model), credentials));
            }
        });
    });
    group.bench_function("by-name", |b| {
        b.iter(|| {
            for PreparedLookup { lookup, credentials, .. } in &prepared {
                let _ = black_box(registry.derive(black_box(&lookup.runtime), black_box(&lookup.model), credentials));
            }
        });
    });
    group.bench_function("naive", |b| {
        b.iter(|| {
            for PreparedLookup { lookup, .. } in &prepared {
                let _ = black_box(baseline.derive(&lookup.runtime, black_box(&lookup.model), &lookup.injected));
            }
        });
    });
    group.finish();
}

fn exact(c: &mut Criterion) {
    let lookups = data::listed(&Registry::embedded());
    let ids = lower_bound::id_map(lookups.iter().map(|lookup| lookup.model.as_str()));
    assert!(lookups.iter().all(|lookup| ids.contains_key(lookup.model.as_str())));
    let prepared = stream(&lookups);
    derive(c, "derive-exact", &lookups, || {
        for lookup in &prepared {
            black_box(ids.get(black_box(lookup.model.as_str())));
        }
    });
}

fn by_pattern(c: &mut Criterion) {
    let lookups = data::matched();
    derive(c, "derive-pattern", &lookups, all_patterns(&lookups, true));
}

fn unregistered(c: &mut Criterion) {
    let lookups = data::unregistered();
    derive(c, "derive-unregistered", &lookups, all_patterns(&lookups, false));
}

/// The lower bound by pattern: the automaton over every pattern of the registry.
fn all_patterns(lookups: &[Lookup], matching: bool) -> impl FnMut() {
    let registry = Registry::embedded();
    let mut patterns =
        lower_bound::Patterns::new(registry.providers().iter().map(|provider| provider.model_prefix_match.as_str()));
    for lookup in lookups {
        assert!(!matching || !patterns.matching(&lookup.model).is_empty(), "{lookup:?}");
    }
    let prepared = stream(lookups);
    move || {
        for lookup in &prepared {
            black_box(patterns.matching(black_box(&lookup.model)));
        }
    }
}

criterion_group!(benches, exact, by_pattern, unregistered);
