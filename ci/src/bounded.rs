//! `cargo ci bounded`: checks every law on every case of every registry and policy within the nightly bounds.
//!
//! `cargo test` checks smaller bounds. The bounds, and the formula for the number of forms, are in
//! resolver/tests/laws/bounded.rs.

use crate::failure::Result;
use crate::process::Process;

pub fn run() -> Result {
    Process::cargo()
        .args(["test", "--locked", "--profile", "dist", "--package", "slug-resolver", "--test", "laws", "--"])
        .args(["--ignored", "--nocapture", "nightly_bounds_satisfy_all_laws"])
        .run()
}
