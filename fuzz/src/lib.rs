//! The body of the fuzz targets, as a plain function.
//!
//! A target takes bytes and panics if anything that must hold of them does not. The
//! binaries hand it what libFuzzer makes up; `tests/replay.rs` hands it the seeds
//! and what was once found, on any toolchain. What must hold is said in `slug-testkit`,
//! where the command finds it as well, which shows and re-runs the same inputs for
//! review; only the comparison with a second reader of YAML is at home here.

mod second_reader;

use slug_resolver::yaml::UnknownFields;
use slug_resolver::{Policy, Registry};
pub use slug_testkit::{INPUT_BYTES, Target};
pub use slugproof::commands::corpus::targets::TARGETS;

/// Runs a target on one input.
///
/// # Panics
///
/// When no target has this name, and when the target finds something.
pub fn run(name: &str, input: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("targets are listed in TARGETS");
    let input = &input[..input.len().min(INPUT_BYTES)];
    if let Err(violation) = (target.evaluate)(input).holds {
        panic!("{violation}");
    }
    match target.name {
        "registry_yaml" => {
            for unknown in [UnknownFields::Deny, UnknownFields::Allow] {
                let read = Registry::from_yaml(input, unknown);
                second_reader::agrees(input, &read, |at| Registry::from_node(at, unknown));
            }
        }
        "policy_yaml" => second_reader::agrees(input, &Policy::from_yaml(input), Policy::from_node),
        _ => {}
    }
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
