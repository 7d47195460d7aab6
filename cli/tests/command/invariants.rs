//! Invariants of slugproof.yaml, in `prove` and in `lint`.

use crate::expectations::REGISTRY;
use crate::run::{Scratch, slugproof};

const POLICY: &str = "schema_version: 2
name: nightly
harness: [run.sh]
runtime: AGENT
defaults: {AGENT: coder}
model:
  - {name: override, use: $MODEL}
  - {when: {BILLING: house}, use: house-1}
  - {when: {runtime: writer}, use: acme-1}
  - {use: acme-2}
secrets:
  - {when: {BILLING: house}, path: platform}
  - {key: ZETA_KEY, inject: [ZETA_TOKEN]}
  - {key: ACME_KEY, inject: [ACME_TOKEN]}
";

/// A repository with these invariants and a workflow whose job has this `env`.
fn repository(invariants: &str, env: &str) -> Scratch {
    let lines: String = invariants.lines().map(|line| format!("  - {}\n", line.trim())).collect();
    let config = format!("schema_version: 1\nregistry: providers.yaml\npolicies: [policy.yaml]\ninvariants:\n{lines}");
    let workflow = format!(
        "on: [push, pull_request]\njobs:\n  test:\n    runs-on: x\n    env: {{{env}}}\n    steps:\n      - \
         run: ./run.sh\n"
    );
    // A number makes the directory of each repository its own.
    let name = format!(
        "invariants-{}",
        config.bytes().chain(env.bytes()).fold(7_u64, |sum, byte| sum * 31 % 999_983 + u64::from(byte))
    );
    Scratch::new(&name)
        .file("providers.yaml", REGISTRY)
        .file("policy.yaml", POLICY)
        .file("run.sh", "")
        .file("slugproof.yaml", config)
        .file(".github/workflows/test.yml", workflow)
}

/// The violations that `prove` finds: runtime, the variables that are set, and the slug.
fn proved(invariant: &str) -> Vec<String> {
    let report = slugproof(["prove", "--format", "json"]).dir(&repository(invariant, "")).run().json();
    let found = report["policies"][0]["violations"].as_array().expect("a list").iter();
    let mut found: Vec<String> = found
        .map(|violation| {
            let set: Vec<&str> = violation["set"].as_object().expect("a map").keys().map(String::as_str).collect();
            let text = |name: &str| violation[name].as_str().expect("a text").to_owned();
            format!("{} [{}] {}", text("runtime"), set.join(" "), text("slug"))
        })
        .collect();
    found.sort();
    found
}

/// The codes of the findings of `lint`.
fn linted(invariant: &str, env: &str) -> Vec<String> {
    let report = slugproof(["lint", "--output", "json"]).dir(&repository(invariant, env)).run().json();
    let findings = report["findings"].as_array().expect("a list").iter();
    findings.map(|finding| finding["code"].as_str().expect("a code").to_owned()).collect()
}

#[test]
fn prove_shows_the_smallest_environments_that_violate() {
    for (invariant, expected) in [
        // By the rule for BILLING, and by an override.
        ("{never: {billing: platform}, runtime: coder}", vec!["coder [BILLING] house-1", "coder [MODEL] house-1"]),
        (
            "{always: {provider: [acme, zeta]}, runtime: coder}",
            vec!["coder [BILLING] house-1", "coder [MODEL] house-1"],
        ),
        ("{never: {provider: zeta}}", vec!["coder [MODEL] zeta-1"]),
        ("{never: {model: acme-2}}", vec!["coder [] acme-2"]),
        ("{never: {model: acme-1}, when: {runtime: coder}}", vec!["coder [MODEL] acme-1"]),
        ("{always: {path: byok}, runtime: writer}", vec!["writer [BILLING MODEL] acme-1"]),
        ("{always: {rule: override}, runtime: writer}", vec!["writer [] acme-1"]),
        ("{never: {rule: override, provider: zeta}}", vec!["coder [MODEL] zeta-1"]),
        // The model is picked, although no key of its provider is injected.
        ("{never: {model: zeta-1}, when: {ACME_KEY: set, ZETA_KEY: unset}}", vec!["coder [ACME_KEY MODEL] zeta-1"]),
        // A variable that no rule reads there.
        ("{never: {provider: zeta}, when: {ACME_KEY: set}}", vec!["coder [ACME_KEY MODEL] zeta-1"]),
        ("{never: {model: acme-2}, when: {ZETA_KEY: unset, ACME_KEY: set}}", vec!["coder [ACME_KEY] acme-2"]),
        ("{never: {model: acme-2}, when: {BILLING: team}}", vec!["coder [BILLING] acme-2"]),
    ] {
        let found = proved(invariant);
        assert_eq!(found, expected, "{invariant}");
    }
}

/// A model that only a pattern matches stands for every id that the pattern matches, even if the invariant names it.
#[test]
fn prove_tries_other_ids_like_a_named_model() {
    let registry = REGISTRY.replace("auth_env: [ZETA_TOKEN]}", "auth_env: [ZETA_TOKEN], model_prefix_match: '^z'}");
    for model in ["z", "za", "z0", "z-"] {
        let invariant = format!("{{always: {{model: [{model}, acme-1, acme-2, house-1, zeta-1]}}}}");
        let scratch = repository(&invariant, "").file("providers.yaml", &registry);
        let report = slugproof(["prove", "--output", "json"]).dir(&scratch).run().json();
        let found = report["policies"][0]["violations"].as_array().expect("a list");
        assert!(found.iter().any(|violation| violation["provider"] == "zeta"), "{model}: {found:?}");
    }
}

/// Only `z7` is like the named models, which neither a longer id nor a suffix shows. Spaces around it do not matter.
#[test]
fn prove_tries_the_last_member_of_a_pattern() {
    let registry =
        REGISTRY.replace("auth_env: [ZETA_TOKEN]}", "auth_env: [ZETA_TOKEN], model_prefix_match: '^(z1|z7|zz)$'}");
    for (named, slug) in [("z1, zz", Some("z7")), ("z1, z7, zz", None)] {
        let invariant = format!("{{always: {{model: [{named}, zeta-1, acme-1, acme-2, house-1]}}}}");
        let scratch = repository(&invariant, "").file("providers.yaml", &registry);
        let report = slugproof(["prove", "--output", "json"]).dir(&scratch).run().json();
        let found = report["policies"][0]["violations"].as_array().expect("a list");
        let slugs: Vec<Option<&str>> = found.iter().map(|violation| violation["slug"].as_str()).collect();
        assert!(slugs.iter().all(|found| *found == slug) && slugs.is_empty() == slug.is_none(), "{named}: {found:#?}");
    }
    let invariant = "{never: {model: zeta-1}}";
    assert_eq!(linted(invariant, "MODEL: ' zeta-1 ', ZETA_KEY: '${{ secrets.Z }}'"), ["violated-invariant"]);
}

#[test]
fn prove_finds_no_violation_of_what_holds() {
    for invariant in [
        "{never: {billing: platform}, runtime: writer}",
        "{never: {provider: zeta}, when: {MODEL: unset}}",
        "{always: {provider: acme}, when: {MODEL: unset, BILLING: {not: house}}}",
        "{always: {billing: platform}, when: {BILLING: house, MODEL: unset, runtime: coder}}",
        "{never: {model: acme-2}, when: {MODEL: zeta-1}}",
        "{never: {billing: platform}, when: {event: pull_request}}",
    ] {
        assert_eq!(proved(invariant), [""; 0], "{invariant}");
    }
    let output = slugproof(["prove"]).dir(&repository("{never: {billing: platform}, runtime: writer}", "")).run();
    assert!(output.stdout.contains("✓ 1 invariant of slugproof.yaml, in every environment"), "{}", output.stdout);
}

#[test]
fn lint_checks_the_calls_that_an_invariant_is_about() {
    let violated = vec!["violated-invariant".to_owned()];
    for (invariant, env, expected) in [
        ("{never: {billing: platform}}", "BILLING: house", &violated),
        ("{never: {billing: platform}, when: {event: pull_request}}", "BILLING: house", &violated),
        ("{never: {billing: platform}, when: {event: schedule}}", "BILLING: house", &vec![]),
        ("{never: {billing: platform}, when: {job: test}}", "BILLING: house", &violated),
        ("{never: {billing: platform}, when: {job: {not: test}}}", "BILLING: house", &vec![]),
        ("{never: {billing: platform}, when: {workflow: test.yml}}", "BILLING: house", &violated),
        ("{never: {billing: platform}, when: {workflow: {not: test.yml}}}", "BILLING: house", &vec![]),
        ("{never: {billing: platform}, when: {workflow: .github/workflows/test.yml}}", "BILLING: house", &violated),
        ("{never: {billing: platform}, runtime: writer}", "BILLING: house", &vec![]),
        ("{never: {billing: platform}, policy: nightly}", "BILLING: house", &violated),
        ("{never: {billing: platform}}", "ACME_KEY: \"${{ secrets.K }}\"", &vec![]),
        (
            "{never: {billing: platform}}",
            "BILLING: \"${{ vars.B || 'house' }}\"",
            &vec!["undecided".to_owned(), "violated-invariant".to_owned()],
        ),
        // A contradiction is one finding.
        ("{never: {provider: zeta}}", "MODEL: zeta-1", &vec!["missing-credential".to_owned()]),
    ] {
        let mut found = linted(invariant, env);
        found.sort();
        found.dedup();
        assert_eq!(&found, expected, "{invariant} with {env}");
    }
}

#[test]
fn lint_names_the_deciding_variable_and_the_reason() {
    let repository = repository("{never: {billing: platform}, reason: too expensive}", "BILLING: house");
    let output = slugproof(["lint"]).dir(&repository).run();
    assert_eq!(output.code, 1);
    for part in ["the invariant `never {billing: platform}` is violated", "line 5 of slugproof.yaml: too expensive"] {
        assert!(output.stdout.contains(part), "{}", output.stdout);
    }
}

#[test]
fn lint_tells_apart_the_values_that_an_invariant_tests() {
    let undecided = vec!["undecided".to_owned()];
    for (invariant, env, expected) in [
        // No rule tells these values of BILLING apart.
        ("{never: {provider: acme}, when: {BILLING: lilac}}", "BILLING: \"${{ vars.B }}\"", &undecided),
        ("{never: {provider: acme}, when: {BILLING: {not: lilac}}}", "BILLING: \"${{ vars.B }}\"", &undecided),
        ("{never: {provider: acme}, when: {BILLING: {host: x.example}}}", "BILLING: \"${{ vars.B }}\"", &undecided),
        ("{never: {provider: acme}, when: {BILLING: lilac}}", "BILLING: pink", &vec![]),
        ("{never: {provider: acme}, when: {BILLING: lilac}}", "BILLING: lilac", &vec!["violated-invariant".to_owned()]),
    ] {
        let env = format!("ACME_KEY: k, PROXY_TOKEN: p, {env}");
        assert_eq!(&linted(invariant, &env), expected, "{invariant} with {env}");
    }
}

#[test]
fn prove_names_the_runtime_that_an_invariant_tests() {
    assert_eq!(
        proved("{never: {provider: acme}, when: {AGENT: writer, MODEL: unset, BILLING: unset}}"),
        ["writer [AGENT] acme-1"]
    );
    assert_eq!(
        proved("{never: {provider: acme}, when: {AGENT: {not: coder}, MODEL: unset, BILLING: unset}}"),
        ["writer [AGENT] acme-1"]
    );
}

#[test]
fn faulty_invariant_is_refused_at_its_field() {
    for (invariant, message) in [
        ("{never: {billing: plattform}}", "write `platform` or `byok`"),
        ("{never: {provdier: acme}}", "did you mean `provider`?"),
        ("{never: {provider: acm}}", "the provider `acm` does not exist; did you mean `acme`?"),
        ("{never: {rule: overide}}", "no policy of this entry has the rule `overide`; did you mean `override`?"),
        ("{always: {provider: zeta, rule: {not: [override, platform]}}}", "has the rule `platform`"),
        ("{never: {model: zeta1}}", "no provider serves the model `zeta1`; did you mean `zeta-1`?"),
        ("{never: {provider: acme}, when: {BILLING: hosue}}", "compared with `hosue`; did you mean `house`?"),
        ("{never: {provider: acme}, when: {BILLING: {not: House}}}", "compared with `House`; did you mean `house`?"),
        ("{never: {provider: acme}, when: {BILLING: Unset}}", "compared with `Unset`; did you mean `unset`?"),
        ("{never: {provider: acme}, when: {AGENT: codre}}", "compared with `codre`; did you mean `coder`?"),
        ("{never: {provider: acme}, when: {MODEL: [acme-1, zeta1]}}", "with `zeta1`; did you mean `zeta-1`?"),
        ("{always: {provider: acme}, runtime: codr}", "the runtime `codr` does not exist; did you mean `coder`?"),
        ("{never: {provider: acme}, policy: nightli}", "the policy `nightli` does not exist; did you mean `nightly`?"),
        ("{never: {provider: acme}, when: {MODLE: set}}", "no policy reads `MODLE`; did you mean `MODEL`?"),
        ("{never: {provider: acme}, when: {ACME_KEY: abc}}", "only `set` and `unset` can be tested"),
        ("{never: {provider: acme}, always: {provider: zeta}}", "either `always` or `never`"),
        ("{never: {}}", "the invariant says nothing"),
        ("{runtime: coder}", "either `always` or `never`"),
        ("{never: {provider: acme}, reason: \" \"}", "the reason is empty"),
        ("{never: {provider: acme}, runtime: coder, when: {runtime: writer}}", "already has `runtime`"),
    ] {
        for command in ["prove", "lint"] {
            let output = slugproof([command]).dir(&repository(invariant, "")).run();
            assert_eq!(output.code, 2, "{command} {invariant}");
            let message = output.stderr.contains("slugproof.yaml: line 5") && output.stderr.contains(message);
            assert!(message, "{invariant}: {}", output.stderr);
        }
        let output = slugproof(["check"]).dir(&repository(invariant, "")).run();
        let words = |text: &str| text.split(|c: char| c.is_whitespace()).collect::<String>();
        let stdout = words(&output.stdout);
        assert_eq!(output.code, 1, "check {invariant}");
        assert!(stdout.contains("slugproof.yaml:5:"), "{invariant}: {}", output.stdout);
        assert!(stdout.contains(&words(message)), "{invariant}: {}", output.stdout);
    }
}

#[test]
fn misspelt_workflow_and_job_are_refused() {
    for (when, message) in [
        ("workflow: est.yml", "no linted file matches the workflow `est.yml`; did you mean `test.yml`?"),
        ("workflow: {not: .github/test.yml}", "did you mean `.github/workflows/test.yml`?"),
        ("job: tset", "no linted workflow of this entry has the job `tset`; did you mean `test`?"),
        ("workflow: {not: test.yml}, job: test", "no linted workflow of this entry has the job `test`"),
    ] {
        let repository = repository(&format!("{{never: {{billing: platform}}, when: {{{when}}}}}"), "");
        let output = slugproof(["lint"]).dir(&repository).run();
        assert!(output.code == 2 && output.stderr.contains(message), "{when}: {}", output.stderr);
    }
}

#[test]
fn subject_of_a_violation_names_runtime_provider_and_line() {
    let env = "MODEL: \"${{ matrix.model }}\", ZETA_KEY: \"${{ secrets.K }}\", AGENT: coder";
    let repository = repository("{never: {path: byok}}\n{never: {path: byok, billing: byok}}", env);
    let workflow = "on: push\njobs:\n  test:\n    runs-on: x\n    strategy: {matrix: {model: [zeta-1, acme-1]}}\n    \
                    env: {MODEL: \"${{ matrix.model }}\", ZETA_KEY: k, ACME_KEY: k}\n    steps: [{run: ./run.sh}]\n";
    let policy = POLICY.replace("secrets:", "inject: every\nsecrets:");
    let repository = repository.file(".github/workflows/test.yml", workflow).file("policy.yaml", policy);
    let report = slugproof(["lint", "--output", "json"]).dir(&repository).run().json();
    let findings = report["findings"].as_array().expect("a list");
    let subject = |finding: &serde_json::Value, name: &str| finding["subject"][name].as_str().map(str::to_owned);
    for (finding, line) in findings.iter().zip(["6", "5"]) {
        let found = ["line", "runtime", "provider"].map(|name| subject(finding, name).unwrap_or_default());
        assert_eq!(found, [line, "coder", "acme, zeta"], "{report}");
    }
    // A baseline does not depend on the lines of slugproof.yaml.
    assert_eq!(slugproof(["lint", "--baseline", "known.json", "--write-baseline"]).dir(&repository).run().code, 0);
    let config = std::fs::read_to_string(repository.0.join("slugproof.yaml")).expect("the file exists");
    let repository = repository.file("slugproof.yaml", format!("# a comment\n{config}"));
    assert_eq!(slugproof(["lint", "--baseline", "known.json"]).dir(&repository).run().code, 0);
}
