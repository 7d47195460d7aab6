//! `slugproof init`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::run::{RunOutput, Scratch, slugproof};

const REGISTRY: &str = "schema_version: 1
providers:
  - {name: ours, billing: platform, auth_env: [OURS_TOKEN], model_prefix_match: ^ours/}
  - {name: fern, auth_env: [FERN_API_KEY], model_prefix_match: ^fern-}
  - {name: moss, auth_env: [MOSS_API_KEY], model_prefix_match: ^moss-}
runtimes:
  planner:
    providers: [{name: ours, models: [ours/base]}, {name: fern, models: [fern-4]}, {name: moss, models: [moss-1]}]
  tester: {providers: [{name: moss, models: [moss-1]}]}
";

const LIBRARY: &str = r#"pick_model() {
  if [ -n "${JOB_MODEL:-}" ]; then echo "$JOB_MODEL"; return; fi
  case $1 in
    planner) echo fern-4 ;;
    *) echo moss-1 ;;
  esac
}
keys() {
  if [ -n "${JOB_FERN_KEY:-}" ]; then echo FERN_API_KEY; fi
  if [ -n "${JOB_MOSS_KEY:-}" ]; then echo MOSS_API_KEY; fi
}
"#;

const SCRIPT: &str = r#"#!/usr/bin/env bash
set -eu
. "$(dirname "$0")/lib/models.sh"
start --model "$(pick_model "${JOB_RUNTIME:-planner}")" --secrets "$(keys)"
"#;

const WORKFLOW: &str = "name: plan
on: [push]
jobs:
  plan:
    runs-on: ubuntu-latest
    steps:
      - run: scripts/plan.sh
        env:
          JOB_FERN_KEY: ${{ secrets.JOB_FERN_KEY }}
";

fn repository(name: &str) -> Scratch {
    Scratch::new(name)
        .file("llm/providers.yaml", REGISTRY)
        .file("scripts/lib/models.sh", LIBRARY)
        .file("scripts/plan.sh", SCRIPT)
        .file(".github/workflows/plan.yml", WORKFLOW)
}

fn init(scratch: &Scratch, args: &[&str]) -> RunOutput {
    let run = slugproof(std::iter::once("init").chain(args.iter().copied()));
    run.env("PATH", &path()).dir(scratch).run()
}

/// Where bash is.
fn path() -> String {
    std::env::var("PATH").expect("tests have a PATH")
}

fn read(scratch: &Scratch, name: &str) -> String {
    fs::read_to_string(scratch.0.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The policy that init writes, without the comments at the top.
fn policy_of(scratch: &Scratch, name: &str) -> String {
    let text = read(scratch, name);
    let lines = text.lines().skip_while(|line| line.starts_with('#'));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn policy_has_the_answers_of_the_function() {
    let scratch = repository("init-policy");
    let output = init(&scratch, &[]);
    assert_eq!(output.code, 0, "{}", output.snapshot());
    assert!(output.stdout.contains("proved: it matches the function"), "{}", output.stdout);
    let expected = "schema_version: 2
name: plan
harness: [scripts/plan.sh]
function:
  source: [scripts/lib/models.sh]
  model: pick_model \"$RUNTIME\"
  secrets: keys
runtime: JOB_RUNTIME
defaults: {JOB_RUNTIME: planner}
model: # the first rule that applies
  - {name: override, use: $JOB_MODEL} # scripts/lib/models.sh:2
  - {when: {runtime: planner}, use: fern-4} # scripts/lib/models.sh:4
  - {use: moss-1} # scripts/lib/models.sh:5
inject: every
secrets: # every rule that applies
  - {key: JOB_FERN_KEY, inject: [FERN_API_KEY]} # scripts/lib/models.sh:9
  - {key: JOB_MOSS_KEY, inject: [MOSS_API_KEY]} # scripts/lib/models.sh:10
";
    assert_eq!(policy_of(&scratch, "policies/plan.yaml"), expected);
    let conform = slugproof(["conform"]).env("PATH", &path()).dir(&scratch).run();
    assert_eq!(conform.code, 0, "{}", conform.snapshot());
}

#[test]
fn harness_of_a_subdirectory_is_relative_to_the_top() {
    let scratch = Scratch::new("init-below")
        .file("svc/plan/llm/providers.yaml", REGISTRY)
        .file("svc/plan/scripts/lib/models.sh", LIBRARY)
        .file("svc/plan/scripts/plan.sh", SCRIPT)
        .file(".github/workflows/plan.yml", WORKFLOW.replace("scripts/plan.sh", "svc/plan/scripts/plan.sh"));
    let output = init(&scratch, &["svc/plan"]);
    assert_eq!(output.code, 0, "{}", output.snapshot());
    let policy = policy_of(&scratch, "svc/plan/policies/plan.yaml");
    assert!(policy.contains("harness: [svc/plan/scripts/plan.sh]\n"), "{policy}");
    assert!(policy.contains("  source: [scripts/lib/models.sh]\n"), "{policy}");
    for command in ["check", "conform", "lint"] {
        let run = slugproof([command]).env("PATH", &path()).dir(&Scratch(scratch.0.join("svc/plan"))).run();
        assert_eq!(run.code, 0, "{command}: {}", run.snapshot());
    }
}

#[test]
fn existing_files_are_never_overwritten() {
    for existing in ["slugproof.yaml", "policies/plan.yaml"] {
        let scratch = repository("init-existing").file(existing, "mine\n");
        let output = init(&scratch, &[]);
        assert_eq!(output.code, 2, "{}", output.snapshot());
        assert!(output.stderr.contains(&format!("`{existing}` exists")), "{}", output.stderr);
        assert_eq!(read(&scratch, existing), "mine\n");
        let other = if existing == "slugproof.yaml" { "policies/plan.yaml" } else { "slugproof.yaml" };
        assert!(!scratch.0.join(other).exists(), "{other}");
    }
}

#[test]
fn dry_run_prints_the_files_and_writes_none() {
    let scratch = repository("init-dry-run");
    let output = init(&scratch, &["--dry-run"]);
    assert_eq!(output.code, 0, "{}", output.snapshot());
    assert!(output.stdout.contains("registry: llm/providers.yaml\n"), "{}", output.stdout);
    assert!(output.stdout.contains("  - {name: override, use: $JOB_MODEL}"), "{}", output.stdout);
    assert!(!scratch.0.join("slugproof.yaml").exists() && !scratch.0.join("policies").exists());
}

#[test]
fn empty_repository_is_told_what_was_looked_for() {
    let scratch = Scratch::new("init-empty").file("README.md", "nothing\n");
    let output = init(&scratch, &[]);
    assert_eq!(output.code, 3, "{}", output.snapshot());
    for part in ["looked at 1 file ", "`providers`", ".gitea/workflows", "shell scripts"] {
        assert!(output.stdout.contains(part), "{part}: {}", output.stdout);
    }
    assert!(!scratch.0.join("slugproof.yaml").exists());
}

#[test]
fn repository_without_a_function_gets_a_draft() {
    let workflow =
        WORKFLOW.replace("          JOB_FERN_KEY", "          JOB_MODEL: fern-4\n          JOB_FERN_API_KEY");
    let scratch = Scratch::new("init-draft")
        .file("providers.yaml", REGISTRY)
        .file("scripts/plan.sh", "start --model \"$JOB_MODEL\"\n")
        .file(".github/workflows/plan.yml", workflow);
    let dry_run = init(&scratch, &["--dry-run"]);
    assert!(dry_run.code == 3 && !scratch.0.join("slugproof.yaml").exists(), "{}", dry_run.snapshot());
    let output = init(&scratch, &[]);
    assert_eq!(output.code, 3, "{}", output.snapshot());
    let draft = policy_of(&scratch, "policies/draft.yaml");
    for part in ["harness: [scripts/plan.sh]", "use: $JOB_MODEL", "{key: JOB_FERN_API_KEY, inject: [FERN_API_KEY]}"] {
        assert!(draft.contains(part), "{part}: {draft}");
    }
    let check = slugproof(["check"]).dir(&scratch).run();
    assert_ne!(check.code, 2, "the draft is a valid policy: {}", check.snapshot());
}

/// Each way to call a function gives the same policy.
#[test]
fn calls_are_found_in_every_form() {
    let sources = [
        "source lib/models.sh",
        ". \"$(cd \"$(dirname \"${BASH_SOURCE[0]}\")\" && pwd)/lib/models.sh\"",
        "HERE=${0%/*}\nsource \"$HERE\"/lib/models.sh",
        "source scripts/lib/models.sh",
        "source '../scripts/lib/models.sh'",
    ];
    let calls = [
        "model=$(pick_model \"${JOB_RUNTIME:-planner}\")",
        ": \"${JOB_RUNTIME:=planner}\"\nmodel=`pick_model $JOB_RUNTIME`",
        "runtime=\"${JOB_RUNTIME:-planner}\"\nmodel=\"$(pick_model \"$runtime\")\"",
        "JOB_RUNTIME=\"${JOB_RUNTIME:-planner}\"\nif ! model=$(pick_model \"$JOB_RUNTIME\"); then exit 1; fi",
        "main() { local r=${JOB_RUNTIME-planner}; create \"$(pick_model \"$r\")\"; }\nmain \"$@\"",
        "export JOB_RUNTIME=${JOB_RUNTIME:-planner}\nread -r model < <(pick_model \"$JOB_RUNTIME\")",
        "pick_model \"${JOB_RUNTIME:-planner}\" > model.txt",
        "start <<< \"$(pick_model \"${JOB_RUNTIME:-planner}\")\"",
        "body=$(cat <<END\n{\"model\": \"$(pick_model \"${JOB_RUNTIME:-planner}\")\"}\nEND\n)",
        "case $MODE in a) start \"$(pick_model \"${JOB_RUNTIME:-planner}\")\" ;; esac",
    ];
    let forms = sources.iter().map(|source| (*source, calls[0])).chain(calls.iter().map(|call| (sources[0], *call)));
    for (source, call) in forms {
        let scratch = repository("init-forms").file("scripts/plan.sh", format!("{source}\n{call}\nkeys > names\n"));
        let output = init(&scratch, &["--dry-run"]);
        assert_eq!(output.code, 0, "{source}\n{call}\n{}", output.snapshot());
        for part in ["runtime: JOB_RUNTIME\n", "defaults: {JOB_RUNTIME: planner}\n", "  secrets: keys\n"] {
            assert!(output.stdout.contains(part), "{source}\n{call}\n{part}\n{}", output.stdout);
        }
    }
}

/// Functions are found in every form in which they print a model.
#[test]
fn functions_are_found_in_every_form() {
    for (library, call, expected) in [
        (
            "pick() { [ \"$JOB_RUNTIME\" = planner ] && echo fern-4 || echo moss-1; }",
            "pick",
            "model: JOB_RUNTIME=\"$RUNTIME\" pick\n",
        ),
        ("function pick { printf '%s' \"${JOB_MODEL:-moss-1}\"; }", "pick", "model: pick\n"),
        ("default_for() { echo moss-1; }\npick() { echo \"${JOB_MODEL:-$(default_for)}\"; }", "pick", "model: pick\n"),
        (
            "pick() { local m=moss-1; [[ $2 == planner ]] && m=fern-4; echo $m; }",
            "pick fixed \"$R\"",
            "model: pick fixed \"$RUNTIME\"\n",
        ),
        ("pick() { local v=4; echo \"fern-$v\"; }", "pick", "model: pick\n"),
        ("pick() { case $1 in plan*) echo fern-4 ;; *) echo moss-1 ;; esac; }", "pick \"$R\"", "runtime: R\n"),
    ] {
        let script = format!("source lib/models.sh\nmodel=$({call})\n");
        let scratch =
            repository("init-functions").file("scripts/lib/models.sh", library).file("scripts/plan.sh", script);
        let output = init(&scratch, &["--dry-run"]);
        assert!(output.stdout.contains(expected), "{library}\n{}", output.snapshot());
    }
}

/// A function that cannot be followed is not proved, and init says so.
#[test]
fn function_that_is_not_followed_is_not_proved() {
    let library = "pick_model() { [[ $JOB_TIER =~ ^gold$ ]] && { echo fern-4; return; }; echo moss-1; }\n";
    let scratch = repository("init-not-followed").file("scripts/lib/models.sh", library);
    let output = init(&scratch, &[]);
    assert_eq!(output.code, 3, "{}", output.snapshot());
    assert!(output.stdout.contains("not proved"), "{}", output.stdout);
    assert!(output.stdout.contains("  scripts/lib/models.sh:1: "), "{}", output.stdout);
}

/// A policy without the secrets of a function that needs a program would say that nothing is injected.
#[test]
fn secrets_of_a_program_give_no_policy() {
    let secrets = "keys() {";
    let (models, _) = LIBRARY.split_once(secrets).expect("the library has it");
    // The body of the function, and whether it lists secrets.
    for (body, lists) in [
        ("jq -n --arg k \"$JOB_FERN_KEY\" '{FERN_API_KEY: $k} | with_entries(select(.value != \"\"))'", true),
        ("s='{}'; [ -z \"$JOB_FERN_KEY\" ] || s=$(jq '. + {FERN_API_KEY: \"k\"}' <<< \"$s\"); echo \"$s\"", true),
        ("python3 -c 'print(\"FERN_API_KEY\")'", true),
        ("{ echo FERN_API_KEY; echo MOSS_API_KEY; } | sort -u", true),
        ("list | sort; }; list() { [ -z \"$JOB_FERN_KEY\" ] || echo FERN_API_KEY", true),
        ("FERN_API_KEY=$JOB_FERN_KEY curl -H \"$MOSS_API_KEY\" \"${FERN_API_KEY}\"", false),
        ("date; }; other() { echo FERN_API_KEY", false),
    ] {
        let library = format!("{models}{secrets} {body}; }}\n");
        let scratch = repository("init-secrets-of-a-program").file("scripts/lib/models.sh", &library);
        let output = init(&scratch, &[]);
        assert_eq!(output.code, if lists { 3 } else { 0 }, "{body}: {}", output.snapshot());
        assert_eq!(output.stdout.contains("no policy: scripts/plan.sh:4: `keys`: "), lists, "{}", output.stdout);
        assert_eq!(output.stdout.contains("proved: it matches the function"), !lists, "{}", output.stdout);
        assert_eq!(scratch.0.join("slugproof.yaml").exists(), !lists, "{body}");
    }
    // What only prints its messages with a program is not asked for secrets.
    let script = SCRIPT.replace("\"$(keys)\"", "x; keys");
    let library = format!("{models}{secrets} date +FERN_API_KEY; }}\n");
    assert_ne!(script, SCRIPT);
    let scratch = repository("init-not-captured").file("scripts/lib/models.sh", &library);
    let output = init(&scratch.file("scripts/plan.sh", &script), &[]);
    assert!(output.stdout.contains("calls `pick_model` for the model\n"), "{}", output.stdout);
}

#[test]
fn answer_that_no_rule_expresses_gives_no_policy() {
    let library = "pick_model() { if [ -n \"$JOB_MODEL\" ]; then echo \"fern-$JOB_MODEL\"; else echo moss-1; fi; }\n";
    let scratch = repository("init-composed").file("scripts/lib/models.sh", library);
    let output = init(&scratch, &[]);
    assert_eq!(output.code, 3, "{}", output.snapshot());
    assert!(output.stdout.contains("no policy: "), "{}", output.stdout);
    assert!(output.stdout.contains("`JOB_MODEL`"), "{}", output.stdout);
}

#[cfg(unix)]
#[test]
fn symbolic_links_are_not_followed() {
    let outside = repository("init-outside");
    let scratch = Scratch::new("init-link");
    std::os::unix::fs::symlink(outside.0.join("llm"), scratch.0.join("llm")).expect("the directory is writable");
    std::os::unix::fs::symlink(outside.0.join("llm/providers.yaml"), scratch.0.join("providers.yaml"))
        .expect("the directory is writable");
    let output = init(&scratch, &[]);
    assert_eq!(output.code, 3, "{}", output.snapshot());
    assert!(output.stdout.contains("looked at 0 files"), "{}", output.stdout);
    let linked = repository("init-linked-policies");
    std::os::unix::fs::symlink(&outside.0, linked.0.join("policies")).expect("the directory is writable");
    let output = init(&linked, &[]);
    assert_eq!(output.code, 2, "{}", output.snapshot());
    assert!(!outside.0.join("plan.yaml").exists() && !linked.0.join("slugproof.yaml").exists());
}

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/ticket-bot")
}

/// Copies the files of the example, without the files that init writes.
fn copied(directory: &Path, below: &str, mut scratch: Scratch) -> Scratch {
    for entry in directory.read_dir().expect("the example is readable") {
        let path = entry.expect("the example is readable").path();
        let name = path.file_name().expect("an entry has a name").to_string_lossy().into_owned();
        let name = if below.is_empty() { name } else { format!("{below}/{name}") };
        if path.is_dir() {
            if name != "policies" {
                scratch = copied(&path, &name, scratch);
            }
        } else if name != "slugproof.yaml" {
            scratch = scratch.file(&name, fs::read(&path).expect("the example is readable"));
        }
    }
    scratch
}

/// Init writes the files of the example, and the whole run finds the planted mistake.
#[test]
fn example_is_what_init_writes() {
    let scratch = copied(&example(), "", Scratch::new("init-example"));
    let output = init(&scratch, &[]);
    assert_eq!(output.code, 0, "{}", output.snapshot());
    for name in ["slugproof.yaml", "policies/start-bot.yaml"] {
        let shipped = fs::read_to_string(example().join(name)).expect("the example is readable");
        assert_eq!(read(&scratch, name), shipped, "{name}");
    }
    let run = slugproof([]).env("PATH", &path()).dir(&scratch).run();
    assert_eq!(run.code, 1, "{}", run.snapshot());
    assert!(run.stdout.contains("proved: `start-bot` matches its function"), "{}", run.stdout);
    let next = "next: run `slugproof prove`, which shows 9 gaps: contradictions that the function can reach.";
    assert!(
        sentence(&output.stdout).contains(next) && run.stdout.contains("✗ 9 gaps not accepted"),
        "{}",
        output.stdout
    );
    assert!(run.stdout.contains("--> .github/workflows/nightly.yml:9:7"), "{}", run.stdout);
}

/// Each command fails as soon as the function answers otherwise than the policy that init has written.
#[test]
fn written_policy_has_to_match_its_function() {
    let scratch = repository("init-drift");
    assert_eq!(init(&scratch, &[]).code, 0);
    let scratch = scratch.file("scripts/lib/models.sh", LIBRARY.replace("echo fern-4", "echo moss-1"));
    for args in [&["check"][..], &["lint"], &["lint", "--strict"], &["prove"], &[]] {
        let output = slugproof(args.iter().copied()).env("PATH", &path()).dir(&scratch).run();
        assert!(output.code == 1 && output.stdout.contains("conform"), "{args:?}: {}", output.snapshot());
    }
}

#[test]
fn json_has_files_gaps_and_next_steps() {
    let scratch = copied(&example(), "", Scratch::new("init-json").file("sub/x", ""));
    let run = slugproof(["init", "..", "--output", "json=out.json", "--output", "human"]);
    let output = run.env("PATH", &path()).dir(&Scratch(scratch.0.join("sub"))).run();
    assert_eq!(output.code, 0, "{}", output.snapshot());
    // The path is relative to the directory of the call.
    let json: serde_json::Value = serde_json::from_str(&read(&scratch, "sub/out.json")).expect("the output is JSON");
    let files = json["files"].as_array().expect("a list");
    let paths: Vec<&str> = files.iter().filter_map(|file| file["path"].as_str()).collect();
    assert_eq!(paths, ["slugproof.yaml", "policies/start-bot.yaml"]);
    for file in files {
        assert_eq!(file["text"], read(&scratch, file["path"].as_str().expect("a path")));
    }
    assert_eq!((&json["written"], &json["gaps"]), (&true.into(), &9.into()));
    let policy = &json["policies"][0];
    assert_eq!((&policy["path"], &policy["verdict"]), (&paths[1].into(), &"proved".into()));
    assert_eq!(json["lint"]["findings"].as_array().map(Vec::len), Some(1), "{}", json["lint"]);
    let next: String = json["next"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|step| format!("next: {} ", step.as_str().expect("a text")))
        .collect();
    assert!(
        next.contains("9 gaps") && sentence(&output.stdout).ends_with(next.trim_end()),
        "{next}\n{}",
        output.stdout
    );
}

#[test]
fn json_without_files_says_that_nothing_is_written() {
    let scratch = repository("init-json-dry-run");
    let json = init(&scratch, &["--dry-run", "--output", "json"]).json();
    assert_eq!((&json["written"], &json["files"][0]["path"]), (&false.into(), &"slugproof.yaml".into()));
    let json = init(&Scratch::new("init-json-empty"), &["--output", "json"]).json();
    assert_eq!(
        (&json["written"], &json["files"], &json["registry"]),
        (&false.into(), &serde_json::json!([]), &().into())
    );
    for (output, message) in
        [("json=slugproof.yaml", "are the same file"), ("json=llm/providers.yaml", "also an input")]
    {
        let refused = init(&scratch, &["--output", output]);
        assert!(refused.code == 2 && refused.stderr.contains(message), "{}", refused.snapshot());
        assert!(!scratch.0.join("policies").exists(), "{output}");
    }
    assert_eq!(read(&scratch, "llm/providers.yaml"), REGISTRY);
}

#[test]
fn quiet_init_names_the_written_files() {
    let output = init(&repository("init-quiet"), &["--quiet"]);
    assert_eq!(output.stdout, "wrote slugproof.yaml, policies/plan.yaml\n", "{}", output.snapshot());
    let output = init(&Scratch::new("init-quiet-empty"), &["--quiet"]);
    assert!(output.code == 3 && output.stdout.starts_with("nothing was written"), "{}", output.snapshot());
}

/// A text without line breaks at the width of the terminal.
fn sentence(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// True for a line that cannot be broken: code, a command to copy, or one long word, also after a label.
fn is_code(line: &str) -> bool {
    let text = line.trim_start();
    let is_excerpt = text.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start().starts_with(['|', '+', '~']);
    let value = text.split_once("  ").map_or(text, |(_, value)| value.trim_start());
    let is_command = ["slugproof ", "reproduce slugproof ", "--> ", "::: "].iter().any(|start| text.starts_with(start));
    is_excerpt || is_command || !value.contains(' ')
}

#[test]
fn output_for_people_fits_80_columns() {
    let record = "{\"status\": \"failed\", \"model\": \"zephyr-2\", \"error\": \"\"}";
    let scratch = copied(&example(), "", Scratch::new("init-columns")).file("record.json", record);
    let commands = [
        "init --dry-run",
        "init",
        "",
        "check",
        "conform",
        "prove",
        "prove --laws",
        "lint",
        "lint --fix",
        "lint --strict",
        "resolve",
        "resolve --runtime coder BOT_ZEPHYR_KEY=set",
        "resolve --runtime nothing BOT_PAYER=company BOT_MODEL=zephyr-2",
        "resolve ZEPHYR_API_KEY=x",
        "pick",
        "pick coder",
        "diff --registry config/models.yaml config/models.yaml",
        "diff",
        "diagnose --record record.json --runtime coder BOT_PAYER=company BOT_MODEL=orca/deep",
        "diagnose --record record.json",
        "explain",
        "explain platform-path-byok-model",
        "explain placeholder",
        "corpus review",
        "import litellm missing.yaml",
        "prove --embedded",
        "check --embedded",
        "lint --embedded",
        "check missing.yaml",
        "lint missing.yml",
    ];
    for command in commands {
        let output = slugproof(command.split_whitespace()).env("PATH", &path()).dir(&scratch).run();
        // A file is code. A message on standard error is one line, unless it is a terminal.
        let report = output.stdout.split("\n── slugproof.yaml ──").next().unwrap_or_default();
        for line in report.lines() {
            assert!(line.chars().count() <= 80 || is_code(line), "slugproof {command}: {line}");
        }
    }
}

/// Values of the environment of init reach neither the function nor the output.
#[test]
fn values_of_secrets_are_not_shown() {
    let scratch = repository("init-secrets");
    let output = slugproof(["init"]).env("PATH", &path()).dir(&scratch).env("JOB_FERN_KEY", "sk-verysecretvalue").run();
    assert_eq!(output.code, 0, "{}", output.snapshot());
    let written = read(&scratch, "policies/plan.yaml");
    assert!(![&output.stdout, &output.stderr, &written].iter().any(|text| text.contains("verysecret")));
}
