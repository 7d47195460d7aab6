//! Installs missing tools that a subcommand needs.

use std::path::PathBuf;

use crate::failure::{Result, error};
use crate::process::Process;

/// Installs Debian packages, unless their program is on the PATH.
pub fn apt(program: &str, packages: &[&str]) -> Result {
    if find(program).is_some() {
        return Ok(());
    }
    let missing = || error(format!("`{program}` is missing; install it manually"));
    if find("apt-get").is_none() {
        return missing();
    }
    eprintln!("installing {}", packages.join(" "));
    apt_get(&["update", "-qq"])?;
    apt_get(&[&["install", "-y", "-qq", "--no-install-recommends"], packages].concat())?;
    if find(program).is_some() { Ok(()) } else { missing() }
}

/// Installs a crate with `cargo install`, unless its program is on the PATH.
pub fn cargo(name: &str) -> Result {
    if find(name).is_some() {
        return Ok(());
    }
    Process::cargo().args(["install", "--locked", name]).run()
}

/// Installs cargo-fuzz, and the compiler for the fuzzing engine, which is written in C++.
pub fn cargo_fuzz() -> Result {
    apt("c++", &["g++"])?;
    cargo("cargo-fuzz")
}

/// The file of a program on the PATH.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let name = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&path).map(|dir| dir.join(&name)).find(|file| file.is_file())
}

/// Runs apt-get as root and prints only errors.
fn apt_get(arguments: &[&str]) -> Result {
    let is_root = Process::new("id").arg("-u").read_stdout()?.trim() == "0";
    let mut process = if is_root { Process::new("apt-get") } else { Process::new("sudo").arg("apt-get") };
    process = process.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    let output = process.output()?;
    if output.status.success() {
        return Ok(());
    }
    error(format!("{}`{process}` failed: {}", String::from_utf8_lossy(&output.stderr), output.status))
}
