//! One entry of the provider catalogue.

use std::fmt;

use serde::Serialize;

use super::auth::AuthEnv;
use super::pattern::Pattern;

/// The name of a provider that the platform pays for unless its `billing` says otherwise.
pub const PLATFORM: &str = "platform";

/// One entry of the provider catalogue. Create one with [`Provider::new`], then set its other fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Provider {
    /// The unique name that arms refer to.
    pub name: String,
    /// The name to show to people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The protocol of the endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Protocol>,
    /// How a workspace authenticates: a value of the platform. This crate interprets only `none`; see
    /// [`Provider::takes_any_key`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_mode: Option<String>,
    /// Who pays for its models; see [`Provider::is_platform`] for the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing: Option<Billing>,
    /// The secrets that the provider accepts; any one item is enough.
    pub auth_env: AuthEnv,
    /// Matches the models that the provider serves in addition to the ids that arms list. The
    /// pattern is not anchored. Without a pattern, the provider serves listed ids only.
    #[serde(skip_serializing_if = "Pattern::is_none")]
    pub model_prefix_match: Pattern,
    /// The URL of the endpoint for the provider's own protocol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url_template: Option<String>,
    /// The URL of the endpoint for the Anthropic protocol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url_anthropic: Option<String>,
    /// The variable in which the agent expects the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_token_env: Option<String>,
    /// Other names of its models. They are matched by the pattern or listed by an arm, like any id.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub model_aliases: Vec<String>,
    /// The company that runs the provider; unique if present.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream_vendor: Option<String>,
    /// The logo to show to people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor_logo: Option<String>,
    /// Whether the provider is deprecated. A deprecated provider still serves its models.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deprecated: Option<bool>,
}

impl Provider {
    /// Creates an entry without optional fields.
    #[must_use]
    pub fn new(name: &str, auth_env: impl Into<AuthEnv>, model_prefix_match: Pattern) -> Self {
        Self {
            name: name.to_owned(),
            display_name: None,
            protocol: None,
            auth_mode: None,
            billing: None,
            auth_env: auth_env.into(),
            model_prefix_match,
            base_url_template: None,
            base_url_anthropic: None,
            auth_token_env: None,
            model_aliases: Vec::new(),
            upstream_vendor: None,
            vendor_logo: None,
            deprecated: None,
        }
    }

    /// Returns true if the platform pays for the models: `billing` says so, or `billing` is absent
    /// and the provider is named [`PLATFORM`].
    #[must_use]
    #[inline]
    pub fn is_platform(&self) -> bool {
        match self.billing {
            Some(billing) => billing == Billing::Platform,
            None => self.name == PLATFORM,
        }
    }

    /// Returns who pays for the models.
    #[must_use]
    pub fn billing(&self) -> Billing {
        if self.is_platform() { Billing::Platform } else { Billing::Byok }
    }

    /// Returns true if the tenant pays and the provider needs no credential.
    #[must_use]
    #[inline]
    pub fn is_keyless(&self) -> bool {
        self.auth_env.is_empty() && !self.is_platform()
    }

    /// Returns true if the provider does not authenticate (`auth_mode: none`), so that a credential that
    /// the harness insists on can have any value.
    #[must_use]
    pub fn takes_any_key(&self) -> bool {
        self.auth_mode.as_deref() == Some("none")
    }
}

/// Who pays for the models of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "the platform pays, or the tenant does")]
pub enum Billing {
    /// The platform.
    Platform,
    /// The tenant, with its own key.
    Byok,
}

impl Billing {
    /// Both payers.
    pub const ALL: [Self; 2] = [Self::Platform, Self::Byok];

    /// The name in registries and in machine-readable output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Byok => "byok",
        }
    }
}

/// Writes the name in registries and in machine-readable output.
impl fmt::Display for Billing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Writes the unique name.
impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// The protocol of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Protocol {
    /// The OpenAI protocol.
    Openai,
    /// The Anthropic protocol.
    Anthropic,
}

impl Protocol {
    /// All of them.
    pub(super) const ALL: [Self; 2] = [Self::Openai, Self::Anthropic];

    /// The word of the file.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Openai => "openai",
            Self::Anthropic => "anthropic",
        }
    }
}
