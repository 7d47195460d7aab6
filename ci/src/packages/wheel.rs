//! The wheel: a package for pip that contains the binary and no Python code.
//!
//! maturin writes the metadata as pyproject.toml says. It is not asked to build the wheel, because it would compile
//! the binary again: the features of shared dependencies differ from those of other builds in this workspace.

use std::path::{Path, PathBuf};

use super::build::Build;
use super::fresh::FreshDirectory;
use crate::checkout;
use crate::failure::{Result, error};
use crate::process::Process;
use crate::tools;

/// The packages that write the metadata and the archive.
const TOOLS: [&str; 2] = ["maturin==1.16.0", "wheel==0.48.0"];

/// Makes the wheel, and tests it if it can be installed on this machine.
pub fn run(build: &Build) -> Result {
    println!("\n== wheel");
    let python = tools::python_with(&TOOLS)?;
    let scratch = checkout::temporary_directory()?;
    let name = format!("slugproof-{}", build.version);
    let metadata = scratch.path().join(format!("{name}.dist-info"));
    let write = ["-m", "maturin", "pep517", "write-dist-info", "--metadata-directory"];
    Process::new(&python).args(write).arg(scratch.path()).run_quietly()?;
    let file = metadata.join("WHEEL");
    checkout::write(&file, &with_tags(&checkout::read(&file)?, &build.wheel_tags()))?;
    let to = scratch.path().join(format!("{name}.data/scripts")).join(build.target.executable());
    checkout::copy_executable(&build.binary()?, &to)?;
    let pack = Process::new(&python).args(["-m", "wheel", "pack", "--dest-dir"]).arg(&build.out).arg(scratch.path());
    let output = pack.read_stdout()?;
    // The line is `Repacking wheel as PATH...OK`.
    let wheel = output.trim().strip_prefix("Repacking wheel as ").and_then(|line| line.strip_suffix("...OK"));
    let Some(wheel) = wheel.map(PathBuf::from) else { return error(format!("`wheel pack` wrote no wheel: {output}")) };
    println!("wrote {}", wheel.display());
    match build.untested() {
        Some(reason) => println!("not installed: {reason}"),
        None => install(&wheel)?,
    }
    Ok(())
}

/// The file WHEEL with the tags of these platforms instead of its own.
fn with_tags(file: &str, platforms: &[String]) -> String {
    let others = file.lines().filter(|line| !line.starts_with("Tag: ") && !line.is_empty()).map(str::to_owned);
    let tags = platforms.iter().map(|platform| format!("Tag: py3-none-{platform}"));
    others.chain(tags).flat_map(|line| [line, "\n".to_owned()]).collect()
}

/// Installs the wheel in a fresh directory, and runs the command there.
fn install(wheel: &Path) -> Result {
    let fresh = FreshDirectory::new(&[])?;
    let environment = fresh.path().join("environment");
    fresh.command(&tools::python()?).args(["-m", "venv"]).arg(&environment).run_quietly()?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"];
    let install = fresh.command(&environment.join("bin/python")).args(pip).arg(wheel);
    fresh.first_finding("wheel", install, &environment.join("bin/slugproof"))
}

#[cfg(test)]
mod tests {
    use super::with_tags;

    #[test]
    fn tags_are_those_of_the_target() {
        let file = "Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: py3-none-linux_x86_64\n\n";
        assert_eq!(
            with_tags(file, &["a".to_owned(), "b".to_owned()]),
            "Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: py3-none-a\nTag: py3-none-b\n"
        );
    }
}
