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
  - {name: pool, when: {PAYER: pool}, use: pool/p}
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
  if [[ $PAYER == pool ]]; then printf '%s\\n' pool/p; return; fi
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

/// A finding: code, path and line of the caret, and notes.
type Finding = (String, String, u64, Vec<String>);

fn findings(scratch: &Scratch) -> Vec<Finding> {
    code_and_findings(scratch).1
}

fn code_and_findings(scratch: &Scratch) -> (i32, Vec<Finding>) {
    let (run, found) = run_and_findings(scratch);
    (run.code, found)
}

/// What people read, and the findings, of one run.
fn run_and_findings(scratch: &Scratch) -> (RunOutput, Vec<Finding>) {
    let (run, output) = run_and_report(scratch);
    Schema::read("../docs/findings.schema.json").accepts(&output).expect("the report follows its schema");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let findings = output["findings"].as_array().expect("there is a list").iter().map(|finding| {
        let primary = &finding["primary"];
        let notes = finding["notes"].as_array().expect("there is a list").iter().map(text).collect();
        let line = primary["start"]["line"].as_u64().unwrap_or_default();
        (text(&finding["code"]), text(&primary["path"]), line, notes)
    });
    (run, findings.collect())
}

/// What people read, and the report, of one run.
fn run_and_report(scratch: &Scratch) -> (RunOutput, Value) {
    let file = scratch.0.with_extension("json");
    let json = format!("json={}", file.display());
    let run = slugproof(["conform", "--output", "human", "--output", &json]).dir(scratch).run();
    let report = std::fs::read(&file).expect("the report is written");
    (run, serde_json::from_slice(&report).expect("the report is JSON"))
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
    let policy = POLICY.replace("use: pool/p", "use: [$POOL_MODEL, pool/p]");
    let library = LIBRARY.replace("printf '%s\\n' pool/p", "printf '%s\\n' \"${POOL_MODEL:-pool/p}\"");
    assert!(policy != POLICY && library != LIBRARY);
    let scratch = project("proved", &format!("{policy}{FUNCTION}"), &library);
    let (output, report) = run_and_report(&scratch);
    assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{}", output.stdout);
    assert!(output.stdout.contains("\n✓ proved: `nightly` matches its function\n"), "{}", output.stdout);
    assert_untouched(&scratch);
    let policy = &report["policies"][0];
    assert_eq!((&policy["verdict"], &policy["classes"]), (&"proved".into(), &policy["asked"]));
    assert!(policy["near_misses"].as_u64() > Some(0), "{policy}");
}

#[test]
fn each_command_says_that_a_function_matches() {
    let library = "choose() {\n  if [ \"${PAYER:-}\" = pool ]; then echo pool/p; else echo a-1; fi\n}\n";
    let scratch = project("matches", &policy("{when: {PAYER: pool}, use: pool/p}, {use: a-1}"), library);
    for args in [["prove"].as_slice(), &["lint"], &["check"]] {
        let args = args.iter().copied().chain(["--deny", "unconformed"]);
        let output = slugproof(args.clone()).dir(&scratch).run();
        let says = output.stdout.contains("`nightly` matches its function");
        assert!(says && !output.stdout.contains("unconformed"), "{args:?}: {}", output.stdout);
        // The laws hold for a policy with a function, too.
        assert!(!output.stdout.contains("is broken"), "{args:?}: {}", output.stdout);
    }
}

#[test]
fn order_of_keys_is_a_difference() {
    let library = LIBRARY
        .replace("if [[ -n ${A_KEY:-} ]]; then echo a-2", "if [[ -n ${B_KEY:-} ]]; then echo b-1")
        .replace("elif [[ -n ${B_KEY:-} ]]; then echo b-1", "elif [[ -n ${A_KEY:-} ]]; then echo a-2");
    let scratch = project("drift", &format!("{POLICY}{FUNCTION}"), &library);
    let environment = "on runtime `agent` with A_KEY=set B_KEY=set".to_owned();
    let (output, found) = run_and_findings(&scratch);
    let [(code, path, 8, notes)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((code.as_str(), path.as_str()), ("policy-drift", "lib.sh"));
    assert!(notes.contains(&environment), "{notes:?}");
    assert_eq!(output.code, 1);
    for text in [
        "error[policy-drift]: `nightly` selects `a-2`, but its function selects `b-1`\n",
        "   ::: policy.yaml:9:5\n",
        " selects `a-2`\n",
        " prints `b-1`\n",
    ] {
        let text = text.trim_start();
        assert!(output.stdout.contains(text), "{text}: {}", output.stdout);
    }
    // The values of keys never leave bash.
    assert!(!output.stdout.contains("=other-"), "{}", output.stdout);
    assert_untouched(&scratch);
}

/// A text that stands for any other value does not repeat the name of the variable, which can look like a key.
#[test]
fn other_value_does_not_contain_the_name() {
    let library = LIBRARY.replace("printf '%s\\n' \"$WANTED\"", "printf 'b-1\\n'");
    assert_ne!(library, LIBRARY);
    let scratch = project("other", &format!("{POLICY}{FUNCTION}"), &library);
    let output = slugproof(["conform", "--output", "json"]).dir(&scratch).run();
    assert!(output.stdout.contains("WANTED=other-") && !output.stdout.contains("other-wanted"), "{}", output.stdout);
}

/// A wrong condition of `creates.unless` would hide every contradiction under it.
#[test]
fn condition_under_which_nothing_is_created_is_compared() {
    let unless = |condition: &str| format!("{POLICY}{FUNCTION}creates: {{unless: [{{{condition}}}]}}\n");
    // The function reads the variable, and selects a model.
    let scratch = project("unless-read", &unless("PAYER: pool"), LIBRARY);
    let (output, found) = run_and_findings(&scratch);
    let [(code, path, 18, notes)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((code.as_str(), path.as_str()), ("not-proved", "policy.yaml"));
    assert_eq!(notes[0], "on runtime `agent` with PAYER=pool");
    assert_eq!(output.code, 3, "{}", output.stdout);
    for text in [
        "`nightly` says that nothing is created, but its function\n",
        "selects `pool/p`\n",
        "-- prints `pool/p`\n",
        "if the harness starts here, remove the condition; if not, let the\n",
    ] {
        assert!(output.stdout.contains(text), "{text}: {}", output.stdout);
    }

    // The function confirms the condition: it fails, or it prints nothing.
    for (name, answer) in [("fails", "return 2"), ("silent", "return 0")] {
        let library = LIBRARY.replace("printf '%s\\n' pool/p; return", answer);
        assert_ne!(library, LIBRARY);
        let scratch = project(&format!("unless-{name}"), &unless("PAYER: pool"), &library);
        let output = conform(&scratch);
        assert_eq!(output.code, 0, "{name}: {}", output.stdout);
        let facts = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(facts.contains(" in which nothing is created") && !facts.contains("assumed"), "{name}: {facts}");
    }

    // The runtime, by which the function selects a model.
    let scratch = project("unless-runtime", &unless("runtime: coder"), LIBRARY);
    let found = findings(&scratch);
    assert!(matches!(found.as_slice(), [(code, _, 18, _)] if code == "not-proved"), "{found:?}");

    // Only the harness around the function can refuse.
    let scratch = project("unless-unread", &unless("DRY_RUN: set"), LIBRARY);
    let (output, found) = run_and_findings(&scratch);
    assert_eq!((output.code, found), (0, Vec::new()), "{}", output.stdout);
    assert!(output.stdout.contains("\n  assumed  nothing is created under `creates.unless[0]`: "), "{}", output.stdout);
}

/// A function that fails under one of two conditions confirms that one alone.
#[test]
fn condition_is_compared_without_the_others() {
    let library = LIBRARY.replace("  local kind=$1\n", "  local kind=$1\n  [[ $PAYER == nobody ]] && return 2\n");
    let conditions = "creates: {unless: [{PAYER: nobody}, {WANTED: none}]}\n";
    let scratch = project("unless-two", &format!("{POLICY}{FUNCTION}{conditions}"), &library);
    let report = slugproof(["conform", "--output", "json"]).dir(&scratch).run().json();
    let unrefused = &report["policies"][0]["unrefused"];
    let [only] = unrefused.as_array().expect("there is a list").as_slice() else { panic!("{unrefused}") };
    assert_eq!((&only["condition"], &only["read"], &only["model"]), (&1.into(), &true.into(), &"none".into()));
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
        let (code, found) = code_and_findings(&scratch);
        assert_eq!(code, 1, "{name}");
        assert!(found.iter().all(|(code, ..)| code == "policy-drift"), "{name}: {found:?}");
        let is_it = |(_, _, at, notes): &&Finding| {
            *at == line && notes.iter().any(|note| note.contains(environment) && note.matches('=').count() <= 3)
        };
        assert!(found.iter().any(|finding| is_it(&finding)), "{name}: {found:?}");
    }
}

#[test]
fn ignored_case_is_a_difference_and_not_proved() {
    let policy = policy("{when: {PAYER: pool}, use: pool/p}, {use: a-1}");
    let library = "choose() {\n  if [[ ${PAYER^^} == POOL ]]; then echo pool/p; return; fi\n  echo a-1\n}\n";
    let (code, found) = code_and_findings(&project("case", &policy, library));
    assert_eq!(code, 1, "{found:?}");
    let at = |code: &str| found.iter().find(|finding| finding.0 == code).map(|finding| (finding.1.as_str(), finding.2));
    assert_eq!(at("not-proved"), Some(("lib.sh", 2)), "{found:?}");
    assert_eq!(at("policy-drift"), Some(("lib.sh", 2)), "{found:?}");
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
        ("offset", "s=ab && [ -n \"${A_KEY:-}\" ] || [ \"${s:SKIP}\" = b ]"),
        ("prompt", "s='$SKIP' && [ -n \"${A_KEY:-}\" ] || [ -n \"${s@P}\" ]"),
    ] {
        let library = format!("choose() {{\n  if\n    {condition}\n  then echo a-1; else echo b-1; fi\n}}\n");
        let scratch = project(&format!("open-{name}"), &policy, &library);
        let (output, found) = run_and_findings(&scratch);
        let is_named = found.iter().any(|(code, path, line, _)| code == "not-proved" && path == "lib.sh" && *line == 3);
        assert!(is_named, "{name}: {found:?}");
        let is_different = found.iter().any(|(code, ..)| code == "policy-drift" || code == "unstable-function");
        assert_eq!(output.code, if is_different { 1 } else { 3 }, "{name}: {}", output.stdout);
        assert!(!output.stdout.contains("✓ proved"), "{name}: {}", output.stdout);
        if name == "regex" {
            let denied = slugproof(["conform", "--deny", "unconformed"]).dir(&scratch).run();
            assert_eq!(denied.code, 1, "{name}: {}", denied.stdout);
        }
    }
}

/// What such a call prints is not known, so no difference follows from its answer.
#[test]
fn unknown_jq_form_is_not_proved() {
    for (name, from, to) in [
        ("sum", "jq -n --arg value \"$A_KEY\" '{ACME", "jq -c --arg value \"$A_KEY\" '. + {ACME"),
        ("filter", "{BROOK_API_KEY: $value}", "{BROOK_API_KEY: $value} | with_entries(select(.value != \"\"))"),
        ("file", "echo a-2", "jq -r --arg k agent '.[$k]' models.json"),
        ("status", "[[ $PAYER == pool ]]; then printf", "jq -e . <<< \"$PAYER\" >/dev/null; then printf"),
    ] {
        let library = LIBRARY.replacen(from, to, 1);
        assert_ne!(library, LIBRARY, "{name}");
        let (code, found) =
            code_and_findings(&project(&format!("jq-{name}"), &format!("{POLICY}{FUNCTION}"), &library));
        assert_eq!(code, 3, "{name}: {found:?}");
        let line = 1 + library[..library.find(to).expect("the library has it")].matches('\n').count() as u64;
        assert!(found.iter().all(|finding| finding.0 == "not-proved"), "{name}: {found:?}");
        assert!(found.iter().any(|finding| finding.1 == "lib.sh" && finding.2 == line), "{name}: {found:?}");
    }
}

#[test]
fn counter_is_unstable() {
    let policy = policy("{use: a-1}");
    for (name, counts) in [
        ("sum", "  calls=$((calls + 1))\n  if [ $calls -gt 2 ]; then echo b-1; else echo a-1; fi\n"),
        ("index", "  echo \"${MODELS[calls++ % 2]}\"\n"),
        ("length", "  echo \"${LONG:0:3+2*(calls++>0)}\"\n"),
    ] {
        let library = format!("calls=0 MODELS=(a-1 b-1) LONG=a-1-x\nchoose() {{\n{counts}}}\n");
        let scratch = project(&format!("counter-{name}"), &policy, &library);
        let (code, found) = code_and_findings(&scratch);
        assert_eq!(code, 1, "{name}: {found:?}");
        let unstable = found.iter().find(|finding| finding.0 == "unstable-function");
        assert_eq!(unstable.map(|finding| (finding.1.as_str(), finding.2)), Some(("lib.sh", 3)), "{name}: {found:?}");
        assert!(!found.iter().any(|finding| finding.0 == "policy-drift"), "{name}: {found:?}");
        assert_untouched(&scratch);
    }
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
    assert!(output.stdout.contains("the policy `nightly` has no field `function`"), "{}", output.stdout);
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
    let scratch = project("said", &policy("{use: a-1}"), "choose() { echo m; }\n");
    for command in ["check", "lint", "prove"] {
        let output = slugproof([command]).dir(&scratch).run();
        assert!(output.stdout.contains("compares `nightly` with its function"), "{command}: {}", output.stdout);
        let denied = slugproof([command, "--deny", "unconformed"]).dir(&scratch).run();
        assert_eq!(denied.code, 1, "{command}: {}", denied.stdout);
        let says = denied.stdout.contains("the policy `nightly` does not match its function");
        assert!(says, "{command}: {}", denied.stdout);
    }
}

#[test]
fn misspelt_function_is_an_error_at_its_field() {
    for (name, from, to, line, told) in [
        (
            "model",
            "choose \"$KIND",
            "chose \"$KIND",
            17,
            "`function.model` calls `chose`, which `lib.sh` does not define",
        ),
        ("quoted", "'choose \"$KIND\"'", "'\"chose\" \"$KIND\"'", 17, "calls `chose`"),
        ("first", "choose \"$KIND\"", "chose \"$KIND\" | tr a b", 17, "calls `chose`"),
        ("nested", "choose \"$KIND\"", "echo \"$(chose \"$KIND\")\"", 17, "calls `chose`"),
        ("assigned", "choose \"$KIND\"", "LC_ALL=C chose \"$KIND\"", 17, "calls `chose`"),
        (
            "secrets",
            "secrets: keys",
            "secrets: kyes",
            17,
            "`function.secrets` calls `kyes`, which `lib.sh` does not define",
        ),
    ] {
        let function = FUNCTION.replace(from, to);
        assert_ne!(function, FUNCTION, "{name}");
        let scratch = project(&format!("misspelt-{name}"), &format!("{POLICY}{function}"), LIBRARY);
        for (command, code) in [("conform", 2), ("check", 1)] {
            let output = slugproof([command, "--output", "json"]).dir(&scratch).run();
            let found = &output.json()["findings"];
            assert_eq!((output.code, found.as_array().map(Vec::len)), (code, Some(1)), "{name}: {}", output.stdout);
            let place = (&found[0]["code"], &found[0]["primary"]["path"], &found[0]["primary"]["start"]["line"]);
            assert_eq!(place, (&"missing-function".into(), &"policy.yaml".into(), &line.into()), "{name}");
            let near = if name == "secrets" { "did you mean `keys`?" } else { "did you mean `choose`?" };
            assert_eq!((&found[0]["level"], &found[0]["help"][0]), (&"error".into(), &near.into()), "{name}");
            assert!(found[0]["title"].as_str().is_some_and(|title| title.contains(told)), "{name}: {found}");
        }
    }
}

#[test]
fn name_from_an_unknown_file_is_left_to_bash() {
    let library = format!("source \"$OTHER\"\n{}", LIBRARY.replace("keys()", "names()"));
    let scratch = project("elsewhere", &format!("{POLICY}{FUNCTION}"), &library);
    assert_eq!(slugproof(["check"]).dir(&scratch).run().code, 0);
    // Bash knows.
    let output = conform(&scratch);
    assert!(output.code == 2 && output.stdout.contains("`function.secrets` calls `keys`"), "{}", output.stdout);
}

#[test]
fn invalid_syntax_is_an_error_at_its_place() {
    let open = |text: &str| LIBRARY.replacen(text, &text[..text.len() - 1], 1);
    for (name, function, library, place) in [
        ("command", FUNCTION.replace("\"$KIND\"'", "\"$KIND'"), LIBRARY.to_owned(), ("policy.yaml", 17)),
        ("secrets", FUNCTION.replace("keys}", "\"keys 'a\"}"), LIBRARY.to_owned(), ("policy.yaml", 17)),
        ("quote", FUNCTION.to_owned(), open("else echo '{}'"), ("lib.sh", 19)),
        ("word", FUNCTION.to_owned(), LIBRARY.replacen("    agent)", "    agent) then", 1), ("lib.sh", 7)),
        ("end", FUNCTION.to_owned(), format!("{LIBRARY}if"), ("lib.sh", 22)),
    ] {
        let scratch = project(&format!("syntax-{name}"), &format!("{POLICY}{function}"), &library);
        let found = findings(&scratch);
        let [(code, path, line, _)] = found.as_slice() else { panic!("{name}: {found:?}") };
        assert_eq!((code.as_str(), (path.as_str(), *line)), ("missing-function", place), "{name}");
        let output = conform(&scratch);
        assert!(output.code == 2 && output.stdout.contains("is not valid bash: "), "{name}: {}", output.stdout);
    }
}

#[test]
fn exit_of_a_file_is_reported_at_its_line() {
    for (name, end, line) in [
        ("last", "exit 3\n", 22),
        ("branches", "if [ -n \"$A_KEY\" ]; then\n  exit 1\nelse\n  exit 2\nfi\n", 25),
        ("subshell", "(exit 1)\n\nexit\n", 24),
    ] {
        let scratch = project(&format!("exit-{name}"), &format!("{POLICY}{FUNCTION}"), &format!("{LIBRARY}{end}"));
        let found = findings(&scratch);
        let [(code, path, at, _)] = found.as_slice() else { panic!("{name}: {found:?}") };
        assert_eq!((code.as_str(), path.as_str(), *at), ("missing-function", "lib.sh", line), "{name}");
        let output = slugproof(["check"]).dir(&scratch).run();
        assert!(output.code == 1 && output.stdout.contains("`lib.sh` exits when it is sourced"), "{}", output.stdout);
    }
    // An `exit` on one of two ways is a difference.
    let library = format!("{LIBRARY}[ -z \"${{A_KEY:-}}\" ] || exit 1\n");
    let found = findings(&project("exit-one", &format!("{POLICY}{FUNCTION}"), &library));
    assert!(found.iter().all(|(code, ..)| code == "policy-drift") && !found.is_empty(), "{found:?}");
}

#[test]
fn missing_file_is_reported_with_a_near_name() {
    let function = FUNCTION.replace("lib.sh", "libs.sh");
    let scratch = project("missing", &format!("{POLICY}{function}"), LIBRARY);
    for (command, code) in [("check", 1), ("conform", 2)] {
        let output = slugproof([command]).dir(&scratch).run();
        assert_eq!(output.code, code, "{}", output.stdout);
        let is_reported = output.stdout.contains("error[missing-function]: the file `libs.sh` does not exist");
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

/// The last sentence of the bare command without line breaks.
fn conclusion(scratch: &Scratch) -> String {
    let output = slugproof([]).dir(scratch).run();
    let start = output.stdout.rfind("\n\n").unwrap_or_default();
    output.stdout[start..].split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn last_line_of_the_bare_command_names_what_failed() {
    let config = |deny: &str| {
        let accept = "accept: [{code: unregistered-model, reason: r}, {code: platform-path-byok-model, reason: r}, \
                      {code: unknown-runtime, reason: r}, {code: missing-credential, reason: r}, \
                      {code: wrong-credential, reason: r}, {code: platform-model-with-tenant-key, reason: r}]\n";
        let files = "schema_version: 1\nregistry: providers.yaml\npolicies: [policy.yaml]\n";
        format!("{files}{}{deny}", if deny.is_empty() { accept } else { "" })
    };
    let with = |name: &str, library: &str, config: &str| {
        project(name, &format!("{POLICY}{FUNCTION}"), library).file("slugproof.yaml", config)
    };
    let scratch = with("last-gaps", LIBRARY, &config("deny: [uninjected-key]\n"));
    assert!(conclusion(&scratch).starts_with("✗ prove: "), "{}", conclusion(&scratch));
    let drifted = with("last-drift", &LIBRARY.replace("echo a-2", "echo a-1"), &config("deny: [near-miss]\n"));
    let told = conclusion(&drifted);
    assert!(told.starts_with("✗ conform: 1 error in lib.sh; prove: ") && told.contains(" gap"), "{told}");
    // What stops a section is worse than what another one finds.
    let broken = drifted.file(".github/workflows/w.yml", "on: push\njobs: [\n");
    let told = conclusion(&broken);
    let first =
        "✗ lint: 1 error in .github/workflows/w.yml; not everything could be read; conform: 1 error in lib.sh; ";
    assert!(told.starts_with(first), "{told}");
}

#[test]
fn bare_command_says_nothing_about_functions_that_it_compared() {
    let scratch = project("said-bare", &format!("{POLICY}{FUNCTION}"), LIBRARY);
    let output = slugproof([]).dir(&scratch).run();
    assert!(output.stdout.contains("✓ proved: `nightly`"), "{}", output.stdout);
    assert!(!output.stdout.contains("`slugproof conform` compares"), "{}", output.stdout);
    assert!(slugproof(["prove"]).dir(&scratch).run().stdout.contains("`slugproof conform` compares"));
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
fn function_that_ends_its_shell_is_proved() {
    let library = "choose() {\n  model=a-1\n  echo \"$model\"\n  exit 0\n}\n";
    let output = conform(&project("exit", &policy("{use: a-1}"), library));
    assert!(output.stdout.contains("✓ proved: `nightly`"), "{}", output.stdout);
}

#[test]
fn alternating_answer_is_unstable() {
    // The runtime comes from a variable, so no other runtime is asked for before.
    let policy = format!("{}runtime: KIND\ndefaults: {{KIND: agent}}\n", policy("{use: a-1}"));
    let library = "choose() {\n  if [ -z \"${flip:-}\" ]; then flip=1; echo a-1; else flip=; echo b-1; fi\n}\n";
    let found = findings(&project("alternating", &policy, library));
    assert!(found.iter().any(|finding| finding.0 == "unstable-function" && finding.2 == 2), "{found:?}");
}

#[test]
fn harness_that_sets_separators_leaves_the_split_open() {
    let library = "KEYS='A_KEY B_KEY'\nchoose() { echo a-1; }\nkeys() {\n  local key\n  \
                   for key in $KEYS; do [ -z \"${!key:-}\" ] || echo \"$key\"; done\n}\n";
    let policy = format!(
        "schema_version: 2\nname: nightly\nharness: [run.sh]\nruntime: KIND\ndefaults: {{KIND: agent}}\n\
         model: [{{use: a-1}}]\nsecrets: [{{key: A_KEY}}, {{key: B_KEY}}]\ninject: every\n{FUNCTION}"
    );
    // The harness, a file that it sources, and whether the split is known.
    let cases = [
        ("source lib.sh\n", "", true),
        ("IFS= read -r line\necho \"$IFS\"\nsource lib.sh\n", "", true),
        ("main() {\n  local IFS=,\n  start\n}\nsource lib.sh\n", "", false),
        ("for IFS in ,; do start; done\nsource lib.sh\n", "", false),
        ("source lib.sh\nsource other.sh\n", "A=b\n", true),
        ("IFS=$'\\n\\t'\nsource lib.sh\n", "", false),
        ("source other.sh\nsource lib.sh\n", "export IFS=,\n", false),
        ("source lib.sh\nsource \"$FILE\"\n", "", false),
        ("source lib.sh\nsource missing.sh\n", "", false),
    ];
    for (index, (harness, other, is_known)) in cases.into_iter().enumerate() {
        let scratch =
            project(&format!("separators-{index}"), &policy, library).file("run.sh", harness).file("other.sh", other);
        let (code, found) = code_and_findings(&scratch);
        let found: Vec<(&str, &str, u64)> =
            found.iter().map(|(code, path, line, _)| (code.as_str(), path.as_str(), *line)).collect();
        let expected: &[_] = if is_known { &[] } else { &[("not-proved", "lib.sh", 5)] };
        assert_eq!((code, found.as_slice()), (if is_known { 0 } else { 3 }, expected), "{harness}");
    }
}

#[test]
fn parameter_that_is_never_passed_is_an_assumption() {
    let library = "choose() { if [ \"$1\" = coder ]; then echo b-1; else echo a-1; fi; }\n";
    let policy = |command: &str| {
        let function = format!("{{source: [lib.sh], model: {command}}}");
        format!("schema_version: 2\nname: nightly\nmodel: [{{use: a-1}}]\nfunction: {function}\n")
    };
    for (index, (command, is_assumed)) in
        [("choose", true), ("\"choose '$RUNTIME'\"", true), ("choose \"$RUNTIME\"", false)].into_iter().enumerate()
    {
        let output = conform(&project(&format!("parameter-{index}"), &policy(command), library));
        let is_found = output.stdout.contains("assumed  the harness does not pass the runtime");
        assert_eq!((is_found, output.code), (is_assumed, i32::from(!is_assumed)), "{command}: {}", output.stdout);
    }
}
