//! Outputs in hostile places: nobody reads them, the disk is full, the user stops the run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::sandbox::{ACCEPTED, Cell, findings, is_refusal, scratch, without_styles, write};
use crate::subprocess::{Ended, Run};

/// One command in one place.
pub struct Place {
    pub row: &'static str,
    pub column: &'static str,
    /// What a shell runs; `"$@"` is the command with these arguments, behind the three words
    /// that limit its time.
    script: &'static str,
    arguments: &'static [&'static str],
    pub is_slow: bool,
    /// The file that the script removes.
    gone: Option<&'static str>,
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
    (
        "Ctrl-C on a terminal",
        "the same on a terminal, while a progress bar is drawn; settings, cursor and screen must be as they were",
    ),
    ("vanishing file", "a file that is removed between being listed and being read"),
];

const NOBODY_READS: &str =
    "{ sleep 0.3; \"$@\"; echo $? >../$$.code; } | true; read -r code <../$$.code; rm ../$$.code; exit $code";
const FULL: &str = "exec \"$@\" >/dev/full";
// A signal would kill the run, where a full disk is an error.
const FULL_FOR_FILES: &str =
    "said=$( (trap '' XFSZ; ulimit -f 0; exec \"$@\") 2>&1 ); code=$?; printf '%s\\n' \"$said\" >&2; exit $code";
// The shell becomes `timeout`, which hands the interrupt on to the command and ends as that
// does. What an interrupt does not end is killed, which is another signal.
const INTERRUPTED: &str = "shift 3; { sleep 1; kill -INT $$; } & exec timeout --signal=KILL 10 \"$@\"";
// Standard input is read after the directory is listed. Once more of it is taken than a pipe
// holds, the files of the directory can be removed.
const VANISHING_WORKFLOW: &str =
    "{ yes '# comment' | head -n 50000; rm vanishing/gone.yml; cat workflow.yml; } | \"$@\"";
// The list of sums is read after the directories are listed, and before the files are compared
// with it. It is a pipe, which nobody can write into sooner than somebody reads it.
const VANISHING_SEEDS: &str = "rm vanishing/proptest-regressions/agreement.txt >vanishing/proptest-regressions/SHA256SUMS & \"$@\"; code=$?; kill $! 2>/dev/null; exit $code";
// `script` is a terminal, and what it reads is what is typed. It is typed once the bar is seen,
// however long a machine takes. The shell on the terminal outlives that and compares the
// settings. The limit on time is around the terminal: within, it would keep the interrupt
// from the command.
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
    *other* | *25l* | *1049h* | *2004h*) echo 'error: the terminal is not as it was' >&2 ;;
esac
rm -f "$log"; exit $code"#;

const PROVE: &[&str] = &["prove", "--registry", "large.yaml"];

/// A row, and the arguments of the command there.
type Row = (&'static str, &'static [&'static str]);

/// The commands that answer on standard output.
const ANSWERS: [Row; 14] = [
    ("prove", &["prove"]),
    ("prove --format json", &["prove", "--format", "json"]),
    ("resolve", &["resolve", "--runtime", "codex"]),
    ("resolve --batch", &["resolve", "--batch", "questions.jsonl"]),
    ("derive --batch", &["derive", "--batch", "questions.jsonl"]),
    ("pick", &["pick", "codex", "--unchecked"]),
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

/// Those that list files and read them later: the script and the file that it removes.
const VANISHING: [(Row, &str, &str); 2] = [
    (("lint DIRECTORY", &["lint", "-", "vanishing"]), VANISHING_WORKFLOW, "vanishing/gone.yml"),
    (
        ("corpus check", &["corpus", "check", "--dir", "vanishing"]),
        VANISHING_SEEDS,
        "vanishing/proptest-regressions/agreement.txt",
    ),
];

/// Each of the commands in one place.
fn each(
    column: &'static str,
    script: &'static str,
    is_slow: bool,
    rows: &'static [Row],
) -> impl Iterator<Item = Place> {
    rows.iter().map(move |&(row, arguments)| Place { row, column, script, arguments, is_slow, gone: None })
}

/// Every command in every place.
pub fn all() -> impl Iterator<Item = Place> {
    let vanishing = VANISHING.into_iter().map(|((row, arguments), script, gone)| Place {
        row,
        column: "vanishing file",
        script,
        arguments,
        is_slow: false,
        gone: Some(gone),
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

/// A corpus with one input, a question, a record, a workflow with a finding that can be
/// mended, a registry that takes long to prove, a pipe that nobody writes into, and a
/// directory of what vanishes.
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
    write(directory, "vanishing/gone.yml", WORKFLOW);
    write(directory, "vanishing/proptest-regressions/agreement.txt", "");
    let mut pipes = Command::new("mkfifo");
    pipes.args(["pipe", "vanishing/proptest-regressions/SHA256SUMS"]).current_dir(directory);
    assert!(pipes.status().expect("there is mkfifo").success(), "mkfifo makes pipes");
}

impl Place {
    pub fn run(&self, number: usize) -> Cell {
        let directory = scratch(number);
        furnish(&directory);
        let mut before = contents(&directory);
        before.retain(|(path, _)| self.gone.is_none_or(|gone| *path != directory.join(gone)));
        if self.script == ON_A_TERMINAL && !is_there("script") {
            return Cell::skipped(self.row, self.column, "not run: there is no `script` here");
        }
        let mut run = Run::new(&directory, self.arguments);
        self.script.clone_into(&mut run.script);
        let ended = run.run();
        let after = contents(&directory);
        let message = said(&ended).replace(&format!("{}/", directory.display()), "");
        let mut cell = Cell::new(self.row, self.column, &ended, message);
        let new = after.iter().filter(|entry| !before.contains(entry));
        let differing = new.chain(before.iter().filter(|entry| !after.contains(entry)));
        let names: Vec<_> = differing.map(|(path, _)| path.display().to_string()).collect();
        if !names.is_empty() {
            cell.broken.push(format!("it leaves files behind, changes or removes them: {}", names.join(", ")));
        }
        if ended.exit == "2" && !cell.message.contains("; ") {
            cell.broken.push(format!("its message does not say what to do: {}{}", ended.stdout, ended.stderr));
        }
        let _ = fs::remove_dir_all(&directory);
        cell
    }
}

/// The errors, and the findings that say that a file is wrong.
fn said(ended: &Ended) -> String {
    let [stdout, stderr] = [&ended.stdout, &ended.stderr].map(|text| without_styles(text));
    let errors = stderr.lines().filter(|line| line.starts_with("error: ")).map(str::to_owned);
    let said: Vec<String> = errors.chain(findings(&stdout).into_iter().filter(|finding| is_refusal(finding))).collect();
    if said.is_empty() { ACCEPTED.to_owned() } else { said.join(" AND ") }
}

fn is_there(program: &str) -> bool {
    let quiet = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet.is_ok_and(|status| status.success())
}

/// Everything below a directory, with what is in the files.
fn contents(directory: &Path) -> Vec<(PathBuf, Option<Vec<u8>>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let (path, kind) = (entry.path(), entry.file_type().expect("it is still there"));
        if kind.is_dir() {
            found.extend(contents(&path));
        }
        // A pipe would be waited for.
        let bytes = kind.is_file().then(|| fs::read(&path).unwrap_or_default());
        found.push((path, bytes));
    }
    found
}
