//! The pre-commit hooks of .pre-commit-hooks.yaml, which pre-commit runs from a clone of this repository.

use std::time::Instant;

use super::build::Build;
use super::fresh::{FINDING, FreshDirectory};
use crate::checkout;
use crate::failure::{Context, Result, finding};
use crate::process::{Process, tail};
use crate::tools;

/// The program that runs hooks.
const PRE_COMMIT: &str = "pre-commit==4.7.0";

/// Runs `slugproof lint` on the example by two hooks: one runs the command on the PATH, pip compiles the other.
pub fn run(build: &Build) -> Result {
    println!("\n== hooks");
    let python = tools::python_with(&[PRE_COMMIT])?;
    let hooks = checkout::temporary_directory()?;
    checkout::copy_to(hooks.path())?;
    checkout::commit_all(hooks.path())?;
    let fresh = FreshDirectory::new(&[])?;
    checkout::commit_all(&fresh.example())?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let binary = build.binary()?;
    let path = binary.parent().map(Into::into).into_iter().chain(std::env::split_paths(&path));
    let path = std::env::join_paths(path).context(|| "cannot add the command to the PATH".to_owned())?;
    for hook in ["slugproof-lint-system", "slugproof-lint"] {
        let started = Instant::now();
        let mut try_hook = Process::new(&python)
            .dir(&fresh.example())
            .args(["-m", "pre_commit", "try-repo"])
            .arg(hooks.path())
            .args([hook, "--all-files", "--verbose"])
            .env("PATH", &path)
            .env("PRE_COMMIT_HOME", fresh.path().join("hooks"))
            // A build that later runs continue.
            .env("CARGO_TARGET_DIR", checkout::target_dir()?.join("copy"));
        let output = try_hook.output()?;
        let stdout = String::from_utf8_lossy(&output.stdout);
        if output.status.code() != Some(1) || !stdout.contains(FINDING) {
            let (stdout, stderr) = (tail(&output.stdout), tail(&output.stderr));
            return finding(format!("{stdout}{stderr}the hook `{hook}` should report {FINDING}: {}", output.status));
        }
        println!("{hook}: installed, first finding after {:.1?}", started.elapsed());
    }
    Ok(())
}
