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
    assert!(text.contains("error[") && text.contains("--fix changed nothing: no finding has an edit"), "{text}");
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
    let entry = entry.unwrap_or_else(|| panic!("{text}")).replace("WHY", "intended");
    let accepted = run(&project("gap-accepted", &format!("accept: [{entry}}}]\n")), &["prove"]);
    assert!(accepted.code == 0 && accepted.stdout.contains("(accepted: intended)"), "{}", accepted.snapshot());
}

#[test]
fn batch_error_names_its_column() {
    let output = slugproof(["resolve", "--batch"]).dir(&project("batch", "")).input("{\"runtime\": 1}\n").run();
    assert!(output.stdout.contains("column 13: not a valid query"), "{}", output.snapshot());
}
