//! `expect` of slugproof.yaml: tests of one's own.

use serde_json::Value;

use crate::run::{RunOutput, Scratch, slugproof};

/// A registry with a provider that the platform pays.
pub const REGISTRY: &str = "schema_version: 1
providers:
  - {name: acme, auth_env: [ACME_TOKEN]}
  - {name: zeta, auth_env: [ZETA_TOKEN]}
  - {name: house, auth_env: [PROXY_TOKEN], billing: platform}
runtimes:
  coder:
    providers:
      - {name: acme, models: [acme-1, acme-2]}
      - {name: zeta, models: [zeta-1]}
      - {name: house, models: [house-1]}
  writer: {providers: [{name: acme, models: [acme-1]}]}
";

const POLICY: &str = "schema_version: 2
name: nightly
runtime: AGENT
creates: {unless: [{SKIP: '1'}]}
model:
  - {name: override, use: $MODEL}
  - {when: {BILLING: house}, use: house-1}
  - {when: {runtime: writer}, use: acme-1}
  - {use: acme-2}
secrets:
  - {when: {BILLING: house}, path: platform}
  - {key: ZETA_KEY, inject: [ZETA_TOKEN]}
  - {key: GATE, inject: [ACME_TOKEN]}
";

const GRADER: &str = "schema_version: 2
name: grader
runtimes: [writer]
model: [{use: $GRADER_MODEL}, {use: acme-1}]
secrets: [{key: GATE, inject: [ACME_TOKEN]}]
";

/// A repository with these entries of `expect`, one a line.
fn repository(name: &str, entries: &str) -> Scratch {
    let lines: String = entries.lines().map(|line| format!("  - {}\n", line.trim())).collect();
    let config = format!(
        "schema_version: 1\nregistry: providers.yaml\npolicies: [policy.yaml, grader.yaml]\n\
         accept:\n  - {{code: missing-credential, reason: test}}\n  - {{code: unknown-runtime, reason: test}}\n\
         expect:\n{lines}"
    );
    Scratch::new(&format!("expectations-{name}"))
        .file("providers.yaml", REGISTRY)
        .file("policy.yaml", POLICY)
        .file("grader.yaml", GRADER)
        .file("slugproof.yaml", config)
}

fn run(repository: &Scratch, args: &[&str]) -> RunOutput {
    slugproof(args.iter().copied()).dir(repository).run()
}

/// The line of the first entry.
const FIRST: u64 = 8;

/// The entries with `passes` and the number of their environments, as `prove` finds them.
fn results(name: &str, entries: &str) -> Vec<(bool, usize)> {
    let report = run(&repository(name, entries), &["prove", "--output", "json"]).json();
    let tests = report["expectations"].as_array().expect("a list");
    let result = |(index, test): (usize, &Value)| {
        assert_eq!(test["line"], FIRST + index as u64, "{test}");
        let environments = test["environments"].as_array().expect("a list");
        (test["passes"].as_bool().expect("a boolean"), environments.len())
    };
    tests.iter().enumerate().map(result).collect()
}

#[test]
fn entries_pass_if_every_named_property_is_found() {
    let passing = "{policy: nightly, runtime: coder, env: {GATE: set}, slug: acme-2, provider: acme}
        {policy: nightly, env: {GATE: set, AGENT: writer}, slug: acme-1}
        {policy: nightly, env: {AGENT: writer}, code: missing-credential, provider: acme}
        {policy: nightly, env: {GATE: set}, provider: acme}
        {env: {BILLING: house, AGENT: coder}, slug: house-1, provider: house}
        {policy: nightly, runtime: coder, env: {MODEL: nobody}, code: unregistered-model, slug: nobody}
        {policy: nightly, runtime: coder, env: {MODEL: zeta-1, ZETA_KEY: unset, GATE: set}, code: wrong-credential}
        {policy: nightly, runtime: spare, code: unknown-runtime}
        {policy: grader, env: {GATE: set}, provider: acme}
        {env: {GRADER_MODEL: acme-1, GATE: set}, provider: acme}
        {runtime: writer, env: {GATE: set}, slug: acme-1}";
    // An entry without a runtime is tested on the one that the policy picks, else on each runtime; an entry without a
    // policy is tested for each policy that reads its variables.
    let environments = [1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2];
    let expected: Vec<(bool, usize)> = environments.into_iter().map(|count| (true, count)).collect();
    assert_eq!(results("passing", passing), expected);
}

#[test]
fn entries_fail_if_one_property_differs() {
    for entry in [
        "{policy: nightly, runtime: coder, env: {GATE: set}, slug: acme-1, provider: acme}",
        "{policy: nightly, runtime: coder, env: {GATE: set}, slug: acme-2, provider: zeta}",
        "{policy: nightly, runtime: coder, env: {GATE: set}, code: missing-credential}",
        "{policy: nightly, runtime: coder, env: {}, slug: acme-2}",
        "{policy: nightly, runtime: coder, slug: acme-2, code: wrong-credential}",
        "{policy: nightly, runtime: coder, slug: acme-2, provider: acme}",
        "{policy: nightly, runtime: coder, env: {SKIP: '1', GATE: set}, slug: acme-2}",
        "{policy: nightly, env: {GATE: set}, slug: acme-2}",
        "{env: {GATE: set}, runtime: coder, slug: acme-2}",
        "{policy: nightly, runtime: coder, env: {GATE: set}, slug: ACME-2}",
    ] {
        let found = results("failing", entry);
        assert!(matches!(found[..], [(false, _)]), "{entry}: {found:?}");
    }
}

/// The code is that of a finding, so an entry that passes has none.
#[test]
fn only_a_failed_entry_has_a_code() {
    let entries = "{policy: nightly, runtime: coder, env: {GATE: set}, slug: acme-2}
        {policy: nightly, runtime: coder, env: {GATE: set}, slug: acme-1}";
    let report = run(&repository("codes", entries), &["prove", "--output", "json"]).json();
    let codes: Vec<&Value> = report["expectations"].as_array().expect("a list").iter().map(|it| &it["code"]).collect();
    assert_eq!(codes, [&Value::Null, &"failed-expectation".into()]);
}

#[test]
fn failures_are_findings_with_both_answers_and_a_command() {
    let entries = "{name: the house pays, env: {BILLING: house, AGENT: coder}, provider: house}
        {name: reviews use zeta, policy: nightly, runtime: coder, env: {MODEL: zeta-1, GATE: set}, provider: acme}";
    let repository = repository("failures", entries);
    let output = run(&repository, &["prove"]);
    assert_eq!(output.code, 1);
    let text = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "ok slugproof.yaml:8: the house pays FAILED slugproof.yaml:9: reviews use zeta failed-expectation: expected \
         provider `acme` \
         found slug `zeta-1`, provider `zeta`, contradiction `wrong-credential`",
        "by policy nightly on runtime coder, GATE=set MODEL=zeta-1 slugproof resolve --policy=nightly --runtime=coder \
         GATE=set MODEL=zeta-1",
        "✗ slugproof.yaml: 1 of 2 expectations failed",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let bare = run(&repository, &[]);
    assert!(bare.code == 1 && bare.stdout.contains("1 failed expectation"), "{}", bare.stdout);
    let page = run(&repository, &["prove", "--output", "html"]).stdout;
    assert!(page.contains("FAILED") && page.contains("reviews use zeta") && page.contains("code-failed-expectation"));
}

#[test]
fn run_of_one_policy_tests_its_entries_only() {
    let entries = "{policy: grader, env: {GATE: set}, provider: zeta}\n{policy: nightly, env: {GATE: set}, slug: x}";
    let repository = repository("one-policy", entries);
    let report = run(&repository, &["prove", "--policy", "grader", "--output", "json"]).json();
    assert_eq!(report["expectations"].as_array().map(Vec::len), Some(1));
    assert_eq!(report["untested_expectations"], 1);
    let output = run(&repository, &["prove", "--policy", "grader"]);
    assert!(output.stdout.contains("! 1 expectation of slugproof.yaml is about policies"), "{}", output.stdout);
}

#[test]
fn unknown_names_are_refused_with_a_suggestion() {
    for (entry, message) in [
        ("{env: {MODLE: x}, slug: x}", "no policy reads `MODLE`; did you mean `MODEL`?"),
        ("{policy: nightly, env: {MODLE: x}, slug: x}", "policy `nightly` does not read `MODLE`; did you mean"),
        ("{env: {ACME_TOKEN: set}, slug: x}", "it injects a secret of that name if `GATE` is set, so set `GATE`"),
        ("{env: {MODEL: x, GRADER_MODEL: x}, slug: x}", "no policy reads all of them; name the policy"),
        ("{policy: nihgtly, slug: x}", "the policy `nihgtly` does not exist; did you mean `nightly`?"),
        ("{runtime: writer, env: {AGENT: coder}, slug: x}", "`env` picks the runtime `coder`; write that one"),
        ("{runtime: coderr, slug: x}", "the runtime `coderr` does not exist; did you mean `coder`?"),
        ("{code: missing-credentials}", "no contradiction has the code `missing-credentials`; did you mean"),
        ("{code: near-miss}", "no contradiction has the code `near-miss`; write one of `model-required`"),
        ("{slg: x}", "unknown field `slg`; did you mean `slug`?"),
        ("{model: x}", "unknown field `model`; write `slug`"),
        ("{env: {MODEL: x}}", "the entry expects nothing; add `slug`, `provider` or `code`"),
        ("{env: {MODEL: set}, slug: x}", "policy `nightly` uses the value of `MODEL`; write the value"),
        ("{env: {MODEL: 1}, slug: x}", "expected a string, found the number `1`"),
        ("{slug: ''}", "`slug` is empty"),
    ] {
        let repository = repository("unknown", entry);
        for command in ["prove", "lint"] {
            let output = run(&repository, &[command]);
            let is_at_entry = output.stderr.contains("slugproof.yaml: line 8, column ");
            assert!(output.code == 2 && is_at_entry && output.stderr.contains(message), "{entry}: {}", output.stderr);
        }
        let report = run(&repository, &["check", "--output", "json"]).json();
        let finding = &report["findings"][0];
        let title = finding["title"].as_str().expect("a title");
        assert!(finding["code"] == "invalid-config" && title.contains(message), "{entry}: {finding}");
    }
}

#[test]
fn unknown_slugs_and_providers_fail_with_a_suggestion() {
    let entries =
        "{policy: grader, env: {GATE: set}, slug: acme-11}\n{policy: grader, env: {GATE: set}, provider: acmee}";
    let report = run(&repository("hints", entries), &["prove", "--output", "json"]).json();
    assert_eq!(report["expectations"][0]["environments"][0]["found"]["verdict"], "coherent");
    let hint = |index: usize| report["expectations"][index]["environments"][0]["hint"].clone();
    assert_eq!(hint(0), "no provider of runtime writer serves `acme-11`; did you mean `acme-1`?");
    assert_eq!(hint(1), "the registry has no provider `acmee`; did you mean `acme`?");
}

#[test]
fn values_of_secrets_are_refused_and_never_shown() {
    for secret in ["hunter2", "correct-horse-battery", "sk-ant-api03-abcdefghijklmnopqrstuvwxyz0123456789"] {
        for variable in ["GATE", "ZETA_KEY", "GATES", "MODEL"] {
            let entry = format!("{{env: {{{variable}: {secret}}}, slug: x}}");
            let is_text = variable == "MODEL" && !secret.starts_with("sk-");
            let repository = repository("secrets", &entry);
            for args in [
                &["prove"][..],
                &["prove", "--output", "json"],
                &["lint"],
                &["check"],
                &["check", "--output", "json"],
                &["check", "--output", "sarif"],
                &["check", "--output", "html"],
                &[],
            ] {
                let output = run(&repository, args);
                let text = format!("{}{}", output.stdout, output.stderr);
                assert!(is_text || !text.contains(secret), "`{entry}` with {args:?}: {text}");
                assert!(is_text || output.code == 2 || output.code == 1, "`{entry}` with {args:?}: {text}");
            }
        }
    }
}
