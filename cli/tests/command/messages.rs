//! Messages say what happened and what to do.

use serde_json::Value;

use crate::run::{RunOutput, Scratch, slugproof};

const REGISTRY: &str = "\
schema_version: 1
providers:
  - {name: north, auth_env: [NORTH_KEY], model_prefix_match: '^north-'}
  - {name: house, billing: platform, auth_env: [HOUSE_TOKEN], model_prefix_match: '^house/'}
runtimes:
  writer:
    providers: [{name: north, models: [north-1]}, {name: house, models: [house/large]}]
";

const POLICY: &str = "\
schema_version: 2
name: review
harness: [ci/review.sh]
model: [{name: override, use: $MODEL}, {when: {PAYER: house}, use: house/large}, {use: north-1}]
secrets: [{when: {PAYER: house}, path: platform}, {key: CI_NORTH, inject: [NORTH_KEY]}]
";

const CONFIG: &str = "schema_version: 1\nregistry: providers.yaml\npolicies: [policy.yaml]\n";

/// A repository with a slugproof.yaml that ends with some lines.
fn project(name: &str, config: &str) -> Scratch {
    let step = "{run: ci/review.sh, env: {CI_NORTH: '${{ secrets.CI_NORTH }}'}}";
    Scratch::new(&format!("messages-{name}"))
        .file("providers.yaml", REGISTRY)
        .file("policy.yaml", POLICY)
        .file("ci/review.sh", "")
        .file(".github/workflows/w.yml", format!("on: push\njobs:\n  j:\n    runs-on: x\n    steps: [{step}]\n"))
        .file("slugproof.yaml", format!("{CONFIG}{config}"))
}

fn run(scratch: &Scratch, args: &[&str]) -> RunOutput {
    slugproof(args.iter().copied()).dir(scratch).run()
}

/// Standard output and error without line breaks at the width of the terminal.
fn sentence(output: &RunOutput) -> String {
    format!("{} {}", output.stdout, output.stderr).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn ignored_config_is_not_called_missing() {
    let scratch = project("ignored", "");
    for args in [&["pick", "--no-config", "writer"][..], &["prove", "--no-config"]] {
        let output = run(&scratch, args);
        let text = sentence(&output);
        assert!(text.contains("--no-config ignores slugproof.yaml") && !text.contains("missing;"), "{text}");
        assert!(!text.contains("slugproof init"), "{text}");
    }
    let empty = Scratch::new("messages-no-config").file("providers.yaml", REGISTRY);
    let text = sentence(&run(&empty, &["pick", "writer"]));
    assert!(text.contains("neither this directory nor a parent has a slugproof.yaml"), "{text}");
}

#[test]
fn empty_process_environment_is_said() {
    let scratch = project("from-env", "").file("record.json", "{\"status\": \"failed\", \"model\": \"north-1\"}");
    let with = sentence(&run(&scratch, &["diagnose", "--record", "record.json", "--from-env"]));
    assert!(with.contains("--from-env found no variable that the policy `review` reads"), "{with}");
    let without = sentence(&run(&scratch, &["diagnose", "--record", "record.json"]));
    assert!(without.contains("pass the environment of the job: --from-env"), "{without}");
}

#[test]
fn doubt_about_the_environment_comes_before_the_fixes() {
    let scratch = project("doubt", "");
    for (status, told) in
        [("failed", "! the workspace exists"), ("online", "! the record says that the workspace came")]
    {
        let scratch = Scratch(scratch.0.clone()).file("record.json", format!("{{\"status\": \"{status}\"}}"));
        let args = ["diagnose", "--record", "record.json", "--runtime", "writer", "MODEL=unknown", "CI_NORTH=x"];
        let output = run(&scratch, &args);
        let at = |text: &str| output.stdout.find(text).unwrap_or_else(|| panic!("{text}: {}", output.stdout));
        assert!(at(told) < at("ways to fix this"), "{}", output.stdout);
        assert!(!output.stdout.contains("what to do next"), "{}", output.stdout);
    }
}

#[test]
fn suggestion_is_not_followed_by_a_missing_fix() {
    let scratch = project("suggestion", "");
    let text = sentence(&run(&scratch, &["resolve", "--runtime", "writr", "CI_NORTH=set"]));
    assert!(text.contains("did you mean writer?") && !text.contains("fixes this"), "{text}");
    let text = sentence(&run(&scratch, &["resolve", "--runtime", "zzz", "CI_NORTH=set"]));
    assert!(text.contains("no change of at most 3 variables fixes this"), "{text}");
}

#[test]
fn shadowed_variable_has_the_level_of_its_code() {
    let args = ["resolve", "--runtime", "writer", "PAYER=house", "MODEL=house/large", "CI_NORTH=set"];
    let scratch = project("shadowed", "");
    let text = sentence(&run(&scratch, &args));
    assert!(text.contains("note shadowed-variable: ") && !text.contains("warning shadowed-variable"), "{text}");
    let denied = project("shadowed-denied", "deny: [shadowed-variable]\n");
    assert!(sentence(&run(&denied, &args)).contains("error shadowed-variable: "));
}

#[test]
fn fix_without_an_edit_says_so() {
    let text = sentence(&run(&project("fix-nothing", ""), &["lint", "--fix"]));
    assert!(text.contains("--fix changed nothing: nothing needs a fix"), "{text}");
    let workflow = "on: push\njobs:\n  j:\n    runs-on: x\n    steps: [{run: ci/review.sh}]\n";
    let scratch = project("fix-unsafe", "").file(".github/workflows/w.yml", workflow);
    let text = sentence(&run(&scratch, &["lint", "--fix"]));
    assert!(text.contains("error[") && text.contains("--fix changed nothing: the finding has no edit"), "{text}");
}

#[test]
fn pin_with_a_list_is_one_finding() {
    for (name, value, title) in [
        ("list", "[north-1]", "the value at `.model` is a list, not a text, so it is not checked"),
        ("computed", "$X", "the value at `.model` is computed, so it is not checked"),
        ("map", "{a: b}", "the value at `.model` is not a text, so it is not checked"),
        ("null", "null", "the file has nothing at `.model`, so its model is not checked"),
    ] {
        let pins = "pins: [{files: pin.yaml, runtime: .runtime, model: .model}]\n";
        let scratch =
            project(&format!("pin-{name}"), pins).file("pin.yaml", format!("runtime: writer\nmodel: {value}\n"));
        let output = run(&scratch, &["lint", "--output", "json"]).json();
        let titles: Vec<&Value> =
            output["findings"].as_array().expect("a list").iter().map(|it| &it["title"]).collect();
        assert_eq!(titles, [title], "{name}");
        let help = output["findings"][0]["help"].to_string();
        assert_eq!(help.contains("`.model[]`"), name == "list", "{help}");
    }
}

#[test]
fn errors_of_the_configuration_name_what_is_wrong() {
    for (name, config, told) in [
        (
            "event",
            "invariants: [{never: {billing: platform}, when: {event: pull_reqest}}]",
            "unknown event `pull_reqest`; did you mean `pull_request`?",
        ),
        (
            "events",
            "invariants: [{never: {billing: platform}, when: {event: [push, shedule]}}]",
            "unknown event `shedule`; did you mean `schedule`?",
        ),
        (
            "not-event",
            "invariants: [{never: {billing: platform}, when: {event: {not: scheduel}}}]",
            "unknown event `scheduel`; did you mean `schedule`?",
        ),
        ("job", "invariants: [{never: {billing: platform}, job: j}]", "write `job` in `when`, not beside it"),
        ("property", "invariants: [{never: {biling: platform}}]", "unknown property `biling`; did you mean `billing`?"),
        ("billing", "invariants: [{never: {billing: free}}]", "unknown billing `free`; write `platform` or `byok`"),
        (
            "code",
            "accept: [{code: missing-credentail, reason: r}]",
            "no gap or finding has the code `missing-credentail`; did you mean `missing-credential`?",
        ),
        (
            "policy",
            "harness_policy: reviw",
            "no policy `reviw`: it is neither a policy in use nor a file; did you mean `review`?",
        ),
    ] {
        let scratch = project(&format!("config-{name}"), &format!("{config}\n"));
        let check = run(&scratch, &["check"]);
        assert!(check.code == 1 && sentence(&check).contains(told), "{name}: {}", check.snapshot());
        let lint = run(&scratch, &["lint"]);
        assert!(lint.code == 2 && sentence(&lint).contains(told), "{name}: {}", lint.snapshot());
    }
    // A forge may have further events.
    let other = project("config-other", "invariants: [{never: {billing: platform}, when: {event: custom_event}}]\n");
    assert_eq!(run(&other, &["check"]).code, 0);
    let field = run(&project("config-field", "frobnicate: 1\n"), &["check"]);
    let text = sentence(&field);
    assert!(text.contains("]: unknown field `frobnicate`; the known fields are "), "{text}");
    assert!(!text.contains("allow_unknown_fields"), "{text}");
}

#[test]
fn variable_in_braces_is_explained() {
    let scratch = project("braces", "").file("policy.yaml", POLICY.replace("$MODEL", "'${MODEL}'"));
    let text = sentence(&run(&scratch, &["check"]));
    assert!(text.contains("a variable has no braces here; write `$MODEL`"), "{text}");
}

#[test]
fn missing_file_has_no_line() {
    let output = run(&project("no-line", ""), &["check", "nope.yaml"]);
    assert!(output.code == 2 && output.stdout.contains("--> nope.yaml\n"), "{}", output.snapshot());
}

#[test]
fn gap_is_shown_with_an_entry_that_accepts_it() {
    let scratch = project("gap", "");
    let text = sentence(&run(&scratch, &["prove"]));
    let entry = text.split_once("as in ").and_then(|(_, rest)| rest.split_once('}')).map(|(entry, _)| entry);
    let entry = entry.unwrap_or_else(|| panic!("{text}")).replace("<WHY>", "intended");
    let accepted = run(&project("gap-accepted", &format!("accept: [{entry}}}]\n")), &["prove"]);
    assert!(accepted.code == 0 && accepted.stdout.contains("(accepted: intended)"), "{}", accepted.snapshot());
}

#[test]
fn batch_error_names_its_column() {
    for (line, said) in [
        (r#"{"runtime": 1}"#, "column 13: not a valid query: wrong type of `runtime`; write"),
        (r#"{"runtime": {"a": 1}}"#, ": wrong type of `runtime`; write"),
        (r#"{"env": 1}"#, "column 9: not a valid query: wrong type of `env`; write"),
        (r#"{"env": {"E2E_LLM_PATH": "x", "E2E_MODEL_SLUG": 17}}"#, ": wrong type of `env.E2E_MODEL_SLUG`; write"),
        (r#"{"env": {"MODEL": false}}"#, ": wrong type of `env.MODEL`; write"),
        (r#"{"env": {"E2E_MODEL_SLUG": ["x"]}}"#, ": wrong type of `env.E2E_MODEL_SLUG`; write"),
        // A name that may be a secret is not repeated.
        (r#"{"env": {"Abcdef_Ghijkl_123456789": 17}}"#, ": wrong type of `env`; write"),
        (r#"{"env": {"aB3dE5fG7hI9jK1lM3nO": 1}}"#, ": wrong type of `env`; write"),
        (r#"{"env": {"A7_9F3KQ2XW8Z5TB4RV6YC1DM0NPLGHJE": 1}}"#, ": wrong type of `env`; write"),
        (r#"{"env": {"A7F3_KQ2X_W8Z5_TB4R": 1}}"#, ": wrong type of `env`; write"),
        (r#"{"env": {"7392_4471": 1}}"#, ": wrong type of `env`; write"),
        (r#"{"env": {"E2E_MODEL_SLUG`x": 1}}"#, ": wrong type of `env`; write"),
        (r#"{"env": {"GPT4O_KEY": 1}}"#, ": wrong type of `env.GPT4O_KEY`; write"),
        (r#"{"aB3dE5fG7hI9jK1lM3nO": 1}"#, ": not a valid query; write"),
        (r#"{"enw": 1}"#, ": not a valid query: unknown field `enw`; write"),
        (
            r#"{"runtime": "hermes", "ambient": [""]}"#,
            "\"`ambient` has an empty name; name a credential, or leave it out",
        ),
        (r#"{"runtime": "hermes", "ambient": ["A=17"]}"#, "\"`ambient` takes the names of credentials; leave out"),
        (r#"{"ambient": "A"}"#, ": wrong type of `ambient`; write"),
        (r#"{"ambient": ["A", 17]}"#, ": wrong type of `ambient`; write"),
        // No field is at fault.
        (r#"{"runtime": tru"#, "not JSON; write"),
        (r#""runtime""#, "column 9: not a valid query; write"),
        ("17", "not a valid query; write"),
    ] {
        let output =
            slugproof(["resolve", "--batch"]).dir(&project("batch-error", "")).input(format!("{line}\n")).run();
        assert!(output.stdout.contains(said) && !output.stdout.contains("17"), "{line}: {}", output.snapshot());
    }
    let lines = "{\"runtime\":\"a\",\"model\":7}\n{\"runtime\":\"a\",\"model\":\"m\",\"auth_env\":[null]}\n";
    let output = slugproof(["derive", "--batch"]).dir(&project("batch-error", "")).input(lines).run();
    for field in ["model", "auth_env"] {
        assert!(output.stdout.contains(&format!(": wrong type of `{field}`; write")), "{}", output.snapshot());
    }
}

#[test]
fn option_of_another_tool_gets_the_option_of_slugproof() {
    for (args, tip) in [
        (&["lint", "--json"][..], "use `--output json`"),
        (&["resolve", "--json"], "use `--output json`"),
        (&["check", "--sarif"], "use `--output sarif`"),
        (&["diff", "--markdown", "HEAD"], "use `--output markdown`"),
        (&["prove", "--html=page.html"], "use `--output html=FILE`"),
        (&["lint", "--output-file", "x"], "use `--output FORMAT`"),
        (&["prove", "--config-file", "x"], "uses the nearest slugproof.yaml"),
        (&["check", "--config", "x"], "`check FILE` checks another one"),
        (&["prove", "--registry-file", "x"], "use `--registry FILE`"),
        (&["prove", "--policy-file=x"], "use `--policy NAME`"),
        (&["resolve", "--env", "A=b"], "write variables without an option"),
        (&["resolve", "--model", "m"], "set the variable from which the policy takes the model"),
        (&["lint", "--fail-on", "warning"], "use `--deny CODE`"),
        (&["lint", "--ignore", "near-miss"], "slugproof: ignore[CODE] reason"),
        (&["diff", "--base", "main"], "write the revisions without an option"),
        (&["check", "--soft-fail"], "use `--exit-zero`"),
        (&["lint", "--no-color"], "use `--color WHEN`"),
        (&["prove", "--summary"], "use `--quiet`"),
        // clap knows an option that is spelt like this one.
        (&["prove", "--regsitry", "x"], "'--registry'"),
        (&["lint", "--outptu", "x"], "'--output'"),
    ] {
        let output = slugproof(args.iter().copied()).run();
        assert!(output.code == 2 && output.stderr.contains(tip), "{args:?}: {}", output.stderr);
    }
    // `resolve` writes no page, so no tip promises one.
    let output = slugproof(["resolve", "--html"]).run();
    assert!(output.code == 2 && !output.stderr.contains("--output html"), "{}", output.stderr);
}

#[test]
fn every_command_takes_output_and_its_earlier_name() {
    let scratch = project("outputs", "").file("record.json", "{\"status\": \"online\"}");
    for args in [
        &["resolve", "--runtime", "writer"][..],
        &["diagnose", "--record", "record.json", "--runtime", "writer"],
        &["explain", "near-miss"],
        &["lint"],
        &["check"],
        &["conform"],
        &["prove"],
    ] {
        let printed = run(&scratch, &[args, &["--format", "json"]].concat());
        let file = run(&scratch, &[args, &["--output", "json=out.json", "--output", "human"]].concat());
        let written = std::fs::read_to_string(scratch.0.join("out.json")).expect("the output is written");
        std::fs::remove_file(scratch.0.join("out.json")).expect("the output is written");
        let [printed_json, written_json] = [&printed.stdout, &written].map(|text| {
            let mut value: Value =
                serde_json::from_str(text).unwrap_or_else(|error| panic!("{args:?}: {error}: {text}"));
            value.as_object_mut().expect("an object").remove("seconds");
            value
        });
        assert_eq!(printed_json, written_json, "{args:?}");
        assert_eq!(printed.code, file.code, "{args:?}");
        assert!(!file.stdout.is_empty() && serde_json::from_str::<Value>(&file.stdout).is_err(), "{args:?}");
    }
    let output = run(&scratch, &["resolve", "--runtime", "writer", "--output", "json=providers.yaml"]);
    assert!(output.code == 2 && output.stderr.contains("also an input"), "{}", output.stderr);
    let output = run(&scratch, &["resolve", "--runtime", "writer", "--output", "yaml"]);
    assert!(output.stderr.contains("write human, json or env"), "{}", output.stderr);
}

#[test]
fn batches_are_written_to_files() {
    let question = "{\"runtime\":\"writer\",\"model\":\"north-1\"}\n";
    let resolved = "{\"runtime\":\"writer\",\"env\":{\"CI_NORTH\":\"set\"}}\n";
    let scratch = project("batch", "").file("derive.jsonl", question).file("resolve.jsonl", resolved);
    for command in ["derive", "resolve"] {
        let batch = format!("{command}.jsonl");
        let printed = run(&scratch, &[command, "--batch", &batch]);
        let file = run(&scratch, &[command, "--batch", &batch, "--output", "json=out.jsonl"]);
        let written = std::fs::read_to_string(scratch.0.join("out.jsonl")).expect("the output is written");
        assert_eq!((file.code, file.stdout.as_str(), &written), (printed.code, "", &printed.stdout), "{command}");
        let both = run(&scratch, &[command, "--batch", &batch, "--output", "json", "--output", "json=out.jsonl"]);
        assert_eq!(both.stdout, printed.stdout, "{command}");
        let input = run(&scratch, &[command, "--batch", &batch, "--output", &format!("json={batch}")]);
        assert!(input.code == 2 && input.stderr.contains("also an input"), "{}", input.stderr);
        let human = run(&scratch, &[command, "--batch", &batch, "--output", "human"]);
        assert!(human.code == 2 && human.stderr.contains("json"), "{}", human.stderr);
    }
}

#[test]
fn quiet_prints_only_the_verdict() {
    let scratch = project("quiet", "").file("record.json", "{\"status\": \"online\"}");
    for (args, verdict) in [
        (&["resolve", "--runtime", "writer", "NORTH_KEY=x"][..], "✗ missing-credential: "),
        (&["resolve", "--runtime", "writer", "CI_NORTH=set"], "✓ consistent: north-1 on north"),
        (&["check"], "✓ nothing found"),
        (&["lint"], "✓ nothing found in 1 workflow file"),
        (&["prove"], "✗ 1 gap not accepted"),
        (&["diagnose", "--record", "record.json", "--runtime", "writer", "CI_NORTH=set"], "✓ coherent-online: "),
        (&[], "✗ prove: 1 gap"),
    ] {
        let output = run(&scratch, &[args, &["--quiet"]].concat());
        let text = format!("{}{}", output.stdout, output.stderr);
        // A verdict may be wrapped, and nothing else follows.
        let is_one = text.lines().skip(1).all(|line| line.starts_with("  ") && !line.trim().is_empty());
        assert!(text.starts_with(verdict) && is_one, "{args:?}: {text}");
        assert_eq!(output.code, run(&scratch, args).code, "{args:?}");
    }
    let output = run(&scratch, &["pick", "-q", "writer"]);
    assert!(output.stderr.starts_with("✗ missing-credential") && output.stdout.is_empty(), "{}", output.stderr);
    let sample = slugproof(["-q"]).dir(&Scratch::new("messages-quiet-sample")).run();
    assert!(sample.stdout.ends_with("this was sample data: for your own, run `slugproof init`\n"), "{}", sample.stdout);
}

#[test]
fn exit_zero_changes_only_the_exit_code_of_findings() {
    let scratch = project("exit-zero", "");
    for args in [&["prove"][..], &["resolve", "--runtime", "writer"], &[]] {
        let (with, without) = (run(&scratch, &[args, &["--exit-zero"]].concat()), run(&scratch, args));
        assert_eq!((with.code, without.code), (0, 1), "{args:?}");
        let lines = |output: &RunOutput| output.stdout.lines().filter(|line| !line.contains("took ")).count();
        assert_eq!(lines(&with), lines(&without), "{args:?}");
    }
    for args in [&["prove", "--exit-zero", "--registry", "missing.yaml"][..], &["lint", "--exit-zero", "missing.yml"]] {
        assert_eq!(run(&scratch, args).code, 2, "{args:?}");
    }
    // A harness would go on without a model.
    let output = run(&scratch, &["pick", "--exit-zero", "writer"]);
    assert!(output.code == 2 && output.stderr.contains("remove --exit-zero"), "{}", output.stderr);
}

#[test]
fn colour_follows_the_variables_and_the_option() {
    let scratch = project("colour", "");
    for (args, variables, is_coloured) in [
        (&["check"][..], &[][..], false),
        (&["check"], &[("FORCE_COLOR", "1")], true),
        (&["check"], &[("FORCE_COLOR", "3")], true),
        (&["check"], &[("CLICOLOR_FORCE", "1")], true),
        (&["check"], &[("FORCE_COLOR", "")], false),
        (&["check"], &[("FORCE_COLOR", "0")], false),
        (&["check"], &[("FORCE_COLOR", "false")], false),
        (&["check"], &[("FORCE_COLOR", "1"), ("NO_COLOR", "1")], false),
        (&["check", "--color", "never"], &[("FORCE_COLOR", "1")], false),
        (&["check", "--color", "always"], &[("NO_COLOR", "1")], true),
        (&["--help"], &[("FORCE_COLOR", "1")], true),
        (&["--help"], &[], false),
    ] {
        let command = slugproof(args.iter().copied()).dir(&scratch);
        let output = variables.iter().fold(command, |command, (name, value)| command.env(name, value)).run();
        assert_eq!(output.stdout.contains('\u{1b}'), is_coloured, "{args:?} with {variables:?}");
    }
}

#[test]
fn last_line_names_the_files_with_errors() {
    let failing = "on: push\njobs:\n  j:\n    runs-on: x\n    steps: [{run: ci/review.sh}]\n";
    let mut scratch = project("summary", "");
    for name in ["b", "a", "d", "c"] {
        scratch = scratch.file(&format!(".github/workflows/{name}.yml"), failing);
    }
    let text = sentence(&run(&scratch, &["lint"]));
    let files = ".github/workflows/a.yml, .github/workflows/b.yml, .github/workflows/c.yml and 1 more file";
    assert!(text.contains(&format!("✗ 4 errors in 5 workflow files, 5 steps: {files}")), "{text}");
}

#[test]
fn unread_secret_gets_its_injecting_variable() {
    let scratch = project("unread", "");
    let note = |args: &[&str]| run(&scratch, args).stderr;
    let injected = note(&["resolve", "--runtime", "writer", "NORTH_KEY=x"]);
    let hint = "policy `review` does not read `NORTH_KEY`; it injects a secret of that name if `CI_NORTH` is set, \
                so set `CI_NORTH`\n";
    assert!(injected.ends_with(hint), "{injected}");
    let both = note(&["resolve", "--runtime", "writer", "NORTH_KEY=x", "CI_NORTH=set"]);
    assert_eq!(both, "note: policy `review` does not read `NORTH_KEY`\n");
}

#[test]
fn wrong_type_gets_one_right_example() {
    for (config, example) in [
        ("harness_policy: 1\n", "as in `harness_policy: \"nightly\"`"),
        ("harness_policy: [review]\n", "write one text, as in `harness_policy: nightly`"),
        ("harness_policy:\n", "as in `harness_policy: nightly`, or delete it"),
        ("workflows: a.yml\n", "write it in brackets, as in `workflows: [ci/*.yml]`"),
        ("workflows: [1]\n", "as in `- \"ci/*.yml\"`"),
        ("expect: [a]\n", "write its fields, as in `- {slug: acme-large}`"),
        ("allow_unknown_fields: maybe\n", "write `allow_unknown_fields: true`"),
        ("unknown_fields: none\n", "as in `unknown_fields: deny`"),
    ] {
        let output = run(&project("types", config), &["lint"]);
        assert!(output.code == 2 && output.stderr.contains(example), "{config}: {}", output.stderr);
    }
}

#[test]
fn placeholder_is_an_error() {
    let workflow = |env: &str| {
        format!("on: push\njobs:\n  j:\n    runs-on: x\n    steps: [{{run: ci/review.sh, env: {{{env}}}}}]\n")
    };
    for (name, env, help) in [
        ("key", "CI_NORTH: <NORTH_KEY>", "as in `CI_NORTH: ${{ secrets.CI_NORTH }}`"),
        ("pasted", "CI_NORTH: <sk-verysecretvalue>", "as in `CI_NORTH: ${{ secrets.CI_NORTH }}`"),
        ("slug", "CI_NORTH: '${{ secrets.CI_NORTH }}', MODEL: <MODEL>", "by the value that is meant"),
        ("shell", "CI_NORTH: $NORTH_KEY", "write the secret as `${{ secrets.NAME }}`"),
        ("one-brace", "CI_NORTH: '${ secrets.CI_NORTH }'", "write the secret as `${{ secrets.NAME }}`"),
        ("no-sign", "CI_NORTH: '{{ secrets.CI_NORTH }}'", "write the secret as `${{ secrets.NAME }}`"),
        ("no-mark", "CI_NORTH: secrets.CI_NORTH", "write the secret as `${{ secrets.NAME }}`"),
        ("no-sign-one-brace", "CI_NORTH: '{secrets.CI_NORTH}'", "write the secret as `${{ secrets.NAME }}`"),
        ("gap", "CI_NORTH: '$ {{ secrets.CI_NORTH }}'", "write the secret as `${{ secrets.NAME }}`"),
        ("quoted", "CI_NORTH: \"${{ 'secrets.CI_NORTH' }}\"", "write the secret as `${{ secrets.NAME }}`"),
        ("second-sign", "CI_NORTH: '$${{ secrets.CI_NORTH }}'", "write the secret as `${{ secrets.NAME }}`"),
        ("own-name", "CI_NORTH: CI_NORTH", "write the secret as `${{ secrets.NAME }}`"),
        ("slug-of-shell", "CI_NORTH: '${{ secrets.CI_NORTH }}', MODEL: $M", "as in `${{ vars.NAME }}`"),
        ("part-of-shell", "CI_NORTH: '${{ secrets.CI_NORTH }}', MODEL: north-$M", "in its value"),
        ("part-in-braces", "CI_NORTH: '${{ secrets.CI_NORTH }}', MODEL: 'north-{{ vars.M }}'", "in its value"),
        ("part-in-brackets", "CI_NORTH: '${{ secrets.CI_NORTH }}', MODEL: north-<model>", "in its value"),
        ("slug-no-mark", "CI_NORTH: '${{ secrets.CI_NORTH }}', MODEL: vars.MODEL", "as in `${{ vars.NAME }}`"),
        ("payer", "CI_NORTH: '${{ secrets.CI_NORTH }}', PAYER: $PAYER", "as in `${{ vars.NAME }}`"),
    ] {
        let scratch = project(&format!("placeholder-{name}"), "").file(".github/workflows/w.yml", workflow(env));
        let output = run(&scratch, &["lint"]);
        let text = sentence(&output);
        assert!(output.code == 1 && text.contains("error[placeholder]: ") && text.contains(help), "{name}: {text}");
        assert!(!text.contains("verysecret"), "{text}");
    }
    let script = project("placeholder-script", "")
        .file(".github/workflows/w.yml", workflow("").replace("ci/review.sh", "CI_NORTH='<NORTH_KEY>' ci/review.sh"));
    let text = sentence(&run(&script, &["lint"]));
    assert!(text.contains("error[placeholder]: `CI_NORTH` has a placeholder"), "{text}");
    for (name, env) in [
        ("sign-in-key", "CI_NORTH: s3$x"),
        ("word", "CI_NORTH: secrets"),
        ("json", "CI_NORTH: '{\"type\": \"service_account\"}'"),
        ("prefix", "CI_NORTH: 'Bearer ${{ secrets.CI_NORTH }}'"),
        ("dotted-id", "CI_NORTH: x, MODEL: north-matrix.large"),
        ("id-with-brackets", "CI_NORTH: x, MODEL: 'north-4[1m]'"),
        ("other-variable", "CI_NORTH: x, PAYER: a$b, TITLE: $M"),
        ("flag", "CI_NORTH: 'true'"),
        ("host", "CI_NORTH: x, PAYER: matrix.org"),
    ] {
        let other = project(&format!("placeholder-{name}"), "").file(".github/workflows/w.yml", workflow(env));
        let output = run(&other, &["lint"]);
        assert!(output.code == 0 && output.stdout.contains("nothing found"), "{name}: {}", output.snapshot());
    }
    let action = "runs:\n  using: composite\n  steps:\n    - shell: bash\n      \
                  env: {CI_NORTH: '${{ inputs.key }}', MODEL: north-$M}\n      run: ci/review.sh\n";
    let step = "[{uses: actions/checkout@v4}, {uses: ./act, with: {key: '${{ secrets.CI_NORTH }}'}}]";
    let in_action = project("placeholder-action", "")
        .file("act/action.yml", format!("name: a\ninputs: {{key: {{}}}}\n{action}"))
        .file(".github/workflows/w.yml", format!("on: push\njobs:\n  j:\n    runs-on: x\n    steps: {step}\n"));
    let text = sentence(&run(&in_action, &["lint"]));
    assert!(text.contains("error[placeholder]: `MODEL` has a reference that is not expanded in its value"), "{text}");
    // A shell expands the reference, unless it is in single quotes.
    let cases = [("single", "'$x'", true), ("double", "\"$x\"", false), ("part", "'s3$x'", false)];
    let cross_env = [("cross-env", "x npx cross-env 'CI_NORTH=$X'", false)];
    for (name, value, is_found) in cases.into_iter().chain(cross_env) {
        let script = workflow("X: '${{ secrets.CI_NORTH }}'");
        let script = script.replace("ci/review.sh", &format!("x=$X; CI_NORTH={value} ci/review.sh"));
        let other = project(&format!("placeholder-in-script-{name}"), "").file(".github/workflows/w.yml", script);
        let output = run(&other, &["lint"]);
        assert_eq!(output.stdout.contains("error[placeholder]: `CI_NORTH`"), is_found, "{}", output.snapshot());
    }
    let accept = "accept: [{code: missing-credential, reason: <WHY>}]\n";
    for (name, scratch) in [
        ("config", project("placeholder-config", accept)),
        (
            "policy",
            project("placeholder-policy", "").file("policy.yaml", POLICY.replace("use: north-1", "use: <MODEL>")),
        ),
        (
            "registry",
            project("placeholder-registry", "").file("providers.yaml", REGISTRY.replace("north-1", "<MODEL>")),
        ),
    ] {
        let output = run(&scratch, &["check"]);
        assert!(output.code == 1 && output.stdout.contains("error[placeholder]: "), "{name}: {}", output.snapshot());
    }
    let without = run(&project("placeholder-none", ""), &["check"]);
    assert!(without.code == 0, "{}", without.snapshot());
}

#[test]
fn truth_value_is_no_key() {
    let workflow = |key: &str| {
        let call = format!("{{run: ci/review.sh, env: {{CI_NORTH: \"${{{{ {key} }}}}\"}}}}");
        format!("on: [push, workflow_dispatch]\njobs:\n  j:\n    runs-on: x\n    steps: [{call}]\n")
    };
    for (name, key, truth) in [
        ("compared", "secrets.CI_NORTH != ''", Some("true")),
        ("negated", "!!secrets.CI_NORTH", Some("true")),
        ("and", "secrets.CI_NORTH && true", Some("true")),
        ("event", "github.event_name == 'push' && secrets.CI_NORTH", Some("false")),
        ("value", "secrets.CI_NORTH", None),
        ("default", "github.event_name == 'push' && secrets.CI_NORTH || secrets.OTHER", None),
        ("flag", "true", None),
    ] {
        let scratch = project(&format!("truth-{name}"), "").file(".github/workflows/w.yml", workflow(key));
        let text = sentence(&run(&scratch, &["lint"]));
        let title = |truth| format!("warning[likely-slip]: `CI_NORTH` has the truth value `{truth}` in place of a key");
        let is_found = truth.map_or(text.contains("nothing found"), |truth| text.contains(&title(truth)));
        assert!(is_found, "{name}: {text}");
    }
}

#[test]
fn policy_with_an_empty_harness_does_not_pass() {
    let scratch = project("empty-harness", "").file("policy.yaml", POLICY.replace("[ci/review.sh]", "[]"));
    let output = run(&scratch, &["check"]);
    let text = sentence(&output);
    assert!(output.code == 1 && text.contains("`harness` of policy `review` is empty"), "{}", output.snapshot());
    // A policy without the field is for `resolve` and `prove` only.
    let without = project("no-harness", "").file("policy.yaml", POLICY.replace("harness: [ci/review.sh]\n", ""));
    assert_eq!(run(&without, &["check"]).code, 0);
}

#[test]
fn sample_data_are_named_first_and_last() {
    let scratch = Scratch::new("messages-sample");
    for (args, last) in [
        (&[][..], "this was sample data: for your own, run `slugproof init`"),
        (&["prove"], "`slugproof init`; pass --embedded if that is intended"),
    ] {
        let text = sentence(&run(&scratch, args));
        assert!(text.starts_with("! sample data: neither this directory nor a parent"), "{args:?}: {text}");
        assert!(text.trim_end().ends_with(last), "{args:?}: {text}");
    }
    let requested = run(&scratch, &["prove", "--embedded"]);
    assert!(requested.stdout.starts_with("registry embedded"), "{}", requested.stdout);
}

#[test]
fn lint_without_config_says_so_where_nothing_is_checked() {
    let workflow = "on: push\njobs:\n  j:\n    runs-on: x\n    steps: [{run: make}]\n";
    let scratch = Scratch::new("messages-lint-sample").file(".github/workflows/w.yml", workflow);
    let output = run(&scratch, &["lint"]);
    let told = "neither this directory nor a parent has a slugproof.yaml, so lint looked for the harnesses of the \
                embedded sample policies; `slugproof init` writes";
    assert!(output.code == 3 && sentence(&output).contains(told), "{}", output.snapshot());
    for args in [&["lint", "--embedded"][..], &["lint", "--no-config"]] {
        assert!(!sentence(&run(&scratch, args)).contains("`slugproof init` writes"), "{args:?}");
    }
}

#[test]
fn invented_slug_is_called_invented() {
    let policy = POLICY.replace("use: house/large", "use: [$CHEAP, house/large]");
    let output = run(&project("invented", "").file("policy.yaml", &policy), &["prove"]);
    let text = sentence(&output);
    assert!(text.contains(" (invented)") && text.contains("an invented slug stands for all ids"), "{text}");
    // A slug of the registry or of the policy is not, even if it was withdrawn.
    let registry = REGISTRY.replace("models: [north-1]", "models: [north-1], withdrawn_models: [north-0]");
    let withdrawn = project("withdrawn", "").file("policy.yaml", &policy).file("providers.yaml", registry);
    let text = sentence(&run(&withdrawn, &["prove"]));
    assert!(text.contains("`north-0`") && !text.contains("`north-0` (invented)"), "{text}");
    let output = run(&project("not-invented", ""), &["prove"]);
    assert!(output.stdout.contains("1 gap") && !output.stdout.contains("invented"), "{}", output.stdout);
}

#[test]
fn long_name_of_a_policy_fits_80_columns() {
    let policy = POLICY.replace("name: review", &format!("name: {}", "review-".repeat(8)));
    let output = run(&project("long-name", "").file("policy.yaml", policy), &["prove"]);
    assert!(output.stdout.lines().all(|line| line.chars().count() <= 80), "{}", output.stdout);
}

#[test]
fn rule_without_a_name_is_shown_in_words() {
    let scratch = project("unnamed", "");
    let output = run(&scratch, &["resolve", "--runtime", "writer", "CI_NORTH=set"]);
    assert!(output.stdout.contains("north-1 (rule 3 of `model`)"), "{}", output.stdout);
    let failing = "on: push\njobs:\n  j:\n    runs-on: x\n    steps: [{run: ci/review.sh}]\n";
    let scratch = scratch.file(".github/workflows/w.yml", failing);
    let text = sentence(&run(&scratch, &["lint"]));
    assert!(text.contains("by rule 3 of `model`"), "{text}");
    // Programs read the name.
    let json = run(&scratch, &["resolve", "--runtime", "writer", "CI_NORTH=set", "--output", "json"]).json();
    assert_eq!(json["rule"], "model[2]");
}

#[test]
fn usage_of_diff_shows_every_form() {
    let forms = "Usage: slugproof diff [OPTIONS] <BASE> [HEAD] slugproof diff [OPTIONS] --registry <OLD> <NEW>";
    for args in [&["diff"][..], &["diff", "--help"]] {
        let text = sentence(&slugproof(args.iter().copied()).run());
        assert!(text.contains(forms), "{args:?}: {text}");
    }
}

#[test]
fn job_that_fails_in_forks_is_named() {
    let workflow = |on: &str, job: &str, step: &str, script: &str| {
        let step = format!("{{{step}run: '{script}ci/review.sh', env: {{CI_NORTH: '${{{{ secrets.CI_NORTH }}}}'}}}}");
        format!("on: {on}\njobs:\n  j:\n    runs-on: x\n    {job}\n    steps: [{step}]\n")
    };
    let same = "github.event.pull_request.head.repo.full_name == github.repository";
    let of_job = |condition: &str| format!("if: {condition}");
    for (name, on, job, step, script, is_named) in [
        ("pull", "pull_request", "", "", "", true),
        ("both", "[push, pull_request]", "", "", "", true),
        ("push", "push", "", "", "", false),
        ("target", "pull_request_target", "", "", "", false),
        ("guard", "pull_request", &*of_job(same), "", "", false),
        ("reversed", "[push, pull_request]", &of_job(&same.replace("==", "!=")), "", "", true),
        ("fork", "pull_request", "if: '!github.event.pull_request.head.repo.fork'", "", "", false),
        ("owner", "pull_request", &of_job("github.event.pull_request.head.user.login == 'acme'"), "", "", false),
        ("object", "[push, pull_request]", "if: github.event.pull_request == null", "", "", false),
        ("no-object", "[push, pull_request]", "if: '!github.event.pull_request'", "", "", false),
        ("name", "pull_request", &of_job("github.event.pull_request.head.repo.name == 'bots'"), "", "", true),
        ("key", "pull_request", "env: {KEY: '${{ secrets.CI_NORTH }}'}", "if: env.KEY != '', ", "", false),
        ("script", "pull_request", "", "", "[ -n \"$CI_NORTH\" ] || exit 0; ", false),
    ] {
        let workflow = workflow(on, job, step, script);
        let scratch = project(&format!("fork-{name}"), "").file(".github/workflows/w.yml", workflow);
        let output = run(&scratch, &["lint"]);
        let notice = "in a pull request from a fork, which gets no secrets, job `j` of .github/workflows/w.yml fails \
                      with `missing-credential`";
        assert_eq!(sentence(&output).contains(notice), is_named, "{name}: {}", output.snapshot());
        assert_eq!(output.code, 0, "{name}");
    }
}

#[test]
fn call_in_forks_follows_the_conditions_of_callers() {
    let called = "on: workflow_call\njobs:\n  j:\n    runs-on: x\n    steps: [{run: ci/review.sh, env: {CI_NORTH: \
                  '${{ secrets.CI_NORTH }}'}}]\n";
    let caller = |lines: &str| {
        let uses = "uses: ./.github/workflows/called.yml";
        format!("on: pull_request\njobs:\n  gate:{lines}\n  c: {{needs: gate, {uses}, secrets: inherit}}\n")
    };
    let same = "if: github.event.pull_request.head.repo.full_name == github.repository, ";
    for (name, condition, is_named) in [("open", "", true), ("needed", same, false)] {
        let gate = format!(" {{{condition}runs-on: x, steps: [{{run: 'true'}}]}}");
        let scratch = project(&format!("fork-caller-{name}"), "")
            .file(".github/workflows/called.yml", called)
            .file(".github/workflows/caller.yml", caller(&gate));
        let output = run(&scratch, &["lint"]);
        let is_said = sentence(&output).contains("in a pull request from a fork, which gets no secrets, job `j`");
        assert_eq!(is_said, is_named, "{name}: {}", output.snapshot());
    }
}

#[test]
fn missing_comparison_is_not_named() {
    let function = "function: {source: [ci/choose.sh], model: choose}\n";
    let note = "`slugproof conform` compares";
    let scratch = project("conform", "").file("policy.yaml", format!("{POLICY}{function}"));
    let missing = run(&scratch, &["check"]);
    assert!(missing.code == 1 && !missing.stdout.contains(note), "{}", missing.snapshot());
    let scratch = scratch.file("ci/choose.sh", "choose() { echo north-1; }\n");
    assert!(run(&scratch, &["check"]).stdout.contains(note));
    let scratch = scratch.file(".github/workflows/w.yml", "on: push\njobs: {j: {runs-on: x, steps: [{run: make}]}}\n");
    let nothing = run(&scratch, &["lint"]);
    assert!(nothing.code == 3 && !nothing.stdout.contains(note), "{}", nothing.snapshot());
}

#[test]
fn bare_command_takes_config_and_output() {
    let accept = "accept: [{code: missing-credential, reason: a fork has no key}]\n";
    let config = format!("schema_version: 1\nregistry: providers.yaml\npolicies: [policy.yaml]\n{accept}");
    let scratch = project("bare", "").file("other.yaml", config);
    assert_eq!(run(&scratch, &[]).code, 1);
    let other = run(&scratch, &["--config", "other.yaml"]);
    assert!(other.code == 0 && other.stdout.contains("(accepted: a fork has no key)"), "{}", other.snapshot());
    let missing = run(&scratch, &["--config", "missing.yaml"]);
    assert!(missing.code == 2 && missing.stderr.contains("missing.yaml"), "{}", missing.snapshot());
    let printed = run(&scratch, &["--output", "json"]);
    assert_eq!(printed.code, 1, "{}", printed.snapshot());
    let (all, gap) = (printed.json(), "missing-credential");
    assert!(all["check"].is_object() && all["lint"].is_object() && all["prove"].to_string().contains(gap), "{all}");
    let both = run(&scratch, &["--output", "human", "--output", "json=all.json", "-q"]);
    assert_eq!((both.code, both.stdout.as_str()), (1, "✗ prove: 1 gap\n"), "{}", both.snapshot());
    let written = std::fs::read_to_string(scratch.0.join("all.json")).expect("the output is written");
    let written: Value = serde_json::from_str(&written).expect("the output is JSON");
    assert_eq!(written["lint"], all["lint"]);
    // A slugproof.yaml that is not there leaves nothing to write.
    let sample = slugproof(["--output", "json"]).dir(&Scratch::new("messages-bare-sample")).run();
    assert!(sample.code == 2 && sample.stdout.is_empty(), "{}", sample.snapshot());
    let before = run(&scratch, &["--output", "json", "lint"]);
    assert!(before.code == 2 && before.stderr.contains("after the command"), "{}", before.snapshot());
}

#[test]
fn undecided_finding_has_a_help() {
    let step = "{run: ci/review.sh, env: {MODEL: '${{ vars.M }}'}}";
    let workflow = format!("on: push\njobs:\n  j:\n    runs-on: x\n    steps: [{step}]\n");
    let pins = "pins: [{files: pin.yaml, runtime: .runtime, model: .model}]\n";
    let scratch = project("undecided", pins)
        .file(".github/workflows/w.yml", workflow)
        .file("pin.yaml", "runtime: writer\nmodel: $X\n");
    let output = run(&scratch, &["lint", "--output", "json"]).json();
    let findings = output["findings"].as_array().expect("a list");
    let undecided: Vec<&Value> = findings.iter().filter(|finding| finding["level"] == "undecided").collect();
    assert_eq!(undecided.len(), 2, "{output}");
    for finding in undecided {
        assert!(finding["help"].as_array().is_some_and(|help| !help.is_empty()), "{finding}");
    }
}
