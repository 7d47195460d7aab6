//! The result of a comparison as data, from which every output is rendered.

use std::collections::BTreeMap;

use serde::Serialize;

use super::registry::RegistryChange;
use crate::exit::Exit;

/// What a change of the repository changes.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The name of the side before the change.
    pub base: String,
    /// The name of the side after the change.
    pub head: String,
    /// The number of policies, calls and pins after the change.
    pub compared: BTreeMap<&'static str, usize>,
    /// The differences of the registries, which are the cause of other changes.
    pub registry: Vec<RegistryChange>,
    /// Policies that only one side has.
    pub policies: Vec<PolicyPresence>,
    /// The changes: the worst kind first, and the smallest environment first.
    pub changes: Vec<Cause>,
    /// Changes in environments in which a variable gives a model about which the registries differ: the registry
    /// says so, and the calls and pins that give such a model are compared separately.
    pub given: Vec<Cause>,
    /// Why changes may be missing.
    pub undecided: Vec<String>,
    /// What else a reader should know.
    pub notices: Vec<String>,
    /// Files that could not be read after the change.
    pub unreadable: Vec<String>,
    /// The kinds that count besides contradictions that appear.
    pub denied: Vec<Kind>,
    /// True if neither side has data of the user.
    pub is_sample: bool,
}

/// A policy that only one side has.
#[derive(Debug, Serialize)]
pub struct PolicyPresence {
    /// The name.
    pub policy: String,
    /// True if it is new, false if it is gone.
    pub is_added: bool,
    /// The contradictions of a new policy that no override is needed for.
    pub gaps: usize,
}

/// The kind of a change, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A contradiction appears.
    Appears,
    /// The platform pays instead of the tenant, or the reverse.
    NewPayer,
    /// Another provider of the same payer.
    NewProvider,
    /// A contradiction has another code or another provider.
    OtherCode,
    /// Whether there is a contradiction is no longer known.
    Undecided,
    /// A warning or another finding appears.
    Warning,
    /// A workspace is created only after the change.
    Starts,
    /// A workspace is created only before the change.
    Stops,
    /// A contradiction disappears.
    Disappears,
}

impl Kind {
    /// Every kind, the worst first.
    pub const ALL: [Self; 9] = [
        Self::Appears,
        Self::NewPayer,
        Self::NewProvider,
        Self::OtherCode,
        Self::Undecided,
        Self::Warning,
        Self::Starts,
        Self::Stops,
        Self::Disappears,
    ];

    /// A heading for changes of this kind.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Appears => "contradictions appear",
            Self::NewPayer => "another payer",
            Self::NewProvider => "another provider",
            Self::OtherCode => "a different contradiction than before",
            Self::Undecided => "undecided after the change",
            Self::Warning => "other findings appear",
            Self::Starts => "a workspace is created only after the change",
            Self::Stops => "a workspace is created only before the change",
            Self::Disappears => "contradictions and other findings disappear",
        }
    }
}

/// What has changed: a policy, a call, a pin, or another finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Subject {
    /// What a policy picks.
    Policy {
        /// Its name.
        policy: String,
        /// The rule that picks the model.
        rule: Option<String>,
    },
    /// A call of a harness.
    Call {
        /// The path of the workflow.
        workflow: String,
        /// The jobs that make it.
        jobs: Vec<String>,
        /// The steps that make it.
        steps: Vec<String>,
        /// The harness.
        harness: Option<String>,
        /// The policies.
        policies: Vec<String>,
    },
    /// A model that a file writes down.
    Pin {
        /// The runtime.
        runtime: String,
    },
    /// Another finding of `lint`.
    Finding {
        /// Its code.
        code: String,
    },
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The path.
    pub path: String,
    /// The line.
    pub line: usize,
}

impl From<(String, usize)> for Place {
    fn from((path, line): (String, usize)) -> Self {
        Self { path, line }
    }
}

/// The answer on one side, as far as it is compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Told {
    /// The model; the name of a variable after `$` if any model of the provider has this answer.
    pub model: Option<String>,
    /// The contradiction, if there is one.
    pub code: Option<String>,
    /// The provider.
    pub provider: Option<String>,
    /// Who pays the provider: `platform` or `byok`.
    pub payer: Option<&'static str>,
    /// How the answer differs from a workspace that comes online, if no code says so.
    pub note: Option<&'static str>,
}

/// Environments with the same answers on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Transition {
    /// The kind of the change.
    pub kind: Kind,
    /// The runtimes.
    pub runtimes: Vec<String>,
    /// The variables of a smallest such environment, or how a call is started.
    pub environment: String,
    /// The answer before the change.
    pub before: Told,
    /// The answer after the change.
    pub after: Told,
}

/// One cause of changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// The kind of its worst change.
    pub kind: Kind,
    /// What has changed.
    pub subject: Subject,
    /// Its place: after the change, unless it is gone.
    pub place: Option<Place>,
    /// The change in one line.
    pub summary: String,
    /// The changes; the smallest environment first.
    pub transitions: Vec<Transition>,
    /// The calls that meet the change of a policy.
    pub reached_by: Vec<Place>,
}

impl Report {
    /// Returns true if a cause makes the command fail.
    pub fn counts(&self, cause: &Cause) -> bool {
        let is_denied = |transition: &Transition| {
            let kind = transition.kind;
            let is_new_payer = kind == Kind::NewPayer
                && (self.denied.contains(&Kind::NewPayer)
                    || self.denied.contains(&Kind::NewProvider) && is_other(transition));
            kind == Kind::Appears || is_new_payer || self.denied.contains(&kind)
        };
        cause.transitions.iter().any(is_denied)
    }

    /// The exit code.
    pub fn exit(&self) -> Exit {
        let found = self.changes.iter().any(|cause| self.counts(cause));
        match (found, self.unreadable.is_empty()) {
            (_, false) => Exit::UsageError,
            (true, true) => Exit::Findings,
            (false, true) if self.is_sample => Exit::NothingChecked,
            (false, true) => Exit::Clean,
        }
    }

    /// The causes of a kind.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Cause> {
        self.changes.iter().filter(move |cause| cause.kind == kind)
    }
}

/// Returns true if the provider is another one, too.
fn is_other(transition: &Transition) -> bool {
    transition.before.provider != transition.after.provider
}
