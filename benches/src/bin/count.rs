//! Runs one operation repeatedly, for a tool that counts instructions.
//!
//!     count               lists the operations
//!     count NAME FACTOR   runs one operation FACTOR times the basic number of repetitions,
//!                         and prints the number of answered questions
//!
//! Two runs with different factors differ only by the operation: the cost of the set-up
//! cancels out.

use std::collections::HashMap;
use std::hint::black_box;
use std::process::ExitCode;

use slug_bench::data::{self, Lookup};
use slug_bench::lower_bound;
use slug_lines::LineResolver;
use slug_resolver::yaml::UnknownFields;
use slug_resolver::{Credentials, Env, NameSubset, Policy, Registry, inject, resolve, select};

/// The name of an operation, and the function that repeats it and returns the number of answers.
type Operation = (&'static str, fn(usize) -> usize);

const OPERATIONS: [Operation; 14] = [
    ("exact-limit", exact_lower_bound),
    ("exact-by-handle", |times| by_handle(&data::listed(&Registry::embedded()), times)),
    ("exact-by-name", |times| by_name(&data::listed(&Registry::embedded()), times)),
    ("pattern-limit", |times| all_patterns(&data::matched(), times)),
    ("pattern", |times| by_name(&data::matched(), times)),
    ("unregistered-limit", |times| all_patterns(&data::unregistered(), times)),
    ("unregistered", |times| by_name(&data::unregistered(), times)),
    ("resolve-limit", resolve_lower_bound),
    ("resolve-prepared", resolve_prepared),
    ("resolve-from-map", resolve_from_map),
    ("line-limit", line_lower_bound),
    ("line", line),
    ("reading-limit", reading_lower_bound),
    ("reading", reading),
];

/// Number of repetitions of the questions for a factor of 1.
const TIMES: usize = 200;

/// Number of times a file is read for a factor of 1.
const READS: usize = 2;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, factor] = &arguments[..] else {
        for (name, _) in OPERATIONS {
            println!("{name}");
        }
        return if arguments.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    };
    let operation = OPERATIONS.iter().find(|(known, _)| known == name);
    let (Some((_, operation)), Ok(factor)) = (operation, factor.parse::<usize>()) else {
        eprintln!("`{name} {factor}` is not an operation and a number; run without arguments to list the operations");
        return ExitCode::FAILURE;
    };
    println!("{}", operation(factor));
    ExitCode::SUCCESS
}

fn exact_lower_bound(times: usize) -> usize {
    let lookups = data::listed(&Registry::embedded());
    let ids = lower_bound::id_map(lookups.iter().map(|lookup| lookup.model.as_str()));
    for _ in 0..times * TIMES {
        for lookup in &lookups {
            black_box(ids.get(black_box(lookup.model.as_str())));
        }
    }
    times * TIMES * lookups.len()
}

fn by_handle(lookups: &[Lookup], times: usize) -> usize {
    let registry = Registry::embedded();
    let handles: Vec<_> =
        lookups.iter().map(|lookup| registry.handle(&lookup.runtime).expect("the runtime is registered")).collect();
    let credentials = credentials(lookups);
    for _ in 0..times * TIMES {
        for ((lookup, handle), credentials) in lookups.iter().zip(&handles).zip(&credentials) {
            let _ = black_box(handle.derive(black_box(&lookup.model), credentials));
        }
    }
    times * TIMES * lookups.len()
}

fn by_name(lookups: &[Lookup], times: usize) -> usize {
    let registry = Registry::embedded();
    let credentials = credentials(lookups);
    for _ in 0..times * TIMES {
        for (lookup, credentials) in lookups.iter().zip(&credentials) {
            let _ = black_box(registry.derive(black_box(&lookup.runtime), black_box(&lookup.model), credentials));
        }
    }
    times * TIMES * lookups.len()
}

fn credentials(lookups: &[Lookup]) -> Vec<Credentials<'_>> {
    let injected = lookups.iter().map(|lookup| NameSubset::all(&lookup.injected));
    injected.map(|injected| Credentials { injected, ambient: &[] }).collect()
}

fn all_patterns(lookups: &[Lookup], times: usize) -> usize {
    let registry = Registry::embedded();
    let mut patterns =
        lower_bound::Patterns::new(registry.providers().iter().map(|provider| provider.model_prefix_match.as_str()));
    for _ in 0..times * TIMES {
        for lookup in lookups {
            black_box(patterns.matching(black_box(&lookup.model)));
        }
    }
    times * TIMES * lookups.len()
}

fn full_saas() -> Policy {
    Policy::embedded("full-saas").expect("the policy ships with the crate")
}

fn resolve_lower_bound(times: usize) -> usize {
    let (registry, policy, questions) = (Registry::embedded(), full_saas(), data::questions());
    let envs: Vec<_> = questions.iter().map(|question| Env::read(&policy, pairs(&question.env))).collect();
    let lookups: Vec<_> = questions
        .iter()
        .zip(&envs)
        .map(|(question, env)| {
            let credentials = Credentials { injected: inject(&question.runtime, env).names, ..Credentials::default() };
            (policy.template_of(&question.runtime), select(&question.runtime, env).slug, credentials)
        })
        .collect();
    for _ in 0..times * TIMES {
        for (runtime, slug, credentials) in &lookups {
            let _ = black_box(registry.derive(black_box(runtime), black_box(slug), credentials));
        }
    }
    times * TIMES * lookups.len()
}

fn resolve_prepared(times: usize) -> usize {
    let (registry, policy, questions) = (Registry::embedded(), full_saas(), data::questions());
    let envs: Vec<_> = questions.iter().map(|question| Env::read(&policy, pairs(&question.env))).collect();
    for _ in 0..times * TIMES {
        for (question, env) in questions.iter().zip(&envs) {
            black_box(&resolve(&registry, black_box(&question.runtime), black_box(env), &[]));
        }
    }
    times * TIMES * questions.len()
}

fn resolve_from_map(times: usize) -> usize {
    let (registry, policy, questions) = (Registry::embedded(), full_saas(), data::questions());
    let maps: Vec<HashMap<String, String>> = questions.iter().map(data::on_a_runner).collect();
    for _ in 0..times * TIMES {
        for (question, map) in questions.iter().zip(&maps) {
            let env = Env::read(&policy, pairs(black_box(map)));
            black_box(&resolve(&registry, black_box(&question.runtime), &env, &[]));
        }
    }
    times * TIMES * questions.len()
}

fn pairs<'m>(
    variables: impl IntoIterator<Item = (&'m String, &'m String)>,
) -> impl Iterator<Item = (&'m String, &'m str)> {
    variables.into_iter().map(|(name, value)| (name, value.as_str()))
}

fn line(times: usize) -> usize {
    let (registry, policy) = (Registry::embedded(), full_saas());
    let resolver = LineResolver::new(&registry, &policy);
    let lines = data::question_lines();
    let mut out = Vec::new();
    for _ in 0..times * TIMES {
        out.clear();
        for line in &lines {
            resolver.answer(black_box(line.as_bytes()), &mut out).expect("the line is a question");
            out.push(b'\n');
        }
        black_box(&out);
    }
    times * TIMES * lines.len()
}

fn line_lower_bound(times: usize) -> usize {
    let (registry, policy) = (Registry::embedded(), full_saas());
    let resolver = LineResolver::new(&registry, &policy);
    let lines = data::question_lines();
    let answer = |line: &String| {
        let mut out = Vec::new();
        resolver.answer(line.as_bytes(), &mut out).expect("the line is a question");
        serde_json::from_slice(&out).expect("an answer has the documented keys")
    };
    let answers: Vec<lower_bound::Answer> = lines.iter().map(answer).collect();
    let mut out = Vec::new();
    for _ in 0..times * TIMES {
        out.clear();
        for (line, answer) in lines.iter().zip(&answers) {
            lower_bound::answer_line(black_box(line), answer, &mut out);
        }
        black_box(&out);
    }
    times * TIMES * lines.len()
}

fn reading(times: usize) -> usize {
    for _ in 0..times * READS {
        let read = Registry::from_yaml(black_box(Registry::EMBEDDED_YAML.as_bytes()), UnknownFields::Deny);
        black_box(read.expect("the embedded registry is valid"));
    }
    times * READS
}

fn reading_lower_bound(times: usize) -> usize {
    for _ in 0..times * READS {
        black_box(lower_bound::parse_registry(black_box(Registry::EMBEDDED_YAML)));
    }
    times * READS
}
