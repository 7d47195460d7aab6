//! Calls of a harness through the files of a repository: a contradiction is found at the line that decides,
//! and the same repository without it is clean.

use crate::run::{Scratch, slugproof};

const FILES: [(&str, &str); 4] = [
    (
        "providers.yaml",
        "schema_version: 1
providers:
  - {name: acme, auth_env: [ACME_API_KEY], model_prefix_match: '^ac-'}
  - {name: platform, auth_env: [USAGE_TOKEN], model_prefix_match: '^house/'}
runtimes:
  agent: {providers: [{name: acme, models: [ac-large]}, {name: platform, models: [house/small]}]}
",
    ),
    (
        "policy.yaml",
        "schema_version: 1
name: nightly
harness: [tests/run.sh]
runtime: RUNTIME
defaults: {RUNTIME: agent}
override: SLUG
platform: {var: PAYER, value: house, model: HOUSE_MODEL, fallback: house/small}
secrets: [{key: CI_ACME_KEY, inject: [ACME_API_KEY]}]
dispatch: [{runtimes: [agent], keyed: [], model: ac-large}]
fallback: ac-large
",
    ),
    ("slugproof.yaml", "schema_version: 1\nregistry: providers.yaml\npolicies: [policy.yaml]\n"),
    ("tests/run.sh", "echo run\n"),
];

/// A workflow whose only job has this `env` and these steps.
fn workflow(env: &str, steps: &str) -> String {
    format!("on: push\njobs:\n  job:\n    runs-on: ubuntu-latest\n    env: {{{env}}}\n    steps:\n{steps}")
}

/// Lints a repository with this workflow and these files; returns the code and place of each finding.
fn found(name: &str, workflow: &str, files: &[(&str, &str)]) -> Vec<String> {
    let mut scratch = Scratch::new(&format!("calls-{name}")).file(".github/workflows/w.yml", workflow);
    for (path, text) in FILES.iter().chain(files) {
        scratch = scratch.file(path, text);
    }
    let output = slugproof(["lint", "--strict"]).dir(&scratch).run();
    assert!(output.code < 2 && output.stderr.is_empty(), "{}", output.snapshot());
    let mut found = Vec::new();
    let mut code = None;
    for line in output.stdout.lines() {
        if let Some((_, rest)) = line.split_once('[').filter(|(level, _)| !level.contains(' ')) {
            code = rest.split_once(']').map(|(code, _)| code);
        } else if let (Some(code), Some(place)) = (code, line.trim_start().strip_prefix("--> ")) {
            let place = place.rsplit_once(':').expect("a place has a column").0;
            found.push(format!("{code} {place}"));
        }
    }
    assert_eq!(output.code, i32::from(!found.is_empty()), "{}", output.snapshot());
    if found.is_empty() {
        assert!(output.stdout.contains("1 step"), "{}", output.snapshot());
    }
    found
}

/// Asserts that a step with a model of a vendor fails at this line on the platform path, and that it is clean
/// with the vendor's key. `@` in a file is the assignment of the model.
fn assert_found(name: &str, step: &str, (path, text): (&str, &str), others: &[(&str, &str)], place: &str) {
    let steps = format!("      - uses: actions/checkout@v4\n{step}");
    let mut files = others.to_vec();
    files.push((path, text));
    let wrong = workflow("PAYER: house", &steps);
    assert_eq!(found(name, &wrong, &files), [format!("platform-path-byok-model {place}")], "{step}{text}");
    let right = workflow("CI_ACME_KEY: '${{ secrets.CI_ACME_KEY }}'", &steps);
    assert_eq!(found(name, &right, &files), [""; 0], "{step}{text}");
}

#[test]
fn make_target_is_followed() {
    let makefile =
        "# Tests.\nexport SLUG := ac-large\n.PHONY: e2e\ne2e: prepare\n\t@bash tests/run.sh\nprepare:\n\ttrue\n";
    let step = "      - run: make e2e\n";
    assert_found("make", step, ("Makefile", makefile), &[], "Makefile:2");
    let makefile = "e2e:\n\tcd .. && SLUG=ac-large \\\n\t  bash tests/run.sh --tag $(TAG)\n";
    let step = "      - run: make -C app\n";
    assert_found("make-directory", step, ("app/makefile", makefile), &[], "app/makefile:2");
    let makefile = "SLUG ?= ac-large\ne2e:\n\tSLUG=$(SLUG) bash tests/run.sh\n";
    let step = "      - run: make -f ci/e2e.mk e2e TAG=x\n";
    assert_found("make-file", step, ("ci/e2e.mk", makefile), &[], "ci/e2e.mk:3");
    // A part that is not interpreted.
    let step = workflow("PAYER: house", "      - run: make e2e\n");
    let makefile = "ifdef CI\ne2e:\n\tbash tests/run.sh\nendif\n";
    assert_eq!(found("make-condition", &step, &[("Makefile", makefile)]), ["undecided Makefile:3"]);
}

#[test]
fn package_script_is_followed() {
    let package =
        "{\n  \"scripts\": {\n    \"pree2e\": \"true\",\n    \"e2e\": \"SLUG=ac-large bash tests/run.sh\"\n  }\n}\n";
    for command in ["npm run e2e", "npm run -s e2e -- --tag x", "pnpm e2e --tag x", "yarn e2e", "bun run e2e"] {
        let step = format!("      - run: {command}\n");
        assert_found("package", &step, ("package.json", package), &[], "package.json:4");
    }
    let package =
        "{\"name\": \"app\",\n  \"scripts\": {\"test\": \"cd .. \\u0026\\u0026 SLUG=ac-large ./tests/run.sh\"}}\n";
    for command in ["npm test --prefix app", "npm --prefix=app t", "cd app && npm test", "yarn --cwd app test"] {
        let step = format!("      - run: {command}\n");
        assert_found("package-directory", &step, ("app/package.json", package), &[], "app/package.json:2");
    }
    let step = workflow("PAYER: house", "      - run: npm run e2e --workspaces\n");
    let package = "{\"scripts\":\n {\"e2e\": \"bash tests/run.sh\"}}\n";
    assert_eq!(found("package-workspaces", &step, &[("package.json", package)]), ["undecided package.json:2"]);
}

/// A file that an earlier step may have changed is not read as committed.
#[test]
fn file_that_an_earlier_step_changes_is_undecided() {
    let files = [("ci/m.env", "SLUG=ac-large\n"), ("ci/prepare.sh", "sed -i s/large/small/ ci/m.env\n")];
    let call = "      - run: set -a; . ci/m.env; bash tests/run.sh\n";
    let action = "runs:\n  using: composite\n  steps:\n    - {run: echo SLUG=x > ci/m.env, shell: bash}\n";
    for (step, expected) in [
        ("run: sed -i s/large/small/ ci/m.env", "undecided .github/workflows/w.yml:9"),
        ("run: bash ci/prepare.sh", "undecided .github/workflows/w.yml:9"),
        ("run: git checkout release", "undecided .github/workflows/w.yml:9"),
        ("uses: ./act", "undecided .github/workflows/w.yml:9"),
        ("run: cat ci/m.env; bash -n ci/prepare.sh; git diff ci", ""),
        ("run: sed -i s/large/small/ ci/other.env", ""),
        // A checkout restores the committed files.
        ("run: git checkout release\n      - uses: actions/checkout@v4", ""),
        (
            "run: git checkout release\n      - {uses: actions/checkout@v4, with: {clean: false}}",
            "undecided .github/workflows/w.yml:10",
        ),
        (
            "run: git checkout release\n      - {uses: actions/checkout@v4, with: {ref: next}}",
            "undecided .github/workflows/w.yml:10",
        ),
        (
            "run: git checkout release\n      - {uses: actions/checkout@v4, if: github.ref_name == 'x'}",
            "undecided .github/workflows/w.yml:10",
        ),
        (
            "run: git checkout release\n      - {uses: actions/checkout@v4, with: {path: ci/x}}",
            "undecided .github/workflows/w.yml:10",
        ),
        ("run: sed -i s/a/b/ ci/m.env\n      - {uses: actions/checkout@v4, with: {path: ci, clean: true}}", ""),
        ("run: git checkout release\n      - uses: https://github.com/actions/checkout@v4", ""),
        ("run: git checkout release\n      - uses: acme/actions/checkout@v4", "undecided .github/workflows/w.yml:10"),
        // If the first step fails, the checkout does not run, and the call does.
        (
            "run: git checkout release; ./prog\n      - uses: actions/checkout@v4\n      - if: always()",
            "undecided .github/workflows/w.yml:11",
        ),
    ] {
        let call = if step.ends_with("always()") { call.replacen("- run", "  run", 1) } else { call.to_owned() };
        let steps = format!("      - uses: actions/checkout@v4\n      - {step}\n{call}");
        let workflow = workflow("CI_ACME_KEY: '${{ secrets.CI_ACME_KEY }}'", &steps);
        let files: Vec<(&str, &str)> = files.into_iter().chain([("act/action.yml", action)]).collect();
        let found = found("changed-file", &workflow, &files);
        assert_eq!(found.join(" "), expected, "{step}");
    }
}

/// The finding about a file that may have changed names the command and the step, or the file that may run the call.
#[test]
fn reason_of_undecided_call_names_command_and_step() {
    let files = [
        ("ci/m.env", "SLUG=ac-large\n"),
        ("ci/w.sh", "bash tests/run.sh\n"),
        ("ci/prepare.sh", "sed -i s/large/small/ ci/m.env\n"),
        ("package.json", "{\"scripts\": {\"e2e\": \"bash tests/run.sh\"}}\n"),
        ("Makefile", "e2e:\n\tbash tests/run.sh\n"),
        ("justfile", "e2e:\n  bash tests/run.sh\n"),
        ("Taskfile.yml", "tasks:\n  e2e: bash ci/w.sh\n"),
    ];
    for (change, call, reason) in [
        ("bash ci/prepare.sh", ". ci/m.env; bash tests/run.sh", "`sed` in step 2 may have changed `ci/m.env`"),
        ("echo > ci/m.env", "SLUG=$(<ci/m.env) bash tests/run.sh", "a redirect in step 2 may have changed `ci/m.env`"),
        ("true", "cp x ci/w.sh; bash ci/w.sh", "an earlier `cp` in this script may have changed `ci/w.sh`"),
        ("true", "echo > ci/w.sh; bash ci/w.sh", "an earlier redirect in this script may have changed `ci/w.sh`"),
        ("git pull", "bash ci/w.sh", "`git` in step 2 may have changed `ci/w.sh`"),
        ("sed -i s/a/b/ package.json", "npm run e2e", "`sed` in step 2 may have changed `package.json`"),
        ("sed -i s/a/b/ Makefile", "make e2e", "`sed` in step 2 may have changed `Makefile`"),
        ("sed -i s/a/b/ justfile", "just e2e", "`sed` in step 2 may have changed `justfile`"),
        ("true", "task e2e", "`task` may run it through `Taskfile.yml`, which is not interpreted"),
    ] {
        let steps = format!("      - uses: actions/checkout@v4\n      - run: {change}\n      - run: {call}\n");
        let mut scratch =
            Scratch::new("calls-reasons").file(".github/workflows/w.yml", workflow("PAYER: house", &steps));
        for (path, text) in FILES.iter().chain(&files) {
            scratch = scratch.file(path, text);
        }
        let output = slugproof(["lint", "--output", "json"]).dir(&scratch).run();
        assert!(output.stdout.contains(reason), "{change}; {call}: {}", output.stdout);
    }
}

#[test]
fn composite_action_is_followed() {
    let action = "inputs:\n  model: {default: ac-large}\nruns:\n  using: composite\n  steps:\n\
        \x20   - shell: bash\n      run: bash tests/run.sh\n      env:\n        SLUG: ${{ inputs.model }}\n";
    let step = "      - uses: ./.github/actions/e2e\n";
    let path = ".github/actions/e2e/action.yml";
    assert_found("action", step, (path, action), &[], &format!("{path}:9"));
    // An input in place of its default.
    let given = workflow("PAYER: house", "      - uses: ./.github/actions/e2e\n        with: {Model: ''}\n");
    assert_eq!(found("action-input", &given, &[(path, action)]), [""; 0]);
    // An input that a caller passes and the action does not declare.
    let undeclared = action.replace("inputs:\n  model: {default: ac-large}\n", "");
    for (input, expected) in [("model: ac-large", "undecided"), ("other: ac-large", "")] {
        let step = format!("      - uses: ./.github/actions/e2e\n        with: {{{input}}}\n");
        let found = found("action-undeclared", &workflow("PAYER: house", &step), &[(path, &undeclared)]);
        let found: Vec<&str> = found.iter().filter_map(|it| it.split(' ').next()).collect();
        assert_eq!(found.join(" ").replace("likely-slip", "").trim(), expected, "{input}: {found:?}");
    }
    // An output of an action from a step that is not interpreted.
    let action = "outputs: {m: {value: '${{ steps.pick.outputs.m }}'}}\nruns:\n  using: composite\n  steps:\n    \
                  - {id: pick, uses: acme/pick@v1}\n";
    let step =
        "      - {id: a, uses: ./a}\n      - run: bash tests/run.sh\n        env: {SLUG: '${{ steps.a.outputs.m }}'}\n";
    let open = found("action-output", &workflow("PAYER: house", step), &[("a/action.yml", action)]);
    assert_eq!(open, ["undecided .github/workflows/w.yml:9"]);
    // A variable for later steps, through an action in an action.
    let outer = "runs:\n  using: composite\n  steps:\n    - uses: ./inner\n    - {run: 'true', shell: bash}\n";
    let inner = "runs:\n  using: composite\n  steps:\n    - shell: bash\n      run: |\n        true\n\
        \x20       echo SLUG=ac-large >> $GITHUB_ENV\n";
    let step = "      - uses: ./outer\n      - run: bash tests/run.sh\n";
    assert_found(
        "action-env",
        step,
        ("inner/action.yaml", inner),
        &[("outer/action.yml", outer)],
        "inner/action.yaml:7",
    );
    // The directory of the action, a condition, and a script of the repository.
    let action = "inputs: {on: {default: 'yes'}}\nruns:\n  using: composite\n  steps:\n    - shell: bash\n\
        \x20     if: inputs.on == 'no'\n      run: SLUG=nothing bash tests/run.sh\n    - shell: bash\n\
        \x20     run: ${{ github.action_path }}/x.sh\n    - shell: bash\n      working-directory: tests\n\
        \x20     if: inputs.on == 'no'\n      run: ./run.sh\n";
    let script = "#!/bin/bash\nexport SLUG=ac-large\nbash tests/run.sh\n";
    let step = "      - uses: ./a\n";
    assert_found("action-path", step, ("a/x.sh", script), &[("a/action.yml", action)], "a/x.sh:2");
    // A program of an action may start the harness in another environment.
    let workflow_of = |env: &str| workflow(env, "      - uses: ./a\n      - run: bash tests/run.sh\n");
    let step = &workflow_of("CI_ACME_KEY: '${{ secrets.CI_ACME_KEY }}'");
    let (of_step, start, other) = (".github/workflows/w.yml:7", "require('run')('bash tests/run.sh')\n", "true\n");
    for (name, runs, files, place) in [
        ("main", "using: node20, main: x.js", [("a/x.js", start)], "a/x.js:1"),
        ("pre", "using: node20, main: y.js, pre: ./x.js", [("a/x.js", start)], "a/x.js:1"),
        ("post", "using: node20, main: y.js, post: x/x.js", [("a/x/x.js", start)], "a/x/x.js:1"),
        ("other", "using: node20, main: y.js", [("a/x.js", start)], ""),
        ("entrypoint", "using: docker, image: 'docker://i', entrypoint: tests/run.sh", [("x", other)], of_step),
        ("arguments", "using: docker, image: 'docker://i', args: [bash, tests/run.sh]", [("x", other)], of_step),
        ("no-arguments", "using: docker, image: 'docker://i', args: [bash, x]", [("x", other)], ""),
        (
            "instruction",
            "using: docker, image: Dockerfile",
            [("a/Dockerfile", "FROM i\nENTRYPOINT [\"bash\", \"/github/workspace/tests/run.sh\"]\n")],
            of_step,
        ),
        ("no-instruction", "using: docker, image: Dockerfile", [("a/Dockerfile", "FROM i\nCMD x\n")], ""),
        (
            "comment",
            "using: docker, image: Dockerfile",
            [("a/Dockerfile", "FROM i\n  # Run bash tests/run.sh afterwards.\nCMD x\n")],
            "",
        ),
    ] {
        let action = format!("runs: {{{runs}}}\n");
        let files = [files[0], ("a/action.yml", &action)];
        let expected: Vec<String> =
            Some(place).filter(|it| !it.is_empty()).map(|it| format!("undecided {it}")).into_iter().collect();
        assert_eq!(found(&format!("program-{name}"), step, &files), expected, "{name}");
    }
    let files = [
        ("a/action.yml", "runs: {using: docker, image: Dockerfile}\n"),
        ("a/Dockerfile", "FROM i\nCOPY entry.sh /entry.sh\nENTRYPOINT [\"/entry.sh\"]\n"),
        ("a/entry.sh", "#!/bin/bash\ncd \"$GITHUB_WORKSPACE\" && bash tests/run.sh\n"),
    ];
    assert_eq!(found("program-script", step, &files), ["undecided a/entry.sh:2"]);
    let text = files[1].1.replace("COPY entry.sh /entry.sh\nENTRYPOINT", "# COPY entry.sh\nENTRYPOINT");
    let text = text.replace("/entry.sh", "x");
    assert_eq!(found("program-comment", step, &[files[0], ("a/Dockerfile", &text), files[2]]), [""; 0]);
    // An action that runs itself ends.
    let action = "runs:\n  using: composite\n  steps:\n    - uses: ./a\n    - {run: bash tests/run.sh, shell: bash}\n";
    let step = "      - uses: ./a\n        env: {SLUG: ac-large}\n";
    let recursive = workflow("PAYER: house", step);
    let found = found("action-recursion", &recursive, &[("a/action.yml", action)]);
    assert_eq!(found, ["platform-path-byok-model .github/workflows/w.yml:8"]);
}
