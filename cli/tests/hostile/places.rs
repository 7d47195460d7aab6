//! Outputs in hostile places: nobody reads them, the disk is full, the user stops the run.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use wait4::Wait4 as _;

use crate::cell::{ACCEPTED, Cell, scratch, without_styles, write};
use crate::child::{Ended, Run, SECONDS, exit, interruptible};

/// One command in one place.
pub struct Place {
    pub row: &'static str,
    pub column: &'static str,
    how: How,
    pub is_slow: bool,
}

enum How {
    /// A shell runs this; `"$@"` is the command with these arguments.
    Script(&'static str, &'static [&'static str]),
    /// Stopped by Ctrl-C while it works or waits.
    Stopped(&'static [&'static str]),
    /// A file vanishes between being listed and being read.
    Vanishing,
}

/// What the places are, for the page.
pub const WORDS: &[(&str, &str)] = &[
    ("nobody reads", "the reader of standard output is gone, as after `| head`"),
    ("full disk", "standard output is `/dev/full`, which takes no byte"),
    (
        "full disk for files",
        "no file may grow (`ulimit -f 0`), which is what a full disk comes to; files and directories must be as they were",
    ),
    ("Ctrl-C", "an interrupt while the command works or waits; nothing may be left behind"),
    ("Ctrl-C on a terminal", "the same on a terminal, which must be as it was"),
    ("vanishing file", "a file that is removed between being listed and being read"),
];

const NOBODY_READS: &str =
    "{ sleep 0.3; \"$@\"; echo $? >../$$.code; } | true; read -r code <../$$.code; rm ../$$.code; exit $code";
const FULL: &str = "exec \"$@\" >/dev/full";
// A signal would kill the run, where a full disk is an error.
const FULL_FOR_FILES: &str =
    "said=$( (trap '' XFSZ; ulimit -f 0; exec \"$@\") 2>&1 ); code=$?; printf '%s\\n' \"$said\" >&2; exit $code";
// `script` is a terminal, and what it reads is what is typed.
const ON_A_TERMINAL: &str = "shift 3; log=../$$.log; { sleep 1; printf '\\003'; sleep 1; } | script --quiet --return --command \"$*\" \"$log\" >/dev/null; code=$?; if grep -q '\\[?25l\\|\\[?1049h\\|\\[?2004h' \"$log\"; then echo 'error: the terminal is not as it was' >&2; fi; rm -f \"$log\"; exit $code";

const PROVE: &[&str] = &["prove", "--registry", "large.yaml"];

/// A row, and the arguments of the command there.
type Row = (&'static str, &'static [&'static str]);

/// The commands that answer on standard output.
const ANSWERS: [Row; 13] = [
    ("prove", &["prove"]),
    ("prove --format json", &["prove", "--format", "json"]),
    ("resolve", &["resolve", "--runtime", "codex"]),
    ("resolve --batch", &["resolve", "--batch", "questions.jsonl"]),
    ("derive --batch", &["derive", "--batch", "questions.jsonl"]),
    ("lint", &["lint", "workflow.yml"]),
    ("check --output sarif", &["check", "--output", "sarif"]),
    ("diagnose", &["diagnose", "--record", "record.json"]),
    ("corpus review", &["corpus", "review"]),
    ("corpus review --format html", &["corpus", "review", "--format", "html"]),
    ("corpus check", &["corpus", "check"]),
    ("completions", &["completions", "bash"]),
    ("man", &["man"]),
];

/// Those that write files.
const FILES: [Row; 8] = [
    ("check --output sarif=FILE", &["check", "--output", "sarif=new.sarif"]),
    ("check --output json=FILE", &["check", "--output", "json=old.json"]),
    ("check --write-baseline", &["check", "--baseline", "new.json", "--write-baseline"]),
    ("lint --write-baseline", &["lint", "workflow.yml", "--baseline", "old.json", "--write-baseline"]),
    ("lint --fix", &["lint", "workflow.yml", "--fix"]),
    ("corpus check --update", &["corpus", "check", "--update"]),
    ("corpus promote", &["corpus", "promote", "record.json", "--target", "record_json", "--name", "a bug"]),
    ("man --dir", &["man", "--dir", "."]),
];

/// A file that takes no byte, wherever standard output goes.
const TO_A_FULL_FILE: [Row; 1] = [("check --output sarif=FILE", &["check", "--output", "sarif=/dev/full"])];

fn scripted(
    column: &'static str,
    script: &'static str,
    is_slow: bool,
    rows: &'static [Row],
) -> impl Iterator<Item = Place> {
    rows.iter().map(move |&(row, arguments)| Place { row, column, how: How::Script(script, arguments), is_slow })
}

const STOPPED: [Place; 7] = [
    Place { row: "prove", column: "Ctrl-C", how: How::Stopped(PROVE), is_slow: false },
    Place {
        row: "prove --registry PIPE",
        column: "Ctrl-C",
        how: How::Stopped(&["prove", "--registry", "pipe"]),
        is_slow: false,
    },
    Place {
        row: "resolve --batch PIPE",
        column: "Ctrl-C",
        how: How::Stopped(&["resolve", "--batch", "pipe"]),
        is_slow: false,
    },
    Place { row: "lint PIPE", column: "Ctrl-C", how: How::Stopped(&["lint", "pipe"]), is_slow: false },
    Place {
        row: "diagnose --record PIPE",
        column: "Ctrl-C",
        how: How::Stopped(&["diagnose", "--record", "pipe"]),
        is_slow: false,
    },
    Place { row: "prove", column: "Ctrl-C on a terminal", how: How::Script(ON_A_TERMINAL, PROVE), is_slow: true },
    Place { row: "lint DIRECTORY", column: "vanishing file", how: How::Vanishing, is_slow: false },
];

/// Every command in every place.
pub fn all() -> impl Iterator<Item = Place> {
    scripted("nobody reads", NOBODY_READS, true, &ANSWERS)
        .chain(scripted("full disk", FULL, false, &ANSWERS))
        .chain(scripted("full disk", FULL, false, &TO_A_FULL_FILE))
        .chain(scripted("full disk for files", FULL_FOR_FILES, false, &FILES))
        .chain(STOPPED)
}

const WORKFLOW: &str = "on: push
jobs:
  e2e:
    runs-on: ubuntu-latest
    env:
      E2E_MINIMAX_API_KEY: ${{ secrets.E2E_MINIMAX_API_KEY }}
      E2E_LLM_PATH: platform
      E2E_MODEL_SLUG: MiniMax-M2
    steps:
      - run: bash tests/e2e/test_reconciler_heals_terminated_instance.sh
";

/// A corpus with one input, a question, a record, a workflow with a finding that can be
/// mended, a registry that takes long to prove, a pipe that nobody writes into.
fn furnish(directory: &Path) {
    write(directory, "workflow.yml", WORKFLOW);
    write(
        directory,
        "record.json",
        "{\"runtime\": \"claude-code\", \"model\": \"MiniMax-M2\", \"status\": \"failed\"}",
    );
    write(directory, "questions.jsonl", "{\"runtime\": \"codex\"}\n".repeat(5_000));
    write(directory, "old.json", "{}");
    write(directory, "fuzz/seeds/expression/one", "github.event_name == 'push'");
    write(directory, "proptest-regressions/SHA256SUMS", "");
    let runtimes: String = (0..2_000)
        .map(|number| format!("  runtime-{number}: {{providers: [{{name: acme, models: [m-1]}}]}}\n"))
        .collect();
    let registry = format!(
        "schema_version: 1\nproviders:\n  - {{name: acme, display_name: A, protocol: openai, auth_mode: k, auth_env: [A], model_prefix_match: ^acme/}}\nruntimes:\n{runtimes}"
    );
    write(directory, "large.yaml", registry);
    let made = Command::new("mkfifo").arg(directory.join("pipe")).status().expect("there is mkfifo");
    assert!(made.success(), "mkfifo makes a pipe");
}

impl Place {
    pub fn run(&self, number: usize) -> Cell {
        let directory = scratch(number);
        furnish(&directory);
        let before = contents(&directory);
        let ended = match self.how {
            How::Script(script, _) if script == ON_A_TERMINAL && !is_there("script") => {
                return Cell::skipped(self.row, self.column, "not run: there is no `script` here");
            }
            How::Script(script, arguments) => {
                let mut run = Run::new(&directory, arguments);
                script.clone_into(&mut run.script);
                run.run()
            }
            How::Stopped(arguments) => stopped(&directory, arguments),
            How::Vanishing => vanishing(&directory),
        };
        let mut after = contents(&directory);
        if let How::Vanishing = self.how {
            after = before.clone();
        }
        let message = said(&ended).replace(&format!("{}/", directory.display()), "");
        let mut cell = Cell::new(self.row, self.column, &ended, message);
        if after != before {
            let names: Vec<_> = after
                .iter()
                .filter(|file| !before.contains(file))
                .map(|(path, _)| path.display().to_string())
                .collect();
            cell.broken.push(format!("it leaves files behind or changes them: {}", names.join(", ")));
        }
        if ended.exit == "2" && matches!(self.how, How::Script(..)) && !cell.message.contains("; ") {
            cell.broken.push(format!("its message does not say what to do: {}{}", ended.stdout, ended.stderr));
        }
        let _ = fs::remove_dir_all(&directory);
        cell
    }
}

/// The error; where there is none, whatever else there is on standard error.
fn said(ended: &Ended) -> String {
    let text = without_styles(&ended.stderr);
    let errors: Vec<&str> = text.lines().filter(|line| line.starts_with("error: ")).collect();
    if errors.is_empty() {
        let shown = without_styles(&ended.stdout);
        let finding = shown.lines().find(|line| line.starts_with("error[unreadable-file]"));
        return finding.map_or_else(|| ACCEPTED.to_owned(), |finding| finding.trim_end().to_owned());
    }
    errors.join(" AND ")
}

/// Sends an interrupt to a run that works or waits.
fn stopped(directory: &Path, arguments: &[&str]) -> Ended {
    let mut command = interruptible(env!("CARGO_BIN_EXE_slugproof"));
    command.args(arguments).env_clear().current_dir(directory);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("the command is built");
    thread::sleep(Duration::from_millis(500));
    let pid = child.id();
    let begun = Instant::now();
    let sent = kill("-INT", pid);
    let (done, is_done) = mpsc::channel::<()>();
    thread::spawn(move || {
        if is_done.recv_timeout(Duration::from_secs(SECONDS)) == Err(RecvTimeoutError::Timeout) {
            kill("-KILL", pid);
        }
    });
    let used = child.wait4().expect("it is a child of ours");
    drop(done);
    let late = if begun.elapsed() > Duration::from_secs(5) { "error: it did not end at once" } else { "" };
    assert!(sent.success(), "the run was still there to be interrupted");
    Ended {
        exit: exit(used.status),
        stdout: String::new(),
        stderr: late.to_owned(),
        time: used.rusage.utime + used.rusage.stime,
        memory: used.rusage.maxrss,
    }
}

fn kill(signal: &str, pid: u32) -> ExitStatus {
    Command::new("kill").args([signal, &pid.to_string()]).status().expect("there is kill")
}

/// Lints standard input and a directory. The directory is listed first; once more of
/// standard input is taken than a pipe holds, the files in it can be removed.
fn vanishing(directory: &Path) -> Ended {
    write(directory, "workflows/gone.yml", WORKFLOW);
    let mut command = Command::new(env!("CARGO_BIN_EXE_slugproof"));
    command.args(["lint", "-", "workflows"]).env_clear().current_dir(directory);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the command is built");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all("# comment\n".repeat(50_000).as_bytes()).expect("it is read");
    fs::remove_file(directory.join("workflows/gone.yml")).expect("it is there");
    stdin.write_all(WORKFLOW.as_bytes()).expect("it is read");
    drop(stdin);
    let output = child.wait_with_output().expect("the command ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ended {
        exit: exit(output.status),
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
        time: Duration::ZERO,
        memory: 0,
    }
}

fn is_there(program: &str) -> bool {
    let quiet = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet.is_ok_and(|status| status.success())
}

/// Every file below a directory, with what is in it.
fn contents(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found.extend(contents(&path)),
            Ok(kind) if kind.is_file() => found.push((path.clone(), fs::read(&path).unwrap_or_default())),
            _ => found.push((path, Vec::new())),
        }
    }
    found.sort();
    found
}
