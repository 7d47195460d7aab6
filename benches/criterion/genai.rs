//! Comparison with the crate genai, which maps a model id to a vendor, without runtimes or credentials.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use genai::adapter::AdapterKind;
use slug_bench::generate::shuffled_indexes;
use slug_bench::{data, lower_bound};
use slug_resolver::{Credentials, NameSubset, Registry};

fn exact(c: &mut Criterion) {
    let registry = Registry::embedded();
    let lookups = data::listed(&registry);
    let ids = lower_bound::id_map(lookups.iter().map(|lookup| lookup.model.as_str()));
    let credentials: Vec<Credentials<'_>> = lookups
        .iter()
        .map(|lookup| Credentials { injected: NameSubset::all(&lookup.injected), ambient: &[] })
        .collect();
    for (lookup, credentials) in lookups.iter().zip(&credentials) {
        let derived = registry.derive(&lookup.runtime, &lookup.model, credentials);
        assert_eq!(derived.ok().map(|provider| &provider.name), lookup.provider.as_ref());
        assert!(AdapterKind::from_model(&lookup.model).is_ok(), "{lookup:?}");
    }
    // Not every id falls through to the last rule of genai.
    assert!(matches!(AdapterKind::from_model("claude-sonnet-4-6"), Ok(AdapterKind::Anthropic)));
    assert!(matches!(AdapterKind::from_model("MiniMax-M2.7"), Ok(AdapterKind::MiniMax)));

    let order = shuffled_indexes(lookups.len(), 5_000);
    let handle = |lookup: &data::Lookup| registry.handle(&lookup.runtime).expect("the runtime is registered");
    let prepared: Vec<_> =
        order.into_iter().map(|index| (&lookups[index], handle(&lookups[index]), &credentials[index])).collect();
    let mut group = c.benchmark_group("derive-genai");
    group.throughput(Throughput::Elements(prepared.len() as u64));
    group.bench_function("limit", |b| {
        b.iter(|| {
            for (lookup, ..) in &prepared {
                black_box(ids.get(black_box(lookup.model.as_str())));
            }
        });
    });
    group.bench_function("by-handle", |b| {
        b.iter(|| {
            for (lookup, handle, credentials) in &prepared {
                let _ = black_box(handle.derive(black_box(&lookup.model), credentials));
            }
        });
    });
    group.bench_function("by-name", |b| {
        b.iter(|| {
            for (lookup, _, credentials) in &prepared {
                let _ = black_box(registry.derive(black_box(&lookup.runtime), black_box(&lookup.model), credentials));
            }
        });
    });
    group.bench_function("genai", |b| {
        b.iter(|| {
            for (lookup, ..) in &prepared {
                let _ = black_box(AdapterKind::from_model(black_box(&lookup.model)));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, exact);
criterion_main!(benches);
