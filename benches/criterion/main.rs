//! The benchmarks: the product, its limit and a naive port, over the same questions.
//!
//! Each asserts its answers before it measures. `cargo bench -- derive` runs those with
//! that word in their names, `cargo bench -- --test` every one once.

mod batch;
mod growth;
mod lookup;
mod reading;
mod resolve;

// What takes the most memory comes last.
criterion::criterion_main!(lookup::benches, resolve::benches, reading::benches, batch::benches, growth::benches);
