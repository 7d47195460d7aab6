//! A directory like a new container: without cargo, without variables, with the example repository.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::checkout;
use crate::failure::{Context, Result, error, finding};
use crate::process::Process;
use crate::tools;

/// The repository that has a finding.
const EXAMPLE: &str = "examples/ticket-bot";

/// Maximum seconds of processor time from a package to the finding. Waiting depends on the machine and is not counted.
const MAX_SECONDS: f64 = 10.0;

/// Runs a program, and writes the processor time of it and its children to a file: user, then system, in seconds.
const TIMED: &str = r#"TIMEFORMAT='%U %S'; { time "$@" 2>&3; } 3>&2 2>"$0""#;

/// A part of the finding.
pub const FINDING: &str = "error[platform-path-byok-model]";

/// A temporary directory, with a directory of the only programs on the PATH.
pub struct FreshDirectory(TempDir);

impl FreshDirectory {
    /// Creates the directory. The PATH has these programs and bash, which the example's script needs.
    pub fn new(programs: &[&Path]) -> Result<Self> {
        let fresh = Self(checkout::temporary_directory()?);
        let bash = tools::require("bash")?;
        for program in programs.iter().copied().chain([bash.as_path()]) {
            let name = program.file_name().unwrap_or_default();
            link(program, &fresh.programs().join(name))?;
        }
        for file in checkout::files(&[EXAMPLE])? {
            let copy = fresh.example().join(file.strip_prefix(EXAMPLE).unwrap_or(&file));
            checkout::write(copy, &checkout::read(&file)?)?;
        }
        Ok(fresh)
    }

    /// The path of the directory.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// The copy of the example repository.
    pub fn example(&self) -> PathBuf {
        self.path().join("example")
    }

    /// A process in the directory, with no variables but HOME and PATH, that runs a program and measures it.
    pub fn command(&self, program: &Path) -> Process {
        let process = Process::with_empty_env(self.programs().join("bash")).dir(self.path());
        let process = process.env("HOME", self.path()).env("PATH", self.programs());
        process.args(["-c", TIMED]).arg(self.times()).arg(program)
    }

    /// Installs a package, and runs the bare command on the example, which must report its finding. Prints the
    /// processor time of both, which has a limit.
    pub fn first_finding(&self, package: &str, install: Process, command: &Path) -> Result {
        install.run_quietly()?;
        let installed = self.seconds()?;
        let mut process = self.command(command).dir(&self.example());
        let output = process.output()?;
        let stdout = String::from_utf8_lossy(&output.stdout);
        if output.status.code() != Some(1) || !stdout.contains(FINDING) {
            let stderr = String::from_utf8_lossy(&output.stderr);
            let status = output.status;
            return finding(format!("{stdout}{stderr}`{process}` should report {FINDING} and exit with 1: {status}"));
        }
        let found = self.seconds()?;
        let spent =
            format!("{package}: {installed:.1} s of processor time to install, {found:.1} s to the first finding");
        println!("{spent}");
        check_limit(&spent, installed + found)
    }

    /// The processor time of the last command in seconds.
    fn seconds(&self) -> Result<f64> {
        let text = checkout::read(self.times())?;
        parse_seconds(&text).map_or_else(|| error(format!("bash measured no time: `{text}`")), Ok)
    }

    fn times(&self) -> PathBuf {
        self.path().join("times")
    }

    fn programs(&self) -> PathBuf {
        self.path().join("programs")
    }
}

/// Creates a symbolic link, and the directories above it.
#[cfg(unix)]
fn link(program: &Path, link: &Path) -> Result {
    let directory = link.parent().unwrap_or(link);
    let linked = std::fs::create_dir_all(directory).and_then(|()| std::os::unix::fs::symlink(program, link));
    linked.context(|| format!("cannot link {} to {}", link.display(), program.display()))
}

/// Fails, because not every user of this platform may create symbolic links.
#[cfg(not(unix))]
fn link(program: &Path, _: &Path) -> Result {
    Err(std::io::Error::from(std::io::ErrorKind::Unsupported)).context(|| format!("cannot link {}", program.display()))
}

/// The sum of two numbers of seconds. Locales write a comma or a point.
fn parse_seconds(text: &str) -> Option<f64> {
    let numbers: Vec<f64> = text
        .split_whitespace()
        .map(|number| number.replace(',', ".").parse())
        .collect::<std::result::Result<_, _>>()
        .ok()?;
    (numbers.len() == 2).then(|| numbers.iter().sum())
}

fn check_limit(spent: &str, seconds: f64) -> Result {
    if seconds <= MAX_SECONDS {
        return Ok(());
    }
    finding(format!("{spent}: more than {MAX_SECONDS} s in all"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_user_and_system_time() {
        assert_eq!(parse_seconds("1.250 0.500\n"), Some(1.75));
        assert_eq!(parse_seconds("1,250 0,500\n"), Some(1.75));
        for other in ["", "1.0", "1.0 x", "1.0 2.0 3.0"] {
            assert_eq!(parse_seconds(other), None, "{other}");
        }
    }

    #[test]
    fn more_than_ten_seconds_are_too_many() {
        assert!(check_limit("wheel", 10.0).is_ok());
        assert!(check_limit("wheel", 10.1).is_err());
    }

    #[test]
    #[cfg(unix)]
    fn time_of_a_command_is_measured() {
        let fresh = FreshDirectory::new(&[]).unwrap();
        let bash = tools::require("bash").unwrap();
        let work = "for ((i = 0; i < 100000; i++)); do :; done; echo out; echo err >&2; exit 7";
        let output = fresh.command(&bash).args(["-c", work]).output().unwrap();
        assert_eq!((output.status.code(), &*output.stdout, &*output.stderr), (Some(7), &b"out\n"[..], &b"err\n"[..]));
        assert!(fresh.seconds().unwrap() > 0.01, "{}", fresh.seconds().unwrap());
    }
}
