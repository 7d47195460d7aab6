//! `conform`, and what other commands say about functions.

use serde_json::Value;

use crate::findings::Schema;
use crate::run::{RunOutput, Scratch, slugproof};

const REGISTRY: &str = "\
schema_version: 1
providers:
  - {name: acme, auth_env: [ACME_API_KEY], model_prefix_match: '^a-'}
  - {name: brook, auth_env: [BROOK_API_KEY], model_prefix_match: '^b-'}
  - {name: platform, auth_env: [USAGE_TOKEN], model_prefix_match: '^pool/'}
runtimes:
  agent:
    providers: [{name: acme, models: [a-1, a-2]}, {name: brook, models: [b-1]}, {name: platform, models: [pool/p]}]
  coder: {providers: [{name: brook, models: [b-1]}, {name: platform, models: [pool/p]}]}
";

const FUNCTION: &str = "function: {source: [lib.sh], model: 'choose \"$KIND\"', secrets: keys}\n";

/// The order in which a function of these tests decides: payer, override, keys.
const POLICY: &str = "\
schema_version: 2
name: nightly
harness: [run.sh]
runtime: KIND
defaults: {KIND: agent, PAYER: own}
model:
  - {name: pool, when: {PAYER: pool}, use: [$POOL_MODEL, pool/p]}
  - {name: override, use: $WANTED}
  - {when: {runtime: agent, A_KEY: set}, use: a-2}
  - {when: {runtime: agent, B_KEY: set}, use: b-1}
  - {when: {runtime: agent}, use: a-1}
  - {use: b-1}
secrets:
  - {when: {PAYER: pool}, path: platform}
  - {key: A_KEY, inject: [ACME_API_KEY]}
  - {key: B_KEY, inject: [BROOK_API_KEY]}
";

const LIBRARY: &str = "\
: \"${KIND:=agent}\" \"${PAYER:=own}\"
choose() {
  local kind=$1
  if [[ $PAYER == pool ]]; then printf '%s\\n' \"${POOL_MODEL:-pool/p}\"; return; fi
  if [[ -n ${WANTED:-} ]]; then printf '%s\\n' \"$WANTED\"; return; fi
  case $kind in
    agent)
      if [[ -n ${A_KEY:-} ]]; then echo a-2
      elif [[ -n ${B_KEY:-} ]]; then echo b-1
      else echo a-1
      fi ;;
    *) echo b-1 ;;
  esac
}
keys() {
  if [[ $PAYER == pool ]]; then echo '{}'
  elif [[ -n ${A_KEY:-} ]]; then jq -n --arg value \"$A_KEY\" '{ACME_API_KEY: $value}'
  elif [[ -n ${B_KEY:-} ]]; then jq -n --arg value \"$B_KEY\" '{BROOK_API_KEY: $value}'
  else echo '{}'
  fi
}
";

const WORKFLOW: &str = "\
on: push
jobs:
  j:
    runs-on: x
    steps: [{run: ./run.sh, env: {A_KEY: '${{ secrets.A_KEY }}'}}]
";

/// A policy with these rules for the model, whose function is `choose`.
fn policy(model: &str) -> String {
    let function = "{source: [lib.sh], model: 'choose \"$RUNTIME\"'}";
    format!("schema_version: 2\nname: nightly\nharness: [run.sh]\nmodel: [{model}]\nfunction: {function}\n")
}

/// A repository with a policy, its function and a workflow.
fn project(name: &str, policy: &str, library: &str) -> Scratch {
    Scratch::new(&format!("conform-{name}"))
        .file("providers.yaml", REGISTRY)
        .file("policy.yaml", policy)
        .file("lib.sh", library)
        .file("run.sh", "source lib.sh\n")
        .file("slugproof.yaml", "schema_version: 1\nregistry: providers.yaml\npolicies: [policy.yaml]\n")
        .file(".github/workflows/w.yml", WORKFLOW)
}

fn conform(scratch: &Scratch) -> RunOutput {
    slugproof(["conform"]).dir(scratch).run()
}

/// The findings: code, path and line of the caret, and notes.
fn findings(scratch: &Scratch) -> Vec<(String, String, u64, Vec<String>)> {
    let output = slugproof(["conform", "--output", "json"]).dir(scratch).run().json();
    Schema::read("../docs/findings.schema.json").accepts(&output).expect("the report follows its schema");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let findings = output["findings"].as_array().expect("there is a list").iter().map(|finding| {
        let primary = &finding["primary"];
        let notes = finding["notes"].as_array().expect("there is a list").iter().map(text).collect();
        let line = primary["start"]["line"].as_u64().unwrap_or_default();
        (text(&finding["code"]), text(&primary["path"]), line, notes)
    });
    findings.collect()
}

/// Checks that nothing but the input is in a directory.
fn assert_untouched(scratch: &Scratch) {
    let names = std::fs::read_dir(&scratch.0).expect("the directory exists").flatten().map(|entry| entry.file_name());
    let mut names: Vec<_> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names.retain(|name| name != ".git");
    assert_eq!(names, [".github", "lib.sh", "policy.yaml", "providers.yaml", "run.sh", "slugproof.yaml"]);
}

#[test]
fn order_of_version_2_is_proved() {
    let scratch = project("proved", &format!("{POLICY}{FUNCTION}"), LIBRARY);
    let output = conform(&scratch);
    assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{}", output.stdout);
    assert!(output.stdout.contains("\n✓ proved: `nightly` answers as its function does\n"), "{}", output.stdout);
    assert_untouched(&scratch);
    let policy = &slugproof(["conform", "--output", "json"]).dir(&scratch).run().json()["policies"][0];
    assert_eq!((&policy["verdict"], &policy["classes"]), (&"proved".into(), &policy["asked"]));
    assert!(policy["near_misses"].as_u64() > Some(0), "{policy}");
    for args in [["prove"].as_slice(), &["lint"], &["check"], &["conform"]] {
        let args = args.iter().copied().chain(["--deny", "unconformed"]);
        let output = slugproof(args.clone()).dir(&scratch).run();
        let says = output.stdout.contains("`nightly` answers as its function does");
        assert!(says && !output.stdout.contains("unconformed"), "{args:?}: {}", output.stdout);
    }
}

#[test]
fn order_of_keys_is_a_difference() {
    let library = LIBRARY
        .replace("if [[ -n ${A_KEY:-} ]]; then echo a-2", "if [[ -n ${B_KEY:-} ]]; then echo b-1")
        .replace("elif [[ -n ${B_KEY:-} ]]; then echo b-1", "elif [[ -n ${A_KEY:-} ]]; then echo a-2");
    let scratch = project("drift", &format!("{POLICY}{FUNCTION}"), &library);
    let environment = "on runtime `agent` with A_KEY=set B_KEY=set".to_owned();
    let found = findings(&scratch);
    let [(code, path, 8, notes)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((code.as_str(), path.as_str()), ("policy-drift", "lib.sh"));
    assert!(notes.contains(&environment), "{notes:?}");
    let output = conform(&scratch);
    assert_eq!(output.code, 1);
    for text in [
        "error[policy-drift]: `nightly` selects `a-2`, its function `b-1`\n",
        "   ::: policy.yaml:9:5\n",
        " selects `a-2`\n",
        " prints `b-1`\n",
    ] {
        let text = text.trim_start();
        assert!(output.stdout.contains(text), "{text}: {}", output.stdout);
    }
    // The values of keys never leave bash.
    assert!(!output.stdout.contains("other-a-key"), "{}", output.stdout);
    assert_untouched(&scratch);
}

#[test]
fn each_kind_of_difference_is_found() {
    let changed = |from: &str, to: &str| {
        assert!(LIBRARY.contains(from), "{from}");
        LIBRARY.replacen(from, to, 1)
    };
    for (name, library, line, environment) in [
        ("literal", changed("echo a-2", "echo a-1"), 8, "on runtime `agent` with A_KEY=set"),
        (
            "payer",
            changed("[[ $PAYER == pool ]]; then printf", "[[ $PAYER != pool ]]; then printf"),
            4,
            "with no variable",
        ),
        (
            "order",
            changed("[[ $PAYER == pool ]]; then printf", "[[ $PAYER == pool && -z ${WANTED:-} ]]; then printf"),
            5,
            "PAYER=pool",
        ),
        ("secret", changed("{ACME_API_KEY: $value}", "{BROOK_API_KEY: $value}"), 17, "A_KEY=set"),
        ("pattern", changed("    agent)", "    agent*)"), 10, "KIND=agent"),
        ("default", changed("${PAYER:=own}", "${PAYER:=pool}"), 4, "with no variable"),
    ] {
        let scratch = project(name, &format!("{POLICY}{FUNCTION}"), &library);
        let found = findings(&scratch);
        assert!(found.iter().all(|(code, ..)| code == "policy-drift"), "{name}: {found:?}");
        let is_it = |(_, _, at, notes): &&(String, String, u64, Vec<String>)| {
            *at == line && notes.iter().any(|note| note.contains(environment) && note.matches('=').count() <= 3)
        };
        assert!(found.iter().any(|finding| is_it(&finding)), "{name}: {found:?}");
        assert_eq!(conform(&scratch).code, 1);
    }
}

#[test]
fn ignored_case_is_a_difference_and_not_proved() {
    let policy = policy("{when: {PAYER: pool}, use: pool/p}, {use: a-1}");
    let library = "choose() {\n  if [[ ${PAYER^^} == POOL ]]; then echo pool/p; return; fi\n  echo a-1\n}\n";
    let scratch = project("case", &policy, library);
    let found = findings(&scratch);
    let at = |code: &str| found.iter().find(|finding| finding.0 == code).map(|finding| (finding.1.as_str(), finding.2));
    assert_eq!(at("not-proved"), Some(("lib.sh", 2)), "{found:?}");
    assert_eq!(at("policy-drift"), Some(("lib.sh", 2)), "{found:?}");
    assert_eq!(conform(&scratch).code, 1);
}

#[test]
fn what_is_not_followed_is_not_proved() {
    let policy = policy("{when: {A_KEY: set}, use: a-1}, {use: b-1}");
    for (name, condition) in [
        ("regex", "[[ ${A_KEY:-} =~ . ]]"),
        ("arithmetic", "(( ${#A_KEY} > 0 ))"),
        ("program", "[ -n \"$(printf '%s' \"${A_KEY:-}\" | head -c 1)\" ]"),
        ("path", "[ -n \"${A_KEY:-}\" ] || [ -n \"$(/bin/cat /dev/null)\" ]"),
        ("file", "[ -n \"${A_KEY:-}\" ] || [ -e /no/such/file ]"),
        ("chance", "[ -n \"${A_KEY:-}\" ] || [ \"$RANDOM\" = x ]"),
        ("time", "[ -n \"${A_KEY:-}\" ] || [ \"$SECONDS\" = x ]"),
        ("eval", "eval '[ -n \"${A_KEY:-}\" ]'\"\""),
        ("index", "keys=(\"${A_KEY:-}\") && n=${N:-0} && [ -n \"${keys[n]}\" ]"),
    ] {
        let library = format!("choose() {{\n  if\n    {condition}\n  then echo a-1; else echo b-1; fi\n}}\n");
        let scratch = project(&format!("open-{name}"), &policy, &library);
        let found = findings(&scratch);
        let is_named = found.iter().any(|(code, path, line, _)| code == "not-proved" && path == "lib.sh" && *line == 3);
        assert!(is_named, "{name}: {found:?}");
        let output = conform(&scratch);
        let is_different = found.iter().any(|(code, ..)| code == "policy-drift" || code == "unstable-function");
        assert_eq!(output.code, if is_different { 1 } else { 3 }, "{name}: {}", output.stdout);
        assert!(!output.stdout.contains("✓ proved"), "{name}: {}", output.stdout);
        let denied = slugproof(["conform", "--deny", "unconformed"]).dir(&scratch).run();
        assert_eq!(denied.code, 1, "{name}: {}", denied.stdout);
    }
}

#[test]
fn counter_is_unstable() {
    let library =
        "calls=0\nchoose() {\n  calls=$((calls + 1))\n  if [ $calls -gt 2 ]; then echo b-1; else echo a-1; fi\n}\n";
    let policy = policy("{use: a-1}");
    let scratch = project("counter", &policy, library);
    let found = findings(&scratch);
    let unstable = found.iter().find(|finding| finding.0 == "unstable-function");
    assert_eq!(unstable.map(|finding| (finding.1.as_str(), finding.2)), Some(("lib.sh", 3)), "{found:?}");
    assert!(!found.iter().any(|finding| finding.0 == "policy-drift"), "{found:?}");
    assert_eq!(conform(&scratch).code, 1);
    assert_untouched(&scratch);
}

#[test]
fn cached_answer_of_another_runtime_is_unstable() {
    let library = "choose() {\n  if [ -z \"${cached:-}\" ]; then cached=model-for-$1; fi\n  echo \"$cached\"\n}\n";
    let policy = policy("{when: {runtime: agent}, use: model-for-agent}, {use: b-1}");
    let found = findings(&project("cache", &policy, library));
    assert!(found.iter().any(|finding| finding.0 == "unstable-function"), "{found:?}");
}

#[test]
fn chance_is_unstable() {
    let library = "choose() { echo \"a-$RANDOM\"; }\n";
    let policy = policy("{use: a-1}");
    let found = findings(&project("chance", &policy, library));
    assert!(found.iter().any(|finding| finding.0 == "unstable-function" && finding.2 == 1), "{found:?}");
}

#[test]
fn secret_of_a_function_is_not_shown() {
    // A function that prints what it must not print.
    let library = LIBRARY.replace("else echo '{}'\n  fi\n}\n", "else echo \"value of $PAYER\"\n  fi\n}\n");
    let scratch = project("leak", &format!("{POLICY}{FUNCTION}"), &library);
    let output = conform(&scratch);
    assert_eq!(output.code, 1, "{}", output.stdout);
    assert!(output.stdout.contains("unreadable") && !output.stdout.contains("value of own"), "{}", output.stdout);
    let library = "choose() { echo sk-ant-api03-AbCdEfGhIjKlMnOpQrStUvWxYz0123456789; }\n";
    let policy = policy("{use: a-1}");
    let output = conform(&project("key", &policy, library));
    assert!(output.code == 1 && !output.stdout.contains("AbCdEfGhIjKl"), "{}", output.stdout);
}

#[test]
fn policies_without_a_function_are_named() {
    let scratch = project("none", POLICY, LIBRARY);
    let output = conform(&scratch);
    assert_eq!(output.code, 3, "{}", output.stdout);
    assert!(output.stdout.contains("`nightly` names no function"), "{}", output.stdout);
    let denied = scratch.file(
        "slugproof.yaml",
        "schema_version: 1\nregistry: providers.yaml\npolicies: [policy.yaml]\ndeny: [unconformed]\n",
    );
    for command in ["conform", "check", "lint", "prove"] {
        let output = slugproof([command]).dir(&denied).run();
        assert_eq!(output.code, 1, "{command}: {}", output.stdout);
        assert!(output.stdout.contains("the policy `nightly` names no function"), "{command}: {}", output.stdout);
    }
    let embedded = slugproof(["conform", "--embedded"]).dir(&denied).run();
    assert_eq!(embedded.code, 3, "{}", embedded.stdout);
}

#[test]
fn commands_say_that_a_function_is_not_compared() {
    let scratch = project("said", &format!("{POLICY}{FUNCTION}"), "choose() { echo m; }\nkeys() { :; }\n");
    for command in ["check", "lint", "prove"] {
        let output = slugproof([command]).dir(&scratch).run();
        assert!(output.stdout.contains("the function of `nightly` is not compared"), "{command}: {}", output.stdout);
        let denied = slugproof([command, "--deny", "unconformed"]).dir(&scratch).run();
        assert_eq!(denied.code, 1, "{command}: {}", denied.stdout);
        let says = denied.stdout.contains("the policy `nightly` does not answer as its function does");
        assert!(says, "{command}: {}", denied.stdout);
    }
}

#[test]
fn missing_file_is_reported_with_a_near_name() {
    let function = FUNCTION.replace("lib.sh", "libs.sh");
    let scratch = project("missing", &format!("{POLICY}{function}"), LIBRARY);
    for (command, code) in [("check", 1), ("conform", 2)] {
        let output = slugproof([command]).dir(&scratch).run();
        assert_eq!(output.code, code, "{}", output.stdout);
        let is_reported = output.stdout.contains("warning[missing-function]: the file `libs.sh` does not exist");
        assert!(is_reported && output.stdout.contains("did you mean `lib.sh`?"), "{}", output.stdout);
    }
}

#[test]
fn more_classes_than_the_budget_are_sampled() {
    let scratch = project("budget", &format!("{POLICY}{FUNCTION}"), LIBRARY);
    let output = slugproof(["conform", "--budget", "40"]).dir(&scratch).run();
    assert_eq!(output.code, 3, "{}", output.stdout);
    assert!(output.stdout.contains("sampled") && !output.stdout.contains("✓ proved"), "{}", output.stdout);
    for budget in ["0", "-1", "many", "1000001"] {
        assert_eq!(slugproof(["conform", "--budget", budget]).dir(&scratch).run().code, 2, "{budget}");
    }
}

#[test]
fn bare_command_exits_with_the_worst_code() {
    let proved = project("bare", &format!("{POLICY}{FUNCTION}"), LIBRARY);
    let output = slugproof([]).dir(&proved).run();
    let at = |text: &str| output.stdout.find(text).unwrap_or_else(|| panic!("{text}: {}", output.stdout));
    let order = ["check", "conform", "prove", "lint"].map(|name| at(&format!("── slugproof {name} ──\n")));
    assert!(order.is_sorted(), "{}", output.stdout);
    // The policy has gaps.
    assert_eq!(output.code, slugproof(["prove"]).dir(&proved).run().code);
    let drifted = project("bare-drift", &format!("{POLICY}{FUNCTION}"), &LIBRARY.replace("echo a-2", "echo a-1"));
    let drifted = slugproof([]).dir(&drifted).run();
    assert!(drifted.code == 1 && drifted.stdout.contains("error[policy-drift]"), "{}", drifted.stdout);
}

#[test]
fn output_fits_80_columns() {
    let library = LIBRARY.replace("echo a-2", "echo a-1").replace("${PAYER:=own}", "${PAYER:=pool}");
    let scratch = project("width", &format!("{POLICY}{FUNCTION}"), &library);
    let output = conform(&scratch);
    // Excerpts of files and their labels are as wide as the files.
    let is_prose = |line: &&str| !line.contains('|') && !line.contains(":::");
    let wide = output.stdout.lines().filter(is_prose).find(|line| line.chars().count() > 80);
    assert_eq!(wide, None, "{}", output.stdout);
    let coloured = slugproof(["conform", "--color", "always"]).dir(&scratch).run();
    assert_ne!(coloured.stdout, output.stdout);
    assert_eq!(anstream::adapter::strip_str(&coloured.stdout).to_string(), output.stdout);
}

#[test]
fn alternating_answer_is_unstable() {
    // The runtime comes from a variable, so no other runtime is asked for before.
    let policy = format!("{}runtime: KIND\ndefaults: {{KIND: agent}}\n", policy("{use: a-1}"));
    let library = "choose() {\n  if [ -z \"${flip:-}\" ]; then flip=1; echo a-1; else flip=; echo b-1; fi\n}\n";
    let found = findings(&project("alternating", &policy, library));
    assert!(found.iter().any(|finding| finding.0 == "unstable-function" && finding.2 == 2), "{found:?}");
}
