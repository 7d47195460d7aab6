//! Runs one operation so often, for a tool that counts instructions.
//!
//!     count               names the operations
//!     count NAME FACTOR   runs one, FACTOR times as often as is enough to count it, and
//!                         prints how many questions were answered
//!
//! Two runs with different factors differ by the operation alone: what was set up before
//! cancels out.

use std::collections::HashMap;
use std::hint::black_box;
use std::process::ExitCode;

use slug_bench::data::{self, Lookup};
use slug_bench::limit;
use slug_resolver::yaml::UnknownFields;
use slug_resolver::{Credentials, Env, Policy, Registry, inject, resolve, select};
use slugproof::lines::resolve_line;

/// An operation: its name, and how it answers its questions so many times over.
type Operation = (&'static str, fn(usize) -> usize);

const OPERATIONS: [Operation; 14] = [
    ("exact-limit", exact_limit),
    ("exact-by-handle", |times| by_handle(&data::listed(&Registry::embedded()), times)),
    ("exact-by-name", |times| by_name(&data::listed(&Registry::embedded()), times)),
    ("pattern-limit", |times| all_patterns(&data::matched(), times)),
    ("pattern", |times| by_name(&data::matched(), times)),
    ("unregistered-limit", |times| all_patterns(&data::unregistered(), times)),
    ("unregistered", |times| by_name(&data::unregistered(), times)),
    ("resolve-limit", resolve_limit),
    ("resolve-prepared", resolve_prepared),
    ("resolve-from-map", resolve_from_map),
    ("line-limit", line_limit),
    ("line", line),
    ("reading-limit", reading_limit),
    ("reading", reading),
];

/// How often the questions are asked for a factor of 1.
const TIMES: usize = 200;

/// How often a file is read for a factor of 1.
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
        eprintln!("`{name} {factor}` is no operation and a number; without arguments the operations are named");
        return ExitCode::FAILURE;
    };
    println!("{}", operation(factor));
    ExitCode::SUCCESS
}

fn exact_limit(times: usize) -> usize {
    let lookups = data::listed(&Registry::embedded());
    let ids = limit::id_map(lookups.iter().map(|lookup| lookup.model.as_str()));
    for _ in 0..times * TIMES {
        for lookup in &lookups {
            black_box(ids.get(black_box(lookup.model.as_str())));
        }
    }
    times * TIMES * lookups.len()
}

fn by_handle(lookups: &[Lookup], times: usize) -> usize {
    let registry = Registry::embedded();
    let handles: Vec<_> = lookups.iter().map(|lookup| registry.handle(&lookup.runtime).expect("is known")).collect();
    for _ in 0..times * TIMES {
        for (lookup, handle) in lookups.iter().zip(&handles) {
            let credentials = Credentials { injected: &lookup.injected, ambient: &[] };
            let _ = black_box(handle.derive(black_box(&lookup.model), &credentials));
        }
    }
    times * TIMES * lookups.len()
}

fn by_name(lookups: &[Lookup], times: usize) -> usize {
    let registry = Registry::embedded();
    for _ in 0..times * TIMES {
        for lookup in lookups {
            let credentials = Credentials { injected: &lookup.injected, ambient: &[] };
            let _ = black_box(registry.derive(black_box(&lookup.runtime), black_box(&lookup.model), &credentials));
        }
    }
    times * TIMES * lookups.len()
}

fn all_patterns(lookups: &[Lookup], times: usize) -> usize {
    let registry = Registry::embedded();
    let mut patterns =
        limit::Patterns::new(registry.providers().iter().map(|provider| provider.model_prefix_match.as_str()));
    for _ in 0..times * TIMES {
        for lookup in lookups {
            black_box(patterns.matching(black_box(&lookup.model)));
        }
    }
    times * TIMES * lookups.len()
}

fn full_saas() -> Policy {
    Policy::embedded("full-saas").expect("ships with the crate")
}

fn resolve_limit(times: usize) -> usize {
    let (registry, policy, questions) = (Registry::embedded(), full_saas(), data::questions());
    let envs: Vec<_> = questions.iter().map(|question| Env::read(&policy, pairs(&question.env))).collect();
    let lookups: Vec<_> = questions
        .iter()
        .zip(&envs)
        .map(|(question, env)| {
            let credentials = Credentials { injected: inject(env), ambient: &[] };
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
    let lines = data::question_lines();
    let mut out = Vec::new();
    for _ in 0..times * TIMES {
        out.clear();
        for line in &lines {
            resolve_line(&registry, &policy, black_box(line.as_bytes()), &mut out).expect("the line is a question");
            out.push(b'\n');
        }
        black_box(&out);
    }
    times * TIMES * lines.len()
}

fn line_limit(times: usize) -> usize {
    let (registry, policy) = (Registry::embedded(), full_saas());
    let lines = data::question_lines();
    let answer = |line: &String| {
        let mut out = Vec::new();
        resolve_line(&registry, &policy, line.as_bytes(), &mut out).expect("the line is a question");
        serde_json::from_slice(&out).expect("an answer has the documented keys")
    };
    let answers: Vec<limit::Answer> = lines.iter().map(answer).collect();
    let mut out = Vec::new();
    for _ in 0..times * TIMES {
        out.clear();
        for (line, answer) in lines.iter().zip(&answers) {
            limit::answer_line(black_box(line), answer, &mut out);
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

fn reading_limit(times: usize) -> usize {
    for _ in 0..times * READS {
        black_box(limit::parse_registry(black_box(Registry::EMBEDDED_YAML)));
    }
    times * READS
}
