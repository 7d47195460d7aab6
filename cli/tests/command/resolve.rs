//! `resolve` on one query.

use serde_json::json;

use crate::run::{Scratch, slugproof};

/// The founding incident of the README: the override selects a model that needs a tenant key, and the
/// platform path injects none.
const FOUNDING_INCIDENT: [&str; 5] =
    ["resolve", "--runtime", "claude-code", "E2E_LLM_PATH=platform", "E2E_MODEL_SLUG=MiniMax-M2"];

#[test]
fn founding_incident_is_reported() {
    insta::assert_snapshot!(slugproof(FOUNDING_INCIDENT).run().snapshot());
}

#[test]
fn founding_incident_is_reported_in_json() {
    let output = slugproof(FOUNDING_INCIDENT.into_iter().chain(["--format", "json"])).run();
    assert_eq!(output.code, 1);
    let answer = output.json();
    let keys: Vec<&String> = answer.as_object().expect("an object").keys().collect();
    let expected = [
        "runtime",
        "slug",
        "rule",
        "decided_by",
        "path",
        "injected",
        "provider",
        "billing",
        "verdict",
        "code",
        "outcome",
        "needs",
        "accepted_by",
        "warnings",
        "shadowed",
        "message",
        "fixes",
    ];
    assert_eq!(
        std::collections::BTreeSet::from_iter(keys.iter().map(|key| key.as_str())),
        std::collections::BTreeSet::from(expected)
    );
    for (key, value) in [
        ("slug", json!("MiniMax-M2")),
        ("rule", json!("override")),
        ("decided_by", json!("E2E_MODEL_SLUG")),
        ("path", json!("platform")),
        ("injected", json!([])),
        ("provider", json!("minimax")),
        ("verdict", json!("contradiction")),
        ("code", json!("platform-path-byok-model")),
        ("outcome", json!("failed")),
        ("needs", json!(["MINIMAX_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_API_KEY"])),
    ] {
        assert_eq!(answer[key], value, "{key}");
    }
    let unset = json!({"edits": [{"unset": "E2E_MODEL_SLUG"}], "slug": "moonshot/kimi-k2.6", "provider": "platform"});
    assert_eq!(answer["fixes"][1], unset, "after the fix that keeps the model and its vendor");
}

/// The workflow of the incident set every key, so leaving the platform path keeps model and vendor.
#[test]
fn fixes_keep_the_vendor_if_its_key_is_set() {
    let keys = ["E2E_MINIMAX_API_KEY=set", "E2E_ANTHROPIC_API_KEY=set", "E2E_OPENAI_API_KEY=set", "--format", "json"];
    let answer = slugproof(FOUNDING_INCIDENT.into_iter().chain(keys)).run().json();
    let fixes = answer["fixes"].as_array().expect("a list");
    let edits: Vec<&serde_json::Value> = fixes.iter().map(|fix| &fix["edits"]).collect();
    assert_eq!(edits[0], &json!([{"unset": "E2E_LLM_PATH"}]));
    assert!(edits.contains(&&json!([{"unset": "E2E_MODEL_SLUG"}])));
    assert_eq!(answer["shadowed"], json!(["E2E_MINIMAX_API_KEY", "E2E_ANTHROPIC_API_KEY", "E2E_OPENAI_API_KEY"]));
}

#[test]
fn unregistered_colon_spelling_is_reported() {
    let args =
        ["resolve", "--runtime", "claude-code", "E2E_MODEL_SLUG=minimax:MiniMax-M2.7", "E2E_MINIMAX_API_KEY=set"];
    insta::assert_snapshot!(slugproof(args).run().snapshot());
}

#[test]
fn key_sent_to_another_vendor_is_reported() {
    let args = ["resolve", "--runtime", "claude-code", "E2E_MODEL_SLUG=MiniMax-M3", "E2E_ANTHROPIC_API_KEY=set"];
    insta::assert_snapshot!(slugproof(args).run().snapshot());
}

#[test]
fn misspelt_runtime_gives_a_suggestion() {
    insta::assert_snapshot!(slugproof(["resolve", "--runtime", "claud-code"]).run().snapshot());
}

#[test]
fn env_format_is_valid_shell() {
    let args = ["resolve", "--runtime", "google-adk", "--format", "env", "E2E_GOOGLE_API_KEY=set"];
    insta::assert_snapshot!(slugproof(args).run().snapshot());
}

#[test]
fn unread_variable_gives_a_note() {
    let output = slugproof(["resolve", "--runtime", "hermes", "E2E_MODEL_SLG=x", "E2E_OPENAI_API_KEY=set"]).run();
    assert_eq!(output.code, 0);
    assert_eq!(
        output.stderr,
        "note: policy `full-saas` does not read `E2E_MODEL_SLG`; did you mean `E2E_MODEL_SLUG`?\n"
    );
    let quiet =
        slugproof(["resolve", "--quiet", "--runtime", "hermes", "E2E_MODEL_SLG=x", "E2E_OPENAI_API_KEY=set"]).run();
    assert_eq!(quiet.stderr, "");
}

#[test]
fn key_set_to_unset_gives_a_note() {
    for (value, is_noted) in [("unset", true), ("False", true), ("set", false), ("0", false), ("", false)] {
        let output = slugproof(["resolve", "--runtime", "hermes", &format!("E2E_OPENAI_API_KEY={value}")]).run();
        let note = format!("counts as set, as with any value; leave out `E2E_OPENAI_API_KEY={value}` to unset it");
        assert_eq!(output.stderr.contains(&note), is_noted, "{value}: {}", output.snapshot());
    }
    let output = slugproof(["resolve", "--runtime", "hermes", "E2E_MODEL_SLUG=unset"]).run();
    assert_eq!(output.stderr, "");
    // Commands that read variables from elsewhere say the same, once for each name.
    let note = "note: `E2E_OPENAI_API_KEY` counts as set, as with any value; leave out `E2E_OPENAI_API_KEY=unset` to \
                unset it\n";
    let scratch = Scratch::new("resolve-notes")
        .file("record.json", "{\"id\": \"1\", \"status\": \"failed\"}")
        .file("a.env", "E2E_OPENAI_API_KEY=unset\n");
    let diagnosed = ["diagnose", "--embedded", "--record", "record.json", "--runtime", "hermes"];
    for (args, is_noted) in [
        (&["E2E_OPENAI_API_KEY=unset"][..], true),
        (&["--env-file", "a.env"], true),
        (&["--env-file", "a.env", "E2E_OPENAI_API_KEY=set"], false),
    ] {
        let output = slugproof(diagnosed.iter().chain(args).copied()).dir(&scratch).run();
        assert_eq!(output.stderr.matches(note).count(), usize::from(is_noted), "{args:?}: {}", output.snapshot());
    }
    let line = |name: &str, value: &str| {
        format!("{{\"runtime\":\"hermes\",\"env\":{{\"{name}\":{value},\"E2E_MODEL_SLUG\":null}}}}\n")
    };
    let both = "{\"runtime\":\"hermes\",\"env\":{\"E2E_MODEL_SLUG\":\"x\",\"E2E_MODEL_SLUGG\":\"x\"}}\n";
    let misspelt_slug = "note: policy `full-saas` does not read `E2E_MODEL_SLUGG`; did you mean `E2E_MODEL_SLUG`?\n";
    let misspelt = "note: policy `full-saas` does not read `E2E_LLM_PAHT`; did you mean `E2E_LLM_PATH`?\n";
    for (lines, notes) in [
        (line("E2E_OPENAI_API_KEY", "\"unset\"").repeat(2), note),
        (line("E2E_OPENAI_API_KEY", "null") + &line("E2E_OPENAI_API_KEY", "\"set\"") + &line("OTHER", "\"x\""), ""),
        (line("E2E_LLM_PAHT", "\"platform\"").repeat(2), misspelt),
        // A variable that is null is unset, whatever its name is.
        (line("E2E_MODEL_SLUGG", "\"x\""), misspelt_slug),
        (line("E2E_MODEL_SLUGG", "null"), ""),
        // The variable that may be meant is given, in one of the lines.
        (both.to_owned(), ""),
        (both.to_owned() + &line("E2E_MODEL_SLUGG", "\"x\"") + both, misspelt_slug),
        // A name that is too long to be misspelt.
        (line(&format!("E2E_LLM_PATH{}", "H".repeat(300)), "\"x\""), ""),
    ] {
        let output = slugproof(["resolve", "--batch", "--embedded"]).input(lines.clone()).run();
        assert_eq!(output.stderr, notes, "{lines}: {}", output.snapshot());
    }
    let many = |start: &str, count: u32| -> String {
        (0..count).map(|number| line(&format!("{start}{number}"), "\"x\"")).collect()
    };
    let cut = "only the first 1000 names that policy `full-saas` does not read are checked for misspellings";
    for (lines, notes, last) in [
        (many("E2E_LLM_PATH", 9), 6, "4 more notes about variables"),
        (many("E2E_LLM_PATH", 1_000), 6, "995 more notes about variables"),
        (many("E2E_LLM_PATH", 1_003), 6, "at least 995 more notes about variables"),
        (many("ELSEWHERE", 1_000) + &many("E2E_LLM_PATH", 1), 1, cut),
    ] {
        let output = slugproof(["resolve", "--batch", "--embedded"]).input(lines).run();
        assert_eq!(output.stderr.matches("note: ").count(), notes, "{last}: {}", output.stderr);
        assert!(output.stderr.ends_with(&format!("note: {last}\n")), "{last}: {}", output.stderr);
    }
}

/// A runtime that is given stays, whatever the environment names, so no fix may rely on another one.
#[test]
fn fix_never_changes_a_given_runtime() {
    let registry = "schema_version: 1
providers: [{name: acme, auth_env: [A]}, {name: zeta, auth_env: [A]}]
runtimes:
  coder: {providers: [{name: acme, models: [acme-1]}]}
  writer: {providers: [{name: zeta, models: [zeta-1]}]}
";
    for (name, default, variable) in
        [("unset", "coder", None), ("set", "coder", Some("RT=writer")), ("default", "writer", None)]
    {
        let policy = format!(
            "schema_version: 2\nname: p\nruntime: RT\ndefaults: {{RT: {default}}}\nmodel: [{{use: $MODEL}}]\nsecrets: \
             [{{key: A}}]\n"
        );
        let scratch = Scratch::new(&format!("resolve-given-{name}"))
            .file("slugproof.yaml", "schema_version: 1\nregistry: providers.yaml\npolicies: [policy.yaml]\n")
            .file("providers.yaml", registry)
            .file("policy.yaml", policy);
        let args = ["resolve", "--runtime", "writer", "MODEL=acme-1", "A=set", "--output", "json"];
        let answer = slugproof(args.into_iter().chain(variable)).dir(&scratch).run().json();
        let fixes = answer["fixes"].as_array().expect("a list");
        assert!(fixes.iter().all(|fix| fix["runtime"].is_null()), "{name}: {answer:#}");
        let picks = |fix: &serde_json::Value| fix["slug"] == "zeta-1";
        assert!(name == "default" || fixes.iter().any(picks), "{name}: {answer:#}");
    }
}

#[test]
fn fix_placeholder_names_the_accepted_secret() {
    let answer = slugproof(["resolve", "--runtime", "hermes", "--format", "json"]).run().json();
    let edits: Vec<_> = answer["fixes"].as_array().expect("a list").iter().map(|fix| fix["edits"].clone()).collect();
    assert!(edits.contains(&json!([{"set": "E2E_OPENAI_API_KEY", "to": "<OPENAI_API_KEY>"}])), "{edits:?}");
}

#[test]
fn path_in_wrong_case_gives_a_hint() {
    let output = slugproof(["resolve", "--runtime", "hermes", "E2E_LLM_PATH=Platform"]).run();
    assert!(output.stdout.contains("E2E_LLM_PATH is case-sensitive; did you mean `platform`?"), "{}", output.stdout);
}

#[test]
fn empty_runtime_is_unknown() {
    let answer = slugproof(["resolve", "--runtime", "", "--policy", "reconciler", "--format", "json"]).run().json();
    assert_eq!((&answer["runtime"], &answer["code"]), (&json!(""), &json!("unknown-runtime")));
}

#[test]
fn ambient_credentials_are_accepted_but_not_injected() {
    let args = ["resolve", "--runtime", "hermes", "--ambient", "OPENAI_API_KEY", "--format", "json"];
    let answer = slugproof(args).run().json();
    assert_eq!((&answer["verdict"], &answer["injected"]), (&json!("coherent"), &json!([])));
    assert_eq!(answer["accepted_by"], json!(["OPENAI_API_KEY"]));
}

#[test]
fn colour_follows_flag_and_no_color() {
    let plain = slugproof(FOUNDING_INCIDENT).run().stdout;
    assert!(!plain.contains('\u{1b}'));
    let coloured = slugproof(FOUNDING_INCIDENT.into_iter().chain(["--color", "always"])).run().stdout;
    assert!(coloured.contains('\u{1b}'));
    assert_eq!(strip_colour(&coloured), plain);
    let without_colour = slugproof(FOUNDING_INCIDENT).env("NO_COLOR", "1").env("CLICOLOR_FORCE", "1").run().stdout;
    assert!(!without_colour.contains('\u{1b}'));
}

fn strip_colour(text: &str) -> String {
    let mut plain = String::new();
    let mut parts = text.split('\u{1b}');
    plain.push_str(parts.next().unwrap_or_default());
    for part in parts {
        plain.push_str(part.split_once('m').map_or("", |(_, rest)| rest));
    }
    plain
}
