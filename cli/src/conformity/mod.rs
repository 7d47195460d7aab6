//! Whether a policy matches the function that it describes: for `conform`, and for every command
//! that is asked to deny policies that do not.

mod findings;
mod report;
mod state;

pub use findings::{add, unusable};
pub use report::{conforms, is_denied, not_compared, report};
pub use state::{BUDGET, Conformity, State, budget, read_sources};
