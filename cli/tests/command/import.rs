//! `import`: catalogues of other tools.

use std::fs;

use crate::run::{RunOutput, Scratch, slugproof};

const CATALOGUE: &str = r#"{
    "cove": {
        "name": "Cove", "env": ["COVE_API_KEY"], "doc": "https://cove.example", "models": {"reef": {}, "tide": {}}
    },
    "bay": {"name": "Bay", "env": ["BAY_ACCOUNT_ID", "BAY_API_KEY"], "models": {"tide": {"status": "deprecated"}}}
}"#;

const CONFIG: &str = "\
model_list:
  - {model_name: large, litellm_params: {model: openai/l, api_key: os.environ/TEAM_KEY}}
  - {model_name: local, litellm_params: {model: ollama/x}}
";

fn import(directory: &Scratch, args: &[&str]) -> RunOutput {
    slugproof([&["import"], args].concat()).dir(directory).run()
}

fn catalogue(name: &str) -> Scratch {
    Scratch::new(name).file("api.json", CATALOGUE).file("config.yaml", CONFIG)
}

#[test]
fn registry_is_printed_and_notes_are_in_both_places() {
    let directory = catalogue("import-printed");
    let output = import(&directory, &["models.dev", "api.json"]);
    assert_eq!(output.code, 0, "{}", output.stderr);
    let notes: Vec<&str> = output.stderr.lines().filter_map(|line| line.strip_prefix("note: ")).collect();
    assert_eq!(notes.len(), 4, "{}", output.stderr);
    for note in notes {
        assert!(output.stdout.contains(&format!("# - {note}\n")), "{note}: {}", output.stdout);
    }
    assert_eq!(import(&directory, &["models.dev", "api.json", "--quiet"]).stderr, "");
}

#[test]
fn printed_registry_passes_check_and_resolves_each_model() {
    let directory = catalogue("import-check");
    let output = import(&directory, &["models.dev", "api.json", "--runtime", "agent"]);
    let directory = directory.file("providers.yaml", &output.stdout);
    let check = slugproof(["check", "--no-config", "--deny-unknown-fields", "providers.yaml"]).dir(&directory).run();
    assert_eq!((check.code, &*check.stdout), (0, "✓ nothing found in 1 registry\n"));
    let lines = ["cove/reef", "cove/tide", "bay/tide", "tide"]
        .map(|model| format!("{{\"runtime\":\"agent\",\"model\":\"{model}\",\"auth_env\":[]}}\n"));
    let derive = slugproof(["derive", "--registry", "providers.yaml", "--batch"]).dir(&directory).input(lines.concat());
    let providers: Vec<String> = derive
        .run()
        .json_lines()
        .iter()
        .map(|line| line["provider"].as_str().or(line["code"].as_str()).unwrap_or_default().to_owned())
        .collect();
    assert_eq!(providers, ["cove", "cove", "bay", "unregistered-model"]);
}

#[test]
fn standard_input_and_a_checkout_give_the_same_registry() {
    let directory = catalogue("import-tree")
        .file("tree/README.md", "catalogue")
        .file(
            "tree/providers/cove/provider.toml",
            "name = 'Cove'\nenv = ['COVE_API_KEY']\ndoc = 'https://cove.example'",
        )
        .file("tree/providers/cove/models/reef.toml", "")
        .file("tree/providers/cove/models/tide.toml", "")
        .file("tree/providers/bay/provider.toml", "name = 'Bay'\nenv = ['BAY_ACCOUNT_ID', 'BAY_API_KEY']")
        .file("tree/providers/bay/models/tide.toml", "status = 'deprecated'");
    let expected = import(&directory, &["models.dev", "api.json"]).stdout;
    for path in ["tree", "tree/", "tree/providers"] {
        assert_eq!(import(&directory, &["models.dev", path]).stdout, expected, "{path}");
    }
    let piped = slugproof(["import", "models.dev", "-"]).dir(&directory).input(CATALOGUE).run();
    assert_eq!(piped.stdout, expected);
}

#[test]
fn files_are_written_once_and_replaced_only_by_force() {
    let directory = catalogue("import-written");
    let written =
        |args: &[&str]| import(&directory, &[&["litellm", "config.yaml", "--dir", "out", "--quiet"], args].concat());
    let read = |name: &str| fs::read_to_string(directory.0.join("out").join(name)).expect("the file is written");
    let first = written(&[]);
    assert_eq!((first.code, &*first.stdout), (0, "wrote out/providers.yaml\nwrote out/litellm.policy.yaml\n"));
    let texts = (read("providers.yaml"), read("litellm.policy.yaml"));
    assert_eq!(written(&[]).stdout, "unchanged out/providers.yaml\nunchanged out/litellm.policy.yaml\n");
    assert_eq!((read("providers.yaml"), read("litellm.policy.yaml")), texts);
    // One changed file: neither is written.
    fs::write(directory.0.join("out/litellm.policy.yaml"), "changed").expect("the file is writable");
    fs::remove_file(directory.0.join("out/providers.yaml")).expect("the file exists");
    let refused = written(&[]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("`out/litellm.policy.yaml` exists and has another content; pass --force"));
    assert!(!directory.0.join("out/providers.yaml").exists());
    assert_eq!(written(&["--force"]).code, 0);
    assert_eq!((read("providers.yaml"), read("litellm.policy.yaml")), texts);
    let check =
        slugproof(["check", "--no-config", "out/providers.yaml", "out/litellm.policy.yaml"]).dir(&directory).run();
    assert_eq!((check.code, &*check.stdout), (0, "✓ nothing found in 1 registry, 1 policy\n"));
}

#[test]
fn json_has_the_counts_the_notes_and_the_files() {
    let directory = catalogue("import-json");
    let printed = import(&directory, &["models.dev", "api.json"]);
    let notes: Vec<&str> = printed.stderr.lines().filter_map(|line| line.strip_prefix("note: ")).collect();
    let json = import(&directory, &["models.dev", "api.json", "--output", "json"]).json();
    assert_eq!(
        json,
        serde_json::json!({
            "schema_version": 1, "providers": 2, "runtimes": 1, "models": 3, "notes": notes,
            "registry": printed.stdout, "policy": null,
        })
    );
    let config = ["litellm", "config.yaml", "--dir", "out", "--output", "json=out.json", "--output", "human"];
    let output = import(&directory, &config);
    assert_eq!(output.stdout, "wrote out/providers.yaml\nwrote out/litellm.policy.yaml\n", "{}", output.stderr);
    let read = |name: &str| fs::read_to_string(directory.0.join(name)).expect("the file is written");
    let json: serde_json::Value = serde_json::from_str(&read("out.json")).expect("the output is JSON");
    let files = [("out/providers.yaml", "wrote"), ("out/litellm.policy.yaml", "wrote")];
    let files = files.map(|(path, change)| serde_json::json!({"path": path, "change": change}));
    assert_eq!((&json["files"], &json["registry"]), (&serde_json::json!(files), &serde_json::Value::Null));
    // The output for people is the registry, also in a file.
    let written = import(&directory, &["models.dev", "api.json", "--output", "human=copy.yaml", "--quiet"]);
    assert_eq!((written.code, &*written.stdout, read("copy.yaml")), (0, "", printed.stdout));
    assert!(written.stderr.contains(" runtime") && !written.stderr.contains("schema_version"), "{}", written.stderr);
}

#[test]
fn output_over_catalogue_or_registry_is_refused() {
    let directory = catalogue("import-json-refused");
    for (output, message) in [("json=api.json", "also an input"), ("json=./providers.yaml", "are the same file")] {
        let refused = import(&directory, &["models.dev", "api.json", "--dir", ".", "--output", output]);
        assert_eq!((refused.code, &*refused.stdout), (2, ""), "{}", refused.snapshot());
        assert!(refused.stderr.contains(message), "{}", refused.stderr);
        assert!(!directory.0.join("providers.yaml").exists(), "{output}");
    }
}

/// The policy is written into a directory only.
#[test]
fn printed_registry_has_a_note_about_the_policy() {
    let output = import(&catalogue("import-policy"), &["litellm", "config.yaml"]);
    assert!(
        output.stderr.contains("note: `--dir DIR` writes a policy, too: `litellm.policy.yaml`"),
        "{}",
        output.stderr
    );
    assert!(!output.stdout.contains("secrets:"));
}

/// Keys in the places of LiteLLM, and in places where nobody expects one.
#[test]
fn keys_are_never_shown() {
    const KEY: &str = "sk-proj-Zq9Zq9Zq9Zq9Zq9Zq9Zq9Zq9";
    let mut imported = 0;
    const OTHER: &str = "{model_name: other, litellm_params: {model: ollama/x}}";
    for text in [
        "model_list: [{model_name: m, litellm_params: {model: openai/x, api_key: KEY}}]",
        "model_list: [{model_name: KEY, litellm_params: {model: ollama/x}}, OTHER]",
        "model_list: [{model_name: m, litellm_params: {model: KEY/x, api_key: os.environ/K}}, OTHER]",
        "model_list: [{model_name: m, litellm_params: {model: x, api_key: os.environ/KEY}}, OTHER]",
        "model_list: [{model_name: m, litellm_params: {model: x, KEY: KEY, api_key: os.environ/K}}]",
        "model_list: [OTHER]\ngeneral_settings: {master_key: KEY, KEY: 1}",
        "model_list: [OTHER]\nrouter_settings: {model_group_alias: {KEY: KEY}}\nKEY: KEY",
        "model_list: [{model_name: [KEY]}]",
        "model_list: KEY",
        r#"{"KEY": {"litellm_provider": "openai"}}"#,
        r#"{"m": {"litellm_provider": "KEY"}}"#,
        r#"{"m": "KEY"#,
        r#"{"KEY": {"env": ["KEY"], "name": "KEY", "api": "KEY", "models": {"KEY": {}}}}"#,
        r#"{"a": {"env": "KEY"}}"#,
        r#"{"a": {"env": [], "name": "KEY", "api": "https://u:KEY@x", "KEY": 1, "models": {"m": {}, "KEY": {}}}}"#,
    ] {
        let text = text.replace("OTHER", OTHER).replace("KEY", KEY);
        let directory = Scratch::new("import-keys").file("in", &text);
        for format in ["models.dev", "litellm"] {
            for args in [&[format, "in"][..], &[format, "in", "--dir", "out", "--force"]] {
                let output = import(&directory, args);
                imported += usize::from(output.code == 0);
                assert!(!output.snapshot().contains("Zq9"), "{text}: {}", output.snapshot());
                for name in ["providers.yaml", "litellm.policy.yaml"] {
                    let file = fs::read_to_string(directory.0.join("out").join(name)).unwrap_or_default();
                    assert!(!file.contains("Zq9"), "{text}: {file}");
                }
            }
        }
    }
    assert!(imported >= 10, "{imported}");
}

#[test]
fn wrong_usage_and_unreadable_catalogues_exit_with_2() {
    let directory = catalogue("import-wrong").file("empty/x", "").file("providers.yaml", CONFIG);
    for (args, message) in [
        (&["models.dev", "missing.json"][..], "cannot read `missing.json`: no such file or directory; check the path"),
        (
            &["models.dev", "empty"],
            "empty: found no provider to import; pass the `api.json` of models.dev or a checkout",
        ),
        (&["litellm", "empty"], "cannot read `empty`: is a directory; check the path"),
        (&["models.dev", "config.yaml"], "config.yaml: line 1, column 1: not JSON; pass the unmodified response"),
        (&["litellm", "api.json"], "api.json: found no provider to import; pass the `config.yaml` of a LiteLLM proxy"),
        (
            &["models.dev", "api.json", "--provider", "bayy"],
            "api.json: the catalogue has no provider `bayy`; did you mean `bay`?",
        ),
        (&["models.dev", "api.json", "--provider", "xyz"], "the catalogue has no provider `xyz`; check the name"),
        (&["models.dev", "api.json", "--runtime", ""], "`--runtime` has no valid name; write the name of a runtime"),
        (&["litellm", "config.yaml", "--bare"], "`--bare` is for models.dev"),
        (&["models.dev", "api.json", "--force"], "--dir <DIR>"),
        (&["other", "api.json"], "invalid value 'other'"),
        (&["models.dev", "api.json", "--dir", "api.json"], "api.json"),
        (&["litellm", "providers.yaml", "--dir", ".", "--force"], "providers.yaml` is the catalogue; choose another"),
    ] {
        let output = import(&directory, args);
        assert_eq!((output.code, &*output.stdout), (2, ""), "{args:?}: {}", output.stderr);
        assert!(output.stderr.contains(message), "{args:?}: {}", output.stderr);
    }
}

/// A link to a parent directory and a device do not make the command run forever.
#[cfg(unix)]
#[test]
fn checkout_with_a_loop_is_refused() {
    let directory = catalogue("import-loop").file("tree/providers/a/provider.toml", "env = []");
    std::os::unix::fs::symlink("..", directory.0.join("tree/providers/a/models")).expect("links can be made");
    let output = import(&directory, &["models.dev", "tree"]);
    assert_eq!(output.code, 2);
    assert!(output.stderr.contains("`tree/providers/a/models`: too many levels of directories"), "{}", output.stderr);
    let directory = catalogue("import-device").file("tree/providers/a/provider.toml", "env = []");
    fs::create_dir(directory.0.join("tree/providers/a/models")).expect("the directory can be made");
    std::os::unix::fs::symlink("/dev/zero", directory.0.join("tree/providers/a/models/m.toml"))
        .expect("links can be made");
    assert!(import(&directory, &["models.dev", "tree"]).stderr.contains("no models"));
}
