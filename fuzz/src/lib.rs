//! The body of the fuzz targets, as a plain function.
//!
//! A target takes bytes and panics if they violate a property. The binaries run it on the
//! inputs of libFuzzer; `tests/replay.rs` runs it on the seeds and the saved findings, on
//! any toolchain. The oracles are in `slug-testkit`, so that the command can show and replay
//! the same inputs for review; only the comparison with a second YAML reader is defined here.

mod second_reader;

use slug_resolver::yaml::UnknownFields;
use slug_resolver::{Policy, Registry};
pub use slug_testkit::{INPUT_BYTES, Target};
#[cfg(feature = "command")]
pub use slugproof::commands::corpus::targets::TARGETS;

/// The only target without the command.
#[cfg(not(feature = "command"))]
pub const TARGETS: &[Target] = &[slug_testkit::target::RESOLVE];

/// Runs a target on one input.
///
/// # Panics
///
/// If no target has this name, or if the input violates a property.
pub fn run(name: &str, input: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("TARGETS lists every target");
    let input = &input[..input.len().min(INPUT_BYTES)];
    if let Err(violation) = (target.evaluate)(input).result {
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

/// Defines the entry point of a fuzzing build; in other builds, a program that prints how to run the target.
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
