//! Policies of version 1: their YAML form, and what they mean.
//!
//! The law `translation` compares this meaning with that of the rules to which the reader translates
//! a policy. The code is the specification of version 1, slow and obvious, and shares nothing
//! with the reader.

use std::collections::BTreeMap;

use serde::Serialize;
use slug_resolver::BillingPath;

use crate::reference::Variables;

/// A policy file of version 1, field by field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PolicyV1 {
    schema_version: u8,
    /// The name of the policy.
    pub name: String,
    /// The harness scripts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub harness: Vec<String>,
    /// The variable that names the runtime.
    pub runtime: String,
    /// Values for variables that are unset or empty.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub defaults: BTreeMap<String, String>,
    /// The variable whose value is the slug regardless of all other variables.
    #[serde(rename = "override")]
    pub override_var: String,
    /// The path on which the platform pays, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<PlatformPath>,
    /// The secrets to inject: the first entry whose key is set applies.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<SecretsEntry>,
    /// The models of runtimes that have their own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dispatch: Vec<DispatchEntry>,
    /// The model of every other runtime; none is sent without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
    /// Template variants.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub templates: BTreeMap<String, String>,
}

/// The path on which the platform pays and no tenant key is injected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlatformPath {
    /// The variable that selects the path.
    pub var: String,
    /// The value that selects the platform path.
    pub value: String,
    /// The variable that names the model on this path.
    pub model: String,
    /// The model on this path if that variable is unset.
    pub fallback: String,
}

/// The secrets that one key variable injects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SecretsEntry {
    /// The key variable.
    pub key: String,
    /// The names of the secrets.
    pub inject: Vec<String>,
}

/// The models of some runtimes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DispatchEntry {
    /// The runtimes.
    pub runtimes: Vec<String>,
    /// Models that need a key: the first model whose key is set is selected.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keyed: Vec<KeyedModel>,
    /// The model if no such key is set.
    pub model: String,
}

/// A model that is selected if a key is set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyedModel {
    /// The key variable.
    pub key: String,
    /// The model.
    pub model: String,
}

impl PolicyV1 {
    /// A policy with an override variable only.
    #[must_use]
    pub fn new(name: &str, runtime: &str, override_var: &str) -> Self {
        Self {
            schema_version: 1,
            name: name.to_owned(),
            harness: Vec::new(),
            runtime: runtime.to_owned(),
            defaults: BTreeMap::new(),
            override_var: override_var.to_owned(),
            platform: None,
            secrets: Vec::new(),
            dispatch: Vec::new(),
            fallback: None,
            templates: BTreeMap::new(),
        }
    }

    /// The file.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        slug_yaml::write(self)
    }

    /// The value of a variable, else its default; an empty variable is unset.
    fn value<'a>(&'a self, variables: &'a Variables, name: &str) -> Option<&'a str> {
        let set = variables.get(name).filter(|value| !value.is_empty());
        set.or_else(|| self.defaults.get(name)).map(String::as_str)
    }

    fn platform_if_selected(&self, variables: &Variables) -> Option<&PlatformPath> {
        let platform = self.platform.as_ref()?;
        (self.value(variables, &platform.var) == Some(&platform.value)).then_some(platform)
    }

    /// The slug, the rule that picks it, and the variable that decides.
    #[must_use]
    pub fn select<'a>(
        &'a self,
        runtime: &str,
        variables: &'a Variables,
    ) -> (&'a str, Option<&'static str>, Option<&'a str>) {
        if let Some(slug) = self.value(variables, &self.override_var) {
            return (slug, Some("override"), Some(&self.override_var));
        }
        if let Some(platform) = self.platform_if_selected(variables) {
            return match self.value(variables, &platform.model) {
                Some(slug) => (slug, Some("platform"), Some(&platform.model)),
                None => (&platform.fallback, Some("platform"), Some(&platform.var)),
            };
        }
        for entry in &self.dispatch {
            if !entry.runtimes.iter().any(|name| name == runtime) {
                continue;
            }
            for keyed in &entry.keyed {
                if self.value(variables, &keyed.key).is_some() {
                    return (&keyed.model, Some("keyed"), Some(&keyed.key));
                }
            }
            return (&entry.model, Some("default"), None);
        }
        match &self.fallback {
            Some(fallback) => (fallback, Some("fallback"), None),
            None => ("", None, None),
        }
    }

    /// The path and the injected secrets.
    #[must_use]
    pub fn inject(&self, variables: &Variables) -> (BillingPath, &[String]) {
        if self.platform_if_selected(variables).is_some() {
            return (BillingPath::Platform, &[]);
        }
        let first = self.secrets.iter().find(|entry| self.value(variables, &entry.key).is_some());
        (BillingPath::Byok, first.map_or(&[], |entry| &entry.inject))
    }

    /// The runtime that the environment names, if it names one.
    #[must_use]
    pub fn runtime<'a>(&'a self, variables: &'a Variables) -> Option<&'a str> {
        self.value(variables, &self.runtime)
    }
}
