//! Catalogues of models.dev.

use slug_import::models_dev::{File, from_files, from_json};
use slug_import::{Conversion, Error, Options};
use slug_resolver::registry::Protocol;
use slug_resolver::{Billing, Rejection};

use crate::{assert_noted, assert_refused, auth_env, derive, ids, providers};

const CATALOGUE: &str = r#"{
    "cove": {
        "id": "cove", "name": "Cove", "env": ["COVE_ACCOUNT_ID", "COVE_API_KEY", "COVE_TOKEN"],
        "npm": "@ai-sdk/anthropic", "api": "https://api.cove.example/v1", "doc": "https://cove.example",
        "models": {
            "shell-2": {"id": "shell-2", "name": "Shell 2", "cost": {"input": 0.5}},
            "lab/reef": {"id": "lab/reef", "status": "deprecated"}
        }
    },
    "bay": {"env": ["BAY_API_KEY"], "npm": "@ai-sdk/openai", "models": {"shell-2": {}}},
    "pond": {"env": [], "npm": "pond-sdk", "models": {"m": null, "n": {}}}
}"#;

fn import(text: &str, options: &Options) -> Conversion {
    from_json(text.as_bytes(), options).expect("the catalogue is valid")
}

fn only(env: &str) -> Conversion {
    import(&format!(r#"{{"acme": {{"env": {env}, "models": {{"m": {{}}}}}}}}"#), &Options::default())
}

#[test]
fn provider_lists_its_models_with_its_name() {
    let text = CATALOGUE.replace("null", "{}");
    let conversion = import(&text, &Options::default());
    assert_eq!(providers(&conversion), ["bay", "cove", "pond"]);
    assert_eq!(ids(&conversion, "cove"), ["cove/lab/reef", "cove/shell-2"]);
    assert_eq!(derive(&conversion, "cove/shell-2", &["BAY_API_KEY"]), Ok("cove"));
    assert_eq!(derive(&conversion, "shell-2", &[]), Err(Rejection::UnregisteredModel));
    let cove = conversion.registry.provider("cove").expect("is imported");
    assert_eq!((cove.display_name.as_deref(), cove.protocol), (Some("Cove"), Some(Protocol::Anthropic)));
    assert_eq!(cove.base_url_template.as_deref(), Some("https://api.cove.example/v1"));
    let pond = conversion.registry.provider("pond").expect("is imported");
    assert_eq!((pond.protocol, pond.is_keyless()), (None, true));
    assert_eq!(conversion.registry.runtimes()[0].name, "any");
    assert!(conversion.policy.is_none() && conversion.shared.is_empty());
    assert_noted(&conversion, &["fields of models", "`cost`, `name`"]);
    assert_noted(&conversion, &["fields of providers", "`doc`"]);
    assert_noted(&conversion, &["deprecated", "can still be selected", "`cove/lab/reef`"]);
    assert_noted(&conversion, &["no runtimes", "`any`"]);
}

#[test]
fn bare_ids_are_shared_and_credentials_decide() {
    let text = CATALOGUE.replace("null", "{}");
    let conversion = import(&text, &Options { bare: true, ..Options::default() });
    assert_eq!(ids(&conversion, "cove"), ["lab/reef", "shell-2"]);
    assert_eq!(conversion.shared.keys().collect::<Vec<_>>(), ["shell-2"]);
    assert_eq!(conversion.shared["shell-2"], ["bay", "cove"]);
    assert_eq!(derive(&conversion, "shell-2", &["COVE_TOKEN", "COVE_ACCOUNT_ID"]), Ok("cove"));
    assert_eq!(derive(&conversion, "shell-2", &[]), Ok("bay"));
    assert_noted(&conversion, &["1 id is listed by several providers", "`shell-2` by `bay`, `cove`"]);
}

/// The list `env` does not say which names are alternatives: a note says how it was read.
#[test]
fn names_of_env_are_grouped() {
    for (env, expected) in [
        (r#"["A_API_KEY"]"#, "A_API_KEY"),
        (r#"["A_API_KEY", "B_API_KEY", "A_API_KEY"]"#, "A_API_KEY, B_API_KEY"),
        (r#"["A_RESOURCE_NAME", "A_API_KEY"]"#, "A_API_KEY and A_RESOURCE_NAME"),
        (r#"["P_PROJECT", "P_LOCATION", "P_CREDENTIALS"]"#, "P_PROJECT and P_LOCATION and P_CREDENTIALS"),
        (r#"["A_HOST", "A_TOKEN", "B_TOKEN"]"#, "A_TOKEN and A_HOST, or A_HOST and B_TOKEN"),
    ] {
        let conversion = only(env);
        assert_eq!(auth_env(&conversion, "acme"), expected);
        let is_noted = conversion.notes.iter().any(|note| note.contains(&format!("read as {expected}")));
        assert_eq!(is_noted, expected.contains(' '), "{:?}", conversion.notes);
    }
}

#[test]
fn variable_in_the_address_is_needed() {
    let text = r#"{"acme": {"env": ["ACME_API_KEY"], "api": "https://${ACME_ZONE}.example", "models": {"m": {}}}}"#;
    assert_eq!(auth_env(&import(text, &Options::default()), "acme"), "ACME_API_KEY and ACME_ZONE");
}

#[test]
fn provider_with_unknown_credentials_is_left_out() {
    for (provider, reason) in [
        (r#"{"models": {"m": {}}}"#, "missing `env`"),
        (r#"{"env": null, "models": {"m": {}}}"#, "missing `env`"),
        (r#"{"env": ["not a name"], "models": {"m": {}}}"#, "not the name of a variable"),
        (r#"{"env": ["A=secret"], "models": {"m": {}}}"#, "not the name of a variable"),
        (r#"{"env": [""], "models": {"m": {}}}"#, "not the name of a variable"),
        (r#"{"env": ["A_API_KEY"], "models": {}}"#, "no models"),
        (r#"{"env": ["A_API_KEY"]}"#, "no models"),
    ] {
        let text = format!(r#"{{"acme": {provider}, "bay": {{"env": [], "models": {{"m": {{}}}}}}}}"#);
        let conversion = import(&text, &Options::default());
        assert_eq!(providers(&conversion), ["bay"], "{provider}");
        assert_noted(&conversion, &["left out because of", reason, "`acme`"]);
        assert!(!conversion.registry_file(&conversion.notes).contains("secret"));
    }
    let many: Vec<String> = (0..101).map(|number| format!("\"N_{number}\"")).collect();
    assert_refused(
        from_json(format!(r#"{{"a": {{"env": [{}]}}}}"#, many.join(",")).as_bytes(), &Options::default()),
        "found no provider to import (left out because of too many names in `env`: `a`); pass the `api.json` of \
         models.dev or a checkout of its repository",
    );
}

/// A provider named `platform` would be paid for by the platform.
#[test]
fn user_pays_for_every_provider() {
    let conversion = import(r#"{"platform": {"env": ["P_API_KEY"], "models": {"m": {}}}}"#, &Options::default());
    assert_eq!(conversion.registry.provider("platform").expect("is imported").billing(), Billing::Byok);
}

#[test]
fn unusual_ids_are_left_out() {
    let text = r#"{"acme": {"env": [], "models": {" a": {}, "b\n": {}, "": {}, "sk-x": {}, "c d": {}}}}"#;
    let is_credential = |text: &str| text.starts_with("sk-");
    let conversion = import(text, &Options { bare: true, is_credential, ..Options::default() });
    assert_eq!(ids(&conversion, "acme"), ["c d"]);
    assert_noted(&conversion, &["2 ids left out", "white space"]);
    assert_noted(&conversion, &["1 id left out", "credential"]);
}

#[test]
fn credentials_in_other_fields_are_not_written() {
    let text = r#"{"acme": {"env": ["SECRET_1"], "models": {"m": {}}}, "SECRET_2": {"env": [], "models": {"m": {}}},
        "bay": {"env": [], "name": "SECRET_3", "api": "SECRET_4", "models": {"m": {}}}}"#;
    let options = Options { is_credential: |text| text.contains("SECRET"), ..Options::default() };
    let conversion = import(text, &options);
    assert_eq!(providers(&conversion), ["bay"]);
    assert!(!conversion.registry.to_yaml().contains("SECRET"));
    assert_noted(&conversion, &["2 providers left out", "credential"]);
}

#[test]
fn only_requested_providers_and_runtimes_are_imported() {
    let text = CATALOGUE.replace("null", "{}");
    let options = Options {
        providers: vec!["bay".to_owned(), "pond".to_owned()],
        runtimes: vec!["two".to_owned(), "one".to_owned(), "two".to_owned()],
        ..Options::default()
    };
    let conversion = import(&text, &options);
    assert_eq!(providers(&conversion), ["bay", "pond"]);
    let runtimes = conversion.registry.runtimes();
    assert_eq!(runtimes.iter().map(|runtime| runtime.name.as_str()).collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!(runtimes[0].arms, runtimes[1].arms);
    assert!(!conversion.notes.iter().any(|note| note.contains("no runtimes")));
    let unknown = Options { providers: vec!["boy".to_owned()], ..Options::default() };
    match from_json(text.as_bytes(), &unknown) {
        Err(Error::UnknownProvider { name, known }) => assert_eq!((&*name, known.len()), ("boy", 3)),
        other => panic!("{other:?}"),
    }
}

/// The files of the repository give the same registry as `api.json`.
#[test]
fn files_give_the_registry_of_the_json() {
    let file = |path: &str, text: &str| File { path: path.to_owned(), bytes: text.into() };
    let files = || {
        vec![
            file("pond/provider.toml", "env = []\nnpm = \"pond-sdk\""),
            file("pond/models/n.toml", ""),
            file("pond/models/m.toml", "extends = { from = \"x\" }"),
            file("pond/logo.svg", "<svg/>"),
            file("README.md", "not a provider"),
            file("cove/models/lab/reef.toml", "id = 'lab/reef'\nstatus = 'deprecated'"),
            file("cove/models/shell-2.toml", "name = 'Shell 2'\nid = 'shell-2'\n[cost]\ninput = 0.5\n"),
            file(
                "cove/provider.toml",
                "id = 'cove'\nname = 'Cove'\nenv = ['COVE_ACCOUNT_ID', 'COVE_API_KEY', 'COVE_TOKEN']\n\
                 npm = '@ai-sdk/anthropic'\napi = 'https://api.cove.example/v1'\ndoc = 'https://cove.example'\n",
            ),
            file("bay/provider.toml", "env = ['BAY_API_KEY']\nnpm = '@ai-sdk/openai'"),
            file("bay/models/shell-2.toml", ""),
        ]
    };
    let json = import(&CATALOGUE.replace("null", "{\"extends\": {\"from\": \"x\"}}"), &Options::default());
    let converted = from_files(files(), &Options::default()).expect("the files are valid");
    let text = |conversion: &Conversion| conversion.registry_file(&conversion.notes);
    assert_eq!(text(&converted), text(&json));
    let reversed = from_files(files().into_iter().rev(), &Options::default()).expect("the files are valid");
    assert_eq!(text(&reversed), text(&json));
    let without = files().into_iter().filter(|file| file.path != "bay/provider.toml");
    assert_noted(&from_files(without, &Options::default()).expect("two remain"), &["missing `env`", "`bay`"]);
}

#[test]
fn wrong_catalogue_is_refused_with_its_place() {
    for (text, message) in [
        ("", "the input is empty; download the file again"),
        ("x", "line 1, column 1: not JSON; pass the unmodified response, with nothing before or after it"),
        ("[]", "expected a mapping, found a list; write its fields, as in `{name: value}`"),
        (
            r#"{"acme": {"env": "A"}}"#,
            "`acme.env`: expected a list, found a string; write it in brackets, as in \
         `env: [a, b]`",
        ),
        (
            r#"{"acme": {"env": [1]}}"#,
            "`acme.env[0]`: expected a string, found the number `1`; put it in quotes, as \
         in `- \"1\"`",
        ),
        (
            r#"{"acme": {"env": [], "models": []}}"#,
            "`acme.models`: expected a mapping, found a list; write its \
         fields, as in `models: {name: value}`",
        ),
        (
            r#"{"acme": {"env": [], "models": {"m": 1}}}"#,
            "`acme.models.m`: expected a mapping, found the number `1`; \
         write its fields, as in `m: {name: value}`",
        ),
        (
            r#"{"$schema": "https://schema.example"}"#,
            "found no provider to import; pass the `api.json` of models.dev or a checkout of its repository",
        ),
    ] {
        assert_refused(from_json(text.as_bytes(), &Options::default()), message);
    }
    let file = |bytes: &[u8]| [File { path: "acme/provider.toml".to_owned(), bytes: bytes.into() }];
    for (bytes, message) in [
        (
            &b"env = [\n"[..],
            "acme/provider.toml: line 1, column 8: not readable as TOML: unclosed array, expected `]`; correct",
        ),
        (b"env = []\nenv = []\n", "acme/provider.toml: line 2, column 1: not readable as TOML: duplicate key"),
        (b"env = \"\xff\"", "acme/provider.toml: the text is not UTF-8 at byte 8; save it as UTF-8"),
    ] {
        let error = from_files(file(bytes), &Options::default()).expect_err("the file is wrong").to_string();
        assert!(error.starts_with(message), "{error}");
    }
}

#[test]
fn hostile_files_are_refused_fast() {
    let nested = |open: &str, close: &str| open.repeat(200_000) + &close.repeat(200_000);
    for text in [nested("[", "]"), nested("{\"a\":", "}"), format!("{{\"a\": {}}}", nested("[", "]"))] {
        assert!(from_json(text.as_bytes(), &Options::default()).is_err());
    }
    for text in
        [format!("a = {}", nested("[", "]")), format!("a{} = 1", ".a".repeat(200_000)), "[[a]]\n".repeat(300_000)]
    {
        let file = File { path: "acme/provider.toml".to_owned(), bytes: text.into_bytes() };
        assert!(from_files([file], &Options::default()).is_err());
    }
}

#[test]
fn long_lists_of_names_are_refused_fast() {
    let names: Vec<String> = (0..200_000).map(|number| format!("N{number}_TOKEN")).collect();
    let env = serde_json::to_string(&names).expect("a list is JSON");
    let api: String = names.iter().map(|name| format!("${{{name}}}")).collect();
    for text in [format!("{{\"a\": {{\"env\": {env}}}}}"), format!("{{\"a\": {{\"env\": [], \"api\": \"{api}\"}}}}")] {
        let error = from_json(text.as_bytes(), &Options::default()).expect_err("there are too many names");
        assert!(error.to_string().contains("too many names in `env`"), "{error}");
    }
}

/// The limits of registries stop a catalogue that is too large, with advice.
#[test]
fn too_large_catalogue_is_refused() {
    let models: Vec<String> = (0..60_000).map(|number| format!("\"{number}{}\":{{}}", "x".repeat(200))).collect();
    let text = format!(r#"{{"acme": {{"env": [], "models": {{{}}}}}}}"#, models.join(","));
    let error = from_json(text.as_bytes(), &Options::default()).expect_err("the registry is too large").to_string();
    assert!(error.starts_with("the registry would be too large: the registry has "), "{error}");
    assert!(error.ends_with("; import fewer providers with `--provider NAME`"), "{error}");
    let runtimes = (0..10_000).map(|number| number.to_string()).collect();
    let text = format!(r#"{{"acme": {{"env": [], "models": {{{}}}}}}}"#, models[..60].join(","));
    let options = Options { runtimes, ..Options::default() };
    let error = from_json(text.as_bytes(), &options).expect_err("there are too many ids").to_string();
    assert!(error.contains("60 ids on 10000 runtimes exceed 400000"), "{error}");
}

/// A note repeats names of the catalogue, which can contain anything.
#[test]
fn notes_are_single_lines_of_comments() {
    let text = r#"{"a\nproviders: []": {"env": ["A_API_KEY", "B_API_KEY"], "models": {"m": {"x\u2028\ny\u0007": 1}}}}"#;
    let conversion = import(text, &Options { bare: true, ..Options::default() });
    let file = conversion.registry_file(&conversion.notes);
    let comments = file.lines().take_while(|line| line.starts_with('#')).count();
    assert_eq!(file.lines().nth(comments), Some("schema_version: 1"));
    assert!(!file.contains(['\u{2028}', '\u{7}']), "{file}");
}
