//! A policy to complete by hand, for a repository without a function that can be asked.

use std::collections::BTreeSet;
use std::path::PathBuf;

use slug_resolver::Registry;
use slug_resolver::yaml::Node;

use crate::lint::discovery::path_from_root;

use super::files::{File, POLICIES};
use super::survey::Survey;
use super::write::{list, scalar};

/// A draft from the variables that workflow files set; `None` if they set none that a policy could read.
#[must_use]
pub fn draft(survey: &Survey, registry: &Registry) -> Option<File> {
    let arms = || registry.runtimes().iter().flat_map(|runtime| &runtime.arms);
    let ids: BTreeSet<&str> = arms().flat_map(|arm| &arm.models).map(String::as_str).collect();
    let runtimes: BTreeSet<&str> = registry.runtimes().iter().map(|runtime| runtime.name.as_str()).collect();
    let credentials: BTreeSet<&str> =
        registry.providers().iter().flat_map(|provider| provider.auth_env.names()).map(String::as_str).collect();
    let mut set: Vec<(String, String, String)> = Vec::new();
    for (path, text) in &survey.workflows {
        if let Ok(root) = slug_resolver::yaml::read(text.as_bytes()) {
            variables(&root, path, &mut set);
        }
    }
    let named = |is_it: &dyn Fn(&str, &str) -> bool| {
        let mut seen = BTreeSet::new();
        let found = set.iter().filter(|(name, value, _)| is_it(name, value));
        found.filter(|(name, ..)| seen.insert(name.clone())).cloned().collect::<Vec<_>>()
    };
    let is_runtime = |_: &str, value: &str| runtimes.contains(value);
    let is_model = |_: &str, value: &str| ids.contains(value);
    let is_key =
        |name: &str, _: &str| credentials.iter().any(|known| name == *known || name.ends_with(&format!("_{known}")));
    let (models, keys) = (named(&is_model), named(&is_key));
    let runtime = named(&is_runtime).into_iter().next();
    if models.is_empty() && keys.is_empty() {
        return None;
    }
    let mut text = "# A draft of `slugproof init`: no function that picks a model was found, so these rules are a\n\
                    # guess from the variables that workflow files set. Compare each with your harness.\n\
                    schema_version: 2\nname: draft\n"
        .to_owned();
    let called = survey
        .scripts
        .iter()
        .filter(|script| survey.workflows.iter().any(|(_, workflow)| workflow.contains(&script.path)));
    let scripts: Vec<String> = called.map(|script| path_from_root(&script.path)).collect();
    text.push_str("# The scripts and commands that start your harness.\n");
    text.push_str(&format!("harness: {}\n", list(scripts.iter().map(String::as_str))));
    if let Some((name, _, path)) = runtime {
        text.push_str(&format!("runtime: {name} # {path}\n"));
    }
    text.push_str("model: # the first rule that applies; put your defaults last\n");
    for (name, _, path) in &models {
        text.push_str(&format!("  - {{use: ${name}}} # {path}\n"));
    }
    let fallback = ids.first().map_or("none".to_owned(), |id| scalar(id));
    text.push_str(&format!("  # - {{use: {fallback}}}\n"));
    if models.is_empty() {
        text.push_str("  - {use: none}\n");
    }
    if !keys.is_empty() {
        text.push_str("secrets: # the first rule that applies\n");
        for (name, _, path) in &keys {
            let injected = credentials.iter().filter(|known| name.ends_with(**known)).max_by_key(|known| known.len());
            let inject = injected.filter(|known| *known != name);
            let inject = inject.map_or(String::new(), |known| format!(", inject: [{known}]"));
            text.push_str(&format!("  - {{key: {name}{inject}}} # {path}\n"));
        }
    }
    let path: PathBuf = [POLICIES, "draft.yaml"].iter().collect();
    Some(File { path, text })
}

/// Collects the entries of each `env`, with the file.
fn variables(node: &Node, path: &str, found: &mut Vec<(String, String, String)>) {
    for (key, value) in node.entries() {
        if key.text() == Some("env") {
            for (name, value) in value.entries() {
                if let (Some(name), Some(value)) = (name.text(), value.text()) {
                    found.push((name.to_owned(), value.to_owned(), path.to_owned()));
                }
            }
        }
        variables(value, path, found);
    }
    node.items().iter().for_each(|item| variables(item, path, found));
}
