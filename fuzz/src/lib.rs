//! The bodies of the fuzz targets, as plain functions.
//!
//! A target takes bytes and panics if anything that must hold does not. The
//! binaries hand it what libFuzzer makes up; `tests/replay.rs` hands it the seeds
//! and what was once found, on any toolchain.

mod lines;
mod pipeline;
mod readers;
mod second_reader;

/// One fuzz target.
pub struct Target {
    /// Its name: that of its binary and of its directory of seeds.
    pub name: &'static str,
    /// Its body.
    pub run: fn(&[u8]),
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target { name: "registry_yaml", run: readers::registry_yaml },
    Target { name: "policy_yaml", run: readers::policy_yaml },
    Target { name: "case_yaml", run: readers::case_yaml },
    Target { name: "resolve", run: pipeline::resolve },
    Target { name: "derive", run: pipeline::derive },
    Target { name: "batch_line", run: lines::batch_line },
];

/// Bytes of one input; what is longer is cut. The second YAML reader is not safe
/// on large hostile input, and a small one shows the same bugs sooner.
pub const INPUT_BYTES: usize = 4096;

/// Runs a target on one input.
///
/// # Panics
///
/// When no target has this name, and when the target finds something.
pub fn run(name: &str, input: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("targets are listed in TARGETS");
    (target.run)(&input[..input.len().min(INPUT_BYTES)]);
}

/// A fuzzing build's entry point, or in any other build a program that says what it is for.
#[macro_export]
macro_rules! target {
    ($name:literal) => {
        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_target!(|input: &[u8]| $crate::run($name, input));

        #[cfg(not(fuzzing))]
        fn main() {
            eprintln!("a fuzz target: run it with `cargo fuzz run -s none {}`", $name);
        }
    };
}
