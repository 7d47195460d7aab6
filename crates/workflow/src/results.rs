//! The results of steps: their outcomes and their outputs.

use std::collections::{BTreeMap, BTreeSet};

use github_actions_expressions::Evaluation;

use super::outputs::KnownOutputs;
use slug_value::{Tristate, Value};

/// The results of steps, by the id in lower case.
pub type StepResults = BTreeMap<String, StepResult>;

/// No steps.
pub static NO_RESULTS: StepResults = StepResults::new();

/// What is known about the result of a step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepResult {
    /// The outputs.
    pub outputs: KnownOutputs,
    /// How the step may end; `None` if it is not known.
    pub endings: Option<BTreeSet<Ending>>,
}

impl StepResult {
    /// The join: the result `self` or the result `other`.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let endings = self.endings.zip(other.endings).map(|(one, other)| one.into_iter().chain(other).collect());
        Self { outputs: self.outputs.or(other.outputs), endings }
    }
}

/// The outcome of a step or a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It has run without a failure.
    Success,
    /// It has failed.
    Failure,
    /// Somebody has cancelled the run.
    Cancelled,
    /// It has not run.
    Skipped,
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
        }
    }

    /// The value of an expression with one of these outcomes. `reason` says why there may be several.
    pub fn value(outcomes: impl IntoIterator<Item = Self>, reason: String) -> Value {
        let texts = outcomes.into_iter().map(|outcome| Evaluation::String(outcome.name().to_owned()));
        Value::one_of(texts, [reason].into())
    }
}

/// The end of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ending {
    /// The outcome before `continue-on-error` applies.
    pub outcome: Outcome,
    /// The outcome after it applies, which turns a failure into a success.
    pub conclusion: Outcome,
}

impl Ending {
    fn of(outcome: Outcome) -> Self {
        Self { outcome, conclusion: outcome }
    }

    /// The possible ends of a step if no step of the job fails and nobody cancels the run. `runs` says whether the step
    /// runs, and `continues` is its `continue-on-error`.
    #[must_use]
    pub fn without_failure(runs: Tristate, continues: Tristate, always_fails: bool) -> BTreeSet<Self> {
        let all = Self::all(runs, continues, always_fails);
        all.filter(|ending| ending.conclusion != Outcome::Failure).collect()
    }

    /// The possible ends of a step if a step of the job fails, perhaps this one, or somebody cancels the run.
    #[must_use]
    pub fn with_failure(can_run: bool, continues: Tristate, always_fails: bool) -> BTreeSet<Self> {
        // A failure before the step skips it.
        let runs = Tristate { can_be_true: can_run, can_be_false: true };
        Self::all(runs, continues, always_fails).chain([Self::of(Outcome::Cancelled)]).collect()
    }

    fn all(runs: Tristate, continues: Tristate, always_fails: bool) -> impl Iterator<Item = Self> {
        let continued = Self { outcome: Outcome::Failure, conclusion: Outcome::Success };
        let candidates = [
            (Self::of(Outcome::Success), runs.can_be_true && !always_fails),
            (continued, runs.can_be_true && continues.can_be_true),
            (Self::of(Outcome::Failure), runs.can_be_true && continues.can_be_false),
            (Self::of(Outcome::Skipped), runs.can_be_false),
        ];
        candidates.into_iter().filter(|(_, is_possible)| *is_possible).map(|(ending, _)| ending)
    }
}
