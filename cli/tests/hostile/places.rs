//! Outputs in hostile places: nobody reads them, the disk is full, the user stops the run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cell::{ACCEPTED, Cell, scratch, without_styles, write};
use crate::child::{Ended, Run};

/// One command in one place.
pub struct Place {
    pub row: &'static str,
    pub column: &'static str,
    /// What a shell runs; `"$@"` is the command with these arguments, behind the four words
    /// that limit its time.
    script: &'static str,
    arguments: &'static [&'static str],
    pub is_slow: bool,
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
// The shell becomes the command, so its number is that of the command. What an interrupt does
// not end is killed, which is another signal.
const INTERRUPTED: &str = "shift 3; { sleep 1; kill -INT $$; } & exec timeout --signal=KILL 10 \"$@\"";
// Standard input is read after the directory is listed. Once more of it is taken than a pipe
// holds, the files of the directory can be removed.
const VANISHING: &str = "mkdir workflows; cp workflow.yml workflows/gone.yml; { yes '# comment' | head -n 50000; rm workflows/gone.yml; cat workflow.yml; } | \"$@\"";
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

/// Those that work for long, or wait for what nobody writes.
const LONG: [Row; 5] = [
    ("prove", PROVE),
    ("prove --registry PIPE", &["prove", "--registry", "pipe"]),
    ("resolve --batch PIPE", &["resolve", "--batch", "pipe"]),
    ("lint PIPE", &["lint", "pipe"]),
    ("diagnose --record PIPE", &["diagnose", "--record", "pipe"]),
];

/// Each of the commands in one place.
fn each(
    column: &'static str,
    script: &'static str,
    is_slow: bool,
    rows: &'static [Row],
) -> impl Iterator<Item = Place> {
    rows.iter().map(move |&(row, arguments)| Place { row, column, script, arguments, is_slow })
}

/// Every command in every place.
pub fn all() -> impl Iterator<Item = Place> {
    each("nobody reads", NOBODY_READS, true, &ANSWERS)
        .chain(each("full disk", FULL, false, &ANSWERS))
        .chain(each("full disk", FULL, false, &TO_A_FULL_FILE))
        .chain(each("full disk for files", FULL_FOR_FILES, false, &FILES))
        .chain(each("Ctrl-C", INTERRUPTED, false, &LONG))
        .chain(each("Ctrl-C on a terminal", ON_A_TERMINAL, true, &LONG[..1]))
        .chain(each("vanishing file", VANISHING, false, &[("lint DIRECTORY", &["lint", "-", "workflows"])]))
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
        if self.script == ON_A_TERMINAL && !is_there("script") {
            return Cell::skipped(self.row, self.column, "not run: there is no `script` here");
        }
        let mut run = Run::new(&directory, self.arguments);
        self.script.clone_into(&mut run.script);
        let ended = run.run();
        let after = contents(&directory);
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
        if ended.exit == "2" && !cell.message.contains("; ") {
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
