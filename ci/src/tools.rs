//! Installs the tools that a subcommand needs and that are missing.

use std::path::PathBuf;

use crate::checkout;
use crate::failure::{Context, Result, error};
use crate::process::Process;

/// Ensures that `program` is on the PATH: if it is not, installs the Debian packages that contain it.
pub fn ensure_program(program: &str, packages: &[&str]) -> Result {
    if find(program).is_some() {
        return Ok(());
    }
    if find("apt-get").is_none() {
        return error(format!("`{program}` is missing; install it manually"));
    }
    install_packages(packages)?;
    if find(program).is_none() {
        let names = packages.join(" ");
        return error(format!("`{program}` is not on the PATH, although {names} was installed; correct the PATH"));
    }
    Ok(())
}

/// Installs Debian packages.
fn install_packages(packages: &[&str]) -> Result {
    eprintln!("installing {}", packages.join(" "));
    apt_get(&["update", "-qq"])?;
    apt_get(&[&["install", "-y", "-qq", "--no-install-recommends"], packages].concat())
}

/// Ensures that the program of a crate is on the PATH: if it is not, runs `cargo install`.
pub fn ensure_cargo_tool(name: &str) -> Result {
    install(name, &["--locked"])
}

/// Runs `cargo install` with these options, if the program of the crate is not on the PATH.
fn install(name: &str, options: &[&str]) -> Result {
    if find(name).is_some() {
        return Ok(());
    }
    Process::cargo().arg("install").args(options).arg(name).run()
}

/// Ensures that cargo-fuzz and the C++ compiler that builds libFuzzer are installed.
pub fn ensure_cargo_fuzz() -> Result {
    ensure_program("c++", &["g++"])?;
    // It only starts other programs, so it need not be optimised, which takes most of the time.
    install("cargo-fuzz", &["--locked", "--debug"])
}

/// The path of a program's executable, if the program is on the PATH.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let name = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&path).map(|dir| dir.join(&name)).find(|file| file.is_file())
}

/// The executable of a program on the PATH, without symbolic links.
pub fn require(program: &str) -> Result<PathBuf> {
    let Some(found) = find(program) else { return error(format!("`{program}` is missing; install it manually")) };
    found.canonicalize().context(|| format!("cannot find {}", found.display()))
}

/// The executable of Python, without the scripts that may start it.
pub fn python() -> Result<PathBuf> {
    ensure_program("python3", &["python3"])?;
    let path = Process::new("python3").args(["-c", "import sys; print(sys.executable)"]).read_stdout()?;
    // Debian has the module that creates virtual environments in a package of its own.
    if !Process::new("python3").args(["-c", "import ensurepip"]).output()?.status.success() {
        install_packages(&["python3-venv"])?;
    }
    Ok(PathBuf::from(path.trim()))
}

/// The Python of a virtual environment in the target directory that has these packages.
pub fn python_with(packages: &[&str]) -> Result<PathBuf> {
    let environment = checkout::target_dir()?.join("python");
    let python = environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    if !python.exists() {
        Process::new(self::python()?).args(["-m", "venv"]).arg(&environment).run_quietly()?;
    }
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    Process::new(&python).args(pip).args(packages).run_quietly()?;
    Ok(python)
}

/// Runs apt-get as root. If it fails, the error contains its standard error.
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
