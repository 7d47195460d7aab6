//! Verdicts: whether the provider matches the injected secrets.

use std::fmt;

use serde::{Serialize, Serializer};

pub use crate::code::{Code, Outcome};
use crate::names::NameSubset;
use crate::policy::BillingPath;
use crate::registry::{AuthEnv, Billing, Credentials, Provider, Registry, Rejection};

/// Whether a workspace comes online, and the reason if it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a provider matches, does not match, is missing, or is not needed")]
pub enum Verdict<'r> {
    /// The workspace comes online with this provider.
    Coherent(&'r Provider),
    /// The workspace is created, ends in the state `failed` and never comes online.
    Mismatched(&'r Provider, Mismatch),
    /// The create call fails, because no provider serves the model.
    Rejected(Rejection),
    /// The harness creates nothing.
    NothingCreated,
}

/// How a provider and the injected secrets disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mismatch {
    /// The model belongs to the platform, but a tenant key is injected.
    PlatformModelWithTenantKey,
    /// A bring-your-own-key model on the platform path, which injects no key. This caused the incident
    /// for which this crate was written.
    PlatformPathByokModel,
    /// A bring-your-own-key model, and no secret is injected.
    MissingCredential,
    /// A bring-your-own-key model, and its provider does not accept the injected secrets.
    WrongCredential,
}

/// Evaluates one selection.
///
/// `provider` is the result of [`Registry::derive`] for the selected slug.
#[must_use]
pub fn evaluate<'r>(
    path: BillingPath,
    provider: Result<&'r Provider, Rejection>,
    credentials: &Credentials<'_>,
) -> Verdict<'r> {
    match provider {
        Ok(provider) => {
            let is_met = credentials.meet(provider);
            evaluate_provider(path, provider, provider.is_platform(), &credentials.injected, is_met)
        }
        Err(rejection) => Verdict::Rejected(rejection),
    }
}

/// A verdict and its evidence.
pub(crate) struct Evaluation<'r> {
    pub(crate) verdict: Verdict<'r>,
    /// Who pays for the provider, if there is one.
    pub(crate) billing: Option<Billing>,
    /// The secrets that the provider needs; empty for the platform.
    pub(crate) needs: &'r AuthEnv,
    /// The available secrets that the provider accepts, in the provider's order; empty for the platform.
    pub(crate) accepted_by: NameSubset<'r>,
    /// Whether the accepted credentials were all issued by other vendors.
    pub(crate) is_cross_vendor: bool,
}

impl<'r> Evaluation<'r> {
    /// The evaluation if the harness creates nothing.
    pub(crate) const NOTHING_CREATED: Self = Self {
        verdict: Verdict::NothingCreated,
        billing: None,
        needs: AuthEnv::NONE,
        accepted_by: NameSubset::EMPTY,
        is_cross_vendor: false,
    };

    /// Evaluates one selection and collects the evidence.
    #[inline]
    pub(crate) fn new(
        registry: &Registry,
        path: BillingPath,
        derived: Result<&'r Provider, Rejection>,
        credentials: &Credentials<'_>,
    ) -> Self {
        let billing = derived.ok().map(Provider::billing);
        let byok = derived.ok().filter(|_| billing == Some(Billing::Byok));
        let accepted_by = byok.map_or_else(NameSubset::default, |provider| credentials.accepted_by(provider));
        let verdict = match derived {
            Ok(provider) => {
                let is_platform = byok.is_none();
                let is_met = !accepted_by.is_empty() || provider.auth_env.is_empty();
                evaluate_provider(path, provider, is_platform, &credentials.injected, is_met)
            }
            Err(rejection) => Verdict::Rejected(rejection),
        };
        let is_cross_vendor = byok.is_some_and(|provider| is_cross_vendor(registry, provider, &accepted_by));
        Self {
            verdict,
            billing,
            needs: byok.map_or(AuthEnv::NONE, |provider| &provider.auth_env),
            accepted_by,
            is_cross_vendor,
        }
    }
}

/// Evaluates a provider. `is_met` is true if the provider accepts an available credential or, unless it is
/// the platform, needs none.
#[inline]
fn evaluate_provider<'r>(
    path: BillingPath,
    provider: &'r Provider,
    is_platform: bool,
    injected: &NameSubset<'_>,
    is_met: bool,
) -> Verdict<'r> {
    if is_platform {
        return if injected.is_empty() {
            Verdict::Coherent(provider)
        } else {
            Verdict::Mismatched(provider, Mismatch::PlatformModelWithTenantKey)
        };
    }
    if is_met {
        return Verdict::Coherent(provider);
    }
    let mismatch = match path {
        BillingPath::Platform => Mismatch::PlatformPathByokModel,
        BillingPath::Byok if injected.is_empty() => Mismatch::MissingCredential,
        BillingPath::Byok => Mismatch::WrongCredential,
    };
    Verdict::Mismatched(provider, mismatch)
}

impl<'r> Verdict<'r> {
    /// The provider, if one was found.
    #[must_use]
    pub fn provider(&self) -> Option<&'r Provider> {
        match *self {
            Self::Coherent(provider) | Self::Mismatched(provider, _) => Some(provider),
            Self::Rejected(_) | Self::NothingCreated => None,
        }
    }

    /// The code of the contradiction, if there is one.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        Some(match self {
            Self::Coherent(_) | Self::NothingCreated => return None,
            Self::Mismatched(_, Mismatch::PlatformModelWithTenantKey) => Code::PlatformModelWithTenantKey,
            Self::Mismatched(_, Mismatch::PlatformPathByokModel) => Code::PlatformPathByokModel,
            Self::Mismatched(_, Mismatch::MissingCredential) => Code::MissingCredential,
            Self::Mismatched(_, Mismatch::WrongCredential) => Code::WrongCredential,
            Self::Rejected(rejection) => Code::from(*rejection),
        })
    }

    /// Returns true if the workspace comes online.
    #[must_use]
    pub fn is_coherent(&self) -> bool {
        matches!(self, Self::Coherent(_))
    }

    /// Returns true if a workspace is created and does not come online.
    #[must_use]
    pub fn is_contradiction(&self) -> bool {
        matches!(self, Self::Mismatched(..) | Self::Rejected(_))
    }

    /// The outcome for the workspace.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Coherent(_) => Outcome::Online,
            Self::Mismatched(..) => Outcome::Failed,
            Self::Rejected(_) => Outcome::Rejected,
            Self::NothingCreated => Outcome::Nothing,
        }
    }
}

impl From<Rejection> for Code {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::ModelRequired => Self::ModelRequired,
            Rejection::UnknownRuntime => Self::UnknownRuntime,
            Rejection::UnregisteredModel => Self::UnregisteredModel,
            Rejection::AmbiguousModel => Self::AmbiguousModel,
            Rejection::WithdrawnModel => Self::WithdrawnModel,
        }
    }
}

/// A problem that does not change the verdict but that a reviewer should see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Warning {
    /// Every accepted credential that is available was issued by another vendor. That vendor's key
    /// would be sent to this provider's endpoint.
    CrossVendorCredential,
    /// A variable is set but changes neither the slug nor the injected secrets.
    ShadowedVariable,
}

impl Warning {
    /// Every warning.
    pub const ALL: [Self; 2] = [Self::CrossVendorCredential, Self::ShadowedVariable];

    /// The name in kebab-case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CrossVendorCredential => "cross-vendor-credential",
            Self::ShadowedVariable => "shadowed-variable",
        }
    }

    /// The meaning of the warning: one sentence without a final full stop.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::CrossVendorCredential => {
                "every accepted credential belongs to another vendor: its key would be sent to this provider"
            }
            Self::ShadowedVariable => {
                "a variable is set, but unsetting it would change neither the slug nor the injected secrets"
            }
        }
    }
}

/// Writes the name in kebab-case.
impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The set of warnings of one resolution. It prints and serialises as a list.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Warnings([bool; Warning::ALL.len()]);

impl Warnings {
    /// The warnings for which `is_given` returns true.
    #[inline]
    pub(crate) fn of(is_given: impl Fn(Warning) -> bool) -> Self {
        Self(Warning::ALL.map(is_given))
    }

    /// The warnings, in the order of [`Warning::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Warning> {
        Warning::ALL.into_iter().zip(self.0).filter_map(|(warning, given)| given.then_some(warning))
    }

    /// Returns true if the set contains a warning.
    #[must_use]
    pub fn contains(self, warning: Warning) -> bool {
        self.iter().any(|given| given == warning)
    }
}

impl FromIterator<Warning> for Warnings {
    fn from_iter<I: IntoIterator<Item = Warning>>(warnings: I) -> Self {
        let mut given = Self::default();
        warnings.into_iter().for_each(|warning| given.0[warning as usize] = true);
        given
    }
}

impl fmt::Debug for Warnings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Serialize for Warnings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// Returns true if every accepted credential was issued by another vendor, and there is at least one.
pub(crate) fn is_cross_vendor(registry: &Registry, provider: &Provider, accepted: &NameSubset<'_>) -> bool {
    let has_own = accepted.has_any(provider.auth_env.own());
    !accepted.is_empty() && !has_own && accepted.iter().all(|name| registry.issuer(name, provider).is_some())
}
