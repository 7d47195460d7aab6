//! The whole pipeline with the embedded registry and policy.

use std::collections::HashMap;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group};
use slug_bench::generate::shuffled_indexes;
use slug_bench::{baseline, data};
use slug_resolver::{Code, Credentials, Env, Policy, Registry, inject, resolve, select};

fn pipeline(c: &mut Criterion) {
    let registry = Registry::embedded();
    let policy = Policy::embedded("full-saas").expect("the policy ships with the crate");
    let questions = data::questions();
    let runner: Vec<HashMap<String, String>> = questions.iter().map(data::on_a_runner).collect();
    let prepared: Vec<Env<'_>> = questions
        .iter()
        .map(|question| Env::read(&policy, question.env.iter().map(|(name, value)| (name, value.as_str()))))
        .collect();
    let read = |variables| Env::read(&policy, pairs(variables));
    let derivations: Vec<(&str, &str, Credentials<'_>)> = questions
        .iter()
        .zip(&prepared)
        .map(|(question, env)| {
            let credentials = Credentials { injected: inject(&question.runtime, env).names, ..Credentials::default() };
            (policy.template_of(&question.runtime), select(&question.runtime, env).slug, credentials)
        })
        .collect();
    let baseline = baseline::Registry::new(&registry.document());

    for (((question, env), (runtime, slug, credentials)), variables) in
        questions.iter().zip(&prepared).zip(&derivations).zip(&runner)
    {
        let found = resolve(&registry, &question.runtime, env, &[]);
        let provider = found.provider.map(|provider| provider.name.as_str());
        assert_eq!(registry.derive(runtime, slug, credentials).ok().map(|provider| provider.name.as_str()), provider);
        assert_eq!(read(variables), *env);
        let expected = baseline.resolve(policy.document(), &question.runtime, &question.env);
        let expected = (expected.slug.as_str(), expected.provider.as_deref(), expected.code);
        assert_eq!(expected, (found.slug, provider, found.code.map(Code::as_str)), "{question:?}");
    }

    let order = shuffled_indexes(questions.len(), 5_000);
    let mut group = c.benchmark_group("resolve");
    group.throughput(Throughput::Elements(order.len() as u64));
    group.bench_function("limit", |b| {
        b.iter(|| {
            for &index in &order {
                let (runtime, slug, credentials) = &derivations[index];
                let _ = black_box(registry.derive(black_box(runtime), black_box(slug), credentials));
            }
        });
    });
    group.bench_function("prepared", |b| {
        b.iter(|| {
            for &index in &order {
                let (question, env) = (&questions[index], &prepared[index]);
                black_box(&resolve(&registry, black_box(&question.runtime), black_box(env), &[]));
            }
        });
    });
    group.bench_function("from-map", |b| {
        b.iter(|| {
            for &index in &order {
                let (question, variables) = (&questions[index], &runner[index]);
                let env = Env::read(&policy, pairs(black_box(variables)));
                black_box(&resolve(&registry, black_box(&question.runtime), &env, &[]));
            }
        });
    });
    group.bench_function("naive", |b| {
        b.iter(|| {
            for &index in &order {
                let question = &questions[index];
                let env = black_box(&question.env);
                black_box(&baseline.resolve(policy.document(), black_box(&question.runtime), env));
            }
        });
    });
    group.finish();
}

fn pairs(variables: &HashMap<String, String>) -> impl Iterator<Item = (&String, &str)> {
    variables.iter().map(|(name, value)| (name, value.as_str()))
}

criterion_group!(benches, pipeline);
