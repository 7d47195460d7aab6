//! Files of LiteLLM.

use slug_import::litellm::from_bytes;
use slug_import::{Conversion, Error, Options};
use slug_resolver::{Env, Policy, Rejection, resolve};

use crate::{assert_noted, assert_refused, auth_env, derive, ids, providers};

fn import(text: &str) -> Conversion {
    from_bytes(text.as_bytes(), &Options::default()).expect("the file is valid")
}

/// A configuration with these entries of `model_list`.
fn config(entries: &[&str]) -> Conversion {
    import(&format!("model_list:\n{}", entries.iter().map(|entry| format!("- {entry}\n")).collect::<String>()))
}

/// One deployment of the id `m` with these parameters.
fn only(parameters: &str) -> Conversion {
    let other = "{model_name: other, litellm_params: {model: ollama/x}}";
    config(&[&format!("{{model_name: m, litellm_params: {{{parameters}}}}}"), other])
}

/// The credentials of the provider of `m`, or the reason for which it is left out.
fn credentials(conversion: &Conversion) -> String {
    match derive(conversion, "m", &[]) {
        Ok(provider) => format!("{provider}: {}", auth_env(conversion, provider)),
        Err(Rejection::UnregisteredModel) => {
            let prefix = "left out because of ";
            let is_of_m = |note: &&String| note.starts_with(prefix) && note.ends_with("`m`");
            conversion.notes.iter().find(is_of_m).expect("a note says why")[prefix.len()..].to_owned()
        }
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn deployments_have_the_variables_that_they_name() {
    for (parameters, expected) in [
        ("model: acme/x, api_key: os.environ/ACME_KEY", "acme: ACME_KEY"),
        ("model: acme/x, api_key: 'os.environ/ACME_KEY'", "acme: ACME_KEY"),
        ("model: azure/x, api_base: os.environ/BASE, api_key: os.environ/KEY", "azure: KEY and BASE"),
        (
            "model: bedrock/x, aws_access_key_id: os.environ/ID, aws_secret_access_key: os.environ/S",
            "bedrock: ID and S",
        ),
        ("model: acme/x, api_key: $ACME_KEY", "acme: ACME_KEY"),
        ("model: acme/x, api_key: '${ACME_KEY}'", "acme: ACME_KEY"),
        ("model: acme/x, api_key: 'prefix-${ACME_KEY}'", "acme: ACME_KEY"),
        ("model: acme/x, api_key: os.environ/K, extra_headers: {x: os.environ/HEADER}", "acme: K and HEADER"),
        ("model: x, custom_llm_provider: acme, api_key: os.environ/K", "acme: K"),
        ("model: gpt-x, api_key: os.environ/K", "openai: K"),
        ("model: claude-x, api_key: os.environ/K", "anthropic: K"),
        ("model: x, api_key: os.environ/K", "unknown: K"),
    ] {
        assert_eq!(credentials(&only(parameters)), expected, "{parameters}");
    }
}

#[test]
fn deployment_without_key_has_the_default_variables() {
    for (parameters, expected) in [
        ("model: openai/x", "openai: OPENAI_API_KEY"),
        ("model: openai/x, api_key: null", "openai: OPENAI_API_KEY"),
        ("model: openai/x, api_key: ''", "openai: OPENAI_API_KEY"),
        ("model: gemini/x", "gemini: GEMINI_API_KEY, GOOGLE_API_KEY"),
        ("model: azure/x", "azure: AZURE_API_KEY and AZURE_API_BASE and AZURE_API_VERSION"),
        ("model: azure/x, api_base: https://eu.example, api_version: '1'", "azure: AZURE_API_KEY"),
        ("model: openai/x, api_base: os.environ/BASE", "openai: OPENAI_API_KEY and BASE"),
        ("model: ollama/x", "ollama: "),
        ("model: ollama/x, api_base: os.environ/BASE", "ollama:BASE: BASE"),
    ] {
        let conversion = only(parameters);
        assert!(
            credentials(&conversion).starts_with(expected.trim_end()),
            "{parameters}: {}",
            credentials(&conversion)
        );
    }
    assert_noted(&only("model: openai/x"), &["`openai`: no key is given for `m`", "OPENAI_API_KEY", "by default"]);
}

#[test]
fn deployment_with_unknown_credentials_is_left_out() {
    const UNREADABLE: &str = "a credential that the file neither contains nor names";
    for (parameters, reason) in [
        ("model: acme/x", "unknown credentials"),
        ("model: x", "unknown credentials"),
        ("model: openai/x, api_key: '{{ .Values.key }}'", UNREADABLE),
        ("model: openai/x, api_key: $(cat key)", UNREADABLE),
        ("model: openai/x, api_key: <your key>", UNREADABLE),
        ("model: openai/x, api_key: os.environ/not-a-name", UNREADABLE),
        ("model: openai/x, api_key: os.environ/", UNREADABLE),
        ("model: openai/x, api_key: '${}'", UNREADABLE),
        ("model: openai/x, api_key: 'os.environ[K]'", UNREADABLE),
        ("model: openai/x, api_key: os.environ.K", UNREADABLE),
        ("model: openai/x, api_key: getenv.K", UNREADABLE),
        ("model: openai/x, api_key: OPENAI_API_KEY", UNREADABLE),
        ("model: openai/x, api_key: op://vault/item", UNREADABLE),
        ("model: openai/x, api_key: 'Bearer os.environ/K'", UNREADABLE),
        ("model: openai/x, api_key: '%K%'", UNREADABLE),
        ("model: openai/x, api_key: {from: file}", UNREADABLE),
        ("model: openai/x, api_key: {}", UNREADABLE),
        ("model: openai/x, api_key: [{a: null}]", UNREADABLE),
        ("model: openai/x, aws_role_name: 'arn:aws:iam::1:role/r'", UNREADABLE),
        ("model: openai/x, aws_profile_name: prod", UNREADABLE),
        ("model: openai/x, vertex_credentials: sa.json", UNREADABLE),
        ("model: openai/x, vertex_credentials: {private_key: abc}", UNREADABLE),
        ("model: openai/x, litellm_credential_name: nobody", UNREADABLE),
        ("api_key: os.environ/K", "a missing `litellm_params.model`"),
    ] {
        assert!(credentials(&only(parameters)).contains(reason), "{parameters}: {}", credentials(&only(parameters)));
    }
}

/// A key that is written out is used by LiteLLM, so the job needs none; it is never shown.
#[test]
fn written_key_needs_no_secret_and_is_not_shown() {
    for key in ["hunter-2-horse", "'hunter-2-horse'", "\"hunter-2-horse\"", "HUNTER", "hunter+2=", "hunter.2"] {
        let conversion = only(&format!("model: openai/x, api_key: {key}"));
        assert_eq!(credentials(&conversion), "openai: ");
        assert_noted(&conversion, &["the catalogue contains literal keys for `m`", "os.environ/NAME"]);
        let files = conversion.registry_file(&conversion.notes) + &conversion.policy_file().unwrap_or_default();
        assert!(!files.to_lowercase().contains("hunter"), "{files}");
    }
    let shown = only("model: openai/x, api_key: hunter-2-horse, api_base: https://user:hunter@x, foo: hunter");
    assert!(!shown.registry_file(&shown.notes).contains("hunter"));
}

#[test]
fn deployments_of_one_provider_are_split_by_their_credentials() {
    let conversion = config(&[
        "{model_name: a, litellm_params: {model: azure/1, api_key: os.environ/EU}}",
        "{model_name: b, litellm_params: {model: azure/2, api_key: os.environ/US}}",
        "{model_name: c, litellm_params: {model: azure/3, api_key: os.environ/EU}}",
        "{model_name: d, litellm_params: {model: azure/4, api_key: written}}",
        "{model_name: e, litellm_params: {model: openai/5, api_key: os.environ/US}}",
    ]);
    assert_eq!(providers(&conversion), ["azure:EU", "azure:US", "azure:no-secret", "openai"]);
    assert_eq!(ids(&conversion, "azure:EU"), ["a", "c"]);
    assert_eq!(derive(&conversion, "e", &[]), Ok("openai"));
}

#[test]
fn balanced_deployments_share_an_id() {
    let conversion = config(&[
        "{model_name: large, litellm_params: {model: openai/l, api_key: os.environ/O}}",
        "{model_name: large, litellm_params: {model: azure/l, api_key: os.environ/A}}",
        "{model_name: large, litellm_params: {model: azure/l2, api_key: os.environ/A}}",
    ]);
    assert_eq!(conversion.shared["large"], ["azure", "openai"]);
    assert_eq!(derive(&conversion, "large", &["O"]), Ok("openai"));
    assert_eq!(derive(&conversion, "large", &["A"]), Ok("azure"));
    assert_noted(&conversion, &["1 id is listed by several providers", "`large` by `azure`, `openai`"]);
}

#[test]
fn wildcards_are_patterns() {
    let conversion = config(&[
        "{model_name: 'openai/*', litellm_params: {model: 'openai/*', api_key: os.environ/O}}",
        "{model_name: 'a.b+*-x', litellm_params: {model: openai/one, api_key: os.environ/O}}",
        "{model_name: 'groq/*', litellm_params: {model: 'groq/*', api_key: os.environ/G}}",
        "{model_name: '*', litellm_params: {model: '*'}}",
        "{model_name: groq/listed, litellm_params: {model: openai/o, api_key: os.environ/O}}",
    ]);
    for (id, expected) in [
        ("openai/gpt", Ok("openai")),
        ("openai/", Ok("openai")),
        ("a.b+c-x", Ok("openai")),
        ("aXb+c-x", Err(Rejection::UnregisteredModel)),
        ("a.bb-x", Err(Rejection::UnregisteredModel)),
        ("x/openai/gpt", Err(Rejection::UnregisteredModel)),
        ("groq/any/thing", Ok("groq")),
        ("groq/listed", Ok("openai")),
        ("other", Err(Rejection::UnregisteredModel)),
        ("*", Err(Rejection::UnregisteredModel)),
    ] {
        assert_eq!(derive(&conversion, id, &[]), expected, "{id}");
    }
    assert_noted(&conversion, &["depends on the requested id", "`*`"]);
    assert_noted(&conversion, &["several providers have wildcards"]);
}

#[test]
fn settings_are_read_or_noted() {
    let conversion = import(
        "model_list:\n\
         - model_info: {id: 1}\n  \
           model_name: m\n  \
           litellm_params: {model: openai/x, litellm_credential_name: team, rpm: 1}\n\
         - {model_name: n, litellm_params: {model: mistral/x}}\n\
         credential_list: [{credential_name: team, credential_values: {api_key: os.environ/TEAM_KEY}}]\n\
         environment_variables: {MISTRAL_API_KEY: written, B: os.environ/C}\n\
         router_settings: {model_group_alias: {big: m, gone: nobody, hid: {model: n, hidden: true}}, fallbacks: []}\n\
         litellm_settings: {drop_params: True}\n\
         general_settings: {master_key: sk-master-key}\n\
         include: [more.yaml]\nguardrails: []\n",
    );
    assert_eq!(credentials(&conversion), "openai: TEAM_KEY");
    assert_eq!(auth_env(&conversion, "mistral"), "");
    assert_eq!((ids(&conversion, "openai"), ids(&conversion, "mistral")), (vec!["big", "m"], vec!["hid", "n"]));
    assert_noted(&conversion, &["an alias of a model that is not listed", "`gone`"]);
    assert_noted(&conversion, &["`environment_variables` gives values to `MISTRAL_API_KEY`"]);
    assert_noted(&conversion, &["`router_settings.fallbacks`", "another model"]);
    assert_noted(&conversion, &["`master_key`"]);
    assert_noted(&conversion, &["`include`", "import each file"]);
    assert_noted(&conversion, &["fields of `litellm_params`", "`rpm`"]);
    assert_noted(&conversion, &["fields of models", "`model_info`"]);
    assert_noted(&conversion, &["fields of the settings", "`drop_params`"]);
    assert_noted(&conversion, &["fields of the file", "`guardrails`"]);
    assert!(!conversion.notes.join("\n").contains("sk-master-key"));
}

/// With the policy, a job that sets the key of its model is consistent, and no other job is.
#[test]
fn policy_injects_every_key_that_is_set() {
    let conversion = config(&[
        "{model_name: a, litellm_params: {model: azure/1, api_key: os.environ/EU, api_base: os.environ/BASE}}",
        "{model_name: b, litellm_params: {model: openai/2, api_key: os.environ/MODEL}}",
    ]);
    let policy = conversion.policy_file().expect("there is a policy");
    let policy = Policy::from_yaml(policy.as_bytes()).expect("the policy is valid");
    // A key has the usual name of the variable for the model.
    for (variables, is_coherent) in [
        (&[("MODEL_ID", "a"), ("EU", "x"), ("BASE", "x")][..], true),
        (&[("MODEL_ID", "a"), ("EU", "x")], false),
        (&[("MODEL_ID", "b"), ("MODEL", "x")], true),
        (&[("MODEL_ID", "b"), ("EU", "x"), ("BASE", "x")], false),
        (&[("MODEL_ID", "c"), ("MODEL", "x")], false),
    ] {
        let env = Env::read(&policy, variables.iter().copied());
        let resolution = resolve(&conversion.registry, "litellm", &env, &[]);
        assert_eq!(resolution.is_coherent(), is_coherent, "{variables:?}");
    }
    let keyless = config(&["{model_name: a, litellm_params: {model: ollama/1}}"]).policy_file();
    Policy::from_yaml(keyless.expect("there is a policy").as_bytes()).expect("the policy is valid");
    let many: Vec<String> = (0..65)
        .map(|number| {
            format!("{{model_name: m{number}, litellm_params: {{model: a/b, api_key: os.environ/K{number}}}}}")
        })
        .collect();
    let many = config(&many.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(many.policy.is_none());
    assert_noted(&many, &["no policy: 65 variables are more than the limit of 64"]);
}

#[test]
fn merge_keys_and_json_are_read() {
    let conversion = import(
        "x: &x {api_key: os.environ/SHARED}\n\
         model_list: [{model_name: m, litellm_params: {<<: *x, model: acme/x}}]\n",
    );
    assert_eq!(credentials(&conversion), "acme: SHARED");
    let json =
        import(r#"{"model_list": [{"model_name": "m", "litellm_params": {"model": "acme/x", "api_key": "$K"}}]}"#);
    assert_eq!(credentials(&json), "acme: K");
}

#[test]
fn price_list_has_the_models_of_known_providers() {
    let conversion = import(
        r#"{"sample_spec": {"litellm_provider": "openai"},
        "gpt-x": {"litellm_provider": "openai", "mode": "chat", "cost": 1e-07},
        "azure/gpt-x": {"litellm_provider": "azure"},
        "x-latest": {"alias_of": "gpt-x"}, "loop": {"alias_of": "loop"}, "lost": {"alias_of": "gone"},
        "v": {"litellm_provider": "vertex_ai-language-models"},
        "n": {"litellm_provider": "nobody"}}"#,
    );
    assert_eq!(providers(&conversion), ["azure", "openai", "vertex_ai-language-models"]);
    assert_eq!(ids(&conversion, "openai"), ["gpt-x", "x-latest"]);
    assert_eq!(auth_env(&conversion, "vertex_ai-language-models"), "GOOGLE_APPLICATION_CREDENTIALS");
    assert!(conversion.policy.is_none());
    assert_noted(&conversion, &["unknown credentials", "`nobody`"]);
    assert_noted(&conversion, &["without `litellm_provider`", "`loop`, `lost`"]);
    assert_noted(&conversion, &["does not say which credentials", "by default"]);
    assert_noted(&conversion, &["fields of models", "`cost`, `mode`"]);
}

#[test]
fn wrong_file_is_refused_with_its_place() {
    const ENDING: &str = "pass the `config.yaml` of a LiteLLM proxy, or `model_prices_and_context_window.json`";
    for (text, message) in [
        ("", "line 1, column 1: the document is empty; is this the right file?".to_owned()),
        ("model_list: 1", "line 1, column 13: `model_list`: expected a list of models".to_owned()),
        (
            "model_list:\n- {litellm_params: {}}",
            "line 2, column 3: `model_list[0]`: the required field `model_name` is missing; add it".to_owned(),
        ),
        (
            "model_list:\n- model_name: [a]",
            "line 2, column 15: `model_list[0].model_name`: expected a text; put it in quotes".to_owned(),
        ),
        ("model_list: []", format!("found no provider to import; {ENDING}")),
        ("a: 1", format!("found no provider to import; {ENDING}")),
        ("- a", format!("line 1, column 1: expected a mapping; {ENDING}")),
        ("{}", format!("found no provider to import; {ENDING}")),
        ("{\"model_list\": 1}", "`model_list`: expected a list of models".to_owned()),
    ] {
        assert_refused(from_bytes(text.as_bytes(), &Options::default()), &message);
    }
    let unknown = Options { providers: vec!["opena".to_owned()], ..Options::default() };
    let text = "model_list: [{model_name: m, litellm_params: {model: openai/x}}]";
    assert!(matches!(from_bytes(text.as_bytes(), &unknown), Err(Error::UnknownProvider { .. })));
    let known = Options { providers: vec!["openai".to_owned()], ..Options::default() };
    assert!(from_bytes(text.as_bytes(), &known).is_ok());
}

#[test]
fn hostile_files_are_refused_fast() {
    let nested = "[".repeat(200_000);
    let aliases: String = (1..30).map(|level| format!("a{level}: &a{level} [*a{0}, *a{0}]\n", level - 1)).collect();
    for text in [format!("model_list: {nested}"), format!("a0: &a0 [x]\n{aliases}model_list: []"), "\u{1}".to_owned()] {
        assert!(from_bytes(text.as_bytes(), &Options::default()).is_err());
    }
    let wildcards: Vec<String> = (0..500)
        .map(|number| format!("- {{model_name: 'model-{number}-*', litellm_params: {{model: openai/x}}}}\n"))
        .collect();
    let text = format!("model_list:\n{}- {{model_name: m, litellm_params: {{model: ollama/x}}}}\n", wildcards.concat());
    assert_noted(&import(&text), &["wildcards that are too large", "`openai`"]);
    // Each part of the file refers to every other part.
    let many = |entry: &dyn Fn(usize) -> String| (0..20_000).map(entry).collect::<String>();
    let text = many(&|number| {
        format!("- {{model_name: m, litellm_params: {{model: a/x, litellm_credential_name: c{number}}}}}\n")
    });
    let shared = many(&|number| {
        format!("- {{credential_name: c{number}, credential_values: {{api_key: os.environ/K, x: $X{number}}}}}\n")
    });
    let aliases = many(&|number| format!("    a{number}: m\n"));
    let text = format!("model_list:\n{text}credential_list:\n{shared}");
    assert_eq!(providers(&import(&text)).len(), 20_000);
    let text = format!("{text}router_settings:\n  model_group_alias:\n{aliases}");
    assert_refused(
        from_bytes(text.as_bytes(), &Options::default()),
        "the registry would be too large: more than 400000 ids; import fewer providers with `--provider NAME`",
    );
    let names = many(&|number| format!("$K{number}, "));
    let text = format!("model_list: [{{model_name: m, litellm_params: {{model: a/x, api_key: [{names}]}}}}]");
    assert!(from_bytes(text.as_bytes(), &Options::default()).is_err());
}
