//! Slips in workflow files, actions, scripts and Makefiles: one edit of a correct repository each, with the finding.

use serde_json::Value;

use crate::run::{Scratch, slugproof};

const FILES: [(&str, &str); 10] = [
    ("slugproof.yaml", "schema_version: 1\nregistry: providers.yaml\npolicies: [policy.yaml]\n"),
    (
        "providers.yaml",
        "schema_version: 1
providers:
  - {name: acme, auth_env: [ACME_API_KEY]}
runtimes:
  agent: {providers: [{name: acme, models: [m-1, m-2]}]}
  coder: {providers: [{name: acme, models: [m-1]}]}
",
    ),
    (
        "policy.yaml",
        "schema_version: 2
name: evals
harness: [ci/eval.sh]
runtime: KIND
model: [{use: $EVAL_MODEL}, {use: m-1}]
secrets: [{key: ACME_API_KEY}]
",
    ),
    (
        "ci/eval.sh",
        "#!/usr/bin/env bash
set -euo pipefail
source ci/lib.sh
slug=\"$(pick)\"
keys=\"$(names)\"
export ACME_API_KEY=\"${ACME_API_KEY:-}\"
body=\"{\\\"runtime\\\": \\\"$KIND\\\", \\\"slug\\\": \\\"$slug\\\", \\\"keys\\\": $keys}\"
curl -d \"$body\" \"$EVAL_URL\"
",
    ),
    ("ci/lib.sh", "pick() { echo \"${EVAL_MODEL:-m-1}\"; }\nnames() { echo '{}'; }\n"),
    ("ci/local.sh", "RUN_ALL=1 act\n"),
    ("ci/report.py", "import os\nprint(os.environ[\"EVAL_RUL\"], os.environ.get(\"ACME_API_KEYY\"))\n"),
    ("Makefile", "evals: prepare\n\tbash ci/eval.sh\nprepare:\n\tmkdir -p out\nall:\n"),
    (
        ".github/workflows/evals.yml",
        "on:
  push:
  workflow_dispatch:
    inputs:
      slug: {type: choice, options: [m-1, m-2], default: m-2}
env:
  EVAL_URL: https://evals.example
  stage: prod
jobs:
  each:
    runs-on: ubuntu-latest
    strategy:
      matrix:
        attempt: [1, 2]
        include:
          - {kind: agent, slug: m-1}
          - {kind: coder, slug: m-1}
    steps:
      - uses: actions/checkout@v4
      - run: |
          echo one
          ci/eval.sh
        env:
          KIND: ${{ matrix.kind }}
          EVAL_MODEL: ${{ matrix.slug }}
          ACME_API_KEY: ${{ secrets.ACME_API_KEY }}
  chosen:
    runs-on: ubuntu-latest
    if: github.event_name == 'workflow_dispatch'
    steps:
      - uses: actions/checkout@v4
      - run: ci/eval.sh
        env:
          KIND: agent
          EVAL_MODEL: ${{ inputs.slug }}
          ACME_API_KEY: ${{ secrets.ACME_API_KEY }}
",
    ),
    (
        ".github/workflows/make.yml",
        "on: push
jobs:
  make:
    runs-on: ubuntu-latest
    env: {EVAL_URL: 'https://evals.example', KIND: coder, ACME_API_KEY: '${{ secrets.ACME_API_KEY }}'}
    steps:
      - uses: actions/checkout@v4
      - run: make evals
",
    ),
];

/// The files in which an edit is made: the first one with the text.
fn edited(before: &str, after: &str) -> Vec<(&'static str, String)> {
    let mut is_done = before.is_empty();
    let edit = |(path, text): (&'static str, &str)| {
        if is_done || !text.contains(before) {
            return (path, text.to_owned());
        }
        is_done = true;
        (path, text.replacen(before, after, 1))
    };
    let files = FILES.map(edit).to_vec();
    assert!(is_done, "no file has {before:?}");
    files
}

/// The codes, lines and titles of the warnings and errors after an edit.
fn found(name: &str, before: &str, after: &str) -> Vec<String> {
    let mut scratch = Scratch::new(&format!("lint-slips-{name}"));
    for (path, text) in edited(before, after) {
        scratch = scratch.file(path, text);
    }
    let report = slugproof(["lint", "--output", "json"]).dir(&scratch).run().json();
    let findings = report["findings"].as_array().expect("there is a list").iter();
    let findings = findings.filter(|finding| finding["level"] == "warning" || finding["level"] == "error");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    findings.map(|finding| format!("{}: {}", text(&finding["code"]), text(&finding["title"]))).collect()
}

#[test]
fn correct_repository_has_no_finding() {
    assert_eq!(found("none", "", ""), Vec::<String>::new());
}

#[test]
fn lines_that_are_likely_slips_are_found() {
    for (name, before, after, expected) in [
        ("matrix", "          EVAL_MODEL: ${{ matrix.slug }}\n", "", "nothing in this job reads `matrix.slug`"),
        ("input", "          EVAL_MODEL: ${{ inputs.slug }}\n", "", "nothing reads `inputs.slug`"),
        ("twice", "{kind: coder, slug: m-1}", "{kind: agent, slug: m-1}", "the matrix has this value twice"),
        (
            "call-twice",
            "          ci/eval.sh\n",
            "          ci/eval.sh\n          ci/eval.sh\n",
            "the script has the same call twice in a row",
        ),
        (
            "step-twice",
            "      - run: make evals\n",
            "      - {run: ci/eval.sh}\n      - {run: ci/eval.sh}\n",
            "the job has this step twice in a row",
        ),
        (
            "checkout",
            "      - uses: actions/checkout@v4\n      - run: |",
            "      - run: |",
            "the job does not check out the repository before this step",
        ),
        (
            "checkout-make",
            "      - uses: actions/checkout@v4\n      - run: make",
            "      - run: make",
            "the job does not check out the repository before this step",
        ),
        (
            "make-twice",
            MAKE_EVALS,
            "      - run: |\n          make evals\n\n          make evals\n",
            "the script has the same call twice in a row",
        ),
        (
            "step-of-condition",
            "      - run: |\n          echo one\n",
            "      - {id: pick, run: x}\n      - if: steps.pikc.outcome == 'success'\n        run: |\n          \
             echo one\n",
            "no step has the id `pikc`, so `steps.pikc` is empty",
        ),
        (
            "step-of-other-job",
            "EVAL_MODEL: ${{ inputs.slug }}",
            "EVAL_MODEL: ${{ inputs.slug || steps.pick.outputs.slug }}",
            "no step has the id `pick`, so `steps.pick` is empty",
        ),
        (
            "needed-job",
            "    if: github.event_name == 'workflow_dispatch'\n",
            "    needs: each\n    if: needs.eahc.result == 'success'\n",
            "`needs` of the job does not have `eahc`, so `needs.eahc` is empty",
        ),
        (
            "job-that-is-not-needed",
            "    if: github.event_name == 'workflow_dispatch'\n",
            "    if: ${{ needs.each.result == 'success' }}\n",
            "`needs` of the job does not have `each`, so `needs.each` is empty",
        ),
        (
            "undeclared-input",
            "EVAL_MODEL: ${{ inputs.slug }}",
            "EVAL_MODEL: ${{ inputs.slug || inputs.Model }}",
            "the file declares no input `Model`, so `inputs.Model` is empty",
        ),
        (
            "undeclared-input-of-event",
            "EVAL_MODEL: ${{ inputs.slug }}",
            "EVAL_MODEL: ${{ inputs.slug || github.event.inputs['model'] }}",
            "the file declares no input `model`, so `github.event.inputs.model` is empty",
        ),
        (
            "single-dollar",
            "\tbash ci/eval.sh",
            "\tEVAL_MODEL=$EVAL_MODEL bash ci/eval.sh",
            "`make` reads `$EVAL_MODEL` as the variable `E` and the text `VAL_MODEL`",
        ),
        (
            "single-dollar-of-a-key",
            "\tbash ci/eval.sh",
            "\tACME_API_KEY=$ACME_API_KEY bash ci/eval.sh",
            "`make` reads `$ACME_API_KEY` as the variable `A` and the text `CME_API_KEY`",
        ),
        ("goal", "make evals", "make eval", "`Makefile` has no target `eval`"),
        ("goal-dropped", "evals: prepare\n", "", "`Makefile` has no target `evals`"),
        ("goal-idle", "make evals", "make all", "the target `all` of `Makefile` does nothing"),
    ] {
        let found = found(name, before, after);
        assert!(found.contains(&format!("likely-slip: {expected}")), "{name}: {found:?}");
    }
}

#[test]
fn variable_of_a_condition_that_nothing_sets_is_found() {
    const CALL: &str = "      - run: ci/eval.sh\n";
    let with = |before: &str, condition: &str| format!("{before}      - if: {condition}\n        run: ci/eval.sh\n");
    let unset = "likely-slip: nothing sets `RUN`, so `env.RUN` is empty and the step never runs";
    let misspelt = "near-miss: nothing sets `KIDN`, which is almost `KIND`";
    for (name, before, condition, expected) in [
        ("unset", "", "env.RUN == 'true'", Some(unset)),
        ("index", "", "env['RUN'] == 'true'", Some(unset)),
        ("cache", "      - uses: actions/cache@v4\n", "env.RUN == 'true'", Some(unset)),
        ("misspelt", "", "env.KIDN == 'agent'", Some(misspelt)),
        ("setup", "      - uses: actions/setup-node@v4\n", "env.RUN == 'true'", Some(unset)),
        // The step runs.
        ("negated", "", "${{ !env.RUN }}", None),
        ("default", "", "(env.RUN || 'true') == 'true'", None),
        ("other", "", "env.RUN == 'true' || github.event_name == 'push'", None),
        // Set elsewhere, by an action, or by a program for local runs.
        ("set-for-job", "", "env.KIND == 'agent'", None),
        ("set-for-workflow", "", "env.stage == 'prod'", None),
        ("set-by-step", "      - run: echo RUN=true >> \"$GITHUB_ENV\"\n", "env.RUN == 'true'", None),
        ("set-by-action", "      - uses: acme/setup@v1\n", "env.RUN == 'true'", None),
        ("misspelt-after-action", "      - uses: acme/setup@v1\n", "env.KIDN == 'agent'", None),
        ("set-by-setup", "      - uses: actions/setup-java@v4\n", "env.JAVA_HOME_21 != ''", None),
        ("set-by-unknown-text", "      - run: cat .env >> \"$GITHUB_ENV\"\n", "env.RUN == 'true'", None),
        ("in-other-file", "", "env.EVAL_RUL != ''", None),
        ("in-script", "", "env.RUN_ALL == '1'", None),
        ("local", "", "${{ env.ACT }}", None),
        ("runner", "", "env.RUNNER_OS == 'Linux'", None),
    ] {
        let found = found(&format!("env-{name}"), CALL, &with(before, condition));
        let about = found.iter().find(|finding| finding.contains("nothing sets `"));
        assert_eq!(about.map(String::as_str), expected, "{name}: {found:?}");
    }
}

#[test]
fn slips_in_harness_and_makefile_are_found() {
    for (name, before, after, expected) in [
        (
            "vars",
            "EVAL_URL: https://evals.example",
            "EVAL_URL: ${{ vars.EVAL_UURL }}",
            "near-miss: the variable `vars.EVAL_UURL` may be a misspelt `EVAL_URL`",
        ),
        (
            "dropped-local",
            "keys=\"$(names)\"\n",
            "",
            "unset-variable: `ci/eval.sh` reads `keys` before anything sets it",
        ),
        (
            "joined",
            "\\\"$KIND\\\"",
            "\\\"$EVAL-MODEL\\\"",
            "near-miss: nothing sets `EVAL`, which is almost `EVAL_MODEL`",
        ),
        (
            "export",
            "export ACME_API_KEY=",
            "export ACME_API_KYE=",
            "near-miss: nothing reads `ACME_API_KYE`, which is almost `ACME_API_KEY`",
        ),
        (
            "entry",
            "          KIND: agent\n",
            "          KIND: agent\n          EVAL_UTL: x\n",
            "near-miss: nothing reads `EVAL_UTL`, but a script reads `EVAL_URL`",
        ),
        (
            "makefile",
            "bash ci/eval.sh",
            "bash ci/evals.h",
            "near-miss: the repository has no `ci/evals.h`, but it has `ci/eval.sh`",
        ),
        (
            "runtime",
            "          KIND: agent\n",
            "",
            "unset-variable: `ci/eval.sh` fails without `KIND`, which this step does not set",
        ),
    ] {
        let found = found(name, before, after);
        assert!(found.contains(&expected.to_owned()), "{name}: {found:?}");
    }
}

/// A sourced file may set what the call does not.
#[test]
fn variable_that_a_sourced_file_sets_is_not_missing() {
    let without_kind = |name: &str, library: &str, line: &str| {
        let mut scratch = Scratch::new(&format!("lint-slips-{name}"));
        for (path, text) in FILES {
            let text = match path {
                "ci/lib.sh" => format!("{library}{text}"),
                "ci/eval.sh" => text.replace("source ci/lib.sh\n", &format!("source ci/lib.sh\n{line}")),
                _ => text.replacen("          KIND: agent\n", "", 1),
            };
            scratch = scratch.file(path, &text);
        }
        let output = slugproof(["lint"]).dir(&scratch).run();
        output.stdout.contains("fails without `KIND`")
    };
    assert!(without_kind("nothing-sets-it", "", ""));
    assert!(!without_kind("default-of-a-library", ": \"${KIND:=agent}\"\n", ""));
    assert!(!without_kind("file-of-the-machine", "", "if [ -f .env ]; then . .env; fi\n"));
    assert!(without_kind("file-of-the-repository", "", "test -f ci/lib.sh && . \"$(dirname \"$0\")/lib.sh\"\n"));
}

const MAKE_EVALS: &str = "      - run: make evals\n";

/// The step, and a job without a checkout that runs a script.
fn in_another_job(run: &str) -> String {
    let job = "  notify:\n    needs: make\n    if: failure()\n    runs-on: ubuntu-latest\n    steps:\n      - run: ";
    format!("{MAKE_EVALS}{job}{run}\n")
}

/// What looks like a slip and is none.
#[test]
fn usual_forms_are_no_slips() {
    for (name, before, after) in [
        ("attempts", "attempt: [1, 2]", "attempt: [1, 2, 3]"),
        ("whole-matrix", "EVAL_MODEL: ${{ matrix.slug }}", "EVAL_MODEL: ${{ fromJSON(toJSON(matrix)).slug }}"),
        ("entry-of-program", "          KIND: agent\n", "          KIND: agent\n          EVAL_RUL: x\n"),
        ("entry-like-a-local", "          KIND: agent\n", "          KIND: agent\n          BODY: x\n"),
        ("export-for-program", "export ACME_API_KEY=", "export ACME_API_KEYY="),
        (
            "step-in-other-case",
            "      - run: |\n          echo one\n",
            "      - {id: Pick, run: x, env: {steps: 'steps.x', if: 'steps.x'}}\n      - if: steps.pick.outcome && \
             steps[matrix.kind].outcome && !steps.*.outcome\n        run: |\n          echo one\n",
        ),
        (
            "needed-job-with-steps",
            "    if: github.event_name == 'workflow_dispatch'\n",
            "    needs: [each]\n    if: always() && needs.Each.result && needs.*.result\n",
        ),
        (
            "input-of-caller",
            "  workflow_dispatch:\n",
            "  workflow_call: {inputs: {model: {type: string}}}\n  workflow_dispatch:\n",
        ),
        ("vars-of-program", "EVAL_URL: https://evals.example", "EVAL_URL: ${{ vars.EVAL_RUL }}"),
        (
            "vars-used-twice",
            "EVAL_URL: https://evals.example",
            "EVAL_URL: ${{ vars.EVALS_URL }}\n  other: ${{ vars.EVALS_URL }}",
        ),
        (
            "plural-of-vars",
            "EVAL_URL: https://evals.example",
            "EVAL_URL: https://evals.example\n  STAGES: ${{ vars.STAGE }}",
        ),
        ("index", "EVAL_MODEL: ${{ inputs.slug }}", "EVAL_MODEL: ${{ inputs['slug'] }}"),
        ("event", "EVAL_MODEL: ${{ inputs.slug }}", "EVAL_MODEL: ${{ github.event.inputs.slug }}"),
        (
            "clone",
            "      - uses: actions/checkout@v4\n      - run: |",
            "      - run: git clone https://forge.example/evals .\n      - run: |",
        ),
        ("self-hosted", "    runs-on: ubuntu-latest\n    strategy:", "    runs-on: [self-hosted, gpu]\n    strategy:"),
        ("artifact", "actions/checkout@v4\n      - run: |", "actions/download-artifact@v4\n      - run: |"),
        ("include", "evals: prepare", "include ci/rules.mk\nevals: prepare"),
        ("two-calls", "          echo one\n", "          KIND=coder ci/eval.sh\n"),
        ("default", "source ci/lib.sh", "source ci/lib.sh\n: \"${KIND:=agent}\""),
        ("message", MAKE_EVALS, &in_another_job("echo \"::error::Please make sure that ci/eval.sh exists\"")),
        ("install", MAKE_EVALS, &in_another_job("sudo apt-get install -y make gcc")),
        ("comment", MAKE_EVALS, &in_another_job("|\n          # make evals has started it\n          echo done")),
        ("other-machine", MAKE_EVALS, &in_another_job("ssh evals@host.example 'cd evals && make evals'")),
        (
            "check-of-script",
            MAKE_EVALS,
            "      - run: shellcheck ci/eval.sh && bash -n ci/eval.sh\n      - run: make evals\n",
        ),
        (
            "other-directory",
            MAKE_EVALS,
            "      - run: |\n          cd tools\n          make build\n      - run: make evals\n",
        ),
        (
            "here-document",
            MAKE_EVALS,
            &format!("      - run: |\n          cat <<E\n          make sure it is valid\n          E\n{MAKE_EVALS}"),
        ),
        ("built-in-rule", "make evals", "make evals Makefile"),
        (
            "tab-in-condition",
            "evals: prepare",
            "ifdef CI\n\tifdef DEBUG\n\t\tFLAGS = -x\n\tendif\nendif\nevals: prepare",
        ),
        ("guard", "evals: prepare", "ifndef EVAL_URL\n\t$(error EVAL_URL is not set)\nendif\nevals: prepare"),
        ("other-prefix", "evals: prepare\n\tbash ci/eval.sh", ".RECIPEPREFIX = >\nevals:\n> bash ci/eval.sh"),
        ("loop", "keys=\"$(names)\"", "keys=\"$(names | while read -r line; do echo \"$line\"; done)\""),
        ("loop-of-words", "keys=\"$(names)\"", "keys=\"$(for key in A B; do printf '%s ' \"$key\"; done)\""),
        ("entry-of-workflow", "keys=\"$(names)\"", "keys=\"$(names)\"\necho \"$stage\""),
        ("sourced", "keys=\"$(names)\"", "keys=\"$(names)\"\n. \"$RUNNER_TEMP/build.env\"\necho \"$commit\""),
        (
            "apostrophe",
            "slug=\"$(pick)\"",
            "cat >&2 <<EOF\nDon't run this by hand.\nEOF\nslug=\"$(pick)\"\n# It's the id.\necho \"$slug\"",
        ),
        (
            "plural",
            "keys=\"$(names)\"",
            "keys=\"$(names)\"\nexport EVAL_MODELS=\"m-1 m-2\"\npython3 ci/report.py eval_model=y",
        ),
        (
            "default-of-local",
            "keys=\"$(names)\"",
            "keys=\"$(names)\"\ntimeout=\"${TIMEOUT:-300}\"\nhome=y; echo \"$HOME\"",
        ),
        ("sentence", "export ACME", "# Reads ci/lib.sh.\necho \"ci/eval.sh: starts\"\nexport ACME"),
        ("silent-recipe", "\tbash ci/eval.sh", "\t@ci/eval.sh"),
        ("parent-directory", "          ci/eval.sh\n", "          cd tools && ../ci/eval.sh\n"),
        (
            "subcommand",
            "export ACME",
            "if [ \"${1:-}\" = upload ]; then\n  aws s3 sync out \"s3://$stage\" \"$CI\"\n  exit\nfi\nexport ACME",
        ),
        ("source-in-list", "export ACME", "[ -f .env ] && source .env\necho \"$region\"\nexport ACME"),
        ("eval", "export ACME", "eval \"$(cat x)\"\necho \"$region\"\nexport ACME"),
        ("quoted-document", "export ACME", "cat <<'E'\n${tag}\nE\nexport ACME"),
        ("function", "export ACME", "function die { echo \"$prog\"; }\nprog=\"$0\"\nexport ACME"),
        (
            "second-run",
            MAKE_EVALS,
            "      - {name: build, run: make evals}\n      - {name: changes nothing, run: make evals}\n",
        ),
        ("version", MAKE_EVALS, &in_another_job("make --version")),
        ("parallel", "          ci/eval.sh\n", "          ci/eval.sh &\n          ci/eval.sh &\n          wait\n"),
        ("join-key", "        attempt: [1, 2]\n", "        attempt: [1, 2]\n        kind: [agent, coder]\n"),
        (
            "selecting-key",
            "        attempt: [1, 2]\n        include:\n          - {kind: agent,",
            "        grader: [m-1, m-2]\n        include:\n          - {grader: m-1, kind: agent,",
        ),
        (
            "container",
            "    steps:\n      - uses: actions/checkout@v4\n      - run: make",
            "    container: evals.example/image\n    steps:\n      - run: make",
        ),
        (
            "exclusive-calls",
            "          echo one\n          ci/eval.sh\n",
            "          if [ -n \"$X\" ]; then ci/eval.sh; else ci/eval.sh; fi\n",
        ),
    ] {
        assert_eq!(found(name, before, after), Vec::<String>::new(), "{name}");
    }
}
