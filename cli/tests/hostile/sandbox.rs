//! One cell of the table: one command in one hostile place.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::inputs::{Input, Made};
use crate::readers::{Reader, Voice};
use crate::subprocess::{Ended, Run};

/// Bytes of memory that no command may need for any input.
pub const MEMORY: u64 = 1536 << 20;

/// Characters of the longest message.
const MESSAGE: usize = 1_300;

/// What stands in the table for input that is accepted.
pub const ACCEPTED: &str = "-";

/// What came of a cell.
pub struct Cell {
    /// The reader, or the command.
    pub row: &'static str,
    /// The input, or the place.
    pub column: &'static str,
    pub exit: String,
    /// What is said, in one line.
    pub message: String,
    pub time: Duration,
    pub memory: u64,
    /// Rules of every cell that this one breaks.
    pub broken: Vec<String>,
    /// Why it could not be run on this machine.
    pub skipped: Option<&'static str>,
}

impl Cell {
    pub fn name(&self) -> String {
        format!("{}, {}", self.row, self.column)
    }

    pub fn new(row: &'static str, column: &'static str, ended: &Ended, message: String) -> Self {
        let mut broken = Vec::new();
        let said = [ended.stdout.as_str(), &ended.stderr];
        if said.iter().any(|text| text.contains("panicked at")) {
            broken.push(format!("it panics: {}", said.concat()));
        }
        if ended.memory > MEMORY {
            broken.push(format!("it needs {} MiB of memory", ended.memory >> 20));
        }
        // With the colours of a terminal, so that nothing takes them out on the way.
        let is_json = ended.stdout.starts_with('{');
        let drives = |text: &&str| text.contains("\u{1b}[2J") || !is_json && text.contains('\u{202e}');
        if said.iter().any(drives) {
            broken.push("what it prints drives the terminal".to_owned());
        }
        if message.chars().count() > MESSAGE {
            broken.push(format!("its message has {} characters", message.chars().count()));
        }
        let (exit, time, memory) = (ended.exit.clone(), ended.time, ended.memory);
        Self { row, column, exit, message, time, memory, broken, skipped: None }
    }

    pub fn skipped(row: &'static str, column: &'static str, why: &'static str) -> Self {
        let nothing = Ended {
            exit: ACCEPTED.to_owned(),
            stdout: String::new(),
            stderr: String::new(),
            time: Duration::ZERO,
            memory: 0,
        };
        Self { skipped: Some(why), ..Self::new(row, column, &nothing, ACCEPTED.to_owned()) }
    }
}

/// An empty directory of its own.
pub fn scratch(number: usize) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("hostile-{number}"));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("the target directory can be written to");
    path
}

/// Writes a file below a directory.
pub fn write(directory: &Path, name: &str, content: impl AsRef<[u8]>) {
    let path = directory.join(name);
    fs::create_dir_all(path.parent().expect("it has a parent")).expect("the directory can be written to");
    fs::write(path, content).expect("the directory can be written to");
}

/// Puts an input to a reader, if there is such an input for it.
pub fn reading(reader: &Reader, input: &Input, number: usize) -> Option<Cell> {
    let directory = scratch(number);
    write(&directory, "beside", "");
    reader.beside.iter().for_each(|(name, content)| write(&directory, name, content));
    let file = directory.join(reader.file);
    fs::create_dir_all(file.parent().expect("it has a parent")).expect("the directory can be written to");
    let _ = fs::remove_file(&file);
    let made = input.make(reader, &file).expect("the input can be made");
    let cell = (made == Made::Yes).then(|| put(reader, input, &directory));
    let _ = fs::remove_dir_all(&directory);
    cell
}

fn put(reader: &Reader, input: &Input, directory: &Path) -> Cell {
    let mut run = Run::new(directory, reader.arguments);
    run.arguments.push("--color=always".to_owned());
    if input.name == "no permission" && is_root() {
        if !nobody_can_run(directory) {
            return Cell::skipped(
                reader.name,
                input.name,
                "not run: root may read everything, and nobody may run the command here",
            );
        }
        run.script = format!("exec {} \"$@\"", NOBODY.join(" "));
    }
    let before = listing(directory);
    let ended = run.run();
    let said = said(reader, directory, &ended);
    let wrong = said.iter().find(|message| reader.voice == Voice::Problem || is_refusal(message));
    let message = wrong.map_or(ACCEPTED, String::as_str).to_owned();
    let mut cell = Cell::new(reader.name, input.name, &ended, message);
    let mut demand = |holds: bool, what: &str| {
        if !holds {
            cell.broken.push(format!("{what}: exit {}, {}{}", ended.exit, ended.stderr, ended.stdout));
        }
    };
    demand(listing(directory) == before, "it leaves another directory behind");
    demand(["0", "1", "2", "3"].contains(&ended.exit.as_str()), "it does not end as it should");
    if cell.message == ACCEPTED {
        demand(ended.exit != "2", "it refuses without a message");
        demand(!ended.stderr.contains("error"), "it accepts with an error");
    } else {
        demand(ended.exit != "0" && ended.exit != "3", "it accepts what it complains about");
        demand(said.len() == 1, "it says more than one thing");
        let place = if cell.message.starts_with(ANSWER) { "\"line\":1}" } else { reader.file };
        demand(cell.message.contains(place), "its message does not name the file, or the line of a batch");
        let syntax = cell.message.contains("not readable as YAML");
        demand(
            syntax || cell.message.contains("; ") || cell.message.contains('?'),
            "its message does not say what to do",
        );
    }
    cell
}

/// How an answer to a line that cannot be read begins.
const ANSWER: &str = "{\"error\"";

/// Whether a message says that a file is refused.
pub fn is_refusal(message: &str) -> bool {
    let findings = ["unreadable-file", "invalid-registry", "invalid-policy", "invalid-config"];
    let code = message.strip_prefix("error[").and_then(|rest| rest.split(']').next());
    code.is_some_and(|code| findings.contains(&code)) || message.starts_with("error: ") || message.starts_with(ANSWER)
}

/// Everything that a command says, each in one line: after an error, both streams whole.
fn said(reader: &Reader, directory: &Path, ended: &Ended) -> Vec<String> {
    let plain = |text: &str| without_styles(&text.replace(&format!("{}/", directory.display()), ""));
    let (stdout, stderr) = (plain(&ended.stdout), plain(&ended.stderr));
    let lines = |text: &str| text.lines().map(str::to_owned).collect();
    let is_error = is_refusal(&stderr);
    match reader.voice {
        Voice::Finding if !is_error => findings(&stdout),
        Voice::Problem if !is_error => problems(&stdout),
        Voice::Answer if !is_error => lines(&stdout),
        _ => lines(&(stderr + &stdout)),
    }
}

/// The findings, each with its place.
pub fn findings(text: &str) -> Vec<String> {
    let levels = ["error[", "warning[", "note[", "undecided["];
    let lines: Vec<&str> = text.lines().collect();
    let starts = (0..lines.len()).filter(|number| levels.iter().any(|level| lines[*number].starts_with(level)));
    let finding = |start: usize| {
        let mut lines = lines[start..].iter().map(|line| line.trim());
        let title: Vec<&str> = lines.clone().take_while(|line| !line.starts_with("-->")).collect();
        let place = lines.find_map(|line| line.strip_prefix("--> ")).unwrap_or_default();
        format!("{} ({place})", title.join(" "))
    };
    starts.map(finding).collect()
}

/// The problems that are not about the list of files, which no input here is on.
fn problems(text: &str) -> Vec<String> {
    let mut problems: Vec<String> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("✗ "), problems.last_mut()) {
            (Some(problem), _) => problems.push(problem.to_owned()),
            (None, Some(last)) => last.extend([" ", line.trim()]),
            (None, None) => {}
        }
    }
    // The last says how many there are.
    problems.pop();
    problems.retain(|problem| !problem.contains("the list SHA256SUMS"));
    problems
}

pub fn without_styles(text: &str) -> String {
    let mut pieces = text.split("\u{1b}[");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |plain, piece| plain + piece.split_once('m').map_or(piece, |(_, rest)| rest))
}

/// What there is below a directory, and how long each file is.
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

/// Root may read everything, so the command is run as a user who may not.
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
