//! The fields of slugproof.yaml and the commands for which they count.

use std::fs;

use crate::run::{RunOutput, Scratch, slugproof};

const REGISTRY: &str = "schema_version: 1
providers:
  - {name: north, auth_env: [NORTH_TOKEN], model_prefix_match: \"^north-\"}
  - {name: south, auth_env: [SOUTH_TOKEN, NORTH_TOKEN], model_prefix_match: \"^south-\"}
runtimes:
  writer:
    providers:
      - {name: north, models: [north-1]}
      - {name: south, models: [south-1]}
";

const POLICY: &str = "schema_version: 2
name: review
harness: [ci/review.sh]
runtime: AGENT
defaults: {AGENT: writer}
model:
  - {name: override, use: $MODEL}
  - {use: north-1}
secrets:
  - {key: CI_NORTH, inject: [NORTH_TOKEN]}
  - {key: CI_SOUTH, inject: [SOUTH_TOKEN]}
";

/// A project with these lines in its slugproof.yaml and these jobs in one workflow.
fn project(name: &str, config: &str, jobs: &[(&str, &str)]) -> Scratch {
    let job = |(id, env): &(&str, &str)| {
        format!("  {id}:\n    runs-on: ubuntu-latest\n    env: {{{env}}}\n    steps:\n      - run: ci/review.sh\n")
    };
    let jobs: String = jobs.iter().map(job).collect();
    Scratch::new(&format!("config-{name}"))
        .file("providers.yaml", REGISTRY)
        .file("review.yaml", POLICY)
        .file("ci/review.sh", "")
        .file(
            "slugproof.yaml",
            format!("schema_version: 1\nregistry: providers.yaml\npolicies: [review.yaml]\n{config}"),
        )
        .file(".github/workflows/review.yml", format!("on: push\njobs:\n{jobs}"))
}

fn run(project: &Scratch, args: &[&str]) -> RunOutput {
    slugproof(args.iter().copied()).dir(project).run()
}

/// The code and the level of each finding of lint.
fn linted(project: &Scratch) -> Vec<(String, String)> {
    let report = run(project, &["lint", "--output", "json"]).json();
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    let findings = report["findings"].as_array().expect("a list").iter();
    findings.map(|finding| (text(&finding["code"]), text(&finding["level"]))).collect()
}

fn error(code: &str) -> (String, String) {
    (code.to_owned(), "error".to_owned())
}

const GAP: &str = "  - {code: missing-credential, unset: [CI_NORTH, CI_SOUTH], reason: forks have no keys}\n\
                   \u{20}\u{20}- {code: wrong-credential, reason: the key of the other vendor}\n";

#[test]
fn entry_without_scope_accepts_a_gap_and_no_finding() {
    let project = project("unscoped", &format!("accept:\n{GAP}"), &[("no-key", "")]);
    let proved = run(&project, &["prove"]);
    assert_eq!(proved.code, 0, "{}", proved.snapshot());
    let output = run(&project, &["lint"]);
    assert_eq!(output.code, 1, "{}", output.snapshot());
    assert!(output.stdout.starts_with("error[missing-credential]"), "{}", output.snapshot());
    let help = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(help.contains("line 5 of slugproof.yaml accepts this for `prove` only"), "{}", output.snapshot());
    assert!(help.contains("add an entry with `job: no-key`"), "{}", output.snapshot());
}

#[test]
fn entry_with_scope_accepts_a_finding_and_no_gap() {
    for scope in ["job: no-key", "workflow: review.yml", "workflow: .github/workflows/review.yml, job: no-key"] {
        let entry = format!("accept:\n  - {{code: missing-credential, {scope}, reason: tests it}}\n");
        let project = project("scoped", &entry, &[("no-key", "")]);
        let output = run(&project, &["lint"]);
        assert_eq!(output.code, 0, "{}", output.snapshot());
        assert!(output.stdout.starts_with("accepted[missing-credential]: "), "{}", output.snapshot());
        assert!(output.stdout.contains("= note: accepted: tests it\n"), "{}", output.snapshot());
        assert!(
            output.stdout.contains("✓ nothing found in 1 workflow file, 1 step; 1 accepted\n"),
            "{}",
            output.snapshot()
        );
        let proved = run(&project, &["prove"]);
        assert!(proved.code == 1 && !proved.stdout.contains("slugproof.yaml: line"), "{}", proved.snapshot());
    }
}

#[test]
fn entry_with_scope_leaves_other_jobs() {
    let entry = "accept: [{code: missing-credential, job: no-key, reason: tests it}]\n";
    let project = project("other-job", entry, &[("no-key", ""), ("forgotten", "")]);
    assert_eq!(linted(&project), [error("missing-credential")]);
    let output = run(&project, &["lint"]);
    assert!(
        output.stdout.contains("in job `forgotten`") && output.stdout.contains("1 accepted"),
        "{}",
        output.snapshot()
    );
}

#[test]
fn unused_entry_is_a_finding_of_its_command() {
    let entry = "accept: [{code: ambiguous-model, job: fine, reason: none}]\n";
    let scoped = project("idle-scoped", entry, &[("fine", "CI_NORTH: x")]);
    let output = run(&scoped, &["lint"]);
    assert!(output.code == 1 && output.stdout.starts_with("warning[unused-accept]"), "{}", output.snapshot());
    let entry = "accept: [{code: ambiguous-model, set: [MODEL], reason: none}]\n";
    let unscoped = project("idle-unscoped", entry, &[("fine", "CI_NORTH: x")]);
    assert_eq!(run(&unscoped, &["lint"]).code, 0);
    let output = run(&unscoped, &["prove"]);
    let told =
        "slugproof.yaml: line 4: this entry of `accept` matches no gap with the code ambiguous-model; remove it, or";
    let said = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(output.code == 1 && said.contains(told), "{}", output.snapshot());
}

#[test]
fn unknown_scope_gets_a_suggestion() {
    for (scope, told) in [
        (
            "workflow: reviews.yml",
            "`accept[0].workflow`: no linted file matches the workflow `reviews.yml`; did you mean `review.yml`?",
        ),
        ("job: no-keys", "`accept[0].job`: no linted workflow has the job `no-keys`; did you mean `no-key`?"),
        (
            "workflow: review.yml, job: nightly",
            "`accept[0].job`: `review.yml` does not have the job `nightly`; write the id of a job",
        ),
    ] {
        let entry = format!("accept: [{{code: missing-credential, {scope}, reason: tests it}}]\n");
        let project = project("scope", &entry, &[("no-key", "")]);
        let output = run(&project, &["lint"]);
        assert!(output.code == 2 && output.stderr.contains(told), "{}", output.snapshot());
        // A run on other files does not need the entry.
        let project = project.file("other.yml", "on: push\njobs:\n  other:\n    steps:\n      - run: ci/review.sh\n");
        assert_eq!(run(&project, &["lint", "other.yml"]).code, 1);
    }
}

const DEFAULTED: &str = "CI_SOUTH: x, MODEL: \"${{ vars.MODEL || 'south-1' }}\"";
const WRONG: &str = "CI_SOUTH: x, MODEL: \"${{ vars.MODEL || 'north-1' }}\"";

fn undecided() -> (String, String) {
    ("undecided".to_owned(), "undecided".to_owned())
}

#[test]
fn literal_after_variable_is_a_separate_case() {
    let wrong = project("vars", "", &[("eval", WRONG)]);
    assert_eq!(linted(&wrong), [undecided(), error("wrong-credential")]);
    let output = run(&wrong, &["lint"]);
    for told in [
        "selects `north-1` for `writer` by rule `override` when `vars.MODEL` is unset",
        "= note: started by `push`, `vars.MODEL` unset",
        "= note: started by `push`, `vars.MODEL` set",
        "= note: `vars.MODEL` is known only at run time",
    ] {
        assert!(output.stdout.contains(told), "{told}: {}", output.snapshot());
    }
    // The literal works: only another value may fail.
    assert_eq!(linted(&project("vars-fine", "", &[("eval", DEFAULTED)])), [undecided()]);
    // An empty literal says nothing about the value that the writer expects.
    let empty = "CI_SOUTH: x, MODEL: \"${{ vars.MODEL || '' }}\"";
    assert_eq!(linted(&project("vars-empty", "", &[("eval", empty)])), [undecided()]);
}

#[test]
fn failure_whatever_the_variable_is_has_no_condition() {
    let env = "CI_SOUTH: \"${{ vars.KEY || 'x' }}\", MODEL: north-1";
    let project = project("vars-any", "", &[("eval", env)]);
    assert_eq!(linted(&project), [error("wrong-credential")]);
    let output = run(&project, &["lint"]);
    assert!(!output.stdout.contains("is unset"), "{}", output.snapshot());
}

#[test]
fn each_combination_of_variables_is_a_case() {
    let env = "CI_SOUTH: x, AGENT: \"${{ vars.AGENT || 'writer' }}\", MODEL: \"${{ vars.MODEL || 'north-1' }}\"";
    let project = project("vars-two", "", &[("eval", env)]);
    let output = run(&project, &["lint"]);
    let told = "by rule `override` when `vars.AGENT` and `vars.MODEL` are unset";
    assert!(output.code == 1 && output.stdout.contains(told), "{}", output.snapshot());
}

#[test]
fn callers_literal_is_a_case_of_the_called_workflow() {
    let caller = "on: push\njobs:\n  call:\n    uses: ./.github/workflows/called.yml\n    secrets: inherit\n    \
                  with: {model: \"${{ vars.MODEL || 'north-1' }}\"}\n";
    let called = "on: {workflow_call: {inputs: {model: {type: string}}}}\njobs:\n  eval:\n    \
                  runs-on: ubuntu-latest\n    env: {CI_SOUTH: x, MODEL: \"${{ inputs.model }}\"}\n    steps:\n      \
                  - run: ci/review.sh\n";
    let project = project("vars-called", "", &[("fine", "CI_NORTH: x")])
        .file(".github/workflows/caller.yml", caller)
        .file(".github/workflows/called.yml", called);
    assert_eq!(linted(&project), [undecided(), error("wrong-credential")]);
    assert!(run(&project, &["lint"]).stdout.contains("when `vars.MODEL` is unset"));
}

#[test]
fn declared_variables_decide_a_call() {
    for (config, found) in [
        ("vars: {MODEL: north-1}\n", vec![error("wrong-credential")]),
        ("vars: {model: south-1}\n", vec![]),
        ("absent_vars: [MODEL]\n", vec![error("wrong-credential")]),
        ("vars: {OTHER: x}\nabsent_vars: [ANOTHER]\n", vec![undecided(), error("wrong-credential")]),
    ] {
        let project = project("vars-declared", config, &[("eval", WRONG)]);
        assert_eq!(linted(&project), found, "{config}");
        assert!(!run(&project, &["lint"]).stdout.contains("is unset") || found.len() == 2, "{config}");
    }
    // Without a literal, too.
    let project =
        project("vars-plain", "absent_vars: [MODEL]\n", &[("eval", "CI_NORTH: x, MODEL: \"${{ vars.MODEL }}\"")]);
    assert_eq!(run(&project, &["lint"]).code, 0);
    assert_eq!(linted(&project), []);
}

#[test]
fn variables_are_declared_once() {
    for (config, told) in [
        (
            "vars: {A: x}\nabsent_vars: [B, a]",
            "line 5, column 18: `absent_vars[1]`: `a` has a value in `vars`; keep one of the two",
        ),
        (
            "vars: {A: x, a: y}",
            "line 4, column 14: `vars.a`: `a` has two values, because names of repository variables ignore case; keep \
             one",
        ),
        (
            "vars: {A: 1}",
            "line 4, column 11: `vars.A`: expected a string, found the number `1`; put it in quotes, as \
         in `\"text\"`",
        ),
    ] {
        let output = run(&project("vars-wrong", &format!("{config}\n"), &[("fine", "CI_NORTH: x")]), &["lint"]);
        assert!(output.code == 2 && output.stderr.contains(told), "{}", output.snapshot());
    }
}

#[test]
fn secret_outside_the_known_ones_injects_nothing() {
    let misspelt = ("misspelt", "CI_NORTH: \"${{ secrets.NORTH_TOKNE }}\"");
    let right = ("right", "CI_NORTH: \"${{ secrets.north_token }}\"");
    let known = project("secrets", "known_secrets: [NORTH_TOKEN]\n", &[misspelt, right]);
    assert_eq!(linted(&known), [error("missing-credential")]);
    assert!(run(&known, &["lint"]).stdout.contains("in job `misspelt`"));
    assert_eq!(linted(&project("secrets-none", "known_secrets: []\n", &[right])), [error("missing-credential")]);
    let near_miss = ("near-miss".to_owned(), "warning".to_owned());
    assert_eq!(linted(&project("secrets-any", "", &[misspelt, right])), [near_miss]);
    let both = project("secrets-both", "known_secrets: [A]\nabsent_secrets: [B]\n", &[right]);
    let output = run(&both, &["lint"]);
    let told = "line 4, column 16: `known_secrets`: every secret outside this list is absent, so \
                `absent_secrets` has no effect; remove it";
    assert!(output.code == 2 && output.stderr.contains(told), "{}", output.snapshot());
}

#[test]
fn harness_policy_is_the_default_of_policy() {
    let other = POLICY
        .replace("name: review", "name: nightly")
        .replace("use: north-1", "use: south-1")
        .replace("ci/review.sh", "ci/nightly.sh");
    let with = |name: &str, value: &str| {
        let config = if value.is_empty() { String::new() } else { format!("harness_policy: {value}\n") };
        project(name, &config, &[("fine", "CI_NORTH: x")]).file("ci/nightly.yaml", &other)
    };
    let slug = |project: &Scratch, args: &[&str]| {
        let output = run(project, &[&["pick", "--unchecked", "writer"], args].concat());
        assert_eq!(output.code, 0, "{}", output.snapshot());
        output.stdout.trim_end().to_owned()
    };
    // A name of `policies`, and a path relative to slugproof.yaml.
    assert_eq!(slug(&with("harness-none", ""), &[]), "north-1");
    assert_eq!(slug(&with("harness-name", "review"), &[]), "north-1");
    let by_path = with("harness-path", "ci/nightly.yaml").file("deep/down", "");
    assert_eq!(slug(&Scratch(by_path.0.join("deep")), &[]), "south-1");
    assert_eq!(slug(&by_path, &["--policy", "review"]), "north-1");
    let resolved = run(&by_path, &["resolve", "--runtime", "writer", "--format", "json", "CI_SOUTH=x"]);
    assert_eq!(resolved.json()["slug"], "south-1");
    // `lint` applies the policy to a script that no policy describes.
    let unknown = "on: push\njobs:\n  job:\n    runs-on: ubuntu-latest\n    env: {CI_NORTH: x, MODEL: south-9}\n    \
                   steps:\n      - run: ci/unknown.sh\n";
    let by_path = by_path.file(".github/workflows/unknown.yml", unknown);
    assert_eq!(linted(&by_path), [("cross-vendor-credential".to_owned(), "warning".to_owned())]);
    let output = run(&with("harness-typo", "reviw"), &["pick", "writer"]);
    let told = "slugproof.yaml: line 4, column 17: `harness_policy`: no policy `reviw`: it is neither a policy in use \
                nor a file; did you mean `review`?";
    assert!(output.code == 2 && output.stderr.contains(told), "{}", output.snapshot());
}

/// The last line of standard output without line breaks at the width of the terminal.
fn last_sentence(output: &RunOutput) -> String {
    let start = output.stdout.rfind("\n! ").or(output.stdout.rfind("\n✓ ")).unwrap_or_default();
    output.stdout[start..].split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn sample_data_give_no_false_assurance() {
    let empty = Scratch::new("config-empty");
    let bare = run(&empty, &[]);
    assert_eq!(bare.code, 0, "{}", bare.snapshot());
    let told = "! this was sample data: for your own, run `slugproof init`";
    assert_eq!(last_sentence(&bare), told);

    let own = "for your own, run `slugproof init`";
    let ignored = "--no-config ignores slugproof.yaml, so pass --registry and --policy";
    for (args, advice) in
        [(&["prove"][..], own), (&["prove", "--no-config"], ignored), (&["prove", "--deny", "gaps"], own)]
    {
        let output = run(&empty, args);
        let told = "! nothing of yours was proved, only sample data: ";
        let told = format!("{told}{advice}; pass --embedded if that is intended");
        assert_eq!((output.code, last_sentence(&output)), (3, told), "{args:?}");
    }
    let json = run(&empty, &["prove", "--format", "json"]);
    assert!(json.code == 3 && json.json()["sample_data"] == true, "{}", json.stderr);
    assert!(json.stderr.contains("nothing of yours"), "{}", json.stderr);
    let output = run(&empty, &["check"]);
    let told = "nothing of yours was checked: name your files, run `slugproof init`, or pass --embedded";
    assert!(output.code == 3 && last_sentence(&output).ends_with(told), "{}", output.snapshot());
    assert!(last_sentence(&output).starts_with("! 9 notes in 1 registry, 2 policies; "), "{}", output.snapshot());

    // Data that an option chooses need no such sentence.
    for args in [&["prove", "--embedded"][..], &["prove", "--policy", "reconciler"], &["check", "--embedded"]] {
        let output = run(&empty, args);
        assert!(output.code == 0 && !output.stdout.contains("sample"), "{}", output.snapshot());
    }
    let project = project("own", &format!("accept:\n{GAP}"), &[("fine", "CI_NORTH: x")]);
    for args in [&[][..], &["prove"], &["check"]] {
        let output = run(&project, args);
        assert!(output.code == 0 && !output.stdout.contains("sample"), "{}", output.snapshot());
    }
    let embedded = run(&project, &["prove", "--embedded"]);
    assert!(embedded.code == 0 && embedded.stdout.contains("policy full-saas"), "{}", embedded.snapshot());
}

#[test]
fn no_policy_is_guessed() {
    let empty = Scratch::new("config-guess").file("providers.yaml", REGISTRY);
    for args in [&["pick", "writer"][..], &["pick", "--registry", "providers.yaml", "writer"], &["pick", "--no-config"]]
    {
        let output = run(&empty, args);
        assert_eq!((output.code, output.stdout.as_str()), (2, ""), "{}", output.snapshot());
        assert!(output.stderr.contains("pass --policy, or --embedded for the sample data"), "{}", output.snapshot());
    }
    for args in [&["resolve", "--runtime", "writer"][..], &["resolve", "--batch"]] {
        let output = run(&empty, &[args, &["--registry", "providers.yaml"]].concat());
        assert!(output.code == 2 && output.stderr.contains("pass --policy"), "{}", output.snapshot());
    }
    let output = run(&empty, &["pick", "--embedded", "--registry", "providers.yaml"]);
    assert!(output.code == 2 && output.stderr.contains("cannot be used with"), "{}", output.snapshot());
    let described = empty.file("review.yaml", POLICY);
    let output = run(
        &described,
        &["resolve", "--registry", "providers.yaml", "--policy", "review.yaml", "--runtime", "writer", "CI_NORTH=x"],
    );
    assert_eq!(output.code, 0, "{}", output.snapshot());
    // A slugproof.yaml chooses the policy.
    let project = project("pick", "", &[("fine", "CI_NORTH: x")]);
    assert_eq!(run(&project, &["pick", "--unchecked", "writer"]).stdout, "north-1\n");
}

/// The model is of the south, and the only key is one of the north, which the south accepts.
const CROSSING: &str = "CI_NORTH: x, MODEL: south-1";

#[test]
fn denied_warning_is_an_error_of_lint() {
    let warning = ("cross-vendor-credential".to_owned(), "warning".to_owned());
    let tolerant = project("deny-none", "", &[("eval", CROSSING)]);
    assert_eq!(linted(&tolerant), [warning]);
    assert_eq!(run(&tolerant, &["lint"]).code, 1);
    let accepted = "accept: [{code: cross-vendor-credential, job: eval, reason: one account}]\n";
    assert_eq!(linted(&project("deny-accepted", accepted, &[("eval", CROSSING)])), []);
    let strict =
        project("deny-lint", "deny: [cross-vendor-credential]\n", &[("eval", CROSSING), ("fine", "CI_NORTH: x")]);
    assert_eq!(linted(&strict), [error("cross-vendor-credential")]);
    let output = run(&strict, &["lint"]);
    assert_eq!(output.code, 1, "{}", output.snapshot());
    let help = "= help: set CI_SOUTH and unset CI_NORTH, so that south gets a key of its own\n";
    assert!(output.stdout.contains(help), "{}", output.snapshot());
    let cured = project("deny-cured", "deny: [cross-vendor-credential]\n", &[("eval", "CI_SOUTH: x, MODEL: south-1")]);
    assert_eq!(linted(&cured), []);
    // If the key of the south came first, setting it would be enough.
    let (head, secrets) = POLICY.split_once("secrets:\n").expect("the policy has secrets");
    let turned: Vec<&str> = secrets.lines().rev().collect();
    let strict = strict.file("review.yaml", format!("{head}secrets:\n{}\n", turned.join("\n")));
    let output = run(&strict, &["lint"]);
    assert!(
        output.stdout.contains("= help: set CI_SOUTH, so that south gets a key of its own\n"),
        "{}",
        output.snapshot()
    );
}

#[test]
fn denied_code_is_an_error_of_check() {
    let registry = REGISTRY.replace("auth_env: [NORTH_TOKEN],", "auth_env: [NORTH_TOKEN], region: north,");
    for (config, code) in [("", 0), ("deny: [unknown-field, undecided]\n", 1)] {
        let project = project("deny-check", config, &[("fine", "CI_NORTH: x")]).file("providers.yaml", &registry);
        for args in [&["check"][..], &["check", "providers.yaml"]] {
            let output = run(&project, args);
            let level = if code == 0 { "note" } else { "error" };
            assert_eq!(output.code, code, "{}", output.snapshot());
            assert!(output.stdout.starts_with(&format!("{level}[unknown-field]")), "{}", output.snapshot());
        }
    }
}

#[test]
fn denied_warning_is_an_error_of_a_resolution() {
    let record = "{\"status\": \"online\"}";
    let variables = ["CI_NORTH=x", "MODEL=south-1"];
    for (config, code, shown) in [
        ("", 0, "warning cross-vendor-credential: "),
        ("deny: [cross-vendor-credential]\n", 1, "error cross-vendor-credential: "),
    ] {
        let project = project("deny-resolve", config, &[("fine", "CI_NORTH: x")]).file("record.json", record);
        let resolved = run(&project, &[&["resolve", "--runtime", "writer"][..], &variables].concat());
        assert!(resolved.code == code && resolved.stdout.contains(shown), "{}", resolved.snapshot());
        let diagnosed =
            run(&project, &[&["diagnose", "--record", "record.json", "--runtime", "writer"][..], &variables].concat());
        assert!(diagnosed.code == code && diagnosed.stdout.contains(shown), "{}", diagnosed.snapshot());
        for command in [&["resolve"][..], &["diagnose", "--record", "record.json"]] {
            let args = [command, &["--quiet", "--runtime", "writer"], &variables].concat();
            let verdict = run(&project, &args).stdout;
            assert!(verdict.starts_with(if code == 0 { "✓ " } else { "✗ cross-vendor-credential: " }), "{verdict}");
        }
        let picked = slugproof(["pick", "writer"]).dir(&project).env("CI_NORTH", "x").env("MODEL", "south-1").run();
        assert_eq!(picked.code, code, "{}", picked.snapshot());
        assert_eq!(
            (picked.stdout.is_empty(), picked.stderr.contains(shown)),
            (code == 1, code == 1),
            "{}",
            picked.snapshot()
        );
        let line = "{\"runtime\": \"writer\", \"env\": {\"CI_NORTH\": \"x\", \"MODEL\": \"south-1\"}}\n";
        let batch = slugproof(["resolve", "--batch"]).dir(&project).input(line).run();
        assert_eq!(batch.code, code, "{}", batch.snapshot());
    }
    let shadowed = project("deny-shadowed", "deny: [shadowed-variable]\n", &[("fine", "CI_NORTH: x")]);
    let output = run(&shadowed, &["resolve", "--runtime", "writer", "CI_NORTH=x", "CI_SOUTH=x"]);
    assert!(output.code == 1 && output.stdout.contains("error shadowed-variable: "), "{}", output.snapshot());
}

#[test]
fn only_a_code_that_can_be_raised_is_denied() {
    for (code, told) in [
        (
            "cross-vendor-credentials",
            "unknown code `cross-vendor-credentials`; did you mean `cross-vendor-credential`?",
        ),
        ("nonsense", "unknown code `nonsense`; `slugproof explain` lists the codes"),
        ("wrong-credential", "`wrong-credential` is already an error; remove it"),
    ] {
        let output = run(&project("deny-wrong", &format!("deny: [{code}]\n"), &[("fine", "CI_NORTH: x")]), &["lint"]);
        let told = format!("line 4, column 8: `deny[0]`: {told}");
        assert!(output.code == 2 && output.stderr.contains(&told), "{}", output.snapshot());
    }
}

#[test]
fn denied_environment_is_a_finding_of_prove() {
    let config = format!("deny: [cross-vendor-credential]\naccept:\n{GAP}");
    // Without an override, the south is picked where its own key or the switch is set.
    let policy = POLICY.replace("  - {use: north-1}", "  - {when: {SOUTH: \"1\"}, use: south-1}\n  - {use: north-1}");
    let denied = project("deny-prove", &config, &[("fine", "CI_NORTH: x")]).file("review.yaml", &policy);
    let output = run(&denied, &["prove"]);
    assert_eq!(output.code, 1, "{}", output.snapshot());
    for told in [
        "    CI_NORTH=set SOUTH=1\n      writer: south-1, NORTH_TOKEN would be sent to south\n",
        "✗ 1 environment sends a key to another vendor, which `deny` in slugproof.yaml",
    ] {
        assert!(output.stdout.contains(told), "{told}: {}", output.snapshot());
    }
    let json = run(&denied, &["prove", "--format", "json"]).json();
    let [crossing] = json["policies"][0]["denied"].as_array().expect("a list").as_slice() else { panic!("{json}") };
    assert_eq!((&crossing["provider"], &crossing["keys"][0]), (&"south".into(), &"NORTH_TOKEN".into()));
    // It can be accepted, and is not looked for without `deny`.
    let accepted = format!("{config}  - {{code: cross-vendor-credential, set: [SOUTH], reason: checked}}\n");
    let accepted =
        project("deny-accepted-in-proof", &accepted, &[("fine", "CI_NORTH: x")]).file("review.yaml", &policy);
    let output = run(&accepted, &["prove"]);
    assert!(output.code == 0 && output.stdout.contains("(accepted: checked)"), "{}", output.snapshot());
    let tolerant =
        project("deny-tolerant", &format!("accept:\n{GAP}"), &[("fine", "CI_NORTH: x")]).file("review.yaml", &policy);
    let output = run(&tolerant, &["prove"]);
    assert!(output.code == 0 && !output.stdout.contains("would be sent"), "{}", output.snapshot());
}

#[test]
fn denied_note_of_a_job_can_be_accepted() {
    let config = "deny: [cross-vendor-credential]\naccept:\n  \
                  - {code: cross-vendor-credential, job: eval, reason: compatible}\n";
    let project = project("deny-job", config, &[("eval", CROSSING), ("other", CROSSING)]);
    assert_eq!(linted(&project), [error("cross-vendor-credential")]);
    let output = run(&project, &["lint"]);
    assert!(output.stdout.contains("accepted[cross-vendor-credential]: "), "{}", output.snapshot());
    assert!(output.stdout.contains("= note: accepted: compatible\n"), "{}", output.snapshot());
}

#[test]
fn missing_file_is_reported_at_its_field() {
    let project = project("no-file", "", &[]);
    let misspelt = "schema_version: 1\nregistry: provider.yaml\npolicies: [full-saas, reviews.yaml]\n";
    let project = project.file("slugproof.yaml", misspelt);
    let report = run(&project, &["check", "--output", "json"]).json();
    let place = |finding: &serde_json::Value| {
        let primary = &finding["primary"];
        let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
        (text(&primary["path"]), primary["start"]["line"].as_u64(), text(&finding["title"]))
    };
    let findings = report["findings"].as_array().expect("a list").iter();
    let found: Vec<_> = findings.filter(|finding| finding["level"] == "error").map(place).collect();
    let registry = "the file `provider.yaml` does not exist; did you mean `providers.yaml`?".to_owned();
    let policy = "the file `reviews.yaml` does not exist; did you mean `review.yaml`?".to_owned();
    let file = || "slugproof.yaml".to_owned();
    assert_eq!(found, [(file(), Some(2), registry.clone()), (file(), Some(3), policy)]);
    for command in ["prove", "lint"] {
        let output = run(&project, &[command]);
        assert_eq!(output.code, 2, "{command}");
        assert!(output.stderr.contains(&format!("slugproof.yaml: line 2, column 11: `registry`: {registry}")));
    }
    // A flag replaces the registry, so the field does not matter.
    let output =
        run(&project, &["resolve", "--registry", "providers.yaml", "--policy", "review.yaml", "--runtime", "w"]);
    assert!(output.stdout.contains("unknown-runtime"), "{}", output.stderr);
}

/// Every command names the field, and `check` continues.
#[test]
fn unreadable_path_is_reported_at_its_field() {
    let project = project("no-regular-file", "", &[]).file("dir/inside", "");
    for (link, target) in [("dangling.yaml", "nowhere"), ("one.yaml", "two.yaml"), ("two.yaml", "one.yaml")] {
        std::os::unix::fs::symlink(target, project.0.join(link)).expect("links are supported");
    }
    let links = "the file `one.yaml` cannot be read: too many levels of symbolic links; check the path";
    for (path, said) in [
        ("dir", "`dir` is a directory; name a file"),
        ("dangling.yaml", "`dangling.yaml` is a link to a file that does not exist; correct the link"),
        ("one.yaml", links),
        ("''", "the path is empty; name a file"),
        (
            "https://example.com/r.yaml",
            "`https://example.com/r.yaml` is a URL, and only files are read; download the file and name it",
        ),
    ] {
        for (fields, field) in [
            (format!("registry: {path}\npolicies: [review.yaml]\n"), "registry"),
            (format!("registry: providers.yaml\npolicies: [{path}]\n"), "policies[0]"),
        ] {
            fs::write(project.0.join("slugproof.yaml"), format!("schema_version: 1\n{fields}"))
                .expect("it is writable");
            let checked = run(&project, &["check", "--output", "json"]);
            let findings = checked.json()["findings"].as_array().expect("a list").clone();
            let found: Vec<_> = findings.iter().filter(|it| it["level"] == "error").collect();
            assert!(found.len() == 1 && found[0]["title"] == said, "{fields}: {}", checked.snapshot());
            assert_eq!(found[0]["primary"]["path"], "slugproof.yaml", "{fields}");
            let proved = run(&project, &["prove"]);
            assert!(proved.stderr.contains(&format!("`{field}`: {said}")), "{fields}: {}", proved.snapshot());
        }
    }
}
