//! What a slug is: its provider on each runtime, the credentials, and who pays.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use slug_protocol::text::{Lines, Place};
use slug_redact::mask_credentials;
use slug_resolver::explain::needs;
use slug_resolver::{Billing, RuntimeHandle};

use super::workspace::Names;
use crate::render::listed;

/// The answer about the slug at a position; `None` if no slug is there.
pub fn answer(names: &Names, lines: &Lines<'_>, place: Place) -> Option<Value> {
    let line = lines.line(place.line);
    let byte = lines.byte(place);
    let text = lines.text();
    let start = line.start + text[line.start..byte].trim_end_matches(is_slug_character).len();
    let end = line.end - text[byte..line.end].trim_start_matches(is_slug_character).len();
    // The `:` of a key and the `.` of a sentence do not belong to the slug.
    let slug = text[start..end].trim_end_matches([':', '.']);
    let facts = facts(names, slug)?;
    let content = mask_credentials(&format!("**`{slug}`**\n\n{facts}"));
    Some(json!({
        "contents": {"kind": "markdown", "value": content},
        "range": lines.range(&(start..start + slug.len())),
    }))
}

/// Returns true for the characters of slugs and of the names that policies and registries use.
pub fn is_slug_character(c: char) -> bool {
    c.is_alphanumeric() || "._:/@+-".contains(c)
}

/// What the slug is on each runtime, as a list in Markdown; `None` if it is not the slug of a model.
fn facts(names: &Names, slug: &str) -> Option<String> {
    let registry = &names.registry;
    let is_name = registry.runtime(slug).is_some() || registry.provider(slug).is_some();
    let is_listed = registry.runtimes().iter().any(|runtime| {
        let arms = || runtime.arms.iter();
        arms().any(|arm| arm.models.iter().chain(&arm.withdrawn_models).any(|model| model == slug))
    });
    // A pattern may match ordinary words, too.
    let looks_like_slug = slug.contains(|c: char| c.is_ascii_digit() || "/:".contains(c)) && !is_name;
    if !is_listed && !looks_like_slug {
        return None;
    }
    let mut by_fact: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for runtime in registry.runtimes() {
        let fact = registry.handle(&runtime.name).and_then(|handle| fact(handle, slug));
        if let Some(fact) = fact {
            by_fact.entry(fact).or_default().push(format!("`{}`", runtime.name));
        }
    }
    let lines: Vec<String> =
        by_fact.into_iter().map(|(fact, runtimes)| format!("- on {}: {fact}", listed(&runtimes))).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// What the slug is on one runtime; `None` if no provider of the runtime knows it.
fn fact(runtime: RuntimeHandle<'_>, slug: &str) -> Option<String> {
    if let Some(owner) = runtime.withdrawn_by(slug) {
        return Some(format!("withdrawn by its provider `{}`, so a job that selects it fails", owner.name));
    }
    let of_provider = |provider: &slug_resolver::Provider| {
        let payer = match provider.billing() {
            Billing::Platform => "the platform pays",
            Billing::Byok => "you pay with your own key",
        };
        format!("provider `{}` {}; {payer}", provider.name, needs(provider))
    };
    match runtime.candidates(slug).as_slice() {
        [] => None,
        [provider] => Some(of_provider(provider)),
        several => {
            let providers: Vec<String> = several.iter().map(|provider| of_provider(provider)).collect();
            Some(format!("the injected secrets select one of these: {}", providers.join(" / ")))
        }
    }
}
