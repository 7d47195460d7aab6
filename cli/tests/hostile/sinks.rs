//! Hostile sinks: the reader closes the pipe, the disk is full, the user interrupts the run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::sandbox::{ACCEPTED, CaseResult, findings, is_refusal, scratch, without_styles, write};
use crate::subprocess::{Run, RunOutput};

/// One command with one sink.
pub struct Sink {
    pub row: &'static str,
    pub column: &'static str,
    /// The shell script to run; `"$@"` is three words that limit the time, then the command with
    /// these arguments.
    script: &'static str,
    arguments: &'static [&'static str],
    pub is_slow: bool,
    /// The file that the script removes.
    removed: Option<&'static str>,
}

/// The descriptions of the sinks for the page, by name.
pub const DESCRIPTIONS: &[(&str, &str)] = &[
    ("nobody reads", "standard output is a pipe whose reader has ended, as with `| head`"),
    ("full disk", "standard output is `/dev/full`, which accepts no bytes"),
    (
        "full disk for files",
        "no file can grow (`ulimit -f 0`), as on a full disk; files and directories must stay unchanged",
    ),
    ("Ctrl-C", "an interrupt while the command works or waits; no file may remain"),
    (
        "Ctrl-C on a terminal",
        "the same on a terminal, while a progress bar is shown; settings, cursor and screen must be restored",
    ),
    ("vanishing file", "a file that is removed after it is listed and before it is read"),
];

const NOBODY_READS: &str =
    "{ sleep 0.3; \"$@\"; echo $? >../$$.code; } | true; read -r code <../$$.code; rm ../$$.code; exit $code";
const FULL: &str = "exec \"$@\" >/dev/full";
// The signal is ignored, because it would kill the run instead of giving an error.
const FULL_FOR_FILES: &str =
    "said=$( (trap '' XFSZ; ulimit -f 0; exec \"$@\") 2>&1 ); code=$?; printf '%s\\n' \"$said\" >&2; exit $code";
// The shell becomes `timeout`, which passes the interrupt to the command and ends with its exit
// status. A command that survives the interrupt is killed, which is a different signal.
const INTERRUPTED: &str = "shift 3; { sleep 1; kill -INT $$; } & exec timeout --signal=KILL 10 \"$@\"";
// Standard input is read after the directory is listed. As soon as the command has read more
// than a pipe buffers, the files of the directory can be removed.
const VANISHING_WORKFLOW: &str =
    "{ yes '# comment' | head -n 50000; rm vanishing/gone.yml; cat workflow.yml; } | \"$@\"";
// SHA256SUMS is read after the directories are listed, and before the files are compared with
// it. Here it is a pipe, and opening it for writing blocks until the command opens it.
const VANISHING_SEEDS: &str = "rm vanishing/proptest-regressions/agreement.txt \
    >vanishing/proptest-regressions/SHA256SUMS & \"$@\"; code=$?; kill $! 2>/dev/null; exit $code";
// `script` provides a terminal, and its standard input is the keyboard. Ctrl-C is typed as soon
// as the bar is shown, however slow the machine. The shell on the terminal survives the interrupt
// and compares the settings. The time limit is outside the terminal: inside, `timeout` would keep
// the interrupt from the command.
const ON_A_TERMINAL: &str = r#"shift 3
log=../$$.log; bar='\[=*>'
{
    tries=0; until grep -aqs "$bar" "$log" || [ $((tries += 1)) = 200 ]; do sleep 0.1; done
    printf '\003'; sleep 1
} | TERM=xterm timeout --signal=KILL 30 script --quiet --return --command "
    trap : INT; settings=\$(stty -g)
    $*; code=\$?
    [ \"\$(stty -g)\" = \"\$settings\" ] || echo other settings
    exit \$code" /dev/null >"$log"
code=$?
last() { grep -ao "\[?$1[hl]" "$log" | tail -n 1; }
grep -aq "$bar" "$log" || echo 'error: no bar was drawn' >&2
case $(grep -ao 'other settings' "$log")$(last 25)$(last 1049)$(last 2004) in
    *other* | *25l* | *1049h* | *2004h*) echo 'error: the terminal is not restored' >&2 ;;
esac
rm -f "$log"; exit $code"#;

const PROVE: &[&str] = &["prove", "--registry", "large.yaml"];

/// A row, and the arguments of the command there.
type Row = (&'static str, &'static [&'static str]);

/// Commands that write to standard output.
const ANSWERS: [Row; 14] = [
    ("prove", &["prove", "--embedded"]),
    ("prove --format json", &["prove", "--embedded", "--format", "json"]),
    ("resolve", &["resolve", "--runtime", "codex"]),
    ("resolve --batch", &["resolve", "--batch", "questions.jsonl"]),
    ("derive --batch", &["derive", "--batch", "questions.jsonl"]),
    ("pick", &["pick", "--embedded", "codex", "--unchecked"]),
    ("lint", &["lint", "workflow.yml"]),
    ("check --output sarif", &["check", "--embedded", "--output", "sarif"]),
    ("diagnose", &["diagnose", "--record", "record.json"]),
    ("corpus review", &["corpus", "review"]),
    ("corpus review --format html", &["corpus", "review", "--format", "html"]),
    ("corpus check", &["corpus", "check"]),
    ("completions", &["completions", "bash"]),
    ("man", &["man"]),
];

/// Commands that write files.
const FILES: [Row; 8] = [
    ("check --output sarif=FILE", &["check", "--embedded", "--output", "sarif=new.sarif"]),
    ("check --output json=FILE", &["check", "--embedded", "--output", "json=old.json"]),
    ("check --write-baseline", &["check", "--embedded", "--baseline", "new.json", "--write-baseline"]),
    ("lint --write-baseline", &["lint", "workflow.yml", "--baseline", "old.json", "--write-baseline"]),
    ("lint --fix", &["lint", "workflow.yml", "--fix"]),
    ("corpus check --update", &["corpus", "check", "--update"]),
    ("corpus promote", &["corpus", "promote", "record.json", "--target", "record_json", "--name", "a bug"]),
    ("man --dir", &["man", "--dir", "."]),
];

/// A command whose output file accepts no bytes, whatever standard output is.
const TO_A_FULL_FILE: [Row; 1] =
    [("check --output sarif=FILE", &["check", "--embedded", "--output", "sarif=/dev/full"])];

/// Commands that work for long, or wait for a pipe without a writer.
const LONG: [Row; 5] = [
    ("prove", PROVE),
    ("prove --registry PIPE", &["prove", "--registry", "pipe"]),
    ("resolve --batch PIPE", &["resolve", "--batch", "pipe"]),
    ("lint PIPE", &["lint", "pipe"]),
    ("diagnose --record PIPE", &["diagnose", "--record", "pipe"]),
];

/// Commands that list files and read them later, each with its script and the file that the
/// script removes.
const VANISHING: [(Row, &str, &str); 2] = [
    (("lint DIRECTORY", &["lint", "-", "vanishing"]), VANISHING_WORKFLOW, "vanishing/gone.yml"),
    (
        ("corpus check", &["corpus", "check", "--dir", "vanishing"]),
        VANISHING_SEEDS,
        "vanishing/proptest-regressions/agreement.txt",
    ),
];

/// Each of these commands with one sink.
fn each(column: &'static str, script: &'static str, is_slow: bool, rows: &'static [Row]) -> impl Iterator<Item = Sink> {
    rows.iter().map(move |&(row, arguments)| Sink { row, column, script, arguments, is_slow, removed: None })
}

/// Every command with every sink.
pub fn all() -> impl Iterator<Item = Sink> {
    let vanishing = VANISHING.into_iter().map(|((row, arguments), script, removed)| Sink {
        row,
        column: "vanishing file",
        script,
        arguments,
        is_slow: false,
        removed: Some(removed),
    });
    each("nobody reads", NOBODY_READS, true, &ANSWERS)
        .chain(each("full disk", FULL, false, &ANSWERS))
        .chain(each("full disk", FULL, false, &TO_A_FULL_FILE))
        .chain(each("full disk for files", FULL_FOR_FILES, false, &FILES))
        .chain(each("Ctrl-C", INTERRUPTED, false, &LONG))
        .chain(each("Ctrl-C on a terminal", ON_A_TERMINAL, true, &LONG[..1]))
        .chain(vanishing)
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

/// Creates a corpus with one input, batch queries, a record, a workflow with a fixable finding,
/// a registry that takes long to prove, a pipe without a writer, and a directory of files that
/// are removed during a run.
fn create_files(directory: &Path) {
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
        "schema_version: 1\nproviders:\n  - {{name: acme, display_name: A, protocol: openai, auth_mode: k, \
         auth_env: [A], model_prefix_match: ^acme/}}\nruntimes:\n{runtimes}"
    );
    write(directory, "large.yaml", registry);
    write(directory, "vanishing/gone.yml", WORKFLOW);
    write(directory, "vanishing/proptest-regressions/agreement.txt", "");
    let mut pipes = Command::new("mkfifo");
    pipes.args(["pipe", "vanishing/proptest-regressions/SHA256SUMS"]).current_dir(directory);
    assert!(pipes.status().expect("mkfifo runs").success(), "mkfifo creates the pipes");
}

impl Sink {
    pub fn run(&self, number: usize) -> CaseResult {
        let directory = scratch(number);
        create_files(&directory);
        let mut before = contents(&directory);
        before.retain(|(path, _)| self.removed.is_none_or(|removed| *path != directory.join(removed)));
        if self.script == ON_A_TERMINAL && !is_installed("script") {
            return CaseResult::skipped(self.row, self.column, "not run: `script` is not installed");
        }
        let mut run = Run::new(&directory, self.arguments);
        self.script.clone_into(&mut run.script);
        let output = run.run();
        let after = contents(&directory);
        let message = messages(&output).replace(&format!("{}/", directory.display()), "");
        let mut case = CaseResult::new(self.row, self.column, &output, message);
        let new = after.iter().filter(|entry| !before.contains(entry));
        let differing = new.chain(before.iter().filter(|entry| !after.contains(entry)));
        let names: Vec<_> = differing.map(|(path, _)| path.display().to_string()).collect();
        if !names.is_empty() {
            case.broken.push(format!("the command leaves, changes or removes files: {}", names.join(", ")));
        }
        if output.exit == "2" && !case.message.contains("; ") {
            case.broken.push(format!("the message does not say what to do: {}{}", output.stdout, output.stderr));
        }
        let _ = fs::remove_dir_all(&directory);
        case
    }
}

/// The errors, and the findings that refuse a file, in one line.
fn messages(output: &RunOutput) -> String {
    let [stdout, stderr] = [&output.stdout, &output.stderr].map(|text| without_styles(text));
    let errors = stderr.lines().filter(|line| line.starts_with("error: ")).map(str::to_owned);
    let refusals = findings(&stdout).into_iter().filter(|finding| is_refusal(finding));
    let messages: Vec<String> = errors.chain(refusals).collect();
    if messages.is_empty() { ACCEPTED.to_owned() } else { messages.join(" AND ") }
}

fn is_installed(program: &str) -> bool {
    let quiet = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet.is_ok_and(|status| status.success())
}

/// The paths below a directory, with the bytes of the files.
fn contents(directory: &Path) -> Vec<(PathBuf, Option<Vec<u8>>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let (path, kind) = (entry.path(), entry.file_type().expect("the entry has a type"));
        if kind.is_dir() {
            found.extend(contents(&path));
        }
        // Reading a pipe would block.
        let bytes = kind.is_file().then(|| fs::read(&path).unwrap_or_default());
        found.push((path, bytes));
    }
    found
}
