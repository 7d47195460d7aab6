//! Runs the command and collects its output.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use wait4::Wait4 as _;

/// A run of the command to be started, without the environment variables of the test.
pub struct Slugproof {
    command: Command,
    input: Vec<u8>,
}

/// The exit code and the output of a finished run.
pub struct RunOutput {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    /// The processor time of the run, which does not depend on the load of the machine.
    pub processor_time: Duration,
}

/// The command with these arguments, in a directory without slugproof.yaml in it or in a parent.
/// Git does not find the repository of slugproof itself, which may hold the target directory.
pub fn slugproof<'a>(args: impl IntoIterator<Item = &'a str>) -> Slugproof {
    let directory = env!("CARGO_TARGET_TMPDIR");
    let mut command = Command::new(env!("CARGO_BIN_EXE_slugproof"));
    command.args(args).env_clear().env("GIT_CEILING_DIRECTORIES", directory).current_dir(directory);
    Slugproof { command, input: Vec::new() }
}

impl Slugproof {
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn dir(mut self, dir: &Scratch) -> Self {
        self.command.current_dir(&dir.0);
        self
    }

    pub fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    pub fn run(mut self) -> RunOutput {
        let pipes = self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = pipes.spawn().expect("the command is built");
        let mut stdin = child.stdin.take().expect("standard input is piped");
        let input = std::mem::take(&mut self.input);
        // A command that ignores its input closes the pipe; the test does not fail for that.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let errors = child.stderr.take().expect("standard error is piped");
        let errors = std::thread::spawn(move || read_text(errors));
        let stdout = read_text(child.stdout.take().expect("standard output is piped"));
        let used = child.wait4().expect("the command ends");
        writer.join().expect("the writer does not panic");
        RunOutput {
            code: used.status.code().unwrap_or(-1),
            stdout,
            stderr: errors.join().expect("the reader does not panic"),
            processor_time: used.rusage.utime + used.rusage.stime,
        }
    }
}

fn read_text(mut pipe: impl Read) -> String {
    let mut text = String::new();
    pipe.read_to_string(&mut text).expect("all output is UTF-8");
    text
}

impl RunOutput {
    /// The exit code, standard output and standard error as one text, for a snapshot.
    pub fn snapshot(&self) -> String {
        format!("exit {}\n--- stdout\n{}--- stderr\n{}", self.code, self.stdout, self.stderr)
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in {}", self.snapshot()))
    }

    /// Standard output as JSON Lines.
    pub fn json_lines(&self) -> Vec<serde_json::Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).expect("every answer is JSON")).collect()
    }
}

/// An empty directory that only one test uses.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Self {
        static TESTS: Mutex<BTreeMap<String, ThreadId>> = Mutex::new(BTreeMap::new());
        let this = thread::current().id();
        let mut tests = TESTS.lock().unwrap_or_else(PoisonError::into_inner);
        let user = *tests.entry(name.to_owned()).or_insert(this);
        drop(tests);
        assert_eq!(user, this, "another test has a directory `{name}`; give this one another name");
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&path);
        // The directory is the top of a repository, wherever the target directory is.
        fs::create_dir_all(path.join(".git")).expect("the target directory can be written to");
        Self(path)
    }

    pub fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("the file has a parent"))
            .expect("the target directory can be written to");
        fs::write(path, content).expect("the target directory can be written to");
        self
    }
}
