//! One entry of the provider catalogue.

use serde::Serialize;

use super::pattern::Pattern;

/// The name of the one provider that the platform pays for.
pub const PLATFORM: &str = "platform";

/// One entry of the provider catalogue. One is made by [`Provider::new`], and its other fields set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Provider {
    /// The name that arms refer to; unique.
    pub name: String,
    /// The name for people.
    pub display_name: String,
    /// The protocol its endpoint speaks.
    pub protocol: Protocol,
    /// How a workspace authenticates; the platform's own word, not interpreted here.
    pub auth_mode: String,
    /// The names of the secrets it accepts; any one will do.
    pub auth_env: Vec<String>,
    /// The models it answers for beyond those that arms list: an unanchored search.
    pub model_prefix_match: Pattern,
    /// Endpoint for its own protocol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url_template: Option<String>,
    /// Endpoint that speaks the Anthropic protocol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url_anthropic: Option<String>,
    /// The variable in which the agent expects the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_token_env: Option<String>,
    /// Other names of its models. They route by pattern or by an arm's list, like any id.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub model_aliases: Vec<String>,
    /// The company behind it; unique where given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream_vendor: Option<String>,
    /// A picture for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor_logo: Option<String>,
    /// Whether it is on its way out. It still routes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deprecated: Option<bool>,
}

impl Provider {
    /// The smallest entry: named alike for people, with a key for an OpenAI endpoint.
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

    /// Whether this is the provider that the platform pays for.
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
