//! What looks like a credential, or is the value of a secret, is masked where people misplace it.

use crate::run::{Scratch, slugproof};

/// A secret that has no known shape.
const PLAIN: &str = "hunter2-canary";

/// A secret of a known shape.
const KEY: &str = "sk-proj-0123456789abcdef";

#[test]
fn value_of_a_misspelt_key_variable_is_masked_in_a_record() {
    for name in ["E2E_MINIMAX_API_KYE", "E2E_MINIMAX_APIKEY", "e2e_minimax_api_key"] {
        let record = format!(r#"{{"model":"m","status":"failed","error":"rejected {PLAIN}"}}"#);
        let setting = format!("{name}={PLAIN}");
        let args = ["diagnose", "--record", "-", "--runtime", "claude-code", "--format", "json", &setting];
        let output = slugproof(args).input(record.as_str()).run();
        assert!(output.stdout.contains("rejected <masked>"), "{name}: {}", output.stdout);
        assert!(!output.snapshot().contains(PLAIN), "{name}: {}", output.snapshot());
    }
}

#[test]
fn message_about_a_refused_file_repeats_no_credential() {
    let key = KEY;
    for (name, args) in [
        ("lint", vec!["lint", "--no-config", key]),
        ("policy", vec!["prove", "--policy", key]),
        ("registry", vec!["resolve", "--embedded", "--runtime", "codex", "--registry", key]),
        ("record", vec!["diagnose", "--record", key]),
        ("batch", vec!["derive", "--batch", key]),
    ] {
        let output = slugproof(args).dir(&Scratch::new(&format!("secrets-refused-{name}"))).run();
        assert_eq!(output.code, 2, "{name}: {}", output.snapshot());
        assert!(!output.snapshot().contains(key), "{name}: {}", output.snapshot());
    }
}

/// `anthropic/` is a prefix that a pattern matches.
#[test]
fn credential_in_place_of_a_model_is_masked_and_fails() {
    for value in [KEY.to_owned(), format!("anthropic/{KEY}"), format!("anthropic:{KEY}"), format!("{KEY} ")] {
        let setting = format!("E2E_MODEL_SLUG={value}");
        let anthropic = "E2E_ANTHROPIC_API_KEY=set";
        for format in ["human", "json", "env"] {
            let resolve = ["resolve", "--embedded", "--runtime", "claude-code", "--format", format];
            let output = slugproof(resolve.into_iter().chain([&*setting, anthropic])).run();
            assert_eq!(output.code, 1, "{value}: {}", output.snapshot());
            assert!(output.stdout.contains("<masked>"), "{value}: {}", output.stdout);
            assert!(!output.snapshot().contains(KEY), "{value}: {}", output.snapshot());
        }
        let line = format!(
            r#"{{"runtime":"claude-code","env":{{"E2E_MODEL_SLUG":"{value}","E2E_ANTHROPIC_API_KEY":"set"}}}}"#
        );
        let batch = slugproof(["resolve", "--embedded", "--batch", "-"]).input(line.as_str()).run();
        assert_eq!(batch.code, 1, "{value}: {}", batch.snapshot());
        assert!(!batch.snapshot().contains(KEY), "{value}: {}", batch.snapshot());
        for unchecked in [&["--unchecked"][..], &[]] {
            let pick = ["pick", "--embedded", "claude-code"].into_iter().chain(unchecked.iter().copied());
            let output = slugproof(pick).env("E2E_MODEL_SLUG", &value).env("E2E_ANTHROPIC_API_KEY", "set").run();
            assert!(output.code != 0 && output.stdout.is_empty(), "{value}: {}", output.snapshot());
            assert!(!output.snapshot().contains(KEY), "{value}: {}", output.snapshot());
        }
    }
    let output = slugproof(["resolve", "--embedded", "--runtime", KEY]).run();
    assert!(output.code == 1 && !output.snapshot().contains(KEY), "{}", output.snapshot());
}

const REGISTRY: &str = "schema_version: 1
providers:
  - {name: acme, auth_env: [ACME_KEY], model_prefix_match: '^acme/'}
runtimes: {claude-code: {providers: [{name: acme, models: [acme/a]}]}}
";

const POLICY: &str = "schema_version: 2
name: own
runtimes: [claude-code]
model: [{use: acme/a}]
secrets: [{key: CI_ACME_KEY, inject: [ACME_KEY]}]
";

const CONFIG: &str = "schema_version: 1
registry: providers.yaml
policies: [policy.yaml]
accept: [{code: missing-credential, reason: r, set: [CI_ACME_KEY]}]
";

#[test]
fn check_masks_the_value_that_it_reports() {
    let default = "defaults: {CI_ACME_KEY: §}\nsecrets: [";
    let compared = "model: [{when: {CI_ACME_KEY: §}, use: acme/a}, ";
    for (name, from, to) in [
        ("auth", "auth_env: [ACME_KEY]", "auth_env: [§]"),
        ("group", "auth_env: [ACME_KEY]", "auth_env: [[ACME_KEY, §]]"),
        ("inject", "inject: [ACME_KEY]", "inject: [§]"),
        ("assigned", "inject: [ACME_KEY]", "inject: ['ACME_KEY=§']"),
        ("anchor", "inject: [ACME_KEY]", "inject: [*a]"),
        ("key", "key: CI_ACME_KEY", "key: §"),
        ("default", "secrets: [", default),
        ("compared", "model: [", compared),
        ("set", "set: [CI_ACME_KEY]", "set: [§]"),
        ("map", "set: [CI_ACME_KEY]", "set: {CI_ACME_KEY: §}"),
        ("unknown", "reason: r", "reason: r, env: {CI_ACME_KEY: §}"),
    ] {
        for value in [PLAIN, "hunter2canary"] {
            let edited = |text: &str| text.replace(from, to).replace('§', value);
            let policy = edited(POLICY);
            let policy =
                if name == "anchor" { policy.replace("name: own", &format!("name: &a {value}")) } else { policy };
            let scratch = Scratch::new(&format!("secrets-check-{name}"))
                .file("providers.yaml", edited(REGISTRY))
                .file("policy.yaml", policy)
                .file("slugproof.yaml", edited(CONFIG));
            for format in ["human", "json", "sarif", "github"] {
                let files = ["check", "--output", format, "providers.yaml", "policy.yaml", "slugproof.yaml"];
                let output = slugproof(files).dir(&scratch).run();
                let is_config = ["set", "map", "unknown"].contains(&name);
                assert!(
                    is_config || value != PLAIN || output.code != 0 || output.stdout.contains("warning"),
                    "{}",
                    output.snapshot()
                );
                assert!(!output.snapshot().contains(value), "{name}: {}", output.snapshot());
                let prove = slugproof(["prove"]).dir(&scratch).run();
                assert!(!prove.stderr.contains(value), "{name}: {}", prove.stderr);
            }
        }
    }
}
