//! Each form in which a workflow can call a harness: a wrong model is found at the line that decides, and a right
//! one is clean.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::run::{RunOutput, Scratch, slugproof};

/// The data that the forms share: the path `house` injects no key, and `acme-large` needs one.
const REGISTRY: &str = "schema_version: 1
providers:
  - {name: acme, auth_env: [ACME_API_KEY], model_prefix_match: '^acme-'}
  - {name: house, billing: platform, auth_env: [HOUSE_TOKEN], model_prefix_match: '^house-'}
runtimes:
  agent: {providers: [{name: acme, models: [acme-large]}, {name: house, models: [house-mini]}]}
";

const POLICY: &str = "schema_version: 2
name: e2e
harness: [tests/e2e.sh, tests/e2e.py, tests/e2e.js, tests/e2e.bats, tests/e2e_test.py, npx evaluate, make smoke]
runtime: RUNTIME
defaults: {RUNTIME: agent}
model: [{use: $MODEL}, {use: house-mini}]
secrets: [{when: {AI_PATH: house}, path: platform}, {key: ACME_API_KEY}]
";

const SHARED: [(&str, &str); 8] = [
    ("slugproof.yaml", "schema_version: 1\nregistry: providers.yaml\npolicies: [policy.yaml]\n"),
    ("providers.yaml", REGISTRY),
    ("policy.yaml", POLICY),
    ("tests/e2e.sh", "#!/bin/bash\necho \"$MODEL\"\n"),
    ("tests/e2e.py", "print()\n"),
    ("tests/e2e.js", "main()\n"),
    ("tests/e2e.bats", "@test one { true; }\n"),
    ("tests/e2e_test.py", "def test(): pass\n"),
];

/// The marks at the end of lines.
const MARKS: [&str; 4] = ["wrong", "right", "here", "undecided"];

/// A form as a repository: the wrong one, or the right one.
struct Form {
    files: Vec<(String, String)>,
    /// The line of the finding, if the form is wrong.
    place: Option<Place>,
}

#[derive(Debug, PartialEq)]
struct Place {
    code: &'static str,
    path: String,
    line: u64,
}

impl Form {
    /// Reads the files of a form. A line `-- PATH --` starts a file. A line with the mark `wrong` or `undecided` is
    /// only in the wrong form, one with `right` only in the right form. The finding is at the line with
    /// the mark `here`, else at the other one that only the wrong form has.
    fn read(text: &str, is_wrong: bool) -> Self {
        let mut files: Vec<(String, String)> = Vec::new();
        let (mut here, mut only) = (None, None);
        for line in text.lines() {
            if let Some(path) = line.strip_prefix("-- ").and_then(|line| line.strip_suffix(" --")) {
                files.push((path.to_owned(), String::new()));
                continue;
            }
            let Some((path, content)) = files.last_mut() else { continue };
            let marked = line.rsplit_once("<-- ").filter(|(_, mark)| MARKS.contains(mark));
            let (line, mark) = marked.map_or((line, ""), |(line, mark)| (line.trim_end(), mark));
            let code = if text.contains("<-- undecided") { "undecided" } else { "platform-path-byok-model" };
            let place = || Some(Place { code, path: path.clone(), line: content.lines().count() as u64 + 1 });
            match mark {
                "right" if is_wrong => continue,
                "wrong" | "undecided" if !is_wrong => continue,
                "wrong" | "undecided" => only = only.or_else(place),
                "here" => here = place(),
                _ => {}
            }
            content.push_str(line);
            content.push('\n');
        }
        Self { files, place: here.or(only).filter(|_| is_wrong) }
    }

    fn lint(&self, name: &str) -> RunOutput {
        let shared = SHARED.iter().map(|(path, content)| (*path, *content));
        let own = self.files.iter().map(|(path, content)| (path.as_str(), content.as_str()));
        let scratch =
            shared.chain(own).fold(Scratch::new(name), |scratch, (path, content)| scratch.file(path, content));
        slugproof(["lint", "--strict", "--output", "json"]).dir(&scratch).run()
    }
}

/// The places of all findings.
fn places(report: &Value) -> Vec<Value> {
    let findings = report["findings"].as_array().expect("a report has findings");
    let of = |finding: &Value| {
        serde_json::json!([
            finding["level"],
            finding["code"],
            finding["primary"]["path"],
            finding["primary"]["start"]["line"]
        ])
    };
    findings.iter().map(of).collect()
}

/// The problem with the answers about a form, if there is one.
fn mistake(name: &str, text: &str) -> Option<String> {
    let wrong = Form::read(text, true);
    let place = wrong.place.as_ref().unwrap_or_else(|| panic!("{name} marks no line"));
    let output = wrong.lint(&format!("form-{name}-wrong"));
    let report = output.json();
    // With `--strict`, an undecided finding is an error too.
    let expected = serde_json::json!(["error", place.code, place.path, place.line]);
    if output.code != 1 || places(&report) != [expected.clone()] {
        return Some(format!("{name}: expected {expected}, found {:?}", places(&report)));
    }
    let output = Form::read(text, false).lint(&format!("form-{name}-right"));
    let report = output.json();
    let checked = report["checked"]["step"].as_u64().unwrap_or(0);
    let is_clean = output.code == 0 && places(&report).is_empty() && checked > 0;
    (!is_clean).then(|| format!("{name}: the right one has {:?}, {checked} steps", places(&report)))
}

#[test]
fn each_form_of_a_call_is_followed() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/forms");
    let mut forms: Vec<_> =
        fs::read_dir(directory).expect("there are forms").map(|entry| entry.expect("it can be read").path()).collect();
    forms.sort();
    let mistakes: Vec<String> = forms
        .iter()
        .filter(|path| path.extension().is_some_and(|it| it == "txt"))
        .filter_map(|path| {
            let name = path.file_stem().expect("a form has a name").to_string_lossy();
            mistake(&name, &fs::read_to_string(path).expect("a form is text"))
        })
        .collect();
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}
