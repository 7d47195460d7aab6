//! Policies of schema version 2: what each command says about rules, conditions and `extends`.

use std::fs;

use serde_json::json;

use crate::run::{RunOutput, Scratch, slugproof};

const REGISTRY: &str = "schema_version: 1
providers:
  - {name: acme, auth_env: [ACME_API_KEY], model_prefix_match: '^acme/'}
  - {name: zeta, auth_env: [ZETA_API_KEY]}
runtimes:
  agent: {providers: [{name: acme, models: [m-1]}, {name: zeta, models: [z-1, zed-large]}]}
  coder: {providers: [{name: acme, models: [m-1, m-2]}]}
";

/// A project whose policy has these fields, and whose only job has this `env`.
fn project(name: &str, policy: &str, env: &str) -> Scratch {
    Scratch::new(&format!("policies-{name}"))
        .file("slugproof.yaml", "schema_version: 1\nregistry: providers.yaml\npolicies: [policy.yaml]\n")
        .file("providers.yaml", REGISTRY)
        .file("policy.yaml", format!("schema_version: 2\nname: evals\nharness: [scripts/eval.sh]\n{policy}"))
        .file("scripts/eval.sh", "echo eval\n")
        .file(".github/workflows/w.yml", workflow(env))
}

fn workflow(env: &str) -> String {
    format!(
        "on: push\njobs:\n  evals:\n    runs-on: ubuntu-latest\n    env:\n      OTHER: x\n{}    steps:\n      \
         - run: bash scripts/eval.sh\n",
        env.lines().map(|line| format!("      {line}\n")).collect::<String>()
    )
}

fn lint(scratch: &Scratch) -> RunOutput {
    slugproof(["lint"]).dir(scratch).run()
}

/// The findings of `lint`.
fn findings(scratch: &Scratch) -> Vec<serde_json::Value> {
    slugproof(["lint", "--output", "json"]).dir(scratch).run().json()["findings"].as_array().expect("a list").clone()
}

fn codes(scratch: &Scratch) -> Vec<String> {
    findings(scratch).iter().map(|finding| finding["code"].as_str().expect("a code").to_owned()).collect()
}

const RULES: &str = "runtime: RUNTIME
defaults: {RUNTIME: agent}
creates: {unless: [{SELF_TEST: '1'}, {TOKEN: unset}]}
model: [{use: [$MODEL, m-1]}]
secrets: [{key: ACME_API_KEY}]
";

/// The placeholder of a secret is a text for people.
#[test]
fn placeholder_is_never_written_to_a_file() {
    let policy = "runtimes: [agent]\nmodel: [{use: [$MODEL, m-1]}]\nsecrets: [{key: ACME_API_KEY}]\n";
    let scratch = project("placeholder", policy, "ACME_API_KEY: \"\"");
    let before = fs::read_to_string(scratch.0.join(".github/workflows/w.yml")).expect("the file exists");
    let output = slugproof(["lint", "--fix"]).dir(&scratch).run();
    assert_eq!(output.code, 1, "{}", output.snapshot());
    assert!(output.stdout.contains("set ACME_API_KEY=<ACME_API_KEY>"), "{}", output.snapshot());
    let after = fs::read_to_string(scratch.0.join(".github/workflows/w.yml")).expect("the file exists");
    assert_eq!(before, after);
}

#[test]
fn nothing_created_is_no_finding() {
    for (env, expected) in [
        ("TOKEN: ${{ secrets.T }}\nSELF_TEST: '1'", &[][..]),
        ("SELF_TEST: '0'", &[]),
        ("TOKEN: ${{ secrets.T }}\nSELF_TEST: '0'", &["missing-credential"]),
        ("TOKEN: ${{ secrets.T }}\nSELF_TEST: ${{ vars.X }}", &["undecided"]),
        ("SELF_TEST: '1'\nMODEL: ${{ vars.X }}\nRUNTIME: ${{ vars.X }}", &[]),
    ] {
        assert_eq!(codes(&project("nothing-lint", RULES, env)), expected, "{env}");
    }
}

#[test]
fn nothing_created_has_its_own_phrase() {
    let scratch = project("nothing", RULES, "");
    let output = slugproof(["resolve", "--runtime", "agent"]).dir(&scratch).run();
    assert_eq!(output.code, 0, "{}", output.snapshot());
    assert!(output.stdout.starts_with("✓ nothing to create: the harness creates no workspace"), "{}", output.stdout);
    assert!(!output.stdout.contains("path  "), "{}", output.stdout);
    let env = slugproof(["resolve", "--runtime", "agent", "--format", "env"]).dir(&scratch).run();
    assert!(env.stdout.contains("SLUGPROOF_VERDICT=nothing\n"), "{}", env.stdout);
    let line = r#"{"runtime": "agent"}"#;
    let batch = slugproof(["resolve", "--batch", "-"]).dir(&scratch).input(line).run();
    assert_eq!((batch.code, &batch.json_lines()[0]["verdict"]), (0, &json!("nothing")), "{}", batch.snapshot());
    assert_eq!(slugproof(["pick", "agent"]).dir(&scratch).run().stdout, "m-1\n");

    let record = r#"{"status": "failed", "error": ""}"#;
    let scratch = scratch.file("record.json", record);
    let args = ["diagnose", "--record", "record.json", "SELF_TEST=1"];
    let output = slugproof(args).dir(&scratch).run();
    assert_eq!(output.code, 1, "{}", output.snapshot());
    assert!(output.stdout.contains("✗ record-disagrees: "), "{}", output.stdout);
    let prove = slugproof(["prove"]).dir(&scratch).run();
    assert!(prove.stdout.contains("– not created"), "{}", prove.snapshot());
}

#[test]
fn policy_without_platform_path_never_mentions_one() {
    let policy = "runtime: RUNTIME\nmodel: [{use: $MODEL}, {use: m-1}]\nsecrets: [{key: ACME_API_KEY}]\n";
    let scratch = project("no-path", policy, "RUNTIME: agent\nMODEL: z-1\nACME_API_KEY: ${{ secrets.A }}");
    for args in [
        &["lint"][..],
        &["resolve", "--runtime", "agent"],
        &["prove"],
        &["resolve", "--runtime", "agent", "MODEL=z-1"],
        &["diagnose", "--record", "record.json", "RUNTIME=agent", "ACME_API_KEY=set"],
        &["check"],
    ] {
        let scratch = project("no-path", policy, "RUNTIME: agent\nMODEL: z-1\nACME_API_KEY: ${{ secrets.A }}");
        let scratch = scratch.file("record.json", r#"{"status": "failed", "error": "boom"}"#);
        let output = slugproof(args.iter().copied()).dir(&scratch).run();
        assert!(output.code < 2 && !output.snapshot().contains("platform"), "{args:?}: {}", output.snapshot());
    }
    assert!(lint(&scratch).snapshot().contains("selects `z-1` for `agent` by rule 1 of `model`"));
}

#[test]
fn missing_model_is_reported() {
    let policy = "runtimes: [agent]\nmodel: [{name: asked, use: $MODEL}]\nsecrets: [{key: ACME_API_KEY}]\n";
    let scratch = project("no-model", policy, "ACME_API_KEY: ${{ secrets.A }}");
    let [finding] = &findings(&scratch)[..] else { panic!("{}", lint(&scratch).snapshot()) };
    assert_eq!(finding["code"], "model-required");
    assert_eq!(finding["primary"]["text"], "no rule selects a model for `agent`");
    let json = slugproof(["resolve", "--runtime", "agent", "--format", "json"]).dir(&scratch).run().json();
    assert_eq!((&json["rule"], &json["slug"], &json["decided_by"]), (&json!(null), &json!(""), &json!(null)));
    let none = policy.replace("use: $MODEL", "use: none");
    let [finding] = &findings(&project("none", &none, ""))[..] else { panic!("one finding") };
    assert_eq!(finding["primary"]["text"], "`agent` gets no model by rule `asked`");
}

/// An empty value counts as set only where the policy says so; a variable that is not in the file
/// stays unset.
#[test]
fn empty_value_counts_where_the_policy_says_so() {
    let policy = |more: &str| {
        format!(
            "runtimes: [agent]\n{more}model: [{{when: {{GATE: set}}, use: z-1}}, {{use: m-1}}]\n\
             secrets: [{{key: ACME_API_KEY}}]\n"
        )
    };
    let counts = policy("empty_is_set: [GATE]\n");
    let key = "ACME_API_KEY: ${{ secrets.A }}\n";
    for (policy, env, expected) in [
        (&counts, "", &[][..]),
        (&counts, "GATE: ''", &["wrong-credential"]),
        (&counts, "GATE: ${{ vars.X }}", &["wrong-credential"]),
        (&policy(""), "GATE: ''", &[]),
        (&policy(""), "GATE: ${{ vars.X }}", &["undecided"]),
    ] {
        let scratch = project("empty", policy, &format!("{key}{env}"));
        assert_eq!(codes(&scratch), expected, "{env}: {}", lint(&scratch).snapshot());
    }
    for (number, (before, expected)) in [
        ("GATE=", "wrong-credential"),
        ("env GATE=", "wrong-credential"),
        ("export GATE= &&", "wrong-credential"),
        ("export GATE=''; true |", "wrong-credential"),
        ("docker run -v \"$PWD:/w\" -w /w -e ACME_API_KEY -e GATE= i", "wrong-credential"),
        ("GATE= && docker run -v \"$PWD:/w\" -w /w -e ACME_API_KEY -e GATE i", "wrong-credential"),
        ("unset GATE &&", ""),
        ("unset GATE; GATE= &&", ""),
        ("env -u GATE", ""),
        ("docker run -v \"$PWD:/w\" -w /w -e ACME_API_KEY i", ""),
        ("test -f \"$HOME/x\" && unset GATE || GATE=;", "undecided"),
        ("unset GATE; test -f \"$HOME/x\" && export GATE=;", "undecided"),
    ]
    .into_iter()
    .enumerate()
    {
        let text = workflow(&format!("{key}GATE: x")).replace("run: bash", &format!("run: {before} bash"));
        let scratch = project(&format!("empty-script-{number}"), &counts, "").file(".github/workflows/w.yml", text);
        let expected: Vec<&str> = [expected].into_iter().filter(|code| !code.is_empty()).collect();
        assert_eq!(codes(&scratch), expected, "{before}: {}", lint(&scratch).snapshot());
    }
    for (number, (before, expected)) in [
        ("run: echo GATE= >> \"$GITHUB_ENV\"", "wrong-credential"),
        ("run: if [ -f \"$HOME/x\" ]; then echo GATE= >> \"$GITHUB_ENV\"; fi", "undecided"),
        ("if: github.actor == 'x'\n        run: echo GATE= >> \"$GITHUB_ENV\"", "undecided"),
    ]
    .into_iter()
    .enumerate()
    {
        let text = workflow(key).replace("steps:\n", &format!("steps:\n      - {before}\n"));
        let scratch = project(&format!("empty-file-{number}"), &counts, "").file(".github/workflows/w.yml", text);
        assert_eq!(codes(&scratch), [expected], "{before}: {}", lint(&scratch).snapshot());
    }
}

#[test]
fn unknown_values_are_tried_in_every_class() {
    let policy = "runtimes: [agent]\nmodel:\n  - {when: {URL: {host: api.zeta.ai}}, use: z-1}\n  \
                  - {when: {TIER: [a, b]}, use: z-1}\n  - {use: m-1}\nsecrets: [{key: ACME_API_KEY}]\n";
    let key = "ACME_API_KEY: ${{ secrets.A }}\n";
    for (env, expected) in [
        ("URL: https://api.zeta.ai/v1", &["wrong-credential"][..]),
        ("URL: https://api.acme.ai/v1\nTIER: c", &[]),
        ("URL: ${{ vars.X }}", &["undecided"]),
        ("TIER: ${{ vars.X }}", &["undecided"]),
        ("UNREAD: ${{ vars.X }}", &[]),
    ] {
        assert_eq!(codes(&project("classes", policy, &format!("{key}{env}"))), expected, "{env}");
    }
}

#[test]
fn every_listed_runtime_is_judged() {
    let policy =
        |runtimes: &str| format!("{runtimes}model: [{{use: [$MODEL, m-1]}}]\nsecrets: [{{key: ACME_API_KEY}}]\n");
    let key = "ACME_API_KEY: ${{ secrets.A }}\n";
    let of = |runtimes: &str, env: &str| project("runtimes", &policy(runtimes), &format!("{key}{env}"));
    let scratch = of("runtimes: [agent, coder]\n", "MODEL: m-2");
    let [finding] = &findings(&scratch)[..] else { panic!("{}", lint(&scratch).snapshot()) };
    assert_eq!(finding["code"], "unregistered-model");
    assert!(finding["notes"].to_string().contains("on runtime agent "), "{finding}");
    assert_eq!(codes(&of("runtimes: [coder]\n", "MODEL: m-2")), [""; 0]);
    assert_eq!(codes(&of("runtimes: [agent, coder]\n", "")), [""; 0]);
    // Without a list, only a failure with every runtime of the registry is certain.
    let scratch = of("", "MODEL: m-2");
    let [finding] = &findings(&scratch)[..] else { panic!("{}", lint(&scratch).snapshot()) };
    assert_eq!(finding["code"], "undecided");
    assert!(finding["notes"].to_string().contains("does not say which runtime is used"), "{finding}");
    assert_eq!(codes(&of("", "MODEL: m-3")), ["unregistered-model"]);
    assert_eq!(codes(&of("", "")), [""; 0]);
}

/// A fix for one listed runtime must not break another.
#[test]
fn fix_spoils_no_listed_runtime() {
    let policy = "runtimes: [agent, coder]\nmodel: [{use: $MODEL}, {when: {runtime: agent}, use: m-1}]\n\
                  secrets: [{key: ACME_API_KEY}]\n";
    let scratch = project("spoils", policy, "MODEL: m-2\nACME_API_KEY: ${{ secrets.A }}");
    let before = lint(&scratch);
    assert_eq!(codes(&scratch), ["unregistered-model"], "{}", before.snapshot());
    assert!(before.stdout.contains("set `MODEL` to `m-1`"), "{}", before.snapshot());
    assert!(!before.stdout.contains("unset MODEL"), "{}", before.snapshot());
}

#[test]
fn rules_pick_the_runtime() {
    let policy = "runtime:\n  - {when: {CODE: set}, use: coder}\n  - {use: agent}\nmodel: [{use: [$MODEL, m-1]}]\n\
                  secrets: [{key: ACME_API_KEY}]\n";
    let key = "ACME_API_KEY: ${{ secrets.A }}\n";
    assert_eq!(codes(&project("rules", policy, &format!("{key}CODE: '1'\nMODEL: m-2"))), [""; 0]);
    let scratch = project("rules", policy, &format!("{key}MODEL: m-2"));
    assert_eq!(codes(&scratch), ["unregistered-model"]);
    // The edit of the runtime is offered and not made.
    let shown = lint(&scratch).snapshot();
    assert!(!shown.contains("help: set `CODE`"), "{shown}");
    let args = ["diagnose", "--record", "record.json", "CODE=1", "ACME_API_KEY=set", "--format", "json"];
    let scratch = scratch.file("record.json", r#"{"status": "online", "runtime": "coder"}"#);
    let output = slugproof(args).dir(&scratch).run();
    let json = output.json();
    assert_eq!((output.code, &json["resolution"]["runtime"]), (0, &json!("coder")), "{}", output.snapshot());
    assert_eq!(json["resolution"]["shadowed"], json!([]), "a variable that names the runtime is used");
}

/// The only fix that keeps the vendor needs a secret, so the model stays.
#[test]
fn model_is_kept_if_its_vendor_can_be() {
    let policy = "runtimes: [agent]\nmodel: [{use: [$MODEL, m-1]}]\n\
                  secrets: [{key: ACME_API_KEY}, {key: ZETA_API_KEY}]\n";
    let env = "ACME_API_KEY: ${{ secrets.A }}\nMODEL: zed-large";
    let scratch = project("kept", policy, env);
    let output = slugproof(["lint", "--fix"]).dir(&scratch).run();
    assert_eq!(output.code, 1, "{}", output.snapshot());
    assert!(output.stdout.contains("set ZETA_API_KEY=<ZETA_API_KEY>"), "{}", output.snapshot());
    let path = scratch.0.join(".github/workflows/w.yml");
    assert_eq!(fs::read_to_string(&path).expect("the file exists"), workflow(env));

    // Another spelling keeps the vendor, and is made.
    let scratch = project("respelt", policy, &env.replace("zed-large", "vendor/m-1"));
    let output = slugproof(["lint", "--fix"]).dir(&scratch).run();
    assert_eq!(output.code, 0, "{}", output.snapshot());
    let fixed = fs::read_to_string(scratch.0.join(".github/workflows/w.yml")).expect("the file exists");
    assert!(fixed.contains("MODEL: m-1\n"), "{fixed}");
}

#[test]
fn every_key_is_injected_in_mode_every() {
    let policy = "runtimes: [agent]\ninject: every\nmodel: [{use: [$MODEL, m-1]}]\n\
                  secrets: [{key: ACME_API_KEY}, {key: ZETA_API_KEY}]\n";
    let both = "ACME_API_KEY: ${{ secrets.A }}\nZETA_API_KEY: ${{ secrets.Z }}\nMODEL: z-1";
    assert_eq!(codes(&project("every", policy, both)), [""; 0]);
    let scratch = project("every", policy, "ACME_API_KEY: ${{ secrets.A }}\nMODEL: z-1");
    let output = lint(&scratch);
    assert!(output.stdout.contains("injects ACME_API_KEY"), "{}", output.snapshot());
    assert!(output.stdout.contains("set ZETA_API_KEY=<ZETA_API_KEY>, which selects z-1"), "{}", output.snapshot());
    let first = policy.replace("inject: every\n", "");
    let output = lint(&project("first", &first, both));
    assert!(output.stdout.contains("is set, but does not decide what is injected"), "{}", output.snapshot());
}

#[test]
fn near_miss_of_a_compared_value_is_suggested() {
    let policy = "runtimes: [agent]\nmodel: [{when: {TIER: fast}, use: z-1}, {use: m-1}]\n\
                  secrets: [{key: ZETA_API_KEY}]\n";
    let scratch = project("near", policy, "");
    let output = slugproof(["resolve", "--runtime", "agent", "TIER=Fast"]).dir(&scratch).run();
    assert!(output.stdout.contains("TIER is case-sensitive; did you mean `fast`?"), "{}", output.snapshot());
}

#[test]
fn check_points_at_rules() {
    let policy = "runtimes: [agent, codr]\nmodel:\n  - {when: {runtime: agent, ZETA_API_KEY: set}, use: z-2}\n  \
                  - {when: {runtime: [agent, coder]}, use: [$MODEL, m-1]}\nsecrets:\n  - {key: ACME_API_KY}\n";
    let scratch = project("check", policy, "");
    let json = slugproof(["check", "--output", "json"]).dir(&scratch).run().json();
    let lines = |finding: &serde_json::Value| {
        (finding["code"].as_str().expect("a code").to_owned(), finding["primary"]["start"]["line"].as_u64())
    };
    let mut found: Vec<_> = json["findings"].as_array().expect("a list").iter().map(lines).collect();
    found.retain(|(code, _)| code != "unmatched-listed-id");
    found.sort();
    let at = |code: &str, line| (code.to_owned(), Some(line));
    assert_eq!(
        found,
        [
            at("unaccepted-secret", 9),
            at("uninjected-key", 6),
            at("unregistered-policy-model", 6),
            at("unregistered-policy-runtime", 4),
        ]
    );
}

const BASE: &str = "schema_version: 2\nname: base\nruntimes: [agent]\nmodel: [{use: [$MODEL, m-1]}]\n\
                    secrets: [{key: ACME_API_KEY}]\n";

#[test]
fn extends_takes_the_other_fields_of_a_policy() {
    let scratch = project("extends", "extends: base/base.yml\nmodel: [{use: z-1}]\n", "").file("base/base.yml", BASE);
    let json = slugproof(["resolve", "--runtime", "agent", "ACME_API_KEY=set", "--format", "json"]).dir(&scratch).run();
    let json = json.json();
    assert_eq!((&json["slug"], &json["injected"]), (&json!("z-1"), &json!(["ACME_API_KEY"])));
    assert_eq!(codes(&scratch), ["missing-credential"]);
    // What a policy inherits is reported where it extends.
    let base = BASE.replace("m-1", "m-9");
    let scratch = project("inherits", "extends: ./base.yaml\n", "").file("base.yaml", base);
    let json = slugproof(["check", "--output", "json"]).dir(&scratch).run().json();
    assert_eq!(json["findings"][0]["code"], "unregistered-policy-model");
    assert_eq!(json["findings"][0]["primary"]["start"]["line"], 4, "{json}");
    // A mistake is reported in the file that has it: once for all policies that inherit it.
    let at = |line: u64, column: u64| Some((line, column));
    for (base, own, code, place) in [
        ("model: [{when: {A: Set}, use: m-1}]", "", "near-miss", at(4, 20)),
        ("model: [{when: {A: Set}, use: m-1}]", "model: [{use: m-1}]\n", "near-miss", None),
        ("model: [{use: m-1}]\ncreates: {unless: [{A: {not: set}}]}", "", "near-miss", at(5, 24)),
        ("model: [{use: [$A, '<MODEL>']}]", "", "placeholder", at(4, 20)),
        ("model: [{use: [$A, '<MODEL>']}]", "model: [{use: m-1}]\n", "placeholder", None),
    ] {
        let nearest = format!("extends: nearest.yml\n{own}");
        let scratch = project("inherits-words", &nearest, "")
            .file("nearest.yml", "schema_version: 2\nname: nearest\nextends: base/base.yml\n")
            .file("base/base.yml", format!("schema_version: 2\nname: base\nruntimes: [agent]\n{base}\n"));
        let second = "schema_version: 2\nname: second\nextends: base/base.yml\n";
        let scratch = scratch.file("second.yaml", format!("{second}{own}"));
        let place_if_given = place.or(at(4, 20));
        for (args, place) in [
            (&[][..], place),
            (&["policy.yaml", "second.yaml"], place),
            (&["policy.yaml", "base/base.yml", "second.yaml"], place_if_given),
        ] {
            let args = ["check", "--output", "json"].iter().chain(args);
            let output = slugproof(args.copied()).dir(&scratch).run();
            let findings = output.json()["findings"].as_array().expect("a list").clone();
            let found = findings.iter().filter(|it| it["code"] == code).map(|it| {
                let start = &it["primary"]["start"];
                assert!(it["subject"].as_object().is_some_and(|it| !it.is_empty()), "{it}");
                (it["primary"]["path"].clone(), (start["line"].as_u64(), start["column"].as_u64()))
            });
            let expected = place.map(|(line, column)| (json!("base/base.yml"), (Some(line), Some(column))));
            assert_eq!(found.collect::<Vec<_>>(), Vec::from_iter(expected), "{base}: {}", output.snapshot());
        }
    }
    let embedded = project("extends-name", "extends: full-saas\n", "");
    let output = slugproof(["resolve", "--runtime", "hermes", "--format", "json"]).dir(&embedded).run();
    assert_eq!(output.json()["slug"], "openai/gpt-4o", "{}", output.snapshot());
}

#[test]
fn policy_that_cannot_be_extended_is_refused() {
    let own = |extends: &str| format!("schema_version: 2\nname: x\nextends: {extends}\n");
    let mut scratch = project("extends-bad", "extends: a.yaml\n", "").file("a.yaml", own("b.yaml"));
    for (b, message) in [
        ("missing.yaml", "missing.yaml"),
        ("./b.yaml", "these policies extend one another in a cycle: "),
        ("policy.yaml", "these policies extend one another in a cycle: "),
        ("full-sas", "no embedded policy is named `full-sas`; did you mean `full-saas`?"),
        ("mine", "no embedded policy is named `mine`; for a file, write its path"),
        ("broken.yaml", "broken.yaml: "),
    ] {
        scratch = scratch.file("b.yaml", own(b)).file("broken.yaml", "schema_version: 2\nname: 3\n");
        let output = slugproof(["prove"]).dir(&scratch).run();
        assert_eq!(output.code, 2, "{b}: {}", output.snapshot());
        assert!(output.stderr.contains("policy.yaml: line 4, column 10"), "{b}: {}", output.stderr);
        assert!(output.stderr.contains(message), "{b}: {}", output.stderr);
        let output = slugproof(["check"]).dir(&scratch).run();
        assert!(output.stdout.contains("error[invalid-policy]"), "{b}: {}", output.snapshot());
    }
    for number in 0..9 {
        scratch = scratch.file(&format!("n{number}.yaml"), own(&format!("n{}.yaml", number + 1)));
    }
    let output = slugproof(["prove"]).dir(&scratch.file("b.yaml", own("n0.yaml"))).run();
    assert!(output.stderr.contains("more than 8 policies extend one another"), "{}", output.stderr);
}
