//! The policy of a harness that starts the proxy.

use std::collections::BTreeSet;

use slug_resolver::{Policy, limits};

use crate::Conversion;

/// The variable that holds the requested id, unless a credential has this name.
const MODEL: &str = "MODEL";

/// The policy that injects each variable that the registry's providers accept, under its own name.
/// `None`, and a note, if there are too many variables.
pub(super) fn policy_of(conversion: &mut Conversion) -> Option<String> {
    let registry = &conversion.registry;
    let keys: BTreeSet<&String> = registry.providers().iter().flat_map(|provider| provider.auth_env.names()).collect();
    if keys.len() > limits::KEY_VARIABLES {
        let (count, most) = (keys.len(), limits::KEY_VARIABLES);
        conversion.notes.push(format!("no policy: {count} variables are more than the limit of {most}"));
        return None;
    }
    let mut model = MODEL.to_owned();
    while keys.contains(&model) {
        model.push_str("_ID");
    }
    let runtimes = registry.runtimes().iter().map(|runtime| quoted(&runtime.name)).collect::<Vec<_>>().join(", ");
    let mut text = format!(
        "# Replace {model} by the variable that holds the id of the requested model, and name under `harness` what\n\
         # starts the requests.\n\
         schema_version: 2\nname: {}\nruntimes: [{runtimes}]\nmodel:\n  - {{name: request, use: ${model}}}\n",
        conversion.format
    );
    if !keys.is_empty() {
        text.push_str("inject: every\nsecrets:\n");
        keys.iter().for_each(|key| text.push_str(&format!("  - {{key: {}}}\n", quoted(key))));
    }
    match Policy::from_yaml(text.as_bytes()) {
        Ok(_) => Some(text),
        Err(error) => {
            conversion.notes.push(format!("no policy: {}", error.message));
            None
        }
    }
}

/// A text as a YAML scalar.
fn quoted(text: &str) -> String {
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&text.to_lowercase().as_str());
    if is_plain { text.to_owned() } else { serde_json::to_string(text).expect("a text is JSON") }
}
