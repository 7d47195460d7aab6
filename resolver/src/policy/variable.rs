//! The variables that a policy reads, and what the path variable chooses.

use serde::Serialize;

/// One variable that a policy reads, by the part it plays there.
///
/// Only the four text variables have a value inside the resolver. Of a key
/// variable nothing is kept but whether it is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "the parts are those of the policy format")]
pub enum Variable {
    /// The slug itself, above every other rule.
    Override,
    /// Chooses the platform path.
    Path,
    /// The slug on the platform path.
    PlatformModel,
    /// The runtime, where no runtime is given explicitly.
    Runtime,
    /// A secret; only its presence counts.
    Key(Key),
}

/// One key variable of a policy. Only a policy makes them, so none is out of range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(u8);

impl Key {
    /// Its place among the keys of its policy, below [`limits::KEY_VARIABLES`].
    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }

    pub(super) fn at(index: usize) -> Self {
        Self(u8::try_from(index).expect("the key limit is far below 256"))
    }
}

impl Variable {
    /// The variables that carry text.
    pub const TEXT: [Self; 4] = [Self::Override, Self::Path, Self::PlatformModel, Self::Runtime];

    /// Its place in [`Variable::TEXT`], unless it is a key.
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

/// Who is meant to pay: what the path variable says, whatever slug is picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "it is the platform's path, or it is not")]
pub enum BillingPath {
    /// The platform: no tenant key is injected.
    Platform,
    /// The tenant: bring your own key.
    Byok,
}

impl BillingPath {
    /// Both paths.
    pub const ALL: [Self; 2] = [Self::Platform, Self::Byok];

    /// The name used in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Byok => "byok",
        }
    }
}
