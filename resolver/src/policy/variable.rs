//! The variables that a policy reads, and the path that the path variable selects.

use serde::Serialize;

/// A variable that a policy reads, identified by its role.
///
/// The resolver keeps the values of the four text variables only. It reduces a key variable to
/// set or unset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "the policy format defines the roles")]
pub enum Variable {
    /// The slug itself; it has priority over every other rule.
    Override,
    /// Selects the platform path.
    Path,
    /// The slug on the platform path.
    PlatformModel,
    /// The runtime, if no runtime is given explicitly.
    Runtime,
    /// A secret; only whether it is set matters.
    Key(Key),
}

/// A key variable of a policy. Only a policy creates keys, so a key is never out of range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(u8);

impl Key {
    /// Its index among the keys of its policy, below `limits::KEY_VARIABLES`.
    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }

    pub(super) fn at(index: usize) -> Self {
        Self(u8::try_from(index).expect("the key limit is far below 256"))
    }
}

impl Variable {
    /// The variables whose values are kept.
    pub const TEXT: [Self; 4] = [Self::Override, Self::Path, Self::PlatformModel, Self::Runtime];

    /// Its index in [`Variable::TEXT`]; `None` for a key.
    #[inline]
    pub(crate) fn text_index(self) -> Option<usize> {
        Some(match self {
            Self::Override => 0,
            Self::Path => 1,
            Self::PlatformModel => 2,
            Self::Runtime => 3,
            Self::Key(_) => return None,
        })
    }
}

/// Who is intended to pay according to the path variable, regardless of the slug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "the platform pays, or the tenant does")]
pub enum BillingPath {
    /// The platform pays, and no tenant key is injected.
    Platform,
    /// The tenant pays with its own key (bring your own key).
    Byok,
}

impl BillingPath {
    /// Both paths.
    pub const ALL: [Self; 2] = [Self::Platform, Self::Byok];

    /// The name in machine-readable output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Byok => "byok",
        }
    }
}
