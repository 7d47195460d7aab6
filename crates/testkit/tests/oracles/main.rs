//! Every oracle accepts a correct implementation and rejects wrong ones, each with its own message.

mod batch;
mod diagnosis;
mod expression;
mod linting;

/// Asserts that an outcome is a violation that contains `message`.
fn assert_rejected<T: std::fmt::Debug>(outcome: Result<T, String>, message: &str) {
    match outcome {
        Err(violation) => assert!(violation.contains(message), "{violation:?} does not contain {message:?}"),
        Ok(accepted) => panic!("accepted {accepted:?}, expected a violation with {message:?}"),
    }
}
