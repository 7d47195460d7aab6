//! The variables that LiteLLM reads for a model without a key, from the file `litellm-providers.yaml`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use slug_yaml::{Cursor, UnknownFields};

/// The items of a list `auth_env`.
pub(super) type Items = Vec<Vec<String>>;

struct Defaults {
    auth_env: BTreeMap<String, Items>,
    beginnings: BTreeMap<String, String>,
    keys: BTreeSet<String>,
    references: BTreeSet<String>,
    replacements: BTreeMap<String, String>,
}

static DEFAULTS: LazyLock<Defaults> = LazyLock::new(|| {
    const VALID: &str = "the data are valid: a test reads them";
    let root = slug_resolver::yaml::read(include_bytes!("../../data/litellm-providers.yaml")).expect(VALID);
    let root = Cursor::root(&root);
    let fields = root
        .fields(&["auth_env", "beginnings", "keys", "references", "replacements"], &[], UnknownFields::Deny)
        .expect(VALID);
    let items = |at: &Cursor<'_>| -> Items {
        let item = |at: Cursor<'_>| match at.is_list() {
            true => at.strings().expect(VALID),
            false => vec![at.string().expect(VALID).to_owned()],
        };
        at.items().expect(VALID).map(item).collect()
    };
    let texts = |field: &str| -> BTreeMap<String, String> {
        let at = fields.required(field).expect(VALID);
        let text = |at: &Cursor<'_>| at.string().expect(VALID).to_owned();
        at.entries().expect(VALID).iter().map(|entry| (entry.name.to_owned(), text(&entry.value))).collect()
    };
    let names = |field| fields.required(field).and_then(|at| at.strings()).expect(VALID).into_iter().collect();
    let auth_env = fields.required("auth_env").expect(VALID);
    Defaults {
        auth_env: auth_env.entries().expect(VALID).iter().map(|it| (it.name.to_owned(), items(&it.value))).collect(),
        beginnings: texts("beginnings"),
        keys: names("keys"),
        references: names("references"),
        replacements: texts("replacements"),
    }
});

/// The variables that LiteLLM reads for a provider, or `None` if they are unknown.
pub(super) fn auth_env(provider: &str) -> Option<&'static Items> {
    let known = &DEFAULTS.auth_env;
    let family = || provider.match_indices('-').rev().find_map(|(end, _)| known.get(&provider[..end]));
    known.get(provider).or_else(family)
}

/// The provider of a model id that does not name one, if it is known.
pub(super) fn provider_of(id: &str) -> Option<&'static str> {
    DEFAULTS.beginnings.iter().find(|(beginning, _)| id.starts_with(*beginning)).map(|(_, provider)| provider.as_str())
}

/// Returns true if a parameter of a model authenticates.
pub(super) fn is_credential(parameter: &str) -> bool {
    is_key(parameter) || DEFAULTS.references.contains(parameter)
}

/// Returns true if the value of a parameter is a key, and not the name of a file, a profile or a role.
pub(super) fn is_key(parameter: &str) -> bool {
    DEFAULTS.keys.contains(parameter)
}

/// Returns true if a parameter of a model replaces a default variable.
pub(super) fn replaces(parameter: &str, variable: &str) -> bool {
    DEFAULTS.replacements.get(parameter).is_some_and(|ending| variable.ends_with(ending.as_str()))
}
