//! The codes of contradictions, and the outcomes for a workspace.

use std::fmt;

use serde::{Serialize, Serializer};

/// The outcome for a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Outcome {
    /// The workspace comes online.
    Online,
    /// The create call rejects the workspace.
    Rejected,
    /// The workspace ends in the state `failed`.
    Failed,
    /// No workspace is created.
    Nothing,
}

/// The stable code of a contradiction, kebab-case in all output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Code {
    /// See [`Rejection::ModelRequired`](crate::registry::Rejection::ModelRequired).
    ModelRequired,
    /// See [`Rejection::UnknownRuntime`](crate::registry::Rejection::UnknownRuntime).
    UnknownRuntime,
    /// See [`Rejection::UnregisteredModel`](crate::registry::Rejection::UnregisteredModel).
    UnregisteredModel,
    /// See [`Rejection::AmbiguousModel`](crate::registry::Rejection::AmbiguousModel).
    AmbiguousModel,
    /// See [`Rejection::WithdrawnModel`](crate::registry::Rejection::WithdrawnModel).
    WithdrawnModel,
    /// See [`Mismatch::PlatformPathByokModel`](crate::verdict::Mismatch::PlatformPathByokModel).
    PlatformPathByokModel,
    /// See [`Mismatch::PlatformModelWithTenantKey`](crate::verdict::Mismatch::PlatformModelWithTenantKey).
    PlatformModelWithTenantKey,
    /// See [`Mismatch::MissingCredential`](crate::verdict::Mismatch::MissingCredential).
    MissingCredential,
    /// See [`Mismatch::WrongCredential`](crate::verdict::Mismatch::WrongCredential).
    WrongCredential,
}

impl Code {
    /// Every code, in the order of the pipeline.
    pub const ALL: [Self; 9] = [
        Self::ModelRequired,
        Self::UnknownRuntime,
        Self::UnregisteredModel,
        Self::AmbiguousModel,
        Self::WithdrawnModel,
        Self::PlatformPathByokModel,
        Self::PlatformModelWithTenantKey,
        Self::MissingCredential,
        Self::WrongCredential,
    ];

    /// The code in kebab-case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ModelRequired => "model-required",
            Self::UnknownRuntime => "unknown-runtime",
            Self::UnregisteredModel => "unregistered-model",
            Self::AmbiguousModel => "ambiguous-model",
            Self::WithdrawnModel => "withdrawn-model",
            Self::PlatformPathByokModel => "platform-path-byok-model",
            Self::PlatformModelWithTenantKey => "platform-model-with-tenant-key",
            Self::MissingCredential => "missing-credential",
            Self::WrongCredential => "wrong-credential",
        }
    }

    /// Parses a code in kebab-case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == text)
    }

    /// The outcome for the workspace.
    #[must_use]
    pub fn outcome(self) -> Outcome {
        match self {
            Self::ModelRequired
            | Self::UnknownRuntime
            | Self::UnregisteredModel
            | Self::AmbiguousModel
            | Self::WithdrawnModel => Outcome::Rejected,
            Self::PlatformPathByokModel
            | Self::PlatformModelWithTenantKey
            | Self::MissingCredential
            | Self::WrongCredential => Outcome::Failed,
        }
    }

    /// A short label for tables, two or three words at most.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::ModelRequired => "no model",
            Self::UnknownRuntime => "unknown",
            Self::UnregisteredModel => "no match",
            Self::AmbiguousModel => "ambiguous",
            Self::WithdrawnModel => "withdrawn",
            Self::PlatformPathByokModel => "byok model",
            Self::PlatformModelWithTenantKey => "unused tenant key",
            Self::MissingCredential => "no key",
            Self::WrongCredential => "wrong key",
        }
    }

    /// The meaning of the code: one sentence without a final full stop.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::ModelRequired => "the slug is blank",
            Self::UnknownRuntime => "the registry does not have the runtime",
            Self::UnregisteredModel => {
                "no arm (provider entry) of the runtime lists the slug, and no arm's pattern matches it"
            }
            Self::AmbiguousModel => "patterns of several arms match the slug, and the credentials do not select one",
            Self::WithdrawnModel => "the model was withdrawn: its provider owns it but no longer serves it",
            Self::PlatformPathByokModel => {
                "the platform path injects no key, but the slug belongs to a bring-your-own-key provider"
            }
            Self::PlatformModelWithTenantKey => "the slug is the platform's, but a tenant key is injected",
            Self::MissingCredential => "the slug's provider needs a key and none is injected",
            Self::WrongCredential => "the slug's provider does not accept the injected secrets",
        }
    }
}

/// Writes the code in kebab-case.
impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
