//! `check`: slips in the names of a registry and a policy.

use crate::run::{RunOutput, Scratch, slugproof};

const REGISTRY: &str = "schema_version: 1
providers:
  - {name: platform, auth_env: [USAGE_TOKEN]}
  - {name: mistral, auth_env: [MISTRAL_API_KEY]}
  - {name: groq, auth_env: [GROQ_API_KEY, [GROQ_ID, GROQ_SECRET]]}
runtimes:
  agent: {providers: [{name: platform, models: [m-0]}, {name: mistral, models: [m-1]}, {name: groq, models: [m-2]}]}
";

const POLICY: &str = "schema_version: 1
name: smoke
harness: [scripts/smoke.sh]
runtime: RUNTIME
override: MODEL
platform: {var: BILLING, value: house, model: HOUSE_MODEL, fallback: m-0}
secrets:
  - {key: CI_MISTRAL_KEY, inject: [MISTRAL_API_KEY]}
  - {key: CI_GROQ_KEY, inject: [GROQ_API_KEY]}
  - {key: CI_SETTINGS, inject: [GROQ_BASE_URL, GROQ_API_KEY]}
  - {key: CI_GROQ_PAIR, inject: [GROQ_ID, GROQ_SECRET]}
dispatch:
  - runtimes: [agent]
    keyed: [{key: CI_MISTRAL_KEY, model: m-1}]
    model: m-2
fallback: m-0
";

fn check(name: &str, registry: &str, policy: &str) -> RunOutput {
    let scratch = Scratch::new(&format!("check-slips-{name}"))
        .file("slugproof.yaml", "schema_version: 1\nregistry: providers.yaml\npolicies: [ci/policy.yaml]\n")
        .file("providers.yaml", registry)
        .file("ci/policy.yaml", policy)
        .file("scripts/smoke.sh", "echo smoke\n")
        .file("main.py", "print()\n")
        .file("ci/Makefile", "smoke:\n\ttrue\n")
        .file("package.json", "{\"scripts\": {\"eval\": \"node eval.js\"}}")
        .file("justfile", "smoke:\n  true\n")
        .file("actions/eval/action.yml", "runs: {using: node20, main: eval.js}\n");
    slugproof(["check"]).dir(&scratch).run()
}

#[test]
fn correct_names_give_no_finding() {
    let output = check("none", REGISTRY, POLICY);
    assert_eq!((output.code, output.stdout.as_str()), (0, "✓ nothing found in 1 registry, 1 policy\n"));
}

#[test]
fn entry_that_a_call_can_match_gives_no_finding() {
    for entry in [
        "bash scripts/smoke.sh --fast",
        "python main.py",
        "uv run main.py",
        "make -C ci smoke",
        "npm run eval",
        "yarn evals",
        "just smoke",
        "npx evaltool run",
        "agent -p triage",
        "{uses: acme/reviewer}",
        "{uses: ./actions/eval}",
    ] {
        let output = check("matched", REGISTRY, &POLICY.replacen("scripts/smoke.sh", entry, 1));
        assert_eq!(output.code, 0, "{entry}: {}", output.stdout);
    }
}

#[test]
fn each_slip_is_one_warning_with_the_near_name() {
    for (name, from, to, code, help) in [
        ("inject", "[GROQ_API_KEY]}", "[GROK_API_KEY]}", "unaccepted-secret", "did you mean `GROQ_API_KEY`?"),
        ("inject-group", "[GROQ_ID, GROQ", "[GROQ_IDS, GROQ", "unaccepted-secret", "did you mean `GROQ_ID`?"),
        (
            "keyed",
            "keyed: [{key: CI_MISTRAL_KEY,",
            "keyed: [{key: CI_MISTRAL_KEYS,",
            "uninjected-key",
            "CI_MISTRAL_KEY`?",
        ),
        ("harness", "[scripts/smoke.sh]", "[script/smoke.sh]", "unmatched-harness", "did you mean `scripts/smoke.sh`?"),
        ("directory", "[scripts/smoke.sh]", "[scripts]", "unmatched-harness", "help: "),
        ("command", "[scripts/smoke.sh]", "[bash script/smoke.sh]", "unmatched-harness", "`scripts/smoke.sh`?"),
        (
            "action",
            "[scripts/smoke.sh]",
            "[{uses: ./action/eval}]",
            "unmatched-harness",
            "did you mean `./actions/eval`?",
        ),
        ("launcher", "[scripts/smoke.sh]", "[uv run mian.py]", "unmatched-harness", "did you mean `main.py`?"),
        ("tests", "[scripts/smoke.sh]", "[pytest tests/none.py]", "unmatched-harness", "help: "),
        ("target", "[scripts/smoke.sh]", "[make -C ci smok]", "unmatched-harness", "did you mean `smoke`?"),
        ("script", "[scripts/smoke.sh]", "[npm run evals]", "unmatched-harness", "did you mean `eval`?"),
        ("recipe", "[scripts/smoke.sh]", "[just smok]", "unmatched-harness", "did you mean `smoke`?"),
        ("action", "[scripts/smoke.sh]", "[{uses: ./actions/none}]", "unmatched-harness", "help: "),
    ] {
        let output = check(name, REGISTRY, &POLICY.replacen(from, to, 1));
        assert_eq!(output.code, 1, "{name}: {}", output.stdout);
        assert!(output.stdout.starts_with(&format!("warning[{code}]: ")), "{name}: {}", output.stdout);
        assert!(output.stdout.contains(help), "{name}: {}", output.stdout);
        assert!(output.stdout.contains("\n✗ 1 warning in 1 registry, 1 policy: "), "{name}: {}", output.stdout);
    }
}

#[test]
fn key_in_a_registry_is_found_and_masked() {
    let key = "sk-proj-0123456789abcdef0123456789abcdef";
    let like_a_name = "AKIAIOSFODNN7EXAMPLE";
    for (name, pasted) in [("name", "acme-key"), ("digit", "2ND_KEY"), ("key", key), ("key", like_a_name)] {
        let output = check(name, &REGISTRY.replace("USAGE_TOKEN", pasted), POLICY);
        assert!(output.stdout.starts_with("warning[invalid-secret-name]: "), "{name}: {}", output.stdout);
        assert_eq!(output.stdout.contains("looks like a"), name == "key", "{}", output.stdout);
        assert!(!output.stdout.contains(key) && !output.stdout.contains(like_a_name), "{}", output.stdout);
    }
    for format in ["json", "sarif", "github"] {
        let registry = REGISTRY.replace("USAGE_TOKEN", key) + key + ": 1\n";
        let scratch = Scratch::new(&format!("check-slips-{format}"))
            .file("providers.yaml", registry)
            .file("policy.yaml", POLICY.replace("[GROQ_API_KEY]", &format!("[{like_a_name}]")));
        let output = slugproof(["check", "--output", format, "providers.yaml", "policy.yaml"]).dir(&scratch).run();
        for code in ["invalid-secret-name", "unknown-field", "unaccepted-secret"] {
            assert!(output.stdout.contains(code), "{code}: {}", output.stdout);
        }
        assert!(!output.stdout.contains(key) && !output.stdout.contains(like_a_name), "{}", output.stdout);
    }
}

/// Without a slugproof.yaml, the directory of the repository is unknown, and so are its files.
#[test]
fn harness_is_compared_with_files_below_slugproof_yaml_only() {
    let scratch = Scratch::new("check-slips-root").file("providers.yaml", REGISTRY).file("policy.yaml", POLICY);
    let output = slugproof(["check", "providers.yaml", "policy.yaml"]).dir(&scratch).run();
    assert_eq!(output.code, 0, "{}", output.stdout);
}

/// In a project below the top of the repository, paths of `harness` are relative to the top, in `lint` as in `check`.
#[test]
fn harness_of_a_subdirectory_is_relative_to_the_top() {
    let workflow =
        "on: push\njobs:\n  a:\n    env: {MODEL: m-none, RUNTIME: agent}\n    steps: [{run: bash svc/ci/smoke.sh}]\n";
    for (number, (workflows, harness, help)) in [
        ("", "svc/ci/smoke.sh", None),
        ("", "ci/smoke.sh", Some("did you mean `svc/ci/smoke.sh`?")),
        ("", "svc/ci/smok.sh", Some("did you mean `svc/ci/smoke.sh`?")),
        ("workflows: [../.github/workflows/*.yml]\n", "svc/ci/smoke.sh", None),
        ("workflows: [../.github/workflows/*.yml]\n", "ci/smoke.sh", Some("did you mean `svc/ci/smoke.sh`?")),
    ]
    .into_iter()
    .enumerate()
    {
        let config = format!("schema_version: 1\nregistry: providers.yaml\npolicies: [policy.yaml]\n{workflows}");
        let scratch = Scratch::new(&format!("check-slips-below-{number}"))
            .file(".github/workflows/a.yml", workflow)
            .file("svc/slugproof.yaml", config)
            .file("svc/providers.yaml", REGISTRY)
            .file("svc/policy.yaml", POLICY.replace("scripts/smoke.sh", harness))
            .file("svc/ci/smoke.sh", "echo smoke\n");
        let below = Scratch(scratch.0.join("svc"));
        let checked = slugproof(["check"]).dir(&below).run();
        let found = checked.stdout.contains(help.unwrap_or("✓ nothing found"));
        assert!(found && checked.code == i32::from(help.is_some()), "{harness}: {}", checked.stdout);
        let linted = slugproof(["lint"]).dir(&below).run();
        assert_eq!(linted.stdout.contains("unregistered-model"), help.is_none(), "{harness}: {}", linted.stdout);
        assert!(!linted.stdout.contains("near-miss"), "{harness}: {}", linted.stdout);
    }
}

/// A model of a policy that only a pattern takes, one slip away from a listed id.
#[test]
fn misspelt_model_of_a_policy_is_a_near_miss() {
    let registry = REGISTRY
        .replace("auth_env: [MISTRAL_API_KEY]", "auth_env: [MISTRAL_API_KEY], model_prefix_match: '^m-'")
        .replace("models: [m-1]", "models: [m-1, m-large]");
    for (model, listed) in [("m-lagre", Some("m-large")), ("M-large", None), ("m-large", None), ("m-other", None)] {
        let policy = POLICY.replace("fallback: m-0\n", &format!("fallback: {model}\n"));
        let output = check("model", &registry, &policy);
        let shown = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(shown.contains("warning[near-miss]"), listed.is_some(), "{model}: {}", output.snapshot());
        let help = listed.map_or(String::new(), |listed| format!("did you mean `{listed}`?"));
        assert!(shown.contains(&help), "{model}: {}", output.snapshot());
    }
}

/// Texts of a policy that are read otherwise than they look, each with what is said, if anything is wrong.
#[test]
fn texts_that_seem_to_be_something_else_are_explained() {
    let compared = |text: &str| format!("the condition compares `A` with the text `{text}`");
    let registry = REGISTRY.replace("[MISTRAL_API_KEY]", "[MISTRAL_API_KEY], model_prefix_match: '^m-'");
    for (registry, rules, secrets, told) in [
        (&registry, "{when: {A: Set}, use: m-1}", "", Some((compared("Set"), "write `set` for"))),
        (&registry, "{when: {A: UNSET}, use: m-1}", "", Some((compared("UNSET"), "or `[UNSET]` for the text"))),
        (&registry, "{when: {A: {not: set}}, use: m-1}", "", Some((compared("set"), "write `unset` for"))),
        (&registry, "{when: {A: {not: unset}}, use: m-1}", "", Some((compared("unset"), "or `{not: [unset]}` for"))),
        (&registry, "{when: {A: [Set, set]}, use: m-1}, {when: {A: {not: [set]}, Z: y}, use: m-1}", "", None),
        (&registry, "{when: {A: settings}, use: m-1}", "", None),
        (&registry, "{use: m-1}", "{when: {A: Unset}, inject: [MISTRAL_API_KEY]}, ", Some((compared("Unset"), "set"))),
        (
            &registry,
            "{when: {A: x}, use: [$B, none]}",
            "",
            Some((
                "registers the model `none`".to_owned(),
                "in a list, `none` is the name of a model; a rule with `use: none` sends no model",
            )),
        ),
        // The white space around a model is not sent.
        (&registry, "{when: {A: x}, use: 'm-1 '}", "", None),
        (&registry, "{when: {A: x}, use: \"m-1\\n\"}", "", None),
        (
            &registry.replace("m-1]", "m-1, ' m-large']"),
            "{when: {A: x}, use: 'q-large'}",
            "",
            Some(("registers the model `q-large`".to_owned(), "list the model under a provider of the runtime")),
        ),
        (
            &registry.replace("[GROQ_API_KEY", "['GROQ_API_KEY '"),
            "{use: m-1}",
            "{key: GROQ_API_KEY}, ",
            Some(("no provider accepts the injected secret `GROQ_API_KEY`".to_owned(), "inject a secret that")),
        ),
    ] {
        let policy = format!(
            "{{schema_version: 2, name: smoke, model: [{{when: {{Z: z}}, use: m-2}}, {rules}], secrets: \
             [{secrets}{{key: MISTRAL_API_KEY}}]}}"
        );
        let output = check("seeming", registry, &policy);
        let said = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        match told {
            None => assert_eq!(output.code, 0, "{policy}: {}", output.snapshot()),
            Some((title, help)) => {
                assert!(said.contains(&title) && said.contains(help), "{policy}: {}", output.snapshot());
            }
        }
        assert!(!said.contains("did you mean"), "{policy}: {}", output.snapshot());
    }
}

/// A condition with a misspelt variable or text is never met, or always.
#[test]
fn unusual_spelling_in_condition_is_a_near_miss() {
    for (name, rules, secrets, expected) in [
        ("variable", "{BILLING: us}", "{when: {BILLNIG: us}, path: platform}", Some(("tests `BILLNIG`", "BILLING"))),
        ("text", "{A: {not: [House]}}", "{when: {A: house}, path: platform}", Some(("with `house`", "House"))),
        ("usual", "{TEAM: a}; {TEMA: a}", "{when: {TEMA: b}, path: platform}", Some(("`TEAM`", "TEMA"))),
        ("unless", "{BILLING: us}", "{when: {BILLING: us}, path: platform}", Some(("tests `BILLINGS`", "BILLING"))),
        ("key", "{BILLING: us}", "{when: {BILLINGS: set}, key: BILLINGS, inject: [MISTRAL_API_KEY]}", None),
        ("both", "{A: [House, house]}", "{when: {A: us}, path: platform}", None),
        ("letters", "{KEY_A: set}", "{when: {KEY_B: set}, path: platform}", None),
    ] {
        let model: String = rules.split("; ").map(|when| format!("{{when: {when}, use: m-1}}, ")).collect();
        let unless = if name == "unless" { "creates: {unless: [{BILLINGS: us}]}\n" } else { "" };
        let policy = format!(
            "schema_version: 2\nname: smoke\nmodel: [{model}{{use: m-1}}]\n\
             secrets: [{secrets}, {{key: K, inject: [MISTRAL_API_KEY]}}]\n{unless}"
        );
        let output = check(&format!("spelling-{name}"), REGISTRY, &policy);
        let said = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(
            said.matches("only this condition").count(),
            usize::from(expected.is_some()),
            "{}",
            output.snapshot()
        );
        if let Some((title, meant)) = expected {
            let is_said = said.contains(title) && said.contains(&format!("did you mean `{meant}`?"));
            assert!(is_said, "{name}: {}", output.snapshot());
        }
    }
}

/// The runtimes that `defaults` and `templates` name have to be in the registry, as those of rules.
#[test]
fn runtimes_of_defaults_and_templates_are_checked() {
    for (name, fields, expected) in [
        ("default", "defaults: {RUNTIME: agnet}", Some((":6:21", "did you mean `agent`?"))),
        ("template", "templates: {helper: agnet}", Some((":6:21", "did you mean `agent`?"))),
        ("listed", "runtimes: [helper]\ntemplates: {helper: agnet}", Some((":6:12", "did you mean `agent`?"))),
        ("far", "templates: {helper: zzz}", Some((":6:21", "add the runtime to the registry"))),
        ("right", "defaults: {RUNTIME: agent}\ntemplates: {helper: agent}", None),
        ("variant", "defaults: {RUNTIME: helper}\ntemplates: {helper: agent}", None),
    ] {
        let policy = format!(
            "schema_version: 2\nname: smoke\nruntime: RUNTIME\nmodel: [{{use: m-1}}]\nsecrets: [{{key: K, inject: \
             [MISTRAL_API_KEY]}}]\n{fields}\n"
        );
        let output = check(&format!("runtime-{name}"), REGISTRY, &policy);
        let count = output.stdout.matches("warning[unregistered-policy-runtime]").count();
        assert_eq!(count, usize::from(expected.is_some()), "{name}: {}", output.snapshot());
        let (place, help) = expected.unwrap_or(("✓", "nothing found"));
        assert!(output.stdout.contains(place) && output.stdout.contains(help), "{name}: {}", output.snapshot());
    }
}

/// What `lint` refuses in slugproof.yaml is an error of `check` at its place.
#[test]
fn pattern_that_matches_no_file_is_an_error() {
    for (field, place, message) in [
        ("workflows: ['.github/workflow/*.yml']", ":4:13", "matches no file; did you mean `workflows`?"),
        ("workflows: ['.github/workflows/ci.yml', '.github/workflows/nigtly.yml']", ":4:41", "`nightly.yml`?"),
        ("workflows: [docs]", ":4:13", "without workflow files"),
        ("workflows: ['*.zzz']", ":4:13", "matches no file; correct it or remove it"),
        ("workflows: ['a[']", ":4:13", "is invalid"),
        ("pins: [{files: templates/*/confg.yaml, runtime: .r, model: .m}]", ":4:16", "did you mean `config.yaml`?"),
        ("pins: [{files: [templates/*/*.yaml, templats/**], runtime: .r, model: .m}]", ":4:37", "matches no file"),
        ("pins: [{files: templats/*.yaml, runtime: .r, model: .m}]", ":4:16", "did you mean `templates`?"),
        ("harness_policy: smoks", ":4:17", "did you mean `smoke`?"),
        (
            "workflows: ['.github/workflows/*.yml']\npins: [{files: 'templates/**/*.yaml', runtime: .r, model: .m}]",
            "",
            "",
        ),
    ] {
        let config = "schema_version: 1\nregistry: providers.yaml\npolicies: [policy.yaml]\n";
        let scratch = Scratch::new("check-patterns")
            .file("slugproof.yaml", format!("{config}{field}\n"))
            .file("providers.yaml", REGISTRY)
            .file("policy.yaml", POLICY)
            .file("scripts/smoke.sh", "")
            .file("docs/a.md", "")
            .file("templates/a/config.yaml", "r: agent\nm: m-1\n")
            .file(".github/workflows/ci.yml", "on: push\njobs: {}\n")
            .file(".github/workflows/nightly.yml", "on: push\njobs: {}\n");
        let output = slugproof(["check"]).dir(&scratch).run();
        let shown = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(output.code, i32::from(!message.is_empty()), "{field}: {}", output.snapshot());
        assert!(shown.contains(message) && shown.contains(place), "{field}: {}", output.snapshot());
        assert_eq!(
            shown.matches("error[invalid-config]").count(),
            usize::from(!message.is_empty()),
            "{field}: {shown}"
        );
        let lint = slugproof(["lint"]).dir(&scratch).run();
        assert_eq!(lint.code == 2, !message.is_empty(), "{field}: {}", lint.snapshot());
    }
}
