//! One entry of the provider catalogue.

use serde::Serialize;

use super::pattern::Pattern;

/// The name of the provider that the platform pays for.
pub const PLATFORM: &str = "platform";

/// One entry of the provider catalogue. Create one with [`Provider::new`], then set its other fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Provider {
    /// The unique name that arms refer to.
    pub name: String,
    /// The name to show to people.
    pub display_name: String,
    /// The protocol of the endpoint.
    pub protocol: Protocol,
    /// How a workspace authenticates: a value of the platform that this crate does not interpret.
    pub auth_mode: String,
    /// The names of the secrets that the provider accepts; it needs any one of them.
    pub auth_env: Vec<String>,
    /// Matches the models that the provider serves in addition to the ids that arms list. The
    /// pattern is not anchored.
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
    /// Creates a minimal entry: an OpenAI endpoint with an API key. The display name equals the name.
    #[must_use]
    pub fn new(name: &str, auth_env: Vec<String>, model_prefix_match: Pattern) -> Self {
        Self {
            name: name.to_owned(),
            display_name: name.to_owned(),
            protocol: Protocol::Openai,
            auth_mode: "api_key".to_owned(),
            auth_env,
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

    /// Returns true if this is the provider that the platform pays for.
    #[must_use]
    #[inline]
    pub fn is_platform(&self) -> bool {
        self.name == PLATFORM
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
