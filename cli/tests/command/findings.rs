//! Features that `lint` and `check` share: outputs, suppressions, baselines.

use std::fs;

use boon::{Compiler, SchemaIndex, Schemas};
use insta::assert_snapshot;
use serde_json::{Value, json};
use slugproof::codes::{self, Command};

use crate::check::{provider, registry};
use crate::run::{RunOutput, Scratch, slugproof};

/// A registry with one finding of each level: an overlap that no key decides, an arm that
/// is never chosen, patterns that cannot be decided, and an id that no pattern matches.
fn faulty() -> String {
    let providers =
        [provider("acme", "KEY", "^m"), provider("zeta", "KEY", "^m-"), provider("beta", "BETA_KEY", r"\bq")];
    let arms: &[(&str, &str)] = &[("acme", ""), ("zeta", "")];
    registry(&providers, &[("agent", arms), ("other", &[("beta", "q, é/☃")])])
}

fn scratch(name: &str) -> Scratch {
    Scratch::new(&format!("findings-{name}")).file("file.yaml", faulty())
}

fn check(scratch: &Scratch, args: &[&str]) -> RunOutput {
    slugproof(["check", "file.yaml"].into_iter().chain(args.iter().copied())).dir(scratch).run()
}

fn codes(output: &RunOutput) -> Vec<String> {
    let found = output.json()["findings"].as_array().expect("a list").clone();
    found.iter().map(|finding| finding["code"].as_str().expect("a code").to_owned()).collect()
}

/// A JSON Schema, compiled without network access.
pub struct Schema(Schemas, SchemaIndex);

impl Schema {
    pub fn read(path: &str) -> Self {
        let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
        let schema = serde_json::from_str(&fs::read_to_string(path).expect("the schema is readable"))
            .expect("the schema is JSON");
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.enable_format_assertions();
        compiler.add_resource("http://localhost/schema.json", schema).expect("the schema is valid");
        let index = compiler.compile("http://localhost/schema.json", &mut schemas).expect("the schema compiles");
        Self(schemas, index)
    }

    pub fn accepts(&self, value: &Value) -> Result<(), String> {
        self.0.validate(value, self.1).map_err(|error| error.to_string())
    }
}

const LEVELS: [&str; 4] = ["error", "warning", "undecided", "note"];

#[test]
fn human_output_shows_every_level() {
    let output = check(&scratch("human"), &[]);
    assert_snapshot!(output.snapshot());
    assert!(output.stdout.lines().all(|line| line.chars().count() <= 80), "{}", output.stdout);
}

#[test]
fn colour_needs_a_flag() {
    let scratch = scratch("colour");
    let plain = check(&scratch, &[]);
    assert!(!plain.stdout.contains('\u{1b}'));
    let coloured = check(&scratch, &["--color", "always"]);
    assert!(coloured.stdout.contains("\u{1b}["));
    assert_eq!(anstream::adapter::strip_str(&coloured.stdout).to_string(), plain.stdout);
    let requested = slugproof(["check", "file.yaml"]).env("NO_COLOR", "1").dir(&scratch).run();
    assert_eq!(requested.stdout, plain.stdout);
}

#[test]
fn json_output_follows_its_schema() {
    let schema = Schema::read("../docs/findings.schema.json");
    let output = check(&scratch("json"), &["--output", "json"]);
    assert_eq!(output.code, 1);
    assert_snapshot!(output.stdout.replace(env!("CARGO_PKG_VERSION"), "<version>"));
    let report = output.json();
    schema.accepts(&report).expect("the report follows its schema");
    let found = report["findings"].as_array().expect("a list");
    for level in LEVELS {
        let count = found.iter().filter(|finding| finding["level"] == level).count();
        assert_eq!((report["counts"][level].as_u64(), count > 0), (Some(count as u64), true), "{level}");
    }
    for (pointer, wrong) in [
        ("/schema_version", json!(2)),
        ("/findings/0/level", json!("fatal")),
        ("/findings/0/meaning", json!("")),
        ("/findings/0/primary/start/line", json!(0)),
        ("/findings/0/primary/extra", json!(1)),
        ("/findings/0/subject/first", json!(1)),
        ("/counts/error", json!(-1)),
    ] {
        let mut broken = report.clone();
        let (parent, key) = pointer.rsplit_once('/').expect("the pointer has a parent");
        broken.pointer_mut(parent).expect("the parent exists")[key] = wrong;
        assert!(schema.accepts(&broken).is_err(), "{pointer}");
    }
}

#[test]
fn sarif_output_follows_the_official_schema() {
    let schema = Schema::read("tests/data/sarif-2.1.0.schema.json");
    let suppressed = faulty().replace("  other:\n", "  other:  # slugproof: ignore[undecided] known\n");
    let scratch = Scratch::new("findings-sarif")
        .file("file.yaml", suppressed)
        .file("a dir/é:%.yaml", faulty())
        .file("broken.yaml", "a: [\n");
    let absolute = scratch.0.join("broken.yaml").display().to_string();
    let args = ["a dir/é:%.yaml", &absolute, "missing.yaml", "--output", "sarif"];
    let log = check(&scratch, &args).json();
    schema.accepts(&log).expect("the report follows its schema");
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], json!("unicodeCodePoints"));
    assert_eq!(run["invocations"][0]["executionSuccessful"], json!(false));
    let results = run["results"].as_array().expect("a list");
    let mut prints: Vec<String> = Vec::new();
    for result in results {
        let rule = result["ruleIndex"].as_u64().expect("a number") as usize;
        assert_eq!(run["tool"]["driver"]["rules"][rule]["id"], result["ruleId"]);
        let kind = if result["level"] == "none" { "open" } else { "fail" };
        assert_eq!(result["kind"], json!(kind));
        assert_eq!(result["ruleId"] == "undecided", kind == "open");
        prints.push(result["partialFingerprints"]["slugproofFinding/v1"].to_string());
    }
    prints.sort();
    let all = prints.len();
    prints.dedup();
    assert_eq!(prints.len(), all, "two findings have one fingerprint");
    let suppressed: Vec<&Value> =
        results.iter().filter(|result| !result["suppressions"].as_array().expect("a list").is_empty()).collect();
    assert_eq!(suppressed.len(), 1);
    assert_eq!(suppressed[0]["suppressions"], json!([{"kind": "inSource", "justification": "known"}]));
    let locations: Vec<&Value> =
        results.iter().map(|result| &result["locations"][0]["physicalLocation"]["artifactLocation"]).collect();
    assert!(locations.contains(&&json!({"uri": "a%20dir/%C3%A9%3A%25.yaml", "uriBaseId": "SRCROOT"})), "{locations:?}");
    assert!(locations.contains(&&json!({"uri": "broken.yaml", "uriBaseId": "SRCROOT"})), "{locations:?}");
    let rules = run["tool"]["driver"]["rules"].as_array().expect("a list");
    let ids: Vec<&str> = rules.iter().map(|rule| rule["id"].as_str().expect("an id")).collect();
    let reported = codes::entries().filter(|code| code.is_reported_by(Command::Check)).map(|code| code.id);
    assert_eq!(ids, reported.collect::<Vec<_>>());
    for (rule, id) in rules.iter().zip(ids) {
        assert_eq!(rule["helpUri"], json!(format!("urn:slugproof:code:{id}")));
        assert!(rule["help"]["markdown"].as_str().expect("Markdown").contains("## Example\n"), "{rule}");
    }
    let undecided = rules.iter().find(|rule| rule["id"] == "undecided").expect("`undecided` is a rule");
    assert_snapshot!(serde_json::to_string_pretty(undecided).expect("the rule serializes"));
    let mut broken = log.clone();
    broken["runs"][0]["results"][0]["level"] = json!("fatal");
    assert!(schema.accepts(&broken).is_err());
    broken = log.clone();
    broken["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = json!(0);
    assert!(schema.accepts(&broken).is_err());
}

#[test]
fn github_output_lists_errors_first() {
    assert_snapshot!(check(&scratch("github"), &["--output", "github"]).snapshot());
    let names: Vec<String> = (0..20).map(|number| format!("p{number}")).collect();
    let providers: Vec<String> = names.iter().map(|name| provider(name, "K", "^m")).collect();
    let arms: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    let many = Scratch::new("findings-github-many").file("file.yaml", registry(&providers, &[("agent", &arms)]));
    let output = check(&many, &["--output", "github"]);
    let lines: Vec<&str> = output.stdout.lines().collect();
    assert!(lines[..10].iter().all(|line| line.starts_with("::error file=file.yaml,line=")), "{}", output.stdout);
    assert_eq!(lines[10..], ["::notice title=slugproof::check: 210 findings in total, 200 of them not shown here"]);
}

#[test]
fn github_commands_in_files_are_escaped() {
    let hostile = "schema_version: 1\nproviders: \"100%: a,b\\n::error::x\\e[31m\"\nruntimes: {}\n";
    let scratch = Scratch::new("findings-github-hostile")
        .file("file.yaml", sound())
        .file("a,b:%.yaml", hostile)
        .file("key.yaml", "schema_version: 1\nruntimes: {}\nproviders: []\n\"x%\\r\\n::error::\\e[31m\": 1\n");
    let output = check(&scratch, &["a,b:%.yaml", "key.yaml", "--deny-unknown-fields", "--output", "github"]);
    assert!(output.stdout.lines().all(|line| line.starts_with("::error file=") || line.starts_with("::notice title=")));
    assert!(output.stdout.contains("::error file=a%2Cb%3A%25.yaml,line="), "{}", output.stdout);
    assert!(output.stdout.contains("`x%25\\r%0A::error::\\u{1b}[31m`"), "{}", output.stdout);
    assert!(!output.stdout.contains('\u{1b}'));
}

fn sound() -> String {
    registry(&[provider("acme", "KEY", "^m")], &[("agent", &[("acme", "m")])])
}

#[test]
fn terminal_control_in_files_is_escaped() {
    let hostile = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}\u{200b}\u{9b}31m\u{2066}";
    let quoted = hostile.replace('\u{1b}', "\\e").replace('\u{7}', "\\a").replace('\u{9b}', "\\x9b");
    let scratch = Scratch::new("findings-hostile")
        .file("key.yaml", format!("schema_version: 1\nproviders: []\nruntimes: {{}}\n\"{quoted}\": 1\n"))
        .file("comment.yaml", sound().replace("[m]}", "[n]} # \u{202e}\u{200b} slugproof: x\u{202e}"))
        .file("name.yaml", sound().replace("name: acme\n", &format!("name: \"{quoted}\"\n")))
        .file("raw.yaml", format!("providers: {hostile}\n"));
    for file in ["key.yaml", "comment.yaml", "name.yaml", "raw.yaml"] {
        for color in ["never", "always"] {
            let output = slugproof(["check", file, "--color", color]).dir(&scratch).run();
            let text = anstream::adapter::strip_str(&output.stdout).to_string();
            for forbidden in ['\u{7}', '\u{9b}', '\u{202e}', '\u{200b}', '\u{2066}'] {
                assert!(!text.contains(forbidden), "{file}: {text:?}");
            }
            assert!(
                !output.stdout.contains("\u{1b}]") && !output.stdout.contains("\u{1b}[2J"),
                "{file}: {:?}",
                output.stdout
            );
            assert!(!text.contains('\u{1b}'), "{file}: {text:?}");
        }
    }
}

/// Windows line breaks, a byte-order mark, tabs, wide characters, and a line of one megabyte.
#[test]
fn locations_are_right_in_unusual_text() {
    let wide = sound().replace("[m]}", "[\"日本\u{301}\", \"é\", m]} \t# ☃").replace('\n', "\r\n");
    let scratch = Scratch::new("findings-text").file("file.yaml", format!("\u{feff}{wide}"));
    let output = check(&scratch, &[]);
    assert_snapshot!(output.snapshot());
    let long = sound().replace("models: [m]", &format!("models: [m, {}n-1]", "m1, ".repeat(250_000)));
    let scratch = Scratch::new("findings-long").file("file.yaml", long);
    let output = check(&scratch, &[]);
    assert!(output.stdout.lines().all(|line| line.chars().count() <= 80), "{}", output.stdout);
    assert!(output.stdout.contains("--> file.yaml:12:1000034"), "{}", output.stdout);
}

#[test]
fn unused_suppression_is_reported() {
    let faulty = faulty();
    let line =
        |what: &str| faulty.lines().find(|line| line.contains(what)).expect("the registry has such a line").to_owned();
    let (arm, pattern) = (line("{name: zeta, models"), line("'^m-'"));
    let both = faulty
        .replace(
            &arm,
            &format!("      # slugproof: ignore[unreachable-arm] for the next release\n      # and more\n{arm}"),
        )
        .replace(&pattern, &format!("{pattern} # slugproof: ignore[overlapping-patterns, undecided] as intended"));
    let scratch = Scratch::new("findings-suppressed").file("file.yaml", both);
    let output = check(&scratch, &["--output", "json"]);
    assert_eq!(
        codes(&output),
        ["unused-suppression", "undecided", "unmatched-listed-id", "unreachable-arm"][..3].to_vec()
    );
    let report = output.json();
    let reasons: Vec<&Value> =
        report["suppressed"].as_array().expect("a list").iter().map(|suppressed| &suppressed["reason"]).collect();
    assert_eq!(reasons, [&json!("as intended"), &json!("for the next release")]);
    assert!(check(&scratch, &[]).stdout.ends_with("; 2 suppressed\n"));
}

#[test]
fn wrong_suppressions_are_findings() {
    let faulty = faulty();
    let arm = faulty.lines().find(|line| line.contains("{name: zeta, models")).expect("the registry has such a line");
    for (comment, code) in [
        ("# slugproof: ignore[unreachable-arm]", Some("suppression-without-reason")),
        ("# slugproof: ignore[unreachable-arm]   ", Some("suppression-without-reason")),
        ("# slugproof: ignore[unreachable-arn] x", Some("unknown-suppression")),
        ("# slugproof: ignore[unreachable-arm, nonsense] x", Some("unknown-suppression")),
        ("# slugproof: ignore[overlapping-patterns] x", Some("unused-suppression")),
        ("# slugproof: ignore unreachable-arm x", Some("malformed-suppression")),
        ("# slugproof: ignore[unreachable-arm x", Some("malformed-suppression")),
        ("# slugproof: ignore[] x", Some("malformed-suppression")),
        ("# slugproof: ignore[unreachable-arm,] x", Some("malformed-suppression")),
        ("# slugproof: ignore[unreachable-arm]x", Some("malformed-suppression")),
        ("# slugproof: ignore[unused-suppression] x", Some("malformed-suppression")),
        ("# slugproof: hello", Some("malformed-suppression")),
        ("#slugproof:ignore[unreachable-arm] x", None),
        ("# first # slugproof: ignore[unreachable-arm] x", None),
        ("# not#slugproof: hello", None),
        ("# see slugproof: hello", None),
        ("# slugproof: ignore[missing-credential] for lint", None),
    ] {
        let text = faulty.replace(arm, &format!("{arm} {comment}"));
        let output = check(&Scratch::new("findings-wrong").file("file.yaml", text), &["--output", "json"]);
        let about: Vec<String> = codes(&output)
            .into_iter()
            .filter(|code| code.ends_with("suppression") || code.starts_with("suppression"))
            .collect();
        assert_eq!(about, code.map(str::to_owned).into_iter().collect::<Vec<_>>(), "{comment}");
        let suppresses = matches!(code, None | Some("unknown-suppression"))
            && comment.contains("ignore[unreachable-arm")
            && !comment.contains("arn");
        assert_eq!(!codes(&output).contains(&"unreachable-arm".to_owned()), suppresses, "{comment}");
    }
    let text = faulty.replace(arm, &format!("{arm} # slugproof: ignore[unreachable-arn] x"));
    let output = check(&Scratch::new("findings-misspelt").file("file.yaml", text), &[]);
    assert!(output.stdout.contains("did you mean `unreachable-arm`?"), "{}", output.stdout);
    // An empty line separates a comment from the lines below it.
    let text = faulty.replace(arm, &format!("      # slugproof: ignore[unreachable-arm] x\n\n{arm}"));
    let output = check(&Scratch::new("findings-separate").file("file.yaml", text), &["--output", "json"]);
    assert!(codes(&output).contains(&"unused-suppression".to_owned()), "{}", output.stdout);
}

#[test]
fn strict_counts_undecided_findings() {
    let text = registry(&[provider("beta", "BETA_KEY", r"\bq")], &[("other", &[("beta", "q")])]);
    let scratch = Scratch::new("findings-strict").file("file.yaml", text);
    let loose = check(&scratch, &[]);
    assert_eq!(loose.code, 0, "{}", loose.snapshot());
    assert!(
        loose.stdout.ends_with("! 1 undecided in 1 registry; --strict counts undecided findings\n"),
        "{}",
        loose.stdout
    );
    let strict = check(&scratch, &["--strict", "--output", "json"]);
    assert_eq!((strict.code, strict.json()["findings"][0]["level"].as_str()), (1, Some("error")));
}

#[test]
fn baseline_hides_known_findings() {
    let scratch = scratch("baseline");
    let missing = check(&scratch, &["--baseline", "known.json"]);
    assert_eq!(missing.code, 2);
    assert_eq!(missing.stderr, "error: the baseline `known.json` does not exist; create it with --write-baseline\n");
    let written = check(&scratch, &["--baseline", "known.json", "--write-baseline"]);
    assert_eq!(written.code, 0);
    assert_snapshot!(written.snapshot());
    let known = fs::read_to_string(scratch.0.join("known.json")).expect("the file was written");
    assert_snapshot!(known);
    // Neither lines above nor the order of arms changes the identity of a finding.
    let moved = scratch.file("file.yaml", format!("# one\n\n# two\n{}", faulty()));
    let again = check(&moved, &["--baseline", "known.json"]);
    assert_eq!((again.code, again.stdout.as_str()), (0, "✓ nothing new found in 1 registry; 4 in the baseline\n"));
    // A further finding of a known kind is new.
    let newer = faulty().replace("  other:\n", "  third:\n    providers: [{name: acme}, {name: zeta}]\n  other:\n");
    let moved = moved.file("file.yaml", newer);
    let newer = check(&moved, &["--baseline", "known.json", "--output", "json"]);
    assert_eq!((newer.code, codes(&newer)), (1, vec!["unreachable-arm".to_owned()]));
    // Findings that no longer exist are noted, but are not findings.
    let moved = moved.file("file.yaml", sound());
    let gone = check(&moved, &["--baseline", "known.json"]);
    assert_eq!(gone.code, 0);
    assert!(
        gone.stdout.starts_with("note: the baseline holds 4 findings that no longer exist, such as\n"),
        "{}",
        gone.stdout
    );
    // Equal findings give an equal file.
    let moved = moved.file("file.yaml", faulty());
    check(&moved, &["--baseline", "known.json", "--write-baseline"]);
    assert_eq!(fs::read_to_string(moved.0.join("known.json")).expect("the file exists"), known);
    let sarif = check(&moved, &["--baseline", "known.json", "--output", "sarif"]).json();
    let results = sarif["runs"][0]["results"].as_array().expect("a list").clone();
    assert!(results.iter().all(|result| result["suppressions"][0]["kind"] == "external"), "{results:#?}");
}

#[test]
fn unreadable_baselines_are_refused() {
    for (name, content, message) in [
        (
            "json",
            "{",
            "is not valid: EOF while parsing an object at line 1 column 1; write it again with --write-baseline",
        ),
        (
            "version",
            "{\"schema_version\": 2, \"new\": 1}",
            "has schema version 2, but this slugproof reads only 1; write it again with --write-baseline",
        ),
        (
            "command",
            "{\"schema_version\": 1, \"command\": \"lint\", \"findings\": []}",
            "was written by `lint`, not by `check`; write it again with --write-baseline",
        ),
    ] {
        let scratch = scratch(&format!("baseline-{name}")).file("known.json", content);
        let output = check(&scratch, &["--baseline", "known.json"]);
        assert_eq!((output.code, output.stdout.as_str()), (2, ""));
        assert_eq!(output.stderr, format!("error: the baseline `known.json` {message}\n"));
    }
    let huge = scratch("baseline-huge").file("known.json", vec![b' '; (16 << 20) + 1]);
    let output = check(&huge, &["--baseline", "known.json"]);
    assert!(output.code == 2 && output.stderr.contains("is larger than 16 MiB"), "{}", output.stderr);
}

/// Otherwise the findings of unreadable files would be missing from the baseline.
#[test]
fn baseline_is_not_written_if_files_are_unreadable() {
    let scratch = scratch("baseline-half");
    let output = check(&scratch, &["missing.yaml", "--baseline", "known.json", "--write-baseline"]);
    assert_eq!(output.code, 2);
    assert!(output.stdout.contains("note: the baseline is not written"), "{}", output.stdout);
    assert!(!scratch.0.join("known.json").exists());
}

#[test]
fn conflicting_outputs_are_refused() {
    let scratch = scratch("conflict");
    let two =
        "error: two outputs on standard output would mix; write one to a file, as in `--output json=findings.json`\n";
    for (args, message) in [
        (&["--output", "json", "--output", "sarif"][..], two),
        (&["--output", "human", "--output", "json=-"], two),
        (&["--output", "human", "--output", "human"], two),
        (
            &["--output", "json=a", "--output", "sarif=./a"],
            "error: `a` and `./a` are the same file; give each output its own file\n",
        ),
        (
            &["--output", "json=a", "--baseline", "a"],
            "error: `a` and `a` are the same file; give each output its own file\n",
        ),
    ] {
        let output = check(&scratch, args);
        assert_eq!((output.code, output.stdout.as_str(), output.stderr.as_str()), (2, "", message));
    }
    for args in [&["--output", "xml"][..], &["--output", "json="], &["--write-baseline"]] {
        let output = check(&scratch, args);
        assert_eq!((output.code, output.stdout.as_str()), (2, ""));
        assert!(output.stderr.starts_with("error: "), "{}", output.stderr);
    }
    let both = check(&scratch, &["--output", "github", "--output", "human"]);
    assert!(both.code == 1 && both.stdout.contains("::error ") && both.stdout.contains("✗ "), "{}", both.snapshot());
}

#[test]
fn output_files_are_written_atomically() {
    let scratch = scratch("files").file("old.json", "old").file("dir/inside", "");
    let args =
        ["--output", "human", "--output", "json=old.json", "--output", "sarif=new.sarif", "--output", "github=a.txt"];
    let output = check(&scratch, &args);
    assert_eq!((output.code, output.stdout.as_str()), (1, check(&scratch, &[]).stdout.as_str()));
    let written = |name: &str| fs::read_to_string(scratch.0.join(name)).expect("the file was written");
    assert_eq!(written("old.json"), check(&scratch, &["--output", "json"]).stdout);
    assert_eq!(written("new.sarif"), check(&scratch, &["--output", "sarif"]).stdout);
    let human = check(&scratch, &["--output", "human=h.txt", "--color", "always"]);
    assert_eq!((human.stdout.as_str(), written("h.txt")), ("", output.stdout.clone()));
    for (to, message) in [
        (
            "json=nowhere/a.json",
            "error: cannot write `nowhere/a.json`: no such file or directory; check the directory or choose another \
             path\n",
        ),
        ("json=dir", "error: cannot write `dir`: is a directory; check the directory or choose another path\n"),
    ] {
        let output = check(&scratch, &["--output", to, "--output", "human"]);
        assert_eq!((output.code, output.stderr.as_str()), (2, message));
        assert!(output.stdout.contains("✗ "), "the human output shows the findings despite the error");
    }
    let left: Vec<_> =
        fs::read_dir(&scratch.0).expect("the file exists").flatten().map(|entry| entry.file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().ends_with(".tmp")), "{left:?}");
}

/// Output is written to a device, which is never replaced, and to the target of a link.
#[test]
#[cfg(unix)]
fn devices_and_links_are_not_replaced() {
    let scratch = scratch("links").file("real.json", "old");
    assert_eq!(check(&scratch, &["--output", "json=/dev/null"]).code, 1);
    assert!(!fs::metadata("/dev/null").expect("the file exists").is_file());
    std::os::unix::fs::symlink("real.json", scratch.0.join("link.json")).expect("links can be made");
    assert_eq!(check(&scratch, &["--output", "json=link.json"]).code, 1);
    assert!(fs::symlink_metadata(scratch.0.join("link.json")).expect("the file exists").is_symlink());
    assert!(fs::read_to_string(scratch.0.join("real.json")).expect("the file exists").starts_with('{'));
}

/// A forge looks for the files below the top of the repository.
#[test]
fn paths_for_a_forge_are_relative_to_the_repository() {
    let scratch = Scratch::new("findings-top").file("ci/a.yaml", faulty()).file("ci/deep/x", "");
    let absolute = scratch.0.join("ci/a.yaml").display().to_string();
    for (below, path) in [("", "ci/a.yaml"), ("ci", "a.yaml"), ("ci/deep", "../a.yaml"), ("ci/deep", &absolute)] {
        let run = |format| slugproof(["check", path, "--output", format]).dir(&Scratch(scratch.0.join(below))).run();
        let sarif = run("sarif").json();
        let location = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"];
        assert_eq!(*location, json!({"uri": "ci/a.yaml", "uriBaseId": "SRCROOT"}), "{path} in {below}");
        let github = run("github").stdout;
        assert!(github.contains(" file=ci/a.yaml,"), "{path} in {below}: {github}");
    }
}

#[test]
fn invisible_reason_is_no_reason() {
    for (number, reason) in ["\u{200b}", "\u{2060}\u{feff}", "\u{3164} \u{2800}", "\u{ad}"].into_iter().enumerate() {
        let text = faulty().replace("  other:\n", &format!("  other:  # slugproof: ignore[undecided] {reason}\n"));
        let scratch = Scratch::new(&format!("findings-invisible-{number}")).file("file.yaml", text);
        let output = slugproof(["check", "file.yaml"]).dir(&scratch).run();
        assert!(output.stdout.contains("[suppression-without-reason]"), "{reason:?}: {}", output.stdout);
        let escaped: String = reason.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
        let config = format!("schema_version: 1\naccept: [{{code: missing-credential, reason: \"{escaped}\"}}]\n");
        let scratch = Scratch::new(&format!("findings-accept-{number}")).file("slugproof.yaml", config);
        let output = slugproof(["prove"]).dir(&scratch).run();
        assert!(output.code == 2 && output.stderr.contains("the reason is empty"), "{reason:?}: {}", output.snapshot());
    }
}
