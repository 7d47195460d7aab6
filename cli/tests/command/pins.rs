//! Pins: model ids in fixtures, templates and scripts.

use crate::run::{Scratch, slugproof};

const REGISTRY: &str = "schema_version: 1
providers:
  - {name: acme, auth_env: [ACME_TOKEN], model_prefix_match: \"^acme-\"}
  - {name: zeta, auth_env: [[ZETA_ID, ZETA_KEY]]}
  - {name: platform, auth_env: [PROXY_TOKEN], model_prefix_match: \"^house/\"}
runtimes:
  coder:
    providers:
      - {name: acme, models: [acme-large]}
      - {name: zeta, models: [zeta-1], withdrawn_models: [zeta-0]}
      - {name: platform, models: [house/one]}
";

const CONFIG: &str = "schema_version: 1\nregistry: providers.yaml\n";

/// A repository with these files and these lines in its slugproof.yaml.
fn repository(name: &str, config: &str, files: &[(&str, &str)]) -> Scratch {
    let scratch = Scratch::new(&format!("pins-{name}")).file("providers.yaml", REGISTRY);
    let scratch = scratch.file("slugproof.yaml", format!("{CONFIG}{config}"));
    files.iter().fold(scratch, |scratch, (path, text)| scratch.file(path, text))
}

/// The findings as `path:line code`, and the number of pins that were checked.
fn lint(repository: &Scratch, args: &[&str]) -> (Vec<String>, u64) {
    let args = ["lint", "--output", "json"].iter().chain(args).copied();
    let report = slugproof(args).dir(repository).run().json();
    let line = |finding: &serde_json::Value| {
        let primary = &finding["primary"];
        let path = primary["path"].as_str().expect("a path");
        format!("{path}:{} {}", primary["start"]["line"], finding["code"].as_str().expect("a code"))
    };
    let findings = report["findings"].as_array().expect("a list").iter().map(line).collect();
    (findings, report["checked"]["pin"].as_u64().unwrap_or_default())
}

#[test]
fn withdrawn_model_is_found_in_files_of_every_kind() {
    let repository = repository(
        "withdrawn",
        "",
        &[
            ("fixtures/body.json", "{\n  \"runtime\": \"coder\",\n  \"model\": \"zeta-0\"\n}\n"),
            ("fixtures/create.sh", "post <<EOF\n{\"runtime\": \"coder\", \"model\": \"zeta-0\"}\nEOF\n"),
            ("fixtures/quoted.sh", "post \"{\\\"runtime\\\": \\\"coder\\\", \\\"model\\\": \\\"zeta-0\\\"}\"\n"),
            ("src/create.ts", "create({\n  runtime: 'coder',\n  model: 'zeta-0',\n});\n"),
            ("src/create.go", "w := Workspace{Runtime: \"coder\", Model: \"zeta-0\"}\n"),
            ("src/create.py", "create(runtime=\"coder\", model=\"zeta-0\")\n"),
            ("templates/a.yaml", "workspace:\n  runtime: coder\n  model: zeta-0\n"),
            ("good.json", "{\"runtime\": \"coder\", \"model\": \"zeta-1\"}"),
        ],
    );
    let (found, pins) = lint(&repository, &[]);
    let places = ["fixtures/body.json:3", "fixtures/create.sh:2", "fixtures/quoted.sh:1", "src/create.go:1"];
    let places = places.into_iter().chain(["src/create.py:1", "src/create.ts:3", "templates/a.yaml:3"]);
    assert_eq!(found, places.map(|place| format!("{place} withdrawn-model")).collect::<Vec<_>>());
    assert_eq!(pins, 8);
}

#[test]
fn every_fault_of_a_pin_has_its_code() {
    let pin = |model: &str| format!("{{\"runtime\": \"coder\", \"model\": \"{model}\"}}");
    for (model, code) in [("zeta-9", "unregistered-model"), ("acme-larg", "near-miss"), ("zeta-0", "withdrawn-model")] {
        let repository = repository("codes", "", &[("a.json", &pin(model))]);
        assert_eq!(lint(&repository, &[]).0, [format!("a.json:1 {code}")], "{model}");
    }
    // By a pattern, an id of the platform, and a runtime of something else.
    for model in ["acme-new", "house/two", "zeta-1"] {
        let repository = repository("codes", "", &[("a.json", &pin(model))]);
        assert_eq!(lint(&repository, &[]), (Vec::new(), 1), "{model}");
    }
    let other = repository("codes", "", &[("a.json", "{\"runtime\": \"node\", \"model\": \"T\"}")]);
    assert_eq!(lint(&other, &[]), (Vec::new(), 0));
}

#[test]
fn message_suggests_the_id_that_was_meant() {
    let repository = repository("message", "", &[("a.json", "{\"runtime\": \"coder\", \"model\": \"acme/large\"}")]);
    let output = slugproof(["lint"]).dir(&repository).run();
    assert_eq!(output.code, 1);
    assert!(output.stdout.contains("did you mean `acme-large`?"), "{}", output.stdout);
    assert!(output.stdout.contains("1 error in 0 workflow files, 0 steps, 1 pin"), "{}", output.stdout);
}

#[test]
fn embedded_registry_is_not_for_pins() {
    let pin = "{\"runtime\": \"claude-code\", \"model\": \"of-another-company\"}";
    let scratch = Scratch::new("pins-embedded").file("a.json", pin);
    assert_eq!(slugproof(["lint"]).dir(&scratch).run().code, 3);
    let scratch = scratch.file("providers.yaml", REGISTRY).file("b.json", "{\"runtime\": \"coder\", \"model\": \"x\"}");
    let output = slugproof(["lint", "--registry", "providers.yaml"]).dir(&scratch).run();
    assert!(output.stdout.contains("unregistered-model"), "{}", output.stdout);
}

#[test]
fn entry_names_files_and_their_fields() {
    let entry = "pins:\n  - files: \"templates/*/config.yaml\"\n    runtime: .runtime\n    model: .model\n    models: \
                 \".all[].id\"\n    required_env: .env.required\n";
    let template = |runtime: &str, model: &str, more: &str, env: &str| {
        format!("runtime: {runtime}\nmodel: {model}\nall: [{more}]\nenv: {{required: {env}}}\n")
    };
    for (name, text, expected) in [
        ("good", template("coder", "zeta-1", "{id: zeta-1}", "[ZETA_KEY, ZETA_ID]"), vec![]),
        ("platform", template("coder", "house/one", "", "[]"), vec![]),
        ("runtime", template("codr", "zeta-1", "", "[ZETA_KEY, ZETA_ID]"), vec!["1 unknown-runtime"]),
        (
            "list",
            template("coder", "acme-large", "{id: acme-large}, {id: zet}", "ACME_TOKEN"),
            vec!["3 unregistered-model"],
        ),
        ("half", template("coder", "zeta-1", "", "[ZETA_KEY]"), vec!["2 wrong-credential"]),
        ("none", template("coder", "zeta-1", "", "[]"), vec!["2 missing-credential"]),
        ("computed", template("coder", "\"{{ model }}\"", "{id: zeta-1}", "[ZETA_KEY, ZETA_ID]"), vec!["2 undecided"]),
        ("group", template("coder", "zeta-1", "", "[[ZETA_KEY, ZETA_ID]]"), vec![]),
        ("objects", template("coder", "zeta-1", "", "[{name: ZETA_KEY}]"), vec!["4 undecided"]),
        ("computed name", template("coder", "zeta-1", "", "[\"${NAME}\"]"), vec!["4 undecided"]),
        ("missing", "model: zeta-1\n".to_owned(), vec!["1 undecided"]),
        ("broken", "a: [\n".to_owned(), vec!["1 unreadable-file"]),
    ] {
        let repository = repository("entry", entry, &[("templates/x/config.yaml", &text)]);
        let expected: Vec<String> = expected.iter().map(|end| format!("templates/x/config.yaml:{end}")).collect();
        assert_eq!(lint(&repository, &[]).0, expected, "{name}");
    }
}

/// A path that selects nothing in any file is reported once, at the path, with the path that was probably meant.
#[test]
fn path_that_selects_nothing_is_reported() {
    const FILES: [(&str, &str); 2] = [
        (
            "t/a.yaml",
            "runtime: coder\nmodel: acme-large\nspare: [{id: acme-large}]\nenv: [ACME_TOKEN]\nmeta: {envs: []}\n",
        ),
        (
            "t/b.yaml",
            "runtime: coder\nmodel: zeta-1\nspare: [{id: zeta-1}]\nenv: [ZETA_ID, ZETA_KEY]\nmeta: {envs: []}\n",
        ),
    ];
    let entry = |fields: &str| format!("pins:\n  - {{files: 't/*.yaml', runtime: .runtime, {fields}}}\n");
    for (fields, meant) in [
        ("model: .modle, models: '.spare[].id'", "did you mean `.model`?"),
        ("model: .model, models: '.spar[].id'", "did you mean `.spare[].id`?"),
        ("model: .model, required_env: .envs", "did you mean `.env`?"),
        ("model: .model, required_env: .meta.env", "did you mean `.meta.envs`?"),
        ("model: .model, required_env: .zzz", "correct the path, or remove `required_env`"),
    ] {
        let repository = repository("nothing", &entry(fields), &FILES);
        assert_eq!(lint(&repository, &[]).0, ["slugproof.yaml:4 undecided"], "{fields}");
        let shown = slugproof(["lint", "--strict"]).dir(&repository).run();
        assert!(shown.code == 1 && shown.stdout.contains(meant), "{fields}: {}", shown.snapshot());
    }
    for (fields, meant) in [("model: .modle", "`.model`"), ("models: '.spar[].id'", "`.spare[].id`")] {
        let repository = repository("nothing-at-all", &entry(fields), &FILES);
        let shown = slugproof(["lint"]).dir(&repository).run().stdout;
        assert!(shown.contains(&format!("did you mean {meant}?")), "{fields}: {shown}");
    }
    // One file has it.
    let files = [FILES[0], ("t/b.yaml", "runtime: coder\nmodel: zeta-1\n")];
    let repository = repository("one", &entry("model: .model, required_env: .env"), &files);
    assert_eq!(lint(&repository, &[]), (Vec::new(), 2));
}

/// The name of a secret that a provider needs has a slip.
#[test]
fn misspelt_secret_of_a_pin_is_named() {
    let entry = "pins:\n  - {files: 'a.yaml', runtime: .runtime, model: .model, required_env: .env}\n";
    let file = ("a.yaml", "runtime: coder\nmodel: acme-large\nenv: [ACME_TOEKN]\n");
    let shown = slugproof(["lint"]).dir(&repository("slip", entry, &[file])).run().stdout;
    assert!(shown.contains("= help: `ACME_TOEKN`: did you mean `ACME_TOKEN`?"), "{shown}");
}

#[test]
fn faulty_entry_is_refused_at_its_field() {
    for (entry, message) in [
        ("{files: \"no/*.yaml\", runtime: .a, model: .b}", "the pattern `no/*.yaml` matches no file"),
        ("{files: \"a[\", runtime: .a, model: .b}", "the pattern `a[` is invalid"),
        ("{files: [], runtime: .a, model: .b}", "`files` is empty"),
        ("{files: providers.yaml, runtime: .a}", "neither `model` nor `models`"),
        ("{files: providers.yaml, runtime: .a, model: b}", "not a valid path of a field"),
        ("{files: providers.yaml, model: .b}", "runtime"),
    ] {
        let repository = repository("faulty", &format!("pins:\n  - {entry}\n"), &[]);
        let output = slugproof(["lint"]).dir(&repository).run();
        assert_eq!(output.code, 2, "{entry}");
        assert!(
            output.stderr.contains("slugproof.yaml: line 4") && output.stderr.contains(message),
            "{}",
            output.stderr
        );
    }
}

#[test]
fn suppression_and_baseline_count_for_pins() {
    let comment = "slugproof: ignore[unregistered-model] a double";
    let repository = repository(
        "suppressed",
        "",
        &[
            ("a.ts", &format!("f({{runtime: 'coder', model: 'x'}}) // {comment}\n")),
            ("b.ts", &format!("// {comment}\nf({{runtime: 'coder', model: 'x'}})\n")),
            ("c.py", &format!("f(runtime='coder', model='x')  # {comment}\n")),
            ("d.ts", &format!("f() // {comment}\n")),
            ("e.json", "{\"runtime\": \"coder\", \"model\": \"x\"}"),
        ],
    );
    let open = ["d.ts:1 unused-suppression", "e.json:1 unregistered-model"];
    assert_eq!(lint(&repository, &[]).0, open);
    assert_eq!(lint(&repository, &["--baseline", "known.json", "--write-baseline"]).0, [""; 0]);
    assert_eq!(lint(&repository, &["--baseline", "known.json"]).0, [""; 0]);
    let repository = repository.file("f.json", "{\"runtime\": \"coder\", \"model\": \"x\"}");
    assert_eq!(lint(&repository, &["--baseline", "known.json"]).0, ["f.json:1 unregistered-model"]);
}

#[test]
fn workflow_ignored_file_and_foreign_program_are_not_scanned() {
    let pin = "runtime: coder\nmodel: x\n";
    let workflow = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: a/b@v1\n        with: \
                    {runtime: coder, model: x}\n";
    let repository = repository(
        "excluded",
        "",
        &[
            (".github/workflows/a.yml", workflow),
            (".gitignore", "/generated\n"),
            ("generated/a.yaml", pin),
            ("node_modules/a/a.yaml", pin),
            (".config/a.yaml", pin),
        ],
    );
    assert_eq!(lint(&repository, &[]), (vec![".config/a.yaml:2 unregistered-model".to_owned()], 1));
    // A named file is checked alone.
    assert_eq!(lint(&repository, &[".github/workflows/a.yml"]), (Vec::new(), 0));
}

#[test]
fn file_in_force_has_conditions_and_no_pins() {
    let policy = "schema_version: 2
name: nightly
runtime: KIND
model:
  - {when: {runtime: coder, model: unset}, use: acme-large}
  - {when: {runtime: coder, model: [auto, none]}, use: acme-large}
secrets: [{key: ACME_TOKEN}]
";
    let config = "policies: [nightly.yaml]
invariants:
  - {never: {billing: platform}, when: {runtime: coder, model: unset}, reason: not ours}
";
    let pin = "runtime: coder\nmodel: unset\n";
    let repository = repository("in-force", config, &[("nightly.yaml", policy), ("other.yaml", pin)]);
    assert_eq!(lint(&repository, &[]), (vec!["other.yaml:2 unregistered-model".to_owned()], 1));
}

#[test]
fn output_masks_credentials_beside_a_pin() {
    let key = format!("sk-ant-{}", "a1b2".repeat(12));
    let text = format!("{{\"runtime\": \"coder\", \"model\": \"x\", \"key\": \"{key}\"}}");
    let repository = repository("secret", "", &[("a.json", &text)]);
    for format in ["human", "json", "sarif", "github"] {
        let output = slugproof(["lint", "--output", format]).dir(&repository).run();
        assert!(output.stdout.contains("unregistered-model") && !output.snapshot().contains(&key), "{format}");
    }
}

/// A registry in which several vendors have similar ids.
const SIMILAR: &str = "schema_version: 1
providers:
  - {name: acme, auth_env: [ACME_TOKEN], model_prefix_match: \"^acme-\"}
  - {name: zeta, auth_env: [ZETA_KEY]}
  - {name: beta, auth_env: [BETA_KEY]}
  - {name: meta, auth_env: [META_KEY]}
runtimes:
  coder:
    providers:
      - {name: acme, models: [acme-large]}
      - {name: zeta, models: [zeta-one], withdrawn_models: [zeta-old]}
      - {name: beta, models: [beta/model-x], withdrawn_models: [zeta-odd]}
      - {name: meta, models: [meta/tool-y]}
";

#[test]
fn fix_writes_the_only_similar_id_of_the_vendor() {
    let json = |model: &str| format!("{{\"runtime\": \"coder\", \"model\": \"{model}\"}}\n");
    for (path, before, after) in [
        ("a.json", json("zeta-oen"), json("zeta-one")),
        ("a.json", json("zeta-old"), json("zeta-one")),
        ("a.json", json("beta:model-x"), json("beta/model-x")),
        ("a.json", json("beta/model-xl"), json("beta/model-x")),
        ("a.json", json("acme-larg"), json("acme-large")),
        ("a.sh", format!("post '{}'\n", json("zeta-onn").trim()), format!("post '{}'\n", json("zeta-one").trim())),
        (
            "a.sh",
            "post \"{\\\"runtime\\\": \\\"coder\\\", \\\"model\\\": \\\"zeta-onn\\\"}\"\n".to_owned(),
            "post \"{\\\"runtime\\\": \\\"coder\\\", \\\"model\\\": \\\"zeta-one\\\"}\"\n".to_owned(),
        ),
        (
            "a.yaml",
            "runtime: coder\r\nmodel: zeta-onn # why\r\n".to_owned(),
            "runtime: coder\r\nmodel: zeta-one # why\r\n".to_owned(),
        ),
        ("t/a.yaml", "m: 'zeta-onn'\n".to_owned(), "m: 'zeta-one'\n".to_owned()),
        ("t/a.yaml", "m: \"zeta-onn\" # why\n".to_owned(), "m: \"zeta-one\" # why\n".to_owned()),
    ] {
        let entry = if path == "t/a.yaml" { "pins: [{files: t/*.yaml, runtime: coder, model: .m}]\n" } else { "" };
        let repository = repository("fix", entry, &[(path, &before), ("providers.yaml", SIMILAR)]);
        let output = slugproof(["lint", "--fix"]).dir(&repository).run();
        let text = std::fs::read_to_string(repository.0.join(path)).expect("the file exists");
        assert_eq!(text, after, "{}", output.stdout);
        assert!(output.stdout.contains("made 1 edit in 1 file"), "{}", output.stdout);
        assert_eq!(lint(&repository, &[]).0, [""; 0], "{before}");
    }
}

#[test]
fn fix_never_changes_the_vendor() {
    let json = |model: &str| format!("{{\"runtime\": \"coder\", \"model\": \"{model}\"}}\n");
    for (path, text) in [
        // The owner of the withdrawn id does not serve the similar one.
        ("a.json", json("zeta-odd")),
        // Nothing is similar, or only the id of another vendor.
        ("a.json", json("other")),
        ("a.json", json("beta/tool-y")),
        ("a.json", json("meta/model-x")),
        // An escape, an anchor, and a reason that accepts the finding.
        ("a.json", json("beta\\/model-xl")),
        ("t/a.yaml", "m: &m zeta-onn\nother: *m\n".to_owned()),
        (
            "a.py",
            "f(runtime=\"coder\", model=\"zeta-onn\")  # slugproof: ignore[unregistered-model] a test\n".to_owned(),
        ),
    ] {
        let entry = if path == "t/a.yaml" { "pins: [{files: t/*.yaml, runtime: coder, model: .m}]\n" } else { "" };
        let repository = repository("fix-not", entry, &[(path, &text), ("providers.yaml", SIMILAR)]);
        let output = slugproof(["lint", "--fix"]).dir(&repository).run();
        let after = std::fs::read_to_string(repository.0.join(path)).expect("the file exists");
        assert_eq!(after, text, "{}", output.stdout);
        assert!(!output.stdout.contains("made "), "{}", output.stdout);
    }
}

#[test]
fn misspelt_runtime_of_an_entry_is_reported() {
    let entry = "pins:\n  - {files: \"t/*.yaml\", model: .m, runtime: codr}\n";
    let repository =
        repository("entry-of-runtimes", entry, &[("t/a.yaml", "m: zeta-0\n"), ("t/b.yaml", "m: zeta-0\n")]);
    let report = slugproof(["lint", "--output", "json"]).dir(&repository).run().json();
    let findings = report["findings"].as_array().expect("a list");
    assert_eq!(findings.len(), 1, "{report}");
    let primary = &findings[0]["primary"];
    assert_eq!(findings[0]["code"], "unknown-runtime");
    assert_eq!((&primary["path"], &primary["start"]["line"]), (&"slugproof.yaml".into(), &4.into()), "{report}");
    assert_eq!(primary["start"]["column"], 45, "{report}");
    assert_eq!(findings[0]["help"], serde_json::json!(["did you mean `coder`?"]));
}

#[test]
fn variables_of_a_manifest_are_a_pin() {
    let manifest = "spec:\n  env:\n    - name: RUNTIME\n      value: coder\n    - name: MODEL\n      value: zeta-0\n";
    let two = format!("kind: a\n---\n{manifest}");
    let merged = "base: &base {model: zeta-0}\na:\n  <<: *base\n  runtime: coder\n";
    let repository = repository("manifest", "", &[("a.yaml", &two), ("b.yaml", merged)]);
    assert_eq!(lint(&repository, &[]).0, ["a.yaml:8 withdrawn-model", "b.yaml:1 withdrawn-model"]);
}
