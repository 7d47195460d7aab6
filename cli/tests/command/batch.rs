//! `--batch` prints one answer for each input line, even if the line is invalid.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::json;

use crate::run::{Scratch, slugproof};

/// Maximum size of a line in bytes, without its newline.
const MAX_LINE_BYTES: usize = 1 << 20;

fn resolve_batch(input: impl Into<Vec<u8>>) -> crate::run::RunOutput {
    slugproof(["resolve", "--batch"]).input(input).run()
}

/// A policy that says where the runtime comes from is asked if a line names none.
#[test]
fn runtime_comes_from_the_policy() {
    let policy = "schema_version: 2
name: p
runtime: [{when: {FAST: set}, use: codex}, {use: $KIND}]
model: [{use: gpt-5.5}]
secrets: [{key: OPENAI_API_KEY}]
";
    let fixed = policy.replace("runtime: [{when: {FAST: set}, use: codex}, {use: $KIND}]", "runtimes: [codex]");
    let open = policy.replace("runtime: [{when: {FAST: set}, use: codex}, {use: $KIND}]\n", "");
    let scratch =
        Scratch::new("batch-runtime").file("p.yaml", policy).file("fixed.yaml", fixed).file("open.yaml", open);
    let ask = |policy: &str, line: &str| {
        let output = slugproof(["resolve", "--policy", policy, "--batch"]).dir(&scratch).input(line).run();
        output.json_lines().swap_remove(0)
    };
    for (policy, line, runtime) in [
        ("p.yaml", r#"{"env":{"FAST":"1"}}"#, "codex"),
        ("p.yaml", r#"{"env":{"FAST":"1"},"runtime":null}"#, "codex"),
        ("p.yaml", r#"{"env":{"KIND":"hermes"}}"#, "hermes"),
        ("p.yaml", r#"{"runtime":"hermes","env":{"FAST":"1"}}"#, "hermes"),
        ("fixed.yaml", "{}", "codex"),
    ] {
        assert_eq!(ask(policy, line)["runtime"], json!(runtime), "{line}");
    }
    let error = "no runtime is given, and policy `p` picks none here; give one";
    assert_eq!(ask("p.yaml", "{}")["error"], json!(format!("{error} or set `FAST` or `KIND`")));
    assert_eq!(ask("open.yaml", "{}")["error"], json!(error));
    let one = slugproof(["resolve", "--policy", "p.yaml", "--format", "json", "KIND=hermes"]).dir(&scratch).run();
    assert_eq!(one.json()["runtime"], json!("hermes"), "{}", one.snapshot());
    let none = slugproof(["resolve", "--policy", "p.yaml"]).dir(&scratch).run();
    assert!(none.code == 2 && none.stderr.contains(error), "{}", none.snapshot());
}

#[test]
fn every_line_is_answered_in_order() {
    let mut input = Vec::new();
    let lines: [&[u8]; 14] = [
        br#"{"runtime":"hermes","env":{"E2E_OPENAI_API_KEY":"x"}}"#,
        b"not json",
        b"",
        br#"{"runtime":7}"#,
        br#"{"env":{}}"#,
        br#"{"runtime":"hermes","envs":{}}"#,
        br#"{"runtime":"hermes","env":{"E2E_LLM_PATH":1}}"#,
        br#"{"runtime":"hermes","env":{"E2E_LLM_PATH":"a","E2E_LLM_PATH":"platform"}}"#,
        b"{\"runtime\":\"\xff\"}",
        &[&br#"{"runtime":""#[..], &vec![b'x'; MAX_LINE_BYTES], br#""}"#].concat(),
        br#"{"runtime":"hermes","env":{"E2E_LLM_PATH":null},"ambient":["OPENAI_API_KEY"]}"#,
        "{\"runtime\":\"\\u0063odex\",\"env\":{\"E2E_MODEL_SLUG\":\"\\u00e9\"}}\r".as_bytes(),
        br#"{"runtime":"claude-code","env":{"E2E_LLM_PATH":"platform"}}"#,
        br#"["codex",{},[]]"#,
    ];
    for line in lines {
        input.extend_from_slice(line);
        input.push(b'\n');
    }
    input.pop();
    let output = resolve_batch(input);
    assert_eq!(output.code, 2, "{}", output.stderr);
    assert_eq!(output.stderr, "note: 9 lines could not be read; the result of each is an error\n");
    let answers = output.json_lines();
    assert_eq!(answers.len(), lines.len());
    for (index, answer) in answers.iter().enumerate() {
        let is_readable = [0, 4, 10, 11, 12].contains(&index);
        assert_eq!(answer.get("error").is_none(), is_readable, "line {}: {answer}", index + 1);
        if !is_readable {
            assert_eq!(answer["line"], json!(index + 1));
        }
    }
    assert_eq!(answers[0]["provider"], json!("byok-openai"));
    assert_eq!(answers[4]["runtime"], json!("hermes"), "the default of the policy");
    assert_eq!(answers[7]["error"], json!("`E2E_LLM_PATH` is given twice; give it once"));
    assert_eq!(answers[8]["error"], json!("the line is not UTF-8 at byte 13; write it as UTF-8"));
    assert_eq!(answers[9]["error"], json!("the line is longer than 1 MiB; shorten it"));
    assert_eq!(answers[11]["runtime"], json!("codex"));
    assert_eq!(answers[12]["code"], json!(null));
}

#[test]
fn exit_code_is_the_highest_of_all_lines() {
    let accepted = "{\"runtime\":\"hermes\",\"env\":{\"E2E_LLM_PATH\":\"platform\"}}\n";
    let rejected = "{\"runtime\":\"hermes\"}\n";
    assert_eq!(resolve_batch(accepted).code, 0);
    assert_eq!(resolve_batch(format!("{accepted}{rejected}")).code, 1);
    assert_eq!(resolve_batch(format!("{rejected}x\n{accepted}")).code, 2);
    // Without a line, nothing is checked.
    assert_eq!(resolve_batch("").code, 3);
}

#[test]
fn line_is_read_up_to_the_size_limit() {
    let head = r#"{"runtime":"hermes","env":{"UNREAD":""#;
    let tail = r#""}}"#;
    let line = |bytes: usize| format!("{head}{}{tail}", "x".repeat(bytes - head.len() - tail.len()));
    for end in ["", "\n"] {
        assert!(resolve_batch(line(MAX_LINE_BYTES) + end).json_lines()[0].get("error").is_none());
        assert!(resolve_batch(line(MAX_LINE_BYTES + 1) + end).json_lines()[0].get("error").is_some());
    }
}

/// A program that writes to the command may read the error before it writes the rest of the line.
#[test]
fn overlong_line_is_answered_before_its_end() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_slugproof"));
    command.args(["resolve", "--batch"]).current_dir(env!("CARGO_TARGET_TMPDIR")).env_clear();
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the command is built");
    let mut input = child.stdin.take().expect("the stream is piped");
    let output = BufReader::new(child.stdout.take().expect("the stream is piped"));
    let (sender, answers) = mpsc::channel();
    std::thread::spawn(move || output.lines().try_for_each(|line| sender.send(line.expect("each answer is UTF-8"))));
    let next_answer = || answers.recv_timeout(Duration::from_secs(60)).expect("there is an answer");
    input.write_all(&vec![b'x'; MAX_LINE_BYTES + 1]).expect("the command reads its input");
    assert!(next_answer().contains("longer than 1 MiB"));
    input.write_all(b"x\n{\"runtime\":\"hermes\"}\n").expect("the command reads its input");
    assert!(next_answer().contains("\"verdict\""));
    drop(input);
    assert_eq!(child.wait().expect("the command ends").code(), Some(2));
}

/// The input is larger than the address space of the command: 150 MB and 128 MiB.
#[test]
#[cfg(target_os = "linux")]
fn memory_does_not_grow_with_the_input() {
    let line = "{\"runtime\":\"hermes\",\"env\":{\"UNREAD\":\"".to_owned() + &"x".repeat(1000) + "\"}}";
    let script = r#"yes "$1" | head -n 150000 | (ulimit -v 131072 && exec "$0" resolve --batch) | wc -l"#;
    let output = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_slugproof"), &line])
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .output()
        .expect("sh runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "150000", "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn derive_batch_answers_each_line() {
    let lines = [
        r#"{"runtime":"codex","model":"gpt-5.5","auth_env":["OPENAI_API_KEY"]}"#,
        r#"{"runtime":"codex","model":"gpt-5.5"}"#,
        r#"{"runtime":"codex","model":" "}"#,
        r#"{"runtime":"Codex","model":"gpt-5.5","auth_env":[]}"#,
        r#"{"runtime":"claude-code","model":"minimax:MiniMax-M2.7"}"#,
        r#"{"model":"gpt-5.5"}"#,
    ];
    let output = slugproof(["derive", "--batch"]).input(lines.join("\n")).run();
    let answers = output.json_lines();
    let expected = [
        json!({"provider": "openai-api"}),
        json!({"provider": "openai-subscription"}),
        json!({"code": "model-required"}),
        json!({"code": "unknown-runtime"}),
        json!({"code": "unregistered-model"}),
    ];
    assert_eq!(answers[..5], expected);
    assert_eq!((answers[5]["line"].clone(), output.code), (json!(6), 2));
}
