//! `lint` on workflow files. The fixtures are also the seeds of the fuzz target.

use std::fs;
use std::path::PathBuf;

use insta::assert_snapshot;

use crate::findings::Schema;
use crate::run::{RunOutput, Scratch, slugproof};

fn fixture(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/seeds/workflow_yaml")
        .join(name.trim_end_matches(".yml"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A repository with these fixtures as its workflows.
fn repository(name: &str, fixtures: &[&str]) -> Scratch {
    let scratch = Scratch::new(&format!("lint-{name}"));
    fixtures.iter().fold(scratch, |scratch, name| scratch.file(&format!(".github/workflows/{name}"), fixture(name)))
}

fn lint(scratch: &Scratch, args: &[&str]) -> RunOutput {
    slugproof(["lint"].into_iter().chain(args.iter().copied())).dir(scratch).run()
}

fn codes(output: &RunOutput) -> Vec<String> {
    let found = output.json()["findings"].as_array().expect("a list").clone();
    found.iter().map(|finding| finding["code"].as_str().expect("a code").to_owned()).collect()
}

/// A workflow with one job, which has this environment and this script.
fn workflow(env: &str, run: &str) -> String {
    let env: String = env.lines().map(|line| format!("      {line}\n")).collect();
    let run: String = run.lines().map(|line| format!("          {line}\n")).collect();
    format!("on: push\njobs:\n  job:\n    env:\n{env}    steps:\n      - run: |\n{run}")
}

const FULL_SAAS: &str = "bash tests/e2e/test_staging_full_saas.sh";

#[test]
fn founding_workflow_has_one_error_at_its_slug() {
    let scratch = repository("founding", &["founding.yml"]);
    let output = lint(&scratch, &[]);
    assert_snapshot!(output.snapshot());
    let json = lint(&scratch, &["--output", "json"]).json();
    let [finding] = json["findings"].as_array().expect("a list").as_slice() else { panic!("{json}") };
    let text = fixture("founding.yml");
    let line = text.lines().position(|line| line.contains("E2E_MODEL_SLUG")).expect("the fixture sets the slug") + 1;
    assert_eq!(finding["code"], "platform-path-byok-model");
    assert_eq!(finding["primary"]["start"]["line"], line);
}

#[test]
fn fix_changes_only_the_slug() {
    let scratch = repository("fix", &["colon-form.yml"]);
    let ended = lint(&scratch, &["--fix"]);
    assert_eq!(ended.code, 0, "{}", ended.snapshot());
    let path = scratch.0.join(".github/workflows/colon-form.yml");
    let fixed = fs::read_to_string(&path).expect("the file exists");
    assert_eq!(fixed, fixture("colon-form.yml").replace("\"minimax:MiniMax-M2.7\"", "\"MiniMax-M2.7\""));
    assert_eq!(lint(&scratch, &[]).code, 0);
    assert_eq!(lint(&scratch, &["--fix"]).code, 0);
    assert_eq!(fs::read_to_string(&path).expect("the file exists"), fixed, "a second --fix changes nothing");
}

/// The key of the model's provider is there, so leaving the platform path keeps model and vendor.
#[test]
fn fix_keeps_the_model_of_the_founding_workflow() {
    let scratch = repository("fix-founding", &["founding.yml"]);
    let ended = lint(&scratch, &["--fix"]);
    assert_eq!(ended.code, 0, "{}", ended.snapshot());
    let fixed = fs::read_to_string(scratch.0.join(".github/workflows/founding.yml")).expect("the file exists");
    assert_eq!(fixed, fixture("founding.yml").replace("E2E_LLM_PATH: platform", "E2E_LLM_PATH: byok"));
}

#[test]
fn every_fixture_matches_its_snapshot() {
    for name in [
        "anchors",
        "canary",
        "colon-form",
        "founding-corrected",
        "full-saas-dispatch",
        "github-env",
        "matrix-over-runtimes",
        "odd-but-valid",
        "ordinary",
        "reusable-called",
        "script-exports",
        "suppressed",
        "undecided",
        "unknown-harness",
    ] {
        let scratch = repository(name, &[&format!("{name}.yml")]);
        assert_snapshot!(format!("fixture-{name}"), lint(&scratch, &[]).snapshot());
    }
    let scratch = repository("reusable", &["reusable-called.yml", "reusable-caller.yml"]);
    assert_snapshot!("fixture-reusable", lint(&scratch, &[]).snapshot());
}

#[test]
fn github_output_annotates_a_repository() {
    let scratch =
        repository("whole", &["founding.yml", "canary.yml", "colon-form.yml", "ordinary.yml", "undecided.yml"]);
    assert_snapshot!(lint(&scratch, &["--output", "github"]).snapshot());
    let strict = lint(&scratch, &["--strict", "--output", "json"]);
    assert_eq!(codes(&strict).iter().filter(|code| *code == "undecided").count(), 2);
    assert_eq!(strict.json()["counts"]["error"], 4, "{}", strict.stdout);
}

/// The fixtures have suppressed and undecided findings, too.
#[test]
fn json_and_sarif_follow_their_schemas() {
    let names = ["founding.yml", "suppressed.yml", "undecided.yml", "github-env.yml", "matrix-over-runtimes.yml"];
    let scratch = repository("schemas", &names);
    let output = lint(&scratch, &["--output", "json", "--output", "sarif=out.sarif", "--output", "github=out.txt"]);
    assert_eq!(output.code, 1, "{}", output.snapshot());
    Schema::read("../docs/findings.schema.json").accepts(&output.json()).expect("the report follows its schema");
    let sarif = fs::read_to_string(scratch.0.join("out.sarif")).expect("the file was written");
    let sarif = serde_json::from_str(&sarif).expect("the report is JSON");
    Schema::read("tests/data/sarif-2.1.0.schema.json").accepts(&sarif).expect("the report is SARIF");
    let results = sarif["runs"][0]["results"].as_array().expect("a list");
    assert_eq!(results.len(), 9, "{results:#?}");
    assert!(results.iter().all(|result| result["locations"].as_array().is_some_and(|locations| !locations.is_empty())));
    let annotations = fs::read_to_string(scratch.0.join("out.txt")).expect("the file was written");
    assert_eq!(annotations.lines().filter(|line| line.starts_with("::error")).count(), 5, "{annotations}");
}

#[test]
fn fixes_keep_layout_and_comments() {
    let cases = [
        (
            "A: x\nE2E_MINIMAX_API_KEY: ${{ secrets.KEY }} # the path\nE2E_MODEL_SLUG: 'minimax:none' # the slug\n\
             # the end\nB: y",
            "A: x\nE2E_MINIMAX_API_KEY: ${{ secrets.KEY }} # the path\n# the end\nB: y",
        ),
        (
            "E2E_MINIMAX_API_KEY: ${{ secrets.KEY }}\nE2E_MODEL_SLUG: >-\n  minimax:none\nB: y",
            "E2E_MINIMAX_API_KEY: ${{ secrets.KEY }}\nB: y",
        ),
    ];
    for (number, (before, after)) in cases.into_iter().enumerate() {
        let runtime = "E2E_RUNTIME: claude-code\n";
        let name = format!("layout-{number}");
        let scratch = Scratch::new(&format!("lint-{name}"))
            .file(".github/workflows/a.yml", workflow(&format!("{runtime}{before}"), FULL_SAAS));
        let output = lint(&scratch, &["--fix"]);
        assert_eq!(output.code, 0, "{}", output.snapshot());
        let fixed = fs::read_to_string(scratch.0.join(".github/workflows/a.yml")).expect("the file exists");
        assert_eq!(fixed, workflow(&format!("{runtime}{after}"), FULL_SAAS));
    }
}

#[test]
fn fix_deletes_flow_entries() {
    for (number, (env, expected)) in [
        ("env: {E2E_MODEL_SLUG: minimax:none, A: b}", "env: {A: b}"),
        ("env: {A: b, E2E_MODEL_SLUG: minimax:none }", "env: {A: b }"),
    ]
    .into_iter()
    .enumerate()
    {
        let workflow_with = |env: &str| {
            format!(
                "on: push\nenv:\n  E2E_RUNTIME: claude-code\n  E2E_MINIMAX_API_KEY: ${{{{ secrets.KEY }}}}\njobs:\n  \
                 job:\n    steps:\n      - run: {FULL_SAAS}\n        {env}\n"
            )
        };
        let scratch = Scratch::new(&format!("lint-braces-{number}")).file("a.yml", workflow_with(env));
        let output = lint(&scratch, &["--fix", "a.yml"]);
        assert_eq!(output.code, 0, "{}", output.snapshot());
        let fixed = fs::read_to_string(scratch.0.join("a.yml")).expect("the file exists");
        assert_eq!(fixed, workflow_with(expected));
    }
}

#[test]
fn fix_edits_only_env_entries() {
    let scratch = repository("script", &["script-exports.yml", "github-env.yml"]);
    let output = lint(&scratch, &["--fix"]);
    assert_eq!(output.code, 1, "{}", output.snapshot());
    for name in ["script-exports.yml", "github-env.yml"] {
        let path = scratch.0.join(".github/workflows").join(name);
        assert_eq!(fs::read_to_string(path).expect("the file exists"), fixture(name));
    }
}

#[test]
fn layers_of_env_are_merged_in_order() {
    let text = "on: push\nenv: {E2E_RUNTIME: claude-code, E2E_LLM_PATH: platform, E2E_MODEL_SLUG: a}\njobs:\n  \
        job:\n    env: {E2E_MODEL_SLUG: b}\n    steps:\n      \
        - run: bash tests/e2e/test_staging_full_saas.sh\n        env: {E2E_MODEL_SLUG: SLUG}\n";
    let code = |slug: &str| {
        let output =
            slugproof(["lint", "--output", "json", "-"]).input(text.replace("SLUG}", &format!("{slug}}}"))).run();
        (output.code, codes(&output))
    };
    assert_eq!(code("moonshot/kimi-k2.6"), (0, vec![]));
    assert_eq!(code(""), (0, vec![]), "empty and unset are the same");
    assert_eq!(code("MiniMax-M2"), (1, vec!["platform-path-byok-model".to_owned()]));
}

#[test]
fn arguments_may_be_files_directories_or_stdin() {
    let scratch = repository("named", &["founding.yml", "canary.yml"]);
    for (args, code, part) in [
        (&["."][..], 1, "2 workflow files"),
        (&[".github/workflows"], 1, "2 workflow files"),
        (&["./.github/workflows/canary.yml"], 0, "1 workflow file"),
        (&[".github/workflows/canary.yml", ".github/workflows/canary.yml"], 0, "1 workflow file"),
    ] {
        let output = lint(&scratch, args);
        assert_eq!(output.code, code, "{}", output.snapshot());
        assert!(output.stdout.contains(part), "{}", output.snapshot());
    }
    let output = slugproof(["lint", "-"]).input(fixture("founding.yml")).run();
    assert_eq!(output.code, 1);
    assert!(output.stdout.contains("--> <stdin>:16:7"), "{}", output.snapshot());
    let output = slugproof(["lint", "--fix", "-"]).input(fixture("founding.yml")).run();
    assert_eq!(output.code, 2, "{}", output.snapshot());
}

#[test]
fn nothing_to_check_exits_with_3() {
    // `.git` marks the top of a repository: lint does not search above it.
    let empty = Scratch::new("lint-empty").file(".git/HEAD", "");
    assert_snapshot!("nothing-no-files", lint(&empty, &[]).snapshot());
    let ordinary = repository("only-ordinary", &["ordinary.yml"]);
    let output = lint(&ordinary, &[]);
    assert_eq!(output.code, 3, "{}", output.snapshot());
}

#[test]
fn unreadable_files_exit_with_2_and_hide_nothing() {
    let scratch = repository("unreadable", &["founding.yml"])
        .file(".github/workflows/broken.yml", "on: push\njobs: [\n")
        .file(".github/workflows/twice.yml", "on: push\njobs:\n  a:\n    env:\n      X: 1\n      X: 2\n")
        .file(".github/workflows/latin.yml", b"name: caf\xe9\n")
        .file(".github/workflows/wide.yml", b"\xff\xfea\0")
        .file(".github/workflows/empty.yml", "");
    assert_snapshot!(lint(&scratch, &[]).snapshot());
    let missing = lint(&scratch, &["no-such-file.yml"]);
    assert_eq!(missing.code, 2, "{}", missing.snapshot());
    let nothing = lint(&scratch, &["../lint-empty-directory"]);
    assert_eq!(nothing.code, 2, "{}", nothing.snapshot());
}

#[test]
fn policies_are_chosen_by_harness_then_by_name() {
    let scratch = repository("policy", &["unknown-harness.yml"]);
    let output = lint(&scratch, &["--policy", "reconciler"]);
    assert_snapshot!(output.snapshot());
    let both = lint(&scratch, &["--policy", "reconciler", "--policy", "full-saas", "--output", "json"]);
    assert_eq!(both.code, 1, "{}", both.snapshot());
}

#[test]
fn slugproof_yaml_selects_workflows_and_accepts_findings() {
    let config = "\
schema_version: 1
workflows: ['ci/*.yml']
absent_secrets: [E2E_OPENAI_API_KEY]
accept:
  - {policy: reconciler, workflow: founding.yml, code: platform-path-byok-model, reason: on purpose}
  - {code: missing-credential, job: reconcile, reason: no longer there}
";
    let scratch = Scratch::new("lint-config")
        .file("slugproof.yaml", config)
        .file("ci/founding.yml", fixture("founding.yml"))
        .file(".github/workflows/colon-form.yml", fixture("colon-form.yml"));
    assert_snapshot!(lint(&scratch, &[]).snapshot());
    let named = lint(&scratch, &["ci/founding.yml"]);
    assert_eq!(named.code, 0, "no entry counts as unused if only some files are checked: {}", named.snapshot());
    let wrong =
        Scratch::new("lint-config-wrong").file("slugproof.yaml", "schema_version: 1\nworkflows: ['ci/*.yml']\n");
    assert_snapshot!("config-wrong-pattern", lint(&wrong, &[]).snapshot());
}

#[test]
fn an_absent_secret_injects_nothing() {
    let workflow =
        workflow("E2E_RUNTIME: claude-code\nE2E_MINIMAX_API_KEY: ${{ secrets.E2E_MINIMAX_API_KEY }}", FULL_SAAS);
    let scratch = Scratch::new("lint-absent").file(".github/workflows/a.yml", &workflow);
    assert_eq!(lint(&scratch, &[]).code, 0);
    let scratch = scratch.file("slugproof.yaml", "schema_version: 1\nabsent_secrets: [e2e_minimax_api_key]\n");
    let output = lint(&scratch, &["--output", "json"]);
    assert_eq!(codes(&output), ["missing-credential"]);
}

#[test]
fn baseline_matches_moved_findings() {
    let scratch = repository("baseline", &["founding.yml"]);
    let written = lint(&scratch, &["--baseline", "lint.json", "--write-baseline"]);
    assert_eq!(written.code, 0, "{}", written.snapshot());
    let moved = format!("# moved\n\n{}", fixture("founding.yml"));
    let scratch = scratch.file(".github/workflows/founding.yml", &moved);
    assert_eq!(lint(&scratch, &["--baseline", "lint.json"]).code, 0);
    // A finding about another slug is new.
    let scratch = scratch.file(".github/workflows/founding.yml", moved.replace("MiniMax-M2", "MiniMax-M2.7"));
    assert_eq!(lint(&scratch, &["--baseline", "lint.json"]).code, 1);
}

#[test]
fn secrets_are_never_shown() {
    let canary = "sk-canary-0123456789";
    let workflow = workflow(
        &format!(
            "E2E_RUNTIME: claude-code\nE2E_LLM_PATH: platform\nE2E_MODEL_SLUG: MiniMax-M2\n\
             E2E_MINIMAX_API_KEY: {canary}"
        ),
        &format!("export E2E_ANTHROPIC_API_KEY={canary}\n{FULL_SAAS}"),
    );
    for format in ["human", "json", "sarif", "github"] {
        let output = slugproof(["lint", "--output", format, "-"]).input(workflow.clone()).run();
        let shown = output.snapshot();
        // Excerpts of the file mask the value, too.
        assert_eq!(output.code, 1, "{shown}");
        let repeated = shown.lines().filter(|line| line.contains(canary)).count();
        assert_eq!(repeated, 0, "{format}: {shown}");
    }
}

/// Runs the script of the composite action, with the command on `PATH` and without network.
#[cfg(unix)]
#[test]
fn the_action_lints_annotates_and_reports() {
    let scratch = repository("action", &["founding.yml", "canary.yml"]);
    let binaries =
        PathBuf::from(env!("CARGO_BIN_EXE_slugproof")).parent().expect("the command is in a directory").to_owned();
    let action = fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../action.yml"));
    let action = action.expect("the action is readable");
    let (_, step) = action.split_once("    - id: run\n").expect("a step runs the command");
    let (_, script) = step.split_once("      run: |\n").expect("the step has a script");
    let script: Vec<&str> = script.lines().map_while(|line| line.strip_prefix("        ")).collect();
    let script = script.join("\n");
    let run = |command: &str, args: &str| {
        let path = format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap_or_default());
        std::process::Command::new("bash")
            .args(["-e", "-o", "pipefail", "-c", &script])
            .current_dir(&scratch.0)
            .env_clear()
            .env("PATH", path)
            .env("SLUGPROOF_COMMAND", command)
            .env("SLUGPROOF_ARGS", args)
            .env("SLUGPROOF_SARIF", "out.sarif")
            .output()
            .expect("bash runs")
    };
    let output = run("lint", "");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("error[platform-path-byok-model]") && text.contains("::error file="), "{text}");
    let sarif = fs::read_to_string(scratch.0.join("out.sarif")).expect("the file was written");
    assert!(sarif.contains("\"platform-path-byok-model\""));
    assert_eq!(run("lint --quiet", "--strict\n\n.github/workflows/canary.yml").status.code(), Some(0));
    // The sample data have no finding, and lint has the report of the bare command.
    fs::remove_file(scratch.0.join("out.sarif")).expect("the file exists");
    let output = run("", "");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("::error file="), "{text}");
    assert!(scratch.0.join("out.sarif").exists(), "{text}");
}

/// Files that would exhaust a reader without limits.
#[test]
#[cfg(target_os = "linux")]
fn hostile_files_use_bounded_time_and_memory() {
    let call = "        run: bash tests/e2e/test_staging_full_saas.sh\n";
    let rows = |count: usize| {
        let rows: Vec<String> = (0..count).map(|row| format!("          - {{slug: m-{row}}}\n")).collect();
        format!(
            "on: push\njobs:\n  job:\n    strategy:\n      matrix:\n        include:\n\
             {}    env: {{E2E_RUNTIME: claude-code, E2E_LLM_PATH: platform, \
             E2E_MODEL_SLUG: \"${{{{ matrix.slug }}}}\"}}\n    steps:\n      - name: x\n{call}",
            rows.concat()
        )
    };
    let bomb = (1..40)
        .fold("a0: &a0 [x]\n".to_owned(), |text, n| text + &format!("a{n}: &a{n} [*a{m}, *a{m}, *a{m}]\n", m = n - 1));
    let steps = format!(
        "on: push\njobs:\n  job:\n    env: {{E2E_RUNTIME: none}}\n    steps:\n{}",
        format!("      - name: x\n{call}").repeat(5_000)
    );
    let inputs: String =
        (0..12).map(|input| format!("      i{input}: {{type: choice, options: [a, b, c, d, e]}}\n")).collect();
    let references: String = (0..12).map(|input| format!("${{{{ inputs.i{input} }}}}")).collect();
    let choices = format!(
        "on:\n  workflow_dispatch:\n    inputs:\n{inputs}jobs:\n  job:\n    \
         env: {{E2E_RUNTIME: claude-code, E2E_MODEL_SLUG: \"{references}\"}}\n    steps:\n      - name: x\n{call}"
    );
    let long_script = rows(10_000).replace(
        "        run: bash",
        &format!("        run: |\n{}          bash", "          echo hello world >> log; A=b\n".repeat(1_700)),
    );
    let commands = (0..7).fold("echo a".to_owned(), |inner, _| format!("$({inner})"));
    let step = |number: usize| {
        format!("      - run: |\n          {commands} {number}\n          bash tests/e2e/test_staging_full_saas.sh\n")
    };
    let steps_with_commands: String = (0..200).map(step).collect();
    let nested =
        format!("on: push\njobs:\n  job:\n    env: {{E2E_RUNTIME: claude-code}}\n    steps:\n{steps_with_commands}");
    for (name, text, code, part) in [
        ("flow", "[".repeat(100_000), 2, "unreadable-file"),
        ("block", "- ".repeat(100_000), 2, "unreadable-file"),
        ("bomb", bomb, 2, "the aliases up to here expand to more than"),
        ("large", format!("a: {}", "x".repeat(10 << 20)), 2, "is larger than 1 MiB"),
        ("rows", rows(10_000), 1, "10,000 combinations in total"),
        ("more-rows", rows(10_001), 0, "undecided"),
        ("steps", steps, 1, "4,997 more steps"),
        ("choices", choices, 0, "undecided"),
        ("long-script", long_script, 0, "undecided"),
        ("nested-commands", nested, 0, "undecided"),
        ("nul", "on: push\njobs: {a: \u{0}}\n".to_owned(), 2, "unreadable-file"),
    ] {
        let scratch = Scratch::new(&format!("lint-hostile-{name}")).file("a.yml", text);
        // The limit of the processor time, in seconds, is far above the usual time, and far below the time of a
        // reader without limits.
        let script = "ulimit -v 1000000; ulimit -t 30; exec \"$@\"";
        let output = std::process::Command::new("bash")
            .args(["-c", script, "-", env!("CARGO_BIN_EXE_slugproof"), "lint", "a.yml"])
            .current_dir(&scratch.0)
            .output()
            .expect("bash runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        let shown: String = text.chars().take(3000).collect();
        assert_eq!(output.status.code(), Some(code), "{name}: {shown}");
        assert!(text.contains(part), "{name}: {shown}");
    }
}

#[test]
fn help_speaks_of_a_wrapper_where_one_is() {
    let workflow = |run: &str| {
        format!(
            "on: push\njobs:\n  a:\n    runs-on: x\n    env: {{E2E_LLM_PATH: platform}}\n    steps:\n      \
            - run: {run}\n"
        )
    };
    for (run, script, is_wrapper) in [
        ("make e2e", "", false),
        ("bash ci/new.sh", "pytest\n", false),
        ("bash ci/new.sh", "export A=b\nexec ./ci/other.sh\n", true),
        ("./ci/new.sh", "bash \"ci/other.sh\" \"$@\"\n", true),
        ("bash ci/missing.sh", "bash ci/other.sh\n", false),
    ] {
        let scratch = Scratch::new("lint-wrapper").file("ci/new.sh", script);
        let scratch = scratch.file(".github/workflows/a.yml", workflow(run));
        let report = slugproof(["lint", "--output", "json"]).dir(&scratch).run().json();
        let finding = &report["findings"][0];
        assert_eq!(finding["code"], "unknown-harness", "{run}");
        assert_eq!(finding["help"].to_string().contains("wrapper"), is_wrapper, "{run} {script}: {report}");
    }
}
