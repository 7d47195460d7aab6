//! `diff`: what a change of the repository changes.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::findings::Schema;
use crate::run::{RunOutput, Scratch, slugproof};

const REGISTRY: &str = "schema_version: 1
providers:
  - {name: platform, auth_env: [PROXY_TOKEN], model_prefix_match: \"^house/\"}
  - {name: acme, auth_env: [ACME_API_KEY], model_prefix_match: \"^acme-\"}
  - {name: omega, auth_env: [ACME_API_KEY], model_prefix_match: \"^omega-\"}
runtimes:
  coder:
    providers:
      - {name: platform, models: [house/lunar-2, house/lunar-3]}
      - {name: acme, models: [acme-large]}
      - {name: omega, models: [omega-1]}
  writer:
    providers:
      - {name: platform, models: [house/lunar-2, house/lunar-3]}
";

const CONFIG: &str = "schema_version: 1
registry: providers.yaml
policies: [tests/e2e/nightly.yaml]
pins:
  - {files: templates/*.yaml, runtime: .runtime, model: .model}
";

const POLICY: &str = "schema_version: 2
name: nightly
harness: [tests/e2e/nightly.sh]
runtime: RUNTIME
runtimes: [coder, writer]
defaults: {RUNTIME: coder}
model:
  - {name: override, use: $MODEL}
  - {name: platform, when: {LLM_PATH: platform}, use: [$PLATFORM_MODEL, house/lunar-2]}
  - {when: {runtime: coder}, use: acme-large}
  - {use: house/lunar-3}
secrets:
  - {when: {LLM_PATH: platform}, path: platform}
  - {key: ACME_API_KEY}
";

const WORKFLOW: &str = "on: {schedule: [{cron: '0 3 * * *'}]}
jobs:
  nightly:
    runs-on: ubuntu-latest
    env:
      LLM_PATH: platform
      PLATFORM_MODEL: house/lunar-2
    steps:
      - run: tests/e2e/nightly.sh
  tenant:
    runs-on: ubuntu-latest
    env:
      ACME_API_KEY: ${{ secrets.ACME_API_KEY }}
    steps:
      - run: tests/e2e/nightly.sh
";

const SCRIPT: &str = "#!/bin/bash
post <<JSON
{
  \"name\": \"probe\",
  \"runtime\": \"coder\",
  \"model\": \"house/lunar-2\"
}
JSON
";

const FIXTURE: &str = "export const workspace = {
  runtime: 'coder',
  model: 'house/lunar-2',
};
";

const FILES: [(&str, &str); 8] = [
    ("providers.yaml", REGISTRY),
    ("slugproof.yaml", CONFIG),
    ("tests/e2e/nightly.yaml", POLICY),
    ("tests/e2e/nightly.sh", "#!/bin/bash\n"),
    ("tests/e2e/create.sh", SCRIPT),
    ("web/fixtures.ts", FIXTURE),
    ("templates/writer.yaml", "name: template\nruntime: writer\nmodel: house/lunar-2\n"),
    (".github/workflows/nightly.yml", WORKFLOW),
];

/// A git repository with the files above in its first commit.
struct Repository(Scratch);

impl Repository {
    fn new(name: &str) -> Self {
        let scratch =
            FILES.iter().fold(Scratch::new(&format!("diff-{name}")), |scratch, (path, text)| scratch.file(path, text));
        let repository = Self(scratch);
        repository.git(&["init", "--quiet", "--initial-branch", "main"]);
        repository.commit();
        repository
    }

    fn git(&self, args: &[&str]) -> String {
        let identity = ["-c", "user.name=tester", "-c", "user.email=tester@example.com", "-c", "commit.gpgsign=false"];
        let output = Command::new("git").args(identity).args(args).current_dir(&self.0.0).output().expect("git runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", "a commit"]);
    }

    /// Replaces a text in a file, which has it.
    fn edit(&self, path: &str, old: &str, new: &str) {
        let file = self.0.0.join(path);
        let text = fs::read_to_string(&file).expect("the file exists");
        assert!(text.contains(old), "{path} has no `{old}`");
        fs::write(file, text.replace(old, new)).expect("the file can be written");
    }

    fn write(&self, path: &str, text: &str) {
        let file = self.0.0.join(path);
        fs::create_dir_all(file.parent().expect("a parent")).expect("the directory can be made");
        fs::write(file, text).expect("the file can be written");
    }

    /// Withdraws `house/lunar-2` in the registry.
    fn withdraw(&self) {
        let listed = "models: [house/lunar-2, house/lunar-3]";
        self.edit("providers.yaml", listed, "models: [house/lunar-3], withdrawn_models: [house/lunar-2]");
    }

    fn diff(&self, args: &[&str]) -> RunOutput {
        self.diff_in("", args)
    }

    fn diff_in(&self, directory: &str, args: &[&str]) -> RunOutput {
        let path = std::env::var("PATH").expect("git is in the path");
        let here = Scratch(self.0.0.join(directory));
        slugproof(["diff"].iter().chain(args).copied()).env("PATH", &path).dir(&here).run()
    }

    /// The changes as `kind path:line summary`, and the exit code.
    fn changes(&self, args: &[&str]) -> (Vec<String>, i32) {
        let output = self.diff(&[args, &["--output", "json"]].concat());
        (changes(&output.json()), output.code)
    }
}

/// The changes of a report, which follows its schema.
fn changes(report: &Value) -> Vec<String> {
    assert_eq!(Schema::read("../docs/diff.schema.json").accepts(report), Ok(()), "{report}");
    let line = |cause: &Value| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let place = &cause["place"];
        format!("{} {}:{} {}", text(&cause["kind"]), text(&place["path"]), place["line"], text(&cause["summary"]))
    };
    report["changes"].as_array().expect("a list").iter().map(line).collect()
}

const WITHDRAWN: [&str; 5] = [
    "appears .github/workflows/nightly.yml:7 house/lunar-2 on coder: platform → withdrawn-model",
    "appears templates/writer.yaml:3 house/lunar-2 on writer: platform → withdrawn-model",
    "appears tests/e2e/create.sh:6 house/lunar-2 on coder: platform → withdrawn-model",
    "appears web/fixtures.ts:3 house/lunar-2 on coder: platform → withdrawn-model",
    "appears tests/e2e/nightly.yaml:9 house/lunar-2 on coder, writer: platform → withdrawn-model",
];

#[test]
fn withdrawal_names_all_five_places_until_they_are_edited() {
    let repository = Repository::new("withdrawal");
    repository.withdraw();
    assert_eq!(repository.changes(&["HEAD"]), (WITHDRAWN.map(str::to_owned).to_vec(), 1));
    insta::assert_snapshot!(
        repository.diff(&["HEAD"]).stdout.replace(&repository.git(&["rev-parse", "HEAD"])[..10], "COMMIT")
    );
    repository.commit();
    let mut left = 5;
    for path in ["tests/e2e/nightly.yaml", "tests/e2e/create.sh", "web/fixtures.ts", "templates/writer.yaml"] {
        repository.edit(path, "house/lunar-2", "house/lunar-3");
        left -= 1;
        assert_eq!(repository.changes(&["HEAD~1"]).0.len(), left, "{path}");
    }
    repository.edit(".github/workflows/nightly.yml", "house/lunar-2", "house/lunar-3");
    let output = repository.diff(&["HEAD~1"]);
    assert_eq!(output.code, 0);
    assert!(
        output.stdout.ends_with("\n✓ nothing else changes for 1 policy, 2 calls and 3 pins\n"),
        "{}",
        output.stdout
    );
    // The edits repair what the withdrawal broke.
    let (repaired, code) = repository.changes(&["HEAD"]);
    assert!(
        code == 0 && repaired.len() == 5 && repaired.iter().all(|it| it.starts_with("disappears ")),
        "{repaired:?}"
    );
}

#[test]
fn calls_of_a_policy_text_belong_to_the_policy() {
    let repository = Repository::new("attached");
    repository.edit(".github/workflows/nightly.yml", "      PLATFORM_MODEL: house/lunar-2\n", "");
    repository.commit();
    repository.withdraw();
    assert_eq!(repository.changes(&["HEAD"]).0, WITHDRAWN[1..]);
    let text = repository.diff(&["HEAD"]).stdout;
    assert!(text.contains("      called at .github/workflows/nightly.yml:6\n"), "{text}");
    // A variable that gives the same model is a place of its own.
    repository.edit(
        ".github/workflows/nightly.yml",
        "LLM_PATH: platform\n",
        "LLM_PATH: platform\n      MODEL: house/lunar-2\n",
    );
    repository.commit();
    assert_eq!(repository.changes(&["HEAD~1"]).0.len(), 5);
}

#[test]
fn fallback_of_an_expression_is_a_place() {
    let repository = Repository::new("expression");
    let value = "${{ vars.NIGHTLY_MODEL || 'house/lunar-2' }}";
    repository.edit(
        ".github/workflows/nightly.yml",
        "PLATFORM_MODEL: house/lunar-2",
        &format!("PLATFORM_MODEL: {value}"),
    );
    repository.commit();
    repository.withdraw();
    assert_eq!(repository.changes(&["HEAD"]), (WITHDRAWN.map(str::to_owned).to_vec(), 1));
}

#[test]
fn moved_lines_and_other_texts_change_nothing() {
    let repository = Repository::new("moved");
    for (path, _) in FILES.iter().filter(|(path, _)| !path.starts_with("web/")) {
        let text = fs::read_to_string(repository.0.0.join(path)).expect("the file exists");
        repository.write(path, &format!("# a comment\n\n{text}"));
    }
    repository.edit("web/fixtures.ts", "export", "// a comment\n\nexport");
    repository.edit(".github/workflows/nightly.yml", "- run:", "- name: probe\n        run:");
    repository.edit("tests/e2e/nightly.yaml", "name: platform", "name: path");
    assert_eq!(repository.changes(&["HEAD"]), (Vec::new(), 0));
}

#[test]
fn payer_and_provider_count_if_denied() {
    let repository = Repository::new("payer");
    repository.edit(".github/workflows/nightly.yml", "ACME_API_KEY: ${{ secrets.ACME_API_KEY }}", "LLM_PATH: platform");
    let change = "new-payer .github/workflows/nightly.yml:13 house/lunar-2 instead of acme-large on coder: acme, which \
                  the tenant pays → platform, which the platform pays";
    assert_eq!(repository.changes(&["HEAD"]), (vec![change.to_owned()], 0));
    assert_eq!(repository.diff(&["HEAD", "--deny", "new-payer"]).code, 1);
    assert_eq!(repository.diff(&["HEAD", "--deny", "new-provider"]).code, 1);
    repository.git(&["checkout", "--quiet", "."]);
    let change = |line| format!("new-provider {line} omega-1 instead of acme-large on coder: acme → omega");
    repository.edit("tests/e2e/nightly.yaml", "use: acme-large", "use: omega-1");
    assert_eq!(repository.changes(&["HEAD"]), (vec![change("tests/e2e/nightly.yaml:10")], 0));
    assert_eq!(repository.diff(&["HEAD", "--deny", "new-payer"]).code, 0);
    assert_eq!(repository.diff(&["HEAD", "--deny", "new-payer,new-provider"]).code, 1);
}

/// A registry moves a model that only a variable can name to another provider.
#[test]
fn payer_and_provider_of_given_models_count_if_denied() {
    let platform = "models: [house/lunar-2, house/lunar-3]";
    for (name, to, [payer, provider]) in [
        ("platform", REGISTRY.replace(platform, &platform.replace('[', "[acme-9, ")), [1, 1]),
        ("omega", REGISTRY.replace("models: [omega-1]", "models: [omega-1, acme-9]"), [0, 1]),
        ("pattern", REGISTRY.replace("^acme-", "^acme-[0-8]"), [0, 0]),
    ] {
        let repository = Repository::new(&format!("given-{name}"));
        repository.write("new.yaml", &to);
        let diff = |denied: &[&str]| {
            let args = ["--registry", "providers.yaml", "new.yaml"];
            repository.diff(&[&args[..], denied].concat())
        };
        let output = diff(&[]);
        assert!(output.code == 0 && output.stdout.contains("nothing else changes"), "{name}: {}", output.snapshot());
        for (denied, code) in [("new-payer", payer), ("new-provider", provider)] {
            let output = diff(&["--deny", denied]);
            assert_eq!(output.code, code, "{name}, {denied}: {}", output.snapshot());
            assert_eq!(output.stdout.contains("tests/e2e/nightly.yaml:8"), code == 1, "{name}: {}", output.stdout);
        }
    }
}

#[test]
fn every_environment_of_a_policy_is_compared() {
    let repository = Repository::new("policy");
    // The override now comes after the platform path, so that it no longer counts there.
    let (first, second) = ("  - {name: override, use: $MODEL}\n", "  - {name: platform, when: {LLM_PATH: platform}");
    repository.edit("tests/e2e/nightly.yaml", first, "");
    repository.edit("tests/e2e/nightly.yaml", "house/lunar-2]}\n", &format!("house/lunar-2]}}\n{first}"));
    assert!(fs::read_to_string(repository.0.0.join("tests/e2e/nightly.yaml")).expect("it exists").contains(second));
    let (changes, code) = repository.changes(&["HEAD"]);
    let expected = "disappears tests/e2e/nightly.yaml:8 house/lunar-2 instead of $MODEL on coder, writer: \
                    unregistered-model → platform";
    assert!(code == 1 && changes.contains(&expected.to_owned()), "{changes:#?}");
}

#[test]
fn removed_runtime_is_found_in_pins_and_policies() {
    let repository = Repository::new("runtime");
    repository.write("kept.json", "{\"runtime\": \"writer\", \"model\": \"house/lunar-3\"}\n");
    repository.commit();
    let text = fs::read_to_string(repository.0.0.join("providers.yaml")).expect("it exists");
    repository.write("providers.yaml", text.split("  writer:").next().expect("a part"));
    let (changes, code) = repository.changes(&["HEAD"]);
    let expected = [
        "appears kept.json:1 house/lunar-3 on writer: platform → unknown-runtime",
        "appears templates/writer.yaml:2 house/lunar-2 on writer: platform → unknown-runtime",
        "appears tests/e2e/nightly.yaml:11 house/lunar-3 on writer: platform → unknown-runtime",
        "appears tests/e2e/nightly.yaml:9 house/lunar-2 on writer: platform → unknown-runtime",
    ];
    assert_eq!((changes.iter().map(String::as_str).collect::<Vec<_>>(), code), (expected.to_vec(), 1));
}

/// What fails under the old name of a runtime and works under the new one are two causes.
#[test]
fn renamed_runtime_appears_under_one_name_only() {
    let repository = Repository::new("runtime-renamed");
    repository.edit("tests/e2e/nightly.yaml", "runtimes: [coder, writer]", "runtimes: [coder, writer, author]");
    repository.commit();
    repository.edit("providers.yaml", "  writer:", "  author:");
    let (changes, code) = repository.changes(&["HEAD"]);
    assert_eq!(code, 1);
    for expected in [
        "appears tests/e2e/nightly.yaml:11 house/lunar-3 on writer: platform → unknown-runtime",
        "disappears tests/e2e/nightly.yaml:11 house/lunar-3 on author: no known runtime → platform",
    ] {
        assert!(changes.iter().any(|change| change == expected), "{expected}: {changes:#?}");
    }
    let report = repository.diff(&["HEAD", "--output", "json"]).json();
    for cause in report["changes"].as_array().expect("a list") {
        let kinds = cause["transitions"].as_array().expect("a list").iter().map(|it| &it["kind"]);
        assert!(kinds.clone().all(|kind| (kind == "disappears") == (cause["kind"] == "disappears")), "{cause:#}");
    }
}

#[test]
fn accepted_contradictions_do_not_appear() {
    let repository = Repository::new("accepted");
    repository.withdraw();
    repository.edit(
        "web/fixtures.ts",
        "  model:",
        "  // slugproof: ignore[withdrawn-model] it is rejected on purpose\n  model:",
    );
    let accept = "accept:\n  - {code: withdrawn-model, policy: nightly, reason: known}\n  - {code: withdrawn-model, \
                  workflow: nightly.yml, job: nightly, reason: known}\n";
    repository.write("slugproof.yaml", &format!("{CONFIG}{accept}"));
    assert_eq!(repository.changes(&["HEAD"]).0, WITHDRAWN[1..3]);
}

#[test]
fn new_call_that_fails_appears() {
    let repository = Repository::new("new-call");
    let job = "  new:\n    runs-on: ubuntu-latest\n    env: {LLM_PATH: platform, MODEL: acme-large}\n    steps: \
               [{run: tests/e2e/nightly.sh}]\n";
    repository.write(".github/workflows/nightly.yml", &format!("{WORKFLOW}{job}"));
    let change = "appears .github/workflows/nightly.yml:18 acme-large on coder: no call → platform-path-byok-model";
    assert_eq!(repository.changes(&["HEAD"]), (vec![change.to_owned()], 1));
    repository.commit();
    assert_eq!(repository.changes(&["HEAD", "HEAD~1"]).1, 0);
    assert!(repository.changes(&["HEAD", "HEAD~1"]).0[0].starts_with("disappears "));
}

#[test]
fn result_that_becomes_undecided_is_said() {
    let repository = Repository::new("undecided");
    repository.edit(
        ".github/workflows/nightly.yml",
        "PLATFORM_MODEL: house/lunar-2",
        "PLATFORM_MODEL: ${{ vars.MODEL }}",
    );
    let (changes, code) = repository.changes(&["HEAD"]);
    assert!(code == 0 && changes.len() == 1 && changes[0].starts_with("undecided "), "{changes:?}");
    // An unknown value on both sides can be one about which the registries differ.
    repository.commit();
    repository.withdraw();
    let output = repository.diff(&["HEAD"]);
    assert!(output.stdout.contains("undecided: .github/workflows/nightly.yml:"), "{}", output.stdout);
    assert_eq!(repository.diff(&["HEAD", "HEAD"]).stdout.lines().count(), 4);
}

/// Edits of a policy that change the answer only where a key is empty, no runtime is named, or a variable names the
/// model.
#[test]
fn environments_that_are_easy_to_forget_are_compared() {
    let policy = POLICY.replace("when: {runtime: coder}", "when: {runtime: coder, ACME_API_KEY: set}");
    let names = "runtimes: [coder, writer]\n";
    let with_empty = format!("{names}empty_is_set: [ACME_API_KEY]\n");
    let keyless = REGISTRY.replace("auth_env: [ACME_API_KEY]", "auth_env: []");
    assert_ne!(keyless, REGISTRY);
    let model_of_a_variable = format!("{}model: [{{use: $MODEL}}]\nsecrets: [{{key: ACME_API_KEY}}]\n", {
        POLICY.split_once("model:").expect("the policy has models").0
    });
    let path = "tests/e2e/nightly.yaml";
    for (name, before, after, expected) in [
        (
            "empty-key-counts",
            [REGISTRY, &policy],
            [REGISTRY, &policy.replace(names, &with_empty)],
            "appears tests/e2e/nightly.yaml:11 acme-large instead of house/lunar-3 on coder: platform → \
             missing-credential",
        ),
        (
            "empty-key-needed",
            [&keyless, &policy.replace(names, &with_empty)],
            [REGISTRY, &policy.replace(names, &with_empty)],
            "appears tests/e2e/nightly.yaml:11 acme-large on coder: acme → missing-credential",
        ),
        (
            "no-default",
            [REGISTRY, &policy],
            [REGISTRY, &policy.replace("defaults: {RUNTIME: coder}\n", "")],
            "appears tests/e2e/nightly.yaml:10 house/lunar-3 on no runtime (before: coder): platform → \
             unknown-runtime",
        ),
        (
            "no-rule",
            [REGISTRY, &policy.replace("runtime: RUNTIME\n", "runtime: [{use: [$RUNTIME, coder]}]\n")],
            [REGISTRY, &policy.replace("runtime: RUNTIME\n", "runtime: [{when: {RUNTIME: writer}, use: writer}]\n")],
            "appears tests/e2e/nightly.yaml:11 house/lunar-3 on no runtime (before: coder): platform → \
             unknown-runtime",
        ),
        (
            "no-default-for-any-model",
            [REGISTRY, &model_of_a_variable],
            [REGISTRY, &model_of_a_variable.replace("defaults: {RUNTIME: coder}\n", "")],
            "appears tests/e2e/nightly.yaml:6 $MODEL on no runtime (before: coder): platform → unknown-runtime",
        ),
        (
            "other-default-for-any-model",
            [REGISTRY, &model_of_a_variable],
            [REGISTRY, &model_of_a_variable.replace("RUNTIME: coder", "RUNTIME: writer")],
            "appears tests/e2e/nightly.yaml:7 $MODEL on writer (before: coder): acme → unregistered-model",
        ),
        (
            "text-for-any-model",
            [REGISTRY, &model_of_a_variable],
            [
                &REGISTRY.replace("models: [acme-large]", "withdrawn_models: [acme-large]"),
                &model_of_a_variable.replace("model: [", "model: [{when: {MODEL: acme-large}, use: none-1}, "),
            ],
            "appears tests/e2e/nightly.yaml:7 none-1 instead of $MODEL on coder: acme → unregistered-model",
        ),
        (
            "template-for-any-model",
            [REGISTRY, &model_of_a_variable],
            [REGISTRY, &model_of_a_variable.replace("defaults:", "templates: {coder: writer}\ndefaults:")],
            "appears tests/e2e/nightly.yaml:8 $MODEL on coder: acme → unregistered-model",
        ),
    ] {
        let repository = Repository::new(name);
        let write = |[registry, policy]: [&str; 2]| {
            repository.write("providers.yaml", registry);
            repository.write(path, policy);
        };
        write(before);
        repository.commit();
        write(after);
        let (changes, code) = repository.changes(&["HEAD"]);
        assert!(changes.iter().any(|change| change == expected), "{name}: {changes:#?}");
        assert_eq!(code, 1, "{name}");
    }
}

#[test]
fn policies_of_one_side_are_named() {
    let repository = Repository::new("presence");
    repository.edit("tests/e2e/nightly.yaml", "name: nightly", "name: daily");
    let output = repository.diff(&["HEAD"]);
    assert!(output.stdout.contains("\npolicy nightly was removed\npolicy daily is new, with "), "{}", output.stdout);
    assert_eq!(output.code, 0, "{}", output.stdout);
}

#[test]
fn revision_that_cannot_be_read_is_an_error() {
    let repository = Repository::new("errors");
    for (args, message) in [
        (
            &["missing"][..],
            "cannot find the revision `missing`: git failed: Needed a single revision; check the revision",
        ),
        (&["main..HEAD"], "`main..HEAD` is a range; write two revisions, as in `slugproof diff main HEAD`"),
        (&["main", "--", "-x"], "`-x` is not a revision; name a branch, a tag or a commit"),
        (&[""], "`` is not a revision; name a branch, a tag or a commit"),
        (
            &["--registry", "providers.yaml", "missing.yaml"],
            "in missing.yaml: cannot read `missing.yaml`: no such file",
        ),
        (&["HEAD", "--output", "sarif"], "write human, json, markdown, github or html"),
    ] {
        let output = repository.diff(args);
        assert!(output.code == 2 && output.stderr.contains(message), "{args:?}: {}", output.snapshot());
    }
    repository.edit("providers.yaml", "schema_version: 1", "schema_version: 7");
    repository.commit();
    let output = repository.diff(&["HEAD~1"]);
    assert!(
        output.code == 2 && output.stderr.contains("error: in the working tree: providers.yaml: line 1, column 17: "),
        "{}",
        output.stderr
    );
    let output = repository.diff(&["HEAD", "HEAD~1"]);
    assert!(output.code == 2 && output.stderr.contains("error: in HEAD ("), "{}", output.stderr);
}

#[test]
fn shallow_clone_and_missing_repository_have_a_remedy() {
    let repository = Repository::new("shallow");
    repository.commit();
    let url = format!("file://{}", repository.0.0.display());
    let clone = Scratch::new("diff-shallow-clone");
    fs::remove_dir_all(&clone.0).expect("it exists");
    let to = clone.0.display().to_string();
    repository.git(&["clone", "--quiet", "--depth", "1", &url, &to]);
    let output = Repository(clone).diff(&["HEAD~1"]);
    assert!(
        output.code == 2 && output.stderr.contains("shallow: run `git fetch --unshallow` first"),
        "{}",
        output.stderr
    );
    let output = Repository(Scratch::new("diff-no-repository")).diff(&["HEAD"]);
    assert!(output.code == 2 && output.stderr.contains("run it in a working tree of git"), "{}", output.stderr);
}

#[test]
fn repository_stays_as_it_is() {
    let repository = Repository::new("untouched");
    repository.withdraw();
    repository.git(&["add", "providers.yaml"]);
    repository.edit("web/fixtures.ts", "lunar-2", "lunar-3");
    repository.write("new.json", "{\"runtime\": \"coder\", \"model\": \"house/lunar-2\"}\n");
    let state = || {
        let index = fs::read(repository.0.0.join(".git/index")).expect("git has an index");
        let mut names: Vec<_> = fs::read_dir(repository.0.0.join(".git"))
            .expect("it exists")
            .map(|it| it.expect("it exists").file_name())
            .collect();
        names.sort();
        (index, names)
    };
    let before = state();
    // A file that git does not know yet is compared, too.
    assert!(repository.changes(&["HEAD"]).0.iter().any(|change| change.contains("new.json:1")));
    assert!(before == state());
    assert_eq!(repository.git(&["status", "--porcelain"]), "M  providers.yaml\n M web/fixtures.ts\n?? new.json\n");
}

#[test]
fn directory_below_the_top_gives_the_same_result() {
    let repository = Repository::new("below");
    repository.withdraw();
    repository.commit();
    for args in [&["HEAD~1"][..], &["HEAD~1", "HEAD"]] {
        let output = repository.diff_in("tests/e2e", &[args, &["--output", "json"]].concat());
        assert_eq!(changes(&output.json()), WITHDRAWN, "{args:?}");
    }
    let output = repository.diff_in("tests/e2e", &["HEAD~1", "--output", "github"]);
    let first = "::error file=.github/workflows/nightly.yml,line=7,title=contradictions appear::house/lunar-2 on \
                 coder: platform → withdrawn-model%0Ajob nightly, started by `schedule`\n";
    assert!(output.stdout.starts_with(first), "{}", output.stdout);
}

#[test]
fn every_file_of_a_revision_is_read() {
    let repository = Repository::new("attributes");
    repository.write(".gitattributes", "web/** export-ignore\n");
    repository.commit();
    repository.withdraw();
    // `git archive` would leave out the fixture, whose pin would be a new one.
    assert_eq!(repository.changes(&["HEAD"]).0, WITHDRAWN);
    repository.commit();
    assert_eq!(repository.changes(&["HEAD~1", "HEAD"]).0, WITHDRAWN);
}

#[cfg(unix)]
#[test]
fn link_out_of_the_repository_is_not_followed() {
    let repository = Repository::new("links");
    let link = |target: &str, name: &str| {
        std::os::unix::fs::symlink(target, repository.0.0.join(name)).expect("a link can be made");
    };
    let outside = repository.0.0.with_extension("outside.json");
    fs::write(&outside, "{\"runtime\": \"coder\", \"model\": \"acme-0\"}\n").expect("it can be written");
    link(&outside.display().to_string(), "absolute.json");
    link("../diff-links.outside.json", "up.json");
    link("tests/e2e", "e2e");
    repository.edit("slugproof.yaml", "tests/e2e/nightly.yaml", "e2e/nightly.yaml");
    repository.commit();
    repository.edit("tests/e2e/nightly.yaml", "use: acme-large", "use: omega-1");
    let report = repository.diff(&["HEAD", "--output", "json"]).json();
    let undecided: Vec<&str> =
        report["undecided"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    let expected = ["absolute.json", "up.json"];
    let expected = expected.map(|name| format!("{name} is not compared: it is a link that leaves the repository"));
    assert_eq!(undecided, expected);
    assert!(changes(&report)[0].starts_with("new-provider e2e/nightly.yaml:10 "), "{report:#}");
}

#[test]
fn submodule_without_its_commit_is_undecided() {
    let repository = Repository::new("submodule");
    let cache = format!("160000,{},vendored", "1".repeat(40));
    repository.git(&["update-index", "--add", "--cacheinfo", &cache]);
    repository.git(&["commit", "--quiet", "--message", "a submodule"]);
    repository.write("vendored/a.json", "{\"runtime\": \"coder\", \"model\": \"house/lunar-1\"}\n");
    let report = repository.diff(&["HEAD", "--output", "json"]).json();
    let undecided = "vendored is not compared: it is a submodule whose commit is not checked out here";
    assert_eq!((report["undecided"][0].as_str(), changes(&report).len()), (Some(undecided), 0), "{report:#}");
    assert_eq!(report["complete"], false);
}

#[test]
fn output_never_overwrites_an_input() {
    let repository = Repository::new("inputs");
    for (path, text) in &FILES {
        for (directory, up) in [("", ""), ("tests", "../")] {
            let output = repository.diff_in(directory, &["HEAD", "--output", &format!("json={up}{path}")]);
            assert!(output.code == 2 && output.stderr.contains("also an input"), "{path}: {}", output.snapshot());
            assert_eq!(fs::read_to_string(repository.0.0.join(path)).ok().as_deref(), Some(*text), "{path}");
        }
    }
    repository.withdraw();
    for format in ["json", "markdown"] {
        let report = format!("{format}=report.json");
        let outputs = [1, 2].map(|_| repository.diff(&["HEAD", "--output", &report]));
        assert_eq!(outputs.map(|output| output.code), [1, 1], "an earlier output is overwritten");
    }
    // A report repeats pins, and is none.
    repository.commit();
    let outputs = [1, 2].map(|_| slugproof(["lint", "--output", "json=lint.json"]).dir(&repository.0).run().code);
    assert_eq!(outputs, [1, 1]);
    let report = repository.diff(&["HEAD", "--output", "json"]).json();
    assert_eq!(changes(&report), [""; 0], "{report:#}");
}

#[test]
fn side_without_configuration_is_said() {
    let repository = Repository::new("no-config");
    fs::remove_file(repository.0.0.join("slugproof.yaml")).expect("it exists");
    let output = repository.diff(&["HEAD", "--output", "json"]);
    let note = output.json()["notices"][0].as_str().expect("a note").to_owned();
    assert_eq!(note, "the working tree has no slugproof.yaml, so nothing of it is compared");
    repository.commit();
    let output = repository.diff(&["HEAD"]);
    assert!(output.code == 3 && output.stdout.contains("nothing of yours was compared"), "{}", output.snapshot());
}

#[test]
fn two_registries_are_compared_without_git() {
    let withdrawn = REGISTRY.replace("models: [house/lunar-2, house/lunar-3]", "models: [house/lunar-3]");
    let files = FILES.iter().fold(Scratch::new("diff-registries"), |scratch, (path, text)| scratch.file(path, text));
    let files = files.file("new.yaml", withdrawn);
    let output = slugproof(["diff", "--registry", "providers.yaml", "new.yaml", "--output", "json"]).dir(&files).run();
    // The pattern of the provider still matches the id.
    assert_eq!((changes(&output.json()), output.code), (Vec::new(), 0), "{}", output.snapshot());
    let gone = REGISTRY.replace("model_prefix_match: \"^house/\"", "model_prefix_match: \"^home/\"");
    let gone = gone.replace("models: [house/lunar-2, house/lunar-3]", "models: [house/lunar-3]");
    let files = files.file("new.yaml", gone);
    let output = slugproof(["diff", "--registry", "providers.yaml", "new.yaml", "--output", "json"]).dir(&files).run();
    assert_eq!(changes(&output.json()), WITHDRAWN.map(|line| line.replace("withdrawn-model", "unregistered-model")));
}

#[test]
fn markdown_fits_a_comment() {
    let repository = Repository::new("markdown");
    for number in 0..2_000 {
        let text = format!("{{\"runtime\": \"coder\", \"model\": \"house/lunar-2\", \"n|<b>`\": {number}}}\n");
        repository.write(&format!("fixtures/with_a_long_name/number_{number}.json"), &text);
    }
    repository.commit();
    repository.withdraw();
    let text = repository.diff(&["HEAD", "--output", "markdown"]).stdout;
    assert!(text.len() <= 64 * 1024 && text.len() > 32 * 1024, "{} bytes", text.len());
    assert!(text.starts_with("### ❌ slugproof diff: 2,005 contradictions appear\n"), "{}", &text[..200]);
    let row = "| ❌ | `.github/workflows/nightly.yml:7` | house/lunar-2 on coder: platform → withdrawn-model |";
    assert!(text.lines().any(|line| line == row), "{text}");
    assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
    assert!(text.contains(" left out, because a comment has at most 64 kB; `slugproof diff --output json` has all.\n"));
    let rows = text.lines().filter(|line| line.starts_with("| ❌ |")).count();
    assert_eq!(rows, 10);
}

#[test]
fn page_shows_every_change_with_its_place() {
    let repository = Repository::new("page");
    repository.withdraw();
    let page = repository.diff(&["HEAD", "--output", "html"]);
    let text = page.stdout.replace("<wbr>", "");
    for line in WITHDRAWN {
        let place = line.split(' ').nth(1).expect("a place");
        assert!(text.contains(place), "{place}: {text}");
    }
    assert!(page.code == 1 && text.contains("5 contradictions appear") && !text.contains("<script"), "{text}");
}
