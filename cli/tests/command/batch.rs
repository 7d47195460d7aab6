//! `--batch`: each input line gets one answer, also if the line is invalid.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::json;

use crate::run::{Scratch, slugproof};

const LINE_BYTES: usize = 1 << 20;

fn resolve(input: impl Into<Vec<u8>>) -> crate::run::Ended {
    slugproof(["resolve", "--batch"]).input(input).run()
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
        &[&br#"{"runtime":""#[..], &vec![b'x'; LINE_BYTES], br#""}"#].concat(),
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
    let ended = resolve(input);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert_eq!(ended.stderr, "note: 10 lines could not be read; the result of each is an error\n");
    let answers = ended.json_lines();
    assert_eq!(answers.len(), lines.len());
    for (index, answer) in answers.iter().enumerate() {
        let good = [0, 10, 11, 12].contains(&index);
        assert_eq!(answer.get("error").is_none(), good, "line {}: {answer}", index + 1);
        if !good {
            assert_eq!(answer["line"], json!(index + 1));
        }
    }
    assert_eq!(answers[0]["provider"], json!("byok-openai"));
    assert_eq!(answers[7]["error"], json!("`E2E_LLM_PATH` is given twice; give it once"));
    assert_eq!(answers[8]["error"], json!("not UTF-8 from byte 13 on; write the line as UTF-8"));
    assert_eq!(answers[9]["error"], json!("the line is longer than 1 MiB; shorten it"));
    assert_eq!(answers[11]["runtime"], json!("codex"));
    assert_eq!(answers[12]["code"], json!(null));
}

#[test]
fn exit_code_is_that_of_the_worst_line() {
    let good = "{\"runtime\":\"hermes\",\"env\":{\"E2E_LLM_PATH\":\"platform\"}}\n";
    let bad = "{\"runtime\":\"hermes\"}\n";
    assert_eq!(resolve(good).code, 0);
    assert_eq!(resolve(format!("{good}{bad}")).code, 1);
    assert_eq!(resolve(format!("{bad}x\n{good}")).code, 2);
    assert_eq!(resolve("").code, 3);
}

#[test]
fn a_line_of_exactly_the_limit_is_read() {
    let head = r#"{"runtime":"hermes","env":{"UNREAD":""#;
    let tail = r#""}}"#;
    let line = |bytes: usize| format!("{head}{}{tail}", "x".repeat(bytes - head.len() - tail.len()));
    for end in ["", "\n"] {
        assert!(resolve(line(LINE_BYTES) + end).json_lines()[0].get("error").is_none());
        assert!(resolve(line(LINE_BYTES + 2) + end).json_lines()[0].get("error").is_some());
    }
}

/// The writer may wait for the answer before it has written the whole line.
#[test]
fn overlong_line_is_answered_before_its_end() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_slugproof"));
    command.args(["resolve", "--batch"]).current_dir(env!("CARGO_TARGET_TMPDIR")).env_clear();
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the command is built");
    let mut input = child.stdin.take().expect("the stream is piped");
    let output = BufReader::new(child.stdout.take().expect("the stream is piped"));
    let (sent, answers) = mpsc::channel();
    std::thread::spawn(move || output.lines().try_for_each(|line| sent.send(line.expect("each answer is UTF-8"))));
    let answer = || answers.recv_timeout(Duration::from_secs(60)).expect("there is an answer");
    input.write_all(&vec![b'x'; LINE_BYTES + 2]).expect("the command reads its input");
    assert!(answer().contains("longer than 1 MiB"));
    input.write_all(b"x\n{\"runtime\":\"hermes\"}\n").expect("the command reads its input");
    assert!(answer().contains("\"verdict\""));
    drop(input);
    assert_eq!(child.wait().expect("the command ends").code(), Some(2));
}

/// Thirty megabytes of input, with 128 MiB of address space for the command.
#[test]
#[cfg(target_os = "linux")]
fn memory_does_not_grow_with_the_input() {
    let line = "{\"runtime\":\"hermes\",\"env\":{\"UNREAD\":\"".to_owned() + &"x".repeat(1000) + "\"}}\n";
    let scratch = Scratch::new("constant-memory").file("lines", line.repeat(30_000));
    let script = "ulimit -v 131072 && exec \"$0\" resolve --batch lines | wc -l";
    let output = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_slugproof")])
        .current_dir(&scratch.0)
        .output()
        .expect("sh runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "30000", "{}", String::from_utf8_lossy(&output.stderr));
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
    let ended = slugproof(["derive", "--batch"]).input(lines.join("\n")).run();
    let answers = ended.json_lines();
    let expected = [
        json!({"provider": "openai-api"}),
        json!({"provider": "openai-subscription"}),
        json!({"code": "model-required"}),
        json!({"code": "unknown-runtime"}),
        json!({"code": "unregistered-model"}),
    ];
    assert_eq!(answers[..5], expected);
    assert_eq!((answers[5]["line"].clone(), ended.code), (json!(6), 2));
}
