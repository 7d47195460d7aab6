//! Runs the command with limits, and measures its time and memory.

use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use wait4::Wait4 as _;

/// Address space of one run, in KiB: excessive allocation aborts the run, not the machine.
const ADDRESS_SPACE: u64 = 4 << 20;

/// Maximum processor time in seconds; a run above it counts as hanging.
pub const SECONDS: u64 = 60;

/// A program with the default reaction to an interrupt. A shell in the background starts
/// programs that ignore interrupts.
fn interruptible(program: &str) -> Command {
    let mut command = Command::new("/usr/bin/env");
    command.args(["--default-signal=INT", program]);
    command
}

/// Bytes of each stream that are read.
const READ: u64 = 1 << 16;

/// The result of a run.
pub struct RunOutput {
    /// The exit code, or the signal that ended the run.
    pub exit: String,
    pub stdout: String,
    pub stderr: String,
    /// Processor time, which does not depend on the load of the machine.
    pub time: Duration,
    /// Peak memory in bytes; at least the memory of this process.
    pub memory: u64,
}

/// One run of the command, with limits.
pub struct Run<'d> {
    directory: &'d Path,
    /// The shell script to run; `"$@"` is the command with its arguments.
    pub script: String,
    pub arguments: Vec<String>,
}

impl<'d> Run<'d> {
    pub fn new(directory: &'d Path, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Self { directory, script: "exec \"$@\"".to_owned(), arguments }
    }

    /// The shell that runs the script. Its streams are files, so that neither side waits for the
    /// other.
    fn command(&self) -> Command {
        let script = &self.script;
        let limits = format!("ulimit -c 0; ulimit -v {ADDRESS_SPACE}; ulimit -t {SECONDS}");
        // Limits runs that wait without using the processor. A busy machine needs a high limit.
        let wall = 20 * SECONDS;
        let program = env!("CARGO_BIN_EXE_slugproof");
        let mut command = interruptible("/bin/sh");
        command
            .args(["-c", &format!("{limits}; {script}"), "sh", "timeout", "--signal=KILL", &wall.to_string(), program])
            .args(&self.arguments)
            .env_clear()
            // Each thread reserves address space, and machines have many processors.
            .env("MALLOC_ARENA_MAX", "2")
            .current_dir(self.directory)
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self) -> RunOutput {
        let [stdout, stderr] = ["stdout", "stderr"].map(|name| self.directory.with_extension(name));
        let create = |path: &PathBuf| File::create(path).expect("the target directory can be written to");
        let mut command = self.command();
        command.stdout(create(&stdout)).stderr(create(&stderr));
        let used = command.spawn().and_then(|mut process| process.wait4()).expect("sh runs");
        let exit = exit(used.status);
        let usage = used.rusage;
        let output = RunOutput {
            exit,
            stdout: start_of(&stdout),
            stderr: start_of(&stderr),
            time: usage.utime + usage.stime,
            memory: usage.maxrss,
        };
        [stdout, stderr].iter().for_each(|path| drop(fs::remove_file(path)));
        output
    }
}

/// The exit code, or the signal that ended the process.
fn exit(status: ExitStatus) -> String {
    status.code().map_or_else(|| format!("signal {}", status.signal().unwrap_or_default()), |code| code.to_string())
}

fn start_of(path: &Path) -> String {
    let mut bytes = Vec::new();
    let file = File::open(path).expect("the file was just written");
    file.take(READ).read_to_end(&mut bytes).expect("the file was just written");
    String::from_utf8_lossy(&bytes).into_owned()
}
