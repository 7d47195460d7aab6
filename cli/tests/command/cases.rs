//! Small repositories of the kinds that are hard to check, each with its right answer.

use std::fs;

use crate::run::{RunOutput, Scratch, slugproof};

const REGISTRY: &str = "schema_version: 1
providers:
  - {name: acme, auth_env: [ACME_API_KEY], model_prefix_match: '^(acme/|ac-)'}
  - {name: zeta, auth_env: [ZETA_API_KEY], model_prefix_match: '^(zeta/|ze-)'}
runtimes:
  agent: {providers: [{name: acme, models: [ac-large, ac-small]}, {name: zeta, models: [ze-mini]}]}
";

/// A policy that gives each key that is set to the process.
const EVERY: &str = "schema_version: 2
name: evals
harness: [scripts/eval.sh]
runtime: RUNTIME
defaults: {RUNTIME: agent}
model: [{use: $MODEL}, {use: ze-mini}]
inject: every
secrets: [{key: ACME_API_KEY}, {key: ZETA_API_KEY}]
";

const CONFIG: &str = "schema_version: 1\nregistry: providers.yaml\npolicies: [policy.yaml]\n";

/// A repository with this policy, registry and these jobs.
fn repository(name: &str, registry: &str, policy: &str, jobs: &str) -> Scratch {
    Scratch::new(&format!("cases-{name}"))
        .file("slugproof.yaml", CONFIG)
        .file("providers.yaml", registry)
        .file("policy.yaml", policy)
        .file("scripts/eval.sh", "echo eval\n")
        .file(".github/workflows/w.yml", format!("on: push\njobs:\n{jobs}"))
}

/// A policy of the harness with these rules.
fn evals(rules: &str) -> String {
    format!("schema_version: 2\nname: evals\nharness: [scripts/eval.sh]\n{rules}")
}

/// A job that calls the harness with this `env`, in flow style.
fn job(id: &str, env: &str) -> String {
    format!(
        "  {id}:\n    runs-on: ubuntu-latest\n    steps:\n      - env: {{{env}}}\n        run: bash scripts/eval.sh\n"
    )
}

fn secret(name: &str) -> String {
    format!("{name}: \"${{{{ secrets.{name} }}}}\"")
}

fn lint(scratch: &Scratch) -> RunOutput {
    slugproof(["lint"]).dir(scratch).run()
}

/// The code and the first help of each finding that counts.
fn findings(scratch: &Scratch) -> Vec<(String, String)> {
    let output = lint(scratch);
    assert!(output.code < 2 && output.stderr.is_empty(), "{}", output.snapshot());
    let mut found = Vec::new();
    for block in output.stdout.split("\n\n") {
        let Some(code) = block.strip_prefix("error[").or_else(|| block.strip_prefix("warning[")) else { continue };
        let code = code.split(']').next().unwrap_or_default().to_owned();
        let mut help = String::new();
        let is_start = |line: &str| line.contains("help: ");
        let mut lines = block.lines().skip_while(|line| !is_start(line));
        if let Some(line) = lines.next() {
            help.push_str(line.split_once("help: ").expect("the line has help").1);
            for line in lines.take_while(|line| !is_start(line) && !line.trim_start().starts_with('|')) {
                help = format!("{help} {}", line.trim());
            }
        }
        found.push((code, help.trim().to_owned()));
    }
    found
}

/// Asserts the code of each finding, and the start of its first help.
fn assert_findings(scratch: &Scratch, expected: &[(&str, &str)]) {
    let found = findings(scratch);
    let is_same = found.len() == expected.len()
        && found.iter().zip(expected).all(|((code, help), (other, start))| code == other && help.starts_with(start));
    assert!(is_same, "{found:#?}\n{}", lint(scratch).snapshot());
}

fn checked(scratch: &Scratch) -> RunOutput {
    slugproof(["check"]).dir(scratch).run()
}

#[test]
fn null_optional_field_is_absent() {
    let registry = REGISTRY.replace("name: acme,", "name: acme, base_url_template: null, display_name: null,");
    let output = checked(&repository("null", &registry, EVERY, ""));
    assert_eq!(output.code, 0, "{}", output.snapshot());
    for registry in
        [REGISTRY.replace("[ac-large,", "[null,"), REGISTRY.replace("auth_env: [ACME_API_KEY]", "auth_env: null")]
    {
        assert_eq!(checked(&repository("null-wrong", &registry, EVERY, "")).code, 1);
    }
}

#[test]
fn withdrawn_model_differs_from_unknown_one() {
    let registry = REGISTRY.replace("models: [ac-large, ac-small]", "models: [ac-large], withdrawn_models: [ac-old]");
    let registry = registry.replace("agent: {", "agent: {display_name: Agent, ");
    let jobs = job("old", "MODEL: ac-old") + &job("unknown", "MODEL: xx-1");
    let scratch = repository("withdrawn", &registry, EVERY, &jobs);
    assert_eq!(checked(&scratch).code, 0);
    let codes: Vec<String> = findings(&scratch).into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, ["withdrawn-model", "unregistered-model"]);
    let batch = scratch.file("m.jsonl", "{\"runtime\":\"agent\",\"model\":\"ac-old\",\"auth_env\":[]}\n");
    let output = slugproof(["derive", "--registry", "providers.yaml", "--batch", "m.jsonl"]).dir(&batch).run();
    assert_eq!(output.json_lines()[0]["code"], "withdrawn-model");
}

#[test]
fn policy_without_platform_has_no_platform_path() {
    let version_1 = "schema_version: 1
name: evals
harness: [scripts/eval.sh]
runtime: RUNTIME
defaults: {RUNTIME: agent}
override: MODEL
secrets: [{key: ACME_API_KEY, inject: [ACME_API_KEY]}]
fallback: ze-mini
";
    for policy in [version_1, EVERY] {
        let scratch = repository("no-platform", REGISTRY, policy, &job("a", "MODEL: ac-large"));
        let output = slugproof(["prove"]).dir(&scratch).run();
        assert!(!output.stdout.contains("platform"), "{}", output.snapshot());
        let output = lint(&scratch);
        assert!(output.code == 1 && !output.stdout.contains("platform"), "{}", output.snapshot());
    }
}

#[test]
fn missing_default_model_is_reported() {
    let version_1 = "schema_version: 1
name: evals
harness: [scripts/eval.sh]
runtime: RUNTIME
defaults: {RUNTIME: agent}
override: MODEL
platform: {var: NO_PATH, value: never, model: NO_MODEL, fallback: ze-mini}
secrets: [{key: ACME_API_KEY, inject: [ACME_API_KEY]}]
";
    let version_2 = EVERY.replace(", {use: ze-mini}", "");
    for policy in [version_1, &version_2] {
        let scratch = repository("no-model", REGISTRY, policy, &job("a", &secret("ACME_API_KEY")));
        assert_eq!(checked(&scratch).code, 0);
        assert_findings(&scratch, &[("model-required", "set MODEL=ac-large")]);
    }
}

#[test]
fn script_without_variables_is_named_in_the_help() {
    let policy = "schema_version: 2
name: seed
harness: [scripts/eval.sh]
runtime: [{use: agent}]
runtimes: [agent]
model: [{use: ac-large}]
";
    let scratch = repository("fixed", REGISTRY, policy, &job("a", "OTHER: x"));
    let help = "no variable changes model or secrets of policy `seed`; edit scripts/eval.sh";
    assert_findings(&scratch, &[("missing-credential", help)]);
    let output = slugproof(["prove", "--deny", "gaps"]).dir(&scratch).run();
    assert!(output.stdout.contains("1 gap:"), "{}", output.snapshot());
    let constant = format!("{policy}secrets: [{{inject: [ACME_API_KEY]}}]\n");
    assert_findings(&repository("fixed-key", REGISTRY, &constant, &job("a", "OTHER: x")), &[]);
}

#[test]
fn job_that_creates_nothing_is_not_judged() {
    let creates = "creates: {unless: [{SELF_TEST: '1'}, {ADMIN_TOKEN: unset}]}\n";
    let jobs = job("test", &format!("SELF_TEST: '1', {}", secret("ADMIN_TOKEN"))) + &job("fork", "MODEL: ac-large");
    assert_findings(&repository("creates", REGISTRY, &format!("{EVERY}{creates}"), &jobs), &[]);
    let created = job("real", &format!("MODEL: ac-large, {}", secret("ADMIN_TOKEN")));
    let scratch = repository("creates", REGISTRY, &format!("{EVERY}{creates}"), &created);
    assert_findings(&scratch, &[("missing-credential", "set ACME_API_KEY=")]);
}

#[test]
fn every_set_key_reaches_the_process() {
    let both = format!("MODEL: ze-mini, {}, {}", secret("ACME_API_KEY"), secret("ZETA_API_KEY"));
    let wrong = format!("MODEL: ze-mini, {}", secret("ACME_API_KEY"));
    let scratch = repository("every", REGISTRY, EVERY, &(job("both", &both) + &job("wrong", &wrong)));
    assert_findings(&scratch, &[("wrong-credential", "set ZETA_API_KEY=<ZETA_API_KEY>, which")]);
    assert!(!lint(&scratch).stdout.contains("unset ACME_API_KEY"));
}

/// A fix completes the credentials of which a part is there.
#[test]
fn partial_credentials_are_completed() {
    let registry =
        REGISTRY.replace("auth_env: [ACME_API_KEY]", "auth_env: [ACME_PROFILE, [ACME_ID, ACME_SECRET, ACME_REGION]]");
    let policy = EVERY
        .replace("{key: ACME_API_KEY}", "{key: ACME_ID}, {key: ACME_SECRET}, {key: ACME_REGION}, {key: ACME_PROFILE}");
    let jobs = job("id", &format!("MODEL: ac-large, {}", secret("ACME_ID")))
        + &job("region", "MODEL: ac-large, ACME_REGION: eu");
    let scratch = repository("partial", &registry, &policy, &jobs);
    assert_findings(
        &scratch,
        &[
            ("wrong-credential", "set ACME_SECRET=<ACME_SECRET> and set ACME_REGION=<ACME_REGION>"),
            ("wrong-credential", "set ACME_ID=<ACME_ID> and set ACME_SECRET=<ACME_SECRET>"),
        ],
    );
    assert!(lint(&scratch).stdout.contains("missing: ACME_SECRET, ACME_REGION"));
}

/// One rule needs several keys, and some are set.
#[test]
fn partly_set_keys_of_a_rule_are_completed() {
    let registry =
        REGISTRY.replace("auth_env: [ACME_API_KEY]", "auth_env: [ACME_PROFILE, [ACME_ID, ACME_SECRET, ACME_REGION]]");
    let names = ["ACME_ID", "ACME_SECRET", "ACME_REGION"];
    let rule = format!("{{when: {{{}: set}}, inject: [{}]}}", names.join(": set, "), names.join(", "));
    let policy = EVERY.replace("{key: ACME_API_KEY}", &format!("{{key: ACME_PROFILE}}, {rule}"));
    for policy in [policy.replace("inject: every", "inject: first"), policy] {
        let jobs = job("id", &format!("MODEL: ac-large, {}", secret("ACME_ID")))
            + &job("none", "MODEL: ac-large")
            + &job("two", &format!("MODEL: ac-large, {}, ACME_REGION: eu", secret("ACME_ID")));
        let set =
            |names: &[&str]| names.iter().map(|name| format!("set {name}=<{name}>")).collect::<Vec<_>>().join(" and ");
        let helps = [set(&names[1..]), set(&["ACME_PROFILE"]), set(&names[1..2])];
        let expected: Vec<(&str, &str)> = helps.iter().map(|help| ("missing-credential", help.as_str())).collect();
        assert_findings(&repository("partial-rule", &registry, &policy, &jobs), &expected);
    }
}

#[test]
fn keyless_provider_needs_nothing() {
    let registry = REGISTRY.replace("auth_env: [ZETA_API_KEY]", "auth_env: []");
    let scratch = repository("keyless", &registry, &EVERY.replace(", {key: ZETA_API_KEY}", ""), &job("a", "OTHER: x"));
    assert_eq!(checked(&scratch).code, 0);
    assert_findings(&scratch, &[]);
    assert_eq!(lint(&scratch).code, 0);
}

/// A provider without authentication takes any key, so the model stays.
#[test]
fn key_with_any_value_is_set_first() {
    let registry = REGISTRY.replace("auth_env: [ZETA_API_KEY]", "auth_mode: none, auth_env: [ZETA_API_KEY]");
    let scratch = repository("any-key", &registry, EVERY, &job("a", &secret("ACME_API_KEY")));
    assert_findings(&scratch, &[("wrong-credential", "set ZETA_API_KEY=<ZETA_API_KEY>, which")]);
}

#[test]
fn empty_key_that_counts_as_set_is_deleted() {
    let policy = EVERY.replace("{use: ze-mini}", "{when: {ACME_API_KEY: set}, use: ac-large}, {use: ze-mini}");
    let policy = format!("{policy}empty_is_set: [ACME_API_KEY]\n");
    let env = format!("ACME_API_KEY: '', {}", secret("ZETA_API_KEY"));
    let scratch = repository("empty", REGISTRY, &policy, &job("a", &env));
    assert_findings(&scratch, &[("missing-credential", "delete `ACME_API_KEY`, which selects ze-mini from zeta")]);
    assert_eq!(slugproof(["lint", "--fix"]).dir(&scratch).run().code, 0);
    let set = job("a", &format!("{}, {}", secret("ACME_API_KEY"), secret("ZETA_API_KEY")));
    assert_findings(&repository("empty-set", REGISTRY, &policy, &set), &[]);
}

/// `resolve` and `pick` call an environment wrong that `lint` calls wrong.
#[test]
fn empty_key_is_no_key_for_resolve_and_pick() {
    let policy = EVERY.replace("{use: ze-mini}", "{when: {ACME_API_KEY: set}, use: ac-large}, {use: ze-mini}");
    let policy = format!("{policy}empty_is_set: [ACME_API_KEY]\n");
    let other =
        policy.replace("[{key: ACME_API_KEY}, ", "[{key: ACME_API_KEY}, {key: SPARE, inject: [ACME_API_KEY]}, ");
    for (policy, set, code, fix) in [
        (&policy, "ACME_API_KEY= ZETA_API_KEY=x", 1, "unset ACME_API_KEY → ze-mini"),
        (&policy, "ACME_API_KEY=", 1, "set ACME_API_KEY=<ACME_API_KEY> → ac-large"),
        (&policy, "ACME_API_KEY=x", 0, ""),
        (&policy, "ACME_API_KEY= MODEL=ze-mini ZETA_API_KEY=x", 0, ""),
        // Another variable holds the key.
        (&other, "ACME_API_KEY= SPARE=x", 0, ""),
    ] {
        let scratch = repository("empty-resolve", REGISTRY, policy, "");
        let set: Vec<&str> = set.split(' ').collect();
        let human =
            slugproof(["resolve", "--runtime", "agent"].into_iter().chain(set.iter().copied())).dir(&scratch).run();
        assert_eq!(human.code, code, "{set:?}: {}", human.snapshot());
        assert!(code == 0 || human.stdout.contains("missing-credential"), "{}", human.snapshot());
        let words = |fix: &str| fix.split(" → ").all(|word| human.stdout.contains(word));
        assert!(words(fix), "{set:?}: {}", human.snapshot());
        let empty = set.contains(&"ACME_API_KEY=");
        assert_eq!(human.stderr.contains("it counts as set, but holds no key"), empty, "{}", human.snapshot());
        let json = ["resolve", "--runtime", "agent", "--format", "json"].into_iter().chain(set.iter().copied());
        let json = slugproof(json).dir(&scratch).run().json();
        assert_eq!(json["code"] == "missing-credential", code == 1, "{json}");
        let pick = set.iter().filter_map(|set| set.split_once('='));
        let pick =
            pick.fold(slugproof(["pick", "agent"]).dir(&scratch), |run, (name, value)| run.env(name, value)).run();
        assert_eq!((pick.code, pick.stdout.is_empty()), (code, code == 1), "{set:?}: {}", pick.snapshot());
    }
}

/// The commands that read environments from a file call an environment wrong that `resolve` calls wrong.
#[test]
fn empty_key_is_no_key_for_every_command() {
    let policy = EVERY.replace("{use: ze-mini}", "{when: {ACME_API_KEY: set}, use: ac-large}, {use: ze-mini}");
    let policy = format!("{policy}empty_is_set: [ACME_API_KEY]\n");
    let other =
        policy.replace("[{key: ACME_API_KEY}, ", "[{key: ACME_API_KEY}, {key: SPARE, inject: [ACME_API_KEY]}, ");
    for (policy, set, is_finding) in [
        (&policy, r#""ACME_API_KEY": "", "ZETA_API_KEY": "set""#, true),
        (&policy, r#""ACME_API_KEY": """#, true),
        (&policy, r#""ACME_API_KEY": "set""#, false),
        (&policy, r#""ACME_API_KEY": "", "MODEL": "ze-mini", "ZETA_API_KEY": "set""#, false),
        // Another variable holds the key.
        (&other, r#""ACME_API_KEY": "", "SPARE": "set""#, false),
    ] {
        let code = if is_finding { ", code: missing-credential" } else { "" };
        let slug = if set.contains("ze-mini") { "ze-mini" } else { "ac-large" };
        let expect = |code: &str| format!("{CONFIG}expect: [{{runtime: agent, env: {{{set}}}, slug: {slug}{code}}}]\n");
        let scratch = repository("empty-everywhere", REGISTRY, policy, "").file("slugproof.yaml", expect(code));
        let line = format!(r#"{{"runtime": "agent", "env": {{{set}}}}}"#);
        let batch = slugproof(["resolve", "--batch", "-"]).input(line.as_str()).dir(&scratch).run();
        assert_eq!(batch.code, i32::from(is_finding), "{set}: {}", batch.snapshot());
        assert_eq!(batch.json_lines()[0]["code"] == "missing-credential", is_finding, "{set}: {}", batch.snapshot());

        let holds = |scratch: &Scratch| {
            slugproof(["prove"]).dir(scratch).run().stdout.contains("✓ 1 expectation of slugproof.yaml holds")
        };
        assert!(holds(&scratch), "{set}");
        let unexpected = if is_finding { expect("") } else { expect(", code: missing-credential") };
        let scratch = scratch.file("slugproof.yaml", unexpected);
        assert!(!holds(&scratch), "{set}");

        let given = set.replace(['"', ' '], "").replace(':', "=");
        let given: Vec<&str> = given.split(',').collect();
        let diagnose = ["diagnose", "--record", "-", "--runtime", "agent", "--output", "json"];
        let record = r#"{"status": "online"}"#;
        let diagnose = slugproof(diagnose.into_iter().chain(given)).input(record).dir(&scratch).run();
        assert_eq!(diagnose.code, i32::from(is_finding), "{set}: {}", diagnose.snapshot());
        assert_eq!(
            diagnose.json()["cause"]["name"] == "missing-credential",
            is_finding,
            "{set}: {}",
            diagnose.snapshot()
        );
        assert!(diagnose.stderr.contains("holds no key") == set.contains(r#"KEY": """#), "{}", diagnose.snapshot());
    }
}

/// `prove` finds the empty key that `resolve` finds, and the command that it prints reproduces it.
#[test]
fn empty_key_is_a_gap() {
    let every = EVERY.replace("{use: $MODEL}", "{when: {ACME_API_KEY: set}, use: ac-large}");
    let policy = format!("{every}empty_is_set: [ACME_API_KEY]\n");
    for (policy, is_gap) in [(&every, false), (&policy, true)] {
        let scratch = repository("empty-gap", REGISTRY, policy, "");
        let report = slugproof(["prove", "--output", "json"]).dir(&scratch).run().json();
        let gaps = report["policies"][0]["gaps"].as_array().expect("a list").clone();
        let is_empty = |gap: &&serde_json::Value| gap["set"]["ACME_API_KEY"] == "";
        let gap = gaps.iter().find(is_empty);
        assert_eq!(gap.is_some(), is_gap, "{gaps:#?}");
        let Some(gap) = gap else { continue };
        assert_eq!((&gap["code"], &gap["runtime"]), (&"missing-credential".into(), &"agent".into()));
        let human = slugproof(["prove", "--deny", "gaps"]).dir(&scratch).run();
        assert!(human.code == 1 && human.stdout.contains("ACME_API_KEY=\"\"\n"), "{}", human.snapshot());
        let accept = "accept: [{code: missing-credential, set: [ACME_API_KEY], reason: known}]\n";
        let scratch = scratch.file("slugproof.yaml", format!("{CONFIG}{accept}"));
        let report = slugproof(["prove", "--output", "json"]).dir(&scratch).run().json();
        let gaps = report["policies"][0]["gaps"].as_array().expect("a list").clone();
        let gap = gaps.iter().find(is_empty).expect("the gap stays");
        assert_eq!(gap["accepted"], "known", "{report:#}");
    }
}

/// The pattern matches `a` and `b`, and a rule names `a`.
#[test]
fn other_id_of_a_compared_model_is_a_gap() {
    let registry =
        REGISTRY.replace("'^(acme/|ac-)'", "'^(a|b)$'").replace("acme, models: [ac-large, ac-small]", "acme");
    let model = "model: [{when: {MODEL: a}, use: ze-mini}, {when: {MODEL: set}, use: $MODEL}, {use: ze-mini}]";
    let policy = EVERY.replace("model: [{use: $MODEL}, {use: ze-mini}]", model);
    let report =
        slugproof(["prove", "--output", "json"]).dir(&repository("compared", &registry, &policy, "")).run().json();
    let gaps = report["policies"][0]["gaps"].as_array().expect("a list").clone();
    let is_other = |gap: &serde_json::Value| gap["slug"] == "b" && gap["provider"] == "acme";
    assert!(gaps.iter().any(is_other), "{gaps:#?}");
}

/// A fix of another contradiction does not lead to an empty key.
#[test]
fn fix_does_not_rely_on_an_empty_key() {
    let policy = EVERY.replace("{use: ze-mini}", "{when: {ACME_API_KEY: set}, use: ac-large}, {use: ze-mini}");
    let policy = format!("{policy}empty_is_set: [ACME_API_KEY]\n");
    let scratch = repository("empty-fix", REGISTRY, &policy, "");
    let resolve = ["resolve", "--runtime", "agent", "--output", "json", "MODEL=acme:ac-large", "ZETA_API_KEY=set"];
    let json = slugproof(resolve.into_iter().chain(["ACME_API_KEY="])).dir(&scratch).run().json();
    let fixes = json["fixes"].as_array().expect("a list");
    assert!(fixes.iter().all(|fix| fix["provider"] == "zeta"), "{json:#}");
    let json = slugproof(resolve.into_iter().chain(["ACME_API_KEY=set"])).dir(&scratch).run().json();
    assert_eq!(json["fixes"][0]["slug"], "ac-large", "{json:#}");
}

/// The vendor is called directly, with an empty key, because its variable exists.
#[test]
fn empty_key_bypasses_gateway() {
    let registry = "schema_version: 1
providers:
  - {name: gateway, auth_env: [GATE_TOKEN]}
  - {name: direct, auth_env: [ACME_API_KEY]}
runtimes:
  gateway: {providers: [{name: gateway, models: [acme/large]}]}
  direct: {providers: [{name: direct, models: [acme/large]}]}
";
    let policy = &evals(
        "runtime: [{when: {ACME_API_KEY: set}, use: direct}, {use: gateway}]
empty_is_set: [ACME_API_KEY]
model: [{use: acme/large}]
inject: every
secrets: [{key: ACME_API_KEY}, {key: GATE_TOKEN}]
",
    );
    let env = format!("ACME_API_KEY: '', {}", secret("GATE_TOKEN"));
    let scratch = repository("gateway", registry, policy, &job("a", &env));
    let found = findings(&scratch);
    assert!(found[0].1.contains("ACME_API_KEY") && found[0].1.contains("from gateway"), "{found:?}");
    assert_findings(&repository("gateway-only", registry, policy, &job("a", &secret("GATE_TOKEN"))), &[]);
}

const HOUSE: &str = "schema_version: 2
name: evals
harness: [scripts/eval.sh]
runtime: [{use: agent}]
runtimes: [agent]
model:
  - {name: house, when: {BILLING: house}, use: [$HOUSE_MODEL, house/m-1]}
  - {name: override, use: $MODEL}
  - {use: ze-mini}
secrets:
  - {when: {BILLING: house}, path: platform}
  - {key: ZETA_API_KEY}
";

#[test]
fn platform_rule_before_override_decides() {
    let registry = REGISTRY
        .replace("runtimes:\n", "  - {name: house, billing: platform, model_prefix_match: '^house/'}\nruntimes:\n");
    let registry = registry.replace("models: [ze-mini]}", "models: [ze-mini]}, {name: house, models: [house/m-1]}");
    let env = format!("BILLING: house, MODEL: ze-mini, {}", secret("ZETA_API_KEY"));
    let scratch = repository("house", &registry, HOUSE, &job("a", &env));
    assert_eq!(checked(&scratch).code, 0);
    assert_findings(&scratch, &[]);
    let output =
        slugproof(["resolve", "--runtime", "agent", "BILLING=house", "HOUSE_MODEL=ze-mini", "MODEL=house/m-1"])
            .dir(&scratch)
            .run();
    assert!(output.stdout.contains("platform-path-byok-model"), "{}", output.snapshot());
}

/// An entry of `accept` without a job says that an environment is possible, not that a job has it.
#[test]
fn accepted_environment_does_not_hide_a_job() {
    let accept = "accept: [{code: missing-credential, unset: [ZETA_API_KEY], reason: a fork has no key}]\n";
    let scratch = repository("accept", REGISTRY, EVERY, &job("a", "OTHER: x"));
    let scratch = scratch.file("slugproof.yaml", format!("{CONFIG}{accept}"));
    assert_findings(&scratch, &[("missing-credential", "set ZETA_API_KEY")]);
}

#[test]
fn embedded_policy_has_the_default_of_its_script() {
    let jobs = "on: push\njobs:\n  a:\n    env: {E2E_OPENAI_API_KEY: \"${{ secrets.K }}\"}\n    steps:\n      \
                - run: bash tests/e2e/test_staging_full_saas.sh\n";
    let scratch = Scratch::new("cases-default").file(".github/workflows/w.yml", jobs);
    let output = slugproof(["lint", "--no-config"]).dir(&scratch).run();
    assert_eq!(output.code, 0, "{}", output.snapshot());
}

#[test]
fn variable_or_literal_is_two_cases() {
    let env = format!("MODEL: \"${{{{ vars.MODEL || 'ac-large' }}}}\", {}", secret("ZETA_API_KEY"));
    let scratch = repository("vars", REGISTRY, EVERY, &job("a", &env));
    let output = lint(&scratch);
    assert!(
        output.stdout.contains("undecided: ") && output.stdout.contains("when `vars.MODEL` is unset"),
        "{}",
        output.snapshot()
    );
    let declared = scratch.file("slugproof.yaml", format!("{CONFIG}vars: {{MODEL: ze-mini}}\n"));
    assert_eq!(lint(&declared).code, 0);
    let absent = declared.file("slugproof.yaml", format!("{CONFIG}absent_vars: [MODEL]\n"));
    assert_findings(&absent, &[("wrong-credential", "set ACME_API_KEY=")]);
    assert!(!lint(&absent).stdout.contains("undecided"));
}

#[test]
fn variable_that_empties_the_model_is_reported() {
    let policy = EVERY.replace(", {use: ze-mini}", "");
    let env = format!("MODEL: \"${{{{ vars.MODEL || '' }}}}\", {}", secret("ACME_API_KEY"));
    let scratch = repository("blank", REGISTRY, &policy, &job("a", &env));
    let output = lint(&scratch);
    assert!(output.stdout.contains("would fail with\n          `model-required`"), "{}", output.snapshot());
    let absent = scratch.file("slugproof.yaml", format!("{CONFIG}absent_vars: [MODEL]\n"));
    assert_findings(&absent, &[("model-required", "set MODEL=ac-large")]);
}

/// An outer `env` has a model, which an inner one replaces by nothing: the model of the outer one is meant.
#[test]
fn emptied_model_gets_the_text_of_the_outer_env() {
    let policy = EVERY.replace(", {use: ze-mini}", "");
    let outer = format!("on: push\nenv: {{MODEL: ac-small, {}}}\njobs:\n", secret("ACME_API_KEY"));
    let blank = "MODEL: \"${{ vars.MODEL || '' }}\"";
    for (outer, inner, first) in [
        (outer.clone(), blank, "set MODEL=ac-small, which selects ac-small from acme"),
        (outer.clone(), "MODEL: ''", "set `MODEL` to `ac-small`, which selects ac-small from acme"),
        // No provider serves the outer one.
        (outer.replace("ac-small", "xx-1"), blank, "set MODEL=ac-large, which selects ac-large from acme"),
    ] {
        let scratch = repository("outer", REGISTRY, &policy, "")
            .file("slugproof.yaml", format!("{CONFIG}absent_vars: [MODEL]\n"))
            .file(".github/workflows/w.yml", format!("{outer}{}", job("a", inner)));
        assert_findings(&scratch, &[("model-required", first)]);
    }
}

#[test]
fn unlisted_secret_injects_nothing() {
    let scratch = repository("unlisted", REGISTRY, EVERY, &job("a", "ZETA_API_KEY: \"${{ secrets.ZETA_API_KYE }}\""));
    assert_findings(&scratch, &[("near-miss", "did you mean `ZETA_API_KEY`?")]);
    let known = scratch.file("slugproof.yaml", format!("{CONFIG}known_secrets: [ZETA_API_KEY]\n"));
    assert_findings(&known, &[("missing-credential", "set ZETA_API_KEY=")]);
    let help = "the secret `ZETA_API_KYE` does not exist: did you mean `ZETA_API_KEY`?";
    let shown = lint(&known).stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains(help), "{shown}");
}

fn matrix(rows: &str, env: &str) -> String {
    format!(
        "  a:\n    runs-on: ubuntu-latest\n    strategy:\n      matrix: {{{rows}}}\n    env: {{{env}}}\n    \
         steps:\n      - run: bash scripts/eval.sh\n"
    )
}

/// Each provider without a key has a finding, and no help changes the rows that work.
#[test]
fn matrix_rows_of_two_providers_have_two_findings() {
    let env = format!("MODEL: \"${{{{ matrix.model }}}}\", {}, {}", secret("ACME_API_KEY"), secret("ZETA_API_KEY"));
    let absent = format!("{CONFIG}absent_secrets: [ACME_API_KEY, ZETA_API_KEY]\n");
    let scratch = repository("rows", REGISTRY, EVERY, &matrix("model: [ac-large, ze-mini]", &env));
    let scratch = scratch.file("slugproof.yaml", &absent);
    let [acme, zeta] = ["set ACME_API_KEY=", "set ZETA_API_KEY="];
    assert_findings(&scratch, &[("missing-credential", acme), ("missing-credential", zeta)]);
    let shown = lint(&scratch).stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains("the secret `ACME_API_KEY` does not exist: create it"), "{shown}");
    assert!(shown.contains("in the matrix row model = ze-mini, set MODEL=ac-large and"), "{shown}");

    let absent = format!("{CONFIG}absent_secrets: [ZETA_API_KEY]\n");
    let scratch = scratch.file("slugproof.yaml", &absent);
    assert_findings(&scratch, &[("wrong-credential", zeta)]);
    let output = lint(&scratch);
    assert!(
        output.stdout.contains("leave this row out of the matrix, by `exclude` or from `include`:")
            && !output.stdout.contains("set MODEL")
    );
}

/// Every row of the group without a key is named; a row that works for another event is not.
#[test]
fn help_names_every_failing_row() {
    let env = format!("MODEL: \"${{{{ matrix.model }}}}\", {}", secret("ACME_API_KEY"));
    const OUT: &str = "help: leave these rows out of the matrix, by `exclude` or from `include`:";
    for (name, rows, env, help) in [
        ("plain", "model: [ac-large, ze-a, ze-b]", env.clone(), Some(format!("{OUT} model = ze-a; model = ze-b"))),
        (
            "objects",
            "cfg: [{model: ac-large}, {model: ze-a}, {model: ze-b}]",
            env.replace("matrix.", "matrix.cfg."),
            Some(format!("{OUT} cfg.model = ze-a; cfg.model = ze-b")),
        ),
        (
            "many",
            "model: [ac-large, ze-1, ze-2, ze-3, ze-4, ze-5, ze-6]",
            env.clone(),
            Some(format!("{OUT} model = ze-1; model = ze-2; model = ze-3; model = ze-4; and 2 more rows")),
        ),
        (
            "of-an-event",
            "model: [ac-large, ac-small]",
            env.replace("secrets.ACME_API_KEY", "github.event_name == 'push' && secrets.ACME_API_KEY || ''"),
            None,
        ),
    ] {
        let scratch = repository(&format!("rows-{name}"), REGISTRY, EVERY, &matrix(rows, &env));
        let workflow = fs::read_to_string(scratch.0.join(".github/workflows/w.yml")).expect("the file exists");
        let workflow = workflow.replace("on: push", "on: [push, workflow_dispatch]");
        let output = lint(&scratch.file(".github/workflows/w.yml", workflow));
        let text = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        let is_right = help.map_or(!text.contains("out of the matrix"), |help| text.contains(&help));
        assert!(output.code == 1 && is_right, "{name}: {}", output.snapshot());
    }
}

/// A wrong value that a caller passes is corrected where it is passed: other callers pass right ones.
#[test]
fn help_names_the_input_that_a_caller_passes() {
    let call = |id: &str, uses: &str, with: &str| {
        let steps = format!(
            "    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n      - uses: {uses}\n        \
             with: {{{with}}}\n"
        );
        match uses.ends_with(".yml") {
            true => format!("  {id}:\n    uses: {uses}\n    with: {{{with}}}\n    secrets: inherit\n"),
            false => format!("  {id}:\n{steps}"),
        }
    };
    let (workflow, action) = ("./.github/workflows/r.yml", "./.github/actions/eval");
    let files = |value: &str| {
        let env = |key: &str| format!("{{ACME_API_KEY: \"${{{{ {key} }}}}\", MODEL: \"{value}\"}}");
        let reusable = format!(
            "on:\n  workflow_call:\n    inputs: {{model: {{type: string}}}}\njobs:\n  x:\n    \
             runs-on: ubuntu-latest\n    steps:\n      - env: {}\n        run: bash scripts/eval.sh\n",
            env("secrets.ACME_API_KEY")
        );
        let composite = format!(
            "name: eval\ninputs: {{model: {{}}, key: {{}}}}\nruns:\n  using: composite\n  steps:\n    \
             - shell: bash\n      env: {}\n      run: scripts/eval.sh\n",
            env("inputs.key")
        );
        (reusable, composite)
    };
    const KEY: &str = "key: \"${{ secrets.ACME_API_KEY }}\"";
    const INPUT: &str = "${{ inputs.model }}";
    let one = |uses: &str, model: &str| call("a", uses, &format!("model: {model}, {KEY}"));
    let two = |uses: &str, model: &str| call("b", uses, &format!("model: {model}, {KEY}"));
    let in_job = "set `model: ac-large` in `with` of job `a` of .github/workflows/w.yml, which";
    let in_step = "set `model: ac-large` in `with` of step 2 of job `a` of .github/workflows/w.yml, which";
    for (name, value, jobs, help) in [
        ("workflow", INPUT, one(workflow, "ze-mini"), in_job),
        ("action", INPUT, one(action, "ze-mini"), in_step),
        ("right-caller", INPUT, one(workflow, "ze-mini") + &two(workflow, "ac-small"), in_job),
        ("right-step", INPUT, one(action, "ze-mini") + &two(action, "ac-small"), in_step),
        (
            "callers",
            INPUT,
            one(workflow, "ze-mini") + &two(workflow, "ze-2"),
            "set `model: ac-large` in `with` of each caller",
        ),
        ("default", "${{ inputs.model || 'ze-mini' }}", one(workflow, "''"), "set MODEL=ac-large"),
    ] {
        let jobs = if jobs.contains(".yml") { jobs.replace(&format!(", {KEY}"), "") } else { jobs };
        let (reusable, composite) = files(value);
        let policy = EVERY.replace(", {use: ze-mini}", "");
        let scratch = repository(&format!("passed-{name}"), REGISTRY, &policy, &jobs)
            .file(".github/workflows/r.yml", reusable)
            .file(".github/actions/eval/action.yml", composite);
        let output = lint(&scratch);
        let text = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(&format!("help: {help}")), "{name}: {}", output.snapshot());
    }
}

/// One variable of the repository decides the payer and the model: not every combination of their values is possible.
#[test]
fn impossible_combination_is_not_named() {
    let choice =
        |variable: &str, yes: &str, no: &str| format!("{variable}: \"${{{{ vars.ZETA == '1' && {yes} || {no} }}}}\"");
    let model = choice("MODEL", "'ze-mini'", "'ac-large'");
    let env = format!("{model}, {}", choice("ZETA_API_KEY", "secrets.ZETA_API_KEY", "''"));
    let other = env.replacen("vars.ZETA", "vars.OTHER", 1);
    for (name, env, is_named) in [("same", env, false), ("other", other, true)] {
        let env = format!("{env}, {}", secret("ACME_API_KEY"));
        let output = lint(&repository(&format!("dependent-{name}"), REGISTRY, EVERY, &job("a", &env)));
        let is_right =
            output.stdout.contains("undecided:") && output.stdout.contains("one possible result") == is_named;
        assert!(is_right, "{name}: {}", output.snapshot());
    }
}

/// The row has a model that no list has, so the row is what to change.
#[test]
fn help_names_the_row_with_a_wrong_model() {
    let env = format!("MODEL: \"${{{{ matrix.model }}}}\", {}", secret("ACME_API_KEY"));
    let scratch = repository("row", REGISTRY, EVERY, &matrix("model: [ac-large, old/ac-small]", &env));
    let output = lint(&scratch);
    let help = "in the matrix row model = old/ac-small, set MODEL=ac-small";
    assert!(output.stdout.split_whitespace().collect::<Vec<_>>().join(" ").contains(help), "{}", output.snapshot());
}

/// The model of one row needs a key that no row has; the other rows have no such value.
#[test]
fn help_names_the_row_whose_model_has_no_key() {
    let env = format!("MODEL: \"${{{{ matrix.model }}}}\", {}", secret("ACME_API_KEY"));
    let rows = "include: [{n: a, model: ac-small}, {n: b, model: ze-mini}]";
    let scratch = repository("row-key", REGISTRY, EVERY, &matrix(rows, &env));
    let text = lint(&scratch).stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let shown = lint(&scratch).snapshot();
    assert!(text.contains("help: set ZETA_API_KEY=") && !text.contains("help: set MODEL"), "{shown}");
    assert!(
        text.contains("leave this row out of the matrix") || text.contains("in the matrix row model = ze-mini, "),
        "{shown}"
    );
}

/// A row without the value that the others have, and no default: the row is what to change.
#[test]
fn help_names_the_row_without_a_value() {
    let env = format!("MODEL: \"${{{{ matrix.model }}}}\", {}", secret("ACME_API_KEY"));
    let policy = EVERY.replace(", {use: ze-mini}", "");
    let rows = "include: [{n: a, model: ac-small}, {n: b}]";
    let output = lint(&repository("row-empty", REGISTRY, &policy, &matrix(rows, &env)));
    let text = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let help = "= help: in the matrix row model = \"\", set MODEL=ac-large";
    assert!(text.contains("error[model-required]") && text.contains(help), "{}", output.snapshot());
}

/// Two rows fail for opposite reasons; a key for every row would fix one and break another.
#[test]
fn help_breaks_no_other_row() {
    let policy = &evals(
        "runtime: RUNTIME
defaults: {RUNTIME: agent}
model: [{when: {TEAM: red}, use: ac-large}, {use: ze-mini}]
secrets: [{key: ACME_API_KEY}, {key: ZETA_API_KEY}]
",
    );
    let key =
        |name: &str, value: &str| format!("{name}: \"${{{{ matrix.key == '{value}' && secrets.{name} || '' }}}}\"");
    let env = format!(
        "TEAM: \"${{{{ matrix.team }}}}\", {}, {}",
        key("ACME_API_KEY", "first"),
        key("ZETA_API_KEY", "second")
    );
    let rows = "team: [red, blue], key: [first, second]";
    let scratch = repository("mixed", REGISTRY, policy, &matrix(rows, &env));
    let found = findings(&scratch);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found.iter().all(|(code, help)| code == "wrong-credential" && help.starts_with("leave this row out")),
        "{found:?}"
    );
    let output = lint(&scratch);
    assert!(output.stdout.contains("'first'"), "compared literals are readable: {}", output.snapshot());
}

/// A reference or a quoted text gets no vendor in front: the pattern of the vendor would take it.
#[test]
fn reference_gets_no_vendor() {
    for (value, has_vendor) in [("zz-1", true), ("$M", false), ("vars.M", false), ("'\"ac-large\"'", false)] {
        let env = format!("MODEL: {value}, {}", secret("ACME_API_KEY"));
        let output = lint(&repository("reference", REGISTRY, EVERY, &job("a", &env)));
        let is_right = output.code == 1 && output.stdout.contains("set MODEL=acme/") == has_vendor;
        assert!(is_right, "{value}: {}", output.snapshot());
    }
}

/// The model that the writer named stays; only its spelling changes.
#[test]
fn route_prefix_is_the_first_fix() {
    let policy = EVERY.replace("{use: ze-mini}", "{when: {ACME_API_KEY: set}, use: ac-small}, {use: ze-mini}");
    let env = format!("MODEL: Pro/deep/V3.2, {}", secret("ACME_API_KEY"));
    let scratch = repository("prefix", REGISTRY, &policy, &job("a", &env));
    let expected = [("unregistered-model", "set MODEL=acme/Pro/deep/V3.2, which selects acme/Pro/deep/V3.2 from acme")];
    assert_findings(&scratch, &expected);
    // Only a pattern takes this id, so the writer has to say that it exists.
    assert_eq!(slugproof(["lint", "--fix"]).dir(&scratch).run().code, 1);
    assert_findings(&scratch, &expected);
}

/// An edit is made without asking only if it keeps the vendor that the writer named, and sets only a listed id.
#[test]
fn fix_sets_no_model_of_another_vendor() {
    let registry = "schema_version: 1
providers:
  - {name: acme, auth_env: [ACME_API_KEY], model_prefix_match: '^ac-'}
  - {name: by-pattern, auth_env: [], model_prefix_match: '^by-pattern/'}
  - {name: by-list, auth_env: []}
runtimes:
  agent:
    providers: [{name: acme, models: [ac-large]}, {name: by-pattern}, {name: by-list, models: [free-1, by-list/free-2]}]
";
    let policy = EVERY.replace(", {key: ZETA_API_KEY}", "").replace("ze-mini", "ac-large");
    for (slug, fixed) in [
        // No arm lists the id that the pattern takes, the vendor has a key, and the writer named neither.
        ("gp-large", None),
        ("ac-large", None),
        ("other/free-1", None),
        // The slug names the provider.
        ("by-list/free-3", Some("by-list/free-2")),
    ] {
        let scratch = repository("unasked", registry, &policy, &job("a", &format!("MODEL: {slug}")));
        let workflow = scratch.0.join(".github/workflows/w.yml");
        let before = fs::read_to_string(&workflow).expect("the file exists");
        let output = slugproof(["lint", "--fix"]).dir(&scratch).run();
        let after = fs::read_to_string(&workflow).expect("the file exists");
        assert_eq!(after, before.replace(slug, fixed.unwrap_or(slug)), "{}", output.snapshot());
        assert_eq!(output.code, i32::from(fixed.is_none()), "{}", output.snapshot());
    }
}

/// `check` says that a model was withdrawn, and says nothing about the model of a rule that never applies.
#[test]
fn policy_model_that_was_withdrawn_is_named_so() {
    let registry = REGISTRY.replace("models: [ac-large, ac-small]", "models: [ac-large], withdrawn_models: [old-1]");
    let policy = evals(
        "runtime: RUNTIME\nmodel: [{when: {A: set}, use: old-1}, {when: {A: b}, use: nobody}, {use: ac-large}]\n\
         secrets: [{key: ACME_API_KEY}]\n",
    );
    let output = checked(&repository("withdrawn-policy", &registry, &policy, ""));
    let titles: Vec<&str> = output.stdout.lines().filter(|line| line.contains("]: ")).collect();
    let expected = [
        "warning[unreachable-rule]: the rule never applies",
        "warning[unregistered-policy-model]: `acme` has withdrawn the model `old-1`",
    ];
    let is_same = titles.len() == 2 && expected.iter().all(|title| titles.contains(title));
    assert!(is_same, "{}", output.snapshot());
}

/// The platform of a registry need not be named `platform`, but some provider has to be its own.
#[test]
fn platform_path_without_a_payer_is_noted() {
    let version_1 = "schema_version: 1\nname: evals\nharness: [scripts/eval.sh]\nruntime: RUNTIME\noverride: MODEL\n\
                     platform: {var: PAYER, value: house, model: HOUSE_MODEL, fallback: ac-large}\n\
                     fallback: ac-large\n";
    let version_2 = evals(
        "runtime: RUNTIME\nmodel: [{use: ac-large}]\n\
         secrets: [{when: {PAYER: house}, path: platform}, {key: ACME_API_KEY}]\n",
    );
    for (number, policy) in [version_1, &version_2].into_iter().enumerate() {
        for (registry, is_noted) in
            [(REGISTRY.to_owned(), true), (REGISTRY.replace("name: acme,", "name: acme, billing: platform,"), false)]
        {
            let output = checked(&repository(&format!("payer-{number}"), &registry, policy, ""));
            assert_eq!(output.stdout.contains("note[no-platform-provider]"), is_noted, "{}", output.snapshot());
        }
    }
}

/// A bare id goes to another provider than the one whose key is there.
#[test]
fn bare_id_gets_prefix_of_provider_with_key() {
    let registry = "schema_version: 1
providers:
  - {name: cloud, auth_env: [CLOUD_CREDENTIALS], model_prefix_match: '^(cloud/|gem-)'}
  - {name: gem, auth_env: [LLM_KEY], model_prefix_match: '^gem/'}
  - {name: acme, auth_env: [LLM_KEY], model_prefix_match: '^acme/'}
runtimes:
  agent: {providers: [{name: cloud}, {name: gem}, {name: acme, models: [acme/large]}]}
";
    let policy = EVERY
        .replace("[{key: ACME_API_KEY}, {key: ZETA_API_KEY}]", "[{key: LLM_KEY}]")
        .replace("ze-mini", "acme/large");
    let scratch = repository("bare", registry, &policy, &job("a", &format!("MODEL: gem-2.5, {}", secret("LLM_KEY"))));
    assert_findings(&scratch, &[("wrong-credential", "set MODEL=gem/gem-2.5, which selects gem/gem-2.5 from gem")]);
}

#[test]
fn suggestion_prefers_ids_whose_key_is_there() {
    let registry = "schema_version: 1
providers:
  - {name: shop, auth_env: [SHOP_KEY]}
  - {name: acme, auth_env: [ACME_API_KEY]}
  - {name: fast, auth_env: [FAST_KEY], model_prefix_match: '^fast/'}
runtimes:
  agent:
    providers:
      - {name: shop, models: [shop/open/oss-120b, shop/acme/sonnet-4.6]}
      - {name: acme, models: [acme/fable-5, acme/sonnet-4-6]}
      - {name: fast, models: [fast/speech-v1, fast/open/oss-120b]}
";
    let policy = EVERY.replace("{key: ZETA_API_KEY}", "{key: FAST_KEY}").replace("ze-mini", "acme/fable-5");
    let scratch = repository("suggest", registry, &policy, "");
    for (key, slug, id) in [
        ("FAST_KEY=set", "MODEL=open/oss-120b", "fast/open/oss-120b"),
        ("ACME_API_KEY=set", "MODEL=acme/sonnet-4.6", "acme/sonnet-4-6"),
    ] {
        let output = slugproof(["resolve", "--runtime", "agent", key, slug]).dir(&scratch).run();
        assert!(output.stdout.contains(&format!("did you mean {id}?")), "{}", output.snapshot());
        assert!(output.stdout.contains(&format!("  1. set MODEL={id},")), "{}", output.snapshot());
    }
}

/// Each slot of a harness has a policy of its own; no fix of one takes the key of another.
#[test]
fn each_model_slot_is_judged() {
    let slot = |name: &str, variable: &str, model: &str| {
        EVERY.replace("name: evals", &format!("name: {name}")).replace("$MODEL", variable).replace("ze-mini", model)
    };
    let jobs = job("one", &secret("ACME_API_KEY"))
        + &job("both", &format!("{}, {}", secret("ACME_API_KEY"), secret("ZETA_API_KEY")));
    let scratch = repository("slots", REGISTRY, &slot("target", "$config.model", "ac-large"), &jobs)
        .file("grader.yaml", slot("grader", "$GRADER", "ze-mini"))
        .file("slugproof.yaml", CONFIG.replace("policy.yaml", "policy.yaml, grader.yaml"));
    assert_eq!(checked(&scratch).code, 0);
    assert_findings(&scratch, &[("wrong-credential", "set GRADER=ac-large")]);
    assert!(!lint(&scratch).stdout.contains("unset ACME_API_KEY"));
}

/// In version 1 the first key alone counts, so the key of the target would have to go.
#[test]
fn fix_of_one_policy_spoils_no_other() {
    let policy = |name: &str, variable: &str, model: &str| {
        format!(
            "schema_version: 1\nname: {name}\nharness: [scripts/eval.sh]\nruntime: RUNTIME\ndefaults: \
             {{RUNTIME: agent}}\noverride: {variable}\nsecrets: [{{key: ACME_API_KEY, \
             inject: [ACME_API_KEY]}}, {{key: ZETA_API_KEY, inject: [ZETA_API_KEY]}}]\nfallback: {model}\n"
        )
    };
    let scratch =
        repository("spoils", REGISTRY, &policy("target", "TARGET", "ac-large"), &job("a", &secret("ACME_API_KEY")))
            .file("grader.yaml", policy("grader", "GRADER", "ze-mini"))
            .file("slugproof.yaml", CONFIG.replace("policy.yaml", "policy.yaml, grader.yaml"));
    assert_findings(&scratch, &[("wrong-credential", "set GRADER=ac-large")]);
    assert!(!lint(&scratch).stdout.contains("unset ACME_API_KEY"), "{}", lint(&scratch).snapshot());
}

/// A secret of the model's vendor in the variable of another vendor is moved.
#[test]
fn secret_in_wrong_variable_is_moved() {
    let policy = EVERY.replace(
        "[{key: ACME_API_KEY}, {key: ZETA_API_KEY}]",
        "[{key: ACME_KEY, inject: [ACME_API_KEY]}, {key: ZETA_KEY, inject: [ZETA_API_KEY]}]",
    );
    let jobs = job("a", "MODEL: ac-new, ZETA_KEY: \"${{ secrets.ACME_API_KEY }}\"");
    let scratch = repository("moved", REGISTRY, &policy, &jobs);
    let help = "set ACME_KEY: ${{ secrets.ACME_API_KEY }} in place of ZETA_KEY, which selects ac-new from acme";
    assert_findings(&scratch, &[("wrong-credential", help)]);
    assert!(!lint(&scratch).stdout.contains("zeta/ac-new"), "{}", lint(&scratch).snapshot());
}

/// The key of one vendor fills the variable of another, and the model is the other vendor's.
#[test]
fn secret_of_another_vendor_is_a_near_miss() {
    let jobs = job("a", "ZETA_API_KEY: \"${{ secrets.ACME_API_KEY }}\"")
        + &job("b", "ZETA_API_KEY: \"${{ secrets.TEAM_KEY }}\"");
    let help = "use a secret of `zeta` for ZETA_API_KEY";
    assert_findings(&repository("near-miss", REGISTRY, EVERY, &jobs), &[("near-miss", help)]);
    // With the other key, the policy picks another model.
    let policy = EVERY.replace("{use: ze-mini}", "{when: {ACME_API_KEY: set}, use: ac-small}, {use: ze-mini}");
    let help = "set ACME_API_KEY: ${{ secrets.ACME_API_KEY }} in place of ZETA_API_KEY, or use a secret of `zeta`";
    assert_findings(&repository("near-miss-moved", REGISTRY, &policy, &jobs), &[("near-miss", help)]);
}

/// The script exports the key of the model's vendor under another vendor's name.
#[test]
fn exported_secret_in_wrong_variable_is_moved() {
    let jobs = "  a:\n    env: {PLAN_KEY: \"${{ secrets.ZETA_PLAN_KEY }}\"}\n    steps:\n      - run: |\n          \
                export ACME_API_KEY=\"$PLAN_KEY\"\n          bash scripts/eval.sh\n";
    let scratch = repository("exported", REGISTRY, EVERY, jobs);
    let help = "set ZETA_API_KEY: ${{ secrets.ZETA_PLAN_KEY }} in place of ACME_API_KEY";
    assert_findings(&scratch, &[("wrong-credential", help)]);
}

/// An earlier step writes it for later ones, and the first key alone counts.
#[test]
fn written_secret_in_wrong_variable_is_moved() {
    let jobs = "  a:\n    env: {MODEL: ze-mini}\n    steps:\n      - env: \
                {PLAN_KEY: \"${{ secrets.ZETA_PLAN_KEY }}\"}\n        \
                run: echo \"ACME_API_KEY=$PLAN_KEY\" >> \"$GITHUB_ENV\"\n      - run: bash scripts/eval.sh\n";
    let help =
        "set ZETA_API_KEY: ${{ secrets.ZETA_PLAN_KEY }} in place of ACME_API_KEY, which selects ze-mini from zeta";
    for (name, policy) in [("every", EVERY.to_owned()), ("first", EVERY.replace("inject: every", "inject: first"))] {
        let scratch = repository(&format!("written-{name}"), REGISTRY, &policy, jobs);
        assert_findings(&scratch, &[("wrong-credential", help)]);
    }
    // Without a fault, only the name tells that the secret is of another vendor. The model needs the variable.
    let jobs = jobs.replace("ze-mini", "ac-large");
    let help = "use a secret of `acme` for ACME_API_KEY";
    assert_findings(&repository("written-fine", REGISTRY, EVERY, &jobs), &[("near-miss", help)]);
}

/// The place is the entry that leaves the policy without a model.
#[test]
fn entry_that_empties_the_model_is_the_place() {
    let policy = EVERY.replace("{use: $MODEL}, {use: ze-mini}", "{use: $MODEL}");
    let env = format!("MODEL: '', {}", secret("ZETA_API_KEY"));
    let output = lint(&repository("emptied", REGISTRY, &policy, &job("a", &env)));
    assert!(output.stdout.contains("w.yml:6:15\n"), "{}", output.snapshot());
    let env = format!("ACME_API_KEY: '', MODEL: ac-large, {}", secret("ZETA_API_KEY"));
    let output = lint(&repository("emptied-key", REGISTRY, EVERY, &job("a", &env)));
    assert!(output.stdout.contains(" is empty\n"), "{}", output.snapshot());
}

/// `-m` of Python names the module that runs; that of the module may choose a model.
#[test]
fn module_of_python_chooses_no_model() {
    let policy = EVERY.replace("harness: [scripts/eval.sh]", "harness: [python]");
    for (number, (call, is_decided)) in [
        ("python -m evals", true),
        ("python3 -u -m evals --fast", true),
        ("python3.12 -W ignore -m evals", true),
        ("poetry run python -m evals", true),
        ("python -m evals -m ac-large", false),
        ("python main.py -m ac-large", false),
        ("python -m evals --model ac-large", false),
    ]
    .into_iter()
    .enumerate()
    {
        let jobs = job("a", &secret("ACME_API_KEY")).replace("bash scripts/eval.sh", call);
        let scratch = repository(&format!("module-{number}"), REGISTRY, &policy, &jobs);
        let expected: &[(&str, &str)] = if is_decided { &[("wrong-credential", "")] } else { &[] };
        assert_findings(&scratch, expected);
    }
}

/// No edit of a variable helps if the rules never inject what the provider needs.
#[test]
fn missing_rule_of_a_policy_is_named() {
    let registry = REGISTRY.replace("auth_env: [ZETA_API_KEY]", "auth_env: [[ZETA_API_KEY, ZETA_REGION]]");
    let jobs = job("a", &format!("MODEL: ze-mini, {}, ZETA_REGION: eu", secret("ZETA_API_KEY")));
    let first = EVERY.replace("inject: every", "inject: first").replace("[{key: ACME_API_KEY}, ", "[");
    let both = first.replace("{key: ZETA_API_KEY}", "{key: ZETA_API_KEY}, {key: ZETA_REGION}");
    for (policy, what) in [(&first, "ZETA_REGION, which `zeta` needs;"), (&both, "all that `zeta` needs;")] {
        let output = lint(&repository("rule", &registry, policy, &jobs));
        let shown = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        let help = format!("= help: no rule of policy `evals` injects {what} add one");
        assert!(shown.contains(&help), "{}", output.snapshot());
    }
    let every = both.replace("inject: first", "inject: every");
    assert_findings(&repository("rule-every", &registry, &every, &jobs), &[]);
}

/// Each has failed a workflow whose lint found nothing.
#[test]
fn call_of_another_program_is_followed() {
    let right = secret("ZETA_API_KEY");
    let wrapper = "#!/bin/bash\nexport MODEL=ac-large\nexec bash scripts/eval.sh\n";
    for (number, (steps, code)) in [
        ("      - run: timeout 10m ./ci/wrap.sh\n", "error"),
        ("      - run: exec ci/wrap.sh\n", "error"),
        ("      - run: MODEL=$(<model.txt) bash scripts/eval.sh\n", "error"),
        (
            "      - run: ./build || { echo MODEL=ac-large >> $GITHUB_ENV; exit 1; }\n      - if: \
             '!success()'\n        \
             run: bash scripts/eval.sh\n",
            "error",
        ),
        ("      - run: exit 1\n      - {if: '! success()', run: MODEL=ac-large bash scripts/eval.sh}\n", "error"),
        ("      - {shell: 'env -i bash {0}', run: bash scripts/eval.sh}\n", "undecided"),
        ("      - {shell: 'env MODEL=ac-large bash {0}', run: bash scripts/eval.sh}\n", "undecided"),
        ("      - run: infisical run -- bash scripts/eval.sh\n", "undecided"),
        ("      - run: make evals\n", "error"),
        ("      - {shell: 'bash -e {0}', run: bash scripts/eval.sh}\n", ""),
        ("      - run: for m in $L; do MODEL=$m bash scripts/eval.sh; done\n        env: {L: ze-mini ze-mini}\n", ""),
        (
            "      - run: IFS=,; for m in $L; do MODEL=$m bash scripts/eval.sh; done\n        env: \
             {L: 'ze-mini,ze-mini'}\n",
            "",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let jobs = format!("  a:\n    runs-on: x\n    env: {{{right}}}\n    steps:\n{steps}");
        let scratch = repository(&format!("wrapped-{number}"), REGISTRY, EVERY, &jobs)
            .file("ci/wrap.sh", wrapper)
            .file("Makefile", "-include .env\nexport\nevals:\n\tbash scripts/eval.sh\n")
            .file(".env", "MODEL=ac-large\n")
            .file("model.txt", "ac-large\n");
        let output = lint(&scratch);
        let found = ["error", "undecided"].into_iter().find(|word| {
            output.stdout.starts_with(&format!("{word}[")) || output.stdout.starts_with(&format!("{word}:"))
        });
        assert_eq!(found.unwrap_or_default(), code, "{steps}{}", output.snapshot());
    }
}

#[test]
fn retired_default_is_replaced_by_the_most_similar_id() {
    let policy = EVERY.replace("ze-mini", "opus-4-20250514");
    let registry = REGISTRY.replace("[ac-large, ac-small]", "[sonnet-5, opus-4-6]");
    let scratch = repository("retired", &registry, &policy, &job("a", &secret("ACME_API_KEY")));
    let output = lint(&scratch);
    assert!(output.stdout.contains("help: set MODEL=opus-4-6, which"), "{}", output.snapshot());
    assert_eq!(checked(&scratch).code, 1, "the default is not registered");
}

#[test]
fn selector_that_was_left_on_is_unset() {
    let registry = REGISTRY.replace(
        "  agent: {providers: [{name: acme, models: [ac-large, ac-small]}, ",
        "  cloud: {providers: [{name: acme, models: [ac-large]}]}\n  direct: {providers: [",
    );
    let policy = &evals(
        "runtime: [{when: {USE_CLOUD: ['1', 'true']}, use: cloud}, {use: direct}]
model: [{use: $MODEL}, {when: {runtime: cloud}, use: ac-large}, {use: ze-mini}]
inject: every
secrets: [{key: ACME_API_KEY}, {key: ZETA_API_KEY}]
",
    );
    let jobs = job("a", &format!("USE_CLOUD: '1', MODEL: ze-mini, {}", secret("ZETA_API_KEY")))
        + &job("b", &format!("USE_CLOUD: 'true', {}", secret("ACME_API_KEY")));
    let found = findings(&repository("selector", &registry, policy, &jobs));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].0 == "unregistered-model" && found[0].1.contains("unset USE_CLOUD"), "{found:?}");
}

#[test]
fn key_of_another_vendor_counts_if_denied() {
    let registry =
        REGISTRY.replace("[ZETA_API_KEY], model_prefix_match: '^(zeta/|ze-)'", "[ZETA_API_KEY, ACME_API_KEY]");
    let policy = &evals(
        "runtime: [{use: agent}]
runtimes: [agent]
model: [{when: {BASE_URL: {host: api.zeta.example}}, use: ze-mini}, {use: ac-large}]
inject: every
secrets: [{key: ACME_API_KEY}, {key: ZETA_API_KEY}]
",
    );
    let jobs = job("a", &format!("BASE_URL: 'https://api.zeta.example/v1', {}", secret("ACME_API_KEY")))
        + &job("b", &format!("BASE_URL: 'https://api.zeta.example/v1/', {}", secret("ZETA_API_KEY")));
    let scratch = repository("cross", &registry, policy, &jobs);
    let scratch = scratch.file("slugproof.yaml", format!("{CONFIG}deny: [cross-vendor-credential]\n"));
    assert_findings(&scratch, &[("cross-vendor-credential", "set ZETA_API_KEY, so that zeta gets a key of its own")]);
}

/// The provider has a token, or an id and a secret, of its own; what is there of its own is completed first.
#[test]
fn own_credential_that_is_partly_there_is_completed() {
    let registry = |items: &str| {
        REGISTRY.replace("[ZETA_API_KEY], model_prefix_match: '^(zeta/|ze-)'", &format!("[{items}, ACME_API_KEY]"))
    };
    let policy = EVERY.replace("{key: ZETA_API_KEY}", "{key: ZETA_TOKEN}, {key: ZETA_ID}, {key: ZETA_SECRET}");
    let (token, pair) = ("ZETA_TOKEN, [ZETA_ID, ZETA_SECRET]", "[ZETA_ID, ZETA_SECRET]");
    for (items, policy, keys, edits) in [
        (token, &policy, "", "set ZETA_TOKEN"),
        (token, &policy, "ZETA_ID", "set ZETA_SECRET"),
        (token, &policy, "ZETA_SECRET", "set ZETA_ID"),
        (pair, &policy, "", "set ZETA_ID and set ZETA_SECRET"),
        (pair, &policy, "ZETA_ID", "set ZETA_SECRET"),
        (token, &policy.replace("every", "first"), "", "set ZETA_TOKEN and unset ACME_API_KEY"),
    ] {
        let keys: Vec<&str> = keys.split(' ').filter(|key| !key.is_empty()).chain(["ACME_API_KEY"]).collect();
        let env: Vec<String> = keys.iter().map(|key| secret(key)).collect();
        let scratch = repository("own", &registry(items), policy, &job("a", &env.join(", ")));
        let help = format!("{edits}, so that zeta gets a key of its own");
        assert_findings(&scratch, &[("cross-vendor-credential", &help)]);

        // `resolve` offers the same if slugproof.yaml denies the warning.
        let set = keys.iter().map(|key| format!("{key}=x"));
        let args = ["resolve", "--runtime", "agent"].map(str::to_owned).into_iter().chain(set);
        let scratch = scratch.file("slugproof.yaml", format!("{CONFIG}deny: [cross-vendor-credential]\n"));
        let output = slugproof(args.collect::<Vec<_>>().iter().map(String::as_str)).dir(&scratch).run();
        let shown = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        let first: Vec<String> = edits
            .split(" and ")
            .map(|edit| match edit.strip_prefix("set ") {
                Some(name) => format!("{edit}=<{name}>"),
                None => edit.to_owned(),
            })
            .collect();
        let first = format!("1. {}, which selects ze-mini from zeta", first.join(" and "));
        assert!(output.code == 1 && shown.contains(&first), "{}", output.snapshot());
    }
}

/// One key that would be sent to two vendors is two findings, each with the key of its vendor.
#[test]
fn key_sent_to_two_vendors_has_two_findings() {
    let registry = REGISTRY
        .replace("[ACME_API_KEY], model", "[ACME_API_KEY, BETA_API_KEY], model")
        .replace("[ZETA_API_KEY], model", "[ZETA_API_KEY, BETA_API_KEY], model")
        .replace("runtimes:\n", "  - {name: beta, auth_env: [BETA_API_KEY]}\nruntimes:\n");
    let policy = EVERY.replace("{key: ZETA_API_KEY}", "{key: ZETA_API_KEY}, {key: BETA_API_KEY}");
    let env = format!("MODEL: \"${{{{ matrix.model }}}}\", {}", secret("BETA_API_KEY"));
    let rows = |models: &str| matrix(&format!("model: [{models}]"), &env);
    let [acme, zeta] = ["acme", "zeta"]
        .map(|vendor| format!("set {}_API_KEY, so that {vendor} gets a key of its own", vendor.to_uppercase()));
    let two = repository("two-vendors", &registry, &policy, &rows("ac-large, ze-mini"));
    assert_findings(&two, &[("cross-vendor-credential", &acme), ("cross-vendor-credential", &zeta)]);
    // Two models of one vendor are one finding.
    let one = repository("one-vendor", &registry, &policy, &rows("ac-large, ac-small"));
    assert_findings(&one, &[("cross-vendor-credential", &acme)]);
}

/// Help stands only where it is right for every row of the finding: each row has a different key.
#[test]
fn help_is_right_for_every_row() {
    let policy = EVERY
        .replace("inject: every", "inject: first")
        .replace("[{key: ACME_API_KEY}, ", "[{key: OTHER_KEY}, {key: ACME_API_KEY}, ");
    let env = "MODEL: ze-mini, ACME_API_KEY: \"${{ matrix.key == 'acme' && secrets.ACME_API_KEY || '' }}\", \
               OTHER_KEY: \"${{ matrix.key == 'other' && secrets.OTHER_KEY || '' }}\"";
    let scratch = repository("every-row", REGISTRY, &policy, &matrix("key: [acme, other]", env));
    let found = findings(&scratch);
    assert_eq!(found.len(), 1, "{found:?}");
    let shown = lint(&scratch).stdout;
    // With its key, the model of the first row is right; in the second row, this changes nothing.
    assert!(!shown.contains("set MODEL=ac-large") && !shown.contains("unset ACME_API_KEY and set"), "{shown}");
}

/// The second key decides the default model; naming the model cures it.
#[test]
fn second_key_changes_only_the_default() {
    let policy = EVERY.replace("{use: ze-mini}", "{when: {ACME_API_KEY: set}, use: ac-large}, {use: ze-mini}");
    let both = format!("{}, {}", secret("ACME_API_KEY"), secret("ZETA_API_KEY"));
    let jobs = job("default", &both) + &job("cured", &format!("MODEL: ze-mini, {both}"));
    assert_findings(&repository("second-key", REGISTRY, &policy, &jobs), &[]);
}

/// A near-namesake of the right variable does not count.
#[test]
fn default_of_another_vendor_gets_its_own_key() {
    let policy = EVERY.replace("{key: ZETA_API_KEY}", "{key: ZE_API_KEY}, {key: ZETA_API_KEY}");
    let jobs = job("other", &secret("ACME_API_KEY")) + &job("namesake", &secret("ZE_API_KEY"));
    let scratch = repository("namesake", REGISTRY, &policy, &jobs);
    let first = ("wrong-credential", "set MODEL=ac-large, which");
    assert_findings(&scratch, &[first, ("wrong-credential", "set ZETA_API_KEY=<ZETA_API_KEY>, which")]);
}

#[test]
fn switched_provider_needs_its_key() {
    let registry = REGISTRY.replace(
        "  agent: {providers: [{name: acme, models: [ac-large, ac-small]}, ",
        "  acme: {providers: [{name: acme, models: [ac-large]}]}\n  zeta: {providers: [",
    );
    let policy = &evals(
        "runtime: PROVIDER
defaults: {PROVIDER: zeta}
model: [{use: $MODEL}, {when: {runtime: acme}, use: ac-large}, {use: ze-mini}]
inject: every
secrets: [{key: ACME_API_KEY}, {key: ZETA_API_KEY}]
",
    );
    let zeta = secret("ZETA_API_KEY");
    let both = format!("{zeta}, {}", secret("ACME_API_KEY"));
    let jobs = job("switched", &format!("PROVIDER: acme, {zeta}"))
        + &job("stale", &format!("PROVIDER: acme, MODEL: ze-mini, {both}"))
        + &job("both", &format!("PROVIDER: acme, {both}"));
    let scratch = repository("switched", &registry, policy, &jobs);
    let found = findings(&scratch);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].1.starts_with("set ACME_API_KEY=<ACME_API_KEY>"), "{found:?}");
    assert!(found[1].0 == "unregistered-model" && found[1].1.starts_with("unset MODEL,"), "{found:?}");
}

/// The first key alone counts, so no edit is right for every choice of the input.
#[test]
fn help_names_the_choice_that_needs_another_key() {
    let registry = REGISTRY.replace(
        "  agent: {providers: [{name: acme, models: [ac-large, ac-small]}, ",
        "  acme: {providers: [{name: acme, models: [ac-large]}]}\n  zeta: {providers: [",
    );
    let policy = &evals(
        "runtime: PROVIDER
defaults: {PROVIDER: zeta}
model: [{when: {runtime: acme}, use: ac-large}, {use: ze-mini}]
secrets: [{key: ZETA_API_KEY}, {key: ACME_API_KEY}]
",
    );
    let inputs = "on: {workflow_dispatch: {inputs: {provider: {type: choice, options: [zeta, acme]}}}}\njobs:\n";
    let jobs = job("a", &format!("PROVIDER: \"${{{{ inputs.provider }}}}\", {}", secret("ZETA_API_KEY")));
    let scratch = repository("choice", &registry, policy, "");
    let scratch = scratch.file(".github/workflows/w.yml", format!("{inputs}{jobs}"));
    let help = "when `provider` = acme, unset ZETA_API_KEY and set ACME_API_KEY=<ACME_API_KEY>, which selects";
    assert_findings(&scratch, &[("wrong-credential", help)]);
    // With one choice, the edit is right for every run.
    let scratch =
        scratch.file(".github/workflows/w.yml", format!("{}{jobs}", inputs.replace("[zeta, acme]", "[acme]")));
    assert_findings(&scratch, &[("wrong-credential", help.split_once(", ").expect("a comma").1)]);
}

/// Slips that `check` finds in registry and policy.
#[test]
fn slips_in_policy_and_registry_are_found() {
    let registry = REGISTRY.replace("auth_env: [ZETA_API_KEY]", "auth_env: [ZETA_API_KEY, sk-fake-this-is-not-a-key]");
    let policy = "schema_version: 1
name: evals
harness: [script/eval.sh]
runtime: RUNTIME
defaults: {RUNTIME: agent}
override: MODEL
secrets: [{key: ACME_API_KEY, inject: [ACNE_API_KEY]}, {key: CI_ZETA_KEY, inject: [ZETA_API_KEY]}]
dispatch: [{runtimes: [agent], keyed: [{key: CI_ZETA_KEYS, model: ze-mini}], model: ac-large}]
fallback: ac-large
";
    let output = checked(&repository("slips", &registry, policy, ""));
    for text in ["`scripts/eval.sh`", "`ACME_API_KEY`", "`CI_ZETA_KEY`", "looks like a"] {
        assert!(output.stdout.contains(text), "{text}: {}", output.snapshot());
    }
    assert!(!output.stdout.contains("sk-fake"), "{}", output.snapshot());
}

/// `deny` counts in every command, for the variable that it is about.
#[test]
fn denied_warning_is_about_the_variable_that_it_names() {
    let registry = REGISTRY
        .replace("auth_env: [ZETA_API_KEY]", "auth_env: [ZETA_API_KEY, ACME_API_KEY]")
        .replace("^(zeta/|ze-)", "^ze-");
    let policy = evals(
        "runtime: RUNTIME\nmodel: [{use: $MODEL}, {when: {RUNTIME: agent}, use: ac-large}, {use: ac-large}]\n\
         secrets: [{key: ACME_API_KEY}, {key: ZETA_API_KEY}]\n",
    );
    let env = format!("RUNTIME: agent, {}, {}", secret("ACME_API_KEY"), secret("ZETA_API_KEY"));
    let jobs = job("idle", &format!("{env}, MODEL: ac-large")) + &job("crossing", &format!("{env}, MODEL: ze-mini"));
    let scratch = repository("denied", &registry, &policy, &jobs)
        .file("slugproof.yaml", format!("{CONFIG}deny: [shadowed-variable, cross-vendor-credential]\n"));
    let output = slugproof(["lint", "--output", "json"]).dir(&scratch).run();
    let found: Vec<(String, String)> = output.json()["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|finding| (&finding["code"], &finding["subject"]["variable"], &finding["level"]))
        .inspect(|(.., level)| assert_eq!(level.as_str(), Some("error")))
        .map(|(code, variable, _)| (code.as_str().unwrap().to_owned(), variable.as_str().unwrap().to_owned()))
        .collect();
    let expected = [
        ("shadowed-variable", "ZETA_API_KEY"),
        ("shadowed-variable", "MODEL"),
        ("cross-vendor-credential", "ACME_API_KEY"),
        ("shadowed-variable", "ZETA_API_KEY"),
    ];
    assert_eq!(found, expected.map(|(code, variable)| (code.to_owned(), variable.to_owned())), "{}", output.snapshot());

    let pick = |args: &[&str]| {
        let run = slugproof(["pick"].into_iter().chain(args.iter().copied())).dir(&scratch);
        run.env("RUNTIME", "agent").env("ACME_API_KEY", "x").run()
    };
    // The variable selects the runtime, unless the runtime is an argument.
    assert_eq!((pick(&[]).code, pick(&["agent"]).code), (0, 1));
}

/// A fix that leaves the runtime says so, in the output for people and in JSON.
#[test]
fn fix_of_the_runtime_names_the_runtime() {
    let registry = REGISTRY.to_owned() + "  studio: {providers: [{name: acme, models: [ac-small]}]}\n";
    let policy = evals(
        "runtime: [{when: {FAST: set}, use: studio}, {use: agent}]\nmodel: [{use: $MODEL}]\n\
         secrets: [{key: ZETA_API_KEY}]\n",
    );
    let env = format!("FAST: '1', MODEL: ze-mini, {}", secret("ZETA_API_KEY"));
    let scratch = repository("wrong-runtime", &registry, &policy, &job("a", &env));
    let text = "unset FAST, which changes the runtime to agent and selects ze-mini from zeta";
    assert_findings(&scratch, &[("unregistered-model", text)]);
}

/// A rule before the one that selects the platform path injects its secrets in the mode `every`.
#[test]
fn platform_path_after_an_injecting_rule_is_described() {
    let registry = REGISTRY.to_owned().replace("name: zeta,", "name: zeta, billing: platform,");
    let policy = evals(
        "runtime: RUNTIME\ndefaults: {RUNTIME: agent}\nmodel: [{use: ze-mini}]\ninject: every\n\
         secrets: [{key: ACME_API_KEY}, {when: {PAYER: platform}, path: platform}]\n",
    );
    let env = format!("PAYER: platform, {}", secret("ACME_API_KEY"));
    let scratch = repository("every-platform", &registry, &policy, &job("a", &env));
    let output = lint(&scratch);
    let expected = "selects the platform path, on which no further key is injected";
    assert!(output.stdout.contains(expected), "{}", output.snapshot());
    let args = ["resolve", "--runtime", "agent", "PAYER=platform", "ACME_API_KEY=set"];
    let output = slugproof(args).dir(&scratch).run();
    assert!(output.stdout.contains("platform, by PAYER: no further key is injected"), "{}", output.snapshot());
}

/// An entry of `accept` with `unset` covers no environment in which the variable has a value, not even a
/// value that makes no difference.
#[test]
fn accept_with_unset_covers_no_other_value() {
    let policy = evals(
        "runtimes: [agent]\nmodel: [{when: {TIER: {not: gold}}, use: nobody}, {use: ac-large}]\n\
         secrets: [{inject: [ACME_API_KEY]}]\n",
    );
    let prove = |name: &str, accept: &str| {
        let config = format!("{CONFIG}accept:\n{accept}");
        let scratch = repository(&format!("unset-{name}"), REGISTRY, &policy, "").file("slugproof.yaml", config);
        slugproof(["prove", "--format", "json"]).dir(&scratch).run()
    };
    let entry = |limit: &str| format!("  - {{code: unregistered-model, {limit}reason: known}}\n");
    let output = prove("one", &entry("unset: [TIER], "));
    assert_eq!(output.code, 1, "{}", output.snapshot());
    let gaps = output.json()["policies"][0]["gaps"].clone();
    let gaps: Vec<(usize, bool)> = gaps
        .as_array()
        .expect("a list")
        .iter()
        .map(|gap| (gap["set"].as_object().map_or(0, serde_json::Map::len), gap["accepted"].is_string()))
        .collect();
    assert_eq!(gaps, [(1, false), (0, true)], "{}", output.snapshot());
    for (name, accept) in [("all", entry("")), ("both", entry("unset: [TIER], ") + &entry("set: [TIER], "))] {
        let output = prove(name, &accept);
        assert_eq!(output.code, 0, "{}", output.snapshot());
    }
}

/// A step that runs an action, in flow style.
fn uses_step(step: &str) -> String {
    format!("  action:\n    runs-on: ubuntu-latest\n    steps: [{{{step}}}]\n")
}

#[test]
fn action_in_harness_is_judged_with_its_inputs() {
    let policy = EVERY.replace(
        "[scripts/eval.sh]",
        "[scripts/eval.sh, {uses: acme/reviewer, inputs: {model: MODEL, api-key: ZETA_API_KEY}}]",
    );
    let key = "api-key: \"${{ secrets.ZETA_API_KEY }}\"";
    for (step, expected) in [
        (format!("uses: acme/reviewer@v1, with: {{model: ac-large, {key}}}"), Some("wrong-credential")),
        (format!("uses: Acme/Reviewer@0123abc, with: {{MODEL: ac-large, {key}}}"), Some("wrong-credential")),
        ("uses: acme/reviewer@v1, env: {MODEL: ac-large, ZETA_API_KEY: x}".to_owned(), Some("wrong-credential")),
        (format!("uses: acme/reviewer@v1, env: {{MODEL: ac-large}}, with: {{model: ze-mini, {key}}}"), None),
        ("uses: acme/reviewer@v1".to_owned(), Some("missing-credential")),
    ] {
        let scratch = repository("action", REGISTRY, &policy, &uses_step(&step));
        let codes: Vec<String> = findings(&scratch).into_iter().map(|(code, _)| code).collect();
        assert_eq!(codes.first().map(String::as_str), expected, "{step}\n{}", lint(&scratch).snapshot());
    }
    for step in ["uses: acme/reviewer/setup@v1", "uses: acme/other@v1", "uses: ./acme/reviewer"] {
        assert_eq!(lint(&repository("other-action", REGISTRY, &policy, &uses_step(step))).code, 3, "{step}");
    }
    let literal = "uses: acme/reviewer@v1, with: {model: ac-large, api-key: a-literal-of-the-file}";
    let output = lint(&repository("action-secret", REGISTRY, &policy, &uses_step(literal)));
    assert!(output.stdout.contains("wrong-credential"), "{}", output.snapshot());
    assert!(output.stdout.contains("help: delete `model` from `with`, which"), "{}", output.snapshot());
    assert!(!output.stdout.contains("a-literal-of-the-file"), "{}", output.snapshot());
}

/// The help speaks of the inputs of an action where the step gives inputs, and of variables where it sets variables.
#[test]
fn help_names_the_inputs_that_the_step_gives() {
    let policy = EVERY.replace(
        "[scripts/eval.sh]",
        "[{uses: acme/reviewer, inputs: {model: MODEL, acme-key: ACME_API_KEY, zeta-key: ZETA_API_KEY}}]",
    );
    let key = |input: &str, secret: &str| format!("{input}: \"${{{{ secrets.{secret} }}}}\"");
    let (acme, zeta) = (key("acme-key", "ACME_API_KEY"), key("zeta-key", "ZETA_API_KEY"));
    let with = |inputs: &str| format!("uses: acme/reviewer@v1, with: {{{inputs}}}");
    let env = |env: &str| format!("uses: acme/reviewer@v1, env: {{{env}}}");
    for (step, help) in [
        (with(&acme), "set `model: ac-large` in `with`, which selects ac-large from acme"),
        (with(&format!("model: ac-new2/x, {zeta}")), "set `acme-key: <ACME_API_KEY>` in `with`,"),
        (with(&format!("model: xx-1, {zeta}")), "delete `model` from `with`, which selects ze-mini from zeta"),
        (env(&secret("ACME_API_KEY")), "set MODEL=ac-large, which selects ac-large from acme"),
        (env(&format!("MODEL: xx-1, {}", secret("ZETA_API_KEY"))), "unset MODEL, which selects ze-mini from zeta"),
        (
            with(&format!("model: ac-large, {}", key("zeta-key", "ACME_API_KEY"))),
            "set `acme-key: ${{ secrets.ACME_API_KEY }}` in `with` in place of `zeta-key`,",
        ),
        // The model is the other vendor's, so that the name of the secret alone is a warning.
        (with(&key("zeta-key", "ACME_API_KEY")), "use a secret of `zeta` for `zeta-key`"),
    ] {
        let output = lint(&repository("inputs", REGISTRY, &policy, &uses_step(&step)));
        let shown = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(shown.contains(&format!("help: {help}")), "{step}: {}", output.snapshot());
    }
}

/// Another step of the file is evaluated.
#[test]
fn action_that_no_policy_describes_is_noted() {
    let known = job("known", &format!("MODEL: ze-mini, {}", secret("ZETA_API_KEY")));
    for (step, is_noted) in [
        ("uses: acme/reviewer@v1, env: {MODEL: ac-large}", true),
        ("uses: acme/reviewer@v1, with: {zeta-api-key: \"${{ secrets.ZETA_API_KEY }}\"}", true),
        ("uses: \"docker://acme/reviewer:1\", env: {MODEL: ac-large}", true),
        ("uses: ./actions/local, env: {MODEL: ac-large}", true),
        ("uses: actions/checkout@v4, with: {path: x}, env: {OTHER: ac-large}", false),
    ] {
        let scratch = repository("noted-action", REGISTRY, EVERY, &(known.clone() + &uses_step(step)));
        let scratch = scratch.file("actions/local/action.yml", "runs: {using: node20, main: x.js}\n");
        let output = lint(&scratch);
        assert_eq!(output.code, 0, "{}", output.snapshot());
        assert_eq!(output.stdout.contains("note[unknown-harness]"), is_noted, "{step}\n{}", output.snapshot());
    }
}

#[test]
fn note_of_a_job_marks_each_step() {
    let steps = "  j:\n    runs-on: ubuntu-latest\n    steps:\n      \
                 - {uses: acme/one@v1, env: {MODEL: ac-large}}\n      \
                 - {uses: acme/two@v1, with: {acme_api_key: x}}\n      \
                 - {run: ./other.sh, env: {MODEL: ac-large}}\n";
    let output = lint(&repository("noted-steps", REGISTRY, EVERY, steps));
    for text in ["`acme/one@v1`", "sets ACME_API_KEY", "sets MODEL", "add `uses: acme/one`"] {
        assert!(output.stdout.contains(text), "{text}: {}", output.snapshot());
    }
}

/// The verdict on the harness with this script and these arguments, with a model of `acme` and a key of `zeta`.
fn verdict(script: &str, arguments: &str) -> String {
    let env = format!("MODEL: ac-large, {}", secret("ZETA_API_KEY"));
    let jobs = job("eval", &env).replace("eval.sh\n", &format!("eval.sh {arguments}\n"));
    let policy = evals(
        "runtime: RUNTIME
defaults: {RUNTIME: agent}
model: [{when: {LLM_PATH: zeta}, use: ze-mini}, {use: $MODEL}, {use: ze-mini}]
inject: every
secrets: [{key: ACME_API_KEY}, {key: ZETA_API_KEY}]
",
    );
    let name = if arguments.is_empty() { "verdict-of-script" } else { "verdict-of-arguments" };
    let scratch = repository(name, REGISTRY, &policy, &jobs);
    let scratch = scratch.file("scripts/eval.sh", script).file("scripts/ci.yaml", "model: ze-mini\n");
    let output = lint(&scratch);
    let code = output.stdout.split(['[', ']']).nth(1).unwrap_or_default();
    if output.stdout.starts_with("undecided") { "undecided".to_owned() } else { code.to_owned() }
}

#[test]
fn harness_setting_its_own_variables_is_undecided() {
    for (script, expected) in [
        ("python eval.py\n", "wrong-credential"),
        ("LLM_PATH=zeta bash scripts/real.sh\n", "undecided"),
        ("export LLM_PATH=zeta\nexec bash scripts/real.sh\n", "undecided"),
        ("docker run -e LLM_PATH=zeta image\n", "undecided"),
        // The policy says the same.
        (": \"${RUNTIME:=agent}\"\nMODEL=\"${MODEL:-ze-mini}\"\npython eval.py\n", "wrong-credential"),
        ("if [ \"${1:-}\" = zeta ]; then export LLM_PATH=zeta; fi\npython eval.py\n", "wrong-credential"),
    ] {
        assert_eq!(verdict(script, ""), expected, "{script}");
    }
}

#[test]
fn argument_that_may_choose_the_model_is_undecided() {
    for (arguments, expected) in [
        ("--model ze-mini", "undecided"),
        ("-m ze-mini", "undecided"),
        ("--provider=zeta", "undecided"),
        // An id and a runtime of the registry.
        ("ze-mini", "undecided"),
        ("--for agent", "undecided"),
        ("--config scripts/ci.yaml", "undecided"),
        ("--config scripts/missing.env", "undecided"),
        ("--config scripts/missing.yaml", "wrong-credential"),
        ("\"$ARGUMENT\"", "undecided"),
        ("smoke --verbose --shard 1/2", "wrong-credential"),
    ] {
        assert_eq!(verdict("python eval.py\n", arguments), expected, "{arguments}");
    }
}

/// The default model of a grader has no key, and a settings file that the repository does not have says nothing.
#[test]
fn grader_needs_the_key_of_its_own_default() {
    let slot = |name: &str, variable: &str, default: &str| {
        format!(
            "schema_version: 2
name: {name}
harness: [grade]
runtime: RUNTIME
defaults: {{RUNTIME: agent}}
model: [{{use: ${variable}}}, {{use: {default}}}]
inject: every
secrets: [{{key: ACME_API_KEY}}, {{key: ZETA_API_KEY}}]
"
        )
    };
    let acme = secret("ACME_API_KEY");
    let both = format!("{acme}, {}", secret("ZETA_API_KEY"));
    for call in [
        "grade eval -c NAME.yaml",
        "npx --yes grade@latest eval -c NAME.yaml",
        "grade --config=NAME.json eval",
        "grade eval --settings ../NAME.toml",
    ] {
        let run = |job: String| job.replace("bash scripts/eval.sh", &call.replace("NAME", "grade-config"));
        let jobs = run(job("one-key", &acme)) + &run(job("both-keys", &both));
        let scratch = repository("grader", REGISTRY, &slot("target", "TARGET", "ac-large"), &jobs)
            .file("grader.yaml", slot("grader", "GRADER", "ze-mini"))
            .file("slugproof.yaml", CONFIG.replace("policy.yaml", "policy.yaml, grader.yaml"));
        assert_findings(&scratch, &[("wrong-credential", "set GRADER=ac-large")]);
        let output = slugproof(["lint", "--strict"]).dir(&scratch).run();
        let shown = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        for text in ["by policy `grader`", "is not in the repository; a model that it names is not checked"] {
            assert!(shown.contains(text), "{call}: {}", output.snapshot());
        }
        assert!(!shown.contains("by policy `target`") && !shown.contains("both-keys"), "{call}: {}", output.snapshot());
    }
}

#[test]
fn settings_file_of_earlier_step_is_undecided() {
    for (first, is_fine) in
        [("cp ci/dotenv .env", false), ("echo \\\"$DOTENV\\\" > .env", false), ("cp ci/plain.env .env", true)]
    {
        let env = format!("MODEL: ze-mini, {}", secret("ZETA_API_KEY"));
        let steps = format!("steps:\n      - run: \"{first}\"\n");
        let jobs = job("eval", &env).replacen("steps:\n", &steps, 1);
        let scratch = repository("settings", REGISTRY, EVERY, &jobs);
        let scratch = scratch.file("ci/dotenv", "MODEL=ac-large\n").file("ci/plain.env", "DEBUG=1\n");
        let output = slugproof(["lint", "--strict"]).dir(&scratch).run();
        assert_eq!(output.code, i32::from(!is_fine), "{first}: {}", output.snapshot());
        let shown = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(shown.contains("may choose the model of the call"), !is_fine, "{first}: {}", output.snapshot());
    }
}

/// Providers of every kind, with ids that resemble each other.
const VENDORS: &str = "schema_version: 1
providers:
  - {name: acme, auth_env: [ACME_API_KEY], model_prefix_match: '^(acme/|ac-)'}
  - {name: zeta, auth_env: [ZETA_API_KEY], model_prefix_match: '^(zeta/|ze-)'}
  - {name: pair, auth_env: [[PAIR_ID, PAIR_SECRET]]}
  - {name: box, auth_env: []}
runtimes:
  agent:
    providers:
      - {name: acme, models: [ac-small, ac-large]}
      - {name: box, models: [box/ear, box/nano]}
      - {name: zeta, models: [ze-mini, zeta/nano, zeta/ze-vast], withdrawn_models: [ze-old]}
      - {name: pair, models: [pair/solo, pair/trio]}
";

fn vendors_policy() -> String {
    EVERY
        .replace("{key: ZETA_API_KEY}", "{key: ZETA_API_KEY}, {key: PAIR_ID}, {key: PAIR_SECRET}")
        .replace("ze-mini", "ac-small")
}

/// A patch never moves a model to another vendor than the slug means: the one that serves it, that has withdrawn it,
/// that its first segment names, or that lists a similar id. The first fix is the id that the hint names.
#[test]
fn fix_keeps_the_vendor_that_the_slug_means() {
    let (acme, zeta, both) = (&["ACME_API_KEY"][..], &["ZETA_API_KEY"][..], &["ACME_API_KEY", "ZETA_API_KEY"][..]);
    for (slug, keys, first, fixed) in [
        // Another case, other separators, a vendor before the id, one edit.
        ("ZE-MINI", both, "", Some("ze-mini")),
        ("ze_mini", both, "", Some("ze-mini")),
        ("Ze.Mini", zeta, "", Some("ze-mini")),
        ("zeta.ze-mini", both, "", Some("ze-mini")),
        ("Zeta-Nano", both, "", Some("zeta/nano")),
        ("AC_Large", both, "", Some("ac-large")),
        ("eg-mini", both, "set MODEL=acme/eg-mini,", None),
        // The vendor is known, and its key is not there.
        ("ZE-MINI", acme, "set MODEL=ze-mini and set ZETA_API_KEY=<ZETA_API_KEY>,", None),
        ("other/ze-mini", acme, "set MODEL=ze-mini and set ZETA_API_KEY=<ZETA_API_KEY>,", None),
        ("ze-vast", acme, "set ZETA_API_KEY=<ZETA_API_KEY>,", None),
        ("zeta/large", acme, "set ZETA_API_KEY=<ZETA_API_KEY>,", None),
        // The registry knows nothing of the slug, so that it may be of any vendor.
        ("qq-9", both, "set MODEL=acme/qq-9,", None),
        ("org/team/qq-9", acme, "set MODEL=acme/org/team/qq-9,", None),
        // A vendor without credentials hides no vendor whose key is there.
        ("nano", zeta, "", Some("zeta/nano")),
        ("nano", acme, "set MODEL=box/nano,", None),
        // A partly present group is completed before the model is another vendor's.
        ("trio", &["PAIR_ID"], "set MODEL=pair/trio and set PAIR_SECRET=<PAIR_SECRET>,", None),
        ("pair/trio", &["PAIR_SECRET"], "set PAIR_ID=<PAIR_ID>,", None),
    ] {
        let keys: Vec<String> = keys.iter().map(|key| secret(key)).collect();
        let env = format!("MODEL: {slug}, {}", keys.join(", "));
        let scratch = repository("vendors", VENDORS, &vendors_policy(), &job("a", &env));
        let text = lint(&scratch).stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut helps = text.split("help: ").skip(1).filter(|help| !help.starts_with("did you mean"));
        let first = fixed.map_or(first.to_owned(), |id| format!("set `MODEL` to `{id}`,"));
        assert!(helps.next().is_some_and(|help| help.starts_with(&first)), "{slug} {keys:?}: {text}");
        let workflow = scratch.0.join(".github/workflows/w.yml");
        let before = fs::read_to_string(&workflow).expect("the file exists");
        let output = slugproof(["lint", "--fix"]).dir(&scratch).run();
        let after = fs::read_to_string(&workflow).expect("the file exists");
        let model = |slug: &str| format!("MODEL: {slug}");
        assert_eq!(after, before.replace(&model(slug), &model(fixed.unwrap_or(slug))), "{slug}: {}", output.snapshot());
    }
}

/// The hint and the first fix name the same id.
#[test]
fn hint_is_the_first_fix() {
    let scratch = repository("hint", VENDORS, &vendors_policy(), "");
    for (key, slug, id) in [
        ("ZETA_API_KEY=x", "zeta:ze-mini", "ze-mini"),
        ("ZETA_API_KEY=x", "nano", "zeta/nano"),
        ("ZETA_API_KEY=x", "ZETA/ZE_VAST", "zeta/ze-vast"),
        ("ACME_API_KEY=x", "acme:ac-large", "ac-large"),
        ("ACME_API_KEY=x", "acme.AC.large", "ac-large"),
    ] {
        let output = slugproof(["resolve", "--runtime", "agent", key, &format!("MODEL={slug}")]).dir(&scratch).run();
        assert!(output.stdout.contains(&format!("did you mean {id}?")), "{}", output.snapshot());
        assert!(output.stdout.contains(&format!("  1. set MODEL={id},")), "{}", output.snapshot());
    }
}

/// A variable whose value is the runtime can be what is wrong, and so can a key that selects the runtime.
#[test]
fn wrong_runtime_is_changed_alone() {
    let registry = REGISTRY.replace(
        "  agent: {providers: [{name: acme, models: [ac-large, ac-small]}, ",
        "  cloud: {providers: [{name: acme, models: [ac-large]}]}\n  direct: {providers: [",
    );
    let rules = "model: [{use: $MODEL}, {when: {runtime: cloud}, use: ac-large}, {use: ze-mini}]
inject: every
secrets: [{key: ACME_API_KEY}, {key: ZETA_API_KEY}, {key: CLOUD_ID}]
";
    for (runtime, env, edit) in [
        ("runtime: BACKEND\ndefaults: {BACKEND: direct}\n", "BACKEND: cloud", "unset BACKEND"),
        ("runtime: [{use: [$BACKEND, direct]}]\n", "BACKEND: cloud", "unset BACKEND"),
        ("runtime: BACKEND\ndefaults: {BACKEND: cloud}\n", "OTHER: x", "set BACKEND=direct"),
        ("runtime: [{when: {CLOUD_ID: set}, use: cloud}, {use: direct}]\n", "CLOUD_ID: x", "unset CLOUD_ID"),
    ] {
        let env = format!("{env}, MODEL: ze-mini, {}", secret("ZETA_API_KEY"));
        let scratch = repository("runtime-rules", &registry, &evals(&format!("{runtime}{rules}")), &job("a", &env));
        let found = findings(&scratch);
        assert!(found.len() == 1 && found[0].0 == "unregistered-model", "{found:?}");
        assert!(found[0].1.starts_with(edit), "{edit}: {found:?}");
    }
}
