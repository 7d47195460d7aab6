//! `registries` in slugproof.yaml: the registry that people edit, and its copy in production.

use serde_json::Value;

use crate::run::{Scratch, slugproof};

const CONFIG: &str = "schema_version: 1
registries: {source: providers.yaml, deployed: deployed.yaml}
policies: [policy.yaml]
";

/// A registry from which a vendor was withdrawn, and in which the platform pays for one provider.
const SOURCE: &str = "schema_version: 1
providers:
  - {name: acme, auth_env: [ACME_TOKEN, [ACME_ID, ACME_SECRET]], model_prefix_match: \"^acme/\"}
  - {name: zeta, auth_env: [ZETA_TOKEN]}
  - {name: house, auth_env: [HOUSE_TOKEN], billing: platform}
runtimes:
  coder:
    providers:
      - {name: acme, models: [acme-1, acme-2]}
      - {name: zeta, withdrawn_models: [zeta-1, zeta-2]}
      - {name: house, models: [house-1]}
  writer:
    providers: [{name: house, models: [house-1]}]
";

const POLICY: &str = "schema_version: 2
name: evals
harness: [eval.sh]
runtimes: [coder]
model: [{name: given, use: $MODEL}, {name: default, use: house-1}]
secrets: [{when: {LLM: platform}, path: platform}, {key: ACME_TOKEN}, {key: ZETA_TOKEN}]
";

/// A workflow with one job that sets these variables, in the flow style of YAML.
fn workflow(env: &str) -> String {
    format!(
        "on: push\njobs:\n  evals:\n    runs-on: ubuntu-latest\n    steps:\n      - run: bash eval.sh\n        \
         env: {{{env}}}\n"
    )
}

const PLATFORM: &str = "LLM: platform";

/// A repository whose deployed registry has these texts of the source replaced.
fn repository(name: &str, replaced: &[(&str, &str)], env: &str) -> Scratch {
    let deployed = replaced.iter().fold(SOURCE.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    Scratch::new(&format!("registries-{name}"))
        .file("slugproof.yaml", CONFIG)
        .file("providers.yaml", SOURCE)
        .file("deployed.yaml", deployed)
        .file("policy.yaml", POLICY)
        .file(".github/workflows/evals.yml", workflow(env))
}

/// The differences that `check` reports, as `level path:line title`, and the whole report.
fn check(repository: &Scratch) -> (Vec<String>, Value) {
    let report = slugproof(["check", "--output", "json"]).dir(repository).run().json();
    let findings = report["findings"].as_array().expect("a list");
    let is_about_registries =
        |finding: &&Value| finding["code"] == "registry-difference" || finding["code"] == "undecided";
    let line = |finding: &Value| {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let (primary, level) = (&finding["primary"], text(&finding["level"]));
        format!("{level} {}:{} {}", text(&primary["path"]), primary["start"]["line"], text(&finding["title"]))
    };
    (findings.iter().filter(is_about_registries).map(line).collect(), report)
}

fn notes(report: &Value, code: &str) -> Vec<String> {
    let findings = report["findings"].as_array().expect("a list").iter();
    let notes = findings.filter(|finding| finding["code"] == code).flat_map(|finding| finding["notes"].as_array());
    notes.flatten().map(|note| note.as_str().expect("a text").to_owned()).collect()
}

#[test]
fn what_decides_nothing_is_no_difference() {
    for (name, from, to) in [
        ("same", "acme", "acme"),
        ("comment", "runtimes:", "# the runtimes\nruntimes:"),
        ("order", "[acme-1, acme-2]", "[acme-2, acme-1]"),
        ("group", "[ACME_TOKEN, [ACME_ID, ACME_SECRET]]", "[[ACME_SECRET, ACME_ID], ACME_TOKEN]"),
        ("null", "auth_env: [ZETA_TOKEN]", "auth_env: [ZETA_TOKEN], billing: null, display_name: Zeta"),
        ("alias", "[ZETA_TOKEN]", "&zeta [ZETA_TOKEN]"),
    ] {
        let (found, report) = check(&repository(name, &[(from, to)], PLATFORM));
        assert_eq!(found, [""; 0], "{name}");
        let notice = "the two registries of `registries` in slugproof.yaml do not differ";
        assert_eq!(report["notices"], serde_json::json!([notice]), "{name}");
    }
    let zeta = "  - {name: zeta, auth_env: [ZETA_TOKEN]}\n";
    let house = "  - {name: house, auth_env: [HOUSE_TOKEN], billing: platform}\n";
    let both = format!("{zeta}{house}");
    let reordered = repository("reordered", &[(&both, &format!("{house}{zeta}"))], PLATFORM);
    assert_eq!(check(&reordered).0, [""; 0]);
}

#[test]
fn missing_model_of_a_call_is_an_error() {
    let env = "MODEL: acme-2, ACME_TOKEN: \"${{ secrets.ACME_TOKEN }}\"";
    let (found, report) = check(&repository("call", &[(", acme-2]", "]")], env));
    assert_eq!(found, ["error providers.yaml:9 only the source lists `acme-2` of `acme` on runtime `coder`"]);
    let expected = "job `evals`, step 1, by policy `evals` (.github/workflows/evals.yml:7): `acme-2` on runtime \
                    `coder` is from `acme` (byok) in the source and `unregistered-model` in the deployed registry";
    assert_eq!(notes(&report, "registry-difference"), [expected]);
    let finding = &report["findings"].as_array().expect("a list")[1];
    assert_eq!(finding["subject"], serde_json::json!({"model": "acme-2", "provider": "acme", "runtime": "coder"}));
    assert_eq!(finding["labels"][0]["path"], "deployed.yaml");
    assert_eq!(finding["labels"][0]["start"]["line"], 9);
    assert_eq!(report["checked"], serde_json::json!({"call": 1, "policy": 1, "registry": 2}));
}

#[test]
fn rows_of_a_matrix_are_one_call() {
    let workflow = "on: [push, pull_request]\njobs:\n  evals:\n    runs-on: x\n    \
                    strategy: {matrix: {model: [acme-1, acme-2]}}\n    steps:\n      - run: bash eval.sh\n        \
                    env: {MODEL: \"${{ matrix.model }}\", ACME_TOKEN: k}\n";
    let repository = repository("matrix", &[(", acme-2]", "]")], "");
    let (found, report) = check(&repository.file(".github/workflows/evals.yml", workflow));
    assert_eq!(found, ["error providers.yaml:9 only the source lists `acme-2` of `acme` on runtime `coder`"]);
    assert_eq!((notes(&report, "registry-difference").len(), &report["checked"]["call"]), (1, &Value::from(1)));
}

#[test]
fn difference_that_nobody_meets_is_a_note() {
    let (found, report) = check(&repository("nobody", &[("[acme-1, acme-2]", "[acme-3]")], PLATFORM));
    let title = "lists 2 models of `acme` on runtime `coder`";
    let other = "note deployed.yaml:9 only the deployed registry lists `acme-3` of `acme` on runtime `coder`";
    assert_eq!(found, [other.to_owned(), format!("note providers.yaml:9 only the source {title}")]);
    let nobody = "no policy, no call and no pin meets it";
    assert_eq!(notes(&report, "registry-difference"), [nobody, "the ids: acme-1, acme-2", nobody]);
}

#[test]
fn another_payer_is_found() {
    let (found, report) = check(&repository("payer", &[("billing: platform", "billing: byok")], PLATFORM));
    let title = "`billing` of `house` is `platform` in the source and `byok` in the deployed registry";
    assert_eq!(found, [format!("error providers.yaml:5 {title}")]);
    let met = notes(&report, "registry-difference");
    assert!(met[0].starts_with("policy `evals`, rule `default` (policy.yaml:5): `house-1`"), "{met:?}");
    assert!(met[1].starts_with("job `evals`, step 1, by policy `evals`"), "{met:?}");
    // Without a call, the policy alone meets it.
    let repository = repository("payer-policy", &[("billing: platform", "billing: byok")], PLATFORM);
    let repository = repository.file(".github/workflows/evals.yml", "on: push\njobs: {a: {steps: [{run: ls}]}}\n");
    assert_eq!(check(&repository).0, [format!("warning providers.yaml:5 {title}")]);
}

#[test]
fn withdrawn_model_of_a_pin_is_a_warning() {
    let repository = repository("pin", &[("withdrawn_models", "models")], PLATFORM)
        .file("fixtures/body.json", "{\n  \"runtime\": \"coder\",\n  \"model\": \"zeta-2\"\n}\n");
    let (found, report) = check(&repository);
    let title = |model| format!("the source has withdrawn `{model}` of `zeta` on runtime `coder`");
    let lists = "and the deployed registry still lists it";
    let [first, second] = ["zeta-1", "zeta-2"].map(title);
    let expected =
        [format!("note providers.yaml:10 {first}, {lists}"), format!("warning providers.yaml:10 {second}, {lists}")];
    assert_eq!(found, expected);
    let pin = "pin (fixtures/body.json:3): `zeta-2` on runtime `coder` is `withdrawn-model` in the source and from \
               `zeta` (byok) in the deployed registry";
    assert!(notes(&report, "registry-difference").contains(&pin.to_owned()), "{report}");
    assert_eq!(report["checked"]["pin"], 1);
}

#[test]
fn pin_whose_runtime_only_one_registry_has_is_compared() {
    let writer = "  writer:\n    providers: [{name: house, models: [house-1]}]\n";
    let repository = repository("runtime", &[(writer, "")], PLATFORM)
        .file("fixtures/body.json", "{\"runtime\": \"writer\", \"model\": \"house-1\"}\n");
    let expected = "error providers.yaml:12 only the source has the runtime `writer`";
    assert_eq!(check(&repository).0, [expected]);
}

#[test]
fn call_whose_model_is_not_known_is_undecided() {
    let env = "MODEL: \"${{ vars.MODEL }}\", ACME_TOKEN: \"${{ secrets.ACME_TOKEN }}\"";
    let (found, report) = check(&repository("unknown", &[(", acme-2]", "]")], env));
    let title = "whether the call meets a difference between the registries depends on values that are not in the file";
    let difference = "note providers.yaml:9 only the source lists `acme-2` of `acme` on runtime `coder`";
    assert_eq!(found, [format!("undecided .github/workflows/evals.yml:7 {title}"), difference.to_owned()]);
    let nobody = "no policy, no call and no pin meets it, as far as it is known: 1 finding undecided";
    assert!(notes(&report, "registry-difference").contains(&nobody.to_owned()), "{report}");
    // Nothing differs on the runtime of the call.
    let writer = repository("unknown-other", &[("[{name: house, models: [house-1]}]", "[{name: house}]")], env);
    assert_eq!(
        check(&writer).0,
        ["note providers.yaml:13 only the source lists `house-1` of `house` on runtime `writer`"]
    );
}

#[test]
fn source_decides_unless_registry_names_another_file() {
    let env = "MODEL: acme-2, ACME_TOKEN: \"${{ secrets.ACME_TOKEN }}\"";
    let codes = |repository: &Scratch| -> Vec<String> {
        let report = slugproof(["lint", "--output", "json"]).dir(repository).run().json();
        let findings = report["findings"].as_array().expect("a list").iter();
        findings.map(|finding| finding["code"].as_str().expect("a code").to_owned()).collect()
    };
    let repository = repository("decides", &[(", acme-2]", "]")], env);
    assert_eq!(codes(&repository), [""; 0]);
    let other = repository.file("slugproof.yaml", format!("{CONFIG}registry: deployed.yaml\n"));
    assert_eq!(codes(&other), ["unregistered-model"]);
}

#[test]
fn accepted_contradiction_is_no_error() {
    let env = "MODEL: acme-2, ACME_TOKEN: \"${{ secrets.ACME_TOKEN }}\"";
    let accept = "accept: [{job: evals, code: unregistered-model, reason: tests the old copy}]\n";
    let repository = repository("accepted", &[(", acme-2]", "]")], env);
    let repository = repository.file("slugproof.yaml", format!("{CONFIG}{accept}"));
    let (found, report) = check(&repository);
    assert_eq!(found, ["warning providers.yaml:9 only the source lists `acme-2` of `acme` on runtime `coder`"]);
    assert!(notes(&report, "registry-difference")[0].contains("`unregistered-model` (accepted)"), "{report}");
}

#[test]
fn fault_of_the_field_is_reported_at_its_place() {
    for (name, registries, message) in [
        ("misspelt", "{source: providers.yaml, deploed: deployed.yaml}", "2:38 unknown field `deploed`"),
        ("one", "{source: providers.yaml}", "2:13 `registries`: the required field `deployed` is missing"),
        ("list", "[providers.yaml, deployed.yaml]", "2:13 `registries`: expected a mapping"),
        ("missing", "{source: providers.yaml, deployed: deployd.yaml}", "2:48 the file `deployd.yaml` does not exist"),
        ("twice", "{source: providers.yaml, deployed: ./providers.yaml}", "2:48 `registries.deployed`: is the file of"),
    ] {
        let repository = repository(name, &[], PLATFORM);
        let config = CONFIG.replace("{source: providers.yaml, deployed: deployed.yaml}", registries);
        let repository = repository.file("slugproof.yaml", config);
        let run = slugproof(["check", "--output", "json"]).dir(&repository).run();
        let report = run.json();
        let mut findings = report["findings"].as_array().expect("a list").iter();
        let finding = findings.find(|finding| finding["primary"]["path"] == "slugproof.yaml").expect("a finding");
        let start = &finding["primary"]["start"];
        let shown = format!("{}:{} {}", start["line"], start["column"], finding["title"].as_str().expect("a text"));
        assert!(shown.starts_with(message), "{shown}");
        assert!(run.code == 1 || run.code == 2, "{shown}");
    }
}

#[test]
fn unreadable_file_is_reported() {
    for (name, deployed, code) in [
        ("not-yaml", "providers: [", "unreadable-file"),
        ("no-registry", "x: 1", "invalid-registry"),
        ("invalid", "schema_version: 1\nproviders: []\nruntimes: {}\n", "invalid-registry"),
    ] {
        let repository = repository(name, &[], PLATFORM).file("deployed.yaml", deployed);
        let report = slugproof(["check", "--output", "json"]).dir(&repository).run().json();
        let codes = report["findings"].as_array().expect("a list").iter().map(|finding| finding["code"].clone());
        assert!(codes.collect::<Vec<_>>().contains(&Value::from(code)), "{report}");
        assert_eq!(report["notices"], serde_json::json!([]), "{name}");
    }
}

#[test]
fn workflow_that_cannot_be_read_is_reported() {
    let repository = repository("workflow", &[(", acme-2]", "]")], PLATFORM);
    let repository = repository.file(".github/workflows/evals.yml", "jobs: [");
    let run = slugproof(["check"]).dir(&repository).run();
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert!(run.stdout.contains(".github/workflows/evals.yml"), "{}", run.stdout);
}
