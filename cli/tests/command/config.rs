//! The fields of slugproof.yaml and the commands for which they count.

use crate::run::{Ended, Scratch, slugproof};

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

fn run(project: &Scratch, args: &[&str]) -> Ended {
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
    assert_eq!(proved.code, 0, "{}", proved.shown());
    let ended = run(&project, &["lint"]);
    assert_eq!(ended.code, 1, "{}", ended.shown());
    assert!(ended.stdout.starts_with("error[missing-credential]"), "{}", ended.shown());
    let help = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(help.contains("line 5 of slugproof.yaml accepts this for `prove` only"), "{}", ended.shown());
    assert!(help.contains("add an entry with `job: no-key`"), "{}", ended.shown());
}

#[test]
fn entry_with_scope_accepts_a_finding_and_no_gap() {
    for scope in ["job: no-key", "workflow: review.yml", "workflow: .github/workflows/review.yml, job: no-key"] {
        let entry = format!("accept:\n  - {{code: missing-credential, {scope}, reason: tests it}}\n");
        let project = project("scoped", &entry, &[("no-key", "")]);
        let ended = run(&project, &["lint"]);
        assert_eq!(ended.code, 0, "{}", ended.shown());
        assert!(ended.stdout.starts_with("accepted[missing-credential]: "), "{}", ended.shown());
        assert!(ended.stdout.contains("= note: accepted: tests it\n"), "{}", ended.shown());
        assert!(ended.stdout.contains("✓ nothing found in 1 workflow file, 1 step; 1 accepted\n"), "{}", ended.shown());
        let proved = run(&project, &["prove"]);
        assert!(proved.code == 1 && !proved.stdout.contains("slugproof.yaml: line"), "{}", proved.shown());
    }
}

#[test]
fn entry_with_scope_leaves_other_jobs() {
    let entry = "accept: [{code: missing-credential, job: no-key, reason: tests it}]\n";
    let project = project("other-job", entry, &[("no-key", ""), ("forgotten", "")]);
    assert_eq!(linted(&project), [error("missing-credential")]);
    let ended = run(&project, &["lint"]);
    assert!(ended.stdout.contains("in job `forgotten`") && ended.stdout.contains("1 accepted"), "{}", ended.shown());
}

#[test]
fn unused_entry_is_a_finding_of_its_command() {
    let entry = "accept: [{code: ambiguous-model, job: fine, reason: none}]\n";
    let scoped = project("idle-scoped", entry, &[("fine", "CI_NORTH: x")]);
    let ended = run(&scoped, &["lint"]);
    assert!(ended.code == 1 && ended.stdout.starts_with("warning[unused-accept]"), "{}", ended.shown());
    let entry = "accept: [{code: ambiguous-model, set: [MODEL], reason: none}]\n";
    let unscoped = project("idle-unscoped", entry, &[("fine", "CI_NORTH: x")]);
    assert_eq!(run(&unscoped, &["lint"]).code, 0);
    let ended = run(&unscoped, &["prove"]);
    let told = "slugproof.yaml: line 4: accepts no ambiguous-model; remove the entry, or add `workflow` or `job`";
    assert!(ended.code == 1 && ended.stdout.contains(told), "{}", ended.shown());
}

#[test]
fn unknown_scope_gets_a_suggestion() {
    for (scope, told) in [
        (
            "workflow: reviews.yml",
            "`accept[0].workflow`: no linted file is the workflow `reviews.yml`; did you mean `review.yml`?",
        ),
        ("job: no-keys", "`accept[0].job`: no linted workflow has the job `no-keys`; did you mean `no-key`?"),
        (
            "workflow: review.yml, job: nightly",
            "`accept[0].job`: `review.yml` does not have the job `nightly`; write the id of a job",
        ),
    ] {
        let entry = format!("accept: [{{code: missing-credential, {scope}, reason: tests it}}]\n");
        let project = project("scope", &entry, &[("no-key", "")]);
        let ended = run(&project, &["lint"]);
        assert!(ended.code == 2 && ended.stderr.contains(told), "{}", ended.shown());
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
fn literal_after_a_variable_is_a_case_of_its_own() {
    let wrong = project("vars", "", &[("eval", WRONG)]);
    assert_eq!(linted(&wrong), [undecided(), error("wrong-credential")]);
    let ended = run(&wrong, &["lint"]);
    for told in [
        "selects `north-1` for `writer` by rule `override` when `vars.MODEL` is unset",
        "= note: started by `push`, `vars.MODEL` unset",
        "= note: started by `push`, `vars.MODEL` set",
        "= note: `vars.MODEL` is known only at run time",
    ] {
        assert!(ended.stdout.contains(told), "{told}: {}", ended.shown());
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
    let ended = run(&project, &["lint"]);
    assert!(!ended.stdout.contains("is unset"), "{}", ended.shown());
}

#[test]
fn each_combination_of_variables_is_a_case() {
    let env = "CI_SOUTH: x, AGENT: \"${{ vars.AGENT || 'writer' }}\", MODEL: \"${{ vars.MODEL || 'north-1' }}\"";
    let project = project("vars-two", "", &[("eval", env)]);
    let ended = run(&project, &["lint"]);
    let told = "by rule `override` when `vars.AGENT` and `vars.MODEL` are unset";
    assert!(ended.code == 1 && ended.stdout.contains(told), "{}", ended.shown());
}

#[test]
fn callers_literal_is_a_case_of_the_called_workflow() {
    let caller = "on: push\njobs:\n  call:\n    uses: ./.github/workflows/called.yml\n    secrets: inherit\n    \
                  with: {model: \"${{ vars.MODEL || 'north-1' }}\"}\n";
    let called = "on: {workflow_call: {inputs: {model: {type: string}}}}\njobs:\n  eval:\n    runs-on: ubuntu-latest\n    \
                  env: {CI_SOUTH: x, MODEL: \"${{ inputs.model }}\"}\n    steps:\n      - run: ci/review.sh\n";
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
            "line 4, column 14: `vars.a`: `a` is given twice; forges ignore the case of a variable's name",
        ),
        ("vars: {A: 1}", "line 4, column 11: `vars.A`: expected a string, found the number `1`; put it in quotes"),
    ] {
        let ended = run(&project("vars-wrong", &format!("{config}\n"), &[("fine", "CI_NORTH: x")]), &["lint"]);
        assert!(ended.code == 2 && ended.stderr.contains(told), "{}", ended.shown());
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
    assert_eq!(linted(&project("secrets-any", "", &[misspelt, right])), []);
    let both = project("secrets-both", "known_secrets: [A]\nabsent_secrets: [B]\n", &[right]);
    let ended = run(&both, &["lint"]);
    let told = "line 4, column 16: `known_secrets`: `absent_secrets` is given too, but every secret outside this list is absent; \
                remove `absent_secrets`";
    assert!(ended.code == 2 && ended.stderr.contains(told), "{}", ended.shown());
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
        let ended = run(project, &[&["pick", "--unchecked", "writer"], args].concat());
        assert_eq!(ended.code, 0, "{}", ended.shown());
        ended.stdout.trim_end().to_owned()
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
    assert_eq!(linted(&by_path), [("cross-vendor-credential".to_owned(), "note".to_owned())]);
    let ended = run(&with("harness-typo", "reviw"), &["pick", "writer"]);
    let told = "slugproof.yaml: line 4, column 17: `harness_policy`: no policy `reviw`: it is neither a policy in use nor a \
                file; did you mean `review`?";
    assert!(ended.code == 2 && ended.stderr.contains(told), "{}", ended.shown());
}

/// The last line of standard output without line breaks at the width of the terminal.
fn last_sentence(ended: &Ended) -> String {
    let start = ended.stdout.rfind("\n! ").or(ended.stdout.rfind("\n✓ ")).unwrap_or_default();
    ended.stdout[start..].split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn sample_data_give_no_false_assurance() {
    let empty = Scratch::new("config-empty");
    let bare = run(&empty, &[]);
    assert_eq!(bare.code, 0, "{}", bare.shown());
    let told = "! this was sample data: for your own, write a slugproof.yaml (docs/formats.md)";
    assert_eq!(last_sentence(&bare), told);

    let told = "! nothing of yours was proved, only sample data: for your own, write a slugproof.yaml \
                (docs/formats.md), or pass --embedded";
    for args in [&["prove"][..], &["prove", "--no-config"], &["prove", "--deny", "gaps"]] {
        let ended = run(&empty, args);
        assert_eq!((ended.code, last_sentence(&ended).as_str()), (3, told), "{args:?}");
    }
    let json = run(&empty, &["prove", "--format", "json"]);
    assert!(json.code == 3 && json.json()["sample_data"] == true, "{}", json.stderr);
    assert!(json.stderr.contains("nothing of yours"), "{}", json.stderr);
    let ended = run(&empty, &["check"]);
    let told =
        "nothing of yours was checked: name your files, write a slugproof.yaml (docs/formats.md), or pass --embedded";
    assert!(ended.code == 3 && last_sentence(&ended).ends_with(told), "{}", ended.shown());
    assert!(last_sentence(&ended).starts_with("! 9 notes in 1 registry, 2 policies; "), "{}", ended.shown());

    // What was asked for is no surprise.
    for args in [&["prove", "--embedded"][..], &["prove", "--policy", "reconciler"], &["check", "--embedded"]] {
        let ended = run(&empty, args);
        assert!(ended.code == 0 && !ended.stdout.contains("sample"), "{}", ended.shown());
    }
    let project = project("own", &format!("accept:\n{GAP}"), &[("fine", "CI_NORTH: x")]);
    for args in [&[][..], &["prove"], &["check"]] {
        let ended = run(&project, args);
        assert!(ended.code == 0 && !ended.stdout.contains("sample"), "{}", ended.shown());
    }
    let embedded = run(&project, &["prove", "--embedded"]);
    assert!(embedded.code == 0 && embedded.stdout.contains("policy full-saas"), "{}", embedded.shown());
}

#[test]
fn no_policy_is_guessed() {
    let empty = Scratch::new("config-guess").file("providers.yaml", REGISTRY);
    for args in [&["pick", "writer"][..], &["pick", "--registry", "providers.yaml", "writer"], &["pick", "--no-config"]]
    {
        let ended = run(&empty, args);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{}", ended.shown());
        assert!(ended.stderr.contains("pass --policy, or --embedded for the sample data"), "{}", ended.shown());
    }
    for args in [&["resolve", "--runtime", "writer"][..], &["resolve", "--batch"]] {
        let ended = run(&empty, &[args, &["--registry", "providers.yaml"]].concat());
        assert!(ended.code == 2 && ended.stderr.contains("pass --policy"), "{}", ended.shown());
    }
    let ended = run(&empty, &["pick", "--embedded", "--registry", "providers.yaml"]);
    assert!(ended.code == 2 && ended.stderr.contains("cannot be used with"), "{}", ended.shown());
    let described = empty.file("review.yaml", POLICY);
    let ended = run(
        &described,
        &["resolve", "--registry", "providers.yaml", "--policy", "review.yaml", "--runtime", "writer", "CI_NORTH=x"],
    );
    assert_eq!(ended.code, 0, "{}", ended.shown());
    // A slugproof.yaml chooses the policy.
    let project = project("pick", "", &[("fine", "CI_NORTH: x")]);
    assert_eq!(run(&project, &["pick", "--unchecked", "writer"]).stdout, "north-1\n");
}

/// The model is of the south, and the only key is one of the north, which the south accepts.
const CROSSING: &str = "CI_NORTH: x, MODEL: south-1";

#[test]
fn denied_note_is_an_error_of_lint() {
    let note = ("cross-vendor-credential".to_owned(), "note".to_owned());
    let tolerant = project("deny-none", "", &[("eval", CROSSING)]);
    assert_eq!(linted(&tolerant), [note]);
    assert_eq!(run(&tolerant, &["lint", "--strict"]).code, 0);
    let strict =
        project("deny-lint", "deny: [cross-vendor-credential]\n", &[("eval", CROSSING), ("fine", "CI_NORTH: x")]);
    assert_eq!(linted(&strict), [error("cross-vendor-credential")]);
    let ended = run(&strict, &["lint"]);
    assert_eq!(ended.code, 1, "{}", ended.shown());
    let help = "= help: set CI_SOUTH and unset CI_NORTH, so that south gets a key of its own\n";
    assert!(ended.stdout.contains(help), "{}", ended.shown());
    let cured = project("deny-cured", "deny: [cross-vendor-credential]\n", &[("eval", "CI_SOUTH: x, MODEL: south-1")]);
    assert_eq!(linted(&cured), []);
    // If the key of the south came first, setting it would be enough.
    let (head, secrets) = POLICY.split_once("secrets:\n").expect("the policy has secrets");
    let turned: Vec<&str> = secrets.lines().rev().collect();
    let strict = strict.file("review.yaml", format!("{head}secrets:\n{}\n", turned.join("\n")));
    let ended = run(&strict, &["lint"]);
    assert!(ended.stdout.contains("= help: set CI_SOUTH, so that south gets a key of its own\n"), "{}", ended.shown());
}

#[test]
fn denied_code_is_an_error_of_check() {
    let registry = REGISTRY.replace("auth_env: [NORTH_TOKEN],", "auth_env: [NORTH_TOKEN], region: north,");
    for (config, code) in [("", 0), ("deny: [unknown-field, undecided]\n", 1)] {
        let project = project("deny-check", config, &[("fine", "CI_NORTH: x")]).file("providers.yaml", &registry);
        for args in [&["check"][..], &["check", "providers.yaml"]] {
            let ended = run(&project, args);
            let level = if code == 0 { "note" } else { "error" };
            assert_eq!(ended.code, code, "{}", ended.shown());
            assert!(ended.stdout.starts_with(&format!("{level}[unknown-field]")), "{}", ended.shown());
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
        assert!(resolved.code == code && resolved.stdout.contains(shown), "{}", resolved.shown());
        let diagnosed =
            run(&project, &[&["diagnose", "--record", "record.json", "--runtime", "writer"][..], &variables].concat());
        assert!(diagnosed.code == code && diagnosed.stdout.contains(shown), "{}", diagnosed.shown());
        let picked = slugproof(["pick", "writer"]).dir(&project).env("CI_NORTH", "x").env("MODEL", "south-1").run();
        assert_eq!(picked.code, code, "{}", picked.shown());
        assert_eq!(
            (picked.stdout.is_empty(), picked.stderr.contains(shown)),
            (code == 1, code == 1),
            "{}",
            picked.shown()
        );
        let line = "{\"runtime\": \"writer\", \"env\": {\"CI_NORTH\": \"x\", \"MODEL\": \"south-1\"}}\n";
        let batch = slugproof(["resolve", "--batch"]).dir(&project).input(line).run();
        assert_eq!(batch.code, code, "{}", batch.shown());
    }
    let shadowed = project("deny-shadowed", "deny: [shadowed-variable]\n", &[("fine", "CI_NORTH: x")]);
    let ended = run(&shadowed, &["resolve", "--runtime", "writer", "CI_NORTH=x", "CI_SOUTH=x"]);
    assert!(ended.code == 1 && ended.stdout.contains("error shadowed-variable: "), "{}", ended.shown());
}

#[test]
fn only_a_code_that_can_be_raised_is_denied() {
    for (code, told) in [
        (
            "cross-vendor-credentials",
            "unknown code `cross-vendor-credentials`; did you mean `cross-vendor-credential`?",
        ),
        ("nonsense", "unknown code `nonsense`; `slugproof explain` lists the codes"),
        ("wrong-credential", "`wrong-credential` is an error already; remove it"),
    ] {
        let ended = run(&project("deny-wrong", &format!("deny: [{code}]\n"), &[("fine", "CI_NORTH: x")]), &["lint"]);
        let told = format!("line 4, column 8: `deny[0]`: {told}");
        assert!(ended.code == 2 && ended.stderr.contains(&told), "{}", ended.shown());
    }
}

#[test]
fn denied_environment_is_a_finding_of_prove() {
    let config = format!("deny: [cross-vendor-credential]\naccept:\n{GAP}");
    // Without an override, the south is picked where its own key or the switch is set.
    let policy = POLICY.replace("  - {use: north-1}", "  - {when: {SOUTH: \"1\"}, use: south-1}\n  - {use: north-1}");
    let denied = project("deny-prove", &config, &[("fine", "CI_NORTH: x")]).file("review.yaml", &policy);
    let ended = run(&denied, &["prove"]);
    assert_eq!(ended.code, 1, "{}", ended.shown());
    for told in [
        "    CI_NORTH=set SOUTH=1\n      writer: south-1, NORTH_TOKEN would be sent to south\n",
        "✗ 1 environment sends a key to another vendor, which `deny` in slugproof.yaml",
    ] {
        assert!(ended.stdout.contains(told), "{told}: {}", ended.shown());
    }
    let json = run(&denied, &["prove", "--format", "json"]).json();
    let [crossing] = json["policies"][0]["denied"].as_array().expect("a list").as_slice() else { panic!("{json}") };
    assert_eq!((&crossing["provider"], &crossing["keys"][0]), (&"south".into(), &"NORTH_TOKEN".into()));
    // It can be accepted, and is not looked for without `deny`.
    let accepted = format!("{config}  - {{code: cross-vendor-credential, set: [SOUTH], reason: checked}}\n");
    let accepted = project("deny-accepted", &accepted, &[("fine", "CI_NORTH: x")]).file("review.yaml", &policy);
    let ended = run(&accepted, &["prove"]);
    assert!(ended.code == 0 && ended.stdout.contains("(accepted: checked)"), "{}", ended.shown());
    let tolerant =
        project("deny-tolerant", &format!("accept:\n{GAP}"), &[("fine", "CI_NORTH: x")]).file("review.yaml", &policy);
    let ended = run(&tolerant, &["prove"]);
    assert!(ended.code == 0 && !ended.stdout.contains("would be sent"), "{}", ended.shown());
}

#[test]
fn denied_note_of_a_job_can_be_accepted() {
    let config = "deny: [cross-vendor-credential]\naccept:\n  - {code: cross-vendor-credential, job: eval, reason: compatible}\n";
    let project = project("deny-job", config, &[("eval", CROSSING), ("other", CROSSING)]);
    assert_eq!(linted(&project), [error("cross-vendor-credential")]);
    let ended = run(&project, &["lint"]);
    assert!(ended.stdout.contains("accepted[cross-vendor-credential]: "), "{}", ended.shown());
    assert!(ended.stdout.contains("= note: accepted: compatible\n"), "{}", ended.shown());
}
