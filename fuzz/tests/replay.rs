//! Replays every seed and every saved finding through the bodies of the targets, on any
//! toolchain. It also replays the inputs in the directories of `FUZZ_CORPORA`, a list like
//! PATH; each directory contains one directory per target.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use slug_fuzz::{INPUT_BYTES, TARGETS};
use slug_laws::{Implementation, RealResolver, generator};
use slug_resolver::policy::InjectMode;
use slug_resolver::{Billing, Outcome};

fn directory(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The directories of `FUZZ_CORPORA` with inputs of a target.
fn corpora(target: &str) -> Vec<PathBuf> {
    let roots = std::env::var_os("FUZZ_CORPORA");
    roots.iter().flat_map(std::env::split_paths).map(|root| root.join(target)).collect()
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = directory.read_dir() else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("the corpus is readable").path()).collect();
    files.sort();
    files
}

#[test]
fn every_seed_and_regression_is_replayed() {
    for target in TARGETS {
        let seeds = files(&directory("seeds").join(target.name));
        assert!(!seeds.is_empty(), "{} lacks a seed", target.name);
        let others = corpora(target.name).into_iter().chain([directory("regressions").join(target.name)]);
        let others: Vec<PathBuf> = others.flat_map(|directory| files(&directory)).collect();
        for path in seeds.iter().chain(&others) {
            let input = fs::read(path).expect("the corpus is readable");
            assert!(input.len() <= INPUT_BYTES, "{} exceeds the size limit of an input", path.display());
            // The test harness shows this only if the body panics.
            println!("{}", path.display());
            slug_fuzz::run(target.name, &input);
        }
    }
}

/// Nothing else detects a target without a program, or seeds without a target.
#[test]
fn every_target_has_a_program_and_seeds() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    let stem = |path: &PathBuf| path.file_stem().and_then(|stem| stem.to_str()).expect("names are UTF-8").to_owned();
    let programs: BTreeSet<String> = files(&directory("fuzz_targets")).iter().map(stem).collect();
    let seeds: BTreeSet<String> = files(&directory("seeds")).iter().map(stem).collect();
    assert_eq!(programs, targets);
    assert_eq!(seeds, targets);
    for path in files(&directory("fuzz_targets")) {
        let program = fs::read_to_string(&path).expect("programs are readable");
        assert!(program.contains(&format!("slug_fuzz::target!(\"{}\")", stem(&path))), "{}", path.display());
    }
}

/// `cargo ci` and ClusterFuzzLite read the size limit of an input from the manifest.
#[test]
fn manifest_has_the_input_limit_of_the_code() {
    let manifest = fs::read_to_string(directory("Cargo.toml")).expect("the manifest is readable");
    assert!(manifest.lines().any(|line| line == format!("input-bytes = {INPUT_BYTES}")), "{manifest}");
}

/// A seed of a large registry is named after its size, which depends on the generator.
#[test]
fn registry_seeds_match_the_size_in_their_name() {
    for path in files(&directory("seeds/derive")) {
        let name = path.file_name().and_then(|name| name.to_str()).expect("names are UTF-8");
        let bytes = fs::read(&path).expect("the corpus is readable");
        let (registry, _) = generator::large_registry_of(&bytes);
        let size = format!("{}-providers-{}-runtimes", registry.providers().len(), registry.runtimes().len());
        assert_eq!(name, size, "replace the seed");
    }
}

/// A seed of a case is named after its result, which depends on the generator.
#[test]
fn case_seeds_match_the_result_in_their_name() {
    for path in files(&directory("seeds/resolve")) {
        let name = path.file_name().and_then(|name| name.to_str()).expect("names are UTF-8");
        let case = generator::case_of(&fs::read(&path).expect("the corpus is readable"));
        let found = RealResolver.resolve(&case);
        let warnings: Vec<&str> = found.warnings.iter().map(slug_resolver::Warning::as_str).collect();
        let fixes = RealResolver.fixes(&case).first().map_or(0, |fix| fix.edits.len()).to_string();
        let is_so = match name.split_once('-').expect("a name has a kind and a detail") {
            ("code", code) => found.code.is_some_and(|found| found.as_str() == code),
            ("rule", rule) => found.rule == Some(rule),
            ("unnamed", _) => found.rule.is_some_and(|rule| rule.starts_with("model[")),
            ("outcome", "nothing") => found.outcome == Outcome::Nothing,
            ("mode", "every") => {
                case.dataset.policy.document().inject == InjectMode::Every && !found.injected.is_empty()
            }
            ("warning", warning) => warnings.contains(&warning),
            ("coherent", "byok") => found.billing == Some(Billing::Byok) && found.is_coherent(),
            ("coherent", "keyless") => {
                found.is_coherent() && found.provider.is_some_and(slug_resolver::Provider::is_keyless)
            }
            ("coherent", "platform") => found.billing == Some(Billing::Platform) && found.is_coherent(),
            ("fix", edits) => edits.split('-').nth(1) == Some(&fixes),
            ("free", _) => found.decided_by == Some("MODEL"),
            _ => panic!("{name}: unknown kind of seed"),
        };
        assert!(is_so, "{name} resolves to {found:?} with {fixes} edits; replace the seed");
    }
}
