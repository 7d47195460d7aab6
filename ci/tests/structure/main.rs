//! The structure of the workspace: imports between files have no cycle, no crate is too large,
//! and every source file is part of a crate.

mod source;
mod target;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use source::Source;
use target::Target;

/// Maximum share of all lines in one crate, in percent.
const LARGEST_CRATE: usize = 35;

#[test]
fn imports_between_files_have_no_cycle() {
    let cycles: Vec<String> = roots().iter().filter_map(|root| Target::read(root).cycle()).collect();
    assert!(cycles.is_empty(), "files import each other in a cycle:\n{}", cycles.join("\n"));
}

#[test]
fn no_crate_is_too_large() {
    let size = |files: Vec<PathBuf>| -> usize { files.iter().map(|file| lines_outside_tests(file)).sum() };
    let sizes: BTreeMap<String, usize> =
        crates().iter().map(|path| (relative_path(path), size(sources(path)))).collect();
    let all: usize = sizes.values().sum();
    let is_small = |lines: &usize| *lines * 100 <= all * LARGEST_CRATE;
    assert!(sizes.values().all(is_small), "a crate has more than {LARGEST_CRATE} % of {all} lines: {sizes:?}");
}

#[test]
fn every_source_file_belongs_to_a_crate() {
    let known: BTreeSet<PathBuf> = roots().iter().flat_map(|root| Target::read(root).files()).collect();
    let files = crates().into_iter().flat_map(|directory| sources(&directory));
    let orphans: Vec<String> = files.filter(|file| !known.contains(file)).map(|file| relative_path(&file)).collect();
    assert!(orphans.is_empty(), "no crate declares these files as modules: {orphans:?}");
}

#[test]
fn imports_are_found_in_every_kind_of_path() {
    let root = "mod a; mod b; pub use b::Second;";
    for (a, b) in [
        ("use crate::b::B;", "use super::a::A;"),
        ("pub fn a() { crate::b::b(); }", "use crate::a::{self, A as Other};"),
        ("use crate::Second;", "pub struct Second; fn b(_: super::a::A) {}"),
        ("use super::{c, b::*};", "struct B(crate::a::A);"),
    ] {
        assert!(cycle(root, a, b).is_some(), "{a} {b}");
    }
    for (a, b) in [
        ("use crate::b::B;", "use std::fmt; // use crate::a::A;"),
        ("use crate::b::B;", "const B: &str = \"crate::a::A\"; #[cfg(test)] mod tests { use crate::a::A; }"),
        ("use crate::b::B;", "struct B<'a>(&'a str, char); const C: B = B(r#\"crate::a::A\"#, '\"');"),
        ("", "use super::a::A;"),
    ] {
        assert_eq!(cycle(root, a, b), None, "{a} {b}");
    }
}

#[test]
fn parent_that_only_reexports_is_in_no_cycle() {
    let child = "use super::Shared; pub struct A;";
    assert_eq!(cycle("mod a; pub use a::A; pub struct Shared;", child, ""), None);
    assert!(cycle("mod a; pub use a::A; pub struct Shared(A);", child, "").is_some());
    assert!(cycle("mod a; pub struct Shared; fn run() { a::run() }", child, "").is_some());
}

/// The import cycle in a crate of a root and two modules.
fn cycle(root: &str, a: &str, b: &str) -> Option<String> {
    let module = |name: &str, text: &str| (vec![name.to_owned()], (PathBuf::from(name), Source::parse(text)));
    let root = (Vec::new(), (PathBuf::from("root"), Source::parse(root)));
    Target { modules: BTreeMap::from([root, module("a", a), module("b", b)]) }.cycle()
}

/// The directories of the crates: those of the workspace and those below `crates`.
fn crates() -> Vec<PathBuf> {
    let entries = [workspace(), workspace().join("crates")]
        .map(|directory| fs::read_dir(directory).expect("the directory is readable"));
    let directories = entries.into_iter().flatten().map(|entry| entry.expect("the entry is readable").path());
    directories.filter(|directory| directory.join("Cargo.toml").is_file()).collect()
}

/// The root files of all crates, at which the compiler starts.
fn roots() -> Vec<PathBuf> {
    let is_root = |file: &PathBuf| {
        let directory = file.parent().expect("a file is in a directory");
        let is_in = |name| directory.ends_with(name);
        let is_beside_manifest = directory.join("Cargo.toml").is_file();
        file.ends_with("lib.rs")
            || file.ends_with("main.rs")
            || is_in("bin")
            || is_in("fuzz_targets")
            || is_beside_manifest
    };
    crates().into_iter().flat_map(|directory| sources(&directory)).filter(is_root).collect()
}

/// The source files of a crate, without tests and examples.
fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).expect("the directory is readable") {
        let path = entry.expect("the entry is readable").path();
        let is_skipped = ["tests", "tests.rs", "examples", "target"].iter().any(|name| path.ends_with(name));
        if path.is_dir() && !is_skipped {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") && !is_skipped {
            files.push(path);
        }
    }
    files
}

fn lines_outside_tests(file: &Path) -> usize {
    let text = fs::read_to_string(file).expect("the file is readable");
    text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().lines().count()
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is in the workspace").to_owned()
}

/// The path relative to the workspace, for messages.
fn relative_path(path: &Path) -> String {
    path.strip_prefix(workspace()).unwrap_or(path).display().to_string()
}
