//! models.dev: the file `api.json`, or the TOML files from which it is made.
//!
//! A model is listed as `provider/id`, because several providers serve the same id. A model that the
//! catalogue calls deprecated is listed, because callers can still select it; `withdrawn_models` would
//! reject it.

use std::collections::{BTreeMap, BTreeSet};

use slug_json::Advice;
use slug_resolver::registry::{Pattern, Protocol};
use slug_resolver::{AuthEnv, Provider, limits};
use slug_yaml::{Cursor, Entry, Fields, Node, ReadError, UnknownFields, Value, quoted};

use crate::auth;
use crate::draft::{Draft, Format};
use crate::notes::listed;
use crate::tree::{read_json, read_toml, text};
use crate::{Conversion, Error, Options};

const FORMAT: Format = Format {
    name: "models.dev",
    runtime: "any",
    expected: "the `api.json` of models.dev or a checkout of its repository",
};

const ADVICE: Advice = Advice { too_large: "pass the `api.json` of models.dev", empty: "download the file again" };

/// The fields of a provider that are read.
const OF_PROVIDER: [&str; 6] = ["id", "name", "env", "npm", "api", "models"];

/// The fields of a model that are read.
const OF_MODEL: [&str; 2] = ["id", "status"];

/// Client libraries whose protocol is known.
const PROTOCOLS: [(&str, Protocol); 3] = [
    ("@ai-sdk/anthropic", Protocol::Anthropic),
    ("@ai-sdk/openai", Protocol::Openai),
    ("@ai-sdk/openai-compatible", Protocol::Openai),
];

/// A file of the catalogue's repository.
pub struct File {
    /// The path below the directory `providers`, with slashes.
    pub path: String,
    /// The content.
    pub bytes: Vec<u8>,
}

/// Imports `api.json`.
///
/// # Errors
///
/// The text is not JSON or has another structure; a requested provider does not exist; or the result
/// exceeds a limit of registries.
pub fn from_json(bytes: &[u8], options: &Options) -> Result<Conversion, Error> {
    let root = read_json(bytes, &ADVICE)?;
    convert(&root, options)
}

/// Imports the files `PROVIDER/provider.toml` and `PROVIDER/models/ID.toml`. Other files are ignored.
///
/// # Errors
///
/// A file is not TOML, and the errors of [`from_json`].
pub fn from_files(files: impl IntoIterator<Item = File>, options: &Options) -> Result<Conversion, Error> {
    let mut providers: BTreeMap<String, (Option<Node>, BTreeMap<String, Node>)> = BTreeMap::new();
    for File { path, bytes } in files {
        let Some((provider, rest)) = path.split_once('/') else { continue };
        let model = rest.strip_prefix("models/").and_then(|rest| rest.strip_suffix(".toml"));
        if rest != "provider.toml" && model.is_none() {
            continue;
        }
        let node = read_toml(&bytes).map_err(|error| Error::ReadFile(path.clone(), error))?;
        let entry = providers.entry(provider.to_owned()).or_default();
        match model {
            Some(id) => drop(entry.1.insert(id.to_owned(), node)),
            None => entry.0 = Some(node),
        }
    }
    let providers = providers.into_iter().map(|(name, (provider, models))| {
        let mut fields = match provider.map(|node| node.value) {
            Some(Value::Mapping(fields)) => fields,
            _ => Vec::new(),
        };
        fields.retain(|(field, _)| field.text() != Some("models"));
        let models = models.into_iter().map(|(id, model)| (text(id), model)).collect();
        fields.push((text("models"), Value::Mapping(models).into()));
        (text(name), Node::from(Value::Mapping(fields)))
    });
    convert(&Value::Mapping(providers.collect()).into(), options)
}

/// Converts the tree of `api.json`.
fn convert(root: &Node, options: &Options) -> Result<Conversion, Error> {
    let at = Cursor::root(root);
    let entries = at.entries().map_err(without_position)?;
    let mut known: Vec<Entry<'_>> = entries.into_iter().filter(|entry| entry.value.is_mapping()).collect();
    known.sort_by_key(|entry| entry.name);
    if let Some(name) = options.providers.iter().find(|name| !known.iter().any(|entry| entry.name == **name)) {
        let known = known.iter().map(|entry| entry.name.to_owned()).collect();
        return Err(Error::UnknownProvider { name: name.clone(), known });
    }
    let mut draft = Draft::default();
    let mut deprecated = BTreeSet::new();
    for entry in known {
        if options.providers.is_empty() || options.providers.iter().any(|name| name == entry.name) {
            add_provider(&entry, options, &mut draft, &mut deprecated).map_err(without_position)?;
        }
    }
    if !deprecated.is_empty() {
        draft.notes.push(format!(
            "models that are deprecated are listed like others, because they can still be selected: {}",
            listed(deprecated.iter().map(String::as_str))
        ));
    }
    draft.finish(&FORMAT, options)
}

fn add_provider(
    entry: &Entry<'_>,
    options: &Options,
    draft: &mut Draft,
    deprecated: &mut BTreeSet<String>,
) -> Result<(), ReadError> {
    let name = entry.name;
    let fields = entry.value.fields(&[], &[], UnknownFields::Allow)?;
    let mut leave_out = |reason: &str| draft.left_out.push((name.to_owned(), reason.to_owned()));
    if name.is_empty() {
        leave_out("an empty name");
        return Ok(());
    }
    let Some(env) = fields.optional("env").filter(|at| !at.is_null()) else {
        leave_out("a missing `env`, without which its credentials are unknown");
        return Ok(());
    };
    let api = string(&fields, "api")?;
    // The address contains `${NAME}` for a variable without which it is incomplete.
    let required: BTreeSet<&str> = api.iter().flat_map(|api| auth::placeholders(api)).collect();
    let mut seen = BTreeSet::new();
    let mut names = env.strings()?;
    names.extend(required.iter().map(|name| (*name).to_owned()));
    names.retain(|name| seen.insert(name.clone()));
    if names.len() > limits::AUTH_ENV {
        leave_out("too many names in `env`");
        return Ok(());
    }
    if !names.iter().all(|name| auth::is_variable_name(name)) {
        leave_out("an entry of `env` that is not the name of a variable");
        return Ok(());
    }
    let auth_env = AuthEnv::of_items(auth::group(&names, &required));
    if names.len() > 1 {
        draft.notes.push(format!(
            "{}: the catalogue does not say which names of `env` belong together; read as {auth_env}",
            quoted(name)
        ));
    }
    let mut ids = Vec::new();
    if let Some(models) = fields.optional("models").filter(|at| !at.is_null()) {
        for model in models.entries()? {
            let id = if options.bare { model.name.to_owned() } else { format!("{name}/{}", model.name) };
            let fields = model.value.fields(&[], &[], UnknownFields::Allow)?;
            if fields.optional("status").is_some_and(|at| at.string().is_ok_and(|status| status == "deprecated")) {
                deprecated.insert(format!("{name}/{}", model.name));
            }
            if !model.name.is_empty() {
                ids.push(id);
            }
            note_unread(draft, "models", &model.value, &OF_MODEL)?;
        }
    }
    note_unread(draft, "providers", &entry.value, &OF_PROVIDER)?;
    draft.providers.push((provider(name, auth_env, &fields, api)?, ids));
    Ok(())
}

fn provider(name: &str, auth_env: AuthEnv, fields: &Fields<'_>, api: Option<&str>) -> Result<Provider, ReadError> {
    let mut provider = Provider::new(name, auth_env, Pattern::none());
    provider.display_name = string(fields, "name")?.map(str::to_owned);
    let npm = string(fields, "npm")?;
    provider.protocol = PROTOCOLS.iter().find(|(known, _)| npm == Some(known)).map(|(_, protocol)| *protocol);
    provider.base_url_template = api.map(str::to_owned);
    Ok(provider)
}

fn string<'n>(fields: &Fields<'n>, name: &str) -> Result<Option<&'n str>, ReadError> {
    fields.optional(name).filter(|at| !at.is_null()).map(|at| at.string()).transpose()
}

fn note_unread(draft: &mut Draft, part: &'static str, at: &Cursor<'_>, known: &[&str]) -> Result<(), ReadError> {
    for entry in at.entries()? {
        if !known.contains(&entry.name) {
            draft.unread.add(part, entry.name);
        }
    }
    Ok(())
}

/// The tree of a catalogue has no positions.
fn without_position(error: ReadError) -> ReadError {
    ReadError { line_col: None, span: None, ..error }
}
