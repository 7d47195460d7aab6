//! `model_prices_and_context_window.json`: every model that LiteLLM knows, with its provider.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use slug_resolver::registry::Pattern;
use slug_resolver::{AuthEnv, Provider};
use slug_yaml::{FieldPath, Node, Value};

use super::defaults;
use super::format::FORMAT;
use crate::draft::Draft;
use crate::notes::listed;
use crate::tree::error_at;
use crate::{Conversion, Error, Options};

/// An entry that describes the fields and is not a model.
const TEMPLATE: &str = "sample_spec";

/// The fields of a model that are read.
const READ: [&str; 2] = ["litellm_provider", "alias_of"];

/// Maximum number of aliases between an id and the model with its provider.
const ALIASES: usize = 8;

/// Converts the tree of the file.
pub(super) fn convert(root: &Node, options: &Options) -> Result<Conversion, Error> {
    let mut by_provider: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut unowned: BTreeSet<&str> = BTreeSet::new();
    let mut draft = Draft::default();
    if !matches!(root.value, Value::Mapping(_)) {
        return Err(
            error_at(root, FieldPath::default(), format!("expected a mapping; pass {}", FORMAT.expected)).into()
        );
    }
    let by_id: HashMap<&str, &Node> =
        root.entries().iter().filter_map(|(id, model)| Some((id.text()?, model))).collect();
    for (id, model) in root.entries() {
        let Some(id) = id.text().filter(|id| *id != TEMPLATE && matches!(model.value, Value::Mapping(_))) else {
            continue;
        };
        match provider_of(model, &by_id) {
            Some(provider) => by_provider.entry(provider).or_default().push(id.to_owned()),
            None => drop(unowned.insert(id)),
        }
        for name in model.entries().iter().filter_map(|(name, _)| name.text()).filter(|name| !READ.contains(name)) {
            draft.unread.add("models", name);
        }
    }
    if let Some(name) = options.providers.iter().find(|name| !by_provider.contains_key(name.as_str())) {
        let known = by_provider.keys().map(|name| (*name).to_owned()).collect();
        return Err(Error::UnknownProvider { name: name.clone(), known });
    }
    // A file without any owned model has another format.
    if !unowned.is_empty() && !by_provider.is_empty() {
        draft.notes.push(format!("models without `litellm_provider` are left out: {}", listed(unowned.into_iter())));
    }
    let is_requested = |name: &str| options.providers.is_empty() || options.providers.iter().any(|it| it == name);
    for (name, ids) in by_provider.into_iter().filter(|(name, _)| is_requested(name)) {
        match defaults::auth_env(name) {
            Some(items) => {
                let auth_env = AuthEnv::of_items(items.iter().cloned());
                draft.providers.push((Provider::new(name, auth_env, Pattern::none()), ids));
            }
            None => draft.left_out.push((name.to_owned(), "unknown credentials".to_owned())),
        }
    }
    if !draft.providers.is_empty() {
        let what = "the file does not say which credentials a provider accepts; `auth_env` has the variables that \
                    LiteLLM reads by default";
        draft.notes.push(what.to_owned());
    }
    draft.finish(&FORMAT, options)
}

/// The provider of a model, or of the model of which it is an alias.
fn provider_of<'n>(mut model: &'n Node, by_id: &HashMap<&str, &'n Node>) -> Option<&'n str> {
    for _ in 0..ALIASES {
        match model.get("litellm_provider").and_then(Node::text).filter(|name| !name.is_empty()) {
            Some(provider) => return Some(provider),
            None => model = by_id.get(model.get("alias_of").and_then(Node::text)?)?,
        }
    }
    None
}
