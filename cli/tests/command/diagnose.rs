//! `diagnose`: why a workspace failed.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::run::{RunOutput, Scratch, Slugproof, slugproof};

/// The founding incident, as the platform recorded it.
const INCIDENT: &str = r#"{
  "id": "ws-223233",
  "runtime": "claude-code",
  "model": "MiniMax-M2",
  "status": "failed",
  "last_sample_error": "",
  "instance_id": null,
  "secrets": []
}"#;

const ENVIRONMENT: [&str; 2] = ["E2E_LLM_PATH=platform", "E2E_MODEL_SLUG=MiniMax-M2"];

/// A consistent environment: the platform's model on the platform's path.
const CONSISTENT: [&str; 1] = ["E2E_LLM_PATH=platform"];

/// A record that matches [`CONSISTENT`], with further fields.
fn record(fields: &str) -> String {
    format!(r#"{{"model": "moonshot/kimi-k2.6", "runtime": "hermes"{fields}}}"#)
}

fn diagnose<'a>(record: &str, args: impl IntoIterator<Item = &'a str>) -> Slugproof {
    slugproof(["diagnose", "--record", "-"].into_iter().chain(args)).input(record)
}

/// The exit code and the name of the cause.
fn cause<'a>(record: &str, args: impl IntoIterator<Item = &'a str>) -> (i32, String) {
    let output = diagnose(record, args.into_iter().chain(["--format", "json"])).run();
    let cause = output.json()["cause"]["name"].as_str().map(str::to_owned);
    (output.code, cause.unwrap_or_else(|| panic!("{}", output.snapshot())))
}

fn assert_refused(output: &RunOutput, message: &str) {
    assert_eq!((output.code, output.stdout.as_str()), (2, ""), "{}", output.snapshot());
    assert_eq!(output.stderr, format!("error: {message}\n"));
}

#[test]
fn founding_incident_is_reported() {
    insta::assert_snapshot!(diagnose(INCIDENT, ENVIRONMENT).run().snapshot());
}

#[test]
fn founding_incident_is_reported_in_json() {
    let output = diagnose(INCIDENT, ENVIRONMENT.into_iter().chain(["--format", "json"])).run();
    insta::assert_snapshot!(output.snapshot());
}

#[test]
fn record_of_other_environment_is_reported() {
    insta::assert_snapshot!(diagnose(INCIDENT, CONSISTENT).run().snapshot());
}

#[test]
fn consistent_configuration_shows_the_recorded_error() {
    let record =
        record(r#", "status": "failed", "last_error": "  ", "error": {"code": 137, "message": "out of memory"}"#);
    insta::assert_snapshot!(diagnose(&record, CONSISTENT).run().snapshot());
    let output = diagnose(&record.replace("out of memory", "MISSING_BYOK_CREDENTIAL: set X_KEY"), CONSISTENT).run();
    assert!(output.stdout.contains("1. the platform reports MISSING_BYOK_CREDENTIAL, but this"), "{}", output.stdout);
}

#[test]
fn empty_error_is_reported() {
    let record = record(
        r#", "status": "failed", "last_sample_error": "", "instance_id": "i-0a1b2c", "instance_status": "running""#,
    );
    insta::assert_snapshot!(diagnose(&record, CONSISTENT).run().snapshot());
    let output = diagnose(
        r#"{"model": "gpt-5.5", "status": "provisioning"}"#,
        ["--runtime", "codex", "E2E_MODEL_SLUG=gpt-5.5", "E2E_OPENAI_API_KEY=set"],
    );
    insta::assert_snapshot!(output.run().snapshot());
}

#[test]
fn existing_workspace_was_accepted_by_the_platform() {
    let args = ["--runtime", "claude-code", "E2E_LLM_PATH=platform", "E2E_MODEL_SLUG=no-such-model"];
    let shown = |record: &str| {
        let output = diagnose(record, args).run();
        assert!(output.stdout.contains("✗ unregistered-model"), "{}", output.stdout);
        output.stdout.replace("\n  ", " ")
    };
    let says = "the platform accepted a model or a runtime that this registry rejects";
    assert!(shown(r#"{"status": "failed"}"#).contains(says));
    assert!(!shown("{}").contains(says));
    let booted = diagnose(INCIDENT, ENVIRONMENT).run();
    assert!(!booted.stdout.contains("the workspace exists"), "{}", booted.stdout);
}

#[test]
fn failure_is_read_from_the_status() {
    for (status, fails) in [("failed", true), ("boot_error", true), ("Terminated", true), ("provisioning", false)] {
        for (error, failure) in [("", "no reason is recorded"), ("no capacity", "the workspace failed for another")] {
            let record = record(&format!(r#", "status": "{status}", "error": "{error}""#));
            let shown = diagnose(&record, CONSISTENT).run().stdout.replace("\n     ", " ");
            assert_eq!(shown.contains(failure), fails, "{shown}");
        }
    }
}

#[test]
fn missing_environment_gives_no_verdict() {
    insta::assert_snapshot!(diagnose(INCIDENT, []).run().snapshot());
    // Without a runtime, the provider of the model is unknown.
    let output = diagnose(r#"{"model": "MiniMax-M2", "error": "no capacity"}"#, []).run();
    assert!(!output.stdout.contains("  means "), "{}", output.stdout);
    assert!(output.stdout.contains("\n\n  error     error: no capacity\n"), "{}", output.stdout);
}

#[test]
fn each_cause_has_its_exit_code() {
    let failed = record(r#", "status": "failed", "last_sample_error": """#);
    let online = record(r#", "status": "Online", "last_error": "it took a while""#);
    let silent = record("");
    for (record, args, named) in [
        (INCIDENT, &ENVIRONMENT[..], (1, "platform-path-byok-model")),
        (INCIDENT, &CONSISTENT, (1, "record-disagrees")),
        (&failed, &CONSISTENT, (1, "empty-error")),
        (&failed.replace("\"\"", "\"no capacity\""), &CONSISTENT, (1, "coherent-with-error")),
        (&online, &CONSISTENT, (0, "coherent-online")),
        (&silent, &CONSISTENT, (3, "silent-record")),
        (INCIDENT, &[], (3, "no-environment")),
        // A process without policy variables is probably not the process that failed.
        (
            &record(r#", "status": "failed""#).replace("moonshot/kimi-k2.6", "openai/gpt-4o"),
            &["--from-env"],
            (3, "no-environment"),
        ),
        ("{}", &["--runtime", "hermes", "E2E_LLM_PATH=platform"], (3, "silent-record")),
        ("{}", &["--runtime", "hermes", "E2E_MODEL_SLUG= "], (1, "model-required")),
        // The `runtime` of a record may name a variant or its template.
        (
            &failed.replace("hermes", "seo-agent"),
            &["--runtime", "claude-code", "E2E_LLM_PATH=platform"],
            (1, "empty-error"),
        ),
        (
            &failed.replace("hermes", "claude-code"),
            &["--runtime", "seo-agent", "E2E_LLM_PATH=platform"],
            (1, "empty-error"),
        ),
        (&failed, &["--runtime", "openclaw", "E2E_LLM_PATH=platform"], (1, "record-disagrees")),
        // Surrounding whitespace does not change a model.
        (&failed.replace("kimi-k2.6", "kimi-k2.6 "), &CONSISTENT, (1, "empty-error")),
    ] {
        let (code, name) = named;
        assert_eq!(cause(record, args.iter().copied()), (code, name.to_owned()), "{record} {args:?}");
    }
}

#[test]
fn model_is_found_in_every_known_field() {
    for (fields, model) in [
        (r#""model": "m-1""#, Some("m-1")),
        (r#""model": " ", "model_slug": "m-1""#, Some("m-1")),
        (r#""model": {"provider": "p", "id": "m-1"}"#, Some("m-1")),
        (r#""slug": "my-workspace""#, None),
        (r#""slug": "MiniMax-M2""#, Some("MiniMax-M2")),
        (r#""config": {"model": "m-1"}"#, Some("m-1")),
        (r#""model": "m-0", "config": {"model": "m-1"}"#, Some("m-0")),
        (r#""model": "m-0", "workspace": {"status": "failed", "model": "m-1"}"#, Some("m-1")),
        (r#""model": ["m-1"], "runtime": 7"#, None),
        (r#""model": 7, "model_slug": "m-1""#, Some("7")),
        (r#""model": {"id": 4.1}"#, Some("4.1")),
        (r#""slug": 7"#, None),
        (r#""model": true"#, None),
    ] {
        let output = diagnose(&format!("{{{fields}}}"), ["--format", "json"]).run();
        assert_eq!(output.json()["named"]["model"].as_str(), model, "{fields}");
    }
    let output = diagnose(r#"{"template": "t-1"}"#, ["--format", "json"]).run();
    assert_eq!(output.json()["named"]["runtime"].as_str(), None);
    let output = diagnose(r#"{"template": "seo-agent"}"#, ["--format", "json"]).run();
    assert_eq!(output.json()["named"]["runtime"], "seo-agent");
}

#[test]
fn wrapped_record_is_unwrapped() {
    let wrapped = format!(
        r#"{{"status": "ok", "error": null, "data": {}}}"#,
        record(r#", "status": "failed", "error": "no capacity""#)
    );
    let output = diagnose(&wrapped, CONSISTENT.into_iter().chain(["--format", "json"])).run();
    let answer = output.json();
    assert_eq!(answer["cause"]["name"], "coherent-with-error");
    assert_eq!(
        answer["cause"]["message"],
        "the configuration is consistent; the record reports in `data.error`: no capacity"
    );
    let fields: Vec<&str> =
        answer["fields"].as_array().into_iter().flatten().filter_map(|field| field["field"].as_str()).collect();
    assert_eq!(fields, ["data.status", "status", "data.error", "error"]);
}

#[test]
fn unreadable_records_are_refused() {
    let object = "pass the JSON object that `GET /workspaces/<id>` returns";
    for (record, message) in [
        ("", "the input is empty; check that the request for the workspace succeeded".to_owned()),
        ("[{}, {}]", format!("the record is a list of 2 items, not an object; {object}, or one item of the list")),
        ("null", format!("the record is null, not an object; {object}")),
        ("\"x\"", format!("the record is a string, not an object; {object}")),
        ("<html>", "the input is an HTML page, not JSON; check whether a login page or a proxy responded".to_owned()),
        ("{\"status\": ", "the JSON ends in the middle of a value; check whether the file was truncated".to_owned()),
        (
            "{'a': 1}",
            "line 1, column 2: not JSON; pass the unmodified response, with nothing before or after it".to_owned(),
        ),
        (
            "{}\n{}",
            "line 2, column 1: not JSON; pass the unmodified response, with nothing before or after it".to_owned(),
        ),
        (
            "{\"status\": 1,\n \"status\": 2}",
            "line 2, column 9: two members have the same name; remove one of them".to_owned(),
        ),
    ] {
        assert_refused(&diagnose(record, CONSISTENT).run(), &format!("standard input: {message}"));
    }
    let scratch = Scratch::new("diagnose-unreadable")
        .file("latin1.json", b"{\"status\": \"\xe4\"}")
        .file("utf16.json", b"\xff\xfe{\0}\0")
        .file("deep.json", "[".repeat(1_000_000))
        .file("bom.json", "\u{feff}{\"status\": \"online\"}\r\n");
    for (file, message) in [
        ("latin1.json", "latin1.json: the text is not UTF-8 at byte 13; save it as UTF-8"),
        ("utf16.json", "utf16.json: the text is UTF-16; save it as UTF-8"),
        (
            "deep.json",
            "deep.json: line 1, column 101: the JSON has more levels of nesting than the limit of 100; simplify it",
        ),
        ("nowhere.json", "cannot read `nowhere.json`: no such file or directory; check the path"),
        (".", "cannot read `.`: is a directory; check the path"),
    ] {
        let args = ["diagnose", "--runtime", "hermes", "--from-env", "--record", file];
        assert_refused(&slugproof(args).dir(&scratch).run(), message);
    }
    let args = ["diagnose", "--runtime", "hermes", "E2E_LLM_PATH=platform", "--record", "bom.json"];
    assert_eq!(slugproof(args).dir(&scratch).run().code, 0);
}

/// The command stops reading at the size limit of a record.
#[test]
#[cfg(target_os = "linux")]
fn huge_record_is_refused_in_little_memory() {
    let script = "ulimit -v 300000; exec \"$0\" diagnose --record - --from-env";
    let mut child = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_slugproof")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("sh runs");
    let mut stdin = child.stdin.take().expect("standard input is piped");
    let mut written = stdin.write(b"{\"status\": \"").expect("the command reads its input");
    let block = vec![b'x'; 1 << 16];
    while written < 100 << 20 && stdin.write_all(&block).is_ok() {
        written += block.len();
    }
    drop(stdin);
    let output = child.wait_with_output().expect("the command ends");
    assert!(written < 20 << 20, "{written} bytes were read");
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "error: standard input: the file is larger than 16 MiB; pass the JSON record of one workspace\n"
    );
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(2), &b""[..]));
}

#[test]
fn large_record_is_abbreviated() {
    let items: Vec<String> = (0..10_000).map(|item| format!("\"k{item}\": \"{}\"", "x".repeat(1_000))).collect();
    let record = format!("{{\"status\": \"failed\", \"error\": \"{}\", {}}}", "word ".repeat(100_000), items.join(","));
    let output = diagnose(&record, CONSISTENT.into_iter().chain(["--runtime", "hermes"])).run();
    assert_eq!((output.code, output.stderr.as_str()), (1, ""));
    assert!(output.stdout.len() < 30_000, "{} bytes", output.stdout.len());
    assert!(output.stdout.replace("\n            ", " ").contains("… (498,999 more characters)"), "{}", output.stdout);
    assert!(output.stdout.contains("and 9,944 more lines; --format json prints them all"), "{}", output.stdout);
}

#[test]
fn invisible_characters_are_escaped_in_short_lines() {
    let hostile =
        r#"{"status": "failed\u001b[2J", "err\u202eor": 1, "last_error": "a\u0007b\nsecond line", "model": "m\u001b"}"#;
    let output = diagnose(hostile, ["--runtime", "hermes", "E2E_LLM_PATH=platform"]).run();
    assert!(output.stdout.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'), "{:?}", output.stdout);
    assert!(
        output.stdout.contains(r"failed\u{1b}[2J") && output.stdout.contains("\n  last_error  a\\u{7}b\n"),
        "{}",
        output.stdout
    );
    for record in [INCIDENT, hostile] {
        let output = diagnose(record, ["--runtime", "hermes", "E2E_LLM_PATH=platform"]).run();
        assert!(output.stdout.lines().all(|line| line.chars().count() <= 80), "{}", output.stdout);
    }
}

#[test]
fn colour_follows_flag_and_no_color() {
    let coloured = diagnose(INCIDENT, ENVIRONMENT.into_iter().chain(["--color", "always"])).run();
    assert!(
        coloured.stdout.contains("\u{1b}[1m\u{1b}[31m✗ platform-path-byok-model\u{1b}[0m"),
        "{:?}",
        coloured.stdout
    );
    let plain = diagnose(INCIDENT, ENVIRONMENT).env("NO_COLOR", "1").run();
    assert_eq!(plain.stdout, diagnose(INCIDENT, ENVIRONMENT).run().stdout);
    assert!(!plain.stdout.contains('\u{1b}'));
}

#[test]
fn environment_sources_override_in_order() {
    let scratch = Scratch::new("diagnose-sources")
        .file(
            "job.env",
            "\u{feff}# as the job had it\r\nexport E2E_LLM_PATH='platform' # quoted\r\n\r\n\
            E2E_MODEL_SLUG=\"MiniMax-M2\"\r\n",
        )
        .file("later.env", "E2E_MODEL_SLUG=sonnet\nE2E_RUNTIME=claude-code")
        .file("record.json", INCIDENT);
    let slug = |args: &[&str], env: &[(&str, &str)]| {
        let args = ["diagnose", "--record", "record.json", "--format", "json"].into_iter().chain(args.iter().copied());
        let mut run = slugproof(args).dir(&scratch);
        for (name, value) in env {
            run = run.env(name, value);
        }
        let output = run.run();
        assert_eq!(output.stderr, "");
        output.json()["resolution"]["slug"].as_str().unwrap_or("(none)").to_owned()
    };
    let process = [("E2E_MODEL_SLUG", "from-process"), ("E2E_LLM_PATH", "")];
    assert_eq!(slug(&["--env-file", "job.env"], &[]), "MiniMax-M2");
    assert_eq!(slug(&["--from-env"], &process), "from-process");
    assert_eq!(slug(&["--from-env", "--env-file", "job.env"], &process), "MiniMax-M2");
    assert_eq!(slug(&["--env-file", "job.env"], &process), "MiniMax-M2");
    assert_eq!(slug(&["--env-file", "job.env", "--env-file", "later.env"], &[]), "sonnet");
    assert_eq!(slug(&["--from-env", "--env-file", "job.env", "E2E_MODEL_SLUG=opus"], &process), "opus");
    // An empty value unsets what an earlier source sets.
    assert_eq!(slug(&["--env-file", "job.env", "E2E_MODEL_SLUG="], &[]), "moonshot/kimi-k2.6");
    assert_eq!(slug(&[], &process), "(none)");
}

#[test]
fn env_file_messages_name_the_line() {
    let scratch = Scratch::new("diagnose-env-file")
        .file("record.json", INCIDENT)
        .file("twice.env", "HOME=/root\nE2E_LLM_PATH=byok\nE2E_MODEL_SLUGS=x\nE2E_LLM_PATH=platform\n")
        .file("bad.env", "A=1\nsk-not-a-real-key\n")
        .file("open.env", "A='sk-not-a-real-key\n")
        .file("latin1.env", b"A=1\n\nB=\xe4");
    let run = |file: &str| slugproof(["diagnose", "--record", "record.json", "--env-file", file]).dir(&scratch).run();
    let accepted = run("twice.env");
    assert_eq!(
        accepted.stderr,
        "note: twice.env: `E2E_LLM_PATH` is set on lines 2 and 4; the last value counts\n\
         note: twice.env, line 3: policy `full-saas` does not read `E2E_MODEL_SLUGS`; did you mean `E2E_MODEL_SLUG`?\n"
    );
    assert!(accepted.stdout.contains("  path               platform\n"), "{}", accepted.stdout);
    for (file, message) in [
        ("bad.env", "bad.env: line 2: not of the form NAME=VALUE; correct it, or put a `#` before it"),
        ("open.env", "open.env: line 1: the quote that starts here is not closed; close it"),
        ("latin1.env", "latin1.env: line 3: not UTF-8; save the file as UTF-8"),
        ("nowhere.env", "cannot read `nowhere.env`: no such file or directory; check the path"),
        ("-", "standard input: line 1: not of the form NAME=VALUE; correct it, or put a `#` before it"),
    ] {
        let output =
            slugproof(["diagnose", "--record", "record.json", "--env-file", file]).dir(&scratch).input("x\n").run();
        assert_refused(&output, message);
    }
}

#[test]
fn invalid_arguments_are_refused() {
    let twice = "standard input can be read only once; pass one of the inputs as a file";
    assert_refused(&diagnose("{}", ["--env-file", "-"]).run(), twice);
    let policy = "schema_version: 2\nname: evals\nruntime: E2E_RUNTIME\nmodel: [{use: $OTHER}]\n";
    let scratch = Scratch::new("diagnose-no-runtime").file("policy.yaml", policy);
    let no_runtime = "neither `E2E_RUNTIME` nor the record names the runtime; add `--runtime RUNTIME`";
    assert_refused(&diagnose("{}", ["--policy", "policy.yaml", "OTHER=1"]).dir(&scratch).run(), no_runtime);
    let misplaced = "the runtime looks like the variable `A`; name the runtime, and give variables without an option";
    assert_refused(&diagnose("{}", ["--runtime", "A=b"]).run(), misplaced);
    assert_refused(&diagnose("{}", ["A=1", "A=2"]).run(), "`A` is given twice; give it once");
    let output = slugproof(["diagnose", "E2E_LLM_PATH=platform"]).run();
    assert!(output.code == 2 && output.stderr.contains("--record <FILE|->"), "{}", output.snapshot());
}

#[test]
fn runtime_is_from_flag_environment_or_record() {
    let runtime = |args: &[&str]| {
        let args = args.iter().copied().chain(["E2E_LLM_PATH=platform", "--format", "json"]);
        diagnose(&record(""), args).run().json()["resolution"]["runtime"].as_str().map(str::to_owned)
    };
    assert_eq!(runtime(&["--runtime", "codex", "E2E_RUNTIME=openclaw"]).as_deref(), Some("codex"));
    assert_eq!(runtime(&["E2E_RUNTIME=openclaw"]).as_deref(), Some("openclaw"));
    assert_eq!(runtime(&[]).as_deref(), Some("hermes"));
    // What the record names counts more than the default of the policy, `claude-code`.
    assert_eq!(runtime(&["--policy", "reconciler"]).as_deref(), Some("hermes"));
}

#[test]
fn credential_as_model_is_masked_with_a_note() {
    let output = diagnose(&record(""), ["E2E_MODEL_SLUG=sk-not-a-real-key"]).run();
    assert!(!output.snapshot().contains("not-a-real"), "{}", output.snapshot());
    assert!(
        output
            .stderr
            .starts_with("note: the value of `E2E_MODEL_SLUG` looks like a credential and is masked; correct it\n"),
        "{}",
        output.stderr
    );
}

/// No output contains the value of a key, whatever field or escaping the record has it in.
#[test]
fn secret_in_any_record_field_is_masked() {
    const SECRET: &str = r#"zq"not\a-real/key qz"#;
    let inside = serde_json::to_string(SECRET).expect("strings serialize");
    let inside = &inside[1..inside.len() - 1];
    let twice = inside.replace('\\', r"\\").replace('"', "\\\"");
    let records = [
        record(&format!(r#", "status": "{inside}", "last_error": "before{inside}after", "{inside}": 1"#)),
        record(&format!(r#", "error": {{"a": ["{inside}", {{"x{inside}": "{inside}{inside}"}}]}}"#)),
        record(&format!(r#", "error": "{{\"key\": \"{twice}\"}}""#)),
        format!(r#"{{"model": "{inside}", "runtime": "{inside}", "status": "failed"}}"#),
        format!(r#"{{"model": "{inside}", "{inside}": 1, "{inside}": 2}}"#),
        format!(r#"{{"model": "{inside}" {inside}"#),
        format!("[\"{inside}\"]"),
    ];
    let scratch = Scratch::new("diagnose-secret").file("job.env", format!("E2E_MINIMAX_API_KEY='{SECRET}'\n"));
    let given = format!("E2E_MINIMAX_API_KEY={SECRET}");
    for record in &records {
        for args in [
            &["--runtime", "claude-code", &given][..],
            &["--runtime", "claude-code", "--env-file", "job.env"],
            &["--runtime", "claude-code", "--from-env"],
            &["--env-file", "job.env", "--runtime", SECRET],
            &["--env-file", "job.env", "--runtime", "codex", &format!("E2E_MODEL_SLUG=x{SECRET}")],
        ] {
            for format in ["human", "json"] {
                let args = args.iter().copied().chain(["--format", format]);
                let output = diagnose(record, args).dir(&scratch).env("E2E_MINIMAX_API_KEY", SECRET).run();
                for shape in [SECRET, inside, &twice, "a-real"] {
                    assert!(!output.snapshot().contains(shape), "{record}: {}", output.snapshot());
                }
            }
        }
    }
}

#[test]
fn password_is_masked_before_any_text() {
    let error = "password: qwertyuiopasdf rejected; api_key: asdfghjkl refused; X-API-Key: zxcvbnm denied; \
                 curl -u admin:letmein99";
    let record = format!(r#"{{"status": "failed", "model": "moonshot/kimi-k2.6", "last_error": "{error}"}}"#);
    let output =
        slugproof(["diagnose", "--runtime", "hermes", "E2E_LLM_PATH=platform", "--record", "-"]).input(record).run();
    for secret in ["qwertyuiopasdf", "asdfghjkl", "zxcvbnm", "letmein99"] {
        assert!(!output.snapshot().contains(secret), "{}", output.snapshot());
    }
}
