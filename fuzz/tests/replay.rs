//! Every seed and everything once found goes through the bodies of the targets
//! again, on any toolchain.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use slug_fuzz::{INPUT_BYTES, TARGETS};

fn directory(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
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
        assert!(!seeds.is_empty(), "{} has no seed", target.name);
        for path in seeds.iter().chain(&files(&directory("regressions").join(target.name))) {
            let input = fs::read(path).expect("the corpus is readable");
            assert!(input.len() <= INPUT_BYTES, "{} is longer than an input may be", path.display());
            // Shown only if the body panics.
            println!("{}", path.display());
            slug_fuzz::run(target.name, &input);
        }
    }
}

/// A target without its program, or seeds without a target, would rot unnoticed.
#[test]
fn targets_programs_and_seeds_go_together() {
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
