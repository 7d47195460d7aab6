//! Names that are probably misspelt: the code `near-miss`.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::run::{Scratch, slugproof};

const CALL: &str = "bash tests/e2e/test_staging_full_saas.sh";

/// The variables that a job sets if nothing is misspelt.
const RIGHT: &str = "E2E_RUNTIME: claude-code, E2E_MINIMAX_API_KEY: '${{ secrets.E2E_MINIMAX_API_KEY }}'";

/// The level, the code and the variable of each finding of the workflows of a repository.
fn found(scratch: &Scratch) -> Vec<(String, String, String)> {
    let output = slugproof(["lint", "--output", "json"]).dir(scratch).run();
    assert!(output.code < 2, "{}", output.snapshot());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let findings = output.json()["findings"].as_array().expect("a list").clone();
    findings.iter().map(|it| (text(&it["level"]), text(&it["code"]), text(&it["subject"]["variable"]))).collect()
}

fn repository(name: &str, files: &[(&str, &str)]) -> Scratch {
    let scratch = Scratch::new(&format!("near-misses-{name}"));
    files.iter().fold(scratch, |scratch, (path, text)| scratch.file(path, text))
}

/// A repository with one workflow.
fn workflow(name: &str, text: &str) -> Scratch {
    repository(name, &[(".github/workflows/w.yml", text)])
}

/// A job that sets variables in flow style and runs a script.
fn job(id: &str, env: &str, script: &str) -> String {
    format!("  {id}:\n    runs-on: x\n    env: {{{env}}}\n    steps:\n      - run: {script}\n")
}

fn near_miss(variable: &str) -> (String, String, String) {
    ("warning".to_owned(), "near-miss".to_owned(), variable.to_owned())
}

#[test]
fn misspelt_variable_is_found_wherever_it_is_set() {
    let steps = |text: &str| format!("on: push\njobs:\n  a:\n    runs-on: x\n    env: {{{RIGHT}}}\n    steps:\n{text}");
    let run = format!("      - run: {CALL}\n");
    let wrapper = "#!/bin/bash\nexport E2E_MODLE_SLUG=MiniMax-M2\nbash tests/e2e/test_staging_full_saas.sh\n";
    let action = format!(
        "runs:\n  using: composite\n  steps:\n    - shell: bash\n      env: {{E2E_MODLE_SLUG: MiniMax-M2}}\n      \
         run: {CALL}\n"
    );
    let files = [("ci/run.sh", wrapper), ("act/action.yml", &action)];
    for (name, text) in [
        ("workflow", format!("env: {{E2E_MODLE_SLUG: MiniMax-M2}}\n{}", steps(&run))),
        ("job", steps(&run).replace("E2E_RUNTIME:", "E2E_MODLE_SLUG: MiniMax-M2, E2E_RUNTIME:")),
        ("step", steps(&format!("{run}        env: {{E2E_MODLE_SLUG: MiniMax-M2}}\n"))),
        ("quoted", steps(&format!("{run}        env:\n          \"E2E_MODLE_SLUG\": 'MiniMax-M2'\n"))),
        (
            "outer",
            steps(&format!("{run}        env: {{E2E_MODLE_SLUG: a}}\n"))
                .replace("env: {E2E_R", "env: {E2E_MODEL_SLUG: MiniMax-M2, E2E_R"),
        ),
        (
            "container",
            steps(&run).replace("runs-on: x", "runs-on: x\n    container: {image: i, env: {E2E_MODLE_SLUG: m}}"),
        ),
        ("export", steps(&format!("      - run: |\n          export E2E_MODLE_SLUG=MiniMax-M2\n          {CALL}\n"))),
        ("prefix", steps(&format!("      - run: E2E_MODLE_SLUG=MiniMax-M2 {CALL}\n"))),
        ("env", steps(&format!("      - run: env E2E_MODLE_SLUG=MiniMax-M2 {CALL}\n"))),
        ("github", steps(&format!("      - run: echo E2E_MODLE_SLUG=MiniMax-M2 >> \"$GITHUB_ENV\"\n{run}"))),
        ("script", steps("      - run: bash ci/run.sh\n")),
        ("action", steps("      - uses: ./act\n")),
    ] {
        let files: Vec<(&str, &str)> = files.into_iter().chain([(".github/workflows/w.yml", text.as_str())]).collect();
        assert_eq!(found(&repository(name, &files)), [near_miss("E2E_MODLE_SLUG")], "{text}");
        let right: Vec<(&str, String)> = files
            .iter()
            .map(|(path, text)| (*path, text.replace("MODLE", "MODEL").replace("SLUG: a}", "SLUG: sonnet}")))
            .collect();
        let right: Vec<(&str, &str)> = right.iter().map(|(path, text)| (*path, text.as_str())).collect();
        let codes: BTreeSet<String> = found(&repository(name, &right)).into_iter().map(|(_, code, _)| code).collect();
        assert!(!codes.contains("near-miss"), "{text}");
    }
}

/// A policy that reads names that are one edit apart, and one of another harness.
const POLICIES: [(&str, &str); 2] = [
    (
        "policy.yaml",
        "schema_version: 2
name: evals
harness: [eval.sh]
runtime: [{use: agent}]
runtimes: [agent]
model: [{use: $MODEL}, {use: ze-mini}]
inject: every
secrets:
  - {key: ACME_KEY_1, inject: [ACME_API_KEY]}
  - {key: ACME_KEY_2, inject: [ACME_API_KEY]}
  - {key: ZETA_API_KEY}
  - {key: ZETA_API_KEYS, inject: [ZETA_API_KEY]}
",
    ),
    (
        "other.yaml",
        "schema_version: 2
name: other
harness: [other.sh]
runtimes: [agent]
model: [{use: $MODELL}]
secrets: [{key: ZETTA_API_KEY, inject: [ZETA_API_KEY]}]
",
    ),
];

const REGISTRY: &str = "schema_version: 1
providers:
  - {name: acme, auth_env: [ACME_API_KEY], model_prefix_match: '^ac-'}
  - {name: zeta, auth_env: [ZETA_API_KEY], model_prefix_match: '^ze-'}
  - {name: beta, auth_env: [BETA_API_KEY]}
runtimes:
  agent: {providers: [{name: acme, models: [ac-large-4, ac-small-20250514]}, {name: zeta, models: [ze-mini]}]}
  other: {providers: [{name: acme, models: [ac-large-4o], withdrawn_models: [ac-larg-4]}]}
";

/// The findings for a job of the policies, which calls a harness unless a script is given.
fn of_env(name: &str, env: &str, script: &str, config: &str) -> Vec<(String, String, String)> {
    let text = format!("on: push\njobs:\n{}", job("a", env, script));
    let config = format!("schema_version: 1\nregistry: providers.yaml\npolicies: [policy.yaml, other.yaml]\n{config}");
    let files = [
        ("providers.yaml", REGISTRY),
        ("slugproof.yaml", &config),
        ("eval.sh", "main.py \"$MODELS\"\n"),
        (".github/workflows/w.yml", &text),
    ];
    found(&repository(name, &[&files[..], &POLICIES].concat()))
}

#[test]
fn other_variables_are_no_near_misses() {
    let key = "ZETA_API_KEY: '${{ secrets.ZETA_API_KEY }}'";
    for (number, (env, script)) in [
        // Names that this policy or another one reads, numbers, and credentials that a provider accepts.
        ("ACME_KEY_1: x, ACME_KEY_2: x, ZETA_API_KEYS: x", "bash eval.sh"),
        ("MODELL: x, ZETTA_API_KEY: x", "bash eval.sh"),
        ("ACME_KEY_3: x, BETA_API_KEY: x", "bash eval.sh"),
        // Names that the harness or the file mentions.
        ("MODELS: x", "bash eval.sh"),
        ("MODELZ: x", "bash eval.sh \"$MODELZ\""),
        ("MODELZ: x", "bash eval.sh '${{ env.MODELZ }}'"),
        // The meant variable is beside it, or the name is short.
        ("MODEL: ze-mini, MODELZ: x", "bash eval.sh"),
        ("MODE: x", "bash eval.sh"),
        // A variable of a shell is not exported.
        ("A: b", "modell=x bash -c true; bash eval.sh"),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(of_env(&format!("other-{number}"), &format!("{env}, {key}"), script, ""), [], "{env}");
    }
    let found = of_env("other-wrong", &format!("MODELZ: x, {key}"), "bash eval.sh", "");
    assert_eq!(found, [near_miss("MODELZ")]);
    let idle = format!(
        "on: push\njobs:\n{}    - run: x\n        env: {{E2E_MODLE_SLUG: x}}\n{}",
        job("a", RIGHT, CALL).trim_end().to_owned() + "\n  ",
        job("b", "E2E_MODLE_SLUG: x", "make"),
    );
    assert_eq!(self::found(&workflow("other-idle", &idle)), [], "{idle}");
}

#[test]
fn export_beside_a_default_is_a_near_miss() {
    let config = "schema_version: 1\nregistry: providers.yaml\npolicies: [policy.yaml]\n";
    let lint = |name: &str, script: &str| {
        let text = format!("on: push\njobs:\n{}", job("a", "ZETA_API_KEY: '${{ secrets.ZETA_API_KEY }}'", script));
        let files = [
            ("providers.yaml", REGISTRY),
            ("slugproof.yaml", config),
            ("eval.sh", "export MODEL=\"${MODEL:-ze-mini}\"\nmain.py \"$MODEL\"\n"),
            (".github/workflows/w.yml", &text),
        ];
        found(&repository(name, &[&files[..], &POLICIES[..1]].concat()))
    };
    assert_eq!(lint("default-alone", "export MODELZ=ze-mini; bash eval.sh"), [near_miss("MODELZ")]);
    assert_eq!(lint("default-beside", "export MODELZ=x MODEL=ze-mini; bash eval.sh"), []);
}

/// A program that lint does not read may read the variable.
#[test]
fn variable_that_another_file_mentions_is_no_near_miss() {
    let text = format!("on: push\njobs:\n{}", job("a", "MODELZ: x, ZETA_API_KEY: '${{ secrets.K }}'", "bash eval.sh"));
    let config = "schema_version: 1\nregistry: providers.yaml\npolicies: [policy.yaml]\n";
    let baseline = "{\"code\": \"near-miss\", \"subject\": {\"variable\": \"MODELZ\"}}\n";
    for (number, (path, other, is_read)) in [
        ("src/main.py", "import os\nprint(os.environ[\"MODELZ\"])\n", true),
        ("src/settings.py", "class Settings:\n    MODELZ: str\n", true),
        ("ci/other.sh", "echo \"${MODELZ:-none}\"\n", true),
        ("README.md", "`MODELZ` is the model of the release.\n", true),
        (".github/workflows/other.yml", "on: push\njobs: {a: {steps: [{run: 'echo $MODELZ'}]}}\n", true),
        ("src/main.py", "import os\nprint(os.environ[\"MODELZZ\"])\n", false),
        ("ci/other.sh", "# MODELZ\nexport MODELZ=x\n", false),
        ("act/action.yml", "runs: {using: composite, steps: [{run: x, shell: bash, env: {MODELZ: y}}]}\n", false),
        (".github/workflows/other.yml", "on: push\nenv: {MODELZ: x}\njobs: {a: {steps: [{run: x}]}}\n", false),
        ("baseline.json", baseline, false),
        (".env.example", "MODELZ=\n", false),
        ("Dockerfile", "FROM x\nENV MODELZ=y\n", false),
        ("compose.yaml", "services: {a: {environment: {MODELZ: x}}}\n", false),
        ("Makefile", "MODELZ ?= x\n", false),
        ("bin/run", "#!/usr/bin/env bash\nexport MODELZ=x\n", false),
        ("bin/run", "#!/usr/bin/env bash\necho \"$MODELZ\"\n", true),
        ("src/main.py", "# MODELZ\n", false),
        ("ci/last.log", "MODELZ is read\n", false),
        (".github/workflows/other.yml", "on: push\nenv: {A: '${{ vars.MODELZ }}'}\njobs: {}\n", false),
    ]
    .into_iter()
    .enumerate()
    {
        let files = [
            ("providers.yaml", REGISTRY),
            ("slugproof.yaml", config),
            ("eval.sh", "main.py\n"),
            (".github/workflows/w.yml", &text),
            POLICIES[0],
            (path, other),
        ];
        let expected = if is_read { Vec::new() } else { vec![near_miss("MODELZ")] };
        assert_eq!(found(&repository(&format!("mentioned-{number}"), &files)), expected, "{path}: {other}");
    }
}

/// No step of the job runs a file, which could read any variable.
#[test]
fn misspelt_variable_of_a_command_is_found() {
    let policy = POLICIES[0].1.replace("harness: [eval.sh]", "harness: [evalctl]");
    let config = "schema_version: 1\nregistry: providers.yaml\npolicies: [policy.yaml]\n";
    let key = "ZETA_API_KEY: '${{ secrets.ZETA_API_KEY }}'";
    for (number, (env, steps)) in [
        ("MODELZ: ze-mini, ", "      - run: evalctl\n"),
        ("", "      - run: evalctl\n        env: {MODELZ: ze-mini}\n"),
        ("", "      - run: MODELZ=ze-mini evalctl\n"),
        ("", "      - run: export MODELZ=ze-mini; evalctl\n"),
        ("", "      - run: echo MODELZ=ze-mini >> $GITHUB_ENV\n      - run: evalctl\n"),
    ]
    .into_iter()
    .enumerate()
    {
        let text = format!("on: push\njobs:\n  a:\n    runs-on: x\n    env: {{{env}{key}}}\n    steps:\n{steps}");
        let of = |text: &str| {
            let files = [
                ("providers.yaml", REGISTRY),
                ("policy.yaml", policy.as_str()),
                ("slugproof.yaml", config),
                (".github/workflows/w.yml", text),
            ];
            found(&repository(&format!("command-{number}"), &files))
        };
        assert_eq!(of(&text), [near_miss("MODELZ")], "{text}");
        assert_eq!(of(&text.replace("MODELZ", "MODEL")), [], "{text}");
    }
}

#[test]
fn misspelt_secret_is_found() {
    for (number, (secret, config, expected)) in [
        // The name of the variable, and that of its credential.
        ("ZETA_API_KYE", "", true),
        ("ZETA_APIKEY", "", true),
        ("ZETA-API-KEY", "", true),
        ("ZEETA_API_KEY", "", true),
        ("ZETA_API_KEU", "", true),
        // Another policy's key variable, and a secret that only slugproof.yaml names.
        ("ZETTA_API_KYE", "", true),
        ("TEAM_TOKEN", "known_secrets: [TEAM_TOKEN]\n", false),
        // Names ignore case; numbers are other names; and nothing is known about other names.
        ("zeta_api_key", "", false),
        ("ZETA_API_KEY_2", "", false),
        ("TEAM_TOKNE", "", false),
        // Both exist.
        ("ZETA_API_KYE", "known_secrets: [ZETA_API_KYE, ZETA_API_KEY]\n", false),
    ]
    .into_iter()
    .enumerate()
    {
        let env = format!("ZETA_API_KEY: '${{{{ secrets.{secret} }}}}'");
        let found = of_env(&format!("secret-{number}"), &env, "bash eval.sh", config);
        let near_misses = if expected { vec![near_miss("ZETA_API_KEY")] } else { Vec::new() };
        assert_eq!(found, near_misses, "{secret}");
    }
    // With a dot, the expression is undecided as well.
    let found = of_env("secret-dot", "ZETA_API_KEY: '${{ secrets.ZETA.API_KEY }}'", "bash eval.sh", "");
    assert!(found.contains(&near_miss("ZETA_API_KEY")), "{found:?}");
    // A secret that does not exist fails, and the finding says which one is meant.
    let env = "ZETA_API_KEY: '${{ secrets.TEAM_TOKNE }}'";
    let [(level, code, _)] = &of_env("secret-absent", env, "bash eval.sh", "known_secrets: [TEAM_TOKEN]\n")[..] else {
        panic!("one finding")
    };
    assert_eq!((level.as_str(), code.as_str()), ("error", "missing-credential"));
}

/// The forms in which a secret reaches a key variable.
#[test]
fn misspelt_secret_is_found_in_every_form() {
    let direct = "E2E_MINIMAX_API_KEY: \"${{ secrets.E2E_MINIMAX_API_KYE }}\"";
    for (number, (env, script)) in [
        (direct.to_owned(), CALL.to_owned()),
        (direct.replace("secrets.E2E_MINIMAX_API_KYE", "secrets['E2E_MINIMAX_API_KYE']"), CALL.to_owned()),
        (direct.replace("}}", "|| secrets.E2E_OTHER }}"), CALL.to_owned()),
        (direct.replace("{{", "{{ github.ref == 'x' &&").replace("}}", "|| '' }}"), CALL.to_owned()),
        (direct.replace("E2E_MINIMAX_API_KEY:", "A_KEY:"), format!("E2E_MINIMAX_API_KEY=\"$A_KEY\" {CALL}")),
        (String::new(), format!("E2E_MINIMAX_API_KEY=\"${{{{ secrets.E2E_MINIMAX_API_KYE }}}}\" {CALL}")),
    ]
    .into_iter()
    .enumerate()
    {
        let env = format!("{env}{}E2E_RUNTIME: claude-code", if env.is_empty() { "" } else { ", " });
        let text = format!("on: push\njobs:\n{}", job("a", &env, &format!("|\n          {script}")));
        // Whether the key is set is undecided in one form.
        let near_misses = |name: &str, text: &str| -> Vec<(String, String, String)> {
            found(&workflow(&format!("form-{name}{number}"), text))
                .into_iter()
                .filter(|it| it.1 == "near-miss")
                .collect()
        };
        assert_eq!(near_misses("", &text), [near_miss("E2E_MINIMAX_API_KEY")], "{text}");
        let right = text.replace("KYE", "KEY");
        assert_eq!(near_misses("right-", &right), [], "{right}");
    }
}

/// A secret keeps its name on the way through other steps and actions.
#[test]
fn misspelt_secret_is_found_after_other_steps() {
    let secret = "${{ secrets.E2E_MINIMAX_API_KYE }}";
    let run = format!("      - run: {CALL}\n");
    let action = format!(
        "inputs: {{token: {{}}}}\nruns:\n  using: composite\n  steps:\n    - shell: bash\n      env: \
         {{E2E_MINIMAX_API_KEY: '${{{{ inputs.token }}}}', E2E_RUNTIME: claude-code}}\n      run: {CALL}\n"
    );
    let write = "echo \"E2E_MINIMAX_API_KEY=$T\" >> \"$GITHUB_ENV\"";
    for (number, steps) in [
        format!("      - run: echo \"E2E_MINIMAX_API_KEY={secret}\" >> \"$GITHUB_ENV\"\n{run}"),
        format!("      - run: {write}\n        env: {{T: \"{secret}\"}}\n{run}"),
        format!("      - run: {}\n        env: {{T: \"{secret}\"}}\n{run}", write.replace("$T", "${T:-}")),
        format!(
            "      - run: echo \"OTHER={secret}\" >> \"$GITHUB_ENV\"\n      - run: {}\n{run}",
            write.replace("$T", "$OTHER")
        ),
        format!("      - uses: ./act\n        with: {{token: \"{secret}\"}}\n"),
        format!("{run}        env: {{E2E_MINIMAX_API_KEY: \"${{{{ env.T }}}}\"}}\n"),
    ]
    .into_iter()
    .enumerate()
    {
        let env = format!("{{E2E_RUNTIME: claude-code, T: \"{secret}\"}}");
        let text = format!("on: push\njobs:\n  a:\n    runs-on: x\n    env: {env}\n    steps:\n{steps}");
        let found = |name: &str, text: &str| {
            let files = [("act/action.yml", action.as_str()), (".github/workflows/w.yml", text)];
            found(&repository(&format!("steps-{name}{number}"), &files))
        };
        assert_eq!(found("", &text), [near_miss("E2E_MINIMAX_API_KEY")], "{text}");
        assert_eq!(found("right-", &text.replace("KYE", "KEY")), [], "{text}");
    }
}

/// The called workflow names the secret as it likes; the secret of the caller counts.
#[test]
fn secret_of_a_caller_is_compared() {
    let called = format!(
        "on:\n  workflow_call:\n    secrets: {{token: {{required: true}}}}\njobs:\n  run:\n    runs-on: x\n    \
         steps:\n      - run: {CALL}\n        \
         env: {{E2E_RUNTIME: claude-code, E2E_MINIMAX_API_KEY: '${{{{ secrets.token }}}}'}}\n"
    );
    // The second workflow passes the secret on under another name.
    let between = "on: {workflow_call: {secrets: {key: {}}}}\njobs:\n  b:\n    \
                   uses: ./.github/workflows/called.yml\n    secrets: {token: '${{ secrets.key }}'}\n";
    let caller = |file: &str, name: &str, secret: &str| {
        format!(
            "on: push\njobs:\n  a:\n    uses: ./.github/workflows/{file}.yml\n    \
             secrets: {{{name}: \"${{{{ secrets{secret} }}}}\"}}\n"
        )
    };
    for (number, (secret, expected)) in [
        (".E2E_MINIMAX_API_KEY", None),
        (".TEAM_TOKEN", None),
        (".E2E_MINIMAX_API_KYE", Some("near-miss")),
        ("['E2E_MINIMAX_API_KYE']", Some("near-miss")),
        (".OPENAI_API_KEY", Some("near-miss")),
    ]
    .into_iter()
    .enumerate()
    {
        for (file, name) in [("called", "token"), ("between", "key")] {
            let files = [
                (".github/workflows/called.yml", called.as_str()),
                (".github/workflows/between.yml", between),
                (".github/workflows/caller.yml", &caller(file, name, secret)),
            ];
            let codes: Vec<String> = found(&repository(&format!("caller-{number}-{file}"), &files))
                .into_iter()
                .filter(|it| it.2 == "E2E_MINIMAX_API_KEY")
                .map(|it| it.1)
                .collect();
            assert_eq!(codes, expected.into_iter().collect::<Vec<_>>(), "{file} {secret}");
        }
    }
}

/// A called workflow for every vendor, whose input or caller decides which variable gets the secret.
#[test]
fn general_workflow_has_no_near_miss() {
    const CHOSEN: [&str; 2] = [
        "${{ inputs.vendor == 'minimax' && secrets.api-key || '' }}",
        "${{ inputs.vendor == 'openai' && secrets.api-key || '' }}",
    ];
    const SAME: [&str; 2] = ["${{ secrets.api-key }}", "${{ secrets.api-key }}"];
    for (number, (variables, vendor, secret)) in [
        (CHOSEN, "minimax", "secrets.E2E_MINIMAX_API_KEY"),
        (CHOSEN, "minimax", "secrets.API_KEY"),
        (SAME, "minimax", "secrets.E2E_OPENAI_API_KEY"),
        (CHOSEN, "minimax", "secrets.E2E_OPENAI_API_KEY || secrets.E2E_MINIMAX_API_KEY"),
    ]
    .into_iter()
    .enumerate()
    {
        let [minimax, openai] = variables;
        let called = format!(
            "on:\n  workflow_call:\n    inputs: {{vendor: {{type: string}}}}\n    \
             secrets: {{api-key: {{required: true}}}}\njobs:\n  run:\n    runs-on: x\n    \
             steps:\n      - run: {CALL}\n        env:\n          E2E_RUNTIME: claude-code\n          \
             E2E_MINIMAX_API_KEY: {minimax}\n          E2E_OPENAI_API_KEY: {openai}\n"
        );
        let caller = format!(
            "on: push\njobs:\n  a:\n    uses: ./.github/workflows/called.yml\n    \
             with: {{vendor: {vendor}}}\n    secrets: {{api-key: \"${{{{ {secret} }}}}\"}}\n"
        );
        let files = [(".github/workflows/called.yml", called.as_str()), (".github/workflows/caller.yml", &caller)];
        let found = found(&repository(&format!("general-{number}"), &files));
        assert!(found.iter().all(|it| it.1 != "near-miss"), "{number}: {found:?}");
    }
}

/// One expression chooses between two secrets. Only the chosen one counts in each row.
#[test]
fn secret_of_a_row_is_compared() {
    let row = |chosen: &str, other: &str| {
        let key = format!("${{{{ matrix.vendor == 'minimax' && secrets.{chosen} || secrets.{other} }}}}");
        format!(
            "on: push\njobs:\n  a:\n    runs-on: x\n    strategy: {{matrix: {{vendor: [minimax, openai]}}}}\n    \
             env:\n      E2E_RUNTIME: claude-code\n      KEY: {key}\n    steps:\n      - run: |\n          \
             case ${{{{ matrix.vendor }}}} in\n            minimax) export E2E_MINIMAX_API_KEY=$KEY ;;\n            \
             openai) export E2E_OPENAI_API_KEY=$KEY ;;\n          esac\n          {CALL}\n"
        )
    };
    // The other row is an error: its key is not that of the model.
    for (name, chosen, other, expected) in [
        ("right", "E2E_MINIMAX_API_KEY", "E2E_OPENAI_API_KEY", &[][..]),
        ("swapped", "E2E_OPENAI_API_KEY", "E2E_MINIMAX_API_KEY", &["E2E_MINIMAX_API_KEY"]),
        ("same", "E2E_OPENAI_API_KEY", "E2E_OPENAI_API_KEY", &["E2E_MINIMAX_API_KEY"]),
    ] {
        let found = found(&workflow(&format!("row-{name}"), &row(chosen, other)));
        let found: Vec<&str> = found.iter().filter(|it| it.1 == "near-miss").map(|it| it.2.as_str()).collect();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn misspelt_input_of_an_action_is_found() {
    let policy = "schema_version: 2
name: review
harness: [{uses: some/review, inputs: {model: MODEL, zeta-key: ZETA_API_KEY}}]
runtime: [{use: agent}]
model: [{use: $MODEL}, {use: ze-mini}]
secrets: [{key: ZETA_API_KEY}]
";
    let config = "schema_version: 1\nregistry: providers.yaml\npolicies: [policy.yaml]\n";
    let key = "zeta-key: '${{ secrets.ZETA_API_KEY }}'";
    for (number, (inputs, expected)) in [
        (format!("modle: ze-mini, {key}"), Some("MODEL")),
        (format!("models: ze-mini, {key}"), Some("MODEL")),
        (format!("mo_del: ze-mini, {key}"), Some("MODEL")),
        // Another input, a case that means nothing, and one beside the meant input.
        (format!("mode: fast, {key}"), None),
        (format!("MODEL: ze-mini, {key}"), None),
        (format!("models: a, model: ze-mini, {key}"), None),
    ]
    .into_iter()
    .enumerate()
    {
        let step = format!("      - uses: some/review@v1\n        with: {{{inputs}}}\n");
        let text = format!("on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n{step}");
        let files = [
            ("providers.yaml", REGISTRY),
            ("slugproof.yaml", config),
            ("policy.yaml", policy),
            (".github/workflows/w.yml", text.as_str()),
        ];
        let found = found(&repository(&format!("input-{number}"), &files));
        assert_eq!(found, expected.map(near_miss).into_iter().collect::<Vec<_>>(), "{inputs}");
    }
}

/// An index is a name, and no value that has to be masked.
#[test]
fn secret_in_brackets_is_named() {
    let text = job("a", &RIGHT.replace("secrets.E2E_MINIMAX_API_KEY", "secrets[''E2E_MINIMAX_API_KYE'']"), CALL);
    let double = text.replace("''", "'").replace(" '$", " \"$").replace("}}'", "}}\"");
    for (number, text) in [text, double].into_iter().enumerate() {
        let scratch = workflow(&format!("brackets-{number}"), &format!("on: push\njobs:\n{text}"));
        let output = slugproof(["lint"]).dir(&scratch).run();
        let title = "the secret `E2E_MINIMAX_API_KYE` may be a misspelt `E2E_MINIMAX_API_KEY`";
        assert!(output.stdout.replace("\n                    ", " ").contains(title), "{}", output.snapshot());
        assert!(!output.stdout.contains("**"), "{}", output.snapshot());
        assert!(output.stdout.contains(" ^^^^^^^^^^^^^^^^^^^ fills"), "{}", output.snapshot());
    }
}

/// A secret that nothing else names is compared with the secrets that the files use more often.
#[test]
fn secret_is_compared_with_those_of_other_jobs() {
    let key = |secret: &str| format!("ZETA_API_KEY: '${{{{ secrets.{secret} }}}}'");
    for (secrets, expected) in [
        (&["TEAM_TOKEN", "TEAM_TOKNE", "TEAM_TOKEN"][..], 1),
        (&["TEAM_TOKEN", "TEAM_TOKNE"], 1),
        (&["TEAM_TOKEN_1", "TEAM_TOKEN_2", "TEAM_TOKEN_2"], 0),
        (&["TEAM_TOKEN_A", "TEAM_TOKEN_B"], 0),
        (&["TEAM_TOKEN", "TEAM_TOKEN"], 0),
        (&["STAGING_TOKEN", "PRODUCTION_TOKEN"], 0),
    ] {
        let jobs =
            secrets.iter().enumerate().map(|(number, secret)| job(&format!("j{number}"), &key(secret), "bash eval.sh"));
        let text = format!("on: push\njobs:\n{}", jobs.collect::<String>());
        let config = "schema_version: 1\nregistry: providers.yaml\npolicies: [policy.yaml, other.yaml]\n";
        let files =
            [("providers.yaml", REGISTRY), ("slugproof.yaml", config), (".github/workflows/w.yml", text.as_str())];
        let found = found(&repository("uses", &[&files[..], &POLICIES].concat()));
        assert_eq!(found, vec![near_miss("ZETA_API_KEY"); expected], "{secrets:?}");
    }
}

/// A value that is almost one that the policy tests counts as any other value: here, the tenant pays.
#[test]
fn misspelt_value_of_a_tested_variable_is_found() {
    for (name, value, is_found) in [
        ("case", "Platform", true),
        ("swapped", "platfrom", true),
        ("quoted", "'platform-'", true),
        ("right", "byok", false),
        ("other", "tenant", false),
        ("variable", "\"${{ github.actor }}\"", false),
    ] {
        let env = format!("{RIGHT}, E2E_LLM_PATH: {value}");
        let text = format!("on: push\njobs:\n{}", job("a", &env, CALL));
        let expected = if is_found { vec![near_miss("E2E_LLM_PATH")] } else { Vec::new() };
        assert_eq!(found(&workflow(&format!("value-{name}"), &text)), expected, "{value}");
    }
}

/// The fix of the error does not touch the misspelt value, so the warning must not appear only after it.
#[test]
fn misspelt_value_of_a_failing_job_is_found() {
    let near_misses = |found: Vec<(String, String, String)>| -> Vec<(String, String, String)> {
        assert_eq!(found.iter().filter(|it| it.0 == "error").count(), 1, "{found:?}");
        found.into_iter().filter(|it| it.1 == "near-miss").collect()
    };
    let env = format!("{RIGHT}, E2E_LLM_PATH: Platform, E2E_MODEL_SLUG: nobody/m-1");
    let text = format!("on: push\njobs:\n{}", job("a", &env, CALL));
    assert_eq!(near_misses(found(&workflow("value-of-failing", &text))), [near_miss("E2E_LLM_PATH")]);
    let found = of_env("model-of-failing", "MODEL: ac-lagre-4", "bash eval.sh", "");
    assert_eq!(near_misses(found), [near_miss("MODEL")]);
}

#[test]
fn misspelt_model_is_found_unless_its_number_differs() {
    for (number, (slug, expected)) in [
        ("ac-large-4", false),
        ("ac-lagre-4", true),
        ("ac-large4", true),
        ("ac-Large-4", true),
        ("ac-large-44", true),
        ("ac-small-20250541", true),
        ("ac-small-20250515", true),
        // Another version, another model, and ids that another runtime lists or has withdrawn.
        ("ac-large-5", false),
        ("ac-large-4.5", false),
        ("ac-small-20260801", false),
        ("ac-medium-4", false),
        ("ac-large-4o", false),
        ("ac-larg-4", false),
    ]
    .into_iter()
    .enumerate()
    {
        let env = format!("MODEL: {slug}, ACME_KEY_1: '${{{{ secrets.ACME_API_KEY }}}}'");
        let found = of_env(&format!("model-{number}"), &env, "bash eval.sh", "");
        let near_misses = if expected { vec![near_miss("MODEL")] } else { Vec::new() };
        assert_eq!(found, near_misses, "{slug}");
    }
    // One value of several, and a model that the policy itself picks.
    let key = "ACME_KEY_1: '${{ secrets.ACME_API_KEY }}'";
    let env = format!("MODEL: \"${{{{ vars.M && 'ac-large-4' || 'ac-lagre-4' }}}}\", {key}");
    assert_eq!(of_env("model-one-of", &env, "bash eval.sh", ""), [near_miss("MODEL")]);
}

#[test]
fn denied_near_miss_is_an_error() {
    let env = "MODEL: ac-lagre-4, ACME_KEY_1: '${{ secrets.ACME_API_KEY }}'";
    let [(level, code, _)] = &of_env("denied", env, "bash eval.sh", "deny: [near-miss]\n")[..] else {
        panic!("one finding")
    };
    assert_eq!((level.as_str(), code.as_str()), ("error", "near-miss"));
}

/// Every slip of a kind in a text.
fn slips(text: &str) -> BTreeSet<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut found = BTreeSet::new();
    for at in 0..chars.len() {
        let with = |new: &[char], skipped: usize| -> String {
            chars[..at].iter().chain(new).chain(&chars[at + skipped..]).collect()
        };
        let c = chars[at];
        found.insert(with(&[], 1));
        found.insert(with(&[c, c], 1));
        found.extend(chars.get(at + 1).map(|next| with(&[*next, c], 2)));
        found.insert(with(&[if c.is_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }], 1));
        const ROWS: [&str; 4] = ["1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"];
        let beside = ROWS.iter().find_map(|row| row.chars().skip_while(|key| *key != c.to_ascii_lowercase()).nth(1));
        found.extend(beside.map(|key| with(&[if c.is_uppercase() { key.to_ascii_uppercase() } else { key }], 1)));
        if "_-./".contains(c) {
            found.extend(['_', '-', '.'].map(|other| with(&[other], 1)));
        }
    }
    found.remove(text);
    found
}

/// At least 95 % of the slips of people in names that matter are found.
#[test]
fn slips_of_people_are_found() {
    // What is misspelt, and a job in which it matters.
    let env = |text: &str| format!("{{E2E_RUNTIME: claude-code, {text}}}");
    let key = "E2E_MINIMAX_API_KEY: \"${{ secrets.E2E_MINIMAX_API_KEY }}\"";
    let cases = [
        ("E2E_MODEL_SLUG", env(&format!("\"§\": MiniMax-M2, {key}"))),
        ("E2E_LLM_PATH", env("\"§\": platform")),
        ("E2E_MINIMAX_API_KEY", env("\"§\": \"${{ secrets.E2E_MINIMAX_API_KEY }}\", E2E_MODEL_SLUG: MiniMax-M2")),
        ("E2E_MINIMAX_API_KEY", env("E2E_MINIMAX_API_KEY: \"${{ secrets.§ }}\"")),
        ("MiniMax-M2.7", env(&format!("E2E_MODEL_SLUG: \"§\", {key}"))),
    ];
    let (mut all, mut silent) = (0, Vec::new());
    for (number, (name, env)) in cases.iter().enumerate() {
        // Names of secrets ignore case, and must begin with a letter or `_`.
        let is_secret = env.contains("secrets.§");
        let matters =
            |slip: &String| !is_secret || !slip.eq_ignore_ascii_case(name) && !slip.starts_with(['1', '2', '3']);
        let slips: Vec<String> = slips(name).into_iter().filter(matters).collect();
        let jobs = slips.iter().enumerate().map(|(number, slip)| {
            let env = env.replace('§', slip);
            format!("  j{number}:\n    runs-on: x\n    env: {env}\n    steps:\n      - run: {CALL}\n")
        });
        let scratch = workflow(&format!("slips-{number}"), &format!("on: push\njobs:\n{}", jobs.collect::<String>()));
        let output = slugproof(["lint", "--output", "json"]).dir(&scratch).run();
        let findings = output.json()["findings"].as_array().expect("a list").clone();
        let counts = |finding: &&Value| finding["level"] == "error" || finding["level"] == "warning";
        let lines = findings.iter().filter(counts).filter_map(|finding| finding["primary"]["start"]["line"].as_u64());
        // A job has five lines, after two lines of the workflow.
        let found: BTreeSet<usize> = lines.map(|line| (usize::try_from(line).expect("a line") - 3) / 5).collect();
        all += slips.len();
        silent.extend((0..slips.len()).filter(|job| !found.contains(job)).map(|job| slips[job].clone()));
    }
    assert!(all > 300 && silent.len() * 20 <= all, "{} of {all} are silent: {silent:?}", silent.len());
}
