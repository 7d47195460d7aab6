//! One case of the table: one command with one hostile input or sink.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::inputs::{Applicability, Input};
use crate::readers::{Reader, Voice};
use crate::subprocess::{Run, RunOutput};

/// Maximum memory of a command, in bytes, for every input.
pub const MEMORY: u64 = 1536 << 20;

/// Maximum length of a message, in characters.
const MESSAGE: usize = 1_300;

/// The message of accepted input in the table.
pub const ACCEPTED: &str = "-";

/// The result of a case.
pub struct CaseResult {
    /// The reader, or the command.
    pub row: &'static str,
    /// The input, or the sink.
    pub column: &'static str,
    pub exit: String,
    /// The message, in one line.
    pub message: String,
    pub time: Duration,
    pub memory: u64,
    /// Broken rules that apply to every case.
    pub broken: Vec<String>,
    /// Why the case could not run on this machine.
    pub skipped: Option<&'static str>,
}

impl CaseResult {
    pub fn name(&self) -> String {
        format!("{}, {}", self.row, self.column)
    }

    pub fn new(row: &'static str, column: &'static str, output: &RunOutput, message: String) -> Self {
        let mut broken = Vec::new();
        let streams = [output.stdout.as_str(), &output.stderr];
        if streams.iter().any(|text| text.contains("panicked at")) {
            broken.push(format!("the command panics: {}", streams.concat()));
        }
        if output.memory > MEMORY {
            broken.push(format!("the command needs {} MiB of memory", output.memory >> 20));
        }
        // Colours are on, so the command does not strip terminal sequences from its output.
        let is_json = output.stdout.starts_with('{');
        let drives = |text: &&str| text.contains("\u{1b}[2J") || !is_json && text.contains('\u{202e}');
        if streams.iter().any(drives) {
            broken.push("the output controls the terminal".to_owned());
        }
        if message.chars().count() > MESSAGE {
            broken.push(format!("the message has {} characters", message.chars().count()));
        }
        let (exit, time, memory) = (output.exit.clone(), output.time, output.memory);
        Self { row, column, exit, message, time, memory, broken, skipped: None }
    }

    pub fn skipped(row: &'static str, column: &'static str, reason: &'static str) -> Self {
        let nothing = RunOutput {
            exit: ACCEPTED.to_owned(),
            stdout: String::new(),
            stderr: String::new(),
            time: Duration::ZERO,
            memory: 0,
        };
        Self { skipped: Some(reason), ..Self::new(row, column, &nothing, ACCEPTED.to_owned()) }
    }
}

/// An empty directory for the case with this number.
pub fn scratch(number: usize) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("hostile-{number}"));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("the target directory can be written to");
    path
}

/// Writes a file below a directory, and creates its parents.
pub fn write(directory: &Path, name: &str, content: impl AsRef<[u8]>) {
    let path = directory.join(name);
    fs::create_dir_all(path.parent().expect("the file has a parent")).expect("the directory can be written to");
    fs::write(path, content).expect("the directory can be written to");
}

/// Runs a reader on an input; `None` if the input does not exist for this reader.
pub fn reading(reader: &Reader, input: &Input, number: usize) -> Option<CaseResult> {
    // Only a file can be a directory or a pipe.
    if reader.voice == Voice::Reply && input.is_special() {
        return None;
    }
    let directory = scratch(number);
    write(&directory, "beside", "");
    reader.beside.iter().for_each(|(name, content)| write(&directory, name, content));
    let file = directory.join(reader.file);
    fs::create_dir_all(file.parent().expect("the file has a parent")).expect("the directory can be written to");
    let _ = fs::remove_file(&file);
    let made = input.make(reader, &file).expect("the input can be made");
    let case = (made == Applicability::Applicable).then(|| run_reader(reader, input, &directory));
    let _ = fs::remove_dir_all(&directory);
    case
}

fn run_reader(reader: &Reader, input: &Input, directory: &Path) -> CaseResult {
    let mut run = Run::new(directory, reader.arguments);
    run.arguments.push("--color=always".to_owned());
    if reader.voice == Voice::Reply {
        let file = reader.file;
        run.script =
            format!("{{ printf 'Content-Length: %s\\r\\n\\r\\n' $(wc -c < {file}); cat {file}; }} | exec \"$@\"");
    }
    if input.name == "no permission" && is_root() {
        if !nobody_can_run(directory) {
            return CaseResult::skipped(
                reader.name,
                input.name,
                "not run: root can read every file, and the user `nobody` cannot run the command here",
            );
        }
        run.script = format!("exec {} \"$@\"", NOBODY.join(" "));
    }
    let before = listing(directory);
    let output = run.run();
    let messages = messages(reader, directory, &output);
    let problem = messages.iter().find(|message| reader.voice == Voice::Problem || is_refusal(message));
    let message = problem.map_or(ACCEPTED, String::as_str).to_owned();
    let mut case = CaseResult::new(reader.name, input.name, &output, message);
    let mut check = |is_kept: bool, problem: &str| {
        if !is_kept {
            case.broken.push(format!("{problem}: exit {}, {}{}", output.exit, output.stderr, output.stdout));
        }
    };
    check(listing(directory) == before, "the command changes the directory");
    check(["0", "1", "2", "3"].contains(&output.exit.as_str()), "the exit code is not 0 to 3");
    if case.message == ACCEPTED {
        check(output.exit != "2", "the input is refused without a message");
        check(!output.stderr.contains("error"), "the input is accepted with an error");
    } else {
        check(output.exit != "0" && output.exit != "3", "the exit code accepts the input despite a message");
        check(messages.len() == 1, "there is more than one message");
        let location = if case.message.starts_with(ANSWER) { "\"line\":1}" } else { reader.file };
        let is_placed = reader.voice == Voice::Reply || case.message.contains(location);
        check(is_placed, "the message does not name the file, or the line of a batch");
        let is_syntax = case.message.contains("not readable as YAML");
        let has_help = reader.voice == Voice::Finding && without_styles(&output.stdout).contains("= help: ");
        check(
            is_syntax || has_help || case.message.contains("; ") || case.message.contains('?'),
            "the message does not say what to do",
        );
    }
    case
}

/// The start of the answer to an unreadable line.
const ANSWER: &str = "{\"error\"";

/// True if a message means that the file is refused.
pub fn is_refusal(message: &str) -> bool {
    let findings = ["unreadable-file", "invalid-registry", "invalid-policy", "invalid-config", "missing-function"];
    let code = message.strip_prefix("error[").and_then(|rest| rest.split(']').next());
    code.is_some_and(|code| findings.contains(&code)) || message.starts_with("error: ") || message.starts_with(ANSWER)
}

/// The messages of a command, one line each; after an error, all lines of both streams.
fn messages(reader: &Reader, directory: &Path, output: &RunOutput) -> Vec<String> {
    let plain = |text: &str| without_styles(&text.replace(&format!("{}/", directory.display()), ""));
    let (stdout, stderr) = (plain(&output.stdout), plain(&output.stderr));
    let lines = |text: &str| text.lines().map(str::to_owned).collect();
    let is_error = is_refusal(&stderr);
    match reader.voice {
        Voice::Finding if !is_error => findings(&stdout),
        Voice::Problem if !is_error => problems(&stdout),
        Voice::Answer if !is_error => lines(&stdout),
        Voice::Reply if !is_error => replies(&stdout),
        _ => lines(&(stderr + &stdout)),
    }
}

/// The findings, each with its location in parentheses.
pub fn findings(text: &str) -> Vec<String> {
    let levels = ["error[", "warning[", "note[", "undecided["];
    let lines: Vec<&str> = text.lines().collect();
    let starts = (0..lines.len()).filter(|number| levels.iter().any(|level| lines[*number].starts_with(level)));
    let finding = |start: usize| {
        let mut lines = lines[start..].iter().map(|line| line.trim());
        let title: Vec<&str> = lines.clone().take_while(|line| !line.starts_with("-->")).collect();
        let location = lines.find_map(|line| line.strip_prefix("--> ")).unwrap_or_default();
        format!("{} ({location})", title.join(" "))
    };
    starts.map(finding).collect()
}

/// The errors of the answers to messages.
fn replies(text: &str) -> Vec<String> {
    let errors = text.split("\"error\":").skip(1).filter_map(|rest| rest.split_once('}'));
    errors.map(|(error, _)| format!("{ANSWER}:{error}}}}}")).collect()
}

/// The problems, except those about SHA256SUMS, which lists none of the inputs.
fn problems(text: &str) -> Vec<String> {
    let mut problems: Vec<String> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("✗ "), problems.last_mut()) {
            (Some(problem), _) => problems.push(problem.to_owned()),
            (None, Some(last)) => last.extend([" ", line.trim()]),
            (None, None) => {}
        }
    }
    // The last line is the number of problems.
    problems.pop();
    problems.retain(|problem| !problem.contains("listed in SHA256SUMS"));
    problems
}

pub fn without_styles(text: &str) -> String {
    let mut pieces = text.split("\u{1b}[");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |plain, piece| plain + piece.split_once('m').map_or(piece, |(_, rest)| rest))
}

/// The paths below a directory, each with its size in bytes.
fn listing(directory: &Path) -> Vec<(PathBuf, u64)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let size = fs::symlink_metadata(entry.path()).map_or(0, |metadata| metadata.size());
        found.push((entry.path(), size));
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.extend(listing(&entry.path()));
        }
    }
    found.sort();
    found
}

/// Runs a command as `nobody`, because root can read every file.
const NOBODY: [&str; 4] = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

fn nobody_can_run(directory: &Path) -> bool {
    let [setpriv, arguments @ ..] = NOBODY;
    let mut command = Command::new(setpriv);
    command.args(arguments).args([env!("CARGO_BIN_EXE_slugproof"), "--version"]).current_dir(directory);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
