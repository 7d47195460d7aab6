//! Benchmarks of the resolver, its lower bound and a baseline, on the same questions.
//!
//! Each benchmark asserts its answers before it measures. `cargo bench -- derive` runs the
//! benchmarks with `derive` in their names, and `cargo bench -- --test` runs each one once.

mod batch;
mod growth;
mod lookup;
mod reading;
mod resolve;

// The benchmark that uses the most memory is last.
criterion::criterion_main!(lookup::benches, resolve::benches, reading::benches, batch::benches, growth::benches);
