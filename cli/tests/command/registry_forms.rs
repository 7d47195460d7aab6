//! Registries as they are in the world: null fields, groups of credentials, providers without
//! credentials, other payers, withdrawn models and fields that slugproof does not define.

use crate::run::{RunOutput, Scratch, slugproof};

const POLICY: &str = "schema_version: 1
name: evals
harness: [scripts/eval.sh]
runtime: RUNTIME
defaults: {RUNTIME: agent}
override: MODEL
platform: {var: BILLING, value: house, model: HOUSE_MODEL, fallback: m-house}
secrets:
  - {key: RESOURCE, inject: [AZURE_RESOURCE]}
  - {key: BOTH, inject: [AZURE_RESOURCE, AZURE_KEY]}
  - {key: OPENAI_API_KEY, inject: [OPENAI_API_KEY]}
fallback: m-0
";

/// A project with these providers, these arms of the runtime `agent`, and a workflow that calls
/// the harness with these variables.
fn project(name: &str, providers: &str, arms: &str, env: &str) -> Scratch {
    let registry = format!("schema_version: 1\nproviders:\n{providers}runtimes:\n  agent:\n    providers:\n{arms}");
    let workflow = format!(
        "on: push\njobs:\n  evals:\n    runs-on: ubuntu-latest\n    env: {{{env}}}\n    steps:\n      \
         - run: bash scripts/eval.sh\n"
    );
    Scratch::new(&format!("registry-{name}"))
        .file("slugproof.yaml", "schema_version: 1\nregistry: providers.yaml\npolicies: [policy.yaml]\n")
        .file("providers.yaml", registry)
        .file("policy.yaml", POLICY)
        .file("scripts/eval.sh", "echo eval\n")
        .file(".github/workflows/w.yml", workflow)
}

fn lint(scratch: &Scratch) -> RunOutput {
    slugproof(["lint"]).dir(scratch).run()
}

const OPENAI: &str = "  - {name: openai, auth_env: [OPENAI_API_KEY], model_prefix_match: '^gpt-'}\n";

#[test]
fn null_optional_field_is_absent() {
    let provider = "  - {name: a, display_name: null, protocol: null, auth_mode: null, base_url_template: null, \
                    auth_env: [A], model_prefix_match: null, model_aliases: null, deprecated: null}\n";
    let scratch = project("null", provider, "      - {name: a, models: [m-0], withdrawn_models: null}\n", "X: y");
    let output = slugproof(["check", "providers.yaml"]).dir(&scratch).run();
    assert_eq!((output.code, output.stdout.as_str()), (0, "✓ nothing found in 1 registry\n"));
    // Elsewhere, an empty field is a mistake: it could make an entry of `accept` fit everything.
    for (file, text) in [
        ("slugproof.yaml", "schema_version: 1\naccept: [{code: missing-credential, policy: , reason: x}]\n"),
        ("slugproof.yaml", "schema_version: 1\npolicies:\n"),
        ("policy.yaml", &POLICY.replace("harness: [scripts/eval.sh]", "harness:")),
    ] {
        let scratch = project("null-elsewhere", OPENAI, "      - {name: openai, models: [m-0]}\n", "X: y");
        let output = slugproof(["check", file]).dir(&scratch.file(file, text)).run();
        assert!(
            output.code == 1
                && output.stdout.replace("\n                       ", " ").contains("found nothing (null)"),
            "{text}: {}",
            output.stdout
        );
    }
    for (field, message) in [
        ("{name: null, auth_env: [A]}", "`providers[0].name`: expected a string, found nothing (null)"),
        ("{name: a, auth_env: [null]}", "`providers[0].auth_env[0]`: expected a string, found nothing (null)"),
        ("{name: a, auth_env: null}", "`providers[0]`: the required field `auth_env` is missing"),
    ] {
        let scratch = project("null-required", &format!("  - {field}\n"), "      - {name: a, models: [m-0]}\n", "X: y");
        let output = slugproof(["check", "--output", "json", "providers.yaml"]).dir(&scratch).run();
        assert!(output.code == 1 && output.stdout.contains(message), "{field}: {}", output.stdout);
    }
}

#[test]
fn group_of_credentials_is_needed_as_a_whole() {
    let providers = "  - {name: azure, auth_env: [TOKEN, [AZURE_RESOURCE, AZURE_KEY]]}\n";
    let arms = "      - {name: azure, models: [m-0, m-house]}\n";
    let partial = lint(&project("group-partial", providers, arms, "RESOURCE: acme"));
    assert_eq!(partial.code, 1, "{}", partial.stdout);
    assert!(partial.stdout.starts_with("error[wrong-credential]"), "{}", partial.stdout);
    let needs = "its provider `azure` needs TOKEN, or AZURE_RESOURCE and AZURE_KEY; injected: AZURE_RESOURCE; \
                 missing: AZURE_KEY";
    assert!(partial.stdout.replace("\n          ", " ").contains(needs), "{}", partial.stdout);
    let resolved = slugproof(["resolve", "--runtime", "agent", "RESOURCE=set"]);
    let resolved = resolved.dir(&project("group-resolve", providers, arms, "X: y")).run();
    assert!(resolved.stdout.contains("\n  missing   AZURE_KEY\n"), "{}", resolved.stdout);
    let whole = lint(&project("group-whole", providers, arms, "BOTH: x"));
    assert_eq!((whole.code, whole.stdout.as_str()), (0, "✓ nothing found in 1 workflow file, 1 step\n"));
}

#[test]
fn provider_without_credentials_is_consistent() {
    let providers = format!("  - {{name: local, auth_env: []}}\n{OPENAI}");
    let arms = "      - {name: local, models: [m-0, m-house]}\n      - {name: openai, models: [gpt-5]}\n";
    for (env, code) in [("X: y", 0), ("RESOURCE: acme", 0), ("BILLING: house", 0), ("MODEL: gpt-5", 1)] {
        let scratch = project("keyless", &providers, arms, env);
        let output = lint(&scratch);
        assert_eq!(output.code, code, "{env}: {}", output.stdout);
        let checked = slugproof(["check", "providers.yaml"]).dir(&scratch).run();
        assert_eq!(checked.code, 0, "{}", checked.stdout);
    }
    let scratch = project("keyless-resolve", &providers, arms, "X: y");
    let output = slugproof(["resolve", "--runtime", "agent"]).dir(&scratch).run();
    assert!(output.stdout.starts_with("✓ consistent: m-0 on local, which needs no credential\n"), "{}", output.stdout);
}

#[test]
fn payer_is_named_by_billing() {
    let arms = "      - {name: house, models: [m-house]}\n      - {name: openai, models: [m-0]}\n";
    for (billing, code) in [("", 1), ("billing: byok, ", 1), ("billing: platform, ", 0)] {
        let providers = format!("  - {{name: house, {billing}auth_env: [USAGE_TOKEN]}}\n{OPENAI}");
        let output = lint(&project("payer", &providers, arms, "BILLING: house"));
        assert_eq!(output.code, code, "{billing}: {}", output.stdout);
    }
    let named = format!("  - {{name: platform, billing: byok, auth_env: [USAGE_TOKEN]}}\n{OPENAI}");
    let output =
        lint(&project("payer-byok", &named, &arms.replace("house, models", "platform, models"), "BILLING: house"));
    assert_eq!(output.code, 1, "{}", output.stdout);
}

#[test]
fn withdrawn_model_is_rejected_and_its_owner_named() {
    let providers = format!("  - {{name: acme, auth_env: [A], model_prefix_match: '^m-'}}\n{OPENAI}");
    let arms =
        "      - {name: acme, models: [m-house], withdrawn_models: [m-0]}\n      - {name: openai, models: [gpt-5]}\n";
    let scratch = project("withdrawn", &providers, arms, "X: y");
    let output = lint(&scratch);
    assert!(output.code == 1 && output.stdout.starts_with("error[withdrawn-model]"), "{}", output.stdout);
    let resolved = slugproof(["resolve", "--runtime", "agent"]).dir(&scratch).run();
    assert!(resolved.stdout.contains("\n  owner     acme, which has withdrawn the model\n"), "{}", resolved.stdout);
    let json = slugproof(["resolve", "--runtime", "agent", "--format", "json"]).dir(&scratch).run().json();
    assert_eq!((json["code"].as_str(), json["withdrawn_by"].as_str()), (Some("withdrawn-model"), Some("acme")));
    let lines = concat!(
        "{\"runtime\":\"agent\",\"model\":\"m-0\"}\n",
        "{\"runtime\":\"agent\",\"model\":\"m-9\"}\n",
        "{\"runtime\":\"agent\",\"model\":\"other\"}\n"
    );
    let derived = slugproof(["derive", "--batch"]).dir(&scratch).input(lines).run();
    let expected = "{\"code\":\"withdrawn-model\"}\n{\"provider\":\"acme\"}\n{\"code\":\"unregistered-model\"}\n";
    assert_eq!(derived.stdout, expected);
}

#[test]
fn unknown_field_is_a_note_unless_it_is_misspelt() {
    let arms = "      - {name: a, models: [m-0]}\n";
    let registry = |field: &str| format!("  - {{name: a, auth_env: [A], {field}: x}}\n");
    let check = |field: &str, args: &[&str]| {
        let scratch = project("unknown-field", &registry(field), arms, "X: y");
        slugproof(["check", "providers.yaml"].into_iter().chain(args.iter().copied())).dir(&scratch).run()
    };
    let note = check("endpoint_vars", &[]);
    assert_eq!(note.code, 0, "{}", note.stdout);
    assert!(note.stdout.starts_with("note[unknown-field]: the format does not define the field `endpoint_vars`\n"));
    for misspelt in ["display-name", "Display_Name", "auth_mod", "vendor_logos", "billng"] {
        let output = check(misspelt, &[]);
        assert!(
            output.code == 1 && output.stdout.replace("\n                         ", " ").contains("did you mean"),
            "{misspelt}: {}",
            output.stdout
        );
        assert_eq!(check(misspelt, &["--allow-unknown-fields"]).code, 0, "{misspelt}");
    }
    assert_eq!(check("endpoint_vars", &["--deny-unknown-fields"]).code, 1);
    let config = |fields: &str, args: &[&str]| {
        let config = format!("schema_version: 1\nregistry: providers.yaml\npolicies: [policy.yaml]\n{fields}\n");
        let scratch = project("unknown-field", &registry("endpoint_vars"), arms, "X: y").file("slugproof.yaml", config);
        slugproof(["check"].into_iter().chain(args.iter().copied())).dir(&scratch).run()
    };
    let file = &["providers.yaml"];
    for (fields, code) in
        [("unknown_fields: deny", 1), ("unknown_fields: allow", 0), ("unknown_fields: deny-misspelt", 0)]
    {
        assert_eq!(config(fields, file).code, code, "{fields}");
    }
    assert_eq!(config("allow_unknown_fields: true", file).code, 0);
    let refused = config("unknown_fields: some", &[]).stdout.replace("\n                       ", " ");
    assert_eq!(config("allow_unknown_fields: false", file).code, 1);
    assert!(refused.contains("expected `deny`, `deny-misspelt` or `allow`"), "{refused}");
}

/// The words of a platform are shown only where the registry has them.
#[test]
fn platform_error_replaces_the_words_of_the_platform() {
    let arms = "      - {name: openai, models: [m-0]}\n";
    let scratch = project("words", OPENAI, arms, "X: y");
    let registry = std::fs::read_to_string(scratch.0.join("providers.yaml")).expect("the file exists");
    let resolve = |scratch: &Scratch, variable: &str| {
        let json = slugproof(["resolve", "--runtime", "agent", "--format", "json", variable]).dir(scratch).run().json();
        json["message"].as_str().expect("a message").to_owned()
    };
    assert!(resolve(&scratch, "X=").ends_with("so the workspace ends in the state `failed` and never comes online"));
    assert!(resolve(&scratch, "MODEL=no").ends_with("so the create call fails"));
    let human = slugproof(["resolve", "--runtime", "agent", "MODEL=no"]).dir(&scratch).run().stdout;
    assert!(human.contains("rejected: the create call fails") && !human.contains("422"), "{human}");
    let notes = slugproof(["lint", "--output", "json"]).dir(&scratch).run().json()["findings"][0]["notes"].to_string();
    assert!(
        notes.contains("on runtime agent the workspace ends in the state `failed` and never comes online\""),
        "{notes}"
    );

    let words = "platform_error: {missing-credential: E_NO_KEY, unregistered-model: E_MODEL}\nproviders:\n";
    let scratch = scratch.file("providers.yaml", registry.replace("providers:\n  -", &format!("{words}  -")));
    assert!(resolve(&scratch, "X=").ends_with("never comes online (E_NO_KEY)"));
    assert!(resolve(&scratch, "MODEL=no").ends_with("so the create call returns 422 E_MODEL"));
    assert!(lint(&scratch).stdout.contains("(E_NO_KEY)"));
    let record = r#"{"status": "failed", "error": "E_NO_KEY: refused"}"#;
    let scratch = scratch.file("record.json", record);
    let args = ["diagnose", "--record", "record.json", "RUNTIME=agent", "OPENAI_API_KEY=set"];
    let shown = slugproof(args.into_iter().chain(["MODEL=gpt-1"])).dir(&scratch).run().stdout;
    assert!(shown.contains("the platform reports E_NO_KEY"), "{shown}");

    for (words, message) in [
        (
            "{no-such-code: X}",
            "`platform_error.no-such-code`: no contradiction has the code `no-such-code`; use one of",
        ),
        ("{missing-credential: ''}", "`platform_error.missing-credential`: is empty; write the words of the platform"),
        ("{missing-credential: 7}", "`platform_error.missing-credential`: "),
        ("[a]", "`platform_error`: "),
    ] {
        let text = registry.replace("providers:\n  -", &format!("platform_error: {words}\nproviders:\n  -"));
        let scratch = project("words-bad", OPENAI, arms, "X: y").file("providers.yaml", text);
        let output = slugproof(["check", "--output", "json", "providers.yaml"]).dir(&scratch).run();
        let title = output.json()["findings"][0]["title"].as_str().expect("a title").to_owned();
        assert!(output.code == 1 && title.starts_with(message), "{words}: {}", output.snapshot());
    }
    // The caret is under the code.
    let text = registry.replace("providers:\n  -", "platform_error:\n  no-such-code: X\nproviders:\n  -");
    let scratch = project("words-caret", OPENAI, arms, "X: y").file("providers.yaml", text);
    let report = slugproof(["check", "--output", "json", "providers.yaml"]).dir(&scratch).run().json();
    let primary = &report["findings"][0]["primary"];
    let length = primary["bytes"][1].as_u64().zip(primary["bytes"][0].as_u64()).map(|(end, start)| end - start);
    assert_eq!((&primary["start"]["column"], length), (&serde_json::json!(3), Some(12)), "{report}");
}
