//! `check`: errors in a registry or policy that no environment can fix.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::{Value, json};
use slug_laws::reference::is_found_in;
use slug_resolver::registry::{Arm, Pattern, Runtime};
use slug_resolver::{Credentials, NameSubset, Provider, Registry, RegistryDocument};
use slugproof::commands::check::arms::{ARMS, Arms};

use crate::run::{RunOutput, Scratch, slugproof};

/// The YAML of a fictional provider.
pub fn provider(name: &str, keys: &str, pattern: &str) -> String {
    format!(
        "  - name: {name}\n    display_name: {name}\n    protocol: openai\n    auth_mode: key\n    \
         auth_env: [{keys}]\n    model_prefix_match: '{pattern}'\n"
    )
}

/// The YAML of a registry with these providers and arms.
pub fn registry(providers: &[String], arms: &[(&str, &[(&str, &str)])]) -> String {
    let mut text = format!("schema_version: 1\nproviders:\n{}runtimes:\n", providers.concat());
    for (runtime, arms) in arms {
        let _ = writeln!(text, "  {runtime}:\n    providers:");
        for (name, models) in *arms {
            let _ = writeln!(text, "      - {{name: {name}, models: [{models}]}}");
        }
    }
    text
}

const POLICY: &str = "schema_version: 1
name: mine
runtime: RUNTIME
defaults: {PLATFORM_MODEL: nowhere/m}
override: MODEL
platform: {var: LLM_PATH, value: platform, model: PLATFORM_MODEL, fallback: platform/m}
secrets: [{key: KEY, inject: [ACME_KEY]}]
dispatch:
  - runtimes: [agent, agnet, variant]
    keyed: [{key: KEY, model: m-0}]
    model: m-1
fallback: m-3
templates: {variant: agent-2}
";

fn sound() -> String {
    let providers = [provider("acme", "ACME_KEY", "^m-"), provider("platform", "TOKEN", "^platform/")];
    registry(&providers, &[("agent", &[("acme", "m-1"), ("platform", "platform/m")])])
}

fn check(scratch: &Scratch, args: &[&str]) -> RunOutput {
    slugproof(["check"].into_iter().chain(args.iter().copied())).dir(scratch).run()
}

fn check_one(name: &str, content: impl AsRef<[u8]>) -> RunOutput {
    check(&Scratch::new(&format!("check-{name}")).file("file.yaml", content), &["file.yaml"])
}

fn findings(scratch: &Scratch, args: &[&str]) -> Vec<Value> {
    let args = [args, &["--output", "json"]].concat();
    check(scratch, &args).json()["findings"].as_array().expect("a list").clone()
}

/// A file that breaks a rule of its format was checked, too.
#[test]
fn summary_counts_every_file() {
    let policy = "schema_version: 2\nname: p\nrunntime: X\nmodel: [{use: m-1}]\n";
    let scratch = Scratch::new("check-summary").file("r.yaml", sound().replace("name: acme", "nme: acme"));
    let scratch = scratch.file("p.yaml", policy).file("good.yaml", policy.replace("runntime: X\n", ""));
    for (files, summary) in [
        (&["r.yaml", "good.yaml"][..], "in 1 registry, 1 policy: r.yaml"),
        (&["r.yaml", "p.yaml", "good.yaml"], "in 1 registry, 2 policies: p.yaml, r.yaml"),
        (&["r.yaml"], "in 1 registry: r.yaml"),
    ] {
        let output = check(&scratch, files);
        assert!(output.stdout.trim_end().ends_with(summary), "{}", output.snapshot());
    }
}

#[test]
fn a_sound_registry_is_clean() {
    let output = check_one("sound", sound());
    assert_eq!(output.snapshot(), "exit 0\n--- stdout\n✓ nothing found in 1 registry\n--- stderr\n");
}

#[test]
fn embedded_data_have_only_notes() {
    let ended = slugproof(["check", "--embedded"]).run();
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{}", ended.stdout);
    assert!(ended.stdout.ends_with("✓ 9 notes in 1 registry, 2 policies\n"), "{}", ended.stdout);
}

#[test]
fn overlap_decided_by_a_key_is_reported() {
    let providers = [
        provider("acme", "ACME_KEY", "^m"),
        provider("zeta", "ZETA_KEY", "-[0-9]$"),
        provider("platform", "TOKEN", "^platform/$"),
    ];
    let arms: &[(&str, &str)] = &[("acme", "m-0, m-1"), ("zeta", ""), ("platform", "platform/m")];
    let output = check_one("overlap", registry(&providers, &[("agent", arms), ("other", &arms[..2])]));
    assert_snapshot!(output.snapshot());
}

#[test]
fn overlap_decided_by_no_key_is_reported() {
    let providers = [provider("acme", "KEY", "^m"), provider("zeta", "KEY", "^m-")];
    let output = check_one("overlap-always", registry(&providers, &[("agent", &[("acme", ""), ("zeta", "z")])]));
    assert_snapshot!(output.snapshot());
}

/// A listed id is decided before patterns are tried.
#[test]
fn overlap_of_listed_ids_only_is_ignored() {
    let providers = [provider("acme", "KEY", "^m$"), provider("zeta", "KEY", "^[mz]$")];
    let listed = registry(&providers, &[("agent", &[("acme", "m"), ("zeta", "")])]);
    assert_eq!(check_one("overlap-listed", &listed).code, 0);
    assert_eq!(check_one("overlap-unlisted", listed.replace("[m]}", "[n]}")).code, 1);
}

#[test]
fn arm_never_chosen_is_reported() {
    let providers = [provider("acme", "KEY, K2", "^(m|n)$"), provider("zeta", "KEY", "^m$")];
    let output = check_one("unreachable", registry(&providers, &[("agent", &[("acme", "n"), ("zeta", "n")])]));
    assert_snapshot!(output.snapshot());
}

#[test]
fn arm_of_withdrawn_models_is_not_unreachable() {
    let arm = |ids: &str| {
        let zeta = format!("      - {{name: zeta, {ids}}}\n");
        let providers = "providers:\n  - {name: acme, auth_env: [A]}\n  - {name: zeta, auth_env: [Z]}\n";
        let acme = "      - {name: acme, models: [m]}\n";
        format!("schema_version: 1\n{providers}runtimes:\n  agent:\n    providers:\n{acme}{zeta}")
    };
    for (ids, is_reported) in [("withdrawn_models: [z]", false), ("models: []", true), ("withdrawn_models: []", true)] {
        let scratch = Scratch::new("check-withdrawn-arm").file("file.yaml", arm(ids));
        let found = findings(&scratch, &["file.yaml"]);
        assert_eq!(found.iter().any(|finding| finding["code"] == "unreachable-arm"), is_reported, "{ids}");
    }
}

#[test]
fn listed_ids_without_matching_pattern_are_reported() {
    let providers = [provider("acme", "KEY", "^acme/")];
    let ids = "acme/m, m-1, m-2, m-3, m-4, m-5, m-6, m-7";
    let output = check_one("unmatched", registry(&providers, &[("agent", &[("acme", ids)])]));
    assert_snapshot!(output.snapshot());
}

#[test]
fn duplicate_id_of_a_list_is_reported() {
    let arm = |fields: &str| {
        format!(
            "schema_version: 1\nproviders:\n  - {{name: acme, auth_env: [KEY]}}\nruntimes:\n  agent:\n    \
            providers:\n      \
             - {{name: acme, {fields}}}\n"
        )
    };
    for (fields, expected) in [
        ("models: [m, m]", &[(34, "`models` of `acme` has the id `m` twice")][..]),
        (
            "models: [m, n, \"m\", n]",
            &[(37, "`models` of `acme` has the id `m` twice"), (42, "`models` of `acme` has the id `n` twice")],
        ),
        ("models: [n], withdrawn_models: [m, 'm']", &[(57, "`withdrawn_models` of `acme` has the id `m` twice")]),
        ("models: [m, M]", &[]),
    ] {
        let scratch = Scratch::new("check-duplicate").file("file.yaml", arm(fields));
        let found = findings(&scratch, &["file.yaml"]);
        let is_it = |finding: &&Value| finding["code"] == "duplicate-model" && finding["level"] == "warning";
        let place = |finding: &Value| (finding["primary"]["start"]["column"].clone(), finding["title"].clone());
        let found: Vec<_> = found.iter().filter(is_it).map(place).collect();
        let expected: Vec<_> =
            expected.iter().map(|(column, title)| (Value::from(*column), Value::from(*title))).collect();
        assert_eq!(found, expected, "{fields}");
    }
}

#[test]
fn invisible_characters_of_ids_are_reported() {
    for (ids, expected) in [
        ("models: [m-1, ' m-2']", Some(("error", "the id `\" m-2\"` of `acme` has white space around it"))),
        ("models: [m-1, \"m-2\\u3000\"]", Some(("error", "has white space around it"))),
        ("models: [m-1], withdrawn_models: ['m-3 ']", Some(("error", "has white space around it"))),
        ("models: [m-1, \"mo\\u0301del\"]", None),
        ("models: [m-1, \"m-\\u200b2\"]", Some(("warning", "`\"m-\\u{200b}2\"` of `acme` has a character that"))),
        ("models: [m-1, 'm 2', m-é]", None),
    ] {
        let text = format!(
            "schema_version: 1\nproviders: [{{name: acme, auth_env: [KEY]}}]\n\
             runtimes: {{agent: {{providers: [{{name: acme, {ids}}}]}}}}\n"
        );
        let found = findings(&Scratch::new("check-invisible").file("file.yaml", text), &["file.yaml"]);
        let found: Vec<&Value> = found.iter().filter(|it| it["code"] == "invisible-character").collect();
        assert_eq!(found.len(), usize::from(expected.is_some()), "{ids}: {found:?}");
        if let Some((level, title)) = expected {
            assert_eq!(found[0]["level"], level, "{ids}");
            assert!(found[0]["title"].as_str().expect("a text").contains(title), "{ids}: {found:?}");
        }
    }
}

#[test]
fn vendor_key_accepted_by_platform_is_reported() {
    let providers = [provider("acme", "ACME_KEY", "^m-"), provider("platform", "TOKEN, ACME_KEY", "^platform/")];
    let arms: &[(&str, &str)] = &[("acme", "m-1"), ("platform", "platform/m")];
    let output = check_one("vendor-key", registry(&providers, &[("agent", arms)]));
    assert_snapshot!(output.snapshot());
}

#[test]
fn unregistered_choices_of_a_policy_are_reported() {
    let registry = sound().replace("^m-", "^m-[1-9]");
    let scratch = Scratch::new("check-policy").file("providers.yaml", registry).file("policy.yaml", POLICY);
    assert_snapshot!(check(&scratch, &["policy.yaml", "providers.yaml"]).snapshot());
}

/// A policy given without a registry is checked against the configured or embedded registry.
#[test]
fn policy_alone_uses_the_configured_registry() {
    let scratch = Scratch::new("check-alone").file("policy.yaml", POLICY);
    let registry = |args: &[&str]| {
        let found = findings(&scratch, args);
        found.iter().map(|finding| finding["subject"]["registry"].clone()).collect::<Vec<_>>()
    };
    assert!(registry(&["policy.yaml"]).contains(&json!("embedded")));
    let scratch = Scratch::new("check-configured")
        .file("policy.yaml", POLICY)
        .file("r.yaml", sound())
        .file("slugproof.yaml", "schema_version: 1\nregistry: r.yaml\n");
    let found = findings(&scratch, &["policy.yaml"]);
    assert!(found.iter().all(|finding| finding["subject"]["registry"] == json!("r.yaml")), "{found:#?}");
}

#[test]
fn slugproof_yaml_checks_the_files_it_names() {
    let config = "schema_version: 1\nregistry: r.yaml\npolicies: [p.yaml, reconciler]\nallow_unknown_fields: true\n";
    let scratch = Scratch::new("check-config")
        .file("slugproof.yaml", config)
        .file("r.yaml", sound() + "runtime: me\n")
        .file("p.yaml", POLICY);
    for args in [&[][..], &["slugproof.yaml"], &["slugproof.yaml", "./r.yaml", "p.yaml"]] {
        let output = check(&scratch, args);
        assert!(output.stdout.contains("in 1 registry, 2 policies"), "{args:?}: {}", output.snapshot());
        assert!(output.stdout.contains("<embedded>/policies/reconciler.yaml"), "{args:?}: {}", output.snapshot());
    }
    let output = check(&scratch, &["--no-config", "r.yaml"]);
    assert!(output.code == 1 && output.stdout.contains("`unknown_fields: allow`"), "{}", output.snapshot());
    assert_eq!(check(&scratch, &["--no-config", "--allow-unknown-fields", "r.yaml"]).code, 0);
}

/// The kind of a file that no field of slugproof.yaml names: by its signs, whether it can be parsed or not.
#[test]
fn kind_of_a_misspelt_file_is_found() {
    for (text, code, title) in [
        (
            "schema_version: 2\nname: p\nextend: b.yaml\nruntimes: [writer]\n",
            "invalid-policy",
            "unknown field `extend`",
        ),
        ("schema_version: 2\nname: p\nmodle: [{use: m-1}]\n", "invalid-policy", "unknown field `modle`"),
        ("schema_version: 2\nname: p\nmodel: [{use: m-1}]\nruntimes: {a: b}\n", "invalid-policy", "`runtimes`"),
        ("schema_version: 2\nruntimes:\n# all\n- writer\nruntimes:\n", "invalid-policy", ""),
        ("schema_version: 1\nruntimes:\n  writer: {}\nruntimes:\n", "invalid-registry", ""),
        ("schema_version: 1\nprovider: []\nruntimes: {}\n", "invalid-registry", "unknown field `provider`"),
        ("name: workflow\non: push\njobs: {}\n", "unreadable-file", "the file is neither"),
    ] {
        let found = findings(&Scratch::new("check-kind").file("file.yaml", text), &["file.yaml"]);
        let is_it = found.len() == 1 && found[0]["code"] == code;
        assert!(is_it && found[0]["title"].as_str().is_some_and(|it| it.starts_with(title)), "{text}: {found:#?}");
    }
}

/// An error at a field of one slugproof.yaml is shown in that file.
#[test]
fn exchanged_file_is_reported_in_its_slugproof_yaml() {
    let config =
        |registry: &str, policy: &str| format!("schema_version: 1\nregistry: {registry}\npolicies: [{policy}]\n");
    let scratch = Scratch::new("check-two-configs")
        .file("providers.yaml", sound())
        .file("policy.yaml", POLICY)
        .file("a/slugproof.yaml", config("../providers.yaml", "../policy.yaml") + "accept: []\n")
        .file("b/slugproof.yaml", config("../providers.yaml", "../providers.yaml"));
    for args in [["a/slugproof.yaml", "b/slugproof.yaml"], ["b/slugproof.yaml", "a/slugproof.yaml"]] {
        let found = findings(&scratch, &args);
        let errors: Vec<_> = found.iter().filter(|it| it["code"] == "invalid-config").collect();
        assert!(errors.len() == 1 && errors[0]["primary"]["path"] == "b/slugproof.yaml", "{args:?}: {found:#?}");
    }
    let compared = "registries: {source: ../providers.yaml, deployed: ../policy.yaml}\n";
    let compared = config("", "../policy.yaml").replace("registry: \n", compared);
    let scratch = scratch.file("b/slugproof.yaml", compared);
    for args in [["a/slugproof.yaml", "b/slugproof.yaml"], ["b/slugproof.yaml", "a/slugproof.yaml"]] {
        let found = findings(&scratch, &args);
        let errors: Vec<_> = found.iter().filter(|it| it["code"] == "invalid-config").collect();
        assert!(errors.len() == 1 && errors[0]["primary"]["path"] == "b/slugproof.yaml", "{args:?}: {found:#?}");
    }
}

/// A pipe can be read only once.
#[cfg(target_os = "linux")]
#[test]
fn policy_from_a_pipe_is_checked() {
    let scratch = Scratch::new("check-pipe").file("providers.yaml", sound()).file("policy.yaml", POLICY);
    for (command, code) in [("check q.yaml providers.yaml", 1), ("prove --registry providers.yaml --policy q.yaml", 0)]
    {
        let script = format!(
            "rm -f q.yaml; mkfifo q.yaml; (cat policy.yaml > q.yaml) & timeout 60 \"$0\" {command} > out; \
             code=$?; wait; echo $code; cat out"
        );
        let mut command = std::process::Command::new("sh");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_slugproof")]).current_dir(&scratch.0);
        let output = command.output().expect("sh starts");
        let stdout = String::from_utf8_lossy(&output.stdout);
        assert!(stdout.starts_with(&format!("{code}\n")), "{script}: {stdout}");
    }
}

/// What is found in the files that slugproof.yaml names, whatever these look like; every other command refuses them.
#[test]
fn files_are_read_as_the_field_that_names_them() {
    let second = format!("# another file\n{POLICY}");
    for (name, fields, expected) in [
        (
            "exchanged",
            "registry: policy.yaml\npolicies: [providers.yaml]\n",
            vec![
                ("invalid-config", "`registry`: `policy.yaml` is a policy, not a registry; name it in `policies`"),
                (
                    "invalid-config",
                    "`policies[0]`: `providers.yaml` is a registry, not a policy; name it in `registry`",
                ),
            ],
        ),
        (
            "registry-among-policies",
            "registry: providers.yaml\npolicies: [policy.yaml, providers.yaml]\n",
            vec![("invalid-config", "`policies[1]`: `providers.yaml` is a registry, not a policy; name a policy here")],
        ),
        (
            "itself",
            "registry: providers.yaml\npolicies: [policy.yaml, slugproof.yaml]\n",
            vec![("invalid-config", "`policies[1]`: `slugproof.yaml` is a slugproof.yaml, not a policy; correct")],
        ),
        (
            "policy-as-registry",
            "registry: policy.yaml\npolicies: [policy.yaml]\n",
            vec![("invalid-config", "`registry`: `policy.yaml` is a policy, not a registry; name a registry here")],
        ),
        (
            "deployed",
            "registries: {source: providers.yaml, deployed: policy.yaml}\npolicies: [policy.yaml, empty.yaml]\n",
            vec![
                ("invalid-policy", "the required field"),
                ("invalid-config", "`registries.deployed`: `policy.yaml` is a policy, not a registry"),
            ],
        ),
        (
            "no-model",
            "registry: providers.yaml\npolicies: [empty.yaml]\n",
            vec![("invalid-policy", "the required field")],
        ),
        (
            "misspelt-extends",
            "registry: providers.yaml\npolicies: [misspelt.yaml]\n",
            vec![("invalid-policy", "unknown field `extend`; did you mean `extends`?")],
        ),
        (
            "misspelt-providers",
            "registry: misspelt-registry.yaml\npolicies: [policy.yaml]\n",
            vec![("invalid-registry", "unknown field `provider`; did you mean `providers`?")],
        ),
        (
            "policy-with-runtimes",
            "registry: listed.yaml\npolicies: [policy.yaml]\n",
            vec![(
                "invalid-config",
                "`registry`: `listed.yaml` is a policy, not a registry; name it in `policies`, and",
            )],
        ),
        (
            "field-of-both",
            "registry: providers.yaml\npolicies: [both.yaml]\n",
            vec![("invalid-policy", "unknown field `providers`")],
        ),
        (
            "same-name",
            "registry: providers.yaml\npolicies: [policy.yaml, second.yaml]\n",
            vec![("invalid-config", "`policies[1]`: two policies have the name `mine`: policy.yaml and second.yaml")],
        ),
        (
            "same-file",
            "registry: providers.yaml\npolicies: [policy.yaml, ./policy.yaml]\n",
            vec![(
                "invalid-config",
                "`policies[1]`: `policy.yaml` and `./policy.yaml` are one file, so the policy `mine`",
            )],
        ),
        (
            "same-text",
            "registry: providers.yaml\npolicies: [policy.yaml, policy.yaml]\n",
            vec![("invalid-config", "`policies[1]`: the policy `mine` is named twice; name it once")],
        ),
    ] {
        let scratch = Scratch::new(&format!("check-fields-{name}"))
            .file("providers.yaml", sound())
            .file("policy.yaml", POLICY)
            .file("second.yaml", &second)
            .file("empty.yaml", "schema_version: 2\nname: empty\n")
            .file("misspelt.yaml", "schema_version: 2\nname: p\nextend: policy.yaml\nruntimes: [agent]\n")
            .file("misspelt-registry.yaml", sound().replace("providers:\n  - name", "provider:\n  - name"))
            .file("listed.yaml", "schema_version: 2\nname: p\nruntimes: [agent]\nmodel: [{use: m-1}]\n")
            .file("both.yaml", "schema_version: 2\nname: both\nmodel: [{use: m-1}]\nproviders: []\n")
            .file("slugproof.yaml", format!("schema_version: 1\n{fields}"));
        let found = findings(&scratch, &[]);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let errors = found.iter().filter(|it| it["level"] == json!("error"));
        let errors: Vec<(String, String)> = errors.map(|it| (text(&it["code"]), text(&it["title"]))).collect();
        let is_it = |((code, title), (expected, start)): (&(String, String), &(&str, &str))| {
            code == expected && title.starts_with(start)
        };
        let are_these = errors.len() == expected.len() && errors.iter().zip(&expected).all(is_it);
        assert!(are_these, "{name}: {errors:#?}");
        let proved = slugproof(["prove"]).dir(&scratch).run();
        assert_eq!(proved.code, 2, "{name}: {}", proved.snapshot());
        let resolved = slugproof(["resolve", "--policy", "mine", "--runtime", "x"]).dir(&scratch).run();
        let is_found = ["registry-among-policies", "itself", "deployed"].contains(&name);
        assert_eq!(resolved.code == 2, !is_found, "{name}: {}", resolved.snapshot());
    }
}

#[test]
fn file_given_twice_is_reported_once() {
    let config = "schema_version: 1\nregistry: r.yaml\npolicies: [bad.yaml, dir, p.yaml]\n";
    let scratch = Scratch::new("check-twice")
        .file("slugproof.yaml", config)
        .file("r.yaml", sound())
        .file("p.yaml", POLICY.replace("name: mine", "name: 1"))
        .file("bad.yaml", "just words\n")
        .file("dir/inside", "");
    for (args, once) in [
        (&["missing.yaml", "./missing.yaml", "missing.yaml"][..], "--> missing.yaml"),
        (&["bad.yaml", "./bad.yaml"], "--> bad.yaml"),
        (&["p.yaml", "./p.yaml", "dir/../p.yaml"], "--> p.yaml"),
        (&["slugproof.yaml", "bad.yaml"], "--> bad.yaml"),
        (&["bad.yaml", "slugproof.yaml"], "--> bad.yaml"),
        (&["dir", "slugproof.yaml", "./dir"], "`dir` is a directory"),
        (&["p.yaml", "slugproof.yaml"], "--> p.yaml"),
    ] {
        let output = check(&scratch, args);
        assert_eq!(output.stdout.matches(once).count(), 1, "{args:?}: {}", output.snapshot());
    }
}

#[test]
fn a_broken_slugproof_yaml_is_a_finding() {
    let scratch = Scratch::new("check-broken-config").file("slugproof.yaml", "schema_version: 1\nacept: []\n");
    for args in [&[][..], &["slugproof.yaml"]] {
        let output = check(&scratch, args);
        assert_eq!((output.code, output.stderr.as_str()), (1, ""));
        assert!(output.stdout.contains("error[invalid-config]"), "{}", output.stdout);
    }
}

#[test]
fn invalid_documents_are_reported_with_their_span() {
    let registry = sound();
    let cases = [
        ("no-platform-name", registry.replace("name: platform\n", "name: ''\n"), "invalid-registry", "''"),
        ("field", registry.replace("protocol: openai", "protocoll: openai"), "invalid-registry", "protocoll"),
        ("regex", registry.replace("'^m-'", "\"(^m-\""), "invalid-registry", "\"(^m-\""),
        ("unknown-arm", registry.replace("{name: acme", "{name: acne"), "invalid-registry", "acne"),
        ("twice", format!("{registry}providers: []\n"), "invalid-registry", "providers"),
        ("version", registry.replace("version: 1", "version: 2"), "invalid-registry", "2"),
        (
            "no-arms",
            registry
                .replace("- {name: acme, models: [m-1]}\n", "")
                .replace("- {name: platform, models: [platform/m]}", "[]"),
            "invalid-registry",
            "[]",
        ),
        ("policy", POLICY.replace("name: mine", "name: 1"), "invalid-policy", "1"),
        ("policy-twice", POLICY.replace("m-3", "{a: 1, a: 2}"), "invalid-policy", "a"),
        ("policy-variable", POLICY.replace("override: MODEL", "override: RUNTIME"), "invalid-policy", "RUNTIME"),
        ("config", "schema_version: 1\npolicies: []\n".to_owned(), "invalid-config", "[]"),
    ];
    for (name, text, code, at) in cases {
        let scratch = Scratch::new(&format!("check-invalid-{name}")).file("file.yaml", &text);
        let output = check(&scratch, &["file.yaml", "--output", "json"]);
        let found = output.json()["findings"].as_array().expect("a list").clone();
        assert_eq!((output.code, found.len()), (1, 1), "{name}: {}", output.stdout);
        let bytes: Vec<usize> = serde_json::from_value(found[0]["primary"]["bytes"].clone()).expect("two numbers");
        assert_eq!((found[0]["code"].as_str(), &text[bytes[0]..bytes[1]]), (Some(code), at), "{name}: {found:#?}");
    }
}

#[test]
fn unreadable_files_do_not_stop_other_checks() {
    let scratch = Scratch::new("check-unreadable")
        .file("broken.yaml", "a: [\n")
        .file("text.yaml", "just words\n")
        .file("latin.yaml", b"providers: \xe9\n")
        .file("file.yaml", sound().replace("acme", "acne").replacen("acne", "acme", 1))
        .file("dir/inside", "");
    let args = ["missing.yaml", "dir", "broken.yaml", "text.yaml", "latin.yaml", "file.yaml"];
    let output = check(&scratch, &args);
    assert_eq!(output.code, 2);
    assert_snapshot!(output.snapshot());
}

#[test]
fn undecidable_patterns_are_reported() {
    let providers = [provider("acme", "ACME_KEY", r"\bm"), provider("zeta", "ZETA_KEY", "^z")];
    let scratch = Scratch::new("check-undecided")
        .file("file.yaml", registry(&providers, &[("agent", &[("acme", "m"), ("zeta", "z")])]));
    let output = check(&scratch, &["file.yaml"]);
    assert_snapshot!(output.snapshot());
    let strict = check(&scratch, &["file.yaml", "--strict"]);
    assert!(strict.code == 1 && strict.stdout.contains("error[undecided]"), "{}", strict.snapshot());
}

/// An automaton above its size limit, too many runtimes, and too many arms.
#[test]
fn large_registries_are_undecided_in_bounded_time() {
    let mut used = Duration::ZERO;
    let large = [provider("acme", "ACME_KEY", r"a[ab]{18}$"), provider("zeta", "ZETA_KEY", r"b[ab]{17}x?$")];
    let output = check_one("large", registry(&large, &[("agent", &[("acme", ""), ("zeta", "")])]));
    assert!(output.stdout.contains("undecided: "), "{}", output.snapshot());
    used += output.processor_time;
    let names: Vec<String> = (0..103).map(|number| format!("r{number}")).collect();
    let runtimes: Vec<(&str, &[(&str, &str)])> =
        names.iter().map(|name| (name.as_str(), &[("acme", "m")][..])).collect();
    let output = check_one("runtimes", registry(&[provider("acme", "KEY", "^m")], &runtimes));
    assert!(output.stdout.contains("the patterns of 3 runtimes were not compared"), "{}", output.snapshot());
    used += output.processor_time;
    let many: Vec<String> =
        (0..300).map(|number| provider(&format!("p{number}"), "K", &format!("^p{number}/"))).collect();
    let names: Vec<String> = (0..300).map(|number| format!("p{number}")).collect();
    let arms: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    let output = check_one("many", registry(&many, &[("agent", &arms)]));
    assert!(output.stdout.contains("undecided: "), "{}", output.snapshot());
    used += output.processor_time;
    assert!(used < Duration::from_secs(60), "{used:?}");
}

#[test]
fn arms_are_compared_up_to_their_limit() {
    let is_complete = |count: usize| {
        let name = |number: usize| format!("p{number}");
        let pattern = || Pattern::new("^m$").expect("the pattern compiles");
        let providers = (0..count).map(|number| Provider::new(&name(number), vec!["K".to_owned()], pattern()));
        let arms = (0..count).map(|number| Arm { provider: name(number), ..Arm::default() });
        let runtimes = vec![Runtime { name: "agent".to_owned(), arms: arms.collect(), ..Runtime::default() }];
        let registry =
            Registry::new(RegistryDocument { providers: providers.collect(), runtimes, ..RegistryDocument::default() })
                .expect("the registry is valid");
        Arms::of(&registry, &registry.runtimes()[0]).is_complete()
    };
    assert_eq!([is_complete(ARMS), is_complete(ARMS + 1)], [true, false]);
}

#[test]
fn a_large_registry_is_checked_in_seconds() {
    let providers: Vec<String> = (0..100)
        .map(|number| provider(&format!("p{number}"), &format!("K{number}"), &format!("^p{number}[:/]")))
        .collect();
    let lists: Vec<(String, String)> = (0..100)
        .map(|number| {
            let ids: Vec<String> = (0..30).map(|id| format!("p{number}/model-{id}")).collect();
            (format!("p{number}"), ids.join(", "))
        })
        .collect();
    let arms: Vec<(&str, &str)> = lists.iter().map(|(name, ids)| (name.as_str(), ids.as_str())).collect();
    let output = check_one("hundred", registry(&providers, &[("a", &arms), ("b", &arms), ("c", &arms)]));
    assert_eq!(output.code, 0, "{}", output.snapshot());
    assert!(output.processor_time < Duration::from_secs(20), "{:?}", output.processor_time);
}

/// Every pattern matches every id, which gives the maximum number of overlaps.
#[test]
fn overlaps_above_the_limit_are_omitted() {
    let providers: Vec<String> = (0..100).map(|number| provider(&format!("p{number}"), "K", ".")).collect();
    let names: Vec<String> = (0..100).map(|number| format!("p{number}")).collect();
    let arms: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    let output = check_one("overlaps", registry(&providers, &[("agent", &arms)]));
    assert!(output.stdout.contains("✗ 1,000 errors, 100 warnings"), "{}", &output.stdout[output.stdout.len() - 500..]);
    assert!(output.stdout.contains("more overlaps than the 1000 shown"));
}

#[test]
fn file_order_does_not_change_the_output() {
    let scratch = Scratch::new("check-order")
        .file("b.yaml", sound().replace("^m-", "^n"))
        .file("a.yaml", sound().replace("^platform/", "^(m|platform/)"))
        .file("p.yaml", POLICY)
        .file("broken.yaml", "a: [\n");
    let files = ["b.yaml", "p.yaml", "a.yaml", "broken.yaml"];
    for format in ["human", "json", "sarif", "github"] {
        let forwards = check(&scratch, &[&files[..], &["--output", format]].concat());
        let mut files = files;
        files.reverse();
        let backwards = check(&scratch, &[&files[..], &["--output", format]].concat());
        assert_eq!(forwards.snapshot(), backwards.snapshot());
        assert_eq!(forwards.code, 2);
    }
}

const PATTERNS: [&str; 12] =
    ["^a", "b$", "^(a|b)$", "^a$", "ab", "^.$", "^b+$", "a|c", "^(ab|ba)$", "c", "^[abc]{2}$", "^a?b$"];
/// Ids, two of them with surrounding whitespace, which are never looked up.
const IDS: [&str; 8] = ["a", "b", "ab", "ba", "cc", "abc", " a", "b "];
const KEYS: [&str; 3] = ["K0", "K1", "K2"];

/// Valid registries over few patterns, ids and keys, so that overlaps are frequent. In half of
/// them all providers differ only in their ids, so that the id alone decides which is reached.
fn registries() -> impl Strategy<Value = Registry> {
    let provider = (0..PATTERNS.len(), 0_usize..8, proptest::collection::vec(0..IDS.len(), 0..3), any::<[bool; 2]>());
    (proptest::collection::vec(provider, 1..5), any::<bool>()).prop_map(|(mut drawn, are_alike)| {
        if are_alike {
            let (pattern, keys, ..) = drawn[0];
            drawn.iter_mut().for_each(|provider| (provider.0, provider.1) = (pattern, keys));
        }
        let mut runtimes = [("one", Vec::new()), ("two", Vec::new())];
        let mut providers = Vec::new();
        for (number, (pattern, keys, ids, arms)) in drawn.into_iter().enumerate() {
            let name = format!("p{number}");
            let keys =
                KEYS.iter().enumerate().filter(|(bit, _)| keys >> bit & 1 == 1).map(|(_, key)| (*key).to_owned());
            let pattern = Pattern::new(PATTERNS[pattern]).expect("the pattern compiles");
            providers.push(Provider::new(&name, keys.collect::<Vec<_>>(), pattern));
            let models: Vec<String> = ids.iter().map(|id| IDS[*id].to_owned()).collect();
            for ((_, native), is_used) in runtimes.iter_mut().zip([true, arms[0]]) {
                if is_used {
                    native.push(Arm { provider: name.clone(), models: models.clone(), ..Arm::default() });
                }
            }
        }
        let runtimes = runtimes.into_iter().filter(|(_, arms)| !arms.is_empty());
        let runtimes =
            runtimes.map(|(name, arms)| Runtime { name: name.to_owned(), arms, ..Runtime::default() }).collect();
        Registry::new(RegistryDocument { providers, runtimes, ..RegistryDocument::default() })
            .expect("the registry is valid")
    })
}

/// Every id of at most four characters over a small alphabet: enough to distinguish the patterns.
fn all_ids() -> Vec<String> {
    let mut ids = vec![String::new()];
    let mut longest = ids.clone();
    for _ in 0..4 {
        let longer = |id: &String| ["a", "b", "c", "d"].map(|letter| format!("{id}{letter}"));
        longest = longest.iter().flat_map(longer).collect();
        ids.extend(longest.clone());
    }
    ids
}

fn all_credentials() -> Vec<Vec<String>> {
    let chosen = |mask: usize| KEYS.iter().enumerate().filter(move |(bit, _)| mask >> bit & 1 == 1);
    (0..1 << KEYS.len()).map(|mask| chosen(mask).map(|(_, key)| (*key).to_owned()).collect()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: ProptestConfig::default().cases.div_ceil(4), failure_persistence: None, ..ProptestConfig::default()
    })]

    /// `is_reachable` agrees with a search over every id and all credentials.
    #[test]
    fn reachable_arms_agree_with_exhaustive_search(registry in registries()) {
        for runtime in registry.runtimes() {
            let mut reached = BTreeSet::new();
            for model in all_ids() {
                for injected in all_credentials() {
                    let credentials = Credentials { injected: NameSubset::all(&injected), ambient: &[] };
                    let provider = registry.derive(&runtime.name, &model, &credentials);
                    reached.extend(provider.map(|provider| provider.name.clone()));
                }
            }
            let arms = Arms::of(&registry, runtime);
            prop_assert!(arms.is_complete());
            for (number, arm) in runtime.arms.iter().enumerate() {
                let expected = Some(reached.contains(&arm.provider));
                prop_assert_eq!(arms.is_reachable(number), expected, "{} in {}", arm.provider, registry.to_yaml());
            }
        }
    }

    /// Both arms of an overlap match the witness, and no arm lists it.
    #[test]
    fn every_witness_is_matched_and_unlisted(registry in registries()) {
        for runtime in registry.runtimes() {
            let arms = Arms::of(&registry, runtime);
            let (pairs, all) = arms.pairs(usize::MAX);
            prop_assert!(all);
            for ((first, second), shared) in pairs {
                prop_assert!(!runtime.arms.iter().any(|arm| arm.models.contains(&shared.witness)));
                for arm in [first, second] {
                    let arm = Arm { provider: arms.providers[arm].name.clone(), ..Arm::default() };
                    let runtimes = vec![Runtime { name: "r".to_owned(), arms: vec![arm], ..Runtime::default() }];
                    let providers = registry.providers().to_vec();
                    let document = RegistryDocument { providers, runtimes, ..RegistryDocument::default() };
                    let alone = Registry::new(document).expect("the registry is valid");
                    prop_assert!(alone.derive("r", &shared.witness, &Credentials::default()).is_ok());
                }
            }
        }
    }

    /// Every overlap is found with its shortest witness, and `matched_by` returns an id that the
    /// arm shares with as few other arms as possible.
    #[test]
    fn every_shared_id_is_found(registry in registries()) {
        for runtime in registry.runtimes() {
            let arms = Arms::of(&registry, runtime);
            let is_listed = |id: &String| runtime.arms.iter().any(|arm| arm.models.contains(id));
            let matching = |id: &String| -> BTreeSet<usize> {
                let matches = |arm: &usize| is_found_in(arms.providers[*arm].model_prefix_match.hir(), id);
                (0..runtime.arms.len()).filter(matches).collect()
            };
            let ids = all_ids().into_iter().filter(|id| !id.is_empty() && !is_listed(id));
            let shared: Vec<(String, BTreeSet<usize>)> = ids.map(|id| (id.clone(), matching(&id))).collect();

            let mut expected: BTreeMap<(usize, usize), (usize, usize)> = BTreeMap::new();
            let mut fewest: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
            for (id, matching) in &shared {
                for &first in matching {
                    for &second in matching.range(first + 1..) {
                        let shortest = expected.entry((first, second)).or_insert((usize::MAX, 0));
                        *shortest = (*shortest).min((id.len(), matching.len()));
                    }
                    let rivals = fewest.entry(first).or_insert((usize::MAX, 0));
                    *rivals = (*rivals).min((matching.len(), id.len()));
                }
            }
            let (pairs, _) = arms.pairs(usize::MAX);
            let found = pairs.iter().map(|(pair, shared)| (*pair, (shared.witness.len(), shared.arms.len())));
            prop_assert_eq!(found.collect::<BTreeMap<_, _>>(), expected);
            for arm in 0..runtime.arms.len() {
                let found = arms.matched_by(arm).map(|shared| (shared.arms.len(), shared.witness.len()));
                prop_assert_eq!(found, fewest.get(&arm).copied());
            }
            for most in 0..=pairs.len() + 1 {
                let (some, are_all) = arms.pairs(most);
                prop_assert_eq!((some.len(), are_all), (most.min(pairs.len()), most >= pairs.len()));
                prop_assert!(some.keys().all(|pair| pairs.contains_key(pair)));
            }
        }
    }

    /// Every valid registry is checked, and every reported span is inside the file.
    #[test]
    fn spans_are_in_the_file(registry in registries(), style in 0..3) {
        let yaml = registry.to_yaml();
        let text = match style {
            0 => yaml,
            1 => format!("\u{feff}{}", yaml.replace('\n', "\r\n")),
            _ => format!("# é ☃\n{yaml}"),
        };
        let scratch = Scratch::new(&format!("check-spans-{:?}", std::thread::current().id())).file("file.yaml", &text);
        let output = check(&scratch, &["file.yaml", "--output", "json"]);
        prop_assert!(output.code < 2, "{}", output.snapshot());
        for finding in output.json()["findings"].as_array().expect("a list") {
            let labels = finding["labels"].as_array().expect("a list");
            for label in labels.iter().chain([&finding["primary"]]) {
                let bytes: [usize; 2] = serde_json::from_value(label["bytes"].clone()).expect("two numbers");
                let slice = text.get(bytes[0]..bytes[1]);
                let is_in_line = slice.is_some_and(|slice| !slice.is_empty() && !slice.contains('\n'));
                prop_assert!(is_in_line, "{label} is {slice:?}");
            }
        }
    }
}
