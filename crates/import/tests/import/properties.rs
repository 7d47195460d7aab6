//! Properties of random catalogues.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use slug_import::models_dev::{File, from_files, from_json};
use slug_import::{Conversion, Options, litellm};
use slug_resolver::yaml::UnknownFields;
use slug_resolver::{Credentials, NameSubset, Registry};

/// Providers by name: the names in `env`, and the ids.
type Catalogue = BTreeMap<String, (Vec<String>, BTreeSet<String>)>;

/// Few different names, so that providers share ids and credentials.
fn catalogue() -> impl Strategy<Value = Catalogue> {
    let name = "[ab]{1,2}(/[ab])?|platform|true|1e1|null";
    let id = "[ab]{1,2}(/[ab:]{1,2})?|[ -~]{1,4}|~|é";
    btree_map(name, (vec(variable(), 0..5), btree_set(id, 1..6)), 1..6)
}

/// The name of a variable, in few variants.
fn variable() -> impl Strategy<Value = String> {
    "[AB](_API_KEY|_TOKEN|_REGION|_ACCESS_KEY_ID|_SECRET_ACCESS_KEY|_SESSION_TOKEN|_URL)"
}

fn json_of(catalogue: &Catalogue, reversed: bool) -> Vec<u8> {
    let provider = |(name, (env, ids)): (&String, &(Vec<String>, BTreeSet<String>))| {
        let models: serde_json::Map<_, _> = ordered(ids.iter().map(|id| (id.clone(), serde_json::json!({}))), reversed);
        (name.clone(), serde_json::json!({"env": env, "models": models}))
    };
    let root: serde_json::Map<_, _> = ordered(catalogue.iter().map(provider), reversed);
    serde_json::to_vec(&root).expect("a catalogue is JSON")
}

fn ordered<T, C: FromIterator<T>>(items: impl Iterator<Item = T>, reversed: bool) -> C {
    let mut items: Vec<T> = items.collect();
    if reversed {
        items.reverse();
    }
    items.into_iter().collect()
}

/// The ids that can be looked up.
fn usable<'c>(ids: &'c BTreeSet<String>, prefix: &str) -> BTreeMap<String, &'c str> {
    let ids = ids.iter().map(|id| (format!("{prefix}{id}"), id.as_str()));
    ids.filter(|(id, _)| id.trim() == id).collect()
}

/// Each group of credentials that is enough, from the meaning of the names alone.
fn is_enough(env: &[String], set: &[String]) -> bool {
    let is_set = |name: &String| set.contains(name);
    let is_key =
        |name: &String| (name.ends_with("_API_KEY") || name.ends_with("_TOKEN")) && !name.ends_with("_SESSION_TOKEN");
    let half = |name: &String| {
        let begin = name.strip_suffix("_ACCESS_KEY_ID").filter(|_| !name.ends_with("_SECRET_ACCESS_KEY_ID"));
        let begin = begin.or_else(|| name.strip_suffix("_SECRET_ACCESS_KEY"))?;
        let both = [format!("{begin}_ACCESS_KEY_ID"), format!("{begin}_SECRET_ACCESS_KEY")];
        both.iter().all(|name| env.contains(name)).then_some(both)
    };
    let others: Vec<&String> = env.iter().filter(|name| !is_key(name) && half(name).is_none()).collect();
    let has_keys = env.iter().any(|name| is_key(name) || half(name).is_some());
    let has_key =
        env.iter().any(|name| (is_key(name) && is_set(name)) || half(name).is_some_and(|it| it.iter().all(is_set)));
    others.into_iter().all(is_set) && (has_key || !has_keys)
}

fn read_back(conversion: &Conversion) -> Registry {
    let file = conversion.registry_file(&conversion.notes);
    Registry::from_yaml(file.as_bytes(), UnknownFields::Deny).unwrap_or_else(|error| panic!("{error} in {file}"))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Every imported model resolves to its provider, and the provider is met by exactly the sets of
    /// credentials that the catalogue means.
    #[test]
    fn imported_models_resolve_to_their_providers(catalogue in catalogue(), set in vec(variable(), 0..8)) {
        let Ok(conversion) = from_json(&json_of(&catalogue, false), &Options::default()) else { return Ok(()) };
        let registry = read_back(&conversion);
        let credentials = Credentials { injected: NameSubset::all(&set), ambient: &[] };
        let mut owners: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for (name, (_, ids)) in &catalogue {
            for id in usable(ids, &format!("{name}/")).into_keys() {
                owners.entry(id).or_default().insert(name);
            }
        }
        for (id, owners) in &owners {
            let provider = registry.derive("any", id, &credentials).expect("each id is registered");
            prop_assert!(owners.contains(provider.name.as_str()), "{id} resolves to {}", provider.name);
            let shared: Vec<&str> = owners.iter().copied().collect();
            prop_assert_eq!(conversion.shared.contains_key(id), shared.len() > 1);
        }
        for provider in registry.providers() {
            let env = &catalogue[&provider.name].0;
            prop_assert_eq!(credentials.meet(provider), is_enough(env, &set), "{:?} with {:?}", env, set);
            prop_assert!(!provider.is_platform());
        }
    }

    /// Bare ids resolve to one of the providers that list them, and to the only one without another.
    #[test]
    fn bare_models_resolve_or_are_documented(catalogue in catalogue()) {
        let options = Options { bare: true, ..Options::default() };
        let Ok(conversion) = from_json(&json_of(&catalogue, false), &options) else { return Ok(()) };
        let registry = read_back(&conversion);
        for (name, (_, ids)) in &catalogue {
            for id in usable(ids, "").into_keys() {
                let provider = registry.derive("any", &id, &Credentials::default()).expect("each id is registered");
                let documented = conversion.shared.get(&id).is_some_and(|owners| owners.contains(name));
                prop_assert!(documented || provider.name == *name, "{id} resolves to {}", provider.name);
                prop_assert!(conversion.shared.get(&id).is_none_or(|owners| owners.len() > 1));
            }
        }
    }

    /// The order of the catalogue has no effect, and neither has its form.
    #[test]
    fn order_and_form_have_no_effect(catalogue in catalogue()) {
        let read = |reversed| from_json(&json_of(&catalogue, reversed), &Options::default());
        let text = |conversion: &Conversion| conversion.registry_file(&conversion.notes);
        let Ok(conversion) = read(false) else { return Ok(()) };
        prop_assert_eq!(text(&conversion), text(&read(true).expect("the order has no effect")));
        if catalogue.keys().all(|name| !name.contains('/')) {
            let files = catalogue.iter().flat_map(|(name, (env, ids))| {
                let path_of = move |path: String| format!("{name}/{path}");
                let file = move |path: String, text: String| File { path: path_of(path), bytes: text.into() };
                let models = ids.iter().map(move |id| file(format!("models/{id}.toml"), String::new()));
                models.chain([file("provider.toml".to_owned(), format!("env = {env:?}"))])
            });
            prop_assert_eq!(text(&conversion), text(&from_files(files, &Options::default()).expect("valid")));
        }
    }

    /// No value of a parameter of LiteLLM is shown, whatever it is, and each deployment resolves to a provider
    /// that its variables meet and nothing less does.
    #[test]
    fn deployments_are_met_by_their_variables(
        deployments in vec(("[a-c]", "[a-b]", btree_set("[K-N]", 1..4)), 1..6),
        at in any::<prop::sample::Index>(),
    ) {
        let entry = |(id, provider, names): &(String, String, BTreeSet<String>)| {
            let mut names = names.iter();
            let mut parameters = serde_json::json!({
                "model": format!("{provider}/x"),
                "api_key": format!("os.environ/{}", names.next().expect("there is a name")),
                "secret_note": "zq9zq9zq9zq9",
            });
            for (position, name) in names.enumerate() {
                parameters[format!("p{position}")] = format!("os.environ/{name}").into();
            }
            serde_json::json!({"model_name": id, "litellm_params": parameters})
        };
        let list: Vec<serde_json::Value> = deployments.iter().map(entry).collect();
        let text = serde_json::json!({"model_list": list}).to_string();
        let conversion = litellm::from_bytes(text.as_bytes(), &Options::default()).expect("the file is valid");
        let registry = read_back(&conversion);
        let files = conversion.registry_file(&conversion.notes) + &conversion.policy_file().expect("few keys");
        prop_assert!(!files.contains("zq9"));
        let (id, _, names) = &deployments[at.index(deployments.len())];
        let all: Vec<String> = names.iter().cloned().collect();
        let of_id = || deployments.iter().filter(|(other, ..)| other == id);
        for missing in 0..=all.len() {
            let set: Vec<String> = all.iter().filter(|name| all.get(missing) != Some(name)).cloned().collect();
            let credentials = Credentials { injected: NameSubset::all(&set), ambient: &[] };
            let provider = registry.derive("litellm", id, &credentials).expect("each id is registered");
            let is_met = of_id().any(|(.., names)| names.iter().all(|name| set.contains(name)));
            // Several met deployments select the first one, which may be another.
            if of_id().count() == 1 || !is_met {
                prop_assert_eq!(credentials.meet(provider), is_met, "{} with {:?}", provider.name, set);
            }
        }
    }
}
