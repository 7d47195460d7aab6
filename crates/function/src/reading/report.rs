//! What a reading shows, and why there is none.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A file that bash sources.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// The path as the policy writes it.
    pub path: String,
    /// The content.
    pub text: String,
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// The path as the policy writes it; the field of the policy for its commands, such as `function.model`.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
}

/// What the syntax tree of a function shows. It covers every command that a call can reach.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The variables of the environment that can change an answer.
    pub variables: BTreeMap<String, Comparisons>,
    /// The runtime, which the commands of the policy pass as `$RUNTIME`.
    pub runtime: Comparisons,
    /// The first place of the function of `function.model` that reads a parameter, such as `$1`, whose value is the
    /// same in every environment; with the parameter. `None` if the model command or its functions read `RUNTIME`.
    pub constant_parameter: Option<(Location, String)>,
    /// Constructs whose effect on the answer cannot be followed. If there are any, nothing is proved.
    pub not_followed: Vec<(Location, String)>,
    /// Places that change what outlives a call in the same shell: a global variable, an option, a file.
    pub state: Vec<(Location, String)>,
    /// The constant texts that the function can print, each with the first place that writes it. Of a
    /// JSON object, these are the keys.
    pub printed: Vec<(String, Location)>,
}

/// How a function uses one value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparisons {
    /// The texts with which it is compared. The empty text is not among them: it is always a class.
    pub texts: BTreeSet<String>,
    /// The patterns with which it is compared, as written in bash.
    pub patterns: BTreeSet<String>,
    /// Whether the function can print the value.
    pub is_printed: bool,
    /// Whether the function can behave in another way if the variable is unset than if it is empty.
    pub distinguishes_unset: bool,
    /// Whether bash splits the value at blanks, because an expansion has no quotes.
    pub is_split: bool,
}

/// Why a function cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadingError {
    /// The line with the mistake.
    pub location: Location,
    /// What is wrong.
    pub problem: Problem,
    /// Whether the reader followed everything before. If not, bash may know better.
    pub is_certain: bool,
}

/// What is wrong with a function that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The syntax, with the reason of the parser.
    Syntax(String),
    /// A carriage return or a zero byte.
    Character,
    /// The command of the policy is empty.
    Empty,
    /// The command of the policy calls a function that the files do not define.
    Undefined {
        /// The name that is called.
        name: String,
        /// The functions that the files define.
        defined: Vec<String>,
    },
    /// The files exit when they are sourced.
    Exit,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path, self.line)
    }
}

impl fmt::Display for ReadingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.location, self.problem, self.problem.remedy())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(reason) => write!(f, "slugproof cannot parse this: {reason}"),
            Self::Character => f.write_str("bash reads a carriage return or a zero byte as a part of a word"),
            Self::Empty => f.write_str("the command is empty"),
            Self::Undefined { name, defined } => {
                write!(f, "`{name}` is not a function; the files of `function.source` define ")?;
                match defined.as_slice() {
                    [] => f.write_str("no function"),
                    [one] => write!(f, "`{one}`"),
                    [first @ .., last] => write!(f, "`{}` and `{last}`", first.join("`, `")),
                }
            }
            Self::Exit => f.write_str("the file exits when it is sourced, before a function can be called"),
        }
    }
}

impl Problem {
    /// What to do.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Syntax(_) => "correct it, or write it in a simpler way",
            Self::Character => "remove it",
            Self::Empty => "call a function",
            Self::Undefined { .. } => "correct the name or add its file",
            Self::Exit => "remove the `exit`, or write `return`",
        }
    }
}

impl std::error::Error for ReadingError {}

/// The field of a policy with the command that prints the slug.
pub const MODEL_COMMAND: &str = "function.model";

/// The field of a policy with the command that prints the names of secrets.
pub const SECRETS_COMMAND: &str = "function.secrets";
