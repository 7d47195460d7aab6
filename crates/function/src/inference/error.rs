//! Why no policy has the answers of a function.

use std::error::Error;
use std::fmt;

use crate::case::Case;

/// The reason why no policy gives the answers of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotInferred {
    /// An answer contains the value of a variable as a part of a longer text, which no rule can express.
    Composed {
        /// The environment with the fewest variables in which the function answers so.
        case: Case,
        /// The variable, or `runtime`.
        part: String,
    },
    /// No list of rules distinguishes these environments, whose answers differ.
    Indistinct {
        /// The subject of the answers: `model` or `secrets`.
        of: &'static str,
        /// Up to two environments, with the fewest variables first.
        cases: Vec<Case>,
    },
    /// The answers need more rules or more different values than a policy may have.
    TooLarge(String),
}

impl fmt::Display for NotInferred {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Composed { case, part } => write!(
                f,
                "the answer contains the value of `{part}` within a longer text, which a rule cannot express: {}",
                shown(case)
            ),
            Self::Indistinct { of, cases } => {
                write!(f, "no list of rules for `{of}` gives these answers")?;
                cases.iter().try_for_each(|case| write!(f, "; see {}", shown(case)))
            }
            Self::TooLarge(reason) => f.write_str(reason),
        }
    }
}

impl Error for NotInferred {}

/// A case in a message.
fn shown(case: &Case) -> String {
    let variables: Vec<String> = case.variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
    match (case.runtime.as_str(), variables.as_slice()) {
        ("", []) => "the empty environment".to_owned(),
        ("", _) => format!("`{}`", variables.join(" ")),
        (runtime, []) => format!("runtime `{runtime}`"),
        (runtime, _) => format!("runtime `{runtime}` with `{}`", variables.join(" ")),
    }
}
