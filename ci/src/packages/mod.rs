//! `cargo ci packages`: builds the packages in which users get slugproof, installs each of them in a fresh
//! directory, and runs the command there.
//!
//! The release workflow runs the same command with `--profile dist` and a target.

mod build;
mod fresh;
mod hooks;
mod launcher;
mod npm;
mod target;
mod wheel;

use std::path::PathBuf;

use clap::ValueEnum;

use crate::checkout;
use crate::failure::Result;
use crate::process::Process;
use build::Build;
pub use build::version;
pub use npm::source_manifest as npm_manifest;

/// The packages without an argument: all that can be tested on one machine.
const DEFAULT: [Step; 4] = [Step::Wheel, Step::Npm, Step::Hooks, Step::Crates];

/// Build the packages of slugproof, install each in a fresh directory, and run it there
#[derive(clap::Args)]
pub struct Arguments {
    /// The packages [default: wheel npm hooks crates]
    #[arg(value_enum)]
    steps: Vec<Step>,
    /// Profile of the binary; releases have `dist`
    #[arg(long, default_value = "release")]
    profile: String,
    /// Target of the binary, such as x86_64-unknown-linux-musl [default: that of this machine]
    #[arg(long)]
    target: Option<String>,
    /// Directory for the packages [default: packages in the target directory]
    #[arg(long, value_parser = checkout::parse_path)]
    out: Option<PathBuf>,
    /// Directory with the released binary of every target, for `npm`
    #[arg(long, value_parser = checkout::parse_path, conflicts_with = "target")]
    binaries: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Step {
    /// The binary itself, under the name that it has in a release
    Binary,
    /// The wheel for pip; it contains the binary
    Wheel,
    /// The npm packages: one with the binary of each platform, and one that runs it
    Npm,
    /// The pre-commit hooks, which pip compiles from a checkout
    Hooks,
    /// The crates, in the order in which `cargo publish` uploads them; it compiles each package
    Crates,
}

pub fn run(arguments: &Arguments) -> Result {
    let build = Build::new(&arguments.profile, arguments.target.as_deref(), arguments.out.as_deref())?;
    let steps = if arguments.steps.is_empty() { &DEFAULT[..] } else { &arguments.steps };
    for step in steps {
        match step {
            Step::Binary => {
                let file = build.out.join(build.target.binary_name());
                checkout::copy_executable(&build.binary()?, &file)?;
                println!("wrote {}", file.display());
            }
            Step::Wheel => wheel::run(&build)?,
            Step::Npm => npm::run(&build, arguments.binaries.as_deref())?,
            Step::Hooks => hooks::run(&build)?,
            Step::Crates => crates()?,
        }
    }
    Ok(())
}

/// Packs every crate that is published, compiles the package of each, and uploads none.
fn crates() -> Result {
    println!("\n== crates");
    Process::cargo().args(["publish", "--dry-run", "--workspace", "--locked", "--allow-dirty", "--quiet"]).run()
}

/// The files that a complete release of `version` has and `names` lacks.
pub fn missing(names: &[&str], version: &str) -> Vec<String> {
    let mut missing = Vec::new();
    for target in &target::TARGETS {
        missing.extend([target.binary_name(), format!("{}-{version}.tgz", target.npm())]);
    }
    missing.push(format!("slugproof-{version}.tgz"));
    missing.retain(|name| !names.contains(&name.as_str()));
    let wheels = names.iter().filter(|name| name.ends_with(".whl")).count();
    if wheels != target::TARGETS.len() {
        missing.push(format!("a wheel for each target ({wheels} of {} found)", target::TARGETS.len()));
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn release_has_three_packages_of_each_target() {
        let mut names: Vec<String> = missing(&[], "1.0.0");
        assert_eq!(names.len(), 12, "{names:?}");
        names.pop();
        names.extend(target::TARGETS.iter().map(|target| format!("slugproof-1.0.0-py3-none-{}.whl", target.triple)));
        let complete: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(missing(&complete, "1.0.0"), Vec::<String>::new());
        for absent in &complete {
            let others: Vec<&str> = complete.iter().copied().filter(|name| name != absent).collect();
            assert_eq!(missing(&others, "1.0.0").len(), 1, "{absent}");
        }
        assert!(!missing(&complete, "1.0.1").is_empty());
    }
}
