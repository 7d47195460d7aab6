//! The words for an answer: phrases, and one sentence made of them.
//!
//! Whoever speaks to people about an answer finds the words here. A phrase is lower case and has
//! no final stop. NameSubset and ids are put in as they are given: who prints them has to escape
//! what a terminal must not see.

use crate::policy::BillingPath;
use crate::registry::PLATFORM;
use crate::resolve::Resolution;
use crate::selection::Rule;
use crate::verdict::{Code, Outcome};

/// Why a slug was picked, as a reason behind it.
#[must_use]
pub fn reason(rule: Rule, decided_by: Option<&str>) -> String {
    match (rule, decided_by) {
        (Rule::Override, Some(variable)) => format!("{variable} overrides every other rule"),
        (Rule::Platform, Some(variable)) => format!("platform path, by {variable}"),
        (Rule::Keyed, Some(variable)) => format!("because {variable} is set"),
        (Rule::Fallback, _) => "the fallback for a runtime without an entry".to_owned(),
        _ => "the runtime's default".to_owned(),
    }
}

/// Why a slug was picked, beside the variable that decided it.
#[must_use]
pub fn pick(rule: Rule, runtime: &str, slug: &str) -> String {
    match rule {
        Rule::Override => format!("{slug} overrides every other rule"),
        Rule::Platform => format!("{slug} is taken on the platform path"),
        Rule::Keyed => format!("`{runtime}` takes {slug} when this is set"),
        Rule::Default => format!("`{runtime}` takes its default {slug}"),
        Rule::Fallback => format!("`{runtime}` falls back to {slug}"),
    }
}

/// The path and what it is chosen by: `platform` is the value of the variable that chooses the platform's.
#[must_use]
pub fn path(path: BillingPath, variable: &str, platform: &str) -> String {
    match path {
        BillingPath::Platform => format!("platform: {variable} says so, so no key is injected"),
        BillingPath::Byok => format!("byok: {variable} is not `{platform}`"),
    }
}

/// What the path variable does, beside it.
#[must_use]
pub fn path_choice(path: BillingPath, platform: &str) -> String {
    match path {
        BillingPath::Platform => "chooses the platform path, on which no key is injected".to_owned(),
        BillingPath::Byok => format!("is not `{platform}`, so the tenant pays"),
    }
}

/// What a provider needs, of which any one will do; the platform's needs nothing.
#[must_use]
pub fn needs(secrets: &[String]) -> String {
    match secrets {
        [] => "needs no tenant key and accepts none".to_owned(),
        [only] => format!("needs {only}"),
        several => format!("needs one of {}", several.join(", ")),
    }
}

/// What is injected.
#[must_use]
pub fn injected(secrets: &[String]) -> String {
    if secrets.is_empty() { "nothing".to_owned() } else { secrets.join(", ") }
}

/// What becomes of the workspace, with the platform's own word for it.
#[must_use]
pub fn consequence(code: Code) -> String {
    let error = code.platform_error();
    match code.outcome() {
        Outcome::Rejected => format!("the create call answers 422 {error}"),
        _ => format!("the workspace boots to `failed` and never comes online ({error})"),
    }
}

/// Whose keys go where they were not issued.
#[must_use]
pub fn cross_vendor(keys: &[String], provider: &str) -> String {
    format!("{} would be sent to {provider}", keys.join(" and "))
}

impl Resolution<'_> {
    /// What was picked, why, and what becomes of it: lower case, without a final stop.
    #[must_use]
    pub fn message(&self) -> String {
        let why = reason(self.rule, self.decided_by);
        format!("`{}` gets `{}` ({why}); {}", self.runtime, self.slug, self.verdict_explained())
    }

    fn verdict_explained(&self) -> String {
        let provider = self.provider.map_or("", |provider| &provider.name);
        let Some(code) = self.code else {
            return match provider {
                PLATFORM => "the platform answers and pays, and no tenant key is injected".to_owned(),
                _ => format!("provider `{provider}` answers and accepts {}", self.accepted_by.join(", ")),
            };
        };
        let (needs, injected) = (needs(self.needs), injected(self.injected));
        let evidence = match code {
            Code::PlatformModelWithTenantKey => format!(" (injected: {injected})"),
            Code::PlatformPathByokModel | Code::MissingCredential => format!(" (provider `{provider}` {needs})"),
            Code::WrongCredential => format!(" (provider `{provider}` {needs}; injected: {injected})"),
            _ => String::new(),
        };
        format!("{}{evidence}, so {}", code.meaning(), consequence(code))
    }
}
