//! The proptest adapter of the case generator, and other inputs that several tests share.

use std::ops::RangeInclusive;

use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use slug_laws::TestCase;
use slug_laws::generator::{self, CHOICES, Choices};

/// Generates cases from a fixed number of independent choices. Each choice shrinks towards the simplest
/// option.
pub fn cases() -> impl Strategy<Value = TestCase> {
    numbers().prop_map(|numbers| generator::case(&mut Choices::new(&numbers)))
}

fn numbers() -> impl Strategy<Value = Vec<u16>> {
    vec(any::<u16>(), CHOICES)
}

/// The first `count` draws of a fixed seed: the same at every run, for tests that count.
pub fn fixed_numbers(count: usize) -> impl Iterator<Item = Vec<u16>> {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config { failure_persistence: None, ..Config::default() }, rng);
    let strategy = numbers();
    (0..count).map(move |_| strategy.new_tree(&mut runner).expect("the strategy rejects nothing").current())
}

/// The cases of [`fixed_numbers`].
pub fn fixed_cases(count: usize) -> impl Iterator<Item = TestCase> {
    fixed_numbers(count).map(|numbers| generator::case(&mut Choices::new(&numbers)))
}

/// Every text over an alphabet with a length in `lengths`, the shortest first.
pub fn texts(alphabet: &[char], lengths: RangeInclusive<u32>) -> impl Iterator<Item = String> {
    let size = alphabet.len();
    let numbers = lengths.flat_map(move |length| (0..size.pow(length)).map(move |number| (length, number)));
    numbers
        .map(move |(length, number)| (0..length).map(|position| alphabet[number / size.pow(position) % size]).collect())
}

/// Encodes choices and a text as a fuzz input.
pub fn fuzz_input(numbers: &[u16], text: &str) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).chain(text.bytes()).collect()
}
