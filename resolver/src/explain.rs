//! Text that explains a resolution to people: phrases, and a sentence built from them.
//!
//! All output for people uses these phrases. A phrase is lower case and has no final full stop.
//! Names and ids are inserted verbatim: the caller must escape characters that are unsafe in a
//! terminal.

use crate::names::NameSubset;
use crate::policy::BillingPath;
use crate::registry::{Provider, Registry};
use crate::resolve::Resolution;
use crate::verdict::{Code, Outcome};

/// A rule in words: its name in backquotes, or the position of a rule without a name, such as `model[3]`, counted
/// from 1.
#[must_use]
pub fn rule(name: &str) -> String {
    let position = || {
        let (list, index) = name.strip_suffix(']')?.split_once('[')?;
        let index: usize = index.parse().ok()?;
        ["model", "secrets", "runtime"].contains(&list).then_some((list, index + 1))
    };
    position().map_or_else(|| format!("rule `{name}`"), |(list, number)| format!("rule {number} of `{list}`"))
}

/// The reason for a slug, to show after the slug: the rule, and the variable that decided.
#[must_use]
pub fn reason(named: Option<&str>, decided_by: Option<&str>) -> String {
    match (named, decided_by) {
        (Some(name), Some(variable)) => format!("{}, by {variable}", rule(name)),
        (Some(name), None) => rule(name),
        (None, _) => "no rule for the model applies".to_owned(),
    }
}

/// The effect of the variable that decided a slug, to show next to the variable.
#[must_use]
pub fn pick(named: Option<&str>, runtime: &str, slug: &str) -> String {
    match named {
        Some(name) => format!("selects {slug} for `{runtime}` by {}", rule(name)),
        None => format!("no rule selects a model for `{runtime}`"),
    }
}

/// The path, and what follows from it. Rules before the one that selects the platform path may inject
/// secrets.
#[must_use]
pub fn path(path: BillingPath, injects: bool) -> &'static str {
    match path {
        BillingPath::Platform if injects => "platform: no further key is injected",
        BillingPath::Platform => "platform: no key is injected",
        BillingPath::Byok => "byok: the tenant pays with its own keys",
    }
}

/// The effect of a variable on the path, to show next to the variable.
#[must_use]
pub fn path_choice(path: BillingPath, injects: bool) -> &'static str {
    match path {
        BillingPath::Platform if injects => "selects the platform path, on which no further key is injected",
        BillingPath::Platform => "selects the platform path, on which no key is injected",
        BillingPath::Byok => "does not select the platform path, so the tenant pays",
    }
}

/// The secrets that a provider needs, as a phrase. The platform's provider needs none.
#[must_use]
pub fn needs(provider: &Provider) -> String {
    let auth = &provider.auth_env;
    if provider.is_platform() {
        return "needs no tenant key and accepts none".to_owned();
    }
    match auth.items().len() {
        0 => "needs no credential".to_owned(),
        1 => format!("needs {auth}"),
        _ if auth.items().all(|item| item.len() == 1) => format!("needs one of {auth}"),
        _ => format!("needs {auth}"),
    }
}

/// The names that are missing from the items of `auth_env` of which only a part is present.
#[must_use]
pub fn missing<'p>(provider: &'p Provider, present: &[String]) -> Vec<&'p str> {
    let is_present = |name: &str| present.iter().any(|known| known == name);
    let partial = provider.auth_env.items().filter(|item| item.iter().any(is_present));
    partial.flat_map(|item| item.iter()).filter(|name| !is_present(name)).collect()
}

/// The injected secrets.
#[must_use]
pub fn injected(secrets: &NameSubset<'_>) -> String {
    if secrets.is_empty() { "nothing".to_owned() } else { secrets.join(", ") }
}

/// The outcome for the workspace, with the platform's words if the registry has them.
#[must_use]
pub fn consequence(registry: &Registry, code: Code) -> String {
    let words = registry.platform_error(code);
    match (code.outcome(), words) {
        (Outcome::Rejected, Some(words)) => format!("the create call returns 422 {words}"),
        (Outcome::Rejected, None) => "the create call fails".to_owned(),
        (_, Some(words)) => format!("the workspace ends in the state `failed` and never comes online ({words})"),
        (_, None) => "the workspace ends in the state `failed` and never comes online".to_owned(),
    }
}

/// The keys that would be sent to a provider that did not issue them.
#[must_use]
pub fn cross_vendor(keys: &[String], provider: &str) -> String {
    format!("{} would be sent to {provider}", keys.join(" and "))
}

impl Resolution<'_> {
    /// One sentence with the slug, the reason for it and the outcome: lower case, without a final full stop.
    /// The registry is the one of the query.
    #[must_use]
    pub fn message(&self, registry: &Registry) -> String {
        let why = reason(self.rule, self.decided_by);
        if self.outcome == Outcome::Nothing {
            return format!("`{}` gets nothing: the harness creates no workspace in this environment", self.runtime);
        }
        if self.slug.is_empty() {
            return format!("`{}` gets no model ({why}); {}", self.runtime, self.verdict_explained(registry));
        }
        format!("`{}` gets `{}` ({why}); {}", self.runtime, self.slug, self.verdict_explained(registry))
    }

    fn verdict_explained(&self, registry: &Registry) -> String {
        let name = |provider: Option<&Provider>| provider.map_or("", |provider| &provider.name).to_owned();
        let Some(code) = self.code else {
            return match self.provider {
                Some(provider) if provider.is_platform() => {
                    "the platform serves the model and pays, and no tenant key is injected".to_owned()
                }
                Some(provider) if provider.is_keyless() => {
                    format!("provider `{}` serves the model and needs no credential", provider.name)
                }
                provider => {
                    format!(
                        "provider `{}` serves the model and accepts {}",
                        name(provider),
                        self.accepted_by.join(", ")
                    )
                }
            };
        };
        let provider = name(self.provider);
        let needs = self.provider.map(needs).unwrap_or_default();
        let injected = injected(&self.injected);
        let evidence = match code {
            Code::PlatformModelWithTenantKey => format!(" (injected: {injected})"),
            Code::PlatformPathByokModel | Code::MissingCredential => format!(" (provider `{provider}` {needs})"),
            Code::WrongCredential => format!(" (provider `{provider}` {needs}; injected: {injected})"),
            Code::WithdrawnModel => format!(" (provider `{}`)", name(self.withdrawn_by)),
            _ => String::new(),
        };
        format!("{}{evidence}, so {}", code.meaning(), consequence(registry, code))
    }
}
