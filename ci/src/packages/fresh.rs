//! A directory like a new container: without cargo, without variables, with the example repository.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::checkout;
use crate::failure::{Context, Result, finding};
use crate::process::Process;
use crate::tools;

/// The repository that has a finding.
const EXAMPLE: &str = "examples/ticket-bot";

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

    /// A process in the directory, with no variables but HOME and PATH.
    pub fn process(&self, program: &Path) -> Process {
        let process = Process::with_empty_env(program).dir(self.path());
        process.env("HOME", self.path()).env("PATH", self.programs())
    }

    /// Runs the bare command on the example, which must report its finding, and returns the time.
    pub fn first_finding(&self, command: &Path) -> Result<Duration> {
        let started = Instant::now();
        let mut process = self.process(command).dir(&self.example());
        let output = process.output()?;
        let took = started.elapsed();
        let stdout = String::from_utf8_lossy(&output.stdout);
        if output.status.code() == Some(1) && stdout.contains(FINDING) {
            return Ok(took);
        }
        let stderr = String::from_utf8_lossy(&output.stderr);
        finding(format!("{stdout}{stderr}`{process}` should report {FINDING} and exit with 1: {}", output.status))
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
