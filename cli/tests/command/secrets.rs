//! Texts that look like credentials, and values of secrets, are masked where people misplace them.

use std::fs;

use proptest::prelude::*;

use crate::run::{Scratch, slugproof};

/// A secret that has no known shape.
const PLAIN: &str = "hunter2-canary";

/// A secret of a known shape.
const KEY: &str = "sk-proj-0123456789abcdef";

#[test]
fn value_of_misspelt_key_is_masked() {
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

/// A key can be where a command, an option, a value or a path belongs.
#[test]
fn usage_error_repeats_no_credential() {
    for key in ["sk-ant-api03-0123456789abcdef0", "ghp_notarealkey00000", "AKIANOTAREALKEY000000"] {
        let option = format!("--{key}");
        let value = |name: &str| format!("--{name}={key}");
        let values = ["output", "deny", "color", "runtim"].map(value);
        let mut runs = vec![vec![key], vec![&option], vec!["help", key], vec!["prove", key], vec!["diff", &option]];
        runs.extend([vec!["schema", key], vec!["completions", key], vec!["resolve", key], vec!["lint", "--deny", key]]);
        runs.extend(values.iter().map(|value| vec!["lint", value.as_str()]));
        runs.push(vec!["prove", "--output", key]);
        for args in runs {
            let output = slugproof(args.iter().copied()).dir(&Scratch::new("secrets-usage")).run();
            assert_eq!(output.code, 2, "{args:?}: {}", output.snapshot());
            assert!(!output.snapshot().contains(key), "{args:?}: {}", output.snapshot());
        }
    }
}

/// `anthropic/` is a prefix that a pattern matches.
#[test]
fn credential_as_model_is_masked_and_fails() {
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

/// Lines that name a credential in each place, `§`, and the model that a registry lists. Only a model or a runtime
/// makes a line wrong.
#[test]
fn credential_in_a_line_is_not_repeated() {
    for value in [KEY.to_owned(), format!(" {KEY}\\t"), format!("acme/{KEY}"), format!("Bearer {PLAIN}")] {
        for (line, is_wrong) in [
            (r#"{"runtime":"claude-code","env":{"MODEL":"§","CI_ACME_KEY":"set"}}"#, true),
            (r#"{"runtime":"§","env":{"CI_ACME_KEY":"set"}}"#, true),
            (r#"{"env":{"RUNTIME":"§","CI_ACME_KEY":"set"}}"#, true),
            (r#"{"runtime":"claude-code","env":{"CI_ACME_KEY":"§"}}"#, false),
            (r#"{"runtime":"claude-code","env":{"§":"§","CI_ACME_KEY":"set"}}"#, false),
            (r#"{"runtime":"claude-code","ambient":["§","ACME_KEY"]}"#, false),
            (r#"{"runtime":"claude-code","§":1}"#, true),
            (r#"{"runtime":"claude-code","env":{"CI_ACME_KEY":["§"]}}"#, true),
        ] {
            let scratch = Scratch::new("secrets-line").file("providers.yaml", REGISTRY).file("policy.yaml", SOURCES);
            let line = line.replace('§', &value);
            let files = ["--registry", "providers.yaml", "--policy", "policy.yaml"];
            let resolve = ["resolve", "--batch", "-"].into_iter().chain(files);
            let output = slugproof(resolve).input(line.as_str()).dir(&scratch).run();
            assert_eq!(output.code > 0, is_wrong, "{line}: {}", output.snapshot());
            assert!(!output.snapshot().contains(KEY), "{line}: {}", output.snapshot());
            assert!(!output.snapshot().contains(PLAIN), "{line}: {}", output.snapshot());
        }
        for line in [
            r#"{"runtime":"claude-code","model":"§","auth_env":["ACME_KEY"]}"#,
            r#"{"runtime":"§","model":"acme/a","auth_env":["ACME_KEY"]}"#,
            r#"{"runtime":"claude-code","model":"acme/a","auth_env":["§"]}"#,
            r#"{"runtime":"claude-code","model":"acme/a","§":["ACME_KEY"]}"#,
        ] {
            let line = line.replace('§', &value);
            let scratch = Scratch::new("secrets-derived").file("providers.yaml", REGISTRY);
            let derive = ["derive", "--registry", "providers.yaml", "--batch", "-"];
            let output = slugproof(derive).input(line.as_str()).dir(&scratch).run();
            assert!(!output.snapshot().contains(KEY), "{line}: {}", output.snapshot());
            assert!(!output.snapshot().contains(PLAIN), "{line}: {}", output.snapshot());
        }
    }
}

/// A policy that takes the model and the runtime from variables.
const SOURCES: &str = "schema_version: 2
name: own
runtime: [{use: $RUNTIME}]
model: [{name: given, use: $MODEL}, {name: usual, when: {TEAM: blue}, use: acme/a}, {use: acme/a}]
secrets: [{key: CI_ACME_KEY, inject: [ACME_KEY, BESIDES]}, {key: SPARE_KEY, inject: [ACME_KEY]}]
templates: {reviewer: claude-code}
";

/// A name of the registry or of the policy that looks like a credential is masked in each line that repeats it.
#[test]
fn credential_as_name_is_masked_in_lines() {
    let name = "ghp_0123456789abcdef";
    let line = r#"{"runtime":"claude-code","env":{"TEAM":"blue","CI_ACME_KEY":"set","SPARE_KEY":"set"}}"#;
    for (from, line) in [
        ("acme", line),
        ("ACME_KEY", line),
        ("BESIDES", line),
        ("SPARE_KEY", &line.replace("SPARE_KEY", name)),
        ("TEAM", &line.replace("TEAM", name)),
        ("usual", line),
        ("claude-code", &line.replace("claude-code", name)),
        ("reviewer", &line.replace("claude-code", name)),
    ] {
        // A name is a word by itself: `ACME_KEY` is a part of `CI_ACME_KEY`.
        let renamed = |text: &str| {
            let words = text.split_inclusive(|c: char| !c.is_ascii_alphanumeric() && !"_-/".contains(c));
            let is_name = |word: &str| word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()) == from;
            words.map(|word| if is_name(word) { word.replace(from, name) } else { word.to_owned() }).collect::<String>()
        };
        let scratch = Scratch::new("secrets-names")
            .file("providers.yaml", renamed(REGISTRY))
            .file("policy.yaml", renamed(SOURCES));
        let files = ["--registry", "providers.yaml", "--policy", "policy.yaml"];
        let output = slugproof(["resolve", "--batch", "-"].into_iter().chain(files)).input(line).dir(&scratch).run();
        assert!(output.stdout.contains("<masked>"), "{from}: {}", output.snapshot());
        assert!(!output.snapshot().contains(name), "{from}: {}", output.snapshot());
        if ["acme", "claude-code"].contains(&from) {
            let runtime = if from == "claude-code" { name } else { "claude-code" };
            let line = format!(r#"{{"runtime":"{runtime}","model":"acme/a","auth_env":["ACME_KEY"]}}"#);
            let derive = ["derive", "--registry", "providers.yaml", "--batch", "-"];
            let output = slugproof(derive).input(line.as_str()).dir(&scratch).run();
            assert_eq!(output.code, 0, "{from}: {}", output.snapshot());
            assert!(!output.snapshot().contains(name), "{from}: {}", output.snapshot());
        }
    }
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

/// Ways from a literal, written `§`, to the key variable `KEY`: the literal is in the inputs, in the
/// matrix, in the `env` of the workflow, in a script or in the caller.
const FLOWS: [(&str, &str); 30] = [
    ("env", "      KEY: §"),
    ("env", "      KEY: \"§\"   # was §"),
    ("env", "      KEY: |\n        §"),
    ("env", "      KEY: a§b"),
    ("env", "      KEY: ${{ secrets.KEY || '§' }} # §"),
    ("env", "      KEY: '${{ secrets.KEY || ''§'' }}'"),
    ("env", "      KEY: §${{ github.ref }}"),
    ("env", "      KEY: ${{ inputs.plain }}"),
    ("env", "      KEY: ${{ github.event.inputs.plain }}"),
    ("env", "      KEY: ${{ inputs.choice || inputs.plain }}"),
    ("env", "      KEY: ${{ matrix.leg }}"),
    ("env", "      KEY: ${{ matrix['leg'] }}"),
    ("env", "      KEY: ${{ matrix.leg == 'x' && matrix.row || 'y' }}"),
    ("env", "      KEY: ${{ format('{0}', matrix.leg) }}"),
    ("env", "      KEY: ${{ env.TOP }}"),
    ("env", "      KEY: ${{ inputs.called }}"),
    ("env", "      KEY: ${{ secrets.passed }}"),
    ("run", "export KEY=§"),
    ("run", "KEY+=§"),
    ("run", "export KEY=a\"§\""),
    ("run", "KEY='§' ./x"),
    ("run", "export KEY=\"${OTHER:-§}\""),
    ("run", "export KEY=$(echo §) # §"),
    ("run", "OTHER=§; export KEY=\"x$OTHER\""),
    ("run", "export KEY=$TOP"),
    ("run", "printf -v KEY '%s' '§'"),
    ("run", "echo \"KEY=§\" >> $GITHUB_ENV"),
    ("run", "echo KEY=${{ inputs.plain }} >> $GITHUB_ENV"),
    ("run", "cat <<END >> $GITHUB_ENV\n          KEY=§\n          END"),
    ("run", "{ echo 'KEY<<END'; echo x; } >> $GITHUB_ENV"),
];

/// Where the slug comes from.
const SLUGS: [&str; 6] = [
    "MiniMax-M2",
    "${{ inputs.plain }}",
    "${{ inputs.choice }}",
    "${{ matrix.leg }}",
    "${{ inputs.called }}",
    "${{ github.event.inputs.plain }}",
];

/// A workflow in which a literal reaches a key variable, and a caller of it.
fn flow(flow: (&str, &str), slug: &str, key: &str, canary: &str) -> (String, String) {
    let (kind, line) = flow;
    let is_used = |name: &str| line.contains(name) || slug.contains(name);
    let place = |name: &str, text: &str| if is_used(name) { text.to_owned() } else { text.replace('§', "other") };
    let line = line.replace("KEY", key);
    let (env, run) = if kind == "env" { (line, String::new()) } else { (String::new(), line) };
    let uses_key = |text: &str| if is_used("secrets.passed") { text.to_owned() } else { text.replace('§', "other") };
    let text = format!(
        "on:\n  workflow_dispatch:\n    inputs:\n{}{}  workflow_call:\n    \
         inputs:\n      called: {{type: string}}\n\
         env:\n{}jobs:\n  a:\n    runs-on: x\n    strategy:\n      matrix:\n{}\n    env:\n      \
         E2E_LLM_PATH: platform\n      E2E_MODEL_SLUG: {slug}\n{env}\n    steps:\n      - run: |\n\
         \x20         {run}\n          \
         bash tests/e2e/test_staging_full_saas.sh\n",
        place("inputs.plain", "      plain: {type: string, default: §}   # §\n"),
        place("inputs.choice", "      choice: {type: choice, default: '§', options: ['§', other]}\n"),
        place("TOP", "  TOP: §\n"),
        place("matrix", "        leg: [§, z]\n        include: [{leg: z, row: §}]"),
    );
    let caller = format!(
        "on: push\njobs:\n  b:\n    uses: ./.github/workflows/a.yml\n    with:\n{}    secrets:\n{}",
        place("inputs.called", "      called: §\n"),
        uses_key("      passed: §\n"),
    );
    (text.replace('§', canary), caller.replace('§', canary))
}

/// Checks that no output of `lint` repeats a canary that reaches a key variable.
fn check_flow(at: (&str, &str), slug: &str, key: &str, canary: &str, name: &str) -> Result<(), String> {
    let (text, caller) = flow(at, slug, key, canary);
    // A slug alone stays readable; it is a secret if the same literal reaches the key variable.
    let scratch = Scratch::new(name).file(".github/workflows/a.yml", &text).file(".github/workflows/b.yml", caller);
    check_outputs(&scratch, canary)
        .map_err(|output| format!("{at:?} with the slug {slug} shows the secret:\n{text}\n{output}"))
}

/// The first output of `lint` about a repository that repeats a canary.
fn check_outputs(scratch: &Scratch, canary: &str) -> Result<(), String> {
    let mut outputs = Vec::new();
    for output in ["human", "json", "sarif", "github"] {
        outputs.push(slugproof(["lint", "--output", output]).dir(scratch).run().snapshot());
    }
    let written = ["lint", "--output", "json=out.json", "--baseline", "base.json", "--write-baseline"];
    for args in [&written[..], &["lint", "--fix"]] {
        outputs.push(slugproof(args.iter().copied()).dir(scratch).run().snapshot());
    }
    for file in ["out.json", "base.json"] {
        outputs.push(fs::read_to_string(scratch.0.join(file)).expect("the command writes it"));
    }
    outputs.into_iter().find(|output| output.contains(canary)).map_or(Ok(()), Err)
}

/// The commands that read the key variable from the environment or the command line.
#[test]
fn value_of_key_is_masked_in_every_command() {
    let key = "E2E_MINIMAX_API_KEY";
    let setting = format!("{key}={PLAIN}");
    let record = format!(r#"{{"model":"m","status":"failed","error":"rejected {PLAIN}"}}"#);
    let scratch = Scratch::new("secrets-commands");
    for format in ["human", "json"] {
        for args in [
            vec!["check", "--embedded", "--output", format],
            vec!["prove", "--embedded", "--format", format],
            vec!["resolve", "--embedded", "--runtime", "claude-code", "--format", format, &setting],
            vec!["diagnose", "--record", "-", "--runtime", "claude-code", "--format", format, &setting],
            vec!["diagnose", "--record", "-", "--runtime", "claude-code", "--format", format, "--from-env"],
            vec!["pick", "--embedded", "claude-code"],
        ] {
            let output = slugproof(args.iter().copied()).env(key, PLAIN).input(record.as_str()).dir(&scratch).run();
            assert!(!output.snapshot().contains(PLAIN), "{args:?}: {}", output.snapshot());
        }
    }
}

/// Steps, and a file that they run: a literal, written `§`, reaches the variable `KEY` and the model.
const FILE_FLOWS: [(&str, &str, &str); 24] = [
    ("run: bash ci/x", "ci/x", "export KEY=§ # was §\nCALL\n"),
    ("run: bash ci/x", "ci/x", "export KEY=\"${OTHER:-§}\"\nCALL\n"),
    ("run: bash ci/x", "ci/x", "O=§\nexport KEY=$O\nexport SLUG=$O\nCALL\n"),
    ("run: bash ci/x §", "ci/x", "export KEY=$1\nexport SLUG=$1\nCALL\n"),
    ("run: O=§ bash ci/x", "ci/x", "KEY=\"a$O\" SLUG=$O CALL\n"),
    ("run: source ci/x; CALL", "ci/x", "set -a\nKEY=§\nSLUG=§\n"),
    ("run: bash ci/x", "ci/x", "go() { export KEY=$1 SLUG=$1; }\ngo §\nCALL\n"),
    ("run: bash ci/x", "ci/x", "bash <<END\nKEY=§ SLUG=§ CALL\nEND\n"),
    ("run: bash ci/x\n      - run: CALL", "ci/x", "echo KEY=§ >> $GITHUB_ENV\necho SLUG=§ >> $GITHUB_ENV\n"),
    ("run: make e2e", "Makefile", "K := §\ne2e:\n\tKEY=$(K) SLUG=$(K) CALL\n"),
    ("run: make e2e", "Makefile", "export KEY = §\nexport SLUG = §\ne2e:\n\tCALL\n"),
    ("run: make e2e", "Makefile", "K ?= §\ne2e:\n\tKEY=$(K) SLUG=$(K) CALL\n"),
    ("run: make e2e K=§", "Makefile", "e2e:\n\tKEY=$(K) SLUG=$(K) CALL\n"),
    ("run: npm run e2e", "package.json", r#"{"scripts": {"e2e": "KEY=§ SLUG=§ CALL"}}"#),
    ("run: npm run e2e", "package.json", r#"{"scripts": {"e2e": "O=§; KEY=$O SLUG=$O CALL"}}"#),
    (
        "uses: ./act",
        "act/action.yml",
        "runs:\n  using: composite\n  steps:\n    - {shell: bash, env: {KEY: §, SLUG: §}, run: CALL}\n",
    ),
    (
        "uses: ./act",
        "act/action.yml",
        "inputs: {key: {default: §}}\nruns:\n  using: composite\n  steps:\n    - shell: bash\n      env:\n        \
         KEY: ${{ inputs.key }}\n        SLUG: ${{ inputs.key }}\n      run: CALL\n",
    ),
    (
        "uses: ./act\n        with: {key: §}",
        "act/action.yml",
        "inputs: {key: {required: true}}\nruns:\n  using: composite\n  steps:\n    - shell: bash\n      \
         run: KEY=${{ inputs.key }} SLUG=${{ inputs.key }} CALL\n",
    ),
    // In the step itself.
    ("run: for k in §; do KEY=$k SLUG=$k CALL; done", "ci/x", ""),
    ("run: set -- §; KEY=$1 SLUG=$1 CALL", "ci/x", ""),
    ("run: k=$(printf %s §); KEY=$k SLUG=$k CALL", "ci/x", ""),
    ("run: npx cross-env KEY=§ SLUG=§ CALL", "ci/x", ""),
    ("run: CALL\n        env: {KEY: \"${{ fromJSON('[\\\"§\\\"]')[0] }}\", SLUG: §}", "ci/x", ""),
    // The key variable is misspelt.
    ("run: CALL\n        env: {E2E_MINIMAX_API_KYE: §, SLUG: §}", "ci/x", ""),
];

#[test]
fn every_flow_through_a_file_is_masked() {
    let key = "E2E_MINIMAX_API_KEY";
    for (number, (step, path, content)) in FILE_FLOWS.into_iter().enumerate() {
        let filled = |text: &str| {
            let call = "bash tests/e2e/test_staging_full_saas.sh";
            let text =
                text.replace("CALL", call).replace("SLUG", "E2E_MODEL_SLUG").replace("E2E_MINIMAX_API_KYE", "KYE");
            text.replace("KEY", key).replace("KYE", "E2E_MINIMAX_API_KYE").replace('§', PLAIN)
        };
        let env = "E2E_LLM_PATH: platform, E2E_RUNTIME: claude-code, E2E_MODEL_SLUG: MiniMax-M2";
        let text = format!(
            "on: push\njobs:\n  a:\n    runs-on: x\n    env: {{{env}}}\n    steps:\n      - {}\n",
            filled(step)
        );
        let scratch = Scratch::new(&format!("secrets-file-{number}"))
            .file(path, filled(content))
            .file(".github/workflows/a.yml", &text);
        // Each flow is followed, or the test would be empty.
        let output = slugproof(["lint"]).dir(&scratch).run();
        assert_eq!(output.code, 1, "{text}\n{}", output.snapshot());
        check_outputs(&scratch, PLAIN).unwrap_or_else(|output| panic!("{text}\n{}\n{output}", filled(content)));
    }
}

/// The reference of a flow to what also selects the slug, so that the literal of the slug is a secret.
fn shares_literal(line: &str, slug: &str) -> bool {
    !slug.contains("${{") || line.contains(slug.trim_matches(['$', '{', '}', ' ']))
}

#[test]
fn every_flow_into_a_key_variable_is_masked() {
    for (number, at) in FLOWS.into_iter().enumerate() {
        let slugs = SLUGS.into_iter().filter(|slug| shares_literal(at.1, slug));
        for slug in slugs {
            let name = format!("secrets-flow-{number}");
            check_flow(at, slug, "E2E_MINIMAX_API_KEY", PLAIN, &name).unwrap_or_else(|error| panic!("{error}"));
        }
    }
}

#[test]
fn empty_value_of_a_key_is_shown() {
    for env in [
        "{E2E_MODEL_SLUG: MiniMax-M2, E2E_MINIMAX_API_KEY: \"\", E2E_RUNTIME: claude-code}",
        "{E2E_MODEL_SLUG: MiniMax-M2, E2E_MINIMAX_API_KEY: '', E2E_RUNTIME: claude-code}",
    ] {
        let text = format!(
            "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      \
            - run: bash tests/e2e/test_staging_full_saas.sh\n        \
             env: {env}\n"
        );
        let scratch = Scratch::new("secrets-empty").file(".github/workflows/a.yml", text);
        let shown = slugproof(["lint"]).dir(&scratch).run().stdout;
        let value = env.split("API_KEY").nth(1).and_then(|rest| rest.split(',').next()).expect("a value");
        assert!(shown.contains(&format!("API_KEY{value}")), "{env}\n{shown}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_canary_is_masked_in_every_output(
        at in prop::sample::select(FLOWS.to_vec()),
        slug in prop::sample::select(SLUGS.to_vec()),
        key in prop::sample::select(vec!["E2E_MINIMAX_API_KEY", "E2E_ANTHROPIC_API_KEY"]),
        canary in "zq[a-z0-9]{4,20}qz",
    ) {
        prop_assume!(shares_literal(at.1, slug));
        check_flow(at, slug, key, &canary, "secrets-flow-random").map_err(TestCaseError::fail)?;
    }
}

/// A literal that is compared, or that another variable takes, is not a secret.
#[test]
fn literal_that_reaches_no_key_variable_stays_readable() {
    let text = "on: push\njobs:\n  a:\n    runs-on: x\n    \
                strategy: {matrix: {leg: [first-leg, other-leg]}}\n    env:\n      \
                E2E_LLM_PATH: platform\n      \
                E2E_MINIMAX_API_KEY: ${{ matrix.leg == 'first-leg' && secrets.A || '' }}\n      \
                E2E_MODEL_SLUG: ${{ matrix.leg }}\n    steps:\n      - run: bash tests/e2e/test_staging_full_saas.sh\n";
    let scratch = Scratch::new("secrets-readable").file(".github/workflows/a.yml", text);
    let output = slugproof(["lint"]).dir(&scratch).run();
    assert!(output.stdout.contains("== 'first-leg'") && output.stdout.contains("`first-leg`"), "{}", output.stdout);
    assert!(!output.stdout.contains("***") && !output.stdout.contains("<masked>"), "{}", output.stdout);
}

/// A literal that reaches a key variable through outputs of jobs is a secret where it selects the slug.
#[test]
fn literal_in_an_output_of_a_job_is_masked() {
    let canary = "hunter2canary";
    let pick = |outputs: &str| {
        format!(
            "on: {{workflow_call: {{outputs: {{K: {{value: '${{{{ jobs.a.outputs.k }}}}'}}}}}}}}
jobs:
  a:
    outputs: {{k: {outputs}}}
    steps: [{{id: s, run: 'echo \"k={canary}\" >> $GITHUB_OUTPUT'}}]
"
        )
    };
    const CALLER: &str = "on: push
jobs:
  pick: {uses: ./.github/workflows/pick.yml}
  call: {needs: pick, uses: ./.github/workflows/run.yml, with: {key: '${{ needs.pick.outputs.k }}'}}
";
    const RUN: &str = "on: {workflow_call: {inputs: {key: {type: string}}}}
jobs:
  a:
    env:
      E2E_ANTHROPIC_API_KEY: ${{ inputs.key }}
      E2E_MODEL_SLUG: ${{ inputs.key }}
    steps: [{run: bash tests/e2e/test_staging_full_saas.sh}]
";
    for outputs in ["'${{ steps.s.outputs.k }}'", canary] {
        let scratch = Scratch::new("secrets-outputs")
            .file(".github/workflows/pick.yml", pick(outputs))
            .file(".github/workflows/a.yml", CALLER)
            .file(".github/workflows/run.yml", RUN);
        for format in ["human", "json", "sarif", "github"] {
            let output = slugproof(["lint", "--output", format]).dir(&scratch).run();
            assert!(output.code == 1 && !output.snapshot().contains(canary), "{}", output.snapshot());
        }
    }
}

/// Registry, policy and configuration with a key, written `§`, wherever a person can paste one and the file is read.
const PASTED: [(&str, &str); 3] = [
    (
        "providers.yaml",
        "schema_version: 1
providers:
  - {name: acme, display_name: §, auth_env: [ACME_KEY], model_prefix_match: '^acme/'}
  - {name: §1, auth_env: []}
runtimes:
  agent:
    providers:
      - {name: acme, models: [acme/a, §2, acme/§3], withdrawn_models: [§4]}
      - {name: §1, models: [one]}
  §5: {providers: [{name: acme, models: [acme/a]}]}
",
    ),
    (
        "policy.yaml",
        "schema_version: 2
name: §6
harness: [run.sh]
runtimes: [agent, §5]
defaults: {SWITCH: §7}
model:
  - {when: {SWITCH: §8}, use: §2}
  - {name: §9, when: {SWITCH: [b, 'Bearer §A']}, use: acme/§3}
  - {when: {URL: {host: §B.test}}, use: §4}
  - {when: {ONE: set}, use: one}
  - {use: [$MODEL, §C]}
secrets:
  - {when: {SWITCH: §D}, path: platform}
  - {key: CI_ACME_KEY, inject: [ACME_KEY]}
",
    ),
    (
        "slugproof.yaml",
        "schema_version: 1
registry: providers.yaml
policies: [policy.yaml]
vars: {OTHER: §E}
accept: [{code: missing-credential, reason: §F, runtime: agent, set: [SWITCH]}]
invariants: [{never: {model: §C}, when: {runtime: §5}, reason: §0}]
",
    ),
];

/// Every command, with every output, about a repository in which keys are pasted where names belong.
#[test]
fn no_output_of_any_command_repeats_a_pasted_key() {
    const WORKFLOW: &str = "on: push
jobs:
  a: {runs-on: x, env: {MODEL: §2, CI_ACME_KEY: x}, steps: [{name: §, run: ./run.sh}]}
  b: {runs-on: x, env: {SWITCH: §8}, steps: [{run: ./run.sh}]}
  c: {runs-on: x, strategy: {matrix: {m: [§1, x]}}, env: {MODEL: '${{ matrix.m }}'}, steps: [{run: ./run.sh}]}
";
    // The mask may not depend on a character that an output escapes or that a page breaks a line after.
    for key in ["sk-proj-0123456789abcdef0", "ghp_notarealkey00000", "AKIANOTAREALKEY000000"] {
        let pasted = |text: &str| text.replace('§', key);
        let plain = |text: &str| text.replace('§', "plain");
        let mut scratch = Scratch::new("secrets-pasted")
            .file("old.yaml", plain(PASTED[0].1))
            .file("run.sh", "echo\n")
            .file(".github/workflows/w.yml", pasted(WORKFLOW))
            .file(
                "proxy.yaml",
                pasted(
                    "model_list:
  - {model_name: §, litellm_params: {model: openai/§, api_key: §}}
  - {model_name: b, litellm_params: {model: openai/b}}
",
                ),
            );
        for (name, text) in PASTED {
            scratch = scratch.file(name, pasted(text));
        }
        let question = pasted(r#"{"runtime":"agent","env":{"ONE":"1"}}"#);
        let model = pasted(r#"{"runtime":"agent","model":"one"}"#);
        let set = ["SWITCH=§8", "SWITCH=b", "ONE=1", "MODEL=§2", "§=x"].map(pasted);
        let mut runs: Vec<Vec<&str>> = Vec::new();
        for output in ["human", "json", "sarif", "github", "html"] {
            runs.extend([vec!["lint", "--output", output], vec!["check", "--output", output]]);
        }
        for output in ["human", "json", "html"] {
            runs.extend([vec!["prove", "--output", output], vec!["conform", "--output", output]]);
        }
        for output in ["human", "json", "markdown", "github", "html"] {
            runs.push(vec!["diff", "--registry", "old.yaml", "providers.yaml", "--output", output]);
        }
        for output in ["human", "json", "env"] {
            runs.extend(set.iter().map(|set| vec!["resolve", "--runtime", "agent", set, "--format", output]));
        }
        runs.extend([vec!["resolve", "--batch", "-"], vec!["derive", "--batch", "-"], vec!["pick", "agent"]]);
        runs.extend([vec![], vec!["init", "--dry-run"], vec!["import", "litellm", "proxy.yaml"], vec!["explain", key]]);
        let mut masked = 0;
        for args in runs {
            let input = if args[..1.min(args.len())] == ["derive"] { &model } else { &question };
            let output = slugproof(args.iter().copied()).env("ONE", "1").input(input.as_str()).dir(&scratch).run();
            let shown = output.snapshot();
            let joined = shown.replace("<wbr>", "").replace('\\', "").split_whitespace().collect::<String>();
            assert!(!joined.contains(key), "{args:?}: {shown}");
            masked += usize::from(["<masked>", "&lt;masked&gt;", "***"].iter().any(|mask| shown.contains(mask)));
            if args.contains(&"json") {
                output.json();
            }
        }
        assert!(masked >= 35, "only {masked} outputs have a mask");
    }
}
