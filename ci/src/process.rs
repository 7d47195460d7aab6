//! Runs other programs; errors show the command line.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::path::Path;
use std::process::{Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use crate::failure::{Context, Failure, Result};

/// A program, its arguments and its environment.
pub struct Process(Command);

impl Process {
    /// A program that inherits the environment of `cargo ci`, except the variables that `cargo run`
    /// sets for the package `ci`. These could make a build differ from one without `cargo ci`.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
                command.env_remove(name);
            }
        }
        Self(command)
    }

    /// A program with an empty environment.
    pub fn with_empty_env(program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program);
        command.env_clear();
        Self(command)
    }

    /// The `cargo` that started `cargo ci`.
    pub fn cargo() -> Self {
        Self::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")))
    }

    /// Adds an argument.
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.0.arg(argument);
        self
    }

    /// Adds arguments.
    pub fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.0.args(arguments);
        self
    }

    /// Sets a variable of the environment.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    /// Runs in this directory instead of the root of the checkout.
    pub fn dir(mut self, dir: &Path) -> Self {
        self.0.current_dir(dir);
        self
    }

    /// Runs the program and shows its output. Fails unless the exit code is 0.
    pub fn run(mut self) -> Result {
        let status = self.status()?;
        self.expect_success(status)
    }

    /// Runs the program without showing its output. Fails, with the end of the output, unless the
    /// exit code is 0.
    pub fn run_quietly(mut self) -> Result {
        let output = self.output()?;
        self.expect_success(output.status).map_err(|failure| match failure {
            Failure::Error(message) => {
                Failure::Error(format!("{}{}{message}", tail(&output.stdout), tail(&output.stderr)))
            }
            failure @ Failure::Finding(_) => failure,
        })
    }

    /// Runs the program, shows its output and returns the exit status.
    pub fn status(&mut self) -> Result<ExitStatus> {
        let status = self.0.stdin(Stdio::null()).status();
        status.context(|| format!("cannot run `{self}`"))
    }

    /// Runs the program, writes its output to the file `log` and returns the exit status. Kills the
    /// program after the timeout, if there is one.
    pub fn run_with_log(mut self, log: &Path, timeout: Option<Duration>) -> Result<ExitStatus> {
        let open = || {
            std::fs::create_dir_all(log.parent().unwrap_or(log))?;
            let file = File::create(log)?;
            Ok::<_, std::io::Error>((file.try_clone()?, file))
        };
        let (stdout, stderr) = open().context(|| format!("cannot write {}", log.display()))?;
        let message = format!("cannot run `{self}`");
        let run = || {
            let mut child = self.0.stdin(Stdio::null()).stdout(stdout).stderr(stderr).spawn()?;
            let Some(timeout) = timeout else { return child.wait() };
            let deadline = Instant::now() + timeout;
            while Instant::now() < deadline {
                if let Some(status) = child.try_wait()? {
                    return Ok(status);
                }
                std::thread::sleep(Duration::from_millis(50));
            }
            child.kill()?;
            child.wait()
        };
        run().context(|| message)
    }

    /// Runs the program, shows stderr and returns stdout. Fails unless the exit code is 0.
    pub fn read_stdout(mut self) -> Result<String> {
        self.0.stderr(Stdio::inherit());
        let output = self.output()?;
        self.expect_success(output.status)?;
        String::from_utf8(output.stdout).context(|| format!("cannot read the output of `{self}`"))
    }

    /// Runs the program and returns its exit status and output. Fails only if the program cannot be
    /// run; every exit code is a success.
    pub fn output(&mut self) -> Result<Output> {
        let output = self.0.stdin(Stdio::null()).output();
        output.context(|| format!("cannot run `{self}`"))
    }

    fn expect_success(&self, status: ExitStatus) -> Result {
        if status.success() { Ok(()) } else { Err(Failure::Error(format!("`{self}` failed: {status}"))) }
    }
}

/// The command line as a person would type it, without the environment.
impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Path::new(self.0.get_program()).file_name().unwrap_or(self.0.get_program());
        f.write_str(&quoted(name))?;
        self.0.get_args().try_for_each(|argument| write!(f, " {}", quoted(argument)))
    }
}

/// A word, in single quotes if a shell would split or expand it.
fn quoted(word: &OsStr) -> String {
    let text = word.to_string_lossy();
    let is_plain = |c: char| c.is_alphanumeric() || "-_./=:,@+%".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.into_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// The last lines of a log, enough to see why a program failed.
pub fn tail(log: &[u8]) -> String {
    let text = String::from_utf8_lossy(log);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].iter().flat_map(|line| [line, "\n"]).collect()
}

/// The number of programs that can run in parallel, usually the number of cores.
pub fn available_parallelism() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_line_is_quoted_where_a_shell_needs_it() {
        let process = Process::new("/usr/bin/git").args(["apply", "a b.patch", "it's", ""]);
        assert_eq!(process.to_string(), r"git apply 'a b.patch' 'it'\''s' ''");
    }

    #[test]
    fn failure_shows_the_output_and_the_command_line() {
        let Err(Failure::Error(message)) = Process::cargo().arg("no-such-command").run_quietly() else {
            panic!("the program succeeded")
        };
        assert!(message.contains("no such command"), "{message}");
        assert!(message.contains("`cargo no-such-command` failed: exit"), "{message}");
    }

    #[test]
    fn error_names_the_missing_program() {
        let Err(Failure::Error(message)) = Process::new("no-such-program").read_stdout() else {
            panic!("the program started")
        };
        assert!(message.starts_with("cannot run `no-such-program`: "), "{message}");
    }

    #[test]
    fn tail_is_the_last_twenty_lines() {
        let log: String = (0..30).map(|line| format!("{line}\n")).collect();
        let expected: String = (10..30).map(|line| format!("{line}\n")).collect();
        assert_eq!(tail(log.as_bytes()), expected);
        assert_eq!(tail(b"\xff"), "\u{fffd}\n");
    }
}
