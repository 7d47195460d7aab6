//! Reading, checking and compiling the embedded registry.

use std::hint::black_box;

use criterion::{Criterion, criterion_group};
use slug_bench::lower_bound::{self, RegistryFile};
use slug_resolver::Registry;
use slug_resolver::yaml::UnknownFields;

fn embedded(c: &mut Criterion) {
    let yaml = Registry::EMBEDDED_YAML;
    let registry = Registry::from_yaml(yaml.as_bytes(), UnknownFields::Deny).expect("the embedded registry is valid");
    let second = |yaml: &str| serde_yaml::from_str::<RegistryFile>(yaml).expect("the file is a registry");
    for typed in [lower_bound::parse_registry(yaml), second(yaml)] {
        assert_eq!(typed.providers.len(), registry.providers().len());
        assert!(typed.providers.iter().zip(registry.providers()).all(|(one, other)| one.name == other.name));
        assert_eq!(typed.runtimes.len(), registry.runtimes().len());
    }

    let mut group = c.benchmark_group("reading");
    group.bench_function("limit", |b| b.iter(|| lower_bound::parse_registry(black_box(yaml))));
    group.bench_function("product", |b| {
        b.iter(|| Registry::from_yaml(black_box(yaml.as_bytes()), UnknownFields::Deny));
    });
    group.bench_function("serde-yaml", |b| b.iter(|| second(black_box(yaml))));
    group.finish();
}

criterion_group!(benches, embedded);
