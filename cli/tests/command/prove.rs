//! `prove`: a demonstration on the embedded data, a CI gate on a project's own data.

use serde_json::json;

use crate::run::{RunOutput, Scratch, slugproof};

const REGISTRY: &str = "schema_version: 1
providers:
  - {name: acme, display_name: Acme, protocol: openai, auth_mode: key, auth_env: [ACME_KEY], \
     model_prefix_match: \"^acme/\"}
  - {name: platform, display_name: Platform, protocol: openai, auth_mode: key, auth_env: [TOKEN], \
     model_prefix_match: \"^platform/\"}
runtimes:
  agent:
    providers:
      - {name: acme, models: [m-1]}
      - {name: platform, models: [platform/m-1]}
";

const POLICY: &str = "schema_version: 1
name: mine
runtime: RUNTIME
override: MODEL
platform: {var: LLM_PATH, value: platform, model: PLATFORM_MODEL, fallback: platform/m-1}
secrets: [{key: KEY, inject: [ACME_KEY]}]
fallback: m-1
";

const CONFIG: &str = "schema_version: 1
registry: providers.yaml
policies: [policies/mine.yaml]
";

const ACCEPTS: &str = "accept:
  - {code: missing-credential, unset: [KEY], reason: a job exercises the missing key}
  - {policy: mine, runtime: agent, code: platform-path-byok-model, set: [PLATFORM_MODEL], reason: reviewed by hand}
  - {code: unregistered-model, reason: reviewed by hand}
  - {code: model-required, reason: reviewed by hand}
";

fn project(name: &str, config: &str) -> Scratch {
    Scratch::new(name)
        .file("providers.yaml", REGISTRY)
        .file("policies/mine.yaml", POLICY)
        .file("slugproof.yaml", config)
}

/// The report with a placeholder for the run time, which varies.
fn timeless(output: &RunOutput) -> String {
    let line = |line: &str| if line.starts_with("  took ") { "  took <time>".to_owned() } else { line.to_owned() };
    output.snapshot().lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn bare_command_proves_the_embedded_data() {
    let output = slugproof([]).run();
    insta::assert_snapshot!(timeless(&output));
}

#[test]
fn gaps_fail_only_when_denied() {
    let denied = slugproof(["prove", "--embedded", "--deny", "gaps"]).run();
    assert_eq!(denied.code, 1);
    assert!(denied.stdout.contains("✗ 74 gaps not accepted"), "{}", denied.stdout);
    // The spelling of earlier versions, which scripts may have.
    assert_eq!(slugproof(["prove", "--embedded", "--deny", "holes"]).run().code, 1);
    let help = slugproof(["prove", "--help"]).run().stdout;
    assert!(help.contains("gaps") && !help.contains("holes"), "{help}");
}

#[test]
fn slugproof_yaml_makes_gaps_fail() {
    let open = slugproof(["prove"]).dir(&project("gate", CONFIG)).run();
    assert_eq!(open.code, 1);
    let open = timeless(&open).replace(env!("CARGO_TARGET_TMPDIR"), "<dir>");
    insta::assert_snapshot!(open);
}

#[test]
fn accepted_gaps_pass() {
    let project = project("accepted", &format!("{CONFIG}{ACCEPTS}")).file("deep/down/here", "");
    let output = slugproof(["prove"]).dir(&Scratch(project.0.join("deep/down"))).run();
    assert_eq!(output.code, 0, "{}", output.snapshot());
    assert!(output.stdout.contains("(accepted: a job exercises the missing key)"), "{}", output.stdout);
}

#[test]
fn unused_accept_entry_is_a_finding() {
    let idle = "  - {code: ambiguous-model, reason: there is none}\n";
    let output = slugproof(["prove"]).dir(&project("idle", &format!("{CONFIG}{ACCEPTS}{idle}"))).run();
    assert_eq!(output.code, 1);
    let told = "line 9: this entry of `accept` matches no gap with the code ambiguous-model; remove it";
    let said = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains(told), "{}", output.stdout);
}

/// An accepted contradiction must not hide another one with the same code.
#[test]
fn accepted_gap_hides_no_other_gap() {
    let registry = REGISTRY
        .replace(
            "runtimes:",
            "  - {name: zeta, display_name: Z, protocol: openai, auth_mode: key, auth_env: \
            [ZETA_KEY], model_prefix_match: \"^z-\"}\nruntimes:",
        )
        .replace("      - {name: platform, m", "      - {name: zeta, models: [z-1]}\n      - {name: platform, m");
    let policy = POLICY.replace(
        "fallback: m-1",
        "dispatch: [{runtimes: [agent], keyed: [{key: OTHER, model: z-1}], model: m-1}]\nfallback: m-1",
    );
    let accept = "accept: [{code: missing-credential, unset: [KEY, OTHER], reason: known}]\n";
    let project = project("hidden", &format!("{CONFIG}{accept}"))
        .file("providers.yaml", registry)
        .file("policies/mine.yaml", policy);
    let output = slugproof(["prove", "--format", "json"]).dir(&project).run();
    assert_eq!(output.code, 1);
    let report = output.json();
    let gaps = report["policies"][0]["gaps"].as_array().expect("a list").clone();
    let open = |gap: &&serde_json::Value| gap["accepted"].is_null() && gap["code"] == json!("missing-credential");
    let open: Vec<_> = gaps.iter().filter(open).collect();
    assert_eq!((open.len(), &open[0]["set"], &open[0]["slug"]), (1, &json!({"OTHER": "set"}), &json!("z-1")));
}

/// If each of two entries covers a part of a contradiction, both count as used.
#[test]
fn entries_covering_parts_of_a_gap_are_used() {
    let both = ACCEPTS.replace("unset: [KEY], reason", "unset: [LLM_PATH], reason")
        + "  - {code: missing-credential, set: [LLM_PATH], reason: the same by another path}\n";
    let output = slugproof(["prove"]).dir(&project("divided", &format!("{CONFIG}{both}"))).run();
    assert_eq!(output.code, 0, "{}", output.snapshot());
}

#[test]
fn undecided_result_fails_the_proof() {
    let project = project("undecided", &format!("{CONFIG}{ACCEPTS}"))
        .file("providers.yaml", REGISTRY.replace("^acme/", r"\\bacme"));
    let output = slugproof(["prove"]).dir(&project).run();
    assert_eq!(output.code, 1, "{}", output.stdout);
    assert!(output.stdout.contains("undecided: which patterns overlap on agent"), "{}", output.stdout);
    assert!(!output.stdout.contains("✓ 28 laws"), "{}", output.stdout);
}

/// A path value that equals the value of a set key, and key names that differ in one word.
#[test]
fn unusual_names_make_headings() {
    let keys = "secrets: [{key: K_1_KEY, inject: [ACME_KEY]}, {key: K_2_KEY, inject: [A]}, {key: K_KEY, inject: [B]}, \
        {key: KK, inject: [C]}]";
    let policy =
        POLICY.replace("value: platform,", "value: set,").replace("secrets: [{key: KEY, inject: [ACME_KEY]}]", keys);
    let output = slugproof(["prove", "--deny", "gaps"])
        .dir(&project("headings", CONFIG).file("policies/mine.yaml", policy))
        .run();
    assert_eq!((output.code, output.stderr.as_str()), (1, ""), "{}", output.stdout);
}

#[test]
fn a_configured_policy_is_known_by_its_name() {
    let project = project("by-name", CONFIG);
    let answer =
        slugproof(["resolve", "--policy", "mine", "--runtime", "agent", "--format", "json"]).dir(&project).run().json();
    assert_eq!(answer["slug"], json!("m-1"));
    // An entry may apply to a policy that this run does not check.
    let project = crate::prove::project("narrowed", &format!("{CONFIG}{ACCEPTS}"));
    let output = slugproof(["prove", "--policy", "full-saas"]).dir(&project).run();
    assert!(!output.stdout.contains("remove the entry"), "{}", output.stdout);
}

#[test]
fn flags_override_slugproof_yaml() {
    let project = project("flags", CONFIG);
    let output = slugproof(["prove", "--embedded"]).dir(&project).run();
    assert_eq!(output.code, 0);
    assert!(output.stdout.starts_with("registry embedded"), "{}", output.stdout);
    let output = slugproof(["prove", "--no-config", "--registry", "providers.yaml", "--policy", "policies/mine.yaml"])
        .dir(&project)
        .run();
    assert_eq!(output.code, 0);
    assert!(output.stdout.starts_with("registry providers.yaml: 2 providers, 1 runtime\n"), "{}", output.stdout);
    let answer = slugproof(["resolve", "--runtime", "agent", "--format", "json"]).dir(&project).run().json();
    assert_eq!(answer["slug"], json!("m-1"), "resolve uses the file's policy as well");
}

#[test]
fn json_report_counts_are_exact() {
    let output = slugproof(["prove", "--format", "json", "--brute-force", "--policy", "reconciler"]).run();
    assert_eq!(output.code, 0);
    let report = output.json();
    let policy = &report["policies"][0];
    assert_eq!(policy["policy"], json!("reconciler"));
    assert_eq!(policy["decided_one_by_one"], json!(true));
    assert_eq!(policy["combinations"], json!(945_000));
    assert_eq!(policy["compared"], json!(74 * 7));
    // One for each id would be 74 slugs in 8 shapes on 7 runtimes.
    assert!(policy["evaluated"].as_u64() < Some(74 * 8 * 7 / 4), "one case per equivalence class, not per id");
    assert_eq!(policy["gaps"].as_array().map(Vec::len), Some(35));
    assert_eq!(policy["broken"], json!(null));
    let cell = json!({
        "runtime": "codex", "known_runtime": true, "set": {"E2E_LLM_PATH": "platform"},
        "slug": "moonshot/kimi-k2.6", "provider": null, "code": "unregistered-model"
    });
    assert!(policy["matrix"].as_array().expect("a list").contains(&cell));
}

/// The work is counted, so that the budget ends at the same case whenever it is used.
#[test]
fn budget_leaves_the_same_cases_unchecked_each_time() {
    let accepts = format!("{CONFIG}{ACCEPTS}");
    let scratch = project("prove-budget", &accepts);
    let run = |budget: &str| slugproof(["prove", "--budget", budget]).dir(&scratch).run();
    let ended = run("1");
    assert_eq!(ended.code, 1, "{}", ended.snapshot());
    let ended = timeless(&ended);
    assert!(ended.contains("the budget ended before every case of agent, unknown was checked"), "{ended}");
    assert!(!ended.contains("unused"), "an unused entry may be needed for unchecked cases: {ended}");
    assert_eq!(timeless(&run("1")), ended);
    let some = "30000";
    assert_eq!(timeless(&run(some)), timeless(&run(some)));
    assert_eq!(run("1000000000").code, 0);
    let json = slugproof(["prove", "--budget", "1", "--output", "json"]).dir(&scratch).run().json();
    assert_eq!(json["policies"][0]["unchecked_runtimes"], json!(["agent", "unknown"]));
    // Without slugproof.yaml, no gap counts, but unchecked cases are not proved either.
    let data = ["--no-config", "--registry", "providers.yaml", "--policy", "policies/mine.yaml"];
    let run = |budget: &str| slugproof([&["prove", "--budget", budget][..], &data].concat()).dir(&scratch).run();
    assert_eq!((run("1").code, run("1000000000").code), (3, 0));
}

/// Each rule of this policy of 2 kB doubles the environments.
#[test]
fn small_policy_with_many_environments_ends_in_time() {
    let rules = (0..8).flat_map(|number| ["a", "b"].map(|value| (number, value)));
    let rule =
        |(number, value)| format!("  - {{when: {{V{number}: {value}, V{}: {value}}}, use: m-1}}\n", (number + 1) % 8);
    let rules: String = rules.map(rule).collect();
    let keys: String = (0..10).map(|number| format!("  - {{key: K{number}, inject: [ACME_KEY]}}\n")).collect();
    let policy = format!("schema_version: 2\nname: mine\nmodel:\n{rules}  - {{use: m-1}}\nsecrets:\n{keys}");
    let scratch = project("prove-many", CONFIG).file("policies/mine.yaml", policy);
    // A twelfth of the usual budget, because this build is not optimised.
    let output = slugproof(["prove", "--budget=50000000"]).dir(&scratch).run();
    assert!(output.snapshot().contains("the budget ended before"), "{}", output.snapshot());
    assert_eq!(output.code, 1, "unchecked cases are not proved");
    assert!(output.processor_time.as_secs() < 20, "{:?}", output.processor_time);
}

/// Policies of version 2 about which a proof says less than it seems, with the exit codes without and with a
/// slugproof.yaml, and a part of the report.
#[test]
fn proof_says_what_it_leaves_out() {
    let nothing = "! policy mine: no environment creates anything, so nothing is proved: correct its `creates`";
    let unnamed = "note: an environment with nothing set names no runtime";
    for (number, (fields, codes, told)) in [
        ("runtimes: [agent], creates: {unless: [{A: set}, {A: unset}]}", (3, 1), nothing),
        ("creates: {unless: [{A: x}, {A: {not: x}}]}", (3, 1), nothing),
        ("runtimes: [agent], creates: {unless: [{runtime: agent}]}", (3, 1), nothing),
        ("creates: {unless: [{A: set}]}", (0, 0), "no gaps: without an override, every case is consistent"),
        (
            "templates: {other: agent}, creates: {unless: [{runtime: agent}]}",
            (0, 0),
            "note: no environment creates anything on agent, so nothing is proved there",
        ),
        ("runtime: RUNTIME", (0, 0), unnamed),
        (
            "runtime: RUNTIME, creates: {unless: [{A: unset}]}",
            (0, 0),
            "note: an environment with A=set names no runtime",
        ),
        (
            "runtimes: [agent], runtime: [{when: {A: unset}, use: agent}]",
            (0, 0),
            "note: an environment with A=set names no runtime",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let rules = "model: [{use: m-1}], secrets: [{inject: [ACME_KEY]}]";
        let policy = format!("{{schema_version: 2, name: mine, {fields}, {rules}}}");
        let scratch = project(&format!("leaves-out-{number}"), CONFIG).file("policies/mine.yaml", policy);
        let own = slugproof(["prove"]).dir(&scratch).run();
        let data = ["prove", "--no-config", "--registry", "providers.yaml", "--policy", "policies/mine.yaml"];
        let output = slugproof(data).dir(&scratch).run();
        assert_eq!((output.code, own.code), codes, "{fields}: {}", output.snapshot());
        let said = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(told), "{fields}: {}", output.stdout);
        assert_eq!(said.contains(unnamed), told == unnamed, "{fields}: {}", output.stdout);
    }
}

/// The default of an override variable counts where nobody sets the variable.
#[test]
fn default_of_an_override_leaves_a_gap() {
    let policy = "{schema_version: 2, name: mine, runtimes: [agent], defaults: {MODEL: m-1}, model: [{use: $MODEL}], \
                  secrets: [{key: ACME_KEY}]}";
    let scratch = project("default-gap", CONFIG).file("policies/mine.yaml", policy);
    let output = slugproof(["prove", "--output", "json"]).dir(&scratch).run();
    let gaps = &output.json()["policies"][0]["gaps"];
    let told: Vec<_> =
        gaps.as_array().expect("there is a list").iter().map(|gap| (&gap["code"], &gap["set"])).collect();
    assert_eq!((output.code, told), (1, vec![(&json!("missing-credential"), &json!({}))]));
}

/// In mode `every`, a key for the platform path ends the list of rules, so a class of its own tells what follows.
#[test]
fn key_of_the_platform_path_is_a_case() {
    let policy = "{schema_version: 2, name: mine, runtimes: [agent], model: [{use: m-1}], inject: every, \
                  secrets: [{key: PLATFORM_KEY, path: platform}, {inject: [ACME_KEY]}]}";
    let scratch = project("platform-key", CONFIG).file("policies/mine.yaml", policy);
    let output = slugproof(["prove", "--output", "json"]).dir(&scratch).run();
    let gap = &output.json()["policies"][0]["gaps"][0];
    assert_eq!((output.code, &gap["code"]), (1, &json!("platform-path-byok-model")), "{gap}");
}

/// One mechanism counts, certifies and reports a key that is empty and counts as set.
#[test]
fn empty_key_is_counted_one_by_one() {
    let policy = "{schema_version: 2, name: mine, runtimes: [agent], empty_is_set: [ACME_KEY], \
                  model: [{when: {ACME_KEY: set}, use: m-1}, {use: platform/m-1}], secrets: [{key: ACME_KEY}]}";
    let scratch = project("empty-key", CONFIG).file("policies/mine.yaml", policy);
    let output = slugproof(["prove", "--brute-force", "--output", "json"]).dir(&scratch).run();
    let policy = &output.json()["policies"][0];
    assert_eq!((&policy["combinations"], &policy["contradictions"]), (&json!(3), &json!(1)));
    assert_eq!(policy["decided_one_by_one"], json!(true));
    assert_eq!(policy["gaps"][0]["set"], json!({"ACME_KEY": ""}));
    assert_eq!(output.code, 1);
}

#[test]
fn the_laws_are_listed() {
    let output = slugproof(["prove", "--laws"]).run();
    assert_eq!(output.code, 0);
    for law in slug_laws::LAWS {
        assert!(output.stdout.contains(law.id), "{} is missing", law.id);
    }
}
