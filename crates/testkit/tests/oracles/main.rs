//! Every oracle accepts a right implementation and rejects wrong ones, each with its own words.

mod batch;
mod diagnosis;
mod expression;
mod linting;

/// Checks that an outcome is a violation that says this.
fn assert_rejected<T: std::fmt::Debug>(outcome: Result<T, String>, said: &str) {
    match outcome {
        Err(violation) => assert!(violation.contains(said), "{said:?} is not said in {violation:?}"),
        Ok(accepted) => panic!("accepted, and must be rejected with {said:?}: {accepted:?}"),
    }
}
