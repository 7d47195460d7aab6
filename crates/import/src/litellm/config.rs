//! `config.yaml` of the LiteLLM proxy.
//!
//! Each entry of `model_list` is a deployment: the id that callers use, a provider, and its
//! credentials. Deployments of one provider with the same credentials become one provider of the
//! registry.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use slug_resolver::registry::Pattern;
use slug_resolver::{AuthEnv, Provider, limits};
use slug_yaml::{FieldPath, Node, ReadError, Value, quoted};

use super::defaults::{self, Items};
use super::format::FORMAT;
use super::policy::policy_of;
use crate::auth::{self, is_variable_name};
use crate::draft::{Draft, too_large};
use crate::notes::listed;
use crate::tree::error_at;
use crate::{Conversion, Error, Options};

/// The beginning of a value that names a variable.
const VARIABLE: &str = "os.environ/";

/// Maximum number of names that LiteLLM reads by default for one provider.
const DEFAULT_NAMES: usize = 10;

/// The name of a provider that the file does not name.
const UNKNOWN: &str = "unknown";

/// The fields of a deployment that are read.
const OF_DEPLOYMENT: [&str; 2] = ["model_name", "litellm_params"];

/// The parameters of a deployment that are read, beside the credentials.
const OF_PARAMETERS: [&str; 3] = ["model", "custom_llm_provider", "litellm_credential_name"];

/// The fields of the file that are read.
const OF_FILE: [&str; 3] = ["model_list", "credential_list", "environment_variables"];

/// Settings by which another model answers than the requested one.
const FALLBACKS: [&str; 4] = ["fallbacks", "default_fallbacks", "context_window_fallbacks", "content_policy_fallbacks"];

/// One entry of `model_list`.
struct Deployment<'n> {
    /// The id that callers use; it may contain `*`.
    id: &'n str,
    /// The provider, or `None` if it depends on the requested id.
    provider: Option<&'n str>,
    credentials: Credentials,
    /// True if a key is written out in the file.
    has_key_in_file: bool,
}

/// The credentials of a deployment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Credentials {
    /// The items of `auth_env` that LiteLLM reads by default, with the variables of other parameters.
    Default(Items),
    /// Variables that are needed together, those of keys first; none if the file contains the key.
    Named { keys: Vec<String>, others: Vec<String> },
    /// They are unknown, for this reason.
    Unknown(&'static str),
}

/// The file and the variables that it sets itself.
struct File<'n> {
    /// The values of each entry of `credential_list`, by its name.
    shared: HashMap<&'n str, &'n Node>,
    set: BTreeSet<&'n str>,
}

/// Converts the tree of the file.
pub(super) fn convert(root: &Node, options: &Options) -> Result<Conversion, Error> {
    let mut draft = Draft::default();
    let file = File { shared: shared_credentials(root), set: variables_set_by(root, &mut draft) };
    let path = FieldPath::default().key("model_list");
    let list = root.get("model_list").unwrap_or(root);
    if !matches!(list.value, Value::Sequence(_)) {
        return Err(error_at(list, path, "expected a list of models").into());
    }
    let mut deployments = Vec::new();
    for (position, entry) in list.items().iter().enumerate() {
        deployments.extend(file.deployment(entry, &path.clone().index(position), &mut draft)?);
    }
    let known: BTreeSet<&str> = deployments.iter().filter_map(|deployment| deployment.provider).collect();
    if let Some(name) = options.providers.iter().find(|name| !known.contains(name.as_str())) {
        let known = known.into_iter().map(str::to_owned).collect();
        return Err(Error::UnknownProvider { name: name.clone(), known });
    }
    if !options.providers.is_empty() {
        deployments.retain(|deployment| options.providers.iter().any(|name| Some(&**name) == deployment.provider));
    }
    let mut with_key: Vec<&str> = deployments.iter().filter(|it| it.has_key_in_file).map(|it| it.id).collect();
    with_key.sort_unstable();
    with_key.dedup();
    if !with_key.is_empty() {
        draft.notes.push(format!(
            "the catalogue contains literal keys for {}, so this registry requires no secret for them: revoke the \
             keys, and write `{VARIABLE}NAME` instead",
            listed(with_key.into_iter())
        ));
    }
    add_providers(&deployments, &aliases(root), &mut draft)?;
    note_settings(root, &mut draft);
    let mut conversion = draft.finish(&FORMAT, options)?;
    conversion.policy = policy_of(&mut conversion);
    Ok(conversion)
}

impl File<'_> {
    /// Reads an entry of `model_list`; `None` if it has no parameters.
    fn deployment<'n>(
        &self,
        entry: &'n Node,
        path: &FieldPath,
        draft: &mut Draft,
    ) -> Result<Option<Deployment<'n>>, ReadError> {
        let id = required_text(entry, path, "model_name")?;
        let parameters = given(entry, "litellm_params");
        let Some((parameters, model)) = parameters.and_then(|node| Some((node, given(node, "model")?.text()?))) else {
            draft.left_out.push((id.to_owned(), "a missing `litellm_params.model`".to_owned()));
            return Ok(None);
        };
        let named = given(parameters, "custom_llm_provider").and_then(Node::text);
        let provider = named.or_else(|| match model.split_once('/') {
            Some((provider, _)) => Some(provider),
            None => defaults::provider_of(model),
        });
        let provider = provider.filter(|name| !name.is_empty() && *name != "*");
        // A wildcard without a provider stands for the models of every provider.
        let provider = if model.contains('*') { provider } else { provider.or(Some(UNKNOWN)) };
        let names = |node: &'n Node| node.entries().iter().filter_map(|(name, _)| name.text());
        let is_parameter = |name: &&str| !OF_PARAMETERS.contains(name) && !defaults::is_credential(name);
        names(entry).filter(|name| !OF_DEPLOYMENT.contains(name)).for_each(|name| draft.unread.add("models", name));
        names(parameters).filter(is_parameter).for_each(|name| draft.unread.add("`litellm_params`", name));
        let found = self.found(parameters);
        let has_key_in_file = found.is_literal;
        let credentials = found.credentials(provider.unwrap_or_default(), &self.set);
        Ok(Some(Deployment { id, provider, credentials, has_key_in_file }))
    }

    /// The content of the parameters of a deployment and of the shared credentials that they name.
    fn found(&self, parameters: &Node) -> Found {
        let mut found = Found::default();
        found.add_all(parameters);
        if let Some(name) = given(parameters, "litellm_credential_name") {
            match name.text().and_then(|name| self.shared.get(name)) {
                Some(values) => found.add_all(values),
                None => found.is_unreadable = true,
            }
        }
        found
    }
}

/// The content of the parameters of a deployment.
#[derive(Default)]
struct Found {
    /// The variables that parameters that authenticate name.
    keys: BTreeSet<String>,
    /// The variables that other parameters name.
    others: BTreeSet<String>,
    /// True if a parameter that authenticates has a value.
    authenticates: bool,
    /// True if a key is written out.
    is_literal: bool,
    /// True if a credential is a placeholder that LiteLLM does not define.
    is_unreadable: bool,
    /// The parameters that have a value.
    given: BTreeSet<String>,
}

impl Found {
    /// Adds the parameters that are not given yet.
    fn add_all(&mut self, parameters: &Node) {
        for (name, value) in parameters.entries() {
            let name = name.text().unwrap_or_default();
            if value.is_null() || value.text() == Some("") || !self.given.insert(name.to_owned()) {
                continue;
            }
            self.authenticates |= defaults::is_credential(name);
            self.add(value, defaults::is_credential(name), defaults::is_key(name));
        }
    }

    /// Adds the texts in the value of a parameter. Only a scalar can be a key.
    fn add(&mut self, value: &Node, is_credential: bool, is_key: bool) {
        for part in value.items().iter().chain(value.entries().iter().map(|(_, value)| value)) {
            self.add(part, is_credential, false);
        }
        let Some(text) = value.text() else {
            // A number is a written key, too. The parts of a list or a mapping have been added.
            self.is_literal |= is_key && !matches!(value.value, Value::Sequence(_) | Value::Mapping(_));
            return;
        };
        let names = if is_credential { &mut self.keys } else { &mut self.others };
        let variable = |name: &str| Some(name.to_owned()).filter(|name| is_variable_name(name));
        if let Some(name) = text.strip_prefix(VARIABLE) {
            match variable(name) {
                Some(name) => drop(names.insert(name)),
                None => self.is_unreadable = true,
            }
        } else if let Some(name) = text.strip_prefix('$').and_then(variable) {
            names.insert(name);
        } else if auth::placeholders(text).next().is_some() {
            names.extend(auth::placeholders(text).map(str::to_owned));
        } else if is_credential {
            let is_literal = is_key && is_written_key(text);
            self.is_literal |= is_literal;
            self.is_unreadable |= !is_literal;
        }
    }

    fn credentials(self, provider: &str, set_by_file: &BTreeSet<&str>) -> Credentials {
        let is_empty = self.authenticates && self.keys.is_empty() && !self.is_literal;
        if self.is_unreadable || is_empty {
            return Credentials::Unknown("a credential that the file neither contains nor names");
        }
        if self.keys.len() + self.others.len() > limits::AUTH_ENV - DEFAULT_NAMES {
            return Credentials::Unknown("too many variables");
        }
        let missing = |names: BTreeSet<String>| -> Vec<String> {
            names.into_iter().filter(|name| !set_by_file.contains(&**name)).collect()
        };
        let (keys, mut others) = (missing(self.keys), missing(self.others));
        others.retain(|name| !keys.contains(name));
        if self.authenticates {
            return Credentials::Named { keys, others };
        }
        let Some(items) = defaults::auth_env(provider) else {
            return Credentials::Unknown("unknown credentials (write `api_key: os.environ/NAME`)");
        };
        let needed = |item: &Vec<String>| {
            let is_needed = |name: &&String| {
                !set_by_file.contains(&***name) && !self.given.iter().any(|it| defaults::replaces(it, name))
            };
            let mut names: Vec<String> = item.iter().filter(is_needed).cloned().collect();
            let is_met = names.is_empty();
            names.extend(others.iter().filter(|name| !item.contains(name)).cloned());
            (names, is_met)
        };
        let (items, met): (Items, Vec<bool>) = items.iter().map(needed).unzip();
        // The file itself can set the default variables, and a local server needs none.
        let is_met = items.is_empty() || met.contains(&true);
        if is_met { Credentials::Named { keys, others } } else { Credentials::Default(items) }
    }
}

/// Adds a provider to the draft for each provider of the file and each set of credentials.
fn add_providers(deployments: &[Deployment<'_>], aliases: &[(&str, &str)], draft: &mut Draft) -> Result<(), Error> {
    let known: HashSet<&str> = deployments.iter().map(|deployment| deployment.id).collect();
    let mut aliases_of: HashMap<&str, Vec<&str>> = HashMap::new();
    aliases.iter().for_each(|(alias, model)| aliases_of.entry(model).or_default().push(alias));
    for (alias, _) in aliases.iter().filter(|(_, model)| !known.contains(model)) {
        draft.left_out.push(((*alias).to_owned(), "an alias of a model that is not listed".to_owned()));
    }
    let mut by_provider: BTreeMap<&str, BTreeMap<&Credentials, BTreeSet<&str>>> = BTreeMap::new();
    let mut listed_ids = 0;
    for Deployment { id, provider, credentials, .. } in deployments {
        let Some(provider) = provider else {
            draft.left_out.push(((*id).to_owned(), "a provider that depends on the requested id".to_owned()));
            continue;
        };
        let ids = by_provider.entry(provider).or_default().entry(credentials).or_default();
        if ids.insert(id) {
            let aliases = aliases_of.get(id).map(Vec::as_slice).unwrap_or_default();
            listed_ids += 1 + aliases.len();
            if listed_ids > limits::MODELS {
                return Err(Error::Invalid(too_large(&format!("more than {} ids", limits::MODELS))));
            }
            ids.extend(aliases);
        }
    }
    let mut taken = Taken::default();
    let mut patterns = 0;
    for (name, sets) in by_provider {
        let is_only = sets.keys().filter(|set| !matches!(set, Credentials::Unknown(_))).count() == 1;
        for (credentials, ids) in sets {
            let (items, label) = match credentials {
                Credentials::Unknown(reason) => {
                    draft.left_out.extend(ids.into_iter().map(|id| (id.to_owned(), (*reason).to_owned())));
                    continue;
                }
                Credentials::Default(items) => {
                    let names = items.iter().map(|item| item.join(" and ")).collect::<Vec<_>>().join(", or ");
                    draft.notes.push(format!(
                        "{}: no key is given for {}; read as {names}, which LiteLLM reads by default",
                        quoted(name),
                        listed(ids.iter().copied())
                    ));
                    (items.clone(), String::new())
                }
                Credentials::Named { keys, others } => {
                    let item: Vec<String> = keys.iter().chain(others).cloned().collect();
                    let label = if keys.is_empty() { others } else { keys }.join("+");
                    if item.is_empty() { (Vec::new(), "no-secret".to_owned()) } else { (vec![item], label) }
                }
            };
            let auth_env = AuthEnv::of_items(items);
            let (wildcards, ids): (Vec<&str>, Vec<&str>) = ids.into_iter().partition(|id| id.contains('*'));
            let Ok(pattern) = pattern_of(&wildcards) else {
                draft.left_out.push((name.to_owned(), "wildcards that are too large for a pattern".to_owned()));
                continue;
            };
            patterns += usize::from(!pattern.is_none());
            let has_plain_name = is_only || label.is_empty();
            let name = taken.add(if has_plain_name { name.to_owned() } else { format!("{name}:{label}") });
            let ids = ids.into_iter().map(str::to_owned).collect();
            draft.providers.push((Provider::new(&name, auth_env, pattern), ids));
        }
    }
    if patterns > 1 {
        draft.notes.push(
            "several providers have wildcards; where two match, LiteLLM uses the more specific one, and the registry \
             the provider whose credentials are set"
                .to_owned(),
        );
    }
    Ok(())
}

/// The names of providers that are taken.
#[derive(Default)]
struct Taken {
    names: HashSet<String>,
    /// The last number that was added to a name.
    numbers: HashMap<String, usize>,
}

impl Taken {
    /// The first of `NAME`, `NAME-2`, `NAME-3` … that is not taken.
    fn add(&mut self, name: String) -> String {
        let mut free = name.clone();
        while !self.names.insert(free.clone()) {
            let number = self.numbers.entry(name.clone()).or_insert(1);
            *number += 1;
            free = format!("{name}-{number}");
        }
        free
    }
}

/// The pattern of ids with `*`, which stands for any text.
fn pattern_of(wildcards: &[&str]) -> Result<Pattern, slug_resolver::registry::PatternError> {
    if wildcards.is_empty() {
        return Ok(Pattern::none());
    }
    let sorted: BTreeSet<&str> = wildcards.iter().copied().collect();
    let parts = sorted.iter().map(|id| id.split('*').map(escaped).collect::<Vec<_>>().join(".*"));
    Pattern::new(&format!("^(?:{})$", parts.collect::<Vec<_>>().join("|")))
}

/// The regular expression of a text.
fn escaped(text: &str) -> String {
    let is_special = |c: char| c.is_ascii_punctuation() && !"_-/:@,;<>=!%'\"`".contains(c);
    text.chars().flat_map(|c| is_special(c).then_some('\\').into_iter().chain([c])).collect()
}

/// Other names of models, each with the model.
fn aliases(root: &Node) -> Vec<(&str, &str)> {
    let settings = ["router_settings", "litellm_settings"].into_iter().filter_map(|name| root.get(name));
    let entries = settings.filter_map(|node| node.get("model_group_alias")).flat_map(Node::entries);
    entries.filter_map(|(alias, model)| Some((alias.text()?, model.get("model").unwrap_or(model).text()?))).collect()
}

/// The values of the entries of `credential_list`, by their names.
fn shared_credentials(root: &Node) -> HashMap<&str, &Node> {
    let list = root.get("credential_list").map(Node::items).unwrap_or_default();
    list.iter()
        .filter_map(|entry| Some((entry.get("credential_name")?.text()?, entry.get("credential_values")?)))
        .collect()
}

/// The variables to which the file itself gives a value.
fn variables_set_by<'n>(root: &'n Node, draft: &mut Draft) -> BTreeSet<&'n str> {
    let entries = root.get("environment_variables").map(Node::entries).unwrap_or_default();
    let is_value = |value: &Node| {
        !value.is_null()
            && value.text().is_some_and(|text| !text.is_empty() && !text.contains(VARIABLE) && !text.contains('$'))
    };
    let set: BTreeSet<&str> =
        entries.iter().filter(|(_, value)| is_value(value)).filter_map(|(name, _)| name.text()).collect();
    if !set.is_empty() {
        draft.notes.push(format!(
            "`environment_variables` gives values to {}, so no secret is required for them",
            listed(set.iter().copied())
        ));
    }
    set
}

/// Notes settings that change which model answers, and the settings that are not read.
fn note_settings(root: &Node, draft: &mut Draft) {
    for section in ["router_settings", "litellm_settings", "general_settings"] {
        let entries = root.get(section).map(Node::entries).unwrap_or_default();
        for name in entries.iter().filter_map(|(name, _)| name.text()) {
            match name {
                "model_group_alias" => {}
                "master_key" => draft.notes.push(
                    "callers of the proxy need its own key (`master_key`), which is not a key of a provider".to_owned(),
                ),
                _ if FALLBACKS.contains(&name) => draft.notes.push(format!(
                    "`{section}.{name}`: another model can answer than the requested one; only the requested one is \
                     checked"
                )),
                _ => draft.unread.add("the settings", name),
            }
        }
    }
    if given(root, "include").is_some() {
        draft.notes.push("`include`: the models of included files are not read; import each file".to_owned());
    }
    let known = |name: &str| OF_FILE.contains(&name) || name.ends_with("_settings") || name == "include";
    for name in root.entries().iter().filter_map(|(name, _)| name.text()).filter(|name| !known(name)) {
        draft.unread.add("the file", name);
    }
}

/// Returns true if a text is a key that is written out, and not a template, a path or the name of a variable.
fn is_written_key(text: &str) -> bool {
    let is_of_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let is_name = text.contains('_') && text.chars().all(is_of_name);
    let is_call = ["environ", "getenv"].iter().any(|word| text.contains(word));
    text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.+=".contains(c)) && !is_name && !is_call
}

/// The value of a field that is present and not null.
fn given<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    node.get(name).filter(|value| !value.is_null())
}

/// The text of a required field.
fn required_text<'n>(node: &'n Node, path: &FieldPath, name: &str) -> Result<&'n str, ReadError> {
    match given(node, name) {
        None => Err(error_at(node, path.clone(), format!("the required field `{name}` is missing; add it"))),
        Some(value) => {
            value.text().ok_or_else(|| error_at(value, path.clone().key(name), "expected a text; put it in quotes"))
        }
    }
}
